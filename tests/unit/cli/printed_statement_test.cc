#include "client/cli/printed_statement.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "client/cli/console.h"

namespace timebank::cli {
namespace {

StatementHeading Heading() {
  StatementHeading heading;
  heading.bank = "Rushey Green";
  heading.holder = "Ana Muñoz (ana)";
  heading.period = "1 January 2023 to 31 December 2023";
  heading.today = absl::CivilDay(2023, 11, 16);
  heading.opening_balance_seconds = -3600;
  heading.closing_balance_seconds = -9000;
  return heading;
}

v1::StatementLine Line(int number) {
  v1::StatementLine line;
  line.set_exchange("timebanks/rushey/exchanges/" + std::to_string(number));
  line.set_occurred_on("2023-11-14");
  line.set_seconds(-5400);
  line.set_balance_after_seconds(-9000);
  line.set_kind(v1::Exchange::KIND_EXCHANGE);
  line.add_counterparts("timebanks/rushey/members/ben");
  line.add_counterpart_display_names("Ben Ferré");
  line.set_counterpart_count(1);
  line.set_category("gardening");
  return line;
}

// Goal: one page, word for word.
TEST(PrintedStatementTest, OnePage) {
  EXPECT_EQ(PrintStatement(Heading(), {Line(1042)}),
            "Rushey Green                                                         Page 1 of 1\n"
            "Statement of Ana Muñoz (ana)\n"
            "1 January 2023 to 31 December 2023; printed on 16 November 2023\n"
            "\n"
            "Day             No.  What                                 Hours          Balance\n"
            "--------------------------------------------------------------------------------\n"
            "                     Balance before                                  1h in debit\n"
            "\n"
            "14/11/2023     1042  was helped by Ben Ferré,             -1h30    2h30 in debit\n"
            "                     gardening\n"
            "--------------------------------------------------------------------------------\n"
            "                     Balance after                                 2h30 in debit\n"
            "\n"
            "+ hours given, in credit   - hours received, in debit\n");
}

// Goal: no page has more than 60 lines or 80 columns, every page has the heading, and no line is lost.
TEST(PrintedStatementTest, ManyPages) {
  std::vector<v1::StatementLine> lines;
  for (int i = 1; i <= 200; ++i) {
    lines.push_back(Line(i));
    if (i % 7 == 0)
      lines.back().set_note(
          "a note that goes on for rather longer than one line of the column has room for, 中文 included");
  }
  const std::vector<std::string> pages = absl::StrSplit(PrintStatement(Heading(), lines), '\f');
  ASSERT_GT(pages.size(), 3u);
  size_t entries = 0;
  for (size_t i = 0; i < pages.size(); ++i) {
    const std::vector<std::string> page = absl::StrSplit(pages[i], '\n');
    EXPECT_LE(page.size() - 1, kPrintedLines);
    EXPECT_NE(page[0].find("Page " + std::to_string(i + 1) + " of " + std::to_string(pages.size())),
              std::string::npos);
    for (const std::string& line : page) {
      EXPECT_LE(DisplayWidth(line), kPrintedColumns) << line;
      entries += line.rfind("14/11/2023", 0) == 0 ? 1 : 0;
    }
  }
  EXPECT_EQ(entries, 200u);
}

// Goal: figures are never cut, however long; the words give way to them.
TEST(PrintedStatementTest, FiguresAreWhole) {
  StatementHeading heading = Heading();
  heading.opening_balance_seconds = 37 * 3600 + 28 * 60 + 12;
  v1::StatementLine line = Line(1);
  line.set_seconds(-(1234 * 3600 + 28 * 60 + 12));
  line.set_balance_after_seconds(123456 * 3600 + 60 + 2);
  const std::string text = PrintStatement(heading, {line});
  for (const char* figure : {"37h28m12s in credit", "-1234h28m12s", "123456h01m02s in credit"})
    EXPECT_NE(text.find(figure), std::string::npos) << text;
  EXPECT_EQ(text.find("…"), std::string::npos);
  for (const absl::string_view row : absl::StrSplit(text, '\n'))
    EXPECT_LE(DisplayWidth({row.data(), row.size()}), kPrintedColumns);
}

// Goal: acts on behalf, contests and undone entries stand on the paper; a trial bank says so.
TEST(PrintedStatementTest, WhatMustBeSeenIsSeen) {
  v1::StatementLine line = Line(1042);
  line.set_acting_for("timebanks/rushey/members/ana");
  line.set_state(v1::Exchange::STATE_CONTESTED);
  line.set_contest_reason("1h, not 1h30");
  StatementHeading heading = Heading();
  heading.trial = true;
  std::string text = PrintStatement(heading, {line});
  EXPECT_NE(text.find("TRIAL"), std::string::npos);
  EXPECT_NE(text.find("[entered by"), std::string::npos);
  EXPECT_NE(text.find("[contested:"), std::string::npos) << text;
  line = Line(1042);
  line.set_reversed_by("timebanks/rushey/exchanges/1043");
  EXPECT_NE(PrintStatement(Heading(), {line}).find("[undone by 1043]"), std::string::npos);
  EXPECT_NE(PrintStatement(Heading(), {}).find("No exchanges in this period."), std::string::npos);
}

// Goal: with several people only one's own side is claimed.
TEST(PrintedStatementTest, SeveralPeople) {
  v1::StatementLine line = Line(1);
  line.set_counterpart_count(3);
  EXPECT_EQ(WhatHappened(line), "received help, with Ben Ferré and 2 others, gardening");
  line.set_seconds(5400);
  EXPECT_EQ(WhatHappened(line), "gave help, with Ben Ferré and 2 others, gardening");
}

}  // namespace
}  // namespace timebank::cli
