#include "server/ops/listening.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "tests/support/loopback.h"

namespace timebank::ops {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

// As somebody who is not root.
std::string WhyNotAsNobody(const std::string& address) {
  int ends[2];
  EXPECT_EQ(pipe(ends), 0);
  const pid_t child = fork();
  if (child == 0) {
    if (geteuid() == 0 && setuid(65534) != 0) _exit(1);
    const std::string text = WhyNotListening(address);
    _exit(write(ends[1], text.data(), text.size()) == static_cast<ssize_t>(text.size()) ? 0 : 1);
  }
  close(ends[1]);
  std::string text(1024, '\0');
  text.resize(static_cast<size_t>(read(ends[0], text.data(), text.size())));
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  return text;
}

// Goal: the system's reason is told, and another server guessed at only where one can be there.
TEST(ListeningTest, TellsTheSystemsReason) {
  sockaddr_in name = {};
  const int taken = ListenOnLoopback(&name);
  const std::string port = std::to_string(ntohs(name.sin_port));
  EXPECT_EQ(WhyNotListening("127.0.0.1:" + port),
            "Address already in use; most often another server is there");
  EXPECT_TRUE(IsTaken("127.0.0.1:" + port));
  close(taken);
  EXPECT_FALSE(IsTaken("127.0.0.1:" + port));
  EXPECT_FALSE(IsTaken("127.0.0.1:0"));
  EXPECT_FALSE(IsTaken("192.0.2.1:7400"));
  EXPECT_THAT(WhyNotListening("127.0.0.1:" + port), HasSubstr("lets others listen"));

  EXPECT_THAT(WhyNotListening("192.0.2.1:7400"),
              AllOf(HasSubstr("Cannot assign requested address"), Not(HasSubstr("another server"))));
  EXPECT_EQ(WhyNotListening("unix:" + testing::TempDir() + "/no/such/folder"), "No such file or directory");
  EXPECT_THAT(WhyNotListening("[::g]:1"), HasSubstr("no address"));
}

// Goal: a port that takes a right of its own is told as such.
TEST(ListeningTest, TellsPortsThatTakeARight) {
  const std::string why = WhyNotAsNobody("127.0.0.1:1");
  if (why.find("lets others listen") != why.npos) GTEST_SKIP() << "here every port is anybody's";
  EXPECT_THAT(why, AllOf(HasSubstr("Permission denied"), HasSubstr("below 1024"),
                         HasSubstr("take 7400, or put nginx in front"),
                         Not(HasSubstr("CAP_NET_BIND_SERVICE")), Not(HasSubstr("another server"))));
}

}  // namespace
}  // namespace timebank::ops
