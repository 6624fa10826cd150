#include "server/access/meter.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace timebank::access {
namespace {

constexpr double kItemsACall = 64;

double NsACall(const Allowance& allowance) { return 1e9 / allowance.calls_per_second; }

}  // namespace

double CostOf(size_t items) { return 1 + (items > 1 ? static_cast<double>(items) / kItemsACall : 0); }

int64_t NowNs() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

int64_t Meter::Take(const Allowance& allowance, double cost, int64_t now_ns) {
  if (allowance.calls_per_second <= 0) return 0;
  const double ns_a_call = NsACall(allowance);
  const auto cost_ns = static_cast<int64_t>(cost * ns_a_call);
  const auto room_ns = static_cast<int64_t>(std::max(allowance.burst, cost) * ns_a_call);
  int64_t full_at = full_at_ns_.load(std::memory_order_relaxed);
  while (true) {
    const int64_t after = std::max(full_at, now_ns) + cost_ns;
    if (after - now_ns > room_ns) return after - now_ns - room_ns;
    if (full_at_ns_.compare_exchange_weak(full_at, after, std::memory_order_relaxed)) return 0;
  }
}

void Meter::PutBack(const Allowance& allowance, double cost) {
  if (allowance.calls_per_second <= 0) return;
  full_at_ns_.fetch_sub(static_cast<int64_t>(cost * NsACall(allowance)), std::memory_order_relaxed);
}

bool Meter::Enter(std::atomic<int32_t>& under_way, int32_t limit) {
  if (under_way.fetch_add(1, std::memory_order_relaxed) < limit || limit == 0) return true;
  under_way.fetch_sub(1, std::memory_order_relaxed);
  return false;
}

bool Meter::IsIdle(int64_t now_ns) const {
  return calls.load(std::memory_order_relaxed) == 0 && streams.load(std::memory_order_relaxed) == 0 &&
         full_at_ns_.load(std::memory_order_relaxed) <= now_ns;
}

std::shared_ptr<Meter> Meters::Of(std::string_view name, int64_t now_ns) {
  absl::MutexLock lock(&mutex_);
  const absl::string_view key(name.data(), name.size());
  if (const auto found = meters_.find(key); found != meters_.end()) return found->second;
  if (meters_.size() >= std::max(most_, look_again_at_)) {
    // Whoever still holds one keeps counting on it alone; it is idle, so that nothing is lost.
    absl::erase_if(meters_, [now_ns](const auto& named) {
      return named.second.use_count() == 1 && named.second->IsIdle(now_ns);
    });
    // Where few were idle the next look is not at once.
    look_again_at_ = meters_.size() + meters_.size() / 4 + 1;
  }
  auto meter = std::make_shared<Meter>();
  meters_.emplace(key, meter);
  return meter;
}

size_t Meters::size() const {
  absl::MutexLock lock(&mutex_);
  return meters_.size();
}

}  // namespace timebank::access
