// The sentences that brokers read.
//
// Directions are told in words, never by an arrow or a bare sign: "Ben helped Ana", "6h in credit". Threads:
// pure functions.
#ifndef TIMEBANK_CLIENT_CLI_WORDS_H_
#define TIMEBANK_CLIENT_CLI_WORDS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "client/cli/import/text.h"

namespace timebank::cli {

// The strings of this program are std::string_view; Abseil's functions take their own type.
using imports::Absl;

// `6h in credit`, `2h30 in debit`, `even`.
std::string Standing(int64_t balance_seconds);

// `6h in credit (was 4h30)`; the side is named on both ends where it changed: `30m in debit (was 1h in
// credit)`.
std::string StandingChange(int64_t before_seconds, int64_t after_seconds);

// `+1h30`, `-1h30`, `0h`: in columns whose heading tells what the sign means.
std::string SignedHours(int64_t seconds);

// `Ana`, `Ana and Ben`, `Ana, Ben and Carla`.
std::string JoinNames(const std::vector<std::string>& names);

// `Contested: 1`, with the colon as the language writes it; `words` alone where nothing is `behind` it.
std::string WithColon(std::string_view words, std::string_view behind);

// `timebanks/rushey/members/ana` → `members/ana`: short enough for a table, and taken as is by every command.
std::string ShortName(std::string_view resource_name);

// For people who are on first-name terms: `Ben Ferré` → `Ben`.
std::string FirstWord(std::string_view display_name);

// Lower case without accents, for comparing what somebody typed with a name: `Muñoz` → `munoz`.
inline std::string Fold(std::string_view text) { return imports::WithoutMarks(text); }

}  // namespace timebank::cli

#endif  // TIMEBANK_CLIENT_CLI_WORDS_H_
