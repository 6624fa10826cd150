#include "tests/crash/load.h"

#include <google/protobuf/descriptor.h>
#include <gtest/gtest.h>

#include <utility>

#include "timebank/v1/ledger_service.pb.h"
#include "timebank/v1/member_service.pb.h"

namespace timebank::e2e {
namespace {

using google::protobuf::Message;

// With an id before it, a note as long as it may be.
constexpr size_t kHeavyBytes = 1900;

// Only a server that is gone, or going, ends without an answer.
bool IsAnswer(const Outcome& outcome) { return outcome.ok() || !outcome.reason.empty(); }

// Leaves of `exchange` what nobody can change any more.
std::string FactsOf(v1::Exchange exchange) {
  exchange.clear_state();
  exchange.clear_reversed_by();
  exchange.clear_corrected_by();
  exchange.clear_confirmed_by();
  exchange.clear_contested_by();
  exchange.clear_contest_reason();
  return exchange.ShortDebugString();
}

template <typename Response>
void Fill(const Response& reply, Act& act) {
  if constexpr (requires { reply.results(0); }) {
    for (const auto& result : reply.results()) {
      act.sequences.push_back(result.sequence());
      act.facts += result.ShortDebugString() + "\n";
    }
  } else if constexpr (requires { reply.member(); }) {
    act.facts = reply.member().ShortDebugString();
  } else {
    if constexpr (requires { reply.reversal(); }) act.facts += FactsOf(reply.reversal());
    if constexpr (requires { reply.replacement(); }) act.facts += FactsOf(reply.replacement());
    act.facts += FactsOf(reply.exchange());
    act.sequences.push_back(reply.exchange().sequence());
  }
}

template <typename Response>
Act SendAs(const Wire& wire, const Message& request, bool* replayed) {
  Act act;
  const auto answer = wire.Call<Response>(request);
  act.outcome = answer;
  act.answered = IsAnswer(answer);
  *replayed = answer.reply.replayed();
  if (answer.ok()) Fill(answer.reply, act);
  if (act.answered && !answer.ok()) act.facts = answer.reason;
  return act;
}

template <typename Request>
std::unique_ptr<Message> Own(Request request) {
  return std::make_unique<Request>(std::move(request));
}

}  // namespace

Act Send(const Wire& wire, const Message& request, bool* replayed) {
  const std::string& type = request.GetDescriptor()->name();
  if (type == "RecordExchangeRequest") return SendAs<v1::RecordExchangeResponse>(wire, request, replayed);
  if (type == "BatchRecordExchangesRequest") {
    return SendAs<v1::BatchRecordExchangesResponse>(wire, request, replayed);
  }
  if (type == "CorrectExchangeRequest") return SendAs<v1::CorrectExchangeResponse>(wire, request, replayed);
  if (type == "ReverseExchangeRequest") return SendAs<v1::ReverseExchangeResponse>(wire, request, replayed);
  if (type == "ContestExchangeRequest") return SendAs<v1::ContestExchangeResponse>(wire, request, replayed);
  if (type == "SettleExchangeRequest") return SendAs<v1::SettleExchangeResponse>(wire, request, replayed);
  if (type == "CreateMemberRequest") return SendAs<v1::CreateMemberResponse>(wire, request, replayed);
  ADD_FAILURE() << "no act is a " << type;
  return {};
}

Load::Load(const std::string& address, Options options)
    : wire_(address), options_(std::move(options)), random_(options_.seed), thread_([this] { Run(); }) {}

void Load::Join() {
  if (thread_.joinable()) thread_.join();
}

int64_t Load::Pick(int64_t below) { return static_cast<int64_t>(random_() % static_cast<uint64_t>(below)); }

std::string Load::MemberName() { return options_.bank + "/members/m" + std::to_string(Pick(kMembers)); }

int64_t Load::PickExchange() {
  return exchanges_[static_cast<size_t>(Pick(static_cast<int64_t>(exchanges_.size())))];
}

void Load::Run() {
  for (int i = 0;; ++i) {
    const std::string id = options_.name + "-" + std::to_string(i);
    int posts = 0;
    std::unique_ptr<Message> request = Next(id, &posts);
    bool replayed = false;
    Act act = Send(wire_, *request, &replayed);
    EXPECT_FALSE(replayed) << id;
    act.id = id;
    act.posts = posts;
    const bool gone = !act.answered;
    answers_ += gone ? 0 : 1;
    if (act.outcome.ok() && request->GetDescriptor() == v1::RecordExchangeRequest::descriptor()) {
      exchanges_.push_back(act.sequences.front());
    }
    act.request = std::move(request);
    acts_.push_back(std::move(act));
    if (gone) return;
  }
}

std::unique_ptr<Message> Load::Next(std::string id, int* posts) {
  const auto helped = [&] {
    v1::Exchange exchange;
    const std::string giver = MemberName();
    std::string receiver = giver;
    while (receiver == giver) receiver = MemberName();
    exchange.add_givers()->set_holder(giver);
    exchange.add_receivers()->set_holder(receiver);
    exchange.set_seconds(1 + Pick(10'000));
    const int64_t day = 1 + Pick(28);
    exchange.set_occurred_on("2024-0" + std::to_string(1 + Pick(3)) + (day < 10 ? "-0" : "-") +
                             std::to_string(day));
    exchange.set_note(id);
    return exchange;
  };
  const auto about = [&](auto request) {
    request.set_name(options_.bank + "/exchanges/" + std::to_string(PickExchange()));
    request.set_request_id(id);
    request.set_reason("a slip of the pen");
    return request;
  };
  const int64_t kind = exchanges_.empty() ? 0 : Pick(100);
  if (options_.heavy || kind >= 90) {
    v1::BatchRecordExchangesRequest batch;
    batch.set_parent(options_.bank);
    batch.set_request_id(id);
    batch.set_all_or_nothing(Pick(2) == 0);
    *posts = options_.heavy ? 400 : static_cast<int>(1 + Pick(100));
    for (int i = 0; i < *posts; ++i) {
      v1::Exchange* exchange = batch.add_exchanges();
      *exchange = helped();
      if (options_.heavy) exchange->mutable_note()->append(" ").append(kHeavyBytes, 'x');
    }
    return Own(std::move(batch));
  }
  if (kind >= 87) {
    v1::CreateMemberRequest member;
    member.set_parent(options_.bank);
    member.set_member_id(id);
    member.set_request_id(id);
    member.mutable_member()->set_note(id);
    *posts = 1;
    return Own(std::move(member));
  }
  if (kind >= 80) {
    auto correction = about(v1::CorrectExchangeRequest());
    correction.mutable_exchange()->set_seconds(1 + Pick(10'000));
    correction.mutable_exchange()->set_note(id);
    *posts = 1;
    return Own(std::move(correction));
  }
  if (kind >= 75) return Own(about(v1::ReverseExchangeRequest()));
  if (kind >= 70) {
    auto contest = about(v1::ContestExchangeRequest());
    contest.set_acting_for(MemberName());  // a party, or not
    return Own(std::move(contest));
  }
  if (kind >= 65) {
    auto settlement = about(v1::SettleExchangeRequest());
    settlement.set_outcome(Pick(2) == 0 ? v1::SettleExchangeRequest::OUTCOME_STANDS
                                        : v1::SettleExchangeRequest::OUTCOME_REVERSED);
    return Own(std::move(settlement));
  }
  v1::RecordExchangeRequest record;
  record.set_parent(options_.bank);
  *record.mutable_exchange() = helped();
  record.set_request_id(id);
  *posts = 1;
  return Own(std::move(record));
}

}  // namespace timebank::e2e
