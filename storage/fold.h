// Folds a frame: turns what it says into one write.
//
// Rows of the frame are taken as they are. From its entries follow journal blocks, statement pages, day
// pages, and month and year rows; each of them is read once and written once, however many entries of the
// frame touch it.
//
// Threads: the thread that applies.
#ifndef TIMEBANK_STORAGE_FOLD_H_
#define TIMEBANK_STORAGE_FOLD_H_

#include <rocksdb/write_batch.h>

#include "absl/status/status.h"
#include "storage/database.h"
#include "timebank/storage/v1/frame.pb.h"

namespace timebank::storage {

// Adds to `batch` what `frame` changes in `database`, which holds every frame before it.
// FAILED_PRECONDITION: the frame is of a newer version. DATA_LOSS: it does not go on where the frame before
// it ended, or it or what it builds on does not parse, or a sum leaves 64 bits. UNAVAILABLE: the disk does
// not answer.
absl::Status FoldFrame(const Database& database, const v1::Frame& frame, rocksdb::WriteBatch* batch);

}  // namespace timebank::storage

#endif  // TIMEBANK_STORAGE_FOLD_H_
