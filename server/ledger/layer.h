// What one batch of commands changed: a frame of the log in the making.
//
// Entries and their texts are written in the frame's own bytes as they come, the accounts' rows once, when
// the batch ends (WorkingState::Seal); then the rows are put behind the entries, and the frame is there.
//
// Threads: while it is written, one, the engine's. Sealed, it changes no more, and any may read it.
#ifndef TIMEBANK_SERVER_LEDGER_LAYER_H_
#define TIMEBANK_SERVER_LEDGER_LAYER_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/hash/hash.h"
#include "absl/strings/string_view.h"
#include "storage/types.h"
#include "timebank/storage/v1/entry.pb.h"
#include "timebank/storage/v1/rows.pb.h"

namespace timebank::ledger {

class Layer {
 public:
  using RowKey = std::pair<storage::Family, std::string>;

  Layer();

  bool empty() const { return rows_.empty() && entries_.empty() && accounts_.empty(); }
  // Once sealed: the bytes of a timebank.storage.v1.Frame, the entries in order, then the rows in order of
  // family and key. The same batch gives the same bytes. Shared, so that whoever keeps them need not copy.
  std::shared_ptr<const std::string> Frame() const { return frame_; }
  std::string FrameBytes() const { return *frame_; }

  // For whoever looks at it piece by piece. Rows by key; an empty value: removed.
  std::map<RowKey, std::string> Rows() const;
  // Exact bytes, in order.
  std::vector<std::string> Entries() const;

  // --- of WorkingState: views are valid until the next change

  // The row's value here; empty: removed here. nullopt: this layer does not say.
  std::optional<std::string_view> Row(storage::Family family, std::string_view key) const;
  // Sets a row of any family but `account`. The value here before; nullopt: there was none.
  std::optional<std::string> PutRow(storage::Family family, std::string_view key, std::string value);
  // Takes PutRow back.
  void UndoRow(storage::Family family, std::string_view key, std::optional<std::string> before);

  // `entry` with its new text row, which stands under the entry's own number; nullptr: it has none. In each
  // bank numbers rise.
  void Append(const storage::v1::Entry& entry, const storage::v1::TextRow* text);
  size_t entry_count() const { return entries_.size(); }
  // The `index`-th entry's bytes.
  std::string_view EntryBytes(size_t index) const;
  std::optional<std::string_view> EntryBytes(storage::BankNumber bank, storage::Sequence sequence) const;
  // Only the first `count` entries stay.
  void Truncate(size_t count);

  // The rows of the accounts (account 0: the head), in order, each once, when everything else is there.
  void PutAccount(storage::BankNumber bank, storage::AccountNumber account,
                  const google::protobuf::MessageLite& row);

  // What is written so far takes in a frame; accounts apart.
  size_t bytes() const { return frame_->size() + texts_.size() + row_bytes_; }
  // Room for about so many more exchanges, so that the frame need not be moved while it grows.
  void Reserve(size_t exchanges);
  // Puts the rows behind the entries; nothing is written after it.
  void Finish();

  // A copy that shares nothing.
  std::shared_ptr<Layer> Clone() const;
  // Empty again; what was allocated stays, unless it is very much.
  void Reset();

 private:
  using RowRef = std::pair<storage::Family, std::string_view>;
  struct RowHash {
    using is_transparent = void;
    size_t operator()(const RowRef& row) const {
      return absl::HashOf(row.first, absl::string_view(row.second.data(), row.second.size()));
    }
  };
  struct RowEqual {
    using is_transparent = void;
    bool operator()(const RowRef& a, const RowRef& b) const { return a == b; }
  };
  using RowMap = absl::flat_hash_map<RowKey, std::string, RowHash, RowEqual>;

  // Where an entry and its text stand.
  struct EntryPlace {
    storage::BankNumber bank;
    storage::Sequence sequence;
    uint32_t field;  // in frame_: the field of the frame
    uint32_t begin;  // in frame_: the entry
    uint32_t length;
    uint32_t text_field;   // in texts_: the row; where it would be, without one
    uint32_t text_begin;   // in texts_: its value
    uint32_t text_length;  // of its value; 0: there is none
  };
  struct AccountPlace {
    storage::BankNumber bank;
    storage::AccountNumber account;
    uint32_t begin;  // in account_rows_: the value
    uint32_t length;
  };

  const EntryPlace* Find(storage::BankNumber bank, storage::Sequence sequence) const;
  std::string_view TextValue(const EntryPlace& place) const;
  // Places with a text, in order of key.
  std::vector<const EntryPlace*> TextsInOrder() const;

  std::shared_ptr<std::string> frame_;  // up to its last entry; all of it when it is finished
  std::string texts_;                   // rows of the frame
  std::vector<EntryPlace> entries_;
  absl::flat_hash_map<storage::BankNumber, std::vector<uint32_t>> by_bank_;  // indices of entries_
  std::string account_rows_;  // rows of the frame, in order of key
  std::vector<AccountPlace> accounts_;
  RowMap rows_;  // all others; a text's value here is newer than the one in texts_
  size_t row_bytes_ = 0;
};

}  // namespace timebank::ledger

#endif  // TIMEBANK_SERVER_LEDGER_LAYER_H_
