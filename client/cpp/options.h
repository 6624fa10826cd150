// How a connection behaves: where it goes, on whose behalf, how long it waits and how often it tries again.
//
// Everything has a default that suits a command line or a small app on the server's own machine. Durations
// are std::chrono values. An Options is a plain value: copied into the connection, no effect afterwards.
// Every member has an initializer so that `{.target = "localhost:7400"}` leaves the rest out without a
// warning.
#ifndef TIMEBANK_CLIENT_CPP_OPTIONS_H_
#define TIMEBANK_CLIENT_CPP_OPTIONS_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace grpc {
class ChannelCredentials;
}  // namespace grpc

namespace timebank::client {

// When to try again after UNAVAILABLE, INTERNAL without a reason (a proxy lost the server), or
// RESOURCE_EXHAUSTED that says when. Nothing else is ever tried again.
//
// The defaults outlive a server's restart: ten seconds of tries, and five tries of a server that has too much
// to do, which more of them would not help.
//
// Before the n-th retry the connection waits between half and all of `initial_backoff` * `multiplier`^(n-1),
// never more than `max_backoff`, and never less than the server's RetryInfo asks for. Where exactly is drawn
// from Options::random, so that many callers do not come back at the same moment.
struct RetryPolicy {
  // Tries in all, the first included: 1 means no retry, 0 means no limit.
  int max_attempts = 0;
  // The same where the last answer was RESOURCE_EXHAUSTED.
  int max_busy_attempts = 5;
  // No try starts later than this after the first failure; none: the call's deadline alone decides.
  std::optional<std::chrono::milliseconds> total_time = std::chrono::milliseconds(10'000);
  std::chrono::milliseconds initial_backoff{100};
  std::chrono::milliseconds max_backoff{2'000};
  // At least 1.
  double multiplier = 2.0;
};

// One try of one call, as told to Options::log.
struct CallRecord {
  // `timebank.v1.LedgerService/RecordExchange`.
  std::string_view rpc = {};
  // What came of this try. For WatchLedger: how the stream ended.
  absl::Status status = absl::OkStatus();
  // From sending the request to having the whole answer; for WatchLedger the life of the stream.
  std::chrono::nanoseconds took{0};
};

// One wait between two tries, as told to Options::before_wait.
struct WaitRecord {
  // As in CallRecord.
  std::string_view rpc = {};
  // What came of the last try.
  absl::Status status = absl::OkStatus();
  // Since the first failure of the call; of WatchLedger, since the first behind the last message. 0: it is
  // the first.
  std::chrono::nanoseconds failing_for{0};
};

struct Options {
  // What gRPC can connect to: `localhost:7400`, `unix:/run/timebank/timebank.sock`,
  // `dns:///bank.example.org:7400`.
  std::string target = "localhost:7400";
  // client/cpp/credentials.h makes them of files. Null: not encrypted where `target` is on this machine;
  // elsewhere TLS, the server's certificate being one that the system trusts.
  std::shared_ptr<grpc::ChannelCredentials> credentials = nullptr;
  // Where there are no credentials: nothing is encrypted, wherever it goes.
  bool plaintext = false;

  // What shows who calls: a key (`tbk_...`) or a provider's token, sent as `authorization: Bearer ...` with
  // every call; empty: none. The server then knows the caller by it and believes little of what follows. Read
  // it from a file or a variable; on a command line everybody on the machine can see it.
  std::string key = {};

  // Who calls. Each goes out as the metadata of that name, with every call; empty ones are left out and the
  // server takes its default. Visible ASCII only: anything else makes every call fail with INVALID_ARGUMENT,
  // unsent.
  //
  // `timebank-caller`: the name of the calling key, [a-z0-9._-].
  std::string caller = {};
  // `timebank-member`: the member at the keyboard, id or resource name. The caller then acts as that member.
  std::string member = {};
  // `timebank-role`: `broker`, `member` or `partner`.
  std::string role = {};

  // How long a call may take, all its tries and the waits between them together. Batches
  // (BatchRecordExchanges, BatchGetBalances) have their own. WatchLedger has no deadline unless its
  // CallOptions name one.
  std::chrono::milliseconds deadline{10'000};
  std::chrono::milliseconds batch_deadline{60'000};

  // For every call but WatchLedger.
  RetryPolicy retry = {};
  // For WatchLedger; counted anew after every message that arrives. A follower outlives a server's restart.
  RetryPolicy watch_retry = {
      .max_busy_attempts = 0, .total_time = std::nullopt, .max_backoff = std::chrono::milliseconds(5'000)};

  // Reads of a bank ask for an answer that includes the last change this connection made there, whichever
  // server of a cluster they reach (metadata `timebank-min-position`).
  bool read_your_writes = true;

  // Called after every try, on the thread that made it; must not block. May be empty.
  std::function<void(const CallRecord&)> log = {};
  // Called before each wait between two tries, on the thread that makes the call: for telling somebody who
  // waits. May be empty.
  std::function<void(const WaitRecord&)> before_wait = {};

  // For tests; empty ones are the real thing. Called from whichever threads make calls, at the same time.
  //
  // A clock that never goes back.
  std::function<std::chrono::steady_clock::time_point()> now = {};
  // Returns after the duration, or as soon as a stop is requested.
  std::function<void(std::chrono::nanoseconds, std::stop_token)> sleep = {};
  // Evenly spread 64-bit numbers, for the waits between tries.
  std::function<std::uint64_t()> random = {};
  // A new request id: 1 to 128 visible ASCII characters, never the same twice.
  std::function<std::string()> new_request_id = {};
};

// What one call wants otherwise than the connection's Options say.
struct CallOptions {
  // For this call with all its tries; for a range, for each page.
  std::optional<std::chrono::milliseconds> deadline = std::nullopt;
};

}  // namespace timebank::client

#endif  // TIMEBANK_CLIENT_CPP_OPTIONS_H_
