// Goal: whatever is asked of the ledger, in whatever order, by whomever, through crashes and restarts, it
// answers as an independent model of the rules does, and holds what that model holds.
//
//     model_test [--part=K/N] [--commands=M]    the K-th of N shares of M commands (1,000,000), over many
//     seeds model_test --seed=S --steps=M             one history, as a failure names it
//
// TIMEBANK_MODEL_COMMANDS: M, whatever --commands says.
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <iostream>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "server/ledger/command.h"
#include "server/ledger/execute.h"
#include "server/ledger/reason.h"
#include "server/ledger/validate.h"
#include "tests/model/compare.h"
#include "tests/model/describe.h"
#include "tests/model/fail.h"
#include "tests/model/generator.h"
#include "tests/model/machine.h"
#include "tests/model/oracle.h"

namespace timebank::model {
namespace {

constexpr uint64_t kStepsOfASeed = 20'000;
constexpr size_t kCommandsShown = 12;

// What came of the commands, to see that no kind of answer is missing.
struct Tally {
  uint64_t commands = 0;
  uint64_t invalid = 0;
  uint64_t replayed = 0;
  uint64_t entries = 0;
  std::map<std::string, uint64_t> answers;  // refusals by reason; items of batches apart
  std::map<uint32_t, uint64_t> notices;     // by kind
  std::array<uint64_t, std::variant_size_v<ledger::Act>>
      done{};  // commands of each kind that were carried out
};

// What the rules can answer. A long run that never meets one of these has lost its grip on it.
constexpr ledger::Reason kReasons[] = {
    ledger::Reason::kValidation,          ledger::Reason::kSharesDoNotBalance,
    ledger::Reason::kTimebankNotFound,    ledger::Reason::kHolderNotFound,
    ledger::Reason::kExchangeNotFound,    ledger::Reason::kAlreadyExists,
    ledger::Reason::kRequestIdReused,     ledger::Reason::kOriginRecorded,
    ledger::Reason::kBalanceLimit,        ledger::Reason::kHolderClosed,
    ledger::Reason::kAlreadyReversed,     ledger::Reason::kCannotReverseReversal,
    ledger::Reason::kCannotCorrect,       ledger::Reason::kAlreadyCorrected,
    ledger::Reason::kAlreadyRestored,     ledger::Reason::kNotContested,
    ledger::Reason::kAlreadyContested,    ledger::Reason::kAlreadyConfirmed,
    ledger::Reason::kDestinationRequired, ledger::Reason::kDestinationMustBePot,
    ledger::Reason::kNotClosed,           ledger::Reason::kTooMany,
    ledger::Reason::kEtagMismatch,        ledger::Reason::kRoleRequired,
    ledger::Reason::kNotAParty,           ledger::Reason::kAmountOverflow,
    ledger::Reason::kNotATrial,           ledger::Reason::kActingForLimit,
    ledger::Reason::kNotGranted,
};
constexpr uint32_t kNoticeKinds = 5;  // timebank.v1.Notice.Kind
constexpr uint64_t kLongRun = 200'000;

bool MetEverything(const Tally& tally) {
  bool all = true;
  auto miss = [&all](const std::string& what) {
    std::cerr << "no command of this run met " << what << "\n";
    all = false;
  };
  for (ledger::Reason reason : kReasons) {
    const std::string name(ledger::NameOf(reason));
    if (!tally.answers.contains(name)) miss(name);
  }
  for (uint32_t kind = 1; kind <= kNoticeKinds; ++kind) {
    if (!tally.notices.contains(kind)) miss(absl::StrCat("notice ", kind));
  }
  for (size_t i = 0; i < tally.done.size(); ++i) {
    if (tally.done[i] == 0) miss(absl::StrCat("success of act ", i));
  }
  if (tally.replayed == 0) miss("an answer from memory");
  return all;
}

class Run {
 public:
  Run(uint64_t seed, const std::filesystem::path& folder)
      : dice_(seed), machine_(dice_, folder), generator_(dice_, oracle_) {
    if (seed % 5 == 0) plant_at_ = 1000 + dice_.Below(5000);
  }

  void Step(Tally& tally) {
    ledger::Command command = generator_.Next();
    if (++steps_ == plant_at_) PlantHugeOpening();
    history_.push_back(Describe(command));
    if (history_.size() > kCommandsShown) history_.pop_front();
    if (auto* batch = std::get_if<ledger::BatchRecordExchanges>(&command.act)) {
      for (size_t i = 0; i < batch->items.size(); ++i) {
        const std::string path = absl::StrCat("exchanges[", i, "].");
        auto& item = batch->items[i];
        item.violations = ledger::ValidateExchange(item.exchange, command.stamp, path);
        CompareViolations(Oracle::ValidateExchange(item.exchange, command.stamp, path), item.violations);
      }
    }
    ++tally.commands;

    const auto violations = ledger::Validate(command);
    CompareViolations(Oracle::Validate(command), violations);
    if (!violations.empty()) {
      ++tally.invalid;
      return;
    }
    const ledger::Outcome expected = oracle_.Execute(command);
    const ledger::Outcome actual = machine_.Execute(command);
    history_.back() += "\n      -> " + Describe(actual);
    CompareOutcome(expected, actual);
    ++tally.answers[expected.refusal ? std::string(ledger::NameOf(expected.refusal->reason)) : "OK"];
    for (const auto& item : expected.items) {
      ++tally.answers["item: " + (item.refusal ? std::string(ledger::NameOf(item.refusal->reason)) : "OK")];
    }
    if (expected.replayed) {
      ++tally.replayed;
    } else if (expected.count > 0) {
      const Bank& bank = oracle_.banks().at(expected.bank);
      CompareEntries(bank, expected, machine_.state());
      tally.entries += expected.count;
      if (!expected.refusal) ++tally.done[command.act.index()];
      for (Sequence sequence = expected.first; sequence < expected.first + expected.count; ++sequence) {
        for (const auto& notice : bank.entry(sequence).notices()) ++tally.notices[notice.kind()];
      }
    }
    if (std::holds_alternative<ledger::DeleteTimebank>(command.act) && !expected.refusal) {
      ++tally.done[command.act.index()];
    }
    machine_.MoveOn();
    if (dice_.OneIn(4000)) {
      machine_.Crash();
      if (dice_.OneIn(3)) Audit();
    }
    if (dice_.OneIn(8000)) {
      machine_.Reopen();
      if (dice_.OneIn(3)) Audit();
    }
  }

  // Everything that there is is as the oracle has it.
  void Audit() {
    machine_.CommitAll();
    CompareBanks(oracle_, machine_, dice_);
  }

  const std::deque<std::string>& history() const { return history_; }
  const Machine::Counts& counts() const { return machine_.counts(); }

 private:
  // Brings a member so near to the largest sum that ordinary hours overflow.
  void PlantHugeOpening() {
    if (oracle_.banks().empty()) return;
    const Bank& bank = oracle_.banks().begin()->second;
    if (bank.members.empty()) return;
    const AccountNumber member = bank.Survivor(
        storage::MakeAccount(storage::HolderKind::kMember, 1 + dice_.Below(bank.members.size())));
    auto sums = [&bank](AccountNumber account) {
      auto found = bank.accounts.find(account);
      return found == bank.accounts.end() ? storage::Sums() : found->second.sums;
    };
    const storage::Sums pot = sums(storage::kOpeningPot);
    const int64_t used =
        std::max({pot.seconds_out, -pot.balance(), sums(member).seconds_in, sums(member).balance()});
    const int64_t seconds = (int64_t{1} << 58) - std::max<int64_t>(used, 0) - dice_.Between(0, 20'000);
    storage::v1::Entry entry;
    entry.set_bank(bank.number);
    entry.set_sequence(bank.last_sequence() + 1);
    entry.set_record_time_us(bank.last_record_time_us);
    entry.set_kind(storage::v1::ENTRY_KIND_OPENING);
    entry.set_key(1);
    entry.set_occurred_on(bank.first_of_day.rbegin()->first);
    for (const auto& [account, moved] :
         {std::pair(storage::kOpeningPot, -seconds), std::pair(member, seconds)}) {
      auto* movement = entry.add_movements();
      movement->set_account(account);
      movement->set_seconds(moved);
      movement->set_balance_after(sums(account).balance() + moved);
    }
    machine_.Plant(entry);
    oracle_.Plant(bank.number, entry);
  }

  Dice dice_;
  Oracle oracle_;
  Machine machine_;
  Generator generator_;
  std::deque<std::string> history_;
  uint64_t steps_ = 0;
  uint64_t plant_at_ = 0;  // 0: never
};

// One history. false: it went wrong, and has been told.
bool RunSeed(uint64_t seed, uint64_t steps, Tally& tally, Machine::Counts& counts) {
  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / absl::StrCat("timebank-model-", getpid(), "-", seed);
  Run run(seed, folder);
  uint64_t step = 0;
  try {
    for (; step < steps; ++step) run.Step(tally);
    run.Audit();
  } catch (const Failure& failure) {
    std::cerr << "seed " << seed << ", step " << step << ": " << failure.what() << "\nthe last commands:\n";
    for (const std::string& line : run.history()) std::cerr << "  - " << line << "\n";
    std::cerr << "again: model_test --seed=" << seed << " --steps=" << step + 1 << std::endl;
    return false;
  }
  counts.frames += run.counts().frames;
  counts.reopened += run.counts().reopened;
  counts.crashed += run.counts().crashed;
  counts.replayed_frames += run.counts().replayed_frames;
  counts.repeated_commands += run.counts().repeated_commands;
  return true;
}

struct Flags {
  std::optional<uint64_t> seed;
  uint64_t steps = kStepsOfASeed;
  uint64_t part = 1;
  uint64_t parts = 1;
  uint64_t commands = 1'000'000;  // of all parts
};

uint64_t Number(std::string_view text) {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) {
    throw std::invalid_argument("not a number: " + std::string(text));
  }
  return number;
}

Flags Parse(int argc, char** argv) {
  Flags flags;

  for (int i = 1; i < argc; ++i) {
    std::string_view flag = argv[i];
    auto takes = [&flag](std::string_view name) {
      if (!flag.starts_with(name)) return false;
      flag.remove_prefix(name.size());
      return true;
    };
    if (takes("--seed=")) {
      flags.seed = Number(flag);
    } else if (takes("--steps=")) {
      flags.steps = Number(flag);
    } else if (takes("--commands=")) {
      flags.commands = Number(flag);
    } else if (takes("--part=")) {
      const size_t slash = flag.find('/');
      if (slash == std::string_view::npos) throw std::invalid_argument("--part=K/N");
      flags.part = Number(flag.substr(0, slash));
      flags.parts = Number(flag.substr(slash + 1));
      if (flags.part < 1 || flags.part > flags.parts) throw std::invalid_argument("--part=K/N: 1 <= K <= N");
    } else {
      throw std::invalid_argument("unknown flag: " + std::string(flag));
    }
  }
  if (const char* commands = std::getenv("TIMEBANK_MODEL_COMMANDS")) flags.commands = Number(commands);
  return flags;
}

int Main(int argc, char** argv) {
  const Flags flags = Parse(argc, argv);
  Tally tally;
  Machine::Counts counts;
  bool good = true;
  if (flags.seed) {
    good = RunSeed(*flags.seed, flags.steps, tally, counts);
  } else {
    const uint64_t mine = (flags.commands + flags.parts - 1) / flags.parts;
    for (uint64_t seed = flags.part; good && tally.commands < mine; seed += flags.parts) {
      good = RunSeed(seed, std::min(kStepsOfASeed, mine - tally.commands), tally, counts);
    }
  }
  std::cout << tally.commands << " commands, " << tally.invalid << " of them invalid, " << tally.replayed
            << " answered from memory, " << tally.entries << " entries, " << counts.frames << " frames, "
            << counts.reopened << " restarts, " << counts.crashed << " crashes, " << counts.replayed_frames
            << " frames replayed, " << counts.repeated_commands << " commands lost and repeated\n";
  for (const auto& [answer, count] : tally.answers) std::cout << "  " << answer << ": " << count << "\n";
  for (const auto& [kind, count] : tally.notices) std::cout << "  notice " << kind << ": " << count << "\n";
  if (good && tally.commands >= kLongRun) good = MetEverything(tally);
  return good ? 0 : 1;
}

}  // namespace
}  // namespace timebank::model

int main(int argc, char** argv) {
  try {
    return timebank::model::Main(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "model_test: " << error.what() << std::endl;
    return 2;
  }
}
