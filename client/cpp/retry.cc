#include "client/cpp/retry.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "client/cpp/error.h"

namespace timebank::client {
namespace {

using std::chrono::nanoseconds;

// UNAVAILABLE: the call may have been carried out, and the request_id makes it safe to ask again. INTERNAL
// without a reason is the same, said by a proxy whose connection to the server broke: it can only reset the
// call. RESOURCE_EXHAUSTED is passing where the server says when (a full disk does not), and without a
// reason, which is gRPC's own: the server had no memory for all requests together, and it ends whichever call
// it likes. A message that is too large it tells in the same way, and will again.
bool MayPass(const absl::Status& status) {
  if (absl::IsUnavailable(status)) return true;
  const bool of_grpc = ErrorReason(status).empty();
  if (absl::IsInternal(status)) return of_grpc;
  return absl::IsResourceExhausted(status) &&
         (RetryDelay(status).has_value() ||
          (of_grpc && !absl::StrContains(status.message(), "larger than max")));
}

double InNanoseconds(nanoseconds duration) { return static_cast<double>(duration.count()); }

}  // namespace

Retry::Retry(const RetryPolicy& policy, std::optional<Clock::time_point> deadline,
             const std::function<Clock::time_point()>& now, const std::function<std::uint64_t()>& random)
    : policy_(policy), deadline_(deadline), now_(now), random_(random) {
  StartAnew();
}

void Retry::StartAnew() {
  first_failure_.reset();
  tries_ = 0;
  backoff_ = InNanoseconds(policy_.initial_backoff);
}

std::optional<nanoseconds> Retry::WaitAfter(const absl::Status& status) {
  ++tries_;
  if (!MayPass(status)) return std::nullopt;
  const Clock::time_point now = now_();
  if (!first_failure_) first_failure_ = now;
  if (policy_.max_attempts > 0 && tries_ >= policy_.max_attempts) return std::nullopt;
  if (absl::IsResourceExhausted(status) && policy_.max_busy_attempts > 0 &&
      tries_ >= policy_.max_busy_attempts) {
    return std::nullopt;
  }
  const nanoseconds wait =
      std::max<nanoseconds>(NextBackoff(), RetryDelay(status).value_or(std::chrono::milliseconds(0)));
  const Clock::time_point next_try = now + wait;
  if (deadline_.has_value() && next_try >= *deadline_) return std::nullopt;
  if (policy_.total_time.has_value() && next_try - *first_failure_ > *policy_.total_time) return std::nullopt;
  return wait;
}

nanoseconds Retry::FailingFor() const {
  return first_failure_ ? nanoseconds(now_() - *first_failure_) : nanoseconds(0);
}

nanoseconds Retry::NextBackoff() {
  const double whole = std::min(backoff_, InNanoseconds(policy_.max_backoff));
  backoff_ = whole * std::max(policy_.multiplier, 1.0);
  const double fraction = static_cast<double>(random_() >> 11) * 0x1p-53;  // [0, 1)
  return nanoseconds(static_cast<nanoseconds::rep>(whole / 2 + whole / 2 * fraction));
}

}  // namespace timebank::client
