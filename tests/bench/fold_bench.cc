// The store behind the log, over a real RocksDB in a temporary folder, in entries a second: what the commit
// path waits for (Apply and Publish of frames of 1, 64 and 8,192 entries), and what is left to be done behind
// it (Flush of what was applied). Folding goes on behind the former, as it does in the server, and is in
// those figures where it holds Apply up.
#include <benchmark/benchmark.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <utility>

#include "storage/store.h"
#include "tests/bench/bank.h"
#include "tests/bench/temporary_folder.h"

namespace timebank::storage {
namespace {

using bench::Bank;
using bench::Parties;

constexpr uint32_t kMembers = 10'000;
constexpr uint64_t kNoLimitBytes = uint64_t{1} << 30;
// What is flushed at a time.
constexpr size_t kFlushedEntries = 32'768;

// A store beside the bank whose frames it folds. The folder goes last.
class Folded {
 public:
  // `by_itself`: folds as it does in the server; otherwise at Flush() alone.
  explicit Folded(bool by_itself) : bank_(kMembers) {
    Store::Options options;
    options.path = folder_.path() + "/ledger";
    if (!by_itself) {
      options.write_buffer_bytes = kNoLimitBytes;
      options.flush_interval_seconds = 0;
    }
    absl::StatusOr<std::unique_ptr<Store>> store = Store::Open(std::move(options));
    Check(store.status());
    store_ = *std::move(store);
    Apply(bank_.Seal()->FrameBytes());
    Flush();
  }

  // Each in a command of its own, as 1 or 64 callers send them; 8,192 in one, as a batch comes.
  std::string NextFrame(Parties parties, size_t entries) {
    if (entries > 64) {
      bank_.Do(bank_.NextBatch(parties, entries));
    } else {
      for (size_t i = 0; i < entries; ++i) bank_.Do(bank_.NextExchange(parties));
    }
    return bank_.Seal()->FrameBytes();
  }

  void Apply(std::string frame) {
    Check(store_->Apply(store_->applied_index() + 1, std::make_shared<const std::string>(std::move(frame))));
    store_->Publish();
  }

  void Flush() { Check(store_->Flush()); }

 private:
  static void Check(const absl::Status& status) {
    if (status.ok()) return;
    std::cerr << "bench: " << status << '\n';
    std::abort();
  }

  bench::TemporaryFolder folder_;
  Bank bank_;
  std::unique_ptr<Store> store_;
};

template <typename Work>
double SecondsOf(const Work& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

void Apply(benchmark::State& state, Parties parties) {
  const size_t entries = static_cast<size_t>(state.range(0));
  Folded folded(/*by_itself=*/true);
  for (auto _ : state) {
    std::string frame = folded.NextFrame(parties, entries);
    state.SetIterationTime(SecondsOf([&] { folded.Apply(std::move(frame)); }));
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(entries));
}

void BM_Apply_TenThousandAccounts(benchmark::State& state) { Apply(state, Parties::kSpread); }
BENCHMARK(BM_Apply_TenThousandAccounts)->Arg(1)->Arg(64)->Arg(8'192)->UseManualTime();

void BM_Apply_HotAccount(benchmark::State& state) { Apply(state, Parties::kHotAccount); }
BENCHMARK(BM_Apply_HotAccount)->Arg(1)->Arg(64)->Arg(8'192)->UseManualTime();

void Flush(benchmark::State& state, Parties parties) {
  const size_t entries = static_cast<size_t>(state.range(0));
  Folded folded(/*by_itself=*/false);
  for (auto _ : state) {
    for (size_t applied = 0; applied < kFlushedEntries; applied += entries)
      folded.Apply(folded.NextFrame(parties, entries));
    state.SetIterationTime(SecondsOf([&] { folded.Flush(); }));
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kFlushedEntries));
}

void BM_Flush_TenThousandAccounts(benchmark::State& state) { Flush(state, Parties::kSpread); }
BENCHMARK(BM_Flush_TenThousandAccounts)->Arg(8'192)->UseManualTime();

// All on one day, too.
void BM_Flush_HotAccount(benchmark::State& state) { Flush(state, Parties::kHotAccount); }
BENCHMARK(BM_Flush_HotAccount)->Arg(8'192)->UseManualTime();

}  // namespace
}  // namespace timebank::storage
