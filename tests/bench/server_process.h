// A server of one's own: started on a free port of the loopback with a temporary folder, ended when it goes.
//
// Threads: one.
#ifndef TIMEBANK_TESTS_BENCH_SERVER_PROCESS_H_
#define TIMEBANK_TESTS_BENCH_SERVER_PROCESS_H_

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tests/bench/temporary_folder.h"

namespace timebank::bench {

class ServerProcess {
 public:
  // Runs `program --data FOLDER --listen 127.0.0.1:0 flags...` and waits until it says `... ready on ADDRESS`
  // on its standard output. UNAVAILABLE: it ends before that.
  static absl::StatusOr<std::unique_ptr<ServerProcess>> Start(const std::string& program,
                                                              const std::vector<std::string>& flags);

  ~ServerProcess();  // asks it to end, waits, and removes the folder
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  const std::string& address() const { return address_; }

 private:
  ServerProcess() = default;

  TemporaryFolder folder_;
  pid_t process_ = -1;
  std::string address_;
};

}  // namespace timebank::bench

#endif  // TIMEBANK_TESTS_BENCH_SERVER_PROCESS_H_
