#include "client/cpp/client.h"

#include <google/protobuf/repeated_ptr_field.h>

#include <string>
#include <utility>

#include "client/cpp/names.h"

namespace timebank::client {
namespace {

absl::Status EndlessList() {
  return absl::InternalError("the server says that a page is followed by itself: the list would never end");
}

// The range of a list whose pages are chained by tokens: every list but the events.
template <typename T, typename Request, typename Response>
PageRange<T> ByToken(std::shared_ptr<Connection> connection,
                     absl::StatusOr<Response> (Connection::*list)(Request, const CallOptions&),
                     google::protobuf::RepeatedPtrField<T>* (Response::*items)(), Request request,
                     CallOptions options) {
  using Page = typename PageRange<T>::Page;
  return PageRange<T>([connection = std::move(connection), list, items, request = std::move(request),
                       options]() mutable -> absl::StatusOr<Page> {
    absl::StatusOr<Response> response = ((*connection).*list)(request, options);
    if (!response.ok()) return response.status();
    const bool last = response->next_page_token().empty();
    if (!last && response->next_page_token() == request.page_token()) return EndlessList();
    request.set_page_token(response->next_page_token());
    return Page{.items = std::move(*((*response).*items)()), .last = last};
  });
}

}  // namespace

Client::Client(std::shared_ptr<Connection> connection) : connection_(std::move(connection)) {}

absl::StatusOr<v1::RecordExchangeResponse> Client::RecordExchange(v1::RecordExchangeRequest request,
                                                                  const CallOptions& options) {
  return connection_->RecordExchange(std::move(request), options);
}

absl::StatusOr<v1::RecordExchangeResponse> Client::RecordExchange(std::string_view bank,
                                                                  std::string_view giver,
                                                                  std::string_view receiver,
                                                                  std::int64_t seconds,
                                                                  const CallOptions& options) {
  v1::RecordExchangeRequest request;
  request.set_parent(TimebankName(bank));
  request.mutable_exchange()->add_givers()->set_holder(HolderName(bank, giver));
  request.mutable_exchange()->add_receivers()->set_holder(HolderName(bank, receiver));
  request.mutable_exchange()->set_seconds(seconds);
  return RecordExchange(std::move(request), options);
}

absl::StatusOr<v1::BatchRecordExchangesResponse> Client::BatchRecordExchanges(
    v1::BatchRecordExchangesRequest request, const CallOptions& options) {
  return connection_->BatchRecordExchanges(std::move(request), options);
}

absl::StatusOr<v1::BatchRecordExchangesResponse> Client::BatchRecordExchanges(
    v1::BatchRecordExchangesRequest* request, const CallOptions& options) {
  return connection_->BatchRecordExchangesIn(*request, options);
}

absl::StatusOr<v1::CorrectExchangeResponse> Client::CorrectExchange(v1::CorrectExchangeRequest request,
                                                                    const CallOptions& options) {
  return connection_->CorrectExchange(std::move(request), options);
}

absl::StatusOr<v1::ReverseExchangeResponse> Client::ReverseExchange(v1::ReverseExchangeRequest request,
                                                                    const CallOptions& options) {
  return connection_->ReverseExchange(std::move(request), options);
}

absl::StatusOr<v1::ContestExchangeResponse> Client::ContestExchange(v1::ContestExchangeRequest request,
                                                                    const CallOptions& options) {
  return connection_->ContestExchange(std::move(request), options);
}

absl::StatusOr<v1::SettleExchangeResponse> Client::SettleExchange(v1::SettleExchangeRequest request,
                                                                  const CallOptions& options) {
  return connection_->SettleExchange(std::move(request), options);
}

absl::StatusOr<v1::ConfirmExchangeResponse> Client::ConfirmExchange(v1::ConfirmExchangeRequest request,
                                                                    const CallOptions& options) {
  return connection_->ConfirmExchange(std::move(request), options);
}

absl::StatusOr<v1::EraseExchangeNoteResponse> Client::EraseExchangeNote(v1::EraseExchangeNoteRequest request,
                                                                        const CallOptions& options) {
  return connection_->EraseExchangeNote(std::move(request), options);
}

absl::StatusOr<v1::RecordGiftResponse> Client::RecordGift(v1::RecordGiftRequest request,
                                                          const CallOptions& options) {
  return connection_->RecordGift(std::move(request), options);
}

absl::StatusOr<v1::RecordOpeningResponse> Client::RecordOpening(v1::RecordOpeningRequest request,
                                                                const CallOptions& options) {
  return connection_->RecordOpening(std::move(request), options);
}

absl::StatusOr<v1::GetExchangeResponse> Client::GetExchange(v1::GetExchangeRequest request,
                                                            const CallOptions& options) {
  return connection_->GetExchange(std::move(request), options);
}

PageRange<v1::Exchange> Client::ListExchanges(v1::ListExchangesRequest request, const CallOptions& options) {
  return ByToken(connection_, &Connection::ListExchanges, &v1::ListExchangesResponse::mutable_exchanges,
                 std::move(request), options);
}

absl::StatusOr<v1::ListExchangesResponse> Client::ListExchangesPage(v1::ListExchangesRequest request,
                                                                    const CallOptions& options) {
  return connection_->ListExchanges(std::move(request), options);
}

absl::StatusOr<v1::GetBalanceResponse> Client::GetBalance(v1::GetBalanceRequest request,
                                                          const CallOptions& options) {
  return connection_->GetBalance(std::move(request), options);
}

absl::StatusOr<v1::GetBalanceResponse> Client::GetBalance(std::string_view bank, std::string_view holder,
                                                          const CallOptions& options) {
  v1::GetBalanceRequest request;
  request.set_name(HolderName(bank, holder));
  return GetBalance(std::move(request), options);
}

absl::StatusOr<v1::BatchGetBalancesResponse> Client::BatchGetBalances(v1::BatchGetBalancesRequest request,
                                                                      const CallOptions& options) {
  return connection_->BatchGetBalances(std::move(request), options);
}

PageRange<v1::StatementLine> Client::ListStatementLines(v1::ListStatementLinesRequest request,
                                                        const CallOptions& options) {
  return ByToken(connection_, &Connection::ListStatementLines, &v1::ListStatementLinesResponse::mutable_lines,
                 std::move(request), options);
}

absl::StatusOr<v1::ListStatementLinesResponse> Client::ListStatementLinesPage(
    v1::ListStatementLinesRequest request, const CallOptions& options) {
  return connection_->ListStatementLines(std::move(request), options);
}

absl::StatusOr<v1::GetTotalsResponse> Client::GetTotals(v1::GetTotalsRequest request,
                                                        const CallOptions& options) {
  return connection_->GetTotals(std::move(request), options);
}

PageRange<v1::LedgerEvent> Client::ListEvents(v1::ListEventsRequest request, const CallOptions& options) {
  using Page = PageRange<v1::LedgerEvent>::Page;
  return PageRange<v1::LedgerEvent>(
      [connection = connection_, request = std::move(request), options]() mutable -> absl::StatusOr<Page> {
        absl::StatusOr<v1::ListEventsResponse> response = connection->ListEvents(request, options);
        if (!response.ok()) return response.status();
        const bool at_present = response->events().empty();
        if (!at_present && response->position() == request.after_position()) return EndlessList();
        request.set_after_position(response->position());
        return Page{.items = std::move(*response->mutable_events()), .last = at_present};
      });
}

absl::StatusOr<v1::ListEventsResponse> Client::ListEventsPage(v1::ListEventsRequest request,
                                                              const CallOptions& options) {
  return connection_->ListEvents(std::move(request), options);
}

absl::StatusOr<v1::CreateMemberResponse> Client::CreateMember(v1::CreateMemberRequest request,
                                                              const CallOptions& options) {
  return connection_->CreateMember(std::move(request), options);
}

absl::StatusOr<v1::CreateMemberResponse> Client::CreateMember(std::string_view bank,
                                                              std::string_view member_id,
                                                              std::string_view display_name,
                                                              const CallOptions& options) {
  v1::CreateMemberRequest request;
  request.set_parent(TimebankName(bank));
  request.set_member_id(std::string(member_id));
  request.mutable_member()->set_display_name(std::string(display_name));
  return CreateMember(std::move(request), options);
}

absl::StatusOr<v1::GetMemberResponse> Client::GetMember(v1::GetMemberRequest request,
                                                        const CallOptions& options) {
  return connection_->GetMember(std::move(request), options);
}

PageRange<v1::Member> Client::ListMembers(v1::ListMembersRequest request, const CallOptions& options) {
  return ByToken(connection_, &Connection::ListMembers, &v1::ListMembersResponse::mutable_members,
                 std::move(request), options);
}

absl::StatusOr<v1::ListMembersResponse> Client::ListMembersPage(v1::ListMembersRequest request,
                                                                const CallOptions& options) {
  return connection_->ListMembers(std::move(request), options);
}

absl::StatusOr<v1::UpdateMemberResponse> Client::UpdateMember(v1::UpdateMemberRequest request,
                                                              const CallOptions& options) {
  return connection_->UpdateMember(std::move(request), options);
}

absl::StatusOr<v1::CloseMemberResponse> Client::CloseMember(v1::CloseMemberRequest request,
                                                            const CallOptions& options) {
  return connection_->CloseMember(std::move(request), options);
}

absl::StatusOr<v1::ReopenMemberResponse> Client::ReopenMember(v1::ReopenMemberRequest request,
                                                              const CallOptions& options) {
  return connection_->ReopenMember(std::move(request), options);
}

absl::StatusOr<v1::MergeMemberResponse> Client::MergeMember(v1::MergeMemberRequest request,
                                                            const CallOptions& options) {
  return connection_->MergeMember(std::move(request), options);
}

absl::StatusOr<v1::GrantActingForResponse> Client::GrantActingFor(v1::GrantActingForRequest request,
                                                                  const CallOptions& options) {
  return connection_->GrantActingFor(std::move(request), options);
}

absl::StatusOr<v1::RevokeActingForResponse> Client::RevokeActingFor(v1::RevokeActingForRequest request,
                                                                    const CallOptions& options) {
  return connection_->RevokeActingFor(std::move(request), options);
}

absl::StatusOr<v1::ListActingForResponse> Client::ListActingFor(v1::ListActingForRequest request,
                                                                const CallOptions& options) {
  return connection_->ListActingFor(std::move(request), options);
}

absl::StatusOr<v1::CreateCircleResponse> Client::CreateCircle(v1::CreateCircleRequest request,
                                                              const CallOptions& options) {
  return connection_->CreateCircle(std::move(request), options);
}

absl::StatusOr<v1::GetCircleResponse> Client::GetCircle(v1::GetCircleRequest request,
                                                        const CallOptions& options) {
  return connection_->GetCircle(std::move(request), options);
}

PageRange<v1::Circle> Client::ListCircles(v1::ListCirclesRequest request, const CallOptions& options) {
  return ByToken(connection_, &Connection::ListCircles, &v1::ListCirclesResponse::mutable_circles,
                 std::move(request), options);
}

absl::StatusOr<v1::ListCirclesResponse> Client::ListCirclesPage(v1::ListCirclesRequest request,
                                                                const CallOptions& options) {
  return connection_->ListCircles(std::move(request), options);
}

absl::StatusOr<v1::AddCircleMembersResponse> Client::AddCircleMembers(v1::AddCircleMembersRequest request,
                                                                      const CallOptions& options) {
  return connection_->AddCircleMembers(std::move(request), options);
}

absl::StatusOr<v1::RemoveCircleMembersResponse> Client::RemoveCircleMembers(
    v1::RemoveCircleMembersRequest request, const CallOptions& options) {
  return connection_->RemoveCircleMembers(std::move(request), options);
}

absl::StatusOr<v1::CreateTimebankResponse> Client::CreateTimebank(v1::CreateTimebankRequest request,
                                                                  const CallOptions& options) {
  return connection_->CreateTimebank(std::move(request), options);
}

absl::StatusOr<v1::CreateTimebankResponse> Client::CreateTimebank(std::string_view timebank_id,
                                                                  std::string_view display_name,
                                                                  const CallOptions& options) {
  v1::CreateTimebankRequest request;
  request.set_timebank_id(std::string(timebank_id));
  request.mutable_timebank()->set_display_name(std::string(display_name));
  return CreateTimebank(std::move(request), options);
}

absl::StatusOr<v1::GetTimebankResponse> Client::GetTimebank(v1::GetTimebankRequest request,
                                                            const CallOptions& options) {
  return connection_->GetTimebank(std::move(request), options);
}

PageRange<v1::Timebank> Client::ListTimebanks(v1::ListTimebanksRequest request, const CallOptions& options) {
  return ByToken(connection_, &Connection::ListTimebanks, &v1::ListTimebanksResponse::mutable_timebanks,
                 std::move(request), options);
}

absl::StatusOr<v1::ListTimebanksResponse> Client::ListTimebanksPage(v1::ListTimebanksRequest request,
                                                                    const CallOptions& options) {
  return connection_->ListTimebanks(std::move(request), options);
}

absl::StatusOr<v1::DeleteTimebankResponse> Client::DeleteTimebank(v1::DeleteTimebankRequest request,
                                                                  const CallOptions& options) {
  return connection_->DeleteTimebank(std::move(request), options);
}

absl::StatusOr<v1::UpdateSettingsResponse> Client::UpdateSettings(v1::UpdateSettingsRequest request,
                                                                  const CallOptions& options) {
  return connection_->UpdateSettings(std::move(request), options);
}

PageRange<v1::SettingsChange> Client::ListSettingsChanges(v1::ListSettingsChangesRequest request,
                                                          const CallOptions& options) {
  return ByToken(connection_, &Connection::ListSettingsChanges,
                 &v1::ListSettingsChangesResponse::mutable_changes, std::move(request), options);
}

absl::StatusOr<v1::ListSettingsChangesResponse> Client::ListSettingsChangesPage(
    v1::ListSettingsChangesRequest request, const CallOptions& options) {
  return connection_->ListSettingsChanges(std::move(request), options);
}

absl::StatusOr<v1::CreateKeyResponse> Client::CreateKey(v1::CreateKeyRequest request,
                                                        const CallOptions& options) {
  return connection_->CreateKey(std::move(request), options);
}

PageRange<v1::Key> Client::ListKeys(v1::ListKeysRequest request, const CallOptions& options) {
  return ByToken(connection_, &Connection::ListKeys, &v1::ListKeysResponse::mutable_keys, std::move(request),
                 options);
}

absl::StatusOr<v1::ListKeysResponse> Client::ListKeysPage(v1::ListKeysRequest request,
                                                          const CallOptions& options) {
  return connection_->ListKeys(std::move(request), options);
}

absl::StatusOr<v1::RevokeKeyResponse> Client::RevokeKey(v1::RevokeKeyRequest request,
                                                        const CallOptions& options) {
  return connection_->RevokeKey(std::move(request), options);
}

PageRange<v1::Act> Client::ListActs(v1::ListActsRequest request, const CallOptions& options) {
  return ByToken(connection_, &Connection::ListActs, &v1::ListActsResponse::mutable_acts, std::move(request),
                 options);
}

absl::StatusOr<v1::ListActsResponse> Client::ListActsPage(v1::ListActsRequest request,
                                                          const CallOptions& options) {
  return connection_->ListActs(std::move(request), options);
}

absl::Status Client::Watch(v1::WatchLedgerRequest request, const WatchCallback& callback,
                           std::stop_token stop, const CallOptions& options) {
  return connection_->WatchLedger(std::move(request), callback, std::move(stop), options);
}

}  // namespace timebank::client
