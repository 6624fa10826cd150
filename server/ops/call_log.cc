#include "server/ops/call_log.h"

#include <algorithm>
#include <chrono>
#include <optional>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "server/ledger/reason.h"

namespace timebank::ops {
namespace {

// As the API has them (proto/README.md): visible ASCII.
constexpr size_t kLongestRequestId = 128;

bool IsProper(std::string_view request_id) {
  return !request_id.empty() && request_id.size() <= kLongestRequestId &&
         std::all_of(request_id.begin(), request_id.end(), [](char c) { return c > ' ' && c <= '~'; });
}

bool IsHex(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool IsZero(std::string_view text) { return text.find_first_not_of('0') == text.npos; }

bool IsOurDoing(const services::EndedCall& call) {
  switch (call.code) {
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
      return call.reason != ledger::NameOf(ledger::Reason::kRateLimited);
    case grpc::StatusCode::UNKNOWN:
    case grpc::StatusCode::INTERNAL:
    case grpc::StatusCode::UNAVAILABLE:
    case grpc::StatusCode::DATA_LOSS:
      return true;
    default:
      return false;
  }
}

}  // namespace

TraceParent ParseTraceParent(std::string_view header) {
  // 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01; later versions may go on behind a dash.
  constexpr size_t kLength = 55;
  if (header.size() < kLength || header[2] != '-' || header[35] != '-' || header[52] != '-') return {};
  const std::string_view version = header.substr(0, 2);
  const TraceParent parent = {header.substr(3, 32), header.substr(36, 16)};
  const bool longer = header.size() > kLength;
  if (!IsHex(version) || version == "ff" || (longer && (version == "00" || header[kLength] != '-')))
    return {};
  if (!IsHex(parent.trace) || !IsHex(parent.span) || !IsHex(header.substr(53, 2))) return {};
  if (IsZero(parent.trace) || IsZero(parent.span)) return {};
  return parent;
}

CallLog::CallLog(Options options, services::CallObserver* next, Write write)
    : options_(options),
      next_(next),
      write_(std::move(write)),
      failures_(options.most_failures, std::chrono::seconds(1)),
      strangers_(options.most_strangers, std::chrono::minutes(1)) {}

void CallLog::Tell(const services::EndedCall& call) {
  const bool ok = call.code == grpc::StatusCode::OK;
  const bool stranger = call.code == grpc::StatusCode::UNAUTHENTICATED && call.key.empty();
  const std::optional<uint64_t> untold = ok ? 0 : (stranger ? strangers_ : failures_).Admit();
  if (!untold) return;
  const std::vector<std::string> names = services::RpcNames();
  Fields fields = {
      {"rpc", call.rpc < names.size() ? names[call.rpc] : ""},
      {"code", absl::StatusCodeToString(static_cast<absl::StatusCode>(call.code))},
      {"reason", std::string(call.reason)},
      {"ms", absl::StrFormat("%.3f", std::chrono::duration<double, std::milli>(call.took).count())},
      {"key", std::string(call.key)}};
  if (IsProper(call.request_id)) fields.emplace_back("request_id", call.request_id);
  const auto& metadata = call.context.client_metadata();
  if (const auto header = metadata.find("traceparent"); header != metadata.end()) {
    const TraceParent parent = ParseTraceParent({header->second.data(), header->second.size()});
    if (!parent.trace.empty()) {
      fields.emplace_back("trace", parent.trace);
      fields.emplace_back("span", parent.span);
    }
  }
  if (ok && !options_.all) fields.emplace_back("one_of", absl::StrCat(options_.one_of));
  if (stranger) {
    // One of the server's own sentences: of somebody whom it knows nothing of.
    fields.emplace_back("why", call.told);
    fields.emplace_back("peer", call.context.peer());
  }
  if (*untold > 0) fields.emplace_back("untold", absl::StrCat(*untold));
  const Level level = ok ? (options_.all ? Level::kDebug : Level::kInfo)
                         : (IsOurDoing(call) ? Level::kWarning : Level::kInfo);
  write_(level, fields);
}

}  // namespace timebank::ops
