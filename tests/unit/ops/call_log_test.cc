#include "server/ops/call_log.h"

#include <gmock/gmock.h>
#include <grpcpp/server_context.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace timebank::ops {
namespace {

using grpc::StatusCode;
using Level = CallLog::Level;

class CountingObserver final : public services::CallObserver {
 public:
  void Began(bool) override { ++began; }
  void Ended(const services::EndedCall&) override { ++ended; }
  int began = 0;
  int ended = 0;
};

class CallLogTest : public testing::Test {
 protected:
  using Line = std::map<std::string, std::string>;

  CallLog Make(CallLog::Options options) {
    return CallLog(options, &next_, [this](Level level, const CallLog::Fields& fields) {
      levels_.push_back(level);
      lines_.emplace_back(fields.begin(), fields.end());
    });
  }
  void End(CallLog& log, StatusCode code, std::string_view reason = "", std::string_view request_id = "",
           std::string_view key = "") {
    log.Began(false);
    log.Ended({rpc_, false, code, reason, std::chrono::microseconds(1234), request_id, context_, key,
               "what the caller is told"});
  }

  const size_t rpc_ = services::RpcNumber("TestService/DoThings");
  grpc::CallbackServerContext context_;
  CountingObserver next_;
  std::vector<Level> levels_;
  std::vector<Line> lines_;
};

// Goal: a busy server writes a few lines, each of which says for how many it stands; failures are all there.
TEST_F(CallLogTest, SamplesWhatEndsWell) {
  CallLog log = Make({.one_of = 10});
  for (int i = 0; i < 30; ++i) End(log, StatusCode::OK);
  ASSERT_EQ(lines_.size(), 3u);
  EXPECT_EQ(lines_[0], (Line{{"rpc", "TestService/DoThings"},
                             {"code", "OK"},
                             {"reason", ""},
                             {"ms", "1.234"},
                             {"key", ""},
                             {"one_of", "10"}}));
  EXPECT_EQ(levels_[0], Level::kInfo);
  End(log, StatusCode::NOT_FOUND, "HOLDER_NOT_FOUND", "r-17");
  End(log, StatusCode::UNAVAILABLE, "NOT_SERVING");
  ASSERT_EQ(lines_.size(), 5u);
  EXPECT_EQ(lines_[3], (Line{{"rpc", "TestService/DoThings"},
                             {"code", "NOT_FOUND"},
                             {"reason", "HOLDER_NOT_FOUND"},
                             {"ms", "1.234"},
                             {"key", ""},
                             {"request_id", "r-17"}}));
  EXPECT_EQ(levels_[3], Level::kInfo);
  EXPECT_EQ(levels_[4], Level::kWarning);
  End(log, StatusCode::RESOURCE_EXHAUSTED, "QUEUE_FULL");
  EXPECT_EQ(levels_.back(), Level::kWarning);
  End(log, StatusCode::RESOURCE_EXHAUSTED, "RATE_LIMITED");
  EXPECT_EQ(levels_.back(), Level::kInfo) << "who asks too much, not the server";
  EXPECT_EQ(next_.began, 34);
  EXPECT_EQ(next_.ended, 34);
}

// Goal: 0 is none of those that end well, 1 is each, and at debug each is there as well.
TEST_F(CallLogTest, NoneOrAll) {
  CallLog none = Make({.one_of = 0});
  for (int i = 0; i < 3000; ++i) End(none, StatusCode::OK);
  EXPECT_EQ(lines_.size(), 0u);
  CallLog each = Make({.one_of = 1});
  for (int i = 0; i < 3; ++i) End(each, StatusCode::OK);
  EXPECT_EQ(lines_.size(), 3u);
  CallLog all = Make({.all = true, .one_of = 0});
  End(all, StatusCode::OK);
  EXPECT_EQ(levels_.back(), Level::kDebug);
  EXPECT_EQ(lines_.back().count("one_of"), 0u);
}

// Goal: a flood of failures is cut short, and how short is told.
TEST_F(CallLogTest, FloodsAreCutShort) {
  CallLog log = Make({.most_failures = 5});
  for (int i = 0; i < 100; ++i) End(log, StatusCode::RESOURCE_EXHAUSTED, "QUEUE_FULL");
  EXPECT_LE(lines_.size(), 10u) << "the second may have been over meanwhile";
  CallLog wide = Make({});
  lines_.clear();
  for (int i = 0; i < 150; ++i) End(wide, StatusCode::RESOURCE_EXHAUSTED, "QUEUE_FULL");
  EXPECT_EQ(lines_.size(), 150u);
  lines_.clear();
  for (int i = 0; i < 1000; ++i) End(wide, StatusCode::UNAUTHENTICATED, "KEY_UNKNOWN");
  EXPECT_LE(lines_.size(), 120u) << "the minute may have been over meanwhile";
  EXPECT_EQ(lines_.back().count("peer"), 1u);
  EXPECT_EQ(lines_.back()["why"], "what the caller is told");
  End(wide, StatusCode::UNAUTHENTICATED, "KEY_REVOKED", "", "k17");
  EXPECT_EQ(lines_.back()["key"], "k17");
  EXPECT_EQ(lines_.back().count("peer") + lines_.back().count("why"), 0u) << "it is known who that is";
}

// Goal: a request id that is none, whatever it is, is left out.
TEST_F(CallLogTest, OnlyProperRequestIds) {
  CallLog log = Make({});
  for (const std::string& id :
       {std::string("two words"), std::string("núria"), std::string(129, 'x'), std::string()}) {
    End(log, StatusCode::INVALID_ARGUMENT, "VALIDATION", id);
    EXPECT_EQ(lines_.back().count("request_id"), 0u) << id;
  }
  End(log, StatusCode::INVALID_ARGUMENT, "VALIDATION", std::string(128, 'x'));
  EXPECT_EQ(lines_.back().count("request_id"), 1u);
}

// Goal: traces are taken over as W3C writes them, and nothing else is.
TEST(TraceParentTest, ReadsWhatW3cWrites) {
  const std::string trace = "4bf92f3577b34da6a3ce929d0e0e4736";
  const std::string span = "00f067aa0ba902b7";
  for (const std::string& header : {"00-" + trace + "-" + span + "-01", "00-" + trace + "-" + span + "-00",
                                    "cc-" + trace + "-" + span + "-01-what-comes-later"}) {
    EXPECT_EQ(ParseTraceParent(header).trace, trace) << header;
    EXPECT_EQ(ParseTraceParent(header).span, span) << header;
  }
  for (const std::string& header :
       {std::string(), "00-" + trace + "-" + span, "00-" + trace + "-" + span + "-01-more",
        "ff-" + trace + "-" + span + "-01", "00-" + std::string(32, '0') + "-" + span + "-01",
        "00-" + trace + "-" + std::string(16, '0') + "-01",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-" + span + "-01", "00-" + trace + "-" + span + "-0g",
        "cc-" + trace + "-" + span + "-01x", "00_" + trace + "-" + span + "-01"}) {
    EXPECT_EQ(ParseTraceParent(header).trace, "") << header;
  }
}

}  // namespace
}  // namespace timebank::ops
