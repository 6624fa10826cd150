// What a WorkingState keeps of a bank that commands come for, decoded. Only the WorkingState fills and
// changes it.
#ifndef TIMEBANK_SERVER_LEDGER_OPEN_BANK_H_
#define TIMEBANK_SERVER_LEDGER_OPEN_BANK_H_

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "storage/hash.h"
#include "storage/types.h"
#include "timebank/storage/v1/rows.pb.h"

namespace timebank::ledger {

// An AccountRow, field by field.
struct AccountFigures {
  int64_t balance = 0;
  int64_t seconds_in = 0;
  int64_t seconds_out = 0;
  int64_t exchange_count = 0;
  uint64_t movement_count = 0;
  storage::Sequence last_sequence = 0;
  int64_t contested = 0;
  storage::Day last_exchange_on = 0;
};

// What the rules ask of a MemberRow when hours move.
struct MemberFacts {
  uint32_t state = 0;
  storage::Day closed_on = 0;
  storage::AccountNumber merged_into = 0;

  bool operator==(const MemberFacts&) const = default;
};

inline MemberFacts FactsOf(const storage::v1::MemberRow& row) {
  return {.state = row.state(), .closed_on = row.closed_on(), .merged_into = row.merged_into()};
}
// Of the row of a member's id.
inline MemberFacts FactsOf(const storage::v1::SlugRow& row) {
  return {.state = row.member_state(),
          .closed_on = row.member_closed_on(),
          .merged_into = row.member_merged_into()};
}

// What leads from words to numbers in a bank.
enum class NameKind : uint8_t { kMember, kCircle, kCategory, kKey };

enum class RowState : uint8_t { kNotRead, kAbsent, kPresent };

struct AccountSlot {
  AccountFigures figures;
  MemberFacts member;
  RowState figures_state = RowState::kNotRead;
  RowState member_state = RowState::kNotRead;
  bool changed = false;  // in the current layer
};

// How much is kept, of all banks together: 200 MB where each limit is reached. Where one is exceeded when a
// batch is sealed, what was read first is forgotten first; so a limit can be exceeded by what one batch
// touches.
struct CacheLimits {
  size_t banks = 16'384;
  size_t accounts = 1'048'576;  // places for them, four at a time
  size_t names = 524'288;       // of members, circles, categories and keys
  size_t words = 131'072;       // categories as they are spelt, and callers' hashes
};

struct OpenBank {
  explicit OpenBank(storage::BankNumber number) : number(number) {}

  const storage::BankNumber number;
  std::string id;  // by which it was found; empty: it was not yet

  RowState row_state = RowState::kNotRead;
  storage::v1::BankRow row;
  storage::HmacKey secret{""};  // of the row last read

  RowState head_state = RowState::kNotRead;
  bool head_changed = false;  // in the current layer
  storage::v1::HeadRow head;

  // Four neighbours at a time: banks of ten people are many, and accounts stay where they are.
  static constexpr storage::AccountNumber kPageAccounts = 4;
  using AccountPage = std::array<AccountSlot, kPageAccounts>;
  absl::flat_hash_map<storage::AccountNumber, std::unique_ptr<AccountPage>> accounts;

  // Names that are there, and where each stands by the hash in its row's key.
  using NameHash = std::pair<uint64_t, uint64_t>;
  std::array<absl::flat_hash_map<std::string, uint64_t>, 4> names;  // by NameKind
  absl::flat_hash_map<NameHash, std::pair<NameKind, std::string>> names_by_hash;
  absl::flat_hash_map<uint32_t, std::string> category_names;
  absl::flat_hash_map<std::string, storage::Digest> callers;  // hashes of request owners
};

}  // namespace timebank::ledger

#endif  // TIMEBANK_SERVER_LEDGER_OPEN_BANK_H_
