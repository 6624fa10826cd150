// Acting for: whom members let act for them, and what those have debited this month.
//
// A grant stands in the rows of both: the member's says within what and what was used, the agent's for whom
// it may act. Both speak of members that are there: grants of who closes end, those of who is merged are the
// survivor's. Each grant that comes, ends or moves is an entry of its own, whatever act it is part of.
#include <algorithm>
#include <limits>

#include "server/ledger/run.h"
#include "server/ledger/validate.h"
#include "storage/keys.h"

namespace timebank::ledger {
namespace {

using storage::Family;

sv1::ActingForRow RowOf(const Run& run, AccountNumber account) {
  sv1::ActingForRow row;
  run.state.GetRow(Family::kGrant, storage::AccountKey(run.bank, account), &row);
  return row;
}

void PutRow(Run& run, AccountNumber account, const sv1::ActingForRow& row) {
  const std::string key = storage::AccountKey(run.bank, account);
  if (row.grants().empty() && row.acts_for().empty()) {
    run.state.Put(Family::kGrant, key, "");
  } else {
    run.state.PutRow(Family::kGrant, key, row);
  }
}

// nullptr: none.
sv1::GrantRow* GrantTo(sv1::ActingForRow& row, AccountNumber agent) {
  for (sv1::GrantRow& grant : *row.mutable_grants()) {
    if (grant.agent() == agent) return &grant;
  }
  return nullptr;
}

void PutGrant(Run& run, AccountNumber member, const sv1::GrantRow& grant) {
  sv1::ActingForRow row = RowOf(run, member);
  if (sv1::GrantRow* old = GrantTo(row, grant.agent())) {
    *old = grant;
  } else {
    *row.add_grants() = grant;
    std::sort(row.mutable_grants()->begin(), row.mutable_grants()->end(),
              [](const auto& a, const auto& b) { return a.agent() < b.agent(); });
  }
  PutRow(run, member, row);
  sv1::ActingForRow of_agent = RowOf(run, grant.agent());
  auto* acts_for = of_agent.mutable_acts_for();
  const auto place = std::lower_bound(acts_for->begin(), acts_for->end(), member);
  if (place != acts_for->end() && *place == member) return;
  acts_for->Add(member);
  std::sort(acts_for->begin(), acts_for->end());
  PutRow(run, grant.agent(), of_agent);
}

void RemoveGrant(Run& run, AccountNumber member, AccountNumber agent) {
  sv1::ActingForRow row = RowOf(run, member);
  auto* grants = row.mutable_grants();
  grants->erase(std::remove_if(grants->begin(), grants->end(),
                               [&](const auto& grant) { return grant.agent() == agent; }),
                grants->end());
  PutRow(run, member, row);
  sv1::ActingForRow of_agent = RowOf(run, agent);
  auto* acts_for = of_agent.mutable_acts_for();
  acts_for->erase(std::remove(acts_for->begin(), acts_for->end(), member), acts_for->end());
  PutRow(run, agent, of_agent);
}

// Of a grant that is to go on beside, or as, another one to the same agent: what was used by both.
void AddUsed(const sv1::GrantRow& other, sv1::GrantRow* grant) {
  if (other.month() < grant->month()) return;
  int64_t used = other.month() == grant->month() ? grant->used() : 0;
  if (__builtin_add_overflow(used, other.used(), &used)) used = std::numeric_limits<int64_t>::max();
  grant->set_used(used);
  // Of two that began to count apart, the later beginning: what is undone gives back no more than it took.
  const Sequence from = other.month() == grant->month() ? grant->counted_from() : 0;
  grant->set_counted_from(std::max(from, other.counted_from()));
  grant->set_month(other.month());
}

// The day of record, which goes back no more than the entries' does: a limit that was reached stays so where
// clocks or time zones are set back, or commands are overtaken at midnight.
Day DayOf(const Run& run) { return std::max(run.command.stamp.today, run.head.last_record_day()); }

// Year * 100 + month of record.
uint32_t MonthOf(const Run& run) {
  const storage::CivilDay today = storage::ToCivil(DayOf(run));
  return static_cast<uint32_t>(today.year * 100 + today.month);
}

// What `entry` credits `account`, all in all.
int64_t CreditOf(Run& run, const sv1::Entry& entry, AccountNumber account) {
  int64_t credit = 0;
  for (const auto& movement : entry.movements()) {
    if (run.Survivor(movement.account()) == account) credit += movement.seconds();
  }
  return credit;
}

// Whether what entry `sequence` debited is in what is used of this month.
bool CountsStill(const Run& run, AccountNumber member, AccountNumber agent, Sequence sequence) {
  sv1::ActingForRow row = RowOf(run, member);
  const sv1::GrantRow* grant = GrantTo(row, agent);
  return grant != nullptr && grant->month() == MonthOf(run) && sequence >= grant->counted_from();
}

Refusal Closed(AccountNumber account) {
  Refusal refusal = Refuse(Reason::kHolderClosed);
  refusal.account = account;
  return refusal;
}

bool IsClosed(const Run& run, AccountNumber account) {
  const MemberFacts* member = run.Member(account);
  return member != nullptr && member->state == kMemberClosed;
}

// `because`: the kind of the act that this is part of; unspecified: it was asked for by itself.
Verdict Note(Run& run, sv1::EntryKind kind, AccountNumber member, AccountNumber agent,
             const sv1::EntryGrant& grant, Sequence before,
             sv1::EntryKind because = sv1::ENTRY_KIND_UNSPECIFIED) {
  sv1::Entry entry;
  entry.set_kind(kind);
  entry.set_subject(member);
  entry.set_other(agent);
  entry.set_about(before);
  *entry.mutable_grant() = grant;
  entry.set_because(because);
  entry.set_occurred_on(run.command.stamp.today);
  if (Verdict no = run.Append(&entry, {})) return no;
  run.NoteAct(agent);
  return std::nullopt;
}

// `agent` acts for `member` no longer. Takes the grant by value: the row that it stands in changes.
Verdict End(Run& run, AccountNumber member, sv1::GrantRow grant, sv1::EntryKind because) {
  if (Verdict no = Note(run, sv1::ENTRY_KIND_ACTING_FOR_REVOKED, member, grant.agent(), grant.grant(),
                        grant.granted_at(), because)) {
    return no;
  }
  RemoveGrant(run, member, grant.agent());
  return std::nullopt;
}

// What `from` let `grant.agent()` do, `member` lets `agent` do from now on: one record of the two merges.
Verdict Move(Run& run, AccountNumber from, sv1::GrantRow grant, AccountNumber member, AccountNumber agent) {
  sv1::ActingForRow row = RowOf(run, member);
  sv1::GrantRow* own = member == agent ? nullptr : GrantTo(row, agent);
  if (own != nullptr) {
    // What the survivor said itself stands.
    AddUsed(grant, own);
    PutRow(run, member, row);
  }
  if (member == agent || own != nullptr) return End(run, from, grant, sv1::ENTRY_KIND_MEMBER_MERGED);
  if (Verdict no = Note(run, sv1::ENTRY_KIND_ACTING_FOR_GRANTED, member, agent, grant.grant(),
                        grant.granted_at(), sv1::ENTRY_KIND_MEMBER_MERGED)) {
    return no;
  }
  RemoveGrant(run, from, grant.agent());
  grant.set_agent(agent);
  grant.set_granted_at(run.head.last_sequence());
  PutGrant(run, member, grant);
  return std::nullopt;
}

}  // namespace

// --- who

Verdict Run::MayActFor(AccountNumber account) {
  if (broker()) return std::nullopt;
  if (actor_member == 0) return Refuse(Reason::kRoleRequired);
  sv1::ActingForRow row = RowOf(*this, account);
  const sv1::GrantRow* grant = GrantTo(row, actor_member);
  if (grant == nullptr) return Refuse(Reason::kRoleRequired);
  if (grant->grant().has_until() && DayOf(*this) > grant->grant().until()) {
    return Refuse(Reason::kRoleRequired);
  }
  principal_ = account;
  under_grant_ = grant->granted_at();
  return std::nullopt;
}

// --- what agents debit

void Run::BeginAct() {
  principal_ = 0;
  under_grant_ = 0;
  debits_.clear();
  undone_credit_ = 0;
  act_begins_ = head.last_sequence() + 1;
}

void Run::AddDebit(AccountNumber member, AccountNumber agent, int64_t seconds) {
  if (seconds == 0) return;
  for (Debit& debit : debits_) {
    if (debit.member == member && debit.agent == agent) {
      debit.seconds += seconds;
      return;
    }
  }
  debits_.push_back({member, agent, seconds});
}

void Run::CountUndone(const sv1::Entry& entry) {
  const AccountNumber member = Survivor(entry.acting_for());
  const AccountNumber agent = Survivor(entry.recorder());
  const bool by_grant = entry.under_grant() != 0;
  if (by_grant && CountsStill(*this, member, agent, entry.sequence())) {
    AddDebit(member, agent, std::min<int64_t>(0, CreditOf(*this, entry, member)));
  }
  if (principal_ == 0) return;
  // A credit that is taken back is a debit, unless it was the agent's own mistake. What the agent put in
  // another entry's place may have been somebody else's.
  const bool own = by_grant && member == principal_ && agent == actor_member && entry.corrects() == 0 &&
                   entry.restores() == 0;
  if (own) return;
  undone_credit_ = std::max<int64_t>(0, CreditOf(*this, entry, principal_));
  AddDebit(principal_, actor_member, undone_credit_);
}

void Run::Count(const sv1::Entry& entry) {
  if (entry.kind() >= sv1::ENTRY_KIND_REVERSAL) return;
  const int64_t credit = CreditOf(*this, entry, principal_);
  // A new credit makes no room, but stands for the one that it replaces.
  AddDebit(principal_, actor_member, -std::min(credit, undone_credit_));
}

Verdict Run::KeepDebits() {
  for (const Debit& debit : debits_) {
    sv1::ActingForRow row = RowOf(*this, debit.member);
    sv1::GrantRow* grant = GrantTo(row, debit.agent);
    if (grant == nullptr || debit.seconds == 0) continue;
    const uint32_t month = MonthOf(*this);
    const int64_t used = grant->month() == month ? grant->used() : 0;
    int64_t sum;
    if (__builtin_add_overflow(used, debit.seconds, &sum)) sum = std::numeric_limits<int64_t>::max();
    if (debit.seconds > 0 && grant->grant().has_seconds_per_month() &&
        sum > grant->grant().seconds_per_month()) {
      Refusal refusal = Refuse(Reason::kActingForLimit);
      refusal.account = debit.member;
      refusal.numbers = {{"limit", grant->grant().seconds_per_month()},
                         {"used", used},
                         {"requested", debit.seconds},
                         {"month", month}};
      return refusal;
    }
    if (grant->month() != month) grant->set_counted_from(act_begins_);
    grant->set_month(month);
    grant->set_used(std::max<int64_t>(0, sum));
    PutRow(*this, debit.member, row);
  }
  return std::nullopt;
}

// --- granting

Verdict Do(Run& run, const GrantActingFor& act) {
  AccountNumber member = 0;
  AccountNumber agent = 0;
  if (Verdict no = run.FindHolder({HolderKind::kMember, act.id}, &member)) return no;
  if (Verdict no = run.FindHolder(act.agent, &agent)) return no;
  if (!run.broker() && run.actor_member != member) return Refuse(Reason::kNotAParty);
  if (agent == member) return Invalid("agent", violation::kSameHolder);
  if (act.until && *act.until < run.command.stamp.today) return Invalid("until", violation::kDayInPast);
  for (const AccountNumber account : {member, agent}) {
    if (IsClosed(run, account)) return Closed(account);
  }
  sv1::ActingForRow row = RowOf(run, member);
  sv1::GrantRow grant;
  if (const sv1::GrantRow* before = GrantTo(row, agent)) {
    grant = *before;
  } else if (row.grants_size() >= static_cast<int>(kMaxAgents) ||
             RowOf(run, agent).acts_for_size() >= static_cast<int>(kMaxActedFor)) {
    return Refuse(Reason::kTooMany);
  }
  const Sequence before = grant.granted_at();
  grant.set_agent(agent);
  grant.set_granted_at(run.head.last_sequence() + 1);
  grant.clear_grant();
  sv1::EntryGrant* within = grant.mutable_grant();
  if (act.seconds_per_month) within->set_seconds_per_month(*act.seconds_per_month);
  if (act.until) within->set_until(*act.until);
  if (Verdict no = Note(run, sv1::ENTRY_KIND_ACTING_FOR_GRANTED, member, agent, *within, before)) return no;
  PutGrant(run, member, grant);
  return std::nullopt;
}

Verdict Do(Run& run, const RevokeActingFor& act) {
  AccountNumber member = 0;
  AccountNumber agent = 0;
  if (Verdict no = run.FindHolder({HolderKind::kMember, act.id}, &member)) return no;
  if (Verdict no = run.FindHolder(act.agent, &agent)) return no;
  // Whoever may act may also leave it; it only ever takes something away.
  const bool own = run.actor_member != 0 && (run.actor_member == member || run.actor_member == agent);
  if (!run.broker() && !own) return Refuse(Reason::kNotAParty);
  sv1::ActingForRow row = RowOf(run, member);
  const sv1::GrantRow* grant = GrantTo(row, agent);
  if (grant == nullptr) return Refuse(Reason::kNotGranted);
  return End(run, member, *grant, sv1::ENTRY_KIND_UNSPECIFIED);
}

Verdict EndGrants(Run& run, AccountNumber account) {
  const sv1::ActingForRow row = RowOf(run, account);
  for (const sv1::GrantRow& grant : row.grants()) {
    if (Verdict no = End(run, account, grant, sv1::ENTRY_KIND_MEMBER_CLOSED)) return no;
  }
  for (const AccountNumber member : row.acts_for()) {
    sv1::ActingForRow of_member = RowOf(run, member);
    if (Verdict no = End(run, member, *GrantTo(of_member, account), sv1::ENTRY_KIND_MEMBER_CLOSED)) return no;
  }
  return std::nullopt;
}

Verdict MergeGrants(Run& run, AccountNumber account, AccountNumber survivor) {
  const sv1::ActingForRow gone = RowOf(run, account);
  for (const sv1::GrantRow& grant : gone.grants()) {
    if (Verdict no = Move(run, account, grant, survivor, grant.agent())) return no;
  }
  for (const AccountNumber member : gone.acts_for()) {
    sv1::ActingForRow of_member = RowOf(run, member);
    if (Verdict no = Move(run, member, *GrantTo(of_member, account), member, survivor)) return no;
  }
  return std::nullopt;
}

}  // namespace timebank::ledger
