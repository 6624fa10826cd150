// timebankd as a process: what it says, what it ends with, how it stops.
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "grpcpp/generic/generic_stub.h"
#include "gtest/gtest.h"
#include "server/config.h"
#include "storage/log_format.h"
#include "tests/support/notify_socket.h"
#include "tests/unit/server/wire.h"
#include "timebank/v1/ledger_service.grpc.pb.h"
#include "timebank/v1/timebank_service.grpc.pb.h"

namespace timebank {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;

constexpr absl::Duration kPatience = absl::Seconds(60);

std::string ReadFile(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

// One run of timebankd; killed at the end if need be.
class Process {
 public:
  // What it says goes to files in `folder`. `user`: who runs it; takes root, unless it is who runs this.
  Process(const std::string& folder, std::vector<std::string> arguments, uid_t user = geteuid())
      : said_(folder + "/said"), log_(folder + "/log") {
    std::filesystem::remove(said_);  // of an earlier run
    std::filesystem::remove(log_);
    arguments.insert(arguments.begin(), TIMEBANKD);
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    pid_ = fork();
    if (pid_ == 0) {
      dup2(open(said_.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), STDOUT_FILENO);
      dup2(open(log_.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), STDERR_FILENO);
      if (user != geteuid() && (setgroups(0, nullptr) != 0 || setgid(user) != 0 || setuid(user) != 0))
        _exit(126);
      execv(argv[0], argv.data());
      _exit(127);
    }
  }
  ~Process() {
    if (exit_code_) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }

  // Its address, once it says that it is ready; empty: it ended before.
  std::string AwaitReady() {
    constexpr std::string_view kReady = "timebankd ready on ";
    for (const absl::Time end = absl::Now() + kPatience; absl::Now() < end;
         absl::SleepFor(absl::Milliseconds(5))) {
      const std::string text = said();
      if (text.starts_with(kReady) && text.ends_with('\n')) {
        return text.substr(kReady.size(), text.size() - kReady.size() - 1);
      }
      if (Ended()) return "";
    }
    ADD_FAILURE() << "not ready: " << log();
    return "";
  }

  void Signal(int number) { kill(pid_, number); }

  // -1: a signal ended it, or nothing did.
  int AwaitExit() {
    for (const absl::Time end = absl::Now() + kPatience; !Ended() && absl::Now() < end;) {
      absl::SleepFor(absl::Milliseconds(5));
    }
    EXPECT_TRUE(exit_code_.has_value()) << "still running";
    return exit_code_.value_or(-1);
  }
  // Waits until the log says `text`.
  void AwaitLog(const std::string& text) {
    for (const absl::Time end = absl::Now() + kPatience; log().find(text) == std::string::npos;) {
      ASSERT_LT(absl::Now(), end) << "not in the log: " << text;
      absl::SleepFor(absl::Milliseconds(5));
    }
  }

  std::string said() const { return ReadFile(said_); }
  std::string log() const { return ReadFile(log_); }

 private:
  bool Ended() {
    if (exit_code_) return true;
    int status = 0;
    if (waitpid(pid_, &status, WNOHANG) != pid_) return false;
    exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return true;
  }

  const std::string said_;
  const std::string log_;
  pid_t pid_ = 0;
  std::optional<int> exit_code_;
};

class ProcessTest : public testing::Test {
 protected:
  ProcessTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "process_test.XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    data_ = folder_ + "/data";
  }
  ~ProcessTest() override { std::filesystem::remove_all(folder_); }

  std::unique_ptr<Process> Run(std::vector<std::string> more = {}) {
    std::vector<std::string> arguments = {"--data", data_, "--listen", "127.0.0.1:0"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return std::make_unique<Process>(folder_, arguments);
  }

  static void CreateBank(const std::string& address) {
    v1::CreateTimebankRequest request;
    request.set_timebank_id("rushey");
    grpc::ClientContext context;
    v1::CreateTimebankResponse response;
    const grpc::Status status =
        v1::TimebankService::NewStub(ChannelTo(address))->CreateTimebank(&context, request, &response);
    ASSERT_TRUE(status.ok()) << status.error_message();
  }

  std::string folder_;
  std::string data_;
};

// Goal: one line says that it is ready and where; a signal ends it with 0; the log is JSON, line by line.
TEST_F(ProcessTest, ServesUntilToldToStop) {
  for (const int number : {SIGTERM, SIGINT}) {
    auto process = Run();
    const std::string address = process->AwaitReady();
    EXPECT_THAT(address, MatchesRegex("127\\.0\\.0\\.1:[0-9]+"));
    EXPECT_NE(address, "127.0.0.1:0");
    EXPECT_EQ(HealthOf(ChannelTo(address)), "SERVING");
    process->Signal(number);
    EXPECT_EQ(process->AwaitExit(), 0);
    EXPECT_EQ(process->said(), "timebankd ready on " + address + "\n");
    std::istringstream log(process->log());
    for (std::string line; std::getline(log, line);) {
      EXPECT_THAT(line, MatchesRegex(R"(\{"time":"[^"]*Z","level":"[a-z]*","msg":".*\})"));
    }
  }
}

// Goal: systemd hears when it is ready, that it lives, and that it stops; before it is ready, that it is not
// stuck.
TEST_F(ProcessTest, TellsTheServiceManager) {
  const NotifySocket systemd(folder_ + "/notify");
  setenv("NOTIFY_SOCKET", systemd.path().c_str(), 1);
  setenv("WATCHDOG_USEC", "1000000", 1);  // a sign each half a second: the kernel keeps no more than ten
  auto process = Run();
  unsetenv("NOTIFY_SOCKET");
  unsetenv("WATCHDOG_USEC");
  EXPECT_EQ(systemd.Next(), "WATCHDOG=1\nEXTEND_TIMEOUT_USEC=30000000");
  const std::string address = process->AwaitReady();
  EXPECT_TRUE(systemd.Await("READY=1\nSTATUS=serving on " + address));
  EXPECT_TRUE(systemd.Await("WATCHDOG=1"));
  EXPECT_TRUE(systemd.Await("WATCHDOG=1"));
  process->Signal(SIGTERM);
  EXPECT_TRUE(systemd.Await("STOPPING=1\nSTATUS=finishing calls, writing everything to disk"));
  EXPECT_EQ(process->AwaitExit(), 0);
}

// Goal: a stop ends the feeds, says why, and does not wait for those who would stay for ever.
TEST_F(ProcessTest, StopEndsFeeds) {
  auto process = Run({"--stop-seconds=600"});
  const std::string address = process->AwaitReady();
  CreateBank(address);
  auto stub = v1::LedgerService::NewStub(ChannelTo(address));
  grpc::ClientContext context;
  v1::WatchLedgerRequest request;
  request.set_parent("timebanks/rushey");
  auto stream = stub->WatchLedger(&context, request);
  v1::WatchLedgerResponse events;
  ASSERT_TRUE(stream->Read(&events));

  process->Signal(SIGTERM);
  while (stream->Read(&events)) {
  }
  const grpc::Status status = stream->Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE) << status.error_message();
  const auto& trailers = context.GetServerTrailingMetadata();
  const auto reason = trailers.find("timebank-reason");
  ASSERT_NE(reason, trailers.end());
  EXPECT_EQ(std::string(reason->second.data(), reason->second.size()), "SHUTTING_DOWN");
  EXPECT_EQ(process->AwaitExit(), 0);
}

// Goal: who watches the server's health learns first that it stops; a second signal does not wait for
// anybody.
TEST_F(ProcessTest, SecondSignalEndsAtOnce) {
  auto process = Run({"--stop-seconds=600"});
  auto channel = ChannelTo(process->AwaitReady());
  grpc::GenericStub stub(channel);
  grpc::ClientContext context;
  grpc::CompletionQueue queue;
  auto next = [&queue] {
    void* tag = nullptr;
    bool ok = false;
    EXPECT_TRUE(queue.Next(&tag, &ok));
    return ok;
  };
  auto watch = stub.PrepareCall(&context, "/grpc.health.v1.Health/Watch", &queue);
  watch->StartCall(nullptr);
  ASSERT_TRUE(next());
  watch->WriteLast(grpc::ByteBuffer(nullptr, 0), {}, nullptr);
  ASSERT_TRUE(next());
  std::vector<uint8_t> statuses;
  auto read = [&] {
    grpc::ByteBuffer message;
    watch->Read(&message, nullptr);
    if (!next()) return false;
    grpc::Slice slice;
    EXPECT_TRUE(message.DumpToSingleSlice(&slice).ok());
    statuses.push_back(slice.begin()[1]);
    return true;
  };
  ASSERT_TRUE(read());
  process->Signal(SIGTERM);
  ASSERT_TRUE(read());
  EXPECT_THAT(statuses, testing::ElementsAre(1, 2)) << "SERVING, then NOT_SERVING";

  // The watcher stays, and the server would wait for it for ten minutes.
  process->Signal(SIGTERM);
  EXPECT_EQ(process->AwaitExit(), 1);
  while (read()) {
  }
  grpc::Status status;
  watch->Finish(&status, nullptr);
  next();
}

// Goal: whatever was answered before a kill is there after it.
TEST_F(ProcessTest, KeepsWhatItAnsweredWhenKilled) {
  auto process = Run();
  CreateBank(process->AwaitReady());
  process->Signal(SIGKILL);
  EXPECT_EQ(process->AwaitExit(), -1);

  process = Run();
  grpc::ClientContext context;
  v1::GetTimebankRequest request;
  request.set_name("timebanks/rushey");
  v1::GetTimebankResponse response;
  const grpc::Status status = v1::TimebankService::NewStub(ChannelTo(process->AwaitReady()))
                                  ->GetTimebank(&context, request, &response);
  EXPECT_TRUE(status.ok()) << status.error_message();
}

// Goal: a wrong configuration ends it with 2 and says what is wrong; nothing is made on the disk.
TEST_F(ProcessTest, RefusesAWrongConfiguration) {
  auto process = Run({"--stop-second=3"});
  EXPECT_EQ(process->AwaitExit(), 2);
  EXPECT_EQ(process->log(), "timebankd: --stop-second=3: not known; did you mean --stop-seconds?\n");
  EXPECT_FALSE(std::filesystem::exists(data_));

  process = Run({"--check-config", "--queue-mb=x"});
  EXPECT_EQ(process->AwaitExit(), 2);
  process = Run({"--check-config"});
  EXPECT_EQ(process->AwaitExit(), 0);
  EXPECT_THAT(process->said(), HasSubstr("listen = \"127.0.0.1:0\"  # --listen\n"));
  EXPECT_FALSE(std::filesystem::exists(data_));
}

// Goal: a key goes into a file of its own, which is made first, is its owner's alone and never replaced.
TEST_F(ProcessTest, InitMakesAFileForItsKey) {
  const std::string out = folder_ + "/operator.key";
  const auto init = [&](const std::string& file) {
    return std::make_unique<Process>(folder_,
                                     std::vector<std::string>{"init", "--data", data_, "--key-out", file});
  };
  std::ofstream(out) << "mine\n";
  auto process = init(out);
  EXPECT_EQ(process->AwaitExit(), 2);
  EXPECT_THAT(process->log(), HasSubstr(out + " is there already"));
  EXPECT_EQ(ReadFile(out), "mine\n");
  process = init(folder_ + "/none/operator.key");
  EXPECT_EQ(process->AwaitExit(), 2);
  EXPECT_THAT(process->log(), HasSubstr("cannot make " + folder_ + "/none/operator.key: No such file"));
  EXPECT_FALSE(std::filesystem::exists(data_)) << "nothing was begun";
  EXPECT_FALSE(std::filesystem::exists(data_ + ".pepper"));

  std::filesystem::remove(out);
  process = init(out);
  EXPECT_EQ(process->AwaitExit(), 0) << process->log();
  const std::string key = ReadFile(out);
  EXPECT_THAT(key, MatchesRegex("tbk_[^\n]+\n"));
  EXPECT_EQ(std::filesystem::status(out).permissions(), std::filesystem::perms(0600));
  EXPECT_EQ(process->said(), "");
  EXPECT_EQ(process->log().find(key.substr(0, 40)), std::string::npos);
  EXPECT_THAT(process->log(), HasSubstr("This is the first operator's key, "));
  EXPECT_THAT(process->log(), HasSubstr("Now start the server with --access keys.\n"));

  process = init(folder_ + "/second.key");
  EXPECT_EQ(process->AwaitExit(), 2) << "there is an operator's key";
  EXPECT_FALSE(std::filesystem::exists(folder_ + "/second.key"));
  EXPECT_EQ(ReadFile(out), key);
  EXPECT_EQ(Run({"--new-pepper"})->AwaitExit(), 2) << "is init's";
}

// Goal: where keys were made under a pepper that is gone, neither the start nor init makes another; told to,
// init does, and makes a key that is known under it.
TEST_F(ProcessTest, ALostPepperIsNotReplacedByTheWay) {
  const std::string pepper = data_ + ".pepper";
  const auto init = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"init", "--data", data_});
    return std::make_unique<Process>(folder_, more);
  };
  auto process = Run({"--access", "keys"});
  EXPECT_EQ(process->AwaitExit(), 2);
  EXPECT_THAT(process->log(),
              HasSubstr("timebankd init, with the same settings and as the ledger's user, makes it"));
  process = init({"--new-pepper"});
  EXPECT_EQ(process->AwaitExit(), 2) << "there are no keys";
  EXPECT_THAT(process->log(), HasSubstr("there is no ledger with keys in " + data_));
  EXPECT_FALSE(std::filesystem::exists(data_)) << "the ledger was begun";
  EXPECT_FALSE(std::filesystem::exists(pepper));
  EXPECT_EQ(init({})->AwaitExit(), 0);
  const std::string first = ReadFile(pepper);
  EXPECT_EQ(init({"--new-pepper"})->AwaitExit(), 2) << "it is there";
  EXPECT_EQ(ReadFile(pepper), first);

  std::filesystem::rename(pepper, pepper + ".away");
  const std::string keys = ReadFile(data_ + "/keys");
  for (const std::vector<std::string>& flags :
       {std::vector<std::string>{"--access", "keys"}, {"--access", "keys", "--check-config"}}) {
    process = Run(flags);
    EXPECT_EQ(process->AwaitExit(), 2);
    EXPECT_THAT(process->log(), HasSubstr("there is no pepper " + pepper + ", and this ledger's keys"));
    EXPECT_THAT(process->log(), HasSubstr("put your copy of that one back there"));
    EXPECT_EQ(process->log().find("makes it, and the first"), std::string::npos);
  }
  process = init({});
  EXPECT_EQ(process->AwaitExit(), 2);
  EXPECT_THAT(process->log(), HasSubstr("timebankd init --new-pepper"));
  EXPECT_FALSE(std::filesystem::exists(pepper));
  EXPECT_EQ(ReadFile(data_ + "/keys"), keys);

  process = init({"--new-pepper", "--access", "keys"});
  EXPECT_EQ(process->AwaitExit(), 0) << process->log();
  EXPECT_THAT(process->log(), HasSubstr("This is an operator's key under the new pepper, keys/"));
  EXPECT_THAT(process->log(), HasSubstr("Now start the server.\n"));
  EXPECT_THAT(process->said(), MatchesRegex("tbk_[^\n]+\n"));
  EXPECT_NE(ReadFile(pepper), first);
  process = Run({"--access", "keys", "--check-config"});
  EXPECT_EQ(process->AwaitExit(), 0) << process->log();
  std::ofstream(pepper) << std::string(64, 'a') << "\n";
  EXPECT_EQ(Run({"--access", "keys", "--check-config"})->AwaitExit(), 2) << "another";
  std::filesystem::permissions(pepper, std::filesystem::perms(0644));
  process = Run({"--access", "keys", "--check-config"});
  EXPECT_EQ(process->AwaitExit(), 2);
  EXPECT_THAT(process->log(), HasSubstr("it must belong to "));
}

// Goal: a check says no where the start does: a file of callers with a mistake; and what root saw is told as
// what it is, where the ledger is somebody else's.
TEST_F(ProcessTest, ChecksWhatTheStartChecks) {
  EXPECT_EQ(Process(folder_, {"init", "--data", data_}).AwaitExit(), 0);
  std::ofstream(folder_ + "/callers.toml") << "nonsense = 1\n";
  const std::vector<std::string> flags = {"--access", "keys", "--callers", folder_ + "/callers.toml"};
  std::vector<std::string> check = flags;
  check.emplace_back("--check-config");
  for (const auto& each : {flags, check}) {
    auto process = Run(each);
    EXPECT_EQ(process->AwaitExit(), 2);
    EXPECT_THAT(process->log(), HasSubstr("callers.toml:1: "));
  }
  auto process = Run({"--check-config"});
  EXPECT_EQ(process->AwaitExit(), 2);
  EXPECT_THAT(process->log(), HasSubstr("this ledger has keys"));
  std::filesystem::remove(data_ + "/keys");
  process = Run({"--check-config"});
  EXPECT_EQ(process->AwaitExit(), 0);
  EXPECT_EQ(process->log(), "");
  if (geteuid() != 0) GTEST_SKIP() << "root alone can give a folder away";
  ASSERT_EQ(chown(data_.c_str(), 65534, 65534), 0);
  process = Run({"--check-config", "--pepper", "it's"});
  EXPECT_EQ(process->AwaitExit(), 0);
  EXPECT_THAT(process->log(), HasSubstr("runuser -u nobody -- timebankd --data " + data_));
  EXPECT_THAT(process->log(), HasSubstr(R"(--check-config --pepper 'it'\''s')"));
}

// Goal: damage ends it with 3, and the log says where it is.
TEST_F(ProcessTest, EndsOnDamage) {
  auto process = Run();
  CreateBank(process->AwaitReady());
  process->Signal(SIGKILL);  // before anything was flushed: all of it is in the log alone
  process->AwaitExit();
  const std::string segment = std::filesystem::directory_iterator(data_ + "/log")->path().string();
  {
    std::fstream file(segment, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(storage::kSegmentHeaderBytes + storage::kFrameHeaderBytes + 10);
    file.write("damage", 6);
  }
  process = Run();
  EXPECT_EQ(process->AwaitReady(), "");
  EXPECT_EQ(process->AwaitExit(), 3);
  EXPECT_THAT(process->log(), HasSubstr(segment));
  EXPECT_THAT(process->log(), HasSubstr("keep the folder as it is, and put the newest backup back"));
}

// Goal: so does a file of the database that is missing.
TEST_F(ProcessTest, EndsOnAMissingFile) {
  auto process = Run();
  CreateBank(process->AwaitReady());
  process->Signal(SIGTERM);
  EXPECT_EQ(process->AwaitExit(), 0);
  int removed = 0;
  for (const auto& each : std::filesystem::directory_iterator(data_ + "/db")) {
    if (each.path().extension() == ".sst") removed += std::filesystem::remove(each.path()) ? 1 : 0;
  }
  ASSERT_GT(removed, 0);
  process = Run();
  EXPECT_EQ(process->AwaitReady(), "");
  EXPECT_EQ(process->AwaitExit(), 3);
  EXPECT_THAT(process->log(), HasSubstr("No such file or directory"));
  EXPECT_THAT(process->log(), HasSubstr("keep the folder as it is, and put the newest backup back"));
}

// Goal: a ledger whose log is missing does not start without it: that ends it with 3, and it is said what is
// missing and what to do; with the log back it starts.
TEST_F(ProcessTest, RefusesALedgerWithoutItsLog) {
  auto process = Run();
  CreateBank(process->AwaitReady());
  process->Signal(SIGTERM);
  EXPECT_EQ(process->AwaitExit(), 0);
  std::filesystem::rename(data_ + "/log", folder_ + "/away");
  for (int i = 0; i < 2; ++i) {
    process = Run();
    EXPECT_EQ(process->AwaitReady(), "");
    EXPECT_EQ(process->AwaitExit(), 3);
    EXPECT_THAT(process->log(), HasSubstr(data_ + "/log: the commit log has no segment"));
    EXPECT_THAT(process->log(), HasSubstr("Put the whole folder " + data_ + " back from one backup"));
  }
  std::filesystem::remove_all(data_ + "/log");
  std::filesystem::rename(folder_ + "/away", data_ + "/log");
  process = Run();
  EXPECT_NE(process->AwaitReady(), "");
}

// Goal: where callers are known by keys and there is none, the log says so; with one it does not.
TEST_F(ProcessTest, WarnsWhereNoKeyIsKnown) {
  EXPECT_EQ(Process(folder_, {"init", "--data", data_}).AwaitExit(), 0);
  for (const bool gone : {false, true}) {
    if (gone) std::filesystem::remove(data_ + "/keys");
    auto process = Run({"--access", "keys"});
    EXPECT_NE(process->AwaitReady(), "");
    process->Signal(SIGTERM);
    EXPECT_EQ(process->AwaitExit(), 0);
    const bool warned = process->log().find("no key is known at all") != std::string::npos;
    EXPECT_EQ(warned, gone) << process->log();
  }
}

// Goal: a ledger that has keys is not served to everybody; behind a socket of its owner's it is.
TEST_F(ProcessTest, ALedgerWithKeysIsNotServedToEverybody) {
  auto process = Run();
  EXPECT_NE(process->AwaitReady(), "");
  process->Signal(SIGTERM);
  EXPECT_EQ(process->AwaitExit(), 0);
  EXPECT_EQ(Process(folder_, {"init", "--data", data_}).AwaitExit(), 0);
  process = Run();
  EXPECT_EQ(process->AwaitExit(), 2);
  EXPECT_THAT(process->log(), HasSubstr("move " + data_ + "/keys to another place"));
  process = std::make_unique<Process>(
      folder_, std::vector<std::string>{"--data", data_, "--listen", "unix:" + folder_ + "/own.sock"});
  EXPECT_NE(process->AwaitReady(), "");
  process->Signal(SIGTERM);
  EXPECT_EQ(process->AwaitExit(), 0);
}

// Goal: what a start does not read is read by `verify`, which names what is damaged; it says of a whole
// ledger that it is whole, and touches none that a server has.
TEST_F(ProcessTest, VerifyReadsAllOfTheLedger) {
  const auto verify = [&] {
    auto process = std::make_unique<Process>(folder_, std::vector<std::string>{"verify", "--data", data_});
    const int code = process->AwaitExit();
    return std::pair(code, process->log());
  };
  EXPECT_EQ(verify().first, 2) << "there is none";
  auto process = Run();
  CreateBank(process->AwaitReady());
  EXPECT_EQ(verify().first, 4);
  process->Signal(SIGTERM);
  EXPECT_EQ(process->AwaitExit(), 0);
  const auto everything = [&] {
    std::map<std::string, std::pair<uintmax_t, std::filesystem::file_time_type>> files;
    for (const auto& each : std::filesystem::recursive_directory_iterator(data_)) {
      if (each.is_regular_file() && each.path().filename() != "LOCK") {
        files[each.path()] = {each.file_size(), each.last_write_time()};
      }
    }
    return files;
  };
  const auto before = everything();
  EXPECT_EQ(verify().first, 0) << verify().second;
  EXPECT_TRUE(everything() == before) << "it only looks";

  std::vector<std::string> tables;
  for (const auto& each : std::filesystem::directory_iterator(data_ + "/db")) {
    if (each.path().extension() == ".sst") tables.push_back(each.path());
  }
  ASSERT_FALSE(tables.empty());
  for (const std::string& path : tables) {
    std::fstream table(path, std::ios::in | std::ios::out | std::ios::binary);
    table.seekg(5);
    const int was = table.get();
    const auto put = [&table](int byte) {
      table.seekp(5);
      table.put(static_cast<char>(byte)).flush();
    };
    put(was ^ 1);
    const auto [code, said] = verify();
    EXPECT_EQ(code, 3) << said;
    EXPECT_THAT(said, HasSubstr(std::filesystem::path(path).filename().string()));
    put(was);
  }
  EXPECT_EQ(verify().first, 0) << verify().second;
}

// Goal: a last frame that does not fit its checksum is told, every time, and stays where it is.
TEST_F(ProcessTest, VerifyTellsATornFrame) {
  auto process = Run();
  CreateBank(process->AwaitReady());
  process->Signal(SIGKILL);
  process->AwaitExit();
  const std::string segment = std::filesystem::directory_iterator(data_ + "/log")->path();
  std::string bytes;
  {
    std::ifstream file(segment, std::ios::binary);
    bytes.assign(std::istreambuf_iterator<char>(file), {});
  }
  const size_t last = bytes.find_last_not_of('\0');
  ASSERT_NE(last, bytes.npos);
  {
    std::fstream file(segment, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(last));
    file.put(static_cast<char>(bytes[last] ^ 1));
  }
  for (int time = 0; time < 2; ++time) {
    Process verify(folder_, {"verify", "--data", data_});
    EXPECT_EQ(verify.AwaitExit(), 3);
    EXPECT_THAT(verify.log(), HasSubstr("is torn"));
  }
}

// Goal: a file of the ledger that the server may not use ends it with 2, as no damage, and it is said which,
// whose it is, who runs the server and what to do.
TEST_F(ProcessTest, MissingRightsAreNoDamage) {
  const bool root = geteuid() == 0;
  const uid_t user = root ? 65534 : geteuid();
  auto process = Run();
  CreateBank(process->AwaitReady());
  process->Signal(SIGTERM);
  EXPECT_EQ(process->AwaitExit(), 0);
  std::filesystem::permissions(folder_, std::filesystem::perms(0755));
  std::vector<std::string> all = {data_};
  for (const auto& each : std::filesystem::recursive_directory_iterator(data_)) all.push_back(each.path());
  std::ofstream(data_ + "/keys").flush();
  std::filesystem::permissions(data_ + "/keys", std::filesystem::perms(0600));
  all.push_back(data_ + "/keys");
  const auto give = [&](const std::string& path, uid_t to) {
    if (root) {
      ASSERT_EQ(chown(path.c_str(), to, to), 0);
      return;
    }
    std::filesystem::permissions(path, std::filesystem::perms(to == user ? 0700 : 0000));
  };
  for (const std::string& path : all) give(path, user);
  const std::string segment = std::filesystem::directory_iterator(data_ + "/log")->path().string();
  for (const std::string& path : {data_, data_ + "/FORMAT", data_ + "/LOCK", data_ + "/keys", data_ + "/db",
                                  data_ + "/db/CURRENT", data_ + "/db/LOCK", data_ + "/log", segment}) {
    give(path, 0);
    Process refused(folder_, {"--data", data_, "--listen", "127.0.0.1:0"}, user);
    EXPECT_EQ(refused.AwaitExit(), 2) << path;
    EXPECT_THAT(refused.log(), HasSubstr(path + " belongs to "));
    EXPECT_THAT(refused.log(), HasSubstr("who runs this server"));
    if (root) {
      EXPECT_THAT(refused.log(), HasSubstr("belongs to root, mode 0"));
      EXPECT_THAT(refused.log(), HasSubstr("chown -R nobody: " + data_));
    }
    give(path, user);
  }
  std::filesystem::remove(data_ + "/keys");  // it is none
  Process fine(folder_, {"--data", data_, "--listen", "127.0.0.1:0"}, user);
  EXPECT_NE(fine.AwaitReady(), "") << fine.log();
}

// Goal: a folder above the ledger's that the server may not go through ends it with 2, and the advice is not
// to take that folder from its owner; of one that systemd hides it is said that it does.
TEST_F(ProcessTest, FoldersAboveThatAreClosed) {
  const uid_t user = geteuid() == 0 ? 65534 : geteuid();
  std::filesystem::permissions(folder_, std::filesystem::perms(0755));
  const std::string home = folder_ + "/home";
  std::filesystem::create_directories(home + "/of/ledger");
  for (const auto& [mode, advice] :
       {std::pair(0, "ReadWritePaths=/srv/ledger"), std::pair(0600, "chmod o+x ")}) {
    std::filesystem::permissions(home, std::filesystem::perms(mode));
    Process refused(folder_, {"--data", home + "/of/ledger", "--listen", "127.0.0.1:0"}, user);
    EXPECT_EQ(refused.AwaitExit(), 2);
    EXPECT_THAT(refused.log(), HasSubstr(home + " belongs to "));
    EXPECT_THAT(refused.log(), HasSubstr(advice));
    EXPECT_THAT(refused.log(), testing::Not(HasSubstr("chown")));
    EXPECT_EQ(refused.log().find("ProtectHome=") != std::string::npos, mode == 0);
  }
  std::filesystem::permissions(home, std::filesystem::perms(0700));
}

// Goal: init makes nothing in somebody else's folder, nor root a folder in somebody else's, and says how it
// is done.
TEST_F(ProcessTest, InitIsTheOwners) {
  if (geteuid() != 0) GTEST_SKIP() << "root alone can give a folder away";
  const std::string key = folder_ + "/operator.key";
  for (const std::string& data : {data_, data_ + "/of/ledger"}) {
    std::filesystem::create_directory(data_);
    ASSERT_EQ(chown(data_.c_str(), 65534, 65534), 0);
    Process init(folder_, {"init", "--data", data, "--pepper", folder_ + "/pepper", "--key-out", key});
    EXPECT_EQ(init.AwaitExit(), 2);
    EXPECT_THAT(init.log(), HasSubstr("sudo -u nobody timebankd init --data " + data + " --pepper "));
    EXPECT_TRUE(std::filesystem::is_empty(data_));
    EXPECT_FALSE(std::filesystem::exists(key));
    EXPECT_FALSE(std::filesystem::exists(folder_ + "/pepper"));
  }
}

// Goal: nor does root serve somebody else's folder, whose server could not read what it writes.
TEST_F(ProcessTest, ServingIsTheOwners) {
  if (geteuid() != 0) GTEST_SKIP() << "root alone can give a folder away";
  std::filesystem::create_directory(data_);
  ASSERT_EQ(chown(data_.c_str(), 65534, 65534), 0);
  auto process = Run();
  EXPECT_EQ(process->AwaitExit(), 2);
  EXPECT_THAT(process->log(), HasSubstr("sudo -u nobody timebankd --data " + data_));
  EXPECT_TRUE(std::filesystem::is_empty(data_));
}

// Goal: a folder of another kind or of a newer format ends it with 3, one that is in use with 4.
TEST_F(ProcessTest, RefusesFoldersThatAreNotItsOwn) {
  auto process = Run();
  ASSERT_NE(process->AwaitReady(), "");
  const std::string elsewhere = folder_ + "/elsewhere";
  std::filesystem::create_directory(elsewhere);
  Process second(elsewhere, {"--data", data_, "--listen", "127.0.0.1:0"});
  EXPECT_EQ(second.AwaitExit(), 4);
  EXPECT_THAT(second.log(), HasSubstr("in use by another timebankd (pid "));
  process->Signal(SIGTERM);
  EXPECT_EQ(process->AwaitExit(), 0);

  std::ofstream(data_ + "/FORMAT") << "timebank-ledger 99\n";
  process = Run();
  EXPECT_EQ(process->AwaitExit(), 3);
  EXPECT_THAT(process->log(), HasSubstr("use a newer timebankd"));
}

// Goal: a ledger that was put back is made another instance by the command alone; it is refused while a
// server runs, and where there is no ledger.
TEST_F(ProcessTest, ARestoredLedgerGetsAnotherEpoch) {
  const auto restored = [&] {
    const std::string elsewhere = folder_ + "/elsewhere";
    std::filesystem::create_directory(elsewhere);
    auto process =
        std::make_unique<Process>(elsewhere, std::vector<std::string>{"restored", "--data", data_});
    const int code = process->AwaitExit();
    return std::pair(code, process->said() + process->log());
  };
  const auto position = [](const std::string& address) {
    grpc::ClientContext context;
    v1::GetTimebankRequest request;
    request.set_name("timebanks/rushey");
    v1::GetTimebankResponse response;
    const grpc::Status status =
        v1::TimebankService::NewStub(ChannelTo(address))->GetTimebank(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response.timebank().position();
  };
  EXPECT_EQ(restored().first, 2);
  EXPECT_FALSE(std::filesystem::exists(data_)) << "nothing is made";
  auto process = Run();
  std::string address = process->AwaitReady();
  CreateBank(address);
  const std::string before = position(address);
  EXPECT_EQ(restored().first, 4);
  EXPECT_EQ(position(address), before);
  process->Signal(SIGKILL);  // the log is ahead of the database
  process->AwaitExit();

  const auto [code, said] = restored();
  EXPECT_EQ(code, 0) << said;
  EXPECT_THAT(said, HasSubstr("EPOCH_CHANGED"));
  process = Run();
  address = process->AwaitReady();
  const std::string after = position(address);
  EXPECT_NE(after, before);
  process->Signal(SIGTERM);
  EXPECT_EQ(process->AwaitExit(), 0);
  process = Run();
  EXPECT_EQ(position(process->AwaitReady()), after) << "a start alone changes nothing";
}

// Goal: an address that is taken ends it with 5.
TEST_F(ProcessTest, RefusesATakenAddress) {
  auto process = Run();
  const std::string address = process->AwaitReady();
  const std::string elsewhere = folder_ + "/elsewhere";
  std::filesystem::create_directory(elsewhere);
  Process second(elsewhere, {"--data", elsewhere + "/data", "--listen", address});
  EXPECT_EQ(second.AwaitExit(), 5);
  EXPECT_THAT(second.log(),
              HasSubstr("cannot listen on " + address + ": Address already in use; most often"));
  EXPECT_EQ(second.log().find("\"source\""), std::string::npos) << "what gRPC has to say says no more";
  EXPECT_EQ(second.said(), "");
}

}  // namespace
}  // namespace timebank
