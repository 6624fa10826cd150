// The keys of a server and of its banks: made, found, revoked, kept.
//
// They lie in one file of the ledger's folder, `keys`, written whole beside the old one, synced and renamed
// into its place: a few hundred keys, changed a few times a year. What was answered is on disk. A key itself
// is not kept: what is, is its HMAC-SHA-256 under the pepper. A check value of the pepper is kept with them,
// so that another one is noticed at the start, and not by every key being unknown.
//
// No key is ever taken out: what was done with it names its owner. So finding one takes no lock: the table
// only grows, and what changes of a key is an atomic number.
//
// Threads: any. Create and Revoke write to disk and wait for that; the others do not block.
#ifndef TIMEBANK_SERVER_ACCESS_KEY_STORE_H_
#define TIMEBANK_SERVER_ACCESS_KEY_STORE_H_

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "server/access/identity.h"
#include "server/access/meter.h"
#include "server/services/caller.h"
#include "storage/file_system.h"
#include "storage/hash.h"
#include "timebank/storage/v1/access.pb.h"

namespace timebank::access {

// More keys than any server needs, and few enough to be read and written at once.
inline constexpr size_t kMostKeys = 8192;
// Of one bank, revoked ones too: nobody's steward can leave none for others.
inline constexpr size_t kMostKeysOfBank = 1024;
// Are kept for the server's own.
inline constexpr size_t kKeysOfServer = 256;

class KeyStore;

// One key. Lives as long as its store.
class Key final : public services::Standing {
 public:
  Key(storage::v1::KeyRow row);

  const std::string& id() const { return row_.id(); }
  const Identity& identity() const { return identity_; }
  // What it has used up of its allowance, and all keys of its bank together of theirs; null: of the server.
  Meter& meter() const { return meter_; }
  const std::shared_ptr<Meter>& bank_meter() const { return bank_meter_; }

  absl::Status Check(int64_t now_us) const override;

 private:
  friend class KeyStore;

  const storage::v1::KeyRow row_;  // as it was made, or found in the file
  const Identity identity_;
  std::atomic<int64_t> revoked_us_;
  mutable std::atomic<int64_t> used_us_;  // to the minute
  mutable Meter meter_;
  std::shared_ptr<Meter> bank_meter_;  // constant once the store has it
  std::string revoked_by_;             // guarded by the store's mutex
};

class KeyStore {
 public:
  struct Options {
    std::string folder;  // the ledger's; must exist
    std::string pepper;
    std::string pepper_path = {};           // where it lies, to be named in errors
    bool new_pepper = false;                // it takes the place of one that is lost
    storage::FileSystem* files = nullptr;   // the system's when null
    std::function<int64_t()> now_us = {};   // the system's clock when empty
    std::function<void()> on_revoked = {};  // called after each Revoke, by its thread
    int64_t keep_use_seconds = 300;         // how often last uses are written down; 0: at the end only
  };

  // DATA_LOSS: the file is damaged. UNAVAILABLE: it cannot be read. FAILED_PRECONDITION: its keys were made
  // under other peppers than this. No file: no keys.
  static absl::StatusOr<std::unique_ptr<KeyStore>> Open(Options options);
  ~KeyStore();  // writes down last uses
  KeyStore(const KeyStore&) = delete;
  KeyStore& operator=(const KeyStore&) = delete;

  // Whether the file in `folder` has keys, revoked ones too. DATA_LOSS, UNAVAILABLE: as Open.
  static absl::StatusOr<bool> HasKeys(const std::string& folder);
  // Revoked ones too.
  bool HasAny() const;

  struct Created {
    const Key* key = nullptr;
    std::string text;  // the key itself; empty where `replayed`
    bool replayed = false;
  };
  // Makes a key that stands for `row`, whose id, mac and times are filled in here. TOO_MANY,
  // REQUEST_ID_REUSED
  // (`row.request` is known, and came with another `row.request_body`), DISK_FULL, NOT_SERVING.
  absl::StatusOr<Created> Create(storage::v1::KeyRow row);

  // Ends a key; `again`: it was revoked before. KEY_NOT_FOUND where there is none of this id in `bank` (0:
  // the server's), DISK_FULL, NOT_SERVING.
  struct Revoked {
    const Key* key = nullptr;
    bool again = false;
  };
  absl::StatusOr<Revoked> Revoke(std::string_view id, uint64_t bank, const std::string& by);

  // Whose key `text` is, and notes the use. KEY_UNKNOWN, KEY_REVOKED, KEY_EXPIRED; with the latter two `id`
  // is filled in as well.
  absl::StatusOr<const Key*> Verify(std::string_view text, std::string* id = nullptr) const;

  // As it is now.
  storage::v1::KeyRow Row(const Key& key) const;
  // Made under a pepper that is not this store's, so nobody can call with it; not told of one made before
  // that was kept. Any thread.
  bool OfAnotherPepper(const storage::v1::KeyRow& row) const {
    return !row.pepper_check().empty() && row.pepper_check() != pepper_check_;
  }
  // Those of `bank` (0: the server's), in order of creation, from the `from`th key of the server on (0: the
  // first); at most `most`. `next`: where to go on, 0 where that were all.
  std::vector<const Key*> List(uint64_t bank, size_t from, size_t most, size_t* next) const;

  // Of all callers of a bank together, by its id. Takes a lock.
  std::shared_ptr<Meter> MeterOfBank(const std::string& bank_id) const {
    return bank_meters_.Of(bank_id, NowNs());
  }

  int64_t NowUs() const { return options_.now_us(); }

 private:
  static constexpr size_t kSlots = 2 * kMostKeys;

  explicit KeyStore(Options options);
  absl::Status Read();
  absl::Status CheckPepper() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Writes all keys, and `more` behind them; `revoked` as revoked at that time by somebody.
  absl::Status Write(const storage::v1::KeyRow* more, const Key* revoked, int64_t revoked_us,
                     const std::string& revoked_by) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Add(std::unique_ptr<Key> key) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  const Key* Find(std::string_view id) const;
  storage::v1::KeyRow RowLocked(const Key& key) const ABSL_SHARED_LOCKS_REQUIRED(mutex_);
  void KeepUses();

  const Options options_;
  const storage::HmacKey pepper_;
  const std::string pepper_check_;  // what `pepper_` is known again by
  const std::unique_ptr<std::array<std::atomic<const Key*>, kSlots>>
      slots_;                               // open addressing, never emptied
  mutable std::atomic<bool> used_ = false;  // there are uses that are not written down
  // A key of the file was made under this pepper: its check value is in the file, or comes with the next
  // write.
  mutable std::atomic<bool> pepper_known_ = false;
  mutable Meters bank_meters_{kMostKeys};

  mutable absl::Mutex mutex_;
  std::vector<std::unique_ptr<Key>> keys_ ABSL_GUARDED_BY(mutex_);  // in order of creation
  std::vector<std::string> pepper_checks_ ABSL_GUARDED_BY(mutex_);  // as in the file
  bool ending_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread keeper_;  // writes down last uses
};

}  // namespace timebank::access

#endif  // TIMEBANK_SERVER_ACCESS_KEY_STORE_H_
