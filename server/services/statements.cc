// LedgerService: statements and totals.
#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/str_format.h"
#include "server/ledger/validate.h"
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
using storage::Day;
using storage::Direction;
using storage::kFirstDay;
using storage::kLastDay;
using storage::Sequence;

namespace {

constexpr Sequence kLastSequence = std::numeric_limits<int64_t>::max();

// A statement being read: of whom, which part, in which order.
struct Statement {
  AccountNumber account = 0;
  std::vector<AccountNumber> accounts;
  Page page;
  size_t most = 0;
  bool by_record = false;
  Direction direction = Direction::kDown;
  Day first = kFirstDay;
  Day last = kLastDay;

  bool up() const { return direction == Direction::kUp; }
};

absl::StatusOr<Statement> Open(BankReader& bank, const Caller& caller,
                               const v1::ListStatementLinesRequest& request) {
  Statement statement;
  RequestReader reader(bank.id());
  const ledger::HolderRef holder = reader.Holder("parent", request.parent());
  statement.first = reader.Day("start_day", request.start_day()).value_or(kFirstDay);
  statement.last = reader.Day("end_day", request.end_day()).value_or(kLastDay);
  TB_RETURN_IF_ERROR(ProblemsOf(reader));
  TB_RETURN_IF_ERROR(MaySeeStatement(bank, caller, holder));
  TB_ASSIGN_OR_RETURN(statement.most, PageSize(request.page_size(), 50));
  TB_ASSIGN_OR_RETURN(statement.account, bank.FindHolder(holder));
  TB_ASSIGN_OR_RETURN(statement.accounts, bank.AccountsOf(statement.account));
  TB_ASSIGN_OR_RETURN(statement.page, OpenPage(bank, request, request.page_token()));
  statement.by_record = request.basis() == v1::DAY_BASIS_RECORDED;
  statement.direction = request.order() == v1::LIST_ORDER_OLDEST_FIRST ? Direction::kUp : Direction::kDown;
  return statement;
}

// One line more than the page holds, so that it is known whether there is a next one. Sets `opening` to the
// balance before the range where there are no lines at all.
absl::StatusOr<std::vector<HistoryLine>> Lines(const BankReader& bank, const Statement& statement,
                                               History& history, int64_t* opening) {
  const auto& token = statement.page.token;
  if (statement.by_record) {
    TB_ASSIGN_OR_RETURN(Sequence last, LastEntryOfDay(bank, statement.last));
    Sequence first = 1;
    if (statement.first != kFirstDay) {
      TB_ASSIGN_OR_RETURN(Sequence before, LastEntryOfDay(bank, statement.first - 1));
      first = before + 1;
    }
    last = std::min(last, statement.page.at);
    const Sequence from = token ? static_cast<Sequence>(token->cursor) : (statement.up() ? first : last);
    TB_ASSIGN_OR_RETURN(auto lines,
                        history.ByRecord(from, first, last, statement.direction, statement.most + 1));
    if (lines.empty()) {
      TB_ASSIGN_OR_RETURN(storage::Sums sums, history.SumsUpTo(first - 1));
      *opening = sums.balance();
    }
    return lines;
  }
  History::Point from{statement.up() ? statement.first : statement.last, statement.up() ? 0 : kLastSequence};
  if (token) from = {static_cast<Day>(token->cursor_day), static_cast<Sequence>(token->cursor)};
  TB_ASSIGN_OR_RETURN(auto lines, history.ByDay(from, statement.first, statement.last, statement.direction,
                                                statement.most + 1));
  if (lines.empty()) {
    TB_ASSIGN_OR_RETURN(storage::Sums sums, history.SumsBefore({statement.first, 0}));
    *opening = sums.balance();
  }
  return lines;
}

// What has become of each of `lines`, in their order: most have no mark, so one scan is cheaper than asking
// for each.
absl::StatusOr<std::vector<sv1::MarkRow>> MarksOf(const BankReader& bank,
                                                  const std::vector<AccountNumber>& accounts,
                                                  const std::vector<HistoryLine>& lines) {
  sv1::MarkRow recorded;
  recorded.set_state(v1::Exchange::STATE_RECORDED);
  std::vector<sv1::MarkRow> marks(lines.size(), recorded);
  for (AccountNumber account : accounts) {
    std::vector<std::pair<Sequence, size_t>> wanted;  // which line
    for (size_t i = 0; i < lines.size(); ++i) {
      if (lines[i].account == account) wanted.emplace_back(lines[i].record.sequence, i);
    }
    if (wanted.empty()) continue;
    std::sort(wanted.begin(), wanted.end());
    auto next = wanted.begin();
    size_t passed = 0;
    absl::Status status;
    auto visit = [&](std::string_view key, std::string_view value) {
      const Sequence sequence = storage::LastNumberOf(key);
      while (next != wanted.end() && next->first < sequence) ++next;
      if (next == wanted.end()) return false;
      if (next->first > sequence) return ++passed < lines.size();
      status = storage::DecodeRow(value, &marks[next->second]);
      ++next;
      return status.ok() && next != wanted.end();
    };
    TB_RETURN_IF_ERROR(bank.view().ScanRows(storage::Family::kMark, storage::AccountKey(bank.bank(), account),
                                            storage::MarkKey(bank.bank(), account, next->first),
                                            Direction::kUp, visit));
    TB_RETURN_IF_ERROR(status);
    // Lines by day can lie far apart in the order of record, with many marks in between.
    if (passed < lines.size()) continue;
    for (; next != wanted.end(); ++next) {
      TB_RETURN_IF_ERROR(bank.view()
                             .GetRow(storage::Family::kMark,
                                     storage::MarkKey(bank.bank(), account, next->first),
                                     &marks[next->second])
                             .status());
    }
  }
  return marks;
}

// `day`: of the help, as text.
absl::Status FillLine(BankReader& bank, const HistoryLine& from, const std::string& day,
                      const sv1::MarkRow& mark, v1::StatementLine* line) {
  const storage::MovementRecord& record = from.record;
  PutExchangeName(bank.id(), record.sequence, line->mutable_exchange());
  line->set_occurred_on(day);
  *line->mutable_record_time() = ToTimestamp(record.record_time_us);
  line->set_seconds(record.seconds);
  line->set_balance_after_seconds(from.balance_after);
  line->set_kind(static_cast<v1::Exchange::Kind>(record.kind));
  for (AccountNumber counterpart : record.counterparts) {
    TB_ASSIGN_OR_RETURN(const HolderRecord* holder, bank.HolderOf(counterpart));
    line->add_counterparts(holder->name);
    line->add_counterpart_display_names(holder->display_name);
  }
  line->set_counterpart_count(static_cast<int32_t>(record.counterpart_count));
  TB_ASSIGN_OR_RETURN(*line->mutable_category(), bank.CategoryName(record.category));
  if (line->kind() == v1::Exchange::KIND_REVERSAL) {
    TB_ASSIGN_OR_RETURN(sv1::Texts texts, bank.TextsOf(record.sequence));
    line->set_note(texts.note());
    line->set_reason(texts.reason());
  } else if (from.note.has_value()) {
    line->set_note(from.note->data(), from.note->size());
  } else {
    TB_RETURN_IF_ERROR(bank.ReadNote(record.sequence, line->mutable_note()));
  }
  TB_ASSIGN_OR_RETURN(*line->mutable_recorded_by(), bank.RecorderName(record.recorder, record.key));
  if (record.acting_for != 0) {
    TB_ASSIGN_OR_RETURN(*line->mutable_acting_for(), bank.NameOf(record.acting_for));
  }
  if (record.reverses != 0) line->set_reverses(ExchangeName(bank.id(), record.reverses));
  line->set_state(static_cast<v1::Exchange::State>(mark.state()));
  if (mark.reversed_by() != 0) line->set_reversed_by(ExchangeName(bank.id(), mark.reversed_by()));
  if (mark.state() == v1::Exchange::STATE_CONTESTED) {
    TB_ASSIGN_OR_RETURN(sv1::Texts contest, bank.TextsOf(mark.contest()));
    line->set_contest_reason(contest.reason());
  }
  return absl::OkStatus();
}

// Returns the account.
absl::StatusOr<AccountNumber> ListLines(BankReader& bank, const Caller& caller,
                                        const v1::ListStatementLinesRequest& request,
                                        v1::ListStatementLinesResponse* response) {
  TB_ASSIGN_OR_RETURN(Statement statement, Open(bank, caller, request));
  int64_t opening = 0;
  History history(bank, statement.accounts, statement.page.at, /*is_newest=*/!statement.page.token);
  TB_ASSIGN_OR_RETURN(std::vector<HistoryLine> lines, Lines(bank, statement, history, &opening));
  if (lines.size() > statement.most) {
    const storage::MovementRecord& next = lines.back().record;
    response->set_next_page_token(
        NextPage(bank, statement.page, static_cast<int64_t>(next.sequence), next.occurred_on));
    lines.pop_back();
  }
  TB_ASSIGN_OR_RETURN(std::vector<sv1::MarkRow> marks, MarksOf(bank, statement.accounts, lines));
  response->mutable_lines()->Reserve(static_cast<int>(lines.size()));
  std::string day;
  for (size_t i = 0; i < lines.size(); ++i) {
    const Day occurred_on = lines[i].record.occurred_on;
    if (i == 0 || occurred_on != lines[i - 1].record.occurred_on) day = FormatDay(occurred_on);
    TB_RETURN_IF_ERROR(FillLine(bank, lines[i], day, marks[i], response->add_lines()));
  }
  response->set_opening_balance_seconds(opening);
  response->set_closing_balance_seconds(opening);
  if (!lines.empty()) {
    const HistoryLine& earliest = statement.up() ? lines.front() : lines.back();
    const HistoryLine& latest = statement.up() ? lines.back() : lines.front();
    response->set_opening_balance_seconds(earliest.balance_after - earliest.record.seconds);
    response->set_closing_balance_seconds(latest.balance_after);
  }
  response->set_position(bank.PositionAt(statement.page.at));
  return statement.account;
}

// --- totals

struct Group {
  v1::Totals figures;
  std::set<AccountNumber> givers;
  std::set<AccountNumber> receivers;
};

// Sums a bank's journal up, from its end: reversals are met before what they undo.
class Totaller {
 public:
  Totaller(BankReader& bank, Day first, Day last, v1::GetTotalsRequest::GroupBy group_by)
      : bank_(bank), first_(first), last_(last), group_by_(group_by) {}

  absl::Status Add(const sv1::Entry& entry) {
    if (entry.kind() == sv1::ENTRY_KIND_MEMBER_MERGED) merged_[entry.subject()] = entry.other();
    if (entry.kind() == sv1::ENTRY_KIND_REVERSAL) {
      reversed_.insert(entry.reverses());
      return absl::OkStatus();
    }
    if (entry.kind() > sv1::ENTRY_KIND_REVERSAL || reversed_.contains(entry.sequence()))
      return absl::OkStatus();
    if (entry.occurred_on() < first_ || entry.occurred_on() > last_) return absl::OkStatus();
    AddTo(&total_, entry, nullptr);
    return AddToGroups(entry);
  }

  void Finish(v1::GetTotalsResponse* response) {
    *response->mutable_total() = Close(&total_);
    for (auto& [key, group] : groups_) {
      *response->add_groups() = Close(&group);
      response->mutable_groups(response->groups_size() - 1)->set_key(key);
    }
  }

 private:
  AccountNumber Survivor(AccountNumber account) const {
    for (auto next = merged_.find(account); next != merged_.end(); next = merged_.find(account))
      account = next->second;
    return account;
  }

  absl::StatusOr<std::string> KindOf(AccountNumber account) const {
    switch (storage::KindOf(account)) {
      case storage::HolderKind::kMember: {
        TB_ASSIGN_OR_RETURN(const HolderRecord* member, bank_.HolderOf(account));
        return member->member_kind == v1::Member::KIND_ORGANISATION ? "ORGANISATION"
               : member->member_kind == v1::Member::KIND_HOUSEHOLD  ? "HOUSEHOLD"
                                                                    : "PERSON";
      }
      case storage::HolderKind::kCircle:
        return "CIRCLE";
      default:
        return "POT";
    }
  }

  absl::Status AddToGroups(const sv1::Entry& entry) {
    switch (group_by_) {
      case v1::GetTotalsRequest::GROUP_BY_MONTH: {
        const storage::CivilDay civil = storage::ToCivil(entry.occurred_on());
        AddTo(&groups_[absl::StrFormat("%04d-%02d", civil.year, civil.month)], entry, nullptr);
        return absl::OkStatus();
      }
      case v1::GetTotalsRequest::GROUP_BY_CATEGORY: {
        TB_ASSIGN_OR_RETURN(std::string_view category, bank_.CategoryName(entry.category()));
        AddTo(&groups_[std::string(category)], entry, nullptr);
        return absl::OkStatus();
      }
      case v1::GetTotalsRequest::GROUP_BY_HOLDER_KIND: {
        std::map<AccountNumber, std::string> kinds;
        std::set<std::string> present;
        for (const auto& movement : entry.movements()) {
          if (movement.role() != sv1::MOVEMENT_ROLE_GIVER) continue;
          TB_ASSIGN_OR_RETURN(std::string kind, KindOf(movement.account()));
          kinds[movement.account()] = kind;
          present.insert(kind);
        }
        for (const std::string& kind : present) {
          auto of_kind = [&](AccountNumber account) { return kinds[account] == kind; };
          AddTo(&groups_[kind], entry, of_kind);
        }
        return absl::OkStatus();
      }
      default:
        return absl::OkStatus();
    }
  }

  // `of_kind`: counts only the givers for whom it holds.
  void AddTo(Group* group, const sv1::Entry& entry, const std::function<bool(AccountNumber)>& of_kind) const {
    v1::Totals& figures = group->figures;
    const bool help = entry.kind() == sv1::ENTRY_KIND_EXCHANGE;
    if (help) figures.set_exchange_count(figures.exchange_count() + 1);
    for (const auto& movement : entry.movements()) {
      const AccountNumber account = Survivor(movement.account());
      const bool member = storage::KindOf(account) == storage::HolderKind::kMember;
      if (help && movement.role() == sv1::MOVEMENT_ROLE_GIVER && (!of_kind || of_kind(movement.account()))) {
        figures.set_seconds_given(figures.seconds_given() + movement.seconds());
        if (member) group->givers.insert(account);
      }
      if (help && movement.role() == sv1::MOVEMENT_ROLE_RECEIVER && member) group->receivers.insert(account);
      AddPot(entry, movement, &figures);
    }
  }

  static void AddPot(const sv1::Entry& entry, const sv1::EntryMovement& movement, v1::Totals* figures) {
    if (storage::KindOf(movement.account()) != storage::HolderKind::kPot) return;
    if (entry.kind() == sv1::ENTRY_KIND_OPENING || entry.kind() == sv1::ENTRY_KIND_STARTER) return;
    if (movement.seconds() > 0) {
      figures->set_pots_in_seconds(figures->pots_in_seconds() + movement.seconds());
    } else {
      figures->set_pots_out_seconds(figures->pots_out_seconds() - movement.seconds());
    }
  }

  static v1::Totals Close(Group* group) {
    group->figures.set_givers(static_cast<int64_t>(group->givers.size()));
    group->figures.set_receivers(static_cast<int64_t>(group->receivers.size()));
    const auto both = std::count_if(group->givers.begin(), group->givers.end(), [&](AccountNumber account) {
      return group->receivers.contains(account);
    });
    group->figures.set_givers_and_receivers(both);
    return group->figures;
  }

  BankReader& bank_;
  const Day first_;
  const Day last_;
  const v1::GetTotalsRequest::GroupBy group_by_;
  std::map<AccountNumber, AccountNumber> merged_;
  std::set<Sequence> reversed_;
  Group total_;
  std::map<std::string, Group> groups_;
};

absl::Status Total(BankReader& bank, const v1::GetTotalsRequest& request,
                   const CallbackServerContext& context, std::chrono::system_clock::time_point until,
                   v1::GetTotalsResponse* response) {
  RequestReader reader(bank.id());
  const auto first = reader.Day("start_day", request.start_day());
  const auto last = reader.Day("end_day", request.end_day());
  if (request.start_day().empty()) reader.Problem("start_day", ledger::violation::kRequired);
  if (request.end_day().empty()) reader.Problem("end_day", ledger::violation::kRequired);
  if (first && last && *first > *last) reader.Problem("end_day", ledger::violation::kOutOfRange);
  if (!v1::GetTotalsRequest::GroupBy_IsValid(request.group_by())) {
    reader.Problem("group_by", ledger::violation::kOutOfRange);
  }
  TB_RETURN_IF_ERROR(ProblemsOf(reader));
  TB_ASSIGN_OR_RETURN(Sequence at, bank.LastSequence());
  if (!request.position().empty()) {
    TB_ASSIGN_OR_RETURN(at, bank.SequenceAt(request.position(), "position"));
  }
  Totaller totaller(bank, *first, *last, request.group_by());
  absl::Status status;
  TB_RETURN_IF_ERROR(bank.view().ScanJournal(
      bank.bank(), at, Direction::kDown, [&](Sequence sequence, std::string_view bytes) {
        sv1::Entry entry;
        if (!entry.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
          status = absl::DataLossError("an entry's bytes do not parse");
        } else if (sequence % 4096 == 0 && IsOver(context, until)) {
          status = absl::DeadlineExceededError("the call ended before it was answered");
        } else {
          status = totaller.Add(entry);
        }
        return status.ok();
      }));
  TB_RETURN_IF_ERROR(status);
  totaller.Finish(response);
  response->set_position(bank.PositionAt(at));
  return absl::OkStatus();
}

}  // namespace

ServerUnaryReactor* LedgerService::ListStatementLines(CallbackServerContext* context,
                                                      In<v1::ListStatementLinesRequest> request,
                                                      v1::ListStatementLinesResponse* response) {
  return door_.Read(
      context, *request, [=, this](const NamedView& view, const Caller& caller) -> absl::Status {
        response->Clear();
        TB_ASSIGN_OR_RETURN(BankReader bank,
                            OpenForRead(view, caller, BankOfName(request->parent()), "parent"));
        TB_ASSIGN_OR_RETURN(const AccountNumber account, ListLines(bank, caller, *request, response));
        return door_.serving().NoteLook(bank, caller, account, LookKind::kStatement);
      });
}

ServerUnaryReactor* LedgerService::GetTotals(CallbackServerContext* context, In<v1::GetTotalsRequest> request,
                                             v1::GetTotalsResponse* response) {
  const auto until = Until(context->deadline(), std::chrono::system_clock::now());
  return door_.Scan(context, *request, [=](const NamedView& view, const Caller& caller) -> absl::Status {
    response->Clear();
    TB_ASSIGN_OR_RETURN(BankReader bank,
                        OpenForRead(view, caller, ParseBank(request->parent()).value_or(""), "parent"));
    return Total(bank, *request, *context, until, response);
  });
}

}  // namespace timebank::services
