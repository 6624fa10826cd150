// What a credential says about its owner, whichever kind of credential it is.
#ifndef TIMEBANK_SERVER_ACCESS_IDENTITY_H_
#define TIMEBANK_SERVER_ACCESS_IDENTITY_H_

#include <cstdint>
#include <string>
#include <vector>

#include "timebank/v1/access.pb.h"

namespace timebank::access {

struct Identity {
  std::string
      owner;  // the person or program, not the credential: what it does is recorded as done by keys/{owner}
  v1::Role role = v1::ROLE_UNSPECIFIED;
  std::string bank;                 // id; empty: of the server, as operators are
  uint64_t bank_number = 0;         // 0: not known, or the server
  std::string member;               // id of the member that the owner is; empty: none
  std::vector<std::string> scopes;  // of partners
  bool may_state_member = false;    // of partners
};

}  // namespace timebank::access

#endif  // TIMEBANK_SERVER_ACCESS_IDENTITY_H_
