#include "storage/store.h"

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "storage/coding.h"
#include "storage/data_folder.h"
#include "storage/database.h"
#include "storage/fold.h"
#include "storage/keys.h"
#include "storage/status_macros.h"
#include "storage/view_impl.h"

namespace timebank::storage {
namespace {

class StoreImpl final : public Store {
 public:
  StoreImpl(Options options, std::unique_ptr<DataFolder> folder, std::unique_ptr<Database> database,
            uint64_t applied)
      : options_(std::move(options)),
        folder_(std::move(folder)),
        database_(std::move(database)),
        applied_(applied),
        flushed_(applied) {
    Publish();
    flusher_ = std::thread([this] { FlushNowAndThen(); });
  }

  ~StoreImpl() override {
    {
      absl::MutexLock lock(&mutex_);
      stopping_ = true;
    }
    flusher_.join();
    // Failing to is no loss: the commit log has what is not on disk here.
    Flush().IgnoreError();
    absl::MutexLock lock(&latest_mutex_);
    latest_.reset();
  }

  absl::Status Apply(uint64_t index, std::shared_ptr<const std::string> stored) override {
    v1::Frame frame;
    if (!frame.ParseFromString(*stored)) {
      return absl::DataLossError(absl::StrCat("CORRUPT_RECORD: frame ", index, " does not parse"));
    }
    const uint64_t next = applied_index() + 1;
    if (index != next) {
      return absl::InternalError(
          absl::StrCat("frame ", index, " was to be applied where ", next, " is next"));
    }
    rocksdb::WriteBatch batch = Database::NewBatch();
    TB_RETURN_IF_ERROR(FoldFrame(*database_, frame, &batch));
    // Last, so that no row of the frame can say otherwise.
    std::string applied;
    PutBigEndian<uint64_t>(&applied, index);
    TB_RETURN_IF_ERROR(
        FromRocks(batch.Put(database_->handle(Family::kMeta), ToSlice(kMetaApplied), applied)));
    const size_t bytes = batch.GetDataSize();
    TB_RETURN_IF_ERROR(database_->Write(&batch));
    applied_.store(index, std::memory_order_release);
    absl::MutexLock lock(&mutex_);
    unflushed_bytes_ += bytes;
    return absl::OkStatus();
  }

  void Publish() override {
    auto newest =
        std::make_shared<const View::Impl>(database_.get(), applied_index(), View::Impl::Reads::kSnapshot);
    absl::MutexLock lock(&latest_mutex_);
    // The old one goes, if nobody reads it any more, after the lock has been given back.
    latest_.swap(newest);
  }

  View Latest() const override {
    absl::MutexLock lock(&latest_mutex_);
    return View(latest_);
  }

  View Working() override {
    return View(
        std::make_shared<const View::Impl>(database_.get(), applied_index(), View::Impl::Reads::kNewest));
  }

  uint64_t applied_index() const override { return applied_.load(std::memory_order_acquire); }
  uint64_t flushed_index() const override { return flushed_.load(std::memory_order_acquire); }

  absl::Status Flush() override {
    absl::MutexLock flushing(&flush_mutex_);
    {
      absl::MutexLock lock(&mutex_);
      unflushed_bytes_ = 0;
    }
    const uint64_t index = applied_index();
    if (index == flushed_index()) return absl::OkStatus();
    TB_RETURN_IF_ERROR(database_->Flush());
    flushed_.store(index, std::memory_order_release);
    if (options_.on_flushed) options_.on_flushed(index);
    return absl::OkStatus();
  }

 private:
  // The flusher's thread.
  void FlushNowAndThen() {
    const absl::Duration interval = options_.flush_interval_seconds > 0
                                        ? absl::Seconds(options_.flush_interval_seconds)
                                        : absl::InfiniteDuration();
    while (WaitForWork(interval)) {
      // A disk that fails is told about by RocksDB itself: on_background_error.
      Flush().IgnoreError();
    }
  }

  // Returns when the interval is over or enough has been applied; false: the store is going.
  bool WaitForWork(absl::Duration interval) {
    absl::MutexLock lock(&mutex_);
    const auto ready = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return stopping_ || unflushed_bytes_ >= options_.write_buffer_bytes;
    };
    mutex_.AwaitWithTimeout(absl::Condition(&ready), interval);
    return !stopping_;
  }

  const Options options_;
  const std::unique_ptr<DataFolder> folder_;  // goes last, with its lock
  const std::unique_ptr<Database> database_;

  std::atomic<uint64_t> applied_;
  std::atomic<uint64_t> flushed_;

  absl::Mutex flush_mutex_;  // one flush at a time, so that flushed_ only rises

  mutable absl::Mutex mutex_;
  uint64_t unflushed_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;

  mutable absl::Mutex latest_mutex_;
  std::shared_ptr<const View::Impl> latest_ ABSL_GUARDED_BY(latest_mutex_);

  std::thread flusher_;
};

absl::StatusOr<uint64_t> ReadNumber(const View& view, std::string_view name, size_t bytes) {
  TB_ASSIGN_OR_RETURN(const std::optional<std::string> value, view.Get(Family::kMeta, name));
  if (!value.has_value()) return 0;
  if (value->size() != bytes) {
    return absl::DataLossError(
        absl::StrCat("CORRUPT_RECORD: meta row ", absl::string_view(name.data(), name.size())));
  }
  return bytes == 4 ? GetBigEndian<uint32_t>(value->data()) : GetBigEndian<uint64_t>(value->data());
}

// RocksDB's own word for the format: it goes with the data where db/ is copied without the file FORMAT.
absl::Status CheckFormat(const View& view, Database* database) {
  TB_ASSIGN_OR_RETURN(const uint64_t format, ReadNumber(view, kMetaFormat, sizeof(uint32_t)));
  if (format > kFormatVersion) {
    return absl::FailedPreconditionError(absl::StrCat("db/ is written in format ", format,
                                                      ", this server reads up to ", kFormatVersion,
                                                      ": use a newer timebankd"));
  }
  if (format != 0) return absl::OkStatus();
  rocksdb::WriteBatch batch = Database::NewBatch();
  std::string number;
  PutBigEndian<uint32_t>(&number, kFormatVersion);
  TB_RETURN_IF_ERROR(FromRocks(batch.Put(database->handle(Family::kMeta), ToSlice(kMetaFormat), number)));
  return database->Write(&batch);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Store>> Store::Open(Options options) {
  TB_ASSIGN_OR_RETURN(std::unique_ptr<DataFolder> folder, DataFolder::Open(options.path, kFormatVersion));
  TB_ASSIGN_OR_RETURN(std::unique_ptr<Database> database,
                      Database::Open({.path = folder->database_path(),
                                      .block_cache_bytes = options.block_cache_bytes,
                                      .write_buffer_bytes = options.write_buffer_bytes,
                                      .on_background_error = options.on_background_error}));
  const View view(std::make_shared<const View::Impl>(database.get(), 0, View::Impl::Reads::kNewest));
  TB_RETURN_IF_ERROR(CheckFormat(view, database.get()));
  TB_ASSIGN_OR_RETURN(const uint64_t applied, ReadNumber(view, kMetaApplied, sizeof(uint64_t)));
  return std::make_unique<StoreImpl>(std::move(options), std::move(folder), std::move(database), applied);
}

}  // namespace timebank::storage
