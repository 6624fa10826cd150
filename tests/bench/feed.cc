#include "tests/bench/feed.h"

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

class Subscriber final : public grpc::ClientReadReactor<v1::WatchLedgerResponse> {
 public:
  Subscriber(v1::LedgerService::Stub* stub, const std::string& position, uint64_t last) : seen_ns_(last + 1) {
    context_.AddMetadata("timebank-caller", "load");
    request_.set_parent(BankName(0));
    request_.set_after_position(position);
    stub->async()->WatchLedger(&context_, &request_, this);
    StartRead(&response_);
    StartCall();
  }

  void OnReadDone(bool ok) override {
    if (!ok) return;
    const int64_t now_ns = Clock::now().time_since_epoch().count();
    for (const v1::LedgerEvent& event : response_.events()) {
      const auto sequence = static_cast<uint64_t>(event.sequence());
      if (sequence < seen_ns_.size()) seen_ns_[sequence] = now_ns;
    }
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
  grpc::ClientContext context_;
  v1::WatchLedgerRequest request_;
  v1::WatchLedgerResponse response_;
  std::vector<int64_t> seen_ns_;  // by sequence number; of the thread that reads
  absl::Mutex mutex_;
  bool done_ ABSL_GUARDED_BY(mutex_) = false;
};

class SubscribersImpl final : public Subscribers {
 public:
  SubscribersImpl(const Channels& channels, uint32_t count, const std::string& position, uint64_t last) {
    for (const auto& channel : channels) stubs_.push_back(v1::LedgerService::NewStub(channel));
    for (uint32_t i = 0; i < count; ++i) {
      subscribers_.push_back(std::make_unique<Subscriber>(stubs_[i % stubs_.size()].get(), position, last));
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
  std::vector<std::unique_ptr<v1::LedgerService::Stub>> stubs_;
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
