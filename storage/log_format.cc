#include "storage/log_format.h"

#include <algorithm>
#include <cassert>
#include <limits>
#include <span>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "storage/crc32c.h"
#include "storage/status_macros.h"

namespace timebank::storage {
namespace {

constexpr std::string_view kMagic = "TBLOGSEG";
constexpr uint64_t kWindowBytes = 64 << 10;

// Offsets in a segment header; the magic is at 0.
constexpr size_t kVersionAt = 8;
constexpr size_t kNumberAt = 16;
constexpr size_t kFirstIndexAt = 24;
constexpr size_t kNonceAt = 32;
constexpr size_t kSegmentBytesAt = 40;
constexpr size_t kSegmentPreviousAt = 48;
constexpr size_t kSegmentChecksumAt = 60;

// Offsets in a frame header.
constexpr size_t kLengthAt = 0;
constexpr size_t kPreviousAt = 4;
constexpr size_t kIndexAt = 8;
constexpr size_t kHeaderChecksumAt = 16;
constexpr size_t kChecksumAt = 20;

template <typename T>
T Get(std::string_view bytes, size_t at) {
  T value = 0;
  for (size_t i = 0; i < sizeof(T); ++i)
    value |= static_cast<T>(static_cast<unsigned char>(bytes[at + i])) << (8 * i);
  return value;
}

template <typename T>
void Put(T value, char* at) {
  for (size_t i = 0; i < sizeof(T); ++i) at[i] = static_cast<char>(value >> (8 * i));
}

uint32_t NonceChecksum(uint64_t nonce) {
  char bytes[sizeof(nonce)];
  Put(nonce, bytes);
  return Crc32c(std::string_view(bytes, sizeof(bytes)));
}

}  // namespace

absl::StatusOr<SegmentHeader> DecodeSegmentHeader(std::string_view bytes) {
  assert(bytes.size() == kSegmentHeaderBytes);
  if (bytes.substr(0, kMagic.size()) != kMagic ||
      Get<uint32_t>(bytes, kSegmentChecksumAt) != Crc32c(bytes.substr(0, kSegmentChecksumAt))) {
    return absl::DataLossError("its header is damaged");
  }
  if (const uint32_t version = Get<uint32_t>(bytes, kVersionAt); version != kLogFormatVersion) {
    return absl::FailedPreconditionError(absl::StrCat("it has log format version ", version,
                                                      ", and this program reads version ", kLogFormatVersion,
                                                      ": use the program that wrote it, or a newer one"));
  }
  return SegmentHeader{.number = Get<uint64_t>(bytes, kNumberAt),
                       .first_index = Get<uint64_t>(bytes, kFirstIndexAt),
                       .nonce = Get<uint64_t>(bytes, kNonceAt),
                       .segment_bytes = Get<uint64_t>(bytes, kSegmentBytesAt),
                       .previous = Get<uint32_t>(bytes, kSegmentPreviousAt)};
}

std::string EncodeSegmentHeader(const SegmentHeader& header) {
  std::string bytes(kSegmentHeaderBytes, '\0');
  kMagic.copy(bytes.data(), kMagic.size());
  Put(kLogFormatVersion, &bytes[kVersionAt]);
  Put(header.number, &bytes[kNumberAt]);
  Put(header.first_index, &bytes[kFirstIndexAt]);
  Put(header.nonce, &bytes[kNonceAt]);
  Put(header.segment_bytes, &bytes[kSegmentBytesAt]);
  Put(header.previous, &bytes[kSegmentPreviousAt]);
  Put(Crc32c(std::string_view(bytes).substr(0, kSegmentChecksumAt)), &bytes[kSegmentChecksumAt]);
  return bytes;
}

uint32_t AppendFrame(uint64_t nonce, uint64_t index, uint32_t previous, std::string_view bytes,
                     std::string& out) {
  assert(bytes.size() <= std::numeric_limits<uint32_t>::max());
  const size_t begin = out.size();
  out.append(kFrameHeaderBytes, '\0');
  out.append(bytes);
  out.resize(begin + FrameBytes(bytes.size()), '\0');

  char* const frame = out.data() + begin;
  Put(static_cast<uint32_t>(bytes.size()), frame + kLengthAt);
  Put(previous, frame + kPreviousAt);
  Put(index, frame + kIndexAt);
  const std::string_view whole = std::string_view(out).substr(begin);
  const uint32_t header_checksum = ExtendCrc32c(NonceChecksum(nonce), whole.substr(0, kHeaderChecksumAt));
  Put(header_checksum, frame + kHeaderChecksumAt);
  const uint32_t checksum = ExtendCrc32c(header_checksum, whole.substr(kFrameHeaderBytes));
  Put(checksum, frame + kChecksumAt);
  return checksum;
}

std::optional<FrameHeader> DecodeFrameHeader(uint64_t nonce, std::string_view bytes) {
  assert(bytes.size() == kFrameHeaderBytes);
  if (Get<uint32_t>(bytes, kHeaderChecksumAt) !=
      ExtendCrc32c(NonceChecksum(nonce), bytes.substr(0, kHeaderChecksumAt))) {
    return std::nullopt;
  }
  return FrameHeader{.index = Get<uint64_t>(bytes, kIndexAt),
                     .length = Get<uint32_t>(bytes, kLengthAt),
                     .previous = Get<uint32_t>(bytes, kPreviousAt),
                     .checksum = Get<uint32_t>(bytes, kChecksumAt)};
}

absl::StatusOr<std::optional<FrameReader::Frame>> FrameReader::Next() {
  const uint64_t left = segment_.segment_bytes - offset_;
  if (left < kFrameHeaderBytes) return std::nullopt;
  TB_ASSIGN_OR_RETURN(const std::string_view start, Bytes(offset_, kFrameHeaderBytes));
  const std::optional<FrameHeader> header = DecodeFrameHeader(segment_.nonce, start);
  if (!header.has_value() || FrameBytes(header->length) > left) return std::nullopt;

  TB_ASSIGN_OR_RETURN(const std::string_view whole, Bytes(offset_, FrameBytes(header->length)));
  const uint32_t header_checksum = Get<uint32_t>(whole, kHeaderChecksumAt);
  if (header->checksum != ExtendCrc32c(header_checksum, whole.substr(kFrameHeaderBytes))) return std::nullopt;
  offset_ += whole.size();
  return Frame{.header = *header, .bytes = whole.substr(kFrameHeaderBytes, header->length)};
}

absl::StatusOr<bool> FrameReader::HasHeader() {
  if (segment_.segment_bytes - offset_ < kFrameHeaderBytes) return false;
  TB_ASSIGN_OR_RETURN(const std::string_view start, Bytes(offset_, kFrameHeaderBytes));
  return DecodeFrameHeader(segment_.nonce, start).has_value();
}

absl::StatusOr<std::optional<FrameReader::Found>> FrameReader::FindAbove(uint64_t index) {
  // A segment holds no more frames than this. Looking at the index first leaves next to nothing for the
  // checksum to judge, which is quick and makes an agreement by chance as good as impossible.
  const uint64_t most = segment_.segment_bytes / kFrameHeaderBytes;
  for (uint64_t at = offset_; segment_.segment_bytes - at >= kFrameHeaderBytes;) {
    const uint64_t size = std::min(kWindowBytes, segment_.segment_bytes - at);
    TB_ASSIGN_OR_RETURN(const std::string_view window, Bytes(at, size));
    size_t i = 0;
    for (; i + kFrameHeaderBytes <= size; i += kFrameAlignment) {
      const uint64_t candidate = Get<uint64_t>(window, i + kIndexAt);
      if (candidate <= index || candidate - index > most) continue;
      if (DecodeFrameHeader(segment_.nonce, window.substr(i, kFrameHeaderBytes)).has_value()) {
        return Found{.offset = at + i, .index = candidate};
      }
    }
    at += i;
  }
  return std::nullopt;
}

absl::StatusOr<bool> FrameReader::OnlyZeros() {
  for (uint64_t at = offset_; at < segment_.segment_bytes;) {
    TB_ASSIGN_OR_RETURN(const std::string_view window,
                        Bytes(at, std::min(kWindowBytes, segment_.segment_bytes - at)));
    if (window.find_first_not_of('\0') != std::string_view::npos) return false;
    at += window.size();
  }
  return true;
}

absl::StatusOr<std::string_view> FrameReader::Bytes(uint64_t offset, uint64_t size) {
  assert(offset <= segment_.segment_bytes && size <= segment_.segment_bytes - offset);
  if (offset < window_offset_ || offset + size > window_offset_ + window_.size()) {
    window_.resize(std::max(size, std::min(kWindowBytes, segment_.segment_bytes - offset)));
    window_offset_ = offset;
    TB_ASSIGN_OR_RETURN(const size_t got, file_.ReadAt(offset, std::span<char>(window_)));
    window_.resize(got);
    if (got < size) return absl::DataLossError("the file has become shorter");
  }
  return std::string_view(window_).substr(offset - window_offset_, size);
}

}  // namespace timebank::storage
