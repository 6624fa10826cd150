// Drives workers through a run and tells how long their calls took.
//
// Closed loop: so many calls are on their way at a time, each caller sending its next one when it has the
// answer to the last. A server that stalls is asked less, so high percentiles look better than callers who
// come by themselves would find them.
//
// Open loop (`rate`): calls are due at times that were drawn before, whatever the server does, and how long
// one took counts from when it was due, not from when there was a worker free to send it.
#ifndef TIMEBANK_TESTS_BENCH_DRIVE_H_
#define TIMEBANK_TESTS_BENCH_DRIVE_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace timebank::bench {

using Clock = std::chrono::steady_clock;

// Makes calls, one at a time.
class Worker {
 public:
  virtual ~Worker() = default;

  // Begins a call. `done` is called once, on any thread, with "" or why it failed. Nothing of this object is
  // touched after `done` has been called.
  virtual void Call(std::function<void(const std::string& error)> done) = 0;

  // Of the latest call, which is done.
  virtual size_t RequestBytes() const = 0;
  virtual size_t ReplyBytes() const = 0;

  // Of the notes in all calls so far.
  virtual uint64_t TextBytes() const = 0;
};

struct Pace {
  double seconds = 5;
  double warm_up_seconds = 1;  // before that, not measured
  uint64_t calls = 0;          // instead of seconds: so many, from the first one on
  double rate = 0;             // calls a second that are due; 0: closed loop
  bool even = false;  // due at equal distances; otherwise as callers who know nothing of each other come
  // Goes on however many errors it hears: a caller that does not listen.
  bool deaf = false;
  uint64_t seed = 1;
};

// Times, sorted; percentiles of them.
class Times {
 public:
  Times() = default;
  explicit Times(std::vector<int64_t> took_ns);

  size_t count() const { return took_ns_.size(); }
  // The least time within which so many of a thousand were done; 0: there is none.
  double PermilleUs(size_t of_thousand) const;
  double LongestUs() const;

 private:
  std::vector<int64_t> took_ns_;
};

struct Driven {
  Times times;         // of calls that were measured and answered well
  double seconds = 0;  // that were measured
  std::map<std::string, uint64_t> errors;
  uint64_t all_calls = 0;    // with those that were not measured
  uint64_t text_bytes = 0;   // of the notes in all of them
  uint64_t late_calls = 0;   // open loop: due when no worker was free
  double request_bytes = 0;  // on average, of each worker's first calls
  double reply_bytes = 0;
  double processor_seconds = 0;  // that this process took for all calls

  double Rate() const { return seconds > 0 ? static_cast<double>(times.count()) / seconds : 0; }
};

// Blocks until the last call is done.
Driven Drive(const Pace& pace, const std::vector<std::unique_ptr<Worker>>& workers);

}  // namespace timebank::bench

#endif  // TIMEBANK_TESTS_BENCH_DRIVE_H_
