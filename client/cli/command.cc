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

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "client/cli/errors.h"
#include "client/cli/near_names.h"

namespace timebank::cli {
namespace {

constexpr size_t kHelpColumn = 30;

// `timebank member add`, for pointing at its help.
std::string FullName(const CLI::App* app) {
  std::string name = app->get_name();
  for (const CLI::App* parent = app->get_parent(); parent != nullptr; parent = parent->get_parent()) {
    name = absl::StrCat(parent->get_name(), " ", name);
  }
  return name;
}

// CLI11's own puts its name into every help text.
CLI::Validator NotNegative() {
  return CLI::Validator(
      [](std::string& given) {
        int64_t number = 0;
        return absl::SimpleAtoi(given, &number) && number >= 0
                   ? std::string()
                   : absl::StrCat("\"", given, "\" is not a number");
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
  return UsageError(absl::StrCat(what, "\nSee how it is used: ", FullName(asked), " --help"));
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
  return absl::StrCat("There is no command \"", word, "\".",
                      nearest.empty() ? "" : absl::StrCat(" Did you mean ", nearest, "?"));
}

}  // namespace

Command Command::Sub(const std::string& name, const std::string& summary, const std::string& examples) {
  CLI::App* sub = app_->add_subcommand(name, summary);
  if (!examples.empty()) sub->footer(absl::StrCat("Examples:\n", examples));
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
            return known ? std::string() : absl::StrCat("\"", given, "\" is not one of ", value);
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
  app_->set_version_flag("--version", version);
  app_->set_help_flag("-h,--help", "Say how to use this command");
  app_->footer(footer);
  // The flags that every command knows may stand behind it.
  app_->fallthrough();
  app_->get_formatter()->column_width(kHelpColumn);
  app_->get_formatter()->label("SUBCOMMAND", "COMMAND");
  app_->get_formatter()->label("REQUIRED", "(needed)");
}

Grammar::~Grammar() = default;

Command Grammar::root() { return Command(app_.get(), &chosen_); }

CommandDescription Grammar::Describe() const { return Described(static_cast<const CLI::App*>(app_.get())); }

absl::Status Grammar::Parse(std::vector<std::string> arguments, std::ostream& out, Body& body) {
  if (!arguments.empty() && arguments.front() == "help") {
    std::vector<std::string> words(arguments.begin() + 1, arguments.end());
    if (Named(app_.get(), words) == nullptr)
      return NoSuchCommand(Unknown(words.front(), app_.get()), app_.get());
    arguments.erase(arguments.begin());
    arguments.emplace_back("--help");
  }
  std::transform(arguments.begin(), arguments.end(), arguments.begin(), Marked);
  std::reverse(arguments.begin(), arguments.end());  // as CLI11 wants them
  chosen_ = nullptr;
  if (arguments.empty()) arguments = {"--help"};
  try {
    app_->parse(std::move(arguments));
  } catch (const CLI::CallForHelp&) {
    out << app_->help();  // of the command that was named
  } catch (const CLI::CallForVersion& version) {
    out << version.what() << '\n';
  } catch (const CLI::ParseError& problem) {
    CLI::App* command = Innermost(app_.get());
    const std::vector<std::string> rest = app_->remaining(true);
    std::string what = problem.what();
    if (command->get_require_subcommand_min() > 0) {
      what = rest.empty() ? "A command is missing." : Unknown(Unmarked(rest.front()), command);
    }
    return NoSuchCommand(what, command);
  }
  body = chosen_;
  return absl::OkStatus();
}

}  // namespace timebank::cli
