#include "client/cli/balances.h"

#include <string>
#include <utility>
#include <vector>

#include "client/cli/fetch_balances.h"
#include "client/cli/limits.h"
#include "client/cli/status_macros.h"
#include "client/cli/translate.h"
#include "client/cli/words.h"
#include "client/cpp/names.h"

namespace timebank::cli {
absl::StatusOr<std::vector<std::string>> AllHolders(Session& session) {
  CLI_ASSIGN_OR_RETURN(const std::string bank, session.Bank());
  std::vector<std::string> holders;
  v1::ListMembersRequest members;
  members.set_parent(bank);
  members.set_page_size(kLongestPage);
  for (absl::StatusOr<v1::Member>& member : session.client().ListMembers(std::move(members))) {
    if (!member.ok()) return member.status();
    if (member->state() != v1::Member::STATE_MERGED) holders.push_back(member->name());
  }
  v1::ListCirclesRequest circles;
  circles.set_parent(bank);
  circles.set_page_size(kLongestPage);
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
  CLI_ASSIGN_OR_RETURN(std::vector<v1::Balance> balances, FetchBalances(session.client(), bank, holders));
  for (const v1::Balance& balance : balances)
    session.directory().Know(balance.holder(), balance.display_name());
  return balances;
}

Table BalanceTable(const std::vector<v1::Balance>& balances, const Directory& directory) {
  Table table({{"holder", Later("Account"), ColumnKind::kText},
               {"name", Later("Name"), ColumnKind::kText},
               {"balance", Later("Balance"), ColumnKind::kBalance},
               {"in", Later("In"), ColumnKind::kHours},
               {"out", Later("Out"), ColumnKind::kHours},
               {"exchanges", Later("Exchanges"), ColumnKind::kNumber},
               {"contested", Later("Contested"), ColumnKind::kChange}});
  for (const v1::Balance& balance : balances) {
    table.AddRow({Text(ShortName(balance.holder())), Said([&] { return directory.Name(balance.holder()); }),
                  Hours(balance.seconds()), Hours(balance.seconds_in()), Hours(balance.seconds_out()),
                  Number(balance.exchange_count()),
                  balance.contested_seconds() == 0 ? Cell{} : Hours(balance.contested_seconds())});
  }
  return table;
}

}  // namespace timebank::cli
