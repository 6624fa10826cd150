// Why a command is refused: the reasons of the API's contract and the code that each goes out with.
//
// The list is part of the contract (proto/README.md has it as a table): reasons are added, never renamed or
// reused.
#ifndef TIMEBANK_SERVER_LEDGER_REASON_H_
#define TIMEBANK_SERVER_LEDGER_REASON_H_

#include <optional>
#include <string_view>

#include "absl/status/status.h"

namespace timebank::ledger {

enum class Reason {
  // INVALID_ARGUMENT
  kValidation,
  kSharesDoNotBalance,
  kBatchTooLarge,
  kBadPageToken,
  // NOT_FOUND
  kTimebankNotFound,
  kHolderNotFound,
  kExchangeNotFound,
  kKeyNotFound,
  // ALREADY_EXISTS
  kAlreadyExists,
  kRequestIdReused,
  kOriginRecorded,
  // FAILED_PRECONDITION: frozen under their request id
  kBalanceLimit,
  kHolderClosed,
  kAlreadyReversed,
  kCannotReverseReversal,
  kCannotCorrect,
  kAlreadyCorrected,
  kAlreadyRestored,
  kNotContested,
  kAlreadyContested,
  kAlreadyConfirmed,
  kDestinationRequired,
  kDestinationMustBePot,
  kNotClosed,
  kTooMany,
  kNotATrial,
  kActingForLimit,
  kNotGranted,
  // ABORTED
  kEtagMismatch,
  // PERMISSION_DENIED
  kRoleRequired,
  kNotAParty,
  // UNAUTHENTICATED
  kKeyUnknown,
  kKeyRevoked,
  kKeyExpired,
  // RESOURCE_EXHAUSTED
  kQueueFull,
  kDiskFull,
  kRateLimited,
  // OUT_OF_RANGE
  kPositionTrimmed,
  kEpochChanged,
  kAmountOverflow,
  // UNAVAILABLE
  kShuttingDown,
  kNotServing,
  kOutcomeUnknown,
  // DATA_LOSS
  kCorruptRecord,
};

// UPPER_SNAKE_CASE, as ErrorInfo.reason.
std::string_view NameOf(Reason reason);
absl::StatusCode CodeOf(Reason reason);
std::optional<Reason> ReasonNamed(std::string_view name);

// Refusals that depend on the ledger's state alone are kept under their request id, so that a retry cannot
// turn a "no" into a "yes".
inline bool IsFrozen(Reason reason) { return CodeOf(reason) == absl::StatusCode::kFailedPrecondition; }

}  // namespace timebank::ledger

#endif  // TIMEBANK_SERVER_LEDGER_REASON_H_
