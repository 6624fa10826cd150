#include "tests/bench/drive.h"

#include <sys/prctl.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <random>
#include <thread>
#include <utility>

namespace timebank::bench {
namespace {

using TimePoint = Clock::time_point;

// A caller who hears nothing but errors stops asking.
constexpr int kErrorsInARow = 100;
// Of so many calls of each worker the sizes are taken: it costs as much as a message takes to write.
constexpr int kSizedCalls = 20;
// A run goes on until so many calls were measured, however long one takes.
constexpr uint64_t kLeastCalls = 8;

Clock::duration Seconds(double seconds) {
  return std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
}

double ProcessorSeconds() {
  rusage used;
  getrusage(RUSAGE_SELF, &used);
  auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

// How long the run goes on: the time is up, and there are some calls to go by.
class Course {
 public:
  explicit Course(const Pace& pace)
      : by_calls_(pace.calls > 0),
        calls_left_(static_cast<int64_t>(pace.calls)),
        begin_(Clock::now()),
        measured_from_(begin_ + Seconds(by_calls_ ? 0 : pace.warm_up_seconds)),
        until_(by_calls_ ? TimePoint::max() : measured_from_ + Seconds(pace.seconds)) {}

  TimePoint begin() const { return begin_; }

  // Whether one more call may begin, or is due, at `at`.
  bool MayBegin(TimePoint at) {
    return by_calls_ ? calls_left_.fetch_sub(1) > 0 : at < until_ || counted_ < kLeastCalls;
  }

  // Whether a call counts that ended, or was due, at `at`; asked once for each.
  bool Counts(TimePoint at) {
    if (at < measured_from_ || (at > until_ && counted_ >= kLeastCalls)) return false;
    ++counted_;
    int64_t last = last_.load();
    while (last < at.time_since_epoch().count() &&
           !last_.compare_exchange_weak(last, at.time_since_epoch().count())) {
    }
    return true;
  }

  // Once the last call is done, at `end`.
  double MeasuredSeconds(TimePoint end) const {
    const TimePoint last{Clock::duration(last_.load())};
    return std::chrono::duration<double>(std::min(end, std::max(until_, last)) - measured_from_).count();
  }

 private:
  const bool by_calls_;
  std::atomic<int64_t> calls_left_;
  const TimePoint begin_;
  const TimePoint measured_from_;
  const TimePoint until_;
  std::atomic<uint64_t> counted_ = 0;
  std::atomic<int64_t> last_ = 0;  // the latest that counted
};

// A worker and what it has seen. One call at a time.
class Lane {
 public:
  explicit Lane(Worker& worker) : worker_(worker) {}

  // Makes a call and runs `next` once it is done. It took from `due` on.
  void Call(TimePoint due, bool counts_by_end, Course& course, std::function<void()> next) {
    ++calls_;
    worker_.Call([this, due, counts_by_end, &course, next = std::move(next)](const std::string& error) {
      const TimePoint end = Clock::now();
      errors_in_a_row_ = error.empty() ? 0 : errors_in_a_row_ + 1;
      if (course.Counts(counts_by_end ? end : due)) See(error, end - due);
      next();
    });
  }

  bool given_up() const { return errors_in_a_row_ >= kErrorsInARow; }

  // Once it makes no more calls.
  void AddTo(Driven& driven, std::vector<int64_t>& took_ns, uint64_t& sized) const {
    took_ns.insert(took_ns.end(), took_ns_.begin(), took_ns_.end());
    for (const auto& [error, count] : errors_) driven.errors[error] += count;
    driven.all_calls += calls_;
    driven.text_bytes += worker_.TextBytes();
    driven.request_bytes += static_cast<double>(request_bytes_);
    driven.reply_bytes += static_cast<double>(reply_bytes_);
    sized += static_cast<uint64_t>(sized_);
  }

 private:
  void See(const std::string& error, Clock::duration took) {
    if (!error.empty()) {
      ++errors_[error];
      return;
    }
    took_ns_.push_back(std::chrono::nanoseconds(took).count());
    if (sized_ == kSizedCalls) return;
    ++sized_;
    request_bytes_ += worker_.RequestBytes();
    reply_bytes_ += worker_.ReplyBytes();
  }

  Worker& worker_;
  int errors_in_a_row_ = 0;
  uint64_t calls_ = 0;
  std::vector<int64_t> took_ns_;
  std::map<std::string, uint64_t> errors_;
  int sized_ = 0;
  uint64_t request_bytes_ = 0;
  uint64_t reply_bytes_ = 0;
};

class ClosedLoop {
 public:
  ClosedLoop(const Pace& pace, Course& course, std::deque<Lane>& lanes)
      : deaf_(pace.deaf), course_(course), lanes_(lanes) {}

  void Run() {
    left_ = lanes_.size();
    for (Lane& lane : lanes_) Next(lane);
    std::unique_lock lock(mutex_);
    all_left_.wait(lock, [this] { return left_ == 0; });
  }

 private:
  void Next(Lane& lane) {
    const TimePoint now = Clock::now();
    if ((deaf_ || !lane.given_up()) && course_.MayBegin(now)) {
      lane.Call(now, /*counts_by_end=*/true, course_, [this, &lane] { Next(lane); });
      return;
    }
    const std::lock_guard lock(mutex_);
    if (--left_ == 0) all_left_.notify_one();
  }

  const bool deaf_;
  Course& course_;
  std::deque<Lane>& lanes_;
  std::mutex mutex_;
  std::condition_variable all_left_;
  size_t left_ = 0;  // guarded by mutex_
};

class OpenLoop {
 public:
  OpenLoop(const Pace& pace, Course& course, std::deque<Lane>& lanes)
      : pace_(pace), course_(course), lanes_(lanes) {
    for (Lane& lane : lanes_) free_.push_back(&lane);
  }

  // How many calls found no lane free.
  uint64_t Run() {
    prctl(PR_SET_TIMERSLACK, 1);  // nanoseconds by which a sleep may be longer: this thread is to be in time
    std::mt19937_64 random(pace_.seed);
    std::exponential_distribution<double> gaps(pace_.rate);
    double at_seconds = 0;
    for (TimePoint due = course_.begin(); course_.MayBegin(due);
         due = course_.begin() + Seconds(at_seconds)) {
      std::this_thread::sleep_until(due);
      Arrive(due);
      at_seconds += pace_.even ? 1 / pace_.rate : gaps(random);
    }
    std::unique_lock lock(mutex_);
    all_free_.wait(lock, [this] { return free_.size() == lanes_.size(); });
    return late_;
  }

 private:
  void Arrive(TimePoint due) {
    Lane* lane = nullptr;
    {
      const std::lock_guard lock(mutex_);
      if (free_.empty()) {
        ++late_;
        waiting_.push_back(due);
        return;
      }
      lane = free_.back();
      free_.pop_back();
    }
    Send(*lane, due);
  }

  void Send(Lane& lane, TimePoint due) {
    lane.Call(due, /*counts_by_end=*/false, course_, [this, &lane] { Done(lane); });
  }

  void Done(Lane& lane) {
    TimePoint due;
    {
      const std::lock_guard lock(mutex_);
      if (waiting_.empty()) {
        free_.push_back(&lane);
        if (free_.size() == lanes_.size()) all_free_.notify_one();
        return;
      }
      due = waiting_.front();
      waiting_.pop_front();
    }
    Send(lane, due);
  }

  const Pace& pace_;
  Course& course_;
  std::deque<Lane>& lanes_;
  std::mutex mutex_;
  std::condition_variable all_free_;
  // Guarded by mutex_.
  std::vector<Lane*> free_;
  std::deque<TimePoint> waiting_;
  uint64_t late_ = 0;
};

}  // namespace

Times::Times(std::vector<int64_t> took_ns) : took_ns_(std::move(took_ns)) {
  std::sort(took_ns_.begin(), took_ns_.end());
}

double Times::PermilleUs(size_t of_thousand) const {
  if (took_ns_.empty()) return 0;
  return static_cast<double>(took_ns_[std::min(count() - 1, count() * of_thousand / 1'000)]) / 1'000;
}

double Times::LongestUs() const {
  return took_ns_.empty() ? 0 : static_cast<double>(took_ns_.back()) / 1'000;
}

Driven Drive(const Pace& pace, const std::vector<std::unique_ptr<Worker>>& workers) {
  std::deque<Lane> lanes;
  for (const auto& worker : workers) lanes.emplace_back(*worker);
  Driven driven;
  const double processor_before = ProcessorSeconds();
  Course course(pace);
  if (pace.rate > 0) {
    driven.late_calls = OpenLoop(pace, course, lanes).Run();
  } else {
    ClosedLoop(pace, course, lanes).Run();
  }
  driven.seconds = course.MeasuredSeconds(Clock::now());
  driven.processor_seconds = ProcessorSeconds() - processor_before;
  std::vector<int64_t> took_ns;
  uint64_t sized = 0;
  for (const Lane& lane : lanes) lane.AddTo(driven, took_ns, sized);
  driven.times = Times(std::move(took_ns));
  if (sized > 0) {
    driven.request_bytes /= static_cast<double>(sized);
    driven.reply_bytes /= static_cast<double>(sized);
  }
  return driven;
}

}  // namespace timebank::bench
