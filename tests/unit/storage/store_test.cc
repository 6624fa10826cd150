#include "storage/store.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/coding.h"
#include "storage/data_folder.h"
#include "storage/database.h"
#include "storage/keys.h"
#include "tests/unit/storage/ledger_model.h"

namespace timebank::storage {
namespace {

using testing::ElementsAreArray;
using testing::HasSubstr;

constexpr Sequence kEnd = std::numeric_limits<Sequence>::max();
constexpr BankNumber kBank = 77;
const AccountNumber kAnna = MakeAccount(HolderKind::kMember, 1);
const AccountNumber kBen = MakeAccount(HolderKind::kMember, 2);

template <typename T>
T Value(absl::StatusOr<T> result) {
  EXPECT_TRUE(result.ok()) << result.status();
  return result.ok() ? *std::move(result) : T();
}

std::vector<std::pair<Sequence, std::string>> Journal(const View& view, BankNumber bank, Sequence from,
                                                      Direction direction, size_t limit) {
  std::vector<std::pair<Sequence, std::string>> entries;
  const absl::Status status =
      view.ScanJournal(bank, from, direction, [&](Sequence sequence, std::string_view bytes) {
        entries.emplace_back(sequence, bytes);
        return entries.size() < limit;
      });
  EXPECT_TRUE(status.ok()) << status;
  return entries;
}

std::vector<MovementRecord> Statement(const View& view, const LedgerModel::Account& account, Sequence from,
                                      Direction direction, size_t limit = SIZE_MAX) {
  std::vector<MovementRecord> movements;
  const absl::Status status =
      view.ScanStatement(account.first, account.second, from, direction, [&](const MovementRecord& record) {
        movements.push_back(record);
        return movements.size() < limit;
      });
  EXPECT_TRUE(status.ok()) << status;
  return movements;
}

std::vector<DayRecord> Days(const View& view, const LedgerModel::Account& account, Day day, Sequence sequence,
                            Direction direction, size_t limit = SIZE_MAX) {
  std::vector<DayRecord> days;
  const absl::Status status =
      view.ScanDays(account.first, account.second, day, sequence, direction, [&](const DayRecord& record) {
        days.push_back(record);
        return days.size() < limit;
      });
  EXPECT_TRUE(status.ok()) << status;
  return days;
}

using Row = std::pair<std::string, std::string>;

std::vector<Row> Rows(const View& view, Family family, std::string_view prefix, std::string_view from = "",
                      Direction direction = Direction::kUp) {
  std::vector<Row> rows;
  const absl::Status status =
      view.ScanRows(family, prefix, from, direction, [&](std::string_view key, std::string_view value) {
        rows.emplace_back(key, value);
        return true;
      });
  EXPECT_TRUE(status.ok()) << status;
  return rows;
}

// The elements of `all` (in upward order) that a reader sees who starts where `behind` ends, at most `limit`.
template <typename T, typename Behind>
std::vector<T> From(const std::vector<T>& all, Direction direction, size_t limit, const Behind& behind) {
  std::vector<T> seen;
  for (size_t i = 0; i < all.size() && seen.size() < limit; ++i) {
    const T& element = direction == Direction::kUp ? all[i] : all[all.size() - 1 - i];
    if (!behind(element)) seen.push_back(element);
  }
  return seen;
}

// Puts the same questions to `view` and to `model`; `source` chooses them.
class Comparison {
 public:
  Comparison(const View& view, const LedgerModel& model, FrameSource* source)
      : view_(view), model_(model), source_(*source) {}

  void Run() {
    EXPECT_EQ(view_.applied_index(), model_.applied_index());
    for (const auto& [bank, journal] : model_.journals()) CompareJournal(bank, journal);
    for (const auto& [account, statement] : model_.statements()) {
      SCOPED_TRACE(testing::Message() << "account " << account.second << " of bank " << account.first);
      CompareStatement(account, statement);
      CompareDays(account);
      CompareMade(account);
      if (testing::Test::HasFailure()) return;
    }
    for (BankNumber bank : FrameSource::kBanks) {
      for (Family family : {Family::kAccount, Family::kMark, Family::kDirectory, Family::kAct}) {
        CompareRows(family, bank);
      }
      CompareTexts(bank);
    }
  }

 private:
  Direction AnyDirection() { return source_.Below(2) == 0 ? Direction::kUp : Direction::kDown; }

  void CompareJournal(BankNumber bank, const std::vector<std::string>& journal) {
    std::vector<std::pair<Sequence, std::string>> all;
    for (const std::string& bytes : journal) all.emplace_back(all.size() + 1, bytes);
    for (int i = 0; i < 8; ++i) {
      const Sequence from = i == 0 ? 0 : i == 1 ? kEnd : source_.Below(journal.size() + 3);
      const Direction direction = AnyDirection();
      const size_t limit = source_.Below(600) + 1;
      EXPECT_THAT(Journal(view_, bank, from, direction, limit),
                  ElementsAreArray(From(all, direction, limit, [&](const auto& entry) {
                    return direction == Direction::kUp ? entry.first < from : entry.first > from;
                  })));
      const std::optional<std::string> bytes = Value(view_.EntryBytes(bank, from));
      ASSERT_EQ(bytes.has_value(), from >= 1 && from <= journal.size());
      if (bytes.has_value()) {
        EXPECT_EQ(*bytes, journal[from - 1]);
      }
    }
  }

  void CompareStatement(const LedgerModel::Account& account, const std::vector<MovementRecord>& statement) {
    EXPECT_EQ(Statement(view_, account, 0, Direction::kUp), statement);
    EXPECT_EQ(Statement(view_, account, kEnd, Direction::kDown),
              std::vector<MovementRecord>(statement.rbegin(), statement.rend()));
    for (int i = 0; i < 3; ++i) {
      const Sequence from = source_.Below(statement.back().sequence + 2);
      const Direction direction = AnyDirection();
      const size_t limit = source_.Below(300) + 1;
      EXPECT_EQ(Statement(view_, account, from, direction, limit),
                From(statement, direction, limit, [&](const MovementRecord& record) {
                  return direction == Direction::kUp ? record.sequence < from : record.sequence > from;
                }));
      EXPECT_EQ(Value(view_.SumsAt(account.first, account.second, from)), model_.SumsAt(account, from));
    }
    EXPECT_EQ(Value(view_.SumsAt(account.first, account.second, kEnd)), statement.back().after);
  }

  void CompareDays(const LedgerModel::Account& account) {
    const std::vector<DayRecord> all = model_.DaysOf(account);
    EXPECT_EQ(Days(view_, account, kNoDay, 0, Direction::kUp), all);
    EXPECT_EQ(Days(view_, account, INT32_MAX, kEnd, Direction::kDown),
              std::vector<DayRecord>(all.rbegin(), all.rend()));
    for (int i = 0; i < 3; ++i) {
      const Day day = source_.AnyDay();
      const Sequence sequence = source_.Below(2) == 0 ? 0 : source_.Below(1'500);
      const Direction direction = AnyDirection();
      const size_t limit = source_.Below(300) + 1;
      EXPECT_EQ(Days(view_, account, day, sequence, direction, limit),
                From(all, direction, limit, [&](const DayRecord& record) {
                  const std::pair at(record.day, record.sequence);
                  return direction == Direction::kUp ? at < std::pair(day, sequence)
                                                     : at > std::pair(day, sequence);
                }));
      EXPECT_EQ(Value(view_.SumsBeforeDay(account.first, account.second, day)),
                model_.SumsBeforeDay(account, day));
    }
    EXPECT_EQ(Value(view_.SumsBeforeDay(account.first, account.second, kNoDay)), Sums());
    EXPECT_EQ(Value(view_.SumsBeforeDay(account.first, account.second, INT32_MAX)),
              model_.SumsAt(account, kEnd));
  }

  // What is known of an earlier view's is what this one would make.
  void CompareMade(const LedgerModel::Account& account) {
    std::string made;
    for (const MovementRecord& record : Statement(view_, account, kEnd, Direction::kDown, 51)) {
      const auto text = Value(view_.Get(Family::kText, TextKey(account.first, record.sequence)));
      absl::StrAppend(&made, record.sequence, " ", record.seconds, " ", text.value_or("none"), "\n");
    }
    const std::optional<std::string> found = view_.MadeOfMovements(account.first, account.second);
    EXPECT_EQ(found.value_or(made), made);
    view_.KeepMadeOfMovements(account.first, account.second, made);
  }

  void CompareRows(Family family, BankNumber bank) {
    const std::string prefix = BankPrefix(bank);
    std::vector<Row> rows;
    for (const auto& [key, value] : model_.rows()) {
      if (key.first == family && key.second.starts_with(prefix)) rows.emplace_back(key.second, value);
    }
    EXPECT_EQ(Rows(view_, family, prefix), rows);
    EXPECT_EQ(Rows(view_, family, prefix, "", Direction::kDown),
              std::vector<Row>(rows.rbegin(), rows.rend()));
    if (rows.empty()) return;
    const std::string middle = rows[source_.Below(rows.size())].first;
    EXPECT_EQ(Rows(view_, family, prefix, middle, Direction::kDown),
              From(rows, Direction::kDown, SIZE_MAX, [&](const Row& row) { return row.first > middle; }));
    EXPECT_EQ(Rows(view_, family, middle), From(rows, Direction::kUp, SIZE_MAX, [&](const Row& row) {
                return !row.first.starts_with(middle);
              }));
    EXPECT_EQ(Rows(view_, family, middle, "", Direction::kDown).size(), 1u);
    for (int i = 0; i < 20; ++i) {
      const Row& row = rows[source_.Below(rows.size())];
      EXPECT_EQ(Value(view_.Get(family, row.first)), row.second);
    }
  }

  // Of all entries, and of some that there are none of.
  void CompareTexts(BankNumber bank) {
    const auto journal = model_.journals().find(bank);
    const Sequence count = journal == model_.journals().end() ? 0 : journal->second.size();
    for (Sequence sequence = 1; sequence <= count + 40; ++sequence) {
      const auto row = model_.rows().find({Family::kText, TextKey(bank, sequence)});
      ASSERT_EQ(Value(view_.Get(Family::kText, TextKey(bank, sequence))),
                row == model_.rows().end() ? std::nullopt : std::optional(row->second))
          << "entry " << sequence;
    }
  }

  const View& view_;
  const LedgerModel& model_;
  FrameSource& source_;
};

class StoreTest : public testing::Test {
 protected:
  StoreTest() {
    std::string pattern = testing::TempDir() + "store_XXXXXX";
    root_ = mkdtemp(pattern.data());
    options_.path = root_ + "/ledger";
    options_.flush_interval_seconds = 0;
  }
  ~StoreTest() override {
    store_.reset();
    std::filesystem::remove_all(root_);
  }

  void Open() {
    store_.reset();
    absl::StatusOr<std::unique_ptr<Store>> store = Store::Open(options_);
    ASSERT_TRUE(store.ok()) << store.status();
    store_ = *std::move(store);
  }

  absl::Status OpenError() {
    store_.reset();
    return Store::Open(options_).status();
  }

  void Apply(const v1::Frame& frame) {
    const absl::Status status = TryApply(store_->applied_index() + 1, frame);
    ASSERT_TRUE(status.ok()) << status;
  }

  // With the rows of the accounts that it moves, where it has none.
  absl::Status TryApply(uint64_t index, v1::Frame frame) {
    AccountBook book = book_;
    const bool has_rows = std::any_of(frame.rows().begin(), frame.rows().end(), [](const v1::FrameRow& row) {
      return row.family() == static_cast<uint32_t>(Family::kAccount);
    });
    if (!has_rows) book.AddRows(&frame);
    absl::Status status = ApplyAsItIs(index, frame);
    if (status.ok()) book_ = std::move(book);
    return status;
  }

  absl::Status ApplyAsItIs(uint64_t index, const v1::Frame& frame) {
    return store_->Apply(index, std::make_shared<const std::string>(frame.SerializeAsString()));
  }

  void ExpectSame(const View& view, const LedgerModel& model, FrameSource* source) {
    Comparison(view, model, source).Run();
  }

  // One exchange: Anna helped Ben for an hour.
  static std::string Exchange(Sequence sequence, Day day = 20'000, BankNumber bank = kBank) {
    v1::Entry entry;
    entry.set_bank(bank);
    entry.set_sequence(sequence);
    entry.set_record_time_us(1'770'000'000'000'000 + static_cast<int64_t>(sequence) * 1'000'000);
    entry.set_kind(v1::ENTRY_KIND_EXCHANGE);
    entry.set_occurred_on(day);
    for (auto [account, seconds] : {std::pair(kAnna, 3'600), std::pair(kBen, -3'600)}) {
      v1::EntryMovement* movement = entry.add_movements();
      movement->set_account(account);
      movement->set_seconds(seconds);
    }
    return entry.SerializeAsString();
  }

  // Exchanges `first` to `last`, one of each pair of days going to each.
  static v1::Frame Exchanges(Sequence first, Sequence last) {
    v1::Frame frame;
    frame.set_version(1);
    for (Sequence sequence = first; sequence <= last; ++sequence) {
      frame.add_entries(Exchange(sequence, 20'000 + static_cast<Day>(sequence % 2)));
    }
    return frame;
  }

  static bool Await(const std::function<bool()>& comes) {
    for (const absl::Time end = absl::Now() + absl::Seconds(30); !comes();
         absl::SleepFor(absl::Milliseconds(2))) {
      if (absl::Now() > end) return false;
    }
    return true;
  }

  // Everything that is derived from entries, row by row.
  std::vector<std::vector<Row>> DerivedRows(BankNumber bank) {
    EXPECT_TRUE(store_->Flush().ok());
    store_->Publish();
    const View view = store_->Latest();
    std::vector<std::vector<Row>> rows;
    for (Family family : {Family::kJournal, Family::kStatement, Family::kDay, Family::kMonth}) {
      rows.push_back(Rows(view, family, BankPrefix(bank)));
    }
    return rows;
  }

  // While no store is open.
  std::unique_ptr<Database> OpenDatabase() {
    return Value(Database::Open({.path = options_.path + "/db",
                                 .block_cache_bytes = 1u << 20,
                                 .tail_bytes = 1u << 20,
                                 .on_background_error = {}}));
  }

  std::vector<Row> FoldedTexts() {
    const std::unique_ptr<Database> database = OpenDatabase();
    std::vector<Row> rows;
    const std::unique_ptr<rocksdb::Iterator> row(
        database->db().NewIterator(rocksdb::ReadOptions(), database->handle(Family::kText)));
    for (row->SeekToFirst(); row->Valid(); row->Next()) {
      rows.emplace_back(ToView(row->key()), ToView(row->value()));
    }
    EXPECT_TRUE(row->status().ok());
    return rows;
  }

  void Compact() {
    const std::unique_ptr<Database> database = OpenDatabase();
    rocksdb::CompactRangeOptions all;
    all.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
    EXPECT_TRUE(database->db().CompactRange(all, database->handle(Family::kText), nullptr, nullptr).ok());
  }

  std::string root_;
  Store::Options options_;
  std::unique_ptr<Store> store_;
  AccountBook book_;
};

// What a tail may hold: one frame each, a few, all of them. Reads then merge what is folded with one tail or
// two.
class StoreTailTest : public StoreTest, public testing::WithParamInterface<uint64_t> {
 protected:
  StoreTailTest() { options_.tail_bytes = GetParam(); }
};
INSTANTIATE_TEST_SUITE_P(Tails, StoreTailTest, testing::Values(1, 30'000, 100'000, uint64_t{64} << 20));

// Goal: every read says what a walk over everything says: from memory, from files, and after opening again.
TEST_P(StoreTailTest, AnswersAsTheModelDoes) {
  Open();
  FrameSource source(7);
  LedgerModel model;
  for (int i = 1; i <= 120; ++i) {
    const v1::Frame frame = source.NextFrame(source.Below(60) + 1);
    Apply(frame);
    model.Apply(frame);
    if (i % 50 == 0) {
      ASSERT_TRUE(store_->Flush().ok());
    }
    if (i % 40 == 0) {
      store_->Publish();
      ExpectSame(store_->Latest(), model, &source);
      ExpectSame(store_->Working(), model, &source);
    }
    if (HasFailure()) return;
  }
  ASSERT_TRUE(store_->Flush().ok());
  EXPECT_EQ(store_->flushed_index(), 120u);
  ExpectSame(store_->Latest(), model, &source);
  Open();
  EXPECT_EQ(store_->applied_index(), 120u);
  ExpectSame(store_->Latest(), model, &source);
}

// Goal: a process that dies finds itself at the last flush, at one frame's end, and replay makes it whole.
TEST_F(StoreTest, ReplayAfterACrashMakesItWhole) {
  Open();
  FrameSource source(11);
  LedgerModel model;
  std::vector<v1::Frame> frames;
  for (int i = 1; i <= 60; ++i) {
    frames.push_back(source.NextFrame(source.Below(40) + 1));
    Apply(frames.back());
    model.Apply(frames.back());
    if (i == 37) {
      ASSERT_TRUE(store_->Flush().ok());
    }
  }
  // What a crash leaves is what the files hold now.
  const std::string crashed = root_ + "/crashed";
  std::filesystem::copy(options_.path, crashed, std::filesystem::copy_options::recursive);
  options_.path = crashed;
  Open();
  ASSERT_EQ(store_->applied_index(), 37u);
  EXPECT_EQ(store_->flushed_index(), 37u);
  for (size_t i = store_->applied_index(); i < frames.size(); ++i) Apply(frames[i]);
  store_->Publish();
  ExpectSame(store_->Latest(), model, &source);
}

// Goal: the store that closes in good order needs no replay.
TEST_F(StoreTest, ClosingFlushes) {
  Open();
  Apply(Exchanges(1, 3));
  Open();
  EXPECT_EQ(store_->applied_index(), 1u);
  EXPECT_EQ(Value(store_->Latest().SumsAt(kBank, kAnna, kEnd)), (Sums{3 * 3'600, 0, 3}));
}

// Goal: pages that are just not full, full, and just over, each reached one by one, at once, and in two
// steps.
TEST_F(StoreTest, PageBoundaries) {
  options_.tail_bytes = 1;  // every frame is folded for itself
  Open();
  BankNumber bank = 0;
  for (Sequence count : {1, 31, 32, 33, 64, 255, 256, 257, 288, 289, 511, 512, 513, 800}) {
    std::vector<std::vector<std::vector<Row>>> results;
    for (Sequence step : std::vector<Sequence>{1, count, 255, 256, 33}) {
      ++bank;
      v1::Frame frame;
      frame.set_version(1);
      for (Sequence sequence = 1; sequence <= count; ++sequence) {
        frame.add_entries(Exchange(sequence, 20'000, bank));
        if (sequence % step == 0 || sequence == count) {
          Apply(frame);
          frame.clear_entries();
        }
      }
      ASSERT_TRUE(store_->Flush().ok());
      store_->Publish();
      const View view = store_->Latest();
      const std::vector<MovementRecord> up = Statement(view, {bank, kBen}, 0, Direction::kUp);
      ASSERT_EQ(up.size(), count);
      for (Sequence i = 0; i < count; ++i) {
        ASSERT_EQ(up[i].sequence, i + 1);
        ASSERT_EQ(up[i].after, (Sums{0, static_cast<int64_t>(i + 1) * 3'600, static_cast<int64_t>(i + 1)}));
      }
      ASSERT_EQ(Journal(view, bank, 1, Direction::kUp, SIZE_MAX).size(), count);

      const Sequence rows =
          count / kBlockEntries + (count % kBlockEntries + kOpenRowEntries - 1) / kOpenRowEntries;
      ASSERT_EQ(Rows(view, Family::kStatement, AccountKey(bank, kAnna)).size(), rows)
          << count << " by " << step;
      ASSERT_EQ(Rows(view, Family::kJournal, BankPrefix(bank)).size(), rows) << count << " by " << step;
      ASSERT_EQ(Rows(view, Family::kDay, AccountKey(bank, kAnna)).size(),
                (count + kBlockEntries - 1) / kBlockEntries);
    }
  }
}

// Goal: how entries were cut into frames leaves no trace in what follows from them.
TEST_F(StoreTest, SameEntriesSameBytes) {
  FrameSource source(3);
  std::vector<std::string> entries;
  for (int i = 0; i < 1'400; ++i) entries.push_back(source.NextEntry(kBank).SerializeAsString());
  std::vector<std::vector<std::vector<Row>>> results;
  for (size_t most : {1, 7, 300, 1'400}) {
    options_.path = root_ + "/by" + std::to_string(most);
    options_.tail_bytes = most;  // the smallest ones: every frame is folded for itself
    book_ = {};
    Open();
    for (size_t done = 0; done < entries.size();) {
      v1::Frame frame;
      frame.set_version(1);
      const size_t count = std::min<size_t>(most, entries.size() - done);
      for (size_t i = 0; i < count; ++i) frame.add_entries(entries[done++]);
      Apply(frame);
    }
    results.push_back(DerivedRows(kBank));
  }
  for (const std::vector<std::vector<Row>>& result : results) EXPECT_EQ(result, results.front());
}

// Goal: one frame with as many entries as a batch may bring, all of them on the same two accounts and day.
TEST_F(StoreTest, LargestBatchOnOneAccount) {
  Open();
  v1::Frame frame;
  frame.set_version(1);
  for (Sequence sequence = 1; sequence <= 8'192; ++sequence) frame.add_entries(Exchange(sequence));
  Apply(frame);
  ASSERT_TRUE(store_->Flush().ok());
  store_->Publish();
  const View view = store_->Latest();
  EXPECT_EQ(Rows(view, Family::kStatement, AccountKey(kBank, kAnna)).size(), 32u);
  EXPECT_EQ(Value(view.SumsAt(kBank, kAnna, 5'000)), (Sums{5'000 * 3'600, 0, 5'000}));
  EXPECT_EQ(Value(view.SumsBeforeDay(kBank, kBen, 20'001)), (Sums{0, 8'192 * 3'600, 8'192}));
  EXPECT_EQ(Days(view, {kBank, kAnna}, 20'000, kEnd, Direction::kDown, 1).front().after,
            (Sums{8'192 * 3'600, 0, 8'192}));
}

// Goal: a view stays where it is, whatever is applied, published, flushed and joined into pages after it.
TEST_P(StoreTailTest, AViewKeepsItsPosition) {
  Open();
  FrameSource source(5);
  LedgerModel model;
  std::vector<std::pair<View, LedgerModel>> kept;
  for (int i = 1; i <= 60; ++i) {
    const v1::Frame frame = source.NextFrame(30);
    Apply(frame);
    model.Apply(frame);
    if (i % 20 == 0) {
      store_->Publish();
      kept.emplace_back(store_->Latest(), model);
      ASSERT_TRUE(store_->Flush().ok());
    }
  }
  for (const auto& [view, then] : kept) ExpectSame(view, then, &source);
}

// Goal: what is applied is seen by the thread that applies, and by others from Publish on.
TEST_F(StoreTest, NobodySeesItBeforePublish) {
  Open();
  Apply(Exchanges(1, 1));
  EXPECT_EQ(store_->Latest().applied_index(), 0u);
  EXPECT_EQ(Value(store_->Latest().EntryBytes(kBank, 1)), std::nullopt);
  EXPECT_EQ(store_->Working().applied_index(), 1u);
  EXPECT_EQ(Value(store_->Working().EntryBytes(kBank, 1)), Exchange(1, 20'001));
  store_->Publish();
  EXPECT_EQ(store_->Latest().applied_index(), 1u);
  EXPECT_EQ(Value(store_->Latest().EntryBytes(kBank, 1)), Exchange(1, 20'001));
}

// Goal: a read that may not touch the disk says so instead of waiting for it, and is answered once the rows
// are warm.
TEST_F(StoreTest, ReadsThatMayNotTouchTheDisk) {
  Open();
  v1::Frame frame = Exchanges(1, 300);
  AddRow(&frame, Family::kText, TextKey(kBank, 1), "\x01words");
  Apply(frame);
  const auto visit_all = [](const auto&...) { return true; };
  const std::vector<std::pair<const char*, std::function<absl::Status(const View&)>>> reads = {
      {"Get", [&](const View& v) { return v.Get(Family::kText, TextKey(kBank, 1)).status(); }},
      {"ScanRows",
       [&](const View& v) {
         return v.ScanRows(Family::kAccount, BankPrefix(kBank), "", Direction::kDown, visit_all);
       }},
      {"EntryBytes", [&](const View& v) { return v.EntryBytes(kBank, 7).status(); }},
      {"ScanStatement",
       [&](const View& v) { return v.ScanStatement(kBank, kAnna, 0, Direction::kUp, visit_all); }},
      {"ScanDays", [&](const View& v) { return v.ScanDays(kBank, kAnna, 0, 0, Direction::kUp, visit_all); }},
      {"SumsBeforeDay", [&](const View& v) { return v.SumsBeforeDay(kBank, kAnna, 20'001).status(); }},
  };
  for (const auto& [name, read] : reads) {
    Open();
    const View view = store_->Latest();
    const View memory = view.InMemory();
    EXPECT_TRUE(IsNotInMemory(read(memory))) << name << ": " << read(memory);
    EXPECT_TRUE(read(view).ok()) << name << ": " << read(view);
    EXPECT_TRUE(read(memory).ok()) << name << ": " << read(memory);
  }
  EXPECT_FALSE(IsNotInMemory(absl::UnavailableError("the disk does not answer")));
}

// Goal: a row in a file that RocksDB has not opened since the start is not taken for an empty one.
TEST_F(StoreTest, FilesThatAreNotOpenYet) {
  Open();
  constexpr Sequence kFiles = 7;  // in each family; so many more than are opened at the start
  const auto last_of = [](Sequence file) { return file * kTextBlockEntries; };  // so that each has its texts
  for (Sequence file = 1; file <= kFiles; ++file) {
    const Sequence sequence = last_of(file);
    v1::Frame frame = Exchanges(last_of(file - 1) + 1, sequence);
    AddRow(&frame, Family::kText, TextKey(kBank, sequence), "\x01words");
    AddRow(&frame, Family::kSlug, TextKey(kBank, sequence), "\x01words");
    AddRow(&frame, Family::kDirectory, TextKey(kBank, sequence), "\x01words");
    Apply(frame);
    ASSERT_TRUE(store_->Flush().ok());
  }
  Open();
  const View view = store_->Latest();
  for (Family family : {Family::kText, Family::kSlug, Family::kDirectory}) {
    for (Sequence file = 1; file <= kFiles; ++file) {
      const Sequence sequence = last_of(file);
      const auto value = view.InMemory().Get(family, TextKey(kBank, sequence));
      if (!IsNotInMemory(value.status())) {
        EXPECT_EQ(Value(value), "\x01words");
      }
      EXPECT_EQ(Value(view.Get(family, TextKey(kBank, sequence))), "\x01words");
      EXPECT_EQ(Value(view.InMemory().Get(family, TextKey(kBank, sequence))), "\x01words");
    }
  }
}

// Goal: a text that was read and is kept in memory is not told any more once it has been written over or
// removed; a view from before goes on seeing what was there.
TEST_F(StoreTest, KeptTextsFollowTheFold) {
  Open();
  v1::Frame frame = Exchanges(1, 2);
  AddRow(&frame, Family::kText, TextKey(kBank, 1), "\x01one");
  AddRow(&frame, Family::kText, TextKey(kBank, 2), "\x01two");
  Apply(frame);
  store_->Publish();
  ASSERT_TRUE(store_->Flush().ok());
  const auto texts = [](const View& view) {
    return std::pair(Value(view.Get(Family::kText, TextKey(kBank, 1))),
                     Value(view.Get(Family::kText, TextKey(kBank, 2))));
  };
  using Texts = std::pair<std::optional<std::string>, std::optional<std::string>>;
  const View before = store_->Latest();
  EXPECT_EQ(texts(before), Texts("\x01one", "\x01two"));

  // Together with new entries, as a recording brings them, and by itself.
  v1::Frame rewritten = Exchanges(3, 4);
  AddRow(&rewritten, Family::kText, TextKey(kBank, 1), "\x01more");
  AddRow(&rewritten, Family::kText, TextKey(kBank, 3), "\x01three");
  v1::Frame removed;
  removed.set_version(1);
  AddRow(&removed, Family::kText, TextKey(kBank, 2), "");
  for (const auto& [next, then] : {std::pair(rewritten, Texts("\x01more", "\x01two")),
                                   std::pair(removed, Texts("\x01more", std::nullopt))}) {
    Apply(next);
    store_->Publish();
    const View latest = store_->Latest();
    EXPECT_EQ(texts(latest), then);
    EXPECT_EQ(texts(before), Texts("\x01one", "\x01two"));
    ASSERT_TRUE(store_->Flush().ok());
    EXPECT_EQ(texts(before), Texts("\x01one", "\x01two"));
    EXPECT_EQ(texts(latest), then);
    EXPECT_EQ(texts(store_->Latest()), then);
    EXPECT_EQ(Value(store_->Latest().Get(Family::kText, TextKey(kBank, 3))), "\x01three");
  }
}

// Goal: an account that readers keep asking for is told as their view has it, whatever was folded since.
TEST_F(StoreTest, KeptAccountsFollowTheFold) {
  Open();
  const auto account = [](const View& view) {
    const auto plain = Value(view.Get(Family::kAccount, AccountKey(kBank, kAnna)));
    // The second time it is one that was kept.
    for (int i = 0; i < 2; ++i) {
      EXPECT_EQ(Value(view.InMemory().Get(Family::kAccount, AccountKey(kBank, kAnna))), plain);
    }
    return plain;
  };
  std::vector<std::pair<View, std::optional<std::string>>> seen;
  for (Sequence first = 1; first < 20; first += 4) {
    Apply(Exchanges(first, first + 3));
    store_->Publish();
    for (const bool folded : {false, true}) {
      if (folded) {
        ASSERT_TRUE(store_->Flush().ok());
      }
      const View view = store_->Latest();
      seen.emplace_back(view, account(view));
    }
    for (const auto& [view, then] : seen) EXPECT_EQ(account(view), then);
    if (seen.size() > 2) {
      EXPECT_NE(seen.back().second, seen[seen.size() - 3].second);
    }
  }
}

// Goal: what was made of an account's movements and their notes is known until one of them changes, and never
// by a view that has others.
TEST_F(StoreTest, WhatWasMadeOfMovementsGoesWithThem) {
  Open();
  Apply(Exchanges(1, 2));
  store_->Publish();
  const auto of_anna = [](const View& view) { return view.MadeOfMovements(kBank, kAnna); };
  const auto keep = [](const View& view, std::string_view made) {
    view.KeepMadeOfMovements(kBank, kAnna, made);
  };
  const auto erase = [this](BankNumber bank, Sequence sequence) {
    v1::Frame frame;
    frame.set_version(1);
    AddRow(&frame, Family::kText, TextKey(bank, sequence), "");
    Apply(frame);
    store_->Publish();
  };
  // Until the movements are folded it is not worth it.
  keep(store_->Latest(), "unfolded");
  EXPECT_EQ(of_anna(store_->Latest()), std::nullopt);
  ASSERT_TRUE(store_->Flush().ok());
  EXPECT_EQ(of_anna(store_->Latest()), std::nullopt);
  const View first = store_->Latest();
  keep(first, "two");
  EXPECT_EQ(of_anna(first), "two");

  // Others move, and a mark of hers changes.
  v1::Frame others;
  others.set_version(1);
  AddRow(&others, Family::kMark, MarkKey(kBank, kAnna, 1), "\x01mark");
  others.add_entries(Exchange(1, 20'000, kBank + 1));
  Apply(others);
  store_->Publish();
  EXPECT_EQ(of_anna(store_->Latest()), "two");
  ASSERT_TRUE(store_->Flush().ok());
  EXPECT_EQ(of_anna(store_->Latest()), "two");
  EXPECT_EQ(store_->Latest().MadeOfMovements(kBank + 1, kAnna), std::nullopt);

  // The note of an entry that is not folded either changes: that is nothing of hers.
  v1::Frame noted;
  noted.set_version(1);
  noted.add_entries(Exchange(2, 20'000, kBank + 1));
  AddRow(&noted, Family::kText, TextKey(kBank + 1, 2), "\x01words");
  Apply(noted);
  erase(kBank + 1, 2);
  EXPECT_EQ(of_anna(store_->Latest()), "two");
  EXPECT_FALSE(store_->Latest().KeepsMadeOfMovements(kBank + 1, kAnna));
  EXPECT_TRUE(store_->Latest().KeepsMadeOfMovements(kBank, kAnna));
  ASSERT_TRUE(store_->Flush().ok());
  EXPECT_EQ(of_anna(store_->Latest()), "two");

  // She moves: not known from when it is published, and not by what an earlier view keeps behind that.
  Apply(Exchanges(3, 3));
  store_->Publish();
  EXPECT_EQ(of_anna(store_->Latest()), std::nullopt);
  ASSERT_TRUE(store_->Flush().ok());
  EXPECT_EQ(of_anna(store_->Latest()), std::nullopt);
  keep(first, "two");
  EXPECT_EQ(of_anna(store_->Latest()), std::nullopt);
  const View second = store_->Latest();
  keep(second, "three");
  EXPECT_EQ(of_anna(second), "three");
  EXPECT_NE(of_anna(first), "three");

  // A note of hers goes.
  erase(kBank, 2);
  EXPECT_EQ(of_anna(store_->Latest()), std::nullopt);
  ASSERT_TRUE(store_->Flush().ok());
  EXPECT_EQ(of_anna(store_->Latest()), std::nullopt);
  keep(second, "three");
  EXPECT_EQ(of_anna(store_->Latest()), std::nullopt);
}

// Goal: requests and origins are found, and absent ones are not, whether they are folded or not, by views of
// before and after, and after a restart, behind which nobody remembers what there was until it has been read
// again: more of them than are read at once.
TEST_F(StoreTest, RequestsAndOriginsAreFoundWhereverTheyAre) {
  constexpr Sequence kMany = 5'000;
  const auto key = [](Family family, Sequence number) {
    const std::string text = absl::StrCat(number);
    return family == Family::kRequest ? RequestKey(kBank, "secret", "keys/app", text)
                                      : OriginKey(kBank, "secret", "timeoverflow", text);
  };
  Sequence next = 1;
  const auto add = [&](Sequence count) {
    v1::Frame frame = Exchanges(next, next + count - 1);
    for (; count > 0; --count, ++next) {
      for (const Family family : {Family::kRequest, Family::kOrigin}) {
        AddRow(&frame, family, key(family, next), absl::StrCat("\x01", next));
      }
    }
    Apply(frame);
    store_->Publish();
  };
  const auto expect = [&](const View& view, Sequence end) {
    for (const Family family : {Family::kRequest, Family::kOrigin}) {
      for (Sequence i = 1; i < end + 200; ++i) {
        const auto row = Value(view.Get(family, key(family, i)));
        ASSERT_EQ(row.value_or("none"), i < end ? absl::StrCat("\x01", i) : "none") << i;
      }
    }
  };
  for (int restart = 0; restart < 3; ++restart) {
    Open();
    store_->Publish();
    add(kMany);
    for (int fold = 0; fold < 3; ++fold) {
      const View before = store_->Latest();
      const Sequence end_before = next;
      add(1);
      add(1);
      expect(store_->Latest(), next);
      ASSERT_TRUE(store_->Flush().ok());
      add(1);
      expect(store_->Latest(), next);
      expect(before, end_before);
    }
  }
}

// Keys of looks.
std::vector<std::string> Looks(const Store& store, std::string_view prefix, std::string_view from = "",
                               Direction direction = Direction::kUp, size_t limit = SIZE_MAX) {
  std::vector<std::string> keys;
  const absl::Status status =
      store.ScanLooks(prefix, from, direction, [&](std::string_view key, std::string_view) {
        keys.emplace_back(key);
        return keys.size() < limit;
      });
  EXPECT_TRUE(status.ok()) << status;
  return keys;
}

// Goal: looks are put, read in order and removed beside the ledger, and are there again after it was closed;
// they say nothing about which frames are on disk.
TEST_F(StoreTest, LooksStandBesideTheLedger) {
  const auto key = [](BankNumber bank, AccountNumber account, Day day) {
    return LookKey(bank, account, day);
  };
  Open();
  std::vector<LookRows::Row> rows;
  for (const BankNumber bank : {kBank, kBank + 1}) {
    for (const AccountNumber account : {kAnna, kBen}) {
      for (const Day day : {-1, 0, 1}) rows.push_back({key(bank, account, day), "\x01"});
    }
  }
  ASSERT_TRUE(store_->PutLooks(rows).ok());
  for (const bool opened_again : {false, true}) {
    EXPECT_EQ(store_->flushed_index(), 0u);
    if (opened_again) Open();
    EXPECT_EQ(Looks(*store_, "").size(), 12u);
    EXPECT_EQ(Looks(*store_, BankPrefix(kBank)).size(), 6u);
    EXPECT_EQ(Looks(*store_, AccountKey(kBank, kAnna), key(kBank, kAnna, 0), Direction::kDown),
              (std::vector<std::string>{key(kBank, kAnna, 0), key(kBank, kAnna, -1)}));
    EXPECT_EQ(Looks(*store_, AccountKey(kBank, kBen), key(kBank, kBen, 0), Direction::kUp, 1),
              std::vector<std::string>{key(kBank, kBen, 0)});
    EXPECT_EQ(Value(store_->GetLook(key(kBank, kBen, 1))), "\x01");
    EXPECT_EQ(Value(store_->GetLook(key(kBank, kBen, 2))), std::nullopt);
  }
  ASSERT_TRUE(store_->PutLooks({{key(kBank, kAnna, 0), ""}, {key(kBank, kAnna, 1), ""}}).ok());
  Open();
  EXPECT_EQ(Looks(*store_, BankPrefix(kBank)).size(), 4u);
}

// Goal: a ledger that was written before there were acts and looks opens, and takes both.
TEST_F(StoreTest, AnOlderDatabaseGetsTheFamiliesThatItLacks) {
  Open();
  Apply(Exchanges(1, 3));
  store_.reset();
  {
    const std::string path = options_.path + "/db";
    std::vector<std::string> names;
    ASSERT_TRUE(rocksdb::DB::ListColumnFamilies(rocksdb::DBOptions(), path, &names).ok());
    std::vector<rocksdb::ColumnFamilyDescriptor> families;
    for (const std::string& name : names) families.emplace_back(name, rocksdb::ColumnFamilyOptions());
    std::vector<rocksdb::ColumnFamilyHandle*> handles;
    rocksdb::DB* opened = nullptr;
    ASSERT_TRUE(rocksdb::DB::Open(rocksdb::DBOptions(), path, families, &handles, &opened).ok());
    const std::unique_ptr<rocksdb::DB> database(opened);
    int dropped = 0;
    for (rocksdb::ColumnFamilyHandle* handle : handles) {
      if (handle->GetName() == "act" || handle->GetName() == "look") {
        ASSERT_TRUE(database->DropColumnFamily(handle).ok());
        ++dropped;
      }
      database->DestroyColumnFamilyHandle(handle);
    }
    EXPECT_EQ(dropped, 2);
  }
  Open();
  EXPECT_EQ(Journal(store_->Latest(), kBank, 1, Direction::kUp, SIZE_MAX).size(), 3u);
  ASSERT_TRUE(store_->PutLooks({{LookKey(kBank, kAnna, 1), "\x01"}}).ok());
  v1::Frame frame = Exchanges(4, 4);
  AddRow(&frame, Family::kAct, ActKey(kBank, kAnna, 4), "\x01");
  Apply(frame);
  Open();
  EXPECT_EQ(Rows(store_->Latest(), Family::kAct, AccountKey(kBank, kAnna)).size(), 1u);
  EXPECT_EQ(Looks(*store_, "").size(), 1u);
}

// Goal: where a bank's own row is removed the whole bank goes, what is folded already and what is not; other
// banks, neighbours too, lose nothing; a view from before still sees it; and it stays gone.
TEST_P(StoreTailTest, ABankThatIsRemovedGoesWhole) {
  Open();
  FrameSource source(11);
  LedgerModel model;
  for (int i = 1; i <= 40; ++i) {
    const v1::Frame frame = source.NextFrame(source.Below(60) + 1);
    Apply(frame);
    model.Apply(frame);
    if (i == 20) {
      ASSERT_TRUE(store_->Flush().ok());
    }
  }
  store_->Publish();
  std::optional<View> before = store_->Latest();
  for (const BankNumber bank : FrameSource::kBanks) {
    ASSERT_TRUE(store_->PutLooks({{LookKey(bank, kAnna, 20'454), "\x01"}}).ok());
  }
  const auto has_texts = [&model](const View& view, BankNumber bank) {
    bool found = false;
    for (Sequence sequence = 1; sequence <= model.journals().at(bank).size(); ++sequence) {
      found |= Value(view.Get(Family::kText, TextKey(bank, sequence))).has_value();
    }
    return found;
  };
  for (const BankNumber bank : FrameSource::kBanks) EXPECT_TRUE(has_texts(*before, bank));
  constexpr BankNumber kGone[] = {FrameSource::kBanks[0], FrameSource::kBanks[2]};
  v1::Frame removing;
  removing.set_version(1);
  for (const BankNumber bank : kGone) {
    AddRow(&removing, Family::kDirectory, DirectoryKey(bank, DirectoryKind::kBank, 0), "");
  }
  Apply(removing);
  ASSERT_TRUE(store_->Flush().ok());
  store_->Publish();
  for (const bool opened_again : {false, true}) {
    if (opened_again) {
      ExpectSame(*before, model, &source);
      before.reset();
      Open();
    }
    const View view = store_->Latest();
    for (const BankNumber bank : FrameSource::kBanks) {
      const bool gone = std::find(std::begin(kGone), std::end(kGone), bank) != std::end(kGone);
      for (const Family family : {Family::kAccount, Family::kDirectory, Family::kMark, Family::kAct,
                                  Family::kJournal, Family::kStatement, Family::kDay, Family::kMonth}) {
        EXPECT_EQ(Rows(view, family, BankPrefix(bank)).empty(), gone)
            << "bank " << bank << " family " << static_cast<int>(family);
      }
      EXPECT_EQ(Looks(*store_, BankPrefix(bank)).empty(), gone) << "bank " << bank;
      EXPECT_NE(has_texts(view, bank), gone) << "bank " << bank;
    }
    const LedgerModel::Account kept(FrameSource::kBanks[1], kCommunityPot);
    EXPECT_EQ(Statement(view, kept, 0, Direction::kUp), model.statements().at(kept));
  }
}

// Goal: what stands on the disk of texts depends on the entries and the changes alone, not on how they were
// cut into frames: rows that were begun, that grew, of which one text changed, and of which all went.
TEST_F(StoreTest, SameTextsSameBytes) {
  std::vector<std::vector<Row>> results;
  for (Sequence most : {1, 7, 32, 100}) {
    options_.path = root_ + "/by" + std::to_string(most);
    options_.tail_bytes = most;  // the smallest ones: every frame is folded for itself
    book_ = {};
    Open();
    for (Sequence done = 0; done < 100;) {
      const Sequence last = std::min<Sequence>(done + most, 100);
      v1::Frame frame = Exchanges(done + 1, last);
      while (done++ < last) {
        if (done % 10 != 0) AddRow(&frame, Family::kText, TextKey(kBank, done), absl::StrCat("\x01", done));
      }
      done = last;
      Apply(frame);
    }
    v1::Frame changes;
    changes.set_version(1);
    AddRow(&changes, Family::kText, TextKey(kBank, 7), "\001changed");
    AddRow(&changes, Family::kText, TextKey(kBank, 10), "\001come later");
    AddRow(&changes, Family::kText, TextKey(kBank, 99), "");
    for (Sequence sequence = 33; sequence <= 64; ++sequence) {
      AddRow(&changes, Family::kText, TextKey(kBank, sequence), "");
    }
    Apply(changes);
    store_.reset();
    results.push_back(FoldedTexts());
  }
  for (const std::vector<Row>& result : results) EXPECT_EQ(result, results.front());
  const std::vector<Row>& rows = results.front();
  ASSERT_EQ(rows.size(), 3u);  // nothing of 33 to 64
  EXPECT_EQ(rows[0].first, TextBlockKey(kBank, 1));
  EXPECT_EQ(rows[1].first, TextBlockKey(kBank, 65));
  EXPECT_EQ(rows[2].first, TextBlockKey(kBank, 97));
  TextBlock texts = {"\00197", "\00198"};
  EXPECT_EQ(rows[2].second, EncodeTextBlock(texts));
  Open();
  EXPECT_EQ(Value(store_->Latest().Get(Family::kText, TextKey(kBank, 7))), "\001changed");
  EXPECT_EQ(Value(store_->Latest().Get(Family::kText, TextKey(kBank, 8))), "\0018");
  EXPECT_EQ(Value(store_->Latest().Get(Family::kText, TextKey(kBank, 10))), "\001come later");
  EXPECT_EQ(Value(store_->Latest().Get(Family::kText, TextKey(kBank, 40))), std::nullopt);
}

// Goal: a text that was removed is in no file any more once RocksDB has put its files together, whatever
// stood in one row with it; its neighbours are.
TEST_F(StoreTest, RemovedTextsLeaveTheFiles) {
  // Bytes that no compression touches, so that they stand in the files as they are.
  std::mt19937_64 random(1);
  std::vector<std::string> words(41);
  for (std::string& word : words) {
    while (word.size() < 24) word.push_back(static_cast<char>(random()));
  }
  Open();
  v1::Frame frame = Exchanges(1, 40);
  for (Sequence sequence = 1; sequence <= 40; ++sequence) {
    AddRow(&frame, Family::kText, TextKey(kBank, sequence), "\x01" + words[sequence]);
  }
  Apply(frame);
  ASSERT_TRUE(store_->Flush().ok());
  const auto stands_in_files = [&](Sequence sequence) {
    bool found = false;
    for (const auto& entry : std::filesystem::directory_iterator(options_.path + "/db")) {
      std::ifstream file(entry.path(), std::ios::binary);
      const std::string bytes((std::istreambuf_iterator<char>(file)), {});
      found |= bytes.find(words[sequence]) != std::string::npos;
    }
    return found;
  };
  EXPECT_TRUE(stands_in_files(7));
  EXPECT_TRUE(stands_in_files(40));

  v1::Frame removed = Exchanges(41, 41);
  AddRow(&removed, Family::kText, TextKey(kBank, 7), "");
  Apply(removed);
  store_.reset();
  Compact();
  EXPECT_FALSE(stands_in_files(7));
  EXPECT_TRUE(stands_in_files(8));
  EXPECT_TRUE(stands_in_files(40));
}

// Goal: what has just been recorded is read without the disk.
TEST_F(StoreTest, FreshRowsAreInMemory) {
  Open();
  Apply(Exchanges(1, 300));
  store_->Publish();
  const View memory = store_->Latest().InMemory();
  EXPECT_EQ(Statement(memory, {kBank, kAnna}, kEnd, Direction::kDown).size(), 300u);
  EXPECT_EQ(Value(memory.EntryBytes(kBank, 300)), Exchange(300, 20'000));
}

// Goal: frames that do not go on where the ledger stands, or cannot be understood, are refused and change
// nothing.
TEST_F(StoreTest, RefusesWhatDoesNotFollow) {
  Open();
  Apply(Exchanges(1, 2));
  const std::vector<std::vector<Row>> before = DerivedRows(kBank);

  EXPECT_EQ(TryApply(1, Exchanges(3, 3)).code(), absl::StatusCode::kInternal);
  EXPECT_EQ(TryApply(3, Exchanges(3, 3)).code(), absl::StatusCode::kInternal);

  v1::Frame newer = Exchanges(3, 3);
  newer.set_version(2);
  EXPECT_EQ(TryApply(2, newer).code(), absl::StatusCode::kFailedPrecondition);

  EXPECT_EQ(TryApply(2, Exchanges(4, 4)).code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(TryApply(2, Exchanges(2, 2)).code(), absl::StatusCode::kDataLoss);

  v1::Frame torn = Exchanges(3, 4);
  torn.mutable_entries(1)->resize(10);
  EXPECT_EQ(TryApply(2, torn).code(), absl::StatusCode::kDataLoss);

  v1::Frame derived = Exchanges(3, 3);
  AddRow(&derived, Family::kJournal, JournalKey(kBank, 1), "\x01");
  EXPECT_EQ(TryApply(2, derived).code(), absl::StatusCode::kDataLoss);

  for (const std::string& key : {TextKey(kBank, 0), BankPrefix(kBank)}) {
    v1::Frame of_no_entry = Exchanges(3, 3);
    AddRow(&of_no_entry, Family::kText, key, "\x01words");
    EXPECT_EQ(TryApply(2, of_no_entry).code(), absl::StatusCode::kDataLoss);
  }

  v1::Entry twice;
  ASSERT_TRUE(twice.ParseFromString(Exchange(3)));
  twice.mutable_movements(1)->set_account(kAnna);
  v1::Frame moved_twice;
  moved_twice.set_version(1);
  moved_twice.add_entries(twice.SerializeAsString());
  EXPECT_EQ(TryApply(2, moved_twice).code(), absl::StatusCode::kDataLoss);

  EXPECT_EQ(store_->applied_index(), 1u);
  EXPECT_EQ(DerivedRows(kBank), before);
  Apply(Exchanges(3, 3));
}

// Goal: an account's row and its movements must tell the same, in a frame, between frames of a tail, and
// between a tail and what is folded; sums that would leave 64 bits are an error, never a wrong number.
TEST_F(StoreTest, RowsAndMovementsAgree) {
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
  constexpr int64_t kLeast = std::numeric_limits<int64_t>::min();
  const auto gift = [](Sequence sequence, int64_t seconds) {
    v1::Entry entry;
    entry.set_bank(kBank);
    entry.set_sequence(sequence);
    entry.set_kind(v1::ENTRY_KIND_GIFT);
    entry.add_movements()->set_account(kAnna);
    entry.mutable_movements(0)->set_seconds(seconds);
    v1::Frame frame;
    frame.set_version(1);
    frame.add_entries(entry.SerializeAsString());
    return frame;
  };
  const auto with_row = [](v1::Frame frame, int64_t in, int64_t out) {
    v1::AccountRow row;
    row.set_seconds_in(in);
    row.set_seconds_out(out);
    AddRow(&frame, Family::kAccount, AccountKey(kBank, kAnna), EncodeRow(row));
    return frame;
  };
  const auto refused = [this](uint64_t index, const v1::Frame& frame) {
    const absl::Status status = ApplyAsItIs(index, frame);
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
    EXPECT_EQ(store_->applied_index(), index - 1);
  };
  Open();
  refused(1, gift(1, 1));
  ASSERT_TRUE(ApplyAsItIs(1, with_row(gift(1, kMost), kMost, 0)).ok());
  refused(2, with_row(gift(2, 1), kMost, 0));
  refused(2, with_row(gift(2, 1), kLeast, 0));
  refused(2, with_row(gift(2, kLeast), kMost, kMost));
  refused(2, with_row(gift(2, -5), kMost, 6));
  ASSERT_TRUE(ApplyAsItIs(2, with_row(gift(2, -5), kMost, 5)).ok());
  ASSERT_TRUE(store_->Flush().ok());
  // The growing tail does not know this account yet; the fold does.
  ASSERT_TRUE(ApplyAsItIs(3, with_row(gift(3, -5), kMost, 11)).ok());
  EXPECT_EQ(store_->Flush().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(store_->flushed_index(), 2u);
}

// Goal: a folder is one server's, and the refusal names who has it.
TEST_F(StoreTest, AFolderIsOneServers) {
  Open();
  const absl::Status status = Store::Open(options_).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr(options_.path + " is in use by another timebankd"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("(pid " + std::to_string(getpid()) + ")"));
  Apply(Exchanges(1, 1));
  Open();
}

// Goal: the folder is the owner's alone.
TEST_F(StoreTest, FolderMode) {
  options_.path = root_ + "/a/b/ledger";
  Open();
  EXPECT_EQ(std::filesystem::status(options_.path).permissions(), std::filesystem::perms::owner_all);
}

// Goal: a folder of a newer or older format, of no ledger, or with half of one is left alone, and the refusal
// says what to do.
TEST_F(StoreTest, FormatsThatAreNotOurs) {
  const auto write_format = [this](std::string_view text) {
    std::ofstream(options_.path + "/FORMAT") << text;
  };
  Open();
  store_.reset();
  std::string format;
  std::getline(std::ifstream(options_.path + "/FORMAT"), format);
  EXPECT_EQ(format, "timebank-ledger 3");

  write_format("timebank-ledger 4\n");
  const absl::Status newer = OpenError();
  EXPECT_EQ(newer.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(newer.message()),
              HasSubstr("is written in format 4, this server reads up to 3: use a newer timebankd"));

  write_format("timebank-ledger 1\n");
  const absl::Status older = OpenError();
  EXPECT_EQ(older.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(older.message()),
              HasSubstr("is written in format 1, this server reads 2 and newer"));

  for (const char* text : {"", "timebank-ledger", "timebank-ledger 3", "timebank-ledger x\n",
                           "timebank-ledger 0\n", "timebank-ledger 3\nmore\n", "something else\n"}) {
    write_format(text);
    EXPECT_EQ(OpenError().code(), absl::StatusCode::kFailedPrecondition) << text;
  }
  // What timebank-backup writes, whole.
  const std::string marker =
      "This ledger is being exchanged for another one. If that was ended half-way: timebank-backup --go-back "
      "undoes it";
  write_format(marker + "\n");
  EXPECT_THAT(std::string(OpenError().message()), HasSubstr("\"" + marker + "\""));
  std::filesystem::remove(options_.path + "/FORMAT");
  EXPECT_EQ(OpenError().code(), absl::StatusCode::kFailedPrecondition);
  // What was moved in without its FORMAT is no new folder, whatever of it is there.
  for (const char* part : {"keys", "FORMAT.before"}) {
    const std::string folder = options_.path;
    options_.path = root_ + "/part-" + part;
    std::filesystem::create_directories(options_.path);
    std::ofstream(options_.path + "/" + part) << "x";
    EXPECT_THAT(std::string(OpenError().message()), HasSubstr(absl::StrCat("file or folder ", part)));
    EXPECT_FALSE(std::filesystem::exists(options_.path + "/FORMAT"));
    options_.path = folder;
  }

  write_format("timebank-ledger 3\n");
  Open();
}

// Goal: a folder of the format before becomes today's when it is opened, in both places, so that an older
// server refuses it; what only looks leaves it as it is.
TEST_F(StoreTest, AnOlderFormatBecomesTodays) {
  Open();
  store_.reset();
  const std::string database = options_.path + "/db";
  const auto format_of_database = [&](std::optional<uint32_t> becomes) {
    absl::StatusOr<std::unique_ptr<Database>> opened = Database::Open(
        {.path = database, .block_cache_bytes = 1 << 20, .tail_bytes = 1 << 20, .on_background_error = {}});
    EXPECT_TRUE(opened.ok()) << opened.status();
    rocksdb::ColumnFamilyHandle* meta = (*opened)->handle(Family::kMeta);
    std::string value;
    EXPECT_TRUE((*opened)->db().Get(rocksdb::ReadOptions(), meta, ToSlice(kMetaFormat), &value).ok());
    if (becomes.has_value()) {
      std::string number;
      PutBigEndian<uint32_t>(&number, *becomes);
      rocksdb::WriteBatch batch = Database::NewBatch();
      EXPECT_TRUE(batch.Put(meta, ToSlice(kMetaFormat), number).ok());
      EXPECT_TRUE((*opened)->Write(&batch).ok());
      EXPECT_TRUE((*opened)->Flush().ok());
    }
    return GetBigEndian<uint32_t>(value.data());
  };
  const auto format_of_folder = [&] {
    std::string format;
    std::getline(std::ifstream(options_.path + "/FORMAT"), format);
    return format;
  };
  EXPECT_EQ(format_of_database(2), kFormatVersion);
  std::ofstream(options_.path + "/FORMAT") << "timebank-ledger 2\n";
  EXPECT_TRUE(VerifyDatabase(database).ok());
  EXPECT_TRUE(DataFolder::Open(options_.path, {kFormatVersion, kOldestFormat}).ok());
  EXPECT_EQ(format_of_folder(), "timebank-ledger 2");
  EXPECT_EQ(format_of_database({}), 2U);

  Open();
  EXPECT_EQ(format_of_folder(), "timebank-ledger 3");
  store_.reset();
  EXPECT_EQ(format_of_database(2), kFormatVersion);
  // Killed between the two, or db/ exchanged for an older copy.
  Open();
  store_.reset();
  EXPECT_EQ(format_of_database({}), kFormatVersion);
}

// Goal: enough that was applied is flushed without anybody asking, and said so.
TEST_F(StoreTest, FlushesBySize) {
  absl::Notification flushed;
  std::atomic<uint64_t> index{0};
  options_.tail_bytes = 64 << 10;
  options_.write_buffer_bytes = 64 << 10;
  options_.on_flushed = [&](uint64_t at) {
    if (index.exchange(at) == 0) flushed.Notify();
  };
  Open();
  for (Sequence sequence = 1; sequence <= 2'000; sequence += 10) Apply(Exchanges(sequence, sequence + 9));
  ASSERT_TRUE(flushed.WaitForNotificationWithTimeout(absl::Seconds(60)));
  EXPECT_GE(index, 1u);
  EXPECT_LE(store_->flushed_index(), store_->applied_index());
  store_.reset();
  EXPECT_EQ(index, 200u);
}

// Goal: little that was applied is flushed after a while.
TEST_F(StoreTest, FlushesByInterval) {
  absl::Notification flushed;
  options_.flush_interval_seconds = 0.02;
  options_.on_flushed = [&](uint64_t index) {
    EXPECT_EQ(index, 1u);
    flushed.Notify();
  };
  Open();
  Apply(Exchanges(1, 1));
  ASSERT_TRUE(flushed.WaitForNotificationWithTimeout(absl::Seconds(60)));
}

// Goal: a disk that takes no more is told about once, and loses nothing that was on it.
TEST_F(StoreTest, BackgroundErrorIsTold) {
  std::atomic<int> told{0};
  options_.on_background_error = [&](const absl::Status& status) {
    EXPECT_FALSE(status.ok());
    ++told;
  };
  Open();
  Apply(Exchanges(1, 10));
  ASSERT_TRUE(store_->Flush().ok());
  for (Sequence sequence = 11; sequence <= 4'000; sequence += 10) Apply(Exchanges(sequence, sequence + 9));

  rlimit old_limit;
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &old_limit), 0);
  const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit small = old_limit;
  small.rlim_cur = 2 << 10;
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  const absl::Status status = store_->Flush();
  const absl::Status again = store_->Flush();
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &old_limit), 0);
  std::signal(SIGXFSZ, old_handler);

  EXPECT_FALSE(status.ok());
  EXPECT_FALSE(again.ok());
  EXPECT_EQ(told, 1);
  EXPECT_EQ(store_->flushed_index(), 1u);
}

// Goal: a full disk is no failure: HasRoom tells it, reads go on and nobody waits, though both tails are
// full; once there is room everything is in files by itself, and is there after opening again.
TEST_F(StoreTest, AFullDiskIsNoFailureAndHeals) {
  std::atomic<uint64_t> free = uint64_t{1} << 40;
  options_.free_bytes = [&] { return free.load(); };
  options_.tail_bytes = 1;
  options_.write_buffer_bytes = 1;
  options_.on_background_error = [](const absl::Status& status) { ADD_FAILURE() << status; };
  Open();
  Apply(Exchanges(1, 10));
  ASSERT_TRUE(store_->Flush().ok());
  EXPECT_TRUE(store_->HasRoom());
  free = 0;
  for (Sequence sequence = 11; sequence <= 1'000; sequence += 10) Apply(Exchanges(sequence, sequence + 9));
  store_->Publish();
  EXPECT_TRUE(Await([&] { return !store_->HasRoom(); }));
  EXPECT_EQ(Journal(store_->Latest(), kBank, 1, Direction::kUp, SIZE_MAX).size(), 1'000u);
  EXPECT_EQ(store_->flushed_index(), 1u);
  free = uint64_t{1} << 40;
  EXPECT_TRUE(Await([&] { return store_->HasRoom(); })) << "does not heal";
  Apply(Exchanges(1'001, 1'010));
  EXPECT_TRUE(store_->Flush().ok());
  EXPECT_EQ(store_->Figures().background_errors, 0u);
  Open();
  EXPECT_EQ(store_->applied_index(), 101u);
  EXPECT_EQ(Journal(store_->Latest(), kBank, 1, Direction::kUp, SIZE_MAX).size(), 1'010u);
  store_.reset();
}

// Goal: a store can be closed on a full disk, and the next one finds it at the last flush.
TEST_F(StoreTest, ClosesOnAFullDisk) {
  std::atomic<uint64_t> free = uint64_t{1} << 40;
  options_.free_bytes = [&] { return free.load(); };
  options_.write_buffer_bytes = 1;
  Open();
  Apply(Exchanges(1, 10));
  ASSERT_TRUE(store_->Flush().ok());
  free = 0;
  Apply(Exchanges(11, 20));
  EXPECT_TRUE(Await([&] { return !store_->HasRoom(); })) << "and what is in memory is being flushed";
  store_.reset();
  free = uint64_t{1} << 40;
  Open();
  EXPECT_EQ(store_->applied_index(), 1u);
  store_.reset();
}

// Goal: the disk must have room for what is in memory alone and a reserve; what can be brought into files
// then is, and is asked for no more.
TEST_F(StoreTest, RoomIsKeptForWhatIsInMemory) {
  std::atomic<uint64_t> free = kReserveBytes;
  options_.free_bytes = [&] { return free.load(); };
  Open();
  EXPECT_TRUE(store_->HasRoom());
  free = kReserveBytes - 1;
  EXPECT_TRUE(Await([&] { return !store_->HasRoom(); }));
  free = kReserveBytes;
  EXPECT_TRUE(Await([&] { return store_->HasRoom(); }));
  Apply(Exchanges(1, 10));
  EXPECT_TRUE(Await([&] { return !store_->HasRoom(); })) << "a frame is in memory";
  EXPECT_TRUE(Await([&] { return store_->HasRoom(); })) << "and was not flushed";
  EXPECT_EQ(store_->flushed_index(), 1u);
  store_.reset();
}

// Goal: however often it is asked, the disk is looked at a few times a second.
TEST_F(StoreTest, TheDiskIsNotAskedAboutEachFrame) {
  Open();
  store_.reset();
  std::atomic<bool> counts = false;
  std::atomic<int> looks = 0;
  options_.free_bytes = [&] { return looks += counts ? 1 : 0, kReserveBytes * 2; };
  Open();
  counts = true;
  const absl::Time began = absl::Now();
  for (int i = 0; i < 10'000; ++i) EXPECT_TRUE(store_->HasRoom());
  EXPECT_LE(looks, 1 + (absl::Now() - began) / absl::Milliseconds(250));
  store_.reset();
}

// Goal: readers on other threads always see whole frames while the ledger goes on.
TEST_P(StoreTailTest, ReadersSeeWholeFrames) {
  Open();
  std::atomic<bool> done{false};
  std::vector<std::thread> readers;
  for (int i = 0; i < 2; ++i) {
    readers.emplace_back([&] {
      while (!done) {
        const View view = store_->Latest();
        const Sequence last = view.applied_index();
        const int64_t count = static_cast<int64_t>(last);
        EXPECT_EQ(Value(view.EntryBytes(kBank, last)).has_value(), last > 0);
        EXPECT_EQ(Value(view.EntryBytes(kBank, last + 1)), std::nullopt);
        EXPECT_EQ(Value(view.SumsAt(kBank, kAnna, kEnd)), (Sums{count * 3'600, 0, count}));
        EXPECT_EQ(Value(view.SumsBeforeDay(kBank, kBen, 20'100)), (Sums{0, count * 3'600, count}));
      }
    });
  }
  for (Sequence sequence = 1; sequence <= 1'000; ++sequence) {
    Apply(Exchanges(sequence, sequence));
    store_->Publish();
  }
  done = true;
  for (std::thread& reader : readers) reader.join();
}

}  // namespace
}  // namespace timebank::storage
