// Balances of many accounts at once.
#ifndef TIMEBANK_CLIENT_CLI_BALANCES_H_
#define TIMEBANK_CLIENT_CLI_BALANCES_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/cli/session.h"

namespace timebank::cli {

// Every member that was not merged, every circle and both pots of the bank, members first, by number.
absl::StatusOr<std::vector<std::string>> AllHolders(Session& session);

// In the order asked, a thousand at a time. Their names are then known to the session's directory.
absl::StatusOr<std::vector<v1::Balance>> GetBalances(Session& session,
                                                     const std::vector<std::string>& holders);

Table BalanceTable(const std::vector<v1::Balance>& balances, const Directory& directory);

}  // namespace timebank::cli

#endif  // TIMEBANK_CLIENT_CLI_BALANCES_H_
