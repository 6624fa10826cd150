// LedgerService: ListEvents and WatchLedger.
#include <grpcpp/alarm.h>
#include <grpcpp/support/byte_buffer.h>

#include <chrono>
#include <memory>
#include <optional>
#include <utility>

#include "server/ledger/error.h"
#include "server/ledger/validate.h"
#include "server/services/errors.h"
#include "server/services/events.h"
#include "server/services/ledger_service.h"
#include "server/services/names.h"
#include "server/services/paging.h"
#include "server/services/raw_text.h"
#include "server/services/reading.h"
#include "storage/status_macros.h"

namespace timebank::services {

using grpc::CallbackServerContext;
using grpc::ServerUnaryReactor;
using storage::Sequence;

namespace {

constexpr int64_t kDefaultHeartbeatMs = 10'000;

// Where a feed begins: behind `after_position`, or at the beginning.
absl::StatusOr<Sequence> StartOf(const BankReader& bank, const std::string& after_position) {
  if (after_position.empty()) return Sequence{0};
  return bank.FeedSequenceAt(after_position, "after_position");
}

absl::StatusOr<int64_t> HeartbeatMs(const v1::WatchLedgerRequest& request) {
  if (!request.has_heartbeat_interval()) return kDefaultHeartbeatMs;
  const auto& interval = request.heartbeat_interval();
  const bool in_range = interval.seconds() >= 1 &&
                        (interval.seconds() < 60 || (interval.seconds() == 60 && interval.nanos() == 0));
  if (!in_range || interval.nanos() < 0) {
    return ToStatus({{"heartbeat_interval", std::string(ledger::violation::kOutOfRange)}}, "");
  }
  return interval.seconds() * 1000 + interval.nanos() / 1'000'000;
}

// One open feed: a cursor into the journal. The feeder asks where it is and gives it what comes next; one
// message is out at a time.
class WatchStream final : public grpc::ServerWriteReactor<grpc::ByteBuffer>,
                          public Feeder::Stream,
                          public std::enable_shared_from_this<WatchStream> {
 public:
  WatchStream(const Door& door, CallbackServerContext* context)
      : door_(door),
        serving_(door.serving()),
        context_(context),
        call_(serving_.Begin(/*is_stream=*/true, *context)) {}

  // Keeps itself alive until OnDone.
  static WatchStream* Start(const Door& door, CallbackServerContext* context,
                            const grpc::ByteBuffer& request) {
    auto stream = std::make_shared<WatchStream>(door, context);
    stream->self_ = stream;
    stream->Open(request);
    return stream.get();
  }

  std::optional<Feeder::Place> Ask() override {
    absl::MutexLock lock(&mutex_);
    if (ending_ || !IsGood()) return std::nullopt;
    if (busy_) {
      wanted_ = true;
      return std::nullopt;
    }
    busy_ = true;
    return Feeder::Place{bank_, after_, heartbeat_due_};
  }

  Feeder::Place Where() override {
    absl::MutexLock lock(&mutex_);
    return {bank_, after_, heartbeat_due_};
  }

  void Send(const grpc::ByteBuffer& message, Sequence last, bool more) override {
    absl::MutexLock lock(&mutex_);
    if (ending_) return;
    after_ = last;
    wanted_ |= more;
    heartbeat_due_ = false;
    last_write_ = std::chrono::system_clock::now();
    writing_ = true;
    message_ = message;
    StartWrite(&message_);
  }

  void GoOn() override {
    absl::MutexLock lock(&mutex_);
    BeReady();
  }

  void End(absl::Status status) override {
    absl::MutexLock lock(&mutex_);
    EndLocked(std::move(status));
  }

  void OnWriteDone(bool ok) override {
    absl::MutexLock lock(&mutex_);
    writing_ = false;
    if (!ok) EndLocked(absl::CancelledError("the stream is gone"));
    if (ending_) {
      FinishNow();  // whoever ended it left that to the write that was out
    } else {
      BeReady();
    }
  }

  void OnCancel() override { End(absl::CancelledError("the call was cancelled")); }

  void OnDone() override {
    serving_.feeder().Remove(this);
    alarm_.Cancel();
    const std::shared_ptr<WatchStream> last = std::move(self_);  // the feeder may hold it a little longer
  }

 private:
  void Open(const grpc::ByteBuffer& request) {
    if (absl::Status status = Prepare(request); !status.ok()) return End(std::move(status));
    if (!serving_.feeder().Add(self_)) {
      return End(ledger::ErrorOf(ledger::Reason::kQueueFull, "too many feeds are open; try again later"));
    }
    serving_.feeder().Wake();
    absl::MutexLock lock(&mutex_);
    SetAlarm();
  }

  absl::Status Prepare(const grpc::ByteBuffer& buffer) {
    const std::string bytes = BytesOf(buffer);
    v1::WatchLedgerRequest request;
    if (!request.ParseFromString(bytes) && !ParseWithRawText(bytes, &request)) {
      return absl::InvalidArgumentError("the bytes sent are no WatchLedgerRequest");
    }
    TB_ASSIGN_OR_RETURN(const Caller caller, door_.Admit(*context_, request, &call_));
    standing_ = caller.standing;
    TB_RETURN_IF_ERROR(serving_.Ready());
    if (!caller.violations.empty()) return ToStatus(caller.violations, "");
    TB_ASSIGN_OR_RETURN(heartbeat_ms_, HeartbeatMs(request));
    // A cold bank costs a read or two from the disk here; a feed is opened once and then stays.
    TB_ASSIGN_OR_RETURN(BankReader bank, OpenForRead(serving_.Latest(), caller,
                                                     ParseBank(request.parent()).value_or(""), "parent"));
    TB_ASSIGN_OR_RETURN(after_, StartOf(bank, request.after_position()));
    bank_ = bank.bank();
    return absl::OkStatus();
  }

  // Whether what let it in is still worth that; ends it where not.
  bool IsGood() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (standing_ == nullptr) return true;
    absl::Status status = standing_->Check(serving_.NowUs());
    if (status.ok()) return true;
    EndLocked(std::move(status));
    return false;
  }

  // Can take the next message.
  void BeReady() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    busy_ = false;
    if (std::exchange(wanted_, false)) serving_.feeder().Wake();
  }

  // The alarm does not keep the stream alive: it is a part of it.
  void SetAlarm() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    const auto due = last_write_ + std::chrono::milliseconds(heartbeat_ms_);
    alarm_.Set(due, [weak = weak_from_this()](bool expired) {
      if (auto stream = weak.lock(); stream != nullptr && expired) stream->OnAlarm();
    });
  }

  void OnAlarm() {
    absl::MutexLock lock(&mutex_);
    if (ending_ || !IsGood()) return;
    const auto now = std::chrono::system_clock::now();
    if (now - last_write_ >= std::chrono::milliseconds(heartbeat_ms_)) {
      heartbeat_due_ = true;
      last_write_ = now;
      serving_.feeder().Wake();
    }
    SetAlarm();
  }

  void EndLocked(absl::Status status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (ending_) return;
    ending_ = true;
    status_ = std::move(status);
    if (!writing_ || context_->IsCancelled()) FinishNow();
  }

  void FinishNow() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (finished_) return;
    finished_ = true;
    Finish(serving_.End(call_, context_, status_));
  }

  const Door door_;
  Serving& serving_;
  CallbackServerContext* const context_;
  std::shared_ptr<const Standing> standing_;  // constant once the feed is open
  Call call_;                                 // as well, but for its end
  storage::BankNumber bank_ = 0;
  int64_t heartbeat_ms_ = kDefaultHeartbeatMs;
  grpc::ByteBuffer message_;  // gRPC's while `writing_`

  absl::Mutex mutex_;
  std::shared_ptr<WatchStream> self_;  // until OnDone
  Sequence after_ ABSL_GUARDED_BY(mutex_) = 0;
  bool busy_ ABSL_GUARDED_BY(mutex_) = false;    // the feeder looks after it, or a write is out
  bool wanted_ ABSL_GUARDED_BY(mutex_) = false;  // there may be more: wakes the feeder when ready
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool heartbeat_due_ ABSL_GUARDED_BY(mutex_) = false;
  bool ending_ ABSL_GUARDED_BY(mutex_) = false;
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Status status_ ABSL_GUARDED_BY(mutex_);
  std::chrono::system_clock::time_point last_write_ ABSL_GUARDED_BY(mutex_) =
      std::chrono::system_clock::now();
  grpc::Alarm alarm_;
};

}  // namespace

ServerUnaryReactor* LedgerService::ListEvents(CallbackServerContext* context,
                                              In<v1::ListEventsRequest> request,
                                              v1::ListEventsResponse* response) {
  return door_.Scan(context, *request, [=](const NamedView& view, const Caller& caller) -> absl::Status {
    response->Clear();
    TB_ASSIGN_OR_RETURN(BankReader bank,
                        OpenForRead(view, caller, ParseBank(request->parent()).value_or(""), "parent"));
    TB_ASSIGN_OR_RETURN(size_t most, PageSize(request->page_size(), 100));
    TB_ASSIGN_OR_RETURN(Sequence after, StartOf(bank, request->after_position()));
    TB_ASSIGN_OR_RETURN(Sequence last, AppendEvents(bank, after, most, response->mutable_events()));
    response->set_position(bank.PositionAt(last));
    return absl::OkStatus();
  });
}

grpc::ServerWriteReactor<grpc::ByteBuffer>* LedgerService::Watch(CallbackServerContext* context,
                                                                 const grpc::ByteBuffer& request) {
  return WatchStream::Start(door_, context, request);
}

}  // namespace timebank::services
