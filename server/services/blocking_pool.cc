#include "server/services/blocking_pool.h"

#include <algorithm>
#include <utility>

#include "storage/threads.h"

namespace timebank::services {

BlockingPool::BlockingPool(size_t threads, size_t queue)
    : queue_length_(queue), most_of_one_(std::max<size_t>(1, threads - 1)) {
  for (size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { Run(); });
}

BlockingPool::~BlockingPool() {
  {
    absl::MutexLock lock(&mutex_);
    ending_ = true;
  }
  for (std::thread& thread : threads_) thread.join();
}

bool BlockingPool::Submit(Work work, const void* owner) {
  absl::MutexLock lock(&mutex_);
  if (ending_ || queue_.size() >= queue_length_) return false;
  queue_.push_back({std::move(work), owner});
  return true;
}

size_t BlockingPool::waiting() {
  absl::MutexLock lock(&mutex_);
  return queue_.size();
}

std::deque<BlockingPool::Item>::iterator BlockingPool::Next() {
  return std::find_if(queue_.begin(), queue_.end(),
                      [this](const Item& item) ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
                        if (item.owner == nullptr) return true;
                        return std::count(under_way_.begin(), under_way_.end(), item.owner) <
                               static_cast<ptrdiff_t>(most_of_one_);
                      });
}

void BlockingPool::Run() {
  storage::NameThread("pool");
  auto work_or_end = [this]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
    return (ending_ && queue_.empty()) || Next() != queue_.end();
  };
  while (true) {
    Item item;
    {
      absl::MutexLock lock(&mutex_);
      mutex_.Await(absl::Condition(&work_or_end));
      if (queue_.empty()) return;
      const auto next = Next();
      item = std::move(*next);
      queue_.erase(next);
      under_way_.push_back(item.owner);
    }
    item.work();
    item.work = nullptr;  // what it holds is let go before it counts as done
    absl::MutexLock lock(&mutex_);
    under_way_.erase(std::find(under_way_.begin(), under_way_.end(), item.owner));
  }
}

}  // namespace timebank::services
