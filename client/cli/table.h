// One table, three ways out: aligned columns for people, CSV for spreadsheets; and JSON for programs.
//
// Threads: one at a time.
#ifndef TIMEBANK_CLIENT_CLI_TABLE_H_
#define TIMEBANK_CLIENT_CLI_TABLE_H_

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/civil_time.h"
#include "client/cli/console.h"

namespace google::protobuf {
class Message;
}  // namespace google::protobuf

namespace timebank::cli {

// What a column holds, and so how it is written.
enum class ColumnKind {
  // Left-aligned; in CSV as it is, with line breaks, made harmless for spreadsheets.
  kText,
  // Right-aligned.
  kNumber,
  // Right-aligned `1h30`; in CSV two columns: `1:30`, and `<key>_seconds` with the exact number.
  kHours,
  // The same, for what was credited and debited: `+1h30`, `-1h30`.
  kChange,
  // The same, for a balance: `1h30 in debit`.
  kBalance,
  // `Tue 14 Nov`; in CSV 2026-11-14.
  kDay,
};

struct Column {
  // Heading in CSV: lower case, no blanks; stable, programs rely on it.
  std::string key;
  // Heading for people: in English, and found by `po/extract` (Later()).
  std::string heading;
  ColumnKind kind = ColumnKind::kText;
  // A narrow terminal goes without it.
  bool dispensable = false;
};

// One value of a row, made by Text(), Number() or Hours() (of any sign). A day is a Text() in ISO form.
struct Cell {
  std::string text;
  // The same for people; empty: the same.
  std::string for_people = {};
  int64_t number = 0;
  bool empty = true;
};
Cell Text(std::string_view text);
Cell Number(int64_t number);
Cell Hours(int64_t seconds);
// What this program says itself, and not somebody's text: in CSV in English whatever the language.
Cell Said(const std::function<std::string()>& say);

class Table {
 public:
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

  // As many cells as columns.
  void AddRow(std::vector<Cell> row);
  bool empty() const { return rows_.empty(); }

  // Headings and rows in columns; `today` leaves the year out of this year's days. Where the terminal is too
  // narrow, columns without a value are left out, then dispensable ones from the right, and then the widest
  // texts are cut.
  std::string ForPeople(const Console& console, absl::CivilDay today) const;
  // RFC 4180 with headings.
  std::string ForSpreadsheets() const;

 private:
  std::string CellForPeople(size_t column, const Cell& cell, absl::CivilDay today) const;

  std::vector<Column> columns_;
  std::vector<std::vector<Cell>> rows_;
};

// A text cell of a CSV file: quoted where it must be, and made harmless (import/harmless.h).
std::string CsvText(std::string_view text);

// A message as JSON with the API's own field names; `pretty` on several lines.
std::string ToJson(const google::protobuf::Message& message, bool pretty = true);

// Several as one array.
template <typename Messages>
std::string ToJsonArray(const Messages& messages) {
  std::string json = "[";
  for (const auto& message : messages) {
    json += json.size() == 1 ? "\n" : ",\n";
    json += ToJson(message);
  }
  return json + (json.size() == 1 ? "]" : "\n]");
}

}  // namespace timebank::cli

#endif  // TIMEBANK_CLIENT_CLI_TABLE_H_
