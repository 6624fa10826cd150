#include "client/cli/import/moments.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "client/cli/import/text.h"

namespace timebank::imports {
namespace {

// Without accents and capitals. Three letters are enough, where they are of one month only (`jui` is not).
constexpr std::array<std::string_view, 12> kMonths = {
    "jan january ene enero gen gener janv janvier januar jaenner janner",
    "feb february febrero febr febrer fev fevr fevrier februar",
    "mar march marzo marc mars marz maerz",
    "apr april abr abril avr avril",
    "may mayo mai maig",
    "jun june junio juny juin juni",
    "jul july julio jul juliol juil juillet juli",
    "aug august ago agosto agost aout",
    "sep sept september septiembre setembre set septembre",
    "oct october octubre octobre okt oktober",
    "nov november noviembre novembre",
    "dec december dic diciembre des desembre decembre dez dezember"};
// Likewise, from Monday on; `mar` is March, too.
constexpr std::array<std::string_view, 7> kWeekdays = {
    "mon monday lun lunes dl dilluns lundi mo montag",
    "tue tues tuesday mar martes dt dimarts mardi di dienstag",
    "wed wednesday mie miercoles dc dimecres mer mercredi mi mittwoch",
    "thu thur thurs thursday jue jueves dj dijous jeu jeudi do donnerstag",
    "fri friday vie viernes dv divendres ven vendredi fr freitag",
    "sat saturday sab sabado ds dissabte sam samedi sa samstag sonnabend",
    "sun sunday dom domingo dg diumenge dim dimanche so sonntag"};
constexpr int kFirstYear = 1970;
constexpr std::string_view kSmallWords = "de del d of the le el th st nd rd";

bool IsDigit(char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); }
bool IsAlpha(char c) {
  return absl::ascii_isalpha(static_cast<unsigned char>(c)) || static_cast<unsigned char>(c) >= 0x80;
}

// The place of the one that has `word` among its words, from 1; 0 where none has.
template <size_t kSize>
int PlaceOf(const std::array<std::string_view, kSize>& names, std::string_view word) {
  for (size_t i = 0; i < names.size(); ++i) {
    if (HasWord(names[i], word)) return static_cast<int>(i) + 1;
  }
  return 0;
}

struct Number {
  int value = 0;
  size_t digits = 0;
};

// Takes up to `most` digits off the front.
bool TakeNumber(std::string_view& text, size_t most, Number& number) {
  number = {};
  while (number.digits < text.size() && IsDigit(text[number.digits])) {
    if (number.digits == most) return false;
    number.value = number.value * 10 + (text[number.digits++] - '0');
  }
  text.remove_prefix(number.digits);
  return number.digits > 0;
}

void SkipBlanks(std::string_view& text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
}

// What a date is made of.
struct Parts {
  std::vector<Number> numbers;
  int month = 0;
  // The month's name may be a day of the week as well.
  bool may_be_weekday = false;
  // From 1, Monday; 0 where none is written.
  int weekday = 0;
};

// A word of a date. False where it belongs into none.
bool TakeWord(const std::string& word, Parts& parts) {
  const int weekday = PlaceOf(kWeekdays, word);
  const int month = PlaceOf(kMonths, word);
  if (weekday != 0) parts.weekday = weekday;
  if (month != 0 && (parts.month == 0 || parts.may_be_weekday)) {
    parts.month = month;
    parts.may_be_weekday = weekday != 0;
    return true;
  }
  return weekday != 0 || HasWord(kSmallWords, word);
}

bool TakeApart(std::string_view text, Parts& parts) {
  while (!text.empty()) {
    if (IsDigit(text.front())) {
      Number number;
      if (parts.numbers.size() == 3 || !TakeNumber(text, 4, number)) return false;
      parts.numbers.push_back(number);
    } else if (IsAlpha(text.front())) {
      size_t end = 0;
      while (end < text.size() && IsAlpha(text[end])) ++end;
      if (!TakeWord(FoldedName(text.substr(0, end)), parts)) return false;
      text.remove_prefix(end);
    } else if (std::string_view(" -/.,'").find(text.front()) != std::string_view::npos) {
      text.remove_prefix(1);
    } else {
      return false;
    }
  }
  return true;
}

// Of two figures: within the hundred years up to today's; before 1970 (there was no timebank) it lies ahead.
int FullYear(const Number& year, absl::CivilDay today) {
  if (year.digits != 2) return year.value;
  const int64_t full = today.year() / 100 * 100 + year.value;
  const int64_t past = full > today.year() ? full - 100 : full;
  return static_cast<int>(past < kFirstYear ? past + 100 : past);
}

// Civil days run over into the next month; there is no 31 February.
bool IsDay(int year, int month, int day) {
  const absl::CivilDay normalised(year, month, day);
  return normalised.year() == year && normalised.month() == month && normalised.day() == day;
}

// Day, month and year, or the other way round. False where there is no such day, or its year lies ahead.
bool AsDay(const std::vector<Number>& numbers, const MomentRules& rules, Moment& moment) {
  const bool all_short = numbers[0].digits <= 2 && numbers[2].digits <= 2;
  const bool year_first = numbers[0].digits == 4 || (all_short && rules.order == DayOrder::kYearFirst);
  const Number& year = numbers[year_first ? 0 : 2];
  const Number& in_month = numbers[year_first ? 2 : 0];
  if ((year.digits != 4 && year.digits != 2) || in_month.digits > 2 || numbers[1].digits > 2) return false;
  const int full_year = FullYear(year, rules.today);
  moment.day = absl::CivilDay(full_year, numbers[1].value, in_month.value);
  if (!IsDay(full_year, numbers[1].value, in_month.value)) return false;
  if (year.digits == 4 || full_year <= rules.today.year()) return true;
  moment.year_ahead = year.value;
  return false;
}

bool FallsOn(absl::CivilDay day, int weekday) {
  return static_cast<int>(absl::GetWeekday(day)) + 1 == weekday;
}

// `d’octubre` as `d'octubre`.
std::string WithPlainApostrophe(std::string_view text) {
  return absl::StrReplaceAll(Absl(text), {{"\xE2\x80\x99", "'"}});
}

bool ParseDate(std::string_view text, MomentRules rules, Moment& moment) {
  if (text.size() == 8 && IsDigits(text)) {  // 20180108
    const std::string dashed =
        absl::StrCat(Absl(text.substr(0, 4)), "-", Absl(text.substr(4, 2)), "-", Absl(text.substr(6)));
    return ParseDate(dashed, rules, moment);
  }
  Parts parts;
  if (!TakeApart(WithPlainApostrophe(text), parts)) return false;
  std::vector<Number>& numbers = parts.numbers;
  if (parts.may_be_weekday && numbers.size() == 3) parts.month = 0;
  if (numbers.size() + (parts.month != 0) != 3) return false;
  const bool dashed = parts.month == 0 && std::count(text.begin(), text.end(), '-') == 2;
  if (rules.order == DayOrder::kYearFirst && !dashed) rules.order = DayOrder::kDayFirst;
  if (parts.month != 0) {
    // `8 Jan 2018`, `2018 Jan 8` and `Jan 8 2018`: the month goes into the middle.
    numbers.insert(numbers.begin() + 1, Number{parts.month, 2});
  } else if (numbers[0].digits != 4 && rules.order == DayOrder::kMonthFirst) {
    std::swap(numbers[0], numbers[1]);
  }
  if (!AsDay(numbers, rules, moment)) return false;
  // `Mon, 01/08/2018` is in January, whatever the rules say.
  const bool either_order = parts.month == 0 && numbers[0].digits != 4 && numbers[0].value <= 12 &&
                            rules.order != DayOrder::kYearFirst;
  if (either_order && parts.weekday != 0 && !FallsOn(moment.day, parts.weekday)) {
    std::swap(numbers[0], numbers[1]);
    Moment other;
    if (AsDay(numbers, rules, other) && FallsOn(other.day, parts.weekday)) moment.day = other.day;
  }
  // `mar` may be March and no Tuesday.
  const bool told = parts.weekday != 0 && !(parts.month != 0 && parts.may_be_weekday);
  moment.weekday_differs = told && !FallsOn(moment.day, parts.weekday);
  return true;
}

// `09:21`, `9:21:00.5`.
bool TakeClock(std::string_view& text, absl::Duration& clock) {
  Number hour;
  Number minute;
  Number second;
  if (!TakeNumber(text, 2, hour) || text.empty() || text.front() != ':') return false;
  text.remove_prefix(1);
  if (!TakeNumber(text, 2, minute) || minute.digits != 2) return false;
  absl::Duration fraction = absl::ZeroDuration();
  if (!text.empty() && text.front() == ':') {
    text.remove_prefix(1);
    if (!TakeNumber(text, 2, second) || second.digits != 2) return false;
    if (!text.empty() && (text.front() == '.' || text.front() == ',')) {
      text.remove_prefix(1);
      absl::Duration digit = absl::Milliseconds(100);
      if (text.empty() || !IsDigit(text.front())) return false;
      for (; !text.empty() && IsDigit(text.front()); text.remove_prefix(1), digit /= 10) {
        fraction += digit * (text.front() - '0');
      }
    }
  }
  SkipBlanks(text);
  const std::string folded = absl::AsciiStrToLower(Absl(text.substr(0, 2)));
  if (folded == "am" || folded == "pm") {
    if (hour.value < 1 || hour.value > 12) return false;
    hour.value = hour.value % 12 + (folded == "pm" ? 12 : 0);
    text.remove_prefix(2);
    SkipBlanks(text);
  }
  if (hour.value > 23 || minute.value > 59 || second.value > 59) return false;
  clock = absl::Hours(hour.value) + absl::Minutes(minute.value) + absl::Seconds(second.value) + fraction;
  return true;
}

// `Z`, `UTC`, `GMT`, `+01:00`, `+0100`, `+01`; nothing: the rules'.
bool ParseZone(std::string_view text, absl::TimeZone unzoned, absl::TimeZone& zone) {
  zone = unzoned;
  if (text.empty()) return true;
  const std::string folded = absl::AsciiStrToLower(Absl(text));
  if (folded == "z" || folded == "utc" || folded == "gmt") {
    zone = absl::UTCTimeZone();
    return true;
  }
  const bool west = text.front() == '-';
  if (!west && text.front() != '+') return false;
  text.remove_prefix(1);
  std::string digits(text);
  digits.erase(std::remove(digits.begin(), digits.end(), ':'), digits.end());
  int offset = 0;
  if (!IsDigits(digits) || (digits.size() != 2 && digits.size() != 4) || !absl::SimpleAtoi(digits, &offset)) {
    return false;
  }
  if (digits.size() == 2) offset *= 100;
  if (offset / 100 > 14 || offset % 100 > 59) return false;
  const int seconds = (offset / 100 * 60 + offset % 100) * 60;
  zone = absl::FixedTimeZone(west ? -seconds : seconds);
  return true;
}

// Ten digits: 2001 to 2286; nine would be the years before.
bool ParseUnixSeconds(std::string_view text, const MomentRules& rules, Moment& moment) {
  int64_t seconds = 0;
  if ((text.size() != 9 && text.size() != 10) || !IsDigits(text) || !absl::SimpleAtoi(Absl(text), &seconds)) {
    return false;
  }
  moment.time = absl::FromUnixSeconds(seconds);
  moment.day = absl::ToCivilDay(moment.time, rules.bank_zone);
  return true;
}

// `Mon, 01/08/2018` as `01/08/2018`, with the day of the week from 1, Monday; 0 where there is none.
std::string_view WithoutWeekday(std::string_view text, int& weekday) {
  size_t end = 0;
  while (end < text.size() && IsAlpha(text[end])) ++end;
  weekday = end == 0 ? 0 : PlaceOf(kWeekdays, FoldedName(text.substr(0, end)));
  if (weekday == 0) return text;
  text.remove_prefix(end);
  while (!text.empty() && std::string_view(" .,").find(text.front()) != std::string_view::npos) {
    text.remove_prefix(1);
  }
  return text;
}

// `8/1/2018`, as it votes.
struct Figures {
  std::array<Number, 3> numbers;
  // From 1, Monday; 0 where none is written.
  int weekday = 0;
  bool dashed = false;
  // As it stands there, without the hour.
  std::string text;
};

// False where the last number can be no year, or the others no day and month.
bool TakeFigures(std::string_view text, Figures& figures) {
  const std::string_view whole = Trimmed(text);
  text = WithoutWeekday(whole, figures.weekday);
  size_t dashes = 0;
  for (size_t i = 0; i < figures.numbers.size(); ++i) {
    if (!TakeNumber(text, 4, figures.numbers[i])) return false;
    if (i + 1 == figures.numbers.size()) break;
    if (text.empty() || std::string_view("/.-").find(text.front()) == std::string_view::npos) return false;
    dashes += text.front() == '-';
    text.remove_prefix(1);
  }
  figures.dashed = dashes == 2;
  figures.text = whole.substr(0, whole.size() - text.size());
  const auto& [first, second, year] = figures.numbers;
  return first.digits <= 2 && second.digits <= 2 && (year.digits == 2 || year.digits == 4);
}

// Whether the year may be the first of the figures, or the last, as it does not lie ahead.
bool MayBeFirst(const Figures& figures, absl::CivilDay today) {
  const auto& [year, month, day] = figures.numbers;
  const int full = FullYear(year, today);
  return year.digits == 2 && full <= today.year() && IsDay(full, month.value, day.value);
}
bool MayBeLast(const Figures& figures, absl::CivilDay today) {
  const auto& [first, second, year] = figures.numbers;
  const int full = FullYear(year, today);
  return full <= today.year() &&
         (IsDay(full, second.value, first.value) || IsDay(full, first.value, second.value));
}

// Where the hour begins, at its first digit; npos where there is none.
size_t ClockStart(std::string_view text) {
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos) return colon;
  size_t start = colon;
  while (start > 0 && IsDigit(text[start - 1])) --start;
  return start;
}

}  // namespace

bool ParseMoment(std::string_view text, const MomentRules& rules, Moment& moment) {
  text = Trimmed(text);
  moment = {};
  if (ParseUnixSeconds(text, rules, moment)) return true;
  const size_t clock_start = ClockStart(text);
  std::string_view date = text.substr(0, clock_start);
  std::string_view rest = clock_start == std::string_view::npos ? "" : text.substr(clock_start);
  if (!rest.empty()) {
    if (date.empty() || (date.back() != ' ' && date.back() != 'T' && date.back() != 't')) return false;
    if (date.back() != ' ' && (date.size() < 2 || !IsDigit(date[date.size() - 2]))) return false;
    date.remove_suffix(1);
  }
  date = Trimmed(date);
  if (!date.empty() && date.back() == ',') date = Trimmed(date.substr(0, date.size() - 1));
  if (!ParseDate(date, rules, moment)) return false;
  moment.bare_day = moment.day;
  if (rest.empty()) return true;
  absl::Duration clock;
  absl::TimeZone zone;
  if (!TakeClock(rest, clock)) return false;
  rest = Trimmed(rest);
  if (!ParseZone(rest, rules.unzoned, zone)) return false;
  if (!rest.empty() || clock != absl::ZeroDuration()) moment.bare_day.reset();
  moment.time = absl::FromCivil(absl::CivilSecond(moment.day) + absl::ToInt64Seconds(clock), zone) +
                (clock - absl::Seconds(absl::ToInt64Seconds(clock)));
  moment.day = absl::ToCivilDay(moment.time, rules.bank_zone);
  return true;
}

bool IsMonth(std::string_view word) { return PlaceOf(kMonths, word) != 0; }

void DayOrderVote::Add(std::string_view text, absl::CivilDay today) {
  if (IsMixed() && year_last_) return;
  Figures figures;
  if (!TakeFigures(text, figures)) return;
  const auto& [first, second, year] = figures.numbers;
  const int full_year = FullYear(year, today);
  bool day_first = IsDay(full_year, second.value, first.value);
  bool month_first = IsDay(full_year, first.value, second.value);
  if (year.digits == 2 && figures.dashed) {
    const bool last = MayBeLast(figures, today);
    const bool at_front = MayBeFirst(figures, today);
    year_last_ = year_last_ || (last && !at_front);
    if (last || at_front) {
      fronts_.set(static_cast<size_t>(first.value));
      ends_.set(static_cast<size_t>(year.value));
    }
    if (at_front && !last) {
      if (year_first_.empty()) year_first_ = figures.text;
      return;
    }
    if (at_front && maybe_year_first_.empty()) maybe_year_first_ = figures.text;
  }
  without_weekday_ = without_weekday_ || (day_first && month_first && figures.weekday == 0);
  const auto shows_month_first = [&] {
    if (shows_month_first_.empty()) shows_month_first_ = figures.text;
  };
  if (day_first && month_first && figures.weekday != 0) {
    day_first = FallsOn(absl::CivilDay(full_year, second.value, first.value), figures.weekday);
    month_first = FallsOn(absl::CivilDay(full_year, first.value, second.value), figures.weekday);
    if (month_first && !day_first) {
      ++weekdays_of_month_first_;
      return shows_month_first();
    }
  }
  day_first_ = day_first_ || (day_first && !month_first);
  month_first_ = month_first_ || (month_first && !day_first);
  if (month_first && !day_first) shows_month_first();
}

bool MayBeYearFirstOrLast(std::string_view text, absl::CivilDay today) {
  Figures figures;
  return TakeFigures(text, figures) && figures.dashed && figures.numbers[2].digits == 2 &&
         MayBeFirst(figures, today) && MayBeLast(figures, today);
}

}  // namespace timebank::imports
