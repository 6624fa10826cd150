// Lets a request whose text is not UTF-8 reach its handler, so that the caller is told which field is wrong.
//
// Protobuf refuses to parse such a request, and gRPC then answers UNIMPLEMENTED with nothing to go by. Here
// it is parsed a second time without that check; the rules of the request find the text and say NOT_UTF8.
// Only requests that did not parse pay for it. gRPC has no public way to do this: MethodHandler is from its
// `internal` namespace, stable for the version that Debian 12 ships.
//
// Threads: any.
#ifndef TIMEBANK_SERVER_SERVICES_RAW_TEXT_H_
#define TIMEBANK_SERVER_SERVICES_RAW_TEXT_H_

#include <grpc/byte_buffer.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/support/server_callback.h>

#include <memory>
#include <string>

#include "google/protobuf/message.h"
#include "server/services/calls.h"
#include "server/services/message_pool.h"

namespace timebank::services {

// Parses `bytes`, keeping text that is not UTF-8 as it is. false: it does not parse for another reason.
bool ParseWithRawText(const std::string& bytes, google::protobuf::Message* message);

// Reads `buffer` into `message`, which is as the pool keeps it: nothing is cleared, so that its parts keep
// their memory. false: it does not parse.
bool ReadInto(grpc_byte_buffer* buffer, google::protobuf::MessageLite* message);

std::string BytesOf(grpc_byte_buffer* buffer);
std::string BytesOf(const grpc::ByteBuffer& buffer);

template <typename Request, typename Response>
class RawTextHandler final : public grpc::internal::MethodHandler {
 public:
  using Method =
      std::function<grpc::ServerUnaryReactor*(grpc::CallbackServerContext*, const Request*, Response*)>;
  explicit RawTextHandler(Method method) : inner_(std::move(method)) {}

  void RunHandler(const HandlerParameter& param) override { inner_.RunHandler(param); }

  void* Deserialize(grpc_call*, grpc_byte_buffer* bytes, grpc::Status* status, void** handler_data) override {
    const std::unique_ptr<grpc_byte_buffer, void (*)(grpc_byte_buffer*)> owned(bytes,
                                                                               grpc_byte_buffer_destroy);
    auto* holder = messages_.Take(bytes == nullptr ? 0 : grpc_byte_buffer_length(bytes));
    *handler_data = holder;  // gRPC releases it after the call
    if (bytes == nullptr) {
      *status = grpc::Status(grpc::StatusCode::INTERNAL, "the call has no request");
      return nullptr;
    }
    if (!ReadInto(bytes, holder->request()) && !ParseWithRawText(BytesOf(bytes), holder->request())) {
      *status = grpc::Status(grpc::StatusCode::INTERNAL, "the bytes sent are no such request");
      return nullptr;
    }
    *status = grpc::Status::OK;
    return holder->request();
  }

 private:
  MessagePool<Request, Response> messages_;
  grpc::internal::CallbackUnaryHandler<Request, Response> inner_;
};

// The place of `method` among its service's, as gRPC counts them.
template <typename Request>
int MethodIndex(const char* service, const char* method) {
  return Request::descriptor()->file()->FindServiceByName(service)->FindMethodByName(method)->index();
}

// In a service's constructor: has RPC `method` answer requests with raw text, and be known by its number.
#define TIMEBANK_TAKE_RAW_TEXT(service, method)                                                           \
  MarkMethodCallback(::timebank::services::MethodIndex<v1::method##Request>(#service, #method),           \
                     new ::timebank::services::RawTextHandler<v1::method##Request, v1::method##Response>( \
                         [this, rpc = ::timebank::services::RpcNumber(#service "/" #method)](             \
                             grpc::CallbackServerContext* context, const v1::method##Request* request,    \
                             v1::method##Response* response) {                                            \
                           const ::timebank::services::CallScope scope(rpc);                              \
                           return this->method(context, request, response);                               \
                         }))

}  // namespace timebank::services

#endif  // TIMEBANK_SERVER_SERVICES_RAW_TEXT_H_
