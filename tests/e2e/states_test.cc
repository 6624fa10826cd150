// The table of states of the API guide, row by row, over the wire.
#include "tests/e2e/service_fixture.h"

namespace timebank::e2e {
namespace {

using grpc::StatusCode;
using v1::Exchange;
using v1::SettleExchangeRequest;

constexpr auto kStands = SettleExchangeRequest::OUTCOME_STANDS;
constexpr auto kReversed = SettleExchangeRequest::OUTCOME_REVERSED;
constexpr auto kCorrected = SettleExchangeRequest::OUTCOME_CORRECTED;

// In every test ben gives, ana receives, and carla has nothing to do with it.
class StatesTest : public ServiceTest {
 protected:
  void SetUp() override {
    ServiceTest::SetUp();
    bank_.emplace(wire_, "states-" + std::to_string(++banks_opened),
                  std::initializer_list<std::string_view>{"ana", "ben", "carla"});
  }
  // An hour from ben to ana, recorded by ana and contested by ben.
  int64_t Contested() {
    const int64_t exchange = bank_->Record("ben", "ana", kHour, As("ana"));
    EXPECT_TRUE(bank_->Contest(exchange, As("ben")).ok());
    return exchange;
  }

  std::optional<LiveBank> bank_;

 private:
  static inline int banks_opened = 0;
};

// Goal: either party, a broker and a partner record, and hours move at once; nobody else does.
TEST_F(StatesTest, Record) {
  int64_t recorded = 0;
  for (const CallOptions& who : {As("ana"), As("ben"), CallOptions{}, AsPartner()}) {
    const int64_t exchange = bank_->Record("ben", "ana", kHour, who);
    EXPECT_EQ(bank_->StateOf(exchange), Exchange::STATE_RECORDED);
    EXPECT_EQ(bank_->SecondsOf("ben"), ++recorded * kHour);
    EXPECT_EQ(bank_->SecondsOf("ana"), -recorded * kHour);
  }
  EXPECT_THAT(wire_.Call<v1::RecordExchangeResponse>(bank_->Helped("ben", "ana", kHour), As("carla")),
              IsRefused(StatusCode::PERMISSION_DENIED, "NOT_A_PARTY"));
  v1::Settings settings;
  settings.set_who_may_record(v1::Settings::WHO_MAY_RECORD_RECEIVER);
  bank_->Set(settings, {"who_may_record"});
  EXPECT_THAT(wire_.Call<v1::RecordExchangeResponse>(bank_->Helped("ben", "ana", kHour), As("ben")),
              IsRefused(StatusCode::PERMISSION_DENIED, "ROLE_REQUIRED"));
  EXPECT_EQ(bank_->SecondsOf("ben"), recorded * kHour);
}

// Goal: a party other than the recorder confirms, once each; hours stay.
TEST_F(StatesTest, Confirm) {
  const int64_t exchange = bank_->Record("ben", "ana", kHour, As("ana"));
  EXPECT_THAT(bank_->Confirm(exchange, As("ana")), IsRefused(StatusCode::PERMISSION_DENIED, "NOT_A_PARTY"));
  EXPECT_THAT(bank_->Confirm(exchange, As("carla")), IsRefused(StatusCode::PERMISSION_DENIED, "NOT_A_PARTY"));
  const auto confirmed = bank_->Confirm(exchange, As("ben"));
  ASSERT_TRUE(confirmed.ok()) << confirmed;
  EXPECT_EQ(confirmed.reply.exchange().state(), Exchange::STATE_CONFIRMED);
  EXPECT_EQ(confirmed.reply.exchange().confirmed_by(0), bank_->NameOf("ben"));
  EXPECT_THAT(bank_->Confirm(exchange, As("ben")),
              IsRefused(StatusCode::FAILED_PRECONDITION, "ALREADY_CONFIRMED"));
  EXPECT_EQ(bank_->SecondsOf("ben"), kHour);

  // Somebody who telephones.
  const int64_t other = bank_->Record("ben", "ana", kHour, As("ana"));
  auto by_phone = bank_->About<v1::ConfirmExchangeRequest>(other);
  by_phone.set_acting_for(bank_->NameOf("ben"));
  const auto entered = wire_.Call<v1::ConfirmExchangeResponse>(by_phone);
  ASSERT_TRUE(entered.ok()) << entered;
  EXPECT_EQ(entered.reply.exchange().confirmed_by(0), bank_->NameOf("ben"));
}

// Goal: any party contests what is RECORDED or CONFIRMED, the giver included; hours stay and are told apart.
TEST_F(StatesTest, Contest) {
  const int64_t recorded = bank_->Record("ben", "ana", kHour, As("ana"));
  EXPECT_THAT(bank_->Contest(recorded, As("carla")), IsRefused(StatusCode::PERMISSION_DENIED, "NOT_A_PARTY"));
  const auto contested = bank_->Contest(recorded, As("ben"));
  ASSERT_TRUE(contested.ok()) << contested;
  EXPECT_EQ(contested.reply.exchange().state(), Exchange::STATE_CONTESTED);
  EXPECT_EQ(contested.reply.exchange().contested_by(), bank_->NameOf("ben"));
  EXPECT_EQ(contested.reply.exchange().contest_reason(), "it was half an hour");
  EXPECT_EQ(bank_->BalanceOf("ben").seconds(), kHour);
  EXPECT_EQ(bank_->BalanceOf("ben").contested_seconds(), kHour);
  EXPECT_THAT(bank_->Contest(recorded, As("ana")),
              IsRefused(StatusCode::FAILED_PRECONDITION, "ALREADY_CONTESTED"));
  EXPECT_THAT(bank_->Confirm(recorded, As("ben")),
              IsRefused(StatusCode::FAILED_PRECONDITION, "ALREADY_CONTESTED"));

  const int64_t confirmed = bank_->Record("ben", "ana", kHour, As("ana"));
  ASSERT_TRUE(bank_->Confirm(confirmed, As("ben")).ok());
  EXPECT_TRUE(bank_->Contest(confirmed, As("ana")).ok());
  EXPECT_EQ(bank_->StateOf(confirmed), Exchange::STATE_CONTESTED);
}

// Goal: a broker reverses and corrects; the recorder does until somebody else has confirmed; nobody does
// while it is contested.
TEST_F(StatesTest, ReverseAndCorrect) {
  const int64_t first = bank_->Record("ben", "ana", kHour, As("ana"));
  EXPECT_THAT(bank_->Reverse(first, As("ben")), IsRefused(StatusCode::PERMISSION_DENIED, "ROLE_REQUIRED"));
  EXPECT_THAT(bank_->Reverse(first, As("carla")), IsRefused(StatusCode::PERMISSION_DENIED, "NOT_A_PARTY"));
  const auto reversed = bank_->Reverse(first, As("ana"));
  ASSERT_TRUE(reversed.ok()) << reversed;
  EXPECT_EQ(reversed.reply.exchange().reverses(), bank_->NameOf(first));
  EXPECT_EQ(reversed.reply.reversed().reversed_by(), reversed.reply.exchange().name());
  EXPECT_EQ(reversed.reply.reversed().state(), Exchange::STATE_REVERSED);
  EXPECT_EQ(bank_->SecondsOf("ben"), 0);
  EXPECT_EQ(bank_->BalanceOf("ben").seconds_in(), 0) << "a reversal subtracts from hours in";
  EXPECT_EQ(bank_->BalanceOf("ben").exchange_count(), 0);

  const int64_t second = bank_->Record("ben", "ana", kHour, As("ana"));
  ASSERT_TRUE(bank_->Confirm(second, As("ben")).ok());
  EXPECT_THAT(bank_->Correct(second, 2 * kHour, As("ana")),
              IsRefused(StatusCode::PERMISSION_DENIED, "ROLE_REQUIRED"));
  const auto corrected = bank_->Correct(second, 2 * kHour);
  ASSERT_TRUE(corrected.ok()) << corrected;
  EXPECT_EQ(bank_->Get(second).corrected_by(), corrected.reply.exchange().name());
  EXPECT_EQ(corrected.reply.exchange().occurred_on(), bank_->Get(second).occurred_on());
  EXPECT_EQ(bank_->SecondsOf("ben"), 2 * kHour);

  const int64_t contested = Contested();
  EXPECT_THAT(bank_->Reverse(contested), IsRefused(StatusCode::FAILED_PRECONDITION, "ALREADY_CONTESTED"));
  EXPECT_THAT(bank_->Correct(contested, 1), IsRefused(StatusCode::FAILED_PRECONDITION, "ALREADY_CONTESTED"));
}

// Goal: who contested, or a broker, lets it stand; the state before comes back.
TEST_F(StatesTest, SettleStands) {
  const int64_t recorded = Contested();
  EXPECT_THAT(bank_->Settle(recorded, kStands, As("ana")),
              IsRefused(StatusCode::PERMISSION_DENIED, "ROLE_REQUIRED"));
  EXPECT_THAT(bank_->Settle(recorded, kStands, As("carla")),
              IsRefused(StatusCode::PERMISSION_DENIED, "NOT_A_PARTY"));
  const auto stands = bank_->Settle(recorded, kStands, As("ben"));
  ASSERT_TRUE(stands.ok()) << stands;
  EXPECT_EQ(stands.reply.exchange().state(), Exchange::STATE_RECORDED);
  EXPECT_EQ(bank_->BalanceOf("ben").seconds(), kHour);
  EXPECT_EQ(bank_->BalanceOf("ben").contested_seconds(), 0);
  EXPECT_THAT(bank_->Settle(recorded, kStands), IsRefused(StatusCode::FAILED_PRECONDITION, "NOT_CONTESTED"));

  const int64_t confirmed = bank_->Record("ben", "ana", kHour, As("ana"));
  ASSERT_TRUE(bank_->Confirm(confirmed, As("ben")).ok());
  ASSERT_TRUE(bank_->Contest(confirmed, As("ben")).ok());
  EXPECT_TRUE(bank_->Settle(confirmed, kStands).ok());
  EXPECT_EQ(bank_->StateOf(confirmed), Exchange::STATE_CONFIRMED);
}

// Goal: the recorder, in a one-to-one the other party, or a broker gives way; whoever contested cannot.
TEST_F(StatesTest, SettleReversedOrCorrected) {
  const int64_t undone = Contested();
  EXPECT_THAT(bank_->Settle(undone, kReversed, As("ben")),
              IsRefused(StatusCode::PERMISSION_DENIED, "ROLE_REQUIRED"));
  const auto reversed = bank_->Settle(undone, kReversed, As("ana"));
  ASSERT_TRUE(reversed.ok()) << reversed;
  EXPECT_EQ(reversed.reply.exchange().state(), Exchange::STATE_REVERSED);
  EXPECT_EQ(reversed.reply.reversal().reverses(), bank_->NameOf(undone));
  EXPECT_EQ(bank_->SecondsOf("ben"), 0);

  const int64_t mended = Contested();
  const auto corrected = bank_->Settle(mended, kCorrected);
  ASSERT_TRUE(corrected.ok()) << corrected;
  EXPECT_EQ(corrected.reply.replacement().corrects(), bank_->NameOf(mended));
  EXPECT_EQ(corrected.reply.replacement().seconds(), kHour / 2);
  EXPECT_EQ(bank_->SecondsOf("ben"), kHour / 2);

  // One-to-one: ana recorded and contested; ben, the other party, gives way.
  const int64_t other = bank_->Record("ben", "ana", kHour, As("ana"));
  ASSERT_TRUE(bank_->Contest(other, As("ana")).ok());
  EXPECT_TRUE(bank_->Settle(other, kReversed, As("ben")).ok());

  // Among three the other parties cannot speak for one another.
  v1::RecordExchangeRequest three = bank_->Helped("ben", "ana", kHour);
  three.mutable_exchange()->add_receivers()->set_holder(bank_->NameOf("carla"));
  const int64_t group = wire_.Call<v1::RecordExchangeResponse>(three, As("ana")).reply.exchange().sequence();
  ASSERT_TRUE(bank_->Contest(group, As("ben")).ok());
  EXPECT_THAT(bank_->Settle(group, kReversed, As("carla")),
              IsRefused(StatusCode::PERMISSION_DENIED, "ROLE_REQUIRED"));
  EXPECT_TRUE(bank_->Settle(group, kReversed, As("ana")).ok());
}

// Goal: a broker who is a party settles as a party only.
TEST_F(StatesTest, BrokerWhoIsAPartySettlesAsAParty) {
  const int64_t exchange = Contested();
  EXPECT_THAT(bank_->Settle(exchange, kReversed, AsBrokerAndMember("ben")),
              IsRefused(StatusCode::PERMISSION_DENIED, "ROLE_REQUIRED"));
  EXPECT_TRUE(bank_->Settle(exchange, kReversed, AsBrokerAndMember("carla")).ok());
}

// Goal: what is reversed stays so; every act is refused and names the reversal.
TEST_F(StatesTest, ReversedIsTheEnd) {
  const int64_t exchange = bank_->Record("ben", "ana", kHour, As("ana"));
  const auto reversal = bank_->Reverse(exchange);
  ASSERT_TRUE(reversal.ok()) << reversal;
  const std::string before = bank_->Everything();
  const auto refused = IsRefused(StatusCode::FAILED_PRECONDITION, "ALREADY_REVERSED");
  const Outcome acts[] = {bank_->Confirm(exchange, As("ben")),
                          bank_->Contest(exchange, As("ben")),
                          bank_->Reverse(exchange),
                          bank_->Correct(exchange, 1),
                          bank_->Settle(exchange, kStands),
                          bank_->Settle(exchange, kReversed),
                          bank_->Settle(exchange, kCorrected)};
  for (const Outcome& act : acts) {
    EXPECT_THAT(act, refused);
    EXPECT_EQ(act.metadata.at("exchange"), reversal.reply.exchange().name());
  }
  EXPECT_EQ(bank_->StateOf(exchange), Exchange::STATE_REVERSED);
  EXPECT_EQ(bank_->SecondsOf("ben"), 0);
  EXPECT_NE(bank_->Everything(), before) << "a refusal under a request id is an entry";
}

// Goal: a reversal can be contested; it stands, or what it undid is recorded anew, once.
TEST_F(StatesTest, ReversalsAreContestedAndRestored) {
  const int64_t exchange = bank_->Record("ben", "ana", kHour, As("ana"));
  const auto reversed = bank_->Reverse(exchange);
  ASSERT_TRUE(reversed.ok()) << reversed;
  const int64_t reversal = reversed.reply.exchange().sequence();
  EXPECT_THAT(bank_->Reverse(reversal),
              IsRefused(StatusCode::FAILED_PRECONDITION, "CANNOT_REVERSE_REVERSAL"));

  ASSERT_TRUE(bank_->Contest(reversal, As("ben")).ok());
  EXPECT_THAT(bank_->Settle(reversal, kReversed),
              IsRefused(StatusCode::FAILED_PRECONDITION, "CANNOT_REVERSE_REVERSAL"));
  ASSERT_TRUE(bank_->Settle(reversal, kStands, As("ben")).ok());
  EXPECT_EQ(bank_->SecondsOf("ben"), 0);

  ASSERT_TRUE(bank_->Contest(reversal, As("ben")).ok());
  const auto restored = bank_->Settle(reversal, kCorrected);
  ASSERT_TRUE(restored.ok()) << restored;
  EXPECT_EQ(restored.reply.replacement().restores(), bank_->NameOf(exchange));
  EXPECT_EQ(restored.reply.replacement().occurred_on(), bank_->Get(exchange).occurred_on());
  EXPECT_EQ(bank_->SecondsOf("ben"), kHour);
  EXPECT_EQ(bank_->StateOf(exchange), Exchange::STATE_REVERSED);
  EXPECT_THAT(bank_->Contest(reversal, As("ben")),
              IsRefused(StatusCode::FAILED_PRECONDITION, "ALREADY_RESTORED"));
}

// Goal: what stood between two who have become one can be undone, corrected and contested; the answers are of
// the exchange, and the one account's own figure stays all that its holder has.
TEST_F(StatesTest, BetweenTwoWhoBecameOne) {
  const int64_t between = bank_->Record("ben", "ana", kHour);
  v1::RecordExchangeRequest three = bank_->Helped("ben", "ana", kHour);
  three.mutable_exchange()->add_receivers()->set_holder("members/carla");
  const auto group = wire_.Call<v1::RecordExchangeResponse>(three);
  ASSERT_TRUE(group.ok()) << group;
  v1::MergeMemberRequest merge;
  merge.set_name(bank_->name() + "/members/ben");
  merge.set_into(bank_->name() + "/members/ana");
  ASSERT_TRUE(wire_.Call<v1::MergeMemberResponse>(merge).ok());
  const int64_t before = bank_->SecondsOf("ana");

  v1::ReverseExchangeRequest request;
  request.set_name(bank_->NameOf(between));
  request.set_request_id(bank_->NewRequestId());
  const auto reversed = wire_.Call<v1::ReverseExchangeResponse>(request);
  ASSERT_TRUE(reversed.ok()) << reversed;
  EXPECT_EQ(reversed.reply.exchange().kind(), Exchange::KIND_REVERSAL);
  EXPECT_EQ(reversed.reply.exchange().reverses(), bank_->NameOf(between));
  EXPECT_EQ(reversed.reply.reversed().sequence(), between);
  EXPECT_EQ(reversed.reply.reversed().state(), Exchange::STATE_REVERSED);
  EXPECT_EQ(bank_->SecondsOf("ana"), before);
  const auto again = wire_.Call<v1::ReverseExchangeResponse>(request);
  EXPECT_TRUE(again.reply.replayed());
  EXPECT_EQ(again.reply.exchange().sequence(), reversed.reply.exchange().sequence());

  // Its receivers, who are no longer the giver, are named anew.
  v1::CorrectExchangeRequest correct;
  correct.set_name(bank_->NameOf(group.reply.exchange().sequence()));
  correct.mutable_exchange()->add_receivers()->set_holder("members/carla");
  correct.mutable_update_mask()->add_paths("receivers");
  correct.set_request_id(bank_->NewRequestId());
  const auto corrected = wire_.Call<v1::CorrectExchangeResponse>(correct);
  ASSERT_TRUE(corrected.ok()) << corrected;
  EXPECT_EQ(corrected.reply.exchange().kind(), Exchange::KIND_EXCHANGE);
  EXPECT_EQ(corrected.reply.exchange().corrects(), correct.name());
  EXPECT_EQ(corrected.reply.reversal().reverses(), correct.name());
  EXPECT_EQ(corrected.reply.exchange().movements(0).balance_after_seconds(), bank_->SecondsOf("ana"));
  EXPECT_EQ(bank_->Get(group.reply.exchange().sequence()).corrected_by(), corrected.reply.exchange().name());

  // So the account decides and tells by all that its holder has.
  const auto next = wire_.Call<v1::RecordExchangeResponse>(bank_->Helped("ana", "carla", kHour));
  ASSERT_TRUE(next.ok()) << next;
  EXPECT_EQ(next.reply.exchange().movements(0).balance_after_seconds(), bank_->SecondsOf("ana"));

  ASSERT_TRUE(bank_->Contest(reversed.reply.exchange().sequence(), As("ana")).ok());
  const auto stands = bank_->Settle(reversed.reply.exchange().sequence(), kStands);
  ASSERT_TRUE(stands.ok()) << stands;
}

}  // namespace
}  // namespace timebank::e2e
