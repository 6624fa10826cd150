// Looks: counted, bounded, written down, read together from memory and disk, forgotten in time.
#include "server/services/look_book.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "storage/keys.h"
#include "storage/store.h"
#include "tests/support/matchers.h"

namespace timebank::services {
namespace {

using storage::AccountNumber;
using storage::BankNumber;
using storage::Day;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr BankNumber kBank = 7;
constexpr BankNumber kOther = 8;
constexpr AccountNumber kAna = storage::MakeAccount(storage::HolderKind::kMember, 1);
constexpr AccountNumber kBen = storage::MakeAccount(storage::HolderKind::kMember, 2);
constexpr Day kToday = 20'000;
constexpr int64_t kDayUs = 86'400'000'000;
constexpr int64_t kNoon = kToday * kDayUs + kDayUs / 2;
constexpr int64_t kAlways = std::numeric_limits<int64_t>::max();

class LookBookTest : public testing::Test {
 protected:
  LookBookTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "look_book_test.XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    OpenStore();
    OpenBook();
  }
  ~LookBookTest() override {
    book_.reset();
    store_.reset();
    std::filesystem::remove_all(folder_);
  }

  void OpenStore() {
    storage::Store::Options options;
    options.path = folder_;
    auto store = storage::Store::Open(std::move(options));
    ASSERT_THAT(store, IsOk()) << store.status();
    store_ = *std::move(store);
  }

  void OpenBook(size_t most_in_memory = 1 << 16, storage::LookRows* rows = nullptr) {
    book_.reset();
    LookBook::Options options;
    options.rows = rows != nullptr ? rows : store_.get();
    options.has_bank = [this](BankNumber bank) { return !gone_.contains(bank); };
    options.now_us = [this] { return now_us_; };
    options.write_every = absl::InfiniteDuration();
    options.most_in_memory = most_in_memory;
    book_ = std::make_unique<LookBook>(std::move(options));
  }

  void Look(AccountNumber account, const std::string& with, LookKind kind = LookKind::kBalance,
            AccountNumber by = 0, BankNumber bank = kBank) {
    book_->Note(
        bank, account,
        {.by = by, .with = with, .kind = kind, .day = static_cast<Day>(now_us_ / kDayUs), .now_us = now_us_});
  }

  // `day ago: who kind times, first to last microsecond after noon`
  std::vector<std::string> Listed(const std::vector<AccountNumber>& accounts, int64_t before_us = kAlways,
                                  size_t most = 100, BankNumber bank = kBank) const {
    const auto list = book_->List(bank, accounts, before_us, most);
    EXPECT_THAT(list, IsOk()) << list.status();
    std::vector<std::string> lines;
    for (const LookBook::Looks& looks : *list) {
      const int64_t noon = kNoon - (kToday - looks.day) * kDayUs;
      lines.push_back(absl::StrCat(kToday - looks.day, ": ", looks.row.with(),
                                   looks.row.by() == 0 ? "" : absl::StrCat("/", looks.row.by()), " ",
                                   looks.row.kind(), " ", looks.row.count(), "x, ",
                                   looks.row.first_us() - noon, " to ", looks.row.last_us() - noon));
    }
    return lines;
  }

  std::string folder_;
  int64_t now_us_ = kNoon;
  std::set<BankNumber> gone_;
  std::unique_ptr<storage::Store> store_;
  std::unique_ptr<LookBook> book_;
};

// Goal: looks are counted by caller, kind and day, and told apart by account and bank.
TEST_F(LookBookTest, CountsByCallerKindAndDay) {
  Look(kAna, "sue");
  now_us_ += 5;
  Look(kAna, "sue");
  Look(kAna, "sue", LookKind::kStatement);
  Look(kAna, "app", LookKind::kBalance, kBen);
  Look(kBen, "sue");
  Look(kAna, "sue", LookKind::kBalance, 0, kOther);
  EXPECT_THAT(Listed({kAna}),
              ElementsAre(testing::StartsWith("0: sue 2 1x, 5"),
                          absl::StrCat("0: app/", kBen, " 1 1x, 5 to 5"), "0: sue 1 2x, 0 to 5"));
  EXPECT_EQ(Listed({kBen}).size(), 1u);
  EXPECT_EQ(Listed({kAna}, kAlways, 100, kOther).size(), 1u);
  EXPECT_EQ(book_->figures().noted, 6u);
  EXPECT_EQ(book_->figures().dropped, 0u);
  EXPECT_EQ(book_->figures().waiting, 5u);
}

// Goal: what is on disk and what is not yet are one list; writing down changes nothing in it.
TEST_F(LookBookTest, MemoryAndDiskAreOneList) {
  now_us_ = kNoon - kDayUs;
  Look(kAna, "sue");
  now_us_ = kNoon;
  Look(kAna, "sue");
  ASSERT_THAT(book_->Write(), IsOk());
  EXPECT_EQ(book_->figures().waiting, 0u);
  now_us_ += 7;
  Look(kAna, "sue");
  Look(kAna, "tom");
  const std::vector<std::string> before = Listed({kAna});
  EXPECT_THAT(before, ElementsAre("0: tom 1 1x, 7 to 7", "0: sue 1 2x, 0 to 7", "1: sue 1 1x, 0 to 0"));
  ASSERT_THAT(book_->Write(), IsOk());
  EXPECT_EQ(Listed({kAna}), before);
  // Again, from a store that was closed; the book writes the rest down as it goes.
  Look(kAna, "sue");
  book_.reset();
  store_.reset();
  OpenStore();
  OpenBook();
  EXPECT_THAT(Listed({kAna}),
              ElementsAre("0: tom 1 1x, 7 to 7", "0: sue 1 3x, 0 to 7", "1: sue 1 1x, 0 to 0"));
}

// Goal: records that became one have one list.
TEST_F(LookBookTest, AccountsOfOneMemberAreOneList) {
  Look(kAna, "sue");
  ASSERT_THAT(book_->Write(), IsOk());
  now_us_ += 3;
  Look(kBen, "sue");
  EXPECT_THAT(Listed({kAna, kBen}), ElementsAre("0: sue 1 2x, 0 to 3"));
}

// Goal: a list can be gone through from its newest end, some at a time.
TEST_F(LookBookTest, PagesHoldEverythingOnce) {
  for (int day = 30; day >= 0; --day) {
    now_us_ = kNoon - day * kDayUs;
    for (const char* who : {"sue", "tom", "uma"}) {
      Look(kAna, who);
      now_us_ += 1;
    }
    if (day % 4 == 0) {
      ASSERT_THAT(book_->Write(), IsOk());
    }
  }
  const std::vector<std::string> all = Listed({kAna}, kAlways, 1000);
  EXPECT_EQ(all.size(), 93u);
  for (const size_t most : {1, 2, 7}) {
    std::vector<std::string> paged;
    int64_t before = kAlways;
    while (true) {
      const auto list = book_->List(kBank, {kAna}, before, most);
      ASSERT_THAT(list, IsOk());
      const std::vector<std::string> lines = Listed({kAna}, before, most);
      if (list->empty()) break;
      ASSERT_GE(list->size(), std::min(most, all.size() - paged.size()));
      for (size_t i = 0; i < std::min(most, list->size()); ++i) {
        paged.push_back(lines[i]);
        before = (*list)[i].row.first_us();
      }
    }
    EXPECT_EQ(paged, all) << most;
  }
}

// Goal: what is kept of one account and day is bounded; whoever comes late is counted without a name.
TEST_F(LookBookTest, ADayOfAnAccountIsBounded) {
  for (int i = 0; i < 200; ++i) Look(kAna, absl::StrCat("a", i));
  ASSERT_THAT(book_->Write(), IsOk());
  for (int i = 0; i < 400; ++i) Look(kAna, absl::StrCat("b", i));
  for (const bool written : {false, true}) {
    const auto list = book_->List(kBank, {kAna}, kAlways, 1000);
    ASSERT_THAT(list, IsOk());
    ASSERT_EQ(list->size(), 256u) << written;
    uint64_t sum = 0;
    uint64_t nameless = 0;
    for (const auto& looks : *list) {
      sum += looks.row.count();
      if (looks.row.with().empty()) nameless += looks.row.count();
    }
    EXPECT_EQ(sum, 600u) << "nobody's look is lost";
    EXPECT_EQ(nameless, 600u - 255u);
    ASSERT_THAT(book_->Write(), IsOk());
  }
}

// A disk that answers when it is told to.
class Disk final : public storage::LookRows {
 public:
  bool broken = false;
  std::function<void()> before_put;

  absl::Status PutLooks(const std::vector<Row>& rows) override {
    if (before_put) before_put();
    if (broken) return absl::UnavailableError("broken");
    for (const Row& row : rows) {
      if (row.value.empty()) {
        rows_.erase(row.key);
      } else {
        rows_[row.key] = row.value;
      }
    }
    return absl::OkStatus();
  }
  absl::StatusOr<std::optional<std::string>> GetLook(std::string_view key) const override {
    const auto found = rows_.find(std::string(key));
    return found == rows_.end() ? std::nullopt : std::optional(found->second);
  }
  absl::Status ScanLooks(
      std::string_view prefix, std::string_view from, storage::Direction direction,
      const std::function<bool(std::string_view key, std::string_view value)>& visit) const override {
    std::vector<std::pair<std::string, std::string>> rows(rows_.begin(), rows_.end());
    if (direction == storage::Direction::kDown) std::reverse(rows.begin(), rows.end());
    for (const auto& [key, value] : rows) {
      if (!key.starts_with(prefix)) continue;
      if (direction == storage::Direction::kUp ? key < from : key > from) continue;
      if (!visit(key, value)) break;
    }
    return absl::OkStatus();
  }

 private:
  std::map<std::string, std::string> rows_;
};

// Goal: where the disk does not take looks they wait in memory, no more of them than there is room for; what
// is dropped is counted; once the disk answers, all that waited is there.
TEST_F(LookBookTest, WaitsForADiskWithinItsBounds) {
  Disk disk;
  OpenBook(/*most_in_memory=*/64, &disk);  // four an account's part
  disk.broken = true;
  for (int i = 0; i < 4; ++i) Look(kAna, absl::StrCat("a", i));
  EXPECT_FALSE(book_->Write().ok());
  Look(kAna, "a0");
  EXPECT_EQ(book_->figures().dropped, 0u) << "who is known is counted on";
  Look(kAna, "late");
  EXPECT_EQ(book_->figures().dropped, 1u);
  EXPECT_FALSE(book_->Write().ok());
  EXPECT_EQ(Listed({kAna}).size(), 4u);
  EXPECT_EQ(book_->figures().noted, 6u);
  disk.broken = false;
  ASSERT_THAT(book_->Write(), IsOk());
  EXPECT_EQ(book_->figures().waiting, 0u);
  EXPECT_THAT(Listed({kAna}), testing::Contains("0: a0 1 2x, 0 to 0"));
  EXPECT_EQ(Listed({kAna}).size(), 4u);
  book_.reset();  // before the disk
}

// Goal: whoever lists waits for no write: while a row is on its way it is told once, from before the disk has
// it until after.
TEST_F(LookBookTest, ListsWhileTheDiskIsSlow) {
  Disk disk;
  OpenBook(1 << 16, &disk);
  Look(kAna, "sue");
  ASSERT_THAT(book_->Write(), IsOk());
  Look(kAna, "sue");
  Look(kBen, "sue");
  const std::vector<std::string> both = {"0: sue 1 2x, 0 to 0"};
  absl::Notification puts, go_on;
  disk.before_put = [&] {
    puts.Notify();
    go_on.WaitForNotification();
  };
  std::thread writer([&] { EXPECT_THAT(book_->Write(), IsOk()); });
  puts.WaitForNotification();
  EXPECT_EQ(Listed({kAna}), both) << "not on disk yet";
  Look(kBen, "sue");
  EXPECT_EQ(Listed({kBen}), std::vector<std::string>{"0: sue 1 2x, 0 to 0"}) << "one flies, one is new";
  go_on.Notify();
  writer.join();
  disk.before_put = nullptr;
  EXPECT_EQ(Listed({kAna}), both);
  ASSERT_THAT(book_->Write(), IsOk());
  EXPECT_EQ(Listed({kBen}), std::vector<std::string>{"0: sue 1 2x, 0 to 0"});
  book_.reset();  // before the disk
}

// Goal: where much comes at once it is written before its time, and nothing is dropped.
TEST_F(LookBookTest, HurriesWhereMuchComes) {
  book_.reset();
  LookBook::Options options;
  options.rows = store_.get();
  options.now_us = [] { return kNoon; };
  options.write_every = absl::Hours(1);
  options.most_in_memory = 16 * 64;  // 64 an account's part
  LookBook book(std::move(options));
  for (int i = 0; i < 32; ++i) {
    book.Note(kBank, kAna, {.with = absl::StrCat("k", i), .day = kToday, .now_us = kNoon});
  }
  for (int i = 0; i < 2000 && book.figures().waiting > 0; ++i) absl::SleepFor(absl::Milliseconds(5));
  EXPECT_EQ(book.figures().waiting, 0u);
  EXPECT_EQ(book.figures().dropped, 0u);
}

// Goal: nothing is forgotten because of a clock that is ahead for a while, or of the first one that is read.
TEST(ClockCheckTest, BelievesAClockThatGoesAsASteadyOneDoes) {
  constexpr int64_t kHour = int64_t{3600} * 1'000'000;
  ClockCheck clock;
  EXPECT_FALSE(clock.GoesRight(kNoon, 0)) << "nothing to compare it with";
  EXPECT_TRUE(clock.GoesRight(kNoon + kHour, kHour));
  EXPECT_FALSE(clock.GoesRight(kNoon + 2 * kHour + 400 * kDayUs, 2 * kHour)) << "it jumped ahead";
  EXPECT_FALSE(clock.GoesRight(kNoon + 3 * kHour, 3 * kHour)) << "and back";
  EXPECT_TRUE(clock.GoesRight(kNoon + 4 * kHour + 60, 4 * kHour)) << "mended a little by a time service";
}

// Goal: after 400 days a look is not told any more, and its row goes; so do those of a bank that is gone.
TEST_F(LookBookTest, ForgetsInTime) {
  const auto rows = [this] {
    int count = 0;
    EXPECT_THAT(store_->ScanLooks("", "", storage::Direction::kUp,
                                  [&](std::string_view, std::string_view) {
                                    ++count;
                                    return true;
                                  }),
                IsOk());
    return count;
  };
  for (int i = 0; i < 3000; ++i) {
    Look(storage::MakeAccount(storage::HolderKind::kMember, 10 + static_cast<uint32_t>(i)), "sue");
  }
  Look(kAna, "sue", LookKind::kBalance, 0, kOther);
  ASSERT_THAT(book_->Write(), IsOk());
  now_us_ += kDayUs;
  Look(kAna, "sue");
  ASSERT_THAT(book_->Write(), IsOk());
  ASSERT_THAT(book_->Prune(), IsOk());
  EXPECT_EQ(rows(), 3002);
  gone_.insert(kOther);
  Look(kBen, "sue", LookKind::kBalance, 0, kOther);
  ASSERT_THAT(book_->Write(), IsOk());
  EXPECT_EQ(rows(), 3002) << "nothing is written for a bank that is gone";
  ASSERT_THAT(book_->Prune(), IsOk());
  EXPECT_EQ(rows(), 3001);
  now_us_ += 400 * kDayUs;
  EXPECT_EQ(Listed({kAna}).size(), 1u) << "of 400 days ago";
  ASSERT_THAT(book_->Prune(), IsOk());
  EXPECT_EQ(rows(), 1);
  now_us_ += kDayUs;
  EXPECT_THAT(Listed({kAna}), IsEmpty());
  ASSERT_THAT(book_->Prune(), IsOk());
  EXPECT_EQ(rows(), 0);
}

// Goal: however many threads look, list and write at once, each look is counted once, and no list misses what
// was there before it.
TEST_F(LookBookTest, CountsWithManyThreads) {
  constexpr int kLooks = 2000;
  std::vector<std::thread> lookers;
  for (int t = 0; t < 4; ++t) {
    lookers.emplace_back([&, t] {
      for (int i = 0; i < kLooks; ++i) {
        book_->Note(kBank, i % 2 == 0 ? kAna : kBen,
                    {.by = 0, .with = t % 2 == 0 ? "sue" : "tom", .day = kToday, .now_us = kNoon});
      }
    });
  }
  uint64_t last = 0;
  for (int i = 0; i < 50; ++i) {
    uint64_t sum = 0;
    const auto list = book_->List(kBank, {kAna}, kAlways, 100);
    ASSERT_THAT(list, IsOk());
    for (const auto& looks : *list) sum += looks.row.count();
    EXPECT_GE(sum, last);
    last = sum;
    ASSERT_THAT(book_->Write(), IsOk());
  }
  for (std::thread& looker : lookers) looker.join();
  EXPECT_THAT(Listed({kAna, kBen}),
              testing::UnorderedElementsAre("0: sue 1 4000x, 0 to 0", "0: tom 1 4000x, 0 to 0"));
}

}  // namespace
}  // namespace timebank::services
