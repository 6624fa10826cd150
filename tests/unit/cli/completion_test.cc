#include "client/cli/completion.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "tests/unit/cli/fake_bank.h"

namespace timebank::cli {
namespace {

class CompletionTest : public ::testing::Test {
 protected:
  CompletionTest() {
    bank_->AddMember("ben", "Ben Ferré");
    bank_->AddMember("m2", "Ana Muñoz");
    bank_->bank.mutable_settings()->add_categories("gardening");
    bank_->bank.mutable_settings()->add_categories("café");
  }

  // What `timebank __complete` prints for these words, the last one behind a blank being typed.
  std::string Complete(const std::string& line) {
    std::vector<std::string> words = absl::StrSplit("__complete " + line, ' ');
    const Ran ran = RunCli(bank_, words);
    EXPECT_EQ(ran.code, ExitCode::kOk);
    EXPECT_EQ(ran.err, "");
    return ran.out;
  }

  std::shared_ptr<FakeBank> bank_ = std::make_shared<FakeBank>();
};

// Goal: commands, and those below them, with what they mean.
TEST_F(CompletionTest, Commands) {
  EXPECT_EQ(Complete("und"), "undo\tUndo an entry by an opposite one\n");
  EXPECT_EQ(Complete("member clo"), "close\tClose an account and say where its hours go\n");
  EXPECT_EQ(Complete("--bank rushey und"), "undo\tUndo an entry by an opposite one\n");
  EXPECT_EQ(Complete("help member reo"), "reopen\tOpen a closed account again; nothing moves\n");
  EXPECT_EQ(Complete("nonsense "), Complete("")) << "a slip of the finger is not the shell's to judge";
  EXPECT_EQ(Complete("__"), "");
}

// Goal: flags of the command and those that every command knows, and the values of both.
TEST_F(CompletionTest, FlagsAndValues) {
  EXPECT_EQ(Complete("statement ana --ht"),
            "--html\tFor paper: a page for a browser, to print or to mail, oldest first\n");
  EXPECT_EQ(Complete("statement ana --serv"),
            "--server\tWhere the server is (localhost:7400 unless said otherwise)\n");
  EXPECT_EQ(Complete("report 2025 --by "), "month\ncategory\nkind\n");
  EXPECT_EQ(Complete("chat -o js"), "json\n");
  EXPECT_EQ(Complete("record ben helped ana 1h --on t"), "today\ntue\nthu\n");
  EXPECT_EQ(Complete("settle 1042 re"), "reversed\n");
  EXPECT_EQ(Complete("undo 10"), "");
}

// Goal: members by any part of the name, without accents, as ids; categories.
TEST_F(CompletionTest, NamesFromTheBank) {
  EXPECT_EQ(Complete("record munoz"), "m2\tAna Muñoz\n");
  EXPECT_EQ(Complete("record ben h"), "helped\n");
  EXPECT_EQ(Complete("gift ben g"), "gave\n");
  EXPECT_EQ(Complete("record ben helped m2,fer"), "m2,ben\tBen Ferré\n");
  EXPECT_EQ(Complete("statement ferr"), "ben\tBen Ferré\n");
  EXPECT_EQ(Complete("member merge ben --into mun"), "m2\tAna Muñoz\n");
  EXPECT_EQ(Complete("record ben helped m2 1h --category caf"), "café\n");
  EXPECT_EQ(Complete("member add An"), "") << "somebody new";
}

// Goal: a server that cannot be reached has no names, and says nothing.
TEST_F(CompletionTest, NoServerNoNames) {
  EXPECT_CALL(*bank_, ListTimebanks).WillRepeatedly(::testing::Return(absl::UnavailableError("gone")));
  EXPECT_EQ(Complete("record be"), "");
}

// Goal: a script for each of the three shells, and for no other.
TEST_F(CompletionTest, Scripts) {
  for (const char* shell : {"bash", "zsh", "fish"}) {
    const Ran ran = RunCli(bank_, std::vector<std::string>{"completion", shell});
    EXPECT_EQ(ran.code, ExitCode::kOk);
    EXPECT_NE(ran.out.find("__complete"), std::string::npos);
    EXPECT_EQ(ran.out, CompletionScript(shell));
  }
  EXPECT_EQ(RunCli(bank_, "completion csh").code, ExitCode::kUsage);
}

// Goal: a page for every command, each with its own parts, and nothing that troff would take for a request.
TEST_F(CompletionTest, ManualPages) {
  const std::string page = RunCli(bank_, "man record").out;
  for (const char* part : {".TH TIMEBANK\\-RECORD 1", ".SH NAME\ntimebank\\-record \\- Record help",
                           ".SH ARGUMENTS", ".SH OPTIONS", "\\fB\\-\\-slip\\fR \\fINUMBER\\fR",
                           ".SH EXAMPLES", "timebank record ana muñoz helped ben 45m"}) {
    EXPECT_NE(page.find(part), std::string::npos) << part << "\n" << page;
  }
  const std::string root = RunCli(bank_, "man").out;
  EXPECT_NE(root.find(".BR timebank\\-record (1)"), std::string::npos) << root;
  EXPECT_NE(root.find(".SS Every day"), root.find(".SS Recording")) << root;
  EXPECT_NE(RunCli(bank_, "man member add").out.find("timebank\\-member\\-add \\- Add a member"),
            std::string::npos);
  EXPECT_EQ(RunCli(bank_, "man nonsense").code, ExitCode::kUsage);
}

}  // namespace
}  // namespace timebank::cli
