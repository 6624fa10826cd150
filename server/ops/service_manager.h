// Talks to the service manager that started the process (systemd, Type=notify): ready, stopping, still alive.
//
//   started ──(EXTEND_TIMEOUT_USEC)──► Ready: READY=1 ──(WATCHDOG=1)──► Stopping: STOPPING=1 ──► end
//
// The protocol is a line of text in a datagram to the socket that NOTIFY_SOCKET names (sd_notify(3), which
// gives programs leave to speak it themselves); libsystemd would be a library and its five dependencies for
// one sendmsg. Without NOTIFY_SOCKET nothing is said to anybody.
//
// Threads: any. Nothing here waits for the service manager.
#ifndef TIMEBANK_SERVER_OPS_SERVICE_MANAGER_H_
#define TIMEBANK_SERVER_OPS_SERVICE_MANAGER_H_

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace timebank::ops {

class ServiceManager {
 public:
  struct Options {
    std::string socket;                      // a path, or @ and a name; empty: there is no service manager
    std::optional<absl::Duration> watchdog;  // a sign of life is due at least so often
  };
  // NOTIFY_SOCKET, and WATCHDOG_USEC where WATCHDOG_PID is this process or not given.
  static Options FromEnvironment();

  explicit ServiceManager(Options options);
  ~ServiceManager();
  ServiceManager(const ServiceManager&) = delete;
  ServiceManager& operator=(const ServiceManager&) = delete;

  // From now on a sign of life is sent only after `look` has returned: it touches what must not hang.
  // Replaces the one before; an empty one looks at nothing. Waits for a look that is going on.
  void LookBeforeEachSign(std::function<void()> look);

  // Each with a sentence for `systemctl status`.
  void Ready(std::string_view status);
  void Stopping(std::string_view status);
  void TellStatus(std::string_view status) { Send("STATUS=" + std::string(status)); }

 private:
  enum class Phase { kStarting, kReady, kStopping };

  void Run();
  void SetPhase(Phase phase);
  void Send(const std::string& text, bool waits = false) const;

  const Options options_;
  const absl::Duration pause_;
  const int socket_;  // -1: none
  absl::Mutex look_mutex_;
  std::function<void()> look_ ABSL_GUARDED_BY(look_mutex_);
  absl::Mutex mutex_;
  Phase phase_ ABSL_GUARDED_BY(mutex_) = Phase::kStarting;
  absl::Time stopping_since_ ABSL_GUARDED_BY(mutex_);
  bool ending_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace timebank::ops

#endif  // TIMEBANK_SERVER_OPS_SERVICE_MANAGER_H_
