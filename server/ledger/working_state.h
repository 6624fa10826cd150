// The ledger as Execute sees and changes it: what is on the way to the disk, over what is there already.
//
//     Layer (this batch) -> Layer (the batch that is being synced) -> Base (what the store has applied)
//
// Above the rows stand caches of what the rules ask for again and again, decoded: see OpenBank. Each says
// what the rows say: where a row changes, by Put or by RollBack, what was made of it is forgotten. (A
// member's facts may come from the row of its id, and are forgotten where its record changes: the two change
// together, see Run::PutMember.) Accounts and heads are kept the other way round: they change here, and
// become rows when their batch is sealed.
//
// Reading errors of the base are latched: reads then answer "nothing", and whoever runs commands looks at
// status() before believing any of it. So rules stay rules, and no half-read command can leave.
//
// Threads: one, the engine's.
#ifndef TIMEBANK_SERVER_LEDGER_WORKING_STATE_H_
#define TIMEBANK_SERVER_LEDGER_WORKING_STATE_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/ledger/layer.h"
#include "server/ledger/open_bank.h"
#include "storage/types.h"
#include "timebank/storage/v1/entry.pb.h"
#include "timebank/storage/v1/rows.pb.h"

namespace timebank::ledger {

// What lies beneath: the ledger as far as it is applied.
class Base {
 public:
  virtual ~Base() = default;
  virtual absl::StatusOr<std::optional<std::string>> Get(storage::Family family,
                                                         std::string_view key) const = 0;
  virtual absl::StatusOr<std::optional<std::string>> EntryBytes(storage::BankNumber bank,
                                                                storage::Sequence sequence) const = 0;
  // The account's movements whose help was on `day`, in order of record.
  virtual absl::Status ScanDay(
      storage::BankNumber bank, storage::AccountNumber account, storage::Day day,
      const std::function<void(storage::Sequence, int64_t seconds)>& visit) const = 0;
};

class WorkingState {
 public:
  explicit WorkingState(const Base* base, CacheLimits limits = {});  // `base` must outlive this

  WorkingState(const WorkingState&) = delete;
  WorkingState& operator=(const WorkingState&) = delete;

  // --- rows
  std::optional<std::string> Get(storage::Family family, std::string_view key) const;
  bool GetRow(storage::Family family, std::string_view key, google::protobuf::MessageLite* row) const;
  void Put(storage::Family family, std::string_view key, std::string value);
  void PutRow(storage::Family family, std::string_view key, const google::protobuf::MessageLite& row);

  // --- banks, decoded. An OpenBank is valid until the next Seal().

  // nullptr: there is none of this id.
  OpenBank* FindBank(std::string_view id) const;
  // The bank of this number, whether there is one or not.
  OpenBank& BankNumbered(storage::BankNumber number) const;
  // Valid until the row changes. Empty: there is none.
  const storage::v1::BankRow& RowOf(OpenBank& bank) const;
  const storage::HmacKey& SecretOf(OpenBank& bank) const;
  const storage::v1::HeadRow& HeadOf(OpenBank& bank) const;
  void PutHead(OpenBank& bank, const storage::v1::HeadRow& head);
  // All zero where there is no row yet.
  const AccountFigures& AccountOf(OpenBank& bank, storage::AccountNumber account) const;
  // The account's row, to be changed now; RollBack() brings back what it says at this moment.
  AccountFigures& ChangeAccount(OpenBank& bank, storage::AccountNumber account);
  // nullptr: there is no such member.
  const MemberFacts* MemberOf(OpenBank& bank, storage::AccountNumber account) const;
  // What the slug row of `text` says. nullopt: there is none. A member's says its facts as well, for
  // MemberOf.
  std::optional<uint64_t> NumberNamed(OpenBank& bank, NameKind kind, std::string_view text) const;
  // As it is spelt. Empty: there is no such category.
  std::string CategoryName(OpenBank& bank, uint32_t number) const;
  std::string RequestKey(OpenBank& bank, const std::string& owner, std::string_view request_id) const;

  // --- entries
  std::optional<storage::v1::Entry> Entry(storage::BankNumber bank, storage::Sequence sequence) const;
  // In each bank numbers rise. `text`: its new text row.
  void AppendEntry(const storage::v1::Entry& entry, const storage::v1::TextRow* text = nullptr);
  void ScanDay(storage::BankNumber bank, storage::AccountNumber account, storage::Day day,
               const std::function<void(storage::Sequence, int64_t seconds)>& visit) const;

  // --- undoing: back to where Savepoint() was called, within the current layer
  struct Mark {
    size_t rows;
    size_t accounts;
    size_t heads;
    size_t changed;
    size_t entries;
  };
  Mark Savepoint() const;
  void RollBack(const Mark& mark);
  // What was done so far stays: marks taken until now are void.
  void Keep();

  // Rows of `family` that changed since `mark`, each with its value then (nothing: there was none).
  struct Change {
    std::string key;
    std::optional<std::string> before;
  };
  std::vector<Change> ChangesSince(const Mark& mark, storage::Family family) const;
  // Entries appended since `mark`.
  std::vector<storage::v1::Entry> EntriesSince(const Mark& mark) const;

  // --- batches
  // About so many exchanges are coming.
  void Expect(size_t exchanges) { top().Reserve(exchanges); }
  // Ends the batch: its changes stay readable as a layer beneath until DropOldest().
  std::shared_ptr<const Layer> Seal();
  // The oldest sealed layer has reached the base.
  void DropOldest();
  // The current layer as Seal() would end it; it goes on.
  std::shared_ptr<const Layer> Peek() const;
  // What the current layer's frame will take at most, about.
  size_t layer_bytes() const;
  size_t sealed_layers() const { return floors_.size() - 1; }

  // The first error that a read of the base met.
  const absl::Status& status() const { return status_; }

 private:
  struct RowUndo {
    Layer::RowKey key;
    std::optional<std::string> in_layer;  // the layer's value then
  };
  struct AccountUndo {
    OpenBank* bank;
    storage::AccountNumber account;
    AccountFigures figures;
    RowState state;
    bool changed;
  };
  struct HeadUndo {
    OpenBank* bank;
    storage::v1::HeadRow head;
    RowState state;
    bool changed;
  };
  // A layer, and where its entries stand by day; found out when somebody asks.
  struct Floor {
    struct DayMovement {
      storage::Sequence sequence;
      int64_t seconds;
    };
    using DayKey = std::tuple<storage::BankNumber, storage::AccountNumber, storage::Day>;

    std::shared_ptr<Layer> layer;
    size_t entries_by_day = 0;  // the first so many are in `days`
    absl::flat_hash_map<DayKey, std::vector<DayMovement>> days;
  };

  Layer& top() { return *floors_.back().layer; }
  const Layer& top() const { return *floors_.back().layer; }
  void Latch(const absl::Status& status) const;

  // The row in the layers below the uppermost `above` ones, and in the base.
  std::optional<std::string> Read(storage::Family family, std::string_view key, size_t above = 0) const;
  // The same, decoded.
  RowState ReadRow(storage::Family family, std::string_view key, google::protobuf::MessageLite* row) const;
  void Forget(storage::Family family, std::string_view key) const;
  AccountSlot& SlotOf(OpenBank& bank, storage::AccountNumber account) const;  // as it is: nothing is read
  AccountSlot& LoadedAccount(OpenBank& bank, storage::AccountNumber account) const;
  void LoadRow(OpenBank& bank) const;
  void LoadHead(OpenBank& bank) const;
  void PutAccountRow(OpenBank& bank, storage::AccountNumber account, const std::string& value);
  std::string AccountValue(OpenBank& bank, storage::AccountNumber account) const;
  void WriteAccounts(Layer* layer) const;
  void ForgetName(OpenBank& bank, const OpenBank::NameHash& hash) const;
  void LimitCaches() const;

  void BeginLayer();

  static void IndexDays(Floor* floor);
  static void UnindexDays(Floor* floor, size_t entries);

  const Base* const base_;
  const CacheLimits limits_;
  mutable std::deque<Floor> floors_;  // oldest first
  std::shared_ptr<Layer> spare_;      // of a batch that is done with: memory for the next one
  std::vector<RowUndo> row_undo_;
  std::vector<AccountUndo> account_undo_;
  std::vector<HeadUndo> head_undo_;
  // Accounts (0: the head) that the current layer changes, each once, in order of first change.
  std::vector<std::pair<OpenBank*, storage::AccountNumber>> changed_;
  mutable absl::flat_hash_map<storage::BankNumber, std::unique_ptr<OpenBank>> banks_;
  mutable absl::flat_hash_map<std::string, OpenBank*> banks_by_id_;
  // What is kept, in the order in which it was read; some of it may be forgotten already.
  mutable std::deque<storage::BankNumber> kept_banks_;
  mutable std::deque<std::pair<storage::BankNumber, storage::AccountNumber>> kept_pages_;
  mutable std::deque<std::pair<storage::BankNumber, OpenBank::NameHash>> kept_names_;
  mutable size_t kept_words_ = 0;
  mutable absl::Status status_;
};

}  // namespace timebank::ledger

#endif  // TIMEBANK_SERVER_LEDGER_WORKING_STATE_H_
