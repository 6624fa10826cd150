// The stub that reaches the wire: the four generated gRPC stubs behind one interface, errors decoded.
#ifndef TIMEBANK_CLIENT_CPP_GRPC_STUB_H_
#define TIMEBANK_CLIENT_CPP_GRPC_STUB_H_

#include <memory>

#include "client/cpp/stub.h"

namespace grpc {
class Channel;
}  // namespace grpc

namespace timebank::client {

std::shared_ptr<Stub> MakeGrpcStub(const std::shared_ptr<grpc::Channel>& channel);

}  // namespace timebank::client

#endif  // TIMEBANK_CLIENT_CPP_GRPC_STUB_H_
