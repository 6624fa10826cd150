#include "server/ops/listening.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <system_error>

#include "absl/strings/str_cat.h"

namespace timebank::ops {
namespace {

constexpr int kFirstFreePort = 1024;
constexpr std::string_view kUnix = "unix:";

// An address as the system takes it.
struct Name {
  sockaddr_storage bytes = {};
  socklen_t length = 0;  // 0: it is none
};

template <typename Address>
Name NameOf(const Address& address) {
  Name name;
  std::memcpy(&name.bytes, &address, sizeof(address));
  name.length = sizeof(address);
  return name;
}

Name NameOfUnix(std::string_view path) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) return {};
  std::memcpy(address.sun_path, path.data(), path.size());
  return NameOf(address);
}

Name NameOfHost(std::string host, int port) {
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  sockaddr_in v4 = {};
  v4.sin_family = AF_INET;
  v4.sin_port = htons(static_cast<uint16_t>(port));
  if (inet_pton(AF_INET, host.c_str(), &v4.sin_addr) == 1) return NameOf(v4);
  sockaddr_in6 v6 = {};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(static_cast<uint16_t>(port));
  if (inet_pton(AF_INET6, host.c_str(), &v6.sin6_addr) == 1) return NameOf(v6);
  return {};
}

// errno of what does not work; 0: all of it does. A unix socket is left behind.
int TryListening(const Name& name) {
  const int probe = socket(name.bytes.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (probe == -1) return errno;
  const int yes = 1;  // as servers do: connections of before that are ending do not count
  setsockopt(probe, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
  const bool listening =
      bind(probe, reinterpret_cast<const sockaddr*>(&name.bytes), name.length) == 0 && listen(probe, 1) == 0;
  const int error = listening ? 0 : errno;
  close(probe);
  return error;
}

std::string_view Meaning(int error, bool is_unix, int port) {
  if (error == EADDRINUSE) return "; most often another server is there";
  if (is_unix) return "";
  if (error == EADDRNOTAVAIL)
    return "; this machine does not have that address (ip address shows those it has)";
  if (error == EACCES && port < kFirstFreePort) {
    return "; ports below 1024 take a right that this server is not to have: take 7400, or put nginx in "
           "front";
  }
  return "";
}

int PortOf(const std::string& address) {
  const size_t colon = address.rfind(':');
  return colon == address.npos ? 0 : std::atoi(address.c_str() + colon + 1);
}

}  // namespace

bool IsTaken(const std::string& address) {
  const int port = PortOf(address);
  const Name name = NameOfHost(address.substr(0, address.rfind(':')), port);
  return port != 0 && name.length != 0 && TryListening(name) == EADDRINUSE;
}

std::string WhyNotListening(const std::string& address) {
  const bool is_unix = address.starts_with(kUnix);
  const std::string path = is_unix ? address.substr(kUnix.size()) : "";
  const int port = is_unix ? 0 : PortOf(address);
  const Name name = is_unix ? NameOfUnix(path) : NameOfHost(address.substr(0, address.rfind(':')), port);
  if (name.length == 0) return "this is no address";
  const int error = TryListening(name);
  if (error == 0) {
    if (is_unix) unlink(path.c_str());
    return "the system lets others listen there; the warning before says more";
  }
  return absl::StrCat(std::generic_category().message(error), std::string(Meaning(error, is_unix, port)));
}

}  // namespace timebank::ops
