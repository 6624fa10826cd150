#include "tests/support/wire.h"

#include <google/protobuf/descriptor.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/impl/codegen/client_unary_call.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/channel_arguments.h>
#include <grpcpp/support/slice.h>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace timebank::e2e {
namespace {

using google::protobuf::Descriptor;

constexpr int kMaxMessageBytes = 128 << 20;

void Prepare(const CallOptions& options, grpc::ClientContext& context) {
  context.set_deadline(std::chrono::system_clock::now() + options.deadline);
  for (const auto& [key, value] : options.metadata) context.AddMetadata(key, value);
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const Outcome& outcome) {
  out << "code " << outcome.code << ", reason \"" << outcome.reason << "\", trailer \"" << outcome.trailer
      << "\", \"" << outcome.message << "\"";
  for (const auto& [field, why] : outcome.fields) out << "; " << field << ": " << why;
  for (const auto& [key, value] : outcome.metadata) out << "; " << key << "=" << value;
  return out;
}

std::string MethodOf(const Descriptor& request_type) {
  const auto* file = request_type.file();
  for (int s = 0; s < file->service_count(); ++s) {
    const auto* service = file->service(s);
    for (int m = 0; m < service->method_count(); ++m) {
      const auto* method = service->method(m);
      if (method->input_type() == &request_type) return "/" + service->full_name() + "/" + method->name();
    }
  }
  ADD_FAILURE() << request_type.full_name() << " is no RPC's request";
  return "";
}

Outcome OutcomeOf(const grpc::Status& status, const grpc::ClientContext& context) {
  Outcome outcome;
  outcome.code = status.error_code();
  outcome.message = status.error_message();
  const auto& trailers = context.GetServerTrailingMetadata();
  if (const auto found = trailers.find("timebank-reason"); found != trailers.end()) {
    outcome.trailer = std::string(found->second.data(), found->second.size());
  }
  google::rpc::Status details;
  if (!details.ParseFromString(status.error_details())) return outcome;
  for (const auto& detail : details.details()) {
    if (google::rpc::ErrorInfo info; detail.UnpackTo(&info)) {
      outcome.reason = info.reason();
      outcome.domain = info.domain();
      outcome.metadata = {info.metadata().begin(), info.metadata().end()};
    }
    if (google::rpc::BadRequest bad; detail.UnpackTo(&bad)) {
      for (const auto& violation : bad.field_violations()) {
        outcome.fields.emplace(violation.field(), violation.reason());
      }
    }
    outcome.has_retry_info |= detail.Is<google::rpc::RetryInfo>();
  }
  return outcome;
}

Wire::Wire(const std::string& address) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kMaxMessageBytes);
  arguments.SetMaxSendMessageSize(kMaxMessageBytes);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  // One call is one try: what a server says is to be seen, and a dead one is to be noticed at once.
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  channel_ = grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
}

Outcome Wire::CallUntyped(const google::protobuf::Message& request, google::protobuf::Message& reply,
                          const CallOptions& options) const {
  std::string bytes;
  Outcome outcome =
      CallWithBytes(MethodOf(*request.GetDescriptor()), request.SerializeAsString(), &bytes, options);
  if (outcome.ok()) {
    EXPECT_TRUE(reply.ParseFromString(bytes));
  }
  return outcome;
}

Outcome Wire::CallWithBytes(const std::string& method, const std::string& bytes, std::string* reply,
                            const CallOptions& options) const {
  grpc::ClientContext context;
  Prepare(options, context);
  const grpc::Slice slice(bytes);
  const grpc::ByteBuffer request(&slice, 1);
  grpc::ByteBuffer response;
  const grpc::internal::RpcMethod rpc(method.c_str(), grpc::internal::RpcMethod::NORMAL_RPC);
  const grpc::Status status = grpc::internal::BlockingUnaryCall<grpc::ByteBuffer, grpc::ByteBuffer>(
      channel_.get(), rpc, &context, request, &response);
  if (grpc::Slice whole; status.ok() && reply != nullptr && response.DumpToSingleSlice(&whole).ok()) {
    reply->assign(reinterpret_cast<const char*>(whole.begin()), whole.size());
  }
  return OutcomeOf(status, context);
}

}  // namespace timebank::e2e
