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

// What `03/04/2018` is where nothing else tells.
enum class DayOrder { kDayFirst, kMonthFirst };

struct MomentRules {
  // Decides the day of a moment.
  absl::TimeZone bank_zone = absl::UTCTimeZone();
  // What an hour without a zone is in.
  absl::TimeZone unzoned = absl::UTCTimeZone();
  DayOrder order = DayOrder::kDayFirst;
  // `13/11/26` is 2026 and not 1926 where it does not lie more than a year behind today.
  absl::CivilDay today;
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
};

// Reads `2018-01-08`, `2018/1/8`, `20180108`, `8/1/2018`, `8.1.18`, `8 Jan 2018`, `Jan 8, 2018`, `8 de enero
// de 2018`, `8 d’enero` (months in English, Spanish, Catalan, French, German), each also with a day of the
// week, which decides between `8/1` and `1/8` where one of them falls on it, and with an hour: `09:21`,
// `9:21:00 PM`, `T09:21:00.123Z`, `+01:00`, ` UTC`; and seconds since 1970. False where it is none, or no
// such day.
bool ParseMoment(std::string_view text, const MomentRules& rules, Moment& moment);

// What the days of a column tell about their order.
class DayOrderVote {
 public:
  // Looks at one more value; whatever is not `n/n/n`, or no day in either order, has no say. A day of the
  // week before it has, where it is that of the one order alone; for the month first two of them, or one
  // where no value is without: a single one may be a mistake, and turns every day of the file.
  void Add(std::string_view text);
  // Month first only where a value cannot be read otherwise and none speaks against it.
  DayOrder Result() const {
    return MonthFirst() && !day_first_ ? DayOrder::kMonthFirst : DayOrder::kDayFirst;
  }
  // Whether some value can only be read in one way.
  bool IsDecided() const { return MonthFirst() || day_first_; }
  // Whether none can, and some in both.
  bool IsOpen() const { return !IsDecided() && without_weekday_; }
  // Whether some values can only be read the one way, and some only the other.
  bool IsMixed() const { return MonthFirst() && day_first_; }

 private:
  bool MonthFirst() const {
    return month_first_ || weekdays_of_month_first_ > 1 ||
           (weekdays_of_month_first_ == 1 && !without_weekday_);
  }

  bool day_first_ = false;
  bool month_first_ = false;
  int weekdays_of_month_first_ = 0;
  bool without_weekday_ = false;  // some value that can be read either way
};

}  // namespace timebank::imports

#endif  // TIMEBANK_CLIENT_CLI_IMPORT_MOMENTS_H_
