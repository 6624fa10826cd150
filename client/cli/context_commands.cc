// context list, set, use: which bank on which server, written down once.
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/cli/commands.h"
#include "client/cli/context.h"
#include "client/cli/session.h"
#include "client/cli/status_macros.h"
#include "client/cli/translate.h"
#include "client/cli/words.h"

namespace timebank::cli {
namespace {

absl::Status List(Session& session) {
  CLI_ASSIGN_OR_RETURN(const std::filesystem::path path, ContextPath(session.variables()));
  CLI_ASSIGN_OR_RETURN(const ContextFile file, ReadContexts(path));
  Table table({{"current", "", ColumnKind::kText},
               {"name", Later("Name"), ColumnKind::kText},
               {"server", Later("Server"), ColumnKind::kText},
               {"bank", Later("Bank"), ColumnKind::kText},
               {"as", Later("As"), ColumnKind::kText}});
  for (const auto& [name, context] : file.contexts) {
    table.AddRow({Text(name == file.current ? "*" : ""), Text(name), Text(context.server), Text(context.bank),
                  Text(context.as)});
  }
  if (table.empty()) {
    session.Tell(Fill(
        T("There are no contexts yet ($0). Make one: timebank context set NAME --bank ID --as YOUR-NAME"),
        path.string()));
  }
  return session.ShowTable(table);
}

// The environment goes before the context in use: who has just written one down would wonder.
void TellOverridden(Session& session, const Context& context) {
  const std::pair<const char*, std::string> all[] = {
      {"TIMEBANK_SERVER", context.server.empty() ? kDefaultServer : context.server},
      {"TIMEBANK_BANK", context.bank},
      {"TIMEBANK_AS", context.as},
      {"TIMEBANK_KEY_FILE", context.key_file}};
  for (const auto& [name, own] : all) {
    const std::optional<std::string> value = session.variables()(name);
    if (!value.has_value() || *value == own) continue;
    // Translators: $0 is a variable of the environment, $1 its value.
    session.Tell(
        Fill(T("$0 is set to $1, which goes before the context. For the context: unset $0"), name, *value));
  }
}

// The flags that every command knows are what is written down.
absl::Status Set(Session& session, const std::string& name) {
  CLI_ASSIGN_OR_RETURN(const std::filesystem::path path, ContextPath(session.variables()));
  CLI_ASSIGN_OR_RETURN(ContextFile file, ReadContexts(path));
  Context& context = file.contexts[name];
  const GlobalOptions& options = session.options();
  if (!options.server.empty()) context.server = options.server;
  if (!options.bank.empty()) context.bank = options.bank;
  if (!options.as.empty()) context.as = options.as;
  if (!options.key_file.empty()) {
    if (options.key_file == "-")
      return UsageError(T("A key that is read from the input cannot be written down; name a file."));
    context.key_file = std::filesystem::absolute(options.key_file).string();
  }
  if (options.no_key) {
    if (!options.key_file.empty()) {
      return UsageError(T("Either --key-file or --no-key: they say the opposite of each other."));
    }
    context.key_file.clear();
  }
  if (!options.language.empty()) context.language = options.language;
  // The file is read wherever one stands.
  const auto absolute = [](const std::string& path) {
    return path.empty() ? path : std::filesystem::absolute(path).string();
  };
  OverrideEncryption({.ca = absolute(options.ca),
                      .cert = absolute(options.cert),
                      .cert_key = absolute(options.cert_key),
                      .plaintext = options.plaintext},
                     context);
  if (file.current.empty()) file.current = name;
  CLI_RETURN_IF_ERROR(WriteContexts(path, file));
  const std::string server = context.server.empty() ? kDefaultServer : context.server;
  const std::string bank = context.bank.empty() ? T("(the only one)") : context.bank;
  const std::string as = context.as.empty() ? "local" : context.as;
  // Translators: $0 is the context's name, $3 that of whoever uses it.
  session.Tell(Fill(file.current == name ? T("Context $0: server $1, bank $2, as $3; in use.")
                                         : T("Context $0: server $1, bank $2, as $3."),
                    name, server, bank, as));
  if (file.current == name) {
    TellOverridden(session, context);
  } else {
    session.Tell(Fill(T("Use it: timebank context use $0"), name));
  }
  return absl::OkStatus();
}

absl::Status Use(Session& session, const std::string& name) {
  CLI_ASSIGN_OR_RETURN(const std::filesystem::path path, ContextPath(session.variables()));
  CLI_ASSIGN_OR_RETURN(ContextFile file, ReadContexts(path));
  if (file.contexts.count(name) == 0) {
    return UsageError(
        Fill(T("There is no context \"$0\". See which there are: timebank context list"), name));
  }
  file.current = name;
  CLI_RETURN_IF_ERROR(WriteContexts(path, file));
  session.Tell(Fill(T("Context $0 is in use."), name));
  TellOverridden(session, file.contexts.at(name));
  return absl::OkStatus();
}

}  // namespace

void AddContextCommands(Command root) {
  Command group =
      root.Sub("context", T("Write down server, bank and your name, once")).Under(T("This program"));
  group.Sub("list", T("All contexts")).Does(List);
  auto set = std::make_shared<std::string>();
  group
      .Sub("set", T("Make or change a context"),
           "  timebank context set rushey --server bank.example.org:7400 --bank rushey --as maria")
      .Argument(Later("name"), *set, T("What to call it"))
      .Does([set](Session& session) { return Set(session, *set); });
  auto use = std::make_shared<std::string>();
  group.Sub("use", T("Use a context from now on"), "  timebank context use rushey")
      .Argument(Later("name"), *use, T("Which"))
      .Does([use](Session& session) { return Use(session, *use); });
}

}  // namespace timebank::cli
