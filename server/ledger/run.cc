#include "server/ledger/run.h"

#include <algorithm>
#include <charconv>

#include "absl/strings/str_cat.h"
#include "server/ledger/fold_case.h"
#include "server/ledger/validate.h"
#include "storage/hash.h"
#include "storage/keys.h"
#include "storage/pages.h"

namespace timebank::ledger {

using storage::DirectoryKind;
using storage::Family;

namespace {

std::string_view WhatOf(HolderKind kind) {
  switch (kind) {
    case HolderKind::kMember:
      return "member";
    case HolderKind::kCircle:
      return "circle";
    default:
      return "pot";
  }
}

constexpr size_t kSaltBytes = 16;

bool Add(int64_t a, int64_t b, int64_t* sum) { return !__builtin_add_overflow(a, b, sum); }

// Moves `figures` by one movement of `entry`. false, and nothing moved: a sum would not fit.
bool Move(const sv1::Entry& entry, int64_t seconds, AccountFigures* figures) {
  const storage::Sums sums = storage::SumsOf(entry.kind(), entry.reversed_kind(), seconds);
  int64_t balance;
  int64_t in;
  int64_t out;
  if (!Add(figures->balance, seconds, &balance) || !Add(figures->seconds_in, sums.seconds_in, &in) ||
      !Add(figures->seconds_out, sums.seconds_out, &out)) {
    return false;
  }
  for (int64_t sum : {balance, in, out}) {
    if (sum > kMaxSumSeconds || sum < -kMaxSumSeconds) return false;
  }
  figures->balance = balance;
  figures->seconds_in = in;
  figures->seconds_out = out;
  figures->exchange_count += sums.exchange_count;
  if (++figures->movement_count == 1) figures->last_exchange_on = storage::kNoDay;
  figures->last_sequence = entry.sequence();
  if (entry.kind() == sv1::ENTRY_KIND_EXCHANGE) {
    figures->last_exchange_on = std::max(figures->last_exchange_on, entry.occurred_on());
  }
  return true;
}

Refusal TooMuch(AccountNumber account) {
  Refusal refusal = Refuse(Reason::kAmountOverflow);
  refusal.account = account;
  return refusal;
}

}  // namespace

Refusal HolderNotFound(const HolderRef& holder) {
  Refusal refusal = Refuse(Reason::kHolderNotFound);
  refusal.named = absl::StrCat(absl::string_view(WhatOf(holder.kind).data(), WhatOf(holder.kind).size()),
                               "s/", holder.id);
  return refusal;
}

void Parts::Clear() {
  givers.clear();
  receivers.clear();
  seconds = 0;
  remainder = 0;
  unnamed_givers = 0;
  unnamed_receivers = 0;
  occurred_on = 0;
  category = 0;
  category_name.reset();
  acting_for = 0;
  texts.Clear();
}

Verdict Run::OpenBank() {
  open_ = state.FindBank(command.bank);
  if (open_ == nullptr) {
    Refusal refusal = Refuse(Reason::kTimebankNotFound);
    refusal.named = command.bank;
    return refusal;
  }
  bank = open_->number;
  if (command.actor.bank != 0 && command.actor.bank != bank) return Refuse(Reason::kRoleRequired);
  Reload();
  if (!command.request_id.empty()) {
    request_key = state.RequestKey(*open_, command.actor.RequestOwner(), command.request_id);
  }
  return std::nullopt;
}

void Run::BeginBank(BankNumber number) {
  open_ = &state.BankNumbered(number);
  bank = number;
  Reload();
}

Verdict Run::OpenActor() {
  if (command.actor.member.empty()) return std::nullopt;
  return FindHolder({HolderKind::kMember, command.actor.member}, &actor_member);
}

void Run::Reload() {
  changed_bank_.reset();
  key_number_ = 0;
  head = state.HeadOf(*open_);
  act_begins_ = head.last_sequence() + 1;
}

sv1::BankRow& Run::ChangeBank() {
  if (!changed_bank_) changed_bank_ = state.RowOf(*open_);
  return *changed_bank_;
}

void Run::PutBank() {
  state.PutRow(Family::kDirectory, storage::DirectoryKey(bank, DirectoryKind::kBank, 0), bank_row());
}

std::optional<AccountNumber> Run::FindUnmerged(HolderKind kind, const std::string& id) {
  if (kind == HolderKind::kPot) {
    if (id == "community") return storage::kCommunityPot;
    if (id == "opening") return storage::kOpeningPot;
    return std::nullopt;
  }
  const std::optional<uint64_t> number =
      state.NumberNamed(*open_, kind == HolderKind::kCircle ? NameKind::kCircle : NameKind::kMember, id);
  if (!number) return std::nullopt;
  return static_cast<AccountNumber>(*number);
}

Verdict Run::FindHolder(const HolderRef& holder, AccountNumber* account) {
  std::optional<AccountNumber> found = FindUnmerged(holder.kind, holder.id);
  if (!found) return HolderNotFound(holder);
  *account = Survivor(*found);
  return std::nullopt;
}

AccountNumber Run::Survivor(AccountNumber account) {
  while (const MemberFacts* member = Member(account)) {
    if (member->merged_into == 0) break;
    account = member->merged_into;
  }
  return account;
}

bool Run::MemberRecord(AccountNumber account, sv1::MemberRow* row) const {
  return state.GetRow(Family::kDirectory,
                      storage::DirectoryKey(bank, DirectoryKind::kMember, storage::NumberOf(account)), row);
}

void Run::PutMember(AccountNumber account, const sv1::MemberRow& row) {
  state.PutRow(Family::kDirectory,
               storage::DirectoryKey(bank, DirectoryKind::kMember, storage::NumberOf(account)), row);
  sv1::SlugRow slug;
  slug.set_number(account);
  slug.set_member_state(row.state());
  slug.set_member_closed_on(row.closed_on());
  slug.set_member_merged_into(row.merged_into());
  state.PutRow(Family::kSlug, storage::SlugKey(bank, secret(), "member", row.slug()), slug);
}

Verdict Run::CategoryNumber(const std::string& name, std::string_view field, uint32_t* number) {
  *number = 0;
  if (name.empty()) return std::nullopt;
  bool added = false;
  *number = FindOrAddCategory(name, &added);
  if (!added) return std::nullopt;
  if (bank_row().settings().categories_size() >= static_cast<int>(kMaxCategories)) {
    return Invalid(std::string(field), violation::kTooMany);
  }
  ChangeBank().mutable_settings()->add_categories(*number);
  PutBank();
  return std::nullopt;
}

uint32_t Run::FindOrAddCategory(const std::string& name, bool* added) {
  const std::string folded = FoldCase(name);
  *added = false;
  if (const std::optional<uint32_t> known = FindCategory(folded)) return *known;
  *added = true;
  const uint32_t number = head.category_count() + 1;
  head.set_category_count(number);
  PutHead();
  sv1::SlugRow slug;
  slug.set_number(number);
  state.PutRow(Family::kSlug, storage::SlugKey(bank, secret(), "category", folded), slug);
  sv1::NameRow row;
  row.set_name(name);
  state.PutRow(Family::kDirectory, storage::DirectoryKey(bank, DirectoryKind::kCategory, number), row);
  ChangeBank().set_folded_categories(number);
  PutBank();
  return number;
}

std::optional<uint32_t> Run::FindCategory(const std::string& folded) {
  const auto find = [&] { return state.NumberNamed(*open_, NameKind::kCategory, folded); };
  std::optional<uint64_t> known = find();
  const uint32_t count = head.category_count();
  if (!known && bank_row().folded_categories() < count) {
    // Names that a server added which folded ASCII letters alone: once, they get the keys that they are
    // looked for by.
    for (uint32_t number = bank_row().folded_categories() + 1; number <= count; ++number) {
      const std::string key = storage::SlugKey(bank, secret(), "category", FoldCase(CategoryName(number)));
      sv1::SlugRow slug;
      if (state.GetRow(Family::kSlug, key, &slug)) continue;  // of several, the first
      slug.set_number(number);
      state.PutRow(Family::kSlug, key, slug);
    }
    ChangeBank().set_folded_categories(count);
    PutBank();
    known = find();
  }
  return known ? std::optional(static_cast<uint32_t>(*known)) : std::nullopt;
}

uint32_t Run::KeyNumber() {
  if (key_number_ != 0) return key_number_;
  const std::string& caller = command.actor.caller;
  if (const std::optional<uint64_t> known = state.NumberNamed(*open_, NameKind::kKey, caller)) {
    return key_number_ = static_cast<uint32_t>(*known);
  }
  head.set_key_count(head.key_count() + 1);
  sv1::SlugRow slug;
  slug.set_number(head.key_count());
  state.PutRow(Family::kSlug, storage::SlugKey(bank, secret(), "key", caller), slug);
  sv1::NameRow row;
  row.set_name(caller);
  state.PutRow(Family::kDirectory, storage::DirectoryKey(bank, DirectoryKind::kKey, slug.number()), row);
  return key_number_ = head.key_count();
}

Verdict Run::BrokersOnly() const {
  if (broker()) return std::nullopt;
  return Refuse(Reason::kRoleRequired);
}

Verdict Run::Speaker(const HolderRef& acting_for, AccountNumber* account) {
  *account = actor_member;
  if (!acting_for.given()) return std::nullopt;
  if (Verdict no = FindHolder(acting_for, account)) return no;
  return MayActFor(*account);
}

std::string_view Run::NextSalt() {
  char number[10];
  const char* const end = std::to_chars(number, number + sizeof(number), salts_++).ptr;
  salt_ = storage::Sha256({command.stamp.seed, "/", std::string_view(number, end - number)});
  return salt_.First(kSaltBytes);
}

Verdict Run::Fits(const sv1::Entry& entry) const {
  for (const sv1::EntryMovement& movement : entry.movements()) {
    AccountFigures figures = Account(movement.account());
    if (!Move(entry, movement.seconds(), &figures)) return TooMuch(movement.account());
  }
  return std::nullopt;
}

Verdict Run::Append(sv1::Entry* entry, const sv1::Texts& texts) {
  entry->set_bank(bank);
  entry->set_sequence(head.last_sequence() + 1);
  entry->set_record_time_us(std::max(command.stamp.now_us, head.last_record_time_us()));
  entry->set_recorder(actor_member);
  entry->set_key(KeyNumber());
  if (principal_ != 0) {
    entry->set_under_grant(under_grant_);
    Count(*entry);
  }
  for (sv1::EntryMovement& movement : *entry->mutable_movements()) {
    AccountFigures& figures = ChangeAccount(movement.account());
    if (!Move(*entry, movement.seconds(), &figures)) return TooMuch(movement.account());
    movement.set_balance_after(figures.balance);
  }
  const bool any_text = texts.ByteSizeLong() > 0;
  if (any_text) {
    const std::string_view salt = NextSalt();
    text_row_.set_salt(salt.data(), salt.size());
    texts.SerializeToString(text_row_.mutable_texts());
    text_row_.set_request_key(request_key);
    const storage::Digest commitment = storage::HmacKey(salt).Of(text_row_.texts());
    entry->set_text_commitment(commitment.bytes().data(), storage::Digest::kBytes);
  }
  if (head.last_sequence() == 0 || command.stamp.today > head.last_record_day()) {
    sv1::SlugRow first;
    first.set_number(entry->sequence());
    state.PutRow(Family::kClock, storage::ClockKey(bank, command.stamp.today), first);
    head.set_last_record_day(command.stamp.today);
  }
  head.set_last_sequence(entry->sequence());
  head.set_last_record_time_us(entry->record_time_us());
  PutHead();
  state.AppendEntry(*entry, any_text ? &text_row_ : nullptr);
  NoteAct(entry->subject());
  return std::nullopt;
}

void Run::NoteAct(AccountNumber account) {
  if (storage::KindOf(account) != HolderKind::kMember || account == actor_member) return;
  state.PutRow(Family::kAct, storage::ActKey(bank, account, head.last_sequence()), sv1::ActRow());
}

Verdict Run::CheckOrigin(const std::optional<OriginSpec>& origin) {
  if (!origin) return std::nullopt;
  origin_key_ = storage::OriginKey(bank, secret(), origin->system, origin->number);
  sv1::OriginRow row;
  if (state.GetRow(Family::kOrigin, origin_key_, &row)) {
    return OriginRecorded(row.sequence());
  }
  return std::nullopt;
}

// Whoever imports for the bank is told what stands under that origin: it may be something else.
Refusal Run::OriginRecorded(Sequence sequence) const {
  Refusal refusal = Refuse(Reason::kOriginRecorded);
  refusal.sequence = sequence;
  if (!broker()) return refusal;
  const std::optional<sv1::Entry> entry = state.Entry(bank, sequence);
  if (!entry) return refusal;
  refusal.numbers = {{"seconds", entry->seconds()}};
  const auto& movements = entry->movements();
  const auto giver =
      std::find_if(movements.begin(), movements.end(), [](const auto& one) { return one.seconds() > 0; });
  if (giver != movements.end()) refusal.account = giver->account();
  return refusal;
}

void Run::KeepOrigin(const std::optional<OriginSpec>& origin, Sequence sequence) {
  if (!origin) return;
  sv1::OriginRow row;
  row.set_sequence(sequence);
  state.PutRow(Family::kOrigin, origin_key_, row);
}

}  // namespace timebank::ledger
