// Random histories: what is refused leaves no trace, and layers make no difference.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/ledger/execute.h"
#include "server/ledger/validate.h"
#include "storage/types.h"
#include "tests/support/matchers.h"
#include "tests/support/script.h"
#include "timebank/storage/v1/entry.pb.h"

namespace timebank::ledger {
namespace {

using storage::Family;

// Lines of a busy and careless bank: half of them make no sense. The same seed gives the same lines.
class Lines {
 public:
  explicit Lines(uint32_t seed) : random_(seed) {}

  std::string Next() {
    ++lines_;
    std::string line = Operation();
    if (OneIn(3)) absl::StrAppend(&line, " id=r", Below(500));
    if (OneIn(6)) absl::StrAppend(&line, " validate_only");
    absl::StrAppend(&line, Pick({"", "", "", "", "", "", "", " as=m1", " as=m2", " as=m3", " as=broker:m1",
                                 " as=partner", " as=partner:m2", " as=member", " as=ghost"}));
    return line;
  }

 private:
  uint32_t Below(uint32_t limit) { return static_cast<uint32_t>(random_() % limit); }
  bool OneIn(uint32_t n) { return Below(n) == 0; }
  std::string Pick(const std::vector<std::string>& words) {
    return words[Below(static_cast<uint32_t>(words.size()))];
  }
  std::string Member() { return OneIn(30) ? "ghost" : absl::StrCat("m", 1 + Below(6)); }
  std::string Holder() {
    return OneIn(5) ? Pick({"pots/community", "pots/opening", "circles/c1", "circles/c9"}) : Member();
  }
  std::string Hours() { return Pick({"0h", "1h", "2h", "30m", "9h", "45s", "1000000000h"}); }
  std::string Entry() { return absl::StrCat(1 + Below(9 + lines_ / 2)); }
  std::string Shares() {
    std::string shares = Holder();
    while (OneIn(3)) absl::StrAppend(&shares, ",", Holder());
    if (OneIn(4)) absl::StrAppend(&shares, ":", Hours());
    return OneIn(20) ? "-" : shares;
  }
  std::string Details() {
    std::string details;
    if (OneIn(4))
      absl::StrAppend(&details, " on=", Pick({"2026-11-14", "2026-10-01", "2027-01-01", "1800-01-01"}));
    if (OneIn(4)) absl::StrAppend(&details, " category=", Pick({"a", "A", "b", "c"}));
    if (OneIn(4)) absl::StrAppend(&details, " note=n", Below(3));
    if (OneIn(9)) absl::StrAppend(&details, " remainder=", Holder());
    if (OneIn(9)) absl::StrAppend(&details, " unnamed_receivers=", Below(3));
    return details;
  }
  std::string For() { return OneIn(5) ? " for=" + Member() : ""; }
  std::string Changes() {
    std::string changes = Details();
    if (OneIn(2)) absl::StrAppend(&changes, " seconds=", Hours());
    if (OneIn(4)) absl::StrAppend(&changes, " givers=", Shares());
    if (OneIn(4)) absl::StrAppend(&changes, " receivers=", Shares());
    return changes;
  }

  std::string Operation() {
    switch (Below(25)) {
      case 0:
        return absl::StrCat("member ", OneIn(2) ? Member() : "", OneIn(3) ? " external=oak/1" : "");
      case 1:
        return absl::StrCat("update ", Member(), " name=x", OneIn(3) ? " external=oak/2" : "",
                            OneIn(3) ? " etag=5" : "");
      case 2:
        return absl::StrCat("close ", Member(), OneIn(2) ? " to=" + Holder() : "",
                            OneIn(2) ? " on=2026-10-15" : "");
      case 3:
        return "reopen " + Member();
      case 4:
        return OneIn(3) ? absl::StrCat("merge ", Member(), " into ", Member()) : "reopen " + Member();
      case 5:
        return absl::StrCat("circle ", OneIn(2) ? "c1 " : "", Member());
      case 6:
        return absl::StrCat(Pick({"join c1 ", "leave c1 "}), Member());
      case 7:
        return absl::StrCat("settings ",
                            Pick({"block_below=-9h", "block_below=-", "block_above=20h", "warn_below=-1h",
                                  "starter=1h", "who=giver", "who=either", "categories=x,a"}));
      case 8:
        return absl::StrCat("opening ", Holder(), " ", Pick({"", "-"}), Hours(),
                            OneIn(2) ? absl::StrCat(" origin=oak/", Below(9)) : "");
      case 9:
        return absl::StrCat("gift ", Holder(), " -> ", Holder(), " ", Hours(), For());
      case 10:
        return absl::StrCat("reverse ", Entry(), For());
      case 11:
      case 12:
        return absl::StrCat("contest ", Entry(), " because=x", For());
      case 13:
      case 14:
        return absl::StrCat("settle ", Entry(), " ", Pick({"stands", "reversed", "corrected"}),
                            OneIn(3) ? Changes() : "", For());
      case 15:
        return absl::StrCat("confirm ", Entry(), For());
      case 16:
        return absl::StrCat("correct ", Entry(), Changes(), For());
      case 17:
        return absl::StrCat("erase_note ", Entry(), For());
      case 18:
      case 19:
        return absl::StrCat("grant ", Member(), " ", Member(), " ", Pick({"no_limit", "1h", "9h", "0h", ""}),
                            Pick({"", "", " until=2026-11-14", " until=2026-11-13"}));
      case 20:
        return absl::StrCat("revoke ", Member(), " ", Member());
      default:
        return absl::StrCat("record ", Shares(), " -> ", Shares(), " ", Hours(), Details(), For(),
                            OneIn(4) ? absl::StrCat(" origin=elm/", Below(20)) : "",
                            OneIn(2) ? " check_duplicates" : "");
    }
  }

  std::mt19937 random_;
  uint32_t lines_ = 0;
};

bool IsHead(const std::string& account_key) { return account_key.compare(8, 4, std::string(4, '\0')) == 0; }

// The rows that a refusal for good may leave behind: its request, the head, a key's name, the day's clock.
void ExpectTracesOfARefusal(const MemoryBase& before, const MemoryBase& after) {
  for (const auto& [key, value] : after.rows()) {
    const auto old = before.rows().find(key);
    if (old != before.rows().end() && old->second == value) continue;
    const bool named_key =
        old == before.rows().end() && (key.first == Family::kSlug || key.first == Family::kDirectory);
    EXPECT_TRUE(key.first == Family::kRequest || key.first == Family::kClock || named_key ||
                (key.first == Family::kAccount && IsHead(key.second)))
        << "family " << static_cast<int>(key.first);
  }
  ASSERT_EQ(after.entries().size(), before.entries().size() + 1);
  storage::v1::Entry entry;
  ASSERT_TRUE(entry.ParseFromString(after.entries().rbegin()->second));
  EXPECT_EQ(entry.kind(), storage::v1::ENTRY_KIND_REFUSAL);
  EXPECT_EQ(entry.movements_size(), 0);
}

class RollbackTest : public testing::TestWithParam<uint32_t> {};

// Goal: whatever is refused, and whatever is only validated, leaves the ledger byte for byte as it was; a
// refusal for good leaves its entry. And the same history ends in the same bytes, whether each command finds
// the ones before it in its own layer or in the base.
TEST_P(RollbackTest, WhatIsRefusedLeavesNoTrace) {
  Script folded(Script::Folding::kEachCommand);
  Script layered(Script::Folding::kNever);
  Lines lines(GetParam());
  int posted = 0;
  int refused = 0;
  int frozen = 0;
  std::set<Reason> reasons;
  const char* const beginning = "members m1..m6 \n circle c1 m1,m2";
  ASSERT_THAT(folded.Run(beginning), IsOk());
  ASSERT_THAT(layered.Run(beginning), IsOk());
  for (int i = 0; i < 1500; ++i) {
    const std::string line = lines.Next();
    SCOPED_TRACE(line);
    const MemoryBase before = folded.base();
    const auto command = folded.Parse(line);
    ASSERT_THAT(command, IsOk());
    const auto outcome = folded.Do(*command);
    ASSERT_THAT(outcome, IsOk());
    ASSERT_THAT(folded.Run("fold"), IsOk());
    if (outcome->refusal && outcome->count == 1 && !outcome->replayed) {
      ++frozen;
      EXPECT_TRUE(IsFrozen(outcome->refusal->reason));
      ExpectTracesOfARefusal(before, folded.base());
    } else if (outcome->refusal || command->validate_only || outcome->replayed) {
      ++refused;
      ASSERT_EQ(folded.base().rows(), before.rows());
      ASSERT_EQ(folded.base().entries(), before.entries());
    } else {
      ++posted;
      EXPECT_GT(folded.base().entries().size(), before.entries().size());
    }
    if (outcome->refusal) reasons.insert(outcome->refusal->reason);

    const auto same = layered.Do(*layered.Parse(line));
    ASSERT_THAT(same, IsOk());
    EXPECT_EQ(same->first, outcome->first);
    EXPECT_EQ(same->refusal.has_value(), outcome->refusal.has_value());
  }
  EXPECT_EQ(layered.Dump(), folded.Dump());
  // The lines are worth the name of a history.
  EXPECT_GT(posted, 120);
  EXPECT_GT(refused, 200);
  EXPECT_GT(frozen, 10);
  EXPECT_GT(reasons.size(), 12u);
}

INSTANTIATE_TEST_SUITE_P(Seeds, RollbackTest, testing::Range(1u, 9u));

// A ledger whose commands are carried out by one working state after the other, or by one for all.
struct Ledger {
  explicit Ledger(const MemoryBase& begin, CacheLimits limits = {}) : base(begin), state(&base, limits) {}

  void Seal() { sealed = state.Seal(); }
  void Drop() {
    base.Absorb(*sealed);
    state.DropOldest();
    sealed.reset();
  }
  // Everything, as it would be folded now.
  MemoryBase Folded() const {
    MemoryBase all = base;
    if (sealed) all.Absorb(*sealed);
    all.Absorb(*state.Peek());
    return all;
  }

  MemoryBase base;
  WorkingState state;
  std::shared_ptr<const Layer> sealed;
};

// What is told of an outcome; the bytes of what was posted.
std::string Told(const Outcome& outcome) {
  std::string told = absl::StrCat(outcome.first, " ", outcome.count, " ", outcome.replayed);
  if (outcome.refusal) absl::StrAppend(&told, " ", outcome.refusal->ToFacts().ShortDebugString());
  for (const Outcome::Item& item : outcome.items) {
    absl::StrAppend(&told, " | ", item.sequence);
    if (item.refusal) absl::StrAppend(&told, item.refusal->ToFacts().ShortDebugString());
  }
  for (const auto* shown : {&outcome.preview, &outcome.posted}) {
    if (!*shown) continue;
    absl::StrAppend(&told, " / ", (*shown)->entry.ShortDebugString(), (*shown)->texts.ShortDebugString(),
                    (*shown)->category);
  }
  return told;
}

class CacheTest : public testing::TestWithParam<uint32_t> {};

// Goal: what a working state keeps decoded is what the rows say, through refusals, previews, whole and
// partial batches, at every stage of a layer: each command ends as it does for a working state that knows
// nothing yet, for one that forgets everything at each seal, and for one that forgets some of it.
TEST_P(CacheTest, WhatIsKeptIsWhatTheRowsSay) {
  Script script(Script::Folding::kEachCommand);
  ASSERT_THAT(script.Run("members m1..m6 \n circle c1 m1,m2 \n fold"), IsOk());
  Ledger keeping(script.base());
  Ledger forgetful(script.base(), {.banks = 0, .accounts = 0, .names = 0, .words = 0});
  Ledger small(script.base(), {.banks = 1, .accounts = 8, .names = 3, .words = 1});
  Lines lines(GetParam());
  std::mt19937 random(GetParam());
  for (int i = 0; i < 1000; ++i) {
    const std::string line = lines.Next();
    SCOPED_TRACE(line);
    const auto command = script.Parse(line);
    ASSERT_THAT(command, IsOk());
    ASSERT_THAT(script.Run("later 1s"), IsOk());
    if (!Validate(*command).empty()) continue;

    Ledger fresh(keeping.Folded());
    const auto expected = Execute(*command, fresh.state);
    ASSERT_THAT(expected, IsOk());
    for (Ledger* ledger : {&keeping, &forgetful, &small}) {
      const auto outcome = Execute(*command, ledger->state);
      ASSERT_THAT(outcome, IsOk());
      ASSERT_EQ(Told(*outcome), Told(*expected));
      if (outcome->posted) {
        const auto entry = ledger->state.Entry(outcome->bank, outcome->first);
        ASSERT_TRUE(entry.has_value());
        EXPECT_EQ(entry->SerializeAsString(), outcome->posted->entry.SerializeAsString());
      }
    }
    const MemoryBase all = fresh.Folded();
    ASSERT_EQ(keeping.Folded().rows(), all.rows());
    ASSERT_EQ(keeping.Folded().entries(), all.entries());
    ASSERT_EQ(forgetful.Folded().rows(), all.rows());
    ASSERT_EQ(small.Folded().rows(), all.rows());
    if (random() % 4 != 0) continue;
    if (keeping.sealed) {
      keeping.Drop();
      forgetful.Drop();
      small.Drop();
    } else {
      keeping.Seal();
      forgetful.Seal();
      small.Seal();
      ASSERT_EQ(*keeping.sealed->Frame(), *forgetful.sealed->Frame());
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, CacheTest, testing::Range(1u, 5u));

// Goal: a command that could not read the ledger fails and changes nothing.
TEST(RollbackReadErrorTest, ABaseThatFailsChangesNothing) {
  Script bank(Script::Folding::kEachCommand);
  ASSERT_THAT(bank.Run("members ana ben \n record ana -> ben 1h"), IsOk());
  const std::string before = bank.Dump();
  bank.base().FailWith(absl::UnavailableError("the disk does not answer"));
  const auto outcome = bank.Do(*bank.Parse("record ana -> ben 1h id=a"));
  EXPECT_EQ(outcome.status().code(), absl::StatusCode::kUnavailable);
  bank.base().FailWith(absl::OkStatus());
  EXPECT_EQ(bank.Dump(), before);
}

}  // namespace
}  // namespace timebank::ledger
