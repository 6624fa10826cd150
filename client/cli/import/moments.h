// Days and moments as other systems' files write them.
//
// Threads: pure functions.
#ifndef TIMEBANK_CLIENT_CLI_IMPORT_MOMENTS_H_
#define TIMEBANK_CLIENT_CLI_IMPORT_MOMENTS_H_

#include <bitset>
#include <optional>
#include <string>
#include <string_view>

#include "absl/time/civil_time.h"
#include "absl/time/time.h"

namespace timebank::imports {

// What `03/04/2018` is where nothing else tells, or `18-04-03`.
enum class DayOrder {
  kDayFirst,
  kMonthFirst,
  // Of years with two figures between dashes; elsewhere the day comes first.
  kYearFirst
};

struct MomentRules {
  // Decides the day of a moment.
  absl::TimeZone bank_zone = absl::UTCTimeZone();
  // What an hour without a zone is in.
  absl::TimeZone unzoned = absl::UTCTimeZone();
  DayOrder order = DayOrder::kDayFirst;
  // Years of two figures lie within the hundred before it: `13/11/98` is 1998. No timebank is older than
  // 1970. Where nobody says what day it is, nothing of this century lies ahead.
  absl::CivilDay today = absl::CivilDay(2099, 12, 31);
};

struct Moment {
  // In the bank's time zone.
  absl::CivilDay day;
  // InfinitePast where the text has no hour.
  absl::Time time = absl::InfinitePast();
  // The day that is written, where the text has no hour, or midnight without a zone: what spreadsheet
  // programs make of a day, and back.
  std::optional<absl::CivilDay> bare_day;
  // A day of the week is written beside it, and it is another one.
  bool weekday_differs = false;
  // It was none, since a year of two figures lies ahead: that year. -1: there is no such year.
  int year_ahead = -1;
  // It was none, since the year may be the first or the last.
  bool year_unclear = false;
};

// Reads `2018-01-08`, `2018/1/8`, `20180108`, `8/1/2018`, `8.1.18`, `8 Jan 2018`, `Jan 8, 2018`, `8 de enero
// de 2018`, `8 d’enero` (months in English, Spanish, Catalan, French, German), each also with a day of the
// week, which decides between `8/1` and `1/8` where one of them falls on it, and with an hour: `09:21`,
// `9:21:00 PM`, `T09:21:00.123Z`, `+01:00`, ` UTC`; and seconds since 1970. False where it is none, no such
// day, or one of a year of two figures that lies ahead.
bool ParseMoment(std::string_view text, const MomentRules& rules, Moment& moment);

// Whether a word, as FoldedName() makes it, is a month in one of these languages: `abril`, `apr`.
bool IsMonth(std::string_view word);

// What the days of a column tell about their order.
class DayOrderVote {
 public:
  // Looks at one more value; whatever is not `n/n/n`, or no day in any order, has no say. A day of the week
  // before it has, where it is that of the one order alone; for the month first two of them, or one where no
  // value is without: a single one may be a mistake, and turns every day of the file.
  void Add(std::string_view text, absl::CivilDay today);
  // Year or month first only where a value cannot be read otherwise and none speaks against it.
  DayOrder Result() const {
    if (YearFirst()) return DayOrder::kYearFirst;
    return MonthFirst() && !day_first_ ? DayOrder::kMonthFirst : DayOrder::kDayFirst;
  }
  // Whether some value can only be read in one way.
  bool IsDecided() const { return Result() == DayOrder::kYearFirst || MonthFirst() || day_first_; }
  // Whether none can, and some in both.
  bool IsOpen() const { return !IsDecided() && without_weekday_; }
  // Whether some values can only be read the one way, and some only the other.
  bool IsMixed() const { return MonthFirst() && day_first_; }
  // Whether a value can only be read with the year first, but looks like a mistake: then nothing tells where
  // the year of the others stands.
  bool IsYearUnclear() const { return MayHaveYearFirst() && !YearFirst(); }
  // A value such as `08-01-18`, where none tells whether the year stands at the front; empty: there is none.
  std::string MaybeYearFirst() const { return year_first_.empty() && !year_last_ ? maybe_year_first_ : ""; }
  // The first value that Result() comes of, where that is the year or the month first.
  std::string Shown() const { return YearFirst() ? year_first_ : shows_month_first_; }

 private:
  bool MonthFirst() const {
    return month_first_ || weekdays_of_month_first_ > 1 ||
           (weekdays_of_month_first_ == 1 && !without_weekday_);
  }
  bool MayHaveYearFirst() const { return !year_first_.empty() && !year_last_; }
  // A bank has fewer years than a month has days: what changes more is no year.
  bool YearFirst() const { return MayHaveYearFirst() && fronts_.count() <= ends_.count(); }

  bool day_first_ = false;
  bool month_first_ = false;
  std::string shows_month_first_;
  int weekdays_of_month_first_ = 0;
  bool without_weekday_ = false;  // some value that can be read either way
  // Of two figures between dashes. The first value that can only be read with the year first, as `18-01-31`,
  // since 2031 lies ahead; whether one can only be read with it last; the first that can be read either way.
  std::string year_first_;
  bool year_last_ = false;
  std::string maybe_year_first_;
  // Which figures stand at the front and at the end.
  std::bitset<100> fronts_;
  std::bitset<100> ends_;
};

// Whether the year of two figures may stand first or last: `08-01-18`.
bool MayBeYearFirstOrLast(std::string_view text, absl::CivilDay today);

}  // namespace timebank::imports

#endif  // TIMEBANK_CLIENT_CLI_IMPORT_MOMENTS_H_
