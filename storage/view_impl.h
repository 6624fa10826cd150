// One position of the ledger: what is folded, as a snapshot of RocksDB, and the tails over it. Only the store
// makes these; everybody else holds a View.
#ifndef TIMEBANK_STORAGE_VIEW_IMPL_H_
#define TIMEBANK_STORAGE_VIEW_IMPL_H_

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "storage/database.h"
#include "storage/tail.h"
#include "storage/view.h"

namespace timebank::storage {

// What has been folded so far, for as long as this lives. `database` outlives it. `text_generation`: of the
// texts that a RowCache keeps.
class Snapshot {
 public:
  Snapshot(Database* database, uint64_t text_generation)
      : database_(database), text_generation_(text_generation), snapshot_(database->TakeSnapshot()) {}
  ~Snapshot() { database_->ReleaseSnapshot(snapshot_); }
  Snapshot(const Snapshot&) = delete;
  Snapshot& operator=(const Snapshot&) = delete;

  const Database& database() const { return *database_; }
  uint64_t text_generation() const { return text_generation_; }
  // Of all other rows: each fold is written under numbers of its own.
  uint64_t generation() const { return snapshot_->GetSequenceNumber(); }
  RowCache::Generations generations() const { return {generation(), text_generation_}; }

  rocksdb::ReadOptions ReadOptions(bool in_memory) const {
    rocksdb::ReadOptions options;
    options.snapshot = snapshot_;
    if (in_memory) options.read_tier = rocksdb::kBlockCacheTier;
    return options;
  }

 private:
  Database* const database_;
  const uint64_t text_generation_;
  const rocksdb::Snapshot* const snapshot_;
};

// The ledger's parts. Each frame is in exactly one of them: the folded ones in `folded`, then tail after
// tail.
struct Parts {
  std::shared_ptr<const Snapshot> folded;
  std::vector<std::shared_ptr<const Tail>> tails;  // oldest first
};

class View::Impl {
 public:
  // Frames of `parts` behind `applied_index` are not seen.
  Impl(std::shared_ptr<const Parts> parts, uint64_t applied_index, uint64_t directory_index)
      : parts_(std::move(parts)), applied_index_(applied_index), directory_index_(directory_index) {}

  const Database& database() const { return parts_->folded->database(); }
  const Snapshot& folded() const { return *parts_->folded; }
  rocksdb::ReadOptions ReadOptions(bool in_memory) const { return parts_->folded->ReadOptions(in_memory); }
  const std::vector<std::shared_ptr<const Tail>>& tails() const { return parts_->tails; }
  uint64_t applied_index() const { return applied_index_; }
  uint64_t directory_index() const { return directory_index_; }

 private:
  const std::shared_ptr<const Parts> parts_;
  const uint64_t applied_index_;
  const uint64_t directory_index_;
};

}  // namespace timebank::storage

#endif  // TIMEBANK_STORAGE_VIEW_IMPL_H_
