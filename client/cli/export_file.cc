#include "client/cli/export_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <string>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "client/cli/errors.h"
#include "client/cli/translate.h"

namespace timebank::cli {
namespace {

std::string PartOf(const std::string& path) { return path + ".part"; }

}  // namespace

ExportFile::~ExportFile() {
  if (!stream_.is_open()) return;
  stream_.close();
  std::remove(PartOf(path_).c_str());
}

absl::Status ExportFile::Open(const std::string& path) {
  std::error_code error;
  if (std::filesystem::exists(path, error)) {
    return UsageError(Fill(T("$0 is there already. Name another one, or take that one away first."), path));
  }
  path_ = path;
  // Names, telephones, notes: for nobody's eyes but whose export it is. Made anew, as one that broke off
  // earlier may be open to others.
  std::filesystem::remove(PartOf(path), error);
  const int made = ::open(PartOf(path).c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (made >= 0) {
    ::close(made);
    stream_.open(PartOf(path), std::ios::binary | std::ios::trunc);
  } else {
    stream_.setstate(std::ios::failbit);
  }
  return stream_ ? absl::OkStatus()
                 : UsageError(Fill(T("Cannot write $0: is the folder there, and yours?"), path));
}

absl::Status ExportFile::Close() {
  stream_.close();
  std::error_code error;
  if (stream_) std::filesystem::rename(PartOf(path_), path_, error);
  if (stream_ && !error) return absl::OkStatus();
  std::remove(PartOf(path_).c_str());
  return IncompleteError(Fill(T("$0 could not be written to its end. Is the disk full?"), path_));
}

}  // namespace timebank::cli
