// Where a command reads and writes: a terminal, a pipe or a test's strings.
//
// Data goes to `out`; messages, notices, questions and progress go to `err`. Nothing is asked unless somebody
// sits at a terminal. Threads: one.
#ifndef TIMEBANK_CLIENT_CLI_CONSOLE_H_
#define TIMEBANK_CLIENT_CLI_CONSOLE_H_

#include <cstddef>
#include <functional>
#include <istream>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace timebank::cli {

// What Tab can make of a word.
struct Completion {
  std::string text;
  // What it means: `Ana Muñoz`.
  std::string says;
};

// One line to be typed.
struct LineRequest {
  std::string prompt;
  // Lines that are to be had back with Up though they were not typed at a prompt; only with an editor.
  std::vector<std::string> recall = {};
  // Completes the last word of `before`, which is what stands in front of the cursor; may be empty.
  std::function<std::vector<Completion>(const std::string& before)> complete = {};
};
// The line without its end; none at the end of input.
using LineReader = std::function<std::optional<std::string>(const LineRequest& request)>;

struct Console {
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
  bool in_is_terminal = false;
  bool out_is_terminal = false;
  bool err_is_terminal = false;
  // Neither NO_COLOR nor TERM=dumb is set. Colour appears on a terminal only.
  bool colour_wanted = false;
  // An editor for lines at a terminal; empty: lines are read from `in` as they come.
  LineReader read_line = {};
  // Is told what was typed where a question stood and is no answer to it; may be empty.
  std::function<void(const std::string& typed)> no_answer = {};
  // Width of the terminal on `out`, in columns; 0 where it is not known.
  size_t columns = 0;
};

// The process's own streams.
Console ProcessConsole();

enum class Style { kHeading, kNotice, kError };
// `text` in that style, where the stream shows colour.
std::string OnOut(const Console& console, Style style, std::string_view text);
std::string OnErr(const Console& console, Style style, std::string_view text);

// Whether somebody is there to answer.
bool CanAsk(const Console& console);
// Asks on `err` and reads one line without blanks around it; none at the end of input.
std::optional<std::string> Ask(Console& console, std::string_view question);

// Whether something has been typed (or pasted) already that nobody has read yet; only of an editor's
// terminal.
bool IsTypedAhead(const Console& console);
// Reads a line, with the editor where there is one. Off a terminal no prompt is shown.
std::optional<std::string> ReadLine(Console& console, const LineRequest& request);

// How often a question is put: a slip of the finger does not end a command.
inline constexpr int kMostQuestions = 3;
// Asks until `takes` takes the answer, at most kMostQuestions times; `hint` is told in between. None where no
// answer was taken, the input ended, or nothing was typed.
std::optional<std::string> AskUntil(Console& console, std::string_view question, std::string_view hint,
                                    const std::function<bool(const std::string& answer)>& takes);

// Columns that `text` (UTF-8) takes on a terminal: accents that combine take none, East Asian letters two.
size_t DisplayWidth(std::string_view text);
// How many bytes of `text` fit into `columns`, in whole characters; at least one character of a text that has
// any.
size_t BytesWithin(std::string_view text, size_t columns);
// As much of `text` as fits into `columns`, with `…` at the end where something was cut off.
std::string CutToWidth(std::string_view text, size_t columns);
// Line breaks and other control characters become blanks: one line, and nothing that a terminal would obey.
std::string OneLine(std::string_view text);

}  // namespace timebank::cli

#endif  // TIMEBANK_CLIENT_CLI_CONSOLE_H_
