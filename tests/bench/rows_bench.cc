// A yardstick: what a plain ledger on RocksDB writes. Six rows for each exchange (the entry, two accounts,
// two statement lines, the request's id), all of them with the write-ahead log synced before the next: singly
// from several threads, or many exchanges in one batch. Nothing is read, checked or hashed, so it is the
// least that such a ledger would do.
//
//     timebank-rows --threads 64                     singly
//     timebank-rows --batch 8190                     one batch, one sync
#include <rocksdb/db.h>
#include <rocksdb/options.h>
#include <rocksdb/write_batch.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "tests/bench/drive.h"
#include "tests/bench/temporary_folder.h"

namespace timebank::bench {
namespace {

constexpr uint64_t kBank = 0x1234'5678'9abc'def0;
// Numbers, parties, time, kind and hash of an entry, and its note.
constexpr size_t kEntryBytes = 96;
constexpr size_t kAccountBytes = 48;
constexpr size_t kLineBytes = 32;

struct Options {
  uint32_t threads = 1;
  uint32_t batch = 1;
  uint32_t accounts = 10'000;
  Pace pace;
  bool json = false;
};

void AppendNumber(uint64_t number, std::string* bytes) {
  for (int shift = 56; shift >= 0; shift -= 8) bytes->push_back(static_cast<char>(number >> shift));
}

// Puts exchanges into the database, from a thread of its own.
class Rows final {
 public:
  Rows(rocksdb::DB& db, const Options& options, std::atomic<uint64_t>& sequence, uint32_t number)
      : db_(db), options_(options), sequence_(sequence), random_(options.pace.seed + number) {
    write_options_.sync = true;
  }

  // false: RocksDB could not.
  bool Write() {
    batch_.Clear();
    for (uint32_t i = 0; i < options_.batch; ++i) Add(++sequence_);
    return db_.Write(write_options_, &batch_).ok();
  }

 private:
  void Add(uint64_t sequence) {
    const uint64_t drawn = random_();
    Put('e', sequence, 0, kEntryBytes);
    for (const uint64_t account :
         {drawn % options_.accounts, drawn / options_.accounts % options_.accounts}) {
      Put('a', account, 0, kAccountBytes);
      Put('s', account, sequence, kLineBytes);
    }
    key_.assign(1, 'r');
    AppendNumber(kBank, &key_);
    AppendNumber(random_(), &key_);
    AppendNumber(random_(), &key_);
    value_.clear();
    AppendNumber(sequence, &value_);
    batch_.Put(key_, value_);
  }

  // Values differ, as balances and notes do.
  void Put(char family, uint64_t number, uint64_t second, size_t bytes) {
    key_.assign(1, family);
    AppendNumber(kBank, &key_);
    AppendNumber(number, &key_);
    if (second != 0) AppendNumber(second, &key_);
    value_.clear();
    while (value_.size() < bytes) AppendNumber(random_(), &value_);
    batch_.Put(key_, value_);
  }

  rocksdb::DB& db_;
  const Options& options_;
  std::atomic<uint64_t>& sequence_;
  std::mt19937_64 random_;
  rocksdb::WriteOptions write_options_;
  rocksdb::WriteBatch batch_;
  std::string key_;
  std::string value_;
};

struct Written {
  std::vector<int64_t> took_ns;
  bool well = true;
};

// Until the time, or the number of calls, is up.
Written Write(Rows& rows, const Pace& pace, Clock::time_point begin) {
  auto after = [begin](double seconds) {
    return begin + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  };
  const bool by_calls = pace.calls > 0;
  const Clock::time_point from = by_calls ? begin : after(pace.warm_up_seconds);
  const Clock::time_point until = after(pace.warm_up_seconds + pace.seconds);
  Written written;
  for (Clock::time_point now = Clock::now();;) {
    if (by_calls ? written.took_ns.size() == pace.calls : now >= until) return written;
    const Clock::time_point start = now;
    written.well = rows.Write();
    if (!written.well) return written;
    now = Clock::now();
    if (by_calls || (now >= from && now <= until))
      written.took_ns.push_back(std::chrono::nanoseconds(now - start).count());
  }
}

int Main(const Options& options) {
  const TemporaryFolder folder;
  rocksdb::Options db_options;
  db_options.create_if_missing = true;
  db_options.write_buffer_size = 128 << 20;
  db_options.IncreaseParallelism(static_cast<int>(std::thread::hardware_concurrency()));
  rocksdb::DB* opened = nullptr;
  if (const rocksdb::Status status = rocksdb::DB::Open(db_options, folder.path() + "/db", &opened);
      !status.ok()) {
    std::cerr << "timebank-rows: " << status.ToString() << '\n';
    return EXIT_FAILURE;
  }
  const std::unique_ptr<rocksdb::DB> db(opened);
  std::atomic<uint64_t> sequence = 0;
  std::vector<Written> written(options.threads);
  std::vector<std::thread> threads;
  const Clock::time_point begin = Clock::now();
  for (uint32_t i = 0; i < options.threads; ++i) {
    threads.emplace_back([&, i] {
      Rows rows(*db, options, sequence, i);
      written[i] = Write(rows, options.pace, begin);
    });
  }
  for (std::thread& thread : threads) thread.join();
  const double seconds = options.pace.calls > 0 ? std::chrono::duration<double>(Clock::now() - begin).count()
                                                : options.pace.seconds;
  bool well = true;
  std::vector<int64_t> took_ns;
  for (const Written& one : written) {
    well = well && one.well;
    took_ns.insert(took_ns.end(), one.took_ns.begin(), one.took_ns.end());
  }
  const Times times(std::move(took_ns));
  const double rate = static_cast<double>(times.count()) / seconds;
  if (options.json) {
    absl::PrintF(
        "{\"batch_size\": %d, \"threads\": %d, \"rate\": %.1f, \"times\": {\"count\": %d, \"p50_us\": %.1f, "
        "\"p99_us\": %.1f, \"p999_us\": %.1f, \"max_us\": %.1f}}\n",
        options.batch, options.threads, rate, times.count(), times.PermilleUs(500), times.PermilleUs(990),
        times.PermilleUs(999), times.LongestUs());
  } else {
    absl::PrintF("%.0f exchanges a second; a write takes %.2f ms at p50, %.2f at p99\n", rate * options.batch,
                 times.PermilleUs(500) / 1'000, times.PermilleUs(990) / 1'000);
  }
  return well && times.count() > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace
}  // namespace timebank::bench

int main(int argc, char** argv) {
  timebank::bench::Options options;
  CLI::App app("Writes what a plain ledger on RocksDB would");
  app.add_option("--threads", options.threads)->check(CLI::Range(1, 10'000))->capture_default_str();
  app.add_option("--batch", options.batch, "exchanges in a write")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  app.add_option("--accounts", options.accounts)->check(CLI::Range(2, 1'000'000'000))->capture_default_str();
  app.add_option("--seconds", options.pace.seconds)->check(CLI::Range(0.1, 3'600.0))->capture_default_str();
  app.add_option("--warm-up", options.pace.warm_up_seconds)
      ->check(CLI::Range(0.0, 3'600.0))
      ->capture_default_str();
  app.add_option("--calls", options.pace.calls, "so many writes of each thread instead");
  app.add_flag("--json", options.json);
  CLI11_PARSE(app, argc, argv);
  return timebank::bench::Main(options);
}
