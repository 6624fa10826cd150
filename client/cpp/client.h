// The client library's front door.
//
//   timebank::client::Client client(timebank::client::MakeConnection({.target = "localhost:7400"}));
//   auto recorded = client.RecordExchange("rushey", "ben", "ana", 5400);   // ben gave ana an hour and a half
//   if (!recorded.ok()) std::cerr << timebank::client::ErrorReason(recorded.status());
//
// One method for each RPC, taking its request; a few everyday ones also in a short form. What an RPC does,
// who may call it and with what it can be refused stands in proto/timebank/v1; what is said here is what the
// library adds:
//
//   - every call ends by its deadline (CallOptions, else Options);
//   - UNAVAILABLE, and RESOURCE_EXHAUSTED that says when, are tried again until the retry policy or the
//   deadline ends it;
//   - a change without a request_id gets one, kept over all its tries: it happens once or not at all. If it
//   fails all the
//     same, RequestId(status) is the id to ask again with;
//   - reads see the changes that were made through the same connection before them.
//
// A Client is a handle: cheap to copy, and copies share their connection. Threads: any, at the same time.
#ifndef TIMEBANK_CLIENT_CPP_CLIENT_H_
#define TIMEBANK_CLIENT_CPP_CLIENT_H_

#include <cstdint>
#include <memory>
#include <stop_token>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/cpp/connection.h"
#include "client/cpp/options.h"
#include "client/cpp/page_range.h"
#include "timebank/v1/access_service.pb.h"
#include "timebank/v1/circle_service.pb.h"
#include "timebank/v1/exchange.pb.h"
#include "timebank/v1/ledger_service.pb.h"
#include "timebank/v1/member_service.pb.h"
#include "timebank/v1/timebank_service.pb.h"

namespace timebank::client {

class Client {
 public:
  // `connection` must not be null.
  explicit Client(std::shared_ptr<Connection> connection);

  // ---- Recording
  // ------------------------------------------------------------------------------------------------

  // Posts an exchange at once.
  absl::StatusOr<v1::RecordExchangeResponse> RecordExchange(v1::RecordExchangeRequest request,
                                                            const CallOptions& options = {});
  // `giver` helped `receiver` for `seconds`, today. Short or whole names (client/cpp/names.h).
  absl::StatusOr<v1::RecordExchangeResponse> RecordExchange(std::string_view bank, std::string_view giver,
                                                            std::string_view receiver, std::int64_t seconds,
                                                            const CallOptions& options = {});
  // Posts up to 8,192 exchanges of one bank. Unless `all_or_nothing`, look at each result's status
  // (ToStatus()).
  absl::StatusOr<v1::BatchRecordExchangesResponse> BatchRecordExchanges(
      v1::BatchRecordExchangesRequest request, const CallOptions& options = {});
  // The same for whoever sends many: the request stays the caller's, with the request_id that it got. Cleared
  // it keeps the memory of its exchanges, which is much of what making the next one costs.
  absl::StatusOr<v1::BatchRecordExchangesResponse> BatchRecordExchanges(
      v1::BatchRecordExchangesRequest* request, const CallOptions& options = {});
  // Posts a reversal and a replacement as one.
  absl::StatusOr<v1::CorrectExchangeResponse> CorrectExchange(v1::CorrectExchangeRequest request,
                                                              const CallOptions& options = {});
  // Undoes an exchange by an opposite entry.
  absl::StatusOr<v1::ReverseExchangeResponse> ReverseExchange(v1::ReverseExchangeRequest request,
                                                              const CallOptions& options = {});
  // Says that an entry is not right.
  absl::StatusOr<v1::ContestExchangeResponse> ContestExchange(v1::ContestExchangeRequest request,
                                                              const CallOptions& options = {});
  // Ends a contest.
  absl::StatusOr<v1::SettleExchangeResponse> SettleExchange(v1::SettleExchangeRequest request,
                                                            const CallOptions& options = {});
  // Says that an entry is right.
  absl::StatusOr<v1::ConfirmExchangeResponse> ConfirmExchange(v1::ConfirmExchangeRequest request,
                                                              const CallOptions& options = {});
  // Takes the note of an entry away.
  absl::StatusOr<v1::EraseExchangeNoteResponse> EraseExchangeNote(v1::EraseExchangeNoteRequest request,
                                                                  const CallOptions& options = {});
  // Moves hours without help received.
  absl::StatusOr<v1::RecordGiftResponse> RecordGift(v1::RecordGiftRequest request,
                                                    const CallOptions& options = {});
  // Brings an account's balance without its history.
  absl::StatusOr<v1::RecordOpeningResponse> RecordOpening(v1::RecordOpeningRequest request,
                                                          const CallOptions& options = {});

  // ---- Looking things up
  // ----------------------------------------------------------------------------------------

  // One exchange by its name.
  absl::StatusOr<v1::GetExchangeResponse> GetExchange(v1::GetExchangeRequest request,
                                                      const CallOptions& options = {});
  // The bank's exchanges, filtered; `request.page_token` says where to begin, `page_size` how many to fetch
  // at a time.
  PageRange<v1::Exchange> ListExchanges(v1::ListExchangesRequest request, const CallOptions& options = {});
  // One page of them, with its token and position.
  absl::StatusOr<v1::ListExchangesResponse> ListExchangesPage(v1::ListExchangesRequest request,
                                                              const CallOptions& options = {});
  // One account's hours.
  absl::StatusOr<v1::GetBalanceResponse> GetBalance(v1::GetBalanceRequest request,
                                                    const CallOptions& options = {});
  // One account's hours now. Short or whole names.
  absl::StatusOr<v1::GetBalanceResponse> GetBalance(std::string_view bank, std::string_view holder,
                                                    const CallOptions& options = {});
  // Up to 1,000 accounts' hours at one position.
  absl::StatusOr<v1::BatchGetBalancesResponse> BatchGetBalances(v1::BatchGetBalancesRequest request,
                                                                const CallOptions& options = {});
  // An account's movements with the balance after each.
  PageRange<v1::StatementLine> ListStatementLines(v1::ListStatementLinesRequest request,
                                                  const CallOptions& options = {});
  // One page of them, with the opening and closing balance that a range has no place for.
  absl::StatusOr<v1::ListStatementLinesResponse> ListStatementLinesPage(v1::ListStatementLinesRequest request,
                                                                        const CallOptions& options = {});
  // A period's figures.
  absl::StatusOr<v1::GetTotalsResponse> GetTotals(v1::GetTotalsRequest request,
                                                  const CallOptions& options = {});

  // ---- Following what happens
  // -----------------------------------------------------------------------------------

  // Everything that happened in a bank after `request.after_position`, in order, up to the present: the range
  // ends when the server has no more to tell. To take up again later, keep the last event's `position`.
  PageRange<v1::LedgerEvent> ListEvents(v1::ListEventsRequest request, const CallOptions& options = {});
  // One page of them; its `position` is filled in even when it is empty.
  absl::StatusOr<v1::ListEventsResponse> ListEventsPage(v1::ListEventsRequest request,
                                                        const CallOptions& options = {});
  // WatchLedger: everything that happens in a bank from `request.after_position` on, as it happens. Blocks;
  // `callback` runs on this thread, once for each message, heartbeats (no events) included.
  //
  // When the stream breaks (UNAVAILABLE) it is taken up again behind the last message that `callback` has
  // returned true for, by Options::watch_retry. In order and gap-free; at least once: whoever keeps
  // `position` for the next start should keep it with what was done about the events, or look at each event's
  // `sequence` to pass over repeats.
  //
  // Returns OK after `callback` has returned false, CANCELLED after `stop`, DEADLINE_EXCEEDED after a
  // deadline in `options` (there is none otherwise), or the error that ended it: OUT_OF_RANGE
  // (POSITION_TRIMMED, EPOCH_CHANGED) where the position cannot be taken up.
  absl::Status Watch(v1::WatchLedgerRequest request, const WatchCallback& callback, std::stop_token stop = {},
                     const CallOptions& options = {});

  // ---- Members
  // --------------------------------------------------------------------------------------------------

  // Adds a member; starter hours, where the bank has them, come with it.
  absl::StatusOr<v1::CreateMemberResponse> CreateMember(v1::CreateMemberRequest request,
                                                        const CallOptions& options = {});
  // A person. Either may be empty: the server then chooses an id, and shows the number for a name.
  absl::StatusOr<v1::CreateMemberResponse> CreateMember(std::string_view bank, std::string_view member_id,
                                                        std::string_view display_name,
                                                        const CallOptions& options = {});
  // One member; a merged one answers with its survivor.
  absl::StatusOr<v1::GetMemberResponse> GetMember(v1::GetMemberRequest request,
                                                  const CallOptions& options = {});
  // Members in order of number, filtered.
  PageRange<v1::Member> ListMembers(v1::ListMembersRequest request, const CallOptions& options = {});
  // One page of them.
  absl::StatusOr<v1::ListMembersResponse> ListMembersPage(v1::ListMembersRequest request,
                                                          const CallOptions& options = {});
  // Changes the fields that the mask names.
  absl::StatusOr<v1::UpdateMemberResponse> UpdateMember(v1::UpdateMemberRequest request,
                                                        const CallOptions& options = {});
  // Closes an account and sends what is left on it where it is said to go.
  absl::StatusOr<v1::CloseMemberResponse> CloseMember(v1::CloseMemberRequest request,
                                                      const CallOptions& options = {});
  // Opens a closed account again.
  absl::StatusOr<v1::ReopenMemberResponse> ReopenMember(v1::ReopenMemberRequest request,
                                                        const CallOptions& options = {});
  // Makes two records of one person into one.
  absl::StatusOr<v1::MergeMemberResponse> MergeMember(v1::MergeMemberRequest request,
                                                      const CallOptions& options = {});
  // Lets another member act for this one.
  absl::StatusOr<v1::GrantActingForResponse> GrantActingFor(v1::GrantActingForRequest request,
                                                            const CallOptions& options = {});
  // Ends that, at once.
  absl::StatusOr<v1::RevokeActingForResponse> RevokeActingFor(v1::RevokeActingForRequest request,
                                                              const CallOptions& options = {});
  // Who may act for a member, and for whom it may act.
  absl::StatusOr<v1::ListActingForResponse> ListActingFor(v1::ListActingForRequest request,
                                                          const CallOptions& options = {});

  // ---- Circles
  // --------------------------------------------------------------------------------------------------

  // Adds a circle, with an account of its own.
  absl::StatusOr<v1::CreateCircleResponse> CreateCircle(v1::CreateCircleRequest request,
                                                        const CallOptions& options = {});
  // One circle.
  absl::StatusOr<v1::GetCircleResponse> GetCircle(v1::GetCircleRequest request,
                                                  const CallOptions& options = {});
  // Circles in order of creation.
  PageRange<v1::Circle> ListCircles(v1::ListCirclesRequest request, const CallOptions& options = {});
  // One page of them.
  absl::StatusOr<v1::ListCirclesResponse> ListCirclesPage(v1::ListCirclesRequest request,
                                                          const CallOptions& options = {});
  // Takes members in.
  absl::StatusOr<v1::AddCircleMembersResponse> AddCircleMembers(v1::AddCircleMembersRequest request,
                                                                const CallOptions& options = {});
  // Takes members out.
  absl::StatusOr<v1::RemoveCircleMembersResponse> RemoveCircleMembers(v1::RemoveCircleMembersRequest request,
                                                                      const CallOptions& options = {});

  // ---- Banks
  // ----------------------------------------------------------------------------------------------------

  // Opens a bank.
  absl::StatusOr<v1::CreateTimebankResponse> CreateTimebank(v1::CreateTimebankRequest request,
                                                            const CallOptions& options = {});
  // A bank with the settings of creation.
  absl::StatusOr<v1::CreateTimebankResponse> CreateTimebank(std::string_view timebank_id,
                                                            std::string_view display_name,
                                                            const CallOptions& options = {});
  // One bank.
  absl::StatusOr<v1::GetTimebankResponse> GetTimebank(v1::GetTimebankRequest request,
                                                      const CallOptions& options = {});
  // The banks on the server.
  PageRange<v1::Timebank> ListTimebanks(v1::ListTimebanksRequest request = {},
                                        const CallOptions& options = {});
  // One page of them.
  absl::StatusOr<v1::ListTimebanksResponse> ListTimebanksPage(v1::ListTimebanksRequest request,
                                                              const CallOptions& options = {});
  // Deletes a trial bank whole.
  absl::StatusOr<v1::DeleteTimebankResponse> DeleteTimebank(v1::DeleteTimebankRequest request,
                                                            const CallOptions& options = {});
  // Changes the settings that the mask names.
  absl::StatusOr<v1::UpdateSettingsResponse> UpdateSettings(v1::UpdateSettingsRequest request,
                                                            const CallOptions& options = {});
  // Every change of the settings, newest first.
  PageRange<v1::SettingsChange> ListSettingsChanges(v1::ListSettingsChangesRequest request,
                                                    const CallOptions& options = {});
  // One page of them.
  absl::StatusOr<v1::ListSettingsChangesResponse> ListSettingsChangesPage(
      v1::ListSettingsChangesRequest request, const CallOptions& options = {});

  // ---- Keys, and who did what
  // ----------------------------------------------------------------------------------------------------

  // Makes a key; the answer is the only place where it can be read.
  absl::StatusOr<v1::CreateKeyResponse> CreateKey(v1::CreateKeyRequest request,
                                                  const CallOptions& options = {});
  // The keys of a bank, or of the server.
  PageRange<v1::Key> ListKeys(v1::ListKeysRequest request, const CallOptions& options = {});
  // One page of them.
  absl::StatusOr<v1::ListKeysResponse> ListKeysPage(v1::ListKeysRequest request,
                                                    const CallOptions& options = {});
  // Ends a key at once.
  absl::StatusOr<v1::RevokeKeyResponse> RevokeKey(v1::RevokeKeyRequest request,
                                                  const CallOptions& options = {});
  // What others did for a member, and who looked; newest first.
  PageRange<v1::Act> ListActs(v1::ListActsRequest request, const CallOptions& options = {});
  // One page of them.
  absl::StatusOr<v1::ListActsResponse> ListActsPage(v1::ListActsRequest request,
                                                    const CallOptions& options = {});

 private:
  std::shared_ptr<Connection> connection_;
};

}  // namespace timebank::client

#endif  // TIMEBANK_CLIENT_CPP_CLIENT_H_
