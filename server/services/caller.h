// Who calls, and what that caller may see. Every call is admitted by an Authorizer before anything else is
// done for it; which one, is the server's choice: the one here believes what callers state, and is for a
// server that strangers cannot reach (server/README.md); the others are in server/access.
//
// Threads: any.
#ifndef TIMEBANK_SERVER_SERVICES_CALLER_H_
#define TIMEBANK_SERVER_SERVICES_CALLER_H_

#include <grpcpp/server_context.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "google/protobuf/message.h"
#include "server/ledger/command.h"
#include "server/services/calls.h"

namespace timebank::services {

// What a credential is worth by now: for calls that go on after they were admitted.
class Standing {
 public:
  virtual ~Standing() = default;
  // KEY_REVOKED, KEY_EXPIRED.
  virtual absl::Status Check(int64_t now_us) const = 0;
};

// How much of its bank a caller sees.
enum class Sight {
  kAll,
  kOwn,   // the account of `actor.member`, entries that it is a party to, and the pots
  kOpen,  // totals and the pots' balances: nothing about anybody
};

struct Caller {
  ledger::Actor actor;
  std::string member_bank;                    // bank of `timebank-member` where it was given as a whole name
  std::string min_position;                   // empty: none
  std::vector<ledger::Violation> violations;  // metadata that is malformed

  // Of a caller that is known by a credential; others are not narrowed.
  std::string bank;                    // id of the only bank that it may speak of; empty: any
  ledger::BankNumber bank_number = 0;  // that bank's: another one may have its id now. 0: not known
  Sight sight = Sight::kAll;
  bool hears_balances = true;  // of members; false: it may record, and read nothing that would tell them
  std::shared_ptr<const Standing> standing;  // null: for as long as the call lasts
};

class Authorizer {
 public:
  virtual ~Authorizer() = default;
  // Who makes this call, where that caller may make it. In `call`, `key` becomes the id of the key that it
  // brings, where there is such a key, whether it may be made or not, and `permit` what it holds until it
  // ends. Must not block. Errors: KEY_UNKNOWN, KEY_REVOKED, KEY_EXPIRED, RATE_LIMITED, ROLE_REQUIRED; decided
  // without looking at the ledger, so that they tell nothing about it.
  virtual absl::StatusOr<Caller> Admit(const grpc::CallbackServerContext& context,
                                       const google::protobuf::Message& request, Call* call) const = 0;
};

// Believes what callers state, and refuses those for whom a proxy speaks (`x-forwarded-for`, `forwarded`)
// with KEY_UNKNOWN: they may be anybody, and reached the loopback without being of this machine.
class BelieveEverybody final : public Authorizer {
 public:
  // `on_forwarded` is told of each call that is refused so; on any thread, and must not block.
  explicit BelieveEverybody(std::function<void()> on_forwarded) : on_forwarded_(std::move(on_forwarded)) {}

  absl::StatusOr<Caller> Admit(const grpc::CallbackServerContext& context,
                               const google::protobuf::Message& request, Call* call) const override;

 private:
  const std::function<void()> on_forwarded_;
};

// A header of the call; empty where it has none.
std::string_view HeaderOf(const grpc::CallbackServerContext& context, const char* key);

// Reads what any caller may say: `timebank-member` and `timebank-min-position`.
void ReadMember(std::string_view text, Caller* caller);

// ROLE_REQUIRED, without a word about what there is.
absl::Status NotAllowed();

}  // namespace timebank::services

#endif  // TIMEBANK_SERVER_SERVICES_CALLER_H_
