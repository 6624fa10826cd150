// When to try again, and how long to wait before it: RetryPolicy put to work for one call.
#ifndef TIMEBANK_CLIENT_CPP_RETRY_H_
#define TIMEBANK_CLIENT_CPP_RETRY_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>

#include "absl/status/status.h"
#include "client/cpp/options.h"

namespace timebank::client {

// One call's retries. One thread; refers to what it is given, which must outlive it.
class Retry {
 public:
  using Clock = std::chrono::steady_clock;

  // No wait ends at or after `deadline`.
  Retry(const RetryPolicy& policy, std::optional<Clock::time_point> deadline,
        const std::function<Clock::time_point()>& now, const std::function<std::uint64_t()>& random);

  // How long to wait before the next try, given how the last one failed; none where `status` stands.
  std::optional<std::chrono::nanoseconds> WaitAfter(const absl::Status& status);

  // How long ago the first failure was told of; 0 where none was.
  std::chrono::nanoseconds FailingFor() const;

  // The last try got somewhere: what comes next counts as a first try.
  void StartAnew();

 private:
  std::chrono::nanoseconds NextBackoff();

  const RetryPolicy& policy_;
  const std::optional<Clock::time_point> deadline_;
  const std::function<Clock::time_point()>& now_;
  const std::function<std::uint64_t()>& random_;

  std::optional<Clock::time_point> first_failure_;
  int tries_ = 0;
  // In nanoseconds; what NextBackoff() takes its part of.
  double backoff_;
};

}  // namespace timebank::client

#endif  // TIMEBANK_CLIENT_CPP_RETRY_H_
