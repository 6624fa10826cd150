// Whose the ledger's folder is, and whether this process may use it as a server does. Asked before anything
// is opened: what the system says later names neither the owner nor what to do, and reads like damage.
#ifndef TIMEBANK_SERVER_RIGHTS_H_
#define TIMEBANK_SERVER_RIGHTS_H_

#include <sys/types.h>

#include <string>

#include "absl/status/status.h"

namespace timebank {

// The user's name; `user 1234` where there is none.
std::string NameOfUser(uid_t user);

// INVALID_ARGUMENT: the system does not let this process use `folder`, or one of the ledger's files in it, or
// its file system can only be read; says which, whose it is, who runs this, and what to do. OK also where
// there is no such folder. Changes nothing.
absl::Status CheckRights(const std::string& folder);

// The owner of `folder`, where that is somebody else than who runs this; of the folder that it would be made
// in, where root would make it in another's. The effective user otherwise.
uid_t OwnerToBe(const std::string& folder);

}  // namespace timebank

#endif  // TIMEBANK_SERVER_RIGHTS_H_
