// The command line's grammar: which commands there are and what each takes.
//
// Texts are given in the language in use (T()). Names of arguments and of values, by which completion knows
// what fits, are given in English (Later()); help translates them.
//
// A thin front before CLI11, which is slow to compile and therefore included in command.cc alone. Every
// target that is bound must live as long as the Grammar; a command keeps its own in a shared_ptr that its
// body holds.
#ifndef TIMEBANK_CLIENT_CLI_COMMAND_H_
#define TIMEBANK_CLIENT_CLI_COMMAND_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "absl/status/status.h"

namespace CLI {
class App;
}  // namespace CLI

namespace timebank::cli {

class Session;

// What a command does once its arguments are read.
using Body = std::function<absl::Status(Session&)>;

enum class Need { kRequired, kOptional };

// What can be said of a command, for pages and completions.
struct OptionDescription {
  // `--count`, and `-n` where there is a short one; of an argument by position its name, in English.
  std::string name;
  std::string short_name;
  // What help calls the value: `DAY`, `table|json|csv`; in English. Empty: it takes none. Of an argument:
  // empty.
  std::string value;
  std::string help;
  bool required = false;
  // It takes several.
  bool list = false;
};
struct CommandDescription {
  // `add`, and `timebank member add`.
  std::string name;
  std::string full_name;
  std::string summary;
  // Examples and whatever else stands under the help; may be empty.
  std::string footer;
  // The heading that lists it; empty: under none.
  std::string heading;
  std::vector<OptionDescription> arguments = {};
  std::vector<OptionDescription> options = {};
  std::vector<CommandDescription> commands = {};
};

// One command, or the root. A handle: copies mean the same command.
class Command {
 public:
  Command(CLI::App* app, Body* chosen) : app_(app), chosen_(chosen) {}

  // A command below this one. `examples` stand under its help, a line each.
  Command Sub(const std::string& name, const std::string& summary, const std::string& examples = "");
  // The heading under which the parent's help lists this command.
  Command& Under(const std::string& heading);

  // Arguments by position; the list takes all that are left.
  Command& Argument(const std::string& name, std::string& target, const std::string& help,
                    Need need = Need::kRequired);
  Command& Arguments(const std::string& name, std::vector<std::string>& target, const std::string& help,
                     Need need = Need::kRequired);

  Command& Number(const std::string& name, int64_t& target, const std::string& help);

  // `names`: `-n,--count`. `value`: what help calls the value. A list may be given several times, one value
  // each.
  Command& Option(const std::string& names, std::string& target, const std::string& value,
                  const std::string& help);
  Command& Option(const std::string& names, std::optional<std::string>& target, const std::string& value,
                  const std::string& help);
  Command& Option(const std::string& names, std::vector<std::string>& target, const std::string& value,
                  const std::string& help);
  Command& Option(const std::string& names, int64_t& target, const std::string& value,
                  const std::string& help);
  // One of `choices`.
  Command& Choice(const std::string& names, std::string& target, const std::vector<std::string>& choices,
                  const std::string& help);
  Command& Flag(const std::string& names, bool& target, const std::string& help);

  // What it does. A command without a body needs one of its own commands to be named.
  Command& Does(Body body);

 private:
  CLI::App* app_;
  Body* chosen_;
};

// The whole command line.
class Grammar {
 public:
  Grammar(const std::string& name, const std::string& summary, const std::string& version,
          const std::string& footer);
  ~Grammar();
  Grammar(const Grammar&) = delete;
  Grammar& operator=(const Grammar&) = delete;

  Command root();
  // Adds `help COMMAND`, which says what `COMMAND --help` does, under `heading`.
  void AddHelp(const std::string& heading);
  // The whole of it.
  CommandDescription Describe() const;

  // Reads `arguments` (without the program's name) into the targets. The body of the command that was named;
  // an empty one where help or the version was asked for and written to `out`. Errors (usage): not
  // understood, and whose help to read.
  absl::Status Parse(std::vector<std::string> arguments, std::ostream& out, Body& body);

 private:
  std::unique_ptr<CLI::App> app_;
  Body chosen_;
  // The command `help`, and what stood behind it.
  const CLI::App* help_ = nullptr;
  std::vector<std::string> asked_;
};

}  // namespace timebank::cli

#endif  // TIMEBANK_CLIENT_CLI_COMMAND_H_
