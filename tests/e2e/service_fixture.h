// A server for all tests of one suite, and a bank of its own for each test.
#ifndef TIMEBANK_TESTS_E2E_SERVICE_FIXTURE_H_
#define TIMEBANK_TESTS_E2E_SERVICE_FIXTURE_H_

#include <gtest/gtest.h>

#include <memory>
#include <optional>

#include "tests/support/live_bank.h"
#include "tests/support/server_process.h"
#include "tests/support/wire.h"

namespace timebank::e2e {

class ServiceTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    shared_folder.emplace();
    shared_server = ServerProcess::Start(shared_folder->path());
  }
  // Whatever the tests did to it: it has lived through it, and stops when it is asked to.
  static void TearDownTestSuite() {
    if (shared_server != nullptr) {
      EXPECT_EQ(shared_server->Stop(), 0) << shared_server->Logged();
    }
    shared_server.reset();
    shared_folder.reset();
  }

  void SetUp() override { ASSERT_NE(shared_server, nullptr); }

  static ServerProcess& server() { return *shared_server; }

  const Wire wire_{shared_server == nullptr ? "unix:/nowhere" : shared_server->address()};

 private:
  static inline std::optional<TempFolder> shared_folder;
  static inline std::unique_ptr<ServerProcess> shared_server;
};

}  // namespace timebank::e2e

#endif  // TIMEBANK_TESTS_E2E_SERVICE_FIXTURE_H_
