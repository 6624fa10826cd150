// A line of the log for a call: those that fail, and of those that end well as many as one can look at.
//
//     {"time":...,"level":"info","msg":"call","rpc":"LedgerService/RecordExchange","code":"NOT_FOUND",
//      "reason":"HOLDER_NOT_FOUND","ms":"0.214","request_id":"r-17","key":"","trace":"4bf9...","span":"00f0..."}
//
// Who called is the id of a key, what it was about is not said at all: never a name, a note or a secret.
// `request_id` is there where the call had a proper one, `trace` and `span` where it carried a W3C
// traceparent.
//
// Threads: any.
#ifndef TIMEBANK_SERVER_OPS_CALL_LOG_H_
#define TIMEBANK_SERVER_OPS_CALL_LOG_H_

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/ops/line_limit.h"
#include "server/services/calls.h"

namespace timebank::ops {

// What a W3C traceparent says; empty where the header is none of version 00 or like it.
struct TraceParent {
  std::string_view trace;  // 32 hexadecimal digits
  std::string_view span;   // 16
};
TraceParent ParseTraceParent(std::string_view header);

class CallLog final : public services::CallObserver {
 public:
  enum class Level {
    kDebug,    // ended well, and everything is wanted
    kInfo,     // ended well; or the caller's doing
    kWarning,  // the server's
  };
  using Fields = std::vector<std::pair<std::string_view, std::string>>;
  using Write = std::function<void(Level, const Fields&)>;

  struct Options {
    bool all = false;        // each call that ended well, at debug
    uint32_t one_of = 1000;  // of so many that ended well one is written, at info; 0: none
    // Lines a second about calls that failed; the others are counted in the next line, as `untold`.
    uint32_t most_failures = 200;
    // The same of callers whom nobody knows, a minute: they cost nothing but their connection, and must not
    // wash the machine's log away. Theirs are the only lines with an address, for whoever wants to stop them.
    uint32_t most_strangers = 60;
  };

  // `next` is told of everything and must outlive this.
  CallLog(Options options, services::CallObserver* next, Write write);

  void Began(bool is_stream) override { next_->Began(is_stream); }
  void Ended(const services::EndedCall& call) override {
    next_->Ended(call);
    if (call.code == grpc::StatusCode::OK && !options_.all && !IsDue()) return;
    Tell(call);
  }

 private:
  bool IsDue() const {
    thread_local uint32_t passed = 0;
    if (options_.one_of == 0 || ++passed < options_.one_of) return false;
    passed = 0;
    return true;
  }
  void Tell(const services::EndedCall& call);

  const Options options_;
  services::CallObserver* const next_;
  const Write write_;
  LineLimit failures_;
  LineLimit strangers_;
};

}  // namespace timebank::ops

#endif  // TIMEBANK_SERVER_OPS_CALL_LOG_H_
