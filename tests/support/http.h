// One GET, as a monitoring program makes it.
#ifndef TIMEBANK_TESTS_SUPPORT_HTTP_H_
#define TIMEBANK_TESTS_SUPPORT_HTTP_H_

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>

namespace timebank::e2e {

// The whole answer, its head included; empty where nobody answers. `address`: 127.0.0.1:PORT.
inline std::string HttpGet(const std::string& address, const std::string& path) {
  sockaddr_in to = {};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<uint16_t>(std::stoi(address.substr(address.find(':') + 1))));
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int file = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  std::string answer;
  if (connect(file, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0) {
    const std::string request =
        "GET " + path + " HTTP/1.1\r\nHost: " + address + "\r\nConnection: close\r\n\r\n";
    static_cast<void>(!write(file, request.data(), request.size()));
    char bytes[4096];
    for (ssize_t count = 0; (count = read(file, bytes, sizeof bytes)) > 0;) {
      answer.append(bytes, static_cast<size_t>(count));
    }
  }
  close(file);
  return answer;
}

}  // namespace timebank::e2e

#endif  // TIMEBANK_TESTS_SUPPORT_HTTP_H_
