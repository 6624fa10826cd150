// timebank.v1.MemberService, CircleService and TimebankService; see Serving for how calls are carried out.
#ifndef TIMEBANK_SERVER_SERVICES_DIRECTORY_SERVICES_H_
#define TIMEBANK_SERVER_SERVICES_DIRECTORY_SERVICES_H_

#include "server/services/door.h"
#include "timebank/v1/circle_service.grpc.pb.h"
#include "timebank/v1/member_service.grpc.pb.h"
#include "timebank/v1/timebank_service.grpc.pb.h"

namespace timebank::services {

class MemberService final : public v1::MemberService::CallbackService {
 public:
  explicit MemberService(const Door& door);

  grpc::ServerUnaryReactor* CreateMember(grpc::CallbackServerContext* context,
                                         const v1::CreateMemberRequest* request,
                                         v1::CreateMemberResponse* response) override;
  grpc::ServerUnaryReactor* GetMember(grpc::CallbackServerContext* context,
                                      const v1::GetMemberRequest* request,
                                      v1::GetMemberResponse* response) override;
  grpc::ServerUnaryReactor* ListMembers(grpc::CallbackServerContext* context,
                                        const v1::ListMembersRequest* request,
                                        v1::ListMembersResponse* response) override;
  grpc::ServerUnaryReactor* UpdateMember(grpc::CallbackServerContext* context,
                                         const v1::UpdateMemberRequest* request,
                                         v1::UpdateMemberResponse* response) override;
  grpc::ServerUnaryReactor* CloseMember(grpc::CallbackServerContext* context,
                                        const v1::CloseMemberRequest* request,
                                        v1::CloseMemberResponse* response) override;
  grpc::ServerUnaryReactor* ReopenMember(grpc::CallbackServerContext* context,
                                         const v1::ReopenMemberRequest* request,
                                         v1::ReopenMemberResponse* response) override;
  grpc::ServerUnaryReactor* MergeMember(grpc::CallbackServerContext* context,
                                        const v1::MergeMemberRequest* request,
                                        v1::MergeMemberResponse* response) override;
  grpc::ServerUnaryReactor* GrantActingFor(grpc::CallbackServerContext* context,
                                           const v1::GrantActingForRequest* request,
                                           v1::GrantActingForResponse* response) override;
  grpc::ServerUnaryReactor* RevokeActingFor(grpc::CallbackServerContext* context,
                                            const v1::RevokeActingForRequest* request,
                                            v1::RevokeActingForResponse* response) override;
  grpc::ServerUnaryReactor* ListActingFor(grpc::CallbackServerContext* context,
                                          const v1::ListActingForRequest* request,
                                          v1::ListActingForResponse* response) override;

 private:
  const Door door_;
};

class CircleService final : public v1::CircleService::CallbackService {
 public:
  explicit CircleService(const Door& door);

  grpc::ServerUnaryReactor* CreateCircle(grpc::CallbackServerContext* context,
                                         const v1::CreateCircleRequest* request,
                                         v1::CreateCircleResponse* response) override;
  grpc::ServerUnaryReactor* GetCircle(grpc::CallbackServerContext* context,
                                      const v1::GetCircleRequest* request,
                                      v1::GetCircleResponse* response) override;
  grpc::ServerUnaryReactor* ListCircles(grpc::CallbackServerContext* context,
                                        const v1::ListCirclesRequest* request,
                                        v1::ListCirclesResponse* response) override;
  grpc::ServerUnaryReactor* AddCircleMembers(grpc::CallbackServerContext* context,
                                             const v1::AddCircleMembersRequest* request,
                                             v1::AddCircleMembersResponse* response) override;
  grpc::ServerUnaryReactor* RemoveCircleMembers(grpc::CallbackServerContext* context,
                                                const v1::RemoveCircleMembersRequest* request,
                                                v1::RemoveCircleMembersResponse* response) override;

 private:
  const Door door_;
};

class TimebankService final : public v1::TimebankService::CallbackService {
 public:
  explicit TimebankService(const Door& door);

  grpc::ServerUnaryReactor* CreateTimebank(grpc::CallbackServerContext* context,
                                           const v1::CreateTimebankRequest* request,
                                           v1::CreateTimebankResponse* response) override;
  grpc::ServerUnaryReactor* GetTimebank(grpc::CallbackServerContext* context,
                                        const v1::GetTimebankRequest* request,
                                        v1::GetTimebankResponse* response) override;
  grpc::ServerUnaryReactor* ListTimebanks(grpc::CallbackServerContext* context,
                                          const v1::ListTimebanksRequest* request,
                                          v1::ListTimebanksResponse* response) override;
  grpc::ServerUnaryReactor* UpdateSettings(grpc::CallbackServerContext* context,
                                           const v1::UpdateSettingsRequest* request,
                                           v1::UpdateSettingsResponse* response) override;
  grpc::ServerUnaryReactor* DeleteTimebank(grpc::CallbackServerContext* context,
                                           const v1::DeleteTimebankRequest* request,
                                           v1::DeleteTimebankResponse* response) override;
  grpc::ServerUnaryReactor* ListSettingsChanges(grpc::CallbackServerContext* context,
                                                const v1::ListSettingsChangesRequest* request,
                                                v1::ListSettingsChangesResponse* response) override;

 private:
  const Door door_;
};

}  // namespace timebank::services

#endif  // TIMEBANK_SERVER_SERVICES_DIRECTORY_SERVICES_H_
