// bank create, list, show, settings, history.
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/cli/commands.h"
#include "client/cli/exchange_words.h"
#include "client/cli/session.h"
#include "client/cli/settings.h"
#include "client/cli/status_macros.h"
#include "client/cli/translate.h"
#include "client/cli/words.h"
#include "client/cpp/names.h"

namespace timebank::cli {
namespace {

Table BankTable(const std::vector<v1::Timebank>& banks) {
  Table table({{"id", Later("Id"), ColumnKind::kText},
               {"name", Later("Name"), ColumnKind::kText},
               {"trial", Later("Trial"), ColumnKind::kText},
               {"today", Later("Today"), ColumnKind::kText},
               {"time_zone", Later("Time zone"), ColumnKind::kText},
               {"members", Later("Members"), ColumnKind::kNumber},
               {"entries", Later("Entries"), ColumnKind::kNumber}});
  for (const v1::Timebank& bank : banks) {
    table.AddRow({Text(client::IdOf(bank.name())), Text(bank.display_name()),
                  bank.trial() ? Said([] { return T("trial"); }) : Text(""), Text(bank.today()),
                  Text(bank.settings().time_zone()), Number(bank.member_count()),
                  Number(bank.last_sequence())});
  }
  return table;
}

Table SettingsTable(const v1::Settings& settings) {
  Table table({{"key", Later("Setting"), ColumnKind::kText}, {"value", Later("Value"), ColumnKind::kText}});
  for (const auto& [key, value] : ListSettings(settings)) table.AddRow({Text(key), Text(value)});
  return table;
}

std::string SettingsSentences(const v1::Settings& settings) {
  std::string text;
  for (const auto& [key, value] : ListSettings(settings))
    absl::StrAppend(&text, "  ", key, "=", OneLine(value), "\n");
  return text;
}

std::string BankSentences(const v1::Timebank& bank) {
  std::string text = absl::StrCat(Absl(client::IdOf(bank.name())), "  ", OneLine(bank.display_name()));
  if (bank.trial()) absl::StrAppend(&text, "  ", T("(a trial bank: nothing here is real)"));
  const std::string members = Fill(Tn("$0 member", "$0 members", bank.member_count()), bank.member_count());
  const std::string entries = Fill(Tn("$0 entry", "$0 entries", bank.last_sequence()), bank.last_sequence());
  // Translators: $0 is a day, $1 `5 members`, $2 `12 entries`.
  absl::StrAppend(&text, "\n  ", Fill(T("today $0, $1, $2"), bank.today(), members, entries), "\n");
  return text + SettingsSentences(bank.settings());
}

struct CreateOptions {
  std::string id;
  std::string name;
  std::string time_zone;
  std::vector<std::string> set;
  bool trial = false;
};

absl::Status Create(Session& session, const CreateOptions& options) {
  CLI_RETURN_IF_ERROR(session.Open());
  v1::CreateTimebankRequest request;
  request.set_timebank_id(options.id);
  request.mutable_timebank()->set_display_name(options.name);
  request.mutable_timebank()->set_trial(options.trial);
  v1::Settings& settings = *request.mutable_timebank()->mutable_settings();
  google::protobuf::FieldMask unused;
  for (const std::string& assignment : options.set)
    CLI_RETURN_IF_ERROR(SetSetting(assignment, settings, unused));
  if (!options.time_zone.empty()) settings.set_time_zone(options.time_zone);
  session.Stamp(request);
  CLI_ASSIGN_OR_RETURN(const v1::CreateTimebankResponse response,
                       session.client().CreateTimebank(std::move(request)));
  CLI_RETURN_IF_ERROR(
      session.ShowOne(BankSentences(response.timebank()), BankTable({response.timebank()}), response));
  if (response.timebank().settings().time_zone() == "UTC") {
    session.Notice(
        absl::StrCat(Fill(T("Its days change at midnight in UTC. Elsewhere? timebank bank settings --bank $0 "
                            "--set time_zone=Europe/Madrid"),
                          options.id),
                     session.SendsKey() ? " " : "", session.SendsKey() ? T("(with a steward's key)") : ""));
  }
  return absl::OkStatus();
}

// Asks for the bank's id where somebody is there to be asked: nothing brings it back.
absl::Status Delete(Session& session, const std::string& id, bool yes) {
  CLI_RETURN_IF_ERROR(session.Open());
  if (!yes && CanAsk(session.console())) {
    v1::GetTimebankRequest look;
    look.set_name(client::TimebankName(id));
    CLI_ASSIGN_OR_RETURN(const v1::GetTimebankResponse found, session.client().GetTimebank(std::move(look)));
    if (!found.timebank().trial()) {
      return UsageError(Fill(T("$0 is no trial bank. Only trial banks can be deleted."), id));
    }
    const auto answer =
        Ask(session.console(),
            Fill(T("Delete the trial bank $0 and everything in it? Type its id to do it:"), id));
    if (answer != id) return UsageError(T("Nothing was deleted."));
  }
  v1::DeleteTimebankRequest request;
  request.set_name(client::TimebankName(id));
  session.Stamp(request);
  CLI_ASSIGN_OR_RETURN(const v1::DeleteTimebankResponse response,
                       session.client().DeleteTimebank(std::move(request)));
  if (session.AsJson()) return session.ShowJson(ToJson(response));
  session.Tell(Fill(T("The trial bank $0 is deleted."), id));
  return absl::OkStatus();
}

absl::Status List(Session& session) {
  CLI_RETURN_IF_ERROR(session.Open());
  std::vector<v1::Timebank> banks;
  for (absl::StatusOr<v1::Timebank>& bank : session.client().ListTimebanks()) {
    if (!bank.ok()) return bank.status();
    banks.push_back(*std::move(bank));
  }
  return session.ShowList(BankTable(banks), banks);
}

absl::Status Show(Session& session) {
  CLI_ASSIGN_OR_RETURN(const v1::Timebank bank, session.Timebank());
  return session.ShowOne(BankSentences(bank), BankTable({bank}), bank);
}

absl::Status Settings(Session& session, const std::vector<std::string>& set) {
  CLI_ASSIGN_OR_RETURN(const v1::Timebank bank, session.Timebank());
  if (set.empty())
    return session.ShowOne(SettingsSentences(bank.settings()), SettingsTable(bank.settings()),
                           bank.settings());
  v1::UpdateSettingsRequest request;
  request.set_name(bank.name());
  for (const std::string& assignment : set) {
    CLI_RETURN_IF_ERROR(SetSetting(assignment, *request.mutable_settings(), *request.mutable_update_mask()));
  }
  session.Stamp(request);
  CLI_ASSIGN_OR_RETURN(const v1::UpdateSettingsResponse response,
                       session.client().UpdateSettings(std::move(request)));
  return session.ShowOne(SettingsSentences(response.settings()), SettingsTable(response.settings()),
                         response);
}

absl::Status History(Session& session) {
  v1::ListSettingsChangesRequest request;
  CLI_ASSIGN_OR_RETURN(*request.mutable_parent(), session.Bank());
  std::vector<v1::SettingsChange> changes;
  for (absl::StatusOr<v1::SettingsChange>& change :
       session.client().ListSettingsChanges(std::move(request))) {
    if (!change.ok()) return change.status();
    changes.push_back(*std::move(change));
  }
  Table table({{"number", Later("Number"), ColumnKind::kNumber},
               {"time", Later("When"), ColumnKind::kText},
               {"who", Later("Who"), ColumnKind::kText},
               {"changed", Later("Changed"), ColumnKind::kText},
               {"settings", Later("Settings after it"), ColumnKind::kText}});
  CLI_ASSIGN_OR_RETURN(const absl::CivilDay today, session.Today());
  CLI_ASSIGN_OR_RETURN(const absl::TimeZone zone, session.Zone());
  for (const v1::SettingsChange& change : changes) {
    std::vector<std::string> settings;
    for (const auto& [key, value] : ListSettings(change.settings()))
      settings.push_back(absl::StrCat(key, "=", value));
    table.AddRow({Number(change.sequence()), MomentCell(change.record_time(), zone, today),
                  Text(ShortName(change.actor())), Text(absl::StrJoin(change.changed_fields(), " ")),
                  Text(absl::StrJoin(settings, " "))});
  }
  return session.ShowList(table, changes);
}

}  // namespace

void AddBankCommands(Command root) {
  Command group = root.Sub("bank", T("Open a bank, show it, change its settings")).Under(T("Looking after"));
  const std::string set_help =
      Fill(T("A setting, key=value; may be given several times. Keys: $0"), SettingKeys());
  auto create = std::make_shared<CreateOptions>();
  group
      .Sub("create", T("Open a bank"),
           "  timebank bank create rushey --name \"Rushey Green\" --time-zone Europe/London\n"
           "  timebank bank create try-out --trial")
      .Argument(Later("id"), create->id, T("Short name to type: a-z, 0-9, - _ ."))
      .Option("--name", create->name, Later("NAME"), T("Name for people"))
      .Option("--time-zone", create->time_zone, Later("ZONE"),
              T("Decides what day it is, like Europe/Madrid (UTC)"))
      .Option("--set", create->set, Later("KEY=VALUE"), set_help)
      .Flag("--trial", create->trial, T("For trying things out; never becomes real"))
      .Does([create](Session& session) { return Create(session, *create); });
  auto gone = std::make_shared<std::string>();
  auto yes = std::make_shared<bool>(false);
  group.Sub("delete", T("Delete a trial bank whole"), "  timebank bank delete try-out")
      .Argument(Later("id"), *gone, T("The trial bank's id"))
      .Flag("--yes", *yes, T("Do not ask"))
      .Does([gone, yes](Session& session) { return Delete(session, *gone, *yes); });
  group.Sub("list", T("The banks on this server")).Does(List);
  group.Sub("show", T("This bank and its settings")).Does(Show);
  auto set = std::make_shared<std::vector<std::string>>();
  group
      .Sub("settings", T("Show or change what the bank has decided for itself"),
           "  timebank bank settings\n  timebank bank settings --set warn_below=-10h --set warn_above=20h\n"
           "  timebank bank settings --set block_below=none")
      .Option("--set", *set, Later("KEY=VALUE"), set_help)
      .Does([set](Session& session) { return Settings(session, *set); });
  group.Sub("history", T("Every change of the settings, newest first")).Does(History);
}

}  // namespace timebank::cli
