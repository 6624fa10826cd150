// Records and queries credits from C++.
//
//   timebank_example [TARGET [BANK]]
//
// TARGET: $TIMEBANK_SERVER, or localhost:7400. Makes a trial bank with two members where there is none yet,
// records one exchange, sends it a second time as an app does that lost the answer, reads a statement and
// follows the feed. Running it again records another exchange. Exit status: 0 when everything was as it
// should be. What stands between `snippet` and `end of snippet` also stands in proto/README.md.
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

absl::Status Run(tb::Client client, const std::string& bank) {
  const auto before = client.GetBalance(bank, "ana");
  if (!before.ok()) return before.status();

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

  // snippet: statement
  v1::ListStatementLinesRequest statement;
  statement.set_parent(tb::HolderName(bank, "ana"));
  for (const absl::StatusOr<v1::StatementLine>& line : client.ListStatementLines(statement)) {
    if (!line.ok()) return line.status();
    std::cout << line->occurred_on() << " " << line->seconds() << " s, then " << line->balance_after_seconds()
              << " s\n";
  }
  // end of snippet

  // snippet: feed
  // Everything since `before`, then whatever happens: in order, nothing left out. A program that goes on for
  // ever keeps message.position() together with what it did about the events, and begins there the next time.
  v1::WatchLedgerRequest watch;
  watch.set_parent(tb::TimebankName(bank));
  watch.set_after_position(before->position());
  const std::int64_t awaited = recorded->exchange().sequence();
  return client.Watch(watch, [awaited](const v1::WatchLedgerResponse& message) {
    bool seen = false;
    for (const v1::LedgerEvent& event : message.events()) {
      std::cout << "Event " << event.sequence() << "\n";
      seen = seen || event.sequence() == awaited;
    }
    return !seen;  // false ends it
  });
  // end of snippet
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
  tb::Client client(tb::MakeConnection({.target = target, .caller = "cpp-example"}));
  absl::Status status = MakeBank(client, bank);
  if (status.ok()) status = Run(client, bank);
  if (status.ok()) return EXIT_SUCCESS;
  Print(status);
  return EXIT_FAILURE;
}
