// undo, correct, contest, settle: when an entry is not right.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client/cli/arguments.h"
#include "client/cli/commands.h"
#include "client/cli/day.h"
#include "client/cli/exchange_words.h"
#include "client/cli/hours.h"
#include "client/cli/members_table.h"
#include "client/cli/posted.h"
#include "client/cli/session.h"
#include "client/cli/status_macros.h"
#include "client/cli/translate.h"
#include "client/cli/unlikely_hours.h"
#include "client/cli/words.h"
#include "client/cpp/error.h"
#include "client/cpp/names.h"

namespace timebank::cli {
namespace {

// ---- undo
// ----------------------------------------------------------------------------------------------------------

// What failed, about entry `name`; where that has been corrected before, in words that name what stands
// instead.
absl::Status NameWhatStands(Session& session, const std::string& name, absl::Status failed) {
  if (client::ErrorReason(failed) != "ALREADY_REVERSED") return failed;
  v1::GetExchangeRequest request;
  request.set_name(name);
  const absl::StatusOr<v1::GetExchangeResponse> undone = session.client().GetExchange(std::move(request));
  if (!undone.ok() || undone->exchange().corrected_by().empty()) return failed;
  // Translators: two numbers of exchanges.
  return RefusedError(Fill(T("$0 has been corrected: $1 stands instead of it. Mend that "
                             "one: timebank correct $1 …, or timebank undo $1"),
                           client::IdOf(name), client::IdOf(undone->exchange().corrected_by())));
}

// What it means that a closing entry was undone: a merged member's hours do not stay where they come back to.
void TellWhereHoursAre(Session& session, const v1::Exchange& closing) {
  const std::string& closed = closing.movements(0).holder();  // whose hours it had moved
  v1::GetMemberRequest request;
  request.set_name(closed);
  const absl::StatusOr<v1::GetMemberResponse> found = session.client().GetMember(std::move(request));
  if (!found.ok()) {
    session.Tell(
        T("The account stays closed. Its hours are back on it or, where it was merged, on the account of the "
          "member that stays"));
    return;
  }
  if (found->member().name() == closed) {
    session.Tell(
        T("The hours are back; the account stays closed. To open it again: timebank member reopen NAME"));
    return;
  }
  // Translators: the name of the member that stays.
  session.Tell(Fill(T("The hours are on the account of $0: the two records were merged, and stay one"),
                    DisplayName(found->member())));
}

struct UndoOptions {
  std::string number;
  std::string because;
  std::string acting_for;
};

absl::Status Undo(Session& session, const UndoOptions& options) {
  v1::ReverseExchangeRequest request;
  CLI_ASSIGN_OR_RETURN(*request.mutable_name(), ReadExchange(session, options.number));
  request.set_reason(options.because);
  CLI_ASSIGN_OR_RETURN(*request.mutable_acting_for(), ReadActingFor(session, options.acting_for));
  session.Stamp(request);
  const std::string name = request.name();
  const absl::StatusOr<v1::ReverseExchangeResponse> response =
      session.client().ReverseExchange(std::move(request));
  if (!response.ok()) return NameWhatStands(session, name, response.status());
  session.directory().LookUp(response->reversed());
  CLI_ASSIGN_OR_RETURN(const absl::CivilDay today, session.Today());
  const std::string lead =
      Fill(T("Undone: $0"), ExchangeLine(response->reversed(), session.directory(), today));
  CLI_RETURN_IF_ERROR(ShowPosted(session, *response, response->exchange(), {.lead = lead}));
  if (response->reversed().kind() == v1::Exchange::KIND_CLOSING &&
      response->reversed().movements_size() > 0) {
    TellWhereHoursAre(session, response->reversed());
  }
  return absl::OkStatus();
}

// ---- correct
// -------------------------------------------------------------------------------------------------------

// What should stand instead; shared by `correct` and `settle`.
struct Correction {
  std::optional<std::string> on;
  std::optional<std::string> hours;
  std::optional<std::string> givers;
  std::optional<std::string> receivers;
  std::optional<std::string> category;
  std::optional<std::string> note;
  std::optional<std::string> decision;
};

void BindCorrection(Command command, Correction& correction) {
  command.Option("--on", correction.on, Later("DAY"), T("The right day of the help"))
      .Option("--hours", correction.hours, Later("HOURS"), T("The right time"))
      .Option("--givers", correction.givers, Later("NAMES"), T("Who gave: ana or ana,ben:1h"))
      .Option("--receivers", correction.receivers, Later("NAMES"), T("Who received"))
      .Option("--category", correction.category, Later("NAME"), T("The right category"))
      .Option("--note", correction.note, Later("TEXT"), T("The right note"))
      .Option("--decision", correction.decision, Later("TEXT"), T("The decision behind spending from a pot"));
}

// Fills what is given into the request's exchange and mask. Whether anything was.
template <typename Request>
absl::StatusOr<bool> FillCorrection(Session& session, const Correction& correction, Request& request) {
  v1::Exchange& exchange = *request.mutable_exchange();
  google::protobuf::FieldMask& mask = *request.mutable_update_mask();
  if (correction.on) {
    CLI_ASSIGN_OR_RETURN(*exchange.mutable_occurred_on(), ReadDay(session, *correction.on));
    mask.add_paths("occurred_on");
  }
  if (correction.hours) {
    CLI_ASSIGN_OR_RETURN(const int64_t seconds, ReadHours(session, *correction.hours));
    exchange.set_seconds(seconds);
    mask.add_paths("seconds");
  }
  if (correction.givers) {
    CLI_RETURN_IF_ERROR(FillShares(session, *correction.givers, *exchange.mutable_givers()));
    mask.add_paths("givers");
  }
  if (correction.receivers) {
    CLI_RETURN_IF_ERROR(FillShares(session, *correction.receivers, *exchange.mutable_receivers()));
    mask.add_paths("receivers");
  }
  const bool asked = correction.hours && ParseHours(*correction.hours)->if_minutes_seconds.has_value();
  if (!asked) CLI_RETURN_IF_ERROR(AskIfUnlikely(session, exchange));
  if (correction.category) {
    exchange.set_category(*correction.category);
    mask.add_paths("category");
  }
  if (correction.note) {
    exchange.set_note(*correction.note);
    mask.add_paths("note");
  }
  if (correction.decision) {
    exchange.set_decision(*correction.decision);
    mask.add_paths("decision");
  }
  return mask.paths_size() > 0;
}

std::string CorrectedLead(const v1::Exchange& original_reversal) {
  return Fill(T("$0 is undone by $1, and this stands instead:"), client::IdOf(original_reversal.reverses()),
              NumberOf(original_reversal));
}

struct CorrectOptions {
  std::string number;
  // The right time, by position.
  std::string bare_hours;
  Correction correction;
  std::string because;
  std::string acting_for;
};

absl::Status Correct(Session& session, const CorrectOptions& options) {
  Correction correction = options.correction;
  if (!options.bare_hours.empty()) {
    if (correction.hours.has_value())
      return UsageError(T("Say the right time once: timebank correct 1042 1h"));
    correction.hours = options.bare_hours;
  }
  v1::CorrectExchangeRequest request;
  CLI_ASSIGN_OR_RETURN(*request.mutable_name(), ReadExchange(session, options.number));
  CLI_ASSIGN_OR_RETURN(const bool anything, FillCorrection(session, correction, request));
  if (!anything)
    return UsageError(
        T("What is wrong with it? Say the right time (timebank correct 1042 1h), or --on DAY, --givers, "
          "--receivers, --category or --note."));
  request.set_reason(options.because);
  CLI_ASSIGN_OR_RETURN(*request.mutable_acting_for(), ReadActingFor(session, options.acting_for));
  session.Stamp(request);
  const std::string name = request.name();
  const bool is_long = IsLong(request.exchange());
  const absl::StatusOr<v1::CorrectExchangeResponse> response =
      session.client().CorrectExchange(std::move(request));
  if (!response.ok()) return NameWhatStands(session, name, response.status());
  CLI_RETURN_IF_ERROR(
      ShowPosted(session, *response, response->exchange(),
                 {.lead = CorrectedLead(response->reversal()), .with = {&response->reversal()}}));
  if (is_long && !response->replayed()) TellIfLong(session, response->exchange());
  if (correction.hours.has_value()) TellDecimals(session, *correction.hours, NumberOf(response->exchange()));
  return absl::OkStatus();
}

// ---- contest
// -------------------------------------------------------------------------------------------------------

struct ContestOptions {
  std::string number;
  std::string because;
  std::string acting_for;
};

absl::Status Contest(Session& session, const ContestOptions& options) {
  v1::ContestExchangeRequest request;
  CLI_ASSIGN_OR_RETURN(*request.mutable_name(), ReadExchange(session, options.number));
  request.set_reason(options.because);
  CLI_ASSIGN_OR_RETURN(*request.mutable_acting_for(), ReadActingFor(session, options.acting_for));
  session.Stamp(request);
  CLI_ASSIGN_OR_RETURN(const v1::ContestExchangeResponse response,
                       session.client().ContestExchange(std::move(request)));
  const std::string number = NumberOf(response.exchange());
  // What undoes an entry cannot be undone; it stays, or what it undid is recorded anew.
  const bool reversal = response.exchange().kind() == v1::Exchange::KIND_REVERSAL;
  return ShowState(
      session, response, response.exchange(),
      Fill(reversal ? T("Contested: $0. The hours stay where they are.\nWhen you have talked: "
                        "timebank settle $1 stands (it stays undone) | corrected (what was undone "
                        "is recorded anew) | 1h (the same, with other hours)")
                    : T("Contested: $0. The hours stay where they are.\nWhen you have talked: "
                        "timebank settle $1 stands | reversed | 1h"),
           options.because, number));
}

// ---- settle
// --------------------------------------------------------------------------------------------------------

struct SettleOptions {
  std::string number;
  std::string outcome;
  Correction correction;
  std::string because;
  std::string acting_for;
};

// `stands`, `reversed`, `corrected`, or the right hours.
absl::Status FillOutcome(Session& session, const SettleOptions& options, v1::SettleExchangeRequest& request) {
  Correction correction = options.correction;
  if (absl::EqualsIgnoreCase(options.outcome, "stands")) {
    request.set_outcome(v1::SettleExchangeRequest::OUTCOME_STANDS);
    return absl::OkStatus();
  }
  if (absl::EqualsIgnoreCase(options.outcome, "reversed")) {
    request.set_outcome(v1::SettleExchangeRequest::OUTCOME_REVERSED);
    return absl::OkStatus();
  }
  request.set_outcome(v1::SettleExchangeRequest::OUTCOME_CORRECTED);
  if (!absl::EqualsIgnoreCase(options.outcome, "corrected")) {
    if (!LooksLikeHours(options.outcome)) {
      return UsageError(Fill(
          T("How does it end? Write stands, reversed, corrected or the right hours (1h) instead of \"$0\"."),
          options.outcome));
    }
    correction.hours = options.outcome;
  }
  CLI_ASSIGN_OR_RETURN(const bool anything, FillCorrection(session, correction, request));
  if (!anything) {
    request.clear_exchange();  // on a contested reversal: recorded anew as it was
    request.clear_update_mask();
  }
  return absl::OkStatus();
}

absl::Status Settle(Session& session, const SettleOptions& options) {
  v1::SettleExchangeRequest request;
  CLI_ASSIGN_OR_RETURN(*request.mutable_name(), ReadExchange(session, options.number));
  CLI_RETURN_IF_ERROR(FillOutcome(session, options, request));
  request.set_reason(options.because);
  CLI_ASSIGN_OR_RETURN(*request.mutable_acting_for(), ReadActingFor(session, options.acting_for));
  session.Stamp(request);
  const bool is_long = IsLong(request.exchange());
  CLI_ASSIGN_OR_RETURN(const v1::SettleExchangeResponse response,
                       session.client().SettleExchange(std::move(request)));
  if (response.has_replacement()) {
    PostedOptions posted{.lead =
                             Fill(T("$0 is settled; this stands instead:"), NumberOf(response.exchange()))};
    if (response.has_reversal()) posted.with = {&response.reversal()};
    CLI_RETURN_IF_ERROR(ShowPosted(session, response, response.replacement(), posted));
    if (is_long && !response.replayed()) TellIfLong(session, response.replacement());
    return absl::OkStatus();
  }
  if (response.has_reversal()) {
    return ShowPosted(session, response, response.reversal(),
                      {.lead = Fill(T("$0 is settled and undone:"), NumberOf(response.exchange()))});
  }
  return ShowState(session, response, response.exchange(), T("Settled: it stands as it was."));
}

}  // namespace

void AddMendCommands(Command root) {
  const char* const heading = T("Mending");
  const char* const because = T("Why, in a few words; can be erased later");
  const char* const acting_for = T("The member on whose behalf, for people who telephone");

  auto undo = std::make_shared<UndoOptions>();
  root.Sub("undo", T("Undo an entry by an opposite one"), T("  timebank undo 1042 --because \"wrong Ana\""))
      .Under(heading)
      .Argument(Later("number"), undo->number, T("Number of the entry"))
      .Option("--because", undo->because, Later("TEXT"), because)
      .Option("--acting-for", undo->acting_for, Later("NAME"), acting_for)
      .Does([undo](Session& session) { return Undo(session, *undo); });

  auto correct = std::make_shared<CorrectOptions>();
  Command correct_command =
      root.Sub("correct", T("Put right what was entered wrong; the first entry is undone and stays visible"),
               T("  timebank correct 1042 --on 13/11\n  timebank correct 1042 1h --because \"misread "
                 "the slip\"\n"
                 "  timebank correct 1042 --receivers 31"))
          .Under(heading)
          .Argument(Later("number"), correct->number, T("Number of the entry"))
          .Argument(Later("hours"), correct->bare_hours, T("The right time; as --hours"), Need::kOptional);
  BindCorrection(correct_command, correct->correction);
  correct_command.Option("--because", correct->because, Later("TEXT"), because)
      .Option("--acting-for", correct->acting_for, Later("NAME"), acting_for)
      .Does([correct](Session& session) { return Correct(session, *correct); });

  auto contest = std::make_shared<ContestOptions>();
  root.Sub("contest", T("Note that somebody says an entry is not right; the hours stay until it is settled"),
           T("  timebank contest 1042 --acting-for ana --because \"1h, not 1h30\""))
      .Under(heading)
      .Argument(Later("number"), contest->number, T("Number of the entry"))
      .Option("--because", contest->because, Later("TEXT"), T("What is wrong (needed)"))
      .Option("--acting-for", contest->acting_for, Later("NAME"), acting_for)
      .Does([contest](Session& session) {
        return contest->because.empty()
                   ? UsageError(T("What is wrong with it? Add --because \"1h, not 1h30\"."))
                   : Contest(session, *contest);
      });

  auto settle = std::make_shared<SettleOptions>();
  Command settle_command =
      root.Sub("settle", T("End a contest: it stands, is reversed, or is corrected"),
               "  timebank settle 1042 stands\n  timebank settle 1042 reversed\n  timebank settle 1042 1h\n"
               "  timebank settle 1042 corrected --on 13/11")
          .Under(heading)
          .Argument(Later("number"), settle->number, T("Number of the contested entry"))
          .Argument(Later("outcome"), settle->outcome, T("stands, reversed, corrected, or the right hours"));
  BindCorrection(settle_command, settle->correction);
  settle_command.Option("--because", settle->because, Later("TEXT"), T("What was agreed"))
      .Option("--acting-for", settle->acting_for, Later("NAME"), acting_for)
      .Does([settle](Session& session) { return Settle(session, *settle); });
}

}  // namespace timebank::cli
