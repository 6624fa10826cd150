// The rules: what becomes of a command.
//
// Execute is pure: the same command on the same ledger gives the same changes, on any machine, at any time.
// It does no I/O of its own, reads no clock, draws no random number and uses no floating point.
//
// Order of refusals (the first that applies is the answer; a test fixes it):
//   1. VALIDATION of the command alone (validate.h, before the engine)
//   2. TIMEBANK_NOT_FOUND
//   3. a request_id that is known: its first outcome, or REQUEST_ID_REUSED
//   4. HOLDER_NOT_FOUND of the member who calls, then ORIGIN_RECORDED
//   5. EXCHANGE_NOT_FOUND, then HOLDER_NOT_FOUND in the order of the fields, ALREADY_EXISTS
//   6. ROLE_REQUIRED, NOT_A_PARTY
//   7. ETAG_MISMATCH
//   8. the table of states: CANNOT_REVERSE_REVERSAL, ALREADY_REVERSED, ALREADY_CONTESTED, NOT_CONTESTED,
//      ALREADY_CONFIRMED, ALREADY_RESTORED, ALREADY_CORRECTED, CANNOT_CORRECT, TOO_MANY (corrections);
//      NOT_CLOSED, NOT_GRANTED
//   9. VALIDATION that needs the ledger (SAME_HOLDER, DAY_IN_PAST, UNKNOWN_TIME_ZONE), SHARES_DO_NOT_BALANCE
//  10. HOLDER_CLOSED, then DESTINATION_REQUIRED, DESTINATION_MUST_BE_POT, TOO_MANY
//  11. AMOUNT_OVERFLOW
//  12. BALANCE_LIMIT
//  13. ACTING_FOR_LIMIT
// One exception: what a member's correction would stand for is known only behind 8 and the first half of 9;
// that it is not the member's own to say (step 6) is answered there.
#ifndef TIMEBANK_SERVER_LEDGER_EXECUTE_H_
#define TIMEBANK_SERVER_LEDGER_EXECUTE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/ledger/command.h"
#include "server/ledger/refusal.h"
#include "server/ledger/working_state.h"
#include "timebank/storage/v1/entry.pb.h"
#include "timebank/storage/v1/rows.pb.h"

namespace timebank::ledger {

// An entry with what was said in it: as it was posted, or (validate_only) as it would have been.
struct Preview {
  storage::v1::Entry entry;
  storage::v1::Texts texts;
  std::string category;
  // Of RecordExchange that posted: the key's name, and holders by the ids by which they were named, so that
  // these need not be read. One who was named by a merged member's id is not among them.
  std::string caller = {};
  std::vector<std::pair<AccountNumber, HolderRef>> holders = {};
};

// What became of a command.
struct Outcome {
  // What became of one item of a batch.
  struct Item {
    Sequence sequence = 0;  // posted
    Verdict refusal;
  };
  Verdict refusal;  // the whole command was refused
  BankNumber bank = 0;
  Sequence first = 0;  // its entries, first to first + count - 1; 0: none
  uint32_t count = 0;
  int64_t record_time_us = 0;  // of the last of them; 0: none was posted just now
  bool replayed = false;       // this is the outcome of an earlier call
  std::vector<Item> items;     // batches
  // A copy of an outcome shares these.
  std::shared_ptr<const Preview> preview;  // validate_only
  // RecordExchange, RecordGift and RecordOpening that posted just now: what was posted, so that it need not
  // be read back.
  std::shared_ptr<const Preview> posted;
};

// Decides `command` and puts its changes into `state`; a refused command changes nothing, except that
// refusals which are kept under their request_id become an entry. Errors: the state could not be read
// (DATA_LOSS, UNAVAILABLE); nothing was changed.
absl::StatusOr<Outcome> Execute(const Command& command, WorkingState& state);

// Request ids are remembered for so long of stamped time.
inline constexpr int64_t kRequestMemoryUs = int64_t{90} * 24 * 3600 * 1'000'000;

}  // namespace timebank::ledger

#endif  // TIMEBANK_SERVER_LEDGER_EXECUTE_H_
