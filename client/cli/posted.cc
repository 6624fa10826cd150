#include "client/cli/posted.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

namespace timebank::cli {

absl::StatusOr<std::string> PostedSentences(Session& session, const v1::Exchange& exchange,
                                            const PostedOptions& options) {
  CLI_ASSIGN_OR_RETURN(const absl::CivilDay today, session.Today());
  std::vector<const v1::Exchange*> entries = options.with;
  entries.push_back(&exchange);
  for (const v1::Exchange* entry : entries) session.directory().LookUp(*entry);
  std::string sentences = options.lead.empty() ? "" : options.lead + "\n";
  absl::StrAppend(&sentences, ExchangeLine(exchange, session.directory(), today), "\n",
                  BalanceLines(entries, session.directory()));
  return sentences;
}

absl::StatusOr<std::string> StateSentences(Session& session, const v1::Exchange& exchange,
                                           const std::string& next) {
  session.directory().LookUp(exchange);
  CLI_ASSIGN_OR_RETURN(const absl::CivilDay today, session.Today());
  return absl::StrCat(ExchangeLine(exchange, session.directory(), today), "\n", next,
                      next.empty() ? "" : "\n");
}

}  // namespace timebank::cli
