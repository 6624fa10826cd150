// Calls, as far as they are counted, timed and logged: what a handler's RPC is, and who is told when it has
// ended.
//
//   CallScope(rpc) ──► the handler ──► Serving::Begin, by the door or the feed ──► ... ──► Serving::End
//
// Threads: any.
#ifndef TIMEBANK_SERVER_SERVICES_CALLS_H_
#define TIMEBANK_SERVER_SERVICES_CALLS_H_

#include <grpcpp/server_context.h>
#include <grpcpp/support/status.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace timebank::services {

// There are fewer RPCs than this.
inline constexpr size_t kMostRpcs = 128;

// The number of the RPC `LedgerService/RecordExchange`, the same each time; from 1, in the order in which
// they were first asked for. 0 is a call of which that is not known.
size_t RpcNumber(std::string_view name);
// By number; the first is empty.
std::vector<std::string> RpcNames();

// Of a unary call that states none.
inline constexpr std::chrono::seconds kDefaultDeadline{60};

// Until when a unary call that begins at `now` is worth being carried out; `stated`: its own deadline, the
// clock's end where it has none.
inline std::chrono::system_clock::time_point Until(std::chrono::system_clock::time_point stated,
                                                   std::chrono::system_clock::time_point now) {
  return stated == std::chrono::system_clock::time_point::max() ? now + kDefaultDeadline : stated;
}

// Whether nobody waits for a unary call any more: it is cancelled, or its time (Until) has passed.
inline bool IsOver(const grpc::CallbackServerContext& context, std::chrono::system_clock::time_point until) {
  return until <= std::chrono::system_clock::now() || context.IsCancelled();
}

struct Call {
  size_t rpc = 0;
  bool is_stream = false;
  std::chrono::steady_clock::time_point began = {};
  std::chrono::system_clock::time_point until = {};  // a unary call's
  std::string key = {};                          // id of the key that calls; empty: none, or not known yet
  std::shared_ptr<const void> permit = nullptr;  // of who counts calls under way; Serving::End gives it back
  // The same for all calls of one caller, whose long reads share the pool fairly; null: not known. Not looked
  // at.
  const void* owner = nullptr;
};

// While it lives, what runs on this thread is a call of this RPC.
class CallScope {
 public:
  explicit CallScope(size_t rpc) { current_rpc = rpc; }
  ~CallScope() { current_rpc = 0; }
  CallScope(const CallScope&) = delete;
  CallScope& operator=(const CallScope&) = delete;

  // The call that begins now on this thread.
  static Call Beginning() { return {.rpc = current_rpc, .began = std::chrono::steady_clock::now()}; }

 private:
  static inline thread_local size_t current_rpc = 0;
};

struct EndedCall {
  size_t rpc;
  bool is_stream;
  grpc::StatusCode code;
  std::string_view reason;        // ErrorInfo.reason; empty: none
  std::chrono::nanoseconds took;  // until the answer was ready to be sent; a stream: until it ended
  std::string_view request_id;    // as the caller gave it; empty for reads
  grpc::CallbackServerContext& context;
  std::string_view key = {};   // Call::key
  std::string_view told = {};  // what the caller is told
};

// Told about each call. On the threads that carry calls out: must be quick, and must not block.
class CallObserver {
 public:
  virtual ~CallObserver() = default;
  virtual void Began(bool is_stream) = 0;
  virtual void Ended(const EndedCall& call) = 0;
};

}  // namespace timebank::services

#endif  // TIMEBANK_SERVER_SERVICES_CALLS_H_
