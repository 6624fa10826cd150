// The first frame of a new ledger, and the one by which a ledger that was put back is told from what it was.
#ifndef TIMEBANK_SERVER_LEDGER_GENESIS_H_
#define TIMEBANK_SERVER_LEDGER_GENESIS_H_

#include <cstdint>
#include <string>

#include "server/ledger/working_state.h"

namespace timebank::ledger {

// Gives an empty ledger its identity: `epoch` random and not 0, `secret` 32 random bytes.
void Genesis(uint64_t epoch, std::string secret, WorkingState& state);

// Makes another instance of a ledger that was put back from a copy: positions of before are known for
// another's, and nothing else is changed. The secret stays: banks are found by it. `epoch` random and not 0.
void Renew(uint64_t epoch, WorkingState& state);

}  // namespace timebank::ledger

#endif  // TIMEBANK_SERVER_LEDGER_GENESIS_H_
