// RocksDB as this ledger uses it: one instance, one column family for each storage::Family, no write-ahead
// log.
//
// Threads: any, except that only one thread writes the ledger; looks (look_rows.h) are written beside it.
// Open's caller closes every View before the Database goes.
#ifndef TIMEBANK_STORAGE_DATABASE_H_
#define TIMEBANK_STORAGE_DATABASE_H_

#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/iterator.h>
#include <rocksdb/options.h>
#include <rocksdb/slice.h>
#include <rocksdb/status.h>
#include <rocksdb/write_batch.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/absence_filter.h"
#include "storage/patient_files.h"
#include "storage/row_cache.h"
#include "storage/store.h"
#include "storage/types.h"

namespace timebank::storage {

inline rocksdb::Slice ToSlice(std::string_view bytes) { return {bytes.data(), bytes.size()}; }
inline std::string_view ToView(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

// Corruption: DATA_LOSS; Incomplete: IsNotInMemory(); a full disk: RESOURCE_EXHAUSTED; a disk that does not
// answer: UNAVAILABLE; anything else is our own mistake: INTERNAL.
absl::Status FromRocks(const rocksdb::Status& status);

// Whether a Family of this number exists, and whether its rows may stand in frames.
bool IsFamily(uint32_t number);
inline bool StandsInFrames(uint32_t number) { return IsFamily(number) && number < 16; }

class Database {
 public:
  struct Options {
    std::string path;
    uint64_t block_cache_bytes;
    uint64_t tail_bytes;                                    // what is written and flushed at once, about
    std::function<void(absl::Status)> on_background_error;  // once, on a thread of RocksDB's
    std::function<uint64_t()> free_bytes = {};              // as PatientFiles takes it
    bool look_only = false;  // nothing is changed, no family made that is missing; there is nothing to write
  };

  static absl::StatusOr<std::unique_ptr<Database>> Open(const Options& options);

  // Reads every block of every file against its checksum. DATA_LOSS: one is damaged; the message names the
  // file.
  absl::Status VerifyFiles() const;

  ~Database();  // all iterators and snapshots are gone
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  rocksdb::DB& db() const { return *db_; }
  rocksdb::ColumnFamilyHandle* handle(Family family) const { return handles_[static_cast<size_t>(family)]; }

  // Those of the files that are written; waits for nothing before BePatient().
  PatientFiles& files() const { return *files_; }
  RowCache& kept_rows() const { return *kept_rows_; }
  // Of families whose rows are mostly looked for in vain; null for others, and where nothing is written.
  AbsenceFilter* absence(Family family) const { return absence_[static_cast<size_t>(family)].get(); }

  // Whether the family's keys begin with bank · account and have a filter on that prefix. An iterator over
  // such a family sees one such prefix only, unless its ReadOptions say total_order_seek.
  static bool HasAccountPrefix(Family family);

  // Families whose keys begin with a bank: all but meta.
  static std::vector<Family> BankFamilies();

  // A batch whose keys and values are guarded by checksums until they are in a file.
  static rocksdb::WriteBatch NewBatch();

  absl::Status Write(rocksdb::WriteBatch* batch);

  // Everything written so far is on disk when this returns, all families at one point.
  absl::Status Flush();

  // Looks at no file.
  DatabaseFigures Figures() const;

  // Snapshots that have not been given back; the destructor asserts that there are none.
  const rocksdb::Snapshot* TakeSnapshot();
  void ReleaseSnapshot(const rocksdb::Snapshot* snapshot);

 private:
  Database() = default;

  static constexpr size_t kMostFamilies = 32;

  absl::Status ReadKeys(Family family, BankNumber bank, std::string_view after, size_t most,
                        std::vector<std::string>* keys) const;

  std::unique_ptr<RowCache> kept_rows_;
  std::shared_ptr<PatientFiles> files_;
  std::unique_ptr<rocksdb::Env> env_;
  std::unique_ptr<rocksdb::DB> db_;
  std::array<rocksdb::ColumnFamilyHandle*, kMostFamilies> handles_{};  // by Family; null where there is none
  std::array<std::unique_ptr<AbsenceFilter>, kMostFamilies> absence_;  // by Family
  std::atomic<int64_t> snapshots_{0};
};

}  // namespace timebank::storage

#endif  // TIMEBANK_STORAGE_DATABASE_H_
