#include "server/ledger/layer.h"

#include <google/protobuf/io/coded_stream.h>

#include <algorithm>
#include <cassert>
#include <tuple>

#include "storage/coding.h"
#include "storage/keys.h"
#include "storage/pages.h"
#include "storage/sorted_row.h"
#include "timebank/storage/v1/frame.pb.h"

namespace timebank::ledger {
namespace {

namespace sv1 = storage::v1;
using google::protobuf::io::CodedOutputStream;
using storage::AccountNumber;
using storage::BankNumber;
using storage::Family;
using storage::Sequence;

// Protobuf's wire format: a field's number and how its value is written.
constexpr char NumberTag(int field) { return static_cast<char>(field << 3); }
constexpr char BytesTag(int field) { return static_cast<char>(field << 3 | 2); }

// What a row takes around its key and value, at most.
constexpr size_t kRowOverhead = 16;
constexpr size_t kAccountKeyBytes = 12;

size_t BytesFieldSize(size_t length) {
  return length == 0 ? 0 : 1 + CodedOutputStream::VarintSize32(static_cast<uint32_t>(length)) + length;
}

void PutBytesHead(std::string* out, int field, size_t length) {
  out->push_back(BytesTag(field));
  storage::PutVarint(out, length);
}

// A FrameRow as a field of the frame, up to the first byte of its value.
void PutRowHead(std::string* out, Family family, std::string_view key, size_t value_length) {
  const size_t family_size = family == Family::kMeta ? 0 : 2;
  PutBytesHead(out, sv1::Frame::kRowsFieldNumber,
               family_size + BytesFieldSize(key.size()) + BytesFieldSize(value_length));
  if (family_size != 0) {
    out->push_back(NumberTag(sv1::FrameRow::kFamilyFieldNumber));
    out->push_back(static_cast<char>(family));
  }
  if (!key.empty()) {
    PutBytesHead(out, sv1::FrameRow::kKeyFieldNumber, key.size());
    out->append(key);
  }
  if (value_length != 0) PutBytesHead(out, sv1::FrameRow::kValueFieldNumber, value_length);
}

// `size`: what ByteSizeLong() has just said.
void PutMessage(std::string* out, const google::protobuf::MessageLite& message, size_t size) {
  const size_t begin = out->size();
  out->resize(begin + size);
  message.SerializeWithCachedSizesToArray(reinterpret_cast<uint8_t*>(out->data() + begin));
}

// What an exchange of two with a short note takes: entry, text row and two accounts' rows.
constexpr size_t kUsualFrameBytes = 300;
constexpr size_t kUsualTextBytes = 128;
// A layer that has grown to more is not kept for the next batch.
constexpr size_t kMostKeptBytes = size_t{8} << 20;

}  // namespace

Layer::Layer() { Reset(); }

void Layer::Reset() {
  // The old one may be somebody's.
  frame_ = std::make_shared<std::string>();
  frame_->push_back(NumberTag(sv1::Frame::kVersionFieldNumber));
  frame_->push_back(1);
  if (texts_.capacity() + account_rows_.capacity() > kMostKeptBytes) {
    texts_ = {};
    account_rows_ = {};
    entries_ = {};
    accounts_ = {};
  }
  texts_.clear();
  entries_.clear();
  by_bank_.clear();
  account_rows_.clear();
  accounts_.clear();
  rows_.clear();
  row_bytes_ = 0;
}

std::shared_ptr<Layer> Layer::Clone() const {
  auto copy = std::make_shared<Layer>(*this);
  copy->frame_ = std::make_shared<std::string>(*frame_);
  return copy;
}

void Layer::Reserve(size_t exchanges) {
  frame_->reserve(bytes() + exchanges * kUsualFrameBytes);
  texts_.reserve(texts_.size() + exchanges * kUsualTextBytes);
  entries_.reserve(entries_.size() + exchanges);
}

// --- rows

std::optional<std::string_view> Layer::Row(Family family, std::string_view key) const {
  if (family == Family::kAccount) {
    assert(key.size() == kAccountKeyBytes);
    const std::pair wanted(storage::GetBigEndian<uint64_t>(key.data()),
                           storage::GetBigEndian<uint32_t>(key.data() + 8));
    const auto place = std::lower_bound(
        accounts_.begin(), accounts_.end(), wanted,
        [](const AccountPlace& a, const auto& b) { return std::pair(a.bank, a.account) < b; });
    if (place == accounts_.end() || std::pair(place->bank, place->account) != wanted) return std::nullopt;
    return std::string_view(account_rows_).substr(place->begin, place->length);
  }
  if (const auto row = rows_.find(RowRef(family, key)); row != rows_.end()) return row->second;
  if (family != Family::kText) return std::nullopt;
  const auto entry = storage::ParseTextKey(key);
  const EntryPlace* place = entry.has_value() ? Find(entry->first, entry->second) : nullptr;
  if (place == nullptr || place->text_length == 0) return std::nullopt;
  return TextValue(*place);
}

std::optional<std::string> Layer::PutRow(Family family, std::string_view key, std::string value) {
  assert(family != Family::kAccount);
  row_bytes_ += key.size() + value.size() + kRowOverhead;
  const auto [row, inserted] = rows_.try_emplace(RowKey(family, key));
  std::optional<std::string> before;
  if (!inserted) {
    row_bytes_ -= key.size() + row->second.size() + kRowOverhead;
    before = std::move(row->second);
  }
  row->second = std::move(value);
  return before;
}

void Layer::UndoRow(Family family, std::string_view key, std::optional<std::string> before) {
  if (before) {
    PutRow(family, key, *std::move(before));
    return;
  }
  const auto row = rows_.find(RowRef(family, key));
  row_bytes_ -= key.size() + row->second.size() + kRowOverhead;
  rows_.erase(row);
}

// --- entries

void Layer::Append(const sv1::Entry& entry, const sv1::TextRow* text) {
  EntryPlace place = {};
  place.bank = entry.bank();
  place.sequence = entry.sequence();
  place.field = static_cast<uint32_t>(frame_->size());
  const size_t size = entry.ByteSizeLong();
  PutBytesHead(frame_.get(), sv1::Frame::kEntriesFieldNumber, size);
  place.begin = static_cast<uint32_t>(frame_->size());
  place.length = static_cast<uint32_t>(size);
  PutMessage(frame_.get(), entry, size);

  place.text_field = static_cast<uint32_t>(texts_.size());
  if (text != nullptr) {
    const size_t text_size = text->ByteSizeLong();
    PutRowHead(&texts_, Family::kText, storage::TextKey(place.bank, place.sequence), 1 + text_size);
    place.text_begin = static_cast<uint32_t>(texts_.size());
    place.text_length = static_cast<uint32_t>(1 + text_size);
    texts_.push_back(storage::kRowVersion);
    PutMessage(&texts_, *text, text_size);
  }
  by_bank_[place.bank].push_back(static_cast<uint32_t>(entries_.size()));
  entries_.push_back(place);
}

std::string_view Layer::EntryBytes(size_t index) const {
  return std::string_view(*frame_).substr(entries_[index].begin, entries_[index].length);
}

std::optional<std::string_view> Layer::EntryBytes(BankNumber bank, Sequence sequence) const {
  const EntryPlace* place = Find(bank, sequence);
  if (place == nullptr) return std::nullopt;
  return std::string_view(*frame_).substr(place->begin, place->length);
}

void Layer::Truncate(size_t count) {
  if (count >= entries_.size()) return;
  frame_->resize(entries_[count].field);
  texts_.resize(entries_[count].text_field);
  while (entries_.size() > count) {
    const auto bank = by_bank_.find(entries_.back().bank);
    bank->second.pop_back();
    if (bank->second.empty()) by_bank_.erase(bank);
    entries_.pop_back();
  }
}

const Layer::EntryPlace* Layer::Find(BankNumber bank, Sequence sequence) const {
  const auto found = by_bank_.find(bank);
  if (found == by_bank_.end()) return nullptr;
  const std::vector<uint32_t>& indices = found->second;
  const auto index = std::lower_bound(indices.begin(), indices.end(), sequence,
                                      [this](uint32_t a, Sequence b) { return entries_[a].sequence < b; });
  if (index == indices.end() || entries_[*index].sequence != sequence) return nullptr;
  return &entries_[*index];
}

std::string_view Layer::TextValue(const EntryPlace& place) const {
  return std::string_view(texts_).substr(place.text_begin, place.text_length);
}

// --- the frame

void Layer::PutAccount(BankNumber bank, AccountNumber account, const google::protobuf::MessageLite& row) {
  const size_t size = row.ByteSizeLong();
  const size_t length = 1 + size;  // behind its version
  PutRowHead(&account_rows_, Family::kAccount, storage::AccountKey(bank, account), length);
  accounts_.push_back(
      {bank, account, static_cast<uint32_t>(account_rows_.size()), static_cast<uint32_t>(length)});
  account_rows_.push_back(storage::kRowVersion);
  PutMessage(&account_rows_, row, size);
}

std::vector<const Layer::EntryPlace*> Layer::TextsInOrder() const {
  std::vector<const EntryPlace*> texts;
  texts.reserve(entries_.size());
  for (const EntryPlace& place : entries_) {
    if (place.text_length != 0) texts.push_back(&place);
  }
  const auto before = [](const EntryPlace* a, const EntryPlace* b) {
    return std::tie(a->bank, a->sequence) < std::tie(b->bank, b->sequence);
  };
  if (!std::is_sorted(texts.begin(), texts.end(), before)) std::sort(texts.begin(), texts.end(), before);
  return texts;
}

void Layer::Finish() {
  std::vector<storage::SortedRow> sorted;
  sorted.reserve(rows_.size());
  for (const auto& [key, value] : rows_) sorted.emplace_back(key.first, key.second, value);
  std::sort(sorted.begin(), sorted.end());

  std::string& frame = *frame_;
  frame.reserve(bytes() + account_rows_.size());
  auto next = sorted.begin();
  const auto put_rows_before = [&](const RowRef& end) {
    for (; next != sorted.end() && RowRef(next->family, next->key) < end; ++next) {
      PutRowHead(&frame, next->family, next->key, next->value.size());
      frame += next->value;
    }
  };
  put_rows_before(RowRef(Family::kAccount, {}));
  frame += account_rows_;
  put_rows_before(RowRef(Family::kText, {}));
  for (const EntryPlace* text : TextsInOrder()) {
    if (next != sorted.end() && next->family == Family::kText) {
      const std::string key = storage::TextKey(text->bank, text->sequence);
      put_rows_before(RowRef(Family::kText, key));
      // Written over since.
      if (next != sorted.end() && RowRef(next->family, next->key) == RowRef(Family::kText, key)) continue;
    }
    frame.append(texts_, text->text_field, text->text_begin + text->text_length - text->text_field);
  }
  put_rows_before(RowRef(static_cast<Family>(UINT8_MAX), {}));
  // Whoever keeps the frame keeps its memory: of a large batch that was refused little else is left.
  if (frame.capacity() > 2 * frame.size()) frame.shrink_to_fit();
}

std::map<Layer::RowKey, std::string> Layer::Rows() const {
  std::map<RowKey, std::string> rows(rows_.begin(), rows_.end());
  for (const AccountPlace& place : accounts_) {
    rows[{Family::kAccount, storage::AccountKey(place.bank, place.account)}] =
        account_rows_.substr(place.begin, place.length);
  }
  for (const EntryPlace* text : TextsInOrder()) {
    rows.try_emplace({Family::kText, storage::TextKey(text->bank, text->sequence)}, TextValue(*text));
  }
  return rows;
}

std::vector<std::string> Layer::Entries() const {
  std::vector<std::string> entries;
  entries.reserve(entries_.size());
  for (size_t i = 0; i < entries_.size(); ++i) entries.emplace_back(EntryBytes(i));
  return entries;
}

}  // namespace timebank::ledger
