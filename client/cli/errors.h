// What went wrong, in words that say what to do next, and as an exit code.
//
// The exit codes are documented in README.md and in `timebank --help`; scripts rely on them.
#ifndef TIMEBANK_CLIENT_CLI_ERRORS_H_
#define TIMEBANK_CLIENT_CLI_ERRORS_H_

#include <functional>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace timebank::cli {

enum class ExitCode {
  kOk = 0,
  // The server refused: a limit, a rule, no right to.
  kRefused = 1,
  // Not understood, ambiguous, or broken input. Nothing was posted.
  kUsage = 2,
  // No such bank, member, circle or exchange.
  kNotFound = 3,
  // The server cannot be reached, or did not answer in time.
  kUnreachable = 4,
  // An import or a pile of slips left lines out, or balances did not come out as they should.
  kIncomplete = 5,
  // Ctrl-C ended it, as shells have it.
  kInterrupted = 130,
};

// Errors of our own; each message is a sentence that says what to do next.
absl::Status UsageError(std::string_view message);
absl::Status NotFoundError(std::string_view message);
absl::Status IncompleteError(std::string_view message);
// What the server refused, where the command knows more of it than the server's reason tells.
absl::Status RefusedError(std::string_view message);
absl::Status InterruptedError(std::string_view message);

// Of any error: ours, the server's or the network's.
ExitCode ExitCodeOf(const absl::Status& status);

// What an error happened to, as far as its sentence can use it.
struct Situation {
  // The command as typed, ready to be typed again: `timebank record ben helped ana 1h30`.
  std::string command_line;
  // Where the server was looked for.
  std::string server;
  // Whether it was spoken to over TLS.
  bool encrypted = false;
  // Whether a key went with the call; and whether the context has one that was held back, because nothing is
  // encrypted.
  bool key_sent = false;
  bool key_held_back = false;
  // Whether a change that the command asked for may have reached the server.
  bool change_sent = false;
  // The number of the last event that a feed told; empty: none.
  std::string last_event = {};
  // The number of the paper slip that is being entered.
  std::string slip;
  // The holder who is named both as giver and as receiver; empty: nobody.
  std::string both_sides = {};
  // Whether the slip is a line of a pile, where there are no options.
  bool in_pile = false;
  // A holder's name for people; may be empty.
  std::function<std::string(const std::string& holder)> name_of;
};

// One to three lines, the last without a line end. Errors of our own are told as they are.
std::string Explain(const absl::Status& status, const Situation& situation);

}  // namespace timebank::cli

#endif  // TIMEBANK_CLIENT_CLI_ERRORS_H_
