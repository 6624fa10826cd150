// completion, man, and the hidden __complete: the program in its shell.
//
// These need the grammar itself, so they are added behind all other commands.
#ifndef TIMEBANK_CLIENT_CLI_SHELL_COMMANDS_H_
#define TIMEBANK_CLIENT_CLI_SHELL_COMMANDS_H_

#include <string>
#include <vector>

#include "client/cli/command.h"
#include "client/cli/console.h"
#include "client/cli/context.h"
#include "client/cli/session.h"

namespace timebank::cli {

// `grammar` must outlive the bodies.
void AddShellCommands(Grammar& grammar);

// The hidden `timebank __complete WORD…`: what the last word can become, a line each, with a tab before what
// it means. Never fails: a shell has no use for errors. A server that does not answer within a second has no
// names.
inline constexpr char kComplete[] = "__complete";
void PrintCompletions(const Grammar& grammar, const std::vector<std::string>& words, Console& console,
                      const Variables& variables, const Connect& connect);

}  // namespace timebank::cli

#endif  // TIMEBANK_CLIENT_CLI_SHELL_COMMANDS_H_
