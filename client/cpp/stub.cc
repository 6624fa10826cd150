#include "client/cpp/stub.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>

#include <utility>

#include "client/cpp/credentials.h"
#include "client/cpp/defaults.h"
#include "client/cpp/grpc_stub.h"
#include "client/cpp/logging_stub.h"
#include "client/cpp/metadata_stub.h"

namespace timebank::client {
namespace {

// A whole batch answered with `full` is some megabytes, more than gRPC's limit of 4.
constexpr int kMaxReplyBytes = 64 * 1024 * 1024;
// Heartbeats come at most 60 s apart, so that only a peer that has vanished is pinged.
constexpr int kKeepaliveTimeMs = 75'000;
constexpr int kKeepaliveTimeoutMs = 20'000;
// As often as we try, and not after gRPC's own second and more, lest our tries fail unsent.
constexpr int kFirstReconnectMs = 100;
constexpr int kLastReconnectMs = 1'000;

grpc::ChannelArguments Arguments() {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kMaxReplyBytes);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveTimeMs);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMs);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, kFirstReconnectMs);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kLastReconnectMs);
  // Our loop retries, with the ledger's rules; two loops would multiply.
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  return arguments;
}

}  // namespace

std::shared_ptr<Stub> MakeStub(const Options& options) {
  auto credentials = options.credentials;
  if (credentials == nullptr) {
    const bool plaintext = options.plaintext || IsOnThisMachine(options.target);
    credentials = plaintext ? grpc::InsecureChannelCredentials() : grpc::SslCredentials({});
  }
  std::shared_ptr<Stub> stub =
      MakeGrpcStub(grpc::CreateCustomChannel(options.target, credentials, Arguments()));
  stub = MakeMetadataStub(std::move(stub),
                          {{"authorization", options.key.empty() ? "" : "Bearer " + options.key},
                           {"timebank-caller", options.caller},
                           {"timebank-member", options.member},
                           {"timebank-role", options.role}});
  if (options.log) stub = MakeLoggingStub(std::move(stub), options.log, WithDefaults(options).now);
  return stub;
}

}  // namespace timebank::client
