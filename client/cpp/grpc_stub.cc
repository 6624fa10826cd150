#include "client/cpp/grpc_stub.h"

#include <google/protobuf/message.h>
#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/support/status.h>
#include <grpcpp/support/sync_stream.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include "client/cpp/error.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "timebank/v1/access_service.grpc.pb.h"
#include "timebank/v1/circle_service.grpc.pb.h"
#include "timebank/v1/ledger_service.grpc.pb.h"
#include "timebank/v1/member_service.grpc.pb.h"
#include "timebank/v1/timebank_service.grpc.pb.h"

namespace timebank::client {
namespace {

// The trailer that repeats the reason for clients without the details library; here it stands in where a
// proxy has dropped the binary one.
constexpr char kReasonTrailer[] = "timebank-reason";

constexpr std::chrono::milliseconds kReconnecting(250);

// Whether gRPC had no connection to hand the call to. It has no code for that, only these words, which it
// says of nothing else; other words of a later version would mean that nothing is known. Where somebody at
// the other end has answered, a proxy perhaps, gRPC knows its address, and the words are that one's.
bool HadNoConnection(const grpc::Status& status, const grpc::ClientContext& context) {
  if (status.error_code() != grpc::StatusCode::UNAVAILABLE) return false;
  const std::string peer = context.peer();
  for (const std::string_view scheme : {"ipv4:", "ipv6:"}) {
    if (peer.starts_with(scheme)) return false;
  }
  return status.error_message().starts_with("failed to connect to all addresses") ||
         status.error_message().starts_with("DNS resolution failed");
}

// `context` is that of the finished call. grpc::Status::error_details() is the trailer
// `grpc-status-details-bin`.
absl::Status Decode(const grpc::Status& status, const grpc::ClientContext& context) {
  if (status.ok()) return absl::OkStatus();
  google::rpc::Status decoded;
  if (!decoded.ParseFromString(status.error_details())) decoded.Clear();
  decoded.set_code(status.error_code());
  decoded.set_message(status.error_message());
  absl::Status result = ToStatus(decoded);
  if (HadNoConnection(status, context)) result = WithNeverSent(std::move(result));
  if (!ErrorReason(result).empty()) return result;
  const auto& trailers = context.GetServerTrailingMetadata();
  const auto reason = trailers.find(kReasonTrailer);
  if (reason == trailers.end()) return result;
  google::rpc::ErrorInfo info;
  info.set_reason(std::string(reason->second.data(), reason->second.size()));
  info.set_domain("timebank.v1");
  decoded.add_details()->PackFrom(info);
  return ToStatus(decoded);
}

class GrpcWatchStream : public WatchStream {
 public:
  GrpcWatchStream(grpc::ClientContext& context,
                  std::unique_ptr<grpc::ClientReader<v1::WatchLedgerResponse>> reader)
      : context_(context), reader_(std::move(reader)) {}

  bool Read(v1::WatchLedgerResponse& response) override { return reader_->Read(&response); }
  absl::Status Finish() override { return Decode(reader_->Finish(), context_); }

 private:
  grpc::ClientContext& context_;
  const std::unique_ptr<grpc::ClientReader<v1::WatchLedgerResponse>> reader_;
};

class GrpcStub : public Stub {
 public:
  explicit GrpcStub(const std::shared_ptr<grpc::Channel>& channel)
      : channel_(channel), stubs_(channel, channel, channel, channel, channel) {}

  absl::Status Call(const RpcInfo& info, grpc::ClientContext& context,
                    const google::protobuf::Message& request, google::protobuf::Message& response) override {
    AwaitReconnection(context);
    switch (info.rpc) {
#define TIMEBANK_CLIENT_CASE(service, rpc, safety, span)                                                 \
  case Rpc::k##rpc:                                                                                      \
    return Decode(                                                                                       \
        std::get<v1::service::Stub>(stubs_).rpc(&context, static_cast<const v1::rpc##Request&>(request), \
                                                &static_cast<v1::rpc##Response&>(response)),             \
        context);
      TIMEBANK_CLIENT_UNARY_RPCS(TIMEBANK_CLIENT_CASE)
#undef TIMEBANK_CLIENT_CASE
    }
    return absl::UnimplementedError("this RPC is not in the client's table");
  }

  std::unique_ptr<WatchStream> WatchLedger(grpc::ClientContext& context,
                                           const v1::WatchLedgerRequest& request) override {
    AwaitReconnection(context);
    return std::make_unique<GrpcWatchStream>(
        context, std::get<v1::LedgerService::Stub>(stubs_).WatchLedger(&context, request));
  }

 private:
  // Where the last connection failed, gives the next one a moment. Nobody but a thread that waits for
  // something sees what has become of a connection: a try that fails at once would see nothing, and between
  // two tries gRPC itself looks every five seconds.
  void AwaitReconnection(const grpc::ClientContext& context) {
    const grpc_connectivity_state state = channel_->GetState(/*try_to_connect=*/false);
    if (state != GRPC_CHANNEL_TRANSIENT_FAILURE && state != GRPC_CHANNEL_CONNECTING) return;
    channel_->WaitForConnected(
        std::min(context.deadline(), std::chrono::system_clock::now() + kReconnecting));
  }

  const std::shared_ptr<grpc::Channel> channel_;
  std::tuple<v1::LedgerService::Stub, v1::MemberService::Stub, v1::CircleService::Stub,
             v1::TimebankService::Stub, v1::AccessService::Stub>
      stubs_;
};

}  // namespace

std::shared_ptr<Stub> MakeGrpcStub(const std::shared_ptr<grpc::Channel>& channel) {
  return std::make_shared<GrpcStub>(channel);
}

}  // namespace timebank::client
