// What `--help` says, in every language.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "client/cli/translate.h"
#include "tests/unit/cli/fake_bank.h"

namespace timebank::cli {
namespace {

class HelpTest : public ::testing::Test {
 protected:
  HelpTest() {
    for (const char* id : {"ana", "ben", "carla", "dan", "eva", "rosa"}) bank_->AddMember(id, id);
    bank_->AddMember("m7", "Ana Muñoz");
    // Behind the days of the examples.
    bank_->bank.set_today("2026-11-16");
  }

  std::vector<std::string> Lines(const std::string& arguments) {
    const Ran ran = RunCli(bank_, arguments);
    EXPECT_EQ(ran.code, ExitCode::kOk) << arguments << ": " << ran.err;
    return absl::StrSplit(ran.out, '\n', absl::SkipEmpty());
  }

  // Every command and the program itself, as what stands in front of --help: `member add `.
  std::vector<std::string> Commands() {
    std::vector<std::string> commands = {""};
    for (size_t i = 0; i < commands.size(); ++i) {
      const std::string above = commands[i];
      for (const std::string& offered : Lines(absl::StrCat("__complete help ", above))) {
        commands.push_back(absl::StrCat(above, offered.substr(0, offered.find('\t')), " "));
      }
    }
    return commands;
  }

  std::shared_ptr<FakeBank> bank_ = std::make_shared<FakeBank>();
};

// A command of an example, names of variables, or an option of which only what is typed stands on the line.
bool HasNoWords(absl::string_view line) {
  if (absl::StartsWith(line, "  timebank ") || absl::StartsWith(line, "  TIMEBANK_")) return true;
  return absl::StartsWith(line, "  -") && absl::StrContains(line, '|') &&
         !absl::StrContains(absl::StripLeadingAsciiWhitespace(line), "  ");
}

// Words of an example as a shell takes them; what is said beside it is left out.
std::vector<std::string> Typed(absl::string_view line) {
  std::vector<std::string> words(1);
  bool quoted = false;
  for (const char letter : line.substr(0, line.find("   "))) {
    if (letter == '"') {
      quoted = !quoted;
    } else if (letter == ' ' && !quoted) {
      words.emplace_back();
    } else {
      words.back() += letter;
    }
  }
  return words;
}

// Goal: no line of help is English in another language, but for what is typed.
TEST_F(HelpTest, IsInTheLanguage) {
  const std::vector<std::string> commands = Commands();
  ASSERT_GT(commands.size(), 50u);
  for (const std::string& code : Languages()) {
    if (code == "en") continue;
    for (const std::string& command : commands) {
      const std::vector<std::string> lines = Lines(absl::StrCat(command, "--help"));
      const std::set<std::string> english(lines.begin(), lines.end());
      const std::string asked = absl::StrCat(command, "--help --language ", code);
      for (const std::string& line : Lines(asked)) {
        EXPECT_TRUE(english.count(line) == 0 || HasNoWords(line)) << "timebank " << asked << "\n" << line;
      }
    }
  }
}

// Goal: what stands beside a name begins in the same column, whatever the letters of the name are.
TEST_F(HelpTest, StandsInColumns) {
  for (const auto& [code, line] : std::vector<std::pair<std::string, std::string>>{
           {"en", "  --on DAY                    Day of the help; today when left out"},
           {"es", "  --on DÍA                    Día de la ayuda; hoy si no se dice"}}) {
    const std::vector<std::string> lines = Lines(absl::StrCat("record --help --language ", code));
    EXPECT_NE(std::find(lines.begin(), lines.end(), line), lines.end()) << code;
  }
}

// Goal: an example of help is a command that the program takes, in the language whose help it stands in.
TEST_F(HelpTest, ExamplesAreRead) {
  for (const std::string& code : Languages()) {
    int examples = 0;
    for (const char* command : {"record", "gift", "opening"}) {
      for (absl::string_view line : Lines(absl::StrCat(command, " --help --language ", code))) {
        if (!absl::ConsumePrefix(&line, absl::StrCat("  timebank ", command, " "))) continue;
        std::vector<std::string> words = Typed(line);
        words.insert(words.begin(), command);
        words.insert(words.end(), {"--language", code});
        const Ran ran = RunCli(bank_, words);
        EXPECT_NE(ran.code, ExitCode::kUsage) << code << ": timebank " << command << " " << line << "\n"
                                              << ran.err;
        ++examples;
      }
    }
    EXPECT_EQ(examples, 10) << code;
  }
}

// Goal: `help COMMAND` says what `COMMAND --help` does, wherever the language is named.
TEST_F(HelpTest, IsACommand) {
  for (const std::string command : {"record", "member", "member add"}) {
    for (const std::string code : {"en", "fr"}) {
      const std::vector<std::string> lines = Lines(absl::StrCat(command, " --help --language ", code));
      EXPECT_EQ(Lines(absl::StrCat("help ", command, " --language ", code)), lines);
      EXPECT_EQ(Lines(absl::StrCat("--language ", code, " help ", command)), lines);
    }
  }
  EXPECT_EQ(Lines("help"), Lines("--help"));
  EXPECT_EQ(RunCli(bank_, "help member ad --language es").code, ExitCode::kUsage);
}

// Goal: mistakes in typing are told in the language, with names as help has them and words as they were
// typed.
TEST_F(HelpTest, TellsMistakes) {
  const auto said = [this](const std::string& line) { return RunCli(bank_, line + " --language es").err; };
  EXPECT_EQ(said("record"),
            "timebank: Falta algo: frase (QUIEN-DA[,QUIEN-DA…] ayudó a QUIEN-RECIBE[,QUIEN-RECIBE…] HORAS "
            "[categoría o nota]).\nMira cómo se usa: timebank record --help\n");
  EXPECT_EQ(said("balance --on 1 --on 2"),
            "timebank: --on: se admite 1 como máximo y hay 2\nMira cómo se usa: timebank balance --help\n");
  EXPECT_EQ(said("report 2023 sentence"),
            "timebank: Este argumento no se esperaba: sentence\nMira cómo se usa: timebank report --help\n");
  EXPECT_EQ(said("exchange list -n x"),
            "timebank: --count: «x» no es un número\nMira cómo se usa: timebank exchange list --help\n");
  EXPECT_EQ(said("member"), "timebank: Falta una orden.\nMira cómo se usa: timebank member --help\n");
  EXPECT_EQ(said("statment ana"),
            "timebank: No hay ninguna orden «statment». ¿Quieres decir statement?\n"
            "Mira cómo se usa: timebank --help\n");
  EXPECT_EQ(RunCli(bank_, "report 2023 sentence").err,
            "timebank: The following argument was not expected: sentence\n"
            "See how it is used: timebank report --help\n");
}

// Goal: what Tab and the manual say is help's, and so in its language.
TEST_F(HelpTest, TabAndManual) {
  const RunOptions spanish = {.variables = {{"TIMEBANK_LANGUAGE", "es"}}};
  EXPECT_EQ(RunCli(bank_, "__complete und", spanish).out, "undo\tDeshacer un apunte con otro contrario\n");
  EXPECT_EQ(RunCli(bank_, "__complete record --on h", spanish).out, "hoy\n");
  EXPECT_EQ(RunCli(bank_, "__complete undo 1042 --acting-for ca", spanish).out, "carla\tcarla\n");
  const std::string page = RunCli(bank_, "man undo", spanish).out;
  for (const char* line :
       {".SH NOMBRE\n", ".SH ARGUMENTOS\n.TP\n\\fInúmero\\fR\n", ".SH OPCIONES\n", ".SH EJEMPLOS\n"})
    EXPECT_TRUE(absl::StrContains(page, line)) << line << page;
}

}  // namespace
}  // namespace timebank::cli
