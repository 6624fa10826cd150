// What reads have in common.
#ifndef TIMEBANK_SERVER_SERVICES_READING_H_
#define TIMEBANK_SERVER_SERVICES_READING_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "server/services/bank_reader.h"
#include "server/services/caller.h"
#include "server/services/requests.h"
#include "timebank/v1/ledger_service.pb.h"

namespace timebank::services {

// The bank of a read, at least as new as the caller asked for. `bank_id` is empty where `field` could not be
// read.
absl::StatusOr<BankReader> OpenForRead(const NamedView& view, const Caller& caller,
                                       const std::string& bank_id, std::string_view field);

// ROLE_REQUIRED where `caller` does not see so much of `holder`; whether there is such a holder is not told
// thereby. Pots are open accounts, of the opening pot the balance; of others a member sees the own one,
// whichever of its ids it or the caller goes by, and everybody's balance where the bank wants that.
absl::Status MaySeeBalance(const BankReader& bank, const Caller& caller, const ledger::HolderRef& holder);
absl::Status MaySeeStatement(const BankReader& bank, const Caller& caller, const ledger::HolderRef& holder);
absl::Status MaySeeMember(const BankReader& bank, const Caller& caller, std::string_view member_id);
// Whether that is the member at the keyboard.
absl::StatusOr<bool> IsOwnMember(const BankReader& bank, const Caller& caller, std::string_view member_id);
// The same for an entry, by its number: a party to it does.
absl::Status MaySeeEntry(const BankReader& bank, const Caller& caller, storage::Sequence sequence);

// What `reader` found wrong, as a VALIDATION.
absl::Status ProblemsOf(RequestReader& reader);

// Number of the last entry that was recorded on or before `day`; 0: none.
absl::StatusOr<storage::Sequence> LastEntryOfDay(const BankReader& bank, storage::Day day);

void PutSums(const storage::Sums& sums, v1::Balance* balance);

// Outside the bank's warning limits.
bool IsOutside(const storage::v1::SettingsRow& settings, int64_t balance_seconds);

}  // namespace timebank::services

#endif  // TIMEBANK_SERVER_SERVICES_READING_H_
