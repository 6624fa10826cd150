#include "tests/bench/server_process.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <iostream>
#include <string_view>

#include "absl/status/status.h"

namespace timebank::bench {
namespace {

constexpr std::string_view kReady = " ready on ";

// Where the server is, as it says on `out`; empty: it has ended. Reads no further than that line.
std::string AwaitReady(int out) {
  std::string line;
  for (char byte = 0; read(out, &byte, 1) == 1;) {
    if (byte != '\n') {
      line += byte;
      continue;
    }
    if (const size_t at = line.find(kReady); at != std::string::npos) return line.substr(at + kReady.size());
    line.clear();
  }
  return "";
}

// What the child does; only calls that are allowed between fork and exec.
[[noreturn]] void BecomeServer(char* const* arguments, int out, int log) {
  prctl(PR_SET_PDEATHSIG, SIGTERM);  // it does not outlive whoever started it
  dup2(out, STDOUT_FILENO);
  dup2(log, STDERR_FILENO);
  execv(arguments[0], arguments);
  _exit(EXIT_FAILURE);
}

}  // namespace

absl::StatusOr<std::unique_ptr<ServerProcess>> ServerProcess::Start(const std::string& program,
                                                                    const std::vector<std::string>& flags) {
  std::unique_ptr<ServerProcess> server(new ServerProcess());
  std::vector<std::string> words = {program, "--data", server->folder_.path() + "/data", "--listen",
                                    "127.0.0.1:0"};
  words.insert(words.end(), flags.begin(), flags.end());
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);

  const std::string log_path = server->folder_.path() + "/log";
  const int log = open(log_path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  int out[2];
  if (log == -1 || pipe2(out, O_CLOEXEC) != 0) return absl::UnavailableError("no file or pipe to be had");
  server->process_ = fork();
  if (server->process_ == 0) BecomeServer(arguments.data(), out[1], log);
  close(log);
  close(out[1]);
  if (server->process_ != -1) server->address_ = AwaitReady(out[0]);
  close(out[0]);
  if (server->address_.empty()) {
    std::cerr << std::ifstream(log_path).rdbuf();
    return absl::UnavailableError(program + " did not come up");
  }
  return server;
}

ServerProcess::~ServerProcess() {
  if (process_ == -1) return;
  kill(process_, SIGTERM);
  waitpid(process_, nullptr, 0);
}

}  // namespace timebank::bench
