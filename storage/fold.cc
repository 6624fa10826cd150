#include "storage/fold.h"

#include <rocksdb/iterator.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "storage/keys.h"
#include "storage/pages.h"
#include "storage/status_macros.h"
#include "storage/sums.h"
#include "timebank/storage/v1/entry.pb.h"

namespace timebank::storage {
namespace {

constexpr uint32_t kFrameVersion = 1;

absl::Status Damaged(absl::string_view what) {
  return absl::DataLossError(absl::StrCat("CORRUPT_RECORD: ", what));
}

// Rows of a block or page change from this element on when elements are added up to `end`, where the growing
// row begins with element `growing`; all counted from 0 at the beginning of the journal or statement.
uint64_t RewrittenFrom(uint64_t growing, uint64_t end) {
  const uint64_t block = growing / kBlockEntries * kBlockEntries;
  return end >= block + kBlockEntries ? block : growing;
}

// Length of the row that begins with element `number`, where there are elements up to `end`.
uint64_t RowLength(uint64_t number, uint64_t end) {
  const bool whole = number % kBlockEntries == 0 && end - number >= kBlockEntries;
  return whole ? kBlockEntries : std::min<uint64_t>(kOpenRowEntries, end - number);
}

// The next run of elements that agree in `key`.
template <typename T, typename Key>
std::span<T> TakeRun(std::span<T>* rest, const Key& key) {
  size_t length = 1;
  while (length < rest->size() && key((*rest)[length]) == key(rest->front())) ++length;
  const std::span<T> run = rest->first(length);
  *rest = rest->subspan(length);
  return run;
}

struct JournalEntry {
  BankNumber bank;
  Sequence sequence;
  std::string_view bytes;
};

struct BankMovement {
  BankNumber bank;
  AccountMovement movement;
};

// What one account's day of help gains.
struct DayGain {
  Day day;
  Sums sums;
};

class Folder {
 public:
  Folder(const Database& database, rocksdb::WriteBatch* batch) : database_(database), batch_(batch) {}

  absl::Status Fold(const v1::Frame& frame) {
    if (frame.version() > kFrameVersion) {
      return absl::FailedPreconditionError(absl::StrCat("frame of version ", frame.version(),
                                                        ", this server reads up to ", kFrameVersion,
                                                        ": use a newer timebankd"));
    }
    TB_RETURN_IF_ERROR(PutRows(frame));
    TB_RETURN_IF_ERROR(ReadEntries(frame));
    TB_RETURN_IF_ERROR(FoldJournals());
    return FoldMovements();
  }

 private:
  absl::Status PutRows(const v1::Frame& frame) {
    for (const v1::FrameRow& row : frame.rows()) {
      if (!StandsInFrames(row.family())) {
        return Damaged(absl::StrCat("a frame has a row of family ", row.family()));
      }
      const Family family = static_cast<Family>(row.family());
      row.value().empty() ? Delete(family, row.key()) : Put(family, row.key(), row.value());
    }
    return absl::OkStatus();
  }

  absl::Status ReadEntries(const v1::Frame& frame) {
    v1::Entry entry;
    for (const std::string& bytes : frame.entries()) {
      if (!entry.ParseFromString(bytes) || entry.bank() == 0 || entry.sequence() == 0) {
        return Damaged("an entry of a frame does not parse");
      }
      journal_.push_back({entry.bank(), entry.sequence(), bytes});
      for (const v1::EntryMovement& movement : entry.movements()) {
        if (movement.account() == 0) return Damaged("a movement without an account");
      }
      for (AccountMovement& movement : MovementsOf(entry)) {
        movements_.push_back({entry.bank(), std::move(movement)});
      }
    }
    return absl::OkStatus();
  }

  absl::Status FoldJournals() {
    std::stable_sort(journal_.begin(), journal_.end(),
                     [](const JournalEntry& a, const JournalEntry& b) { return a.bank < b.bank; });
    std::span<JournalEntry> rest(journal_);
    while (!rest.empty()) {
      TB_RETURN_IF_ERROR(FoldJournal(TakeRun(&rest, [](const JournalEntry& entry) { return entry.bank; })));
    }
    return absl::OkStatus();
  }

  // `added`: all of one bank.
  absl::Status FoldJournal(std::span<const JournalEntry> added) {
    const BankNumber bank = added.front().bank;
    std::vector<std::string> values;  // of the rows to be joined, last first
    std::vector<std::string_view> entries;
    uint64_t begin = 0;
    uint64_t count = 0;
    TB_ASSIGN_OR_RETURN(std::optional<std::string> growing,
                        Get(Family::kJournal, JournalKey(bank, kGrowingRow)));
    if (growing.has_value()) {
      TB_ASSIGN_OR_RETURN(const Block row, DecodeBlock(*growing));
      const uint64_t number = row.first - 1;
      count = number + row.entries.size();
      begin = RewrittenFrom(number, count + added.size());
      values.push_back(*std::move(growing));
      TB_RETURN_IF_ERROR(TakeRowsBefore(Family::kJournal, JournalKey(bank, kGrowingRow), number - begin,
                                        [&](std::string_view value) -> absl::StatusOr<uint64_t> {
                                          values.emplace_back(value);
                                          TB_ASSIGN_OR_RETURN(const Block block, DecodeBlock(value));
                                          return block.entries.size();
                                        }));
    }
    for (auto value = values.rbegin(); value != values.rend(); ++value) {
      TB_ASSIGN_OR_RETURN(const Block block, DecodeBlock(*value));
      if (block.first != begin + entries.size() + 1) return Damaged("journal rows do not follow one another");
      entries.insert(entries.end(), block.entries.begin(), block.entries.end());
    }
    for (const JournalEntry& entry : added) {
      const Sequence next = begin + entries.size() + 1;
      if (entry.sequence != next) {
        return Damaged(absl::StrCat("a frame brings entry ", entry.sequence, " where ", next, " is next"));
      }
      entries.push_back(entry.bytes);
    }

    const uint64_t end = begin + entries.size();
    for (uint64_t number = begin; number < end;) {
      const uint64_t length = RowLength(number, end);
      const auto row = entries.begin() + static_cast<ptrdiff_t>(number - begin);
      const Block block{.first = number + 1, .entries = {row, row + static_cast<ptrdiff_t>(length)}};
      number += length;
      Put(Family::kJournal, JournalKey(bank, number == end ? kGrowingRow : number), EncodeBlock(block));
    }
    return absl::OkStatus();
  }

  absl::Status FoldMovements() {
    const auto account = [](const BankMovement& m) { return std::pair(m.bank, m.movement.account); };
    // In the order of the keys, which is the order in which RocksDB takes them fastest.
    std::stable_sort(
        movements_.begin(), movements_.end(),
        [&account](const BankMovement& a, const BankMovement& b) { return account(a) < account(b); });
    std::span<BankMovement> rest(movements_);
    while (!rest.empty()) {
      const std::span<BankMovement> run = TakeRun(&rest, account);
      TB_RETURN_IF_ERROR(FoldStatement(run));
      TB_RETURN_IF_ERROR(FoldDays(run));
    }
    return absl::OkStatus();
  }

  // `added`: all of one account, in order of record.
  absl::Status FoldStatement(std::span<BankMovement> added) {
    const BankNumber bank = added.front().bank;
    const AccountNumber account = added.front().movement.account;
    const std::string growing_key = StatementKey(bank, account, kGrowingRow);
    std::vector<StatementPage> earlier;  // the rows to be joined, last first
    Sums before;
    Sums sums;
    Sequence last = 0;
    uint64_t begin = 0;
    TB_ASSIGN_OR_RETURN(const std::optional<std::string> growing, Get(Family::kStatement, growing_key));
    if (growing.has_value()) {
      TB_ASSIGN_OR_RETURN(earlier.emplace_back(), DecodeStatementPage(*growing));
      const StatementPage& row = earlier.front();
      sums = row.movements.back().after;
      last = row.movements.back().sequence;
      const uint64_t number = row.number;
      begin = RewrittenFrom(number, number + row.movements.size() + added.size());
      TB_RETURN_IF_ERROR(TakeRowsBefore(Family::kStatement, growing_key, number - begin,
                                        [&](std::string_view value) -> absl::StatusOr<uint64_t> {
                                          TB_ASSIGN_OR_RETURN(earlier.emplace_back(),
                                                              DecodeStatementPage(value));
                                          return earlier.back().movements.size();
                                        }));
      before = earlier.back().before;
    }

    std::vector<MovementRecord> movements;
    for (auto page = earlier.rbegin(); page != earlier.rend(); ++page) {
      if (page->number != begin + movements.size())
        return Damaged("statement rows do not follow one another");
      std::move(page->movements.begin(), page->movements.end(), std::back_inserter(movements));
    }
    for (BankMovement& gained : added) {
      MovementRecord& record = gained.movement.record;
      if (record.sequence <= last) return Damaged("an entry moves an account twice");
      last = record.sequence;
      if (!AddSums(&sums, record.kind, record.reversed_kind, record.seconds)) return OutOfRange(account);
      record.after = sums;
      movements.push_back(record);
    }

    const uint64_t end = begin + movements.size();
    for (uint64_t number = begin; number < end;) {
      const uint64_t length = RowLength(number, end);
      const auto row = movements.begin() + static_cast<ptrdiff_t>(number - begin);
      StatementPage page{.number = number, .before = before, .movements = {}};
      page.movements.assign(std::move_iterator(row),
                            std::move_iterator(row + static_cast<ptrdiff_t>(length)));
      before = page.movements.back().after;
      number += length;
      Put(Family::kStatement,
          number == end ? growing_key : StatementKey(bank, account, page.movements.back().sequence),
          EncodeStatementPage(page));
    }
    return absl::OkStatus();
  }

  // `added`: all of one account; FoldStatement has seen them.
  absl::Status FoldDays(std::span<BankMovement> added) {
    const auto day = [](const BankMovement& m) { return m.movement.record.occurred_on; };
    std::stable_sort(added.begin(), added.end(),
                     [&day](const BankMovement& a, const BankMovement& b) { return day(a) < day(b); });
    std::vector<DayGain> gains;
    std::span<BankMovement> rest = added;
    while (!rest.empty()) {
      TB_ASSIGN_OR_RETURN(gains.emplace_back(), FoldDay(TakeRun(&rest, day)));
    }
    return FoldMonths(added.front().bank, added.front().movement.account, gains);
  }

  // `added`: all of one account and day, in order of record.
  absl::StatusOr<DayGain> FoldDay(std::span<const BankMovement> added) {
    const BankNumber bank = added.front().bank;
    const AccountNumber account = added.front().movement.account;
    const Day day = added.front().movement.record.occurred_on;
    const std::string growing_key = DayKey(bank, account, day, kGrowingRow);
    TB_ASSIGN_OR_RETURN(const std::optional<std::string> growing, Get(Family::kDay, growing_key));
    DayPage page;
    Sums sums;
    if (growing.has_value()) {
      TB_ASSIGN_OR_RETURN(page, DecodeDayPage(*growing, day));
      sums = page.movements.back().after;
    }

    DayGain gain{.day = day, .sums = {}};
    for (const BankMovement& gained : added) {
      const MovementRecord& record = gained.movement.record;
      const Sums own = SumsOf(record.kind, record.reversed_kind, record.seconds);
      if (page.movements.size() == kBlockEntries) {
        Put(Family::kDay, DayKey(bank, account, day, page.movements.back().sequence), EncodeDayPage(page));
        page = DayPage{.before = sums, .movements = {}};
      }
      if (!AddSums(&sums, own) || !AddSums(&gain.sums, own)) return OutOfRange(account);
      page.movements.push_back(DayRecord{
          .day = day, .sequence = record.sequence, .seconds = record.seconds, .sums = own, .after = sums});
    }
    Put(Family::kDay, growing_key, EncodeDayPage(page));
    return gain;
  }

  // `gains`: in order of day.
  absl::Status FoldMonths(BankNumber bank, AccountNumber account, const std::vector<DayGain>& gains) {
    std::map<std::string, std::vector<MonthDay>> rows;  // by key
    for (const DayGain& gain : gains) {
      const CivilDay civil = ToCivil(gain.day);
      for (const auto& [key, day] :
           {std::pair(YearKey(bank, account, civil.year), 0),
            std::pair(MonthKey(bank, account, civil.year, civil.month), civil.day)}) {
        auto row = rows.find(key);
        if (row == rows.end()) {
          TB_ASSIGN_OR_RETURN(std::vector<MonthDay> days, ReadMonth(key));
          row = rows.emplace(key, std::move(days)).first;
        }
        if (!AddDay(&row->second, day, gain.sums)) return OutOfRange(account);
      }
    }
    for (const auto& [key, days] : rows) Put(Family::kMonth, key, EncodeMonth(days));
    return absl::OkStatus();
  }

  absl::StatusOr<std::vector<MonthDay>> ReadMonth(const std::string& key) {
    TB_ASSIGN_OR_RETURN(const std::optional<std::string> value, Get(Family::kMonth, key));
    if (!value.has_value()) return std::vector<MonthDay>();
    return DecodeMonth(*value);
  }

  static bool AddDay(std::vector<MonthDay>* days, int day, const Sums& sums) {
    auto element = std::lower_bound(days->begin(), days->end(), day,
                                    [](const MonthDay& a, int number) { return a.day < number; });
    if (element == days->end() || element->day != day) {
      element = days->insert(element, MonthDay{.day = day, .sums = {}});
    }
    return AddSums(&element->sums, sums);
  }

  // The value as it was before this frame: nothing is read again after it was written.
  absl::StatusOr<std::optional<std::string>> Get(Family family, const std::string& key) {
    std::string value;
    const rocksdb::Status status =
        database_.db().Get(rocksdb::ReadOptions(), database_.handle(family), key, &value);
    if (status.IsNotFound()) return std::optional<std::string>();
    TB_RETURN_IF_ERROR(FromRocks(status));
    return std::optional<std::string>(std::move(value));
  }

  // Removes the rows before the one at `key` until they have held `elements`, each after `take` has had its
  // value and told how many it holds.
  absl::Status TakeRowsBefore(Family family, const std::string& key, uint64_t elements,
                              const std::function<absl::StatusOr<uint64_t>(std::string_view value)>& take) {
    if (elements == 0) return absl::OkStatus();
    const std::string_view prefix = std::string_view(key).substr(0, key.size() - sizeof(Sequence));
    const std::unique_ptr<rocksdb::Iterator> rows(
        database_.db().NewIterator(rocksdb::ReadOptions(), database_.handle(family)));
    rows->Seek(key);
    while (elements > 0) {
      if (rows->Valid()) rows->Prev();
      if (!rows->Valid() || !rows->key().starts_with(ToSlice(prefix))) {
        TB_RETURN_IF_ERROR(FromRocks(rows->status()));
        return Damaged("a row of an unfinished page is missing");
      }
      TB_ASSIGN_OR_RETURN(const uint64_t held, take(ToView(rows->value())));
      if (held > elements) return Damaged("rows of an unfinished page overlap");
      elements -= held;
      Delete(family, ToView(rows->key()));
    }
    return absl::OkStatus();
  }

  static absl::Status OutOfRange(AccountNumber account) {
    return Damaged(absl::StrCat("the sums of account ", account, " leave 64 bits"));
  }

  // The batch's own errors are for batches of more than 4 GiB; frames are far smaller.
  void Put(Family family, std::string_view key, std::string_view value) {
    batch_->Put(database_.handle(family), ToSlice(key), ToSlice(value)).PermitUncheckedError();
  }
  void Delete(Family family, std::string_view key) {
    batch_->Delete(database_.handle(family), ToSlice(key)).PermitUncheckedError();
  }

  const Database& database_;
  rocksdb::WriteBatch* const batch_;
  std::vector<JournalEntry> journal_;
  std::vector<BankMovement> movements_;
};

}  // namespace

absl::Status FoldFrame(const Database& database, const v1::Frame& frame, rocksdb::WriteBatch* batch) {
  return Folder(database, batch).Fold(frame);
}

}  // namespace timebank::storage
