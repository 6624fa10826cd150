// Layers over a base: what is read, undone, sealed and folded.
#include "server/ledger/working_state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "storage/keys.h"
#include "storage/pages.h"
#include "tests/support/matchers.h"
#include "tests/support/memory_base.h"
#include "timebank/storage/v1/entry.pb.h"
#include "timebank/storage/v1/frame.pb.h"
#include "timebank/storage/v1/rows.pb.h"

namespace timebank::ledger {
namespace {

using storage::AccountNumber;
using storage::Family;
using storage::Sequence;
using testing::ElementsAre;
using testing::Eq;
using testing::IsEmpty;
using testing::Optional;
using testing::Pair;

constexpr storage::BankNumber kBank = 7;
constexpr AccountNumber kAna = 1;
constexpr storage::Day kDay = 20'000;

storage::v1::Entry EntryOf(Sequence sequence, int64_t seconds = 60, storage::Day day = kDay) {
  storage::v1::Entry entry;
  entry.set_bank(kBank);
  entry.set_sequence(sequence);
  entry.set_occurred_on(day);
  auto* movement = entry.add_movements();
  movement->set_account(kAna);
  movement->set_seconds(seconds);
  return entry;
}

std::vector<std::pair<Sequence, int64_t>> DayOf(const WorkingState& state, storage::Day day = kDay) {
  std::vector<std::pair<Sequence, int64_t>> found;
  state.ScanDay(kBank, kAna, day,
                [&](Sequence sequence, int64_t seconds) { found.emplace_back(sequence, seconds); });
  return found;
}

class WorkingStateTest : public testing::Test {
 protected:
  std::optional<std::string> Get(const std::string& key) { return state_.Get(Family::kSlug, key); }
  void Put(const std::string& key, const std::string& value) { state_.Put(Family::kSlug, key, value); }

  MemoryBase base_;
  WorkingState state_{&base_};
};

// Goal: the newest layer speaks first, then the sealed ones, then the base; a removed row hides older ones.
TEST_F(WorkingStateTest, NewerLayersHideOlderOnes) {
  Put("a", "1");
  Put("b", "1");
  const auto first = state_.Seal();
  Put("a", "2");
  const auto second = state_.Seal();
  Put("b", "");
  EXPECT_THAT(Get("a"), Optional(Eq("2")));
  EXPECT_EQ(Get("b"), std::nullopt);
  EXPECT_EQ(Get("c"), std::nullopt);
  EXPECT_EQ(state_.Get(Family::kOrigin, "a"), std::nullopt) << "families are apart";
  EXPECT_EQ(state_.sealed_layers(), 2u);

  // Folding changes nothing that is read, neither before nor after the layer is dropped.
  for (const auto& layer : {first, second, state_.Seal()}) {
    base_.Absorb(*layer);
    EXPECT_THAT(Get("a"), Optional(Eq("2")));
    EXPECT_EQ(Get("b"), std::nullopt);
    state_.DropOldest();
    EXPECT_THAT(Get("a"), Optional(Eq("2")));
    EXPECT_EQ(Get("b"), std::nullopt);
  }
  EXPECT_EQ(state_.sealed_layers(), 0u);
  EXPECT_THAT(base_.rows(), ElementsAre(Pair(Pair(Family::kSlug, "a"), "2")));
}

// Goal: a sealed layer holds exactly its batch, in the order of keys, removals included.
TEST_F(WorkingStateTest, ALayerBecomesAFrame) {
  Put("before", "1");
  state_.Seal();
  Put("b", "1");
  Put("a", "1");
  Put("b", "2");
  Put("before", "");
  state_.AppendEntry(EntryOf(1));
  state_.AppendEntry(EntryOf(2));
  const auto layer = state_.Seal();
  EXPECT_TRUE(state_.Seal()->empty());
  storage::v1::Frame frame;
  ASSERT_TRUE(frame.ParseFromString(layer->FrameBytes()));
  std::vector<std::pair<std::string, std::string>> rows;
  for (const auto& row : frame.rows()) {
    EXPECT_EQ(row.family(), static_cast<uint32_t>(Family::kSlug));
    rows.emplace_back(row.key(), row.value());
  }
  EXPECT_THAT(rows, ElementsAre(Pair("a", "1"), Pair("b", "2"), Pair("before", "")));
  EXPECT_THAT(frame.entries(), ElementsAre(EntryOf(1).SerializeAsString(), EntryOf(2).SerializeAsString()));
}

// Goal: a frame is byte for byte what protobuf makes of its parts: entries of several banks, new texts among
// older ones that were written over, accounts in order of number, removed rows, and the families in order.
TEST_F(WorkingStateTest, AFrameIsWhatProtobufWrites) {
  std::map<std::pair<Family, std::string>, std::string> rows;
  storage::v1::Frame expected;
  expected.set_version(1);
  auto put = [&](Family family, const std::string& key, const std::string& value) {
    state_.Put(family, key, value);
    rows[{family, key}] = value;
  };
  put(Family::kMeta, "instance", "x");
  put(Family::kClock, "clock", std::string(300, 'c'));
  put(Family::kSlug, "gone", "");
  put(Family::kText, storage::TextKey(kBank, 1), "older text");
  put(Family::kText, storage::TextKey(kBank + 2, 1), "of a later bank");
  for (Sequence sequence = 2; sequence < 6; ++sequence) {
    for (storage::BankNumber bank : {kBank + 1, kBank}) {
      storage::v1::Entry entry = EntryOf(sequence);
      entry.set_bank(bank);
      storage::v1::TextRow text;
      text.set_texts(std::string(sequence * 40, 't'));
      const bool has_text = sequence != 3;
      state_.AppendEntry(entry, has_text ? &text : nullptr);
      *expected.add_entries() = entry.SerializeAsString();
      if (has_text) rows[{Family::kText, storage::TextKey(bank, sequence)}] = storage::EncodeRow(text);
    }
  }
  put(Family::kText, storage::TextKey(kBank, 4), "written over");
  for (AccountNumber account : {300u, 2u, 0u}) {
    storage::v1::AccountRow row;
    if (account != 0) row.set_balance(-int64_t{account} << 20);
    state_.PutRow(Family::kAccount, storage::AccountKey(kBank, account), row);
    rows[{Family::kAccount, storage::AccountKey(kBank, account)}] = storage::EncodeRow(row);
  }
  for (const auto& [key, value] : rows) {
    auto* row = expected.add_rows();
    row->set_family(static_cast<uint32_t>(key.first));
    row->set_key(key.second);
    row->set_value(value);
    EXPECT_EQ(state_.Get(key.first, key.second).value_or(""), value);
  }
  const auto layer = state_.Seal();
  EXPECT_EQ(layer->FrameBytes(), expected.SerializeAsString());
  EXPECT_EQ(layer->Rows(), rows);
  for (const auto& [key, value] : rows) EXPECT_EQ(state_.Get(key.first, key.second).value_or(""), value);
}

// Goal: rolling back takes away exactly what came after the mark: rows, entries, and the day's movements.
TEST_F(WorkingStateTest, RollBackGoesToTheMark) {
  Put("folded", "1");
  state_.AppendEntry(EntryOf(1));
  base_.Absorb(*state_.Seal());
  state_.DropOldest();
  Put("kept", "1");
  state_.AppendEntry(EntryOf(2));

  const auto outer = state_.Savepoint();
  Put("kept", "2");
  Put("new", "1");
  Put("folded", "");
  const auto inner = state_.Savepoint();
  Put("kept", "3");
  Put("kept", "4");
  Put("new", "");
  state_.AppendEntry(EntryOf(3));
  state_.AppendEntry(EntryOf(4, 60, kDay + 1));

  state_.RollBack(inner);
  EXPECT_THAT(Get("kept"), Optional(Eq("2")));
  EXPECT_THAT(Get("new"), Optional(Eq("1")));
  EXPECT_EQ(Get("folded"), std::nullopt);
  EXPECT_FALSE(state_.Entry(kBank, 3).has_value());
  EXPECT_THAT(DayOf(state_), ElementsAre(Pair(1, 60), Pair(2, 60)));
  EXPECT_THAT(DayOf(state_, kDay + 1), IsEmpty());

  state_.RollBack(outer);
  EXPECT_THAT(Get("kept"), Optional(Eq("1")));
  EXPECT_EQ(Get("new"), std::nullopt);
  EXPECT_THAT(Get("folded"), Optional(Eq("1")));

  // The number is free again, and the layer holds nothing of what was undone.
  state_.AppendEntry(EntryOf(3, 90));
  EXPECT_EQ(state_.Entry(kBank, 3)->movements(0).seconds(), 90);
  EXPECT_THAT(DayOf(state_), ElementsAre(Pair(1, 60), Pair(2, 60), Pair(3, 90)));
  const auto layer = state_.Seal();
  EXPECT_EQ(layer->Rows().size(), 1u);
  EXPECT_EQ(layer->Entries().size(), 2u);
}

// Goal: what changed since a mark is told once a row, with the value that it had at the mark, wherever that
// stood.
TEST_F(WorkingStateTest, ChangesSinceTellsTheValueBefore) {
  Put("folded", "f");
  base_.Absorb(*state_.Seal());
  state_.DropOldest();
  Put("sealed", "s");
  Put("gone", "g");
  state_.Seal();
  Put("gone", "");
  Put("layer", "1");
  const auto mark = state_.Savepoint();
  EXPECT_THAT(state_.ChangesSince(mark, Family::kSlug), IsEmpty());
  for (const char* key : {"folded", "sealed", "gone", "layer", "new"}) Put(key, "x");
  Put("layer", "2");
  state_.Put(Family::kOrigin, "other", "x");
  std::vector<std::pair<std::string, std::optional<std::string>>> changes;
  for (auto& change : state_.ChangesSince(mark, Family::kSlug))
    changes.emplace_back(change.key, change.before);
  EXPECT_THAT(changes, ElementsAre(Pair("folded", Optional(Eq("f"))), Pair("sealed", Optional(Eq("s"))),
                                   Pair("gone", std::nullopt), Pair("layer", Optional(Eq("1"))),
                                   Pair("new", std::nullopt)));
}

// Goal: entries since a mark are those appended after it, in order.
TEST_F(WorkingStateTest, EntriesSince) {
  state_.AppendEntry(EntryOf(1));
  const auto mark = state_.Savepoint();
  EXPECT_THAT(state_.EntriesSince(mark), IsEmpty());
  state_.AppendEntry(EntryOf(2));
  state_.AppendEntry(EntryOf(3));
  const auto entries = state_.EntriesSince(mark);
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(entries[0].sequence(), 2u);
  EXPECT_EQ(entries[1].sequence(), 3u);
}

// Goal: entries are found wherever they stand; banks are apart.
TEST_F(WorkingStateTest, EntriesAreFoundInEveryLayer) {
  for (Sequence sequence = 1; sequence <= 3; ++sequence) {
    state_.AppendEntry(EntryOf(sequence));
    if (sequence < 3) {
      const auto layer = state_.Seal();
      if (sequence == 1) base_.Absorb(*layer), state_.DropOldest();
    }
  }
  for (Sequence sequence = 1; sequence <= 3; ++sequence) {
    EXPECT_TRUE(state_.Entry(kBank, sequence).has_value()) << sequence;
    EXPECT_FALSE(state_.Entry(kBank + 1, sequence).has_value());
  }
  EXPECT_FALSE(state_.Entry(kBank, 4).has_value());
}

// Goal: while a layer stands in the base and is not dropped yet, each movement of a day is told once.
TEST_F(WorkingStateTest, ADaysMovementsAreToldOnce) {
  state_.AppendEntry(EntryOf(1, 10));
  const auto first = state_.Seal();
  state_.AppendEntry(EntryOf(2, 20));
  const auto second = state_.Seal();
  state_.AppendEntry(EntryOf(3, 30));
  const auto all = ElementsAre(Pair(1, 10), Pair(2, 20), Pair(3, 30));
  EXPECT_THAT(DayOf(state_), all);
  base_.Absorb(*first);
  EXPECT_THAT(DayOf(state_), all);
  base_.Absorb(*second);
  EXPECT_THAT(DayOf(state_), all);
  state_.DropOldest();
  EXPECT_THAT(DayOf(state_), all);
  EXPECT_THAT(DayOf(state_, kDay + 1), IsEmpty());
}

// A base that counts what is read of the directory.
class CountedBase final : public MemoryBase {
 public:
  absl::StatusOr<std::optional<std::string>> Get(Family family, std::string_view key) const override {
    reads_ += family == Family::kDirectory;
    return MemoryBase::Get(family, key);
  }
  int TakeReads() const { return std::exchange(reads_, 0); }

 private:
  mutable int reads_ = 0;
};

// Goal: who was found by a name is known as a member without another read; where the name's row, of an older
// server, does not say so, and where the record has changed since, the record is read.
TEST_F(WorkingStateTest, AMembersNameSaysWhatTheRecordSays) {
  constexpr AccountNumber kNumber = 5;
  constexpr AccountNumber kMember = storage::MakeAccount(storage::HolderKind::kMember, kNumber);
  const std::string record_key = storage::DirectoryKey(kBank, storage::DirectoryKind::kMember, kNumber);
  storage::v1::BankRow bank_row;
  bank_row.set_secret(std::string(32, 's'));
  storage::v1::MemberRow member;
  member.set_state(2);
  member.set_closed_on(kDay);
  for (const bool says : {true, false}) {
    SCOPED_TRACE(says);
    CountedBase base;
    {
      WorkingState before(&base);
      before.PutRow(Family::kDirectory, storage::DirectoryKey(kBank, storage::DirectoryKind::kBank, 0),
                    bank_row);
      before.PutRow(Family::kDirectory, record_key, member);
      storage::v1::SlugRow name;
      name.set_number(kMember);
      if (says) {
        name.set_member_state(2);
        name.set_member_closed_on(kDay);
        name.set_member_merged_into(77);  // as no server writes it, to tell which of the two was read
      }
      before.PutRow(Family::kSlug, storage::SlugKey(kBank, bank_row.secret(), "member", "ana"), name);
      base.Absorb(*before.Seal());
    }
    WorkingState state(&base);
    OpenBank& bank = state.BankNumbered(kBank);
    EXPECT_THAT(state.NumberNamed(bank, NameKind::kMember, "ana"), Optional(Eq(kMember)));
    base.TakeReads();
    const MemberFacts* facts = state.MemberOf(bank, kMember);
    ASSERT_NE(facts, nullptr);
    EXPECT_EQ(base.TakeReads(), says ? 0 : 1);
    EXPECT_EQ(facts->state, 2U);
    EXPECT_EQ(facts->closed_on, kDay);
    EXPECT_EQ(facts->merged_into, says ? 77U : 0U);

    const WorkingState::Mark mark = state.Savepoint();
    storage::v1::MemberRow reopened = member;
    reopened.set_state(1);
    reopened.clear_closed_on();
    state.PutRow(Family::kDirectory, record_key, reopened);
    EXPECT_EQ(state.MemberOf(bank, kMember)->state, 1U);
    state.RollBack(mark);
    EXPECT_EQ(state.MemberOf(bank, kMember)->state, 2U);
    EXPECT_EQ(state.MemberOf(bank, kMember)->merged_into, 0U);
    EXPECT_THAT(state.status(), IsOk());
  }
}

// Goal: the first error of the base is kept, whatever is read after it; reads then answer nothing.
TEST_F(WorkingStateTest, AnErrorOfTheBaseIsKept) {
  Put("a", "1");
  base_.Absorb(*state_.Seal());
  state_.DropOldest();
  EXPECT_THAT(state_.status(), IsOk());
  base_.FailWith(absl::UnavailableError("the disk does not answer"));
  EXPECT_EQ(Get("a"), std::nullopt);
  EXPECT_EQ(state_.status().code(), absl::StatusCode::kUnavailable);
  base_.FailWith(absl::DataLossError("damaged"));
  EXPECT_FALSE(state_.Entry(kBank, 1).has_value());
  EXPECT_THAT(DayOf(state_), IsEmpty());
  base_.FailWith(absl::OkStatus());
  EXPECT_THAT(Get("a"), Optional(Eq("1")));
  EXPECT_EQ(state_.status().code(), absl::StatusCode::kUnavailable);
}

// Goal: a row whose bytes are damaged is an error, not an empty row.
TEST_F(WorkingStateTest, ADamagedRowIsAnError) {
  Put("a", std::string("\x01\xff\xff", 3));
  storage::v1::SlugRow row;
  EXPECT_FALSE(state_.GetRow(Family::kSlug, "a", &row));
  EXPECT_EQ(state_.status().code(), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace timebank::ledger
