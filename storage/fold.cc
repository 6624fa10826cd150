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
#include "storage/coding.h"
#include "storage/damaged.h"
#include "storage/keys.h"
#include "storage/pages.h"
#include "storage/status_macros.h"
#include "storage/sums.h"

namespace timebank::storage {
namespace {

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

bool IsEmpty(std::string_view text) { return text.empty(); }

class Folder {
 public:
  Folder(const Database& database, rocksdb::WriteBatch* batch) : database_(database), batch_(batch) {}

  absl::Status Fold(const Tail& tail) {
    TB_RETURN_IF_ERROR(
        tail.VisitRows([&](Family family, std::string_view key, std::string_view value) -> absl::Status {
          if (family == Family::kText) return TakeChangedText(key, value);
          value.empty() ? Delete(family, key) : Put(family, key, value);
          if (family == Family::kDirectory && value.empty()) NoteBankRemoved(key);
          return absl::OkStatus();
        }));
    TB_RETURN_IF_ERROR(tail.VisitBanks([this](const Tail::BankGain& gain) -> absl::Status {
      TB_RETURN_IF_ERROR(FoldTexts(gain));
      return FoldJournal(gain.bank, gain.first, gain.entries);
    }));
    TB_RETURN_IF_ERROR(FoldChangedTexts());
    TB_RETURN_IF_ERROR(tail.VisitAccounts([this](const Tail::AccountGain& gain) -> absl::Status {
      TB_ASSIGN_OR_RETURN(const bool moved_before, FoldStatement(gain));
      return FoldDays(gain, moved_before);
    }));
    // Behind everything else that this write says of them.
    for (const BankNumber bank : removed_banks_) RemoveBank(bank);
    return absl::OkStatus();
  }

  bool rewrites_texts() const { return rewrites_texts_; }

 private:
  absl::Status TakeChangedText(std::string_view key, std::string_view text) {
    const std::optional<std::pair<BankNumber, Sequence>> place = ParseTextKey(key);
    if (!place.has_value()) return Damaged("a text of no entry");
    changed_texts_.emplace(*place, text);
    return absl::OkStatus();
  }

  // The rows that the bank's new entries have texts in. An entry's texts come with it, never before, so only
  // the first of these rows may have been begun.
  absl::Status FoldTexts(const Tail::BankGain& gain) {
    const Sequence end = gain.first + gain.texts.size();
    for (Sequence first = FirstOfTextBlock(gain.first); first < end; first += kTextBlockEntries) {
      const Sequence begin = std::max(first, gain.first);
      const auto texts =
          gain.texts.subspan(begin - gain.first, std::min(end, first + kTextBlockEntries) - begin);
      if (std::all_of(texts.begin(), texts.end(), IsEmpty)) continue;
      std::string folded;
      TextBlock block;
      if (first < gain.first) {
        TB_ASSIGN_OR_RETURN(block, ReadTexts(gain.bank, first, &folded));
      }
      std::copy(texts.begin(), texts.end(), block.begin() + static_cast<ptrdiff_t>(begin - first));
      ChangeTexts(gain.bank, first, gain.first, &block);
      PutTexts(gain.bank, first, block);
    }
    return absl::OkStatus();
  }

  // What is left of the changes: of rows that got no texts of new entries.
  absl::Status FoldChangedTexts() {
    while (!changed_texts_.empty()) {
      const auto [bank, sequence] = changed_texts_.begin()->first;
      const Sequence first = FirstOfTextBlock(sequence);
      std::string folded;
      TB_ASSIGN_OR_RETURN(TextBlock block, ReadTexts(bank, first, &folded));
      ChangeTexts(bank, first, /*first_new=*/kGrowingRow, &block);
      PutTexts(bank, first, block);
    }
    return absl::OkStatus();
  }

  // The row as it is folded, views into `folded`.
  absl::StatusOr<TextBlock> ReadTexts(BankNumber bank, Sequence first, std::string* folded) {
    TB_ASSIGN_OR_RETURN(std::optional<std::string> row, Get(Family::kText, TextBlockKey(bank, first)));
    if (!row.has_value()) return TextBlock();
    *folded = *std::move(row);
    return DecodeTextBlock(*folded);
  }

  // Puts the changed texts of a row into it. What changes of entries before `first_new` may have been kept.
  void ChangeTexts(BankNumber bank, Sequence first, Sequence first_new, TextBlock* block) {
    auto changed = changed_texts_.lower_bound({bank, first});
    while (changed != changed_texts_.end() && changed->first.first == bank &&
           changed->first.second - first < kTextBlockEntries) {
      if (changed->first.second < first_new) rewrites_texts_ = true;
      (*block)[changed->first.second - first] = changed->second;
      changed = changed_texts_.erase(changed);
    }
  }

  void PutTexts(BankNumber bank, Sequence first, const TextBlock& block) {
    const std::string key = TextBlockKey(bank, first);
    if (std::all_of(block.begin(), block.end(), IsEmpty)) {
      Delete(Family::kText, key);
    } else {
      Put(Family::kText, key, EncodeTextBlock(block));
    }
  }

  // `key`: of a directory row that is removed. A bank whose own row goes is gone whole.
  void NoteBankRemoved(std::string_view key) {
    if (key.size() < sizeof(BankNumber)) return;
    const auto bank = GetBigEndian<BankNumber>(key.data());
    if (bank == 0 || key != DirectoryKey(bank, DirectoryKind::kBank, 0)) return;
    removed_banks_.push_back(bank);
    rewrites_texts_ = true;
  }

  void RemoveBank(BankNumber bank) {
    const std::string begin = BankPrefix(bank);
    const std::string end = begin + std::string(kLongestSuffix + 1, '\xff');
    for (const Family family : Database::BankFamilies()) {
      batch_->DeleteRange(database_.handle(family), begin, end).PermitUncheckedError();
    }
  }

  // `added`: all of one bank, numbered from `first`.
  absl::Status FoldJournal(BankNumber bank, Sequence first, std::span<const std::string_view> added) {
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
    if (const Sequence next = begin + entries.size() + 1; first != next) {
      return Damaged(absl::StrCat("entry ", first, " is to be folded where ", next, " is next"));
    }
    entries.insert(entries.end(), added.begin(), added.end());

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

  // All of one account, in order of record. Whether folded movements came before these.
  absl::StatusOr<bool> FoldStatement(const Tail::AccountGain& gain) {
    const BankNumber bank = gain.bank;
    const AccountNumber account = gain.account;
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
      begin = RewrittenFrom(number, number + row.movements.size() + gain.movements.size());
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
    if (sums != gain.before) {
      return Damaged(absl::StrCat("the row of account ", account, " does not agree with its statement"));
    }
    movements.reserve(movements.size() + gain.movements.size());
    for (const MovementRecord& gained : gain.movements) {
      if (gained.sequence <= last) return Damaged("an entry moves an account twice");
      last = gained.sequence;
      movements.push_back(gained);
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
    return growing.has_value();
  }

  // Rows of an account's months and years, as they are and as they will be.
  struct Months {
    const bool folded;  // some are, else none are looked for
    std::map<std::string, std::vector<MonthDay>> by_key = {};
  };

  absl::Status FoldDays(const Tail::AccountGain& account, bool moved_before) {
    Months months{.folded = moved_before};
    for (auto day = account.days.begin(); day != account.days.end();) {
      const auto end = std::find_if(day, account.days.end(),
                                    [day](const DayRecord& record) { return record.day != day->day; });
      TB_RETURN_IF_ERROR(FoldDay(account.bank, account.account, {day, end}, &months));
      day = end;
    }
    for (const auto& [key, days] : months.by_key) Put(Family::kMonth, key, EncodeMonth(days));
    return absl::OkStatus();
  }

  // `added`: all of one account and day, in order of record.
  absl::Status FoldDay(BankNumber bank, AccountNumber account, std::span<const DayRecord> added,
                       Months* months) {
    const Day day = added.front().day;
    const CivilDay civil = ToCivil(day);
    TB_ASSIGN_OR_RETURN(std::vector<MonthDay>* const month,
                        ReadMonth(MonthKey(bank, account, civil.year, civil.month), months));
    TB_ASSIGN_OR_RETURN(std::vector<MonthDay>* const year,
                        ReadMonth(YearKey(bank, account, civil.year), months));
    const std::string growing_key = DayKey(bank, account, day, kGrowingRow);
    DayPage page;
    Sums sums;
    // A day that its month does not know has no rows: whoever brings years of history has a day with nearly
    // every movement, and would look for each of them.
    if (HasDay(*month, civil.day)) {
      TB_ASSIGN_OR_RETURN(const std::optional<std::string> growing, Get(Family::kDay, growing_key));
      if (!growing.has_value()) return Damaged("a day that its month has is missing");
      TB_ASSIGN_OR_RETURN(page, DecodeDayPage(*growing, day));
      sums = page.movements.back().after;
    }

    Sums gain;
    for (DayRecord record : added) {
      if (page.movements.size() == kBlockEntries) {
        Put(Family::kDay, DayKey(bank, account, day, page.movements.back().sequence), EncodeDayPage(page));
        page = DayPage{.before = sums, .movements = {}};
      }
      if (!AddSums(&sums, record.sums) || !AddSums(&gain, record.sums)) return OutOfRange(account);
      record.after = sums;
      page.movements.push_back(record);
    }
    Put(Family::kDay, growing_key, EncodeDayPage(page));
    if (!AddDay(year, 0, gain) || !AddDay(month, civil.day, gain)) return OutOfRange(account);
    return absl::OkStatus();
  }

  // The row at `key`, which is read once a tail and account. Stays where it is.
  absl::StatusOr<std::vector<MonthDay>*> ReadMonth(const std::string& key, Months* months) {
    const auto known = months->by_key.find(key);
    if (known != months->by_key.end()) return &known->second;
    std::vector<MonthDay> days;
    if (months->folded) {
      TB_ASSIGN_OR_RETURN(days, ReadMonth(key));
    }
    return &months->by_key.emplace(key, std::move(days)).first->second;
  }

  absl::StatusOr<std::vector<MonthDay>> ReadMonth(const std::string& key) {
    TB_ASSIGN_OR_RETURN(const std::optional<std::string> value, Get(Family::kMonth, key));
    if (!value.has_value()) return std::vector<MonthDay>();
    return DecodeMonth(*value);
  }

  static std::vector<MonthDay>::iterator FirstFrom(std::vector<MonthDay>& days, int day) {
    return std::lower_bound(days.begin(), days.end(), day,
                            [](const MonthDay& a, int number) { return a.day < number; });
  }

  static bool HasDay(std::vector<MonthDay>& days, int day) {
    const auto element = FirstFrom(days, day);
    return element != days.end() && element->day == day;
  }

  static bool AddDay(std::vector<MonthDay>* days, int day, const Sums& sums) {
    auto element = FirstFrom(*days, day);
    if (element == days->end() || element->day != day) {
      element = days->insert(element, MonthDay{.day = day, .sums = {}});
    }
    return AddSums(&element->sums, sums);
  }

  // The value as it was before this tail: nothing is read again after it was written.
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

  // The batch's own errors are for batches of more than 4 GiB; a tail is at most half of that (see
  // config.cc).
  void Put(Family family, std::string_view key, std::string_view value) {
    batch_->Put(database_.handle(family), ToSlice(key), ToSlice(value)).PermitUncheckedError();
  }
  void Delete(Family family, std::string_view key) {
    batch_->Delete(database_.handle(family), ToSlice(key)).PermitUncheckedError();
  }

  const Database& database_;
  rocksdb::WriteBatch* const batch_;
  bool rewrites_texts_ = false;
  std::vector<BankNumber> removed_banks_;
  // Texts that came later than their entries: changed, or removed.
  std::map<std::pair<BankNumber, Sequence>, std::string_view> changed_texts_;
};

}  // namespace

absl::StatusOr<bool> FoldTail(const Database& database, const Tail& tail, rocksdb::WriteBatch* batch) {
  Folder folder(database, batch);
  TB_RETURN_IF_ERROR(folder.Fold(tail));
  return folder.rewrites_texts();
}

absl::StatusOr<Sequence> LastFoldedEntry(const Database& database, BankNumber bank) {
  rocksdb::PinnableSlice value;
  const rocksdb::Status status = database.db().Get(rocksdb::ReadOptions(), database.handle(Family::kJournal),
                                                   JournalKey(bank, kGrowingRow), &value);
  if (status.IsNotFound()) return Sequence{0};
  TB_RETURN_IF_ERROR(FromRocks(status));
  TB_ASSIGN_OR_RETURN(const Block row, DecodeBlock(ToView(value)));
  return row.first + row.entries.size() - 1;
}

}  // namespace timebank::storage
