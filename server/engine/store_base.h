// What the store has applied, as the rules' base.
#ifndef TIMEBANK_SERVER_ENGINE_STORE_BASE_H_
#define TIMEBANK_SERVER_ENGINE_STORE_BASE_H_

#include "server/ledger/working_state.h"
#include "storage/store.h"

namespace timebank::engine {

// Reads what the store has applied so far, published or not. Threads: the engine's.
class StoreBase final : public ledger::Base {
 public:
  explicit StoreBase(const storage::Store* store) : store_(store) {}  // must outlive this

  absl::StatusOr<std::optional<std::string>> Get(storage::Family family,
                                                 std::string_view key) const override {
    return store_->Working().Get(family, key);
  }
  absl::StatusOr<std::optional<std::string>> EntryBytes(storage::BankNumber bank,
                                                        storage::Sequence sequence) const override {
    return store_->Working().EntryBytes(bank, sequence);
  }
  absl::Status ScanDay(storage::BankNumber bank, storage::AccountNumber account, storage::Day day,
                       const std::function<void(storage::Sequence, int64_t seconds)>& visit) const override {
    return store_->Working().ScanDays(bank, account, day, 0, storage::Direction::kUp,
                                      [&](const storage::DayRecord& record) {
                                        if (record.day != day) return false;
                                        visit(record.sequence, record.seconds);
                                        return true;
                                      });
  }

 private:
  const storage::Store* const store_;
};

}  // namespace timebank::engine

#endif  // TIMEBANK_SERVER_ENGINE_STORE_BASE_H_
