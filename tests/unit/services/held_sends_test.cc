#include "server/services/held_sends.h"

#include <arpa/inet.h>
#include <grpcpp/grpcpp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "tests/support/loopback.h"
#include "timebank/v1/ledger_service.grpc.pb.h"

namespace timebank::services {
namespace {

// Well below the 200 ms after which the kernel sends by itself.
constexpr int kNothingComesMs = 40;
constexpr int kComesMs = 5000;

// A connection over the loopback, both of whose ends are here.
class Connection {
 public:
  Connection() {
    sockaddr_in address = {};
    const int listener = ListenOnLoopback(&address);
    to_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    EXPECT_EQ(connect(to_, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    from_ = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    const int yes = 1;  // as gRPC sets it
    EXPECT_EQ(setsockopt(from_, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes)), 0);
    close(listener);
  }
  ~Connection() {
    close(from_);
    close(to_);
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void Send(std::string text) const {
    iovec part = {text.data(), text.size()};
    msghdr message = {};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    EXPECT_EQ(sendmsg(from_, &message, MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
  }
  bool Comes(int within_ms) const {
    pollfd wanted = {to_, POLLIN, 0};
    return poll(&wanted, 1, within_ms) == 1;
  }
  std::string Receive() const {
    std::array<char, 256> room = {};
    const ssize_t size = Comes(kComesMs) ? recv(to_, room.data(), room.size(), 0) : 0;
    return {room.data(), static_cast<size_t>(std::max<ssize_t>(size, 0))};
  }

 private:
  int from_ = -1;
  int to_ = -1;
};

TEST(HeldSendsTest, WhatIsSentMeanwhileGoesTogether) {
  const Connection one, another;
  one.Send("before");
  EXPECT_EQ(one.Receive(), "before");
  {
    const HeldSends held;
    one.Send("a");
    another.Send("x");
    {
      const HeldSends within;
      one.Send("b");
    }
    EXPECT_FALSE(one.Comes(kNothingComesMs));
    EXPECT_FALSE(another.Comes(0));
    one.Send("c");
  }
  EXPECT_EQ(one.Receive(), "abc");
  EXPECT_EQ(another.Receive(), "x");
  one.Send("after");
  EXPECT_EQ(one.Receive(), "after");
}

TEST(HeldSendsTest, OtherThreadsAreNotHeld) {
  const Connection connection;
  const HeldSends held;
  std::thread([&] { connection.Send("at once"); }).join();
  EXPECT_TRUE(connection.Comes(kComesMs));
}

TEST(HeldSendsTest, MoreConnectionsThanAreHeldGetTheirsAtOnce) {
  const std::vector<Connection> connections(100);
  const HeldSends held;
  for (const Connection& connection : connections) connection.Send("a");
  EXPECT_FALSE(connections.front().Comes(kNothingComesMs));
  EXPECT_TRUE(connections.back().Comes(kComesMs));
}

// Keeps its calls until the test finishes them.
class KeptCalls final : public v1::LedgerService::CallbackService {
 public:
  grpc::ServerUnaryReactor* GetBalance(grpc::CallbackServerContext* context, const v1::GetBalanceRequest*,
                                       v1::GetBalanceResponse*) override {
    absl::MutexLock lock(&mutex_);
    kept_.push_back(context->DefaultReactor());
    return kept_.back();
  }
  std::vector<grpc::ServerUnaryReactor*> Take(size_t count) {
    const auto all_are_here = [&]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return kept_.size() == count; };
    absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(&all_are_here));
    return std::move(kept_);
  }

 private:
  absl::Mutex mutex_;
  std::vector<grpc::ServerUnaryReactor*> kept_ ABSL_GUARDED_BY(mutex_);
};

// The gRPC that is linked writes in the way that can be held. Now and then a thread of its own writes just
// then (an answer to a ping, say), and what was held goes along: so it need not succeed each time.
TEST(HeldSendsTest, AnswersOfGrpcGoTogether) {
  constexpr size_t kCalls = 20;
  constexpr int kTries = 50;
  KeptCalls service;
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&service);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  const auto stub = v1::LedgerService::NewStub(
      grpc::CreateChannel("127.0.0.1:" + std::to_string(port), grpc::InsecureChannelCredentials()));

  bool held_once = false;
  for (int i = 0; i < kTries && !held_once; ++i) {
    struct Call {
      grpc::ClientContext context;
      v1::GetBalanceRequest request;
      v1::GetBalanceResponse response;
    };
    std::vector<Call> calls(kCalls);
    std::atomic<size_t> answered = 0;
    for (Call& call : calls) {
      stub->async()->GetBalance(&call.context, &call.request, &call.response,
                                [&](const grpc::Status& status) {
                                  EXPECT_TRUE(status.ok());
                                  ++answered;
                                });
    }
    const std::vector<grpc::ServerUnaryReactor*> kept = service.Take(kCalls);
    {
      const HeldSends held;
      for (grpc::ServerUnaryReactor* reactor : kept) reactor->Finish(grpc::Status::OK);
      std::this_thread::sleep_for(std::chrono::milliseconds(kNothingComesMs));
      held_once = answered == 0;
    }
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(kComesMs);
    while (answered < kCalls && std::chrono::steady_clock::now() < end) std::this_thread::yield();
    ASSERT_EQ(answered, kCalls);
  }
  EXPECT_TRUE(held_once);
  server->Shutdown();
}

}  // namespace
}  // namespace timebank::services
