#include "server/access/key_store.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <utility>

#include "absl/hash/hash.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "server/access/key_text.h"
#include "server/access/pepper.h"
#include "server/engine/random.h"
#include "server/ledger/error.h"
#include "server/services/days.h"
#include "storage/coding.h"
#include "storage/crc32c.h"
#include "storage/status_macros.h"
#include "storage/threads.h"

namespace timebank::access {
namespace {

namespace sv1 = storage::v1;
using ledger::ErrorOf;
using ledger::Reason;

constexpr std::string_view kFileStart = "timebank-keys 1\n";
constexpr size_t kSumBytes = sizeof(uint32_t);
// What a pepper is known again by. It is no key: keys begin otherwise.
constexpr std::string_view kPepperCheck = "timebank pepper 1";
constexpr int64_t kMinuteUs = 60'000'000;

std::string SumOf(std::string_view bytes) {
  std::string sum;
  storage::PutBigEndian(&sum, storage::Crc32c(bytes));
  return sum;
}

Identity IdentityOf(const sv1::KeyRow& row) {
  return {.owner = row.owner(),
          .role = static_cast<v1::Role>(row.role()),
          .bank = row.bank_id(),
          .bank_number = row.bank(),
          .member = row.member(),
          .scopes = {row.scopes().begin(), row.scopes().end()},
          .may_state_member = row.may_state_member()};
}

size_t SlotOf(std::string_view id) { return absl::HashOf(absl::string_view(id.data(), id.size())); }

// As it goes to the caller: the disk is full, or cannot be written.
absl::Status ToCaller(const absl::Status& status) {
  if (absl::IsResourceExhausted(status)) {
    return ErrorOf(Reason::kDiskFull, "the server's disk is full; no key was changed");
  }
  return ErrorOf(Reason::kNotServing, "the keys cannot be written");
}

std::string PathOf(const std::string& folder) { return folder + "/keys"; }

// Without keys where there is no file.
absl::StatusOr<sv1::KeyFile> ReadKeys(storage::FileSystem& files, const std::string& path) {
  sv1::KeyFile keys;
  absl::StatusOr<std::unique_ptr<storage::File>> file = files.Open(path);
  if (absl::IsNotFound(file.status())) return keys;
  TB_RETURN_IF_ERROR(file.status());
  TB_ASSIGN_OR_RETURN(const uint64_t size, (*file)->Size());
  std::string bytes(size, '\0');
  TB_ASSIGN_OR_RETURN(const size_t read, (*file)->ReadAt(0, std::span(bytes.data(), bytes.size())));
  bytes.resize(read);
  const std::string_view all = bytes;
  const std::string_view body = all.substr(std::min(all.size(), kFileStart.size() + kSumBytes));
  if (!all.starts_with(kFileStart) || all.size() < kFileStart.size() + kSumBytes ||
      all.substr(kFileStart.size(), kSumBytes) != SumOf(body) ||
      !keys.ParseFromArray(body.data(), static_cast<int>(body.size())) ||
      static_cast<size_t>(keys.keys_size()) > kMostKeys) {
    return absl::DataLossError(absl::StrCat(path, " is damaged, or not a file of keys"));
  }
  return keys;
}

}  // namespace

Key::Key(sv1::KeyRow row)
    : row_(std::move(row)),
      identity_(IdentityOf(row_)),
      revoked_us_(row_.revoked_us()),
      used_us_(row_.last_used_us()),
      revoked_by_(row_.revoked_by()) {}

absl::Status Key::Check(int64_t now_us) const {
  if (revoked_us_.load(std::memory_order_acquire) != 0) {
    return ErrorOf(Reason::kKeyRevoked, "this key was revoked");
  }
  if (row_.expires_us() != 0 && row_.expires_us() <= now_us) {
    return ErrorOf(Reason::kKeyExpired, "this key has expired");
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<KeyStore>> KeyStore::Open(Options options) {
  std::unique_ptr<KeyStore> store(new KeyStore(std::move(options)));
  TB_RETURN_IF_ERROR(store->Read());
  if (store->options_.keep_use_seconds > 0) {
    store->keeper_ = std::thread([mine = store.get()] {
      storage::NameThread("keys");
      mine->KeepUses();
    });
  }
  return store;
}

KeyStore::KeyStore(Options options)
    : options_([&] {
        if (options.files == nullptr) options.files = &storage::FileSystem::Posix();
        if (!options.now_us) options.now_us = services::SystemNowUs;
        return std::move(options);
      }()),
      pepper_(options_.pepper),
      pepper_check_(pepper_.Of(kPepperCheck).bytes()),
      slots_(std::make_unique<std::array<std::atomic<const Key*>, kSlots>>()) {}

KeyStore::~KeyStore() {
  {
    absl::MutexLock lock(&mutex_);
    ending_ = true;
  }
  if (keeper_.joinable()) keeper_.join();
  absl::MutexLock lock(&mutex_);
  // Nobody is left who could be told; the uses of some minutes are lost.
  if (used_.exchange(false)) Write(nullptr, nullptr, 0, "").IgnoreError();
}

absl::StatusOr<bool> KeyStore::HasKeys(const std::string& folder) {
  TB_ASSIGN_OR_RETURN(const sv1::KeyFile keys, ReadKeys(storage::FileSystem::Posix(), PathOf(folder)));
  return keys.keys_size() > 0;
}

bool KeyStore::HasAny() const {
  absl::MutexLock lock(&mutex_);
  return !keys_.empty();
}

absl::Status KeyStore::Read() {
  const std::string path = PathOf(options_.folder);
  TB_ASSIGN_OR_RETURN(sv1::KeyFile keys, ReadKeys(*options_.files, path));
  absl::MutexLock lock(&mutex_);
  for (sv1::KeyRow& row : *keys.mutable_keys()) {
    if (!IsKeyId(row.id()) || row.mac().size() != storage::Digest::kBytes || Find(row.id()) != nullptr) {
      return absl::DataLossError(absl::StrCat(path, " has a key that cannot be one"));
    }
    Add(std::make_unique<Key>(std::move(row)));
  }
  pepper_checks_.assign(keys.pepper_checks().begin(), keys.pepper_checks().end());
  return CheckPepper();
}

absl::Status KeyStore::CheckPepper() {
  if (pepper_checks_.empty()) return absl::OkStatus();  // a key that is recognised will tell
  const bool listed =
      std::find(pepper_checks_.begin(), pepper_checks_.end(), pepper_check_) != pepper_checks_.end();
  if (!listed && !options_.new_pepper) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the pepper ", options_.pepper_path, " is not the one that the keys in ", options_.folder,
        "/keys were made under, and none of them would be known: ", PutPepperBack(options_.folder)));
  }
  pepper_known_ = true;
  return listed ? absl::OkStatus() : Write(nullptr, nullptr, 0, "");
}

absl::Status KeyStore::Write(const sv1::KeyRow* more, const Key* revoked, int64_t revoked_us,
                             const std::string& revoked_by) {
  sv1::KeyFile keys;
  for (const std::unique_ptr<Key>& key : keys_) {
    sv1::KeyRow* row = keys.add_keys();
    *row = RowLocked(*key);
    if (key.get() != revoked) continue;
    row->set_revoked_us(revoked_us);
    row->set_revoked_by(revoked_by);
  }
  if (more != nullptr) *keys.add_keys() = *more;
  std::vector<std::string> checks = pepper_checks_;
  const bool known = more != nullptr || pepper_known_.load(std::memory_order_relaxed);
  if (known && std::find(checks.begin(), checks.end(), pepper_check_) == checks.end()) {
    checks.push_back(pepper_check_);
  }
  *keys.mutable_pepper_checks() = {checks.begin(), checks.end()};
  const std::string body = keys.SerializeAsString();
  const std::string path = PathOf(options_.folder);
  const std::string unfinished = path + ".new";
  storage::FileSystem& files = *options_.files;
  if (absl::Status removed = files.Remove(unfinished); !removed.ok() && !absl::IsNotFound(removed)) {
    return removed;
  }
  {
    TB_ASSIGN_OR_RETURN(const std::unique_ptr<storage::File> file, files.Create(unfinished));
    TB_RETURN_IF_ERROR(file->WriteAt(0, std::string(kFileStart) + SumOf(body) + body));
    TB_RETURN_IF_ERROR(file->Sync());
  }
  TB_RETURN_IF_ERROR(files.Rename(unfinished, path));
  pepper_checks_ = std::move(checks);
  return files.SyncFolder(options_.folder);
}

void KeyStore::Add(std::unique_ptr<Key> key) {
  if (!key->identity_.bank.empty()) key->bank_meter_ = MeterOfBank(key->identity_.bank);
  size_t slot = SlotOf(key->row_.id());
  while ((*slots_)[slot % kSlots].load(std::memory_order_relaxed) != nullptr) ++slot;
  (*slots_)[slot % kSlots].store(key.get(), std::memory_order_release);
  keys_.push_back(std::move(key));
}

const Key* KeyStore::Find(std::string_view id) const {
  for (size_t slot = SlotOf(id);; ++slot) {  // half of the slots are empty
    const Key* key = (*slots_)[slot % kSlots].load(std::memory_order_acquire);
    if (key == nullptr || key->row_.id() == id) return key;
  }
}

absl::StatusOr<KeyStore::Created> KeyStore::Create(sv1::KeyRow row) {
  Created created;
  absl::MutexLock lock(&mutex_);
  if (!row.request().empty()) {
    for (const std::unique_ptr<Key>& key : keys_) {
      if (key->row_.request() != row.request()) continue;
      if (key->row_.request_body() != row.request_body()) {
        return ErrorOf(Reason::kRequestIdReused, "this request_id was used for another key");
      }
      created.key = key.get();
      created.replayed = true;
      return created;
    }
  }
  const auto of_bank = static_cast<size_t>(std::count_if(
      keys_.begin(), keys_.end(), [&row](const auto& key) { return key->row_.bank() == row.bank(); }));
  const size_t most = row.bank() == 0 ? kMostKeys : kMostKeys - kKeysOfServer;
  if (keys_.size() >= most) return ErrorOf(Reason::kTooMany, "there are as many keys as there may be");
  if (row.bank() != 0 && of_bank >= kMostKeysOfBank) {
    return ErrorOf(Reason::kTooMany, "this bank has as many keys as it may have");
  }
  NewKeyText text;
  do {
    text = MakeKeyText(engine::RandomBytes(28));
  } while (Find(text.id) != nullptr);
  row.set_id(text.id);
  row.set_mac(std::string(pepper_.Of(text.text).bytes()));
  row.set_pepper_check(pepper_check_);
  row.set_created_us(NowUs());
  row.clear_revoked_us();
  row.clear_revoked_by();
  row.clear_last_used_us();
  if (absl::Status written = Write(&row, nullptr, 0, ""); !written.ok()) return ToCaller(written);
  auto key = std::make_unique<Key>(std::move(row));
  created.key = key.get();
  created.text = std::move(text.text);
  Add(std::move(key));
  return created;
}

absl::StatusOr<KeyStore::Revoked> KeyStore::Revoke(std::string_view id, uint64_t bank,
                                                   const std::string& by) {
  Revoked revoked;
  {
    absl::MutexLock lock(&mutex_);
    const Key* found = Find(id);
    if (found == nullptr || found->row_.bank() != bank) {
      return ErrorOf(Reason::kKeyNotFound, "there is no such key");
    }
    revoked.key = found;
    if (found->revoked_us_.load(std::memory_order_relaxed) != 0) {
      revoked.again = true;
      return revoked;
    }
    const int64_t now_us = NowUs();
    if (absl::Status written = Write(nullptr, found, now_us, by); !written.ok()) return ToCaller(written);
    const auto mine = std::find_if(keys_.begin(), keys_.end(),
                                   [found](const std::unique_ptr<Key>& key) { return key.get() == found; });
    (*mine)->revoked_by_ = by;
    (*mine)->revoked_us_.store(now_us, std::memory_order_release);
  }
  if (options_.on_revoked) options_.on_revoked();
  return revoked;
}

absl::StatusOr<const Key*> KeyStore::Verify(std::string_view text, std::string* id) const {
  const std::optional<std::string_view> named = KeyIdOf(text);
  if (!named) return ErrorOf(Reason::kKeyUnknown, "this is no key, or a part of one");
  const Key* key = Find(*named);
  const storage::Digest mac = pepper_.Of(text);
  if (key == nullptr ||
      CRYPTO_memcmp(mac.bytes().data(), key->row_.mac().data(), storage::Digest::kBytes) != 0) {
    return ErrorOf(Reason::kKeyUnknown, "this server does not know this key");
  }
  if (id != nullptr) *id = key->id();
  if (!pepper_known_.load(std::memory_order_relaxed)) pepper_known_.store(true, std::memory_order_relaxed);
  const int64_t now_us = NowUs();
  TB_RETURN_IF_ERROR(key->Check(now_us));
  const int64_t minute_us = now_us - now_us % kMinuteUs;
  // Read by all, written once a minute.
  if (key->used_us_.load(std::memory_order_relaxed) < minute_us) {
    key->used_us_.store(minute_us, std::memory_order_relaxed);
    used_.store(true, std::memory_order_relaxed);
  }
  return key;
}

sv1::KeyRow KeyStore::Row(const Key& key) const {
  absl::ReaderMutexLock lock(&mutex_);
  return RowLocked(key);
}

sv1::KeyRow KeyStore::RowLocked(const Key& key) const {
  sv1::KeyRow row = key.row_;
  row.set_revoked_us(key.revoked_us_.load(std::memory_order_relaxed));
  row.set_revoked_by(key.revoked_by_);
  row.set_last_used_us(key.used_us_.load(std::memory_order_relaxed));
  return row;
}

std::vector<const Key*> KeyStore::List(uint64_t bank, size_t from, size_t most, size_t* next) const {
  std::vector<const Key*> found;
  *next = 0;
  absl::ReaderMutexLock lock(&mutex_);
  for (size_t i = from; i < keys_.size(); ++i) {
    if (keys_[i]->row_.bank() != bank) continue;
    if (found.size() == most) {
      *next = i;
      break;
    }
    found.push_back(keys_[i].get());
  }
  return found;
}

void KeyStore::KeepUses() {
  absl::MutexLock lock(&mutex_);
  while (!mutex_.AwaitWithTimeout(absl::Condition(&ending_), absl::Seconds(options_.keep_use_seconds))) {
    if (used_.exchange(false) && !Write(nullptr, nullptr, 0, "").ok()) used_ = true;  // and once more later
  }
}

}  // namespace timebank::access
