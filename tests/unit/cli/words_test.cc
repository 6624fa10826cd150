#include "client/cli/words.h"

#include <gtest/gtest.h>

namespace timebank::cli {
namespace {

// Goal: a balance is told in words, never by its sign.
TEST(WordsTest, StandingNamesTheSide) {
  EXPECT_EQ(Standing(6 * 3600), "6h in credit");
  EXPECT_EQ(Standing(-9000), "2h30 in debit");
  EXPECT_EQ(Standing(0), "even");
}

// Goal: the side is named twice only where it changed.
TEST(WordsTest, StandingChange) {
  EXPECT_EQ(StandingChange(16200, 21600), "6h in credit (was 4h30)");
  EXPECT_EQ(StandingChange(-3600, -9000), "2h30 in debit (was 1h)");
  EXPECT_EQ(StandingChange(3600, -1800), "30m in debit (was 1h in credit)");
  EXPECT_EQ(StandingChange(0, 3600), "1h in credit (was even)");
  EXPECT_EQ(StandingChange(3600, 0), "even (was 1h in credit)");
  EXPECT_EQ(StandingChange(0, 0), "even (was even)");
}

// Goal: what somebody types without accents and capitals equals the name; what is not a letter stays.
TEST(WordsTest, FoldTakesAccentsOff) {
  EXPECT_EQ(Fold("Muñoz"), "munoz");
  EXPECT_EQ(Fold("ŁUKASZ Øster"), "lukasz oster");
  EXPECT_EQ(Fold("e\xCC\x81"), "e") << "a combining accent";
  EXPECT_EQ(Fold("O'Brien 12"), "o'brien 12");
  EXPECT_EQ(Fold("中"), "中");
  EXPECT_EQ(Fold("broken \xC3"), "broken \xC3");
}

TEST(WordsTest, SmallPieces) {
  EXPECT_EQ(JoinNames({"Ana", "Ben", "Carla"}), "Ana, Ben and Carla");
  EXPECT_EQ(JoinNames({"Ana"}), "Ana");
  EXPECT_EQ(WithColon("Contested", "1"), "Contested: 1");
  EXPECT_EQ(WithColon("Contested", ""), "Contested");
  EXPECT_EQ(ShortName("timebanks/rushey/members/ana"), "members/ana");
  EXPECT_EQ(ShortName("members/ana"), "members/ana");
  EXPECT_EQ(SignedHours(-5400), "-1h30");
}

}  // namespace
}  // namespace timebank::cli
