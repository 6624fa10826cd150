// A Connection for tests of code that uses the client library: no server, no network.
//
//   auto connection = std::make_shared<timebank::client::MockConnection>();
//   EXPECT_CALL(*connection, RecordExchange).WillOnce(Return(absl::UnavailableError("away")));
//   timebank::client::Client client(connection);
//
// There is no retry loop in it, and no request_id is filled in: what the code under test sent is what the
// mock gets. Link `timebank_client_mocks`.
#ifndef TIMEBANK_CLIENT_CPP_MOCK_CONNECTION_H_
#define TIMEBANK_CLIENT_CPP_MOCK_CONNECTION_H_

#include <gmock/gmock.h>

#include <stop_token>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/cpp/connection.h"

namespace timebank::client {

class MockConnection : public Connection {
 public:
#define TIMEBANK_CLIENT_MOCK(service, rpc, safety, span) \
  MOCK_METHOD(absl::StatusOr<v1::rpc##Response>, rpc, (v1::rpc##Request, const CallOptions&), (override));
  TIMEBANK_CLIENT_UNARY_RPCS(TIMEBANK_CLIENT_MOCK)
#undef TIMEBANK_CLIENT_MOCK
  MOCK_METHOD(absl::Status, WatchLedger,
              (v1::WatchLedgerRequest, const WatchCallback&, std::stop_token, const CallOptions&),
              (override));
};

}  // namespace timebank::client

#endif  // TIMEBANK_CLIENT_CPP_MOCK_CONNECTION_H_
