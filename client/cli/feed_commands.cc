// events, watch: everything that happens in a bank.
#include <pthread.h>
#include <signal.h>

#include <cstdint>
#include <ctime>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/cli/commands.h"
#include "client/cli/exchange_words.h"
#include "client/cli/members_table.h"
#include "client/cli/session.h"
#include "client/cli/status_macros.h"
#include "client/cli/translate.h"
#include "client/cli/words.h"
#include "client/cpp/names.h"

namespace timebank::cli {
namespace {

// ---- Words for an event
// --------------------------------------------------------------------------------------------

// `sentence`: in whose places who said it and the number of the entry stand.
std::string WordSentence(const v1::LedgerEvent::Word& word, const char* sentence,
                         const Directory& directory) {
  std::string who = directory.Name(word.actor());
  // Translators: who did something, and on whose behalf.
  if (!word.acting_for().empty()) who = Fill(T("$0 for $1"), who, directory.Name(word.acting_for()));
  return WithColon(Fill(sentence, who, NumberOf(word.exchange())), OneLine(word.reason()));
}

const char* SettlementSentence(v1::SettleExchangeRequest::Outcome outcome) {
  switch (outcome) {
    case v1::SettleExchangeRequest::OUTCOME_REVERSED:
      return T("$0 settled (reversed) $1");
    case v1::SettleExchangeRequest::OUTCOME_CORRECTED:
      return T("$0 settled (corrected) $1");
    default:
      return T("$0 settled (stands) $1");
  }
}

// What happened and who did it, both short enough for a line.
struct EventWords {
  std::string what;
  std::string detail;
};

EventWords WordsFor(const v1::LedgerEvent& event, const Directory& directory) {
  switch (event.event_case()) {
    case v1::LedgerEvent::kExchange: {
      const std::string length = Length(event.exchange());
      return {KindWord(event.exchange().kind()),
              absl::StrCat(event.exchange().occurred_on(), "  ", Deed(event.exchange(), directory),
                           length.empty() ? "" : "  ", length)};
    }
    case v1::LedgerEvent::kContest:
      return {T("contest"), WordSentence(event.contest(), T("$0 contested $1"), directory)};
    case v1::LedgerEvent::kSettlement:
      return {T("settlement"),
              WordSentence(event.settlement(), SettlementSentence(event.settlement().outcome()), directory)};
    case v1::LedgerEvent::kConfirmation:
      return {T("confirmation"), WordSentence(event.confirmation(), T("$0 confirmed $1"), directory)};
    case v1::LedgerEvent::kNoteErasure:
      return {T("note erased"), WordSentence(event.note_erasure(), T("$0 erased the note of $1"), directory)};
    case v1::LedgerEvent::kMember:
      return {T("member"), absl::StrCat(event.member().number(), "  ", OneLine(DisplayName(event.member())),
                                        ", ", StateWord(event.member().state()))};
    case v1::LedgerEvent::kCircle:
      return {T("circle"), absl::StrCat(ShortName(event.circle().name()), "  ",
                                        Fill(Tn("$0 member", "$0 members", event.circle().members_size()),
                                             event.circle().members_size()))};
    case v1::LedgerEvent::kSettings: {
      const std::string fields = absl::StrJoin(event.settings().changed_fields(), " ");
      const std::string actor = ShortName(event.settings().actor());
      // Translators: $0 is who did it, $1 the names of settings.
      return {T("settings"), fields.empty() ? Fill(T("$0 opened the bank"), actor)
                                            : Fill(T("$0 changed $1"), actor, fields)};
    }
    case v1::LedgerEvent::kActingFor: {
      const v1::ActingForChange& change = event.acting_for();
      // Translators: $0 is who says so, $1 who acts, $2 for whom.
      return {T("acting for"),
              Fill(change.revoked() ? T("$0: $1 may no longer act for $2") : T("$0 lets $1 act for $2"),
                   directory.Name(change.actor()), directory.Name(change.grant().agent()),
                   directory.Name(change.grant().member()))};
    }
    case v1::LedgerEvent::kRefusal:
      return {T("refusal"), WithColon(ShortName(event.refusal().actor()), event.refusal().reason())};
    default:
      return {T("unknown"), T("this program is older than the server")};
  }
}

// Whose names an event needs.
std::vector<std::string> HoldersOf(const v1::LedgerEvent& event) {
  switch (event.event_case()) {
    case v1::LedgerEvent::kExchange:
      return Directory::HoldersOf(event.exchange());
    case v1::LedgerEvent::kContest:
      return {event.contest().actor(), event.contest().acting_for()};
    case v1::LedgerEvent::kSettlement:
      return {event.settlement().actor(), event.settlement().acting_for()};
    case v1::LedgerEvent::kConfirmation:
      return {event.confirmation().actor(), event.confirmation().acting_for()};
    case v1::LedgerEvent::kNoteErasure:
      return {event.note_erasure().actor(), event.note_erasure().acting_for()};
    case v1::LedgerEvent::kActingFor:
      return {event.acting_for().actor(), event.acting_for().grant().agent(),
              event.acting_for().grant().member()};
    default:
      return {};
  }
}

template <typename Events>
Table EventTable(Session& session, const Events& events) {
  std::vector<std::string> holders;
  for (const v1::LedgerEvent& event : events) {
    const std::vector<std::string> more = HoldersOf(event);
    holders.insert(holders.end(), more.begin(), more.end());
  }
  session.directory().LookUp(holders);
  Table table({{"sequence", Later("Number"), ColumnKind::kNumber},
               {"time", Later("Recorded"), ColumnKind::kText},
               {"what", Later("What"), ColumnKind::kText},
               {"detail", Later("Detail"), ColumnKind::kText},
               {"position", Later("Position"), ColumnKind::kText, true}});
  for (const v1::LedgerEvent& event : events) {
    const auto words = [&] { return WordsFor(event, session.directory()); };
    table.AddRow({Number(event.sequence()), Text(Moment(event.record_time())),
                  Said([&] { return words().what; }), Said([&] { return words().detail; }),
                  Text(event.position())});
  }
  return table;
}

// ---- events
// --------------------------------------------------------------------------------------------------------

struct EventsOptions {
  std::string after;
  int64_t count = 100;
};

absl::Status Events(Session& session, const EventsOptions& options) {
  v1::ListEventsRequest request;
  CLI_ASSIGN_OR_RETURN(*request.mutable_parent(), session.Bank());
  request.set_after_position(options.after);
  std::vector<v1::LedgerEvent> events;
  bool more = false;
  for (absl::StatusOr<v1::LedgerEvent>& event : session.client().ListEvents(std::move(request))) {
    if (!event.ok()) return event.status();
    more = options.count != 0 && static_cast<int64_t>(events.size()) == options.count;
    if (more) break;
    events.push_back(*std::move(event));
  }
  CLI_RETURN_IF_ERROR(session.ShowList(EventTable(session, events), events));
  if (more)
    session.Tell(Fill(T("There are more. Go on: timebank events --after $0"), events.back().position()));
  return absl::OkStatus();
}

// ---- watch
// ---------------------------------------------------------------------------------------------------------

// While it lives, Ctrl-C and SIGTERM ask for a stop instead of ending the process: lines are never cut in
// two. Made before the first thread of gRPC, so that every thread leaves the signals to this one's.
class StopOnSignal {
 public:
  StopOnSignal() {
    sigemptyset(&signals_);
    sigaddset(&signals_, SIGINT);
    sigaddset(&signals_, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals_, &before_);
    waiter_ = std::jthread([this](const std::stop_token& done) {
      const timespec pause{.tv_sec = 0, .tv_nsec = 200'000'000};
      while (!done.stop_requested()) {
        if (sigtimedwait(&signals_, nullptr, &pause) > 0) stop_.request_stop();
      }
    });
  }
  ~StopOnSignal() {
    waiter_.request_stop();
    waiter_.join();
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  StopOnSignal(const StopOnSignal&) = delete;
  StopOnSignal& operator=(const StopOnSignal&) = delete;

  std::stop_token token() const { return stop_.get_token(); }

 private:
  sigset_t signals_{};
  sigset_t before_{};
  std::stop_source stop_;
  std::jthread waiter_;
};

struct WatchOptions {
  std::string after;
  bool from_start = false;
};

// One event, one line: JSON, a CSV row, or words.
void PrintEvent(Session& session, const v1::LedgerEvent& event) {
  Console& console = session.console();
  if (session.AsJson()) {
    console.out << ToJson(event, /*pretty=*/false) << '\n';
    return;
  }
  if (session.AsCsv()) {
    const std::string csv = EventTable(session, std::vector<v1::LedgerEvent>{event}).ForSpreadsheets();
    console.out << csv.substr(csv.find('\n') + 1);
    return;
  }
  session.directory().LookUp(HoldersOf(event));
  const EventWords words = WordsFor(event, session.directory());
  console.out << event.sequence() << "  " << Moment(event.record_time()) << "  " << words.what << "  "
              << words.detail << '\n';
}

absl::Status Watch(Session& session, const WatchOptions& options) {
  const StopOnSignal signals;
  v1::WatchLedgerRequest request;
  CLI_ASSIGN_OR_RETURN(*request.mutable_parent(), session.Bank());
  request.set_after_position(options.after);
  if (options.after.empty() && !options.from_start) {
    CLI_ASSIGN_OR_RETURN(const v1::Timebank bank, session.Timebank());
    request.set_after_position(bank.position());
  }
  if (session.AsCsv())
    session.console().out << EventTable(session, std::vector<v1::LedgerEvent>{}).ForSpreadsheets()
                          << std::flush;
  session.Tell(T("Watching; Ctrl-C ends it."));
  std::string position = request.after_position();
  const auto show = [&session, &position](const v1::WatchLedgerResponse& message) {
    for (const v1::LedgerEvent& event : message.events()) {
      PrintEvent(session, event);
      session.situation().last_event = absl::StrCat(event.sequence());
    }
    position = message.position();
    return static_cast<bool>(session.console().out << std::flush);
  };
  absl::Status ended = session.client().Watch(std::move(request), show, signals.token());
  const bool stopped = absl::IsCancelled(ended) && signals.token().stop_requested();
  if (ended.ok() || stopped) {
    session.Tell(Fill(T("Go on from here: timebank watch --after $0"), position));
    return absl::OkStatus();
  }
  return ended;
}

}  // namespace

void AddFeedCommands(Command root) {
  const char* const heading = T("Following");
  auto events = std::make_shared<EventsOptions>();
  root.Sub("events", T("Everything that happened in the bank, in order"),
           "  timebank events -n 0 -o json > events.json\n  timebank events --after POSITION")
      .Under(heading)
      .Option("--after", events->after, Later("POSITION"),
              T("Only what came after this position; from the beginning when left out"))
      .Option("-n,--count", events->count, Later("COUNT"), T("How many at most; 0: all (100)"))
      .Does([events](Session& session) { return Events(session, *events); });

  auto watch = std::make_shared<WatchOptions>();
  root.Sub("watch", T("Everything that happens in the bank, as it happens, until Ctrl-C"),
           "  timebank watch\n  timebank watch --from-start -o json")
      .Under(heading)
      .Option("--after", watch->after, Later("POSITION"), T("Begin behind this position; now when left out"))
      .Flag("--from-start", watch->from_start, T("Begin with the first event"))
      .Does([watch](Session& session) { return Watch(session, *watch); });
}

}  // namespace timebank::cli
