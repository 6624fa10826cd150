// Files of rejects, and the rule that makes cells harmless.
#include "client/cli/rejects_files.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "client/cli/errors.h"
#include "client/cli/import/csv_reader.h"
#include "client/cli/import/harmless.h"

namespace timebank::cli {
namespace {

using imports::Unharmed;

// A reader with a heading and nothing to read.
class Headed : public imports::Reader {
 public:
  explicit Headed(std::vector<std::string> heading, char separator = ',')
      : heading_(std::move(heading)), separator_(separator) {}
  absl::StatusOr<bool> Next(imports::Row&) override { return false; }
  std::string_view system() const override { return "oak"; }
  std::string_view id_prefix() const override { return "oak-"; }
  std::vector<std::string> Heading(std::string_view) const override { return heading_; }
  char Separator(std::string_view) const override { return separator_; }
  std::vector<std::string> LeftOut() const override { return {}; }
  int64_t bytes_consumed() const override { return 0; }
  int64_t bytes_total() const override { return 0; }

 private:
  std::vector<std::string> heading_;
  char separator_;
};

class RejectsFilesTest : public ::testing::Test {
 protected:
  RejectsFilesTest() { std::filesystem::create_directories(folder_); }
  ~RejectsFilesTest() override { std::filesystem::remove_all(folder_); }

  std::string Path(const std::string& name) const { return (folder_ / name).string(); }
  std::string Text(const std::string& name) const {
    std::ostringstream text;
    text << std::ifstream(folder_ / name, std::ios::binary).rdbuf();
    return text.str();
  }

  std::filesystem::path folder_ = std::filesystem::path(::testing::TempDir()) /
                                  ::testing::UnitTest::GetInstance()->current_test_info()->name();
};

// Goal: a file that is there and has something else in it, mended by half perhaps, is moved aside and not
// written over; the same once more is not.
TEST_F(RejectsFilesTest, NothingIsWrittenOver) {
  const auto write = [this](const std::string& reason) {
    RejectsFiles files(Path("bad.csv"), {Path("source.csv")});
    const Headed reader({"a", "b"});
    files.Add({{"source.csv", 2}, "a", reason, {"1", "2"}}, reader);
    EXPECT_TRUE(files.Close().ok());
    return files.written().at(0).before;
  };
  EXPECT_EQ(write("first"), "");
  const std::string first = Text("bad.csv");
  EXPECT_EQ(write("first"), "");
  EXPECT_EQ(write("second"), Path("bad.1.csv"));
  EXPECT_EQ(Text("bad.1.csv"), first);
  EXPECT_NE(Text("bad.csv"), first);
  EXPECT_EQ(write("first"), Path("bad.2.csv"));
  EXPECT_EQ(Text("bad.csv"), first);
  size_t count = 0;
  for ([[maybe_unused]] const auto& file : std::filesystem::directory_iterator(folder_)) ++count;
  EXPECT_EQ(count, 3u);
}

// Goal: the source's heading and columns, then where and why; rows that could not be taken apart have the
// latter alone; the columns stay in line.
TEST_F(RejectsFilesTest, OriginalColumnsAndWhy) {
  RejectsFiles files(Path("bad.csv"), {Path("source.csv")});
  ASSERT_TRUE(files.Check().ok());
  const Headed reader({"ID", "Seller", "Amount"});
  files.Add({{"source.csv", 3}, "Amount", "\"two\" is no number", {"7", "AB, \"C\"", "=two"}}, reader);
  files.Add({{"source.csv", 9}, "", "a quote is opened and never closed", {}}, reader);
  files.Add({{"source.csv", 11}, "", "too few", {"8"}}, reader);
  ASSERT_TRUE(files.Close().ok());
  EXPECT_EQ(Text("bad.csv"),
            "\xEF\xBB\xBFID,Seller,Amount,rejected_line,rejected_why\n"
            "7,\"AB, \"\"C\"\"\",'=two,3,\"Amount: \"\"two\"\" is no number\"\n"
            ",,,9,a quote is opened and never closed\n"
            "8,,,11,too few\n");
  ASSERT_EQ(files.written().size(), 1u);
  EXPECT_EQ(files.written()[0].rows, 3);
}

// Goal: a program that opened the source in columns opens the rejects so.
TEST_F(RejectsFilesTest, SeparatedAsTheSource) {
  RejectsFiles files(Path("bad.csv"), {Path("source.csv")});
  const Headed reader({"ID", "Amount"}, ';');
  files.Add({{"source.csv", 3}, "Amount", "no number; write 1,5", {"7", "a;b"}}, reader);
  files.Add({{"source.csv", 4}, "", "too few", {"8"}}, reader);
  ASSERT_TRUE(files.Close().ok());
  EXPECT_EQ(Text("bad.csv"),
            "\xEF\xBB\xBFID;Amount;rejected_line;rejected_why\n"
            "7;\"a;b\";3;\"Amount: no number; write 1,5\"\n"
            "8;;4;too few\n");
}

// Goal: what is written is read back by the reader of CSV as the cells that it was made of.
TEST_F(RejectsFilesTest, ReadsBackTheSame) {
  const std::vector<std::string> cells = {"-1,5", "line\nbreak", "'=x", "  blanks ", "Zoë \"Z\"", ""};
  RejectsFiles files(Path("bad.csv"), {Path("source.csv")});
  files.Add({{"source.csv", 1}, "", "why", cells}, Headed({}));
  ASSERT_TRUE(files.Close().ok());
  std::ifstream stream(Path("bad.csv"), std::ios::binary);
  imports::CsvReader csv(stream);
  imports::CsvRow row;
  ASSERT_TRUE(csv.Next(row));
  ASSERT_EQ(row.fields.size(), cells.size() + 2) << row.error;
  for (size_t i = 0; i < cells.size(); ++i) EXPECT_EQ(Unharmed(row.fields[i]), cells[i]);
}

// Goal: a file of rejects whose rows are rejected again does not grow columns.
TEST_F(RejectsFilesTest, RejectsOfRejects) {
  RejectsFiles files(Path("again.csv"), {Path("bad.csv")});
  const Headed reader({"who", "what", "rejected_line", "rejected_why"});
  files.Add({{"bad.csv", 2}, "", "still bad", {"1", "x", "7", "bad"}}, reader);
  ASSERT_TRUE(files.Close().ok());
  EXPECT_EQ(Text("again.csv"), "\xEF\xBB\xBFwho,what,rejected_line,rejected_why\n1,x,2,still bad\n");
}

// Goal: each source has a file of its own, none without a row in it; no source is written over.
TEST_F(RejectsFilesTest, AFileForEachSource) {
  RejectsFiles files(Path("bad.csv"), {"a/users.csv", "b/trades.csv", "b/trades.txt", "c/other.csv"});
  ASSERT_TRUE(files.Check().ok());
  for (const char* source : {"users.csv", "trades.csv", "trades.txt"})
    files.Add({{source, 1}, "", "why", {"x"}}, Headed({"h"}));
  ASSERT_TRUE(files.Close().ok());
  ASSERT_EQ(files.written().size(), 3u);
  EXPECT_TRUE(std::filesystem::exists(Path("bad-users.csv")));
  EXPECT_TRUE(std::filesystem::exists(Path("bad-trades.csv.csv")));
  EXPECT_TRUE(std::filesystem::exists(Path("bad-trades.txt.csv")));
  EXPECT_FALSE(std::filesystem::exists(Path("bad-other.csv")));

  std::ofstream(Path("source.csv")) << "x\n";
  EXPECT_EQ(ExitCodeOf(RejectsFiles(Path("source.csv"), {Path("source.csv")}).Check()), ExitCode::kUsage);
  EXPECT_EQ(ExitCodeOf(RejectsFiles(Path("none/bad.csv"), {Path("source.csv")}).Check()), ExitCode::kUsage);
}

}  // namespace
}  // namespace timebank::cli
