// How much one caller, or all callers of one bank, may ask of the server.
//
// A Meter has a bucket of calls that refills at a steady rate (RATE_LIMITED when it is empty, with the time
// after which it is worth trying again), and counts what is under way. The bucket is one number: the moment
// at which it will be full again (the "generic cell rate algorithm" of ATM's traffic management, ITU-T
// I.371), so that calls share no lock and a meter that nobody uses costs nothing.
//
// Threads: any.
#ifndef TIMEBANK_SERVER_ACCESS_METER_H_
#define TIMEBANK_SERVER_ACCESS_METER_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"

namespace timebank::access {

// 0: no limit.
struct Allowance {
  // Calls a second in the long run, and at once after a pause.
  double calls_per_second = 0;
  double burst = 0;
  // Unary calls, and streams, under way at a time.
  int32_t calls = 0;
  int32_t streams = 0;
};

// What a call costs, in calls: 1, and more where it has many items (a batch of 8,192: 129).
double CostOf(size_t items);

// Of a key, and of all keys of a bank together.
struct Limits {
  Allowance key;
  Allowance bank;  // calls a second alone
};

// Now, by the clock that meters go by: it does not go back.
int64_t NowNs();

class Meter {
 public:
  // Takes `cost` calls from the bucket at `now_ns` (of a clock that does not go back). 0: taken; else so many
  // nanoseconds are to pass before it would be. What costs more than the burst passes when the bucket is
  // full.
  int64_t Take(const Allowance& allowance, double cost, int64_t now_ns);
  // Puts back what was taken for a call that was refused for another reason.
  void PutBack(const Allowance& allowance, double cost);

  // Counts one more under way. false: there are as many as there may be.
  static bool Enter(std::atomic<int32_t>& under_way, int32_t limit);

  std::atomic<int32_t> calls{0};
  std::atomic<int32_t> streams{0};

  // Nobody would notice if it began anew.
  bool IsIdle(int64_t now_ns) const;

 private:
  std::atomic<int64_t> full_at_ns_{0};
};

// Meters by name. At most `most` are kept, and those under way: the longest idle ones are forgotten, which
// gives nobody a full bucket before its time.
class Meters {
 public:
  explicit Meters(size_t most) : most_(most) {}
  Meters(const Meters&) = delete;
  Meters& operator=(const Meters&) = delete;

  std::shared_ptr<Meter> Of(std::string_view name, int64_t now_ns);
  size_t size() const;

 private:
  const size_t most_;
  mutable absl::Mutex mutex_;
  absl::flat_hash_map<std::string, std::shared_ptr<Meter>> meters_ ABSL_GUARDED_BY(mutex_);
  size_t look_again_at_ ABSL_GUARDED_BY(mutex_) = 0;
};

// One call's right to be under way, given back when it ends.
class Permit {
 public:
  Permit() = default;
  Permit(std::shared_ptr<Meter> meter, std::atomic<int32_t> Meter::*counter)
      : meter_(std::move(meter)), counter_(counter) {}
  Permit(Permit&& other) noexcept = default;
  Permit& operator=(Permit&& other) noexcept {
    if (this != &other) {
      GiveBack();
      meter_ = std::move(other.meter_);
      counter_ = other.counter_;
    }
    return *this;
  }
  ~Permit() { GiveBack(); }

 private:
  void GiveBack() {
    if (meter_ == nullptr) return;
    ((*meter_).*counter_).fetch_sub(1, std::memory_order_relaxed);
    meter_.reset();
  }

  std::shared_ptr<Meter> meter_;
  std::atomic<int32_t> Meter::*counter_ = nullptr;
};

}  // namespace timebank::access

#endif  // TIMEBANK_SERVER_ACCESS_METER_H_
