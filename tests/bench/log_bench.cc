// The log: appending one frame and syncing it, beside the bare disk doing the same. `p50_us` and `p99_us` are
// of single appends.
#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "storage/local_log.h"
#include "tests/bench/temporary_folder.h"

namespace timebank::storage {
namespace {

constexpr int64_t kFourKiB = 4 << 10;
constexpr int64_t kSixtyFourKiB = 64 << 10;
constexpr int64_t kOneMiB = 1 << 20;
// The file of the yardstick begins again behind so much, so that it cannot fill the disk.
constexpr int64_t kFileBytes = 256 << 20;
constexpr uint64_t kSegmentBytes = 8 << 20;

[[noreturn]] void Fail(const std::string& what) {
  std::cerr << "bench: " << what << '\n';
  std::abort();
}

// Runs `append` once an iteration, and tells how long single ones took.
template <typename Append>
void Run(benchmark::State& state, const Append& append) {
  std::vector<double> took_us;
  for (auto _ : state) {
    const auto start = std::chrono::steady_clock::now();
    append();
    took_us.push_back(
        std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count());
  }
  std::sort(took_us.begin(), took_us.end());
  state.counters["p50_us"] = took_us[took_us.size() / 2];
  state.counters["p99_us"] = took_us[took_us.size() * 99 / 100];
  state.SetItemsProcessed(state.iterations());
  state.SetBytesProcessed(state.iterations() * state.range(0));
}

// The yardstick: the same bytes at the end of a growing file, and fdatasync.
void BM_AppendAndFdatasync(benchmark::State& state) {
  const bench::TemporaryFolder folder;
  const std::string bytes(static_cast<size_t>(state.range(0)), 'x');
  const int file = open((folder.path() + "/file").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (file == -1) Fail("cannot make a file in " + folder.path());
  int64_t end = 0;
  Run(state, [&] {
    if (end + state.range(0) > kFileBytes) {
      if (ftruncate(file, 0) != 0) Fail("cannot cut the file");
      end = 0;
    }
    if (pwrite(file, bytes.data(), bytes.size(), end) != state.range(0)) Fail("cannot write");
    if (fdatasync(file) != 0) Fail("cannot sync");
    end += state.range(0);
  });
  close(file);
}
BENCHMARK(BM_AppendAndFdatasync)->Arg(kFourKiB)->Arg(kSixtyFourKiB)->Arg(kOneMiB)->UseRealTime();

std::unique_ptr<LocalLog> OpenLog(const std::string& folder, uint64_t applied_index, bool sync) {
  LocalLog::Options options;
  options.folder = folder;
  options.segment_bytes = kSegmentBytes;
  options.max_frame_bytes = kSegmentBytes / 2;
  options.applied_index = applied_index;
  options.sync = sync;
  absl::StatusOr<std::unique_ptr<LocalLog>> log = LocalLog::Open(std::move(options));
  if (!log.ok()) Fail(log.status().ToString());
  return *std::move(log);
}

// Trims everything behind the frame, as the store's flushes do now and then, so that segments are used again.
void Append(LocalLog& log, const std::string& bytes) {
  const uint64_t index = log.tail_index() + 1;
  absl::Status status = log.Append(index, bytes);
  if (status.ok()) status = log.Trim(index - 1);
  if (!status.ok()) Fail(status.ToString());
}

// Every segment is one that was written before, as in a server that has been up for a while.
void BM_LocalLogAppend(benchmark::State& state) {
  const bench::TemporaryFolder folder;
  const std::string path = folder.path() + "/log";
  uint64_t tail = 0;
  {
    const std::unique_ptr<LocalLog> log = OpenLog(path, 0, /*sync=*/false);
    const std::string filling(kSegmentBytes / 8, 'x');
    for (int i = 0; i < 8 * 8; ++i) Append(*log, filling);
    tail = log->tail_index();
  }
  sync();
  const std::unique_ptr<LocalLog> log = OpenLog(path, tail, /*sync=*/true);
  const std::string bytes(static_cast<size_t>(state.range(0)), 'x');
  Run(state, [&] { Append(*log, bytes); });
}
BENCHMARK(BM_LocalLogAppend)->Arg(kFourKiB)->Arg(kSixtyFourKiB)->Arg(kOneMiB)->UseRealTime();

// A new ledger's segments: room on the disk, not yet written.
void BM_LocalLogAppend_FirstUse(benchmark::State& state) {
  const bench::TemporaryFolder folder;
  const std::unique_ptr<LocalLog> log = OpenLog(folder.path() + "/log", 0, /*sync=*/true);
  const std::string bytes(static_cast<size_t>(state.range(0)), 'x');
  // Without Trim() no segment is used again.
  Run(state, [&] {
    if (absl::Status status = log->Append(log->tail_index() + 1, bytes); !status.ok())
      Fail(status.ToString());
  });
}
BENCHMARK(BM_LocalLogAppend_FirstUse)->Arg(kFourKiB)->Arg(kSixtyFourKiB)->Arg(kOneMiB)->UseRealTime();

}  // namespace
}  // namespace timebank::storage
