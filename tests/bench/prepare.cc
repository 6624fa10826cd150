// What a server has before the load begins. The same calls as ever, but many of them on their way at a time,
// so that millions of members and exchanges are there within a minute or two.
#include <algorithm>
#include <deque>
#include <functional>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/civil_time.h"
#include "absl/time/clock.h"
#include "tests/bench/load_work.h"
#include "timebank/v1/ledger_service.grpc.pb.h"
#include "timebank/v1/member_service.grpc.pb.h"
#include "timebank/v1/timebank_service.grpc.pb.h"

namespace timebank::bench {
namespace {

constexpr uint32_t kHistoryBatch = 8'192;
constexpr int64_t kHistoryDays = 1'000;
constexpr size_t kOutstanding = 128;
constexpr size_t kOutstandingBatches = 4;

// Makes calls 0 to `count` - 1 with several on their way at a time, and stops at the first error. Each lane's
// request is filled again and again.
template <typename Request, typename Response>
class Series {
 public:
  using Fill = std::function<void(size_t lane, uint64_t i, Request* request)>;
  using Start = std::function<void(size_t lane, grpc::ClientContext*, const Request*, Response*,
                                   std::function<void(grpc::Status)>)>;

  Series(uint64_t count, Fill fill, Start start)
      : count_(count), fill_(std::move(fill)), start_(std::move(start)) {}

  absl::Status Run(size_t outstanding) {
    std::deque<Lane> lanes(outstanding);
    absl::BlockingCounter left(static_cast<int>(outstanding));
    left_ = &left;
    for (size_t i = 0; i < outstanding; ++i) {
      lanes[i].number = i;
      Next(lanes[i]);
    }
    left.Wait();
    absl::MutexLock lock(&mutex_);
    return first_error_;
  }

 private:
  struct Lane {
    size_t number = 0;
    std::optional<grpc::ClientContext> context;
    Request request;
    Response response;
  };

  void Next(Lane& lane) {
    const uint64_t i = next_++;
    if (i >= count_) {
      left_->DecrementCount();
      return;
    }
    lane.context.emplace();
    SetUp(*lane.context);
    fill_(lane.number, i, &lane.request);
    start_(lane.number, &*lane.context, &lane.request, &lane.response,
           [this, &lane](const grpc::Status& status) {
             if (!status.ok() && status.error_code() != grpc::StatusCode::ALREADY_EXISTS) {
               absl::MutexLock lock(&mutex_);
               if (first_error_.ok()) {
                 first_error_ = absl::UnknownError(
                     absl::StrCat(ErrorOf(status, *lane.context), ": ", status.error_message()));
               }
               next_ = count_;
             }
             Next(lane);
           });
  }

  const uint64_t count_;
  const Fill fill_;
  const Start start_;
  absl::BlockingCounter* left_ = nullptr;
  std::atomic<uint64_t> next_ = 0;
  absl::Mutex mutex_;
  absl::Status first_error_ ABSL_GUARDED_BY(mutex_);
};

template <typename Service>
std::vector<std::unique_ptr<typename Service::Stub>> Stubs(const Channels& channels) {
  std::vector<std::unique_ptr<typename Service::Stub>> stubs;
  for (const auto& channel : channels) stubs.push_back(Service::NewStub(channel));
  return stubs;
}

absl::Status MakeBanks(const Work& work, const Channels& channels) {
  const auto stubs = Stubs<v1::TimebankService>(channels);
  Series<v1::CreateTimebankRequest, v1::CreateTimebankResponse> series(
      work.population.banks(),
      [&work](size_t, uint64_t i, v1::CreateTimebankRequest* request) {
        request->set_timebank_id(absl::StrCat("load", i));
        request->mutable_timebank()->set_trial(true);
        request->set_request_id(absl::StrCat(work.run, "-bank-", i));
      },
      [&stubs](size_t lane, auto&&... call) {
        stubs[lane % stubs.size()]->async()->CreateTimebank(std::forward<decltype(call)>(call)...);
      });
  return series.Run(kOutstanding);
}

absl::Status MakeMembers(const Work& work, const Channels& channels) {
  const auto stubs = Stubs<v1::MemberService>(channels);
  Series<v1::CreateMemberRequest, v1::CreateMemberResponse> series(
      work.population.members(),
      [&work](size_t, uint64_t i, v1::CreateMemberRequest* request) {
        const Population::Place place = work.population.PlaceOf(i);
        request->set_parent(BankName(place.bank));
        request->set_member_id(MemberId(place.member));
        request->mutable_member()->set_display_name(absl::StrCat("Member ", place.member));
        request->set_request_id(absl::StrCat(work.run, "-member-", i));
      },
      [&stubs](size_t lane, auto&&... call) {
        stubs[lane % stubs.size()]->async()->CreateMember(std::forward<decltype(call)>(call)...);
      });
  return series.Run(kOutstanding);
}

// Days in order, the last of them yesterday, whatever the bank's time zone.
std::string DayOf(uint64_t part, uint64_t parts) {
  const absl::CivilDay today = absl::ToCivilDay(absl::Now(), absl::UTCTimeZone());
  const int64_t ago = kHistoryDays - static_cast<int64_t>(part * kHistoryDays / parts);
  return absl::FormatCivilTime(today - 1 - ago);
}

absl::StatusOr<Prepared> MakeHistory(const Work& work, const Channels& channels) {
  const auto stubs = Stubs<v1::LedgerService>(channels);
  const uint64_t parts = (work.history + kHistoryBatch - 1) / kHistoryBatch;  // of each bank
  std::vector<Draw> draws;
  for (uint32_t lane = 0; lane < kOutstandingBatches; ++lane) {
    // Numbers that no worker has.
    draws.emplace_back(work.population,
                       Draw::Options{.run = work.run, .number = UINT32_MAX - lane, .seed = work.seed});
  }
  Series<v1::BatchRecordExchangesRequest, v1::BatchRecordExchangesResponse> series(
      parts * work.population.banks(),
      [&](size_t lane, uint64_t i, v1::BatchRecordExchangesRequest* request) {
        const auto bank = static_cast<uint32_t>(i % work.population.banks());
        const uint64_t part = i / work.population.banks();
        const uint64_t count = std::min<uint64_t>(kHistoryBatch, work.history - part * kHistoryBatch);
        const std::string day = DayOf(part, parts);
        request->set_parent(BankName(bank));
        request->set_request_id(draws[lane].RequestId());
        auto& exchanges = *request->mutable_exchanges();
        while (exchanges.size() > static_cast<int>(count)) exchanges.RemoveLast();
        while (exchanges.size() < static_cast<int>(count)) exchanges.Add();
        for (v1::Exchange& exchange : exchanges) {
          draws[lane].Exchange(bank, &exchange);
          exchange.set_occurred_on(day);
        }
      },
      [&stubs](size_t lane, auto&&... call) {
        stubs[lane % stubs.size()]->async()->BatchRecordExchanges(std::forward<decltype(call)>(call)...);
      });
  if (absl::Status status = series.Run(kOutstandingBatches); !status.ok()) return status;
  Prepared prepared;
  prepared.exchanges = uint64_t{work.history} * work.population.banks();
  for (const Draw& draw : draws) prepared.text_bytes += draw.text_bytes();
  return prepared;
}

}  // namespace

absl::StatusOr<Prepared> Prepare(const Work& work, const Channels& channels) {
  if (work.kind == Work::Kind::kNoop) return Prepared{};
  if (absl::Status status = MakeBanks(work, channels); !status.ok()) return status;
  if (absl::Status status = MakeMembers(work, channels); !status.ok()) return status;
  return MakeHistory(work, channels);
}

}  // namespace timebank::bench
