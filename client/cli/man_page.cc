#include "client/cli/man_page.h"

#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "client/cli/translate.h"
#include "client/cli/words.h"

namespace timebank::cli {
namespace {

// Text that troff takes as it is: no request at the beginning of a line, no escape, and a hyphen that can be
// copied into a shell.
std::string Escaped(std::string_view text) {
  std::string escaped = absl::StrReplaceAll(
      Absl(text), {{"\\", "\\e"}, {"-", "\\-"}, {"~", "\\(ti"}, {"^", "\\(ha"}, {"`", "\\(ga"}});
  if (absl::StartsWith(escaped, ".") || absl::StartsWith(escaped, "'")) escaped.insert(0, "\\&");
  return escaped;
}

std::string Heading(std::string_view words) { return absl::StrCat(".SH ", Escaped(words), "\n"); }

// Lines as they are, in a block that is not filled.
std::string Block(std::string_view text) {
  std::string block = ".nf\n";
  for (absl::string_view line : absl::StrSplit(absl::StripSuffix(Absl(text), "\n"), '\n')) {
    absl::StrAppend(&block, line.empty() ? "\\&" : Escaped({line.data(), line.size()}), "\n");
  }
  return block + ".fi\n";
}

std::string Synopsis(const CommandDescription& command) {
  std::string text = absl::StrCat(".B ", Escaped(command.full_name), "\n");
  if (!command.options.empty()) absl::StrAppend(&text, "[\\fI", Escaped(T("OPTION")), "\\fR ...]\n");
  if (!command.commands.empty()) absl::StrAppend(&text, "\\fI", Escaped(T("COMMAND")), "\\fR ...\n");
  for (const OptionDescription& argument : command.arguments) {
    const std::string name =
        absl::StrCat("\\fI", Escaped(T(argument.name.c_str())), "\\fR", argument.list ? " ..." : "");
    absl::StrAppend(&text, argument.required ? name : absl::StrCat("[", name, "]"), "\n");
  }
  return text;
}

std::string OptionEntry(const OptionDescription& option) {
  std::string names;
  for (const std::string& name : {option.short_name, option.name}) {
    if (!name.empty()) absl::StrAppend(&names, names.empty() ? "" : ", ", "\\fB", Escaped(name), "\\fR");
  }
  if (!option.value.empty()) absl::StrAppend(&names, " \\fI", Escaped(T(option.value.c_str())), "\\fR");
  return absl::StrCat(".TP\n", names, "\n", Escaped(option.help), "\n");
}

// The commands below, by their headings in the order in which these turn up.
std::string Commands(const CommandDescription& command) {
  std::vector<std::string> headings;
  for (const CommandDescription& sub : command.commands) {
    bool known = false;
    for (const std::string& heading : headings) known = known || heading == sub.heading;
    if (!known) headings.push_back(sub.heading);
  }
  std::string text = Heading(T("COMMANDS"));
  for (const std::string& heading : headings) {
    if (headings.size() > 1) absl::StrAppend(&text, ".SS ", Escaped(heading), "\n");
    for (const CommandDescription& sub : command.commands) {
      if (sub.heading != heading) continue;
      absl::StrAppend(&text, ".TP\n.BR ", Escaped(ManPageName(sub)), " (1)\n", Escaped(sub.summary), "\n");
    }
  }
  return text;
}

// `Examples:` and what stands below; or, of the program itself, all that --help has at its end.
std::string Footer(const CommandDescription& command) {
  if (command.footer.empty()) return "";
  absl::string_view footer = command.footer;
  const bool examples = absl::ConsumePrefix(&footer, absl::StrCat(T("Examples:"), "\n"));
  return absl::StrCat(Heading(examples ? T("EXAMPLES") : T("NOTES")), Block({footer.data(), footer.size()}));
}

}  // namespace

std::string ManPageName(const CommandDescription& command) {
  return absl::StrReplaceAll(command.full_name, {{" ", "-"}});
}

std::string ManPage(const CommandDescription& command, const CommandDescription& root,
                    std::string_view version) {
  const bool is_root = command.full_name == root.full_name;
  std::string page =
      absl::StrCat(".TH ", absl::AsciiStrToUpper(Escaped(ManPageName(command))), " 1 \"\" \"timebank ",
                   Absl(version), "\" \"Timebank\"\n", Heading(T("NAME")), Escaped(ManPageName(command)),
                   " \\- ", Escaped(command.summary), "\n", Heading(T("SYNOPSIS")), Synopsis(command));
  if (!command.arguments.empty()) {
    page += Heading(T("ARGUMENTS"));
    for (const OptionDescription& argument : command.arguments)
      absl::StrAppend(&page, ".TP\n\\fI", Escaped(T(argument.name.c_str())), "\\fR\n", Escaped(argument.help),
                      "\n");
  }
  if (!command.commands.empty()) page += Commands(command);
  page += Heading(T("OPTIONS"));
  for (const OptionDescription& option : command.options) page += OptionEntry(option);
  if (!is_root) {
    // Translators: the name of a manual page follows: timebank(1).
    absl::StrAppend(&page, ".PP\n", Escaped(T("Those that every command knows are in")),
                    "\n.BR timebank (1).\n");
  }
  page += Footer(command);
  if (!is_root) absl::StrAppend(&page, Heading(T("SEE ALSO")), ".BR timebank (1)\n");
  return page;
}

}  // namespace timebank::cli
