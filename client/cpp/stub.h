// The lowest layer: one try of one call, on the wire.
//
// A stub does what it is told with the context it is given and never tries again. Decorators wrap one
// another: LoggingStub over MetadataStub over GrpcStub is what MakeStub() builds. All unary RPCs go through
// one function, so that a decorator is two functions long and not thirty-five.
//
// Threads: any, at the same time.
#ifndef TIMEBANK_CLIENT_CPP_STUB_H_
#define TIMEBANK_CLIENT_CPP_STUB_H_

#include <memory>

#include "absl/status/status.h"
#include "client/cpp/options.h"
#include "client/cpp/rpcs.h"

namespace google::protobuf {
class Message;
}  // namespace google::protobuf
namespace grpc {
class ClientContext;
}  // namespace grpc
namespace timebank::v1 {
class WatchLedgerRequest;
class WatchLedgerResponse;
}  // namespace timebank::v1

namespace timebank::client {

// An open stream of WatchLedger. One thread at a time, but for the context's TryCancel(), which any thread
// may call.
class WatchStream {
 public:
  virtual ~WatchStream() = default;
  // Waits for the next message. False: there is none and there will be none.
  virtual bool Read(v1::WatchLedgerResponse& response) = 0;
  // How the stream ended. Once, after Read() has returned false or the context was cancelled.
  virtual absl::Status Finish() = 0;
};

class Stub {
 public:
  virtual ~Stub() = default;
  // `request` and `response` are the RPC's own types. Errors carry their details (client/cpp/error.h).
  virtual absl::Status Call(const RpcInfo& rpc, grpc::ClientContext& context,
                            const google::protobuf::Message& request,
                            google::protobuf::Message& response) = 0;
  // Never null; an error shows in Finish(). `context` must outlive the stream.
  virtual std::unique_ptr<WatchStream> WatchLedger(grpc::ClientContext& context,
                                                   const v1::WatchLedgerRequest& request) = 0;
};

// The stub that MakeConnection(options) uses: gRPC, with the options' metadata and log.
std::shared_ptr<Stub> MakeStub(const Options& options);

}  // namespace timebank::client

#endif  // TIMEBANK_CLIENT_CPP_STUB_H_
