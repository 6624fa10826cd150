#include "server/services/watch_hub.h"

#include <utility>

namespace timebank::services {

bool WatchHub::Add(std::shared_ptr<Watcher> watcher) {
  absl::MutexLock lock(&mutex_);
  if (ended_ || watchers_.size() >= most_) return false;
  watchers_.insert(std::move(watcher));
  return true;
}

void WatchHub::Remove(const std::shared_ptr<Watcher>& watcher) {
  absl::MutexLock lock(&mutex_);
  watchers_.erase(watcher);
}

size_t WatchHub::size() const {
  absl::MutexLock lock(&mutex_);
  return watchers_.size();
}

std::set<std::shared_ptr<WatchHub::Watcher>> WatchHub::Snapshot() const {
  absl::MutexLock lock(&mutex_);
  return watchers_;
}

void WatchHub::WakeAll() {
  for (const auto& watcher : Snapshot()) watcher->Wake();
}

void WatchHub::EndAll() {
  {
    absl::MutexLock lock(&mutex_);
    ended_ = true;
  }
  for (const auto& watcher : Snapshot()) watcher->End();
}

}  // namespace timebank::services
