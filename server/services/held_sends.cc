#include "server/services/held_sends.h"

#include <dlfcn.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>

namespace timebank::services {
namespace {

// Connections that one thread holds at a time; what goes to others is sent at once.
constexpr size_t kMostConnections = 64;

struct Held {
  int depth = 0;  // of instances within each other
  size_t count = 0;
  std::array<int, kMostConnections> sockets = {};

  bool Holds(int socket) {
    if (depth == 0) return false;
    if (std::find(sockets.begin(), sockets.begin() + count, socket) != sockets.begin() + count) return true;
    if (count == kMostConnections) return false;
    sockets[count++] = socket;
    return true;
  }

  // A socket that was closed meanwhile sends nothing more; another one that has its number by now is told to
  // send what it has, which it does anyway.
  void SendOff() {
    const int yes = 1;
    const int before = errno;
    for (size_t i = 0; i < count; ++i) {
      static_cast<void>(setsockopt(sockets[i], IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes)));
    }
    errno = before;
    count = 0;
  }
};

thread_local Held held_here;

using Sendmsg = ssize_t (*)(int, const msghdr*, int);

// The C library's, or a sanitizer's; null in a program that has it built in. Not the thread sanitizer's: it
// would take what gRPC sends for read by us, out of memory of which it does not see how it came here.
Sendmsg NextSendmsg() {
#ifdef __SANITIZE_THREAD__
  return nullptr;
#endif
  static const auto next = reinterpret_cast<Sendmsg>(dlsym(RTLD_NEXT, "sendmsg"));
  return next;
}

}  // namespace

HeldSends::HeldSends() { ++held_here.depth; }

HeldSends::~HeldSends() {
  if (--held_here.depth == 0) held_here.SendOff();
}

}  // namespace timebank::services

// In the program's own symbols, which the loader asks before the C library's: gRPC's calls come here.
extern "C" ssize_t sendmsg(int socket, const msghdr* message, int flags) {
  if (timebank::services::held_here.Holds(socket)) flags |= MSG_MORE;
  const timebank::services::Sendmsg next = timebank::services::NextSendmsg();
  if (next == nullptr) return syscall(SYS_sendmsg, socket, message, flags);
  return next(socket, message, flags);
}
