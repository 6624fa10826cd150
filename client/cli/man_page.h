// Manual pages, made from the grammar: what `--help` says, as `man` shows it.
//
// Threads: pure functions.
#ifndef TIMEBANK_CLIENT_CLI_MAN_PAGE_H_
#define TIMEBANK_CLIENT_CLI_MAN_PAGE_H_

#include <string>
#include <string_view>

#include "client/cli/command.h"

namespace timebank::cli {

// `timebank-member-add`: the page's name; its file has `.1` behind it.
std::string ManPageName(const CommandDescription& command);

// The page of `command`, in the man macros of troff, UTF-8. `root`: the options that every command knows.
std::string ManPage(const CommandDescription& command, const CommandDescription& root,
                    std::string_view version);

}  // namespace timebank::cli

#endif  // TIMEBANK_CLIENT_CLI_MAN_PAGE_H_
