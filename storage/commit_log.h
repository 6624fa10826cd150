// The commit log: frames in the order in which they were decided.
//
// A frame is opaque bytes here (a serialized timebank.storage.v1.Frame). Frames have dense indices from 1.
// The ledger's readable state is folded from frames; the log is trimmed behind what has been folded for good.
//
// Threads: one thread appends; Read, tail_index and Trim may be called from another one at the same time.
#ifndef TIMEBANK_STORAGE_COMMIT_LOG_H_
#define TIMEBANK_STORAGE_COMMIT_LOG_H_

#include <cstdint>
#include <functional>
#include <string_view>

#include "absl/status/status.h"

namespace timebank::storage {

class CommitLog {
 public:
  virtual ~CommitLog() = default;

  // Makes `bytes` frame `index` durable; returns when they are. `index` must be tail_index() + 1.
  // After any error the log takes no more frames (UNAVAILABLE) until it is opened again: whether the frame is
  // on the disk is unknown, and only replay can tell. RESOURCE_EXHAUSTED: the disk is full. INVALID_ARGUMENT:
  // larger than a frame may be.
  virtual absl::Status Append(uint64_t index, std::string_view bytes) = 0;

  // Calls `visit` with every frame from `from` on, in order, until there are no more or it returns an error,
  // which is passed on. OUT_OF_RANGE: `from` has been trimmed. DATA_LOSS: a frame is damaged.
  virtual absl::Status Read(
      uint64_t from, const std::function<absl::Status(uint64_t index, std::string_view bytes)>& visit) = 0;

  // Index of the last frame; 0 where there has never been one.
  virtual uint64_t tail_index() const = 0;

  // Frames up to and including `index` are not needed any more. They may stay readable.
  virtual absl::Status Trim(uint64_t index) = 0;

  // Gives back the room that is only kept so that appending goes faster. For a log that is about to be
  // closed.
  virtual void Rest() {}
};

}  // namespace timebank::storage

#endif  // TIMEBANK_STORAGE_COMMIT_LOG_H_
