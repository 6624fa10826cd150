// The position of each bank's last change made through one connection, for reads that must see it.
//
// Positions are opaque: two of them cannot be compared, so what counts is which reply came last. Only replies
// to changes are remembered; a read may well show an older position (a pinned page, a past day).
//
// Threads: any, at the same time.
#ifndef TIMEBANK_CLIENT_CPP_POSITION_MEMORY_H_
#define TIMEBANK_CLIENT_CPP_POSITION_MEMORY_H_

#include <map>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace timebank::client {

class PositionMemory {
 public:
  // A change of `bank` (its whole name) was answered with `position`.
  void Remember(const std::string& bank, const std::string& position);
  // As Remember(), unless something is remembered already: for the answer to a repeat of an older change.
  void RememberFirst(const std::string& bank, const std::string& position);
  // The ledger no longer knows `position`.
  void Forget(const std::string& bank, const std::string& position);
  // Empty where there is none.
  std::string PositionOf(const std::string& bank) const;

 private:
  mutable absl::Mutex mutex_;
  std::map<std::string, std::string> positions_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace timebank::client

#endif  // TIMEBANK_CLIENT_CPP_POSITION_MEMORY_H_
