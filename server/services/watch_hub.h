// Wakes the streams that watch the ledger when something was published. It carries no events: each stream has
// a cursor and reads the journal for itself, so a slow one costs nobody else anything.
//
// Threads: any.
#ifndef TIMEBANK_SERVER_SERVICES_WATCH_HUB_H_
#define TIMEBANK_SERVER_SERVICES_WATCH_HUB_H_

#include <cstddef>
#include <memory>
#include <set>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace timebank::services {

class WatchHub {
 public:
  class Watcher {
   public:
    virtual ~Watcher() = default;
    virtual void Wake() = 0;  // something was published; must not block, must not call the hub
    virtual void End() = 0;   // the server stops; must not block, must not call the hub
  };

  explicit WatchHub(size_t most) : most_(most) {}

  // false: there are as many as there may be, or the server stops.
  bool Add(std::shared_ptr<Watcher> watcher);
  void Remove(const std::shared_ptr<Watcher>& watcher);
  size_t size() const;

  void WakeAll();
  // Ends every stream and lets no new one in.
  void EndAll();

 private:
  std::set<std::shared_ptr<Watcher>> Snapshot() const;

  const size_t most_;
  mutable absl::Mutex mutex_;
  std::set<std::shared_ptr<Watcher>> watchers_ ABSL_GUARDED_BY(mutex_);
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace timebank::services

#endif  // TIMEBANK_SERVER_SERVICES_WATCH_HUB_H_
