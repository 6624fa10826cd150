// Days and moments as other systems' files write them.
//
// Threads: pure functions.
#ifndef TIMEBANK_CLIENT_CLI_IMPORT_MOMENTS_H_
#define TIMEBANK_CLIENT_CLI_IMPORT_MOMENTS_H_

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
  // Of years with two figures; where the year has four, the day comes first.
  kYearFirst
};

struct MomentRules {
  // Decides the day of a moment.
  absl::TimeZone bank_zone = absl::UTCTimeZone();
  // What an hour without a zone is in.
  absl::TimeZone unzoned = absl::UTCTimeZone();
  DayOrder order = DayOrder::kDayFirst;
  // Years of two figures lie within the hundred before it: `13/11/98` is 1998. No timebank is older than
  // 1970.
  // Where nobody says what day it is, nothing of this century lies ahead.
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
};

// Reads `2018-01-08`, `2018/1/8`, `20180108`, `8/1/2018`, `8.1.18`, `8 Jan 2018`, `Jan 8, 2018`, `8 de enero
// de 2018`, `8 d’enero` (months in English, Spanish, Catalan, French, German), each also with a day of the
// week, which decides between `8/1` and `1/8` where one of them falls on it, and with an hour: `09:21`,
// `9:21:00 PM`, `T09:21:00.123Z`, `+01:00`, ` UTC`; and seconds since 1970. False where it is none, no such
// day, or one of a year of two figures that lies ahead.
bool ParseMoment(std::string_view text, const MomentRules& rules, Moment& moment);

// What the days of a column tell about their order.
class DayOrderVote {
 public:
  // Looks at one more value; whatever is not `n/n/n`, or no day in any order, has no say. A day of the week
  // before it has, where it is that of the one order alone; for the month first two of them, or one where no
  // value is without: a single one may be a mistake, and turns every day of the file. So it is with
  // `18-01-31`, which can only be read with the year first, since 2031 lies ahead of `today`.
  void Add(std::string_view text, absl::CivilDay today);
  // Year or month first only where a value cannot be read otherwise and none speaks against it.
  DayOrder Result() const {
    if (YearFirst() && !year_last_) return DayOrder::kYearFirst;
    return MonthFirst() && !day_first_ ? DayOrder::kMonthFirst : DayOrder::kDayFirst;
  }
  // Whether some value can only be read in one way.
  bool IsDecided() const { return Result() == DayOrder::kYearFirst || MonthFirst() || day_first_; }
  // Whether none can, and some in both.
  bool IsOpen() const { return !IsDecided() && without_weekday_; }
  // Whether some values can only be read the one way, and some only the other.
  bool IsMixed() const { return MonthFirst() && day_first_; }
  // A value such as `08-01-18`, where none tells whether the year stands at the front; empty: there is none.
  std::string MaybeYearFirst() const { return year_first_ == 0 && !year_last_ ? maybe_year_first_ : ""; }

 private:
  bool MonthFirst() const {
    return month_first_ || weekdays_of_month_first_ > 1 ||
           (weekdays_of_month_first_ == 1 && !without_weekday_);
  }
  bool YearFirst() const { return year_first_ > 1 || (year_first_ == 1 && maybe_year_first_.empty()); }

  bool day_first_ = false;
  bool month_first_ = false;
  int weekdays_of_month_first_ = 0;
  bool without_weekday_ = false;  // some value that can be read either way
  // Values that can only be read with the year first; one that can only be read with it last; the first that
  // can be read either way.
  int year_first_ = 0;
  bool year_last_ = false;
  std::string maybe_year_first_;
};

}  // namespace timebank::imports

#endif  // TIMEBANK_CLIENT_CLI_IMPORT_MOMENTS_H_
