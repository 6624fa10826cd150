// Pages and blocks: encoding and decoding, an open row (32 elements) and a full page (256). Rates are
// elements a second; `bytes` is how much one element takes.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <string>
#include <vector>

#include "storage/keys.h"
#include "storage/pages.h"
#include "tests/bench/bank.h"
#include "timebank/storage/v1/rows.pb.h"

namespace timebank::storage {
namespace {

// Entries as the rules write them, two movements each, a tenth of them on the community pot.
std::vector<std::string> Entries(size_t count) {
  bench::Bank bank(100);
  bank.Seal();
  for (size_t i = 0; i < count; ++i) {
    bank.Do(bank.NextExchange(i % 10 == 0 ? bench::Parties::kHotAccount : bench::Parties::kSpread));
  }
  return bank.Seal()->Entries();
}

// One account's movements: of each entry, the first one.
std::vector<MovementRecord> Movements(size_t count) {
  std::vector<MovementRecord> movements;
  Sums after;
  for (const std::string& bytes : Entries(count)) {
    v1::Entry entry;
    entry.ParseFromString(bytes);
    MovementRecord record = MovementsOf(entry).front().record;
    after += SumsOf(record.kind, record.reversed_kind, record.seconds);
    record.after = after;
    movements.push_back(record);
  }
  return movements;
}

StatementPage StatementPageOf(size_t count) {
  return {.number = 0, .before = {}, .movements = Movements(count)};
}

DayPage DayPageOf(size_t count) {
  DayPage page;
  Sums after;
  for (const MovementRecord& record : Movements(count)) {
    const Sums own = SumsOf(record.kind, record.reversed_kind, record.seconds);
    after += own;
    page.movements.push_back({.day = record.occurred_on,
                              .sequence = record.sequence,
                              .seconds = record.seconds,
                              .sums = own,
                              .after = after});
  }
  return page;
}

void Report(benchmark::State& state, size_t elements, size_t bytes) {
  state.SetItemsProcessed(static_cast<int64_t>(elements) * state.iterations());
  state.counters["bytes"] = static_cast<double>(bytes) / static_cast<double>(elements);
}

void BM_EncodeStatementPage(benchmark::State& state) {
  const StatementPage page = StatementPageOf(static_cast<size_t>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(EncodeStatementPage(page));
  Report(state, page.movements.size(), EncodeStatementPage(page).size());
}
BENCHMARK(BM_EncodeStatementPage)->Arg(kOpenRowEntries)->Arg(kBlockEntries);

void BM_DecodeStatementPage(benchmark::State& state) {
  const size_t count = static_cast<size_t>(state.range(0));
  const std::string value = EncodeStatementPage(StatementPageOf(count));
  for (auto _ : state) benchmark::DoNotOptimize(DecodeStatementPage(value));
  Report(state, count, value.size());
}
BENCHMARK(BM_DecodeStatementPage)->Arg(kOpenRowEntries)->Arg(kBlockEntries);

void BM_EncodeDayPage(benchmark::State& state) {
  const DayPage page = DayPageOf(static_cast<size_t>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(EncodeDayPage(page));
  Report(state, page.movements.size(), EncodeDayPage(page).size());
}
BENCHMARK(BM_EncodeDayPage)->Arg(kOpenRowEntries)->Arg(kBlockEntries);

void BM_DecodeDayPage(benchmark::State& state) {
  const DayPage page = DayPageOf(static_cast<size_t>(state.range(0)));
  const std::string value = EncodeDayPage(page);
  for (auto _ : state) benchmark::DoNotOptimize(DecodeDayPage(value, page.movements.front().day));
  Report(state, page.movements.size(), value.size());
}
BENCHMARK(BM_DecodeDayPage)->Arg(kOpenRowEntries)->Arg(kBlockEntries);

void BM_EncodeBlock(benchmark::State& state) {
  const std::vector<std::string> entries = Entries(static_cast<size_t>(state.range(0)));
  const Block block{.first = 1, .entries = {entries.begin(), entries.end()}};
  for (auto _ : state) benchmark::DoNotOptimize(EncodeBlock(block));
  Report(state, entries.size(), EncodeBlock(block).size());
}
BENCHMARK(BM_EncodeBlock)->Arg(kOpenRowEntries)->Arg(kBlockEntries);

void BM_DecodeBlock(benchmark::State& state) {
  const std::vector<std::string> entries = Entries(static_cast<size_t>(state.range(0)));
  const std::string value = EncodeBlock({.first = 1, .entries = {entries.begin(), entries.end()}});
  for (auto _ : state) benchmark::DoNotOptimize(DecodeBlock(value));
  Report(state, entries.size(), value.size());
}
BENCHMARK(BM_DecodeBlock)->Arg(kOpenRowEntries)->Arg(kBlockEntries);

// What a fold does with each entry before anything else.
void BM_ParseEntryAndMovements(benchmark::State& state) {
  const std::vector<std::string> entries = Entries(kBlockEntries);
  v1::Entry entry;
  for (auto _ : state) {
    for (const std::string& bytes : entries) {
      entry.ParseFromString(bytes);
      benchmark::DoNotOptimize(MovementsOf(entry));
    }
  }
  Report(state, entries.size(), entries.front().size() * entries.size());
}
BENCHMARK(BM_ParseEntryAndMovements);

// Rewritten for each account that a frame moves.
void BM_AccountRow(benchmark::State& state) {
  v1::AccountRow row;
  row.set_balance(3'600);
  row.set_seconds_in(360'000);
  row.set_seconds_out(356'400);
  row.set_exchange_count(120);
  row.set_movement_count(130);
  row.set_last_sequence(1'000'000);
  row.set_last_exchange_on(20'771);
  for (auto _ : state) {
    const std::string value = EncodeRow(row);
    benchmark::DoNotOptimize(DecodeRow(value, &row));
  }
  Report(state, 1, EncodeRow(row).size());
}
BENCHMARK(BM_AccountRow);

}  // namespace
}  // namespace timebank::storage
