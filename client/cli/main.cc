// The command line for brokers. See README.md, or `timebank --help`.
#include <grpc/support/log.h>

#include <clocale>
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include "client/cli/cli.h"
#include "client/cli/console.h"
#include "client/cli/line_editor.h"
#include "client/cpp/connection.h"

int main(int argc, char** argv) {
  // How the terminal writes letters; all else is written the same everywhere.
  std::setlocale(LC_CTYPE, "");
  // What gRPC has to say of a connection stands in the errors; brokers are not to read it twice.
  if (std::getenv("GRPC_VERBOSITY") == nullptr) gpr_set_log_function([](gpr_log_func_args*) {});
  timebank::cli::Console console = timebank::cli::ProcessConsole();
  if (timebank::cli::CanAsk(console)) console.read_line = timebank::cli::MakeLineEditor();
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
