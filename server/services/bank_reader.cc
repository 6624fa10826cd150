#include "server/services/bank_reader.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/ledger/error.h"
#include "server/ledger/validate.h"
#include "server/services/caller.h"
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

v1::Exchange::State StateOf(const sv1::MarkRow& mark) {
  return mark.state() == 0 ? v1::Exchange::STATE_RECORDED : static_cast<v1::Exchange::State>(mark.state());
}

bool IsAboutBalance(int kind) {
  return kind == v1::Notice::KIND_BELOW_WARNING || kind == v1::Notice::KIND_ABOVE_WARNING;
}

}  // namespace

bool BankReader::ShowsMembersBalances() const {
  return static_cast<int>(row().settings().balances_visible()) ==
         static_cast<int>(v1::Settings::VISIBILITY_MEMBERS);
}

absl::StatusOr<bool> BankReader::MayTellBalance(AccountNumber account) const {
  if (seen_by_ == nullptr || (seen_by_->sight == Sight::kAll && seen_by_->hears_balances)) return true;
  if (storage::KindOf(account) == HolderKind::kPot) return true;
  if (seen_by_->sight == Sight::kOpen) return false;
  if (ShowsMembersBalances()) return true;
  if (!seen_by_->hears_balances) return false;
  if (!own_) {
    const absl::StatusOr<AccountNumber> own = FindHolder({HolderKind::kMember, seen_by_->actor.member});
    if (absl::IsNotFound(own.status())) return false;
    TB_RETURN_IF_ERROR(own.status());
    TB_ASSIGN_OR_RETURN(own_, AccountsOf(*own));
  }
  return std::find(own_->begin(), own_->end(), account) != own_->end();
}

absl::StatusOr<BankReader> BankReader::Open(const NamedView& view, const std::string& bank_id) {
  TB_ASSIGN_OR_RETURN(auto record, view.directory->FindBank(view.view, bank_id));
  if (record == nullptr) return NotFound(Reason::kTimebankNotFound, BankName(bank_id));
  return BankReader(view, std::move(record));
}

absl::StatusOr<BankReader> BankReader::Open(const NamedView& view, storage::BankNumber bank) {
  TB_ASSIGN_OR_RETURN(auto record, view.directory->BankOf(view.view, bank));
  if (record == nullptr) return ledger::ErrorOf(Reason::kTimebankNotFound, "the bank was deleted");
  return BankReader(view, std::move(record));
}

absl::StatusOr<sv1::HeadRow> BankReader::Head() const {
  sv1::HeadRow head;
  TB_ASSIGN_OR_RETURN(bool found, view_.GetRow(Family::kAccount, storage::AccountKey(bank(), 0), &head));
  if (!found) return absl::DataLossError("a bank that is listed has no record");
  return head;
}

absl::StatusOr<Sequence> BankReader::LastSequence() const {
  TB_ASSIGN_OR_RETURN(sv1::HeadRow head, Head());
  return head.last_sequence();
}

std::string BankReader::PositionAt(Sequence sequence) const {
  return EncodePosition({bank(), sequence, epoch()});
}

absl::StatusOr<Sequence> BankReader::SequenceAt(const std::string& token, std::string_view field) const {
  TB_ASSIGN_OR_RETURN(const Sequence sequence, SequenceOf(token, field));
  TB_ASSIGN_OR_RETURN(const Sequence last, LastSequence());
  if (sequence > last) {
    return ledger::ErrorOf(Reason::kNotServing, "this server is not at that position yet; try again");
  }
  return sequence;
}

absl::StatusOr<Sequence> BankReader::FeedSequenceAt(const std::string& token, std::string_view field) const {
  TB_ASSIGN_OR_RETURN(const Sequence sequence, SequenceOf(token, field));
  TB_ASSIGN_OR_RETURN(const Sequence last, LastSequence());
  if (sequence > last) {
    return ledger::ErrorOf(
        Reason::kEpochChanged,
        absl::StrCat("this position is behind entry ", sequence, ", and the bank's journal ends with entry ",
                     last, ": the ledger was put back from a copy; start anew"));
  }
  return sequence;
}

absl::StatusOr<Sequence> BankReader::SequenceOf(const std::string& token, std::string_view field) const {
  const std::optional<Position> position = DecodePosition(token);
  // Another instance's bank of this name has another number, too.
  if (position && position->epoch != epoch()) {
    return ledger::ErrorOf(Reason::kEpochChanged,
                           "this position is of another instance of the ledger; start anew");
  }
  if (!position || position->bank != bank()) {
    return services::ToStatus({{std::string(field), std::string(ledger::violation::kMalformed)}}, "");
  }
  return position->sequence;
}

absl::StatusOr<AccountNumber> BankReader::AccountIfAny(const ledger::HolderRef& holder) const {
  if (holder.kind != HolderKind::kPot) {
    return directory_->FindHolder(view_, *record_, holder.kind, holder.id);
  }
  if (holder.id == "community") return storage::kCommunityPot;
  if (holder.id == "opening") return storage::kOpeningPot;
  return 0;
}

absl::StatusOr<AccountNumber> BankReader::FindHolder(const ledger::HolderRef& holder) const {
  TB_ASSIGN_OR_RETURN(const AccountNumber account, AccountIfAny(holder));
  if (account != 0) return account;
  return NotFound(Reason::kHolderNotFound, HolderName(id(), holder.kind, holder.id));
}

absl::StatusOr<sv1::MemberRow> BankReader::MemberRowOf(AccountNumber account) const {
  sv1::MemberRow row;
  const std::string key = storage::DirectoryKey(bank(), DirectoryKind::kMember, storage::NumberOf(account));
  TB_ASSIGN_OR_RETURN(bool found, view_.GetRow(Family::kDirectory, key, &row));
  if (!found) return absl::DataLossError("a member that facts speak of has no record");
  return row;
}

absl::StatusOr<sv1::CircleRow> BankReader::CircleRowOf(AccountNumber account) const {
  sv1::CircleRow row;
  const std::string key = storage::DirectoryKey(bank(), DirectoryKind::kCircle, storage::NumberOf(account));
  TB_ASSIGN_OR_RETURN(bool found, view_.GetRow(Family::kDirectory, key, &row));
  if (!found) return absl::DataLossError("a circle that facts speak of has no record");
  return row;
}

absl::StatusOr<const HolderRecord*> BankReader::HolderOf(AccountNumber account) const {
  if (auto known = holders_.find(account); known != holders_.end()) return known->second.get();
  TB_ASSIGN_OR_RETURN(auto holder, directory_->HolderOf(view_, *record_, account));
  return holders_.emplace(account, std::move(holder)).first->second.get();
}

absl::StatusOr<std::string_view> BankReader::NameOf(AccountNumber account) const {
  for (const auto& [known, name] : names_) {
    if (known == account) return std::string_view(name);
  }
  TB_ASSIGN_OR_RETURN(const HolderRecord* holder, HolderOf(account));
  return std::string_view(holder->name);
}

absl::StatusOr<std::vector<AccountNumber>> BankReader::AccountsOf(AccountNumber account) const {
  TB_ASSIGN_OR_RETURN(const HolderRecord* holder, HolderOf(account));
  std::vector<AccountNumber> accounts = {account};
  accounts.insert(accounts.end(), holder->merged_accounts.begin(), holder->merged_accounts.end());
  return accounts;
}

absl::StatusOr<sv1::ActingForRow> BankReader::ActingForRowOf(AccountNumber account) const {
  sv1::ActingForRow row;
  TB_RETURN_IF_ERROR(view_.GetRow(Family::kGrant, storage::AccountKey(bank(), account), &row).status());
  return row;
}

absl::StatusOr<sv1::AccountRow> BankReader::AccountRowOf(AccountNumber account) const {
  sv1::AccountRow row;
  row.set_last_exchange_on(storage::kNoDay);
  sv1::AccountRow found_row;
  TB_ASSIGN_OR_RETURN(bool found,
                      view_.GetRow(Family::kAccount, storage::AccountKey(bank(), account), &found_row));
  return found ? found_row : row;
}

absl::StatusOr<sv1::AccountRow> BankReader::TogetherOf(const std::vector<AccountNumber>& accounts) const {
  sv1::AccountRow all;
  all.set_last_exchange_on(storage::kNoDay);
  for (const AccountNumber account : accounts) {
    TB_ASSIGN_OR_RETURN(const sv1::AccountRow one, AccountRowOf(account));
    all.set_balance(all.balance() + one.balance());
    all.set_exchange_count(all.exchange_count() + one.exchange_count());
    all.set_last_exchange_on(std::max(all.last_exchange_on(), one.last_exchange_on()));
  }
  // The day in the rows is that of an exchange that may have been undone.
  if (all.exchange_count() == 0) all.set_last_exchange_on(storage::kNoDay);
  return all;
}

absl::StatusOr<std::string_view> BankReader::WordOf(DirectoryKind kind, uint32_t number) const {
  const std::pair key(kind, number);
  if (auto known = words_.find(key); known != words_.end()) return std::string_view(*known->second);
  TB_ASSIGN_OR_RETURN(auto word, directory_->WordOf(view_, *record_, kind, number));
  return std::string_view(*words_.emplace(key, std::move(word)).first->second);
}

absl::StatusOr<std::string_view> BankReader::CategoryName(uint32_t number) const {
  return number == 0 ? std::string_view() : WordOf(DirectoryKind::kCategory, number);
}

absl::StatusOr<std::string_view> BankReader::KeyNameOf(uint32_t number) const {
  return WordOf(DirectoryKind::kKey, number);
}

absl::StatusOr<std::string_view> BankReader::RecorderName(AccountNumber recorder, uint32_t key) const {
  return recorder != 0 ? NameOf(recorder) : KeyNameOf(key);
}

absl::StatusOr<std::optional<sv1::Entry>> BankReader::EntryAt(Sequence sequence) const {
  TB_ASSIGN_OR_RETURN(auto bytes, view_.EntryBytes(bank(), sequence));
  if (!bytes) return std::optional<sv1::Entry>();
  sv1::Entry entry;
  if (!entry.ParseFromString(*bytes)) return absl::DataLossError("an entry's bytes do not parse");
  return std::optional(std::move(entry));
}

absl::StatusOr<sv1::Entry> BankReader::KnownEntry(Sequence sequence) const {
  TB_ASSIGN_OR_RETURN(std::optional<sv1::Entry> entry, EntryAt(sequence));
  if (!entry) return absl::DataLossError("an entry is missing from the journal");
  return *std::move(entry);
}

absl::StatusOr<sv1::Texts> BankReader::TextsOf(Sequence sequence, bool* note_erased) const {
  sv1::TextRow row;
  TB_RETURN_IF_ERROR(view_.GetRow(Family::kText, storage::TextKey(bank(), sequence), &row).status());
  sv1::Texts texts;
  if (!texts.ParseFromString(row.texts())) return absl::DataLossError("an entry's texts do not parse");
  if (note_erased != nullptr) *note_erased = row.note_erased();
  return texts;
}

absl::StatusOr<sv1::MarkRow> BankReader::MarkOf(Sequence sequence) const {
  sv1::MarkRow mark;
  TB_RETURN_IF_ERROR(view_.GetRow(Family::kMark, storage::MarkKey(bank(), 0, sequence), &mark).status());
  return mark;
}

absl::Status BankReader::ExchangeAt(Sequence sequence, v1::Exchange* exchange) {
  TB_ASSIGN_OR_RETURN(auto entry, EntryAt(sequence));
  if (!entry || entry->kind() > sv1::ENTRY_KIND_REVERSAL) {
    return NotFound(Reason::kExchangeNotFound, ExchangeName(id(), sequence));
  }
  return ToExchange(*entry, exchange);
}

absl::Status BankReader::ToExchange(const sv1::Entry& entry, v1::Exchange* exchange) {
  TB_RETURN_IF_ERROR(FillFacts(entry, exchange));
  exchange->set_sequence(static_cast<int64_t>(entry.sequence()));
  PutExchangeName(id(), entry.sequence(), exchange->mutable_name());
  TB_ASSIGN_OR_RETURN(std::string_view category, CategoryName(entry.category()));
  bool note_erased = false;
  TB_ASSIGN_OR_RETURN(sv1::Texts texts, TextsOf(entry.sequence(), &note_erased));
  FillTexts(texts, category, exchange);
  exchange->set_note_erased(note_erased);
  return FillMark(entry, exchange);
}

absl::Status BankReader::ToExchange(const ledger::Preview& preview, v1::Exchange* exchange) {
  TB_RETURN_IF_ERROR(FillFacts(preview.entry, exchange));
  FillTexts(preview.texts, preview.category, exchange);
  exchange->set_state(v1::Exchange::STATE_RECORDED);
  // Its key may not have a number yet: whoever asks knows who asked.
  exchange->clear_recorded_with();
  if (preview.entry.recorder() == 0) exchange->clear_recorded_by();
  return absl::OkStatus();
}

absl::Status BankReader::ToNewExchange(const ledger::Preview& posted, v1::Exchange* exchange) {
  names_.reserve(posted.holders.size());
  for (const auto& [account, holder] : posted.holders) {
    names_.emplace_back(account, HolderName(id(), holder.kind, holder.id));
  }
  if (!posted.caller.empty()) {
    words_.emplace(std::pair(DirectoryKind::kKey, posted.entry.key()),
                   std::make_shared<const std::string>(KeyName(id(), posted.caller)));
  }
  TB_RETURN_IF_ERROR(FillFacts(posted.entry, exchange));
  exchange->set_sequence(static_cast<int64_t>(posted.entry.sequence()));
  PutExchangeName(id(), posted.entry.sequence(), exchange->mutable_name());
  FillTexts(posted.texts, posted.category, exchange);
  exchange->set_state(v1::Exchange::STATE_RECORDED);
  return absl::OkStatus();
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
    TB_ASSIGN_OR_RETURN(std::string_view holder, NameOf(movement.account()));
    v1::Movement* moved = exchange->add_movements();
    *moved->mutable_holder() = holder;
    moved->set_seconds(movement.seconds());
    TB_ASSIGN_OR_RETURN(const bool tell, MayTellBalance(movement.account()));
    if (tell) moved->set_balance_after_seconds(movement.balance_after());
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
    *share->mutable_holder() = holder;
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

void BankReader::FillTexts(const sv1::Texts& texts, std::string_view category, v1::Exchange* exchange) {
  exchange->set_category(category.data(), category.size());
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
    if (kept.account() != 0) {
      TB_ASSIGN_OR_RETURN(const bool tell, MayTellBalance(kept.account()));
      // That somebody is beyond a limit says as much as the balance.
      if (!tell && IsAboutBalance(kept.kind())) continue;
    }
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
  TB_ASSIGN_OR_RETURN(std::vector<AccountNumber> accounts, AccountsOf(account));
  TB_ASSIGN_OR_RETURN(const sv1::AccountRow sums, TogetherOf(accounts));
  if (sums.last_exchange_on() != storage::kNoDay) {
    member.set_last_exchange_on(FormatDay(sums.last_exchange_on()));
  }
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

absl::StatusOr<v1::ActingFor> BankReader::ToActingFor(const sv1::Entry& entry) const {
  v1::ActingFor acting;
  TB_ASSIGN_OR_RETURN(*acting.mutable_member(), NameOf(entry.subject()));
  TB_ASSIGN_OR_RETURN(*acting.mutable_agent(), NameOf(entry.other()));
  if (entry.grant().has_seconds_per_month()) {
    acting.set_seconds_per_month(entry.grant().seconds_per_month());
  }
  if (entry.grant().has_until()) acting.set_until(FormatDay(entry.grant().until()));
  sv1::Entry granted = entry;
  if (entry.kind() == sv1::ENTRY_KIND_ACTING_FOR_REVOKED) {
    TB_ASSIGN_OR_RETURN(granted, KnownEntry(entry.about()));
  }
  TB_ASSIGN_OR_RETURN(*acting.mutable_granted_by(), RecorderName(granted.recorder(), granted.key()));
  *acting.mutable_grant_time() = ToTimestamp(granted.record_time_us());
  return acting;
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
  bank.set_display_name(row().display_name());
  bank.set_trial(row().trial());
  TB_ASSIGN_OR_RETURN(*bank.mutable_settings(), ToSettings(row()));
  *bank.mutable_create_time() = ToTimestamp(row().create_time_us());
  bank.set_today(FormatDay(today));
  TB_ASSIGN_OR_RETURN(sv1::HeadRow head, Head());
  bank.set_member_count(head.member_count());
  bank.set_last_sequence(static_cast<int64_t>(head.last_sequence()));
  bank.set_position(PositionAt(head.last_sequence()));
  return bank;
}

absl::Status BankReader::ToStatus(const ledger::Refusal& refused, storage::Day today) {
  ledger::Refusal refusal = refused;
  // That a number of another system is taken is no secret; whose it is, is.
  if (refusal.reason == Reason::kAlreadyExists && seen_by_ != nullptr && seen_by_->sight != Sight::kAll) {
    refusal.account = 0;
  }
  if (refusal.account != 0 && !refusal.numbers.empty()) {
    TB_ASSIGN_OR_RETURN(const bool tell, MayTellBalance(refusal.account));
    if (!tell) std::erase_if(refusal.numbers, [](const auto& number) { return number.first == "balance"; });
  }
  RefusalNames names{.holder = {}, .exchange = {}, .today = FormatDay(today)};
  if (refusal.account != 0) {
    // The refusal may speak of somebody who was created by the command that was refused.
    if (auto name = NameOf(refusal.account); name.ok()) names.holder = std::string(*name);
  }
  if (refusal.sequence != 0) names.exchange = ExchangeName(id(), refusal.sequence);
  return services::ToStatus(refusal, names);
}

}  // namespace timebank::services
