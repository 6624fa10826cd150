#include "client/cli/waiting_lines.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace timebank::cli {
namespace {

class WaitingLinesTest : public ::testing::Test {
 protected:
  WaitingLinesTest() : folder_(std::filesystem::path(::testing::TempDir()) / "WaitingLinesTest" / "state") {
    std::filesystem::remove_all(folder_.parent_path());
  }
  ~WaitingLinesTest() override { std::filesystem::remove_all(folder_.parent_path()); }

  static WaitingLine Line(const std::string& typed) {
    WaitingLine line;
    line.bank = "timebanks/rushey";
    line.as = "maria";
    line.typed = typed;
    line.day = "2023-11-14";
    line.request_id = "line-1";
    return line;
  }

  std::filesystem::path folder_;
};

// Goal: what was kept comes back whole and in order, also to another program; what was forgotten does not.
TEST_F(WaitingLinesTest, ComesBack) {
  WaitingLine first = Line("231 ben ana 1h30 two \"trees\"");
  WaitingLine second = Line("232 ana ben 45m");
  second.request.set_parent("timebanks/rushey");
  second.request.set_request_id("line-1");
  second.request.mutable_exchange()->set_seconds(2700);
  second.request.mutable_exchange()->set_note("a note\nof two lines");
  second.resolved = true;
  ASSERT_TRUE(WaitingLines(folder_).Keep(first).ok());
  ASSERT_TRUE(WaitingLines(folder_).Keep(second).ok());
  std::vector<WaitingLine> lines = WaitingLines(folder_).Of("timebanks/rushey", "maria");
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0].typed, first.typed);
  EXPECT_EQ(lines[0].day, "2023-11-14");
  EXPECT_EQ(lines[0].request_id, "line-1");
  EXPECT_FALSE(lines[0].resolved);
  EXPECT_TRUE(lines[1].resolved);
  EXPECT_EQ(lines[1].request.SerializeAsString(), second.request.SerializeAsString());
  // Kept again it takes its own place.
  first.request = second.request;
  first.resolved = true;
  ASSERT_TRUE(WaitingLines(folder_).Keep(first).ok());
  EXPECT_EQ(WaitingLines(folder_).Of("timebanks/rushey", "maria").size(), 2u);
  WaitingLines(folder_).Forget(lines[0]);
  lines = WaitingLines(folder_).Of("timebanks/rushey", "maria");
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0].typed, second.typed);
}

// Goal: lines of another bank or name are not touched, nor is what cannot be read.
TEST_F(WaitingLinesTest, OnlyOnesOwn) {
  WaitingLine other = Line("1 ben ana 1h");
  other.as = "rosa";
  ASSERT_TRUE(WaitingLines(folder_).Keep(other).ok());
  std::ofstream(folder_ / "0.line")
      << "bank timebanks/rushey\nas maria\nday 2023-11-14\ntyped x\nrequest {broken\n";
  std::ofstream(folder_ / "1.line") << "nonsense\n";
  std::ofstream(folder_ / "2.line.new") << "bank timebanks/rushey\nas maria\nday 2023-11-14\ntyped x\n";
  EXPECT_TRUE(WaitingLines(folder_).Of("timebanks/rushey", "maria").empty());
  EXPECT_TRUE(WaitingLines(folder_).Of("timebanks/other", "rosa").empty());
  EXPECT_EQ(WaitingLines(folder_).Of("timebanks/rushey", "rosa").size(), 1u);
  EXPECT_TRUE(std::filesystem::exists(folder_ / "0.line"));
}

// Goal: names and notes of people are for their owner's eyes; a folder that cannot be written is told.
TEST_F(WaitingLinesTest, PrivateAndTold) {
  WaitingLine line = Line("1 ben ana 1h");
  ASSERT_TRUE(WaitingLines(folder_).Keep(line).ok());
  struct stat file {};
  ASSERT_EQ(stat(line.path.c_str(), &file), 0);
  EXPECT_EQ(file.st_mode & 0777, 0600u);
  WaitingLine nowhere = Line("1 ben ana 1h");
  const absl::Status status = WaitingLines("/proc/timebank").Keep(nowhere);
  EXPECT_FALSE(status.ok());
  EXPECT_NE(status.message().find("/proc/timebank"), absl::string_view::npos);
}

// Goal: the state folder is where the desktop says.
TEST(WaitingFolderTest, Folder) {
  const auto none = [](const std::string&) { return std::optional<std::string>(); };
  EXPECT_FALSE(WaitingFolder(none).ok());
  const auto home = [](const std::string& name) {
    return name == "HOME" ? std::optional<std::string>("/home/maria") : std::nullopt;
  };
  EXPECT_EQ(*WaitingFolder(home), "/home/maria/.local/state/timebank/waiting");
  EXPECT_NE(NewLineId(), NewLineId());
}

}  // namespace
}  // namespace timebank::cli
