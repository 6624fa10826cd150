#include "tests/support/wire.h"

#include <google/protobuf/descriptor.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/impl/codegen/client_unary_call.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/channel_arguments.h>
#include <grpcpp/support/slice.h>

#include <algorithm>
#include <fstream>
#include <string_view>

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

using Reasons = std::set<std::string>;

// Adds the words of `text` that are reasons: capitals joined by underscores, and VALIDATION.
void AddReasons(std::string_view text, Reasons* reasons) {
  const auto of_reason = [](char c) { return (c >= 'A' && c <= 'Z') || c == '_'; };
  for (auto begin = text.begin(); begin != text.end();) {
    begin = std::find_if(begin, text.end(), of_reason);
    const auto end = std::find_if_not(begin, text.end(), of_reason);
    const std::string word(begin, end);
    if (word.find('_') != std::string::npos || word == "VALIDATION") reasons->insert(word);
    begin = end;
  }
}

// What stands in `text` between `before` and `behind`; empty: nothing does.
std::string Between(const std::string& text, std::string_view before, std::string_view behind) {
  const size_t at = text.find(before);
  if (at == std::string::npos) return "";
  const size_t begin = at + before.size();
  const size_t end = text.find(behind, begin);
  return end == std::string::npos ? "" : text.substr(begin, end - begin);
}

// What the comments of the services say that calls can be refused with: by RPC, and by `any call`, `any
// read`, `any change`.
std::map<std::string, Reasons> ReadDocumentedErrors() {
  std::map<std::string, Reasons> documented;
  for (const char* service : {"access", "circle", "ledger", "member", "timebank"}) {
    std::ifstream file(std::string(TIMEBANK_PROTO_FOLDER "/timebank/v1/") + service + "_service.proto");
    std::string comment;
    for (std::string line; std::getline(file, line);) {
      if (const std::string any = Between(line, "- Errors of any ", ": "); !any.empty()) {
        AddReasons(line, &documented["any " + any]);
      }
      if (line.rfind("  // ", 0) == 0) {
        comment += line.substr(4);
      } else {
        const size_t errors = comment.find(" Errors: ");
        const std::string rpc = line.rfind("  rpc ", 0) == 0 ? Between(line, "  rpc ", "(") : "";
        if (!rpc.empty() && errors != std::string::npos) {
          AddReasons(std::string_view(comment).substr(errors), &documented[rpc]);
        }
        comment.clear();
      }
    }
  }
  EXPECT_EQ(documented["any change"].count("REQUEST_ID_REUSED"), 1u) << "the protos were not understood";
  return documented;
}

// A refusal is one that the RPC's comment names: partners decide by it what they must handle.
void ExpectDocumented(const std::string& path, const std::string& reason) {
  static const auto* const kDocumented = new std::map<std::string, Reasons>(ReadDocumentedErrors());
  const size_t slash = path.rfind('/');
  if (reason.empty() || path.rfind("/timebank.v1.", 0) != 0) return;
  const std::string service = path.substr(1, slash - 1);
  const std::string rpc = path.substr(slash + 1);
  const auto* method =
      google::protobuf::DescriptorPool::generated_pool()->FindMethodByName(service + "." + rpc);
  if (method == nullptr) return;
  const bool change = method->input_type()->FindFieldByName("request_id") != nullptr;
  const auto names = [&](const std::string& key) {
    const auto found = kDocumented->find(key);
    return found != kDocumented->end() && found->second.count(reason) == 1;
  };
  EXPECT_TRUE(names(rpc) || names("any call") || names(change ? "any change" : "any read"))
      << rpc << " was refused with " << reason << ", which its comment in proto/timebank/v1 does not name";
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
  google::rpc::Status details;
  Outcome outcome;
  if (details.ParseFromString(status.error_details())) outcome = OutcomeOf(details);
  outcome.code = status.error_code();
  outcome.message = status.error_message();
  const auto& trailers = context.GetServerTrailingMetadata();
  if (const auto found = trailers.find("timebank-reason"); found != trailers.end()) {
    outcome.trailer = std::string(found->second.data(), found->second.size());
  }
  return outcome;
}

Outcome OutcomeOf(const google::rpc::Status& status) {
  Outcome outcome;
  outcome.code = static_cast<grpc::StatusCode>(status.code());
  outcome.message = status.message();
  for (const auto& detail : status.details()) {
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
    if (google::rpc::RetryInfo retry; detail.UnpackTo(&retry)) {
      outcome.has_retry_info = true;
      outcome.retry_delay = std::chrono::seconds(retry.retry_delay().seconds()) +
                            std::chrono::nanoseconds(retry.retry_delay().nanos());
    }
  }
  return outcome;
}

Wire::Wire(const std::string& address) : Wire(address, grpc::InsecureChannelCredentials()) {}

Wire::Wire(const std::string& address, const std::shared_ptr<grpc::ChannelCredentials>& credentials) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kMaxMessageBytes);
  arguments.SetMaxSendMessageSize(kMaxMessageBytes);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  // One call is one try: what a server says is to be seen, and a dead one is to be noticed at once.
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  channel_ = grpc::CreateCustomChannel(address, credentials, arguments);
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
  Outcome outcome = OutcomeOf(status, context);
  ExpectDocumented(method, outcome.reason);
  return outcome;
}

}  // namespace timebank::e2e
