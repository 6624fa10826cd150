// Commands and outcomes in words: for the reader of a failure, and for the oracle, to which two requests are
// the same exactly where they read the same.
//
// Threads: pure functions.
#ifndef TIMEBANK_TESTS_MODEL_DESCRIBE_H_
#define TIMEBANK_TESTS_MODEL_DESCRIBE_H_

#include <string>
#include <vector>

#include "server/ledger/command.h"
#include "server/ledger/execute.h"
#include "server/ledger/refusal.h"

namespace timebank::model {

// What a request asks for, without what is stamped on it. `texts` holds the words about people that can be
// erased; a request whose texts were erased is known by its facts alone.
struct RequestBody {
  std::string facts;
  std::string texts;

  friend bool operator==(const RequestBody&, const RequestBody&) = default;
};
RequestBody DescribeBody(const ledger::Command& command);

// Everything, in one line.
std::string Describe(const ledger::Command& command);
std::string Describe(const ledger::Refusal& refusal);
std::string Describe(const ledger::Outcome& outcome);
std::string Describe(const std::vector<ledger::Violation>& violations);

}  // namespace timebank::model

#endif  // TIMEBANK_TESTS_MODEL_DESCRIBE_H_
