// TLS and access together: callers who are known by a certificate, and a first bank over keys and TLS.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "tests/e2e/certs.h"
#include "tests/e2e/feed.h"
#include "tests/e2e/keys.h"
#include "tests/support/server_process.h"
#include "tests/support/wire.h"
#include "timebank/v1/ledger_service.pb.h"
#include "timebank/v1/member_service.pb.h"
#include "timebank/v1/timebank_service.pb.h"

namespace timebank::e2e {
namespace {

using grpc::StatusCode;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class SecuredTest : public testing::Test {
 protected:
  static v1::RecordExchangeRequest Helped() {
    v1::RecordExchangeRequest request;
    request.set_parent("timebanks/rushey");
    request.mutable_exchange()->add_givers()->set_holder("members/ben");
    request.mutable_exchange()->add_receivers()->set_holder("members/ana");
    request.mutable_exchange()->set_seconds(3600);
    return request;
  }
  std::string Keep(const std::string& name, const std::string& text) const {
    const std::string path = folder_.path() + "/" + name;
    std::ofstream(path) << text;
    return path;
  }

  // A server that asks for client certificates and knows the callers that `toml` lists.
  std::unique_ptr<ServerProcess> StartFor(const std::string& toml) const {
    return ServerProcess::Start(folder_.path(),
                                certs_.Flags({"--tls-client-ca", certs_.Path("ca.crt"), "--access", "keys",
                                              "--callers", Keep("callers.toml", toml)}));
  }

  const TempFolder folder_;
  Certs certs_{{"--client", "app", "--client", "stranger"}};
};

// Goal: a certificate whose name the operator has listed is a caller, and may what is listed; one of the same
// authority that is not listed is nobody.
TEST_F(SecuredTest, CallersAreKnownByCertificates) {
  const std::string root = InitKeys(folder_.path());
  const auto server = StartFor(
      "[[certificate]]\n"
      "san = \"app\"\n"
      "owner = \"exchange-app\"\n"
      "role = \"partner\"\n"
      "bank = \"rushey\"\n"
      "scopes = [\"exchanges.record\"]\n");
  ASSERT_NE(server, nullptr);
  const Wire app(server->address(), Credentials(certs_.Client(certs_, "app")));
  const Wire stranger(server->address(), Credentials(certs_.Client(certs_, "stranger")));

  v1::CreateTimebankRequest create;
  create.set_timebank_id("rushey");
  ASSERT_TRUE(stranger.Call<v1::CreateTimebankResponse>(create, With(root)).ok()) << "a key opens as well";
  const std::string broker = MakeBrokersKey(stranger, root, "rushey");
  for (const char* id : {"ana", "ben"}) {
    v1::CreateMemberRequest member;
    member.set_parent("timebanks/rushey");
    member.set_member_id(id);
    ASSERT_TRUE(stranger.Call<v1::CreateMemberResponse>(member, With(broker)).ok());
  }

  const auto recorded = app.Call<v1::RecordExchangeResponse>(Helped());
  ASSERT_TRUE(recorded.ok()) << recorded;
  EXPECT_EQ(recorded.reply.exchange().recorded_by(), "timebanks/rushey/keys/exchange-app");
  v1::GetTotalsRequest totals;
  totals.set_parent("timebanks/rushey");
  EXPECT_THAT(app.Call<v1::GetTotalsResponse>(totals),
              IsRefused(StatusCode::PERMISSION_DENIED, "ROLE_REQUIRED"));
  EXPECT_THAT(stranger.Call<v1::RecordExchangeResponse>(Helped()),
              IsRefused(StatusCode::UNAUTHENTICATED, "KEY_UNKNOWN"));

  // A key goes before the certificate, a wrong one too.
  const auto with_key = app.Call<v1::RecordExchangeResponse>(Helped(), With(broker));
  ASSERT_TRUE(with_key.ok()) << with_key;
  EXPECT_EQ(with_key.reply.exchange().recorded_by(), "timebanks/rushey/keys/maria");
  EXPECT_THAT(app.Call<v1::RecordExchangeResponse>(Helped(), With("nonsense")),
              IsRefused(StatusCode::UNAUTHENTICATED, "KEY_UNKNOWN"));

  const Certs others({"--client", "app"});
  const CallOptions soon = {.metadata = {}, .deadline = std::chrono::milliseconds(5'000)};
  for (const auto& credentials : {Credentials(certs_.Anybody()), Credentials(certs_.Client(others, "app"))}) {
    const Outcome outside = Wire(server->address(), credentials).Call<v1::GetTotalsResponse>(totals, soon);
    EXPECT_EQ(outside.code, StatusCode::UNAVAILABLE) << outside;
  }
  EXPECT_EQ(server->Stop(), 0) << server->Logged();
}

// Goal: a connection that stays open is worth no more than the certificate that opened it: when that ends, so
// do its calls and its feed.
TEST_F(SecuredTest, ACertificateEndsOnAnOpenConnection) {
  const std::string root = InitKeys(folder_.path());
  const auto server = StartFor(
      "[[certificate]]\n"
      "san = \"brief\"\n"
      "owner = \"brief\"\n"
      "role = \"broker\"\n"
      "bank = \"rushey\"\n");
  ASSERT_NE(server, nullptr);
  const Wire app(server->address(), Credentials(certs_.Client(certs_, "app")));
  v1::CreateTimebankRequest create;
  create.set_timebank_id("rushey");
  ASSERT_TRUE(app.Call<v1::CreateTimebankResponse>(create, With(root)).ok());

  constexpr int kGoodS = 6;
  const std::string end =
      absl::FormatTime("%Y%m%d%H%M%SZ", absl::Now() + absl::Seconds(kGoodS), absl::UTCTimeZone());
  certs_.MakeFor("brief", "brief", "20200101000000Z", end, /*self_signed=*/false);
  const Wire brief(server->address(), Credentials(certs_.Client(certs_, "brief")));
  v1::ListMembersRequest members;
  members.set_parent("timebanks/rushey");
  const auto before = brief.Call<v1::ListMembersResponse>(members);
  ASSERT_TRUE(before.ok()) << before;
  v1::WatchLedgerRequest watch;
  watch.set_parent("timebanks/rushey");
  watch.mutable_heartbeat_interval()->set_seconds(1);
  EXPECT_THAT(Feed(brief, watch).End(), IsRefused(StatusCode::UNAUTHENTICATED, "KEY_EXPIRED"));
  EXPECT_THAT(brief.Call<v1::ListMembersResponse>(members),
              IsRefused(StatusCode::UNAUTHENTICATED, "KEY_EXPIRED"));
  EXPECT_EQ(server->Stop(), 0) << server->Logged();
}

// Goal: a first bank as the runbook has it, with keys and TLS, from init to a key that is revoked while its
// feed is open; and no key in the log.
TEST_F(SecuredTest, AFirstBank) {
  const std::string root = InitKeys(folder_.path());
  const auto server = ServerProcess::Start(folder_.path(), certs_.Flags({"--access", "keys"}));
  ASSERT_NE(server, nullptr);
  const auto run = [&](const std::string& key_file, const std::vector<std::string>& words) {
    std::vector<std::string> arguments = {"--server", server->address(), "--ca",       certs_.Path("ca.crt"),
                                          "--bank",   "rushey",          "--key-file", key_file};
    arguments.insert(arguments.end(), words.begin(), words.end());
    return RunToEnd(TIMEBANK_PROGRAM, arguments);
  };
  const auto must = [&](const std::string& key_file, const std::vector<std::string>& words) {
    const Ended ended = run(key_file, words);
    EXPECT_EQ(ended.code, 0) << words[0] << ' ' << words[1] << ": " << ended.err;
    return ended.out;
  };
  const std::string operators = Keep("operator.key", root + "\n");
  must(operators, {"bank", "create", "rushey", "--name", "Rushey Green"});
  const std::string sue =
      Keep("sue.key", must(operators, {"key", "create", "--role", "steward", "--owner", "sue"}));
  const std::string key = must(sue, {"key", "create", "--role", "broker", "--owner", "maria"});
  const std::string maria = Keep("maria.key", key);
  const std::string eva = Keep("eva.key", must(sue, {"key", "create", "--role", "broker", "--owner", "eva"}));
  must(maria, {"member", "add", "Ana", "--id", "ana"});
  must(maria, {"member", "add", "Ben", "--id", "ben"});
  must(maria, {"record", "ben", "helped", "ana", "1h30", "gardening"});
  EXPECT_THAT(must(maria, {"statement", "ana", "-o", "csv"}), AllOf(HasSubstr("-5400"), HasSubstr("Ben")));
  EXPECT_THAT(must(sue, {"key", "list", "-o", "csv"}), HasSubstr(IdOf(key)));
  EXPECT_EQ(run(sue, {"statement", "ana"}).code, 1) << "stewards do not read accounts";

  const Wire wire(server->address(), Credentials(certs_.Anybody()));
  v1::WatchLedgerRequest watch;
  watch.set_parent("timebanks/rushey");
  watch.mutable_heartbeat_interval()->set_seconds(60);
  Feed feed(wire, watch, With(key.substr(0, key.find('\n'))));
  ASSERT_TRUE(feed.Next());
  must(sue, {"key", "revoke", IdOf(key)});
  EXPECT_THAT(feed.End(), IsRefused(StatusCode::UNAUTHENTICATED, "KEY_REVOKED"));
  const Ended gone = run(maria, {"balance", "ana"});
  EXPECT_EQ(gone.code, 1);
  EXPECT_THAT(gone.err, HasSubstr("revoked"));
  EXPECT_THAT(must(eva, {"balance", "ana", "-o", "json"}), HasSubstr("5400"));

  // Without TLS nothing gets there.
  EXPECT_EQ(RunToEnd(TIMEBANK_PROGRAM, {"--server", server->address(), "--deadline", "3", "--bank", "rushey",
                                        "--key-file", eva, "balance", "ana"})
                .code,
            4);
  EXPECT_EQ(server->Stop(), 0) << server->Logged();
  for (const std::string& secret : {root, key}) {
    EXPECT_THAT(server->Logged(), Not(HasSubstr(secret.substr(17, 20))));
  }
}

}  // namespace
}  // namespace timebank::e2e
