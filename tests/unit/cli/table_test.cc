#include "client/cli/table.h"

#include <gtest/gtest.h>

#include <sstream>
#include <string>

#include "client/cli/console.h"
#include "timebank/v1/exchange.pb.h"

namespace timebank::cli {
namespace {

constexpr absl::CivilDay kToday(2023, 11, 16);

struct Streams {
  std::istringstream in;
  std::ostringstream out;
  std::ostringstream err;
  Console console{.in = in, .out = out, .err = err};
};

Table Sample() {
  Table table({{"name", "Name", ColumnKind::kText},
               {"hours", "Hours", ColumnKind::kHours},
               {"day", "Day", ColumnKind::kDay},
               {"note", "Note", ColumnKind::kText}});
  table.AddRow({Text("Zoë Peña"), Hours(5400), Text("2023-11-14"), Text("a, \"b\"\nc")});
  table.AddRow({Text("中村"), Hours(36000), Text("2022-11-14"), Text("=1+1")});
  table.AddRow({Text("e\xCC\x81va"), Cell{}, Text(""), Text("-")});
  return table;
}

// Goal: columns line up by what a terminal shows: accents one column or none, East Asian letters two.
TEST(TableTest, AlignsByDisplayWidth) {
  Streams streams;
  EXPECT_EQ(Sample().ForPeople(streams.console, kToday),
            "Name      Hours  Day              Note\n"
            "Zoë Peña   1h30  Tue 14 Nov       a, \"b\" c\n"
            "中村        10h  Mon 14 Nov 2022  =1+1\n"
            "e\xCC\x81va                               -\n");
}

// Goal: a spreadsheet gets exact seconds, text with its line breaks, and no text that it would run.
TEST(TableTest, CsvIsExactAndHarmless) {
  EXPECT_EQ(Sample().ForSpreadsheets(),
            "name,hours,hours_seconds,day,note\n"
            "Zoë Peña,1:30,5400,2023-11-14,\"a, \"\"b\"\"\nc\"\n"
            "中村,10:00,36000,2022-11-14,'=1+1\n"
            "e\xCC\x81va,,,,'-\n");
}

// Goal: each way of starting a formula is defused; numbers that are numbers are not touched.
TEST(TableTest, FormulasAreDefused) {
  for (const char* text : {"=A1", "+1", "-1", "@x"}) EXPECT_EQ(CsvText(text), std::string("'") + text);
  EXPECT_EQ(CsvText("\tx"), "\"'\tx\"");
  EXPECT_EQ(CsvText("\rx"), "\"'\rx\"");
  EXPECT_EQ(CsvText("a=b"), "a=b");
  Table table({{"change", "Change", ColumnKind::kChange}});
  table.AddRow({Hours(-3600)});
  EXPECT_EQ(table.ForSpreadsheets(), "change,change_seconds\n-1:00,-3600\n");
}

// Goal: no line is wider than the terminal: columns without a value go first, then the widest texts are cut;
// figures never are.
TEST(TableTest, FitsTheTerminal) {
  Streams streams;
  Table table({{"a", "A", ColumnKind::kText},
               {"for", "For", ColumnKind::kText},
               {"hours", "Hours", ColumnKind::kBalance},
               {"b", "B", ColumnKind::kText}});
  table.AddRow({Text("Łukasz Żółć"), Text(""), Hours(5400), Text("a rather long note that does not fit")});
  table.AddRow({Text("12345"), Text(""), Hours(-5400), Text("a note")});
  EXPECT_EQ(table.ForPeople(streams.console, kToday).find("…"), std::string::npos) << "no width, no cut";
  streams.console.columns = 45;
  EXPECT_EQ(table.ForPeople(streams.console, kToday),
            "A                     Hours  B\n"
            "Łukasz Żółć  1h30 in credit  a rather long n…\n"
            "12345         1h30 in debit  a note\n");
  for (size_t columns = 34; columns < 80; ++columns) {
    streams.console.columns = columns;
    const std::string text = table.ForPeople(streams.console, kToday);
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) EXPECT_LE(DisplayWidth(line), columns) << line;
    EXPECT_NE(text.find("1h30 in credit"), std::string::npos);
  }
}

// Goal: what can be done without goes before anything is cut, from the right, and only as far as needed.
TEST(TableTest, DispensableColumnsGoFirst) {
  Streams streams;
  Table table({{"a", "A", ColumnKind::kText},
               {"kind", "Kind", ColumnKind::kText, /*dispensable=*/true},
               {"by", "By", ColumnKind::kText, /*dispensable=*/true},
               {"note", "Note", ColumnKind::kText}});
  table.AddRow({Text("12345"), Text("exchange"), Text("keys/maria"), Text("a note of some length")});
  const auto shown = [&](size_t columns) {
    streams.console.columns = columns;
    return table.ForPeople(streams.console, kToday);
  };
  EXPECT_EQ(shown(50),
            "A      Kind      By          Note\n12345  exchange  keys/maria  a note of some length\n");
  EXPECT_EQ(shown(49), "A      Kind      Note\n12345  exchange  a note of some length\n");
  EXPECT_EQ(shown(37), "A      Note\n12345  a note of some length\n");
  EXPECT_EQ(shown(20), "A      Note\n12345  a note of so…\n");
  EXPECT_NE(table.ForSpreadsheets().find("keys/maria"), std::string::npos);
}

// Goal: colour appears on a terminal only, and not where it is not wanted.
TEST(TableTest, ColourOnTerminalsOnly) {
  Streams streams;
  streams.console.colour_wanted = true;
  EXPECT_EQ(OnOut(streams.console, Style::kHeading, "x"), "x");
  streams.console.out_is_terminal = true;
  EXPECT_NE(OnOut(streams.console, Style::kHeading, "x"), "x");
  streams.console.colour_wanted = false;
  EXPECT_EQ(OnOut(streams.console, Style::kHeading, "x"), "x");
}

// Goal: nothing that comes from a note is obeyed by a terminal.
TEST(TableTest, ControlCharactersBecomeBlanks) {
  EXPECT_EQ(OneLine("a\x1B[31mb\nc\xC2\x9B"
                    "d"),
            "a [31mb c d");
  EXPECT_EQ(OneLine("Núria"), "Núria");
}

// Goal: JSON uses the API's own field names, and lists are one array.
TEST(TableTest, JsonHasTheApisNames) {
  v1::Exchange exchange;
  exchange.set_occurred_on("2023-11-14");
  EXPECT_EQ(ToJson(exchange, /*pretty=*/false), "{\"occurred_on\":\"2023-11-14\"}");
  EXPECT_EQ(ToJsonArray(std::vector<v1::Exchange>{}), "[]");
  const std::string two = ToJsonArray(std::vector<v1::Exchange>{exchange, exchange});
  EXPECT_EQ(two.front(), '[');
  EXPECT_EQ(two.back(), ']');
}

}  // namespace
}  // namespace timebank::cli
