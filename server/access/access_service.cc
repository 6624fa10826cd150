#include "server/access/access_service.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/access/acts.h"
#include "server/access/key_text.h"
#include "server/access/who_may.h"
#include "server/ledger/error.h"
#include "server/ledger/validate.h"
#include "server/services/days.h"
#include "server/services/errors.h"
#include "server/services/names.h"
#include "server/services/paging.h"
#include "server/services/raw_text.h"
#include "server/services/reading.h"
#include "storage/hash.h"
#include "storage/status_macros.h"

namespace timebank::access {
namespace {

namespace sv1 = storage::v1;
namespace violation = ledger::violation;
using grpc::CallbackServerContext;
using grpc::ServerUnaryReactor;
using ledger::Violation;
using services::BankReader;
using services::Caller;
using services::NamedView;

constexpr size_t kMostNoteCharacters = 200;
constexpr int64_t kSecondUs = 1'000'000;

int64_t MicrosecondsOf(const google::protobuf::Timestamp& time) {
  return time.seconds() * kSecondUs + time.nanos() / 1000;
}

std::string NameOf(std::string_view bank_id, std::string_view key_id) {
  return bank_id.empty() ? "keys/" + std::string(key_id) : services::KeyName(bank_id, key_id);
}

void PutKey(const KeyStore& keys, const sv1::KeyRow& row, v1::Key* key) {
  key->set_name(NameOf(row.bank_id(), row.id()));
  key->set_owner(row.owner());
  key->set_role(static_cast<v1::Role>(row.role()));
  key->set_member(row.member());
  *key->mutable_scopes() = row.scopes();
  key->set_may_state_member(row.may_state_member());
  key->set_note(row.note());
  if (row.expires_us() != 0) *key->mutable_expire_time() = services::ToTimestamp(row.expires_us());
  *key->mutable_create_time() = services::ToTimestamp(row.created_us());
  key->set_created_by(row.created_by());
  if (row.revoked_us() != 0) *key->mutable_revoke_time() = services::ToTimestamp(row.revoked_us());
  key->set_revoked_by(row.revoked_by());
  if (row.last_used_us() != 0) *key->mutable_last_use_time() = services::ToTimestamp(row.last_used_us());
  key->set_pepper_lost(keys.OfAnotherPepper(row));
}

absl::Status NoKeys() {
  return absl::UnimplementedError("this server believes what callers state, and has no keys");
}

absl::Status Malformed(std::string_view field) {
  return services::ToStatus({{std::string(field), std::string(violation::kMalformed)}}, "");
}

std::string OwnerOf(const Caller& caller) { return "keys/" + caller.actor.caller; }

// The bank that a request is about; 0: it is the server, which is an operator's alone.
absl::StatusOr<uint64_t> BankNumber(const NamedView& view, const Caller& caller, const std::string& bank_id) {
  if (bank_id.empty()) {
    if (!caller.bank.empty()) return services::NotAllowed();
    return uint64_t{0};
  }
  TB_ASSIGN_OR_RETURN(const BankReader bank, services::OpenForRead(view, caller, bank_id, "parent"));
  return bank.bank();
}

// Id of the bank in `parent`, empty for the server; nothing: it is malformed.
std::optional<std::string> BankIdOf(const std::string& parent) {
  return parent.empty() ? std::optional<std::string>("") : services::ParseBank(parent);
}

std::string BodyOf(v1::CreateKeyRequest request) {
  request.clear_request_id();
  return std::string(storage::Sha256({request.SerializeAsString()}).bytes());
}

absl::Status CheckRequestId(const std::string& id) {
  const std::optional<Violation> wrong = ledger::CheckRequestId(id);
  return wrong ? services::ToStatus({*wrong}, "") : absl::OkStatus();
}

absl::Status Create(KeyStore& keys, const NamedView& view, const Caller& caller,
                    const v1::CreateKeyRequest& request, v1::CreateKeyResponse* response) {
  const std::optional<std::string> bank_id = BankIdOf(request.parent());
  if (!bank_id) return Malformed("parent");
  if (bank_id->empty() && !caller.bank.empty()) return services::NotAllowed();
  TB_RETURN_IF_ERROR(CheckRequestId(request.request_id()));
  const std::vector<Violation> problems = ProblemsOf(request.key(), !bank_id->empty(), keys.NowUs());
  if (!problems.empty()) return services::ToStatus(problems, "");
  sv1::KeyRow row = RowOf(request.key());
  if (!bank_id->empty()) {
    TB_ASSIGN_OR_RETURN(const BankReader bank, services::OpenForRead(view, caller, *bank_id, "parent"));
    row.set_bank(bank.bank());
    row.set_bank_id(*bank_id);
    if (!row.member().empty()) {
      TB_RETURN_IF_ERROR(bank.FindHolder({ledger::HolderKind::kMember, row.member()}).status());
    }
  }
  row.set_created_by(OwnerOf(caller));
  if (!request.request_id().empty()) {
    // Ids are the maker's own, wherever the key is for.
    row.set_request(
        std::string(storage::Sha256({caller.bank_number == 0 ? "" : std::to_string(caller.bank_number), "/",
                                     caller.actor.caller, "/", request.request_id()})
                        .bytes()));
    row.set_request_body(BodyOf(request));
  }
  TB_ASSIGN_OR_RETURN(KeyStore::Created created, keys.Create(std::move(row)));
  PutKey(keys, keys.Row(*created.key), response->mutable_key());
  response->set_secret(std::move(created.text));
  response->set_replayed(created.replayed);
  return absl::OkStatus();
}

absl::Status List(const KeyStore& keys, const NamedView& view, const Caller& caller,
                  const v1::ListKeysRequest& request, v1::ListKeysResponse* response) {
  const std::optional<std::string> bank_id = BankIdOf(request.parent());
  if (!bank_id) return Malformed("parent");
  TB_ASSIGN_OR_RETURN(const size_t most, services::PageSize(request.page_size(), 100));
  TB_ASSIGN_OR_RETURN(const uint64_t bank, BankNumber(view, caller, *bank_id));
  TB_ASSIGN_OR_RETURN(const services::Page page, services::OpenPage(request, request.page_token()));
  size_t next = 0;
  const size_t from = page.token ? static_cast<size_t>(std::max<int64_t>(page.token->cursor, 0)) : 0;
  for (const Key* key : keys.List(bank, from, most, &next))
    PutKey(keys, keys.Row(*key), response->add_keys());
  if (next != 0) response->set_next_page_token(services::NextPage(page, static_cast<int64_t>(next)));
  return absl::OkStatus();
}

absl::Status Revoke(KeyStore& keys, const NamedView& view, const Caller& caller,
                    const v1::RevokeKeyRequest& request, v1::RevokeKeyResponse* response) {
  const std::optional<services::ChildName> name = services::ParseChild(request.name());
  if (!name || name->collection != "keys") return Malformed("name");
  TB_RETURN_IF_ERROR(CheckRequestId(request.request_id()));
  TB_ASSIGN_OR_RETURN(const uint64_t bank, BankNumber(view, caller, std::string(name->bank)));
  absl::StatusOr<KeyStore::Revoked> revoked = keys.Revoke(name->id, bank, OwnerOf(caller));
  if (ledger::ReasonOf(revoked.status()) == ledger::Reason::kKeyNotFound) {
    return services::NotFound(ledger::Reason::kKeyNotFound, request.name());
  }
  TB_RETURN_IF_ERROR(revoked.status());
  PutKey(keys, keys.Row(*revoked->key), response->mutable_key());
  response->set_replayed(revoked->again);
  return absl::OkStatus();
}

}  // namespace

std::vector<Violation> ProblemsOf(const v1::Key& key, bool of_bank, int64_t now_us) {
  std::vector<Violation> found;
  const auto problem = [&found](const char* field, std::string_view why) {
    found.push_back({field, std::string(why)});
  };
  if (!ledger::IsSystem(key.owner())) {
    problem("key.owner", key.owner().empty() ? violation::kRequired : violation::kMalformed);
  }
  const bool partner = key.role() == v1::ROLE_PARTNER;
  if (key.role() == v1::ROLE_UNSPECIFIED) {
    problem("key.role", violation::kRequired);
  } else if (!v1::Role_IsValid(key.role()) || (key.role() != v1::ROLE_OPERATOR) != of_bank) {
    problem("key.role", violation::kOutOfRange);  // operators' keys are the server's, all others a bank's
  }
  const bool may_be_member = key.role() == v1::ROLE_MEMBER || key.role() == v1::ROLE_BROKER;
  if (key.member().empty()) {
    if (key.role() == v1::ROLE_MEMBER) problem("key.member", violation::kRequired);
  } else if (!may_be_member || !ledger::IsId(key.member())) {
    problem("key.member", violation::kMalformed);
  }
  if (partner && key.scopes().empty()) problem("key.scopes", violation::kRequired);
  const std::set<std::string>& known = WhoMay::OfServices().scopes();
  if (static_cast<size_t>(key.scopes_size()) > known.size()) {
    problem("key.scopes", violation::kTooMany);
    return found;
  }
  for (int i = 0; i < key.scopes_size(); ++i) {
    if (!partner || !known.contains(key.scopes(i)) ||
        std::count(key.scopes().begin(), key.scopes().begin() + i, key.scopes(i)) > 0) {
      problem(absl::StrCat("key.scopes[", i, "]").c_str(), violation::kOutOfRange);
    }
  }
  if (key.may_state_member() && !partner) problem("key.may_state_member", violation::kOutOfRange);
  if (!ledger::IsUtf8(key.note())) {
    problem("key.note", violation::kNotUtf8);
  } else if (ledger::CharactersIn(key.note()) > kMostNoteCharacters) {
    problem("key.note", violation::kTooLong);
  }
  if (key.has_expire_time()) {
    // Within what protobuf calls a timestamp, and to come.
    const auto& time = key.expire_time();
    const bool valid = time.seconds() > 0 && time.seconds() < 253'402'300'800 && time.nanos() >= 0 &&
                       time.nanos() < 1'000'000'000;
    if (!valid || MicrosecondsOf(time) <= now_us) problem("key.expire_time", violation::kOutOfRange);
  }
  return found;
}

sv1::KeyRow RowOf(const v1::Key& key) {
  sv1::KeyRow row;
  row.set_role(key.role());
  row.set_owner(key.owner());
  row.set_member(key.member());
  *row.mutable_scopes() = key.scopes();
  row.set_may_state_member(key.may_state_member());
  row.set_note(key.note());
  if (key.has_expire_time()) row.set_expires_us(MicrosecondsOf(key.expire_time()));
  return row;
}

AccessService::AccessService(const services::Door& door, KeyStore* keys) : door_(door), keys_(keys) {
  TIMEBANK_TAKE_RAW_TEXT(AccessService, ListActs);
  TIMEBANK_TAKE_RAW_TEXT(AccessService, CreateKey);
  TIMEBANK_TAKE_RAW_TEXT(AccessService, ListKeys);
  TIMEBANK_TAKE_RAW_TEXT(AccessService, RevokeKey);
}

// Each is carried out on a thread that may wait for the disk, and once.
ServerUnaryReactor* AccessService::CreateKey(CallbackServerContext* context,
                                             const v1::CreateKeyRequest* request,
                                             v1::CreateKeyResponse* response) {
  return door_.Scan(context, *request, [=, this](const NamedView& view, const Caller& caller) {
    response->Clear();
    return keys_ == nullptr ? NoKeys() : Create(*keys_, view, caller, *request, response);
  });
}

ServerUnaryReactor* AccessService::ListKeys(CallbackServerContext* context,
                                            const v1::ListKeysRequest* request,
                                            v1::ListKeysResponse* response) {
  return door_.Scan(context, *request, [=, this](const NamedView& view, const Caller& caller) {
    response->Clear();
    return keys_ == nullptr ? NoKeys() : List(*keys_, view, caller, *request, response);
  });
}

ServerUnaryReactor* AccessService::RevokeKey(CallbackServerContext* context,
                                             const v1::RevokeKeyRequest* request,
                                             v1::RevokeKeyResponse* response) {
  return door_.Scan(context, *request, [=, this](const NamedView& view, const Caller& caller) {
    response->Clear();
    return keys_ == nullptr ? NoKeys() : Revoke(*keys_, view, caller, *request, response);
  });
}

ServerUnaryReactor* AccessService::ListActs(CallbackServerContext* context,
                                            const v1::ListActsRequest* request,
                                            v1::ListActsResponse* response) {
  return door_.Scan(context, *request, [=, this](const NamedView& view, const Caller& caller) {
    response->Clear();
    return access::ListActs(door_.serving(), view, caller, *request, response);
  });
}

}  // namespace timebank::access
