#include "client/cli/fetch_balances.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "client/cli/limits.h"
#include "client/cli/status_macros.h"

namespace timebank::cli {

absl::StatusOr<std::vector<v1::Balance>> FetchBalances(client::Client client, const std::string& bank,
                                                       const std::vector<std::string>& holders,
                                                       const std::string& position) {
  std::vector<v1::Balance> balances;
  while (balances.size() < holders.size()) {
    const size_t end = std::min(holders.size(), balances.size() + kMostBalances);
    v1::BatchGetBalancesRequest request;
    request.set_parent(bank);
    if (!position.empty()) request.set_position(position);
    for (size_t i = balances.size(); i < end; ++i) request.add_names(holders[i]);
    CLI_ASSIGN_OR_RETURN(v1::BatchGetBalancesResponse response, client.BatchGetBalances(std::move(request)));
    for (v1::Balance& balance : *response.mutable_balances()) balances.push_back(std::move(balance));
    if (balances.size() != end) {
      return absl::InternalError(
          "The server answered for another number of accounts than it was asked about.");
    }
  }
  return balances;
}

}  // namespace timebank::cli
