// Sends the journal to the streams that watch it.
//
//   Wake ──► feed thread, in rounds ──► up to 16 streams that wait at one place: one message ──► Send
//                      └──► far behind, or not in memory: the same, on a thread of the pool
//
// A round asks every stream where it waits, and brings each place up to date: to the newest view when its
// turn comes, which a write for each of a hundred streams makes a millisecond later. Then the thread rests:
// rounds that told a hundred streams begin 3 ms apart, those that told fewer by so much less, and behind a
// long round it rests for half as long as that took, 3 ms at most. So a few streams have each event at once,
// hundreds get several in one message and leave the machine to those who record. Nothing that was made is
// kept: what is sent is what the newest view says, so a note that was erased is not sent again.
//
// Threads: any.
#ifndef TIMEBANK_SERVER_SERVICES_FEEDER_H_
#define TIMEBANK_SERVER_SERVICES_FEEDER_H_

#include <grpcpp/support/byte_buffer.h>

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "server/services/blocking_pool.h"
#include "server/services/directory.h"
#include "storage/types.h"

namespace timebank::services {

class Feeder {
 public:
  struct Place {
    storage::BankNumber bank = 0;
    storage::Sequence after = 0;  // the last entry that was told
    bool heartbeat = false;       // is to be told its position where there is nothing else
  };

  // None of these may block.
  class Stream {
   public:
    virtual ~Stream() = default;
    // Where it waits; then one Send, GoOn or End follows. nullopt: it can take nothing now, and wakes the
    // feeder when it can.
    virtual std::optional<Place> Ask() = 0;
    // Where it is, whether it waits or not.
    virtual Place Where() = 0;
    // `message`: a WatchLedgerResponse whose last event is of entry `last`. `more`: there is more behind it,
    // so it wakes the feeder when it can take that.
    virtual void Send(const grpc::ByteBuffer& message, storage::Sequence last, bool more) = 0;
    virtual void GoOn() = 0;  // there is nothing for it
    virtual void End(absl::Status status) = 0;
  };

  using Latest = std::function<NamedView()>;

  // `pool` must outlive the feed thread, which EndAll() ends, and this must outlive what the pool was given.
  Feeder(size_t most, Latest latest, BlockingPool* pool);
  ~Feeder() { EndAll(); }

  // false: there are as many as there may be, or the server stops.
  bool Add(std::shared_ptr<Stream> stream);
  void Remove(const Stream* stream);

  // Something was published, or a stream can take something again.
  void Wake();
  // For whoever looks after the server: how many there are, may be, and how many entries the slowest is
  // behind.
  size_t open();
  size_t most() const { return most_; }
  storage::Sequence Lag();

  // Ends every stream and lets no new one in.
  void EndAll();

 private:
  using Streams = std::vector<std::shared_ptr<Stream>>;
  struct Waiting {
    std::shared_ptr<Stream> stream;
    Place place;
  };
  using Group = std::vector<Waiting>;  // of one bank and entry

  void Run();
  std::shared_ptr<const Streams> AwaitWake();
  // These say how many streams were sent something by this thread.
  size_t Round(const Streams& streams);
  size_t DeliverFromMemory(const NamedView& view, Group group);
  void DeliverOnPool(Group group);
  static absl::StatusOr<size_t> Deliver(const NamedView& view, const Group& group, bool not_far);
  static void End(const Group& group, const absl::Status& status);

  const size_t most_;
  const Latest latest_;
  BlockingPool* const pool_;

  absl::Mutex mutex_;
  absl::CondVar wakes_;
  std::shared_ptr<const Streams> streams_ ABSL_GUARDED_BY(mutex_) = std::make_shared<Streams>();
  bool woken_ ABSL_GUARDED_BY(mutex_) = false;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  std::atomic<bool> has_streams_ = false;  // so that publishing costs nothing where nobody watches
  absl::Mutex end_mutex_;
  std::thread thread_ ABSL_GUARDED_BY(end_mutex_);
};

}  // namespace timebank::services

#endif  // TIMEBANK_SERVER_SERVICES_FEEDER_H_
