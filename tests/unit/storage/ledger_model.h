// A ledger as simple as it can be, to hold the store against: everything in vectors, every question answered
// by walking all of it. And a source of frames, random but the same in every run.
#ifndef TIMEBANK_TESTS_UNIT_STORAGE_LEDGER_MODEL_H_
#define TIMEBANK_TESTS_UNIT_STORAGE_LEDGER_MODEL_H_

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "storage/keys.h"
#include "storage/pages.h"
#include "storage/types.h"
#include "timebank/storage/v1/entry.pb.h"
#include "timebank/storage/v1/frame.pb.h"
#include "timebank/storage/v1/rows.pb.h"

namespace timebank::storage {

class LedgerModel {
 public:
  using Account = std::pair<BankNumber, AccountNumber>;
  using RowKey = std::pair<Family, std::string>;

  void Apply(const v1::Frame& frame) {
    for (const v1::FrameRow& row : frame.rows()) {
      const RowKey key(static_cast<Family>(row.family()), row.key());
      if (row.value().empty()) {
        rows_.erase(key);
      } else {
        rows_[key] = row.value();
      }
    }
    for (const std::string& bytes : frame.entries()) {
      v1::Entry entry;
      entry.ParseFromString(bytes);
      journals_[entry.bank()].push_back(bytes);
      for (AccountMovement& movement : MovementsOf(entry)) {
        std::vector<MovementRecord>& statement = statements_[Account(entry.bank(), movement.account)];
        Sums after = statement.empty() ? Sums() : statement.back().after;
        Add(movement.record, &after);
        movement.record.after = after;
        statement.push_back(std::move(movement.record));
      }
    }
    ++applied_index_;
  }

  uint64_t applied_index() const { return applied_index_; }
  const std::map<RowKey, std::string>& rows() const { return rows_; }
  const std::map<BankNumber, std::vector<std::string>>& journals() const { return journals_; }
  const std::map<Account, std::vector<MovementRecord>>& statements() const { return statements_; }

  Sums SumsAt(const Account& account, Sequence at) const {
    Sums sums;
    for (const MovementRecord& record : StatementOf(account)) {
      if (record.sequence <= at) Add(record, &sums);
    }
    return sums;
  }

  Sums SumsBeforeDay(const Account& account, Day day) const {
    Sums sums;
    for (const MovementRecord& record : StatementOf(account)) {
      if (record.occurred_on < day) Add(record, &sums);
    }
    return sums;
  }

  // In order of (day, sequence).
  std::vector<DayRecord> DaysOf(const Account& account) const {
    std::vector<DayRecord> days;
    for (const MovementRecord& record : StatementOf(account)) {
      DayRecord day{.day = record.occurred_on,
                    .sequence = record.sequence,
                    .seconds = record.seconds,
                    .sums = {},
                    .after = {}};
      Add(record, &day.sums);
      days.push_back(day);
    }
    std::sort(days.begin(), days.end(), [](const DayRecord& a, const DayRecord& b) {
      return std::pair(a.day, a.sequence) < std::pair(b.day, b.sequence);
    });
    for (size_t i = 0; i < days.size(); ++i) {
      if (i > 0 && days[i].day == days[i - 1].day) days[i].after = days[i - 1].after;
      days[i].after += days[i].sums;
    }
    return days;
  }

 private:
  // Written out here once more: hours credited count as in, debited as out, and a reversal takes back what
  // was given.
  static void Add(const MovementRecord& record, Sums* sums) {
    const bool reversal = record.kind == v1::ENTRY_KIND_REVERSAL;
    const bool credited = record.seconds > 0;
    (credited != reversal ? sums->seconds_in : sums->seconds_out) +=
        credited != reversal ? record.seconds : -record.seconds;
    if (record.kind == v1::ENTRY_KIND_EXCHANGE) ++sums->exchange_count;
    if (reversal && record.reversed_kind == v1::ENTRY_KIND_EXCHANGE) --sums->exchange_count;
  }

  const std::vector<MovementRecord>& StatementOf(const Account& account) const {
    static const std::vector<MovementRecord> none;
    const auto found = statements_.find(account);
    return found == statements_.end() ? none : found->second;
  }

  uint64_t applied_index_ = 0;
  std::map<RowKey, std::string> rows_;
  std::map<BankNumber, std::vector<std::string>> journals_;
  std::map<Account, std::vector<MovementRecord>> statements_;
};

inline void AddRow(v1::Frame* frame, Family family, std::string key, std::string value) {
  v1::FrameRow* row = frame->add_rows();
  row->set_family(static_cast<uint32_t>(family));
  row->set_key(std::move(key));
  row->set_value(std::move(value));
}

// What every account comes to: a frame has the rows of all accounts that it moves.
class AccountBook {
 public:
  // Adds the rows of the accounts that the frame's entries move. Entries that do not parse are passed over.
  void AddRows(v1::Frame* frame) {
    std::map<LedgerModel::Account, Sums> changed;
    for (const std::string& bytes : frame->entries()) {
      v1::Entry entry;
      if (!entry.ParseFromString(bytes)) continue;
      for (const v1::EntryMovement& movement : entry.movements()) {
        if (movement.seconds() == std::numeric_limits<int64_t>::min()) continue;
        const LedgerModel::Account account(entry.bank(), movement.account());
        sums_[account] += SumsOf(entry.kind(), entry.reversed_kind(), movement.seconds());
        changed[account] = sums_[account];
      }
    }
    for (const auto& [account, sums] : changed) {
      v1::AccountRow row;
      row.set_balance(sums.balance());
      row.set_seconds_in(sums.seconds_in);
      row.set_seconds_out(sums.seconds_out);
      row.set_exchange_count(sums.exchange_count);
      AddRow(frame, Family::kAccount, AccountKey(account.first, account.second), EncodeRow(row));
    }
  }

 private:
  std::map<LedgerModel::Account, Sums> sums_;
};

// Frames of three banks with forty accounts each: exchanges, gifts, group exchanges, reversals and words, on
// scattered days and on one busy one, with the community pot in many of them.
class FrameSource {
 public:
  // The last one's keys end in 0xff bytes, behind which there is no next prefix.
  static constexpr BankNumber kBanks[] = {1, 0x1234'5678'9abc'def0, 0xffff'ffff'ffff'ffff};
  static constexpr uint32_t kMembers = 37;
  static constexpr Day kBusyDay = 20'500;

  explicit FrameSource(uint64_t seed) : random_(seed) {}

  uint64_t Below(uint64_t limit) { return random_() % limit; }

  AccountNumber AnyAccount() {
    const uint32_t any = static_cast<uint32_t>(Below(kMembers + 3));
    if (any == 0) return kCommunityPot;
    if (any == 1) return kOpeningPot;
    if (any == 2) return MakeAccount(HolderKind::kCircle, 1);
    return MakeAccount(HolderKind::kMember, any - 2);
  }

  Day AnyDay() {
    if (Below(2) == 0) return kBusyDay;
    if (Below(50) == 0) return -static_cast<Day>(Below(1'000));
    return kBusyDay - 900 + static_cast<Day>(Below(1'000));
  }

  // An entry of `bank` that comes next.
  v1::Entry NextEntry(BankNumber bank) {
    std::vector<v1::Entry>& journal = journals_[bank];
    v1::Entry entry;
    entry.set_bank(bank);
    entry.set_sequence(journal.size() + 1);
    time_us_ += static_cast<int64_t>(Below(90'000'000));
    entry.set_record_time_us(time_us_);
    entry.set_key(static_cast<uint32_t>(Below(3) + 1));
    const uint64_t choice = Below(20);
    if (choice == 0) {
      entry.set_kind(v1::ENTRY_KIND_CONFIRMATION);
      entry.set_about(1);
    } else if (choice <= 2 && !reversible_[bank].empty()) {
      Reverse(bank, &entry);
    } else {
      Move(choice < 5 ? v1::ENTRY_KIND_GIFT : v1::ENTRY_KIND_EXCHANGE, &entry);
      reversible_[bank].push_back(entry.sequence());
    }
    journal.push_back(entry);
    return entry;
  }

  v1::Frame NextFrame(size_t entries) {
    v1::Frame frame;
    frame.set_version(1);
    const BankNumber rewritten = kBanks[Below(std::size(kBanks))];
    if (const size_t before = journals_[rewritten].size(); before > 0) {
      AddRow(&frame, Family::kText, TextKey(rewritten, 1 + Below(before)),
             Below(4) == 0 ? "" : "\x01" + std::to_string(Below(1'000)));
    }
    for (size_t i = 0; i < entries; ++i) {
      const BankNumber bank = kBanks[Below(std::size(kBanks))];
      const v1::Entry entry = NextEntry(bank);
      frame.add_entries(entry.SerializeAsString());
      AddRow(&frame, Family::kText, TextKey(bank, entry.sequence()), "\x01words");
    }
    book_.AddRows(&frame);
    const BankNumber bank = kBanks[Below(std::size(kBanks))];
    AddRow(&frame, Family::kAccount, AccountKey(bank, kStranger),
           Below(4) == 0 ? "" : "\x01" + std::to_string(Below(1'000)));
    AddRow(&frame, Family::kMark, MarkKey(bank, AnyAccount(), Below(50)), "\x01" + std::to_string(Below(10)));
    AddRow(&frame, Family::kAct, ActKey(bank, AnyAccount(), Below(50)), "\x01");
    AddRow(&frame, Family::kDirectory, DirectoryKey(bank, DirectoryKind::kMember, Below(30)),
           Below(3) == 0 ? "" : "\x01m");
    return frame;
  }

 private:
  // Never moves, so its row may say anything.
  static constexpr AccountNumber kStranger = MakeAccount(HolderKind::kMember, kMembers + 100);

  void Move(v1::EntryKind kind, v1::Entry* entry) {
    entry->set_kind(kind);
    entry->set_occurred_on(AnyDay());
    entry->set_category(static_cast<uint32_t>(Below(5)));
    entry->set_recorder(AnyAccount());
    if (Below(5) == 0) entry->set_acting_for(AnyAccount());
    const size_t parties = Below(10) == 0 ? 2 + Below(12) : 2;
    std::vector<AccountNumber> accounts;
    if (Below(2) == 0) accounts.push_back(kCommunityPot);
    while (accounts.size() < parties) {
      const AccountNumber account = AnyAccount();
      if (std::find(accounts.begin(), accounts.end(), account) == accounts.end()) accounts.push_back(account);
    }
    if (Below(2) == 0) std::swap(accounts.front(), accounts.back());
    int64_t rest = 0;
    for (size_t i = 0; i < accounts.size(); ++i) {
      v1::EntryMovement* movement = entry->add_movements();
      movement->set_account(accounts[i]);
      const bool last = i + 1 == accounts.size();
      const int64_t seconds = last ? -rest : static_cast<int64_t>(Below(20) + 1) * 900;
      movement->set_seconds(seconds);
      movement->set_role(last ? v1::MOVEMENT_ROLE_RECEIVER : v1::MOVEMENT_ROLE_GIVER);
      rest += seconds;
    }
  }

  void Reverse(BankNumber bank, v1::Entry* entry) {
    std::vector<Sequence>& reversible = reversible_[bank];
    const size_t which = Below(reversible.size());
    const v1::Entry& original = journals_[bank][reversible[which] - 1];
    reversible.erase(reversible.begin() + static_cast<ptrdiff_t>(which));
    entry->set_kind(v1::ENTRY_KIND_REVERSAL);
    entry->set_reversed_kind(original.kind());
    entry->set_reverses(original.sequence());
    entry->set_occurred_on(original.occurred_on());
    for (const v1::EntryMovement& movement : original.movements()) {
      v1::EntryMovement* opposite = entry->add_movements();
      *opposite = movement;
      opposite->set_seconds(-movement.seconds());
    }
  }

  std::mt19937_64 random_;
  int64_t time_us_ = 1'770'000'000'000'000;
  std::map<BankNumber, std::vector<v1::Entry>> journals_;
  std::map<BankNumber, std::vector<Sequence>> reversible_;
  AccountBook book_;
};

}  // namespace timebank::storage

#endif  // TIMEBANK_TESTS_UNIT_STORAGE_LEDGER_MODEL_H_
