// The gRPC services of the API, ready to be registered with a grpc::ServerBuilder.
#ifndef TIMEBANK_SERVER_SERVICES_SERVICES_H_
#define TIMEBANK_SERVER_SERVICES_SERVICES_H_

#include <memory>
#include <vector>

#include "server/services/door.h"

namespace grpc {
class Service;
}

namespace timebank::services {

// A request larger than this is refused by the transport (RESOURCE_EXHAUSTED). Room for a batch of 8,192
// exchanges with long notes, and for texts that are far too long to be told so by name.
inline constexpr int kMaxReceiveBytes = 12 << 20;

// LedgerService, MemberService, CircleService and TimebankService behind `door`.
std::vector<std::unique_ptr<grpc::Service>> MakeServices(const Door& door);

}  // namespace timebank::services

#endif  // TIMEBANK_SERVER_SERVICES_SERVICES_H_
