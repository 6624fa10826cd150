#include "server/ops/metrics.h"

#include <netdb.h>
#include <prometheus/collectable.h>
#include <prometheus/exposer.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string_view>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "server/ops/listening.h"

namespace timebank::ops {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Families = std::vector<MetricFamily>;
using Label = ClientMetric::Label;

struct Sample {
  std::vector<Label> label;
  double value = 0;
};

void AddSamples(Families& families, MetricType type, std::string_view name, std::string_view help,
                const std::vector<Sample>& samples) {
  MetricFamily family = {std::string(name), std::string(help), type, {}};
  for (const Sample& sample : samples) {
    ClientMetric metric;
    metric.label = sample.label;
    (type == MetricType::Counter ? metric.counter.value : metric.gauge.value) = sample.value;
    family.metric.push_back(std::move(metric));
  }
  families.push_back(std::move(family));
}

template <typename Number>
void AddGauge(Families& families, std::string_view name, std::string_view help, Number value) {
  AddSamples(families, MetricType::Gauge, name, help, {{{}, static_cast<double>(value)}});
}

template <typename Number>
void AddCounter(Families& families, std::string_view name, std::string_view help, Number value) {
  AddSamples(families, MetricType::Counter, name, help, {{{}, static_cast<double>(value)}});
}

template <const auto& kBounds>
void AddHistogram(Families& families, std::string_view name, std::string_view help,
                  const Buckets<kBounds>& buckets, double unit) {
  MetricFamily family = {std::string(name), std::string(help), MetricType::Histogram, {{}}};
  buckets.AddTo(family.metric[0].histogram, unit);
  Close(family.metric[0].histogram, kBounds);
  families.push_back(std::move(family));
}

void CollectEngine(const MetricsSources& sources, Families& families) {
  const engine::Engine::Figures figures = sources.engine->figures();
  AddGauge(families, "timebank_queue_commands", "Changes that wait to be carried out.",
           figures.queue_commands);
  AddGauge(families, "timebank_queue_bytes", "Bytes of changes that wait.", figures.queue_bytes);
  AddGauge(families, "timebank_queue_commands_limit", "As many changes may wait.", sources.queue_commands);
  AddGauge(families, "timebank_queue_bytes_limit", "As many bytes of changes may wait.", sources.queue_bytes);
  AddGauge(families, "timebank_disk_full", "1 while changes are refused with DISK_FULL.",
           figures.disk_full ? 1 : 0);
  AddGauge(families, "timebank_frames_applied", "Last frame of the commit log that can be read.",
           figures.applied_index);
  AddGauge(families, "timebank_frames_flushed", "Last frame that is in the database for good.",
           figures.flushed_index);
  const int64_t now_us = sources.serving->NowUs();
  AddGauge(families, "timebank_clock_timestamp_seconds", "What the server's clock shows.",
           static_cast<double>(now_us) / 1e6);
  AddGauge(families, "timebank_record_time_ahead_seconds",
           "By how much the latest entry since the start is of a time ahead of the server's clock.",
           static_cast<double>(std::max<int64_t>(0, figures.latest_record_time_us - now_us)) / 1e6);
  AddGauge(families, "timebank_serving", "1 where health says SERVING.", sources.is_serving() ? 1 : 0);
  using State = engine::Engine::State;
  const State now = sources.engine->state();
  std::vector<Sample> states;
  for (const auto& [state, name] :
       {std::pair{State::kRecovering, "recovering"}, std::pair{State::kServing, "serving"},
        std::pair{State::kFailed, "failed"}, std::pair{State::kStopped, "stopped"}}) {
    states.push_back({{{"state", name}}, state == now ? 1.0 : 0.0});
  }
  AddSamples(families, MetricType::Gauge, "timebank_state", "1 for the state that the ledger is in.", states);

  const storage::DatabaseFigures& database = figures.database;
  AddGauge(families, "timebank_rocksdb_block_cache_bytes", "Blocks in memory.", database.block_cache_bytes);
  AddGauge(families, "timebank_rocksdb_memtable_bytes", "Written and not yet flushed.",
           database.memtable_bytes);
  AddGauge(families, "timebank_rocksdb_sst_bytes", "Files on disk.", database.sst_bytes);
  AddGauge(families, "timebank_rocksdb_live_data_bytes", "Of them data that is not replaced, estimated.",
           database.live_data_bytes);
  AddGauge(families, "timebank_rocksdb_pending_compaction_bytes", "Still to be compacted, estimated.",
           database.pending_compaction_bytes);
  AddGauge(families, "timebank_rocksdb_keys", "Rows, estimated.", database.keys);
  AddGauge(families, "timebank_rocksdb_level0_files", "Files that no compaction has seen.",
           database.level0_files);
  AddGauge(families, "timebank_rocksdb_running_compactions", "Compactions going on.",
           database.running_compactions);
  AddGauge(families, "timebank_rocksdb_running_flushes", "Flushes going on.", database.running_flushes);
  AddGauge(families, "timebank_rocksdb_snapshots", "Positions that are kept readable.", database.snapshots);
  AddGauge(families, "timebank_rocksdb_write_stopped", "1 where it takes no writes until it has caught up.",
           database.write_stopped);
  AddGauge(families, "timebank_rocksdb_background_errors", "Errors of flushes and compactions.",
           database.background_errors);
}

void CollectServing(const MetricsSources& sources, Families& families) {
  services::Serving& serving = *sources.serving;
  AddGauge(families, "timebank_pool_queue", "Reads that wait for the disk.", serving.pool().waiting());
  AddGauge(families, "timebank_pool_queue_limit", "As many reads may wait.", serving.pool().queue_length());
  const services::LookBook::Figures looks = serving.looks().figures();
  AddCounter(families, "timebank_looks_total", "Reads of a member's account by somebody else.", looks.noted);
  AddCounter(families, "timebank_looks_dropped_total",
             "Of them those that are not told, because too many waited to be written.", looks.dropped);
  AddGauge(families, "timebank_looks_waiting", "Callers, accounts and days of looks that are to be written.",
           looks.waiting);
  AddGauge(families, "timebank_streams_open", "Open feeds.", serving.feeder().open());
  AddGauge(families, "timebank_streams_limit", "As many feeds may be open.", serving.feeder().most());
  AddGauge(families, "timebank_feed_lag_entries", "Entries that the slowest feed is behind its bank.",
           serving.feeder().Lag());
}

void CollectCertificates(const CertificateWatcher& watcher, Families& families) {
  const std::shared_ptr<const Certificates> latest = watcher.Latest();
  std::vector<Sample> expiries = {
      {{{"file", "server"}}, absl::ToDoubleSeconds(latest->expiry - absl::UnixEpoch())}};
  if (latest->client_ca_expiry) {
    expiries.push_back(
        {{{"file", "client_ca"}}, absl::ToDoubleSeconds(*latest->client_ca_expiry - absl::UnixEpoch())});
  }
  AddSamples(families, MetricType::Gauge, "timebank_certificate_expiry_timestamp_seconds",
             "When it expires, in seconds since 1970.", expiries);
  AddSamples(families, MetricType::Gauge, "timebank_certificate_start_timestamp_seconds",
             "When it becomes valid, in seconds since 1970.",
             {{{{"file", "server"}}, absl::ToDoubleSeconds(latest->begin - absl::UnixEpoch())}});
  AddSamples(families, MetricType::Counter, "timebank_certificate_reloads_total",
             "Replacements of the certificate; failed: each look at files that cannot be used.",
             {{{{"result", "ok"}}, static_cast<double>(watcher.taken())},
              {{{"result", "failed"}}, static_cast<double>(watcher.failed())}});
}

void CollectDisk(const std::string& folder, Families& families) {
  struct statvfs disk = {};
  if (statvfs(folder.c_str(), &disk) != 0) return;
  const auto unit = static_cast<double>(disk.f_frsize);
  AddGauge(families, "timebank_disk_free_bytes", "Free for us on the disk of the ledger's folder.",
           static_cast<double>(disk.f_bavail) * unit);
  AddGauge(families, "timebank_disk_size_bytes", "Size of that disk.",
           static_cast<double>(disk.f_blocks) * unit);
}

// The fields of /proc/self/stat behind the program's name, which may have blanks in it.
std::vector<uint64_t> ProcessStat() {
  std::ifstream file("/proc/self/stat");
  std::string text;
  std::getline(file, text);
  std::istringstream rest(text.substr(std::min(text.size(), text.rfind(')') + 4)));  // ") R "
  std::vector<uint64_t> fields;
  for (int64_t field = 0; rest >> field;) fields.push_back(static_cast<uint64_t>(field));
  return fields;
}

void CollectProcess(const MetricsSources& sources, Families& families) {
  AddSamples(families, MetricType::Gauge, "timebank_build_info", "1, with the version.",
             {{{{"version", sources.version}}, 1.0}});
  AddGauge(families, "timebank_start_timestamp_seconds", "When it was started, in seconds since 1970.",
           absl::ToDoubleSeconds(sources.metrics->began() - absl::UnixEpoch()));
  // As proc(5) counts them, from the fourth field on.
  constexpr size_t kUserTicks = 10;
  constexpr size_t kSystemTicks = 11;
  constexpr size_t kResidentPages = 20;
  if (const std::vector<uint64_t> stat = ProcessStat(); stat.size() > kResidentPages) {
    AddCounter(families, "process_cpu_seconds_total", "Processor time, all threads.",
               static_cast<double>(stat[kUserTicks] + stat[kSystemTicks]) /
                   static_cast<double>(sysconf(_SC_CLK_TCK)));
    AddGauge(families, "process_resident_memory_bytes", "Memory in use.",
             static_cast<double>(stat[kResidentPages]) * static_cast<double>(sysconf(_SC_PAGESIZE)));
  }
  std::error_code error;
  const std::filesystem::directory_iterator open("/proc/self/fd", error);
  if (!error) {
    AddGauge(families, "process_open_fds", "Open files and connections.",
             std::distance(begin(open), end(open)));
  }
  rlimit limit = {};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    AddGauge(families, "process_max_fds", "As many may be open.", limit.rlim_cur);
  }
}

// Connects, and leaves again.
void ConnectTo(const std::string& address, int port) {
  std::string host = address.substr(0, address.rfind(':'));
  if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
  addrinfo hints = {};
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(host.c_str(), absl::StrCat(port).c_str(), &hints, &found) != 0) return;
  const int file = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (file != -1) {
    static_cast<void>(connect(file, found->ai_addr, found->ai_addrlen));
    close(file);
  }
  freeaddrinfo(found);
}

class Endpoint final : public MetricsEndpoint, public prometheus::Collectable {
 public:
  explicit Endpoint(MetricsSources sources) : sources_(std::move(sources)) {}

  // May throw, as the exposer does.
  void Listen(const std::string& address) {
    address_ = address;
    exposer_.emplace(std::vector<std::string>{"listening_ports", address, "num_threads", "2",
                                              "request_timeout_ms", "10000", "enable_keep_alive", "no"});
    // The exposer asks whether what it collects from still lives; it goes first.
    exposer_->RegisterCollectable(std::shared_ptr<prometheus::Collectable>(alive_, this));
  }

  // The exposer looks whether it is to end when somebody connects, and every two seconds: a stop does not
  // wait for that.
  ~Endpoint() override {
    if (!exposer_) return;
    const int its_port = port();
    std::atomic<bool> ended = false;
    std::thread ending([&] {
      exposer_.reset();
      ended = true;
    });
    while (!ended) {
      ConnectTo(address_, its_port);
      absl::SleepFor(absl::Milliseconds(5));
    }
    ending.join();
  }

  std::vector<MetricFamily> Collect() const override { return CollectAll(sources_); }
  int port() const override { return exposer_->GetListeningPorts().front(); }

 private:
  const MetricsSources sources_;
  std::string address_;
  const std::shared_ptr<int> alive_ = std::make_shared<int>();
  std::optional<prometheus::Exposer> exposer_;
};

}  // namespace

void Metrics::OnBatch(size_t commands, std::chrono::nanoseconds sync) {
  batches_.Add(static_cast<double>(commands), commands);
  syncs_.Add(static_cast<double>(sync.count()) * 1e-9, static_cast<uint64_t>(sync.count()));
}

void Metrics::Collect(Families& families) const {
  calls_.Collect(families);
  AddHistogram(families, "timebank_batch_commands", "Changes that share one sync.", batches_, 1);
  AddHistogram(families, "timebank_sync_seconds", "Append and sync of a frame of the commit log.", syncs_,
               1e-9);
  AddCounter(families, "timebank_troubles_total", "Failures of the disk that are tried again.",
             troubles_.load(std::memory_order_relaxed));
}

std::vector<MetricFamily> CollectAll(const MetricsSources& sources) {
  Families families;
  sources.metrics->Collect(families);
  CollectEngine(sources, families);
  CollectServing(sources, families);
  if (sources.certificates != nullptr) CollectCertificates(*sources.certificates, families);
  CollectDisk(sources.folder, families);
  CollectProcess(sources, families);
  return families;
}

absl::StatusOr<std::unique_ptr<MetricsEndpoint>> MetricsEndpoint::Open(const std::string& address,
                                                                       MetricsSources sources) {
  auto endpoint = std::make_unique<Endpoint>(std::move(sources));
  try {
    endpoint->Listen(address);
  } catch (const std::exception&) {
    return absl::UnavailableError(
        absl::StrCat("cannot listen on ", address, " for metrics: ", WhyNotListening(address)));
  }
  return endpoint;
}

}  // namespace timebank::ops
