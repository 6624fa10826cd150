// Calls that are refused before anything is done for them are counted and logged like all others.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/e2e/feed.h"
#include "tests/e2e/figures.h"
#include "tests/e2e/keys.h"
#include "tests/support/server_process.h"
#include "tests/support/wire.h"
#include "timebank/v1/ledger_service.pb.h"
#include "timebank/v1/timebank_service.pb.h"

namespace timebank::e2e {
namespace {

using grpc::StatusCode;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

// Goal: who is turned away stands in the figures by code and reason, and in the log with the id of the key,
// where it is a key of this server's, and never with the key.
TEST(RefusedTest, CallsAreCountedAndLogged) {
  const TempFolder folder;
  const std::string root = InitKeys(folder.path());
  const auto server = ServerProcess::Start(
      folder.path(), {"--access", "keys", "--log-sample", "1", "--metrics-listen", "127.0.0.1:0"});
  ASSERT_NE(server, nullptr);
  const Figures figures(*server);
  const Wire wire(server->address());
  v1::CreateTimebankRequest create;
  create.set_timebank_id("rushey");
  ASSERT_TRUE(wire.Call<v1::CreateTimebankResponse>(create, With(root)).ok());
  const std::string broker = MakeBrokersKey(wire, root, "rushey");

  v1::RecordExchangeRequest record;
  record.set_parent("timebanks/rushey");
  record.set_request_id("find-me-17");
  EXPECT_EQ(wire.Call<v1::RecordExchangeResponse>(record).reason, "KEY_UNKNOWN");
  std::string wrong = broker;
  wrong.back() = wrong.back() == '0' ? '1' : '0';
  EXPECT_EQ(wire.Call<v1::RecordExchangeResponse>(record, With(wrong)).reason, "KEY_UNKNOWN");
  v1::ListKeysRequest list;
  list.set_parent("timebanks/rushey");
  EXPECT_EQ(wire.Call<v1::ListKeysResponse>(list, With(broker)).reason, "ROLE_REQUIRED");
  v1::WatchLedgerRequest watch;
  watch.set_parent("timebanks/rushey");
  EXPECT_EQ(Feed(wire, watch).End().reason, "KEY_UNKNOWN");
  v1::GetTimebankRequest look;
  look.set_name("timebanks/rushey");
  EXPECT_TRUE(wire.Call<v1::GetTimebankResponse>(look, With(broker)).ok());
  v1::RevokeKeyRequest revoke;
  revoke.set_name("timebanks/rushey/keys/" + IdOf(broker));
  ASSERT_TRUE(wire.Call<v1::RevokeKeyResponse>(revoke, With(root)).ok());
  EXPECT_EQ(wire.Call<v1::GetTimebankResponse>(look, With(broker)).reason, "KEY_REVOKED");

  const auto refused = [](const std::string& rpc, const std::string& code, const std::string& reason) {
    return "timebank_calls_total{rpc=\"" + rpc + "\",code=\"" + code + "\",reason=\"" + reason + "\"}";
  };
  EXPECT_EQ(figures.Value(refused("LedgerService/RecordExchange", "UNAUTHENTICATED", "KEY_UNKNOWN")), 2);
  EXPECT_EQ(figures.Value(refused("AccessService/ListKeys", "PERMISSION_DENIED", "ROLE_REQUIRED")), 1);
  EXPECT_TRUE(figures.Await(refused("LedgerService/WatchLedger", "UNAUTHENTICATED", "KEY_UNKNOWN"), 1));
  EXPECT_EQ(figures.Value(refused("TimebankService/GetTimebank", "UNAUTHENTICATED", "KEY_REVOKED")), 1);
  EXPECT_EQ(figures.Value("timebank_calls_open"), 0);

  EXPECT_EQ(server->Stop(), 0);
  const std::string key = R"("key":")" + IdOf(broker) + R"(")";
  int of_record = 0;
  int of_broker = 0;
  for (const std::string& line : CallLines(*server)) {
    if (line.find("RecordExchange") != line.npos) {
      ++of_record;
      EXPECT_THAT(line, AllOf(HasSubstr(R"("level":"info")"),
                              HasSubstr(R"("code":"UNAUTHENTICATED","reason":"KEY_UNKNOWN")"),
                              HasSubstr(R"("key":"")"), HasSubstr(R"("request_id":"find-me-17")"),
                              HasSubstr(R"("why":"this )")));
    }
    if (line.find(key) != line.npos) ++of_broker;
    if (line.find("ROLE_REQUIRED") != line.npos || line.find("KEY_REVOKED") != line.npos) {
      EXPECT_THAT(line, HasSubstr(key));
    }
  }
  EXPECT_EQ(of_record, 2) << server->Logged();
  EXPECT_EQ(of_broker, 3) << server->Logged();
  for (const std::string& secret : {root, broker, wrong}) {
    EXPECT_THAT(server->Logged(), Not(HasSubstr(secret.substr(17, 20))));
  }
}

// Goal: a server that believes everybody refuses those for whom a proxy speaks, in words that tell what to
// do, and says so in its log once however many there are; with keys a proxy's calls are like all others.
TEST(RefusedTest, NobodyIsBelievedThroughAProxy) {
  const TempFolder folder;
  const auto through = [](const std::string& header, CallOptions options = {}) {
    options.metadata[header] = "192.0.2.7";
    return options;
  };
  const v1::ListTimebanksRequest list;
  v1::WatchLedgerRequest watch;
  watch.set_parent("timebanks/rushey");
  {
    const auto server = ServerProcess::Start(folder.path(), {"--metrics-listen", "127.0.0.1:0"});
    ASSERT_NE(server, nullptr);
    for (const Wire& wire : {Wire(server->address()), Wire(server->OperatorAddress())}) {
      for (const char* header : {"x-forwarded-for", "forwarded"}) {
        const Outcome refused = wire.Call<v1::ListTimebanksResponse>(list, through(header));
        EXPECT_EQ(refused.code, StatusCode::UNAUTHENTICATED) << refused;
        EXPECT_EQ(refused.reason, "KEY_UNKNOWN");
        EXPECT_EQ(
            refused.message,
            "this server is open: it believes whatever callers state, and does not answer those who come "
            "through a proxy. Set access = \"keys\" in its configuration");
        EXPECT_EQ(Feed(wire, watch, through(header)).End().reason, "KEY_UNKNOWN");
      }
      EXPECT_TRUE(wire.Call<v1::ListTimebanksResponse>(list).ok()) << "who comes without one is believed";
    }
    const Figures figures(*server);
    EXPECT_EQ(figures.Value("timebank_calls_total{rpc=\"TimebankService/ListTimebanks\",code="
                            "\"UNAUTHENTICATED\",reason=\"KEY_UNKNOWN\"}"),
              4);
    EXPECT_EQ(server->Stop(), 0);
    const std::string log = server->Logged();
    const size_t told = log.find("calls come through a proxy");
    ASSERT_NE(told, log.npos) << log;
    EXPECT_EQ(log.find("calls come through a proxy", told + 1), log.npos) << log;
    EXPECT_THAT(log, Not(HasSubstr("192.0.2.7")));
  }
  const std::string root = InitKeys(folder.path());
  const auto server = ServerProcess::Start(folder.path(), {"--access", "keys"});
  ASSERT_NE(server, nullptr);
  const Outcome known =
      Wire(server->address()).Call<v1::ListTimebanksResponse>(list, through("x-forwarded-for", With(root)));
  EXPECT_TRUE(known.ok()) << known;
}

}  // namespace
}  // namespace timebank::e2e
