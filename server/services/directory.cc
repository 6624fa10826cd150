#include "server/services/directory.h"

#include "absl/strings/str_cat.h"
#include "server/ledger/error.h"
#include "server/services/abseil.h"
#include "server/services/days.h"
#include "server/services/names.h"
#include "storage/keys.h"
#include "storage/status_macros.h"

namespace timebank::services {

namespace sv1 = storage::v1;
using storage::AccountNumber;
using storage::BankNumber;
using storage::DirectoryKind;
using storage::Family;
using storage::HolderKind;

namespace {

// What a full Directory weighs: some 30 MB of banks, and 60 MB of holders with their ids.
constexpr size_t kMostBanks = 8192;
constexpr size_t kMostHolders = 65'536;
constexpr size_t kMostWords = 16'384;

std::string_view WhatOf(HolderKind kind) { return kind == HolderKind::kMember ? "member" : "circle"; }

// The key of `accounts_`.
std::string IdKey(BankNumber bank, HolderKind kind, std::string_view id) {
  std::string key;
  key.reserve(sizeof bank + 1 + id.size());
  key.append(reinterpret_cast<const char*>(&bank), sizeof bank);
  key.push_back(static_cast<char>(kind));
  key.append(id);
  return key;
}

}  // namespace

uint64_t DirectoryVersionOf(const storage::View& view) { return view.directory_index(); }

absl::StatusOr<sv1::InstanceRow> ReadInstance(const storage::View& view) {
  sv1::InstanceRow instance;
  TB_ASSIGN_OR_RETURN(bool found, view.GetRow(Family::kMeta, storage::kMetaInstance, &instance));
  if (!found) return ledger::ErrorOf(ledger::Reason::kNotServing, "the ledger is not ready");
  return instance;
}

Directory::Directory(uint64_t version)
    : version_(version),
      banks_by_id_(kMostBanks),
      banks_(kMostBanks),
      accounts_(kMostHolders),
      holders_(kMostHolders),
      words_(kMostWords) {}

absl::StatusOr<std::shared_ptr<const BankRecord>> Directory::FindBank(const storage::View& view,
                                                                      const std::string& id) {
  if (auto known = banks_by_id_.Find(id)) return *std::move(known);
  TB_ASSIGN_OR_RETURN(sv1::InstanceRow instance, ReadInstance(view));
  sv1::SlugRow slug;
  TB_ASSIGN_OR_RETURN(bool found,
                      view.GetRow(Family::kSlug, storage::SlugKey(0, instance.secret(), "bank", id), &slug));
  if (!found) return std::shared_ptr<const BankRecord>();
  TB_ASSIGN_OR_RETURN(auto bank, ReadBank(view, slug.number(), instance.epoch()));
  if (bank == nullptr) return absl::DataLossError("a bank that is listed has no record");
  banks_by_id_.Put(id, bank);
  return bank;
}

absl::StatusOr<std::shared_ptr<const BankRecord>> Directory::BankOf(const storage::View& view,
                                                                    BankNumber number) {
  if (auto known = banks_.Find(number)) return *std::move(known);
  TB_ASSIGN_OR_RETURN(sv1::InstanceRow instance, ReadInstance(view));
  return ReadBank(view, number, instance.epoch());
}

absl::StatusOr<std::shared_ptr<const BankRecord>> Directory::ReadBank(const storage::View& view,
                                                                      BankNumber number, uint64_t epoch) {
  if (auto known = banks_.Find(number)) return *std::move(known);
  auto bank = std::make_shared<BankRecord>();
  bank->number = number;
  bank->epoch = epoch;
  TB_ASSIGN_OR_RETURN(
      bool found,
      view.GetRow(Family::kDirectory, storage::DirectoryKey(number, DirectoryKind::kBank, 0), &bank->row));
  if (!found) return std::shared_ptr<const BankRecord>();
  bank->zone = TimeZoneOf(bank->row.settings().time_zone());
  banks_.Put(number, bank);
  return bank;
}

absl::StatusOr<AccountNumber> Directory::FindHolder(const storage::View& view, const BankRecord& bank,
                                                    HolderKind kind, std::string_view id) {
  std::string key = IdKey(bank.number, kind, id);
  if (auto known = accounts_.Find(key)) return *known;
  sv1::SlugRow slug;
  TB_ASSIGN_OR_RETURN(
      bool found,
      view.GetRow(Family::kSlug, storage::SlugKey(bank.number, bank.row.secret(), WhatOf(kind), id), &slug));
  if (!found) return AccountNumber{0};
  auto account = static_cast<AccountNumber>(slug.number());
  while (storage::KindOf(account) == HolderKind::kMember) {
    TB_ASSIGN_OR_RETURN(auto holder, HolderOf(view, bank, account));
    if (holder->merged_into == 0) break;
    account = holder->merged_into;
  }
  accounts_.Put(std::move(key), account);
  return account;
}

absl::StatusOr<std::shared_ptr<const HolderRecord>> Directory::HolderOf(const storage::View& view,
                                                                        const BankRecord& bank,
                                                                        AccountNumber account) {
  const InBank key(bank.number, account);
  if (auto known = holders_.Find(key)) return *std::move(known);
  TB_ASSIGN_OR_RETURN(auto holder, ReadHolder(view, bank, account));
  holders_.Put(key, holder);
  return holder;
}

absl::StatusOr<std::shared_ptr<const HolderRecord>> Directory::ReadHolder(const storage::View& view,
                                                                          const BankRecord& bank,
                                                                          AccountNumber account) {
  auto holder = std::make_shared<HolderRecord>();
  const HolderKind kind = storage::KindOf(account);
  const uint32_t number = storage::NumberOf(account);
  const std::string& bank_id = bank.row.slug();
  if (kind == HolderKind::kMember) {
    sv1::MemberRow row;
    TB_ASSIGN_OR_RETURN(
        bool found, view.GetRow(Family::kDirectory,
                                storage::DirectoryKey(bank.number, DirectoryKind::kMember, number), &row));
    if (!found) return absl::DataLossError("a member that facts speak of has no record");
    holder->name = HolderName(bank_id, kind, row.slug());
    holder->display_name =
        row.display_name().empty() ? absl::StrCat("Member ", number) : std::move(*row.mutable_display_name());
    holder->member_kind = row.kind();
    holder->merged_into = row.merged_into();
    holder->merged_accounts.assign(row.merged_accounts().begin(), row.merged_accounts().end());
  } else if (kind == HolderKind::kCircle) {
    sv1::CircleRow row;
    TB_ASSIGN_OR_RETURN(
        bool found, view.GetRow(Family::kDirectory,
                                storage::DirectoryKey(bank.number, DirectoryKind::kCircle, number), &row));
    if (!found) return absl::DataLossError("a circle that facts speak of has no record");
    holder->name = HolderName(bank_id, kind, row.slug());
    holder->display_name =
        row.display_name().empty() ? absl::StrCat("Circle ", number) : std::move(*row.mutable_display_name());
  } else {
    const bool community = account == storage::kCommunityPot;
    holder->name = HolderName(bank_id, kind, community ? "community" : "opening");
    holder->display_name = community ? "Community pot" : "Opening balances";
  }
  return holder;
}

absl::StatusOr<std::shared_ptr<const std::string>> Directory::WordOf(const storage::View& view,
                                                                     const BankRecord& bank,
                                                                     DirectoryKind kind, uint64_t number) {
  const InBank key(bank.number, static_cast<uint64_t>(kind) << 56 | number);
  if (auto known = words_.Find(key)) return *std::move(known);
  sv1::NameRow row;
  TB_ASSIGN_OR_RETURN(
      bool found, view.GetRow(Family::kDirectory, storage::DirectoryKey(bank.number, kind, number), &row));
  auto word = std::make_shared<const std::string>(
      kind == DirectoryKind::kKey ? KeyName(bank.row.slug(), row.name()) : std::move(*row.mutable_name()));
  if (found) words_.Put(key, word);
  return word;
}

NamedView DirectoryCache::At(storage::View view) {
  const uint64_t version = DirectoryVersionOf(view);
  {
    absl::ReaderMutexLock lock(&mutex_);
    if (newest_ != nullptr && newest_->version() == version) return {std::move(view), newest_};
  }
  auto fresh = std::make_shared<Directory>(version);
  std::shared_ptr<Directory> last;  // freed behind the lock
  absl::MutexLock lock(&mutex_);
  if (newest_ != nullptr && newest_->version() == version) return {std::move(view), newest_};
  if (newest_ == nullptr || newest_->version() < version) last = std::exchange(newest_, fresh);
  return {std::move(view), std::move(fresh)};
}

}  // namespace timebank::services
