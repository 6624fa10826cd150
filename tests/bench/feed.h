// Subscribers of a bank's feed, who note when they see each entry.
//
// Threads: Start and Stop from one; in between gRPC's threads are at work.
#ifndef TIMEBANK_TESTS_BENCH_FEED_H_
#define TIMEBANK_TESTS_BENCH_FEED_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "tests/bench/drive.h"
#include "tests/bench/load_work.h"

namespace timebank::bench {

class Subscribers {
 public:
  struct Delays {
    // From an entry's acknowledgement to its sight, for each subscriber; 0: it came first. What has not come
    // within a second after the last call counts as having come then.
    Times times;
    uint64_t missing = 0;
  };

  virtual ~Subscribers() = default;

  // Waits a second for what is still on its way, and ends the feeds.
  virtual Delays Stop(const Acknowledged& acknowledged) = 0;

  // `count` of them follow the first bank from its present position on, spread over the channels. Entries up
  // to number `last` are noted.
  static absl::StatusOr<std::unique_ptr<Subscribers>> Start(const Channels& channels, uint32_t count,
                                                            uint64_t last);
};

}  // namespace timebank::bench

#endif  // TIMEBANK_TESTS_BENCH_FEED_H_
