// Rows of Family::kLook: who read what, kept beside the ledger.
//
// They are no part of it. They come in no frame, have no position and are not replayed; each is there for
// readers as soon as it is put. They reach the disk with a later flush of the ledger's, so that a crash may
// lose those of the last seconds. When a bank goes, they go with it.
//
// Threads: any. Put may wait behind a fold's write.
#ifndef TIMEBANK_STORAGE_LOOK_ROWS_H_
#define TIMEBANK_STORAGE_LOOK_ROWS_H_

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/types.h"

namespace timebank::storage {

class LookRows {
 public:
  struct Row {
    std::string key;    // of LookKey
    std::string value;  // with its version byte; empty: the row is removed
  };

  virtual ~LookRows() = default;

  // All of them at once. Where that fails, none was put. Errors: UNAVAILABLE, RESOURCE_EXHAUSTED and what
  // keeps the ledger from being written.
  virtual absl::Status PutLooks(const std::vector<Row>& rows) = 0;

  virtual absl::StatusOr<std::optional<std::string>> GetLook(std::string_view key) const = 0;

  // Rows whose keys begin with `prefix` (a bank's, an account's, or nothing), beginning at `from` (inclusive;
  // empty: the prefix's first one, kUp only). Stops when `visit` returns false.
  virtual absl::Status ScanLooks(
      std::string_view prefix, std::string_view from, Direction direction,
      const std::function<bool(std::string_view key, std::string_view value)>& visit) const = 0;
};

}  // namespace timebank::storage

#endif  // TIMEBANK_STORAGE_LOOK_ROWS_H_
