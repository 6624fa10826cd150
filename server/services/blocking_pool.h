// A few threads for work that may wait for the disk, behind a bounded queue.
//
// Nobody has all threads: of the work of one owner at most all but one are at it, and the rest of it waits
// while others' goes first. Otherwise work is begun in the order in which it came.
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

  // `owner` tells whose work is the same owner's, and is not looked at; null: nobody's in particular, and may
  // have all threads. false: the queue is full; `work` was not taken.
  bool Submit(Work work, const void* owner = nullptr);

  size_t waiting();  // for a thread
  size_t queue_length() const { return queue_length_; }

 private:
  struct Item {
    Work work;
    const void* owner;
  };

  void Run();
  // The first that may begin now; the queue's end: none.
  std::deque<Item>::iterator Next() ABSL_SHARED_LOCKS_REQUIRED(mutex_);

  const size_t queue_length_;
  const size_t most_of_one_;  // threads
  absl::Mutex mutex_;
  std::deque<Item> queue_ ABSL_GUARDED_BY(mutex_);
  std::vector<const void*> under_way_ ABSL_GUARDED_BY(mutex_);  // owners of what the threads are at
  bool ending_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace timebank::services

#endif  // TIMEBANK_SERVER_SERVICES_BLOCKING_POOL_H_
