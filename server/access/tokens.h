// Tokens of OpenID providers (JWT, RFC 7519), checked against the provider's public keys (JWKS, RFC 7517).
//
// Taken are signatures by a key pair only (RS, PS and ES 256 to 512), of a key that the file names, for the
// configured issuer and audience, with an end (`exp`) that has not come and, where it is there, a beginning
// (`nbf`) that has; a minute of difference between clocks is allowed for. A token that was found good is
// remembered until its end, so that a call pays a hash and a lookup; others are not, whatever is sent.
//
// The files are looked at once a second and read again when they change; one that cannot be read, or is none,
// leaves the old keys in place.
//
// Threads: any.
#ifndef TIMEBANK_SERVER_ACCESS_TOKENS_H_
#define TIMEBANK_SERVER_ACCESS_TOKENS_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "server/access/gatekeeper.h"

namespace timebank::access {

struct Provider {
  std::string name;
  std::string issuer;
  std::string audience;
  std::string jwks;          // file
  std::string member_claim;  // which claim holds the member's id
  Identity identity;         // of its people; owner and member come from the token
};

struct TokenOptions {
  std::function<int64_t()> now_us = {};  // the system's clock when empty
  int64_t look_ms = 1000;                // how often files are looked at
};

// INVALID_ARGUMENT: a file of keys cannot be read, or holds none.
absl::StatusOr<std::unique_ptr<const Tokens>> OpenTokens(std::vector<Provider> providers,
                                                         TokenOptions options = {});

}  // namespace timebank::access

#endif  // TIMEBANK_SERVER_ACCESS_TOKENS_H_
