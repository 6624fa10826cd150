// A port of this machine that somebody listens on.
#ifndef TIMEBANK_TESTS_SUPPORT_LOOPBACK_H_
#define TIMEBANK_TESTS_SUPPORT_LOOPBACK_H_

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "gtest/gtest.h"

namespace timebank {

// A listening socket, the caller's to close; `address` becomes where.
inline int ListenOnLoopback(sockaddr_in* address) {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  *address = {};
  address->sin_family = AF_INET;
  address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(*address);
  EXPECT_EQ(bind(listener, reinterpret_cast<sockaddr*>(address), size), 0);
  EXPECT_EQ(listen(listener, 1), 0);
  EXPECT_EQ(getsockname(listener, reinterpret_cast<sockaddr*>(address), &size), 0);
  return listener;
}

}  // namespace timebank

#endif  // TIMEBANK_TESTS_SUPPORT_LOOPBACK_H_
