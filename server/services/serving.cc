#include "server/services/serving.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>

#include "server/engine/random.h"
#include "server/ledger/validate.h"
#include "server/services/bank_reader.h"
#include "server/services/days.h"
#include "server/services/errors.h"
#include "storage/status_macros.h"

namespace timebank::services {
namespace {

using ledger::ErrorOf;
using ledger::Reason;

int64_t SystemNowUs() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

// One change on its way; lives until its call is finished.
struct ChangeCall {
  grpc::CallbackServerContext* context;
  grpc::ServerUnaryReactor* reactor;
  std::string bank_id;
  size_t bytes;
  std::string request_id;
  Serving::Prepare prepare;
  Serving::Render render;
  Caller caller;
  storage::Day today = 0;
};
using CallPtr = std::shared_ptr<ChangeCall>;

void Finish(const ChangeCall& call, const absl::Status& status) {
  call.reactor->Finish(ToGrpc(status, call.context));
}

bool IsOver(grpc::CallbackServerContext* context) {
  return context->IsCancelled() || context->deadline() <= std::chrono::system_clock::now();
}

// What a call that nobody waits for any more is answered: nothing was carried out.
absl::Status EndedEarly(grpc::CallbackServerContext* context) {
  if (context->deadline() <= std::chrono::system_clock::now()) {
    return absl::DeadlineExceededError("the deadline passed before the call was carried out");
  }
  return absl::CancelledError("the call ended before it was carried out");
}

absl::Status FullPool() {
  return ErrorOf(Reason::kQueueFull, "too many reads are waiting for the disk; try again");
}

// Makes the command whole: who, when, what day that is. An error is the answer.
absl::StatusOr<ledger::Command> MakeCommand(const storage::View& view, ChangeCall& call, int64_t now_us) {
  std::string time_zone = "UTC";
  absl::Status bank_found;
  if (!call.bank_id.empty()) {
    absl::StatusOr<BankReader> bank = BankReader::Open(view, call.bank_id);
    if (bank.ok()) {
      time_zone = bank->row().settings().time_zone();
    } else if (absl::IsNotFound(bank.status())) {
      bank_found = bank.status();
    } else {
      return bank.status();
    }
  }
  call.today = DayAt(now_us, time_zone);
  TB_ASSIGN_OR_RETURN(Serving::Prepared prepared, call.prepare(view, call.caller));
  ledger::Command& command = prepared.command;
  command.bank = call.bank_id;
  command.actor = call.caller.actor;
  command.request_id = call.request_id;
  command.stamp = {now_us, call.today, engine::RandomBytes(16)};
  // What could be read is checked as well, so that the caller learns everything at once.
  std::vector<ledger::Violation> violations = call.caller.violations;
  violations.insert(violations.end(), prepared.violations.begin(), prepared.violations.end());
  for (ledger::Violation& violation : ledger::Validate(command)) {
    const bool known = std::any_of(violations.begin(), violations.end(), [&](const ledger::Violation& other) {
      return other.field == violation.field;
    });
    if (!known) violations.push_back(std::move(violation));
  }
  if (!call.caller.member_bank.empty() && call.caller.member_bank != call.bank_id) {
    violations.push_back({"timebank-member", std::string(ledger::violation::kOtherBank)});
  }
  if (!violations.empty()) return ToStatus(violations, FormatDay(call.today));
  TB_RETURN_IF_ERROR(bank_found);
  return std::move(prepared.command);
}

absl::Status RefusalStatus(const storage::View& view, const ChangeCall& call,
                           const ledger::Outcome& outcome) {
  if (outcome.bank == 0) return ToStatus(*outcome.refusal, {});
  TB_ASSIGN_OR_RETURN(BankReader bank, BankReader::Open(view, outcome.bank));
  return bank.ToStatus(*outcome.refusal, call.today);
}

absl::Status RenderOutcome(const storage::View& view, const ChangeCall& call,
                           const ledger::Outcome& outcome) {
  if (outcome.refusal) return RefusalStatus(view, call, outcome);
  return call.render(view, outcome);
}

}  // namespace

Serving::Serving(ServingOptions options, engine::Engine* engine)
    : options_(std::move(options)),
      engine_(engine),
      hub_(options_.watch_streams),
      pool_(options_.pool_threads, options_.pool_queue) {
  if (!options_.now_us) options_.now_us = SystemNowUs;
}

absl::StatusOr<storage::Day> Serving::TodayOf(const storage::View& view, const std::string& bank_id) const {
  absl::StatusOr<BankReader> bank = BankReader::Open(view, bank_id);
  if (bank.ok()) return DayAt(NowUs(), bank->row().settings().time_zone());
  if (absl::IsNotFound(bank.status())) return DayAt(NowUs(), "UTC");
  return bank.status();
}

absl::Status Serving::Ready() {
  if (ready_.load(std::memory_order_relaxed)) return absl::OkStatus();
  if (engine_->state() != engine::Engine::State::kServing) {
    return ErrorOf(Reason::kNotServing, "the server is not ready; try again");
  }
  ready_.store(true, std::memory_order_relaxed);
  return absl::OkStatus();
}

grpc::ServerUnaryReactor* Serving::Change(grpc::CallbackServerContext* context, std::string bank_id,
                                          size_t bytes, std::string request_id, Prepare prepare,
                                          Render render) {
  auto call = std::make_shared<ChangeCall>(ChangeCall{context, context->DefaultReactor(), std::move(bank_id),
                                                      bytes, std::move(request_id), std::move(prepare),
                                                      std::move(render), CallerOf(*context)});
  auto done = [this, call](absl::StatusOr<ledger::Outcome> outcome) {
    if (absl::IsCancelled(outcome.status())) return Finish(*call, EndedEarly(call->context));
    if (!outcome.ok()) return Finish(*call, outcome.status());
    absl::Status status = RenderOutcome(engine_->Latest().InMemory(), *call, *outcome);
    if (!storage::IsNotInMemory(status)) return Finish(*call, status);
    auto again = [this, call, outcome = *std::move(outcome)] {
      Finish(*call, RenderOutcome(engine_->Latest(), *call, outcome));
    };
    // It is done and durable; a full pool must not make it look undone.
    if (!pool_.Submit(again)) again();
  };
  auto submit = [this, call, done](ledger::Command command) {
    engine_->Submit({std::move(command), call->bytes, [call] { return IsOver(call->context); }, done});
  };
  if (absl::Status ready = Ready(); !ready.ok()) {
    Finish(*call, ready);
    return call->reactor;
  }
  const int64_t now_us = NowUs();
  absl::StatusOr<ledger::Command> command = MakeCommand(engine_->Latest().InMemory(), *call, now_us);
  if (command.ok()) {
    submit(*std::move(command));
  } else if (!storage::IsNotInMemory(command.status())) {
    Finish(*call, command.status());
  } else if (!pool_.Submit([this, call, submit, now_us] {
               absl::StatusOr<ledger::Command> made = MakeCommand(engine_->Latest(), *call, now_us);
               if (made.ok()) {
                 submit(*std::move(made));
               } else {
                 Finish(*call, made.status());
               }
             })) {
    Finish(*call, FullPool());
  }
  return call->reactor;
}

// What can be said before the ledger is looked at.
absl::Status Serving::Precheck(const Caller& caller) {
  if (absl::Status ready = Ready(); !ready.ok()) return ready;
  return caller.violations.empty() ? absl::OkStatus() : ToStatus(caller.violations, "");
}

grpc::ServerUnaryReactor* Serving::Read(grpc::CallbackServerContext* context, Answer answer) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  Caller caller = CallerOf(*context);
  absl::Status status = Precheck(caller);
  if (status.ok()) status = answer(engine_->Latest().InMemory(), caller);
  if (storage::IsNotInMemory(status)) {
    AnswerOnPool(context, reactor, std::move(answer), std::move(caller));
  } else {
    reactor->Finish(ToGrpc(status, context));
  }
  return reactor;
}

grpc::ServerUnaryReactor* Serving::Scan(grpc::CallbackServerContext* context, Answer answer) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  Caller caller = CallerOf(*context);
  if (absl::Status status = Precheck(caller); status.ok()) {
    AnswerOnPool(context, reactor, std::move(answer), std::move(caller));
  } else {
    reactor->Finish(ToGrpc(status, context));
  }
  return reactor;
}

void Serving::AnswerOnPool(grpc::CallbackServerContext* context, grpc::ServerUnaryReactor* reactor,
                           Answer answer, Caller caller) {
  auto work = [this, context, reactor, answer = std::move(answer), caller = std::move(caller)] {
    const absl::Status status = IsOver(context) ? EndedEarly(context) : answer(engine_->Latest(), caller);
    reactor->Finish(ToGrpc(status, context));
  };
  if (!pool_.Submit(std::move(work))) reactor->Finish(ToGrpc(FullPool(), context));
}

}  // namespace timebank::services
