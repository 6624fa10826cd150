// Random commands, the same for the same seed: every kind there is, by every sort of caller, about holders
// and entries that exist, that once existed and that never did.
//
// Threads: one.
#ifndef TIMEBANK_TESTS_MODEL_GENERATOR_H_
#define TIMEBANK_TESTS_MODEL_GENERATOR_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "server/ledger/command.h"
#include "tests/model/oracle.h"

namespace timebank::model {

// The one source of randomness.
class Dice {
 public:
  explicit Dice(uint64_t seed) : engine_(seed) {}

  uint64_t Below(uint64_t limit) { return engine_() % limit; }  // limit > 0
  int64_t Between(int64_t least, int64_t most) {
    return least + static_cast<int64_t>(Below(static_cast<uint64_t>(most - least) + 1));
  }
  bool OneIn(uint64_t n) { return Below(n) == 0; }
  bool Percent(uint64_t n) { return Below(100) < n; }
  template <typename T>
  const T& Pick(const std::vector<T>& list) {
    return list[Below(list.size())];
  }
  std::string Bytes(size_t count);

 private:
  std::mt19937_64 engine_;
};

class Generator {
 public:
  // `oracle` is looked at to choose what is worth asking; it must outlive this.
  Generator(Dice& dice, const Oracle& oracle);

  ledger::Command Next();

 private:
  // How often each kind of act is asked for, in the order of ledger::Act.
  using Weights = std::array<uint32_t, std::variant_size_v<ledger::Act>>;

  ledger::Command Fresh();
  ledger::Command Repeat();
  void Advance();
  Day Today(std::string_view bank);

  // What an act is about: the bank, and the entry where it is about one.
  struct Scene {
    const Bank* bank = nullptr;  // nullptr: there is no such bank
    Sequence target = 0;
    Day today = 0;
  };
  ledger::Act MakeAct(size_t kind, Scene& scene);
  ledger::Actor MakeActor(const Scene& scene, const ledger::Act& act);
  static void LeaveOutWhatBrokersSay(ledger::Act* act);
  // Whom a member lets act for it does so. false: nobody does.
  bool SpeakAsAgent(const Scene& scene, ledger::Command* command);

  Sequence PickExchange(const Bank* bank, bool contested);
  std::string MemberId(const Bank* bank);
  std::string NewId(char prefix);
  ledger::HolderRef Holder(const Bank* bank);
  ledger::HolderRef OtherHolder(const Bank* bank, const std::vector<ledger::HolderRef>& than);  // mostly
  ledger::HolderRef PartyOf(
      const Scene& scene);  // a member whose account the target moved, where there is one
  ledger::HolderRef ActingFor(const Scene& scene, uint64_t percent);  // in so many cases
  int64_t Seconds();
  std::optional<Day> PickDay(const Scene& scene);
  std::string Category();
  std::string Text(size_t most);
  std::vector<std::string> Tags();
  std::optional<ledger::OriginSpec> Origin();
  std::vector<ledger::ShareSpec> Shares(const Bank* bank, size_t count,
                                        std::vector<ledger::HolderRef>* named);
  ledger::ExchangeSpec Exchange(const Scene& scene);
  ledger::ExchangeSpec Alike(const Scene& scene);
  ledger::BatchRecordExchanges Batch(const Scene& scene);
  void Changes(const Scene& scene, ledger::ExchangeSpec* changes, ledger::ExchangeMask* mask);
  storage::v1::MemberRow Details();
  storage::v1::SettingsRow Settings();
  std::vector<std::string> Categories();
  std::optional<int64_t> Limit(bool below);

  Dice& dice_;
  const Oracle& oracle_;
  Weights weights_{};
  uint64_t weight_sum_ = 0;
  size_t most_banks_;
  size_t most_members_;       // of one bank
  bool limits_matter_;        // limits are set often, and tight
  int64_t longest_pause_us_;  // between two commands: days are crowded or not
  int64_t now_us_;
  uint64_t next_request_ = 1;
  std::vector<ledger::Command> asked_;  // under a request id; the newest, for repeats
  std::vector<ledger::ExchangeSpec> recent_;
  std::vector<std::string> bank_ids_;
};

}  // namespace timebank::model

#endif  // TIMEBANK_TESTS_MODEL_GENERATOR_H_
