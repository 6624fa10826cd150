// import: brings an older system's files into a bank.
#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "client/cli/commands.h"
#include "client/cli/import/encoding.h"
#include "client/cli/import/looked_into.h"
#include "client/cli/import/reader.h"
#include "client/cli/import/timebank_export.h"
#include "client/cli/import_report.h"
#include "client/cli/importer.h"
#include "client/cli/limits.h"
#include "client/cli/progress.h"
#include "client/cli/rejects_files.h"
#include "client/cli/session.h"
#include "client/cli/status_macros.h"
#include "client/cli/translate.h"
#include "client/cli/words.h"
#include "client/cpp/error.h"
#include "client/cpp/names.h"

namespace timebank::cli {
namespace {

// So many bad rows are told; --rejects writes all of them.
constexpr size_t kRejectsTold = 20;
constexpr char kTrialSuffix[] = "-trial";

struct ImportOptions {
  std::vector<std::string> files;
  // What lies beside them and is not read, in words.
  std::vector<std::string> beside;
  std::string from;
  std::string rejects;
  std::string name;
  std::string time_zone;
  imports::ReaderOptions reader;
  bool commit = false;
  bool trial = false;
  bool strict = false;
  bool yes = false;
  bool create_bank = false;
  bool make_members = false;
};

// ---- Where to
// ------------------------------------------------------------------------------------------------------

struct Target {
  std::string bank;
  // What people call it; may be empty.
  std::string display_name;
  bool exists = true;
  imports::ReaderOptions reader;
};

absl::StatusOr<absl::TimeZone> LoadZone(const std::string& name) {
  absl::TimeZone zone;
  if (!absl::LoadTimeZone(name.empty() ? "UTC" : name, &zone)) {
    return UsageError(
        Fill(T("\"$0\" is not a time zone that this machine knows. Write one like Europe/Madrid."), name));
  }
  return zone;
}

absl::StatusOr<v1::Timebank> GetBank(Session& session, const std::string& name) {
  v1::GetTimebankRequest request;
  request.set_name(name);
  CLI_ASSIGN_OR_RETURN(const v1::GetTimebankResponse response,
                       session.client().GetTimebank(std::move(request)));
  return response.timebank();
}

absl::StatusOr<v1::Timebank> CreateBank(Session& session, const std::string& name, v1::Timebank bank) {
  v1::CreateTimebankRequest request;
  request.set_timebank_id(std::string(client::IdOf(name)));
  *request.mutable_timebank() = std::move(bank);
  CLI_RETURN_IF_ERROR(session.client().CreateTimebank(std::move(request)).status());
  // Asked for anew: today is not part of what it is created as.
  CLI_ASSIGN_OR_RETURN(v1::Timebank created, GetBank(session, name));
  session.Tell(
      Fill(created.trial() ? T("Opened the trial bank $0.") : T("Opened the bank $0."), client::IdOf(name)));
  return created;
}

// Names and numbers of those who came into `bank` with files of `system`.
absl::StatusOr<std::vector<imports::NameAndNumber>> MembersFrom(Session& session, const std::string& bank,
                                                                std::string_view system) {
  std::vector<imports::NameAndNumber> members;
  v1::ListMembersRequest request;
  request.set_parent(bank);
  request.set_page_size(kLongestPage);
  for (absl::StatusOr<v1::Member>& member : session.client().ListMembers(std::move(request))) {
    if (!member.ok()) return member.status();
    for (const v1::Member::ExternalId& id : member->external_ids()) {
      if (id.system() == system) members.push_back({member->display_name(), id.number()});
    }
  }
  return members;
}

// Which of `numbers` are origins of exchanges that `bank` has from `system`. Nothing is posted: an origin
// that is known is told before anything else about an exchange.
absl::StatusOr<std::vector<bool>> KnownOrigins(Session& session, const std::string& bank,
                                               std::string_view system,
                                               const std::vector<std::string>& numbers) {
  v1::BatchRecordExchangesRequest request;
  request.set_parent(bank);
  request.set_validate_only(true);
  for (const std::string& number : numbers) {
    v1::Exchange& exchange = *request.add_exchanges();
    exchange.add_givers()->set_holder(client::HolderName(bank, "pots/community"));
    exchange.add_receivers()->set_holder(client::HolderName(bank, "pots/opening"));
    exchange.set_seconds(1);
    exchange.mutable_origin()->set_system(std::string(system));
    exchange.mutable_origin()->set_number(number);
  }
  CLI_ASSIGN_OR_RETURN(const v1::BatchRecordExchangesResponse answer,
                       session.client().BatchRecordExchanges(std::move(request)));
  std::vector<bool> known;
  for (const auto& result : answer.results()) {
    known.push_back(client::ErrorReason(client::ToStatus(result.status())) == "ORIGIN_RECORDED");
  }
  known.resize(numbers.size());
  return known;
}

absl::StatusOr<Target> TargetFor(Session& session, const v1::Timebank& bank, const ImportOptions& options) {
  Target target;
  target.bank = bank.name();
  target.display_name = bank.display_name();
  target.reader = options.reader;
  CLI_ASSIGN_OR_RETURN(target.reader.time_zone, LoadZone(bank.settings().time_zone()));
  if (!absl::ParseCivilTime(bank.today(), &target.reader.today)) {
    return absl::InternalError("The server does not say what day it is.");
  }
  target.reader.members_of_bank = [&session, name = bank.name()](std::string_view system) {
    return MembersFrom(session, name, system);
  };
  target.reader.known_origins = [&session, name = bank.name()](std::string_view system,
                                                               const std::vector<std::string>& numbers) {
    return KnownOrigins(session, name, system, numbers);
  };
  return target;
}

// The trial bank beside `bank`: opened with its settings where there is none yet. A trial bank is its own.
absl::StatusOr<Target> FindTrial(Session& session, const std::string& bank, const ImportOptions& options) {
  const absl::StatusOr<v1::Timebank> original = GetBank(session, bank);
  const bool none = original.status().code() == absl::StatusCode::kNotFound;
  if (!original.ok() && !none) return original.status();
  if (original.ok() && original->trial()) return TargetFor(session, *original, options);
  const std::string name = absl::StrCat(bank, kTrialSuffix);
  absl::StatusOr<v1::Timebank> trial = GetBank(session, name);
  if (client::ErrorReason(trial.status()) == "ROLE_REQUIRED") {
    return UsageError(Fill(
        T("Your key is not for the trial bank $0, which has keys of its own. Whoever runs the server makes "
          "both: timebank bank create $0 --trial; timebank --bank $0 key create --role broker. Then import "
          "with that key and --bank $0"),
        client::IdOf(name)));
  }
  if (trial.status().code() == absl::StatusCode::kNotFound) {
    v1::Timebank made;
    made.set_trial(true);
    if (original.ok()) {
      made.set_display_name(original->display_name());
      *made.mutable_settings() = original->settings();
      made.mutable_settings()->clear_etag();
    }
    if (!options.time_zone.empty()) made.mutable_settings()->set_time_zone(options.time_zone);
    trial = CreateBank(session, name, std::move(made));
  }
  if (!trial.ok()) return trial.status();
  if (!trial->trial()) {
    return UsageError(Fill(
        T("There is a bank $0 that is no trial bank. Name a trial bank with --bank: timebank bank create ID "
          "--trial"),
        client::IdOf(name)));
  }
  return TargetFor(session, *trial, options);
}

// Name and time zone of the bank that is to be opened: as told, as an export of ours has them, or asked for.
absl::Status FillInNewBank(Session& session, const std::string& name, ImportOptions& options) {
  if (const std::optional<imports::ExportedBank> exported = imports::BankIn(options.files)) {
    v1::Settings settings;
    google::protobuf::util::JsonParseOptions newer;
    newer.ignore_unknown_fields = true;
    if (google::protobuf::util::JsonStringToMessage(exported->settings_json, &settings, newer).ok() &&
        options.time_zone.empty()) {
      options.time_zone = settings.time_zone();
    }
    if (options.name.empty()) options.name = exported->display_name;
  }
  if (CanAsk(session.console())) {
    const std::string id(client::IdOf(name));
    if (options.name.empty()) {
      const auto typed = Ask(session.console(), Fill(T("What is the bank $0 called? [Enter: $0]"), id));
      options.name = typed.value_or("");
    }
    if (options.time_zone.empty()) {
      const auto typed =
          AskUntil(session.console(), T("In which time zone is it? One like Europe/Madrid [Enter: UTC]"),
                   T("This machine does not know that one."),
                   [](const std::string& zone) { return LoadZone(zone).ok(); });
      options.time_zone = typed.value_or("");
    }
  } else if (options.name.empty() && options.time_zone.empty()) {
    session.Tell(T("The new bank has no name, and its days are those of UTC: add --name and --time-zone."));
  } else if (options.time_zone.empty()) {
    session.Tell(T("The days of the new bank are those of UTC: add --time-zone Europe/Madrid."));
  }
  return absl::OkStatus();
}

// The bank as it is; with --create-bank, where there is none, imagined: see OpenImagined().
absl::StatusOr<Target> FindTarget(Session& session, ImportOptions& options) {
  if (options.create_bank && session.options().bank.empty()) {
    return UsageError(T("Say what the new bank's id is to be: --create-bank --bank ID"));
  }
  CLI_ASSIGN_OR_RETURN(const std::string name, session.Bank());
  if (options.trial) return FindTrial(session, name, options);
  absl::StatusOr<v1::Timebank> bank = session.Timebank();
  const bool missing = bank.status().code() == absl::StatusCode::kNotFound;
  if (missing && options.create_bank) {
    CLI_RETURN_IF_ERROR(FillInNewBank(session, name, options));
    Target target;
    target.bank = name;
    target.display_name = options.name;
    target.reader = options.reader;
    target.exists = false;
    CLI_ASSIGN_OR_RETURN(target.reader.time_zone, LoadZone(options.time_zone));
    target.reader.today = absl::ToCivilDay(absl::Now(), target.reader.time_zone);
    return target;
  }
  if (missing) {
    return NotFoundError(Fill(T("There is no bank $0 on this server. To open it with this import, add "
                                "--create-bank --time-zone Europe/Madrid"),
                              client::IdOf(name)));
  }
  if (!bank.ok()) return bank.status();
  return TargetFor(session, *bank, options);
}

// Opens the bank that FindTarget() has imagined, once it is sure that something will be posted to it.
absl::Status OpenImagined(Session& session, const ImportOptions& options, Target& target) {
  if (target.exists) return absl::OkStatus();
  v1::Timebank made;
  made.set_display_name(options.name);
  made.mutable_settings()->set_time_zone(options.time_zone);
  CLI_ASSIGN_OR_RETURN(const v1::Timebank bank, CreateBank(session, target.bank, std::move(made)));
  CLI_ASSIGN_OR_RETURN(target, TargetFor(session, bank, options));
  return absl::OkStatus();
}

// ---- The passes over the files
// ---------------------------------------------------------------------------------------------------

struct PassOptions {
  bool commit = false;
  // What a pass without commit found.
  const ImportReport* plan = nullptr;
  // Bad rows are told as they come: all, or those alone that an earlier pass could not tell.
  bool tell_rejects = true;
  bool tell_refused = true;
  // Whether --rejects is written.
  bool write_rejects = true;
};

void TellReject(Session& session, const imports::Reject& reject) {
  // Translators: $0 is a file.
  session.Tell(
      absl::StrCat("  ", WithColon(absl::StrCat(Fill(T("$0 line $1"), reject.place.file, reject.place.line),
                                                reject.field.empty() ? "" : ", ", reject.field),
                                   OneLine(reject.reason))));
}

// `reader`: none, or one that was opened for `target` and has read nothing.
absl::StatusOr<ImportOutcome> Go(Session& session, const ImportOptions& options, const Target& target,
                                 const PassOptions& pass, std::unique_ptr<imports::Reader> reader) {
  if (reader == nullptr) {
    CLI_ASSIGN_OR_RETURN(reader, imports::OpenReader(options.from, options.files, target.reader));
  }
  RejectsFiles files(pass.write_rejects ? options.rejects : "", options.files);
  CLI_RETURN_IF_ERROR(files.Check());
  Progress progress(session.console(), pass.commit ? T("posting") : T("reading"));
  ImportOutcome outcome;
  outcome.committed = pass.commit;
  outcome.strict = options.strict;
  size_t told = 0;
  size_t not_told = 0;
  const auto on_reject = [&](const imports::Reject& reject, bool by_server) {
    if (outcome.rejects.size() < kRejectsTold) outcome.rejects.push_back(reject);
    files.Add(reject, *reader);
    if (!(pass.tell_rejects || (pass.tell_refused && by_server))) return;
    if (++told > kRejectsTold) {
      ++not_told;
      return;
    }
    progress.Clear();
    TellReject(session, reject);
  };
  Importer importer(
      session.client(), *reader,
      {.bank = target.bank,
       .bank_name = target.display_name,
       .today = absl::FormatCivilTime(target.reader.today),
       .bank_exists = target.exists,
       .commit = pass.commit,
       .make_members = options.make_members,
       .plan = pass.plan,
       .on_reject = on_reject,
       .on_progress = [&progress](int64_t done, int64_t total) { progress.Show(done, total); }});
  absl::StatusOr<ImportReport> report = importer.Run();
  progress.Clear();
  // What was found by then is of use even where the server has gone.
  const absl::Status closed = files.Close();
  if (!report.ok()) return report.status();
  CLI_RETURN_IF_ERROR(closed);
  if (not_told > 0) {
    const auto count = static_cast<int64_t>(not_told);
    const std::string more = Fill(Tn("… and $0 more row", "… and $0 more rows", count), count);
    session.Tell(absl::StrCat("  ", files.wanted()
                                        ? absl::StrCat(more, ".")
                                        : WithColon(more, T("--rejects FILE writes all of them."))));
  }
  outcome.report = *std::move(report);
  outcome.system = std::string(reader->system());
  outcome.left_out = reader->LeftOut();
  outcome.report.also_in_notes = reader->also_in_notes();
  outcome.left_out.insert(outcome.left_out.end(), options.beside.begin(), options.beside.end());
  outcome.rejects_files = files.written();
  if (pass.commit) {
    CLI_ASSIGN_OR_RETURN(outcome.check, importer.CheckBalances(outcome.report));
  }
  return outcome;
}

// Of a bank's own export, before anything is posted: a file that the rest is of no use without, and the bank
// that has it all already. The reader where it has read nothing yet, else none: some formats read all of
// their files to open them.
absl::StatusOr<std::unique_ptr<imports::Reader>> OpenChecked(Session& session, const ImportOptions& options,
                                                             const Target& target) {
  CLI_ASSIGN_OR_RETURN(std::unique_ptr<imports::Reader> reader,
                       imports::OpenReader(options.from, options.files, target.reader));
  if (reader->system() != imports::kTimebank) return reader;
  if (const std::string_view missing = reader->missing_file(); !missing.empty()) {
    return UsageError(Fill(T("$0 is missing: name the folder."), missing));
  }
  if (!target.exists) return reader;
  CLI_RETURN_IF_ERROR(RefuseOwnEntries(session.client(), *reader, target.bank));
  return nullptr;
}

absl::Status Show(Session& session, const ImportOutcome& outcome, const Target& target, bool with_balances) {
  if (session.AsJson()) {
    CLI_RETURN_IF_ERROR(session.ShowJson(ImportJson(outcome, target.bank)));
  } else if (session.AsCsv() || with_balances) {
    CLI_RETURN_IF_ERROR(session.ShowTable(BalancesTable(outcome.report)));
  }
  session.console().out << std::flush;
  TellImport(session, outcome, target.bank);
  return absl::OkStatus();
}

absl::Status DryRun(Session& session, const ImportOptions& options, const Target& target,
                    std::unique_ptr<imports::Reader> reader) {
  CLI_ASSIGN_OR_RETURN(const ImportOutcome outcome, Go(session, options, target, {}, std::move(reader)));
  CLI_RETURN_IF_ERROR(Show(session, outcome, target, /*with_balances=*/true));
  session.Tell(T("Nothing was posted. Add --commit to post."));
  return TellWhatIsWrong(session, outcome);
}

// Why the plan keeps everything out; empty where it does not.
std::string WhyNothing(const ImportOptions& options, const Target& target, const ImportReport& plan) {
  if (options.strict && plan.rejected > 0) {
    return Fill(Tn("$0 row cannot be posted, so nothing was (--strict).",
                   "$0 rows cannot be posted, so nothing was (--strict).", plan.rejected),
                plan.rejected);
  }
  if (options.strict && AskedAbout(plan) > 0) return WhyAsked(plan);
  const int64_t good = plan.members_new + plan.circles_new + plan.exchanges_new + plan.openings_new;
  if (target.exists || plan.rejected == 0 || good > 0) return "";
  return Fill(T("Every row is rejected, so the bank $0 was not opened."), client::IdOf(target.bank));
}

absl::Status Post(Session& session, const ImportOptions& options, Target target,
                  std::unique_ptr<imports::Reader> opened) {
  const bool ask = !options.yes && !options.trial && CanAsk(session.console());
  if (opened == nullptr) {
    CLI_ASSIGN_OR_RETURN(opened, imports::OpenReader(options.from, options.files, target.reader));
  }
  auto looked_into = std::make_unique<imports::LookedInto>(std::move(opened));
  CLI_ASSIGN_OR_RETURN(const bool somebody_left, looked_into->SomebodyLeft());
  std::unique_ptr<imports::Reader> reader = std::move(looked_into);
  ImportOutcome plan;
  const bool told = ask || options.strict || !target.exists;
  const bool planned = told || somebody_left;
  if (planned) {
    CLI_ASSIGN_OR_RETURN(
        plan, Go(session, options, target,
                 {.tell_rejects = told, .tell_refused = told, .write_rejects = told}, std::move(reader)));
  }
  if (std::string why = WhyNothing(options, target, plan.report); !why.empty()) {
    CLI_RETURN_IF_ERROR(Show(session, plan, target, /*with_balances=*/false));
    if (const std::string advice = WhatToDo(plan); !advice.empty()) absl::StrAppend(&why, " ", advice);
    return IncompleteError(why);
  }
  if (ask) {
    TellImport(session, plan, target.bank);
    const auto answer = Ask(session.console(), Fill(T("Post them to $0? [y/N]"), client::IdOf(target.bank)));
    if (!answer.has_value() || !IsWord(*answer, "y, yes")) return UsageError(T("Nothing was posted."));
  }
  const absl::CivilDay imagined_today = target.reader.today;
  CLI_RETURN_IF_ERROR(OpenImagined(session, options, target));
  // The day was this machine's, and is the server's now.
  if (target.reader.today != imagined_today) reader.reset();
  CLI_ASSIGN_OR_RETURN(const ImportOutcome outcome,
                       Go(session, options, target,
                          {.commit = true, .plan = planned ? &plan.report : nullptr, .tell_rejects = !told},
                          std::move(reader)));
  CLI_RETURN_IF_ERROR(Show(session, outcome, target, /*with_balances=*/false));
  if (options.trial) {
    const std::string id(client::IdOf(target.bank));
    session.Tell(Fill(T("It is all in the trial bank $0: look around with --bank $0. Throw it away: timebank "
                        "bank delete $0"),
                      id));
  }
  return TellWhatIsWrong(session, outcome);
}

absl::Status Import(Session& session, ImportOptions options) {
  if (options.trial && options.create_bank) {
    return UsageError(T("--trial opens its own bank; leave --create-bank out."));
  }
  CLI_ASSIGN_OR_RETURN(imports::FoundFiles found, imports::FilesIn(options.files));
  options.files = std::move(found.files);
  options.beside = std::move(found.left_out);
  // Before anything is opened or asked.
  CLI_RETURN_IF_ERROR(RejectsFiles(options.rejects, options.files).Check());
  CLI_ASSIGN_OR_RETURN(const Target target, FindTarget(session, options));
  CLI_ASSIGN_OR_RETURN(std::unique_ptr<imports::Reader> reader, OpenChecked(session, options, target));
  return options.commit || options.trial ? Post(session, options, target, std::move(reader))
                                         : DryRun(session, options, target, std::move(reader));
}

}  // namespace

void AddImportCommand(Command root) {
  const std::vector<std::string_view> formats = imports::KnownFormats();
  auto options = std::make_shared<ImportOptions>();
  root.Sub(
          "import", T("Bring an older system's files in: shows what would happen; --commit does it"),
          T("  timebank import users.csv transfers.csv\n"
            "  timebank import --from timeoverflow users.csv transfers.csv --commit --rejects bad.csv\n"
            "  timebank import users.csv transfers.csv --create-bank --bank rushey --name \"Rushey Green\" "
            "--time-zone Europe/Madrid "
            "--commit\n"
            "  timebank import users.csv transfers.csv --trial\n"
            "  timebank import rushey-export --create-bank --bank rushey2 --commit\n\n"
            "The same file imported twice posts once; an import that was interrupted is completed by running "
            "it again.\n"
            "--trial posts into the trial bank ID-trial beside the bank ID (or into ID, where that is a "
            "trial "
            "bank). It says everywhere that it is a trial and never becomes real. When you have looked "
            "around: "
            "timebank bank delete ID-trial"))
      .Under(T("Looking after"))
      .Arguments(Later("files"), options->files,
                 T("The files, in any order; or a folder: what timebank export made, or all that lies in it"))
      .Choice("--from", options->from, std::vector<std::string>(formats.begin(), formats.end()),
              T("Which system wrote them (recognised when left out)"))
      .Choice("--encoding", options->reader.encoding, imports::EncodingNames(),
              T("How accents are written in files that are not UTF-8 (recognised when left out)"))
      .Flag("--commit", options->commit, T("Post it"))
      .Flag("--trial", options->trial, T("Post it into a trial bank"))
      .Flag(
          "--strict", options->strict,
          T("Post nothing where any row cannot be posted, or is asked about (more than 12 hours, or what the "
            "opening balances may contain)"))
      .Flag("--yes", options->yes,
            T("Do not ask before posting. Elsewhere than at a terminal nobody is asked, and what is doubtful "
              "is "
              "posted and told; see --strict"))
      .Option("--rejects", options->rejects, Later("FILE"),
              T("Write the rows that cannot be posted, and why, as CSV that can be mended and imported; a "
                "file for "
                "each source"))
      .Flag("--make-members", options->make_members,
            T("Add members whom only exchanges name, without a name where no row tells it"))
      .Flag("--create-bank", options->create_bank, T("Open the bank of --bank where there is none"))
      .Option("--name", options->name, Later("NAME"),
              T("Name of the bank that is opened; of an export of timebank the one it has"))
      .Option("--time-zone", options->time_zone, Later("ZONE"),
              T("Time zone of the bank that is opened: the exported bank's, else UTC"))
      .Option("--community", options->reader.community, Later("NUMBER"),
              T("The account there that is the bank itself, where the files do not tell"))
      .Option("--giver", options->reader.giver_column, Later("COLUMN"),
              T("Spreadsheets: who gave help (a heading, or a letter)"))
      .Option("--receiver", options->reader.receiver_column, Later("COLUMN"),
              T("Spreadsheets: who received it"))
      .Option("--hours", options->reader.hours_column, Later("COLUMN"), T("Spreadsheets: how long"))
      .Option("--minutes", options->reader.minutes_column, Later("COLUMN"),
              T("Spreadsheets: how long, in minutes (beside whole hours, or alone)"))
      .Option("--date", options->reader.day_column, Later("COLUMN"), T("Spreadsheets: the day"))
      .Option("--note", options->reader.note_column, Later("COLUMN"), T("Spreadsheets: what it was"))
      .Option("--category", options->reader.category_column, Later("COLUMN"),
              T("Spreadsheets: what kind of help"))
      .Option("--number", options->reader.number_column, Later("COLUMN"),
              T("Spreadsheets: the member's number, in a list of members"))
      .Does([options](Session& session) { return Import(session, *options); });
}

}  // namespace timebank::cli
