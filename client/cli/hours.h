// Hours as people write them, read into whole seconds and written back.
//
// Amounts are int64 seconds; no floating point is involved, so every form is exact or refused. FormatHours()
// writes nothing that ParseHours() does not read back as the same number. Threads: pure functions.
#ifndef TIMEBANK_CLIENT_CLI_HOURS_H_
#define TIMEBANK_CLIENT_CLI_HOURS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace timebank::cli {

// What the server takes for one person's part: 100 years.
inline constexpr int64_t kMaxShareSeconds = 3'153'600'000;
// More of one person in one exchange was perhaps meant as minutes.
inline constexpr int64_t kLongExchangeSeconds = 12 * 3600;
// What was written as hours, had it been minutes: 40h → 40m.
constexpr int64_t HoursAsMinutes(int64_t seconds) { return seconds / 60; }

// Hours that were read.
struct ParsedHours {
  // What was written, read as hours; 1 to kMaxShareSeconds.
  int64_t seconds = 0;
  // A bare number above 12 (`90`) may be minutes: what it comes to then. Whoever reads it asks; nothing is
  // guessed.
  std::optional<int64_t> if_minutes_seconds;
};

// Reads `1h30`, `1h30m`, `1h`, `90m`, `90min`, `45'`, `19m48s`, `1:30`, `1:30:15`, `1.5`, `1,5`, `1.5h`, `2`.
// Blanks between the parts and capitals do not matter. Decimals must fall on a whole second (two always do:
// 0.01 h is 36 s). Errors (InvalidArgument, a sentence that says what to write): empty, junk, zero, negative,
// minutes of 60 and more behind hours, not a whole second, more than 100 years.
absl::StatusOr<ParsedHours> ParseHours(std::string_view text);

// `1.30`, `0,45 h`: decimals that may be meant as minutes (exactly .15, .30 or .45), and what that would come
// to. Nothing for anything else.
std::optional<int64_t> DecimalsAsMinutes(std::string_view text);

// Whether somebody who wrote it meant hours: it begins with a digit, a decimal sign or a minus. Tells the
// hours from the names in a sentence; `0` and `-1h` are meant as hours, too, and deserve ParseHours()'s own
// words.
bool LooksLikeHours(std::string_view text);

// 5400 → `1h30`, 3600 → `1h`, 1800 → `30m`, 1188 → `19m48s`, 3636 → `1h00m36s`, 0 → `0h`. The sign is left
// out: words tell the direction.
std::string FormatHours(int64_t seconds);

// As spreadsheets read a duration: 5400 → `1:30`, -1188 → `-0:19:48`.
std::string FormatClockHours(int64_t seconds);

}  // namespace timebank::cli

#endif  // TIMEBANK_CLIENT_CLI_HOURS_H_
