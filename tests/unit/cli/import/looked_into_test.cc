// Readers that are looked into before they are read.
#include "client/cli/import/looked_into.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace timebank::imports {
namespace {

class ListReader : public Reader {
 public:
  explicit ListReader(std::vector<Row> rows) : rows_(std::move(rows)) {}

  absl::StatusOr<bool> Next(Row& row) override {
    if (given_ == rows_.size()) return false;
    row = rows_[given_++];
    return true;
  }
  size_t given() const { return given_; }
  std::string_view system() const override { return "list"; }
  std::string_view id_prefix() const override { return "l-"; }
  std::vector<std::string> Heading(std::string_view /*file*/) const override { return {}; }
  char Separator(std::string_view /*file*/) const override { return ','; }
  std::vector<std::string> LeftOut() const override { return {}; }
  int64_t bytes_consumed() const override { return static_cast<int64_t>(given_); }
  int64_t bytes_total() const override { return static_cast<int64_t>(rows_.size()); }

 private:
  std::vector<Row> rows_;
  size_t given_ = 0;
};

ImportedMember Member(std::string number, bool closed = false) {
  ImportedMember member;
  member.number = std::move(number);
  member.closed = closed;
  return member;
}

ImportedExchange Exchange(std::string origin_number) {
  ImportedExchange exchange;
  exchange.origin_number = std::move(origin_number);
  return exchange;
}

std::string WordOf(const Row& row) {
  if (const auto* member = std::get_if<ImportedMember>(&row)) return "member " + member->number;
  if (const auto* exchange = std::get_if<ImportedExchange>(&row)) return exchange->origin_number;
  return "reject " + std::get<Reject>(row).reason;
}

std::vector<std::string> Rest(Reader& reader) {
  std::vector<std::string> words;
  Row row;
  while (*reader.Next(row)) words.push_back(WordOf(row));
  return words;
}

// Goal: looking loses no row and changes no order, and stops at the first row that is no member's.
TEST(LookedIntoTest, WhatWasLookedAtIsGivenAgain) {
  auto list = std::make_unique<ListReader>(
      std::vector<Row>{Member("1"), Reject{{}, "", "bad"}, Member("2"), Exchange("a"), Exchange("b")});
  const ListReader& below = *list;
  LookedInto reader(std::move(list));
  EXPECT_FALSE(*reader.SomebodyLeft());
  EXPECT_EQ(below.given(), 4u);
  EXPECT_EQ(Rest(reader), (std::vector<std::string>{"member 1", "reject bad", "member 2", "a", "b"}));
}

// Goal: somebody who left is found, and nothing behind is read for it.
TEST(LookedIntoTest, SomebodyWhoLeftIsFound) {
  auto list = std::make_unique<ListReader>(
      std::vector<Row>{Member("1"), Member("2", /*closed=*/true), Member("3"), Exchange("a")});
  const ListReader& below = *list;
  LookedInto reader(std::move(list));
  EXPECT_TRUE(*reader.SomebodyLeft());
  EXPECT_EQ(below.given(), 2u);
  EXPECT_EQ(Rest(reader), (std::vector<std::string>{"member 1", "member 2", "member 3", "a"}));
}

// Goal: files of bad rows do not fill the memory: nobody can tell, so somebody may have left.
TEST(LookedIntoTest, BadRowsAreKeptUpToALimit) {
  auto list = std::make_unique<ListReader>(std::vector<Row>(3 * kMostKeptRejects, Reject{{}, "", "bad"}));
  const ListReader& below = *list;
  LookedInto reader(std::move(list));
  EXPECT_TRUE(*reader.SomebodyLeft());
  EXPECT_EQ(below.given(), kMostKeptRejects);
  EXPECT_EQ(Rest(reader).size(), 3 * kMostKeptRejects);
}

}  // namespace
}  // namespace timebank::imports
