// One position of the ledger in RocksDB. Only the store makes them; everybody else holds a View.
#ifndef TIMEBANK_STORAGE_VIEW_IMPL_H_
#define TIMEBANK_STORAGE_VIEW_IMPL_H_

#include <cstdint>

#include "storage/database.h"
#include "storage/view.h"

namespace timebank::storage {

class View::Impl {
 public:
  enum class Reads { kSnapshot, kNewest };

  // kSnapshot: what is in `database` now, for as long as this lives. kNewest: what is in it when it is read.
  // `database` outlives this.
  Impl(Database* database, uint64_t applied_index, Reads reads)
      : database_(database),
        applied_index_(applied_index),
        snapshot_(reads == Reads::kSnapshot ? database->TakeSnapshot() : nullptr) {}
  ~Impl() {
    if (snapshot_ != nullptr) database_->ReleaseSnapshot(snapshot_);
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  const Database& database() const { return *database_; }
  uint64_t applied_index() const { return applied_index_; }

  rocksdb::ReadOptions ReadOptions(bool in_memory) const {
    rocksdb::ReadOptions options;
    options.snapshot = snapshot_;
    if (in_memory) options.read_tier = rocksdb::kBlockCacheTier;
    return options;
  }

 private:
  Database* const database_;
  const uint64_t applied_index_;
  const rocksdb::Snapshot* const snapshot_;
};

}  // namespace timebank::storage

#endif  // TIMEBANK_STORAGE_VIEW_IMPL_H_
