#include "client/cli/sentence.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
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
#include "client/cli/translate.h"
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
// several words.
size_t FindEndOfHours(const std::vector<std::string>& words, size_t first) {
  size_t end = first + 1;
  while (end < words.size()) {
    const size_t next = end + (imports::IsDigits(words[end]) ? 2 : 1);
    if (next > words.size() || !ParseHours(Joined(words, first, next)).ok()) break;
    end = next;
  }
  return end;
}

// How many of `words` from `at` on are `phrase`; 0: they are something else.
template <typename Words>
size_t PhraseAt(const std::vector<std::string>& words, size_t at, const Words& phrase) {
  if (at + phrase.size() > words.size()) return 0;
  size_t same = 0;
  // As it stands, too: a fraction's sign has no folded form.
  while (same < phrase.size() && (Fold(words[at + same]) == phrase[same] || words[at + same] == phrase[same]))
    ++same;
  return same == phrase.size() ? same : 0;
}

// What people say for parts of an hour behind hours, in every language that there is.
struct PartOfAnHour {
  std::string_view words;
  std::string_view minutes;
};
constexpr std::array<PartOfAnHour, 21> kPartsOfAnHour = {{{"and a half", "30"},
                                                          {"and half", "30"},
                                                          {"a half", "30"},
                                                          {"half", "30"},
                                                          {"y media", "30"},
                                                          {"i mitja", "30"},
                                                          {"i mig", "30"},
                                                          {"et demie", "30"},
                                                          {"et demi", "30"},
                                                          {"½", "30"},
                                                          {"and a quarter", "15"},
                                                          {"y cuarto", "15"},
                                                          {"y un cuarto", "15"},
                                                          {"i quart", "15"},
                                                          {"i un quart", "15"},
                                                          {"et quart", "15"},
                                                          {"¼", "15"},
                                                          {"and three quarters", "45"},
                                                          {"y tres cuartos", "45"},
                                                          {"i tres quarts", "45"},
                                                          {"¾", "45"}}};
constexpr std::string_view kAnds[] = {"and", "y", "i", "et", "&", "+"};

bool IsDash(std::string_view word) { return word == "-" || word == "–" || word == "—"; }

// Reads the words from `at` on as minutes behind `hours`; nothing where they are none.
std::optional<WithMinutes> ReadWithMinutes(const std::string& hours, const std::vector<std::string>& words,
                                           size_t at) {
  // `1` and `30` are 1h30, as `1h` and `30` are.
  const std::string unit = imports::IsDigits(hours) ? "h" : "";
  std::optional<WithMinutes> read;
  const auto take = [&](const std::string& minutes, size_t end) {
    const absl::StatusOr<ParsedHours> whole = ParseHours(absl::StrCat(hours, unit));
    const absl::StatusOr<ParsedHours> both = ParseHours(absl::StrCat(hours, unit, " ", minutes));
    // Seconds behind minutes (`90m 30 chairs`) nobody writes.
    constexpr int64_t kHour = 3600;
    if (!whole.ok() || !both.ok() || whole->seconds % kHour != 0 || whole->seconds == both->seconds) return;
    read = {.seconds = both->seconds,
            .text = absl::StrCat(hours, " ", Joined(words, at, end)),
            .words = Joined(words, end, words.size())};
  };
  for (const PartOfAnHour& part : kPartsOfAnHour) {
    const std::vector<std::string> phrase = absl::StrSplit(Absl(part.words), ' ');
    if (PhraseAt(words, at, phrase) > 0) {
      take(std::string(part.minutes), at + phrase.size());
      if (read.has_value()) return read;
    }
  }
  size_t number_at = at;
  if (at < words.size() && std::find(std::begin(kAnds), std::end(kAnds), Fold(words[at])) != std::end(kAnds))
    ++number_at;
  if (number_at == words.size()) return read;
  const absl::string_view number = absl::StripSuffix(absl::StripSuffix(words[number_at], "."), ",");
  if (imports::IsDigits({number.data(), number.size()})) take(std::string(number), number_at + 1);
  // `1h and 30m`, `1h and 30 minutes`.
  for (size_t end = number_at + 1; number_at > at && end <= std::min(number_at + 2, words.size()); ++end) {
    if (LooksLikeHours(words[number_at])) take(Joined(words, number_at, end), end);
  }
  return read;
}

// The longest one counts: `ayudó a ana` is not help for somebody called A. The language in use has its own
// beside these.
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
  size_t longest = 0;
  for (const Phrase& phrase : PhrasesOf(verb)) longest = std::max(longest, PhraseAt(words, at, phrase));
  // Translators: what people type between who helped and who was helped; several with commas.
  const char* const helped = Later("helped, gave help to");
  // Translators: what people type between who gave hours and who got them; several with commas.
  const char* const gave = Later("gave");
  for (const std::string& translated : TWords(verb == Verb::kHelped ? helped : gave)) {
    const std::vector<std::string> phrase = absl::StrSplit(Fold(translated), ' ');
    longest = std::max(longest, PhraseAt(words, at, phrase));
  }
  return longest;
}

// Where the hours stand in front of who was helped (`ben helped 1h ana`): the same in the right order. Empty
// where they do not.
std::string HoursBehind(const std::vector<std::string>& words, size_t behind_at) {
  if (!ParseHours(words[behind_at]).ok()) return "";
  const size_t name_at = FindEndOfHours(words, behind_at);
  if (name_at == words.size()) return "";
  size_t end = name_at + 1;
  while (end < words.size() && (absl::EndsWith(words[end - 1], ",") || absl::StartsWith(words[end], ",")))
    ++end;
  std::vector<std::string> order(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(behind_at));
  for (const auto& [first, last] :
       {std::pair(name_at, end), std::pair(behind_at, name_at), std::pair(end, words.size())}) {
    if (first < last) order.push_back(Joined(words, first, last));
  }
  return absl::StrJoin(order, " ");
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

std::string OtherWayRound(const std::vector<std::string>& words) {
  for (const std::string& word : words) {
    // Translators: what people type who say first who was helped: `ana received 1h from ben`; several with
    // commas.
    if (!IsWord(word, "received, got")) continue;
    // Translators: $0 is a word such as `received`.
    return Fill(T("\"$0\": write it the other way round, who helped first: GIVER helped RECEIVER HOURS"),
                word);
  }
  return "";
}

absl::StatusOr<std::vector<NamedShare>> ParseNames(std::string_view text) {
  std::vector<NamedShare> shares;
  for (absl::string_view piece : absl::StrSplit(Absl(text), ',')) {
    const absl::string_view stripped = absl::StripAsciiWhitespace(piece);
    const std::string_view name(stripped.data(), stripped.size());
    if (name.empty()) {
      return absl::InvalidArgumentError(
          Fill(T("A name is missing in \"$0\". Write them like this: ana,ben,dan:1h"), text));
    }
    if (!shares.empty() && imports::IsDigits(shares.back().hours_text) && imports::IsDigits(name) &&
        name.size() <= 2) {
      const std::string& before = shares.back().name;
      return absl::InvalidArgumentError(
          // Translators: "ana:1,5" can be read in two ways: $0 is ana, $1 is 1, $2 is 5.
          Fill(T("\"$0:$1,$2\" can be read in two ways. Write $0:$1.$2 for the hours, or the name instead of "
                 "the "
                 "number $2."),
               before, shares.back().hours_text, stripped));
    }
    CLI_ASSIGN_OR_RETURN(NamedShare share, ParseNamedShare(name));
    if (share.name.empty())
      return absl::InvalidArgumentError(Fill(T("A name is missing before \"$0\"."), stripped));
    shares.push_back(std::move(share));
  }
  return shares;
}

absl::StatusOr<Sentence> ParseSentence(const std::vector<std::string>& words, Verb verb) {
  const bool helped = verb == Verb::kHelped;
  const std::string example =
      Fill(T("Write it like this: $0"),
           helped ? T("timebank record ben helped ana 1h30") : T("timebank gift ben gave ana 1h30"));
  const auto with_example = [&example](const char* what) {
    return absl::InvalidArgumentError(absl::StrCat(what, " ", example));
  };
  size_t verb_at = 0;
  while (verb_at < words.size() && VerbAt(words, verb_at, verb) == 0) ++verb_at;
  if (verb_at == words.size()) {
    if (const std::string other_way = OtherWayRound(words); helped && !other_way.empty())
      return absl::InvalidArgumentError(other_way);
    return with_example(helped ? T("The word \"helped\" is missing.") : T("The word \"gave\" is missing."));
  }
  if (verb_at == 0) return with_example(helped ? T("Who helped?") : T("Who gave?"));
  const size_t behind_at = verb_at + VerbAt(words, verb_at, verb);
  if (behind_at == words.size()) return with_example(T("Whom, and how long?"));

  Sentence sentence;
  CLI_ASSIGN_OR_RETURN(sentence.before, ParseNames(Joined(words, 0, verb_at)));
  const size_t hours_at = FindHours(words, behind_at);
  if (hours_at < words.size()) {
    CLI_ASSIGN_OR_RETURN(sentence.behind, ParseNames(Joined(words, behind_at, hours_at)));
    const size_t words_at = FindEndOfHours(words, hours_at);
    sentence.hours_text = Joined(words, hours_at, words_at);
    CLI_ASSIGN_OR_RETURN(sentence.hours, ParseHours(sentence.hours_text));
    if (words_at < words.size() && IsFraction(words[words_at])) {
      return absl::InvalidArgumentError(Fill(T("\"$0\" is not hours. Write 1h30, 1:30, 1.5, 1,5 or 90m."),
                                             absl::StrCat(sentence.hours_text, " ", words[words_at])));
    }
    if (words_at < words.size() && IsDash(words[words_at])) {
      sentence.words = Joined(words, words_at + 1, words.size());
      return sentence;
    }
    sentence.words = Joined(words, words_at, words.size());
    sentence.with_minutes = ReadWithMinutes(sentence.hours_text, words, words_at);
    return sentence;
  }
  // No hours: each name then needs its own (a lone receiver gets what the givers gave together), and the list
  // ends at the first word that no comma joins to it.
  size_t end = behind_at + 1;
  while (end < words.size() && (absl::EndsWith(words[end - 1], ",") || absl::StartsWith(words[end], ",")))
    ++end;
  CLI_ASSIGN_OR_RETURN(sentence.behind, ParseNames(Joined(words, behind_at, end)));
  if (!AllHaveHours(sentence.before) || (sentence.behind.size() > 1 && !AllHaveHours(sentence.behind))) {
    if (const std::string order = HoursBehind(words, behind_at); !order.empty()) {
      // Translators: $0 is what was typed, with the hours behind the name.
      return absl::InvalidArgumentError(Fill(T("Who was helped comes first, then how long: $0"), order));
    }
    return with_example(T("How long?"));
  }
  sentence.words = Joined(words, end, words.size());
  return sentence;
}

}  // namespace timebank::cli
