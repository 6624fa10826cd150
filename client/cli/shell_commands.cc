#include "client/cli/shell_commands.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/cli/completion.h"
#include "client/cli/man_page.h"
#include "client/cli/members_table.h"
#include "client/cli/status_macros.h"
#include "client/cli/translate.h"
#include "client/cli/words.h"
#include "client/cpp/names.h"

namespace timebank::cli {
namespace {

// More is not a choice any more.
constexpr int kMostNames = 50;
constexpr int kPatienceSeconds = 1;

// ---- man
// -----------------------------------------------------------------------------------------------------------

struct ManOptions {
  std::vector<std::string> command;
  std::string all;
};

const CommandDescription* Named(const CommandDescription& root, const std::vector<std::string>& words) {
  const CommandDescription* command = &root;
  for (const std::string& word : words) {
    const auto sub = std::find_if(command->commands.begin(), command->commands.end(),
                                  [&word](const CommandDescription& one) { return one.name == word; });
    if (sub == command->commands.end()) return nullptr;
    command = &*sub;
  }
  return command;
}

absl::Status WritePages(const CommandDescription& command, const CommandDescription& root,
                        const std::filesystem::path& folder) {
  const std::filesystem::path path = folder / absl::StrCat(ManPageName(command), ".1");
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << ManPage(command, root, TIMEBANK_VERSION) << std::flush;
  if (!out) return UsageError(Fill(T("Cannot write $0: $1."), path.string(), std::strerror(errno)));
  for (const CommandDescription& sub : command.commands) CLI_RETURN_IF_ERROR(WritePages(sub, root, folder));
  return absl::OkStatus();
}

absl::Status Man(Session& session, const CommandDescription& root, const ManOptions& options) {
  if (!options.all.empty()) {
    std::error_code error;
    std::filesystem::create_directories(options.all, error);
    if (error) return UsageError(Fill(T("Cannot write $0: $1."), options.all, error.message()));
    return WritePages(root, root, options.all);
  }
  const CommandDescription* command = Named(root, options.command);
  if (command == nullptr)
    return UsageError(Fill(T("There is no command \"$0\"."), absl::StrJoin(options.command, " ")));
  session.console().out << ManPage(*command, root, TIMEBANK_VERSION);
  return absl::OkStatus();
}

// ---- __complete
// ----------------------------------------------------------------------------------------------------

// Their ids, by whatever was typed of them. Of a list, `ana,b`, its last name.
std::vector<Completion> Members(Session& session, const std::string& typed) {
  std::vector<Completion> found;
  const size_t comma = typed.rfind(',');
  const std::string done = comma == std::string::npos ? "" : typed.substr(0, comma + 1);
  const auto bank = session.Bank();
  if (!bank.ok()) return found;
  v1::ListMembersRequest request;
  request.set_parent(*bank);
  request.set_query(typed.substr(done.size()));
  request.set_state(v1::Member::STATE_ACTIVE);
  request.set_page_size(kMostNames);
  for (const absl::StatusOr<v1::Member>& member : session.client().ListMembers(std::move(request))) {
    if (!member.ok() || found.size() == kMostNames) break;
    found.push_back({absl::StrCat(done, Absl(client::IdOf(member->name()))), OneLine(DisplayName(*member))});
  }
  return found;
}

std::vector<Completion> Categories(Session& session, const std::string& typed) {
  std::vector<Completion> found;
  const auto bank = session.Timebank();
  if (!bank.ok()) return found;
  for (const std::string& category : bank->settings().categories()) {
    if (absl::StartsWith(Fold(category), Fold(typed))) found.push_back({category, ""});
  }
  return found;
}

}  // namespace

void AddShellCommands(Grammar& grammar) {
  const char* const heading = T("This program");
  auto shell = std::make_shared<std::string>();
  grammar.root()
      .Sub("completion", T("Print a script with which Tab completes commands and names in bash, zsh or fish"),
           "  timebank completion bash > ~/.local/share/bash-completion/completions/timebank\n"
           "  timebank completion fish > ~/.config/fish/completions/timebank.fish")
      .Under(heading)
      .Argument(Later("shell"), *shell, T("bash, zsh or fish"))
      .Does([shell](Session& session) -> absl::Status {
        const std::string script = CompletionScript(*shell);
        if (script.empty()) return UsageError(Fill(T("\"$0\" is not bash, zsh or fish."), *shell));
        session.console().out << script;
        return absl::OkStatus();
      });

  auto man = std::make_shared<ManOptions>();
  grammar.root()
      .Sub("man", T("Print the manual page of a command"),
           T("  timebank man record | man -l -\n  timebank man --all ~/.local/share/man/man1     (then: man "
             "timebank-record)"))
      .Under(heading)
      .Arguments(Later("command"), man->command, T("Which one; the program itself when left out"),
                 Need::kOptional)
      .Option("--all", man->all, Later("FOLDER"), T("Write the pages of all commands into this folder"))
      .Does([man, &grammar](Session& session) { return Man(session, grammar.Describe(), *man); });
}

void PrintCompletions(const Grammar& grammar, const std::vector<std::string>& words, Console& console,
                      const Variables& variables, const Connect& connect) {
  Wanted wanted = WhatFits(grammar.Describe(), words);
  if (wanted.kind != Wanted::Kind::kWords) {
    GlobalOptions options;
    options.deadline_seconds = kPatienceSeconds;
    options.server = wanted.globals["--server"];
    options.bank = wanted.globals["--bank"];
    options.as = wanted.globals["--as"];
    options.key_file = wanted.globals["--key-file"];
    options.no_key = wanted.globals.contains("--no-key");
    options.context = wanted.globals["--context"];
    options.ca = wanted.globals["--ca"];
    options.cert = wanted.globals["--cert"];
    options.cert_key = wanted.globals["--cert-key"];
    Session session(console, variables, connect, std::move(options), "");
    wanted.words = wanted.kind == Wanted::Kind::kMembers ? Members(session, words.back())
                                                         : Categories(session, words.back());
  }
  for (const Completion& word : wanted.words)
    console.out << OneLine(word.text) << (word.says.empty() ? "" : "\t") << word.says << '\n';
}

}  // namespace timebank::cli
