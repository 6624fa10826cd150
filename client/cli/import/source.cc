#include "client/cli/import/source.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <istream>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/memory/memory.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/cli/import/harmless.h"
#include "client/cli/import/text.h"
#include "client/cli/translate.h"

namespace timebank::imports {
namespace {

constexpr size_t kRowsToLookAt = 20;
bool IsRejectedColumn(std::string_view heading) {
  return Trimmed(heading) == kRejectedLine || Trimmed(heading) == kRejectedWhy;
}

constexpr std::string_view kSecrets =
    "password passwd passwort pwd contrasena clave contrasenya motdepasse senha pin";

// Unbuffered: what it reads goes straight into a buffer that is wiped.
bool OpenBytes(const std::string& path, std::ifstream& file) {
  file.rdbuf()->pubsetbuf(nullptr, 0);
  file.open(path, std::ios::binary);
  return file.is_open();
}

absl::Status CannotOpen(const std::string& path) {
  return absl::NotFoundError(cli::Fill(cli::T("Cannot open $0: is the name right?"), path));
}

bool IsBlank(const CsvRow& row) {
  return row.error.empty() && std::all_of(row.fields.begin(), row.fields.end(),
                                          [](const std::string& field) { return Trimmed(field).empty(); });
}

absl::Status UnclearEncoding(const std::string& path) {
  return absl::InvalidArgumentError(cli::Fill(
      // Translators: $0 is a file, $1 names such as mac-roman.
      cli::T(
          "The accents of $0 can be read in more than one way: it is not UTF-8, and may come from a Mac or "
          "from DOS. Save it as CSV UTF-8, or say which it is: --encoding ($1)."),
      path, absl::StrJoin(EncodingNames(), ", ")));
}

// Workbooks are not read: which sheet, and what their cells show, is for their own program to say.
absl::Status CheckIsText(const std::string& path, std::istream& file) {
  constexpr std::string_view kZip("PK\x03\x04", 4);
  constexpr std::string_view kCompoundFile("\xD0\xCF\x11\xE0", 4);
  char head[4] = {};
  file.read(head, sizeof head);
  const std::string_view begins(head, static_cast<size_t>(file.gcount()));
  file.clear();
  file.seekg(0);
  if (begins != kZip && begins != kCompoundFile) return absl::OkStatus();
  return absl::InvalidArgumentError(cli::Fill(
      cli::T(
          "$0 is a spreadsheet program's own file (.xlsx, .ods, .xls). Open it there, save the sheet as CSV "
          "(File, Save as), and import that."),
      path));
}

}  // namespace

bool IsSecret(std::string_view heading) { return HasWord(kSecrets, HeadingKey(heading)); }

bool HaveSameBytes(const std::string& path, const std::string& other) {
  std::error_code unreadable;
  const auto size = std::filesystem::file_size(path, unreadable);
  if (unreadable || std::filesystem::file_size(other, unreadable) != size || unreadable) return false;
  std::ifstream a(path, std::ios::binary);
  std::ifstream b(other, std::ios::binary);
  if (!a || !b) return false;
  return std::equal(std::istreambuf_iterator<char>(a), std::istreambuf_iterator<char>(),
                    std::istreambuf_iterator<char>(b), std::istreambuf_iterator<char>());
}

absl::StatusOr<Glimpse> LookAt(const std::string& path, std::string_view encoding) {
  Glimpse glimpse;
  glimpse.path = path;
  glimpse.name = std::filesystem::path(path).filename().string();
  std::error_code error;
  glimpse.bytes = static_cast<int64_t>(std::filesystem::file_size(path, error));
  std::ifstream file;
  if (error || !OpenBytes(path, file)) return CannotOpen(path);
  if (absl::Status text = CheckIsText(path, file); !text.ok()) return text;
  const std::optional<Encoding> detected = DetectEncoding(file, EncodingNamed(encoding));
  if (!detected) return UnclearEncoding(path);
  glimpse.encoding = *detected;
  file.clear();
  file.seekg(0);
  Utf8Buffer utf8(file, glimpse.encoding);
  std::istream converted(&utf8);
  CsvReader csv(converted);
  CsvRow row;
  while (glimpse.rows.size() < kRowsToLookAt && csv.Next(row)) {
    glimpse.rows.push_back(row);
    if (std::any_of(row.fields.begin(), row.fields.end(), IsSecret)) break;
  }
  if (csv.delimiter() != 0) glimpse.separator = csv.delimiter();
  return glimpse;
}

bool Heading::IsOfRejects(const std::vector<std::string>& fields) const {
  if (!cells.empty()) return rejected_cells > 0;
  return fields.size() == width + kRejectedCells && IsDigits(fields[width]);
}

int Heading::Score() const {
  return static_cast<int>(
      std::count_if(cell_of_column.begin(), cell_of_column.end(), [](int cell) { return cell >= 0; }));
}

Heading FitHeading(const Glimpse& file, size_t row, const FileKind& kind) {
  Heading heading;
  heading.kind = &kind;
  heading.row = static_cast<int>(row);
  heading.cells = file.rows[row].fields;
  std::vector<std::string> keys;
  for (const std::string& cell : heading.cells) keys.push_back(HeadingKey(cell));
  while (!heading.cells.empty() && IsRejectedColumn(heading.cells.back())) {
    heading.cells.pop_back();
    ++heading.rejected_cells;
  }
  if (heading.rejected_cells > 0) {
    for (std::string& cell : heading.cells) cell = Unharmed(cell);
  }
  heading.width = heading.cells.size();
  for (const Column& column : kind.columns) {
    const std::string own_key = HeadingKey(column.name);
    const auto found = std::find_if(keys.begin(), keys.end(), [&](const std::string& key) {
      return key == own_key || HasWord(column.other_names, key);
    });
    heading.cell_of_column.push_back(found == keys.end() ? -1 : static_cast<int>(found - keys.begin()));
  }
  return heading;
}

namespace {

// How many cells of a heading say something.
int HeadedCells(const Heading& heading) {
  return static_cast<int>(std::count_if(heading.cells.begin(), heading.cells.end(),
                                        [](const std::string& cell) { return !Trimmed(cell).empty(); }));
}

}  // namespace

std::optional<Heading> FindHeading(const Glimpse& glimpse, absl::Span<const FileKind> kinds) {
  std::optional<Heading> best;
  for (size_t row = 0; row < std::min(glimpse.rows.size(), kRowsToFindHeading); ++row) {
    for (const FileKind& kind : kinds) {
      Heading heading = FitHeading(glimpse, row, kind);
      bool has_all = true;
      for (size_t i = 0; i < kind.columns.size(); ++i) {
        has_all = has_all && (!kind.columns[i].needed || heading.cell_of_column[i] >= 0);
      }
      if (kind.has_no_others && HeadedCells(heading) > heading.Score()) continue;
      if (has_all && (!best || heading.Score() > best->Score())) best = std::move(heading);
    }
  }
  return best;
}

std::string TellWidth(size_t cells, size_t width) {
  return absl::StrCat("has ", cells, cells == 1 ? " column" : " columns", " instead of ", width);
}

Heading ByPosition(const FileKind& kind) {
  Heading heading;
  heading.kind = &kind;
  heading.width = kind.columns.size();
  for (size_t i = 0; i < heading.width; ++i) heading.cell_of_column.push_back(static_cast<int>(i));
  return heading;
}

std::string TellKinds(absl::Span<const FileKind> kinds) {
  std::string told;
  for (const FileKind& kind : kinds) {
    std::string columns;
    for (const Column& column : kind.columns) {
      if (column.needed) absl::StrAppend(&columns, columns.empty() ? "" : ", ", Absl(column.name));
    }
    absl::StrAppend(&told, told.empty() ? "" : "; ", Absl(kind.name));
    if (!columns.empty()) absl::StrAppend(&told, " (", columns, ")");
  }
  return told;
}

Source::Source(Glimpse glimpse, Heading heading)
    : glimpse_(std::move(glimpse)), heading_(std::move(heading)) {
  const int rows_above = heading_.row + (heading_.cells.empty() ? 1 : 0);
  for (int row = 0; row < rows_above; ++row) {
    const CsvRow& above = glimpse_.rows[static_cast<size_t>(row)];
    if (!IsBlank(above)) lines_above_.push_back(above.line);
  }
  glimpse_.rows.clear();
  for (size_t column = 0; column < kind().columns.size(); ++column) {
    const int cell = heading_.cell_of_column[column];
    const bool named = cell >= 0 && static_cast<size_t>(cell) < heading_.cells.size();
    column_names_.push_back(named ? Tellable(Trimmed(heading_.cells[static_cast<size_t>(cell)]))
                                  : std::string(kind().columns[column].name));
  }
  for (size_t cell = 0; cell < heading_.cells.size(); ++cell) {
    has_secrets_ = has_secrets_ || IsPassedOver(cell);
  }
}

bool Source::IsPassedOver(size_t cell) const {
  const std::vector<int>& known = heading_.cell_of_column;
  return IsSecret(heading_.cells[cell]) ||
         (kind().has_secrets && std::find(known.begin(), known.end(), static_cast<int>(cell)) == known.end());
}

absl::StatusOr<std::unique_ptr<Source>> Source::Open(Glimpse glimpse, Heading heading) {
  auto source = absl::WrapUnique(new Source(std::move(glimpse), std::move(heading)));
  const absl::Status opened = source->Rewind();
  if (!opened.ok()) return opened;
  return source;
}

absl::Status Source::Rewind() {
  csv_.reset();
  converted_.reset();
  utf8_.reset();
  file_ = std::ifstream();
  if (!OpenBytes(glimpse_.path, file_)) return CannotOpen(glimpse_.path);
  utf8_ = std::make_unique<Utf8Buffer>(file_, glimpse_.encoding);
  converted_ = std::make_unique<std::istream>(utf8_.get());
  csv_ = std::make_unique<CsvReader>(*converted_);
  CsvRow row;
  for (int i = 0; i <= heading_.row; ++i) csv_->Next(row);
  for (size_t i = 0; i < heading_.cells.size(); ++i) {
    if (IsPassedOver(i)) csv_->PassOver(i);
  }
  return absl::OkStatus();
}

// Gives a short row the empty cells that it lacks.
void Source::FillUp(CsvRow& row) {
  const size_t width = heading_.width + heading_.rejected_cells;
  if (has_secrets_ && row.cells != width) {
    row.error = TellWidth(row.cells, width);
    for (std::string& field : row.fields) OPENSSL_cleanse(field.data(), field.size());
    row.fields.clear();
    return;
  }
  if (row.cells < width) row.fields.resize(width);
}

absl::StatusOr<bool> Source::Next(CsvRow& row) {
  while (csv_->Next(row)) {
    if (IsBlank(row)) continue;
    if (row.error.empty()) FillUp(row);
    if (heading_.IsOfRejects(row.fields)) {
      for (std::string& field : row.fields) field = Unharmed(field);
    }
    return true;
  }
  if (file_.bad()) {
    return absl::DataLossError(
        cli::Fill(cli::T("$0 cannot be read any further (disk or network error)."), glimpse_.name));
  }
  return false;
}

int64_t Source::bytes_consumed() const {
  // Of another encoding as many bytes come out as went in only at the end.
  return std::min(glimpse_.bytes,
                  glimpse_.encoding == Encoding::kUtf8 ? csv_->bytes_consumed() : utf8_->bytes_read());
}

}  // namespace timebank::imports
