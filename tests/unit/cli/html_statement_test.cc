#include "client/cli/html_statement.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace timebank::cli {
namespace {

StatementHeading Heading() {
  StatementHeading heading;
  heading.bank = "Rushey Green";
  heading.holder = "Ana Muñoz";
  heading.account = "timebanks/rushey/members/ana";
  heading.period = "1 January 2023 to 31 December 2023";
  heading.today = absl::CivilDay(2023, 11, 16);
  heading.opening_balance_seconds = -3600;
  heading.closing_balance_seconds = -9000;
  heading.name_of = [](const std::string& name) { return "the name of " + name; };
  return heading;
}

v1::StatementLine Line() {
  v1::StatementLine line;
  line.set_exchange("timebanks/rushey/exchanges/1042");
  line.set_occurred_on("2023-11-14");
  line.set_seconds(-5400);
  line.set_balance_after_seconds(-9000);
  line.set_kind(v1::Exchange::KIND_EXCHANGE);
  line.set_state(v1::Exchange::STATE_RECORDED);
  line.add_counterparts("timebanks/rushey/members/ben");
  line.add_counterpart_display_names("Ben Ferré");
  line.set_counterpart_count(1);
  line.set_category("gardening");
  return line;
}

size_t Count(const std::string& text, const std::string& part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

// Goal: day, number, who, what, hours and the balance after, between the opening and the closing balance.
TEST(HtmlStatementTest, TellsAll) {
  const std::string html = HtmlStatement(Heading(), {Line()});
  for (const char* words :
       {"<!DOCTYPE html>", "charset=\"utf-8\"", "Rushey Green", "Printed on 16 November 2023",
        "<h1>Statement of Ana Muñoz</h1>", "1 January 2023 to 31 December 2023", ">14 Nov 2023<", ">1042<",
        "was helped by Ben Ferré, gardening", ">-1h30<", ">2h30 in debit<", ">1h in debit<", "Balance before",
        "Balance after"}) {
    EXPECT_NE(html.find(words), std::string::npos) << words << "\n" << html;
  }
  EXPECT_LT(html.find("Balance before<"), html.find("Ben Ferré"));
  EXPECT_LT(html.find("Ben Ferré"), html.find("<td>Balance after<"));
  EXPECT_NE(HtmlStatement(Heading(), {}).find("No exchanges in this period."), std::string::npos);
}

// Goal: nothing is fetched from elsewhere, and it is made for A4.
TEST(HtmlStatementTest, StandsAlone) {
  const std::string html = HtmlStatement(Heading(), {Line()});
  for (const char* outside : {"http:", "https:", "src=", "@import", "url(", "<script", "<link"})
    EXPECT_EQ(html.find(outside), std::string::npos) << outside;
  EXPECT_NE(html.find("size: A4 portrait"), std::string::npos);
  EXPECT_NE(html.find("table-header-group"), std::string::npos) << "headings are repeated on each page";
}

// Goal: text from the ledger is text, whatever is in it.
TEST(HtmlStatementTest, TextIsEscaped) {
  v1::StatementLine line = Line();
  line.set_note("<script>alert(\"1\")</script> & 'more'\nlines");
  line.set_counterpart_display_names(0, "<b>Ben</b>");
  StatementHeading heading = Heading();
  heading.holder = "Ana <i> & Co";
  heading.bank = "\"Bank\"";
  const std::string html = HtmlStatement(heading, {line});
  for (const char* raw : {"<script>", "<b>", "<i>", "\"Bank\""})
    EXPECT_EQ(html.find(raw), std::string::npos) << raw;
  EXPECT_NE(html.find("&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; &#39;more&#39; lines"),
            std::string::npos)
      << html;
}

// Goal: who recorded is told where it was somebody else, and what became of an entry is told.
TEST(HtmlStatementTest, RemarksAreSeen) {
  v1::StatementLine line = Line();
  line.set_recorded_by("timebanks/rushey/members/ana");
  EXPECT_EQ(Count(HtmlStatement(Heading(), {line}), "recorded by"), 0u) << "the member's own doing";
  line.set_recorded_by("keys/local");
  EXPECT_EQ(Count(HtmlStatement(Heading(), {line}), "recorded by"), 0u) << "nobody in particular";
  line.set_recorded_by("keys/maria");
  EXPECT_NE(HtmlStatement(Heading(), {line}).find("recorded by maria<"), std::string::npos);
  line.set_acting_for("timebanks/rushey/members/ana");
  line.set_state(v1::Exchange::STATE_CONTESTED);
  line.set_contest_reason("1h, not 1h30");
  line.set_reversed_by("timebanks/rushey/exchanges/1043");
  StatementHeading heading = Heading();
  heading.trial = true;
  const std::string html = HtmlStatement(heading, {line});
  for (const char* words : {"recorded by maria on behalf of the name of timebanks/rushey/members/ana",
                            "contested: 1h, not 1h30", "undone by 1043", "TRIAL BANK"}) {
    EXPECT_NE(html.find(words), std::string::npos) << words;
  }
}

}  // namespace
}  // namespace timebank::cli
