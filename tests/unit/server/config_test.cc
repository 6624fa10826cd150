#include "server/config.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace timebank {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using Wish = Configured::Wish;

// A file that goes with the test.
class TomlFile {
 public:
  explicit TomlFile(const std::string& text) {
    std::string pattern = (std::filesystem::temp_directory_path() / "config_test.XXXXXX").string();
    close(mkstemp(pattern.data()));
    path_ = pattern;
    std::ofstream(path_) << text;
  }
  ~TomlFile() { std::filesystem::remove(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

std::string SourceOf(const Configured& configured, const std::string& name) {
  for (const auto& setting : configured.effective) {
    if (setting.name == name) return setting.source;
  }
  return "";
}

// Goal: without being told anything the server serves this machine, and what is not told is documented.
TEST(ConfigTest, Defaults) {
  const Configured configured = Configure({}, {});
  EXPECT_EQ(configured.wish, Wish::kServe);
  EXPECT_EQ(configured.config.data, "./timebank-data");
  EXPECT_EQ(configured.config.listen, "127.0.0.1:7400");
  EXPECT_EQ(configured.config.operator_socket, "./timebank-data/operator.sock");
  EXPECT_FALSE(configured.config.reflection);
  EXPECT_EQ(SourceOf(configured, "listen"), "default");
}

// Goal: a flag goes before a variable, a variable before the file, the file before the default; each is told.
TEST(ConfigTest, Precedence) {
  const TomlFile file("# mine\nstop_seconds = 1\nqueue_mb = 100\nmax_streams = 10\nreflection = true\n");
  const Configured configured =
      Configure({"--config", file.path(), "--stop-seconds=3"},
                {{"TIMEBANK_STOP_SECONDS", "2"}, {"TIMEBANK_QUEUE_MB", "200"}, {"TIMEBANK_BANK", "rushey"}});
  ASSERT_THAT(configured.errors, IsEmpty());
  EXPECT_EQ(configured.config.stop_seconds, 3);
  EXPECT_EQ(SourceOf(configured, "stop_seconds"), "--stop-seconds");
  EXPECT_EQ(configured.config.queue_mb, 200);
  EXPECT_EQ(SourceOf(configured, "queue_mb"), "TIMEBANK_QUEUE_MB");
  EXPECT_EQ(configured.config.max_streams, 10);
  EXPECT_EQ(SourceOf(configured, "max_streams"), file.path() + ":4");
  EXPECT_TRUE(configured.config.reflection);
  EXPECT_EQ(SourceOf(configured, "pool_threads"), "default");
}

// Goal: the file can be named by a variable; a flag names another one.
TEST(ConfigTest, FileByVariable) {
  const TomlFile one("stop_seconds = 1\n");
  const TomlFile two("stop_seconds = 2\n");
  const Environment environment = {{"TIMEBANK_CONFIG", one.path()}};
  EXPECT_EQ(Configure({}, environment).config.stop_seconds, 1);
  EXPECT_EQ(Configure({"--config", two.path()}, environment).config.stop_seconds, 2);
}

// Goal: a switch can be turned on and off by a flag, also against the file.
TEST(ConfigTest, Switches) {
  const TomlFile on("reflection = true\n");
  EXPECT_TRUE(Configure({"--reflection"}, {}).config.reflection);
  EXPECT_FALSE(Configure({"--config", on.path(), "--no-reflection"}, {}).config.reflection);
  EXPECT_FALSE(Configure({"--config", on.path(), "--reflection=false"}, {}).config.reflection);
  EXPECT_TRUE(Configure({}, {{"TIMEBANK_REFLECTION", "true"}}).config.reflection);
}

// Goal: the operator's socket lies in the ledger's folder unless told otherwise, and can be left out.
TEST(ConfigTest, OperatorSocket) {
  EXPECT_EQ(Configure({"--data", "/srv/bank"}, {}).config.operator_socket, "/srv/bank/operator.sock");
  EXPECT_EQ(Configure({"--operator-socket", "/run/op"}, {}).config.operator_socket, "/run/op");
  EXPECT_EQ(Configure({"--operator-socket", ""}, {}).config.operator_socket, "");
  EXPECT_EQ(Configure({}, {{"TIMEBANK_OPERATOR_SOCKET", ""}}).config.operator_socket, "");
  const std::string deep(200, 'd');
  EXPECT_THAT(Configure({"--data", deep}, {}).errors,
              ElementsAre(AllOf(HasSubstr("--operator-socket"), HasSubstr("longer than the 107 bytes"))));
  EXPECT_THAT(Configure({"--data", deep, "--operator-socket", ""}, {}).errors, IsEmpty());
}

// Goal: what nobody knows is an error that names the nearest known name, wherever it stands; all errors are
// told.
TEST(ConfigTest, UnknownNames) {
  const TomlFile file("queue_mbs = 3\n\nlistne = \"x\"\n");
  const Configured configured =
      Configure({"--lisen", "--config", file.path()},
                {{"TIMEBANK_DATE", "x"}, {"TIMEBANK_AS", "ana"}, {"TIMEBANK_LANGUAGE", "es"}});
  EXPECT_EQ(configured.wish, Wish::kErrors);
  EXPECT_THAT(configured.errors,
              ElementsAre("--lisen: not known; did you mean --listen?",
                          "TIMEBANK_DATE: not known; did you mean TIMEBANK_DATA?",
                          file.path() + ":3: listne: not known; did you mean listen?",
                          file.path() + ":1: queue_mbs: not known; did you mean queue_mb?"));
}

// Goal: a value out of range is an error that says where it stands and what it may be, even where another
// source overrides it.
TEST(ConfigTest, ValuesOutOfRange) {
  const TomlFile file("stop_seconds = \"10\"\nreflection = 1\nlog_level = 3\n");
  EXPECT_THAT(Configure({"--queue-mb", "1e3"}, {}).errors,
              ElementsAre("--queue-mb: must be a whole number from 16 to 16384"));
  EXPECT_THAT(Configure({"--queue-mb", "20"}, {{"TIMEBANK_QUEUE_MB", "15"}}).errors,
              ElementsAre("TIMEBANK_QUEUE_MB: must be a whole number from 16 to 16384"));
  EXPECT_THAT(Configure({"--log-level", "loud"}, {}).errors,
              ElementsAre("--log-level: must be debug, info, warn or error"));
  EXPECT_THAT(Configure({}, {{"TIMEBANK_REFLECTION", "yes"}}).errors,
              ElementsAre("TIMEBANK_REFLECTION: must be true or false"));
  EXPECT_THAT(Configure({"--config", file.path()}, {}).errors,
              ElementsAre(HasSubstr(":3: log_level: must be a text in quotes"),
                          HasSubstr(":2: reflection: must be true or false, without quotes"),
                          HasSubstr(":1: stop_seconds: must be a whole number, without quotes")));
  const TomlFile values("access = \"maybe\"\nqueue_mb = 15\n");
  EXPECT_THAT(Configure({"--config", values.path()}, {}).errors,
              ElementsAre(values.path() + ":1: access: must be open or keys",
                          values.path() + ":2: queue_mb: must be a whole number from 16 to 16384"));
}

// Goal: a file that is missing or is no TOML is an error, not an empty one.
TEST(ConfigTest, UnreadableFiles) {
  const TomlFile file("data = \"a\"\nlisten = \n");
  EXPECT_THAT(Configure({"--config", "/nowhere.toml"}, {}).errors, ElementsAre(HasSubstr("/nowhere.toml: ")));
  EXPECT_THAT(Configure({"--config", file.path()}, {}).errors,
              ElementsAre(AllOf(HasSubstr(file.path() + ":2: "), HasSubstr("a text stands in quotes"))));
  const TomlFile sections("[server]\ndata = \"a\"\n");
  EXPECT_THAT(Configure({"--config", sections.path()}, {}).errors,
              ElementsAre(HasSubstr(":1: [server]: there are no sections")));
}

// Goal: a file does not name a folder that depends on where the server is started.
TEST(ConfigTest, AFileNamesWholePaths) {
  const TomlFile relative("data = \"ledger\"\n");
  const Configured configured = Configure({"--config", relative.path()}, {});
  ASSERT_EQ(configured.wish, Wish::kErrors);
  EXPECT_THAT(configured.errors, ElementsAre(HasSubstr(":1: data must be a whole path")));
  EXPECT_EQ(Configure({"--data", "ledger"}, {}).wish, Wish::kServe);
}

// Goal: --check-config prints what would hold, in the file's own language, so that it can be kept as one.
TEST(ConfigTest, CheckConfigPrintsAFile) {
  const Configured configured =
      Configure({"--check-config", "--data", R"(/srv/a "b" \c)", "--reflection"}, {});
  ASSERT_EQ(configured.wish, Wish::kCheck);
  const std::string printed = Print(configured.effective);
  EXPECT_THAT(printed, HasSubstr("reflection = true  # --reflection\n"));
  EXPECT_THAT(printed, HasSubstr("stop_seconds = 10  # default\n"));
  const TomlFile file(printed);
  const Configured again = Configure({"--config", file.path()}, {});
  EXPECT_THAT(again.errors, IsEmpty());
  EXPECT_EQ(again.config.data, R"(/srv/a "b" \c)");
  EXPECT_TRUE(again.config.reflection);
  EXPECT_EQ(Configure({"--check-config", "--queue-mb=x"}, {}).wish, Wish::kErrors);
}

// Goal: --show prints one setting's value as it holds, for scripts; an unknown name, or anything else that is
// wrong, is an error.
TEST(ConfigTest, ShowsOneSetting) {
  const TomlFile file("data = \"/srv/a \\\"b\\\"\"\n");
  const Configured shown = Configure({"--show", "data", "--config", file.path()}, {});
  ASSERT_EQ(shown.wish, Wish::kAnswer);
  EXPECT_EQ(shown.answer, "/srv/a \"b\"\n");
  EXPECT_EQ(Configure({"--show", "queue_mb"}, {{"TIMEBANK_QUEUE_MB", "32"}}).answer, "32\n");
  EXPECT_EQ(Configure({"--show", "operator_socket", "--data", "/a"}, {}).answer, "/a/operator.sock\n");
  EXPECT_THAT(Configure({"--show", "date"}, {}).errors,
              ElementsAre("--show: date: not known; did you mean data?"));
  const Configured wrong = Configure({"--show", "data", "--queue-mb", "x"}, {});
  EXPECT_EQ(wrong.wish, Wish::kErrors);
  EXPECT_THAT(wrong.errors, ElementsAre(HasSubstr("--queue-mb")));
}

// Goal: the help alone is enough to work with: every flag, the other ways to set it, how to stop, what it
// ends with.
TEST(ConfigTest, HelpTellsEverything) {
  const Configured help = Configure({"--help"}, {});
  ASSERT_EQ(help.wish, Wish::kAnswer);
  for (const auto& setting : Configure({}, {}).effective) {
    std::string flag = "--" + setting.name;
    for (char& c : flag) c = c == '_' ? '-' : c;
    EXPECT_THAT(help.answer, HasSubstr(flag));
  }
  EXPECT_THAT(help.answer, AllOf(HasSubstr("TIMEBANK_"), HasSubstr("TOML"), HasSubstr("SIGTERM"),
                                 HasSubstr("It ends with 0"), HasSubstr("127.0.0.1:7400")));
  const Configured version = Configure({"--version"}, {});
  EXPECT_EQ(version.wish, Wish::kAnswer);
  EXPECT_THAT(version.answer, testing::MatchesRegex("timebankd [0-9.]+\n"));
}

// Goal: a command's help tells what it is for and called with, and where the rest is told.
TEST(ConfigTest, CommandsHaveHelpOfTheirOwn) {
  const Configured init = Configure({"--help"}, {}, Command::kInit);
  ASSERT_EQ(init.wish, Wish::kAnswer);
  EXPECT_THAT(init.answer, AllOf(HasSubstr("timebankd init [OPTIONS]"), HasSubstr("--key-out FILE"),
                                 HasSubstr("--new-pepper"), HasSubstr("--data FOLDER"),
                                 HasSubstr("--pepper FILE"), HasSubstr("timebankd --help")));
  EXPECT_THAT(init.answer, Not(HasSubstr("--queue-mb")));
  const Configured restored = Configure({"-h"}, {}, Command::kRestored);
  ASSERT_EQ(restored.wish, Wish::kAnswer);
  EXPECT_THAT(restored.answer, AllOf(HasSubstr("timebankd restored [OPTIONS]"), HasSubstr("--data FOLDER"),
                                     HasSubstr("timebankd --help")));
  EXPECT_THAT(restored.answer, Not(HasSubstr("--key-out")));
}

// Goal: a flag with nothing behind its `=` is an empty one, and what follows it is something else.
TEST(ConfigTest, NothingBehindTheEqualsSignIsEmpty) {
  const Configured none = Configure({"--operator-socket=", "--data", "/srv/bank"}, {});
  EXPECT_THAT(none.errors, IsEmpty());
  EXPECT_EQ(none.config.operator_socket, "");
  EXPECT_EQ(none.config.data, "/srv/bank");
  const Environment figures = {{"TIMEBANK_METRICS_LISTEN", "127.0.0.1:1"}};
  EXPECT_EQ(Configure({"--metrics-listen=", "--data=/x"}, figures).config.metrics_listen, "");
  EXPECT_THAT(Configure({"--data=", "--reflection"}, {}).errors,
              ElementsAre(HasSubstr("must name a folder")));
  EXPECT_THAT(Configure({"--queue-mb=", "--reflection"}, {}).errors,
              ElementsAre(HasSubstr("must be a whole number")));
  EXPECT_THAT(Configure({"--key-out=", "--data", "/x"}, {}).errors,
              ElementsAre("--key-out=: nothing stands behind it"));
}

// Goal: addresses are read as they are meant; names are not, whose addresses somebody else decides.
TEST(ConfigTest, ReadsAddresses) {
  struct Case {
    std::string text;
    std::string meant;
    bool local;
  };
  for (const Case& one : std::vector<Case>{
           {"127.0.0.1:7400", "127.0.0.1:7400", true},
           {"127.1.2.3:0", "127.1.2.3:0", true},
           {"[::1]:7400", "[::1]:7400", true},
           {"localhost:80", "127.0.0.1:80", true},
           {"unix:/run/t.sock", "unix:/run/t.sock", true},
           {"0.0.0.0:7400", "0.0.0.0:7400", false},
           {"[::]:7400", "[::]:7400", false},
           {"192.168.1.5:7400", "192.168.1.5:7400", false},
           {"128.0.0.1:1", "128.0.0.1:1", false},
           {"[::ffff:10.0.0.1]:1", "[::ffff:10.0.0.1]:1", false},
       }) {
    const absl::StatusOr<ListenAddress> address = ParseListenAddress(one.text);
    ASSERT_TRUE(address.ok()) << one.text << ": " << address.status();
    EXPECT_EQ(address->ToString(), one.meant);
    EXPECT_EQ(address->IsLocal(), one.local) << one.text;
  }
  for (const char* text : {":7400", "example.org:7400", "127.1:7400"}) {
    EXPECT_THAT(std::string(ParseListenAddress(text).status().message()), HasSubstr("IP address")) << text;
  }
  for (const char* text :
       {"", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:http"}) {
    EXPECT_THAT(std::string(ParseListenAddress(text).status().message()), HasSubstr("HOST:PORT")) << text;
  }
  EXPECT_FALSE(ParseListenAddress("unix:").ok());
  EXPECT_FALSE(ParseListenAddress("unix:/" + std::string(200, 'd')).ok());
}

// Goal: what other machines could reach is encrypted, and somebody looks who comes, or it is not served.
TEST(ConfigTest, ListensElsewhereOverTlsToCallersItKnows) {
  EXPECT_THAT(Configure({"--listen", "0.0.0.0:1"}, {}).errors,
              ElementsAre(HasSubstr("--listen: other machines could reach 0.0.0.0:1")));
  EXPECT_THAT(Configure({}, {{"TIMEBANK_LISTEN", "[::]:1"}}).errors,
              ElementsAre(HasSubstr("TIMEBANK_LISTEN: ")));
  const std::vector<std::string> pair = {"--listen", "0.0.0.0:1", "--tls-cert",
                                         "a.crt",    "--tls-key", "a.key"};
  EXPECT_THAT(Configure(pair, {}).errors,
              ElementsAre(AllOf(HasSubstr("--listen: "), HasSubstr("--access keys"),
                                HasSubstr("--tls-client-ca"), HasSubstr("timebankd init"))));
  EXPECT_THAT(Configure(pair, {{"TIMEBANK_ACCESS", "keys"}}).errors, IsEmpty());
  EXPECT_THAT(Configure(pair, {{"TIMEBANK_TLS_CLIENT_CA", "ca.crt"}}).errors, IsEmpty());
  EXPECT_THAT(Configure({"--listen", "0.0.0.0:1", "--access", "keys"}, {}).errors,
              ElementsAre(HasSubstr("nothing would be encrypted")))
      << "keys do not go over the wire for all to read";
  EXPECT_THAT(Configure({"--tls-cert", "a.crt"}, {}).errors, ElementsAre(HasSubstr("--tls-cert: ")));
  EXPECT_THAT(Configure({"--tls-key", "a.key"}, {}).errors, ElementsAre(HasSubstr("--tls-key: ")));
  EXPECT_THAT(Configure({"--tls-client-ca", "a.crt"}, {}).errors,
              ElementsAre(HasSubstr("--tls-client-ca: ")));
  // What other programs of the house take their settings from is not ours.
  EXPECT_THAT(
      Configure({}, {{"TIMEBANK_CA", "x"}, {"TIMEBANK_CERT", "x"}, {"TIMEBANK_KEY_FILE", "x"}}).errors,
      IsEmpty());
}

}  // namespace
}  // namespace timebank
