// `timebankd init`: what a server that knows its callers by keys needs before its first start: the pepper,
// and the first operator's key. Done on the machine itself, by whoever may write the ledger's folder.
#ifndef TIMEBANK_SERVER_INIT_H_
#define TIMEBANK_SERVER_INIT_H_

#include <string>

#include "absl/status/statusor.h"
#include "server/config.h"

namespace timebank {

struct FirstKey {
  std::string text;  // the key; nobody can ever read it again
  std::string name;  // keys/{id}
};

// Makes folder and pepper where they are missing, and an operator's key. ALREADY_EXISTS: there is a good
// operator's key. FAILED_PRECONDITION: a server has the folder, or the pepper is of no use. DATA_LOSS,
// UNAVAILABLE: as access::KeyStore::Open.
absl::StatusOr<FirstKey> Init(const Config& config);

}  // namespace timebank

#endif  // TIMEBANK_SERVER_INIT_H_
