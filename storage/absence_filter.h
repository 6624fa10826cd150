// Says of most rows that are not in the ledger that they are not, without looking for them.
//
// Every command looks for the row of its request, and every exchange that somebody moves in with for that of
// its origin; hardly ever is it there, and a lookup that finds nothing looks everywhere: in the tails, in
// RocksDB's buffers and in each of its files. So the keys of such a family are kept as a Bloom filter, in
// memory alone: those that are applied as they come, those that were folded before this process by a thread
// that reads a bank's keys once somebody has asked for one of them. Until it has read all of them nothing is
// denied of that bank.
//
//   MayHold(key) ──► bank not known yet: "perhaps" ──► its folded keys are read in turn ──► known
//
//   Add(keys) ──► bits set, whether the bank is known or not
//
// It knows more than a view may see (rows of a later position, and removed ones), never less, but for a bank
// that is gone: a view of before, which still has its rows, is told that they are not there.
//
// Threads: any. Add() comes before the row can be seen; a few times in a process's life, when the filter
// grows, it takes milliseconds. Limits, of each filter: kMostBytes of memory, some ten million keys; of more
// than that it denies less and less. Beside that one entry for each bank that was asked for; banks beyond
// kMostBanks, and one with more keys than fit, are never known. Nothing is forgotten before the process ends.
// Errors: a bank whose keys cannot be read is not known until the process starts again; whoever looks for
// one of them meets what is wrong.
#ifndef TIMEBANK_STORAGE_ABSENCE_FILTER_H_
#define TIMEBANK_STORAGE_ABSENCE_FILTER_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "storage/types.h"

namespace timebank::storage {

class AbsenceFilter {
 public:
  static constexpr size_t kMostBytes = size_t{32} << 20;
  static constexpr size_t kMostBanks = size_t{1} << 20;

  // Gives the folded keys of a bank behind `after` in order, from the first where that is empty; no more than
  // `most`. Fewer are all that are left. Is called on the filter's own thread.
  using ReadKeys = std::function<absl::Status(BankNumber bank, std::string_view after, size_t most,
                                              std::vector<std::string>* keys)>;

  // The family's keys begin with the bank and end in 16 bytes of a hash, which is another in each bank.
  explicit AbsenceFilter(ReadKeys read, size_t most_bytes = kMostBytes);
  ~AbsenceFilter();
  AbsenceFilter(const AbsenceFilter&) = delete;
  AbsenceFilter& operator=(const AbsenceFilter&) = delete;

  void Add(std::span<const std::string_view> keys);

  // False: there is no such row, neither in a tail nor in the database.
  bool MayHold(std::string_view key);

  // Returns when no bank waits for its keys to be read. For tests.
  void AwaitKnown();

 private:
  // What one key sets lies in one line of the processor's cache.
  struct alignas(64) Line {
    std::array<std::atomic<uint64_t>, 8> words = {};
  };
  // One after the other: each four times as large as the one before, when that is full. The last one takes
  // all that come.
  struct Level {
    size_t lines = 0;
    std::unique_ptr<Line[]> line;
  };
  static constexpr size_t kMostLevels = 16;

  bool IsKnown(BankNumber bank);
  void AddOne(std::string_view key) ABSL_EXCLUSIVE_LOCKS_REQUIRED(add_mutex_);
  void Grow() ABSL_EXCLUSIVE_LOCKS_REQUIRED(add_mutex_);
  bool ReadAll(BankNumber bank);
  void ReadInTurn();

  const ReadKeys read_;
  const size_t most_bytes_;

  absl::Mutex add_mutex_;
  size_t keys_in_last_ ABSL_GUARDED_BY(add_mutex_) = 0;
  size_t bytes_ ABSL_GUARDED_BY(add_mutex_) = 0;
  std::array<Level, kMostLevels> levels_;  // those below level_count_ stay as they are but for their bits
  std::atomic<size_t> level_count_{0};

  absl::Mutex banks_mutex_;
  absl::flat_hash_map<BankNumber, bool> known_ ABSL_GUARDED_BY(banks_mutex_);  // who was asked for
  std::deque<BankNumber> waiting_ ABSL_GUARDED_BY(banks_mutex_);               // the first is being read
  std::atomic<bool> stopping_{false};
  std::thread reader_;
};

}  // namespace timebank::storage

#endif  // TIMEBANK_STORAGE_ABSENCE_FILTER_H_
