// timebank.v1.AccessService: keys, made and revoked by those who may; what others did for a member.
#ifndef TIMEBANK_SERVER_ACCESS_ACCESS_SERVICE_H_
#define TIMEBANK_SERVER_ACCESS_ACCESS_SERVICE_H_

#include "server/access/key_store.h"
#include "server/services/door.h"
#include "timebank/v1/access_service.grpc.pb.h"

namespace timebank::access {

class AccessService final : public v1::AccessService::CallbackService {
 public:
  // `keys` must outlive this. Behind a door that knows who comes in: whoever does may make keys. Null: there
  // are none, and what is about them is UNIMPLEMENTED.
  AccessService(const services::Door& door, KeyStore* keys);

  grpc::ServerUnaryReactor* CreateKey(grpc::CallbackServerContext* context,
                                      const v1::CreateKeyRequest* request,
                                      v1::CreateKeyResponse* response) override;
  grpc::ServerUnaryReactor* ListKeys(grpc::CallbackServerContext* context, const v1::ListKeysRequest* request,
                                     v1::ListKeysResponse* response) override;
  grpc::ServerUnaryReactor* RevokeKey(grpc::CallbackServerContext* context,
                                      const v1::RevokeKeyRequest* request,
                                      v1::RevokeKeyResponse* response) override;
  grpc::ServerUnaryReactor* ListActs(grpc::CallbackServerContext* context, const v1::ListActsRequest* request,
                                     v1::ListActsResponse* response) override;

 private:
  const services::Door door_;
  KeyStore* const keys_;
};

// What is wrong with a key that is to be made at `now_us`: of a bank, or of the server.
std::vector<ledger::Violation> ProblemsOf(const v1::Key& key, bool of_bank, int64_t now_us);

// A row for a key that is to be made; it lacks its bank.
storage::v1::KeyRow RowOf(const v1::Key& key);

}  // namespace timebank::access

#endif  // TIMEBANK_SERVER_ACCESS_ACCESS_SERVICE_H_
