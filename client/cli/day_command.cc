// day: a pile of paper slips, a line each.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
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
#include "client/cli/unlikely_hours.h"
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
An empty line or Ctrl-D ends it. Tab completes names. Up brings back a line that was not taken, to be mended.
The end tells which slips were not entered.
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

// A line that was not taken.
struct Refused {
  std::string typed;
  // The ISO day that it would have been entered for; empty: none.
  std::string day;
};

// What the givers gave together.
int64_t Given(const v1::Exchange& exchange) {
  int64_t seconds = 0;
  for (const v1::Share& giver : exchange.givers())
    seconds += giver.has_seconds() ? giver.seconds() : exchange.seconds();
  return seconds;
}

bool IsNoAnswer(const absl::Status& status) { return ExitCodeOf(status) == ExitCode::kUnreachable; }

// Whether the server has judged what the line says, so that it was not posted before under the same id. A key
// that opens nothing, or a server that has too much to do, says nothing of that.
bool IsJudged(const absl::Status& status) {
  return absl::IsInvalidArgument(status) || absl::IsNotFound(status) || absl::IsAlreadyExists(status) ||
         absl::IsFailedPrecondition(status) || absl::IsOutOfRange(status);
}

// Whether it may have been posted for all that the answer says: a proxy in between ended the call, for
// example.
bool MayBePosted(const absl::Status& status) {
  return absl::IsInternal(status) || absl::IsUnknown(status) || absl::IsDataLoss(status) ||
         absl::IsAborted(status) || absl::IsResourceExhausted(status);
}

class Pile {
 public:
  Pile(Session& session, WaitingLines waiting, std::string bank, std::string as, std::string day)
      : session_(session),
        waiting_(std::move(waiting)),
        bank_(std::move(bank)),
        as_(std::move(as)),
        day_(std::move(day)) {
    session_.console().no_answer = [this](const std::string& typed) { KeepForTheEnd(typed); };
  }
  ~Pile() { session_.console().no_answer = {}; }
  Pile(const Pile&) = delete;
  Pile& operator=(const Pile&) = delete;

  absl::Status Run(bool deliver);

 private:
  bool at_terminal() const { return CanAsk(session_.console()); }
  // The bank's today: the session knows it since before the pile was begun.
  absl::CivilDay Today() const { return session_.Today().value_or(absl::CivilDay()); }
  std::string Prompt() const;
  std::vector<Completion> CompleteName(const std::string& before);
  // One line as typed. Whether more may follow.
  bool Take(const std::string& line);
  void Enter(const std::string& line);
  // Sends it, and keeps it where no answer comes.
  absl::Status Post(WaitingLine& line);
  absl::Status Resolve(WaitingLine& line);
  void Show(const v1::RecordExchangeResponse& response, const SlipLine& slip);
  // Whether the other entry that `notice` names came from a slip of another number.
  bool IsOfAnotherSlip(const v1::Notice& notice, const std::string& slip);
  void Fail(const Refused& refused, const absl::Status& status);
  void TellNotEntered(const absl::Status& status);
  // Takes off the list what `line`, which was entered, should have been. `before`: what was refused just now.
  void TakeOffTheList(const std::string& line, const std::string& before);
  template <typename Fits>
  void TakeOffTheListIf(Fits fits) {
    left_.erase(std::remove_if(left_.begin(), left_.end(), fits), left_.end());
  }
  std::string TheList() const;
  // A slip that was typed where a question stood: it is not lost.
  void KeepForTheEnd(const std::string& typed);
  void ChangeDay(const std::string& text);
  void Undo(const std::string& number);
  // `15 ana ben 1h tea  (Sun 22 Nov)`.
  std::string WithDay(const WaitingLine& line) const;
  // Those of an earlier run.
  void OfferWaiting(bool deliver);
  // Each stays kept until it is posted or given up. `mend`: what fails can be typed anew.
  void Deliver(std::vector<WaitingLine> lines, bool mend);
  // Asks for `line` anew, for its own day. Whether the next one may follow.
  bool Mend(const WaitingLine& line);
  bool PostMended(const WaitingLine& line, const std::string& typed, bool& done);
  void LeaveTheRest();
  void TellStillKept();
  absl::Status Summary();
  absl::Status Interrupted();

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
  std::vector<Refused> left_;
  // The one of them that was typed just now; empty: none.
  bool replayed_ = false;  // what was posted last had been entered before
  std::string just_refused_;
  // Lines for Up that were not typed at the prompt.
  std::vector<std::string> recall_;
  // Entered from a pipe with more than 12 hours.
  std::vector<v1::Exchange> long_;
  // Kept in this run, to be sent once more at its end.
  std::vector<WaitingLine> kept_;
  bool heading_shown_ = false;
  bool recall_told_ = false;
  bool stopped_ = false;
  // Ctrl-C, or the end of what is typed, while kept lines were mended.
  bool interrupted_ = false;
  bool ended_ = false;
};

// The sums are those of the day in front of them, as the end tells them.
std::string Pile::Prompt() const {
  const auto total = totals_.find(day_);
  const bool any = total != totals_.end() && total->second.slips > 0;
  return absl::StrCat(FormatIsoDay(day_, Today()), any ? "  " : "", any ? SlipsAndHours(total->second) : "",
                      "> ");
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
  if (slip.slip.empty()) line.request.set_request_id(line.request_id);
  line.resolved = true;
  return absl::OkStatus();
}

// Whether a line from a pipe is a gap in the list: empty, or begins with #.
bool IsGap(const std::string& line) {
  const absl::string_view text = absl::StripAsciiWhitespace(line);
  return text.empty() || text.front() == '#';
}

std::vector<std::string> WordsOf(const std::string& line) {
  return absl::StrSplit(line, absl::ByAnyChar(" \t"), absl::SkipEmpty());
}

// The number that a line begins with; empty: it has none.
std::string SlipIn(const std::string& line) {
  const std::vector<std::string> words = WordsOf(line);
  return !words.empty() && IsSlipNumber(words.front()) ? words.front() : "";
}

// The line without its number, or the dash for none.
std::string WithoutNumber(const std::string& line) {
  const std::vector<std::string> words = WordsOf(line);
  const bool numbered = !words.empty() && (words.front() == "-" || IsSlipNumber(words.front()));
  return absl::StrJoin(words.begin() + (numbered ? 1 : 0), words.end(), " ");
}

// Whether `line` is what `refused` should have been: a slip of that number, or the same behind a number that
// was missing.
bool IsSameSlip(const std::string& refused, const std::string& line) {
  const std::string number = SlipIn(refused);
  return number.empty() ? WithoutNumber(refused) == WithoutNumber(line) : number == SlipIn(line);
}

// `on 15/11`.
bool IsDayLine(const std::string& typed) {
  const std::vector<std::string> words = WordsOf(typed);
  return words.size() >= 2 && IsWord(words.front(), kOn);
}

// Whether it was meant for the pile and not for the question that stood there.
bool IsSlipOrDay(const std::string& typed) {
  const std::vector<std::string> words = WordsOf(typed);
  if (IsDayLine(typed)) return true;
  return words.size() >= 3 && (words.front() == "-" || IsSlipNumber(words.front()));
}

absl::Status Pile::Post(WaitingLine& line) {
  session_.situation().both_sides.clear();
  if (!line.resolved) {
    const absl::Status resolved = Resolve(line);
    if (IsNoAnswer(resolved)) CLI_RETURN_IF_ERROR(waiting_.Keep(line));
    CLI_RETURN_IF_ERROR(resolved);
  }
  CLI_RETURN_IF_ERROR(waiting_.Keep(line));
  CLI_ASSIGN_OR_RETURN(const SlipLine slip, ParseSlipLine(line.typed));
  session_.situation().slip = slip.slip;
  session_.situation().in_pile = true;
  CLI_ASSIGN_OR_RETURN(const v1::RecordExchangeResponse response,
                       PostRecord(session_, slip.slip, line.request));
  waiting_.Forget(line);
  replayed_ = response.replayed();
  Show(response, slip);
  return absl::OkStatus();
}

bool Pile::IsOfAnotherSlip(const v1::Notice& notice, const std::string& slip) {
  if (slip.empty() || notice.kind() != v1::Notice::KIND_POSSIBLE_DUPLICATE) return false;
  v1::GetExchangeRequest request;
  request.set_name(notice.exchange());
  const auto other = session_.client().GetExchange(std::move(request));
  if (!other.ok()) return false;
  const auto& tags = other->exchange().tags();
  const std::string any = SlipTag("");
  return std::any_of(tags.begin(), tags.end(),
                     [&any](const std::string& tag) { return absl::StartsWith(tag, any); }) &&
         std::find(tags.begin(), tags.end(), SlipTag(slip)) == tags.end();
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
  std::vector<v1::Notice> notices;
  for (const v1::Notice& notice : response.notices()) {
    if (!IsOfAnotherSlip(notice, slip)) notices.push_back(notice);
  }
  ShowNotices(session_, notices, exchange, /*posted=*/true);
  if (response.replayed()) {
    ++already_;
    session_.Tell(slip.empty() ? Fill(T("This had been entered already as $0; nothing new was recorded."),
                                      NumberOf(exchange))
                               : Fill(T("Slip $0 had been entered already as $1; nothing new was recorded."),
                                      slip, NumberOf(exchange)));
    return;
  }
  if (TellIfLong(session_, exchange)) long_.push_back(exchange);
  TellDecimals(session_, line.sentence, NumberOf(exchange));
  entered_.push_back({exchange.name(), exchange.occurred_on(), Given(exchange), NewLineId()});
  Total& total = totals_[exchange.occurred_on()];
  ++total.slips;
  total.seconds += Given(exchange);
}

void Pile::TellNotEntered(const absl::Status& status) {
  session_.Tell(absl::StrCat(OnErr(session_.console(), Style::kError, T("not entered:")), " ",
                             Explain(status, session_.situation())));
}

void Pile::Fail(const Refused& refused, const absl::Status& status) {
  const std::string& line = refused.typed;
  if (!at_terminal()) {
    left_.push_back(refused);
    session_.console().err << Fill(T("line $0, $1"), line_number_, line) << "\n  ";
    return TellNotEntered(status);
  }
  // Typed anew and refused anew it is still one slip.
  TakeOffTheListIf([&line](const Refused& other) { return IsSameSlip(other.typed, line); });
  left_.push_back(refused);
  TellNotEntered(status);
  if (session_.console().read_line && !std::exchange(recall_told_, true))
    session_.Tell(T("Up brings the line back, to be mended. What is not entered is told at the end."));
}

void Pile::TakeOffTheList(const std::string& line, const std::string& before) {
  if (!at_terminal()) return;
  TakeOffTheListIf([&line](const Refused& other) { return IsSameSlip(other.typed, line); });
  const auto refused = std::find_if(left_.begin(), left_.end(),
                                    [&before](const Refused& other) { return other.typed == before; });
  // Without a number, or behind another one, nobody else knows.
  const bool may_be = SlipIn(before).empty() || WithoutNumber(before) == WithoutNumber(line);
  if (refused == left_.end() || !may_be || IsTypedAhead(session_.console())) return;
  if (AskYesOrNo(session_, Fill(T("Was that \"$0\", mended?"), before)) == true) left_.erase(refused);
}

void Pile::KeepForTheEnd(const std::string& typed) {
  if (!IsSlipOrDay(typed)) return;
  session_.Tell(Fill(T("\"$0\" is no answer, and is not entered: it stands in the list at the end."), typed));
  left_.push_back({typed, IsDayLine(typed) ? "" : day_});
  recall_.push_back(typed);
}

// The lines that were not entered, each with its day where there are several days.
std::string Pile::TheList() const {
  std::set<std::string> days = {day_};
  for (const Refused& refused : left_) days.insert(refused.day.empty() ? day_ : refused.day);
  std::string list;
  for (const Refused& refused : left_) {
    const bool with_day = days.size() > 1 && !refused.day.empty();
    absl::StrAppend(&list, "\n  ", refused.typed,
                    with_day ? absl::StrCat("  (", FormatIsoDay(refused.day, Today()), ")") : "");
  }
  return list;
}

void Pile::Enter(const std::string& line) {
  const std::string before = std::exchange(just_refused_, "");
  WaitingLine waiting{.bank = bank_,
                      .as = as_,
                      .typed = line,
                      .day = day_,
                      .request_id = NewLineId(),
                      .request = {},
                      .path = {}};
  const absl::Status posted = Post(waiting);
  if (posted.ok()) {
    // What had been entered already mends nothing.
    if (!replayed_) TakeOffTheList(line, before);
    return;
  }
  if ((IsNoAnswer(posted) || MayBePosted(posted)) && !waiting.path.empty()) {
    kept_.push_back(std::move(waiting));
    if (!IsNoAnswer(posted)) session_.Tell(Explain(posted, session_.situation()));
    session_.Tell(IsNoAnswer(posted)
                      ? T("No answer from the server. The line is kept, and will be posted once.")
                      : T("Whether it was posted is not known. The line is kept, and will be posted once."));
    return TakeOffTheList(line, before);
  }
  waiting_.Forget(waiting);
  just_refused_ = line;
  Fail({line, day_}, posted);
}

void Pile::ChangeDay(const std::string& text) {
  const absl::StatusOr<std::string> day = ReadDay(session_, text);
  if (!day.ok()) {
    // From a pipe what follows would be entered for the wrong day.
    stopped_ = !at_terminal();
    return Fail({absl::StrCat("on ", text), ""}, day.status());
  }
  day_ = *day;
  if (at_terminal()) TakeOffTheListIf([](const Refused& refused) { return IsDayLine(refused.typed); });
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

bool Pile::Take(const std::string& line) {
  const std::vector<std::string> words = WordsOf(line);
  if (at_terminal() && words.empty()) return false;
  if (!at_terminal() && IsGap(line)) return true;
  if (words.front() == "?" || (words.size() == 1 && absl::EqualsIgnoreCase(words.front(), "help"))) {
    session_.console().err << T(kHelp);
  } else if (IsWord(words.front(), kUndo) && words.size() <= 2) {
    Undo(words.size() == 2 ? words[1] : "");
  } else if (IsWord(words.front(), kOn) && words.size() > 1) {
    ChangeDay(absl::StrJoin(words.begin() + 1, words.end(), " "));
  } else {
    Enter(absl::StrJoin(words, " "));
  }
  return true;
}

std::string Pile::WithDay(const WaitingLine& line) const {
  return absl::StrCat("  ", line.typed, "  (", FormatIsoDay(line.day, Today()), ")");
}

void Pile::Deliver(std::vector<WaitingLine> lines, bool mend) {
  for (WaitingLine& line : lines) {
    // Questions may follow, and are of that line.
    if (at_terminal()) session_.Tell(WithDay(line));
    const absl::Status posted = Post(line);
    if (posted.ok()) continue;
    if (!at_terminal()) session_.Tell(WithDay(line));
    TellNotEntered(posted);
    if (IsNoAnswer(posted)) return;
    // What nobody has judged was perhaps posted before, and must not change.
    if (mend && (!line.resolved || IsJudged(posted)) && !Mend(line)) return;
  }
}

bool Pile::Mend(const WaitingLine& line) {
  const std::string day = FormatIsoDay(line.day, Today());
  session_.Tell(Fill(T("The line is kept. Type it anew for $0; d throws it away, an empty line keeps it for "
                       "the next time."),
                     day));
  LineRequest request;
  request.complete = [this](const std::string& before) { return CompleteName(before); };
  // Translators: a prompt; $0 is the day of a line that was kept.
  request.prompt = absl::StrCat(Fill(T("$0, kept line"), day), "> ");
  request.recall = {line.typed};
  for (bool done = false; !done;) {
    const std::optional<std::string> typed = ReadLine(session_.console(), request);
    ended_ = !typed.has_value();
    interrupted_ = session_.console().read_line && typed == kInterruptedLine;
    if (ended_ || interrupted_) return false;
    request.recall = std::exchange(recall_, {});
    const absl::string_view stripped = absl::StripAsciiWhitespace(*typed);
    if (stripped.empty()) return true;
    if (stripped == "d") {
      waiting_.Forget(line);
      session_.Tell(T("Thrown away."));
      return true;
    }
    if (!PostMended(line, std::string(stripped), done)) return false;
  }
  return true;
}

// What is typed in the place of a kept line is posted for its day. `done`: it was. False: no answer came.
bool Pile::PostMended(const WaitingLine& line, const std::string& typed, bool& done) {
  // A line without a number may be the kept one with a number that was wrong.
  if (!SlipIn(typed).empty() && SlipIn(typed) != SlipIn(line.typed)) {
    session_.Tell(Fill(T("Here stands another slip: $0. Where its number is wrong, write - instead of it."),
                       line.typed));
    KeepForTheEnd(typed);
    return true;
  }
  WaitingLine mended = line;
  mended.typed = typed;
  mended.request.Clear();
  mended.resolved = false;
  // Under the old one nothing was posted, and a refusal may be kept.
  mended.request_id = NewLineId();
  const absl::Status posted = Post(mended);
  done = posted.ok();
  if (!done) TellNotEntered(posted);
  // What nobody has judged was perhaps posted, and must not change.
  return !IsNoAnswer(posted) && (posted.ok() || !mended.resolved || IsJudged(posted));
}

void Pile::OfferWaiting(bool deliver) {
  std::vector<WaitingLine> lines = waiting_.Of(bank_, as_);
  if (lines.empty()) return;
  session_.Tell(Fill(Tn("$0 line from before could not be delivered:",
                        "$0 lines from before could not be delivered:", static_cast<int64_t>(lines.size())),
                     lines.size()));
  for (const WaitingLine& line : lines) session_.Tell(WithDay(line));
  if (deliver) return Deliver(std::move(lines), /*mend=*/at_terminal());
  if (!at_terminal()) {
    session_.Tell(T("They stay where they are; timebank day --deliver posts them."));
    return;
  }
  const auto answer = AskUntil(
      session_.console(), T("Post them now? [y: post, n: keep, d: throw away]"), T("Type y, n or d."),
      [](const std::string& typed) { return IsYes(typed) || IsNo(typed) || typed == "d"; });
  if (answer.has_value() && IsYes(*answer)) return Deliver(std::move(lines), /*mend=*/true);
  if (answer == "d") {
    for (const WaitingLine& line : lines) waiting_.Forget(line);
  }
}

void Pile::TellStillKept() {
  const std::vector<WaitingLine> lines = waiting_.Of(bank_, as_);
  if (lines.empty()) return;
  session_.Tell(
      Fill(Tn("$0 line is kept and not yet in the ledger. The next timebank day begins with it:",
              "$0 lines are kept and not yet in the ledger. The next timebank day begins with them:",
              static_cast<int64_t>(lines.size())),
           lines.size()));
  for (const WaitingLine& line : lines) session_.Tell(WithDay(line));
}

absl::Status Pile::Summary() {
  Deliver(std::exchange(kept_, {}), /*mend=*/false);
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
  TellStillKept();
  const size_t waiting = waiting_.Of(bank_, as_).size();
  if (totals_.empty() && already_ == 0 && waiting == 0 && left_.empty())
    session_.Tell(T("Nothing was entered."));
  if (left_.empty() && waiting == 0) return absl::OkStatus();
  if (left_.empty()) return IncompleteError(T("Not everything is in the ledger yet."));
  return IncompleteError(absl::StrCat(
      Fill(Tn("$0 line was not entered:", "$0 lines were not entered:", static_cast<int64_t>(left_.size())),
           left_.size()),
      TheList()));
}

absl::Status Pile::Interrupted() {
  const absl::Status summary = Summary();
  return InterruptedError(summary.ok() ? T("Ended by Ctrl-C.") : std::string(summary.message()));
}

absl::Status Pile::Run(bool deliver) {
  OfferWaiting(deliver);
  if (interrupted_) return Interrupted();
  if (ended_) return Summary();
  if (at_terminal())
    session_.Tell(T("A line for each slip: 231 ben ana 1h30 gardening. ? tells more, an empty line ends."));
  LineRequest request;
  request.complete = [this](const std::string& before) { return CompleteName(before); };
  for (;;) {
    request.prompt = Prompt();
    request.recall = std::exchange(recall_, {});
    const std::optional<std::string> line = ReadLine(session_.console(), request);
    if (!line.has_value()) break;
    if (session_.console().read_line && *line == kInterruptedLine) return Interrupted();
    ++line_number_;
    if (!Take(*line)) break;
    if (stopped_) {
      LeaveTheRest();
      break;
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
    if (!IsGap(*line)) left_.push_back({std::string(absl::StripAsciiWhitespace(*line)), ""});
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
