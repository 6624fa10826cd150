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
#include <iterator>
#include <regex>

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

void AddReasons(const std::string& text, Reasons* reasons) {
  static const std::regex kReason("[A-Z]+(_[A-Z]+)+|VALIDATION");
  std::copy(std::sregex_token_iterator(text.begin(), text.end(), kReason), std::sregex_token_iterator(),
            std::inserter(*reasons, reasons->end()));
}

// What the comments of the services say that calls can be refused with: by RPC, and by `any call`, `any
// read`, `any change`.
std::map<std::string, Reasons> ReadDocumentedErrors() {
  static const std::regex kOfAny("- Errors of (any [a-z]+): (.*)");
  static const std::regex kRpc("  rpc ([A-Za-z]+)\\(.*");
  std::map<std::string, Reasons> documented;
  for (const char* service : {"circle", "ledger", "member", "timebank"}) {
    std::ifstream file(std::string(TIMEBANK_PROTO_FOLDER "/timebank/v1/") + service + "_service.proto");
    std::string comment;
    for (std::string line; std::getline(file, line);) {
      std::smatch match;
      if (std::regex_search(line, match, kOfAny)) AddReasons(match[2], &documented[match[1]]);
      if (line.rfind("  // ", 0) == 0) {
        comment += line.substr(4);
      } else {
        const size_t errors = comment.find(" Errors: ");
        if (std::regex_match(line, match, kRpc) && errors != std::string::npos) {
          AddReasons(comment.substr(errors), &documented[match[1]]);
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
  Outcome outcome = OutcomeOf(status, context);
  ExpectDocumented(method, outcome.reason);
  return outcome;
}

}  // namespace timebank::e2e
