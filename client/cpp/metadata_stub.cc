#include "client/cpp/metadata_stub.h"

#include <grpcpp/client_context.h>

#include <algorithm>
#include <utility>

namespace timebank::client {
namespace {

// A stream that never began.
class FailedStream : public WatchStream {
 public:
  explicit FailedStream(absl::Status status) : status_(std::move(status)) {}

  bool Read(v1::WatchLedgerResponse& /*response*/) override { return false; }
  absl::Status Finish() override { return status_; }

 private:
  const absl::Status status_;
};

class MetadataStub : public Stub {
 public:
  MetadataStub(std::shared_ptr<Stub> next, std::map<std::string, std::string> metadata)
      : next_(std::move(next)), metadata_(std::move(metadata)) {
    std::erase_if(metadata_, [](const auto& entry) { return entry.second.empty(); });
    for (const auto& [key, value] : metadata_) {
      if (!IsMetadataValue(value)) {
        usable_ = absl::InvalidArgumentError(key + ": only visible ASCII characters can be sent as metadata");
      }
    }
  }

  absl::Status Call(const RpcInfo& rpc, grpc::ClientContext& context,
                    const google::protobuf::Message& request, google::protobuf::Message& response) override {
    if (!usable_.ok()) return usable_;
    AddTo(context);
    return next_->Call(rpc, context, request, response);
  }

  std::unique_ptr<WatchStream> WatchLedger(grpc::ClientContext& context,
                                           const v1::WatchLedgerRequest& request) override {
    if (!usable_.ok()) return std::make_unique<FailedStream>(usable_);
    AddTo(context);
    return next_->WatchLedger(context, request);
  }

 private:
  void AddTo(grpc::ClientContext& context) const {
    for (const auto& [key, value] : metadata_) context.AddMetadata(key, value);
  }

  // Constant after construction.
  const std::shared_ptr<Stub> next_;
  std::map<std::string, std::string> metadata_;
  absl::Status usable_;
};

}  // namespace

std::shared_ptr<Stub> MakeMetadataStub(std::shared_ptr<Stub> next,
                                       std::map<std::string, std::string> metadata) {
  return std::make_shared<MetadataStub>(std::move(next), std::move(metadata));
}

bool IsMetadataValue(std::string_view value) {
  return std::all_of(value.begin(), value.end(), [](char c) { return c >= 0x20 && c <= 0x7e; });
}

}  // namespace timebank::client
