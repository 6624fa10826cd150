// A pile of slips against the mock connection.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>

#include "client/cpp/error.h"
#include "tests/unit/cli/fake_bank.h"

namespace timebank::cli {
namespace {

using ::testing::_;
using ::testing::Return;

class DayCommandTest : public ::testing::Test {
 protected:
  DayCommandTest() : folder_(std::filesystem::path(::testing::TempDir()) / "DayCommandTest") {
    std::filesystem::remove_all(folder_);
    bank_->AddMember("ben", "Ben Ferré");
    bank_->AddMember("ana", "Ana Muñoz");
    bank_->AddMember("ana2", "Ana Peña");
    bank_->bank.mutable_settings()->add_categories("gardening");
    ON_CALL(*bank_, ReverseExchange).WillByDefault([this](const v1::ReverseExchangeRequest& request, auto&) {
      v1::ReverseExchangeResponse response;
      response.mutable_reversed()->set_name(request.name());
      response.mutable_exchange()->set_name("timebanks/rushey/exchanges/2000");
      undone_ = request.name();
      return response;
    });
  }
  ~DayCommandTest() override { std::filesystem::remove_all(folder_); }

  Ran Day(const std::string& input, bool terminal = false, const std::string& more = "") {
    return RunCli(
        bank_, "day" + more,
        {.terminal = terminal, .input = input, .variables = {{"XDG_STATE_HOME", folder_.string()}}});
  }
  // The server does not answer what is posted, or answers again.
  void Lose(bool lost) {
    if (lost) {
      ON_CALL(*bank_, RecordExchange).WillByDefault([this](const v1::RecordExchangeRequest& request, auto&) {
        ids_.push_back(request.request_id());
        return client::WithRequestId(absl::UnavailableError("gone"), request.request_id());
      });
      return;
    }
    ON_CALL(*bank_, RecordExchange).WillByDefault([this](const v1::RecordExchangeRequest& request, auto&) {
      ids_.push_back(request.request_id());
      v1::RecordExchangeResponse response;
      *response.mutable_exchange() = *bank_->Post(request.exchange(), true);
      return absl::StatusOr<v1::RecordExchangeResponse>(response);
    });
  }
  size_t Waiting() const {
    std::error_code error;
    size_t files = 0;
    for ([[maybe_unused]] const auto& file :
         std::filesystem::directory_iterator(folder_ / "timebank" / "waiting", error))
      ++files;
    return files;
  }

  std::filesystem::path folder_;
  std::shared_ptr<FakeBank> bank_ = std::make_shared<FakeBank>();
  std::string undone_;
  std::vector<std::string> ids_;
};

// Goal: a pile from a pipe: each slip is told, the sums are told, nothing waits.
TEST_F(DayCommandTest, APile) {
  const Ran ran =
      Day("231 ben ana 1h30 gardening\n\n# over the page\non tue\n232 ana muñoz helped ben 45m tea and "
          "talk\r\n- ben ana2 1h");
  EXPECT_EQ(ran.code, ExitCode::kOk) << ran.err;
  EXPECT_EQ(ran.out,
            "1042  Thu 16 Nov  Ben Ferré helped Ana Muñoz  1h30  gardening\n"
            "1043  Tue 14 Nov  Ana Muñoz helped Ben Ferré  45m  tea and talk\n"
            "1044  Tue 14 Nov  Ben Ferré helped Ana Peña  1h\n");
  EXPECT_EQ(ran.err,
            "The next slips are of Tue 14 Nov.\n"
            "Tue 14 Nov: 2 slips, 1h45\n"
            "Thu 16 Nov: 1 slip, 1h30\n");
  EXPECT_EQ(bank_->exchanges()[0].tags(0), "slip:231");
  EXPECT_EQ(bank_->exchanges()[2].tags_size(), 0);
  EXPECT_EQ(Waiting(), 0u);
}

// Goal: a line that is not taken says why, loses nothing and does not stop the others; the exit code tells.
TEST_F(DayCommandTest, WrongLines) {
  const Ran ran =
      Day("231 ben xavier 1h\n232 ben ana 1h yesterday\nben ana 1h\n233 ben ana2 1h\n234 ben ana 90\n");
  EXPECT_EQ(ran.code, ExitCode::kIncomplete);
  EXPECT_EQ(bank_->exchanges().size(), 1u);
  EXPECT_NE(ran.err.find("line 1, 231 ben xavier 1h\n  not entered: Nobody here fits \"xavier\"."),
            std::string::npos)
      << ran.err;
  EXPECT_NE(
      ran.err.find(
          "line 2, 232 ben ana 1h yesterday\n  not entered: Nothing was changed: is \"yesterday\" the day of "
          "the help? Write \"on yesterday\" on a line before it"),
      std::string::npos)
      << ran.err;
  EXPECT_NE(ran.err.find("line 5, 234 ben ana 90\n"), std::string::npos);
  EXPECT_NE(ran.err.find("4 lines were not entered:\n  231 ben xavier 1h\n  232 ben ana 1h yesterday\n  ben "
                         "ana 1h\n  234 ben ana 90\n"),
            std::string::npos)
      << ran.err;
  EXPECT_EQ(Waiting(), 0u) << "the server has answered all of them, or was not asked";
}

// Goal: a day that cannot be read ends a pile from a pipe, before anything is entered for the wrong day.
TEST_F(DayCommandTest, AWrongDayEndsThePipe) {
  const Ran ran = Day("on tomorrow\n231 ben ana 1h\n\n# tea\n232 ana ben 2h\n");
  EXPECT_EQ(ran.code, ExitCode::kIncomplete);
  EXPECT_TRUE(bank_->exchanges().empty());
  EXPECT_NE(ran.err.find("Stopped at line 1"), std::string::npos) << ran.err;
  EXPECT_NE(ran.err.find("3 lines were not entered:\n  on tomorrow\n  231 ben ana 1h\n  232 ana ben 2h\n"),
            std::string::npos)
      << "every line that was not entered is told\n"
      << ran.err;
  EXPECT_EQ(Day("on 31/2\n231 ben ana 1h\n", true).code, ExitCode::kIncomplete) << "at a terminal it goes on";
  EXPECT_EQ(bank_->exchanges().size(), 1u);
  EXPECT_EQ(Day("", false, " --on 31/2").code, ExitCode::kUsage);
}

// Goal: the number enters a slip once, in one run and in another.
TEST_F(DayCommandTest, ASlipIsEnteredOnce) {
  const Ran ran = Day("231 ben ana 1h\n231 ben ana 1h\n231 ben ana 2h\n");
  EXPECT_EQ(bank_->exchanges().size(), 1u);
  EXPECT_NE(ran.err.find("Slip 231 had been entered already as 1042"), std::string::npos) << ran.err;
  EXPECT_NE(ran.err.find("Slip 231 has already been entered as 1042, with other contents"), std::string::npos)
      << ran.err;
  EXPECT_NE(ran.err.find("Write - or another number instead of 231."), std::string::npos) << ran.err;
  EXPECT_EQ(ran.err.find("--slip"), std::string::npos) << "there are no options here\n" << ran.err;
  EXPECT_NE(ran.err.find("Thu 16 Nov: 1 slip, 1h\n1 slip had been entered already\n"), std::string::npos)
      << ran.err;
  EXPECT_EQ(Day("231 ben ana 1h\n").code, ExitCode::kOk);
  EXPECT_EQ(bank_->exchanges().size(), 1u);
}

// Goal: undo takes the last slip back, or one of this pile by its number, and the sums with it.
TEST_F(DayCommandTest, Undo) {
  const Ran ran =
      Day("231 ben ana 1h\n232 ben ana 2h\n233 ben ana 3h\nundo 1042\nundo\nundo 7\nundo\nundo\n234 ben ana "
          "5h\n");
  EXPECT_EQ(ran.code, ExitCode::kOk) << ran.err;
  EXPECT_EQ(undone_, "timebanks/rushey/exchanges/1043") << "the last one of those that are left";
  EXPECT_NE(ran.err.find("7 was not entered here: timebank undo 7"), std::string::npos) << ran.err;
  EXPECT_NE(ran.err.find("Nothing has been entered here that could be undone."), std::string::npos);
  EXPECT_NE(ran.err.find("Thu 16 Nov: 1 slip, 5h\n"), std::string::npos) << ran.err;
}

// Goal: a slip that was undone can be entered again, with the same contents and with others; one that was
// corrected cannot.
TEST_F(DayCommandTest, AnUndoneSlipIsFree) {
  Day("231 ben ana 1h\n");
  v1::GetExchangeResponse first;
  *first.mutable_exchange() = bank_->exchanges()[0];
  first.mutable_exchange()->set_state(v1::Exchange::STATE_REVERSED);
  first.mutable_exchange()->set_corrected_by("timebanks/rushey/exchanges/1099");
  ON_CALL(*bank_, GetExchange).WillByDefault(Return(first));
  Day("231 ben ana 2h\n");
  EXPECT_EQ(bank_->exchanges().size(), 1u);
  first.mutable_exchange()->clear_corrected_by();
  ON_CALL(*bank_, GetExchange).WillByDefault(Return(first));
  const Ran ran = Day("231 ben ana 2h\n");
  EXPECT_EQ(bank_->exchanges().size(), 2u);
  EXPECT_NE(ran.err.find("! Slip 231 had been entered as 1042, which was undone; it is entered anew."),
            std::string::npos)
      << ran.err;
}

// Goal: more than 12 hours on a slip are asked about at a terminal, and become minutes where minutes were
// meant; a line that is not confirmed is not entered. Twelve are not asked about.
TEST_F(DayCommandTest, LongSlipsAreAskedAbout) {
  const Ran ran =
      Day("231 ben ana 40h yoga\nm\n232 ben ana 13h\nx\ny\n233 ben ana 12h\n234 ben ana 50h\nn\n", true);
  EXPECT_NE(ran.err.find("40h for one person? Is that not 40m? [y: it is 40h, m: it is 40m, n: neither]"),
            std::string::npos)
      << ran.err;
  EXPECT_NE(ran.err.find("Type y, m or n."), std::string::npos);
  EXPECT_NE(ran.err.find("50h is more than 12 hours."), std::string::npos) << ran.err;
  EXPECT_EQ(ran.code, ExitCode::kIncomplete) << ran.err;
  EXPECT_EQ(bank_->Balance("members/ben"), 40 * 60 + (13 + 12) * 3600);
}

// Goal: less than five minutes are asked about.
TEST_F(DayCommandTest, ShortSlipsAreAskedAbout) {
  const Ran ran = Day("231 ben ana 90s\nn\n232 ben ana 4m\ny\n233 ben ana 5m\n", true);
  EXPECT_NE(ran.err.find("Only 1m30s for one person? [y/n]"), std::string::npos) << ran.err;
  EXPECT_NE(ran.err.find("1m30s is less than 5 minutes."), std::string::npos) << ran.err;
  EXPECT_EQ(bank_->Balance("members/ben"), 9 * 60);
}

// Goal: "1h 30" is asked about at a terminal, and either reading is entered whole; a pipe is told how to
// write both.
TEST_F(DayCommandTest, MinutesOrTheNote) {
  const Ran ran = Day("231 ben ana 1h 30 tea\ny\n232 ben ana 1h 30 cakes\nn\n233 ben ana 1 30\n\n", true);
  EXPECT_NE(ran.err.find("\"1h 30\": is that 1h30? (n: it is 1h, and the note is \"30 tea\") [y/n]"),
            std::string::npos)
      << ran.err;
  ASSERT_EQ(bank_->exchanges().size(), 2u) << ran.err;
  EXPECT_EQ(bank_->exchanges()[0].seconds(), 5400);
  EXPECT_EQ(bank_->exchanges()[0].note(), "tea");
  EXPECT_EQ(bank_->exchanges()[1].seconds(), 3600);
  EXPECT_EQ(bank_->exchanges()[1].note(), "30 cakes");
  const Ran pipe = Day("234 ben ana 1h 30 tea\n235 ben ana 1h - 30 cakes\n");
  EXPECT_EQ(pipe.code, ExitCode::kIncomplete);
  EXPECT_NE(pipe.err.find(
                "\"1h 30\" can be read in more than one way. Write 1h30; or, where it is 1h and \"30 tea\" "
                "is the note, a dash between them: 1h - 30 tea"),
            std::string::npos)
      << pipe.err;
  ASSERT_EQ(bank_->exchanges().size(), 3u);
  EXPECT_EQ(bank_->exchanges()[2].note(), "30 cakes");
}

// Goal: decimals that look like minutes are entered as documented, and told.
TEST_F(DayCommandTest, DecimalsAreTold) {
  const Ran ran = Day("231 ben ana 1.30\n232 ben ana 1.5\n");
  EXPECT_EQ(bank_->Balance("members/ben"), 4680 + 5400);
  EXPECT_NE(
      ran.err.find("! \"1.30\" was taken for decimals of an hour: 1h18. If 1h30 was meant: timebank correct "
                   "1042 1h30\n"),
      std::string::npos)
      << ran.err;
  EXPECT_EQ(ran.err.find("\"1.5\""), std::string::npos) << ran.err;
}

// Goal: behind a refused line the prompt is empty, so that the next slip is not written behind it; how to
// have it back is told once.
TEST_F(DayCommandTest, ARefusedLineDoesNotSwallowTheNext) {
  const Ran ran = RunCli(bank_, "day",
                         {.terminal = true,
                          .input = "52\n53\n54 ben ana2 1h next\n\n",
                          .variables = {{"XDG_STATE_HOME", folder_.string()}},
                          .editor = true});
  const size_t told = ran.err.find("Up brings the line back, to be mended.");
  EXPECT_NE(told, std::string::npos) << ran.err;
  EXPECT_EQ(ran.err.find("Up brings", told + 1), std::string::npos) << ran.err;
  ASSERT_EQ(bank_->exchanges().size(), 1u);
  EXPECT_EQ(bank_->exchanges()[0].note(), "next");
  EXPECT_NE(ran.err.find("2 lines were not entered:\n  52\n  53\n"), std::string::npos) << ran.err;
}

// Goal: the list at the end has what was not entered and nothing else, in whatever order it was mended; what
// has no number is asked about.
TEST_F(DayCommandTest, TheListHasWhatWasNotEntered) {
  const Ran ran =
      Day("52 ben xavier 1h\n53 ben ana2 1h\n52 ben ana2 2h\nben ana2 3h\n54 ben ana2 3h\n"
          "- ben xavier 4h\n- ben ana2 4h\ny\n- ben xavier 5h\n- ana2 ben 6h\nn\n\n",
          true);
  EXPECT_NE(ran.err.find("Was that \"- ben xavier 4h\", mended? [y/n]"), std::string::npos) << ran.err;
  EXPECT_NE(ran.err.find(" 1 line was not entered:\n  - ben xavier 5h\n"), std::string::npos) << ran.err;
  EXPECT_EQ(bank_->exchanges().size(), 5u);
}

// Goal: a slip that was refused for its number stays in the list until it is entered under another one; that
// the number's first slip is typed again mends nothing.
TEST_F(DayCommandTest, ANumberThatWasTaken) {
  const Ran again = Day("231 ben ana2 1h\n231 ana2 ben 2h\n231 ben ana2 1h\n\n", true);
  EXPECT_NE(again.err.find("1 line was not entered:\n  231 ana2 ben 2h\n"), std::string::npos) << again.err;
  const Ran other = Day("241 ben ana2 1h\n241 ana2 ben 2h\n242 ana2 ben 2h\ny\n\n", true);
  EXPECT_NE(other.err.find("Was that \"241 ana2 ben 2h\", mended?"), std::string::npos) << other.err;
  EXPECT_EQ(other.err.find("not entered:\n"), std::string::npos) << other.err;
}

// Goal: where slips of several days were not entered, each is told with its day; the sums in front of the
// prompt are the day's.
TEST_F(DayCommandTest, DaysOfThePrompt) {
  const Ran ran = Day("52 ben xavier 1h\n53 ben ana2 1h\non wed\n54 ben ana2 2h\n\n", true, " --on tue");
  EXPECT_NE(
      ran.err.find("Tue 14 Nov  1 slip, 1h> The next slips are of Wed 15 Nov.\nWed 15 Nov> Wed 15 Nov  1 "
                   "slip, 2h> "),
      std::string::npos)
      << ran.err;
  EXPECT_NE(ran.err.find("1 line was not entered:\n  52 ben xavier 1h  (Tue 14 Nov)\n"), std::string::npos)
      << ran.err;
}

// Goal: slips that are typed where a question stands are in the list at the end, and come back with Up.
TEST_F(DayCommandTest, SlipsTypedAtAQuestion) {
  const Ran ran = RunCli(bank_, "day",
                         {.terminal = true,
                          .input = "52 ben ana2 90s\n53 ben ana2 1h tea\nno idea\non wed\n54 ben ana2 2h\n\n",
                          .variables = {{"XDG_STATE_HOME", folder_.string()}},
                          .editor = true});
  EXPECT_NE(ran.err.find("\"53 ben ana2 1h tea\" is no answer, and is not entered"), std::string::npos)
      << ran.err;
  EXPECT_NE(ran.err.find("> [53 ben ana2 1h tea|on wed]"), std::string::npos) << ran.err;
  EXPECT_NE(ran.err.find("3 lines were not entered:\n  53 ben ana2 1h tea\n  on wed\n  52 ben ana2 90s\n"),
            std::string::npos)
      << ran.err;
  EXPECT_EQ(bank_->exchanges().size(), 1u);
}

// Goal: Ctrl-C tells what was entered and what was not, as an empty line does.
TEST_F(DayCommandTest, CtrlCTellsTheSummary) {
  const RunOptions typed = {.terminal = true,
                            .input = "231 ben ana2 1h\n52\n\x03\n232 ben ana2 1h\n",
                            .variables = {{"XDG_STATE_HOME", folder_.string()}},
                            .editor = true};
  const Ran ran = RunCli(bank_, "day", typed);
  EXPECT_EQ(ran.code, ExitCode::kInterrupted);
  EXPECT_EQ(bank_->exchanges().size(), 1u) << ran.err;
  EXPECT_NE(ran.err.find("Thu 16 Nov: 1 slip, 1h\ntimebank: 1 line was not entered:\n  52\n"),
            std::string::npos)
      << ran.err;
}

// Goal: the same for the times of single people; the others' stay as they are.
TEST_F(DayCommandTest, LongTimesOfOnePersonAreAskedAbout) {
  EXPECT_EQ(Day("231 ana2 ana,ben:40h 2h yoga\nm\n", true).code, ExitCode::kOk);
  EXPECT_EQ(bank_->Balance("members/ben"), -40 * 60);
  EXPECT_EQ(bank_->Balance("members/ana"), -2 * 3600);
}

// Goal: from a pipe nobody can be asked: it is entered, and told with what would mend it.
TEST_F(DayCommandTest, LongSlipsFromAPipeAreTold) {
  const Ran ran = Day("231 ben ana 40h yoga\n232 ben ana 12h\n");
  EXPECT_EQ(ran.code, ExitCode::kOk) << ran.err;
  EXPECT_EQ(bank_->Balance("members/ben"), (40 + 12) * 3600);
  EXPECT_NE(ran.err.find("40h is more than 12 hours. If it was 40m: timebank correct 1042 40m"),
            std::string::npos)
      << ran.err;
  EXPECT_EQ(ran.err.find("12h is more"), std::string::npos) << ran.err;
  EXPECT_NE(
      ran.err.find("1 entry is of more than 12 hours. Is it not minutes?\n  1042  Thu 16 Nov  Ben Ferré "
                   "helped Ana Muñoz  40h  yoga\n"),
      std::string::npos)
      << "the end of a long pile tells them once more\n"
      << ran.err;
}

// Goal: at a terminal a name that fits several is asked about there and then, and again after a wrong answer;
// the sums stand in the prompt, an empty line ends.
TEST_F(DayCommandTest, AtATerminal) {
  const Ran ran = Day("231 ben Ana 1h30\nx\n3\n?\n\n232 ben ana2 9h\n", true, " --on tue");
  EXPECT_EQ(ran.code, ExitCode::kOk) << ran.err;
  ASSERT_EQ(bank_->exchanges().size(), 1u) << "what stands behind the empty line is not read";
  EXPECT_EQ(bank_->exchanges()[0].receivers(0).holder(), "timebanks/rushey/members/ana2");
  EXPECT_NE(ran.err.find("Tue 14 Nov> "), std::string::npos);
  EXPECT_NE(ran.err.find("That is none of these."), std::string::npos);
  EXPECT_NE(ran.err.find("Tue 14 Nov  1 slip, 1h30> "), std::string::npos) << ran.err;
  EXPECT_NE(ran.err.find("Ctrl-D ends it"), std::string::npos);
}

// Goal: lines that could not be delivered are kept, offered at the next start, and posted once, under what
// was fixed when they were typed.
TEST_F(DayCommandTest, LostLinesAreKept) {
  Lose(true);
  const Ran lost = Day("231 ben ana2 1h\n- ben ana2 2h\n", false, " --on tue");
  EXPECT_EQ(lost.code, ExitCode::kIncomplete);
  EXPECT_NE(lost.err.find("The line is kept"), std::string::npos);
  EXPECT_NE(lost.err.find(
                "2 lines are kept and not yet in the ledger. The next timebank day begins with them:\n  231 "
                "ben ana2 1h  (Tue 14 Nov)\n"),
            std::string::npos)
      << lost.err;
  EXPECT_EQ(Waiting(), 2u);
  const std::vector<std::string> ids = ids_;
  ASSERT_GE(ids.size(), 2u);
  EXPECT_EQ(ids[0], "slip-231");
  Lose(false);
  ids_.clear();
  const Ran other = RunCli(bank_, "day --as rosa", {.variables = {{"XDG_STATE_HOME", folder_.string()}}});
  EXPECT_EQ(other.err, "Nothing was entered.\n") << "another name's lines are not hers";
  const Ran kept = Day("");
  EXPECT_EQ(kept.code, ExitCode::kIncomplete);
  EXPECT_NE(
      kept.err.find(
          "2 lines from before could not be delivered:\n  231 ben ana2 1h  (Tue 14 Nov)\n  - ben ana2 2h"),
      std::string::npos)
      << kept.err;
  EXPECT_TRUE(ids_.empty()) << "nobody said yes";
  EXPECT_EQ(Day("n\n", true).code, ExitCode::kIncomplete);
  EXPECT_EQ(Waiting(), 2u);
  EXPECT_EQ(Day("maybe\ny\n", true).code, ExitCode::kOk);
  EXPECT_EQ(ids_, (std::vector<std::string>{ids[0], ids[1]}));
  ASSERT_EQ(bank_->exchanges().size(), 2u);
  EXPECT_EQ(bank_->exchanges()[0].occurred_on(), "2023-11-14") << "the day that they were typed for";
  EXPECT_EQ(Waiting(), 0u);
  EXPECT_EQ(Day("").err, "Nothing was entered.\n");
}

// Goal: where the server is away when a name is looked up, the line is kept as typed; thrown away only on
// request.
TEST_F(DayCommandTest, LostBeforeItWasResolved) {
  EXPECT_CALL(*bank_, GetMember).WillRepeatedly(Return(absl::UnavailableError("gone")));
  EXPECT_EQ(Day("231 ben ana2 1h\n").code, ExitCode::kIncomplete);
  EXPECT_EQ(Waiting(), 1u);
  ::testing::Mock::VerifyAndClearExpectations(bank_.get());
  EXPECT_EQ(Day("", false, " --deliver").code, ExitCode::kOk);
  EXPECT_EQ(bank_->exchanges().size(), 1u);
  EXPECT_EQ(Waiting(), 0u);
  Lose(true);
  Day("232 ben ana2 1h\n");
  EXPECT_EQ(Day("d\n", true).code, ExitCode::kOk);
  EXPECT_EQ(Waiting(), 0u);
}

// Goal: a kept line that is refused when it is delivered is typed anew for its own day; it stays kept until
// it is posted or thrown away, whatever ends the program.
TEST_F(DayCommandTest, KeptLinesAreMendedForTheirDay) {
  EXPECT_CALL(*bank_, GetMember).WillRepeatedly(Return(absl::UnavailableError("gone")));
  Day("231 ben xavier 1h\n- ben ana2 40h\n233 ben ana2 3h\n", false, " --on sun");
  ::testing::Mock::VerifyAndClearExpectations(bank_.get());
  ASSERT_EQ(Waiting(), 3u);
  EXPECT_EQ(Day("y\n", true, " --on tue").code, ExitCode::kIncomplete) << "the terminal was closed";
  EXPECT_EQ(Waiting(), 3u);
  EXPECT_TRUE(bank_->exchanges().empty());
  const Ran ran = Day("y\n231 ben nobody 1h\n9 ben ana2 9h\n231 ben ana2 1h\nn\n\n240 ben ana2 4h\n\n", true,
                      " --on tue");
  EXPECT_NE(ran.err.find("Sun 12 Nov, kept line> "), std::string::npos) << ran.err;
  ASSERT_EQ(bank_->exchanges().size(), 3u) << ran.err;
  EXPECT_EQ(bank_->exchanges()[0].occurred_on(), "2023-11-12");
  EXPECT_EQ(bank_->exchanges()[1].seconds(), 3 * 3600) << "the next one is not held up";
  EXPECT_EQ(bank_->exchanges()[2].occurred_on(), "2023-11-14");
  EXPECT_NE(ran.err.find("1 line is kept and not yet in the ledger. The next timebank day begins with it:\n"
                         "  - ben ana2 40h  (Sun 12 Nov)\n"),
            std::string::npos)
      << ran.err;
  EXPECT_NE(ran.err.find("1 line was not entered:\n  9 ben ana2 9h\n"), std::string::npos)
      << "another slip in its place\n"
      << ran.err;
  EXPECT_EQ(Waiting(), 1u);
  const Ran thrown_away = Day("y\nn\n9 ben ana2 9h\nd\n9 ben ana2 9h\n\n", true);
  EXPECT_EQ(thrown_away.code, ExitCode::kOk) << thrown_away.err;
  EXPECT_NE(thrown_away.err.find("Here stands another slip: - ben ana2 40h."), std::string::npos);
  EXPECT_EQ(bank_->exchanges().size(), 4u);
  EXPECT_EQ(Waiting(), 0u);
}

// Goal: what a pipe delivers and the server refuses stays kept, too.
TEST_F(DayCommandTest, KeptLinesOfAPipe) {
  Lose(true);
  Day("- ben ana2 1h\n- ben ana2 2h\n", false, " --on sun");
  ON_CALL(*bank_, RecordExchange)
      .WillByDefault(Return(ServiceError(absl::StatusCode::kFailedPrecondition, "HOLDER_CLOSED")));
  const Ran refused = Day("", false, " --deliver");
  EXPECT_EQ(refused.code, ExitCode::kIncomplete);
  EXPECT_NE(refused.err.find("  - ben ana2 2h  (Sun 12 Nov)\nnot entered: That account is closed."),
            std::string::npos)
      << refused.err;
  EXPECT_EQ(Waiting(), 2u);
  // Mended it is another change than the one that was refused, and gets another id.
  ids_.clear();
  Lose(false);
  const Ran mended = Day("y\n", true);
  EXPECT_EQ(mended.code, ExitCode::kOk) << mended.err;
  EXPECT_EQ(Waiting(), 0u);
}

// Goal: two slips with numbers that differ are not called one; without a number, or undone and entered anew,
// they are.
TEST_F(DayCommandTest, OtherNumbersAreOtherSlips) {
  Day("231 ben ana2 1h\n");
  const auto like_the_first = [this] {
    v1::Notice& notice = bank_->notices.emplace_back();
    notice.set_kind(v1::Notice::KIND_POSSIBLE_DUPLICATE);
    notice.set_exchange("timebanks/rushey/exchanges/1042");
  };
  like_the_first();
  EXPECT_EQ(Day("232 ben ana2 1h\n").err.find("Looks like"), std::string::npos);
  like_the_first();
  EXPECT_NE(Day("- ben ana2 1h\n").err.find("! Looks like 1042. Entered twice?"), std::string::npos);
}

// Goal: programs get JSON a line, or one CSV.
TEST_F(DayCommandTest, OutputForms) {
  EXPECT_EQ(Day("231 ben ana2 1h\n232 ben ana2 2h\n", false, " -o csv").out,
            "number,day,what,hours,hours_seconds,state,kind,category,note\n"
            "1042,2023-11-16,Ben Ferré helped Ana Peña,1:00,3600,recorded,exchange,,\n"
            "1043,2023-11-16,Ben Ferré helped Ana Peña,2:00,7200,recorded,exchange,,\n");
  const std::string json = Day("233 ben ana2 1h\n", false, " -o json").out;
  EXPECT_EQ(json.find('\n'), json.size() - 1);
  EXPECT_EQ(json.front(), '{');
}

}  // namespace
}  // namespace timebank::cli
