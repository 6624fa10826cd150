#include "server/ledger/working_state.h"

#include <algorithm>
#include <cassert>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/string_view.h"
#include "storage/coding.h"
#include "storage/keys.h"
#include "storage/pages.h"

namespace timebank::ledger {

namespace sv1 = storage::v1;
using storage::AccountNumber;
using storage::BankNumber;
using storage::Day;
using storage::DirectoryKind;
using storage::Family;
using storage::Sequence;

namespace {

constexpr size_t kAccountKeyBytes = 12;    // bank, account
constexpr size_t kSlugKeyBytes = 24;       // bank, hash
constexpr size_t kDirectoryKeyBytes = 17;  // bank, kind, number
// What the row of an account or a head takes in a frame, at most.
constexpr size_t kMostAccountBytes = 112;

absl::string_view Abs(std::string_view text) { return {text.data(), text.size()}; }

uint64_t Number64At(std::string_view key, size_t at) {
  return storage::GetBigEndian<uint64_t>(key.data() + at);
}

bool IsAccountRow(Family family, std::string_view key) {
  return family == Family::kAccount && key.size() == kAccountKeyBytes;
}
AccountNumber AccountOfKey(std::string_view key) { return storage::GetBigEndian<uint32_t>(key.data() + 8); }

std::string_view WordOf(NameKind kind) {
  switch (kind) {
    case NameKind::kMember:
      return "member";
    case NameKind::kCircle:
      return "circle";
    case NameKind::kCategory:
      return "category";
    case NameKind::kKey:
      return "key";
  }
  return "";
}

AccountFigures FiguresOf(const sv1::AccountRow& row) {
  return {.balance = row.balance(),
          .seconds_in = row.seconds_in(),
          .seconds_out = row.seconds_out(),
          .exchange_count = row.exchange_count(),
          .movement_count = row.movement_count(),
          .last_sequence = row.last_sequence(),
          .contested = row.contested(),
          .last_exchange_on = row.last_exchange_on()};
}

sv1::AccountRow RowOf(const AccountFigures& figures) {
  sv1::AccountRow row;
  row.set_balance(figures.balance);
  row.set_seconds_in(figures.seconds_in);
  row.set_seconds_out(figures.seconds_out);
  row.set_exchange_count(figures.exchange_count);
  row.set_movement_count(figures.movement_count);
  row.set_last_sequence(figures.last_sequence);
  row.set_contested(figures.contested);
  row.set_last_exchange_on(figures.last_exchange_on);
  return row;
}

}  // namespace

WorkingState::WorkingState(const Base* base, CacheLimits limits) : base_(base), limits_(limits) {
  BeginLayer();
}

void WorkingState::Latch(const absl::Status& status) const {
  if (status_.ok()) status_ = status;
}

// --- rows

std::optional<std::string> WorkingState::Read(Family family, std::string_view key, size_t above) const {
  for (auto floor = floors_.rbegin() + static_cast<ptrdiff_t>(above); floor != floors_.rend(); ++floor) {
    if (const auto value = floor->layer->Row(family, key)) {
      if (value->empty()) return std::nullopt;
      return std::string(*value);
    }
  }
  auto value = base_->Get(family, key);
  if (!value.ok()) {
    Latch(value.status());
    return std::nullopt;
  }
  return *std::move(value);
}

RowState WorkingState::ReadRow(Family family, std::string_view key,
                               google::protobuf::MessageLite* row) const {
  const std::optional<std::string> value = Read(family, key);
  if (value) {
    if (absl::Status status = storage::DecodeRow(*value, row); !status.ok()) Latch(status);
  }
  // What could not be read is not kept.
  if (!status_.ok()) return RowState::kNotRead;
  return value ? RowState::kPresent : RowState::kAbsent;
}

std::optional<std::string> WorkingState::Get(Family family, std::string_view key) const {
  if (!IsAccountRow(family, key)) return Read(family, key);
  std::string value = AccountValue(BankNumbered(Number64At(key, 0)), AccountOfKey(key));
  return value.empty() ? std::nullopt : std::optional(std::move(value));
}

bool WorkingState::GetRow(Family family, std::string_view key, google::protobuf::MessageLite* row) const {
  const std::optional<std::string> value = Get(family, key);
  if (!value) return false;
  if (absl::Status status = storage::DecodeRow(*value, row); !status.ok()) {
    Latch(status);
    return false;
  }
  return true;
}

void WorkingState::Put(Family family, std::string_view key, std::string value) {
  if (IsAccountRow(family, key)) {
    PutAccountRow(BankNumbered(Number64At(key, 0)), AccountOfKey(key), value);
    return;
  }
  row_undo_.push_back({Layer::RowKey(family, key), top().PutRow(family, key, std::move(value))});
  Forget(family, key);
}

void WorkingState::PutRow(Family family, std::string_view key, const google::protobuf::MessageLite& row) {
  Put(family, key, storage::EncodeRow(row));
}

// --- caches

// The one place where caches learn that a row is not what it was.
void WorkingState::Forget(Family family, std::string_view key) const {
  if (family == Family::kMeta) banks_by_id_.clear();
  if ((family != Family::kSlug || key.size() != kSlugKeyBytes) &&
      (family != Family::kDirectory || key.size() != kDirectoryKeyBytes)) {
    return;
  }
  const BankNumber number = Number64At(key, 0);
  if (number == 0) banks_by_id_.clear();
  const auto found = banks_.find(number);
  if (found == banks_.end()) return;
  OpenBank& bank = *found->second;
  if (family == Family::kSlug) {
    ForgetName(bank, {Number64At(key, 8), Number64At(key, 16)});
    return;
  }
  const uint64_t directory_number = Number64At(key, 9);
  switch (static_cast<DirectoryKind>(key[8])) {
    case DirectoryKind::kBank:
      bank.row_state = RowState::kNotRead;
      break;
    case DirectoryKind::kMember: {
      const AccountNumber account =
          storage::MakeAccount(storage::HolderKind::kMember, static_cast<uint32_t>(directory_number));
      if (const auto page = bank.accounts.find(account / OpenBank::kPageAccounts);
          page != bank.accounts.end()) {
        (*page->second)[account % OpenBank::kPageAccounts].member_state = RowState::kNotRead;
      }
      break;
    }
    case DirectoryKind::kCategory:
      bank.category_names.erase(static_cast<uint32_t>(directory_number));
      break;
    default:
      break;
  }
}

void WorkingState::ForgetName(OpenBank& bank, const OpenBank::NameHash& hash) const {
  const auto name = bank.names_by_hash.find(hash);
  if (name == bank.names_by_hash.end()) return;
  bank.names[static_cast<size_t>(name->second.first)].erase(name->second.second);
  bank.names_by_hash.erase(name);
}

// Only between batches: nobody holds anything of what is kept.
void WorkingState::LimitCaches() const {
  for (; kept_banks_.size() > limits_.banks; kept_banks_.pop_front()) {
    const auto bank = banks_.find(kept_banks_.front());
    banks_by_id_.erase(bank->second->id);
    banks_.erase(bank);
  }
  for (; kept_pages_.size() * OpenBank::kPageAccounts > limits_.accounts; kept_pages_.pop_front()) {
    const auto& [number, page] = kept_pages_.front();
    if (const auto bank = banks_.find(number); bank != banks_.end()) bank->second->accounts.erase(page);
  }
  for (; kept_names_.size() > limits_.names; kept_names_.pop_front()) {
    const auto& [number, hash] = kept_names_.front();
    if (const auto bank = banks_.find(number); bank != banks_.end()) ForgetName(*bank->second, hash);
  }
  if (kept_words_ <= limits_.words) return;
  for (const auto& [number, bank] : banks_) {
    bank->category_names.clear();
    bank->callers.clear();
  }
  kept_words_ = 0;
}

OpenBank* WorkingState::FindBank(std::string_view id) const {
  if (const auto known = banks_by_id_.find(Abs(id)); known != banks_by_id_.end()) return known->second;
  sv1::InstanceRow instance;
  GetRow(Family::kMeta, storage::kMetaInstance, &instance);
  sv1::SlugRow slug;
  if (!GetRow(Family::kSlug, storage::SlugKey(0, instance.secret(), "bank", id), &slug)) return nullptr;
  OpenBank* bank = &BankNumbered(slug.number());
  bank->id = id;
  banks_by_id_.emplace(id, bank);
  return bank;
}

OpenBank& WorkingState::BankNumbered(BankNumber number) const {
  std::unique_ptr<OpenBank>& bank = banks_[number];
  if (bank == nullptr) {
    bank = std::make_unique<OpenBank>(number);
    kept_banks_.push_back(number);
  }
  return *bank;
}

void WorkingState::LoadRow(OpenBank& bank) const {
  if (bank.row_state != RowState::kNotRead) return;
  const std::string before = bank.row.secret();
  bank.row.Clear();
  bank.row_state =
      ReadRow(Family::kDirectory, storage::DirectoryKey(bank.number, DirectoryKind::kBank, 0), &bank.row);
  if (bank.row.secret() == before) return;
  bank.secret = storage::HmacKey(bank.row.secret());
  for (auto& names : bank.names) names.clear();
  bank.names_by_hash.clear();
  bank.callers.clear();
}

const sv1::BankRow& WorkingState::RowOf(OpenBank& bank) const {
  LoadRow(bank);
  return bank.row;
}

const storage::HmacKey& WorkingState::SecretOf(OpenBank& bank) const {
  LoadRow(bank);
  return bank.secret;
}

std::optional<uint64_t> WorkingState::NumberNamed(OpenBank& bank, NameKind kind,
                                                  std::string_view text) const {
  LoadRow(bank);
  auto& names = bank.names[static_cast<size_t>(kind)];
  if (const auto known = names.find(Abs(text)); known != names.end()) return known->second;
  const std::string key = storage::SlugKey(bank.number, bank.secret, WordOf(kind), text);
  sv1::SlugRow slug;
  if (!GetRow(Family::kSlug, key, &slug)) return std::nullopt;
  names.emplace(text, slug.number());
  if (kind == NameKind::kMember && slug.member_state() != 0) {
    // Nearly always who is asked for by name is asked for as a member next.
    AccountSlot& slot = SlotOf(bank, static_cast<AccountNumber>(slug.number()));
    if (slot.member_state == RowState::kNotRead) {
      slot.member_state = RowState::kPresent;
      slot.member = FactsOf(slug);
    }
  }
  const OpenBank::NameHash hash(Number64At(key, 8), Number64At(key, 16));
  bank.names_by_hash.insert_or_assign(hash, std::pair(kind, std::string(text)));
  kept_names_.emplace_back(bank.number, hash);
  return slug.number();
}

std::string WorkingState::CategoryName(OpenBank& bank, uint32_t number) const {
  if (number == 0) return "";
  if (const auto known = bank.category_names.find(number); known != bank.category_names.end()) {
    return known->second;
  }
  sv1::NameRow row;
  if (!GetRow(Family::kDirectory, storage::DirectoryKey(bank.number, DirectoryKind::kCategory, number),
              &row)) {
    return "";
  }
  ++kept_words_;
  return bank.category_names.emplace(number, row.name()).first->second;
}

std::string WorkingState::RequestKey(OpenBank& bank, const std::string& owner,
                                     std::string_view request_id) const {
  LoadRow(bank);
  auto caller = bank.callers.find(owner);
  if (caller == bank.callers.end()) {
    caller = bank.callers.emplace(owner, storage::CallerHash(bank.secret, owner)).first;
    ++kept_words_;
  }
  return storage::RequestKey(bank.number, bank.secret, caller->second, request_id);
}

// --- accounts and heads

AccountSlot& WorkingState::SlotOf(OpenBank& bank, AccountNumber account) const {
  std::unique_ptr<OpenBank::AccountPage>& page = bank.accounts[account / OpenBank::kPageAccounts];
  if (page == nullptr) {
    page = std::make_unique<OpenBank::AccountPage>();
    kept_pages_.emplace_back(bank.number, account / OpenBank::kPageAccounts);
  }
  return (*page)[account % OpenBank::kPageAccounts];
}

AccountSlot& WorkingState::LoadedAccount(OpenBank& bank, AccountNumber account) const {
  AccountSlot& slot = SlotOf(bank, account);
  if (slot.figures_state == RowState::kNotRead) {
    sv1::AccountRow row;
    slot.figures_state = ReadRow(Family::kAccount, storage::AccountKey(bank.number, account), &row);
    slot.figures = FiguresOf(row);
  }
  return slot;
}

const AccountFigures& WorkingState::AccountOf(OpenBank& bank, AccountNumber account) const {
  return LoadedAccount(bank, account).figures;
}

AccountFigures& WorkingState::ChangeAccount(OpenBank& bank, AccountNumber account) {
  AccountSlot& slot = LoadedAccount(bank, account);
  account_undo_.push_back({&bank, account, slot.figures, slot.figures_state, slot.changed});
  slot.figures_state = RowState::kPresent;
  if (!slot.changed) {
    slot.changed = true;
    changed_.emplace_back(&bank, account);
  }
  return slot.figures;
}

const MemberFacts* WorkingState::MemberOf(OpenBank& bank, AccountNumber account) const {
  if (storage::KindOf(account) != storage::HolderKind::kMember) return nullptr;
  AccountSlot& slot = SlotOf(bank, account);
  if (slot.member_state == RowState::kNotRead) {
    sv1::MemberRow row;
    slot.member_state =
        ReadRow(Family::kDirectory,
                storage::DirectoryKey(bank.number, DirectoryKind::kMember, storage::NumberOf(account)), &row);
    slot.member = FactsOf(row);
  }
  return slot.member_state == RowState::kPresent ? &slot.member : nullptr;
}

void WorkingState::LoadHead(OpenBank& bank) const {
  if (bank.head_state != RowState::kNotRead) return;
  bank.head.Clear();
  bank.head_state = ReadRow(Family::kAccount, storage::AccountKey(bank.number, 0), &bank.head);
}

const sv1::HeadRow& WorkingState::HeadOf(OpenBank& bank) const {
  LoadHead(bank);
  return bank.head;
}

void WorkingState::PutHead(OpenBank& bank, const sv1::HeadRow& head) {
  LoadHead(bank);
  head_undo_.push_back({&bank, bank.head, bank.head_state, bank.head_changed});
  bank.head = head;
  bank.head_state = RowState::kPresent;
  if (!bank.head_changed) {
    bank.head_changed = true;
    changed_.emplace_back(&bank, 0);
  }
}

void WorkingState::PutAccountRow(OpenBank& bank, AccountNumber account, const std::string& value) {
  assert(!value.empty() && "nobody's account is ever removed");
  sv1::HeadRow head;
  sv1::AccountRow row;
  absl::Status status = account == 0 ? storage::DecodeRow(value, &head) : storage::DecodeRow(value, &row);
  if (!status.ok()) {
    Latch(status);
  } else if (account == 0) {
    PutHead(bank, head);
  } else {
    ChangeAccount(bank, account) = FiguresOf(row);
  }
}

std::string WorkingState::AccountValue(OpenBank& bank, AccountNumber account) const {
  if (account == 0) {
    LoadHead(bank);
    return bank.head_state == RowState::kPresent ? storage::EncodeRow(bank.head) : "";
  }
  const AccountSlot& slot = LoadedAccount(bank, account);
  return slot.figures_state == RowState::kPresent ? storage::EncodeRow(ledger::RowOf(slot.figures)) : "";
}

// --- entries

std::optional<sv1::Entry> WorkingState::Entry(BankNumber bank, Sequence sequence) const {
  sv1::Entry entry;
  const auto parse = [&](std::string_view bytes) -> std::optional<sv1::Entry> {
    if (entry.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return std::move(entry);
    Latch(absl::DataLossError("an entry's bytes do not parse"));
    return std::nullopt;
  };
  for (auto floor = floors_.rbegin(); floor != floors_.rend(); ++floor) {
    if (const auto bytes = floor->layer->EntryBytes(bank, sequence)) return parse(*bytes);
  }
  const auto bytes = base_->EntryBytes(bank, sequence);
  if (!bytes.ok()) {
    Latch(bytes.status());
    return std::nullopt;
  }
  return bytes->has_value() ? parse(**bytes) : std::nullopt;
}

void WorkingState::AppendEntry(const sv1::Entry& entry, const sv1::TextRow* text) {
  top().Append(entry, text);
}

void WorkingState::IndexDays(Floor* floor) {
  for (; floor->entries_by_day < floor->layer->entry_count(); ++floor->entries_by_day) {
    const std::string_view bytes = floor->layer->EntryBytes(floor->entries_by_day);
    sv1::Entry entry;
    entry.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
    for (const auto& movement : entry.movements()) {
      floor->days[{entry.bank(), movement.account(), entry.occurred_on()}].push_back(
          {entry.sequence(), movement.seconds()});
    }
  }
}

// Takes what stands behind the first `entries` out of the index.
void WorkingState::UnindexDays(Floor* floor, size_t entries) {
  for (; floor->entries_by_day > entries; --floor->entries_by_day) {
    const std::string_view bytes = floor->layer->EntryBytes(floor->entries_by_day - 1);
    sv1::Entry entry;
    entry.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
    for (const auto& movement : entry.movements()) {
      floor->days[{entry.bank(), movement.account(), entry.occurred_on()}].pop_back();
    }
  }
}

void WorkingState::ScanDay(BankNumber bank, AccountNumber account, Day day,
                           const std::function<void(Sequence, int64_t seconds)>& visit) const {
  // Where a batch has been applied and is not dropped yet its movements stand in the base as well: each is
  // told once.
  Sequence last = 0;
  auto once = [&](Sequence sequence, int64_t seconds) {
    if (sequence <= last) return;
    last = sequence;
    visit(sequence, seconds);
  };
  if (absl::Status status = base_->ScanDay(bank, account, day, once); !status.ok()) Latch(status);
  for (Floor& floor : floors_) {
    IndexDays(&floor);
    const auto found = floor.days.find({bank, account, day});
    if (found == floor.days.end()) continue;
    for (const Floor::DayMovement& movement : found->second) once(movement.sequence, movement.seconds);
  }
}

// --- undoing

WorkingState::Mark WorkingState::Savepoint() const {
  return {.rows = row_undo_.size(),
          .accounts = account_undo_.size(),
          .heads = head_undo_.size(),
          .changed = changed_.size(),
          .entries = top().entry_count()};
}

void WorkingState::RollBack(const Mark& mark) {
  while (row_undo_.size() > mark.rows) {
    RowUndo& undo = row_undo_.back();
    top().UndoRow(undo.key.first, undo.key.second, std::move(undo.in_layer));
    Forget(undo.key.first, undo.key.second);
    row_undo_.pop_back();
  }
  while (account_undo_.size() > mark.accounts) {
    const AccountUndo& undo = account_undo_.back();
    AccountSlot& slot = LoadedAccount(*undo.bank, undo.account);
    slot.figures = undo.figures;
    slot.figures_state = undo.state;
    slot.changed = undo.changed;
    account_undo_.pop_back();
  }
  while (head_undo_.size() > mark.heads) {
    const HeadUndo& undo = head_undo_.back();
    undo.bank->head = undo.head;
    undo.bank->head_state = undo.state;
    undo.bank->head_changed = undo.changed;
    head_undo_.pop_back();
  }
  changed_.resize(mark.changed);
  UnindexDays(&floors_.back(), mark.entries);
  top().Truncate(mark.entries);
}

void WorkingState::Keep() {
  row_undo_.clear();
  account_undo_.clear();
  head_undo_.clear();
}

std::vector<WorkingState::Change> WorkingState::ChangesSince(const Mark& mark, Family family) const {
  std::vector<Change> changes;
  absl::flat_hash_set<std::string> seen;
  if (family == Family::kAccount) {
    for (size_t i = mark.heads; i < head_undo_.size(); ++i) {
      const HeadUndo& undo = head_undo_[i];
      Change change{.key = storage::AccountKey(undo.bank->number, 0), .before = std::nullopt};
      if (undo.state == RowState::kPresent) change.before = storage::EncodeRow(undo.head);
      if (seen.insert(change.key).second) changes.push_back(std::move(change));
    }
    for (size_t i = mark.accounts; i < account_undo_.size(); ++i) {
      const AccountUndo& undo = account_undo_[i];
      Change change{.key = storage::AccountKey(undo.bank->number, undo.account), .before = std::nullopt};
      if (undo.state == RowState::kPresent) change.before = storage::EncodeRow(ledger::RowOf(undo.figures));
      if (seen.insert(change.key).second) changes.push_back(std::move(change));
    }
    return changes;
  }
  for (size_t i = mark.rows; i < row_undo_.size(); ++i) {
    const RowUndo& undo = row_undo_[i];
    if (undo.key.first != family || !seen.insert(undo.key.second).second) continue;
    Change change{.key = undo.key.second, .before = undo.in_layer};
    if (!change.before) change.before = Read(family, change.key, /*above=*/1);
    if (change.before && change.before->empty()) change.before.reset();
    changes.push_back(std::move(change));
  }
  return changes;
}

std::vector<sv1::Entry> WorkingState::EntriesSince(const Mark& mark) const {
  std::vector<sv1::Entry> entries;
  for (size_t i = mark.entries; i < top().entry_count(); ++i) {
    const std::string_view bytes = top().EntryBytes(i);
    entries.emplace_back().ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
  }
  return entries;
}

// --- batches

void WorkingState::WriteAccounts(Layer* layer) const {
  std::vector<std::pair<OpenBank*, AccountNumber>> sorted = changed_;
  std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) {
    return std::pair(a.first->number, a.second) < std::pair(b.first->number, b.second);
  });
  for (const auto& [bank, account] : sorted) {
    if (account == 0) {
      layer->PutAccount(bank->number, account, bank->head);
    } else {
      layer->PutAccount(bank->number, account, ledger::RowOf(LoadedAccount(*bank, account).figures));
    }
  }
}

std::shared_ptr<const Layer> WorkingState::Seal() {
  std::shared_ptr<Layer> sealed = floors_.back().layer;
  WriteAccounts(sealed.get());
  for (const auto& [bank, account] : changed_) {
    (account == 0 ? bank->head_changed : LoadedAccount(*bank, account).changed) = false;
  }
  sealed->Finish();
  changed_.clear();
  Keep();
  BeginLayer();
  LimitCaches();
  return sealed;
}

void WorkingState::BeginLayer() {
  floors_.emplace_back().layer = spare_ != nullptr ? std::move(spare_) : std::make_shared<Layer>();
}

void WorkingState::DropOldest() {
  std::shared_ptr<Layer> dropped = std::move(floors_.front().layer);
  floors_.pop_front();
  if (dropped.use_count() != 1) return;  // somebody still looks at it
  dropped->Reset();
  spare_ = std::move(dropped);
}

std::shared_ptr<const Layer> WorkingState::Peek() const {
  std::shared_ptr<Layer> layer = top().Clone();
  WriteAccounts(layer.get());
  layer->Finish();
  return layer;
}

size_t WorkingState::layer_bytes() const { return top().bytes() + changed_.size() * kMostAccountBytes; }

}  // namespace timebank::ledger
