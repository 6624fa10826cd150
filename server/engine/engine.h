// The engine: the one place where the order of things is decided.
//
//   Submit ──► queue ──► engine thread ──────► committer thread ───────────────► replier thread
//              bounded   Execute, one layer     Append + sync, apply, publish      done(outcome)
//                        a batch
//
// While batch n is being synced, batch n+1 executes on top of it, and no further one. When the committer is
// free, it gets what has been executed so far: one caller alone never waits for others, and many callers
// share one sync.
//
// While the committer is busy the engine naps between two looks at the queue: executing sooner would gain
// nothing, and being woken for each command costs about as much as executing it. A command that is alone is
// committed by the engine thread itself, which executes nothing meanwhile, and where the replier has nothing
// to do, whoever commits a batch of one or two answers it: one caller waits for one thread.
//
// Threads:  any, but for Stop and the destructor, which are the owner's.
// Durable:  `done` runs after its batch is on the disk and published, also for refusals and replays:
//           whoever has an answer finds what it speaks of in every read that follows.
// Limits:   at most `queue_commands` commands or `queue_bytes` bytes wait; one more gets QUEUE_FULL.
// Failure:  a failed append or sync is never tried again. Everybody whose command was executed but not yet
//           durable gets OUTCOME_UNKNOWN (the request id tells, later), the working state is thrown away,
//           and the engine starts again from what the log really holds. Where that does not succeed either
//           it keeps trying, with growing pauses; meanwhile commands are refused with DISK_FULL or
//           NOT_SERVING. What no wait would mend (DATA_LOSS, missing rights, another owner; errors that the
//           store tells of itself) ends serving for good.
// Room:     while the store has none (Store::HasRoom) nothing is executed: commands are refused in state
//           kServing, with DISK_FULL, until it has again.
#ifndef TIMEBANK_SERVER_ENGINE_ENGINE_H_
#define TIMEBANK_SERVER_ENGINE_ENGINE_H_

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "server/engine/store_base.h"
#include "server/ledger/execute.h"
#include "storage/commit_log.h"
#include "storage/store.h"

namespace timebank::engine {

class Engine {
 public:
  enum class State {
    kRecovering,  // replaying; nothing is taken
    kServing,
    kFailed,  // for good: see failure()
    kStopped,
  };

  // Opens the log, whose frames up to `applied` are in the store. Called again after a failure.
  using OpenLog = std::function<absl::StatusOr<std::unique_ptr<storage::CommitLog>>(uint64_t applied)>;

  struct Options {
    size_t queue_commands = 8192;
    size_t queue_bytes = 64u << 20;
    size_t batch_entries = 8192;    // a batch takes no more commands once it has so many entries ...
    size_t batch_bytes = 4u << 20;  // ... or so many bytes of them
    // Once the log is replayed, the ledger becomes another instance (ledger::Renew): it was put back from a
    // copy.
    bool new_epoch = false;
    uint32_t retry_ms = 100;  // first pause after a failed recovery; doubles up to 100 times as much
    // With failure(). On threads of the engine's or the store's, one call at a time, in the order in which
    // things happened; must not block and must not call Stop().
    std::function<void(State, const absl::Status& failure)> on_state;
    std::function<void()> on_published;  // more can be read than before; as above, but beside on_state
    // A batch of so many commands has become a frame, whose append and sync took so long. On the thread
    // that committed it, the committer's or the engine's; must not block.
    std::function<void(size_t commands, std::chrono::nanoseconds sync)> on_batch;
    // The disk has no room for changes, which are refused from now on; or has again. On the engine's thread;
    // must not block.
    std::function<void(bool has_room)> on_room;
    // Something failed and will be tried again; for whoever looks after the server.
    std::function<void(const absl::Status&)> on_trouble;
    // Runs `answers`, which runs the `done` of several commands, on the thread that it is called on; for
    // whoever saves something by what all of them have in common. Empty: they run by themselves.
    std::function<void(absl::FunctionRef<void()> answers)> answer_together;
  };

  using Done = absl::AnyInvocable<void(absl::StatusOr<ledger::Outcome>)>;

  // One call on its way.
  struct Submission {
    ledger::Command command;
    size_t bytes = 0;  // of the request, on the wire
    // Looked at once, before the command is executed: true drops it (CANCELLED). Empty: never.
    absl::AnyInvocable<bool()> abandoned;
    Done done;  // runs exactly once, on an engine's thread (behind Stop() on Submit's); must not block
  };

  // Opens the store (its callbacks are the engine's to set) and returns; recovery goes on in the background.
  // Errors: the store's.
  static absl::StatusOr<std::unique_ptr<Engine>> Open(Options options, storage::Store::Options store,
                                                      OpenLog open_log);
  ~Engine();  // Stop(), and closes the store: every View must be gone
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  void Submit(Submission submission);

  // Takes nothing more (SHUTTING_DOWN), carries out and answers what was taken, and returns. What waits while
  // the ledger is recovered, or comes to that, is refused likewise. Views stay readable.
  void Stop();

  storage::View Latest() const { return store_->Latest(); }
  // Kept beside the ledger, in every state; valid as long as this.
  storage::LookRows& looks() const { return *store_; }
  State state() const;
  absl::Status failure() const;

  // For whoever looks after the server. Each is right by itself, not all at one moment.
  struct Figures {
    size_t queue_commands;  // waiting to be carried out
    size_t queue_bytes;
    bool disk_full;          // changes are refused with DISK_FULL
    uint64_t applied_index;  // of the commit log
    uint64_t flushed_index;
    // Of the latest entry by time since this engine was opened, which is ahead of the clock where that was
    // ahead once; 0: none was posted.
    int64_t latest_record_time_us;
    storage::DatabaseFigures database;
  };
  Figures figures() const;

 private:
  struct Waiter {
    Done done;
    absl::StatusOr<ledger::Outcome> outcome;
  };
  // What the committer works on: one frame and everybody who waits for it.
  struct Batch {
    std::shared_ptr<const ledger::Layer> layer;  // without changes: only answers wait, for what came before
    std::vector<Waiter> waiters;
    size_t bytes = 0;    // of the submissions, or of the layer, whichever is more
    size_t entries = 0;  // that they became
  };

  Engine(Options options, OpenLog open_log);
  void RunEngine();
  void RunCommitter();
  void RunReplier();

  // One life of the working state, from replay to failure or stop.
  bool AwaitRecovery(uint32_t pause_ms);
  absl::Status Recover();
  absl::Status RenewEpoch();
  void Serve();
  void AwaitSomethingToDo(const Batch& batch) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool HasFailed() const ABSL_SHARED_LOCKS_REQUIRED(mutex_);
  bool Fits(const Batch& batch, size_t bytes) const;
  bool HasNextFor(const Batch& batch) const ABSL_SHARED_LOCKS_REQUIRED(mutex_);
  Submission* NextFor(const Batch& batch);
  bool ExecuteQueued(ledger::WorkingState& state, Batch& batch);
  void NoteRecordTime(int64_t record_time_us);
  bool RecoversOnFullDisk() const ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
    return state_ == State::kRecovering && disk_full_;
  }
  std::optional<absl::Status> WhyRefused() const ABSL_SHARED_LOCKS_REQUIRED(mutex_);
  void RefuseQueued(std::optional<absl::Status> why = std::nullopt);
  bool DiskHasRoomOrRefuses();
  void FailForGood(absl::Status why);
  void Trouble(const absl::Status& what);
  void Trim(uint64_t index);
  void CommitAndAnswer(Batch& batch);
  absl::Status Commit(const Batch& batch);
  // `sync`, where it is not null, becomes what append and sync took.
  absl::Status CommitLayer(const ledger::Layer& layer, std::chrono::nanoseconds* sync = nullptr);
  std::vector<Waiter> SpareWaiters();
  void Answer(std::vector<Waiter> waiters);
  void AnswerSmall(std::vector<Waiter> waiters);
  void Reply(std::vector<Waiter> waiters);
  void SetState(State state);

  const Options options_;
  const OpenLog open_log_;
  std::unique_ptr<storage::Store> store_;

  absl::Mutex tell_mutex_ ABSL_ACQUIRED_BEFORE(mutex_);  // makes a change of state and its telling one
  mutable absl::Mutex mutex_;
  State state_ ABSL_GUARDED_BY(mutex_) = State::kRecovering;
  absl::Status failure_ ABSL_GUARDED_BY(mutex_);
  bool disk_full_ ABSL_GUARDED_BY(mutex_) = false;  // the last try found no room
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<Submission> queue_ ABSL_GUARDED_BY(mutex_);  // not yet taken by the engine
  bool engine_waits_ ABSL_GUARDED_BY(mutex_) = false;      // on engine_wakes_
  absl::CondVar engine_wakes_;
  absl::CondVar committer_wakes_;
  std::optional<Batch> to_commit_ ABSL_GUARDED_BY(mutex_);  // handed over, not yet done
  bool engine_commits_ ABSL_GUARDED_BY(mutex_) = false;     // what is in to_commit_, not the committer
  bool commit_failed_ ABSL_GUARDED_BY(mutex_) = false;
  bool committer_ends_ ABSL_GUARDED_BY(mutex_) = false;

  // What was submitted and is neither executed nor dropped: queue_ and what is left of taken_. More of it
  // only under mutex_, less without.
  std::atomic<size_t> waiting_commands_ = 0;
  std::atomic<size_t> waiting_bytes_ = 0;
  std::atomic<int64_t> latest_record_time_us_ = 0;

  // The engine thread's: what it took from queue_, in order, from next_ on not yet executed.
  std::vector<Submission> taken_;
  size_t next_ = 0;
  bool renewed_ = false;  // the epoch, where it is to be
  bool had_room_ = true;

  absl::Mutex replies_mutex_;
  absl::CondVar replier_wakes_;
  std::vector<std::vector<Waiter>> replies_ ABSL_GUARDED_BY(replies_mutex_);
  std::vector<Waiter> spare_ ABSL_GUARDED_BY(replies_mutex_);  // empty: room for those of a batch to come
  bool replying_ ABSL_GUARDED_BY(replies_mutex_) = false;      // the replier is at it
  bool replier_ends_ ABSL_GUARDED_BY(replies_mutex_) = false;
  bool replier_ended_ ABSL_GUARDED_BY(replies_mutex_) = false;

  // Held to replace the log or to trim it; Append needs no lock.
  absl::Mutex log_mutex_ ABSL_ACQUIRED_BEFORE(mutex_);
  std::unique_ptr<storage::CommitLog> log_;

  std::thread engine_;
  std::thread committer_;
  std::thread replier_;
};

}  // namespace timebank::engine

#endif  // TIMEBANK_SERVER_ENGINE_ENGINE_H_
