// Files that people keep themselves, as spreadsheet programs save them: short rows, titles, footers, letters
// of other systems, hours and days that may mean two things.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <variant>
#include <vector>

#include "client/cli/import/reader.h"
#include "tests/unit/cli/import/reader_fixture.h"

namespace timebank::imports {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using OwnFilesTest = ReaderTest;

// Goal: empty cells at the end of a row may be missing, or be too many, in the files of every system; a row
// that may have been cut off is told.
TEST_F(OwnFilesTest, EmptyCellsAtTheEndMayBeMissing) {
  EXPECT_THAT(
      Read({Write("trades.csv",
                  "ID,Seller,Buyer,DateEntered,Amount,Levy,Description\n"
                  "1,RUSH0001,RUSH0002,2011/05/14,1.5\n2,RUSH0001,RUSH0002,2011/05/14,1,,Lift,,,\n"
                  "3,RUSH0001,RUSH0002\n4,RUSH0001,RUSH0002,2011/05/14,1,,Lift,,x\n"
                  "5,RUSH0001,RUSH0002,2011/05/14,10")}),
      ElementsAre("RUSH0001 helped RUSH0002 5400 2011-05-14 ",
                  "RUSH0001 helped RUSH0002 3600 2011-05-14 Lift", "line 4 Amount: no hours",
                  "line 5 : has 9 columns instead of 7",
                  "line 6 : has 5 columns instead of 7, and the file ends in it: is the file whole?"));
  EXPECT_THAT(Read({Write("transfers.csv", "1,member,2,member,60,2018-01-08 09:00:00 UTC\n")}),
              ElementsAre("2 helped 1 60 2018-01-08 "));
  const std::string users = Write("users.csv",
                                  "UID,Password,UserType,Firstname,Surname,Email,Closed,DateClosed\n"
                                  "RUSH0001,secret,ind,Ana,,a@b.c\nRUSH0002,secret,ind,Ben,Brown,,,\n"
                                  "RUSH0003,secret\nFlat 3,secret,ind,Zoe,\n");
  EXPECT_THAT(
      Read({users}),
      ElementsAre("member RUSH0001 <Ana>  a@b.c", "member RUSH0002 <Ben Brown> ", "member RUSH0003 <> ",
                  "line 5 : has 5 columns instead of 8, and may be the rest of the row above it"));
  EXPECT_THAT(std::get<ImportedMember>(ReadRows({users}).at(0)).fields,
              ElementsAre("RUSH0001", "", "ind", "Ana", "", "a@b.c", "", ""));
  EXPECT_THAT(std::get<Reject>(ReadRows({users}).at(3)).fields, IsEmpty())
      << "the password may stand anywhere";
}

// Goal: columns that are named by letters are found below titles and above rows alike; the heading is the row
// that looks most like one, and what stands above it is told.
TEST_F(OwnFilesTest, TitlesAboveColumnsNamedByLetters) {
  options_.giver_column = "B";
  options_.receiver_column = "C";
  options_.hours_column = "D";
  options_.day_column = "A";
  const std::string table = "When,Who,Whom,How long,Notes\n2018-01-08,Ana,Ben,1,Yoga\n";
  for (const char* title : {"Timebank Riverside 2024 exchanges,,,,\n", "Timebank Riverside 2024 exchanges\n",
                            "Timebank Riverside,,,,\n,,,,\n\nfrom,Jan,to,Dec,\n"}) {
    EXPECT_THAT(Read({Write("hours.csv", title + table)}), ElementsAre("ana helped ben 3600 2018-01-08 Yoga"))
        << title;
    EXPECT_THAT(left_out(), HasSubstr("above the heading of hours.csv: line 1")) << title;
  }
  EXPECT_THAT(Read({Write("hours.csv", table)}), ElementsAre("ana helped ben 3600 2018-01-08 Yoga"));
  EXPECT_THAT(left_out(), IsEmpty());
  // No heading at all.
  EXPECT_THAT(
      Read(
          {Write("bare.csv", "Timebank Riverside,,,,\n2018-01-08,Ana,Ben,two,Yoga\n2018-01-09,Ana,Ben,2\n")}),
      ElementsAre(HasSubstr("line 2 Hours: \"two\" is not hours"), "ana helped ben 7200 2018-01-09 "));
  EXPECT_THAT(left_out(), HasSubstr("above the rows of bare.csv: line 1"));
  // The note has no heading, and stands in few rows.
  options_.note_column = "E";
  EXPECT_THAT(
      Read({Write("short.csv", "When,Who,Whom,How long\n2018-01-08,Ana,Ben,1\n2018-01-09,Ana,Ben,2,Yoga\n")}),
      ElementsAre("ana helped ben 3600 2018-01-08 ", "ana helped ben 7200 2018-01-09 Yoga"));
  EXPECT_THAT(Read({Write("bare.csv", "2018-01-08,Ana,Ben,1\n2018-01-09,Ana,Ben,2,Yoga\n")}),
              ElementsAre("ana helped ben 3600 2018-01-08 ", "ana helped ben 7200 2018-01-09 Yoga"));
}

// Goal: titles of sections, footers and repeated headings in a list of members are nobody, and are told; what
// may be either is asked about, and is somebody once it comes back in a file of rejects.
TEST_F(OwnFilesTest, TitlesAndFootersAreNobody) {
  const std::string list =
      "No;Name;Phone\nActive members;;\n1;Ana;111\n2;Ben;222\nNo;Name;Phone\nFormer "
      "members:;;\n3;Zoe;\n4;Eva\n"
      ";Socis inactius;\nTotal: 45;;\nTotal members;45;\n;Exported on 2024-05-03\nExportado el;3 de mayo de "
      "2024;\n"
      "Page 1 of 2;;\n";
  EXPECT_THAT(Read({Write("m.csv", list)}), ElementsAre("member 1 <Ana>  111", "member 2 <Ben>  222",
                                                        "member 3 <Zoe> ", "member 4 <Eva> "));
  EXPECT_THAT(
      left_out(),
      HasSubstr("titles and footers (m.csv line 2 \"Active members\", m.csv line 5 \"No Name Phone\""));
  EXPECT_THAT(left_out(), HasSubstr("rows of totals (m.csv line 10, m.csv line 11)"));
  EXPECT_THAT(left_out(), HasSubstr("line 12 \"Exported on 2024-05-03\""));
  // A name alone, where the others have numbers.
  EXPECT_THAT(Read({Write("m.csv", "No;Name;Phone\n1;Ana;111\n;Riverside;\n;Ben;222\nNorth;;\n5;;\n")}),
              ElementsAre("member 1 <Ana>  111",
                          HasSubstr("line 3 Name: \"Riverside\" stands alone in its row: is it a member?"),
                          "member ben <Ben>  222", HasSubstr("line 5 No: \"North\" stands alone in its row"),
                          HasSubstr("line 6 No: \"5\" stands alone in its row")));
  EXPECT_THAT(
      Read({Write("m.csv", "No;Name;Phone;rejected_line;rejected_why\n;Riverside;;3;alone\n1;Ana;;4;x\n")}),
      ElementsAre("member riverside <Riverside> ", "member 1 <Ana> "));
  // Whom hours name is somebody; and so is a name alone where nobody has a number.
  EXPECT_THAT(Read({Write("m.csv", "No;Name;Phone\n1;Ana;111\n;Zoe;\n"),
                    Write("h.csv", "Date;Giver;Receiver;Hours\n8/1/2018;Ana;zoe;1\n")}),
              ElementsAre("member 1 <Ana>  111", "member zoe <Zoe> ", "1 helped zoe 3600 2018-01-08 "));
  EXPECT_THAT(Read({Write("m.csv", "Name;Phone\nMembers\nAna;111\nZoe;\n")}),
              ElementsAre("member ana <Ana>  111", "member zoe <Zoe> "));
}

// Goal: of two columns that may be the member's number none is taken in silence, unless it makes no
// difference.
TEST_F(OwnFilesTest, TwoColumnsOfNumbersAreAskedAbout) {
  const std::string differ = Write("differ.csv", "ID;Member no.;Name\n1;17;Ana\n2;18;Ben\n");
  EXPECT_THAT(Read({differ}), ElementsAre(AllOf(HasSubstr("ID (A)"), HasSubstr("Member no. (B)"),
                                                HasSubstr("differ.csv"), HasSubstr("--number COLUMN"))));
  EXPECT_THAT(Read({Write("m.csv", "ID;Member no.;Name\n17;17;Ana\n18;18;Ben\n")}),
              ElementsAre("member 17 <Ana> ", "member 18 <Ben> "));
  EXPECT_THAT(Read({Write("m.csv", "ID;Member no.;Name\n;17;Ana\n;18;Ben\n")}),
              ElementsAre("member 17 <Ana> ", "member 18 <Ben> "));
  options_.number_column = "Member no.";
  EXPECT_THAT(Read({differ}), ElementsAre("member 17 <Ana> ", "member 18 <Ben> "));
  options_.number_column = "A";
  EXPECT_THAT(Read({differ}), ElementsAre("member 1 <Ana> ", "member 2 <Ben> "));
  options_.number_column = "Z";
  EXPECT_THAT(Read({Write("m.csv", "ID;Name\n1;Ana\n")}),
              ElementsAre(HasSubstr("No list of members has a column Z (--number)")));
}

}  // namespace
}  // namespace timebank::imports
