// Stands in for systemd: the socket that services say things to.
//
// Threads: one.
#ifndef TIMEBANK_TESTS_SUPPORT_NOTIFY_SOCKET_H_
#define TIMEBANK_TESTS_SUPPORT_NOTIFY_SOCKET_H_

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <cstring>
#include <string>
#include <utility>

namespace timebank {

class NotifySocket {
 public:
  // A path, or @ and a name.
  explicit NotifySocket(std::string path)
      : path_(std::move(path)), socket_(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    unlink(path_.c_str());
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path_.data(), path_.size());
    if (path_.front() == '@') address.sun_path[0] = '\0';
    bound_ = bind(socket_, reinterpret_cast<const sockaddr*>(&address),
                  static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path_.size())) == 0;
  }
  ~NotifySocket() {
    close(socket_);
    unlink(path_.c_str());
  }
  NotifySocket(const NotifySocket&) = delete;
  NotifySocket& operator=(const NotifySocket&) = delete;

  const std::string& path() const { return path_; }

  // What is said next; "" where nothing is for `limit`.
  std::string Next(std::chrono::milliseconds limit = std::chrono::seconds(30)) const {
    pollfd waiting = {.fd = socket_, .events = POLLIN, .revents = 0};
    if (!bound_ || poll(&waiting, 1, static_cast<int>(limit.count())) <= 0) return "";
    char bytes[1024];
    const ssize_t count = recv(socket_, bytes, sizeof bytes, 0);
    return count <= 0 ? "" : std::string(bytes, static_cast<size_t>(count));
  }

  // Passes over what is said until it is `text`. false: it is not, or nothing is said any more.
  bool Await(const std::string& text) const {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    for (std::string said = Next(); !said.empty() && std::chrono::steady_clock::now() < end; said = Next()) {
      if (said == text) return true;
    }
    return false;
  }

  // Passes over what has been said; how many that were.
  int Drain() const {
    int count = 0;
    while (!Next(std::chrono::milliseconds(0)).empty()) ++count;
    return count;
  }

 private:
  const std::string path_;
  const int socket_;
  bool bound_ = false;
};

}  // namespace timebank

#endif  // TIMEBANK_TESTS_SUPPORT_NOTIFY_SOCKET_H_
