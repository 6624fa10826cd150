// exchange list, show, confirm, erase-note.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/cli/arguments.h"
#include "client/cli/commands.h"
#include "client/cli/day.h"
#include "client/cli/exchange_words.h"
#include "client/cli/limits.h"
#include "client/cli/posted.h"
#include "client/cli/recording.h"
#include "client/cli/resolve_holder.h"
#include "client/cli/session.h"
#include "client/cli/status_macros.h"
#include "client/cli/translate.h"
#include "client/cli/words.h"
#include "client/cpp/names.h"

namespace timebank::cli {
namespace {

// ---- list
// ----------------------------------------------------------------------------------------------------------

struct ListOptions {
  std::vector<std::string> name;
  std::string category;
  std::string from;
  std::string until;
  std::string state;
  std::string kind;
  std::string recorded_by;
  std::string slip;
  int64_t count = 50;
  bool oldest_first = false;
};

v1::Exchange::State StateNamed(const std::string& word) {
  for (auto state : {v1::Exchange::STATE_RECORDED, v1::Exchange::STATE_CONFIRMED,
                     v1::Exchange::STATE_CONTESTED, v1::Exchange::STATE_REVERSED}) {
    if (StateWord(state) == word) return state;
  }
  return v1::Exchange::STATE_UNSPECIFIED;
}

v1::Exchange::Kind KindNamed(const std::string& word) {
  for (auto kind : {v1::Exchange::KIND_EXCHANGE, v1::Exchange::KIND_GIFT, v1::Exchange::KIND_OPENING,
                    v1::Exchange::KIND_CLOSING, v1::Exchange::KIND_REVERSAL}) {
    if (KindWord(kind) == word) return kind;
  }
  return word == "starter" ? v1::Exchange::KIND_STARTER : v1::Exchange::KIND_UNSPECIFIED;
}

absl::StatusOr<v1::ListExchangesRequest> ListRequest(Session& session, const ListOptions& options) {
  v1::ListExchangesRequest request;
  CLI_ASSIGN_OR_RETURN(*request.mutable_parent(), session.Bank());
  if (!options.name.empty()) {
    CLI_ASSIGN_OR_RETURN(*request.mutable_holder(), ResolveHolder(session, absl::StrJoin(options.name, " ")));
  }
  request.set_category(options.category);
  CLI_RETURN_IF_ERROR(ReadPeriod(session, options.from, options.until, *request.mutable_start_day(),
                                 *request.mutable_end_day()));
  request.set_state(StateNamed(options.state));
  request.set_kind(KindNamed(options.kind));
  request.set_recorded_by(options.recorded_by);
  request.set_order(options.oldest_first ? v1::LIST_ORDER_OLDEST_FIRST : v1::LIST_ORDER_NEWEST_FIRST);
  request.set_page_size(static_cast<int32_t>(
      options.count == 0 ? int64_t{kLongestPage} : std::min(options.count + 1, int64_t{kLongestPage})));
  return request;
}

// Whether numbers are missing between the first and the last of `exchanges`, which are in order.
bool HasGaps(const std::vector<v1::Exchange>& exchanges) {
  if (exchanges.empty()) return false;
  const int64_t span = exchanges.front().sequence() - exchanges.back().sequence();
  return std::max(span, -span) + 1 != static_cast<int64_t>(exchanges.size());
}

// Whether everything was asked for, so that a missing number wants a word.
bool IsWhole(const v1::ListExchangesRequest& request) {
  return request.holder().empty() && request.category().empty() && request.start_day().empty() &&
         request.end_day().empty() && request.state() == v1::Exchange::STATE_UNSPECIFIED &&
         request.kind() == v1::Exchange::KIND_UNSPECIFIED && request.recorded_by().empty();
}

bool IsOfSlip(const v1::Exchange& exchange, const std::string& slip) {
  return std::find(exchange.tags().begin(), exchange.tags().end(), SlipTag(slip)) != exchange.tags().end();
}

absl::Status List(Session& session, const ListOptions& options) {
  CLI_ASSIGN_OR_RETURN(v1::ListExchangesRequest request, ListRequest(session, options));
  std::vector<v1::Exchange> exchanges;
  const bool whole = IsWhole(request) && options.slip.empty();
  bool more = false;
  for (absl::StatusOr<v1::Exchange>& exchange : session.client().ListExchanges(std::move(request))) {
    if (!exchange.ok()) return exchange.status();
    if (!options.slip.empty() && !IsOfSlip(*exchange, options.slip)) continue;
    more = options.count != 0 && static_cast<int64_t>(exchanges.size()) == options.count;
    if (more) break;
    exchanges.push_back(*std::move(exchange));
  }
  session.directory().LookUpAll(exchanges);
  CLI_RETURN_IF_ERROR(session.Today().status());
  CLI_RETURN_IF_ERROR(session.ShowList(ExchangeTable(exchanges, session.directory()), exchanges));
  if (whole && HasGaps(exchanges) && !session.AsJson() && !session.AsCsv()) {
    session.Tell(
        T("Numbers that are missing went to contests, settlements, members and settings: timebank events"));
  }
  if (more) session.Tell(Fill(T("There are more than these $0: -n 0 shows all."), options.count));
  return absl::OkStatus();
}

// ---- show
// ----------------------------------------------------------------------------------------------------------

// Why the exchange `name` was recorded; empty where nobody said so, or it cannot be read.
std::string ReasonOf(Session& session, const std::string& name) {
  if (name.empty()) return "";
  v1::GetExchangeRequest request;
  request.set_name(name);
  const absl::StatusOr<v1::GetExchangeResponse> response = session.client().GetExchange(std::move(request));
  return response.ok() ? response->exchange().reason() : "";
}

// What became of it, a line each; `undone_because` stands with what undid it.
std::string History(const v1::Exchange& exchange, const Directory& directory,
                    const std::string& undone_because) {
  std::string text;
  const auto line = [&text](std::string_view what) { absl::StrAppend(&text, "  ", Absl(what), "\n"); };
  const auto number = [](const std::string& name) { return std::string(client::IdOf(name)); };
  const std::string recorder = directory.Name(exchange.recorded_by());
  line(exchange.acting_for().empty()
           ? Fill(T("recorded by $0"), recorder)
           : Fill(T("recorded by $0 for $1"), recorder, directory.Name(exchange.acting_for())));
  if (!exchange.tags().empty()) line(WithColon(T("tags"), OneLine(absl::StrJoin(exchange.tags(), ", "))));
  for (const std::string& party : exchange.confirmed_by())
    line(Fill(T("confirmed by $0"), directory.Name(party)));
  if (!exchange.contested_by().empty()) {
    const bool still = exchange.state() == v1::Exchange::STATE_CONTESTED;
    line(WithColon(Fill(still ? T("contested by $0") : T("was contested by $0"),
                        directory.Name(exchange.contested_by())),
                   OneLine(exchange.contest_reason())));
  }
  if (!exchange.reversed_by().empty()) {
    const std::string undone = Fill(T("undone by $0"), number(exchange.reversed_by()));
    line(undone_because.empty() ? undone : WithColon(undone, OneLine(undone_because)));
  }
  if (!exchange.corrected_by().empty()) line(Fill(T("replaced by $0"), number(exchange.corrected_by())));
  if (!exchange.corrects().empty()) line(Fill(T("replaces $0"), number(exchange.corrects())));
  if (!exchange.restores().empty()) line(Fill(T("records anew $0"), number(exchange.restores())));
  if (!exchange.reason().empty()) line(Fill(T("because: $0"), OneLine(exchange.reason())));
  if (!exchange.decision().empty()) line(Fill(T("decision: $0"), OneLine(exchange.decision())));
  if (exchange.note_erased()) line(T("its note was erased"));
  if (exchange.has_origin())
    // Translators: $0 is an older system.
    line(Fill(T("imported from $0, number $1"), exchange.origin().system(), exchange.origin().number()));
  return text;
}

absl::Status Show(Session& session, const std::string& number) {
  v1::GetExchangeRequest request;
  CLI_ASSIGN_OR_RETURN(*request.mutable_name(), ReadExchange(session, number));
  CLI_ASSIGN_OR_RETURN(const v1::GetExchangeResponse response,
                       session.client().GetExchange(std::move(request)));
  const v1::Exchange& exchange = response.exchange();
  session.directory().LookUp(exchange);
  CLI_ASSIGN_OR_RETURN(const absl::CivilDay today, session.Today());
  std::string sentences = absl::StrCat(ExchangeLine(exchange, session.directory(), today), "  (",
                                       StateWord(exchange.state()), ")\n");
  for (const v1::Movement& movement : exchange.movements()) {
    absl::StrAppend(&sentences, "  ", session.directory().Name(movement.holder()), " ",
                    SignedHours(movement.seconds()));
    if (movement.has_balance_after_seconds()) {
      // Translators: $0 is a balance: `Ana +1h, then 2h in credit`.
      absl::StrAppend(&sentences, ", ", Fill(T("then $0"), Standing(movement.balance_after_seconds())));
    }
    sentences += '\n';
  }
  absl::StrAppend(&sentences,
                  History(exchange, session.directory(), ReasonOf(session, exchange.reversed_by())));
  return session.ShowOne(sentences, ExchangeTable({exchange}, session.directory()), exchange);
}

// ---- confirm, erase-note
// -------------------------------------------------------------------------------------------

struct PartyOptions {
  std::string number;
  std::string acting_for;
};

template <typename Request>
absl::StatusOr<Request> PartyRequest(Session& session, const PartyOptions& options) {
  Request request;
  CLI_ASSIGN_OR_RETURN(*request.mutable_name(), ReadExchange(session, options.number));
  CLI_ASSIGN_OR_RETURN(*request.mutable_acting_for(), ReadActingFor(session, options.acting_for));
  session.Stamp(request);
  return request;
}

absl::Status Confirm(Session& session, const PartyOptions& options) {
  CLI_ASSIGN_OR_RETURN(auto request, PartyRequest<v1::ConfirmExchangeRequest>(session, options));
  CLI_ASSIGN_OR_RETURN(const auto response, session.client().ConfirmExchange(std::move(request)));
  return ShowState(session, response, response.exchange(), T("Confirmed."));
}

absl::Status EraseNote(Session& session, const PartyOptions& options) {
  CLI_ASSIGN_OR_RETURN(auto request, PartyRequest<v1::EraseExchangeNoteRequest>(session, options));
  CLI_ASSIGN_OR_RETURN(const auto response, session.client().EraseExchangeNote(std::move(request)));
  return ShowState(session, response, response.exchange(), T("Its note is erased; the fact stays."));
}

void AddPartyCommand(Command command, absl::Status (*act)(Session&, const PartyOptions&)) {
  auto options = std::make_shared<PartyOptions>();
  command.Argument(Later("number"), options->number, T("Number of the entry"))
      .Option("--acting-for", options->acting_for, Later("NAME"),
              T("The member on whose behalf, for people who telephone"))
      .Does([options, act](Session& session) { return act(session, *options); });
}

}  // namespace

void AddExchangeCommands(Command root) {
  Command confirm = root.Sub("confirm", T("Note that somebody says an entry is right"),
                             "  timebank confirm 1042 --acting-for ana");
  AddPartyCommand(confirm.Under(T("Mending")), Confirm);

  Command group = root.Sub("exchange", T("List and show entries, erase notes")).Under(T("Looking after"));
  auto list = std::make_shared<ListOptions>();
  group
      .Sub("list", T("Entries, newest first"),
           "  timebank exchange list --from 1/1 -n 0 -o csv > exchanges.csv\n  timebank exchange list ana "
           "--state contested")
      .Arguments(Later("name"), list->name, T("Only where this person, circle or pot took part"),
                 Need::kOptional)
      .Option("--category", list->category, Later("NAME"), T("Only this category"))
      .Option("--from", list->from, Later("DAY"), T("Only help from this day on"))
      .Option("--until", list->until, Later("DAY"), T("Only help up to this day"))
      .Choice("--state", list->state, {"recorded", "confirmed", "contested", "reversed"},
              T("Only in this state"))
      .Choice("--kind", list->kind, {"exchange", "gift", "starter", "opening", "closing", "reversal"},
              T("Only this kind"))
      .Option("--recorded-by", list->recorded_by, Later("NAME"),
              T("Only what this member or key recorded (members/ana, keys/maria)"))
      .Option("--slip", list->slip, Later("NUMBER"),
              T("Only what this slip led to; looks through all help of the days that are given"))
      .Option("-n,--count", list->count, Later("COUNT"), T("How many at most; 0: all (50)"))
      .Flag("--oldest-first", list->oldest_first, T("Oldest first"))
      .Does([list](Session& session) { return List(session, *list); });

  auto number = std::make_shared<std::string>();
  group.Sub("show", T("One entry and what became of it"), "  timebank exchange show 1042")
      .Argument(Later("number"), *number, T("Number of the entry"))
      .Does([number](Session& session) { return Show(session, *number); });
  AddPartyCommand(group.Sub("confirm", T("As timebank confirm")), Confirm);
  AddPartyCommand(group.Sub("erase-note", T("Take the note of an entry away; the fact stays"),
                            "  timebank exchange erase-note 1042"),
                  EraseNote);
}

}  // namespace timebank::cli
