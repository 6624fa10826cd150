#include "tests/unit/cli/fake_bank.h"

#include <google/protobuf/util/field_mask_util.h>

#include <algorithm>
#include <optional>
#include <sstream>
#include <utility>

#include "absl/strings/cord.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "client/cli/words.h"
#include "client/cpp/error.h"
#include "client/cpp/names.h"
#include "google/rpc/error_details.pb.h"

namespace timebank::cli {
namespace {

constexpr char kBank[] = "timebanks/rushey";
constexpr char kPot[] = "timebanks/rushey/pots/community";

using ::testing::_;

google::rpc::Status ToRpc(const absl::Status& status) {
  google::rpc::Status rpc;
  rpc.set_code(static_cast<int>(status.code()));
  rpc.set_message(std::string(status.message()));
  status.ForEachPayload([&rpc](absl::string_view url, const absl::Cord& value) {
    google::protobuf::Any& detail = *rpc.add_details();
    detail.set_type_url(std::string(url));
    detail.set_value(std::string(value));
  });
  return rpc;
}

}  // namespace

absl::Status ServiceError(absl::StatusCode code, const std::string& reason,
                          const std::map<std::string, std::string>& metadata) {
  google::rpc::ErrorInfo info;
  info.set_reason(reason);
  info.set_domain("timebank.v1");
  info.mutable_metadata()->insert(metadata.begin(), metadata.end());
  absl::Status status(code, "words of the server");
  status.SetPayload("type.googleapis.com/google.rpc.ErrorInfo", absl::Cord(info.SerializeAsString()));
  return status;
}

FakeBank::FakeBank() {
  bank.set_name(kBank);
  bank.set_display_name("Rushey Green");
  bank.set_today("2023-11-16");
  bank.set_position("position-1");
  bank.mutable_settings()->set_time_zone("Europe/London");
  ON_CALL(*this, ListTimebanks).WillByDefault([this](auto, auto&) {
    v1::ListTimebanksResponse response;
    if (exists) *response.add_timebanks() = bank;
    return response;
  });
  ON_CALL(*this, GetTimebank)
      .WillByDefault(
          [this](const v1::GetTimebankRequest& request, auto&) -> absl::StatusOr<v1::GetTimebankResponse> {
            if (!exists || request.name() != bank.name())
              return ServiceError(absl::StatusCode::kNotFound, "TIMEBANK_NOT_FOUND");
            v1::GetTimebankResponse response;
            *response.mutable_timebank() = bank;
            return response;
          });
  ON_CALL(*this, CreateTimebank).WillByDefault([this](const v1::CreateTimebankRequest& request, auto&) {
    exists = true;
    bank.mutable_settings()->MergeFrom(request.timebank().settings());
    bank.set_display_name(request.timebank().display_name());
    v1::CreateTimebankResponse response;
    *response.mutable_timebank() = bank;
    return response;
  });
  ON_CALL(*this, GetMember).WillByDefault([this](auto request, auto&) { return Find(request); });
  ON_CALL(*this, ListMembers).WillByDefault([this](auto request, auto&) { return List(request); });
  ON_CALL(*this, CreateMember).WillByDefault([this](auto request, auto&) { return Create(request); });
  ON_CALL(*this, UpdateMember).WillByDefault([this](auto request, auto&) { return Update(request); });
  ON_CALL(*this, CloseMember).WillByDefault([this](auto request, auto&) { return Close(request); });
  ON_CALL(*this, RecordOpening).WillByDefault([this](auto request, auto&) { return Open(request); });
  ON_CALL(*this, RecordExchange).WillByDefault([this](auto request, auto&) { return Record(request); });
  ON_CALL(*this, BatchRecordExchanges).WillByDefault([this](auto request, auto&) {
    return RecordBatch(request);
  });
  ON_CALL(*this, BatchGetBalances).WillByDefault([this](auto request, auto&) { return Balances(request); });
  ON_CALL(*this, ListExchanges).WillByDefault([this](auto request, auto&) { return Newest(request); });
  ON_CALL(*this, ListStatementLines).WillByDefault([this](auto request, auto&) {
    return Statement(request);
  });
  ON_CALL(*this, ListCircles).WillByDefault([](auto, auto&) { return v1::ListCirclesResponse(); });
  ON_CALL(*this, GetExchange)
      .WillByDefault([this](const v1::GetExchangeRequest& request,
                            auto&) -> absl::StatusOr<v1::GetExchangeResponse> {
        for (const v1::Exchange& exchange : exchanges_) {
          if (exchange.name() != request.name()) continue;
          v1::GetExchangeResponse response;
          *response.mutable_exchange() = exchange;
          return response;
        }
        return ServiceError(absl::StatusCode::kNotFound, "EXCHANGE_NOT_FOUND", {{"name", request.name()}});
      });
}

v1::Member& FakeBank::AddMember(const std::string& id, const std::string& display_name,
                                int64_t balance_seconds) {
  v1::Member& member = members_.emplace_back();
  member.set_name(absl::StrCat(kBank, "/members/", id));
  member.set_display_name(display_name);
  member.set_kind(v1::Member::KIND_PERSON);
  member.set_state(v1::Member::STATE_ACTIVE);
  member.set_number(static_cast<int64_t>(members_.size()));
  balances_[member.name()] = balance_seconds;
  return member;
}

int64_t FakeBank::Balance(const std::string& holder) const {
  const auto found = balances_.find(absl::StrCat(kBank, "/", holder));
  return found == balances_.end() ? 0 : found->second;
}

bool FakeBank::Knows(const std::string& holder) const {
  return absl::StrContains(holder, "/pots/") || balances_.count(holder) != 0;
}

absl::StatusOr<v1::Exchange> FakeBank::Post(v1::Exchange exchange, bool keep) {
  std::map<std::string, int64_t> moves;
  std::vector<std::string> order;
  int64_t rest = 0;
  const auto move = [&](v1::Share& share, int sign) {
    const int64_t seconds = share.has_seconds() ? share.seconds() : exchange.seconds();
    share.set_seconds(seconds);
    order.push_back(share.holder());
    moves[share.holder()] += sign * seconds;
    rest -= sign * seconds;
  };
  for (v1::Share& share : *exchange.mutable_givers()) move(share, +1);
  for (v1::Share& share : *exchange.mutable_receivers()) move(share, -1);
  if (rest != 0) {
    order.push_back(exchange.has_remainder() ? exchange.remainder().holder() : kPot);
    moves[order.back()] += rest;
  }
  for (const std::string& holder : order) {
    if (!Knows(holder))
      return ServiceError(absl::StatusCode::kNotFound, "HOLDER_NOT_FOUND", {{"name", holder}});
    const v1::Member* member = MemberNamed(holder);
    if (member != nullptr && member->state() == v1::Member::STATE_CLOSED &&
        exchange.occurred_on() > member->closed_on()) {
      return ServiceError(absl::StatusCode::kFailedPrecondition, "HOLDER_CLOSED", {{"holder", holder}});
    }
  }
  if (exchange.occurred_on().empty()) exchange.set_occurred_on(bank.today());
  exchange.set_kind(v1::Exchange::KIND_EXCHANGE);
  exchange.set_state(v1::Exchange::STATE_RECORDED);
  if (keep) {
    exchange.set_sequence(next_sequence++);
    exchange.set_name(absl::StrCat(kBank, "/exchanges/", exchange.sequence()));
  }
  for (const std::string& holder : order) {
    v1::Movement& movement = *exchange.add_movements();
    movement.set_holder(holder);
    movement.set_seconds(moves[holder]);
    const auto found = balances_.find(holder);
    movement.set_balance_after_seconds((found == balances_.end() ? 0 : found->second) + moves[holder]);
    if (keep) balances_[holder] = movement.balance_after_seconds();
  }
  if (keep) exchanges_.push_back(exchange);
  return exchange;
}

absl::StatusOr<v1::RecordExchangeResponse> FakeBank::Record(const v1::RecordExchangeRequest& request) {
  const std::string body = request.exchange().SerializeAsString();
  if (const auto known = requests_.find(request.request_id());
      !request.request_id().empty() && known != requests_.end()) {
    if (known->second.first != body) {
      return ServiceError(absl::StatusCode::kAlreadyExists, "REQUEST_ID_REUSED",
                          {{"exchange", known->second.second.exchange().name()}});
    }
    v1::RecordExchangeResponse replay = known->second.second;
    replay.set_replayed(true);
    return replay;
  }
  const v1::Origin& origin = request.exchange().origin();
  const std::string key = absl::StrCat(origin.system(), "/", origin.number());
  if (!origin.number().empty() && origins_.count(key) != 0) {
    return OriginRecorded(origins_[key]);
  }
  auto posted = Post(request.exchange(), !request.validate_only());
  if (!posted.ok()) return posted.status();
  if (!origin.number().empty() && !request.validate_only()) origins_[key] = posted->name();
  v1::RecordExchangeResponse response;
  *response.mutable_exchange() = *std::move(posted);
  for (const v1::Notice& notice : std::exchange(notices, {})) *response.add_notices() = notice;
  if (!request.request_id().empty()) requests_[request.request_id()] = {body, response};
  return response;
}

absl::Status FakeBank::OriginRecorded(const std::string& name) const {
  std::map<std::string, std::string> metadata = {{"exchange", name}};
  const auto found =
      std::lower_bound(exchanges_.begin(), exchanges_.end(), client::SequenceOf(name),
                       [](const v1::Exchange& one, int64_t sequence) { return one.sequence() < sequence; });
  for (const v1::Movement& movement : found->movements()) {
    if (movement.seconds() > 0) metadata["holder"] = movement.holder();
  }
  metadata["seconds"] = absl::StrCat(found->seconds());
  return ServiceError(absl::StatusCode::kAlreadyExists, "ORIGIN_RECORDED", metadata);
}

// Newest first, one page; by the order in which they were posted.
v1::ListStatementLinesResponse FakeBank::Statement(const v1::ListStatementLinesRequest& request) const {
  v1::ListStatementLinesResponse response;
  for (auto next = exchanges_.rbegin(); next != exchanges_.rend(); ++next) {
    for (const v1::Movement& movement : next->movements()) {
      if (movement.holder() != request.parent() || response.lines_size() == request.page_size()) continue;
      v1::StatementLine& line = *response.add_lines();
      line.set_exchange(next->name());
      line.set_occurred_on(next->occurred_on());
      line.set_kind(next->kind());
      line.set_seconds(movement.seconds());
    }
  }
  return response;
}

absl::StatusOr<v1::BatchRecordExchangesResponse> FakeBank::RecordBatch(
    const v1::BatchRecordExchangesRequest& request) {
  if (batches++ == fails_after_batches)
    return client::WithRequestId(absl::UnavailableError("gone"), "made-up-id");
  batches_asked += request.validate_only();
  longest_batch = std::max(longest_batch, request.exchanges_size());
  largest_batch_bytes = std::max(largest_batch_bytes, request.ByteSizeLong());
  v1::BatchRecordExchangesResponse response;
  for (const v1::Exchange& exchange : request.exchanges()) {
    v1::RecordExchangeRequest one;
    *one.mutable_exchange() = exchange;
    one.set_validate_only(request.validate_only());
    const auto recorded = Record(one);
    auto& result = *response.add_results();
    if (recorded.ok()) {
      result.set_sequence(recorded->exchange().sequence());
    } else {
      *result.mutable_status() = ToRpc(recorded.status());
    }
  }
  return response;
}

v1::ListExchangesResponse FakeBank::Newest(const v1::ListExchangesRequest& request) const {
  v1::ListExchangesResponse response;
  for (auto next = exchanges_.rbegin(); next != exchanges_.rend(); ++next) {
    if (response.exchanges_size() == request.page_size()) break;
    if (request.kind() != v1::Exchange::KIND_UNSPECIFIED && next->kind() != request.kind()) continue;
    if (next->occurred_on() < request.start_day()) continue;
    if (!request.end_day().empty() && next->occurred_on() > request.end_day()) continue;
    *response.add_exchanges() = *next;
  }
  return response;
}

absl::StatusOr<v1::BatchGetBalancesResponse> FakeBank::Balances(
    const v1::BatchGetBalancesRequest& request) const {
  v1::BatchGetBalancesResponse response;
  for (const std::string& name : request.names()) {
    if (!Knows(name)) return ServiceError(absl::StatusCode::kNotFound, "HOLDER_NOT_FOUND", {{"name", name}});
    v1::Balance& balance = *response.add_balances();
    balance.set_holder(name);
    const auto found = balances_.find(name);
    balance.set_seconds(found == balances_.end() ? 0 : found->second);
    for (const v1::Member& member : members_) {
      if (member.name() == name) balance.set_display_name(member.display_name());
    }
  }
  return response;
}

absl::StatusOr<v1::GetMemberResponse> FakeBank::Find(const v1::GetMemberRequest& request) const {
  for (const v1::Member& member : members_) {
    if (member.name() != request.name()) continue;
    v1::GetMemberResponse response;
    *response.mutable_member() = member;
    return response;
  }
  return ServiceError(absl::StatusCode::kNotFound, "HOLDER_NOT_FOUND", {{"name", request.name()}});
}

v1::ListMembersResponse FakeBank::List(const v1::ListMembersRequest& request) const {
  v1::ListMembersResponse response;
  for (const v1::Member& member : members_) {
    std::string text = absl::StrCat(member.display_name(), " ", member.name(), " ", member.number());
    for (const auto& id : member.external_ids()) absl::StrAppend(&text, " ", id.number());
    for (const auto& phone : member.phones()) absl::StrAppend(&text, " ", phone);
    bool fits = true;
    for (absl::string_view word : absl::StrSplit(request.query(), ' ', absl::SkipEmpty())) {
      fits = fits && absl::StrContains(Fold(text), Fold({word.data(), word.size()}));
    }
    if (fits) *response.add_members() = member;
  }
  return response;
}

absl::StatusOr<v1::CreateMemberResponse> FakeBank::Create(const v1::CreateMemberRequest& request) {
  for (const v1::Member& member : members_) {
    if (absl::EndsWith(member.name(), absl::StrCat("/", request.member_id()))) {
      return ServiceError(absl::StatusCode::kAlreadyExists, "ALREADY_EXISTS");
    }
  }
  const std::string id =
      request.member_id().empty() ? absl::StrCat("m", members_.size() + 1) : request.member_id();
  v1::Member& member = AddMember(id, request.member().display_name());
  *member.mutable_external_ids() = request.member().external_ids();
  *member.mutable_phones() = request.member().phones();
  *member.mutable_emails() = request.member().emails();
  if (request.member().kind() != v1::Member::KIND_UNSPECIFIED) member.set_kind(request.member().kind());
  member.set_joined_on(request.member().joined_on());
  member.set_language(request.member().language());
  member.set_note(request.member().note());
  v1::CreateMemberResponse response;
  *response.mutable_member() = member;
  return response;
}

v1::Member* FakeBank::MemberNamed(const std::string& name) {
  for (v1::Member& member : members_) {
    if (member.name() == name) return &member;
  }
  return nullptr;
}

absl::StatusOr<v1::UpdateMemberResponse> FakeBank::Update(const v1::UpdateMemberRequest& request) {
  v1::Member* member = MemberNamed(request.member().name());
  if (member == nullptr) return ServiceError(absl::StatusCode::kNotFound, "HOLDER_NOT_FOUND");
  google::protobuf::util::FieldMaskUtil::MergeOptions whole_fields;
  whole_fields.set_replace_message_fields(true);
  whole_fields.set_replace_repeated_fields(true);
  google::protobuf::util::FieldMaskUtil::MergeMessageTo(request.member(), request.update_mask(), whole_fields,
                                                        member);
  member->mutable_update_time()->set_seconds(member->update_time().seconds() + 1);
  v1::UpdateMemberResponse response;
  *response.mutable_member() = *member;
  return response;
}

absl::StatusOr<v1::CloseMemberResponse> FakeBank::Close(const v1::CloseMemberRequest& request) {
  v1::Member* member = MemberNamed(request.name());
  if (member == nullptr) return ServiceError(absl::StatusCode::kNotFound, "HOLDER_NOT_FOUND");
  if (member->state() == v1::Member::STATE_CLOSED)
    return ServiceError(absl::StatusCode::kFailedPrecondition, "HOLDER_CLOSED", {{"holder", member->name()}});
  if (balances_[member->name()] > 0 && request.destination().empty())
    return ServiceError(absl::StatusCode::kFailedPrecondition, "DESTINATION_REQUIRED");
  member->set_state(v1::Member::STATE_CLOSED);
  member->set_closed_on(request.closed_on().empty() ? bank.today() : request.closed_on());
  v1::CloseMemberResponse response;
  *response.mutable_member() = *member;
  return response;
}

absl::StatusOr<v1::RecordOpeningResponse> FakeBank::Open(const v1::RecordOpeningRequest& request) {
  v1::RecordExchangeRequest as_exchange;
  v1::Exchange& exchange = *as_exchange.mutable_exchange();
  const std::string pot = absl::StrCat(kBank, "/pots/opening");
  const bool credit = request.seconds() > 0;
  exchange.add_givers()->set_holder(credit ? request.holder() : pot);
  exchange.add_receivers()->set_holder(credit ? pot : request.holder());
  exchange.set_seconds(credit ? request.seconds() : -request.seconds());
  exchange.set_occurred_on(request.occurred_on());
  exchange.set_note(request.note());
  *exchange.mutable_origin() = request.origin();
  auto posted = Record(as_exchange);
  if (!posted.ok()) return posted.status();
  exchanges_.back().set_kind(v1::Exchange::KIND_OPENING);
  v1::RecordOpeningResponse response;
  *response.mutable_exchange() = exchanges_.back();
  return response;
}

Ran RunCli(const std::shared_ptr<FakeBank>& bank, const std::vector<std::string>& arguments,
           const RunOptions& options) {
  std::istringstream in(options.input);
  std::ostringstream out;
  std::ostringstream err;
  Console console{.in = in, .out = out, .err = err};
  console.in_is_terminal = console.out_is_terminal = console.err_is_terminal = options.terminal;
  const auto variables = [&options](const std::string& name) -> std::optional<std::string> {
    const auto found = options.variables.find(name);
    return found == options.variables.end() ? std::nullopt : std::optional<std::string>(found->second);
  };
  if (options.editor) {
    console.read_line = [&in, &err](const LineRequest& request) -> std::optional<std::string> {
      err << request.prompt << '[' << absl::StrJoin(request.recall, "|") << "]\n";
      std::string line;
      return std::getline(in, line) ? std::optional<std::string>(line) : std::nullopt;
    };
  }
  Ran ran;
  ran.code = Run(arguments, console, variables, [&bank](const client::Options&) { return bank; });
  ran.out = out.str();
  ran.err = err.str();
  return ran;
}

Ran RunCli(const std::shared_ptr<FakeBank>& bank, std::string_view arguments, const RunOptions& options) {
  return RunCli(bank, std::vector<std::string>(absl::StrSplit(Absl(arguments), ' ')), options);
}

}  // namespace timebank::cli
