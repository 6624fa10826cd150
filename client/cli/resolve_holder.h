// From what a broker types to one holder, or to a question.
//
//   ben                an id; else words of a name (or of a phone number, an e-mail address): accents and
//   capitals do
//                      not matter, and whole words go before parts of words (`ana` is not Susana where there
//                      is an Ana)
//   17                 the member's number, or its number in an older system
//   pot, community     the community pot; `pot:opening` another one
//   circle:knitters    a circle, by id or words of its name
//   members/ben        taken as it is; likewise whole resource names
//
// Nobody fits: whoever has nearly that name is named (near_names.h).
//
// Open accounts go before closed ones. What fits several is listed with number, name and last exchange; at a
// terminal the broker is asked, elsewhere it is a usage error, so that nothing is posted to the wrong person.
#ifndef TIMEBANK_CLIENT_CLI_RESOLVE_HOLDER_H_
#define TIMEBANK_CLIENT_CLI_RESOLVE_HOLDER_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "client/cli/sentence.h"
#include "client/cli/session.h"

namespace timebank::cli {

// The holder's resource name; the session's directory then knows its name for people. Errors: nobody
// (NotFound), several (usage), and the server's own.
absl::StatusOr<std::string> ResolveHolder(Session& session, std::string_view text);

// The same for several, in their order. Nobody is asked who is meant while somebody else is not found.
absl::StatusOr<std::vector<std::string>> ResolveHolders(Session& session,
                                                        const std::vector<std::string>& texts);

// Neighbours of a list that are together the whole name of a member (`Smith, John`) become one again: the
// comma is the name's. Errors: the server's own; who may not look names up has lists of ids.
absl::Status JoinWholeNames(Session& session, std::vector<NamedShare>& names);

// The same, for what only a member can do. Errors: also a circle or a pot (usage).
absl::StatusOr<std::string> ResolveMember(Session& session, std::string_view text);

// A circle by id or words of its name, with or without `circle:`.
absl::StatusOr<std::string> ResolveCircle(Session& session, std::string_view text);

}  // namespace timebank::cli

#endif  // TIMEBANK_CLIENT_CLI_RESOLVE_HOLDER_H_
