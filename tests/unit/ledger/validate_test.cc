// What can be told wrong from a command alone.
#include "server/ledger/validate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/matchers.h"
#include "tests/support/script.h"

namespace timebank::ledger {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::string Times(int n, std::string_view text) {
  std::string all;
  for (int i = 0; i < n; ++i) all += text;
  return all;
}

std::string Ids(int n, const std::string& prefix) {
  std::string all;
  for (int i = 0; i < n; ++i) all += prefix + std::to_string(i) + ",";
  return all;
}

std::vector<std::string> Problems(const Command& command) {
  std::vector<std::string> problems;
  for (const Violation& violation : Validate(command))
    problems.push_back(violation.field + "=" + violation.reason);
  return problems;
}

struct Row {
  std::string line;
  std::vector<std::string> problems;  // all of them, in order
};

// Goal: each field's limit, on the last value that is right and the first that is wrong; every constant of a
// violation that comes from the command alone is provoked.
TEST(ValidateTest, EveryFieldHasItsLimits) {
  const std::string record = "record ana -> ben 1h ";
  const std::string e = "é";  // two bytes, one character
  const std::vector<Row> rows = {
      // Requests.
      {record + "id=" + Times(128, "x"), {}},
      {record + "id=" + Times(129, "x"), {"request_id=TOO_LONG"}},
      {record + "id=a~!", {}},
      {record + "\"id=a b\"", {"request_id=MALFORMED"}},
      {record + "id=é", {"request_id=MALFORMED"}},
      // Hours.
      {"record ana -> ben 1000000000000s", {}},
      {"record ana -> ben 1000000000001s", {"exchange.seconds=OUT_OF_RANGE"}},
      {"record ana -> ben -1s", {"exchange.seconds=MUST_BE_POSITIVE"}},
      {"record ana:1000000000001s -> ben", {"exchange.givers[0].seconds=OUT_OF_RANGE"}},
      {"record ana:0s -> ben 1h", {"exchange.givers[0].seconds=MUST_BE_POSITIVE"}},
      {"gift ana -> ben 1000000000001s", {"seconds=OUT_OF_RANGE"}},
      {"opening ana -1000000000000s", {}},
      {"opening ana -1000000000001s", {"seconds=OUT_OF_RANGE"}},
      {"opening ana 0h", {"seconds=REQUIRED"}},
      // Holders.
      {"record Ana -> ben 1h", {"exchange.givers[0].holder=MALFORMED"}},
      {"record ana -> circles/-x 1h", {"exchange.receivers[0].holder=MALFORMED"}},
      {record + "remainder=pots/a.", {"exchange.remainder.holder=MALFORMED"}},
      {record + "for=pots/community", {"exchange.acting_for=NOT_A_MEMBER"}},
      {"contest 1 because=x for=circles/knit", {"acting_for=NOT_A_MEMBER"}},
      {"confirm 1 for=A", {"acting_for=MALFORMED"}},
      {"gift ana -> ana 1h", {"credited=SAME_HOLDER"}},
      {"gift pots/ana -> ana 1h", {}},
      {"opening pots/opening 1h", {"holder=SAME_HOLDER"}},
      {"close ana to=ana", {"destination=SAME_HOLDER"}},
      {"merge ana into ana", {"into=SAME_HOLDER"}},
      {"merge A into b-", {"name=MALFORMED", "into=MALFORMED"}},
      // People without names.
      {record + "unnamed_givers=10000 unnamed_receivers=10000", {}},
      {record + "unnamed_givers=10001", {"exchange.unnamed_givers=OUT_OF_RANGE"}},
      {record + "unnamed_receivers=-1", {"exchange.unnamed_receivers=OUT_OF_RANGE"}},
      // Days.
      {record + "on=2026-11-15", {"exchange.occurred_on=DAY_IN_FUTURE"}},
      {record + "on=1899-12-31", {"exchange.occurred_on=DAY_TOO_EARLY"}},
      {"gift ana -> ben 1h on=2026-11-15", {"occurred_on=DAY_IN_FUTURE"}},
      {"opening ana 1h on=1899-12-31", {"occurred_on=DAY_TOO_EARLY"}},
      {"member joined=2026-11-15", {"member.joined_on=DAY_IN_FUTURE"}},
      {"close ana on=2026-11-15", {"closed_on=DAY_IN_FUTURE"}},
      // Words: notes and reasons in bytes, the rest in characters.
      {record + "note=" + Times(1000, e), {}},
      {record + "note=" + Times(1000, e) + "x", {"exchange.note=TOO_LONG"}},
      {record + "category=" + Times(64, e), {}},
      {record + "category=" + Times(65, e), {"exchange.category=TOO_LONG"}},
      {record + "decision=" + Times(200, e), {}},
      {record + "decision=" + Times(201, "x"), {"exchange.decision=TOO_LONG"}},
      {record + "tags=" + Ids(10, "t"), {}},
      {record + "tags=" + Ids(11, "t"), {"exchange.tags=TOO_MANY"}},
      {record + "tags=a," + Times(41, "x"), {"exchange.tags[1]=TOO_LONG"}},
      {"reverse 1 because=" + Times(500, e), {}},
      {"reverse 1 because=" + Times(501, e), {"reason=TOO_LONG"}},
      {"contest 1", {"reason=REQUIRED"}},
      {"gift ana -> ben 1h note=" + Times(2001, "x"), {"note=TOO_LONG"}},
      {"opening ana 1h note=" + Times(2001, "x"), {"note=TOO_LONG"}},
      // Origins.
      {record + "origin=" + Times(40, "a") + "/" + Times(200, e), {}},
      {record + "origin=" + Times(41, "a") + "/" + Times(201, e),
       {"exchange.origin.system=MALFORMED", "exchange.origin.number=TOO_LONG"}},
      {record + "origin=/1", {"exchange.origin.system=REQUIRED"}},
      {record + "origin=Oak/1", {"exchange.origin.system=MALFORMED"}},
      {record + "origin=oak/", {"exchange.origin.number=REQUIRED"}},
      // Changes.
      {"correct 1", {"exchange=REQUIRED"}},
      {"correct 1 seconds=0h", {"exchange.seconds=MUST_BE_POSITIVE"}},
      {"correct 1 givers=ana receivers=ana", {"exchange.receivers[0].holder=SAME_HOLDER"}},
      {"settle 1 corrected", {}},
      {"settle 1 stands note=x", {"exchange=NO_EFFECT"}},
      {"settle 1 reversed seconds=1h", {"exchange=NO_EFFECT"}},
      // Members.
      {"member " + Times(63, "a"), {}},
      {"member " + Times(64, "a"), {"member_id=MALFORMED"}},
      {"member name=" + Times(200, e), {}},
      {"member name=" + Times(201, e), {"member.display_name=TOO_LONG"}},
      {"member phones=" + Ids(11, "p"), {"member.phones=TOO_MANY"}},
      {"member phones=" + Times(41, "1"), {"member.phones[0]=TOO_LONG"}},
      {"member note=" + Times(2001, "x"), {"member.note=TOO_LONG"}},
      {"member external=" + Ids(20, "oak/"), {}},
      {"member external=" + Ids(21, "oak/"), {"member.external_ids=TOO_MANY"}},
      {"member external=Oak/1", {"member.external_ids[0].system=MALFORMED"}},
      {"member external=oak/", {"member.external_ids[0].number=REQUIRED"}},
      {"update ana", {"update_mask=REQUIRED"}},
      {"update A name=x", {"member.name=MALFORMED"}},
      {"reopen A", {"name=MALFORMED"}},
      // Circles.
      {"circle knit " + Ids(256, "m"), {}},
      {"circle knit " + Ids(257, "m"), {"circle.members=TOO_MANY"}},
      {"circle Knit A", {"circle_id=MALFORMED", "circle.members[0]=MALFORMED"}},
      {"join knit ,", {"members=REQUIRED"}},
      {"join Knit a,B", {"name=MALFORMED", "members[1]=MALFORMED"}},
      // Banks.
      {"timebank Oak", {"timebank_id=MALFORMED"}},
      {"timebank oak categories=" + Ids(501, "c"), {"timebank.settings.categories=TOO_MANY"}},
      {"settings", {"update_mask=REQUIRED"}},
      {"settings starter=100h", {}},
      {"settings starter=100h1s", {"settings.starter_seconds=OUT_OF_RANGE"}},
      {"settings starter=-1s", {"settings.starter_seconds=OUT_OF_RANGE"}},
      {"settings warn_below=-1000000000001s warn_above=1000000000001s block_below=-1000000000001s "
       "block_above=1000000000001s",
       {"settings.warn_below_seconds=OUT_OF_RANGE", "settings.warn_above_seconds=OUT_OF_RANGE",
        "settings.block_below_seconds=OUT_OF_RANGE", "settings.block_above_seconds=OUT_OF_RANGE"}},
      // Batches.
      {"batch", {"exchanges=REQUIRED"}},
      // Everything that is wrong is found at once.
      {"record Ana:0h -> ben,ben -1h on=2030-01-01 unnamed_givers=-1 origin=/",
       {"exchange.givers[0].holder=MALFORMED", "exchange.givers[0].seconds=MUST_BE_POSITIVE",
        "exchange.receivers[1].holder=SAME_HOLDER", "exchange.seconds=MUST_BE_POSITIVE",
        "exchange.unnamed_givers=OUT_OF_RANGE", "exchange.occurred_on=DAY_IN_FUTURE",
        "exchange.origin.system=REQUIRED", "exchange.origin.number=REQUIRED"}},
  };
  Script bank;
  std::set<std::string> provoked;
  for (const Row& row : rows) {
    const auto command = bank.Parse(row.line);
    ASSERT_THAT(command, IsOk()) << row.line;
    EXPECT_EQ(Problems(*command), row.problems) << row.line;
    for (const std::string& problem : row.problems) provoked.insert(problem.substr(problem.find('=') + 1));
  }
  // The others come from texts that are not UTF-8, and from names, masks and time zones, which the services
  // read.
  EXPECT_THAT(provoked, testing::UnorderedElementsAre(
                            violation::kRequired, violation::kMustBePositive, violation::kOutOfRange,
                            violation::kTooLong, violation::kTooMany, violation::kMalformed,
                            violation::kDayInFuture, violation::kDayTooEarly, violation::kSameHolder,
                            violation::kNoEffect, violation::kNotAMember));
}

// Goal: every text of every command must be UTF-8.
TEST(ValidateTest, EveryTextIsUtf8) {
  const std::string bad = "\xff";
  RecordExchange record;
  record.exchange.givers = {{{HolderKind::kMember, "ana"}, std::nullopt}};
  record.exchange.receivers = {{{HolderKind::kMember, "ben"}, std::nullopt}};
  record.exchange.seconds = 1;
  record.exchange.category = record.exchange.note = record.exchange.decision = bad;
  record.exchange.tags = {"a", bad};
  record.exchange.origin = OriginSpec{.system = "oak", .number = bad, .recorded_by = bad, .time_us = 0};
  Command command;
  command.act = record;
  EXPECT_THAT(Problems(command),
              ElementsAre("exchange.category=NOT_UTF8", "exchange.note=NOT_UTF8", "exchange.tags[1]=NOT_UTF8",
                          "exchange.decision=NOT_UTF8", "exchange.origin.number=NOT_UTF8",
                          "exchange.origin.recorded_by=NOT_UTF8"));
  command.act = ReverseExchange{.exchange = 1, .reason = bad, .acting_for = {}};
  EXPECT_THAT(Problems(command), ElementsAre("reason=NOT_UTF8"));

  CreateMember create;
  create.details.set_display_name(bad);
  create.details.add_phones(bad);
  create.details.add_emails(bad);
  create.details.set_language(bad);
  create.details.set_note(bad);
  create.details.add_external_ids()->set_system("oak");
  create.details.mutable_external_ids(0)->set_number(bad);
  command.act = create;
  EXPECT_THAT(Problems(command),
              ElementsAre("member.display_name=NOT_UTF8", "member.phones[0]=NOT_UTF8",
                          "member.emails[0]=NOT_UTF8", "member.language=NOT_UTF8", "member.note=NOT_UTF8",
                          "member.external_ids[0].number=NOT_UTF8"));
  CreateCircle circle;
  circle.display_name = bad;
  command.act = circle;
  EXPECT_THAT(Problems(command), ElementsAre("circle.display_name=NOT_UTF8"));
  CreateTimebank bank;
  bank.id = "oak";
  bank.display_name = bad;
  bank.settings.set_locale(bad);
  bank.categories = {bad};
  bank.settings.set_smallest_count_shown(101);
  command.act = bank;
  EXPECT_THAT(Problems(command),
              ElementsAre("timebank.display_name=NOT_UTF8", "timebank.settings.locale=NOT_UTF8",
                          "timebank.settings.categories[0]=NOT_UTF8",
                          "timebank.settings.smallest_count_shown=OUT_OF_RANGE"));
}

// Goal: what the script's language cannot say: no holder at all, an empty word in a list, a bank without an
// id, a member's day of joining in an update.
TEST(ValidateTest, WhatIsLeftOut) {
  Command command;
  command.act = RecordGift();
  EXPECT_THAT(Problems(command),
              ElementsAre("debited=REQUIRED", "credited=REQUIRED", "seconds=MUST_BE_POSITIVE"));
  command.act = RecordOpening();
  EXPECT_THAT(Problems(command), ElementsAre("holder=REQUIRED", "seconds=REQUIRED"));
  command.act = CreateTimebank();
  EXPECT_THAT(Problems(command), ElementsAre("timebank_id=REQUIRED"));
  RecordExchange record;
  record.exchange.givers = {ShareSpec()};
  record.exchange.receivers = {{{HolderKind::kMember, "ben"}, std::nullopt}};
  record.exchange.seconds = 1;
  record.exchange.tags = {""};
  command.act = record;
  EXPECT_THAT(Problems(command),
              ElementsAre("exchange.givers[0].holder=REQUIRED", "exchange.tags[0]=REQUIRED"));
  UpdateMember update;
  update.id = "ana";
  update.mask = {"joined_on"};
  update.details.set_joined_on(1);
  command.act = update;
  EXPECT_THAT(Problems(command), ElementsAre("member.joined_on=DAY_IN_FUTURE"));
}

// Goal: a batch's items carry their own problems under the path that they are given.
TEST(ValidateTest, ItemsHaveTheirOwnPath) {
  std::vector<std::string> problems;
  for (const Violation& violation : ValidateExchange(ExchangeSpec(), Stamp(), "exchanges[7].")) {
    problems.push_back(violation.field + "=" + violation.reason);
  }
  EXPECT_THAT(problems, ElementsAre("exchanges[7].givers=REQUIRED", "exchanges[7].receivers=REQUIRED"));
}

// Goal: UTF-8 as RFC 3629 has it.
TEST(ValidateTest, Utf8) {
  for (const std::string_view good : {
           std::string_view(""),
           std::string_view("a\0b", 3),
           std::string_view("\x7f"),
           std::string_view("\xc2\x80"),          // U+0080, the first of two bytes
           std::string_view("\xdf\xbf"),          // U+07FF
           std::string_view("\xe0\xa0\x80"),      // U+0800
           std::string_view("\xed\x9f\xbf"),      // U+D7FF, before the surrogates
           std::string_view("\xee\x80\x80"),      // U+E000, behind them
           std::string_view("\xef\xbf\xbf"),      // U+FFFF
           std::string_view("\xf0\x90\x80\x80"),  // U+10000
           std::string_view("\xf4\x8f\xbf\xbf"),  // U+10FFFF, the last one
           std::string_view("caf\xc3\xa9 \xf0\x9f\x8c\xb7!"),
       }) {
    EXPECT_TRUE(IsUtf8(good)) << good;
  }
  for (const std::string_view bad : {
           std::string_view("\x80"),              // begins in the middle
           std::string_view("\xbf"),              //
           std::string_view("\xc3"),              // ends in the middle
           std::string_view("\xe2\x82"),          //
           std::string_view("\xf0\x9f\x8c"),      //
           std::string_view("\xc3x"),             // goes on with something else
           std::string_view("\xe2\x82x"),         //
           std::string_view("\xf0\x9f\x8cx"),     //
           std::string_view("\xf0\x9fx\x8c"),     //
           std::string_view("\xc0\xaf"),          // overlong `/`
           std::string_view("\xc1\xbf"),          //
           std::string_view("\xe0\x9f\xbf"),      // overlong U+07FF
           std::string_view("\xf0\x8f\xbf\xbf"),  // overlong U+FFFF
           std::string_view("\xed\xa0\x80"),      // surrogate U+D800
           std::string_view("\xed\xbf\xbf"),      // surrogate U+DFFF
           std::string_view("\xf4\x90\x80\x80"),  // U+110000
           std::string_view("\xf5\x80\x80\x80"),  //
           std::string_view("\xff"),              //
           std::string_view("\xfe"),              //
           std::string_view("good \xc3\xa9, bad \xe9"),
       }) {
    EXPECT_FALSE(IsUtf8(bad)) << testing::PrintToString(bad);
  }
  EXPECT_EQ(CharactersIn("caf\xc3\xa9 \xf0\x9f\x8c\xb7!"), 7u);
  EXPECT_EQ(CharactersIn(""), 0u);
}

// Goal: ids are [a-z0-9] with inner `-`, `_` or `.`, 1 to 63 characters; systems 1 to 40, anywhere.
TEST(ValidateTest, IdsAndSystems) {
  for (const char* good : {"a", "7", "a-b", "a_b.c--d", "0.9"}) EXPECT_TRUE(IsId(good)) << good;
  for (const char* bad : {"", "-", "-a", "a-", ".a", "a_", "A", "a b", "a/b", "é", "a\n"})
    EXPECT_FALSE(IsId(bad)) << bad;
  EXPECT_TRUE(IsId(std::string(63, 'a')));
  EXPECT_FALSE(IsId(std::string(64, 'a')));
  EXPECT_TRUE(IsSystem("-oak."));
  EXPECT_TRUE(IsSystem(std::string(40, 'a')));
  EXPECT_FALSE(IsSystem(std::string(41, 'a')));
  EXPECT_FALSE(IsSystem(""));
  EXPECT_FALSE(IsSystem("Oak"));
}

// Goal: a well-formed command has nothing wrong with it.
TEST(ValidateTest, NothingWrong) {
  Script bank;
  for (const char* line :
       {"record ana -> ben 1h", "record ana:1h -> ben", "record - -> ben 1h unnamed_givers=1", "erase_note 1",
        "reopen ana", "leave knit ana", "settings categories="}) {
    EXPECT_THAT(Problems(*bank.Parse(line)), IsEmpty()) << line;
  }
}

}  // namespace
}  // namespace timebank::ledger
