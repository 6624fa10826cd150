// What each format means, by files written by hand.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <variant>
#include <vector>

#include "client/cli/import/reader.h"
#include "tests/unit/cli/import/reader_fixture.h"
#include "tests/unit/cli/import/sample_bank.h"

namespace timebank::imports {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

using CesTest = ReaderTest;

constexpr char kCesTrades[] =
    "ID,Seller,Buyer,RemoteExchange,RemoteBuyer,RecordID,DateEntered,EnteredBy,Amount,Levy,LevyRate,"
    "Description\n";
constexpr char kCesUsers[] =
    "UID,Password,UserType,Firstname,Surname,OrgName,PhoneH,PhoneM,Email,Created,Closed,DateClosed\n";

// Goal: users come with what they are, how they are reached and when they left; the administrator is the pot.
TEST_F(CesTest, ReadsUsers) {
  const std::string users =
      Write("users.csv", std::string(kCesUsers) +
                             "RUSH0000,secret,adm,,,The bank,,,,2016-01-04,0,\n"
                             "RUSH0001,secret,ind,Ana,Muñoz,,111,222,ana@example.org,2016/01/05,0,\n"
                             "RUSH0002,secret,com,Ben,Brown,Brown Repairs,,,,0000-00-00,1,2019-03-05\n"
                             "rush0003,secret,fam,Zoë,O'Brien,,,,,05/01/2016,Y,\n"
                             "RUSH0001,secret,ind,Ana,again,,,,,,,\n"
                             "RUSH0004,secret,ind,a,b,c,d,e,f,g,h,i,j\n");
  EXPECT_THAT(Read({users}),
              ElementsAre("member RUSH0001 <Ana Muñoz> 2016-01-05 222 111 ana@example.org",
                          "member RUSH0002 <Brown Repairs (Ben Brown)> organisation  closed 2019-03-05",
                          "member RUSH0003 <Zoë O'Brien> household 2016-01-05 closed ",
                          "line 6 UID: member RUSH0001 stands on line 3 already",
                          "line 7 : has 13 columns instead of 12"));
  EXPECT_THAT(left_out(), HasSubstr("Password (never read)"));
  const std::vector<Row> rows = ReadRows({users});
  EXPECT_THAT(std::get<Reject>(rows.at(3)).fields,
              ElementsAre("RUSH0001", "", "ind", "Ana", "again", "", "", "", "", "", "", ""));
  EXPECT_THAT(std::get<Reject>(rows.at(4)).fields, ElementsAre()) << "the password may stand anywhere";
}

// Goal: of several administrators' accounts the bank's own is the pot, in whatever order they stand.
TEST_F(CesTest, TheBanksOwnOfSeveralAdministrators) {
  EXPECT_THAT(Read({Write("users.csv", std::string(kCesUsers) + "RUSH0005,,adm,Eva,,,,,,,0,\n"
                                                                "RUSH0000,,adm,,,The bank,,,,,0,\n")}),
              ElementsAre("member RUSH0005 <Eva> organisation "));
}

// Goal: the seller gave; the system's number, recorder and moment are kept; remote parties stay in the note.
TEST_F(CesTest, ReadsTrades) {
  const std::string trades =
      Write("trades.csv", std::string(kCesTrades) +
                              "7,RUSH0001,RUSH0002,,,20110514182233000007,2011/05/14,"
                              "RUSH0000,0.33,0.00,0,Gardening\n"
                              "8,RUSH0001,RUSH0000,,,,2011/05/14,RUSH0001,1.5,,,\n"
                              "9,RUSH0001,SANEVIRT,SANE,SANE0012,,2011/05/14,,2,,,Lift\n"
                              "10,RUSH0001,,,,,2011/05/14,,2,,,Lift\n"
                              "11,RUSH0001,RUSH0002,,,,2011/05/14,,0,,,Lift\n"
                              "7,RUSH0001,RUSH0002,,,,2011/05/14,,0.33,,,Gardening\n"
                              "8,RUSH0001,RUSH0002,,,,2011/05/14,,9,,,Gardening\n");
  EXPECT_THAT(Read({trades}),
              ElementsAre("member SANEVIRT <Exchange SANE (SANEVIRT)> organisation ",
                          "RUSH0001 helped RUSH0002 1188 2011-05-14 Gardening",
                          "RUSH0001 helped pot 5400 2011-05-14 ",
                          "RUSH0001 helped SANEVIRT 7200 2011-05-14 Lift [SANE0012 SANE]",
                          "line 5 Buyer: nobody is named", "line 6 Amount: no time at all (0 hours)",
                          HasSubstr("line 8 : transaction 8 stands in the files already")));
  EXPECT_THAT(left_out(), HasSubstr("1 transfer that stands in the files twice"));
  const auto first = std::get<ImportedExchange>(ReadRows({trades}).at(1));
  EXPECT_EQ(first.origin_number, "7");
  EXPECT_EQ(first.recorded_by, "RUSH0000");
  EXPECT_EQ(absl::FormatTime("%F %T", first.record_time, options_.time_zone), "2011-05-14 18:22:33");
  EXPECT_EQ(first.giver_field, "Seller");
}

// Goal: a levy moves hours to the bank; whoever bore it by the balances file bears it here, and the balances
// agree. Without that file both do, and that is told.
TEST_F(CesTest, LeviesMoveHours) {
  const std::string trades =
      Write("trades.csv", std::string(kCesTrades) + "1,RUSH0001,RUSH0002,,,,2011/05/14,,10.00,0.20,2,Help\n");
  const std::string balances = "UID,Sales,Income,Purchases,Expenditure,Levy,Balance\n";
  const std::string help = "RUSH0001 helped RUSH0002 36000 2011-05-14 Help";
  const std::string from_giver = "pot helped RUSH0001 720 2011-05-14 Levy";
  const std::string from_receiver = "pot helped RUSH0002 720 2011-05-14 Levy";
  EXPECT_THAT(Read({trades}), ElementsAre(help, from_giver, from_receiver));
  EXPECT_THAT(left_out(), HasSubstr("which no balances file confirms"));
  EXPECT_THAT(Read({trades, Write("b1.csv", balances + "RUSH0001,1,10.00,0,0.00,0.20,9.80\n"
                                                       "RUSH0002,0,0.00,1,10.00,0.00,-10.00\n")}),
              ElementsAre(help, from_giver, "RUSH0001 has 35280", "RUSH0002 has -36000"));
  EXPECT_THAT(left_out(), HasSubstr("taken from the giver, as the balances show"));
  EXPECT_THAT(Read({trades, Write("b2.csv", balances + "RUSH0001,1,10.00,0,0.00,0.00,10.00\n"
                                                       "RUSH0002,0,0.00,1,10.00,0.20,-10.20\n")}),
              ElementsAre(help, from_receiver, "RUSH0001 has 36000", "RUSH0002 has -36720"));
  EXPECT_THAT(Read({trades, Write("b3.csv", balances + "RUSH0001,1,10.00,0,0.00,0.20,9.80\n"
                                                       "RUSH0002,0,0.00,1,10.00,0.20,-9.80\n")}),
              ElementsAre(help, from_giver, from_receiver, "RUSH0001 has 35280", "RUSH0002 has -35280"));
  EXPECT_THAT(left_out(), HasSubstr("1 balances that are not their Income - Expenditure - Levy"));
}

// Goal: an exchange and its levy can be stored, however long the trade's number is.
TEST_F(CesTest, LongNumbersAndTheirLevies) {
  for (size_t length : {175, 181, 200, 500}) {
    const std::string trades =
        Write("trades.csv", std::string(kCesTrades) + std::string(length, '7') +
                                ",RUSH0001,RUSH0002,,,,2011/05/14,,10.00,0.20,2,Help\n");
    std::set<std::string> origins;
    for (const Row& row : ReadRows({trades})) {
      const std::string& origin = std::get<ImportedExchange>(row).origin_number;
      EXPECT_LE(origin.size(), 200u);
      origins.insert(origin);
    }
    EXPECT_EQ(origins.size(), 3u) << length;
  }
}

// Goal: the newer form names who bears a levy; hours that differ on the two sides go through the bank.
TEST_F(CesTest, ReadsNewerTransactions) {
  const std::string trades = Write(
      "transactions.csv",
      "seller,buyer,entered_by,seller_amount,buyer_amount,buyer_levy,description,date_entered,type,weather\n"
      "RUSH0001,RUSH0002,RUSH0001,2.00,2.00,0.10,Help,2020-01-02 10:00:00,sale,fine\n"
      "RUSH0001,RUSH0002,RUSH0001,2.00,2.50,0,Help,2020-01-02 10:00:00,sale,fine\n");
  EXPECT_THAT(Read({trades}), ElementsAre("RUSH0001 helped RUSH0002 7200 2020-01-02 Help",
                                          "pot helped RUSH0002 360 2020-01-02 Levy",
                                          "RUSH0001 helped RUSH0002 7200 2020-01-02 Help",
                                          HasSubstr("pot helped RUSH0002 1800 2020-01-02 Difference")));
  EXPECT_THAT(left_out(), HasSubstr("columns of transactions.csv: weather"));
}

// Goal: balances without any exchange are balances to begin with; offers and wants are recognised and told.
TEST_F(CesTest, BalancesAloneAreOpenings) {
  const std::string balances =
      Write("balances.csv", "uid;balance\nRUSH0001;1,5\nRUSH0002;-1,5\nRUSH0003;0\n");
  const std::string offers =
      Write("offers.csv",
            "ID,UID,Remote,Category,Subcat,Title,Description,Image,Keys,Rate\n1,RUSH0001,,,,Guitar,,,,\n");
  EXPECT_THAT(Read({offers, balances}),
              ElementsAre("opening RUSH0001 5400 2023-11-16", "opening RUSH0002 -5400 2023-11-16"));
  EXPECT_THAT(left_out(), HasSubstr("offers.csv: offers"));
}

// Goal: an account begins with one balance; a row that says another is rejected, one that says the same adds
// nothing.
TEST_F(CesTest, AnAccountHasOneOpening) {
  const std::string balances =
      Write("balances.csv", "uid;balance\nRUSH0001;1,5\nRUSH0002;-1,5\nrush0001;1,5\nRUSH0001;2\n");
  EXPECT_THAT(Read({balances}),
              ElementsAre("line 5 balance: the account has another balance on line 2 already",
                          "opening RUSH0001 5400 2023-11-16", "opening RUSH0002 -5400 2023-11-16"));
}

using KomunitinTest = ReaderTest;

// Goal: the payee gave; only committed transfers count, the others are told; accounts end closed or not.
TEST_F(KomunitinTest, ReadsTransfersAndAccounts) {
  const std::string transfers =
      Write("transfers.csv",
            "state,id,created,amount,description,payer.code,payee.code,user.id,hash\n"
            "committed,t1,2020-06-30T22:30:00.000Z,0.33,Help,rush0002,RUSH0001,u1,abc\n"
            "pending,t2,2020-06-30T22:30:00.000Z,9.00,,RUSH0002,RUSH0001,u1,\n"
            "committed,t3,2020-06-30T22:30:00.000Z,1.00,,RUSH0000,RUSH0002,u1,\n");
  const std::string accounts = Write("accounts.csv",
                                     "id,created,code,status,balance,creditLimit,user.id\n"
                                     "a0,2016-01-04T00:00:00.000Z,RUSH0000,active,-1.00,,u0\n"
                                     "a1,2016-01-04T00:00:00.000Z,RUSH0001,active,0.33,20.00,u1\n"
                                     "a2,2016-01-04T00:00:00.000Z,RUSH0002,disabled,0.67,20.00,u2\n");
  EXPECT_THAT(
      Read({transfers, accounts}),
      ElementsAre("member RUSH0001 <> 2016-01-04", "member RUSH0002 <> 2016-01-04 closed ",
                  "RUSH0001 helped RUSH0002 1188 2020-07-01 Help", "RUSH0002 helped pot 3600 2020-07-01 ",
                  "pot has -3600", "RUSH0001 has 1188", "RUSH0002 has 2412"));
  EXPECT_THAT(left_out(), HasSubstr("1 transfer that is \"pending\" and not committed"));
  const auto first = std::get<ImportedExchange>(ReadRows({transfers}).at(0));
  EXPECT_EQ(first.origin_number, "t1");
  EXPECT_EQ(first.recorded_by, "u1");
}

// Goal: four columns without days count as today's, and are the same exchanges on any later day.
TEST_F(KomunitinTest, ReadsFourColumns) {
  const std::string four = Write("four.csv", "To,From,Amount,Description\nRUSH0001,RUSH0002,1.5,Help\n");
  EXPECT_THAT(Read({four}), ElementsAre("RUSH0001 helped RUSH0002 5400 2023-11-16 Help"));
  EXPECT_THAT(left_out(), HasSubstr("1 transfer without a day"));
  const std::string origin = std::get<ImportedExchange>(ReadRows({four}).at(0)).origin_number;
  options_.today += 1;
  EXPECT_EQ(std::get<ImportedExchange>(ReadRows({four}).at(0)).origin_number, origin);
}

// Goal: without days the same help of another week is another exchange, unless the file itself is there
// twice; that a later import cannot tell it from this one's is told.
TEST_F(KomunitinTest, FourColumnsOfTwoWeeks) {
  const std::string rows = "To,From,Amount,Description\nRUSH0001,RUSH0002,1.5,Help\n";
  const std::string more = "RUSH0001,RUSH0003,1,Bread\n";
  const std::string one = Write("w1.csv", rows);
  const std::string two = Write("w2.csv", rows + more);
  const std::string copy = Write("w1 (1).csv", rows);
  EXPECT_THAT(Read({one, two}), ElementsAre("RUSH0001 helped RUSH0002 5400 2023-11-16 Help",
                                            "RUSH0001 helped RUSH0002 5400 2023-11-16 Help",
                                            "RUSH0001 helped RUSH0003 3600 2023-11-16 Bread"));
  EXPECT_THAT(left_out(), HasSubstr("3 transfers without a day: one that equals one of an earlier import is "
                                    "taken for that one, and is not posted again"));
  EXPECT_THAT(Read({one, copy, two}), SizeIs(3));
  EXPECT_THAT(left_out(), HasSubstr("1 transfer that stands in the files twice"));
  std::set<std::string> origins;
  for (const Row& row : ReadRows({two, copy})) origins.insert(std::get<ImportedExchange>(row).origin_number);
  EXPECT_THAT(origins, SizeIs(3));
}

// Goal: a coordinator's own sheet that has a day or hours, too, is no file of four columns: nothing is dated
// today, and the message says which options to give.
TEST_F(KomunitinTest, FourColumnsAreFour) {
  const std::string own = Write("own.csv", "Date,From,To,Description,Amount\n2018-01-08,Ben,Ana,Help,1.5\n");
  EXPECT_THAT(Read({own}),
              ElementsAre(AllOf(HasSubstr("own.csv looks like a spreadsheet of hours"),
                                HasSubstr("--giver COLUMN, --receiver COLUMN. Its columns: Date, From, To"),
                                HasSubstr("From and To are not guessed"))));
  EXPECT_THAT(Read({own}, "komunitin"), ElementsAre(HasSubstr("own.csv is none of Komunitin's files")));
  options_.giver_column = "To";
  options_.receiver_column = "From";
  EXPECT_THAT(Read({own}), ElementsAre("ana helped ben 5400 2018-01-08 Help"));
  EXPECT_THAT(
      Read({Write("both.csv", "From;To;Date;Hours;Amount;Description\nBen;Ana;2018-01-08;1,5;7;Help\n")}),
      ElementsAre("ana helped ben 5400 2018-01-08 Help"));
  EXPECT_THAT(left_out(), HasSubstr("columns of both.csv: Amount"));
}

// Goal: the order of days is found here as elsewhere.
TEST_F(KomunitinTest, DaysProveTheirOrder) {
  const std::string transfers = Write("transfers.csv",
                                      "state,created,amount,payer.code,payee.code\n"
                                      "committed,01/02/2018,1,RUSH0002,RUSH0001\n"
                                      "committed,01/25/2018,2,RUSH0002,RUSH0001\n");
  EXPECT_THAT(Read({transfers}), ElementsAre("RUSH0001 helped RUSH0002 3600 2018-01-02 ",
                                             "RUSH0001 helped RUSH0002 7200 2018-01-25 "));
  EXPECT_THAT(left_out(), HasSubstr("transfers.csv writes the month before the day"));
}

using CyclosTest = ReaderTest;

constexpr char kCyclosHeading[] =
    "Date,Transaction type,Amount,From / to,From / to - Full name,Description,Transaction number\n";

// Goal: whose account a file shows follows from the other files, whatever it is called; an exchange that
// stands in two of them is one.
TEST_F(CyclosTest, FilesTellEachOthersOwner) {
  const std::string one = Write("x.csv", std::string(kCyclosHeading) +
                                             "08/01/2018,Trade,1.500000,ben,Ben Brown,Help,TX1\n"
                                             "25/01/2018,Trade,-0.330000,ben,Ben Brown,More,TX2\n");
  const std::string two = Write("y.csv", std::string(kCyclosHeading) +
                                             "08/01/2018,Trade,-1.500000,ana,Ana Muñoz,Help,TX1\n"
                                             "25/01/2018,Trade,0.330000,ana,Ana Muñoz,More,TX2\n");
  EXPECT_THAT(Read({one, two}),
              ElementsAre("ana helped ben 5400 2018-01-08 Help", "ben helped ana 1188 2018-01-25 More"));
  const auto first = std::get<ImportedExchange>(ReadRows({one, two}).at(0));
  EXPECT_EQ(first.origin_number, "TX1");
  EXPECT_EQ(first.giver_name, "Ana Muñoz");
  EXPECT_EQ(first.receiver_name, "Ben Brown");
}

// Goal: files that are brought together write days alike: what one shows holds for one that may be read
// either way, unless others show the opposite.
TEST_F(CyclosTest, FilesShareTheOrderOfDays) {
  const auto file = [this](const char* name, const std::string& row) {
    return Write(name, std::string(kCyclosHeading) + row);
  };
  const std::string ana = file("transactions-ana.csv", "01/25/2018,Trade,1,ben,Ben,Help,TX1\n");
  const std::string carol = file("transactions-carol.csv", "03/04/2018,Trade,1,dan,Dan,Help,TX9\n");
  EXPECT_THAT(Read({ana, carol}),
              ElementsAre("ana helped ben 3600 2018-01-25 Help", "carol helped dan 3600 2018-03-04 Help"));
  EXPECT_THAT(left_out(), AllOf(HasSubstr("transactions-ana.csv writes the month before the day"),
                                HasSubstr("transactions-carol.csv was read with the month before the day")));
  EXPECT_THAT(Read({carol}), ElementsAre("carol helped dan 3600 2018-04-03 Help"));
  const std::string eve = file("transactions-eve.csv", "25/01/2018,Trade,1,ben,Ben,Help,TX2\n");
  EXPECT_THAT(Read({ana, carol, eve}),
              ElementsAre("ana helped ben 3600 2018-01-25 Help", "carol helped dan 3600 2018-04-03 Help",
                          "eve helped ben 3600 2018-01-25 Help"));
}

// Goal: a single file is known by its name; one that is not is rejected row by row, and says what to do.
TEST_F(CyclosTest, AFilesNameTellsItsOwner) {
  const std::string rows = std::string(kCyclosHeading) + "08/01/2018,Trade,1.5,ben,Ben Brown,Help,TX1\n";
  EXPECT_THAT(Read({Write("transactions-ana.csv", rows)}),
              ElementsAre("ana helped ben 5400 2018-01-08 Help"));
  EXPECT_THAT(Read({Write("Transactions_ana (1).csv", rows)}),
              ElementsAre("ana helped ben 5400 2018-01-08 Help"));
  EXPECT_THAT(Read({Write("transactions-2018.csv", rows)}),
              ElementsAre(HasSubstr("whose account this file shows")));
  EXPECT_THAT(Read({Write("export.csv", rows)}),
              ElementsAre(HasSubstr("line 2 From / to: whose account this file shows cannot be told")));
}

// Goal: files of one account that overlap (two years, a second download) are one account's, whoever else's
// file is there; nobody's hours move twice, and none to somebody else.
TEST_F(CyclosTest, FilesOfOneAccountMayOverlap) {
  const std::string year_2018 = std::string(kCyclosHeading) +
                                "08/01/2018,Trade,1,ben,Ben,Help,TX1\n"
                                "09/01/2018,Trade,2,carol,Carol,Help,TX2\n"
                                "10/12/2018,Trade,-0.5,dan,Dan,Help,TX3\n";
  const std::string year_2019 = std::string(kCyclosHeading) +
                                "10/12/2018,Trade,-0.5,dan,Dan,Help,TX3\n"
                                "10/01/2019,Trade,1,carol,Carol,Help,TX4\n";
  const auto expected =
      UnorderedElementsAre("ana helped ben 3600 2018-01-08 Help", "ana helped carol 7200 2018-01-09 Help",
                           "dan helped ana 1800 2018-12-10 Help", "ana helped carol 3600 2019-01-10 Help");
  const std::string one = Write("transactions-ana-2018.csv", year_2018);
  const std::string two = Write("transactions-ana-2019.csv", year_2019);
  EXPECT_THAT(Read({one, two}), expected);
  EXPECT_THAT(Read({two, one}), expected);
  const std::string download = Write("transactions-ana.csv", year_2018);
  EXPECT_THAT(Read({download, Write("transactions-ana (1).csv", year_2019)}), expected);
  // Of one account as a whole the other side's file tells whose it is, whatever the files are called.
  const std::string ben =
      Write("b.csv", std::string(kCyclosHeading) + "08/01/2018,Trade,-1,ana,Ana,Help,TX1\n");
  const std::string y = Write("y.csv", year_2019);
  const std::string x = Write("x.csv", year_2018);
  EXPECT_THAT(Read({x, y, ben}), expected);
  EXPECT_THAT(Read({ben, y, x}), expected);
  const std::string members = Write("members.csv", "username,name\nana,Ana\n");
  const Rows with_members = Read({members, one, two});
  EXPECT_THAT(Rows(with_members.begin() + 1, with_members.end()), expected);
}

// Goal: where files contradict each other about whose they are, nothing is read, and they are named.
TEST_F(CyclosTest, FilesThatContradictEachOtherAreRefused) {
  const auto file = [this](const std::string& name, const std::string& rows) {
    return Write(name, kCyclosHeading + rows);
  };
  const std::string ana = file("transactions-ana.csv",
                               "08/01/2018,Trade,1,ben,Ben,Help,TX1\n"
                               "09/01/2018,Trade,2,ben,Ben,Help,TX2\n");
  EXPECT_THAT(Read({ana, file("x.csv",
                              "08/01/2018,Trade,-1,ana,Ana,Help,TX1\n"
                              "09/01/2018,Trade,-2,eva,Eva,Help,TX2\n")}),
              ElementsAre(AllOf(HasSubstr("whose account transactions-ana.csv shows"), HasSubstr("ana's"),
                                HasSubstr("eva's"))));
  EXPECT_THAT(Read({ana, file("x.csv",
                              "08/01/2018,Trade,1,ben,Ben,Help,TX1\n"
                              "09/01/2018,Trade,-2,ana,Ana,Help,TX2\n")}),
              ElementsAre(HasSubstr("both sides of transaction TX2")));
  EXPECT_THAT(Read({ana, file("transactions-eva.csv", "08/01/2018,Trade,1,ben,Ben,Help,TX1\n")}),
              ElementsAre(AllOf(HasSubstr("whose account transactions-"), HasSubstr("eva's"))));
  // Of one row alone it is that row's fault.
  EXPECT_THAT(
      Read({ana, file("transactions-eva.csv", "08/01/2018,Trade,1,dan,Dan,Help,TX1\n")}),
      UnorderedElementsAre("ana helped ben 3600 2018-01-08 Help", "ana helped ben 7200 2018-01-09 Help",
                           HasSubstr("TX1 stands in the files already, with another")));
}

// Goal: a year or a day behind a member's name is no part of it; a number may be.
TEST_F(CyclosTest, APeriodInAFilesNameIsNoMember) {
  const std::string rows = std::string(kCyclosHeading) + "08/01/2018,Trade,1,ben,Ben Brown,Help,TX1\n";
  for (const char* name :
       {"transactions-ana-2018.csv", "transactions-ana-2018-01.csv", "transactions_ana_2018-2019 (2).csv",
        "transactions-ana-20180131.csv", "transactions-ana-31.01.2018.csv"}) {
    EXPECT_THAT(Read({Write(name, rows)}), ElementsAre("ana helped ben 3600 2018-01-08 Help")) << name;
  }
  EXPECT_THAT(Read({Write("transactions-ana-12.csv", rows)}),
              ElementsAre("ana-12 helped ben 3600 2018-01-08 Help"));
  const std::string members = Write("members.csv", "username,name\nana-2018,Ana\n");
  EXPECT_THAT(Read({members, Write("transactions-ana-2018.csv", rows)}),
              Contains("ana-2018 helped ben 3600 2018-01-08 Help"));
}

// Goal: six decimals that are no whole second are told and never rounded; passwords come out nowhere.
TEST_F(CyclosTest, TellsWhatIsNoWholeSecond) {
  const std::string members = Write("members.csv",
                                    "USERNAME;Balance;Password;Name;CreationDate;mood\n"
                                    "ana;0.333333;MUST-NOT-BE-READ;Ana Muñoz;08/01/2018;good\n"
                                    "ben;-0.5;MUST-NOT-BE-READ;Ben;08/01/2018;bad\n");
  const std::string rows = Write("transactions-ana.csv", std::string(kCyclosHeading) +
                                                             "08/01/2018,Trade,0.333333,ben,,Help,TX1\n"
                                                             "08/01/2018,Trade,0.50,ben,,Help,TX2\n");
  EXPECT_THAT(Read({rows, members}),
              ElementsAre("member ana <Ana Muñoz> 2018-01-08", "member ben <Ben> 2018-01-08",
                          HasSubstr("line 2 Amount: \"0.333333\" does not come to whole seconds"),
                          "ana helped ben 1800 2018-01-08 Help", "ben has -1800"));
  EXPECT_THAT(left_out(), HasSubstr("1 members' balances that cannot be read"));
  // Without exchanges it would be a balance to begin with.
  EXPECT_THAT(Read({members}),
              ElementsAre(HasSubstr("line 2 Balance: \"0.333333\" does not come to whole seconds"),
                          "member ben <Ben> 2018-01-08", "opening ben -1800 2023-11-16"));
  EXPECT_THAT(std::get<Reject>(ReadRows({members}).at(0)).fields,
              ElementsAre("ana", "0.333333", "", "Ana Muñoz", "08/01/2018", ""));
}

using MutualCreditTest = ReaderTest;

// Goal: the payee gave; only finished transactions count; user 0 is the pot; equal rows are two exchanges.
TEST_F(MutualCreditTest, ReadsTransactions) {
  const std::string rows = Write("transactions.csv",
                                 "payer,payee,quantity,created,state,type,description\n"
                                 "2,1,0.33,2018-01-08 23:30,finished,1stparty,Help\n"
                                 "2,1,0.33,2018-01-08 23:30,finished,1stparty,Help\n"
                                 "2,1,1:30,1515402000,1,1stparty,Help\n"
                                 "0,1,1,2018-01-08,pending,1stparty,Help\n"
                                 "0,1,1,2018-01-08,done,1stparty,Help\n"
                                 "1,1,1,2018-01-08,done,1stparty,Help\n");
  const std::string balances =
      Write("balances.csv", "user,balance,gross_income\n1,3.16,3.16\n2,-2.16,0\n0,-1,0\n");
  EXPECT_THAT(Read({balances, rows}),
              ElementsAre("1 helped 2 1188 2018-01-08 Help", "1 helped 2 1188 2018-01-08 Help",
                          "1 helped 2 5400 2018-01-08 Help", "1 helped pot 3600 2018-01-08 Help",
                          "line 7 payee: giver and receiver are the same", "1 has 11376", "2 has -7776",
                          "pot has -3600"));
  EXPECT_THAT(left_out(), HasSubstr("1 transactions in state pending and not finished"));
}

using LocalExchangeTest = ReaderTest;

// Goal: member_id_to gave; a reversal takes back what it reversed; one that is nowhere leaves its trade out.
TEST_F(LocalExchangeTest, ReadsTradesAndReversals) {
  const std::string heading =
      "trade_id,trade_date,status,member_id_from,member_id_to,amount,category,description,type\n";
  const std::string rows = Write("trades.csv", heading +
                                                   "1,2018-01-08 10:00:00,V,ben,ana,1.50,Home,Help,T\n"
                                                   "2,2018-01-09 10:00:00,R,ben,ana,2.00,Home,Wrong,T\n"
                                                   "3,2018-01-10 10:00:00,V,ben,ana,-2.00,Home,Undone,R\n"
                                                   "4,2018-01-09 10:00:00,R,ben,ana,7.00,Home,Lost,T\n"
                                                   "5,2018-01-09 10:00:00,V,ben,ana,-7.00,Home,Odd,T\n"
                                                   "6,2018-01-09 10:00:00,O,ben,ana,7.00,Home,Open,T\n");
  EXPECT_THAT(Read({rows}),
              ElementsAre("ana helped ben 5400 2018-01-08 Help", "ana helped ben 7200 2018-01-09 Wrong",
                          "ben helped ana 7200 2018-01-10 Undone",
                          HasSubstr("line 6 amount: negative hours (-7.00) and no reversal")));
  EXPECT_THAT(left_out(), HasSubstr("1 trades marked as reversed, of which the files have no reversal"));
  EXPECT_THAT(left_out(), HasSubstr("1 trades of status O"));
  EXPECT_EQ(std::get<ImportedExchange>(ReadRows({rows}).at(0)).category, "Home");
}

using TimeOverflowExportTest = ReaderTest;

// Goal: From received and To gave; the bank goes by its name; inactive members share an account, and that is
// told; a transfer between two of them cannot be posted.
TEST_F(TimeOverflowExportTest, ReadsTransfers) {
  const std::string transfers =
      Write("transfers.csv",
            "Fecha;Origen;Destino;Anuncio;Cantidad\n"
            "2018-01-08 23:30:00 UTC;Ben (2);Ana Muñoz (1);Guitarra;1:30\n"
            "2018-01-08 09:00:00 UTC;Banc del Temps;Ana Muñoz (1);;0:15\n"
            "2018-01-08 09:00:00 UTC;El usuario no está activo;Ana Muñoz (1);;2:00\n"
            "2018-01-08 09:00:00 UTC;El usuario no está activo;El usuario no está "
            "activo;;2:00\n"
            "2018-01-08 09:00:00 UTC;Somebody else;Banc del Temps;;2:00\n");
  const std::string members = Write("members.csv",
                                    "N,Name,Email,Phone,Alternative Phone,Created,Last login,Balance\n"
                                    "1,Ana Muñoz,ana@example.org,111,,2016-01-04 10:00:00 UTC,,13500\n"
                                    "2,Ben,,,,,,-5430\n");
  EXPECT_THAT(Read({transfers, members}),
              ElementsAre("member inactive <El usuario no está activo>  closed ",
                          "member 1 <Ana Muñoz> 2016-01-04 111 ana@example.org", "member 2 <Ben> ",
                          "1 helped 2 5400 2018-01-09 Guitarra", "1 helped pot 900 2018-01-08 ",
                          "1 helped inactive 7200 2018-01-08 ",
                          "line 5 Destino: both are members whom the export no longer names",
                          HasSubstr("line 6 Origen: \"Somebody else\" is neither a member"),
                          "1 has 13500 within 236", "2 has -5430 within 118"));
  EXPECT_THAT(left_out(), HasSubstr("which members are meant by \"El usuario no está activo\""));
  EXPECT_EQ(system(), "timeoverflow") << "members are the same ones as in the import files";
  EXPECT_THAT(Read({members}, "timeoverflow"), Contains("opening 1 13500 2023-11-16"));
}

// Goal: members alone are known as that in the system's other languages: their balances are seconds.
TEST_F(TimeOverflowExportTest, MembersAloneInOtherLanguages) {
  for (const char* heading :
       {"N,Nom,Adresse email,T\xC3\xA9l\xC3\xA9phone,T\xC3\xA9l\xC3\xA9phone (secondaire),"
        "Cr\xC3\xA9\xC3\xA9\xC2\xB7"
        "e le,Derni\xC3\xA8re connexion,Solde",
        "N,Izena,Eposta,Telefonoa,Beste telefonoa,Sortua,Azken saioa,Balantzea"}) {
    EXPECT_THAT(
        Read({Write("members.csv",
                    std::string(heading) + "\n1,Ana,a@example.org,600,,2016-01-04 10:00:00 UTC,,5400\n")}),
        ElementsAre("member 1 <Ana> 2016-01-04 600 a@example.org", "opening 1 5400 2023-11-16"))
        << heading;
    EXPECT_EQ(system(), "timeoverflow");
  }
}

using SpreadsheetTest = ReaderTest;

// Goal: a coordinator's own words are read: names, numbers, hours and days in every form, below a title, with
// or without accents; what cannot be is told with its line, column and reason.
TEST_F(SpreadsheetTest, ReadsHours) {
  const std::string hours = Write("hores.csv",
                                  "\xEF\xBB\xBFHores del barri;;;;\r\n;;;;\r\n"
                                  "Data;Donat per;Rebut per;Hores;Què;Categoria\r\n"
                                  "8/1/2018;Ana Muñoz (1);ben;1h30;\"Jardí;\nflors\";Casa\r\n"
                                  "09.01.18;ANA MUNOZ;El banc;0,33;;\r\n"
                                  ";;;;\r\n"
                                  "2018-01-10;2;Muñoz, Ana;1:30\r\n"
                                  "31/02/2018;1;2;1\r\n"
                                  "8/1/2018;1;Ana Muñoz;1\r\n"
                                  "8/1/2018;1;;1\r\n"
                                  "8/1/2018;1;2;\r\n"
                                  "8/1/2018;1;2;0\r\n"
                                  "8/1/2018;1;2;-2h\r\n"
                                  ";1;2;1\r\n"
                                  "8/1/2999;1;2;1\r\n"
                                  "8/1/2018;1;Zoë;1\r\n"
                                  "8/1/2018;1;2;1;;;extra\r\n");
  const std::string members =
      Write("socis.csv", "Núm;Nom;Saldo\n0;El banc;\n1;Ana Muñoz;1,5\n2;Ben;\n3;Zoë;\n4;Zoe;\n");
  EXPECT_THAT(Read({hours, members}),
              ElementsAre("member 1 <Ana Muñoz> ", "member 2 <Ben> ", "member 3 <Zoë> ", "member 4 <Zoe> ",
                          "1 helped 2 5400 2018-01-08 Jardí;\nflors", "1 helped pot 1188 2018-01-09 ",
                          "2 helped 1 5400 2018-01-10 ", "line 9 Data: \"31/02/2018\" is not a day",
                          "line 10 Donat per: giver and receiver are the same",
                          "line 11 Rebut per: nobody is named", "line 12 Hores: no hours",
                          "line 13 Hores: no time at all (0 hours)", "line 14 Hores: negative hours (-2h)",
                          "line 15 Data: no day", HasSubstr("line 16 Data: the day lies in the future"),
                          HasSubstr("line 17 Rebut per: several members are called Zoë: 3, 4"),
                          "line 18 : has 7 columns instead of 6", "1 has 5400"));
}

// Goal: without a members file the same name is the same person, and a name with a number lends it the
// number.
TEST_F(SpreadsheetTest, NamesAreNumbersWhereThereAreNone) {
  const std::string hours = Write("hours.csv",
                                  "Date,Given by,Received by,Hours\n"
                                  "2018-01-08,Ana Muñoz,Ben (2),1\n"
                                  "2018-01-09,ana munoz,BEN,1\n");
  EXPECT_THAT(Read({hours}),
              ElementsAre("ana munoz helped 2 3600 2018-01-08 ", "ana munoz helped 2 3600 2018-01-09 "));
  EXPECT_EQ(std::get<ImportedExchange>(ReadRows({hours}).at(0)).giver_name, "Ana Muñoz");
  options_.community = "Ana Munoz";
  EXPECT_THAT(Read({hours}), Contains("pot helped 2 3600 2018-01-08 "));
}

// Goal: columns can be named by heading or by letter, also where nothing stands above them; From and To are
// never guessed.
TEST_F(SpreadsheetTest, ColumnsCanBeNamed) {
  const std::string hours = Write("hours.csv", "when,to,from,h\n2018-01-08,Ana,Ben,1.5\n");
  EXPECT_THAT(Read({hours}), ElementsAre(HasSubstr("Cannot tell what")));
  options_.giver_column = "To";
  options_.receiver_column = "c";
  options_.hours_column = "H";
  EXPECT_THAT(Read({hours}), ElementsAre("ana helped ben 5400 2018-01-08 "));
  options_.giver_column = "B";
  options_.hours_column = "D";
  options_.day_column = "A";
  EXPECT_THAT(Read({Write("bare.csv", "2018-01-08,Ana,Ben,1.5\n2018-01-09,Ana,Ben,2\n")}),
              ElementsAre("ana helped ben 5400 2018-01-08 ", "ana helped ben 7200 2018-01-09 "));
  options_.hours_column = "Z";
  EXPECT_THAT(Read({hours}), ElementsAre(HasSubstr("hours.csv is no spreadsheet of hours or members")));
}

// Goal: a file whose days prove it is read month first, and that is told; minutes are minutes.
TEST_F(SpreadsheetTest, DaysProveTheirOrder) {
  const std::string hours =
      Write("hours.csv", "Date,Giver,Receiver,Minutes\n01/02/2018,Ana,Ben,90\n01/25/2018,Ana,Ben,20\n");
  EXPECT_THAT(Read({hours}),
              ElementsAre("ana helped ben 5400 2018-01-02 ", "ana helped ben 1200 2018-01-25 "));
  EXPECT_THAT(left_out(), HasSubstr("hours.csv writes the month before the day"));
}

// Goal: a coordinator's file is read alike whatever is brought with it: its rows are known again by their
// days.
TEST_F(SpreadsheetTest, FilesDoNotShareTheOrderOfDays) {
  const std::string heading = "Date,Giver,Receiver,Hours\n";
  const std::string april = Write("april.csv", heading + "03/04/2018,Ana,Ben,1\n");
  const std::string march = Write("march.csv", heading + "03/25/2018,Ana,Ben,2\n");
  EXPECT_THAT(Read({april}), ElementsAre("ana helped ben 3600 2018-04-03 "));
  EXPECT_THAT(Read({april, march}),
              UnorderedElementsAre("ana helped ben 3600 2018-04-03 ", "ana helped ben 7200 2018-03-25 "));
}

// Goal: a mistaken day has no say on the order; days that speak for either order are told.
TEST_F(SpreadsheetTest, MixedOrdersAreTold) {
  const std::string heading = "Date,Giver,Receiver,Hours\n";
  EXPECT_THAT(Read({Write("us.csv", heading + "01/25/2018,Ana,Ben,1\n31/02/2019,Ana,Ben,1\n"
                                              "03/04/2018,Ana,Ben,1\n")}),
              ElementsAre("ana helped ben 3600 2018-01-25 ", "line 3 Date: \"31/02/2019\" is not a day",
                          "ana helped ben 3600 2018-03-04 "));
  EXPECT_THAT(left_out(), Not(HasSubstr("some days")));
  EXPECT_THAT(Read({Write("mixed.csv", heading + "01/25/2018,Ana,Ben,1\n25/01/2018,Ana,Ben,1\n")}),
              ElementsAre("line 2 Date: \"01/25/2018\" is not a day", "ana helped ben 3600 2018-01-25 "));
  EXPECT_THAT(left_out(), HasSubstr("mixed.csv writes some days with the month first"));
}

// Goal: hours and minutes in columns of their own are one time; where both tell all of it, it counts once;
// where neither can be, the row is refused.
TEST_F(SpreadsheetTest, HoursAndMinutesAreOneTime) {
  const std::string hours = Write("hours.csv",
                                  "Fecha;Da;Recibe;Horas;Minutos\n"
                                  "8/1/2018;Zoe;Ben;2;15\n8/1/2018;Zoe;Ben;0;20\n8/1/2018;Zoe;Ben;;20\n"
                                  "8/1/2018;Zoe;Ben;1,5;90\n8/1/2018;Zoe;Ben;1;60\n8/1/2018;Zoe;Ben;0,5;30\n"
                                  "8/1/2018;Zoe;Ben;0;90\n8/1/2018;Zoe;Ben;3;0\n8/1/2018;Zoe;Ben;4;\n"
                                  "8/1/2018;Zoe;Ben;2;90\n8/1/2018;Zoe;Ben;1,5;20\n8/1/2018;Zoe;Ben;2;-5\n"
                                  "8/1/2018;Zoe;Ben;0;0\n8/1/2018;Zoe;Ben;;\n8/1/2018;Zoe;Ben;x;20\n");
  const std::string zoe = "zoe helped ben ";
  const std::string day = " 2018-01-08 ";
  EXPECT_THAT(
      Read({hours}),
      ElementsAre(zoe + "8100" + day, zoe + "1200" + day, zoe + "1200" + day, zoe + "5400" + day,
                  zoe + "3600" + day, zoe + "1800" + day, zoe + "5400" + day, zoe + "10800" + day,
                  zoe + "14400" + day,
                  "line 11 Minutos: the hours (2) and the minutes (90) do not go together; write whole hours "
                  "and 0 to 59 minutes",
                  HasSubstr("line 12 Minutos: the hours (1,5) and the minutes (20) do not go together"),
                  HasSubstr("line 13 Minutos: the hours (2) and the minutes (-5)"),
                  HasSubstr("line 14 Minutos: no time at all"), "line 15 Horas: no hours",
                  HasSubstr("line 16 Horas: \"x\" is not hours")));
}

// Goal: a clock, a weekday or an amount beside a column of hours or days is none, and is told; without one it
// is all that there is.
TEST_F(SpreadsheetTest, PlainHeadingsGoFirst) {
  for (const char* heading : {"Date;Time;Giver;Receiver;Hours", "Datum;Zeit;Geber;Nehmer;Stunden",
                              "Date;Heure;Aidant;B\xC3\xA9n\xC3\xA9"
                              "ficiaire;Dur\xC3\xA9"
                              "e",
                              "Date;Amount;Giver;Receiver;Hours", "Date;Time;Giver;Receiver;Minutes",
                              "Date;Hour;Giver;Receiver;Number of hours", "Fecha;Hora;Da;Recibe;Total horas",
                              "Fecha;Hora;Da;Recibe;Horas totales", "Date;Time;Giver;Receiver;Hours spent"}) {
    const bool minutes = std::string(heading).find("Minutes") != std::string::npos;
    EXPECT_THAT(Read({Write("hours.csv", std::string(heading) + "\n8/1/2018;10:00;Ana;Ben;" +
                                             (minutes ? "90" : "1,5") + "\n")}),
                ElementsAre("ana helped ben 5400 2018-01-08 "))
        << heading;
    EXPECT_THAT(left_out(), HasSubstr("columns of hours.csv: ")) << heading;
  }
  EXPECT_THAT(Read({Write("days.csv", "Day;Date;Giver;Receiver;Time\nMon;8/1/2018;Ana;Ben;1:30\n")}),
              ElementsAre("ana helped ben 5400 2018-01-08 "));
  EXPECT_THAT(left_out(), HasSubstr("columns of days.csv: Day"));
}

// Goal: two columns that may mean the same are not chosen from in silence.
TEST_F(SpreadsheetTest, TwoPlainHeadingsAreAskedAbout) {
  const std::string hours = Write("hours.csv", "Date;Giver;Receiver;Hours;Duration\n8/1/2018;Ana;Ben;1;2\n");
  EXPECT_THAT(Read({hours}), ElementsAre(AllOf(HasSubstr("Hours (D)"), HasSubstr("Duration (E)"),
                                               HasSubstr("--hours COLUMN"))));
  options_.hours_column = "Duration";
  EXPECT_THAT(Read({hours}), ElementsAre("ana helped ben 7200 2018-01-08 "));
  options_.hours_column = "";
  EXPECT_THAT(Read({Write("weak.csv", "Date;Giver;Receiver;Time;Amount\n8/1/2018;Ana;Ben;1;2\n")}),
              ElementsAre(AllOf(HasSubstr("Time (D)"), HasSubstr("Amount (E)"))));
  // Words that are not known, and still speak of hours.
  for (const char* other : {"Tiempo dedicado", "Horas de ayuda"}) {
    EXPECT_THAT(Read({Write("clock.csv", std::string("Fecha;Hora;Da;Recibe;") + other +
                                             "\n8/1/2018;10:00;Ana;Ben;1,5\n")}),
                ElementsAre(AllOf(HasSubstr("Hora (B)"), HasSubstr(std::string(other) + " (E)"))));
  }
  options_.hours_column = "E";
  EXPECT_THAT(
      Read({Write("clock.csv", "Fecha;Hora;Da;Recibe;Tiempo dedicado\n8/1/2018;10:00;Ana;Ben;1,5\n")}),
      ElementsAre("ana helped ben 5400 2018-01-08 "));
  options_.hours_column = "";
  EXPECT_THAT(Read({Write("people.csv", "Date;Giver;Helper;Receiver;Hours\n8/1/2018;Ana;Zoe;Ben;1\n")}),
              ElementsAre(AllOf(HasSubstr("Giver (B)"), HasSubstr("--giver COLUMN"))));
}

// Goal: minutes are told by their heading or by --minutes; --hours takes none.
TEST_F(SpreadsheetTest, MinutesAreMinutes) {
  const std::string row = "8/1/2018;Ana;Ben;90\n";
  for (const char* heading : {"Duraci\xC3\xB3n (minutos)", "Time (min)", "Minuten", "Min.",
                              "Dauer in Minuten", "N\xC3\xBAmero de minutos", "Temps en minuts"}) {
    EXPECT_THAT(Read({Write("hours.csv", std::string("Fecha;Da;Recibe;") + heading + "\n" + row)}),
                ElementsAre("ana helped ben 5400 2018-01-08 "))
        << heading;
  }
  const std::string minutes = Write("minutes.csv", "Date;Giver;Receiver;Minutes\n" + row);
  options_.hours_column = "Minutes";
  EXPECT_THAT(Read({minutes}), ElementsAre(AllOf(HasSubstr("Minutes (D)"), HasSubstr("--minutes"))));
  options_.hours_column = "D";
  EXPECT_THAT(Read({minutes}), ElementsAre(HasSubstr("Minutes (D)")));
  options_.hours_column = "";
  options_.minutes_column = "How long";
  EXPECT_THAT(Read({Write("long.csv", "Date;Giver;Receiver;How long\n" + row)}),
              ElementsAre("ana helped ben 5400 2018-01-08 "));
  options_.minutes_column = "E";
  EXPECT_THAT(Read({Write("two.csv", "Date;Giver;Receiver;Hours;Rest\n8/1/2018;Ana;Ben;1;30\n")}),
              ElementsAre("ana helped ben 5400 2018-01-08 "));
}

// Goal: a first row whose hours cannot be read is a row, and told, where its day can.
TEST_F(SpreadsheetTest, AFirstRowIsNoHeadingWhereItHasADay) {
  options_.giver_column = "B";
  options_.receiver_column = "C";
  options_.hours_column = "D";
  options_.day_column = "A";
  EXPECT_THAT(
      Read({Write("bare.csv", "2018-01-08,Ana,Ben,two\n2018-01-09,Ana,Ben,2\n")}),
      ElementsAre(HasSubstr("line 1 Hours: \"two\" is not hours"), "ana helped ben 7200 2018-01-09 "));
}

// Goal: a title with another separator above the table changes nothing.
TEST_F(SpreadsheetTest, TitlesMayHaveOtherSeparators) {
  EXPECT_THAT(Read({Write("hours.csv",
                          "Banco del tiempo, horas, 2018\nFecha;Da;Recibe;Horas\n"
                          "8/1/2018;Ana;Ben;1,5\n")}),
              ElementsAre("ana helped ben 5400 2018-01-08 "));
}

// Goal: whatever of a name stands in which column, it is told once.
TEST_F(SpreadsheetTest, NamesAreNotDoubled) {
  EXPECT_THAT(Read({Write("all.csv",
                          "No;Name;First name;Surname\n1;Ana Mu\xC3\xB1oz;Ana;Mu\xC3\xB1oz\n"
                          "2;Ben;Ben;Ferr\xC3\xA9\n3;\"Roca, Pau\";Pau;Roca\n4;;Zoe;Bo\n")}),
              ElementsAre("member 1 <Ana Muñoz> ", "member 2 <Ben Ferré> ", "member 3 <Pau Roca> ",
                          "member 4 <Zoe Bo> "));
  EXPECT_THAT(Read({Write("french.csv",
                          "No;Pr\xC3\xA9nom;Nom\n1;Ana;Mu\xC3\xB1oz\n2;Martin;Martin\n"
                          "3;Ana;Ana Roca\n")}),
              ElementsAre("member 1 <Ana Muñoz> ", "member 2 <Martin Martin> ", "member 3 <Ana Roca> "));
}

// Goal: people are the same whichever apostrophe was typed.
TEST_F(SpreadsheetTest, ApostrophesAreOne) {
  const std::string members = Write("members.csv",
                                    "Number;Name\n7;O\xE2\x80\x99"
                                    "Brien\n");
  EXPECT_THAT(Read({Write("hours.csv", "Date;Giver;Receiver;Hours\n8/1/2018;O'Brien;Ben;1\n"), members}),
              Contains("7 helped ben 3600 2018-01-08 "));
}

// Goal: what coordinators call their columns is known, and what is not is asked for by name.
TEST_F(SpreadsheetTest, KnowsManyHeadings) {
  for (const char* heading :
       {"Date of exchange;Provider;Recipient;Number of hours", "Date;Helper;Helpee;Hours (hh:mm)",
        "Fecha;Ofrece;Solicitante;N\xC2\xBA horas", "Fecha;Donante;Demandante;Horas",
        "Fecha;Proveedor;Receptora;Duraci\xC3\xB3n (horas)", "Data;Qui fa;Qui rep;Hores",
        "Date;Aidant;Aid\xC3\xA9;Heures", "Datum;Wer hilft;Wem geholfen;Std"}) {
    EXPECT_THAT(Read({Write("hours.csv", std::string(heading) + "\n8/1/2018;Ana;Ben;1,5\n")}),
                ElementsAre("ana helped ben 5400 2018-01-08 "))
        << heading;
  }
  EXPECT_THAT(Read({Write("help.csv", "Date;Aidant;Aide;Heures\n8/1/2018;Ana;Jardin;1,5\n")}),
              ElementsAre(HasSubstr("--receiver COLUMN")))
      << "the help, and nobody who was helped";
  EXPECT_THAT(
      Read({Write("odd.csv", "Date;Giver;Lucky one;Hours\n8/1/2018;Ana;Ben;1,5\n")}),
      ElementsAre(AllOf(HasSubstr("by heading or letter: --receiver COLUMN. Its columns: Date, Giver"),
                        Not(HasSubstr("From")))));
  EXPECT_THAT(Read({Write("odd.csv", "Date;Giver;Receiver;Effort\n8/1/2018;Ana;Ben;1,5\n")}),
              ElementsAre(HasSubstr("--hours COLUMN (--minutes COLUMN)")));
}

// Goal: a column of numbers is known by its words, the degree sign among them, and a joined day as such.
TEST_F(SpreadsheetTest, KnowsColumnsOfNumbers) {
  for (const char* heading : {"N\xC2\xB0", "N\xC2\xBA", "N\xC2\xB0 d'adh\xC3\xA9rent", "N\xC2\xB0 de membre",
                              "Member no.", "Socio n\xC2\xBA", "Mitglied Nr", "Num\xC3\xA9ro"}) {
    EXPECT_THAT(
        Read({Write("m.csv", std::string(heading) + ";Nom;Entr\xC3\xA9" + "e\n2;Ana;8/1/2018\n3;Ana;\n")}),
        ElementsAre("member 2 <Ana> 2018-01-08", "member 3 <Ana> "))
        << heading;
  }
}

// Goal: a number with letters is one, however it is written, also where it stands for itself; of two that are
// written alike none is guessed.
TEST_F(SpreadsheetTest, NumbersMayHaveLetters) {
  const std::string members = Write("members.csv", "Number;Name\nA12;Ana\nA13;Ben\nb7;Zoe\nB7;Zora\n");
  EXPECT_THAT(Read({members, Write("hours.csv",
                                   "Date;Giver;Receiver;Hours\n8/1/2018;A12;a13;1\n8/1/2018;Ben;B7;1\n")}),
              ElementsAre("member A12 <Ana> ", "member A13 <Ben> ", "member b7 <Zoe> ", "member B7 <Zora> ",
                          "A12 helped A13 3600 2018-01-08 ", "A13 helped b7 3600 2018-01-08 "));
}

// Goal: nobody is closed by a No in whatever language, by no day, or by a day that is still to come.
TEST_F(SpreadsheetTest, WhoHasNotLeft) {
  EXPECT_THAT(Read({Write("m.csv",
                          "N\xC2\xBA;Nombre;Baja\n1;Ana;FALSO\n2;Ben;0000-00-00\n3;Zoe;31/12/2023\n"
                          "4;Carla;faux\n5;Dan;8/1/2018\n6;Eva;s\xC3\xAD\n")}),
              ElementsAre("member 1 <Ana> ", "member 2 <Ben> ", "member 3 <Zoe> ", "member 4 <Carla> ",
                          "member 5 <Dan>  closed 2018-01-08", "member 6 <Eva>  closed "));
  EXPECT_THAT(left_out(), HasSubstr("still to come (Baja): nobody has left yet (first: m.csv, line 4)"));
}

// Goal: a second person of a name without a number is told as that, and nobody's hours go to the first one.
TEST_F(SpreadsheetTest, NamesakesWithoutNumbersAreNobody) {
  const std::string hours =
      Write("hours.csv", "Date;Giver;Receiver;Hours\n8/1/2018;ana;Ben;1\n8/1/2018;Ben;Zoe;1\n");
  EXPECT_THAT(
      Read({hours, Write("m.csv", "Nom;Mail\nAna;a@b.c\nBen;\nAna;d@e.f\nZoe;\nZoe;\n")}),
      ElementsAre("member ana <Ana>  a@b.c", "member ben <Ben> ",
                  "line 4 Nom: Ana stands on line 2 already, and the file has no column of numbers to "
                  "tell two apart",
                  "member zoe <Zoe> ", HasSubstr("line 6 Nom: Zoe stands on line 5 already"),
                  HasSubstr("line 2 Giver: who is meant by ana is not sure, since the row of one of "
                            "that name was rejected (m.csv line 4)"),
                  "ben helped zoe 3600 2018-01-08 "));
  EXPECT_THAT(Read({hours, Write("m.csv", "N\xC2\xB0;Nom\n1;Zoe\n2;Ben\n2;Ana\n")}),
              ElementsAre("member 1 <Zoe> ", "member 2 <Ben> ",
                          HasSubstr("line 4 N\xC2\xB0: member 2 stands on line 3"),
                          HasSubstr("line 2 Giver: who is meant by ana"), "2 helped 1 3600 2018-01-08 "));
  EXPECT_THAT(Read({Write("m.csv", "N\xC2\xB0;Nom\n;Ana\n;Ana\n")}),
              Contains(HasSubstr("line 3 Nom: Ana stands on line 2 already, and this row has no N\xC2\xB0")));
}

// Goal: a row that adds the others up is left out and told; whoever has a number or an e-mail is somebody.
TEST_F(SpreadsheetTest, TotalsAreLeftOut) {
  EXPECT_THAT(
      Read({Write("m.csv",
                  "N;Nombre;Mail;Saldo\n1;Ana;;2\n;TOTAL;;2\n7;Total;;1\n;Suma;s@t.u;\n;;;\n;;Totaux;2\n"
                  ";Total Marta;t@m.a;\n")}),
      ElementsAre("member 1 <Ana> ", "member 7 <Total> ", "member suma <Suma>  s@t.u",
                  "member total marta <Total Marta>  t@m.a", HasSubstr("opening 1 "),
                  HasSubstr("opening 7 ")));
  EXPECT_THAT(left_out(), HasSubstr("rows of totals (m.csv line 3, m.csv line 7)"));
  EXPECT_THAT(Read({Write("h.csv",
                          "Date;Giver;Receiver;Hours\n8/1/2018;Ana;Ben;1\nTotal;;;1\n;;Suma de horas;1\n"
                          "8/1/2018;Sum;Ben;1\n")}),
              ElementsAre("ana helped ben 3600 2018-01-08 ", "sum helped ben 3600 2018-01-08 "));
  EXPECT_THAT(left_out(), HasSubstr("rows of totals (h.csv line 3, h.csv line 4)"));
}

// Goal: of two columns of words both are kept, and the origin is made of the first alone.
TEST_F(SpreadsheetTest, TwoColumnsOfWords) {
  const auto read = [this](const std::string& more, const std::string& words) {
    return std::get<ImportedExchange>(
        ReadRows({Write("h.csv", "Fecha;Qui\xC3\xA9n ayud\xC3\xB3;Recibi\xC3\xB3;Horas;Servicio" + more +
                                     "\n8/1/2018;Ana;Ben;1;Yoga" + words + "\n")})
            .at(0));
  };
  const ImportedExchange both = read(";Observaciones", "; en casa ");
  EXPECT_EQ(both.note, "Yoga; en casa");
  EXPECT_THAT(left_out(), Not(HasSubstr("Observaciones")));
  EXPECT_EQ(both.origin_number, read("", "").origin_number);
  EXPECT_EQ(read(";Observaciones", ";").note, "Yoga");
  options_.category_column = "Clase";
  EXPECT_EQ(read(";Clase", ";Salud").category, "Salud");
  options_.category_column = "";
  for (const char* heading : {"Motif", "Motivo"}) {
    EXPECT_THAT(Read({Write("m.csv", std::string("Date;Dio;Recibi\xC3\xB3;Horas;") + heading +
                                         "\n8/1/2018;Ana;Ben;1;x\n")}),
                ElementsAre("ana helped ben 3600 2018-01-08 x"));
  }
}

// Goal: what a rejects file has behind a file's own columns is passed over, and no part of a row any more.
TEST_F(SpreadsheetTest, ReadsMendedRejects) {
  const std::string hours = Write("hours.csv",
                                  "Date,Given by,Received by,Hours,rejected_line,rejected_why\n"
                                  "2018-01-08,Ana,Ben,1,7,no hours\n2018-01-08,Ana,Ben,none,8,no hours\n");
  EXPECT_THAT(Read({hours}), ElementsAre("ana helped ben 3600 2018-01-08 ", HasSubstr("is not hours")));
  EXPECT_THAT(std::get<Reject>(ReadRows({hours}).at(1)).fields,
              ElementsAre("2018-01-08", "Ana", "Ben", "none"));
  EXPECT_THAT(left_out(), Not(HasSubstr("rejected")));
  const std::string harmless = Write("harmless.csv",
                                     "Date,Given by,Received by,Hours,What,rejected_line,rejected_why\n"
                                     "2018-01-08,Ana,Ben,1,'=1+1,7,no hours\n");
  EXPECT_THAT(Read({harmless}), ElementsAre("ana helped ben 3600 2018-01-08 =1+1"));
  EXPECT_THAT(std::get<ImportedExchange>(ReadRows({harmless}).at(0)).fields,
              ElementsAre("2018-01-08", "Ana", "Ben", "1", "=1+1"));
  const auto reader = OpenReader("", {hours}, options_);
  ASSERT_TRUE(reader.ok());
  EXPECT_THAT((*reader)->Heading("hours.csv"), ElementsAre("Date", "Given by", "Received by", "Hours"));
}

// Goal: files in other encodings are read, and told.
TEST_F(SpreadsheetTest, ReadsOtherEncodings) {
  EXPECT_THAT(Read({Write("hours.csv",
                          "Fecha;Da;Recibe;Horas\n08/01/2018;Mu\xF1oz;Ib\xE1\xF1"
                          "ez;1\n")}),
              ElementsAre("munoz helped ibanez 3600 2018-01-08 "));
  EXPECT_THAT(left_out(), HasSubstr("hours.csv is Windows-1252"));
}

// Goal: files that overlap hold the same exchanges once; equal rows of one file stay as many as they are.
TEST_F(SpreadsheetTest, FilesMayOverlap) {
  const std::string heading = "Date,Given by,Received by,Hours\n";
  const std::string row = "2018-01-08,Ana,Ben,1\n";
  const std::string january = Write("january.csv", heading + row + row);
  const std::string year = Write("year.csv", heading + row + "2018-02-08,Ana,Ben,1\n" + row + row);
  EXPECT_EQ(Read({january, year}).size(), 4u);
  EXPECT_THAT(left_out(), HasSubstr("2 transfers that stand in the files twice"));
}

// Goal: the same row saved by another program is the same exchange, and its note stays as each file has it.
TEST_F(SpreadsheetTest, RowsThatWereSavedAgainAreTheSame) {
  const std::string heading = "Date,Given by,Received by,Hours,Note\n";
  const std::string first =
      Write("first.csv", heading + "08/01/2018,Zo\xC3\xAB,Ben,1,\"Two letters\nand a caf\xC3\xA9\"\n");
  const auto origin = [this](const std::string& file) {
    return std::get<ImportedExchange>(ReadRows({file}).at(0)).origin_number;
  };
  const std::string number = origin(first);
  int count = 0;
  for (const char* row : {"08/01/2018,Zo\xC3\xAB,Ben,1,\"Two letters\r\nand a caf\xC3\xA9\"\n",
                          "08/01/2018,Zo\xC3\xAB,Ben,1,\" Two  letters\nand a\xC2\xA0 caf\xC3\xA9 \"\n",
                          "08/01/2018,Zoe\xCC\x88,Ben,1,\"Two letters\nand a cafe\xCC\x81\"\n",
                          "08/01/2018 00:00,Zo\xC3\xAB,Ben,1,\"Two letters\nand a caf\xC3\xA9\"\n",
                          "2018-01-08 00:00:00,Zo\xC3\xAB,Ben,1,\"Two letters\nand a caf\xC3\xA9\"\n"}) {
    const std::string again = Write("again" + std::to_string(++count) + ".csv", heading + row);
    EXPECT_EQ(origin(again), number) << row;
    EXPECT_THAT(Read({first, again}), SizeIs(1)) << row;
  }
  const std::string other =
      Write("other.csv", heading + "08/01/2018 09:21,Zo\xC3\xAB,Ben,1,\"Two letters\nand a caf\xC3\xA9\"\n" +
                             "08/01/2018,Zo\xC3\xAB,Ben,1,\"Two letters\nand a cafe\"\n" +
                             "08/01/2018 00:00 UTC,Zo\xC3\xAB,Ben,1,\"Two letters\nand a caf\xC3\xA9\"\n");
  EXPECT_THAT(Read({first, other}), SizeIs(4));
  const std::string both =
      Write("both.csv", heading + "08/01/2018,Ana,Ben,1,Help\n08/01/2018 00:00,Ana,Ben,1,\" Help\"\n");
  EXPECT_THAT(ReadRows({both}), SizeIs(2)) << "equal rows of one file are as many exchanges";
  EXPECT_EQ(std::get<ImportedExchange>(ReadRows({both}).at(1)).note, " Help");
}

using RecognitionTest = ReaderTest;

// Goal: what cannot be read is named, with what was looked for.
TEST_F(RecognitionTest, ErrorsNameTheFile) {
  const std::string ces = Write("balances.csv", "uid,balance\nRUSH0001,1\n");
  const std::string other = Write("other.csv", "a,b,c\n1,2,3\n");
  EXPECT_THAT(Read({other}), ElementsAre(AllOf(HasSubstr("Cannot tell what"), HasSubstr("other.csv"),
                                               HasSubstr("its first row has 3 columns"))));
  // Of CES a file of users whose heading somebody has cut off: the second cell is a password.
  const std::string headless = Write("users.csv", "RUSH0001,MUST-NOT-BE-READ,ind,Ana,Muñoz\n");
  EXPECT_THAT(Read({headless}), ElementsAre(AllOf(HasSubstr("5 columns"), Not(HasSubstr("MUST-NOT")))));
  EXPECT_THAT(Read({ces, headless}), ElementsAre(AllOf(HasSubstr("5 columns"), Not(HasSubstr("MUST-NOT")))));
  EXPECT_THAT(Read({ces, other}),
              ElementsAre(AllOf(HasSubstr("other.csv"), HasSubstr("trades (Seller, Buyer"))));
  EXPECT_THAT(
      Read({other}, "komunitin"),
      ElementsAre(AllOf(HasSubstr("other.csv is none of Komunitin's files"), HasSubstr("payer.code"))));
  EXPECT_THAT(Read({ces}, "ledger9000"),
              ElementsAre(HasSubstr("Known: timebank, timeoverflow, timeoverflow-export")));
  EXPECT_THAT(Read({ces, ces}), ElementsAre(HasSubstr("Two files are called balances.csv")));
  EXPECT_EQ(OpenReader("", {"/nowhere.csv"}, options_).status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(Read({}), ElementsAre("Name the files to import."));
}

}  // namespace
}  // namespace timebank::imports
