#include "storage/local_log.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <random>
#include <span>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "storage/status_macros.h"

namespace timebank::storage {
namespace {

constexpr std::string_view kSegmentSuffix = ".seg";
constexpr std::string_view kSpareSuffix = ".spare";  // a segment that was trimmed
constexpr std::string_view kNewSuffix = ".new";      // a file that is being made
constexpr size_t kMaxSpares = 4;

constexpr uint64_t kBlockBytes = 4096;
constexpr uint64_t kMaxSegmentBytes = uint64_t{1} << 30;

// The number in a name such as 00000000000000a1.seg; nullopt where `suffix` is not its suffix.
std::optional<uint64_t> ParseName(std::string_view name, std::string_view suffix) {
  constexpr size_t kDigits = 16;
  if (name.size() != kDigits + suffix.size() || !name.ends_with(suffix)) return std::nullopt;
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + kDigits, number, 16);
  if (error != std::errc() || end != name.data() + kDigits) return std::nullopt;
  return number;
}

std::string ParentOf(const std::string& folder) {
  std::filesystem::path path(folder);
  if (!path.has_filename()) path = path.parent_path();
  const std::string parent = path.parent_path().string();
  return parent.empty() ? "." : parent;
}

uint64_t RandomNonce() {
  std::random_device random;
  return uint64_t{random()} << 32 | random();
}

absl::Status InFile(const std::string& path, const absl::Status& status) {
  return absl::Status(status.code(), absl::StrCat(path, ": ", absl::string_view(status.message())));
}

template <typename... Words>
absl::Status Lost(const std::string& path, const Words&... words) {
  return absl::DataLossError(absl::StrCat(path, ": ", words...));
}

absl::Status CheckOptions(const LocalLog::Options& options) {
  if (options.folder.empty()) return absl::InvalidArgumentError("folder: must be named");
  if (options.segment_bytes == 0 || options.segment_bytes % kBlockBytes != 0 ||
      options.segment_bytes > kMaxSegmentBytes) {
    return absl::InvalidArgumentError(absl::StrCat("segment_bytes: ", options.segment_bytes,
                                                   " is not a multiple of ", kBlockBytes, " up to ",
                                                   kMaxSegmentBytes));
  }
  const uint64_t room = options.segment_bytes - kSegmentHeaderBytes - kFrameHeaderBytes;
  if (options.max_frame_bytes == 0 || options.max_frame_bytes > room) {
    return absl::InvalidArgumentError(absl::StrCat("max_frame_bytes: ", options.max_frame_bytes,
                                                   " is not between 1 and the room in a segment, ", room));
  }
  return absl::OkStatus();
}

// Whether `frame`, found at `offset`, is the one that is due there.
absl::Status CheckFollows(const std::string& path, uint64_t offset, const FrameHeader& frame, uint64_t index,
                          uint32_t previous) {
  if (frame.index != index) {
    return Lost(path, "at offset ", offset, " frame ", index, " is due, but frame ", frame.index,
                " is there");
  }
  if (frame.previous != previous) {
    return Lost(path, "frame ", index, " at offset ", offset, " does not continue frame ", index - 1);
  }
  return absl::OkStatus();
}

}  // namespace

struct LocalLog::Listing {
  std::vector<uint64_t> segments;  // ascending
  std::vector<uint64_t> spares;
  std::vector<uint64_t> unfinished;
  uint64_t largest = 0;
};

struct LocalLog::End {
  uint64_t tail_index = 0;
  uint32_t previous = 0;     // checksum of frame tail_index
  uint64_t last_offset = 0;  // of frame tail_index, or `offset` where that is in an older segment
  uint64_t offset = 0;       // of the next frame, in the newest segment
};

LocalLog::LocalLog(Options options)
    : options_(std::move(options)),
      file_system_(options_.file_system != nullptr ? *options_.file_system : FileSystem::Posix()) {}

absl::StatusOr<std::unique_ptr<LocalLog>> LocalLog::Open(Options options) {
  TB_RETURN_IF_ERROR(CheckOptions(options));
  if (options.nonce == nullptr) options.nonce = RandomNonce;
  std::unique_ptr<LocalLog> log(new LocalLog(std::move(options)));
  TB_RETURN_IF_ERROR(log->Recover());
  return log;
}

absl::Status LocalLog::Recover() {
  if (!options_.look_only) {
    TB_RETURN_IF_ERROR(file_system_.MakeFolder(options_.folder));
    if (options_.sync) TB_RETURN_IF_ERROR(file_system_.SyncFolder(ParentOf(options_.folder)));
  }
  TB_ASSIGN_OR_RETURN(lock_, file_system_.LockFolder(options_.folder));
  TB_ASSIGN_OR_RETURN(const Listing listing, ListFolder());

  const absl::MutexLock lock(&mutex_);
  // Segments follow one another without gaps; a first one must not take a spare's number.
  next_number_ = (listing.segments.empty() ? listing.largest : listing.segments.back()) + 1;
  TB_RETURN_IF_ERROR(OpenSegments(listing));
  // The first segment is made before the first frame is written, and the newest one is never removed.
  const bool is_new = segments_.empty();
  if (is_new && options_.applied_index > 0) {
    return Lost(options_.folder, "the commit log has no segment, but the database has frames up to ",
                options_.applied_index,
                ": a part of the ledger is missing, and what was recorded last may be with it. Put the whole "
                "folder ",
                ParentOf(options_.folder), " back from one backup");
  }
  End end;
  if (!is_new) {
    TB_ASSIGN_OR_RETURN(end, ScanSegments());
    TB_RETURN_IF_ERROR(CheckLastSegmentEnd(end));
    TB_RETURN_IF_ERROR(CheckReachesApplied(end));
  }

  if (options_.look_only) {
    failed_ = true;
    tail_index_ = end.tail_index;
    return absl::OkStatus();
  }
  TB_RETURN_IF_ERROR(TidyFolder(listing));
  return is_new ? StartSegment(1) : Settle(end);
}

absl::StatusOr<LocalLog::Listing> LocalLog::ListFolder() {
  TB_ASSIGN_OR_RETURN(const std::vector<std::string> names, file_system_.List(options_.folder));
  Listing listing;
  for (const std::string& name : names) {
    std::optional<uint64_t> number;
    if ((number = ParseName(name, kSegmentSuffix))) {
      listing.segments.push_back(*number);
    } else if ((number = ParseName(name, kSpareSuffix))) {
      listing.spares.push_back(*number);
    } else if ((number = ParseName(name, kNewSuffix))) {
      listing.unfinished.push_back(*number);
    }
    listing.largest = std::max(listing.largest, number.value_or(0));
  }
  std::sort(listing.segments.begin(), listing.segments.end());
  return listing;
}

absl::Status LocalLog::OpenSegments(const Listing& listing) {
  for (const uint64_t number : listing.segments) {
    auto segment = std::make_shared<Segment>();
    segment->path = PathOf(number, kSegmentSuffix);
    if (const uint64_t due = segments_.empty() ? number : segments_.back()->header.number + 1;
        number != due) {
      return Lost(segment->path, "segment ", PathOf(due, kSegmentSuffix),
                  ", which comes before it, is missing");
    }
    TB_ASSIGN_OR_RETURN(segment->file, file_system_.Open(segment->path));
    TB_ASSIGN_OR_RETURN(const uint64_t size, segment->file->Size());
    std::string bytes(kSegmentHeaderBytes, '\0');
    TB_ASSIGN_OR_RETURN(const size_t got, segment->file->ReadAt(0, std::span<char>(bytes)));
    if (got < bytes.size()) return Lost(segment->path, "cut short to ", size, " bytes");
    absl::StatusOr<SegmentHeader> header = DecodeSegmentHeader(bytes);
    if (!header.ok()) return InFile(segment->path, header.status());
    segment->header = *header;
    if (header->number != number) {
      return Lost(segment->path, "it is segment ", header->number, " under another's name");
    }
    if (header->segment_bytes != size) {
      return Lost(segment->path, "has ", size, " bytes where it had ", header->segment_bytes);
    }
    segments_.push_back(std::move(segment));
  }
  return absl::OkStatus();
}

absl::StatusOr<LocalLog::End> LocalLog::ScanSegments() {
  const SegmentHeader& oldest = segments_.front()->header;
  End end{.tail_index = oldest.first_index - 1, .previous = oldest.previous};
  for (const std::shared_ptr<Segment>& segment : segments_) {
    const auto& [header, path, file] = *segment;
    if (header.first_index != end.tail_index + 1) {
      // The segment was begun when the frame before its first had reached the disk.
      return Lost(path, "begins with frame ", header.first_index,
                  ", but the segment before it ends with frame ", end.tail_index, ": what stood at offset ",
                  end.offset, " there is damaged");
    }
    if (header.previous != end.previous) {
      return Lost(path, "does not continue frame ", end.tail_index, " of the segment before it");
    }
    FrameReader reader(header, *file);
    end.last_offset = reader.offset();
    for (;;) {
      const uint64_t offset = reader.offset();
      absl::StatusOr<std::optional<FrameReader::Frame>> frame = reader.Next();
      if (!frame.ok()) return InFile(path, frame.status());
      if (!frame->has_value()) break;
      const FrameHeader& found = (*frame)->header;
      TB_RETURN_IF_ERROR(CheckFollows(path, offset, found, end.tail_index + 1, end.previous));
      end.tail_index = found.index;
      end.previous = found.checksum;
      end.last_offset = offset;
    }
    end.offset = reader.offset();
  }
  return end;
}

absl::Status LocalLog::CheckLastSegmentEnd(const End& end) {
  const auto& [header, path, file] = *segments_.back();
  FrameReader reader(header, *file, end.offset);
  const uint64_t index = end.tail_index + 1;
  absl::StatusOr<std::optional<FrameReader::Found>> found = reader.FindAbove(index);
  if (!found.ok()) return InFile(path, found.status());
  if (found->has_value()) {
    return Lost(path, "frame ", index, " at offset ", end.offset, " is damaged: frame ", (*found)->index,
                " stands behind it at offset ", (*found)->offset);
  }
  TB_ASSIGN_OR_RETURN(const bool torn, reader.HasHeader());
  if (torn) {
    cut_off_ = absl::StrCat(path, ": frame ", index, " at offset ", end.offset,
                            " is torn; it had never been acknowledged and ",
                            options_.look_only ? "is cut off" : "was cut off");
  }
  return absl::OkStatus();
}

absl::Status LocalLog::CheckReachesApplied(const End& end) {
  const uint64_t applied = options_.applied_index;
  if (const SegmentHeader& oldest = segments_.front()->header; oldest.first_index > applied + 1) {
    return Lost(segments_.front()->path, "the log begins with frame ", oldest.first_index,
                ", but the database ends with frame ", applied, ": what lies between is missing");
  }
  if (end.tail_index >= applied) return absl::OkStatus();
  return Lost(segments_.back()->path, "the log ends with frame ", end.tail_index, " at offset ", end.offset,
              ", but the database has frame ", applied, ": frame ", end.tail_index + 1,
              " had been acknowledged and is damaged or missing");
}

absl::Status LocalLog::TidyFolder(const Listing& listing) {
  for (const uint64_t number : listing.unfinished) {
    TB_RETURN_IF_ERROR(file_system_.Remove(PathOf(number, kNewSuffix)));
  }
  for (const uint64_t number : listing.spares) {
    const std::string path = PathOf(number, kSpareSuffix);
    TB_ASSIGN_OR_RETURN(const std::unique_ptr<File> file, file_system_.Open(path));
    TB_ASSIGN_OR_RETURN(const uint64_t size, file->Size());
    if (size == options_.segment_bytes && spares_.size() < kMaxSpares) {
      spares_.push_back(path);
    } else {
      TB_RETURN_IF_ERROR(file_system_.Remove(path));
    }
  }
  return SyncFolder();
}

absl::Status LocalLog::Settle(const End& end) {
  active_ = segments_.back();
  offset_ = end.offset;
  previous_ = end.previous;
  tail_index_ = end.tail_index;

  // The last frame may have come from the system's memory alone: its sync may never have been called, or have
  // failed. After a failure the system takes the bytes for written; only writing them again brings them to
  // the disk.
  const SegmentHeader& header = active_->header;
  std::string bytes(end.offset - end.last_offset, '\0');
  TB_ASSIGN_OR_RETURN(const size_t got, active_->file->ReadAt(end.last_offset, std::span<char>(bytes)));
  if (got < bytes.size()) return Lost(active_->path, "the file has become shorter");
  // Zeros behind it: a torn frame must not come to life at a later reading.
  bytes.resize(bytes.size() + std::min<uint64_t>(kFrameHeaderBytes, header.segment_bytes - end.offset));
  TB_RETURN_IF_ERROR(active_->file->WriteAt(end.last_offset, bytes));
  return Sync(*active_->file);
}

absl::Status LocalLog::Append(uint64_t index, std::string_view bytes) {
  if (failed_) {
    const absl::MutexLock lock(&mutex_);
    return failure_;
  }
  if (const uint64_t due = tail_index_ + 1; index != due) {
    return absl::InvalidArgumentError(absl::StrCat("frame ", index, " is not due: frame ", due, " is"));
  }
  if (bytes.size() > options_.max_frame_bytes) {
    return absl::InvalidArgumentError(absl::StrCat("a frame of ", bytes.size(), " bytes is larger than ",
                                                   options_.max_frame_bytes, " (max_frame_bytes)"));
  }
  if (absl::Status written = WriteFrame(index, bytes); !written.ok()) return Fail(std::move(written));
  tail_index_ = index;
  return absl::OkStatus();
}

absl::Status LocalLog::WriteFrame(uint64_t index, std::string_view bytes) {
  if (FrameBytes(bytes.size()) > active_->header.segment_bytes - offset_) {
    const absl::MutexLock lock(&mutex_);
    TB_RETURN_IF_ERROR(StartSegment(index));
  }
  buffer_.clear();
  const uint32_t checksum = AppendFrame(active_->header.nonce, index, previous_, bytes, buffer_);
  TB_RETURN_IF_ERROR(active_->file->WriteAt(offset_, buffer_));
  TB_RETURN_IF_ERROR(Sync(*active_->file));
  offset_ += buffer_.size();
  previous_ = checksum;
  return absl::OkStatus();
}

absl::Status LocalLog::Read(uint64_t from, const Visitor& visit) {
  uint64_t tail;
  std::vector<std::shared_ptr<Segment>> segments;
  {
    const absl::MutexLock lock(&mutex_);
    tail = tail_index_;
    if (const uint64_t first = segments_.front()->header.first_index; from < first) {
      return absl::OutOfRangeError(
          absl::StrCat("frame ", from, " has been trimmed: the log begins with frame ", first));
    }
    const auto behind = std::upper_bound(
        segments_.begin(), segments_.end(), from,
        [](uint64_t index, const std::shared_ptr<Segment>& s) { return index < s->header.first_index; });
    segments.assign(behind - 1, segments_.end());
  }

  for (size_t i = 0; i < segments.size(); ++i) {
    const std::shared_ptr<Segment> segment = std::move(segments[i]);
    const uint64_t last = i + 1 < segments.size() ? segments[i + 1]->header.first_index - 1 : tail;
    TB_RETURN_IF_ERROR(ReadSegment(*segment, from, last, visit));
  }
  return absl::OkStatus();
}

absl::Status LocalLog::ReadSegment(const Segment& segment, uint64_t from, uint64_t last,
                                   const Visitor& visit) {
  const auto& [header, path, file] = segment;
  FrameReader reader(header, *file);
  uint32_t previous = header.previous;
  for (uint64_t index = header.first_index; index <= last; ++index) {
    const uint64_t offset = reader.offset();
    absl::StatusOr<std::optional<FrameReader::Frame>> frame = reader.Next();
    if (!frame.ok()) return InFile(path, frame.status());
    if (!frame->has_value()) return Lost(path, "frame ", index, " at offset ", offset, " is damaged");
    const FrameHeader& found = (*frame)->header;
    TB_RETURN_IF_ERROR(CheckFollows(path, offset, found, index, previous));
    previous = found.checksum;
    if (index >= from) TB_RETURN_IF_ERROR(visit(index, (*frame)->bytes));
  }
  return absl::OkStatus();
}

uint64_t LocalLog::tail_index() const { return tail_index_; }

absl::Status LocalLog::Trim(uint64_t index) {
  absl::Status trimmed;
  {
    const absl::MutexLock lock(&mutex_);
    if (!failure_.ok()) return failure_;
    while (trimmed.ok() && segments_.size() > 1 && segments_[1]->header.first_index - 1 <= index) {
      const std::shared_ptr<Segment> oldest = std::move(segments_.front());
      segments_.erase(segments_.begin());
      trimmed = Retire(oldest);
    }
  }
  return trimmed.ok() ? trimmed : Fail(std::move(trimmed));
}

void LocalLog::Rest() {
  const absl::MutexLock lock(&mutex_);
  // What cannot be removed is found by the next Open, and is no harm.
  for (const std::string& spare : spares_) file_system_.Remove(spare).IgnoreError();
  spares_.clear();
}

uint64_t LocalLog::first_index() const {
  const absl::MutexLock lock(&mutex_);
  return segments_.front()->header.first_index;
}

absl::Status LocalLog::StartSegment(uint64_t first_index) {
  if (spares_.empty()) TB_RETURN_IF_ERROR(MakeSpare());
  const std::string spare = std::move(spares_.back());
  spares_.pop_back();

  auto segment = std::make_shared<Segment>();
  segment->header = SegmentHeader{.number = next_number_++,
                                  .first_index = first_index,
                                  .nonce = options_.nonce(),
                                  .segment_bytes = options_.segment_bytes,
                                  .previous = previous_};
  segment->path = PathOf(segment->header.number, kSegmentSuffix);
  TB_ASSIGN_OR_RETURN(segment->file, file_system_.Open(spare));
  // The header is on the disk before the file bears a segment's name: no power cut can leave a segment
  // without one.
  TB_RETURN_IF_ERROR(segment->file->WriteAt(0, EncodeSegmentHeader(segment->header)));
  TB_RETURN_IF_ERROR(Sync(*segment->file));
  TB_RETURN_IF_ERROR(file_system_.Rename(spare, segment->path));
  TB_RETURN_IF_ERROR(SyncFolder());
  segments_.push_back(segment);
  active_ = std::move(segment);
  offset_ = kSegmentHeaderBytes;
  return absl::OkStatus();
}

absl::Status LocalLog::MakeSpare() {
  const std::string path = PathOf(next_number_, kNewSuffix);
  TB_ASSIGN_OR_RETURN(const std::unique_ptr<File> file, file_system_.Create(path));
  const auto fill = [&]() -> absl::Status {
    TB_RETURN_IF_ERROR(file->Allocate(options_.segment_bytes));
    // Blocks that were written once take a later write without a change to the file's own records, which
    // makes its sync cheaper.
    const std::string zeros(std::min(options_.segment_bytes, uint64_t{1} << 20), '\0');
    for (uint64_t at = 0; at < options_.segment_bytes; at += zeros.size()) {
      const uint64_t left = options_.segment_bytes - at;
      TB_RETURN_IF_ERROR(file->WriteAt(at, std::string_view(zeros).substr(0, left)));
    }
    return absl::OkStatus();  // the sync of the header brings the zeros to the disk, too
  };
  if (absl::Status filled = fill(); !filled.ok()) {
    // Gives the room back on a full disk. Should this fail too, the next Open removes it.
    file_system_.Remove(path).IgnoreError();
    return filled;
  }
  spares_.push_back(path);
  return absl::OkStatus();
}

absl::Status LocalLog::Retire(const std::shared_ptr<Segment>& segment) {
  // A Read may still be at work in it: then the file must go as it is.
  const bool read_now = segment.use_count() > 1;
  const bool keep =
      !read_now && spares_.size() < kMaxSpares && segment->header.segment_bytes == options_.segment_bytes;
  const std::string spare = PathOf(segment->header.number, kSpareSuffix);
  TB_RETURN_IF_ERROR(keep ? file_system_.Rename(segment->path, spare) : file_system_.Remove(segment->path));
  // One at a time, so that the segments that are left always follow one another.
  TB_RETURN_IF_ERROR(SyncFolder());
  if (keep) spares_.push_back(spare);
  return absl::OkStatus();
}

absl::Status LocalLog::Fail(absl::Status cause) {
  const absl::MutexLock lock(&mutex_);
  failure_.Update(absl::UnavailableError(
      absl::StrCat("the commit log takes no more frames until it is opened again, because of: ",
                   absl::string_view(cause.message()))));
  failed_ = true;
  if (absl::IsResourceExhausted(cause)) return cause;
  return absl::UnavailableError(cause.message());
}

absl::Status LocalLog::Sync(File& file) { return options_.sync ? file.Sync() : absl::OkStatus(); }

absl::Status LocalLog::SyncFolder() {
  return options_.sync ? file_system_.SyncFolder(options_.folder) : absl::OkStatus();
}

std::string LocalLog::PathOf(uint64_t number, std::string_view suffix) const {
  return absl::StrCat(options_.folder, "/", absl::Hex(number, absl::kZeroPad16),
                      absl::string_view(suffix.data(), suffix.size()));
}

}  // namespace timebank::storage
