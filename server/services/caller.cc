#include "server/services/caller.h"

#include <algorithm>
#include <iterator>

#include "server/ledger/error.h"
#include "server/ledger/validate.h"
#include "server/services/errors.h"
#include "server/services/names.h"

namespace timebank::services {
namespace {

void ReadRole(std::string_view text, Caller* caller) {
  ledger::Role& role = caller->actor.role;
  if (text.empty()) {
    role = caller->actor.member.empty() ? ledger::Role::kBroker : ledger::Role::kMember;
  } else if (text == "broker") {
    role = ledger::Role::kBroker;
  } else if (text == "member") {
    role = ledger::Role::kMember;
  } else if (text == "partner") {
    role = ledger::Role::kPartner;
  } else {
    caller->violations.push_back({"timebank-role", std::string(ledger::violation::kMalformed)});
  }
}

// By these a proxy tells whom it speaks for.
constexpr const char* kForwarded[] = {"x-forwarded-for", "forwarded"};

bool IsForwarded(const grpc::CallbackServerContext& context) {
  const auto& metadata = context.client_metadata();
  return std::any_of(std::begin(kForwarded), std::end(kForwarded),
                     [&](const char* key) { return metadata.find(key) != metadata.end(); });
}

}  // namespace

absl::StatusOr<Caller> BelieveEverybody::Admit(const grpc::CallbackServerContext& context,
                                               const google::protobuf::Message&, Call*) const {
  if (IsForwarded(context)) {
    on_forwarded_();
    return ledger::ErrorOf(
        ledger::Reason::kKeyUnknown,
        "this server is open: it believes whatever callers state, and does not answer those "
        "who come through a proxy. Set access = \"keys\" in its configuration");
  }
  Caller caller;
  caller.actor.caller = HeaderOf(context, "timebank-caller");
  if (caller.actor.caller.empty()) caller.actor.caller = "local";
  if (!ledger::IsSystem(caller.actor.caller)) {
    caller.violations.push_back({"timebank-caller", std::string(ledger::violation::kMalformed)});
  }
  ReadMember(HeaderOf(context, "timebank-member"), &caller);
  ReadRole(HeaderOf(context, "timebank-role"), &caller);
  caller.min_position = HeaderOf(context, "timebank-min-position");
  return caller;
}

std::string_view HeaderOf(const grpc::CallbackServerContext& context, const char* key) {
  auto found = context.client_metadata().find(key);
  if (found == context.client_metadata().end()) return {};
  return {found->second.data(), found->second.size()};
}

// `ana`, `members/ana` or `timebanks/rushey/members/ana`.
void ReadMember(std::string_view text, Caller* caller) {
  if (text.empty()) return;
  if (ledger::IsId(text)) {
    caller->actor.member = text;
    return;
  }
  auto child = ParseChild(text);
  if (!child || child->collection != "members") {
    caller->violations.push_back({"timebank-member", std::string(ledger::violation::kMalformed)});
    return;
  }
  caller->actor.member = child->id;
  caller->member_bank = child->bank;
}

absl::Status NotAllowed() { return ToStatus(ledger::Refuse(ledger::Reason::kRoleRequired), {}); }

}  // namespace timebank::services
