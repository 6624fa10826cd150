// Every RPC over the wire: what it answers, and that a change made twice happens once.
#include <google/protobuf/descriptor.h>
#include <google/protobuf/util/message_differencer.h>

#include <map>
#include <set>
#include <string>

#include "tests/e2e/feed.h"
#include "tests/e2e/service_fixture.h"

namespace timebank::e2e {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::util::MessageDifferencer;

// Names of the requests of all RPCs but WatchLedger, which is a stream and has tests of its own. `changes`:
// those that take a request_id, or those that do not.
std::set<std::string> RequestsOfAllRpcs(bool changes) {
  std::set<std::string> names;
  for (const Descriptor* one :
       {v1::CreateTimebankRequest::descriptor(), v1::CreateMemberRequest::descriptor(),
        v1::CreateCircleRequest::descriptor(), v1::RecordExchangeRequest::descriptor()}) {
    for (int s = 0; s < one->file()->service_count(); ++s) {
      const auto* service = one->file()->service(s);
      for (int m = 0; m < service->method_count(); ++m) {
        if (service->method(m)->server_streaming()) continue;
        const Descriptor* request = service->method(m)->input_type();
        const bool takes_id = request->FindFieldByName("request_id") != nullptr;
        if (takes_id == changes) names.insert(request->name());
      }
    }
  }
  return names;
}

class RpcsTest : public ServiceTest {
 protected:
  // Makes a change, makes it again, and tries to make another one under its id.
  template <typename Response, typename Request>
  Response Once(LiveBank& bank, const Request& request, const CallOptions& options = {}) {
    called_.insert(Request::descriptor()->name());
    const auto first = wire_.Call<Response>(request, options);
    EXPECT_TRUE(first.ok()) << Request::descriptor()->name() << ": " << first;
    EXPECT_FALSE(first.reply.replayed());
    EXPECT_FALSE(first.reply.position().empty());
    const std::string after = bank.Everything();

    auto again = wire_.Call<Response>(request, options);
    EXPECT_TRUE(again.ok()) << Request::descriptor()->name() << " again: " << again;
    EXPECT_TRUE(again.reply.replayed()) << Request::descriptor()->name();
    EXPECT_EQ(bank.Everything(), after) << Request::descriptor()->name() << " happened twice";
    again.reply.set_replayed(false);
    MessageDifferencer differencer;
    std::string difference;
    differencer.ReportDifferencesToString(&difference);
    EXPECT_TRUE(differencer.Compare(first.reply, again.reply))
        << Request::descriptor()->name() << " answered the second time:\n"
        << difference;

    EXPECT_THAT(wire_.Call<Response>(OtherBody(request), options),
                IsRefused(grpc::StatusCode::ALREADY_EXISTS, "REQUEST_ID_REUSED"))
        << Request::descriptor()->name();
    EXPECT_EQ(bank.Everything(), after) << Request::descriptor()->name();
    return first.reply;
  }

  // Another request with the same id, as well-formed as the first one.
  template <typename Request>
  static Request OtherBody(Request request) {
    if constexpr (requires { request.set_reason(""); }) {
      request.set_reason(request.reason() + "!");
    } else if constexpr (requires { request.set_note(""); }) {
      request.set_note(request.note() + "!");
    } else if constexpr (requires { request.set_acting_for(""); }) {
      request.set_acting_for(request.acting_for().empty()
                                 ? request.name().substr(0, request.name().find("/ex")) + "/members/ana"
                                 : "");
    } else {
      ChangeBody(request);
    }
    return request;
  }
  static void ChangeBody(v1::RecordExchangeRequest& request) { request.mutable_exchange()->set_seconds(1); }
  static void ChangeBody(v1::BatchRecordExchangesRequest& request) {
    request.mutable_exchanges(0)->set_note("!");
  }
  static void ChangeBody(v1::CreateMemberRequest& request) {
    request.mutable_member()->set_display_name("!");
  }
  static void ChangeBody(v1::UpdateMemberRequest& request) { request.mutable_member()->set_note("!"); }
  static void ChangeBody(v1::CloseMemberRequest& request) { request.set_closed_on("2020-01-01"); }
  static void ChangeBody(v1::ReopenMemberRequest& request) {
    request.set_name(request.name().substr(0, request.name().rfind('/')) + "/ana");
  }
  static void ChangeBody(v1::MergeMemberRequest& request) {
    request.set_into(request.into().substr(0, request.into().rfind('/')) + "/ben");
  }
  static void ChangeBody(v1::GrantActingForRequest& request) { request.set_seconds_per_month(7); }
  static void ChangeBody(v1::RevokeActingForRequest& request) {
    request.set_agent(request.agent().substr(0, request.agent().rfind('/')) + "/carla");
  }
  static void ChangeBody(v1::CreateCircleRequest& request) {
    request.mutable_circle()->set_display_name("!");
  }
  static void ChangeBody(v1::AddCircleMembersRequest& request) { request.add_members("members/ana"); }
  static void ChangeBody(v1::RemoveCircleMembersRequest& request) { request.add_members("members/ana"); }
  static void ChangeBody(v1::CreateTimebankRequest& request) {
    request.mutable_timebank()->set_display_name("!");
  }
  static void ChangeBody(v1::UpdateSettingsRequest& request) {
    request.mutable_settings()->set_starter_seconds(7);
  }

  template <typename Response, typename Request>
  Response Read(const Request& request) {
    called_.insert(Request::descriptor()->name());
    const auto answer = wire_.Call<Response>(request);
    EXPECT_TRUE(answer.ok()) << Request::descriptor()->name() << ": " << answer;
    return answer.reply;
  }

  std::set<std::string> called_;
};

// Goal: every RPC that changes something answers a repeat with its first outcome and does not happen twice;
// its id is no good for anything else.
TEST_F(RpcsTest, EveryChangeHappensOnce) {
  v1::CreateTimebankRequest create;
  create.set_timebank_id("once");
  create.mutable_timebank()->set_display_name("Once");
  create.set_request_id("open-once");
  const auto created = wire_.Call<v1::CreateTimebankResponse>(create);
  ASSERT_TRUE(created.ok()) << created;
  LiveBank other(wire_, "once-more", {"ana", "ben", "carla", "twin"});
  create.set_timebank_id("once-again");
  create.set_request_id("open-again");
  Once<v1::CreateTimebankResponse>(other, create);
  LiveBank& bank = other;

  v1::UpdateSettingsRequest settings;
  settings.set_name(bank.name());
  settings.mutable_settings()->set_starter_seconds(kHour);
  settings.mutable_update_mask()->add_paths("starter_seconds");
  settings.set_request_id(bank.NewRequestId());
  EXPECT_EQ(Once<v1::UpdateSettingsResponse>(bank, settings).settings().starter_seconds(), kHour);

  const auto dan = Once<v1::CreateMemberResponse>(bank, bank.NewMember("dan"));
  EXPECT_EQ(dan.member().name(), bank.NameOf("dan"));
  EXPECT_EQ(dan.starter().kind(), v1::Exchange::KIND_STARTER);
  EXPECT_EQ(bank.SecondsOf("dan"), kHour);
  v1::UpdateMemberRequest update;
  update.mutable_member()->set_name(bank.NameOf("dan"));
  update.mutable_member()->set_display_name("Dan Öztürk");
  update.mutable_update_mask()->add_paths("display_name");
  update.set_request_id(bank.NewRequestId());
  EXPECT_EQ(Once<v1::UpdateMemberResponse>(bank, update).member().display_name(), "Dan Öztürk");

  const auto recorded = Once<v1::RecordExchangeResponse>(bank, bank.Helped("ben", "ana", kHour), As("ana"));
  const int64_t exchange = recorded.exchange().sequence();
  EXPECT_EQ(recorded.exchange().movements(0).balance_after_seconds(), kHour);
  EXPECT_EQ(
      Once<v1::ConfirmExchangeResponse>(bank, bank.About<v1::ConfirmExchangeRequest>(exchange), As("ben"))
          .exchange()
          .state(),
      v1::Exchange::STATE_CONFIRMED);
  EXPECT_EQ(
      Once<v1::ContestExchangeResponse>(bank, bank.About<v1::ContestExchangeRequest>(exchange), As("ben"))
          .exchange()
          .state(),
      v1::Exchange::STATE_CONTESTED);
  EXPECT_EQ(Once<v1::SettleExchangeResponse>(
                bank, bank.Settlement(exchange, v1::SettleExchangeRequest::OUTCOME_STANDS))
                .exchange()
                .state(),
            v1::Exchange::STATE_CONFIRMED);
  const auto corrected = Once<v1::CorrectExchangeResponse>(bank, bank.Correction(exchange, 2 * kHour));
  EXPECT_EQ(corrected.reversal().reverses(), bank.NameOf(exchange));
  EXPECT_EQ(corrected.exchange().corrects(), bank.NameOf(exchange));
  EXPECT_EQ(bank.SecondsOf("ben"), 2 * kHour);
  const int64_t replacement = corrected.exchange().sequence();
  EXPECT_EQ(Once<v1::ReverseExchangeResponse>(bank, bank.About<v1::ReverseExchangeRequest>(replacement))
                .reversed()
                .state(),
            v1::Exchange::STATE_REVERSED);
  EXPECT_EQ(bank.SecondsOf("ben"), 0);

  v1::RecordExchangeRequest with_note = bank.Helped("ben", "ana", kHour);
  with_note.mutable_exchange()->set_note("what nobody should read");
  const int64_t noted = wire_.Call<v1::RecordExchangeResponse>(with_note).reply.exchange().sequence();
  const auto erased =
      Once<v1::EraseExchangeNoteResponse>(bank, bank.About<v1::EraseExchangeNoteRequest>(noted));
  EXPECT_TRUE(erased.exchange().note_erased());
  EXPECT_EQ(erased.exchange().note(), "");

  v1::BatchRecordExchangesRequest batch;
  batch.set_parent(bank.name());
  for (int i = 0; i < 3; ++i) *batch.add_exchanges() = bank.Helped("carla", "ana", kHour).exchange();
  batch.set_full(true);
  batch.set_request_id(bank.NewRequestId());
  EXPECT_EQ(Once<v1::BatchRecordExchangesResponse>(bank, batch).results_size(), 3);
  EXPECT_EQ(bank.SecondsOf("carla"), 3 * kHour);

  v1::RecordGiftRequest gift;
  gift.set_parent(bank.name());
  gift.set_debited(bank.NameOf("carla"));
  gift.set_credited(bank.NameOf("pots/community"));
  gift.set_seconds(kHour);
  gift.set_request_id(bank.NewRequestId());
  EXPECT_EQ(Once<v1::RecordGiftResponse>(bank, gift).exchange().kind(), v1::Exchange::KIND_GIFT);
  v1::RecordOpeningRequest opening;
  opening.set_parent(bank.name());
  opening.set_holder(bank.NameOf("twin"));
  opening.set_seconds(kHour);
  opening.set_request_id(bank.NewRequestId());
  EXPECT_EQ(Once<v1::RecordOpeningResponse>(bank, opening).exchange().kind(), v1::Exchange::KIND_OPENING);

  v1::GrantActingForRequest grant;
  grant.set_name(bank.NameOf("ana"));
  grant.set_agent(bank.NameOf("ben"));
  grant.set_seconds_per_month(kHour);
  grant.set_request_id(bank.NewRequestId());
  EXPECT_EQ(Once<v1::GrantActingForResponse>(bank, grant).granted().agent(), bank.NameOf("ben"));
  v1::RevokeActingForRequest revoke;
  revoke.set_name(bank.NameOf("ana"));
  revoke.set_agent(bank.NameOf("ben"));
  revoke.set_request_id(bank.NewRequestId());
  EXPECT_EQ(Once<v1::RevokeActingForResponse>(bank, revoke).revoked().seconds_per_month(), kHour);

  v1::CloseMemberRequest close;
  close.set_name(bank.NameOf("dan"));
  close.set_destination(bank.NameOf("pots/community"));
  close.set_request_id(bank.NewRequestId());
  const auto closed = Once<v1::CloseMemberResponse>(bank, close);
  EXPECT_EQ(closed.member().state(), v1::Member::STATE_CLOSED);
  EXPECT_EQ(closed.closing().kind(), v1::Exchange::KIND_CLOSING);
  v1::ReopenMemberRequest reopen;
  reopen.set_name(bank.NameOf("dan"));
  reopen.set_request_id(bank.NewRequestId());
  EXPECT_EQ(Once<v1::ReopenMemberResponse>(bank, reopen).member().state(), v1::Member::STATE_ACTIVE);
  v1::MergeMemberRequest merge;
  merge.set_name(bank.NameOf("twin"));
  merge.set_into(bank.NameOf("carla"));
  merge.set_request_id(bank.NewRequestId());
  EXPECT_EQ(Once<v1::MergeMemberResponse>(bank, merge).member().name(), bank.NameOf("carla"));
  EXPECT_EQ(bank.SecondsOf("twin"), 3 * kHour) << "the old id leads to the survivor";

  v1::CreateCircleRequest circle;
  circle.set_parent(bank.name());
  circle.set_circle_id("knitters");
  circle.mutable_circle()->add_members("members/ana");
  circle.set_request_id(bank.NewRequestId());
  EXPECT_EQ(Once<v1::CreateCircleResponse>(bank, circle).circle().members_size(), 1);
  v1::AddCircleMembersRequest add;
  add.set_name(bank.NameOf("circles/knitters"));
  add.add_members("members/ben");
  add.set_request_id(bank.NewRequestId());
  EXPECT_EQ(Once<v1::AddCircleMembersResponse>(bank, add).circle().members_size(), 2);
  v1::RemoveCircleMembersRequest remove;
  remove.set_name(bank.NameOf("circles/knitters"));
  remove.add_members("members/ben");
  remove.set_request_id(bank.NewRequestId());
  EXPECT_EQ(Once<v1::RemoveCircleMembersResponse>(bank, remove).circle().members_size(), 1);

  // Has a test of its own, below: what it speaks of is gone afterwards.
  called_.insert(v1::DeleteTimebankRequest::descriptor()->name());
  EXPECT_EQ(called_, RequestsOfAllRpcs(/*changes=*/true));
}

// Goal: whom an exchange moves is named in its reply as it is ever after, by whatever id a holder was named.
TEST_F(RpcsTest, ANewExchangeNamesItsHoldersAsTheLedgerDoes) {
  LiveBank bank(wire_, "names", {"ana", "ben", "carla", "twin"});
  v1::MergeMemberRequest merge;
  merge.set_name(bank.NameOf("twin"));
  merge.set_into(bank.NameOf("carla"));
  ASSERT_TRUE(wire_.Call<v1::MergeMemberResponse>(merge).ok());
  v1::CreateCircleRequest circle;
  circle.set_parent(bank.name());
  circle.set_circle_id("knitters");
  ASSERT_TRUE(wire_.Call<v1::CreateCircleResponse>(circle).ok());

  v1::RecordExchangeRequest request = bank.Helped("twin", "circles/knitters", kHour);
  v1::Exchange& exchange = *request.mutable_exchange();
  exchange.add_receivers()->set_holder(bank.NameOf("ben"));
  exchange.mutable_remainder()->set_holder(bank.NameOf("pots/community"));
  exchange.set_category("Knitting");
  for (const bool acting : {false, true}) {
    if (acting) exchange.set_acting_for(bank.NameOf("ben"));
    const auto recorded = wire_.Call<v1::RecordExchangeResponse>(request);
    ASSERT_TRUE(recorded.ok()) << recorded;
    EXPECT_EQ(recorded.reply.exchange().givers(0).holder(), bank.NameOf("carla"));
    EXPECT_EQ(recorded.reply.exchange().DebugString(),
              bank.Get(recorded.reply.exchange().sequence()).DebugString());
    request.set_request_id(bank.NewRequestId());
    exchange.set_category("knitting");  // as it was spelt first
  }
  const auto by_member = wire_.Call<v1::RecordExchangeResponse>(bank.Helped("ben", "ana", kHour), As("ana"));
  ASSERT_TRUE(by_member.ok()) << by_member;
  EXPECT_EQ(by_member.reply.exchange().recorded_by(), bank.NameOf("ana"));
  EXPECT_EQ(by_member.reply.exchange().DebugString(),
            bank.Get(by_member.reply.exchange().sequence()).DebugString());
}

// Goal: a trial bank is deleted whole and once, for good; its feeds end, its id is free, and a retry of what
// made it or unmade it does nothing. Other banks stay.
TEST_F(RpcsTest, ATrialBankIsDeletedWhole) {
  LiveBank real(wire_, "real", {"ana"});
  v1::CreateTimebankRequest create;
  create.set_timebank_id("try-out");
  create.mutable_timebank()->set_trial(true);
  create.set_request_id("make-try-out");
  ASSERT_TRUE(wire_.Call<v1::CreateTimebankResponse>(create).ok());
  const std::string name = "timebanks/try-out";
  for (const char* id : {"ana", "ben"}) {
    v1::CreateMemberRequest member;
    member.set_parent(name);
    member.set_member_id(id);
    member.set_request_id(std::string("add-") + id);
    ASSERT_TRUE(wire_.Call<v1::CreateMemberResponse>(member).ok());
  }
  v1::RecordExchangeRequest record;
  record.set_parent(name);
  record.mutable_exchange()->add_givers()->set_holder("members/ana");
  record.mutable_exchange()->add_receivers()->set_holder("members/ben");
  record.mutable_exchange()->set_seconds(kHour);
  record.set_request_id("an-hour");
  ASSERT_TRUE(wire_.Call<v1::RecordExchangeResponse>(record).ok());
  Feed feed(wire_, name);
  ASSERT_TRUE(feed.Next());

  v1::DeleteTimebankRequest remove;
  remove.set_name(real.name());
  remove.set_request_id("remove-real");
  EXPECT_THAT(wire_.Call<v1::DeleteTimebankResponse>(remove),
              IsRefused(grpc::StatusCode::FAILED_PRECONDITION, "NOT_A_TRIAL"));
  remove.set_name(name);
  EXPECT_THAT(wire_.Call<v1::DeleteTimebankResponse>(remove, As("ana")),
              IsRefused(grpc::StatusCode::PERMISSION_DENIED, "ROLE_REQUIRED"));
  remove.set_request_id("remove-try-out");
  const auto removed = wire_.Call<v1::DeleteTimebankResponse>(remove);
  ASSERT_TRUE(removed.ok()) << removed;
  EXPECT_FALSE(removed.reply.replayed());
  EXPECT_THAT(feed.End(), IsRefused(grpc::StatusCode::NOT_FOUND, "TIMEBANK_NOT_FOUND"));

  const auto again = wire_.Call<v1::DeleteTimebankResponse>(remove);
  ASSERT_TRUE(again.ok()) << again;
  EXPECT_TRUE(again.reply.replayed());
  v1::GetTimebankRequest get;
  get.set_name(name);
  EXPECT_THAT(wire_.Call<v1::GetTimebankResponse>(get),
              IsRefused(grpc::StatusCode::NOT_FOUND, "TIMEBANK_NOT_FOUND"));
  EXPECT_THAT(wire_.Call<v1::RecordExchangeResponse>(record),
              IsRefused(grpc::StatusCode::NOT_FOUND, "TIMEBANK_NOT_FOUND"));
  EXPECT_THAT(wire_.Call<v1::CreateTimebankResponse>(create),
              IsRefused(grpc::StatusCode::NOT_FOUND, "TIMEBANK_NOT_FOUND"));
  remove.set_request_id("remove-try-out-again");
  EXPECT_THAT(wire_.Call<v1::DeleteTimebankResponse>(remove),
              IsRefused(grpc::StatusCode::NOT_FOUND, "TIMEBANK_NOT_FOUND"));
  const auto listed = wire_.Call<v1::ListTimebanksResponse>(v1::ListTimebanksRequest());
  ASSERT_TRUE(listed.ok()) << listed;
  bool has_real = false;
  for (const v1::Timebank& bank : listed.reply.timebanks()) {
    EXPECT_NE(bank.name(), name);
    has_real |= bank.name() == real.name();
  }
  EXPECT_TRUE(has_real);

  create.set_request_id("make-try-out-again");
  const auto anew = wire_.Call<v1::CreateTimebankResponse>(create);
  ASSERT_TRUE(anew.ok()) << anew;
  EXPECT_EQ(anew.reply.timebank().member_count(), 0);
  EXPECT_EQ(anew.reply.timebank().last_sequence(), 1);
  EXPECT_EQ(real.SecondsOf("ana"), 0);
}

// Goal: every RPC that reads answers, and agrees with the others.
TEST_F(RpcsTest, EveryReadAnswers) {
  LiveBank bank(wire_, "reads", {"ana", "ben"});
  v1::CreateCircleRequest circle;
  circle.set_parent(bank.name());
  circle.set_circle_id("knitters");
  circle.set_request_id(bank.NewRequestId());
  ASSERT_TRUE(wire_.Call<v1::CreateCircleResponse>(circle).ok());
  const int64_t exchange = bank.Record("ben", "ana", kHour + 1);
  const std::string today = bank.Bank().today();

  v1::GetTimebankRequest get_bank;
  get_bank.set_name(bank.name());
  const v1::Timebank timebank = Read<v1::GetTimebankResponse>(get_bank).timebank();
  EXPECT_EQ(timebank.last_sequence(), exchange);
  EXPECT_EQ(timebank.member_count(), 2);
  v1::ListTimebanksRequest banks;
  bool listed = false;
  const auto all = Read<v1::ListTimebanksResponse>(banks);
  for (const v1::Timebank& one : all.timebanks()) {
    listed |= one.name() == bank.name() && one.last_sequence() == exchange;
  }
  EXPECT_TRUE(listed);
  v1::ListSettingsChangesRequest changes;
  changes.set_parent(bank.name());
  EXPECT_EQ(Read<v1::ListSettingsChangesResponse>(changes).changes_size(), 1);

  v1::GetMemberRequest get_member;
  get_member.set_name(bank.NameOf("ana"));
  EXPECT_EQ(Read<v1::GetMemberResponse>(get_member).member().last_exchange_on(), today);
  v1::ListMembersRequest members;
  members.set_parent(bank.name());
  EXPECT_EQ(Read<v1::ListMembersResponse>(members).members_size(), 2);
  v1::ListActingForRequest acting;
  acting.set_name(bank.NameOf("ana"));
  EXPECT_EQ(Read<v1::ListActingForResponse>(acting).agents_size(), 0);
  v1::GetCircleRequest get_circle;
  get_circle.set_name(bank.NameOf("circles/knitters"));
  EXPECT_EQ(Read<v1::GetCircleResponse>(get_circle).circle().number(), 1);
  v1::ListCirclesRequest circles;
  circles.set_parent(bank.name());
  EXPECT_EQ(Read<v1::ListCirclesResponse>(circles).circles_size(), 1);

  v1::GetExchangeRequest get_exchange;
  get_exchange.set_name(bank.NameOf(exchange));
  const v1::Exchange got = Read<v1::GetExchangeResponse>(get_exchange).exchange();
  EXPECT_EQ(got.seconds(), kHour + 1);
  EXPECT_EQ(got.recorded_by(), bank.NameOf("keys/local"));
  v1::ListExchangesRequest exchanges;
  exchanges.set_parent(bank.name());
  const auto list = Read<v1::ListExchangesResponse>(exchanges);
  ASSERT_EQ(list.exchanges_size(), 1);
  EXPECT_EQ(list.exchanges(0).DebugString(), got.DebugString());
  v1::GetBalanceRequest balance;
  balance.set_name(bank.NameOf("ana"));
  EXPECT_EQ(Read<v1::GetBalanceResponse>(balance).balance().seconds(), -(kHour + 1));
  v1::BatchGetBalancesRequest balances;
  balances.set_parent(bank.name());
  balances.add_names("members/ana");
  balances.add_names("members/ben");
  const auto both = Read<v1::BatchGetBalancesResponse>(balances);
  ASSERT_EQ(both.balances_size(), 2);
  EXPECT_EQ(both.balances(0).seconds() + both.balances(1).seconds(), 0);
  v1::ListStatementLinesRequest statement;
  statement.set_parent(bank.NameOf("ana"));
  const auto lines = Read<v1::ListStatementLinesResponse>(statement);
  ASSERT_EQ(lines.lines_size(), 1);
  EXPECT_EQ(lines.lines(0).balance_after_seconds(), -(kHour + 1));
  EXPECT_EQ(lines.lines(0).counterparts(0), bank.NameOf("ben"));
  v1::GetTotalsRequest totals;
  totals.set_parent(bank.name());
  totals.set_start_day(today);
  totals.set_end_day(today);
  EXPECT_EQ(Read<v1::GetTotalsResponse>(totals).total().seconds_given(), kHour + 1);
  v1::ListEventsRequest events;
  events.set_parent(bank.name());
  EXPECT_EQ(Read<v1::ListEventsResponse>(events).events_size(), exchange);

  EXPECT_EQ(called_, RequestsOfAllRpcs(/*changes=*/false));
}

// Goal: a batch is one act: all or nothing where asked for, else each item for itself, in order, with the
// reason of each that was not posted.
TEST_F(RpcsTest, BatchesAreAllOrNothingOrEachForItself) {
  LiveBank bank(wire_, "batches", {"ana", "ben"});
  v1::BatchRecordExchangesRequest batch;
  batch.set_parent(bank.name());
  *batch.add_exchanges() = bank.Helped("ben", "ana", kHour).exchange();
  *batch.add_exchanges() = bank.Helped("ben", "nobody", kHour).exchange();
  *batch.add_exchanges() = bank.Helped("ben", "ana", -1).exchange();
  *batch.add_exchanges() = bank.Helped("ana", "ben", kHour / 2).exchange();
  batch.set_all_or_nothing(true);
  batch.set_request_id(bank.NewRequestId());
  const std::string before = bank.Everything();
  const auto nothing = wire_.Call<v1::BatchRecordExchangesResponse>(batch);
  EXPECT_THAT(nothing, IsRefused(grpc::StatusCode::NOT_FOUND, "HOLDER_NOT_FOUND"));
  EXPECT_EQ(nothing.metadata.at("index"), "1");
  EXPECT_EQ(bank.Everything(), before);

  batch.set_all_or_nothing(false);
  batch.set_request_id(bank.NewRequestId());
  const auto each = wire_.Call<v1::BatchRecordExchangesResponse>(batch);
  ASSERT_TRUE(each.ok()) << each;
  ASSERT_EQ(each.reply.results_size(), 4);
  EXPECT_EQ(each.reply.results(0).status().code(), 0);
  EXPECT_EQ(each.reply.results(1).status().code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(each.reply.results(2).status().code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(each.reply.results(3).status().code(), 0);
  EXPECT_EQ(each.reply.results(3).sequence(), each.reply.results(0).sequence() + 1);
  EXPECT_FALSE(each.reply.results(0).has_exchange()) << "short unless full replies are asked for";
  EXPECT_EQ(bank.SecondsOf("ben"), kHour / 2);

  // Of which item something is wrong is said alike, whether the request or the ledger shows it.
  using Fields = std::map<std::string, std::string>;
  batch.clear_exchanges();
  *batch.add_exchanges() = bank.Helped("ben", "ana", kHour).exchange();
  *batch.add_exchanges() = bank.Helped("ben", "pots/community", kHour).exchange();
  batch.mutable_exchanges(1)->mutable_receivers(0)->set_holder("pots/community");
  batch.mutable_exchanges(1)->mutable_remainder()->set_holder("members/ben");
  batch.mutable_exchanges(1)->mutable_receivers(0)->set_seconds(kHour / 2);
  *batch.add_exchanges() = bank.Helped("ben", "Ana", kHour).exchange();
  batch.mutable_exchanges(2)->mutable_receivers(0)->set_holder("Ana");
  batch.set_request_id(bank.NewRequestId());
  const auto named = wire_.Call<v1::BatchRecordExchangesResponse>(batch);
  ASSERT_TRUE(named.ok()) << named;
  EXPECT_EQ(OutcomeOf(named.reply.results(1).status()).fields,
            (Fields{{"exchanges[1].remainder.holder", "SAME_HOLDER"}}));
  EXPECT_EQ(OutcomeOf(named.reply.results(2).status()).fields,
            (Fields{{"exchanges[2].receivers[0].holder", "MALFORMED"}}));
  const auto repeated = wire_.Call<v1::BatchRecordExchangesResponse>(batch);
  EXPECT_EQ(OutcomeOf(repeated.reply.results(1).status()).fields,
            (Fields{{"exchanges[1].remainder.holder", "SAME_HOLDER"}}));
  batch.set_all_or_nothing(true);
  batch.mutable_exchanges()->RemoveLast();
  batch.set_request_id(bank.NewRequestId());
  EXPECT_THAT(wire_.Call<v1::BatchRecordExchangesResponse>(batch),
              IsInvalid("exchanges[1].remainder.holder", "SAME_HOLDER"));
  EXPECT_EQ(bank.SecondsOf("ben"), kHour / 2 + kHour);
  bank.Record("ana", "ben", kHour);

  // The largest that is allowed, and one more.
  batch.clear_exchanges();
  for (int i = 0; i < 8192; ++i) *batch.add_exchanges() = bank.Helped("ben", "ana", 1).exchange();
  batch.set_request_id(bank.NewRequestId());
  batch.set_all_or_nothing(true);
  const auto whole = wire_.Call<v1::BatchRecordExchangesResponse>(batch);
  ASSERT_TRUE(whole.ok()) << whole;
  EXPECT_EQ(bank.SecondsOf("ben"), kHour / 2 + 8192);
  *batch.add_exchanges() = bank.Helped("ben", "ana", 1).exchange();
  batch.set_request_id(bank.NewRequestId());
  EXPECT_THAT(wire_.Call<v1::BatchRecordExchangesResponse>(batch),
              IsRefused(grpc::StatusCode::INVALID_ARGUMENT, "BATCH_TOO_LARGE"));
  EXPECT_EQ(bank.SecondsOf("ben"), kHour / 2 + 8192);
}

// Goal: a day of joining may be another one, and never none; a search counts characters, not bytes.
TEST_F(RpcsTest, MembersDetails) {
  LiveBank bank(wire_, "details", {"ana"});
  v1::UpdateMemberRequest update;
  update.mutable_member()->set_name(bank.name() + "/members/ana");
  update.mutable_update_mask()->add_paths("joined_on");
  EXPECT_THAT(wire_.Call<v1::UpdateMemberResponse>(update), IsInvalid("member.joined_on", "REQUIRED"));
  update.mutable_member()->set_joined_on("2019-05-04");
  const auto updated = wire_.Call<v1::UpdateMemberResponse>(update);
  ASSERT_TRUE(updated.ok()) << updated;
  EXPECT_EQ(updated.reply.member().joined_on(), "2019-05-04");

  v1::ListMembersRequest search;
  search.set_parent(bank.name());
  for (int i = 0; i < 200; ++i) *search.mutable_query() += "λ";
  EXPECT_TRUE(wire_.Call<v1::ListMembersResponse>(search).ok());
  *search.mutable_query() += "λ";
  EXPECT_THAT(wire_.Call<v1::ListMembersResponse>(search), IsInvalid("query", "TOO_LONG"));
}

// Goal: what would happen can be asked without its happening, with the same answer.
TEST_F(RpcsTest, ValidateOnlyChangesNothing) {
  LiveBank bank(wire_, "previews", {"ana", "ben"});
  v1::RecordExchangeRequest request = bank.Helped("ben", "ana", kHour);
  request.set_validate_only(true);
  const std::string before = bank.Everything();
  const auto preview = wire_.Call<v1::RecordExchangeResponse>(request);
  ASSERT_TRUE(preview.ok()) << preview;
  EXPECT_EQ(preview.reply.exchange().movements(0).balance_after_seconds(), kHour);
  EXPECT_EQ(bank.Everything(), before);
  request.set_validate_only(false);
  const auto real = wire_.Call<v1::RecordExchangeResponse>(request);
  ASSERT_TRUE(real.ok()) << real;
  EXPECT_FALSE(real.reply.replayed());
  EXPECT_EQ(real.reply.exchange().movements(1).balance_after_seconds(),
            preview.reply.exchange().movements(1).balance_after_seconds());
}

// Goal: a batch can be asked about without being posted: what is known, what would be refused, in order.
TEST_F(RpcsTest, ABatchCanBeAskedAbout) {
  LiveBank bank(wire_, "asked", {"ana", "ben"});
  v1::BatchRecordExchangesRequest batch;
  batch.set_parent(bank.name());
  for (const char* number : {"1", "2", "2"}) {
    v1::Exchange& exchange = *batch.add_exchanges();
    exchange = bank.Helped("ben", "ana", kHour).exchange();
    exchange.mutable_origin()->set_system("oak");
    exchange.mutable_origin()->set_number(number);
  }
  *batch.add_exchanges() = bank.Helped("ben", "ghost", kHour).exchange();
  const v1::BatchRecordExchangesRequest all = batch;
  batch.mutable_exchanges()->DeleteSubrange(1, 3);
  ASSERT_TRUE(wire_.Call<v1::BatchRecordExchangesResponse>(batch).ok());

  batch = all;
  batch.set_validate_only(true);
  batch.set_full(true);
  batch.set_request_id(bank.NewRequestId());
  const std::string before = bank.Everything();
  for (int round = 0; round < 2; ++round) {
    const auto asked = wire_.Call<v1::BatchRecordExchangesResponse>(batch);
    ASSERT_TRUE(asked.ok()) << asked;
    EXPECT_FALSE(asked.reply.replayed());
    ASSERT_EQ(asked.reply.results_size(), 4);
    const auto code = [&](int item) {
      return static_cast<grpc::StatusCode>(asked.reply.results(item).status().code());
    };
    EXPECT_EQ(code(0), grpc::StatusCode::ALREADY_EXISTS);
    EXPECT_EQ(code(1), grpc::StatusCode::OK);
    EXPECT_EQ(asked.reply.results(1).sequence(), 0);
    EXPECT_FALSE(asked.reply.results(1).has_exchange());
    EXPECT_EQ(code(2), grpc::StatusCode::ALREADY_EXISTS) << "the item before it would have been posted";
    EXPECT_EQ(code(3), grpc::StatusCode::NOT_FOUND);
    EXPECT_EQ(bank.Everything(), before);
  }
  batch.set_validate_only(false);
  const auto posted = wire_.Call<v1::BatchRecordExchangesResponse>(batch);
  ASSERT_TRUE(posted.ok()) << posted;
  EXPECT_GT(posted.reply.results(1).sequence(), 0) << "asking does not use the request_id up";
}

}  // namespace
}  // namespace timebank::e2e
