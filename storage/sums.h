// Adding up with every overflow seen: bytes from disk may say anything, and a sum that wraps would be
// believed.
//
// Threads: pure functions.
#ifndef TIMEBANK_STORAGE_SUMS_H_
#define TIMEBANK_STORAGE_SUMS_H_

#include <cstdint>
#include <limits>

#include "storage/pages.h"
#include "storage/types.h"

namespace timebank::storage {

// Adds `added` to `sums`. False, and nothing is added: a figure, or the balance, would leave int64.
[[nodiscard]] inline bool AddSums(Sums* sums, const Sums& added) {
  Sums total;
  int64_t balance;
  if (__builtin_add_overflow(sums->seconds_in, added.seconds_in, &total.seconds_in) ||
      __builtin_add_overflow(sums->seconds_out, added.seconds_out, &total.seconds_out) ||
      __builtin_add_overflow(sums->exchange_count, added.exchange_count, &total.exchange_count) ||
      __builtin_sub_overflow(total.seconds_in, total.seconds_out, &balance)) {
    return false;
  }
  *sums = total;
  return true;
}

// Adds what one movement adds. False also for the one number of seconds that has no opposite.
[[nodiscard]] inline bool AddSums(Sums* sums, v1::EntryKind kind, v1::EntryKind reversed_kind,
                                  int64_t seconds) {
  return seconds != std::numeric_limits<int64_t>::min() &&
         AddSums(sums, SumsOf(kind, reversed_kind, seconds));
}

}  // namespace timebank::storage

#endif  // TIMEBANK_STORAGE_SUMS_H_
