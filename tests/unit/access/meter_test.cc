#include "server/access/meter.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace timebank::access {
namespace {

constexpr int64_t kSecond = 1'000'000'000;
constexpr Allowance kTenASecond{.calls_per_second = 10, .burst = 20};

// Goal: a burst passes at once, then one call for each tenth of a second; who is refused learns how long to
// wait, and is served then.
TEST(MeterTest, BurstThenRate) {
  Meter meter;
  int64_t now = 5 * kSecond;
  for (int i = 0; i < 20; ++i) ASSERT_EQ(meter.Take(kTenASecond, 1, now), 0) << i;
  EXPECT_EQ(meter.Take(kTenASecond, 1, now), kSecond / 10);
  EXPECT_EQ(meter.Take(kTenASecond, 1, now), kSecond / 10) << "being refused costs nothing";
  now += kSecond / 10;
  EXPECT_EQ(meter.Take(kTenASecond, 1, now), 0);
  EXPECT_GT(meter.Take(kTenASecond, 1, now), 0);
  now += 60 * kSecond;
  for (int i = 0; i < 20; ++i)
    ASSERT_EQ(meter.Take(kTenASecond, 1, now), 0) << "no more than a burst is saved up";
  EXPECT_GT(meter.Take(kTenASecond, 1, now), 0);
}

// Goal: a batch costs more than a call, and one beyond the burst passes once the bucket is full, not never.
TEST(MeterTest, LargeCallsPassWhenTheBucketIsFull) {
  EXPECT_EQ(CostOf(0), 1);
  EXPECT_EQ(CostOf(1), 1);
  EXPECT_EQ(CostOf(8192), 129);
  Meter meter;
  int64_t now = kSecond;
  EXPECT_EQ(meter.Take(kTenASecond, CostOf(8192), now), 0);
  EXPECT_EQ(meter.Take(kTenASecond, CostOf(8192), now), 129 * kSecond / 10);
  now += 129 * kSecond / 10;
  EXPECT_EQ(meter.Take(kTenASecond, CostOf(8192), now), 0);
}

// Goal: what is put back can be taken again; no limit is no limit.
TEST(MeterTest, PutBackAndNoLimit) {
  Meter meter;
  for (int i = 0; i < 20; ++i) ASSERT_EQ(meter.Take(kTenASecond, 1, kSecond), 0);
  meter.PutBack(kTenASecond, 1);
  EXPECT_EQ(meter.Take(kTenASecond, 1, kSecond), 0);
  EXPECT_GT(meter.Take(kTenASecond, 1, kSecond), 0);
  for (int i = 0; i < 1000; ++i) ASSERT_EQ(meter.Take({}, 1, kSecond), 0);
}

// Goal: many threads get together exactly what one would.
TEST(MeterTest, ThreadsShareOneBucket) {
  Meter meter;
  const Allowance allowance{.calls_per_second = 1, .burst = 1000};
  std::atomic<int> taken = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 1000; ++i) taken += meter.Take(allowance, 1, kSecond) == 0;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(taken, 1000);
}

// Goal: a ceiling holds, and a permit gives its place back when it ends or is moved over.
TEST(MeterTest, PermitsGiveBack) {
  auto meter = std::make_shared<Meter>();
  ASSERT_TRUE(Meter::Enter(meter->calls, 2));
  Permit first(meter, &Meter::calls);
  ASSERT_TRUE(Meter::Enter(meter->calls, 2));
  Permit second(meter, &Meter::calls);
  EXPECT_FALSE(Meter::Enter(meter->calls, 2));
  EXPECT_TRUE(Meter::Enter(meter->streams, 0)) << "no ceiling";
  first = std::move(second);
  EXPECT_EQ(meter->calls, 1);
  { const Permit last = std::move(first); }
  EXPECT_EQ(meter->calls, 0);
}

// Goal: names that come and go take no memory for ever, and nobody gets a fresh bucket by being forgotten.
TEST(MetersTest, ForgetsOnlyTheIdle) {
  Meters meters(100);
  const int64_t now = kSecond;
  auto busy = meters.Of("busy", now);
  for (int i = 0; i < 20; ++i) ASSERT_EQ(busy->Take(kTenASecond, 1, now), 0);
  const std::weak_ptr<Meter> same = busy;
  busy.reset();
  for (int i = 0; i < 10'000; ++i) meters.Of("passer-by " + std::to_string(i), now);
  EXPECT_LE(meters.size(), 150u);
  EXPECT_EQ(meters.Of("busy", now), same.lock());
  EXPECT_GT(meters.Of("busy", now)->Take(kTenASecond, 1, now), 0);
  for (int i = 0; i < 10'000; ++i) meters.Of("later " + std::to_string(i), now + 3600 * kSecond);
  EXPECT_TRUE(same.expired());
}

}  // namespace
}  // namespace timebank::access
