#include "server/ledger/execute.h"

#include <algorithm>
#include <cassert>
#include <type_traits>

#include "absl/strings/str_cat.h"
#include "server/ledger/invariants.h"
#include "server/ledger/run.h"
#include "storage/hash.h"
#include "storage/keys.h"

namespace timebank::ledger {
namespace {

using storage::Family;

constexpr size_t kHashBytes = 16;  // of a request's hashes

// The holders of an exchange in the order in which RequestRow.Item counts them.
std::vector<const HolderRef*> HoldersOf(const ExchangeSpec& exchange) {
  std::vector<const HolderRef*> holders;
  for (const ShareSpec& share : exchange.givers) holders.push_back(&share.holder);
  for (const ShareSpec& share : exchange.receivers) holders.push_back(&share.holder);
  holders.push_back(&exchange.remainder);
  holders.push_back(&exchange.acting_for);
  return holders;
}

// Which of them `refusal` says was not found, from 1. 0: none.
uint32_t PlaceNotFound(const ExchangeSpec& exchange, const Refusal& refusal) {
  if (refusal.reason != Reason::kHolderNotFound) return 0;
  const std::vector<const HolderRef*> holders = HoldersOf(exchange);
  const auto found = std::find_if(holders.begin(), holders.end(), [&](const HolderRef* holder) {
    return holder->given() && HolderNotFound(*holder).named == refusal.named;
  });
  return found == holders.end() ? 0 : static_cast<uint32_t>(found - holders.begin()) + 1;
}

// The refusal of an item as it was told first: the request is the same, and says whom it names.
Refusal ToldAgain(const sv1::RequestRow::Item& kept, const ExchangeSpec& exchange) {
  Refusal refusal = Refusal::FromFacts(kept.refusal());
  const std::vector<const HolderRef*> holders = HoldersOf(exchange);
  if (kept.not_found() != 0 && kept.not_found() <= holders.size()) {
    refusal.named = HolderNotFound(*holders[kept.not_found() - 1]).named;
  }
  return refusal;
}

class Executor {
 public:
  Executor(const Command& command, WorkingState& state)
      : command_(command), state_(state), run_(command, state, scratch_), start_(state.Savepoint()) {}

  Outcome Decide() {
    const bool of_server = IsOfServer(command_.act);
    if (of_server) {
      OpenServer();
    } else if (Verdict no = run_.OpenBank()) {
      return Refused(*std::move(no));
    }
    if (!command_.request_id.empty() && !command_.validate_only) {
      if (std::optional<Outcome> known = Known()) return *std::move(known);
    }
    Outcome outcome = of_server ? ActOfServer() : Act();
    outcome.bank = run_.bank;
    if (command_.validate_only) {
      state_.RollBack(start_);
      return outcome;
    }
    if (!outcome.refusal) KeepRequest(outcome);
    if (outcome.count > 0) outcome.record_time_us = run_.head.last_record_time_us();
    return outcome;
  }

 private:
  // Commands of the server itself keep their request ids under bank 0.
  void OpenServer() {
    state_.GetRow(Family::kMeta, storage::kMetaInstance, &instance_);
    if (!command_.request_id.empty()) {
      run_.request_key =
          storage::RequestKey(0, instance_.secret(), command_.actor.RequestOwner(), command_.request_id);
    }
  }

  BodyHashes Hashes(std::string_view salt) const {
    return BodyHashesOf(command_,
                        IsOfServer(command_.act) ? storage::HmacKey(instance_.secret()) : run_.secret(),
                        storage::HmacKey(salt));
  }

  // The first outcome of this request id, or that it was used for something else.
  std::optional<Outcome> Known() {
    sv1::RequestRow row;
    if (!state_.GetRow(Family::kRequest, run_.request_key, &row)) return std::nullopt;
    if (row.time_us() + kRequestMemoryUs < command_.stamp.now_us) return std::nullopt;
    const bool texts_erased = row.salt().empty();
    const BodyHashes hashes = Hashes(row.salt());
    if (row.facts_hash() != hashes.facts.First(kHashBytes) ||
        (!texts_erased && row.text_mac() != hashes.texts.First(kHashBytes))) {
      Refusal refusal = Refuse(Reason::kRequestIdReused);
      refusal.sequence = row.sequence();
      return Refused(std::move(refusal));
    }
    Outcome outcome;
    outcome.bank = row.bank() != 0 ? row.bank() : run_.bank;
    outcome.first = row.sequence();
    outcome.count = row.entry_count();
    outcome.replayed = true;
    const auto* batch = std::get_if<BatchRecordExchanges>(&command_.act);
    for (const auto& item : row.items()) {
      const size_t i = outcome.items.size();
      outcome.items.push_back({.sequence = item.sequence(), .refusal = std::nullopt});
      // Only batches have items, and the same request has as many.
      if (item.has_refusal()) outcome.items.back().refusal = ToldAgain(item, batch->items[i].exchange);
    }
    if (outcome.items.empty() && outcome.count == 1) {
      std::optional<sv1::Entry> entry = state_.Entry(outcome.bank, outcome.first);
      if (entry && entry->kind() == sv1::ENTRY_KIND_REFUSAL)
        outcome.refusal = Refusal::FromFacts(entry->refusal());
    }
    if (batch != nullptr && outcome.items.empty() && !outcome.refusal) {
      // Every item was posted, in order.
      outcome.items.resize(outcome.count);
      for (uint32_t i = 0; i < outcome.count; ++i) outcome.items[i].sequence = outcome.first + i;
    }
    return outcome;
  }

  Outcome ActOfServer() {
    const auto* create = std::get_if<CreateTimebank>(&command_.act);
    if (Verdict no = create != nullptr
                         ? DoOfServer(run_, *create, instance_)
                         : DoOfServer(run_, std::get<DeleteTimebank>(command_.act), instance_)) {
      state_.RollBack(start_);
      return Refused(*std::move(no));
    }
    return create != nullptr ? Done() : Outcome{};
  }

  Outcome Act() {
    if (Verdict no = run_.OpenActor()) return Refused(*std::move(no));
    Verdict no;
    if (const auto* batch = std::get_if<BatchRecordExchanges>(&command_.act)) {
      Outcome outcome = Batch(*batch);
      if (!outcome.refusal) return outcome;
      no = std::move(outcome.refusal);
    } else {
      no = std::visit(
          [this](const auto& act) -> Verdict {
            using T = std::decay_t<decltype(act)>;
            if constexpr (std::is_same_v<T, BatchRecordExchanges> || std::is_same_v<T, CreateTimebank> ||
                          std::is_same_v<T, DeleteTimebank>) {
              return std::nullopt;  // handled by the callers
            } else if constexpr (std::is_same_v<T, RecordExchange>) {
              return Record(run_, act.exchange, act.check_duplicates);
            } else {
              return Do(run_, act);
            }
          },
          command_.act);
      if (!no) no = run_.KeepDebits();
    }
    if (!no) return command_.validate_only ? ShowAndUndo() : Posted();
    Undo(start_);
    return Freeze(*std::move(no));
  }

  Outcome Batch(const BatchRecordExchanges& batch) {
    Outcome outcome;
    outcome.items.reserve(batch.items.size());
    state_.Expect(batch.items.size());
    const Sequence before = run_.head.last_sequence();
    for (size_t i = 0; i < batch.items.size(); ++i) {
      const WorkingState::Mark mark = state_.Savepoint();
      Verdict no = Item(batch, batch.items[i]);
      if (no) NameItem(i, *no);
      if (no && batch.all_or_nothing) {
        no->numbers.emplace_back("index", static_cast<int64_t>(i));
        outcome.refusal = std::move(no);
        return outcome;
      }
      if (no) Undo(mark);
      // A frozen refusal is an entry in a batch, too; the request's row leads to it.
      const bool posts = !command_.validate_only;
      if (no && posts && IsFrozen(no->reason) && !command_.request_id.empty()) AppendRefusal(*no);
      outcome.items.push_back(
          {.sequence = no || !posts ? 0 : run_.head.last_sequence(), .refusal = std::move(no)});
    }
    if (command_.validate_only) return outcome;  // what was posted is rolled back
    outcome.count = static_cast<uint32_t>(run_.head.last_sequence() - before);
    outcome.first = outcome.count == 0 ? 0 : before + 1;
    return outcome;
  }

  Verdict Item(const BatchRecordExchanges& batch, const BatchRecordExchanges::Item& item) {
    if (!item.violations.empty()) {
      Refusal refusal = Refuse(Reason::kValidation);
      refusal.violations = item.violations;
      return refusal;
    }
    run_.BeginAct();
    if (Verdict no = Record(run_, item.exchange, batch.check_duplicates)) return no;
    return run_.KeepDebits();
  }

  // What is wrong with an exchange is told of the one of a batch as of one by itself; of which is said here.
  static void NameItem(size_t index, Refusal& refusal) {
    constexpr std::string_view kAlone = "exchange.";
    for (Violation& violation : refusal.violations) {
      if (!violation.field.starts_with(kAlone)) continue;
      violation.field.replace(0, kAlone.size(), absl::StrCat("exchanges[", index, "]."));
    }
  }

  void Undo(const WorkingState::Mark& mark) {
    state_.RollBack(mark);
    run_.Reload();
    run_.BeginAct();
  }

  Outcome Done() const {
    Outcome outcome;
    const auto entries = state_.Savepoint().entries - start_.entries;
    outcome.count = static_cast<uint32_t>(entries);
    outcome.first = run_.head.last_sequence() + 1 - entries;
    return outcome;
  }

  // With what was posted, where that is one entry of the caller's own words.
  Outcome Posted() {
    Outcome outcome = Done();
    if (std::holds_alternative<RecordExchange>(command_.act) ||
        std::holds_alternative<RecordGift>(command_.act) ||
        std::holds_alternative<RecordOpening>(command_.act)) {
      auto posted = std::make_shared<Preview>();
      posted->entry = std::move(run_.entry);
      posted->texts = std::move(run_.parts.texts);
      posted->category = run_.CategoryName(posted->entry.category());
      if (const auto* act = std::get_if<RecordExchange>(&command_.act)) NameHolders(act->exchange, *posted);
      outcome.posted = std::move(posted);
    }
    return outcome;
  }

  void NameHolders(const ExchangeSpec& spec, Preview& posted) {
    posted.caller = command_.actor.caller;
    posted.holders.reserve(spec.givers.size() + spec.receivers.size() + 1);
    const auto name = [&](const HolderRef& holder) {
      if (!holder.given()) return;
      const std::optional<AccountNumber> account = run_.FindUnmerged(holder.kind, holder.id);
      if (account && run_.Survivor(*account) == *account) posted.holders.emplace_back(*account, holder);
    };
    for (const ShareSpec& share : spec.givers) name(share.holder);
    for (const ShareSpec& share : spec.receivers) name(share.holder);
    name(spec.remainder);
    name(spec.acting_for);
    if (!command_.actor.member.empty()) name({HolderKind::kMember, command_.actor.member});
  }

  Outcome ShowAndUndo() {
    auto shown = std::make_shared<Preview>();
    Preview& preview = *shown;
    for (sv1::Entry& entry : state_.EntriesSince(start_)) preview.entry = std::move(entry);
    sv1::TextRow texts;
    if (state_.GetRow(Family::kText, storage::TextKey(run_.bank, preview.entry.sequence()), &texts)) {
      preview.texts.ParseFromString(texts.texts());
    }
    preview.category = run_.CategoryName(preview.entry.category());
    Undo(start_);
    Outcome outcome;
    outcome.preview = std::move(shown);
    return outcome;
  }

  Outcome Refused(Refusal refusal) const {
    Outcome outcome;
    outcome.bank = run_.bank;
    outcome.refusal = std::move(refusal);
    return outcome;
  }

  void AppendRefusal(const Refusal& refusal) {
    sv1::Entry entry;
    entry.set_kind(sv1::ENTRY_KIND_REFUSAL);
    entry.set_occurred_on(command_.stamp.today);
    *entry.mutable_refusal() = refusal.ToFacts();
    const Verdict no = run_.Append(&entry, {});
    assert(!no && "an entry without movements cannot overflow");
    static_cast<void>(no);
  }

  Outcome Freeze(Refusal refusal) {
    Outcome outcome = Refused(std::move(refusal));
    if (!IsFrozen(outcome.refusal->reason) || command_.request_id.empty() || command_.validate_only)
      return outcome;
    AppendRefusal(*outcome.refusal);
    outcome.first = run_.head.last_sequence();
    outcome.count = 1;
    KeepRequest(outcome);
    return outcome;
  }

  void KeepRequest(const Outcome& outcome) {
    if (command_.request_id.empty()) return;
    sv1::RequestRow& row = scratch_.request_row;
    row.Clear();
    row.set_time_us(command_.stamp.now_us);
    row.set_sequence(outcome.first);
    row.set_entry_count(outcome.count);
    const std::string_view salt = run_.NextSalt();
    row.set_salt(salt.data(), salt.size());
    const BodyHashes hashes = Hashes(salt);
    row.set_facts_hash(hashes.facts.bytes().data(), kHashBytes);
    row.set_text_mac(hashes.texts.bytes().data(), kHashBytes);
    if (IsOfServer(command_.act)) row.set_bank(run_.bank);
    // Where every item was posted, their numbers follow from the first.
    const bool all_posted = std::none_of(outcome.items.begin(), outcome.items.end(),
                                         [](const Outcome::Item& item) { return item.refusal.has_value(); });
    if (!all_posted) {
      const auto& asked = std::get<BatchRecordExchanges>(command_.act).items;
      for (size_t i = 0; i < outcome.items.size(); ++i) {
        const Outcome::Item& item = outcome.items[i];
        auto* kept = row.add_items();
        kept->set_sequence(item.sequence);
        if (!item.refusal) continue;
        *kept->mutable_refusal() = item.refusal->ToFacts();
        kept->set_not_found(PlaceNotFound(asked[i].exchange, *item.refusal));
      }
    }
    state_.PutRow(Family::kRequest, run_.request_key, row);
  }

  static inline thread_local Scratch scratch_;
  const Command& command_;
  WorkingState& state_;
  Run run_;
  const WorkingState::Mark start_;
  sv1::InstanceRow instance_;
};

}  // namespace

absl::StatusOr<Outcome> Execute(const Command& command, WorkingState& state) {
  const WorkingState::Mark start = state.Savepoint();
  Outcome outcome = Executor(command, state).Decide();
  if (!state.status().ok()) {
    state.RollBack(start);
    return state.status();
  }
#if TIMEBANK_INVARIANTS
  CheckInvariants(state, start);
#endif
  state.Keep();
  return outcome;
}

}  // namespace timebank::ledger
