// A few threads for work that may wait for the disk, behind a bounded queue.
//
// Threads: Submit from any.
#ifndef TIMEBANK_SERVER_SERVICES_BLOCKING_POOL_H_
#define TIMEBANK_SERVER_SERVICES_BLOCKING_POOL_H_

#include <cstddef>
#include <deque>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/synchronization/mutex.h"

namespace timebank::services {

class BlockingPool {
 public:
  using Work = absl::AnyInvocable<void()>;

  BlockingPool(size_t threads, size_t queue);
  ~BlockingPool();  // does what is queued, then ends

  // false: the queue is full; `work` was not taken.
  bool Submit(Work work);

  size_t waiting();  // for a thread
  size_t queue_length() const { return queue_length_; }

 private:
  void Run();

  const size_t queue_length_;
  absl::Mutex mutex_;
  std::deque<Work> queue_ ABSL_GUARDED_BY(mutex_);
  bool ending_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace timebank::services

#endif  // TIMEBANK_SERVER_SERVICES_BLOCKING_POOL_H_
