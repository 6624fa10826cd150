#include "storage/view.h"

#include <rocksdb/db.h>
#include <rocksdb/iterator.h>

#include <algorithm>
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

// Walks the folded rows of one family that begin with one prefix.
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

// The rows of one family in one tail that begin with one prefix, removed ones included.
class TailRows {
 public:
  TailRows(const Tail* tail, uint64_t at, Family family, std::string_view prefix, std::string_view from,
           Direction direction)
      : tail_(*tail), at_(at), family_(family), prefix_(prefix), direction_(direction) {
    std::optional<Tail::Bound> bound;
    if (!from.empty()) bound = {from, /*behind=*/false};
    Fetch(bound);
  }

  const Tail::Row* Peek() const { return next_ < rows_.size() ? &rows_[next_] : nullptr; }
  void Pop() {
    if (++next_ == rows_.size() && rows_.size() == kAtOnce) {
      Fetch(Tail::Bound{rows_.back().key, /*behind=*/true});
    }
  }

 private:
  static constexpr size_t kAtOnce = 64;

  void Fetch(const std::optional<Tail::Bound>& from) {
    rows_ = tail_.Rows(family_, prefix_, from, direction_, kAtOnce, at_);
    next_ = 0;
  }

  const Tail& tail_;
  const uint64_t at_;
  const Family family_;
  const std::string prefix_;
  const Direction direction_;
  std::vector<Tail::Row> rows_;
  size_t next_ = 0;
};

using DayPosition = std::pair<Day, Sequence>;

DayPosition PositionOf(const DayRecord& record) { return {record.day, record.sequence}; }

// One part's movements of an account in order of (day, sequence).
class DayCursor {
 public:
  virtual ~DayCursor() = default;

  // The next one, nullptr behind the last. Valid until Pop().
  virtual absl::StatusOr<const DayRecord*> Peek() = 0;
  virtual void Pop() = 0;
};

class FoldedDays final : public DayCursor {
 public:
  FoldedDays(const View::Impl& view, bool in_memory, BankNumber bank, AccountNumber account,
             DayPosition start, Direction direction)
      : rows_(view, in_memory, Family::kDay, AccountKey(bank, account)),
        start_(start),
        direction_(direction) {
    if (direction == Direction::kDown && start.first == kLastDay) {
      rows_.SeekLast();  // saves looking for what lies behind
    } else {
      rows_.SeekContaining(DayKey(bank, account, start.first, start.second), direction);
    }
  }

  absl::StatusOr<const DayRecord*> Peek() override {
    while (left_ == 0) {
      if (std::exchange(decoded_, false)) rows_.Move(direction_);
      if (!rows_.Valid()) {
        TB_RETURN_IF_ERROR(rows_.status());
        return nullptr;
      }
      TB_ASSIGN_OR_RETURN(page_, DecodeDayPage(rows_.value(), DayOfDayKey(rows_.key())));
      left_ = page_.movements.size();
      decoded_ = true;
      while (left_ > 0 && IsBehind(PositionOf(Current()), start_, direction_)) --left_;
    }
    return &Current();
  }
  void Pop() override { --left_; }

 private:
  const DayRecord& Current() const {
    return page_.movements[direction_ == Direction::kUp ? page_.movements.size() - left_ : left_ - 1];
  }

  Rows rows_;
  const DayPosition start_;
  const Direction direction_;
  DayPage page_;
  bool decoded_ = false;  // `page_` is the row at which `rows_` stands
  size_t left_ = 0;       // of the page's movements
};

class TailDays final : public DayCursor {
 public:
  TailDays(const Tail* tail, uint64_t at, BankNumber bank, AccountNumber account, DayPosition start,
           Direction direction)
      : tail_(*tail), at_(at), bank_(bank), account_(account), direction_(direction) {
    Fetch(start);
  }

  absl::StatusOr<const DayRecord*> Peek() override {
    return next_ < records_.size() ? &records_[next_] : nullptr;
  }
  void Pop() override {
    if (++next_ < records_.size() || records_.size() < kAtOnce) return;
    const auto [day, sequence] = PositionOf(records_.back());
    Fetch({day, direction_ == Direction::kUp ? sequence + 1 : sequence - 1});
  }

 private:
  static constexpr size_t kAtOnce = 64;

  void Fetch(DayPosition from) {
    records_ = tail_.Days(bank_, account_, from.first, from.second, direction_, kAtOnce, at_);
    next_ = 0;
  }

  const Tail& tail_;
  const uint64_t at_;
  const BankNumber bank_;
  const AccountNumber account_;
  const Direction direction_;
  std::vector<DayRecord> records_;
  size_t next_ = 0;
};

}  // namespace

View::View(std::shared_ptr<const Impl> impl, bool in_memory)
    : impl_(std::move(impl)), in_memory_(in_memory) {}

View View::InMemory() const { return View(impl_, true); }

uint64_t View::applied_index() const { return impl_->applied_index(); }

uint64_t View::directory_index() const { return impl_->directory_index(); }

// `read` gets the row's value as it is kept, unless there is no such row.
template <typename Read>
absl::StatusOr<bool> View::ReadRow(Family family, std::string_view key, const Read& read, bool again) const {
  if (AbsenceFilter* filter = impl_->database().absence(family); filter != nullptr && !filter->MayHold(key)) {
    return false;
  }
  const auto& tails = impl_->tails();
  for (auto tail = tails.rbegin(); tail != tails.rend(); ++tail) {
    const std::optional<std::string_view> value = (*tail)->Find(family, key, impl_->applied_index());
    if (!value.has_value()) continue;
    if (value->empty()) return false;
    TB_RETURN_IF_ERROR(read(*value));
    return true;
  }
  if (family == Family::kText) return ReadFoldedText(key, read, again);
  // The engine, which asks for most accounts once, may go to the disk; so rows are kept for readers alone.
  if (family == Family::kAccount && in_memory_) return ReadFoldedAccount(key, read);
  return ReadFolded(family, key, read);
}

template <typename Read>
absl::StatusOr<bool> View::ReadFolded(Family family, std::string_view key, const Read& read) const {
  const Database& database = impl_->database();
  rocksdb::PinnableSlice value;
  const rocksdb::Status status =
      database.db().Get(impl_->ReadOptions(in_memory_), database.handle(family), ToSlice(key), &value);
  if (status.IsNotFound()) return false;
  TB_RETURN_IF_ERROR(FromRocks(status));
  // Where RocksDB has not opened a file yet that may hold the key, and must not, it says OK and gives
  // nothing. Every row has its version byte at least.
  if (value.empty() && in_memory_) return FromRocks(rocksdb::Status::Incomplete());
  TB_RETURN_IF_ERROR(read(ToView(value)));
  return true;
}

template <typename Read>
absl::StatusOr<bool> View::ReadFoldedText(std::string_view key, const Read& read, bool again) const {
  const std::optional<std::pair<BankNumber, Sequence>> place = ParseTextKey(key);
  if (!place.has_value()) return false;
  const RowCache& kept = impl_->database().kept_rows();
  const uint64_t generation = impl_->folded().text_generation();
  if (const auto done = kept.Find(generation, key, read)) {
    TB_RETURN_IF_ERROR(*done);
    return true;
  }
  const Sequence sequence = place->second;
  const Sequence first = FirstOfTextBlock(sequence);
  bool found = false;
  TB_RETURN_IF_ERROR(
      ReadFolded(Family::kText, TextBlockKey(place->first, first), [&](std::string_view row) -> absl::Status {
        TB_ASSIGN_OR_RETURN(const TextBlock block, DecodeTextBlock(row));
        const std::string_view text = block[sequence - first];
        if (text.empty()) return absl::OkStatus();
        found = true;
        TB_RETURN_IF_ERROR(read(text));
        if (again) kept.Keep(generation, key, text);
        return absl::OkStatus();
      }).status());
  return found;
}

template <typename Read>
absl::StatusOr<bool> View::ReadFoldedAccount(std::string_view key, const Read& read) const {
  const RowCache& kept = impl_->database().kept_rows();
  const uint64_t generation = impl_->folded().generation();
  if (const auto done = kept.Find(generation, key, read)) {
    TB_RETURN_IF_ERROR(*done);
    return true;
  }
  return ReadFolded(Family::kAccount, key, [&](std::string_view row) -> absl::Status {
    TB_RETURN_IF_ERROR(read(row));
    kept.Keep(generation, key, row);
    return absl::OkStatus();
  });
}

absl::StatusOr<std::optional<std::string>> View::Get(Family family, std::string_view key) const {
  std::optional<std::string> value;
  TB_RETURN_IF_ERROR(ReadRow(family, key, [&](std::string_view kept) {
                       value.emplace(kept);
                       return absl::OkStatus();
                     }).status());
  return value;
}

absl::StatusOr<bool> View::GetRow(Family family, std::string_view key,
                                  google::protobuf::MessageLite* row) const {
  return ReadRow(family, key, [row](std::string_view kept) { return DecodeRow(kept, row); });
}

absl::Status View::GetNote(BankNumber bank, Sequence sequence, std::string* note, bool again) const {
  note->clear();
  const auto read = [note](std::string_view kept) -> absl::Status {
    TB_ASSIGN_OR_RETURN(const std::string_view found, DecodeNote(kept));
    note->assign(found);
    return absl::OkStatus();
  };
  return ReadRow(Family::kText, TextKey(bank, sequence), read, again).status();
}

// Each part's rows in order; where several have the same, the newest one's counts.
absl::Status View::ScanRows(
    Family family, std::string_view prefix, std::string_view from, Direction direction,
    const std::function<bool(std::string_view key, std::string_view value)>& visit) const {
  assert(from.empty() || from.starts_with(prefix));
  if (family == Family::kText) return absl::InternalError("texts are read one by one");
  const bool up = direction == Direction::kUp;
  std::vector<TailRows> newer;  // oldest first
  for (const auto& tail : impl_->tails()) {
    newer.emplace_back(tail.get(), impl_->applied_index(), family, prefix, from, direction);
  }
  Rows folded(*impl_, in_memory_, family, prefix);
  if (up) {
    folded.SeekUp(from.empty() ? prefix : from);
  } else if (!from.empty()) {
    folded.SeekDown(from);
  } else {
    folded.SeekLast();
  }
  while (true) {
    TB_RETURN_IF_ERROR(folded.status());
    std::optional<Tail::Row> next;
    if (folded.Valid()) next = {folded.key(), folded.value()};
    for (const TailRows& rows : newer) {
      const Tail::Row* row = rows.Peek();
      if (row == nullptr) continue;
      const bool first = !next.has_value() || (up ? row->key <= next->key : row->key >= next->key);
      if (first) next = *row;
    }
    if (!next.has_value()) return absl::OkStatus();
    if (!next->value.empty() && !visit(next->key, next->value)) return absl::OkStatus();
    // A folded row's key goes when its iterator moves on, a tail's stays.
    for (TailRows& rows : newer) {
      if (rows.Peek() != nullptr && rows.Peek()->key == next->key) rows.Pop();
    }
    if (folded.Valid() && folded.key() == next->key) folded.Move(direction);
  }
}

absl::StatusOr<std::optional<std::string>> View::EntryBytes(BankNumber bank, Sequence sequence) const {
  std::optional<std::string> found;
  TB_RETURN_IF_ERROR(ScanJournal(bank, sequence, Direction::kUp, [&](Sequence at, std::string_view bytes) {
    if (at == sequence) found.emplace(bytes);
    return false;
  }));
  return found;
}

// Whether nothing from `from` on upwards is folded: all of it is in tails.
bool View::IsInTails(BankNumber bank, Sequence from) const {
  for (const auto& tail : impl_->tails()) {
    if (const auto entries = tail->EntriesOf(bank, impl_->applied_index()); entries.has_value()) {
      return from >= entries->first;
    }
  }
  return false;
}

absl::Status View::ScanJournal(
    BankNumber bank, Sequence from, Direction direction,
    const std::function<bool(Sequence sequence, std::string_view bytes)>& visit) const {
  const uint64_t at = impl_->applied_index();
  // False: `visit` has had enough.
  const auto scan_tail = [&](const Tail& tail) {
    const auto entries = tail.EntriesOf(bank, at);
    if (!entries.has_value()) return true;
    if (direction == Direction::kUp) {
      for (Sequence sequence = std::max(from, entries->first); sequence <= entries->second; ++sequence) {
        if (!visit(sequence, *tail.EntryBytes(bank, sequence, at))) return false;
      }
    } else {
      for (Sequence sequence = std::min(from, entries->second); sequence >= entries->first; --sequence) {
        if (!visit(sequence, *tail.EntryBytes(bank, sequence, at))) return false;
      }
    }
    return true;
  };
  const auto& tails = impl_->tails();
  if (direction == Direction::kDown) {
    for (auto tail = tails.rbegin(); tail != tails.rend(); ++tail) {
      if (!scan_tail(**tail)) return absl::OkStatus();
    }
  }
  if (direction == Direction::kDown || !IsInTails(bank, from)) {
    Rows rows(*impl_, in_memory_, Family::kJournal, BankPrefix(bank));
    for (rows.SeekContaining(JournalKey(bank, from), direction); rows.Valid(); rows.Move(direction)) {
      TB_ASSIGN_OR_RETURN(const Block block, DecodeBlock(rows.value()));
      if (!VisitElements(
              block.entries, direction, [&](size_t i) { return IsBehind(block.first + i, from, direction); },
              [&](size_t i) { return visit(block.first + i, block.entries[i]); })) {
        return absl::OkStatus();
      }
    }
    TB_RETURN_IF_ERROR(rows.status());
  }
  if (direction == Direction::kUp) {
    for (const auto& tail : tails) {
      if (!scan_tail(*tail)) return absl::OkStatus();
    }
  }
  return absl::OkStatus();
}

absl::Status View::ScanStatement(BankNumber bank, AccountNumber account, Sequence from, Direction direction,
                                 const std::function<bool(const MovementRecord& record)>& visit) const {
  const uint64_t at = impl_->applied_index();
  // False: `visit` has had enough.
  const auto scan_tail = [&](const Tail& tail) {
    constexpr size_t kAtOnce = 64;
    for (Sequence next = from;;) {
      const std::vector<MovementRecord> movements =
          tail.Movements(bank, account, next, direction, kAtOnce, at);
      for (const MovementRecord& record : movements) {
        if (!visit(record)) return false;
      }
      if (movements.size() < kAtOnce) return true;
      next = direction == Direction::kUp ? movements.back().sequence + 1 : movements.back().sequence - 1;
    }
  };
  const auto& tails = impl_->tails();
  if (direction == Direction::kDown) {
    for (auto tail = tails.rbegin(); tail != tails.rend(); ++tail) {
      if (!scan_tail(**tail)) return absl::OkStatus();
    }
  }
  if (direction == Direction::kDown || !IsInTails(bank, from)) {
    Rows rows(*impl_, in_memory_, Family::kStatement, AccountKey(bank, account));
    for (rows.SeekContaining(StatementKey(bank, account, from), direction); rows.Valid();
         rows.Move(direction)) {
      TB_ASSIGN_OR_RETURN(const StatementPage page, DecodeStatementPage(rows.value()));
      const auto& movements = page.movements;
      if (!VisitElements(
              movements, direction,
              [&](size_t i) { return IsBehind(movements[i].sequence, from, direction); },
              [&](size_t i) { return visit(movements[i]); })) {
        return absl::OkStatus();
      }
    }
    TB_RETURN_IF_ERROR(rows.status());
  }
  if (direction == Direction::kUp) {
    for (const auto& tail : tails) {
      if (!scan_tail(*tail)) return absl::OkStatus();
    }
  }
  return absl::OkStatus();
}

bool View::KeepsMadeOfMovements(BankNumber bank, AccountNumber account) const {
  const auto& tails = impl_->tails();
  return std::none_of(tails.begin(), tails.end(),
                      [&](const auto& tail) { return tail->TouchesAccount(bank, account); });
}

std::optional<std::string> View::MadeOfMovements(BankNumber bank, AccountNumber account) const {
  if (!KeepsMadeOfMovements(bank, account)) return std::nullopt;
  return impl_->database().kept_rows().FindMade(impl_->folded().generations(), AccountKey(bank, account));
}

void View::KeepMadeOfMovements(BankNumber bank, AccountNumber account, std::string_view made) const {
  if (!KeepsMadeOfMovements(bank, account)) return;
  impl_->database().kept_rows().KeepMade(impl_->folded().generations(), AccountKey(bank, account), made);
}

absl::StatusOr<Sums> View::SumsAt(BankNumber bank, AccountNumber account, Sequence at) const {
  const auto& tails = impl_->tails();
  for (auto tail = tails.rbegin(); tail != tails.rend(); ++tail) {
    if (const auto sums = (*tail)->SumsAt(bank, account, at, impl_->applied_index()); sums.has_value()) {
      return *sums;
    }
  }
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

absl::StatusOr<Sums> View::FoldedSumsOfDay(BankNumber bank, AccountNumber account, Day day) const {
  Sums sums;
  TB_RETURN_IF_ERROR(ReadFolded(Family::kDay, DayKey(bank, account, day, kGrowingRow),
                                [&](std::string_view kept) -> absl::Status {
                                  TB_ASSIGN_OR_RETURN(const DayPage page, DecodeDayPage(kept, day));
                                  sums = page.movements.back().after;
                                  return absl::OkStatus();
                                })
                         .status());
  return sums;
}

absl::Status View::ScanDays(BankNumber bank, AccountNumber account, Day day, Sequence sequence,
                            Direction direction,
                            const std::function<bool(const DayRecord& record)>& visit) const {
  const DayPosition start(day, sequence);
  const uint64_t at = impl_->applied_index();
  const auto& tails = impl_->tails();
  std::vector<std::unique_ptr<DayCursor>> parts;  // oldest first
  parts.push_back(std::make_unique<FoldedDays>(*impl_, in_memory_, bank, account, start, direction));
  for (const auto& tail : tails) {
    parts.push_back(std::make_unique<TailDays>(tail.get(), at, bank, account, start, direction));
  }
  // What each part begins the day with: everything of that day in older parts.
  std::optional<Day> day_of_bases;
  std::vector<Sums> bases;
  const auto open_day = [&](Day of_day) -> absl::Status {
    day_of_bases = of_day;
    bases.assign(1, Sums());
    TB_ASSIGN_OR_RETURN(Sums sums, FoldedSumsOfDay(bank, account, of_day));
    for (const auto& tail : tails) {
      bases.push_back(sums);
      if (!AddSums(&sums, tail->SumsOfDay(bank, account, of_day, at))) {
        return absl::DataLossError("CORRUPT_RECORD: the sums of an account's day leave 64 bits");
      }
    }
    return absl::OkStatus();
  };
  while (true) {
    std::optional<size_t> next;
    const DayRecord* earliest = nullptr;
    for (size_t i = 0; i < parts.size(); ++i) {
      TB_ASSIGN_OR_RETURN(const DayRecord* record, parts[i]->Peek());
      if (record == nullptr) continue;
      if (!next.has_value() || IsBehind(PositionOf(*record), PositionOf(*earliest), direction)) {
        next = i;
        earliest = record;
      }
    }
    if (!next.has_value()) return absl::OkStatus();
    DayRecord record = *earliest;
    if (*next > 0) {
      if (day_of_bases != record.day) TB_RETURN_IF_ERROR(open_day(record.day));
      if (!AddSums(&record.after, bases[*next])) {
        return absl::DataLossError("CORRUPT_RECORD: the sums of an account's day leave 64 bits");
      }
    }
    if (!visit(record)) return absl::OkStatus();
    parts[*next]->Pop();
  }
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
  for (const auto& tail : impl_->tails()) {
    if (!AddSums(&total, tail->SumsBeforeDay(bank, account, day, impl_->applied_index()))) {
      return absl::DataLossError("CORRUPT_RECORD: the sums of an account's days leave 64 bits");
    }
  }
  return total;
}

}  // namespace timebank::storage
