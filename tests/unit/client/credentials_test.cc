#include "client/cpp/credentials.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>

namespace timebank::client {
namespace {

// Goal: only what cannot leave the machine counts as staying there.
TEST(CredentialsTest, KnowsWhatStaysOnThisMachine) {
  for (const char* target :
       {"localhost:7400", "localhost", "127.0.0.1:7400", "127.9.9.9", "[::1]:7400", "::1", "unix:/run/t.sock",
        "unix:///run/t.sock", "unix-abstract:t", "dns:///localhost:7400", "dns:localhost:7400",
        "ipv4:127.0.0.1:7400", "ipv6:[::1]:7400"}) {
    EXPECT_TRUE(IsOnThisMachine(target)) << target;
  }
  for (const char* target :
       {"bank.example.org:7400", "192.168.1.5:7400", "localhost.example.org:1", "0.0.0.0:1",
        "[2001:db8::1]:1", "dns:///bank.example.org", "dns://127.0.0.1/bank.example.org", "ipv4:10.0.0.1:1",
        "", "127.0.0.1.example.org:1", "[::1", "xds:///localhost"}) {
    EXPECT_FALSE(IsOnThisMachine(target)) << target;
  }
}

// Goal: files that cannot be used are told by name before anything is sent.
TEST(CredentialsTest, NamesTheFileThatIsWrong) {
  const std::string path = testing::TempDir() + "/no_certificate.pem";
  std::ofstream(path) << "hello\n";
  const auto why = [](const TlsFiles& files) {
    return std::string(TlsCredentials(files).status().message());
  };
  EXPECT_EQ(why({.ca = path}), path + ": is no PEM file with a certificate");
  EXPECT_EQ(why({.ca = "/nowhere/ca.crt"}), "/nowhere/ca.crt: No such file or directory");
  EXPECT_NE(why({.certificate = path}).find("both or neither"), std::string::npos);
  EXPECT_NE(why({.key = path}).find("both or neither"), std::string::npos);
  EXPECT_TRUE(TlsCredentials({}).ok()) << "whom the system trusts";
}

}  // namespace
}  // namespace timebank::client
