#include "server/access/gatekeeper.h"

#include <grpc/grpc_security_constants.h>
#include <grpcpp/security/auth_context.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/access/key_text.h"
#include "server/access/who_may.h"
#include "server/ledger/error.h"
#include "server/ledger/validate.h"
#include "server/services/days.h"
#include "server/services/errors.h"
#include "storage/status_macros.h"

namespace timebank::access {
namespace {

using ledger::ErrorOf;
using ledger::Reason;
using services::Caller;
using services::HeaderOf;
using services::NotAllowed;
using services::Sight;

constexpr std::string_view kBearer = "bearer ";
// What gRPC calls the names in a client certificate's subjectAltName.
constexpr char kSubjectAlternativeName[] = "x509_subject_alternative_name";

struct RoleName {
  std::string_view name;
  v1::Role role;
};
constexpr RoleName kRoleNames[] = {
    {"operator", v1::ROLE_OPERATOR}, {"steward", v1::ROLE_STEWARD}, {"broker", v1::ROLE_BROKER},
    {"member", v1::ROLE_MEMBER},     {"partner", v1::ROLE_PARTNER}, {"reader", v1::ROLE_READER},
};

std::optional<v1::Role> RoleNamed(std::string_view name) {
  for (const RoleName& known : kRoleNames) {
    if (known.name == name) return known.role;
  }
  return std::nullopt;
}

// Whether somebody who has `identity` may act as `role`: everything that the role may, the identity's may
// too.
bool MayLowerTo(v1::Role role, const Identity& identity) {
  if (role == identity.role) return true;
  if (role == v1::ROLE_READER) return !identity.bank.empty();
  return role == v1::ROLE_MEMBER && identity.role == v1::ROLE_BROKER && !identity.member.empty();
}

Sight SightOf(v1::Role role, bool at_keyboard) {
  switch (role) {
    case v1::ROLE_BROKER:
      return Sight::kAll;
    case v1::ROLE_PARTNER:
      return at_keyboard ? Sight::kOwn : Sight::kAll;
    case v1::ROLE_MEMBER:
      return Sight::kOwn;
    default:
      return Sight::kOpen;
  }
}

// What the rules of the ledger know of roles. Whether the call may be made at all is decided here: an
// operator opens banks and a steward changes settings as the ledger's broker, and neither comes as far as to
// record.
ledger::Role LedgerRole(v1::Role role, bool at_keyboard) {
  switch (role) {
    case v1::ROLE_PARTNER:
      return at_keyboard ? ledger::Role::kMember : ledger::Role::kPartner;
    case v1::ROLE_MEMBER:
    case v1::ROLE_READER:
      return ledger::Role::kMember;
    default:
      return ledger::Role::kBroker;
  }
}

bool HasScope(const Identity& identity, std::string_view scope) {
  return scope == kScopeOfAll ||
         std::find(identity.scopes.begin(), identity.scopes.end(), scope) != identity.scopes.end();
}

}  // namespace

absl::StatusOr<Caller> Admit(const Identity& identity, std::string_view stated_role,
                             std::string_view stated_member, const google::protobuf::Message& request) {
  const Rule* rule = WhoMay::OfServices().Find(request.GetDescriptor());
  if (rule == nullptr) return NotAllowed();
  Caller caller;
  v1::Role role = identity.role;
  if (!stated_role.empty()) {
    if (const std::optional<v1::Role> wanted = RoleNamed(stated_role)) {
      if (!MayLowerTo(*wanted, identity)) return NotAllowed();
      role = *wanted;
    } else {
      caller.violations.push_back({"timebank-role", std::string(ledger::violation::kMalformed)});
    }
  }
  const bool own = role == v1::ROLE_MEMBER || role == v1::ROLE_BROKER;
  if (own) caller.actor.member = identity.member;
  bool at_keyboard = false;
  if (!stated_member.empty()) {
    services::ReadMember(stated_member, &caller);
    at_keyboard = role == v1::ROLE_PARTNER && identity.may_state_member;
    if (!at_keyboard && !(own && caller.violations.empty() && caller.actor.member == identity.member)) {
      return NotAllowed();
    }
    if (!caller.member_bank.empty() && caller.member_bank != identity.bank) return NotAllowed();
  }
  // Lowered or not: nobody may what the credential itself may not.
  if (!rule->Allows(role) || !rule->Allows(identity.role)) return NotAllowed();
  if (identity.role == v1::ROLE_PARTNER && !HasScope(identity, rule->scope)) return NotAllowed();
  // A partner with a member at its keyboard may nothing that the member may not.
  if (at_keyboard && !rule->Allows(v1::ROLE_MEMBER)) return NotAllowed();
  if (!identity.bank.empty()) {
    const std::string_view bank = rule->BankOf(request);
    // What names no bank is refused further on: the request is malformed, or has none to give.
    if (!bank.empty() && bank != identity.bank) return services::OfAnotherBank(identity.bank);
  }
  caller.actor.caller = identity.owner;
  caller.actor.role = LedgerRole(role, at_keyboard);
  caller.sight = SightOf(role, at_keyboard);
  caller.hears_balances = role != v1::ROLE_PARTNER || at_keyboard || HasScope(identity, "exchanges.read") ||
                          HasScope(identity, "feed.read");
  caller.bank = identity.bank;
  caller.bank_number = identity.bank_number;
  return caller;
}

absl::StatusOr<Caller> Gatekeeper::Admit(const grpc::CallbackServerContext& context,
                                         const google::protobuf::Message& request,
                                         services::Call* call) const {
  TB_ASSIGN_OR_RETURN(Recognised who, Recognise(context, &call->key));
  TB_RETURN_IF_ERROR(Charge(who, request, call));
  TB_ASSIGN_OR_RETURN(Caller caller, access::Admit(*who.identity, HeaderOf(context, "timebank-role"),
                                                   HeaderOf(context, "timebank-member"), request));
  caller.min_position = HeaderOf(context, "timebank-min-position");
  caller.standing = std::move(who.standing);
  return caller;
}

absl::StatusOr<Recognised> Gatekeeper::Recognise(const grpc::CallbackServerContext& context,
                                                 std::string* id) const {
  std::string_view credential = HeaderOf(context, "authorization");
  if (!credential.empty()) {
    if (!absl::StartsWithIgnoreCase({credential.data(), credential.size()},
                                    {kBearer.data(), kBearer.size()})) {
      return ErrorOf(Reason::kKeyUnknown, "authorization must be `Bearer` and a key or token");
    }
    credential.remove_prefix(kBearer.size());
    if (tokens_ != nullptr && !credential.starts_with(kKeyPrefix)) {
      TB_ASSIGN_OR_RETURN(Recognised who, tokens_->Verify(credential));
      return WithMeters(std::move(who));
    }
    TB_ASSIGN_OR_RETURN(const Key* key, keys_.Verify(credential, id));
    // The store keeps the key: nothing is counted here.
    const std::shared_ptr<void> nobody;
    return Recognised{std::shared_ptr<const Identity>(nobody, &key->identity()),
                      std::shared_ptr<const services::Standing>(nobody, key),
                      std::shared_ptr<Meter>(nobody, &key->meter()), key->bank_meter()};
  }
  if (!certificates_.empty()) {
    if (const auto connection = context.auth_context(); connection && connection->IsPeerAuthenticated()) {
      std::shared_ptr<const Identity> whose;
      for (const grpc::string_ref& name : connection->FindPropertyValues(kSubjectAlternativeName)) {
        auto found = certificates_.find(absl::string_view(name.data(), name.size()));
        if (found == certificates_.end() || found->second == whose) continue;
        if (whose != nullptr) return ErrorOf(Reason::kKeyUnknown, "this certificate names two callers");
        whose = found->second;
      }
      if (whose != nullptr) {
        const std::vector<grpc::string_ref> shown =
            connection->FindPropertyValues(GRPC_X509_PEM_CERT_PROPERTY_NAME);
        const std::string_view pem =
            shown.empty() ? std::string_view() : std::string_view(shown[0].data(), shown[0].size());
        std::shared_ptr<const services::Standing> standing = ends_.StandingOf(pem);
        TB_RETURN_IF_ERROR(standing->Check(services::SystemNowUs()));
        return WithMeters({std::move(whose), std::move(standing)});
      }
    }
  }
  return ErrorOf(Reason::kKeyUnknown, "this server knows its callers by keys; send one as `authorization`");
}

// Named apart from banks' own names for owners: the same owner of two banks has two allowances, as with keys.
Recognised Gatekeeper::WithMeters(Recognised who) const {
  const Identity& identity = *who.identity;
  who.meter = owners_.Of(absl::StrCat(identity.bank, "/", identity.owner), NowNs());
  if (!identity.bank.empty()) who.bank_meter = keys_.MeterOfBank(identity.bank);
  return who;
}

absl::Status Gatekeeper::Charge(const Recognised& who, const google::protobuf::Message& request,
                                services::Call* call) const {
  const Rule* rule = WhoMay::OfServices().Find(request.GetDescriptor());
  const double cost = CostOf(rule == nullptr ? 1 : rule->ItemsOf(request));
  const int64_t now_ns = NowNs();
  if (const int64_t wait_ns = who.meter->Take(limits_.key, cost, now_ns); wait_ns > 0) {
    return services::RateLimited("this key makes too many calls", wait_ns);
  }
  if (who.bank_meter != nullptr) {
    if (const int64_t wait_ns = who.bank_meter->Take(limits_.bank, cost, now_ns); wait_ns > 0) {
      who.meter->PutBack(limits_.key, cost);
      return services::RateLimited("the keys of this bank make too many calls", wait_ns);
    }
  }
  const auto counter = call->is_stream ? &Meter::streams : &Meter::calls;
  const int32_t most = call->is_stream ? limits_.key.streams : limits_.key.calls;
  if (!Meter::Enter((*who.meter).*counter, most)) {
    who.meter->PutBack(limits_.key, cost);
    if (who.bank_meter != nullptr) who.bank_meter->PutBack(limits_.bank, cost);
    return services::RateLimited(
        absl::StrCat("this key has ", most, call->is_stream ? " feeds open" : " calls under way"),
        services::kRetryNs);
  }
  call->owner = who.meter.get();
  call->permit = std::make_shared<const Permit>(who.meter, counter);
  return absl::OkStatus();
}

absl::StatusOr<Caller> OperatorsDoor::Admit(const grpc::CallbackServerContext& context,
                                            const google::protobuf::Message& request, services::Call*) const {
  static const auto& of_socket = *new Identity{"operator", v1::ROLE_OPERATOR, "", 0, "", {}, false};
  TB_ASSIGN_OR_RETURN(Caller caller, access::Admit(of_socket, HeaderOf(context, "timebank-role"),
                                                   HeaderOf(context, "timebank-member"), request));
  caller.min_position = HeaderOf(context, "timebank-min-position");
  return caller;
}

}  // namespace timebank::access
