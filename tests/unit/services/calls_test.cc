#include "server/services/calls.h"

#include <gtest/gtest.h>

#include <chrono>

namespace timebank::services {
namespace {

using Clock = std::chrono::system_clock;
using std::chrono::seconds;

// Goal: what a caller states holds, sooner or later than ours; a call that states nothing ends all the same.
TEST(CallsTest, EveryCallHasADeadline) {
  const Clock::time_point now{seconds(1'700'000'000)};
  EXPECT_EQ(Until(now + seconds(3), now), now + seconds(3));
  EXPECT_EQ(Until(now + seconds(600), now), now + seconds(600));
  EXPECT_EQ(Until(now - seconds(1), now), now - seconds(1)) << "over before it came";
  EXPECT_EQ(Until(Clock::time_point::max(), now), now + kDefaultDeadline);
}

}  // namespace
}  // namespace timebank::services
