// Talking to a server without generated code: for gRPC's own services, whose protos a program that links gRPC
// must not generate again.
//
// Threads: one.
#ifndef TIMEBANK_TESTS_UNIT_SERVER_WIRE_H_
#define TIMEBANK_TESTS_UNIT_SERVER_WIRE_H_

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>

namespace timebank {

// A channel that fails at once where nobody listens.
std::shared_ptr<grpc::Channel> ChannelTo(const std::string& address);

// Sends one message, receives at most one. Within 30 seconds.
struct WireAnswer {
  grpc::Status status;
  std::string message;
};
WireAnswer CallOnce(const std::shared_ptr<grpc::Channel>& channel, const std::string& method,
                    const std::string& request);

// "SERVING", "NOT_SERVING" or the status's message.
std::string HealthOf(const std::shared_ptr<grpc::Channel>& channel, const std::string& service = "");

// Whether the services are there.
bool HasReflection(const std::shared_ptr<grpc::Channel>& channel);
bool HasChannelz(const std::shared_ptr<grpc::Channel>& channel);

}  // namespace timebank

#endif  // TIMEBANK_TESTS_UNIT_SERVER_WIRE_H_
