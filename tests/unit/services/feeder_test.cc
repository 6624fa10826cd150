// What streams are told: over a real store, and over one that has lost a row.
#include "server/services/feeder.h"

#include <grpcpp/impl/codegen/proto_utils.h>

#include <memory>
#include <numeric>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "storage/keys.h"
#include "storage/store.h"
#include "tests/unit/services/engine_fixture.h"
#include "timebank/v1/ledger_service.pb.h"

namespace timebank::services {
namespace {

using storage::Sequence;

constexpr absl::Duration kLongest = absl::Seconds(30);

// Takes every message at once, as a client does that keeps up.
class FastStream final : public Feeder::Stream {
 public:
  FastStream(Feeder* feeder, storage::BankNumber bank) : feeder_(*feeder), place_{.bank = bank} {}

  std::optional<Feeder::Place> Ask() override {
    absl::MutexLock lock(&mutex_);
    if (end_.has_value() || std::exchange(busy_, true)) return std::nullopt;
    return place_;
  }
  Feeder::Place Where() override {
    absl::MutexLock lock(&mutex_);
    return place_;
  }
  void Send(const grpc::ByteBuffer& message, Sequence last, bool more) override {
    absl::MutexLock lock(&mutex_);
    grpc::ByteBuffer bytes(message);
    v1::WatchLedgerResponse response;
    EXPECT_TRUE(grpc::SerializationTraits<v1::WatchLedgerResponse>::Deserialize(&bytes, &response).ok());
    for (const v1::LedgerEvent& event : response.events()) told_.push_back(event.sequence());
    place_.after = last;
    busy_ = false;
    if (more) feeder_.Wake();
  }
  void GoOn() override {
    absl::MutexLock lock(&mutex_);
    busy_ = false;
  }
  void End(absl::Status status) override {
    absl::MutexLock lock(&mutex_);
    if (!end_.has_value()) end_ = std::move(status);
  }

  // The entries that were told up to `last`, or up to the end.
  std::vector<int64_t> AwaitTold(Sequence last) {
    absl::MutexLock lock(&mutex_);
    const auto there = [&]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
      return end_.has_value() || place_.after >= last;
    };
    EXPECT_TRUE(mutex_.AwaitWithTimeout(absl::Condition(&there), kLongest));
    return told_;
  }
  absl::Status AwaitEnd() {
    absl::MutexLock lock(&mutex_);
    const auto ended = [this]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return end_.has_value(); };
    EXPECT_TRUE(mutex_.AwaitWithTimeout(absl::Condition(&ended), kLongest));
    return end_.value_or(absl::OkStatus());
  }

 private:
  Feeder& feeder_;
  absl::Mutex mutex_;
  Feeder::Place place_ ABSL_GUARDED_BY(mutex_);
  bool busy_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<int64_t> told_ ABSL_GUARDED_BY(mutex_);
  std::optional<absl::Status> end_ ABSL_GUARDED_BY(mutex_);
};

std::vector<int64_t> UpTo(int64_t last) {
  std::vector<int64_t> numbers(static_cast<size_t>(last));
  std::iota(numbers.begin(), numbers.end(), 1);
  return numbers;
}

class FeederTest : public EngineTest {
 protected:
  static constexpr int kEntries = 2 * storage::kOpenRowEntries + 6;  // three rows of the journal

  void SetUp() override {
    EngineTest::SetUp();
    for (int i = 4; i <= kEntries; ++i) NewMember(i);  // behind the bank and its two members
  }

  void NewMember(int i) {
    ledger::CreateMember member;
    member.id = absl::StrCat("m", i);
    Do(std::move(member));
  }

  // What a stream from the beginning is told, and how it ends, once the journal has lost a row.
  std::pair<std::vector<int64_t>, absl::Status> WatchWithout(Sequence last_of_row) {
    const std::unique_ptr<storage::Store> store =
        StoreWithout(storage::Family::kJournal, storage::JournalKey(kBank, last_of_row));
    BlockingPool pool(1, 10);
    Feeder feeder(
        1, [&] { return cache_.At(store->Latest()); }, &pool);
    const auto stream = std::make_shared<FastStream>(&feeder, kBank);
    EXPECT_TRUE(feeder.Add(stream));
    feeder.Wake();
    const absl::Status end = stream->AwaitEnd();
    feeder.EndAll();
    return {stream->AwaitTold(0), end};
  }
};

// Goal: however many streams wait at one place, each is told every entry once, in order; then what is new.
TEST_F(FeederTest, EachStreamIsToldEverythingOnce) {
  constexpr size_t kStreams = 70;
  BlockingPool pool(1, 10);
  Feeder feeder(
      kStreams, [this] { return Now(); }, &pool);
  std::vector<std::shared_ptr<FastStream>> streams;
  for (size_t i = 0; i < kStreams; ++i) {
    streams.push_back(std::make_shared<FastStream>(&feeder, kBank));
    ASSERT_TRUE(feeder.Add(streams.back()));
  }
  EXPECT_FALSE(feeder.Add(std::make_shared<FastStream>(&feeder, kBank)));
  feeder.Wake();
  for (const auto& stream : streams) EXPECT_EQ(stream->AwaitTold(kEntries), UpTo(kEntries));
  for (int i = kEntries + 1; i <= kEntries + 20; ++i) {
    NewMember(i);
    feeder.Wake();
  }
  for (const auto& stream : streams) EXPECT_EQ(stream->AwaitTold(kEntries + 20), UpTo(kEntries + 20));
  feeder.EndAll();
  for (const auto& stream : streams) EXPECT_TRUE(absl::IsUnavailable(stream->AwaitEnd()));
}

// Goal: a feed over a journal that misses entries tells those before them, and ends with DATA_LOSS that names
// the first one that is missing; it goes past none in silence.
TEST_F(FeederTest, MissingEntriesEndTheFeedWithDataLoss) {
  const auto [told, end] = WatchWithout(2 * storage::kOpenRowEntries);
  EXPECT_EQ(told, UpTo(storage::kOpenRowEntries));
  EXPECT_EQ(end, absl::DataLossError("entry 33 of 70 is missing"));
}

// Goal: the same where it is the newest entries that are missing.
TEST_F(FeederTest, MissingNewestEntriesEndTheFeedWithDataLoss) {
  const auto [told, end] = WatchWithout(storage::kGrowingRow);
  EXPECT_EQ(told, UpTo(2 * storage::kOpenRowEntries));
  EXPECT_EQ(end, absl::DataLossError("entry 65 of 70 is missing"));
}

}  // namespace
}  // namespace timebank::services
