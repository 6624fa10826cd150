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
  // A certificate for `subject` in `name`.crt, for the key in `name`.key, which is made where it is missing.
  // `begin` and `end` as openssl takes them, `20200101000000Z`. Signed by this authority or, `self_signed`,
  // by itself.
  void MakeFor(const std::string& name, const std::string& subject, const std::string& begin,
               const std::string& end, bool self_signed) {
    const TempFolder work;
    std::ofstream(work.path() + "/index");
    std::ofstream(work.path() + "/ca")
        << "[ca]\ndefault_ca = d\n[d]\ndatabase = " << work.path()
        << "/index\nnew_certs_dir = " << work.path()
        << "\nrand_serial = yes\ndefault_md = sha256\npolicy = p\ncopy_extensions = copy\n"
           "[p]\ncommonName = supplied\n";
    const std::string key = Path(name + ".key");
    const std::string request = work.path() + "/request";
    const auto must = [](const std::vector<std::string>& words) {
      const Ended ended = RunToEnd("/usr/bin/openssl", words);
      EXPECT_EQ(ended.code, 0) << ended.err;
    };
    if (!std::ifstream(key))
      must({"genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", key});
    must({"req", "-new", "-key", key, "-subj", "/CN=" + subject, "-addext", "subjectAltName=DNS:" + subject,
          "-out", request});
    std::vector<std::string> sign = {
        "ca",      "-batch",     "-config", work.path() + "/ca", "-in", request, "-out", Path(name + ".crt"),
        "-notext", "-startdate", begin,     "-enddate",          end};
    if (self_signed) {
      sign.insert(sign.end(), {"-selfsign", "-keyfile", key});
    } else {
      sign.insert(sign.end(), {"-cert", Path("ca.crt"), "-keyfile", Path("ca.key")});
    }
    must(sign);
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
