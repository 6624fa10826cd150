#include "storage/file_system.h"

#include <sys/resource.h>

#include <csignal>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

#include "absl/status/status.h"
#include "gtest/gtest.h"

namespace timebank::storage {
namespace {

class FileSystemTest : public testing::Test {
 protected:
  FileSystemTest() {
    std::string pattern = testing::TempDir() + "file_system_XXXXXX";
    folder_ = mkdtemp(pattern.data());
  }
  ~FileSystemTest() override { std::filesystem::remove_all(folder_); }

  FileSystem& files_ = FileSystem::Posix();
  std::string folder_;
};

// Goal: what is written is read back; a read across the end says how much there was.
TEST_F(FileSystemTest, WritesAndReads) {
  auto file = files_.Create(folder_ + "/a");
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(files_.Create(folder_ + "/a").status().code(), absl::StatusCode::kAlreadyExists);
  ASSERT_TRUE((*file)->Allocate(10).ok());
  ASSERT_TRUE((*file)->WriteAt(4, "hours").ok());
  ASSERT_TRUE((*file)->Sync().ok());
  EXPECT_EQ(*(*file)->Size(), 10u);
  std::string bytes(8, '?');
  EXPECT_EQ(*(*file)->ReadAt(4, std::span<char>(bytes)), 6u);
  EXPECT_EQ(bytes, std::string("hours\0??", 8));
}

// Goal: names move, go and are listed.
TEST_F(FileSystemTest, Names) {
  ASSERT_TRUE(files_.MakeFolder(folder_ + "/log").ok());
  ASSERT_TRUE(files_.MakeFolder(folder_ + "/log").ok()) << "it exists, which is as good";
  ASSERT_TRUE(files_.Create(folder_ + "/log/a").ok());
  ASSERT_TRUE(files_.Rename(folder_ + "/log/a", folder_ + "/log/b").ok());
  ASSERT_TRUE(files_.SyncFolder(folder_ + "/log").ok());
  EXPECT_EQ(*files_.List(folder_ + "/log"), std::vector<std::string>{"b"});
  ASSERT_TRUE(files_.Remove(folder_ + "/log/b").ok());
  EXPECT_EQ(files_.Open(folder_ + "/log/b").status().code(), absl::StatusCode::kNotFound);
}

// Goal: a folder has one owner at a time.
TEST_F(FileSystemTest, Lock) {
  auto lock = files_.LockFolder(folder_);
  ASSERT_TRUE(lock.ok()) << lock.status();
  EXPECT_EQ(files_.LockFolder(folder_).status().code(), absl::StatusCode::kFailedPrecondition);
  lock->reset();
  EXPECT_TRUE(files_.LockFolder(folder_).ok());
}

// Goal: a full disk is told apart from a broken one.
TEST_F(FileSystemTest, FullDisk) {
  auto full = files_.Open("/dev/full");
  ASSERT_TRUE(full.ok()) << full.status();
  EXPECT_EQ((*full)->WriteAt(0, "hours").code(), absl::StatusCode::kResourceExhausted);
}

// Goal: when the system takes only a part of a write, the rest is tried, and its failure is told.
TEST_F(FileSystemTest, ShortWrite) {
  auto file = files_.Create(folder_ + "/a");
  ASSERT_TRUE(file.ok()) << file.status();
  const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit old_limit;
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &old_limit), 0);
  rlimit limit = old_limit;
  limit.rlim_cur = 100;
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);
  const absl::Status written = (*file)->WriteAt(0, std::string(150, 'x'));
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &old_limit), 0);
  std::signal(SIGXFSZ, old_handler);

  EXPECT_FALSE(written.ok());
  EXPECT_EQ(*(*file)->Size(), 100u);
}

}  // namespace
}  // namespace timebank::storage
