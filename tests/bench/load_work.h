// What the load generator asks of a server: banks with members to begin with, then one kind of call, over and
// over.
//
// Threads: a Worker belongs to whoever drives it, one call at a time; Prepare blocks.
#ifndef TIMEBANK_TESTS_BENCH_LOAD_WORK_H_
#define TIMEBANK_TESTS_BENCH_LOAD_WORK_H_

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tests/bench/draw.h"
#include "tests/bench/drive.h"

namespace timebank::bench {

using Channels = std::vector<std::shared_ptr<grpc::Channel>>;

struct Work {
  enum class Kind {
    kRecord,     // RecordExchange
    kBatch,      // BatchRecordExchanges, short replies
    kBalance,    // GetBalance, now
    kStatement,  // ListStatementLines, the newest page
    kNoop,       // grpc.health.v1.Health/Check: what the server's transport alone costs
  };
  Kind kind = Kind::kRecord;
  Population population = Population::Uniform(1, 1'000);
  uint32_t history = 0;  // exchanges in each bank to begin with
  uint32_t batch_size = 8'192;
  uint32_t page_size = 50;
  bool notes = true;
  bool hot = false;  // the community pot receives in every exchange
  // Batches: every exchange has a number in an older system and a day of the last thousand, in order, a
  // thousand exchanges a day: what an import of a million of them sends.
  bool origins = false;
  uint64_t seed = 1;
  std::string key;  // who calls, where the server asks for it
  std::string run;  // begins every request_id; another one in every run, so that nothing is a replay
};

// What every call has: who calls (with `key`, where there is one), and until when the answer is wanted.
void SetUp(grpc::ClientContext& context, const std::string& key = "");

// Why a call failed: the error's reason, or its code where it has none; empty: it did not.
std::string ErrorOf(const grpc::Status& status, const grpc::ClientContext& context);

struct Prepared {
  uint64_t exchanges = 0;
  uint64_t text_bytes = 0;  // of their notes
};

// Makes banks, members and history; banks and members that are there already are taken as they are. The days
// of the help are spread over the last years, in order.
absl::StatusOr<Prepared> Prepare(const Work& work, const Channels& channels);

// When each entry was acknowledged to its recorder, by sequence number; for who wants to know how much later
// others saw it.
class Acknowledged {
 public:
  // Room for entries up to `last`.
  explicit Acknowledged(uint64_t last) : at_ns_(last + 1) {}

  void Note(int64_t sequence) {
    if (static_cast<uint64_t>(sequence) < at_ns_.size())
      at_ns_[sequence].store(Clock::now().time_since_epoch().count(), std::memory_order_relaxed);
  }
  // 0: never. For after the last Note().
  int64_t AtNs(uint64_t sequence) const { return at_ns_[sequence].load(std::memory_order_relaxed); }
  uint64_t last() const { return at_ns_.size() - 1; }

 private:
  std::vector<std::atomic<int64_t>> at_ns_;
};

// `count` workers, each making other calls, spread over the channels. `work` must outlive them, and so must
// `acknowledged`, which may be null.
std::vector<std::unique_ptr<Worker>> MakeWorkers(const Work& work, const Channels& channels, uint32_t count,
                                                 Acknowledged* acknowledged);

}  // namespace timebank::bench

#endif  // TIMEBANK_TESTS_BENCH_LOAD_WORK_H_
