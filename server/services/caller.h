// Who calls, from a call's metadata. Until there are keys the caller's stated name is believed; the server
// therefore listens on this machine only.
#ifndef TIMEBANK_SERVER_SERVICES_CALLER_H_
#define TIMEBANK_SERVER_SERVICES_CALLER_H_

#include <grpcpp/server_context.h>

#include <string>
#include <vector>

#include "server/ledger/command.h"

namespace timebank::services {

struct Caller {
  ledger::Actor actor;
  std::string member_bank;                    // bank of `timebank-member` where it was given as a whole name
  std::string min_position;                   // empty: none
  std::vector<ledger::Violation> violations;  // metadata that is malformed
};

Caller CallerOf(const grpc::CallbackServerContext& context);

}  // namespace timebank::services

#endif  // TIMEBANK_SERVER_SERVICES_CALLER_H_
