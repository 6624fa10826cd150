#include "client/cli/export_source.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/cli/errors.h"
#include "client/cli/fetch_balances.h"
#include "client/cli/limits.h"
#include "client/cli/status_macros.h"
#include "client/cli/translate.h"
#include "client/cli/words.h"
#include "client/cpp/names.h"

namespace timebank::cli {
namespace {

constexpr int64_t kEventsBetweenProgress = 1000;

class Source {
 public:
  Source(client::Client client, ExportSink& sink,
         const std::function<void(int64_t done, int64_t total)>& on_progress)
      : client_(std::move(client)), sink_(sink), on_progress_(on_progress) {}

  absl::StatusOr<ExportFacts> Run(const std::string& bank, const ExportScope& scope) {
    v1::GetTimebankRequest request;
    request.set_name(bank);
    CLI_ASSIGN_OR_RETURN(v1::GetTimebankResponse response, client_.GetTimebank(std::move(request)));
    facts_.bank = std::move(*response.mutable_timebank());
    facts_.scope = scope;
    facts_.settings = facts_.bank.settings();
    facts_.last_sequence = facts_.bank.last_sequence();
    facts_.position = facts_.bank.position();
    Directory directory(client_, bank);
    CLI_RETURN_IF_ERROR(scope.whole() ? ReadFeed(directory) : ReadPart(directory));
    std::sort(facts_.members.begin(), facts_.members.end(),
              [](const v1::Member& a, const v1::Member& b) { return a.number() < b.number(); });
    CLI_RETURN_IF_ERROR(sink_.Finish(facts_));
    return std::move(facts_);
  }

 private:
  absl::Status ReadFeed(Directory& directory);
  absl::Status ReadPart(Directory& directory);
  absl::Status ReadDirectory();
  absl::Status ReadParties();
  absl::Status Pass(v1::LedgerEvent& event, Directory& directory);
  void CutLinks(v1::Exchange& exchange) const;
  absl::Status AddUp(const v1::Exchange& exchange);
  absl::Status CheckBalances();

  client::Client client_;
  ExportSink& sink_;
  const std::function<void(int64_t, int64_t)>& on_progress_;
  ExportFacts facts_;
  // Whoever an entry names and does not move.
  std::set<std::string> named_;
  int64_t events_ = 0;
};

// ---- The whole bank

absl::Status Source::ReadFeed(Directory& directory) {
  std::map<std::string, v1::Member> members;
  std::map<std::string, v1::Circle> circles;
  v1::ListEventsRequest request;
  request.set_parent(facts_.bank.name());
  request.set_page_size(kLongestPage);
  for (absl::StatusOr<v1::LedgerEvent>& event : client_.ListEvents(std::move(request))) {
    if (!event.ok()) return event.status();
    if (event->sequence() > facts_.last_sequence) break;
    if (event->has_member()) {
      directory.Know(event->member().name(), event->member().display_name());
      members[event->member().name()] = event->member();
    } else if (event->has_circle()) {
      directory.Know(event->circle().name(), event->circle().display_name());
      circles[event->circle().name()] = event->circle();
    } else if (event->has_settings()) {
      facts_.settings = event->settings().settings();
    }
    CLI_RETURN_IF_ERROR(Pass(*event, directory));
  }
  for (auto& [name, member] : members) facts_.members.push_back(std::move(member));
  for (auto& [name, circle] : circles) facts_.circles.push_back(std::move(circle));
  return CheckBalances();
}

// What the entries add up to is what the server says that the accounts hold.
absl::Status Source::CheckBalances() {
  std::map<std::string, std::string> survivors;
  std::map<std::string, int64_t> sums = {{client::HolderName(facts_.bank.name(), "pots/community"), 0},
                                         {client::HolderName(facts_.bank.name(), "pots/opening"), 0}};
  for (const v1::Member& member : facts_.members) {
    if (member.merged_into().empty()) sums.emplace(member.name(), 0);
    survivors[member.name()] = member.merged_into();
  }
  for (const v1::Circle& circle : facts_.circles) sums.emplace(circle.name(), 0);
  for (const auto& [name, account] : facts_.accounts) {
    const std::string* holder = &name;
    for (auto found = survivors.find(*holder); found != survivors.end() && !found->second.empty();
         found = survivors.find(*holder)) {
      holder = &found->second;
    }
    sums[*holder] += account.seconds;
  }
  v1::BatchGetBalancesRequest request;
  const auto ask = [&]() -> absl::Status {
    request.set_parent(facts_.bank.name());
    request.set_position(facts_.position);
    CLI_ASSIGN_OR_RETURN(const v1::BatchGetBalancesResponse response, client_.BatchGetBalances(request));
    for (const v1::Balance& balance : response.balances()) {
      facts_.balances[balance.holder()] = balance.seconds();
      const int64_t sum = sums[balance.holder()];
      if (balance.seconds() == sum) continue;
      return IncompleteError(Fill(T("The entries of $0 add up to $1 seconds, where the server tells $2. "
                                    "Export again; if it stays so, "
                                    "tell whoever runs the server."),
                                  ShortName(balance.holder()), sum, balance.seconds()));
    }
    request.Clear();
    return absl::OkStatus();
  };
  for (const auto& [name, sum] : sums) {
    request.add_names(name);
    if (request.names_size() == static_cast<int>(kMostBalances)) CLI_RETURN_IF_ERROR(ask());
  }
  return request.names_size() == 0 ? absl::OkStatus() : ask();
}

// ---- A part of it

absl::Status Source::ReadPart(Directory& directory) {
  v1::ListExchangesRequest request;
  request.set_parent(facts_.bank.name());
  request.set_page_size(kLongestPage);
  request.set_holder(facts_.scope.holder);
  request.set_start_day(facts_.scope.since);
  request.set_end_day(facts_.scope.until);
  request.set_order(v1::LIST_ORDER_OLDEST_FIRST);
  for (;;) {
    CLI_ASSIGN_OR_RETURN(v1::ListExchangesResponse page, client_.ListExchangesPage(request));
    if (request.page_token().empty()) facts_.position = page.position();
    directory.LookUpAll(page.exchanges());
    for (v1::Exchange& exchange : *page.mutable_exchanges()) {
      v1::LedgerEvent event;
      event.set_sequence(exchange.sequence());
      *event.mutable_record_time() = exchange.record_time();
      *event.mutable_exchange() = std::move(exchange);
      CLI_RETURN_IF_ERROR(Pass(event, directory));
    }
    if (page.next_page_token().empty()) break;
    request.set_page_token(page.next_page_token());
  }
  return facts_.scope.holder.empty() ? ReadDirectory() : ReadParties();
}

absl::Status Source::ReadDirectory() {
  v1::ListMembersRequest members;
  members.set_parent(facts_.bank.name());
  members.set_page_size(kLongestPage);
  for (absl::StatusOr<v1::Member>& member : client_.ListMembers(std::move(members))) {
    if (!member.ok()) return member.status();
    facts_.members.push_back(*std::move(member));
  }
  v1::ListCirclesRequest circles;
  circles.set_parent(facts_.bank.name());
  circles.set_page_size(kLongestPage);
  for (absl::StatusOr<v1::Circle>& circle : client_.ListCircles(std::move(circles))) {
    if (!circle.ok()) return circle.status();
    facts_.circles.push_back(*std::move(circle));
  }
  return absl::OkStatus();
}

// Whose export it is with all that is held, the others by what a statement tells of them: a name.
absl::Status Source::ReadParties() {
  const std::string& own = facts_.scope.holder;
  // Circles are told by name only, like the others.
  std::string own_name;
  if (own.find("/members/") != std::string::npos) {
    v1::GetMemberRequest request;
    request.set_name(own);
    CLI_ASSIGN_OR_RETURN(v1::GetMemberResponse response, client_.GetMember(std::move(request)));
    own_name = response.member().name();
    facts_.members.push_back(std::move(*response.mutable_member()));
    // Notes that brokers keep to themselves stay with the bank.
    facts_.members.back().clear_note();
  }
  std::vector<std::string> others;
  std::set<std::string> merged_into;
  for (const auto& [name, account] : facts_.accounts) named_.insert(name);
  for (const std::string& name : named_) {
    if (name != own_name && name.find("/pots/") == std::string::npos) others.push_back(name);
  }
  CLI_ASSIGN_OR_RETURN(const std::vector<v1::Balance> balances,
                       FetchBalances(client_, facts_.bank.name(), others));
  for (size_t i = 0; i < others.size(); ++i) {
    if (others[i].find("/circles/") != std::string::npos) {
      v1::Circle& circle = facts_.circles.emplace_back();
      circle.set_name(others[i]);
      circle.set_display_name(balances[i].display_name());
      continue;
    }
    v1::Member& member = facts_.members.emplace_back();
    member.set_name(others[i]);
    member.set_display_name(balances[i].display_name());
    // The server answers for a merged member with its survivor.
    if (balances[i].holder() == others[i]) continue;
    member.set_state(v1::Member::STATE_MERGED);
    member.set_merged_into(balances[i].holder());
    merged_into.insert(balances[i].holder());
  }
  for (const std::string& survivor : merged_into) {
    const bool listed =
        survivor == own_name || std::find(others.begin(), others.end(), survivor) != others.end();
    if (!listed) facts_.members.emplace_back().set_name(survivor);
  }
  return absl::OkStatus();
}

// ---- Both

absl::Status Source::Pass(v1::LedgerEvent& event, Directory& directory) {
  v1::Exchange reversed;
  bool asks = false;
  if (event.has_exchange()) {
    v1::Exchange& exchange = *event.mutable_exchange();
    CutLinks(exchange);
    CLI_RETURN_IF_ERROR(AddUp(exchange));
    asks = !exchange.reverses().empty() && sink_.WantsReversed();
  }
  if (asks) {
    v1::GetExchangeRequest request;
    request.set_name(event.exchange().reverses());
    CLI_ASSIGN_OR_RETURN(v1::GetExchangeResponse response, client_.GetExchange(std::move(request)));
    reversed = std::move(*response.mutable_exchange());
  }
  CLI_RETURN_IF_ERROR(sink_.Take(event, directory, asks ? &reversed : nullptr));
  if (on_progress_ && ++events_ % kEventsBetweenProgress == 0) {
    on_progress_(events_, facts_.scope.whole() ? facts_.last_sequence : 0);
  }
  return absl::OkStatus();
}

// What came after the position is not told.
void Source::CutLinks(v1::Exchange& exchange) const {
  if (!facts_.scope.whole() || client::SequenceOf(exchange.reversed_by()) <= facts_.last_sequence) return;
  exchange.clear_reversed_by();
  exchange.clear_corrected_by();
  exchange.set_state(exchange.confirmed_by().empty() ? v1::Exchange::STATE_RECORDED
                                                     : v1::Exchange::STATE_CONFIRMED);
}

absl::Status Source::AddUp(const v1::Exchange& exchange) {
  int64_t rest = 0;
  for (const v1::Movement& movement : exchange.movements()) {
    ExportedAccount& account = facts_.accounts[movement.holder()];
    account.seconds += movement.seconds();
    const std::string& day = exchange.occurred_on();
    if (account.first_day.empty() || day < account.first_day) account.first_day = day;
    account.last_day = std::max(account.last_day, day);
    rest += movement.seconds();
  }
  if (!facts_.scope.holder.empty()) {
    if (exchange.has_remainder()) named_.insert(exchange.remainder().holder());
    if (!exchange.acting_for().empty()) named_.insert(exchange.acting_for());
  }
  ++facts_.entries;
  if (rest == 0) return absl::OkStatus();
  return absl::InternalError(absl::StrCat("Entry ", exchange.sequence(), " does not add up to zero."));
}

}  // namespace

absl::StatusOr<ExportFacts> ReadExport(client::Client client, const std::string& bank,
                                       const ExportScope& scope, ExportSink& sink,
                                       const std::function<void(int64_t done, int64_t total)>& on_progress) {
  return Source(std::move(client), sink, on_progress).Run(bank, scope);
}

}  // namespace timebank::cli
