// The movements of a holder: an account and those that were merged into it, as one.
//
// Errors: the view's. Threads: one call.
#ifndef TIMEBANK_SERVER_SERVICES_HISTORY_H_
#define TIMEBANK_SERVER_SERVICES_HISTORY_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "server/services/bank_reader.h"
#include "storage/view.h"

namespace timebank::services {

// One movement as a statement shows it.
struct HistoryLine {
  storage::MovementRecord record;  // seconds: what all of the holder's accounts moved by
  storage::AccountNumber account = 0;
  int64_t balance_after = 0;  // the holder's, in the order asked
  // Of its entry, where it is known already; lies in the History.
  std::optional<std::string_view> note = std::nullopt;
};

class History {
 public:
  // Everything up to entry `at`. `is_newest`: the view has nothing behind it, so nothing need be looked for.
  History(const BankReader& bank, std::vector<storage::AccountNumber> accounts, storage::Sequence at,
          bool is_newest = false)
      : reader_(bank),
        view_(bank.view()),
        bank_(bank.bank()),
        accounts_(std::move(accounts)),
        at_(at),
        is_newest_(is_newest) {}
  History(const History&) = delete;  // lines look into it
  History& operator=(const History&) = delete;

  // --- in order of record
  // The sums of everything up to entry `sequence`.
  absl::StatusOr<storage::Sums> SumsUpTo(storage::Sequence sequence) const;
  // At most `most` lines from entry `from` (inclusive) within [first, last].
  absl::StatusOr<std::vector<HistoryLine>> ByRecord(storage::Sequence from, storage::Sequence first,
                                                    storage::Sequence last, storage::Direction direction,
                                                    size_t most) const;

  // --- by day of the help
  struct Point {
    storage::Day day;
    storage::Sequence sequence;
  };
  // The sums of everything before `point`.
  absl::StatusOr<storage::Sums> SumsBefore(const Point& point) const;
  // At most `most` lines from `from` (inclusive) with days in [first, last].
  absl::StatusOr<std::vector<HistoryLine>> ByDay(const Point& from, storage::Day first, storage::Day last,
                                                 storage::Direction direction, size_t most);

 private:
  absl::StatusOr<std::vector<HistoryLine>> LinesByDay(const Point& from, storage::Day first,
                                                      storage::Day last, storage::Direction direction,
                                                      size_t most, storage::DayRecord* earliest) const;
  absl::Status FillBalancesFromNow(std::vector<HistoryLine>* lines) const;
  absl::StatusOr<bool> FindKept(bool or_make);
  absl::StatusOr<std::vector<HistoryLine>> ReadKept() const;
  absl::StatusOr<storage::Sums> SumsBeforeDay(storage::Day day) const;
  absl::StatusOr<int64_t> BalanceNow() const;
  static void FillBalances(int64_t opening, storage::Direction direction, std::vector<HistoryLine>* lines);
  absl::StatusOr<std::vector<storage::MovementRecord>> Details(storage::AccountNumber account,
                                                               std::vector<storage::Sequence> wanted) const;

  const BankReader& reader_;
  const storage::View& view_;
  const storage::BankNumber bank_;
  const std::vector<storage::AccountNumber> accounts_;
  const storage::Sequence at_;
  const bool is_newest_;
  std::string kept_;  // FindKept's
};

}  // namespace timebank::services

#endif  // TIMEBANK_SERVER_SERVICES_HISTORY_H_
