// The library against a real gRPC server on the loopback, whose services do what the test says.
#include <gmock/gmock.h>
#include <google/protobuf/message.h>
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "client/cpp/client.h"
#include "client/cpp/error.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "tests/unit/client/fakes.h"
#include "timebank/v1/access_service.grpc.pb.h"
#include "timebank/v1/circle_service.grpc.pb.h"
#include "timebank/v1/ledger_service.grpc.pb.h"
#include "timebank/v1/member_service.grpc.pb.h"
#include "timebank/v1/timebank_service.grpc.pb.h"

namespace timebank::client {
namespace {

using std::chrono::milliseconds;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Key;
using ::testing::Not;
using ::testing::Pair;
using ::testing::SizeIs;

// One call as the server saw it.
struct Seen {
  std::string rpc;
  std::map<std::string, std::string> metadata;
};

// All services at once; every call is noted and handed to the test's own function.
class FakeServices : public v1::LedgerService::Service,
                     public v1::MemberService::Service,
                     public v1::CircleService::Service,
                     public v1::TimebankService::Service,
                     public v1::AccessService::Service {
 public:
  using Unary = std::function<grpc::Status(std::string_view rpc, grpc::ServerContext& context,
                                           const google::protobuf::Message& request,
                                           google::protobuf::Message& response)>;
  using Watch =
      std::function<grpc::Status(grpc::ServerContext& context, const v1::WatchLedgerRequest& request,
                                 grpc::ServerWriter<v1::WatchLedgerResponse>& writer)>;

  // Set before the first call.
  Unary unary = [](std::string_view, grpc::ServerContext&, const auto&, auto&) { return grpc::Status::OK; };
  Watch watch;

#define TIMEBANK_CLIENT_SERVE(service, rpc, safety, span)                         \
  grpc::Status rpc(grpc::ServerContext* context, const v1::rpc##Request* request, \
                   v1::rpc##Response* response) override {                        \
    Note(#rpc, *context);                                                         \
    return unary(#rpc, *context, *request, *response);                            \
  }
  TIMEBANK_CLIENT_UNARY_RPCS(TIMEBANK_CLIENT_SERVE)
#undef TIMEBANK_CLIENT_SERVE

  grpc::Status WatchLedger(grpc::ServerContext* context, const v1::WatchLedgerRequest* request,
                           grpc::ServerWriter<v1::WatchLedgerResponse>* writer) override {
    Note("WatchLedger", *context);
    return watch(*context, *request, *writer);
  }

  std::vector<Seen> seen() const {
    absl::MutexLock lock(&mutex_);
    return seen_;
  }

 private:
  void Note(std::string rpc, const grpc::ServerContext& context) {
    Seen seen{.rpc = std::move(rpc), .metadata = {}};
    for (const auto& [key, value] : context.client_metadata()) {
      seen.metadata.emplace(std::string(key.data(), key.size()), std::string(value.data(), value.size()));
    }
    absl::MutexLock lock(&mutex_);
    seen_.push_back(std::move(seen));
  }

  mutable absl::Mutex mutex_;
  std::vector<Seen> seen_ ABSL_GUARDED_BY(mutex_);
};

class WireTest : public ::testing::Test {
 protected:
  void SetUp() override {
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(static_cast<v1::LedgerService::Service*>(&services_));
    builder.RegisterService(static_cast<v1::MemberService::Service*>(&services_));
    builder.RegisterService(static_cast<v1::CircleService::Service*>(&services_));
    builder.RegisterService(static_cast<v1::TimebankService::Service*>(&services_));
    builder.RegisterService(static_cast<v1::AccessService::Service*>(&services_));
    server_ = builder.BuildAndStart();
    ASSERT_NE(server_, nullptr);
    options_.target = "127.0.0.1:" + std::to_string(port);
    options_.retry.initial_backoff = milliseconds(1);
    options_.watch_retry.initial_backoff = milliseconds(1);
  }
  void TearDown() override { server_->Shutdown(std::chrono::system_clock::now()); }

  Client Connect() { return Client(MakeConnection(options_)); }

  FakeServices services_;
  std::unique_ptr<grpc::Server> server_;
  Options options_;
};

v1::GetBalanceRequest BalanceOf(const std::string& name) {
  v1::GetBalanceRequest request;
  request.set_name(name);
  return request;
}

// `info` as the service sends it.
grpc::Status Refuse(grpc::StatusCode code, const google::protobuf::Message& detail) {
  google::rpc::Status details;
  details.set_code(code);
  details.set_message("refused");
  details.add_details()->PackFrom(detail);
  return grpc::Status(code, "refused", details.SerializeAsString());
}

google::rpc::ErrorInfo Because(const std::string& reason) {
  google::rpc::ErrorInfo info;
  info.set_reason(reason);
  info.set_domain("timebank.v1");
  return info;
}

// Goal: every RPC of the table reaches its own method on the server, and its answer comes back.
TEST_F(WireTest, EveryRpcArrives) {
  const auto connection = MakeConnection(options_);
  std::vector<std::string> expected;

#define TIMEBANK_CLIENT_CALL(service, rpc, safety, span) \
  expected.emplace_back(#rpc);                           \
  EXPECT_TRUE(connection->rpc({}, {}).ok());
  TIMEBANK_CLIENT_UNARY_RPCS(TIMEBANK_CLIENT_CALL)
#undef TIMEBANK_CLIENT_CALL

  std::vector<std::string> arrived;
  for (const Seen& seen : services_.seen()) arrived.push_back(seen.rpc);
  EXPECT_EQ(arrived, expected);
}

// Goal: the caller, the member and the role go out with calls and with the feed; what is empty is left out.
TEST_F(WireTest, MetadataSaysOnWhoseBehalf) {
  services_.watch = [](auto&, const auto&, auto&) {
    return grpc::Status(grpc::StatusCode::NOT_FOUND, "no such bank");
  };
  options_.key = "tbk_abc";
  options_.caller = "front-desk";
  options_.member = "ana";
  EXPECT_TRUE(Connect().GetBalance("rushey", "ana").ok());
  EXPECT_FALSE(Connect().Watch({}, [](const auto&) { return true; }).ok());

  ASSERT_THAT(services_.seen(), SizeIs(2));
  for (const Seen& seen : services_.seen()) {
    EXPECT_THAT(seen.metadata,
                AllOf(Contains(Pair("authorization", "Bearer tbk_abc")),
                      Contains(Pair("timebank-caller", "front-desk")),
                      Contains(Pair("timebank-member", "ana")), Not(Contains(Key("timebank-role")))));
  }
}

// Goal: what cannot be metadata is refused here, by name, where gRPC would end the process.
TEST_F(WireTest, UnsendableMetadataIsRefused) {
  options_.member = "ana\nmaría";

  const auto response = Connect().GetBalance("rushey", "ana");
  EXPECT_EQ(response.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(response.status().message()), ::testing::HasSubstr("timebank-member"));
  EXPECT_EQ(Connect().Watch({}, [](const auto&) { return true; }).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(services_.seen(), IsEmpty());
}

// Goal: a change that meets UNAVAILABLE arrives again with the same id, and its outcome comes back.
TEST_F(WireTest, AChangeIsTriedAgainWithItsId) {
  absl::Mutex mutex;
  std::vector<std::string> ids;
  services_.unary = [&](std::string_view, auto&, const google::protobuf::Message& request, auto& response) {
    absl::MutexLock lock(&mutex);
    ids.push_back(static_cast<const v1::RecordExchangeRequest&>(request).request_id());
    if (ids.size() < 3) return Refuse(grpc::StatusCode::UNAVAILABLE, Because("OUTCOME_UNKNOWN"));
    static_cast<v1::RecordExchangeResponse&>(response).mutable_exchange()->set_name(
        "timebanks/rushey/exchanges/7");
    return grpc::Status::OK;
  };

  const auto response = Connect().RecordExchange("rushey", "ben", "ana", 5400);

  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->exchange().name(), "timebanks/rushey/exchanges/7");
  absl::MutexLock lock(&mutex);
  ASSERT_THAT(ids, SizeIs(3));
  EXPECT_THAT(ids[0], Not(IsEmpty()));
  EXPECT_EQ(ids[1], ids[0]);
  EXPECT_EQ(ids[2], ids[0]);
}

// Goal: reason, facts and fields of a refusal come through.
TEST_F(WireTest, DetailsOfAnErrorAreDecoded) {
  services_.unary = [](std::string_view rpc, auto&, const auto&, auto&) {
    if (rpc == "GetExchange") {
      google::rpc::BadRequest bad_request;
      auto* violation = bad_request.add_field_violations();
      violation->set_field("name");
      violation->set_reason("REQUIRED");
      return Refuse(grpc::StatusCode::INVALID_ARGUMENT, bad_request);
    }
    google::rpc::ErrorInfo info = Because("BALANCE_LIMIT");
    (*info.mutable_metadata())["limit"] = "-36000";
    return Refuse(grpc::StatusCode::FAILED_PRECONDITION, info);
  };
  Client client = Connect();

  const absl::Status limit = client.RecordExchange("rushey", "ben", "ana", 5400).status();
  EXPECT_EQ(limit.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(limit.message(), "refused");
  EXPECT_EQ(ErrorReason(limit), "BALANCE_LIMIT");
  EXPECT_THAT(ErrorMetadata(limit), ElementsAre(Pair("limit", "-36000")));
  EXPECT_THAT(FieldViolations(client.GetExchange({}).status()),
              ElementsAre(FieldViolation{.field = "name", .description = "", .reason = "REQUIRED"}));
}

// Goal: where the binary details are missing or damaged, the reason is taken from its trailer.
TEST_F(WireTest, TheReasonTrailerStandsIn) {
  services_.unary = [](std::string_view rpc, grpc::ServerContext& context, const auto&, auto&) {
    context.AddTrailingMetadata("timebank-reason", "HOLDER_NOT_FOUND");
    return grpc::Status(grpc::StatusCode::NOT_FOUND, "no such member", rpc == "GetBalance" ? "" : "\xff\xff");
  };

  const absl::Status missing = Connect().GetBalance("rushey", "ana").status();
  const absl::Status damaged = Connect().GetExchange({}).status();
  EXPECT_EQ(missing.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(missing.message(), "no such member");
  EXPECT_EQ(ErrorReason(missing), "HOLDER_NOT_FOUND");
  EXPECT_EQ(damaged.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(ErrorReason(damaged), "HOLDER_NOT_FOUND");
}

// Goal: a server that does not answer costs the deadline, no more.
TEST_F(WireTest, ASilentServerIsLeftAtTheDeadline) {
  services_.unary = [](std::string_view, grpc::ServerContext& context, const auto&, auto&) {
    while (!context.IsCancelled()) std::this_thread::sleep_for(milliseconds(1));
    return grpc::Status::OK;
  };

  EXPECT_EQ(Connect()
                .GetBalance(BalanceOf("timebanks/rushey/members/ana"), {.deadline = milliseconds(50)})
                .status()
                .code(),
            absl::StatusCode::kDeadlineExceeded);
}

// Goal: nobody listening is UNAVAILABLE, after as many tries as the policy says.
TEST_F(WireTest, NobodyThereIsUnavailable) {
  server_->Shutdown(std::chrono::system_clock::now());
  int tries = 0;
  options_.retry.max_attempts = 3;
  options_.log = [&tries](const CallRecord&) { ++tries; };

  EXPECT_EQ(Connect().GetBalance("rushey", "ana").status().code(), absl::StatusCode::kUnavailable);

  EXPECT_EQ(tries, 3);
}

// Goal: whether a call can have arrived is told by how far gRPC came with it: not at all where nobody
// listens, and far enough with a server that refuses it, is silent or breaks off.
TEST_F(WireTest, WhetherACallCanHaveArrived) {
  const CallOptions soon = {.deadline = milliseconds(200)};
  options_.retry.max_attempts = 1;
  Client client = Connect();
  services_.unary = [](auto, auto&, const auto&, auto&) {
    return grpc::Status(grpc::StatusCode::UNAVAILABLE, "failed to connect to all addresses");
  };
  EXPECT_FALSE(NeverSent(client.RecordExchange({}, soon).status()));
  services_.unary = [](std::string_view, grpc::ServerContext& context, const auto&, auto&) {
    while (!context.IsCancelled()) std::this_thread::sleep_for(milliseconds(1));
    return grpc::Status::OK;
  };
  EXPECT_FALSE(NeverSent(client.RecordExchange({}, soon).status()));
  std::thread breaks([this] {
    while (services_.seen().size() < 3) std::this_thread::sleep_for(milliseconds(1));
    server_->Shutdown(std::chrono::system_clock::now());
  });
  EXPECT_FALSE(NeverSent(client.RecordExchange({}, {.deadline = std::chrono::seconds(60)}).status()));
  breaks.join();
  const absl::Status nobody = Connect().RecordExchange({}, soon).status();
  EXPECT_TRUE(NeverSent(nobody)) << nobody;
  EXPECT_NE(RequestId(nobody), "");
}

class PositionTest : public WireTest {
 protected:
  // What the server answers to changes from now on.
  struct Answer {
    std::string position;
    bool replayed = false;
    bool away_first = false;
  };

  void SetUp() override {
    WireTest::SetUp();
    services_.unary = [this](std::string_view rpc, auto&, const auto&, google::protobuf::Message& response) {
      absl::MutexLock lock(&mutex_);
      if (rpc == "GetBalance") {
        static_cast<v1::GetBalanceResponse&>(response).set_position("old");
        return epoch_changed_ ? Refuse(grpc::StatusCode::OUT_OF_RANGE, Because("EPOCH_CHANGED"))
                              : grpc::Status::OK;
      }
      if (std::exchange(answer_.away_first, false))
        return grpc::Status(grpc::StatusCode::UNAVAILABLE, "away");
      static_cast<v1::RecordExchangeResponse&>(response).set_position(answer_.position);
      static_cast<v1::RecordExchangeResponse&>(response).set_replayed(answer_.replayed);
      return grpc::Status::OK;
    };
  }

  void Record(Client& client, Answer answer) {
    {
      absl::MutexLock lock(&mutex_);
      answer_ = std::move(answer);
    }
    ASSERT_TRUE(client.RecordExchange("rushey", "ben", "ana", 5400).ok());
  }

  // The min-position that a read of `bank` is sent with; `-` for none.
  std::string SentWithARead(Client& client, std::string_view bank) {
    client.GetBalance(bank, "ana").IgnoreError();
    const Seen seen = services_.seen().back();
    EXPECT_EQ(seen.rpc, "GetBalance");
    const auto it = seen.metadata.find("timebank-min-position");
    return it == seen.metadata.end() ? "-" : it->second;
  }

  void ChangeEpoch(bool changed) {
    absl::MutexLock lock(&mutex_);
    epoch_changed_ = changed;
  }

  absl::Mutex mutex_;
  Answer answer_ ABSL_GUARDED_BY(mutex_);
  bool epoch_changed_ ABSL_GUARDED_BY(mutex_) = false;
};

// Goal: a read of a bank asks for the position of the last change there; copies of a Client share it; other
// banks and older positions shown by reads have no part in it.
TEST_F(PositionTest, ReadsAskForTheLastChange) {
  Client client = Connect();
  EXPECT_EQ(SentWithARead(client, "rushey"), "-");
  Record(client, {.position = "p1"});
  EXPECT_EQ(SentWithARead(client, "rushey"), "p1");
  Record(client, {.position = "p2"});
  Client copy = client;
  EXPECT_EQ(SentWithARead(copy, "timebanks/rushey"), "p2");
  EXPECT_EQ(SentWithARead(client, "rushey"), "p2");
  EXPECT_EQ(SentWithARead(client, "elsewhere"), "-");
}

// Goal: asked not to, it does not.
TEST_F(PositionTest, ReadingOnesWritesCanBeTurnedOff) {
  options_.read_your_writes = false;
  Client client = Connect();
  Record(client, {.position = "p1"});
  EXPECT_EQ(SentWithARead(client, "rushey"), "-");
}

// Goal: the answer to a repeat of an old change does not set the position back, the answer to our own second
// try counts.
TEST_F(PositionTest, AReplayOfAnOldChangeDoesNotCount) {
  Client client = Connect();
  Record(client, {.position = "p5", .replayed = true});
  EXPECT_EQ(SentWithARead(client, "rushey"), "p5");
  Record(client, {.position = "p4", .replayed = true});
  EXPECT_EQ(SentWithARead(client, "rushey"), "p5");
  Record(client, {.position = "p6", .replayed = true, .away_first = true});
  EXPECT_EQ(SentWithARead(client, "rushey"), "p6");
}

// Goal: when the ledger is another instance, the caller is told once and is not locked out.
TEST_F(PositionTest, AnotherInstanceIsToldOnce) {
  Client client = Connect();
  Record(client, {.position = "p1"});
  ChangeEpoch(true);
  EXPECT_EQ(SentWithARead(client, "rushey"), "p1");
  ChangeEpoch(false);
  EXPECT_EQ(SentWithARead(client, "rushey"), "-");
}

// A feed that tells the position after the one asked for, then breaks or waits.
grpc::Status TellOne(const v1::WatchLedgerRequest& request,
                     grpc::ServerWriter<v1::WatchLedgerResponse>& writer) {
  v1::WatchLedgerResponse message;
  message.add_events();
  message.set_position(request.after_position() + "+");
  writer.Write(message);
  return grpc::Status(grpc::StatusCode::UNAVAILABLE, "restarting");
}

void WaitForCancel(const grpc::ServerContext& context) {
  while (!context.IsCancelled()) std::this_thread::sleep_for(milliseconds(1));
}

// Goal: the feed goes on over real breaks, and ends when the callback says so; the server sees the end.
TEST_F(WireTest, TheFeedGoesOnAfterABreak) {
  std::stop_source cancelled;
  services_.watch = [&](grpc::ServerContext& context, const v1::WatchLedgerRequest& request, auto& writer) {
    grpc::Status status = TellOne(request, writer);
    if (request.after_position() != "p++") return status;
    WaitForCancel(context);
    cancelled.request_stop();
    return grpc::Status::CANCELLED;
  };
  std::vector<std::string> told;
  v1::WatchLedgerRequest request;
  request.set_after_position("p");

  const absl::Status status = Connect().Watch(request, [&told](const v1::WatchLedgerResponse& message) {
    told.push_back(message.position());
    return told.size() < 3;
  });

  EXPECT_TRUE(status.ok()) << status;
  EXPECT_THAT(told, ElementsAre("p+", "p++", "p+++"));
  TearDown();  // Waits for the handlers.
  EXPECT_TRUE(cancelled.stop_requested());
}

// Goal: a stop from another thread ends a feed that is waiting for its next message.
TEST_F(WireTest, AStopEndsAWaitingFeed) {
  services_.watch = [](grpc::ServerContext& context, const v1::WatchLedgerRequest& request, auto& writer) {
    TellOne(request, writer);
    WaitForCancel(context);
    return grpc::Status::CANCELLED;
  };
  std::stop_source source;
  std::jthread stopper;

  const absl::Status status = Connect().Watch(
      {},
      [&](const v1::WatchLedgerResponse&) {
        stopper = std::jthread([&source] { source.request_stop(); });
        return true;
      },
      source.get_token());

  EXPECT_EQ(status.code(), absl::StatusCode::kCancelled);
}

// Goal: a feed with a deadline ends by it.
TEST_F(WireTest, AFeedCanHaveADeadline) {
  services_.watch = [](grpc::ServerContext& context, const auto&, auto&) {
    WaitForCancel(context);
    return grpc::Status::CANCELLED;
  };

  EXPECT_EQ(Connect().Watch({}, [](const auto&) { return true; }, {}, {.deadline = milliseconds(50)}).code(),
            absl::StatusCode::kDeadlineExceeded);
}

}  // namespace
}  // namespace timebank::client
