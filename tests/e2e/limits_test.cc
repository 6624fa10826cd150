// A server whose keys have limits: one that asks too much is told when to come again, and others are served.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "client/cpp/client.h"
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

constexpr auto kLimited = [](const Outcome& outcome) { return outcome.reason == "RATE_LIMITED"; };

// Two banks, rushey with two brokers, oak with one.
class LimitsTest : public testing::Test {
 protected:
  void Start(std::vector<std::string> flags) {
    root_ = InitKeys(folder_.path());
    flags.insert(flags.end(), {"--access", "keys", "--metrics-listen", "127.0.0.1:0"});
    server_ = ServerProcess::Start(folder_.path(), flags);
    ASSERT_NE(server_, nullptr);
    wire_.emplace(server_->address());
    // Behind the operator's socket nothing is counted.
    const Wire socket(server_->OperatorAddress());
    for (const char* bank : {"rushey", "oak"}) {
      v1::CreateTimebankRequest create;
      create.set_timebank_id(bank);
      ASSERT_TRUE(socket.Call<v1::CreateTimebankResponse>(create).ok());
    }
    maria_ = MakeBrokersKey(socket, root_, "rushey", "maria");
    eva_ = MakeBrokersKey(socket, root_, "rushey", "eva");
    oak_ = MakeBrokersKey(socket, root_, "oak", "olga");
  }
  void TearDown() override {
    wire_.reset();  // the server waits for connections that nobody reads from
    if (server_ != nullptr) {
      EXPECT_EQ(server_->Stop(), 0) << server_->Logged();
    }
  }

  Outcome Look(const std::string& key, const std::string& bank = "rushey") const {
    v1::GetTimebankRequest request;
    request.set_name("timebanks/" + bank);
    return wire_->Call<v1::GetTimebankResponse>(request, With(key));
  }
  // Refused calls of so many.
  int Flood(const std::string& key, int calls) const {
    int refused = 0;
    for (int i = 0; i < calls; ++i) {
      const Outcome outcome = Look(key);
      refused += kLimited(outcome) ? 1 : 0;
      EXPECT_TRUE(outcome.ok() || kLimited(outcome)) << outcome;
    }
    return refused;
  }
  static v1::WatchLedgerRequest Watch() {
    v1::WatchLedgerRequest request;
    request.set_parent("timebanks/rushey");
    return request;
  }

  const TempFolder folder_;
  std::unique_ptr<ServerProcess> server_;
  std::optional<Wire> wire_;
  std::string root_, maria_, eva_, oak_;
};

// Goal: a flooded key is refused, told when to come again and served then; meanwhile another key of the same
// bank is served; what was refused is counted, and logged with its key as the caller's doing.
TEST_F(LimitsTest, AFloodedKeyIsRefusedAndOthersAreServed) {
  Start({"--key-calls-per-second", "5"});
  std::atomic<bool> over = false;
  std::atomic<int> refused = 0;
  std::vector<std::thread> flooders;
  for (int i = 0; i < 2; ++i) {
    flooders.emplace_back([&] {
      while (!over) refused += Flood(maria_, 5);
    });
  }
  for (int i = 0; i < 10; ++i) {
    const Outcome served = Look(eva_);
    EXPECT_TRUE(served.ok()) << served;
  }
  while (refused < 20) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  over = true;
  for (std::thread& flooder : flooders) flooder.join();

  auto asked = std::chrono::steady_clock::now();
  Outcome last = Look(maria_);
  for (int i = 0; i < 100 && last.ok(); ++i) {
    asked = std::chrono::steady_clock::now();
    last = Look(maria_);
  }
  EXPECT_GE(std::chrono::steady_clock::now() - asked, std::chrono::milliseconds(200))
      << "who asks too much waits for the answer";
  ASSERT_THAT(last, IsRefused(StatusCode::RESOURCE_EXHAUSTED, "RATE_LIMITED"));
  EXPECT_TRUE(last.has_retry_info);
  EXPECT_GE(last.retry_delay, std::chrono::milliseconds(10));
  EXPECT_LE(last.retry_delay, std::chrono::milliseconds(200));
  std::this_thread::sleep_for(last.retry_delay);
  const Outcome again = Look(maria_);
  EXPECT_TRUE(again.ok()) << again;

  const std::optional<double> counted = Figures(*server_).Value(
      R"(timebank_calls_total{rpc="TimebankService/GetTimebank",code="RESOURCE_EXHAUSTED",reason="RATE_LIMITED"})");
  EXPECT_GE(counted.value_or(0), refused);
  bool logged = false;
  for (const std::string& line : CallLines(*server_)) {
    if (line.find("RATE_LIMITED") == line.npos) continue;
    logged = true;
    EXPECT_THAT(line, AllOf(HasSubstr(R"("level":"info")"), HasSubstr(R"("key":")" + IdOf(maria_) + R"(")")));
  }
  EXPECT_TRUE(logged);
}

// Goal: calls that are refused for their role cost as well, wrong keys cost nobody's.
TEST_F(LimitsTest, ForbiddenCallsCostToo) {
  Start({"--key-calls-per-second", "5"});
  v1::ListKeysRequest forbidden;
  forbidden.set_parent("timebanks/rushey");
  int limited = 0;
  for (int i = 0; i < 20; ++i) {
    const Outcome outcome = wire_->Call<v1::ListKeysResponse>(forbidden, With(maria_));
    EXPECT_TRUE(outcome.reason == "ROLE_REQUIRED" || kLimited(outcome)) << outcome;
    limited += kLimited(outcome) ? 1 : 0;
  }
  EXPECT_GT(limited, 0);
  std::string wrong = eva_;
  wrong.back() = wrong.back() == '0' ? '1' : '0';
  for (int i = 0; i < 60; ++i) EXPECT_EQ(Look(wrong).reason, "KEY_UNKNOWN");
  EXPECT_TRUE(Look(eva_).ok());
}

// Goal: the keys of a bank together have a limit that another bank does not feel, nor who looks after the
// server.
TEST_F(LimitsTest, ABankHasALimit) {
  Start({"--bank-calls-per-second", "5"});
  EXPECT_GT(Flood(maria_, 30), 0);
  EXPECT_GT(Flood(eva_, 20), 0) << "the same bank";
  EXPECT_TRUE(Look(oak_, "oak").ok());
  EXPECT_TRUE(Look(root_).ok());
}

// Goal: a batch costs what its items do, and a large one passes all the same, once there was a pause.
TEST_F(LimitsTest, ABatchCostsMore) {
  Start({"--key-calls-per-second", "10"});
  v1::BatchRecordExchangesRequest batch;
  batch.set_parent("timebanks/rushey");
  for (int i = 0; i < 6400; ++i) {
    v1::Exchange& exchange = *batch.add_exchanges();
    exchange.add_givers()->set_holder("members/nobody");
    exchange.add_receivers()->set_holder("members/neither");
    exchange.set_seconds(60);
  }
  const Outcome first = wire_->Call<v1::BatchRecordExchangesResponse>(batch, With(maria_));
  EXPECT_NE(first.reason, "RATE_LIMITED") << first;
  const Outcome then = Look(maria_);
  EXPECT_THAT(then, IsRefused(StatusCode::RESOURCE_EXHAUSTED, "RATE_LIMITED"));
  EXPECT_GT(then.retry_delay, std::chrono::seconds(1)) << "101 calls, of which 20 were saved up";
}

// Goal: a key has so many feeds open at a time; one that ends makes room.
TEST_F(LimitsTest, FeedsOfAKey) {
  Start({"--key-streams", "2"});
  Feed first(*wire_, Watch(), With(maria_));
  ASSERT_TRUE(first.Next());
  {
    Feed second(*wire_, Watch(), With(maria_));
    ASSERT_TRUE(second.Next());
    EXPECT_THAT(Feed(*wire_, Watch(), With(maria_)).End(),
                IsRefused(StatusCode::RESOURCE_EXHAUSTED, "RATE_LIMITED"));
    Feed others(*wire_, Watch(), With(eva_));
    EXPECT_TRUE(others.Next());
  }
  bool room = false;
  for (int i = 0; i < 200 && !room; ++i) {
    Feed third(*wire_, Watch(), With(maria_));
    room = third.Next();
    if (!room) std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  EXPECT_TRUE(room);
  EXPECT_TRUE(Look(maria_).ok());
}

// Goal: a key has so many calls under way at a time, and what has ended is no longer counted.
TEST_F(LimitsTest, CallsUnderWayOfAKey) {
  Start({"--key-calls-under-way", "1", "--key-calls-per-second", "0", "--bank-calls-per-second", "0"});
  for (int i = 0; i < 200; ++i) {
    const Outcome alone = Look(maria_);
    ASSERT_TRUE(alone.ok()) << "one after the other: " << alone;
  }
  std::atomic<bool> over = false;
  std::atomic<int> refused = 0;
  std::vector<std::thread> callers;
  for (int i = 0; i < 4; ++i) {
    callers.emplace_back([&] {
      while (!over) refused += Flood(maria_, 20);
    });
  }
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (refused == 0 && std::chrono::steady_clock::now() < limit) {
    EXPECT_TRUE(Look(eva_).ok());
  }
  over = true;
  for (std::thread& caller : callers) caller.join();
  EXPECT_GT(refused, 0);
  EXPECT_TRUE(Look(maria_).ok());
}

// Goal: our client library waits as it is told: whoever uses it meets the limit as slowness, not as errors.
TEST_F(LimitsTest, TheClientLibraryWaits) {
  Start({"--key-calls-per-second", "20"});
  client::Client client(client::MakeConnection({.target = server_->address(), .key = maria_}));
  const auto began = std::chrono::steady_clock::now();
  for (int i = 0; i < 60; ++i) {
    v1::GetTimebankRequest request;
    request.set_name("timebanks/rushey");
    const auto found = client.GetTimebank(request);
    ASSERT_TRUE(found.ok()) << i << ": " << found.status();
  }
  EXPECT_GE(std::chrono::steady_clock::now() - began, std::chrono::milliseconds(900))
      << "40 at once, 20 more at 20 a second";
}

}  // namespace
}  // namespace timebank::e2e
