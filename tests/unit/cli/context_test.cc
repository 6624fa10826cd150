#include "client/cli/context.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <string>

namespace timebank::cli {
namespace {

class ContextTest : public ::testing::Test {
 protected:
  ~ContextTest() override { std::filesystem::remove_all(folder_); }

  Variables variables() {
    return [this](const std::string& name) -> std::optional<std::string> {
      const auto found = values_.find(name);
      return found == values_.end() ? std::nullopt : std::optional<std::string>(found->second);
    };
  }
  void WriteText(const std::string& text) {
    std::filesystem::create_directories(path().parent_path());
    std::ofstream(path()) << text;
  }
  std::filesystem::path path() const { return folder_ / "timebank" / "config.toml"; }

  std::filesystem::path folder_ = std::filesystem::path(::testing::TempDir()) /
                                  ::testing::UnitTest::GetInstance()->current_test_info()->name();
  std::map<std::string, std::string> values_;
};

// Goal: the user's config folder, wherever it is said to be.
TEST_F(ContextTest, FindsTheConfigFolder) {
  EXPECT_FALSE(ContextPath(variables()).ok());
  values_["HOME"] = "/home/maria";
  EXPECT_EQ(*ContextPath(variables()), "/home/maria/.config/timebank/config.toml");
  values_["XDG_CONFIG_HOME"] = "/elsewhere";
  EXPECT_EQ(*ContextPath(variables()), "/elsewhere/timebank/config.toml");
}

// Goal: what is written is read back, by its owner alone; writing again replaces it.
TEST_F(ContextTest, WritesAndReads) {
  EXPECT_EQ(*ReadContexts(path()), ContextFile{}) << "no file is no contexts";
  const ContextFile file{
      "rushey", {{"rushey", {"localhost:7400", "rushey", "maria"}}, {"núria's \"bank\"", {"", "b", ""}}}};
  ASSERT_TRUE(WriteContexts(path(), file).ok());
  EXPECT_EQ(*ReadContexts(path()), file);
  struct stat info {};
  ASSERT_EQ(stat(path().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  ASSERT_TRUE(WriteContexts(path(), {}).ok());
  EXPECT_EQ(*ReadContexts(path()), ContextFile{});
}

// Goal: a broken file is told with its line, never passed over.
TEST_F(ContextTest, BrokenFilesAreTold) {
  WriteText("current = \n");
  EXPECT_NE(ReadContexts(path()).status().message().find("line 1"), absl::string_view::npos);
  WriteText("[contexts.a]\nserver = 7400\n");
  EXPECT_NE(ReadContexts(path()).status().message().find("line 2"), absl::string_view::npos);
  WriteText("current = \"gone\"\n");
  EXPECT_NE(ReadContexts(path()).status().message().find("gone"), absl::string_view::npos);
}

// Goal: flags before environment before context before default, each field for itself.
TEST_F(ContextTest, FlagsBeforeEnvironmentBeforeContext) {
  const ContextFile file{"one", {{"one", {"one:1", "bank-one", "maria"}}, {"two", {"", "bank-two", ""}}}};
  EXPECT_EQ(*EffectiveContext({}, "", {}, variables()), (Context{kDefaultServer, "", ""}));
  EXPECT_EQ(*EffectiveContext(file, "", {}, variables()), (Context{"one:1", "bank-one", "maria"}));
  EXPECT_EQ(*EffectiveContext(file, "two", {}, variables()), (Context{kDefaultServer, "bank-two", ""}));
  values_["TIMEBANK_BANK"] = "from-environment";
  values_["TIMEBANK_AS"] = "eva";
  EXPECT_EQ(*EffectiveContext(file, "", {}, variables()), (Context{"one:1", "from-environment", "eva"}));
  EXPECT_EQ(*EffectiveContext(file, "", {"flag:2", "", "ana"}, variables()),
            (Context{"flag:2", "from-environment", "ana"}));
  EXPECT_FALSE(EffectiveContext(file, "three", {}, variables()).ok());
}

// Goal: how the connection is encrypted, and where the key is, is written down, read and overridden like all
// else.
TEST_F(ContextTest, FilesOfTheConnection) {
  const Context written = {.server = "bank.example.org:7400",
                           .key_file = "/c/maria.secret",
                           .ca = "/c/ca.crt",
                           .cert = "/c/maria.crt",
                           .cert_key = "/c/maria.key",
                           .plaintext = true};
  const ContextFile file{"far", {{"far", written}}};
  ASSERT_TRUE(WriteContexts(path(), file).ok());
  EXPECT_EQ(*ReadContexts(path()), file);
  values_["TIMEBANK_CA"] = "/e/ca.crt";
  values_["TIMEBANK_CERT_KEY"] = "/e/maria.key";
  values_["TIMEBANK_PLAINTEXT"] = "0";
  const Context effective = *EffectiveContext(file, "", {.cert_key = "/f/maria.key"}, variables());
  EXPECT_EQ(effective.key_file, "/c/maria.secret");
  EXPECT_EQ(effective.ca, "/e/ca.crt");
  EXPECT_EQ(effective.cert, "/c/maria.crt");
  EXPECT_EQ(effective.cert_key, "/f/maria.key");
  EXPECT_FALSE(effective.plaintext);
  values_["TIMEBANK_KEY_FILE"] = "/e/maria.secret";
  EXPECT_EQ(EffectiveContext(file, "", {}, variables())->key_file, "/e/maria.secret");
  EXPECT_EQ(EffectiveContext(file, "", {.key_file = "-"}, variables())->key_file, "-");
  values_["TIMEBANK_PLAINTEXT"] = "yes";
  EXPECT_FALSE(EffectiveContext(file, "", {}, variables()).ok());
  WriteText("[contexts.a]\nplaintext = \"yes\"\n");
  EXPECT_NE(ReadContexts(path()).status().message().find("line 2"), absl::string_view::npos);
}

// Goal: what a flag says of encryption holds, whatever the context or the environment says; and can be
// written down anew.
TEST_F(ContextTest, EncryptionCanBeTurnedRound) {
  const ContextFile files{"far", {{"far", {.ca = "/c/ca.crt", .cert = "/c/maria.crt"}}}};
  const Context plain = *EffectiveContext(files, "", {.plaintext = true}, variables());
  EXPECT_TRUE(plain.plaintext);
  EXPECT_EQ(plain.ca + plain.cert, "");
  EXPECT_FALSE(plain.key_held_back);
  const ContextFile with_key{"far", {{"far", {.key_file = "/c/maria.key"}}}};
  EXPECT_TRUE(EffectiveContext(with_key, "", {.plaintext = true}, variables())->key_held_back);
  EXPECT_FALSE(
      EffectiveContext(with_key, "", {.key_file = "-", .plaintext = true}, variables())->key_held_back);
  const ContextFile plaintext{"far", {{"far", {.plaintext = true}}}};
  EXPECT_EQ(EffectiveContext(plaintext, "", {.ca = "/f/ca.crt"}, variables())->plaintext, false);
  values_["TIMEBANK_CA"] = "/e/ca.crt";
  EXPECT_EQ(EffectiveContext(plaintext, "", {}, variables())->plaintext, false);
  const Context flag = *EffectiveContext(plaintext, "", {.plaintext = true}, variables());
  EXPECT_TRUE(flag.plaintext && flag.ca.empty());
  const Context both = *EffectiveContext(files, "", {.ca = "/f/ca.crt", .plaintext = true}, variables());
  EXPECT_TRUE(both.plaintext && both.ca == "/f/ca.crt") << "for whoever says both to be told";
}

}  // namespace
}  // namespace timebank::cli
