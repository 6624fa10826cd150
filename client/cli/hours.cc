#include "client/cli/hours.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/cli/translate.h"

namespace timebank::cli {
namespace {

constexpr int64_t kHour = 3600;
constexpr int64_t kMinute = 60;
// Bare numbers up to here are hours; nobody helps for 90 hours in one go, but many help for 90 minutes.
constexpr int64_t kLargestUnquestionedHours = 12;
// Numbers longer than this overflow whatever the unit.
constexpr size_t kMaxDigits = 12;

// A number as written: `1`, `1.5`, `1,5`.
struct Number {
  int64_t whole = 0;
  std::string_view decimals;
};

// The sentence for whatever could not be read.
absl::Status Unreadable(std::string_view text) {
  return absl::InvalidArgumentError(Fill(T("\"$0\" is not hours. Write 1h30, 1:30, 1.5, 1,5 or 90m."), text));
}

// `why` has a place for `text`.
absl::Status Unusable(std::string_view text, const char* why) {
  return absl::InvalidArgumentError(Fill(why, text));
}

// Takes a number off the front of `rest`. False where there is none, or it is absurdly long.
bool TakeNumber(std::string_view& rest, bool with_decimals, Number& number) {
  size_t length = 0;
  number = {};
  while (length < rest.size() && absl::ascii_isdigit(rest[length])) {
    number.whole = number.whole * 10 + (rest[length] - '0');
    if (++length > kMaxDigits) return false;
  }
  const bool has_whole = length > 0;
  if (with_decimals && length < rest.size() && (rest[length] == '.' || rest[length] == ',')) {
    const size_t start = length + 1;
    size_t end = start;
    while (end < rest.size() && absl::ascii_isdigit(rest[end])) ++end;
    if (end == start || end - start > kMaxDigits) return false;
    number.decimals = rest.substr(start, end - start);
    length = end;
  } else if (!has_whole) {
    return false;
  }
  rest.remove_prefix(length);
  return true;
}

void SkipBlanks(std::string_view& rest) {
  while (!rest.empty() && rest.front() == ' ') rest.remove_prefix(1);
}

// The same for the names in the language in use, each as a whole word.
int64_t TakeTranslatedUnit(std::string_view& rest) {
  struct Unit {
    const char* names;
    int64_t seconds;
  };
  // Translators: words that people may type behind a number, small letters without accents; `h`, `min`, `m`
  // and `s` are understood in every language.
  static constexpr std::array<Unit, 3> kUnits = {
      {{Later("hour, hours"), kHour}, {Later("minute, minutes"), kMinute}, {Later("second, seconds"), 1}}};
  for (const Unit& unit : kUnits) {
    for (const std::string& name : TWords(unit.names)) {
      if (rest.substr(0, name.size()) != name) continue;
      if (rest.size() > name.size() && absl::ascii_isalpha(rest[name.size()])) continue;
      rest.remove_prefix(name.size());
      SkipBlanks(rest);
      return unit.seconds;
    }
  }
  return 0;
}

// Takes the name of a unit off the front of `rest`: its seconds, or 0 where there is none.
int64_t TakeUnit(std::string_view& rest) {
  struct Unit {
    std::string_view name;
    int64_t seconds;
  };
  // Longest first, so that `min` is not read as `m`.
  static constexpr std::array<Unit, 14> kUnits = {{{"hours", kHour},
                                                   {"hour", kHour},
                                                   {"hrs", kHour},
                                                   {"hr", kHour},
                                                   {"h", kHour},
                                                   {"minutes", kMinute},
                                                   {"minute", kMinute},
                                                   {"mins", kMinute},
                                                   {"min", kMinute},
                                                   {"m", kMinute},
                                                   {"'", kMinute},
                                                   {"secs", 1},
                                                   {"sec", 1},
                                                   {"s", 1}}};
  SkipBlanks(rest);
  if (const int64_t seconds = TakeTranslatedUnit(rest); seconds != 0) return seconds;
  for (const Unit& unit : kUnits) {
    if (rest.substr(0, unit.name.size()) == unit.name) {
      rest.remove_prefix(unit.name.size());
      SkipBlanks(rest);
      return unit.seconds;
    }
  }
  return 0;
}

// `number` × `unit_seconds`, exactly. False where it is not a whole second.
bool Multiply(const Number& number, int64_t unit_seconds, int64_t& seconds) {
  int64_t scale = 1;
  int64_t fraction = 0;
  for (char digit : number.decimals) {
    scale *= 10;
    fraction = fraction * 10 + (digit - '0');
  }
  // At most 10^12 × 3600: far from overflow.
  if (fraction * unit_seconds % scale != 0) return false;
  seconds = number.whole * unit_seconds + fraction * unit_seconds / scale;
  return true;
}

absl::StatusOr<ParsedHours> Checked(std::string_view text, int64_t seconds) {
  if (seconds == 0) return Unusable(text, T("\"$0\" is no time at all. Say how long, for instance 1h30."));
  if (seconds > kMaxShareSeconds) return Unusable(text, T("\"$0\" is more than a hundred years."));
  return ParsedHours{seconds, std::nullopt};
}

absl::Status NotWholeSeconds(std::string_view text) {
  return Unusable(
      text, T("\"$0\" does not come to whole seconds. Write hours and minutes (1h20), or two decimals."));
}

// `1:30`, `1:30:15`; `rest` begins behind the first number.
absl::StatusOr<ParsedHours> ParseClock(std::string_view text, const Number& hours, std::string_view rest) {
  int64_t seconds = hours.whole * kHour;
  for (int64_t unit : {kMinute, int64_t{1}}) {
    if (rest.empty()) break;
    if (rest.front() != ':') return Unreadable(text);
    rest.remove_prefix(1);
    const size_t before = rest.size();
    Number part;
    if (!TakeNumber(rest, false, part) || before - rest.size() != 2 || part.whole >= 60)
      return Unreadable(text);
    seconds += part.whole * unit;
  }
  if (!rest.empty()) return Unreadable(text);
  return Checked(text, seconds);
}

// A number alone: hours, unless it is large enough to be minutes.
absl::StatusOr<ParsedHours> ParseBare(std::string_view text, const Number& number) {
  int64_t seconds = 0;
  if (!Multiply(number, kHour, seconds)) return NotWholeSeconds(text);
  absl::StatusOr<ParsedHours> hours = Checked(text, seconds);
  if (!hours.ok()) return hours;
  if (seconds > kLargestUnquestionedHours * kHour) {
    int64_t minutes_seconds = 0;
    if (Multiply(number, kMinute, minutes_seconds)) hours->if_minutes_seconds = minutes_seconds;
  }
  return hours;
}

// `1h30`, `1.5h`, `90m`, `1h30m15s`: numbers with units, largest unit first; `rest` begins behind the first
// number.
absl::StatusOr<ParsedHours> ParseUnits(std::string_view text, Number number, std::string_view rest) {
  int64_t total = 0;
  int64_t last_unit = 0;
  bool apostrophe = false;
  for (;;) {
    const std::string_view before = rest;
    int64_t unit = TakeUnit(rest);
    // `1'30` may be 1h30 as people write by hand.
    if (apostrophe && unit == 0) {
      return Unusable(text, T("\"$0\" can be read in more than one way. Write 1h30, 1:30 or 1.5."));
    }
    apostrophe =
        unit != 0 && before.substr(0, before.size() - rest.size()).find('\'') != std::string_view::npos;
    // `1h30`: a last number without a unit is the next smaller one.
    if (unit == 0 && rest.empty() && last_unit > 1) unit = last_unit / 60;
    if (unit == 0 || (last_unit != 0 && unit >= last_unit)) return Unreadable(text);
    if (last_unit != 0 && number.whole >= 60) {
      return Unusable(
          text, T("\"$0\" has 60 or more minutes (or seconds) behind a larger unit. Write 2h30, or 150m."));
    }
    if (!number.decimals.empty() && (last_unit != 0 || !rest.empty())) return Unreadable(text);
    int64_t seconds = 0;
    if (!Multiply(number, unit, seconds)) return NotWholeSeconds(text);
    total += seconds;
    last_unit = unit;
    if (rest.empty()) return Checked(text, total);
    if (!TakeNumber(rest, true, number)) return Unreadable(text);
  }
}

}  // namespace

absl::StatusOr<ParsedHours> ParseHours(std::string_view text) {
  const std::string trimmed =
      absl::AsciiStrToLower(absl::StripAsciiWhitespace(absl::string_view(text.data(), text.size())));
  std::string_view rest = trimmed;
  if (rest.empty()) return absl::InvalidArgumentError(T("Hours are missing. Write 1h30, 1:30, 1.5 or 90m."));
  if (rest.front() == '-') {
    return Unusable(text, T("\"$0\" is negative. To take hours back, undo or correct the exchange instead."));
  }
  Number number;
  if (!TakeNumber(rest, true, number)) return Unreadable(text);
  if (rest.empty()) return ParseBare(text, number);
  if (rest.front() == ':') {
    if (!number.decimals.empty()) return Unreadable(text);
    return ParseClock(text, number, rest);
  }
  return ParseUnits(text, number, rest);
}

std::optional<int64_t> DecimalsAsMinutes(std::string_view text) {
  std::string_view rest = text;
  Number number;
  if (!TakeNumber(rest, true, number)) return std::nullopt;
  if (number.decimals != "15" && number.decimals != "30" && number.decimals != "45") return std::nullopt;
  if (!ParseHours(text).ok() || number.whole > kMaxShareSeconds / kHour) return std::nullopt;
  std::string unit = absl::AsciiStrToLower(absl::string_view(rest.data(), rest.size()));
  std::string_view unit_text = unit;
  if (!unit.empty() && (TakeUnit(unit_text) != kHour || !unit_text.empty())) return std::nullopt;
  const int64_t minutes = (number.decimals[0] - '0') * 10 + (number.decimals[1] - '0');
  return number.whole * kHour + minutes * kMinute;
}

bool LooksLikeHours(std::string_view text) {
  const size_t digit = text.find_first_not_of(" -.,");
  return digit != std::string_view::npos && digit <= 2 && absl::ascii_isdigit(text[digit]);
}

std::string FormatHours(int64_t seconds) {
  // Unsigned, so that the smallest int64 has an opposite too.
  const uint64_t magnitude = seconds < 0 ? -static_cast<uint64_t>(seconds) : static_cast<uint64_t>(seconds);
  const uint64_t h = magnitude / kHour;
  const uint64_t m = magnitude % kHour / kMinute;
  const uint64_t s = magnitude % kMinute;
  if (magnitude == 0) return "0h";
  if (s == 0) {
    if (m == 0) return absl::StrCat(h, "h");
    return h == 0 ? absl::StrCat(m, "m") : absl::StrFormat("%dh%02d", h, m);
  }
  if (h != 0) return absl::StrFormat("%dh%02dm%02ds", h, m, s);
  return m == 0 ? absl::StrCat(s, "s") : absl::StrFormat("%dm%02ds", m, s);
}

std::string FormatClockHours(int64_t seconds) {
  const uint64_t magnitude = seconds < 0 ? -static_cast<uint64_t>(seconds) : static_cast<uint64_t>(seconds);
  std::string text =
      absl::StrFormat("%s%d:%02d", seconds < 0 ? "-" : "", magnitude / kHour, magnitude % kHour / kMinute);
  if (magnitude % kMinute != 0) absl::StrAppendFormat(&text, ":%02d", magnitude % kMinute);
  return text;
}

}  // namespace timebank::cli
