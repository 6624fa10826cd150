#include "server/access/pepper.h"

#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <string_view>
#include <system_error>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "server/engine/random.h"
#include "storage/file_system.h"
#include "storage/status_macros.h"

namespace timebank::access {
namespace {

constexpr size_t kPepperBytes = 32;
constexpr size_t kFileBytes = 2 * kPepperBytes + 1;

absl::Status Failed(absl::string_view what, const std::string& path, int error) {
  return absl::UnavailableError(
      absl::StrCat("cannot ", what, " the pepper ", path, ": ", std::generic_category().message(error)));
}

absl::Status Wrong(const std::string& path, absl::string_view why) {
  return absl::FailedPreconditionError(absl::StrCat("the pepper ", path, " ", why));
}

// Where it lies, whatever names lead there.
std::filesystem::path Place(const std::string& path) {
  std::error_code error;
  std::filesystem::path place = std::filesystem::weakly_canonical(path, error);
  return error ? std::filesystem::path(path) : place;
}

absl::Status CheckPlace(const std::string& path, const std::string& data_folder) {
  if (path.empty()) return absl::NotFoundError("no pepper is named");
  std::filesystem::path folder = Place(data_folder);
  if (!folder.has_filename()) folder = folder.parent_path();  // it was written with a slash behind it
  const std::filesystem::path file = Place(path);
  const auto [end, rest] = std::mismatch(folder.begin(), folder.end(), file.begin(), file.end());
  if (end == folder.end()) {
    return Wrong(path, "is inside the ledger's folder, where every copy of the ledger would take it along");
  }
  return absl::OkStatus();
}

// Whose the pepper has to be.
std::string Owner(const std::string& data_folder) {
  struct stat about = {};
  const uid_t user = stat(data_folder.c_str(), &about) == 0 ? about.st_uid : geteuid();
  passwd entry = {};
  passwd* found = nullptr;
  char names[4096];
  if (getpwuid_r(user, &entry, names, sizeof(names), &found) == 0 && found != nullptr) return entry.pw_name;
  return absl::StrCat("user ", user);
}

}  // namespace

std::string PutPepperBack(const std::string& data_folder) {
  return absl::StrCat(
      "put your copy of that one back there (or, if it is lost: timebankd init --new-pepper, as ",
      Owner(data_folder), " and with the server's own settings, after which every key must be made anew)");
}

absl::StatusOr<std::string> ReadPepper(const std::string& path, const std::string& data_folder) {
  TB_RETURN_IF_ERROR(CheckPlace(path, data_folder));
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file == -1) {
    if (errno == ENOENT) return absl::NotFoundError(absl::StrCat("there is no pepper ", path));
    const absl::Status failed = Failed("open", path, errno);
    if (errno != EACCES) return failed;
    return absl::UnavailableError(absl::StrCat(failed.message(), "; it must belong to ", Owner(data_folder),
                                               ", with mode 0600, in a folder that its owner may enter"));
  }
  struct stat about = {};
  char bytes[kFileBytes + 1];
  const bool known = fstat(file, &about) == 0;
  const ssize_t length = read(file, bytes, sizeof(bytes));
  const int error = errno;
  close(file);
  if (!known || length < 0) return Failed("read", path, error);
  // Root may give it to a group to read: so secrets come into containers.
  const mode_t others = about.st_uid == 0 && geteuid() != 0 ? S_IWGRP | S_IXGRP | S_IRWXO : S_IRWXG | S_IRWXO;
  if ((about.st_mode & others) != 0) {
    return Wrong(path, absl::StrCat("may be read or written by others; it must belong to ",
                                    Owner(data_folder), ": chmod 0600 it"));
  }
  const absl::string_view digits =
      absl::StripAsciiWhitespace(absl::string_view(bytes, static_cast<size_t>(length)));
  if (digits.size() != 2 * kPepperBytes || !std::all_of(digits.begin(), digits.end(), absl::ascii_isxdigit)) {
    return Wrong(path, "is not 64 hexadecimal digits");
  }
  return absl::HexStringToBytes(digits);
}

absl::StatusOr<std::string> MakePepper(const std::string& path, const std::string& data_folder) {
  absl::StatusOr<std::string> there = ReadPepper(path, data_folder);
  if (there.ok() || !absl::IsNotFound(there.status()) || path.empty()) return there;
  const std::string pepper = engine::RandomBytes(kPepperBytes);
  const std::string text = absl::StrCat(absl::BytesToHexString(pepper), "\n");
  // Under another name first: half a pepper is never found.
  const std::string unfinished = path + ".new";
  const int file = open(unfinished.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file == -1) return Failed("make", path, errno);
  const bool written = fchmod(file, 0600) == 0 &&
                       write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
                       fsync(file) == 0;
  const int error = errno;
  close(file);
  if (!written) return Failed("write", path, error);
  if (rename(unfinished.c_str(), path.c_str()) != 0) return Failed("make", path, errno);
  std::error_code problem;
  const std::filesystem::path folder = std::filesystem::absolute(path, problem).parent_path();
  TB_RETURN_IF_ERROR(storage::FileSystem::Posix().SyncFolder(folder.string()));
  return pepper;
}

}  // namespace timebank::access
