// What Prometheus may ask: the server's figures, on an address of their own.
//
//   calls, batches, troubles ──► Metrics (counted as they happen) ──┐
//   engine, feeds, RocksDB, disk, certificates (asked when it is) ──┴─► MetricsEndpoint: GET /metrics
//
// Figures only: no bank, no member, no key, nothing that anybody wrote.
//
// Threads: any.
#ifndef TIMEBANK_SERVER_OPS_METRICS_H_
#define TIMEBANK_SERVER_OPS_METRICS_H_

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "prometheus/metric_family.h"
#include "server/engine/engine.h"
#include "server/ops/call_counters.h"
#include "server/ops/certificates.h"
#include "server/services/serving.h"

namespace timebank::ops {

// Counts what happens.
class Metrics {
 public:
  CallCounters& calls() { return calls_; }
  // As engine::Engine::Options::on_batch.
  void OnBatch(size_t commands, std::chrono::nanoseconds sync);
  void OnTrouble() { troubles_.fetch_add(1, std::memory_order_relaxed); }

  absl::Time began() const { return began_; }

  void Collect(std::vector<prometheus::MetricFamily>& families) const;

 private:
  const absl::Time began_ = absl::Now();
  CallCounters calls_;
  Buckets<kCommandsBounds> batches_;
  Buckets<kSecondsBounds> syncs_;
  std::atomic<uint64_t> troubles_{0};
};

// Where the other figures come from. All must outlive the endpoint.
struct MetricsSources {
  const Metrics* metrics = nullptr;
  const engine::Engine* engine = nullptr;
  services::Serving* serving = nullptr;
  const CertificateWatcher* certificates = nullptr;  // null: no TLS
  std::function<bool()> is_serving;                  // as health says
  std::string folder;                                // the ledger's
  std::string version;
  int64_t queue_commands = 0;  // limits
  int64_t queue_bytes = 0;
};

std::vector<prometheus::MetricFamily> CollectAll(const MetricsSources& sources);

// Serves GET /metrics over plain HTTP, on threads of its own, for as long as it lives.
class MetricsEndpoint {
 public:
  // `address`: HOST:PORT. UNAVAILABLE: nothing can listen there.
  static absl::StatusOr<std::unique_ptr<MetricsEndpoint>> Open(const std::string& address,
                                                               MetricsSources sources);
  virtual ~MetricsEndpoint() = default;

  virtual int port() const = 0;
};

}  // namespace timebank::ops

#endif  // TIMEBANK_SERVER_OPS_METRICS_H_
