#include "server/log.h"

#include <grpc/support/log.h>

#include <algorithm>
#include <string>

#include "gtest/gtest.h"

namespace timebank {
namespace {

// Goal: whatever a message holds, a line of the log stays one line of JSON.
TEST(LogTest, EscapesForJson) {
  EXPECT_EQ(JsonEscaped("plain"), "plain");
  EXPECT_EQ(JsonEscaped("a \"b\" \\ c"), "a \\\"b\\\" \\\\ c");
  EXPECT_EQ(JsonEscaped("a\nb\tc"), "a\\u000ab\\u0009c");
  EXPECT_EQ(JsonEscaped("héllo ✓ 𝄞"), "héllo ✓ 𝄞");
  EXPECT_EQ(JsonEscaped("a\xff\xc3"), "a\xef\xbf\xbd\xef\xbf\xbd");
}

// Goal: a line is an object with time, level, message and fields; what is below the level is not written.
TEST(LogTest, WritesObjects) {
  SetUpLog("warn");
  testing::internal::CaptureStderr();
  LogInfo("not told");
  LogWarning("told", {{"folder", "/a \"b\""}});
  EndLog();
  const std::string said = testing::internal::GetCapturedStderr();
  ASSERT_GT(said.size(), 35u);
  EXPECT_EQ(said.substr(0, 11), R"({"time":"20)");
  EXPECT_EQ(said.substr(32), R"(Z","level":"warning","msg":"told","folder":"/a \"b\""})"
                             "\n");
}

// Goal: whatever strangers do to gRPC, it does not fill the log: sixty lines a minute, of two minutes at most
// here.
TEST(LogTest, GrpcsLinesHaveALimit) {
  gpr_log_verbosity_init();
  SetUpLog("warn");
  testing::internal::CaptureStderr();
  for (int i = 0; i < 1000; ++i) gpr_log(GPR_ERROR, "Handshake failed");
  EndLog();
  const std::string said = testing::internal::GetCapturedStderr();
  const auto lines = std::count(said.begin(), said.end(), '\n');
  EXPECT_GE(lines, 60);
  EXPECT_LE(lines, 120);
}

}  // namespace
}  // namespace timebank
