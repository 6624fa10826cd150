// What names and numbers mean: banks, holders, categories and keys, remembered from call to call.
//
// The rows behind them change seldom and are asked for in every call. A Directory remembers what was read
// of them at one version (see DirectoryVersionOf); a NamedView is a view together with the Directory of its
// version, so that whoever reads through it gets what the view has, whatever has changed since. What it
// remembers is bounded: what was not asked for in a while is forgotten and read again.
//
// Errors: the view's; those are not remembered, nor is that something is not there.
// Threads: any.
#ifndef TIMEBANK_SERVER_SERVICES_DIRECTORY_H_
#define TIMEBANK_SERVER_SERVICES_DIRECTORY_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "storage/types.h"
#include "storage/view.h"
#include "timebank/storage/v1/rows.pb.h"

namespace timebank::services {

// The version of all rows that a Directory is made of, as `view` has them: views of one version have the
// same rows. It only grows.
uint64_t DirectoryVersionOf(const storage::View& view);

// One bank, but for what moves with every entry.
struct BankRecord {
  storage::BankNumber number = 0;
  uint64_t epoch = 0;  // of the instance
  storage::v1::BankRow row;
  absl::TimeZone zone;  // UTC where this machine does not know it any more
};

// A member, circle or pot as replies speak of it.
struct HolderRecord {
  std::string name;                                     // timebanks/rushey/members/ana
  std::string display_name;                             // never empty
  uint32_t member_kind = 0;                             // timebank.v1.Member.Kind; members only
  storage::AccountNumber merged_into = 0;               // 0: not merged
  std::vector<storage::AccountNumber> merged_accounts;  // into this one
};

// A map that holds between `most` and twice as many entries when full: what was asked for since the newer
// half began stays. Value must be cheap to copy. Threads: any.
template <typename Key, typename Value>
class RecentMap {
 public:
  explicit RecentMap(size_t most) : most_(most) {}

  template <typename AnyKey>
  std::optional<Value> Find(const AnyKey& key) {
    {
      absl::ReaderMutexLock lock(&mutex_);
      if (auto found = newer_.find(key); found != newer_.end()) return found->second;
      if (!older_.contains(key)) return std::nullopt;
    }
    absl::MutexLock lock(&mutex_);
    auto found = older_.find(key);
    if (found == older_.end()) return std::nullopt;
    Value value = found->second;
    PutLocked(Key(key), value);
    return value;
  }

  void Put(Key key, Value value) {
    absl::MutexLock lock(&mutex_);
    PutLocked(std::move(key), std::move(value));
  }

 private:
  void PutLocked(Key key, Value value) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (newer_.size() >= most_) older_ = std::exchange(newer_, {});
    newer_.insert_or_assign(std::move(key), std::move(value));
  }

  const size_t most_;
  absl::Mutex mutex_;
  absl::flat_hash_map<Key, Value> newer_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_map<Key, Value> older_ ABSL_GUARDED_BY(mutex_);
};

// One version. Every `view` that is given must be of that version.
class Directory {
 public:
  explicit Directory(uint64_t version);

  uint64_t version() const { return version_; }

  // By id; empty where there is none.
  absl::StatusOr<std::shared_ptr<const BankRecord>> FindBank(const storage::View& view,
                                                             const std::string& id);
  // By number, for what was there when it was learnt; empty where it was deleted since.
  absl::StatusOr<std::shared_ptr<const BankRecord>> BankOf(const storage::View& view,
                                                           storage::BankNumber number);

  // The account of the member or circle `id`, a merged member's survivor; 0 where there is none.
  absl::StatusOr<storage::AccountNumber> FindHolder(const storage::View& view, const BankRecord& bank,
                                                    storage::HolderKind kind, std::string_view id);
  // For accounts that facts speak of.
  absl::StatusOr<std::shared_ptr<const HolderRecord>> HolderOf(const storage::View& view,
                                                               const BankRecord& bank,
                                                               storage::AccountNumber account);

  // A category's word (empty where there is none), or a key's resource name.
  absl::StatusOr<std::shared_ptr<const std::string>> WordOf(const storage::View& view, const BankRecord& bank,
                                                            storage::DirectoryKind kind, uint64_t number);

 private:
  using InBank = std::pair<storage::BankNumber, uint64_t>;

  absl::StatusOr<std::shared_ptr<const BankRecord>> ReadBank(const storage::View& view,
                                                             storage::BankNumber number, uint64_t epoch);
  absl::StatusOr<std::shared_ptr<const HolderRecord>> ReadHolder(const storage::View& view,
                                                                 const BankRecord& bank,
                                                                 storage::AccountNumber account);

  const uint64_t version_;
  RecentMap<std::string, std::shared_ptr<const BankRecord>> banks_by_id_;
  RecentMap<storage::BankNumber, std::shared_ptr<const BankRecord>> banks_;
  RecentMap<std::string, storage::AccountNumber> accounts_;  // by bank, kind and id
  RecentMap<InBank, std::shared_ptr<const HolderRecord>> holders_;
  RecentMap<InBank, std::shared_ptr<const std::string>> words_;  // by kind << 56 | number
};

// A position of the ledger, and what names mean there. Cheap to copy.
struct Caller;

struct NamedView {
  storage::View view;
  std::shared_ptr<Directory> directory;
  const Caller* seen_by = nullptr;  // who is told of it; null: one who sees everything

  // The same position; reads never touch the disk.
  NamedView InMemory() const { return {view.InMemory(), directory, seen_by}; }
  // The same, told to `caller`, who must outlive it.
  NamedView SeenBy(const Caller& caller) const { return {view, directory, &caller}; }
};

// Keeps the Directory of the newest version that was asked for.
class DirectoryCache {
 public:
  // Views of an older version get a Directory of their own, which nobody shares.
  NamedView At(storage::View view);

 private:
  absl::Mutex mutex_;
  std::shared_ptr<Directory> newest_ ABSL_GUARDED_BY(mutex_);
};

// The row of the server itself; its epoch is part of every position. NOT_SERVING where there is none yet.
absl::StatusOr<storage::v1::InstanceRow> ReadInstance(const storage::View& view);

}  // namespace timebank::services

#endif  // TIMEBANK_SERVER_SERVICES_DIRECTORY_H_
