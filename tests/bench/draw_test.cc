// Goal: what is drawn is as real timebanks have it, and the same seed draws the same.
#include "tests/bench/draw.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

namespace timebank::bench {
namespace {

using ::testing::AllOf;
using ::testing::DoubleNear;
using ::testing::EndsWith;
using ::testing::Ge;
using ::testing::Le;

// Of a thousandth part, of sorted figures.
template <typename Figure>
double Permille(const std::vector<Figure>& sorted, size_t of_thousand) {
  return static_cast<double>(sorted[sorted.size() * of_thousand / 1'000]);
}

Draw DrawFrom(const Population& population, bool hot = false) {
  return Draw(population, {.run = "0123456789abcdef", .number = 7, .seed = 1, .notes = true, .hot = hot});
}

TEST(DrawTest, HoursAreSpreadAsRealOnesAre) {
  const Population population = Population::Uniform(1, 100);
  Draw draw = DrawFrom(population);
  std::vector<int64_t> seconds;
  v1::Exchange exchange;
  for (int i = 0; i < 20'000; ++i) {
    draw.Exchange(0, &exchange);
    seconds.push_back(exchange.seconds());
  }
  std::sort(seconds.begin(), seconds.end());
  EXPECT_THAT(Permille(seconds, 100) / 3'600, DoubleNear(1.4, 0.15));
  EXPECT_THAT(Permille(seconds, 500) / 3'600, DoubleNear(2.8, 0.15));
  EXPECT_THAT(Permille(seconds, 900) / 3'600, DoubleNear(4.8, 0.3));
}

TEST(DrawTest, BanksAreAsLargeAsRealOnesAre) {
  const Population population = Population::Real(10'000, 1);
  std::vector<uint32_t> sizes;
  for (uint32_t bank = 0; bank < population.banks(); ++bank) sizes.push_back(population.MembersOf(bank));
  std::sort(sizes.begin(), sizes.end());
  EXPECT_THAT(Permille(sizes, 500), DoubleNear(42, 4));
  EXPECT_THAT(Permille(sizes, 900), DoubleNear(250, 25));
  EXPECT_GE(sizes.front(), 2u);
  EXPECT_EQ(sizes.back(), 875u);
}

TEST(DrawTest, EveryMemberHasItsPlace) {
  const Population population = Population::Real(5, 1);
  uint64_t index = 0;
  for (uint32_t bank = 0; bank < 5; ++bank) {
    for (uint32_t member = 0; member < population.MembersOf(bank); ++member, ++index) {
      const Population::Place place = population.PlaceOf(index);
      ASSERT_EQ(place.bank, bank);
      ASSERT_EQ(place.member, member);
    }
  }
  EXPECT_EQ(index, population.members());
}

TEST(DrawTest, PartiesDifferAndRequestIdsAreNew) {
  const Population population = Population::Uniform(1, 2);
  Draw draw = DrawFrom(population);
  std::set<std::string> ids;
  v1::Exchange exchange;
  for (int i = 0; i < 100; ++i) {
    draw.Exchange(0, &exchange);
    ASSERT_EQ(exchange.givers_size(), 1);
    ASSERT_EQ(exchange.receivers_size(), 1);
    ASSERT_NE(exchange.givers(0).holder(), exchange.receivers(0).holder());
    ASSERT_THAT(exchange.note().size(), AllOf(Ge(10u), Le(60u)));
    ids.insert(draw.RequestId());
  }
  EXPECT_EQ(ids.size(), 100u);
}

TEST(DrawTest, AHotAccountIsInEveryExchange) {
  const Population population = Population::Uniform(1, 2);
  Draw draw = DrawFrom(population, /*hot=*/true);
  v1::Exchange exchange;
  draw.Exchange(0, &exchange);
  EXPECT_THAT(exchange.receivers(0).holder(), EndsWith("pots/community"));
}

TEST(DrawTest, TheSameSeedDrawsTheSame) {
  const Population population = Population::Uniform(3, 10);
  Draw one = DrawFrom(population);
  Draw other = DrawFrom(population);
  v1::Exchange ones;
  v1::Exchange others;
  for (int i = 0; i < 10; ++i) {
    one.Exchange(one.Bank(), &ones);
    other.Exchange(other.Bank(), &others);
    EXPECT_EQ(ones.SerializeAsString(), others.SerializeAsString());
  }
}

}  // namespace
}  // namespace timebank::bench
