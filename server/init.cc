#include "server/init.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <memory>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "server/access/files.h"
#include "server/access/key_store.h"
#include "server/access/pepper.h"
#include "storage/data_folder.h"
#include "storage/file_system.h"
#include "storage/status_macros.h"
#include "storage/store.h"

namespace timebank {
namespace {

// A good operator's key, where there is one.
const access::Key* OperatorsKey(const access::KeyStore& keys) {
  size_t next = 0;
  for (const access::Key* key : keys.List(/*bank=*/0, 0, access::kMostKeys, &next)) {
    if (key->Check(keys.NowUs()).ok()) return key;
  }
  return nullptr;
}

}  // namespace

absl::StatusOr<KeyFile> KeyFile::Make(const std::string& path) {
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file != -1) return KeyFile(path, file);
  if (errno == EEXIST) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--key-out: ", path, " is there already and is not replaced: name another. Nothing was changed"));
  }
  return absl::InvalidArgumentError(absl::StrCat("--key-out: cannot make ", path, ": ",
                                                 std::generic_category().message(errno),
                                                 ". Nothing was changed"));
}

KeyFile::KeyFile(KeyFile&& other) noexcept
    : path_(std::move(other.path_)),
      file_(std::exchange(other.file_, -1)),
      written_(std::exchange(other.written_, false)) {}

KeyFile::~KeyFile() {
  if (file_ == -1) return;
  close(file_);
  if (!written_) unlink(path_.c_str());
}

absl::Status KeyFile::Write(const std::string& key) {
  const std::string line = key + "\n";
  const bool whole = write(file_, line.data(), line.size()) == static_cast<ssize_t>(line.size());
  if (!whole || fsync(file_) != 0) {
    return absl::UnavailableError(
        absl::StrCat("cannot write ", path_, ": ", std::generic_category().message(errno)));
  }
  written_ = true;
  std::error_code problem;
  const std::filesystem::path folder = std::filesystem::absolute(path_, problem).parent_path();
  return storage::FileSystem::Posix().SyncFolder(folder.string());
}

absl::StatusOr<FirstKey> Init(const Config& config, bool new_pepper) {
  access::KeyStore::Options options;
  options.folder = config.data;
  options.pepper_path = config.pepper;
  options.keep_use_seconds = 0;
  absl::StatusOr<std::string> pepper = access::ReadPepper(config.pepper, config.data);
  if (!pepper.ok() && !absl::IsNotFound(pepper.status())) return pepper.status();
  const absl::Status no_keys = absl::InvalidArgumentError(absl::StrCat(
      "--new-pepper: there is no ledger with keys in ", config.data,
      ". Name the ledger's folder with --data, or the server's settings with --config. Nothing was "
      "changed"));
  // Where there is no ledger, nor half of one, the next would make one.
  std::error_code problem;
  if (new_pepper && !std::filesystem::exists(config.data + "/FORMAT", problem) &&
      !std::filesystem::exists(config.data + "/keys", problem)) {
    return no_keys;
  }
  // Held to the end: no server starts meanwhile.
  TB_ASSIGN_OR_RETURN(const auto folder, storage::DataFolder::Open(
                                             config.data, {storage::kFormatVersion, storage::kOldestFormat}));
  TB_ASSIGN_OR_RETURN(const bool has_keys, access::KeyStore::HasKeys(config.data));
  if (new_pepper && !has_keys) return no_keys;
  if (!pepper.ok()) {
    options.new_pepper = has_keys;
    if (options.new_pepper && !new_pepper) return access::PepperIsGone({config.pepper, "", config.data});
    pepper = access::MakePepper(config.pepper, config.data);
    TB_RETURN_IF_ERROR(pepper.status());
    options.pepper = *std::move(pepper);
  } else {
    options.pepper = *std::move(pepper);
    if (new_pepper) {
      const absl::Status fits = access::KeyStore::Open(options).status();
      if (fits.ok()) {
        return absl::FailedPreconditionError(absl::StrCat(
            "--new-pepper: the pepper ", config.pepper,
            " is there, and nothing says that keys were made under another. Nothing was changed"));
      }
      if (!absl::IsFailedPrecondition(fits)) return fits;
      options.new_pepper = true;
    }
  }
  const bool replaces = options.new_pepper;  // nobody has a key that is known under it
  TB_ASSIGN_OR_RETURN(const std::unique_ptr<access::KeyStore> keys,
                      access::KeyStore::Open(std::move(options)));
  if (const access::Key* there = replaces ? nullptr : OperatorsKey(*keys)) {
    return absl::AlreadyExistsError(absl::StrCat(
        "there is an operator's key already, keys/", there->id(), " of ", there->identity().owner,
        ". Make others on the running server: timebank key create --role operator; without "
        "that key, through the operator's socket: --server unix:",
        config.operator_socket));
  }
  storage::v1::KeyRow row;
  row.set_owner("operator");
  row.set_role(v1::ROLE_OPERATOR);
  row.set_created_by("init");
  TB_ASSIGN_OR_RETURN(access::KeyStore::Created created, keys->Create(std::move(row)));
  return FirstKey{std::move(created.text), absl::StrCat("keys/", created.key->id())};
}

}  // namespace timebank
