#include "server/access/pepper.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

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

}  // namespace
}  // namespace timebank::access
