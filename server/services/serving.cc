#include "server/services/serving.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>

#include "server/engine/random.h"
#include "server/ledger/error.h"
#include "server/ledger/validate.h"
#include "server/services/days.h"
#include "server/services/errors.h"
#include "server/services/names.h"
#include "storage/status_macros.h"

namespace timebank::services {
namespace {

using ledger::ErrorOf;
using ledger::Reason;

// What a call that nobody waits for any more is answered: nothing was carried out.
absl::Status EndedEarly(const Call& call) {
  if (call.until <= std::chrono::system_clock::now()) {
    return absl::DeadlineExceededError("the deadline passed before the call was carried out");
  }
  return absl::CancelledError("the call ended before it was carried out");
}

// A bank that got the id of the caller's when that was deleted.
bool IsOtherBank(const Caller& caller, storage::BankNumber bank) {
  return caller.bank_number != 0 && caller.bank_number != bank;
}

ServingOptions WithClock(ServingOptions options) {
  if (!options.now_us) options.now_us = SystemNowUs;
  return options;
}

absl::Status FullPool() {
  return ErrorOf(Reason::kQueueFull, "too many reads are waiting for the disk; try again");
}

}  // namespace

Serving::Serving(ServingOptions options, engine::Engine* engine)
    : options_(WithClock(std::move(options))),
      engine_(engine),
      looks_({.rows = &engine->looks(),
              .has_bank = [this](storage::BankNumber bank) { return HasBank(bank); },
              .now_us = options_.now_us,
              .on_trouble = options_.on_trouble}),
      feeder_(
          options_.watch_streams, [this] { return Latest(); }, &pool_),
      pool_(options_.pool_threads, options_.pool_queue) {}

storage::Day Serving::TodayOf(const BankReader& bank) const { return DayAt(NowUs(), bank.zone()); }

absl::Status Serving::NoteLook(const BankReader& bank, const Caller& caller, storage::AccountNumber account,
                               LookKind kind) {
  if (storage::KindOf(account) != storage::HolderKind::kMember) return absl::OkStatus();
  storage::AccountNumber by = 0;
  if (!caller.actor.member.empty()) {
    TB_ASSIGN_OR_RETURN(by, bank.AccountIfAny({ledger::HolderKind::kMember, caller.actor.member}));
    if (by == account) return absl::OkStatus();
  }
  const int64_t now_us = NowUs();
  looks_.Note(bank.bank(), account,
              {.by = by,
               .with = caller.actor.caller,
               .kind = kind,
               .day = DayAt(now_us, bank.zone()),
               .now_us = now_us});
  return absl::OkStatus();
}

// Until everything is replayed there may be banks that nobody sees yet.
bool Serving::HasBank(storage::BankNumber bank) {
  if (!Ready().ok()) return true;
  const NamedView view = Latest();
  const auto record = view.directory->BankOf(view.view, bank);
  return !record.ok() || *record != nullptr;
}

absl::Status Serving::Ready() {
  if (ready_.load(std::memory_order_relaxed)) return absl::OkStatus();
  if (engine_->state() != engine::Engine::State::kServing) {
    return ErrorOf(Reason::kNotServing, "the server is not ready; try again");
  }
  ready_.store(true, std::memory_order_relaxed);
  return absl::OkStatus();
}

Call Serving::Begin(bool is_stream, const grpc::CallbackServerContext& context) {
  Call call;
  if (options_.observer != nullptr) {
    options_.observer->Began(is_stream);
    call = CallScope::Beginning();
  }
  call.is_stream = is_stream;
  call.until = Until(context.deadline(), std::chrono::system_clock::now());
  return call;
}

grpc::Status Serving::End(Call& call, grpc::CallbackServerContext* context, const absl::Status& status,
                          std::string_view request_id) {
  std::string reason;
  if (absl::IsDataLoss(status) && !ledger::ReasonOf(status) && options_.on_damage) options_.on_damage(status);
  grpc::Status sent = ToGrpc(status, context, &reason);
  if (options_.observer != nullptr) {
    options_.observer->Ended({call.rpc, call.is_stream, sent.error_code(), reason,
                              std::chrono::steady_clock::now() - call.began, request_id, *context, call.key,
                              sent.error_message()});
  }
  call.permit.reset();  // before the caller hears of it, who may call again then
  return sent;
}

// One change on its way. Whoever finishes the call has it last.
struct Serving::ChangeCall {
  grpc::CallbackServerContext* context;
  grpc::ServerUnaryReactor* reactor;
  std::string bank_id;
  size_t bytes;
  std::string request_id;
  Prepare prepare;
  Render render;
  Caller caller;
  int64_t now_us = 0;
  Serving* serving = nullptr;
  Call counted = {};
  storage::Day today = 0;

  void Finish(const absl::Status& status) {
    reactor->Finish(serving->End(counted, context, status, request_id));
  }

  absl::Status RenderOutcome(const NamedView& newest, const ledger::Outcome& outcome) const {
    const NamedView view = newest.SeenBy(caller);
    if (!outcome.refusal) return render(view, outcome);
    if (outcome.bank == 0) return ToStatus(*outcome.refusal, {});
    TB_ASSIGN_OR_RETURN(BankReader bank, BankReader::Open(view, outcome.bank));
    return bank.ToStatus(*outcome.refusal, today);
  }
};

grpc::ServerUnaryReactor* Serving::Change(Call counted, grpc::CallbackServerContext* context, Caller caller,
                                          std::string bank_id, size_t bytes, std::string request_id,
                                          Prepare prepare, Render render) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  auto call = std::make_unique<ChangeCall>(
      ChangeCall{context, reactor, std::move(bank_id), bytes, std::move(request_id), std::move(prepare),
                 std::move(render), std::move(caller), NowUs(), this, std::move(counted)});
  if (absl::Status ready = Ready(); !ready.ok()) {
    call->Finish(ready);
    return reactor;
  }
  ledger::Command command;
  absl::Status made = MakeCommand(Latest().InMemory(), *call, &command);
  if (made.ok()) {
    Submit(std::move(call), std::move(command));
  } else if (!storage::IsNotInMemory(made)) {
    call->Finish(made);
  } else {
    ChangeCall* waiting = call.release();  // the pool's, if it takes it
    if (!pool_.Submit([this, waiting] {
          std::unique_ptr<ChangeCall> mine(waiting);
          ledger::Command again;
          absl::Status status = MakeCommand(Latest(), *mine, &again);
          if (status.ok()) return Submit(std::move(mine), std::move(again));
          mine->Finish(status);
        })) {
      call.reset(waiting);
      call->Finish(FullPool());
    }
  }
  return reactor;
}

// Makes the command whole: who, when, what day that is. An error is the answer.
absl::Status Serving::MakeCommand(const NamedView& view, ChangeCall& call, ledger::Command* command) {
  absl::TimeZone zone = absl::UTCTimeZone();
  bool bank_found = true;
  if (!call.bank_id.empty()) {
    TB_ASSIGN_OR_RETURN(auto bank, view.directory->FindBank(view.view, call.bank_id));
    bank_found = bank != nullptr;
    if (bank_found) zone = bank->zone;
    if (bank_found && IsOtherBank(call.caller, bank->number)) return NotAllowed();
  }
  call.today = DayAt(call.now_us, zone);
  Prepared prepared;
  TB_RETURN_IF_ERROR(call.prepare(call.today, prepared));
  if (prepared.zone) call.today = DayAt(call.now_us, *prepared.zone);
  prepared.command.bank = call.bank_id;
  prepared.command.actor = call.caller.actor;
  prepared.command.actor.bank = call.caller.bank_number;  // asked again when it is carried out
  prepared.command.request_id = call.request_id;
  prepared.command.stamp = {call.now_us, call.today, engine::RandomBytes(16)};
  // What could be read is checked as well, so that the caller learns everything at once.
  std::vector<ledger::Violation> violations = call.caller.violations;
  violations.insert(violations.end(), prepared.violations.begin(), prepared.violations.end());
  for (ledger::Violation& violation : ledger::Validate(prepared.command)) {
    const bool known = std::any_of(violations.begin(), violations.end(), [&](const ledger::Violation& other) {
      return other.field == violation.field;
    });
    if (!known) violations.push_back(std::move(violation));
  }
  if (!call.caller.member_bank.empty() && call.caller.member_bank != call.bank_id) {
    violations.push_back({"timebank-member", std::string(ledger::violation::kOtherBank)});
  }
  if (!violations.empty()) return ToStatus(violations, FormatDay(call.today));
  if (!bank_found) return NotFound(Reason::kTimebankNotFound, BankName(call.bank_id));
  *command = std::move(prepared.command);
  return absl::OkStatus();
}

void Serving::Submit(std::unique_ptr<ChangeCall> call, ledger::Command command) {
  const size_t bytes = call->bytes;
  // The context lives until the call is finished, which happens in `done`.
  auto abandoned = [context = call->context, until = call->counted.until] { return IsOver(*context, until); };
  auto done = [this, call = std::move(call)](absl::StatusOr<ledger::Outcome> outcome) mutable {
    Finish(std::move(call), std::move(outcome));
  };
  engine_->Submit({std::move(command), bytes, std::move(abandoned), std::move(done)});
}

void Serving::Finish(std::unique_ptr<ChangeCall> call, absl::StatusOr<ledger::Outcome> outcome) {
  if (absl::IsCancelled(outcome.status())) return call->Finish(EndedEarly(call->counted));
  if (!outcome.ok()) return call->Finish(outcome.status());
  absl::Status status = call->RenderOutcome(Latest().InMemory(), *outcome);
  if (!storage::IsNotInMemory(status)) return call->Finish(status);
  // It is done and durable; a full pool must not make it look undone.
  auto again = [this, call = std::shared_ptr<ChangeCall>(std::move(call)), outcome = *std::move(outcome)] {
    call->Finish(call->RenderOutcome(Latest(), outcome));
  };
  if (!pool_.Submit(again)) again();
}

// What can be said before the ledger is looked at.
absl::Status Serving::Precheck(const Caller& caller) {
  if (absl::Status ready = Ready(); !ready.ok()) return ready;
  return caller.violations.empty() ? absl::OkStatus() : ToStatus(caller.violations, "");
}

grpc::ServerUnaryReactor* Serving::Read(Call call, grpc::CallbackServerContext* context, Caller caller,
                                        Answer answer) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  absl::Status status = Precheck(caller);
  if (status.ok()) status = answer(Latest().InMemory().SeenBy(caller), caller);
  if (storage::IsNotInMemory(status)) {
    AnswerOnPool(std::move(call), context, reactor, std::move(answer), std::move(caller));
  } else {
    reactor->Finish(End(call, context, status));
  }
  return reactor;
}

grpc::ServerUnaryReactor* Serving::Scan(Call call, grpc::CallbackServerContext* context, Caller caller,
                                        Answer answer) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  if (absl::Status status = Precheck(caller); status.ok()) {
    AnswerOnPool(std::move(call), context, reactor, std::move(answer), std::move(caller));
  } else {
    reactor->Finish(End(call, context, status));
  }
  return reactor;
}

void Serving::AnswerOnPool(Call call, grpc::CallbackServerContext* context, grpc::ServerUnaryReactor* reactor,
                           Answer answer, Caller caller) {
  // One and not copies: who was counted as under way is no longer once the answer is sent.
  auto shared = std::make_shared<Call>(std::move(call));
  const void* const owner = shared->owner;
  auto work = [this, shared, context, reactor, answer = std::move(answer), caller = std::move(caller)] {
    const absl::Status status =
        IsOver(*context, shared->until) ? EndedEarly(*shared) : answer(Latest().SeenBy(caller), caller);
    reactor->Finish(End(*shared, context, status));
  };
  if (!pool_.Submit(std::move(work), owner)) reactor->Finish(End(*shared, context, FullPool()));
}

}  // namespace timebank::services
