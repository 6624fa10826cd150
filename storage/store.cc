#include "storage/store.h"

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "storage/coding.h"
#include "storage/data_folder.h"
#include "storage/database.h"
#include "storage/fold.h"
#include "storage/keys.h"
#include "storage/status_macros.h"
#include "storage/tail.h"
#include "storage/threads.h"
#include "storage/view_impl.h"

namespace timebank::storage {
namespace {

// Free space below which nothing is flushed that is no part of the ledger.
constexpr uint64_t kRoomBytes = 64u << 20;

constexpr absl::Duration kBetweenLooksAtTheDisk = absl::Milliseconds(250);

class StoreImpl final : public Store {
 public:
  StoreImpl(Options options, std::unique_ptr<DataFolder> folder, std::unique_ptr<Database> database,
            uint64_t applied)
      : options_(std::move(options)),
        folder_(std::move(folder)),
        database_(std::move(database)),
        applied_(applied),
        flushed_(applied),
        folded_(applied) {
    {
      absl::MutexLock lock(&mutex_);
      directory_index_ = applied;
      growing_ = std::make_shared<Tail>(applied);
      flushed_at_ = absl::Now();
      SetParts(std::make_shared<const Snapshot>(database_.get(), /*text_generation=*/0));
    }
    Publish();
    database_->files().BePatient([this](bool waiting) {
      absl::MutexLock lock(&mutex_);
      waits_for_room_ = waiting;
    });
    worker_ = std::thread([this] {
      NameThread("fold");
      StepBack();
      FoldNowAndThen();
    });
  }

  ~StoreImpl() override {
    {
      absl::MutexLock lock(&mutex_);
      stopping_ = true;
    }
    database_->files().GiveUp();
    worker_.join();
    // Failing to is no loss: the commit log has what is not on disk here.
    Flush().IgnoreError();
  }

  absl::Status Apply(uint64_t index, std::shared_ptr<const std::string> frame) override {
    const uint64_t next = applied_index() + 1;
    if (index != next) {
      return absl::InternalError(
          absl::StrCat("frame ", index, " was to be applied where ", next, " is next"));
    }
    TB_RETURN_IF_ERROR(MakeRoom());
    absl::MutexLock applying(&apply_mutex_);
    Tail& tail = Growing();
    const absl::StatusOr<Tail::Added> added =
        tail.Add(index, std::move(frame), [this](BankNumber bank) { return EndOf(bank); });
    if (!added.ok()) {
      return absl::Status(added.status().code(),
                          absl::StrCat("frame ", index, ": ", added.status().message()));
    }
    for (const auto& [bank, last] : added->ends) ends_[bank] = last;
    // While nobody can see them yet.
    database_->absence(Family::kRequest)->Add(added->requests);
    database_->absence(Family::kOrigin)->Add(added->origins);
    absl::MutexLock lock(&mutex_);
    if (added->changed_directory) directory_index_ = index;
    applied_.store(index, std::memory_order_release);
    return absl::OkStatus();
  }

  void Publish() override {
    absl::ReleasableMutexLock lock(&mutex_);
    std::shared_ptr<const View::Impl> old =
        std::exchange(latest_, std::make_shared<const View::Impl>(parts_, applied_index(), directory_index_));
    // The old one goes, if nobody reads it any more, after the lock has been given back.
    lock.Release();
  }

  View Latest() const override {
    absl::ReaderMutexLock lock(&mutex_);
    return View(latest_);
  }

  View Working() const override {
    absl::ReaderMutexLock lock(&mutex_);
    return View(std::make_shared<const View::Impl>(parts_, applied_index(), directory_index_));
  }

  uint64_t applied_index() const override { return applied_.load(std::memory_order_acquire); }
  uint64_t flushed_index() const override { return flushed_.load(std::memory_order_acquire); }

  bool HasRoom() override {
    const int64_t now_ns = absl::GetCurrentTimeNanos();
    int64_t looked_ns = looked_ns_.load(std::memory_order_relaxed);
    if (std::abs(now_ns - looked_ns) >= absl::ToInt64Nanoseconds(kBetweenLooksAtTheDisk) &&
        looked_ns_.compare_exchange_strong(looked_ns, now_ns, std::memory_order_relaxed)) {
      has_room_ = LookForRoom();
    }
    return has_room_;
  }

  DatabaseFigures Figures() const override { return database_->Figures(); }

  absl::Status PutLooks(const std::vector<Row>& rows) override {
    {
      absl::ReaderMutexLock lock(&mutex_);
      if (!failure_.ok()) return failure_;
    }
    rocksdb::WriteBatch batch = Database::NewBatch();
    rocksdb::ColumnFamilyHandle* const family = database_->handle(Family::kLook);
    for (const Row& row : rows) {
      TB_RETURN_IF_ERROR(FromRocks(row.value.empty() ? batch.Delete(family, row.key)
                                                     : batch.Put(family, row.key, row.value)));
    }
    TB_RETURN_IF_ERROR(database_->Write(&batch));
    looks_unflushed_.store(true, std::memory_order_release);
    return absl::OkStatus();
  }

  absl::StatusOr<std::optional<std::string>> GetLook(std::string_view key) const override {
    std::string value;
    const rocksdb::Status status =
        database_->db().Get(rocksdb::ReadOptions(), database_->handle(Family::kLook), ToSlice(key), &value);
    if (status.IsNotFound()) return std::optional<std::string>();
    TB_RETURN_IF_ERROR(FromRocks(status));
    return std::optional<std::string>(std::move(value));
  }

  absl::Status ScanLooks(
      std::string_view prefix, std::string_view from, Direction direction,
      const std::function<bool(std::string_view key, std::string_view value)>& visit) const override {
    rocksdb::ReadOptions options;
    options.total_order_seek = true;
    const std::unique_ptr<rocksdb::Iterator> rows(
        database_->db().NewIterator(options, database_->handle(Family::kLook)));
    const bool up = direction == Direction::kUp;
    const rocksdb::Slice begin = ToSlice(from.empty() ? prefix : from);
    for (up ? rows->Seek(begin) : rows->SeekForPrev(begin);
         rows->Valid() && rows->key().starts_with(ToSlice(prefix)); up ? rows->Next() : rows->Prev()) {
      if (!visit(ToView(rows->key()), ToView(rows->value()))) break;
    }
    return FromRocks(rows->status());
  }

  absl::Status Flush() override {
    absl::MutexLock folding(&fold_mutex_);
    const uint64_t index = applied_index();
    while (folded_ < index) {
      Seal();
      TB_RETURN_IF_ERROR(FoldSealed());
    }
    return FlushFolded();
  }

 private:
  // --- the thread that applies

  // The bank's last entry so far.
  absl::StatusOr<Sequence> EndOf(BankNumber bank) ABSL_EXCLUSIVE_LOCKS_REQUIRED(apply_mutex_) {
    auto [end, is_new] = ends_.try_emplace(bank, 0);
    if (is_new) {
      // Nothing of this bank has been applied since Open, so all there is is folded.
      absl::StatusOr<Sequence> folded = LastFoldedEntry(*database_, bank);
      if (!folded.ok()) {
        ends_.erase(end);
        return folded.status();
      }
      end->second = *folded;
    }
    return end->second;
  }

  // Returns when the growing tail has room for a frame. While a tail is being folded, the growing one fills
  // up no faster than that is thought to go on: whoever brings more than can be folded waits a little with
  // every frame, instead of running ahead and waiting for all of it at once.
  absl::Status MakeRoom() {
    absl::MutexLock lock(&mutex_);
    const auto folded_or_failure = [this]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
      // On a full disk no fold ends: better more in memory than nobody answered. Who asks HasRoom() first
      // brings no more than was under way.
      return sealed_ == nullptr || !failure_.ok() || waits_for_room_;
    };
    const double full = static_cast<double>(growing_->bytes()) / static_cast<double>(options_.tail_bytes);
    const absl::Time due = full < 1 ? sealed_at_ + fold_takes_ * full : absl::InfiniteFuture();
    mutex_.AwaitWithDeadline(absl::Condition(&folded_or_failure), due);
    if (!failure_.ok()) return failure_;
    if (sealed_ == nullptr && growing_->bytes() >= options_.tail_bytes && !growing_->empty()) SealGrowing();
    return absl::OkStatus();
  }

  // Stays where it is while `apply_mutex_` is held.
  Tail& Growing() ABSL_EXCLUSIVE_LOCKS_REQUIRED(apply_mutex_) {
    absl::ReaderMutexLock lock(&mutex_);
    return *growing_;
  }

  // --- tails

  // Hands the growing tail to the fold, unless there is nothing in it or one is waiting already.
  void Seal() {
    absl::MutexLock applying(&apply_mutex_);
    absl::MutexLock lock(&mutex_);
    if (sealed_ == nullptr && !growing_->empty()) SealGrowing();
  }

  void SealGrowing() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    sealed_ = std::exchange(growing_, std::make_shared<Tail>(growing_->last_index()));
    sealed_at_ = absl::Now();
    SetParts(parts_->folded);
  }

  // Views from here on are made of these parts.
  void SetParts(std::shared_ptr<const Snapshot> folded) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    Parts parts{std::move(folded), {}};
    if (sealed_ != nullptr) parts.tails.push_back(sealed_);
    parts.tails.push_back(growing_);
    parts_ = std::make_shared<const Parts>(std::move(parts));
  }

  // --- folding

  absl::Status FoldSealed() ABSL_EXCLUSIVE_LOCKS_REQUIRED(fold_mutex_) {
    std::shared_ptr<const Tail> tail;
    {
      absl::MutexLock lock(&mutex_);
      if (!failure_.ok()) return failure_;
      tail = sealed_;
    }
    if (tail == nullptr) return absl::OkStatus();
    TB_RETURN_IF_ERROR(OrFail(Write(*tail)));
    folded_ = tail->last_index();
    auto folded = std::make_shared<const Snapshot>(database_.get(), text_generation_);
    std::shared_ptr<const View::Impl> old;
    absl::ReleasableMutexLock lock(&mutex_);
    sealed_ = nullptr;
    // Tails that went before they were full say too little.
    if (tail->bytes() >= options_.tail_bytes) fold_takes_ = absl::Now() - sealed_at_;
    SetParts(std::move(folded));
    // What is folded cannot be told from what is published: while a tail has frames that are not, the latest
    // view keeps it.
    if (latest_->applied_index() >= folded_) {
      old = std::exchange(latest_, std::make_shared<const View::Impl>(parts_, latest_->applied_index(),
                                                                      latest_->directory_index()));
    }
    lock.Release();
    return absl::OkStatus();
  }

  // One write, so that a crash finds all of it or nothing.
  absl::Status Write(const Tail& tail) ABSL_EXCLUSIVE_LOCKS_REQUIRED(fold_mutex_) {
    batch_.Clear();
    TB_ASSIGN_OR_RETURN(const bool rewrites_texts, FoldTail(*database_, tail, &batch_));
    if (rewrites_texts) ++text_generation_;  // before anybody can see what is written
    // Last, so that no row of a frame can say otherwise.
    std::string applied;
    PutBigEndian<uint64_t>(&applied, tail.last_index());
    TB_RETURN_IF_ERROR(
        FromRocks(batch_.Put(database_->handle(Family::kMeta), ToSlice(kMetaApplied), applied)));
    TB_RETURN_IF_ERROR(database_->Write(&batch_));
    unflushed_bytes_ += batch_.GetDataSize();
    const uint64_t generation = database_->db().GetLatestSequenceNumber();
    tail.VisitAccountNumbers([&](BankNumber bank, AccountNumber account) {
      database_->kept_rows().NoteMoved(AccountKey(bank, account), generation);
    });
    return absl::OkStatus();
  }

  absl::Status FlushFolded() ABSL_EXCLUSIVE_LOCKS_REQUIRED(fold_mutex_) {
    {
      absl::MutexLock lock(&mutex_);
      if (!failure_.ok()) return failure_;  // the log is to keep what it has
      flushed_at_ = absl::Now();
      flush_now_ = false;
    }
    // Looks are not worth a full disk: they wait for room, or for the next frame.
    if (folded_ == flushed_index() &&
        !(looks_unflushed_.load(std::memory_order_acquire) && FreeBytes() > kRoomBytes)) {
      return absl::OkStatus();
    }
    // Before the flush: what is put while it goes on is for the next one.
    looks_unflushed_.store(false, std::memory_order_release);
    TB_RETURN_IF_ERROR(OrFail(database_->Flush()));
    unflushed_bytes_ = 0;
    const bool further = flushed_.exchange(folded_, std::memory_order_acq_rel) != folded_;
    if (further && options_.on_flushed) options_.on_flushed(folded_);
    return absl::OkStatus();
  }

  // Where the system does not tell: more than anybody needs.
  uint64_t FreeBytes() const {
    if (options_.free_bytes) return options_.free_bytes();
    std::error_code none;
    const std::filesystem::space_info space = std::filesystem::space(options_.path, none);
    return none || space.capacity == 0 ? std::numeric_limits<uint64_t>::max() : space.available;
  }

  bool LookForRoom() {
    const uint64_t free = FreeBytes();
    absl::MutexLock lock(&mutex_);
    if (waits_for_room_) return false;
    // A tail takes more in memory than its rows will in a file.
    const uint64_t in_memory =
        growing_->bytes() + (sealed_ != nullptr ? sealed_->bytes() : 0) + unflushed_bytes_;
    if (free >= in_memory + options_.reserve_bytes) return true;
    // Once in files it takes less, and the log is trimmed.
    flush_now_ = applied_index() != flushed_index();
    return false;
  }

  // A failure of RocksDB's is one for good.
  absl::Status OrFail(absl::Status status) {
    if (status.ok()) return status;
    {
      absl::MutexLock lock(&mutex_);
      failure_ = status;
    }
    options_.on_background_error(status);
    return status;
  }

  // The worker's thread. OrFail tells about failures.
  void FoldNowAndThen() {
    while (WaitForWork()) {
      if (IsTimeToFlush()) {
        Flush().IgnoreError();
        continue;
      }
      absl::MutexLock folding(&fold_mutex_);
      FoldSealed().IgnoreError();
      if (unflushed_bytes_ >= options_.write_buffer_bytes) FlushFolded().IgnoreError();
    }
  }

  absl::Time NextFlush() const ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
    if (!failure_.ok()) return absl::InfiniteFuture();
    if (flush_now_) return absl::InfinitePast();
    if (options_.flush_interval_seconds <= 0) return absl::InfiniteFuture();
    return flushed_at_ + absl::Seconds(options_.flush_interval_seconds);
  }

  bool IsTimeToFlush() const {
    absl::ReaderMutexLock lock(&mutex_);
    return absl::Now() >= NextFlush();
  }

  // Returns when a tail is sealed or it is time to flush; false: the store is going.
  bool WaitForWork() {
    absl::MutexLock lock(&mutex_);
    const auto ready = [this]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
      return stopping_ || ((sealed_ != nullptr || flush_now_) && failure_.ok());
    };
    mutex_.AwaitWithDeadline(absl::Condition(&ready), NextFlush());
    return !stopping_;
  }

  const Options options_;
  const std::unique_ptr<DataFolder> folder_;  // goes last, with its lock
  const std::unique_ptr<Database> database_;

  std::atomic<uint64_t> applied_;
  std::atomic<uint64_t> flushed_;
  std::atomic<bool> looks_unflushed_ = false;
  std::atomic<uint64_t> unflushed_bytes_ = 0;  // changed by whoever holds fold_mutex_
  std::atomic<bool> has_room_ = true;          // when it was looked at
  std::atomic<int64_t> looked_ns_ = 0;

  absl::Mutex fold_mutex_;  // one fold or flush at a time, in order
  uint64_t folded_ ABSL_GUARDED_BY(fold_mutex_);
  uint64_t text_generation_ ABSL_GUARDED_BY(fold_mutex_) =
      0;  // of the texts that are kept, in this process's life
  // Kept for its memory: a batch that grows anew with every tail is copied, and its pages are made, each
  // time.
  rocksdb::WriteBatch batch_ ABSL_GUARDED_BY(fold_mutex_) = Database::NewBatch();
  // Held while a frame is added, so that its tail is not sealed meanwhile.
  absl::Mutex apply_mutex_ ABSL_ACQUIRED_AFTER(fold_mutex_);
  absl::flat_hash_map<BankNumber, Sequence> ends_ ABSL_GUARDED_BY(apply_mutex_);  // of banks that were met

  mutable absl::Mutex mutex_ ABSL_ACQUIRED_AFTER(apply_mutex_);
  std::shared_ptr<Tail> growing_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<const Tail> sealed_ ABSL_GUARDED_BY(mutex_);  // waits for the fold, or is in it
  absl::Time sealed_at_ ABSL_GUARDED_BY(mutex_);
  absl::Duration fold_takes_ ABSL_GUARDED_BY(mutex_);  // the last full tail took so long from then on
  std::shared_ptr<const Parts> parts_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<const View::Impl> latest_ ABSL_GUARDED_BY(mutex_);
  uint64_t directory_index_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Time flushed_at_ ABSL_GUARDED_BY(mutex_);
  bool waits_for_room_ ABSL_GUARDED_BY(mutex_) = false;  // a thread of RocksDB's does
  bool flush_now_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Status failure_ ABSL_GUARDED_BY(mutex_);  // of a fold or a flush, for good
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;

  std::thread worker_;
};

absl::StatusOr<uint64_t> ReadNumber(const Database& database, std::string_view name, size_t bytes) {
  std::string value;
  const rocksdb::Status status =
      database.db().Get(rocksdb::ReadOptions(), database.handle(Family::kMeta), ToSlice(name), &value);
  if (status.IsNotFound()) return 0;
  TB_RETURN_IF_ERROR(FromRocks(status));
  if (value.size() != bytes) {
    return absl::DataLossError(
        absl::StrCat("CORRUPT_RECORD: meta row ", absl::string_view(name.data(), name.size())));
  }
  return bytes == 4 ? GetBigEndian<uint32_t>(value.data()) : GetBigEndian<uint64_t>(value.data());
}

constexpr uint64_t kLookingCacheBytes = 8u << 20;

constexpr Formats kFormats{.newest = kFormatVersion, .oldest = kOldestFormat};

// RocksDB's own word for the format, of which it makes today's: it goes with the data where db/ is copied
// without the file FORMAT.
absl::Status CheckFormat(Database* database) {
  TB_ASSIGN_OR_RETURN(const uint64_t format, ReadNumber(*database, kMetaFormat, sizeof(uint32_t)));
  if (format != 0) TB_RETURN_IF_ERROR(CheckReadable("db/", format, kFormats));
  if (format == kFormatVersion) return absl::OkStatus();
  rocksdb::WriteBatch batch = Database::NewBatch();
  std::string number;
  PutBigEndian<uint32_t>(&number, kFormatVersion);
  TB_RETURN_IF_ERROR(FromRocks(batch.Put(database->handle(Family::kMeta), ToSlice(kMetaFormat), number)));
  TB_RETURN_IF_ERROR(database->Write(&batch));
  return format == 0 ? absl::OkStatus() : database->Flush();
}

}  // namespace

absl::StatusOr<std::unique_ptr<Store>> Store::Open(Options options) {
  // RocksDB and the fold both tell; the first one counts.
  options.on_background_error = [told = std::make_shared<std::atomic<bool>>(false),
                                 tell = std::move(options.on_background_error)](absl::Status why) {
    if (tell && !told->exchange(true)) tell(std::move(why));
  };
  TB_ASSIGN_OR_RETURN(std::unique_ptr<DataFolder> folder, DataFolder::Open(options.path, kFormats));
  TB_ASSIGN_OR_RETURN(std::unique_ptr<Database> database,
                      Database::Open({.path = folder->database_path(),
                                      .block_cache_bytes = options.block_cache_bytes,
                                      .tail_bytes = options.tail_bytes,
                                      .on_background_error = options.on_background_error,
                                      .free_bytes = options.free_bytes}));
  TB_RETURN_IF_ERROR(CheckFormat(database.get()));
  TB_RETURN_IF_ERROR(folder->Raise(kFormatVersion));
  TB_ASSIGN_OR_RETURN(const uint64_t applied, ReadNumber(*database, kMetaApplied, sizeof(uint64_t)));
  return std::make_unique<StoreImpl>(std::move(options), std::move(folder), std::move(database), applied);
}

absl::StatusOr<uint64_t> VerifyDatabase(const std::string& path) {
  TB_ASSIGN_OR_RETURN(const std::unique_ptr<Database> database,
                      Database::Open({.path = path,
                                      .block_cache_bytes = kLookingCacheBytes,
                                      .tail_bytes = kLookingCacheBytes,
                                      .on_background_error = [](const absl::Status&) {},
                                      .look_only = true}));
  TB_RETURN_IF_ERROR(database->VerifyFiles());
  return ReadNumber(*database, kMetaApplied, sizeof(uint64_t));
}

}  // namespace timebank::storage
