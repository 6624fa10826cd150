// Shows what a change has posted: the entry, the balances it led to, and what there is to know.
#ifndef TIMEBANK_CLIENT_CLI_POSTED_H_
#define TIMEBANK_CLIENT_CLI_POSTED_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "client/cli/exchange_words.h"
#include "client/cli/session.h"
#include "client/cli/status_macros.h"
#include "client/cli/translate.h"
#include "timebank/v1/exchange.pb.h"

namespace timebank::cli {

struct PostedOptions {
  // Nothing was recorded.
  bool dry_run = false;
  // A line before the entry's own: `1042 is undone by 1043 and recorded anew:`.
  std::string lead = {};
  // Entries that were posted with it, earlier ones first: their movements count in the balances.
  std::vector<const v1::Exchange*> with = {};
};

// The sentences and the table of `exchange`.
absl::StatusOr<std::string> PostedSentences(Session& session, const v1::Exchange& exchange,
                                            const PostedOptions& options);

// Its line, and `next` on the lines below.
absl::StatusOr<std::string> StateSentences(Session& session, const v1::Exchange& exchange,
                                           const std::string& next);

// Prints notices to `err`.
template <typename Notices>
void ShowNotices(Session& session, const Notices& notices, const v1::Exchange& exchange, bool posted) {
  for (const v1::Notice& notice : notices) {
    session.directory().LookUp({notice.holder()});
    session.Notice(NoticeSentence(notice, exchange, session.directory(), posted));
  }
}

// Prints `exchange` out of `response` in the form that was asked for, its notices, and that it is a repeat
// where it is one.
template <typename Response>
absl::Status ShowPosted(Session& session, const Response& response, const v1::Exchange& exchange,
                        const PostedOptions& options) {
  CLI_ASSIGN_OR_RETURN(const std::string sentences, PostedSentences(session, exchange, options));
  const Table table = ExchangeTable({exchange}, session.directory());
  CLI_RETURN_IF_ERROR(session.ShowOne(sentences, table, response));
  session.console().out << std::flush;
  if constexpr (requires { response.notices(); }) {
    ShowNotices(session, response.notices(), exchange, !options.dry_run);
  }
  if (options.dry_run) session.Tell(T("Nothing was recorded. Leave --dry-run out to record it."));
  if (response.replayed()) session.Tell(T("This had been entered already; nothing new was recorded."));
  return absl::OkStatus();
}

// Prints an exchange in its new state and what is to be done next (with no line end; empty: nothing).
template <typename Response>
absl::Status ShowState(Session& session, const Response& response, const v1::Exchange& exchange,
                       const std::string& next) {
  CLI_ASSIGN_OR_RETURN(const std::string line, StateSentences(session, exchange, next));
  CLI_RETURN_IF_ERROR(session.ShowOne(line, ExchangeTable({exchange}, session.directory()), response));
  if (response.replayed()) session.Tell(T("This had been said already; nothing has changed."));
  return absl::OkStatus();
}

}  // namespace timebank::cli

#endif  // TIMEBANK_CLIENT_CLI_POSTED_H_
