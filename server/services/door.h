// Where every call comes in: who makes it and whether that may be is decided here, before anything is done
// for it, and nowhere else. What is behind the door is Serving. Calls that are refused here are counted and
// logged like all others.
//
// A server has a door for each address that it listens on: behind the operator's socket everybody is an
// operator.
//
// Threads: any.
#ifndef TIMEBANK_SERVER_SERVICES_DOOR_H_
#define TIMEBANK_SERVER_SERVICES_DOOR_H_

#include <grpcpp/support/server_callback.h>

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "server/services/serving.h"

namespace timebank::services {

class Door {
 public:
  // Both must outlive this and its copies.
  Door(Serving* serving, const Authorizer* authorizer) : serving_(serving), authorizer_(authorizer) {}

  Serving& serving() const { return *serving_; }

  // As in Serving, with the caller found out from the call and its `request`.
  grpc::ServerUnaryReactor* Change(grpc::CallbackServerContext* context,
                                   const google::protobuf::Message& request, std::string bank_id,
                                   size_t bytes, std::string request_id, Serving::Prepare prepare,
                                   Serving::Render render) const;
  grpc::ServerUnaryReactor* Read(grpc::CallbackServerContext* context,
                                 const google::protobuf::Message& request, Serving::Answer answer) const;
  grpc::ServerUnaryReactor* Scan(grpc::CallbackServerContext* context,
                                 const google::protobuf::Message& request, Serving::Answer answer) const;

  // For a stream, which asks for itself; as Authorizer's.
  absl::StatusOr<Caller> Admit(const grpc::CallbackServerContext& context,
                               const google::protobuf::Message& request, Call* call) const {
    return authorizer_->Admit(context, request, call);
  }

 private:
  grpc::ServerUnaryReactor* Refuse(Call& call, grpc::CallbackServerContext* context,
                                   const absl::Status& status, std::string_view request_id = {}) const;

  Serving* serving_;
  const Authorizer* authorizer_;
};

}  // namespace timebank::services

#endif  // TIMEBANK_SERVER_SERVICES_DOOR_H_
