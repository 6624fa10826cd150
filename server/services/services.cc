#include "server/services/services.h"

#include "server/services/directory_services.h"
#include "server/services/ledger_service.h"

namespace timebank::services {

std::vector<std::unique_ptr<grpc::Service>> MakeServices(Serving* serving) {
  std::vector<std::unique_ptr<grpc::Service>> services;
  services.push_back(std::make_unique<LedgerService>(serving));
  services.push_back(std::make_unique<MemberService>(serving));
  services.push_back(std::make_unique<CircleService>(serving));
  services.push_back(std::make_unique<TimebankService>(serving));
  return services;
}

}  // namespace timebank::services
