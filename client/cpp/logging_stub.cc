#include "client/cpp/logging_stub.h"

#include <utility>

namespace timebank::client {
namespace {

// Shared by the stub and its streams, which may outlive it.
struct Log {
  std::function<void(const CallRecord&)> write;
  std::function<std::chrono::steady_clock::time_point()> now;
};

class LoggedStream : public WatchStream {
 public:
  LoggedStream(std::unique_ptr<WatchStream> next, std::shared_ptr<const Log> log)
      : next_(std::move(next)), log_(std::move(log)), begin_(log_->now()) {}

  bool Read(v1::WatchLedgerResponse& response) override { return next_->Read(response); }
  absl::Status Finish() override {
    absl::Status status = next_->Finish();
    log_->write(
        {.rpc = "timebank.v1.LedgerService/WatchLedger", .status = status, .took = log_->now() - begin_});
    return status;
  }

 private:
  const std::unique_ptr<WatchStream> next_;
  const std::shared_ptr<const Log> log_;
  const std::chrono::steady_clock::time_point begin_;
};

class LoggingStub : public Stub {
 public:
  LoggingStub(std::shared_ptr<Stub> next, Log log)
      : next_(std::move(next)), log_(std::make_shared<const Log>(std::move(log))) {}

  absl::Status Call(const RpcInfo& rpc, grpc::ClientContext& context,
                    const google::protobuf::Message& request, google::protobuf::Message& response) override {
    const auto begin = log_->now();
    absl::Status status = next_->Call(rpc, context, request, response);
    log_->write({.rpc = rpc.name, .status = status, .took = log_->now() - begin});
    return status;
  }

  std::unique_ptr<WatchStream> WatchLedger(grpc::ClientContext& context,
                                           const v1::WatchLedgerRequest& request) override {
    return std::make_unique<LoggedStream>(next_->WatchLedger(context, request), log_);
  }

 private:
  const std::shared_ptr<Stub> next_;
  const std::shared_ptr<const Log> log_;
};

}  // namespace

std::shared_ptr<Stub> MakeLoggingStub(std::shared_ptr<Stub> next, std::function<void(const CallRecord&)> log,
                                      std::function<std::chrono::steady_clock::time_point()> now) {
  return std::make_shared<LoggingStub>(std::move(next), Log{.write = std::move(log), .now = std::move(now)});
}

}  // namespace timebank::client
