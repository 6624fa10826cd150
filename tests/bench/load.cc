// A load generator: makes calls to a server, and tells how many a second were answered and how long they
// took.
//
//     timebank-load --start build/release/server/timebankd --work record --outstanding 256 --channels 4
//     timebank-load --server 127.0.0.1:7400 --work statement --history 10000
//     timebank-load --server unix:/run/timebank.sock --work record --rate 5000     open loop: drive.h
//
//     timebank-load --server 127.0.0.1:7400 --key-file flood.key --deaf --work balance     with the key in a
//     file
//
// Exit status: 0 where every call was answered well; of who is deaf, where any was.
#include <grpcpp/grpcpp.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/synchronization/mutex.h"
#include "tests/bench/drive.h"
#include "tests/bench/feed.h"
#include "tests/bench/load_work.h"
#include "tests/bench/server_process.h"

namespace timebank::bench {
namespace {

constexpr std::chrono::seconds kConnectTimeout(30);
// Subscribers and recorders look at so many more entries than are due: chance brings some more.
constexpr double kRoom = 1.5;

struct Options {
  std::string server;
  std::string start;
  std::vector<std::string> server_flags;
  std::string key_file;
  Work work;
  Pace pace;
  uint32_t banks = 1;
  uint32_t members = 1'000;
  bool real_sizes = false;
  uint32_t outstanding = 64;
  uint32_t channels = 4;
  uint32_t subscribers = 0;
  bool prepare_only = false;
  bool prepared = false;
  bool json = false;
};

const std::map<std::string, Work::Kind> kKinds = {{"record", Work::Kind::kRecord},
                                                  {"batch", Work::Kind::kBatch},
                                                  {"balance", Work::Kind::kBalance},
                                                  {"statement", Work::Kind::kStatement},
                                                  {"noop", Work::Kind::kNoop}};

std::string NameOf(Work::Kind kind) {
  for (const auto& [name, named] : kKinds) {
    if (named == kind) return name;
  }
  return "";
}

// A connection each: channels with the same arguments would share one.
Channels Connect(const std::string& address, uint32_t count) {
  Channels channels;
  for (uint32_t i = 0; i < count; ++i) {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    arguments.SetMaxReceiveMessageSize(-1);
    channels.push_back(grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments));
    if (!channels.back()->WaitForConnected(std::chrono::system_clock::now() + kConnectTimeout)) return {};
  }
  return channels;
}

struct Result {
  Prepared prepared;
  Driven driven;
  Subscribers::Delays delays;

  bool Well(const Pace& pace) const {
    return (pace.deaf || driven.errors.empty()) && driven.times.count() > 0;
  }
};

absl::StatusOr<Result> Run(const Options& options, const Channels& channels) {
  Result result;
  if (!options.prepared) {
    absl::StatusOr<Prepared> prepared = Prepare(options.work, channels);
    if (!prepared.ok()) return prepared.status();
    result.prepared = *prepared;
  }
  if (options.prepare_only) return result;

  std::unique_ptr<Acknowledged> acknowledged;
  std::unique_ptr<Subscribers> subscribers;
  if (options.subscribers > 0) {
    const double due = options.pace.rate * (options.pace.seconds + options.pace.warm_up_seconds);
    // The bank's members and history come first.
    const uint64_t last = options.work.population.members() + options.work.history +
                          static_cast<uint64_t>(std::ceil(due * kRoom)) + options.pace.calls + 10;
    acknowledged = std::make_unique<Acknowledged>(last);
    absl::StatusOr<std::unique_ptr<Subscribers>> started =
        Subscribers::Start(channels, options.subscribers, last);
    if (!started.ok()) return started.status();
    subscribers = *std::move(started);
  }
  const auto workers = MakeWorkers(options.work, channels, options.outstanding, acknowledged.get());
  result.driven = Drive(options.pace, workers);
  if (subscribers != nullptr) result.delays = subscribers->Stop(*acknowledged);
  return result;
}

void PrintTimes(const char* what, const Times& times) {
  auto ms = [](double us) { return us / 1'000; };
  absl::PrintF("%-12s %10d %9.2f %9.2f %9.2f %9.2f\n", what, times.count(), ms(times.PermilleUs(500)),
               ms(times.PermilleUs(990)), ms(times.PermilleUs(999)), ms(times.LongestUs()));
}

void PrintTable(const Options& options, const Result& result) {
  const Driven& driven = result.driven;
  absl::PrintF("%-12s %10s %9s %9s %9s %9s\n", "", "count", "p50 ms", "p99 ms", "p99.9 ms", "max ms");
  PrintTimes(NameOf(options.work.kind).c_str(), driven.times);
  if (options.subscribers > 0) PrintTimes("feed", result.delays.times);
  absl::PrintF("%.0f calls a second", driven.Rate());
  if (options.work.kind == Work::Kind::kBatch)
    absl::PrintF(", %.0f exchanges", driven.Rate() * options.work.batch_size);
  absl::PrintF("; %.0f bytes sent and %.0f received a call; %.1f us of this program's processor time\n",
               driven.request_bytes, driven.reply_bytes,
               driven.processor_seconds * 1e6 / static_cast<double>(driven.all_calls));
  if (driven.late_calls > 0) absl::PrintF("%d calls found no worker free\n", driven.late_calls);
  if (result.delays.missing > 0) absl::PrintF("%d events never came\n", result.delays.missing);
  for (const auto& [error, count] : driven.errors) absl::PrintF("%-30s %9d\n", error, count);
}

std::string Json(const Times& times) {
  return absl::StrFormat(
      "{\"count\": %d, \"p50_us\": %.1f, \"p99_us\": %.1f, \"p999_us\": %.1f, \"max_us\": %.1f}",
      times.count(), times.PermilleUs(500), times.PermilleUs(990), times.PermilleUs(999), times.LongestUs());
}

// Names and errors are [A-Za-z0-9_]: nothing needs escaping.
void PrintJson(const Options& options, const Result& result) {
  const Work& work = options.work;
  const Driven& driven = result.driven;
  std::string errors;
  for (const auto& [error, count] : driven.errors)
    absl::StrAppend(&errors, errors.empty() ? "" : ", ", "\"", error, "\": ", count);
  absl::PrintF(
      "{\"work\": \"%s\", \"outstanding\": %d, \"channels\": %d, \"offered\": %.0f, \"banks\": %d, "
      "\"members\": %d, \"history\": %d, \"history_text_bytes\": %d, \"batch_size\": %d, \"seconds\": %.3f, "
      "\"rate\": %.1f, \"times\": %s, \"feed\": %s, \"feed_missing\": %d, \"late_calls\": %d, "
      "\"all_calls\": %d, \"text_bytes\": %d, \"request_bytes\": %.1f, \"reply_bytes\": %.1f, "
      "\"processor_seconds\": %.3f, \"errors\": {%s}}\n",
      NameOf(work.kind), options.outstanding, options.channels, options.pace.rate, work.population.banks(),
      work.population.members(), work.history, result.prepared.text_bytes,
      work.kind == Work::Kind::kBatch ? work.batch_size : 1, driven.seconds, driven.Rate(),
      Json(driven.times), Json(result.delays.times), result.delays.missing, driven.late_calls,
      driven.all_calls, driven.text_bytes, driven.request_bytes, driven.reply_bytes, driven.processor_seconds,
      errors);
}

int Main(Options options) {
  std::unique_ptr<ServerProcess> server;
  if (!options.start.empty()) {
    // Before gRPC has threads: it forks.
    absl::StatusOr<std::unique_ptr<ServerProcess>> started =
        ServerProcess::Start(options.start, options.server_flags);
    if (!started.ok()) {
      std::cerr << "timebank-load: " << started.status().message() << '\n';
      return EXIT_FAILURE;
    }
    server = *std::move(started);
    options.server = server->address();
  }
  Work& work = options.work;
  if (!options.key_file.empty()) {
    std::ifstream file(options.key_file);
    if (!(file >> work.key)) {
      std::cerr << "timebank-load: there is no key in " << options.key_file << '\n';
      return EXIT_FAILURE;
    }
  }
  work.run = absl::StrFormat("%016x", std::chrono::duration_cast<std::chrono::microseconds>(
                                          std::chrono::system_clock::now().time_since_epoch())
                                          .count());
  work.population = options.real_sizes ? Population::Real(options.banks, work.seed)
                                       : Population::Uniform(options.banks, options.members);
  options.pace.seed = work.seed;
  const Channels channels = Connect(options.server, options.channels);
  if (channels.empty()) {
    std::cerr << "timebank-load: nobody answers on " << options.server << '\n';
    return EXIT_FAILURE;
  }
  const absl::StatusOr<Result> result = Run(options, channels);
  if (!result.ok()) {
    std::cerr << "timebank-load: before the calls: " << result.status().message() << '\n';
    return EXIT_FAILURE;
  }
  if (options.json) {
    PrintJson(options, *result);
  } else if (!options.prepare_only) {
    PrintTable(options, *result);
  }
  return options.prepare_only || result->Well(options.pace) ? EXIT_SUCCESS : EXIT_FAILURE;
}

void AddServerOptions(CLI::App& app, Options& options) {
  auto* target = app.add_option_group("the server");
  target->add_option("--server", options.server, "HOST:PORT or unix:PATH of one that is running");
  target->add_option("--start", options.start, "program to start, with a folder and a port of its own")
      ->check(CLI::ExistingFile);
  target->require_option(1);
  app.add_option("server-flags", options.server_flags, "behind --: flags for the program to start");
  app.add_option("--key-file", options.key_file,
                 "with the key to call with; what is there must be --prepared")
      ->check(CLI::ExistingFile);
  app.add_option("--channels", options.channels, "connections")
      ->check(CLI::Range(1, 1'000))
      ->capture_default_str();
}

void AddPreparation(CLI::App& app, Options& options) {
  app.add_option("--banks", options.banks)->check(CLI::Range(1, 1'000'000))->capture_default_str();
  app.add_option("--members", options.members, "of each bank")
      ->check(CLI::Range(2, 10'000'000))
      ->capture_default_str();
  app.add_flag("--real-sizes", options.real_sizes,
               "banks as large as real ones instead: median 42, at most 875");
  app.add_option("--history", options.work.history, "exchanges of each bank to begin with")
      ->check(CLI::Range(0, 1'000'000'000))
      ->capture_default_str();
  auto* only = app.add_flag("--prepare-only", options.prepare_only, "make these, and no calls");
  app.add_flag("--prepared", options.prepared, "these are there already")->excludes(only);
}

void AddWork(CLI::App& app, Options& options) {
  Work& work = options.work;
  app.add_option("--work", work.kind, "record, batch, balance, statement or noop (health checks)")
      ->transform(CLI::CheckedTransformer(kKinds))
      ->required();
  app.add_option("--batch-size", work.batch_size, "exchanges in a batch")
      ->check(CLI::Range(1, 8'192))
      ->capture_default_str();
  app.add_option("--page-size", work.page_size, "lines of a statement")
      ->check(CLI::Range(1, 1'000))
      ->capture_default_str();
  app.add_flag("!--no-notes", work.notes, "exchanges have no note");
  app.add_flag("--origins", work.origins,
               "exchanges of batches have what those of an import have: numbers of an older system, days");
  app.add_flag("--hot", work.hot, "the community pot receives in every exchange");
  app.add_option(
         "--subscribers", options.subscribers,
         "so many follow the first bank's feed; tells how long after its acknowledgement they see an entry")
      ->check(CLI::Range(0, 10'000))
      ->capture_default_str();
  app.add_option("--seed", work.seed, "of everything that is drawn")->capture_default_str();
}

void AddPace(CLI::App& app, Options& options) {
  Pace& pace = options.pace;
  app.add_option("--outstanding", options.outstanding, "calls on their way at a time, at most")
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
  app.add_option("--seconds", pace.seconds, "how long to measure")
      ->check(CLI::Range(0.1, 3'600.0))
      ->capture_default_str();
  app.add_option("--warm-up", pace.warm_up_seconds, "seconds before that, not measured")
      ->check(CLI::Range(0.0, 3'600.0))
      ->capture_default_str();
  app.add_option("--calls", pace.calls, "measure so many calls instead, from the first one on");
  app.add_option("--rate", pace.rate, "open loop: calls a second that are due, by chance")
      ->check(CLI::Range(0.0, 10'000'000.0));
  app.add_flag("--even", pace.even, "open loop: due at equal distances");
  app.add_flag("--deaf", pace.deaf, "closed loop: calls on, whatever it hears");
  app.add_flag("--json", options.json, "one JSON object instead of the table");
}

}  // namespace
}  // namespace timebank::bench

int main(int argc, char** argv) {
  // As timebankd does: Debian's Abseil would look for deadlocks at every lock that gRPC takes.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  timebank::bench::Options options;
  CLI::App app("Makes calls to a timebank server and tells how it bears them");
  timebank::bench::AddServerOptions(app, options);
  timebank::bench::AddWork(app, options);
  timebank::bench::AddPreparation(app, options);
  timebank::bench::AddPace(app, options);
  CLI11_PARSE(app, argc, argv);
  return timebank::bench::Main(std::move(options));
}
