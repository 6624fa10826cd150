// MemberService.
#include <algorithm>
#include <utility>

#include "absl/strings/str_split.h"
#include "server/ledger/validate.h"
#include "server/services/days.h"
#include "server/services/directory_services.h"
#include "server/services/errors.h"
#include "server/services/folding.h"
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

namespace {

// Fills `member` with the record after the last of an outcome's changes, and `moved` with the hours that
// moved.
template <typename Response>
absl::Status FillMember(BankReader& bank, const ledger::Outcome& outcome, Response* response,
                        v1::Exchange* moved) {
  TB_ASSIGN_OR_RETURN(std::vector<sv1::Entry> entries, EntriesOf(bank, outcome));
  for (const sv1::Entry& entry : entries) {
    if (entry.kind() <= sv1::ENTRY_KIND_REVERSAL) {
      TB_RETURN_IF_ERROR(bank.ToExchange(entry, moved));
    } else if (entry.kind() < sv1::ENTRY_KIND_ACTING_FOR_GRANTED) {
      TB_ASSIGN_OR_RETURN(sv1::Texts texts, bank.TextsOf(entry.sequence()));
      TB_ASSIGN_OR_RETURN(*response->mutable_member(), bank.ToMember(entry.subject(), texts.member()));
    }
  }
  return absl::OkStatus();
}

template <typename Response>
Serving::Render RenderMember(Response* response, v1::Exchange* (*moved)(Response*)) {
  return RenderChange<Response>(response,
                                [moved](BankReader& bank, const ledger::Outcome& outcome, Response* reply) {
                                  v1::Exchange exchange;
                                  absl::Status status = FillMember(bank, outcome, reply, &exchange);
                                  if (moved != nullptr && exchange.sequence() != 0)
                                    moved(reply)->Swap(&exchange);
                                  return status;
                                });
}

// What ListMembers looks for.
struct Search {
  std::vector<std::string> words;  // folded
  std::string phone;               // its digits, where all of the query is a telephone number; else empty
  v1::Member::State state = v1::Member::STATE_UNSPECIFIED;
  bool outside_warn_limits = false;
  std::optional<storage::Day> no_exchange_since;
};

std::string DigitsOf(std::string_view text) {
  std::string digits;
  for (const char c : text) {
    if (c >= '0' && c <= '9') digits.push_back(c);
  }
  return digits;
}

// The digits of what can only be a telephone number; empty: it is none, or too short to be told from a
// number.
std::string PhoneIn(std::string_view query) {
  constexpr size_t kShortestPhone = 6;
  if (query.find_first_not_of("0123456789+-/(). ") != std::string_view::npos) return "";
  std::string digits = DigitsOf(query);
  return digits.size() < kShortestPhone ? "" : digits;
}

// Whether it is the same telephone, or part of it. One may be with the country's code and the other without:
// the last nine digits tell.
bool HasPhone(const sv1::MemberRow& row, std::string_view digits) {
  constexpr size_t kTelling = 9;
  if (digits.size() > kTelling) digits.remove_prefix(digits.size() - kTelling);
  return std::any_of(row.phones().begin(), row.phones().end(), [digits](const std::string& phone) {
    return DigitsOf(phone).find(digits) != std::string::npos;
  });
}

bool HasWord(const sv1::MemberRow& row, uint32_t number, const std::string& word) {
  auto has = [&](const std::string& text) { return FoldForSearch(text).find(word) != std::string::npos; };
  if (has(row.display_name()) || has(row.slug()) || std::to_string(number) == word) return true;
  for (const auto& external : row.external_ids()) {
    if (has(external.number())) return true;
  }
  return std::any_of(row.phones().begin(), row.phones().end(), has) ||
         std::any_of(row.emails().begin(), row.emails().end(), has);
}

absl::StatusOr<bool> Matches(const BankReader& bank, const Search& search, AccountNumber account,
                             const sv1::MemberRow& row) {
  if (search.state != v1::Member::STATE_UNSPECIFIED && static_cast<int>(row.state()) != search.state)
    return false;
  const auto has = [&](const std::string& word) { return HasWord(row, storage::NumberOf(account), word); };
  if (!std::all_of(search.words.begin(), search.words.end(), has) &&
      (search.phone.empty() || !HasPhone(row, search.phone))) {
    return false;
  }
  if (!search.outside_warn_limits && !search.no_exchange_since) return true;
  std::vector<AccountNumber> accounts = {account};
  accounts.insert(accounts.end(), row.merged_accounts().begin(), row.merged_accounts().end());
  TB_ASSIGN_OR_RETURN(const sv1::AccountRow sums, bank.TogetherOf(accounts));
  if (search.outside_warn_limits && !IsOutside(bank.row().settings(), sums.balance())) return false;
  return !search.no_exchange_since || sums.last_exchange_on() < *search.no_exchange_since;
}

// The one member with an external number, where that is what is asked for.
absl::Status ListByExternalId(BankReader& bank, const v1::Member::ExternalId& id, const Search& search,
                              v1::ListMembersResponse* response) {
  sv1::SlugRow slug;
  const std::string key = storage::ExternalIdKey(bank.bank(), bank.row().secret(), id.system(), id.number());
  TB_ASSIGN_OR_RETURN(bool found, bank.view().GetRow(storage::Family::kSlug, key, &slug));
  if (!found) return absl::OkStatus();
  auto account = static_cast<AccountNumber>(slug.number());
  TB_ASSIGN_OR_RETURN(sv1::MemberRow row, bank.MemberRowOf(account));
  while (row.merged_into() != 0) {
    account = row.merged_into();
    TB_ASSIGN_OR_RETURN(row, bank.MemberRowOf(account));
  }
  TB_ASSIGN_OR_RETURN(bool matches, Matches(bank, search, account, row));
  if (!matches) return absl::OkStatus();
  TB_ASSIGN_OR_RETURN(*response->add_members(), bank.ToMember(account, row));
  return absl::OkStatus();
}

absl::Status ListThem(BankReader& bank, const v1::ListMembersRequest& request,
                      v1::ListMembersResponse* response) {
  RequestReader reader(bank.id());
  Search search;
  search.words = absl::StrSplit(FoldForSearch(request.query()), ' ', absl::SkipEmpty());
  search.phone = PhoneIn(request.query());
  search.state = request.state();
  search.outside_warn_limits = request.outside_warn_limits();
  search.no_exchange_since = reader.Day("no_exchange_since", request.no_exchange_since());
  if (!ledger::IsUtf8(request.query())) reader.Problem("query", ledger::violation::kNotUtf8);
  if (ledger::CharactersIn(request.query()) > ledger::kMaxNameCharacters)
    reader.Problem("query", ledger::violation::kTooLong);
  TB_RETURN_IF_ERROR(ProblemsOf(reader));
  TB_ASSIGN_OR_RETURN(size_t most, PageSize(request.page_size(), 100));
  TB_ASSIGN_OR_RETURN(Page page, OpenPage(bank, request, request.page_token()));
  if (request.has_external_id()) return ListByExternalId(bank, request.external_id(), search, response);

  const uint64_t from = page.token ? static_cast<uint64_t>(page.token->cursor) : 1;
  size_t looked_at = 0;
  absl::Status status;
  auto visit = [&](std::string_view key, std::string_view value) {
    const auto number = static_cast<uint32_t>(storage::LastNumberOf(key));
    const AccountNumber account = storage::MakeAccount(HolderKind::kMember, number);
    if (++looked_at > kMostLookedAt) {
      response->set_next_page_token(NextPage(bank, page, number));
      return false;
    }
    sv1::MemberRow row;
    status = storage::DecodeRow(value, &row);
    if (!status.ok() || row.created_at() > page.at) return status.ok();
    absl::StatusOr<bool> matches = Matches(bank, search, account, row);
    status = matches.status();
    if (!status.ok() || !*matches) return status.ok();
    if (static_cast<size_t>(response->members_size()) == most) {
      response->set_next_page_token(NextPage(bank, page, number));
      return false;
    }
    absl::StatusOr<v1::Member> member = bank.ToMember(account, row);
    status = member.status();
    if (status.ok()) *response->add_members() = *std::move(member);
    return status.ok();
  };
  TB_RETURN_IF_ERROR(bank.view().ScanRows(
      storage::Family::kDirectory, storage::DirectoryPrefix(bank.bank(), DirectoryKind::kMember),
      storage::DirectoryKey(bank.bank(), DirectoryKind::kMember, from), storage::Direction::kUp, visit));
  return status;
}

}  // namespace

ServerUnaryReactor* MemberService::CreateMember(CallbackServerContext* context,
                                                const v1::CreateMemberRequest* request,
                                                v1::CreateMemberResponse* response) {
  auto prepare = [request](storage::Day, Serving::Prepared& prepared) -> absl::Status {
    RequestReader reader(ParseBank(request->parent()).value_or(""));
    if (reader.bank().empty()) reader.Problem("parent", ledger::violation::kMalformed);
    ledger::CreateMember act;
    act.id = request->member_id();
    act.details = reader.Member(request->member());
    if (!request->member().joined_on().empty()) act.joined_on = act.details.joined_on();
    act.details.clear_joined_on();
    act.no_starter = request->no_starter();
    return Ready(reader, std::move(act), prepared);
  };
  return door_.Change(
      context, *request, ParseBank(request->parent()).value_or(""), request->ByteSizeLong(),
      request->request_id(), prepare,
      RenderMember<v1::CreateMemberResponse>(response, [](auto* reply) { return reply->mutable_starter(); }));
}

ServerUnaryReactor* MemberService::GetMember(CallbackServerContext* context,
                                             const v1::GetMemberRequest* request,
                                             v1::GetMemberResponse* response) {
  return door_.Read(
      context, *request, [=, this](const NamedView& view, const Caller& caller) -> absl::Status {
        TB_ASSIGN_OR_RETURN(BankReader bank, OpenForRead(view, caller, BankOfName(request->name()), "name"));
        RequestReader reader(bank.id());
        const std::string id = reader.HolderId("name", request->name(), HolderKind::kMember);
        TB_RETURN_IF_ERROR(ProblemsOf(reader));
        TB_RETURN_IF_ERROR(MaySeeMember(bank, caller, id));
        TB_ASSIGN_OR_RETURN(AccountNumber account, bank.FindHolder({HolderKind::kMember, id}));
        TB_ASSIGN_OR_RETURN(sv1::MemberRow row, bank.MemberRowOf(account));
        TB_ASSIGN_OR_RETURN(*response->mutable_member(), bank.ToMember(account, row));
        return door_.serving().NoteLook(bank, caller, account, LookKind::kMember);
      });
}

ServerUnaryReactor* MemberService::ListMembers(CallbackServerContext* context,
                                               const v1::ListMembersRequest* request,
                                               v1::ListMembersResponse* response) {
  return door_.Scan(context, *request, [=](const NamedView& view, const Caller& caller) -> absl::Status {
    response->Clear();
    TB_ASSIGN_OR_RETURN(BankReader bank,
                        OpenForRead(view, caller, ParseBank(request->parent()).value_or(""), "parent"));
    return ListThem(bank, *request, response);
  });
}

ServerUnaryReactor* MemberService::UpdateMember(CallbackServerContext* context,
                                                const v1::UpdateMemberRequest* request,
                                                v1::UpdateMemberResponse* response) {
  auto prepare = [request](storage::Day, Serving::Prepared& prepared) -> absl::Status {
    RequestReader reader(BankOfName(request->member().name()));
    ledger::UpdateMember act;
    act.id = reader.HolderId("member.name", request->member().name(), HolderKind::kMember);
    act.details = reader.Member(request->member());
    act.etag = request->member().etag();
    for (const std::string& path : request->update_mask().paths()) {
      if (auto field = StoredMemberField(path)) {
        // Everybody joined some day.
        if (path == "joined_on" && request->member().joined_on().empty()) {
          reader.Problem("member.joined_on", ledger::violation::kRequired);
        }
        act.mask.push_back(*field);
      } else {
        reader.Problem("update_mask", ledger::violation::kUnknownField);
      }
    }
    return Ready(reader, std::move(act), prepared);
  };
  return door_.Change(context, *request, BankOfName(request->member().name()), request->ByteSizeLong(),
                      request->request_id(), prepare,
                      RenderMember<v1::UpdateMemberResponse>(response, nullptr));
}

ServerUnaryReactor* MemberService::CloseMember(CallbackServerContext* context,
                                               const v1::CloseMemberRequest* request,
                                               v1::CloseMemberResponse* response) {
  auto prepare = [request](storage::Day, Serving::Prepared& prepared) -> absl::Status {
    RequestReader reader(BankOfName(request->name()));
    ledger::CloseMember act;
    act.id = reader.HolderId("name", request->name(), HolderKind::kMember);
    act.destination = reader.Holder("destination", request->destination());
    act.closed_on = reader.Day("closed_on", request->closed_on());
    return Ready(reader, std::move(act), prepared);
  };
  return door_.Change(
      context, *request, BankOfName(request->name()), request->ByteSizeLong(), request->request_id(), prepare,
      RenderMember<v1::CloseMemberResponse>(response, [](auto* reply) { return reply->mutable_closing(); }));
}

ServerUnaryReactor* MemberService::ReopenMember(CallbackServerContext* context,
                                                const v1::ReopenMemberRequest* request,
                                                v1::ReopenMemberResponse* response) {
  auto prepare = [request](storage::Day, Serving::Prepared& prepared) -> absl::Status {
    RequestReader reader(BankOfName(request->name()));
    ledger::ReopenMember act;
    act.id = reader.HolderId("name", request->name(), HolderKind::kMember);
    return Ready(reader, std::move(act), prepared);
  };
  return door_.Change(context, *request, BankOfName(request->name()), request->ByteSizeLong(),
                      request->request_id(), prepare,
                      RenderMember<v1::ReopenMemberResponse>(response, nullptr));
}

ServerUnaryReactor* MemberService::MergeMember(CallbackServerContext* context,
                                               const v1::MergeMemberRequest* request,
                                               v1::MergeMemberResponse* response) {
  auto prepare = [request](storage::Day, Serving::Prepared& prepared) -> absl::Status {
    RequestReader reader(BankOfName(request->name()));
    ledger::MergeMember act;
    act.id = reader.HolderId("name", request->name(), HolderKind::kMember);
    act.into = reader.HolderId("into", request->into(), HolderKind::kMember);
    return Ready(reader, std::move(act), prepared);
  };
  // The survivor, who is not the entry's subject.
  auto fill = [](BankReader& bank, const ledger::Outcome& outcome,
                 v1::MergeMemberResponse* reply) -> absl::Status {
    TB_ASSIGN_OR_RETURN(std::vector<sv1::Entry> entries, EntriesOf(bank, outcome));
    for (const sv1::Entry& entry : entries) {
      if (entry.kind() == sv1::ENTRY_KIND_CLOSING) {
        TB_RETURN_IF_ERROR(bank.ToExchange(entry, reply->mutable_closing()));
      } else {
        TB_ASSIGN_OR_RETURN(sv1::MemberRow row, bank.MemberRowOf(entry.other()));
        TB_ASSIGN_OR_RETURN(*reply->mutable_member(), bank.ToMember(entry.other(), row));
      }
    }
    return absl::OkStatus();
  };
  return door_.Change(context, *request, BankOfName(request->name()), request->ByteSizeLong(),
                      request->request_id(), prepare, RenderChange<v1::MergeMemberResponse>(response, fill));
}

}  // namespace timebank::services
