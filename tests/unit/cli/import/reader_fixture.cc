#include "tests/unit/cli/import/reader_fixture.h"

#include <fstream>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "absl/time/time.h"

namespace timebank::imports {
namespace {

std::string Account(const std::string& number) { return number.empty() ? "pot" : number; }

}  // namespace

std::string Words(const Row& row) {
  if (const auto* member = std::get_if<ImportedMember>(&row)) {
    std::string words = "member " + member->number + " <" + member->display_name + ">";
    if (member->kind == ImportedMember::Kind::kOrganisation) words += " organisation";
    if (member->kind == ImportedMember::Kind::kHousehold) words += " household";
    words += " " + member->joined_on;
    for (const std::string& phone : member->phones) words += " " + phone;
    for (const std::string& email : member->emails) words += " " + email;
    if (member->closed) words += " closed " + member->closed_on;
    return words;
  }
  if (const auto* exchange = std::get_if<ImportedExchange>(&row)) {
    return Account(exchange->giver) + " helped " + Account(exchange->receiver) + " " +
           std::to_string(exchange->seconds) + " " + exchange->occurred_on + " " + exchange->note;
  }
  if (const auto* opening = std::get_if<ImportedOpening>(&row)) {
    return "opening " + Account(opening->number) + " " + std::to_string(opening->seconds) + " " +
           opening->occurred_on;
  }
  if (const auto* declared = std::get_if<DeclaredBalance>(&row)) {
    std::string words = Account(declared->number) + " has " + std::to_string(declared->seconds);
    if (declared->within_seconds != 0) words += " within " + std::to_string(declared->within_seconds);
    return words;
  }
  const auto& reject = std::get<Reject>(row);
  return "line " + std::to_string(reject.place.line) + " " + reject.field + ": " + reject.reason;
}

ReaderTest::ReaderTest()
    : folder_(std::filesystem::path(::testing::TempDir()) /
              (std::string(::testing::UnitTest::GetInstance()->current_test_info()->test_suite_name()) + "." +
               ::testing::UnitTest::GetInstance()->current_test_info()->name())) {
  std::filesystem::create_directories(folder_);
  options_.today = absl::CivilDay(2023, 11, 16);
  EXPECT_TRUE(absl::LoadTimeZone("Europe/Madrid", &options_.time_zone));
}

ReaderTest::~ReaderTest() { std::filesystem::remove_all(folder_); }

std::string ReaderTest::Write(const std::string& name, const std::string& text) {
  const std::filesystem::path path = folder_ / name;
  std::ofstream(path, std::ios::binary) << text;
  return path.string();
}

Rows ReaderTest::Read(const std::vector<std::string>& files, const std::string& format) {
  const auto reader = OpenReader(format, files, options_);
  if (!reader.ok()) return {std::string(reader.status().message())};
  Rows words;
  for (const Row& row : ReadRows(files, format)) words.push_back(Words(row));
  return words;
}

std::vector<Row> ReaderTest::ReadRows(const std::vector<std::string>& files, const std::string& format) {
  std::vector<Row> rows;
  const auto reader = OpenReader(format, files, options_);
  EXPECT_TRUE(reader.ok()) << reader.status();
  if (!reader.ok()) return rows;
  Row row;
  for (;;) {
    const auto more = (*reader)->Next(row);
    EXPECT_TRUE(more.ok()) << more.status();
    if (!more.ok() || !*more) break;
    rows.push_back(row);
  }
  EXPECT_EQ((*reader)->bytes_consumed(), (*reader)->bytes_total());
  system_ = std::string((*reader)->system());
  left_out_.clear();
  for (const std::string& words : (*reader)->LeftOut()) left_out_ += words + "\n";
  return rows;
}

}  // namespace timebank::imports
