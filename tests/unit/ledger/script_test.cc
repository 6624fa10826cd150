// The language that the ledger's tests are written in: it must be able to say no.
#include "tests/support/script.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/support/matchers.h"

namespace timebank::ledger {
namespace {

using testing::HasSubstr;

// Goal: whatever is not as a line says is an error that names the line and tells how it is.
TEST(ScriptTest, ErrorsPointAtTheLine) {
  struct Row {
    const char* line;
    const char* error;
  };
  const Row rows[] = {
      {"record ana -> ben 6h BALANCE_LIMIT", "should be: BALANCE_LIMIT\n  but is:    OK"},
      {"record ana -> ghost 6h", "should be: OK\n  but is:    HOLDER_NOT_FOUND named=members/ghost"},
      {"record ana -> ghost 6h HOLDER_NOT_FOUND named=members/ben", "named=members/ghost"},
      {"record ana -> ana 6h VALIDATION", "exchange.receivers[0].holder=SAME_HOLDER"},
      {"record ana -> ben 6h OK notice=BELOW_WARNING", "but is:    OK"},
      {"record pots/opening -> pots/community 1h OK", "notice=POT_WITHOUT_DECISION:pots/community"},
      {"record ana -> ben 6h OK replayed", "but is:    OK"},
      {"record ana ben 6h", "`->` stands for `ben`"},
      {"record ana -> ben 6x", "`6x` is no number of hours"},
      {"record ana -> ben 6h on=today", "`today` is no day"},
      {"record ana -> ben 6h colour=red", "`colour=` is not understood"},
      {"record ana -> ben 6h loudly", "`loudly` is not understood"},
      {"recrod ana -> ben 6h", "`recrod` is no operation"},
      {"settle @t somehow", "`somehow` is no way to settle"},
      {"reverse @there", "no label of `@there`"},
      {"record ana -> ben 6h note=\"x", "a quotation does not end"},
      {"balances ana=2h ben=-1h sum=0", "but is:    ana=1h ben=-1h sum=0"},
      {"balances ana=1h sum=0", "but is:    ana=1h ben=-1h sum=0"},
      {"entry @t EXCHANGE ana+1h", "EXCHANGE ana+1h ben-1h"},
      {"entry @t GIFT ana+1h ben-1h", "EXCHANGE ana+1h ben-1h"},
      {"entry 99 EXCHANGE", "NOTHING"},
      {"became @t CONFIRMED", "RECORDED"},
      {"who ana CLOSED", "ACTIVE"},
      {"account ana balance=2h", "balance=1h"},
      {"categories garden", "should be: garden"},
      {"batch \n | ana -> ben 1h \n | ana -> ben 1h BALANCE_LIMIT", "| ana -> ben 1h BALANCE_LIMIT"},
  };
  for (const Row& row : rows) {
    Script bank;
    ASSERT_THAT(bank.Run("members ana ben \n t: record ana -> ben 1h"), IsOk());
    const absl::Status status = bank.Run(std::string("\n# a comment\n") + row.line);
    EXPECT_FALSE(status.ok()) << row.line;
    EXPECT_THAT(std::string(status.message()), HasSubstr("line 3: "));
    EXPECT_THAT(std::string(status.message()), HasSubstr(row.error));
  }
}

// Goal: what is expected may leave out what it does not care about.
TEST(ScriptTest, ExpectationsSayWhatMatters) {
  Script bank;
  EXPECT_THAT(bank.Run(R"(
    settings  warn_below=-5h block_below=-10h
    members   ana ben
    help:     record ana -> ben 6h              OK  notice=BELOW_WARNING
              record ana -> ben 6h              BALANCE_LIMIT  holder=ben balance=-6h
              contest @help as=ben because="not me"
              settle @help stands as=ben
              balances ana=6h ben=-6h sum=0
  )"),
              IsOk());
}

}  // namespace
}  // namespace timebank::ledger
