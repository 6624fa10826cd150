#include "client/cli/rejects_files.h"

#include <algorithm>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/cli/errors.h"
#include "client/cli/import/encoding.h"
#include "client/cli/import/harmless.h"
#include "client/cli/import/source.h"
#include "client/cli/status_macros.h"
#include "client/cli/table.h"
#include "client/cli/translate.h"

namespace timebank::cli {
namespace {

namespace fs = std::filesystem;

// A row of the source, and the two columns of ours, with what the source has between its cells: a program
// that opens the one opens the other.
std::string Line(const std::vector<std::string>& cells, size_t columns, char separator,
                 const std::string& line, const std::string& why) {
  std::string text;
  for (const std::string& cell : cells) {
    text += CsvText(cell);
    text += separator;
  }
  text.append(columns > cells.size() ? columns - cells.size() : 0, separator);
  return absl::StrCat(text, CsvText(line), absl::string_view(&separator, 1), CsvText(why), "\n");
}

// Without the two columns of ours, where the source was a file of rejects itself.
void DropOurs(std::vector<std::string>& heading) {
  for (std::string_view ours : {imports::kRejectedWhy, imports::kRejectedLine}) {
    if (!heading.empty() && heading.back() == ours) heading.pop_back();
  }
}

// Gives what is at `path` another name, that one; empty: there is nothing.
std::string MoveAside(const std::string& path, std::error_code& trouble) {
  if (!fs::is_regular_file(path, trouble)) {
    trouble.clear();
    return "";
  }
  const fs::path whole(path);
  for (int number = 1;; ++number) {
    const fs::path aside =
        whole.parent_path() / absl::StrCat(whole.stem().string(), ".", number, whole.extension().string());
    if (fs::exists(aside, trouble)) continue;
    fs::rename(path, aside, trouble);
    return aside.string();
  }
}

}  // namespace

RejectsFiles::RejectsFiles(std::string path, std::vector<std::string> sources)
    : path_(std::move(path)), sources_(std::move(sources)) {}

std::string RejectsFiles::PathFor(const std::string& source) const {
  if (sources_.size() <= 1) return path_;
  const fs::path path(path_);
  // users.csv and users.txt must not meet in one file.
  const bool stem_tells = std::none_of(sources_.begin(), sources_.end(), [&source](const fs::path& other) {
    return other.filename() != source && other.stem() == fs::path(source).stem();
  });
  const fs::path which = stem_tells ? fs::path(source).stem() : fs::path(source);
  const std::string name = absl::StrCat(path.stem().string(), "-", which.string(),
                                        path.has_extension() ? path.extension().string() : ".csv");
  return (path.parent_path() / name).string();
}

absl::Status RejectsFiles::Check() const {
  if (!wanted()) return absl::OkStatus();
  for (const std::string& written_for : sources_) {
    const std::string path = PathFor(fs::path(written_for).filename().string());
    for (const std::string& source : sources_) {
      std::error_code none;
      if (fs::equivalent(path, source, none)) {
        return UsageError(
            Fill(T("--rejects would write over $0, which is to be imported. Take another name."), source));
      }
    }
    const fs::path folder = fs::path(path).parent_path();
    std::error_code none;
    if (!folder.empty() && !fs::is_directory(folder, none)) {
      return UsageError(Fill(T("Cannot write $0: there is no folder $1."), path, folder.string()));
    }
  }
  return absl::OkStatus();
}

RejectsFiles::File& RejectsFiles::FileFor(const std::string& source, const imports::Reader& reader) {
  File& file = files_[source];
  if (file.rows > 0) return file;
  file.path = PathFor(source);
  // A pipe, a terminal and what a link leads to are written to as they are.
  std::error_code none;
  const fs::file_status status = fs::symlink_status(file.path, none);
  const bool is_file = !fs::exists(status) || fs::is_regular_file(status);
  file.part = is_file ? absl::StrCat(file.path, ".part") : file.path;
  file.stream.open(file.part, std::ios::binary | std::ios::trunc);
  file.stream << imports::kByteOrderMark;
  std::vector<std::string> heading = reader.Heading(source);
  DropOurs(heading);
  file.columns = heading.size();
  file.separator = reader.Separator(source);
  if (!heading.empty()) {
    file.stream << Line(heading, heading.size(), file.separator, std::string(imports::kRejectedLine),
                        std::string(imports::kRejectedWhy));
  }
  return file;
}

void RejectsFiles::Add(const imports::Reject& reject, const imports::Reader& reader) {
  if (!wanted()) return;
  File& file = FileFor(reject.place.file, reader);
  std::vector<std::string> cells = reject.fields;
  // A file of rejects has been read: its two last columns tell of the time before.
  if (file.columns > 0 && cells.size() == file.columns + 2) cells.resize(file.columns);
  // A file without a heading is as wide as its rows.
  if (!cells.empty() && file.columns == 0) file.columns = cells.size();
  const std::string why =
      reject.field.empty() ? reject.reason : absl::StrCat(reject.field, ": ", reject.reason);
  file.stream << Line(cells, file.columns, file.separator, absl::StrCat(reject.place.line), why);
  ++file.rows;
}

absl::Status RejectsFiles::Close() {
  for (auto& [source, file] : files_) {
    file.stream.close();
    std::error_code trouble;
    std::string before;
    if (file.stream && file.part != file.path) {
      if (!imports::HaveSameBytes(file.path, file.part)) before = MoveAside(file.path, trouble);
      if (!trouble) fs::rename(file.part, file.path, trouble);
    }
    if (!file.stream || trouble) {
      return IncompleteError(Fill(T("$0 could not be written to its end."), file.path));
    }
    written_.push_back({file.path, file.rows, before});
  }
  files_.clear();
  return absl::OkStatus();
}

}  // namespace timebank::cli
