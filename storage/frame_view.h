// A frame of the commit log, read where it lies: nothing is copied, everything points into the frame's bytes.
//
// Threads: pure functions.
#ifndef TIMEBANK_STORAGE_FRAME_VIEW_H_
#define TIMEBANK_STORAGE_FRAME_VIEW_H_

#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "storage/types.h"

namespace timebank::storage {

struct FrameView {
  struct Row {
    Family family;
    std::string_view key;
    std::string_view value;  // empty: the row is removed
  };
  std::vector<std::string_view> entries;  // exact bytes, in order
  std::vector<Row> rows;
};

// `bytes`: a serialized timebank.storage.v1.Frame, which must outlive what is returned.
// FAILED_PRECONDITION: of a newer version. DATA_LOSS: it does not parse, or has rows of a family that follows
// from entries, or a text that is of no entry.
absl::StatusOr<FrameView> ReadFrame(std::string_view bytes);

}  // namespace timebank::storage

#endif  // TIMEBANK_STORAGE_FRAME_VIEW_H_
