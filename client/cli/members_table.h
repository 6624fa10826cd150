// Members as a list: who they are, what they hold, when they last took part.
#ifndef TIMEBANK_CLIENT_CLI_MEMBERS_TABLE_H_
#define TIMEBANK_CLIENT_CLI_MEMBERS_TABLE_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/cli/session.h"

namespace timebank::cli {

// All that match `request` (its parent and page size are filled in here), merged ones left out.
absl::StatusOr<std::vector<v1::Member>> ListAllMembers(Session& session, v1::ListMembersRequest request);

// Number, name, balance, last exchange, state, kind, phones, e-mails. Asks for the balances.
absl::StatusOr<Table> MemberTable(Session& session, const std::vector<v1::Member>& members);

// The name for people: `Ana Muñoz`, `Member 17`.
std::string DisplayName(const v1::Member& member);

// `active`, `closed`, `merged`.
std::string StateWord(v1::Member::State state);

}  // namespace timebank::cli

#endif  // TIMEBANK_CLIENT_CLI_MEMBERS_TABLE_H_
