// The ledger: frames in memory, folded into RocksDB behind them.
//
//   Apply ──► the newest tail ──(full, or old)──► sealed ──► folded into RocksDB and flushed ──► gone
//             └──────────── every View reads them over a snapshot ────────────┘
//
// One folder: LOCK (held while open), FORMAT (a text file with the format's number), db/ (RocksDB), db.log.
// RocksDB's own write-ahead log is off: what has not been flushed is replayed from the commit log, from
// applied_index() on after Open. A tail is folded by one write, `applied` with it, and all column families
// are flushed together (atomic_flush), so a crash finds them at one frame's end.
//
// Looks stand beside the ledger: see look_rows.h.
//
// A full disk is no failure: folds and flushes wait for room, what was applied stays in memory and in the
// commit log, and reads go on. HasRoom() says beforehand that it will come to that; who heeds it keeps what
// is in memory at that time bounded.
//
// Threads: Apply and Publish from one thread; Latest, Working, Flush, looks and the getters from any.
// Limits:  two tails: one that is being folded and one that grows. While both are full Apply waits; before
//          that it waits a little with each frame, so that the second fills up no faster than the first is
//          folded. (Until the first Publish the parts that Open found are kept as well.)
#ifndef TIMEBANK_STORAGE_STORE_H_
#define TIMEBANK_STORAGE_STORE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/look_rows.h"
#include "storage/view.h"
#include "timebank/storage/v1/frame.pb.h"

namespace timebank::storage {

// 1: texts stood in rows of their own; not read. 2: ids of members did not say what their records say. Both
// are from before the first release. A folder becomes this one's when it is opened: a server that does not
// know what it must keep up has to refuse it.
inline constexpr uint32_t kFormatVersion = 3;
inline constexpr uint32_t kOldestFormat = 2;

// Free space that is left alone: for what comes between two looks at the disk, a segment of the commit log
// that is made meanwhile, and what RocksDB writes beside rows.
inline constexpr uint64_t kReserveBytes = 32u << 20;

// RocksDB's own figures, over all column families; 0 where it does not tell.
struct DatabaseFigures {
  uint64_t block_cache_bytes = 0;
  uint64_t memtable_bytes = 0;
  uint64_t sst_bytes = 0;
  uint64_t live_data_bytes = 0;           // estimated
  uint64_t pending_compaction_bytes = 0;  // estimated
  uint64_t keys = 0;                      // estimated
  uint64_t level0_files = 0;
  uint64_t running_compactions = 0;
  uint64_t running_flushes = 0;
  uint64_t snapshots = 0;
  uint64_t write_stopped = 0;  // 1: it takes no writes until it has caught up
  uint64_t background_errors = 0;
};

class Store : public LookRows {
 public:
  struct Options {
    std::string path;                         // made when missing, mode 0700
    uint64_t block_cache_bytes = 128u << 20;  // blocks read from disk
    uint64_t tail_bytes = 128u << 20;         // a tail that takes more memory than this is folded
    uint64_t write_buffer_bytes = 16u
                                  << 20;  // more than this that is folded, but not on disk yet, is flushed
    double flush_interval_seconds = 15;   // unflushed frames wait no longer; 0: only by size and Flush()
    // Frames up to this index are on disk for good. On the store's thread, or inside Flush() or the
    // destructor; must not call Flush().
    std::function<void(uint64_t)> on_flushed;
    // RocksDB can write no more, or a tail cannot be folded; once. On a thread of RocksDB's or the store's.
    std::function<void(absl::Status)> on_background_error;
    uint64_t reserve_bytes = kReserveBytes;  // not less than the commit log's segments have
    // Free bytes on the folder's disk; 0: RocksDB can write nothing. For tests; empty: what the system says.
    std::function<uint64_t()> free_bytes = {};
  };

  // Errors: FAILED_PRECONDITION (folder in use by another process, or written in a newer format: the message
  // names both), DATA_LOSS, RESOURCE_EXHAUSTED (no room on the disk), UNAVAILABLE.
  static absl::StatusOr<std::unique_ptr<Store>> Open(Options options);

  ~Store() override = default;  // flushes, unless the disk is full; every View must be gone

  // Takes in frame `index`, which must be applied_index() + 1: the bytes of a v1::Frame as the commit log has
  // them. Nobody sees it before Publish(). Waits where both tails are full. FAILED_PRECONDITION, DATA_LOSS:
  // the frame cannot be understood or does not go on where the ledger stands (see Tail::Add); it changed
  // nothing. Otherwise what became of the fold: nothing more can be applied.
  virtual absl::Status Apply(uint64_t index, std::shared_ptr<const std::string> frame) = 0;

  // Makes everything that was applied visible at once.
  virtual void Publish() = 0;

  // The newest published position.
  virtual View Latest() const = 0;

  // What has been applied so far, published or not. Cheap; stays where it is, so ask for a new one.
  virtual View Working() const = 0;

  virtual uint64_t applied_index() const = 0;
  virtual uint64_t flushed_index() const = 0;  // on disk for good

  // Whether the disk has room for what was applied and is in no file yet, and the reserve. false:
  // nothing more should be applied. The system is asked a few times a second, however often this is called.
  virtual bool HasRoom() = 0;

  virtual DatabaseFigures Figures() const = 0;

  // Writes everything that was applied to disk for good; returns when it is there. Waits for room.
  virtual absl::Status Flush() = 0;
};

// Reads every block of the database in the folder `path` against its checksum, and changes nothing: a read
// meets only what it needs. Takes as long as reading the folder does; no Store may have it open. The frames
// that are folded in it. DATA_LOSS: a block is damaged, or a file is missing; the message names it.
absl::StatusOr<uint64_t> VerifyDatabase(const std::string& path);

}  // namespace timebank::storage

#endif  // TIMEBANK_STORAGE_STORE_H_
