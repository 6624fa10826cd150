// balance, statement: what an account holds and how that came about.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/civil_time.h"
#include "client/cli/arguments.h"
#include "client/cli/balances.h"
#include "client/cli/commands.h"
#include "client/cli/day.h"
#include "client/cli/exchange_words.h"
#include "client/cli/hours.h"
#include "client/cli/html_statement.h"
#include "client/cli/limits.h"
#include "client/cli/printed_statement.h"
#include "client/cli/resolve_holder.h"
#include "client/cli/session.h"
#include "client/cli/status_macros.h"
#include "client/cli/translate.h"
#include "client/cli/words.h"
#include "client/cpp/names.h"

namespace timebank::cli {
namespace {

// ---- balance
// -------------------------------------------------------------------------------------------------------

struct BalanceOptions {
  std::vector<std::string> name;
  std::string on;
  std::string position;
  bool by_record = false;
  bool all = false;
};

std::string BalanceSentences(const v1::Balance& balance, const Directory& directory) {
  std::string text = absl::StrCat(
      directory.Name(balance.holder()), "  ", Standing(balance.seconds()), "\n  ",
      // Translators: $0 are the hours that came in, $1 those that went out.
      Fill(Tn("$0 in, $1 out, $2 exchange", "$0 in, $1 out, $2 exchanges", balance.exchange_count()),
           FormatHours(balance.seconds_in()), FormatHours(balance.seconds_out()), balance.exchange_count()),
      "\n");
  if (balance.contested_seconds() != 0) {
    absl::StrAppend(
        &text, "  ",
        Fill(T("of this $0 is contested: timebank chat"), SignedHours(balance.contested_seconds())), "\n");
  }
  if (balance.outside_warn_limits())
    absl::StrAppend(&text, "  ", T("outside the bank's limits: timebank chat"), "\n");
  return text;
}

// Everybody's, in one table.
absl::Status AllBalances(Session& session) {
  CLI_ASSIGN_OR_RETURN(const std::vector<std::string> holders, AllHolders(session));
  CLI_ASSIGN_OR_RETURN(const std::vector<v1::Balance> balances, GetBalances(session, holders));
  return session.ShowList(BalanceTable(balances, session.directory()), balances);
}

absl::Status Balance(Session& session, const BalanceOptions& options) {
  if (options.all || options.name.empty()) return AllBalances(session);
  v1::GetBalanceRequest request;
  CLI_ASSIGN_OR_RETURN(*request.mutable_name(), ResolveHolder(session, absl::StrJoin(options.name, " ")));
  if (!options.on.empty()) {
    CLI_ASSIGN_OR_RETURN(*request.mutable_on_day(), ReadDay(session, options.on, Future::kLooking));
  } else if (!options.position.empty()) {
    request.set_position(options.position);
  }
  request.set_basis(options.by_record ? v1::DAY_BASIS_RECORDED : v1::DAY_BASIS_OCCURRED);
  CLI_ASSIGN_OR_RETURN(const v1::GetBalanceResponse response,
                       session.client().GetBalance(std::move(request)));
  const v1::Balance& balance = response.balance();
  session.directory().Know(balance.holder(), balance.display_name());
  return session.ShowOne(BalanceSentences(balance, session.directory()),
                         BalanceTable({balance}, session.directory()), response);
}

// ---- statement
// -----------------------------------------------------------------------------------------------------

struct StatementOptions {
  std::vector<std::string> name;
  int64_t year = 0;
  std::string from;
  std::string until;
  // -1: 50, unless a period or --print asks for all.
  std::string count;
  bool by_record = false;
  bool oldest_first = false;
  bool print = false;
  bool html = false;
  // Either of the two: whole by default, and read from the top.
  bool on_paper() const { return print || html; }
};

// A statement in hand.
struct Statement {
  std::vector<v1::StatementLine> lines;
  int64_t opening_balance_seconds = 0;
  int64_t closing_balance_seconds = 0;
  bool more = false;
};

// Days of the period, either empty where it is open. Errors (usage): two ways of saying it at once.
absl::Status ReadDays(Session& session, const StatementOptions& options, std::string& first,
                      std::string& last) {
  if (options.year != 0) {
    if (!options.from.empty() || !options.until.empty())
      return UsageError(T("Either --year, or --from and --until."));
    if (options.year < 1900 || options.year > 9999)
      return UsageError(Fill(T("$0 is not a year. Write --year 2025."), options.year));
    first = IsoDay(absl::CivilDay(options.year, 1, 1));
    last = IsoDay(absl::CivilDay(options.year, 12, 31));
    return absl::OkStatus();
  }
  return ReadPeriod(session, options.from, options.until, first, last);
}

// How many lines are asked for; 0: all.
absl::StatusOr<int64_t> ReadCount(const StatementOptions& options, bool whole_by_default) {
  int64_t count = whole_by_default ? 0 : 50;
  if (!options.count.empty() && (!absl::SimpleAtoi(options.count, &count) || count < 0)) {
    return UsageError(Fill(T("-n takes a number, not \"$0\"."), options.count));
  }
  return count;
}

// Each page tells the balance before its earliest and after its latest line; the range's are those of its
// ends.
absl::StatusOr<Statement> Fetch(Session& session, v1::ListStatementLinesRequest request, int64_t count) {
  Statement statement;
  const bool oldest_first = request.order() == v1::LIST_ORDER_OLDEST_FIRST;
  for (bool first_page = true;; first_page = false) {
    const int64_t left =
        count == 0 ? int64_t{kLongestPage} : count - static_cast<int64_t>(statement.lines.size());
    request.set_page_size(static_cast<int32_t>(std::min(left, int64_t{kLongestPage})));
    CLI_ASSIGN_OR_RETURN(v1::ListStatementLinesResponse page,
                         session.client().ListStatementLinesPage(request));
    if (first_page || oldest_first) statement.closing_balance_seconds = page.closing_balance_seconds();
    if (first_page || !oldest_first) statement.opening_balance_seconds = page.opening_balance_seconds();
    for (v1::StatementLine& line : *page.mutable_lines()) statement.lines.push_back(std::move(line));
    if (page.next_page_token().empty()) return statement;
    if (count != 0 && static_cast<int64_t>(statement.lines.size()) >= count) {
      statement.more = true;
      return statement;
    }
    request.set_page_token(page.next_page_token());
  }
}

std::string PeriodWords(const std::string& first, const std::string& last) {
  const auto long_day = [](const std::string& iso) {
    const auto day = ParseIsoDay(iso);
    return day.ok() ? LongDay(*day) : iso;
  };
  if (first.empty() && last.empty()) return T("Whole history");
  if (first.empty()) return Fill(T("Up to $0"), long_day(last));
  return last.empty() ? Fill(T("$0 until now"), long_day(first))
                      : Fill(T("$0 to $1"), long_day(first), long_day(last));
}

Table StatementTable(const Statement& statement) {
  Table table({{"day", Later("Day"), ColumnKind::kDay},
               {"number", Later("Number"), ColumnKind::kNumber},
               {"hours", Later("Hours"), ColumnKind::kChange},
               {"balance", Later("Balance"), ColumnKind::kBalance},
               {"state", Later("State"), ColumnKind::kText},
               {"with", Later("With"), ColumnKind::kText},
               {"what", Later("What"), ColumnKind::kText, true},
               {"category", Later("Category"), ColumnKind::kText},
               {"recorded_by", Later("Recorded by"), ColumnKind::kText, true},
               {"acting_for", Later("For"), ColumnKind::kText, true},
               {"note", Later("Note"), ColumnKind::kText}});
  for (const v1::StatementLine& line : statement.lines) {
    int64_t number = 0;
    const bool numbered = absl::SimpleAtoi(Absl(client::IdOf(line.exchange())), &number);
    table.AddRow({Text(line.occurred_on()), numbered ? Number(number) : Cell{}, Hours(line.seconds()),
                  Hours(line.balance_after_seconds()), Said([&] { return StateWord(line.state()); }),
                  Said([&] { return CounterpartsOf(line); }), Said([&] { return KindWord(line.kind()); }),
                  Text(line.category()), Text(ShortName(line.recorded_by())),
                  Text(line.acting_for().empty() ? "" : ShortName(line.acting_for())),
                  Text(line.note().empty() ? line.reason() : line.note())});
  }
  return table;
}

// What was before stands at the end where the earliest line does.
absl::Status ShowStatement(Session& session, const Statement& statement, bool oldest_first,
                           const std::string& holder, const std::string& period) {
  if (session.AsJson() || session.AsCsv())
    return session.ShowList(StatementTable(statement), statement.lines);
  const std::string before = Fill(T("Balance before: $0"), Standing(statement.opening_balance_seconds));
  const std::string after = Fill(T("Balance after: $0"), Standing(statement.closing_balance_seconds));
  session.console().out << OnOut(session.console(), Style::kHeading, session.directory().Name(holder)) << "  "
                        << period << "\n"
                        << (oldest_first ? before : after) << "\n";
  CLI_RETURN_IF_ERROR(session.ShowTable(StatementTable(statement)));
  session.console().out << (oldest_first ? after : before) << "\n";
  if (statement.more) {
    CLI_ASSIGN_OR_RETURN(const absl::CivilDay today, session.Today());
    session.Tell(Fill(T("There are more lines: -n 0 shows all, --year $0 a year."), today.year()));
  }
  return absl::OkStatus();
}

// The period, and what part of it stands in the statement where that is not all of it.
std::string PartWords(const Statement& statement, bool oldest_first, const std::string& first,
                      const std::string& last) {
  const std::string period = PeriodWords(first, last);
  if (!statement.more) return period;
  const auto count = static_cast<int64_t>(statement.lines.size());
  if (first.empty() && last.empty()) {
    return Fill(oldest_first ? Tn("The first entry", "The first $0 entries", count)
                             : Tn("The latest entry", "The latest $0 entries", count),
                count);
  }
  // Translators: $0 is a period of time, $1 how many entries of it are shown.
  return Fill(oldest_first ? Tn("$0, the first entry", "$0, the first $1 entries", count)
                           : Tn("$0, the latest entry", "$0, the latest $1 entries", count),
              period, count);
}

// Looks up whoever entered something, and for whom.
void LookUpRecorders(Session& session, const std::vector<v1::StatementLine>& lines) {
  std::vector<std::string> names;
  for (const v1::StatementLine& line : lines) {
    names.push_back(line.recorded_by());
    names.push_back(line.acting_for());
  }
  session.directory().LookUp(names);
}

absl::Status ShowOnPaper(Session& session, const Statement& statement, const std::string& holder,
                         const std::string& period, bool html) {
  CLI_ASSIGN_OR_RETURN(const v1::Timebank bank, session.Timebank());
  CLI_ASSIGN_OR_RETURN(const absl::CivilDay today, session.Today());
  LookUpRecorders(session, statement.lines);
  StatementHeading heading;
  heading.bank = bank.display_name().empty() ? std::string(client::IdOf(bank.name())) : bank.display_name();
  heading.trial = bank.trial();
  // Two members may have one name: the id tells them apart. There is one pot of a name.
  const std::string name = session.directory().Name(holder);
  const bool pot = absl::StartsWith(ShortName(holder), "pots/");
  heading.holder = pot || name == ShortName(holder) ? name : Fill(T("$0 ($1)"), name, client::IdOf(holder));
  heading.account = holder;
  heading.period = period;
  heading.today = today;
  heading.opening_balance_seconds = statement.opening_balance_seconds;
  heading.closing_balance_seconds = statement.closing_balance_seconds;
  heading.name_of = [&session](const std::string& name) { return session.directory().Name(name); };
  session.console().out << (html ? HtmlStatement(heading, statement.lines)
                                 : PrintStatement(heading, statement.lines));
  return absl::OkStatus();
}

absl::Status Statements(Session& session, const StatementOptions& options) {
  if (options.print && options.html) return UsageError(T("Either --print or --html."));
  v1::ListStatementLinesRequest request;
  CLI_ASSIGN_OR_RETURN(*request.mutable_parent(), ResolveHolder(session, absl::StrJoin(options.name, " ")));
  CLI_RETURN_IF_ERROR(ReadDays(session, options, *request.mutable_start_day(), *request.mutable_end_day()));
  const bool bounded = !request.start_day().empty() || !request.end_day().empty();
  CLI_ASSIGN_OR_RETURN(const int64_t count, ReadCount(options, options.on_paper() || bounded));
  request.set_basis(options.by_record ? v1::DAY_BASIS_RECORDED : v1::DAY_BASIS_OCCURRED);
  // Paper is read from the top; of a part the latest lines are wanted, unless the oldest are asked for.
  const bool oldest_first = options.oldest_first || (options.on_paper() && count == 0);
  request.set_order(oldest_first ? v1::LIST_ORDER_OLDEST_FIRST : v1::LIST_ORDER_NEWEST_FIRST);
  const std::string holder = request.parent();
  session.directory().LookUp({holder});
  CLI_RETURN_IF_ERROR(session.Today().status());
  const std::string first = request.start_day();
  const std::string last = request.end_day();
  CLI_ASSIGN_OR_RETURN(Statement statement, Fetch(session, std::move(request), count));
  const std::string period = PartWords(statement, oldest_first, first, last);
  if (!options.on_paper()) return ShowStatement(session, statement, oldest_first, holder, period);
  if (!oldest_first) std::reverse(statement.lines.begin(), statement.lines.end());
  return ShowOnPaper(session, statement, holder, period, options.html);
}

}  // namespace

void AddAccountCommands(Command root) {
  const char* const heading = T("Looking up");
  auto balance = std::make_shared<BalanceOptions>();
  root.Sub("balance", T("Hours of one account, or of all"),
           "  timebank balance ana\n  timebank balance pot --on 31/12/2025\n  timebank balance --all -o csv "
           "> balances.csv")
      .Under(heading)
      .Arguments(Later("name"), balance->name, T("Whose; everybody's when left out"), Need::kOptional)
      .Option("--on", balance->on, Later("DAY"), T("At the end of that day"))
      .Option("--position", balance->position, Later("POSITION"), T("At that position of the ledger"))
      .Flag("--by-record", balance->by_record,
            T("--on means what had been recorded by then, not what had been given"))
      .Flag("--all", balance->all, T("Everybody's"))
      .Does([balance](Session& session) { return Balance(session, *balance); });

  auto statement = std::make_shared<StatementOptions>();
  root.Sub("statement", T("One account's exchanges with the balance after each"),
           "  timebank statement ana\n  timebank statement ana --year 2025 --print | lp\n"
           "  timebank statement ana --year 2025 --html > ana.html\n"
           "  timebank statement ana --from 1/9 --until 30/9 -o csv")
      .Under(heading)
      .Arguments(Later("name"), statement->name, T("Whose"))
      .Option("--year", statement->year, Later("YEAR"), T("Only that year"))
      .Option("--from", statement->from, Later("DAY"), T("Only from this day on"))
      .Option("--until", statement->until, Later("DAY"), T("Only up to this day"))
      .Option("-n,--count", statement->count, Later("COUNT"),
              T("How many at most; 0: all (50; of a period: all)"))
      .Flag("--by-record", statement->by_record, T("In order of record instead of by day of the help"))
      .Flag("--oldest-first", statement->oldest_first, T("Oldest first"))
      .Flag("--print", statement->print, T("For paper: A4 pages of plain text, oldest first"))
      .Flag("--html", statement->html,
            T("For paper: a page for a browser, to print or to mail, oldest first"))
      .Does([statement](Session& session) { return Statements(session, *statement); });
}

}  // namespace timebank::cli
