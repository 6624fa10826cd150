#include "client/cli/import/reader.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "client/cli/import/formats.h"
#include "client/cli/import/source.h"
#include "client/cli/import/spreadsheet_columns.h"
#include "client/cli/import/text.h"
#include "client/cli/translate.h"

namespace timebank::imports {
namespace {

// Where several fit equally well, the first is taken.
const std::array<const Format*, 9>& Formats() {
  static const auto& formats = *new std::array<const Format*, 9>{
      &Timebank(), &TimeOverflow(), &TimeOverflowExport(), &Ces(),        &Komunitin(),
      &Cyclos(),   &MutualCredit(), &LocalExchange(),      &Spreadsheet()};
  return formats;
}

std::string Names() {
  std::string names;
  for (const Format* format : Formats())
    absl::StrAppend(&names, names.empty() ? "" : ", ", Absl(format->name));
  return names;
}

// How well a format fits the files.
struct Fit {
  const Format* format = nullptr;
  size_t files = 0;
  int columns = 0;
  // The first file that is none of the format's.
  const Glimpse* stranger = nullptr;
};

Fit FitOf(const Format& format, const std::vector<Glimpse>& files, const ReaderOptions& options) {
  Fit fit;
  fit.format = &format;
  for (const Glimpse& file : files) {
    const int columns = format.fit(file, options);
    fit.columns += columns;
    fit.files += columns > 0;
    if (columns == 0 && fit.stranger == nullptr) fit.stranger = &file;
  }
  return fit;
}

// A spreadsheet's headings are guessed: whatever a system is known to write goes before it.
bool IsBetter(const Fit& a, const Fit& b) {
  const bool guessed_a = a.format == &Spreadsheet();
  const bool guessed_b = b.format == &Spreadsheet();
  if (a.files != b.files) return a.files > b.files;
  if (guessed_a != guessed_b) return guessed_b;
  return a.columns > b.columns;
}

// What the file looked like. Not what stands in it: in a file without headings that may be anybody's
// password.
std::string Shape(const Glimpse& file) {
  if (file.rows.empty() || file.rows.front().fields.empty()) return cli::T("it has no rows");
  const auto columns = static_cast<int64_t>(file.rows.front().fields.size());
  return cli::Fill(cli::Tn("its first row has $0 column", "its first row has $0 columns", columns), columns);
}

absl::Status NotRecognised(const Glimpse& file, const ReaderOptions& options) {
  if (const std::string lacking = spreadsheet::TellLacking(file, options); !lacking.empty()) {
    return absl::InvalidArgumentError(lacking);
  }
  return absl::InvalidArgumentError(cli::Fill(
      // Translators: $0 is a file, $1 `its first row has 3 columns`, $2 the systems that there are.
      cli::T("Cannot tell what $0 is; $1. Say which system wrote it (--from $2), or which columns of a "
             "spreadsheet are "
             "meant (--giver, --receiver, --hours or --minutes, --date)."),
      file.path, Shape(file), Names()));
}

absl::StatusOr<const Format*> Recognise(const std::vector<Glimpse>& files, const ReaderOptions& options) {
  const bool has_columns = !options.giver_column.empty() || !options.receiver_column.empty() ||
                           !options.hours_column.empty() || !options.minutes_column.empty() ||
                           !options.number_column.empty();
  if (has_columns) return &Spreadsheet();
  Fit best;
  for (const Format* format : Formats()) {
    const Fit fit = FitOf(*format, files, options);
    if (fit.files > 0 && (best.format == nullptr || IsBetter(fit, best))) best = fit;
  }
  if (best.format == nullptr) return NotRecognised(files.front(), options);
  // TimeOverflow knows what to make of a file of which no row can be read.
  if (best.stranger != nullptr && best.format != &TimeOverflow()) {
    const std::string lacking =
        best.format == &Spreadsheet() ? spreadsheet::TellLacking(*best.stranger, options) : std::string();
    if (!lacking.empty()) return absl::InvalidArgumentError(lacking);
    return absl::InvalidArgumentError(cli::Fill(
        // Translators: $0 is a file, $1 `its first row has 3 columns`, $2 a system, $3 files and their
        // columns.
        cli::T("Cannot tell what $0 is; $1. The other files are $2's, of which were looked for: $3."),
        best.stranger->path, Shape(*best.stranger), best.format->system, best.format->looked_for()));
  }
  return best.format;
}

absl::StatusOr<const Format*> Named(std::string_view name, const std::vector<Glimpse>& files,
                                    const ReaderOptions& options) {
  for (const Format* format : Formats()) {
    if (format->name != name) continue;
    // Both are TimeOverflow to whoever has the files.
    const bool exported = format == &TimeOverflow() && FitOf(*format, files, options).files == 0 &&
                          FitOf(TimeOverflowExport(), files, options).stranger == nullptr;
    return exported ? &TimeOverflowExport() : format;
  }
  return absl::InvalidArgumentError(cli::Fill(cli::T("Cannot read \"$0\" files. Known: $1."), name, Names()));
}

}  // namespace

std::vector<std::string_view> KnownFormats() {
  std::vector<std::string_view> names;
  for (const Format* format : Formats()) names.push_back(format->name);
  return names;
}

absl::StatusOr<std::unique_ptr<Reader>> OpenReader(std::string_view format,
                                                   const std::vector<std::string>& files,
                                                   const ReaderOptions& options) {
  if (files.empty()) return absl::InvalidArgumentError(cli::T("Name the files to import."));
  std::vector<Glimpse> looked_at;
  std::set<std::string> names;
  for (const std::string& path : files) {
    absl::StatusOr<Glimpse> file = LookAt(path, options.encoding);
    if (!file.ok()) return file.status();
    if (!names.insert(file->name).second) {
      return absl::InvalidArgumentError(cli::Fill(
          cli::T("Two files are called $0, and rows are told by their file's name. Leave one out, or give it "
                 "another name."),
          file->name));
    }
    looked_at.push_back(*std::move(file));
  }
  const absl::StatusOr<const Format*> found =
      format.empty() ? Recognise(looked_at, options) : Named(format, looked_at, options);
  if (!found.ok()) return found.status();
  return (*found)->open(std::move(looked_at), options);
}

}  // namespace timebank::imports
