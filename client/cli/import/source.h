// A file that an older system wrote: opened, looked at, told apart by its headings.
//
// Threads: one at a time.
#ifndef TIMEBANK_CLIENT_CLI_IMPORT_SOURCE_H_
#define TIMEBANK_CLIENT_CLI_IMPORT_SOURCE_H_

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <istream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "client/cli/import/csv_reader.h"
#include "client/cli/import/encoding.h"

namespace timebank::imports {

// One column that a format knows.
struct Column {
  // As the system writes it.
  std::string_view name;
  // Other names, as HeadingKey() makes them, parted by blanks.
  std::string_view other_names = "";
  // A file without it is of another kind.
  bool needed = false;
};

// One kind of a system's files.
struct FileKind {
  enum class Holds { kMembers, kBalances, kExchanges, kNothingKept };

  // As people call it: `trades`.
  std::string_view name;
  Holds holds;
  // In any order in the file. A format numbers them by their place here.
  absl::Span<const Column> columns;
  // Systems are known to keep passwords in it, under whatever heading: only the columns above are read at
  // all.
  bool has_secrets = false;
  // A file with any other column beside these is of another kind.
  bool has_no_others = false;
};

// What can be told from the front of a file.
struct Glimpse {
  std::string path;
  // Without its folder.
  std::string name;
  int64_t bytes = 0;
  Encoding encoding = Encoding::kUtf8;
  // The first rows, at most 20; nothing behind a heading with a secret in it.
  std::vector<CsvRow> rows;
  // Between the cells.
  char separator = ',';
};

// `encoding` is that of a file that is not UTF-8, as EncodingNames() has it; empty: looked for.
// Errors (NotFound): the file cannot be opened. (InvalidArgument): it is a spreadsheet program's own file;
// its encoding is not plain.
absl::StatusOr<Glimpse> LookAt(const std::string& path, std::string_view encoding = "");

// Whether two files are the same, byte for byte. False where one of them cannot be read.
bool HaveSameBytes(const std::string& path, const std::string& other);

// Whether what stands below this heading is nobody's business: passwords.
bool IsSecret(std::string_view heading);

// Where a kind's columns are in a file.
struct Heading {
  const FileKind* kind = nullptr;
  // The row's place among those that were looked at; where `cells` is empty, that of the last one above the
  // table. -1: nothing stands above it.
  int row = -1;
  // The heading's cells as they stand there, without the columns that a file of rejects has behind its own.
  // Empty: the file has no heading, the columns go by position.
  std::vector<std::string> cells;
  // How many columns a row has.
  size_t width = 0;
  // How many columns a file of rejects has behind its own.
  size_t rejected_cells = 0;
  // The cell of each of the kind's columns; -1 where the file has none.
  std::vector<int> cell_of_column;

  // How many columns were found.
  int Score() const;
  // Whether a row is one of a file of rejects; without a heading it is known by the line number behind it.
  bool IsOfRejects(const std::vector<std::string>& fields) const;
};

// Where the columns of `kind` are if row `row` of those that were looked at is the heading, needed or not.
Heading FitHeading(const Glimpse& file, size_t row, const FileKind& kind);

// What a file of rejects has behind a row's own columns: the line, and why.
inline constexpr size_t kRejectedCells = 2;

// Titles may stand above a heading: so many rows may be one.
inline constexpr size_t kRowsToFindHeading = 10;

// The heading among the first ten rows of which most columns are one of the kinds'; a heading in which a
// needed column is missing is none. Of the same score the earlier kind is taken.
std::optional<Heading> FindHeading(const Glimpse& glimpse, absl::Span<const FileKind> kinds);

// `has 1 column instead of 6`.
std::string TellWidth(size_t cells, size_t width);

// The columns of `kind` by position, for files without headings.
Heading ByPosition(const FileKind& kind);

// `users (UID, Firstname, Surname); balances (UID, Balance)`: what a file of each kind is told by.
std::string TellKinds(absl::Span<const FileKind> kinds);

// The rows of one file.
class Source {
 public:
  // `heading` is of this file. Errors (NotFound): it cannot be opened.
  static absl::StatusOr<std::unique_ptr<Source>> Open(Glimpse glimpse, Heading heading);

  // The next row behind the heading, good or bad; rows without any text are passed over. Spreadsheet programs
  // leave empty cells out at the end of a row: a row that is shorter than the heading has them back. Where
  // columns are passed over a row of another width is bad, and has no text: what must not be read may stand
  // anywhere in it. Of a file of rejects as it was before its cells were made
  // harmless. False at the end. Errors (DataLoss): the disk or the network failed.
  absl::StatusOr<bool> Next(CsvRow& row);
  // Begins again at the first row.
  absl::Status Rewind();

  const Glimpse& glimpse() const { return glimpse_; }
  const std::string& name() const { return glimpse_.name; }
  const FileKind& kind() const { return *heading_.kind; }
  const Heading& heading() const { return heading_; }
  // As the file calls the column of its kind, harmless to tell; where it has no heading, as the system does.
  const std::string& NameOf(int column) const { return column_names_[static_cast<size_t>(column)]; }
  // The lines of the rows with text above the heading or, where there is none, above the table.
  const std::vector<int64_t>& lines_above() const { return lines_above_; }
  // Whether columns are passed over.
  bool has_secrets() const { return has_secrets_; }
  int64_t bytes_consumed() const;

 private:
  Source(Glimpse glimpse, Heading heading);
  bool IsPassedOver(size_t cell) const;
  void FillUp(CsvRow& row);

  Glimpse glimpse_;
  Heading heading_;
  std::vector<std::string> column_names_;
  std::vector<int64_t> lines_above_;
  bool has_secrets_ = false;
  std::ifstream file_;
  std::unique_ptr<Utf8Buffer> utf8_;
  std::unique_ptr<std::istream> converted_;
  std::unique_ptr<CsvReader> csv_;
};

}  // namespace timebank::imports

#endif  // TIMEBANK_CLIENT_CLI_IMPORT_SOURCE_H_
