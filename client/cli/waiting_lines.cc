#include "client/cli/waiting_lines.h"

#include <fcntl.h>
#include <google/protobuf/util/json_util.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/cli/errors.h"
#include "client/cli/status_macros.h"
#include "client/cli/table.h"
#include "client/cli/translate.h"
#include "client/cli/words.h"

namespace timebank::cli {
namespace {

constexpr absl::string_view kEnding = ".line";

absl::Status CannotKeep(const std::filesystem::path& path, int error) {
  return UsageError(
      Fill(T("Cannot keep the line in $0: $1. It was not sent."), path.string(), std::strerror(error)));
}

// A key, a blank and the value on each line.
std::string ToText(const WaitingLine& line) {
  return absl::StrCat(
      "bank ", line.bank, "\nas ", line.as, "\nday ", line.day, "\nid ", line.request_id, "\ntyped ",
      OneLine(line.typed), "\n",
      line.resolved ? absl::StrCat("request ", ToJson(line.request, /*pretty=*/false), "\n") : "");
}

std::optional<WaitingLine> FromFile(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  WaitingLine line;
  line.path = path;
  for (std::string text; std::getline(in, text);) {
    const size_t blank = text.find(' ');
    if (blank == std::string::npos) return std::nullopt;
    const std::string key = text.substr(0, blank);
    std::string value = text.substr(blank + 1);
    if (key == "bank") {
      line.bank = std::move(value);
    } else if (key == "as") {
      line.as = std::move(value);
    } else if (key == "day") {
      line.day = std::move(value);
    } else if (key == "id") {
      line.request_id = std::move(value);
    } else if (key == "typed") {
      line.typed = std::move(value);
    } else if (key == "request") {
      if (!google::protobuf::util::JsonStringToMessage(value, &line.request).ok()) return std::nullopt;
      line.resolved = true;
    }
  }
  if (line.bank.empty() || line.typed.empty() || line.day.empty()) return std::nullopt;
  return line;
}

// The whole of `text` into a new file, through to the disk. Errno, or 0.
int WriteThrough(const std::filesystem::path& path, const std::string& text) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return errno;
  int error = 0;
  if (write(fd, text.data(), text.size()) != static_cast<ssize_t>(text.size()))
    error = errno != 0 ? errno : ENOSPC;
  if (error == 0 && fsync(fd) != 0) error = errno;
  if (close(fd) != 0 && error == 0) error = errno;
  return error;
}

// Makes the names in `folder` last, too.
void SyncFolder(const std::filesystem::path& folder) {
  const int fd = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;
  fsync(fd);
  close(fd);
}

}  // namespace

absl::Status WaitingLines::Keep(WaitingLine& line) {
  std::error_code error;
  std::filesystem::create_directories(folder_, error);
  if (error) return CannotKeep(folder_, error.value());
  std::filesystem::permissions(folder_, std::filesystem::perms::owner_all, error);
  std::filesystem::path path = line.path;
  if (path.empty()) {
    // By time, so that they are offered in the order in which they were typed.
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    path = folder_ / absl::StrCat(absl::StrFormat("%020d", std::chrono::nanoseconds(now).count()), "-",
                                  getpid(), kEnding);
  }
  const std::filesystem::path beside = path.string() + ".new";
  if (const int problem = WriteThrough(beside, ToText(line)); problem != 0)
    return CannotKeep(beside, problem);
  std::filesystem::rename(beside, path, error);
  if (error) return CannotKeep(path, error.value());
  SyncFolder(folder_);
  line.path = std::move(path);
  return absl::OkStatus();
}

void WaitingLines::Forget(const WaitingLine& line) {
  std::error_code ignored;
  if (!line.path.empty()) std::filesystem::remove(line.path, ignored);
}

std::vector<WaitingLine> WaitingLines::Of(const std::string& bank, const std::string& as) const {
  std::vector<std::filesystem::path> paths;
  std::error_code error;
  for (std::filesystem::directory_iterator file(folder_, error), end; !error && file != end;
       file.increment(error)) {
    if (absl::EndsWith(file->path().string(), kEnding)) paths.push_back(file->path());
  }
  std::sort(paths.begin(), paths.end());
  std::vector<WaitingLine> lines;
  for (const std::filesystem::path& path : paths) {
    std::optional<WaitingLine> line = FromFile(path);
    if (line.has_value() && line->bank == bank && line->as == as) lines.push_back(*std::move(line));
  }
  return lines;
}

absl::StatusOr<std::filesystem::path> WaitingFolder(const Variables& variables) {
  std::filesystem::path folder;
  if (const auto state = variables("XDG_STATE_HOME")) {
    folder = *state;
  } else if (const auto home = variables("HOME")) {
    folder = std::filesystem::path(*home) / ".local" / "state";
  } else {
    return UsageError(T("There is no home folder to keep lines in. Set HOME or XDG_STATE_HOME."));
  }
  return folder / "timebank" / "waiting";
}

std::string NewLineId() {
  std::random_device random;
  std::string id = "line-";
  for (int i = 0; i < 4; ++i) absl::StrAppend(&id, absl::StrFormat("%08x", random()));
  return id;
}

}  // namespace timebank::cli
