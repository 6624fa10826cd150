#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <variant>
#include <vector>

#include "client/cli/import/reader.h"
#include "client/cli/import/text.h"
#include "tests/unit/cli/import/reader_fixture.h"

namespace timebank::imports {
namespace {

class TimeOverflowTest : public ReaderTest {
 protected:
  Rows Origins(const std::string& file) {
    Rows origins;
    for (const Row& row : ReadRows({file}, "timeoverflow")) {
      origins.push_back(std::get<ImportedExchange>(row).origin_number);
    }
    return origins;
  }
};

// Goal: names keep their accents, apostrophes and blanks; gender and date of birth are not taken over.
TEST_F(TimeOverflowTest, ReadsUsers) {
  const std::string users =
      Write("users.csv",
            "1,2018-01-30,Hermione,Cadena,Muñoz,1,1989-03-16,622743103,691777984,user@example.com\n"
            "2,,Siân, O'Brien ,,2,,,,\n"
            "3,2018-02-01,,,,,,,,\n");
  EXPECT_EQ(Read({users}),
            (Rows{"member 1 <Hermione Cadena Muñoz> 2018-01-30 622743103 691777984 user@example.com",
                  "member 2 <Siân O'Brien> ", "member 3 <> 2018-02-01"}));
}

// Goal: the source gives the credits, so it is who received the help; organization is the bank itself.
TEST_F(TimeOverflowTest, TheSourceReceivedTheHelp) {
  const std::string transfers =
      Write("transfers.csv",
            "10,member,4,member,1188,2018-01-08 09:21:00 UTC,\"Fixed the \"\"famous\"\" gate\",\n"
            "1,organization,4,member,900,2018-01-08 09:21:00 UTC,\"Shopping\nand carrying\",7\n"
            "4,member,1,organization,900,2018-01-09,,\n");
  EXPECT_EQ(Read({transfers}),
            (Rows{"4 helped 10 1188 2018-01-08 Fixed the \"famous\" gate",
                  "4 helped pot 900 2018-01-08 Shopping\nand carrying", "pot helped 4 900 2018-01-09 "}));
}

// Goal: a transfer that the older server stamped with a later day than today has moved hours all the same: it
// counts as today's, keeps its date as the time of its record, is told, and is known again on any later day.
TEST_F(TimeOverflowTest, AClockThatWasAheadLosesNoHours) {
  const std::string transfers = Write("transfers.csv",
                                      "1,member,2,member,60,2075-01-08 09:00:00 UTC,,\n"
                                      "1,member,2,member,60,2076-01-08,,\n");
  EXPECT_EQ(Read({transfers}), (Rows{"2 helped 1 60 2023-11-16 ", "2 helped 1 60 2023-11-16 "}));
  const std::vector<std::string> origins = Origins(transfers);
  options_.today += 1;
  EXPECT_EQ(Origins(transfers), origins);

  const std::vector<Row> rows = ReadRows({transfers});
  EXPECT_EQ(absl::FormatTime("%F", std::get<ImportedExchange>(rows.at(0)).record_time, absl::UTCTimeZone()),
            "2075-01-08");
  EXPECT_EQ(absl::ToCivilDay(std::get<ImportedExchange>(rows.at(1)).record_time, options_.time_zone),
            absl::CivilDay(2076, 1, 8));
  EXPECT_THAT(left_out(), ::testing::HasSubstr("2 transfers dated after today"));
}

// Goal: the day of a moment is the day in the bank's time zone.
TEST_F(TimeOverflowTest, DaysAreTheBanksDays) {
  const std::string transfers = Write("transfers.csv",
                                      "1,member,2,member,60,2018-01-08 23:30:00 UTC,,\n"
                                      "1,member,2,member,60,2018-07-08T22:30:00Z,,\n"
                                      "1,member,2,member,60,2018-01-08 23:30:00.123456 UTC,,\n"
                                      "1,member,2,member,60,2018-01-08 23:30:00 +0100,,\n"
                                      "1,member,2,member,60,2018-01-08 22:30:00,,\n"
                                      "1,member,2,member,60,2018-01-08,,\n");
  EXPECT_EQ(Read({transfers}),
            (Rows{"2 helped 1 60 2018-01-09 ", "2 helped 1 60 2018-07-09 ", "2 helped 1 60 2018-01-09 ",
                  "2 helped 1 60 2018-01-08 ", "2 helped 1 60 2018-01-08 ", "2 helped 1 60 2018-01-08 "}));
}

// Goal: every bad transfer is told with its line, field and reason, and the good one among them is read.
TEST_F(TimeOverflowTest, BadTransfersAreTold) {
  const std::string transfers = Write("transfers.csv",
                                      "1,member,2,member,60,2018-01-08 09:00:00 UTC,good,\n"
                                      "1,member,1,member,60,2018-01-08 09:00:00 UTC,,\n"
                                      "1,organization,1,organization,60,2018-01-08 09:00:00 UTC,,\n"
                                      "x,member,2,member,60,2018-01-08 09:00:00 UTC,,\n"
                                      "1,member,0,member,60,2018-01-08 09:00:00 UTC,,\n"
                                      "1,member,2,member,0,2018-01-08 09:00:00 UTC,,\n"
                                      "1,member,2,member,-60,2018-01-08 09:00:00 UTC,,\n"
                                      "1,member,2,member,1.5,2018-01-08 09:00:00 UTC,,\n"
                                      "1,member,2,member,99999999999,2018-01-08 09:00:00 UTC,,\n"
                                      "1,member,2,member,60,2018-02-31 09:00:00 UTC,,\n"
                                      "1,member,2,member,60,yesterday,,\n"
                                      "1,member,2,member,60,2999-01-08 09:00:00 UTC,,\n"
                                      "1,member,2,member,60,1850-01-08 09:00:00 UTC,,\n"
                                      "1,member,2,member,60,2018-01-08 09:00:00 UTC,,,x\n"
                                      "1,member,2,member,60,2018-01-08 09:00:00 UTC,caf\xE9 ñ,\n"
                                      "1,member,2,member,60,2018-01-08 09:00:00 UTC,\"a\"b,\n"
                                      "1,member,2,member,60,2018-01-08 09:00:00 UTC," +
                                          std::string(2001, 'n') + ",\n");
  const Rows rows = Read({transfers});
  const Rows expected = {
      "2 helped 1 60 2018-01-08 good",
      "line 2 destination_id: giver and receiver are the same",
      "line 3 destination_id: giver and receiver are the same",
      "line 4 source_id: \"x\" is not a member number",
      "line 5 destination_id: \"0\" is not a member number",
      "line 6 amount: no time at all (0 seconds)",
      "line 7 amount: negative (-60 seconds)",
      "line 8 amount: \"1.5\" is not a number of seconds",
      "line 9 amount: more than a hundred years (99999999999 seconds)",
      "line 10 created_at: \"2018-02-31 09:00:00 UTC\" is not a day",
      "line 11 created_at: \"yesterday\" is not a day",
      "line 12 created_at: the day lies in the future (2999-01-08; today is 2023-11-16)",
      "line 13 created_at: the day lies before 1900 (1850-01-08)",
      "line 14 : has 9 columns instead of 8",
      "line 15 reason: not UTF-8; save the file as CSV UTF-8",
      "line 16 : there is text behind a closing quote",
      "line 17 reason: longer than 2000 bytes",
  };
  ASSERT_EQ(rows.size(), expected.size());
  for (size_t i = 0; i < rows.size(); ++i) EXPECT_EQ(rows[i], expected[i]);
}

// Goal: bad users are told; the same number twice is told with the line of the first. What nobody needs of a
// user is left out, told, and costs nobody the membership.
TEST_F(TimeOverflowTest, BadUsersAreTold) {
  const std::string users = Write("users.csv",
                                  "1,2018-01-30,Ana,,,,,,,\n"
                                  "x,2018-01-30,Ana,,,,,,,\n"
                                  "1,2018-01-30,Ana again,,,,,,,\n"
                                  "3,30/01/2018,Ana,,,,,,,\n"
                                  "4,2999-01-30,Ana,,,,,,,\n"
                                  "5,2018-01-30,Ana\n"
                                  "6,2018-01-30," +
                                      std::string(201, 'a') + ",,,,,,,\n" + "7,2018-01-30,Ana,,,,," +
                                      std::string(41, '1') + ",,\n");
  EXPECT_EQ(
      Read({users}),
      (Rows{"member 1 <Ana> 2018-01-30", "line 2 member_id: \"x\" is not a member number",
            "line 3 member_id: member 1 stands on line 1 already", "member 3 <Ana> 2018-01-30",
            "member 4 <Ana> ", "member 5 <Ana> 2018-01-30",
            "line 7 first name: the whole name is longer than 200 characters", "member 7 <Ana> 2018-01-30"}));
  EXPECT_THAT(left_out(),
              ::testing::HasSubstr("1 day that cannot be (entry_date) (first: users.csv, line 5)"));
  EXPECT_THAT(left_out(), ::testing::HasSubstr("1 telephone numbers of more than 40 characters"));
}

// Goal: an origin names its row for ever: equal rows are counted, other rows differ, and writing the file
// differently changes nothing.
TEST_F(TimeOverflowTest, OriginsNameRows) {
  const std::string row = "1,member,2,member,60,2018-01-08 09:00:00 UTC,a,\n";
  const std::vector<std::string> origins =
      Origins(Write("transfers.csv", row + row +
                                         "1,member,2,member,61,2018-01-08 09:00:00 UTC,a,\n"
                                         "2,member,1,member,60,2018-01-08 09:00:00 UTC,a,\n"
                                         "1,member,2,member,60,2018-01-08 09:00:01 UTC,a,\n"
                                         "1,member,2,member,60,2018-01-08 09:00:00 UTC,b,\n"));
  EXPECT_EQ(std::set<std::string>(origins.begin(), origins.end()).size(), 6u);
  EXPECT_EQ(origins[0].substr(0, 4), "row-");
  EXPECT_EQ(origins[0].substr(origins[0].size() - 2), "-1");
  EXPECT_EQ(origins[1], origins[0].substr(0, origins[0].size() - 1) + "2");
  EXPECT_EQ(Origins(Write("again.csv",
                          "\xEF\xBB\xBF\"01\",\"member\",2,member,60,2018-01-08T09:00:00Z,\"a\",\r\n")),
            std::vector<std::string>{origins[0]});
}

// Goal: a row that was rejected, mended, and given back with its line and reason behind it is read as any
// other.
TEST_F(TimeOverflowTest, ReadsMendedRejects) {
  const std::string users = Write("users.csv", "1,2018-01-30,Ana,,,,,,,,7,why not\n");
  const std::string transfers =
      Write("transfers.csv", "1,member,2,member,60,2018-01-08 09:00:00 UTC,a,,12,\"because\"\n");
  EXPECT_EQ(Read({transfers, users}), (Rows{"member 1 <Ana> 2018-01-30", "2 helped 1 60 2018-01-08 a"}));
  const std::vector<Row> rows = ReadRows({Write("again.csv",
                                                "1,member,2,member,60,2018-01-08 09:00:00 UTC,a,,12,x\n"
                                                "1,member,2,member,none,2018-01-08 09:00:00 UTC,a,,12,x\n")});
  EXPECT_EQ(std::get<Reject>(rows.at(1)).fields,
            (Rows{"1", "member", "2", "member", "none", "2018-01-08 09:00:00 UTC", "a", ""}));
}

// Goal: files are recognised by what is in them, in any order; what they are not is told.
TEST_F(TimeOverflowTest, RecognisesFiles) {
  const std::string users = Write("users.csv", "1,2018-01-30,Ana,,,,,,,\n2,2018-01-30,Ben,,,,,,,\n");
  const std::string transfers = Write("transfers.csv", "1,member,2,member,60,2018-01-08 09:00:00 UTC,a,\n");
  const std::string posts = Write("posts.csv", "1,Offer,Guitar,,3,2018-01-01,,\n");
  const Rows rows = {"member 1 <Ana> 2018-01-30", "member 2 <Ben> 2018-01-30", "2 helped 1 60 2018-01-08 a"};
  EXPECT_EQ(Read({users, transfers}), rows);
  EXPECT_EQ(Read({transfers, users}), rows) << "members come first whatever the order of the files";
  EXPECT_EQ(Read({transfers, posts, users}), rows);
  EXPECT_THAT(left_out(), ::testing::HasSubstr("posts.csv: offers and requests"));
  EXPECT_THAT(Read({users, Write("more.csv", "3,2018-01-30,Eva,,,,,,,\n")})[0],
              ::testing::HasSubstr("same kind"));
  EXPECT_THAT(Read({posts})[0], ::testing::HasSubstr("offers and requests"));
  EXPECT_EQ(Read({users, Write("empty.csv", "")}).size(), 2u) << "a bank without exchanges";
}

// Goal: the order of days is found here as elsewhere, in either file.
TEST_F(TimeOverflowTest, DaysProveTheirOrder) {
  const std::string users = Write("users.csv", "1,01/25/2018,Ana,,,,,,,\n2,01/02/2018,Ben,,,,,,,\n");
  const std::string transfers =
      Write("transfers.csv", "1,member,2,member,60,01/02/2018,,\n1,member,2,member,60,01/25/2018 09:00,,\n");
  EXPECT_EQ(Read({users, transfers}), (Rows{"member 1 <Ana> 2018-01-25", "member 2 <Ben> 2018-01-02",
                                            "2 helped 1 60 2018-01-02 ", "2 helped 1 60 2018-01-25 "}));
  EXPECT_THAT(left_out(), ::testing::HasSubstr("transfers.csv writes the month before the day"));
}

// Goal: UTF-8 is judged as RFC 3629 has it.
TEST(TextTest, Utf8) {
  for (const char* good : {"", "abc", "ñ", "€", "😀", "\xF4\x8F\xBF\xBF"}) EXPECT_TRUE(IsUtf8(good)) << good;
  for (const char* bad : {"\x80", "\xC3", "\xC0\xAF", "\xE0\x80\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80",
                          "\xF8\x88\x80\x80\x80", "caf\xE9"}) {
    EXPECT_FALSE(IsUtf8(bad));
  }
  EXPECT_EQ(CodePoints("ñ€😀a"), 4u);
}

}  // namespace
}  // namespace timebank::imports
