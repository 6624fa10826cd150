// How many calls there were, what they ended in, and how long they took.
//
// A call that ends well costs three additions to numbers that, with few threads, no other thread writes; no
// lock, no text. Those that fail are counted in one place for all threads.
//
// Threads: any.
#ifndef TIMEBANK_SERVER_OPS_CALL_COUNTERS_H_
#define TIMEBANK_SERVER_OPS_CALL_COUNTERS_H_

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "prometheus/metric_family.h"
#include "server/services/calls.h"

namespace timebank::ops {

// Upper ends of a histogram's buckets; the last bucket has none.
inline constexpr std::array<double, 15> kSecondsBounds = {
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10};
inline constexpr std::array<double, 14> kCommandsBounds = {1,   2,   4,   8,    16,   32,   64,
                                                           128, 256, 512, 1024, 2048, 4096, 8192};

template <const auto& kBounds>
class Buckets {
 public:
  void Add(double value, uint64_t as_sum) {
    size_t bucket = 0;
    while (bucket < kBounds.size() && value > kBounds[bucket]) ++bucket;
    counts_[bucket].fetch_add(1, std::memory_order_relaxed);
    sum_.fetch_add(as_sum, std::memory_order_relaxed);
  }

  // Adds what is in here to `histogram`, whose buckets are not cumulative yet; a sum's unit is `unit`.
  void AddTo(prometheus::ClientMetric::Histogram& histogram, double unit) const {
    histogram.bucket.resize(kBounds.size());
    for (size_t i = 0; i < counts_.size(); ++i) {
      const uint64_t count = counts_[i].load(std::memory_order_relaxed);
      histogram.sample_count += count;
      if (i < kBounds.size()) histogram.bucket[i].cumulative_count += count;
    }
    histogram.sample_sum += static_cast<double>(sum_.load(std::memory_order_relaxed)) * unit;
  }

 private:
  std::array<std::atomic<uint64_t>, kBounds.size() + 1> counts_{};
  std::atomic<uint64_t> sum_{0};
};

// Makes the buckets cumulative and gives them their bounds.
template <typename Bounds>
void Close(prometheus::ClientMetric::Histogram& histogram, const Bounds& bounds) {
  histogram.bucket.resize(bounds.size());
  uint64_t below = 0;
  for (size_t i = 0; i < bounds.size(); ++i) {
    below = histogram.bucket[i].cumulative_count += below;
    histogram.bucket[i].upper_bound = bounds[i];
  }
}

class CallCounters final : public services::CallObserver {
 public:
  CallCounters();

  void Began(bool is_stream) override {
    if (!is_stream) Mine().began.fetch_add(1, std::memory_order_relaxed);
  }
  void Ended(const services::EndedCall& call) override {
    const auto ns = static_cast<uint64_t>(call.took.count());
    if (call.is_stream || call.code != grpc::StatusCode::OK) return CountOther(call, ns);
    Mine().ok[call.rpc].Add(static_cast<double>(ns) * 1e-9, ns);
  }

  // timebank_calls_total, timebank_call_seconds, timebank_calls_open.
  void Collect(std::vector<prometheus::MetricFamily>& families) const;

 private:
  using Times = Buckets<kSecondsBounds>;
  static constexpr size_t kShards = 8;
  static constexpr size_t kCodes = 17;
  static constexpr size_t kMostReasons = 96;

  struct alignas(64) Shard {
    std::atomic<int64_t> began{0};
    std::array<Times, services::kMostRpcs> ok;
  };
  // What did not end well, and streams.
  struct Others {
    Times times;                                          // without the streams'
    std::array<std::atomic<uint64_t>, kCodes> by_code{};  // without a reason
    std::array<std::atomic<uint64_t>, kMostReasons> by_reason{};
  };

  Shard& Mine() {
    static std::atomic<size_t> next{0};
    thread_local const size_t mine = next.fetch_add(1, std::memory_order_relaxed) % kShards;
    return shards_[mine];
  }
  void CountOther(const services::EndedCall& call, uint64_t ns);

  const std::unique_ptr<Shard[]> shards_;
  const std::unique_ptr<Others[]> others_;  // by RPC
};

}  // namespace timebank::ops

#endif  // TIMEBANK_SERVER_OPS_CALL_COUNTERS_H_
