#include "storage/view.h"

#include <rocksdb/db.h>
#include <rocksdb/iterator.h>

#include <cassert>
#include <limits>
#include <utility>
#include <vector>

#include "storage/database.h"
#include "storage/keys.h"
#include "storage/status_macros.h"
#include "storage/sums.h"
#include "storage/view_impl.h"

namespace timebank::storage {
namespace {

// No key goes on for longer behind any prefix that is asked for.
constexpr size_t kLongestSuffix = 32;

// Walks the rows of one family that begin with one prefix.
class Rows {
 public:
  Rows(const View::Impl& view, bool in_memory, Family family, std::string_view prefix) : prefix_(prefix) {
    rocksdb::ReadOptions options = view.ReadOptions(in_memory);
    // A prefix shorter than bank · account spans several of the filter's prefixes.
    options.total_order_seek = Database::HasAccountPrefix(family) && prefix.size() < 12;
    iterator_.reset(view.database().db().NewIterator(options, view.database().handle(family)));
  }

  // To the first row at or behind `key`; to the last one at or before it.
  void SeekUp(std::string_view key) { iterator_->Seek(ToSlice(key)); }
  void SeekDown(std::string_view key) { iterator_->SeekForPrev(ToSlice(key)); }
  void SeekLast() { SeekDown(prefix_ + std::string(kLongestSuffix, '\xff')); }

  // To the row in which what is numbered by `key` would stand: rows are keyed by their last number. A reader
  // who goes down begins with the last row where all are before `key`, and must expect elements behind `key`
  // in the first.
  void SeekContaining(std::string_view key, Direction direction) {
    SeekUp(key);
    if (!Valid() && direction == Direction::kDown && iterator_->status().ok()) SeekLast();
  }

  void Move(Direction direction) { direction == Direction::kUp ? iterator_->Next() : iterator_->Prev(); }

  bool Valid() const { return iterator_->Valid() && iterator_->key().starts_with(ToSlice(prefix_)); }
  std::string_view key() const { return ToView(iterator_->key()); }
  std::string_view value() const { return ToView(iterator_->value()); }

  // Why the rows ended, where it was not the last one.
  absl::Status status() const { return FromRocks(iterator_->status()); }

 private:
  const std::string prefix_;
  std::unique_ptr<rocksdb::Iterator> iterator_;
};

// Calls `visit` for the elements of one row in `direction`, without those that `before_start` says lie behind
// the reader. False: `visit` has had enough.
template <typename Elements, typename Before, typename Visit>
bool VisitElements(const Elements& elements, Direction direction, const Before& before_start,
                   const Visit& visit) {
  const size_t count = elements.size();
  for (size_t i = 0; i < count; ++i) {
    const size_t index = direction == Direction::kUp ? i : count - 1 - i;
    if (before_start(index)) continue;
    if (!visit(index)) return false;
  }
  return true;
}

// Whether `position` lies behind a reader who starts at `start`.
template <typename Position>
bool IsBehind(const Position& position, const Position& start, Direction direction) {
  return direction == Direction::kUp ? position < start : start < position;
}

}  // namespace

View::View(std::shared_ptr<const Impl> impl, bool in_memory)
    : impl_(std::move(impl)), in_memory_(in_memory) {}

View View::InMemory() const { return View(impl_, true); }

uint64_t View::applied_index() const { return impl_->applied_index(); }

absl::StatusOr<std::optional<std::string>> View::Get(Family family, std::string_view key) const {
  const Database& database = impl_->database();
  std::string value;
  const rocksdb::Status status =
      database.db().Get(impl_->ReadOptions(in_memory_), database.handle(family), ToSlice(key), &value);
  if (status.IsNotFound()) return std::optional<std::string>();
  TB_RETURN_IF_ERROR(FromRocks(status));
  return std::optional<std::string>(std::move(value));
}

absl::StatusOr<bool> View::GetRow(Family family, std::string_view key,
                                  google::protobuf::MessageLite* row) const {
  const Database& database = impl_->database();
  rocksdb::PinnableSlice value;
  const rocksdb::Status status =
      database.db().Get(impl_->ReadOptions(in_memory_), database.handle(family), ToSlice(key), &value);
  if (status.IsNotFound()) return false;
  TB_RETURN_IF_ERROR(FromRocks(status));
  TB_RETURN_IF_ERROR(DecodeRow(ToView(value), row));
  return true;
}

absl::Status View::ScanRows(
    Family family, std::string_view prefix, std::string_view from, Direction direction,
    const std::function<bool(std::string_view key, std::string_view value)>& visit) const {
  assert(from.empty() || from.starts_with(prefix));
  Rows rows(*impl_, in_memory_, family, prefix);
  if (direction == Direction::kUp) {
    rows.SeekUp(from.empty() ? prefix : from);
  } else if (!from.empty()) {
    rows.SeekDown(from);
  } else {
    rows.SeekLast();
  }
  for (; rows.Valid() && visit(rows.key(), rows.value()); rows.Move(direction)) {
  }
  return rows.status();
}

absl::StatusOr<std::optional<std::string>> View::EntryBytes(BankNumber bank, Sequence sequence) const {
  std::optional<std::string> found;
  TB_RETURN_IF_ERROR(ScanJournal(bank, sequence, Direction::kUp, [&](Sequence at, std::string_view bytes) {
    if (at == sequence) found.emplace(bytes);
    return false;
  }));
  return found;
}

absl::Status View::ScanJournal(
    BankNumber bank, Sequence from, Direction direction,
    const std::function<bool(Sequence sequence, std::string_view bytes)>& visit) const {
  Rows rows(*impl_, in_memory_, Family::kJournal, BankPrefix(bank));
  for (rows.SeekContaining(JournalKey(bank, from), direction); rows.Valid(); rows.Move(direction)) {
    TB_ASSIGN_OR_RETURN(const Block block, DecodeBlock(rows.value()));
    if (!VisitElements(
            block.entries, direction, [&](size_t i) { return IsBehind(block.first + i, from, direction); },
            [&](size_t i) { return visit(block.first + i, block.entries[i]); })) {
      return absl::OkStatus();
    }
  }
  return rows.status();
}

absl::Status View::ScanStatement(BankNumber bank, AccountNumber account, Sequence from, Direction direction,
                                 const std::function<bool(const MovementRecord& record)>& visit) const {
  Rows rows(*impl_, in_memory_, Family::kStatement, AccountKey(bank, account));
  for (rows.SeekContaining(StatementKey(bank, account, from), direction); rows.Valid();
       rows.Move(direction)) {
    TB_ASSIGN_OR_RETURN(const StatementPage page, DecodeStatementPage(rows.value()));
    const auto& movements = page.movements;
    if (!VisitElements(
            movements, direction, [&](size_t i) { return IsBehind(movements[i].sequence, from, direction); },
            [&](size_t i) { return visit(movements[i]); })) {
      return absl::OkStatus();
    }
  }
  return rows.status();
}

absl::StatusOr<Sums> View::SumsAt(BankNumber bank, AccountNumber account, Sequence at) const {
  Rows rows(*impl_, in_memory_, Family::kStatement, AccountKey(bank, account));
  rows.SeekContaining(StatementKey(bank, account, at), Direction::kUp);
  if (!rows.Valid()) {
    TB_RETURN_IF_ERROR(rows.status());
    return Sums();
  }
  TB_ASSIGN_OR_RETURN(const StatementPage page, DecodeStatementPage(rows.value()));
  Sums sums = page.before;
  for (const MovementRecord& record : page.movements) {
    if (record.sequence > at) break;
    sums = record.after;
  }
  return sums;
}

absl::Status View::ScanDays(BankNumber bank, AccountNumber account, Day day, Sequence sequence,
                            Direction direction,
                            const std::function<bool(const DayRecord& record)>& visit) const {
  using Position = std::pair<Day, Sequence>;
  const Position start(day, sequence);
  Rows rows(*impl_, in_memory_, Family::kDay, AccountKey(bank, account));
  for (rows.SeekContaining(DayKey(bank, account, day, sequence), direction); rows.Valid();
       rows.Move(direction)) {
    TB_ASSIGN_OR_RETURN(const DayPage page, DecodeDayPage(rows.value(), DayOfDayKey(rows.key())));
    const auto& movements = page.movements;
    if (!VisitElements(
            movements, direction,
            [&](size_t i) {
              return IsBehind(Position(movements[i].day, movements[i].sequence), start, direction);
            },
            [&](size_t i) { return visit(movements[i]); })) {
      return absl::OkStatus();
    }
  }
  return rows.status();
}

absl::StatusOr<Sums> View::SumsBeforeDay(BankNumber bank, AccountNumber account, Day day) const {
  const CivilDay civil = ToCivil(day);
  Sums total;
  Rows rows(*impl_, in_memory_, Family::kMonth, AccountKey(bank, account));
  // Adds the days before `before_day` of every row from `begin` to before `end`.
  const auto add = [&](const std::string& begin, const std::string& end, int before_day) -> absl::Status {
    for (rows.SeekUp(begin); rows.Valid() && rows.key() < end; rows.Move(Direction::kUp)) {
      TB_ASSIGN_OR_RETURN(const std::vector<MonthDay> days, DecodeMonth(rows.value()));
      for (const MonthDay& element : days) {
        if (element.day < before_day && !AddSums(&total, element.sums)) {
          return absl::DataLossError("CORRUPT_RECORD: the sums of an account's days leave 64 bits");
        }
      }
    }
    return rows.status();
  };
  constexpr int kAllDays = 32;
  const std::string this_month = MonthKey(bank, account, civil.year, civil.month);
  TB_RETURN_IF_ERROR(add(YearKey(bank, account, std::numeric_limits<int32_t>::min()),
                         YearKey(bank, account, civil.year), kAllDays));
  TB_RETURN_IF_ERROR(add(MonthKey(bank, account, civil.year, 1), this_month, kAllDays));
  TB_RETURN_IF_ERROR(add(this_month, this_month + '\0', civil.day));
  return total;
}

}  // namespace timebank::storage
