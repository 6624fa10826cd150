// The real server as a child process: started on a free port and a folder of its own, stopped, killed,
// started again on what it left behind.
//
// Nothing here waits for ever, and nothing is left behind: a child dies with the *thread* that started it, so
// start it on a thread that lives as long as it is needed (the test's main one). Threads: one.
#ifndef TIMEBANK_TESTS_SUPPORT_SERVER_PROCESS_H_
#define TIMEBANK_TESTS_SUPPORT_SERVER_PROCESS_H_

#include <sys/types.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace timebank::e2e {

// A folder below the system's temporary one, with a path short enough for a unix socket; removed with this.
class TempFolder {
 public:
  TempFolder();
  ~TempFolder();
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// How a process ended and what it said.
struct Ended {
  int code = 0;  // exit code; minus the signal's number where a signal ended it
  std::string out;
  std::string err;
};

// Runs a program to its end; kills it after `limit` (code -9). Its environment has no TIMEBANK_ variables.
Ended RunToEnd(const std::string& program, const std::vector<std::string>& arguments,
               std::chrono::seconds limit = std::chrono::seconds(60));

// The server's program.
std::string ServerProgram();

class ServerProcess {
 public:
  // Serves `folder`/data on a free port of the loopback, with `flags` besides. What it logs goes to the end
  // of `folder`/timebankd.log. It need not be ready yet.
  static std::unique_ptr<ServerProcess> Launch(const std::string& folder,
                                               const std::vector<std::string>& flags = {});
  // As above, and waits until it is ready; a test failure with what it said, and null, where it is not.
  static std::unique_ptr<ServerProcess> Start(const std::string& folder,
                                              const std::vector<std::string>& flags = {});
  ~ServerProcess();  // Kill()
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  // Whether it said that it is ready; false as well where it ended instead, or said something else.
  bool AwaitReady(std::chrono::seconds limit = std::chrono::seconds(60));

  // `127.0.0.1:41234`; empty until it is ready.
  const std::string& address() const { return address_; }
  std::string OperatorAddress() const { return "unix:" + folder_ + "/data/operator.sock"; }
  pid_t pid() const { return pid_; }

  // SIGKILL, and waits for the end. Nothing where it has ended.
  void Kill();
  // SIGTERM without waiting.
  void AskToStop();
  // SIGTERM where that has not been said; its exit code, as Ended::code. Killed, and -9, after `limit`.
  int Stop(std::chrono::seconds limit = std::chrono::seconds(60));
  // Waits for it to end by itself, as Stop().
  int AwaitEnd(std::chrono::seconds limit = std::chrono::seconds(60));

  // All that it has logged, its earlier lives in the same folder included.
  std::string Logged() const;

 private:
  ServerProcess(std::string folder, pid_t pid, int out) : folder_(std::move(folder)), pid_(pid), out_(out) {}

  const std::string folder_;
  const pid_t pid_;
  const int out_;  // its standard output
  std::string said_;
  std::string address_;
  bool asked_to_stop_ = false;
  std::optional<int> ended_;
};

}  // namespace timebank::e2e

#endif  // TIMEBANK_TESTS_SUPPORT_SERVER_PROCESS_H_
