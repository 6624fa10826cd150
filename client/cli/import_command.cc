// import: brings an older system's files into a bank.
#include <google/protobuf/struct.pb.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "client/cli/commands.h"
#include "client/cli/hours.h"
#include "client/cli/import/reader.h"
#include "client/cli/importer.h"
#include "client/cli/session.h"
#include "client/cli/status_macros.h"
#include "client/cli/words.h"
#include "client/cpp/names.h"

namespace timebank::cli {
namespace {

// So many bad rows are told; --rejects writes all of them.
constexpr int64_t kRejectsTold = 20;

struct ImportOptions {
  std::vector<std::string> files;
  std::string from;
  std::string rejects;
  std::string time_zone;
  bool commit = false;
  bool yes = false;
  bool create_bank = false;
  bool make_members = false;
};

// ---- Where to
// ------------------------------------------------------------------------------------------------------

struct Target {
  std::string bank;
  bool exists = true;
  imports::ReaderOptions reader;
};

absl::StatusOr<absl::TimeZone> LoadZone(const std::string& name) {
  absl::TimeZone zone;
  if (!absl::LoadTimeZone(name.empty() ? "UTC" : name, &zone)) {
    return UsageError(absl::StrCat(
        "\"", name, "\" is not a time zone that this machine knows. Write one like Europe/Madrid."));
  }
  return zone;
}

absl::Status CreateBank(Session& session, const std::string& bank, const ImportOptions& options) {
  v1::CreateTimebankRequest request;
  request.set_timebank_id(std::string(client::IdOf(bank)));
  request.mutable_timebank()->mutable_settings()->set_time_zone(options.time_zone);
  CLI_RETURN_IF_ERROR(session.client().CreateTimebank(std::move(request)).status());
  session.Tell(absl::StrCat("Opened the bank ", Absl(client::IdOf(bank)), "."));
  return absl::OkStatus();
}

// The bank as it is; with --create-bank and --commit it is opened where there is none, without --commit
// imagined.
absl::StatusOr<Target> FindTarget(Session& session, const ImportOptions& options) {
  if (options.create_bank && session.options().bank.empty()) {
    return UsageError("Say what the new bank's id is to be: --create-bank --bank ID");
  }
  Target target;
  CLI_ASSIGN_OR_RETURN(target.bank, session.Bank());
  absl::StatusOr<v1::Timebank> bank = session.Timebank();
  const bool missing = bank.status().code() == absl::StatusCode::kNotFound;
  if (missing && options.create_bank && !options.commit) {
    target.exists = false;
    CLI_ASSIGN_OR_RETURN(target.reader.time_zone, LoadZone(options.time_zone));
    target.reader.today = absl::ToCivilDay(absl::Now(), target.reader.time_zone);
    return target;
  }
  if (missing && !options.create_bank) {
    return NotFoundError(absl::StrCat(
        "There is no bank ", Absl(client::IdOf(target.bank)),
        " on this server. To open it with this import, add --create-bank --time-zone Europe/Madrid"));
  }
  if (missing) {
    CLI_RETURN_IF_ERROR(CreateBank(session, target.bank, options));
    bank = session.Timebank();
  }
  if (!bank.ok()) return bank.status();
  CLI_ASSIGN_OR_RETURN(target.reader.time_zone, LoadZone(bank->settings().time_zone()));
  CLI_ASSIGN_OR_RETURN(target.reader.today, session.Today());
  return target;
}

// ---- Bad rows and progress
// -----------------------------------------------------------------------------------------

// Tells the first bad rows, and writes all of them where that was asked for.
class Rejects {
 public:
  explicit Rejects(Session& session) : session_(session) {}

  absl::Status Open(const std::string& path) {
    if (path.empty()) return absl::OkStatus();
    file_.open(path, std::ios::binary | std::ios::trunc);
    file_ << "file,line,field,why\n";
    return file_ ? absl::OkStatus() : UsageError(absl::StrCat("Cannot write ", path, "."));
  }
  void Add(const imports::Reject& reject) {
    if (++count_ <= kRejectsTold) {
      session_.Tell(absl::StrCat("  ", reject.place.file, " line ", reject.place.line,
                                 reject.field.empty() ? "" : ", ", reject.field, ": ",
                                 OneLine(reject.reason)));
    }
    if (file_.is_open()) {
      file_ << CsvText(reject.place.file) << ',' << reject.place.line << ',' << CsvText(reject.field) << ','
            << CsvText(reject.reason) << '\n';
    }
  }
  absl::Status Close() {
    if (count_ > kRejectsTold) {
      session_.Tell(absl::StrCat("  … and ", count_ - kRejectsTold, " more rows",
                                 file_.is_open() ? "." : ": --rejects FILE writes all of them."));
    }
    if (!file_.is_open()) return absl::OkStatus();
    file_.close();
    return file_ ? absl::OkStatus()
                 : IncompleteError("The file of --rejects could not be written to its end.");
  }

 private:
  Session& session_;
  std::ofstream file_;
  int64_t count_ = 0;
};

// A bar on a terminal, nothing elsewhere.
class Progress {
 public:
  explicit Progress(Session& session) : session_(session) {}
  ~Progress() { Clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void Show(int64_t done, int64_t total) {
    if (!session_.console().err_is_terminal || total <= 0) return;
    const int64_t percent = std::min<int64_t>(100, done * 100 / total);
    if (percent == shown_) return;
    shown_ = percent;
    const auto filled = static_cast<size_t>(percent * static_cast<int64_t>(kWidth) / 100);
    session_.console().err << "\r[" << std::string(filled, '#') << std::string(kWidth - filled, ' ') << "] "
                           << percent << " %" << std::flush;
  }
  // Before anything else is written to the same line.
  void Clear() {
    if (shown_ < 0) return;
    session_.console().err << "\r" << std::string(kWidth + 10, ' ') << "\r" << std::flush;
    shown_ = -1;
  }

 private:
  static constexpr size_t kWidth = 40;
  Session& session_;
  int64_t shown_ = -1;
};

// ---- Telling what came of it
// ---------------------------------------------------------------------------------------

std::string AccountName(const ImportAccount& account) {
  if (account.number.empty()) return "Community pot";
  return account.display_name.empty() ? absl::StrCat("Member ", account.number) : account.display_name;
}

// Accounts of the files, by number where numbers are numbers.
std::vector<ImportAccount> AccountsInOrder(const ImportReport& report) {
  std::vector<ImportAccount> accounts;
  for (const auto& [number, account] : report.accounts) {
    if (account.in_files) accounts.push_back(account);
  }
  std::stable_sort(accounts.begin(), accounts.end(), [](const ImportAccount& a, const ImportAccount& b) {
    return a.number.size() != b.number.size() ? a.number.size() < b.number.size() : a.number < b.number;
  });
  return accounts;
}

Table BalancesTable(const ImportReport& report) {
  Table table({{"number", "Number", ColumnKind::kText},
               {"account", "Account", ColumnKind::kText},
               {"name", "Name", ColumnKind::kText},
               {"now", "Balance before", ColumnKind::kBalance},
               {"new", "New", ColumnKind::kChange},
               {"balance", "Balance after", ColumnKind::kBalance}});
  for (const ImportAccount& account : AccountsInOrder(report)) {
    table.AddRow({Text(account.number), Text(ShortName(account.holder)), Text(AccountName(account)),
                  Hours(account.before_seconds), Hours(account.new_seconds),
                  Hours(account.expected_seconds())});
  }
  return table;
}

std::string Json(const ImportReport& report, bool committed,
                 const std::vector<BalanceDifference>& differences) {
  google::protobuf::Struct summary;
  auto& fields = *summary.mutable_fields();
  const auto number = [](google::protobuf::Struct& target, const char* key, int64_t value) {
    (*target.mutable_fields())[key].set_number_value(static_cast<double>(value));
  };
  // Seconds as text, as everywhere in the API's JSON: a double would round them.
  const auto seconds = [](google::protobuf::Struct& target, const char* key, int64_t value) {
    (*target.mutable_fields())[key].set_string_value(absl::StrCat(value));
  };
  fields["committed"].set_bool_value(committed);
  number(summary, "rows", report.rows);
  number(summary, "members_new", report.members_new);
  number(summary, "members_known", report.members_known);
  number(summary, "exchanges_new", report.exchanges_new);
  number(summary, "exchanges_known", report.exchanges_known);
  number(summary, "rejected", report.rejected);
  number(summary, "balances_that_differ", static_cast<int64_t>(differences.size()));
  seconds(summary, "seconds", report.seconds);
  auto& balances = *fields["balances"].mutable_list_value();
  for (const ImportAccount& account : AccountsInOrder(report)) {
    google::protobuf::Struct& one = *balances.add_values()->mutable_struct_value();
    (*one.mutable_fields())["number"].set_string_value(account.number);
    (*one.mutable_fields())["account"].set_string_value(ShortName(account.holder));
    seconds(one, "before_seconds", account.before_seconds);
    seconds(one, "after_seconds", account.expected_seconds());
  }
  return ToJson(summary);
}

void TellSummary(Session& session, const ImportReport& report, const imports::Reader& reader,
                 bool committed) {
  session.Tell(absl::StrCat(Count(report.rows, "row"), " read (", Absl(reader.system()), ")"));
  session.Tell(absl::StrCat("  members    ", report.members_new, " new, ", report.members_known, " known"));
  session.Tell(absl::StrCat("  exchanges  ", report.exchanges_new, " new, ", report.exchanges_known,
                            " known; ", FormatHours(report.seconds), " in all"));
  session.Tell(
      absl::StrCat("  rows that ", committed ? "could not" : "cannot", " be posted: ", report.rejected));
  const std::vector<std::string> left_out = reader.LeftOut();
  if (!left_out.empty()) session.Tell(absl::StrCat("  left out: ", absl::StrJoin(left_out, "; ")));
}

absl::Status TellBalances(Session& session, const std::vector<BalanceDifference>& differences,
                          const ImportReport& report) {
  const auto accounts = static_cast<int64_t>(AccountsInOrder(report).size());
  if (differences.empty()) {
    session.Tell(accounts == 1 ? "The balance agrees." : absl::StrCat("All ", accounts, " balances agree."));
    return absl::OkStatus();
  }
  for (const BalanceDifference& difference : differences) {
    session.Tell(absl::StrCat("  ", AccountName(difference.account), " (",
                              ShortName(difference.account.holder),
                              "): ", Standing(difference.actual_seconds), ", should be ",
                              Standing(difference.account.expected_seconds())));
  }
  return IncompleteError(
      absl::StrCat(Count(static_cast<int64_t>(differences.size()), "balance differs", "balances differ"),
                   " from what the files say. Did somebody record meanwhile? Look: timebank statement NAME"));
}

absl::Status TellRejected(const ImportReport& report, bool committed) {
  if (report.rejected == 0) return absl::OkStatus();
  return IncompleteError(absl::StrCat(
      Count(report.rejected, "row"),
      committed ? " could not be posted; the others were." : " cannot be posted; the others can.",
      " Mend the file and import it again: nothing is posted twice."));
}

// ---- The command
// ---------------------------------------------------------------------------------------------------

// One pass over the files.
struct Pass {
  std::unique_ptr<imports::Reader> reader;
  ImportReport report;
  std::vector<BalanceDifference> differences;
};

absl::StatusOr<Pass> Go(Session& session, const ImportOptions& options, const Target& target, bool commit,
                        bool tell_rejects) {
  Pass pass;
  CLI_ASSIGN_OR_RETURN(pass.reader, imports::OpenReader(options.from, options.files, target.reader));
  Rejects rejects(session);
  if (tell_rejects) CLI_RETURN_IF_ERROR(rejects.Open(options.rejects));
  Progress progress(session);
  ImporterOptions importer_options{
      .bank = target.bank,
      .bank_exists = target.exists,
      .commit = commit,
      .make_members = options.make_members,
      .on_reject = {},
      .on_progress = [&progress](int64_t done, int64_t total) { progress.Show(done, total); }};
  if (tell_rejects) {
    importer_options.on_reject = [&rejects, &progress](const imports::Reject& reject) {
      progress.Clear();
      rejects.Add(reject);
    };
  }
  Importer importer(session.client(), *pass.reader, std::move(importer_options));
  CLI_ASSIGN_OR_RETURN(pass.report, importer.Run());
  progress.Clear();
  if (tell_rejects) CLI_RETURN_IF_ERROR(rejects.Close());
  if (commit) {
    CLI_ASSIGN_OR_RETURN(pass.differences, importer.CheckBalances(pass.report));
  }
  return pass;
}

// Whether to post, where somebody is there to be asked.
absl::StatusOr<bool> MayPost(Session& session, const ImportOptions& options, const Target& target) {
  if (options.yes || !CanAsk(session.console())) return true;
  CLI_ASSIGN_OR_RETURN(const Pass trial,
                       Go(session, options, target, /*commit=*/false, /*tell_rejects=*/false));
  TellSummary(session, trial.report, *trial.reader, /*committed=*/false);
  const auto answer =
      Ask(session.console(), absl::StrCat("Post them to ", Absl(client::IdOf(target.bank)), "? [y/N]"));
  return answer == "y" || answer == "Y" || answer == "yes";
}

absl::Status Import(Session& session, const ImportOptions& options) {
  CLI_ASSIGN_OR_RETURN(const Target target, FindTarget(session, options));
  if (options.commit) {
    CLI_ASSIGN_OR_RETURN(const bool may_post, MayPost(session, options, target));
    if (!may_post) return UsageError("Nothing was posted.");
  }
  CLI_ASSIGN_OR_RETURN(const Pass pass, Go(session, options, target, options.commit, /*tell_rejects=*/true));
  if (session.AsJson()) {
    CLI_RETURN_IF_ERROR(session.ShowJson(Json(pass.report, options.commit, pass.differences)));
  } else if (session.AsCsv() || !options.commit) {
    CLI_RETURN_IF_ERROR(session.ShowTable(BalancesTable(pass.report)));
  }
  session.console().out << std::flush;
  TellSummary(session, pass.report, *pass.reader, options.commit);
  if (options.commit) {
    CLI_RETURN_IF_ERROR(TellBalances(session, pass.differences, pass.report));
  } else {
    session.Tell("Nothing was posted. Add --commit to post.");
  }
  return TellRejected(pass.report, options.commit);
}

}  // namespace

void AddImportCommand(Command root) {
  const std::vector<std::string_view> formats = imports::KnownFormats();
  auto options = std::make_shared<ImportOptions>();
  root.Sub("import", "Bring an older system's files in: shows what would happen; --commit does it",
           "  timebank import users.csv transfers.csv\n"
           "  timebank import --from timeoverflow users.csv transfers.csv --commit --rejects bad.csv\n"
           "  timebank import users.csv transfers.csv --create-bank --bank rushey --time-zone Europe/Madrid "
           "--commit\n\n"
           "The same file imported twice posts once; an import that was interrupted is completed by running "
           "it again.")
      .Under("Looking after")
      .Arguments("files", options->files, "The files, in any order")
      .Choice("--from", options->from, std::vector<std::string>(formats.begin(), formats.end()),
              "Which system wrote them (recognised when left out)")
      .Flag("--commit", options->commit, "Post it")
      .Flag("--yes", options->yes, "Do not ask before posting")
      .Option("--rejects", options->rejects, "FILE", "Write the rows that cannot be posted, and why, as CSV")
      .Flag("--make-members", options->make_members, "Add members whom only exchanges name, without a name")
      .Flag("--create-bank", options->create_bank, "Open the bank of --bank where there is none")
      .Option("--time-zone", options->time_zone, "ZONE", "Time zone of the bank that is opened (UTC)")
      .Does([options](Session& session) { return Import(session, *options); });
}

}  // namespace timebank::cli
