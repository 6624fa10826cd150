#include "server/ledger/invariants.h"

#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>

#include "storage/coding.h"
#include "storage/keys.h"
#include "storage/pages.h"
#include "timebank/storage/v1/rows.pb.h"

namespace timebank::ledger {
namespace {

namespace sv1 = storage::v1;
using storage::Family;

[[noreturn]] void Broken(const char* what) {
  std::fprintf(stderr, "timebank: invariant broken: %s\n", what);
  std::abort();
}

void Expect(bool holds, const char* what) {
  if (!holds) Broken(what);
}

// The bank's head stands under account 0.
bool IsHead(const std::string& key) { return key.compare(8, 4, std::string(4, '\0')) == 0; }

sv1::AccountRow AccountIn(const std::optional<std::string>& value) {
  sv1::AccountRow row;
  if (value) Expect(storage::DecodeRow(*value, &row).ok(), "an account row parses");
  return row;
}

// Of members whose records changed.
void CheckNames(const WorkingState& state, const WorkingState::Mark& start) {
  for (const auto& change : state.ChangesSince(start, Family::kDirectory)) {
    const auto bank = storage::GetBigEndian<storage::BankNumber>(change.key.data());
    if (!change.key.starts_with(storage::DirectoryPrefix(bank, storage::DirectoryKind::kMember))) continue;
    sv1::MemberRow member;
    if (!state.GetRow(Family::kDirectory, change.key, &member)) continue;
    const storage::HmacKey& secret = state.SecretOf(state.BankNumbered(bank));
    sv1::SlugRow name;
    state.GetRow(Family::kSlug, storage::SlugKey(bank, secret, "member", member.slug()), &name);
    if (!state.status().ok()) return;  // whoever runs commands sees to it
    Expect(name.number() == storage::MakeAccount(storage::HolderKind::kMember,
                                                 storage::GetBigEndian<uint32_t>(change.key.data() + 13)),
           "a member's id leads to the member");
    Expect(FactsOf(name) == FactsOf(member), "a member's id says what the record says");
  }
}

}  // namespace

void CheckInvariants(const WorkingState& state, const WorkingState::Mark& start) {
  std::map<std::string, int64_t> moved;  // by account key, as the entries say
  bool contest_changed = false;
  for (const sv1::Entry& entry : state.EntriesSince(start)) {
    int64_t sum = 0;
    std::map<uint32_t, int> parts;
    for (const auto& movement : entry.movements()) {
      sum += movement.seconds();
      Expect(++parts[movement.account()] == 1, "an account stands once in an entry");
      moved[storage::AccountKey(entry.bank(), movement.account())] += movement.seconds();
    }
    Expect(sum == 0, "an entry's movements add up to zero");
    contest_changed |= entry.kind() == sv1::ENTRY_KIND_CONTEST ||
                       entry.kind() == sv1::ENTRY_KIND_SETTLEMENT ||
                       entry.kind() == sv1::ENTRY_KIND_MEMBER_MERGED;
  }
  int64_t sum = 0;
  for (const auto& change : state.ChangesSince(start, Family::kAccount)) {
    if (IsHead(change.key)) continue;
    const sv1::AccountRow before = AccountIn(change.before);
    const sv1::AccountRow after = AccountIn(state.Get(Family::kAccount, change.key));
    const int64_t difference = after.balance() - before.balance();
    sum += difference;
    auto entry = moved.find(change.key);
    if (entry == moved.end()) {
      Expect(contest_changed && difference == 0, "an account row changed without an entry");
    } else {
      Expect(difference == entry->second, "an account moved by what its entries say");
      moved.erase(entry);
    }
    Expect(after.balance() == after.seconds_in() - after.seconds_out(), "balance = in - out");
  }
  Expect(sum == 0, "the bank's balances add up to zero");
  Expect(moved.empty(), "every movement reached its account");
  CheckNames(state, start);
}

}  // namespace timebank::ledger
