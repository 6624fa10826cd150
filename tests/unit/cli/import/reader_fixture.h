// Files written in a temporary folder, and what a reader makes of them, in words.
#ifndef TIMEBANK_TESTS_UNIT_CLI_IMPORT_READER_FIXTURE_H_
#define TIMEBANK_TESTS_UNIT_CLI_IMPORT_READER_FIXTURE_H_

#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "client/cli/import/reader.h"

namespace timebank::imports {

using Rows = std::vector<std::string>;

// `member 1 <Ana> 2018-01-30`, `4 helped 10 1188 2018-01-08 note`, `opening 4 900 2023-11-16`, `4 has 900`,
// `line 2 field: reason`; the community pot is `pot`.
std::string Words(const Row& row);

class ReaderTest : public ::testing::Test {
 protected:
  ReaderTest();
  ~ReaderTest() override;

  // Writes a file; returns its path.
  std::string Write(const std::string& name, const std::string& text);
  // Every row in words; or what opening the files said.
  Rows Read(const std::vector<std::string>& files, const std::string& format = "");
  // Every row. The files must open.
  std::vector<Row> ReadRows(const std::vector<std::string>& files, const std::string& format = "");
  // What was left out, as of the last files read, one below the other.
  const std::string& left_out() const { return left_out_; }
  const std::string& system() const { return system_; }

  // Today is 16 November 2023, in Madrid.
  ReaderOptions options_;

 private:
  std::filesystem::path folder_;
  std::string left_out_;
  std::string system_;
};

}  // namespace timebank::imports

#endif  // TIMEBANK_TESTS_UNIT_CLI_IMPORT_READER_FIXTURE_H_
