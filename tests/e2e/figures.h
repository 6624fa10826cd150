// What a real server tells Prometheus, and its log.
#ifndef TIMEBANK_TESTS_E2E_FIGURES_H_
#define TIMEBANK_TESTS_E2E_FIGURES_H_

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <optional>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/http.h"
#include "tests/support/server_process.h"

namespace timebank::e2e {

// Of a server that was started with `--metrics-listen 127.0.0.1:0`.
class Figures {
 public:
  explicit Figures(const ServerProcess& server) {
    const std::string log = server.Logged();
    const std::string before = R"("msg":"metrics","address":")";
    const size_t begin = log.find(before) + before.size();
    EXPECT_GE(begin, before.size()) << log;
    if (begin >= before.size()) address_ = log.substr(begin, log.find('"', begin) - begin);
  }

  const std::string& address() const { return address_; }
  std::string Text() const { return HttpGet(address_, "/metrics"); }

  // The value of `series`, written as in the text.
  std::optional<double> Value(const std::string& series) const {
    std::istringstream text(Text());
    for (std::string line; std::getline(text, line);) {
      if (line.rfind(series + " ", 0) == 0) return std::strtod(line.c_str() + series.size(), nullptr);
    }
    return std::nullopt;
  }
  bool Await(const std::string& series, double value) const {
    for (int i = 0; i < 200; ++i) {
      if (Value(series) == value) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return false;
  }

 private:
  std::string address_;
};

// The log's lines about calls.
inline std::vector<std::string> CallLines(const ServerProcess& server) {
  std::vector<std::string> lines;
  std::istringstream log(server.Logged());
  for (std::string line; std::getline(log, line);) {
    if (line.find(R"("msg":"call")") != std::string::npos) lines.push_back(line);
  }
  return lines;
}

}  // namespace timebank::e2e

#endif  // TIMEBANK_TESTS_E2E_FIGURES_H_
