// What the ledger was at one position: every read of one call goes through one View.
//
// A View is an immutable, cheap handle; it may be copied and used from any thread, and keeps its position
// readable while it lives (so: keep it for one call, not for hours; all must be gone before the Store is).
//
// Errors: DATA_LOSS for damaged records; UNAVAILABLE for a disk that does not answer; and with InMemory(),
// a status for which IsNotInMemory() holds where the answer would have to be read from disk: the caller then
// asks again, with the plain view, on a thread that may block.
#ifndef TIMEBANK_STORAGE_VIEW_H_
#define TIMEBANK_STORAGE_VIEW_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/pages.h"
#include "storage/types.h"

namespace timebank::storage {

// That an answer would have to be read from disk: what a view InMemory() says, and who reads one may say.
absl::Status NotInMemory();
bool IsNotInMemory(const absl::Status& status);

class View {
 public:
  class Impl;
  explicit View(std::shared_ptr<const Impl> impl, bool in_memory = false);

  // The same position; reads never touch the disk.
  View InMemory() const;

  // Frames up to here are in it.
  uint64_t applied_index() const;

  // The last of them that changed a row of meta, directory or slug, or a later one where that is not known
  // any more: views with the same number say the same about who and what there is.
  uint64_t directory_index() const;

  // The row's value with its version byte, or nothing. Rows of families that follow from entries (journal,
  // statement, day, month) are there once they are folded, here and in ScanRows.
  absl::StatusOr<std::optional<std::string>> Get(Family family, std::string_view key) const;

  // Reads a row that is kept as a message. false: there is none.
  absl::StatusOr<bool> GetRow(Family family, std::string_view key, google::protobuf::MessageLite* row) const;

  // The note of an entry, without its other texts; empty where there is none. `again`: it may be asked for
  // again soon. DATA_LOSS.
  absl::Status GetNote(BankNumber bank, Sequence sequence, std::string* note, bool again = true) const;

  // Rows of `family` whose keys begin with `prefix`, beginning at `from` (inclusive; empty: the prefix's
  // first or last row). Stops when `visit` returns false. Not for texts, which are read one by one.
  absl::Status ScanRows(Family family, std::string_view prefix, std::string_view from, Direction direction,
                        const std::function<bool(std::string_view key, std::string_view value)>& visit) const;

  // The entry's exact bytes, or nothing.
  absl::StatusOr<std::optional<std::string>> EntryBytes(BankNumber bank, Sequence sequence) const;

  // Entries from `from` (inclusive), as far as there are any. Stops when `visit` returns false.
  absl::Status ScanJournal(BankNumber bank, Sequence from, Direction direction,
                           const std::function<bool(Sequence sequence, std::string_view bytes)>& visit) const;

  // An account's movements in order of record, from the one at or behind (kUp: the first with sequence >=
  // `from`; kDown: the last with sequence <= `from`), each with the sums after it. One seek, however long the
  // history.
  absl::Status ScanStatement(BankNumber bank, AccountNumber account, Sequence from, Direction direction,
                             const std::function<bool(const MovementRecord& record)>& visit) const;

  // The account's sums after its last movement with sequence <= `at`.
  absl::StatusOr<Sums> SumsAt(BankNumber bank, AccountNumber account, Sequence at) const;

  // An account's movements in order of (day of the help, sequence), from (day, sequence) inclusive.
  // DayRecord.after counts from the beginning of its day.
  absl::Status ScanDays(BankNumber bank, AccountNumber account, Day day, Sequence sequence,
                        Direction direction, const std::function<bool(const DayRecord& record)>& visit) const;

  // What a reader made of the account's movements and their entries' notes alone, from a view that had the
  // same ones; nullopt: that is not known. For those who read the same part of them again and again.
  // One reader's: it does not say of what form it is.
  std::optional<std::string> MadeOfMovements(BankNumber bank, AccountNumber account) const;
  // Whether what is made now would be kept: nothing of the account, and no changed text of an entry that is
  // folded, waits in a tail.
  bool KeepsMadeOfMovements(BankNumber bank, AccountNumber account) const;
  void KeepMadeOfMovements(BankNumber bank, AccountNumber account, std::string_view made) const;

  // Sums of all movements whose day of the help is before `day`. Costs a few short scans, however long the
  // history.
  absl::StatusOr<Sums> SumsBeforeDay(BankNumber bank, AccountNumber account, Day day) const;

 private:
  template <typename Read>
  absl::StatusOr<bool> ReadRow(Family family, std::string_view key, const Read& read,
                               bool again = true) const;
  template <typename Read>
  absl::StatusOr<bool> ReadFolded(Family family, std::string_view key, const Read& read) const;
  template <typename Read>
  absl::StatusOr<bool> ReadFoldedText(std::string_view key, const Read& read, bool again) const;
  template <typename Read>
  absl::StatusOr<bool> ReadFoldedAccount(std::string_view key, const Read& read) const;
  bool IsInTails(BankNumber bank, Sequence from) const;
  absl::StatusOr<Sums> FoldedSumsOfDay(BankNumber bank, AccountNumber account, Day day) const;

  std::shared_ptr<const Impl> impl_;
  bool in_memory_;
};

}  // namespace timebank::storage

#endif  // TIMEBANK_STORAGE_VIEW_H_
