#include "client/cli/table.h"

#include <google/protobuf/message.h>
#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <cassert>
#include <cstddef>
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
#include "client/cli/translate.h"
#include "client/cli/words.h"

namespace timebank::cli {
namespace {

constexpr std::string_view kGap = "  ";
// No text is cut to less than this.
constexpr size_t kNarrowest = 8;

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

size_t TotalWidth(const std::vector<size_t>& widths) {
  size_t total = widths.empty() ? 0 : kGap.size() * (widths.size() - 1);
  for (size_t width : widths) total += width;
  return total;
}

using Lines = std::vector<std::vector<std::string>>;

void DropColumn(size_t column, Lines& lines, std::vector<size_t>& widths, std::vector<Column>& columns) {
  const auto at = static_cast<std::ptrdiff_t>(column);
  for (std::vector<std::string>& line : lines) line.erase(line.begin() + at);
  widths.erase(widths.begin() + at);
  columns.erase(columns.begin() + at);
}

// Takes columns out that hold nothing but their heading, and then those that can be done without until the
// rest fits.
void DropColumns(Lines& lines, std::vector<size_t>& widths, std::vector<Column>& columns, size_t most) {
  for (size_t i = columns.size(); i-- > 0 && lines.size() > 1;) {
    const bool empty = std::all_of(lines.begin() + 1, lines.end(),
                                   [i](const std::vector<std::string>& line) { return line[i].empty(); });
    if (empty) DropColumn(i, lines, widths, columns);
  }
  for (size_t i = columns.size(); i-- > 0 && TotalWidth(widths) > most;) {
    if (columns[i].dispensable) DropColumn(i, lines, widths, columns);
  }
}

// The widest texts give way, a column at a time, until the line fits or nothing can be cut any more. The last
// column, which holds notes, goes first among equals.
void CutTexts(std::vector<size_t>& widths, const std::vector<Column>& columns, size_t most) {
  while (TotalWidth(widths) > most) {
    size_t widest = widths.size();
    for (size_t i = 0; i < widths.size(); ++i) {
      if (columns[i].kind != ColumnKind::kText || widths[i] <= kNarrowest) continue;
      if (widest == widths.size() || widths[i] >= widths[widest]) widest = i;
    }
    if (widest == widths.size()) return;
    --widths[widest];
  }
}

}  // namespace

Cell Text(std::string_view text) { return Cell{.text = std::string(text), .empty = text.empty()}; }
Cell Number(int64_t number) { return Cell{.text = "", .number = number, .empty = false}; }
Cell Hours(int64_t seconds) { return Number(seconds); }

Cell Said(const std::function<std::string()>& say) {
  std::string said = say();
  const InLanguage english("en");
  Cell cell = Text(say());
  cell.for_people = std::move(said);
  return cell;
}

void Table::AddRow(std::vector<Cell> row) {
  assert(row.size() == columns_.size());
  rows_.push_back(std::move(row));
}

std::string Table::CellForPeople(size_t column, const Cell& cell, absl::CivilDay today) const {
  if (cell.empty) return "";
  switch (columns_[column].kind) {
    case ColumnKind::kText:
      return OneLine(cell.for_people.empty() ? cell.text : cell.for_people);
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
  Lines lines(1);
  for (const Column& column : columns_) lines[0].push_back(T(column.heading.c_str()));
  for (const std::vector<Cell>& row : rows_) {
    std::vector<std::string>& line = lines.emplace_back();
    for (size_t i = 0; i < row.size(); ++i) line.push_back(CellForPeople(i, row[i], today));
  }
  std::vector<size_t> widths(columns_.size());
  for (const std::vector<std::string>& line : lines) {
    for (size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], DisplayWidth(line[i]));
  }
  std::vector<Column> columns = columns_;
  if (console.columns != 0 && TotalWidth(widths) > console.columns) {
    DropColumns(lines, widths, columns, console.columns);
    CutTexts(widths, columns, console.columns);
  }
  std::string text;
  for (size_t i = 0; i < lines.size(); ++i) {
    const std::string line = Line(lines[i], widths, columns);
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
