#include "storage/tail.h"

#include <algorithm>
#include <iterator>
#include <limits>

#include "absl/strings/str_cat.h"
#include "storage/coding.h"
#include "storage/damaged.h"
#include "storage/keys.h"
#include "storage/sorted_row.h"
#include "storage/status_macros.h"
#include "storage/sums.h"

namespace timebank::storage {
namespace {

// So many entries or rows are put in before readers get their turn again.
constexpr size_t kPutAtOnce = 256;

// What stands around the frames' own bytes, about, counted so that a tail's size says something about memory.
constexpr size_t kRowBytes = 96;
constexpr size_t kEntryBytes = 48;
constexpr size_t kMovementBytes = 200;
constexpr size_t kAccountBytes = 160;

bool IsReadInOrder(Family family) {
  return family == Family::kDirectory || family == Family::kMark || family == Family::kClock ||
         family == Family::kAct;
}

// Only accounts' rows have keys of this length; the bank's head stands under account 0.
constexpr size_t kAccountKeyBytes = sizeof(BankNumber) + sizeof(AccountNumber);

// Of sums each of which fits; their difference need not, and is then no figure of anything.
Sums Difference(const Sums& sums, const Sums& before) {
  const auto difference = [](int64_t a, int64_t b) {
    return static_cast<int64_t>(static_cast<uint64_t>(a) - static_cast<uint64_t>(b));
  };
  return {difference(sums.seconds_in, before.seconds_in), difference(sums.seconds_out, before.seconds_out),
          difference(sums.exchange_count, before.exchange_count)};
}

Sums Minus(const Sums& sums) { return Sums{-sums.seconds_in, -sums.seconds_out, -sums.exchange_count}; }

// Calls `put` for 0, 1, ... below `count`, in pieces of kPutAtOnce, each under `mutex`.
template <typename Put>
void InPieces(absl::Mutex* mutex, size_t count, const Put& put) {
  for (size_t i = 0; i < count;) {
    absl::MutexLock lock(mutex);
    for (const size_t end = std::min(count, i + kPutAtOnce); i < end; ++i) put(i);
  }
}

// Accounts stand all over the memory: what a loop comes to so many steps later is brought near meanwhile.
constexpr size_t kAhead = 16;
constexpr size_t kSoon = 8;

// What lies at `place`, soon to be written: a movement or an account may reach into a second line of the
// processor's cache.
template <typename T>
void Prefetch(const T* place) {
  const char* const bytes = reinterpret_cast<const char*>(place);
  __builtin_prefetch(bytes, /*for writing*/ 1);
  __builtin_prefetch(bytes + sizeof(T) - 1, /*for writing*/ 1);
}

}  // namespace

struct Tail::Staged {
  struct Entry {
    BankNumber bank;
    std::string_view bytes;
  };
  // What is known of an account that moves: its sums before what has been looked at, walking back.
  struct Walk {
    AccountKey account;
    Sums sums = {};
    bool has_row = false;
    Account* in_tail = nullptr;  // null: it is not in there yet
  };
  struct Moved {
    size_t walk;  // its account's
    MovementRecord movement;
    Sums own;
  };

  size_t WalkOf(const AccountKey& account) {
    const auto [number, is_new] = numbers.try_emplace(account, walks.size());
    if (is_new) walks.push_back({account});
    return number->second;
  }

  // Of movements that come to be put in soon: where they go.
  void BringNear(size_t next) const {
    if (next + kAhead < moved.size()) {
      const Walk& walk = walks[moved[next + kAhead].walk];
      if (walk.in_tail != nullptr) Prefetch(walk.in_tail);
    }
    if (next + kSoon < moved.size()) {
      const Account* account = walks[moved[next + kSoon].walk].in_tail;
      if (account != nullptr && account->movements.size() < account->movements.capacity()) {
        Prefetch(account->movements.data() + account->movements.size());
      }
    }
  }

  std::vector<Entry> entries;
  std::vector<Moved> moved;
  absl::flat_hash_map<BankNumber, End> ends;
  std::vector<Walk> walks;
  absl::flat_hash_map<AccountKey, size_t> numbers;  // of walks
};

absl::StatusOr<Tail::Added> Tail::Add(uint64_t index, std::shared_ptr<const std::string> bytes,
                                      const EndOf& end_of) {
  TB_ASSIGN_OR_RETURN(const FrameView frame, ReadFrame(*bytes));
  Staged staged;
  TB_RETURN_IF_ERROR(ReadEntries(frame, end_of, &staged));
  {
    absl::MutexLock lock(&mutex_);
    // So that they stay where they are from here on.
    accounts_.reserve(accounts_.size() + staged.walks.size());
  }
  TB_RETURN_IF_ERROR(AddUp(frame, &staged));
  {
    absl::MutexLock lock(&mutex_);
    bytes_ += bytes->capacity() + staged.entries.size() * kEntryBytes + staged.moved.size() * kMovementBytes;
    frames_.push_back(std::move(bytes));  // before anything points into it
    for (const auto& [bank, end] : staged.ends) {
      if (Bank& of_bank = banks_[bank]; of_bank.first == 0) of_bank.first = end.before + 1;
    }
  }
  InPieces(&mutex_, staged.entries.size(), [this, &staged](size_t i) ABSL_NO_THREAD_SAFETY_ANALYSIS {
    Bank& bank = banks_.find(staged.entries[i].bank)->second;
    bank.entries.push_back(staged.entries[i].bytes);
    bank.texts.emplace_back();
  });
  InPieces(&mutex_, staged.moved.size(), [this, &staged](size_t i) ABSL_NO_THREAD_SAFETY_ANALYSIS {
    staged.BringNear(i);
    Staged::Moved& moved = staged.moved[i];
    Staged::Walk& walk = staged.walks[moved.walk];
    if (walk.in_tail == nullptr) {
      walk.in_tail = &accounts_[walk.account];
      walk.in_tail->before = walk.sums;
      bytes_ += kAccountBytes;
    }
    walk.in_tail->Add(std::move(moved.movement), moved.own);
  });
  InPieces(&mutex_, frame.rows.size(),
           [this, index, &frame, &staged](size_t i) ABSL_NO_THREAD_SAFETY_ANALYSIS {
             if (i + kAhead < frame.rows.size()) {
               const FrameView::Row& ahead = frame.rows[i + kAhead];
               rows_.prefetch(RowKey(ahead.family, ahead.key));
             }
             const FrameView::Row& row = frame.rows[i];
             if (row.family != Family::kText || !PutTextOfNewEntry(row, staged)) PutRow(index, row);
           });
  Added added;
  for (const FrameView::Row& row : frame.rows) {
    if (row.family == Family::kRequest) added.requests.push_back(row.key);
    if (row.family == Family::kOrigin) added.origins.push_back(row.key);
  }
  added.changed_directory = std::any_of(frame.rows.begin(), frame.rows.end(), [](const FrameView::Row& row) {
    return row.family == Family::kMeta || row.family == Family::kDirectory || row.family == Family::kSlug;
  });
  absl::MutexLock lock(&mutex_);
  for (const auto& [bank, end] : staged.ends) {
    banks_.find(bank)->second.frames.push_back({index, end.last});
    added.ends.emplace_back(bank, end.last);
  }
  last_index_ = index;
  return added;
}

absl::Status Tail::ReadEntries(const FrameView& frame, const EndOf& end_of, Staged* staged) const {
  EntryFacts entry;
  staged->entries.reserve(frame.entries.size());
  staged->moved.reserve(2 * frame.entries.size());
  for (std::string_view bytes : frame.entries) {
    if (!ReadEntryFacts(bytes, &entry) || entry.bank == 0 || entry.sequence == 0) {
      return Damaged("an entry of a frame does not parse");
    }
    auto [end, is_new] = staged->ends.try_emplace(entry.bank);
    if (is_new) {
      TB_ASSIGN_OR_RETURN(const Sequence last, end_of(entry.bank));
      end->second = {last, last};
    }
    if (entry.sequence != end->second.last + 1) {
      return Damaged(
          absl::StrCat("a frame brings entry ", entry.sequence, " where ", end->second.last + 1, " is next"));
    }
    end->second.last = entry.sequence;
    staged->entries.push_back({entry.bank, bytes});
    for (const EntryFacts::Movement& movement : entry.movements) {
      if (movement.account == 0) return Damaged("a movement without an account");
      if (movement.seconds == std::numeric_limits<int64_t>::min()) return Damaged("seconds leave 64 bits");
    }
    const size_t first = staged->moved.size();
    for (AccountMovement& movement : MovementsOf(entry)) {
      const Sums own = SumsOf(entry.kind, entry.reversed_kind, movement.record.seconds);
      staged->moved.push_back(
          {staged->WalkOf({entry.bank, movement.account}), std::move(movement.record), own});
    }
    const auto begin = staged->moved.begin() + static_cast<ptrdiff_t>(first);
    for (auto one = begin; one != staged->moved.end(); ++one) {
      const bool twice =
          std::any_of(begin, one, [&](const Staged::Moved& other) { return other.walk == one->walk; });
      if (twice) return Damaged("an entry moves an account twice");
    }
  }
  return absl::OkStatus();
}

// The rows say what each account comes to behind the frame; from there back, movement by movement.
absl::Status Tail::AddUp(const FrameView& frame, Staged* staged) {
  for (const FrameView::Row& row : frame.rows) {
    if (row.family != Family::kAccount || row.key.size() != kAccountKeyBytes) continue;
    const AccountKey account(GetBigEndian<BankNumber>(row.key.data()),
                             GetBigEndian<AccountNumber>(row.key.data() + sizeof(BankNumber)));
    const auto number = staged->numbers.find(account);
    if (number == staged->numbers.end()) continue;
    Staged::Walk& walk = staged->walks[number->second];
    TB_ASSIGN_OR_RETURN(walk.sums, DecodeAccountSums(row.value));
    walk.has_row = true;
  }
  for (auto moved = staged->moved.rbegin(); moved != staged->moved.rend(); ++moved) {
    Staged::Walk& walk = staged->walks[moved->walk];
    if (!walk.has_row) return Damaged("an account moves in a frame that does not have its row");
    moved->movement.after = walk.sums;
    if (!AddSums(&walk.sums, Minus(moved->own))) return Damaged("the sums of an account leave 64 bits");
  }
  std::vector<Staged::Walk>& walks = staged->walks;
  absl::ReaderMutexLock lock(&mutex_);
  for (size_t i = 0; i < walks.size() + kSoon; ++i) {
    if (i + kSoon < walks.size()) accounts_.prefetch(walks[i + kSoon].account);
    if (i < walks.size()) {
      const auto found = accounts_.find(walks[i].account);
      if (found != accounts_.end()) {
        walks[i].in_tail = &found->second;
        Prefetch(&found->second.movements.back());
      }
    }
    if (i < kSoon) continue;
    const Staged::Walk& walk = walks[i - kSoon];
    if (walk.in_tail != nullptr && walk.in_tail->movements.back().after != walk.sums) {
      return Damaged(
          absl::StrCat("the row of account ", walk.account.second, " does not agree with its movements"));
    }
  }
  return absl::OkStatus();
}

void Tail::PutRow(uint64_t index, const FrameView::Row& row) {
  auto [found, is_new] = rows_.try_emplace(RowKey(row.family, row.key), nullptr);
  found->second = &versions_.emplace_back(Version{index, row.value, found->second});
  if (row.family == Family::kText && !EntryOfText(row.key)) changes_texts_ = true;
  if (is_new && IsReadInOrder(row.family)) ordered_[static_cast<size_t>(row.family)].insert(row.key);
  bytes_ += kRowBytes;
}

std::optional<Tail::Place> Tail::EntryOfText(std::string_view key) const {
  const std::optional<std::pair<BankNumber, Sequence>> place = ParseTextKey(key);
  const Bank* bank = place.has_value() ? FindBank(place->first) : nullptr;
  if (bank == nullptr || place->second < bank->first) return std::nullopt;
  return Place{bank, place->second};
}

bool Tail::PutTextOfNewEntry(const FrameView::Row& row, const Staged& staged) {
  const std::optional<std::pair<BankNumber, Sequence>> place = ParseTextKey(row.key);
  if (!place.has_value()) return false;
  const auto end = staged.ends.find(place->first);
  if (end == staged.ends.end()) return false;
  if (place->second <= end->second.before || place->second > end->second.last) return false;
  Bank& bank = banks_.find(place->first)->second;
  bank.texts[place->second - bank.first] = row.value;
  return true;
}

// --- reading

uint64_t Tail::last_index() const {
  absl::ReaderMutexLock lock(&mutex_);
  return last_index_;
}

size_t Tail::bytes() const {
  absl::ReaderMutexLock lock(&mutex_);
  return bytes_;
}

const Tail::Bank* Tail::FindBank(BankNumber bank) const {
  const auto found = banks_.find(bank);
  return found == banks_.end() ? nullptr : &found->second;
}

const Tail::Account* Tail::FindAccount(BankNumber bank, AccountNumber account) const {
  const auto found = accounts_.find(AccountKey(bank, account));
  return found == accounts_.end() ? nullptr : &found->second;
}

Sequence Tail::LastOf(const Bank& bank, uint64_t at) {
  const auto behind =
      std::upper_bound(bank.frames.begin(), bank.frames.end(), at,
                       [](uint64_t index, const Boundary& frame) { return index < frame.index; });
  return behind == bank.frames.begin() ? 0 : std::prev(behind)->last;
}

Sequence Tail::LastOf(BankNumber bank, uint64_t at) const {
  const Bank* found = FindBank(bank);
  return found == nullptr ? 0 : LastOf(*found, at);
}

namespace {

template <typename V>
const V* VersionAt(const V* version, uint64_t at) {
  while (version != nullptr && version->index > at) version = version->older;
  return version;
}

}  // namespace

std::optional<std::string_view> Tail::Find(Family family, std::string_view key, uint64_t at) const {
  absl::ReaderMutexLock lock(&mutex_);
  const auto found = rows_.find(RowKey(family, key));
  if (found != rows_.end()) {
    if (const Version* version = VersionAt(found->second, at); version != nullptr) return version->value;
  }
  return family == Family::kText ? FindTextOfEntry(key, at) : std::nullopt;
}

std::optional<std::string_view> Tail::FindTextOfEntry(std::string_view key, uint64_t at) const {
  const std::optional<Place> place = EntryOfText(key);
  if (!place || place->sequence > LastOf(*place->bank, at)) return std::nullopt;
  const std::string_view text = place->bank->texts[place->sequence - place->bank->first];
  if (text.empty()) return std::nullopt;
  return text;
}

std::vector<Tail::Row> Tail::Rows(Family family, std::string_view prefix, const std::optional<Bound>& from,
                                  Direction direction, size_t most, uint64_t at) const {
  const bool up = direction == Direction::kUp;
  std::vector<Row> rows;
  absl::ReaderMutexLock lock(&mutex_);
  const auto take = [&](std::string_view key) ABSL_NO_THREAD_SAFETY_ANALYSIS {
    const Version* version = VersionAt(rows_.find(RowKey(family, key))->second, at);
    if (version != nullptr) rows.push_back({key, version->value});
  };
  const auto is_before_start = [&](std::string_view key) {
    if (!from.has_value()) return false;
    const int order = key.compare(from->key);
    return order == 0 ? from->behind : (order < 0) == up;
  };
  if (IsReadInOrder(family)) {
    const absl::btree_set<std::string_view>& keys = ordered_[static_cast<size_t>(family)];
    if (up) {
      auto key = keys.lower_bound(from.has_value() ? std::max(from->key, prefix) : prefix);
      for (; key != keys.end() && key->starts_with(prefix) && rows.size() < most; ++key) {
        if (!is_before_start(*key)) take(*key);
      }
    } else {
      const std::string end = std::string(prefix) + std::string(kLongestSuffix, '\xff');
      auto key = keys.upper_bound(from.has_value() ? from->key : std::string_view(end));
      while (key != keys.begin() && rows.size() < most) {
        if (!(--key)->starts_with(prefix)) break;
        if (!is_before_start(*key)) take(*key);
      }
    }
    return rows;
  }
  for (const auto& [key, version] : rows_) {
    if (key.first == family && key.second.starts_with(prefix) && !is_before_start(key.second)) {
      take(key.second);
    }
  }
  std::sort(rows.begin(), rows.end(),
            [up](const Row& a, const Row& b) { return up ? a.key < b.key : a.key > b.key; });
  if (rows.size() > most) rows.resize(most);
  return rows;
}

std::optional<std::string_view> Tail::EntryBytes(BankNumber bank, Sequence sequence, uint64_t at) const {
  absl::ReaderMutexLock lock(&mutex_);
  const Bank* found = FindBank(bank);
  if (found == nullptr || sequence < found->first || sequence > LastOf(*found, at)) return std::nullopt;
  return found->entries[sequence - found->first];
}

std::optional<std::pair<Sequence, Sequence>> Tail::EntriesOf(BankNumber bank, uint64_t at) const {
  absl::ReaderMutexLock lock(&mutex_);
  const Bank* found = FindBank(bank);
  const Sequence last = found == nullptr ? 0 : LastOf(*found, at);
  if (last == 0) return std::nullopt;
  return std::pair(found->first, last);
}

bool Tail::TouchesAccount(BankNumber bank, AccountNumber account) const {
  absl::ReaderMutexLock lock(&mutex_);
  return changes_texts_ || FindAccount(bank, account) != nullptr;
}

void Tail::Account::Add(MovementRecord movement, const Sums& own) {
  const uint32_t number = static_cast<uint32_t>(movements.size());
  const Day day = movement.occurred_on;
  if (days == nullptr && !movements.empty() && day != movements.front().occurred_on) {
    auto all = std::make_unique<Days>();
    DayNumbers& first = all->numbers[movements.front().occurred_on];
    for (uint32_t i = 0; i < number; ++i) {
      first.push_back(i);
      all->after.push_back(AfterOfDay(i));
    }
    days = std::move(all);
  }
  if (days != nullptr) {
    // What is brought in order of day goes to the end, or to the last one.
    DayNumbers& numbers = days->numbers.try_emplace(days->numbers.end(), day)->second;
    Sums after = numbers.empty() ? Sums() : days->after[numbers.back()];
    numbers.push_back(number);
    // Where a day's sums leave 64 bits the fold refuses them.
    static_cast<void>(AddSums(&after, own));
    days->after.push_back(after);
  }
  movements.push_back(std::move(movement));
}

Sums Tail::Account::SumsOf(size_t movement) const {
  Sums sums = movements[movement].after;
  sums -= movement == 0 ? before : movements[movement - 1].after;
  return sums;
}

Sums Tail::Account::AfterOfDay(size_t movement) const {
  return days == nullptr ? Difference(movements[movement].after, before) : days->after[movement];
}

Sums Tail::Account::SumsUpTo(const OfDay& of_day, Sequence last) const {
  for (size_t i = of_day.count; i > 0; --i) {
    const size_t movement = of_day[i - 1];
    if (movements[movement].sequence <= last) return AfterOfDay(movement);
  }
  return Sums();
}

template <typename Visit>
void Tail::Account::VisitDays(Day from, Direction direction, const Visit& visit) const {
  const bool up = direction == Direction::kUp;
  if (days == nullptr) {
    const Day only = movements.front().occurred_on;
    if (up ? only >= from : only <= from) visit(OfDay{only, movements.size(), nullptr});
    return;
  }
  if (up) {
    for (auto day = days->numbers.lower_bound(from); day != days->numbers.end(); ++day) {
      if (!visit(OfDay{day->first, day->second.size(), &day->second})) return;
    }
  } else {
    for (auto day = days->numbers.upper_bound(from); day != days->numbers.begin();) {
      --day;
      if (!visit(OfDay{day->first, day->second.size(), &day->second})) return;
    }
  }
}

std::vector<MovementRecord> Tail::Movements(BankNumber bank, AccountNumber account, Sequence from,
                                            Direction direction, size_t most, uint64_t at) const {
  std::vector<MovementRecord> found;
  absl::ReaderMutexLock lock(&mutex_);
  const Account* of_account = FindAccount(bank, account);
  if (of_account == nullptr) return found;
  const std::vector<MovementRecord>& movements = of_account->movements;
  const Sequence last = LastOf(bank, at);
  const auto is_less = [](const MovementRecord& movement, Sequence sequence) {
    return movement.sequence < sequence;
  };
  found.reserve(std::min(most, movements.size()));
  if (direction == Direction::kUp) {
    auto movement = std::lower_bound(movements.begin(), movements.end(), from, is_less);
    for (; movement != movements.end() && movement->sequence <= last && found.size() < most; ++movement) {
      found.push_back(*movement);
    }
  } else {
    const Sequence start = std::min(from, last);
    auto movement = std::lower_bound(movements.begin(), movements.end(), start, is_less);
    if (movement != movements.end() && movement->sequence == start) ++movement;
    while (movement != movements.begin() && found.size() < most) found.push_back(*--movement);
  }
  return found;
}

std::optional<Sums> Tail::SumsAt(BankNumber bank, AccountNumber account, Sequence sequence,
                                 uint64_t at) const {
  const std::vector<MovementRecord> last = Movements(bank, account, sequence, Direction::kDown, 1, at);
  if (last.empty()) return std::nullopt;
  return last.front().after;
}

std::vector<DayRecord> Tail::Days(BankNumber bank, AccountNumber account, Day day, Sequence sequence,
                                  Direction direction, size_t most, uint64_t at) const {
  std::vector<DayRecord> found;
  absl::ReaderMutexLock lock(&mutex_);
  const Account* of_account = FindAccount(bank, account);
  if (of_account == nullptr) return found;
  const Sequence last = LastOf(bank, at);
  const bool up = direction == Direction::kUp;
  of_account->VisitDays(day, direction, [&](const OfDay& of_day) {
    const auto sequence_of = [&](size_t i) { return of_account->movements[of_day[i]].sequence; };
    // Straight to where the reader starts: the first number that is not before it, from below.
    size_t begin = 0;
    size_t end = of_day.count;
    const auto first_from = [&](Sequence at_least) {
      size_t low = 0;
      for (size_t high = of_day.count; low < high;) {
        const size_t middle = low + (high - low) / 2;
        sequence_of(middle) < at_least ? low = middle + 1 : high = middle;
      }
      return low;
    };
    if (of_day.day == day && up) begin = first_from(sequence);
    if (of_day.day == day && !up && sequence != std::numeric_limits<Sequence>::max()) {
      end = first_from(sequence + 1);
    }
    for (size_t i = begin; i < end && found.size() < most; ++i) {
      const size_t number = of_day[up ? i : end - 1 - (i - begin)];
      const MovementRecord& movement = of_account->movements[number];
      if (movement.sequence > last) continue;
      found.push_back({of_day.day, movement.sequence, movement.seconds, of_account->SumsOf(number),
                       of_account->AfterOfDay(number)});
    }
    return found.size() < most;
  });
  return found;
}

Sums Tail::SumsBeforeDay(BankNumber bank, AccountNumber account, Day day, uint64_t at) const {
  absl::ReaderMutexLock lock(&mutex_);
  Sums sums;
  const Account* of_account = FindAccount(bank, account);
  if (of_account == nullptr) return sums;
  const Sequence last = LastOf(bank, at);
  of_account->VisitDays(std::numeric_limits<Day>::min(), Direction::kUp, [&](const OfDay& of_day) {
    if (of_day.day >= day) return false;
    static_cast<void>(AddSums(&sums, of_account->SumsUpTo(of_day, last)));
    return true;
  });
  return sums;
}

Sums Tail::SumsOfDay(BankNumber bank, AccountNumber account, Day day, uint64_t at) const {
  absl::ReaderMutexLock lock(&mutex_);
  Sums sums;
  const Account* of_account = FindAccount(bank, account);
  if (of_account == nullptr) return sums;
  of_account->VisitDays(day, Direction::kUp, [&](const OfDay& of_day) {
    if (of_day.day == day) sums = of_account->SumsUpTo(of_day, LastOf(bank, at));
    return false;
  });
  return sums;
}

// --- the fold

absl::Status Tail::VisitRows(
    const std::function<absl::Status(Family, std::string_view, std::string_view)>& visit) const {
  std::vector<SortedRow> rows;
  {
    absl::ReaderMutexLock lock(&mutex_);
    rows.reserve(rows_.size());
    for (const auto& [key, version] : rows_) {
      rows.emplace_back(key.first, key.second, version->value);
    }
  }
  std::sort(rows.begin(), rows.end());
  for (const SortedRow& row : rows) TB_RETURN_IF_ERROR(visit(row.family, row.key, row.value));
  return absl::OkStatus();
}

// Nothing is added any more, so what is found under the lock may be looked at without it.
absl::Status Tail::VisitBanks(const std::function<absl::Status(const BankGain& bank)>& visit) const {
  std::vector<std::pair<BankNumber, const Bank*>> banks;
  {
    absl::ReaderMutexLock lock(&mutex_);
    for (const auto& [number, bank] : banks_) banks.emplace_back(number, &bank);
  }
  std::sort(banks.begin(), banks.end());
  for (const auto& [number, bank] : banks) {
    TB_RETURN_IF_ERROR(visit({number, bank->first, bank->entries, bank->texts}));
  }
  return absl::OkStatus();
}

absl::Status Tail::VisitAccounts(const std::function<absl::Status(const AccountGain& account)>& visit) const {
  std::vector<std::pair<AccountKey, const Account*>> accounts;
  {
    absl::ReaderMutexLock lock(&mutex_);
    accounts.reserve(accounts_.size());
    for (const auto& [key, account] : accounts_) accounts.emplace_back(key, &account);
  }
  std::sort(accounts.begin(), accounts.end());
  std::vector<DayRecord> records;
  for (const auto& [key, account] : accounts) {
    records.clear();
    records.reserve(account->movements.size());
    account->VisitDays(std::numeric_limits<Day>::min(), Direction::kUp, [&](const OfDay& of_day) {
      for (size_t i = 0; i < of_day.count; ++i) {
        const MovementRecord& movement = account->movements[of_day[i]];
        records.push_back({of_day.day, movement.sequence, movement.seconds, account->SumsOf(of_day[i]),
                           account->AfterOfDay(of_day[i])});
      }
      return true;
    });
    TB_RETURN_IF_ERROR(visit({key.first, key.second, account->before, account->movements, records}));
  }
  return absl::OkStatus();
}

void Tail::VisitAccountNumbers(
    const std::function<void(BankNumber bank, AccountNumber account)>& visit) const {
  absl::ReaderMutexLock lock(&mutex_);
  for (const auto& [key, account] : accounts_) visit(key.first, key.second);
}

}  // namespace timebank::storage
