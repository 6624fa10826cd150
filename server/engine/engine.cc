#include "server/engine/engine.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "absl/time/time.h"
#include "server/engine/random.h"
#include "server/ledger/error.h"
#include "server/ledger/genesis.h"
#include "storage/status_macros.h"
#include "storage/threads.h"

namespace timebank::engine {

using ledger::ErrorOf;
using ledger::Reason;

namespace {

// While a batch is being synced the engine looks at the queue so often, or when so many have come.
constexpr absl::Duration kNap = absl::Microseconds(500);
constexpr size_t kWorthWaking = 16;

// A batch of so many is answered on the thread that committed it: another hop would cost more.
constexpr size_t kAnsweredAtOnce = 2;

// So many of a batch are answered together: the first of them wait for the last.
constexpr size_t kAnsweredTogether = 32;

// Room for so many submissions is kept.
constexpr size_t kKeptRoom = 1024;
// A command that is alone and became no more than this is committed by the engine thread itself. A large
// batch is not: the next one is to be executed while it is synced.
constexpr size_t kFewEntries = 8;

absl::Status OutcomeUnknown() {
  return ErrorOf(Reason::kOutcomeUnknown, "the outcome is not known; ask again with the same request_id");
}

absl::Status DiskFull() {
  return ErrorOf(Reason::kDiskFull, "the server's disk is full; nothing was changed");
}

// Whether the same may go well a little later. Damage, another owner, missing rights and the like do not go
// away by themselves.
bool MayPass(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kResourceExhausted:
    case absl::StatusCode::kUnknown:  // what the system says of a disk that does not answer
    case absl::StatusCode::kInternal:
      return true;
    default:
      return false;
  }
}

}  // namespace

Engine::Engine(Options options, OpenLog open_log)
    : options_(std::move(options)), open_log_(std::move(open_log)) {}

absl::StatusOr<std::unique_ptr<Engine>> Engine::Open(Options options, storage::Store::Options store,
                                                     OpenLog open_log) {
  std::unique_ptr<Engine> engine(new Engine(std::move(options), std::move(open_log)));
  Engine* self = engine.get();
  store.on_flushed = [self](uint64_t index) { self->Trim(index); };
  store.on_background_error = [self](absl::Status why) { self->FailForGood(std::move(why)); };
  TB_ASSIGN_OR_RETURN(self->store_, storage::Store::Open(std::move(store)));
  self->replier_ = std::thread([self] {
    storage::NameThread("reply");
    self->RunReplier();
  });
  self->committer_ = std::thread([self] {
    storage::NameThread("commit");
    self->RunCommitter();
  });
  self->engine_ = std::thread([self] {
    storage::NameThread("engine");
    self->RunEngine();
  });
  return engine;
}

Engine::~Engine() {
  if (store_ == nullptr) return;
  Stop();
  store_.reset();  // while its callbacks still find an engine
  absl::MutexLock lock(&log_mutex_);
  if (log_ != nullptr) log_->Rest();
}

void Engine::Submit(Submission submission) {
  absl::Status refused;
  {
    absl::MutexLock lock(&mutex_);
    if (std::optional<absl::Status> why = WhyRefused()) {
      refused = *std::move(why);
    } else if (waiting_commands_.load(std::memory_order_relaxed) >= options_.queue_commands ||
               waiting_bytes_.load(std::memory_order_relaxed) + submission.bytes > options_.queue_bytes) {
      refused = ErrorOf(Reason::kQueueFull,
                        "too much is waiting; try again a little later, with the same request_id");
    } else {
      waiting_commands_.fetch_add(1, std::memory_order_relaxed);
      waiting_bytes_.fetch_add(submission.bytes, std::memory_order_relaxed);
      queue_.push_back(std::move(submission));
      if (engine_waits_ && (!to_commit_.has_value() || queue_.size() >= kWorthWaking)) {
        engine_wakes_.Signal();
      }
      return;
    }
  }
  std::vector<Waiter> waiters;
  waiters.push_back({std::move(submission.done), std::move(refused)});
  Answer(std::move(waiters));
}

std::optional<absl::Status> Engine::WhyRefused() const {
  if (stopping_) {
    return ErrorOf(Reason::kShuttingDown, "the server is stopping; try again, with the same request_id");
  }
  if (state_ == State::kServing) return std::nullopt;
  if (RecoversOnFullDisk()) return DiskFull();
  return ErrorOf(Reason::kNotServing, "the server is not ready; try again, with the same request_id");
}

// What was taken and not yet ordered has changed nothing, and would wait for longer than anybody wants to.
// `why`: what all of it is told; nothing: what a new one would be.
void Engine::RefuseQueued(std::optional<absl::Status> why) {
  std::vector<Waiter> waiters;
  {
    absl::MutexLock lock(&mutex_);
    if (!why.has_value()) why = WhyRefused();
    assert(why.has_value());
    for (; next_ < taken_.size(); ++next_) waiters.push_back({std::move(taken_[next_].done), *why});
    for (Submission& submission : queue_) waiters.push_back({std::move(submission.done), *why});
    queue_.clear();
    waiting_commands_ = 0;
    waiting_bytes_ = 0;
  }
  Answer(std::move(waiters));
}

// Whether the disk has room for what commands become; where it has none they are refused.
bool Engine::DiskHasRoomOrRefuses() {
  const bool has_room = store_->HasRoom();
  if (std::exchange(had_room_, has_room) != has_room && options_.on_room) options_.on_room(has_room);
  if (!has_room) RefuseQueued(DiskFull());
  return has_room;
}

Engine::State Engine::state() const {
  absl::MutexLock lock(&mutex_);
  return state_;
}

absl::Status Engine::failure() const {
  absl::MutexLock lock(&mutex_);
  return failure_;
}

Engine::Figures Engine::figures() const {
  bool disk_full = !store_->HasRoom();
  {
    absl::MutexLock lock(&mutex_);
    disk_full |= RecoversOnFullDisk();
  }
  return {waiting_commands_.load(std::memory_order_relaxed),
          waiting_bytes_.load(std::memory_order_relaxed),
          disk_full,
          store_->applied_index(),
          store_->flushed_index(),
          latest_record_time_us_.load(std::memory_order_relaxed),
          store_->Figures()};
}

void Engine::SetState(State state) {
  absl::MutexLock tell(&tell_mutex_);
  absl::Status failure;
  {
    absl::MutexLock lock(&mutex_);
    if (state == state_ || state_ == State::kStopped) return;
    if (state_ == State::kFailed && state != State::kStopped) return;
    state_ = state;
    failure = failure_;
    engine_wakes_.Signal();
  }
  if (options_.on_state) options_.on_state(state, failure);
}

void Engine::FailForGood(absl::Status why) {
  {
    absl::MutexLock lock(&mutex_);
    if (!failure_.ok()) return;
    failure_ = std::move(why);
  }
  SetState(State::kFailed);
}

void Engine::Trouble(const absl::Status& what) {
  {
    absl::MutexLock lock(&mutex_);
    if (!failure_.ok()) return;  // told as that
    disk_full_ = absl::IsResourceExhausted(what);
  }
  if (options_.on_trouble) options_.on_trouble(what);
}

void Engine::Trim(uint64_t index) {
  absl::MutexLock lock(&log_mutex_);
  if (log_ == nullptr) return;
  // A log that cannot trim takes no more frames either: the next append fails, and recovery deals with it.
  static_cast<void>(log_->Trim(index));
}

void Engine::Stop() {
  {
    absl::MutexLock lock(&mutex_);
    if (stopping_) return;
    stopping_ = true;
    engine_wakes_.Signal();
  }
  engine_.join();
  {
    absl::MutexLock lock(&mutex_);
    committer_ends_ = true;
    committer_wakes_.Signal();
  }
  committer_.join();
  {
    absl::MutexLock lock(&replies_mutex_);
    replier_ends_ = true;
    replier_wakes_.Signal();
  }
  replier_.join();
  SetState(State::kStopped);
}

// --- engine thread

void Engine::RunEngine() {
  uint32_t pause_ms = 0;
  while (AwaitRecovery(pause_ms)) {
    const uint64_t applied = store_->applied_index();
    if (absl::Status status = Recover(); status.ok()) {
      SetState(State::kServing);
      Serve();
    } else if (MayPass(status)) {
      Trouble(status);
    } else {
      FailForGood(std::move(status));
    }
    // A life that got nothing done may have been too short to notice what is wrong: those after it come
    // slower.
    const bool progress = store_->applied_index() > applied;
    pause_ms = progress ? 0 : std::clamp(pause_ms * 2, options_.retry_ms, options_.retry_ms * 100);
  }
  RefuseQueued();
}

// Returns when the engine may try to serve (again). false: it is to stop.
bool Engine::AwaitRecovery(uint32_t pause_ms) {
  auto stopping_or_failed = [this]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
    return stopping_ || state_ == State::kFailed;
  };
  {
    absl::MutexLock lock(&mutex_);
    if (stopping_) return false;
    // There is no more room after an instant than there was before.
    if (disk_full_) pause_ms = std::max(pause_ms, options_.retry_ms);
  }
  SetState(State::kRecovering);
  if (pause_ms == 0 && state() != State::kFailed) return true;
  RefuseQueued();
  absl::MutexLock lock(&mutex_);
  mutex_.AwaitWithTimeout(absl::Condition(&stopping_or_failed), absl::Milliseconds(pause_ms));
  if (state_ == State::kFailed) mutex_.Await(absl::Condition(&stopping_));
  return !stopping_;
}

absl::Status Engine::Recover() {
  {
    absl::MutexLock lock(&log_mutex_);
    log_.reset();
    TB_ASSIGN_OR_RETURN(log_, open_log_(store_->applied_index()));
  }
  if (log_->tail_index() > store_->applied_index()) {
    TB_RETURN_IF_ERROR(
        log_->Read(store_->applied_index() + 1, [this](uint64_t index, std::string_view bytes) {
          return store_->Apply(index, std::make_shared<const std::string>(bytes));
        }));
  }
  // What was flushed while the log had failed: on a full disk it is the room that is waited for.
  Trim(store_->flushed_index());
  if (store_->applied_index() == 0) {
    StoreBase base(store_.get());
    ledger::WorkingState state(&base);
    ledger::Genesis(RandomNumber(), RandomBytes(32), state);
    TB_RETURN_IF_ERROR(CommitLayer(*state.Seal()));
  }
  if (options_.new_epoch && !renewed_) TB_RETURN_IF_ERROR(RenewEpoch());
  store_->Publish();
  if (options_.on_published) options_.on_published();
  absl::MutexLock lock(&mutex_);
  commit_failed_ = false;
  disk_full_ = false;
  return absl::OkStatus();
}

absl::Status Engine::RenewEpoch() {
  StoreBase base(store_.get());
  ledger::WorkingState state(&base);
  ledger::Renew(RandomNumber(), state);
  TB_RETURN_IF_ERROR(state.status());
  TB_RETURN_IF_ERROR(CommitLayer(*state.Seal()));
  renewed_ = true;
  return absl::OkStatus();
}

bool Engine::HasFailed() const { return commit_failed_ || state_ == State::kFailed; }

// Large submissions travel alone, so that a frame has room for what they become.
bool Engine::Fits(const Batch& batch, size_t bytes) const {
  return batch.waiters.empty() ||
         (batch.waiters.size() < options_.batch_entries && batch.entries < options_.batch_entries &&
          batch.bytes + bytes <= options_.batch_bytes);
}

bool Engine::HasNextFor(const Batch& batch) const {
  if (next_ < taken_.size()) return Fits(batch, taken_[next_].bytes);
  return !queue_.empty() && Fits(batch, queue_.front().bytes);
}

void Engine::AwaitSomethingToDo(const Batch& batch) {
  bool napped = false;
  while (!HasFailed()) {
    const bool committer_free = !to_commit_.has_value();
    if (committer_free && (!batch.waiters.empty() || stopping_)) return;
    const bool worth_it = committer_free || napped || queue_.size() >= kWorthWaking;
    if (worth_it && HasNextFor(batch)) return;
    engine_waits_ = true;
    if (committer_free) {
      engine_wakes_.Wait(&mutex_);
    } else {
      napped = engine_wakes_.WaitWithTimeout(&mutex_, kNap);
    }
    engine_waits_ = false;
  }
}

// Runs until the engine is to stop and nothing waits any more, or something failed; what had been executed by
// then and was not handed over is answered here.
void Engine::Serve() {
  StoreBase base(store_.get());
  ledger::WorkingState state(&base);
  Batch batch;
  while (true) {
    {
      absl::MutexLock lock(&mutex_);
      AwaitSomethingToDo(batch);
      if (HasFailed()) break;
      if (!to_commit_.has_value()) {
        while (state.sealed_layers() > 0) state.DropOldest();
        const bool nothing_waits = next_ == taken_.size() && queue_.empty();
        if (stopping_ && nothing_waits && batch.waiters.empty()) return;
      }
    }
    // What comes in behind a refusal is for the next look.
    if (DiskHasRoomOrRefuses() && !ExecuteQueued(state, batch)) break;
    absl::MutexLock lock(&mutex_);
    if (HasFailed()) break;
    if (to_commit_.has_value() || batch.waiters.empty()) continue;
    while (state.sealed_layers() > 0) state.DropOldest();
    batch.layer = state.Seal();
    to_commit_ = std::exchange(batch, Batch{});
    batch.waiters = SpareWaiters();
    engine_commits_ = to_commit_->waiters.size() == 1 && to_commit_->entries <= kFewEntries &&
                      next_ == taken_.size() && queue_.empty();
    if (engine_commits_) {
      mutex_.Unlock();
      CommitAndAnswer(*to_commit_);
      mutex_.Lock();
    } else {
      committer_wakes_.Signal();
    }
  }
  for (Waiter& waiter : batch.waiters) waiter.outcome = OutcomeUnknown();
  Answer(std::move(batch.waiters));
  absl::MutexLock lock(&mutex_);
  auto committer_done = [this]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return !to_commit_.has_value(); };
  mutex_.Await(absl::Condition(&committer_done));
}

// The next submission, which stays where it is until the next call; null where none waits or has room.
Engine::Submission* Engine::NextFor(const Batch& batch) {
  if (next_ == taken_.size()) {
    next_ = 0;
    if (taken_.capacity() > kKeptRoom) {
      std::vector<Submission>().swap(taken_);
    } else {
      taken_.clear();
    }
    absl::MutexLock lock(&mutex_);
    taken_.swap(queue_);
  }
  if (next_ == taken_.size() || !Fits(batch, taken_[next_].bytes)) return nullptr;
  Submission* submission = &taken_[next_++];
  waiting_commands_.fetch_sub(1, std::memory_order_relaxed);
  waiting_bytes_.fetch_sub(submission->bytes, std::memory_order_relaxed);
  return submission;
}

// Executes what is queued, up to one batch. false: the ledger could not be read; the engine has to start
// again.
bool Engine::ExecuteQueued(ledger::WorkingState& state, Batch& batch) {
  while (Submission* submission = NextFor(batch)) {
    if (submission->abandoned && submission->abandoned()) {
      batch.waiters.push_back(
          {std::move(submission->done), absl::CancelledError("the call ended before it was carried out")});
      continue;
    }
    absl::StatusOr<ledger::Outcome> outcome = ledger::Execute(submission->command, state);
    submission->command = {};  // its bytes do not count as waiting any more
    const bool readable = outcome.ok();
    // A small request can become a large frame, and the other way round.
    batch.bytes = std::max(batch.bytes + submission->bytes, state.layer_bytes());
    if (readable) {
      batch.entries += outcome->count;
      NoteRecordTime(outcome->record_time_us);
    }
    batch.waiters.push_back({std::move(submission->done), std::move(outcome)});
    if (!readable) {
      if (MayPass(state.status())) {
        Trouble(state.status());
      } else {
        FailForGood(state.status());
      }
      return false;
    }
  }
  return true;
}

void Engine::NoteRecordTime(int64_t record_time_us) {
  // Nobody else writes it.
  if (record_time_us > latest_record_time_us_.load(std::memory_order_relaxed)) {
    latest_record_time_us_.store(record_time_us, std::memory_order_relaxed);
  }
}

// --- committer thread; for a single command the engine thread

void Engine::RunCommitter() {
  while (true) {
    Batch* batch = nullptr;
    {
      absl::MutexLock lock(&mutex_);
      while (!committer_ends_ && (!to_commit_.has_value() || commit_failed_ || engine_commits_)) {
        committer_wakes_.Wait(&mutex_);
      }
      if (!to_commit_.has_value()) return;
      batch = &*to_commit_;
    }
    CommitAndAnswer(*batch);
  }
}

// `batch`: in to_commit_; nobody else touches it until it is reset here.
void Engine::CommitAndAnswer(Batch& batch) {
  absl::Status status = Commit(batch);
  if (!status.ok()) {
    for (Waiter& waiter : batch.waiters) waiter.outcome = OutcomeUnknown();
    Trouble(status);
  }
  std::vector<Waiter> waiters = std::move(batch.waiters);
  {
    absl::MutexLock lock(&mutex_);
    commit_failed_ = !status.ok();
    to_commit_.reset();
    engine_commits_ = false;
    if (engine_waits_) engine_wakes_.Signal();
  }
  AnswerSmall(std::move(waiters));
}

absl::Status Engine::Commit(const Batch& batch) {
  if (batch.layer->empty()) return absl::OkStatus();
  std::chrono::nanoseconds sync{0};
  TB_RETURN_IF_ERROR(CommitLayer(*batch.layer, &sync));
  store_->Publish();
  if (options_.on_published) options_.on_published();
  if (options_.on_batch) options_.on_batch(batch.waiters.size(), sync);
  return absl::OkStatus();
}

absl::Status Engine::CommitLayer(const ledger::Layer& layer, std::chrono::nanoseconds* sync) {
  const auto frame = layer.Frame();
  const uint64_t index = store_->applied_index() + 1;
  const auto began = std::chrono::steady_clock::now();
  TB_RETURN_IF_ERROR(log_->Append(index, *frame));
  if (sync != nullptr) *sync = std::chrono::steady_clock::now() - began;
  absl::Status applied = store_->Apply(index, frame);
  // Durable but not readable: nothing that is decided from here on could be trusted.
  if (!applied.ok()) FailForGood(applied);
  return applied;
}

// --- replier thread

void Engine::Answer(std::vector<Waiter> waiters) {
  if (waiters.empty()) return;
  {
    absl::MutexLock lock(&replies_mutex_);
    if (!replier_ended_) {
      replies_.push_back(std::move(waiters));
      replier_wakes_.Signal();
      return;
    }
  }
  Reply(std::move(waiters));
}

// A small batch is answered by whoever committed it, unless answers of earlier ones are still to come.
void Engine::AnswerSmall(std::vector<Waiter> waiters) {
  bool replier_idle = false;
  {
    absl::MutexLock lock(&replies_mutex_);
    replier_idle = replies_.empty() && !replying_;
  }
  if (replier_idle && waiters.size() <= kAnsweredAtOnce) {
    Reply(std::move(waiters));
  } else {
    Answer(std::move(waiters));
  }
}

void Engine::Reply(std::vector<Waiter> waiters) {
  for (size_t next = 0; next < waiters.size();) {
    const size_t end = std::min(waiters.size(), next + kAnsweredTogether);
    const auto answer = [&] {
      for (; next < end; ++next) waiters[next].done(std::move(waiters[next].outcome));
    };
    if (options_.answer_together != nullptr && end - next > kAnsweredAtOnce) {
      options_.answer_together(answer);
    } else {
      answer();
    }
  }
  if (waiters.capacity() > kKeptRoom) return;
  waiters.clear();
  absl::MutexLock lock(&replies_mutex_);
  if (waiters.capacity() > spare_.capacity()) spare_.swap(waiters);
}

// A list that grows with every batch would be moved again and again.
std::vector<Engine::Waiter> Engine::SpareWaiters() {
  absl::MutexLock lock(&replies_mutex_);
  return std::move(spare_);
}

void Engine::RunReplier() {
  std::vector<std::vector<Waiter>> replies;
  while (true) {
    {
      absl::MutexLock lock(&replies_mutex_);
      replying_ = false;
      while (replies_.empty() && !replier_ends_) replier_wakes_.Wait(&replies_mutex_);
      if (replies_.empty()) {
        replier_ended_ = true;
        return;
      }
      replying_ = true;
      replies.swap(replies_);
    }
    for (std::vector<Waiter>& waiters : replies) Reply(std::move(waiters));
    replies.clear();
  }
}

}  // namespace timebank::engine
