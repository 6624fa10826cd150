// Bytes of journal blocks, blocks of texts, statement pages, day pages and month rows. See FORMAT.md, golden
// bytes in the tests.
//
// A page's boundaries depend on the movement's number alone (256 a page; kOpenRowEntries a row while the page
// is not full), so folding the same entries again writes the same bytes.
//
// Threads: pure functions. Errors: DATA_LOSS (reason CORRUPT_RECORD) where bytes do not parse.
#ifndef TIMEBANK_STORAGE_PAGES_H_
#define TIMEBANK_STORAGE_PAGES_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/keys.h"
#include "storage/types.h"
#include "timebank/storage/v1/entry.pb.h"

namespace timebank::storage {

// First byte of every value.
inline constexpr char kRowVersion = 1;

// Counterparts that a statement page keeps by number; more are only counted.
inline constexpr size_t kPageCounterparts = 8;
// So many, which is more than nearly all entries have, lie in the record itself.
inline constexpr size_t kInlineCounterparts = 4;

// One movement of one account, with what a statement shows of its entry.
struct MovementRecord {
  Sequence sequence = 0;
  int64_t record_time_us = 0;
  int64_t seconds = 0;
  Day occurred_on = 0;
  v1::EntryKind kind = v1::ENTRY_KIND_UNSPECIFIED;
  v1::EntryKind reversed_kind = v1::ENTRY_KIND_UNSPECIFIED;
  uint32_t category = 0;
  AccountNumber recorder = 0;  // 0: the key itself
  uint32_t key = 0;
  AccountNumber acting_for = 0;
  Sequence reverses = 0;
  uint32_t counterpart_count = 0;
  absl::InlinedVector<AccountNumber, kInlineCounterparts> counterparts;  // the first 8
  Sums after;  // the account's, in order of record; not stored but summed up while reading

  friend bool operator==(const MovementRecord&, const MovementRecord&) = default;
};

// What one movement adds to its account's sums. A reversal takes back what the original gave.
Sums SumsOf(v1::EntryKind kind, v1::EntryKind reversed_kind, int64_t seconds);

// One movement as the order by day of the help keeps it.
struct DayRecord {
  Day day = 0;
  Sequence sequence = 0;
  int64_t seconds = 0;
  Sums sums;   // what it adds
  Sums after;  // of this account and this day alone, up to here

  friend bool operator==(const DayRecord&, const DayRecord&) = default;
};

// What the ledger's pages need of an entry: read from its bytes, without the message around it.
struct EntryFacts {
  struct Movement {
    AccountNumber account = 0;
    int64_t seconds = 0;
    v1::MovementRole role = v1::MOVEMENT_ROLE_UNSPECIFIED;
  };
  BankNumber bank = 0;
  Sequence sequence = 0;
  int64_t record_time_us = 0;
  v1::EntryKind kind = v1::ENTRY_KIND_UNSPECIFIED;
  v1::EntryKind reversed_kind = v1::ENTRY_KIND_UNSPECIFIED;
  Day occurred_on = 0;
  uint32_t category = 0;
  AccountNumber recorder = 0;
  uint32_t key = 0;
  AccountNumber acting_for = 0;
  Sequence reverses = 0;
  std::vector<Movement> movements;
};
// `bytes`: a serialized v1::Entry. false: they are none. Fields that `facts` has no room for are passed over.
bool ReadEntryFacts(std::string_view bytes, EntryFacts* facts);

// The movements of `entry`, one for each account that it moved.
struct AccountMovement {
  AccountNumber account = 0;
  MovementRecord record;
};
std::vector<AccountMovement> MovementsOf(const EntryFacts& entry);
std::vector<AccountMovement> MovementsOf(const v1::Entry& entry);

// A statement page, or a row of one that is not full: the sums before its first movement, then 1 to 256
// movements, their sequence numbers strictly rising.
struct StatementPage {
  uint64_t number = 0;  // of the first movement among the account's: 0, 1, 2 ...
  Sums before;
  std::vector<MovementRecord> movements;  // `after` filled in
};
std::string EncodeStatementPage(const StatementPage& page);
absl::StatusOr<StatementPage> DecodeStatementPage(std::string_view value);

// A day page: the sums of the day before its first movement, then 1 to 256 movements in order of record.
struct DayPage {
  Sums before;
  std::vector<DayRecord> movements;  // `after` filled in
};
std::string EncodeDayPage(const DayPage& page);
absl::StatusOr<DayPage> DecodeDayPage(std::string_view value, Day day);

// A month row: what each day of the month adds up to. A year row holds one element with day 0.
struct MonthDay {
  int day = 0;
  Sums sums;

  friend bool operator==(const MonthDay&, const MonthDay&) = default;
};
std::string EncodeMonth(const std::vector<MonthDay>& days);
absl::StatusOr<std::vector<MonthDay>> DecodeMonth(std::string_view value);

// A journal block, or a row of one that is not full: the exact bytes of 1 to 256 entries.
struct Block {
  Sequence first = 0;                     // number of the first
  std::vector<std::string_view> entries;  // views into whatever was decoded
};
std::string EncodeBlock(const Block& block);
absl::StatusOr<Block> DecodeBlock(std::string_view value);

// The texts of kTextBlockEntries entries that follow one another, each as a frame brings it.
using TextBlock = std::array<std::string_view, kTextBlockEntries>;  // empty: that entry has none
std::string EncodeTextBlock(const TextBlock& block);                // at least one entry has
absl::StatusOr<TextBlock> DecodeTextBlock(std::string_view value);  // views into `value`

// A message behind its version byte.
std::string EncodeRow(const google::protobuf::MessageLite& message);
absl::Status DecodeRow(std::string_view value, google::protobuf::MessageLite* message);
// The sums alone of an account's row, which each frame has for each account that it moves.
absl::StatusOr<Sums> DecodeAccountSums(std::string_view value);
// The note alone of a `text` row, within `value`: a page of a statement has fifty, and a message for each of
// them was a fifth of the page. DATA_LOSS.
absl::StatusOr<std::string_view> DecodeNote(std::string_view value);

}  // namespace timebank::storage

#endif  // TIMEBANK_STORAGE_PAGES_H_
