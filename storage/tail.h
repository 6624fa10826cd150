// Frames that are not folded yet, arranged for reading: the newest part of the ledger, in memory.
//
// The one thread that applies adds frames; anybody reads, at a position: the index of a frame. What came with
// a later frame is not seen, so a frame may be added in pieces while others read. A tail that has been handed
// to the fold takes no more frames and goes when the last View that reads it does.
//
//   frame bytes ◄── entries and their texts by bank, rows by key (each with its older values), movements by
//   account and by day
//
// Nothing is copied out of the frames: what is kept are views into their bytes and sums.
//
// Threads: Add from one thread, everything else from any.
// Limits:  the store decides when a tail is full, by bytes().
#ifndef TIMEBANK_STORAGE_TAIL_H_
#define TIMEBANK_STORAGE_TAIL_H_

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "absl/container/flat_hash_map.h"
#include "absl/container/inlined_vector.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "storage/frame_view.h"
#include "storage/pages.h"
#include "storage/types.h"

namespace timebank::storage {

class Tail {
 public:
  // `behind`: the frame before the first one in here.
  explicit Tail(uint64_t behind) : first_index_(behind + 1), last_index_(behind) {}

  Tail(const Tail&) = delete;
  Tail& operator=(const Tail&) = delete;

  // --- the thread that applies

  // What the tail has to be told of the ledger before it: the number of the bank's last entry.
  using EndOf = std::function<absl::StatusOr<Sequence>(BankNumber bank)>;

  struct Added {
    std::vector<std::pair<BankNumber, Sequence>> ends;  // banks that it brought entries, with their last ones
    // Keys of its rows of these families, as the tail has them.
    std::vector<std::string_view> requests;
    std::vector<std::string_view> origins;
    bool changed_directory = false;  // it has rows of meta, directory or slug
  };

  // Adds frame `index`, the one behind the last. After an error the tail is as it was.
  // FAILED_PRECONDITION: the frame is of a newer version. DATA_LOSS: it does not parse, its entries do not go
  // on where the bank's end, or its account rows and its movements do not agree: an account that moves stands
  // in the frame with its row after it. Errors of `end_of`.
  absl::StatusOr<Added> Add(uint64_t index, std::shared_ptr<const std::string> frame, const EndOf& end_of);

  // --- any thread

  uint64_t first_index() const { return first_index_; }
  uint64_t last_index() const;
  bool empty() const { return last_index() < first_index_; }
  // What it takes in memory, about.
  size_t bytes() const;

  // A row's value at `at`, empty where it was removed; nullopt: no frame in here wrote it.
  std::optional<std::string_view> Find(Family family, std::string_view key, uint64_t at) const;

  // Up to `most` rows whose keys begin with `prefix`, in `direction`, from `from` on (inclusive, unless it
  // says `behind`; nothing: from the end that `direction` begins at), removed ones included. A few lookups
  // for the families that are read in order (directory, mark, clock); for the others all rows are looked at.
  struct Row {
    std::string_view key;
    std::string_view value;
  };
  struct Bound {
    std::string_view key;
    bool behind = false;
  };
  std::vector<Row> Rows(Family family, std::string_view prefix, const std::optional<Bound>& from,
                        Direction direction, size_t most, uint64_t at) const;

  // The entry's exact bytes; nullopt: it is not in here, or not at `at`.
  std::optional<std::string_view> EntryBytes(BankNumber bank, Sequence sequence, uint64_t at) const;

  // Numbers of the bank's first and last entries in here at `at`; nullopt: there are none.
  std::optional<std::pair<Sequence, Sequence>> EntriesOf(BankNumber bank, uint64_t at) const;

  // Whether it has, at whatever position, movements of the account or texts of entries before it: a reader of
  // the account's folded movements and their notes need look no further where it has neither.
  bool TouchesAccount(BankNumber bank, AccountNumber account) const;

  // Up to `most` of the account's movements in order of record, from the first one at or behind `from` in
  // `direction`.
  std::vector<MovementRecord> Movements(BankNumber bank, AccountNumber account, Sequence from,
                                        Direction direction, size_t most, uint64_t at) const;

  // The account's sums after its last movement in here with sequence <= `sequence`; nullopt: there is none.
  std::optional<Sums> SumsAt(BankNumber bank, AccountNumber account, Sequence sequence, uint64_t at) const;

  // Up to `most` of the account's movements in order of (day, sequence), from the first one at or behind
  // (day, sequence) in `direction`. DayRecord.after counts this tail's movements of the day alone.
  std::vector<DayRecord> Days(BankNumber bank, AccountNumber account, Day day, Sequence sequence,
                              Direction direction, size_t most, uint64_t at) const;

  // What the account's movements in here with a day before `day` add up to; of one day, what those on it do.
  Sums SumsBeforeDay(BankNumber bank, AccountNumber account, Day day, uint64_t at) const;
  Sums SumsOfDay(BankNumber bank, AccountNumber account, Day day, uint64_t at) const;

  // --- the fold, once no more frames are added

  // The newest value of each row, in order of family and key; of texts, those that came later than their
  // entries.
  absl::Status VisitRows(const std::function<absl::Status(Family family, std::string_view key,
                                                          std::string_view value)>& visit) const;
  // Each bank's entries, in order, and the texts that came with them.
  struct BankGain {
    BankNumber bank;
    Sequence first;                             // number of the first entry
    std::span<const std::string_view> entries;  // exact bytes
    std::span<const std::string_view> texts;    // of the same entries; empty: there is none
  };
  absl::Status VisitBanks(const std::function<absl::Status(const BankGain& bank)>& visit) const;
  // Each account's movements, in order of bank and account.
  struct AccountGain {
    BankNumber bank;
    AccountNumber account;
    Sums before;                                // the account's, before all of these
    std::span<const MovementRecord> movements;  // in order of record
    std::span<const DayRecord> days;            // the same, in order of (day, record)
  };
  absl::Status VisitAccounts(const std::function<absl::Status(const AccountGain& account)>& visit) const;
  // The same accounts, in no order.
  void VisitAccountNumbers(const std::function<void(BankNumber bank, AccountNumber account)>& visit) const;

 private:
  using AccountKey = std::pair<BankNumber, AccountNumber>;
  using RowKey = std::pair<Family, std::string_view>;

  // A value that a row had, and the one before it.
  struct Version {
    uint64_t index;  // of the frame
    std::string_view value;
    const Version* older;
  };
  struct Boundary {
    uint64_t index;  // of a frame
    Sequence last;   // the bank's last entry in it
  };
  struct End {
    Sequence before;  // the bank's last entry before a frame
    Sequence last;    // and in it
  };
  struct Bank {
    Sequence first = 0;
    std::vector<std::string_view> entries;
    std::vector<std::string_view> texts;  // that came with the entries; most do, and need no row of their own
    std::vector<Boundary> frames;
  };
  // Which of the account's movements are of one day. As long as a vector, and needs no memory of its own for
  // the few that a day mostly has.
  using DayNumbers = absl::InlinedVector<uint32_t, 4>;
  // Movements of one day, in order of record.
  struct OfDay {
    Day day;
    size_t count;
    const DayNumbers* numbers;  // which of the account's; nullptr: all of them

    size_t operator[](size_t i) const { return numbers == nullptr ? i : (*numbers)[i]; }
  };
  struct Account {
    // Which movements are of which day, and what each day's come to behind each of them.
    struct Days {
      absl::btree_map<Day, DayNumbers> numbers;
      std::vector<Sums> after;  // as many as movements
    };
    Sums before;  // before its first movement in here
    // With what a statement shows of their entries: an account's movements lie together here, its entries are
    // scattered over the tail.
    std::vector<MovementRecord> movements;
    // Most accounts have one day in a tail, and then there is none.
    std::unique_ptr<Days> days;

    void Add(MovementRecord movement, const Sums& own);
    // What a movement added.
    Sums SumsOf(size_t movement) const;
    // What the movements of its day in here come to behind it.
    Sums AfterOfDay(size_t movement) const;
    // The sums of a day's movements that are not behind entry `last`.
    Sums SumsUpTo(const OfDay& of_day, Sequence last) const;
    // Days from `from` on in `direction`, until `visit` returns false.
    template <typename Visit>
    void VisitDays(Day from, Direction direction, const Visit& visit) const;
  };

  // A frame that has been read and found right, ready to be put in.
  struct Staged;
  absl::Status ReadEntries(const FrameView& frame, const EndOf& end_of, Staged* staged) const;
  absl::Status AddUp(const FrameView& frame, Staged* staged);
  void PutRow(uint64_t index, const FrameView::Row& row) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // The entry whose text stands under `key`: its bank, if that has entries from it on in here, so that the
  // entry's accounts are here, too; nullopt: it has not.
  struct Place {
    const Bank* bank;
    Sequence sequence;
  };
  std::optional<Place> EntryOfText(std::string_view key) const ABSL_SHARED_LOCKS_REQUIRED(mutex_);
  // False: it is of an entry that is there already.
  bool PutTextOfNewEntry(const FrameView::Row& row, const Staged& staged)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Bank* FindBank(BankNumber bank) const ABSL_SHARED_LOCKS_REQUIRED(mutex_);
  const Account* FindAccount(BankNumber bank, AccountNumber account) const ABSL_SHARED_LOCKS_REQUIRED(mutex_);
  // The text that came with an entry; nullopt: there is none.
  std::optional<std::string_view> FindTextOfEntry(std::string_view key, uint64_t at) const
      ABSL_SHARED_LOCKS_REQUIRED(mutex_);
  // Number of the bank's last entry at `at`; 0: there is none in here.
  static Sequence LastOf(const Bank& bank, uint64_t at);
  Sequence LastOf(BankNumber bank, uint64_t at) const ABSL_SHARED_LOCKS_REQUIRED(mutex_);

  const uint64_t first_index_;

  mutable absl::Mutex mutex_;
  uint64_t last_index_ ABSL_GUARDED_BY(mutex_);
  size_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  bool changes_texts_ ABSL_GUARDED_BY(mutex_) = false;  // has texts of entries that are not in here
  std::vector<std::shared_ptr<const std::string>> frames_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_map<BankNumber, Bank> banks_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_map<AccountKey, Account> accounts_ ABSL_GUARDED_BY(mutex_);
  std::deque<Version> versions_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_map<RowKey, const Version*> rows_ ABSL_GUARDED_BY(mutex_);
  std::array<absl::btree_set<std::string_view>, 16> ordered_ ABSL_GUARDED_BY(mutex_);  // by Family
};

}  // namespace timebank::storage

#endif  // TIMEBANK_STORAGE_TAIL_H_
