#include "tests/bench/feed.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/support/proto_buffer_reader.h>

#include <algorithm>
#include <string>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "timebank/v1/ledger_service.grpc.pb.h"
#include "timebank/v1/timebank_service.grpc.pb.h"

namespace timebank::bench {
namespace {

constexpr std::chrono::seconds kAwait(1);

constexpr char kWatchMethod[] = "/timebank.v1.LedgerService/WatchLedger";

// Calls `see` with the number of every event of a WatchLedgerResponse. The rest of them is not read: what a
// subscriber makes of an event takes the time of its own machine, and all of these are on the server's.
template <typename See>
void ForEachSequence(grpc::ByteBuffer* response, See see) {
  using google::protobuf::internal::WireFormatLite;
  constexpr uint32_t kEvents = WireFormatLite::MakeTag(v1::WatchLedgerResponse::kEventsFieldNumber,
                                                       WireFormatLite::WIRETYPE_LENGTH_DELIMITED);
  constexpr uint32_t kSequence =
      WireFormatLite::MakeTag(v1::LedgerEvent::kSequenceFieldNumber, WireFormatLite::WIRETYPE_VARINT);
  grpc::ProtoBufferReader bytes(response);
  google::protobuf::io::CodedInputStream in(&bytes);
  while (const uint32_t tag = in.ReadTag()) {
    int length = 0;
    uint64_t sequence = 0;
    if (tag != kEvents) {
      if (!WireFormatLite::SkipField(&in, tag)) return;
    } else if (!in.ReadVarintSizeAsInt(&length)) {
      return;
    } else {
      const auto outer = in.PushLimit(length);
      while (const uint32_t field = in.ReadTag()) {
        if (field != kSequence) {
          if (!WireFormatLite::SkipField(&in, field)) return;
        } else if (in.ReadVarint64(&sequence)) {
          see(sequence);
        }
      }
      in.PopLimit(outer);
    }
  }
}

grpc::ByteBuffer WatchRequest(const std::string& position) {
  v1::WatchLedgerRequest request;
  request.set_parent(BankName(0));
  request.set_after_position(position);
  const std::string bytes = request.SerializeAsString();
  const grpc::Slice slice(bytes);
  return grpc::ByteBuffer(&slice, 1);
}

class Subscriber final : public grpc::ClientBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
 public:
  Subscriber(const std::shared_ptr<grpc::Channel>& channel, const std::string& position, uint64_t last)
      : stub_(channel), request_(WatchRequest(position)), seen_ns_(last + 1) {
    context_.AddMetadata("timebank-caller", "load");
    stub_.PrepareBidiStreamingCall(&context_, kWatchMethod, {}, this);
    StartWriteLast(&request_, {});
    StartRead(&response_);
    StartCall();
  }

  void OnReadDone(bool ok) override {
    if (!ok) return;
    const int64_t now_ns = Clock::now().time_since_epoch().count();
    ForEachSequence(&response_, [&](uint64_t sequence) {
      if (sequence < seen_ns_.size()) seen_ns_[sequence] = now_ns;
    });
    response_.Clear();
    StartRead(&response_);
  }
  void OnDone(const grpc::Status&) override {
    absl::MutexLock lock(&mutex_);
    done_ = true;
  }

  void Stop() {
    context_.TryCancel();
    absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(&done_));
  }
  // Once it has stopped; 0: never.
  int64_t SeenNs(uint64_t sequence) const { return seen_ns_[sequence]; }

 private:
  grpc::GenericStub stub_;
  grpc::ClientContext context_;
  grpc::ByteBuffer request_;
  grpc::ByteBuffer response_;
  std::vector<int64_t> seen_ns_;  // by sequence number; of the thread that reads
  absl::Mutex mutex_;
  bool done_ ABSL_GUARDED_BY(mutex_) = false;
};

class SubscribersImpl final : public Subscribers {
 public:
  SubscribersImpl(const Channels& channels, uint32_t count, const std::string& position, uint64_t last) {
    for (uint32_t i = 0; i < count; ++i) {
      subscribers_.push_back(std::make_unique<Subscriber>(channels[i % channels.size()], position, last));
    }
  }

  Delays Stop(const Acknowledged& acknowledged) override {
    std::this_thread::sleep_for(kAwait);
    for (const auto& subscriber : subscribers_) subscriber->Stop();
    Delays delays;
    const int64_t end_ns = Clock::now().time_since_epoch().count();
    std::vector<int64_t> took_ns;
    for (uint64_t sequence = 0; sequence <= acknowledged.last(); ++sequence) {
      const int64_t from_ns = acknowledged.AtNs(sequence);
      if (from_ns == 0) continue;
      for (const auto& subscriber : subscribers_) {
        const int64_t seen_ns = subscriber->SeenNs(sequence);
        if (seen_ns == 0) ++delays.missing;
        took_ns.push_back(std::max<int64_t>(0, (seen_ns == 0 ? end_ns : seen_ns) - from_ns));
      }
    }
    delays.times = Times(std::move(took_ns));
    return delays;
  }

 private:
  std::vector<std::unique_ptr<Subscriber>> subscribers_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Subscribers>> Subscribers::Start(const Channels& channels, uint32_t count,
                                                                uint64_t last) {
  grpc::ClientContext context;
  SetUp(context);
  v1::GetTimebankRequest request;
  request.set_name(BankName(0));
  v1::GetTimebankResponse bank;
  const grpc::Status status =
      v1::TimebankService::NewStub(channels[0])->GetTimebank(&context, request, &bank);
  if (!status.ok()) return absl::UnknownError(absl::StrCat("feed: ", status.error_message()));
  return std::make_unique<SubscribersImpl>(channels, count, bank.timebank().position(), last);
}

}  // namespace timebank::bench
