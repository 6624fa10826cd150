#include "client/cli/sentence.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "client/cli/import/text.h"
#include "client/cli/status_macros.h"
#include "client/cli/words.h"

namespace timebank::cli {
namespace {

// `dan:1h` → dan and 1h; `circle:knitters` is a name.
absl::StatusOr<NamedShare> ParseNamedShare(std::string_view text) {
  NamedShare share{.name = std::string(text), .hours = std::nullopt, .hours_text = ""};
  for (size_t colon = text.find(':'); colon != std::string_view::npos; colon = text.find(':', colon + 1)) {
    const std::string_view behind = text.substr(colon + 1);
    if (!LooksLikeHours(behind)) continue;
    CLI_ASSIGN_OR_RETURN(share.hours, ParseHours(behind));
    share.name = std::string(absl::StripAsciiWhitespace(Absl(text.substr(0, colon))));
    share.hours_text = std::string(behind);
    break;
  }
  return share;
}

std::string Joined(const std::vector<std::string>& words, size_t begin, size_t end) {
  return absl::StrJoin(words.begin() + static_cast<std::ptrdiff_t>(begin),
                       words.begin() + static_cast<std::ptrdiff_t>(end), " ");
}

bool AllHaveHours(const std::vector<NamedShare>& shares) {
  return std::all_of(shares.begin(), shares.end(),
                     [](const NamedShare& share) { return share.hours.has_value(); });
}

// Where the names behind the verb end: at the hours. Names that are numbers come first or behind a comma.
size_t FindHours(const std::vector<std::string>& words, size_t first) {
  for (size_t i = first + 1; i < words.size(); ++i) {
    const bool list_goes_on = absl::EndsWith(words[i - 1], ",") || words[i] == ",";
    if (!list_goes_on && LooksLikeHours(words[i])) return i;
  }
  return words.size();
}

// Where the hours end that begin with word `first`: `1h 30m`, `1 h 30 min`, `1,5 hours` and `90 min` are
// several words. A number without a unit begins the note: `1h 2 trees`.
size_t FindEndOfHours(const std::vector<std::string>& words, size_t first) {
  size_t end = first + 1;
  while (end < words.size()) {
    const size_t next = end + (imports::IsDigits(words[end]) ? 2 : 1);
    if (next > words.size() || !ParseHours(Joined(words, first, next)).ok()) break;
    end = next;
  }
  return end;
}

// Longer ones first: `ayudó a ana` is not help for somebody called A.
using Phrase = std::vector<std::string_view>;

const std::vector<Phrase>& PhrasesOf(Verb verb) {
  static const std::vector<Phrase> kHelped = {{"helped"},   {"gave", "help", "to"}, {"ayudo", "a"},
                                              {"ayudo"},    {"va", "ajudar", "a"},  {"va", "ajudar"},
                                              {"a", "aide"}};
  static const std::vector<Phrase> kGave = {
      {"gave"}, {"dio", "a"}, {"regalo", "a"}, {"va", "donar", "a"}, {"a", "donne", "a"}};
  return verb == Verb::kHelped ? kHelped : kGave;
}

// How many of `words` from `at` on are the verb; 0: none.
size_t VerbAt(const std::vector<std::string>& words, size_t at, Verb verb) {
  for (const Phrase& phrase : PhrasesOf(verb)) {
    if (at + phrase.size() > words.size()) continue;
    size_t same = 0;
    while (same < phrase.size() && Fold(words[at + same]) == phrase[same]) ++same;
    if (same == phrase.size()) return same;
  }
  return 0;
}

bool IsFraction(std::string_view word) {
  const size_t slash = word.find('/');
  return slash != std::string_view::npos && imports::IsDigits(word.substr(0, slash)) &&
         imports::IsDigits(word.substr(slash + 1));
}

}  // namespace

bool HasVerb(const std::vector<std::string>& words, Verb verb) {
  for (size_t at = 0; at < words.size(); ++at) {
    if (VerbAt(words, at, verb) > 0) return true;
  }
  return false;
}

absl::StatusOr<std::vector<NamedShare>> ParseNames(std::string_view text) {
  std::vector<NamedShare> shares;
  for (absl::string_view piece : absl::StrSplit(Absl(text), ',')) {
    const absl::string_view stripped = absl::StripAsciiWhitespace(piece);
    const std::string_view name(stripped.data(), stripped.size());
    if (name.empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat("A name is missing in \"", Absl(text), "\". Write them like this: ana,ben,dan:1h"));
    }
    if (!shares.empty() && imports::IsDigits(shares.back().hours_text) && imports::IsDigits(name) &&
        name.size() <= 2) {
      const std::string& before = shares.back().name;
      return absl::InvalidArgumentError(
          absl::StrCat("\"", before, ":", shares.back().hours_text, ",", stripped,
                       "\" can be read in two ways. Write ", before, ":", shares.back().hours_text, ".",
                       stripped, " for the hours, or the name instead of the number ", stripped, "."));
    }
    CLI_ASSIGN_OR_RETURN(NamedShare share, ParseNamedShare(name));
    if (share.name.empty())
      return absl::InvalidArgumentError(absl::StrCat("A name is missing before \"", stripped, "\"."));
    shares.push_back(std::move(share));
  }
  return shares;
}

absl::StatusOr<Sentence> ParseSentence(const std::vector<std::string>& words, Verb verb) {
  const std::string_view name = verb == Verb::kHelped ? "helped" : "gave";
  const auto example =
      absl::StrCat("Write it like this: ", verb == Verb::kHelped ? "timebank record" : "timebank gift",
                   " ben ", Absl(name), " ana 1h30");
  size_t verb_at = 0;
  while (verb_at < words.size() && VerbAt(words, verb_at, verb) == 0) ++verb_at;
  if (verb_at == words.size()) {
    return absl::InvalidArgumentError(absl::StrCat("The word \"", Absl(name), "\" is missing. ", example));
  }
  if (verb_at == 0) return absl::InvalidArgumentError(absl::StrCat("Who ", Absl(name), "? ", example));
  const size_t behind_at = verb_at + VerbAt(words, verb_at, verb);
  if (behind_at == words.size())
    return absl::InvalidArgumentError(absl::StrCat("Whom, and how long? ", example));

  Sentence sentence;
  CLI_ASSIGN_OR_RETURN(sentence.before, ParseNames(Joined(words, 0, verb_at)));
  const size_t hours_at = FindHours(words, behind_at);
  if (hours_at < words.size()) {
    CLI_ASSIGN_OR_RETURN(sentence.behind, ParseNames(Joined(words, behind_at, hours_at)));
    const size_t words_at = FindEndOfHours(words, hours_at);
    sentence.hours_text = Joined(words, hours_at, words_at);
    CLI_ASSIGN_OR_RETURN(sentence.hours, ParseHours(sentence.hours_text));
    if (words_at < words.size() && IsFraction(words[words_at])) {
      return absl::InvalidArgumentError(absl::StrCat("\"", sentence.hours_text, " ", words[words_at],
                                                     "\" is not hours. Write 1h30, 1:30, 1.5, 1,5 or 90m."));
    }
    sentence.words = Joined(words, words_at, words.size());
    return sentence;
  }
  // No hours: each name then needs its own (a lone receiver gets what the givers gave together), and the list
  // ends at the first word that no comma joins to it.
  size_t end = behind_at + 1;
  while (end < words.size() && (absl::EndsWith(words[end - 1], ",") || absl::StartsWith(words[end], ",")))
    ++end;
  CLI_ASSIGN_OR_RETURN(sentence.behind, ParseNames(Joined(words, behind_at, end)));
  if (!AllHaveHours(sentence.before) || (sentence.behind.size() > 1 && !AllHaveHours(sentence.behind))) {
    return absl::InvalidArgumentError(absl::StrCat("How long? ", example));
  }
  sentence.words = Joined(words, end, words.size());
  return sentence;
}

}  // namespace timebank::cli
