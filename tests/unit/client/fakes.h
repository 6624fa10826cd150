// What the client library's tests put in the place of time, chance and the network.
#ifndef TIMEBANK_TESTS_UNIT_CLIENT_FAKES_H_
#define TIMEBANK_TESTS_UNIT_CLIENT_FAKES_H_

#include <gmock/gmock.h>
#include <google/protobuf/message.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/cord.h"
#include "client/cpp/options.h"
#include "client/cpp/stub.h"
#include "google/rpc/error_details.pb.h"
#include "timebank/v1/ledger_service.pb.h"

namespace timebank::client {

// A clock that moves only while somebody sleeps by it. One thread.
class FakeTime {
 public:
  // The options with this clock; `random` is drawn at each wait (all ones: the whole backoff, 0: half of it).
  Options Apply(Options options, std::uint64_t random = ~std::uint64_t{0}) {
    options.now = [this] { return now_; };
    options.sleep = [this](std::chrono::nanoseconds wait, const std::stop_token&) {
      now_ += wait;
      // Rounded, because the whole backoff is approached and never reached.
      waits_.push_back(std::chrono::round<std::chrono::milliseconds>(wait).count());
    };
    options.random = [random] { return random; };
    return options;
  }

  void Advance(std::chrono::nanoseconds duration) { now_ += duration; }
  // Every sleep so far, in milliseconds.
  const std::vector<std::int64_t>& waits() const { return waits_; }

 private:
  std::chrono::steady_clock::time_point now_{std::chrono::hours(1)};
  std::vector<std::int64_t> waits_;
};

class MockStub : public Stub {
 public:
  MOCK_METHOD(absl::Status, Call,
              (const RpcInfo&, grpc::ClientContext&, const google::protobuf::Message&,
               google::protobuf::Message&),
              (override));
  MOCK_METHOD(std::unique_ptr<WatchStream>, WatchLedger,
              (grpc::ClientContext&, const v1::WatchLedgerRequest&), (override));
};

// Tells `positions`, one message each, and ends with `status`.
class FakeStream : public WatchStream {
 public:
  FakeStream(std::vector<std::string> positions, absl::Status status)
      : positions_(std::move(positions)), status_(std::move(status)) {}

  bool Read(v1::WatchLedgerResponse& response) override {
    if (next_ == positions_.size()) return false;
    response.Clear();
    response.set_position(positions_[next_++]);
    return true;
  }
  absl::Status Finish() override { return status_; }

 private:
  const std::vector<std::string> positions_;
  const absl::Status status_;
  std::size_t next_ = 0;
};

// RESOURCE_EXHAUSTED that says when to come back, as a full queue answers.
inline absl::Status QueueFull(std::int64_t seconds, std::int32_t nanos) {
  google::rpc::RetryInfo retry;
  retry.mutable_retry_delay()->set_seconds(seconds);
  retry.mutable_retry_delay()->set_nanos(nanos);
  absl::Status status = absl::ResourceExhaustedError("the queue is full");
  status.SetPayload("type.googleapis.com/google.rpc.RetryInfo", absl::Cord(retry.SerializeAsString()));
  return status;
}

}  // namespace timebank::client

#endif  // TIMEBANK_TESTS_UNIT_CLIENT_FAKES_H_
