#include "storage/data_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "storage/file_system.h"
#include "storage/status_macros.h"

namespace timebank::storage {
namespace {

constexpr std::string_view kFormatPrefix = "timebank-ledger ";
// Longer than any FORMAT or LOCK that was ever written, and than what stands in FORMAT where timebank-backup
// is at work.
constexpr size_t kShortFile = 160;

absl::Status Failed(int error, absl::string_view what, const std::string& path) {
  const std::string text = absl::StrCat(what, " ", path, ": ", std::generic_category().message(error));
  if (error == EACCES || error == EPERM || error == EROFS) return absl::PermissionDeniedError(text);
  if (error == ENOSPC || error == EDQUOT) return absl::ResourceExhaustedError(text);
  return absl::UnavailableError(text);
}

absl::Status MakeFolder(const std::string& path) {
  std::error_code error;
  const std::filesystem::path parent = std::filesystem::absolute(path, error).parent_path();
  if (!error) std::filesystem::create_directories(parent, error);
  if (error) return Failed(error.value(), "cannot make the folder above", path);
  if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return Failed(errno, "cannot make", path);
  if (!std::filesystem::is_directory(path, error)) {
    return absl::FailedPreconditionError(absl::StrCat(path, " is not a folder"));
  }
  return FileSystem::Posix().SyncFolder(parent.string());
}

std::string ReadStart(int file) {
  char bytes[kShortFile];
  const ssize_t length = pread(file, bytes, sizeof(bytes), 0);
  return length > 0 ? std::string(bytes, static_cast<size_t>(length)) : std::string();
}

// Descriptor of LOCK, locked.
absl::StatusOr<int> TakeLock(const std::string& folder) {
  const std::string path = folder + "/LOCK";
  const int file = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file == -1) return Failed(errno, "cannot open", path);
  if (flock(file, LOCK_EX | LOCK_NB) != 0) {
    const int error = errno;
    const std::string owner = ReadStart(file);
    close(file);
    if (error != EWOULDBLOCK) return Failed(error, "cannot lock", path);
    int process = 0;
    const bool known = absl::SimpleAtoi(owner, &process);
    return absl::FailedPreconditionError(
        absl::StrCat("folder ", folder, " is in use by another timebankd",
                     known ? absl::StrCat(" (pid ", process, ")") : std::string()));
  }
  // For the message above alone: the lock is flock's, and goes with the process.
  const std::string own = absl::StrCat(getpid(), "\n");
  if (ftruncate(file, 0) != 0 ||
      pwrite(file, own.data(), own.size(), 0) != static_cast<ssize_t>(own.size())) {
    const int error = errno;
    close(file);
    return Failed(error, "cannot write", path);
  }
  return file;
}

// What FORMAT says; nothing: there is no such file.
absl::StatusOr<std::optional<std::string>> ReadFormat(const std::string& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file == -1) {
    if (errno == ENOENT) return std::optional<std::string>();
    return Failed(errno, "cannot open", path);
  }
  std::string text = ReadStart(file);
  close(file);
  return std::optional<std::string>(std::move(text));
}

// Under another name first, so that a power cut never leaves half a FORMAT.
absl::Status WriteFormat(const std::string& folder, uint32_t format) {
  FileSystem& files = FileSystem::Posix();
  const std::string path = folder + "/FORMAT";
  const std::string unfinished = path + ".new";
  if (absl::Status removed = files.Remove(unfinished); !removed.ok() && !absl::IsNotFound(removed)) {
    return removed;
  }
  {
    TB_ASSIGN_OR_RETURN(const std::unique_ptr<File> file, files.Create(unfinished));
    TB_RETURN_IF_ERROR(file->WriteAt(0, std::string(kFormatPrefix) + std::to_string(format) + "\n"));
    TB_RETURN_IF_ERROR(file->Sync());
  }
  TB_RETURN_IF_ERROR(files.Rename(unfinished, path));
  return files.SyncFolder(folder);
}

// What FORMAT says, which is made where there is none, and can be read.
absl::StatusOr<uint32_t> CheckFormat(const std::string& folder, const Formats& formats) {
  const std::string path = folder + "/FORMAT";
  TB_ASSIGN_OR_RETURN(const std::optional<std::string> text, ReadFormat(path));
  if (!text.has_value()) {
    // timebank-backup moves FORMAT last: a folder with other parts and without it is half a ledger. (A log
    // from its first frame on is one by itself, and another log is refused as such.)
    for (const char* name : {"db", "keys", "FORMAT.before"}) {
      std::error_code error;
      if (!std::filesystem::exists(absl::StrCat(folder, "/", name), error)) continue;
      return absl::FailedPreconditionError(
          absl::StrCat(folder, " has a file or folder ", name,
                       " but no FORMAT: it is not a ledger of timebankd, or not all of one"));
    }
    TB_RETURN_IF_ERROR(WriteFormat(folder, formats.newest));
    return formats.newest;
  }
  uint32_t found = 0;
  if (!text->starts_with(kFormatPrefix) || !text->ends_with('\n') ||
      !absl::SimpleAtoi(text->substr(kFormatPrefix.size()), &found) || found == 0) {
    return absl::FailedPreconditionError(absl::StrCat(path, " is not the FORMAT of a ledger of timebankd: \"",
                                                      absl::CHexEscape(absl::StripAsciiWhitespace(*text)),
                                                      "\""));
  }
  TB_RETURN_IF_ERROR(CheckReadable(folder, found, formats));
  return found;
}

}  // namespace

absl::Status CheckReadable(const std::string& what, uint64_t found, const Formats& formats) {
  if (found > formats.newest) {
    return absl::FailedPreconditionError(absl::StrCat(what, " is written in format ", found,
                                                      ", this server reads up to ", formats.newest,
                                                      ": use a newer timebankd"));
  }
  if (found < formats.oldest) {
    return absl::FailedPreconditionError(
        absl::StrCat(what, " is written in format ", found, ", this server reads ", formats.oldest,
                     " and newer: only the timebankd that wrote it reads it"));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<DataFolder>> DataFolder::Open(const std::string& path,
                                                             const Formats& formats) {
  TB_RETURN_IF_ERROR(MakeFolder(path));
  TB_ASSIGN_OR_RETURN(const int lock, TakeLock(path));
  std::unique_ptr<DataFolder> folder(new DataFolder(path, lock));
  TB_ASSIGN_OR_RETURN(folder->format_, CheckFormat(path, formats));
  return folder;
}

absl::Status DataFolder::Raise(uint32_t format) {
  if (format_ >= format) return absl::OkStatus();
  TB_RETURN_IF_ERROR(WriteFormat(path_, format));
  format_ = format;
  return absl::OkStatus();
}

DataFolder::~DataFolder() { close(lock_); }

}  // namespace timebank::storage
