// An open WatchLedger, read message by message.
#ifndef TIMEBANK_TESTS_E2E_FEED_H_
#define TIMEBANK_TESTS_E2E_FEED_H_

#include <grpcpp/client_context.h>
#include <grpcpp/support/sync_stream.h>

#include <chrono>
#include <memory>
#include <string>

#include "tests/support/wire.h"
#include "timebank/v1/ledger_service.grpc.pb.h"

namespace timebank::e2e {

// Ends by itself a minute after it began. Threads: one, but for Cancel().
class Feed {
 public:
  Feed(const Wire& wire, const v1::WatchLedgerRequest& request, const CallOptions& options = {})
      : stub_(v1::LedgerService::NewStub(wire.channel())) {
    context_.set_deadline(std::chrono::system_clock::now() + std::chrono::minutes(1));
    for (const auto& [key, value] : options.metadata) context_.AddMetadata(key, value);
    reader_ = stub_->WatchLedger(&context_, request);
  }
  // From the beginning of `bank`.
  Feed(const Wire& wire, const std::string& bank) : Feed(wire, RequestFor(bank)) {}
  ~Feed() {
    Cancel();
    if (!finished_) End();
  }
  Feed(const Feed&) = delete;
  Feed& operator=(const Feed&) = delete;

  // Waits for the next message; false: there is none any more.
  bool Next() { return reader_->Read(&message_); }
  const v1::WatchLedgerResponse& message() const { return message_; }

  void Cancel() { context_.TryCancel(); }

  // Reads on to the end, and how it ended. Once.
  Outcome End() {
    while (Next()) {
    }
    finished_ = true;
    return OutcomeOf(reader_->Finish(), context_);
  }

 private:
  static v1::WatchLedgerRequest RequestFor(const std::string& bank) {
    v1::WatchLedgerRequest request;
    request.set_parent(bank);
    return request;
  }

  const std::unique_ptr<v1::LedgerService::Stub> stub_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReader<v1::WatchLedgerResponse>> reader_;
  v1::WatchLedgerResponse message_;
  bool finished_ = false;
};

}  // namespace timebank::e2e

#endif  // TIMEBANK_TESTS_E2E_FEED_H_
