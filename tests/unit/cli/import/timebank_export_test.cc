#include "client/cli/import/timebank_export.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_join.h"
#include "client/cli/import/reader.h"

namespace timebank::imports {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;
using ::testing::UnorderedElementsAre;

// A folder of files, thrown away at the end.
class TimebankExportTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::path(::testing::TempDir()) /
              ::testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string Write(const std::string& name, const std::string& text) {
    const std::string path = (folder_ / name).string();
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }
  // The rows of everything in the folder, or of `files`.
  std::vector<Row> ReadAll(std::vector<std::string> files = {}) {
    if (files.empty()) files = FilesIn({folder_.string()}).value().files;
    absl::StatusOr<std::unique_ptr<Reader>> reader = OpenReader("", files, {});
    EXPECT_TRUE(reader.ok()) << reader.status();
    if (!reader.ok()) return {};
    reader_ = *std::move(reader);
    std::vector<Row> rows;
    for (Row row;;) {
      const absl::StatusOr<bool> more = reader_->Next(row);
      EXPECT_TRUE(more.ok()) << more.status();
      if (!more.ok() || !*more) return rows;
      rows.push_back(row);
    }
  }

  std::filesystem::path folder_;
  std::unique_ptr<Reader> reader_;
};

constexpr char kMembers[] =
    "timebank_members_1,id,display_name,kind,state,merged_into,phones,external_ids,seconds\n"
    "rushey,ana,'=Ana,PERSON,ACTIVE,,'+34; 2,ces:NORE:0042,60\n"
    "rushey,ben,Ben,HOUSEHOLD,ACTIVE,,,timebank:older/b,-60\n"
    "rushey,ben2,Ben,PERSON,MERGED,ben,,,\n";
constexpr char kEntries[] =
    "timebank_exchanges_1,number,kind,occurred_on,seconds,credited,debited,givers,receivers,recorded_at,tags,"
    "reverses,reverses_system,reverses_number\n";

// Goal: lists in a cell come back exactly, whatever their items hold.
TEST(ListTest, ComesBack) {
  const std::vector<std::vector<std::string>> lists = {
      {}, {""}, {"", ""}, {"a"}, {"a", "b"}, {"a;b", "c\\"}, {" a ", "; ", "\\-", "-"}, {"\\;", "\\\\"}};
  for (const auto& list : lists) EXPECT_EQ(SplitList(JoinList(list)), list) << JoinList(list);
  EXPECT_EQ(SplitList("a;b"), (std::vector<std::string>{"a", "b"})) << "the blank may be left out";
  EXPECT_EQ(SplitList("a\\b"), std::nullopt);
  EXPECT_EQ(SplitList("a\\"), std::nullopt);
}

// Goal: another system's members.csv, exchanges.csv and so on make no export of a folder: all files are read.
TEST_F(TimebankExportTest, FoldersOfOthers) {
  for (const char* name : {"members.csv", "circles.csv", "exchanges.csv", "events.csv", "timebank.csv"}) {
    Write(name, "Number,Name\n1,Zoe\n2,Ben\n");
    const std::string hours = Write("hours.csv", "Date,Given by,Received by,Hours\n2018-01-08,1,2,1\n");
    const FoundFiles found = FilesIn({folder_.string()}).value();
    EXPECT_THAT(found.files, UnorderedElementsAre(hours, (folder_ / name).string())) << name;
    EXPECT_THAT(found.left_out, IsEmpty());
    std::filesystem::remove(folder_ / name);
  }
}

// Goal: of a folder with an export what lies beside it is left out, and told; a file of it that somebody has
// overwritten stays one of the export's, so that it is told.
TEST_F(TimebankExportTest, FoldersOfExports) {
  const std::string members = Write("members.csv", kMembers);
  const std::string exchanges = Write("exchanges.csv", "Number,Name\n1,Zoe\n");
  Write("notes.txt", "");
  Write(".hidden", "");
  for (int i = 0; i < 11; ++i) Write("a" + std::to_string(i) + ".csv", "");
  const FoundFiles found = FilesIn({folder_.string()}).value();
  EXPECT_THAT(found.files, ElementsAre(members, exchanges));
  ASSERT_THAT(found.left_out, SizeIs(1));
  EXPECT_THAT(found.left_out[0],
              AllOf(StartsWith("files beside the export in " + folder_.string() + ": a0.csv, "),
                    EndsWith(" and 2 more")));
  Write("members.csv", "timebank_members_99,id\nrushey,ana\n");
  EXPECT_THAT(FilesIn({folder_.string()}).value().files, SizeIs(2)) << "of a later version";
}

// Goal: members keep ids, numbers elsewhere and balances; one that came from another bank keeps that number.
TEST_F(TimebankExportTest, Members) {
  Write("members.csv", kMembers);
  const std::vector<Row> rows = ReadAll();
  ASSERT_THAT(rows, SizeIs(6));
  const auto& ana = std::get<ImportedMember>(rows[0]);
  EXPECT_EQ(ana.id, "ana");
  EXPECT_EQ(ana.number, "rushey/ana");
  EXPECT_EQ(ana.display_name, "=Ana");
  EXPECT_THAT(ana.phones, ElementsAre("+34", "2"));
  EXPECT_THAT(ana.external_ids, ElementsAre(std::pair<std::string, std::string>("ces", "NORE:0042")));
  const auto& ben = std::get<ImportedMember>(rows[1]);
  EXPECT_EQ(ben.number, "older/b");
  EXPECT_EQ(ben.kind, ImportedMember::Kind::kHousehold);
  EXPECT_THAT(ben.external_ids, IsEmpty());
  // Nothing tells when it was merged, so it is last.
  EXPECT_EQ(std::get<ImportedMerge>(rows[3]).into, "older/b");
  EXPECT_EQ(std::get<DeclaredBalance>(rows[4]).seconds, 60);
  EXPECT_EQ(std::get<DeclaredBalance>(rows[5]).number, "older/b");
}

// Goal: a number that no bank takes is told with its line and column, whichever way it came about.
TEST_F(TimebankExportTest, NumbersThatAreTooLong) {
  const std::string most(200 - std::string("rushey/").size(), 'x');
  Write("members.csv",
        "timebank_members_1,id,display_name,kind,state,merged_into,phones,external_ids,seconds\n"
        "rushey," +
            most +
            ",Ana,PERSON,ACTIVE,,,,\n"
            "rushey," +
            most +
            "x,Ben,PERSON,ACTIVE,,,,\n"
            "rushey,eva,Eva,PERSON,ACTIVE,,,timebank:" +
            std::string(201, 'y') + ",\n");
  const std::vector<Row> rows = ReadAll();
  ASSERT_THAT(rows, SizeIs(3));
  EXPECT_EQ(std::get<ImportedMember>(rows[0]).number.size(), 200u);
  EXPECT_EQ(std::get<Reject>(rows[1]).field, "id");
  EXPECT_EQ(std::get<Reject>(rows[2]).field, "external_ids");
  EXPECT_EQ(std::get<Reject>(rows[2]).place.line, 4);
}

// Goal: entries and merges come in the order in which they were recorded; merging moves what was left itself.
TEST_F(TimebankExportTest, MergesStandWhereTheyWere) {
  Write("members.csv", kMembers);
  Write("exchanges.csv",
        std::string(kEntries) +
            "rushey,10,EXCHANGE,2026-01-02,60,members/ben2 60,members/ana 60,members/ben2 60,members/ana "
            "60,,,,,\n"
            "rushey,11,CLOSING,2026-01-03,60,members/ben 60,members/ben2 60,,,,,,,\n"
            "rushey,13,CLOSING,2026-01-03,60,pots/community 60,members/ben "
            "60,,,2026-01-03T10:00:00.000001Z,,,,\n"
            "rushey,14,REVERSAL,2026-01-02,60,members/ana 60,members/ben 60,,,,,10,,\n"
            "rushey,15,REVERSAL,2026-01-02,60,members/ana 60,members/ben 60,,,,,10,ces,77\n"
            "rushey,16,REVERSAL,2026-01-03,60,members/ben2 60,members/ben 60,,,,,11,,\n");
  Write("events.csv",
        "timebank_events_1,number,what,about,state,other\n"
        "rushey,2,member,ana,ACTIVE,\nrushey,9,contest,7,,\nrushey,12,member,ben2,MERGED,ben\n");
  Write("timebank.csv", "timebank_export_1,what,value\nrushey,position,p-1\nrushey,rows exchanges.csv,7\n");
  const std::vector<Row> rows = ReadAll();
  ASSERT_THAT(rows, SizeIs(10));
  const auto& exchange = std::get<ImportedEntry>(rows[3]);
  EXPECT_EQ(exchange.origin.system, "timebank");
  EXPECT_EQ(exchange.origin.number, "rushey/10");
  EXPECT_EQ(exchange.givers.at(0).holder.number, "rushey/ben2");
  EXPECT_EQ(exchange.movements.at(1).seconds, -60);
  EXPECT_EQ(std::get<ImportedMerge>(rows[4]).number, "rushey/ben2");
  const auto& closing = std::get<ImportedEntry>(rows[5]);
  EXPECT_EQ(closing.kind, ImportedEntry::Kind::kGift);
  EXPECT_THAT(closing.tags, ElementsAre("closing"));
  EXPECT_EQ(closing.credited, (ImportedHolder{ImportedHolder::Kind::kPot, "community"}));
  EXPECT_EQ(closing.origin.record_time, absl::FromUnixMicros(1767434400000001));
  EXPECT_EQ(std::get<ImportedEntry>(rows[6]).reverses.number, "rushey/10");
  EXPECT_EQ(std::get<ImportedEntry>(rows[7]).reverses.system, "ces");
  EXPECT_EQ(reader_->position(), "p-1");
  EXPECT_THAT(reader_->LeftOut(), Contains("1 contests"));
  EXPECT_THAT(reader_->LeftOut(), Contains("1 reversals of what a merge moved"));
  EXPECT_THAT(reader_->LeftOut(),
              Contains(HasSubstr("exchanges.csv has 6 rows, where timebank.csv tells of 7")));
}

// Goal: entries without the members' file lack it; rows that were mended do not.
TEST_F(TimebankExportTest, MissingFile) {
  Write("exchanges.csv", kEntries);
  ReadAll();
  EXPECT_EQ(reader_->missing_file(), "members.csv");
  Write("members.csv", kMembers);
  ReadAll();
  EXPECT_EQ(reader_->missing_file(), "");
  ReadAll({Write("mended.csv", "timebank_exchanges_1,number,rejected_line,rejected_why\nrushey,4,2,x\n")});
  EXPECT_EQ(reader_->missing_file(), "");
}

// Goal: a bad cell costs its row, is named, and the row can be mended and read again.
TEST_F(TimebankExportTest, BadRows) {
  Write("exchanges.csv", std::string(kEntries) +
                             "rushey,1,LOAN,2026-01-02,60,,,,,,,,,\n"
                             "rushey,2,EXCHANGE,2026-01-02,60,,,members/ana,members/ben 60,,,,,\n"
                             "rushey,3,EXCHANGE,2026-01-02,60,,,,,,,,,,x\n"
                             "rushey,4,GIFT,2026-01-02,60,members/ana 60,,,,,,,,\n"
                             "rushey,5,EXCHANGE,2026-01-02,60,,,people/ana 60,members/ben 60,,,,,\n");
  const std::vector<Row> rows = ReadAll();
  std::vector<std::string> fields;
  for (const Row& row : rows) fields.push_back(std::get<Reject>(row).field);
  EXPECT_THAT(fields, ElementsAre("kind", "givers", "", "credited", "givers"));
  EXPECT_EQ(std::get<Reject>(rows[1]).place.line, 3);
  EXPECT_EQ(std::get<Reject>(rows[1]).fields.at(7), "members/ana");
  EXPECT_EQ(absl::StrJoin(reader_->Heading("exchanges.csv"), ",") + "\n", kEntries);

  const std::string mended =
      Write("mended.csv",
            "timebank_exchanges_1,number,kind,occurred_on,seconds,credited,debited,note,mine,"
            "rejected_line,rejected_why\n"
            "rushey,4,GIFT,2026-01-02,60,members/ana 60,members/ben 60,''=A1,x,4,why\n");
  const std::vector<Row> again = ReadAll({mended});
  ASSERT_THAT(again, SizeIs(1));
  EXPECT_EQ(std::get<ImportedEntry>(again[0]).note, "=A1");
  EXPECT_THAT(reader_->LeftOut(), ElementsAre("the column \"mine\" of mended.csv"));
}

// Goal: what another version wrote is not half understood.
TEST_F(TimebankExportTest, AnotherVersion) {
  const std::string path = Write("exchanges.csv", "timebank_exchanges_2,number\nrushey,1\n");
  const absl::Status status = OpenReader("", {path}, {}).status();
  EXPECT_THAT(std::string(status.message()), HasSubstr("another version"));
}

}  // namespace
}  // namespace timebank::imports
