#include "client/cli/hours.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace timebank::cli {
namespace {

// Goal: every form in which people write hours is read to the exact second.
TEST(HoursTest, ReadsHoursAsPeopleWriteThem) {
  const std::vector<std::pair<std::string, int64_t>> forms = {
      {"1h30", 5400},    {"1H30", 5400},         {"1h30m", 5400},
      {"1h 30m", 5400},  {"1 h 30", 5400},       {"1h30min", 5400},
      {"1h", 3600},      {"2 hours", 7200},      {"1:30", 5400},
      {"0:05", 300},     {"1:30:15", 5415},      {"10:00", 36000},
      {"1.5", 5400},     {"1,5", 5400},          {"1.5h", 5400},
      {"1,25h", 4500},   {"0.33", 1188},         {"0,66", 2376},
      {".5", 1800},      {"0.333333333333h", 0}, {"90m", 5400},
      {"90min", 5400},   {"45'", 2700},          {"1.5m", 90},
      {"19m48s", 1188},  {"1h00m36s", 3636},     {"36s", 36},
      {"2", 7200},       {"12", 43200},          {" 1h30 ", 5400},
      {"0.00027778", 0}, {"0.0025", 9},          {"876000h", kMaxShareSeconds},
  };
  for (const auto& [text, seconds] : forms) {
    const auto parsed = ParseHours(text);
    if (seconds == 0) {
      EXPECT_FALSE(parsed.ok()) << text << ": not a whole second";
      continue;
    }
    ASSERT_TRUE(parsed.ok()) << text << ": " << parsed.status();
    EXPECT_EQ(parsed->seconds, seconds) << text;
    EXPECT_FALSE(parsed->if_minutes_seconds.has_value()) << text;
  }
}

// Goal: a bare number above 12 is never guessed at; with a unit it is not questioned.
TEST(HoursTest, LargeBareNumbersMayBeMinutes) {
  const auto ninety = ParseHours("90");
  ASSERT_TRUE(ninety.ok());
  EXPECT_EQ(ninety->seconds, 90 * 3600);
  EXPECT_EQ(ninety->if_minutes_seconds, 90 * 60);
  EXPECT_EQ(ParseHours("12.5")->if_minutes_seconds, 750);
  EXPECT_FALSE(ParseHours("90h")->if_minutes_seconds.has_value());
  EXPECT_FALSE(ParseHours("20:00")->if_minutes_seconds.has_value());
}

// Goal: decimals that look like minutes are known, and no others.
TEST(HoursTest, DecimalsThatMayBeMinutes) {
  EXPECT_EQ(DecimalsAsMinutes("1.30"), 5400);
  EXPECT_EQ(DecimalsAsMinutes("1,15"), 4500);
  EXPECT_EQ(DecimalsAsMinutes("0,45 h"), 2700);
  for (const char* text : {"1.5", "1.3", "1.25", "1.30m", "1h30", "1:30", "1.300", "", "ana"})
    EXPECT_FALSE(DecimalsAsMinutes(text).has_value()) << text;
}

// Goal: whatever is not hours is refused with a sentence, and never read as something else.
TEST(HoursTest, RefusesWhatIsNotHours) {
  for (const char* text : {"",        " ",
                           "two",     "h",
                           "1x",      "1h30x",
                           "1h75",    "1h60m",
                           "1:5",     "1:60",
                           "1:300",   "1:30:99",
                           "1.5:30",  "1h1h",
                           "30m1h",   "1.5h30",
                           "1h1.5",   "1.",
                           "1'30",    "1' 30",
                           "--1",     "-1h",
                           "-0.5",    "0",
                           "0h",      "0:00",
                           "0.0",     "1.234",
                           "1e3",     "0x10",
                           "1,2,3",   "99999999999999999999",
                           "876001h", "1h30 gardening",
                           "١h"}) {
    const auto parsed = ParseHours(text);
    EXPECT_FALSE(parsed.ok()) << text;
    EXPECT_FALSE(parsed.status().message().empty()) << text;
  }
}

// Goal: what is written is what is read back, for every kind of length.
TEST(HoursTest, WritesWhatItReads) {
  EXPECT_EQ(FormatHours(5400), "1h30");
  EXPECT_EQ(FormatHours(3600), "1h");
  EXPECT_EQ(FormatHours(1800), "30m");
  EXPECT_EQ(FormatHours(3900), "1h05");
  EXPECT_EQ(FormatHours(1188), "19m48s");
  EXPECT_EQ(FormatHours(3636), "1h00m36s");
  EXPECT_EQ(FormatHours(36), "36s");
  EXPECT_EQ(FormatHours(0), "0h");
  EXPECT_EQ(FormatHours(-5400), "1h30");
  for (int64_t seconds = 1; seconds < 2 * 3600 + 120; ++seconds) {
    const auto parsed = ParseHours(FormatHours(seconds));
    ASSERT_TRUE(parsed.ok()) << seconds << " " << FormatHours(seconds);
    ASSERT_EQ(parsed->seconds, seconds);
  }
  EXPECT_FALSE(FormatHours(std::numeric_limits<int64_t>::min()).empty());
}

// Goal: spreadsheets get a duration with its sign.
TEST(HoursTest, WritesClockHours) {
  EXPECT_EQ(FormatClockHours(5400), "1:30");
  EXPECT_EQ(FormatClockHours(-1188), "-0:19:48");
  EXPECT_EQ(FormatClockHours(0), "0:00");
}

// Goal: in a sentence, hours are told from names by how they begin.
TEST(HoursTest, TellsHoursFromNames) {
  for (const char* text : {"1h30", "90", "0", "-1h", ".5", "1x"}) EXPECT_TRUE(LooksLikeHours(text)) << text;
  for (const char* text : {"", "ana", "h", "-", "a1", "knitters"}) EXPECT_FALSE(LooksLikeHours(text)) << text;
}

}  // namespace
}  // namespace timebank::cli
