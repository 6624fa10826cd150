// Decides who a caller is and whether that caller may: one place for every call.
//
//   credential ──► Identity ──► narrowed by `timebank-role`, `timebank-member` ──► who_may of the RPC ──► the
//   bank (key, token,                 (never widened)
//    certificate)
//
// Nothing of it looks at the ledger, so that an answer tells nothing about what is in there, and nothing of
// it takes a lock that other calls write to or waits for a disk.
//
// Threads: any.
#ifndef TIMEBANK_SERVER_ACCESS_GATEKEEPER_H_
#define TIMEBANK_SERVER_ACCESS_GATEKEEPER_H_

#include <memory>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "server/access/identity.h"
#include "server/access/key_store.h"
#include "server/services/caller.h"

namespace timebank::access {

// A credential that was recognised; the identity lives as long as this.
struct Recognised {
  std::shared_ptr<const Identity> identity;
  std::shared_ptr<const services::Standing> standing;  // null: good as long as the connection
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
  Gatekeeper(const KeyStore* keys, Certificates certificates, std::unique_ptr<const Tokens> tokens)
      : keys_(*keys), certificates_(std::move(certificates)), tokens_(std::move(tokens)) {}

  absl::StatusOr<services::Caller> Admit(const grpc::CallbackServerContext& context,
                                         const google::protobuf::Message& request,
                                         std::string* key) const override;

 private:
  absl::StatusOr<Recognised> Recognise(const grpc::CallbackServerContext& context, std::string* key) const;

  const KeyStore& keys_;
  const Certificates certificates_;
  const std::unique_ptr<const Tokens> tokens_;
};

// Takes everybody for an operator: behind a socket that only its owner can open.
class OperatorsDoor final : public services::Authorizer {
 public:
  absl::StatusOr<services::Caller> Admit(const grpc::CallbackServerContext& context,
                                         const google::protobuf::Message& request,
                                         std::string* key) const override;
};

}  // namespace timebank::access

#endif  // TIMEBANK_SERVER_ACCESS_GATEKEEPER_H_
