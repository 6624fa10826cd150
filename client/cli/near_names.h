// Who may have been meant where nobody fits: slips of the finger, and telephone numbers written otherwise.
//
// Threads: one.
#ifndef TIMEBANK_CLIENT_CLI_NEAR_NAMES_H_
#define TIMEBANK_CLIENT_CLI_NEAR_NAMES_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "client/cli/session.h"

namespace timebank::cli {

// Fewest changes that make `a` into `b`: a letter put in, left out or replaced, or two neighbours exchanged.
// By bytes; both are folded (words.h). Counts no further than `most` + 1.
size_t EditDistance(std::string_view a, std::string_view b, size_t most);

// How far what was typed is from a name: the sum over its words of the distance to the nearest word of
// `display_name` (or `id`). A word may be wrong by one letter, from five letters on by two; more is another
// word and makes it kFarName.
inline constexpr size_t kFarName = 1000;
size_t NameDistance(std::string_view typed, std::string_view display_name, std::string_view id);

// Members whose telephone number has the digits of `typed`, however either is written; none where `typed` has
// fewer than five or is not only a number. Looks at the bank's first kMostLookedAt members, as does the rest.
inline constexpr size_t kMostLookedAt = 20'000;
absl::StatusOr<std::vector<v1::Member>> MembersByPhone(Session& session, std::string_view typed);

// `Did you mean Ana Muñoz (2) or Anna Roig (7)?`; empty where nobody's name is near.
absl::StatusOr<std::string> DidYouMean(Session& session, std::string_view typed);

}  // namespace timebank::cli

#endif  // TIMEBANK_CLIENT_CLI_NEAR_NAMES_H_
