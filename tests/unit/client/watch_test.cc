// How the change feed is taken up again, over streams that are played by the test.
#include <gmock/gmock.h>
#include <grpcpp/client_context.h>

#include <chrono>
#include <memory>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "client/cpp/connection.h"
#include "tests/unit/client/fakes.h"

namespace timebank::client {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const absl::Status kAway = absl::UnavailableError("away");

class WatchTest : public ::testing::Test {
 protected:
  struct Play {
    std::vector<std::string> positions;
    absl::Status status = kAway;
  };

  // One stream after the other; keeps where each was asked to begin.
  void Script(const std::vector<Play>& plays) {
    EXPECT_CALL(*stub_, WatchLedger)
        .Times(static_cast<int>(plays.size()))
        .WillRepeatedly([this, plays](grpc::ClientContext&, const v1::WatchLedgerRequest& request) {
          const Play& play = plays[asked_.size()];
          asked_.push_back(request.after_position());
          return std::make_unique<FakeStream>(play.positions, play.status);
        });
  }

  absl::Status Watch(const WatchCallback& callback, std::stop_token stop = {},
                     CallOptions call_options = {}) {
    v1::WatchLedgerRequest request;
    request.set_parent("timebanks/rushey");
    request.set_after_position("p0");
    return MakeConnection(options_, stub_)->WatchLedger(request, callback, std::move(stop), call_options);
  }

  // Keeps every position told; false at `last`.
  WatchCallback Until(const std::string& last) {
    return [this, last](const v1::WatchLedgerResponse& message) {
      told_.push_back(message.position());
      return message.position() != last;
    };
  }

  FakeTime time_;
  Options options_ = time_.Apply({});
  std::shared_ptr<MockStub> stub_ = std::make_shared<::testing::StrictMock<MockStub>>();
  std::vector<std::string> asked_;
  std::vector<std::string> told_;
};

// Goal: after a break the feed goes on behind the last message told: none missing, none twice.
TEST_F(WatchTest, GoesOnBehindTheLastMessage) {
  Script({{{"p1", "p2"}}, {{}}, {{"p3", "p4", "p5"}}});

  EXPECT_TRUE(Watch(Until("p4")).ok());

  EXPECT_THAT(asked_, ElementsAre("p0", "p2", "p2"));
  EXPECT_THAT(told_, ElementsAre("p1", "p2", "p3", "p4"));
}

// Goal: waits grow while nothing arrives, and begin anew after a message.
TEST_F(WatchTest, WaitsBeginAnewAfterAMessage) {
  Script({{{}}, {{}}, {{}}, {{"p1"}}, {{}}, {{"p2"}}});

  EXPECT_TRUE(Watch(Until("p2")).ok());

  EXPECT_THAT(time_.waits(), ElementsAre(100, 200, 400, 100, 200));
}

// Goal: a server that is ending may cancel a stream that its follower did not.
TEST_F(WatchTest, GoesOnWhenTheServerCancels) {
  Script({{{"p1"}, absl::CancelledError("the server ends")}, {{"p2"}}});

  EXPECT_TRUE(Watch(Until("p2")).ok());

  EXPECT_THAT(asked_, ElementsAre("p0", "p1"));
}

// Goal: a follower outlives a long absence of the server.
TEST_F(WatchTest, DoesNotGiveUp) {
  std::vector<Play> plays(100);
  plays.push_back({{"p1"}});
  Script(plays);

  EXPECT_TRUE(Watch(Until("p1")).ok());

  EXPECT_EQ(time_.waits().back(), 5'000);
}

// Goal: with a limit of its own it does, and tells why.
TEST_F(WatchTest, GivesUpByItsPolicy) {
  options_.watch_retry.max_attempts = 2;
  Script({{{}}, {{}}});

  EXPECT_EQ(Watch(Until("p1")), kAway);
}

// Goal: a server that ends the feed politely has not ended it for us.
TEST_F(WatchTest, AnEndWithoutAnErrorIsTakenUpToo) {
  Script({{{"p1"}, absl::OkStatus()}, {{"p2"}}});

  EXPECT_TRUE(Watch(Until("p2")).ok());

  EXPECT_THAT(asked_, ElementsAre("p0", "p1"));
}

// Goal: what trying again cannot mend is handed to the caller.
TEST_F(WatchTest, OtherErrorsEndIt) {
  Script({{{"p1"}, absl::OutOfRangeError("trimmed")}});

  EXPECT_EQ(Watch(Until("p9")).code(), absl::StatusCode::kOutOfRange);

  EXPECT_THAT(time_.waits(), IsEmpty());
}

// Goal: a stop asked for during the wait ends it there, with CANCELLED and without another try.
TEST_F(WatchTest, AStopDuringTheWaitEndsIt) {
  Script({{{}}});
  std::stop_source source;
  options_.sleep = [&source](std::chrono::nanoseconds, const std::stop_token& stop) {
    source.request_stop();
    EXPECT_TRUE(stop.stop_requested());
  };

  EXPECT_EQ(Watch(Until("p1"), source.get_token()).code(), absl::StatusCode::kCancelled);
}

// Goal: after a stop nothing more is told, not even what has arrived already.
TEST_F(WatchTest, NothingIsToldAfterAStop) {
  Script({{{"p1", "p2"}}});
  std::stop_source source;

  const absl::Status status = Watch(
      [&](const v1::WatchLedgerResponse& message) {
        told_.push_back(message.position());
        source.request_stop();
        return true;
      },
      source.get_token());

  EXPECT_EQ(status.code(), absl::StatusCode::kCancelled);
  EXPECT_THAT(told_, ElementsAre("p1"));
}

// Goal: the watch has no deadline unless it is given one.
TEST_F(WatchTest, HasADeadlineOnlyWhenGivenOne) {
  std::vector<std::chrono::system_clock::time_point> deadlines;
  EXPECT_CALL(*stub_, WatchLedger).Times(2).WillRepeatedly([&](grpc::ClientContext& context, const auto&) {
    deadlines.push_back(context.deadline());
    return std::make_unique<FakeStream>(std::vector<std::string>{"p1"}, kAway);
  });

  EXPECT_TRUE(Watch(Until("p1")).ok());
  EXPECT_TRUE(Watch(Until("p1"), {}, {.deadline = std::chrono::hours(1)}).ok());

  const auto now = std::chrono::system_clock::now();
  ASSERT_THAT(deadlines, SizeIs(2));
  EXPECT_GT(deadlines[0], now + std::chrono::hours(24 * 365));
  EXPECT_LE(deadlines[1], now + std::chrono::hours(1));
}

}  // namespace
}  // namespace timebank::client
