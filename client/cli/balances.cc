#include "client/cli/balances.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "client/cli/status_macros.h"
#include "client/cli/words.h"
#include "client/cpp/names.h"

namespace timebank::cli {
namespace {

// What the server takes at a time.
constexpr size_t kMostNames = 1000;
constexpr int kPageSize = 1000;

}  // namespace

absl::StatusOr<std::vector<std::string>> AllHolders(Session& session) {
  CLI_ASSIGN_OR_RETURN(const std::string bank, session.Bank());
  std::vector<std::string> holders;
  v1::ListMembersRequest members;
  members.set_parent(bank);
  members.set_page_size(kPageSize);
  for (absl::StatusOr<v1::Member>& member : session.client().ListMembers(std::move(members))) {
    if (!member.ok()) return member.status();
    if (member->state() != v1::Member::STATE_MERGED) holders.push_back(member->name());
  }
  v1::ListCirclesRequest circles;
  circles.set_parent(bank);
  circles.set_page_size(kPageSize);
  for (absl::StatusOr<v1::Circle>& circle : session.client().ListCircles(std::move(circles))) {
    if (!circle.ok()) return circle.status();
    holders.push_back(circle->name());
  }
  holders.push_back(client::HolderName(bank, "pots/community"));
  holders.push_back(client::HolderName(bank, "pots/opening"));
  return holders;
}

absl::StatusOr<std::vector<v1::Balance>> GetBalances(Session& session,
                                                     const std::vector<std::string>& holders) {
  CLI_ASSIGN_OR_RETURN(const std::string bank, session.Bank());
  std::vector<v1::Balance> balances;
  for (size_t begin = 0; begin < holders.size(); begin += kMostNames) {
    v1::BatchGetBalancesRequest request;
    request.set_parent(bank);
    for (size_t i = begin; i < std::min(holders.size(), begin + kMostNames); ++i)
      request.add_names(holders[i]);
    CLI_ASSIGN_OR_RETURN(v1::BatchGetBalancesResponse response,
                         session.client().BatchGetBalances(std::move(request)));
    for (v1::Balance& balance : *response.mutable_balances()) {
      session.directory().Know(balance.holder(), balance.display_name());
      balances.push_back(std::move(balance));
    }
  }
  return balances;
}

Table BalanceTable(const std::vector<v1::Balance>& balances, const Directory& directory) {
  Table table({{"holder", "Account", ColumnKind::kText},
               {"name", "Name", ColumnKind::kText},
               {"balance", "Balance", ColumnKind::kBalance},
               {"in", "In", ColumnKind::kHours},
               {"out", "Out", ColumnKind::kHours},
               {"exchanges", "Exchanges", ColumnKind::kNumber},
               {"contested", "Contested", ColumnKind::kChange}});
  for (const v1::Balance& balance : balances) {
    table.AddRow({Text(ShortName(balance.holder())), Text(directory.Name(balance.holder())),
                  Hours(balance.seconds()), Hours(balance.seconds_in()), Hours(balance.seconds_out()),
                  Number(balance.exchange_count()),
                  balance.contested_seconds() == 0 ? Cell{} : Hours(balance.contested_seconds())});
  }
  return table;
}

}  // namespace timebank::cli
