// find, chat, report: the bank at a glance.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/civil_time.h"
#include "client/cli/balances.h"
#include "client/cli/commands.h"
#include "client/cli/day.h"
#include "client/cli/exchange_words.h"
#include "client/cli/limits.h"
#include "client/cli/members_table.h"
#include "client/cli/near_names.h"
#include "client/cli/session.h"
#include "client/cli/status_macros.h"
#include "client/cli/translate.h"
#include "client/cli/words.h"

namespace timebank::cli {
namespace {

// ---- find
// ----------------------------------------------------------------------------------------------------------

absl::Status Find(Session& session, const std::vector<std::string>& words) {
  const std::string typed = absl::StrJoin(words, " ");
  v1::ListMembersRequest request;
  request.set_query(typed);
  CLI_ASSIGN_OR_RETURN(std::vector<v1::Member> members, ListAllMembers(session, std::move(request)));
  // `622743103` is also who is kept as `622 74 31 03`.
  if (members.empty()) {
    CLI_ASSIGN_OR_RETURN(members, MembersByPhone(session, typed));
  }
  if (members.empty()) {
    CLI_ASSIGN_OR_RETURN(const std::string near, DidYouMean(session, typed));
    return NotFoundError(
        absl::StrCat(Fill(T("Nobody here fits \"$0\"."), typed), " ",
                     near.empty() ? T("Try a shorter part of the name; all: timebank member list") : near));
  }
  CLI_ASSIGN_OR_RETURN(const Table table, MemberTable(session, members));
  return session.ShowList(table, members);
}

// ---- chat
// ----------------------------------------------------------------------------------------------------------

struct ChatOptions {
  int64_t quiet_days = 90;
};

// What a broker may want to talk about.
struct Chat {
  std::vector<v1::Exchange> contested;
  std::vector<v1::Member> outside;
  std::vector<v1::Member> quiet;
  std::vector<v1::Balance> outside_balances;
};

absl::StatusOr<Chat> FetchChat(Session& session, int64_t quiet_days) {
  Chat chat;
  CLI_ASSIGN_OR_RETURN(const std::string bank, session.Bank());
  CLI_ASSIGN_OR_RETURN(const absl::CivilDay today, session.Today());
  v1::ListExchangesRequest contested;
  contested.set_parent(bank);
  contested.set_state(v1::Exchange::STATE_CONTESTED);
  contested.set_page_size(kLongestPage);
  for (absl::StatusOr<v1::Exchange>& exchange : session.client().ListExchanges(std::move(contested))) {
    if (!exchange.ok()) return exchange.status();
    chat.contested.push_back(*std::move(exchange));
  }
  session.directory().LookUpAll(chat.contested);
  v1::ListMembersRequest outside;
  outside.set_outside_warn_limits(true);
  CLI_ASSIGN_OR_RETURN(chat.outside, ListAllMembers(session, std::move(outside)));
  std::vector<std::string> holders;
  for (const v1::Member& member : chat.outside) holders.push_back(member.name());
  CLI_ASSIGN_OR_RETURN(chat.outside_balances, GetBalances(session, holders));
  v1::ListMembersRequest quiet;
  quiet.set_state(v1::Member::STATE_ACTIVE);
  quiet.set_no_exchange_since(IsoDay(today - quiet_days));
  CLI_ASSIGN_OR_RETURN(chat.quiet, ListAllMembers(session, std::move(quiet)));
  // Who joined within these days has not been quiet for so long.
  const std::string since = IsoDay(today - quiet_days);
  chat.quiet.erase(std::remove_if(chat.quiet.begin(), chat.quiet.end(),
                                  [&since](const v1::Member& member) { return member.joined_on() > since; }),
                   chat.quiet.end());
  return chat;
}

std::string ContestSentence(const v1::Exchange& exchange, const Directory& directory, absl::CivilDay today) {
  const std::string line = ExchangeLine(exchange, directory, today);
  const std::string reason = OneLine(exchange.contest_reason());
  if (exchange.contested_by().empty()) return WithColon(line, reason);
  const std::string who = directory.Name(exchange.contested_by());
  // Translators: $0 is an entry, $1 a name, $2 what somebody says is wrong with it.
  return reason.empty() ? Fill(T("$0; $1 says so"), line, who)
                        : Fill(T("$0; $1 says: $2"), line, who, reason);
}

std::string QuietSentence(const v1::Member& member, absl::CivilDay today) {
  return member.last_exchange_on().empty()
             ? T("no exchange yet")
             : Fill(T("last exchange $0"), FormatIsoDay(member.last_exchange_on(), today));
}

std::string MemberLabel(const v1::Member& member) {
  return absl::StrCat(member.number(), "  ", OneLine(DisplayName(member)));
}

// How to reach them: telephones, else e-mail addresses.
std::string Reach(const v1::Member& member) {
  const auto& ways = member.phones().empty() ? member.emails() : member.phones();
  return ways.empty() ? "" : absl::StrCat("  ", OneLine(absl::StrJoin(ways, ", ")));
}

std::string ChatSentences(const Chat& chat, const Console& console, const Directory& directory,
                          int64_t quiet_days, absl::CivilDay today) {
  std::string text;
  const auto heading = [&text, &console](const std::string& words, size_t count) {
    absl::StrAppend(&text, text.empty() ? "" : "\n",
                    OnOut(console, Style::kHeading, WithColon(words, absl::StrCat(count))), "\n");
  };
  heading(T("Contested"), chat.contested.size());
  for (const v1::Exchange& exchange : chat.contested) {
    absl::StrAppend(&text, "  ", ContestSentence(exchange, directory, today), "\n");
  }
  if (!chat.contested.empty())
    absl::StrAppend(&text, "  ", T("When you have talked: timebank settle NUMBER stands | reversed | 1h"),
                    "\n");
  heading(T("Outside the bank's limits"), chat.outside.size());
  for (size_t i = 0; i < chat.outside.size(); ++i) {
    const bool known = i < chat.outside_balances.size();
    absl::StrAppend(&text, "  ", MemberLabel(chat.outside[i]), "  ",
                    known ? Standing(chat.outside_balances[i].seconds()) : "", Reach(chat.outside[i]), "\n");
  }
  heading(Fill(Tn("Quiet for $0 day", "Quiet for $0 days", quiet_days), quiet_days), chat.quiet.size());
  for (const v1::Member& member : chat.quiet) {
    absl::StrAppend(&text, "  ", MemberLabel(member), "  ", QuietSentence(member, today), Reach(member),
                    "\n");
  }
  return text;
}

Table ChatTable(const Chat& chat, const Directory& directory, absl::CivilDay today) {
  Table table({{"why", Later("Why"), ColumnKind::kText},
               {"number", Later("Number"), ColumnKind::kNumber},
               {"name", Later("Name"), ColumnKind::kText},
               {"detail", Later("Detail"), ColumnKind::kText},
               {"phones", Later("Phone"), ColumnKind::kText},
               {"emails", Later("E-mail"), ColumnKind::kText}});
  const auto phones = [](const v1::Member& member) { return Text(absl::StrJoin(member.phones(), " ")); };
  const auto emails = [](const v1::Member& member) { return Text(absl::StrJoin(member.emails(), " ")); };
  for (const v1::Exchange& exchange : chat.contested) {
    table.AddRow({Text("contested"), Number(exchange.sequence()),
                  Said([&] { return Deed(exchange, directory); }), Text(exchange.contest_reason()), Cell{},
                  Cell{}});
  }
  for (size_t i = 0; i < chat.outside.size(); ++i) {
    const bool known = i < chat.outside_balances.size();
    table.AddRow({Text("outside limits"), Number(chat.outside[i].number()),
                  Said([&] { return DisplayName(chat.outside[i]); }),
                  Said([&] { return known ? Standing(chat.outside_balances[i].seconds()) : std::string(); }),
                  phones(chat.outside[i]), emails(chat.outside[i])});
  }
  for (const v1::Member& member : chat.quiet) {
    table.AddRow({Text("quiet"), Number(member.number()), Said([&] { return DisplayName(member); }),
                  Said([&] { return QuietSentence(member, today); }), phones(member), emails(member)});
  }
  return table;
}

absl::Status ShowChat(Session& session, const ChatOptions& options) {
  CLI_ASSIGN_OR_RETURN(const Chat chat, FetchChat(session, options.quiet_days));
  CLI_ASSIGN_OR_RETURN(const absl::CivilDay today, session.Today());
  if (session.AsJson()) {
    return session.ShowJson(absl::StrCat("{\"contested\": ", ToJsonArray(chat.contested),
                                         ",\n\"outside_limits\": ", ToJsonArray(chat.outside),
                                         ",\n\"quiet\": ", ToJsonArray(chat.quiet), "}"));
  }
  if (session.AsCsv()) return session.ShowTable(ChatTable(chat, session.directory(), today));
  session.console().out << ChatSentences(chat, session.console(), session.directory(), options.quiet_days,
                                         today);
  return absl::OkStatus();
}

// ---- report
// --------------------------------------------------------------------------------------------------------

struct ReportOptions {
  // Empty: this year.
  std::string year;
  std::string by = "month";
};

Table TotalsTable(const v1::GetTotalsResponse& totals, const std::string& by) {
  Table table({{by,
                by == "month"      ? Later("Month")
                : by == "category" ? Later("Category")
                                   : Later("Kind"),
                ColumnKind::kText},
               {"hours_given", Later("Hours given"), ColumnKind::kHours},
               {"exchanges", Later("Exchanges"), ColumnKind::kNumber},
               {"gave", Later("People who gave"), ColumnKind::kNumber},
               {"received", Later("received"), ColumnKind::kNumber},
               {"both", Later("did both"), ColumnKind::kNumber},
               {"pots_in", Later("Into pots"), ColumnKind::kHours},
               {"pots_out", Later("Out of pots"), ColumnKind::kHours}});
  const auto add = [&table](const Cell& key, const v1::Totals& row) {
    table.AddRow({key, Hours(row.seconds_given()), Number(row.exchange_count()), Number(row.givers()),
                  Number(row.receivers()), Number(row.givers_and_receivers()), Hours(row.pots_in_seconds()),
                  Hours(row.pots_out_seconds())});
  };
  for (const v1::Totals& group : totals.groups()) {
    add(group.key().empty() ? Said([] { return T("(none)"); }) : Text(group.key()), group);
  }
  add(Said([] { return T("total"); }), totals.total());
  return table;
}

absl::Status Report(Session& session, const ReportOptions& options) {
  v1::GetTotalsRequest request;
  CLI_ASSIGN_OR_RETURN(*request.mutable_parent(), session.Bank());
  CLI_ASSIGN_OR_RETURN(const absl::CivilDay today, session.Today());
  int64_t year = today.year();
  if (!options.year.empty() && (!absl::SimpleAtoi(options.year, &year) || year < 1900 || year > 9999))
    return UsageError(Fill(T("\"$0\" is not a year. Write timebank report $1."), options.year, today.year()));
  request.set_start_day(IsoDay(absl::CivilDay(year, 1, 1)));
  request.set_end_day(IsoDay(absl::CivilDay(year, 12, 31)));
  request.set_group_by(options.by == "month"      ? v1::GetTotalsRequest::GROUP_BY_MONTH
                       : options.by == "category" ? v1::GetTotalsRequest::GROUP_BY_CATEGORY
                                                  : v1::GetTotalsRequest::GROUP_BY_HOLDER_KIND);
  CLI_ASSIGN_OR_RETURN(const v1::GetTotalsResponse response, session.client().GetTotals(std::move(request)));
  if (session.AsJson()) return session.ShowJson(ToJson(response));
  if (!session.AsCsv()) {
    session.console().out << OnOut(session.console(), Style::kHeading, Fill(T("Help given in $0"), year))
                          << (year == today.year() ? Fill(T(", up to $0"), LongDay(today)) : "") << "\n";
  }
  return session.ShowTable(TotalsTable(response, options.by));
}

}  // namespace

void AddOverviewCommands(Command root) {
  const char* const heading = T("Looking up");
  auto words = std::make_shared<std::vector<std::string>>();
  root.Sub("find", T("Find a member by a part of the name, number, phone or e-mail"),
           "  timebank find mun\n  timebank find 622 743")
      .Under(heading)
      .Arguments(Later("words"), *words,
                 T("Parts of the name, a number …; accents and capitals do not matter"))
      .Does([words](Session& session) { return Find(session, *words); });

  auto chat = std::make_shared<ChatOptions>();
  root.Sub("chat",
           T("Whom to talk to: contested entries, balances outside the limits, members who are quiet"),
           "  timebank chat\n  timebank chat --quiet 180 -o csv")
      .Under(heading)
      .Option("--quiet", chat->quiet_days, Later("DAYS"), T("Quiet means no exchange for so many days (90)"))
      .Does([chat](Session& session) { return ShowChat(session, *chat); });

  auto report = std::make_shared<ReportOptions>();
  root.Sub("report", T("A year's figures: hours, exchanges, people, pots"),
           "  timebank report\n  timebank report 2025\n  timebank report 2025 --by category -o csv")
      .Under(heading)
      .Argument(Later("year"), report->year, T("Which year, by day of the help; this one when left out"),
                Need::kOptional)
      .Choice("--by", report->by, {"month", "category", "kind"},
              T("How to split it: by month, category or kind of giver"))
      .Does([report](Session& session) { return Report(session, *report); });
}

}  // namespace timebank::cli
