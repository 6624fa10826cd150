// Callers that have no key of this server's, as the operator lists them in a TOML file (setting `callers`):
//
//   [[certificate]]                          # whoever shows a client certificate with this name in its
//   san = "app.example.org"                  # subjectAltName (DNS name, URI, e-mail or IP address)
//   owner = "app"
//   role = "partner"
//   bank = "rushey"
//   scopes = ["exchanges.record", "exchanges.read"]
//   may_state_member = true
//
//   [[provider]]                             # whoever has a token of this OpenID provider
//   name = "login"                           # owners are called login.{subject}: give no key such an owner
//   issuer = "https://login.example.org"
//   audience = "timebank"
//   jwks = "/etc/timebank/jwks.json"         # the provider's public keys; read again when the file changes
//   bank = "rushey"
//   role = "member"                          # never operator
//   member_claim = "timebank_member"         # which claim says which member it is; `sub` when left out
//
// Names of banks are believed as they stand here: another bank of that name is meant as well.
#ifndef TIMEBANK_SERVER_ACCESS_CALLERS_FILE_H_
#define TIMEBANK_SERVER_ACCESS_CALLERS_FILE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/access/gatekeeper.h"
#include "server/access/tokens.h"

namespace timebank::access {

struct Callers {
  Certificates certificates;
  std::vector<Provider> providers;
};

// INVALID_ARGUMENT, with the file and line: it cannot be read, or what it says makes no sense.
absl::StatusOr<Callers> ReadCallers(const std::string& path);

}  // namespace timebank::access

#endif  // TIMEBANK_SERVER_ACCESS_CALLERS_FILE_H_
