// Every reason of the contract, provoked once from outside.
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "server/ledger/reason.h"
#include "tests/e2e/feed.h"
#include "tests/e2e/service_fixture.h"

namespace timebank::e2e {
namespace {

using grpc::StatusCode;
using v1::SettleExchangeRequest;

constexpr int kStreamsAtATime = 256;  // of WatchLedger

// The contract: reasons and codes, as the API guide has them. Written down once more, so that a change of the
// server's own table is noticed.
const std::map<std::string, StatusCode>& Contract() {
  static const std::map<std::string, StatusCode> kContract = {
      {"VALIDATION", StatusCode::INVALID_ARGUMENT},
      {"SHARES_DO_NOT_BALANCE", StatusCode::INVALID_ARGUMENT},
      {"BATCH_TOO_LARGE", StatusCode::INVALID_ARGUMENT},
      {"BAD_PAGE_TOKEN", StatusCode::INVALID_ARGUMENT},
      {"TIMEBANK_NOT_FOUND", StatusCode::NOT_FOUND},
      {"HOLDER_NOT_FOUND", StatusCode::NOT_FOUND},
      {"EXCHANGE_NOT_FOUND", StatusCode::NOT_FOUND},
      {"KEY_NOT_FOUND", StatusCode::NOT_FOUND},
      {"KEY_UNKNOWN", StatusCode::UNAUTHENTICATED},
      {"KEY_REVOKED", StatusCode::UNAUTHENTICATED},
      {"KEY_EXPIRED", StatusCode::UNAUTHENTICATED},
      {"ALREADY_EXISTS", StatusCode::ALREADY_EXISTS},
      {"REQUEST_ID_REUSED", StatusCode::ALREADY_EXISTS},
      {"ORIGIN_RECORDED", StatusCode::ALREADY_EXISTS},
      {"BALANCE_LIMIT", StatusCode::FAILED_PRECONDITION},
      {"HOLDER_CLOSED", StatusCode::FAILED_PRECONDITION},
      {"ALREADY_REVERSED", StatusCode::FAILED_PRECONDITION},
      {"CANNOT_REVERSE_REVERSAL", StatusCode::FAILED_PRECONDITION},
      {"CANNOT_CORRECT", StatusCode::FAILED_PRECONDITION},
      {"ALREADY_CORRECTED", StatusCode::FAILED_PRECONDITION},
      {"ALREADY_RESTORED", StatusCode::FAILED_PRECONDITION},
      {"NOT_CONTESTED", StatusCode::FAILED_PRECONDITION},
      {"ALREADY_CONTESTED", StatusCode::FAILED_PRECONDITION},
      {"ALREADY_CONFIRMED", StatusCode::FAILED_PRECONDITION},
      {"DESTINATION_REQUIRED", StatusCode::FAILED_PRECONDITION},
      {"DESTINATION_MUST_BE_POT", StatusCode::FAILED_PRECONDITION},
      {"NOT_CLOSED", StatusCode::FAILED_PRECONDITION},
      {"TOO_MANY", StatusCode::FAILED_PRECONDITION},
      {"NOT_A_TRIAL", StatusCode::FAILED_PRECONDITION},
      {"ACTING_FOR_LIMIT", StatusCode::FAILED_PRECONDITION},
      {"NOT_GRANTED", StatusCode::FAILED_PRECONDITION},
      {"ETAG_MISMATCH", StatusCode::ABORTED},
      {"ROLE_REQUIRED", StatusCode::PERMISSION_DENIED},
      {"NOT_A_PARTY", StatusCode::PERMISSION_DENIED},
      {"QUEUE_FULL", StatusCode::RESOURCE_EXHAUSTED},
      {"DISK_FULL", StatusCode::RESOURCE_EXHAUSTED},
      {"RATE_LIMITED", StatusCode::RESOURCE_EXHAUSTED},
      {"POSITION_TRIMMED", StatusCode::OUT_OF_RANGE},
      {"EPOCH_CHANGED", StatusCode::OUT_OF_RANGE},
      {"AMOUNT_OVERFLOW", StatusCode::OUT_OF_RANGE},
      {"SHUTTING_DOWN", StatusCode::UNAVAILABLE},
      {"NOT_SERVING", StatusCode::UNAVAILABLE},
      {"OUTCOME_UNKNOWN", StatusCode::UNAVAILABLE},
      {"CORRUPT_RECORD", StatusCode::DATA_LOSS},
  };
  return kContract;
}

// What cannot be provoked from outside of a healthy machine, and where it is provoked instead.
const std::map<std::string, std::string>& Elsewhere() {
  static const std::map<std::string, std::string> kElsewhere = {
      {"DISK_FULL", "takes a disk that is full: tests/e2e/disk_test, and tests/unit/engine"},
      {"OUTCOME_UNKNOWN", "takes a failed sync: tests/unit/engine, over a disk that fails on demand"},
      {"AMOUNT_OVERFLOW", "takes nine million exchanges of the largest size: tests/unit/ledger"},
      {"CORRUPT_RECORD", "takes damage on the disk: tests/crash/damage_test.cc"},
      {"KEY_NOT_FOUND", "takes a server that asks for keys: access_test.cc"},
      {"KEY_UNKNOWN", "takes a server that asks for keys: access_test.cc"},
      {"KEY_REVOKED", "takes a server that asks for keys: access_test.cc"},
      {"KEY_EXPIRED", "takes a key whose time is over: tests/unit/access, over a clock of its own"},
      {"RATE_LIMITED", "takes a server that asks for keys: limits_test.cc"},
      {"POSITION_TRIMMED", "the feed reads the journal, which is kept whole: no position is trimmed yet"},
  };
  return kElsewhere;
}

class ReasonsTest : public ServiceTest {
 protected:
  using Provoke = std::function<Outcome()>;

  void SetUp() override {
    ServiceTest::SetUp();
    bank_.emplace(wire_, "reasons", std::initializer_list<std::string_view>{"ana", "ben", "carla"});
  }

  template <typename Response, typename Request>
  Outcome Call(const Request& request, const CallOptions& options = {}) {
    return wire_.Call<Response>(request, options);
  }
  Outcome Record(const v1::RecordExchangeRequest& request, const CallOptions& options = {}) {
    return Call<v1::RecordExchangeResponse>(request, options);
  }
  int64_t Reversed(int64_t exchange) { return bank_->Reverse(exchange).reply.exchange().sequence(); }
  int64_t AnHour() { return bank_->Record("ben", "ana", kHour, As("ana")); }
  Outcome Close(std::string_view member, const std::string& destination) {
    v1::CloseMemberRequest request;
    request.set_name(bank_->NameOf(member));
    if (!destination.empty()) request.set_destination(bank_->NameOf(destination));
    request.set_request_id(bank_->NewRequestId());
    return Call<v1::CloseMemberResponse>(request);
  }

  // --- what a request brings about
  Outcome SharesDoNotBalance() {
    auto request = bank_->Helped("ben", "ana", 0);
    request.mutable_exchange()->mutable_givers(0)->set_seconds(2);
    request.mutable_exchange()->mutable_receivers(0)->set_seconds(1);
    return Record(request);
  }
  Outcome BatchTooLarge() {
    v1::BatchRecordExchangesRequest request;
    request.set_parent(bank_->name());
    for (int i = 0; i <= 8192; ++i) request.add_exchanges();
    return Call<v1::BatchRecordExchangesResponse>(request);
  }
  Outcome BadPageToken() {
    v1::ListMembersRequest request;
    request.set_parent(bank_->name());
    request.set_page_token("bm8gdG9rZW4");
    return Call<v1::ListMembersResponse>(request);
  }
  Outcome TimebankNotFound() {
    v1::GetTimebankRequest request;
    request.set_name("timebanks/nowhere");
    return Call<v1::GetTimebankResponse>(request);
  }
  Outcome ExchangeNotFound() {
    v1::GetExchangeRequest request;
    request.set_name(bank_->NameOf(999'999));
    return Call<v1::GetExchangeResponse>(request);
  }
  Outcome RequestIdReused() {
    auto request = bank_->Helped("ben", "ana", 1);
    EXPECT_TRUE(Record(request).ok());
    request.mutable_exchange()->set_seconds(2);
    return Record(request);
  }
  Outcome OriginRecorded() {
    auto request = bank_->Helped("ben", "ana", 1);
    request.mutable_exchange()->mutable_origin()->set_system("timeoverflow");
    request.mutable_exchange()->mutable_origin()->set_number("17");
    EXPECT_TRUE(Record(request).ok());
    request.set_request_id(bank_->NewRequestId());
    Outcome second = Record(request);
    EXPECT_EQ(second.metadata["exchange"], bank_->NameOf(bank_->Bank().last_sequence()));
    return second;
  }
  Outcome BalanceLimit() {
    LiveBank strict(wire_, "strict", {"ana", "ben"});
    v1::Settings settings;
    settings.set_block_below_seconds(-kHour);
    strict.Set(settings, {"block_below_seconds"});
    Outcome refused = Record(strict.Helped("ben", "ana", kHour + 1));
    EXPECT_EQ(refused.metadata["balance"], "0");
    EXPECT_EQ(refused.metadata["limit"], "-3600");
    EXPECT_EQ(refused.metadata["requested"], "-3601");
    EXPECT_EQ(refused.metadata["holder"], strict.NameOf("ana"));
    return refused;
  }
  Outcome HolderClosed() {
    bank_->AddMember("gone");
    EXPECT_TRUE(Close("gone", "").ok());
    return Record(bank_->Helped("gone", "ana", 1), As("ana"));
  }
  Outcome CannotCorrect() {
    v1::RecordGiftRequest gift;
    gift.set_parent(bank_->name());
    gift.set_debited(bank_->NameOf("ben"));
    gift.set_credited(bank_->NameOf("ana"));
    gift.set_seconds(1);
    gift.set_request_id(bank_->NewRequestId());
    return bank_->Correct(wire_.Call<v1::RecordGiftResponse>(gift).reply.exchange().sequence(), 2);
  }
  Outcome AlreadyCorrected() {
    const auto corrected = bank_->Correct(AnHour(), 2);
    return bank_->Contest(corrected.reply.reversal().sequence(), As("ben"));
  }
  Outcome AlreadyRestored() {
    const int64_t reversal = Reversed(AnHour());
    EXPECT_TRUE(bank_->Contest(reversal, As("ben")).ok());
    EXPECT_TRUE(bank_->Settle(reversal, SettleExchangeRequest::OUTCOME_CORRECTED).ok());
    return bank_->Contest(reversal, As("ben"));
  }
  Outcome AlreadyContested() {
    const int64_t exchange = AnHour();
    EXPECT_TRUE(bank_->Contest(exchange, As("ben")).ok());
    return bank_->Contest(exchange, As("ana"));
  }
  Outcome AlreadyConfirmed() {
    const int64_t exchange = AnHour();
    EXPECT_TRUE(bank_->Confirm(exchange, As("ben")).ok());
    return bank_->Confirm(exchange, As("ben"));
  }
  Outcome DestinationRequired() {
    bank_->AddMember("rich");
    bank_->Record("rich", "ana", 1);
    return Close("rich", "");
  }
  Outcome DestinationMustBePot() {
    bank_->AddMember("poor");
    bank_->Record("ana", "poor", 1);
    return Close("poor", "ana");
  }
  Outcome NotClosed() {
    v1::ReopenMemberRequest request;
    request.set_name(bank_->NameOf("ana"));
    request.set_request_id(bank_->NewRequestId());
    return Call<v1::ReopenMemberResponse>(request);
  }
  Outcome ActingForLimit() {
    v1::GrantActingForRequest grant;
    grant.set_name(bank_->NameOf("ana"));
    grant.set_agent(bank_->NameOf("ben"));
    grant.set_seconds_per_month(kHour);
    EXPECT_TRUE(Call<v1::GrantActingForResponse>(grant).ok());
    v1::RecordExchangeRequest request = bank_->Helped("carla", "ana", kHour + 1);
    request.mutable_exchange()->set_acting_for(bank_->NameOf("ana"));
    return wire_.Call<v1::RecordExchangeResponse>(request, As("ben"));
  }
  Outcome NotGranted() {
    v1::RevokeActingForRequest request;
    request.set_name(bank_->NameOf("ana"));
    request.set_agent(bank_->NameOf("carla"));
    return Call<v1::RevokeActingForResponse>(request);
  }
  Outcome NotATrial() {
    v1::DeleteTimebankRequest request;
    request.set_name(bank_->name());
    request.set_request_id(bank_->NewRequestId());
    return Call<v1::DeleteTimebankResponse>(request);
  }
  // A record takes at most 16 others in.
  Outcome TooMany() {
    Outcome last;
    for (int i = 0; i <= 16; ++i) {
      const std::string twin = "twin-" + std::to_string(i);
      bank_->AddMember(twin);
      v1::MergeMemberRequest request;
      request.set_name(bank_->NameOf(twin));
      request.set_into(bank_->NameOf("carla"));
      request.set_request_id(bank_->NewRequestId());
      last = Call<v1::MergeMemberResponse>(request);
      EXPECT_EQ(last.ok(), i < 16) << last;
    }
    return last;
  }
  Outcome EtagMismatch() {
    v1::UpdateMemberRequest request;
    request.mutable_member()->set_name(bank_->NameOf("ana"));
    request.mutable_member()->set_etag("stale");
    request.mutable_update_mask()->add_paths("note");
    return Call<v1::UpdateMemberResponse>(request);
  }

  // --- what the state of the server brings about
  Outcome QueueFull() {
    const TempFolder folder;
    const auto server = ServerProcess::Start(folder.path(), {"--max-streams", "1000"});
    const Wire wire(server->address());
    const LiveBank bank(wire, "crowded");
    std::vector<std::unique_ptr<Feed>> feeds;
    for (int i = 0; i < kStreamsAtATime; ++i) {
      feeds.push_back(std::make_unique<Feed>(wire, bank.name()));
      EXPECT_TRUE(feeds.back()->Next()) << i;
    }
    Outcome refused = Feed(wire, bank.name()).End();
    EXPECT_TRUE(refused.has_retry_info);
    return refused;
  }
  Outcome ShuttingDown() {
    const TempFolder folder;
    const auto server = ServerProcess::Start(folder.path());
    const Wire wire(server->address());
    const LiveBank bank(wire, "closing");
    Feed feed(wire, bank.name());
    EXPECT_TRUE(feed.Next());
    server->AskToStop();
    Outcome end = feed.End();
    EXPECT_EQ(server->Stop(), 0);
    return end;
  }
  Outcome EpochChanged() {
    const TempFolder folder;
    const auto server = ServerProcess::Start(folder.path());
    const Wire wire(server->address());
    const LiveBank elsewhere(wire, "reasons");
    v1::ListEventsRequest request;
    request.set_parent(bank_->name());
    request.set_after_position(elsewhere.Bank().position());
    v1::GetTimebankRequest read;
    read.set_name(bank_->name());
    EXPECT_THAT(wire_.Call<v1::GetTimebankResponse>(
                    read, {.metadata = {{"timebank-min-position", elsewhere.Bank().position()}}}),
                IsRefused(StatusCode::OUT_OF_RANGE, "EPOCH_CHANGED"));
    return Call<v1::ListEventsResponse>(request);
  }
  // A server on an older copy of the ledger is not so far yet.
  Outcome NotServing() {
    const TempFolder folder;
    auto server = ServerProcess::Start(folder.path());
    { const LiveBank bank(Wire(server->address()), "copied"); }
    EXPECT_EQ(server->Stop(), 0);
    const TempFolder copy;
    std::filesystem::copy(folder.path() + "/data", copy.path() + "/data",
                          std::filesystem::copy_options::recursive);
    v1::GetTimebankRequest request;
    request.set_name("timebanks/copied");
    v1::CreateMemberRequest member;
    member.set_parent(request.name());
    server = ServerProcess::Start(folder.path());
    const auto newer = Wire(server->address()).Call<v1::CreateMemberResponse>(member);
    EXPECT_TRUE(newer.ok()) << newer;
    const auto behind = ServerProcess::Start(copy.path());
    return Wire(behind->address())
        .Call<v1::GetTimebankResponse>(request,
                                       {.metadata = {{"timebank-min-position", newer.reply.position()}}});
  }

  std::optional<LiveBank> bank_;
};

// Goal: every reason of the contract goes out with its code, its ErrorInfo and its trailer; the list is the
// server's own, and whatever is left out here has a test elsewhere.
TEST_F(ReasonsTest, EveryReasonIsProvokedOnce) {
  const std::map<std::string, Provoke> how = {
      {"VALIDATION", [&] { return Record(bank_->Helped("ben", "ana", 0)); }},
      {"SHARES_DO_NOT_BALANCE", [&] { return SharesDoNotBalance(); }},
      {"BATCH_TOO_LARGE", [&] { return BatchTooLarge(); }},
      {"BAD_PAGE_TOKEN", [&] { return BadPageToken(); }},
      {"TIMEBANK_NOT_FOUND", [&] { return TimebankNotFound(); }},
      {"HOLDER_NOT_FOUND", [&] { return Record(bank_->Helped("nobody", "ana", 1)); }},
      {"EXCHANGE_NOT_FOUND", [&] { return ExchangeNotFound(); }},
      {"ALREADY_EXISTS", [&] { return Call<v1::CreateMemberResponse>(bank_->NewMember("ana")); }},
      {"REQUEST_ID_REUSED", [&] { return RequestIdReused(); }},
      {"ORIGIN_RECORDED", [&] { return OriginRecorded(); }},
      {"BALANCE_LIMIT", [&] { return BalanceLimit(); }},
      {"HOLDER_CLOSED", [&] { return HolderClosed(); }},
      {"ALREADY_REVERSED",
       [&] {
         const int64_t exchange = AnHour();
         Reversed(exchange);
         return bank_->Reverse(exchange);
       }},
      {"CANNOT_REVERSE_REVERSAL", [&] { return bank_->Reverse(Reversed(AnHour())); }},
      {"CANNOT_CORRECT", [&] { return CannotCorrect(); }},
      {"ALREADY_CORRECTED", [&] { return AlreadyCorrected(); }},
      {"ALREADY_RESTORED", [&] { return AlreadyRestored(); }},
      {"NOT_CONTESTED", [&] { return bank_->Settle(AnHour(), SettleExchangeRequest::OUTCOME_STANDS); }},
      {"ALREADY_CONTESTED", [&] { return AlreadyContested(); }},
      {"ALREADY_CONFIRMED", [&] { return AlreadyConfirmed(); }},
      {"DESTINATION_REQUIRED", [&] { return DestinationRequired(); }},
      {"DESTINATION_MUST_BE_POT", [&] { return DestinationMustBePot(); }},
      {"NOT_CLOSED", [&] { return NotClosed(); }},
      {"TOO_MANY", [&] { return TooMany(); }},
      {"NOT_A_TRIAL", [&] { return NotATrial(); }},
      {"ACTING_FOR_LIMIT", [&] { return ActingForLimit(); }},
      {"NOT_GRANTED", [&] { return NotGranted(); }},
      {"ETAG_MISMATCH", [&] { return EtagMismatch(); }},
      {"ROLE_REQUIRED", [&] { return Call<v1::CreateMemberResponse>(bank_->NewMember("eva"), As("ana")); }},
      {"NOT_A_PARTY", [&] { return bank_->Contest(AnHour(), As("carla")); }},
      {"QUEUE_FULL", [&] { return QueueFull(); }},
      {"EPOCH_CHANGED", [&] { return EpochChanged(); }},
      {"SHUTTING_DOWN", [&] { return ShuttingDown(); }},
      {"NOT_SERVING", [&] { return NotServing(); }},
  };
  for (const auto& [reason, provoke] : how) {
    EXPECT_THAT(provoke(), IsRefused(Contract().at(reason), reason)) << reason;
  }

  std::set<std::string> of_the_server;
  for (int i = 0; i <= static_cast<int>(ledger::Reason::kCorruptRecord); ++i) {
    of_the_server.emplace(ledger::NameOf(static_cast<ledger::Reason>(i)));
  }
  std::set<std::string> of_the_contract;
  for (const auto& [reason, code] : Contract()) of_the_contract.insert(reason);
  EXPECT_EQ(of_the_server, of_the_contract);
  for (const std::string& reason : of_the_server) {
    EXPECT_NE(how.count(reason), Elsewhere().count(reason)) << reason << " is provoked nowhere, or twice";
  }
}

}  // namespace
}  // namespace timebank::e2e
