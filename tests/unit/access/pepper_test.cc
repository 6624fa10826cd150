#include "server/access/pepper.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "tests/unit/access/folder.h"

namespace timebank::access {
namespace {

using testing::HasSubstr;

// Goal: a pepper is made once, is the owner's alone, and is found again.
TEST(PepperTest, IsMadeOnceAndReadAgain) {
  const Folder folder;
  const std::string path = folder.path() + "/pepper";
  const std::string data = folder.path() + "/data";
  EXPECT_TRUE(absl::IsNotFound(ReadPepper(path, data).status()));
  const auto made = MakePepper(path, data);
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_EQ(made->size(), 32u);
  struct stat about = {};
  ASSERT_EQ(stat(path.c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0600u);
  EXPECT_EQ(*MakePepper(path, data), *made);
  EXPECT_EQ(*ReadPepper(path, data), *made);
}

// Goal: a pepper that is no secret, is no pepper, or goes with every copy of the ledger is not taken.
TEST(PepperTest, IsRefusedWhereItIsNoSecret) {
  const Folder folder;
  const std::string data = folder.path() + "/data";
  std::filesystem::create_directory(data);
  const std::string path = folder.path() + "/pepper";
  ASSERT_TRUE(MakePepper(path, data).ok());
  ASSERT_EQ(chmod(path.c_str(), 0640), 0);
  EXPECT_THAT(std::string(ReadPepper(path, data).status().message()), HasSubstr("chmod 0600"));
  ASSERT_EQ(chmod(path.c_str(), 0600), 0);

  for (const std::string& inside : {data + "/pepper", data + "/../data/pepper", data + "//x/../pepper"}) {
    EXPECT_THAT(std::string(MakePepper(inside, data + "/").status().message()), HasSubstr("inside"));
  }
  std::filesystem::create_symlink(data, folder.path() + "/link");
  EXPECT_THAT(std::string(MakePepper(folder.path() + "/link/pepper", data).status().message()),
              HasSubstr("inside"));
  EXPECT_TRUE(MakePepper(folder.path() + "/data.pepper", data).ok());

  std::ofstream(path) << "1234\n";
  EXPECT_THAT(std::string(ReadPepper(path, data).status().message()), HasSubstr("64 hexadecimal"));
  EXPECT_FALSE(MakePepper(path, data).ok()) << "a damaged pepper is never replaced: all keys would be lost";
  EXPECT_TRUE(absl::IsNotFound(ReadPepper("", data).status()));
}

// Goal: a secret of root's that a group may read, as container platforms hand it out, is taken by others than
// root; one that anybody may read is not.
TEST(PepperTest, RootMayGiveItToAGroup) {
  if (geteuid() != 0) GTEST_SKIP() << "takes root";
  constexpr uid_t kNobody = 65534;
  const Folder folder;
  ASSERT_EQ(chmod(folder.path().c_str(), 0755), 0);
  const std::string data = folder.path() + "/data";
  const std::string path = folder.path() + "/pepper";
  ASSERT_TRUE(MakePepper(path, data).ok());
  ASSERT_EQ(chown(path.c_str(), 0, kNobody), 0);
  const auto as_nobody = [&](mode_t mode) {
    EXPECT_EQ(chmod(path.c_str(), mode), 0);
    const gid_t group = getegid();
    EXPECT_EQ(setegid(kNobody), 0);
    EXPECT_EQ(seteuid(kNobody), 0);
    absl::Status status = ReadPepper(path, data).status();
    EXPECT_EQ(seteuid(0), 0);
    EXPECT_EQ(setegid(group), 0);
    return status;
  };
  EXPECT_TRUE(as_nobody(0440).ok()) << as_nobody(0440);
  EXPECT_FALSE(as_nobody(0460).ok());
  EXPECT_FALSE(as_nobody(0444).ok());
}

}  // namespace
}  // namespace timebank::access
