// A bank in memory with as many members as asked for, and exchanges for it to record: what the benchmarks of
// the rules and of the fold work on. Commands are carried out by ledger::Execute, so frames are real ones.
//
// Threads: one. Errors: whatever is not as it should be ends the program.
#ifndef TIMEBANK_TESTS_BENCH_BANK_H_
#define TIMEBANK_TESTS_BENCH_BANK_H_

#include <cstdint>
#include <memory>
#include <random>
#include <string>

#include "server/ledger/command.h"
#include "server/ledger/execute.h"
#include "server/ledger/working_state.h"
#include "tests/support/memory_base.h"

namespace timebank::bench {

// Who takes part in an exchange.
enum class Parties {
  kSpread,     // any two members
  kHotAccount  // any member, and the community pot every time
};

class Bank {
 public:
  static constexpr uint64_t kSeed = 20261114;

  // The members are there already; what made them waits in the layer that Seal() ends.
  explicit Bank(uint32_t members);

  Bank(const Bank&) = delete;
  Bank& operator=(const Bank&) = delete;

  // An exchange with a note and a request_id of its own; the same ones in every run.
  ledger::Command NextExchange(Parties parties);
  // `count` such exchanges under one request_id.
  ledger::Command NextBatch(Parties parties, size_t count);

  // Must succeed.
  ledger::Outcome Do(const ledger::Command& command);

  // Ends the batch and folds it into what lies beneath.
  std::shared_ptr<const ledger::Layer> Seal();
  // The same in two steps.
  std::shared_ptr<const ledger::Layer> End() { return state_.Seal(); }
  void Fold(const ledger::Layer& layer);

  ledger::WorkingState& state() { return state_; }

 private:
  ledger::Command Stamped(ledger::Act act);
  ledger::ExchangeSpec NextSpec(Parties parties);
  std::string AnyMember();

  const uint32_t members_;
  ledger::MemoryBase base_;
  ledger::WorkingState state_;
  std::mt19937_64 random_;
  uint64_t commands_ = 0;
};

}  // namespace timebank::bench

#endif  // TIMEBANK_TESTS_BENCH_BANK_H_
