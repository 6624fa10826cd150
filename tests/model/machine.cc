#include "tests/model/machine.h"

#include <map>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "server/ledger/genesis.h"
#include "storage/keys.h"
#include "storage/pages.h"
#include "tests/model/describe.h"
#include "tests/model/fail.h"
#include "timebank/storage/v1/rows.pb.h"

namespace timebank::model {
namespace {

namespace fs = std::filesystem;
namespace sv1 = storage::v1;
using storage::Family;

// Files of a folder, each with its size: the same before and after a copy means that the copy is of one
// moment.
std::map<std::string, uintmax_t> Listing(const fs::path& folder) {
  std::map<std::string, uintmax_t> files;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder)) {
    std::error_code error;
    const bool regular = entry.is_regular_file(error);
    files[entry.path().string()] = regular ? entry.file_size(error) : 0;
  }
  return files;
}

void CopyWhileInUse(const fs::path& from, const fs::path& to) {
  for (int tries = 0; tries < 100; ++tries) {
    fs::remove_all(to);
    const auto before = Listing(from);
    std::error_code error;
    fs::copy(from, to, fs::copy_options::recursive, error);
    if (!error && Listing(from) == before) return;
  }
  throw Failure("the files of an idle store never hold still");
}

}  // namespace

Machine::Machine(Dice& dice, fs::path folder)
    : dice_(dice), folder_(std::move(folder)), secret_(dice.Bytes(32)) {
  fs::create_directories(folder_ / "0");
  Open();
  ledger::Genesis(dice_.Below(UINT64_MAX) + 1, secret_, *state_);
  CommitAll();
}

Machine::~Machine() {
  state_.reset();
  base_.reset();
  store_.reset();
  log_.reset();
  std::error_code error;
  fs::remove_all(folder_, error);
}

void Machine::Open() {
  const fs::path home = folder_ / std::to_string(life_);
  storage::Store::Options options;
  options.path = (home / "ledger").string();
  options.block_cache_bytes = 4u << 20;
  // From one frame a tail to thousands.
  options.tail_bytes = uint64_t{1} << (6 * dice_.Below(5));
  options.write_buffer_bytes = (256u << 10) << dice_.Below(5);
  options.flush_interval_seconds = 0;
  auto store = storage::Store::Open(std::move(options));
  Check(store.status(), "opening the store");
  store_ = *std::move(store);

  storage::LocalLog::Options log_options;
  log_options.folder = (home / "log").string();
  log_options.segment_bytes = 8u << 20;
  log_options.max_frame_bytes = 7u << 20;
  log_options.applied_index = store_->flushed_index();
  log_options.sync = false;
  log_options.nonce = [this] { return next_nonce_++; };
  auto log = storage::LocalLog::Open(std::move(log_options));
  Check(log.status(), "opening the log");
  log_ = *std::move(log);

  Check(log_->Read(store_->applied_index() + 1,
                   [&](uint64_t index, std::string_view bytes) {
                     ++counts_.replayed_frames;
                     return store_->Apply(index, std::make_shared<const std::string>(bytes));
                   }),
        "replaying the log");
  Check(store_->applied_index() == log_->tail_index(), "the log does not reach the store");
  store_->Publish();
  base_ = std::make_unique<engine::StoreBase>(store_.get());
  state_ = std::make_unique<ledger::WorkingState>(base_.get());
}

ledger::Outcome Machine::Execute(const ledger::Command& command) {
  auto outcome = ledger::Execute(command, *state_);
  Check(outcome.status(), "executing");
  Check(state_->status(), "reading the base");
  executed_.push_back({command, Describe(*outcome)});
  return *std::move(outcome);
}

void Machine::Plant(const sv1::Entry& entry) {
  CommitAll();
  sv1::HeadRow head;
  const std::string head_key = storage::AccountKey(entry.bank(), 0);
  Check(state_->GetRow(Family::kAccount, head_key, &head), "no head row");
  head.set_last_sequence(entry.sequence());
  head.set_last_record_time_us(entry.record_time_us());
  state_->PutRow(Family::kAccount, head_key, head);
  for (const sv1::EntryMovement& movement : entry.movements()) {
    const std::string key = storage::AccountKey(entry.bank(), movement.account());
    sv1::AccountRow row;
    if (!state_->GetRow(Family::kAccount, key, &row)) row.set_last_exchange_on(storage::kNoDay);
    row.set_balance(movement.balance_after());
    if (movement.seconds() > 0) row.set_seconds_in(row.seconds_in() + movement.seconds());
    if (movement.seconds() < 0) row.set_seconds_out(row.seconds_out() - movement.seconds());
    row.set_movement_count(row.movement_count() + 1);
    row.set_last_sequence(entry.sequence());
    state_->PutRow(Family::kAccount, key, row);
  }
  state_->AppendEntry(entry);
  CommitAll();
}

void Machine::Seal() {
  Batch batch;
  batch.layer = state_->Seal();
  sealed_ = std::move(executed_);
  executed_.clear();
  if (!batch.layer->empty()) batch.frame = batch.layer->Frame();
  batch_ = std::move(batch);
}

void Machine::Append(Batch& batch) {
  if (!batch.layer->empty()) {
    Check(log_->Append(log_->tail_index() + 1, *batch.frame), "appending to the log");
    ++counts_.frames;
  }
  batch.stage = Batch::Stage::kAppended;
  sealed_.clear();
}

void Machine::Publish(Batch& batch) {
  if (!batch.layer->empty()) {
    Check(store_->Apply(log_->tail_index(), batch.frame), "applying");
    store_->Publish();
  }
  batch.stage = Batch::Stage::kPublished;
}

bool Machine::StepOldest() {
  if (!batch_) return false;
  switch (batch_->stage) {
    case Batch::Stage::kSealed:
      Append(*batch_);
      break;
    case Batch::Stage::kAppended:
      Publish(*batch_);
      break;
    case Batch::Stage::kPublished:
      state_->DropOldest();
      batch_.reset();
      break;
  }
  return true;
}

void Machine::MoveOn() {
  if (batch_) {
    if (dice_.OneIn(3)) StepOldest();
  } else if (executed_.size() >= seal_at_) {
    Seal();
    seal_at_ = 1 + dice_.Below(dice_.OneIn(8) ? 500 : 40);
  }
}

void Machine::CommitAll() {
  while (StepOldest()) {
  }
  Seal();
  while (StepOldest()) {
  }
  if (dice_.OneIn(4)) Check(store_->Flush(), "flushing");
  if (dice_.OneIn(4)) Check(log_->Trim(store_->flushed_index()), "trimming the log");
}

void Machine::Reopen() {
  CommitAll();
  state_.reset();
  base_.reset();
  store_.reset();
  log_.reset();
  Open();
  ++counts_.reopened;
}

void Machine::Crash() {
  // Whatever is being written when the end comes is at some stage.
  while (batch_ && dice_.OneIn(2)) StepOldest();
  if (dice_.OneIn(4)) Check(store_->Flush(), "flushing");
  std::vector<Done> lost = std::move(sealed_);
  lost.insert(lost.end(), std::make_move_iterator(executed_.begin()),
              std::make_move_iterator(executed_.end()));

  const fs::path old = folder_ / std::to_string(life_);
  ++life_;
  CopyWhileInUse(old, folder_ / std::to_string(life_));
  state_.reset();
  base_.reset();
  store_.reset();
  log_.reset();
  batch_.reset();
  sealed_.clear();
  executed_.clear();
  fs::remove_all(old);
  Open();
  ++counts_.crashed;
  for (Done& done : lost) {
    const std::string again = Describe(Execute(done.command));
    Check(again == done.outcome, absl::StrCat("executed again after a crash: ", Describe(done.command),
                                              "\n  first: ", done.outcome, "\n  again: ", again));
    ++counts_.repeated_commands;
  }
}

}  // namespace timebank::model
