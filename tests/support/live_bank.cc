#include "tests/support/live_bank.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

namespace timebank::e2e {
namespace {

constexpr int kMostOnAPage = 1000;

}  // namespace

CallOptions As(std::string_view member) { return {.metadata = {{"timebank-member", std::string(member)}}}; }

CallOptions AsBrokerAndMember(std::string_view member) {
  CallOptions options = As(member);
  options.metadata["timebank-role"] = "broker";
  return options;
}

CallOptions AsPartner() { return {.metadata = {{"timebank-role", "partner"}, {"timebank-caller", "app"}}}; }

LiveBank::LiveBank(const Wire& wire, std::string id, std::initializer_list<std::string_view> members)
    : wire_(wire), name_("timebanks/" + id) {
  v1::CreateTimebankRequest request;
  request.set_timebank_id(std::move(id));
  request.set_request_id("create-" + request.timebank_id());
  const auto created = wire_.Call<v1::CreateTimebankResponse>(request);
  EXPECT_TRUE(created.ok()) << created;
  for (std::string_view member : members) AddMember(member);
}

std::string LiveBank::NameOf(std::string_view child) const {
  const bool whole = child.find('/') != child.npos;
  return name_ + (whole ? "/" : "/members/") + std::string(child);
}

v1::CreateMemberRequest LiveBank::NewMember(std::string_view id) {
  v1::CreateMemberRequest request;
  request.set_parent(name_);
  request.set_member_id(std::string(id));
  request.set_request_id(NewRequestId());
  return request;
}

v1::RecordExchangeRequest LiveBank::Helped(std::string_view giver, std::string_view receiver,
                                           int64_t seconds) {
  v1::RecordExchangeRequest request;
  request.set_parent(name_);
  request.mutable_exchange()->add_givers()->set_holder(NameOf(giver));
  request.mutable_exchange()->add_receivers()->set_holder(NameOf(receiver));
  request.mutable_exchange()->set_seconds(seconds);
  request.set_request_id(NewRequestId());
  return request;
}

v1::CorrectExchangeRequest LiveBank::Correction(int64_t exchange, int64_t seconds) {
  auto request = About<v1::CorrectExchangeRequest>(exchange);
  request.mutable_exchange()->set_seconds(seconds);
  return request;
}

v1::SettleExchangeRequest LiveBank::Settlement(int64_t exchange, v1::SettleExchangeRequest::Outcome outcome) {
  auto request = About<v1::SettleExchangeRequest>(exchange);
  request.set_outcome(outcome);
  return request;
}

v1::Member LiveBank::AddMember(std::string_view id) {
  const auto created = wire_.Call<v1::CreateMemberResponse>(NewMember(id));
  EXPECT_TRUE(created.ok()) << id << ": " << created;
  return created.reply.member();
}

int64_t LiveBank::Record(std::string_view giver, std::string_view receiver, int64_t seconds,
                         const CallOptions& options) {
  const auto recorded = wire_.Call<v1::RecordExchangeResponse>(Helped(giver, receiver, seconds), options);
  EXPECT_TRUE(recorded.ok()) << recorded;
  return recorded.reply.exchange().sequence();
}

void LiveBank::Set(const v1::Settings& settings, std::initializer_list<std::string_view> fields) {
  v1::UpdateSettingsRequest request;
  request.set_name(name_);
  *request.mutable_settings() = settings;
  for (std::string_view field : fields) request.mutable_update_mask()->add_paths(std::string(field));
  request.set_request_id(NewRequestId());
  const auto set = wire_.Call<v1::UpdateSettingsResponse>(request);
  EXPECT_TRUE(set.ok()) << set;
}

Answer<v1::ConfirmExchangeResponse> LiveBank::Confirm(int64_t exchange, const CallOptions& options) {
  return wire_.Call<v1::ConfirmExchangeResponse>(About<v1::ConfirmExchangeRequest>(exchange), options);
}

Answer<v1::ContestExchangeResponse> LiveBank::Contest(int64_t exchange, const CallOptions& options) {
  return wire_.Call<v1::ContestExchangeResponse>(About<v1::ContestExchangeRequest>(exchange), options);
}

Answer<v1::ReverseExchangeResponse> LiveBank::Reverse(int64_t exchange, const CallOptions& options) {
  return wire_.Call<v1::ReverseExchangeResponse>(About<v1::ReverseExchangeRequest>(exchange), options);
}

Answer<v1::CorrectExchangeResponse> LiveBank::Correct(int64_t exchange, int64_t seconds,
                                                      const CallOptions& options) {
  return wire_.Call<v1::CorrectExchangeResponse>(Correction(exchange, seconds), options);
}

Answer<v1::SettleExchangeResponse> LiveBank::Settle(int64_t exchange,
                                                    v1::SettleExchangeRequest::Outcome outcome,
                                                    const CallOptions& options) {
  v1::SettleExchangeRequest request = Settlement(exchange, outcome);
  if (outcome == v1::SettleExchangeRequest::OUTCOME_CORRECTED &&
      Get(exchange).kind() != v1::Exchange::KIND_REVERSAL) {
    request.mutable_exchange()->set_seconds(kHour / 2);
  }
  return wire_.Call<v1::SettleExchangeResponse>(request, options);
}

v1::Exchange LiveBank::Get(int64_t exchange) const {
  v1::GetExchangeRequest request;
  request.set_name(NameOf(exchange));
  const auto got = wire_.Call<v1::GetExchangeResponse>(request);
  EXPECT_TRUE(got.ok()) << request.name() << ": " << got;
  return got.reply.exchange();
}

v1::Balance LiveBank::BalanceOf(std::string_view holder) const {
  v1::GetBalanceRequest request;
  request.set_name(NameOf(holder));
  const auto got = wire_.Call<v1::GetBalanceResponse>(request);
  EXPECT_TRUE(got.ok()) << request.name() << ": " << got;
  return got.reply.balance();
}

v1::Timebank LiveBank::Bank() const {
  v1::GetTimebankRequest request;
  request.set_name(name_);
  const auto got = wire_.Call<v1::GetTimebankResponse>(request);
  EXPECT_TRUE(got.ok()) << got;
  return got.reply.timebank();
}

std::vector<v1::LedgerEvent> LiveBank::Events() const {
  std::vector<v1::LedgerEvent> events;
  v1::ListEventsRequest request;
  request.set_parent(name_);
  request.set_page_size(kMostOnAPage);
  for (;;) {
    const auto page = wire_.Call<v1::ListEventsResponse>(request);
    EXPECT_TRUE(page.ok()) << page;
    if (!page.ok() || page.reply.events().empty()) return events;
    events.insert(events.end(), page.reply.events().begin(), page.reply.events().end());
    request.set_after_position(page.reply.position());
  }
}

std::vector<std::string> LiveBank::Holders() const {
  std::vector<std::string> holders = {NameOf("pots/community"), NameOf("pots/opening")};
  v1::ListMembersRequest members;
  members.set_parent(name_);
  members.set_page_size(kMostOnAPage);
  do {
    const auto page = wire_.Call<v1::ListMembersResponse>(members);
    EXPECT_TRUE(page.ok()) << page;
    for (const v1::Member& member : page.reply.members()) holders.push_back(member.name());
    members.set_page_token(page.reply.next_page_token());
  } while (!members.page_token().empty());
  v1::ListCirclesRequest circles;
  circles.set_parent(name_);
  circles.set_page_size(kMostOnAPage);
  const auto page = wire_.Call<v1::ListCirclesResponse>(circles);
  EXPECT_TRUE(page.ok() && page.reply.next_page_token().empty()) << page;
  for (const v1::Circle& circle : page.reply.circles()) holders.push_back(circle.name());
  return holders;
}

std::string LiveBank::Everything() const {
  std::string text = Bank().DebugString();
  const std::vector<std::string> holders = Holders();
  for (size_t begin = 0; begin < holders.size(); begin += kMostOnAPage) {
    v1::BatchGetBalancesRequest request;
    request.set_parent(name_);
    for (size_t i = begin; i < std::min(holders.size(), begin + kMostOnAPage); ++i) {
      request.add_names(holders[i]);
    }
    const auto balances = wire_.Call<v1::BatchGetBalancesResponse>(request);
    EXPECT_TRUE(balances.ok()) << balances;
    text += balances.reply.DebugString();
  }
  v1::ListMembersRequest members;
  members.set_parent(name_);
  members.set_page_size(kMostOnAPage);
  return text + wire_.Call<v1::ListMembersResponse>(members).reply.DebugString();
}

}  // namespace timebank::e2e
