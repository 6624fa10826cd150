#include "server/ops/service_manager.h"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "storage/threads.h"

namespace timebank::ops {
namespace {

// Recovery and a stop take as long as they take: while they go on, the service manager is asked for so much
// more.
constexpr absl::Duration kPause = absl::Seconds(5);
constexpr absl::Duration kMoreTime = absl::Seconds(30);
// Longer than `stop_seconds` can be, and what is written afterwards.
constexpr absl::Duration kLongestStop = absl::Minutes(15);

std::string Variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

int OpenSocket(const std::string& path) {
  if (path.empty()) return -1;
  const int opened = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  // A service manager that reads nothing keeps nobody for longer.
  const timeval most = {.tv_sec = 5, .tv_usec = 0};
  if (opened != -1) setsockopt(opened, SOL_SOCKET, SO_SNDTIMEO, &most, sizeof(most));
  return opened;
}

}  // namespace

ServiceManager::Options ServiceManager::FromEnvironment() {
  Options options;
  options.socket = Variable("NOTIFY_SOCKET");
  const std::string pid = Variable("WATCHDOG_PID");
  int64_t usec = 0;
  if ((pid.empty() || pid == absl::StrCat(getpid())) && absl::SimpleAtoi(Variable("WATCHDOG_USEC"), &usec) &&
      usec > 0) {
    options.watchdog = absl::Microseconds(usec);
  }
  return options;
}

ServiceManager::ServiceManager(Options options)
    : options_(std::move(options)),
      pause_(std::min(kPause, options_.watchdog.value_or(absl::InfiniteDuration()) / 2)),
      socket_(OpenSocket(options_.socket)) {
  if (socket_ != -1) thread_ = std::thread([this] { Run(); });
}

ServiceManager::~ServiceManager() {
  if (socket_ == -1) return;
  {
    absl::MutexLock lock(&mutex_);
    ending_ = true;
  }
  thread_.join();
  close(socket_);
}

void ServiceManager::LookBeforeEachSign(std::function<void()> look) {
  absl::MutexLock lock(&look_mutex_);
  look_ = std::move(look);
}

void ServiceManager::SetPhase(Phase phase) {
  absl::MutexLock lock(&mutex_);
  phase_ = phase;
}

void ServiceManager::Ready(std::string_view status) {
  SetPhase(Phase::kReady);
  Send("READY=1\nSTATUS=" + std::string(status), /*waits=*/true);
}

void ServiceManager::Stopping(std::string_view status) {
  {
    absl::MutexLock lock(&mutex_);
    phase_ = Phase::kStopping;
    stopping_since_ = absl::Now();
  }
  Send("STOPPING=1\nSTATUS=" + std::string(status), /*waits=*/true);
}

void ServiceManager::Run() {
  storage::NameThread("service manager");
  for (;;) {
    {
      absl::MutexLock lock(&look_mutex_);
      if (look_) look_();
    }
    std::string sign = options_.watchdog ? "WATCHDOG=1" : "";
    {
      absl::MutexLock lock(&mutex_);
      // A stop that takes longer than any should is the service manager's to end: no more signs.
      if (phase_ == Phase::kStopping && absl::Now() - stopping_since_ > kLongestStop) return;
      if (phase_ != Phase::kReady) {
        absl::StrAppend(&sign, sign.empty() ? "" : "\n",
                        "EXTEND_TIMEOUT_USEC=", absl::ToInt64Microseconds(kMoreTime));
      }
    }
    if (!sign.empty()) Send(sign);
    absl::MutexLock lock(&mutex_);
    if (mutex_.AwaitWithTimeout(absl::Condition(&ending_), pause_)) return;
  }
}

// What is said once waits for room in a queue that is full; of signs of life the next one comes soon.
void ServiceManager::Send(const std::string& text, bool waits) const {
  sockaddr_un address = {};
  const std::string& path = options_.socket;
  if (socket_ == -1 || path.size() >= sizeof(address.sun_path)) return;
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  if (path.front() == '@') address.sun_path[0] = '\0';
  // A service manager that is not there, or does not listen, is no reason to do anything else.
  static_cast<void>(sendto(socket_, text.data(), text.size(), MSG_NOSIGNAL | (waits ? 0 : MSG_DONTWAIT),
                           reinterpret_cast<const sockaddr*>(&address),
                           static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size())));
}

}  // namespace timebank::ops
