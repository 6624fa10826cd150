#include "server/access/files.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "server/access/key_store.h"
#include "server/access/pepper.h"
#include "storage/status_macros.h"

namespace timebank::access {
namespace {

absl::Status Wrong(const absl::Status& why) {
  return absl::InvalidArgumentError(absl::StrCat("callers are to be known by keys: ", why.message()));
}

}  // namespace

absl::Status PepperIsGone(const AccessPaths& paths) {
  return absl::FailedPreconditionError(
      absl::StrCat("there is no pepper ", paths.pepper,
                   ", and this ledger's keys were made under one: ", PutPepperBack(paths.data_folder)));
}

absl::StatusOr<AccessFiles> ReadAccessFiles(const AccessPaths& paths) {
  AccessFiles files;
  absl::StatusOr<std::string> pepper = ReadPepper(paths.pepper, paths.data_folder);
  if (absl::IsNotFound(pepper.status())) {
    TB_ASSIGN_OR_RETURN(const bool has_keys, KeyStore::HasKeys(paths.data_folder));
    if (has_keys) return Wrong(PepperIsGone(paths));
    return absl::InvalidArgumentError(
        absl::StrCat(Wrong(pepper.status()).message(),
                     "; timebankd init, with the same settings and as the ledger's user, makes it, and the "
                     "first operator's key"));
  }
  if (!pepper.ok()) return Wrong(pepper.status());
  files.pepper = *std::move(pepper);
  KeyStore::Options options;
  options.folder = paths.data_folder;
  options.pepper = files.pepper;
  options.pepper_path = paths.pepper;
  options.keep_use_seconds = 0;
  // Another pepper is a mistake in the settings, and no damage.
  const absl::Status keys = KeyStore::Open(std::move(options)).status();
  if (absl::IsFailedPrecondition(keys)) return Wrong(keys);
  TB_RETURN_IF_ERROR(keys);
  if (paths.callers.empty()) return files;
  TB_ASSIGN_OR_RETURN(files.callers, ReadCallers(paths.callers));
  if (files.callers.providers.empty()) return files;
  TB_ASSIGN_OR_RETURN(files.tokens, OpenTokens(std::move(files.callers.providers)));
  return files;
}

}  // namespace timebank::access
