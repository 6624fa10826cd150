#include "client/cli/command.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <CLI/Validators.hpp>
#include <algorithm>
#include <cstdint>
#include <iterator>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "client/cli/console.h"
#include "client/cli/errors.h"
#include "client/cli/near_names.h"
#include "client/cli/translate.h"
#include "client/cli/words.h"

namespace timebank::cli {
namespace {

constexpr size_t kHelpColumn = 30;
constexpr char kHelp[] = "help";

// `timebank member add`, for pointing at its help.
std::string FullName(const CLI::App* app) {
  std::string name = app->get_name();
  for (const CLI::App* parent = app->get_parent(); parent != nullptr; parent = parent->get_parent()) {
    name = absl::StrCat(parent->get_name(), " ", name);
  }
  return name;
}

// Help in the language in use: CLI11 has English words of its own, and counts bytes for columns.
class HelpFormatter : public CLI::Formatter {
 public:
  HelpFormatter() {
    column_width(kHelpColumn);
    label("Usage", WithGap(T("Usage")));
    label("OPTIONS", T("OPTIONS"));
    label("SUBCOMMAND", T("COMMAND"));
    label("Positionals", WithGap(T("Positionals")));
  }

  std::string make_option(const CLI::Option* option, bool is_positional) const override {
    return Entry(absl::StrCat(make_option_name(option, is_positional), make_option_opts(option)),
                 make_option_desc(option));
  }
  std::string make_option_name(const CLI::Option* option, bool is_positional) const override {
    const std::string name = CLI::Formatter::make_option_name(option, is_positional);
    return is_positional ? T(name.c_str()) : name;
  }
  std::string make_option_opts(const CLI::Option* option) const override {
    if (option->get_type_size() == 0) return "";
    const std::string value = option->get_type_name();
    return absl::StrCat(value.empty() ? "" : " ", T(value.c_str()),
                        option->get_expected_max() == CLI::detail::expected_max_vector_size ? " ..." : "",
                        option->get_required() ? " " : "", option->get_required() ? T("(needed)") : "");
  }
  // Options stand in a group that CLI11 names itself.
  std::string make_group(std::string group, bool is_positional,
                         std::vector<const CLI::Option*> options) const override {
    return CLI::Formatter::make_group(group == "Options" ? WithGap(T("Options")) : std::move(group),
                                      is_positional, std::move(options));
  }
  std::string make_subcommands(const CLI::App* app, CLI::AppFormatMode mode) const override {
    return absl::StrReplaceAll(CLI::Formatter::make_subcommands(app, mode),
                               {{":\n", absl::StrCat(WithGap(""), ":\n")}});
  }
  std::string make_subcommand(const CLI::App* sub) const override {
    return Entry(sub->get_display_name(/*with_aliases=*/true), sub->get_description());
  }

 private:
  // What stands in front of a heading's colon, which is CLI11's own.
  static std::string WithGap(std::string heading) {
    // Translators: a colon behind a heading, with a blank in front where your language has one.
    absl::StrAppend(&heading, absl::StripSuffix(T(":"), ":"));
    return heading;
  }
  // A name, and what it means beside it; below it where the name is too long for that.
  static std::string Entry(const std::string& name, const std::string& means) {
    const std::string left = absl::StrCat("  ", name);
    const size_t width = DisplayWidth(left);
    const std::string margin(kHelpColumn, ' ');
    const std::string gap = width < kHelpColumn ? margin.substr(width) : absl::StrCat("\n", margin);
    return absl::StrCat(left, gap, means, "\n");
  }
};

// What CLI11 says of a mistake, as it stands in its Error.hpp: a sentence is all that it tells. One that is
// not here stays in English.
struct MistakeSentence {
  const char* sentence;
  // Whether names of the grammar stand in its places, and not what was typed.
  bool names;
};
constexpr MistakeSentence kMistakes[] = {
    {Later("The following argument was not expected: $0"), false},
    {Later("The following arguments were not expected: $0"), false},
    // Translators: $0 is an option, $1 a number, $2 what stands behind the option (`DAY`).
    {Later("$0: $1 required $2 missing"), true},
    // Translators: $0 is an option, $1 and $2 numbers.
    {Later("$0: At Most $1 required but received $2"), false},
    {Later("$0 was given a disallowed flag override"), false},
    // Translators: $0 is an option, $1 what was given.
    {Later("Could not convert: $0 = $1"), false}};

// What stands in `text` in the places of `sentence`; empty where it is not that sentence.
std::vector<std::string> FilledIn(absl::string_view sentence, absl::string_view text) {
  std::vector<std::string> places;
  for (size_t at = sentence.find('$'); at != absl::string_view::npos; at = sentence.find('$')) {
    if (!absl::ConsumePrefix(&text, sentence.substr(0, at))) return {};
    sentence.remove_prefix(at + 2);
    const absl::string_view behind = sentence.substr(0, sentence.find('$'));
    const size_t end = behind.empty() ? text.size() : text.find(behind);
    if (end == absl::string_view::npos) return {};
    places.push_back(std::string(text.substr(0, end)));
    text.remove_prefix(end);
  }
  return text == sentence ? places : std::vector<std::string>{};
}

// The same in the language in use.
std::string Mistake(const std::string& said) {
  for (const auto& [sentence, names] : kMistakes) {
    std::vector<std::string> places = FilledIn(sentence, said);
    if (places.empty()) continue;
    for (std::string& place : places) place = names ? T(place.c_str()) : place;
    places.resize(3);
    return Fill(T(sentence), places[0], places[1], places[2]);
  }
  return said;
}

// What is missing, with what it means: CLI11 says `number is required`. Empty: it says something else.
std::string Missing(const std::string& said, const CLI::App* command) {
  absl::string_view name = said;
  if (!absl::ConsumeSuffix(&name, " is required")) return "";
  const CLI::Option* option = command->get_option_no_throw(std::string(name));
  const std::string means = option == nullptr ? "" : option->get_description();
  // Translators: $0 is what a command needs (`number`), $1 what that is (`Number of the entry`).
  return Fill(means.empty() ? T("Something is missing: $0.") : T("Something is missing: $0 ($1)."),
              T(std::string(name).c_str()), means);
}

// CLI11's own puts its name into every help text.
CLI::Validator NotNegative() {
  return CLI::Validator(
      [](std::string& given) {
        int64_t number = 0;
        return absl::SimpleAtoi(given, &number) && number >= 0 ? std::string()
                                                               : Fill(T("\"$0\" is not a number"), given);
      },
      "");
}

// CLI11 takes an argument in brackets for a list of values; a note may well be `[urgent]`. A mark in front,
// which nobody can type, keeps it whole until it reaches its target.
constexpr char kWhole = '\x01';

std::string Marked(std::string argument) {
  return argument.size() > 1 && argument.front() == '[' && argument.back() == ']' ? kWhole + argument
                                                                                  : argument;
}

std::string Unmarked(std::string argument) {
  return !argument.empty() && argument.front() == kWhole ? argument.substr(1) : argument;
}

// Text into a string, an optional or (one by one) a list.
template <typename Target>
CLI::Option* Bind(CLI::App* app, const std::string& names, Target& target, const std::string& help) {
  if constexpr (std::is_same_v<Target, std::vector<std::string>>) {
    return app->add_option_function<std::vector<std::string>>(
        names,
        [&target](const std::vector<std::string>& given) {
          target.clear();
          std::transform(given.begin(), given.end(), std::back_inserter(target), Unmarked);
        },
        help);
  } else {
    return app->add_option_function<std::string>(
        names, [&target](const std::string& given) { target = Unmarked(given); }, help);
  }
}

// The innermost command that was named.
CLI::App* Innermost(CLI::App* app) {
  while (!app->get_subcommands().empty()) app = app->get_subcommands().back();
  return app;
}

// The command that `words` name, from `app` down; null where there is none, `words` then begins with what is
// not known.
CLI::App* Named(CLI::App* app, std::vector<std::string>& words) {
  while (!words.empty()) {
    const auto subs =
        app->get_subcommands([&words](const CLI::App* sub) { return sub->get_name() == words.front(); });
    if (subs.empty()) return nullptr;
    app = subs.front();
    words.erase(words.begin());
  }
  return app;
}

OptionDescription Described(const CLI::Option* option) {
  OptionDescription description;
  description.help = option->get_description();
  description.required = option->get_required();
  description.list = option->get_items_expected_max() > 1;
  if (option->get_positional()) {
    description.name = option->get_name(/*positional=*/true);
    return description;
  }
  if (!option->get_lnames().empty()) description.name = absl::StrCat("--", option->get_lnames().front());
  if (!option->get_snames().empty()) description.short_name = absl::StrCat("-", option->get_snames().front());
  // A flag expects nothing.
  if (option->get_items_expected_max() > 0) description.value = option->get_type_name();
  return description;
}

CommandDescription Described(const CLI::App* app) {
  CommandDescription description{.name = app->get_name(),
                                 .full_name = FullName(app),
                                 .summary = app->get_description(),
                                 .footer = app->get_footer(),
                                 .heading = app->get_parent() == nullptr ? "" : app->get_group()};
  for (const CLI::Option* option : app->get_options()) {
    (option->get_positional() ? description.arguments : description.options).push_back(Described(option));
  }
  for (const CLI::App* sub : app->get_subcommands([](const CLI::App*) { return true; }))
    description.commands.push_back(Described(sub));
  return description;
}

absl::Status NoSuchCommand(const std::string& what, const CLI::App* asked) {
  return UsageError(absl::StrCat(what, "\n", Fill(T("See how it is used: $0 --help"), FullName(asked))));
}

// `There is no command "recrod". Did you mean record?`
std::string Unknown(const std::string& word, const CLI::App* app) {
  constexpr size_t kMostWrong = 2;
  std::string nearest;
  // Half of a short word may not be wrong.
  size_t distance = std::min(kMostWrong, word.size() / 2) + 1;
  for (const CLI::App* sub : app->get_subcommands([](const CLI::App*) { return true; })) {
    const size_t this_far = EditDistance(word, sub->get_name(), kMostWrong);
    if (this_far >= distance) continue;
    distance = this_far;
    nearest = sub->get_name();
  }
  // Translators: $0 is what was typed, $1 a command.
  return nearest.empty() ? Fill(T("There is no command \"$0\"."), word)
                         : Fill(T("There is no command \"$0\". Did you mean $1?"), word, nearest);
}

}  // namespace

Command Command::Sub(const std::string& name, const std::string& summary, const std::string& examples) {
  CLI::App* sub = app_->add_subcommand(name, summary);
  if (!examples.empty()) sub->footer(absl::StrCat(T("Examples:"), "\n", examples));
  // One of a parent's commands at a time: the words of a note may be named like another command.
  app_->require_subcommand(1);
  return Command(sub, chosen_);
}

Command& Command::Under(const std::string& heading) {
  app_->group(heading);
  return *this;
}

Command& Command::Argument(const std::string& name, std::string& target, const std::string& help, Need need) {
  Bind(app_, name, target, help)->required(need == Need::kRequired)->type_name("");
  return *this;
}

Command& Command::Arguments(const std::string& name, std::vector<std::string>& target,
                            const std::string& help, Need need) {
  Bind(app_, name, target, help)->required(need == Need::kRequired)->type_name("");
  return *this;
}

Command& Command::Number(const std::string& name, int64_t& target, const std::string& help) {
  app_->add_option(name, target, help)->required()->type_name("")->check(NotNegative());
  return *this;
}

Command& Command::Option(const std::string& names, std::string& target, const std::string& value,
                         const std::string& help) {
  Bind(app_, names, target, help)->type_name(value);
  return *this;
}

Command& Command::Option(const std::string& names, std::optional<std::string>& target,
                         const std::string& value, const std::string& help) {
  Bind(app_, names, target, help)->type_name(value);
  return *this;
}

Command& Command::Option(const std::string& names, std::vector<std::string>& target, const std::string& value,
                         const std::string& help) {
  Bind(app_, names, target, help)->type_name(value)->allow_extra_args(false);
  return *this;
}

Command& Command::Option(const std::string& names, int64_t& target, const std::string& value,
                         const std::string& help) {
  app_->add_option(names, target, help)->type_name(value)->check(NotNegative());
  return *this;
}

Command& Command::Choice(const std::string& names, std::string& target,
                         const std::vector<std::string>& choices, const std::string& help) {
  std::string value;
  for (const std::string& choice : choices) absl::StrAppend(&value, value.empty() ? "" : "|", choice);
  app_->add_option(names, target, help)
      ->check(CLI::Validator(
          [choices, value](std::string& given) {
            const bool known = std::find(choices.begin(), choices.end(), given) != choices.end();
            return known ? std::string() : Fill(T("\"$0\" is not one of $1"), given, value);
          },
          ""))
      ->type_name(value);
  return *this;
}

Command& Command::Flag(const std::string& names, bool& target, const std::string& help) {
  app_->add_flag(names, target, help);
  return *this;
}

Command& Command::Does(Body body) {
  app_->callback([chosen = chosen_, body = std::move(body)] { *chosen = body; });
  return *this;
}

Grammar::Grammar(const std::string& name, const std::string& summary, const std::string& version,
                 const std::string& footer)
    : app_(std::make_unique<CLI::App>(summary, name)) {
  app_->formatter(std::make_shared<HelpFormatter>());
  app_->set_version_flag("--version", version, T("Display program version information and exit"));
  app_->set_help_flag("-h,--help", T("Say how to use this command"));
  app_->footer(footer);
  // The flags that every command knows may stand behind it.
  app_->fallthrough();
}

Grammar::~Grammar() = default;

Command Grammar::root() { return Command(app_.get(), &chosen_); }

void Grammar::AddHelp(const std::string& heading) {
  root()
      .Sub(kHelp, T("How a command is used"), "  timebank help record\n  timebank help member add")
      .Under(heading)
      .Arguments(Later("command"), asked_, T("Which one; all when left out"), Need::kOptional);
  help_ = app_->get_subcommand(kHelp);
}

CommandDescription Grammar::Describe() const { return Described(static_cast<const CLI::App*>(app_.get())); }

absl::Status Grammar::Parse(std::vector<std::string> arguments, std::ostream& out, Body& body) {
  std::transform(arguments.begin(), arguments.end(), arguments.begin(), Marked);
  std::reverse(arguments.begin(), arguments.end());  // as CLI11 wants them
  body = chosen_ = nullptr;
  if (arguments.empty()) arguments = {"--help"};
  try {
    app_->parse(std::move(arguments));
  } catch (const CLI::CallForHelp&) {
    out << app_->help();  // of the command that was named
    return absl::OkStatus();
  } catch (const CLI::CallForVersion& version) {
    out << version.what() << '\n';
    return absl::OkStatus();
  } catch (const CLI::ParseError& problem) {
    CLI::App* command = Innermost(app_.get());
    const std::vector<std::string> rest = app_->remaining(true);
    std::string what = Missing(problem.what(), command);
    if (what.empty()) what = Mistake(problem.what());
    if (command->get_require_subcommand_min() > 0) {
      what = rest.empty() ? T("A command is missing.") : Unknown(Unmarked(rest.front()), command);
    }
    return NoSuchCommand(what, command);
  }
  body = chosen_;
  if (help_ == nullptr || !help_->parsed()) return absl::OkStatus();
  std::vector<std::string> words = asked_;
  const CLI::App* asked = Named(app_.get(), words);
  if (asked == nullptr) return NoSuchCommand(Unknown(words.front(), app_.get()), app_.get());
  out << app_->get_formatter()->make_help(asked, FullName(asked), CLI::AppFormatMode::Normal);
  return absl::OkStatus();
}

}  // namespace timebank::cli
