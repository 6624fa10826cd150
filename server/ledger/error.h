// Errors that leave the ledger: an absl::Status that carries its reason. One helper makes them all.
#ifndef TIMEBANK_SERVER_LEDGER_ERROR_H_
#define TIMEBANK_SERVER_LEDGER_ERROR_H_

#include <optional>
#include <string_view>

#include "absl/status/status.h"
#include "server/ledger/reason.h"

namespace timebank::ledger {

absl::Status ErrorOf(Reason reason, std::string_view message);

// The reason that ErrorOf put into `status`; nothing for statuses from elsewhere.
std::optional<Reason> ReasonOf(const absl::Status& status);

}  // namespace timebank::ledger

#endif  // TIMEBANK_SERVER_LEDGER_ERROR_H_
