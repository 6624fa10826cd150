// export: a bank, or a part of it, for others to read.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/cli/commands.h"
#include "client/cli/day.h"
#include "client/cli/export_csv.h"
#include "client/cli/export_file.h"
#include "client/cli/export_journal.h"
#include "client/cli/export_source.h"
#include "client/cli/progress.h"
#include "client/cli/resolve_holder.h"
#include "client/cli/session.h"
#include "client/cli/status_macros.h"
#include "client/cli/translate.h"
#include "client/cli/words.h"
#include "client/cpp/names.h"

namespace timebank::cli {
namespace {

struct ExportOptions {
  std::string format = "csv";
  std::string member;
  std::string since;
  std::string until;
  std::string target;
};

// What an entry tells of others than whose export it is: their balances, and who contested it and why.
void LeaveOutOthers(v1::Exchange& exchange, std::string_view own) {
  for (v1::Movement& movement : *exchange.mutable_movements()) {
    if (movement.holder() != own) movement.clear_balance_after_seconds();
  }
  exchange.clear_contested_by();
  exchange.clear_contest_reason();
}

// One event a line, as the API has it. Of a member's export the member comes last.
class JsonLinesSink : public ExportSink {
 public:
  // `own`: whose export it is; empty: everybody's.
  JsonLinesSink(std::ostream& out, std::string own) : out_(out), own_(std::move(own)) {}

  absl::Status Take(const v1::LedgerEvent& event, const Directory& /*directory*/,
                    const v1::Exchange* /*reversed*/) override {
    if (own_.empty() || !event.has_exchange()) {
      out_ << ToJson(event, /*pretty=*/false) << '\n';
      return Written();
    }
    v1::LedgerEvent told = event;
    LeaveOutOthers(*told.mutable_exchange(), own_);
    out_ << ToJson(told, /*pretty=*/false) << '\n';
    return Written();
  }
  absl::Status Finish(const ExportFacts& facts) override {
    if (!facts.scope.whole()) {
      for (const v1::Member& member : facts.members) {
        v1::LedgerEvent event;
        *event.mutable_member() = member;
        out_ << ToJson(event, /*pretty=*/false) << '\n';
      }
    }
    out_ << std::flush;
    return Written();
  }

 private:
  absl::Status Written() const {
    return out_ ? absl::OkStatus() : IncompleteError("The events could not be written to their end.");
  }
  std::ostream& out_;
  const std::string own_;
};

absl::StatusOr<ExportScope> ScopeOf(Session& session, const ExportOptions& options) {
  ExportScope scope;
  if (!options.member.empty()) {
    CLI_ASSIGN_OR_RETURN(scope.holder, ResolveHolder(session, options.member));
  }
  if (options.since.empty() && options.until.empty()) return scope;
  CLI_ASSIGN_OR_RETURN(const absl::CivilDay today, session.Today());
  absl::CivilDay first(1900, 1, 1);
  if (!options.since.empty()) {
    CLI_ASSIGN_OR_RETURN(first, ParseDay(options.since, today));
    scope.since = IsoDay(first);
  }
  if (!options.until.empty()) {
    CLI_ASSIGN_OR_RETURN(const absl::CivilDay last, options.since.empty()
                                                        ? ParseDay(options.until, today, Future::kAllowed)
                                                        : ParseLastDay(options.until, first, today));
    if (last < first) return UsageError(absl::StrCat(IsoDay(last), " lies before ", IsoDay(first), "."));
    scope.until = IsoDay(last);
  }
  return scope;
}

absl::StatusOr<ExportFacts> Read(Session& session, const std::string& bank, const ExportScope& scope,
                                 ExportSink& sink) {
  Progress progress(session.console(), T("exporting"));
  return ReadExport(session.client(), bank, scope, sink,
                    [&progress](int64_t done, int64_t total) { progress.Show(done, total); });
}

absl::StatusOr<ExportFacts> WriteText(Session& session, const std::string& bank, const ExportScope& scope,
                                      const ExportOptions& options) {
  ExportFile file;
  const bool to_file = !options.target.empty() && options.target != "-";
  if (to_file) CLI_RETURN_IF_ERROR(file.Open(options.target));
  std::ostream& out = to_file ? file.stream() : session.console().out;
  std::unique_ptr<ExportSink> sink;
  if (options.format == "jsonl") {
    sink = std::make_unique<JsonLinesSink>(out, scope.holder);
  } else {
    sink = std::make_unique<JournalSink>(
        out, options.format == "hledger" ? JournalSyntax::kHledger : JournalSyntax::kBeancount);
  }
  CLI_ASSIGN_OR_RETURN(ExportFacts facts, Read(session, bank, scope, *sink));
  if (to_file) CLI_RETURN_IF_ERROR(file.Close());
  return facts;
}

absl::StatusOr<ExportFacts> WriteCsv(Session& session, const std::string& bank, const ExportScope& scope,
                                     const ExportOptions& options) {
  if (options.target.empty() || options.target == "-") {
    return UsageError(absl::StrCat("CSV is several files: name a folder for them, as in timebank export ",
                                   Absl(client::IdOf(bank)), "-export"));
  }
  CsvSink sink;
  CLI_RETURN_IF_ERROR(sink.Open(options.target, client::IdOf(bank), scope));
  CLI_ASSIGN_OR_RETURN(ExportFacts facts, Read(session, bank, scope, sink));
  for (const std::string& notice : sink.Notices()) session.Notice(notice);
  return facts;
}

absl::Status Export(Session& session, const ExportOptions& options) {
  CLI_ASSIGN_OR_RETURN(const std::string bank, session.Bank());
  CLI_ASSIGN_OR_RETURN(const ExportScope scope, ScopeOf(session, options));
  const bool csv = options.format == "csv";
  CLI_ASSIGN_OR_RETURN(const ExportFacts facts, csv ? WriteCsv(session, bank, scope, options)
                                                    : WriteText(session, bank, scope, options));
  session.console().out << std::flush;
  std::string told = absl::StrCat(facts.entries, facts.entries == 1 ? " entry" : " entries",
                                  " up to position ", facts.position);
  if (scope.whole()) {
    absl::StrAppend(&told, "; they add up to all ",
                    Count(static_cast<int64_t>(facts.balances.size()), "balance"), " that the server tells");
  }
  session.Tell(told + ".");
  return absl::OkStatus();
}

}  // namespace

void AddExportCommand(Command root) {
  auto options = std::make_shared<ExportOptions>();
  root.Sub("export", "Write the bank, or a part of it, into files that others read",
           "  timebank export rushey-export\n"
           "  timebank export --member ana ana-export\n"
           "  timebank export --format hledger --since 1/1 > hours.journal\n\n"
           "The folder of CSV files imports back: timebank import rushey-export.")
      .Under("Looking after")
      .Argument("target", options->target,
                "CSV: the folder to make. Otherwise the file; standard output when left out", Need::kOptional)
      .Choice("--format", options->format, {"csv", "jsonl", "hledger", "beancount"},
              "What to write: spreadsheets, the API's events, a plain-text journal (csv)")
      .Option("--member", options->member, "NAME", "Only what this member (circle, pot) took part in")
      .Option("--since", options->since, "DAY", "Only help on or after this day")
      .Option("--until", options->until, "DAY", "Only help on or before this day")
      .Does([options](Session& session) { return Export(session, *options); });
}

}  // namespace timebank::cli
