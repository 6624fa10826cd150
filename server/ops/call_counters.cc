#include "server/ops/call_counters.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "server/ledger/reason.h"

namespace timebank::ops {
namespace {

using ledger::Reason;
using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

ClientMetric Count(const std::string& rpc, absl::StatusCode code, std::string_view reason, uint64_t count) {
  ClientMetric metric;
  metric.label = {{"rpc", rpc}, {"code", absl::StatusCodeToString(code)}};
  if (!reason.empty()) metric.label.push_back({"reason", std::string(reason)});
  metric.counter.value = static_cast<double>(count);
  return metric;
}

}  // namespace

CallCounters::CallCounters()
    : shards_(std::make_unique<Shard[]>(kShards)), others_(std::make_unique<Others[]>(services::kMostRpcs)) {}

void CallCounters::CountOther(const services::EndedCall& call, uint64_t ns) {
  Others& others = others_[call.rpc];
  const std::optional<Reason> reason = ledger::ReasonNamed(call.reason);
  const auto reason_number = static_cast<size_t>(reason.value_or(Reason{}));
  const auto code = static_cast<size_t>(call.code);
  if (reason && reason_number < kMostReasons) {
    others.by_reason[reason_number].fetch_add(1, std::memory_order_relaxed);
  } else if (code < kCodes) {
    others.by_code[code].fetch_add(1, std::memory_order_relaxed);
  }
  if (!call.is_stream) others.times.Add(static_cast<double>(ns) * 1e-9, ns);
}

void CallCounters::Collect(std::vector<MetricFamily>& families) const {
  MetricFamily total = {
      "timebank_calls_total", "Calls that have ended, by what they ended in.", MetricType::Counter, {}};
  MetricFamily seconds = {"timebank_call_seconds",
                          "From a call's arrival to its answer being ready; without streams.",
                          MetricType::Histogram,
                          {}};
  MetricFamily open = {"timebank_calls_open", "Calls under way; without streams.", MetricType::Gauge, {{}}};
  // What ended first: a call that ends meanwhile must not be missing among those that began.
  int64_t ended = 0;
  const std::vector<std::string> rpcs = services::RpcNames();
  for (size_t rpc = 1; rpc < rpcs.size(); ++rpc) {
    ClientMetric times;
    times.label = {{"rpc", rpcs[rpc]}};
    for (size_t i = 0; i < kShards; ++i) shards_[i].ok[rpc].AddTo(times.histogram, 1e-9);
    const Others& others = others_[rpc];
    const uint64_t ok = times.histogram.sample_count + others.by_code[0].load(std::memory_order_relaxed);
    total.metric.push_back(Count(rpcs[rpc], absl::StatusCode::kOk, "", ok));
    for (size_t code = 1; code < kCodes; ++code) {
      const uint64_t count = others.by_code[code].load(std::memory_order_relaxed);
      if (count > 0) total.metric.push_back(Count(rpcs[rpc], static_cast<absl::StatusCode>(code), "", count));
    }
    for (size_t number = 0; number < kMostReasons; ++number) {
      const uint64_t count = others.by_reason[number].load(std::memory_order_relaxed);
      if (count == 0) continue;
      const auto reason = static_cast<Reason>(number);
      total.metric.push_back(Count(rpcs[rpc], ledger::CodeOf(reason), ledger::NameOf(reason), count));
    }
    others.times.AddTo(times.histogram, 1e-9);
    Close(times.histogram, kSecondsBounds);
    ended += static_cast<int64_t>(times.histogram.sample_count);
    seconds.metric.push_back(std::move(times));
  }
  int64_t began = 0;
  for (size_t i = 0; i < kShards; ++i) began += shards_[i].began.load(std::memory_order_relaxed);
  open.metric[0].gauge.value = static_cast<double>(std::max<int64_t>(began - ended, 0));
  families.push_back(std::move(total));
  families.push_back(std::move(seconds));
  families.push_back(std::move(open));
}

}  // namespace timebank::ops
