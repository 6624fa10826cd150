#include "server/ledger/reason.h"

#include <array>
#include <cassert>

namespace timebank::ledger {
namespace {

using Code = absl::StatusCode;

struct Row {
  Reason reason;
  std::string_view name;
  Code code;
};

constexpr std::array kTable = {
    Row{Reason::kValidation, "VALIDATION", Code::kInvalidArgument},
    Row{Reason::kSharesDoNotBalance, "SHARES_DO_NOT_BALANCE", Code::kInvalidArgument},
    Row{Reason::kBatchTooLarge, "BATCH_TOO_LARGE", Code::kInvalidArgument},
    Row{Reason::kBadPageToken, "BAD_PAGE_TOKEN", Code::kInvalidArgument},
    Row{Reason::kTimebankNotFound, "TIMEBANK_NOT_FOUND", Code::kNotFound},
    Row{Reason::kHolderNotFound, "HOLDER_NOT_FOUND", Code::kNotFound},
    Row{Reason::kExchangeNotFound, "EXCHANGE_NOT_FOUND", Code::kNotFound},
    Row{Reason::kKeyNotFound, "KEY_NOT_FOUND", Code::kNotFound},
    Row{Reason::kAlreadyExists, "ALREADY_EXISTS", Code::kAlreadyExists},
    Row{Reason::kRequestIdReused, "REQUEST_ID_REUSED", Code::kAlreadyExists},
    Row{Reason::kOriginRecorded, "ORIGIN_RECORDED", Code::kAlreadyExists},
    Row{Reason::kBalanceLimit, "BALANCE_LIMIT", Code::kFailedPrecondition},
    Row{Reason::kHolderClosed, "HOLDER_CLOSED", Code::kFailedPrecondition},
    Row{Reason::kAlreadyReversed, "ALREADY_REVERSED", Code::kFailedPrecondition},
    Row{Reason::kCannotReverseReversal, "CANNOT_REVERSE_REVERSAL", Code::kFailedPrecondition},
    Row{Reason::kCannotCorrect, "CANNOT_CORRECT", Code::kFailedPrecondition},
    Row{Reason::kAlreadyCorrected, "ALREADY_CORRECTED", Code::kFailedPrecondition},
    Row{Reason::kAlreadyRestored, "ALREADY_RESTORED", Code::kFailedPrecondition},
    Row{Reason::kNotContested, "NOT_CONTESTED", Code::kFailedPrecondition},
    Row{Reason::kAlreadyContested, "ALREADY_CONTESTED", Code::kFailedPrecondition},
    Row{Reason::kAlreadyConfirmed, "ALREADY_CONFIRMED", Code::kFailedPrecondition},
    Row{Reason::kDestinationRequired, "DESTINATION_REQUIRED", Code::kFailedPrecondition},
    Row{Reason::kDestinationMustBePot, "DESTINATION_MUST_BE_POT", Code::kFailedPrecondition},
    Row{Reason::kNotClosed, "NOT_CLOSED", Code::kFailedPrecondition},
    Row{Reason::kTooMany, "TOO_MANY", Code::kFailedPrecondition},
    Row{Reason::kNotATrial, "NOT_A_TRIAL", Code::kFailedPrecondition},
    Row{Reason::kActingForLimit, "ACTING_FOR_LIMIT", Code::kFailedPrecondition},
    Row{Reason::kNotGranted, "NOT_GRANTED", Code::kFailedPrecondition},
    Row{Reason::kEtagMismatch, "ETAG_MISMATCH", Code::kAborted},
    Row{Reason::kRoleRequired, "ROLE_REQUIRED", Code::kPermissionDenied},
    Row{Reason::kNotAParty, "NOT_A_PARTY", Code::kPermissionDenied},
    Row{Reason::kKeyUnknown, "KEY_UNKNOWN", Code::kUnauthenticated},
    Row{Reason::kKeyRevoked, "KEY_REVOKED", Code::kUnauthenticated},
    Row{Reason::kKeyExpired, "KEY_EXPIRED", Code::kUnauthenticated},
    Row{Reason::kQueueFull, "QUEUE_FULL", Code::kResourceExhausted},
    Row{Reason::kDiskFull, "DISK_FULL", Code::kResourceExhausted},
    Row{Reason::kRateLimited, "RATE_LIMITED", Code::kResourceExhausted},
    Row{Reason::kPositionTrimmed, "POSITION_TRIMMED", Code::kOutOfRange},
    Row{Reason::kEpochChanged, "EPOCH_CHANGED", Code::kOutOfRange},
    Row{Reason::kAmountOverflow, "AMOUNT_OVERFLOW", Code::kOutOfRange},
    Row{Reason::kShuttingDown, "SHUTTING_DOWN", Code::kUnavailable},
    Row{Reason::kNotServing, "NOT_SERVING", Code::kUnavailable},
    Row{Reason::kOutcomeUnknown, "OUTCOME_UNKNOWN", Code::kUnavailable},
    Row{Reason::kCorruptRecord, "CORRUPT_RECORD", Code::kDataLoss},
};

constexpr bool TableFollowsTheEnum() {
  for (size_t i = 0; i < kTable.size(); ++i) {
    if (static_cast<size_t>(kTable[i].reason) != i) return false;
  }
  return static_cast<size_t>(Reason::kCorruptRecord) + 1 == kTable.size();
}
static_assert(TableFollowsTheEnum());

}  // namespace

std::string_view NameOf(Reason reason) { return kTable[static_cast<size_t>(reason)].name; }

absl::StatusCode CodeOf(Reason reason) { return kTable[static_cast<size_t>(reason)].code; }

std::optional<Reason> ReasonNamed(std::string_view name) {
  for (const Row& row : kTable) {
    if (row.name == name) return row.reason;
  }
  return std::nullopt;
}

}  // namespace timebank::ledger
