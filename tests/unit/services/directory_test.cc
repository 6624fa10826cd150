// What names mean, remembered: over a real store, at the position that is asked about.
#include "server/services/directory.h"

#include <memory>
#include <string>
#include <utility>

#include "server/services/bank_reader.h"
#include "storage/keys.h"
#include "tests/unit/services/engine_fixture.h"

namespace timebank::services {
namespace {

using ledger::HolderKind;
using storage::DirectoryKind;
using storage::MakeAccount;

constexpr storage::AccountNumber kAna = MakeAccount(HolderKind::kMember, 1);
constexpr storage::AccountNumber kBen = MakeAccount(HolderKind::kMember, 2);

class DirectoryTest : public EngineTest {
 protected:
  static BankReader Bank(const NamedView& view) {
    auto bank = BankReader::Open(view, "rushey");
    EXPECT_TRUE(bank.ok()) << bank.status();
    return *std::move(bank);
  }
  static std::string Shown(const NamedView& view, storage::AccountNumber account) {
    const BankReader bank = Bank(view);
    auto holder = bank.HolderOf(account);
    return holder.ok() ? (*holder)->name + " " + (*holder)->display_name : holder.status().ToString();
  }
  static storage::AccountNumber Found(const NamedView& view, const std::string& id) {
    return Bank(view).FindHolder({HolderKind::kMember, id}).value_or(0);
  }
  static std::string Category(const NamedView& view, uint32_t number) {
    const BankReader bank = Bank(view);
    return std::string(bank.CategoryName(number).value_or("?"));
  }
};

// Goal: a member who gets another name has it in every view from then on, and the old one in those before, in
// whatever order they are asked.
TEST_F(DirectoryTest, NamesAreThoseOfTheView) {
  const NamedView before = Now();
  EXPECT_EQ(Shown(before, kAna), "timebanks/rushey/members/ana Member 1");

  ledger::UpdateMember update;
  update.id = "ana";
  update.details.set_display_name("Ana Abreu");
  update.mask = {"display_name"};
  Do(std::move(update));
  const NamedView after = Now();
  EXPECT_EQ(Shown(after, kAna), "timebanks/rushey/members/ana Ana Abreu");
  EXPECT_EQ(Shown(before, kAna), "timebanks/rushey/members/ana Member 1");
  const NamedView again = cache_.At(before.view);
  EXPECT_EQ(Shown(again, kAna), "timebanks/rushey/members/ana Member 1");
  EXPECT_EQ(Shown(Now(), kAna), "timebanks/rushey/members/ana Ana Abreu");
}

// Goal: somebody who was merged is found as the survivor, in the views that know of it.
TEST_F(DirectoryTest, MergedMembersAreFoundAsTheSurvivor) {
  const NamedView before = Now();
  EXPECT_EQ(Found(before, "ben"), kBen);
  ledger::MergeMember merge;
  merge.id = "ben";
  merge.into = "ana";
  Do(std::move(merge));
  const NamedView after = Now();
  EXPECT_EQ(Found(after, "ben"), kAna);
  EXPECT_EQ(Bank(after).AccountsOf(kAna)->size(), 2u);
  EXPECT_EQ(Found(before, "ben"), kBen);
  EXPECT_EQ(Bank(before).AccountsOf(kAna)->size(), 1u);
}

// Goal: what was not there is not remembered as missing.
TEST_F(DirectoryTest, WhoIsNewIsFound) {
  EXPECT_EQ(Found(Now(), "cai"), 0u);
  EXPECT_TRUE(absl::IsNotFound(BankReader::Open(Now(), "forest").status()));
  ledger::CreateMember member;
  member.id = "cai";
  Do(std::move(member));
  EXPECT_EQ(Found(Now(), "cai"), MakeAccount(HolderKind::kMember, 3));
}

// Goal: settings are those of the view: the time zone, which decides what day it is, and the categories.
TEST_F(DirectoryTest, SettingsAreThoseOfTheView) {
  const NamedView before = Now();
  EXPECT_EQ(Bank(before).zone().name(), "UTC");
  EXPECT_EQ(Category(before, 1), "Garden");
  EXPECT_EQ(Category(before, 2), "");

  ledger::UpdateSettings update;
  update.settings.set_time_zone("America/New_York");
  update.categories = {"Garden", "Cooking"};
  update.mask = {"time_zone", "categories"};
  Do(std::move(update));
  const NamedView after = Now();
  EXPECT_EQ(Bank(after).zone().name(), "America/New_York");
  EXPECT_EQ(Category(after, 2), "Cooking");
  EXPECT_EQ(Bank(before).zone().name(), "UTC");
  EXPECT_EQ(Category(before, 2), "");
}

// Goal: calls at one version share what was read.
TEST_F(DirectoryTest, ViewsOfOneVersionShare) {
  const NamedView one = Now();
  EXPECT_EQ(one.directory, Now().directory);
  EXPECT_EQ(one.directory, one.InMemory().directory);
  auto bank = one.directory->FindBank(one.view, "rushey");
  ASSERT_TRUE(bank.ok());
  EXPECT_EQ(*bank, *one.directory->BankOf(one.view, kBank));
}

// Goal: an id that leads to no bank is damage, not a bank that was deleted: a deletion takes the id, too. Who
// knows a bank by its number alone is told that it is gone.
TEST_F(DirectoryTest, AListedBankWithoutARecordIsDamage) {
  const std::unique_ptr<storage::Store> store = StoreWithout(
      storage::Family::kDirectory, storage::DirectoryKey(kBank, storage::DirectoryKind::kBank, 0));
  DirectoryCache cache;
  const NamedView view = cache.At(store->Latest());
  EXPECT_TRUE(absl::IsDataLoss(BankReader::Open(view, "rushey").status()));
  EXPECT_TRUE(absl::IsNotFound(BankReader::Open(view, kBank).status()));
}

// Goal: what is remembered is bounded, and what is asked for again and again stays.
TEST(RecentMapTest, ForgetsWhatIsNotAskedFor) {
  RecentMap<std::string, int> map(10);
  map.Put("often", 0);
  int known = 0;
  for (int i = 1; i <= 1000; ++i) {
    map.Put(std::to_string(i), i);
    EXPECT_EQ(map.Find(std::string("often")), 0);
  }
  for (int i = 1; i <= 1000; ++i) {
    if (map.Find(std::to_string(i))) ++known;
  }
  EXPECT_LE(known, 20);
  EXPECT_EQ(map.Find(std::string("1000")), 1000);
}

}  // namespace
}  // namespace timebank::services
