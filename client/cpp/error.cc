#include "client/cpp/error.h"

#include <algorithm>
#include <utility>

#include "absl/strings/cord.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace timebank::client {
namespace {

constexpr absl::string_view kErrorInfo = "type.googleapis.com/google.rpc.ErrorInfo";
constexpr absl::string_view kBadRequest = "type.googleapis.com/google.rpc.BadRequest";
constexpr absl::string_view kRetryInfo = "type.googleapis.com/google.rpc.RetryInfo";
// Never on the wire, hence not a type URL of a message.
constexpr absl::string_view kRequestId = "timebank.client/request_id";
constexpr absl::string_view kNeverSent = "timebank.client/never_sent";

constexpr std::chrono::milliseconds kLongestDelay = std::chrono::hours(24);

// The detail of that type; none where there is none or it cannot be read, which is another program's fault
// and must not hide the error itself.
template <typename Detail>
std::optional<Detail> DetailOf(const absl::Status& status, absl::string_view type_url) {
  const absl::optional<absl::Cord> payload = status.GetPayload(type_url);
  Detail detail;
  if (!payload.has_value() || !detail.ParseFromString(std::string(*payload))) return std::nullopt;
  return detail;
}

}  // namespace

std::string ErrorReason(const absl::Status& status) {
  const auto info = DetailOf<google::rpc::ErrorInfo>(status, kErrorInfo);
  return info.has_value() ? info->reason() : std::string();
}

std::map<std::string, std::string> ErrorMetadata(const absl::Status& status) {
  const auto info = DetailOf<google::rpc::ErrorInfo>(status, kErrorInfo);
  if (!info.has_value()) return {};
  return {info->metadata().begin(), info->metadata().end()};
}

std::vector<FieldViolation> FieldViolations(const absl::Status& status) {
  std::vector<FieldViolation> violations;
  const auto bad_request = DetailOf<google::rpc::BadRequest>(status, kBadRequest);
  if (!bad_request.has_value()) return violations;
  for (const google::rpc::BadRequest::FieldViolation& violation : bad_request->field_violations()) {
    violations.push_back(
        {.field = violation.field(), .description = violation.description(), .reason = violation.reason()});
  }
  return violations;
}

std::optional<std::chrono::milliseconds> RetryDelay(const absl::Status& status) {
  const auto retry = DetailOf<google::rpc::RetryInfo>(status, kRetryInfo);
  if (!retry.has_value()) return std::nullopt;
  // Bounded before it is multiplied: a Duration holds 10,000 years.
  if (retry->retry_delay().seconds() >= 24 * 60 * 60) return kLongestDelay;
  if (retry->retry_delay().seconds() < 0 || retry->retry_delay().nanos() < 0)
    return std::chrono::milliseconds(0);
  return std::min(kLongestDelay, std::chrono::milliseconds(retry->retry_delay().seconds() * 1000) +
                                     std::chrono::ceil<std::chrono::milliseconds>(
                                         std::chrono::nanoseconds(retry->retry_delay().nanos())));
}

std::string RequestId(const absl::Status& status) {
  const absl::optional<absl::Cord> payload = status.GetPayload(kRequestId);
  return payload.has_value() ? std::string(*payload) : std::string();
}

bool NeverSent(const absl::Status& status) { return status.GetPayload(kNeverSent).has_value(); }

absl::Status ToStatus(const google::rpc::Status& status) {
  absl::Status result(static_cast<absl::StatusCode>(status.code()), status.message());
  for (const google::protobuf::Any& detail : status.details()) {
    result.SetPayload(detail.type_url(), absl::Cord(detail.value()));
  }
  return result;
}

absl::Status WithRequestId(absl::Status status, std::string_view request_id) {
  status.SetPayload(kRequestId, absl::Cord(absl::string_view(request_id.data(), request_id.size())));
  return status;
}

absl::Status WithNeverSent(absl::Status status) {
  status.SetPayload(kNeverSent, absl::Cord());
  return status;
}

absl::Status WithoutNeverSent(absl::Status status) {
  status.ErasePayload(kNeverSent);
  return status;
}

}  // namespace timebank::client
