// Days as people write them, and days as people read them.
//
// "Today" is the bank's today, never this machine's: a broker who travels, or a server that stands elsewhere,
// does not change what day it is at the bank. Words are read in English and in the language in use, and
// written in that language. Threads: pure functions.
#ifndef TIMEBANK_CLIENT_CLI_DAY_H_
#define TIMEBANK_CLIENT_CLI_DAY_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"

namespace timebank::cli {

// What to make of a day that lies behind `today`.
enum class Future {
  // An error that names today: help has been given already. So is a day without a year that comes in the next
  // kNearDays: whoever writes 17/11 on the 16th, or 31/12 in November, hardly means last year's.
  kRefused,
  // The same, but a day without a year is the latest one that is not in the future, however near the next
  // one:
  // who only looks at last year's harms nobody.
  kLooking,
  // Taken: the end of a period may lie ahead.
  kAllowed,
};

inline constexpr int kNearDays = 92;

// Reads `today`, `yesterday`, `tomorrow`; `tue`, `Tuesday` (the latest one that is not in the future);
// `13/11`, `13 nov` (the latest one that is not in the future); `13/11/2026`, `13.11.2026`, `13-11-26`, `13
// nov 2026`; `2026-11-13`. Day first, except in ISO form. Errors (InvalidArgument): no such day, before 1900,
// not a day, in the future where refused.
absl::StatusOr<absl::CivilDay> ParseDay(std::string_view text, absl::CivilDay today,
                                        Future future = Future::kRefused);

// A day and month without a year that comes in the next kNearDays after `today`, and the one before it.
struct NearDay {
  absl::CivilDay ahead;
  absl::CivilDay before;
};
// What `text` could mean, where it is such a day; none where it is anything else.
std::optional<NearDay> ReadNearDay(std::string_view text, absl::CivilDay today);

// Whether `word` is a day and hardly a word of a note: `yesterday`, `tuesday`, `tue`, `13/11`, `2026-11-13`.
// `sun`, `sat` and `wed` are words, too.
bool LooksLikeDay(std::string_view word, absl::CivilDay today);

// Words for days, short and in the language in use: `today`, `yesterday`, `mon`, `tue`, …
std::vector<std::string> DayWords();

// The last day of a period that begins on `first`: as ParseDay() with the future allowed, but `31/12` is the
// first one on or behind `first`, which may lie ahead.
absl::StatusOr<absl::CivilDay> ParseLastDay(std::string_view text, absl::CivilDay first,
                                            absl::CivilDay today);

// A last day that lies ahead, as a key or a grant has one: `today`, `tomorrow`; `tue`, the next one behind
// today; `31/12`, the first one on or behind today; with a year as ParseDay(). Errors (InvalidArgument): not
// a day; one that has passed, be it some weeks ago in this year and without a year.
absl::StatusOr<absl::CivilDay> ParseDayToCome(std::string_view text, absl::CivilDay today);

// `2026-11-13`, and nothing else: what the server sends.
absl::StatusOr<absl::CivilDay> ParseIsoDay(std::string_view text);

// `2026-11-13`.
std::string IsoDay(absl::CivilDay day);

// `Tue 14 Nov`, with the year where it is not this one: `Tue 14 Nov 2025`.
std::string FormatDay(absl::CivilDay day, absl::CivilDay today);

// The same for an ISO day from the server; what cannot be read is returned as it is.
std::string FormatIsoDay(std::string_view iso_day, absl::CivilDay today);

// `14 November 2026`, as a printed page says it.
std::string LongDay(absl::CivilDay day);

// `14 Nov 2026`: in less room.
std::string MiddlingDay(absl::CivilDay day);

}  // namespace timebank::cli

#endif  // TIMEBANK_CLIENT_CLI_DAY_H_
