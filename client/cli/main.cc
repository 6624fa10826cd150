// The command line for brokers. See README.md, or `timebank --help`.
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include "client/cli/cli.h"
#include "client/cli/console.h"
#include "client/cpp/connection.h"

int main(int argc, char** argv) {
  timebank::cli::Console console = timebank::cli::ProcessConsole();
  const auto variables = [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    return value == nullptr || *value == '\0' ? std::nullopt : std::optional<std::string>(value);
  };
  const auto connect = [](timebank::client::Options options) {
    return timebank::client::MakeConnection(std::move(options));
  };
  return static_cast<int>(
      timebank::cli::Run(std::vector<std::string>(argv + 1, argv + argc), console, variables, connect));
}
