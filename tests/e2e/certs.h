// Certificates as developers make them (deploy/dev-certs).
#ifndef TIMEBANK_TESTS_E2E_CERTS_H_
#define TIMEBANK_TESTS_E2E_CERTS_H_

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "client/cpp/credentials.h"
#include "tests/support/server_process.h"

namespace timebank::e2e {

class Certs {
 public:
  explicit Certs(const std::vector<std::string>& more = {}) { Make(more); }

  void Make(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), folder_.path());
    const Ended made = RunToEnd(TIMEBANK_DEV_CERTS, arguments);
    EXPECT_EQ(made.code, 0) << made.out << made.err;
  }
  std::string Path(const std::string& name) const { return folder_.path() + "/" + name; }
  std::string Text(const std::string& name) const {
    std::ifstream file(Path(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }

  // What a server is told to serve them.
  std::vector<std::string> Flags(const std::vector<std::string>& more = {}) const {
    std::vector<std::string> flags = {"--tls-cert",       Path("server.crt"),     "--tls-key",
                                      Path("server.key"), "--tls-reload-seconds", "1"};
    flags.insert(flags.end(), more.begin(), more.end());
    return flags;
  }
  client::TlsFiles Anybody() const { return {.ca = Path("ca.crt")}; }
  // Trusts this authority, and shows the certificate `name` of `other`.
  client::TlsFiles Client(const Certs& other, const std::string& name) const {
    return {Path("ca.crt"), other.Path(name + ".crt"), other.Path(name + ".key")};
  }

 private:
  const TempFolder folder_;
};

inline std::shared_ptr<grpc::ChannelCredentials> Credentials(const client::TlsFiles& files) {
  auto credentials = client::TlsCredentials(files);
  EXPECT_TRUE(credentials.ok()) << credentials.status();
  return credentials.ok() ? *credentials : nullptr;
}

}  // namespace timebank::e2e

#endif  // TIMEBANK_TESTS_E2E_CERTS_H_
