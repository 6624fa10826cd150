#include "server/ledger/working_state.h"

#include <algorithm>

#include "absl/container/flat_hash_set.h"
#include "storage/pages.h"

namespace timebank::ledger {

using storage::AccountNumber;
using storage::BankNumber;
using storage::Day;
using storage::Family;
using storage::Sequence;

std::string Layer::FrameBytes() const {
  storage::v1::Frame frame;
  frame.set_version(1);
  for (const std::string& entry : entries) frame.add_entries(entry);
  // In order of key, so that the same batch gives the same bytes.
  std::vector<const std::pair<const RowKey, std::string>*> sorted;
  sorted.reserve(rows.size());
  for (const auto& row : rows) sorted.push_back(&row);
  std::sort(sorted.begin(), sorted.end(), [](const auto* a, const auto* b) { return a->first < b->first; });
  for (const auto* row : sorted) {
    auto* kept = frame.add_rows();
    kept->set_family(static_cast<uint32_t>(row->first.first));
    kept->set_key(row->first.second);
    kept->set_value(row->second);
  }
  return frame.SerializeAsString();
}

WorkingState::WorkingState(const Base* base) : base_(base) { layers_.push_back(std::make_shared<Layer>()); }

void WorkingState::Latch(const absl::Status& status) const {
  if (status_.ok()) status_ = status;
}

std::optional<std::string> WorkingState::Get(Family family, std::string_view key) const {
  const Layer::RowKey row_key(family, key);
  for (auto layer = layers_.rbegin(); layer != layers_.rend(); ++layer) {
    if (auto row = (*layer)->rows.find(row_key); row != (*layer)->rows.end()) {
      if (row->second.empty()) return std::nullopt;
      return row->second;
    }
  }
  auto value = base_->Get(family, key);
  if (!value.ok()) {
    Latch(value.status());
    return std::nullopt;
  }
  return *std::move(value);
}

bool WorkingState::GetRow(Family family, std::string_view key, google::protobuf::MessageLite* row) const {
  auto value = Get(family, key);
  if (!value) return false;
  if (absl::Status status = storage::DecodeRow(*value, row); !status.ok()) {
    Latch(status);
    return false;
  }
  return true;
}

void WorkingState::Put(Family family, std::string key, std::string value) {
  Layer::RowKey row_key(family, std::move(key));
  top().bytes += row_key.second.size() + value.size();
  auto [row, inserted] = top().rows.try_emplace(row_key);
  undo_.push_back({std::move(row_key), inserted ? std::nullopt : std::optional(std::move(row->second))});
  row->second = std::move(value);
}

void WorkingState::PutRow(Family family, std::string key, const google::protobuf::MessageLite& row) {
  Put(family, std::move(key), storage::EncodeRow(row));
}

std::optional<storage::v1::Entry> WorkingState::Entry(BankNumber bank, Sequence sequence) const {
  std::optional<std::string> bytes;
  for (auto layer = layers_.rbegin(); layer != layers_.rend() && !bytes; ++layer) {
    if (auto found = (*layer)->entry_index.find({bank, sequence}); found != (*layer)->entry_index.end()) {
      bytes = (*layer)->entries[found->second];
    }
  }
  if (!bytes) {
    auto from_base = base_->EntryBytes(bank, sequence);
    if (!from_base.ok()) {
      Latch(from_base.status());
      return std::nullopt;
    }
    bytes = *std::move(from_base);
  }
  if (!bytes) return std::nullopt;
  storage::v1::Entry entry;
  if (!entry.ParseFromString(*bytes)) {
    Latch(absl::DataLossError("an entry's bytes do not parse"));
    return std::nullopt;
  }
  return entry;
}

void WorkingState::AppendEntry(const storage::v1::Entry& entry) {
  Layer& layer = top();
  layer.entry_index[{entry.bank(), entry.sequence()}] = layer.entries.size();
  layer.entries.push_back(entry.SerializeAsString());
  layer.bytes += layer.entries.back().size();
  for (const auto& movement : entry.movements()) {
    layer.days[{entry.bank(), movement.account(), entry.occurred_on()}].push_back(
        {entry.sequence(), movement.seconds()});
  }
}

void WorkingState::ScanDay(BankNumber bank, AccountNumber account, Day day,
                           const std::function<void(Sequence, int64_t seconds)>& visit) const {
  // While a batch is being folded its movements may already stand in the base as well: each is told once.
  Sequence last = 0;
  auto once = [&](Sequence sequence, int64_t seconds) {
    if (sequence <= last) return;
    last = sequence;
    visit(sequence, seconds);
  };
  if (absl::Status status = base_->ScanDay(bank, account, day, once); !status.ok()) Latch(status);
  for (const auto& layer : layers_) {
    auto found = layer->days.find({bank, account, day});
    if (found == layer->days.end()) continue;
    for (const auto& movement : found->second) once(movement.sequence, movement.seconds);
  }
}

void WorkingState::RollBack(const Mark& mark) {
  Layer& layer = top();
  while (undo_.size() > mark.undo) {
    Undo& undo = undo_.back();
    if (undo.in_layer) {
      layer.rows[undo.key] = *std::move(undo.in_layer);
    } else {
      layer.rows.erase(undo.key);
    }
    undo_.pop_back();
  }
  while (layer.entries.size() > mark.entries) {
    storage::v1::Entry entry;
    entry.ParseFromString(layer.entries.back());
    for (const auto& movement : entry.movements()) {
      layer.days[{entry.bank(), movement.account(), entry.occurred_on()}].pop_back();
    }
    layer.entry_index.erase({entry.bank(), entry.sequence()});
    layer.entries.pop_back();
  }
}

std::vector<WorkingState::Change> WorkingState::ChangesSince(const Mark& mark, Family family) const {
  std::vector<Change> changes;
  absl::flat_hash_set<std::string> seen;
  for (size_t i = mark.undo; i < undo_.size(); ++i) {
    const Undo& undo = undo_[i];
    if (undo.key.first != family || !seen.insert(undo.key.second).second) continue;
    std::optional<std::string> before = undo.in_layer;
    if (!before) {
      for (auto layer = layers_.rbegin() + 1; layer != layers_.rend() && !before; ++layer) {
        if (auto row = (*layer)->rows.find(undo.key); row != (*layer)->rows.end()) before = row->second;
      }
      if (!before) {
        if (auto value = base_->Get(family, undo.key.second); value.ok()) before = *std::move(value);
      }
    }
    if (before && before->empty()) before.reset();
    changes.push_back({undo.key.second, std::move(before)});
  }
  return changes;
}

std::vector<storage::v1::Entry> WorkingState::EntriesSince(const Mark& mark) const {
  std::vector<storage::v1::Entry> entries;
  for (size_t i = mark.entries; i < top().entries.size(); ++i)
    entries.emplace_back().ParseFromString(top().entries[i]);
  return entries;
}

std::shared_ptr<const Layer> WorkingState::Seal() {
  std::shared_ptr<const Layer> sealed = layers_.back();
  layers_.push_back(std::make_shared<Layer>());
  undo_.clear();
  return sealed;
}

void WorkingState::DropOldest() { layers_.pop_front(); }

}  // namespace timebank::ledger
