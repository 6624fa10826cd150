#include "client/cli/day.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace timebank::cli {
namespace {

// A Thursday.
constexpr absl::CivilDay kToday(2023, 11, 16);

std::string Read(const std::string& text, absl::CivilDay today = kToday) {
  const auto day = ParseDay(text, today);
  return day.ok() ? IsoDay(*day) : "error";
}

// Goal: days as people write them, day first, always the latest one that has been.
TEST(DayTest, ReadsDaysAsPeopleWriteThem) {
  const std::vector<std::pair<std::string, std::string>> forms = {
      {"today", "2023-11-16"},      {"Yesterday", "2023-11-15"},  {"thu", "2023-11-16"},
      {"tue", "2023-11-14"},        {"Tuesday", "2023-11-14"},    {"tues", "2023-11-14"},
      {"fri", "2023-11-10"},        {"sunday", "2023-11-12"},     {"13/11", "2023-11-13"},
      {"16/11", "2023-11-16"},      {"17/2", "2023-02-17"},       {"1/3", "2023-03-01"},
      {"31/3", "2023-03-31"},       {"13/11/2022", "2022-11-13"}, {"13.11.2022", "2022-11-13"},
      {"13-11-22", "2022-11-13"},   {"2022-11-13", "2022-11-13"}, {"13 nov", "2023-11-13"},
      {"13nov 2020", "2020-11-13"}, {"29/2", "2020-02-29"},       {"29/2/2020", "2020-02-29"},
      {"1/1/1900", "1900-01-01"},
  };
  for (const auto& [text, iso] : forms) EXPECT_EQ(Read(text), iso) << text;
}

// Goal: the year rolls over: in January, December is last year's.
TEST(DayTest, TheYearRollsOver) {
  constexpr absl::CivilDay kJanuary(2024, 1, 2);
  EXPECT_EQ(Read("30/12", kJanuary), "2023-12-30");
  EXPECT_EQ(Read("2/1", kJanuary), "2024-01-02");
  EXPECT_EQ(Read("3/5", kJanuary), "2023-05-03");
  EXPECT_EQ(Read("sun", kJanuary), "2023-12-31");
}

// Goal: what is no day, or lies ahead, is refused.
TEST(DayTest, RefusesWhatIsNoDay) {
  for (const char* text :
       {"",           "31/02/2023", "31/4",         "30/2",      "13/13",   "0/1",        "32/1/2020",
        "tu",         "tomorrow",   "13",           "13/11/203", "13/11/2", "1899-12-31", "2023-02-30",
        "2023-11-17", "17/11/2023", "13/11/2022/1", "x/y",       "13/no",   "2023/11/13x"}) {
    EXPECT_EQ(Read(text), "error") << text;
  }
  EXPECT_TRUE(ParseDay("31/12/2023", kToday, Future::kAllowed).ok()) << "the end of a period may lie ahead";
  EXPECT_NE(ParseDay("17/11/2023", kToday).status().message().find("2023-11-16"), absl::string_view::npos)
      << "the error tells the bank's today";
}

// Goal: a day without a year that is about to come is not taken for last year's without a word.
TEST(DayTest, NearDaysAreNotGuessed) {
  for (const char* text : {"17/11", "17 nov", "31/12", "16/2"}) EXPECT_EQ(Read(text), "error") << text;
  EXPECT_EQ(Read("3/1", absl::CivilDay(2023, 12, 30)), "error") << "also over the end of the year";
  EXPECT_NE(ParseDay("17/11", kToday).status().message().find("For Thu 17 Nov 2022 write 17/11/2022"),
            absl::string_view::npos);
  EXPECT_TRUE(ParseDay("17/11", kToday, Future::kAllowed).ok()) << "of a period";
  EXPECT_EQ(IsoDay(*ParseDay("1/1", kToday, Future::kLooking)), "2023-01-01");
  EXPECT_EQ(IsoDay(*ParseDay("17/11", kToday, Future::kLooking)), "2022-11-17");
  EXPECT_FALSE(ParseDay("17/11/2023", kToday, Future::kLooking).ok());
  const auto near = ReadNearDay("17/11", kToday);
  ASSERT_TRUE(near.has_value());
  EXPECT_EQ(IsoDay(near->ahead), "2023-11-17");
  EXPECT_EQ(IsoDay(near->before), "2022-11-17");
  for (const char* text : {"16/11", "15/11", "17/2", "17/11/2022", "today", "x"})
    EXPECT_FALSE(ReadNearDay(text, kToday).has_value()) << text;
}

// Goal: help that lies ahead is told as such, in whatever way the day is written.
TEST(DayTest, TheFutureIsToldAsTheFuture) {
  for (const char* text : {"tomorrow", "17/11/2023", "2023-11-17"}) {
    EXPECT_NE(ParseDay(text, kToday).status().message().find("in the future"), absl::string_view::npos)
        << text;
  }
  EXPECT_EQ(IsoDay(*ParseDay("tomorrow", kToday, Future::kAllowed)), "2023-11-17");
}

// Goal: a word of a note is told from a day.
TEST(DayTest, DaysAmongWords) {
  for (const char* word : {"yesterday", "Tuesday", "tue", "13/11", "13/11/2023", "2023-11-13"})
    EXPECT_TRUE(LooksLikeDay(word, kToday)) << word;
  for (const char* word : {"gardening", "sun", "sat", "1.5", "2-3", "may", "13", "x/y"})
    EXPECT_FALSE(LooksLikeDay(word, kToday)) << word;
}

// Goal: a period's last day without a year belongs to the period, even where it lies ahead.
TEST(DayTest, LastDaysBelongToTheirPeriod) {
  const auto last = [](const std::string& text, absl::CivilDay first) {
    return IsoDay(*ParseLastDay(text, first, kToday));
  };
  EXPECT_EQ(last("30/11", absl::CivilDay(2023, 11, 1)), "2023-11-30");
  EXPECT_EQ(last("31/12", absl::CivilDay(2022, 1, 1)), "2022-12-31");
  EXPECT_EQ(last("15/11", absl::CivilDay(2023, 11, 1)), "2023-11-15");
  EXPECT_EQ(last("31 jan", absl::CivilDay(2023, 11, 1)), "2024-01-31");
  EXPECT_EQ(last("1/11", absl::CivilDay(2023, 11, 1)), "2023-11-01");
  EXPECT_EQ(last("30/11/2022", absl::CivilDay(2023, 11, 1)), "2022-11-30")
      << "a year that is written is the year";
  EXPECT_EQ(last("today", absl::CivilDay(2023, 11, 1)), "2023-11-16");
}

// Goal: the last day of a key or a grant lies ahead, and a day that has passed is told as that.
TEST(DayTest, DaysToCome) {
  const auto to_come = [](const std::string& text) {
    const auto day = ParseDayToCome(text, kToday);
    return day.ok() ? IsoDay(*day) : std::string(day.status().message());
  };
  EXPECT_EQ(to_come("today"), "2023-11-16");
  EXPECT_EQ(to_come("tomorrow"), "2023-11-17");
  EXPECT_EQ(to_come("fri"), "2023-11-17");
  EXPECT_EQ(to_come("Wednesday"), "2023-11-22");
  EXPECT_EQ(to_come("thu"), "2023-11-23") << "today is today";
  EXPECT_EQ(to_come("16/11"), "2023-11-16");
  EXPECT_EQ(to_come("15/11"), "Wed 15 Nov has passed. For Fri 15 Nov 2024 write 15/11/2024.");
  EXPECT_EQ(to_come("15/3"), "2024-03-15");
  const auto new_year = ParseDayToCome("31/12", absl::CivilDay(2027, 1, 5));
  ASSERT_TRUE(new_year.ok()) << new_year.status();
  EXPECT_EQ(IsoDay(*new_year), "2027-12-31") << "and not the one five days ago";
  EXPECT_EQ(to_come("31/12"), "2023-12-31");
  EXPECT_EQ(to_come("16/11/2023"), "2023-11-16");
  EXPECT_EQ(to_come("31/12/2026"), "2026-12-31");
  EXPECT_EQ(to_come("2026-12-31"), "2026-12-31");
  for (const char* passed : {"yesterday", "15/11/2023", "2023-11-15"}) {
    EXPECT_EQ(to_come(passed), "Wed 15 Nov has passed: today is Thu 16 Nov, 2023-11-16.") << passed;
  }
  for (const char* none : {"soon", "31/02", "2023-13-01", ""}) {
    EXPECT_EQ(to_come(none),
              "\"" + std::string(none) +
                  "\" is not a day. Write today, tomorrow, tue, 31/12, 31/12/2026 or 2026-12-31.");
  }
}

// Goal: the year is told where it is not this one.
TEST(DayTest, WritesDays) {
  EXPECT_EQ(FormatDay(absl::CivilDay(2023, 11, 14), kToday), "Tue 14 Nov");
  EXPECT_EQ(FormatDay(absl::CivilDay(2022, 1, 1), kToday), "Sat 1 Jan 2022");
  EXPECT_EQ(FormatIsoDay("2023-11-14", kToday), "Tue 14 Nov");
  EXPECT_EQ(FormatIsoDay("", kToday), "");
  EXPECT_EQ(LongDay(absl::CivilDay(2023, 11, 4)), "4 November 2023");
}

}  // namespace
}  // namespace timebank::cli
