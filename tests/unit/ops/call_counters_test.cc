#include "server/ops/call_counters.h"

#include <gmock/gmock.h>
#include <grpcpp/server_context.h>
#include <gtest/gtest.h>
#include <prometheus/text_serializer.h>

#include <string>
#include <thread>
#include <vector>

namespace timebank::ops {
namespace {

using services::EndedCall;
using std::chrono::microseconds;
using testing::HasSubstr;
using testing::Not;

class CallCountersTest : public testing::Test {
 protected:
  void Call(grpc::StatusCode code, std::string_view reason, std::chrono::nanoseconds took,
            bool is_stream = false) {
    counters_.Began(is_stream);
    counters_.Ended({rpc_, is_stream, code, reason, took, "", context_});
  }
  std::string Text() const {
    std::vector<prometheus::MetricFamily> families;
    counters_.Collect(families);
    return prometheus::TextSerializer().Serialize(families);
  }

  const size_t rpc_ = services::RpcNumber("TestService/DoThings");
  grpc::CallbackServerContext context_;
  CallCounters counters_;
};

// Goal: every call is counted once, under what it ended in, and timed in the right bucket.
TEST_F(CallCountersTest, CountsEachCallOnce) {
  Call(grpc::StatusCode::OK, "", microseconds(100));
  Call(grpc::StatusCode::OK, "", microseconds(101));
  Call(grpc::StatusCode::OK, "", std::chrono::seconds(11));
  Call(grpc::StatusCode::RESOURCE_EXHAUSTED, "QUEUE_FULL", microseconds(1));
  Call(grpc::StatusCode::DEADLINE_EXCEEDED, "", microseconds(300));
  Call(grpc::StatusCode::OK, "", std::chrono::hours(1), /*is_stream=*/true);
  Call(grpc::StatusCode::UNAVAILABLE, "SHUTTING_DOWN", std::chrono::hours(1), /*is_stream=*/true);
  counters_.Began(/*is_stream=*/false);
  const std::string text = Text();
  for (
      const char* line : {
          R"(timebank_calls_total{rpc="TestService/DoThings",code="OK"} 4)",
          R"(timebank_calls_total{rpc="TestService/DoThings",code="RESOURCE_EXHAUSTED",reason="QUEUE_FULL"} 1)",
          R"(timebank_calls_total{rpc="TestService/DoThings",code="DEADLINE_EXCEEDED"} 1)",
          R"(timebank_calls_total{rpc="TestService/DoThings",code="UNAVAILABLE",reason="SHUTTING_DOWN"} 1)",
          R"(timebank_call_seconds_bucket{rpc="TestService/DoThings",le="0.0001"} 2)",
          R"(timebank_call_seconds_bucket{rpc="TestService/DoThings",le="0.00025"} 3)",
          R"(timebank_call_seconds_bucket{rpc="TestService/DoThings",le="0.0005"} 4)",
          R"(timebank_call_seconds_bucket{rpc="TestService/DoThings",le="10"} 4)",
          R"(timebank_call_seconds_bucket{rpc="TestService/DoThings",le="+Inf"} 5)",
          R"(timebank_call_seconds_count{rpc="TestService/DoThings"} 5)",
          "timebank_calls_open 1",
      }) {
    EXPECT_THAT(text, HasSubstr(std::string(line) + "\n"));
  }
  EXPECT_THAT(text, Not(HasSubstr("NOT_SERVING"))) << "what never happened takes no room";
}

// Goal: nothing is lost where many threads count at once.
TEST_F(CallCountersTest, ThreadsLoseNothing) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 12; ++i) {
    threads.emplace_back([this] {
      for (int k = 0; k < 10'000; ++k) Call(grpc::StatusCode::OK, "", microseconds(k % 500));
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(Text(), HasSubstr("timebank_calls_total{rpc=\"TestService/DoThings\",code=\"OK\"} 120000\n"));
  EXPECT_THAT(Text(), HasSubstr("timebank_calls_open 0\n"));
}

// Goal: an RPC keeps its number; an unknown one is nobody's.
TEST_F(CallCountersTest, NumbersStay) {
  EXPECT_EQ(services::RpcNumber("TestService/DoThings"), rpc_);
  EXPECT_GT(rpc_, 0u);
  EXPECT_EQ(services::RpcNames()[rpc_], "TestService/DoThings");
  EXPECT_EQ(services::CallScope::Beginning().rpc, 0u);
  {
    const services::CallScope scope(rpc_);
    EXPECT_EQ(services::CallScope::Beginning().rpc, rpc_);
  }
  EXPECT_EQ(services::CallScope::Beginning().rpc, 0u);
}

}  // namespace
}  // namespace timebank::ops
