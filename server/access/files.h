// What a server that knows its callers by keys reads at its start beside the keys. It is read, and found
// good, before the ledger is opened.
#ifndef TIMEBANK_SERVER_ACCESS_FILES_H_
#define TIMEBANK_SERVER_ACCESS_FILES_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/access/callers_file.h"
#include "server/access/tokens.h"

namespace timebank::access {

// Paths.
struct AccessPaths {
  std::string pepper;
  std::string callers;  // empty: none
  std::string data_folder;
};

struct AccessFiles {
  std::string pepper;  // 32 bytes
  Callers callers;
  std::unique_ptr<const Tokens> tokens;  // null: nobody comes with a token
};

// Changes nothing. INVALID_ARGUMENT: the pepper is missing, of no use or not the one of the keys that are
// there, or the callers' file has mistakes; the message says what to do. DATA_LOSS, UNAVAILABLE: the keys are
// damaged, or cannot be read.
absl::StatusOr<AccessFiles> ReadAccessFiles(const AccessPaths& paths);

// Where there is no pepper, and keys were made under one.
absl::Status PepperIsGone(const AccessPaths& paths);

}  // namespace timebank::access

#endif  // TIMEBANK_SERVER_ACCESS_FILES_H_
