// acts: what others did for a member, and who looked at the account.
#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/cli/commands.h"
#include "client/cli/exchange_words.h"
#include "client/cli/limits.h"
#include "client/cli/resolve_holder.h"
#include "client/cli/session.h"
#include "client/cli/status_macros.h"
#include "client/cli/translate.h"
#include "client/cli/words.h"
#include "client/cpp/names.h"

namespace timebank::cli {
namespace {

struct ActsOptions {
  std::vector<std::string> name;
  std::string only;
  int64_t count = 50;
};

std::string LookWords(v1::Act::Look::Kind kind) {
  switch (kind) {
    case v1::Act::Look::KIND_BALANCE:
      return T("looked at the balance");
    case v1::Act::Look::KIND_STATEMENT:
      return T("looked at the statement");
    case v1::Act::Look::KIND_EXCHANGES:
      return T("looked at the exchanges");
    case v1::Act::Look::KIND_MEMBER:
      return T("looked at the record");
    case v1::Act::Look::KIND_ACTS:
      return T("looked at this list");
    default:
      return T("looked");
  }
}

// How somebody is called: by name to people, by id to programs.
using NameOf = std::function<std::string(const std::string& holder)>;

// Who may act for whom since then, or no longer, and why.
std::string GrantWords(const v1::Act& act, const NameOf& name_of) {
  const std::string agent = name_of(act.agent());
  const std::string member = name_of(act.member());
  const bool merged = act.because() == v1::Act::KIND_MEMBER_MERGED;
  if (act.kind() == v1::Act::KIND_ACTING_FOR_GRANTED) {
    // Translators: $0 and $1 are members.
    return merged ? Fill(T("let $0 act for $1: two records were merged"), agent, member)
                  : Fill(T("let $0 act for $1"), agent, member);
  }
  if (merged) return Fill(T("ended that $0 acts for $1: two records were merged"), agent, member);
  if (act.because() == v1::Act::KIND_MEMBER_CLOSED) {
    return Fill(T("ended that $0 acts for $1: the account of one of them was closed"), agent, member);
  }
  return Fill(T("ended that $0 acts for $1"), agent, member);
}

// What somebody did, as it follows a name.
std::string ActWords(const v1::Act& act, const NameOf& name_of) {
  switch (act.kind()) {
    case v1::Act::KIND_EXCHANGE:
      return T("recorded an exchange");
    case v1::Act::KIND_GIFT:
      return T("recorded a gift");
    case v1::Act::KIND_STARTER:
      return T("recorded starter hours");
    case v1::Act::KIND_OPENING:
      return T("recorded an opening");
    case v1::Act::KIND_CLOSING:
      return T("moved what was left on an account that closed");
    case v1::Act::KIND_REVERSAL:
      return T("undid an entry");
    case v1::Act::KIND_CORRECTION:
      return T("corrected an entry");
    case v1::Act::KIND_RESTORATION:
      return T("recorded anew what had been undone");
    case v1::Act::KIND_CONTEST:
      return T("contested an entry");
    case v1::Act::KIND_SETTLEMENT:
      return T("settled an entry");
    case v1::Act::KIND_CONFIRMATION:
      return T("confirmed an entry");
    case v1::Act::KIND_NOTE_ERASURE:
      return T("erased the note of an entry");
    case v1::Act::KIND_MEMBER_CREATED:
      return T("added the member");
    case v1::Act::KIND_MEMBER_UPDATED:
      return T("changed the record");
    case v1::Act::KIND_MEMBER_CLOSED:
      return T("closed the account");
    case v1::Act::KIND_MEMBER_REOPENED:
      return T("opened the account again");
    case v1::Act::KIND_MEMBER_MERGED:
      return T("merged two records");
    case v1::Act::KIND_ACTING_FOR_GRANTED:
    case v1::Act::KIND_ACTING_FOR_REVOKED:
      return GrantWords(act, name_of);
    case v1::Act::KIND_LOOK:
      return LookWords(act.look().kind());
    default:
      // Translators: $0 is a number that stands for something.
      return Fill(T("did something that this program does not know ($0)"), static_cast<int>(act.kind()));
  }
}

Cell Who(const std::string& name, const Directory& directory) {
  if (name.empty()) return {};
  Cell cell = Text(ShortName(name));
  cell.for_people = directory.Name(name);
  return cell;
}

Cell What(const v1::Act& act, const Directory& directory) {
  Cell cell = Said([&] { return ActWords(act, ShortName); });
  cell.for_people = ActWords(act, [&](const std::string& holder) { return directory.Name(holder); });
  return cell;
}

absl::StatusOr<Table> ActTable(Session& session, const std::vector<v1::Act>& acts) {
  CLI_ASSIGN_OR_RETURN(const absl::CivilDay today, session.Today());
  CLI_ASSIGN_OR_RETURN(const absl::TimeZone zone, session.Zone());
  std::vector<std::string> names;
  for (const v1::Act& act : acts) {
    for (const std::string& name : {act.recorded_by(), act.acting_for(), act.agent(), act.member()})
      names.push_back(name);
  }
  Directory& directory = session.directory();
  // Looking names up is a look at balances, and programs have ids.
  if (!session.AsJson() && !session.AsCsv()) directory.LookUp(names);
  Table table({{"time", Later("When"), ColumnKind::kText},
               {"recorded_by", Later("Who"), ColumnKind::kText},
               {"acting_for", Later("For"), ColumnKind::kText, true},
               {"what", Later("What"), ColumnKind::kText},
               {"times", Later("Times"), ColumnKind::kNumber},
               {"last_time", Later("Last"), ColumnKind::kText, true},
               {"number", Later("Number"), ColumnKind::kNumber},
               {"hours", Later("Hours"), ColumnKind::kChange}});
  for (const v1::Act& act : acts) {
    int64_t number = 0;
    const bool numbered = absl::SimpleAtoi(Absl(client::IdOf(act.exchange())), &number);
    const bool look = act.has_look();
    table.AddRow({MomentCell(act.time(), zone, today), Who(act.recorded_by(), directory),
                  Who(act.acting_for(), directory), What(act, directory),
                  look ? Number(act.look().count()) : Cell{},
                  look && act.look().count() > 1 ? MomentCell(act.look().last_time(), zone, today) : Cell{},
                  numbered ? Number(number) : Cell{}, act.seconds() == 0 ? Cell{} : Hours(act.seconds())});
  }
  return table;
}

absl::Status Acts(Session& session, const ActsOptions& options) {
  v1::ListActsRequest request;
  CLI_ASSIGN_OR_RETURN(*request.mutable_parent(), ResolveMember(session, absl::StrJoin(options.name, " ")));
  if (options.only == "acts") request.set_what(v1::ListActsRequest::WHAT_ACTS);
  if (options.only == "looks") request.set_what(v1::ListActsRequest::WHAT_LOOKS);
  request.set_page_size(static_cast<int32_t>(
      options.count == 0 ? int64_t{kLongestPage} : std::min(options.count + 1, int64_t{kLongestPage})));
  std::vector<v1::Act> acts;
  bool more = false;
  for (absl::StatusOr<v1::Act>& act : session.client().ListActs(std::move(request))) {
    if (!act.ok()) return act.status();
    more = options.count != 0 && static_cast<int64_t>(acts.size()) == options.count;
    if (more) break;
    acts.push_back(*std::move(act));
  }
  CLI_ASSIGN_OR_RETURN(const Table table, ActTable(session, acts));
  CLI_RETURN_IF_ERROR(session.ShowList(table, acts));
  if (more) session.Tell(Fill(T("There are more than these $0: -n 0 shows all."), options.count));
  return absl::OkStatus();
}

}  // namespace

void AddActsCommand(Command root) {
  auto acts = std::make_shared<ActsOptions>();
  root.Sub("acts", T("What others did for a member, and who looked at the account"),
           "  timebank acts ana\n  timebank acts ana --only looks -n 0 -o csv")
      .Under(T("Looking up"))
      .Arguments(Later("name"), acts->name, T("Whose"))
      .Choice("--only", acts->only, {"acts", "looks"}, T("Only what others did, or only who looked"))
      .Option("-n,--count", acts->count, Later("COUNT"), T("How many at most; 0: all (50)"))
      .Does([acts](Session& session) { return Acts(session, *acts); });
}

}  // namespace timebank::cli
