// Folds a tail: turns everything in it into one write.
//
// Rows are put with their newest values; texts of neighbouring entries are put into one row. From its entries
// follow journal blocks, statement pages, day pages, and month and year rows; each of them is read once and
// written once, however many entries touch it.
//
// Threads: one at a time.
#ifndef TIMEBANK_STORAGE_FOLD_H_
#define TIMEBANK_STORAGE_FOLD_H_

#include <rocksdb/write_batch.h>

#include "absl/status/statusor.h"
#include "storage/database.h"
#include "storage/tail.h"

namespace timebank::storage {

// Adds to `batch` what `tail`, which takes no more frames, changes in `database`, which holds every frame
// before it. DATA_LOSS: the tail does not go on where the database ends, or what it builds on does not parse,
// or a sum leaves 64 bits. UNAVAILABLE: the disk does not answer.
// Returns whether it writes over folded texts, which a RowCache may have kept.
absl::StatusOr<bool> FoldTail(const Database& database, const Tail& tail, rocksdb::WriteBatch* batch);

// Number of the bank's last entry in `database`; 0: there is none. Errors: DATA_LOSS, UNAVAILABLE.
absl::StatusOr<Sequence> LastFoldedEntry(const Database& database, BankNumber bank);

}  // namespace timebank::storage

#endif  // TIMEBANK_STORAGE_FOLD_H_
