#include "client/cli/day.h"

#include <cassert>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "client/cli/translate.h"
#include "client/cli/words.h"

namespace timebank::cli {
namespace {

// Translators: words that people type, as many as here and in this order. They may be shortened to three
// letters where that leaves only one. Accents and capitals do not matter.
constexpr const char* kWeekdays = Later("monday, tuesday, wednesday, thursday, friday, saturday, sunday");
// Translators: words that people type, as many as here and in this order. They may be shortened to three
// letters where that leaves only one. Accents and capitals do not matter.
constexpr const char* kMonths =
    Later("january, february, march, april, may, june, july, august, september, october, november, december");
// Translators: as they stand in tables, as many as here and in this order. They can be typed, too.
constexpr const char* kShortWeekdays = Later("Mon, Tue, Wed, Thu, Fri, Sat, Sun");
// Translators: as they stand in tables, as many as here and in this order. They can be typed, too.
constexpr const char* kShortMonths = Later("Jan, Feb, Mar, Apr, May, Jun, Jul, Aug, Sep, Oct, Nov, Dec");
// Translators: as they stand in a day with its year (14 November 2026), as many as here and in this order.
constexpr const char* kLongMonths =
    Later("January, February, March, April, May, June, July, August, September, October, November, December");
constexpr int kFirstYear = 1900;
constexpr int kLastYear = 9999;

absl::Status NotADay(std::string_view text) {
  return absl::InvalidArgumentError(
      Fill(T("\"$0\" is not a day. Write today, yesterday, tue, 13/11, 13/11/2026 or 2026-11-13."), text));
}

absl::Status NoSuchDay(std::string_view text) {
  return absl::InvalidArgumentError(Fill(T("There is no day \"$0\" (day first: 13/11/2026)."), text));
}

// At least three letters of `name` (lower case), or all of it: `tue`, `tues`, `tuesday`.
bool Abbreviates(std::string_view text, std::string_view name) {
  return text.size() >= 3 && text.size() <= name.size() && name.substr(0, text.size()) == text;
}

// Without the full stop of an abbreviation.
std::string Bare(std::string_view name) { return std::string(absl::StripSuffix(Fold(name), ".")); }

// Which one of `names` (two lists) `text`, folded, is short for, in English or in the language in use; none
// where it could be several: `jui` is juin and juillet.
std::optional<int> Named(std::string_view text, const char* names, const char* short_names) {
  std::set<int> found;
  for (const std::vector<std::string>& list : {ListedWords(names), TWords(names)}) {
    for (size_t i = 0; i < list.size(); ++i) {
      if (Abbreviates(text, Fold(list[i]))) found.insert(static_cast<int>(i));
    }
  }
  const std::vector<std::string> list = TWords(short_names);
  for (size_t i = 0; i < list.size(); ++i) {
    if (text == Bare(list[i])) return static_cast<int>(i);
  }
  return found.size() == 1 ? std::optional<int>(*found.begin()) : std::nullopt;
}

std::optional<int> MonthNamed(std::string_view text) {
  const std::optional<int> month = Named(text, kMonths, kShortMonths);
  return month ? std::optional<int>(*month + 1) : std::nullopt;
}

std::optional<absl::CivilDay> Weekday(std::string_view text, absl::CivilDay today) {
  const std::optional<int> weekday = Named(text, kWeekdays, kShortWeekdays);
  if (!weekday) return std::nullopt;
  // absl::Weekday counts from Monday, as kWeekdays does.
  return today - (static_cast<int>(absl::GetWeekday(today)) - *weekday + 7) % 7;
}

std::string WordAt(const char* english, int index) {
  const std::vector<std::string> words = TWords(english);
  assert(static_cast<size_t>(index) < words.size());
  return words[static_cast<size_t>(index)];
}

// `text` without blanks around it, accents and capitals; an apostrophe is a straight one.
std::string Folded(std::string_view text) {
  return absl::StrReplaceAll(Fold(absl::StrCat(absl::StripAsciiWhitespace(Absl(text)))), {{"’", "'"}});
}

// Translators: a word (or several, with commas) that people type for a day.
bool IsTomorrow(std::string_view text) { return IsWord(text, "tomorrow"); }

// Whether folded `text` names a day in full. Short forms are words of other things in many languages: `mon`,
// `mar`, `tue`; and so is tomorrow: `mañana`.
bool IsWholeWord(std::string_view text) {
  return IsWord(text, kWeekdays) || IsWord(text, "today") || IsWord(text, "yesterday");
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
  return absl::InvalidArgumentError(absl::StrCat(
      Fill(T("$0 lies in the future, and help is recorded once it has been given: the bank's today "
             "is $1, $2."),
           FormatDay(day, today), FormatDay(today, today), IsoDay(today)),
      Absl(more)));
}

// Pieces of digits or letters of folded `text`: `13/11`, `13 nov 2026`, `13nov`. Empty where there is
// anything else in it. What stands between day and month in some languages (`13 de noviembre`) is left out.
std::vector<std::string> Pieces(std::string_view text) {
  std::vector<std::string> pieces;
  enum { kNone, kDigits, kLetters } last = kNone;
  for (char c : text) {
    if (absl::ascii_isdigit(c) || absl::ascii_isalpha(c)) {
      const auto now = absl::ascii_isdigit(c) ? kDigits : kLetters;
      if (now != last) pieces.emplace_back();
      pieces.back().push_back(c);
      last = now;
    } else if (c == '/' || c == '.' || c == '-' || c == ' ' || c == '\'') {
      last = kNone;
    } else {
      return {};
    }
  }
  // Translators: words between a day, its month and its year as people type them.
  std::erase_if(pieces, [](const std::string& piece) { return IsWord(piece, "of"); });
  return pieces;
}

// `31/12`, `31 dec`. `text` is folded.
bool HasNoYear(std::string_view text) { return Pieces(text).size() == 2; }

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
  if (!found) return absl::InvalidArgumentError(Fill(T("There is no day \"$0\"."), text));
  return *found;
}

absl::StatusOr<absl::CivilDay> ParseDay(std::string_view text, absl::CivilDay today, Future future) {
  const std::string lower = Folded(text);
  // Translators: a word (or several, with commas) that people type for a day.
  if (IsWord(lower, "today")) return today;
  // Translators: a word (or several, with commas) that people type for a day.
  if (IsWord(lower, "yesterday")) return today - 1;
  if (const auto weekday = Weekday(lower, today)) return *weekday;
  absl::StatusOr<absl::CivilDay> day =
      IsTomorrow(lower) ? absl::StatusOr<absl::CivilDay>(today + 1) : DayMonthYear(lower, today);
  if (!day.ok() || future == Future::kAllowed) return day;
  if (*day > today) return LiesAhead(*day, today, "");
  if (future == Future::kLooking) return day;
  if (const auto near = ReadNearDay(lower, today)) {
    return LiesAhead(near->ahead, today,
                     absl::StrCat(" ", Fill(T("For $0 write $1/$2/$3."), FormatDay(near->before, today),
                                            near->before.day(), near->before.month(), near->before.year())));
  }
  return day;
}

std::optional<NearDay> ReadNearDay(std::string_view text, absl::CivilDay today) {
  const std::string lower = Folded(text);
  if (!HasNoYear(lower)) return std::nullopt;
  const absl::StatusOr<absl::CivilDay> before = DayMonthYear(lower, today);
  if (!before.ok()) return std::nullopt;
  const auto ahead = FirstAhead(static_cast<int>(before->month()), static_cast<int>(before->day()), today);
  if (!ahead || *before == today || *ahead - today > kNearDays) return std::nullopt;
  return NearDay{*ahead, *before};
}

bool LooksLikeDay(std::string_view word, absl::CivilDay today) {
  const std::string lower = Folded(word);
  for (std::string_view also : {"sun", "sat", "wed"}) {
    if (lower == also) return false;
  }
  const bool digits = lower.find_first_of("0123456789") != std::string::npos;
  // `1.5`, `2-3` and `24/7` are numbers of other things.
  if (digits && lower.find('/') == std::string::npos && lower.size() != 10) return false;
  if (!digits && LanguageInUse() != "en") return IsWholeWord(lower);
  return ParseDay(lower, today, Future::kAllowed).ok();
}

absl::StatusOr<absl::CivilDay> ParseLastDay(std::string_view text, absl::CivilDay first,
                                            absl::CivilDay today) {
  absl::StatusOr<absl::CivilDay> day = ParseDay(text, today, Future::kAllowed);
  if (!day.ok() || *day >= first || !HasNoYear(Folded(text))) return day;
  // The year from `first` on holds each day and month once.
  return ParseDay(text, absl::CivilDay(first.year() + 1, first.month(), first.day()) - 1, Future::kAllowed);
}

absl::StatusOr<absl::CivilDay> ParseDayToCome(std::string_view text, absl::CivilDay today) {
  // The latest one that is not in the future, and a week.
  if (const auto weekday = Weekday(Folded(text), today)) return *weekday + 7;
  const absl::StatusOr<absl::CivilDay> day = ParseLastDay(text, today, today);
  if (!day.ok()) {
    return absl::InvalidArgumentError(
        Fill(T("\"$0\" is not a day. Write today, tomorrow, tue, 31/12, 31/12/2026 or 2026-12-31."), text));
  }
  if (*day < today) {
    return absl::InvalidArgumentError(Fill(T("$0 has passed: today is $1, $2."), FormatDay(*day, today),
                                           FormatDay(today, today), IsoDay(today)));
  }
  // A day of this year that has passed some weeks ago, a year on: hardly what is meant where the year is left
  // out.
  if (HasNoYear(Folded(text))) {
    const absl::StatusOr<absl::CivilDay> before = ParseDay(text, today, Future::kAllowed);
    if (before.ok() && *before < today && today - *before <= kNearDays && before->year() == today.year()) {
      return absl::InvalidArgumentError(
          Fill(T("$0 has passed. For $1 write $2/$3/$4."), FormatDay(*before, today), FormatDay(*day, today),
               absl::StrCat(day->day()), absl::StrCat(day->month()), absl::StrCat(day->year())));
    }
  }
  return *day;
}

std::string IsoDay(absl::CivilDay day) {
  return absl::StrFormat("%04d-%02d-%02d", day.year(), day.month(), day.day());
}

std::vector<std::string> DayWords() {
  std::vector<std::string> words = {WordAt("today", 0), WordAt("yesterday", 0)};
  for (const std::string& weekday : TWords(kShortWeekdays)) words.push_back(absl::AsciiStrToLower(weekday));
  return words;
}

std::string FormatDay(absl::CivilDay day, absl::CivilDay today) {
  const std::string weekday = WordAt(kShortWeekdays, static_cast<int>(absl::GetWeekday(day)));
  const std::string month = WordAt(kShortMonths, day.month() - 1);
  if (day.year() == today.year()) {
    // Translators: Tue 14 Nov; $0 is the day, $1 the month, $2 the day of the week.
    return Fill(T("$2 $0 $1"), day.day(), month, weekday);
  }
  // Translators: Tue 14 Nov 2025; $0 is the day, $1 the month, $2 the year, $3 the day of the week.
  return Fill(T("$3 $0 $1 $2"), day.day(), month, day.year(), weekday);
}

std::string FormatIsoDay(std::string_view iso_day, absl::CivilDay today) {
  const absl::StatusOr<absl::CivilDay> day = ParseIsoDay(iso_day);
  return day.ok() ? FormatDay(*day, today) : std::string(iso_day);
}

std::string LongDay(absl::CivilDay day) {
  // Translators: 14 November 2026; $0 is the day, $1 the month, $2 the year.
  return Fill(T("$0 $1 $2"), day.day(), WordAt(kLongMonths, day.month() - 1), day.year());
}

std::string MiddlingDay(absl::CivilDay day) {
  // Translators: 14 Nov 2026; $0 is the month, $1 the day, $2 the year.
  return Fill(T("$1 $0 $2"), WordAt(kShortMonths, day.month() - 1), day.day(), day.year());
}

}  // namespace timebank::cli
