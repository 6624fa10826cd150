// What the load generator asks of a server: banks with members to begin with, then one kind of call, over and
// over.
//
// Threads: a Worker belongs to whoever drives it, one call at a time; Prepare blocks.
#ifndef TIMEBANK_TESTS_BENCH_LOAD_WORK_H_
#define TIMEBANK_TESTS_BENCH_LOAD_WORK_H_

#include <grpcpp/grpcpp.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "absl/status/status.h"

namespace timebank::bench {

struct Work {
  enum class Kind {
    kRecord,     // RecordExchange
    kBatch,      // BatchRecordExchanges, short replies
    kBalance,    // GetBalance, now
    kStatement,  // ListStatementLines, the newest page
    kNoop,       // grpc.health.v1.Health/Check: what the server's transport alone costs
  };
  Kind kind = Kind::kRecord;
  uint32_t banks = 1;
  uint32_t members = 1'000;  // in each bank; at least 2
  uint32_t history = 0;      // exchanges in each bank to begin with
  uint32_t batch_size = 8'192;
  uint32_t page_size = 50;
  uint32_t note_bytes = 24;
  bool hot = false;  // the community pot receives in every exchange
  uint64_t seed = 1;
  std::string run;  // begins every request_id; another one in every run, so that nothing is a replay
};

// Makes banks, members and history; those that are there already are taken as they are.
absl::Status Prepare(const Work& work, const std::vector<std::shared_ptr<grpc::Channel>>& channels);

// Makes calls, one at a time.
class Worker {
 public:
  virtual ~Worker() = default;

  // Begins a call. `done` is called once, on one of gRPC's threads, with "" or why it failed: the error's
  // reason, or its code where it has none. Nothing of this object is touched after `done` has been called.
  virtual void Call(std::function<void(const std::string& error)> done) = 0;

  // Of the latest call, which is done.
  virtual size_t RequestBytes() const = 0;
  virtual size_t ReplyBytes() const = 0;
};

// `number` tells workers apart: each makes other calls.
std::unique_ptr<Worker> MakeWorker(const Work& work, const std::shared_ptr<grpc::Channel>& channel,
                                   uint32_t number);

}  // namespace timebank::bench

#endif  // TIMEBANK_TESTS_BENCH_LOAD_WORK_H_
