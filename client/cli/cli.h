// The program as a function: `timebank` without the process around it.
#ifndef TIMEBANK_CLIENT_CLI_CLI_H_
#define TIMEBANK_CLIENT_CLI_CLI_H_

#include <string>
#include <vector>

#include "client/cli/console.h"
#include "client/cli/context.h"
#include "client/cli/errors.h"
#include "client/cli/session.h"

namespace timebank::cli {

// Runs one command line (without the program's name), from reading the flags to telling what went wrong.
// `connect` makes the connection; tests put a mock there.
ExitCode Run(const std::vector<std::string>& arguments, Console& console, const Variables& variables,
             const Connect& connect);

}  // namespace timebank::cli

#endif  // TIMEBANK_CLIENT_CLI_CLI_H_
