// acting-for grant, revoke, list.
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/cli/arguments.h"
#include "client/cli/commands.h"
#include "client/cli/day.h"
#include "client/cli/hours.h"
#include "client/cli/resolve_holder.h"
#include "client/cli/session.h"
#include "client/cli/status_macros.h"
#include "client/cli/translate.h"
#include "client/cli/words.h"

namespace timebank::cli {
namespace {

Table GrantTable(Session& session, const std::vector<v1::ActingFor>& grants) {
  std::vector<std::string> holders;
  for (const v1::ActingFor& grant : grants) {
    holders.insert(holders.end(), {grant.member(), grant.agent(), grant.granted_by()});
  }
  session.directory().LookUp(holders);
  Table table({{"member", Later("Member"), ColumnKind::kText},
               {"agent", Later("Who may act"), ColumnKind::kText},
               {"a_month", Later("A month"), ColumnKind::kHours},
               {"used", Later("Used"), ColumnKind::kHours},
               {"until", Later("Until"), ColumnKind::kDay},
               {"granted_by", Later("Granted by"), ColumnKind::kText, true}});
  for (const v1::ActingFor& grant : grants) {
    const bool limited = grant.has_seconds_per_month();
    table.AddRow({Text(session.directory().Name(grant.member())),
                  Text(session.directory().Name(grant.agent())),
                  limited ? Hours(grant.seconds_per_month()) : Cell(), Hours(grant.used_seconds()),
                  grant.until().empty() ? Cell() : Text(grant.until()),
                  Text(session.directory().Name(grant.granted_by()))});
  }
  return table;
}

// `Ben Ferré may act for Ana Muñoz: 10h a month, until Thu 31 Dec`. `sentence`: in whose places who acts and
// for whom stand.
template <typename Response>
absl::Status ShowGrant(Session& session, const Response& response, const v1::ActingFor& grant,
                       const char* sentence) {
  const Table table = GrantTable(session, {grant});
  const auto name = [&](const std::string& holder) { return session.directory().Name(holder); };
  std::string text =
      WithColon(Fill(sentence, name(grant.agent()), name(grant.member())),
                grant.has_seconds_per_month() ? Fill(T("$0 a month"), FormatHours(grant.seconds_per_month()))
                                              : T("any hours"));
  if (!grant.until().empty()) {
    CLI_ASSIGN_OR_RETURN(const absl::CivilDay today, session.Today());
    absl::StrAppend(&text, ", ", Fill(T("until $0"), FormatIsoDay(grant.until(), today)));
  }
  return session.ShowOne(text + "\n", table, response);
}

struct GrantOptions {
  std::vector<std::string> name;
  std::string agent;
  std::string hours;
  bool no_limit = false;
  std::string until;
};

absl::Status Grant(Session& session, const GrantOptions& options) {
  if (options.agent.empty()) return UsageError(T("Who may act? Say --agent NAME."));
  if (options.hours.empty() != options.no_limit) {
    return UsageError(T("How much in a month? Say --hours 10h (0: nothing may be debited), or --no-limit."));
  }
  v1::GrantActingForRequest request;
  if (options.hours == "0" || options.hours == "0h") {
    request.set_seconds_per_month(0);
  } else if (!options.no_limit) {
    CLI_ASSIGN_OR_RETURN(const int64_t seconds, ReadHours(session, options.hours));
    request.set_seconds_per_month(seconds);
  }
  request.set_no_limit(options.no_limit);
  if (!options.until.empty()) {
    CLI_ASSIGN_OR_RETURN(const absl::CivilDay today, session.Today());
    CLI_ASSIGN_OR_RETURN(const absl::CivilDay until, ParseDayToCome(options.until, today));
    request.set_until(IsoDay(until));
  }
  CLI_ASSIGN_OR_RETURN(*request.mutable_name(), ResolveMember(session, absl::StrJoin(options.name, " ")));
  CLI_ASSIGN_OR_RETURN(*request.mutable_agent(), ResolveMember(session, options.agent));
  session.Stamp(request);
  CLI_ASSIGN_OR_RETURN(const v1::GrantActingForResponse response,
                       session.client().GrantActingFor(std::move(request)));
  return ShowGrant(session, response, response.granted(), T("$0 may act for $1"));
}

struct RevokeOptions {
  std::vector<std::string> name;
  std::string agent;
};

absl::Status Revoke(Session& session, const RevokeOptions& options) {
  if (options.agent.empty()) return UsageError(T("Who may act no longer? Say --agent NAME."));
  v1::RevokeActingForRequest request;
  CLI_ASSIGN_OR_RETURN(*request.mutable_name(), ResolveMember(session, absl::StrJoin(options.name, " ")));
  CLI_ASSIGN_OR_RETURN(*request.mutable_agent(), ResolveMember(session, options.agent));
  session.Stamp(request);
  CLI_ASSIGN_OR_RETURN(const v1::RevokeActingForResponse response,
                       session.client().RevokeActingFor(std::move(request)));
  return ShowGrant(session, response, response.revoked(), T("$0 may no longer act for $1"));
}

absl::Status List(Session& session, const std::vector<std::string>& name) {
  v1::ListActingForRequest request;
  CLI_ASSIGN_OR_RETURN(*request.mutable_name(), ResolveMember(session, absl::StrJoin(name, " ")));
  CLI_ASSIGN_OR_RETURN(const v1::ListActingForResponse response,
                       session.client().ListActingFor(std::move(request)));
  std::vector<v1::ActingFor> grants(response.agents().begin(), response.agents().end());
  grants.insert(grants.end(), response.acts_for().begin(), response.acts_for().end());
  return session.ShowList(GrantTable(session, grants), grants);
}

}  // namespace

void AddActingForCommands(Command root) {
  Command group =
      root.Sub("acting-for", T("Whom members let act for them: a carer, a friend")).Under(T("Looking after"));
  auto grant = std::make_shared<GrantOptions>();
  group
      .Sub("grant", T("Let somebody act for a member; said again, it replaces what was said"),
           "  timebank acting-for grant ana --agent ben --hours 10h --until 31/12\n"
           "  timebank acting-for grant ana --agent ben --no-limit")
      .Arguments(Later("name"), grant->name, T("For whom"))
      .Option("--agent", grant->agent, Later("NAME"), T("Who may act (needed)"))
      .Option("--hours", grant->hours, Later("HOURS"), T("What may be debited in a month; 0: nothing"))
      .Flag("--no-limit", grant->no_limit, T("Any hours"))
      .Option("--until", grant->until, Later("DAY"), T("The last day; until it is revoked when left out"))
      .Does([grant](Session& session) { return Grant(session, *grant); });
  auto revoke = std::make_shared<RevokeOptions>();
  group
      .Sub("revoke", T("End that, at once; what was done stays"),
           "  timebank acting-for revoke ana --agent ben")
      .Arguments(Later("name"), revoke->name, T("For whom"))
      .Option("--agent", revoke->agent, Later("NAME"), T("Who may act no longer (needed)"))
      .Does([revoke](Session& session) { return Revoke(session, *revoke); });
  auto name = std::make_shared<std::vector<std::string>>();
  group
      .Sub("list", T("Who may act for a member, and for whom it may act; with what was used this month"),
           "  timebank acting-for list ana")
      .Arguments(Later("name"), *name, T("Whose"))
      .Does([name](Session& session) { return List(session, *name); });
}

}  // namespace timebank::cli
