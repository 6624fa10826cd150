// day: a pile of paper slips, a line each.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "client/cli/arguments.h"
#include "client/cli/commands.h"
#include "client/cli/day.h"
#include "client/cli/exchange_words.h"
#include "client/cli/hours.h"
#include "client/cli/line_editor.h"
#include "client/cli/members_table.h"
#include "client/cli/posted.h"
#include "client/cli/recording.h"
#include "client/cli/sentence.h"
#include "client/cli/session.h"
#include "client/cli/slip_line.h"
#include "client/cli/status_macros.h"
#include "client/cli/translate.h"
#include "client/cli/waiting_lines.h"
#include "client/cli/words.h"
#include "client/cpp/names.h"

namespace timebank::cli {
namespace {

const char* const kHelp = Later(R"(A line for each slip:
  231 ben ana 1h30 gardening          slip 231: ben helped ana; words at the end are category or note
  232 ana muñoz helped ben 45m        names of several words: with "helped" between them
  233 rosa ana,ben,dan:1h 2h yoga     lists, and times of one's own, as in timebank record
  -   ben ana 1h                      a slip without a number
  on 15/11                            the next slips are of that day
  undo                                undoes the last slip entered here; undo 1042 another one of them
  ?                                   this
An empty line or Ctrl-D ends it. Tab completes names; a line that was not taken stands there again: mend it,
or clear it (Ctrl-U) and go on. The end tells which slips were not entered.
)");

// Translators: what people type to undo the last line; several words with commas.
constexpr const char* kUndo = Later("undo");
// Translators: words that stand in front of a day: `on Tuesday`; several with commas.
constexpr const char* kOn = Later("on");

struct DayOptions {
  std::string on;
  bool deliver = false;
};

// What was entered for one day.
struct Total {
  int64_t slips = 0;
  int64_t seconds = 0;
};

std::string SlipsAndHours(const Total& total) {
  return Fill(Tn("$0 slip, $1", "$0 slips, $1", total.slips), total.slips, FormatHours(total.seconds));
}

// A slip that was entered here.
struct Entered {
  std::string name;
  std::string day;
  int64_t seconds = 0;
  // The undoing's id: asked again, it happens once.
  std::string undo_id;
};

// What the givers gave together.
int64_t Given(const v1::Exchange& exchange) {
  int64_t seconds = 0;
  for (const v1::Share& giver : exchange.givers())
    seconds += giver.has_seconds() ? giver.seconds() : exchange.seconds();
  return seconds;
}

// The longest time that one person gave or got.
int64_t Longest(const v1::Exchange& exchange) {
  int64_t longest = exchange.seconds();
  for (const v1::Share& share : exchange.givers()) longest = std::max(longest, share.seconds());
  for (const v1::Share& share : exchange.receivers()) longest = std::max(longest, share.seconds());
  return longest;
}

// Less than this on a slip was hardly meant.
constexpr int64_t kShortSeconds = 5 * 60;

// The shortest time that one person gave or got.
int64_t Shortest(const v1::Exchange& exchange) {
  int64_t shortest = exchange.seconds() > 0 ? exchange.seconds() : kMaxShareSeconds;
  for (const auto* shares : {&exchange.givers(), &exchange.receivers()}) {
    for (const v1::Share& share : *shares) {
      if (share.has_seconds()) shortest = std::min(shortest, share.seconds());
    }
  }
  return shortest;
}

// What was hours becomes minutes, wherever it was too long.
void TakeForMinutes(v1::Exchange& exchange) {
  const auto mended = [](int64_t seconds) {
    return seconds > kLongExchangeSeconds ? HoursAsMinutes(seconds) : seconds;
  };
  exchange.set_seconds(mended(exchange.seconds()));
  for (auto* shares : {exchange.mutable_givers(), exchange.mutable_receivers()}) {
    for (v1::Share& share : *shares) {
      if (share.has_seconds()) share.set_seconds(mended(share.seconds()));
    }
  }
}

bool IsNoAnswer(const absl::Status& status) { return ExitCodeOf(status) == ExitCode::kUnreachable; }

class Pile {
 public:
  Pile(Session& session, WaitingLines waiting, std::string bank, std::string as, std::string day)
      : session_(session),
        waiting_(std::move(waiting)),
        bank_(std::move(bank)),
        as_(std::move(as)),
        day_(std::move(day)) {}

  absl::Status Run(bool deliver);

 private:
  bool at_terminal() const { return CanAsk(session_.console()); }
  // The bank's today: the session knows it since before the pile was begun.
  absl::CivilDay Today() const { return session_.Today().value_or(absl::CivilDay()); }
  std::string Prompt() const;
  std::string Totals() const;
  std::vector<Completion> CompleteName(const std::string& before);
  enum class Was { kSlip, kCommand, kGap, kEnd };
  // One line as typed, and what it was.
  Was Take(const std::string& line);
  void Enter(const std::string& line);
  // Sends it, and keeps it where no answer comes.
  absl::Status Post(WaitingLine& line);
  absl::Status Resolve(WaitingLine& line);
  // Asks about a time that is hardly one slip's. Elsewhere than at a terminal it is posted and told.
  absl::Status AskIfLong(v1::Exchange& exchange);
  absl::Status AskIfShort(const v1::Exchange& exchange);
  void TellIfLong(const v1::Exchange& exchange);
  void Show(const v1::RecordExchangeResponse& response, const SlipLine& slip);
  void Fail(const std::string& line, const absl::Status& status);
  void ChangeDay(const std::string& text);
  void Undo(const std::string& number);
  // Those of an earlier run.
  void OfferWaiting(bool deliver);
  void Deliver(std::vector<WaitingLine> lines);
  void LeaveTheRest();
  absl::Status Summary();

  Session& session_;
  WaitingLines waiting_;
  const std::string bank_;
  const std::string as_;
  // ISO day of the next slips.
  std::string day_;
  std::vector<Entered> entered_;
  std::map<std::string, Total> totals_;
  int64_t already_ = 0;
  int64_t line_number_ = 0;
  // Lines that were not taken. With an editor the last one stands in the next prompt.
  std::vector<std::string> left_;
  // Entered from a pipe with more than 12 hours.
  std::vector<v1::Exchange> long_;
  // Kept in this run, to be sent once more at its end.
  std::vector<WaitingLine> kept_;
  bool heading_shown_ = false;
  bool stopped_ = false;
};

std::string Pile::Totals() const {
  Total total;
  for (const auto& [day, one] : totals_) {
    total.slips += one.slips;
    total.seconds += one.seconds;
  }
  return total.slips == 0 ? "" : SlipsAndHours(total);
}

std::string Pile::Prompt() const {
  const std::string totals = Totals();
  return absl::StrCat(FormatIsoDay(day_, Today()), totals.empty() ? "" : "  ", totals, "> ");
}

std::vector<Completion> Pile::CompleteName(const std::string& before) {
  std::vector<Completion> found;
  const size_t blank = before.find_last_of(" ,");
  if (blank == std::string::npos || blank + 1 == before.size()) return found;
  v1::ListMembersRequest request;
  request.set_query(before.substr(blank + 1));
  request.set_state(v1::Member::STATE_ACTIVE);
  const auto members = ListAllMembers(session_, std::move(request));
  if (!members.ok()) return found;
  for (const v1::Member& member : *members)
    found.push_back({std::string(client::IdOf(member.name())), OneLine(DisplayName(member))});
  return found;
}

absl::Status Pile::Resolve(WaitingLine& line) {
  CLI_ASSIGN_OR_RETURN(SlipLine slip, ParseSlipLine(line.typed));
  CLI_RETURN_IF_ERROR(SettleMinutes(session_, slip.sentence));
  RecordOptions options;
  CLI_RETURN_IF_ERROR(TakeDayFromWords(session_, slip.sentence.words, options.on,
                                       T("Write \"on $0\" on a line before it, or leave the word out.")));
  if (options.on.empty()) options.on = line.day;
  CLI_ASSIGN_OR_RETURN(line.request, RecordRequest(session_, slip.sentence, options));
  // A bare number has been asked about.
  const bool asked = slip.sentence.hours.has_value() && slip.sentence.hours->if_minutes_seconds.has_value();
  if (!asked) CLI_RETURN_IF_ERROR(AskIfLong(*line.request.mutable_exchange()));
  if (slip.slip.empty()) line.request.set_request_id(line.request_id);
  line.resolved = true;
  return absl::OkStatus();
}

absl::Status Pile::AskIfLong(v1::Exchange& exchange) {
  if (!at_terminal()) return absl::OkStatus();
  CLI_RETURN_IF_ERROR(AskIfShort(exchange));
  const int64_t longest = Longest(exchange);
  if (longest <= kLongExchangeSeconds) return absl::OkStatus();
  const auto answer =
      AskUntil(session_.console(),
               // Translators: $0 and $1 are times: 40h and 40m.
               Fill(T("$0 on one slip? Is that not $1? [y: it is $0, m: it is $1, n: mend the line]"),
                    FormatHours(longest), FormatHours(HoursAsMinutes(longest))),
               T("Type y, m or n."),
               [](const std::string& typed) { return typed == "y" || typed == "m" || typed == "n"; });
  if (answer == "m") TakeForMinutes(exchange);
  if (answer == "y" || answer == "m") return absl::OkStatus();
  return UsageError(Fill(T("$0 is more than 12 hours."), FormatHours(longest)));
}

absl::Status Pile::AskIfShort(const v1::Exchange& exchange) {
  const int64_t shortest = Shortest(exchange);
  if (shortest >= kShortSeconds) return absl::OkStatus();
  const auto answer =
      AskUntil(session_.console(),
               // Translators: $0 is a time: 1m30s.
               Fill(T("Only $0 on one slip? [y: it is $0, n: mend the line]"), FormatHours(shortest)),
               T("Type y or n."), [](const std::string& typed) { return typed == "y" || typed == "n"; });
  if (answer == "y") return absl::OkStatus();
  return UsageError(Fill(T("$0 is less than 5 minutes."), FormatHours(shortest)));
}

void Pile::TellIfLong(const v1::Exchange& exchange) {
  const int64_t longest = Longest(exchange);
  if (longest <= kLongExchangeSeconds || at_terminal()) return;
  long_.push_back(exchange);
  session_.Notice(Fill(T("$0 is more than 12 hours. If it was $1: timebank correct $2 $1"),
                       FormatHours(longest), FormatHours(HoursAsMinutes(longest)),
                       client::IdOf(exchange.name())));
}

// Whether a line from a pipe is a gap in the list: empty, or begins with #.
bool IsGap(const std::string& line) {
  const absl::string_view text = absl::StripAsciiWhitespace(line);
  return text.empty() || text.front() == '#';
}

// The number that a line begins with; empty: it has none.
std::string SlipIn(const std::string& line) {
  const std::vector<std::string> words = absl::StrSplit(line, absl::ByAnyChar(" \t"), absl::SkipEmpty());
  return !words.empty() && IsSlipNumber(words.front()) ? words.front() : "";
}

// Whether `line` is what `refused` should have been. Slips without numbers are taken for the same.
bool IsSameSlip(const std::string& refused, const std::string& line) {
  const std::string before = SlipIn(refused);
  const std::string now = SlipIn(line);
  return before.empty() || now.empty() || before == now;
}

absl::Status Pile::Post(WaitingLine& line) {
  if (!line.resolved) {
    const absl::Status resolved = Resolve(line);
    if (IsNoAnswer(resolved)) CLI_RETURN_IF_ERROR(waiting_.Keep(line));
    CLI_RETURN_IF_ERROR(resolved);
  }
  CLI_RETURN_IF_ERROR(waiting_.Keep(line));
  CLI_ASSIGN_OR_RETURN(const SlipLine slip, ParseSlipLine(line.typed));
  session_.situation().slip = slip.slip;
  session_.situation().in_pile = true;
  const absl::StatusOr<v1::RecordExchangeResponse> response = PostRecord(session_, slip.slip, line.request);
  if (IsNoAnswer(response.status())) return response.status();
  waiting_.Forget(line);
  CLI_RETURN_IF_ERROR(response.status());
  Show(*response, slip);
  return absl::OkStatus();
}

void Pile::Show(const v1::RecordExchangeResponse& response, const SlipLine& line) {
  const std::string& slip = line.slip;
  const v1::Exchange& exchange = response.exchange();
  session_.directory().LookUp(exchange);
  Console& console = session_.console();
  if (session_.AsJson()) {
    console.out << ToJson(response, /*pretty=*/false) << '\n';
  } else if (session_.options().output == "csv") {
    const std::string csv = ExchangeTable({exchange}, session_.directory()).ForSpreadsheets();
    console.out << (heading_shown_ ? csv.substr(csv.find('\n') + 1) : csv);
    heading_shown_ = true;
  } else {
    console.out << ExchangeLine(exchange, session_.directory(), Today()) << '\n';
  }
  console.out << std::flush;
  ShowNotices(session_, response.notices(), exchange, /*posted=*/true);
  if (response.replayed()) {
    ++already_;
    session_.Tell(slip.empty() ? Fill(T("This had been entered already as $0; nothing new was recorded."),
                                      NumberOf(exchange))
                               : Fill(T("Slip $0 had been entered already as $1; nothing new was recorded."),
                                      slip, NumberOf(exchange)));
    return;
  }
  TellIfLong(exchange);
  TellDecimals(session_, line.sentence, NumberOf(exchange));
  entered_.push_back({exchange.name(), exchange.occurred_on(), Given(exchange), NewLineId()});
  Total& total = totals_[exchange.occurred_on()];
  ++total.slips;
  total.seconds += Given(exchange);
}

void Pile::Fail(const std::string& line, const absl::Status& status) {
  left_.push_back(line);
  const std::string where =
      at_terminal() ? "" : absl::StrCat(Fill(T("line $0, $1"), line_number_, line), "\n  ");
  session_.Tell(absl::StrCat(where, OnErr(session_.console(), Style::kError, T("not entered:")), " ",
                             Explain(status, session_.situation())));
}

void Pile::Enter(const std::string& line) {
  WaitingLine waiting{.bank = bank_,
                      .as = as_,
                      .typed = line,
                      .day = day_,
                      .request_id = NewLineId(),
                      .request = {},
                      .path = {}};
  session_.situation().both_sides.clear();
  const absl::Status posted = Post(waiting);
  if (posted.ok()) return;
  if (IsNoAnswer(posted) && !waiting.path.empty()) {
    kept_.push_back(std::move(waiting));
    session_.Tell(T("No answer from the server. The line is kept, and will be posted once."));
    return;
  }
  Fail(line, posted);
}

void Pile::ChangeDay(const std::string& text) {
  const absl::StatusOr<std::string> day = ReadDay(session_, text);
  if (!day.ok()) {
    // From a pipe what follows would be entered for the wrong day.
    stopped_ = !at_terminal();
    return Fail(absl::StrCat("on ", text), day.status());
  }
  day_ = *day;
  session_.Tell(Fill(T("The next slips are of $0."), FormatIsoDay(day_, Today())));
}

void Pile::Undo(const std::string& number) {
  const auto wanted = std::find_if(entered_.rbegin(), entered_.rend(), [&number](const Entered& entered) {
    return number.empty() || client::IdOf(entered.name) == number;
  });
  if (wanted == entered_.rend()) {
    session_.Tell(number.empty() ? T("Nothing has been entered here that could be undone.")
                                 : Fill(T("$0 was not entered here: timebank undo $0"), number));
    return;
  }
  v1::ReverseExchangeRequest request;
  request.set_name(wanted->name);
  request.set_request_id(wanted->undo_id);
  const auto response = session_.client().ReverseExchange(std::move(request));
  if (!response.ok()) {
    session_.Tell(IsNoAnswer(response.status())
                      ? T("No answer from the server. Type undo again; it happens once.")
                      : Explain(response.status(), session_.situation()));
    return;
  }
  session_.directory().LookUp(response->reversed());
  session_.Tell(Fill(T("Undone by $0: $1"), NumberOf(response->exchange()),
                     ExchangeLine(response->reversed(), session_.directory(), Today())));
  Total& total = totals_[wanted->day];
  --total.slips;
  total.seconds -= wanted->seconds;
  long_.erase(std::remove_if(long_.begin(), long_.end(),
                             [&wanted](const v1::Exchange& entry) { return entry.name() == wanted->name; }),
              long_.end());
  entered_.erase(std::next(wanted).base());
}

Pile::Was Pile::Take(const std::string& line) {
  const std::vector<std::string> words = absl::StrSplit(line, absl::ByAnyChar(" \t"), absl::SkipEmpty());
  if (at_terminal() && words.empty()) return Was::kEnd;
  if (!at_terminal() && IsGap(line)) return Was::kGap;
  if (words.front() == "?" || (words.size() == 1 && absl::EqualsIgnoreCase(words.front(), "help"))) {
    session_.console().err << T(kHelp);
  } else if (IsWord(words.front(), kUndo) && words.size() <= 2) {
    Undo(words.size() == 2 ? words[1] : "");
  } else if (IsWord(words.front(), kOn) && words.size() > 1) {
    ChangeDay(absl::StrJoin(words.begin() + 1, words.end(), " "));
  } else {
    Enter(absl::StrJoin(words, " "));
    return Was::kSlip;
  }
  return Was::kCommand;
}

void Pile::Deliver(std::vector<WaitingLine> lines) {
  for (WaitingLine& line : lines) {
    const absl::Status posted = Post(line);
    if (posted.ok()) continue;
    if (IsNoAnswer(posted)) return;
    // At a terminal it stands in the next prompt; elsewhere it stays where it is.
    if (at_terminal()) waiting_.Forget(line);
    Fail(line.typed, posted);
  }
}

void Pile::OfferWaiting(bool deliver) {
  std::vector<WaitingLine> lines = waiting_.Of(bank_, as_);
  if (lines.empty()) return;
  session_.Tell(Fill(Tn("$0 line from before could not be delivered:",
                        "$0 lines from before could not be delivered:", static_cast<int64_t>(lines.size())),
                     lines.size()));
  for (const WaitingLine& line : lines)
    session_.Tell(absl::StrCat("  ", line.typed, "  (", FormatIsoDay(line.day, Today()), ")"));
  if (deliver) return Deliver(std::move(lines));
  if (!at_terminal()) {
    session_.Tell(T("They stay where they are; timebank day --deliver posts them."));
    return;
  }
  const auto answer = AskUntil(
      session_.console(), T("Post them now? [y: post, n: keep, d: throw away]"), T("Type y, n or d."),
      [](const std::string& typed) { return typed == "y" || typed == "n" || typed == "d"; });
  if (answer == "y") return Deliver(std::move(lines));
  if (answer == "d") {
    for (const WaitingLine& line : lines) waiting_.Forget(line);
  }
}

absl::Status Pile::Summary() {
  Deliver(std::exchange(kept_, {}));
  for (const auto& [day, total] : totals_) {
    if (total.slips == 0) continue;
    session_.Tell(WithColon(FormatIsoDay(day, Today()), SlipsAndHours(total)));
  }
  if (already_ > 0)
    session_.Tell(Fill(Tn("$0 slip had been entered already", "$0 slips had been entered already", already_),
                       already_));
  if (!long_.empty()) {
    session_.Tell(Fill(
        Tn("$0 entry is of more than 12 hours. Is it not minutes?",
           "$0 entries are of more than 12 hours. Are they not minutes?", static_cast<int64_t>(long_.size())),
        long_.size()));
    for (const v1::Exchange& exchange : long_)
      session_.Tell(absl::StrCat("  ", ExchangeLine(exchange, session_.directory(), Today())));
  }
  const size_t waiting = waiting_.Of(bank_, as_).size();
  if (waiting > 0) {
    session_.Tell(Fill(Tn("$0 line could not be delivered, and will be offered again: timebank day",
                          "$0 lines could not be delivered, and will be offered again: timebank day",
                          static_cast<int64_t>(waiting)),
                       waiting));
  }
  if (totals_.empty() && already_ == 0 && waiting == 0 && left_.empty())
    session_.Tell(T("Nothing was entered."));
  if (left_.empty() && waiting == 0) return absl::OkStatus();
  if (left_.empty()) return IncompleteError(T("Not everything is in the ledger yet."));
  return IncompleteError(absl::StrCat(
      Fill(Tn("$0 line was not entered:", "$0 lines were not entered:", static_cast<int64_t>(left_.size())),
           left_.size()),
      "\n  ", absl::StrJoin(left_, "\n  ")));
}

absl::Status Pile::Run(bool deliver) {
  OfferWaiting(deliver);
  if (at_terminal())
    session_.Tell(T("A line for each slip: 231 ben ana 1h30 gardening. ? tells more, an empty line ends."));
  LineRequest request;
  request.complete = [this](const std::string& before) { return CompleteName(before); };
  bool refused = !left_.empty();
  for (;;) {
    request.prompt = Prompt();
    // What was just not taken stands there again, unless more lines have been pasted behind it.
    const Console& console = session_.console();
    const bool mending = console.read_line && refused && !IsTypedAhead(console);
    request.prefill = mending ? left_.back() : "";
    if (mending)
      session_.Tell(
          T("The line stands in the prompt: mend it, or empty it with Ctrl-U before the next slip."));
    const std::optional<std::string> line = ReadLine(session_.console(), request);
    if (!line.has_value()) break;
    if (console.read_line && *line == kInterruptedLine) {
      const absl::Status summary = Summary();
      return InterruptedError(summary.ok() ? T("Ended by Ctrl-C.") : std::string(summary.message()));
    }
    ++line_number_;
    const size_t left = left_.size();
    const Was was = Take(*line);
    if (was == Was::kEnd) break;
    if (stopped_) {
      LeaveTheRest();
      break;
    }
    refused = left_.size() > left;
    // Another slip in its place leaves it for the end.
    if (mending && was == Was::kSlip && IsSameSlip(left_[left - 1], *line)) {
      left_.erase(left_.begin() + static_cast<std::ptrdiff_t>(left) - 1);
    }
  }
  return Summary();
}

// Nothing that stands in the pile is passed over in silence.
void Pile::LeaveTheRest() {
  session_.Tell(
      Fill(T("Stopped at line $0: what follows would be entered for the wrong day. Mend the line, and give "
             "the rest again; a slip with a number is never entered twice."),
           line_number_));
  const LineRequest request;
  while (const std::optional<std::string> line = ReadLine(session_.console(), request)) {
    if (!IsGap(*line)) left_.emplace_back(absl::StripAsciiWhitespace(*line));
  }
}

absl::Status Day(Session& session, const DayOptions& options) {
  CLI_ASSIGN_OR_RETURN(const std::string bank, session.Bank());
  CLI_ASSIGN_OR_RETURN(const absl::CivilDay today, session.Today());
  CLI_ASSIGN_OR_RETURN(std::string day, ReadDay(session, options.on));
  if (day.empty()) day = IsoDay(today);
  CLI_ASSIGN_OR_RETURN(std::filesystem::path folder, WaitingFolder(session.variables()));
  std::string as = session.context().as;
  if (const std::string& member = session.options().member; !member.empty())
    absl::StrAppend(&as, " as ", member);
  Pile pile(session, WaitingLines(std::move(folder)), bank, std::move(as), std::move(day));
  return pile.Run(options.deliver);
}

}  // namespace

void AddDayCommand(Command root) {
  auto options = std::make_shared<DayOptions>();
  root.Sub("day", T("Type a pile of paper slips, a line each: 231 ben ana 1h30 gardening"),
           absl::StrCat(
               "  timebank day --on 14/11\n  timebank day --on 14/11 < slips.txt\n\n", T(kHelp),
               T("From a pipe empty lines and lines that begin with # are passed over. The exit code is 5 "
                 "where a line was\nnot entered.\n"
                 "A line that could not be delivered is kept on this machine, offered at the next start, and "
                 "posted once.")))
      .Under(T("Recording"))
      .Option("--on", options->on, Later("DAY"), T("Day of the slips; today when left out"))
      .Flag("--deliver", options->deliver, T("Post what could not be delivered before, without asking"))
      .Does([options](Session& session) { return Day(session, *options); });
}

}  // namespace timebank::cli
