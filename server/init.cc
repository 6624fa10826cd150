#include "server/init.h"

#include <limits>
#include <memory>

#include "absl/strings/str_cat.h"
#include "server/access/key_store.h"
#include "server/access/pepper.h"
#include "storage/data_folder.h"
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

absl::StatusOr<FirstKey> Init(const Config& config) {
  // Held to the end: no server starts meanwhile.
  TB_ASSIGN_OR_RETURN(const auto folder, storage::DataFolder::Open(
                                             config.data, {storage::kFormatVersion, storage::kOldestFormat}));
  access::KeyStore::Options options;
  options.folder = config.data;
  options.new_pepper = absl::IsNotFound(access::ReadPepper(config.pepper, config.data).status());
  TB_ASSIGN_OR_RETURN(options.pepper, access::MakePepper(config.pepper, config.data));
  options.pepper_path = config.pepper;
  options.keep_use_seconds = 0;
  TB_ASSIGN_OR_RETURN(const std::unique_ptr<access::KeyStore> keys,
                      access::KeyStore::Open(std::move(options)));
  if (const access::Key* there = OperatorsKey(*keys)) {
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
