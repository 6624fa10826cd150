#include "tests/bench/load_work.h"

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/support/proto_buffer_reader.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/civil_time.h"
#include "absl/time/clock.h"
#include "timebank/v1/ledger_service.grpc.pb.h"

namespace timebank::bench {
namespace {

constexpr std::chrono::seconds kDeadline(60);
// Batches are made before the run, so many different ones; making thousands of exchanges for each call would
// take the processor away from the server.
constexpr uint32_t kBatches = 16;
constexpr char kBatchMethod[] = "/timebank.v1.LedgerService/BatchRecordExchanges";
constexpr char kHealthMethod[] = "/grpc.health.v1.Health/Check";

using Finished = std::function<void(const std::string& error)>;

// A worker whose request and reply are messages.
template <typename Request, typename Response>
class MessageWorker : public Worker {
 public:
  MessageWorker(const Work& work, Draw draw, const std::shared_ptr<grpc::Channel>& channel)
      : work_(work), draw_(std::move(draw)), stub_(v1::LedgerService::NewStub(channel)) {}

  void Call(Finished done) final {
    context_.emplace();
    SetUp(*context_, work_.key);
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
  uint64_t TextBytes() const final { return draw_.text_bytes(); }

 protected:
  using Done = std::function<void(grpc::Status)>;

  // Makes the next request of the one before.
  virtual void Fill(Request* request) = 0;
  virtual void Start(grpc::ClientContext* context, const Request* request, Response* response, Done done) = 0;
  // What is wrong with a reply; empty: nothing.
  virtual std::string Check(const Response& response) = 0;

  std::string AnyMember() {
    const Population::Place place = draw_.Member();
    return absl::StrCat(BankName(place.bank), "/members/", MemberId(place.member));
  }

  const Work& work_;
  Draw draw_;
  const std::unique_ptr<v1::LedgerService::Stub> stub_;

 private:
  Finished done_;
  std::optional<grpc::ClientContext> context_;
  Request request_;
  Response response_;
};

class RecordWorker final : public MessageWorker<v1::RecordExchangeRequest, v1::RecordExchangeResponse> {
 public:
  RecordWorker(const Work& work, Draw draw, const std::shared_ptr<grpc::Channel>& channel,
               Acknowledged* acknowledged)
      : MessageWorker(work, std::move(draw), channel), acknowledged_(acknowledged) {}

 private:
  void Fill(v1::RecordExchangeRequest* request) override {
    const uint32_t bank = draw_.Bank();
    request->set_parent(BankName(bank));
    request->set_request_id(draw_.RequestId());
    draw_.Exchange(bank, request->mutable_exchange());
  }
  void Start(grpc::ClientContext* context, const v1::RecordExchangeRequest* request,
             v1::RecordExchangeResponse* response, Done done) override {
    stub_->async()->RecordExchange(context, request, response, std::move(done));
  }
  std::string Check(const v1::RecordExchangeResponse& response) override {
    if (response.replayed()) return "REPLAYED";
    if (acknowledged_ != nullptr) acknowledged_->Note(response.exchange().sequence());
    return "";
  }

  Acknowledged* const acknowledged_;
};

class BalanceWorker final : public MessageWorker<v1::GetBalanceRequest, v1::GetBalanceResponse> {
 public:
  using MessageWorker::MessageWorker;

 private:
  void Fill(v1::GetBalanceRequest* request) override { request->set_name(AnyMember()); }
  void Start(grpc::ClientContext* context, const v1::GetBalanceRequest* request,
             v1::GetBalanceResponse* response, Done done) override {
    stub_->async()->GetBalance(context, request, response, std::move(done));
  }
  std::string Check(const v1::GetBalanceResponse& response) override {
    return response.has_balance() ? "" : "NO_BALANCE";
  }
};

class StatementWorker final
    : public MessageWorker<v1::ListStatementLinesRequest, v1::ListStatementLinesResponse> {
 public:
  using MessageWorker::MessageWorker;

 private:
  void Fill(v1::ListStatementLinesRequest* request) override {
    request->set_parent(AnyMember());
    request->set_page_size(static_cast<int32_t>(work_.page_size));
  }
  void Start(grpc::ClientContext* context, const v1::ListStatementLinesRequest* request,
             v1::ListStatementLinesResponse* response, Done done) override {
    stub_->async()->ListStatementLines(context, request, response, std::move(done));
  }
  std::string Check(const v1::ListStatementLinesResponse& response) override {
    return response.lines_size() == static_cast<int>(work_.page_size) ? "" : "LINES_MISSING";
  }
};

// A worker whose request is bytes that are there already.
class BytesWorker : public Worker {
 public:
  BytesWorker(const Work& work, const std::shared_ptr<grpc::Channel>& channel, const char* method)
      : stub_(channel), method_(method), key_(work.key) {}

  void Call(Finished done) final {
    context_.emplace();
    SetUp(*context_, key_);
    request_ = NextRequest();
    done_ = std::move(done);
    stub_.UnaryCall(&*context_, method_, grpc::StubOptions(), &request_, &reply_,
                    [this](const grpc::Status& status) {
                      reply_bytes_ = reply_.Length();
                      std::string error = ErrorOf(status, *context_);
                      if (error.empty()) error = Check(&reply_);
                      const auto finished = std::move(done_);
                      finished(error);
                    });
  }

  size_t RequestBytes() const final { return request_.Length(); }
  size_t ReplyBytes() const final { return reply_bytes_; }

 protected:
  virtual grpc::ByteBuffer NextRequest() = 0;
  // What is wrong with a reply; empty: nothing.
  virtual std::string Check(grpc::ByteBuffer* reply) = 0;

 private:
  grpc::GenericStub stub_;
  const std::string method_;
  const std::string key_;
  grpc::ByteBuffer request_;
  grpc::ByteBuffer reply_;
  size_t reply_bytes_ = 0;
  Finished done_;
  std::optional<grpc::ClientContext> context_;
};

// What stands in a batch that was made, where each call has a number or a day of its own.
constexpr std::string_view kNumber = "################################";
constexpr std::string_view kDay = "####/##/##";
constexpr uint64_t kExchangesADay = 1'000;
constexpr uint64_t kDays = 1'000;

// Where `what` stands in `text`, each time.
std::vector<size_t> PlacesOf(std::string_view what, std::string_view text) {
  std::vector<size_t> places;
  for (size_t at = text.find(what); at != text.npos; at = text.find(what, at + what.size()))
    places.push_back(at);
  return places;
}

// Whole batches as bytes, but for their request_id, which comes behind, and for what `Work::origins` asks
// for.
class Batches {
 public:
  struct Batch {
    grpc::Slice bytes;
    uint64_t text_bytes;
    std::vector<size_t> numbers;  // places of kNumber
    std::vector<size_t> days;     // places of kDay
  };

  Batches(const Work& work, Draw draw) {
    v1::BatchRecordExchangesRequest request;
    for (uint32_t i = 0; i < kBatches; ++i) {
      const uint64_t before = draw.text_bytes();
      const uint32_t bank = draw.Bank();
      request.set_parent(BankName(bank));
      while (request.exchanges_size() < static_cast<int>(work.batch_size)) request.add_exchanges();
      for (v1::Exchange& exchange : *request.mutable_exchanges()) {
        draw.Exchange(bank, &exchange);
        if (!work.origins) continue;
        exchange.mutable_origin()->set_system("spreadsheet");
        exchange.mutable_origin()->set_number(std::string(kNumber));
        exchange.set_occurred_on(std::string(kDay));
      }
      const std::string bytes = request.SerializeAsString();
      batches_.push_back(
          {grpc::Slice(bytes), draw.text_bytes() - before, PlacesOf(kNumber, bytes), PlacesOf(kDay, bytes)});
    }
  }

  const Batch& At(uint32_t number) const { return batches_[number % batches_.size()]; }

 private:
  std::vector<Batch> batches_;
};

class BatchWorker final : public BytesWorker {
 public:
  BatchWorker(const Work& work, Draw draw, const std::shared_ptr<grpc::Channel>& channel,
              std::shared_ptr<const Batches> batches, uint32_t number)
      : BytesWorker(work, channel, kBatchMethod),
        size_(work.batch_size),
        batches_(std::move(batches)),
        draw_(std::move(draw)),
        worker_(number),
        next_(number) {}

  uint64_t TextBytes() const override { return text_bytes_; }

 private:
  grpc::ByteBuffer NextRequest() override {
    const Batches::Batch& batch = batches_->At(next_++);
    text_bytes_ += batch.text_bytes;
    end_.set_request_id(draw_.RequestId());
    const grpc::Slice parts[] = {batch.numbers.empty() ? batch.bytes : Own(batch),
                                 grpc::Slice(end_.SerializeAsString())};
    return grpc::ByteBuffer(parts, 2);
  }
  // With numbers that nobody had before, and the days that come next.
  grpc::Slice Own(const Batches::Batch& batch) {
    std::string bytes(reinterpret_cast<const char*>(batch.bytes.begin()), batch.bytes.size());
    const absl::CivilDay first = absl::ToCivilDay(absl::Now(), absl::UTCTimeZone()) - 1 - kDays;
    std::string day;
    for (size_t i = 0; i < batch.numbers.size(); ++i, ++exchanges_) {
      if (i == 0 || exchanges_ % kExchangesADay == 0) {
        day = absl::FormatCivilTime(first + static_cast<int64_t>(exchanges_ / kExchangesADay % kDays));
      }
      // Of the whole width, as a hash of a row is.
      const uint64_t mixed = exchanges_ * 0x9E3779B97F4A7C15;
      absl::SNPrintF(&bytes[batch.numbers[i]], kNumber.size(), "%016x%015x", mixed,
                     worker_ << 32 | exchanges_);
      bytes[batch.numbers[i] + kNumber.size() - 1] = '.';
      bytes.replace(batch.days[i], kDay.size(), day);
    }
    return grpc::Slice(std::move(bytes));
  }

  std::string Check(grpc::ByteBuffer* reply) override {
    grpc::ProtoBufferReader reader(reply);
    if (!response_.ParseFromZeroCopyStream(&reader)) return "NO_MESSAGE";
    if (response_.replayed()) return "REPLAYED";
    if (response_.results_size() != static_cast<int>(size_)) return "RESULTS_MISSING";
    const bool all = std::all_of(response_.results().begin(), response_.results().end(),
                                 [](const auto& result) { return result.status().code() == 0; });
    return all ? "" : "ITEM_REFUSED";
  }

  const uint32_t size_;
  const std::shared_ptr<const Batches> batches_;
  Draw draw_;
  const uint64_t worker_;
  uint32_t next_;
  uint64_t exchanges_ = 0;  // that were sent with an origin
  uint64_t text_bytes_ = 0;
  v1::BatchRecordExchangesRequest end_;
  v1::BatchRecordExchangesResponse response_;
};

// Its request is no bytes and its reply two.
class NoopWorker final : public BytesWorker {
 public:
  NoopWorker(const Work& work, const std::shared_ptr<grpc::Channel>& channel)
      : BytesWorker(work, channel, kHealthMethod) {}

  uint64_t TextBytes() const override { return 0; }

 private:
  grpc::ByteBuffer NextRequest() override { return {&nothing_, 1}; }
  std::string Check(grpc::ByteBuffer*) override { return ""; }

  const grpc::Slice nothing_;
};

}  // namespace

void SetUp(grpc::ClientContext& context, const std::string& key) {
  if (!key.empty()) context.AddMetadata("authorization", absl::StrCat("Bearer ", key));
  context.AddMetadata("timebank-caller", "load");
  context.set_deadline(std::chrono::system_clock::now() + kDeadline);
}

std::string ErrorOf(const grpc::Status& status, const grpc::ClientContext& context) {
  if (status.ok()) return "";
  const auto& trailers = context.GetServerTrailingMetadata();
  const auto reason = trailers.find("timebank-reason");
  if (reason == trailers.end()) return absl::StrCat("CODE_", static_cast<int>(status.error_code()));
  return {reason->second.data(), reason->second.size()};
}

std::vector<std::unique_ptr<Worker>> MakeWorkers(const Work& work, const Channels& channels, uint32_t count,
                                                 Acknowledged* acknowledged) {
  auto draw = [&work](uint32_t number) {
    return Draw(work.population,
                {.run = work.run, .number = number, .seed = work.seed, .notes = work.notes, .hot = work.hot});
  };
  std::shared_ptr<const Batches> batches;
  if (work.kind == Work::Kind::kBatch) batches = std::make_shared<const Batches>(work, draw(count));
  auto make = [&](uint32_t i, const std::shared_ptr<grpc::Channel>& channel) -> std::unique_ptr<Worker> {
    switch (work.kind) {
      case Work::Kind::kRecord:
        return std::make_unique<RecordWorker>(work, draw(i), channel, acknowledged);
      case Work::Kind::kBatch:
        return std::make_unique<BatchWorker>(work, draw(i), channel, batches, i);
      case Work::Kind::kBalance:
        return std::make_unique<BalanceWorker>(work, draw(i), channel);
      case Work::Kind::kStatement:
        return std::make_unique<StatementWorker>(work, draw(i), channel);
      case Work::Kind::kNoop:
        return std::make_unique<NoopWorker>(work, channel);
    }
    return nullptr;
  };
  std::vector<std::unique_ptr<Worker>> workers;
  for (uint32_t i = 0; i < count; ++i) workers.push_back(make(i, channels[i % channels.size()]));
  return workers;
}

}  // namespace timebank::bench
