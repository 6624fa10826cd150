// What this program says, in the language of whoever reads it.
//
// Every sentence stands in the sources in English; T() looks for it in the catalogue of the language in use,
// which the build has made of `po/*.po`, and gives the English back where it is not translated. Nothing is
// read at run time and no locale of the system is needed. What programs read (keys, CSV, JSON, ISO days)
// never goes through here. `po/extract` finds the sentences by the names of these functions, so they take
// literals only.
//
// Threads: the language is chosen before there are any others; looking up is safe from all.
#ifndef TIMEBANK_CLIENT_CLI_TRANSLATE_H_
#define TIMEBANK_CLIENT_CLI_TRANSLATE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/strings/substitute.h"

namespace timebank::cli {

// `english` in the language in use.
const char* T(const char* english);

// The form of the language in use that goes with `count` things. The number is not filled in: Fill() does
// that.
const char* Tn(const char* one, const char* many, int64_t count);

// For literals in tables that are built before a language is in use: found by `po/extract`, looked up later
// by T().
constexpr const char* Later(const char* english) { return english; }

namespace internal {
template <typename Argument>
decltype(auto) Filling(const Argument& argument) {
  if constexpr (std::is_same_v<Argument, std::string_view>) {
    return absl::string_view(argument.data(), argument.size());
  } else {
    return argument;
  }
}
}  // namespace internal

// `text` with `$0`, `$1`, … replaced: a translation may name them in another order. That it names the same
// ones is what tests/checks/translations sees to.
template <typename... Arguments>
std::string Fill(const char* text, const Arguments&... arguments) {
  return absl::Substitute(text, internal::Filling(arguments)...);
}

// The parts of a translated list of words, `Mon, Tue, Wed`: without the blanks around them.
std::vector<std::string> TWords(const char* english);

// The same of a list as it stands: in English.
std::vector<std::string> ListedWords(const char* list);

// Whether `typed` is one of the words of that list, in English or in the language in use, whatever its
// accents and capitals.
bool IsWord(std::string_view typed, const char* english);

// The codes of the languages that there are, English first: `en`, `es`, …
std::vector<std::string> Languages();
// The one in use.
std::string LanguageInUse();

// Puts a language in use for as long as this lives; one that there is not is English.
class InLanguage {
 public:
  explicit InLanguage(std::string_view code);
  ~InLanguage();
  InLanguage(const InLanguage&) = delete;
  InLanguage& operator=(const InLanguage&) = delete;

 private:
  const void* before_;
};

// The code of the language to use, of what was said, best first: `option` (--language), TIMEBANK_LANGUAGE,
// `context` (the contexts file), then what the system is set to: LC_ALL, LC_MESSAGES, LANG. Each may be
// `es`, `es_ES.UTF-8` or empty, which says nothing; the first that says anything decides.
std::string ChooseLanguage(
    std::string_view option, std::string_view context,
    const std::function<std::optional<std::string>(const std::string& name)>& variables);

// The value of option `name` (`--language`) among a command line's arguments; empty where it is not there.
// Help is written in the language, so it must be known before the grammar is.
std::string OptionGiven(const std::vector<std::string>& arguments, std::string_view name);

}  // namespace timebank::cli

#endif  // TIMEBANK_CLIENT_CLI_TRANSLATE_H_
