// A paper slip as a line: `231 ben ana 1h30 gardening`, `231 ben helped ana 1h30 gardening`.
//
// Threads: pure functions.
#ifndef TIMEBANK_CLIENT_CLI_SLIP_LINE_H_
#define TIMEBANK_CLIENT_CLI_SLIP_LINE_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "client/cli/sentence.h"

namespace timebank::cli {

struct SlipLine {
  // Empty: a slip without a number, written `-`.
  std::string slip;
  Sentence sentence;
};

// Whether it is the number of a slip: has a digit in it.
bool IsSlipNumber(std::string_view word);

// The slip's number (with a digit in it) comes first. Without a verb the giver and the receiver are a word
// each, or a list joined by commas. Errors (InvalidArgument), each with how to write it: no number, names of
// several words without a verb, and all of ParseSentence().
absl::StatusOr<SlipLine> ParseSlipLine(std::string_view line);

}  // namespace timebank::cli

#endif  // TIMEBANK_CLIENT_CLI_SLIP_LINE_H_
