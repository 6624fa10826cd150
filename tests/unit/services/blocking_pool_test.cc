// The pool's threads: in order, and never all of them one owner's.
#include "server/services/blocking_pool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"

namespace timebank::services {
namespace {

using testing::ElementsAre;

// Goal: one owner's long work leaves a thread to others, whose work overtakes what of it still waits; its own
// goes on in order when there is room.
TEST(BlockingPoolTest, OneOwnerNeverHasAllThreads) {
  const int greedy = 0;
  const int other = 0;
  absl::Mutex mutex;
  std::vector<std::string> begun;
  absl::Notification go_on;
  absl::Notification others_done;
  const auto note = [&](const char* what) {
    absl::MutexLock lock(&mutex);
    begun.emplace_back(what);
  };
  {
    BlockingPool pool(2, 10);
    ASSERT_TRUE(pool.Submit(
        [&] {
          note("greedy 1");
          go_on.WaitForNotification();
        },
        &greedy));
    ASSERT_TRUE(pool.Submit([&] { note("greedy 2"); }, &greedy));
    ASSERT_TRUE(pool.Submit([&] { note("greedy 3"); }, &greedy));
    {
      absl::MutexLock lock(&mutex);
      const auto any = [&] { return !begun.empty(); };
      mutex.Await(absl::Condition(&any));
    }
    ASSERT_TRUE(pool.Submit(
        [&] {
          note("other");
          others_done.Notify();
        },
        &other));
    EXPECT_TRUE(others_done.WaitForNotificationWithTimeout(absl::Seconds(20)));
    EXPECT_EQ(pool.waiting(), 2);
    go_on.Notify();
  }  // does what is queued
  EXPECT_THAT(begun, ElementsAre("greedy 1", "other", "greedy 2", "greedy 3"));
}

// Goal: what is nobody's may have all threads, and a pool of one thread serves everybody.
TEST(BlockingPoolTest, NobodysWorkHasThemAll) {
  absl::Notification both;
  BlockingPool pool(2, 10);
  ASSERT_TRUE(pool.Submit([&] { both.WaitForNotificationWithTimeout(absl::Seconds(20)); }));
  ASSERT_TRUE(pool.Submit([&] { both.Notify(); }));
  EXPECT_TRUE(both.WaitForNotificationWithTimeout(absl::Seconds(20)));

  const int owner = 0;
  absl::Notification done;
  BlockingPool small(1, 10);
  ASSERT_TRUE(small.Submit([] {}, &owner));
  ASSERT_TRUE(small.Submit([&] { done.Notify(); }, &owner));
  EXPECT_TRUE(done.WaitForNotificationWithTimeout(absl::Seconds(20)));
}

}  // namespace
}  // namespace timebank::services
