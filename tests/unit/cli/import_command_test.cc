// The import command and its importer, against a bank that remembers origins.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "client/cli/import/timebank_export.h"
#include "tests/unit/cli/fake_bank.h"

namespace timebank::cli {
namespace {

class ImportCommandTest : public ::testing::Test {
 protected:
  ImportCommandTest() {
    std::filesystem::create_directories(folder_);
    users_ = Write("users.csv",
                   "1,2018-01-30,Hermione,Cadena,Muñoz,1,1989-03-16,622743103,,user@example.com\n"
                   "2,2018-01-30,Siân,O'Brien,,1,,,,\n");
    transfers_ = Write("transfers.csv",
                       "1,member,2,member,5400,2018-02-01 10:00:00 UTC,\"Fixed the \"\"famous\"\" gate\",\n"
                       "1,member,2,member,5400,2018-02-01 10:00:00 UTC,\"Fixed the \"\"famous\"\" gate\",\n"
                       "9,organization,1,member,1188,2018-02-03 10:00:00 UTC,Cleaning,\n");
  }
  ~ImportCommandTest() override { std::filesystem::remove_all(folder_); }

  std::string Write(const std::string& name, const std::string& text) {
    const std::filesystem::path path = folder_ / name;
    std::ofstream(path, std::ios::binary) << text;
    return path.string();
  }
  std::string ReadFile(const std::filesystem::path& path) {
    std::ostringstream text;
    text << std::ifstream(path, std::ios::binary).rdbuf();
    return text.str();
  }
  Ran Import(const std::vector<std::string>& more, const RunOptions& options = {}) {
    std::vector<std::string> arguments = {"import", users_, transfers_};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return RunCli(bank_, arguments, options);
  }
  void ExpectImported() {
    EXPECT_EQ(bank_->Balance("members/to-1"), 1188 - 2 * 5400);
    EXPECT_EQ(bank_->Balance("members/to-2"), 2 * 5400);
    EXPECT_EQ(bank_->Balance("pots/community"), -1188);
  }

  std::filesystem::path folder_ = std::filesystem::path(::testing::TempDir()) /
                                  ::testing::UnitTest::GetInstance()->current_test_info()->name();
  std::shared_ptr<FakeBank> bank_ = std::make_shared<FakeBank>();
  std::string users_;
  std::string transfers_;
};

// Goal: a dry run tells everything and changes nothing.
TEST_F(ImportCommandTest, DryRunChangesNothing) {
  EXPECT_CALL(*bank_, BatchRecordExchanges).Times(0);
  EXPECT_CALL(*bank_, CreateMember).Times(0);
  const Ran ran = Import({});
  EXPECT_EQ(ran.code, ExitCode::kOk) << ran.err;
  EXPECT_EQ(ran.out,
            "number,account,name,now,now_seconds,new,new_seconds,balance,balance_seconds\n"
            ",pots/community,Community pot,0:00,0,-0:19:48,-1188,-0:19:48,-1188\n"
            "1,members/to-1,Hermione Cadena Muñoz,0:00,0,-2:40:12,-9612,-2:40:12,-9612\n"
            "2,members/to-2,Siân O'Brien,0:00,0,3:00,10800,3:00,10800\n");
  EXPECT_EQ(
      ran.err,
      "5 rows read (timeoverflow), for the bank rushey\n"
      "  members    2 new, 0 known\n"
      "  exchanges  3 new, 0 known; 3h19m48s in all\n"
      "             1 new is equal to another one of its file, and both count: transfers.csv lines 1 and 2\n"
      "  rows that cannot be posted: 0\n"
      "  left out: gender and date of birth (never kept); which offer or request an exchange came from "
      "(post_id)\n"
      "Nothing was posted. Add --commit to post.\n");
}

// Goal: --commit posts members without starter hours and exchanges with their origin, and reads every balance
// back.
TEST_F(ImportCommandTest, CommitPosts) {
  const Ran ran = Import({"--commit"});
  EXPECT_EQ(ran.code, ExitCode::kOk) << ran.err;
  ExpectImported();
  EXPECT_NE(ran.err.find("All 3 balances agree (2 members, the community pot).\n"), std::string::npos)
      << ran.err;
  const v1::Exchange& first = bank_->exchanges().front();
  EXPECT_EQ(first.givers(0).holder(), "timebanks/rushey/members/to-2") << "the source received the help";
  EXPECT_EQ(first.note(), "Fixed the \"famous\" gate");
  EXPECT_EQ(first.occurred_on(), "2018-02-01");
  EXPECT_EQ(first.origin().system(), "timeoverflow");
  EXPECT_EQ(first.origin().record_time().seconds(), 1517479200);
  EXPECT_EQ(bank_->members()[0].external_ids(0).number(), "1");
  EXPECT_EQ(bank_->members()[0].joined_on(), "2018-01-30");
}

// Goal: the same file twice posts once; the second run knows everything, dry or not.
TEST_F(ImportCommandTest, TwicePostsOnce) {
  ASSERT_EQ(Import({"--commit"}).code, ExitCode::kOk);
  const Ran again = Import({"--commit"});
  EXPECT_EQ(again.code, ExitCode::kOk) << again.err;
  EXPECT_NE(again.err.find("  members    0 new, 2 known (by their number in timeoverflow)\n"
                           "  exchanges  0 new, 3 known; 3h19m48s in all\n"),
            std::string::npos)
      << again.err;
  EXPECT_NE(again.err.find("All 3 balances agree "), std::string::npos);
  EXPECT_NE(Import({}).err.find("0 new, 3 known"), std::string::npos);
  EXPECT_EQ(bank_->exchanges().size(), 3u);
  ExpectImported();
}

// Goal: hours alone, of next month or mended rejects, find people by the names that an earlier import
// brought, and nobody is made anew; the files' own members go before them.
TEST_F(ImportCommandTest, LaterHoursFindPeopleByName) {
  const std::string members = Write("members.csv", "Number,Name\n1,Ana Muñoz\n2,Ben Ferré\n");
  const std::string january =
      Write("jan.csv", "Date,Given by,Received by,Hours\n2023-01-05,Ana Muñoz,Ben Ferré,1\n");
  const std::string february =
      Write("feb.csv", "Date,Given by,Received by,Hours\n2023-02-05,ana munoz,\"Ferré, Ben\",2\n");
  ASSERT_EQ(RunCli(bank_, {"import", members, january, "--commit"}).code, ExitCode::kOk);
  for (const std::string& file : {february, january}) {
    const Ran ran = RunCli(bank_, {"import", file, "--make-members", "--commit"});
    EXPECT_EQ(ran.code, ExitCode::kOk) << ran.err;
  }
  EXPECT_EQ(bank_->members().size(), 2u);
  EXPECT_EQ(bank_->exchanges().size(), 2u) << "January's are known";
  EXPECT_EQ(bank_->Balance("members/sheet-1"), 3 * 3600);

  const std::string others = Write("others.csv", "Number,Name\n8,Ana Muñoz\n");
  const std::string march =
      Write("mar.csv", "Date,Given by,Received by,Hours\n2023-03-05,Ana Muñoz,Ben Ferré,4\n");
  EXPECT_EQ(RunCli(bank_, {"import", others, march, "--commit"}).code, ExitCode::kOk);
  EXPECT_EQ(bank_->Balance("members/sheet-8"), 4 * 3600);
  EXPECT_EQ(bank_->Balance("members/sheet-2"), -7 * 3600);
}

// Goal: a name beside a number that the bank knows as somebody else's is told, also where no list of members
// comes along; a part of the own name is not.
TEST_F(ImportCommandTest, TellsNamesBesideOthersNumbers) {
  const std::string members = Write("members.csv", "Number,Name\n1,Ana Muñoz Ferré\n2,Ben Ferré\n");
  ASSERT_EQ(RunCli(bank_, {"import", members, "--commit"}).code, ExitCode::kOk);
  const auto said = [this](const std::string& giver) {
    const std::string hours = Write("hours.csv", absl::StrCat("Date,Given by,Received by,Hours\n2023-01-05,",
                                                              giver, ",Ben Ferré (2),1\n"));
    return RunCli(bank_, {"import", hours}).err;
  };
  EXPECT_NE(said("Ben Ferré (1)")
                .find("1 names beside another member's number: the number was taken (first: "
                      "hours.csv, line 2)"),
            std::string::npos)
      << said("Ben Ferré (1)");
  for (const char* own : {"Ana Munoz Ferre (1)", "Ana Muñoz (1)", "Ana (1)", "1"}) {
    EXPECT_EQ(said(own).find("another member's number"), std::string::npos) << own;
  }
}

// Goal: who came by a name alone, and then stands in a list of members under a number, too, is for the same
// hours whom they were for before.
TEST_F(ImportCommandTest, HoursOfBeforeTheListOfMembers) {
  const std::string hours =
      Write("hours.csv", "Date,Given by,Received by,Hours\n2023-01-05,Ana Muñoz,Ben Ferré,1\n");
  const std::string members = Write("members.csv", "Number,Name\n7,Ana Muñoz\n");
  ASSERT_EQ(RunCli(bank_, {"import", hours, "--make-members", "--commit"}).code, ExitCode::kOk);
  ASSERT_EQ(RunCli(bank_, {"import", members, "--commit"}).code, ExitCode::kOk);
  const Ran again = RunCli(bank_, {"import", hours, "--commit"});
  EXPECT_EQ(again.code, ExitCode::kOk) << again.err;
  EXPECT_NE(again.err.find("  exchanges  0 new, 1 known"), std::string::npos) << again.err;
  EXPECT_EQ(bank_->exchanges().size(), 1u);
}

// Goal: a number that stands for something else here is told, line by line, and the run does not count as
// well.
TEST_F(ImportCommandTest, TellsWhatIsNotTheSame) {
  const auto import = [this](const std::string& amount) {
    const std::string trades = Write(
        "trades.csv",
        absl::StrCat("ID,Seller,Buyer,RemoteExchange,RemoteBuyer,RecordID,DateEntered,EnteredBy,Amount,Levy,"
                     "LevyRate,Description\n7,RUSH0001,RUSH0002,,,,2011/05/14,RUSH0000,",
                     amount, ",0.00,0,Gardening\n"));
    return RunCli(bank_, {"import", trades, "--make-members", "--commit"});
  };
  ASSERT_EQ(import("1.00").code, ExitCode::kOk);
  EXPECT_EQ(import("1.00").code, ExitCode::kOk);
  const Ran ran = import("3.00");
  EXPECT_EQ(ran.code, ExitCode::kIncomplete);
  EXPECT_NE(ran.err.find("             1 known is not the same here, and stays as it is:\n"
                         "  trades.csv line 2: Member RUSH0001 (members/"),
            std::string::npos)
      << ran.err;
  EXPECT_NE(ran.err.find(" gave 3h; here members/"), std::string::npos) << ran.err;
  EXPECT_NE(ran.err.find(" gave 1h (exchange 1042)\n"), std::string::npos) << ran.err;
  EXPECT_EQ(bank_->exchanges().size(), 1u);
}

// Goal: a run that breaks off in the middle is completed by the next one.
TEST_F(ImportCommandTest, AnInterruptedRunIsCompleted) {
  std::string rows;
  for (int i = 0; i < 20'000; ++i)
    absl::StrAppend(&rows, "1,member,2,member,60,2018-02-01 10:00:00 UTC,row ", i, ",\n");
  transfers_ = Write("transfers.csv", rows);
  bank_->fails_after_batches = 1;
  const Ran broken = Import({"--commit"});
  EXPECT_EQ(broken.code, ExitCode::kUnreachable);
  EXPECT_EQ(bank_->exchanges().size(), 8192u);
  const Ran again = Import({"--commit"});
  EXPECT_EQ(again.code, ExitCode::kOk) << again.err;
  EXPECT_NE(again.err.find("11808 new, 8192 known"), std::string::npos) << again.err;
  EXPECT_EQ(bank_->Balance("members/to-2"), 20'000 * 60);
}

// Goal: hours that look like minutes are pointed at, with where the longest stand, and kept as they are.
TEST_F(ImportCommandTest, LongExchangesAreTold) {
  const std::string sheet = Write("hours.csv",
                                  "Date,Giver,Receiver,Hours\n"
                                  "2019-01-01,ana,ben,1.5\n"
                                  "2019-01-02,ana,ben,30\n"
                                  "2019-01-03,ana,ben,90\n"
                                  "2019-01-04,ana,ben,12\n");
  const Ran ran = RunCli(bank_, {"import", sheet, "--make-members"});
  EXPECT_EQ(ran.code, ExitCode::kOk) << ran.err;
  EXPECT_NE(ran.err.find("2 of more than 12 hours, at most 90h in hours.csv line 4. Are these not minutes?"),
            std::string::npos)
      << ran.err;
  EXPECT_NE(
      RunCli(bank_, {"import", sheet, "--make-members", "-o", "json"}).out.find("\"exchanges_long\": 2"),
      std::string::npos);
}

// Goal: --make-members makes no member of a cell that names several people.
TEST_F(ImportCommandTest, SeveralPeopleBecomeNoMember) {
  const std::string sheet = Write("hours.csv",
                                  "Date,Giver,Receiver,Hours\n"
                                  "2019-01-01,ana,\"ben\ncarla\",1\n"
                                  "2019-01-02,ana,ben | carla,2\n"
                                  "2019-01-03,ana,zoe,3\n");
  const Ran ran = RunCli(bank_, {"import", sheet, "--make-members"});
  EXPECT_EQ(ran.code, ExitCode::kIncomplete) << ran.err;
  EXPECT_NE(ran.err.find("2 new"), std::string::npos) << ran.err;
  EXPECT_NE(ran.err.find("1 new, 0 known; 3h in all"), std::string::npos) << ran.err;
}

// Goal: --minutes names a column of minutes, and --hours takes none.
TEST_F(ImportCommandTest, MinutesAreNamed) {
  const std::string sheet = Write("hours.csv", "Date,Giver,Receiver,Minutes\n2019-01-01,ana,ben,90\n");
  const Ran refused = RunCli(bank_, {"import", sheet, "--make-members", "--hours", "Minutes"});
  EXPECT_EQ(refused.code, ExitCode::kUsage);
  EXPECT_NE(refused.err.find("name it with --minutes, not with --hours"), std::string::npos) << refused.err;
  const Ran ran = RunCli(bank_, {"import", sheet, "--make-members", "--minutes", "D"});
  EXPECT_EQ(ran.code, ExitCode::kOk) << ran.err;
  EXPECT_NE(ran.err.find("1h30 in all"), std::string::npos) << ran.err;
}

// Goal: a row of a file of rejects that was mended into what is posted already is told with its line; a row
// that is simply brought again is not.
TEST_F(ImportCommandTest, MendedIntoWhatIsPosted) {
  const std::string heading = "Date,Giver,Receiver,Hours";
  const std::string sheet = Write("hours.csv", heading +
                                                   "\n"
                                                   "2019-01-01,ana,ben,1.5\n"
                                                   "2019-01-02,ana,ben,2\n");
  ASSERT_EQ(RunCli(bank_, {"import", sheet, "--make-members", "--commit"}).code, ExitCode::kOk);
  const std::string mended =
      Write("bad.csv", heading +
                           ",rejected_line,rejected_why\n"
                           "2019-01-01,ana,ben,1.5,7,\"Hours: \"\"1..5\"\" is no time\"\n"
                           "2019-01-03,ana,ben,3,8,\"Date: no day\"\n");
  const Ran ran = RunCli(bank_, {"import", mended, "--commit"});
  EXPECT_EQ(ran.code, ExitCode::kOk) << ran.err;
  EXPECT_NE(
      ran.err.find("  exchanges  1 new, 1 known; 4h30 in all\n"
                   "             1 mended row is equal to an exchange that was posted before, and was not "
                   "posted again: bad.csv line 2. If it is another one, say so in its note.\n"),
      std::string::npos)
      << ran.err;
  const Ran json = RunCli(bank_, {"import", mended, "-o", "json"});
  EXPECT_NE(json.out.find("\"exchanges_mended_known\": 2"), std::string::npos) << json.out;
  EXPECT_NE(json.out.find("\"mended_known\""), std::string::npos) << json.out;
  EXPECT_NE(json.err.find("2 mended rows are equal"), std::string::npos) << json.err;
  EXPECT_EQ(RunCli(bank_, {"import", sheet}).err.find("mended"), std::string::npos);
}

// Goal: what the bank may have already under another origin is told with its lines, and posted all the same:
// a file that was saved with days instead of moments, or that is read with its list of members now.
TEST_F(ImportCommandTest, WhatTheBankMayHaveIsTold) {
  const std::string moments = Write("moments.csv",
                                    "Date,Giver,Receiver,Hours\n"
                                    "2019-01-01 10:20,Ana Muñoz,Ben,1.5\n"
                                    "2019-01-02 10:20,Ana Muñoz,Ben,2\n"
                                    "2019-01-02 17:20,Ben,Ana Muñoz,2\n");
  const Ran first = RunCli(bank_, {"import", moments, "--make-members", "--commit"});
  ASSERT_EQ(first.code, ExitCode::kOk) << first.err;
  EXPECT_EQ(first.err.find("of the same day"), std::string::npos) << first.err;
  EXPECT_EQ(RunCli(bank_, {"import", moments}).err.find("of the same day"), std::string::npos) << "all known";

  const std::string days = Write("days.csv",
                                 "Date,Giver,Receiver,Hours\n"
                                 "2019-01-01,Ana Muñoz,Ben,1.5\n"
                                 "2019-01-02,Ana Muñoz,Ben,2\n"
                                 "2019-01-02,Ana Muñoz,Ben,2\n"
                                 "2019-01-03,Ana Muñoz,Ben,2\n");
  const Ran again = RunCli(bank_, {"import", days});
  EXPECT_EQ(again.code, ExitCode::kOk) << again.err;
  EXPECT_NE(again.err.find("  exchanges  4 new, 0 known; 7h30 in all\n"
                           "             2 new exchanges are of the same days, people and hours as some that "
                           "were in the bank before: days.csv line 2; days.csv line 3. Was this file"),
            std::string::npos)
      << again.err;
  const std::string members = Write("members.csv", "Number,Name\n7,ANA MUNOZ\n8,Ben\n");
  const Ran with_members = RunCli(bank_, {"import", moments, members, "-o", "json"});
  EXPECT_NE(with_members.out.find("\"exchanges_alike\": 3"), std::string::npos) << with_members.out;

  const Ran posted = RunCli(bank_, {"import", days, "--commit"});
  EXPECT_NE(posted.err.find("4 new, 0 known"), std::string::npos) << posted.err;
  EXPECT_NE(posted.err.find("2 new exchanges are of the same days"), std::string::npos) << posted.err;
  // One that is known under its own origin is no other one's double.
  const std::string more = Write("more.csv",
                                 "Date,Giver,Receiver,Hours,Note\n"
                                 "2019-01-03,Ana Muñoz,Ben,2,\n"
                                 "2019-01-03,Ana Muñoz,Ben,2,Bread\n");
  const Ran other = RunCli(bank_, {"import", more});
  EXPECT_NE(other.err.find("1 new, 1 known"), std::string::npos) << other.err;
  EXPECT_EQ(other.err.find("of the same day"), std::string::npos) << other.err;
}

// Goal: who was the bank itself in an earlier import is so again, by the rows that the ledger has: nothing is
// posted twice, with --make-members either. A name like the bank's that nobody has is told with --community.
TEST_F(ImportCommandTest, TheLedgerKnowsTheCommunity) {
  const std::string heading = "Date,Giver,Receiver,Hours,Note\n";
  const std::string first = Write("first.csv", heading +
                                                   "2019-01-01,Ana Muñoz,El banco,1,\n"
                                                   "2019-01-02,El banco,Ben,2,\n"
                                                   "2019-01-03,Ben,Ana Muñoz,1,\n");
  ASSERT_EQ(RunCli(bank_, {"import", first, "--community", "El banco", "--make-members", "--commit"}).code,
            ExitCode::kOk);
  const std::string second = Write("second.csv", heading +
                                                     "2019-01-02,el banco,Ben,2,\n"
                                                     "2019-01-04,Ben,El banco,4,\n"
                                                     "2019-01-04,Zoe,Ben,1,\n");
  const Ran ran = RunCli(bank_, {"import", second, "--make-members", "--commit"});
  EXPECT_EQ(ran.code, ExitCode::kOk) << ran.err;
  EXPECT_NE(
      ran.err.find("anco\" is the community pot here, as in an earlier import\n  exchanges  2 new, 1 known"),
      std::string::npos)
      << ran.err;
  EXPECT_EQ(bank_->members().size(), 3u);
  EXPECT_EQ(bank_->Balance("pots/community"), (2 + -1 - 4) * int64_t{3600});
  // Help by somebody new may look the same as the bank's: nobody is taken for the bank by that alone.
  const std::string carlos = Write("carlos.csv", heading +
                                                     "2019-01-02,Carlos,Ben,2,\n"
                                                     "2019-02-10,Carlos,Ana Muñoz,5,\n");
  const size_t before = bank_->exchanges().size();
  const Ran doubtful = RunCli(bank_, {"import", carlos, "--make-members", "--commit"});
  EXPECT_EQ(doubtful.code, ExitCode::kIncomplete) << doubtful.err;
  EXPECT_NE(doubtful.err.find("if Carlos is the bank itself, --community \"Carlos\"; else add this member"),
            std::string::npos)
      << doubtful.err;
  EXPECT_EQ(bank_->exchanges().size(), before);
  const Ran told = RunCli(bank_, {"import", carlos, "--make-members", "--community", "Carlos"});
  EXPECT_NE(told.err.find("1 new, 1 known"), std::string::npos) << told.err;

  const std::string third = Write("third.csv", heading + "2019-02-02,The bank,Ben,2,\n");
  const Ran unknown = RunCli(bank_, {"import", third});
  EXPECT_NE(unknown.err.find("there is no member The bank in the files"), std::string::npos) << unknown.err;
  EXPECT_NE(unknown.err.find("\"The bank\" looks like the bank itself: if so, --community \"The bank\""),
            std::string::npos)
      << unknown.err;
  EXPECT_EQ(unknown.err.find("Mend the file"), std::string::npos) << unknown.err;
  EXPECT_NE(unknown.err.find("add --make-members; and --community \"The bank\""), std::string::npos)
      << unknown.err;
  const Ran made = RunCli(bank_, {"import", third, "--make-members"});
  EXPECT_NE(made.err.find("\"The bank\" becomes a member like any other."), std::string::npos) << made.err;
}

// Goal: a row whose hours were mended in its file is told with the exchange that it was, which the file has
// no longer; what the file still has is not.
TEST_F(ImportCommandTest, MendedHoursAreTold) {
  const std::string heading = "Date,Giver,Receiver,Hours\n";
  const std::string same = "2019-01-01,Ana,Ben,1\n2019-01-01,Ana,Ben,1\n2019-01-02,Ben,Ana,2\n";
  const std::string sheet = Write("hours.csv", heading + same + "2019-01-03,Ana,Ben,3\n");
  ASSERT_EQ(RunCli(bank_, {"import", sheet, "--make-members", "--commit"}).code, ExitCode::kOk);
  const std::string number = absl::StrCat(bank_->exchanges().back().sequence());
  Write("hours.csv", heading + same + "2019-01-01,Ana,Ben,7\n2019-01-03,Ana,Ben,4\n");
  const Ran ran = RunCli(bank_, {"import", sheet});
  EXPECT_NE(ran.err.find("1 new exchange may be a mended form of one"), std::string::npos) << ran.err;
  EXPECT_NE(ran.err.find("  hours.csv line 6 may be " + number + ", mended. If so: timebank undo " + number),
            std::string::npos)
      << ran.err;
  EXPECT_NE(
      RunCli(bank_, {"import", sheet, "--commit", "-o", "json"}).out.find("\"exchanges_maybe_mended\": 1"),
      std::string::npos);
}

// Goal: where a second column of words goes into the notes, which both people read, it is told.
TEST_F(ImportCommandTest, TellsASecondColumnOfWords) {
  const std::string sheet = Write("hours.csv",
                                  "Fecha,Dio,Recibi\xC3\xB3,Horas,Servicio,Observaciones\n"
                                  "2019-01-01,ana,ben,1,Yoga,\n2019-01-02,ana,ben,1,Yoga,no paga nunca\n");
  const Ran ran = RunCli(bank_, {"import", sheet, "--make-members"});
  EXPECT_NE(ran.err.find("\"Observaciones\" goes into the note as well"), std::string::npos) << ran.err;
  const Ran one = RunCli(bank_, {"import", sheet, "--make-members", "--note", "Servicio"});
  EXPECT_EQ(one.err.find("as well"), std::string::npos) << one.err;
}

// Goal: rows that may be mistakes are told with their lines while they are new, and posted.
TEST_F(ImportCommandTest, DoubtfulRowsAreTold) {
  const std::string sheet = Write("hours.csv",
                                  "Date,Giver,Receiver,Hours\n"
                                  "Tue 2019-01-01,ana,ben,1.30\n"
                                  "Tue 2019-01-02,ana,ben,2.15\n"
                                  "2019-01-03,ana,ben,2\n"
                                  "2019-01-03,ana,ben,2\n");
  const Ran ran = RunCli(bank_, {"import", sheet, "--make-members", "--commit"});
  EXPECT_EQ(ran.code, ExitCode::kOk) << ran.err;
  for (const char* told :
       {"  2 new have 1.30 or the like, read as 1h18, not 1h30: hours.csv line 2; hours.csv line 3\n",
        "  1 new is equal to another one of its file, and both count: hours.csv lines 4 and 5\n",
        "  1 new is of a day that is not the day of the week beside it: hours.csv line 3\n"}) {
    EXPECT_NE(ran.err.find(told), std::string::npos) << ran.err;
  }
  const Ran again = RunCli(bank_, {"import", sheet});
  EXPECT_EQ(again.err.find(" new is "), std::string::npos) << again.err;
  EXPECT_EQ(again.err.find(" new have "), std::string::npos) << again.err;
}

// Goal: the folder in which the other system's files lie will do; what is hidden in it is passed over.
TEST_F(ImportCommandTest, AFolderOfFiles) {
  Write(".DS_Store", "nothing to import");
  const Ran ran = RunCli(bank_, {"import", folder_.string(), "--commit"});
  EXPECT_EQ(ran.code, ExitCode::kOk) << ran.err;
  ExpectImported();
  std::filesystem::create_directories(folder_ / "empty");
  const Ran none = RunCli(bank_, {"import", (folder_ / "empty").string()});
  EXPECT_NE(none.code, ExitCode::kOk);
  EXPECT_NE(none.err.find("is an empty folder"), std::string::npos) << none.err;
}

// Goal: a members.csv does not hide the files beside it; beside an export they are left out and told.
TEST_F(ImportCommandTest, AFolderWithMembersInIt) {
  std::filesystem::remove_all(folder_);
  std::filesystem::create_directories(folder_);
  Write("members.csv", "Number,Name\n1,Zoe\n2,Ben\n");
  Write("hours.csv", "Date,Given by,Received by,Hours\n2019-01-01,1,2,1\n");
  const Ran ran = RunCli(bank_, {"import", folder_.string()});
  EXPECT_NE(ran.err.find("2 new, 0 known\n  exchanges  1 new, 0 known"), std::string::npos) << ran.err;
  Write("members.csv",
        absl::StrCat(std::string(imports::kMemberColumns[0]), ",id,display_name\nnorbury,zoe,Zoe\n"));
  const Ran beside = RunCli(bank_, {"import", folder_.string()});
  EXPECT_NE(
      beside.err.find(absl::StrCat("left out: files beside the export in ", folder_.string(), ": hours.csv")),
      std::string::npos)
      << beside.err;
}

// Goal: who brings a spreadsheet program's own file is told what to do about it.
TEST_F(ImportCommandTest, WorkbooksAreNoText) {
  for (const std::string& begins : {std::string("PK\x03\x04\x14"), std::string("\xD0\xCF\x11\xE0\xA1")}) {
    const Ran ran = RunCli(bank_, {"import", Write("hours.xlsx", begins + std::string(600, '\0'))});
    EXPECT_NE(ran.code, ExitCode::kOk);
    EXPECT_NE(ran.err.find("save the sheet as CSV"), std::string::npos) << ran.err;
  }
}

// Goal: a bad row is told with its line and written out, exits 5, and stops no good one.
TEST_F(ImportCommandTest, BadRowsStopNothing) {
  transfers_ = Write("transfers.csv",
                     "1,member,2,member,60,2018-02-01 10:00:00 UTC,good,\n"
                     "1,member,77,member,60,2018-02-01 10:00:00 UTC,nobody,\n"
                     "1,member,2,member,zero,2018-02-01 10:00:00 UTC,bad,\n");
  const std::string rejects = (folder_ / "bad.csv").string();
  const Ran ran = Import({"--commit", "--rejects", rejects});
  EXPECT_EQ(ran.code, ExitCode::kIncomplete);
  EXPECT_EQ(bank_->exchanges().size(), 1u);
  EXPECT_NE(ran.err.find("  transfers.csv line 2, destination_id: there is no member 77 in the files"),
            std::string::npos)
      << ran.err;
  EXPECT_NE(ran.err.find("  transfers.csv line 3, amount: \"zero\" is not a number of seconds"),
            std::string::npos);
  EXPECT_NE(ran.err.find("rows that could not be posted: 2"), std::string::npos);
  EXPECT_NE(ran.err.find(absl::StrCat("  written to ", (folder_ / "bad-transfers.csv").string(), ": 2 rows")),
            std::string::npos)
      << ran.err;
  const std::string written = ReadFile(folder_ / "bad-transfers.csv");
  EXPECT_NE(written.find("2,\"destination_id: there is no member 77 in"), std::string::npos) << written;
  EXPECT_NE(written.find("3,\"amount: \"\"zero\"\" is not a number of seconds\""), std::string::npos)
      << written;
  EXPECT_FALSE(std::filesystem::exists(folder_ / "bad-users.csv"));
}

// Goal: with --strict a bad row keeps everything out, also one that only the server would refuse; it is told
// and written. Without a bad row --strict is no hindrance.
TEST_F(ImportCommandTest, StrictPostsAllOrNothing) {
  const std::string good = ReadFile(transfers_);
  Write("transfers.csv", good + "1,member,77,member,60,2018-02-01 10:00:00 UTC,nobody,\n");
  const std::string rejects = (folder_ / "bad.csv").string();
  const Ran ran = Import({"--commit", "--strict", "--rejects", rejects});
  EXPECT_EQ(ran.code, ExitCode::kIncomplete);
  EXPECT_TRUE(bank_->exchanges().empty());
  EXPECT_TRUE(bank_->members().empty());
  EXPECT_NE(ran.err.find("transfers.csv line 4, destination_id: there is no member 77"), std::string::npos);
  EXPECT_NE(ran.err.find("1 row cannot be posted, so nothing was (--strict)."), std::string::npos) << ran.err;
  EXPECT_TRUE(std::filesystem::exists(folder_ / "bad-transfers.csv"));

  Write("transfers.csv", good);
  EXPECT_EQ(Import({"--commit", "--strict"}).code, ExitCode::kOk);
  ExpectImported();
  // Where somebody at a terminal would be asked.
  const std::string sheet = Write("long.csv", "Date,Giver,Receiver,Hours\n2019-01-01,ana,ben,90\n");
  const Ran asked = RunCli(bank_, {"import", sheet, "--make-members", "--commit", "--strict"});
  EXPECT_EQ(asked.code, ExitCode::kIncomplete);
  EXPECT_NE(asked.err.find("1 row is asked about, so nothing is posted (--strict)."), std::string::npos)
      << asked.err;
  EXPECT_EQ(bank_->exchanges().size(), 3u);
  EXPECT_EQ(RunCli(bank_, {"import", sheet, "--make-members", "--strict"}).code, ExitCode::kIncomplete);
  // Only the bank can tell that an account has been closed.
  bank_->members()[0].set_state(v1::Member::STATE_CLOSED);
  bank_->members()[0].set_closed_on("2018-01-01");
  Write("transfers.csv", good + "1,member,2,member,60,2018-03-01 10:00:00 UTC,late,\n" +
                             "9,organization,2,member,60,2018-03-01 10:00:00 UTC,fine,\n");
  EXPECT_EQ(Import({"--commit", "--strict"}).code, ExitCode::kIncomplete);
  EXPECT_EQ(bank_->exchanges().size(), 3u);
  EXPECT_EQ(Import({"--commit"}).code, ExitCode::kIncomplete);
  EXPECT_EQ(bank_->exchanges().size(), 4u);
}

// Goal: the last sentence says what became of the other rows, and people whom nobody knows are told once.
TEST_F(ImportCommandTest, SaysWhatBecameOfTheOthers) {
  users_ =
      Write("users.csv", "1,2018-01-30,Hermione,Cadena,Muñoz,1,1989-03-16,622743103,,user@example.com\n");
  const Ran some = Import({});
  EXPECT_NE(some.err.find("cannot be posted; the others can."), std::string::npos) << some.err;
  EXPECT_NE(some.err.find("1 person is in no members file: add it, or --make-members"), std::string::npos)
      << some.err;
  EXPECT_NE(Import({"--strict"}).err.find("2 rows cannot be posted, so nothing would be (--strict)."),
            std::string::npos);
  const Ran none = RunCli(bank_, {"import", "--from", "timeoverflow", transfers_, "--commit"});
  EXPECT_NE(none.err.find("3 rows could not be posted, and there are no others."), std::string::npos)
      << none.err;
  EXPECT_NE(Import({"--commit"}).err.find("2 rows could not be posted; the others were."), std::string::npos);
  const Ran again = Import({"--commit"});
  EXPECT_NE(again.err.find("2 rows could not be posted; the bank had the others already."), std::string::npos)
      << again.err;
}

// Goal: entries of an export alone are of no use; the file that is missing is told before anything is posted.
TEST_F(ImportCommandTest, MembersFileOfAnExportIsMissing) {
  const std::string entries = Write("exchanges.csv", "timebank_exchanges_1,number,kind\nelm,1,EXCHANGE\n");
  EXPECT_CALL(*bank_, BatchRecordExchanges).Times(0);
  const Ran ran = RunCli(bank_, {"import", entries, "--commit"});
  EXPECT_EQ(ran.code, ExitCode::kUsage);
  EXPECT_NE(ran.err.find("members.csv is missing: name the folder"), std::string::npos) << ran.err;
  const std::string mended = Write(
      "mended.csv", "timebank_exchanges_1,number,kind,rejected_line,rejected_why\nelm,1,EXCHANGE,2,x\n");
  EXPECT_EQ(RunCli(bank_, {"import", mended}).code, ExitCode::kIncomplete) << "rows that were mended";
}

// Goal: a file of rejects never takes the place of what is imported.
TEST_F(ImportCommandTest, RejectsDoNotOverwriteTheSource) {
  const std::string before = ReadFile(transfers_);
  const Ran ran = RunCli(bank_, {"import", transfers_, "--rejects", transfers_});
  EXPECT_EQ(ran.code, ExitCode::kUsage);
  EXPECT_EQ(ReadFile(transfers_), before);
}

// Goal: --make-members adds whom only exchanges name, once, without a name.
TEST_F(ImportCommandTest, MakesMembers) {
  transfers_ = Write("transfers.csv",
                     "1,member,77,member,60,2018-02-01 10:00:00 UTC,a,\n"
                     "77,member,2,member,90,2018-02-01 10:00:00 UTC,b,\n");
  const Ran ran = Import({"--commit", "--make-members"});
  EXPECT_EQ(ran.code, ExitCode::kOk) << ran.err;
  EXPECT_EQ(bank_->members().size(), 3u);
  EXPECT_EQ(bank_->Balance("members/to-77"), -30);
}

// Goal: hours that came from elsewhere do not disturb; a balance that does not come out is told and exits 5.
TEST_F(ImportCommandTest, DifferencesAreTold) {
  ASSERT_EQ(Import({"--commit"}).code, ExitCode::kOk);
  v1::Exchange other;
  other.add_givers()->set_holder("timebanks/rushey/members/to-1");
  other.add_receivers()->set_holder("timebanks/rushey/members/to-2");
  other.set_seconds(3600);
  ASSERT_TRUE(bank_->Post(other, true).ok());
  EXPECT_EQ(Import({"--commit"}).code, ExitCode::kOk);
  // Somebody records while the import runs.
  transfers_ = Write("more.csv", "1,member,2,member,60,2018-02-01 10:00:00 UTC,more,\n");
  EXPECT_CALL(*bank_, BatchRecordExchanges).WillOnce([&](auto request, auto&) {
    v1::BatchRecordExchangesResponse response;
    for (int i = 0; i < request.exchanges_size(); ++i) response.add_results()->set_sequence(i + 1);
    return response;  // says OK and moves nothing
  });
  const Ran ran = Import({"--commit"});
  EXPECT_EQ(ran.code, ExitCode::kIncomplete);
  EXPECT_NE(ran.err.find("2 balances differ"), std::string::npos) << ran.err;
}

// Goal: at a terminal the broker is asked first, after seeing what would happen; no is no.
TEST_F(ImportCommandTest, AsksAtATerminal) {
  EXPECT_EQ(Import({"--commit"}, {.terminal = true, .input = "n\n"}).code, ExitCode::kUsage);
  EXPECT_TRUE(bank_->exchanges().empty());
  EXPECT_TRUE(bank_->members().empty());
  EXPECT_EQ(Import({"--commit"}, {.terminal = true, .input = "y\n"}).code, ExitCode::kOk);
  EXPECT_EQ(bank_->exchanges().size(), 3u);
  EXPECT_EQ(Import({"--commit", "--yes"}, {.terminal = true}).code, ExitCode::kOk);
}

// Goal: a bank is opened only where that is asked for, and only with --commit.
TEST_F(ImportCommandTest, OpensTheBank) {
  bank_->exists = false;
  EXPECT_EQ(Import({"--bank", "rushey"}).code, ExitCode::kNotFound);
  EXPECT_EQ(Import({"--create-bank"}).code, ExitCode::kUsage) << "which id?";
  EXPECT_EQ(Import({"--bank", "rushey", "--create-bank", "--time-zone", "Europe/Madrid"}).code,
            ExitCode::kOk);
  EXPECT_FALSE(bank_->exists) << "a dry run opens nothing";
  const std::string good = ReadFile(transfers_);
  Write("transfers.csv", good + "bad\n");
  EXPECT_EQ(Import({"--bank", "rushey", "--create-bank", "--commit", "--strict"}).code,
            ExitCode::kIncomplete);
  EXPECT_FALSE(bank_->exists) << "nothing will be posted to it";
  const Ran unknown = RunCli(bank_, {"import", "--from", "timeoverflow", transfers_, "--bank", "rushey",
                                     "--create-bank", "--commit"});
  EXPECT_EQ(unknown.code, ExitCode::kIncomplete);
  EXPECT_NE(unknown.err.find("Every row is rejected, so the bank rushey was not opened."), std::string::npos)
      << unknown.err;
  EXPECT_FALSE(bank_->exists);
  Write("transfers.csv", good);
  EXPECT_EQ(Import({"--bank", "rushey", "--create-bank", "--time-zone", "Europe/Madrid", "--commit"}).code,
            ExitCode::kOk);
  EXPECT_EQ(bank_->bank.settings().time_zone(), "Europe/Madrid");
  ExpectImported();
}

// Goal: a bank that is opened with an export is called as the exported one and has its days; what is said
// goes before.
TEST_F(ImportCommandTest, OpensTheExportedBank) {
  bank_->exists = false;
  Write("timebank.csv",
        "timebank_export_1,what,value\n"
        "lewisham,name,'=Lewisham\n"
        "lewisham,position,elsewhere.9\n"
        "lewisham,settings,\"{\"\"timeZone\"\":\"\"Europe/London\"\",\"\"newer\"\":1}\"\n");
  std::string heading;
  for (const std::string_view column : imports::kMemberColumns) {
    absl::StrAppend(&heading, heading.empty() ? "" : ",", std::string(column));
  }
  Write("members.csv", heading + "\n");
  const Ran ran =
      RunCli(bank_, {"import", folder_.string(), "--bank", "rushey", "--create-bank", "--commit"});
  EXPECT_EQ(bank_->bank.settings().time_zone(), "Europe/London") << ran.err;
  EXPECT_EQ(bank_->bank.display_name(), "=Lewisham");
  EXPECT_EQ(ran.err.find("UTC"), std::string::npos) << ran.err;
}

// Goal: name and time zone are asked for at a terminal; elsewhere what was taken is told.
TEST_F(ImportCommandTest, AsksForTheNewBank) {
  bank_->exists = false;
  const Ran told = Import({"--bank", "rushey", "--create-bank"});
  EXPECT_NE(told.err.find("has no name, and its days are those of UTC: add --name and --time-zone."),
            std::string::npos)
      << told.err;
  const Ran asked = Import({"--bank", "rushey", "--create-bank", "--commit", "--yes"},
                           {.terminal = true, .input = "Rushey Green\nMars\nEurope/Madrid\n"});
  EXPECT_NE(asked.err.find("This machine does not know that one."), std::string::npos) << asked.err;
  EXPECT_EQ(bank_->bank.display_name(), "Rushey Green") << asked.err;
  EXPECT_EQ(bank_->bank.settings().time_zone(), "Europe/Madrid");
  ExpectImported();
}

// Goal: JSON holds counts and exact seconds.
TEST_F(ImportCommandTest, Json) {
  const std::string json = Import({"-o", "json"}).out;
  EXPECT_NE(json.find("\"exchanges_new\": 3"), std::string::npos) << json;
  EXPECT_NE(json.find("\"seconds\": \"11988\""), std::string::npos) << json;
  EXPECT_NE(json.find("\"format\": \"timeoverflow\""), std::string::npos) << json;
  transfers_ = Write("transfers.csv", "1,member,77,member,60,2018-02-01 10:00:00 UTC,nobody,\n");
  const std::string bad = Import({"-o", "json", "--commit"}).out;
  EXPECT_NE(bad.find("\"rejected\": 1"), std::string::npos) << bad;
  EXPECT_NE(bad.find("\"field\": \"destination_id\""), std::string::npos) << bad;
  EXPECT_NE(bad.find("\"balance_differences\": []"), std::string::npos) << bad;
}

}  // namespace
}  // namespace timebank::cli
