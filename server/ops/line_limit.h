// Lines that strangers can cause have a limit, so that they do not fill the log.
//
// Threads: any.
#ifndef TIMEBANK_SERVER_OPS_LINE_LIMIT_H_
#define TIMEBANK_SERVER_OPS_LINE_LIMIT_H_

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>

namespace timebank::ops {

class LineLimit {
 public:
  // So many lines in each `period`, which begins where the clock says, and not with the first line.
  LineLimit(uint32_t most, std::chrono::seconds period) : most_(most), period_(period) {}

  // One more line: how many were left out before it; nullopt: so is this one.
  std::optional<uint64_t> Admit() {
    const int64_t now = std::chrono::steady_clock::now().time_since_epoch() / period_;
    if (now_.exchange(now, std::memory_order_relaxed) != now) written_.store(0, std::memory_order_relaxed);
    if (written_.fetch_add(1, std::memory_order_relaxed) < most_) return left_out_.exchange(0);
    left_out_.fetch_add(1, std::memory_order_relaxed);
    return std::nullopt;
  }

 private:
  const uint32_t most_;
  const std::chrono::seconds period_;
  std::atomic<int64_t> now_ = 0;       // in periods
  std::atomic<uint32_t> written_ = 0;  // in that one
  std::atomic<uint64_t> left_out_ = 0;
};

}  // namespace timebank::ops

#endif  // TIMEBANK_SERVER_OPS_LINE_LIMIT_H_
