#include "client/cli/import/csv_reader.h"

#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <vector>

namespace timebank::imports {
namespace {

// Rows as `line:field|field`, bad ones as `line!error`.
std::vector<std::string> Read(const std::string& text, CsvOptions options = {}) {
  std::istringstream in(text);
  CsvReader reader(in, options);
  std::vector<std::string> rows;
  CsvRow row;
  while (reader.Next(row)) {
    std::string shown = std::to_string(row.line) + (row.error.empty() ? ":" : "!" + row.error);
    for (size_t i = 0; i < row.fields.size(); ++i) shown += (i == 0 ? "" : "|") + row.fields[i];
    rows.push_back(shown);
  }
  return rows;
}

using Rows = std::vector<std::string>;

// Goal: quotes, doubled quotes and line breaks in quotes come out as they were meant, with the right line
// numbers.
TEST(CsvReaderTest, ReadsQuotesAndLineBreaks) {
  EXPECT_EQ(Read("a,\"b,c\",\"say \"\"hi\"\"\"\n\"two\nlines\",x\nlast,row"),
            (Rows{"1:a|b,c|say \"hi\"", "2:two\nlines|x", "4:last|row"}));
  EXPECT_EQ(Read("1,Fixed the \"famous\" gate,2\n"), (Rows{"1:1|Fixed the \"famous\" gate|2"}));
  EXPECT_EQ(Read("\"\",,\"\"\n"), (Rows{"1:||"}));
}

// Goal: a byte-order mark and every kind of line end; empty lines count as lines and are no rows.
TEST(CsvReaderTest, ReadsMarksAndLineEnds) {
  EXPECT_EQ(Read("\xEF\xBB\xBF"
                 "a,b\r\n\r\n\"c\r\nd\",e\r\n"),
            (Rows{"1:a|b", "3:c\r\nd|e"}));
  EXPECT_EQ(Read("a,b\rc,d\r"), (Rows{"1:a|b", "2:c|d"}));
  EXPECT_EQ(Read("\n\na\n\n"), (Rows{"3:a"}));
  EXPECT_EQ(Read(""), Rows{});
  EXPECT_EQ(Read("\xEF\xBB\xBF"), Rows{});
}

// Goal: the delimiter is seen, outside quotes only, or given.
TEST(CsvReaderTest, SeesTheDelimiter) {
  EXPECT_EQ(Read("a;\"b,c,d\";e\n"), (Rows{"1:a|b,c,d|e"}));
  EXPECT_EQ(Read("a\tb\n"), (Rows{"1:a|b"}));
  EXPECT_EQ(Read("Guitar lesson; first,steps,x\n"), (Rows{"1:Guitar lesson; first|steps|x"}));
  EXPECT_EQ(Read("a;b,c\n", {.delimiter = ';'}), (Rows{"1:a|b,c"}));
}

// Goal: a title above the table, or what stands in its cells, does not decide on the delimiter.
TEST(CsvReaderTest, SeesTheDelimiterOfTheTable) {
  EXPECT_EQ(Read("Hours, 2018, all\nDate;Giver;Hours\n8/1/2018;Ana;1,5\n"),
            (Rows{"1:Hours, 2018, all", "2:Date|Giver|Hours", "3:8/1/2018|Ana|1,5"}));
  EXPECT_EQ(Read("Bank; hours; year\ra,b,c\rd,e,f\r"), (Rows{"1:Bank; hours; year", "2:a|b|c", "3:d|e|f"}));
  EXPECT_EQ(Read("Name;Balance\nMunoz, Ana;1,5\nFerre, Ben;-1,5\n"),
            (Rows{"1:Name|Balance", "2:Munoz, Ana|1,5", "3:Ferre, Ben|-1,5"}));
  EXPECT_EQ(Read("a,b\n1,a 5\" pipe; wide\n2,a 3\" pipe; long\n"),
            (Rows{"1:a|b", "2:1|a 5\" pipe; wide", "3:2|a 3\" pipe; long"}));
}

// Goal: a badly quoted row costs itself alone, even where its quote is never closed.
TEST(CsvReaderTest, BadQuotesCostTheirOwnRow) {
  EXPECT_EQ(Read("a,b\n\"c\"x,d\ne,f\n"), (Rows{"1:a|b", "2!there is text behind a closing quote", "3:e|f"}));
  EXPECT_EQ(Read("a,b\n\"c,d\ne,f\n"), (Rows{"1:a|b", "2!a quote is opened and never closed", "3:e|f"}));
  EXPECT_EQ(Read("\"open"), (Rows{"1!a quote is opened and never closed"}));
}

// Goal: a row beyond the limit is told and passed over without being kept; what follows is read.
TEST(CsvReaderTest, HugeRowsArePassedOver) {
  const std::string huge(300'000, 'x');
  const Rows rows = Read("a,b\n" + huge + "\nc,d\n", {.max_row_bytes = 100'000});
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[1].substr(0, 30), "2!the row is longer than 10000");
  EXPECT_EQ(rows[2], "3:c|d");
  const Rows quoted = Read("a,b\n\"" + huge + "\n" + huge + "\",e\nc,d\n", {.max_row_bytes = 100'000});
  EXPECT_EQ(quoted.back(), "4:c|d");
  EXPECT_EQ(Read(std::string(70'000, 'y') + ",z\n").size(), 1u)
      << "longer than a read buffer, within the limit";
}

// Goal: rows are the same wherever the read buffer ends.
TEST(CsvReaderTest, BufferEndsDoNotShow) {
  // 64 KiB is the buffer: place its end at each byte of a row with everything in it.
  const std::string row = "\"a\"\"b\",c\r\n\"d\r\ne\",f\r\n";
  for (size_t shift = 0; shift <= row.size(); ++shift) {
    const std::string filler((size_t{64} << 10) - shift - 2, 'z');
    const Rows rows = Read(filler + "\r\n" + row, {.delimiter = ','});
    ASSERT_EQ(rows.size(), 3u) << shift;
    EXPECT_EQ(rows[1], "2:a\"b|c") << shift;
    EXPECT_EQ(rows[2], "3:d\r\ne|f") << shift;
  }
}

// Goal: a file in UTF-16 is told as such, row by row, and ends.
TEST(CsvReaderTest, NulBytesAreTold) {
  const Rows rows = Read(std::string("a\0,\0b\0\n\0", 8));
  ASSERT_FALSE(rows.empty());
  EXPECT_NE(rows[0].find("UTF-16"), std::string::npos);
}

// Goal: progress counts every byte once.
TEST(CsvReaderTest, CountsBytes) {
  const std::string text = "a,b\r\n\"c\nd\",e\nbad\"\n";
  std::istringstream in(text);
  CsvReader reader(in);
  CsvRow row;
  while (reader.Next(row)) {
  }
  EXPECT_EQ(reader.bytes_consumed(), static_cast<int64_t>(text.size()));
}

}  // namespace
}  // namespace timebank::imports
