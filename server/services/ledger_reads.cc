// LedgerService: exchanges and balances.
#include <algorithm>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/ledger/fold_case.h"
#include "server/ledger/validate.h"
#include "server/services/abseil.h"
#include "server/services/days.h"
#include "server/services/errors.h"
#include "server/services/history.h"
#include "server/services/ledger_service.h"
#include "server/services/names.h"
#include "server/services/paging.h"
#include "server/services/reading.h"
#include "server/services/requests.h"
#include "storage/keys.h"
#include "storage/status_macros.h"

namespace timebank::services {

namespace sv1 = storage::v1;
using grpc::CallbackServerContext;
using grpc::ServerUnaryReactor;
using storage::AccountNumber;
using storage::Direction;
using storage::Sequence;

namespace {

// Filters of ListExchanges, resolved.
struct Filter {
  std::vector<AccountNumber> accounts;  // empty: any
  std::string category;                 // folded; empty: any
  std::optional<storage::Day> start;
  std::optional<storage::Day> end;
  v1::Exchange::State state;
  v1::Exchange::Kind kind;
  std::string recorded_by;
};

absl::StatusOr<Filter> MakeFilter(BankReader& bank, const Caller& caller,
                                  const v1::ListExchangesRequest& request) {
  RequestReader reader(bank.id());
  Filter filter;
  const ledger::HolderRef holder = reader.Holder("holder", request.holder());
  filter.start = reader.Day("start_day", request.start_day());
  filter.end = reader.Day("end_day", request.end_day());
  filter.state = request.state();
  filter.kind = request.kind();
  if (!request.recorded_by().empty()) {
    const std::optional<ChildName> recorder = ParseChild(request.recorded_by());
    if (!recorder || (recorder->collection != "members" && recorder->collection != "keys")) {
      reader.Problem("recorded_by", ledger::violation::kMalformed);
    } else if (!recorder->bank.empty() && recorder->bank != bank.id()) {
      reader.Problem("recorded_by", ledger::violation::kOtherBank);
    } else {
      filter.recorded_by =
          absl::StrCat(BankName(bank.id()), "/", Abs(recorder->collection), "/", Abs(recorder->id));
    }
  }
  TB_RETURN_IF_ERROR(ProblemsOf(reader));
  // Whole exchanges, and what they say of others: of one's own account only.
  const bool member = holder.kind == ledger::HolderKind::kMember;
  TB_RETURN_IF_ERROR(MaySeeMember(bank, caller, member ? std::string_view(holder.id) : std::string_view()));
  if (holder.given()) {
    TB_ASSIGN_OR_RETURN(AccountNumber account, bank.FindHolder(holder));
    TB_ASSIGN_OR_RETURN(filter.accounts, bank.AccountsOf(account));
  }
  filter.category = ledger::FoldCase(request.category());
  return filter;
}

absl::StatusOr<bool> Matches(BankReader& bank, const Filter& filter, const sv1::Entry& entry) {
  if (entry.kind() > sv1::ENTRY_KIND_REVERSAL) return false;
  if (filter.kind != v1::Exchange::KIND_UNSPECIFIED && static_cast<int>(entry.kind()) != filter.kind)
    return false;
  if (filter.start && entry.occurred_on() < *filter.start) return false;
  if (filter.end && entry.occurred_on() > *filter.end) return false;
  if (!filter.category.empty()) {
    TB_ASSIGN_OR_RETURN(std::string_view category, bank.CategoryName(entry.category()));
    if (ledger::FoldCase(category) != filter.category) return false;
  }
  if (!filter.recorded_by.empty()) {
    TB_ASSIGN_OR_RETURN(std::string_view recorder, bank.RecorderName(entry.recorder(), entry.key()));
    if (recorder != filter.recorded_by) return false;
  }
  if (filter.state != v1::Exchange::STATE_UNSPECIFIED) {
    TB_ASSIGN_OR_RETURN(sv1::MarkRow mark, bank.MarkOf(entry.sequence()));
    const uint32_t state = std::max<uint32_t>(mark.state(), v1::Exchange::STATE_RECORDED);
    if (state != static_cast<uint32_t>(filter.state)) return false;
  }
  return true;
}

// Numbers of the entries to look at, at most kMostLookedAt, by the cheapest way that the filter allows.
absl::StatusOr<std::vector<Sequence>> Candidates(const BankReader& bank, const Filter& filter, Sequence from,
                                                 Sequence at, Direction direction) {
  std::vector<Sequence> found;
  if (!filter.accounts.empty()) {
    History history(bank, filter.accounts, at);
    TB_ASSIGN_OR_RETURN(auto lines, history.ByRecord(from, 1, at, direction, kMostLookedAt));
    for (const HistoryLine& line : lines) found.push_back(line.record.sequence);
    return found;
  }
  auto add = [&](Sequence sequence) {
    if (sequence > at) return direction == Direction::kDown;
    found.push_back(sequence);
    return found.size() < kMostLookedAt;
  };
  if (filter.state > v1::Exchange::STATE_RECORDED) {
    // Whatever is in another state than RECORDED has a mark.
    TB_RETURN_IF_ERROR(bank.view().ScanRows(
        storage::Family::kMark, storage::AccountKey(bank.bank(), 0), storage::MarkKey(bank.bank(), 0, from),
        direction, [&](std::string_view key, std::string_view) { return add(storage::LastNumberOf(key)); }));
    return found;
  }
  for (Sequence sequence = from; sequence >= 1 && add(sequence);) {
    sequence = direction == Direction::kUp ? sequence + 1 : sequence - 1;
  }
  return found;
}

// Returns the account that is asked about; 0: there is none.
absl::StatusOr<AccountNumber> ListThem(BankReader& bank, const Caller& caller,
                                       const v1::ListExchangesRequest& request,
                                       v1::ListExchangesResponse* response) {
  TB_ASSIGN_OR_RETURN(size_t most, PageSize(request.page_size(), 50));
  TB_ASSIGN_OR_RETURN(Page page, OpenPage(bank, request, request.page_token()));
  TB_ASSIGN_OR_RETURN(Filter filter, MakeFilter(bank, caller, request));
  const AccountNumber asked = filter.accounts.empty() ? 0 : filter.accounts.front();
  const bool up = request.order() == v1::LIST_ORDER_OLDEST_FIRST;
  const Sequence from =
      page.token ? std::min(static_cast<Sequence>(page.token->cursor), page.at) : (up ? 1 : page.at);
  response->set_position(bank.PositionAt(page.at));
  TB_ASSIGN_OR_RETURN(std::vector<Sequence> candidates,
                      Candidates(bank, filter, from, page.at, up ? Direction::kUp : Direction::kDown));
  const bool cut = candidates.size() == kMostLookedAt;
  for (size_t i = 0; i < candidates.size(); ++i) {
    TB_ASSIGN_OR_RETURN(const sv1::Entry entry, bank.KnownEntry(candidates[i]));
    TB_ASSIGN_OR_RETURN(bool matches, Matches(bank, filter, entry));
    if (matches) {
      if (static_cast<size_t>(response->exchanges_size()) == most) {
        response->set_next_page_token(NextPage(bank, page, static_cast<int64_t>(candidates[i])));
        return asked;
      }
      TB_RETURN_IF_ERROR(bank.ToExchange(entry, response->add_exchanges()));
    }
  }
  if (cut && (up ? candidates.back() < page.at : candidates.back() > 1)) {
    const Sequence next = up ? candidates.back() + 1 : candidates.back() - 1;
    response->set_next_page_token(NextPage(bank, page, static_cast<int64_t>(next)));
  }
  return asked;
}

// When a balance is asked for.
struct Moment {
  std::optional<storage::Day> day;
  std::string position;
  v1::DayBasis basis = v1::DAY_BASIS_UNSPECIFIED;
};

template <typename Request>
absl::StatusOr<Moment> MomentOf(const Request& request) {
  Moment moment;
  RequestReader reader("");
  if (request.has_on_day()) {
    moment.day = reader.Day("on_day", request.on_day());
    if (request.on_day().empty()) reader.Problem("on_day", ledger::violation::kRequired);
  }
  TB_RETURN_IF_ERROR(ProblemsOf(reader));
  moment.position = request.position();
  moment.basis = request.basis();
  return moment;
}

absl::Status FillNow(const BankReader& bank, const std::vector<AccountNumber>& accounts,
                     v1::Balance* balance) {
  storage::Sums sums;
  int64_t contested = 0;
  for (AccountNumber account : accounts) {
    TB_ASSIGN_OR_RETURN(sv1::AccountRow row, bank.AccountRowOf(account));
    sums += {row.seconds_in(), row.seconds_out(), row.exchange_count()};
    contested += row.contested();
  }
  PutSums(sums, balance);
  balance->set_contested_seconds(contested);
  const sv1::SettingsRow& settings = bank.row().settings();
  const bool pot = storage::KindOf(accounts[0]) == storage::HolderKind::kPot;
  balance->set_outside_warn_limits(!pot && IsOutside(settings, sums.balance()));
  return absl::OkStatus();
}

absl::Status FillBalance(BankReader& bank, AccountNumber account, const Moment& moment, Sequence at,
                         v1::Balance* balance) {
  TB_ASSIGN_OR_RETURN(std::vector<AccountNumber> accounts, bank.AccountsOf(account));
  TB_ASSIGN_OR_RETURN(const HolderRecord* record, bank.HolderOf(account));
  balance->set_holder(record->name);
  balance->set_display_name(record->display_name);
  if (!moment.day && moment.position.empty()) return FillNow(bank, accounts, balance);
  const bool by_day = moment.day && moment.basis != v1::DAY_BASIS_RECORDED;
  History history(bank, std::move(accounts), at, /*is_newest=*/by_day && moment.position.empty());
  if (by_day) {
    TB_ASSIGN_OR_RETURN(storage::Sums sums, history.SumsBefore({*moment.day + 1, 0}));
    PutSums(sums, balance);
  } else {
    TB_ASSIGN_OR_RETURN(storage::Sums sums, history.SumsUpTo(at));
    PutSums(sums, balance);
  }
  return absl::OkStatus();
}

// The last entry that counts for `moment`.
absl::StatusOr<Sequence> EntryOf(const BankReader& bank, const Moment& moment) {
  if (!moment.position.empty()) return bank.SequenceAt(moment.position, "position");
  if (moment.day && moment.basis == v1::DAY_BASIS_RECORDED) return LastEntryOfDay(bank, *moment.day);
  return bank.LastSequence();
}

}  // namespace

ServerUnaryReactor* LedgerService::GetExchange(CallbackServerContext* context,
                                               In<v1::GetExchangeRequest> request,
                                               v1::GetExchangeResponse* response) {
  return door_.Read(context, *request, [=](const NamedView& view, const Caller& caller) -> absl::Status {
    response->Clear();
    const Sequence sequence = SequenceOfName(request->name());
    if (sequence == 0) return ToStatus({{"name", std::string(ledger::violation::kMalformed)}}, "");
    TB_ASSIGN_OR_RETURN(BankReader bank, OpenForRead(view, caller, BankOfName(request->name()), "name"));
    TB_RETURN_IF_ERROR(MaySeeEntry(bank, caller, sequence));
    TB_RETURN_IF_ERROR(bank.ExchangeAt(sequence, response->mutable_exchange()));
    return absl::OkStatus();
  });
}

ServerUnaryReactor* LedgerService::ListExchanges(CallbackServerContext* context,
                                                 In<v1::ListExchangesRequest> request,
                                                 v1::ListExchangesResponse* response) {
  return door_.Scan(
      context, *request, [=, this](const NamedView& view, const Caller& caller) -> absl::Status {
        response->Clear();
        TB_ASSIGN_OR_RETURN(BankReader bank,
                            OpenForRead(view, caller, ParseBank(request->parent()).value_or(""), "parent"));
        TB_ASSIGN_OR_RETURN(const AccountNumber account, ListThem(bank, caller, *request, response));
        return door_.serving().NoteLook(bank, caller, account, LookKind::kExchanges);
      });
}

ServerUnaryReactor* LedgerService::GetBalance(CallbackServerContext* context,
                                              In<v1::GetBalanceRequest> request,
                                              v1::GetBalanceResponse* response) {
  return door_.Read(
      context, *request, [=, this](const NamedView& view, const Caller& caller) -> absl::Status {
        response->Clear();
        TB_ASSIGN_OR_RETURN(BankReader bank, OpenForRead(view, caller, BankOfName(request->name()), "name"));
        RequestReader reader(bank.id());
        const ledger::HolderRef holder = reader.Holder("name", request->name());
        TB_RETURN_IF_ERROR(ProblemsOf(reader));
        TB_RETURN_IF_ERROR(MaySeeBalance(bank, caller, holder));
        TB_ASSIGN_OR_RETURN(Moment moment, MomentOf(*request));
        TB_ASSIGN_OR_RETURN(Sequence at, EntryOf(bank, moment));
        TB_ASSIGN_OR_RETURN(const AccountNumber account, bank.FindHolder(holder));
        TB_RETURN_IF_ERROR(FillBalance(bank, account, moment, at, response->mutable_balance()));
        response->set_position(bank.PositionAt(at));
        return door_.serving().NoteLook(bank, caller, account, LookKind::kBalance);
      });
}

ServerUnaryReactor* LedgerService::BatchGetBalances(CallbackServerContext* context,
                                                    In<v1::BatchGetBalancesRequest> request,
                                                    v1::BatchGetBalancesResponse* response) {
  return door_.Scan(
      context, *request, [=, this](const NamedView& view, const Caller& caller) -> absl::Status {
        response->Clear();
        TB_ASSIGN_OR_RETURN(BankReader bank,
                            OpenForRead(view, caller, ParseBank(request->parent()).value_or(""), "parent"));
        RequestReader reader(bank.id());
        if (request->names().empty()) reader.Problem("names", ledger::violation::kRequired);
        if (request->names_size() > kMaxPageSize) reader.Problem("names", ledger::violation::kTooMany);
        TB_RETURN_IF_ERROR(ProblemsOf(reader));
        TB_ASSIGN_OR_RETURN(Moment moment, MomentOf(*request));
        TB_ASSIGN_OR_RETURN(Sequence at, EntryOf(bank, moment));
        std::vector<AccountNumber> accounts;
        for (int i = 0; i < request->names_size(); ++i) {
          const std::string field = "names[" + std::to_string(i) + "]";
          const ledger::HolderRef holder = reader.Holder(field, request->names(i));
          if (request->names(i).empty()) reader.Problem(field, ledger::violation::kRequired);
          TB_RETURN_IF_ERROR(ProblemsOf(reader));
          TB_RETURN_IF_ERROR(MaySeeBalance(bank, caller, holder));
          TB_ASSIGN_OR_RETURN(accounts.emplace_back(), bank.FindHolder(holder));
          TB_RETURN_IF_ERROR(FillBalance(bank, accounts.back(), moment, at, response->add_balances()));
        }
        response->set_position(bank.PositionAt(at));
        for (const AccountNumber account : accounts) {
          TB_RETURN_IF_ERROR(door_.serving().NoteLook(bank, caller, account, LookKind::kBalance));
        }
        return absl::OkStatus();
      });
}

}  // namespace timebank::services
