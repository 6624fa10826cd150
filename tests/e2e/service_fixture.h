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
    folder_.emplace();
    server_ = ServerProcess::Start(folder_->path());
  }
  // Whatever the tests did to it: it has lived through it, and stops when it is asked to.
  static void TearDownTestSuite() {
    if (server_ != nullptr) {
      EXPECT_EQ(server_->Stop(), 0) << server_->Logged();
    }
    server_.reset();
    folder_.reset();
  }

  void SetUp() override { ASSERT_NE(server_, nullptr); }

  static ServerProcess& server() { return *server_; }

  const Wire wire_{server_ == nullptr ? "unix:/nowhere" : server_->address()};

 private:
  static inline std::optional<TempFolder> folder_;
  static inline std::unique_ptr<ServerProcess> server_;
};

}  // namespace timebank::e2e

#endif  // TIMEBANK_TESTS_E2E_SERVICE_FIXTURE_H_
