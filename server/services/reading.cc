#include "server/services/reading.h"

#include <algorithm>
#include <string>
#include <vector>

#include "server/ledger/validate.h"
#include "server/services/errors.h"
#include "storage/keys.h"
#include "storage/status_macros.h"

namespace timebank::services {

absl::StatusOr<BankReader> OpenForRead(const NamedView& view, const Caller& caller,
                                       const std::string& bank_id, std::string_view field) {
  if (bank_id.empty())
    return ToStatus({{std::string(field), std::string(ledger::violation::kMalformed)}}, "");
  TB_ASSIGN_OR_RETURN(BankReader bank, BankReader::Open(view, bank_id));
  // A bank that got the id of the caller's when that was deleted.
  if (caller.bank_number != 0 && caller.bank_number != bank.bank()) return NotAllowed();
  if (!caller.min_position.empty()) {
    const std::optional<Position> position = DecodePosition(caller.min_position);
    // A position of another bank here says nothing about this one.
    if (!position || position->bank == bank.bank() || position->epoch != bank.epoch()) {
      TB_RETURN_IF_ERROR(bank.SequenceAt(caller.min_position, "timebank-min-position").status());
    }
  }
  return bank;
}

absl::Status MaySeeBalance(const BankReader& bank, const Caller& caller, const ledger::HolderRef& holder) {
  if (holder.kind == ledger::HolderKind::kPot) return absl::OkStatus();
  if (caller.sight == Sight::kOwn && bank.ShowsMembersBalances()) return absl::OkStatus();
  return MaySeeStatement(bank, caller, holder);
}

absl::Status MaySeeStatement(const BankReader& bank, const Caller& caller, const ledger::HolderRef& holder) {
  if (caller.sight == Sight::kAll) return absl::OkStatus();
  if (caller.sight == Sight::kOpen) return NotAllowed();
  // The opening pot's tells what everybody came with.
  if (holder.kind == ledger::HolderKind::kPot)
    return holder.id == "opening" ? NotAllowed() : absl::OkStatus();
  return holder.kind == ledger::HolderKind::kMember ? MaySeeMember(bank, caller, holder.id) : NotAllowed();
}

absl::Status MaySeeMember(const BankReader& bank, const Caller& caller, std::string_view member_id) {
  if (caller.sight == Sight::kAll) return absl::OkStatus();
  if (caller.sight != Sight::kOwn) return NotAllowed();
  TB_ASSIGN_OR_RETURN(const bool own, IsOwnMember(bank, caller, member_id));
  return own ? absl::OkStatus() : NotAllowed();
}

absl::StatusOr<bool> IsOwnMember(const BankReader& bank, const Caller& caller, std::string_view member_id) {
  if (member_id.empty() || caller.actor.member.empty()) return false;
  if (caller.actor.member == member_id) return true;
  // The one may have been merged into the other.
  TB_ASSIGN_OR_RETURN(const storage::AccountNumber own,
                      bank.AccountIfAny({ledger::HolderKind::kMember, caller.actor.member}));
  TB_ASSIGN_OR_RETURN(const storage::AccountNumber other,
                      bank.AccountIfAny({ledger::HolderKind::kMember, std::string(member_id)}));
  return own != 0 && own == other;
}

absl::Status MaySeeEntry(const BankReader& bank, const Caller& caller, storage::Sequence sequence) {
  if (caller.sight == Sight::kAll) return absl::OkStatus();
  if (caller.sight == Sight::kOpen) return NotAllowed();
  TB_ASSIGN_OR_RETURN(const storage::AccountNumber own,
                      bank.FindHolder({ledger::HolderKind::kMember, caller.actor.member}));
  TB_ASSIGN_OR_RETURN(const std::vector<storage::AccountNumber> accounts, bank.AccountsOf(own));
  TB_ASSIGN_OR_RETURN(const auto entry, bank.EntryAt(sequence));
  if (!entry) return NotAllowed();
  for (const auto& movement : entry->movements()) {
    if (std::find(accounts.begin(), accounts.end(), movement.account()) != accounts.end()) {
      return absl::OkStatus();
    }
  }
  return NotAllowed();
}

absl::Status ProblemsOf(RequestReader& reader) {
  std::vector<ledger::Violation> violations = reader.TakeViolations();
  return violations.empty() ? absl::OkStatus() : ToStatus(violations, "");
}

absl::StatusOr<storage::Sequence> LastEntryOfDay(const BankReader& bank, storage::Day day) {
  TB_ASSIGN_OR_RETURN(storage::Sequence last, bank.LastSequence());
  absl::Status parsed;
  TB_RETURN_IF_ERROR(bank.view().ScanRows(storage::Family::kClock, storage::BankPrefix(bank.bank()),
                                          storage::ClockKey(bank.bank(), day + 1), storage::Direction::kUp,
                                          [&](std::string_view, std::string_view value) {
                                            storage::v1::SlugRow first;
                                            parsed = storage::DecodeRow(value, &first);
                                            last = first.number() - 1;
                                            return false;
                                          }));
  TB_RETURN_IF_ERROR(parsed);
  return last;
}

void PutSums(const storage::Sums& sums, v1::Balance* balance) {
  balance->set_seconds(sums.balance());
  balance->set_seconds_in(sums.seconds_in);
  balance->set_seconds_out(sums.seconds_out);
  balance->set_exchange_count(sums.exchange_count);
}

bool IsOutside(const storage::v1::SettingsRow& settings, int64_t balance_seconds) {
  return (settings.has_warn_below() && balance_seconds < settings.warn_below()) ||
         (settings.has_warn_above() && balance_seconds > settings.warn_above());
}

}  // namespace timebank::services
