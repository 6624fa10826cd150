// MemberService: who may act for whom.
#include <utility>

#include "server/services/days.h"
#include "server/services/directory_services.h"
#include "server/services/names.h"
#include "server/services/reading.h"
#include "server/services/rendering.h"
#include "server/services/requests.h"
#include "storage/keys.h"

namespace timebank::services {

namespace sv1 = storage::v1;
using grpc::CallbackServerContext;
using grpc::ServerUnaryReactor;
using ledger::HolderKind;
using storage::AccountNumber;

namespace {

// The one entry of a change, in the API's words.
absl::StatusOr<v1::ActingFor> Changed(BankReader& bank, const ledger::Outcome& outcome) {
  TB_ASSIGN_OR_RETURN(const std::vector<sv1::Entry> entries, EntriesOf(bank, outcome));
  return bank.ToActingFor(entries.front());
}

// `grant` as it stands, with what was used of `today`'s month.
absl::StatusOr<v1::ActingFor> Standing(BankReader& bank, AccountNumber member, const sv1::GrantRow& grant,
                                       storage::Day today) {
  TB_ASSIGN_OR_RETURN(sv1::Entry entry, bank.KnownEntry(grant.granted_at()));
  // Whoever was merged since then goes by the survivor's name.
  entry.set_subject(member);
  entry.set_other(grant.agent());
  TB_ASSIGN_OR_RETURN(v1::ActingFor acting, bank.ToActingFor(entry));
  const storage::CivilDay civil = storage::ToCivil(today);
  if (grant.month() == static_cast<uint32_t>(civil.year * 100 + civil.month)) {
    acting.set_used_seconds(grant.used());
  }
  return acting;
}

absl::Status ListThem(BankReader& bank, AccountNumber account, storage::Day today,
                      v1::ListActingForResponse* response) {
  TB_ASSIGN_OR_RETURN(const sv1::ActingForRow row, bank.ActingForRowOf(account));
  for (const sv1::GrantRow& grant : row.grants()) {
    TB_ASSIGN_OR_RETURN(*response->add_agents(), Standing(bank, account, grant, today));
  }
  for (const AccountNumber member : row.acts_for()) {
    TB_ASSIGN_OR_RETURN(const sv1::ActingForRow of_member, bank.ActingForRowOf(member));
    for (const sv1::GrantRow& grant : of_member.grants()) {
      if (grant.agent() != account) continue;
      TB_ASSIGN_OR_RETURN(*response->add_acts_for(), Standing(bank, member, grant, today));
    }
  }
  return absl::OkStatus();
}

}  // namespace

ServerUnaryReactor* MemberService::GrantActingFor(CallbackServerContext* context,
                                                  const v1::GrantActingForRequest* request,
                                                  v1::GrantActingForResponse* response) {
  auto prepare = [request](storage::Day, Serving::Prepared& prepared) -> absl::Status {
    RequestReader reader(BankOfName(request->name()));
    ledger::GrantActingFor act;
    act.id = reader.HolderId("name", request->name(), HolderKind::kMember);
    act.agent = reader.Holder("agent", request->agent());
    if (request->has_seconds_per_month()) act.seconds_per_month = request->seconds_per_month();
    act.no_limit = request->no_limit();
    act.until = reader.Day("until", request->until());
    return Ready(reader, std::move(act), prepared);
  };
  auto fill = [](BankReader& bank, const ledger::Outcome& outcome,
                 v1::GrantActingForResponse* reply) -> absl::Status {
    TB_ASSIGN_OR_RETURN(*reply->mutable_granted(), Changed(bank, outcome));
    return absl::OkStatus();
  };
  return door_.Change(context, *request, BankOfName(request->name()), request->ByteSizeLong(),
                      request->request_id(), prepare,
                      RenderChange<v1::GrantActingForResponse>(response, fill));
}

ServerUnaryReactor* MemberService::RevokeActingFor(CallbackServerContext* context,
                                                   const v1::RevokeActingForRequest* request,
                                                   v1::RevokeActingForResponse* response) {
  auto prepare = [request](storage::Day, Serving::Prepared& prepared) -> absl::Status {
    RequestReader reader(BankOfName(request->name()));
    ledger::RevokeActingFor act;
    act.id = reader.HolderId("name", request->name(), HolderKind::kMember);
    act.agent = reader.Holder("agent", request->agent());
    return Ready(reader, std::move(act), prepared);
  };
  auto fill = [](BankReader& bank, const ledger::Outcome& outcome,
                 v1::RevokeActingForResponse* reply) -> absl::Status {
    TB_ASSIGN_OR_RETURN(*reply->mutable_revoked(), Changed(bank, outcome));
    return absl::OkStatus();
  };
  return door_.Change(context, *request, BankOfName(request->name()), request->ByteSizeLong(),
                      request->request_id(), prepare,
                      RenderChange<v1::RevokeActingForResponse>(response, fill));
}

ServerUnaryReactor* MemberService::ListActingFor(CallbackServerContext* context,
                                                 const v1::ListActingForRequest* request,
                                                 v1::ListActingForResponse* response) {
  return door_.Read(
      context, *request, [=, this](const NamedView& view, const Caller& caller) -> absl::Status {
        response->Clear();
        TB_ASSIGN_OR_RETURN(BankReader bank, OpenForRead(view, caller, BankOfName(request->name()), "name"));
        RequestReader reader(bank.id());
        const std::string id = reader.HolderId("name", request->name(), HolderKind::kMember);
        TB_RETURN_IF_ERROR(ProblemsOf(reader));
        TB_RETURN_IF_ERROR(MaySeeMember(bank, caller, id));
        TB_ASSIGN_OR_RETURN(const AccountNumber account, bank.FindHolder({HolderKind::kMember, id}));
        TB_RETURN_IF_ERROR(ListThem(bank, account, door_.serving().TodayOf(bank), response));
        return door_.serving().NoteLook(bank, caller, account, LookKind::kMember);
      });
}

}  // namespace timebank::services
