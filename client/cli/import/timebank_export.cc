#include "client/cli/import/timebank_export.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <fstream>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "client/cli/import/csv_reader.h"
#include "client/cli/import/encoding.h"
#include "client/cli/import/formats.h"
#include "client/cli/import/harmless.h"
#include "client/cli/import/limits.h"
#include "client/cli/import/source.h"
#include "client/cli/import/text.h"
#include "client/cli/translate.h"

namespace timebank::imports {
namespace {

constexpr std::string_view kSeparator = "; ";
// What a closing becomes: its day and its origin stay, the word tells what it was.
constexpr char kClosingTag[] = "closing";
constexpr char kStarterNote[] = "Starter hours";

// ---- The files

template <size_t kSize>
constexpr std::array<Column, kSize> AsColumns(const std::array<std::string_view, kSize>& names) {
  std::array<Column, kSize> columns = {};
  for (size_t i = 0; i < kSize; ++i) columns[i].name = names[i];
  columns[0].needed = true;
  return columns;
}

constexpr auto kExportSheet = AsColumns(kExportColumns);
constexpr auto kMemberSheet = AsColumns(kMemberColumns);
constexpr auto kCircleSheet = AsColumns(kCircleColumns);
constexpr auto kExchangeSheet = AsColumns(kExchangeColumns);
constexpr auto kEventSheet = AsColumns(kEventColumns);

using Holds = FileKind::Holds;
const std::array<FileKind, 5> kFiles = {{{"timebank", Holds::kNothingKept, kExportSheet},
                                         {"members", Holds::kMembers, kMemberSheet},
                                         {"circles", Holds::kMembers, kCircleSheet},
                                         {"exchanges", Holds::kExchanges, kExchangeSheet},
                                         {"events", Holds::kExchanges, kEventSheet}}};
enum File : size_t { kExport, kMembers, kCircles, kExchanges, kEvents };

constexpr std::array<const char*, kFiles.size()> kFileNames = {kExportFile, kMembersFile, kCirclesFile,
                                                               kExchangesFile, kEventsFile};

// Whether a heading names one of the files in a version of which this program knows nothing.
bool IsOfAnotherVersion(const Glimpse& file) {
  if (file.rows.empty()) return false;
  const std::vector<std::string>& heading = file.rows.front().fields;
  return std::any_of(heading.begin(), heading.end(), [](std::string_view name) {
    return std::any_of(kFiles.begin(), kFiles.end(), [name](const FileKind& kind) {
      const std::string_view own = kind.columns.front().name;
      const size_t stem = own.rfind('_') + 1;
      return name != own && name.substr(0, stem) == own.substr(0, stem) && IsDigits(name.substr(stem));
    });
  });
}

// A file of rows whose cells go by the names in its heading.
class Sheet {
 public:
  // As Source::Open().
  static absl::StatusOr<std::unique_ptr<Sheet>> Open(Glimpse file, Heading heading) {
    absl::StatusOr<std::unique_ptr<Source>> source = Source::Open(std::move(file), std::move(heading));
    if (!source.ok()) return source.status();
    return std::make_unique<Sheet>(*std::move(source));
  }
  explicit Sheet(std::unique_ptr<Source> source) : source_(std::move(source)) {
    const std::vector<int>& cells = heading().cell_of_column;
    for (size_t i = 0; i < cells.size(); ++i) {
      if (cells[i] >= 0) cells_.emplace(source_->kind().columns[i].name, static_cast<size_t>(cells[i]));
    }
  }

  // Moves to the next row. False at the end. A row that cannot be taken apart has `error()`.
  absl::StatusOr<bool> Next() {
    absl::StatusOr<bool> more = source_->Next(row_);
    if (!more.ok() || !*more) return more;
    ++rows_;
    error_ = row_.error;
    const size_t width = heading().width + heading().rejected_cells;
    if (error_.empty() && (row_.fields.size() != width || (row_.unended && row_.cells < width))) {
      error_ = TellWidth(row_.cells, width);
    }
    if (error_.empty() && !std::all_of(row_.fields.begin(), row_.fields.end(), IsUtf8)) {
      error_ = "not UTF-8; save the file as CSV UTF-8";
    }
    return true;
  }

  // The text of a cell; empty where the file has no such column.
  std::string Cell(std::string_view column) const {
    const auto found = cells_.find(column);
    return found == cells_.end() ? "" : Unharmed(row_.fields[found->second]);
  }
  // The cell in the column that names the file.
  std::string bank() const { return Cell(source_->kind().columns.front().name); }

  Place place() const { return {source_->name(), row_.line}; }
  const std::string& name() const { return source_->name(); }
  const Heading& heading() const { return source_->heading(); }
  const std::string& error() const { return error_; }
  // As they stand in the file, for a file of rejects.
  const std::vector<std::string>& fields() const { return row_.fields; }
  int64_t rows() const { return rows_; }
  int64_t bytes() const { return source_->glimpse().bytes; }
  int64_t bytes_consumed() const { return source_->bytes_consumed(); }

  void TellLeftOut(std::vector<std::string>& told) const {
    if (source_->glimpse().encoding != Encoding::kUtf8) {
      told.push_back(
          absl::StrCat(name(), " is ", Absl(NameOf(source_->glimpse().encoding)), " and was read as such"));
    }
    const std::vector<int>& known = heading().cell_of_column;
    for (size_t cell = 0; cell < heading().width; ++cell) {
      if (std::find(known.begin(), known.end(), static_cast<int>(cell)) != known.end()) continue;
      told.push_back(absl::StrCat("the column \"", Tellable(heading().cells[cell]), "\" of ", name()));
    }
  }

 private:
  std::unique_ptr<Source> source_;
  std::map<std::string_view, size_t> cells_;
  CsvRow row_;
  std::string error_;
  int64_t rows_ = 0;
};

// ---- Cells

// Thrown together while a row is read: the first thing that is wrong with it.
struct Problem {
  std::string field;
  std::string reason;
  void Add(std::string_view column, std::string_view why) {
    if (reason.empty()) *this = {std::string(column), std::string(why)};
  }
};

int64_t ReadNumber(const Sheet& sheet, std::string_view column, Problem& problem) {
  const std::string cell = sheet.Cell(column);
  int64_t number = 0;
  if (!cell.empty() && !absl::SimpleAtoi(cell, &number)) {
    problem.Add(column, absl::StrCat("\"", Shortened(cell), "\" is not a whole number"));
  }
  return number;
}

// Of people; never less than none.
int32_t ReadHeadcount(const Sheet& sheet, std::string_view column, Problem& problem) {
  const int64_t number = ReadNumber(sheet, column, problem);
  if (number >= 0 && number <= std::numeric_limits<int32_t>::max()) return static_cast<int32_t>(number);
  problem.Add(column, absl::StrCat(number, " is no number of people"));
  return 0;
}

// ISO, or empty.
std::string ReadDay(const Sheet& sheet, std::string_view column, Problem& problem) {
  std::string cell = sheet.Cell(column);
  absl::CivilDay day;
  if (!cell.empty() && !(absl::ParseCivilTime(cell, &day) && absl::FormatCivilTime(day) == cell)) {
    problem.Add(column, absl::StrCat("\"", Shortened(cell), "\" is not a day like 2026-11-14"));
  }
  return cell;
}

absl::Time ReadMoment(const Sheet& sheet, std::string_view column, Problem& problem) {
  const std::string cell = sheet.Cell(column);
  absl::Time moment = absl::InfinitePast();
  std::string error;
  if (!cell.empty() && !absl::ParseTime(absl::RFC3339_full, cell, &moment, &error)) {
    problem.Add(column, absl::StrCat("\"", Shortened(cell), "\" is not a moment like 2026-11-14T18:03:00Z"));
  }
  return moment;
}

std::vector<std::string> ReadList(const Sheet& sheet, std::string_view column, Problem& problem) {
  std::optional<std::vector<std::string>> items = SplitList(sheet.Cell(column));
  if (!items) problem.Add(column, "a \\ that stands before neither ; nor \\");
  return items.value_or(std::vector<std::string>());
}

}  // namespace

std::string JoinList(const std::vector<std::string>& items) {
  std::string cell;
  for (const std::string& item : items) {
    if (&item != &items.front()) cell += kSeparator;
    if (item.empty()) cell += "\\-";
    for (const char c : item) {
      if (c == '\\' || c == ';') cell += '\\';
      cell += c;
    }
  }
  return cell;
}

std::optional<std::vector<std::string>> SplitList(std::string_view cell) {
  std::vector<std::string> items;
  if (cell.empty()) return items;
  items.emplace_back();
  for (size_t at = 0; at < cell.size(); ++at) {
    if (cell[at] == ';') {
      items.emplace_back();
      // A person may have left the blank out.
      if (at + 1 < cell.size() && cell[at + 1] == ' ') ++at;
      continue;
    }
    if (cell[at] == '\\') {
      if (++at == cell.size()) return std::nullopt;
      if (cell[at] == '-') continue;
      if (cell[at] != ';' && cell[at] != '\\') return std::nullopt;
    }
    items.back() += cell[at];
  }
  return items;
}

std::string OwnNumber(std::string_view bank_id, int64_t number) {
  return absl::StrCat(Absl(bank_id), "/", number);
}

namespace {

// ---- The reader

// Those that there are.
using Sheets = std::map<File, std::unique_ptr<Sheet>>;

class TimebankReader : public Reader {
 public:
  explicit TimebankReader(Sheets sheets) : sheets_(std::move(sheets)) {}

  // Reads the files of which all must be known first.
  absl::Status Begin();

  absl::StatusOr<bool> Next(Row& row) override;
  std::string_view system() const override { return kTimebank; }
  std::string_view id_prefix() const override { return ""; }
  std::vector<std::string> Heading(std::string_view file) const override;
  // We write commas; a spreadsheet that was in between may write others, and reads both.
  char Separator(std::string_view) const override { return ','; }
  std::string_view position() const override { return position_; }
  std::string_view missing_file() const override;
  std::vector<std::string> LeftOut() const override;
  int64_t bytes_consumed() const override;
  int64_t bytes_total() const override;

 private:
  struct Merge {
    Place place;
    int64_t number = 0;
    std::string id;
    std::string into;
    std::vector<std::string> fields;
  };

  Sheet* sheet(File file) const {
    const auto found = sheets_.find(file);
    return found == sheets_.end() ? nullptr : found->second.get();
  }
  absl::Status ReadExport();
  absl::Status ReadEvents();
  Row ReadMember(const Sheet& sheet);
  Row ReadCircle(const Sheet& sheet) const;
  // None for a row that posts nothing.
  std::optional<Row> ReadEntry(const Sheet& sheet);
  void ReadExchange(const Sheet& sheet, ImportedEntry& entry, Problem& problem);
  void ReadTransfer(const Sheet& sheet, ImportedEntry& entry, Problem& problem) const;
  ImportedHolder ReadHolder(const std::string& bank, const std::string& name, std::string_view column,
                            Problem& problem) const;
  std::vector<ImportedShare> ReadShares(const Sheet& sheet, std::string_view column, Problem& problem) const;
  std::string NumberOf(const std::string& bank, const std::string& id) const;
  Row TakeMerge();
  void CountWhatStays(const Sheet& sheet);

  Sheets sheets_;
  std::string position_;
  // Rows that each file should have.
  std::map<std::string, int64_t> promised_;
  // Numbers of members by bank and id.
  absl::flat_hash_map<std::string, std::string> numbers_;
  std::deque<Merge> merges_;
  // Numbers of entries that merges made.
  absl::flat_hash_set<int64_t> merged_by_;
  // The entries' names, hashed.
  absl::flat_hash_set<FactsHash> seen_;
  std::vector<DeclaredBalance> balances_;
  size_t balances_told_ = 0;
  // The row of exchanges.csv that waits for a merge to go first.
  bool row_waits_ = false;
  // What cannot be taken over, in words, and how often.
  std::map<std::string, int64_t> stays_behind_;
};

absl::Status TimebankReader::Begin() {
  for (auto read : {&TimebankReader::ReadExport, &TimebankReader::ReadEvents}) {
    if (absl::Status status = (this->*read)(); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status TimebankReader::ReadExport() {
  Sheet* file = sheet(kExport);
  if (file == nullptr) return absl::OkStatus();
  for (;;) {
    absl::StatusOr<bool> more = file->Next();
    if (!more.ok() || !*more) return more.status();
    if (!file->error().empty()) continue;
    const std::string what = file->Cell("what");
    const std::string value = file->Cell("value");
    int64_t number = 0;
    if (what == "position") position_ = value;
    if (what.compare(0, 5, "rows ") == 0 && absl::SimpleAtoi(value, &number)) {
      promised_[what.substr(5)] = number;
    }
    if (what == "balance pots/community" && absl::SimpleAtoi(value, &number)) {
      balances_.push_back({.place = file->place(), .number = "", .seconds = number, .within_seconds = 0});
    }
  }
}

absl::Status TimebankReader::ReadEvents() {
  Sheet* file = sheet(kEvents);
  if (file == nullptr) return absl::OkStatus();
  for (;;) {
    absl::StatusOr<bool> more = file->Next();
    if (!more.ok() || !*more) return more.status();
    if (!file->error().empty()) {
      ++stays_behind_[absl::StrCat("rows of ", file->name(), " that cannot be read")];
      continue;
    }
    const std::string what = file->Cell("what");
    Problem problem;
    if (what == "member" && file->Cell("state") == "MERGED") {
      merges_.push_back({.place = file->place(),
                         .number = ReadNumber(*file, "number", problem),
                         .id = absl::StrCat(file->bank(), "/", file->Cell("about")),
                         .into = absl::StrCat(file->bank(), "/", file->Cell("other")),
                         .fields = file->fields()});
    }
    if (what == "contest" || what == "settlement" || what == "confirmation" || what == "note_erasure") {
      ++stays_behind_[absl::StrCat(what == "note_erasure" ? "note erasure" : what, "s")];
    }
  }
}

absl::StatusOr<bool> TimebankReader::Next(Row& row) {
  if (Sheet* members = sheet(kMembers)) {
    absl::StatusOr<bool> more = members->Next();
    if (!more.ok()) return more;
    if (*more) {
      row = ReadMember(*members);
      return true;
    }
  }
  if (Sheet* circles = sheet(kCircles)) {
    absl::StatusOr<bool> more = circles->Next();
    if (!more.ok()) return more;
    if (*more) {
      row = ReadCircle(*circles);
      return true;
    }
  }
  if (Sheet* exchanges = sheet(kExchanges)) {
    for (;;) {
      if (!std::exchange(row_waits_, false)) {
        absl::StatusOr<bool> more = exchanges->Next();
        if (!more.ok()) return more;
        if (!*more) break;
      }
      Problem ignored;
      if (exchanges->error().empty() && !merges_.empty() &&
          merges_.front().number < ReadNumber(*exchanges, "number", ignored)) {
        row_waits_ = true;
        row = TakeMerge();
        return true;
      }
      if (std::optional<Row> read = ReadEntry(*exchanges)) {
        row = *std::move(read);
        return true;
      }
    }
  }
  if (!merges_.empty()) {
    row = TakeMerge();
    return true;
  }
  if (balances_told_ < balances_.size()) {
    row = balances_[balances_told_++];
    return true;
  }
  return false;
}

Row TimebankReader::TakeMerge() {
  Merge merge = std::move(merges_.front());
  merges_.pop_front();
  const auto number = [this](const std::string& name) {
    const auto found = numbers_.find(name);
    return found == numbers_.end() ? name : found->second;
  };
  return ImportedMerge{std::move(merge.place), number(merge.id), number(merge.into), std::move(merge.fields)};
}

std::vector<std::string> TimebankReader::Heading(std::string_view file) const {
  for (const auto& [kind, sheet] : sheets_) {
    if (sheet->name() == file) return sheet->heading().cells;
  }
  return {};
}

std::vector<std::string> TimebankReader::LeftOut() const {
  std::vector<std::string> left_out;
  if (sheet(kExport) != nullptr) left_out.emplace_back("the bank's settings (timebank.csv)");
  for (const auto& [what, count] : stays_behind_) left_out.push_back(absl::StrCat(count, " ", what));
  for (const auto& [kind, sheet] : sheets_) {
    sheet->TellLeftOut(left_out);
    const auto promised = promised_.find(sheet->name());
    if (promised != promised_.end() && promised->second != sheet->rows()) {
      left_out.push_back(absl::StrCat(sheet->name(), " has ", sheet->rows(), " rows, where ", kExportFile,
                                      " tells of ", promised->second));
    }
  }
  return left_out;
}

// Rows that were mended are of an import that has brought the members.
std::string_view TimebankReader::missing_file() const {
  const Sheet* exchanges = sheet(kExchanges);
  if (exchanges == nullptr || sheet(kMembers) != nullptr) return {};
  return exchanges->heading().rejected_cells == 0 ? kMembersFile : std::string_view();
}

int64_t TimebankReader::bytes_consumed() const {
  int64_t bytes = 0;
  for (const auto& [kind, sheet] : sheets_) bytes += sheet->bytes_consumed();
  return bytes;
}

int64_t TimebankReader::bytes_total() const {
  int64_t bytes = 0;
  for (const auto& [kind, sheet] : sheets_) bytes += sheet->bytes();
  return bytes;
}

// ---- Members and circles

Reject Rejected(const Sheet& sheet, const Problem& problem) {
  return {sheet.place(), problem.field, problem.reason, sheet.fields()};
}

std::string TimebankReader::NumberOf(const std::string& bank, const std::string& id) const {
  std::string own = absl::StrCat(bank, "/", id);
  const auto found = numbers_.find(own);
  return found == numbers_.end() ? own : found->second;
}

// A member's or a circle's.
std::string ReadName(const Sheet& sheet, Problem& problem) {
  std::string name = sheet.Cell("display_name");
  if (CodePoints(name) > kMaxNameCharacters) {
    problem.Add("display_name", absl::StrCat("a name longer than ", kMaxNameCharacters, " characters"));
  }
  return name;
}

Row TimebankReader::ReadMember(const Sheet& sheet) {
  if (!sheet.error().empty()) return Rejected(sheet, {"", sheet.error()});
  Problem problem;
  ImportedMember member;
  member.place = sheet.place();
  member.fields = sheet.fields();
  member.id = sheet.Cell("id");
  if (member.id.empty()) problem.Add("id", "a member without an id");
  member.display_name = ReadName(sheet, problem);
  const std::string kind = sheet.Cell("kind");
  if (kind == "ORGANISATION") {
    member.kind = ImportedMember::Kind::kOrganisation;
  } else if (kind == "HOUSEHOLD") {
    member.kind = ImportedMember::Kind::kHousehold;
  } else if (!kind.empty() && kind != "PERSON") {
    problem.Add("kind", absl::StrCat("\"", kind, "\" is not PERSON, ORGANISATION or HOUSEHOLD"));
  }
  member.joined_on = ReadDay(sheet, "joined_on", problem);
  member.closed_on = ReadDay(sheet, "closed_on", problem);
  member.closed = sheet.Cell("state") == "CLOSED";
  if (!member.closed) member.closed_on.clear();
  member.phones = ReadList(sheet, "phones", problem);
  member.emails = ReadList(sheet, "emails", problem);
  member.language = sheet.Cell("language");
  member.note = sheet.Cell("note");
  const std::string own = absl::StrCat(sheet.bank(), "/", member.id);
  for (const std::string& external : ReadList(sheet, "external_ids", problem)) {
    const std::pair<std::string, std::string> id = absl::StrSplit(external, absl::MaxSplits(':', 1));
    if (id.first == kTimebank && member.number.empty()) {
      member.number = id.second;
    } else {
      member.external_ids.push_back(id);
    }
  }
  if (member.number.empty()) member.number = own;
  if (CodePoints(member.number) > kMaxNumberCharacters) {
    problem.Add(member.number == own ? "id" : "external_ids",
                absl::StrCat("a number longer than ", kMaxNumberCharacters, " characters"));
  }
  if (problem.reason.empty() && !numbers_.emplace(own, member.number).second) {
    problem.Add("id", absl::StrCat("the member ", member.id, " stands there twice"));
  }
  if (problem.reason.empty() && sheet.Cell("state") == "MERGED" && this->sheet(kEvents) == nullptr) {
    // Nothing tells when: behind all entries the hours come to the same.
    merges_.push_back({.place = sheet.place(),
                       .number = std::numeric_limits<int64_t>::max(),
                       .id = own,
                       .into = absl::StrCat(sheet.bank(), "/", sheet.Cell("merged_into")),
                       .fields = sheet.fields()});
  }
  const std::string seconds = sheet.Cell("seconds");
  const int64_t balance = ReadNumber(sheet, "seconds", problem);
  if (!problem.reason.empty()) return Rejected(sheet, problem);
  if (!seconds.empty()) {
    balances_.push_back(
        {.place = sheet.place(), .number = member.number, .seconds = balance, .within_seconds = 0});
  }
  return member;
}

Row TimebankReader::ReadCircle(const Sheet& sheet) const {
  if (!sheet.error().empty()) return Rejected(sheet, {"", sheet.error()});
  Problem problem;
  ImportedCircle circle;
  circle.place = sheet.place();
  circle.fields = sheet.fields();
  circle.id = sheet.Cell("id");
  if (circle.id.empty()) problem.Add("id", "a circle without an id");
  circle.display_name = ReadName(sheet, problem);
  for (const std::string& id : ReadList(sheet, "members", problem)) {
    circle.members.push_back(NumberOf(sheet.bank(), id));
  }
  if (!problem.reason.empty()) return Rejected(sheet, problem);
  return circle;
}

// ---- Entries

bool AddUpToZero(const std::vector<ImportedShare>& movements) {
  int64_t sum = 0;
  const bool in_range = std::none_of(movements.begin(), movements.end(), [&sum](const ImportedShare& moved) {
    return __builtin_add_overflow(sum, moved.seconds, &sum);
  });
  return in_range && sum == 0;
}

ImportedHolder TimebankReader::ReadHolder(const std::string& bank, const std::string& name,
                                          std::string_view column, Problem& problem) const {
  const std::pair<std::string, std::string> parts = absl::StrSplit(name, absl::MaxSplits('/', 1));
  if (parts.second.empty()) problem.Add(column, absl::StrCat("\"", name, "\" is not like members/ana"));
  if (parts.first == "circles") return {ImportedHolder::Kind::kCircle, parts.second};
  if (parts.first == "pots") return {ImportedHolder::Kind::kPot, parts.second};
  if (parts.first != "members") problem.Add(column, absl::StrCat("\"", name, "\" is not like members/ana"));
  return {ImportedHolder::Kind::kMember, NumberOf(bank, parts.second)};
}

std::vector<ImportedShare> TimebankReader::ReadShares(const Sheet& sheet, std::string_view column,
                                                      Problem& problem) const {
  std::vector<ImportedShare> shares;
  for (const std::string& item : ReadList(sheet, column, problem)) {
    const std::pair<std::string, std::string> parts = absl::StrSplit(item, absl::MaxSplits(' ', 1));
    ImportedShare share{ReadHolder(sheet.bank(), parts.first, column, problem), 0};
    if (!absl::SimpleAtoi(parts.second, &share.seconds) || share.seconds < 1) {
      problem.Add(column, absl::StrCat("\"", item, "\" is not like members/ana 5400"));
    }
    shares.push_back(std::move(share));
  }
  return shares;
}

std::optional<Row> TimebankReader::ReadEntry(const Sheet& sheet) {
  if (!sheet.error().empty()) return Rejected(sheet, {"", sheet.error()});
  Problem problem;
  ImportedEntry entry;
  entry.place = sheet.place();
  entry.fields = sheet.fields();
  const std::string bank = sheet.bank();
  const int64_t number = ReadNumber(sheet, "number", problem);
  const std::string kind = sheet.Cell("kind");
  // Merging moves what was left by itself.
  if (kind == "CLOSING" && !merges_.empty() && merges_.front().number == number + 1) {
    merged_by_.insert(number);
    return std::nullopt;
  }
  if (kind == "REVERSAL" && merged_by_.contains(ReadNumber(sheet, "reverses", problem))) {
    ++stays_behind_["reversals of what a merge moved"];
    return std::nullopt;
  }

  entry.movements = ReadShares(sheet, "credited", problem);
  for (ImportedShare& share : ReadShares(sheet, "debited", problem)) {
    share.seconds = -share.seconds;
    entry.movements.push_back(std::move(share));
  }
  entry.seconds = ReadNumber(sheet, "seconds", problem);
  entry.occurred_on = ReadDay(sheet, "occurred_on", problem);
  if (entry.occurred_on.empty()) problem.Add("occurred_on", "an entry without a day");
  entry.category = sheet.Cell("category");
  entry.note = sheet.Cell("note");
  entry.tags = ReadList(sheet, "tags", problem);
  entry.decision = sheet.Cell("decision");
  entry.reason = sheet.Cell("reason");
  if (const std::string member = sheet.Cell("acting_for"); !member.empty()) {
    entry.acting_for = ReadHolder(bank, member, "acting_for", problem);
  }
  entry.origin = {sheet.Cell("origin_system"), sheet.Cell("origin_number"), sheet.Cell("origin_recorded_by"),
                  ReadMoment(sheet, "origin_recorded_at", problem)};
  if (entry.origin.system.empty()) {
    entry.origin = {kTimebank, OwnNumber(bank, number), sheet.Cell("recorded_by"),
                    ReadMoment(sheet, "recorded_at", problem)};
    if (number == 0) problem.Add("number", "an entry without a number");
  }
  if (kind == "EXCHANGE") {
    ReadExchange(sheet, entry, problem);
  } else if (kind == "REVERSAL") {
    entry.kind = ImportedEntry::Kind::kReversal;
    entry.reverses.system = sheet.Cell("reverses_system");
    entry.reverses.number = sheet.Cell("reverses_number");
    if (entry.reverses.system.empty()) {
      entry.reverses.system = kTimebank;
      entry.reverses.number = OwnNumber(bank, ReadNumber(sheet, "reverses", problem));
    }
    if (sheet.Cell("reverses").empty()) problem.Add("reverses", "a reversal of nothing");
  } else if (kind == "GIFT" || kind == "OPENING" || kind == "STARTER" || kind == "CLOSING") {
    ReadTransfer(sheet, entry, problem);
  } else {
    problem.Add("kind", absl::StrCat("\"", kind, "\" is no kind of entry"));
  }
  if (!AddUpToZero(entry.movements)) {
    problem.Add("credited", "what is credited and what is debited do not come to the same");
  }
  if (problem.reason.empty() && !seen_.insert(HashFacts({entry.origin.system, entry.origin.number})).second) {
    problem.Add("number", "the entry stands there twice");
  }
  if (!problem.reason.empty()) return Rejected(sheet, problem);
  // Only somebody who takes part can have been acted for; a correction may have taken the member out.
  const auto takes_part = [&entry](const ImportedShare& share) { return share.holder == entry.acting_for; };
  const auto& movements = entry.movements;
  if (entry.acting_for && std::none_of(movements.begin(), movements.end(), takes_part)) {
    entry.acting_for.reset();
    ++stays_behind_["members acted for who take no part in the entry"];
  }
  CountWhatStays(sheet);
  return entry;
}

// What the API has no way to bring in, counted to be told.
void TimebankReader::CountWhatStays(const Sheet& sheet) {
  const std::string kind = sheet.Cell("kind");
  if (kind == "STARTER") ++stays_behind_["starter hours that become openings"];
  if (kind == "CLOSING") ++stays_behind_["closings that become gifts tagged \"closing\""];
  if (kind == "REVERSAL") ++stays_behind_["reversals' recorders and times"];
  if (!sheet.Cell("corrects").empty()) ++stays_behind_["links from an entry to the one that it corrects"];
  if (!sheet.Cell("restores").empty()) ++stays_behind_["links from an entry to the one that it records anew"];
  if (kind != "REVERSAL" && !sheet.Cell("reason").empty()) {
    ++stays_behind_["reasons of entries that correct or record anew"];
  }
  if (kind != "REVERSAL" && !sheet.Cell("origin_system").empty()) {
    ++stays_behind_["recorders and times of entries that come from an older system (its own stay)"];
  }
  if ((kind == "OPENING" || kind == "STARTER" || kind == "CLOSING") && !sheet.Cell("acting_for").empty()) {
    ++stays_behind_["members acted for in openings and closings"];
  }
}

void TimebankReader::ReadExchange(const Sheet& sheet, ImportedEntry& entry, Problem& problem) {
  entry.kind = ImportedEntry::Kind::kExchange;
  entry.givers = ReadShares(sheet, "givers", problem);
  entry.receivers = ReadShares(sheet, "receivers", problem);
  if (const std::string remainder = sheet.Cell("remainder"); !remainder.empty()) {
    entry.remainder = ReadHolder(sheet.bank(), remainder, "remainder", problem);
  }
  entry.unnamed_givers = ReadHeadcount(sheet, "unnamed_givers", problem);
  entry.unnamed_receivers = ReadHeadcount(sheet, "unnamed_receivers", problem);
}

// A gift or an opening, or what becomes one.
void TimebankReader::ReadTransfer(const Sheet& sheet, ImportedEntry& entry, Problem& problem) const {
  if (entry.movements.size() != 2 || entry.movements[0].seconds < 0 ||
      entry.movements[0].seconds != -entry.movements[1].seconds) {
    problem.Add("credited", "one account credited what one other is debited is needed");
    return;
  }
  entry.credited = entry.movements[0].holder;
  entry.debited = entry.movements[1].holder;
  entry.seconds = entry.movements[0].seconds;
  const std::string kind = sheet.Cell("kind");
  entry.kind = ImportedEntry::Kind::kGift;
  if (kind == "CLOSING") entry.tags.emplace_back(kClosingTag);
  if (kind == "GIFT" || kind == "CLOSING") return;
  entry.kind = ImportedEntry::Kind::kOpening;
  entry.acting_for.reset();
  if (kind == "STARTER" && entry.note.empty()) entry.note = kStarterNote;
  const ImportedHolder opening{ImportedHolder::Kind::kPot, "opening"};
  if (entry.credited == opening) {
    std::swap(entry.credited, entry.debited);
    entry.seconds = -entry.seconds;
  }
  if (!(entry.debited == opening)) problem.Add("debited", "an opening stands against pots/opening");
}

// ---- Opening

// Whether an export has such a file, of whatever version.
bool IsAnExports(const Glimpse& file) { return FindHeading(file, kFiles) || IsOfAnotherVersion(file); }

// How well a file fits: it is nobody else's.
int Fit(const Glimpse& file, const ReaderOptions& /*options*/) {
  constexpr int kSurely = 100;
  return IsAnExports(file) ? kSurely : 0;
}

absl::StatusOr<std::unique_ptr<Reader>> OpenTimebank(std::vector<Glimpse> files,
                                                     const ReaderOptions& /*options*/) {
  Sheets sheets;
  for (Glimpse& file : files) {
    const std::string path = file.path;
    std::optional<Heading> heading = FindHeading(file, kFiles);
    if (!heading) {
      return absl::InvalidArgumentError(
          IsOfAnotherVersion(file)
              ? cli::Fill(
                    cli::T("$0 was written by another version of timebank export. Import it with that one."),
                    path)
              : cli::Fill(cli::T("$0 is none of the files that timebank export writes."), path));
    }
    const auto kind = static_cast<File>(heading->kind - kFiles.data());
    absl::StatusOr<std::unique_ptr<Sheet>> sheet = Sheet::Open(std::move(file), *std::move(heading));
    if (!sheet.ok()) return sheet.status();
    if (!sheets.emplace(kind, *std::move(sheet)).second) {
      return absl::InvalidArgumentError(cli::Fill(
          cli::T("$0: there is another file with the same columns. One of each kind, please."), path));
    }
  }
  auto reader = std::make_unique<TimebankReader>(std::move(sheets));
  if (absl::Status status = reader->Begin(); !status.ok()) return status;
  return reader;
}

// Those in `folder` that are not hidden, by name.
std::vector<std::string> VisibleFiles(const std::string& folder) {
  std::vector<std::string> files;
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator(folder, none)) {
    const bool hidden = entry.path().filename().string().front() == '.';
    if (!hidden && entry.is_regular_file(none)) files.push_back(entry.path().string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

// The names of an export's files that are in `folder`; none where none of them is an export's. Where one is,
// another of these names belongs to it, and is no export's any more by somebody's mistake.
std::vector<std::string> ExportIn(const std::string& folder) {
  std::vector<std::string> files;
  bool is_export = false;
  std::error_code none;
  for (const char* name : kFileNames) {
    const std::filesystem::path file = std::filesystem::path(folder) / name;
    if (!std::filesystem::exists(file, none)) continue;
    files.push_back(file.string());
    const absl::StatusOr<Glimpse> looked_at = LookAt(file.string());
    is_export = is_export || (looked_at.ok() && IsAnExports(*looked_at));
  }
  if (!is_export) files.clear();
  return files;
}

// `notes.txt and old.csv, which lie beside the export in rushey-export`; empty where nothing does.
std::string TellBeside(const std::string& folder, const std::vector<std::string>& files) {
  constexpr size_t kMostTold = 10;
  std::vector<std::string> beside;
  for (const std::string& file : VisibleFiles(folder)) {
    if (std::find(files.begin(), files.end(), file) != files.end()) continue;
    beside.push_back(Tellable(std::filesystem::path(file).filename().string()));
  }
  if (beside.empty()) return "";
  const size_t more = beside.size() > kMostTold ? beside.size() - kMostTold : 0;
  beside.resize(beside.size() - more);
  return absl::StrCat("files beside the export in ", Tellable(folder), ": ", absl::StrJoin(beside, ", "),
                      more > 0 ? absl::StrCat(" and ", more, " more") : "");
}

}  // namespace

std::optional<ExportedBank> BankIn(const std::vector<std::string>& files) {
  for (const std::string& path : files) {
    if (std::filesystem::path(path).filename() != kExportFile) continue;
    std::ifstream file(path, std::ios::binary);
    CsvReader csv(file);
    CsvRow row;
    if (!csv.Next(row) || row.fields.size() != kExportColumns.size() || row.fields[0] != kExportColumns[0])
      continue;
    ExportedBank bank;
    while (csv.Next(row)) {
      if (row.fields.size() != kExportColumns.size()) continue;
      if (row.fields[1] == "name") bank.display_name = Unharmed(row.fields[2]);
      if (row.fields[1] == "settings") bank.settings_json = Unharmed(row.fields[2]);
    }
    return bank;
  }
  return std::nullopt;
}

absl::StatusOr<FoundFiles> FilesIn(const std::vector<std::string>& paths) {
  FoundFiles found;
  for (const std::string& path : paths) {
    std::error_code none;
    if (!std::filesystem::is_directory(path, none)) {
      found.files.push_back(path);
      continue;
    }
    std::vector<std::string> files = ExportIn(path);
    if (files.empty()) {
      files = VisibleFiles(path);
    } else if (std::string beside = TellBeside(path, files); !beside.empty()) {
      found.left_out.push_back(std::move(beside));
    }
    if (files.empty()) {
      return absl::InvalidArgumentError(cli::Fill(cli::T("$0 is an empty folder."), path));
    }
    found.files.insert(found.files.end(), files.begin(), files.end());
  }
  return found;
}

const Format& Timebank() {
  static const Format kFormat{kTimebank, "Timebank", &Fit, [] { return TellKinds(kFiles); }, &OpenTimebank};
  return kFormat;
}

}  // namespace timebank::imports
