#include "server/ledger/genesis.h"

#include <utility>

#include "storage/keys.h"
#include "timebank/storage/v1/rows.pb.h"

namespace timebank::ledger {

void Genesis(uint64_t epoch, std::string secret, WorkingState& state) {
  storage::v1::InstanceRow instance;
  instance.set_epoch(epoch);
  instance.set_secret(std::move(secret));
  state.PutRow(storage::Family::kMeta, std::string(storage::kMetaInstance), instance);
}

void Renew(uint64_t epoch, WorkingState& state) {
  storage::v1::InstanceRow instance;
  state.GetRow(storage::Family::kMeta, storage::kMetaInstance, &instance);
  instance.set_epoch(epoch);
  state.PutRow(storage::Family::kMeta, std::string(storage::kMetaInstance), instance);
}

}  // namespace timebank::ledger
