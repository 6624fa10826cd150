// What a Client speaks through: one virtual function for each RPC, so that a test can put something else in
// its place (client/cpp/mock_connection.h).
//
// The real one, from MakeConnection(), gives every call its deadline, every change its request_id, tries
// again where that is safe, and remembers positions for reads that follow (client/cpp/README.md tells the
// whole story). Errors are those of the service with their details (client/cpp/error.h), or gRPC's own.
//
// Threads: any, at the same time. Calls block the thread that makes them.
#ifndef TIMEBANK_CLIENT_CPP_CONNECTION_H_
#define TIMEBANK_CLIENT_CPP_CONNECTION_H_

#include <functional>
#include <memory>
#include <stop_token>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/cpp/options.h"
#include "client/cpp/rpcs.h"
#include "timebank/v1/access_service.pb.h"
#include "timebank/v1/circle_service.pb.h"
#include "timebank/v1/ledger_service.pb.h"
#include "timebank/v1/member_service.pb.h"
#include "timebank/v1/timebank_service.pb.h"

namespace timebank::client {

class Stub;

// One message of the change feed: events in order, none in a heartbeat. False ends the watch.
using WatchCallback = std::function<bool(const v1::WatchLedgerResponse&)>;

class Connection {
 public:
  virtual ~Connection() = default;

  // absl::StatusOr<v1::RecordExchangeResponse> RecordExchange(v1::RecordExchangeRequest, const CallOptions&),
  // and so on for every line of client/cpp/rpcs.h.
#define TIMEBANK_CLIENT_DECLARE(service, rpc, safety, span) \
  virtual absl::StatusOr<v1::rpc##Response> rpc(v1::rpc##Request request, const CallOptions& options) = 0;
  TIMEBANK_CLIENT_UNARY_RPCS(TIMEBANK_CLIENT_DECLARE)
#undef TIMEBANK_CLIENT_DECLARE

  // The same as BatchRecordExchanges, with a request that stays the caller's.
  virtual absl::StatusOr<v1::BatchRecordExchangesResponse> BatchRecordExchangesIn(
      v1::BatchRecordExchangesRequest& request, const CallOptions& options) {
    return BatchRecordExchanges(request, options);
  }

  // As Client::Watch.
  virtual absl::Status WatchLedger(v1::WatchLedgerRequest request, const WatchCallback& callback,
                                   std::stop_token stop, const CallOptions& options) = 0;
};

// A connection to `options.target`. Never fails: nothing is sent before the first call, and a server that
// cannot be reached shows as UNAVAILABLE then.
std::shared_ptr<Connection> MakeConnection(Options options);

// The same over a stub of one's own. Nothing is added to it: for tests and unusual transports.
std::shared_ptr<Connection> MakeConnection(Options options, std::shared_ptr<Stub> stub);

}  // namespace timebank::client

#endif  // TIMEBANK_CLIENT_CPP_CONNECTION_H_
