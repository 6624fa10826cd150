#include "server/services/door.h"

#include <utility>

namespace timebank::services {

using grpc::CallbackServerContext;
using grpc::ServerUnaryReactor;

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
  reactor->Finish(serving_->End(call, context, status, request_id));
  return reactor;
}

}  // namespace timebank::services
