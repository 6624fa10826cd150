// A folded ledger that lives in memory: what unit tests put beneath a WorkingState.
//
// Threads: one.
#ifndef TIMEBANK_TESTS_SUPPORT_MEMORY_BASE_H_
#define TIMEBANK_TESTS_SUPPORT_MEMORY_BASE_H_

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/ledger/working_state.h"
#include "storage/types.h"

namespace timebank::ledger {

class MemoryBase : public Base {
 public:
  using RowKey = std::pair<storage::Family, std::string>;
  using EntryKey = std::pair<storage::BankNumber, storage::Sequence>;

  // Folds a sealed layer in. Layers are absorbed in the order in which they were sealed.
  void Absorb(const Layer& layer);

  // Every read from here on answers `status`; OK: reads answer again.
  void FailWith(absl::Status status) { status_ = std::move(status); }

  // Rows that are there, in order of key; removed ones are gone.
  const std::map<RowKey, std::string>& rows() const { return rows_; }
  // Exact bytes, in order.
  const std::map<EntryKey, std::string>& entries() const { return entries_; }

  absl::StatusOr<std::optional<std::string>> Get(storage::Family family, std::string_view key) const override;
  absl::StatusOr<std::optional<std::string>> EntryBytes(storage::BankNumber bank,
                                                        storage::Sequence sequence) const override;
  absl::Status ScanDay(storage::BankNumber bank, storage::AccountNumber account, storage::Day day,
                       const std::function<void(storage::Sequence, int64_t seconds)>& visit) const override;

 private:
  struct DayMovement {
    storage::Sequence sequence;
    int64_t seconds;
  };
  using DayKey = std::tuple<storage::BankNumber, storage::AccountNumber, storage::Day>;

  std::map<RowKey, std::string> rows_;
  std::map<EntryKey, std::string> entries_;
  std::map<DayKey, std::vector<DayMovement>> days_;
  absl::Status status_;
};

}  // namespace timebank::ledger

#endif  // TIMEBANK_TESTS_SUPPORT_MEMORY_BASE_H_
