// Recording: shares, limits, notices; exchanges, gifts and openings.
#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "server/ledger/run.h"
#include "server/ledger/validate.h"
#include "storage/keys.h"

namespace timebank::ledger {
namespace {

using Movements = google::protobuf::RepeatedPtrField<sv1::EntryMovement>;

void AddMovement(Movements* movements, AccountNumber account, int64_t seconds, sv1::MovementRole role,
                 bool own) {
  sv1::EntryMovement* movement = movements->Add();
  movement->set_account(account);
  movement->set_seconds(seconds);
  movement->set_role(role);
  movement->set_own_seconds(own);
}

// Works out what each account is credited or debited. The rule: api.md, "Hours and shares".
Verdict Share(const Parts& parts, Movements* movements) {
  int64_t given = 0;
  for (const Part& giver : parts.givers) {
    const int64_t seconds = giver.own.value_or(parts.seconds);
    if (seconds <= 0) return Invalid("exchange.seconds", violation::kMustBePositive);
    given += seconds;
    AddMovement(movements, giver.account, seconds, sv1::MOVEMENT_ROLE_GIVER, giver.own.has_value());
  }
  const bool lone_receiver = parts.receivers.size() == 1 && !parts.receivers[0].own;
  const bool takes_all =
      lone_receiver && (parts.givers.size() > 1 || (parts.seconds == 0 && parts.givers.size() == 1));
  int64_t received = 0;
  for (const Part& receiver : parts.receivers) {
    const int64_t seconds = takes_all ? given : receiver.own.value_or(parts.seconds);
    if (seconds <= 0) return Invalid("exchange.seconds", violation::kMustBePositive);
    received += seconds;
    AddMovement(movements, receiver.account, -seconds, sv1::MOVEMENT_ROLE_RECEIVER, receiver.own.has_value());
  }
  if (given == received) return std::nullopt;

  auto own = [](const Part& part) { return part.own.has_value(); };
  if (parts.remainder == 0 && std::all_of(parts.givers.begin(), parts.givers.end(), own) &&
      std::all_of(parts.receivers.begin(), parts.receivers.end(), own) && parts.unnamed_givers == 0 &&
      parts.unnamed_receivers == 0) {
    Refusal refusal = Refuse(Reason::kSharesDoNotBalance);
    refusal.numbers = {{"given", given}, {"received", received}};
    return refusal;
  }
  AddMovement(movements, parts.remainder != 0 ? parts.remainder : storage::kCommunityPot, received - given,
              sv1::MOVEMENT_ROLE_REMAINDER, false);
  return std::nullopt;
}

// The first movement whose account stands in an earlier one; -1: each account stands in one.
int FirstTwice(const Movements& movements) {
  constexpr int kFew = 16;
  if (movements.size() <= kFew) {
    for (int i = 1; i < movements.size(); ++i) {
      for (int j = 0; j < i; ++j) {
        if (movements[i].account() == movements[j].account()) return i;
      }
    }
    return -1;
  }
  absl::flat_hash_set<AccountNumber> seen;
  for (int i = 0; i < movements.size(); ++i) {
    if (!seen.insert(movements[i].account()).second) return i;
  }
  return -1;
}

// One account stands in one part only; two ids can lead to one account where members were merged.
Verdict EachAccountOnce(const Parts& parts, const Movements& movements) {
  const int twice = FirstTwice(movements);
  if (twice < 0) return std::nullopt;
  const size_t index = static_cast<size_t>(twice);
  if (movements[twice].role() == sv1::MOVEMENT_ROLE_REMAINDER) {
    return Invalid("exchange.remainder.holder", violation::kSameHolder);
  }
  if (index < parts.givers.size()) {
    return Invalid(absl::StrCat("exchange.givers[", index, "].holder"), violation::kSameHolder);
  }
  return Invalid(absl::StrCat("exchange.receivers[", index - parts.givers.size(), "].holder"),
                 violation::kSameHolder);
}

void AddNotice(sv1::Entry* entry, uint32_t kind, AccountNumber account, Sequence sequence, int64_t balance,
               int64_t limit) {
  sv1::EntryNotice* notice = entry->add_notices();
  notice->set_kind(kind);
  notice->set_account(account);
  notice->set_sequence(sequence);
  notice->set_balance(balance);
  notice->set_limit(limit);
}

// A closed member takes part only in help from before it closed, entered by a broker.
Verdict CheckClosed(Run& run, sv1::Entry* entry) {
  for (const auto& movement : entry->movements()) {
    const MemberFacts* member = run.Member(movement.account());
    if (member == nullptr || member->state != kMemberClosed) continue;
    if (!run.broker() || entry->occurred_on() > member->closed_on) {
      Refusal refusal = Refuse(Reason::kHolderClosed);
      refusal.account = movement.account();
      return refusal;
    }
    AddNotice(entry, kNoticeClosedBackdated, movement.account(), 0, 0, 0);
  }
  return std::nullopt;
}

// Limits bind members and circles, in the direction of the movement; whoever is outside already may come
// back.
Verdict CheckLimits(Run& run, sv1::Entry* entry) {
  const sv1::SettingsRow& settings = run.bank_row().settings();
  if (!settings.has_block_below() && !settings.has_block_above() && !settings.has_warn_below() &&
      !settings.has_warn_above()) {
    return std::nullopt;
  }
  for (const auto& movement : entry->movements()) {
    if (storage::KindOf(movement.account()) == HolderKind::kPot) continue;
    const int64_t before = run.Account(movement.account()).balance;
    int64_t after;
    if (__builtin_add_overflow(before, movement.seconds(), &after)) continue;  // Append refuses it
    const bool down = movement.seconds() < 0;
    const bool has_block = down ? settings.has_block_below() : settings.has_block_above();
    const int64_t block = down ? settings.block_below() : settings.block_above();
    if (has_block && (down ? after < block : after > block)) {
      if (Verdict no = run.Fits(*entry)) return no;
      Refusal refusal = Refuse(Reason::kBalanceLimit);
      refusal.account = movement.account();
      refusal.numbers = {{"balance", before}, {"limit", block}, {"requested", movement.seconds()}};
      return refusal;
    }
    const bool has_warn = down ? settings.has_warn_below() : settings.has_warn_above();
    const int64_t warn = down ? settings.warn_below() : settings.warn_above();
    if (has_warn && (down ? after < warn : after > warn)) {
      AddNotice(entry, down ? kNoticeBelowWarning : kNoticeAboveWarning, movement.account(), 0, after, warn);
    }
  }
  return std::nullopt;
}

void NoticePots(const std::string& decision, sv1::Entry* entry) {
  if (!decision.empty()) return;
  for (const auto& movement : entry->movements()) {
    if (storage::KindOf(movement.account()) == HolderKind::kPot && movement.seconds() < 0) {
      AddNotice(entry, kNoticePotWithoutDecision, movement.account(), 0, 0, 0);
    }
  }
}

std::set<std::pair<AccountNumber, int64_t>> SidesOf(const sv1::Entry& entry) {
  std::set<std::pair<AccountNumber, int64_t>> sides;
  for (const auto& movement : entry.movements()) sides.emplace(movement.account(), movement.seconds());
  return sides;
}

// The same holders, seconds and day, not reversed: the latest such entry is told.
void NoticeDuplicate(Run& run, sv1::Entry* entry) {
  if (entry->movements().empty()) return;
  const auto& first = entry->movements(0);
  std::vector<Sequence> candidates;
  run.state.ScanDay(run.bank, first.account(), entry->occurred_on(), [&](Sequence sequence, int64_t seconds) {
    if (seconds == first.seconds()) candidates.push_back(sequence);
  });
  const auto sides = SidesOf(*entry);
  constexpr size_t kMostLookedAt = 64;  // a hot account may have thousands of alike ones in one day
  size_t looked_at = 0;
  for (auto sequence = candidates.rbegin(); sequence != candidates.rend() && looked_at < kMostLookedAt;
       ++sequence) {
    ++looked_at;
    std::optional<sv1::Entry> other = run.state.Entry(run.bank, *sequence);
    if (!other || other->kind() != sv1::ENTRY_KIND_EXCHANGE || SidesOf(*other) != sides) continue;
    if (MarkOf(run, *other).state() == kStateReversed) continue;
    AddNotice(entry, kNoticePossibleDuplicate, 0, *sequence, 0, 0);
    return;
  }
}

bool Names(const std::vector<Part>& parts, AccountNumber account) {
  return std::any_of(parts.begin(), parts.end(), [&](const Part& part) { return part.account == account; });
}

// Who speaks for one of `parts`: the member acted for, else the one at the keyboard.
AccountNumber SpeakerOf(const Run& run, const Parts& parts) {
  return parts.acting_for != 0 ? parts.acting_for : run.actor_member;
}

// Who may record: either party as the bank decided, who acts for one, a broker, a partner for whom nobody in
// particular speaks.
Verdict MayRecord(Run& run, const Parts& parts, bool imported) {
  if (run.broker()) {
    const bool named = Names(parts.givers, parts.acting_for) || Names(parts.receivers, parts.acting_for);
    return parts.acting_for == 0 || named ? Verdict() : Refuse(Reason::kNotAParty);
  }
  if (imported) return Refuse(Reason::kRoleRequired);
  if (parts.acting_for != 0) {
    if (Verdict no = run.MayActFor(parts.acting_for)) return no;
  }
  const AccountNumber speaker = SpeakerOf(run, parts);
  if (speaker == 0) {
    return run.command.actor.role == Role::kPartner ? Verdict() : Refuse(Reason::kRoleRequired);
  }
  if (run.bank_row().settings().who_may_record() == kBrokersRecord) return Refuse(Reason::kRoleRequired);
  if (Verdict no = OnlyOwn(run, parts)) return no;
  return MayRecordAs(run, parts, speaker);
}

Verdict ResolveShares(Run& run, const std::vector<ShareSpec>& shares, std::vector<Part>* parts) {
  parts->clear();
  for (const ShareSpec& share : shares) {
    Part part{.account = 0, .own = share.seconds};
    if (Verdict no = run.FindHolder(share.holder, &part.account)) return no;
    parts->push_back(part);
  }
  return std::nullopt;
}

void PutOriginText(const OriginSpec& origin, sv1::Texts* texts) {
  texts->set_origin_system(origin.system);
  texts->set_origin_number(origin.number);
  texts->set_origin_recorded_by(origin.recorded_by);
  texts->set_origin_time_us(origin.time_us);
}

// What gifts and openings share: two accounts, one amount, what was said about it.
struct Transfer {
  sv1::EntryKind kind;
  AccountNumber debited;
  AccountNumber credited;
  int64_t seconds;
  const std::optional<Day>& occurred_on;
  const std::optional<OriginSpec>& origin;
};

sv1::Entry& EntryOf(Run& run, const Transfer& transfer) {
  sv1::Entry& entry = run.entry;
  entry.set_kind(transfer.kind);
  entry.set_seconds(transfer.seconds);
  entry.set_occurred_on(transfer.occurred_on.value_or(run.command.stamp.today));
  entry.set_imported(transfer.origin.has_value());
  AddMovement(entry.mutable_movements(), transfer.debited, -transfer.seconds, sv1::MOVEMENT_ROLE_UNSPECIFIED,
              false);
  AddMovement(entry.mutable_movements(), transfer.credited, transfer.seconds, sv1::MOVEMENT_ROLE_UNSPECIFIED,
              false);
  return entry;
}

}  // namespace

Verdict OnlyOwn(const Run& run, const Parts& parts) {
  const AccountNumber own = SpeakerOf(run, parts);
  if (run.broker() || own == 0) return std::nullopt;
  const bool takes_part = Names(parts.givers, own) || Names(parts.receivers, own);
  const bool others_remainder =
      parts.remainder != 0 && parts.remainder != own && storage::KindOf(parts.remainder) != HolderKind::kPot;
  return takes_part && !others_remainder ? Verdict() : Refuse(Reason::kNotAParty);
}

Verdict MayRecordAs(const Run& run, const Parts& parts, AccountNumber speaker) {
  const uint32_t who = run.bank_row().settings().who_may_record();
  const bool may = who == kBrokersRecord     ? false
                   : who == kReceiverRecords ? Names(parts.receivers, speaker)
                   : who == kGiverRecords    ? Names(parts.givers, speaker)
                                             : true;
  return may ? Verdict() : Refuse(Reason::kRoleRequired);
}

sv1::MarkRow MarkOf(const Run& run, const sv1::Entry& entry) {
  sv1::MarkRow mark;
  if (!run.state.GetRow(storage::Family::kMark, storage::MarkKey(run.bank, 0, entry.sequence()), &mark)) {
    mark.set_state(kStateRecorded);
  }
  return mark;
}

Verdict ResolveParts(Run& run, const ExchangeSpec& spec, const ExchangeMask* mask, Parts* parts) {
  auto takes = [&](bool ExchangeMask::*field) { return mask == nullptr || mask->*field; };
  if (takes(&ExchangeMask::givers)) {
    if (Verdict no = ResolveShares(run, spec.givers, &parts->givers)) return no;
  }
  if (takes(&ExchangeMask::receivers)) {
    if (Verdict no = ResolveShares(run, spec.receivers, &parts->receivers)) return no;
  }
  if (takes(&ExchangeMask::remainder)) {
    parts->remainder = 0;
    if (spec.remainder.given()) {
      if (Verdict no = run.FindHolder(spec.remainder, &parts->remainder)) return no;
    }
  }
  if (takes(&ExchangeMask::seconds)) parts->seconds = spec.seconds;
  if (takes(&ExchangeMask::unnamed_givers))
    parts->unnamed_givers = static_cast<uint32_t>(spec.unnamed_givers);
  if (takes(&ExchangeMask::unnamed_receivers))
    parts->unnamed_receivers = static_cast<uint32_t>(spec.unnamed_receivers);
  if (takes(&ExchangeMask::occurred_on))
    parts->occurred_on = spec.occurred_on.value_or(run.command.stamp.today);
  if (takes(&ExchangeMask::category)) parts->category_name = spec.category;
  if (takes(&ExchangeMask::note)) parts->texts.set_note(spec.note);
  if (takes(&ExchangeMask::tags)) parts->texts.mutable_tags()->Assign(spec.tags.begin(), spec.tags.end());
  if (takes(&ExchangeMask::decision)) parts->texts.set_decision(spec.decision);
  return std::nullopt;
}

Verdict PostExchange(Run& run, const Parts& parts, const PostOptions& options) {
  sv1::Entry& entry = run.entry;
  entry.Clear();
  entry.set_kind(sv1::ENTRY_KIND_EXCHANGE);
  entry.set_acting_for(parts.acting_for);
  entry.set_occurred_on(parts.occurred_on);
  entry.set_seconds(parts.seconds);
  entry.set_unnamed_givers(parts.unnamed_givers);
  entry.set_unnamed_receivers(parts.unnamed_receivers);
  entry.set_remainder(parts.remainder);
  entry.set_imported(options.imported);
  entry.set_corrects(options.corrects);
  entry.set_restores(options.restores);
  uint32_t category = parts.category;
  if (parts.category_name) {
    if (Verdict no = run.CategoryNumber(*parts.category_name, "exchange.category", &category)) return no;
  }
  entry.set_category(category);
  Verdict unshared = Share(parts, entry.mutable_movements());
  if (Verdict no = EachAccountOnce(parts, entry.movements())) return no;
  if (unshared) return unshared;
  if (Verdict no = CheckClosed(run, &entry)) return no;
  if (options.limits) {
    if (Verdict no = CheckLimits(run, &entry)) return no;
  }
  if (!options.imported) NoticePots(parts.texts.decision(), &entry);
  if (options.check_duplicates) NoticeDuplicate(run, &entry);
  return run.Append(&entry, parts.texts);
}

Verdict Record(Run& run, const ExchangeSpec& spec, bool check_duplicates) {
  if (Verdict no = run.CheckOrigin(spec.origin)) return no;
  Parts& parts = run.parts;
  parts.Clear();
  if (Verdict no = ResolveParts(run, spec, nullptr, &parts)) return no;
  if (spec.acting_for.given()) {
    if (Verdict no = run.FindHolder(spec.acting_for, &parts.acting_for)) return no;
  }
  const bool imported = spec.origin.has_value();
  if (Verdict no = MayRecord(run, parts, imported)) return no;
  if (imported) PutOriginText(*spec.origin, &parts.texts);
  if (Verdict no = PostExchange(
          run, parts, {.limits = !imported, .check_duplicates = check_duplicates, .imported = imported})) {
    return no;
  }
  run.KeepOrigin(spec.origin, run.entry.sequence());
  return std::nullopt;
}

Verdict Do(Run& run, const RecordGift& act) {
  if (Verdict no = run.CheckOrigin(act.origin)) return no;
  AccountNumber debited = 0;
  AccountNumber credited = 0;
  if (Verdict no = run.FindHolder(act.debited, &debited)) return no;
  if (Verdict no = run.FindHolder(act.credited, &credited)) return no;
  AccountNumber speaker = 0;
  if (Verdict no = run.Speaker(act.acting_for, &speaker)) return no;
  if (act.origin) {
    if (Verdict no = run.BrokersOnly()) return no;
  }
  if (!run.broker() && speaker != debited) return Refuse(Reason::kNotAParty);
  // Nobody gives itself what it looks after for somebody else.
  if (run.principal() != 0 && credited == run.actor_member) return Refuse(Reason::kRoleRequired);
  if (act.acting_for.given() && speaker != debited && speaker != credited) return Refuse(Reason::kNotAParty);
  if (debited == credited) return Invalid("credited", violation::kSameHolder);

  sv1::Entry& entry =
      EntryOf(run, {sv1::ENTRY_KIND_GIFT, debited, credited, act.seconds, act.occurred_on, act.origin});
  if (act.acting_for.given()) entry.set_acting_for(speaker);
  uint32_t category = 0;
  if (Verdict no = run.CategoryNumber(act.category, "category", &category)) return no;
  entry.set_category(category);
  if (Verdict no = CheckClosed(run, &entry)) return no;
  if (!act.origin) {
    if (Verdict no = CheckLimits(run, &entry)) return no;
    NoticePots(act.decision, &entry);
  }
  sv1::Texts& texts = run.parts.texts;
  texts.set_note(act.note);
  *texts.mutable_tags() = {act.tags.begin(), act.tags.end()};
  texts.set_decision(act.decision);
  if (act.origin) PutOriginText(*act.origin, &texts);
  if (Verdict no = run.Append(&entry, texts)) return no;
  run.KeepOrigin(act.origin, entry.sequence());
  return std::nullopt;
}

Verdict Do(Run& run, const RecordOpening& act) {
  if (Verdict no = run.CheckOrigin(act.origin)) return no;
  AccountNumber holder = 0;
  if (Verdict no = run.FindHolder(act.holder, &holder)) return no;
  if (Verdict no = run.BrokersOnly()) return no;
  sv1::Entry& entry = EntryOf(
      run, {sv1::ENTRY_KIND_OPENING, storage::kOpeningPot, holder, act.seconds, act.occurred_on, act.origin});
  if (Verdict no = CheckClosed(run, &entry)) return no;
  sv1::Texts& texts = run.parts.texts;
  texts.set_note(act.note);
  if (act.origin) PutOriginText(*act.origin, &texts);
  if (Verdict no = run.Append(&entry, texts)) return no;
  run.KeepOrigin(act.origin, entry.sequence());
  return std::nullopt;
}

}  // namespace timebank::ledger
