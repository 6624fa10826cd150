// What becomes of a recorded exchange: the table of states in the API guide, row by row.
#include <algorithm>
#include <set>
#include <utility>

#include "server/ledger/run.h"
#include "server/ledger/validate.h"
#include "storage/keys.h"
#include "storage/pages.h"

namespace timebank::ledger {
namespace {

using storage::Family;

// The entry that an act is about, with what became of it.
struct Target {
  sv1::Entry entry;
  sv1::MarkRow mark;
  sv1::Texts texts;
};

Verdict Find(Run& run, Sequence sequence, Target* target) {
  std::optional<sv1::Entry> entry = run.state.Entry(run.bank, sequence);
  if (!entry || entry->kind() > sv1::ENTRY_KIND_REVERSAL) {
    Refusal refusal = Refuse(Reason::kExchangeNotFound);
    refusal.named = "exchanges/" + std::to_string(sequence);
    return refusal;
  }
  target->entry = *std::move(entry);
  target->mark = MarkOf(run, target->entry);
  sv1::TextRow row;
  if (run.state.GetRow(Family::kText, storage::TextKey(run.bank, sequence), &row)) {
    target->texts.ParseFromString(row.texts());
  }
  return std::nullopt;
}

void PutMark(Run& run, const Target& target) {
  const Sequence sequence = target.entry.sequence();
  const std::string value = storage::EncodeRow(target.mark);
  run.state.Put(Family::kMark, storage::MarkKey(run.bank, 0, sequence), value);
  for (const auto& movement : target.entry.movements()) {
    run.state.Put(Family::kMark, storage::MarkKey(run.bank, movement.account(), sequence), value);
  }
}

// The pot that takes the remainder is nobody; anybody else who is moved has a say.
bool HasSay(const sv1::EntryMovement& movement) {
  return movement.role() != sv1::MOVEMENT_ROLE_REMAINDER ||
         storage::KindOf(movement.account()) != HolderKind::kPot;
}

// Somebody who gave or received.
bool IsParty(Run& run, const sv1::Entry& entry, AccountNumber account) {
  if (account == 0) return false;
  return std::any_of(entry.movements().begin(), entry.movements().end(),
                     [&](const sv1::EntryMovement& movement) {
                       return HasSay(movement) && run.Survivor(movement.account()) == account;
                     });
}

bool IsRecorder(Run& run, const sv1::Entry& entry, AccountNumber account) {
  if (entry.recorder() != 0) return run.Survivor(entry.recorder()) == account;
  if (account != 0) return false;
  sv1::NameRow key;
  run.state.GetRow(Family::kDirectory,
                   storage::DirectoryKey(run.bank, storage::DirectoryKind::kKey, entry.key()), &key);
  return key.name() == run.command.actor.caller;
}

// Whether `speaker` may take back what was recorded. What was recorded by a grant was recorded as the member
// who let it: that member takes it back, and the agent as that member only: where the grant has ended, that
// is no more.
bool IsWriter(Run& run, const sv1::Entry& entry, AccountNumber speaker) {
  if (run.principal() != 0) {
    return IsRecorder(run, entry, speaker) || IsRecorder(run, entry, run.actor_member);
  }
  const bool by_grant = entry.under_grant() != 0;
  if (by_grant && speaker != 0 && run.Survivor(entry.acting_for()) == speaker) return true;
  return IsRecorder(run, entry, speaker) && (!by_grant || IsParty(run, entry, speaker));
}

bool IsOneToOne(const sv1::Entry& entry) {
  int parties = 0;
  for (const auto& movement : entry.movements()) parties += HasSay(movement);
  return parties == 2 && entry.unnamed_givers() == 0 && entry.unnamed_receivers() == 0;
}

Refusal NotAllowed(Run& run, const sv1::Entry& entry, AccountNumber account) {
  return Refuse(IsParty(run, entry, account) ? Reason::kRoleRequired : Reason::kNotAParty);
}

// Reverse and correct: a broker; the recorder until somebody else has confirmed.
Verdict MayUndo(Run& run, const Target& target, AccountNumber speaker) {
  if (run.broker()) return std::nullopt;
  if (IsWriter(run, target.entry, speaker)) {
    return target.mark.confirmed_by().empty() ? Verdict() : Refuse(Reason::kRoleRequired);
  }
  return NotAllowed(run, target.entry, speaker);
}

Refusal About(Reason reason, Sequence sequence) {
  Refusal refusal = Refuse(reason);
  refusal.sequence = sequence;
  return refusal;
}

Verdict NotYetReversed(const Target& target) {
  if (target.entry.kind() == sv1::ENTRY_KIND_REVERSAL) {
    return About(Reason::kCannotReverseReversal, target.entry.reverses());
  }
  if (target.mark.state() == kStateReversed)
    return About(Reason::kAlreadyReversed, target.mark.reversed_by());
  return std::nullopt;
}

// Puts every account's share of `target` onto, or takes it off, what is contested.
void MoveContested(Run& run, const sv1::Entry& entry, int sign) {
  for (const auto& movement : entry.movements()) {
    const AccountNumber account = run.Survivor(movement.account());
    run.ChangeAccount(account).contested += sign * movement.seconds();
  }
}

// What was put back onto accounts that `entry` moved and that were merged since goes on to their survivors,
// as it did when they were merged: nothing is decided or told by an account that nobody goes by any more.
Verdict SendOn(Run& run, const sv1::Entry& entry, AccountNumber acting_for) {
  for (const auto& movement : entry.movements()) {
    const AccountNumber survivor = run.Survivor(movement.account());
    if (survivor == movement.account() || run.Account(movement.account()).balance == 0) continue;
    if (Verdict no = MoveBalance(run, movement.account(), survivor, acting_for)) return no;
  }
  return std::nullopt;
}

// Posts the opposite of `target`, and what that makes necessary. That it is REVERSED stands in `target.mark`,
// for the caller to put.
Verdict Reverse(Run& run, Target& target, const std::string& reason, AccountNumber acting_for) {
  sv1::Entry entry;
  entry.set_kind(sv1::ENTRY_KIND_REVERSAL);
  entry.set_reverses(target.entry.sequence());
  entry.set_reversed_kind(target.entry.kind());
  entry.set_occurred_on(target.entry.occurred_on());
  entry.set_category(target.entry.category());
  entry.set_seconds(target.entry.seconds());
  entry.set_unnamed_givers(target.entry.unnamed_givers());
  entry.set_unnamed_receivers(target.entry.unnamed_receivers());
  entry.set_remainder(target.entry.remainder());
  entry.set_acting_for(acting_for);
  // A merged member's hours are on its survivor by now; unless both sides have become one.
  std::set<AccountNumber> survivors;
  for (const auto& movement : target.entry.movements()) survivors.insert(run.Survivor(movement.account()));
  const bool apart = survivors.size() == static_cast<size_t>(target.entry.movements_size());
  for (const auto& movement : target.entry.movements()) {
    sv1::EntryMovement* opposite = entry.add_movements();
    *opposite = movement;
    if (apart) opposite->set_account(run.Survivor(movement.account()));
    opposite->set_seconds(-movement.seconds());
  }
  sv1::Texts texts;
  texts.set_reason(reason);
  run.CountUndone(target.entry);
  if (Verdict no = run.Append(&entry, texts)) return no;
  target.mark.set_state(kStateReversed);
  target.mark.set_reversed_by(entry.sequence());
  return SendOn(run, target.entry, acting_for);
}

// The parts that an entry was made of, to be changed in places and posted anew.
Parts PartsOf(Run& run, const Target& target) {
  Parts parts;
  for (const auto& movement : target.entry.movements()) {
    Part part{.account = run.Survivor(movement.account()), .own = std::nullopt};
    if (movement.own_seconds()) part.own = std::abs(movement.seconds());
    if (movement.role() == sv1::MOVEMENT_ROLE_GIVER) parts.givers.push_back(part);
    if (movement.role() == sv1::MOVEMENT_ROLE_RECEIVER) parts.receivers.push_back(part);
  }
  parts.seconds = target.entry.seconds();
  parts.remainder = run.Survivor(target.entry.remainder());
  parts.unnamed_givers = target.entry.unnamed_givers();
  parts.unnamed_receivers = target.entry.unnamed_receivers();
  parts.occurred_on = target.entry.occurred_on();
  parts.category = target.entry.category();
  parts.texts.set_note(target.texts.note());
  *parts.texts.mutable_tags() = target.texts.tags();
  parts.texts.set_decision(target.texts.decision());
  return parts;
}

// Changes `parts` as asked. New seconds alone are everybody's; in a one-to-one also over seconds of their
// own.
Verdict Change(Run& run, const ExchangeSpec& changes, const ExchangeMask& mask, Parts* parts) {
  if (Verdict no = ResolveParts(run, changes, &mask, parts)) return no;
  // What was carried over and what is new must be an exchange together.
  const bool nobody_named = parts->givers.empty() && parts->receivers.empty();
  if (nobody_named || (parts->givers.empty() && parts->unnamed_givers == 0)) {
    return Invalid("exchange.givers", violation::kRequired);
  }
  if (parts->receivers.empty() && parts->unnamed_receivers == 0) {
    return Invalid("exchange.receivers", violation::kRequired);
  }
  if (parts->givers.size() + parts->receivers.size() > kMaxShares) {
    return Invalid(mask.receivers ? "exchange.receivers" : "exchange.givers", violation::kTooMany);
  }
  if (!mask.seconds || mask.givers || mask.receivers) return std::nullopt;
  const bool one_to_one = parts->givers.size() == 1 && parts->receivers.size() == 1;
  bool any_effect = false;
  for (auto* side : {&parts->givers, &parts->receivers}) {
    for (Part& part : *side) {
      if (one_to_one) part.own.reset();
      any_effect |= !part.own.has_value();
    }
  }
  if (!any_effect) return Invalid("exchange.seconds", violation::kNoEffect);
  return std::nullopt;
}

// What `entry` stands instead of: it corrects it or records it anew. 0: nothing.
Sequence StandsFor(const sv1::Entry& entry) {
  return entry.corrects() != 0 ? entry.corrects() : entry.restores();
}

// What stands instead of `target`, one step on. 0: nothing.
Sequence ReplacementOf(const Run& run, const Target& target) {
  if (target.mark.corrected_by() != 0 || target.mark.reversed_by() == 0) return target.mark.corrected_by();
  sv1::MarkRow reversal;
  run.state.GetRow(Family::kMark, storage::MarkKey(run.bank, 0, target.mark.reversed_by()), &reversal);
  return reversal.restored_by();
}

// TOO_MANY: as many entries as may be stood for this help before `entry`, one after the other.
Verdict MayBeReplaced(const Run& run, const sv1::Entry& entry) {
  Sequence before = StandsFor(entry);
  for (size_t count = 1; before != 0; ++count) {
    if (count == kMaxReplacements) return Refuse(Reason::kTooMany);
    const std::optional<sv1::Entry> earlier = run.state.Entry(run.bank, before);
    before = earlier ? StandsFor(*earlier) : 0;
  }
  return std::nullopt;
}

// Reverses `target` and posts what should stand instead. The mark is the caller's to put, as with Reverse.
Verdict Correct(Run& run, Target& target, const ExchangeSpec& changes, const ExchangeMask& mask,
                const std::string& reason, AccountNumber acting_for) {
  if (target.entry.kind() != sv1::ENTRY_KIND_EXCHANGE) return Refuse(Reason::kCannotCorrect);
  if (Verdict no = MayBeReplaced(run, target.entry)) return no;
  Parts parts = PartsOf(run, target);
  parts.acting_for = acting_for;
  if (Verdict no = Change(run, changes, mask, &parts)) return no;
  if (Verdict no = OnlyOwn(run, parts)) return no;
  // What an agent recorded by a grant and corrects as the party that it is counts for no grant: so it is what
  // the bank lets that party record, or else the grant's limit would bind nobody.
  const bool own_name = run.principal() == 0 && acting_for == 0 && run.actor_member != 0 && !run.broker();
  if (own_name && target.entry.under_grant() != 0 && IsRecorder(run, target.entry, run.actor_member)) {
    if (Verdict no = MayRecordAs(run, parts, run.actor_member)) return no;
  }
  parts.texts.set_reason(reason);
  if (Verdict no = Reverse(run, target, reason, acting_for)) return no;
  if (Verdict no = PostExchange(run, parts, {.limits = false, .corrects = target.entry.sequence()})) {
    return no;
  }
  target.mark.set_corrected_by(run.entry.sequence());
  return std::nullopt;
}

// Records the original of a contested reversal anew.
Verdict Restore(Run& run, Target& reversal, const SettleExchange& act, AccountNumber acting_for) {
  Target original;
  if (Verdict no = Find(run, reversal.entry.reverses(), &original)) return no;
  const bool exchange = original.entry.kind() == sv1::ENTRY_KIND_EXCHANGE;
  if (!exchange && act.mask.any()) return Refuse(Reason::kCannotCorrect);
  if (Verdict no = MayBeReplaced(run, original.entry)) return no;
  Sequence posted = 0;
  if (exchange) {
    Parts parts = PartsOf(run, original);
    parts.acting_for = acting_for;
    if (Verdict no = Change(run, act.changes, act.mask, &parts)) return no;
    if (Verdict no = OnlyOwn(run, parts)) return no;
    parts.texts.set_reason(act.reason);
    if (Verdict no = PostExchange(run, parts, {.limits = false, .restores = original.entry.sequence()})) {
      return no;
    }
    posted = run.entry.sequence();
  } else {
    sv1::Entry entry;
    entry.set_kind(original.entry.kind());
    entry.set_restores(original.entry.sequence());
    entry.set_occurred_on(original.entry.occurred_on());
    entry.set_category(original.entry.category());
    entry.set_seconds(original.entry.seconds());
    entry.set_acting_for(acting_for);
    *entry.mutable_movements() = reversal.entry.movements();
    for (auto& movement : *entry.mutable_movements()) movement.set_seconds(-movement.seconds());
    sv1::Texts texts = original.texts;
    texts.set_reason(act.reason);
    if (Verdict no = run.Append(&entry, texts)) return no;
    posted = entry.sequence();
    if (Verdict no = SendOn(run, entry, acting_for)) return no;
  }
  reversal.mark.set_restored_by(posted);
  return std::nullopt;
}

// A word about an entry that moves nothing.
Verdict Say(Run& run, sv1::EntryKind kind, const Target& target, AccountNumber acting_for,
            const std::string& reason, uint32_t outcome, Sequence* sequence) {
  sv1::Entry entry;
  entry.set_kind(kind);
  entry.set_about(target.entry.sequence());
  entry.set_acting_for(acting_for);
  entry.set_outcome(outcome);
  entry.set_occurred_on(run.command.stamp.today);
  sv1::Texts texts;
  texts.set_reason(reason);
  if (Verdict no = run.Append(&entry, texts)) return no;
  *sequence = entry.sequence();
  for (const auto& movement : target.entry.movements()) run.NoteAct(movement.account());
  return std::nullopt;
}

// Holders that are not there are told before anything is said about who may.
Verdict FindNamed(Run& run, const ExchangeSpec& changes, const ExchangeMask& mask) {
  AccountNumber account = 0;
  for (auto [named, shares] :
       {std::pair(mask.givers, &changes.givers), {mask.receivers, &changes.receivers}}) {
    if (!named) continue;
    for (const ShareSpec& share : *shares) {
      if (Verdict no = run.FindHolder(share.holder, &account)) return no;
    }
  }
  if (!mask.remainder || !changes.remainder.given()) return std::nullopt;
  return run.FindHolder(changes.remainder, &account);
}

// An agent speaks for one side of an entry: where it has a part of its own, or has spoken for somebody else
// already, the rest is others'.
Verdict OneSide(Run& run, const Target& target) {
  if (run.principal() == 0) return std::nullopt;
  bool other_side = IsParty(run, target.entry, run.actor_member);
  if (run.Survivor(target.entry.recorder()) == run.actor_member) {
    other_side |= run.Survivor(target.entry.acting_for()) != run.principal();
  }
  if (target.mark.state() == kStateContested) {
    const std::optional<sv1::Entry> contest = run.state.Entry(run.bank, target.mark.contest());
    other_side |= contest && run.Survivor(contest->recorder()) == run.actor_member &&
                  run.Survivor(target.mark.contested_by()) != run.principal();
  }
  return other_side ? Refuse(Reason::kRoleRequired) : Verdict();
}

// The target and who speaks about it. `acting_for`: 0 where the caller speaks for itself.
Verdict Begin(Run& run, Sequence exchange, const HolderRef& ref, Target* target, AccountNumber* speaker,
              AccountNumber* acting_for, const ExchangeSpec& changes = {}, const ExchangeMask& mask = {}) {
  if (Verdict no = Find(run, exchange, target)) return no;
  if (Verdict no = FindNamed(run, changes, mask)) return no;
  if (Verdict no = run.Speaker(ref, speaker)) return no;
  *acting_for = ref.given() ? *speaker : 0;
  if (*acting_for != 0 && !IsParty(run, target->entry, *acting_for)) return Refuse(Reason::kNotAParty);
  return OneSide(run, *target);
}

Verdict MaySettle(Run& run, const Target& target, SettleOutcome outcome, AccountNumber speaker) {
  // A broker who is a party has a stake like anybody else.
  const bool stake = IsParty(run, target.entry, run.actor_member);
  if (run.broker() && !stake) return std::nullopt;
  // Nor may such a broker speak for the other side.
  if (stake && speaker != run.actor_member) return Refuse(Reason::kRoleRequired);
  if (outcome == SettleOutcome::kStands) {
    if (speaker != 0 && speaker == run.Survivor(target.mark.contested_by())) return std::nullopt;
    return NotAllowed(run, target.entry, speaker);
  }
  if (IsWriter(run, target.entry, speaker)) return std::nullopt;
  // "Either gives way": whoever did not contest may.
  if (IsOneToOne(target.entry) && IsParty(run, target.entry, speaker) &&
      speaker != run.Survivor(target.mark.contested_by())) {
    return std::nullopt;
  }
  return NotAllowed(run, target.entry, speaker);
}

// Whoever speaks for a party, a broker too, speaks for it about its own entries only.
bool MayEraseNote(Run& run, const Target& target, AccountNumber speaker, AccountNumber acting_for) {
  const bool any_entry = run.broker() && acting_for == 0;
  return (any_entry || IsParty(run, target.entry, speaker)) && !OneSide(run, target);
}

// The other entries that say the same note of the same help: corrections and what is recorded anew carry it
// over. Only those whose note the speaker may erase: a correction may have put others in its place. The first
// ones first.
std::vector<Target> CopiesOfNote(Run& run, const Target& target, AccountNumber speaker,
                                 AccountNumber acting_for) {
  std::vector<Target> copies;
  if (target.texts.note().empty()) return copies;
  Sequence next = StandsFor(target.entry);
  // false: there is none.
  const auto look = [&](Target* other) {
    if (next == 0 || Find(run, next, other)) return false;
    if (other->texts.note() == target.texts.note() && MayEraseNote(run, *other, speaker, acting_for)) {
      copies.push_back(*other);
    }
    return true;
  };
  for (Target other; look(&other); other = {}) next = StandsFor(other.entry);
  std::reverse(copies.begin(), copies.end());
  next = ReplacementOf(run, target);
  for (Target other; look(&other); other = {}) next = ReplacementOf(run, other);
  return copies;
}

// Takes the note of `target` away and says so in an entry, which tells everybody who keeps a copy.
Verdict EraseNote(Run& run, const Target& target, AccountNumber acting_for) {
  Sequence word = 0;
  if (Verdict no = Say(run, sv1::ENTRY_KIND_NOTE_ERASED, target, acting_for, "", 0, &word)) return no;
  sv1::TextRow row;
  const std::string key = storage::TextKey(run.bank, target.entry.sequence());
  if (!run.state.GetRow(Family::kText, key, &row)) return std::nullopt;
  sv1::Texts texts = target.texts;
  texts.clear_note();
  row.set_texts(texts.SerializeAsString());
  // Without its salt the commitment in the entry, and the request's hash, tell nothing about what the note
  // said.
  row.clear_salt();
  row.set_note_erased(true);
  if (sv1::RequestRow request; run.state.GetRow(Family::kRequest, row.request_key(), &request)) {
    request.clear_salt();
    request.clear_text_mac();
    run.state.PutRow(Family::kRequest, row.request_key(), request);
  }
  run.state.PutRow(Family::kText, key, row);
  return std::nullopt;
}

}  // namespace

Verdict Do(Run& run, const ReverseExchange& act) {
  Target target;
  AccountNumber speaker = 0;
  AccountNumber acting_for = 0;
  if (Verdict no = Begin(run, act.exchange, act.acting_for, &target, &speaker, &acting_for)) return no;
  if (Verdict no = MayUndo(run, target, speaker)) return no;
  if (Verdict no = NotYetReversed(target)) return no;
  if (target.mark.state() == kStateContested) return About(Reason::kAlreadyContested, target.mark.contest());
  if (Verdict no = Reverse(run, target, act.reason, acting_for)) return no;
  PutMark(run, target);
  return std::nullopt;
}

Verdict Do(Run& run, const CorrectExchange& act) {
  Target target;
  AccountNumber speaker = 0;
  AccountNumber acting_for = 0;
  if (Verdict no =
          Begin(run, act.exchange, act.acting_for, &target, &speaker, &acting_for, act.changes, act.mask)) {
    return no;
  }
  if (Verdict no = MayUndo(run, target, speaker)) return no;
  if (Verdict no = NotYetReversed(target)) return no;
  if (target.mark.state() == kStateContested) return About(Reason::kAlreadyContested, target.mark.contest());
  if (Verdict no = Correct(run, target, act.changes, act.mask, act.reason, acting_for)) return no;
  PutMark(run, target);
  return std::nullopt;
}

Verdict Do(Run& run, const ContestExchange& act) {
  Target target;
  AccountNumber speaker = 0;
  AccountNumber acting_for = 0;
  if (Verdict no = Begin(run, act.exchange, act.acting_for, &target, &speaker, &acting_for)) return no;
  if (!IsParty(run, target.entry, speaker)) return Refuse(Reason::kNotAParty);
  if (target.mark.state() == kStateReversed)
    return About(Reason::kAlreadyReversed, target.mark.reversed_by());
  if (target.mark.state() == kStateContested) return About(Reason::kAlreadyContested, target.mark.contest());
  if (target.mark.restored_by() != 0) return About(Reason::kAlreadyRestored, target.mark.restored_by());
  if (target.entry.kind() == sv1::ENTRY_KIND_REVERSAL) {
    // The reversal that is half of a correction: what stands now is the replacement, and that can be
    // contested.
    Target original;
    if (Verdict no = Find(run, target.entry.reverses(), &original)) return no;
    if (original.mark.corrected_by() != 0)
      return About(Reason::kAlreadyCorrected, original.mark.corrected_by());
  }
  Sequence word = 0;
  if (Verdict no = Say(run, sv1::ENTRY_KIND_CONTEST, target, acting_for, act.reason, 0, &word)) return no;
  target.mark.set_state_before(target.mark.state());
  target.mark.set_state(kStateContested);
  target.mark.set_contested_by(speaker);
  target.mark.set_contest(word);
  PutMark(run, target);
  MoveContested(run, target.entry, +1);
  return std::nullopt;
}

Verdict Do(Run& run, const SettleExchange& act) {
  Target target;
  AccountNumber speaker = 0;
  AccountNumber acting_for = 0;
  if (Verdict no =
          Begin(run, act.exchange, act.acting_for, &target, &speaker, &acting_for, act.changes, act.mask)) {
    return no;
  }
  if (target.mark.state() == kStateContested) {
    if (Verdict no = MaySettle(run, target, act.outcome, speaker)) return no;
  } else {
    // Nobody in particular may settle what nobody contested; outsiders learn no more than that they are
    // outsiders.
    if (!run.broker() && !IsParty(run, target.entry, speaker) && !IsWriter(run, target.entry, speaker)) {
      return Refuse(Reason::kNotAParty);
    }
  }
  const bool reversal = target.entry.kind() == sv1::ENTRY_KIND_REVERSAL;
  if (reversal && act.outcome == SettleOutcome::kReversed) {
    return About(Reason::kCannotReverseReversal, target.entry.reverses());
  }
  if (target.mark.state() == kStateReversed)
    return About(Reason::kAlreadyReversed, target.mark.reversed_by());
  if (target.mark.state() != kStateContested) return Refuse(Reason::kNotContested);
  if (!reversal && act.outcome == SettleOutcome::kCorrected && !act.mask.any()) {
    return Invalid("exchange", violation::kRequired);
  }
  Sequence word = 0;
  if (Verdict no = Say(run, sv1::ENTRY_KIND_SETTLEMENT, target, acting_for, act.reason,
                       static_cast<uint32_t>(act.outcome), &word)) {
    return no;
  }
  MoveContested(run, target.entry, -1);
  target.mark.set_state(target.mark.state_before());
  target.mark.clear_state_before();
  Verdict no;
  switch (act.outcome) {
    case SettleOutcome::kStands:
      break;
    case SettleOutcome::kReversed:
      no = Reverse(run, target, act.reason, acting_for);
      break;
    case SettleOutcome::kCorrected:
      no = reversal ? Restore(run, target, act, acting_for)
                    : Correct(run, target, act.changes, act.mask, act.reason, acting_for);
      break;
  }
  if (no) return no;
  PutMark(run, target);
  return std::nullopt;
}

Verdict Do(Run& run, const ConfirmExchange& act) {
  Target target;
  AccountNumber speaker = 0;
  AccountNumber acting_for = 0;
  if (Verdict no = Begin(run, act.exchange, act.acting_for, &target, &speaker, &acting_for)) return no;
  // The recorder's word is in the record already; by a grant, both names'.
  if (!IsParty(run, target.entry, speaker) || IsRecorder(run, target.entry, speaker) ||
      (run.principal() != 0 && IsRecorder(run, target.entry, run.actor_member))) {
    return Refuse(Reason::kNotAParty);
  }
  if (target.mark.state() == kStateReversed)
    return About(Reason::kAlreadyReversed, target.mark.reversed_by());
  if (target.mark.state() == kStateContested) return About(Reason::kAlreadyContested, target.mark.contest());
  const auto& confirmed = target.mark.confirmed_by();
  if (std::find(confirmed.begin(), confirmed.end(), speaker) != confirmed.end()) {
    return About(Reason::kAlreadyConfirmed, target.entry.sequence());
  }
  Sequence word = 0;
  if (Verdict no = Say(run, sv1::ENTRY_KIND_CONFIRMATION, target, acting_for, "", 0, &word)) return no;
  target.mark.set_state(kStateConfirmed);
  target.mark.add_confirmed_by(speaker);
  PutMark(run, target);
  return std::nullopt;
}

Verdict Do(Run& run, const EraseExchangeNote& act) {
  Target target;
  AccountNumber speaker = 0;
  AccountNumber acting_for = 0;
  if (Verdict no = Begin(run, act.exchange, act.acting_for, &target, &speaker, &acting_for)) return no;
  if (!MayEraseNote(run, target, speaker, acting_for)) return Refuse(Reason::kNotAParty);
  const std::vector<Target> copies = CopiesOfNote(run, target, speaker, acting_for);
  if (Verdict no = EraseNote(run, target, acting_for)) return no;
  for (const Target& copy : copies) {
    if (Verdict no = EraseNote(run, copy, acting_for)) return no;
  }
  return std::nullopt;
}

}  // namespace timebank::ledger
