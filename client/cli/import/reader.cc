#include "client/cli/import/reader.h"

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "client/cli/import/timeoverflow.h"

namespace timebank::imports {
namespace {

struct Format {
  std::string_view name;
  bool (*recognises)(const std::string& path);
  absl::StatusOr<std::unique_ptr<Reader>> (*open)(const std::vector<std::string>& files,
                                                  const ReaderOptions& options);
};

constexpr std::array<Format, 1> kFormats = {{{kTimeOverflow, &IsTimeOverflow, &OpenTimeOverflow}}};

}  // namespace

std::vector<std::string_view> KnownFormats() {
  std::vector<std::string_view> names;
  for (const Format& format : kFormats) names.push_back(format.name);
  return names;
}

absl::StatusOr<std::unique_ptr<Reader>> OpenReader(std::string_view format,
                                                   const std::vector<std::string>& files,
                                                   const ReaderOptions& options) {
  if (files.empty()) return absl::InvalidArgumentError("Name the files to import.");
  for (const Format& known : kFormats) {
    const bool fits =
        format.empty() ? std::any_of(files.begin(), files.end(), known.recognises) : known.name == format;
    if (fits) return known.open(files, options);
  }
  std::string names;
  for (const Format& known : kFormats) names += (names.empty() ? "" : ", ") + std::string(known.name);
  if (format.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("Cannot tell what ", files.front(),
                     " is. Is the name right? Say which system wrote it: --from ", names, "."));
  }
  return absl::InvalidArgumentError(
      absl::StrCat("Cannot read \"", std::string(format), "\" files. Known: ", names, "."));
}

}  // namespace timebank::imports
