#include "storage/absence_filter.h"

#include <gtest/gtest.h>
#include <rocksdb/write_batch.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "storage/database.h"
#include "storage/keys.h"

namespace timebank::storage {
namespace {

// As in a ledger, each bank has a secret of its own.
std::string Key(BankNumber bank, int number) {
  return OriginKey(bank, absl::StrCat("the secret of bank ", bank), "timeoverflow", absl::StrCat(number));
}

// What is folded, as the database gives it.
class Folded {
 public:
  void Put(const std::string& key) { keys_.insert(key); }

  AbsenceFilter::ReadKeys Reader() {
    return [this](BankNumber bank, std::string_view after, size_t most, std::vector<std::string>* keys) {
      const std::string prefix = BankPrefix(bank);
      auto next = after.empty() ? keys_.lower_bound(prefix) : keys_.upper_bound(std::string(after));
      for (; next != keys_.end() && absl::StartsWith(*next, prefix) && keys->size() < most; ++next) {
        keys->push_back(*next);
      }
      return absl::OkStatus();
    };
  }

 private:
  std::set<std::string> keys_;
};

void AddAll(AbsenceFilter& filter, BankNumber bank, int begin, int end) {
  for (int i = begin; i < end; ++i) {
    const std::string key = Key(bank, i);
    filter.Add(std::array{std::string_view(key)});
  }
}

int Seen(AbsenceFilter& filter, BankNumber bank, int begin, int end) {
  int seen = 0;
  for (int i = begin; i < end; ++i) seen += filter.MayHold(Key(bank, i));
  return seen;
}

void MakeKnown(AbsenceFilter& filter, BankNumber bank) {
  filter.MayHold(Key(bank, 0));
  filter.AwaitKnown();
}

// Goal: what was added is never called absent, through every size that the filter grows to; of what was not,
// a few in a hundred at most look present.
TEST(AbsenceFilterTest, NeverDeniesWhatIsThere) {
  constexpr int kKeys = 400'000;
  Folded nothing;
  AbsenceFilter filter(nothing.Reader());
  MakeKnown(filter, 7);
  AddAll(filter, 7, 0, kKeys);
  EXPECT_EQ(Seen(filter, 7, 0, kKeys), kKeys);
  EXPECT_LT(Seen(filter, 7, kKeys, kKeys + 10'000), 200);
}

// Goal: what was folded before, however much, is known once it has been read, as is what was applied before
// anybody asked; another bank's does not count.
TEST(AbsenceFilterTest, ReadsWhatWasFoldedBefore) {
  constexpr int kKeys = 20'000;
  Folded folded;
  for (int i = 0; i < kKeys; ++i) folded.Put(Key(7, i));
  for (int i = 0; i < 10; ++i) folded.Put(Key(8, i));
  AbsenceFilter filter(folded.Reader());
  AddAll(filter, 7, kKeys, kKeys + 10);
  MakeKnown(filter, 7);
  EXPECT_EQ(Seen(filter, 7, 0, kKeys + 10), kKeys + 10);
  EXPECT_LT(Seen(filter, 7, kKeys + 10, 2 * kKeys), kKeys / 20);
  MakeKnown(filter, 8);
  MakeKnown(filter, 9);
  EXPECT_EQ(Seen(filter, 8, 0, 10), 10);
  EXPECT_LT(Seen(filter, 8, 10, 1'000), 50);
  EXPECT_LT(Seen(filter, 9, 0, 1'000), 50);
}

// Goal: until a bank's keys have been read nothing of it is denied, and nothing ever where they cannot be.
TEST(AbsenceFilterTest, DeniesNothingOfBanksThatItDoesNotKnow) {
  std::atomic<bool> go_on = false;
  std::atomic<int> asked = 0;
  AbsenceFilter filter([&](BankNumber bank, std::string_view, size_t, std::vector<std::string>*) {
    ++asked;
    while (!go_on) std::this_thread::yield();
    return bank == 8 ? absl::DataLossError("damaged") : absl::OkStatus();
  });
  EXPECT_EQ(Seen(filter, 7, 0, 1'000), 1'000);
  EXPECT_EQ(Seen(filter, 8, 0, 1'000), 1'000);
  go_on = true;
  filter.AwaitKnown();
  EXPECT_EQ(Seen(filter, 7, 0, 1'000), 0);
  EXPECT_EQ(Seen(filter, 8, 0, 1'000), 1'000);
  EXPECT_EQ(asked, 2) << "a bank's keys are read once";
}

// Goal: what is more than fits is never denied either, and the rest less often.
TEST(AbsenceFilterTest, TakesMoreThanFits) {
  Folded nothing;
  AbsenceFilter filter(nothing.Reader(), /*most_bytes=*/100'000);
  MakeKnown(filter, 7);
  AddAll(filter, 7, 0, 400'000);
  EXPECT_EQ(Seen(filter, 7, 0, 400'000), 400'000);
  EXPECT_GT(Seen(filter, 7, 400'000, 401'000), 500) << "of the first level alone, which is far too small";
}

// Goal: a bank with more folded keys than fit is read no further, and not known.
TEST(AbsenceFilterTest, LeavesBanksThatAreTooLarge) {
  std::atomic<int> asked = 0;
  AbsenceFilter filter(
      [&](BankNumber bank, std::string_view, size_t most, std::vector<std::string>* keys) {
        for (size_t i = 0; i < most; ++i) keys->push_back(Key(bank, static_cast<int>(i)));
        ++asked;
        return absl::OkStatus();
      },
      /*most_bytes=*/100'000);
  MakeKnown(filter, 7);
  EXPECT_EQ(Seen(filter, 7, 100'000, 101'000), 1'000);
  EXPECT_LT(asked, 50);
}

// Goal: one who adds, one who asks and the filter's own thread go on at the same time, and whoever was told
// of a key's being added finds it.
TEST(AbsenceFilterTest, IsAskedWhileItGrows) {
  constexpr int kFolded = 50'000;
  constexpr int kKeys = 100'000;
  Folded folded;
  for (int i = 0; i < kFolded; ++i) folded.Put(Key(7, i));
  AbsenceFilter filter(folded.Reader());
  std::atomic<int> added = kFolded;
  std::thread adder([&] {
    for (int i = kFolded; i < kKeys; ++i) {
      AddAll(filter, 7, i, i + 1);
      added.store(i + 1, std::memory_order_release);
    }
  });
  for (int i = 0; i < kKeys; ++i) {
    const int end = added.load(std::memory_order_acquire);
    ASSERT_TRUE(filter.MayHold(Key(7, std::min(i, end - 1))));
  }
  adder.join();
  filter.AwaitKnown();
  EXPECT_EQ(Seen(filter, 7, 0, kKeys), kKeys);
}

// Goal: of a real database, all keys of the bank that are folded are read, over the borders of the pieces
// that they are read in, and no other bank's; a database that is closed meanwhile does not wait for all of
// them.
TEST(AbsenceFilterTest, ReadsTheDatabasesKeys) {
  constexpr int kKeys = 10'000;
  const std::string folder = absl::StrCat(testing::TempDir(), "/absence_filter_test.", getpid());
  for (const Family family : {Family::kRequest, Family::kOrigin}) {
    auto database = Database::Open({.path = absl::StrCat(folder, ".", static_cast<int>(family)),
                                    .block_cache_bytes = 8u << 20,
                                    .tail_bytes = 1u << 20,
                                    .on_background_error = {}});
    ASSERT_TRUE(database.ok()) << database.status();
    rocksdb::WriteBatch batch = Database::NewBatch();
    for (const BankNumber bank : {6, 7, 8}) {
      for (int i = 0; i < (bank == 7 ? kKeys : 10); ++i) {
        ASSERT_TRUE(batch.Put((*database)->handle(family), Key(bank, i), "value").ok());
      }
    }
    ASSERT_TRUE((*database)->Write(&batch).ok());
    ASSERT_TRUE((*database)->Flush().ok());
    AbsenceFilter& filter = *(*database)->absence(family);
    for (const BankNumber bank : {7, 8, 9}) MakeKnown(filter, bank);
    EXPECT_EQ(Seen(filter, 7, 0, kKeys), kKeys);
    EXPECT_LT(Seen(filter, 7, kKeys, 2 * kKeys), kKeys / 20);
    EXPECT_EQ(Seen(filter, 8, 0, 10), 10);
    EXPECT_LT(Seen(filter, 8, 10, 1'000), 50);
    EXPECT_LT(Seen(filter, 9, 0, 1'000), 50);
    filter.MayHold(Key(6, 0));
    database->reset();
    std::filesystem::remove_all(absl::StrCat(folder, ".", static_cast<int>(family)));
  }
}

}  // namespace
}  // namespace timebank::storage
