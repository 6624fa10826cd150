#include "tests/support/memory_base.h"

#include "timebank/storage/v1/entry.pb.h"

namespace timebank::ledger {

void MemoryBase::Absorb(const Layer& layer) {
  for (const auto& [key, value] : layer.Rows()) {
    if (value.empty()) {
      rows_.erase(key);
    } else {
      rows_[key] = value;
    }
  }
  for (std::string& bytes : layer.Entries()) {
    storage::v1::Entry entry;
    entry.ParseFromString(bytes);
    for (const auto& movement : entry.movements()) {
      days_[{entry.bank(), movement.account(), entry.occurred_on()}].push_back(
          {entry.sequence(), movement.seconds()});
    }
    entries_[{entry.bank(), entry.sequence()}] = std::move(bytes);
  }
}

absl::StatusOr<std::optional<std::string>> MemoryBase::Get(storage::Family family,
                                                           std::string_view key) const {
  if (!status_.ok()) return status_;
  const auto row = rows_.find({family, std::string(key)});
  if (row == rows_.end()) return std::optional<std::string>();
  return std::optional<std::string>(row->second);
}

absl::StatusOr<std::optional<std::string>> MemoryBase::EntryBytes(storage::BankNumber bank,
                                                                  storage::Sequence sequence) const {
  if (!status_.ok()) return status_;
  const auto entry = entries_.find({bank, sequence});
  if (entry == entries_.end()) return std::optional<std::string>();
  return std::optional<std::string>(entry->second);
}

absl::Status MemoryBase::ScanDay(storage::BankNumber bank, storage::AccountNumber account, storage::Day day,
                                 const std::function<void(storage::Sequence, int64_t seconds)>& visit) const {
  if (!status_.ok()) return status_;
  const auto movements = days_.find({bank, account, day});
  if (movements == days_.end()) return absl::OkStatus();
  for (const DayMovement& movement : movements->second) visit(movement.sequence, movement.seconds);
  return absl::OkStatus();
}

}  // namespace timebank::ledger
