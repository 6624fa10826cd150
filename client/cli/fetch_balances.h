// Balances of any number of accounts, in as many calls as it takes.
#ifndef TIMEBANK_CLIENT_CLI_FETCH_BALANCES_H_
#define TIMEBANK_CLIENT_CLI_FETCH_BALANCES_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/cpp/client.h"

namespace timebank::cli {

// In the order of `holders`, which are of `bank` (resource names). All are of `position` (a token of the
// server's) where one is given; otherwise those of each call are of one position, of its own where it takes
// several calls. Errors: the server's; Internal where it answers for others than were asked.
absl::StatusOr<std::vector<v1::Balance>> FetchBalances(client::Client client, const std::string& bank,
                                                       const std::vector<std::string>& holders,
                                                       const std::string& position = "");

}  // namespace timebank::cli

#endif  // TIMEBANK_CLIENT_CLI_FETCH_BALANCES_H_
