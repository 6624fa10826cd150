// The first frame of a new ledger.
#ifndef TIMEBANK_SERVER_LEDGER_GENESIS_H_
#define TIMEBANK_SERVER_LEDGER_GENESIS_H_

#include <cstdint>
#include <string>

#include "server/ledger/working_state.h"

namespace timebank::ledger {

// Gives an empty ledger its identity: `epoch` random and not 0, `secret` 32 random bytes.
void Genesis(uint64_t epoch, std::string secret, WorkingState& state);

}  // namespace timebank::ledger

#endif  // TIMEBANK_SERVER_LEDGER_GENESIS_H_
