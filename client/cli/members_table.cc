#include "client/cli/members_table.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/cli/balances.h"
#include "client/cli/exchange_words.h"
#include "client/cli/limits.h"
#include "client/cli/status_macros.h"
#include "client/cli/translate.h"
#include "client/cli/words.h"
#include "client/cpp/names.h"

namespace timebank::cli {
absl::StatusOr<std::vector<v1::Member>> ListAllMembers(Session& session, v1::ListMembersRequest request) {
  CLI_ASSIGN_OR_RETURN(*request.mutable_parent(), session.Bank());
  request.set_page_size(kLongestPage);
  std::vector<v1::Member> members;
  for (absl::StatusOr<v1::Member>& member : session.client().ListMembers(std::move(request))) {
    if (!member.ok()) return member.status();
    if (member->state() != v1::Member::STATE_MERGED) members.push_back(*std::move(member));
  }
  return members;
}

absl::StatusOr<Table> MemberTable(Session& session, const std::vector<v1::Member>& members) {
  std::vector<std::string> holders;
  for (const v1::Member& member : members) holders.push_back(member.name());
  CLI_ASSIGN_OR_RETURN(const std::vector<v1::Balance> balances, GetBalances(session, holders));
  CLI_RETURN_IF_ERROR(session.Today().status());
  Table table({{"number", Later("Number"), ColumnKind::kNumber},
               {"id", Later("Id"), ColumnKind::kText},
               {"name", Later("Name"), ColumnKind::kText},
               {"balance", Later("Balance"), ColumnKind::kBalance},
               {"last_exchange", Later("Last exchange"), ColumnKind::kDay},
               {"state", Later("State"), ColumnKind::kText},
               {"kind", Later("Kind"), ColumnKind::kText, true},
               {"phones", Later("Phone"), ColumnKind::kText},
               {"emails", Later("E-mail"), ColumnKind::kText, true}});
  for (size_t i = 0; i < members.size(); ++i) {
    const v1::Member& member = members[i];
    table.AddRow({Number(member.number()), Text(client::IdOf(member.name())),
                  Said([&] { return DisplayName(member); }),
                  i < balances.size() ? Hours(balances[i].seconds()) : Cell{},
                  Text(member.last_exchange_on()), Said([&] { return StateWord(member.state()); }),
                  Said([&] { return KindWord(member.kind()); }), Text(absl::StrJoin(member.phones(), " ")),
                  Text(absl::StrJoin(member.emails(), " "))});
  }
  return table;
}

std::string DisplayName(const v1::Member& member) {
  return member.display_name().empty() ? Fill(T("Member $0"), member.number()) : member.display_name();
}

std::string StateWord(v1::Member::State state) {
  switch (state) {
    case v1::Member::STATE_CLOSED:
      return T("closed");
    case v1::Member::STATE_MERGED:
      return T("merged");
    default:
      return T("active");
  }
}

}  // namespace timebank::cli
