// What the log says of calls, and what it never says.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/live_bank.h"
#include "tests/support/server_process.h"
#include "tests/support/wire.h"

namespace timebank::e2e {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

// The log's lines about calls.
std::vector<std::string> CallLines(const ServerProcess& server) {
  std::vector<std::string> lines;
  std::istringstream log(server.Logged());
  for (std::string line; std::getline(log, line);) {
    if (line.find(R"("msg":"call")") != std::string::npos) lines.push_back(line);
  }
  return lines;
}

// Goal: a call can be found again by its request id and its trace, with what it ended in.
TEST(CallLogTest, CallsAreFoundAgain) {
  const TempFolder folder;
  const auto server = ServerProcess::Start(folder.path(), {"--log-sample", "1"});
  ASSERT_NE(server, nullptr);
  const Wire wire(server->address());
  LiveBank bank(wire, "logged", {"ana", "ben"});
  v1::RecordExchangeRequest request = bank.Helped("ben", "nobody", kHour);
  request.set_request_id("find-me-17");
  const CallOptions traced = {
      .metadata = {{"traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}}};
  wire.Call<v1::RecordExchangeResponse>(request, traced);
  wire.Call<v1::ListTimebanksResponse>(v1::ListTimebanksRequest(), traced);
  EXPECT_EQ(server->Stop(), 0);
  const std::vector<std::string> lines = CallLines(*server);
  ASSERT_GE(lines.size(), 5u) << server->Logged();
  EXPECT_THAT(lines[lines.size() - 2],
              AllOf(HasSubstr(R"("level":"info")"), HasSubstr(R"("rpc":"LedgerService/RecordExchange")"),
                    HasSubstr(R"("code":"NOT_FOUND","reason":"HOLDER_NOT_FOUND")"), HasSubstr(R"("ms":")"),
                    HasSubstr(R"("request_id":"find-me-17")"),
                    HasSubstr(R"("trace":"4bf92f3577b34da6a3ce929d0e0e4736","span":"00f067aa0ba902b7")")));
  EXPECT_THAT(lines.back(), AllOf(HasSubstr(R"("rpc":"TimebankService/ListTimebanks","code":"OK")"),
                                  HasSubstr(R"("trace":"4bf92f3577b34da6a3ce929d0e0e4736")")));
}

// Goal: whatever people write, it is not in the log, at any level: not where it is taken, not where it is
// refused.
TEST(CallLogTest, NothingThatPeopleWrote) {
  const TempFolder folder;
  const auto server = ServerProcess::Start(folder.path(), {"--log-level", "debug", "--log-sample", "1"});
  ASSERT_NE(server, nullptr);
  const std::string planted = "PLANTED";
  const Wire wire(server->address());
  LiveBank bank(wire, "secretive", {"ana", "ben"});
  int calls = 3;
  const auto call = [&]<typename Response>(const google::protobuf::Message& request, Response*,
                                           const CallOptions& options = {}) {
    ++calls;
    return wire.Call<Response>(request, options);
  };
  v1::CreateMemberRequest member = bank.NewMember("carla");
  member.mutable_member()->set_display_name(planted + " Carla");
  member.mutable_member()->add_emails(planted + "@example.org");
  member.mutable_member()->add_phones("+34 " + planted);
  EXPECT_TRUE(call(member, static_cast<v1::CreateMemberResponse*>(nullptr)).ok());
  for (const std::string& note :
       {planted + " note", planted + std::string("\xff\xfe"), std::string(20'000, 'x') + planted}) {
    v1::RecordExchangeRequest exchange = bank.Helped("ben", "ana", kHour);
    exchange.mutable_exchange()->set_note(note);
    exchange.mutable_exchange()->add_tags(planted + "-tag");
    call(exchange, static_cast<v1::RecordExchangeResponse*>(nullptr));
    exchange.set_request_id(planted + " is no id");
    call(exchange, static_cast<v1::RecordExchangeResponse*>(nullptr));
    exchange.set_request_id("proper");
    exchange.mutable_exchange()->set_category(planted);
    call(exchange, static_cast<v1::RecordExchangeResponse*>(nullptr));
  }
  v1::ContestExchangeRequest contest =
      bank.About<v1::ContestExchangeRequest>(bank.Record("ben", "ana", kHour));
  ++calls;
  contest.set_acting_for(bank.NameOf("ana"));
  contest.set_reason(planted + " reason");
  EXPECT_TRUE(call(contest, static_cast<v1::ContestExchangeResponse*>(nullptr)).ok());
  contest.set_name(planted);
  call(contest, static_cast<v1::ContestExchangeResponse*>(nullptr));
  v1::ListMembersRequest search;
  search.set_parent(bank.name());
  call(search, static_cast<v1::ListMembersResponse*>(nullptr),
       {.metadata = {{"timebank-caller", planted},
                     {"timebank-member", planted},
                     {"authorization", "Bearer " + planted},
                     {"traceparent", planted},
                     {"timebank-min-position", planted}}});
  EXPECT_EQ(server->Stop(), 0);
  EXPECT_THAT(server->Logged(), Not(HasSubstr(planted)));
  EXPECT_EQ(CallLines(*server).size(), static_cast<size_t>(calls)) << "and it is a log of all calls";
}

}  // namespace
}  // namespace timebank::e2e
