#include "server/services/history.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <tuple>
#include <utility>

#include "server/ledger/validate.h"
#include "storage/coding.h"
#include "storage/pages.h"
#include "storage/status_macros.h"

namespace timebank::services {

using storage::AccountNumber;
using storage::Day;
using storage::DayRecord;
using storage::Direction;
using storage::kFirstDay;
using storage::kLastDay;
using storage::MovementRecord;
using storage::Sequence;
using storage::Sums;

namespace {

// One entry can move two accounts that became one since: its lines become one, and vanish where nothing but
// the merging itself moved them.
void Combine(std::vector<HistoryLine>* lines) {
  std::vector<HistoryLine> combined;
  for (HistoryLine& line : *lines) {
    if (!combined.empty() && combined.back().record.sequence == line.record.sequence) {
      combined.back().record.seconds += line.record.seconds;
    } else {
      combined.push_back(std::move(line));
    }
  }
  std::erase_if(combined, [](const HistoryLine& line) {
    return line.record.seconds == 0 && line.record.kind == storage::v1::ENTRY_KIND_CLOSING;
  });
  *lines = std::move(combined);
}

// No two are equal. Most are in order already, or in the opposite one.
template <typename T, typename Less>
void Sort(std::vector<T>* all, const Less& less) {
  if (std::is_sorted(all->begin(), all->end(), less)) return;
  std::reverse(all->begin(), all->end());
  if (!std::is_sorted(all->begin(), all->end(), less)) std::sort(all->begin(), all->end(), less);
}

template <typename T, typename Less>
void Sort(std::vector<T>* all, Direction direction, const Less& less) {
  Sort(all, [&](const T& a, const T& b) { return direction == Direction::kUp ? less(a, b) : less(b, a); });
}

bool ByDayAndSequence(const HistoryLine& a, const HistoryLine& b) {
  return std::tie(a.record.occurred_on, a.record.sequence, a.account) <
         std::tie(b.record.occurred_on, b.record.sequence, b.account);
}

bool BySequence(const MovementRecord& a, const MovementRecord& b) { return a.sequence < b.sequence; }

// So many of an account's newest lines are kept for who reads them next: a page of the default size, and the
// line that tells whether there is another page.
constexpr size_t kKeptLines = 51;

}  // namespace

absl::StatusOr<Sums> History::SumsUpTo(Sequence sequence) const {
  Sums sums;
  for (AccountNumber account : accounts_) {
    TB_ASSIGN_OR_RETURN(Sums part, view_.SumsAt(bank_, account, std::min(sequence, at_)));
    sums += part;
  }
  return sums;
}

absl::StatusOr<std::vector<HistoryLine>> History::ByRecord(Sequence from, Sequence first, Sequence last,
                                                           Direction direction, size_t most) const {
  last = std::min(last, at_);
  from = std::clamp(from, first, std::max(first, last));
  std::vector<HistoryLine> lines;
  if (first > last) return lines;
  // Where accounts were merged an entry may take two lines.
  const size_t most_here = accounts_.size() == 1 ? most : 2 * (most + ledger::kMaxMergedAccounts);
  for (AccountNumber account : accounts_) {
    size_t found = 0;
    TB_RETURN_IF_ERROR(
        view_.ScanStatement(bank_, account, from, direction, [&](const MovementRecord& record) {
          if (record.sequence < first || record.sequence > last || found == most_here) return false;
          ++found;
          lines.push_back({record, account, 0});
          return found < most_here;
        }));
  }
  if (accounts_.size() > 1) {
    Sort(&lines, direction, [](const HistoryLine& a, const HistoryLine& b) {
      return std::tie(a.record.sequence, a.account) < std::tie(b.record.sequence, b.account);
    });
    Combine(&lines);
    if (lines.size() > most) lines.resize(most);
  }
  if (lines.empty()) return lines;
  const Sequence earliest =
      direction == Direction::kUp ? lines.front().record.sequence : lines.back().record.sequence;
  TB_ASSIGN_OR_RETURN(Sums opening, SumsUpTo(earliest - 1));
  FillBalances(opening.balance(), direction, &lines);
  return lines;
}

void History::FillBalances(int64_t opening, Direction direction, std::vector<HistoryLine>* lines) {
  int64_t balance = opening;
  auto fill = [&](HistoryLine& line) {
    balance += line.record.seconds;
    line.balance_after = balance;
  };
  if (direction == Direction::kUp) {
    std::for_each(lines->begin(), lines->end(), fill);
  } else {
    std::for_each(lines->rbegin(), lines->rend(), fill);
  }
}

absl::StatusOr<int64_t> History::BalanceNow() const {
  int64_t balance = 0;
  for (AccountNumber account : accounts_) {
    TB_ASSIGN_OR_RETURN(const storage::v1::AccountRow row, reader_.AccountRowOf(account));
    balance += row.balance();
  }
  return balance;
}

absl::StatusOr<Sums> History::SumsBefore(const Point& point) const {
  TB_ASSIGN_OR_RETURN(Sums sums, SumsBeforeDay(point.day));
  if (point.sequence == 0) return sums;
  for (AccountNumber account : accounts_) {
    TB_RETURN_IF_ERROR(view_.ScanDays(bank_, account, point.day, std::min(point.sequence - 1, at_),
                                      Direction::kDown, [&](const DayRecord& record) {
                                        if (record.day == point.day) sums += record.after;
                                        return false;
                                      }));
  }
  return sums;
}

absl::StatusOr<Sums> History::SumsBeforeDay(Day day) const {
  Sums sums;
  for (AccountNumber account : accounts_) {
    TB_ASSIGN_OR_RETURN(Sums before, view_.SumsBeforeDay(bank_, account, day));
    sums += before;
    if (is_newest_) continue;
    // What came later than `at_` and speaks of earlier days is not there yet.
    TB_RETURN_IF_ERROR(
        view_.ScanStatement(bank_, account, at_ + 1, Direction::kUp, [&](const MovementRecord& record) {
          if (record.occurred_on < day) {
            sums -= storage::SumsOf(record.kind, record.reversed_kind, record.seconds);
          }
          return true;
        }));
  }
  return sums;
}

// Without balances.
absl::StatusOr<std::vector<HistoryLine>> History::LinesByDay(const Point& from, Day first, Day last,
                                                             Direction direction, size_t most,
                                                             DayRecord* earliest) const {
  struct Found {
    DayRecord record;
    AccountNumber account;
  };
  std::vector<Found> found;
  const size_t most_here = accounts_.size() == 1 ? most : 2 * (most + ledger::kMaxMergedAccounts);
  for (AccountNumber account : accounts_) {
    size_t here = 0;
    TB_RETURN_IF_ERROR(
        view_.ScanDays(bank_, account, from.day, from.sequence, direction, [&](const DayRecord& record) {
          if (direction == Direction::kUp ? record.day > last : record.day < first) return false;
          if (record.sequence > at_ || record.day > last || record.day < first) return true;
          found.push_back({record, account});
          return ++here < most_here;
        }));
  }
  Sort(&found, direction, [](const Found& a, const Found& b) {
    return std::tie(a.record.day, a.record.sequence, a.account) <
           std::tie(b.record.day, b.record.sequence, b.account);
  });
  std::vector<HistoryLine> lines;
  lines.reserve(found.size());
  for (AccountNumber account : accounts_) {
    std::vector<Sequence> wanted;
    wanted.reserve(found.size());
    for (const Found& one : found) {
      if (one.account == account) wanted.push_back(one.record.sequence);
    }
    TB_ASSIGN_OR_RETURN(std::vector<MovementRecord> details, Details(account, std::move(wanted)));
    for (MovementRecord& record : details) lines.push_back({std::move(record), account, 0});
  }
  Sort(&lines, direction, ByDayAndSequence);
  if (accounts_.size() > 1) Combine(&lines);
  if (lines.size() > most) lines.resize(most);
  if (!found.empty()) *earliest = (direction == Direction::kUp ? found.front() : found.back()).record;
  return lines;
}

absl::StatusOr<std::vector<HistoryLine>> History::ByDay(const Point& from, Day first, Day last,
                                                        Direction direction, size_t most) {
  const bool begins_now =
      is_newest_ && direction == Direction::kDown && from.day == kLastDay && last == kLastDay;
  if (begins_now && first == kFirstDay && accounts_.size() == 1 && most <= kKeptLines) {
    // Who wants few lines is not to wait for many.
    TB_ASSIGN_OR_RETURN(const bool is_kept, FindKept(/*or_make=*/2 * most > kKeptLines));
    if (is_kept) {
      TB_ASSIGN_OR_RETURN(std::vector<HistoryLine> lines, ReadKept());
      if (lines.size() > most) lines.resize(most);
      TB_RETURN_IF_ERROR(FillBalancesFromNow(&lines));
      return lines;
    }
  }
  DayRecord first_found;
  TB_ASSIGN_OR_RETURN(std::vector<HistoryLine> lines,
                      LinesByDay(from, first, last, direction, most, &first_found));
  if (lines.empty()) return lines;
  if (begins_now) {
    TB_RETURN_IF_ERROR(FillBalancesFromNow(&lines));
    return lines;
  }
  const MovementRecord& earliest = direction == Direction::kUp ? lines.front().record : lines.back().record;
  Sums opening;
  if (accounts_.size() == 1 && first_found.sequence == earliest.sequence) {
    // Its day says the rest.
    TB_ASSIGN_OR_RETURN(opening, SumsBeforeDay(first_found.day));
    opening += first_found.after;
    opening -= first_found.sums;
  } else {
    TB_ASSIGN_OR_RETURN(opening, SumsBefore({earliest.occurred_on, earliest.sequence}));
  }
  FillBalances(opening.balance(), direction, &lines);
  return lines;
}

absl::Status History::FillBalancesFromNow(std::vector<HistoryLine>* lines) const {
  TB_ASSIGN_OR_RETURN(int64_t opening, BalanceNow());
  for (const HistoryLine& line : *lines) opening -= line.record.seconds;
  FillBalances(opening, Direction::kDown, lines);
  return absl::OkStatus();
}

// Sets `kept_` to the account's newest lines: their records as a page of the statement, behind its length;
// then each one's note, behind its length. false: they are not kept, and were not to be made.
absl::StatusOr<bool> History::FindKept(bool or_make) {
  if (std::optional<std::string> found = view_.MadeOfMovements(bank_, accounts_.front())) {
    kept_ = *std::move(found);
    return true;
  }
  // Where it would not be kept the lines are read as they are, and each note for who reads it next.
  if (!or_make || !view_.KeepsMadeOfMovements(bank_, accounts_.front())) return false;
  DayRecord earliest;
  TB_ASSIGN_OR_RETURN(std::vector<HistoryLine> lines,
                      LinesByDay({kLastDay, std::numeric_limits<int64_t>::max()}, kFirstDay, kLastDay,
                                 Direction::kDown, kKeptLines, &earliest));
  storage::StatementPage page;
  page.movements.reserve(lines.size());
  for (HistoryLine& line : lines) page.movements.push_back(std::move(line.record));
  Sort(&page.movements, BySequence);
  const std::string records = page.movements.empty() ? std::string() : storage::EncodeStatementPage(page);
  std::string made;
  storage::PutVarint(&made, records.size());
  made += records;
  std::string note;
  for (const MovementRecord& record : page.movements) {
    TB_RETURN_IF_ERROR(view_.GetNote(bank_, record.sequence, &note, /*again=*/false));
    storage::PutVarint(&made, note.size());
    made += note;
  }
  view_.KeepMadeOfMovements(bank_, accounts_.front(), made);
  kept_ = std::move(made);
  return true;
}

absl::StatusOr<std::vector<HistoryLine>> History::ReadKept() const {
  std::vector<HistoryLine> lines;
  storage::Reader reader(kept_);
  const std::string_view records = reader.Take(reader.Varint());
  if (records.empty()) return lines;
  TB_ASSIGN_OR_RETURN(storage::StatementPage page, storage::DecodeStatementPage(records));
  lines.reserve(page.movements.size());
  for (MovementRecord& record : page.movements) {
    lines.push_back({std::move(record), accounts_.front(), 0, reader.Take(reader.Varint())});
  }
  if (!reader.AtEnd()) return absl::DataLossError("kept lines of a statement are not what was kept");
  Sort(&lines, Direction::kDown, ByDayAndSequence);
  return lines;
}

// The statement's records of `wanted`. Neighbours by day are mostly neighbours by record, so one seek finds
// many.
absl::StatusOr<std::vector<MovementRecord>> History::Details(AccountNumber account,
                                                             std::vector<Sequence> wanted) const {
  Sort(&wanted, std::less<>());
  std::vector<MovementRecord> details;
  details.reserve(wanted.size());
  size_t next = 0;
  while (next < wanted.size()) {
    constexpr size_t kCheaperToSeek = 256;
    size_t passed = 0;
    const size_t before = next;
    TB_RETURN_IF_ERROR(
        view_.ScanStatement(bank_, account, wanted[next], Direction::kUp, [&](const MovementRecord& record) {
          if (record.sequence != wanted[next]) return ++passed < kCheaperToSeek;
          details.push_back(record);
          passed = 0;
          return ++next < wanted.size();
        }));
    if (next == before) return absl::DataLossError("a movement that its day lists is not on the statement");
  }
  return details;
}

}  // namespace timebank::services
