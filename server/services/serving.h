// What every handler needs: the engine, a pool of threads that may block, and how a call is carried out once
// it has been let in (door.h), which Begin() has told to the observer.
//
//   change   handler thread: parse and stamp a Command ──► Engine ──► replier's or committer's thread: render
//            what was posted, or read it from the newest view, and finish
//   read     handler thread: answer from memory and finish; where that needs the disk, a thread of the pool
//
// Threads: any; handlers run on gRPC's threads and never block on the disk.
#ifndef TIMEBANK_SERVER_SERVICES_SERVING_H_
#define TIMEBANK_SERVER_SERVICES_SERVING_H_

#include <grpcpp/support/server_callback.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/engine/engine.h"
#include "server/services/bank_reader.h"
#include "server/services/blocking_pool.h"
#include "server/services/caller.h"
#include "server/services/calls.h"
#include "server/services/directory.h"
#include "server/services/feeder.h"
#include "server/services/look_book.h"
#include "storage/view.h"

namespace timebank::services {

struct ServingOptions {
  std::function<int64_t()> now_us;   // microseconds since 1970-01-01 UTC; the system's clock when empty
  size_t pool_threads = 2;           // threads that may block on the disk
  size_t pool_queue = 1024;          // calls that wait for one of them; one more gets QUEUE_FULL
  size_t watch_streams = 256;        // open WatchLedger streams; one more gets QUEUE_FULL
  CallObserver* observer = nullptr;  // must outlive the calls; null: nobody is told
  // A read met damage: where, which is not told to callers. On the call's thread.
  std::function<void(const absl::Status&)> on_damage = {};
  // Looks could not be written down; as LookBook::Options::on_trouble.
  std::function<void(const absl::Status&)> on_trouble = {};
};

class Serving {
 public:
  // `engine` must outlive this. The feeder's and the pool's end come before the engine's.
  Serving(ServingOptions options, engine::Engine* engine);
  ~Serving() { feeder_.EndAll(); }

  // A command with what has been found wrong with it so far.
  struct Prepared {
    ledger::Command command;
    std::vector<ledger::Violation> violations;
    // Of the bank that the act makes: it decides what day it is. Nothing: there is a bank already.
    std::optional<absl::TimeZone> zone = std::nullopt;
  };
  // Reads the request into `prepared`: its act, and what is wrong with that. `today` is the bank's, in UTC
  // where there is none yet.
  using Prepare = std::function<absl::Status(storage::Day today, Prepared& prepared)>;
  using Render = std::function<absl::Status(const NamedView& view, const ledger::Outcome& outcome)>;

  // Carries out a change. `bank_id` decides what day it is; empty: no bank yet (UTC). `prepare` and `render`,
  // which fills the reply in, may run twice.
  grpc::ServerUnaryReactor* Change(Call call, grpc::CallbackServerContext* context, Caller caller,
                                   std::string bank_id, size_t bytes, std::string request_id, Prepare prepare,
                                   Render render);

  using Answer = std::function<absl::Status(const NamedView& view, const Caller& caller)>;

  // Answers a read, from memory if it can be. `answer` may run twice.
  grpc::ServerUnaryReactor* Read(Call call, grpc::CallbackServerContext* context, Caller caller,
                                 Answer answer);

  // Answers a read that looks at much: always on the pool.
  grpc::ServerUnaryReactor* Scan(Call call, grpc::CallbackServerContext* context, Caller caller,
                                 Answer answer);

  // NOT_SERVING until the log has been replayed for the first time: before that the view is older than what
  // was acknowledged.
  absl::Status Ready();

  // Answers that wait before they are sent; false: there are as many as there may be.
  bool BeginHold() {
    if (held_.fetch_add(1, std::memory_order_relaxed) < kMostHeld) return true;
    EndHold();
    return false;
  }
  void EndHold() { held_.fetch_sub(1, std::memory_order_relaxed); }

  // A call begins on this thread: told to the observer.
  Call Begin(bool is_stream, const grpc::CallbackServerContext& context);
  // It ends like this, told to the observer: what is to be sent to the caller. `request_id` as EndedCall's.
  grpc::Status End(Call& call, grpc::CallbackServerContext* context, const absl::Status& status,
                   std::string_view request_id = {});

  engine::Engine& engine() { return *engine_; }
  // Has `caller`'s look at `account` counted, unless it is the own one, or no member's. Last thing in a read
  // that went well, for that may run twice: an error here is the read's.
  absl::Status NoteLook(const BankReader& bank, const Caller& caller, storage::AccountNumber account,
                        LookKind kind);
  LookBook& looks() { return looks_; }

  BlockingPool& pool() { return pool_; }
  Feeder& feeder() { return feeder_; }
  int64_t NowUs() const { return options_.now_us(); }
  // What day it is in the bank.
  storage::Day TodayOf(const BankReader& bank) const;
  // The newest position.
  NamedView Latest() { return directories_.At(engine_->Latest()); }

 private:
  struct ChangeCall;

  bool HasBank(storage::BankNumber bank);
  absl::Status Precheck(const Caller& caller);
  absl::Status MakeCommand(const NamedView& view, ChangeCall& call, ledger::Command* command);
  void Submit(std::unique_ptr<ChangeCall> call, ledger::Command command);
  void Finish(std::unique_ptr<ChangeCall> call, absl::StatusOr<ledger::Outcome> outcome);
  void AnswerOnPool(Call call, grpc::CallbackServerContext* context, grpc::ServerUnaryReactor* reactor,
                    Answer answer, Caller caller);

  ServingOptions options_;
  engine::Engine* engine_;
  DirectoryCache directories_;
  std::atomic<bool> ready_ = false;
  static constexpr int kMostHeld = 4096;  // a few kilobytes each
  std::atomic<int> held_ = 0;
  LookBook looks_;  // behind those who note looks
  Feeder feeder_;   // behind the pool: what the pool still has to do speaks of it
  BlockingPool pool_;
};

}  // namespace timebank::services

#endif  // TIMEBANK_SERVER_SERVICES_SERVING_H_
