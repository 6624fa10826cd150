#include "tests/unit/server/wire.h"

#include <grpcpp/generic/generic_stub.h>

#include <chrono>

namespace timebank {
namespace {

grpc::ByteBuffer ToBuffer(const std::string& bytes) {
  grpc::Slice slice(bytes);
  return grpc::ByteBuffer(&slice, 1);
}

std::string FromBuffer(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  std::string bytes;
  if (buffer.Dump(&slices).ok()) {
    for (const grpc::Slice& slice : slices)
      bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return bytes;
}

}  // namespace

std::shared_ptr<grpc::Channel> ChannelTo(const std::string& address) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
}

WireAnswer CallOnce(const std::shared_ptr<grpc::Channel>& channel, const std::string& method,
                    const std::string& request) {
  grpc::GenericStub stub(channel);
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
  grpc::CompletionQueue queue;
  auto call = stub.PrepareUnaryCall(&context, method, ToBuffer(request), &queue);
  WireAnswer answer;
  grpc::ByteBuffer reply;
  call->StartCall();
  call->Finish(&reply, &answer.status, nullptr);
  void* tag = nullptr;
  bool ok = false;
  queue.Next(&tag, &ok);
  if (answer.status.ok()) answer.message = FromBuffer(reply);
  return answer;
}

std::string HealthOf(const std::shared_ptr<grpc::Channel>& channel, const std::string& service) {
  // HealthCheckRequest {service = 1}; HealthCheckResponse {status = 1}: 1 SERVING, 2 NOT_SERVING.
  const std::string request =
      service.empty() ? "" : std::string("\x0a") + static_cast<char>(service.size()) + service;
  const WireAnswer answer = CallOnce(channel, "/grpc.health.v1.Health/Check", request);
  if (!answer.status.ok()) return answer.status.error_message();
  return answer.message == "\x08\x01"   ? "SERVING"
         : answer.message == "\x08\x02" ? "NOT_SERVING"
                                        : answer.message;
}

bool HasReflection(const std::shared_ptr<grpc::Channel>& channel) {
  // ServerReflectionRequest {list_services = 7}.
  return CallOnce(channel, "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
                  std::string("\x3a\x00", 2))
      .status.ok();
}

bool HasChannelz(const std::shared_ptr<grpc::Channel>& channel) {
  return CallOnce(channel, "/grpc.channelz.v1.Channelz/GetServers", "").status.ok();
}

}  // namespace timebank
