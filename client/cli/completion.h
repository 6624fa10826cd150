// What Tab offers in a shell: commands, flags and their values from the grammar, names from the bank.
#ifndef TIMEBANK_CLIENT_CLI_COMPLETION_H_
#define TIMEBANK_CLIENT_CLI_COMPLETION_H_

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "client/cli/command.h"
#include "client/cli/console.h"

namespace timebank::cli {

// What the last word of a command line can become.
struct Wanted {
  enum class Kind {
    // `words` as they are; none: whatever the shell itself offers.
    kWords,
    // Members, found by what was typed.
    kMembers,
    // The bank's categories.
    kCategories,
  };
  Kind kind = Kind::kWords;
  std::vector<Completion> words = {};
  // Values of the options that every command knows, as typed before: `--bank` → `rushey`; flags have none.
  std::map<std::string, std::string> globals = {};
};

// `words`: those behind `timebank`, the last one being typed (it may be empty).
Wanted WhatFits(const CommandDescription& root, const std::vector<std::string>& words);

// A script for `bash`, `zsh` or `fish` that asks `timebank __complete`; empty for any other shell.
std::string CompletionScript(std::string_view shell);

}  // namespace timebank::cli

#endif  // TIMEBANK_CLIENT_CLI_COMPLETION_H_
