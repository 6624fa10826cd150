// A disk in memory that a test can hold up, break and fill, and commit logs on it.
//
// Threads: any.
#ifndef TIMEBANK_TESTS_UNIT_ENGINE_FAKE_DISK_H_
#define TIMEBANK_TESTS_UNIT_ENGINE_FAKE_DISK_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "storage/commit_log.h"

namespace timebank::engine {

class FakeDisk {
 public:
  // What becomes of the frame whose append fails.
  enum class Fate { kLost, kKept };

  // The append that comes next, or is held up now, fails.
  void FailNextAppend(Fate fate) {
    absl::MutexLock lock(&mutex_);
    next_fails_ = fate;
  }
  // Appends find no room, while a log can be opened: the state of a full disk with files already there.
  void SetFull(bool full) {
    absl::MutexLock lock(&mutex_);
    full_ = full;
  }
  // What opening a log says; OK: it opens.
  void SetOpening(absl::Status status) {
    absl::MutexLock lock(&mutex_);
    opening_ = std::move(status);
  }
  // Bytes that no server wrote.
  void PlantFrame(std::string bytes) {
    absl::MutexLock lock(&mutex_);
    frames_.push_back(std::move(bytes));
  }

  // From now on appends wait until Release().
  void Hold() {
    absl::MutexLock lock(&mutex_);
    held_ = true;
  }
  void Release() {
    absl::MutexLock lock(&mutex_);
    held_ = false;
  }
  // Returns when an append waits.
  void AwaitHeldAppend() {
    absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(
        +[](bool* waits) { return *waits; }, &waits_));
  }

  uint64_t frames() const {
    absl::MutexLock lock(&mutex_);
    return frames_.size();
  }

  absl::StatusOr<std::unique_ptr<storage::CommitLog>> OpenLog() {
    absl::MutexLock lock(&mutex_);
    if (!opening_.ok()) return opening_;
    return std::make_unique<Log>(*this);
  }

 private:
  class Log final : public storage::CommitLog {
   public:
    explicit Log(FakeDisk& disk) : disk_(disk) {}

    absl::Status Append(uint64_t index, std::string_view bytes) override {
      if (failed_) return absl::UnavailableError("the log has to be opened again");
      absl::Status status = disk_.Append(index, bytes);
      failed_ = !status.ok();
      return status;
    }
    absl::Status Read(
        uint64_t from,
        const std::function<absl::Status(uint64_t index, std::string_view bytes)>& visit) override {
      for (uint64_t index = from; index <= disk_.frames(); ++index) {
        if (absl::Status status = visit(index, disk_.Frame(index)); !status.ok()) return status;
      }
      return absl::OkStatus();
    }
    uint64_t tail_index() const override { return disk_.frames(); }
    absl::Status Trim(uint64_t) override { return absl::OkStatus(); }

   private:
    FakeDisk& disk_;
    bool failed_ = false;
  };

  absl::Status Append(uint64_t index, std::string_view bytes) {
    absl::MutexLock lock(&mutex_);
    waits_ = held_;
    mutex_.Await(absl::Condition(
        +[](bool* held) { return !*held; }, &held_));
    waits_ = false;
    if (index != frames_.size() + 1) return absl::InvalidArgumentError("a frame is missing");
    if (full_) return absl::ResourceExhaustedError("no room");
    const std::optional<Fate> fails = std::exchange(next_fails_, std::nullopt);
    if (fails != Fate::kLost) frames_.emplace_back(bytes);
    return fails ? absl::UnavailableError("the disk does not answer") : absl::OkStatus();
  }

  std::string Frame(uint64_t index) const {
    absl::MutexLock lock(&mutex_);
    return frames_[index - 1];
  }

  mutable absl::Mutex mutex_;
  std::vector<std::string> frames_ ABSL_GUARDED_BY(mutex_);
  std::optional<Fate> next_fails_ ABSL_GUARDED_BY(mutex_);
  absl::Status opening_ ABSL_GUARDED_BY(mutex_);
  bool full_ ABSL_GUARDED_BY(mutex_) = false;
  bool held_ ABSL_GUARDED_BY(mutex_) = false;
  bool waits_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace timebank::engine

#endif  // TIMEBANK_TESTS_UNIT_ENGINE_FAKE_DISK_H_
