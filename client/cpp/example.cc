// Records and queries credits from C++.
//
//   timebank_example [TARGET [BANK]]
//
// TARGET: $TIMEBANK_SERVER, or localhost:7400. Makes a trial bank with two members where there is none yet,
// then does what a partner's app does: connects, records an exchange, sends it a second time as an app does
// that lost the answer, reads a balance and a statement, corrects and undoes, and follows the feed, with a
// break in between. Running it again does all of that again. Exit status: 0 when everything was as it should
// be. What stands between `snippet` and `end of snippet` also stands in proto/README.md.
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string>
#include <utility>

#include "client/cpp/client.h"
#include "client/cpp/error.h"
#include "client/cpp/names.h"

namespace {

namespace tb = timebank::client;
namespace v1 = timebank::v1;

// ALREADY_EXISTS is what a second run expects.
template <typename Response>
absl::Status Made(const absl::StatusOr<Response>& response) {
  return absl::IsAlreadyExists(response.status()) ? absl::OkStatus() : response.status();
}

absl::Status MakeBank(tb::Client client, const std::string& bank) {
  v1::CreateTimebankRequest request;
  request.set_timebank_id(bank);
  request.mutable_timebank()->set_display_name("Trying out C++");
  request.mutable_timebank()->set_trial(true);
  if (absl::Status status = Made(client.CreateTimebank(request)); !status.ok()) return status;
  if (absl::Status status = Made(client.CreateMember(bank, "ana", "Ana")); !status.ok()) return status;
  return Made(client.CreateMember(bank, "ben", "Ben"));
}

// A number of one's own for what is recorded, kept until an answer has come: of the paper slip, say.
std::string SlipNumber() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return "slip-" + std::to_string(getpid()) + "-" + std::to_string(now.count());
}

// Ana helped Ben for an hour and a half; sent twice, done once.
absl::StatusOr<v1::Exchange> Record(tb::Client client, const std::string& bank) {
  // snippet: record
  // Three fields are enough: who gave, who received, how long. The request_id makes it safe to send it again;
  // the library does so by itself while the server is away.
  v1::RecordExchangeRequest request;
  request.set_parent(tb::TimebankName(bank));
  request.mutable_exchange()->add_givers()->set_holder(tb::HolderName(bank, "ana"));
  request.mutable_exchange()->add_receivers()->set_holder(tb::HolderName(bank, "ben"));
  request.mutable_exchange()->set_seconds(5400);
  request.set_request_id(SlipNumber());
  const auto recorded = client.RecordExchange(request);
  if (!recorded.ok()) return recorded.status();
  for (const v1::Movement& movement : recorded->exchange().movements()) {
    std::cout << movement.holder() << " " << movement.seconds() << " s, now "
              << movement.balance_after_seconds() << " s\n";
  }
  // end of snippet

  // snippet: again
  const auto again = client.RecordExchange(request);
  if (!again.ok()) return again.status();
  std::cout << again->exchange().name() << (again->replayed() ? " was recorded already\n" : " is new\n");
  // end of snippet
  if (!again->replayed() || again->exchange().name() != recorded->exchange().name()) {
    return absl::InternalError("the second call was not a replay of the first");
  }
  return recorded->exchange();
}

absl::Status PrintStatement(tb::Client client, const std::string& bank) {
  // snippet: statement
  v1::ListStatementLinesRequest statement;
  statement.set_parent(tb::HolderName(bank, "ana"));
  // The range asks for the next page when it comes to it.
  for (const absl::StatusOr<v1::StatementLine>& line : client.ListStatementLines(statement)) {
    if (!line.ok()) return line.status();
    std::cout << line->occurred_on() << " " << line->seconds() << " s, then " << line->balance_after_seconds()
              << " s\n";
  }
  // end of snippet
  return absl::OkStatus();
}

// It was an hour only; and then it had not happened at all. Returns the last entry.
absl::StatusOr<v1::Exchange> Mend(tb::Client client, const v1::Exchange& recorded) {
  // snippet: correct
  // Nothing is rewritten: the first entry is undone by an opposite one, and another stands instead.
  v1::CorrectExchangeRequest correct;
  correct.set_name(recorded.name());
  correct.mutable_exchange()->set_seconds(3600);
  correct.mutable_update_mask()->add_paths("seconds");
  correct.set_reason("it was an hour");
  const auto corrected = client.CorrectExchange(correct);
  if (!corrected.ok()) return corrected.status();
  std::cout << "undone by " << corrected->reversal().name() << "; " << corrected->exchange().name()
            << " stands instead\n";

  v1::ReverseExchangeRequest reverse;
  reverse.set_name(corrected->exchange().name());
  reverse.set_reason("it was another Ben");
  const auto undone = client.ReverseExchange(reverse);
  if (!undone.ok()) return undone.status();
  std::cout << undone->reversed().name() << " was undone by " << undone->exchange().name() << "\n";
  // end of snippet
  return undone->exchange();
}

// Reads the feed up to what was recorded, and, after a break, up to where it was undone.
absl::Status Follow(tb::Client client, const std::string& bank, std::string position,
                    const v1::Exchange& recorded, const v1::Exchange& undone) {
  // snippet: feed
  // Everything after `position`, then whatever happens: in order, nothing left out, whatever breaks. Keep the
  // position together with what you did about the events, in one transaction.
  std::int64_t awaited = recorded.sequence();
  const auto handle = [&](const v1::WatchLedgerResponse& message) {
    bool seen = false;
    for (const v1::LedgerEvent& event : message.events()) {
      if (seen) break;
      std::cout << "Event " << event.sequence() << "\n";
      position = event.position();
      seen = event.sequence() == awaited;
    }
    return !seen;  // false ends it
  };
  v1::WatchLedgerRequest watch;
  watch.set_parent(tb::TimebankName(bank));
  watch.set_after_position(position);
  if (absl::Status status = client.Watch(watch, handle); !status.ok()) return status;

  // The app was away. It goes on from the position that it kept, and has missed nothing.
  awaited = undone.sequence();
  watch.set_after_position(position);
  return client.Watch(watch, handle);
  // end of snippet
}

absl::Status Run(tb::Client client, const std::string& bank) {
  // snippet: balance
  const auto before = client.GetBalance(bank, "ana");
  if (!before.ok()) return before.status();
  std::cout << "Ana is at " << before->balance().seconds() << " s\n";
  // end of snippet
  const auto recorded = Record(client, bank);
  if (!recorded.ok()) return recorded.status();
  if (absl::Status status = PrintStatement(client, bank); !status.ok()) return status;
  const auto undone = Mend(client, *recorded);
  if (!undone.ok()) return undone.status();
  const auto after = client.GetBalance(bank, "ana");
  if (!after.ok()) return after.status();
  if (after->balance().seconds() != before->balance().seconds()) {
    return absl::InternalError("undone, Ana's balance is not what it was");
  }
  return Follow(client, bank, before->position(), *recorded, *undone);
}

// snippet: error
void Print(const absl::Status& status) {
  std::cerr << tb::ErrorReason(status) << ": " << status.message() << "\n";
  for (const tb::FieldViolation& violation : tb::FieldViolations(status)) {
    std::cerr << "  " << violation.field << ": " << violation.description << "\n";
  }
}
// end of snippet

}  // namespace

int main(int argc, char** argv) {
  const char* named = std::getenv("TIMEBANK_SERVER");
  const std::string target = argc > 1 ? argv[1] : named != nullptr ? named : "localhost:7400";
  const std::string bank = argc > 2 ? argv[2] : "demo-cpp";
  // snippet: connect
  // Nothing is encrypted: the server listens on its own machine only. Copies of a client share the
  // connection.
  tb::Client client(tb::MakeConnection({.target = target, .caller = "cpp-example"}));
  // end of snippet
  absl::Status status = MakeBank(client, bank);
  if (status.ok()) status = Run(client, bank);
  if (status.ok()) return EXIT_SUCCESS;
  Print(status);
  return EXIT_FAILURE;
}
