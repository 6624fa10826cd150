// Calls as a client without our library makes them: bare gRPC, one try, and every part of an error looked at.
// That an RPC's comment in proto/timebank/v1 names the reason of a refusal is expected of every call.
//
// Threads: any, at the same time.
#ifndef TIMEBANK_TESTS_SUPPORT_WIRE_H_
#define TIMEBANK_TESTS_SUPPORT_WIRE_H_

#include <gmock/gmock.h>
#include <google/protobuf/message.h>
#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/security/credentials.h>

#include <chrono>
#include <map>
#include <memory>
#include <ostream>
#include <set>
#include <string>
#include <string_view>

namespace google::rpc {
class Status;
}  // namespace google::rpc

namespace timebank::e2e {

// What came back, the reply apart.
struct Outcome {
  grpc::StatusCode code = grpc::StatusCode::OK;
  bool has_retry_info = false;
  std::chrono::nanoseconds retry_delay{0};  // RetryInfo's
  std::string message;
  std::string reason;                           // ErrorInfo.reason
  std::string domain;                           // ErrorInfo.domain
  std::map<std::string, std::string> metadata;  // ErrorInfo.metadata
  std::string trailer;                          // `timebank-reason`
  std::map<std::string, std::string> fields;    // BadRequest: field, reason

  bool ok() const { return code == grpc::StatusCode::OK; }
};
std::ostream& operator<<(std::ostream& out, const Outcome& outcome);

template <typename Response>
struct Answer : Outcome {
  Response reply;
};

// How one call is made.
struct CallOptions {
  std::map<std::string, std::string> metadata = {};
  std::chrono::milliseconds deadline{30'000};
};

class Wire {
 public:
  // `address`: a server's, `unix:PATH` included. A connection of its own.
  explicit Wire(const std::string& address);
  Wire(const std::string& address, const std::shared_ptr<grpc::ChannelCredentials>& credentials);

  // Calls the RPC that takes `request`.
  template <typename Response>
  Answer<Response> Call(const google::protobuf::Message& request, const CallOptions& options = {}) const {
    Answer<Response> answer;
    static_cast<Outcome&>(answer) = CallUntyped(request, answer.reply, options);
    return answer;
  }

  // Sends `bytes` to `method` (`/package.Service/Method`), whatever they are; `reply` takes the answer's.
  Outcome CallWithBytes(const std::string& method, const std::string& bytes, std::string* reply = nullptr,
                        const CallOptions& options = {}) const;

  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }

 private:
  Outcome CallUntyped(const google::protobuf::Message& request, google::protobuf::Message& reply,
                      const CallOptions& options) const;

  std::shared_ptr<grpc::Channel> channel_;
};

// How a finished call ended.
Outcome OutcomeOf(const grpc::Status& status, const grpc::ClientContext& context);
// The same of an item of a batch, which has no trailer.
Outcome OutcomeOf(const google::rpc::Status& status);

// `/timebank.v1.LedgerService/RecordExchange` of RecordExchangeRequest.
std::string MethodOf(const google::protobuf::Descriptor& request_type);

// An error with this code and reason, said in all the places where it has to be said.
MATCHER_P2(IsRefused, code, reason, "") {
  return arg.code == code && arg.reason == reason && arg.trailer == reason && arg.domain == "timebank.v1" &&
         !arg.message.empty();
}

// VALIDATION that names exactly this field, for this reason.
MATCHER_P2(IsInvalid, field, why, "") {
  return arg.code == grpc::StatusCode::INVALID_ARGUMENT && arg.reason == "VALIDATION" &&
         arg.trailer == "VALIDATION" && arg.domain == "timebank.v1" && arg.fields.size() == 1 &&
         arg.fields.count(field) == 1 && arg.fields.at(field) == why;
}

}  // namespace timebank::e2e

#endif  // TIMEBANK_TESTS_SUPPORT_WIRE_H_
