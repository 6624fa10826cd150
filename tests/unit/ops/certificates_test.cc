#include "server/ops/certificates.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "absl/time/clock.h"

namespace timebank::ops {
namespace {

using testing::HasSubstr;

class CertificatesTest : public testing::Test {
 protected:
  CertificatesTest() {
    std::filesystem::remove_all(folder_);
    Make("");
  }
  ~CertificatesTest() override { std::filesystem::remove_all(folder_); }

  void Make(const std::string& more) {
    const std::string command = std::string(TIMEBANK_DEV_CERTS) + " " + folder_ + " " + more + " >/dev/null";
    ASSERT_EQ(std::system(command.c_str()), 0);
  }
  std::string Path(const std::string& name) const { return folder_ + "/" + name; }
  CertificateFiles Files() const { return {Path("server.crt"), Path("server.key"), Path("ca.crt")}; }
  std::string Text(const std::string& name) const {
    std::ifstream file(Path(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }
  void Write(const std::string& name, const std::string& text) const {
    std::ofstream(Path(name), std::ios::binary) << text;
  }
  std::string WhyNot() const { return std::string(ReadCertificates(Files()).status().message()); }

  const std::string folder_ =
      testing::TempDir() + "/" + testing::UnitTest::GetInstance()->current_test_info()->name();
};

// Goal: what can be shown to clients is read whole; what cannot is told with its file and why.
TEST_F(CertificatesTest, ReadsWhatBelongsTogether) {
  const absl::StatusOr<Certificates> read = ReadCertificates(Files());
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->certificate, Text("server.crt"));
  EXPECT_GT(read->expiry, absl::Now() + absl::Hours(24 * 364));
  EXPECT_LT(read->expiry, absl::Now() + absl::Hours(24 * 366));
  EXPECT_GT(read->client_ca_expiry.value(), absl::Now() + absl::Hours(24 * 3640));
  EXPECT_FALSE(ReadCertificates({Path("server.crt"), Path("server.key"), ""})->client_ca_expiry.has_value());

  const std::string certificate = Text("server.crt");
  Write("server.crt", certificate.substr(0, certificate.size() / 2));
  EXPECT_THAT(WhyNot(), HasSubstr("server.crt: is not a PEM file of certificates, or not whole"));
  Write("server.crt", "");
  EXPECT_THAT(WhyNot(), HasSubstr("server.crt: has no certificate"));
  Write("server.crt", certificate + certificate);
  EXPECT_EQ(WhyNot(), "") << "a chain";
  Write("server.key", certificate);
  EXPECT_THAT(WhyNot(), HasSubstr("server.key: has no private key"));
  Write("server.key", Text("ca.key"));
  EXPECT_THAT(WhyNot(), HasSubstr("server.key: is not the key of "));
  std::filesystem::remove(Path("server.key"));
  EXPECT_THAT(WhyNot(), HasSubstr("server.key: No such file"));
}

// Goal: a new pair is taken over when both files are there; until then the old one stays, and that is told
// once.
TEST_F(CertificatesTest, TakesOverWholePairsOnly) {
  std::vector<std::string> told;
  const auto tell = [&told](const absl::StatusOr<CertificateWatcher::Taken>& taken) {
    told.push_back(taken.ok() ? "taken" : std::string(taken.status().message()));
  };
  const auto watcher = CertificateWatcher::Open(Files(), absl::Hours(1), tell);
  ASSERT_TRUE(watcher.ok()) << watcher.status();
  const auto first = (*watcher)->Latest();
  (*watcher)->Look();
  EXPECT_EQ((*watcher)->Latest(), first) << "nothing is new";
  EXPECT_TRUE(told.empty());

  const std::string old_certificate = Text("server.crt");
  Make("--renew");
  const std::string new_certificate = Text("server.crt");
  Write("server.crt", old_certificate);
  (*watcher)->Look();
  (*watcher)->Look();
  EXPECT_EQ((*watcher)->Latest(), first);
  EXPECT_EQ((*watcher)->failed(), 2);
  EXPECT_THAT(told, testing::ElementsAre(HasSubstr("is not the key of")));

  Write("server.crt", new_certificate);
  (*watcher)->Look();
  EXPECT_EQ((*watcher)->Latest()->certificate, new_certificate);
  EXPECT_EQ((*watcher)->taken(), 1);
  EXPECT_EQ(told.back(), "taken");
}

// Goal: that clients refuse the certificate for its days is told with its file and the day: when it begins to
// be so, and again a day later; one that is replaced is told no more.
TEST_F(CertificatesTest, TellsDaysOnWhichItIsRefused) {
  const absl::StatusOr<Certificates> read = ReadCertificates(Files());
  ASSERT_TRUE(read.ok()) << read.status();
  const absl::Duration second = absl::Seconds(1);
  EXPECT_EQ(WhyNotAt(read->begin, *read, Files()), "");
  EXPECT_EQ(WhyNotAt(read->expiry - second, *read, Files()), "");
  EXPECT_EQ(WhyNotAt(read->begin - second, *read, Files()),
            Path("server.crt") + ": is not valid before " +
                absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", read->begin, absl::UTCTimeZone()));
  EXPECT_EQ(WhyNotAt(read->expiry, *read, Files()),
            Path("server.crt") + ": expired on " +
                absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", read->expiry, absl::UTCTimeZone()));

  std::vector<std::string> told;
  const auto watcher = CertificateWatcher::Open(Files(), absl::Hours(1), {},
                                                [&told](const std::string& why) { told.push_back(why); });
  ASSERT_TRUE(watcher.ok()) << watcher.status();
  (*watcher)->Look(read->expiry - second);
  EXPECT_THAT(told, testing::IsEmpty());
  (*watcher)->Look(read->expiry);
  (*watcher)->Look(read->expiry + absl::Hours(23));
  EXPECT_THAT(told, testing::ElementsAre(HasSubstr("expired on")));
  (*watcher)->Look(read->expiry + absl::Hours(24));
  EXPECT_EQ(told.size(), 2);
  (*watcher)->Look(read->begin - second);
  EXPECT_THAT(told.back(), HasSubstr("is not valid before"));
  Make("--renew");
  (*watcher)->Look();
  EXPECT_EQ(told.size(), 3);
}

// Goal: a new certificate is told with its names, and with those of the old one that it does not stand for.
TEST_F(CertificatesTest, TellsNamesAndThoseThatAreMissing) {
  const auto self_signed = [this](const std::string& names) {
    const std::string command =
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 "
        "-subj /CN=nobody -addext subjectAltName=" +
        names + " -keyout " + Path("server.key") + " -out " + Path("server.crt") + " 2>/dev/null";
    ASSERT_EQ(std::system(command.c_str()), 0);
  };
  self_signed("DNS:Bank.example.org,DNS:old.example.org,DNS:a.b.example.org,IP:10.0.0.7,IP:fe80::1");
  CertificateWatcher::Taken told;
  const auto tell = [&told](const absl::StatusOr<CertificateWatcher::Taken>& taken) { told = taken.value(); };
  const auto watcher = CertificateWatcher::Open(Files(), absl::Hours(1), tell);
  ASSERT_TRUE(watcher.ok()) << watcher.status();
  EXPECT_THAT((*watcher)->Latest()->names, testing::ElementsAre("bank.example.org", "old.example.org",
                                                                "a.b.example.org", "10.0.0.7", "fe80::1"));

  self_signed("DNS:*.example.org,IP:fe80::1");
  (*watcher)->Look();
  EXPECT_THAT(told.names, testing::ElementsAre("*.example.org", "fe80::1"));
  EXPECT_THAT(told.missing, testing::ElementsAre("a.b.example.org", "10.0.0.7"));
}

// Goal: the script asks nothing, leaves what is good alone and makes anew what is not.
TEST_F(CertificatesTest, MakingThemAgainChangesNothing) {
  const std::string before = Text("ca.crt") + Text("server.crt") + Text("server.key");
  Make("--client ana");
  EXPECT_EQ(Text("ca.crt") + Text("server.crt") + Text("server.key"), before);
  const std::string client = Text("ana.crt");
  EXPECT_NE(client, "");
  Make("--client ana --client ben");
  EXPECT_EQ(Text("ana.crt"), client);
  Write("server.key", Text("ana.key"));
  Make("");
  EXPECT_TRUE(ReadCertificates(Files()).ok());
  Make("--host bank.example.org");
  const std::string named = Text("server.crt");
  Make("--host bank.example.org");
  Make("");
  EXPECT_EQ(Text("server.crt"), named);
}

}  // namespace
}  // namespace timebank::ops
