// What must hold after every command, checked in debug and test builds (TIMEBANK_INVARIANTS): the accounts
// that changed still add up to what they did, nobody's row changed without an entry that says so, and ids of
// members say what their records say.
#ifndef TIMEBANK_SERVER_LEDGER_INVARIANTS_H_
#define TIMEBANK_SERVER_LEDGER_INVARIANTS_H_

#include "server/ledger/working_state.h"

namespace timebank::ledger {

// Ends the program, saying what is broken, if anything that changed since `start` breaks an invariant.
void CheckInvariants(const WorkingState& state, const WorkingState::Mark& start);

}  // namespace timebank::ledger

#endif  // TIMEBANK_SERVER_LEDGER_INVARIANTS_H_
