#include "server/services/door.h"

#include <grpcpp/alarm.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <utility>

#include "server/ledger/error.h"

namespace timebank::services {

using grpc::CallbackServerContext;
using grpc::ServerUnaryReactor;

namespace {

// Who asks for too much waits at least so long for the answer: somebody who asks again at once, whatever the
// answer says, then takes no time from others. Not all the same time, or hundreds would ask again together.
constexpr std::chrono::milliseconds kHold(200);
constexpr uint32_t kHoldSteps = 256;

std::chrono::milliseconds NextHold() {
  static std::atomic<uint32_t> step = 0;
  constexpr uint32_t kFarApart = 97;  // odd: each step once in turn
  return kHold + std::chrono::milliseconds(step.fetch_add(kFarApart, std::memory_order_relaxed) % kHoldSteps);
}

struct Held {
  Call call;
  CallbackServerContext* context;
  ServerUnaryReactor* reactor;
  absl::Status status;
  std::string request_id;
  grpc::Alarm alarm = {};
};

}  // namespace

ServerUnaryReactor* Door::Change(CallbackServerContext* context, const google::protobuf::Message& request,
                                 std::string bank_id, size_t bytes, std::string request_id,
                                 Serving::Prepare prepare, Serving::Render render) const {
  Call call = serving_->Begin(/*is_stream=*/false, *context);
  absl::StatusOr<Caller> caller = Admit(*context, request, &call);
  if (!caller.ok()) return Refuse(call, context, caller.status(), request_id);
  return serving_->Change(std::move(call), context, *std::move(caller), std::move(bank_id), bytes,
                          std::move(request_id), std::move(prepare), std::move(render));
}

ServerUnaryReactor* Door::Read(CallbackServerContext* context, const google::protobuf::Message& request,
                               Serving::Answer answer) const {
  Call call = serving_->Begin(/*is_stream=*/false, *context);
  absl::StatusOr<Caller> caller = Admit(*context, request, &call);
  if (!caller.ok()) return Refuse(call, context, caller.status());
  return serving_->Read(std::move(call), context, *std::move(caller), std::move(answer));
}

ServerUnaryReactor* Door::Scan(CallbackServerContext* context, const google::protobuf::Message& request,
                               Serving::Answer answer) const {
  Call call = serving_->Begin(/*is_stream=*/false, *context);
  absl::StatusOr<Caller> caller = Admit(*context, request, &call);
  if (!caller.ok()) return Refuse(call, context, caller.status());
  return serving_->Scan(std::move(call), context, *std::move(caller), std::move(answer));
}

ServerUnaryReactor* Door::Refuse(Call& call, CallbackServerContext* context, const absl::Status& status,
                                 std::string_view request_id) const {
  ServerUnaryReactor* reactor = context->DefaultReactor();
  if (ledger::ReasonOf(status) != ledger::Reason::kRateLimited || !serving_->BeginHold()) {
    reactor->Finish(serving_->End(call, context, status, request_id));
    return reactor;
  }
  // Its own, until the alarm has gone off.
  auto* held = new Held{std::move(call), context, reactor, status, std::string(request_id)};
  held->alarm.Set(std::chrono::system_clock::now() + NextHold(), [held, serving = serving_](bool) {
    serving->EndHold();
    held->reactor->Finish(serving->End(held->call, held->context, held->status, held->request_id));
    delete held;
  });
  return reactor;
}

}  // namespace timebank::services
