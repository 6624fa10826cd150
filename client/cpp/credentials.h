// How a connection is encrypted.
//
// Threads: pure functions, apart from reading the files.
#ifndef TIMEBANK_CLIENT_CPP_CREDENTIALS_H_
#define TIMEBANK_CLIENT_CPP_CREDENTIALS_H_

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace grpc {
class ChannelCredentials;
}  // namespace grpc

namespace timebank::client {

// Paths of PEM files.
struct TlsFiles {
  std::string ca = {};           // who vouches for the server; empty: whom the system trusts
  std::string certificate = {};  // one's own, where the server asks for it; with `key`, or both empty
  std::string key = {};
};

// For Options::credentials: TLS 1.2 or newer. The files are read here, once. INVALID_ARGUMENT, naming the
// file: it cannot be read or is no such file; or a certificate without its key.
absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> TlsCredentials(const TlsFiles& files);

// Whether what is sent to `target` (as Options::target) stays on this machine: a loopback address,
// `localhost` or a unix socket.
bool IsOnThisMachine(std::string_view target);

}  // namespace timebank::client

#endif  // TIMEBANK_CLIENT_CPP_CREDENTIALS_H_
