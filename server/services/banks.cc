// CircleService and TimebankService.
#include <utility>

#include "server/engine/random.h"
#include "server/ledger/validate.h"
#include "server/services/days.h"
#include "server/services/directory_services.h"
#include "server/services/errors.h"
#include "server/services/events.h"
#include "server/services/names.h"
#include "server/services/paging.h"
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
using storage::DirectoryKind;
using storage::Family;

namespace {

constexpr uint32_t kDefaultSmallestCount = 5;

template <typename Response>
Serving::Render RenderCircle(Response* response) {
  return RenderChange<Response>(
      response, [](BankReader& bank, const ledger::Outcome& outcome, Response* reply) -> absl::Status {
        TB_ASSIGN_OR_RETURN(std::vector<sv1::Entry> entries, EntriesOf(bank, outcome));
        TB_ASSIGN_OR_RETURN(sv1::Texts texts, bank.TextsOf(entries.back().sequence()));
        TB_ASSIGN_OR_RETURN(*reply->mutable_circle(),
                            bank.ToCircle(entries.back().subject(), texts.circle()));
        return absl::OkStatus();
      });
}

// Ids of the members that `names` lists.
std::vector<std::string> MemberIds(RequestReader& reader, std::string_view field,
                                   const google::protobuf::RepeatedPtrField<std::string>& names) {
  std::vector<std::string> ids;
  for (int i = 0; i < names.size(); ++i) {
    ids.push_back(
        reader.HolderId(std::string(field) + "[" + std::to_string(i) + "]", names[i], HolderKind::kMember));
  }
  return ids;
}

// Members in (or out) of a circle: the two calls differ in one field of the act.
template <typename Request>
Serving::Prepare PrepareCircle(const Request* request, std::vector<std::string> ledger::ChangeCircle::*list) {
  return [request, list](storage::Day, Serving::Prepared& prepared) -> absl::Status {
    RequestReader reader(BankOfName(request->name()));
    ledger::ChangeCircle act;
    act.id = reader.HolderId("name", request->name(), HolderKind::kCircle);
    act.*list = MemberIds(reader, "members", request->members());
    return Ready(reader, std::move(act), prepared);
  };
}

std::vector<std::string> ListOf(const google::protobuf::RepeatedPtrField<std::string>& words) {
  return {words.begin(), words.end()};
}

}  // namespace

ServerUnaryReactor* CircleService::CreateCircle(CallbackServerContext* context,
                                                const v1::CreateCircleRequest* request,
                                                v1::CreateCircleResponse* response) {
  auto prepare = [request](storage::Day, Serving::Prepared& prepared) -> absl::Status {
    RequestReader reader(ParseBank(request->parent()).value_or(""));
    if (reader.bank().empty()) reader.Problem("parent", ledger::violation::kMalformed);
    ledger::CreateCircle act;
    act.id = request->circle_id();
    act.display_name = request->circle().display_name();
    act.members = MemberIds(reader, "circle.members", request->circle().members());
    return Ready(reader, std::move(act), prepared);
  };
  return door_.Change(context, *request, ParseBank(request->parent()).value_or(""), request->ByteSizeLong(),
                      request->request_id(), prepare, RenderCircle(response));
}

ServerUnaryReactor* CircleService::GetCircle(CallbackServerContext* context,
                                             const v1::GetCircleRequest* request,
                                             v1::GetCircleResponse* response) {
  return door_.Read(context, *request, [=](const NamedView& view, const Caller& caller) -> absl::Status {
    TB_ASSIGN_OR_RETURN(BankReader bank, OpenForRead(view, caller, BankOfName(request->name()), "name"));
    RequestReader reader(bank.id());
    const std::string id = reader.HolderId("name", request->name(), HolderKind::kCircle);
    TB_RETURN_IF_ERROR(ProblemsOf(reader));
    TB_ASSIGN_OR_RETURN(AccountNumber account, bank.FindHolder({HolderKind::kCircle, id}));
    TB_ASSIGN_OR_RETURN(sv1::CircleRow row, bank.CircleRowOf(account));
    TB_ASSIGN_OR_RETURN(*response->mutable_circle(), bank.ToCircle(account, row));
    return absl::OkStatus();
  });
}

ServerUnaryReactor* CircleService::ListCircles(CallbackServerContext* context,
                                               const v1::ListCirclesRequest* request,
                                               v1::ListCirclesResponse* response) {
  return door_.Scan(context, *request, [=](const NamedView& view, const Caller& caller) -> absl::Status {
    response->Clear();
    TB_ASSIGN_OR_RETURN(BankReader bank,
                        OpenForRead(view, caller, ParseBank(request->parent()).value_or(""), "parent"));
    TB_ASSIGN_OR_RETURN(size_t most, PageSize(request->page_size(), 100));
    TB_ASSIGN_OR_RETURN(Page page, OpenPage(bank, *request, request->page_token()));
    const uint32_t from = page.token ? static_cast<uint32_t>(page.token->cursor) : 1;
    TB_ASSIGN_OR_RETURN(sv1::HeadRow head, bank.Head());
    for (uint32_t number = from; number <= head.circle_count(); ++number) {
      const AccountNumber account = storage::MakeAccount(HolderKind::kCircle, number);
      TB_ASSIGN_OR_RETURN(sv1::CircleRow row, bank.CircleRowOf(account));
      if (row.created_at() > page.at) break;
      if (static_cast<size_t>(response->circles_size()) == most) {
        response->set_next_page_token(NextPage(bank, page, number));
        break;
      }
      TB_ASSIGN_OR_RETURN(*response->add_circles(), bank.ToCircle(account, row));
    }
    return absl::OkStatus();
  });
}

ServerUnaryReactor* CircleService::AddCircleMembers(CallbackServerContext* context,
                                                    const v1::AddCircleMembersRequest* request,
                                                    v1::AddCircleMembersResponse* response) {
  return door_.Change(context, *request, BankOfName(request->name()), request->ByteSizeLong(),
                      request->request_id(), PrepareCircle(request, &ledger::ChangeCircle::add),
                      RenderCircle(response));
}

ServerUnaryReactor* CircleService::RemoveCircleMembers(CallbackServerContext* context,
                                                       const v1::RemoveCircleMembersRequest* request,
                                                       v1::RemoveCircleMembersResponse* response) {
  return door_.Change(context, *request, BankOfName(request->name()), request->ByteSizeLong(),
                      request->request_id(), PrepareCircle(request, &ledger::ChangeCircle::remove),
                      RenderCircle(response));
}

ServerUnaryReactor* TimebankService::CreateTimebank(CallbackServerContext* context,
                                                    const v1::CreateTimebankRequest* request,
                                                    v1::CreateTimebankResponse* response) {
  auto prepare = [request](storage::Day, Serving::Prepared& prepared) -> absl::Status {
    RequestReader reader("");
    ledger::CreateTimebank act;
    act.id = request->timebank_id();
    act.display_name = request->timebank().display_name();
    act.trial = request->timebank().trial();
    const v1::Settings& settings = request->timebank().settings();
    act.settings = reader.Settings("timebank.settings.", settings);
    if (!IsTimeZone(act.settings.time_zone())) {
      reader.Problem("timebank.settings.time_zone", ledger::violation::kUnknownTimeZone);
    }
    if (settings.smallest_count_shown() == 0) act.settings.set_smallest_count_shown(kDefaultSmallestCount);
    act.categories = ListOf(settings.categories());
    act.number = engine::RandomNumber();
    act.secret = engine::RandomBytes(32);
    prepared.zone = TimeZoneOf(act.settings.time_zone());
    return Ready(reader, std::move(act), prepared);
  };
  auto fill = [this](BankReader& bank, const ledger::Outcome&,
                     v1::CreateTimebankResponse* reply) -> absl::Status {
    const storage::Day today = door_.serving().TodayOf(bank);
    TB_ASSIGN_OR_RETURN(*reply->mutable_timebank(), bank.ToTimebank(today));
    return absl::OkStatus();
  };
  return door_.Change(context, *request, "", request->ByteSizeLong(), request->request_id(), prepare,
                      RenderChange<v1::CreateTimebankResponse>(response, fill));
}

ServerUnaryReactor* TimebankService::GetTimebank(CallbackServerContext* context,
                                                 const v1::GetTimebankRequest* request,
                                                 v1::GetTimebankResponse* response) {
  return door_.Read(
      context, *request, [=, this](const NamedView& view, const Caller& caller) -> absl::Status {
        TB_ASSIGN_OR_RETURN(BankReader bank,
                            OpenForRead(view, caller, ParseBank(request->name()).value_or(""), "name"));
        const storage::Day today = door_.serving().TodayOf(bank);
        TB_ASSIGN_OR_RETURN(*response->mutable_timebank(), bank.ToTimebank(today));
        return absl::OkStatus();
      });
}

ServerUnaryReactor* TimebankService::ListTimebanks(CallbackServerContext* context,
                                                   const v1::ListTimebanksRequest* request,
                                                   v1::ListTimebanksResponse* response) {
  return door_.Scan(
      context, *request, [=, this](const NamedView& view, const Caller& caller) -> absl::Status {
        response->Clear();
        TB_ASSIGN_OR_RETURN(size_t most, PageSize(request->page_size(), 100));
        if (!caller.bank.empty()) {
          TB_ASSIGN_OR_RETURN(BankReader own, OpenForRead(view, caller, caller.bank, "parent"));
          TB_ASSIGN_OR_RETURN(*response->add_timebanks(), own.ToTimebank(door_.serving().TodayOf(own)));
          return absl::OkStatus();
        }
        TB_ASSIGN_OR_RETURN(Page page, OpenPage(*request, request->page_token()));
        TB_ASSIGN_OR_RETURN(sv1::InstanceRow instance, ReadInstance(view.view));
        const uint64_t from = page.token ? static_cast<uint64_t>(page.token->cursor) : 1;
        for (uint64_t ordinal = from; ordinal <= instance.bank_count(); ++ordinal) {
          if (static_cast<size_t>(response->timebanks_size()) == most || ordinal - from == kMostLookedAt) {
            response->set_next_page_token(NextPage(page, static_cast<int64_t>(ordinal)));
            break;
          }
          sv1::SlugRow number;
          TB_ASSIGN_OR_RETURN(
              const bool listed,
              view.view.GetRow(Family::kDirectory, storage::DirectoryKey(0, DirectoryKind::kBank, ordinal),
                               &number));
          if (!listed) continue;  // a trial that was deleted
          absl::StatusOr<BankReader> bank = BankReader::Open(view, number.number());
          if (absl::IsNotFound(bank.status())) {
            return absl::DataLossError("a bank that is listed has no record");
          }
          TB_RETURN_IF_ERROR(bank.status());
          TB_ASSIGN_OR_RETURN(*response->add_timebanks(), bank->ToTimebank(door_.serving().TodayOf(*bank)));
        }
        return absl::OkStatus();
      });
}

ServerUnaryReactor* TimebankService::UpdateSettings(CallbackServerContext* context,
                                                    const v1::UpdateSettingsRequest* request,
                                                    v1::UpdateSettingsResponse* response) {
  auto prepare = [request](storage::Day, Serving::Prepared& prepared) -> absl::Status {
    RequestReader reader(ParseBank(request->name()).value_or(""));
    if (reader.bank().empty()) reader.Problem("name", ledger::violation::kMalformed);
    ledger::UpdateSettings act;
    act.settings = reader.Settings("settings.", request->settings());
    act.time_zone_known = IsTimeZone(act.settings.time_zone());
    act.categories = ListOf(request->settings().categories());
    act.etag = request->settings().etag();
    for (const std::string& path : request->update_mask().paths()) {
      if (auto field = StoredSettingsField(path)) {
        act.mask.push_back(*field);
      } else {
        reader.Problem("update_mask", ledger::violation::kUnknownField);
      }
    }
    return Ready(reader, std::move(act), prepared);
  };
  auto fill = [](BankReader& bank, const ledger::Outcome& outcome,
                 v1::UpdateSettingsResponse* reply) -> absl::Status {
    TB_ASSIGN_OR_RETURN(std::vector<sv1::Entry> entries, EntriesOf(bank, outcome));
    TB_ASSIGN_OR_RETURN(sv1::Texts texts, bank.TextsOf(entries.back().sequence()));
    TB_ASSIGN_OR_RETURN(*reply->mutable_settings(), bank.ToSettings(texts.bank()));
    return absl::OkStatus();
  };
  return door_.Change(context, *request, ParseBank(request->name()).value_or(""), request->ByteSizeLong(),
                      request->request_id(), prepare,
                      RenderChange<v1::UpdateSettingsResponse>(response, fill));
}

ServerUnaryReactor* TimebankService::DeleteTimebank(CallbackServerContext* context,
                                                    const v1::DeleteTimebankRequest* request,
                                                    v1::DeleteTimebankResponse* response) {
  auto prepare = [request](storage::Day, Serving::Prepared& prepared) -> absl::Status {
    RequestReader reader("");
    ledger::DeleteTimebank act;
    act.id = ParseBank(request->name()).value_or("");
    if (act.id.empty() && !request->name().empty()) reader.Problem("name", ledger::violation::kMalformed);
    return Ready(reader, std::move(act), prepared);
  };
  // There is no bank left to speak of.
  auto render = [response](const NamedView&, const ledger::Outcome& outcome) -> absl::Status {
    response->set_replayed(outcome.replayed);
    return absl::OkStatus();
  };
  return door_.Change(context, *request, "", request->ByteSizeLong(), request->request_id(), prepare, render);
}

ServerUnaryReactor* TimebankService::ListSettingsChanges(CallbackServerContext* context,
                                                         const v1::ListSettingsChangesRequest* request,
                                                         v1::ListSettingsChangesResponse* response) {
  return door_.Scan(context, *request, [=](const NamedView& view, const Caller& caller) -> absl::Status {
    response->Clear();
    TB_ASSIGN_OR_RETURN(BankReader bank,
                        OpenForRead(view, caller, ParseBank(request->parent()).value_or(""), "parent"));
    TB_ASSIGN_OR_RETURN(size_t most, PageSize(request->page_size(), 100));
    TB_ASSIGN_OR_RETURN(Page page, OpenPage(bank, *request, request->page_token()));
    // Each change knows the one before it: `changed_at` of the settings that it replaced.
    storage::Sequence next =
        page.token ? static_cast<storage::Sequence>(page.token->cursor) : bank.row().changed_at();
    while (next != 0) {
      if (static_cast<size_t>(response->changes_size()) == most) {
        response->set_next_page_token(NextPage(bank, page, static_cast<int64_t>(next)));
        break;
      }
      TB_ASSIGN_OR_RETURN(const sv1::Entry entry, bank.KnownEntry(next));
      TB_ASSIGN_OR_RETURN(*response->add_changes(), ToSettingsChange(bank, entry));
      next = entry.about();
    }
    return absl::OkStatus();
  });
}

}  // namespace timebank::services
