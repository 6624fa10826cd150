// The ledger as the server runs it, driven by hand: rules over a working state, batches that become frames of
// a real commit log, a real store that folds them; and the accidents that may happen to it.
//
//     Execute ... Seal ──► Append ──► Apply, Publish ──► DropOldest
//
// Each arrow may wait while later commands are executed, as in the engine, where another thread follows it.
//
// Threads: one. Errors: whatever the disk says ends the test.
#ifndef TIMEBANK_TESTS_MODEL_MACHINE_H_
#define TIMEBANK_TESTS_MODEL_MACHINE_H_

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "server/engine/store_base.h"
#include "server/ledger/command.h"
#include "server/ledger/execute.h"
#include "server/ledger/working_state.h"
#include "storage/local_log.h"
#include "storage/store.h"
#include "tests/model/generator.h"

namespace timebank::model {

class Machine {
 public:
  // Starts an empty ledger in a new folder under `folder`.
  Machine(Dice& dice, std::filesystem::path folder);
  ~Machine();

  ledger::Outcome Execute(const ledger::Command& command);

  // Puts an entry where no command could, with the rows that go with it.
  void Plant(const storage::v1::Entry& entry);

  // Takes some of the steps that are due, or none.
  void MoveOn();
  // Everything executed is folded and published.
  void CommitAll();

  // Closes everything in good order and opens it again.
  void Reopen();
  // What is left after a sudden end: the files as they are. Commands whose frame had not been written are
  // gone; they are executed again, and must have the same outcome.
  void Crash();

  ledger::WorkingState& state() { return *state_; }
  storage::View View() const { return store_->Latest(); }
  const std::string& secret() const { return secret_; }

  // How often each accident happened, for the summary.
  struct Counts {
    uint64_t frames = 0;
    uint64_t reopened = 0;
    uint64_t crashed = 0;
    uint64_t replayed_frames = 0;
    uint64_t repeated_commands = 0;
  };
  const Counts& counts() const { return counts_; }

 private:
  struct Done {
    ledger::Command command;
    std::string outcome;  // described
  };
  // A sealed layer on its way.
  struct Batch {
    std::shared_ptr<const ledger::Layer> layer;
    std::shared_ptr<const std::string> frame;
    enum class Stage { kSealed, kAppended, kPublished } stage = Stage::kSealed;
  };

  void Open();
  void Seal();
  void Append(Batch& batch);
  void Publish(Batch& batch);
  bool StepOldest();

  Dice& dice_;
  std::filesystem::path folder_;  // everything of this ledger
  uint64_t life_ = 0;             // which of its copies is in use
  uint64_t next_nonce_ = 1;
  std::string secret_;

  std::unique_ptr<storage::Store> store_;
  std::unique_ptr<storage::LocalLog> log_;
  std::unique_ptr<engine::StoreBase> base_;
  std::unique_ptr<ledger::WorkingState> state_;
  std::optional<Batch> batch_;  // at most one is on its way
  std::vector<Done> executed_;  // since the last Seal
  std::vector<Done> sealed_;    // in batch_, while it is not appended
  size_t seal_at_ = 1;          // commands, once the batch before is gone
  Counts counts_;
};

}  // namespace timebank::model

#endif  // TIMEBANK_TESTS_MODEL_MACHINE_H_
