// What an error of the service says, beyond its code and its English text.
//
// Programs decide by the code and the reason (`BALANCE_LIMIT`, `HOLDER_NOT_FOUND`, ...), both part of the
// API's contract; the text is for developers. The details travel inside the absl::Status as payloads, keyed
// by type URL, and these helpers read them. Every helper takes any status: one that has no such detail, or
// OK, gives an empty answer.
#ifndef TIMEBANK_CLIENT_CPP_ERROR_H_
#define TIMEBANK_CLIENT_CPP_ERROR_H_

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace google::rpc {
class Status;
}  // namespace google::rpc

namespace timebank::client {

// One field of the request and what is wrong with it (google.rpc.BadRequest).
struct FieldViolation {
  // Path in the request: `exchange.givers[0].holder`.
  std::string field;
  // For people, in English.
  std::string description;
  // A constant, part of the contract: REQUIRED, DAY_IN_FUTURE, ...
  std::string reason;

  friend bool operator==(const FieldViolation&, const FieldViolation&) = default;
};

// ErrorInfo.reason; empty where there is none, as in errors that never reached the service.
std::string ErrorReason(const absl::Status& status);

// ErrorInfo.metadata: the facts of this one error, names and numbers as text.
std::map<std::string, std::string> ErrorMetadata(const absl::Status& status);

// All that is wrong with the request, in the order of its fields.
std::vector<FieldViolation> FieldViolations(const absl::Status& status);

// How long the server asks to wait before another try.
std::optional<std::chrono::milliseconds> RetryDelay(const absl::Status& status);

// The request_id of a change that failed, given or made up. After UNAVAILABLE, DEADLINE_EXCEEDED or CANCELLED
// nobody knows whether the change was carried out: the same request sent again with this id tells, and cannot
// do it twice.
std::string RequestId(const absl::Status& status);

// Whether no try of the call that failed came as far as a connection: what it was to change is not changed.
// false where that is not known.
bool NeverSent(const absl::Status& status);

// An error inside a reply (a batch has one for each item) in the same form as the error of a call.
absl::Status ToStatus(const google::rpc::Status& status);

// For Connections of your own and for tests: `status` with the request id that RequestId() finds.
absl::Status WithRequestId(absl::Status status, std::string_view request_id);
// The same for NeverSent().
absl::Status WithNeverSent(absl::Status status);
absl::Status WithoutNeverSent(absl::Status status);

}  // namespace timebank::client

#endif  // TIMEBANK_CLIENT_CPP_ERROR_H_
