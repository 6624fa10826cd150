#include "client/cli/import/amounts.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "client/cli/hours.h"
#include "client/cli/import/limits.h"
#include "client/cli/import/text.h"
#include "client/cli/translate.h"

namespace timebank::imports {
namespace {

// Longer numbers are no hours, and would overflow.
constexpr size_t kMaxDigits = 12;

bool IsDigit(char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); }

// Takes a sign off the front. True for a minus, as people and as typesetters write it.
bool TakeSign(std::string_view& text) {
  for (std::string_view minus : {"-", "\xE2\x88\x92", "\xE2\x80\x93"}) {
    if (text.substr(0, minus.size()) != minus) continue;
    text = Trimmed(text.substr(minus.size()));
    return true;
  }
  if (!text.empty() && text.front() == '+') text = Trimmed(text.substr(1));
  return false;
}

// A number with the signs that group its digits taken out.
struct Decimal {
  std::string whole;
  std::string fraction;
};

enum class Written { kNumber, kNoNumber, kUnclear, kMaybeThousands };

// Every blank as ` ` and every apostrophe as `'`.
std::string WithPlainSigns(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, char>, 6> kSigns = {{{"\xC2\xA0", ' '},
                                                                        {"\xE2\x80\xAF", ' '},
                                                                        {"\xE2\x80\x89", ' '},
                                                                        {"\xE2\x80\x99", '\''},
                                                                        {"\xE2\x80\x98", '\''},
                                                                        {"\xC2\xB4", '\''}}};
  std::string plain;
  while (!text.empty()) {
    const auto* const sign = std::find_if(kSigns.begin(), kSigns.end(), [text](const auto& one) {
      return text.substr(0, one.first.size()) == one.first;
    });
    plain.push_back(sign == kSigns.end() ? text.front() : sign->second);
    text.remove_prefix(sign == kSigns.end() ? 1 : sign->first.size());
  }
  return plain;
}

// Digits from `at` on.
size_t DigitsAt(std::string_view text, size_t at) {
  const size_t end = std::min(text.find_first_not_of("0123456789", at), text.size());
  return end - std::min(at, end);
}

// Takes out the blanks and apostrophes that group digits, as some countries have it, and makes a decimal sign
// of an apostrophe that is one (`1'5`, as people write by hand in Spain). `1 30` may be 1h30 or 130 hours.
Written TakeGroupsOut(std::string_view text, std::string& plain) {
  constexpr size_t kGroup = 3;
  // Digits directly before.
  size_t before = 0;
  bool grouped = false;
  bool decimal = false;
  for (size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    const bool blank = c == ' ' && before > 0;
    if (c != ' ' && c != '\'') {
      before = IsDigit(c) ? before + 1 : 0;
      decimal = decimal || c == '.' || c == ',';
      plain.push_back(c);
      continue;
    }
    const size_t behind = DigitsAt(text, at + 1);
    if (behind == 0 || (c == '\'' && before == 0)) return Written::kNoNumber;
    const bool leading_zero = !grouped && before > 0 && plain[plain.size() - before] == '0';
    const bool groups = !decimal && behind == kGroup && before <= kGroup && !leading_zero;
    // `1'5` and `1'75` are decimals; `1'30` may be 1h30.
    const bool no_minutes = behind == 1 || (behind == 2 && text[at + 1] >= '6');
    if (c == '\'' && !decimal && no_minutes) {
      decimal = true;
      plain.push_back(text.find(',') == std::string_view::npos ? ',' : '.');
    } else if ((blank || c == '\'') && !groups) {
      return Written::kUnclear;
    }
    grouped = grouped || groups;
    plain.append(text, at + 1, behind);
    at += behind;
    before = behind;
  }
  return Written::kNumber;
}

// Of a number with a single sign, whether that may part thousands: `1.250`, and not `0.250` or `1234.500`.
bool MayBeThousands(std::string_view plain, size_t sign) {
  return sign > 0 && sign <= 3 && plain.front() != '0' && plain.size() == sign + 4;
}

// `1.000`, `24.000`: a number of hours with three decimals that may be a part of a day.
bool MayBeThousandths(std::string_view text) {
  constexpr int64_t kHoursInADay = 24;
  const size_t sign = DigitsAt(text, 0);
  int64_t whole = 0;
  return sign < text.size() && (text[sign] == '.' || text[sign] == ',') && MayBeThousands(text, sign) &&
         DigitsAt(text, sign + 1) == 3 && absl::SimpleAtoi(Absl(text.substr(0, sign)), &whole) &&
         whole <= kHoursInADay;
}

// `1.250.000`, `1.234,50`: groups of three digits behind the first, and at most one other sign behind those.
bool IsGrouped(std::string_view number) {
  const size_t first = DigitsAt(number, 0);
  if (first == 0 || first > 3 || number.front() == '0' || first == number.size()) return false;
  const char sign = number[first];
  if (sign != '.' && sign != ',') return false;
  size_t at = first;
  for (; at < number.size() && number[at] == sign; at += 4) {
    if (DigitsAt(number, at + 1) != 3) return false;
  }
  if (at == number.size()) return true;
  const size_t decimals = DigitsAt(number, at + 1);
  return std::string_view(".,").find(number[at]) != std::string_view::npos && decimals > 0 &&
         at + 1 + decimals == number.size();
}

Written TakeApart(std::string_view text, const HoursVote* file, Decimal& number) {
  const std::string signs = WithPlainSigns(text);
  if (signs.find_first_not_of("0123456789.,' ") != std::string::npos) return Written::kNoNumber;
  std::string plain;
  if (const Written groups = TakeGroupsOut(signs, plain); groups != Written::kNumber) return groups;
  const size_t last = plain.find_last_of(".,");
  size_t point = last != std::string::npos && std::count(plain.begin(), plain.end(), plain[last]) > 1
                     ? std::string::npos
                     : last;
  bool unclear = false;
  if (file != nullptr && point != std::string::npos && plain.find_first_of(".,") == point &&
      MayBeThousands(plain, point)) {
    const bool decimal = file->IsDecimal(plain[point]);
    const bool thousands = file->IsThousands(plain[point]);
    unclear = decimal == thousands;
    if (thousands && !decimal) point = std::string::npos;
  }
  for (size_t at = 0; at < plain.size(); ++at) {
    if (at == point) continue;
    if (IsDigit(plain[at])) {
      (at > point && point != std::string::npos ? number.fraction : number.whole).push_back(plain[at]);
      continue;
    }
    // A sign that groups: three digits must follow.
    const bool three = at + 3 < plain.size() && IsDigit(plain[at + 1]) && IsDigit(plain[at + 2]) &&
                       IsDigit(plain[at + 3]) && (at + 4 >= plain.size() || !IsDigit(plain[at + 4]));
    const bool behind_point = point != std::string::npos && at > point;
    if ((plain[at] != '.' && plain[at] != ',') || at == 0 || !three || behind_point) {
      return Written::kNoNumber;
    }
  }
  if (number.whole.empty() && number.fraction.empty()) return Written::kNoNumber;
  return unclear ? Written::kMaybeThousands : Written::kNumber;
}

std::string TooLong(std::string_view text) {
  return absl::StrCat("\"", Absl(text), "\" is more than a hundred years");
}

// `number` in units of `unit`. The sum stays far from overflow: 10^12 × 3600.
std::string ToSeconds(std::string_view text, Decimal number, Unit unit, int64_t& seconds) {
  number.whole.erase(0, std::min(number.whole.find_first_not_of('0'), number.whole.size()));
  while (!number.fraction.empty() && number.fraction.back() == '0') number.fraction.pop_back();
  if (number.whole.size() > kMaxDigits) return TooLong(text);
  const auto unit_seconds = static_cast<int64_t>(unit);
  const std::string problem =
      absl::StrCat("\"", Absl(text), "\" does not come to whole seconds; write hours and minutes (0:20)");
  if (number.fraction.size() > kMaxDigits) return problem;
  int64_t whole = 0;
  for (char digit : number.whole) whole = whole * 10 + (digit - '0');
  int64_t fraction = 0;
  int64_t scale = 1;
  for (char digit : number.fraction) {
    fraction = fraction * 10 + (digit - '0');
    scale *= 10;
  }
  if (fraction * unit_seconds % scale != 0) return problem;
  seconds = whole * unit_seconds + fraction * unit_seconds / scale;
  return seconds > kMaxSeconds ? TooLong(text) : "";
}

struct UnitWord {
  std::string_view words;
  std::string_view unit;
};

// Without accents and capitals; `and` falls away.
constexpr std::array<UnitWord, 4> kUnitWords = {
    {{"h hr hrs hour hours hora horas hores heure heures std stunde stunden", "h"},
     {"m min mins minute minutes minuto minutos minut minuts minuten", "m"},
     {"s sec secs second seconds segundo segundos segon segons seconde secondes sekunde sekunden", "s"},
     {"and y i et und", " "}}};

// The same with every unit in English. Words that are none stay, to be told.
std::string InEnglish(std::string_view text) {
  const std::string folded = FoldedName(text);
  std::string english;
  for (size_t at = 0; at < folded.size();) {
    if (!absl::ascii_isalpha(static_cast<unsigned char>(folded[at]))) {
      english.push_back(folded[at++]);
      continue;
    }
    size_t end = at;
    while (end < folded.size() && absl::ascii_isalpha(static_cast<unsigned char>(folded[end]))) ++end;
    const std::string word = folded.substr(at, end - at);
    const auto* unit = std::find_if(kUnitWords.begin(), kUnitWords.end(),
                                    [&word](const UnitWord& known) { return HasWord(known.words, word); });
    if (unit == kUnitWords.end()) {
      absl::StrAppend(&english, word);
    } else {
      absl::StrAppend(&english, Absl(unit->unit));
      if (end < folded.size() && folded[end] == '.') ++end;  // `2 h.`
    }
    at = end;
  }
  return english;
}

// `0:00`, `0h`: a balance may be nothing.
bool IsClockZero(std::string_view english) {
  return english.find_first_of("0") != std::string_view::npos &&
         english.find_first_not_of("0:hms .,'") == std::string_view::npos;
}

// Takes `h`, `horas` or `min` off the end of a number that may have thousands: `1.250 h`. False, and nothing
// taken, where it is none.
bool TakeUnit(std::string_view& text, Unit& unit) {
  const size_t digits = std::min(text.find_first_not_of("0123456789.,"), text.size());
  std::string_view number = text.substr(0, digits);
  const std::string word = InEnglish(Trimmed(text.substr(digits)));
  if (word != "h" && word != "m") return false;
  if (const size_t sign = number.find_first_of(".,");
      sign == std::string_view::npos || !(MayBeThousands(number, sign) || IsGrouped(number))) {
    return false;
  }
  text = number;
  unit = word == "h" ? Unit::kHour : Unit::kMinute;
  return true;
}

// With a clock or units in it.
std::string ParseWithUnits(std::string_view text, int64_t& seconds) {
  const std::string english = InEnglish(text);
  if (IsClockZero(english)) {
    seconds = 0;
    return "";
  }
  // A file is read the same, whatever the language of whoever imports it.
  const cli::InLanguage of_the_file("en");
  const absl::StatusOr<cli::ParsedHours> hours = cli::ParseHours(english);
  if (!hours.ok()) {
    return absl::StrCat("\"", Absl(text), "\" is not hours; write 1h30, 1:30, 1.5, 1,5 or 90m");
  }
  seconds = hours->seconds;
  return "";
}

}  // namespace

std::string ParseSignedHours(std::string_view text, int64_t& seconds, Unit bare, const HoursVote* file) {
  text = Trimmed(text);
  if (text.empty()) return "no hours";
  std::string_view unsigned_text = text;
  const bool negative = TakeSign(unsigned_text);
  TakeUnit(unsigned_text, bare);
  Decimal number;
  std::string problem;
  switch (TakeApart(unsigned_text, file, number)) {
    case Written::kNumber:
      problem = ToSeconds(text, std::move(number), bare, seconds);
      break;
    case Written::kNoNumber:
      problem = ParseWithUnits(unsigned_text, seconds);
      break;
    case Written::kMaybeThousands:
      problem =
          absl::StrCat("\"", Absl(text), "\" may be ", number.whole, number.fraction, " or ", number.whole,
                       " and a part: write ", number.whole, number.fraction, ", or hours and minutes (1:15)");
      break;
    case Written::kUnclear:
      problem =
          absl::StrCat("\"", Absl(text), "\" can be read in more than one way; write 1h30, 1:30 or 1.5");
      break;
  }
  if (negative) seconds = -seconds;
  return problem;
}

std::string ParseHoursGiven(std::string_view text, int64_t& seconds, Unit bare, const HoursVote* file) {
  std::string problem = ParseSignedHours(text, seconds, bare, file);
  if (!problem.empty()) return problem;
  if (seconds == 0) return "no time at all (0 hours)";
  if (seconds < 0) return absl::StrCat("negative hours (", Absl(Trimmed(text)), ")");
  return "";
}

void HoursVote::Add(std::string_view text) {
  text = Trimmed(text);
  TakeSign(text);
  Unit unit = Unit::kHour;
  if (std::string_view figures = text; TakeUnit(figures, unit)) text = figures;
  const size_t first = text.find_first_of(".,");
  if (first == std::string_view::npos) return;
  const size_t last = text.find_last_of(".,");
  Sign& sign = text[last] == '.' ? points_ : commas_;
  if (first != last) {
    // `1 h. 30 min.`, or a day.
    if (!IsGrouped(text)) return;
    (text[first] == '.' ? points_ : commas_).thousands = true;
    if (text[first] != text[last]) sign.decimal = true;
    return;
  }
  if (sign.no_minutes) return;
  const size_t begin = std::min(text.find_first_of("0123456789"), first);
  const std::string_view fraction = text.substr(first + 1, DigitsAt(text, first + 1));
  if (fraction.empty()) return;
  const std::string_view number = text.substr(begin, first + 1 + fraction.size() - begin);
  if (MayBeThousands(number, first - begin)) return;
  sign.decimal = true;
  const bool may_be_minutes =
      fraction.size() == 2 && fraction[0] <= '5' && (fraction[1] == '0' || fraction[1] == '5');
  sign.no_minutes = !may_be_minutes && fraction != "5" && fraction.size() != 3;
}

void HoursVote::AddGiven(std::string_view text, Unit bare) {
  Add(text);
  if (others_) return;
  text = Trimmed(text);
  TakeSign(text);
  TakeUnit(text, bare);
  // `?` and the like are no hours, however written.
  if (std::none_of(text.begin(), text.end(), IsDigit)) return;
  if (bare != Unit::kHour || !MayBeThousandths(text) ||
      (thousandths_ > 0 && thousandth_.find(text[text.size() - 4]) == std::string::npos)) {
    others_ = true;
    return;
  }
  if (thousandths_++ == 0) thousandth_ = text;
}

int64_t HoursVote::IfMinutes(std::string_view text) const {
  text = Trimmed(text);
  const size_t sign = text.find_first_of(".,");
  if (sign == std::string_view::npos || (text[sign] == '.' ? points_ : commas_).no_minutes) return 0;
  const cli::InLanguage of_the_file("en");
  return cli::DecimalsAsMinutes(text).value_or(0);
}

std::string ParseSecondsGiven(std::string_view text, int64_t& seconds) {
  const std::string trimmed(Trimmed(text));
  if (!absl::SimpleAtoi(trimmed, &seconds)) {
    return absl::StrCat("\"", trimmed, "\" is not a number of seconds");
  }
  if (seconds == 0) return "no time at all (0 seconds)";
  if (seconds < 0) return absl::StrCat("negative (", trimmed, " seconds)");
  if (seconds > kMaxSeconds) return absl::StrCat("more than a hundred years (", trimmed, " seconds)");
  return "";
}

}  // namespace timebank::imports
