// The fold: Store::Apply and Publish of frames of 1, 64 and 8,192 entries, over a real RocksDB in a temporary
// folder. Rates are entries a second. Flushing goes on behind it, as it does in the server, and is in the
// figures where it holds Apply up.
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

// A store beside the bank whose frames it folds. The folder goes last.
class Folded {
 public:
  Folded() : bank_(kMembers) {
    Store::Options options;
    options.path = folder_.path() + "/ledger";
    absl::StatusOr<std::unique_ptr<Store>> store = Store::Open(std::move(options));
    Check(store.status());
    store_ = *std::move(store);
    Apply(bank_.Seal()->FrameBytes());
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

void Run(benchmark::State& state, Parties parties) {
  const size_t entries = static_cast<size_t>(state.range(0));
  Folded folded;
  for (auto _ : state) {
    std::string frame = folded.NextFrame(parties, entries);
    const auto start = std::chrono::steady_clock::now();
    folded.Apply(std::move(frame));
    state.SetIterationTime(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(entries));
}

void BM_Apply_TenThousandAccounts(benchmark::State& state) { Run(state, Parties::kSpread); }
BENCHMARK(BM_Apply_TenThousandAccounts)->Arg(1)->Arg(64)->Arg(8'192)->UseManualTime();

// All on one day, too: its day page is written again with every frame.
void BM_Apply_HotAccount(benchmark::State& state) { Run(state, Parties::kHotAccount); }
BENCHMARK(BM_Apply_HotAccount)->Arg(1)->Arg(64)->Arg(8'192)->UseManualTime();

}  // namespace
}  // namespace timebank::storage
