#include "server/ops/service_manager.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/support/notify_socket.h"

namespace timebank::ops {
namespace {

using testing::HasSubstr;

// Goal: what systemd has to be told is said once and in the right form; signs of life go on by themselves.
TEST(ServiceManagerTest, SaysWhatSystemdWaitsFor) {
  const NotifySocket systemd(testing::TempDir() + "/notify");
  ServiceManager manager({systemd.path(), absl::Milliseconds(40)});
  EXPECT_EQ(systemd.Next(), "WATCHDOG=1\nEXTEND_TIMEOUT_USEC=30000000") << "it takes its time to start";
  manager.Ready("serving on 127.0.0.1:7400");
  EXPECT_TRUE(systemd.Await("READY=1\nSTATUS=serving on 127.0.0.1:7400"));
  EXPECT_TRUE(systemd.Await("WATCHDOG=1"));
  EXPECT_TRUE(systemd.Await("WATCHDOG=1"));
  manager.Stopping("stopping");
  EXPECT_TRUE(systemd.Await("STOPPING=1\nSTATUS=stopping"));
}

// Goal: what is said once is heard also where signs of life have filled the queue of somebody who reads late.
TEST(ServiceManagerTest, ReadyIsHeardBehindAFullQueue) {
  const NotifySocket systemd(testing::TempDir() + "/notify");
  ServiceManager manager({systemd.path(), absl::Milliseconds(4)});
  absl::SleepFor(absl::Milliseconds(300));
  std::thread ready([&] { manager.Ready("serving"); });
  absl::SleepFor(absl::Milliseconds(50));
  EXPECT_TRUE(systemd.Await("READY=1\nSTATUS=serving"));
  ready.join();
}

// Goal: where something hangs there is no sign of life, and where it goes on there is again.
TEST(ServiceManagerTest, NoSignOfLifeWhileSomethingHangs) {
  const NotifySocket systemd(testing::TempDir() + "/notify");
  ServiceManager manager({systemd.path(), absl::Milliseconds(20)});
  manager.Ready("");
  std::atomic<bool> hangs = true;
  std::atomic<bool> looked = false;
  manager.LookBeforeEachSign([&] {
    looked = true;
    while (hangs) absl::SleepFor(absl::Milliseconds(1));
  });
  while (!looked) absl::SleepFor(absl::Milliseconds(1));
  systemd.Drain();
  absl::SleepFor(absl::Milliseconds(100));
  EXPECT_EQ(systemd.Drain(), 0);
  hangs = false;
  EXPECT_TRUE(systemd.Await("WATCHDOG=1"));
}

// Goal: without a service manager, or with one that has gone, nothing happens.
TEST(ServiceManagerTest, NobodyNeedsToListen) {
  for (const char* path : {"", "/nowhere/notify", "@nobody"}) {
    ServiceManager manager({path, absl::Milliseconds(10)});
    manager.Ready("");
    manager.Stopping("");
  }
}

// Goal: an abstract socket is found, too.
TEST(ServiceManagerTest, AbstractSockets) {
  const NotifySocket systemd(absl::StrCat("@timebank-test-", getpid()));
  ServiceManager manager({systemd.path(), {}});
  manager.Ready("");
  EXPECT_TRUE(systemd.Await("READY=1\nSTATUS="));
}

// Goal: a watchdog that is meant for another process is not ours.
TEST(ServiceManagerTest, ReadsTheEnvironment) {
  setenv("NOTIFY_SOCKET", "/run/notify", 1);
  setenv("WATCHDOG_USEC", "30000000", 1);
  EXPECT_EQ(ServiceManager::FromEnvironment().socket, "/run/notify");
  EXPECT_EQ(ServiceManager::FromEnvironment().watchdog, absl::Seconds(30));
  setenv("WATCHDOG_PID", absl::StrCat(getpid()).c_str(), 1);
  EXPECT_EQ(ServiceManager::FromEnvironment().watchdog, absl::Seconds(30));
  setenv("WATCHDOG_PID", "1", 1);
  EXPECT_EQ(ServiceManager::FromEnvironment().watchdog, std::nullopt);
  unsetenv("WATCHDOG_PID");
  setenv("WATCHDOG_USEC", "soon", 1);
  EXPECT_EQ(ServiceManager::FromEnvironment().watchdog, std::nullopt);
  unsetenv("WATCHDOG_USEC");
  unsetenv("NOTIFY_SOCKET");
  EXPECT_EQ(ServiceManager::FromEnvironment().socket, "");
}

}  // namespace
}  // namespace timebank::ops
