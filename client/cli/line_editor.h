// Typing at a terminal with a line that can be edited, earlier lines behind the arrow keys, and Tab.
//
// libedit does it, on the process's own standard input and error. Threads: one; one editor at a time.
#ifndef TIMEBANK_CLIENT_CLI_LINE_EDITOR_H_
#define TIMEBANK_CLIENT_CLI_LINE_EDITOR_H_

#include "client/cli/console.h"

namespace timebank::cli {

// What the editor gives as the line where Ctrl-C ended it; nothing that is typed is that.
inline constexpr char kInterruptedLine[] = "\x03";

// For Console::read_line of a process whose standard input and error are a terminal; empty where the editor
// cannot be had. The locale's LC_CTYPE must be set.
LineReader MakeLineEditor();

}  // namespace timebank::cli

#endif  // TIMEBANK_CLIENT_CLI_LINE_EDITOR_H_
