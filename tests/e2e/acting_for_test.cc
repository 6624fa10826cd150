// Acting for over the wire: what is told of grants, in answers, in the feed and in refusals.
#include <gmock/gmock.h>

#include <map>
#include <optional>
#include <string>

#include "tests/e2e/service_fixture.h"

namespace timebank::e2e {
namespace {

using grpc::StatusCode;

class ActingForTest : public ServiceTest {
 protected:
  void SetUp() override {
    ServiceTest::SetUp();
    bank_.emplace(wire_, "acting-" + std::to_string(++banks_opened),
                  std::initializer_list<std::string_view>{"ana", "ben", "carla"});
  }
  v1::GrantActingForRequest Grant(std::string_view member, std::string_view agent, int64_t seconds) {
    v1::GrantActingForRequest request;
    request.set_name(bank_->NameOf(member));
    request.set_agent(bank_->NameOf(agent));
    request.set_seconds_per_month(seconds);
    request.set_request_id(bank_->NewRequestId());
    return request;
  }
  Answer<v1::GrantActingForResponse> Send(const v1::GrantActingForRequest& request,
                                          const CallOptions& options = {}) {
    return wire_.Call<v1::GrantActingForResponse>(request, options);
  }
  Answer<v1::RevokeActingForResponse> Revoke(std::string_view member, std::string_view agent,
                                             const CallOptions& options = {}) {
    v1::RevokeActingForRequest request;
    request.set_name(bank_->NameOf(member));
    request.set_agent(bank_->NameOf(agent));
    request.set_request_id(bank_->NewRequestId());
    return wire_.Call<v1::RevokeActingForResponse>(request, options);
  }
  v1::ListActingForResponse List(std::string_view member) {
    v1::ListActingForRequest request;
    request.set_name(bank_->NameOf(member));
    const auto answer = wire_.Call<v1::ListActingForResponse>(request);
    EXPECT_TRUE(answer.ok()) << answer;
    return answer.reply;
  }

  std::optional<LiveBank> bank_;

 private:
  static inline int banks_opened = 0;
};

// Goal: nothing happens silently: what is granted and what is revoked is an event that names all three, and
// each act shows who acted and for whom.
TEST_F(ActingForTest, EverybodyIsNamed) {
  const std::string today = bank_->Bank().today();
  v1::GrantActingForRequest grant = Grant("ana", "ben", 2 * kHour);
  grant.set_until(today);
  const auto granted = Send(grant, As("ana"));
  ASSERT_TRUE(granted.ok()) << granted;
  EXPECT_EQ(granted.reply.granted().member(), bank_->NameOf("ana"));
  EXPECT_EQ(granted.reply.granted().agent(), bank_->NameOf("ben"));
  EXPECT_EQ(granted.reply.granted().seconds_per_month(), 2 * kHour);
  EXPECT_EQ(granted.reply.granted().until(), today);
  EXPECT_EQ(granted.reply.granted().granted_by(), bank_->NameOf("ana"));

  v1::RecordExchangeRequest request = bank_->Helped("carla", "ana", kHour);
  request.mutable_exchange()->set_acting_for(bank_->NameOf("ana"));
  const auto recorded = wire_.Call<v1::RecordExchangeResponse>(request, As("ben"));
  ASSERT_TRUE(recorded.ok()) << recorded;
  const v1::Exchange exchange = bank_->Get(recorded.reply.exchange().sequence());
  EXPECT_EQ(exchange.recorded_by(), bank_->NameOf("ben"));
  EXPECT_EQ(exchange.acting_for(), bank_->NameOf("ana"));
  EXPECT_EQ(List("ana").agents(0).used_seconds(), kHour);
  EXPECT_EQ(List("ben").acts_for(0).used_seconds(), kHour);
  EXPECT_EQ(List("ben").agents_size(), 0);

  const auto revoked = Revoke("ana", "ben");
  ASSERT_TRUE(revoked.ok()) << revoked;
  EXPECT_EQ(revoked.reply.revoked().granted_by(), bank_->NameOf("ana"));
  EXPECT_EQ(List("ana").agents_size() + List("ben").acts_for_size(), 0);
  const std::vector<v1::LedgerEvent> events = bank_->Events();
  ASSERT_GE(events.size(), 3u);
  const v1::ActingForChange& first = events[events.size() - 3].acting_for();
  EXPECT_EQ(first.actor(), bank_->NameOf("ana"));
  EXPECT_EQ(first.grant().DebugString(), granted.reply.granted().DebugString());
  EXPECT_FALSE(first.revoked());
  const v1::ActingForChange& last = events.back().acting_for();
  EXPECT_EQ(last.actor(), bank_->NameOf("keys/local"));
  EXPECT_EQ(last.grant().agent(), bank_->NameOf("ben"));
  EXPECT_TRUE(last.revoked());
}

// Goal: what is wrong with a grant is told with its field, and what today is.
TEST_F(ActingForTest, WhatIsWrongIsTold) {
  v1::GrantActingForRequest request = Grant("ana", "ben", kHour);
  request.set_until("2020-01-01");
  const auto past = Send(request);
  EXPECT_THAT(past, IsRefused(StatusCode::INVALID_ARGUMENT, "VALIDATION"));
  EXPECT_EQ(past.metadata.at("today"), bank_->Bank().today());
  EXPECT_THAT(past.fields, testing::ElementsAre(testing::Pair("until", "DAY_IN_PAST")));
  request.set_until("soon");
  request.clear_seconds_per_month();
  request.set_agent(bank_->NameOf("pots/community"));
  using Fields = std::map<std::string, std::string>;
  EXPECT_EQ(Send(request).fields,
            (Fields{{"until", "MALFORMED"}, {"seconds_per_month", "REQUIRED"}, {"agent", "NOT_A_MEMBER"}}));
  request = Grant("ana", "ana", kHour);
  EXPECT_EQ(Send(request).fields, (Fields{{"agent", "SAME_HOLDER"}}));
  request = Grant("ana", "nobody", kHour);
  EXPECT_THAT(Send(request), IsRefused(StatusCode::NOT_FOUND, "HOLDER_NOT_FOUND"));
  EXPECT_THAT(Send(Grant("ana", "carla", kHour), As("ben")),
              IsRefused(StatusCode::PERMISSION_DENIED, "NOT_A_PARTY"));
}

// Goal: a merged member's grants go by the survivor's name.
TEST_F(ActingForTest, TheSurvivorIsNamed) {
  ASSERT_TRUE(Send(Grant("carla", "ben", kHour)).ok());
  v1::MergeMemberRequest merge;
  merge.set_name(bank_->NameOf("carla"));
  merge.set_into(bank_->NameOf("ana"));
  merge.set_request_id(bank_->NewRequestId());
  ASSERT_TRUE(wire_.Call<v1::MergeMemberResponse>(merge).ok());
  ASSERT_EQ(List("ana").agents_size(), 1);
  EXPECT_EQ(List("ana").agents(0).member(), bank_->NameOf("ana"));
  EXPECT_EQ(List("carla").agents(0).member(), bank_->NameOf("ana"));
  ASSERT_EQ(List("ben").acts_for_size(), 1);
  EXPECT_EQ(List("ben").acts_for(0).member(), bank_->NameOf("ana"));
}

}  // namespace
}  // namespace timebank::e2e
