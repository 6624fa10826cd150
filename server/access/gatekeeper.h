// Decides who a caller is and whether that caller may: one place for every call.
//
//   credential ──► Identity ──► its allowance ──► narrowed by `timebank-role`, ──► who_may of ──► the bank
//   (key, token,                (meter.h)         `timebank-member`                the RPC
//    certificate)                                 (never widened)
//
// Nothing of it looks at the ledger, so that an answer tells nothing about what is in there, and nothing of
// it waits for a disk; of a caller with a key it takes no lock that other calls write to.
//
// Threads: any.
#ifndef TIMEBANK_SERVER_ACCESS_GATEKEEPER_H_
#define TIMEBANK_SERVER_ACCESS_GATEKEEPER_H_

#include <memory>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "server/access/certificate_ends.h"
#include "server/access/identity.h"
#include "server/access/key_store.h"
#include "server/access/meter.h"
#include "server/services/caller.h"

namespace timebank::access {

// A credential that was recognised; the identity lives as long as this.
struct Recognised {
  std::shared_ptr<const Identity> identity;
  std::shared_ptr<const services::Standing> standing;  // null: good as long as the connection
  // Filled in by the gatekeeper: what its owner, and its bank, have used up. The latter null: of the server.
  std::shared_ptr<Meter> meter = nullptr;
  std::shared_ptr<Meter> bank_meter = nullptr;
};

// Tokens of OpenID providers.
class Tokens {
 public:
  virtual ~Tokens() = default;
  // KEY_UNKNOWN, KEY_EXPIRED. Must not block.
  virtual absl::StatusOr<Recognised> Verify(std::string_view token) const = 0;
};

// Identities of client certificates by a name in their subjectAltName.
using Certificates = absl::flat_hash_map<std::string, std::shared_ptr<const Identity>>;

// Whether `identity` may make this call, told to the ledger as a caller. `role` and `member` are what the
// call says in `timebank-role` and `timebank-member`. ROLE_REQUIRED.
absl::StatusOr<services::Caller> Admit(const Identity& identity, std::string_view role,
                                       std::string_view member, const google::protobuf::Message& request);

// Knows callers by their credentials.
class Gatekeeper final : public services::Authorizer {
 public:
  // `keys` must outlive this and every call. `tokens` may be null.
  Gatekeeper(const KeyStore* keys, Certificates certificates, std::unique_ptr<const Tokens> tokens,
             const Limits& limits)
      : keys_(*keys), certificates_(std::move(certificates)), tokens_(std::move(tokens)), limits_(limits) {}

  absl::StatusOr<services::Caller> Admit(const grpc::CallbackServerContext& context,
                                         const google::protobuf::Message& request,
                                         services::Call* call) const override;

 private:
  absl::StatusOr<Recognised> Recognise(const grpc::CallbackServerContext& context, std::string* key) const;
  // A caller without a key of ours, by its owner's name.
  Recognised WithMeters(Recognised who) const;
  // Takes what the call costs out of both meters, and counts it as under way. RATE_LIMITED.
  absl::Status Charge(const Recognised& who, const google::protobuf::Message& request,
                      services::Call* call) const;

  const KeyStore& keys_;
  const Certificates certificates_;
  mutable CertificateEnds ends_;
  const std::unique_ptr<const Tokens> tokens_;
  const Limits limits_;
  mutable Meters owners_{kMostKeys};
};

// Takes everybody for an operator: behind a socket that only its owner can open.
class OperatorsDoor final : public services::Authorizer {
 public:
  absl::StatusOr<services::Caller> Admit(const grpc::CallbackServerContext& context,
                                         const google::protobuf::Message& request,
                                         services::Call* call) const override;
};

}  // namespace timebank::access

#endif  // TIMEBANK_SERVER_ACCESS_GATEKEEPER_H_
