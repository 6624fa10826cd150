#include "client/cpp/connection.h"

#include <grpcpp/client_context.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "client/cpp/defaults.h"
#include "client/cpp/error.h"
#include "client/cpp/metadata_stub.h"
#include "client/cpp/names.h"
#include "client/cpp/position_memory.h"
#include "client/cpp/retry.h"
#include "client/cpp/stub.h"

namespace timebank::client {
namespace {

using Clock = std::chrono::steady_clock;

// Keeps "now plus the longest duration there is" from running over.
constexpr std::chrono::milliseconds kLongestDeadline = std::chrono::hours(24 * 365);

constexpr std::string_view kWatchLedger = "timebank.v1.LedgerService/WatchLedger";

template <typename Request>
concept Change = requires(Request request) {
  request.mutable_request_id();
};

// The table says which RPCs change something; the protos show it by their request_id. The two must agree.
#define TIMEBANK_CLIENT_CHECK(service, rpc, safety, span) \
  static_assert(Change<v1::rpc##Request> == (RpcSafety::safety == RpcSafety::kWrite), #rpc);
TIMEBANK_CLIENT_UNARY_RPCS(TIMEBANK_CLIENT_CHECK)
#undef TIMEBANK_CLIENT_CHECK

// The bank that a request is about, by its whole name; empty for a request about the whole server.
template <typename Request>
std::string BankOfRequest(const Request& request) {
  if constexpr (requires { request.parent(); }) {
    return std::string(BankOf(request.parent()));
  } else if constexpr (requires { request.name(); }) {
    return std::string(BankOf(request.name()));
  } else if constexpr (requires { request.member(); }) {
    return std::string(BankOf(request.member().name()));
  } else if constexpr (requires { request.timebank_id(); }) {
    return TimebankName(request.timebank_id());
  } else {
    return {};
  }
}

class RetryingConnection : public Connection {
 public:
  RetryingConnection(Options options, std::shared_ptr<Stub> stub)
      : options_(std::move(options)), stub_(std::move(stub)) {}

#define TIMEBANK_CLIENT_OVERRIDE(service, rpc, safety, span)                                       \
  absl::StatusOr<v1::rpc##Response> rpc(v1::rpc##Request request, const CallOptions& call_options) \
      override {                                                                                   \
    return Unary<v1::rpc##Response>(InfoOf(Rpc::k##rpc), request, call_options);                   \
  }
  TIMEBANK_CLIENT_UNARY_RPCS(TIMEBANK_CLIENT_OVERRIDE)
#undef TIMEBANK_CLIENT_OVERRIDE

  absl::StatusOr<v1::BatchRecordExchangesResponse> BatchRecordExchangesIn(
      v1::BatchRecordExchangesRequest& request, const CallOptions& call_options) override {
    return Unary<v1::BatchRecordExchangesResponse>(InfoOf(Rpc::kBatchRecordExchanges), request, call_options);
  }

  absl::Status WatchLedger(v1::WatchLedgerRequest request, const WatchCallback& callback,
                           std::stop_token stop, const CallOptions& call_options) override;

 private:
  // How one unary call went.
  struct Outcome {
    absl::Status status;
    int tries = 0;
  };

  template <typename Response, typename Request>
  absl::StatusOr<Response> Unary(const RpcInfo& rpc, Request& request, const CallOptions& call_options) {
    const std::string bank = BankOfRequest(request);
    Response response;
    if constexpr (Change<Request>) {
      if (request.request_id().empty()) request.set_request_id(options_.new_request_id());
      const Outcome outcome = TryUntilDone(rpc, /*min_position=*/{}, request, response, call_options);
      if (!outcome.status.ok()) return WithRequestId(outcome.status, request.request_id());
      if constexpr (requires { response.position(); }) {
        // An answer `replayed` to our first try repeats a change of long ago, which tells nothing about the
        // newest.
        if (response.replayed() && outcome.tries == 1) {
          positions_.RememberFirst(bank, response.position());
        } else {
          positions_.Remember(bank, response.position());
        }
      } else {
        positions_.Forget(bank, positions_.PositionOf(bank));  // the bank is gone
      }
    } else {
      const std::string position = options_.read_your_writes ? positions_.PositionOf(bank) : std::string();
      const Outcome outcome = TryUntilDone(rpc, position, request, response, call_options);
      if (!outcome.status.ok()) {
        // Another instance of the ledger (restored from a copy, say) will never get to that position. This
        // answer tells the caller so, once.
        if (ErrorReason(outcome.status) == "EPOCH_CHANGED") positions_.Forget(bank, position);
        return outcome.status;
      }
    }
    return response;
  }

  Outcome TryUntilDone(const RpcInfo& rpc, const std::string& min_position,
                       const google::protobuf::Message& request, google::protobuf::Message& response,
                       const CallOptions& call_options);

  Clock::time_point DeadlineAfter(std::chrono::milliseconds duration) const {
    return options_.now() + std::min(duration, kLongestDeadline);
  }
  // gRPC counts by the system's clock, we by one that may be a test's: what is handed over is the time that
  // is left.
  void SetDeadline(Clock::time_point deadline, grpc::ClientContext& context) const {
    context.set_deadline(
        std::chrono::system_clock::now() +
        std::chrono::duration_cast<std::chrono::system_clock::duration>(deadline - options_.now()));
  }

  // Constant after construction.
  const Options options_;
  const std::shared_ptr<Stub> stub_;

  PositionMemory positions_;
};

RetryingConnection::Outcome RetryingConnection::TryUntilDone(const RpcInfo& rpc,
                                                             const std::string& min_position,
                                                             const google::protobuf::Message& request,
                                                             google::protobuf::Message& response,
                                                             const CallOptions& call_options) {
  const Clock::time_point deadline = DeadlineAfter(call_options.deadline.value_or(
      rpc.span == RpcSpan::kBatch ? options_.batch_deadline : options_.deadline));
  Retry retry(options_.retry, deadline, options_.now, options_.random);
  std::optional<absl::Status> earlier;    // what the try before said
  std::optional<absl::Status> not_known;  // of a try that may have arrived
  for (int tries = 1;; ++tries) {
    grpc::ClientContext context;
    SetDeadline(deadline, context);
    if (!min_position.empty() && IsMetadataValue(min_position)) {
      context.AddMetadata("timebank-min-position", min_position);
    }
    absl::Status status = stub_->Call(rpc, context, request, response);
    if (status.ok()) return {.status = std::move(status), .tries = tries};
    const std::optional<std::chrono::nanoseconds> wait = retry.WaitAfter(status);
    if (!wait.has_value()) {
      if (not_known.has_value()) {
        // A server that has no room, or no time, did not look whether an earlier try had been carried out.
        status =
            absl::IsResourceExhausted(status) ? *std::move(not_known) : WithoutNeverSent(std::move(status));
      }
      // That time is over says less than why the server was not there before.
      if (absl::IsDeadlineExceeded(status) && earlier.has_value() && absl::IsUnavailable(*earlier)) {
        status = WithoutNeverSent(*std::move(earlier));
      }
      return {.status = std::move(status), .tries = tries};
    }
    earlier = status;
    if (!NeverSent(status) && !absl::IsResourceExhausted(status)) not_known = status;
    if (options_.before_wait) options_.before_wait({rpc.name, status, retry.FailingFor()});
    options_.sleep(*wait, std::stop_token());
  }
}

absl::Status RetryingConnection::WatchLedger(v1::WatchLedgerRequest request, const WatchCallback& callback,
                                             std::stop_token stop, const CallOptions& call_options) {
  std::optional<Clock::time_point> deadline;
  if (call_options.deadline.has_value()) deadline = DeadlineAfter(*call_options.deadline);
  Retry retry(options_.watch_retry, deadline, options_.now, options_.random);
  while (!stop.stop_requested()) {
    grpc::ClientContext context;
    if (deadline.has_value()) SetDeadline(*deadline, context);
    const std::stop_callback cancel(stop, [&context] { context.TryCancel(); });
    const std::unique_ptr<WatchStream> stream = stub_->WatchLedger(context, request);
    v1::WatchLedgerResponse message;
    while (!stop.stop_requested() && stream->Read(message)) {
      retry.StartAnew();
      if (!callback(message)) {
        context.TryCancel();
        stream->Finish().IgnoreError();  // CANCELLED, by us.
        return absl::OkStatus();
      }
      if (!message.position().empty()) request.set_after_position(message.position());
    }
    absl::Status status = stream->Finish();
    if (stop.stop_requested()) break;
    // The feed has no end: a server (or proxy) that ends it without an error, or cancels what we did not, is
    // on its way out.
    if (status.ok() || absl::IsCancelled(status))
      status = absl::UnavailableError("the server ended the feed");
    const std::optional<std::chrono::nanoseconds> wait = retry.WaitAfter(status);
    if (!wait.has_value()) return status;
    if (options_.before_wait) options_.before_wait({kWatchLedger, status, retry.FailingFor()});
    options_.sleep(*wait, stop);
  }
  return absl::CancelledError("the watch was stopped");
}

}  // namespace

std::shared_ptr<Connection> MakeConnection(Options options) {
  std::shared_ptr<Stub> stub = MakeStub(options);
  return MakeConnection(std::move(options), std::move(stub));
}

std::shared_ptr<Connection> MakeConnection(Options options, std::shared_ptr<Stub> stub) {
  return std::make_shared<RetryingConnection>(WithDefaults(std::move(options)), std::move(stub));
}

}  // namespace timebank::client
