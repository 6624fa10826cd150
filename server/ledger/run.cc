#include "server/ledger/run.h"

#include <openssl/sha.h>

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
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

Refusal HolderNotFound(const HolderRef& holder) {
  Refusal refusal = Refuse(Reason::kHolderNotFound);
  refusal.named = absl::StrCat(absl::string_view(WhatOf(holder.kind).data(), WhatOf(holder.kind).size()),
                               "s/", holder.id);
  return refusal;
}

bool Add(int64_t a, int64_t b, int64_t* sum) { return !__builtin_add_overflow(a, b, sum); }

// Moves `row` by one movement of `entry`. false: a sum would not fit.
bool Move(const sv1::Entry& entry, int64_t seconds, sv1::AccountRow* row) {
  const storage::Sums sums = storage::SumsOf(entry.kind(), entry.reversed_kind(), seconds);
  int64_t balance;
  int64_t in;
  int64_t out;
  if (!Add(row->balance(), seconds, &balance) || !Add(row->seconds_in(), sums.seconds_in, &in) ||
      !Add(row->seconds_out(), sums.seconds_out, &out)) {
    return false;
  }
  for (int64_t sum : {balance, in, out}) {
    if (sum > kMaxSumSeconds || sum < -kMaxSumSeconds) return false;
  }
  row->set_balance(balance);
  row->set_seconds_in(in);
  row->set_seconds_out(out);
  row->set_exchange_count(row->exchange_count() + sums.exchange_count);
  row->set_movement_count(row->movement_count() + 1);
  row->set_last_sequence(entry.sequence());
  if (entry.kind() == sv1::ENTRY_KIND_EXCHANGE) {
    const Day last = row->movement_count() == 1 ? storage::kNoDay : row->last_exchange_on();
    row->set_last_exchange_on(std::max(last, entry.occurred_on()));
  } else if (row->movement_count() == 1) {
    row->set_last_exchange_on(storage::kNoDay);
  }
  return true;
}

Refusal TooMuch(AccountNumber account) {
  Refusal refusal = Refuse(Reason::kAmountOverflow);
  refusal.account = account;
  return refusal;
}

}  // namespace

Verdict Run::OpenBank() {
  sv1::InstanceRow instance;
  state.GetRow(Family::kMeta, storage::kMetaInstance, &instance);
  sv1::SlugRow slug;
  if (!state.GetRow(Family::kSlug, storage::SlugKey(0, instance.secret(), "bank", command.bank), &slug)) {
    Refusal refusal = Refuse(Reason::kTimebankNotFound);
    refusal.named = command.bank;
    return refusal;
  }
  bank = slug.number();
  Reload();
  if (!command.request_id.empty()) {
    request_key =
        storage::RequestKey(bank, bank_row.secret(), command.actor.RequestOwner(), command.request_id);
  }
  return std::nullopt;
}

Verdict Run::OpenActor() {
  if (command.actor.member.empty()) return std::nullopt;
  return FindHolder({HolderKind::kMember, command.actor.member}, &actor_member);
}

void Run::Reload() {
  bank_row.Clear();
  head.Clear();
  members_.clear();
  state.GetRow(Family::kDirectory, storage::DirectoryKey(bank, DirectoryKind::kBank, 0), &bank_row);
  state.GetRow(Family::kAccount, storage::AccountKey(bank, 0), &head);
}

std::optional<AccountNumber> Run::FindUnmerged(HolderKind kind, const std::string& id) {
  if (kind == HolderKind::kPot) {
    if (id == "community") return storage::kCommunityPot;
    if (id == "opening") return storage::kOpeningPot;
    return std::nullopt;
  }
  sv1::SlugRow slug;
  if (!state.GetRow(Family::kSlug, storage::SlugKey(bank, bank_row.secret(), WhatOf(kind), id), &slug)) {
    return std::nullopt;
  }
  return static_cast<AccountNumber>(slug.number());
}

Verdict Run::FindHolder(const HolderRef& holder, AccountNumber* account) {
  std::optional<AccountNumber> found = FindUnmerged(holder.kind, holder.id);
  if (!found) return HolderNotFound(holder);
  *account = Survivor(*found);
  return std::nullopt;
}

AccountNumber Run::Survivor(AccountNumber account) {
  while (storage::KindOf(account) == HolderKind::kMember) {
    const sv1::MemberRow* member = Member(account);
    if (member == nullptr || member->merged_into() == 0) break;
    account = member->merged_into();
  }
  return account;
}

const sv1::MemberRow* Run::Member(AccountNumber account) {
  if (storage::KindOf(account) != HolderKind::kMember) return nullptr;
  auto [found, inserted] = members_.try_emplace(account);
  if (inserted &&
      !state.GetRow(Family::kDirectory,
                    storage::DirectoryKey(bank, DirectoryKind::kMember, storage::NumberOf(account)),
                    &found->second)) {
    members_.erase(found);
    return nullptr;
  }
  return &found->second;
}

void Run::PutMember(AccountNumber account, const sv1::MemberRow& row) {
  state.PutRow(Family::kDirectory,
               storage::DirectoryKey(bank, DirectoryKind::kMember, storage::NumberOf(account)), row);
  members_[account] = row;
}

sv1::AccountRow Run::Account(AccountNumber account) const {
  sv1::AccountRow row;
  state.GetRow(Family::kAccount, storage::AccountKey(bank, account), &row);
  return row;
}

void Run::PutAccount(AccountNumber account, const sv1::AccountRow& row) {
  state.PutRow(Family::kAccount, storage::AccountKey(bank, account), row);
}

void Run::PutBank() {
  state.PutRow(Family::kDirectory, storage::DirectoryKey(bank, DirectoryKind::kBank, 0), bank_row);
}

void Run::PutHead() { state.PutRow(Family::kAccount, storage::AccountKey(bank, 0), head); }

Verdict Run::CategoryNumber(const std::string& name, std::string_view field, uint32_t* number) {
  *number = 0;
  if (name.empty()) return std::nullopt;
  std::string key = storage::SlugKey(bank, bank_row.secret(), "category", absl::AsciiStrToLower(name));
  sv1::SlugRow slug;
  if (!state.GetRow(Family::kSlug, key, &slug)) {
    if (head.category_count() >= kMaxCategories) return Invalid(std::string(field), violation::kTooMany);
    head.set_category_count(head.category_count() + 1);
    PutHead();
    slug.set_number(head.category_count());
    state.PutRow(Family::kSlug, std::move(key), slug);
    sv1::NameRow row;
    row.set_name(name);
    state.PutRow(Family::kDirectory, storage::DirectoryKey(bank, DirectoryKind::kCategory, slug.number()),
                 row);
    bank_row.mutable_settings()->add_categories(static_cast<uint32_t>(slug.number()));
    PutBank();
  }
  *number = static_cast<uint32_t>(slug.number());
  return std::nullopt;
}

uint32_t Run::KeyNumber() {
  std::string key = storage::SlugKey(bank, bank_row.secret(), "key", command.actor.caller);
  sv1::SlugRow slug;
  if (!state.GetRow(Family::kSlug, key, &slug)) {
    head.set_key_count(head.key_count() + 1);
    slug.set_number(head.key_count());
    state.PutRow(Family::kSlug, std::move(key), slug);
    sv1::NameRow row;
    row.set_name(command.actor.caller);
    state.PutRow(Family::kDirectory, storage::DirectoryKey(bank, DirectoryKind::kKey, slug.number()), row);
  }
  return static_cast<uint32_t>(slug.number());
}

Verdict Run::BrokersOnly() const {
  if (broker()) return std::nullopt;
  return Refuse(Reason::kRoleRequired);
}

Verdict Run::Speaker(const HolderRef& acting_for, AccountNumber* account) {
  *account = actor_member;
  if (!acting_for.given()) return std::nullopt;
  if (Verdict no = FindHolder(acting_for, account)) return no;
  return BrokersOnly();
}

std::string Run::NextSalt() {
  std::string bytes = absl::StrCat(command.stamp.seed, "/", salts_++);
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest);
  return std::string(reinterpret_cast<const char*>(digest), 16);
}

Verdict Run::Fits(const sv1::Entry& entry) const {
  for (const sv1::EntryMovement& movement : entry.movements()) {
    sv1::AccountRow row = Account(movement.account());
    if (!Move(entry, movement.seconds(), &row)) return TooMuch(movement.account());
  }
  return std::nullopt;
}

Verdict Run::Append(sv1::Entry* entry, const sv1::Texts& texts) {
  entry->set_bank(bank);
  entry->set_sequence(head.last_sequence() + 1);
  entry->set_record_time_us(std::max(command.stamp.now_us, head.last_record_time_us()));
  entry->set_recorder(actor_member);
  entry->set_key(KeyNumber());
  for (sv1::EntryMovement& movement : *entry->mutable_movements()) {
    sv1::AccountRow row = Account(movement.account());
    if (!Move(*entry, movement.seconds(), &row)) return TooMuch(movement.account());
    movement.set_balance_after(row.balance());
    PutAccount(movement.account(), row);
  }
  if (sv1::TextRow row; texts.ByteSizeLong() > 0) {
    row.set_salt(NextSalt());
    row.set_texts(texts.SerializeAsString());
    row.set_request_key(request_key);
    entry->set_text_commitment(storage::HmacSha256(row.salt(), row.texts()));
    state.PutRow(Family::kText, storage::TextKey(bank, entry->sequence()), row);
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
  state.AppendEntry(*entry);
  return std::nullopt;
}

std::string Run::OriginRowKey(const OriginSpec& origin) const {
  return storage::OriginKey(bank, bank_row.secret(), origin.system, origin.number);
}

Verdict Run::CheckOrigin(const std::optional<OriginSpec>& origin) {
  if (!origin) return std::nullopt;
  sv1::OriginRow row;
  if (state.GetRow(Family::kOrigin, OriginRowKey(*origin), &row)) {
    Refusal refusal = Refuse(Reason::kOriginRecorded);
    refusal.sequence = row.sequence();
    return refusal;
  }
  return std::nullopt;
}

void Run::KeepOrigin(const std::optional<OriginSpec>& origin, Sequence sequence) {
  if (!origin) return;
  sv1::OriginRow row;
  row.set_sequence(sequence);
  state.PutRow(Family::kOrigin, OriginRowKey(*origin), row);
}

}  // namespace timebank::ledger
