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
#include "client/cli/commands.h"
#include "client/cli/exchange_words.h"
#include "client/cli/members_table.h"
#include "client/cli/session.h"
#include "client/cli/status_macros.h"
#include "client/cli/words.h"
#include "client/cpp/names.h"

namespace timebank::cli {
namespace {

// ---- Words for an event
// --------------------------------------------------------------------------------------------

std::string WordSentence(const v1::LedgerEvent::Word& word, const std::string& verb,
                         const Directory& directory) {
  return absl::StrCat(
      directory.Name(word.actor()),
      word.acting_for().empty() ? "" : absl::StrCat(" for ", directory.Name(word.acting_for())), " ", verb,
      " ", NumberOf(word.exchange()),
      word.reason().empty() ? "" : absl::StrCat(": ", OneLine(word.reason())));
}

std::string SettlementVerb(v1::SettleExchangeRequest::Outcome outcome) {
  switch (outcome) {
    case v1::SettleExchangeRequest::OUTCOME_REVERSED:
      return "settled (reversed)";
    case v1::SettleExchangeRequest::OUTCOME_CORRECTED:
      return "settled (corrected)";
    default:
      return "settled (stands)";
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
      return {"contest", WordSentence(event.contest(), "contested", directory)};
    case v1::LedgerEvent::kSettlement:
      return {"settlement",
              WordSentence(event.settlement(), SettlementVerb(event.settlement().outcome()), directory)};
    case v1::LedgerEvent::kConfirmation:
      return {"confirmation", WordSentence(event.confirmation(), "confirmed", directory)};
    case v1::LedgerEvent::kNoteErasure:
      return {"note erased", WordSentence(event.note_erasure(), "erased the note of", directory)};
    case v1::LedgerEvent::kMember:
      return {"member", absl::StrCat(event.member().number(), "  ", OneLine(DisplayName(event.member())),
                                     ", ", StateWord(event.member().state()))};
    case v1::LedgerEvent::kCircle:
      return {"circle", absl::StrCat(ShortName(event.circle().name()), "  ",
                                     Count(event.circle().members_size(), "member"))};
    case v1::LedgerEvent::kSettings: {
      std::string fields;
      for (const std::string& field : event.settings().changed_fields()) absl::StrAppend(&fields, " ", field);
      const std::string actor = ShortName(event.settings().actor());
      return {"settings",
              fields.empty() ? actor + " opened the bank" : absl::StrCat(actor, " changed", fields)};
    }
    case v1::LedgerEvent::kActingFor: {
      const v1::ActingForChange& change = event.acting_for();
      return {"acting for", absl::StrCat(directory.Name(change.actor()), change.revoked() ? ": " : " lets ",
                                         directory.Name(change.grant().agent()),
                                         change.revoked() ? " may no longer act for " : " act for ",
                                         directory.Name(change.grant().member()))};
    }
    case v1::LedgerEvent::kRefusal:
      return {"refusal", absl::StrCat(ShortName(event.refusal().actor()), ": ", event.refusal().reason())};
    default:
      return {"unknown", "this program is older than the server"};
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
  Table table({{"sequence", "Number", ColumnKind::kNumber},
               {"time", "Recorded", ColumnKind::kText},
               {"what", "What", ColumnKind::kText},
               {"detail", "Detail", ColumnKind::kText},
               {"position", "Position", ColumnKind::kText, true}});
  for (const v1::LedgerEvent& event : events) {
    const EventWords words = WordsFor(event, session.directory());
    table.AddRow({Number(event.sequence()), Text(Moment(event.record_time())), Text(words.what),
                  Text(words.detail), Text(event.position())});
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
    session.Tell(absl::StrCat("There are more. Go on: timebank events --after ", events.back().position()));
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
  session.Tell("Watching; Ctrl-C ends it.");
  std::string position = request.after_position();
  const auto show = [&session, &position](const v1::WatchLedgerResponse& message) {
    for (const v1::LedgerEvent& event : message.events()) PrintEvent(session, event);
    position = message.position();
    return static_cast<bool>(session.console().out << std::flush);
  };
  absl::Status ended = session.client().Watch(std::move(request), show, signals.token());
  const bool stopped = absl::IsCancelled(ended) && signals.token().stop_requested();
  if (ended.ok() || stopped) {
    session.Tell(absl::StrCat("Go on from here: timebank watch --after ", position));
    return absl::OkStatus();
  }
  return ended;
}

}  // namespace

void AddFeedCommands(Command root) {
  constexpr char kHeading[] = "Following";
  auto events = std::make_shared<EventsOptions>();
  root.Sub("events", "Everything that happened in the bank, in order",
           "  timebank events -n 0 -o json > events.json\n  timebank events --after POSITION")
      .Under(kHeading)
      .Option("--after", events->after, "POSITION",
              "Only what came after this position; from the beginning when left out")
      .Option("-n,--count", events->count, "COUNT", "How many at most; 0: all (100)")
      .Does([events](Session& session) { return Events(session, *events); });

  auto watch = std::make_shared<WatchOptions>();
  root.Sub("watch", "Everything that happens in the bank, as it happens, until Ctrl-C",
           "  timebank watch\n  timebank watch --from-start -o json")
      .Under(kHeading)
      .Option("--after", watch->after, "POSITION", "Begin behind this position; now when left out")
      .Flag("--from-start", watch->from_start, "Begin with the first event")
      .Does([watch](Session& session) { return Watch(session, *watch); });
}

}  // namespace timebank::cli
