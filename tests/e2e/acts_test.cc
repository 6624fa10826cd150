// What others did for a member, and who looked: ListActs over the wire.
#include <gmock/gmock.h>

#include <chrono>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "tests/e2e/keys.h"
#include "tests/e2e/service_fixture.h"
#include "timebank/v1/access_service.pb.h"

namespace timebank::e2e {
namespace {

using grpc::StatusCode;
using testing::ElementsAre;
using testing::IsEmpty;
using What = v1::ListActsRequest;

CallOptions Calling(const std::string& caller) { return {.metadata = {{"timebank-caller", caller}}}; }

// The last part of a resource name's two: `members/ben`, `keys/sue`, `exchanges/7`.
std::string Short(const std::string& name) {
  const size_t slash = name.find('/', name.find('/') + 1);
  return slash == name.npos ? name : name.substr(slash + 1);
}

// `members/ben EXCHANGE exchanges/7 -3600`, `keys/sue LOOK BALANCE 2`
std::string Line(const v1::Act& act) {
  std::string line = Short(act.recorded_by()) + " " + v1::Act::Kind_Name(act.kind()).substr(5);
  if (!act.acting_for().empty()) line += " for " + Short(act.acting_for());
  if (!act.exchange().empty()) line += " " + Short(act.exchange());
  if (act.seconds() != 0) line += " " + std::to_string(act.seconds());
  if (act.has_look()) {
    line += " " + v1::Act::Look::Kind_Name(act.look().kind()).substr(5) + " " +
            std::to_string(act.look().count());
  }
  return line;
}

Answer<v1::ListActsResponse> Ask(const Wire& wire, const std::string& member, What::What what,
                                 const CallOptions& options = {}, int page_size = 0,
                                 const std::string& token = "") {
  v1::ListActsRequest request;
  request.set_parent(member);
  request.set_what(what);
  request.set_page_size(page_size);
  request.set_page_token(token);
  return wire.Call<v1::ListActsResponse>(request, options);
}

std::vector<std::string> Lines(const Wire& wire, const std::string& member, What::What what,
                               const CallOptions& options = {}) {
  const auto answer = Ask(wire, member, what, options);
  EXPECT_TRUE(answer.ok()) << answer;
  EXPECT_EQ(answer.reply.next_page_token(), "");
  std::vector<std::string> lines;
  for (const v1::Act& act : answer.reply.acts()) lines.push_back(Line(act));
  return lines;
}

Answer<v1::GetBalanceResponse> LookAtBalance(const Wire& wire, const std::string& name,
                                             const CallOptions& options) {
  v1::GetBalanceRequest request;
  request.set_name(name);
  return wire.Call<v1::GetBalanceResponse>(request, options);
}

class ActsTest : public ServiceTest {
 protected:
  std::vector<std::string> Acts(const LiveBank& bank, const std::string& member) {
    return Lines(wire_, bank.NameOf(member), What::WHAT_ACTS, As(member));
  }
  std::vector<std::string> Looks(const LiveBank& bank, const std::string& member) {
    return Lines(wire_, bank.NameOf(member), What::WHAT_LOOKS, As(member));
  }
};

// Goal: all that others did about a member is there, newest first, and nothing that the member did itself.
TEST_F(ActsTest, TellWhatOthersDid) {
  LiveBank bank(wire_, "acts", {"ana", "ben", "cara"});
  const int64_t by_broker = bank.Record("ben", "ana", 3600);
  const int64_t by_ben = bank.Record("ben", "ana", 1800, As("ben"));
  const int64_t own = bank.Record("ana", "ben", 600, As("ana"));
  bank.Record("cara", "ben", 60, As("cara"));  // no matter of ana's
  EXPECT_TRUE(bank.Confirm(by_ben, As("ana")).ok());
  EXPECT_TRUE(bank.Confirm(own, As("ben")).ok());
  EXPECT_TRUE(bank.Contest(by_broker, As("ben")).ok());
  EXPECT_TRUE(bank.Settle(by_broker, v1::SettleExchangeRequest::OUTCOME_STANDS).ok());
  auto for_ana = bank.About<v1::ContestExchangeRequest>(by_broker);
  for_ana.set_acting_for(bank.NameOf("ana"));
  EXPECT_TRUE(wire_.Call<v1::ContestExchangeResponse>(for_ana, Calling("sue")).ok());
  EXPECT_TRUE(bank.Settle(by_broker, v1::SettleExchangeRequest::OUTCOME_REVERSED).ok());
  EXPECT_TRUE(bank.Correct(by_ben, 900).ok());
  EXPECT_TRUE(
      wire_.Call<v1::EraseExchangeNoteResponse>(bank.About<v1::EraseExchangeNoteRequest>(own), As("ben"))
          .ok());
  v1::UpdateMemberRequest update;
  update.mutable_member()->set_name(bank.NameOf("ana"));
  update.mutable_member()->add_phones("622743103");
  update.mutable_update_mask()->add_paths("phones");
  EXPECT_TRUE(wire_.Call<v1::UpdateMemberResponse>(update, As("ana")).ok());
  EXPECT_TRUE(wire_.Call<v1::UpdateMemberResponse>(update, Calling("sue")).ok());

  const std::string first = "exchanges/" + std::to_string(by_broker);
  const std::string second = "exchanges/" + std::to_string(by_ben);
  const std::string third = "exchanges/" + std::to_string(own);
  const auto number = [](int64_t sequence) { return "exchanges/" + std::to_string(sequence); };
  const auto sequence_of = [](const std::string& name) {
    return std::stoll(name.substr(name.rfind('/') + 1));
  };
  const int64_t undone = sequence_of(bank.Get(by_broker).reversed_by());
  const int64_t corrected = sequence_of(bank.Get(by_ben).corrected_by());
  EXPECT_THAT(Acts(bank, "ana"),
              ElementsAre("keys/sue MEMBER_UPDATED",                                 //
                          "members/ben NOTE_ERASURE " + third,                       //
                          "keys/local CORRECTION " + number(corrected) + " -900",    //
                          "keys/local REVERSAL " + number(corrected - 1) + " 1800",  //
                          "keys/local REVERSAL " + number(undone) + " 3600",         //
                          "keys/local SETTLEMENT " + first,                          //
                          "keys/sue CONTEST for members/ana " + first,               //
                          "keys/local SETTLEMENT " + first,                          //
                          "members/ben CONTEST " + first,                            //
                          "members/ben CONFIRMATION " + third,                       //
                          "members/ben EXCHANGE " + second + " -1800",               //
                          "keys/local EXCHANGE " + first + " -3600",                 //
                          "keys/local MEMBER_CREATED"));
  // What is told is told in full.
  const auto answer = Ask(wire_, bank.NameOf("ana"), What::WHAT_ACTS, As("ana"));
  const v1::Act& exchange = answer.reply.acts(10);
  EXPECT_EQ(exchange.sequence(), by_ben);
  EXPECT_EQ(exchange.recorded_with(), bank.name() + "/keys/local");
  EXPECT_EQ(exchange.time().seconds(), bank.Get(by_ben).record_time().seconds());
  EXPECT_EQ(answer.reply.position(), bank.Bank().position());
}

// Goal: who was let act, and what was done by that, is told to the member in whose name it is.
TEST_F(ActsTest, TellWhoMayAct) {
  LiveBank bank(wire_, "agents", {"ana", "ben", "cara"});
  v1::GrantActingForRequest grant;
  grant.set_name(bank.NameOf("ana"));
  grant.set_agent(bank.NameOf("ben"));
  grant.set_seconds_per_month(7200);
  ASSERT_TRUE(wire_.Call<v1::GrantActingForResponse>(grant, Calling("sue")).ok());
  v1::RecordExchangeRequest helped = bank.Helped("cara", "ana", 3600);
  helped.mutable_exchange()->set_acting_for(bank.NameOf("ana"));
  const auto recorded = wire_.Call<v1::RecordExchangeResponse>(helped, As("ben"));
  ASSERT_TRUE(recorded.ok()) << recorded;
  v1::RevokeActingForRequest revoke;
  revoke.set_name(bank.NameOf("ana"));
  revoke.set_agent(bank.NameOf("ben"));
  ASSERT_TRUE(wire_.Call<v1::RevokeActingForResponse>(revoke, As("ben")).ok()) << "who may act lays it down";
  v1::ListActingForRequest list;
  list.set_name(bank.NameOf("ana"));
  EXPECT_TRUE(wire_.Call<v1::ListActingForResponse>(list, Calling("sue")).ok());
  EXPECT_TRUE(wire_.Call<v1::ListActingForResponse>(list, As("ana")).ok());
  EXPECT_THAT(Looks(bank, "ana"), ElementsAre("keys/sue LOOK MEMBER 1"));
  EXPECT_THAT(Acts(bank, "ana"), ElementsAre("members/ben ACTING_FOR_REVOKED",
                                             "members/ben EXCHANGE for members/ana " +
                                                 Short(recorded.reply.exchange().name()) + " -3600",
                                             "keys/sue ACTING_FOR_GRANTED", "keys/local MEMBER_CREATED"));
  EXPECT_THAT(Acts(bank, "ben"), ElementsAre("keys/sue ACTING_FOR_GRANTED", "keys/local MEMBER_CREATED"))
      << "who may act is told, too";
}

// Goal: a grant that ends, or moves, because another account was closed or merged is listed for both, with
// who did it and why; the feed tells the same.
TEST_F(ActsTest, TellWhatClosingAndMergingEnd) {
  LiveBank bank(wire_, "ended", {"ana", "ben", "cara", "carla"});
  const auto let = [&](const std::string& member, const std::string& agent) {
    v1::GrantActingForRequest grant;
    grant.set_name(bank.NameOf(member));
    grant.set_agent(bank.NameOf(agent));
    grant.set_no_limit(true);
    return wire_.Call<v1::GrantActingForResponse>(grant, As(member)).ok();
  };
  ASSERT_TRUE(let("ana", "ben") && let("ana", "cara") && let("carla", "ana"));
  v1::CloseMemberRequest close;
  close.set_name(bank.NameOf("ben"));
  const auto closed = wire_.Call<v1::CloseMemberResponse>(close, Calling("sue"));
  ASSERT_TRUE(closed.ok()) << closed;
  EXPECT_EQ(closed.reply.member().name(), bank.NameOf("ben"));
  EXPECT_EQ(closed.reply.member().state(), v1::Member::STATE_CLOSED);
  v1::MergeMemberRequest merge;
  merge.set_name(bank.NameOf("cara"));
  merge.set_into(bank.NameOf("carla"));
  ASSERT_TRUE(wire_.Call<v1::MergeMemberResponse>(merge, Calling("sue")).ok());

  EXPECT_THAT(Acts(bank, "ben"), ElementsAre("keys/sue MEMBER_CLOSED", "keys/sue ACTING_FOR_REVOKED",
                                             "members/ana ACTING_FOR_GRANTED", "keys/local MEMBER_CREATED"));
  EXPECT_THAT(Acts(bank, "ana"),
              ElementsAre("keys/sue ACTING_FOR_GRANTED", "keys/sue ACTING_FOR_REVOKED",
                          "members/carla ACTING_FOR_GRANTED", "keys/local MEMBER_CREATED"));
  const auto answer = Ask(wire_, bank.NameOf("ana"), What::WHAT_ACTS, As("ana"));
  const v1::Act& moved = answer.reply.acts(0);
  EXPECT_EQ(moved.member(), bank.NameOf("ana"));
  EXPECT_EQ(moved.agent(), bank.NameOf("carla"));
  EXPECT_EQ(moved.because(), v1::Act::KIND_MEMBER_MERGED);
  const v1::Act& ended = answer.reply.acts(1);
  EXPECT_EQ(ended.agent(), bank.NameOf("ben"));
  EXPECT_EQ(ended.because(), v1::Act::KIND_MEMBER_CLOSED);

  v1::ListEventsRequest list;
  list.set_parent(bank.name());
  const auto events = wire_.Call<v1::ListEventsResponse>(list);
  std::vector<v1::ActingForChange::Because> because;
  for (const v1::LedgerEvent& event : events.reply.events()) {
    if (event.has_acting_for()) because.push_back(event.acting_for().because());
  }
  EXPECT_THAT(
      because,
      ElementsAre(v1::ActingForChange::BECAUSE_UNSPECIFIED, v1::ActingForChange::BECAUSE_UNSPECIFIED,
                  v1::ActingForChange::BECAUSE_UNSPECIFIED, v1::ActingForChange::BECAUSE_MEMBER_CLOSED,
                  v1::ActingForChange::BECAUSE_MEMBER_MERGED));
}

// Goal: a look at a member's account is told at once, counted by who, what and day; the own one is not, nor
// what is about everybody, nor what was refused.
TEST_F(ActsTest, TellWhoLooked) {
  LiveBank bank(wire_, "looks", {"ana", "ben"});
  bank.Record("ben", "ana", 3600);
  const std::string ana = bank.NameOf("ana");
  EXPECT_THAT(Looks(bank, "ana"), IsEmpty());
  EXPECT_TRUE(LookAtBalance(wire_, ana, Calling("sue")).ok());
  EXPECT_THAT(Looks(bank, "ana"), ElementsAre("keys/sue LOOK BALANCE 1"));
  EXPECT_TRUE(LookAtBalance(wire_, ana, Calling("sue")).ok());
  EXPECT_TRUE(LookAtBalance(wire_, ana, As("ana")).ok());
  EXPECT_TRUE(LookAtBalance(wire_, bank.NameOf("pots/community"), Calling("sue")).ok());
  EXPECT_EQ(LookAtBalance(wire_, bank.NameOf("nobody"), Calling("sue")).code, StatusCode::NOT_FOUND);
  v1::GetBalanceRequest refused;
  refused.set_name(ana);
  refused.set_on_day("yesterday");
  EXPECT_FALSE(wire_.Call<v1::GetBalanceResponse>(refused, Calling("sue")).ok());
  EXPECT_THAT(Looks(bank, "ana"), ElementsAre("keys/sue LOOK BALANCE 2"));

  v1::BatchGetBalancesRequest batch;
  batch.set_parent(bank.name());
  for (const char* name : {"ana", "ben"}) batch.add_names(bank.NameOf(name));
  EXPECT_TRUE(wire_.Call<v1::BatchGetBalancesResponse>(batch, Calling("tom")).ok());
  v1::ListStatementLinesRequest statement;
  statement.set_parent(ana);
  EXPECT_TRUE(wire_.Call<v1::ListStatementLinesResponse>(statement, As("ben")).ok());
  v1::ListExchangesRequest exchanges;
  exchanges.set_parent(bank.name());
  EXPECT_TRUE(wire_.Call<v1::ListExchangesResponse>(exchanges, Calling("sweeper")).ok());
  exchanges.set_holder(ana);
  EXPECT_TRUE(wire_.Call<v1::ListExchangesResponse>(exchanges, Calling("tom")).ok());
  v1::GetMemberRequest member;
  member.set_name(ana);
  EXPECT_TRUE(wire_.Call<v1::GetMemberResponse>(member, Calling("tom")).ok());
  v1::ListMembersRequest members;
  members.set_parent(bank.name());
  EXPECT_TRUE(wire_.Call<v1::ListMembersResponse>(members, Calling("sweeper")).ok());
  EXPECT_TRUE(Ask(wire_, ana, What::WHAT_ACTS, Calling("uma")).ok());
  EXPECT_THAT(Looks(bank, "ana"), ElementsAre("keys/uma LOOK ACTS 1",          //
                                              "keys/tom LOOK MEMBER 1",        //
                                              "keys/tom LOOK EXCHANGES 1",     //
                                              "members/ben LOOK STATEMENT 1",  //
                                              "keys/tom LOOK BALANCE 1",       //
                                              "keys/sue LOOK BALANCE 2"));
  EXPECT_THAT(Looks(bank, "ben"), ElementsAre("keys/tom LOOK BALANCE 1"));
  const auto answer = Ask(wire_, ana, What::WHAT_LOOKS, As("ana"));
  const v1::Act& look = answer.reply.acts(5);
  EXPECT_EQ(look.look().day(), bank.Bank().today());
  EXPECT_GE(look.look().last_time().seconds(), look.time().seconds());
  EXPECT_EQ(look.recorded_with(), bank.name() + "/keys/sue");
  EXPECT_EQ(answer.reply.acts(3).recorded_with(), bank.name() + "/keys/local");
}

// Goal: acts and looks come in one order of time, whole and once, however they are cut into pages; what is
// recorded and looked at meanwhile does not get in between.
TEST_F(ActsTest, PagesHoldEverythingOnce) {
  LiveBank bank(wire_, "pages", {"ana", "ben"});
  const std::string ana = bank.NameOf("ana");
  for (int i = 0; i < 12; ++i) {
    bank.Record("ben", "ana", 60 + i, i % 3 == 0 ? As("ana") : As("ben"));
    if (i % 2 != 0) continue;
    EXPECT_TRUE(LookAtBalance(wire_, ana, Calling("k" + std::to_string(i))).ok());
  }
  const std::vector<std::string> all = Lines(wire_, ana, What::WHAT_UNSPECIFIED, As("ana"));
  EXPECT_EQ(all.size(), 8u + 6u + 1u);  // and that ana was added
  EXPECT_EQ(all.front(),
            "members/ben EXCHANGE exchanges/" + std::to_string(bank.Bank().last_sequence()) + " -71");
  EXPECT_EQ(all[1], "keys/k10 LOOK BALANCE 1");
  for (const int size : {1, 2, 4, 7}) {
    std::vector<std::string> paged;
    std::string token;
    do {
      const auto page = Ask(wire_, ana, What::WHAT_UNSPECIFIED, As("ana"), size, token);
      ASSERT_TRUE(page.ok()) << page;
      EXPECT_LE(page.reply.acts_size(), size);
      for (const v1::Act& act : page.reply.acts()) paged.push_back(Line(act));
      token = page.reply.next_page_token();
      if (size == 4) bank.Record("ben", "ana", 5);
      if (size != 7) continue;
      EXPECT_TRUE(LookAtBalance(wire_, ana, Calling("late")).ok());
    } while (!token.empty());
    const auto is_late_act = [](const std::string& line) { return line.ends_with(" -5"); };
    const auto is_late_look = [](const std::string& line) { return line.starts_with("keys/late"); };
    std::vector<std::string> expected = Lines(wire_, ana, What::WHAT_UNSPECIFIED, As("ana"));
    std::erase_if(expected, is_late_act);
    std::erase_if(expected, is_late_look);
    if (size == 7) std::erase_if(paged, is_late_act);  // those of before
    EXPECT_EQ(paged, expected) << size;
  }
  const auto first = Ask(wire_, ana, What::WHAT_ACTS, As("ana"), 1);
  EXPECT_THAT(Ask(wire_, bank.NameOf("ben"), What::WHAT_ACTS, As("ben"), 1, first.reply.next_page_token()),
              IsRefused(StatusCode::INVALID_ARGUMENT, "BAD_PAGE_TOKEN"));
  EXPECT_THAT(Ask(wire_, bank.NameOf("pots/community"), What::WHAT_ACTS), IsInvalid("parent", "MALFORMED"));
  EXPECT_THAT(Ask(wire_, bank.NameOf("nobody"), What::WHAT_ACTS),
              IsRefused(StatusCode::NOT_FOUND, "HOLDER_NOT_FOUND"));
}

// Goal: two records of one person have one list.
TEST_F(ActsTest, MergedMembersHaveOneList) {
  LiveBank bank(wire_, "merged", {"ana", "anna", "ben"});
  bank.Record("ben", "anna", 3600, As("ben"));
  bank.Record("ben", "anna", 60, As("anna"));
  EXPECT_TRUE(LookAtBalance(wire_, bank.NameOf("anna"), Calling("sue")).ok());
  v1::MergeMemberRequest merge;
  merge.set_name(bank.NameOf("anna"));
  merge.set_into(bank.NameOf("ana"));
  ASSERT_TRUE(wire_.Call<v1::MergeMemberResponse>(merge, Calling("sue")).ok());
  EXPECT_TRUE(LookAtBalance(wire_, bank.NameOf("ana"), Calling("sue")).ok());
  EXPECT_TRUE(LookAtBalance(wire_, bank.NameOf("ana"), As("anna")).ok()) << "the same person";
  EXPECT_THAT(Acts(bank, "ana"),
              ElementsAre("keys/sue MEMBER_MERGED", "members/ben EXCHANGE exchanges/5 -3600",
                          "keys/local MEMBER_CREATED", "keys/local MEMBER_CREATED"));
  EXPECT_THAT(Looks(bank, "ana"), ElementsAre("keys/sue LOOK BALANCE 2"));
}

// Goal: acts and looks are there after the server was stopped, and after it was killed once looks had their
// 20 seconds; acts are there after any kill.
TEST_F(ActsTest, SurviveARestart) {
  const TempFolder folder;
  auto server = ServerProcess::Start(folder.path(), {"--flush-interval-seconds", "1"});
  ASSERT_NE(server, nullptr);
  std::string ana;
  {
    const Wire wire(server->address());
    LiveBank bank(wire, "kept", {"ana", "ben"});
    ana = bank.NameOf("ana");
    bank.Record("ben", "ana", 3600, As("ben"));
    EXPECT_TRUE(LookAtBalance(wire, ana, Calling("sue")).ok());
  }
  EXPECT_EQ(server->Stop(), 0) << server->Logged();
  const std::vector<std::string> acts = {"members/ben EXCHANGE exchanges/4 -3600",
                                         "keys/local MEMBER_CREATED"};
  server = ServerProcess::Start(folder.path(), {"--flush-interval-seconds", "1"});
  ASSERT_NE(server, nullptr);
  {
    const Wire wire(server->address());
    EXPECT_EQ(Lines(wire, ana, What::WHAT_ACTS, As("ana")), acts);
    EXPECT_THAT(Lines(wire, ana, What::WHAT_LOOKS, As("ana")), ElementsAre("keys/sue LOOK BALANCE 1"));
    EXPECT_TRUE(LookAtBalance(wire, ana, Calling("sue")).ok());
    EXPECT_THAT(Lines(wire, ana, What::WHAT_LOOKS, As("ana")), ElementsAre("keys/sue LOOK BALANCE 2"));
    std::this_thread::sleep_for(std::chrono::seconds(8));
  }
  server->Kill();
  server = ServerProcess::Start(folder.path());
  ASSERT_NE(server, nullptr);
  const Wire wire(server->address());
  EXPECT_EQ(Lines(wire, ana, What::WHAT_ACTS, As("ana")), acts);
  EXPECT_THAT(Lines(wire, ana, What::WHAT_LOOKS, As("ana")), ElementsAre("keys/sue LOOK BALANCE 2"));
}

// Goal: with a trial bank all of it goes; who comes under the same names finds nothing.
TEST_F(ActsTest, GoWithTheirBank) {
  const auto create = [this] {
    v1::CreateTimebankRequest request;
    request.set_timebank_id("trial");
    request.mutable_timebank()->set_trial(true);
    EXPECT_TRUE(wire_.Call<v1::CreateTimebankResponse>(request).ok());
    v1::CreateMemberRequest member;
    member.set_parent("timebanks/trial");
    member.set_member_id("ana");
    EXPECT_TRUE(wire_.Call<v1::CreateMemberResponse>(member).ok());
  };
  const std::string ana = "timebanks/trial/members/ana";
  create();
  EXPECT_TRUE(LookAtBalance(wire_, ana, Calling("sue")).ok());
  EXPECT_EQ(Lines(wire_, ana, What::WHAT_UNSPECIFIED, As("ana")).size(), 2u);
  v1::DeleteTimebankRequest remove;
  remove.set_name("timebanks/trial");
  ASSERT_TRUE(wire_.Call<v1::DeleteTimebankResponse>(remove).ok());
  EXPECT_THAT(Ask(wire_, ana, What::WHAT_LOOKS), IsRefused(StatusCode::NOT_FOUND, "TIMEBANK_NOT_FOUND"));
  create();
  EXPECT_THAT(Lines(wire_, ana, What::WHAT_UNSPECIFIED, As("ana")), ElementsAre("keys/local MEMBER_CREATED"));
}

// Goal: where callers are believed, what they say of themselves counts: a member sees its own list, a program
// that of the member at its keyboard.
TEST_F(ActsTest, AreTheMembersAndTheBrokers) {
  LiveBank bank(wire_, "whose", {"ana", "ben"});
  const std::string ana = bank.NameOf("ana");
  const auto refused = IsRefused(StatusCode::PERMISSION_DENIED, "ROLE_REQUIRED");
  EXPECT_THAT(Ask(wire_, ana, What::WHAT_ACTS, As("ben")), refused);
  EXPECT_THAT(Ask(wire_, ana, What::WHAT_ACTS, AsPartner()), refused);
  EXPECT_TRUE(Ask(wire_, ana, What::WHAT_ACTS, As("ana")).ok());
  EXPECT_TRUE(Ask(wire_, ana, What::WHAT_ACTS, AsBrokerAndMember("ben")).ok());
  EXPECT_TRUE(Ask(wire_, ana, What::WHAT_ACTS).ok());
}

// Goal: with keys it is told whose key it was, and the list is the member's own, the brokers', and a
// program's for the member at its keyboard.
TEST_F(ActsTest, WithKeysTheOwnersAreTold) {
  const TempFolder folder;
  const std::string root = InitKeys(folder.path());
  const auto server = ServerProcess::Start(folder.path(), {"--access", "keys"});
  ASSERT_NE(server, nullptr);
  const Wire wire(server->address());
  v1::CreateTimebankRequest bank;
  bank.set_timebank_id("rushey");
  bank.mutable_timebank()->set_trial(true);
  ASSERT_TRUE(wire.Call<v1::CreateTimebankResponse>(bank, With(root)).ok());
  const std::string broker = MakeBrokersKey(wire, root, "rushey", "maria");
  for (const char* id : {"ana", "ben"}) {
    v1::CreateMemberRequest member;
    member.set_parent("timebanks/rushey");
    member.set_member_id(id);
    ASSERT_TRUE(wire.Call<v1::CreateMemberResponse>(member, With(broker)).ok());
  }
  const auto make = [&](v1::Role role, const std::string& owner, const std::string& member) {
    v1::CreateKeyRequest request;
    request.set_parent("timebanks/rushey");
    request.mutable_key()->set_owner(owner);
    request.mutable_key()->set_role(role);
    request.mutable_key()->set_member(member);
    if (role == v1::ROLE_PARTNER) {
      request.mutable_key()->add_scopes("members.read");
      request.mutable_key()->add_scopes("exchanges.read");
      request.mutable_key()->set_may_state_member(true);
    }
    const auto made = wire.Call<v1::CreateKeyResponse>(request, With(root));
    EXPECT_TRUE(made.ok()) << made;
    return made.reply.secret();
  };
  const std::string anas = make(v1::ROLE_MEMBER, "ana-phone", "ana");
  const std::string bens = make(v1::ROLE_MEMBER, "ben-phone", "ben");
  const std::string steward = make(v1::ROLE_STEWARD, "sue", "");
  const std::string app = make(v1::ROLE_PARTNER, "app", "");
  const std::string ana = "timebanks/rushey/members/ana";
  CallOptions app_with_ana = With(app);
  app_with_ana.metadata["timebank-member"] = "ana";

  EXPECT_TRUE(LookAtBalance(wire, ana, With(broker)).ok());
  EXPECT_TRUE(LookAtBalance(wire, ana, With(app)).ok());
  EXPECT_TRUE(LookAtBalance(wire, ana, app_with_ana).ok()) << "the own one";
  EXPECT_TRUE(LookAtBalance(wire, ana, With(anas)).ok());
  EXPECT_FALSE(LookAtBalance(wire, ana, With(bens)).ok());
  const std::vector<std::string> expected = {"keys/app LOOK BALANCE 1", "keys/maria LOOK BALANCE 1",
                                             "keys/maria MEMBER_CREATED"};
  EXPECT_EQ(Lines(wire, ana, What::WHAT_UNSPECIFIED, With(anas)), expected);
  EXPECT_EQ(Lines(wire, ana, What::WHAT_UNSPECIFIED, app_with_ana), expected);
  EXPECT_EQ(Lines(wire, ana, What::WHAT_UNSPECIFIED, With(broker)), expected);
  const auto refused = IsRefused(StatusCode::PERMISSION_DENIED, "ROLE_REQUIRED");
  for (const std::string& key : {bens, steward, app, root}) {
    EXPECT_THAT(Ask(wire, ana, What::WHAT_LOOKS, With(key)), refused);
    EXPECT_THAT(Ask(wire, "timebanks/rushey/members/nobody", What::WHAT_LOOKS, With(key)), refused);
  }
  EXPECT_THAT(Lines(wire, ana, What::WHAT_LOOKS, With(anas)),
              ElementsAre("keys/maria LOOK ACTS 1", expected[0], expected[1]));
}

}  // namespace
}  // namespace timebank::e2e
