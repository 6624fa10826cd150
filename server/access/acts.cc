#include "server/access/acts.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "server/services/bank_reader.h"
#include "server/services/days.h"
#include "server/services/look_book.h"
#include "server/services/names.h"
#include "server/services/paging.h"
#include "server/services/reading.h"
#include "server/services/requests.h"
#include "storage/keys.h"
#include "storage/status_macros.h"

namespace timebank::access {
namespace {

namespace sv1 = storage::v1;
using services::BankReader;
using services::Caller;
using services::kMostLookedAt;
using services::LookBook;
using storage::AccountNumber;
using storage::Direction;
using storage::Sequence;

constexpr size_t kDefaultPageSize = 50;

// The member itself, a broker, a partner for the member at its keyboard. Where callers are believed, what
// they say of themselves counts as well.
absl::Status MaySeeActs(const BankReader& bank, const Caller& caller, std::string_view member_id) {
  TB_RETURN_IF_ERROR(services::MaySeeMember(bank, caller, member_id));
  if (caller.actor.role == ledger::Role::kBroker) return absl::OkStatus();
  if (caller.actor.role != ledger::Role::kMember) return services::NotAllowed();
  TB_ASSIGN_OR_RETURN(const bool own, services::IsOwnMember(bank, caller, member_id));
  return own ? absl::OkStatus() : services::NotAllowed();
}

bool IsOneOf(const std::vector<AccountNumber>& accounts, AccountNumber account) {
  return std::find(accounts.begin(), accounts.end(), account) != accounts.end();
}

// Some of the entries that concern a member, newest first.
struct Found {
  std::vector<Sequence> entries;
  Sequence complete = 0;  // nothing is missing from here on; 0: nothing at all

  // What one account's `scan` finds from its newest end on: it calls its argument with each row's entry and
  // whether that is wanted, until it is told to stop.
  absl::Status Add(size_t most,
                   const std::function<absl::Status(const std::function<bool(Sequence, bool)>&)>& scan) {
    size_t looked_at = 0;
    size_t wanted = 0;
    Sequence reached = 0;
    TB_RETURN_IF_ERROR(scan([&](Sequence sequence, bool is_wanted) {
      if (is_wanted) entries.push_back(sequence);
      wanted += is_wanted;
      if (wanted < most && ++looked_at < kMostLookedAt) return true;
      reached = sequence;
      return false;
    }));
    complete = std::max(complete, reached);
    return absl::OkStatus();
  }
};

// Entries up to `from` that others recorded, at least `most` where there are so many and not too many others
// between them.
absl::StatusOr<Found> FindEntries(const BankReader& bank, const std::vector<AccountNumber>& accounts,
                                  Sequence from, size_t most) {
  Found found;
  for (const AccountNumber account : accounts) {
    TB_RETURN_IF_ERROR(found.Add(most, [&](const std::function<bool(Sequence, bool)>& take) {
      return bank.view().ScanStatement(bank.bank(), account, from, Direction::kDown,
                                       [&](const storage::MovementRecord& record) {
                                         return take(record.sequence, !IsOneOf(accounts, record.recorder));
                                       });
    }));
    TB_RETURN_IF_ERROR(found.Add(most, [&](const std::function<bool(Sequence, bool)>& take) {
      return bank.view().ScanRows(
          storage::Family::kAct, storage::AccountKey(bank.bank(), account),
          storage::ActKey(bank.bank(), account, from), Direction::kDown,
          [&](std::string_view key, std::string_view) { return take(storage::LastNumberOf(key), true); });
    }));
  }
  std::erase_if(found.entries, [&](Sequence sequence) { return sequence < found.complete; });
  std::sort(found.entries.begin(), found.entries.end(), std::greater<>());
  found.entries.erase(std::unique(found.entries.begin(), found.entries.end()), found.entries.end());
  return found;
}

v1::Act::Kind KindOf(const sv1::Entry& entry) {
  if (entry.corrects() != 0) return v1::Act::KIND_CORRECTION;
  if (entry.restores() != 0) return v1::Act::KIND_RESTORATION;
  return static_cast<v1::Act::Kind>(entry.kind());
}

absl::Status PutAct(const BankReader& bank, const std::vector<AccountNumber>& accounts,
                    const sv1::Entry& entry, v1::Act* act) {
  act->set_kind(KindOf(entry));
  *act->mutable_time() = services::ToTimestamp(entry.record_time_us());
  TB_ASSIGN_OR_RETURN(*act->mutable_recorded_by(), bank.RecorderName(entry.recorder(), entry.key()));
  TB_ASSIGN_OR_RETURN(*act->mutable_recorded_with(), bank.KeyNameOf(entry.key()));
  if (entry.acting_for() != 0) {
    TB_ASSIGN_OR_RETURN(*act->mutable_acting_for(), bank.NameOf(entry.acting_for()));
  }
  act->set_sequence(static_cast<int64_t>(entry.sequence()));
  if (entry.kind() <= sv1::ENTRY_KIND_REVERSAL) {
    act->set_exchange(services::ExchangeName(bank.id(), entry.sequence()));
  } else if (entry.kind() <= sv1::ENTRY_KIND_NOTE_ERASED) {
    act->set_exchange(services::ExchangeName(bank.id(), entry.about()));
  }
  if (entry.kind() == sv1::ENTRY_KIND_ACTING_FOR_GRANTED ||
      entry.kind() == sv1::ENTRY_KIND_ACTING_FOR_REVOKED) {
    TB_ASSIGN_OR_RETURN(*act->mutable_member(), bank.NameOf(entry.subject()));
    TB_ASSIGN_OR_RETURN(*act->mutable_agent(), bank.NameOf(entry.other()));
    act->set_because(static_cast<v1::Act::Kind>(entry.because()));
  }
  for (const sv1::EntryMovement& movement : entry.movements()) {
    if (IsOneOf(accounts, movement.account())) act->set_seconds(act->seconds() + movement.seconds());
  }
  return absl::OkStatus();
}

absl::Status PutLook(const BankReader& bank, const LookBook::Looks& looks, v1::Act* act) {
  const sv1::LookRow& row = looks.row;
  act->set_kind(v1::Act::KIND_LOOK);
  *act->mutable_time() = services::ToTimestamp(row.first_us());
  if (!row.with().empty()) act->set_recorded_with(services::KeyName(bank.id(), row.with()));
  act->set_recorded_by(act->recorded_with());
  if (row.by() != 0) {
    TB_ASSIGN_OR_RETURN(*act->mutable_recorded_by(), bank.NameOf(row.by()));
  }
  v1::Act::Look& look = *act->mutable_look();
  look.set_kind(static_cast<v1::Act::Look::Kind>(row.kind()));
  look.set_day(services::FormatDay(looks.day));
  look.set_count(static_cast<int64_t>(row.count()));
  *look.mutable_last_time() = services::ToTimestamp(row.last_us());
  return absl::OkStatus();
}

// One page: acts and looks, put together by time.
class ActList {
 public:
  ActList(const BankReader& bank, std::vector<AccountNumber> accounts, size_t most)
      : bank_(bank), accounts_(std::move(accounts)), most_(most) {}

  // Entries up to `from`; 0: none.
  absl::Status ReadEntries(Sequence from) {
    if (from == 0) return absl::OkStatus();
    TB_ASSIGN_OR_RETURN(Found found, FindEntries(bank_, accounts_, from, most_ + 1));
    if (found.entries.size() > most_) {
      next_entry_ = found.entries[most_];
      found.entries.resize(most_);
    } else if (found.complete > 1) {
      next_entry_ = found.complete - 1;
    }
    for (const Sequence sequence : found.entries) {
      TB_ASSIGN_OR_RETURN(sv1::Entry entry, bank_.KnownEntry(sequence));
      if (!IsOneOf(accounts_, entry.recorder()) && !IsOwnMerger(entry)) entries_.push_back(std::move(entry));
    }
    if (next_entry_ != 0) {
      TB_ASSIGN_OR_RETURN(const sv1::Entry next, bank_.KnownEntry(next_entry_));
      listed_from_us_ = next.record_time_us();
    }
    return absl::OkStatus();
  }

  // Looks that began before `before_us`; 0: none.
  absl::Status ReadLooks(const LookBook& book, int64_t before_us) {
    looks_before_us_ = before_us;
    if (before_us == 0) return absl::OkStatus();
    TB_ASSIGN_OR_RETURN(looks_, book.List(bank_.bank(), accounts_, before_us, most_ + 1));
    return absl::OkStatus();
  }

  absl::Status Put(v1::ListActsResponse* response) {
    auto entry = entries_.begin();
    auto look = looks_.begin();
    const auto is_looks_turn = [&] {
      // What is older than the first entry that is not read yet comes behind that.
      if (look == looks_.end() || look->row.first_us() < listed_from_us_) return false;
      return entry == entries_.end() || look->row.first_us() > entry->record_time_us();
    };
    while (true) {
      // A token can tell looks of one moment not apart.
      const bool tied = look != looks_.end() && look->row.first_us() == looks_before_us_;
      if (static_cast<size_t>(response->acts_size()) >= most_ && !tied) break;
      if (tied || is_looks_turn()) {
        TB_RETURN_IF_ERROR(PutLook(bank_, *look, response->add_acts()));
        looks_before_us_ = look->row.first_us();
        ++look;
      } else if (entry != entries_.end()) {
        TB_RETURN_IF_ERROR(PutAct(bank_, accounts_, *entry, response->add_acts()));
        ++entry;
      } else {
        break;
      }
    }
    if (entry != entries_.end()) next_entry_ = entry->sequence();
    if (look == looks_.end() && looks_.size() <= most_) looks_before_us_ = 0;
    return absl::OkStatus();
  }

  // Where the next page begins; both 0: there is none.
  Sequence next_entry() const { return next_entry_; }
  int64_t looks_before_us() const { return looks_before_us_; }

 private:
  // Hours went from one record of the member to another.
  bool IsOwnMerger(const sv1::Entry& entry) const {
    return entry.kind() == sv1::ENTRY_KIND_CLOSING &&
           std::all_of(entry.movements().begin(), entry.movements().end(),
                       [&](const auto& movement) { return IsOneOf(accounts_, movement.account()); });
  }

  const BankReader& bank_;
  const std::vector<AccountNumber> accounts_;
  const size_t most_;
  std::vector<sv1::Entry> entries_;
  std::vector<LookBook::Looks> looks_;
  Sequence next_entry_ = 0;
  int64_t listed_from_us_ = std::numeric_limits<int64_t>::min();
  int64_t looks_before_us_ = 0;
};

}  // namespace

absl::Status ListActs(services::Serving& serving, const services::NamedView& view, const Caller& caller,
                      const v1::ListActsRequest& request, v1::ListActsResponse* response) {
  TB_ASSIGN_OR_RETURN(const BankReader bank,
                      services::OpenForRead(view, caller, services::BankOfName(request.parent()), "parent"));
  services::RequestReader reader(bank.id());
  const std::string id = reader.HolderId("parent", request.parent(), ledger::HolderKind::kMember);
  TB_RETURN_IF_ERROR(services::ProblemsOf(reader));
  TB_RETURN_IF_ERROR(MaySeeActs(bank, caller, id));
  TB_ASSIGN_OR_RETURN(const size_t most, services::PageSize(request.page_size(), kDefaultPageSize));
  TB_ASSIGN_OR_RETURN(const AccountNumber account, bank.FindHolder({ledger::HolderKind::kMember, id}));
  TB_ASSIGN_OR_RETURN(std::vector<AccountNumber> accounts, bank.AccountsOf(account));
  TB_ASSIGN_OR_RETURN(const services::Page page, services::OpenPage(bank, request, request.page_token()));

  ActList list(bank, std::move(accounts), most);
  if (request.what() != v1::ListActsRequest::WHAT_LOOKS) {
    TB_RETURN_IF_ERROR(list.ReadEntries(page.token ? static_cast<Sequence>(page.token->cursor) : page.at));
  }
  if (request.what() != v1::ListActsRequest::WHAT_ACTS) {
    TB_RETURN_IF_ERROR(list.ReadLooks(
        serving.looks(), page.token ? page.token->cursor_day : std::numeric_limits<int64_t>::max()));
  }
  TB_RETURN_IF_ERROR(list.Put(response));
  response->set_position(bank.PositionAt(page.at));
  if (list.next_entry() != 0 || list.looks_before_us() != 0) {
    // What is looked at from here on is newer than this list.
    const int64_t looks_before_us = std::min(list.looks_before_us(), serving.NowUs() + 1);
    response->set_next_page_token(
        services::NextPage(bank, page, static_cast<int64_t>(list.next_entry()), looks_before_us));
  }
  return serving.NoteLook(bank, caller, account, services::LookKind::kActs);
}

}  // namespace timebank::access
