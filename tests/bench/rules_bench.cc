// The rules: ledger::Execute over a ledger in memory. Rates are exchanges a second of processor time. No
// disk, no network, no thread but one; what lies beneath is a std::map, slower than the working state's own
// layers and about as slow as a RocksDB memtable.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <ctime>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/ledger/execute.h"
#include "server/ledger/validate.h"
#include "tests/bench/bank.h"

namespace timebank::ledger {
namespace {

using bench::Bank;
using bench::Parties;

// As many commands as 64 callers keep on their way: what the engine takes into one frame.
constexpr size_t kCommandsOfAFrame = 64;

// Of this thread's processor, so that what else runs on the machine is not counted.
double ProcessorSeconds() {
  timespec now = {};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

// Times `work` alone; what surrounds it (making commands, folding) is not the rules' time.
template <typename Work>
void Timed(benchmark::State& state, const Work& work) {
  const double start = ProcessorSeconds();
  work();
  state.SetIterationTime(ProcessorSeconds() - start);
}

// Frames of 64 commands of `make`, their bytes included; before each frame everything is in the ledger
// beneath.
template <typename Make>
void RunFrames(benchmark::State& state, Bank& bank, const Make& make) {
  bank.Seal();
  for (auto _ : state) {
    std::vector<Command> commands;
    for (size_t i = 0; i < kCommandsOfAFrame; ++i) commands.push_back(make());
    std::shared_ptr<const Layer> layer;
    Timed(state, [&] {
      for (const Command& command : commands) bank.Do(command);
      layer = bank.End();
      benchmark::DoNotOptimize(layer->Frame());
    });
    bank.Fold(*layer);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kCommandsOfAFrame));
}

void BM_RecordExchange(benchmark::State& state) {
  Bank bank(static_cast<uint32_t>(state.range(0)));
  RunFrames(state, bank, [&] { return bank.NextExchange(Parties::kSpread); });
}
BENCHMARK(BM_RecordExchange)->Arg(100)->Arg(10'000)->UseManualTime();

void BM_RecordExchange_HotAccount(benchmark::State& state) {
  Bank bank(10'000);
  RunFrames(state, bank, [&] { return bank.NextExchange(Parties::kHotAccount); });
}
BENCHMARK(BM_RecordExchange_HotAccount)->UseManualTime();

// Looks at everything that both did on that day; here, everything that 10,000 members do.
void BM_RecordExchange_CheckDuplicates(benchmark::State& state) {
  Bank bank(10'000);
  RunFrames(state, bank, [&] {
    Command command = bank.NextExchange(Parties::kSpread);
    std::get<RecordExchange>(command.act).check_duplicates = true;
    return command;
  });
}
BENCHMARK(BM_RecordExchange_CheckDuplicates)->UseManualTime();

// One giver, and as many receivers as asked for.
void BM_RecordExchange_Group(benchmark::State& state) {
  Bank bank(10'000);
  RunFrames(state, bank, [&] {
    Command command = bank.NextExchange(Parties::kSpread);
    ExchangeSpec& exchange = std::get<RecordExchange>(command.act).exchange;
    exchange.givers.front().holder.id = "m9999";
    exchange.receivers.clear();
    for (int64_t i = 0; i < state.range(0); ++i) {
      exchange.receivers.push_back({.holder = {HolderKind::kMember, absl::StrCat("m", i)}, .seconds = {}});
    }
    return command;
  });
}
BENCHMARK(BM_RecordExchange_Group)->Arg(12)->Arg(255)->UseManualTime();

// A request_id that is known: what a retry costs.
void BM_Replay(benchmark::State& state) {
  Bank bank(100);
  bank.Seal();
  const Command command = bank.NextExchange(Parties::kSpread);
  bank.Do(command);
  bank.Seal();
  for (auto _ : state) {
    if (!bank.Do(command).replayed) std::abort();
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_Replay);

void BM_BatchRecordExchanges(benchmark::State& state) {
  const size_t count = static_cast<size_t>(state.range(0));
  Bank bank(10'000);
  bank.Seal();
  for (auto _ : state) {
    const Command command = bank.NextBatch(Parties::kSpread, count);
    std::shared_ptr<const Layer> layer;
    Timed(state, [&] {
      bank.Do(command);
      layer = bank.End();
      benchmark::DoNotOptimize(layer->Frame());
    });
    bank.Fold(*layer);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(count));
}
BENCHMARK(BM_BatchRecordExchanges)->Arg(64)->Arg(kMaxBatch)->UseManualTime();

// On the thread of the call, before the engine.
void BM_Validate(benchmark::State& state) {
  Bank bank(100);
  const Command command = bank.NextExchange(Parties::kSpread);
  for (auto _ : state) benchmark::DoNotOptimize(Validate(command));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_Validate);

}  // namespace
}  // namespace timebank::ledger
