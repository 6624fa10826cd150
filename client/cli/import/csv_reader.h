// Rows of a CSV file, one at a time, each with the line on which it starts.
//
// Reads what spreadsheets and older systems write: RFC 4180 with quotes, line breaks inside quotes, doubled
// quotes, a byte-order mark, Unix, Windows and old Mac line ends, comma, semicolon or tab. A quote in the
// middle of an unquoted field is text, as it is everywhere else. Empty lines are passed over.
//
// A bad row never stops the good ones: after a row that cannot be read, reading goes on at the next line of
// the file behind the one on which the bad row starts, so a quote that is never closed costs its own line and
// no more.
//
// Memory: one row and one read buffer, whatever the size of the file; the buffer is wiped behind every row
// and at the end, because some files hold passwords. Threads: one at a time. The stream must outlive the
// reader and have been opened in binary mode.
#ifndef TIMEBANK_CLIENT_CLI_IMPORT_CSV_READER_H_
#define TIMEBANK_CLIENT_CLI_IMPORT_CSV_READER_H_

#include <cstddef>
#include <cstdint>
#include <istream>
#include <string>
#include <string_view>
#include <vector>

namespace timebank::imports {

struct CsvOptions {
  // `,`, `;` or tab; 0: whichever most of the first twenty lines have equally many of outside quotes (comma
  // where they have none).
  char delimiter = 0;
  // A longer row is a bad row.
  size_t max_row_bytes = size_t{1} << 20;
};

struct CsvRow {
  // Line number in the file on which the row starts, from 1.
  int64_t line = 0;
  // The fields with their quotes taken off, bytes as they are in the file. Empty where `error` is filled.
  std::vector<std::string> fields;
  // How many of them the file has: whoever reads on may fill up a short row.
  size_t cells = 0;
  // Why the row cannot be read; empty for a good row.
  std::string error;
  // The file ends in it, without a line end.
  bool unended = false;
};

class CsvReader {
 public:
  explicit CsvReader(std::istream& in, CsvOptions options = {});
  CsvReader(const CsvReader&) = delete;
  CsvReader& operator=(const CsvReader&) = delete;
  ~CsvReader();

  // From the next row on, what stands in column `column` (from 0) is passed over: its fields come out empty,
  // and nothing of them is kept.
  void PassOver(size_t column);

  // Reads the next row, good or bad. False at the end of the file, or when the stream cannot be read any more
  // (in.bad()).
  bool Next(CsvRow& row);

  // What separates the fields; known after the first Next().
  char delimiter() const { return options_.delimiter; }
  // How much of the stream the rows returned so far took, for showing progress.
  int64_t bytes_consumed() const { return consumed_; }

 private:
  enum class Outcome { kRow, kNeedMore, kBad };

  bool Fill();
  void Begin();
  void SkipEmptyLines();
  void Consume(size_t bytes);
  Outcome Parse(CsvRow& row, size_t& end) const;
  size_t EndOfPlainField(size_t at) const;
  size_t ParseQuoted(size_t at, std::string* field, const char*& error) const;
  void SkipLine();
  void DetectDelimiter();

  std::istream& in_;
  CsvOptions options_;
  // What has been read and not consumed; begins with the row that comes next.
  std::string buffer_;
  size_t start_ = 0;
  bool at_end_ = false;
  bool begun_ = false;
  int64_t line_ = 1;
  int64_t consumed_ = 0;
  // By column; false behind its end.
  std::vector<bool> passed_over_;
};

}  // namespace timebank::imports

#endif  // TIMEBANK_CLIENT_CLI_IMPORT_CSV_READER_H_
