// What goes out when something does not: gRPC statuses with ErrorInfo, BadRequest and RetryInfo, made of
// refusals and of errors with a reason. The one place where words are made of reasons.
//
// Threads: pure functions.
#ifndef TIMEBANK_SERVER_SERVICES_ERRORS_H_
#define TIMEBANK_SERVER_SERVICES_ERRORS_H_

#include <grpcpp/server_context.h>

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "google/rpc/status.pb.h"
#include "server/ledger/error.h"
#include "server/ledger/refusal.h"

namespace timebank::services {

inline constexpr char kErrorDomain[] = "timebank.v1";

// What a refusal's numbers mean in words: resource names instead of account and sequence numbers.
struct RefusalNames {
  std::string holder;    // of Refusal::account
  std::string exchange;  // of Refusal::sequence
  std::string today;     // the bank's today, told with DAY_IN_FUTURE
};

// A refusal as a status whose payload holds the details; it goes out through Finish() or into a batch's item.
absl::Status ToStatus(const ledger::Refusal& refusal, const RefusalNames& names);

// Problems of a request, as one VALIDATION.
absl::Status ToStatus(const std::vector<ledger::Violation>& violations, const std::string& today);

// NOT_FOUND and the like where no refusal is at hand: `metadata` becomes ErrorInfo.metadata's `name`.
absl::Status NotFound(ledger::Reason reason, const std::string& name);

// ROLE_REQUIRED for whoever has a credential of `bank_id` and names another bank, whether there is such a one
// or not: `timebank` in the metadata is the credential's own.
absl::Status OfAnotherBank(const std::string& bank_id);

// When to try again what was too much, where nothing better is known.
inline constexpr int64_t kRetryNs = 200'000'000;

// RATE_LIMITED, worth trying again `wait_ns` from now. `why`: a sentence without its end.
absl::Status RateLimited(const std::string& why, int64_t wait_ns);

// As it stands in a batch's result.
google::rpc::Status ToRpc(const absl::Status& status);

// As it goes out: details in the binary trailer, the reason also in `timebank-reason` and in `reason`.
grpc::Status ToGrpc(const absl::Status& status, grpc::CallbackServerContext* context, std::string* reason);

}  // namespace timebank::services

#endif  // TIMEBANK_SERVER_SERVICES_ERRORS_H_
