// Says of most origins that are not in the ledger that they are not, without looking for them.
//
// Whoever moves in brings a row of `origin` with every exchange, each looked for first and hardly ever there;
// and a lookup that finds nothing looks everywhere. So of every bank that had no folded origin when the first
// one came since the start of this process, all that were applied since are kept as a Bloom filter, in memory
// alone. Of any other bank nothing is known, and tails and database are asked: after a restart, that is of
// every bank that has some.
//
// It knows more than a view may see (origins of a later position, and removed ones), never less.
//
// Threads: any; Add() from one at a time, before the row can be seen. Limits: kMostBytes of memory; a bank
// that would need more is forgotten.
#ifndef TIMEBANK_STORAGE_ORIGIN_FILTER_H_
#define TIMEBANK_STORAGE_ORIGIN_FILTER_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "storage/types.h"

namespace timebank::storage {

class OriginFilter {
 public:
  static constexpr size_t kMostBytes = size_t{32} << 20;

  explicit OriginFilter(size_t most_bytes = kMostBytes) : most_bytes_(most_bytes) {}

  // `keys`: OriginKeys. `had_none`: whether there is no origin of that bank yet, asked at the bank's first
  // one only.
  void Add(std::span<const std::string_view> keys, const std::function<bool(BankNumber bank)>& had_none);

  // False: there is no such row, neither in a tail nor in the database.
  bool MayHold(std::string_view key) const;

 private:
  // What one key sets lies in one line of the processor's cache.
  using Line = std::array<uint64_t, 8>;
  // One filter after the other: each four times as large as the one before, when that is full.
  struct Bank {
    std::vector<std::vector<Line>> levels;
    size_t keys_in_last = 0;
    bool known = false;
  };

  void AddOne(std::string_view key, const std::function<bool(BankNumber bank)>& had_none)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  static void Set(std::string_view key, std::vector<Line>* level);
  static bool IsSet(std::string_view key, const std::vector<Line>& level);
  void Grow(Bank* bank) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const size_t most_bytes_;
  mutable absl::Mutex mutex_;
  absl::flat_hash_map<BankNumber, Bank> banks_ ABSL_GUARDED_BY(mutex_);
  size_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace timebank::storage

#endif  // TIMEBANK_STORAGE_ORIGIN_FILTER_H_
