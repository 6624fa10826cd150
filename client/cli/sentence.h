// The sentence that a broker types: `ben helped ana,carla:1h 1h30 gardening in the yard`.
//
// Only taken apart here; whose names these are is the server's to know. Threads: pure functions.
#ifndef TIMEBANK_CLIENT_CLI_SENTENCE_H_
#define TIMEBANK_CLIENT_CLI_SENTENCE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "client/cli/hours.h"

namespace timebank::cli {

// One name of a list, with hours of its own where they were given: `dan:1h`.
struct NamedShare {
  std::string name;
  std::optional<ParsedHours> hours;
  // The hours as written, for asking about them.
  std::string hours_text;
};

// `1h 30 tea` read as 1h30 and `tea`.
struct WithMinutes {
  int64_t seconds = 0;
  // What was typed for it: `1h 30`.
  std::string text;
  std::string words;
};

struct Sentence {
  // Before the verb.
  std::vector<NamedShare> before;
  // Behind the verb.
  std::vector<NamedShare> behind;
  // None: everybody on both sides has hours of their own.
  std::optional<ParsedHours> hours;
  std::string hours_text;
  // The rest, with single blanks between the words.
  std::string words;
  // Where a number or a half stands right behind whole hours, it may be minutes or begin the note. `hours`
  // and `words` are the second reading; whoever reads it asks (SettleMinutes()), nothing is guessed.
  std::optional<WithMinutes> with_minutes;
};

// What stands between those who gave and those who received: `helped`, `gave help to`, `ayudó a`, `va
// ajudar`, `a aidé`; `gave`, `dio a`, `va donar a`, `a donné à`. Accents and capitals do not matter.
enum class Verb { kHelped, kGave };

// Whether there is such a verb among `words`.
bool HasVerb(const std::vector<std::string>& words, Verb verb);

// What to write where somebody says who received first (`noor received 1h from zoe`); empty: nobody does.
std::string OtherWayRound(const std::vector<std::string>& words);

// Takes a list of names apart: `ana,ben,dan:1h`. A name may have blanks. Errors (InvalidArgument): nothing
// between two commas; hours that cannot be read; `ana:1,5`, which could be 1.5 hours or member 5.
absl::StatusOr<std::vector<NamedShare>> ParseNames(std::string_view text);

// Takes `names VERB names [hours] [words…]` apart. Names of several words and blanks behind commas need no
// quotes: the hours end the names. A dash behind the hours sets the note apart (`1h - 30 cakes`) and is not
// part of it. Errors (InvalidArgument), each with how to write it: no verb, nobody on one side, no hours.
absl::StatusOr<Sentence> ParseSentence(const std::vector<std::string>& words, Verb verb);

}  // namespace timebank::cli

#endif  // TIMEBANK_CLIENT_CLI_SENTENCE_H_
