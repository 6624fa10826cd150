#include "tests/bench/load_work.h"

#include <grpcpp/generic/generic_stub.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "timebank/v1/ledger_service.grpc.pb.h"
#include "timebank/v1/member_service.grpc.pb.h"
#include "timebank/v1/timebank_service.grpc.pb.h"

namespace timebank::bench {
namespace {

constexpr std::chrono::seconds kDeadline(60);
constexpr uint32_t kHistoryBatch = 1'000;
constexpr size_t kPreparers = 16;

std::string BankName(uint32_t bank) { return absl::StrCat("timebanks/load", bank); }
std::string MemberId(uint32_t member) { return absl::StrCat("m", member); }

void SetUp(grpc::ClientContext& context) {
  context.AddMetadata("timebank-caller", "load");
  context.set_deadline(std::chrono::system_clock::now() + kDeadline);
}

// Why a call failed; empty: it did not.
std::string ErrorOf(const grpc::Status& status, const grpc::ClientContext& context) {
  if (status.ok()) return "";
  const auto& trailers = context.GetServerTrailingMetadata();
  const auto reason = trailers.find("timebank-reason");
  if (reason == trailers.end()) return absl::StrCat("CODE_", static_cast<int>(status.error_code()));
  return {reason->second.data(), reason->second.size()};
}

// Draws what is asked for.
class Draw {
 public:
  Draw(const Work& work, uint32_t number) : work_(work), number_(number), random_(work.seed + number) {}

  uint32_t Bank() { return Below(work_.banks); }
  std::string Member() { return absl::StrCat("members/", MemberId(Below(work_.members))); }

  // As long as a UUID, and never the same one again.
  std::string RequestId() { return absl::StrFormat("%s-%08x-%08x", work_.run, number_, ++requests_); }

  void Exchange(v1::Exchange* exchange) {
    exchange->Clear();
    const std::string giver = Member();
    std::string receiver = work_.hot ? "pots/community" : Member();
    while (receiver == giver) receiver = Member();
    exchange->add_givers()->set_holder(giver);
    exchange->add_receivers()->set_holder(std::move(receiver));
    exchange->set_seconds((Below(16) + 1) * 900);
    std::string note = "Company on a walk, no. 1";
    note.resize(work_.note_bytes, '.');
    exchange->set_note(std::move(note));
  }

 private:
  uint32_t Below(uint32_t limit) { return static_cast<uint32_t>(random_() % limit); }

  const Work& work_;
  const uint32_t number_;
  std::mt19937_64 random_;
  uint32_t requests_ = 0;
};

// --- before the calls

// Creates something unless it is there already.
template <typename Request, typename Response, typename Method>
absl::Status Make(const Method& method, const Request& request, Response* response) {
  grpc::ClientContext context;
  SetUp(context);
  const grpc::Status status = method(&context, request, response);
  if (status.ok() || status.error_code() == grpc::StatusCode::ALREADY_EXISTS) return absl::OkStatus();
  return absl::UnknownError(absl::StrCat(ErrorOf(status, context), ": ", status.error_message()));
}

absl::Status MakeBank(const Work& work, const std::shared_ptr<grpc::Channel>& channel, uint32_t bank) {
  const auto banks = v1::TimebankService::NewStub(channel);
  v1::CreateTimebankRequest create;
  create.set_timebank_id(absl::StrCat("load", bank));
  create.mutable_timebank()->set_trial(true);
  create.set_request_id(absl::StrCat(work.run, "-bank-", bank));
  v1::CreateTimebankResponse created;
  return Make([&](auto&&... call) { return banks->CreateTimebank(call...); }, create, &created);
}

absl::Status MakeMember(const Work& work, const std::shared_ptr<grpc::Channel>& channel, uint32_t bank,
                        uint32_t member) {
  const auto members = v1::MemberService::NewStub(channel);
  v1::CreateMemberRequest create;
  create.set_parent(BankName(bank));
  create.set_member_id(MemberId(member));
  create.mutable_member()->set_display_name(absl::StrCat("Member ", member));
  create.set_request_id(absl::StrCat(work.run, "-member-", bank, "-", member));
  v1::CreateMemberResponse created;
  return Make([&](auto&&... call) { return members->CreateMember(call...); }, create, &created);
}

absl::Status MakeHistory(const Work& work, const std::shared_ptr<grpc::Channel>& channel, uint32_t bank,
                         uint32_t part) {
  const auto ledger = v1::LedgerService::NewStub(channel);
  Draw draw(work, UINT32_MAX - part);
  v1::BatchRecordExchangesRequest batch;
  batch.set_parent(BankName(bank));
  batch.set_request_id(absl::StrCat(work.run, "-history-", bank, "-", part));
  const uint32_t count = std::min(kHistoryBatch, work.history - part * kHistoryBatch);
  for (uint32_t i = 0; i < count; ++i) draw.Exchange(batch.add_exchanges());
  v1::BatchRecordExchangesResponse recorded;
  return Make([&](auto&&... call) { return ledger->BatchRecordExchanges(call...); }, batch, &recorded);
}

// Runs `make(0)` to `make(count - 1)` from several threads; the first error, or OK.
absl::Status MakeAll(uint64_t count, const std::function<absl::Status(uint64_t)>& make) {
  std::atomic<uint64_t> next = 0;
  std::mutex mutex;
  absl::Status first;
  auto run = [&] {
    for (uint64_t i = next++; i < count; i = next++) {
      const absl::Status status = make(i);
      if (status.ok()) continue;
      const std::lock_guard lock(mutex);
      if (first.ok()) first = status;
      next = count;
    }
  };
  std::vector<std::thread> threads;
  for (size_t i = 0; i < kPreparers; ++i) threads.emplace_back(run);
  for (std::thread& thread : threads) thread.join();
  return first;
}

// --- the calls

// A worker whose request and reply are messages of ours.
template <typename Request, typename Response>
class MessageWorker : public Worker {
 public:
  void Call(std::function<void(const std::string& error)> done) final {
    context_.emplace();
    SetUp(*context_);
    Fill(&request_);
    done_ = std::move(done);
    Start(&*context_, &request_, &response_, [this](const grpc::Status& status) {
      std::string error = ErrorOf(status, *context_);
      if (error.empty()) error = Check(response_);
      // The next call may begin in there.
      const auto finished = std::move(done_);
      finished(error);
    });
  }

  size_t RequestBytes() const final { return request_.ByteSizeLong(); }
  size_t ReplyBytes() const final { return response_.ByteSizeLong(); }

 protected:
  using Done = std::function<void(grpc::Status)>;

  // Makes the next request of the one before.
  virtual void Fill(Request* request) = 0;
  virtual void Start(grpc::ClientContext* context, const Request* request, Response* response, Done done) = 0;
  // What is wrong with a reply; empty: nothing.
  virtual std::string Check(const Response& response) const = 0;

 private:
  std::function<void(const std::string&)> done_;
  std::optional<grpc::ClientContext> context_;
  Request request_;
  Response response_;
};

class RecordWorker final : public MessageWorker<v1::RecordExchangeRequest, v1::RecordExchangeResponse> {
 public:
  RecordWorker(const Work& work, const std::shared_ptr<grpc::Channel>& channel, uint32_t number)
      : stub_(v1::LedgerService::NewStub(channel)), draw_(work, number) {}

 private:
  void Fill(v1::RecordExchangeRequest* request) override {
    request->set_parent(BankName(draw_.Bank()));
    request->set_request_id(draw_.RequestId());
    draw_.Exchange(request->mutable_exchange());
  }
  void Start(grpc::ClientContext* context, const v1::RecordExchangeRequest* request,
             v1::RecordExchangeResponse* response, Done done) override {
    stub_->async()->RecordExchange(context, request, response, std::move(done));
  }
  std::string Check(const v1::RecordExchangeResponse& response) const override {
    return response.replayed() ? "REPLAYED" : "";
  }

  const std::unique_ptr<v1::LedgerService::Stub> stub_;
  Draw draw_;
};

class BatchWorker final
    : public MessageWorker<v1::BatchRecordExchangesRequest, v1::BatchRecordExchangesResponse> {
 public:
  BatchWorker(const Work& work, const std::shared_ptr<grpc::Channel>& channel, uint32_t number)
      : size_(work.batch_size), stub_(v1::LedgerService::NewStub(channel)), draw_(work, number) {}

 private:
  // The exchanges are made once: making thousands for each call would be the client's time, not the server's.
  void Fill(v1::BatchRecordExchangesRequest* request) override {
    request->set_parent(BankName(draw_.Bank()));
    request->set_request_id(draw_.RequestId());
    while (request->exchanges_size() < static_cast<int>(size_)) draw_.Exchange(request->add_exchanges());
  }
  void Start(grpc::ClientContext* context, const v1::BatchRecordExchangesRequest* request,
             v1::BatchRecordExchangesResponse* response, Done done) override {
    stub_->async()->BatchRecordExchanges(context, request, response, std::move(done));
  }
  std::string Check(const v1::BatchRecordExchangesResponse& response) const override {
    if (response.replayed()) return "REPLAYED";
    if (response.results_size() != static_cast<int>(size_)) return "RESULTS_MISSING";
    const bool all = std::all_of(response.results().begin(), response.results().end(),
                                 [](const auto& result) { return result.status().code() == 0; });
    return all ? "" : "ITEM_REFUSED";
  }

  const uint32_t size_;
  const std::unique_ptr<v1::LedgerService::Stub> stub_;
  Draw draw_;
};

class BalanceWorker final : public MessageWorker<v1::GetBalanceRequest, v1::GetBalanceResponse> {
 public:
  BalanceWorker(const Work& work, const std::shared_ptr<grpc::Channel>& channel, uint32_t number)
      : stub_(v1::LedgerService::NewStub(channel)), draw_(work, number) {}

 private:
  void Fill(v1::GetBalanceRequest* request) override {
    request->set_name(absl::StrCat(BankName(draw_.Bank()), "/", draw_.Member()));
  }
  void Start(grpc::ClientContext* context, const v1::GetBalanceRequest* request,
             v1::GetBalanceResponse* response, Done done) override {
    stub_->async()->GetBalance(context, request, response, std::move(done));
  }
  std::string Check(const v1::GetBalanceResponse& response) const override {
    return response.has_balance() ? "" : "NO_BALANCE";
  }

  const std::unique_ptr<v1::LedgerService::Stub> stub_;
  Draw draw_;
};

class StatementWorker final
    : public MessageWorker<v1::ListStatementLinesRequest, v1::ListStatementLinesResponse> {
 public:
  StatementWorker(const Work& work, const std::shared_ptr<grpc::Channel>& channel, uint32_t number)
      : page_size_(work.page_size), stub_(v1::LedgerService::NewStub(channel)), draw_(work, number) {}

 private:
  void Fill(v1::ListStatementLinesRequest* request) override {
    request->set_parent(absl::StrCat(BankName(draw_.Bank()), "/", draw_.Member()));
    request->set_page_size(static_cast<int32_t>(page_size_));
  }
  void Start(grpc::ClientContext* context, const v1::ListStatementLinesRequest* request,
             v1::ListStatementLinesResponse* response, Done done) override {
    stub_->async()->ListStatementLines(context, request, response, std::move(done));
  }
  std::string Check(const v1::ListStatementLinesResponse& response) const override {
    return response.lines().empty() ? "NO_LINES" : "";
  }

  const uint32_t page_size_;
  const std::unique_ptr<v1::LedgerService::Stub> stub_;
  Draw draw_;
};

// Its request is no bytes and its reply two.
class NoopWorker final : public Worker {
 public:
  explicit NoopWorker(const std::shared_ptr<grpc::Channel>& channel) : stub_(channel) {}

  void Call(std::function<void(const std::string& error)> done) override {
    context_.emplace();
    SetUp(*context_);
    done_ = std::move(done);
    stub_.UnaryCall(&*context_, "/grpc.health.v1.Health/Check", grpc::StubOptions(), &request_, &reply_,
                    [this](const grpc::Status& status) {
                      const auto finished = std::move(done_);
                      finished(ErrorOf(status, *context_));
                    });
  }

  size_t RequestBytes() const override { return request_.Length(); }
  size_t ReplyBytes() const override { return reply_.Length(); }

 private:
  grpc::GenericStub stub_;
  const grpc::Slice nothing_;
  const grpc::ByteBuffer request_{&nothing_, 1};
  grpc::ByteBuffer reply_;
  std::function<void(const std::string&)> done_;
  std::optional<grpc::ClientContext> context_;
};

}  // namespace

absl::Status Prepare(const Work& work, const std::vector<std::shared_ptr<grpc::Channel>>& channels) {
  if (work.kind == Work::Kind::kNoop) return absl::OkStatus();
  auto channel = [&](uint64_t i) -> const auto& { return channels[i % channels.size()]; };
  absl::Status status =
      MakeAll(work.banks, [&](uint64_t i) { return MakeBank(work, channel(i), static_cast<uint32_t>(i)); });
  if (!status.ok()) return status;
  status = MakeAll(uint64_t{work.banks} * work.members, [&](uint64_t i) {
    return MakeMember(work, channel(i), static_cast<uint32_t>(i / work.members),
                      static_cast<uint32_t>(i % work.members));
  });
  if (!status.ok()) return status;
  const uint64_t parts = (work.history + kHistoryBatch - 1) / kHistoryBatch;
  return MakeAll(parts * work.banks, [&](uint64_t i) {
    return MakeHistory(work, channel(i), static_cast<uint32_t>(i / parts), static_cast<uint32_t>(i % parts));
  });
}

std::unique_ptr<Worker> MakeWorker(const Work& work, const std::shared_ptr<grpc::Channel>& channel,
                                   uint32_t number) {
  switch (work.kind) {
    case Work::Kind::kRecord:
      return std::make_unique<RecordWorker>(work, channel, number);
    case Work::Kind::kBatch:
      return std::make_unique<BatchWorker>(work, channel, number);
    case Work::Kind::kBalance:
      return std::make_unique<BalanceWorker>(work, channel, number);
    case Work::Kind::kStatement:
      return std::make_unique<StatementWorker>(work, channel, number);
    case Work::Kind::kNoop:
      return std::make_unique<NoopWorker>(channel);
  }
  return nullptr;
}

}  // namespace timebank::bench
