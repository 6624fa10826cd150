// Files that people keep themselves, as spreadsheet programs save them: short rows, titles, footers, letters
// of other systems, hours and days that may mean two things.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/cli/import/reader.h"
#include "tests/unit/cli/import/reader_fixture.h"

namespace timebank::imports {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

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
  for (const char* totals : {"Total,,,3", "Total"}) {
    EXPECT_THAT(Read({Write("h.csv",
                            std::string("Date,Giver,Receiver,Hours,Note\n2018-01-08,Ana,Ben,1\n") + totals)}),
                ElementsAre("ana helped ben 3600 2018-01-08 "))
        << totals;
    EXPECT_THAT(left_out(), HasSubstr("a row of totals (h.csv line 3)"));
  }
  EXPECT_THAT(Read({Write("m.csv", "No,Name,Email\n1,Ana,a@b.c\n2,Ben\nExported on 2024-05-03")}),
              ElementsAre("member 1 <Ana>  a@b.c", "member 2 <Ben> "));
  EXPECT_THAT(Read({Write("m.csv", "No,Name,Email\n1,Ana,a@b.c\n2")}),
              ElementsAre("member 1 <Ana>  a@b.c",
                          "line 3 : has 1 column instead of 3, and the file ends in it: is the file whole?"));
}

// Goal: where a file has passwords, nothing of a row that is not as wide as its heading is read: a separator
// in a password moves half of it.
TEST_F(OwnFilesTest, RowsOfAnotherWidthBesidePasswords) {
  const std::string users =
      Write("m.csv",
            "name,username,password,email,joined,balance\nAna Ruiz,ana,pa,ss,ana@x.org\n"
            "Ben Roca,ben,x,ben@x.org,2020-01-01,1\nCai,cai,p,ss,c@x.org,2020-01-01,\n"
            "Dan,dan,x\n");
  EXPECT_THAT(Read({users}),
              ElementsAre("line 2 : has 5 columns instead of 6", "member ben <Ben Roca>  ben@x.org",
                          "line 4 : has 7 columns instead of 6", "line 5 : has 3 columns instead of 6",
                          HasSubstr("opening ben 3600")));
  EXPECT_THAT(std::get<Reject>(ReadRows({users}).at(0)).fields, IsEmpty());
  EXPECT_THAT(Read({Write("users.csv",
                          "UID,Password,UserType,Firstname,Surname,Email,Closed,DateClosed\n"
                          "RUSH0001,secret,ind,Ana,,a@b.c\nRUSH0002,secret,ind,Ben,Brown,,,\n")}),
              ElementsAre("line 2 : has 6 columns instead of 8", "member RUSH0002 <Ben Brown> "));
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
                          "member 5 <> "));
  // A telephone number is no day, and a name may have a word of footers in it.
  EXPECT_THAT(
      Read({Write("m.csv",
                  "Name;Phone;Joined\nAna;622743103;\nExport Club;655443322;\nAssociations;622743103;\n"
                  "Impresión Lleida;;05/03/2020\nPrinted by Zoe;;\n")}),
      ElementsAre("member ana <Ana>  622743103", "member export club <Export Club>  655443322",
                  "member associations <Associations>  622743103",
                  "member impresion lleida <Impresión Lleida> 2020-03-05",
                  "member printed by zoe <Printed by Zoe> "));
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
  for (const char* rows : {"1;Ana;1\n2;Ben;\n", "1;Ana;001\n2;Ben;002\n", "01;Ana;\n2;Ben;2\n"}) {
    EXPECT_THAT(Read({Write("m.csv", absl::StrCat("ID;Name;Member no.\n", rows))}),
                ElementsAre(HasSubstr("1 <Ana> "), "member 2 <Ben> "))
        << rows;
  }
  EXPECT_THAT(Read({Write("m.csv", "ID;Name;Member no.\n1;Ana;\n2;Ben;\n;Zoe;7\n")}),
              ElementsAre(HasSubstr("--number COLUMN")));
  options_.number_column = "Member no.";
  EXPECT_THAT(Read({differ}), ElementsAre("member 17 <Ana> ", "member 18 <Ben> "));
  options_.number_column = "A";
  EXPECT_THAT(Read({differ}), ElementsAre("member 1 <Ana> ", "member 2 <Ben> "));
  options_.number_column = "Z";
  EXPECT_THAT(Read({differ}), ElementsAre(HasSubstr("No list of members has a column Z (--number)")));
  EXPECT_THAT(Read({Write("m.csv", "ID;Name\n1;Ana\n")}),
              ElementsAre(HasSubstr("No list of members has a column Z (--number)")));
}

// Goal: files of Macs and of DOS are read as what they are where that is plain; whoever reads Windows' goes
// on.
TEST_F(OwnFilesTest, LettersOfOtherSystems) {
  const auto read = [this](const std::string& names) { return Read({Write("m.csv", "No;Name\n" + names)}); };
  EXPECT_THAT(read("1;Jos\x8E Mu\x96oz\n2;In\x8Es L\x97pez Garc\x92"
                   "a\n"),
              ElementsAre("member 1 <José Muñoz> ", "member 2 <Inés López García> "));
  EXPECT_THAT(left_out(), HasSubstr("m.csv is Mac Roman and was read as such"));
  EXPECT_THAT(read("1;Jos\x82 Mu\xA4oz\n2;In\x82s L\xA2pez Garc\xA1"
                   "a\n"),
              ElementsAre("member 1 <José Muñoz> ", "member 2 <Inés López García> "));
  EXPECT_THAT(left_out(), HasSubstr("m.csv is CP850 and was read as such"));
  EXPECT_THAT(read("1;Jos\xE9 Mu\xF1oz\n2;\x93Zo\xEB\x94 O\x92"
                   "Brien \x96 gardening\x97or not\x85\n"),
              ElementsAre("member 1 <José Muñoz> ", "member 2 <“Zoë” O’Brien – gardening—or not…> "));
  EXPECT_THAT(left_out(), HasSubstr("m.csv is Windows-1252"));
  EXPECT_THAT(read("1;Nicol\x87s Pe\x96"
                   "a\n"),
              ElementsAre(AllOf(HasSubstr("m.csv"), HasSubstr("--encoding"))));
  options_.encoding = "mac-roman";
  EXPECT_THAT(read("1;Nicol\x87s Pe\x96"
                   "a\n"),
              ElementsAre("member 1 <Nicolás Peña> "));
  EXPECT_THAT(read("1;Nicolás Peña\n"), ElementsAre("member 1 <Nicolás Peña> ")) << "UTF-8 is UTF-8";
}

// Goal: what Windows writes in any of the languages stays Windows'; of the others a few names are enough.
TEST_F(OwnFilesTest, SystemsAreToldByTheirWords) {
  const auto read_as = [this](const std::string& text) {
    Read({Write("m.csv", "No;Name;Notes\n1;Ana;\"" + text + "\"\n")});
    return left_out().substr(0, left_out().find(" and was"));
  };
  for (const char* text :
       {"Jos\xE9 Mu\xF1oz y \xC1ngela \xCD\xF1iguez \x96 \x93"
        "clases de ingl\xE9s\x94\x85 3 \x80 (1\xAA vez)",
        "N\xFAria Vidal i Sol\xE0; el\xB7lipsi, paral\xB7lel; l\x92\xE0via; \xAB\xD2scar\xBB; \xEF"
        "ambe",
        "\xC9lodie Lef\xE8vre, c\x9Cur; No\xEBl \xE0 Besan\xE7on; l\x92\xE9t\xE9 n\xB0 5; \x8Cuvre \x97 "
        "tr\xE8s bien",
        "J\xFCrgen Gro\xDF, \x84\xDC"
        "bung\x93 f\xFCr \xC4pfel; Stra\xDF"
        "e\x82 \xD6l",
        "Ana\xA0Mu\xF1oz; week\x96"
        "end; home\x97made; O\x92"
        "Brien\x92s; the \x91"
        "best\x92 caf\xE9",
        "MU\xD1OZ GARC\xCD"
        "A, JOS\xC9 \xC1NGEL; PE\xD1"
        "A; CA\xD1"
        "ETE",
        "Tom\xE1\x9A Nov\xE1k; Zo\xEB; S\xF8ren \xC5ngstr\xF6m; S\xE3o Paulo; \xBFQu\xE9? \xA1Ol\xE9!",
        "Lego\xAE and Word\x99, 20 \xB0"
        "C, \xB1"
        "5, \xBD h, \xA3"
        "5, a\xB2"}) {
    EXPECT_EQ(read_as(text), "m.csv is Windows-1252") << text;
  }
  for (const char* text : {"Jos\x8E Mu\x96oz, \xEA\x96igo L\x97pez, Mar\x92"
                           "a Pe\x96"
                           "a, \xE7ngel",
                           "N\x9Cria Vidal i Sol\x88, M\x98nica, \xCBlex, el\xE1lipsi, l\xD5\x88via",
                           "\x83lodie Lef\x8Fvre, Fran\x8Dois, No\x91l \x88 Besan\x8Don",
                           "J\x9Frgen Gro\xA7, \x80pfel, sch\x9An, Stra\xA7"
                           "e",
                           "JOS\x83 MU\x84OZ GARC\xEA"
                           "A, IN\x83S"}) {
    EXPECT_EQ(read_as(text), "m.csv is Mac Roman") << text;
  }
  for (const char* text : {"Jos\x82 Mu\xA4oz, \xD6\xA4igo L\xA2pez, Mar\xA1"
                           "a Pe\xA4"
                           "a, \xB5ngel",
                           "N\xA3ria Vidal i Sol\x85, M\x95nica, \xB7lex",
                           "\x90lodie Lef\x8Avre, Fran\x87ois, No\x89l \x85 Besan\x87on",
                           "J\x81rgen Gro\xE1, sch\x94n, Stra\xE1"
                           "e",
                           "JOS\x90 MU\xA5OZ, IN\x90S, Ram\xA2n"}) {
    EXPECT_EQ(read_as(text), "m.csv is CP850") << text;
  }
}

// Goal: dashes, apostrophes and no-break spaces in words may be letters of others; that is asked where it is
// not plain, and those that stand where they belong are left alone.
TEST_F(OwnFilesTest, SignsInWordsMayBeLetters) {
  const auto read_as = [this](const std::string& text) {
    const Rows rows = Read({Write("m.csv", "No;Name;Notes\n1;Ana;\"" + text + "\"\n")});
    return rows.at(0).find("--encoding") == std::string::npos
               ? left_out().substr(0, left_out().find(" and was"))
               : "asks";
  };
  for (const char* text : {"Ram\x97n", "Mu\x96oz", "S\xA0nchez",
                           "Mar\x92"
                           "a",
                           "Ram\x97n Mu\x96oz"}) {
    EXPECT_EQ(read_as(text), "asks") << text;
  }
  EXPECT_EQ(read_as("Ram\x97n Mu\x96oz, Mar\x92"
                    "a Garc\x92"
                    "a"),
            "m.csv is Mac Roman");
  for (const char* text : {"tea \x96 coffee", "l\x92home", "I don\x92t know\x97nor does he",
                           "week\x96"
                           "end",
                           "home\x97made", "l\x92\xE9t\xE9", "Ana\xA0Mas",
                           "la\xA0"
                           "casa",
                           "1990\x96"
                           "1995"}) {
    EXPECT_EQ(read_as(text), "m.csv is Windows-1252") << text;
  }
  // What CP437 has for a letter of CP850 is no sign that anybody writes.
  EXPECT_EQ(read_as("Zo\x89 Br\x96l\x82; \xB7 l'\x82t\x82; Cours n\xF8"
                    "3 \xAE caf\x82 \xAF"),
            "m.csv is CP850");
}

// Goal: `1.250` is hours and thousandths only where its file writes decimals so.
TEST_F(OwnFilesTest, ThousandsAreNotTakenForDecimals) {
  const auto read = [this](const std::string& hours) {
    return Read({Write("h.csv", "Date;Giver;Receiver;Hours\n" + hours)});
  };
  EXPECT_THAT(
      read("8/1/2018;Ana;Ben;1,5\n8/1/2018;Ana;Ben;1.250\n"),
      ElementsAre("ana helped ben 5400 2018-01-08 ",
                  "line 3 Hours: \"1.250\" may be 1250 or 1 and a part: write 1250, or hours and minutes "
                  "(1:15)"));
  EXPECT_THAT(read("8/1/2018;Ana;Ben;1.250\n"), ElementsAre(HasSubstr("\"1.250\" may be 1250")));
  EXPECT_THAT(read("8/1/2018;Ana;Ben;1.5\n8/1/2018;Ana;Ben;1.250\n8/1/2018;Ana;Ben;0,125\n"),
              ElementsAre("ana helped ben 5400 2018-01-08 ", "ana helped ben 4500 2018-01-08 ",
                          "ana helped ben 450 2018-01-08 "));
  // What is no number of groups of three digits shows nothing.
  for (const char* other : {"1 h. 30 min.", "05.03.2024", "1.5.0"}) {
    EXPECT_THAT(read(std::string("8/1/2018;Ana;Ben;1.250\n8/1/2018;Ana;Ben;") + other + "\n"),
                Contains(HasSubstr("line 2 Hours: \"1.250\" may be 1250")))
        << other;
  }
  EXPECT_THAT(read("8/1/2018;Ana;Ben;1.250 h\n8/1/2018;Ana;Ben;1.250 horas\n8/1/2018;Ana;Ben;2\n"),
              ElementsAre(HasSubstr("\"1.250 h\" may be 1250"), HasSubstr("\"1.250 horas\" may be 1250"),
                          "ana helped ben 7200 2018-01-08 "));
  EXPECT_THAT(read("8/1/2018;Ana;Ben;1.250 h\n8/1/2018;Ana;Ben;1.234,50\n"),
              ElementsAre("ana helped ben 4500000 2018-01-08 ", "ana helped ben 4444200 2018-01-08 "));
  EXPECT_THAT(read("8/1/2018;Ana;Ben;1.250 h.\n8/1/2018;Ana;Ben;1.75 h\n"),
              ElementsAre("ana helped ben 4500 2018-01-08 ", "ana helped ben 6300 2018-01-08 "));
  EXPECT_THAT(Read({Write("m.csv", "No;Name;Balance\n1;Ana;1.250\n2;Ben;-1.234,50\n")}),
              ElementsAre("member 1 <Ana> ", "member 2 <Ben> ", HasSubstr("opening 1 4500000 "),
                          HasSubstr("opening 2 -4444200 ")));
}

// Goal: three decimals in all hours of a file are decimals, and that is told; one value that may be something
// else, or is no part of a day, and nothing is guessed.
TEST_F(OwnFilesTest, ThreeDecimalsInAllHours) {
  const auto read = [this](const std::vector<std::string>& cells,
                           const std::string& heading = "Date;Giver;Receiver;Hours") {
    std::string rows = heading + "\n";
    for (const std::string& cell : cells) absl::StrAppend(&rows, "8/1/2018;Ana;Ben;", cell, "\n");
    return Read({Write("h.csv", rows)});
  };
  const auto gave = [](int seconds) { return absl::StrCat("ana helped ben ", seconds, " 2018-01-08 "); };
  EXPECT_THAT(read({"2.500", "1.000"}), ElementsAre(gave(9000), gave(3600)));
  EXPECT_EQ(left_out(),
            "h.csv has three decimals in all of its hours: 2.500 was read as 2h30, and not as 2500h\n");
  EXPECT_THAT(read({"1,000", "24,000", "1,000 h", ""}),
              ElementsAre(gave(3600), gave(86400), gave(3600), HasSubstr("no hours")));
  EXPECT_THAT(left_out(), HasSubstr("1,000 was read as 1h, and not as 1000h"));
  EXPECT_THAT(read({"1.000", "2.000", "pending"}),
              ElementsAre(gave(3600), gave(7200), HasSubstr("\"pending\" is not hours")));
  EXPECT_THAT(Read({Write("h.csv",
                          "Date;Giver;Receiver;Hours\n8/1/2018;Ana;Ben;1.000\n8/1/2018;Ben;Ana;2.250\n"
                          "Total;;;3.250\nMay 2018;;;\n")}),
              ElementsAre(gave(3600), "ben helped ana 8100 2018-01-08 "));
  const auto doubtful = HasSubstr("may be 1000 or 1 and a part");
  for (const char* other :
       {"2", "1:30", "30m", "25.000", "250.000", "2,500", "1,5", "1'000", "1.000 min", "2h"}) {
    EXPECT_THAT(read({"1.000", "1.000", other}), Contains(doubtful)) << other;
    EXPECT_THAT(read({other, "1.000", "1.000"}), Contains(doubtful)) << other;
    EXPECT_THAT(left_out(), IsEmpty()) << other;
  }
  EXPECT_THAT(read({"1.000"}), ElementsAre(doubtful)) << "a single one shows nothing";
  EXPECT_THAT(read({"1.000", "2.000"}, "Date;Giver;Receiver;Minutes"), Contains(doubtful));
  EXPECT_THAT(read({"1.000;20", "2.000;"}, "Date;Giver;Receiver;Hours;Minutes"), Contains(doubtful));
  EXPECT_THAT(read({"1.000", "1.234,50"}), ElementsAre(gave(3'600'000), gave(4'444'200))) << "thousands";
  // A balance may come to thousands.
  EXPECT_THAT(Read({Write("m.csv", "No;Name;Balance\n1;Ana;1.000\n2;Ben;2.000\n")}), Contains(doubtful));
  // Other systems' files are read so, too.
  EXPECT_THAT(Read({Write("trades.csv",
                          "ID,Seller,Buyer,DateEntered,Amount,Description\n"
                          "1,RUSH0001,RUSH0002,2018-01-08,1.000,\n2,RUSH0001,RUSH0002,2018-01-08,0.500,\n")}),
              Contains("RUSH0001 helped RUSH0002 3600 2018-01-08 "));
  EXPECT_THAT(left_out(), Not(HasSubstr("three decimals"))) << "0.500 is no thousand";
  EXPECT_THAT(
      Read({Write("trades.csv",
                  "ID,Seller,Buyer,DateEntered,Amount,Description\n"
                  "1,RUSH0001,RUSH0002,2018-01-08,1.000,\n2,RUSH0001,RUSH0002,2018-01-08,1.500,\n")}),
      ElementsAre("RUSH0001 helped RUSH0002 3600 2018-01-08 ", "RUSH0001 helped RUSH0002 5400 2018-01-08 "));
}

// Goal: two figures for a year never lie ahead, and stand in front where the file's days show it.
TEST_F(OwnFilesTest, YearsOfTwoFigures) {
  const auto read = [this](const std::vector<std::string>& days) {
    std::string rows = "Date;Giver;Receiver;Hours\n";
    for (const std::string& day : days) rows += day + ";Ana;Ben;1\n";
    return Read({Write("h.csv", rows)});
  };
  const auto on = [](const std::string& day) { return "ana helped ben 3600 " + day + " "; };
  EXPECT_THAT(read({"18-01-31"}), ElementsAre(on("2018-01-31")));
  EXPECT_THAT(left_out(), HasSubstr("h.csv writes the year first, with two figures"));
  EXPECT_THAT(read({"18-01-31", "18-02-28", "18-03-04"}),
              ElementsAre(on("2018-01-31"), on("2018-02-28"), on("2018-03-04")));
  EXPECT_THAT(read({"18-01-30", "18-02-05", "18-02-11"}),
              ElementsAre(on("2018-01-30"), on("2018-02-05"), on("2018-02-11")));
  EXPECT_THAT(left_out(), HasSubstr("as some of its days show: 18-01-30"));
  EXPECT_THAT(read({"18-01-30", "30-ene-17"}), ElementsAre(on("2018-01-30"), on("2017-01-30")));
  // The last figures change less: 2027 is a mistake.
  EXPECT_THAT(
      read({"09-11-27", "05-11-18", "06-11-18", "07-12-18"}),
      ElementsAre(HasSubstr("\"09-11-27\": the year 27 lies ahead"), HasSubstr("may stand first or last"),
                  HasSubstr("may stand first or last"), HasSubstr("may stand first or last")));
  EXPECT_THAT(read({"09/11/27", "10/11/27", "05/11/18", "06/11/18"}),
              ElementsAre(HasSubstr("the year 27 lies ahead"), HasSubstr("the year 27 lies ahead"),
                          on("2018-11-05"), on("2018-11-06")));
  EXPECT_THAT(read({"31-01-18", "04-03-18", "18-01-25"}),
              ElementsAre(on("2018-01-31"), on("2018-03-04"),
                          "line 4 Date: \"18-01-25\": the year 25 lies ahead; write it with four figures"));
  EXPECT_THAT(read({"13/11/50", "1/3/24", "5/6/98"}),
              ElementsAre(HasSubstr("line 2 Date: \"13/11/50\": the year 50 lies ahead"),
                          HasSubstr("line 3 Date: \"1/3/24\": the year 24 lies ahead"), on("1998-06-05")));
  EXPECT_THAT(read({"08-01-18"}), ElementsAre(on("2018-01-08")));
  EXPECT_THAT(left_out(), HasSubstr("the year last"));
  EXPECT_THAT(read({"08/01/18"}), ElementsAre(on("2018-01-08")));
  EXPECT_THAT(left_out(), Not(HasSubstr("the year last")));
  EXPECT_THAT(Read({Write("m.csv", "No;Name;Left\n1;Ana;31/12/24\n2;Ben;31/12/22\n")}),
              ElementsAre("member 1 <Ana> ", "member 2 <Ben>  closed 2022-12-31"));
  EXPECT_THAT(Read({Write("users.csv", "1,8-1-18,Ana,,,,,,,\n")}), ElementsAre("member 1 <Ana> 2018-01-08"));
}

// Goal: what a file's own days show goes before what the files beside it do, in lists of members as well;
// what is borrowed is told.
TEST_F(OwnFilesTest, ListsOfMembersTellTheirOwnOrderOfDays) {
  const std::string trades = Write("trades.csv",
                                   "ID,Seller,Buyer,DateEntered,Amount,Description\n"
                                   "1,RUSH0001,RUSH0002,05/14/2011,1,\n");
  const std::string heading = "UID,Password,UserType,Firstname,Surname,Created\n";
  EXPECT_THAT(
      Read({trades,
            Write("users.csv", heading + "RUSH0001,,ind,Ana,,25/01/2011\nRUSH0002,,ind,Ben,,05/01/2011\n")}),
      ElementsAre("member RUSH0001 <Ana> 2011-01-25", "member RUSH0002 <Ben> 2011-01-05",
                  "RUSH0001 helped RUSH0002 3600 2011-05-14 "));
  EXPECT_THAT(Read({trades, Write("users.csv", heading + "RUSH0002,,ind,Ben,,05/01/2011\n")}),
              ElementsAre("member RUSH0002 <Ben> 2011-05-01", "RUSH0001 helped RUSH0002 3600 2011-05-14 "));
  EXPECT_THAT(left_out(),
              HasSubstr("users.csv was read with the month before the day, as the other files show it"));
}

// Goal: two names in a cell are not one person; a surname in front of a comma is.
TEST_F(OwnFilesTest, TwoNamesInACell) {
  const auto read = [this](const std::string& rows, const std::string& members = "") {
    const std::string hours = Write("h.csv", "Date;Giver;Receiver;Hours\n" + rows);
    if (members.empty()) return Read({hours});
    return Read({hours, Write("m.csv", members)});
  };
  EXPECT_THAT(
      read("8/1/2018;Ana;\"Ben, Carla\";1\n8/1/2018;Ben;Carla;1\n"),
      ElementsAre("line 2 Receiver: \"Ben, Carla\" names several people: write a row for each of them, with "
                  "the hours of each",
                  "ben helped carla 3600 2018-01-08 "));
  for (const char* more : {"", "8/1/2018;Ben;Ana;1\n"}) {
    EXPECT_THAT(read(std::string("8/1/2018;Ana;\"Ben, Carla\";1\n") + more),
                Contains(HasSubstr("line 2 Receiver: \"Ben, Carla\" may be one person or several")));
  }
  options_.community = "Bank, Riverside";
  EXPECT_THAT(read("8/1/2018;Ana;\"Bank, Riverside\";1\n"), ElementsAre("ana helped pot 3600 2018-01-08 "));
  options_.community = "";
  EXPECT_THAT(read("8/1/2018;Ana;\"Ben, Carla\";1\n"),
              ElementsAre(HasSubstr("line 2 Receiver: \"Ben, Carla\" may be one person or several")));
  EXPECT_THAT(
      read("8/1/2018;\"Roca, Ana\";\"Bo, Zoe\";1\n8/1/2018;\"Roca, Ana\";Dan;1\n"),
      ElementsAre("roca, ana helped bo, zoe 3600 2018-01-08 ", "roca, ana helped dan 3600 2018-01-08 "));
  EXPECT_THAT(read("8/1/2018;\"Bo, Zoe\";Ana;1\n8/1/2018;Zoe Bo;Ana;1\n", "No;Name\n1;Ana\n2;Zoe Bo\n"),
              ElementsAre("member 1 <Ana> ", "member 2 <Zoe Bo> ", "2 helped 1 3600 2018-01-08 ",
                          "2 helped 1 3600 2018-01-08 "));
  EXPECT_THAT(read("8/1/2018;\"Zoe Bo (12), Ben (13)\";Ana;1\n8/1/2018;\"12, 13\";Ana;1\n8/1/2018;Ben & Zoe "
                   "Bo;Ana;1\n",
                   "No;Name\n1;Ana\n12;Zoe Bo\n13;Ben\n"),
              ElementsAre("member 1 <Ana> ", "member 12 <Zoe Bo> ", "member 13 <Ben> ",
                          HasSubstr("names several people"), HasSubstr("names several people"),
                          HasSubstr("names several people")));
  EXPECT_THAT(read("8/1/2018;Ben y Zoe;Ana;1\n", "No;Name\n1;Ana\n12;Ben y Zoe\n13;Ben\n"),
              ElementsAre("member 1 <Ana> ", "member 12 <Ben y Zoe> ", "member 13 <Ben> ",
                          "12 helped 1 3600 2018-01-08 "));
}

// Goal: names below each other in a cell, or with a | between them, are no single person; a long name that
// goes on in the next line is.
TEST_F(OwnFilesTest, NamesBelowEachOther) {
  const auto read = [this](const std::string& cell, const std::string& members = "") {
    const std::string hours = Write("h.csv", absl::StrCat("Date;Giver;Receiver;Hours\n8/1/2018;Ana;\"", cell,
                                                          "\";1\n"
                                                          "8/1/2018;Ana;Zoe Bo;2\n"));
    if (members.empty()) return Read({hours});
    return Read({hours, Write("m.csv", members)});
  };
  const std::string lists = "No;Name\n1;Ana\n2;Ben\n3;Carla Mas\n4;Zoe Bo\n";
  for (const char* cell : {"Ben\nCarla Mas", "Ben\r\nCarla Mas", "Ben\rCarla Mas", "Ben | Carla Mas",
                           "Ben|Carla Mas", "Ben\n\nCarla Mas\n", "Ben and\nCarla Mas", "Ben,\nCarla Mas"}) {
    EXPECT_THAT(read(cell, lists), Contains(AllOf(HasSubstr("line 2 Receiver: \"Ben"),
                                                  HasSubstr("names several people: write a row for each"))))
        << cell;
    EXPECT_THAT(read(cell), ElementsAre(AllOf(HasSubstr("line 2 Receiver: \"Ben"),
                                              HasSubstr("may be one person or several")),
                                        HasSubstr("ana helped zoe bo")))
        << cell;
  }
  for (const char* cell : {"2\n3", "Ben (2)\nCarla (3)", "Ben (2) | Carla (3)"}) {
    EXPECT_THAT(read(cell), Contains(HasSubstr("names several people"))) << cell;
  }
  for (const char* cell : {"Zoe\nBo", "Zoe Bo\n", "\nZoe Bo", "Zoe\r\nBo (4)", "Bo,\nZoe"}) {
    EXPECT_THAT(read(cell, lists), Contains("1 helped 4 3600 2018-01-08 ")) << cell;
  }
  EXPECT_THAT(read("Zoe\nBo"), ElementsAre("ana helped zoe bo 3600 2018-01-08 ", HasSubstr("zoe bo 7200")));
  EXPECT_THAT(read("Ben & Carla"), Contains("ana helped ben & carla 3600 2018-01-08 ")) << "a household";
}

// Goal: without a list of members, too, nobody's number is that of two people.
TEST_F(OwnFilesTest, TwoNumberedNamesInACell) {
  EXPECT_THAT(Read({Write("h.csv",
                          "Date;Giver;Receiver;Hours\n8/1/2018;Ana (1);Ben (2);1\n"
                          "8/1/2018;Cai (3);Ana (1), Ben (2);2\n8/1/2018;Cai (3);Ana (1) y Ben (2);2\n"
                          "8/1/2018;Dan y Eva (4);Cai (3);2\n8/1/2018;Dan y Eva;Cai (3);1\n")}),
              ElementsAre("1 helped 2 3600 2018-01-08 ", HasSubstr("names several people"),
                          HasSubstr("names several people"), "4 helped 3 7200 2018-01-08 ",
                          "4 helped 3 3600 2018-01-08 "));
}

// Goal: the first heading is the file's; one that follows and says something else is read as a row.
TEST_F(OwnFilesTest, TheFirstHeadingIsTheFiles) {
  EXPECT_THAT(Read({Write("h.csv",
                          "Fecha;Da;Recibe;Horas;\n5/3/2018;Ana;Ben;1;\n6/3/2018;Ben;Ana;2;\nAbril;;;;\n"
                          "Fecha;Da;Recibe;Horas;Observaciones\n5/4/2018;Ana;Ben;1;hort\n")}),
              ElementsAre("ana helped ben 3600 2018-03-05 ", "ben helped ana 7200 2018-03-06 ",
                          HasSubstr("line 5"), "ana helped ben 3600 2018-04-05 "));
  EXPECT_THAT(left_out(), HasSubstr("a row that is a title or footer (h.csv line 4 \"Abril\")"));
  options_.giver_column = "B";
  options_.receiver_column = "C";
  options_.hours_column = "D";
  options_.day_column = "A";
  EXPECT_THAT(Read({Write("h.csv",
                          "Registro;;;;\nFecha;Persona A;Persona B;;\npendiente;Ana;Ben;dos;\n"
                          "5/4/2018;Ana;Ben;1;\n")}),
              ElementsAre(HasSubstr("line 3"), "ana helped ben 3600 2018-04-05 "));
}

// Goal: titles between the hours are no exchanges: parts of the year, in any column, and the heading again.
TEST_F(OwnFilesTest, TitlesBetweenHoursAreLeftOut) {
  const std::string day_first = "Fecha;Da;Recibe;Horas;Nota\n";
  const std::string giver_first = "Da;Recibe;Fecha;Horas;Nota\n";
  for (const char* title : {"Abril 2024", "MAY 2024", "Primer trimestre", "2023", "Abril",
                            "Mes de abril de 2024:", "abr-24", "1er trimestre 2024", "Q1 2024", "Semana 14",
                            "Curso 2023/24", "Summer", "Août 2024", "D’octubre 2024", "Enero - marzo 2024",
                            "Exchanges in May", "Page 1 of 2", "Exported on 2018-05-03", "Socios activos"}) {
    EXPECT_THAT(Read({Write("h.csv", absl::StrCat(day_first, "5/3/2018;Ana;Ben;1;\n", title, ";;;;\n",
                                                  "6/3/2018;Ana;Ben;2;\n"))}),
                ElementsAre("ana helped ben 3600 2018-03-05 ", "ana helped ben 7200 2018-03-06 "))
        << title;
    EXPECT_THAT(left_out(),
                HasSubstr(absl::StrCat("a row that is a title or footer (h.csv line 3 \"", title, "\")")));
    EXPECT_THAT(Read({Write("h.csv", absl::StrCat(giver_first, title, "\nAna;Ben;5/3/2018;1;\n;;;;", title,
                                                  "\n;", title, ";;;\n"))}),
                ElementsAre("ana helped ben 3600 2018-03-05 "))
        << title;
    EXPECT_THAT(left_out(), HasSubstr("titles and footers (h.csv line 2 \"")) << title;
  }
  EXPECT_THAT(Read({Write("h.csv", day_first + "5/3/2018;Ana;Ben;1;\nFecha;Da;Recibe;Horas;Nota\n"
                                               "FECHA;DA;RECIBE;HORAS;\n6/3/2018;Ana;Ben;2;\n")}),
              ElementsAre("ana helped ben 3600 2018-03-05 ", "ana helped ben 7200 2018-03-06 "));
  EXPECT_THAT(left_out(), HasSubstr("titles and footers (h.csv line 3 \"Fecha Da Recibe Horas Nota\", h.csv "
                                    "line 4 \"FECHA DA RECIBE HORAS\")"));
  EXPECT_THAT(Read({Write("m.csv", "No;Name;Phone\nAbril 2024;;\n1;Ana;111\n;Primer trimestre;\n")}),
              ElementsAre("member 1 <Ana>  111"));
  EXPECT_THAT(left_out(), HasSubstr("titles and footers (m.csv line 2 \"Abril 2024\""));
}

// Goal: what may be an exchange that lacks something is no title: it is rejected, and told with its reason.
TEST_F(OwnFilesTest, WhatMayBeAnExchangeIsNoTitle) {
  const std::string day_first = "Fecha;Da;Recibe;Horas;Nota\n";
  for (const char* row : {"8/1/2018;;;;", "1 abril 2018;;;;", "1 abril;;;;", "24-abr;;;;", ";;;2023;",
                          ";;;2;", ";;;1.250;", ";2023;;2;", ";Abril;;2;", "Abril;Ana;;;", "Abril;Mayo;;;",
                          ";12;;;", "Abril 2024;;;2;", "Taller de costura;;;;", ";;;;Ana fue en abril"}) {
    EXPECT_THAT(Read({Write("h.csv", absl::StrCat(day_first, row, "\n5/3/2018;Ana;Ben;1;\n"))}),
                ElementsAre(HasSubstr("line 2 "), "ana helped ben 3600 2018-03-05 "))
        << row;
    EXPECT_THAT(left_out(), IsEmpty()) << row;
  }
  // Whoever is called so is somebody in a column of people, and nowhere else.
  const std::string giver_first = "Da;Recibe;Fecha;Horas;Nota\n";
  const auto members = [this](const std::string& name) {
    return Write("m.csv", absl::StrCat("No;Name\n1;Ana\n2;Ben\n2023;", name, "\n"));
  };
  for (const char* row : {"Abril", ";abril;;;", "2023", "ABRIL;;;;"}) {
    const std::string hours =
        Write("h.csv", absl::StrCat(giver_first, "Ana;Ben;5/3/2018;1;\n", row, "\nBen;Ana;6/3/2018;1;\n"));
    for (const char* name : {"Abril", "Abril Mas"}) {
      EXPECT_THAT(Read({hours, members(name)}), Contains(HasSubstr("line 3 "))) << row << " " << name;
      EXPECT_THAT(left_out(), IsEmpty()) << row << " " << name;
    }
    EXPECT_THAT(Read({hours}),
                ElementsAre("ana helped ben 3600 2018-03-05 ", "ben helped ana 3600 2018-03-06 "))
        << row;
  }
  EXPECT_THAT(Read({Write("h.csv", giver_first + "Abril 2024\n;;;;Abril\n;;Abril;;\nAna;Ben;5/3/2018;1;\n"),
                    members("Abril")}),
              Not(Contains(HasSubstr("line "))));
  // Without a list of members whom other rows name is somebody, wherever these stand.
  EXPECT_THAT(Read({Write("h.csv", giver_first + "Abril\nAbril;Ben;5/3/2018;1;\nAbril\n")}),
              ElementsAre(HasSubstr("line 2 "), "abril helped ben 3600 2018-03-05 ", HasSubstr("line 4 ")));
  EXPECT_THAT(Read({Write("h.csv", giver_first + "Abril\nAbril Mas;Ben;5/3/2018;1;\n")}),
              ElementsAre(HasSubstr("line 2 "), "abril mas helped ben 3600 2018-03-05 "));
  EXPECT_THAT(Read({Write("h.csv", "Da;Recibe;Fecha;Horas;Anotado por\nAbril;Ben;5/3/2018;1;\n;;;;Abril\n")}),
              ElementsAre("abril helped ben 3600 2018-03-05 ", HasSubstr("line 3 ")));
  // In a list of members a month alone may be somebody.
  EXPECT_THAT(Read({Write("m.csv", "Name;Phone\nJulio;\nAna;111\nAbril;\n")}),
              ElementsAre("member julio <Julio> ", "member ana <Ana>  111", "member abril <Abril> "));
  EXPECT_THAT(Read({Write("m.csv", "No;Name;Phone\n2023;;\n1;Ana;111\n")}),
              ElementsAre("member 2023 <> ", "member 1 <Ana>  111"));
}

// Goal: that the hours come with it makes no member of a list's title.
TEST_F(OwnFilesTest, TitlesBesideHoursAreAskedAbout) {
  EXPECT_THAT(Read({Write("m.csv", "No;Name;Phone\n1;Ana;111\n;Riverside;\nNorth;;\n2;Ben;222\n"),
                    Write("h.csv", "Date;Giver;Receiver;Hours\n8/1/2018;Ana;Ben;1\n")}),
              ElementsAre("member 1 <Ana>  111", HasSubstr("\"Riverside\" stands alone in its row"),
                          HasSubstr("\"North\" stands alone in its row"), "member 2 <Ben>  222",
                          "1 helped 2 3600 2018-01-08 "));
}

// Goal: one comma parts a surname from the first name where other names show it, whatever words are in the
// surname; what may be two people is asked about, and that alone.
TEST_F(OwnFilesTest, SurnamesInFront) {
  const auto read = [this](const std::vector<std::string>& pairs) {
    std::string rows = "Date;Giver;Receiver;Hours\n";
    for (const std::string& pair : pairs) absl::StrAppend(&rows, "8/1/2018;", pair, ";1\n");
    return Read({Write("h.csv", rows)});
  };
  const auto asked = HasSubstr("may be one person or several");
  EXPECT_THAT(read({"Puig i Cadafalch, Josep;Ramón y Cajal, Santiago"}),
              ElementsAre("puig i cadafalch, josep helped ramon y cajal, santiago 3600 2018-01-08 "));
  EXPECT_THAT(read({"Muñoz, Ana;Ana", "Roca, Ben;Muñoz, Ana", "Roca, Ben;Mas, Carla", "Bank;Mas, Carla"}),
              Not(Contains(asked)));
  EXPECT_THAT(read({"Muñoz, Ana;Ben Roca", "Ben Roca;Muñoz, Ana", "Ben Roca;Carla Mas"}),
              Not(Contains(asked)));
  EXPECT_THAT(read({"\"Muñoz,\nAna\";Ben Roca", "Ben Roca;\"Muñoz, Ana\"", "Ben Roca;Carla Mas"}),
              Not(Contains(asked)))
      << "a surname, and the first name in the next line";
  EXPECT_THAT(read({"Ana, Ben;Ben Roca", "Ana Muñoz;Ben Roca", "Ben Roca;Carla Mas"}),
              ElementsAre(asked, Not(asked), Not(asked)));
  EXPECT_THAT(read({"Ana, Ben y Carla;Roca, Dan", "Ana, Ben;Mas, Eva", "Ana;Mas, Eva"}),
              ElementsAre(asked, asked, Not(asked)));
}

}  // namespace
}  // namespace timebank::imports
