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
    return out_ ? absl::OkStatus() : IncompleteError(T("The events could not be written to their end."));
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
    CLI_ASSIGN_OR_RETURN(first, ParseDay(options.since, today, Future::kLooking));
    scope.since = IsoDay(first);
  }
  if (!options.until.empty()) {
    CLI_ASSIGN_OR_RETURN(const absl::CivilDay last, options.since.empty()
                                                        ? ParseDay(options.until, today, Future::kAllowed)
                                                        : ParseLastDay(options.until, first, today));
    if (last < first) return UsageError(Fill(T("$0 lies before $1."), IsoDay(last), IsoDay(first)));
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
    return UsageError(Fill(T("CSV is several files: name a folder for them, as in timebank export $0-export"),
                           client::IdOf(bank)));
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
  const std::string entries =
      Fill(Tn("$0 entry up to position $1", "$0 entries up to position $1", facts.entries), facts.entries,
           facts.position);
  if (!scope.whole()) {
    session.Tell(absl::StrCat(entries, "."));
    return absl::OkStatus();
  }
  const auto count = static_cast<int64_t>(facts.balances.size());
  // Translators: $0 is `12 entries up to position …`, $1 `5 balances`.
  session.Tell(Fill(T("$0; they add up to all $1 that the server tells."), entries,
                    Fill(Tn("$0 balance", "$0 balances", count), count)));
  return absl::OkStatus();
}

}  // namespace

void AddExportCommand(Command root) {
  auto options = std::make_shared<ExportOptions>();
  root.Sub("export", T("Write the bank, or a part of it, into files that others read"),
           T("  timebank export rushey-export\n"
             "  timebank export --member ana ana-export\n"
             "  timebank export --format hledger --since 1/1 > hours.journal\n\n"
             "The folder of CSV files imports back: timebank import rushey-export."))
      .Under(T("Looking after"))
      .Argument(Later("target"), options->target,
                T("CSV: the folder to make. Otherwise the file; standard output when left out"),
                Need::kOptional)
      .Choice("--format", options->format, {"csv", "jsonl", "hledger", "beancount"},
              T("What to write: spreadsheets, the API's events, a plain-text journal (csv)"))
      .Option("--member", options->member, Later("NAME"),
              T("Only what this member (circle, pot) took part in"))
      .Option("--since", options->since, Later("DAY"), T("Only help on or after this day"))
      .Option("--until", options->until, Later("DAY"), T("Only help on or before this day"))
      .Does([options](Session& session) { return Export(session, *options); });
}

}  // namespace timebank::cli
