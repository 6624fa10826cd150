#include "client/cli/completion.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "client/cli/day.h"
#include "client/cli/words.h"

namespace timebank::cli {
namespace {

// A line of `timebank __complete` is a word, a tab and what it means. A word need not begin with what was
// typed: `muñoz` becomes a member's id.
constexpr char kBash[] = R"sh(# bash completion for timebank. Install:
#   timebank completion bash > ~/.local/share/bash-completion/completions/timebank
_timebank() {
  local typed=${COMP_WORDS[COMP_CWORD]} word mean i others=0
  local -a words=() means=()
  while IFS=$'\t' read -r word mean; do
    words+=("$word")
    means+=("$mean")
  done < <("${COMP_WORDS[0]}" __complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  COMPREPLY=()
  if ((${#words[@]} == 1)); then
    COMPREPLY=("$(printf '%q' "${words[0]}")")
    return
  fi
  for word in "${words[@]}"; do
    [[ $word == "$typed"* ]] || others=1
  done
  for i in "${!words[@]}"; do
    if ((others)); then
      COMPREPLY+=("${words[i]}${means[i]:+  (${means[i]})}")
    else
      COMPREPLY+=("${words[i]}")
    fi
  done
  # Nothing in common: what was typed stays, and all are listed.
  ((others == 0)) || COMPREPLY+=(" ")
}
complete -o default -o nosort -F _timebank timebank
)sh";

constexpr char kZsh[] = R"sh(#compdef timebank
# zsh completion for timebank. Install: timebank completion zsh > _timebank, in a folder of your $fpath
_timebank() {
  local word mean
  local -a found shown
  while IFS=$'\t' read -r word mean; do
    found+=("$word")
    shown+=("$word${mean:+  -- $mean}")
  done < <("${words[1]}" __complete "${(@)words[2,CURRENT]}" 2>/dev/null)
  if (( $#found )); then
    # -U: a word need not begin with what was typed.
    compadd -U -l -d shown -a found
  else
    _files
  fi
}
if [[ $funcstack[1] == _timebank ]]; then
  _timebank "$@"
else
  compdef _timebank timebank
fi
)sh";

constexpr char kFish[] = R"sh(# fish completion for timebank. Install:
#   timebank completion fish > ~/.config/fish/completions/timebank.fish
function __timebank_complete
    set -l words (commandline -opc)
    set -l typed (commandline -ct)
    for line in ($words[1] __complete $words[2..-1] "$typed" 2>/dev/null)
        set -l both (string split \t -- $line)
        # fish keeps only what has the letters typed in it: a member is offered by the name, too.
        if test (count $both) -eq 2; and not string match -qi -- "*$typed*" $both[1]
            echo $both[2]\t$both[1]
        else
            echo $line
        end
    end
end
complete -c timebank -f -a '(__timebank_complete)'
complete -c timebank -n '__fish_seen_subcommand_from import' -F
)sh";

const OptionDescription* FindOption(const std::vector<OptionDescription>& options, std::string_view word) {
  const auto found = std::find_if(options.begin(), options.end(), [word](const OptionDescription& option) {
    return option.name == word || (!option.short_name.empty() && option.short_name == word);
  });
  return found == options.end() ? nullptr : &*found;
}

void Offer(Wanted& wanted, std::string_view typed, std::string_view word, std::string_view says) {
  if (absl::StartsWith(Fold(word), Fold(typed)))
    wanted.words.push_back({std::string(word), std::string(says)});
}

// The value of an option: one of a few words, somebody, a category, a day.
void OfferValue(Wanted& wanted, const OptionDescription& option, std::string_view typed) {
  if (absl::StrContains(option.value, "|")) {
    for (absl::string_view choice : absl::StrSplit(option.value, '|'))
      Offer(wanted, typed, {choice.data(), choice.size()}, "");
  } else if (option.value == "DAY") {
    for (const std::string& day : DayWords()) Offer(wanted, typed, day, "");
  } else if (option.name == "--category" && option.value == "NAME") {
    wanted.kind = Wanted::Kind::kCategories;
  } else if (option.value == "NAMES" ||
             (option.value == "NAME" && option.name != "--as" && option.name != "--context" &&
              option.name != "--name" && option.name != "--recorded-by")) {
    wanted.kind = Wanted::Kind::kMembers;
  }
}

// An argument by position, `before` being how many stand before it.
void OfferArgument(Wanted& wanted, const CommandDescription& command, size_t before, std::string_view typed) {
  if (command.arguments.empty()) return;
  const OptionDescription& argument = command.arguments[std::min(before, command.arguments.size() - 1)];
  if (before >= command.arguments.size() && !argument.list) return;
  if (argument.name == "sentence") {
    wanted.kind = Wanted::Kind::kMembers;
    // `record ben h…`: the verb.
    const std::string_view verb = command.name == "gift" ? "gave" : "helped";
    if (before == 1 && command.name != "opening") Offer(wanted, typed, verb, "");
    if (!wanted.words.empty()) wanted.kind = Wanted::Kind::kWords;
  } else if (argument.name == "outcome") {
    for (std::string_view outcome : {"stands", "reversed", "corrected"}) Offer(wanted, typed, outcome, "");
  } else if (argument.name == "shell") {
    for (std::string_view shell : {"bash", "zsh", "fish"}) Offer(wanted, typed, shell, "");
  } else if (command.name != "add" &&
             (argument.name == "name" || argument.name == "words" || argument.name == "members")) {
    wanted.kind = Wanted::Kind::kMembers;
  }
}

}  // namespace

Wanted WhatFits(const CommandDescription& root, const std::vector<std::string>& words) {
  Wanted wanted;
  if (words.empty()) return wanted;
  const CommandDescription* command = &root;
  size_t arguments = 0;
  // `help member` goes down the same way as `member` itself.
  bool help = false;
  const OptionDescription* waits = nullptr;
  for (size_t i = 0; i + 1 < words.size(); ++i) {
    const std::string& word = words[i];
    if (waits != nullptr) {
      if (FindOption(root.options, waits->name) != nullptr) wanted.globals[waits->name] = word;
      waits = nullptr;
      continue;
    }
    if (absl::StartsWith(word, "-") && word.size() > 1) {
      const OptionDescription* option = FindOption(command->options, word);
      if (option == nullptr) option = FindOption(root.options, word);
      if (option == nullptr) continue;
      if (option->value.empty()) {
        wanted.globals[option->name] = "";
      } else {
        waits = option;
      }
      continue;
    }
    const auto sub = std::find_if(command->commands.begin(), command->commands.end(),
                                  [&word](const CommandDescription& one) { return one.name == word; });
    if (command == &root && word == "help" && !help) {
      help = true;
    } else if (sub != command->commands.end()) {
      command = &*sub;
    } else {
      ++arguments;
    }
  }
  const std::string& typed = words.back();
  if (waits != nullptr) {
    OfferValue(wanted, *waits, typed);
  } else if (absl::StartsWith(typed, "-")) {
    for (const OptionDescription& option : command->options) Offer(wanted, typed, option.name, option.help);
    if (command != &root) {
      for (const OptionDescription& option : root.options) {
        if (FindOption(command->options, option.name) == nullptr && option.name != "--version")
          Offer(wanted, typed, option.name, option.help);
      }
    }
  } else if (!command->commands.empty()) {
    for (const CommandDescription& sub : command->commands) Offer(wanted, typed, sub.name, sub.summary);
  } else if (!help) {
    OfferArgument(wanted, *command, arguments, typed);
  }
  return wanted;
}

std::string CompletionScript(std::string_view shell) {
  if (shell == "bash") return kBash;
  if (shell == "zsh") return kZsh;
  return shell == "fish" ? kFish : "";
}

}  // namespace timebank::cli
