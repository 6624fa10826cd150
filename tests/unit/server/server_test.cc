// The server as an object, over its sockets.
#include "server/server.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/log.h"
#include "server/services/services.h"
#include "tests/unit/server/wire.h"
#include "timebank/v1/timebank_service.grpc.pb.h"

namespace timebank {
namespace {

using State = engine::Engine::State;
using testing::HasSubstr;

constexpr absl::Duration kPatience = absl::Seconds(60);

// A unix socket that somebody, or nobody any more, listens on.
int Bind(const std::string& path) {
  sockaddr_un name = {};
  name.sun_family = AF_UNIX;
  std::strncpy(name.sun_path, path.c_str(), sizeof(name.sun_path) - 1);
  const int file = socket(AF_UNIX, SOCK_STREAM, 0);
  EXPECT_EQ(bind(file, reinterpret_cast<const sockaddr*>(&name), sizeof(name)), 0);
  EXPECT_EQ(listen(file, 1), 0);
  return file;
}

class ServerTest : public testing::Test {
 protected:
  ServerTest() {
    SetUpLog("error");
    std::string pattern = (std::filesystem::temp_directory_path() / "server_test.XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    config_.data = folder_ + "/data";
    config_.listen = "127.0.0.1:0";
    config_.operator_socket = folder_ + "/operator.sock";
  }
  ~ServerTest() override {
    server_.reset();
    std::filesystem::remove_all(folder_);
  }

  void Open() {
    {
      absl::MutexLock lock(&mutex_);
      states_.clear();
    }
    auto server = Server::Open(config_, [this](State state, const absl::Status&) {
      absl::MutexLock lock(&mutex_);
      states_.push_back(state);
    });
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }
  void AwaitState(State state) {
    auto reached = [&]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
      return std::find(states_.begin(), states_.end(), state) != states_.end();
    };
    absl::MutexLock lock(&mutex_);
    ASSERT_TRUE(mutex_.AwaitWithTimeout(absl::Condition(&reached), kPatience));
  }
  // Until it listens everywhere.
  void Start() {
    Open();
    ASSERT_TRUE(server_->ListenForOperator().ok());
    AwaitState(State::kServing);
    const absl::Status status = server_->Listen();
    ASSERT_TRUE(status.ok()) << status;
  }

  std::shared_ptr<grpc::Channel> Main() { return ChannelTo(server_->address()); }
  std::shared_ptr<grpc::Channel> Operator() { return ChannelTo("unix:" + config_.operator_socket); }

  std::string folder_;
  Config config_;
  std::unique_ptr<Server> server_;

 private:
  absl::Mutex mutex_;
  std::vector<State> states_ ABSL_GUARDED_BY(mutex_);
};

// Goal: health is on both addresses, for the server and for each service; nobody speaks for services that are
// not there.
TEST_F(ServerTest, HealthOnEveryAddress) {
  Start();
  for (const auto& channel : {Main(), Operator()}) {
    for (const char* service : {"", "timebank.v1.LedgerService", "timebank.v1.MemberService",
                                "timebank.v1.CircleService", "timebank.v1.TimebankService"}) {
      EXPECT_EQ(HealthOf(channel, service), "SERVING") << service;
    }
    EXPECT_NE(HealthOf(channel, "timebank.v1.NoService"), "SERVING");
  }
}

// Goal: a ledger that cannot be recovered is NOT_SERVING, and the operator can ask.
TEST_F(ServerTest, FailedLedgerIsNotServing) {
  std::filesystem::create_directory(config_.data);
  std::ofstream(config_.data + "/log") << "not a folder";
  Open();
  ASSERT_TRUE(server_->ListenForOperator().ok());
  AwaitState(State::kFailed);
  EXPECT_EQ(HealthOf(Operator()), "NOT_SERVING");
  EXPECT_EQ(HealthOf(Operator(), "timebank.v1.LedgerService"), "NOT_SERVING");
}

// Goal: reflection and channelz are the operator's alone.
TEST_F(ServerTest, LooksInsideForTheOperatorOnly) {
  Start();
  EXPECT_FALSE(HasReflection(Main()));
  EXPECT_FALSE(HasChannelz(Main()));
  EXPECT_TRUE(HasReflection(Operator()));
  EXPECT_TRUE(HasChannelz(Operator()));
}

// Goal: reflection, and it alone, is on the main address when asked for.
TEST_F(ServerTest, ReflectionForEverybodyWhenAskedFor) {
  config_.reflection = true;
  Start();
  EXPECT_TRUE(HasReflection(Main()));
  EXPECT_FALSE(HasChannelz(Main()));
}

// Goal: there need not be a socket for the operator.
TEST_F(ServerTest, OperatorSocketCanBeLeftOut) {
  config_.operator_socket.clear();
  Start();
  EXPECT_EQ(HealthOf(Main()), "SERVING");
}

// Goal: sockets are the owner's alone, whatever the umask, and the main address can be one.
TEST_F(ServerTest, SocketsAreTheOwnersAlone) {
  const mode_t before = umask(0);
  config_.listen = "unix:" + folder_ + "/main.sock";
  Start();
  umask(before);
  EXPECT_EQ(server_->address(), config_.listen);
  EXPECT_EQ(HealthOf(Main()), "SERVING");
  for (const std::string name : {"/main.sock", "/operator.sock"}) {
    struct stat found = {};
    ASSERT_EQ(stat((folder_ + name).c_str(), &found), 0);
    EXPECT_EQ(found.st_mode & 0777, 0600u) << name;
  }
}

// Goal: the socket of a server that was killed is in nobody's way; that of a living one, or another file, is
// left alone.
TEST_F(ServerTest, TakesOverDeadSocketsOnly) {
  close(Bind(config_.operator_socket));
  Start();
  EXPECT_EQ(HealthOf(Operator()), "SERVING");
  server_.reset();

  const int living = Bind(config_.operator_socket);
  Open();
  EXPECT_THAT(std::string(server_->ListenForOperator().message()), HasSubstr("another server answers there"));
  EXPECT_TRUE(std::filesystem::exists(config_.operator_socket));
  close(living);
  server_.reset();

  std::filesystem::remove(config_.operator_socket);
  std::ofstream(config_.operator_socket) << "mine";
  Open();
  EXPECT_THAT(std::string(server_->ListenForOperator().message()), HasSubstr("no socket"));
  EXPECT_TRUE(std::filesystem::is_regular_file(config_.operator_socket));
}

// Goal: a port that is taken is told, not shared.
TEST_F(ServerTest, DoesNotShareAPort) {
  Start();
  Config second = config_;
  second.data = folder_ + "/second";
  second.operator_socket.clear();
  second.listen = server_->address();
  auto other = Server::Open(second, nullptr);
  ASSERT_TRUE(other.ok());
  const absl::Status status = (*other)->Listen();
  EXPECT_TRUE(absl::IsUnavailable(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("cannot listen on " + server_->address() +
                                                       ": Address already in use; most often another"));

  second.listen = "192.0.2.1:0";  // of nobody
  second.data = folder_ + "/third";
  other = Server::Open(second, nullptr);
  ASSERT_TRUE(other.ok());
  EXPECT_THAT(std::string((*other)->Listen().message()),
              HasSubstr("192.0.2.1:0: Cannot assign requested address; this machine does not have"));
}

// Goal: too large a message is refused by its size, too much metadata as well (which costs the caller its
// connection), and the server goes on.
TEST_F(ServerTest, BoundsWhatItReceives) {
  Start();
  v1::CreateTimebankRequest request;
  v1::CreateTimebankResponse response;
  {
    const auto channel = Main();
    grpc::ClientContext context;
    request.mutable_timebank()->set_display_name(std::string(services::kMaxReceiveBytes + 1, 'x'));
    EXPECT_EQ(
        v1::TimebankService::NewStub(channel)->CreateTimebank(&context, request, &response).error_code(),
        grpc::StatusCode::RESOURCE_EXHAUSTED);
    EXPECT_EQ(HealthOf(channel), "SERVING");
  }
  request.clear_timebank();
  request.set_timebank_id("rushey");
  {
    grpc::ClientContext context;
    context.AddMetadata("timebank-caller", std::string(20'000, 'x'));
    EXPECT_EQ(v1::TimebankService::NewStub(Main())->CreateTimebank(&context, request, &response).error_code(),
              grpc::StatusCode::RESOURCE_EXHAUSTED);
  }
  grpc::ClientContext context;
  const grpc::Status status =
      v1::TimebankService::NewStub(Main())->CreateTimebank(&context, request, &response);
  EXPECT_TRUE(status.ok()) << status.error_message();
}

// Goal: what was answered is there after a stop and a new start.
TEST_F(ServerTest, KeepsWhatItAnswered) {
  Start();
  v1::CreateTimebankRequest create;
  create.set_timebank_id("rushey");
  {
    grpc::ClientContext context;
    v1::CreateTimebankResponse created;
    const grpc::Status status =
        v1::TimebankService::NewStub(Main())->CreateTimebank(&context, create, &created);
    ASSERT_TRUE(status.ok()) << status.error_message();
  }
  server_->Stop();
  server_.reset();
  EXPECT_FALSE(std::filesystem::exists(config_.operator_socket)) << "a stopped server leaves no socket";

  Start();
  v1::GetTimebankRequest get;
  get.set_name("timebanks/rushey");
  grpc::ClientContext context;
  v1::GetTimebankResponse got;
  const grpc::Status status = v1::TimebankService::NewStub(Main())->GetTimebank(&context, get, &got);
  EXPECT_TRUE(status.ok()) << status.error_message();
}

// Goal: whether a folder is in use can be told from outside.
TEST_F(ServerTest, TellsWhetherAFolderIsInUse) {
  EXPECT_FALSE(IsInUse(config_.data));
  Open();
  EXPECT_TRUE(IsInUse(config_.data));
  EXPECT_TRUE(absl::IsFailedPrecondition(Server::Open(config_, nullptr).status()));
  server_.reset();
  EXPECT_FALSE(IsInUse(config_.data));
}

}  // namespace
}  // namespace timebank
