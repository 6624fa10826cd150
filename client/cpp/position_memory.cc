#include "client/cpp/position_memory.h"

namespace timebank::client {

void PositionMemory::Remember(const std::string& bank, const std::string& position) {
  if (bank.empty() || position.empty()) return;
  absl::MutexLock lock(&mutex_);
  positions_.insert_or_assign(bank, position);
}

void PositionMemory::RememberFirst(const std::string& bank, const std::string& position) {
  if (bank.empty() || position.empty()) return;
  absl::MutexLock lock(&mutex_);
  positions_.try_emplace(bank, position);
}

void PositionMemory::Forget(const std::string& bank, const std::string& position) {
  absl::MutexLock lock(&mutex_);
  const auto it = positions_.find(bank);
  if (it != positions_.end() && it->second == position) positions_.erase(it);
}

std::string PositionMemory::PositionOf(const std::string& bank) const {
  absl::MutexLock lock(&mutex_);
  const auto it = positions_.find(bank);
  return it == positions_.end() ? std::string() : it->second;
}

}  // namespace timebank::client
