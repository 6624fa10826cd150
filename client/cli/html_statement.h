// A statement as one HTML page for paper: A4, without anything from elsewhere, so that it can be mailed and
// printed by any browser.
//
// Threads: pure functions.
#ifndef TIMEBANK_CLIENT_CLI_HTML_STATEMENT_H_
#define TIMEBANK_CLIENT_CLI_HTML_STATEMENT_H_

#include <string>
#include <string_view>
#include <vector>

#include "client/cli/printed_statement.h"
#include "timebank/v1/ledger_service.pb.h"

namespace timebank::cli {

// The whole page, ending in a line end. `lines` in the order in which they are to stand. Every text from the
// ledger is escaped.
std::string HtmlStatement(const StatementHeading& heading, const std::vector<v1::StatementLine>& lines);

// `&`, `<`, `>` and quotes as entities; control characters as blanks.
std::string HtmlText(std::string_view text);

}  // namespace timebank::cli

#endif  // TIMEBANK_CLIENT_CLI_HTML_STATEMENT_H_
