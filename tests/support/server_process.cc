#include "tests/support/server_process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string_view>
#include <thread>
#include <utility>

namespace timebank::e2e {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::string_view kReady = "timebankd ready on ";
constexpr auto kPause = std::chrono::milliseconds(5);

// Pointers to `strings`, with the null at the end that exec wants.
std::vector<char*> Pointers(std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  for (std::string& string : strings) pointers.push_back(string.data());
  pointers.push_back(nullptr);
  return pointers;
}

std::vector<std::string> EnvironmentWithoutOurs() {
  std::vector<std::string> kept;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    if (!std::string_view(*variable).starts_with("TIMEBANK_")) kept.emplace_back(*variable);
  }
  return kept;
}

// Starts a program whose standard output and error go to the given files.
pid_t Spawn(const std::string& program, const std::vector<std::string>& arguments, int out, int err) {
  std::vector<std::string> words = {program};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<std::string> variables = EnvironmentWithoutOurs();
  std::vector<char*> argv = Pointers(words);
  std::vector<char*> environment = Pointers(variables);
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid != 0) return pid;
  // Between fork and exec of a process with threads only the plainest calls are safe.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(127);
  dup2(out, STDOUT_FILENO);
  dup2(err, STDERR_FILENO);
  const int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
  dup2(nothing, STDIN_FILENO);
  execve(program.c_str(), argv.data(), environment.data());
  _exit(127);
}

int CodeOf(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status); }

// The child's end, or nothing where it has not come by `deadline`.
std::optional<int> Await(pid_t pid, Clock::time_point deadline) {
  for (;;) {
    int status = 0;
    if (waitpid(pid, &status, WNOHANG) == pid) return CodeOf(status);
    if (Clock::now() >= deadline) return std::nullopt;
    std::this_thread::sleep_for(kPause);
  }
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

int OpenForWriting(const std::string& path, int more) {
  return open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | more, 0600);
}

}  // namespace

TempFolder::TempFolder() {
  path_ = (std::filesystem::temp_directory_path() / "timebank-XXXXXX").string();
  if (mkdtemp(path_.data()) == nullptr) {
    ADD_FAILURE() << "no temporary folder at " << path_ << ": " << std::strerror(errno);
  }
}

TempFolder::~TempFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string ServerProgram() { return TIMEBANKD_PROGRAM; }

Ended RunToEnd(const std::string& program, const std::vector<std::string>& arguments,
               std::chrono::seconds limit) {
  // Files, not pipes: whatever it says, it never waits for a reader.
  const TempFolder folder;
  const std::string out_path = folder.path() + "/out";
  const std::string err_path = folder.path() + "/err";
  const int out = OpenForWriting(out_path, 0);
  const int err = OpenForWriting(err_path, 0);
  const pid_t pid = Spawn(program, arguments, out, err);
  close(out);
  close(err);
  std::optional<int> code = Await(pid, Clock::now() + limit);
  if (!code) {
    kill(pid, SIGKILL);
    code = Await(pid, Clock::time_point::max());
  }
  return {*code, ReadFile(out_path), ReadFile(err_path)};
}

std::unique_ptr<ServerProcess> ServerProcess::Launch(const std::string& folder,
                                                     const std::vector<std::string>& flags) {
  std::vector<std::string> arguments = {"--data", folder + "/data", "--listen", "127.0.0.1:0"};
  arguments.insert(arguments.end(), flags.begin(), flags.end());
  int ends[2] = {-1, -1};
  if (pipe2(ends, O_CLOEXEC) != 0) ADD_FAILURE() << "no pipe: " << std::strerror(errno);
  const int log = OpenForWriting(folder + "/timebankd.log", O_APPEND);
  const pid_t pid = Spawn(ServerProgram(), arguments, ends[1], log);
  close(ends[1]);
  close(log);
  return std::unique_ptr<ServerProcess>(new ServerProcess(folder, pid, ends[0]));
}

std::unique_ptr<ServerProcess> ServerProcess::Start(const std::string& folder,
                                                    const std::vector<std::string>& flags) {
  std::unique_ptr<ServerProcess> server = Launch(folder, flags);
  if (server->AwaitReady()) return server;
  server->Kill();
  ADD_FAILURE() << "the server was not ready; it said \"" << server->said_ << "\" and logged\n"
                << server->Logged();
  return nullptr;
}

ServerProcess::~ServerProcess() {
  Kill();
  close(out_);
}

bool ServerProcess::AwaitReady(std::chrono::seconds limit) {
  const auto deadline = Clock::now() + limit;
  while (said_.find('\n') == std::string::npos) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    pollfd waiting = {.fd = out_, .events = POLLIN, .revents = 0};
    if (left <= 0 || poll(&waiting, 1, static_cast<int>(left)) <= 0) return false;
    char bytes[256];
    const ssize_t count = read(out_, bytes, sizeof bytes);
    if (count <= 0) return false;
    said_.append(bytes, static_cast<size_t>(count));
  }
  if (!said_.starts_with(kReady)) return false;
  address_ = said_.substr(kReady.size(), said_.find('\n') - kReady.size());
  return true;
}

void ServerProcess::Kill() {
  if (ended_) return;
  kill(pid_, SIGKILL);
  ended_ = Await(pid_, Clock::time_point::max());
}

void ServerProcess::AskToStop() {
  if (ended_ || std::exchange(asked_to_stop_, true)) return;
  kill(pid_, SIGTERM);
}

int ServerProcess::Stop(std::chrono::seconds limit) {
  AskToStop();
  return AwaitEnd(limit);
}

int ServerProcess::AwaitEnd(std::chrono::seconds limit) {
  if (!ended_) ended_ = Await(pid_, Clock::now() + limit);
  if (!ended_) Kill();
  return *ended_;
}

std::string ServerProcess::Logged() const { return ReadFile(folder_ + "/timebankd.log"); }

}  // namespace timebank::e2e
