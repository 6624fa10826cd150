// Plain-text journals that `hledger check --strict` and `bean-check` accept, and that come to our balances.
//
// Amounts are whole seconds of a commodity SEC: hours with decimals could not hold every number of seconds.
// Each entry is one transaction on its day of help, each movement a posting; at the end the balance of every
// account is asserted. Accounts are named by id, which never changes: `Timebank:Members:ben` for hledger;
// Beancount takes letters, digits and hyphens only and wants a capital first, so there the first letter
// becomes one, `_` becomes U and `.` becomes D (ids have no capitals of their own: no two share a name).
//
// Texts stand in descriptions (hledger) or strings (Beancount), with line breaks, controls and whatever the
// syntax would take for its own as \-escapes. Memory: nothing; accounts come with ExportFacts. Threads: one.
#ifndef TIMEBANK_CLIENT_CLI_EXPORT_JOURNAL_H_
#define TIMEBANK_CLIENT_CLI_EXPORT_JOURNAL_H_

#include <ostream>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "client/cli/export_sink.h"

namespace timebank::cli {

enum class JournalSyntax { kHledger, kBeancount };

// `timebanks/rushey/members/ben` → `Timebank:Members:ben`.
std::string JournalAccount(JournalSyntax syntax, std::string_view holder);

// Free text on one line, where no character means anything to the syntax.
std::string JournalText(JournalSyntax syntax, std::string_view text);

class JournalSink : public ExportSink {
 public:
  // `out` must outlive the sink.
  JournalSink(std::ostream& out, JournalSyntax syntax) : out_(out), syntax_(syntax) {}

  absl::Status Take(const v1::LedgerEvent& event, const Directory& directory,
                    const v1::Exchange* reversed) override;
  absl::Status Finish(const ExportFacts& facts) override;

 private:
  void Begin();
  // A line that says something about the transaction above it.
  void Say(std::string_view key, std::string_view text);

  std::ostream& out_;
  JournalSyntax syntax_;
  bool begun_ = false;
};

}  // namespace timebank::cli

#endif  // TIMEBANK_CLIENT_CLI_EXPORT_JOURNAL_H_
