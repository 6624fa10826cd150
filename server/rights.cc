#include "server/rights.h"

#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "storage/status_macros.h"

namespace timebank {
namespace {

namespace fs = std::filesystem;

// What the system says against using `path` so: EACCES, EPERM, EROFS; 0: nothing of that kind.
int WhyRefused(const std::string& path, int wanted) {
  if (faccessat(AT_FDCWD, path.c_str(), wanted, /*flags=*/0) == 0) return 0;
  return errno == EACCES || errno == EPERM || errno == EROFS ? errno : 0;
}

// The nearest folder above `path` that can be seen.
std::string SeenAbove(const std::string& path) {
  std::error_code none;
  fs::path above = fs::absolute(path, none);
  if (!above.has_filename()) above = above.parent_path();
  struct stat about = {};
  do {
    above = above.parent_path();
  } while (above.has_relative_path() && stat(above.c_str(), &about) != 0);
  return above.string();
}

// What `me` could do about a folder above the ledger's that it may not go through.
std::string HowToGoThrough(const std::string& path, const struct stat& about, const std::string& me) {
  constexpr mode_t kRights = 0777;
  if ((about.st_mode & kRights) == 0) {
    return absl::StrCat(
        "so systemd hides folders from a service (ProtectHome=). Put the ledger elsewhere, into "
        "/srv/ledger for example, and allow it with systemctl edit timebankd, [Service], "
        "ReadWritePaths=/srv/ledger");
  }
  return absl::StrCat("let ", me, " go through ", path, ": chmod o+x ", path,
                      ", or put the ledger elsewhere");
}

// The file system does not let anybody write.
absl::Status ReadOnly(const std::string& path, const std::string& folder) {
  const std::string me = NameOfUser(geteuid());
  const bool to_be_made = !path.starts_with(folder);
  return absl::InvalidArgumentError(absl::StrCat(
      path, " can only be read here (read-only file system). The ledger is not damaged. A service may write ",
      "only where its unit says: ",
      to_be_made ? absl::StrCat("install -d -m 0700 -o ", me, " ", folder, ", then ") : "",
      "systemctl edit timebankd, [Service], ReadWritePaths=", folder,
      ". Where that stands there, the disk is mounted to be read only: the kernel's log says why (dmesg)"));
}

absl::Status NotAllowed(const std::string& path, const std::string& folder) {
  struct stat about = {};
  const bool known = lstat(path.c_str(), &about) == 0;
  const std::string me = NameOfUser(geteuid());
  const bool mine = known && about.st_uid == geteuid();
  const bool above = !path.starts_with(folder);
  // It may be a mount point: what is not seen is not said to be whole.
  const bool seen = path != folder || mine || access((folder + "/FORMAT").c_str(), F_OK) == 0;
  return absl::InvalidArgumentError(absl::StrCat(
      path,
      known ? absl::StrFormat(" belongs to %s, mode %04o", NameOfUser(about.st_uid), about.st_mode & 07777)
            : std::string(" cannot be seen"),
      ", and ", me, ", who runs this server, may not use it. ",
      seen ? std::string("The ledger is not damaged: ")
           : absl::StrCat("No ledger is seen in it: is its disk mounted (findmnt ", folder, ")? If so: "),
      known && above ? HowToGoThrough(path, about, me)
      : mine         ? absl::StrCat("chmod -R u+rwX ", folder)
                     : absl::StrCat("chown -R ", me, ": ", folder)));
}

// Names of what is in `folder`; nothing where it cannot be listed.
std::vector<std::string> NamesIn(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator each(folder, error), end; !error && each != end; each.increment(error)) {
    names.push_back(each->path().filename().string());
  }
  return names;
}

absl::Status CheckFile(const std::string& path, int wanted, const std::string& folder) {
  const int refused = WhyRefused(path, wanted);
  if (refused == 0) return absl::OkStatus();
  return refused == EROFS ? ReadOnly(path, folder) : NotAllowed(path, folder);
}

absl::Status CheckFolder(const std::string& path, const std::string& folder) {
  return CheckFile(path, R_OK | W_OK | X_OK, folder);
}

}  // namespace

std::string NameOfUser(uid_t user) {
  const passwd* known = getpwuid(user);
  return known != nullptr ? std::string(known->pw_name) : absl::StrCat("user ", user);
}

absl::Status CheckRights(const std::string& folder) {
  struct stat about = {};
  if (stat(folder.c_str(), &about) != 0) {
    if (errno == EACCES || errno == EPERM) return NotAllowed(SeenAbove(folder), folder);
    // It is to be made.
    const std::string above = SeenAbove(folder);
    return errno == ENOENT && WhyRefused(above, W_OK) == EROFS ? ReadOnly(above, folder) : absl::OkStatus();
  }
  TB_RETURN_IF_ERROR(CheckFolder(folder, folder));
  for (const char* name : {"/LOCK", "/keys"})
    TB_RETURN_IF_ERROR(CheckFile(folder + name, R_OK | W_OK, folder));
  TB_RETURN_IF_ERROR(CheckFile(folder + "/FORMAT", R_OK, folder));
  // What RocksDB has written once it only reads.
  for (const auto& [part, wanted] : {std::pair("/log", R_OK | W_OK), std::pair("/db", R_OK)}) {
    const std::string path = folder + part;
    TB_RETURN_IF_ERROR(CheckFolder(path, folder));
    for (const std::string& name : NamesIn(path)) {
      struct stat about = {};
      if (stat((path + "/" + name).c_str(), &about) == 0 && !S_ISREG(about.st_mode)) continue;  // lost+found
      const int mode = name == "LOCK" ? R_OK | W_OK : wanted;
      TB_RETURN_IF_ERROR(CheckFile(path + "/" + name, mode, folder));
    }
  }
  return absl::OkStatus();
}

uid_t OwnerToBe(const std::string& folder) {
  const uid_t me = geteuid();
  struct stat about = {};
  if (stat(folder.c_str(), &about) == 0) return about.st_uid;
  // Others make folders in /tmp and the like.
  if (me == 0 && stat(SeenAbove(folder).c_str(), &about) == 0) return about.st_uid;
  return me;
}

}  // namespace timebank
