#include "server/services/feeder.h"

#include <grpcpp/impl/codegen/proto_utils.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <string>
#include <tuple>
#include <utility>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "google/protobuf/arena.h"
#include "server/ledger/error.h"
#include "server/services/events.h"
#include "server/services/held_sends.h"
#include "storage/status_macros.h"
#include "storage/threads.h"

namespace timebank::services {

using storage::Sequence;

namespace {

constexpr size_t kMostEventsAMessage = 100;
// So many streams get one message at most; who comes later in a round gets what was published meanwhile.
constexpr size_t kMostTogether = 16;
// Rounds over a hundred streams begin so far apart, over fewer by so much less; and the longest rest behind a
// round that was longer.
constexpr absl::Duration kLongestRest = absl::Milliseconds(3);
constexpr absl::Duration kApartAStream = absl::Microseconds(30);

absl::Duration RestAfter(absl::Duration round, size_t streams) {
  const absl::Duration apart = std::min(kApartAStream * static_cast<double>(streams), kLongestRest);
  return std::max(apart - round, std::min(round / 2, kLongestRest));
}

// What comes behind entry `after`, at most one message of it; sets `last` to its last entry.
absl::StatusOr<grpc::ByteBuffer> NextMessage(BankReader& bank, Sequence after, Sequence* last) {
  google::protobuf::Arena arena;
  auto* message = google::protobuf::Arena::CreateMessage<v1::WatchLedgerResponse>(&arena);
  TB_ASSIGN_OR_RETURN(*last, AppendEvents(bank, after, kMostEventsAMessage, message->mutable_events()));
  message->set_position(bank.PositionAt(*last));
  grpc::ByteBuffer bytes;
  bool own = false;
  const grpc::Status status =
      grpc::SerializationTraits<v1::WatchLedgerResponse>::Serialize(*message, &bytes, &own);
  if (!status.ok()) return absl::InternalError(status.error_message());
  return bytes;
}

}  // namespace

Feeder::Feeder(size_t most, Latest latest, BlockingPool* pool)
    : most_(most), latest_(std::move(latest)), pool_(pool), thread_([this] {
        storage::NameThread("feed");
        Run();
      }) {}

bool Feeder::Add(std::shared_ptr<Stream> stream) {
  absl::MutexLock lock(&mutex_);
  if (ended_ || streams_->size() >= most_) return false;
  auto streams = std::make_shared<Streams>(*streams_);
  streams->push_back(std::move(stream));
  streams_ = std::move(streams);
  has_streams_ = true;
  return true;
}

void Feeder::Remove(const Stream* stream) {
  absl::MutexLock lock(&mutex_);
  auto streams = std::make_shared<Streams>();
  std::copy_if(streams_->begin(), streams_->end(), std::back_inserter(*streams),
               [stream](const std::shared_ptr<Stream>& one) { return one.get() != stream; });
  has_streams_ = !streams->empty();
  streams_ = std::move(streams);
}

void Feeder::Wake() {
  if (!has_streams_) return;
  absl::MutexLock lock(&mutex_);
  if (!std::exchange(woken_, true)) wakes_.Signal();
}

size_t Feeder::open() {
  absl::MutexLock lock(&mutex_);
  return streams_->size();
}

Sequence Feeder::Lag() {
  std::shared_ptr<const Streams> streams;
  {
    absl::MutexLock lock(&mutex_);
    streams = streams_;
  }
  std::map<storage::BankNumber, Sequence> slowest;
  for (const std::shared_ptr<Stream>& stream : *streams) {
    const Place place = stream->Where();
    const auto [known, is_new] = slowest.try_emplace(place.bank, place.after);
    if (!is_new) known->second = std::min(known->second, place.after);
  }
  if (slowest.empty()) return 0;
  const NamedView view = latest_().InMemory();
  Sequence lag = 0;
  for (const auto& [bank, after] : slowest) {
    const absl::StatusOr<BankReader> reader = BankReader::Open(view, bank);
    if (!reader.ok()) continue;
    const absl::StatusOr<Sequence> last = reader->LastSequence();
    if (last.ok() && *last > after) lag = std::max(lag, *last - after);
  }
  return lag;
}

void Feeder::EndAll() {
  std::shared_ptr<const Streams> streams;
  {
    absl::MutexLock lock(&mutex_);
    ended_ = true;
    streams = streams_;
    wakes_.Signal();
  }
  {
    absl::MutexLock lock(&end_mutex_);
    if (thread_.joinable()) thread_.join();
  }
  for (const auto& stream : *streams) {
    stream->End(ledger::ErrorOf(ledger::Reason::kShuttingDown,
                                "the server is stopping; go on from the last position"));
  }
}

// --- the feed thread

// The streams of the next round; null: the feeder ends.
std::shared_ptr<const Feeder::Streams> Feeder::AwaitWake() {
  absl::MutexLock lock(&mutex_);
  while (!woken_ && !ended_) wakes_.Wait(&mutex_);
  woken_ = false;
  return ended_ ? nullptr : streams_;
}

void Feeder::Run() {
  while (std::shared_ptr<const Streams> streams = AwaitWake()) {
    const absl::Time began = absl::Now();
    const size_t told = Round(*streams);
    streams.reset();
    absl::SleepFor(RestAfter(absl::Now() - began, told));
  }
}

size_t Feeder::Round(const Streams& streams) {
  Group waiting;
  waiting.reserve(streams.size());
  for (const std::shared_ptr<Stream>& stream : streams) {
    if (std::optional<Place> place = stream->Ask()) waiting.push_back({stream, *place});
  }
  const auto place = [](const Waiting& one) { return std::tie(one.place.bank, one.place.after); };
  std::sort(waiting.begin(), waiting.end(),
            [&](const Waiting& a, const Waiting& b) { return place(a) < place(b); });
  size_t told = 0;
  for (auto begin = waiting.begin(); begin != waiting.end();) {
    const auto most = begin + std::min<ptrdiff_t>(kMostTogether, waiting.end() - begin);
    const auto end =
        std::find_if(begin, most, [&](const Waiting& one) { return place(one) != place(*begin); });
    const HeldSends held;
    told += DeliverFromMemory(latest_().InMemory(),
                              Group(std::make_move_iterator(begin), std::make_move_iterator(end)));
    begin = end;
  }
  return told;
}

size_t Feeder::DeliverFromMemory(const NamedView& view, Group group) {
  const absl::StatusOr<size_t> told = Deliver(view, group, /*not_far=*/true);
  if (told.ok()) return *told;
  if (storage::IsNotInMemory(told.status())) {
    DeliverOnPool(std::move(group));
  } else {
    End(group, told.status());
  }
  return 0;
}

void Feeder::DeliverOnPool(Group group) {
  auto shared = std::make_shared<const Group>(std::move(group));
  if (pool_->Submit([this, shared] {
        const absl::StatusOr<size_t> told = Deliver(latest_(), *shared, /*not_far=*/false);
        if (!told.ok()) End(*shared, told.status());
      })) {
    return;
  }
  for (const Waiting& one : *shared) one.stream->GoOn();
  Wake();  // the pool is full: once more, after the rest
}

// Gives every stream of the group what comes next, and says how many were sent something. `not_far`: the
// status of what is not in memory, where there is more to come than one message holds; nobody else is to wait
// for that.
absl::StatusOr<size_t> Feeder::Deliver(const NamedView& view, const Group& group, bool not_far) {
  const Place& place = group.front().place;
  TB_ASSIGN_OR_RETURN(BankReader bank, BankReader::Open(view, place.bank));
  TB_ASSIGN_OR_RETURN(const Sequence end, bank.LastSequence());
  if (not_far && end > place.after + kMostEventsAMessage) return storage::NotInMemory();
  const bool news = end > place.after;
  const auto wants = [news](const Waiting& one) { return news || one.place.heartbeat; };
  Sequence last = place.after;
  grpc::ByteBuffer message;
  if (std::any_of(group.begin(), group.end(), wants)) {
    TB_ASSIGN_OR_RETURN(message, NextMessage(bank, place.after, &last));
  }
  size_t told = 0;
  for (const Waiting& one : group) {
    if (wants(one)) {
      one.stream->Send(message, last, /*more=*/last < end);
      ++told;
    } else {
      one.stream->GoOn();
    }
  }
  return told;
}

void Feeder::End(const Group& group, const absl::Status& status) {
  for (const Waiting& one : group) one.stream->End(status);
}

}  // namespace timebank::services
