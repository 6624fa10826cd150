#include "client/cli/cli.h"

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "client/cli/command.h"
#include "client/cli/commands.h"
#include "client/cli/context.h"
#include "client/cli/import/text.h"
#include "client/cli/shell_commands.h"
#include "client/cli/translate.h"
#include "client/cli/words.h"

namespace timebank::cli {
namespace {

const char* const kSummary = Later("Timebank: who helped whom, for how long. For brokers.");

const char* const kFooter = Later(R"(Every day:
  timebank record ben helped ana 1h30 gardening --on tue --slip 231
  timebank statement ana --year 2025 --print
  timebank undo 1042 --because "wrong Ana"

People: an id, a number, or words of a name (ana, 17, "ana mu"); pot; circle:knitters.
Hours:  1h30, 1:30, 1.5, 1,5, 90m.
Days:   today, yesterday, tue, 13/11, 13/11/2026, 2026-11-13. Today is the bank's today.

Exit codes:
  0  done
  1  the server refused: a limit, a rule, no right to
  2  not understood, ambiguous, or broken input; nothing was posted
  3  no such bank, member, circle or exchange
  4  the server cannot be reached or did not answer in time
  5  an import or a pile left lines out, or balances do not agree
Environment: TIMEBANK_SERVER, TIMEBANK_BANK, TIMEBANK_AS, TIMEBANK_KEY,
  TIMEBANK_KEY_FILE, TIMEBANK_CA, TIMEBANK_CERT, TIMEBANK_CERT_KEY,
  TIMEBANK_PLAINTEXT (1), TIMEBANK_LANGUAGE, NO_COLOR.)");

// A word as a shell takes it.
std::string Quoted(const std::string& word) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:,=@%+";
  if (!word.empty() && word.find_first_not_of(kPlain) == std::string::npos) return word;
  return absl::StrCat("'", absl::StrReplaceAll(word, {{"'", "'\\''"}}), "'");
}

std::string CommandLine(const std::vector<std::string>& arguments) {
  std::string line = "timebank";
  for (const std::string& argument : arguments) absl::StrAppend(&line, " ", Quoted(argument));
  return line;
}

void AddGlobalOptions(Command root, GlobalOptions& options) {
  root.Option("--server", options.server, Later("ADDRESS"),
              T("Where the server is (localhost:7400 unless said otherwise)"))
      .Option("--bank", options.bank, Later("ID"), T("Which bank; not needed where there is only one"))
      .Option("--as", options.as, Later("NAME"), T("Your own name, as the ledger notes who recorded"))
      .Option("--key-file", options.key_file, Later("FILE"),
              T("Where your key is, for a server that asks for one; - reads it from the input"))
      .Flag("--no-key", options.no_key, T("Send no key, not even the context's"))
      .Option("--member", options.member, Later("ID"),
              T("Act as this member instead of as a broker (what may be seen is for the key to say)"))
      .Option("--context", options.context, Later("NAME"),
              T("Server, bank and name from the contexts (see timebank context)"))
      .Option("--ca", options.ca, Later("FILE"),
              T("PEM: who vouches for the server; the connection is then encrypted"))
      .Option("--cert", options.cert, Later("FILE"),
              T("PEM: your certificate, where the server asks for one"))
      .Option("--cert-key", options.cert_key, Later("FILE"), T("PEM: its key"))
      .Flag("--plaintext", options.plaintext, T("Encrypt nothing, not even to another machine"))
      .Choice("-o,--output", options.output, {"table", "json", "csv"},
              T("Form of the output; a list is a table on a terminal, csv elsewhere"))
      .Option("--language", options.language, Later("CODE"),
              T("Language of what people read: en, ca, es, fr (as the system is set to)"))
      .Option("--deadline", options.deadline_seconds, Later("SECONDS"),
              T("How long to wait for an answer (10)"))
      .Option("--request-id", options.request_id, Later("ID"),
              T("Repeat a command whose answer was lost: it happens once"));
}

void AddCommands(Command root) {
  AddRecordCommands(root);
  AddDayCommand(root);
  AddMendCommands(root);
  AddAccountCommands(root);
  AddActsCommand(root);
  AddOverviewCommands(root);
  AddExchangeCommands(root);
  AddMemberCommands(root);
  AddActingForCommands(root);
  AddCircleCommands(root);
  AddBankCommands(root);
  AddKeyCommands(root);
  AddFeedCommands(root);
  AddImportCommand(root);
  AddExportCommand(root);
  AddContextCommands(root);
}

// The language of the context that will be used. Whatever is wrong with the contexts is told when they are
// opened.
std::string ContextLanguage(const Variables& variables, const std::vector<std::string>& arguments) {
  const absl::StatusOr<std::filesystem::path> path = ContextPath(variables);
  if (!path.ok()) return "";
  const absl::StatusOr<ContextFile> file = ReadContexts(*path);
  if (!file.ok()) return "";
  const std::string chosen = OptionGiven(arguments, "--context");
  const auto context = file->contexts.find(chosen.empty() ? file->current : chosen);
  return context == file->contexts.end() ? "" : context->second.language;
}

ExitCode Fail(Console& console, const absl::Status& status, const Situation& situation) {
  console.err << OnErr(console, Style::kError, "timebank: ") << Explain(status, situation) << '\n';
  return ExitCodeOf(status);
}

}  // namespace

ExitCode Run(const std::vector<std::string>& arguments, Console& console, const Variables& variables,
             const Connect& connect) {
  const std::string context_language = ContextLanguage(variables, arguments);
  const InLanguage language(
      ChooseLanguage(OptionGiven(arguments, "--language"), context_language, variables));
  GlobalOptions options;
  Grammar grammar("timebank", T(kSummary), TIMEBANK_VERSION, T(kFooter));
  AddGlobalOptions(grammar.root(), options);
  AddCommands(grammar.root());
  grammar.AddHelp(T("This program"));
  AddShellCommands(grammar);
  Body body;
  // All that the server takes is UTF-8; it could not even say which word it was.
  for (const std::string& argument : arguments) {
    if (!imports::IsUtf8(argument)) {
      const std::string shown = absl::CHexEscape(argument);
      return Fail(console, UsageError(Fill(T("\"$0\" is not UTF-8. Is the terminal set to it?"), shown)), {});
    }
  }
  if (!arguments.empty() && arguments.front() == kComplete) {
    PrintCompletions(grammar, {arguments.begin() + 1, arguments.end()}, console, variables, connect);
    return ExitCode::kOk;
  }
  if (absl::Status parsed = grammar.Parse(arguments, console.out, body); !parsed.ok()) {
    return Fail(console, parsed, {});
  }
  if (!body) return ExitCode::kOk;
  Session session(console, variables, connect, std::move(options), CommandLine(arguments));
  const absl::Status done = body(session);
  console.out << std::flush;
  if (!done.ok()) return Fail(console, done, session.situation());
  if (!console.out) {
    return Fail(
        console,
        IncompleteError(T("The output could not be written to its end. What was recorded stays recorded.")),
        {});
  }
  return ExitCode::kOk;
}

}  // namespace timebank::cli
