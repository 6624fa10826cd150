#include "client/cli/day.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/cli/words.h"

namespace timebank::cli {
namespace {

constexpr std::array<std::string_view, 7> kWeekdays = {"monday", "tuesday",  "wednesday", "thursday",
                                                       "friday", "saturday", "sunday"};
constexpr std::array<std::string_view, 12> kMonths = {"January",   "February", "March",    "April",
                                                      "May",       "June",     "July",     "August",
                                                      "September", "October",  "November", "December"};
constexpr int kFirstYear = 1900;
constexpr int kLastYear = 9999;

absl::Status NotADay(std::string_view text) {
  return absl::InvalidArgumentError(absl::StrCat(
      "\"", Absl(text), "\" is not a day. Write today, yesterday, tue, 13/11, 13/11/2026 or 2026-11-13."));
}

absl::Status NoSuchDay(std::string_view text) {
  return absl::InvalidArgumentError(
      absl::StrCat("There is no day \"", Absl(text), "\" (day first: 13/11/2026)."));
}

// At least three letters of `name` (lower case), or all of it: `tue`, `tues`, `tuesday`.
bool Abbreviates(std::string_view text, std::string_view name) {
  return text.size() >= 3 && text.size() <= name.size() && name.substr(0, text.size()) == text;
}

std::optional<int> MonthNamed(std::string_view text) {
  for (size_t month = 0; month < kMonths.size(); ++month) {
    if (Abbreviates(text, absl::AsciiStrToLower(Absl(kMonths[month])))) return static_cast<int>(month) + 1;
  }
  return std::nullopt;
}

std::optional<absl::CivilDay> Weekday(std::string_view text, absl::CivilDay today) {
  for (size_t weekday = 0; weekday < kWeekdays.size(); ++weekday) {
    if (!Abbreviates(text, kWeekdays[weekday])) continue;
    // absl::Weekday counts from Monday, as kWeekdays does.
    const int back = (static_cast<int>(absl::GetWeekday(today)) - static_cast<int>(weekday) + 7) % 7;
    return today - back;
  }
  return std::nullopt;
}

// CivilDay normalises 31/02 to 2 or 3 March; this does not.
std::optional<absl::CivilDay> Exactly(int year, int month, int day) {
  if (year < kFirstYear || year > kLastYear) return std::nullopt;
  const absl::CivilDay result(year, month, day);
  if (result.year() != year || result.month() != month || result.day() != day) return std::nullopt;
  return result;
}

// The latest `day`/`month` that is not in the future. 29/2 may lie up to eight years back.
std::optional<absl::CivilDay> LatestInPast(int month, int day, absl::CivilDay today) {
  for (int back = 0; back <= 8; ++back) {
    const auto found = Exactly(static_cast<int>(today.year()) - back, month, day);
    if (found && *found <= today) return found;
  }
  return std::nullopt;
}

// The first `day`/`month` behind `today`.
std::optional<absl::CivilDay> FirstAhead(int month, int day, absl::CivilDay today) {
  for (int forth = 0; forth <= 8; ++forth) {
    const auto found = Exactly(static_cast<int>(today.year()) + forth, month, day);
    if (found && *found > today) return found;
  }
  return std::nullopt;
}

absl::Status LiesAhead(absl::CivilDay day, absl::CivilDay today, std::string_view more) {
  return absl::InvalidArgumentError(
      absl::StrCat(FormatDay(day, today),
                   " lies in the future, and help is recorded once it has been given: the bank's today is ",
                   FormatDay(today, today), ", ", IsoDay(today), ".", Absl(more)));
}

// Pieces of digits or letters: `13/11`, `13 nov 2026`, `13nov`. Empty where there is anything else in it.
std::vector<std::string> Pieces(std::string_view text) {
  std::vector<std::string> pieces;
  enum { kNone, kDigits, kLetters } last = kNone;
  for (char c : text) {
    if (absl::ascii_isdigit(c) || absl::ascii_isalpha(c)) {
      const auto now = absl::ascii_isdigit(c) ? kDigits : kLetters;
      if (now != last) pieces.emplace_back();
      pieces.back().push_back(c);
      last = now;
    } else if (c == '/' || c == '.' || c == '-' || c == ' ') {
      last = kNone;
    } else {
      return {};
    }
  }
  return pieces;
}

std::optional<int> NumberUpTo(const std::string& piece, size_t digits) {
  int value = 0;
  if (piece.size() > digits || !absl::SimpleAtoi(piece, &value)) return std::nullopt;
  return value;
}

absl::StatusOr<absl::CivilDay> DayMonthYear(std::string_view text, absl::CivilDay today) {
  const std::vector<std::string> pieces = Pieces(text);
  if (pieces.size() < 2 || pieces.size() > 3) return NotADay(text);
  if (pieces[0].size() == 4) return ParseIsoDay(text);
  const std::optional<int> day = NumberUpTo(pieces[0], 2);
  std::optional<int> month = NumberUpTo(pieces[1], 2);
  if (!month) month = MonthNamed(pieces[1]);
  if (!day || !month) return NotADay(text);
  std::optional<absl::CivilDay> found;
  if (pieces.size() == 2) {
    found = LatestInPast(*month, *day, today);
  } else {
    const std::optional<int> year = NumberUpTo(pieces[2], 4);
    if (!year || pieces[2].size() == 3 || pieces[2].size() == 1) return NotADay(text);
    found = Exactly(pieces[2].size() == 2 ? 2000 + *year : *year, *month, *day);
  }
  if (!found) return NoSuchDay(text);
  return *found;
}

}  // namespace

absl::StatusOr<absl::CivilDay> ParseIsoDay(std::string_view text) {
  int year = 0;
  int month = 0;
  int day = 0;
  if (text.size() != 10 || text[4] != '-' || text[7] != '-' ||
      !absl::SimpleAtoi(Absl(text.substr(0, 4)), &year) ||
      !absl::SimpleAtoi(Absl(text.substr(5, 2)), &month) ||
      !absl::SimpleAtoi(Absl(text.substr(8, 2)), &day)) {
    return NotADay(text);
  }
  const auto found = Exactly(year, month, day);
  if (!found) return absl::InvalidArgumentError(absl::StrCat("There is no day \"", Absl(text), "\"."));
  return *found;
}

absl::StatusOr<absl::CivilDay> ParseDay(std::string_view text, absl::CivilDay today, Future future) {
  const std::string lower = absl::AsciiStrToLower(absl::StripAsciiWhitespace(Absl(text)));
  if (lower == "today") return today;
  if (lower == "yesterday") return today - 1;
  if (const auto weekday = Weekday(lower, today)) return *weekday;
  absl::StatusOr<absl::CivilDay> day =
      lower == "tomorrow" ? absl::StatusOr<absl::CivilDay>(today + 1) : DayMonthYear(lower, today);
  if (!day.ok() || future != Future::kRefused) return day;
  if (*day > today) return LiesAhead(*day, today, "");
  if (const auto near = ReadNearDay(lower, today)) {
    return LiesAhead(near->ahead, today,
                     absl::StrCat(" For ", FormatDay(near->before, today), " write ", near->before.day(), "/",
                                  near->before.month(), "/", near->before.year(), "."));
  }
  return day;
}

std::optional<NearDay> ReadNearDay(std::string_view text, absl::CivilDay today) {
  const std::string lower = absl::AsciiStrToLower(absl::StripAsciiWhitespace(Absl(text)));
  if (Pieces(lower).size() != 2) return std::nullopt;
  const absl::StatusOr<absl::CivilDay> before = DayMonthYear(lower, today);
  if (!before.ok()) return std::nullopt;
  const auto ahead = FirstAhead(static_cast<int>(before->month()), static_cast<int>(before->day()), today);
  if (!ahead || *before == today || *ahead - today > kNearDays) return std::nullopt;
  return NearDay{*ahead, *before};
}

bool LooksLikeDay(std::string_view word, absl::CivilDay today) {
  const std::string lower = absl::AsciiStrToLower(Absl(word));
  for (std::string_view also : {"sun", "sat", "wed"}) {
    if (lower == also) return false;
  }
  const bool digits = lower.find_first_of("0123456789") != std::string::npos;
  // `1.5`, `2-3` and `24/7` are numbers of other things.
  if (digits && lower.find('/') == std::string::npos && lower.size() != 10) return false;
  return ParseDay(lower, today, Future::kAllowed).ok();
}

absl::StatusOr<absl::CivilDay> ParseLastDay(std::string_view text, absl::CivilDay first,
                                            absl::CivilDay today) {
  absl::StatusOr<absl::CivilDay> day = ParseDay(text, today, Future::kAllowed);
  const bool without_year = Pieces(text).size() == 2;
  if (!day.ok() || *day >= first || !without_year) return day;
  // The year from `first` on holds each day and month once.
  return ParseDay(text, absl::CivilDay(first.year() + 1, first.month(), first.day()) - 1, Future::kAllowed);
}

std::string IsoDay(absl::CivilDay day) {
  return absl::StrFormat("%04d-%02d-%02d", day.year(), day.month(), day.day());
}

std::string FormatDay(absl::CivilDay day, absl::CivilDay today) {
  std::string weekday(kWeekdays[static_cast<size_t>(absl::GetWeekday(day))].substr(0, 3));
  weekday[0] = absl::ascii_toupper(weekday[0]);
  std::string text =
      absl::StrFormat("%s %d %s", weekday, day.day(), Absl(kMonths[day.month() - 1].substr(0, 3)));
  if (day.year() != today.year()) absl::StrAppend(&text, " ", day.year());
  return text;
}

std::string FormatIsoDay(std::string_view iso_day, absl::CivilDay today) {
  const absl::StatusOr<absl::CivilDay> day = ParseIsoDay(iso_day);
  return day.ok() ? FormatDay(*day, today) : std::string(iso_day);
}

std::string LongDay(absl::CivilDay day) {
  return absl::StrFormat("%d %s %d", day.day(), Absl(kMonths[day.month() - 1]), day.year());
}

}  // namespace timebank::cli
