#include "client/cli/slip_line.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace timebank::cli {
namespace {

std::string Names(const std::vector<NamedShare>& shares) {
  std::string text;
  for (const NamedShare& share : shares) text += (text.empty() ? "" : "+") + share.name;
  return text;
}

// The line as `slip: before > behind | hours | words`.
std::string Parse(const std::string& line) {
  const auto slip = ParseSlipLine(line);
  if (!slip.ok()) return "error";
  return slip->slip + ": " + Names(slip->sentence.before) + " > " + Names(slip->sentence.behind) + " | " +
         slip->sentence.hours_text + " | " + slip->sentence.words;
}

// Goal: the shortest line that says it all, and the longer one with a verb.
TEST(SlipLineTest, ReadsSlips) {
  EXPECT_EQ(Parse("231 ben ana 1h30 gardening"), "231: ben > ana | 1h30 | gardening");
  EXPECT_EQ(Parse("231 ben helped ana 1h30 gardening"), "231: ben > ana | 1h30 | gardening");
  EXPECT_EQ(Parse("232 ana muñoz helped ben 45m"), "232: ana muñoz > ben | 45m | ");
  EXPECT_EQ(Parse("232 ana muñoz va ajudar ben 45m"), "232: ana muñoz > ben | 45m | ");
  EXPECT_EQ(Parse("A-7 17 5 1h30"), "A-7: 17 > 5 | 1h30 | ") << "members by number";
  EXPECT_EQ(Parse("231 17 5 2"), "231: 17 > 5 | 2 | ");
  EXPECT_EQ(Parse("- ben ana 1h"), ": ben > ana | 1h | ") << "a slip without a number";
  EXPECT_EQ(Parse("233 rosa ana,ben,dan:1h 2h yoga"), "233: rosa > ana+ben+dan | 2h | yoga");
  EXPECT_EQ(Parse("233 rosa, eva ana, ben 2h yoga"), "233: rosa+eva > ana+ben | 2h | yoga");
  EXPECT_EQ(Parse("231  ben   ana 1 h 30 min two  trees"), "231: ben > ana | 1 h 30 min | two trees");
}

// Goal: what can be misread is refused, and the example is one of a slip.
TEST(SlipLineTest, RefusesWhatCanBeMisread) {
  for (const char* line : {"", "231", "231 ben", "231 ben ana", "231 ben 1h30", "231 1h30", "ben ana 1h",
                           "ben helped ana 1h", "231 ana muñoz ben 1h", "231 ben ana gardening",
                           "231 helped ana 1h", "231 ben helped", "17 helped 5 1h", "231 ben, 1h"}) {
    EXPECT_EQ(Parse(line), "error") << line;
  }
  for (const char* line : {"foo", "231 ben helped", "231 ben 1h"}) {
    const std::string message(ParseSlipLine(line).status().message());
    EXPECT_NE(message.find("231 ben ana 1h30 gardening"), std::string::npos) << message;
    EXPECT_EQ(message.find("timebank record"), std::string::npos) << message;
  }
  for (const char* line : {"231 ana muñoz received 1h from ben", "231 ana got 1h from ben"}) {
    const std::string message(ParseSlipLine(line).status().message());
    EXPECT_NE(message.find("GIVER helped RECEIVER HOURS"), std::string::npos) << message;
  }
  EXPECT_NE(Parse("231 ben ana 1h what she got"), "error");
  for (const auto& [line, right] : {std::pair("231 ben to carla 1h", "231 ben helped carla 1h"),
                                    std::pair("- ben brown for 17 1h", "- ben brown helped 17 1h"),
                                    std::pair("231 ben to 5 1h", "231 ben helped 5 1h")}) {
    const std::string message(ParseSlipLine(line).status().message());
    EXPECT_NE(message.find(std::string("between them: ") + right), std::string::npos) << message;
  }
  EXPECT_NE(ParseSlipLine("231 ana muñoz ben 1h").status().message().find("231 ana helped muñoz ben 1h"),
            absl::string_view::npos);
}

}  // namespace
}  // namespace timebank::cli
