// A whole program with the library: ben helps ana for an hour and a half, and everybody's hours are shown.
//
//   timebank_example localhost:7400 rushey
//
// The bank and its two members are made if they are not there yet, so that it runs against a fresh server,
// and again.
#include <cstdlib>
#include <iostream>
#include <string>

#include "client/cpp/client.h"
#include "client/cpp/error.h"
#include "client/cpp/names.h"

namespace {

namespace tb = timebank::client;
namespace v1 = timebank::v1;

// ALREADY_EXISTS is what a second run expects.
template <typename Response>
bool Made(const absl::StatusOr<Response>& response) {
  if (response.ok() || absl::IsAlreadyExists(response.status())) return true;
  std::cerr << response.status() << "\n";
  return false;
}

absl::Status Run(tb::Client client, const std::string& bank) {
  const auto recorded = client.RecordExchange(bank, "ben", "ana", 5400);
  if (!recorded.ok()) return recorded.status();
  std::cout << recorded->exchange().name() << "\n";

  v1::ListMembersRequest everybody;
  everybody.set_parent(tb::TimebankName(bank));
  for (const absl::StatusOr<v1::Member>& member : client.ListMembers(everybody)) {
    if (!member.ok()) return member.status();
    const auto balance = client.GetBalance(bank, member->name());
    if (!balance.ok()) return balance.status();
    std::cout << tb::IdOf(member->name()) << " " << balance->balance().seconds() << " s\n";
  }
  return absl::OkStatus();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: timebank_example TARGET BANK\n";
    return EXIT_FAILURE;
  }
  const std::string bank = argv[2];
  tb::Client client(tb::MakeConnection({.target = argv[1], .caller = "example"}));
  if (!Made(client.CreateTimebank(bank, "Rushey Green")) || !Made(client.CreateMember(bank, "ana", "Ana")) ||
      !Made(client.CreateMember(bank, "ben", "Ben"))) {
    return EXIT_FAILURE;
  }
  const absl::Status status = Run(client, bank);
  if (!status.ok()) {
    std::cerr << tb::ErrorReason(status) << ": " << status.message() << "\n";
    for (const tb::FieldViolation& violation : tb::FieldViolations(status)) {
      std::cerr << "  " << violation.field << ": " << violation.description << "\n";
    }
    return EXIT_FAILURE;
  }
  return EXIT_SUCCESS;
}
