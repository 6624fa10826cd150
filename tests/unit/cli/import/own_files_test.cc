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

using ::testing::ElementsAre;
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

}  // namespace
}  // namespace timebank::imports
