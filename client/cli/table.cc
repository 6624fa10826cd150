#include "client/cli/table.h"

#include <google/protobuf/message.h>
#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <cassert>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "client/cli/day.h"
#include "client/cli/hours.h"
#include "client/cli/import/harmless.h"
#include "client/cli/words.h"

namespace timebank::cli {
namespace {

constexpr std::string_view kGap = "  ";
// The last column is never cut to less than this.
constexpr size_t kNarrowest = 12;

bool IsTime(ColumnKind kind) {
  return kind == ColumnKind::kHours || kind == ColumnKind::kChange || kind == ColumnKind::kBalance;
}

bool AlignsRight(ColumnKind kind) { return kind == ColumnKind::kNumber || IsTime(kind); }

std::string Padded(const std::string& text, size_t width, bool right) {
  const size_t taken = DisplayWidth(text);
  const std::string blanks(taken < width ? width - taken : 0, ' ');
  return right ? blanks + text : text + blanks;
}

// One line of the table; nothing behind the last text.
std::string Line(const std::vector<std::string>& cells, const std::vector<size_t>& widths,
                 const std::vector<Column>& columns) {
  std::string line;
  for (size_t i = 0; i < cells.size(); ++i) {
    if (i > 0) line += kGap;
    line += Padded(CutToWidth(cells[i], widths[i]), widths[i], AlignsRight(columns[i].kind));
  }
  line.erase(line.find_last_not_of(' ') + 1);
  return line;
}

// The last column gives way where the terminal is too narrow.
void Fit(std::vector<size_t>& widths, size_t columns) {
  if (columns == 0 || widths.empty()) return;
  size_t total = kGap.size() * (widths.size() - 1);
  for (size_t width : widths) total += width;
  if (total <= columns) return;
  const size_t too_much = total - columns;
  size_t& last = widths.back();
  if (last > kNarrowest) last = std::max(kNarrowest, last - std::min(last, too_much));
}

}  // namespace

Cell Text(std::string_view text) { return Cell{std::string(text), 0, text.empty()}; }
Cell Number(int64_t number) { return Cell{"", number, false}; }
Cell Hours(int64_t seconds) { return Cell{"", seconds, false}; }

void Table::AddRow(std::vector<Cell> row) {
  assert(row.size() == columns_.size());
  rows_.push_back(std::move(row));
}

std::string Table::CellForPeople(size_t column, const Cell& cell, absl::CivilDay today) const {
  if (cell.empty) return "";
  switch (columns_[column].kind) {
    case ColumnKind::kText:
      return OneLine(cell.text);
    case ColumnKind::kNumber:
      return absl::StrCat(cell.number);
    case ColumnKind::kHours:
      return absl::StrCat(cell.number < 0 ? "-" : "", FormatHours(cell.number));
    case ColumnKind::kChange:
      return SignedHours(cell.number);
    case ColumnKind::kBalance:
      return Standing(cell.number);
    case ColumnKind::kDay:
      return FormatIsoDay(cell.text, today);
  }
  return "";
}

std::string Table::ForPeople(const Console& console, absl::CivilDay today) const {
  std::vector<std::vector<std::string>> lines(1);
  for (const Column& column : columns_) lines[0].push_back(column.heading);
  for (const std::vector<Cell>& row : rows_) {
    std::vector<std::string>& line = lines.emplace_back();
    for (size_t i = 0; i < row.size(); ++i) line.push_back(CellForPeople(i, row[i], today));
  }
  std::vector<size_t> widths(columns_.size());
  for (const std::vector<std::string>& line : lines) {
    for (size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], DisplayWidth(line[i]));
  }
  Fit(widths, console.columns);
  std::string text;
  for (size_t i = 0; i < lines.size(); ++i) {
    const std::string line = Line(lines[i], widths, columns_);
    text += i == 0 ? OnOut(console, Style::kHeading, line) : line;
    text += '\n';
  }
  return text;
}

std::string Table::ForSpreadsheets() const {
  std::vector<std::string> cells;
  for (const Column& column : columns_) {
    cells.push_back(column.key);
    if (IsTime(column.kind)) cells.push_back(column.key + "_seconds");
  }
  std::string csv = absl::StrJoin(cells, ",") + "\n";
  for (const std::vector<Cell>& row : rows_) {
    cells.clear();
    for (size_t i = 0; i < row.size(); ++i) {
      const Cell& cell = row[i];
      const ColumnKind kind = columns_[i].kind;
      if (kind == ColumnKind::kText || kind == ColumnKind::kDay) {
        cells.push_back(CsvText(cell.text));
        continue;
      }
      if (IsTime(kind)) cells.push_back(cell.empty ? "" : FormatClockHours(cell.number));
      cells.push_back(cell.empty ? "" : absl::StrCat(cell.number));
    }
    absl::StrAppend(&csv, absl::StrJoin(cells, ","), "\n");
  }
  return csv;
}

std::string CsvText(std::string_view text) {
  constexpr std::string_view kMustBeQuoted = ",;\"\r\n\t";
  const std::string cell = imports::Harmless(text);
  if (cell.find_first_of(kMustBeQuoted.data(), 0, kMustBeQuoted.size()) == std::string::npos) return cell;
  return absl::StrCat("\"", absl::StrReplaceAll(cell, {{"\"", "\"\""}}), "\"");
}

std::string ToJson(const google::protobuf::Message& message, bool pretty) {
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  options.add_whitespace = pretty;
  std::string json;
  // Fails for an Any of an unknown type only, which none of the API's messages holds but a batch's statuses.
  if (!google::protobuf::util::MessageToJsonString(message, &json, options).ok()) json = "{}";
  while (!json.empty() && json.back() == '\n') json.pop_back();
  return json;
}

}  // namespace timebank::cli
