#include "client/cli/slip_line.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "client/cli/hours.h"
#include "client/cli/status_macros.h"
#include "client/cli/translate.h"
#include "client/cli/words.h"

namespace timebank::cli {
namespace {

std::string Example() { return Fill(T("Write it like this: $0"), T("231 ben ana 1h30 gardening")); }

// Behind the names that begin with word `at`: one word, and whatever commas join to it.
size_t EndOfNames(const std::vector<std::string>& words, size_t at) {
  size_t end = at + 1;
  while (end < words.size() && (absl::EndsWith(words[end - 1], ",") || absl::StartsWith(words[end], ",")))
    ++end;
  return end;
}

bool IsTo(const std::string& word) {
  // Translators: what people type between who helped and who was helped though it is not asked for: `ben to
  // ana`; single words, several with commas.
  return IsWord(word, "to, for, ->");
}

// The line with `helped` in the place of the first `to`, else behind the first word.
std::string WithHelped(const std::string& slip, std::vector<std::string> words) {
  const auto to = std::find_if(words.begin() + 1, words.end(), IsTo);
  const auto hours = std::find_if(words.begin() + 1, words.end(), LooksLikeHours);
  const std::string helped = TWords("helped, gave help to").front();
  if (to < hours) {
    *to = helped;
  } else {
    words.insert(words.begin() + 1, helped);
  }
  return absl::StrCat(slip.empty() ? "-" : slip, " ", absl::StrJoin(words, " "));
}

}  // namespace

bool IsSlipNumber(std::string_view word) {
  return word.find_first_of("0123456789") != std::string_view::npos;
}

absl::StatusOr<SlipLine> ParseSlipLine(std::string_view line) {
  std::vector<std::string> words = absl::StrSplit(Absl(line), ' ', absl::SkipEmpty());
  if (words.empty()) return absl::InvalidArgumentError(Example());
  SlipLine slip;
  slip.slip = words.front() == "-" ? "" : words.front();
  if (!slip.slip.empty() && !IsSlipNumber(slip.slip)) {
    return absl::InvalidArgumentError(absl::StrCat(
        Fill(T("The number of the slip comes first, or - where it has none, not \"$0\"."), slip.slip), " ",
        Example()));
  }
  words.erase(words.begin());
  if (!HasVerb(words, Verb::kHelped)) {
    // `received` among the words of the note is none of ours.
    const auto hours_at = std::find_if(words.begin(), words.end(), LooksLikeHours);
    if (const std::string other_way = OtherWayRound({words.begin(), hours_at}); !other_way.empty())
      return absl::InvalidArgumentError(other_way);
    if (words.size() < 2)
      return absl::InvalidArgumentError(absl::StrCat(T("Who helped whom?"), " ", Example()));
    const size_t receiver_at = EndOfNames(words, 0);
    const size_t end = receiver_at < words.size() ? EndOfNames(words, receiver_at) : words.size();
    if (receiver_at == words.size() || LooksLikeHours(words[receiver_at])) {
      // `231 ben 1h30`; but a number may be who was helped: `231 17 5 1h30`.
      if (receiver_at + 1 >= words.size() || !LooksLikeHours(words[receiver_at + 1]))
        return absl::InvalidArgumentError(absl::StrCat(T("Whom, and how long?"), " ", Example()));
    }
    if (end < words.size() && (!LooksLikeHours(words[end]) || IsTo(words[receiver_at]))) {
      // Translators: $0 is the line, with helped among its words.
      return absl::InvalidArgumentError(Fill(T("Which of these words is who? Write helped between them: $0"),
                                             WithHelped(slip.slip, words)));
    }
    words.insert(words.begin() + static_cast<std::ptrdiff_t>(receiver_at), "helped");
  }
  absl::StatusOr<Sentence> sentence = ParseSentence(words, Verb::kHelped);
  if (!sentence.ok()) {
    // The example is of another command.
    const std::string other = Fill(T("Write it like this: $0"), T("timebank record ben helped ana 1h30"));
    return absl::InvalidArgumentError(absl::StrReplaceAll(sentence.status().message(), {{other, Example()}}));
  }
  slip.sentence = *std::move(sentence);
  return slip;
}

}  // namespace timebank::cli
