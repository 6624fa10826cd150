// Keys of every column family: big-endian, fixed width, the bank first, so that byte order is the order that
// readers want and a bank is one range. Days are biased (day + 2^31) to sort as unsigned. See FORMAT.md.
//
// Threads: pure functions.
#ifndef TIMEBANK_STORAGE_KEYS_H_
#define TIMEBANK_STORAGE_KEYS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "storage/hash.h"
#include "storage/types.h"

namespace timebank::storage {

// Entries in one journal block and movements in one page.
inline constexpr uint32_t kBlockEntries = 256;

// A block or statement page that is not full yet stands in rows of so many; when it becomes full, its rows
// become one. So recording one exchange never rewrites more than this many older ones.
inline constexpr uint32_t kOpenRowEntries = 32;

// So many entries' texts stand in one row: one put instead of so many, and erasing one rewrites that many.
inline constexpr uint32_t kTextBlockEntries = 32;

// Rows of journal, statement and day are keyed by the last number in them, and the last row of each, the one
// that grows, by this: it is found by one Get, and the row of any number by one seek, which goes forward.
// (Backward seeks are slow where a row was written over many times.)
inline constexpr Sequence kGrowingRow = UINT64_MAX;

// No key goes on for longer behind any prefix that is asked for.
inline constexpr size_t kLongestSuffix = 32;

std::string BankPrefix(BankNumber bank);                         // every family but meta
std::string AccountKey(BankNumber bank, AccountNumber account);  // account (0: HeadRow); grant
std::string DirectoryKey(BankNumber bank, DirectoryKind kind, uint64_t number);  // directory
std::string DirectoryPrefix(BankNumber bank, DirectoryKind kind);
std::string MarkKey(BankNumber bank, AccountNumber account, Sequence sequence);      // mark
std::string ActKey(BankNumber bank, AccountNumber account, Sequence sequence);       // act
std::string LookKey(BankNumber bank, AccountNumber account, Day day);                // look
std::string TextKey(BankNumber bank, Sequence sequence);                             // text, in frames
std::optional<std::pair<BankNumber, Sequence>> ParseTextKey(std::string_view key);   // nullopt: it is none
std::string TextBlockKey(BankNumber bank, Sequence first);                           // text, folded
std::string ClockKey(BankNumber bank, Day record_day);                               // clock
std::string JournalKey(BankNumber bank, Sequence last);                              // journal
std::string StatementKey(BankNumber bank, AccountNumber account, Sequence last);     // statement
std::string DayKey(BankNumber bank, AccountNumber account, Day day, Sequence last);  // day
std::string YearKey(BankNumber bank, AccountNumber account, int32_t year);           // month, level 0
std::string MonthKey(BankNumber bank, AccountNumber account, int32_t year,
                     int month);  // month, level 1; month 1 to 12

// First 16 bytes of HMAC-SHA-256(secret, what · 0 · text): rows that are found by words hold no words in
// their keys.
std::string KeyedHash(std::string_view secret, std::string_view what, std::string_view text);

// slug. `what` is one of "member", "circle", "pot", "category", "key", "external" (text = system · 0 ·
// number); for banks: bank 0, the instance's secret, "bank".
std::string SlugKey(BankNumber bank, const HmacKey& secret, std::string_view what, std::string_view text);

// slug: who has a number of another system.
std::string ExternalIdKey(BankNumber bank, const HmacKey& secret, std::string_view system,
                          std::string_view number);

// origin: keyed hash of system · 0 · number.
std::string OriginKey(BankNumber bank, const HmacKey& secret, std::string_view system,
                      std::string_view number);

// request: bank · first 8 bytes of the caller's hash · first 16 of the id's.
Digest CallerHash(const HmacKey& secret, std::string_view caller);
std::string RequestKey(BankNumber bank, const HmacKey& secret, const Digest& caller,
                       std::string_view request_id);

// The same, for whoever makes one key only.
inline std::string SlugKey(BankNumber bank, std::string_view secret, std::string_view what,
                           std::string_view text) {
  return SlugKey(bank, HmacKey(secret), what, text);
}
inline std::string ExternalIdKey(BankNumber bank, std::string_view secret, std::string_view system,
                                 std::string_view number) {
  return ExternalIdKey(bank, HmacKey(secret), system, number);
}
inline std::string OriginKey(BankNumber bank, std::string_view secret, std::string_view system,
                             std::string_view number) {
  return OriginKey(bank, HmacKey(secret), system, number);
}
inline std::string RequestKey(BankNumber bank, std::string_view secret, std::string_view caller,
                              std::string_view request_id) {
  const HmacKey key(secret);
  return RequestKey(bank, key, CallerHash(key, caller), request_id);
}

inline constexpr std::string_view kMetaInstance = "instance";  // InstanceRow
inline constexpr std::string_view kMetaApplied = "applied";    // u64 big-endian: frames up to here are folded
inline constexpr std::string_view kMetaFormat = "format";      // u32 big-endian

// The first entry whose text may stand in one row with that of entry `sequence`.
constexpr Sequence FirstOfTextBlock(Sequence sequence) {
  return sequence - (sequence - 1) % kTextBlockEntries;
}

// Reads a key's last 8 bytes as the number that it was made with (sequence, directory number).
uint64_t LastNumberOf(std::string_view key);
// Reads the day of a ClockKey or DayKey.
Day DayOfClockKey(std::string_view key);
Day DayOfDayKey(std::string_view key);
Day DayOfLookKey(std::string_view key);
// The bank of any key but meta's.
BankNumber BankOfKey(std::string_view key);

// The civil year and month (1 to 12), and day of the month, of `day`.
struct CivilDay {
  int32_t year;
  int month;
  int day;
};
CivilDay ToCivil(Day day);
Day FromCivil(const CivilDay& civil);

}  // namespace timebank::storage

#endif  // TIMEBANK_STORAGE_KEYS_H_
