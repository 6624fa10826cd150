// Numbers that the whole server speaks in.
#ifndef TIMEBANK_STORAGE_TYPES_H_
#define TIMEBANK_STORAGE_TYPES_H_

#include <cstdint>

namespace timebank::storage {

// A bank's number: random, never 0, given at its creation. 0 stands for the server itself where a bank is
// asked for.
using BankNumber = uint64_t;

// kind << 28 | number, so that one number names any holder's account. 0: none.
using AccountNumber = uint32_t;

// Number of an entry in its bank's journal: 1, 2, 3 ... without gaps.
using Sequence = uint64_t;

// Days since 1970-01-01, a civil day of the bank's time zone.
using Day = int32_t;

inline constexpr Day kNoDay = INT32_MIN;
// No day that a ledger knows is before the first of these, or behind the last.
inline constexpr Day kFirstDay = INT32_MIN + 1;
inline constexpr Day kLastDay = INT32_MAX - 1;

// In which order something is read.
enum class Direction { kUp, kDown };

enum class HolderKind : uint8_t { kNone = 0, kMember = 1, kCircle = 2, kPot = 3 };

inline constexpr uint32_t kMaxHolderNumber = (1u << 28) - 1;

// `number` in [1, kMaxHolderNumber].
constexpr AccountNumber MakeAccount(HolderKind kind, uint32_t number) {
  return static_cast<uint32_t>(kind) << 28 | number;
}
constexpr HolderKind KindOf(AccountNumber account) { return static_cast<HolderKind>(account >> 28); }
constexpr uint32_t NumberOf(AccountNumber account) { return account & kMaxHolderNumber; }

// The two pots that every bank has.
inline constexpr AccountNumber kCommunityPot = MakeAccount(HolderKind::kPot, 1);
inline constexpr AccountNumber kOpeningPot = MakeAccount(HolderKind::kPot, 2);

// What `directory` rows are about. 1 to 3 equal HolderKind.
enum class DirectoryKind : uint8_t { kBank = 0, kMember = 1, kCircle = 2, kPot = 3, kCategory = 4, kKey = 5 };

// RocksDB column families; the numbers are part of the frame format. Rows of the first group stand in frames;
// those of the second are derived from entries while folding; the third is no part of the ledger (see
// look_rows.h).
enum class Family : uint8_t {
  kMeta = 0,
  kAccount = 1,
  kDirectory = 2,
  kSlug = 3,
  kRequest = 4,
  kOrigin = 5,
  kMark = 6,
  kText = 7,
  kClock = 8,
  kAct = 9,
  kGrant = 10,

  kJournal = 16,
  kStatement = 17,
  kDay = 18,
  kMonth = 19,
  kTree = 20,

  kLook = 24,
};

// What an account's movements add up to.
struct Sums {
  int64_t seconds_in = 0;      // credited, less what reversals took back
  int64_t seconds_out = 0;     // debited, less what reversals gave back
  int64_t exchange_count = 0;  // entries of kind EXCHANGE, less those reversed

  int64_t balance() const { return seconds_in - seconds_out; }
  Sums& operator+=(const Sums& other) {
    seconds_in += other.seconds_in;
    seconds_out += other.seconds_out;
    exchange_count += other.exchange_count;
    return *this;
  }
  Sums& operator-=(const Sums& other) {
    seconds_in -= other.seconds_in;
    seconds_out -= other.seconds_out;
    exchange_count -= other.exchange_count;
    return *this;
  }
  friend bool operator==(const Sums&, const Sums&) = default;
};

}  // namespace timebank::storage

#endif  // TIMEBANK_STORAGE_TYPES_H_
