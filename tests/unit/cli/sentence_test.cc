#include "client/cli/sentence.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace timebank::cli {
namespace {

std::string Names(const std::vector<NamedShare>& shares) {
  std::string text;
  for (const NamedShare& share : shares) {
    text += (text.empty() ? "" : "+") + share.name;
    if (share.hours) text += "=" + std::to_string(share.hours->seconds);
  }
  return text;
}

// The sentence as `before > behind | seconds | words`.
std::string Parse(const std::string& text) {
  const std::vector<std::string> words = absl::StrSplit(text, ' ');
  const auto sentence = ParseSentence(words, Verb::kHelped);
  if (!sentence.ok()) return "error";
  return Names(sentence->before) + " > " + Names(sentence->behind) + " | " +
         (sentence->hours ? std::to_string(sentence->hours->seconds) : "-") + " | " + sentence->words +
         (sentence->with_minutes ? " | or " + std::to_string(sentence->with_minutes->seconds) + " | " +
                                       sentence->with_minutes->words
                                 : "");
}

// Goal: the sentence that brokers type, with and without blanks, lists and times of one's own.
TEST(SentenceTest, ReadsSentences) {
  EXPECT_EQ(Parse("ben helped ana 1h30 gardening"), "ben > ana | 5400 | gardening");
  EXPECT_EQ(Parse("Ben HELPED Ana Muñoz 1,5"), "Ben > Ana Muñoz | 5400 | ");
  EXPECT_EQ(Parse("rosa helped ana,ben,carla,dan:1h,eva 2h yoga"),
            "rosa > ana+ben+carla+dan=3600+eva | 7200 | yoga");
  EXPECT_EQ(Parse("rosa vila, ben helped ana, carla 2h yoga in the hall"),
            "rosa vila+ben > ana+carla | 7200 | yoga in the hall");
  EXPECT_EQ(Parse("12 helped 17 1h30"), "12 > 17 | 5400 | ");
  EXPECT_EQ(Parse("ben helped ana, 12 1h"), "ben > ana+12 | 3600 | ");
  EXPECT_EQ(Parse("circle:knitters helped pot 3h"), "circle:knitters > pot | 10800 | ");
  EXPECT_EQ(Parse("circle:knitters:1:30 helped pot:2h 3h"), "circle:knitters=5400 > pot=7200 | 10800 | ");
  EXPECT_EQ(Parse("ben helped ana 1h - 2 trees"), "ben > ana | 3600 | 2 trees")
      << "a dash sets the note apart";
  EXPECT_EQ(Parse("ben helped ana 1h 90 trees"), "ben > ana | 3600 | 90 trees") << "no minutes";
  EXPECT_EQ(Parse("ben helped ana 90m 30 chairs"), "ben > ana | 5400 | 30 chairs");
  EXPECT_EQ(Parse("ben helped ana 1h30 15 chairs"), "ben > ana | 5400 | 15 chairs");
  EXPECT_EQ(Parse("ben helped ana 1h 30m shopping"), "ben > ana | 5400 | shopping");
  EXPECT_EQ(Parse("ben helped ana 1 h 30 min shopping"), "ben > ana | 5400 | shopping");
  EXPECT_EQ(Parse("ben helped ana 1,5 hours bread baking"), "ben > ana | 5400 | bread baking");
  EXPECT_EQ(Parse("ben helped ana 90 min shopping"), "ben > ana | 5400 | shopping");
  EXPECT_EQ(Parse("ben helped ana 2 hours"), "ben > ana | 7200 | ");
}

// Goal: the verb may be said in the broker's own language, and the words of a verb are no names.
TEST(SentenceTest, VerbsOfOtherLanguages) {
  for (const char* text : {"ben gave help to ana 1h", "ben ayudó a ana 1h", "ben ayudo ana 1h",
                           "ben va ajudar a ana 1h", "Ben Va Ajudar ana 1h", "ben a aidé ana 1h"}) {
    const std::string parsed = Parse(text);
    EXPECT_EQ(parsed.substr(1), "en > ana | 3600 | ") << text;
  }
  EXPECT_EQ(Parse("ben ayudó a"), "error");
  const auto gift = ParseSentence({"ben", "a", "donné", "à", "ana", "1h"}, Verb::kGave);
  ASSERT_TRUE(gift.ok()) << gift.status();
  EXPECT_EQ(Names(gift->behind), "ana");
}

// Goal: hours may be left out only where everybody has their own.
TEST(SentenceTest, HoursMayStandWithTheNames) {
  EXPECT_EQ(Parse("rosa:2h helped ana:1h,ben:1h yoga"), "rosa=7200 > ana=3600+ben=3600 | - | yoga");
  EXPECT_EQ(Parse("rosa:2h,ben:1h helped ana yoga"), "rosa=7200+ben=3600 > ana | - | yoga");
  EXPECT_EQ(Parse("rosa helped ana yoga"), "error");
  EXPECT_EQ(Parse("rosa:2h helped ana,ben:1h"), "error");
}

// Goal: a number or a part of an hour behind whole hours is read both ways, for whoever reads it to ask.
TEST(SentenceTest, MinutesOrTheNote) {
  for (const char* hours : {"1h", "1 h", "1 hour", "1", "1 hrs"}) {
    EXPECT_EQ(Parse(std::string("ben helped ana ") + hours + " 30 tea"),
              "ben > ana | 3600 | 30 tea | or 5400 | tea")
        << hours;
  }
  EXPECT_EQ(Parse("ben helped ana 1h 15"), "ben > ana | 3600 | 15 | or 4500 | ");
  EXPECT_EQ(Parse("ben helped ana 1h 5, tea"), "ben > ana | 3600 | 5, tea | or 3900 | tea");
  EXPECT_EQ(Parse("ben helped ana 2h 2 trees"), "ben > ana | 7200 | 2 trees | or 7320 | trees");
  for (const char* half :
       {"and a half", "y media", "i mitja", "et demie", "½", "and 30 minutes", "y 30 min", "i 30m"}) {
    EXPECT_EQ(Parse(absl::StrCat("ben helped ana 1h ", half, " tea")),
              absl::StrCat("ben > ana | 3600 | ", half, " tea | or 5400 | tea"));
  }
  EXPECT_EQ(Parse("ben helped ana 1 h y cuarto"), "ben > ana | 3600 | y cuarto | or 4500 | ");
  EXPECT_EQ(Parse("ben helped ana 1h and tea"), "ben > ana | 3600 | and tea");
}

// Goal: what can be misread is refused: no verb, nobody, nothing between commas, `ana:1,5`.
TEST(SentenceTest, RefusesWhatCanBeMisread) {
  for (const char* text : {"ben ana 1h", "helped ana 1h", "ben helped", "ben to ana 1h", "ben, helped ana 1h",
                           "ben helped ,ana 1h", "ben helped ana:1,5 2h", "ben helped ana -1h",
                           "ben helped ana 0", "ben helped :1h 2h", "ben helped ana 1 1/2 shopping"}) {
    EXPECT_EQ(Parse(text), "error") << text;
  }
  EXPECT_EQ(Parse("ben helped ana:1h,5 2h"), "ben > ana=3600+5 | 7200 | ")
      << "with a unit it cannot be misread";
}

}  // namespace
}  // namespace timebank::cli
