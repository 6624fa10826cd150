// Holds the ledger against the oracle.
//
// Errors: the first difference is thrown as a Failure that shows both sides.
#ifndef TIMEBANK_TESTS_MODEL_COMPARE_H_
#define TIMEBANK_TESTS_MODEL_COMPARE_H_

#include <vector>

#include "server/ledger/execute.h"
#include "server/ledger/refusal.h"
#include "tests/model/generator.h"
#include "tests/model/machine.h"
#include "tests/model/oracle.h"

namespace timebank::model {

// In whatever order they are told.
void CompareViolations(std::vector<ledger::Violation> expected, std::vector<ledger::Violation> actual);
void CompareOutcome(const ledger::Outcome& expected, const ledger::Outcome& actual);

// What a command left behind, as the next command will see it: its entries, and the rows that they are about.
void CompareEntries(const Bank& bank, const ledger::Outcome& outcome, const ledger::WorkingState& state);

// Everything that can be read of every bank. All that was executed must be published.
void CompareBanks(const Oracle& oracle, const Machine& machine, Dice& dice);

}  // namespace timebank::model

#endif  // TIMEBANK_TESTS_MODEL_COMPARE_H_
