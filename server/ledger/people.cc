// Members and circles.
#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "server/ledger/run.h"
#include "server/ledger/validate.h"
#include "storage/keys.h"

namespace timebank::ledger {
namespace {

using storage::DirectoryKind;
using storage::Family;

// Fields of MemberRow that a member may change of its own record.
bool IsOwnDetail(const std::string& field) {
  return field == "display_name" || field == "phones" || field == "emails" || field == "language";
}

Refusal AlreadyExists(AccountNumber account) {
  Refusal refusal = Refuse(Reason::kAlreadyExists);
  refusal.account = account;
  return refusal;
}

std::string ExternalKey(const Run& run, const sv1::ExternalIdRow& external) {
  return storage::ExternalIdKey(run.bank, run.secret(), external.system(), external.number());
}

// One number of an older system leads to one member. ALREADY_EXISTS names who else has it.
Verdict FreeExternalIds(Run& run, AccountNumber account, const sv1::MemberRow& row) {
  for (const auto& external : row.external_ids()) {
    sv1::SlugRow slug;
    if (!run.state.GetRow(Family::kSlug, ExternalKey(run, external), &slug)) continue;
    const AccountNumber owner = run.Survivor(static_cast<AccountNumber>(slug.number()));
    if (owner != account) return AlreadyExists(owner);
  }
  return std::nullopt;
}

void ClaimExternalIds(Run& run, AccountNumber account, const sv1::MemberRow& row) {
  for (const auto& external : row.external_ids()) {
    sv1::SlugRow slug;
    slug.set_number(account);
    run.state.PutRow(Family::kSlug, ExternalKey(run, external), slug);
  }
}

void ReleaseExternalIds(Run& run, const sv1::MemberRow& row) {
  for (const auto& external : row.external_ids())
    run.state.Put(Family::kSlug, ExternalKey(run, external), "");
}

// The id asked for, or the first free one of `prefix`number, `prefix`number-2, ... ALREADY_EXISTS.
Verdict ChooseSlug(Run& run, HolderKind kind, const std::string& asked, std::string_view prefix,
                   AccountNumber account, std::string* slug) {
  *slug = asked;
  if (asked.empty()) {
    const std::string first =
        absl::StrCat(absl::string_view(prefix.data(), prefix.size()), storage::NumberOf(account));
    *slug = first;
    for (int i = 2; run.FindUnmerged(kind, *slug); ++i) *slug = absl::StrCat(first, "-", i);
  } else if (auto owner = run.FindUnmerged(kind, asked)) {
    return AlreadyExists(*owner);
  }
  return std::nullopt;
}

// A change of the directory as an entry; the record as it is now goes with it as text.
Verdict Note(Run& run, sv1::EntryKind kind, AccountNumber account, sv1::MemberRow row,
             sv1::Entry entry = {}) {
  entry.set_kind(kind);
  entry.set_subject(account);
  entry.set_occurred_on(run.command.stamp.today);
  row.set_changed_at(run.head.last_sequence() + 1);
  row.set_update_time_us(std::max(run.command.stamp.now_us, run.head.last_record_time_us()));
  sv1::Texts texts;
  *texts.mutable_member() = row;
  if (Verdict no = run.Append(&entry, texts)) return no;
  run.PutMember(account, row);
  return std::nullopt;
}

Verdict FindMember(Run& run, const std::string& id, AccountNumber* account, sv1::MemberRow* row) {
  if (Verdict no = run.FindHolder({HolderKind::kMember, id}, account)) return no;
  run.MemberRecord(*account, row);
  return std::nullopt;
}

Refusal Closed(AccountNumber account) {
  Refusal refusal = Refuse(Reason::kHolderClosed);
  refusal.account = account;
  return refusal;
}

Refusal BalanceRefusal(Reason reason, AccountNumber account, int64_t balance) {
  Refusal refusal = Refuse(reason);
  refusal.account = account;
  refusal.numbers = {{"balance", balance}};
  return refusal;
}

Verdict JoinCircle(Run& run, const std::vector<std::string>& ids, sv1::CircleRow* row) {
  std::set<AccountNumber> in(row->members().begin(), row->members().end());
  for (const std::string& id : ids) {
    AccountNumber account = 0;
    if (Verdict no = run.FindHolder({HolderKind::kMember, id}, &account)) return no;
    if (in.insert(account).second) row->add_members(account);
  }
  return std::nullopt;
}

Verdict NoteCircle(Run& run, sv1::EntryKind kind, AccountNumber account, const sv1::CircleRow& row) {
  sv1::Entry entry;
  entry.set_kind(kind);
  entry.set_subject(account);
  entry.set_occurred_on(run.command.stamp.today);
  sv1::Texts texts;
  *texts.mutable_circle() = row;
  if (Verdict no = run.Append(&entry, texts)) return no;
  run.state.PutRow(Family::kDirectory,
                   storage::DirectoryKey(run.bank, DirectoryKind::kCircle, storage::NumberOf(account)), row);
  return std::nullopt;
}

}  // namespace

Verdict MoveBalance(Run& run, AccountNumber account, AccountNumber destination, AccountNumber acting_for) {
  const int64_t balance = run.Account(account).balance;
  sv1::Entry entry;
  entry.set_kind(sv1::ENTRY_KIND_CLOSING);
  entry.set_seconds(std::abs(balance));
  entry.set_occurred_on(run.command.stamp.today);
  entry.set_acting_for(acting_for);
  for (auto [moved, seconds] : {std::pair{account, -balance}, std::pair{destination, balance}}) {
    sv1::EntryMovement* movement = entry.add_movements();
    movement->set_account(moved);
    movement->set_seconds(seconds);
  }
  return run.Append(&entry, {});
}

Verdict Do(Run& run, const CreateMember& act) {
  if (!act.id.empty()) {
    if (auto owner = run.FindUnmerged(HolderKind::kMember, act.id)) return AlreadyExists(*owner);
  }
  if (Verdict no = FreeExternalIds(run, 0, act.details)) return no;
  if (Verdict no = run.BrokersOnly()) return no;
  if (run.head.member_count() >= storage::kMaxHolderNumber) return Refuse(Reason::kTooMany);
  run.head.set_member_count(run.head.member_count() + 1);
  run.PutHead();
  const AccountNumber account = storage::MakeAccount(HolderKind::kMember, run.head.member_count());

  sv1::MemberRow row = act.details;
  if (Verdict no = ChooseSlug(run, HolderKind::kMember, act.id, "m", account, row.mutable_slug())) return no;
  ClaimExternalIds(run, account, row);
  if (row.kind() == 0) row.set_kind(kMemberPerson);
  row.set_state(kMemberActive);
  row.set_joined_on(act.joined_on.value_or(run.command.stamp.today));
  row.set_created_at(run.head.last_sequence() + 1);
  row.set_create_time_us(std::max(run.command.stamp.now_us, run.head.last_record_time_us()));
  if (Verdict no = Note(run, sv1::ENTRY_KIND_MEMBER_CREATED, account, row)) return no;

  const int64_t starter = run.bank_row().settings().starter_seconds();
  if (act.no_starter || starter == 0) return std::nullopt;
  sv1::Entry entry;
  entry.set_kind(sv1::ENTRY_KIND_STARTER);
  entry.set_seconds(starter);
  entry.set_occurred_on(run.command.stamp.today);
  for (auto [moved, seconds] : {std::pair{storage::kOpeningPot, -starter}, std::pair{account, starter}}) {
    sv1::EntryMovement* movement = entry.add_movements();
    movement->set_account(moved);
    movement->set_seconds(seconds);
  }
  return run.Append(&entry, {});
}

Verdict Do(Run& run, const UpdateMember& act) {
  AccountNumber account = 0;
  sv1::MemberRow row;
  if (Verdict no = FindMember(run, act.id, &account, &row)) return no;
  if (std::find(act.mask.begin(), act.mask.end(), "external_ids") != act.mask.end()) {
    if (Verdict no = FreeExternalIds(run, account, act.details)) return no;
  }
  if (!run.broker()) {
    if (!std::all_of(act.mask.begin(), act.mask.end(), IsOwnDetail)) return Refuse(Reason::kRoleRequired);
    if (run.actor_member != account) return Refuse(Reason::kNotAParty);
  }
  if (!act.etag.empty() && act.etag != std::to_string(row.changed_at())) return Refuse(Reason::kEtagMismatch);
  const sv1::MemberRow before = row;
  for (const std::string& name : act.mask) {
    // Names were checked against this descriptor before; a whole field is replaced.
    const auto* field = sv1::MemberRow::descriptor()->FindFieldByName(name);
    sv1::MemberRow only = act.details;
    std::vector<const google::protobuf::FieldDescriptor*> set;
    only.GetReflection()->ListFields(only, &set);
    for (const auto* other : set) {
      if (other != field) only.GetReflection()->ClearField(&only, other);
    }
    row.GetReflection()->ClearField(&row, field);
    row.MergeFrom(only);
  }
  if (row.kind() == 0) row.set_kind(kMemberPerson);
  ReleaseExternalIds(run, before);
  ClaimExternalIds(run, account, row);
  return Note(run, sv1::ENTRY_KIND_MEMBER_UPDATED, account, row);
}

Verdict Do(Run& run, const CloseMember& act) {
  AccountNumber account = 0;
  sv1::MemberRow row;
  if (Verdict no = FindMember(run, act.id, &account, &row)) return no;
  AccountNumber destination = 0;
  if (act.destination.given()) {
    if (Verdict no = run.FindHolder(act.destination, &destination)) return no;
  }
  if (Verdict no = run.BrokersOnly()) return no;
  if (destination == account) return Invalid("destination", violation::kSameHolder);
  if (row.state() == kMemberClosed) return Closed(account);
  if (const MemberFacts* member = run.Member(destination);
      member != nullptr && member->state == kMemberClosed) {
    return Closed(destination);
  }
  const int64_t balance = run.Account(account).balance;
  if (balance > 0 && destination == 0) return BalanceRefusal(Reason::kDestinationRequired, account, balance);
  if (balance < 0 && destination != 0 && storage::KindOf(destination) != HolderKind::kPot) {
    return BalanceRefusal(Reason::kDestinationMustBePot, account, balance);
  }
  if (balance != 0 && destination != 0) {
    if (Verdict no = MoveBalance(run, account, destination)) return no;
  }
  if (Verdict no = EndGrants(run, account)) return no;
  row.set_state(kMemberClosed);
  row.set_closed_on(act.closed_on.value_or(run.command.stamp.today));
  sv1::Entry entry;
  entry.set_other(destination);
  entry.set_closed_on(row.closed_on());
  return Note(run, sv1::ENTRY_KIND_MEMBER_CLOSED, account, row, entry);
}

Verdict Do(Run& run, const ReopenMember& act) {
  AccountNumber account = 0;
  sv1::MemberRow row;
  if (Verdict no = FindMember(run, act.id, &account, &row)) return no;
  if (Verdict no = run.BrokersOnly()) return no;
  if (row.state() != kMemberClosed) return Refuse(Reason::kNotClosed);
  row.set_state(kMemberActive);
  row.clear_closed_on();
  return Note(run, sv1::ENTRY_KIND_MEMBER_REOPENED, account, row);
}

Verdict Do(Run& run, const MergeMember& act) {
  AccountNumber account = 0;
  AccountNumber survivor = 0;
  sv1::MemberRow row;
  sv1::MemberRow into;
  if (Verdict no = FindMember(run, act.id, &account, &row)) return no;
  if (Verdict no = FindMember(run, act.into, &survivor, &into)) return no;
  if (Verdict no = run.BrokersOnly()) return no;
  if (account == survivor) return Invalid("into", violation::kSameHolder);
  if (into.state() == kMemberClosed) return Closed(survivor);
  if (into.merged_accounts_size() + 1 + row.merged_accounts_size() > static_cast<int>(kMaxMergedAccounts)) {
    return Refuse(Reason::kTooMany);
  }
  if (run.Account(account).balance != 0) {
    if (Verdict no = MoveBalance(run, account, survivor)) return no;
  }
  if (Verdict no = MergeGrants(run, account, survivor)) return no;
  into.add_merged_accounts(account);
  into.mutable_merged_accounts()->MergeFrom(row.merged_accounts());
  row.set_state(kMemberMerged);
  row.set_merged_into(survivor);
  row.clear_merged_accounts();
  // What was contested of the one is contested of the other.
  if (const int64_t contested = run.Account(account).contested; contested != 0) {
    run.ChangeAccount(account).contested = 0;
    AccountFigures& stays = run.ChangeAccount(survivor);
    if (stays.movement_count == 0) stays.last_exchange_on = storage::kNoDay;
    stays.contested += contested;
  }
  into.set_changed_at(run.head.last_sequence() + 1);
  into.set_update_time_us(std::max(run.command.stamp.now_us, run.head.last_record_time_us()));
  run.PutMember(survivor, into);
  sv1::Entry entry;
  entry.set_other(survivor);
  return Note(run, sv1::ENTRY_KIND_MEMBER_MERGED, account, row, entry);
}

Verdict Do(Run& run, const CreateCircle& act) {
  sv1::CircleRow row;
  row.set_display_name(act.display_name);
  if (Verdict no = JoinCircle(run, act.members, &row)) return no;
  if (!act.id.empty()) {
    if (auto owner = run.FindUnmerged(HolderKind::kCircle, act.id)) return AlreadyExists(*owner);
  }
  if (Verdict no = run.BrokersOnly()) return no;
  if (run.head.circle_count() >= storage::kMaxHolderNumber) return Refuse(Reason::kTooMany);
  run.head.set_circle_count(run.head.circle_count() + 1);
  run.PutHead();
  const AccountNumber account = storage::MakeAccount(HolderKind::kCircle, run.head.circle_count());
  if (Verdict no = ChooseSlug(run, HolderKind::kCircle, act.id, "c", account, row.mutable_slug())) return no;
  sv1::SlugRow slug;
  slug.set_number(account);
  run.state.PutRow(Family::kSlug, storage::SlugKey(run.bank, run.secret(), "circle", row.slug()), slug);
  row.set_created_at(run.head.last_sequence() + 1);
  row.set_create_time_us(std::max(run.command.stamp.now_us, run.head.last_record_time_us()));
  return NoteCircle(run, sv1::ENTRY_KIND_CIRCLE_CREATED, account, row);
}

Verdict Do(Run& run, const ChangeCircle& act) {
  AccountNumber account = 0;
  if (Verdict no = run.FindHolder({HolderKind::kCircle, act.id}, &account)) return no;
  sv1::CircleRow row;
  run.state.GetRow(Family::kDirectory,
                   storage::DirectoryKey(run.bank, DirectoryKind::kCircle, storage::NumberOf(account)), &row);
  std::set<AccountNumber> out;
  for (const std::string& id : act.remove) {
    AccountNumber member = 0;
    if (Verdict no = run.FindHolder({HolderKind::kMember, id}, &member)) return no;
    out.insert(member);
  }
  // Whoever was merged since it was last changed stands in it as what it was.
  const auto before = std::exchange(*row.mutable_members(), {});
  for (const uint32_t member : before) {
    const AccountNumber now = run.Survivor(member);
    if (!out.contains(now) &&
        std::find(row.members().begin(), row.members().end(), now) == row.members().end())
      row.add_members(now);
  }
  if (Verdict no = JoinCircle(run, act.add, &row)) return no;
  if (Verdict no = run.BrokersOnly()) return no;
  if (row.members_size() > static_cast<int>(kMaxCircleMembers)) return Refuse(Reason::kTooMany);
  return NoteCircle(run, sv1::ENTRY_KIND_CIRCLE_CHANGED, account, row);
}

}  // namespace timebank::ledger
