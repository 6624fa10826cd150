// Brings what a Reader reads into a bank: members first, then exchanges, or only tells what would come of it.
//
// Every exchange carries its origin, so the same file brought twice posts once, and a run that was
// interrupted is completed by the next one. A row that cannot be posted never stops the others. Members are
// found by their number in the older system; a new one gets an id made of that number (Reader::id_prefix()),
// and no starter hours.
//
// Memory: the members of the files and of the bank, one batch of exchanges; and what the Reader itself needs.
// Threads: one.
#ifndef TIMEBANK_CLIENT_CLI_IMPORTER_H_
#define TIMEBANK_CLIENT_CLI_IMPORTER_H_

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/cli/import/reader.h"
#include "client/cpp/client.h"

namespace timebank::cli {

// One account that the files or the bank know.
struct ImportAccount {
  // Resource name; what it is, or will be.
  std::string holder;
  // Number in the older system; empty for the community pot.
  std::string number;
  std::string display_name;
  // In the bank before this run.
  bool existed = false;
  int64_t before_seconds = 0;
  // What this run moved, or would move.
  int64_t new_seconds = 0;
  // What the files' rows that the bank has already moved earlier.
  int64_t known_seconds = 0;
  // Whether the files speak of it.
  bool in_files = false;

  int64_t expected_seconds() const { return before_seconds + new_seconds; }
};

// What a run did, or would do.
struct ImportReport {
  int64_t rows = 0;
  int64_t members_new = 0;
  int64_t members_known = 0;
  int64_t exchanges_new = 0;
  int64_t exchanges_known = 0;
  // Hours of new and known exchanges together.
  int64_t seconds = 0;
  int64_t rejected = 0;
  // By number in the older system; the community pot under the empty number.
  std::map<std::string, ImportAccount> accounts;
};

// An account whose balance is not what the files say.
struct BalanceDifference {
  ImportAccount account;
  int64_t actual_seconds = 0;
};

struct ImporterOptions {
  // Resource name of the bank.
  std::string bank;
  // False: the bank is still to be created, so nothing in it is known.
  bool bank_exists = true;
  // False: asks only, changes nothing.
  bool commit = false;
  // Members whom exchanges name and nobody knows are added without a name, instead of rejecting the row.
  bool make_members = false;
  // Called for every row that cannot be posted.
  std::function<void(const imports::Reject&)> on_reject;
  // Called now and then, with bytes read of bytes in all.
  std::function<void(int64_t done, int64_t total)> on_progress;
};

class Importer {
 public:
  // `reader` must outlive the importer.
  Importer(client::Client client, imports::Reader& reader, ImporterOptions options);
  Importer(const Importer&) = delete;
  Importer& operator=(const Importer&) = delete;

  // Reads and posts (or asks) to the end. Errors: the server cannot be reached, a file breaks off; what was
  // posted by then stays, and another run completes it.
  absl::StatusOr<ImportReport> Run();

  // After a committed Run(): reads every balance back. What differs from the files' sums.
  absl::StatusOr<std::vector<BalanceDifference>> CheckBalances(const ImportReport& report);

 private:
  // An exchange on its way, with the accounts that it moves.
  struct Pending {
    imports::ImportedExchange row;
    ImportAccount* giver;
    ImportAccount* receiver;
  };

  absl::Status LoadAccounts();
  absl::Status LoadBalances();
  absl::Status TakeMember(const imports::ImportedMember& member);
  absl::Status TakeExchange(imports::ImportedExchange exchange);
  // The account of a member whom an exchange names; null where there is none (the row is then rejected).
  absl::StatusOr<ImportAccount*> AccountOf(const std::string& number, const imports::Place& place,
                                           const std::string& field);
  // Adds a member to the bank (or to what would be added). False where the server refuses (the row is then
  // rejected).
  absl::StatusOr<bool> AddMember(const imports::ImportedMember& member);
  absl::Status Flush();
  absl::Status Ask(const Pending& pending);
  // What the server says about one exchange: counted as new, as known, or rejected. Errors: it did not
  // answer.
  absl::Status Settle(const Pending& pending, const absl::Status& status);
  void Reject(const imports::Place& place, const std::string& field, const std::string& reason);
  v1::Exchange ToExchange(const Pending& pending) const;

  client::Client client_;
  imports::Reader& reader_;
  ImporterOptions options_;
  ImportReport report_;
  std::vector<Pending> batch_;
};

}  // namespace timebank::cli

#endif  // TIMEBANK_CLIENT_CLI_IMPORTER_H_
