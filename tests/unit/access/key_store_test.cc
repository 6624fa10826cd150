#include "server/access/key_store.h"

#include <gmock/gmock.h>

#include <atomic>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "server/ledger/error.h"
#include "storage/coding.h"
#include "storage/crc32c.h"
#include "tests/support/matchers.h"
#include "tests/unit/access/folder.h"

namespace timebank::access {
namespace {

using ledger::Reason;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr int64_t kMinuteUs = 60'000'000;

storage::v1::KeyRow OwnedBy(const std::string& owner, uint64_t bank = 7) {
  storage::v1::KeyRow row;
  row.set_owner(owner);
  row.set_role(v1::ROLE_BROKER);
  row.set_bank(bank);
  row.set_bank_id("rushey");
  return row;
}

// The system's files, on a disk that is full when a test says so.
class FullDisk final : public storage::FileSystem {
 public:
  bool full = false;

  absl::StatusOr<std::unique_ptr<storage::File>> Open(const std::string& path) override {
    return Posix().Open(path);
  }
  absl::StatusOr<std::unique_ptr<storage::File>> Create(const std::string& path) override {
    if (full) return absl::ResourceExhaustedError("no space left");
    return Posix().Create(path);
  }
  absl::Status Rename(const std::string& a, const std::string& b) override { return Posix().Rename(a, b); }
  absl::Status Remove(const std::string& path) override { return Posix().Remove(path); }
  absl::StatusOr<std::vector<std::string>> List(const std::string& f) override { return Posix().List(f); }
  absl::Status MakeFolder(const std::string& folder) override { return Posix().MakeFolder(folder); }
  absl::Status SyncFolder(const std::string& folder) override { return Posix().SyncFolder(folder); }
  absl::StatusOr<std::unique_ptr<Lock>> LockFolder(const std::string& f) override {
    return Posix().LockFolder(f);
  }
};

class KeyStoreTest : public testing::Test {
 protected:
  void SetUp() override { Reopen(); }

  absl::Status TryOpen(const std::string& pepper = std::string(32, 'p'), bool new_pepper = false) {
    store_.reset();
    KeyStore::Options options;
    options.folder = folder_.path();
    options.pepper = pepper;
    options.pepper_path = "/etc/timebank/pepper";
    options.new_pepper = new_pepper;
    options.files = &files_;
    options.now_us = [this] { return now_us_.load(); };
    options.on_revoked = [this] { ++told_; };
    options.keep_use_seconds = 0;
    absl::StatusOr<std::unique_ptr<KeyStore>> opened = KeyStore::Open(std::move(options));
    if (opened.ok()) store_ = *std::move(opened);
    return opened.status();
  }
  void Reopen() { ASSERT_THAT(TryOpen(), IsOk()); }

  std::string Make(storage::v1::KeyRow row) {
    auto created = store_->Create(std::move(row));
    EXPECT_THAT(created, IsOk()) << created.status();
    return created.ok() ? created->text : "";
  }
  std::optional<Reason> WhyNot(const std::string& text) {
    return ledger::ReasonOf(store_->Verify(text).status());
  }
  std::string Bytes() {
    std::ifstream file(folder_.path() + "/keys", std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  static std::string IdOf(const std::string& text) { return text.substr(4, 12); }

  const Folder folder_;
  FullDisk files_;
  std::atomic<int64_t> now_us_ = 1'000 * kMinuteUs + 5;
  int told_ = 0;
  std::vector<std::string> OwnersOfAnotherPepper() {
    std::vector<std::string> owners;
    size_t next = 0;
    for (const Key* key : store_->List(7, 0, kMostKeys, &next)) {
      if (store_->OfAnotherPepper(store_->Row(*key))) owners.push_back(key->identity().owner);
    }
    return owners;
  }

  std::unique_ptr<KeyStore> store_;
};

// Goal: a key is known to be its owner's, now and by the next server on the folder; others are not known.
TEST_F(KeyStoreTest, KnowsItsKeysAndNoOthers) {
  const std::string ana = Make(OwnedBy("ana"));
  const std::string ben = Make(OwnedBy("ben"));
  for (int life = 0; life < 2; ++life, Reopen()) {
    EXPECT_EQ((*store_->Verify(ana))->identity().owner, "ana");
    EXPECT_EQ((*store_->Verify(ben))->identity().owner, "ben");
    EXPECT_EQ((*store_->Verify(ben))->identity().bank_number, 7u);
    EXPECT_EQ(WhyNot(ana.substr(0, 40)), Reason::kKeyUnknown);
    EXPECT_EQ(WhyNot(""), Reason::kKeyUnknown);
  }
  // Well-formed, but of another server: the same id with another secret, and an id that there is not.
  const Folder elsewhere;
  KeyStore::Options options;
  options.folder = elsewhere.path();
  options.pepper = std::string(32, 'q');
  const auto other = KeyStore::Open(std::move(options));
  EXPECT_EQ(WhyNot((*other)->Create(OwnedBy("ana"))->text), Reason::kKeyUnknown);
}

// Goal: the file does not hold a key, and is worth nothing with another pepper.
TEST_F(KeyStoreTest, TheFileHoldsNoKey) {
  const std::string ana = Make(OwnedBy("ana"));
  EXPECT_THAT(Bytes(), HasSubstr(IdOf(ana)));
  EXPECT_THAT(Bytes(), Not(HasSubstr(ana.substr(17))));
  EXPECT_THAT(Bytes(), Not(HasSubstr(ana.substr(17, 16))));
  ASSERT_THAT(TryOpen(std::string(32, 'q'), /*new_pepper=*/true), IsOk());
  EXPECT_EQ(WhyNot(ana), Reason::kKeyUnknown);
}

// Goal: another pepper is told at the start, with the file's name, and changes nothing; one that is made in
// place of a lost one is taken, and so is the old one where it is found again.
TEST_F(KeyStoreTest, AnotherPepperIsNoticed) {
  ASSERT_THAT(TryOpen(std::string(32, 'q')), IsOk()) << "without keys there is none yet";
  ASSERT_THAT(TryOpen(), IsOk());
  const std::string ana = Make(OwnedBy("ana"));
  const std::string before = Bytes();
  const absl::Status other = TryOpen(std::string(32, 'q'));
  EXPECT_EQ(other.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(other.message()), HasSubstr("/etc/timebank/pepper is not the one"));
  EXPECT_EQ(Bytes(), before);
  ASSERT_THAT(TryOpen(std::string(32, 'q'), /*new_pepper=*/true), IsOk());
  ASSERT_THAT(TryOpen(std::string(32, 'q')), IsOk());
  EXPECT_EQ(WhyNot(ana), Reason::kKeyUnknown);
  const std::string ben = Make(OwnedBy("ben"));
  EXPECT_THAT(OwnersOfAnotherPepper(), ElementsAre("ana"));
  Reopen();
  EXPECT_THAT(store_->Verify(ana), IsOk());
  EXPECT_THAT(OwnersOfAnotherPepper(), ElementsAre("ben"));
  EXPECT_EQ(TryOpen(std::string(32, 'r')).code(), absl::StatusCode::kFailedPrecondition);
}

// Goal: a file of before there were check values gets one once a key was recognised, and not before.
TEST_F(KeyStoreTest, APepperIsKnownByItsKeys) {
  const std::string ana = Make(OwnedBy("ana"));
  std::string bytes = Bytes();
  constexpr size_t kHead = sizeof("timebank-keys 1\n") - 1 + sizeof(uint32_t);
  storage::v1::KeyFile file;
  ASSERT_TRUE(file.ParseFromString(bytes.substr(kHead)));
  file.clear_pepper_checks();
  const std::string body = file.SerializeAsString();
  std::string sum;
  storage::PutBigEndian(&sum, storage::Crc32c(body));
  store_.reset();
  std::ofstream(folder_.path() + "/keys", std::ios::binary) << "timebank-keys 1\n" << sum << body;
  ASSERT_THAT(TryOpen(std::string(32, 'q')), IsOk()) << "nothing tells which it is";
  EXPECT_EQ(WhyNot(ana), Reason::kKeyUnknown);
  Reopen();
  EXPECT_THAT(store_->Verify(ana), IsOk());
  EXPECT_EQ(TryOpen(std::string(32, 'q')).code(), absl::StatusCode::kFailedPrecondition);
  Reopen();
}

// Goal: a key that was revoked is no good from that moment on, for ever, and whoever holds on to it is told.
TEST_F(KeyStoreTest, ARevokedKeyIsNoGoodAtOnceAndForEver) {
  const std::string ana = Make(OwnedBy("ana"));
  const Key* held = *store_->Verify(ana);
  EXPECT_EQ(ledger::ReasonOf(store_->Revoke(IdOf(ana), 8, "keys/sue").status()), Reason::kKeyNotFound)
      << "it is another bank's";
  EXPECT_EQ(told_, 0);
  EXPECT_THAT(held->Check(now_us_), IsOk());
  const auto revoked = store_->Revoke(IdOf(ana), 7, "keys/sue");
  ASSERT_THAT(revoked, IsOk());
  EXPECT_FALSE(revoked->again);
  EXPECT_EQ(told_, 1);
  EXPECT_EQ(ledger::ReasonOf(held->Check(now_us_)), Reason::kKeyRevoked);
  EXPECT_EQ(WhyNot(ana), Reason::kKeyRevoked);
  now_us_ += kMinuteUs;
  EXPECT_TRUE(store_->Revoke(IdOf(ana), 7, "keys/ben")->again);
  Reopen();
  EXPECT_EQ(WhyNot(ana), Reason::kKeyRevoked);
  const auto row = store_->Row(*store_->Revoke(IdOf(ana), 7, "keys/ben")->key);
  EXPECT_EQ(row.revoked_by(), "keys/sue");
  EXPECT_EQ(row.revoked_us(), now_us_ - kMinuteUs);
  EXPECT_EQ(ledger::ReasonOf(store_->Revoke("nosuchkey000", 7, "").status()), Reason::kKeyNotFound);
}

// Goal: a key ends at its time, to the microsecond.
TEST_F(KeyStoreTest, AKeyExpires) {
  storage::v1::KeyRow row = OwnedBy("ana");
  row.set_expires_us(now_us_ + 10);
  const std::string ana = Make(row);
  now_us_ += 9;
  EXPECT_THAT(store_->Verify(ana), IsOk());
  now_us_ += 1;
  EXPECT_EQ(WhyNot(ana), Reason::kKeyExpired);
}

// Goal: last use is known to the minute and outlives the server; what nobody used has none.
TEST_F(KeyStoreTest, LastUseIsKept) {
  const std::string ana = Make(OwnedBy("ana"));
  const std::string ben = Make(OwnedBy("ben"));
  now_us_ = 2'000 * kMinuteUs + 17;
  ASSERT_THAT(store_->Verify(ana), IsOk());
  Reopen();
  size_t next = 0;
  const std::vector<const Key*> keys = store_->List(7, 0, 10, &next);
  ASSERT_EQ(keys.size(), 2u);
  EXPECT_EQ(store_->Row(*keys[0]).last_used_us(), 2'000 * kMinuteUs);
  EXPECT_EQ(store_->Row(*keys[1]).last_used_us(), 0);
}

// Goal: the same request makes one key, and its secret is told once; another one under its id is refused.
TEST_F(KeyStoreTest, ARequestMakesOneKey) {
  storage::v1::KeyRow row = OwnedBy("ana");
  row.set_request("r1");
  row.set_request_body("b1");
  const std::string text = Make(row);
  Reopen();
  const auto again = store_->Create(row);
  ASSERT_THAT(again, IsOk());
  EXPECT_TRUE(again->replayed);
  EXPECT_EQ(again->key->id(), IdOf(text));
  EXPECT_THAT(again->text, IsEmpty());
  row.set_request_body("b2");
  EXPECT_EQ(ledger::ReasonOf(store_->Create(row).status()), Reason::kRequestIdReused);
}

// Goal: each bank's keys and the server's are listed apart, in order, page by page.
TEST_F(KeyStoreTest, ListsPageByPage) {
  for (int i = 0; i < 7; ++i) {
    Make(OwnedBy("a" + std::to_string(i), 7));
    Make(OwnedBy("b" + std::to_string(i), i < 2 ? 0 : 8));
  }
  std::vector<std::string> owners;
  size_t next = 0;
  do {
    for (const Key* key : store_->List(7, next, 3, &next)) owners.push_back(key->identity().owner);
  } while (next != 0);
  EXPECT_THAT(owners, ElementsAre("a0", "a1", "a2", "a3", "a4", "a5", "a6"));
  EXPECT_EQ(store_->List(0, 0, 10, &next).size(), 2u);
  EXPECT_EQ(next, 0u);
}

// Goal: no bank can have so many keys that others, or the server, get none.
TEST_F(KeyStoreTest, ABankLeavesKeysForOthers) {
  for (size_t i = 0; i < kMostKeysOfBank; ++i) {
    ASSERT_THAT(store_->Create(OwnedBy(std::to_string(i))), IsOk()) << i;
  }
  EXPECT_EQ(ledger::ReasonOf(store_->Create(OwnedBy("more")).status()), Reason::kTooMany);
  EXPECT_THAT(store_->Create(OwnedBy("sue", /*bank=*/8)), IsOk());
  EXPECT_THAT(store_->Create(OwnedBy("root", /*bank=*/0)), IsOk());
}

// Goal: where the disk is full nothing is half done: no key is made, none is revoked, and all is as before.
TEST_F(KeyStoreTest, AFullDiskChangesNothing) {
  const std::string ana = Make(OwnedBy("ana"));
  const std::string before = Bytes();
  files_.full = true;
  EXPECT_EQ(ledger::ReasonOf(store_->Create(OwnedBy("ben")).status()), Reason::kDiskFull);
  EXPECT_EQ(ledger::ReasonOf(store_->Revoke(IdOf(ana), 7, "").status()), Reason::kDiskFull);
  EXPECT_THAT(store_->Verify(ana), IsOk());
  EXPECT_EQ(Bytes(), before);
  files_.full = false;
  EXPECT_THAT(store_->Revoke(IdOf(ana), 7, ""), IsOk());
}

// Goal: a server that was killed while it wrote finds what was answered; a damaged file is told, not guessed
// at.
TEST_F(KeyStoreTest, HalfAFileIsNoFileAndDamageIsTold) {
  const std::string ana = Make(OwnedBy("ana"));
  const std::string whole = Bytes();
  std::ofstream(folder_.path() + "/keys.new", std::ios::binary) << whole.substr(0, whole.size() / 2);
  Reopen();
  EXPECT_THAT(store_->Verify(ana), IsOk());
  Make(OwnedBy("ben"));

  store_.reset();
  for (size_t at = 0; at < whole.size(); ++at) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x20);
    std::ofstream(folder_.path() + "/keys", std::ios::binary) << damaged;
    EXPECT_TRUE(absl::IsDataLoss(TryOpen())) << "byte " << at;
  }
  std::ofstream(folder_.path() + "/keys", std::ios::binary).flush();
  EXPECT_TRUE(absl::IsDataLoss(TryOpen())) << "an empty file";
}

// Goal: keys are found while others are made and revoked, by many threads.
TEST_F(KeyStoreTest, FindsWhileItGrows) {
  const std::string ana = Make(OwnedBy("ana"));
  std::atomic<bool> stop = false;
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      while (!stop) EXPECT_TRUE(store_->Verify(ana).ok());
    });
  }
  std::vector<std::string> made;
  for (int i = 0; i < 100; ++i) made.push_back(Make(OwnedBy("o" + std::to_string(i))));
  for (int i = 0; i < 100; i += 2) EXPECT_THAT(store_->Revoke(IdOf(made[i]), 7, ""), IsOk());
  stop = true;
  for (std::thread& reader : readers) reader.join();
  for (int i = 0; i < 100; ++i) EXPECT_EQ(store_->Verify(made[i]).ok(), i % 2 == 1) << i;
}

}  // namespace
}  // namespace timebank::access
