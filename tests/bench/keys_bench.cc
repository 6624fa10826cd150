// Keys: what each costs to make, and the two keyed hashes that every recorded exchange needs.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <string>

#include "storage/hash.h"
#include "storage/keys.h"

namespace timebank::storage {
namespace {

constexpr BankNumber kBank = 0x1234'5678'9abc'def0;
constexpr Day kDay = 20771;  // 2026-11-14
const std::string kSecret(32, 's');

void BM_AccountKey(benchmark::State& state) {
  AccountNumber account = MakeAccount(HolderKind::kMember, 1);
  for (auto _ : state) benchmark::DoNotOptimize(AccountKey(kBank, account++));
}
BENCHMARK(BM_AccountKey);

void BM_StatementKey(benchmark::State& state) {
  Sequence last = 1;
  for (auto _ : state) benchmark::DoNotOptimize(StatementKey(kBank, kCommunityPot, last++));
}
BENCHMARK(BM_StatementKey);

void BM_DayKey(benchmark::State& state) {
  Sequence last = 1;
  for (auto _ : state) benchmark::DoNotOptimize(DayKey(kBank, kCommunityPot, kDay, last++));
}
BENCHMARK(BM_DayKey);

const HmacKey kPrepared(kSecret);

// Made for each name that the rules have not found before.
void BM_SlugKey(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(SlugKey(kBank, kPrepared, "member", "ana-maria"));
}
BENCHMARK(BM_SlugKey);

// Once a call.
void BM_RequestKey(benchmark::State& state) {
  const Digest caller = CallerHash(kPrepared, "m:ana");
  for (auto _ : state) {
    benchmark::DoNotOptimize(RequestKey(kBank, kPrepared, caller, "0f8fad5b-d9cb-469f-a165-70867728950e"));
  }
}
BENCHMARK(BM_RequestKey);

// Once for each text, under a salt of its own: what an entry commits to.
void BM_Hmac_NewKey(benchmark::State& state) {
  std::string salt(16, 's');
  const std::string text = "Company on a walk by the canal";
  for (auto _ : state) {
    ++salt[0];
    benchmark::DoNotOptimize(HmacKey(salt).Of(text));
  }
}
BENCHMARK(BM_Hmac_NewKey);

void BM_ToCivil(benchmark::State& state) {
  Day day = kDay;
  for (auto _ : state) benchmark::DoNotOptimize(ToCivil(day++));
}
BENCHMARK(BM_ToCivil);

}  // namespace
}  // namespace timebank::storage
