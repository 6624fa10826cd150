// Posts the entries and merges of a bank's own export (imports::ImportedEntry, ImportedMerge).
//
// Exchanges go in batches; a gift, an opening, a reversal or a merge waits until all before it are posted, so
// that a bank learns of everything in the order of the files. Entries carry their origins, so what was posted
// before is known again. A reversal has no origin of its own: the entry that it undoes is looked up by that
// entry's origin, and is known again by being reversed.
//
// Memory: one batch. Threads: one.
#ifndef TIMEBANK_CLIENT_CLI_IMPORT_ENTRIES_H_
#define TIMEBANK_CLIENT_CLI_IMPORT_ENTRIES_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/cli/import/reader.h"
#include "client/cpp/client.h"

namespace timebank::cli {

// What became of an entry or a merge.
enum class EntryOutcome {
  // Posted now; on a dry run: would be.
  kNew,
  // The bank has it from an earlier run.
  kKnown,
  // EntryResult::why tells.
  kRefused,
};

struct EntryResult {
  EntryOutcome outcome = EntryOutcome::kNew;
  // The entry's number in the bank, where it has been posted; 0 where it has not.
  int64_t sequence = 0;
  // The server's error where it was refused; may be one that says nothing about the entry (UNAVAILABLE).
  absl::Status why = {};
};

struct EntryPosterOptions {
  // Resource name of the bank.
  std::string bank;
  // False: asks only, changes nothing.
  bool commit = false;
  // The resource name of a holder of the files: a member's own, also where it has been merged since (entries
  // that are there already are known by it). Every holder must have one.
  std::function<std::string(const imports::ImportedHolder&)> name_of;
  // Dry runs: whether the bank has the holder. What names somebody who is still to be added is not asked.
  std::function<bool(const imports::ImportedHolder&)> exists;
  // Called once for every entry that was taken, in the order of the files (but for entries of a dry run that
  // need no asking). An error that it returns ends the run.
  std::function<absl::Status(const imports::ImportedEntry& entry, const EntryResult& result)> on_result;
};

// Every holder that `entry` names, for the importer to find or add before it is taken.
std::vector<imports::ImportedHolder> HoldersOf(const imports::ImportedEntry& entry);

class EntryPoster {
 public:
  EntryPoster(client::Client client, EntryPosterOptions options);
  EntryPoster(const EntryPoster&) = delete;
  EntryPoster& operator=(const EntryPoster&) = delete;

  // Posts `entry` (or asks), now or with the next ones. Errors: a call that was not carried out; on_result's.
  absl::Status Take(imports::ImportedEntry entry);
  // Posts what waits. To be called at the end, and before a member is closed.
  absl::Status Flush();

  // Posts what waits, then makes `member` one with `into` (resource names). kKnown where they are one
  // already. Errors: as Take(); the server's refusal.
  absl::StatusOr<EntryOutcome> Merge(const std::string& member, const std::string& into);

  // The name of the entry with that origin, empty where the bank has none. Asks; changes nothing.
  absl::StatusOr<std::string> FindByOrigin(const imports::ImportedOrigin& origin);

 private:
  template <typename Message>
  void FillInWords(const imports::ImportedEntry& entry, Message& to) const;
  v1::Exchange ToExchange(const imports::ImportedEntry& entry) const;
  v1::RecordGiftRequest ToGift(const imports::ImportedEntry& entry) const;
  v1::RecordOpeningRequest ToOpening(const imports::ImportedEntry& entry) const;
  bool CanAsk(const imports::ImportedEntry& entry) const;
  absl::Status Ask(const imports::ImportedEntry& entry);
  absl::Status Post(const imports::ImportedEntry& entry);
  absl::StatusOr<EntryResult> Reverse(const imports::ImportedEntry& entry);
  // The number of what reversed it; 0: nothing did.
  absl::StatusOr<int64_t> ReversedBy(const std::string& name);
  absl::StatusOr<std::string> SurvivorOf(const std::string& member);
  // What the server said: `sequence` of what it posted.
  absl::Status Tell(const imports::ImportedEntry& entry, const absl::Status& status, int64_t sequence = 0);
  template <typename Response>
  absl::Status Tell(const imports::ImportedEntry& entry, const absl::StatusOr<Response>& response) {
    return Tell(entry, response.status(), response.ok() ? response->exchange().sequence() : 0);
  }

  client::Client client_;
  EntryPosterOptions options_;
  // What waits, and as the server is to get it.
  std::vector<imports::ImportedEntry> batch_;
  v1::BatchRecordExchangesRequest request_;
  size_t batch_shares_ = 0;
  size_t batch_bytes_ = 0;
};

}  // namespace timebank::cli

#endif  // TIMEBANK_CLIENT_CLI_IMPORT_ENTRIES_H_
