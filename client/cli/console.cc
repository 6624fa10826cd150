#include "client/cli/console.h"

#include <locale.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#include <clocale>
#include <cstdlib>
#include <cwchar>
#include <functional>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "client/cli/words.h"

namespace timebank::cli {
namespace {

bool IsSet(const char* variable) {
  const char* value = std::getenv(variable);
  return value != nullptr && *value != '\0';
}

std::string Painted(bool show, Style style, std::string_view text) {
  if (!show) return std::string(text);
  const char* code = "";
  switch (style) {
    case Style::kHeading:
      code = "1";
      break;
    case Style::kNotice:
      code = "33";
      break;
    case Style::kError:
      code = "31";
      break;
  }
  return absl::StrCat("\033[", code, "m", Absl(text), "\033[0m");
}

// libc's tables of widths, whatever the user's locale: what is written is UTF-8 in any case.
class Utf8Locale {
 public:
  Utf8Locale() {
    static const locale_t kUtf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", locale_t{});
    before_ = uselocale(kUtf8);
  }
  ~Utf8Locale() { uselocale(before_); }
  Utf8Locale(const Utf8Locale&) = delete;
  Utf8Locale& operator=(const Utf8Locale&) = delete;

 private:
  locale_t before_;
};

// The width of the first character of `text`, and how many bytes it takes. A broken byte stands as one
// column.
size_t FirstWidth(std::string_view text, size_t& bytes) {
  wchar_t character = 0;
  std::mbstate_t state{};
  bytes = std::mbrtowc(&character, text.data(), text.size(), &state);
  if (bytes == 0 || bytes > text.size()) {
    bytes = 1;
    return 1;
  }
  const int width = wcwidth(character);
  return width < 0 ? 0 : static_cast<size_t>(width);
}

}  // namespace

Console ProcessConsole() {
  Console console{.in = std::cin, .out = std::cout, .err = std::cerr};
  console.in_is_terminal = isatty(STDIN_FILENO) == 1;
  console.out_is_terminal = isatty(STDOUT_FILENO) == 1;
  console.err_is_terminal = isatty(STDERR_FILENO) == 1;
  const char* terminal = std::getenv("TERM");
  console.colour_wanted = !IsSet("NO_COLOR") && (terminal == nullptr || std::string_view(terminal) != "dumb");
  winsize size{};
  if (console.out_is_terminal && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0) console.columns = size.ws_col;
  // A terminal that does not know its own width may have been told it.
  const char* told = std::getenv("COLUMNS");
  if (console.out_is_terminal && console.columns == 0 && told != nullptr &&
      !absl::SimpleAtoi(told, &console.columns)) {
    console.columns = 0;
  }
  return console;
}

std::string OnOut(const Console& console, Style style, std::string_view text) {
  return Painted(console.colour_wanted && console.out_is_terminal, style, text);
}

std::string OnErr(const Console& console, Style style, std::string_view text) {
  return Painted(console.colour_wanted && console.err_is_terminal, style, text);
}

bool CanAsk(const Console& console) { return console.in_is_terminal && console.err_is_terminal; }

std::optional<std::string> Ask(Console& console, std::string_view question) {
  console.err << question << ' ' << std::flush;
  std::string line;
  if (!std::getline(console.in, line)) {
    console.err << '\n';
    return std::nullopt;
  }
  return std::string(absl::StripAsciiWhitespace(line));
}

bool IsTypedAhead(const Console& console) {
  pollfd input{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
  return console.read_line && poll(&input, 1, 0) > 0;
}

std::optional<std::string> ReadLine(Console& console, const LineRequest& request) {
  if (console.read_line) return console.read_line(request);
  if (CanAsk(console)) console.err << request.prompt << std::flush;
  std::string line;
  if (!std::getline(console.in, line)) return std::nullopt;
  if (!line.empty() && line.back() == '\r') line.pop_back();
  return line;
}

std::optional<std::string> AskUntil(Console& console, std::string_view question, std::string_view hint,
                                    const std::function<bool(const std::string& answer)>& takes) {
  for (int time = 0; time < kMostQuestions; ++time) {
    if (time > 0) console.err << hint << '\n';
    std::optional<std::string> answer = Ask(console, question);
    if (!answer.has_value() || answer->empty()) return std::nullopt;
    if (takes(*answer)) return answer;
    if (console.no_answer) console.no_answer(*answer);
  }
  return std::nullopt;
}

size_t DisplayWidth(std::string_view text) {
  const Utf8Locale locale;
  size_t width = 0;
  for (size_t bytes = 0; !text.empty(); text.remove_prefix(bytes)) width += FirstWidth(text, bytes);
  return width;
}

size_t BytesWithin(std::string_view text, size_t columns) {
  const Utf8Locale locale;
  size_t taken = 0;
  size_t width = 0;
  for (size_t bytes = 0; taken < text.size(); taken += bytes) {
    width += FirstWidth(text.substr(taken), bytes);
    if (width > columns) return taken == 0 ? bytes : taken;
  }
  return taken;
}

std::string CutToWidth(std::string_view text, size_t columns) {
  if (DisplayWidth(text) <= columns) return std::string(text);
  if (columns <= 1) return std::string("…").substr(0, columns == 0 ? 0 : std::string::npos);
  return absl::StrCat(Absl(text.substr(0, BytesWithin(text, columns - 1))), "…");
}

std::string OneLine(std::string_view text) {
  std::string line;
  for (size_t at = 0; at < text.size(); ++at) {
    const auto c = static_cast<unsigned char>(text[at]);
    // C1 controls, which terminals obey too, are U+0080 to U+009F: C2 80 to C2 9F in UTF-8.
    const bool c1 = c == 0xC2 && at + 1 < text.size() && static_cast<unsigned char>(text[at + 1]) < 0xA0;
    if (c < 0x20 || c == 0x7F || c1) {
      if (line.empty() || line.back() != ' ') line.push_back(' ');
      at += c1 ? 1 : 0;
    } else {
      line.push_back(text[at]);
    }
  }
  return line;
}

}  // namespace timebank::cli
