#include "server/services/bank_reader.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/ledger/error.h"
#include "server/ledger/validate.h"
#include "server/services/days.h"
#include "server/services/errors.h"
#include "server/services/names.h"
#include "storage/keys.h"
#include "storage/status_macros.h"

namespace timebank::services {

namespace sv1 = storage::v1;
using ledger::HolderKind;
using ledger::Reason;
using storage::AccountNumber;
using storage::DirectoryKind;
using storage::Family;
using storage::Sequence;

namespace {

std::string_view PotId(AccountNumber account) {
  return account == storage::kCommunityPot ? "community" : "opening";
}

std::string_view WhatOf(HolderKind kind) { return kind == HolderKind::kMember ? "member" : "circle"; }

v1::Exchange::State StateOf(const sv1::MarkRow& mark) {
  return mark.state() == 0 ? v1::Exchange::STATE_RECORDED : static_cast<v1::Exchange::State>(mark.state());
}

}  // namespace

absl::StatusOr<sv1::InstanceRow> ReadInstance(const storage::View& view) {
  sv1::InstanceRow instance;
  TB_ASSIGN_OR_RETURN(bool found, view.GetRow(Family::kMeta, storage::kMetaInstance, &instance));
  if (!found) return ledger::ErrorOf(Reason::kNotServing, "the ledger is not ready");
  return instance;
}

absl::StatusOr<BankReader> BankReader::Open(const storage::View& view, const std::string& bank_id) {
  TB_ASSIGN_OR_RETURN(sv1::InstanceRow instance, ReadInstance(view));
  sv1::SlugRow slug;
  TB_ASSIGN_OR_RETURN(
      bool found, view.GetRow(Family::kSlug, storage::SlugKey(0, instance.secret(), "bank", bank_id), &slug));
  if (!found) return NotFound(Reason::kTimebankNotFound, BankName(bank_id));
  BankReader reader(view, slug.number());
  reader.epoch_ = instance.epoch();
  TB_RETURN_IF_ERROR(reader.Load());
  return reader;
}

absl::StatusOr<BankReader> BankReader::Open(const storage::View& view, storage::BankNumber bank) {
  TB_ASSIGN_OR_RETURN(sv1::InstanceRow instance, ReadInstance(view));
  BankReader reader(view, bank);
  reader.epoch_ = instance.epoch();
  TB_RETURN_IF_ERROR(reader.Load());
  return reader;
}

absl::Status BankReader::Load() {
  TB_ASSIGN_OR_RETURN(bool bank, view_.GetRow(Family::kDirectory,
                                              storage::DirectoryKey(bank_, DirectoryKind::kBank, 0), &row_));
  TB_ASSIGN_OR_RETURN(bool head, view_.GetRow(Family::kAccount, storage::AccountKey(bank_, 0), &head_));
  if (!bank || !head) return absl::DataLossError("a bank that is listed has no record");
  return absl::OkStatus();
}

std::string BankReader::PositionAt(Sequence sequence) const {
  return EncodePosition({bank_, sequence, epoch_});
}

absl::StatusOr<Sequence> BankReader::SequenceAt(const std::string& token, std::string_view field) const {
  const std::optional<Position> position = DecodePosition(token);
  // Another instance's bank of this name has another number, too.
  if (position && position->epoch != epoch_) {
    return ledger::ErrorOf(Reason::kEpochChanged,
                           "this position is of another instance of the ledger; start anew");
  }
  if (!position || position->bank != bank_) {
    return services::ToStatus({{std::string(field), std::string(ledger::violation::kMalformed)}}, "");
  }
  if (position->sequence > head_.last_sequence()) {
    return ledger::ErrorOf(Reason::kNotServing, "this server is not at that position yet; try again");
  }
  return position->sequence;
}

absl::StatusOr<AccountNumber> BankReader::FindHolder(const ledger::HolderRef& holder) const {
  if (holder.kind == HolderKind::kPot) {
    if (holder.id == "community") return storage::kCommunityPot;
    if (holder.id == "opening") return storage::kOpeningPot;
  } else {
    sv1::SlugRow slug;
    TB_ASSIGN_OR_RETURN(
        bool found,
        view_.GetRow(Family::kSlug, storage::SlugKey(bank_, row_.secret(), WhatOf(holder.kind), holder.id),
                     &slug));
    auto account = static_cast<AccountNumber>(slug.number());
    while (found && storage::KindOf(account) == HolderKind::kMember) {
      TB_ASSIGN_OR_RETURN(sv1::MemberRow member, MemberRowOf(account));
      if (member.merged_into() == 0) break;
      account = member.merged_into();
    }
    if (found) return account;
  }
  return NotFound(Reason::kHolderNotFound, HolderName(id(), holder.kind, holder.id));
}

absl::StatusOr<sv1::MemberRow> BankReader::MemberRowOf(AccountNumber account) const {
  if (auto known = members_.find(account); known != members_.end()) return known->second;
  sv1::MemberRow row;
  const std::string key = storage::DirectoryKey(bank_, DirectoryKind::kMember, storage::NumberOf(account));
  TB_ASSIGN_OR_RETURN(bool found, view_.GetRow(Family::kDirectory, key, &row));
  if (!found) return absl::DataLossError("a member that facts speak of has no record");
  return members_.emplace(account, std::move(row)).first->second;
}

absl::StatusOr<sv1::CircleRow> BankReader::CircleRowOf(AccountNumber account) const {
  sv1::CircleRow row;
  const std::string key = storage::DirectoryKey(bank_, DirectoryKind::kCircle, storage::NumberOf(account));
  TB_ASSIGN_OR_RETURN(bool found, view_.GetRow(Family::kDirectory, key, &row));
  if (!found) return absl::DataLossError("a circle that facts speak of has no record");
  return row;
}

absl::StatusOr<std::string> BankReader::NameOf(AccountNumber account) {
  if (auto known = names_.find(account); known != names_.end()) return known->second;
  const HolderKind kind = storage::KindOf(account);
  std::string slug(PotId(account));
  if (kind == HolderKind::kMember) {
    TB_ASSIGN_OR_RETURN(sv1::MemberRow row, MemberRowOf(account));
    slug = row.slug();
  } else if (kind == HolderKind::kCircle) {
    TB_ASSIGN_OR_RETURN(sv1::CircleRow row, CircleRowOf(account));
    slug = row.slug();
  }
  return names_.emplace(account, HolderName(id(), kind, slug)).first->second;
}

absl::StatusOr<std::string> BankReader::DisplayNameOf(AccountNumber account) {
  switch (storage::KindOf(account)) {
    case HolderKind::kMember: {
      TB_ASSIGN_OR_RETURN(sv1::MemberRow row, MemberRowOf(account));
      if (!row.display_name().empty()) return row.display_name();
      return absl::StrCat("Member ", storage::NumberOf(account));
    }
    case HolderKind::kCircle: {
      TB_ASSIGN_OR_RETURN(sv1::CircleRow row, CircleRowOf(account));
      if (!row.display_name().empty()) return row.display_name();
      return absl::StrCat("Circle ", storage::NumberOf(account));
    }
    default:
      return account == storage::kCommunityPot ? "Community pot" : "Opening balances";
  }
}

absl::StatusOr<std::vector<AccountNumber>> BankReader::AccountsOf(AccountNumber account) const {
  std::vector<AccountNumber> accounts = {account};
  if (storage::KindOf(account) == HolderKind::kMember) {
    TB_ASSIGN_OR_RETURN(sv1::MemberRow row, MemberRowOf(account));
    accounts.insert(accounts.end(), row.merged_accounts().begin(), row.merged_accounts().end());
  }
  return accounts;
}

absl::StatusOr<sv1::AccountRow> BankReader::AccountRowOf(AccountNumber account) const {
  sv1::AccountRow row;
  row.set_last_exchange_on(storage::kNoDay);
  sv1::AccountRow found_row;
  TB_ASSIGN_OR_RETURN(bool found,
                      view_.GetRow(Family::kAccount, storage::AccountKey(bank_, account), &found_row));
  return found ? found_row : row;
}

absl::StatusOr<std::string> BankReader::NameRowOf(DirectoryKind kind, uint64_t number) const {
  sv1::NameRow row;
  TB_RETURN_IF_ERROR(
      view_.GetRow(Family::kDirectory, storage::DirectoryKey(bank_, kind, number), &row).status());
  return row.name();
}

absl::StatusOr<std::string> BankReader::CategoryName(uint32_t number) {
  if (number == 0) return std::string();
  if (auto known = categories_.find(number); known != categories_.end()) return known->second;
  TB_ASSIGN_OR_RETURN(std::string name, NameRowOf(DirectoryKind::kCategory, number));
  return categories_.emplace(number, std::move(name)).first->second;
}

absl::StatusOr<std::string> BankReader::KeyNameOf(uint32_t number) {
  if (auto known = keys_.find(number); known != keys_.end()) return known->second;
  TB_ASSIGN_OR_RETURN(std::string key, NameRowOf(DirectoryKind::kKey, number));
  return keys_.emplace(number, KeyName(id(), key)).first->second;
}

absl::StatusOr<std::string> BankReader::RecorderName(AccountNumber recorder, uint32_t key) {
  return recorder != 0 ? NameOf(recorder) : KeyNameOf(key);
}

absl::StatusOr<std::optional<sv1::Entry>> BankReader::EntryAt(Sequence sequence) const {
  TB_ASSIGN_OR_RETURN(auto bytes, view_.EntryBytes(bank_, sequence));
  if (!bytes) return std::optional<sv1::Entry>();
  sv1::Entry entry;
  if (!entry.ParseFromString(*bytes)) return absl::DataLossError("an entry's bytes do not parse");
  return std::optional(std::move(entry));
}

absl::StatusOr<sv1::Texts> BankReader::TextsOf(Sequence sequence, bool* note_erased) const {
  sv1::TextRow row;
  TB_RETURN_IF_ERROR(view_.GetRow(Family::kText, storage::TextKey(bank_, sequence), &row).status());
  sv1::Texts texts;
  if (!texts.ParseFromString(row.texts())) return absl::DataLossError("an entry's texts do not parse");
  if (note_erased != nullptr) *note_erased = row.note_erased();
  return texts;
}

absl::StatusOr<sv1::MarkRow> BankReader::MarkOf(Sequence sequence) const {
  sv1::MarkRow mark;
  TB_RETURN_IF_ERROR(view_.GetRow(Family::kMark, storage::MarkKey(bank_, 0, sequence), &mark).status());
  return mark;
}

absl::StatusOr<v1::Exchange> BankReader::ExchangeAt(Sequence sequence) {
  TB_ASSIGN_OR_RETURN(auto entry, EntryAt(sequence));
  if (!entry || entry->kind() > sv1::ENTRY_KIND_REVERSAL) {
    return NotFound(Reason::kExchangeNotFound, ExchangeName(id(), sequence));
  }
  return ToExchange(*entry);
}

absl::StatusOr<v1::Exchange> BankReader::ToExchange(const sv1::Entry& entry) {
  v1::Exchange exchange;
  TB_RETURN_IF_ERROR(FillFacts(entry, &exchange));
  exchange.set_sequence(static_cast<int64_t>(entry.sequence()));
  exchange.set_name(ExchangeName(id(), entry.sequence()));
  TB_ASSIGN_OR_RETURN(std::string category, CategoryName(entry.category()));
  bool note_erased = false;
  TB_ASSIGN_OR_RETURN(sv1::Texts texts, TextsOf(entry.sequence(), &note_erased));
  TB_RETURN_IF_ERROR(FillTexts(texts, category, &exchange));
  exchange.set_note_erased(note_erased);
  TB_RETURN_IF_ERROR(FillMark(entry, &exchange));
  return exchange;
}

absl::StatusOr<v1::Exchange> BankReader::ToExchange(const ledger::Preview& preview) {
  v1::Exchange exchange;
  // Its key may not have a number yet: whoever asks knows who asked.
  sv1::Entry entry = preview.entry;
  TB_RETURN_IF_ERROR(FillFacts(entry, &exchange));
  TB_RETURN_IF_ERROR(FillTexts(preview.texts, preview.category, &exchange));
  exchange.set_state(v1::Exchange::STATE_RECORDED);
  exchange.clear_recorded_with();
  if (entry.recorder() == 0) exchange.clear_recorded_by();
  return exchange;
}

absl::Status BankReader::FillFacts(const sv1::Entry& entry, v1::Exchange* exchange) {
  exchange->set_kind(static_cast<v1::Exchange::Kind>(entry.kind()));
  exchange->set_seconds(entry.seconds());
  exchange->set_unnamed_givers(static_cast<int32_t>(entry.unnamed_givers()));
  exchange->set_unnamed_receivers(static_cast<int32_t>(entry.unnamed_receivers()));
  exchange->set_occurred_on(FormatDay(entry.occurred_on()));
  *exchange->mutable_record_time() = ToTimestamp(entry.record_time_us());
  const bool help = entry.kind() == sv1::ENTRY_KIND_EXCHANGE;
  for (const auto& movement : entry.movements()) {
    TB_ASSIGN_OR_RETURN(std::string holder, NameOf(movement.account()));
    v1::Movement* moved = exchange->add_movements();
    moved->set_holder(holder);
    moved->set_seconds(movement.seconds());
    moved->set_balance_after_seconds(movement.balance_after());
    if (!help) continue;
    v1::Share* share = nullptr;
    int64_t seconds = std::abs(movement.seconds());
    if (movement.role() == sv1::MOVEMENT_ROLE_GIVER) {
      share = exchange->add_givers();
    } else if (movement.role() == sv1::MOVEMENT_ROLE_RECEIVER) {
      share = exchange->add_receivers();
    } else {
      share = exchange->mutable_remainder();
      seconds = movement.seconds();
    }
    share->set_holder(holder);
    share->set_seconds(seconds);
  }
  if (help && entry.remainder() != 0 && !exchange->has_remainder()) {
    TB_ASSIGN_OR_RETURN(*exchange->mutable_remainder()->mutable_holder(), NameOf(entry.remainder()));
  }
  TB_ASSIGN_OR_RETURN(*exchange->mutable_recorded_by(), RecorderName(entry.recorder(), entry.key()));
  TB_ASSIGN_OR_RETURN(*exchange->mutable_recorded_with(), KeyNameOf(entry.key()));
  if (entry.acting_for() != 0) {
    TB_ASSIGN_OR_RETURN(*exchange->mutable_acting_for(), NameOf(entry.acting_for()));
  }
  if (entry.reverses() != 0) exchange->set_reverses(ExchangeName(id(), entry.reverses()));
  if (entry.corrects() != 0) exchange->set_corrects(ExchangeName(id(), entry.corrects()));
  if (entry.restores() != 0) exchange->set_restores(ExchangeName(id(), entry.restores()));
  return absl::OkStatus();
}

absl::Status BankReader::FillTexts(const sv1::Texts& texts, const std::string& category,
                                   v1::Exchange* exchange) {
  exchange->set_category(category);
  exchange->set_note(texts.note());
  *exchange->mutable_tags() = texts.tags();
  exchange->set_decision(texts.decision());
  exchange->set_reason(texts.reason());
  if (!texts.origin_system().empty()) {
    v1::Origin* origin = exchange->mutable_origin();
    origin->set_system(texts.origin_system());
    origin->set_number(texts.origin_number());
    origin->set_recorded_by(texts.origin_recorded_by());
    if (texts.origin_time_us() != 0) *origin->mutable_record_time() = ToTimestamp(texts.origin_time_us());
  }
  return absl::OkStatus();
}

absl::Status BankReader::FillMark(const sv1::Entry& entry, v1::Exchange* exchange) {
  TB_ASSIGN_OR_RETURN(sv1::MarkRow mark, MarkOf(entry.sequence()));
  exchange->set_state(StateOf(mark));
  if (mark.reversed_by() != 0) exchange->set_reversed_by(ExchangeName(id(), mark.reversed_by()));
  if (mark.corrected_by() != 0) exchange->set_corrected_by(ExchangeName(id(), mark.corrected_by()));
  for (AccountNumber account : mark.confirmed_by()) {
    TB_ASSIGN_OR_RETURN(*exchange->add_confirmed_by(), NameOf(account));
  }
  if (mark.contested_by() != 0) {
    TB_ASSIGN_OR_RETURN(*exchange->mutable_contested_by(), NameOf(mark.contested_by()));
    TB_ASSIGN_OR_RETURN(sv1::Texts contest, TextsOf(mark.contest()));
    exchange->set_contest_reason(contest.reason());
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<v1::Notice>> BankReader::NoticesOf(const sv1::Entry& entry) {
  std::vector<v1::Notice> notices;
  for (const auto& kept : entry.notices()) {
    v1::Notice notice;
    notice.set_kind(static_cast<v1::Notice::Kind>(kept.kind()));
    if (kept.account() != 0) {
      TB_ASSIGN_OR_RETURN(*notice.mutable_holder(), NameOf(kept.account()));
    }
    if (kept.sequence() != 0) notice.set_exchange(ExchangeName(id(), kept.sequence()));
    notice.set_balance_seconds(kept.balance());
    notice.set_limit_seconds(kept.limit());
    notices.push_back(std::move(notice));
  }
  return notices;
}

absl::StatusOr<v1::Member> BankReader::ToMember(AccountNumber account, const sv1::MemberRow& row) {
  v1::Member member;
  member.set_name(HolderName(id(), HolderKind::kMember, row.slug()));
  member.set_display_name(row.display_name());
  member.set_kind(static_cast<v1::Member::Kind>(row.kind()));
  for (const auto& external : row.external_ids()) {
    auto* number = member.add_external_ids();
    number->set_system(external.system());
    number->set_number(external.number());
  }
  *member.mutable_phones() = row.phones();
  *member.mutable_emails() = row.emails();
  member.set_language(row.language());
  member.set_joined_on(FormatDay(row.joined_on()));
  if (row.state() == v1::Member::STATE_CLOSED) member.set_closed_on(FormatDay(row.closed_on()));
  if (row.merged_into() != 0) {
    TB_ASSIGN_OR_RETURN(*member.mutable_merged_into(), NameOf(row.merged_into()));
  }
  storage::Day last = storage::kNoDay;
  TB_ASSIGN_OR_RETURN(std::vector<AccountNumber> accounts, AccountsOf(account));
  for (AccountNumber part : accounts) {
    TB_ASSIGN_OR_RETURN(sv1::AccountRow sums, AccountRowOf(part));
    last = std::max(last, sums.last_exchange_on());
  }
  if (last != storage::kNoDay) member.set_last_exchange_on(FormatDay(last));
  member.set_number(storage::NumberOf(account));
  member.set_state(static_cast<v1::Member::State>(row.state()));
  member.set_etag(std::to_string(row.changed_at()));
  *member.mutable_create_time() = ToTimestamp(row.create_time_us());
  *member.mutable_update_time() = ToTimestamp(row.update_time_us());
  member.set_note(row.note());
  return member;
}

absl::StatusOr<v1::Circle> BankReader::ToCircle(AccountNumber account, const sv1::CircleRow& row) {
  v1::Circle circle;
  circle.set_name(HolderName(id(), HolderKind::kCircle, row.slug()));
  circle.set_display_name(row.display_name());
  for (AccountNumber member : row.members()) {
    TB_ASSIGN_OR_RETURN(*circle.add_members(), NameOf(member));
  }
  circle.set_number(storage::NumberOf(account));
  *circle.mutable_create_time() = ToTimestamp(row.create_time_us());
  return circle;
}

absl::StatusOr<v1::Settings> BankReader::ToSettings(const sv1::BankRow& row) {
  const sv1::SettingsRow& kept = row.settings();
  v1::Settings settings;
  settings.set_time_zone(kept.time_zone());
  settings.set_locale(kept.locale());
  for (uint32_t number : kept.categories()) {
    TB_ASSIGN_OR_RETURN(*settings.add_categories(), CategoryName(number));
  }
  if (kept.has_warn_below()) settings.set_warn_below_seconds(kept.warn_below());
  if (kept.has_warn_above()) settings.set_warn_above_seconds(kept.warn_above());
  if (kept.has_block_below()) settings.set_block_below_seconds(kept.block_below());
  if (kept.has_block_above()) settings.set_block_above_seconds(kept.block_above());
  settings.set_who_may_record(static_cast<v1::Settings::WhoMayRecord>(kept.who_may_record()));
  settings.set_balances_visible(static_cast<v1::Settings::Visibility>(kept.balances_visible()));
  settings.set_starter_seconds(kept.starter_seconds());
  settings.set_smallest_count_shown(static_cast<int32_t>(kept.smallest_count_shown()));
  settings.set_etag(std::to_string(row.changed_at()));
  return settings;
}

absl::StatusOr<v1::Timebank> BankReader::ToTimebank(storage::Day today) {
  v1::Timebank bank;
  bank.set_name(BankName(id()));
  bank.set_display_name(row_.display_name());
  bank.set_trial(row_.trial());
  TB_ASSIGN_OR_RETURN(*bank.mutable_settings(), ToSettings(row_));
  *bank.mutable_create_time() = ToTimestamp(row_.create_time_us());
  bank.set_today(FormatDay(today));
  bank.set_member_count(head_.member_count());
  bank.set_last_sequence(static_cast<int64_t>(head_.last_sequence()));
  bank.set_position(CurrentPosition());
  return bank;
}

absl::Status BankReader::ToStatus(const ledger::Refusal& refusal, storage::Day today) {
  RefusalNames names{.holder = {}, .exchange = {}, .today = FormatDay(today)};
  if (refusal.account != 0) {
    // The refusal may speak of somebody who was created by the command that was refused.
    if (auto name = NameOf(refusal.account); name.ok()) names.holder = *std::move(name);
  }
  if (refusal.sequence != 0) names.exchange = ExchangeName(id(), refusal.sequence);
  return services::ToStatus(refusal, names);
}

}  // namespace timebank::services
