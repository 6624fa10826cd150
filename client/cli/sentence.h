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
};

// What stands between those who gave and those who received: `helped`, `gave help to`, `ayudó a`, `va
// ajudar`, `a aidé`; `gave`, `dio a`, `va donar a`, `a donné à`. Accents and capitals do not matter.
enum class Verb { kHelped, kGave };

// Whether there is such a verb among `words`.
bool HasVerb(const std::vector<std::string>& words, Verb verb);

// Takes a list of names apart: `ana,ben,dan:1h`. A name may have blanks. Errors (InvalidArgument): nothing
// between two commas; hours that cannot be read; `ana:1,5`, which could be 1.5 hours or member 5.
absl::StatusOr<std::vector<NamedShare>> ParseNames(std::string_view text);

// Takes `names VERB names [hours] [words…]` apart. Names of several words and blanks behind commas need no
// quotes: the hours end the names. Errors (InvalidArgument), each with how to write it: no verb, nobody on
// one side, no hours.
absl::StatusOr<Sentence> ParseSentence(const std::vector<std::string>& words, Verb verb);

}  // namespace timebank::cli

#endif  // TIMEBANK_CLIENT_CLI_SENTENCE_H_
