#include "server/access/who_may.h"

#include <algorithm>

#include "server/ledger/validate.h"
#include "server/services/names.h"
#include "timebank/v1/access_service.pb.h"
#include "timebank/v1/circle_service.pb.h"
#include "timebank/v1/ledger_service.pb.h"
#include "timebank/v1/member_service.pb.h"
#include "timebank/v1/timebank_service.pb.h"

namespace timebank::access {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;
using google::protobuf::Message;

const FieldDescriptor* NameIn(const Descriptor& type) {
  for (const char* field : {"parent", "name"}) {
    if (const FieldDescriptor* found = type.FindFieldByName(field)) return found;
  }
  return nullptr;
}

Rule RuleOf(const google::protobuf::MethodDescriptor& method) {
  Rule rule;
  rule.method = &method;
  const v1::WhoMay& who_may = method.options().GetExtension(v1::who_may);
  for (const int role : who_may.roles()) rule.roles |= uint32_t{1} << role;
  rule.scope = who_may.scope();
  const Descriptor& request = *method.input_type();
  rule.name = NameIn(request);
  // An update names what it changes inside of the new values: UpdateMember's `member.name`.
  for (int i = 0; rule.name == nullptr && i < request.field_count(); ++i) {
    const FieldDescriptor& field = *request.field(i);
    if (!method.name().starts_with("Update") || field.message_type() == nullptr || field.is_repeated())
      continue;
    rule.inside = &field;
    rule.name = NameIn(*field.message_type());
  }
  for (int i = 0; rule.items == nullptr && i < request.field_count(); ++i) {
    if (method.name().starts_with("Batch") && request.field(i)->is_repeated()) rule.items = request.field(i);
  }
  return rule;
}

}  // namespace

std::string_view Rule::BankOf(const Message& request) const {
  if (name == nullptr) return {};
  const Message* holder = &request;
  if (inside != nullptr) holder = &request.GetReflection()->GetMessage(request, inside);
  std::string scratch;  // strings are kept as strings: never used
  const std::string& text = holder->GetReflection()->GetStringReference(*holder, name, &scratch);
  constexpr std::string_view kBanks = "timebanks/";
  if (const auto child = services::ParseChild(text)) {
    // `timebanks/rushey` reads like a child without a bank.
    return child->bank.empty() && text.starts_with(kBanks) ? child->id : child->bank;
  }
  return {};
}

size_t Rule::ItemsOf(const Message& request) const {
  if (items == nullptr) return 1;
  // A larger batch is refused without being looked at.
  return std::min(static_cast<size_t>(request.GetReflection()->FieldSize(request, items)), ledger::kMaxBatch);
}

const WhoMay& WhoMay::OfServices() {
  static const auto& all = *new WhoMay({
      v1::CreateKeyRequest::descriptor()->file(),
      v1::CreateCircleRequest::descriptor()->file(),
      v1::RecordExchangeRequest::descriptor()->file(),
      v1::CreateMemberRequest::descriptor()->file(),
      v1::CreateTimebankRequest::descriptor()->file(),
  });
  return all;
}

WhoMay::WhoMay(const std::vector<const FileDescriptor*>& files) {
  for (const FileDescriptor* file : files) {
    for (int s = 0; s < file->service_count(); ++s) {
      for (int m = 0; m < file->service(s)->method_count(); ++m) {
        Rule rule = RuleOf(*file->service(s)->method(m));
        if (rule.Allows(v1::ROLE_PARTNER) && rule.scope != kScopeOfAll) scopes_.insert(rule.scope);
        rules_.emplace(rule.method->input_type(), std::move(rule));
      }
    }
  }
}

}  // namespace timebank::access
