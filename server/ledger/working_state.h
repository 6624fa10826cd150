// The ledger as Execute sees and changes it: what is on the way to the disk, over what is there already.
//
//     Layer (this batch) -> Layer (the batch that is being synced) -> Base (what has been folded)
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
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/types.h"
#include "timebank/storage/v1/entry.pb.h"
#include "timebank/storage/v1/frame.pb.h"

namespace timebank::ledger {

// What lies beneath: the folded ledger.
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

// What one batch changed. Becomes one frame of the log.
class Layer {
 public:
  struct DayMovement {
    storage::Sequence sequence;
    int64_t seconds;
  };
  using RowKey = std::pair<storage::Family, std::string>;
  using DayKey = std::tuple<storage::BankNumber, storage::AccountNumber, storage::Day>;

  absl::flat_hash_map<RowKey, std::string> rows;  // empty value: removed
  std::vector<std::string> entries;               // exact bytes, in order
  absl::flat_hash_map<std::pair<storage::BankNumber, storage::Sequence>, size_t> entry_index;
  absl::flat_hash_map<DayKey, std::vector<DayMovement>> days;

  size_t bytes = 0;  // written so far, about; never less than its frame takes

  bool empty() const { return rows.empty() && entries.empty(); }
  // The bytes of a timebank.storage.v1.Frame; the same batch gives the same bytes.
  std::string FrameBytes() const;
};

class WorkingState {
 public:
  explicit WorkingState(const Base* base);  // must outlive this

  // --- rows
  std::optional<std::string> Get(storage::Family family, std::string_view key) const;
  bool GetRow(storage::Family family, std::string_view key, google::protobuf::MessageLite* row) const;
  void Put(storage::Family family, std::string key, std::string value);
  void PutRow(storage::Family family, std::string key, const google::protobuf::MessageLite& row);

  // --- entries
  std::optional<storage::v1::Entry> Entry(storage::BankNumber bank, storage::Sequence sequence) const;
  void AppendEntry(const storage::v1::Entry& entry);
  void ScanDay(storage::BankNumber bank, storage::AccountNumber account, storage::Day day,
               const std::function<void(storage::Sequence, int64_t seconds)>& visit) const;

  // --- undoing: back to where Savepoint() was called, within the current layer
  struct Mark {
    size_t undo;
    size_t entries;
  };
  Mark Savepoint() const { return {undo_.size(), top().entries.size()}; }
  void RollBack(const Mark& mark);

  // Rows of `family` that changed since `mark`, each with its value then (nothing: there was none).
  struct Change {
    std::string key;
    std::optional<std::string> before;
  };
  std::vector<Change> ChangesSince(const Mark& mark, storage::Family family) const;
  // Entries appended since `mark`.
  std::vector<storage::v1::Entry> EntriesSince(const Mark& mark) const;

  // --- batches
  // Ends the batch: its changes stay readable as a layer beneath until DropOldest().
  std::shared_ptr<const Layer> Seal();
  // The oldest sealed layer has reached the base.
  void DropOldest();
  // What the current layer's frame will take at most, about.
  size_t layer_bytes() const { return top().bytes; }
  size_t sealed_layers() const { return layers_.size() - 1; }

  // The first error that a read of the base met.
  const absl::Status& status() const { return status_; }

 private:
  struct Undo {
    Layer::RowKey key;
    std::optional<std::string> in_layer;  // the layer's value then
  };

  Layer& top() { return *layers_.back(); }
  const Layer& top() const { return *layers_.back(); }
  void Latch(const absl::Status& status) const;

  const Base* base_;
  std::deque<std::shared_ptr<Layer>> layers_;  // oldest first
  std::vector<Undo> undo_;
  mutable absl::Status status_;
};

}  // namespace timebank::ledger

#endif  // TIMEBANK_SERVER_LEDGER_WORKING_STATE_H_
