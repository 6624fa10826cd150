// A folder for one test.
#ifndef TIMEBANK_TESTS_UNIT_ACCESS_FOLDER_H_
#define TIMEBANK_TESTS_UNIT_ACCESS_FOLDER_H_

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <string>

namespace timebank::access {

class Folder {
 public:
  Folder() : path_(testing::TempDir() + "/access.XXXXXX") { EXPECT_NE(mkdtemp(path_.data()), nullptr); }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace timebank::access

#endif  // TIMEBANK_TESTS_UNIT_ACCESS_FOLDER_H_
