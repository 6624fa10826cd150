// The retry loop and what it adds to a call, over a stub that is played by the test.
#include "client/cpp/connection.h"

#include <gmock/gmock.h>
#include <grpcpp/client_context.h>

#include <chrono>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/cpp/error.h"
#include "client/cpp/logging_stub.h"
#include "tests/unit/client/fakes.h"

namespace timebank::client {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Ge;
using ::testing::Le;
using ::testing::MatchesRegex;
using ::testing::SizeIs;

class ConnectionTest : public ::testing::Test {
 protected:
  std::shared_ptr<Connection> Connect(Options options = {}, std::uint64_t random = ~std::uint64_t{0}) {
    return MakeConnection(time_.Apply(std::move(options), random), stub_);
  }

  // Makes the stub fail with `statuses`, one after the other, then succeed; keeps each try's request_id.
  void Script(const std::vector<absl::Status>& statuses) {
    EXPECT_CALL(*stub_, Call)
        .WillRepeatedly([this, statuses](const RpcInfo&, grpc::ClientContext&,
                                         const google::protobuf::Message& request,
                                         google::protobuf::Message&) {
          const auto* record = dynamic_cast<const v1::RecordExchangeRequest*>(&request);
          request_ids_.push_back(record == nullptr ? "" : record->request_id());
          return request_ids_.size() <= statuses.size() ? statuses[request_ids_.size() - 1]
                                                        : absl::OkStatus();
        });
  }
  std::size_t tries() const { return request_ids_.size(); }

  FakeTime time_;
  std::shared_ptr<MockStub> stub_ = std::make_shared<::testing::StrictMock<MockStub>>();
  std::vector<std::string> request_ids_;
};

const absl::Status kAway = absl::UnavailableError("away");

// Goal: a change without a request_id gets one, made once and sent with every try.
TEST_F(ConnectionTest, AChangeKeepsTheIdMadeForItOverAllTries) {
  Script({kAway, kAway});
  int made = 0;
  const auto connection = Connect({.new_request_id = [&made] { return "made-" + std::to_string(++made); }});

  EXPECT_TRUE(connection->RecordExchange({}, {}).ok());

  EXPECT_THAT(request_ids_, ElementsAre("made-1", "made-1", "made-1"));
}

// Goal: an id that the caller gives is the one that is sent.
TEST_F(ConnectionTest, AGivenIdIsKept) {
  Script({kAway});
  v1::RecordExchangeRequest request;
  request.set_request_id("slip-17");

  EXPECT_TRUE(Connect()->RecordExchange(request, {}).ok());

  EXPECT_THAT(request_ids_, ElementsAre("slip-17", "slip-17"));
}

// Goal: a batch that stays its caller's is sent from where it stands, and keeps the id that it got.
TEST_F(ConnectionTest, ABatchThatStaysItsCallersIsNotCopied) {
  const google::protobuf::Message* sent = nullptr;
  EXPECT_CALL(*stub_, Call)
      .WillOnce([&sent](const RpcInfo& rpc, grpc::ClientContext&, const google::protobuf::Message& request,
                        google::protobuf::Message&) {
        EXPECT_EQ(rpc.rpc, Rpc::kBatchRecordExchanges);
        sent = &request;
        return absl::OkStatus();
      });
  v1::BatchRecordExchangesRequest request;
  request.add_exchanges()->set_note("curtains");

  EXPECT_TRUE(Connect({.new_request_id = [] { return "made-1"; }})->BatchRecordExchangesIn(request, {}).ok());

  EXPECT_EQ(sent, &request);
  EXPECT_EQ(request.request_id(), "made-1");
  EXPECT_EQ(request.exchanges_size(), 1);
}

// Goal: ids made without help from outside are random UUIDs, no two the same.
TEST_F(ConnectionTest, MadeIdsAreRandomUuids) {
  Script({});
  const auto connection = Connect();
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(connection->RecordExchange({}, {}).ok());

  EXPECT_THAT(request_ids_,
              Each(MatchesRegex("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")));
  EXPECT_THAT(std::set<std::string>(request_ids_.begin(), request_ids_.end()), SizeIs(100));
}

// Goal: a change that failed names its id, so that the caller can ask what became of it.
TEST_F(ConnectionTest, AFailedChangeNamesItsId) {
  Script({absl::DeadlineExceededError("late")});

  const auto response = Connect({.new_request_id = [] { return "made-1"; }})->RecordExchange({}, {});

  EXPECT_EQ(response.status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(RequestId(response.status()), "made-1");
}

// Goal: UNAVAILABLE, INTERNAL as a proxy says it and RESOURCE_EXHAUSTED as gRPC says it that has no memory
// are the codes that are tried again on their own, for changes and for reads.
TEST_F(ConnectionTest, OnlyABrokenConnectionIsTriedAgain) {
  for (int code = 1; code <= 16; ++code) {
    SCOPED_TRACE(code);
    const absl::Status failure(static_cast<absl::StatusCode>(code), "no");
    const bool again =
        absl::IsUnavailable(failure) || absl::IsInternal(failure) || absl::IsResourceExhausted(failure);
    request_ids_.clear();
    Script({failure});
    EXPECT_EQ(Connect()->RecordExchange({}, {}).ok(), again);
    EXPECT_EQ(tries(), again ? 2u : 1u);
    request_ids_.clear();
    EXPECT_EQ(Connect()->GetBalance({}, {}).ok(), again);
    EXPECT_EQ(tries(), again ? 2u : 1u);
  }
}

// Goal: what is too large today is too large tomorrow.
TEST_F(ConnectionTest, AMessageThatIsTooLargeIsNotTriedAgain) {
  Script({absl::ResourceExhaustedError("Received message larger than max (13000000 vs. 12582912)")});
  EXPECT_FALSE(Connect()->RecordExchange({}, {}).ok());
  EXPECT_EQ(tries(), 1u);
}

// Goal: an overloaded server is given the time it asks for, or longer where the backoff has grown past it.
TEST_F(ConnectionTest, OverloadWaitsAsLongAsTheServerAsks) {
  Script({QueueFull(0, 700'000'000), QueueFull(0, 1), QueueFull(0, 0)});

  EXPECT_TRUE(Connect()->RecordExchange({}, {}).ok());

  EXPECT_THAT(time_.waits(), ElementsAre(700, 200, 400));
}

// Goal: with the highest draw the waits are the whole backoff, doubled each time up to its limit.
TEST_F(ConnectionTest, BackoffGrowsToItsLimit) {
  Script({kAway, kAway, kAway, kAway, kAway});
  const RetryPolicy policy = {.max_attempts = 6,
                              .initial_backoff = milliseconds(100),
                              .max_backoff = milliseconds(500),
                              .multiplier = 2};

  EXPECT_TRUE(Connect({.retry = policy})->GetBalance({}, {}).ok());

  EXPECT_THAT(time_.waits(), ElementsAre(100, 200, 400, 500, 500));
}

// Goal: with the lowest draw they are half of it, growing all the same.
TEST_F(ConnectionTest, BackoffIsDrawnFromItsUpperHalf) {
  Script({kAway, kAway, kAway});

  EXPECT_TRUE(Connect({}, /*random=*/0)->GetBalance({}, {}).ok());

  EXPECT_THAT(time_.waits(), ElementsAre(50, 100, 200));
}

// Goal: after the policy's number of tries the last error stands, without a wait behind it.
TEST_F(ConnectionTest, TriesAreCounted) {
  Script(std::vector<absl::Status>(100, kAway));

  EXPECT_EQ(Connect({.retry = {.max_attempts = 3}})->GetBalance({}, {}).status(), kAway);

  EXPECT_EQ(tries(), 3u);
  EXPECT_THAT(time_.waits(), ElementsAre(100, 200));
}

// Goal: a server that has too much to do is not asked on and on; one that is away is, for the total time.
TEST_F(ConnectionTest, ABusyServerIsAskedLessOften) {
  Script(std::vector<absl::Status>(100, QueueFull(0, 1)));
  EXPECT_FALSE(Connect()->GetBalance({}, {}).ok());
  EXPECT_EQ(tries(), 5u);

  request_ids_.clear();
  Script(std::vector<absl::Status>(100, kAway));
  EXPECT_FALSE(Connect()->RecordExchange({}, {.deadline = seconds(60)}).ok());
  EXPECT_THAT(time_.waits(), ElementsAre(100, 200, 400, 800, 100, 200, 400, 800, 1600, 2000, 2000, 2000));
}

// Goal: the total time begins when the server is found to be away, however long a try took before that.
TEST_F(ConnectionTest, ALongTryLeavesItsRetries) {
  int tried = 0;
  EXPECT_CALL(*stub_, Call).Times(2).WillRepeatedly([&](const auto&, auto&, const auto&, auto&) {
    time_.Advance(seconds(30));
    return ++tried == 1 ? kAway : absl::OkStatus();
  });
  EXPECT_TRUE(Connect()->BatchRecordExchanges({}, {}).ok());
}

// Goal: whoever waits is told of each wait, and for how long it has been going on.
TEST_F(ConnectionTest, EachWaitIsTold) {
  Script({kAway, kAway, kAway});
  std::vector<std::string> told;
  Options options;
  options.before_wait = [&](const WaitRecord& wait) {
    told.push_back(absl::StrCat(std::string(wait.rpc), " ", std::string(wait.status.message()), " ",
                                std::chrono::round<milliseconds>(wait.failing_for).count()));
  };
  EXPECT_TRUE(Connect(std::move(options))->GetBalance({}, {}).ok());
  const std::string of = "timebank.v1.LedgerService/GetBalance away ";
  EXPECT_THAT(told, ElementsAre(of + "0", of + "100", of + "300"));
}

// Goal: that nothing was sent holds for all tries of a call or is not said.
TEST_F(ConnectionTest, NeverSentHoldsForAllTries) {
  const RetryPolicy three = {.max_attempts = 3};
  const absl::Status unsent = WithNeverSent(kAway);
  Script({unsent, unsent, unsent});
  EXPECT_TRUE(NeverSent(Connect({.retry = three})->RecordExchange({}, {}).status()));
  request_ids_.clear();
  Script({unsent, kAway, unsent});
  const absl::Status status = Connect({.retry = three})->RecordExchange({}, {}).status();
  EXPECT_FALSE(NeverSent(status));
  EXPECT_NE(RequestId(status), "");
}

// Goal: no try starts after the policy's total time.
TEST_F(ConnectionTest, TotalTimeEndsTheTries) {
  Script(std::vector<absl::Status>(100, kAway));
  const RetryPolicy policy = {.max_attempts = 0, .total_time = milliseconds(1'000)};

  EXPECT_EQ(Connect({.retry = policy})->GetBalance({}, {}).status(), kAway);

  EXPECT_THAT(time_.waits(), ElementsAre(100, 200, 400));  // The next would start at 1,500 ms.
}

// Goal: the deadline holds for all tries together; a wait that would run over it is not begun.
TEST_F(ConnectionTest, DeadlineEndsTheTries) {
  Script(std::vector<absl::Status>(100, kAway));

  const auto response =
      Connect({.retry = {.max_attempts = 0}})->GetBalance({}, {.deadline = milliseconds(400)});

  EXPECT_EQ(response.status(), kAway);
  EXPECT_THAT(time_.waits(), ElementsAre(100, 200));  // The next would end at 700 ms.
}

// Goal: a later try is given what is left of the deadline, not the whole of it.
TEST_F(ConnectionTest, LaterTriesHaveWhatIsLeftOfTheDeadline) {
  std::vector<std::chrono::system_clock::time_point> deadlines;
  EXPECT_CALL(*stub_, Call)
      .Times(2)
      .WillRepeatedly([&](const RpcInfo&, grpc::ClientContext& context, const auto&, auto&) {
        deadlines.push_back(context.deadline());
        time_.Advance(seconds(3'600));
        return deadlines.size() == 1 ? kAway : absl::OkStatus();
      });

  EXPECT_TRUE(Connect()->GetBalance({}, {.deadline = std::chrono::hours(24)}).ok());

  ASSERT_THAT(deadlines, SizeIs(2));
  EXPECT_LT(deadlines[1], deadlines[0] - std::chrono::minutes(59));
}

// Goal: every RPC of the table goes out under its own name, with its own deadline.
TEST_F(ConnectionTest, EveryCallHasItsDeadline) {
  const Options options = {.deadline = std::chrono::hours(1), .batch_deadline = std::chrono::hours(2)};
  const auto connection = Connect(options);
  std::vector<std::string> called;
  std::vector<std::string> expected;
  EXPECT_CALL(*stub_, Call)
      .WillRepeatedly([&](const RpcInfo& info, grpc::ClientContext& context, const auto&, auto&) {
        called.emplace_back(info.name);
        const auto now = std::chrono::system_clock::now();
        const auto deadline =
            now +
            (info.name.find("Batch") == std::string_view::npos ? options.deadline : options.batch_deadline);
        EXPECT_THAT(context.deadline(), AllOf(Le(deadline), Ge(deadline - std::chrono::minutes(30))))
            << info.name;
        return absl::OkStatus();
      });

#define TIMEBANK_CLIENT_CALL(service, rpc, safety, span)   \
  expected.emplace_back("timebank.v1." #service "/" #rpc); \
  EXPECT_TRUE(connection->rpc({}, {}).ok());
  TIMEBANK_CLIENT_UNARY_RPCS(TIMEBANK_CLIENT_CALL)
#undef TIMEBANK_CLIENT_CALL

  EXPECT_EQ(called, expected);
}

// Goal: the longest duration there is, given for "never", does not run over into the past.
TEST_F(ConnectionTest, AnEndlessDeadlineLiesInTheFuture) {
  EXPECT_CALL(*stub_, Call).WillOnce([](const RpcInfo&, grpc::ClientContext& context, const auto&, auto&) {
    EXPECT_GT(context.deadline(), std::chrono::system_clock::now());
    return absl::OkStatus();
  });

  EXPECT_TRUE(Connect()->GetBalance({}, {.deadline = milliseconds::max()}).ok());
}

// Goal: the log hears of every try, with its outcome and how long it took.
TEST_F(ConnectionTest, EveryTryIsLogged) {
  const Options options = time_.Apply({});
  std::vector<CallRecord> records;
  EXPECT_CALL(*stub_, Call).Times(2).WillRepeatedly([&](const auto&, auto&, const auto&, auto&) {
    time_.Advance(milliseconds(5));
    return records.empty() ? kAway : absl::OkStatus();
  });
  const auto logging = MakeLoggingStub(
      stub_, [&](const CallRecord& record) { records.push_back(record); }, options.now);

  EXPECT_TRUE(MakeConnection(options, logging)->GetBalance({}, {}).ok());

  ASSERT_THAT(records, SizeIs(2));
  EXPECT_EQ(records[0].rpc, "timebank.v1.LedgerService/GetBalance");
  EXPECT_EQ(records[0].status, kAway);
  EXPECT_EQ(records[0].took, milliseconds(5));
  EXPECT_TRUE(records[1].status.ok());
}

}  // namespace
}  // namespace timebank::client
