#include "storage/database.h"

#include <rocksdb/cache.h>
#include <rocksdb/convenience.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/listener.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/table.h>

#include <algorithm>
#include <cassert>
#include <cstdarg>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "storage/keys.h"
#include "storage/rocksdb_log.h"
#include "storage/status_macros.h"
#include "storage/view.h"

namespace timebank::storage {
namespace {

constexpr char kNotInMemoryUrl[] = "timebank.storage/not-in-memory";

constexpr size_t kAccountPrefixBytes = 12;  // bank · account

// Memory that a family's buffer takes at once; RocksDB's own choice, times 17 families, would be more than a
// small bank needs for everything.
constexpr size_t kArenaBlockBytes = 32u << 10;

constexpr size_t kMetadataBlockBytes = 4u << 10;  // a piece of an index or a filter

constexpr size_t kProtectionBytes = 8;

struct FamilyTraits {
  const char* name;
  size_t block_bytes;  // pages and blocks are large values, and compress better together
  Family family;
  bool account_prefix;
  bool by_member = false;     // as many rows as there are members, read one by one by each command
  bool often_absent = false;  // rows are looked for by nearly each command, and hardly ever there
};

constexpr FamilyTraits kFamilies[] = {
    {"meta", 4u << 10, Family::kMeta, false},
    {"account", 4u << 10, Family::kAccount, true, true},
    {"directory", 4u << 10, Family::kDirectory, false, true},
    {"slug", 4u << 10, Family::kSlug, false, true},
    {"request", 4u << 10, Family::kRequest, false, false, true},
    {"origin", 4u << 10, Family::kOrigin, false, false, true},
    {"mark", 4u << 10, Family::kMark, true},
    {"text", 8u << 10, Family::kText, false},
    {"clock", 4u << 10, Family::kClock, false},
    {"act", 4u << 10, Family::kAct, true},
    {"grant", 4u << 10, Family::kGrant, false},
    {"journal", 32u << 10, Family::kJournal, false},
    {"statement", 8u << 10, Family::kStatement, true},
    {"day", 8u << 10, Family::kDay, true},
    {"month", 8u << 10, Family::kMonth, true},
    {"tree", 8u << 10, Family::kTree, false},
    {"look", 4u << 10, Family::kLook, true},
};

class ErrorListener final : public rocksdb::EventListener {
 public:
  explicit ErrorListener(std::function<void(absl::Status)> report) : report_(std::move(report)) {}

  void OnBackgroundError(rocksdb::BackgroundErrorReason, rocksdb::Status* error) override {
    if (error->IsShutdownInProgress()) return;  // what was under way when the database was closed
    if (!reported_.exchange(true) && report_) report_(FromRocks(*error));
  }
  // Where a full disk is met all the same (by a sync, or while closing) that is for good, too: see
  // PatientFiles.
  void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason, rocksdb::Status, bool* auto_recovery) override {
    *auto_recovery = false;
  }

 private:
  const std::function<void(absl::Status)> report_;
  std::atomic<bool> reported_{false};
};

bool IsSupported(rocksdb::CompressionType type) {
  static const std::vector<rocksdb::CompressionType> kSupported = rocksdb::GetSupportedCompressions();
  return std::find(kSupported.begin(), kSupported.end(), type) != kSupported.end();
}

rocksdb::ColumnFamilyOptions FamilyOptions(const FamilyTraits& traits, uint64_t tail_bytes,
                                           const std::shared_ptr<rocksdb::Cache>& cache) {
  rocksdb::ColumnFamilyOptions options;
  // A tail is one write, and is flushed when it is done: a buffer that were full before would only make more
  // and smaller files.
  options.write_buffer_size = 2 * tail_bytes;
  options.max_write_buffer_number = 4;
  options.arena_block_size = kArenaBlockBytes;
  options.compression =
      IsSupported(rocksdb::kLZ4Compression) ? rocksdb::kLZ4Compression : rocksdb::kNoCompression;
  if (IsSupported(rocksdb::kZSTD)) {
    options.bottommost_compression = rocksdb::kZSTD;
    // Much of what is kept are salts and hashes, which no level makes smaller; higher ones only try for
    // longer.
    options.bottommost_compression_opts.enabled = true;
    options.bottommost_compression_opts.level = 1;
  }
  // Each fold brings a file: looking through some more of them costs less than rewriting them so often.
  options.level0_file_num_compaction_trigger = 8;

  rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache;
  table.block_size = traits.block_bytes;
  table.format_version = 5;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  // Beside the prefixes; without them this version of RocksDB would lose rows where a reader goes backward
  // over the border of two pieces of a filter.
  table.whole_key_filtering = true;
  if (traits.by_member) {
    // A member whom nobody has asked for lately costs two lookups in these and more, each in every file that
    // might have the row. Filters and indexes are two bytes a row; beside the cache they are found without
    // asking it.
    table.data_block_index_type = rocksdb::BlockBasedTableOptions::kDataBlockBinaryAndHash;
  } else {
    // In pieces of a few kilobytes: a lookup reads one of them, however large the file is.
    table.partition_filters = true;
    table.index_type = rocksdb::BlockBasedTableOptions::kTwoLevelIndexSearch;
    table.metadata_block_size = kMetadataBlockBytes;
    // So that memory is what the cache's size says, however many files there are.
    table.cache_index_and_filter_blocks = true;
    table.cache_index_and_filter_blocks_with_high_priority = true;
    table.pin_l0_filter_and_index_blocks_in_cache = true;
  }
  if (traits.account_prefix) {
    options.prefix_extractor.reset(rocksdb::NewFixedPrefixTransform(kAccountPrefixBytes));
  }
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

// For who only looks: the log is a file of the folder.
class NoLog final : public rocksdb::Logger {
 public:
  using Logger::Logv;
  void Logv(const char*, va_list) override {}
};

rocksdb::DBOptions InstanceOptions(const Database::Options& options) {
  rocksdb::DBOptions db;
  db.create_if_missing = true;
  db.create_missing_column_families = true;
  db.atomic_flush = true;
  db.paranoid_checks = true;
  // There is one writer, but for a few looks now and then.
  db.allow_concurrent_memtable_write = false;
  db.enable_write_thread_adaptive_yield = false;
  db.max_background_jobs = 2;
  db.max_open_files = 512;
  db.info_log = options.look_only ? std::shared_ptr<rocksdb::Logger>(std::make_shared<NoLog>())
                                  : NewRocksDbLog(options.path + ".log");
  db.max_manifest_file_size = 4u << 20;
  db.stats_dump_period_sec = 0;
  db.stats_persist_period_sec = 0;
  db.bytes_per_sync = 1u << 20;
  db.listeners.push_back(std::make_shared<ErrorListener>(options.on_background_error));
  return db;
}

rocksdb::WriteOptions WithoutLog() {
  rocksdb::WriteOptions options;
  options.disableWAL = true;
  return options;
}

}  // namespace

bool IsNotInMemory(const absl::Status& status) { return status.GetPayload(kNotInMemoryUrl).has_value(); }

absl::Status NotInMemory() {
  absl::Status status = absl::UnavailableError("the answer is not in memory");
  status.SetPayload(kNotInMemoryUrl, absl::Cord());
  return status;
}

absl::Status FromRocks(const rocksdb::Status& status) {
  if (status.ok()) return absl::OkStatus();
  const std::string message = status.ToString();
  if (status.IsCorruption()) return absl::DataLossError(absl::StrCat("CORRUPT_RECORD: ", message));
  if (status.IsNoSpace()) return absl::ResourceExhaustedError(message);
  if (status.IsIncomplete()) return NotInMemory();
  if (status.IsIOError() || status.IsBusy() || status.IsTimedOut() || status.IsTryAgain() ||
      status.IsAborted() || status.IsShutdownInProgress()) {
    return absl::UnavailableError(message);
  }
  return absl::InternalError(message);
}

bool IsFamily(uint32_t number) {
  return std::any_of(std::begin(kFamilies), std::end(kFamilies), [number](const FamilyTraits& traits) {
    return static_cast<uint32_t>(traits.family) == number;
  });
}

bool Database::HasAccountPrefix(Family family) {
  return std::any_of(std::begin(kFamilies), std::end(kFamilies), [family](const FamilyTraits& traits) {
    return traits.family == family && traits.account_prefix;
  });
}

std::vector<Family> Database::BankFamilies() {
  std::vector<Family> families;
  for (const FamilyTraits& traits : kFamilies) {
    if (traits.family != Family::kMeta) families.push_back(traits.family);
  }
  return families;
}

absl::StatusOr<std::unique_ptr<Database>> Database::Open(const Options& options) {
  // In few pieces: what is larger than one of them is read from the file again each time. RocksDB would cut
  // 64 MB into pieces of one.
  const std::shared_ptr<rocksdb::Cache> cache =
      rocksdb::NewLRUCache(options.block_cache_bytes, options.block_cache_bytes < (32u << 20) ? 0 : 2);
  std::unique_ptr<Database> database(new Database);
  database->kept_rows_ = std::make_unique<RowCache>(cache);
  database->files_ = std::make_shared<PatientFiles>(options.free_bytes);
  database->env_ = rocksdb::NewCompositeEnv(database->files_);
  rocksdb::DBOptions instance = InstanceOptions(options);
  instance.env = database->env_.get();
  // An older folder lacks some; opened for looking it does not get them.
  std::vector<std::string> there;
  if (options.look_only) {
    TB_RETURN_IF_ERROR(FromRocks(rocksdb::DB::ListColumnFamilies(instance, options.path, &there)));
  }
  std::vector<rocksdb::ColumnFamilyDescriptor> descriptors;
  std::vector<Family> families;
  // RocksDB insists on a family of this name; it stays empty.
  descriptors.emplace_back(rocksdb::kDefaultColumnFamilyName,
                           FamilyOptions({"", 4u << 10, Family::kMeta, false}, 1u << 20, cache));
  for (const FamilyTraits& traits : kFamilies) {
    if (options.look_only && std::find(there.begin(), there.end(), traits.name) == there.end()) continue;
    descriptors.emplace_back(traits.name, FamilyOptions(traits, options.tail_bytes, cache));
    families.push_back(traits.family);
  }
  rocksdb::DB* db = nullptr;
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  TB_RETURN_IF_ERROR(FromRocks(
      options.look_only ? rocksdb::DB::OpenForReadOnly(instance, options.path, descriptors, &handles, &db)
                        : rocksdb::DB::Open(instance, options.path, descriptors, &handles, &db)));
  database->db_.reset(db);
  database->db_->DestroyColumnFamilyHandle(handles[0]);
  for (size_t i = 0; i < families.size(); ++i) {
    database->handles_[static_cast<size_t>(families[i])] = handles[i + 1];
  }
  for (const FamilyTraits& traits : kFamilies) {
    if (!traits.often_absent || options.look_only) continue;
    database->absence_[static_cast<size_t>(traits.family)] = std::make_unique<AbsenceFilter>(
        [rows = database.get(), family = traits.family](BankNumber bank, std::string_view after, size_t most,
                                                        std::vector<std::string>* keys) {
          return rows->ReadKeys(family, bank, after, most, keys);
        });
  }
  return database;
}

absl::Status Database::VerifyFiles() const { return FromRocks(db_->VerifyChecksum(rocksdb::ReadOptions())); }

Database::~Database() {
  absence_ = {};  // their threads read
  assert(snapshots_ == 0);
  if (db_ == nullptr) return;
  for (rocksdb::ColumnFamilyHandle* handle : handles_) {
    if (handle != nullptr) db_->DestroyColumnFamilyHandle(handle);
  }
  db_->Close().PermitUncheckedError();
}

absl::Status Database::ReadKeys(Family family, BankNumber bank, std::string_view after, size_t most,
                                std::vector<std::string>* keys) const {
  rocksdb::ReadOptions options;
  options.fill_cache = false;  // they are read once, and callers want what is there
  const std::string prefix = BankPrefix(bank);
  const std::unique_ptr<rocksdb::Iterator> rows(db_->NewIterator(options, handle(family)));
  for (rows->Seek(ToSlice(after.empty() ? prefix : after));
       rows->Valid() && rows->key().starts_with(prefix) && keys->size() < most; rows->Next()) {
    if (rows->key() != ToSlice(after)) keys->push_back(rows->key().ToString());
  }
  return FromRocks(rows->status());
}

rocksdb::WriteBatch Database::NewBatch() {
  return rocksdb::WriteBatch(/*reserved_bytes=*/0, /*max_bytes=*/0, kProtectionBytes,
                             /*default_cf_ts_sz=*/0);
}

absl::Status Database::Write(rocksdb::WriteBatch* batch) {
  return FromRocks(db_->Write(WithoutLog(), batch));
}

absl::Status Database::Flush() {
  std::vector<rocksdb::ColumnFamilyHandle*> families;
  for (rocksdb::ColumnFamilyHandle* handle : handles_) {
    if (handle != nullptr) families.push_back(handle);
  }
  return FromRocks(db_->Flush(rocksdb::FlushOptions(), families));
}

DatabaseFigures Database::Figures() const {
  using Properties = rocksdb::DB::Properties;
  const auto sum = [this](const std::string& property) {
    uint64_t value = 0;
    return db_->GetAggregatedIntProperty(property, &value) ? value : 0;
  };
  const auto one = [this](const std::string& property) {
    uint64_t value = 0;
    return db_->GetIntProperty(property, &value) ? value : 0;
  };
  DatabaseFigures figures;
  figures.block_cache_bytes = one(Properties::kBlockCacheUsage);
  figures.memtable_bytes = sum(Properties::kSizeAllMemTables);
  figures.sst_bytes = sum(Properties::kTotalSstFilesSize);
  figures.live_data_bytes = sum(Properties::kEstimateLiveDataSize);
  figures.pending_compaction_bytes = sum(Properties::kEstimatePendingCompactionBytes);
  figures.keys = sum(Properties::kEstimateNumKeys);
  figures.running_compactions = one(Properties::kNumRunningCompactions);
  figures.running_flushes = one(Properties::kNumRunningFlushes);
  figures.snapshots = one(Properties::kNumSnapshots);
  figures.write_stopped = one(Properties::kIsWriteStopped);
  figures.background_errors = one(Properties::kBackgroundErrors);
  for (rocksdb::ColumnFamilyHandle* handle : handles_) {
    std::string files;
    uint64_t count = 0;
    if (handle != nullptr && db_->GetProperty(handle, Properties::kNumFilesAtLevelPrefix + "0", &files) &&
        absl::SimpleAtoi(files, &count)) {
      figures.level0_files += count;
    }
  }
  return figures;
}

const rocksdb::Snapshot* Database::TakeSnapshot() {
  snapshots_.fetch_add(1, std::memory_order_relaxed);
  return db_->GetSnapshot();
}

void Database::ReleaseSnapshot(const rocksdb::Snapshot* snapshot) {
  db_->ReleaseSnapshot(snapshot);
  snapshots_.fetch_sub(1, std::memory_order_relaxed);
}

}  // namespace timebank::storage
