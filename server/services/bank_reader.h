// One bank at one position, in the API's words: numbers become names, entries become exchanges.
//
// Errors: TIMEBANK_NOT_FOUND, HOLDER_NOT_FOUND and EXCHANGE_NOT_FOUND as statuses with details, and the
// view's. Threads: one BankReader serves one call.
#ifndef TIMEBANK_SERVER_SERVICES_BANK_READER_H_
#define TIMEBANK_SERVER_SERVICES_BANK_READER_H_

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/ledger/execute.h"
#include "server/services/tokens.h"
#include "storage/view.h"
#include "timebank/storage/v1/entry.pb.h"
#include "timebank/storage/v1/rows.pb.h"
#include "timebank/v1/exchange.pb.h"
#include "timebank/v1/ledger_service.pb.h"

namespace timebank::services {

// The row of the server itself; its epoch is part of every position.
absl::StatusOr<storage::v1::InstanceRow> ReadInstance(const storage::View& view);

class BankReader {
 public:
  // By id. TIMEBANK_NOT_FOUND.
  static absl::StatusOr<BankReader> Open(const storage::View& view, const std::string& bank_id);
  // By number, for what is known to exist.
  static absl::StatusOr<BankReader> Open(const storage::View& view, storage::BankNumber bank);

  const storage::View& view() const { return view_; }
  storage::BankNumber bank() const { return bank_; }
  uint64_t epoch() const { return epoch_; }  // of the instance
  const std::string& id() const { return row_.slug(); }
  const storage::v1::BankRow& row() const { return row_; }
  const storage::v1::HeadRow& head() const { return head_; }

  std::string PositionAt(storage::Sequence sequence) const;
  std::string CurrentPosition() const { return PositionAt(head_.last_sequence()); }
  // The sequence number that `token` stands for. VALIDATION at `field`, EPOCH_CHANGED; NOT_SERVING where this
  // server is not so far yet.
  absl::StatusOr<storage::Sequence> SequenceAt(const std::string& token, std::string_view field) const;

  // --- holders
  // The account, a merged member's survivor. HOLDER_NOT_FOUND.
  absl::StatusOr<storage::AccountNumber> FindHolder(const ledger::HolderRef& holder) const;
  absl::StatusOr<std::string> NameOf(storage::AccountNumber account);
  absl::StatusOr<std::string> DisplayNameOf(storage::AccountNumber account);
  absl::StatusOr<storage::v1::MemberRow> MemberRowOf(storage::AccountNumber account) const;
  absl::StatusOr<storage::v1::CircleRow> CircleRowOf(storage::AccountNumber account) const;
  // The account and those that were merged into it.
  absl::StatusOr<std::vector<storage::AccountNumber>> AccountsOf(storage::AccountNumber account) const;
  absl::StatusOr<storage::v1::AccountRow> AccountRowOf(storage::AccountNumber account) const;

  // --- words that facts name by number
  absl::StatusOr<std::string> CategoryName(uint32_t number);
  absl::StatusOr<std::string> KeyNameOf(uint32_t number);
  // The member's name, or the key's.
  absl::StatusOr<std::string> RecorderName(storage::AccountNumber recorder, uint32_t key);

  // --- entries
  absl::StatusOr<std::optional<storage::v1::Entry>> EntryAt(storage::Sequence sequence) const;
  absl::StatusOr<storage::v1::Texts> TextsOf(storage::Sequence sequence, bool* note_erased = nullptr) const;
  absl::StatusOr<storage::v1::MarkRow> MarkOf(storage::Sequence sequence) const;
  // The exchange as it stands. EXCHANGE_NOT_FOUND for other entries.
  absl::StatusOr<v1::Exchange> ExchangeAt(storage::Sequence sequence);
  absl::StatusOr<v1::Exchange> ToExchange(const storage::v1::Entry& entry);
  // An entry that was not kept.
  absl::StatusOr<v1::Exchange> ToExchange(const ledger::Preview& preview);
  absl::StatusOr<std::vector<v1::Notice>> NoticesOf(const storage::v1::Entry& entry);

  // --- directory
  absl::StatusOr<v1::Member> ToMember(storage::AccountNumber account, const storage::v1::MemberRow& row);
  absl::StatusOr<v1::Circle> ToCircle(storage::AccountNumber account, const storage::v1::CircleRow& row);
  absl::StatusOr<v1::Settings> ToSettings(const storage::v1::BankRow& row);
  absl::StatusOr<v1::Timebank> ToTimebank(storage::Day today);

  // A refusal in this bank's words.
  absl::Status ToStatus(const ledger::Refusal& refusal, storage::Day today);

 private:
  BankReader(storage::View view, storage::BankNumber bank) : view_(std::move(view)), bank_(bank) {}
  absl::Status Load();
  absl::StatusOr<std::string> NameRowOf(storage::DirectoryKind kind, uint64_t number) const;
  absl::Status FillFacts(const storage::v1::Entry& entry, v1::Exchange* exchange);
  absl::Status FillTexts(const storage::v1::Texts& texts, const std::string& category,
                         v1::Exchange* exchange);
  absl::Status FillMark(const storage::v1::Entry& entry, v1::Exchange* exchange);

  storage::View view_;
  storage::BankNumber bank_;
  uint64_t epoch_ = 0;
  storage::v1::BankRow row_;
  storage::v1::HeadRow head_;
  mutable std::map<storage::AccountNumber, storage::v1::MemberRow> members_;  // read so far
  std::map<storage::AccountNumber, std::string> names_;
  std::map<uint32_t, std::string> categories_;
  std::map<uint32_t, std::string> keys_;
};

}  // namespace timebank::services

#endif  // TIMEBANK_SERVER_SERVICES_BANK_READER_H_
