#include "server/services/door.h"

#include <utility>

#include "server/services/errors.h"

namespace timebank::services {

using grpc::CallbackServerContext;
using grpc::ServerUnaryReactor;

namespace {

ServerUnaryReactor* Refuse(CallbackServerContext* context, const absl::Status& status) {
  ServerUnaryReactor* reactor = context->DefaultReactor();
  reactor->Finish(ToGrpc(status, context));
  return reactor;
}

}  // namespace

ServerUnaryReactor* Door::Change(CallbackServerContext* context, const google::protobuf::Message& request,
                                 std::string bank_id, size_t bytes, std::string request_id,
                                 Serving::Prepare prepare, Serving::Render render) const {
  absl::StatusOr<Caller> caller = Admit(*context, request);
  if (!caller.ok()) return Refuse(context, caller.status());
  return serving_->Change(context, *std::move(caller), std::move(bank_id), bytes, std::move(request_id),
                          std::move(prepare), std::move(render));
}

ServerUnaryReactor* Door::Read(CallbackServerContext* context, const google::protobuf::Message& request,
                               Serving::Answer answer) const {
  absl::StatusOr<Caller> caller = Admit(*context, request);
  if (!caller.ok()) return Refuse(context, caller.status());
  return serving_->Read(context, *std::move(caller), std::move(answer));
}

ServerUnaryReactor* Door::Scan(CallbackServerContext* context, const google::protobuf::Message& request,
                               Serving::Answer answer) const {
  absl::StatusOr<Caller> caller = Admit(*context, request);
  if (!caller.ok()) return Refuse(context, caller.status());
  return serving_->Scan(context, *std::move(caller), std::move(answer));
}

}  // namespace timebank::services
