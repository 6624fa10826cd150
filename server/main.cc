// timebankd: reads its configuration, serves until it is told to stop. server/README.md has the walk through
// it.
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_replace.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "server/config.h"
#include "server/init.h"
#include "server/log.h"
#include "server/ops/service_manager.h"
#include "server/rights.h"
#include "server/server.h"

namespace timebank {
namespace {

using State = engine::Engine::State;

// How long a start waits for room on the disk before it leaves trying again to whoever supervises the
// process: with RestartSec=5 too seldom to reach the unit's limit of starts.
constexpr absl::Duration kMostWaitForRoom = absl::Seconds(20);
constexpr absl::Duration kBetweenTries = absl::Milliseconds(500);

constexpr char kKeepTheFolder[] =
    "The ledger is damaged, or its disk fails: keep the folder as it is, and put the newest backup back into "
    "another one";
constexpr char kNoRoom[] =
    "the disk is full: nothing is damaged, and the server starts by itself once there is room";

// What a shell takes as it stands.
constexpr std::string_view kPlainCharacters =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_=./:,@%+";

// What the process ends with; server/README.md explains them.
enum ExitCode : int {
  kStopped = 0,
  kKilled = 1,  // by a second signal
  kBadConfiguration = 2,
  kLedgerFailed = 3,
  kLedgerInUse = 4,
  kCannotListen = 5,
  kDiskFull = 6,
  kClientsRefuse = 7,  // a check alone: the server starts, and no client connects
};

// What main waits for.
class Events {
 public:
  void HearState(State state) {
    absl::MutexLock lock(&mutex_);
    served_ = served_ || state == State::kServing;
    failed_ = failed_ || state == State::kFailed;
  }
  void AskToStop() {
    absl::MutexLock lock(&mutex_);
    stop_ = true;
  }

  // true: the ledger can be served. false: it never will be, or the process is to stop.
  bool AwaitServing() {
    auto decided = [this]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return served_ || failed_ || stop_; };
    absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(&decided));
    return served_ && !stop_;
  }
  void AwaitStop() {
    absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(&stop_));
  }
  // Whether the process is to stop, within `limit`.
  bool AwaitStopFor(absl::Duration limit) {
    absl::MutexLock lock(&mutex_);
    return mutex_.AwaitWithTimeout(absl::Condition(&stop_), limit);
  }
  bool failed() const {
    absl::MutexLock lock(&mutex_);
    return failed_;
  }

 private:
  mutable absl::Mutex mutex_;
  bool served_ ABSL_GUARDED_BY(mutex_) = false;
  bool failed_ ABSL_GUARDED_BY(mutex_) = false;
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;
};

// Handles SIGTERM and SIGINT on a thread of its own, on which, unlike in a handler, anything may be done. To
// be called before any other thread begins: they are to leave these signals alone. `events` must live until
// the process ends.
void HandleSignals(Events& events) {
  std::signal(SIGPIPE, SIG_IGN);
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::thread([signals, &events] {
    int number = 0;
    sigwait(&signals, &number);
    LogInfo("stopping", {{"signal", std::to_string(number)}});
    events.AskToStop();
    sigwait(&signals, &number);
    LogWarning("ending at once: a second signal");
    _exit(kKilled);
  }).detach();
}

// Has the service manager look at `server` before each sign of life, for as long as this lives.
class Looking {
 public:
  Looking(ops::ServiceManager& manager, const Server& server) : manager_(manager) {
    manager_.LookBeforeEachSign([&server] { server.Touch(); });
  }
  ~Looking() { manager_.LookBeforeEachSign({}); }
  Looking(const Looking&) = delete;
  Looking& operator=(const Looking&) = delete;

 private:
  ops::ServiceManager& manager_;
};

// As Server::Open, which is tried again for as long as the disk is full, up to kMostWaitForRoom.
absl::StatusOr<std::unique_ptr<Server>> OpenPatiently(const Config& config, Events& events,
                                                      ops::ServiceManager& manager,
                                                      const Server::OnState& on_state) {
  const absl::Time end = absl::Now() + kMostWaitForRoom;
  for (bool told = false;;) {
    absl::StatusOr<std::unique_ptr<Server>> server = Server::Open(config, on_state);
    if (!absl::IsResourceExhausted(server.status())) return server;
    if (!std::exchange(told, true)) {
      LogError(kNoRoom, {{"folder", config.data}, {"why", std::string(server.status().message())}});
      manager.TellStatus(kNoRoom);
    }
    if (absl::Now() >= end || events.AwaitStopFor(kBetweenTries)) return server;
  }
}

// `opened`: why the ledger of `config` cannot be opened, for reasons that lie in its folder.
ExitCode WhyNotOpened(const absl::Status& opened, const Config& config) {
  if (absl::IsPermissionDenied(opened)) return kBadConfiguration;
  if (absl::IsResourceExhausted(opened)) return kDiskFull;
  if (absl::IsFailedPrecondition(opened) && IsInUse(config.data)) return kLedgerInUse;
  return kLedgerFailed;
}

int Serve(const Config& config, Events& events) {
  ops::ServiceManager manager(ops::ServiceManager::FromEnvironment());
  auto on_state = [&](State state, const absl::Status&) {
    if (state == State::kFailed)
      manager.TellStatus("the ledger has failed; reads go on, changes are refused");
    events.HearState(state);
  };
  absl::StatusOr<std::unique_ptr<Server>> server = OpenPatiently(config, events, manager, on_state);
  if (!server.ok()) {
    if (absl::IsInvalidArgument(server.status())) {
      std::cerr << "timebankd: " << server.status().message() << '\n';
      return kBadConfiguration;
    }
    const ExitCode code = WhyNotOpened(server.status(), config);
    if (code == kDiskFull && events.AwaitStopFor(absl::ZeroDuration())) return kStopped;
    LogError("the ledger cannot be opened",
             {{"folder", config.data}, {"why", std::string(server.status().message())}});
    // A folder of another kind, or not whole: what to do stands in the message.
    if (code == kLedgerFailed && !absl::IsFailedPrecondition(server.status())) LogError(kKeepTheFolder);
    return code;
  }
  auto cannot_listen = [](const absl::Status& status) {
    LogError(std::string(status.message()));
    return kCannotListen;
  };
  if (absl::Status status = (*server)->ListenForOperator(); !status.ok()) return cannot_listen(status);
  {
    const Looking looking(manager, **server);
    if (events.AwaitServing()) {
      if (absl::Status status = (*server)->Listen(); !status.ok()) return cannot_listen(status);
      std::cout << "timebankd ready on " << (*server)->address() << std::endl;
      manager.Ready("serving on " + (*server)->address());
      events.AwaitStop();
    }
  }
  manager.Stopping("finishing calls, writing everything to disk");
  (*server)->Stop();
  LogInfo("stopped");
  if (!events.failed()) return kStopped;
  LogError(kKeepTheFolder, {{"folder", config.data}});
  return kLedgerFailed;
}

// The key goes to the file that is named for it, or to standard output, where nothing else goes.
int MakeFirstKey(const Configured& configured) {
  const Config& config = configured.config;
  std::optional<KeyFile> file;
  if (!configured.key_out.empty()) {
    absl::StatusOr<KeyFile> made = KeyFile::Make(configured.key_out);
    if (!made.ok()) {
      std::cerr << "timebankd: " << made.status().message() << '\n';
      return kBadConfiguration;
    }
    file.emplace(*std::move(made));
  }
  absl::StatusOr<FirstKey> key = Init(config, configured.new_pepper);
  if (!key.ok()) {
    std::cerr << "timebankd: " << key.status().message() << '\n';
    if (absl::IsFailedPrecondition(key.status()) && IsInUse(config.data)) return kLedgerInUse;
    if (absl::IsResourceExhausted(key.status())) return kDiskFull;
    return absl::IsDataLoss(key.status()) ? kLedgerFailed : kBadConfiguration;
  }
  absl::Status written;
  if (file) {
    written = file->Write(key->text);
  } else {
    std::cout << key->text << std::endl;
    if (!std::cout) written = absl::UnavailableError("standard output does not take it");
  }
  if (!written.ok()) {
    std::cerr << "timebankd: the key " << key->name << " could not be written: " << written.message()
              << ". Nobody has it: start the server, make "
              << "another on the operator's socket (timebank key create), and revoke this one.\n";
    return kLedgerFailed;
  }
  std::cerr << (configured.new_pepper ? "This is an operator's key under the new pepper, "
                                      : "This is the first operator's key, ")
            << key->name << (file ? ", in " + configured.key_out : std::string())
            << ". It is told this once: keep it where only you can read it.\n"
            << "The pepper is " << config.pepper << ": keep a copy of it, apart from copies of the ledger.\n";
  if (configured.new_pepper) {
    std::cerr << "Keys of before are not known any more: make them anew, and revoke those. timebank key list "
                 "says of each that its pepper is lost.\n";
  }
  std::cerr << (config.access == "keys" ? "Now start the server.\n"
                                        : "Now start the server with --access keys.\n");
  return kStopped;
}

// The ledger was put back from a copy: positions of before are told from new ones from now on.
int TakeAsRestored(const Config& config) {
  SetUpLog("warn");
  const absl::Status done = MarkRestored(config);
  EndLog();
  if (!done.ok()) {
    std::cerr << "timebankd: " << done.message() << '\n';
    return absl::IsNotFound(done) ? kBadConfiguration : WhyNotOpened(done, config);
  }
  std::cout << "The ledger in " << config.data
            << " is known as one that was put back. Whoever follows its feed, or has a position of before, "
            << "hears EPOCH_CHANGED and begins anew. Now start the server.\n";
  return kStopped;
}

int Verify(const Config& config) {
  SetUpLog("error");
  std::string what;
  const absl::Status done = VerifyLedger(config, &what);
  EndLog();
  if (!done.ok()) {
    std::cerr << "timebankd: " << done.message() << '\n';
    return absl::IsNotFound(done) ? kBadConfiguration : WhyNotOpened(done, config);
  }
  std::cout << "The ledger in " << config.data << " is whole: " << what << ".\n";
  return kStopped;
}

// `arguments` as a shell takes them, each behind a blank.
std::string ForShell(const std::vector<std::string>& arguments) {
  std::string text;
  for (const std::string& argument : arguments) {
    const bool plain = argument.find_first_not_of(kPlainCharacters) == argument.npos && !argument.empty();
    text += plain ? " " + argument : " '" + absl::StrReplaceAll(argument, {{"'", "'\\''"}}) + "'";
  }
  return text;
}

// What `command` makes in somebody else's folder, or root for one, that one's server could not read: says how
// to make it as that one. Empty where all is well.
std::string HowToMakeAsOwner(const Config& config, const std::string& command,
                             const std::vector<std::string>& arguments) {
  const uid_t owner = OwnerToBe(config.data);
  if (owner == geteuid()) return "";
  const bool named = getpwuid(owner) != nullptr;
  return config.data + " belongs to " + NameOfUser(owner) + ", or will, and " + NameOfUser(geteuid()) +
         " runs this: that server could not read what is made now. Nothing was changed. sudo -u " +
         (named ? NameOfUser(owner) : "'#" + std::to_string(owner) + "'") + " timebankd" +
         (command.empty() ? "" : " ") + command + ForShell(arguments);
}

// What root writes into another's folder, that one's server could not use: says how to serve as that one.
// Empty where all is well, and for a folder that is to be made.
std::string HowToServeAsOwner(const Config& config, const std::vector<std::string>& arguments) {
  struct stat about = {};
  if (geteuid() != 0 || stat(config.data.c_str(), &about) != 0 || about.st_uid == 0) return "";
  return HowToMakeAsOwner(config, "", arguments);
}

// Root may read what the server may not that runs as somebody else: how to look as that one. Empty where it
// makes no difference.
std::string HowToLookAsOwner(const Config& config, const std::vector<std::string>& arguments) {
  struct stat about = {};
  if (geteuid() != 0 || stat(config.data.c_str(), &about) != 0 || about.st_uid == 0) return "";
  const bool named = getpwuid(about.st_uid) != nullptr;
  const std::string number = std::to_string(about.st_uid);
  const std::string name = NameOfUser(about.st_uid);
  return "this looked as root, who may read what " + name + ", to whom " + config.data +
         " belongs, may not. Look as the server will: " +
         (named ? "runuser -u " + name + " --" : "setpriv --reuid=" + number + " --clear-groups --") +
         " timebankd" + ForShell(arguments);
}

// Tells what is wrong with the files that the configuration names; nothing where all is well.
std::optional<ExitCode> TellWrongFiles(const Config& config) {
  std::optional<ExitCode> code;
  for (const absl::Status& wrong : CheckFiles(config)) {
    std::cerr << "timebankd: " << wrong.message() << '\n';
    if (absl::IsInvalidArgument(wrong)) code = kBadConfiguration;
    if (!code) code = kLedgerFailed;
  }
  return code;
}

int Main(std::vector<std::string> arguments) {
  const Command command = CommandOf(arguments.empty() ? "" : arguments.front());
  const bool init = command == Command::kInit;
  const std::string name = command == Command::kServe ? "" : arguments.front();
  if (!name.empty()) arguments.erase(arguments.begin());
  Configured configured = Configure(arguments, EnvironmentOfProcess(), command);
  if (!init && (!configured.key_out.empty() || configured.new_pepper)) {
    configured.errors = {"--key-out and --new-pepper are timebankd init's"};
    configured.wish = Configured::Wish::kErrors;
  }
  switch (configured.wish) {
    case Configured::Wish::kErrors:
      for (const std::string& error : configured.errors) std::cerr << "timebankd: " << error << '\n';
      return kBadConfiguration;
    case Configured::Wish::kAnswer:
      std::cout << configured.answer;
      return kStopped;
    case Configured::Wish::kCheck: {
      std::optional<ExitCode> wrong = TellWrongFiles(configured.config);
      if (absl::Status day = CheckCertificatesDay(configured.config); !day.ok()) {
        std::cerr << "timebankd: " << day.message() << '\n';
        wrong = wrong.value_or(kClientsRefuse);
      }
      const std::string as_owner = HowToLookAsOwner(configured.config, arguments);
      if (!as_owner.empty()) std::cerr << "timebankd: " << as_owner << '\n';
      if (wrong) return *wrong;
      std::cout << Print(configured.effective);
      return kStopped;
    }
    case Configured::Wish::kServe:
      break;
  }
  umask(0077);  // the ledger and the sockets are the owner's alone
  if (!name.empty()) {
    absl::Status mine = CheckRights(configured.config.data);
    if (const std::string as_owner = HowToMakeAsOwner(configured.config, name, arguments);
        !as_owner.empty()) {
      mine = absl::InvalidArgumentError(as_owner);
    }
    if (!mine.ok()) {
      std::cerr << "timebankd: " << mine.message() << '\n';
      return kBadConfiguration;
    }
    if (command == Command::kVerify) return Verify(configured.config);
    return init ? MakeFirstKey(configured) : TakeAsRestored(configured.config);
  }
  if (const std::optional<ExitCode> wrong = TellWrongFiles(configured.config)) return *wrong;
  if (const std::string as_owner = HowToServeAsOwner(configured.config, arguments); !as_owner.empty()) {
    std::cerr << "timebankd: " << as_owner << '\n';
    return kBadConfiguration;
  }
  SetUpLog(configured.config.log_level);
  static Events events;  // the signals' thread sees it to the end
  HandleSignals(events);
  const int code = Serve(configured.config, events);
  EndLog();
  return code;
}

}  // namespace
}  // namespace timebank

int main(int argc, char** argv) { return timebank::Main({argv + 1, argv + argc}); }
