// The importer alone: rows from a script, against a bank that remembers.
#include "client/cli/importer.h"

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "client/cli/errors.h"
#include "client/cli/rejects_files.h"
#include "tests/unit/cli/fake_bank.h"

namespace timebank::cli {
namespace {

using imports::DeclaredBalance;
using imports::ImportedExchange;
using imports::ImportedMember;
using imports::ImportedOpening;
using imports::Row;

constexpr int64_t kHour = 3600;

// Rows as they stand in the script; each stands on the line of its place there.
class ScriptedReader : public imports::Reader {
 public:
  explicit ScriptedReader(std::vector<Row> rows, std::string_view system = "oak")
      : rows_(rows.begin(), rows.end()), system_(system) {}

  absl::StatusOr<bool> Next(Row& row) override {
    if (rows_.empty()) return false;
    row = std::move(rows_.front());
    rows_.pop_front();
    std::visit([this](auto& one) { one.place = {"script.csv", ++line_}; }, row);
    return true;
  }
  std::string_view system() const override { return system_; }
  std::string_view id_prefix() const override { return "oak-"; }
  std::vector<std::string> Heading(std::string_view) const override { return {"who", "what"}; }
  char Separator(std::string_view) const override { return ','; }
  std::vector<std::string> LeftOut() const override { return {}; }
  int64_t bytes_consumed() const override { return line_; }
  int64_t bytes_total() const override { return line_; }

 private:
  std::deque<Row> rows_;
  std::string_view system_;
  int64_t line_ = 0;
};

ImportedMember Member(const std::string& number, const std::string& name = "") {
  ImportedMember member;
  member.number = number;
  member.display_name = name;
  return member;
}

ImportedMember Left(const std::string& number, const std::string& closed_on) {
  ImportedMember member = Member(number, absl::StrCat("Left ", number));
  member.closed = true;
  member.closed_on = closed_on;
  return member;
}

ImportedExchange Helped(const std::string& giver, const std::string& receiver, int64_t seconds,
                        const std::string& day, const std::string& origin) {
  ImportedExchange exchange;
  exchange.giver = giver;
  exchange.receiver = receiver;
  exchange.seconds = seconds;
  exchange.occurred_on = day;
  exchange.origin_number = origin;
  return exchange;
}

ImportedOpening Opening(const std::string& number, int64_t seconds, const std::string& origin) {
  ImportedOpening opening;
  opening.number = number;
  opening.seconds = seconds;
  opening.occurred_on = "2020-01-01";
  opening.origin_number = origin;
  return opening;
}

DeclaredBalance Declared(const std::string& number, int64_t seconds, int64_t within_seconds = 0) {
  DeclaredBalance declared;
  declared.number = number;
  declared.seconds = seconds;
  declared.within_seconds = within_seconds;
  return declared;
}

// `giver` helped the community.
imports::ImportedEntry Entry(const std::string& giver, int64_t seconds, const std::string& number) {
  imports::ImportedEntry entry;
  entry.occurred_on = "2020-01-01";
  entry.origin = {"timebank", number, "", absl::InfinitePast()};
  entry.givers = {{{imports::ImportedHolder::Kind::kMember, giver}, seconds}};
  entry.receivers = {{{imports::ImportedHolder::Kind::kPot, "community"}, seconds}};
  entry.movements = {{entry.givers[0].holder, seconds}, {entry.receivers[0].holder, -seconds}};
  return entry;
}

class ImporterTest : public ::testing::Test {
 protected:
  ImportReport Run(const std::vector<Row>& rows, ImporterOptions options) {
    rejects_.clear();
    ScriptedReader reader(rows, system_);
    options.bank = "timebanks/rushey";
    options.today = "2023-11-16";
    options.on_reject = [this](const imports::Reject& reject, bool by_server) {
      rejects_.push_back(absl::StrCat(reject.place.line, by_server ? " (server) " : " ",
                                      reject.field.empty() ? "" : reject.field + ": ", reject.reason));
    };
    Importer importer(client::Client(bank_), reader, std::move(options));
    auto report = importer.Run();
    EXPECT_TRUE(report.ok()) << report.status();
    if (!report.ok()) return {};
    if (options.commit || last_commit_) {
      auto check = importer.CheckBalances(*report);
      EXPECT_TRUE(check.ok()) << check.status();
      if (check.ok()) check_ = *check;
    }
    return *report;
  }
  ImportReport Ask(const std::vector<Row>& rows) {
    last_commit_ = false;
    return Run(rows, {});
  }
  // As the command does it: with a plan where somebody left.
  ImportReport Post(const std::vector<Row>& rows, bool make_members = false) {
    const ImportReport plan = Ask(rows);
    last_commit_ = true;
    return Run(rows, {.commit = true, .make_members = make_members, .plan = &plan});
  }
  const v1::Member& MemberAt(size_t index) { return bank_->members().at(index); }

  std::shared_ptr<FakeBank> bank_ = std::make_shared<FakeBank>();
  std::vector<std::string> rejects_;
  BalanceCheck check_;
  std::string_view system_ = "oak";
  bool last_commit_ = false;
};

// Goal: all that a row tells arrives: kind, contacts, category, who recorded it there and when.
TEST_F(ImporterTest, WhatARowTellsArrives) {
  ImportedMember shop = Member("1", "Corner shop");
  shop.kind = ImportedMember::Kind::kOrganisation;
  shop.joined_on = "2019-05-01";
  shop.phones = {"622743103"};
  shop.emails = {"shop@example.org"};
  ImportedExchange exchange = Helped("1", "2", kHour, "2020-02-03", "77");
  exchange.note = "=SUM(A1)";
  exchange.category = "Gardening";
  exchange.recorded_by = "ABCD0003";
  exchange.record_time = absl::FromUnixSeconds(1580720400);
  const ImportReport report = Post({shop, Member("2"), exchange});
  EXPECT_EQ(report.members_new, 2);
  EXPECT_EQ(report.exchanges_new, 1);
  EXPECT_EQ(MemberAt(0).name(), "timebanks/rushey/members/oak-1");
  EXPECT_EQ(MemberAt(0).kind(), v1::Member::KIND_ORGANISATION);
  EXPECT_EQ(MemberAt(0).joined_on(), "2019-05-01");
  EXPECT_EQ(MemberAt(0).phones(0), "622743103");
  EXPECT_EQ(MemberAt(0).emails(0), "shop@example.org");
  const v1::Exchange& posted = bank_->exchanges().at(0);
  EXPECT_EQ(posted.note(), "=SUM(A1)");
  EXPECT_EQ(posted.category(), "Gardening");
  EXPECT_EQ(posted.origin().system(), "oak");
  EXPECT_EQ(posted.origin().number(), "77");
  EXPECT_EQ(posted.origin().recorded_by(), "ABCD0003");
  EXPECT_EQ(posted.origin().record_time().seconds(), 1580720400);
}

// Goal: openings are posted once, against the opening pot, which is among the balances that are compared.
TEST_F(ImporterTest, OpeningsArePostedOnce) {
  const std::vector<Row> rows = {
      Member("1", "Ana"),         Member("2", "Ben"),    Opening("1", 3 * kHour, "o1"),
      Opening("2", -kHour, "o2"), Opening("2", 0, "o3"), Opening("9", kHour, "o4")};
  const ImportReport asked = Ask(rows);
  EXPECT_EQ(asked.openings_new, 2);
  EXPECT_EQ(asked.opening_pot.new_seconds, -2 * kHour);
  EXPECT_EQ(rejects_.size(), 2u);
  EXPECT_TRUE(bank_->members().empty());
  EXPECT_EQ(Post(rows).openings_new, 2);
  EXPECT_EQ(bank_->Balance("members/oak-1"), 3 * kHour);
  EXPECT_EQ(bank_->Balance("members/oak-2"), -kHour);
  EXPECT_EQ(bank_->exchanges().at(0).kind(), v1::Exchange::KIND_OPENING);
  EXPECT_EQ(bank_->exchanges().at(0).origin().number(), "o1");
  EXPECT_TRUE(check_.differences.empty());
  EXPECT_TRUE(check_.opening_pot);
  EXPECT_FALSE(check_.community_pot);
  EXPECT_EQ(check_.accounts(), 3);
  EXPECT_EQ(Ask(rows).openings_known, 2) << "a dry run knows them, too";
  const ImportReport again = Post(rows);
  EXPECT_EQ(again.openings_new, 0);
  EXPECT_EQ(again.openings_known, 2);
  EXPECT_EQ(bank_->exchanges().size(), 2u);
}

// Goal: a number that stands for something else in the bank is known and changes nothing, but it is told, by
// a dry run too: other hours, another giver, of exchanges and openings; what is the same is not.
TEST_F(ImporterTest, KnownAndNotTheSame) {
  const std::vector<Row> members = {Member("1", "Ana"), Member("2", "Ben"), Member("3", "Cai")};
  std::vector<Row> rows = members;
  for (Row row : std::vector<Row>{Opening("3", -2 * kHour, "o"), Helped("1", "2", kHour, "2020-02-01", "a"),
                                  Helped("1", "2", kHour, "2020-02-02", "b"),
                                  Helped("1", "2", kHour, "2020-02-03", "c")}) {
    rows.push_back(row);
  }
  EXPECT_EQ(Post(rows).known_otherwise, 0);
  EXPECT_EQ(Post(rows).known_otherwise, 0);
  const int64_t before = bank_->Balance("members/oak-1");
  std::vector<Row> changed = members;
  for (Row row : std::vector<Row>{
           Opening("3", -7 * kHour, "o"), Helped("1", "2", 3 * kHour, "2020-02-01", "a"),
           Helped("2", "1", kHour, "2020-02-02", "b"), Helped("1", "2", kHour, "2020-02-03", "c")}) {
    changed.push_back(row);
  }
  for (const ImportReport& report : {Ask(changed), Post(changed)}) {
    EXPECT_EQ(report.exchanges_known, 3);
    EXPECT_EQ(report.openings_known, 1);
    EXPECT_EQ(report.known_otherwise, 3);
    ASSERT_EQ(report.otherwise.size(), 3u);
    EXPECT_EQ(report.otherwise[0].file_seconds, 7 * kHour);
    EXPECT_EQ(report.otherwise[0].bank_seconds, 2 * kHour);
    EXPECT_EQ(report.otherwise[1].place.line, 5);
    EXPECT_EQ(report.otherwise[1].bank_seconds, kHour);
    EXPECT_EQ(report.otherwise[2].file_giver.number, "2");
    EXPECT_EQ(report.otherwise[2].bank_giver, "members/oak-1");
  }
  EXPECT_EQ(bank_->Balance("members/oak-1"), before);
}

// Goal: help of before the bank's opening balances is asked about, unless the same files have the openings.
TEST_F(ImporterTest, HelpOfBeforeTheOpenings) {
  const std::vector<Row> members = {Member("1", "Ana"), Member("2", "Ben")};
  std::vector<Row> openings = members;
  openings.push_back(Opening("1", 2 * kHour, "o"));  // 2020-01-01
  EXPECT_EQ(Post(openings).before_opening, 0);
  std::vector<Row> history = members;
  for (const char* day : {"2019-05-01", "2020-01-01", "2020-01-02"})
    history.push_back(Helped("1", "2", kHour, day, day));
  EXPECT_EQ(Ask(history).before_opening, 2);
  openings.insert(openings.end(), history.begin() + 2, history.end());
  EXPECT_EQ(Ask(openings).before_opening, 0);
  EXPECT_EQ(Post(history).before_opening, 2);
  EXPECT_EQ(Post(history).before_opening, 0) << "nothing is new any more";
}

// Goal: a balance that does not come out is found on both sides of an opening.
TEST_F(ImporterTest, TheOpeningPotIsComparedToo) {
  EXPECT_CALL(*bank_, RecordOpening).WillOnce([](auto, auto&) {
    return v1::RecordOpeningResponse();  // says OK and moves nothing
  });
  Post({Member("1", "Ana"), Opening("1", kHour, "o1")});
  ASSERT_EQ(check_.differences.size(), 2u);
  EXPECT_EQ(check_.differences[1].account.holder, "timebanks/rushey/pots/opening");
  EXPECT_EQ(check_.differences[1].account.expected_seconds(), -kHour);
}

// Goal: who left ends closed on that day with the hours where they are, in debit, even or in credit; what is
// dated after they left is posted all the same. A second run closes nobody twice.
TEST_F(ImporterTest, WhoLeftEndsClosed) {
  const std::vector<Row> rows = {
      Member("1", "Ana"),
      Left("2", "2020-03-01"),  // in debit
      Left("3", "2020-03-01"),  // in credit, all before
      Left("4", "2020-03-01"),  // in credit, with an exchange after
      Left("5", ""),            // even, no day told
      Left("6", "2020-03-01"),  // in debit, with an exchange after
      Left("7", "2099-01-01"),  // in credit, a day to come
      Opening("3", kHour, "o"),
      Helped("1", "2", kHour, "2020-02-01", "a"),
      Helped("3", "1", kHour, "2020-02-01", "b"),
      Helped("4", "1", kHour, "2020-02-01", "c"),
      Helped("4", "1", kHour, "2020-05-01", "d"),
      Helped("1", "6", kHour, "2020-05-01", "e"),
      Helped("7", "1", kHour, "2023-11-16", "f"),
  };
  const ImportReport asked = Ask(rows);
  EXPECT_EQ(asked.closed, 6);
  EXPECT_EQ(asked.closed_later, 1);
  EXPECT_TRUE(asked.left_open.empty());
  const ImportReport report = Post(rows);
  EXPECT_EQ(rejects_, std::vector<std::string>());
  EXPECT_EQ(report.closed, 6);
  EXPECT_EQ(report.closed_later, 1);
  EXPECT_TRUE(report.left_open.empty());
  const std::vector<std::string> days = {"2020-03-01", "2020-03-01", "2020-05-01",
                                         "2023-11-16", "2020-03-01", "2023-11-16"};
  const std::vector<int64_t> hours = {-1, 2, 2, 0, -1, 1};
  for (size_t i = 0; i < days.size(); ++i) {
    EXPECT_EQ(MemberAt(i + 1).state(), v1::Member::STATE_CLOSED) << i + 2;
    EXPECT_EQ(MemberAt(i + 1).closed_on(), days[i]) << i + 2;
    EXPECT_EQ(bank_->Balance(absl::StrCat("members/oak-", i + 2)), hours[i] * kHour) << i + 2;
  }
  EXPECT_TRUE(check_.differences.empty());
  EXPECT_CALL(*bank_, CloseMember).Times(0);
  const ImportReport again = Post(rows);
  EXPECT_EQ(again.closed, 0);
  EXPECT_EQ(again.closed_before, 6);
  EXPECT_EQ(again.exchanges_known, 6);
}

// Goal: a member who was reopened or changed here, or has hours here already, is not closed in silence.
TEST_F(ImporterTest, WhoIsNotClosedIsTold) {
  const std::vector<Row> first = {Member("1", "Ana"), Member("2", "Ben"), Member("3", "Carla"),
                                  Helped("2", "1", kHour, "2020-01-01", "a")};
  Post(first);
  bank_->members()[2].mutable_update_time()->set_seconds(9);
  const std::vector<Row> second = {Member("1", "Ana"), Left("2", "2020-03-01"), Left("3", "2020-03-01"),
                                   Helped("2", "1", kHour, "2020-02-01", "b")};
  EXPECT_EQ(Ask(second).left_open.size(), 2u);
  const ImportReport report = Post(second);
  EXPECT_EQ(report.closed, 0);
  ASSERT_EQ(report.left_open.size(), 2u);
  EXPECT_EQ(report.left_open[0].account.number, "2");
  EXPECT_EQ(report.left_open[0].why, LeftOpen::Why::kHasHours);
  EXPECT_EQ(report.left_open[1].why, LeftOpen::Why::kChanged);
  EXPECT_EQ(MemberAt(1).state(), v1::Member::STATE_ACTIVE);
  EXPECT_EQ(MemberAt(2).state(), v1::Member::STATE_ACTIVE);
}

// Goal: somebody who left since an earlier import, in debit and untouched here, is closed by the next one.
TEST_F(ImporterTest, WhoLeftSinceIsClosed) {
  Post({Member("1", "Ana"), Member("2", "Left 2"), Helped("1", "2", kHour, "2020-01-01", "a")});
  EXPECT_EQ(Post({Member("1", "Ana"), Left("2", "2020-03-01")}).closed, 1);
  EXPECT_EQ(MemberAt(1).closed_on(), "2020-03-01");
}

// Goal: who is made has the name that the row gives; one that cannot be stored is left out, and no exchange
// with it.
TEST_F(ImporterTest, MadeMembersHaveTheirNames) {
  ImportedExchange helped = Helped("7", "8", kHour, "2020-01-01", "a");
  helped.giver_name = "Ana";
  helped.receiver_name = std::string(1000, 'x');
  const ImportReport report = Post({helped}, /*make_members=*/true);
  EXPECT_EQ(report.exchanges_new, 1);
  ASSERT_EQ(bank_->members().size(), 2u);
  EXPECT_EQ(MemberAt(0).display_name(), "Ana");
  EXPECT_EQ(MemberAt(1).display_name(), "");
}

// Goal: what a later file knows better fills in what is empty and overwrites nothing.
TEST_F(ImporterTest, FillsInWhatIsEmpty) {
  ImportedExchange helped = Helped("1", "2", kHour, "2020-01-01", "a");
  helped.giver_field = "Seller";
  Post({Member("1", "Ana"), helped});
  EXPECT_EQ(rejects_.size(), 1u) << "nobody knows member 2";
  Post({Member("1", "Ana"), helped}, /*make_members=*/true);
  ASSERT_EQ(bank_->members().size(), 2u);
  EXPECT_EQ(MemberAt(1).display_name(), "");

  ImportedMember ana = Member("1", "Ana María");
  ana.phones = {"1"};
  ImportedMember two = Member("2", "Corner shop");
  two.kind = ImportedMember::Kind::kOrganisation;
  two.joined_on = "2018-01-01";
  const ImportReport asked = Ask({ana, two});
  EXPECT_EQ(asked.members_filled, 2);
  EXPECT_EQ(MemberAt(1).display_name(), "") << "asking changes nothing";
  const ImportReport report = Post({ana, two});
  EXPECT_EQ(report.members_filled, 2);
  EXPECT_EQ(report.members_named_otherwise, 1);
  EXPECT_EQ(MemberAt(0).display_name(), "Ana");
  EXPECT_EQ(MemberAt(0).phones(0), "1");
  EXPECT_EQ(MemberAt(1).display_name(), "Corner shop");
  EXPECT_EQ(MemberAt(1).kind(), v1::Member::KIND_ORGANISATION);
  EXPECT_EQ(MemberAt(1).joined_on(), "2018-01-01");
  EXPECT_CALL(*bank_, UpdateMember).Times(0);
  EXPECT_EQ(Post({ana, two}).members_filled, 0);
}

// Goal: a declared balance is compared with what the rows add up to, or with what the account comes to where
// the files hold a part of the history; rounding is no difference.
TEST_F(ImporterTest, DeclaredBalancesAreCompared) {
  const std::vector<Row> rows = {
      Member("1", "Ana"),      Member("2", "Ben"),   Helped("1", "2", 5000, "2020-01-01", "a"),
      Declared("1", 5004, 18), Declared("2", -5400), Declared("", 0),
      Declared("8", 0),        Declared("9", kHour), Declared("1", INT64_MIN, 1)};
  for (const bool posted : {false, true}) {
    const ImportReport report = posted ? Post(rows) : Ask(rows);
    EXPECT_EQ(report.declared, 6);
    ASSERT_EQ(report.declared_differences.size(), 3u);
    EXPECT_EQ(report.declared_differences[0].declared.place.line, 5);
    EXPECT_EQ(report.declared_differences[0].declared.seconds, -5400);
    EXPECT_EQ(report.declared_differences[0].account.files_seconds(), -5000);
    EXPECT_EQ(report.declared_differences[1].declared.number, "9");
  }
  EXPECT_TRUE(Ask({Member("1", "Ana"), Helped("1", "2", 1000, "2020-01-02", "b"), Declared("1", 6000)})
                  .declared_differences.empty())
      << "the rest of the history came earlier";
}

// Goal: what the server would refuse is found before anything is posted.
TEST_F(ImporterTest, LimitsAreSeenBeforehand) {
  ImportedMember long_name = Member("3", std::string(201, 'x'));
  ImportedMember many_phones = Member("4");
  many_phones.phones.assign(11, "1");
  ImportedExchange note = Helped("1", "2", 1, "2020-01-01", "a");
  note.note = std::string(2001, 'x');
  ImportedExchange category = Helped("1", "2", 1, "2020-01-01", "b");
  category.category = std::string(65, 'x');
  ImportedExchange recorder = Helped("1", "2", 1, "2020-01-01", "c");
  recorder.recorded_by = "\xFF";
  const std::vector<Row> rows = {Member("1"),
                                 Member("2"),
                                 long_name,
                                 many_phones,
                                 note,
                                 category,
                                 recorder,
                                 Helped("1", "1", 1, "2020-01-01", "d"),
                                 Helped("1", "2", 1, "2023-11-17", "e"),
                                 Helped("1", "2", 1, "1899-12-31", "f"),
                                 Helped("1", "2", 1, "2020-01-01", std::string(201, 'x')),
                                 Helped("1", "2", 0, "2020-01-01", "g"),
                                 Helped("", "", 1, "2020-01-01", "h"),
                                 imports::Reject{{}, "amount", "not a number"},
                                 Helped("1", "2", 1, "2023-11-16", "good")};
  EXPECT_EQ(Ask(rows).rejected, 12);
  EXPECT_EQ(rejects_.at(0), "3 the name is longer than 200 characters");
  EXPECT_EQ(rejects_.at(1), "4 more than 10 of phones (11)");
  EXPECT_EQ(rejects_.at(6), "9 the day lies in the future (2023-11-17; today is 2023-11-16)");
  EXPECT_EQ(rejects_.back(), "14 amount: not a number");
  EXPECT_EQ(Post(rows).rejected, 12);
  EXPECT_EQ(bank_->exchanges().size(), 1u);
}

// Goal: ids are made of numbers, never of names, and never of one that somebody has.
TEST_F(ImporterTest, IdsAreNotMadeOfNames) {
  bank_->AddMember("oak-1", "Somebody else");
  Post({Member("1", "Ana"), Member("AB0002", "Ben"), Member("Zoë Muñoz", "Zoë Muñoz"),
        Member("carla", "Carla"), Member("ab0002", "Another Ben")});
  ASSERT_EQ(bank_->members().size(), 6u);
  const std::vector<std::string> ids = {"oak-1", "m2", "oak-ab0002", "m4", "m5", "m6"};
  for (size_t i = 0; i < ids.size(); ++i) {
    EXPECT_EQ(MemberAt(i).name(), "timebanks/rushey/members/" + ids[i]);
  }
  EXPECT_EQ(MemberAt(3).external_ids(0).number(), "Zoë Muñoz");
}

// Goal: a member keeps the id that it brings, unless somebody else has it here.
TEST_F(ImporterTest, IdsAreKeptWhereTheyAreFree) {
  ImportedMember ana = Member("elm/ana", "Ana");
  ana.id = "ana";
  ana.external_ids = {{"ces", "NORE0042"}};
  ana.language = "ca";
  ana.note = "rings in the evening";
  Post({ana});
  ASSERT_EQ(MemberAt(0).name(), "timebanks/rushey/members/ana");
  const v1::Member created = MemberAt(0);
  EXPECT_EQ(created.external_ids(1).number(), "NORE0042");
  EXPECT_EQ(created.language(), "ca");
  EXPECT_EQ(created.note(), "rings in the evening");
  ana.number = "ash/ana";
  const ImportReport report = Post({ana});
  EXPECT_EQ(report.members_new, 1);
  EXPECT_NE(report.accounts.at("ash/ana").holder, "timebanks/rushey/members/ana");
}

// Goal: members who become one have one balance, whatever the rows before called them.
TEST_F(ImporterTest, WhoIsMergedSharesABalance) {
  imports::ImportedEntry entry;
  entry.occurred_on = "2020-01-01";
  entry.origin = {"timebank", "elm/1", "", absl::InfinitePast()};
  entry.givers = {{{imports::ImportedHolder::Kind::kMember, "elm/ana2"}, kHour}};
  entry.receivers = {{{imports::ImportedHolder::Kind::kPot, "community"}, kHour}};
  entry.movements = {{entry.givers[0].holder, kHour}, {entry.receivers[0].holder, -kHour}};
  imports::ImportedMerge merge;
  merge.number = "elm/ana2";
  merge.into = "elm/ana";
  const ImportReport report = Ask({Member("elm/ana"), Member("elm/ana2"), entry, merge,
                                   Declared("elm/ana", kHour), Declared("", -kHour)});
  EXPECT_TRUE(report.declared_differences.empty());
  EXPECT_EQ(report.accounts.at("elm/ana").expected_seconds(), kHour);
  EXPECT_FALSE(report.accounts.at("elm/ana2").in_files);
}

// Goal: the bank that was exported refuses its own export; any other does not know its position.
TEST_F(ImporterTest, RefusesItsOwnExport) {
  class ExportReader : public ScriptedReader {
   public:
    ExportReader() : ScriptedReader({Member("elm/ana")}) {}
    std::string_view position() const override { return "p-17"; }
  };
  const auto run = [this] {
    ExportReader reader;
    return Importer(client::Client(bank_), reader, {.bank = "timebanks/rushey", .today = "2023-11-16"}).Run();
  };
  EXPECT_CALL(*bank_, ListEvents)
      .WillOnce([](const v1::ListEventsRequest& request, auto&) {
        EXPECT_EQ(request.after_position(), "p-17");
        return v1::ListEventsResponse();
      })
      .WillOnce(::testing::Return(ServiceError(absl::StatusCode::kInvalidArgument, "INVALID")));
  const auto refused = run();
  EXPECT_NE(refused.status().message().find("this very bank"), absl::string_view::npos) << refused.status();
  EXPECT_TRUE(run().ok());
}

// Goal: after a backup was brought back, its own later export is told as such, not as a server that is away.
TEST_F(ImporterTest, RefusesItsOwnLaterExport) {
  class ExportReader : public ScriptedReader {
   public:
    ExportReader() : ScriptedReader({Member("elm/ana")}) {}
    std::string_view position() const override { return "p-17"; }
  };
  bank_->bank.set_last_sequence(12);
  EXPECT_CALL(*bank_, ListEvents)
      .WillRepeatedly(::testing::Return(ServiceError(absl::StatusCode::kUnavailable, "NOT_SERVING")));
  ExportReader reader;
  const absl::Status refused =
      Importer(client::Client(bank_), reader, {.bank = "timebanks/rushey", .today = "2023-11-16"})
          .Run()
          .status();
  EXPECT_EQ(ExitCodeOf(refused), ExitCode::kUsage);
  EXPECT_NE(refused.message().find("after entry 12 is not in it"), absl::string_view::npos) << refused;
}

// Goal: entries of the bank itself are known without the file that tells where they come from; those of
// another bank of that name are not mistaken for them.
TEST_F(ImporterTest, KnowsItsOwnEntries) {
  imports::ImportedEntry entry = Entry("rushey/ana", kHour, "rushey/7");
  entry.origin.record_time = absl::FromUnixMicros(1'700'000'000'000'001);
  EXPECT_CALL(*bank_, GetExchange).WillRepeatedly([](const v1::GetExchangeRequest& request, auto&) {
    EXPECT_EQ(request.name(), "timebanks/rushey/exchanges/7");
    v1::GetExchangeResponse response;
    response.mutable_exchange()->mutable_record_time()->set_seconds(1'700'000'000);
    response.mutable_exchange()->mutable_record_time()->set_nanos(1000);
    return response;
  });
  const auto check = [&] {
    ScriptedReader reader({Member("rushey/ana"), Entry("rushey/ana", kHour, "elm/6"), entry}, "timebank");
    return RefuseOwnEntries(client::Client(bank_), reader, "timebanks/rushey");
  };
  EXPECT_EQ(ExitCodeOf(check()), ExitCode::kUsage);
  entry.origin.record_time += absl::Microseconds(1);
  EXPECT_TRUE(check().ok());
}

// Goal: amounts beyond everything are refused before they are added up.
TEST_F(ImporterTest, EntriesHaveLimits) {
  imports::ImportedEntry signed_too_much = Entry("elm/ana", kHour, "elm/2");
  signed_too_much.seconds = INT64_MIN;
  const std::vector<Row> rows = {Member("elm/ana"), Entry("elm/ana", INT64_MAX - 1, "elm/1"),
                                 Entry("elm/ana", INT64_MAX - 1, "elm/3"), signed_too_much,
                                 Entry("elm/ana", kHour, "elm/4")};
  const ImportReport report = Ask(rows);
  EXPECT_EQ(report.rejected, 3);
  EXPECT_EQ(report.accounts.at("elm/ana").new_seconds, kHour);
}

// Goal: a member keeps as many numbers as the server takes; the others are told.
TEST_F(ImporterTest, TooManyExternalIds) {
  ImportedMember ana = Member("elm/ana", "Ana");
  for (int i = 0; i < 22; ++i) ana.external_ids.emplace_back("ces", absl::StrCat(i));
  EXPECT_EQ(Ask({ana}).external_ids_left_out, 3);
  EXPECT_EQ(Post({ana}).external_ids_left_out, 3);
  EXPECT_EQ(MemberAt(0).external_ids_size(), 20);
  EXPECT_EQ(MemberAt(0).external_ids(0).number(), "elm/ana");
}

// Goal: an export knows people by a number that they have in an older system here and there.
TEST_F(ImporterTest, KnowsPeopleByAnOlderSystem) {
  Post({Member("1", "Ana"), Member("2", "Ben"), Helped("1", "2", kHour, "2020-01-01", "a")});
  system_ = "timebank";
  ImportedMember ana = Member("elm/ana", "Ana");
  ana.external_ids = {{"ces", "7"}, {"oak", "1"}};
  const std::vector<Row> rows = {ana, Member("elm/carla", "Carla"), Entry("elm/ana", kHour, "elm/9")};
  for (const bool posted : {false, true}) {
    const ImportReport report = posted ? Post(rows) : Ask(rows);
    EXPECT_EQ(report.members_known, 1);
    EXPECT_EQ(report.members_new, 1);
    EXPECT_EQ(report.accounts.at("elm/ana").holder, "timebanks/rushey/members/oak-1");
    EXPECT_EQ(report.accounts.at("elm/ana").expected_seconds(), 2 * kHour);
  }
  EXPECT_EQ(bank_->members().size(), 3u);
  EXPECT_EQ(bank_->Balance("members/oak-1"), 2 * kHour);
  EXPECT_TRUE(check_.differences.empty());
}

// Goal: another circle of the bank that has a circle's id is not taken for it; one that came before is, and
// other members are told.
TEST_F(ImporterTest, AnotherCircleOfThatId) {
  v1::ListCirclesResponse circles;
  v1::Circle& knitters = *circles.add_circles();
  knitters.set_name("timebanks/rushey/circles/knitters");
  knitters.add_members("timebanks/rushey/members/oak-1");
  EXPECT_CALL(*bank_, ListCircles).WillRepeatedly(::testing::Return(circles));
  EXPECT_CALL(*bank_, BatchGetBalances).WillRepeatedly([](const v1::BatchGetBalancesRequest& request, auto&) {
    v1::BatchGetBalancesResponse response;
    for (const std::string& name : request.names()) response.add_balances()->set_holder(name);
    return response;
  });
  imports::ImportedCircle circle;
  circle.id = "knitters";
  circle.members = {"1"};
  imports::ImportedEntry entry = Entry("1", kHour, "elm/1");
  entry.receivers[0].holder = {imports::ImportedHolder::Kind::kCircle, "knitters"};
  entry.movements[1].holder = entry.receivers[0].holder;
  const ImportReport first = Ask({Member("1"), circle, entry});
  EXPECT_EQ(first.circles_known, 0);
  EXPECT_EQ(first.exchanges_new, 0);
  ASSERT_EQ(rejects_.size(), 2u);
  EXPECT_EQ(rejects_[0], "2 id: another circle of this bank has that id");
  EXPECT_EQ(Ask({Member("1"), entry}).exchanges_new, 0) << "whether the circle's row is there or not";
  Post({Member("1"), Member("2")});
  const ImportReport second = Ask({Member("1"), Member("2"), circle});
  EXPECT_EQ(second.circles_known, 1);
  EXPECT_EQ(second.circles_otherwise, 0);
  circle.members = {"1", "2"};
  EXPECT_EQ(Ask({Member("1"), Member("2"), circle}).circles_otherwise, 1);
}

// Goal: with whom another one becomes one stays open until then, and is told where hours are left.
TEST_F(ImporterTest, SurvivorsAreClosedAfterTheirMerges) {
  system_ = "timebank";
  EXPECT_CALL(*bank_, MergeMember).WillRepeatedly([this](const v1::MergeMemberRequest& request, auto&) {
    EXPECT_EQ(request.into(), "timebanks/rushey/members/oak-1");
    EXPECT_EQ(MemberAt(0).state(), v1::Member::STATE_ACTIVE);
    return v1::MergeMemberResponse();
  });
  imports::ImportedMerge merge;
  merge.number = "2";
  merge.into = "1";
  const std::vector<Row> rows = {Left("1", "2020-03-01"), Member("2"), Entry("1", kHour, "elm/1"), merge};
  EXPECT_EQ(Ask(rows).left_open.size(), 1u);
  const ImportReport report = Post(rows);
  EXPECT_EQ(rejects_, std::vector<std::string>());
  ASSERT_EQ(report.left_open.size(), 1u);
  EXPECT_EQ(report.left_open[0].why, LeftOpen::Why::kHasHours);
}

// Goal: batches are as long as the server takes and stay below its limit on bytes; a dry run asks in batches,
// and of nobody who is still to be added.
TEST_F(ImporterTest, Batches) {
  std::vector<Row> rows = {Member("1"), Member("2")};
  for (int i = 0; i < 20'000; ++i) {
    ImportedExchange exchange = Helped("1", "2", 1, "2020-01-01", absl::StrCat(i));
    if (i < 9'000) exchange.note = std::string(2000, 'x');
    rows.push_back(exchange);
  }
  EXPECT_EQ(Ask(rows).exchanges_new, 20'000);
  EXPECT_EQ(bank_->batches, 0);
  EXPECT_EQ(Post(rows).exchanges_new, 20'000);
  EXPECT_EQ(bank_->longest_batch, 8192);
  EXPECT_LT(bank_->largest_batch_bytes, 12'582'912u);
  EXPECT_EQ(bank_->Balance("members/oak-1"), 20'000);
  for (size_t i = 0; i < 20'000; ++i) {
    ASSERT_EQ(bank_->exchanges()[i].origin().number(), absl::StrCat(i)) << "in the order of the files";
  }
  bank_->batches = 0;
  EXPECT_EQ(Ask(rows).exchanges_known, 20'000);
  EXPECT_EQ(bank_->batches, bank_->batches_asked);
  EXPECT_LE(bank_->batches, 5);
  EXPECT_EQ(bank_->exchanges().size(), 20'000u);
}

}  // namespace
}  // namespace timebank::cli
