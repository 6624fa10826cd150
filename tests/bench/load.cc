// A load generator: keeps a given number of calls on their way to a server, each caller sending its next call
// when it has the answer to the last (closed loop), and tells how many a second were answered and how long
// they took.
//
//     timebank-load --start build/release/server/timebankd --work record --outstanding 256 --channels 4
//     timebank-load --server 127.0.0.1:7400 --work statement --history 10000
//
// In a closed loop a server that stalls is asked less, so high percentiles look better than callers who come
// by themselves would find them: compare runs with each other, on one machine, in turns.
//
// Exit status: 0 where every call was answered well.
#include <grpcpp/grpcpp.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/synchronization/blocking_counter.h"
#include "tests/bench/load_work.h"
#include "tests/bench/server_process.h"

namespace timebank::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kConnectTimeout(30);
// A caller who hears nothing but errors stops asking.
constexpr int kErrorsInARow = 100;

struct Options {
  std::string server;
  std::string start;
  std::vector<std::string> server_flags;
  Work work;
  uint32_t outstanding = 64;
  uint32_t channels = 4;
  double seconds = 5;
  double warm_up_seconds = 1;
  uint64_t calls = 0;  // instead of seconds
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

// How long the run goes on. Calls that end within [measured_from, until] count.
class Course {
 public:
  explicit Course(const Options& options)
      : by_calls_(options.calls > 0),
        calls_left_(static_cast<int64_t>(options.calls)),
        measured_from_(Clock::now() + Seconds(by_calls_ ? 0 : options.warm_up_seconds)),
        until_(by_calls_ ? Clock::time_point::max() : measured_from_ + Seconds(options.seconds)) {}

  bool MayBegin() { return by_calls_ ? calls_left_.fetch_sub(1) > 0 : Clock::now() < until_; }
  bool Counts(Clock::time_point end) const { return end >= measured_from_ && end <= until_; }

  // `end`: when the last caller had left.
  double MeasuredSeconds(Clock::time_point end) const {
    return std::chrono::duration<double>(std::min(end, until_) - measured_from_).count();
  }

 private:
  static Clock::duration Seconds(double seconds) {
    return std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  }

  const bool by_calls_;
  std::atomic<int64_t> calls_left_;
  const Clock::time_point measured_from_;
  const Clock::time_point until_;
};

// What callers have seen.
struct Seen {
  std::vector<int64_t> took_us;  // of calls that were answered well
  std::map<std::string, uint64_t> errors;
  size_t request_bytes = 0;  // of the last call
  size_t reply_bytes = 0;

  void Add(const Seen& other) {
    took_us.insert(took_us.end(), other.took_us.begin(), other.took_us.end());
    for (const auto& [error, count] : other.errors) errors[error] += count;
    request_bytes = std::max(request_bytes, other.request_bytes);
    reply_bytes = std::max(reply_bytes, other.reply_bytes);
  }
};

// One of the outstanding calls. `seen` may be read once it has left.
class Caller {
 public:
  Caller(std::unique_ptr<Worker> worker, Course& course, absl::BlockingCounter& left)
      : worker_(std::move(worker)), course_(course), left_(left) {}

  void Begin() {
    if (errors_in_a_row_ >= kErrorsInARow || !course_.MayBegin()) {
      left_.DecrementCount();
      return;
    }
    began_ = Clock::now();
    worker_->Call([this](const std::string& error) {
      See(error);
      Begin();
    });
  }

  const Seen& seen() const { return seen_; }

 private:
  void See(const std::string& error) {
    const Clock::time_point end = Clock::now();
    errors_in_a_row_ = error.empty() ? 0 : errors_in_a_row_ + 1;
    if (!course_.Counts(end)) return;
    if (!error.empty()) {
      ++seen_.errors[error];
      return;
    }
    seen_.took_us.push_back(std::chrono::duration_cast<std::chrono::microseconds>(end - began_).count());
    if (seen_.reply_bytes == 0) {
      seen_.request_bytes = worker_->RequestBytes();
      seen_.reply_bytes = worker_->ReplyBytes();
    }
  }

  const std::unique_ptr<Worker> worker_;
  Course& course_;
  absl::BlockingCounter& left_;
  Clock::time_point began_;
  int errors_in_a_row_ = 0;
  Seen seen_;
};

struct Result {
  Seen seen;  // sorted
  double seconds = 0;

  double Rate() const { return static_cast<double>(seen.took_us.size()) / seconds; }
  // The least time within which so many of a thousand were answered.
  int64_t Permille(size_t of_thousand) const {
    const size_t count = seen.took_us.size();
    return count == 0 ? 0 : seen.took_us[std::min(count - 1, count * of_thousand / 1'000)];
  }
  int64_t Longest() const { return seen.took_us.empty() ? 0 : seen.took_us.back(); }
};

// A connection each: channels with the same arguments would share one.
std::vector<std::shared_ptr<grpc::Channel>> Connect(const std::string& address, uint32_t count) {
  std::vector<std::shared_ptr<grpc::Channel>> channels;
  for (uint32_t i = 0; i < count; ++i) {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    arguments.SetMaxReceiveMessageSize(-1);
    channels.push_back(grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments));
    if (!channels.back()->WaitForConnected(std::chrono::system_clock::now() + kConnectTimeout)) return {};
  }
  return channels;
}

Result Run(const Options& options, const std::vector<std::shared_ptr<grpc::Channel>>& channels) {
  absl::BlockingCounter left(static_cast<int>(options.outstanding));
  Course course(options);
  std::vector<std::unique_ptr<Caller>> callers;
  for (uint32_t i = 0; i < options.outstanding; ++i) {
    callers.push_back(
        std::make_unique<Caller>(MakeWorker(options.work, channels[i % channels.size()], i), course, left));
  }
  for (const auto& caller : callers) caller->Begin();
  left.Wait();
  Result result;
  result.seconds = course.MeasuredSeconds(Clock::now());
  for (const auto& caller : callers) result.seen.Add(caller->seen());
  std::sort(result.seen.took_us.begin(), result.seen.took_us.end());
  return result;
}

void PrintTable(const Options& options, const Result& result) {
  auto ms = [](int64_t us) { return static_cast<double>(us) / 1'000; };
  absl::PrintF("%-10s %11s %8s %9s %9s %8s %8s %9s %8s %9s %9s\n", "work", "outstanding", "channels", "calls",
               "calls/s", "p50 ms", "p99 ms", "p99.9 ms", "max ms", "request B", "reply B");
  absl::PrintF("%-10s %11d %8d %9d %9.0f %8.2f %8.2f %9.2f %8.2f %9d %9d\n", NameOf(options.work.kind),
               options.outstanding, options.channels, result.seen.took_us.size(), result.Rate(),
               ms(result.Permille(500)), ms(result.Permille(990)), ms(result.Permille(999)),
               ms(result.Longest()), result.seen.request_bytes, result.seen.reply_bytes);
  if (options.work.kind == Work::Kind::kBatch) {
    absl::PrintF("%.0f exchanges/s in batches of %d\n", result.Rate() * options.work.batch_size,
                 options.work.batch_size);
  }
  for (const auto& [error, count] : result.seen.errors) absl::PrintF("%-30s %9d\n", error, count);
}

// Names and errors are [A-Za-z0-9_]: nothing needs escaping.
void PrintJson(const Options& options, const Result& result) {
  const Work& work = options.work;
  std::string errors;
  for (const auto& [error, count] : result.seen.errors) {
    absl::StrAppend(&errors, errors.empty() ? "" : ", ", "\"", error, "\": ", count);
  }
  absl::PrintF(
      "{\"work\": \"%s\", \"outstanding\": %d, \"channels\": %d, \"banks\": %d, \"members\": %d, "
      "\"history\": %d, "
      "\"batch_size\": %d, \"hot\": %s, \"seconds\": %.3f, \"calls\": %d, \"rate\": %.1f, \"p50_us\": %d, "
      "\"p99_us\": %d, \"p999_us\": %d, \"max_us\": %d, \"request_bytes\": %d, \"reply_bytes\": %d, "
      "\"errors\": {%s}}\n",
      NameOf(work.kind), options.outstanding, options.channels, work.banks, work.members, work.history,
      work.kind == Work::Kind::kBatch ? work.batch_size : 1, work.hot ? "true" : "false", result.seconds,
      result.seen.took_us.size(), result.Rate(), result.Permille(500), result.Permille(990),
      result.Permille(999), result.Longest(), result.seen.request_bytes, result.seen.reply_bytes, errors);
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
  options.work.run = absl::StrFormat("%016x", std::chrono::duration_cast<std::chrono::microseconds>(
                                                  std::chrono::system_clock::now().time_since_epoch())
                                                  .count());
  const std::vector<std::shared_ptr<grpc::Channel>> channels = Connect(options.server, options.channels);
  if (channels.empty()) {
    std::cerr << "timebank-load: nobody answers on " << options.server << '\n';
    return EXIT_FAILURE;
  }
  if (const absl::Status status = Prepare(options.work, channels); !status.ok()) {
    std::cerr << "timebank-load: before the calls: " << status.message() << '\n';
    return EXIT_FAILURE;
  }
  const Result result = Run(options, channels);
  if (options.json) {
    PrintJson(options, result);
  } else {
    PrintTable(options, result);
  }
  return result.seen.errors.empty() && !result.seen.took_us.empty() ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace
}  // namespace timebank::bench

int main(int argc, char** argv) {
  timebank::bench::Options options;
  timebank::bench::Work& work = options.work;
  CLI::App app("Keeps calls on their way to a timebank server and tells how it bears them");
  auto* target = app.add_option_group("the server");
  target->add_option("--server", options.server, "HOST:PORT or unix:PATH of one that is running");
  target->add_option("--start", options.start, "program to start, with a folder and a port of its own")
      ->check(CLI::ExistingFile);
  target->require_option(1);
  app.add_option("server-flags", options.server_flags, "behind --: flags for the program to start");
  app.add_option("--work", work.kind, "record, batch, balance, statement or noop (health checks)")
      ->transform(CLI::CheckedTransformer(timebank::bench::kKinds))
      ->required();
  app.add_option("--outstanding", options.outstanding, "calls on their way at a time")
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
  app.add_option("--channels", options.channels, "connections")
      ->check(CLI::Range(1, 1'000))
      ->capture_default_str();
  app.add_option("--seconds", options.seconds, "how long to measure")
      ->check(CLI::Range(0.1, 3'600.0))
      ->capture_default_str();
  app.add_option("--warm-up", options.warm_up_seconds, "seconds before that, not measured")
      ->check(CLI::Range(0.0, 3'600.0))
      ->capture_default_str();
  app.add_option("--calls", options.calls, "measure so many calls instead, from the first one on");
  app.add_option("--banks", work.banks)->check(CLI::Range(1, 1'000'000))->capture_default_str();
  app.add_option("--members", work.members, "of each bank")
      ->check(CLI::Range(2, 1'000'000))
      ->capture_default_str();
  app.add_option("--history", work.history, "exchanges of each bank to begin with")->capture_default_str();
  app.add_option("--batch-size", work.batch_size, "exchanges in a batch")
      ->check(CLI::Range(1, 8'192))
      ->capture_default_str();
  app.add_option("--page-size", work.page_size, "lines of a statement")
      ->check(CLI::Range(1, 1'000))
      ->capture_default_str();
  app.add_option("--note-bytes", work.note_bytes, "length of an exchange's note")
      ->check(CLI::Range(0, 2'000))
      ->capture_default_str();
  app.add_flag("--hot", work.hot, "the community pot receives in every exchange");
  app.add_option("--seed", work.seed, "of everything that is drawn")->capture_default_str();
  app.add_flag("--json", options.json, "one JSON object instead of the table");
  CLI11_PARSE(app, argc, argv);
  return timebank::bench::Main(std::move(options));
}
