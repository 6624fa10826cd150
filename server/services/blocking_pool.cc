#include "server/services/blocking_pool.h"

#include <utility>

#include "storage/threads.h"

namespace timebank::services {

BlockingPool::BlockingPool(size_t threads, size_t queue) : queue_length_(queue) {
  for (size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { Run(); });
}

BlockingPool::~BlockingPool() {
  {
    absl::MutexLock lock(&mutex_);
    ending_ = true;
  }
  for (std::thread& thread : threads_) thread.join();
}

bool BlockingPool::Submit(Work work) {
  absl::MutexLock lock(&mutex_);
  if (ending_ || queue_.size() >= queue_length_) return false;
  queue_.push_back(std::move(work));
  return true;
}

size_t BlockingPool::waiting() {
  absl::MutexLock lock(&mutex_);
  return queue_.size();
}

void BlockingPool::Run() {
  storage::NameThread("pool");
  auto work_or_end = [this]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return ending_ || !queue_.empty(); };
  while (true) {
    Work work;
    {
      absl::MutexLock lock(&mutex_);
      mutex_.Await(absl::Condition(&work_or_end));
      if (queue_.empty()) return;
      work = std::move(queue_.front());
      queue_.pop_front();
    }
    work();
  }
}

}  // namespace timebank::services
