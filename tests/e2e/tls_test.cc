// The wire, encrypted: who is let in, who is not, and certificates that are replaced while the server runs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "client/cpp/client.h"
#include "tests/e2e/certs.h"
#include "tests/support/live_bank.h"
#include "tests/support/server_process.h"
#include "tests/support/wire.h"

namespace timebank::e2e {
namespace {

using grpc::StatusCode;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class TlsTest : public testing::Test {
 protected:
  std::vector<std::string> MutualFlags() const {
    return certs_.Flags({"--tls-client-ca", certs_.Path("ca.crt")});
  }

  // One call over a connection of its own.
  static Outcome Try(const ServerProcess& server,
                     const std::shared_ptr<grpc::ChannelCredentials>& credentials) {
    return Wire(server.address(), credentials)
        .Call<v1::ListTimebanksResponse>(v1::ListTimebanksRequest(),
                                         {.metadata = {}, .deadline = std::chrono::milliseconds(5'000)});
  }

  // What the server shows to whoever connects, and how that is encrypted, in openssl's words.
  Ended Shown(const ServerProcess& server, const std::vector<std::string>& more = {}) const {
    std::vector<std::string> arguments = {
        "s_client", "-connect", server.address(),      "-alpn",
        "h2",       "-CAfile",  certs_.Path("ca.crt"), "-verify_return_error"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return RunToEnd("/usr/bin/openssl", arguments, std::chrono::seconds(20));
  }

  static bool AwaitLogged(const ServerProcess& server, const std::string& text) {
    for (int i = 0; i < 400; ++i) {
      if (server.Logged().find(text) != std::string::npos) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    return false;
  }

  const TempFolder folder_;
  Certs certs_{{"--client", "ana"}};
};

// Goal: over TLS everything works as without it; what is not TLS, is older than 1.2, or trusts somebody else
// gets nowhere, soon.
TEST_F(TlsTest, ServesThoseWhoTrustItsAuthority) {
  const auto server = ServerProcess::Start(folder_.path(), certs_.Flags());
  ASSERT_NE(server, nullptr);
  const Wire wire(server->address(), Credentials(certs_.Anybody()));
  LiveBank bank(wire, "encrypted", {"ana", "ben"});
  bank.Record("ben", "ana", kHour);
  EXPECT_EQ(bank.SecondsOf("ben"), kHour);

  const Certs others;
  const Outcome stranger = Try(*server, Credentials({.ca = others.Path("ca.crt")}));
  EXPECT_EQ(stranger.code, StatusCode::UNAVAILABLE) << stranger;
  const Outcome plain = Try(*server, grpc::InsecureChannelCredentials());
  EXPECT_EQ(plain.code, StatusCode::UNAVAILABLE) << plain;

  EXPECT_EQ(Shown(*server, {"-tls1_2"}).code, 0);
  EXPECT_EQ(Shown(*server, {"-tls1_3"}).code, 0);
  EXPECT_NE(Shown(*server, {"-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"}).code, 0);
  const std::string look = std::filesystem::path(TIMEBANK_DEV_CERTS).parent_path() / "timebank-certificate";
  // What an administrator looks with; it speaks no HTTP/2, and the server may end that before it has all been
  // said.
  for (int i = 0; i < 5; ++i) {
    const Ended looked = RunToEnd(look, {server->address()});
    EXPECT_EQ(looked.code, 0) << looked.err;
    EXPECT_THAT(looked.out, HasSubstr("The certificate that " + server->address() + " shows holds until "));
  }
  EXPECT_EQ(server->Stop(), 0) << server->Logged();
}

// Goal: where client certificates are asked for, nobody comes in without one of the right authority.
TEST_F(TlsTest, AsksForClientCertificates) {
  const auto server = ServerProcess::Start(folder_.path(), MutualFlags());
  ASSERT_NE(server, nullptr);
  EXPECT_TRUE(Try(*server, Credentials(certs_.Client(certs_, "ana"))).ok());
  const Outcome without = Try(*server, Credentials(certs_.Anybody()));
  EXPECT_EQ(without.code, StatusCode::UNAVAILABLE) << without;
  const Certs others({"--client", "ana"});
  const Outcome stranger = Try(*server, Credentials(certs_.Client(others, "ana")));
  EXPECT_EQ(stranger.code, StatusCode::UNAVAILABLE) << stranger;
  // The operator's socket is a matter of the file system.
  EXPECT_TRUE(
      Wire(server->OperatorAddress()).Call<v1::ListTimebanksResponse>(v1::ListTimebanksRequest()).ok());
}

// Goal: a certificate is replaced while calls run on old and new connections, and none fails: not in the
// moment either when the key is the new one and the certificate still the old one.
TEST_F(TlsTest, ReplacesItsCertificateUnderLoad) {
  const auto server = ServerProcess::Start(folder_.path(), MutualFlags());
  ASSERT_NE(server, nullptr);
  const std::string old_certificate = certs_.Text("server.crt");
  EXPECT_THAT(Shown(*server, {"-cert", certs_.Path("ana.crt"), "-key", certs_.Path("ana.key")}).out,
              HasSubstr(old_certificate));
  std::atomic<bool> over = false;
  std::atomic<int64_t> calls = 0;
  std::vector<std::thread> callers;
  {
    LiveBank bank(Wire(server->address(), Credentials(certs_.Client(certs_, "ana"))), "replaced",
                  {"ana", "ben"});
    for (int i = 0; i < 3; ++i) {
      callers.emplace_back([&, fresh = i > 0, request = bank.Helped("ben", "ana", 1)]() mutable {
        request.clear_request_id();
        auto wire = std::make_unique<Wire>(server->address(), Credentials(certs_.Client(certs_, "ana")));
        while (!over) {
          if (fresh)
            wire = std::make_unique<Wire>(server->address(), Credentials(certs_.Client(certs_, "ana")));
          const auto recorded = wire->Call<v1::RecordExchangeResponse>(request);
          EXPECT_TRUE(recorded.ok()) << recorded;
          ++calls;
        }
      });
    }
  }
  // Made elsewhere, then one file after the other.
  const TempFolder fresh;
  for (const char* name : {"ca.crt", "ca.key"}) std::filesystem::copy(certs_.Path(name), fresh.path());
  EXPECT_EQ(RunToEnd(TIMEBANK_DEV_CERTS, {fresh.path()}).code, 0);
  std::filesystem::rename(fresh.path() + "/server.key", certs_.Path("server.key"));
  EXPECT_TRUE(AwaitLogged(*server, "is not the key of")) << server->Logged();
  const int64_t before = calls;
  while (calls < before + 100) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  std::filesystem::rename(fresh.path() + "/server.crt", certs_.Path("server.crt"));
  EXPECT_TRUE(AwaitLogged(*server, "certificate replaced")) << server->Logged();
  const int64_t then = calls;
  while (calls < then + 100) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  over = true;
  for (std::thread& caller : callers) caller.join();
  EXPECT_THAT(Shown(*server, {"-cert", certs_.Path("ana.crt"), "-key", certs_.Path("ana.key")}).out,
              AllOf(HasSubstr(certs_.Text("server.crt")), Not(HasSubstr(old_certificate))));
  EXPECT_EQ(server->Stop(), 0) << server->Logged();
}

// Goal: a key that others on the machine can read is told of; the server runs, for it ran with it before.
TEST_F(TlsTest, WarnsOfAKeyThatEverybodyCanUse) {
  constexpr std::string_view kWarning = "everybody on this machine can use the key";
  {
    const auto server = ServerProcess::Start(folder_.path(), MutualFlags());
    ASSERT_NE(server, nullptr);
    EXPECT_EQ(server->Stop(), 0);
    EXPECT_THAT(server->Logged(), Not(HasSubstr(kWarning)));
  }
  std::filesystem::permissions(certs_.Path("server.key"), std::filesystem::perms::others_read,
                               std::filesystem::perm_options::add);
  const auto server = ServerProcess::Start(folder_.path(), MutualFlags());
  ASSERT_NE(server, nullptr);
  EXPECT_EQ(server->Stop(), 0);
  EXPECT_THAT(server->Logged(), AllOf(HasSubstr(kWarning), HasSubstr(certs_.Path("server.key"))));
}

// Goal: what cannot be served safely or at all is a wrong configuration, and says why.
TEST_F(TlsTest, RefusesToStartWithoutWhatItTakes) {
  const std::string data = folder_.path() + "/data";
  struct Case {
    std::vector<std::string> flags;
    std::string says;
  };
  for (const Case& one : std::vector<Case>{
           {{"--listen", "0.0.0.0:0"}, "other machines could reach 0.0.0.0:0"},
           {{"--listen", "[::]:0"}, "--tls-cert"},
           {certs_.Flags({"--listen", "[::]:0"}), "--access keys"},
           {certs_.Flags({"--listen", "0.0.0.0:0", "--access", "open"}), "--tls-client-ca"},
           {{"--tls-cert", certs_.Path("server.crt")}, "takes its key"},
           {{"--tls-key", certs_.Path("server.key")}, "takes its certificate"},
           {{"--tls-client-ca", certs_.Path("ca.crt")}, "over TLS only"},
           {{"--tls-cert", certs_.Path("server.crt"), "--tls-key", certs_.Path("ana.key")},
            "is not the key of"},
           {{"--tls-cert", data + "/none", "--tls-key", certs_.Path("ana.key")}, "No such file"},
       }) {
    std::vector<std::string> flags = {"--data", data};
    flags.insert(flags.end(), one.flags.begin(), one.flags.end());
    const Ended ended = RunToEnd(ServerProgram(), flags);
    EXPECT_EQ(ended.code, 2) << one.says << ended.err;
    EXPECT_THAT(ended.err, HasSubstr(one.says));
    EXPECT_EQ(ended.out, "");
  }
  const std::string pepper = folder_.path() + "/pepper";
  std::ofstream(pepper) << std::string(64, 'a') << "\n";
  std::filesystem::permissions(pepper, std::filesystem::perms(0600));
  for (const std::vector<std::string>& enough :
       {std::vector<std::string>{"--access", "keys", "--pepper", pepper},
        {"--tls-client-ca", certs_.Path("ca.crt")}}) {
    std::vector<std::string> flags = certs_.Flags(enough);
    flags.insert(flags.end(), {"--data", data, "--listen", "0.0.0.0:0", "--check-config"});
    const Ended checked = RunToEnd(ServerProgram(), flags);
    EXPECT_EQ(checked.code, 0) << checked.err;
  }
  EXPECT_FALSE(std::filesystem::exists(data)) << "nothing was begun";
}

// Goal: with a certificate that has expired, or is not valid yet, a check says no with its file and the day,
// a start goes on and says so as an error; so does the moment in which it takes one over.
TEST_F(TlsTest, TellsACertificateThatClientsRefuse) {
  const auto make = [this](const std::string& begin, const std::string& end) {
    certs_.MakeFor("server", "late", begin, end, /*self_signed=*/true);
  };
  const auto check = [this] {
    std::vector<std::string> flags = certs_.Flags({"--check-config"});
    flags.insert(flags.end(), {"--data", folder_.path() + "/data"});
    return RunToEnd(ServerProgram(), flags);
  };
  const std::string file = certs_.Path("server.crt");
  EXPECT_EQ(check().code, 0);
  make("29990101000000Z", "29991231235959Z");
  Ended checked = check();
  EXPECT_EQ(checked.code, 7);
  EXPECT_THAT(checked.err, HasSubstr("TLS: " + file + ": is not valid before 2999-01-01T00:00:00Z"));
  make("20200101000000Z", "20210101000000Z");
  checked = check();
  EXPECT_EQ(checked.code, 7) << "a start goes on";
  EXPECT_EQ(checked.out, "");
  EXPECT_THAT(checked.err, HasSubstr("TLS: " + file + ": expired on 2021-01-01T00:00:00Z"));

  const std::string error = R"("level":"error","msg":"clients refuse the certificate)";
  const auto server = ServerProcess::Start(folder_.path(), certs_.Flags());
  ASSERT_NE(server, nullptr);
  EXPECT_THAT(server->Logged(),
              AllOf(HasSubstr(error), HasSubstr(file + ": expired on 2021-01-01T00:00:00Z")));
  make("29990101000000Z", "29991231235959Z");
  EXPECT_TRUE(AwaitLogged(*server, file + ": is not valid before 2999-01-01T00:00:00Z")) << server->Logged();
  EXPECT_EQ(server->Stop(), 0) << server->Logged();
}

// Goal: the command line goes the same ways, and says what to do where it does not get through.
TEST_F(TlsTest, TheCommandLineSpeaksTls) {
  const auto server = ServerProcess::Start(folder_.path(), MutualFlags());
  ASSERT_NE(server, nullptr);
  const auto run = [&](std::vector<std::string> more) {
    std::vector<std::string> arguments = {"--server", server->address(), "--deadline", "3", "bank", "list"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return RunToEnd(TIMEBANK_PROGRAM, arguments);
  };
  const std::string ca = certs_.Path("ca.crt");
  const Ended good =
      run({"--ca", ca, "--cert", certs_.Path("ana.crt"), "--cert-key", certs_.Path("ana.key")});
  EXPECT_EQ(good.code, 0) << good.err;
  const Ended plain = run({});
  EXPECT_EQ(plain.code, 4);
  EXPECT_THAT(plain.err, HasSubstr("--ca"));
  const Ended without = run({"--ca", ca});
  EXPECT_EQ(without.code, 4);
  EXPECT_THAT(without.err, HasSubstr("--cert"));
  const Ended half = run({"--ca", ca, "--cert", certs_.Path("ana.crt")});
  EXPECT_EQ(half.code, 2);
  EXPECT_THAT(half.err, HasSubstr("key"));
  const Ended mixed =
      run({"--ca", ca, "--cert", certs_.Path("ana.crt"), "--cert-key", certs_.Path("ca.key")});
  EXPECT_EQ(mixed.code, 2);
  EXPECT_THAT(mixed.err, HasSubstr("is the key of another certificate"));
  EXPECT_EQ(run({"--ca", ca, "--plaintext"}).code, 2);
  EXPECT_EQ(run({"--ca", certs_.Path("ca.key")}).code, 2);
}

}  // namespace
}  // namespace timebank::e2e
