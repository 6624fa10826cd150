// The bytes of a log segment: its header, its frames, and a reader for them. FORMAT.md has the tables.
//
// Threads: a FrameReader belongs to one thread; the functions may be called from any.
#ifndef TIMEBANK_STORAGE_LOG_FORMAT_H_
#define TIMEBANK_STORAGE_LOG_FORMAT_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "storage/file_system.h"

namespace timebank::storage {

inline constexpr uint32_t kLogFormatVersion = 1;
inline constexpr size_t kSegmentHeaderBytes = 64;
inline constexpr size_t kFrameHeaderBytes = 24;
// Frames start at multiples of this.
inline constexpr uint64_t kFrameAlignment = 8;

// The first 64 bytes of a segment.
struct SegmentHeader {
  uint64_t number = 0;       // the file's name
  uint64_t first_index = 0;  // of the first frame in it
  // New on every use of the file and mixed into every checksum in it: frames of an earlier use, and bytes
  // inside a member's note, never pass for frames.
  uint64_t nonce = 0;
  uint64_t segment_bytes = 0;  // the file's size
  uint32_t previous = 0;       // checksum of frame first_index - 1; 0 where the log begins
};

// Why 64 bytes are no segment header, or not one for us.
//
// DATA_LOSS: damaged. FAILED_PRECONDITION: of a newer version; every version keeps the magic, the version and
// the checksum where they are, so that this can be told from damage.
absl::StatusOr<SegmentHeader> DecodeSegmentHeader(std::string_view bytes);
std::string EncodeSegmentHeader(const SegmentHeader& header);

// The first 24 bytes of a frame.
struct FrameHeader {
  uint64_t index = 0;
  uint32_t length = 0;    // of the bytes that follow, without padding
  uint32_t previous = 0;  // checksum of frame index - 1
  uint32_t checksum = 0;  // of the whole frame
};

// Bytes that a frame of `length` bytes takes in a segment.
constexpr uint64_t FrameBytes(uint64_t length) {
  return (kFrameHeaderBytes + length + kFrameAlignment - 1) / kFrameAlignment * kFrameAlignment;
}

// Appends a whole frame to `out` and returns its checksum. `bytes` has less than 4 GiB.
uint32_t AppendFrame(uint64_t nonce, uint64_t index, uint32_t previous, std::string_view bytes,
                     std::string& out);

// nullopt: these 24 bytes are not the header of a frame in a segment with this nonce.
std::optional<FrameHeader> DecodeFrameHeader(uint64_t nonce, std::string_view bytes);

// Reads a segment's frames one after another.
class FrameReader {
 public:
  struct Frame {
    FrameHeader header;
    std::string_view bytes;  // valid until the next call
  };
  struct Found {
    uint64_t offset;
    uint64_t index;
  };

  // `offset`: of a frame. Both others must outlive the reader.
  FrameReader(const SegmentHeader& segment, File& file, uint64_t offset = kSegmentHeaderBytes)
      : segment_(segment), file_(file), offset_(offset) {}

  // Where the next frame begins, or would begin.
  uint64_t offset() const { return offset_; }

  // The frame at offset(), which then moves behind it; nullopt: there is no whole one. Whether it follows the
  // one before is for the caller to check. An error is one of reading the file.
  absl::StatusOr<std::optional<Frame>> Next();

  // Whether a frame header whose own checksum holds stands at offset(): with no whole frame there, it was
  // torn.
  absl::StatusOr<bool> HasHeader();

  // The first frame header from offset() on that belongs to a frame above `index`. A header is enough: frame
  // n + 1 is only begun when frame n has reached the disk.
  absl::StatusOr<std::optional<Found>> FindAbove(uint64_t index);

  // Whether all bytes from offset() on are zero.
  absl::StatusOr<bool> OnlyZeros();

 private:
  // `size` bytes at `offset`, which must be inside the segment. Valid until the next call.
  absl::StatusOr<std::string_view> Bytes(uint64_t offset, uint64_t size);

  const SegmentHeader& segment_;
  File& file_;
  uint64_t offset_;
  std::string window_;
  uint64_t window_offset_ = 0;
};

}  // namespace timebank::storage

#endif  // TIMEBANK_STORAGE_LOG_FORMAT_H_
