// One bank at one position, in the API's words: numbers become names, entries become exchanges.
//
// Errors: TIMEBANK_NOT_FOUND, HOLDER_NOT_FOUND and EXCHANGE_NOT_FOUND as statuses with details, and the
// view's. Threads: one BankReader serves one call.
#ifndef TIMEBANK_SERVER_SERVICES_BANK_READER_H_
#define TIMEBANK_SERVER_SERVICES_BANK_READER_H_

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/ledger/execute.h"
#include "server/services/directory.h"
#include "server/services/tokens.h"
#include "storage/view.h"
#include "timebank/storage/v1/entry.pb.h"
#include "timebank/storage/v1/rows.pb.h"
#include "timebank/v1/exchange.pb.h"
#include "timebank/v1/ledger_service.pb.h"

namespace timebank::services {

class BankReader {
 public:
  // By id. TIMEBANK_NOT_FOUND.
  static absl::StatusOr<BankReader> Open(const NamedView& view, const std::string& bank_id);
  // By number, for what is known to exist.
  static absl::StatusOr<BankReader> Open(const NamedView& view, storage::BankNumber bank);

  const storage::View& view() const { return view_; }
  storage::BankNumber bank() const { return record_->number; }
  uint64_t epoch() const { return record_->epoch; }  // of the instance
  const std::string& id() const { return record_->row.slug(); }
  const storage::v1::BankRow& row() const { return record_->row; }
  absl::TimeZone zone() const { return record_->zone; }
  // Whether members see each other's balances here.
  bool ShowsMembersBalances() const;
  // What moves with every entry.
  absl::StatusOr<storage::v1::HeadRow> Head() const;
  absl::StatusOr<storage::Sequence> LastSequence() const;

  std::string PositionAt(storage::Sequence sequence) const;
  // The sequence number that `token` stands for. VALIDATION at `field`, EPOCH_CHANGED; NOT_SERVING where this
  // server is not so far yet.
  absl::StatusOr<storage::Sequence> SequenceAt(const std::string& token, std::string_view field) const;
  // The same of a position that a feed is to go on behind: beyond the bank's end it is EPOCH_CHANGED
  // (README.md).
  absl::StatusOr<storage::Sequence> FeedSequenceAt(const std::string& token, std::string_view field) const;

  // --- holders
  // The account, a merged member's survivor. HOLDER_NOT_FOUND.
  absl::StatusOr<storage::AccountNumber> FindHolder(const ledger::HolderRef& holder) const;
  // The same; 0 where there is none.
  absl::StatusOr<storage::AccountNumber> AccountIfAny(const ledger::HolderRef& holder) const;
  // What is returned of a holder or of a word lives as long as this.
  absl::StatusOr<const HolderRecord*> HolderOf(storage::AccountNumber account) const;
  absl::StatusOr<std::string_view> NameOf(storage::AccountNumber account) const;
  absl::StatusOr<storage::v1::MemberRow> MemberRowOf(storage::AccountNumber account) const;
  absl::StatusOr<storage::v1::CircleRow> CircleRowOf(storage::AccountNumber account) const;
  // The account and those that were merged into it.
  absl::StatusOr<std::vector<storage::AccountNumber>> AccountsOf(storage::AccountNumber account) const;
  absl::StatusOr<storage::v1::AccountRow> AccountRowOf(storage::AccountNumber account) const;
  // Balance, number of exchanges and day of the last one of all of `accounts`: a member's own and those that
  // were merged into it, for what is undone of theirs is taken off its own. kNoDay: no exchange stands.
  absl::StatusOr<storage::v1::AccountRow> TogetherOf(
      const std::vector<storage::AccountNumber>& accounts) const;

  // --- words that facts name by number
  absl::StatusOr<std::string_view> CategoryName(uint32_t number) const;
  absl::StatusOr<std::string_view> KeyNameOf(uint32_t number) const;
  // The member's name, or the key's.
  absl::StatusOr<std::string_view> RecorderName(storage::AccountNumber recorder, uint32_t key) const;

  // --- entries
  absl::StatusOr<std::optional<storage::v1::Entry>> EntryAt(storage::Sequence sequence) const;
  // One that something speaks of, so that it must be there. DATA_LOSS.
  absl::StatusOr<storage::v1::Entry> KnownEntry(storage::Sequence sequence) const;
  absl::StatusOr<storage::v1::Texts> TextsOf(storage::Sequence sequence, bool* note_erased = nullptr) const;
  // The note alone, which is cheaper; empty where there is none.
  absl::Status ReadNote(storage::Sequence sequence, std::string* note) const {
    return view_.GetNote(bank(), sequence, note);
  }
  absl::StatusOr<storage::v1::MarkRow> MarkOf(storage::Sequence sequence) const;
  // Each of these fills in a message that is empty. Balances of others are left out where a member is told.
  // The exchange as it stands. EXCHANGE_NOT_FOUND for other entries.
  absl::Status ExchangeAt(storage::Sequence sequence, v1::Exchange* exchange);
  absl::Status ToExchange(const storage::v1::Entry& entry, v1::Exchange* exchange);
  // An entry that was not kept.
  absl::Status ToExchange(const ledger::Preview& preview, v1::Exchange* exchange);
  // An entry that was posted just now: nothing has become of it yet, and nothing is read of it but names that
  // it does not bring.
  absl::Status ToNewExchange(const ledger::Preview& posted, v1::Exchange* exchange);
  absl::StatusOr<std::vector<v1::Notice>> NoticesOf(const storage::v1::Entry& entry);

  // --- directory
  absl::StatusOr<v1::Member> ToMember(storage::AccountNumber account, const storage::v1::MemberRow& row);
  absl::StatusOr<v1::Circle> ToCircle(storage::AccountNumber account, const storage::v1::CircleRow& row);
  // Of an entry that granted or revoked it.
  absl::StatusOr<v1::ActingFor> ToActingFor(const storage::v1::Entry& entry) const;
  absl::StatusOr<storage::v1::ActingForRow> ActingForRowOf(storage::AccountNumber account) const;
  absl::StatusOr<v1::Settings> ToSettings(const storage::v1::BankRow& row);
  absl::StatusOr<v1::Timebank> ToTimebank(storage::Day today);

  // A refusal in this bank's words.
  absl::Status ToStatus(const ledger::Refusal& refusal, storage::Day today);

 private:
  absl::StatusOr<storage::Sequence> SequenceOf(const std::string& token, std::string_view field) const;
  BankReader(const NamedView& view, std::shared_ptr<const BankRecord> record)
      : view_(view.view), directory_(view.directory), record_(std::move(record)), seen_by_(view.seen_by) {}
  // Whether whom this is told may know that account's balance.
  absl::StatusOr<bool> MayTellBalance(storage::AccountNumber account) const;
  absl::StatusOr<std::string_view> WordOf(storage::DirectoryKind kind, uint32_t number) const;
  absl::Status FillFacts(const storage::v1::Entry& entry, v1::Exchange* exchange);
  void FillTexts(const storage::v1::Texts& texts, std::string_view category, v1::Exchange* exchange);
  absl::Status FillMark(const storage::v1::Entry& entry, v1::Exchange* exchange);

  storage::View view_;
  std::shared_ptr<Directory> directory_;
  std::shared_ptr<const BankRecord> record_;
  const Caller* seen_by_;                                           // null: one who sees everything
  mutable std::optional<std::vector<storage::AccountNumber>> own_;  // accounts of the member who is told
  // What this call has used so far: it outlives being forgotten by the directory.
  mutable absl::flat_hash_map<storage::AccountNumber, std::shared_ptr<const HolderRecord>> holders_;
  std::vector<std::pair<storage::AccountNumber, std::string>>
      names_;  // of what was posted: seldom more than two
  mutable absl::flat_hash_map<std::pair<storage::DirectoryKind, uint32_t>, std::shared_ptr<const std::string>>
      words_;
};

}  // namespace timebank::services

#endif  // TIMEBANK_SERVER_SERVICES_BANK_READER_H_
