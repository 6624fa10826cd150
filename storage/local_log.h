// The commit log of one machine: a folder of segment files, preallocated and recycled. FORMAT.md has the
// bytes, and the rules by which Open tells a torn frame from a lost one.
//
// Durable:  Append returns OK when the frame is on the disk. Frame n + 1 is written only after frame n has
//           been synced, so a damaged frame with nothing behind it was never acknowledged: Open cuts it off.
//           Any other damage is DATA_LOSS: Open refuses, says where, and leaves the files as they were.
// Assumes:  a power cut leaves each disk sector either as it was or as it was to be (frames share sectors).
// Threads:  as in CommitLog. One object at a time has a folder, over all processes.
// Limits:   one frame in memory, and 64 KiB or one frame for each Read that runs.
#ifndef TIMEBANK_STORAGE_LOCAL_LOG_H_
#define TIMEBANK_STORAGE_LOCAL_LOG_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "storage/commit_log.h"
#include "storage/file_system.h"
#include "storage/log_format.h"

namespace timebank::storage {

class LocalLog final : public CommitLog {
 public:
  using Visitor = std::function<absl::Status(uint64_t index, std::string_view bytes)>;

  struct Options {
    // The log's own folder (DATA/log). Created when missing; its parent must exist.
    std::string folder;
    // Size of new segments: a multiple of 4096, up to 1 GiB, with room for the largest frame. Segments of
    // another size that are there already stay readable.
    uint64_t segment_bytes = uint64_t{32} << 20;
    // Largest frame that Append takes.
    uint64_t max_frame_bytes = uint64_t{16} << 20;
    // The last frame that the database has folded for good. The log must reach from there, or from before, up
    // to there at least; it may be missing only where this is 0.
    uint64_t applied_index = 0;
    // Nothing is changed, a torn frame left where it is; the log takes no frames, and gives none.
    bool look_only = false;
    // false: nothing is synced. For tests that cut no power.
    bool sync = true;
    // nullptr: FileSystem::Posix(). Must outlive the log.
    FileSystem* file_system = nullptr;
    // A new number for every use of a segment. Empty: random, as it must be for a log that is kept, because
    // whoever could guess it could write a note that looks like a frame.
    std::function<uint64_t()> nonce;
  };

  // Opens or creates the log, cuts off a last frame that was never acknowledged and makes sure that the frame
  // before it is on the disk. All frames are read and checked.
  //
  // DATA_LOSS: a frame or a segment is damaged or missing; the message names file, offset and index.
  // FAILED_PRECONDITION: written by a newer version (both are named), or somebody else has the log open.
  // INVALID_ARGUMENT: an option, which is named. RESOURCE_EXHAUSTED: the disk is full.
  static absl::StatusOr<std::unique_ptr<LocalLog>> Open(Options options);

  LocalLog(const LocalLog&) = delete;
  LocalLog& operator=(const LocalLog&) = delete;

  // INVALID_ARGUMENT (the index does not follow, or too large) leaves the log as it was; every other error
  // ends it.
  absl::Status Append(uint64_t index, std::string_view bytes) override;

  // Visits what there is when the call begins. Reads a segment from its start, wherever in it `from` is.
  absl::Status Read(uint64_t from, const Visitor& visit) override;

  uint64_t tail_index() const override;

  // Recycles whole segments behind `index`; the newest one always stays. An error ends the log, as one of
  // Append's does.
  absl::Status Trim(uint64_t index) override;

  // Removes the files that are kept to be written anew.
  void Rest() override;

  // The oldest frame that Read can give; tail_index() + 1 where there is none.
  uint64_t first_index() const;

  // Where Open cut off a torn frame, in words for the operator's log; nullopt: there was none that can be
  // told from the remains of a segment's earlier use.
  const std::optional<std::string>& cut_off() const { return cut_off_; }

 private:
  // A segment file in use. A Read holds on to the ones that it has yet to read.
  struct Segment {
    SegmentHeader header;
    std::string path;
    std::unique_ptr<File> file;
  };

  // What a folder's listing says.
  struct Listing;
  // The newest frame and the end of the log, as found by a scan.
  struct End;

  explicit LocalLog(Options options);

  // Open, step by step. Nothing is written before everything has been checked.
  absl::Status Recover();
  absl::StatusOr<Listing> ListFolder();
  absl::Status OpenSegments(const Listing& listing) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<End> ScanSegments() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status CheckLastSegmentEnd(const End& end) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Compares the log with Options.applied_index.
  absl::Status CheckReachesApplied(const End& end) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status TidyFolder(const Listing& listing) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status Settle(const End& end) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  static absl::Status ReadSegment(const Segment& segment, uint64_t from, uint64_t last, const Visitor& visit);
  absl::Status WriteFrame(uint64_t index, std::string_view bytes);
  absl::Status StartSegment(uint64_t first_index) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status MakeSpare() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Recycles or removes a file that is no longer in segments_; the caller alone holds it, beside Reads at
  // work.
  absl::Status Retire(const std::shared_ptr<Segment>& segment) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  // Ends the log; returns what the caller is told.
  absl::Status Fail(absl::Status cause);

  absl::Status Sync(File& file);
  absl::Status SyncFolder();
  std::string PathOf(uint64_t number, std::string_view suffix) const;

  const Options options_;
  FileSystem& file_system_;
  std::unique_ptr<FileSystem::Lock> lock_;
  std::optional<std::string> cut_off_;

  // The appending thread's own.
  std::shared_ptr<Segment> active_;  // the newest segment
  uint64_t offset_ = 0;              // where the next frame goes
  uint32_t previous_ = 0;            // checksum of the newest frame
  std::string buffer_;               // the frame being written

  std::atomic<uint64_t> tail_index_ = 0;
  std::atomic<bool> failed_ = false;

  mutable absl::Mutex mutex_;
  absl::Status failure_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::shared_ptr<Segment>> segments_
      ABSL_GUARDED_BY(mutex_);                               // oldest first, never empty after Open
  std::vector<std::string> spares_ ABSL_GUARDED_BY(mutex_);  // paths of files to write anew
  uint64_t next_number_ ABSL_GUARDED_BY(mutex_) = 1;
};

}  // namespace timebank::storage

#endif  // TIMEBANK_STORAGE_LOCAL_LOG_H_
