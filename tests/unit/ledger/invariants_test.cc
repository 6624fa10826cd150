// What must hold after every command, broken on purpose.
#include "server/ledger/invariants.h"

#include <gtest/gtest.h>

#include <string>

#include "storage/keys.h"
#include "tests/support/memory_base.h"
#include "tests/support/script.h"
#include "timebank/storage/v1/entry.pb.h"
#include "timebank/storage/v1/rows.pb.h"

namespace timebank::ledger {
namespace {

namespace sv1 = storage::v1;
using storage::MakeAccount;

constexpr BankNumber kBank = 7;
const AccountNumber kAna = MakeAccount(HolderKind::kMember, 1);
const AccountNumber kBen = MakeAccount(HolderKind::kMember, 2);

// An exchange of two hours, put together by hand; each test breaks a part of it.
class InvariantsDeathTest : public testing::Test {
 protected:
  InvariantsDeathTest() : state_(&base_), start_(state_.Savepoint()) {
    entry_.set_bank(kBank);
    entry_.set_sequence(1);
    entry_.set_kind(sv1::ENTRY_KIND_EXCHANGE);
    Move(kAna, 7200);
    Move(kBen, -7200);
    ana_.set_balance(7200);
    ana_.set_seconds_in(7200);
    ben_.set_balance(-7200);
    ben_.set_seconds_out(7200);
  }

  void Move(AccountNumber account, int64_t seconds) {
    auto* movement = entry_.add_movements();
    movement->set_account(account);
    movement->set_seconds(seconds);
  }

  void Check() {
    state_.PutRow(storage::Family::kAccount, storage::AccountKey(kBank, kAna), ana_);
    state_.PutRow(storage::Family::kAccount, storage::AccountKey(kBank, kBen), ben_);
    state_.AppendEntry(entry_);
    CheckInvariants(state_, start_);
  }

  MemoryBase base_;
  WorkingState state_;
  const WorkingState::Mark start_;
  sv1::Entry entry_;
  sv1::AccountRow ana_;
  sv1::AccountRow ben_;
};

// Goal: what is right passes, so that the tests below fail for their own reason.
TEST_F(InvariantsDeathTest, RightIsRight) { Check(); }

// Goal: an entry whose movements do not add up to zero ends the program.
TEST_F(InvariantsDeathTest, MovementsAddUpToZero) {
  entry_.mutable_movements(0)->set_seconds(7201);
  EXPECT_DEATH(Check(), "an entry's movements add up to zero");
}

// Goal: an account that stands twice in an entry ends the program.
TEST_F(InvariantsDeathTest, AnAccountStandsOnce) {
  Move(kAna, 0);
  EXPECT_DEATH(Check(), "an account stands once in an entry");
}

// Goal: a row that moved by something else than its entry says ends the program.
TEST_F(InvariantsDeathTest, RowsMoveByWhatEntriesSay) {
  ana_.set_balance(7199);
  ana_.set_seconds_in(7199);
  EXPECT_DEATH(Check(), "an account moved by what its entries say");
}

// Goal: a row that changed without an entry ends the program, even when the sums still fit.
TEST_F(InvariantsDeathTest, NoRowChangesSilently) {
  state_.PutRow(storage::Family::kAccount, storage::AccountKey(kBank, MakeAccount(HolderKind::kMember, 3)),
                sv1::AccountRow());
  EXPECT_DEATH(Check(), "an account row changed without an entry");
}

// Goal: a movement that reached no row ends the program.
TEST_F(InvariantsDeathTest, EveryMovementReachesItsRow) {
  Move(MakeAccount(HolderKind::kMember, 3), 60);
  Move(MakeAccount(HolderKind::kMember, 4), -60);
  EXPECT_DEATH(Check(), "every movement reached its account");
}

// Goal: a balance that is not what came in less what went out ends the program.
TEST_F(InvariantsDeathTest, BalanceIsInLessOut) {
  ben_.set_seconds_in(1);
  EXPECT_DEATH(Check(), "balance = in - out");
}

// Goal: a record that was changed without its id's row, and an id that leads to another member, end the
// program.
TEST_F(InvariantsDeathTest, IdsSayWhatRecordsSay) {
  sv1::BankRow bank;
  bank.set_secret(std::string(32, 's'));
  state_.PutRow(storage::Family::kDirectory, storage::DirectoryKey(kBank, storage::DirectoryKind::kBank, 0),
                bank);
  sv1::MemberRow member;
  member.set_slug("ana");
  member.set_state(2);
  member.set_closed_on(20'000);
  member.set_merged_into(kBen);
  state_.PutRow(storage::Family::kDirectory,
                storage::DirectoryKey(kBank, storage::DirectoryKind::kMember, storage::NumberOf(kAna)),
                member);
  const auto check_with = [&](const auto& change) {
    sv1::SlugRow name;
    name.set_number(kAna);
    name.set_member_state(member.state());
    name.set_member_closed_on(member.closed_on());
    name.set_member_merged_into(member.merged_into());
    change(name);
    state_.PutRow(storage::Family::kSlug, storage::SlugKey(kBank, bank.secret(), "member", "ana"), name);
    Check();
  };
  EXPECT_DEATH(check_with([](sv1::SlugRow& name) { name.set_number(kBen); }),
               "a member's id leads to the member");
  const char* const differs = "a member's id says what the record says";
  EXPECT_DEATH(check_with([](sv1::SlugRow& name) { name.set_member_state(1); }), differs);
  EXPECT_DEATH(check_with([](sv1::SlugRow& name) { name.clear_member_closed_on(); }), differs);
  EXPECT_DEATH(check_with([](sv1::SlugRow& name) { name.clear_member_merged_into(); }), differs);
  check_with([](sv1::SlugRow&) {});
}

#if TIMEBANK_INVARIANTS
// Goal: Execute itself looks: a command on a row that was broken before it ends the program.
TEST(ExecuteDeathTest, ExecuteChecks) {
  Script bank;
  ASSERT_TRUE(bank.Run("members ana ben \n record ana -> ben 1h").ok());
  sv1::AccountRow row;
  const std::string key = storage::AccountKey(bank.bank(), bank.AccountOf("ana"));
  ASSERT_TRUE(bank.state().GetRow(storage::Family::kAccount, key, &row));
  row.set_balance(row.balance() + 1);
  bank.state().PutRow(storage::Family::kAccount, key, row);
  EXPECT_DEATH(bank.Run("record ana -> ben 1h").IgnoreError(), "invariant broken");
}
#endif

}  // namespace
}  // namespace timebank::ledger
