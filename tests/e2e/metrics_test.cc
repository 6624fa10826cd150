// What Prometheus is told by a real server.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "tests/e2e/figures.h"
#include "tests/support/http.h"
#include "tests/support/live_bank.h"
#include "tests/support/server_process.h"
#include "tests/support/wire.h"
#include "timebank/v1/ledger_service.grpc.pb.h"

namespace timebank::e2e {
namespace {

using testing::HasSubstr;
using testing::Not;

class MetricsTest : public testing::Test {
 protected:
  void SetUp() override {
    server_ = ServerProcess::Start(folder_.path(), {"--metrics-listen", "127.0.0.1:0"});
    ASSERT_NE(server_, nullptr);
    figures_.emplace(*server_);
  }

  std::string Text() const { return figures_->Text(); }
  std::optional<double> Value(const std::string& series) const { return figures_->Value(series); }
  bool Await(const std::string& series, double value) const { return figures_->Await(series, value); }

  const TempFolder folder_;
  std::unique_ptr<ServerProcess> server_;
  std::optional<Figures> figures_;
};

// Goal: the figures follow what happens: calls, errors by reason, batches, feeds; and name nobody.
TEST_F(MetricsTest, FollowWhatHappens) {
  const Wire wire(server_->address());
  LiveBank bank(wire, "counted", {"ana", "ben"});
  for (int i = 0; i < 5; ++i) bank.Record("ben", "ana", kHour);
  wire.Call<v1::RecordExchangeResponse>(bank.Helped("ben", "nobody-here", kHour));
  const std::string record = R"(rpc="LedgerService/RecordExchange")";
  EXPECT_EQ(Value("timebank_calls_total{" + record + R"(,code="OK"})"), 5);
  EXPECT_EQ(Value("timebank_calls_total{" + record + R"(,code="NOT_FOUND",reason="HOLDER_NOT_FOUND"})"), 1);
  EXPECT_EQ(Value("timebank_call_seconds_count{" + record + "}"), 6);
  EXPECT_EQ(Value("timebank_calls_open"), 0);
  EXPECT_GE(Value("timebank_batch_commands_sum"), 8);
  EXPECT_EQ(Value("timebank_sync_seconds_count"), Value("timebank_batch_commands_count"));
  EXPECT_GT(Value("timebank_sync_seconds_sum"), 0);
  EXPECT_EQ(Value("timebank_serving"), 1);
  EXPECT_EQ(Value(R"(timebank_state{state="serving"})"), 1);
  EXPECT_EQ(Value("timebank_queue_commands"), 0);
  EXPECT_EQ(Value("timebank_disk_full"), 0);
  EXPECT_GT(Value("timebank_disk_free_bytes"), 0);
  EXPECT_GE(Value("timebank_frames_applied"), 8);
  EXPECT_EQ(Value("timebank_streams_open"), 0);
  {
    const auto stub = v1::LedgerService::NewStub(wire.channel());
    grpc::ClientContext context;
    v1::WatchLedgerRequest request;
    request.set_parent(bank.name());
    const auto feed = stub->WatchLedger(&context, request);
    v1::WatchLedgerResponse events;
    EXPECT_TRUE(feed->Read(&events));
    EXPECT_TRUE(Await("timebank_streams_open", 1));
    EXPECT_TRUE(Await("timebank_feed_lag_entries", 0));
    context.TryCancel();
    while (feed->Read(&events)) {
    }
    feed->Finish();
  }
  EXPECT_TRUE(Await("timebank_streams_open", 0));
  EXPECT_EQ(Value(R"(timebank_calls_total{rpc="LedgerService/WatchLedger",code="CANCELLED"})"), 1);
  for (const char* told : {"counted", "ana", "ben", "nobody-here"}) EXPECT_THAT(Text(), Not(HasSubstr(told)));
  EXPECT_THAT(HttpGet(figures_->address(), "/"), HasSubstr("404"));
}

// Goal: every figure that operators' rules are written against is there, under its name.
TEST_F(MetricsTest, AllNamesAreThere) {
  const std::string text = Text();
  for (const char* name : {"timebank_calls_total",
                           "timebank_call_seconds_bucket",
                           "timebank_calls_open",
                           "timebank_queue_commands",
                           "timebank_queue_bytes",
                           "timebank_queue_commands_limit",
                           "timebank_queue_bytes_limit",
                           "timebank_batch_commands_bucket",
                           "timebank_sync_seconds_bucket",
                           "timebank_pool_queue",
                           "timebank_pool_queue_limit",
                           "timebank_serving",
                           "timebank_state",
                           "timebank_troubles_total",
                           "timebank_frames_applied",
                           "timebank_frames_flushed",
                           "timebank_clock_timestamp_seconds",
                           "timebank_record_time_ahead_seconds",
                           "timebank_streams_open",
                           "timebank_streams_limit",
                           "timebank_feed_lag_entries",
                           "timebank_rocksdb_block_cache_bytes",
                           "timebank_rocksdb_memtable_bytes",
                           "timebank_rocksdb_sst_bytes",
                           "timebank_rocksdb_live_data_bytes",
                           "timebank_rocksdb_pending_compaction_bytes",
                           "timebank_rocksdb_keys",
                           "timebank_rocksdb_level0_files",
                           "timebank_rocksdb_running_compactions",
                           "timebank_rocksdb_running_flushes",
                           "timebank_rocksdb_snapshots",
                           "timebank_rocksdb_write_stopped",
                           "timebank_rocksdb_background_errors",
                           "timebank_disk_full",
                           "timebank_disk_free_bytes",
                           "timebank_disk_size_bytes",
                           "timebank_build_info",
                           "timebank_start_timestamp_seconds",
                           "process_resident_memory_bytes",
                           "process_cpu_seconds_total",
                           "process_open_fds",
                           "process_max_fds"}) {
    EXPECT_TRUE(text.find("\n" + std::string(name) + " ") != text.npos ||
                text.find("\n" + std::string(name) + "{") != text.npos)
        << name;
  }
}

// Goal: metrics end with the server; a taken address is told.
TEST_F(MetricsTest, ComeAndGoWithTheServer) {
  const TempFolder elsewhere;
  const Ended second = RunToEnd(ServerProgram(), {"--data", elsewhere.path() + "/data", "--listen",
                                                  "127.0.0.1:0", "--metrics-listen", figures_->address()});
  EXPECT_EQ(second.code, 5);
  EXPECT_THAT(second.err, HasSubstr("cannot listen on " + figures_->address() + " for metrics"));
  EXPECT_EQ(server_->Stop(), 0);
  EXPECT_EQ(Text(), "");
}

}  // namespace
}  // namespace timebank::e2e
