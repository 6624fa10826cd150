// The engine over a real store, on a real log and on one that fails when told to.
#include "server/engine/engine.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/ledger/error.h"
#include "storage/keys.h"
#include "storage/local_log.h"
#include "storage/log_format.h"
#include "tests/unit/engine/fake_disk.h"

namespace timebank::engine {
namespace {

using ledger::Command;
using ledger::Outcome;
using ledger::ReasonOf;
using State = Engine::State;
using testing::AnyOf;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr storage::BankNumber kBank = 7;
constexpr absl::Duration kPatience = absl::Seconds(60);  // only a broken engine takes so long
constexpr uint32_t kForeverMs = 3'600'000;

Command Base(std::string request_id) {
  Command command;
  command.bank = "rushey";
  command.actor.caller = "desk";
  command.request_id = std::move(request_id);
  command.stamp = {.now_us = 1'700'000'000'000'000, .today = 19'675, .seed = "0123456789abcdef"};
  return command;
}

Command Bank() {
  Command command = Base("bank");
  command.bank.clear();
  ledger::CreateTimebank act;
  act.id = "rushey";
  act.number = kBank;
  act.secret = std::string(32, 's');
  command.act = std::move(act);
  return command;
}

// The request id is made from the member's.
Command Member(const std::string& id) {
  Command command = Base("create " + id);
  ledger::CreateMember act;
  act.id = id;
  command.act = std::move(act);
  return command;
}

// A call's answer, once it is there.
class Answer {
 public:
  const absl::StatusOr<Outcome>& Wait() const {
    EXPECT_TRUE(answered_.WaitForNotificationWithTimeout(kPatience)) << "no answer";
    return outcome_;
  }
  bool answered() const { return answered_.HasBeenNotified(); }
  bool visible_when_answered() const { return visible_; }

  void Set(absl::StatusOr<Outcome> outcome, bool visible) {
    outcome_ = std::move(outcome);
    visible_ = visible;
    answered_.Notify();
  }

 private:
  absl::StatusOr<Outcome> outcome_ = absl::UnknownError("no answer");
  bool visible_ = false;
  absl::Notification answered_;
};
using AnswerPtr = std::shared_ptr<Answer>;

// What an answer says, in a word.
std::string Said(const absl::StatusOr<Outcome>& outcome) {
  if (outcome.ok()) {
    if (outcome->refusal) return std::string(NameOf(outcome->refusal->reason));
    return outcome->replayed ? "REPLAYED" : "OK";
  }
  if (auto reason = ReasonOf(outcome.status())) return std::string(NameOf(*reason));
  return outcome.status().ToString();
}
std::string Said(const AnswerPtr& answer) { return Said(answer->Wait()); }

class EngineTest : public testing::Test {
 protected:
  EngineTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "engine_test.XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    options_.on_state = [this](State state, const absl::Status&) {
      absl::MutexLock lock(&mutex_);
      states_.push_back(state);
    };
    options_.on_published = [this] { ++published_; };
    options_.on_trouble = [this](const absl::Status&) { ++troubles_; };
  }
  ~EngineTest() override {
    engine_.reset();
    std::filesystem::remove_all(folder_);
  }

  void Open(Engine::OpenLog open_log) {
    absl::StatusOr<std::unique_ptr<Engine>> engine =
        Engine::Open(options_,
                     {.path = folder_,
                      .flush_interval_seconds = 0,
                      .on_flushed = {},
                      .on_background_error = {},
                      .free_bytes = [this] { return free_bytes_.load(); }},
                     std::move(open_log));
    ASSERT_TRUE(engine.ok()) << engine.status();
    engine_ = *std::move(engine);
  }
  void OpenOnFakeDisk() {
    Open([this](uint64_t) { return disk_.OpenLog(); });
  }
  void OpenOnLocalLog() {
    Open([this](uint64_t applied) -> absl::StatusOr<std::unique_ptr<storage::CommitLog>> {
      storage::LocalLog::Options options;
      options.folder = LogFolder();
      options.segment_bytes = 8u << 20;
      options.max_frame_bytes = 7u << 20;
      options.applied_index = applied;
      options.sync = false;
      return storage::LocalLog::Open(std::move(options));
    });
  }
  // With the bank that the commands speak of.
  void StartOnFakeDisk() {
    OpenOnFakeDisk();
    AwaitState(State::kServing);
    ASSERT_EQ(Said(Submit(Bank())), "OK");
  }

  std::string LogFolder() const { return folder_ + "/log"; }

  AnswerPtr Submit(Command command, absl::AnyInvocable<bool()> abandoned = {}, size_t bytes = 10) {
    auto answer = std::make_shared<Answer>();
    // Not through engine_, which is reset while the last answers come.
    engine_->Submit({std::move(command), bytes, std::move(abandoned),
                     [engine = engine_.get(), answer](absl::StatusOr<Outcome> outcome) {
                       const bool visible = outcome.ok() && Has(*engine, outcome->first);
                       answer->Set(std::move(outcome), visible);
                     }});
    return answer;
  }

  // Submits them so that the first, at the least, is committed by the committer's thread, and the engine goes
  // on meanwhile: a command that is alone it would commit itself. Returns when the second's turn has come.
  std::vector<AnswerPtr> SubmitTogether(std::vector<Command> commands) {
    absl::Notification all_submitted;
    absl::Notification second_taken;
    std::vector<AnswerPtr> answers;
    for (Command& command : commands) {
      absl::AnyInvocable<bool()> abandoned;
      if (answers.empty()) {
        abandoned = [&all_submitted] {
          all_submitted.WaitForNotification();
          return false;
        };
      } else if (answers.size() == 1) {
        abandoned = [&second_taken] {
          second_taken.Notify();
          return false;
        };
      }
      answers.push_back(Submit(std::move(command), std::move(abandoned)));
    }
    all_submitted.Notify();
    second_taken.WaitForNotification();
    return answers;
  }

  // Submits a command that is given up, and returns when the engine has come to it: what was submitted before
  // has been executed by then.
  void AwaitExecuted() {
    auto reached = std::make_shared<absl::Notification>();
    Submit(Member("nobody"), [reached] {
      reached->Notify();
      return true;
    });
    EXPECT_TRUE(reached->WaitForNotificationWithTimeout(kPatience));
  }

  static bool Has(const Engine& engine, storage::Sequence sequence) {
    auto bytes = engine.Latest().EntryBytes(kBank, sequence);
    return bytes.ok() && bytes->has_value();
  }
  bool Has(storage::Sequence sequence) const { return Has(*engine_, sequence); }

  // Waits until the engine is, or has been since it was opened, in `state` `times` times.
  void AwaitState(State state, size_t times = 1) {
    auto reached = [&]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
      return static_cast<size_t>(std::count(states_.begin(), states_.end(), state)) >= times;
    };
    absl::MutexLock lock(&mutex_);
    EXPECT_TRUE(mutex_.AwaitWithTimeout(absl::Condition(&reached), kPatience));
  }
  std::vector<State> states() {
    absl::MutexLock lock(&mutex_);
    return states_;
  }

  std::string folder_;
  FakeDisk disk_;
  std::atomic<uint64_t> free_bytes_ = uint64_t{1} << 40;
  Engine::Options options_;
  std::unique_ptr<Engine> engine_;
  std::atomic<int> published_ = 0;
  std::atomic<int> troubles_ = 0;

 private:
  absl::Mutex mutex_;
  std::vector<State> states_ ABSL_GUARDED_BY(mutex_);
};

// Goal: whoever has an answer has it from the disk, and finds the entry in every read; before, nobody does.
TEST_F(EngineTest, AnswersOnceDurableAndVisible) {
  StartOnFakeDisk();
  disk_.Hold();
  AnswerPtr ana = Submit(Member("ana"));
  disk_.AwaitHeldAppend();
  EXPECT_FALSE(ana->answered());
  EXPECT_FALSE(Has(2));

  disk_.Release();
  ASSERT_TRUE(ana->Wait().ok());
  EXPECT_EQ(ana->Wait()->first, 2u);
  EXPECT_TRUE(ana->visible_when_answered());
}

// Goal: those who come while a batch is being synced share the next one.
TEST_F(EngineTest, ManyShareOneFrame) {
  StartOnFakeDisk();
  const uint64_t frames = disk_.frames();
  disk_.Hold();
  std::vector<AnswerPtr> answers = {Submit(Member("m0"))};
  disk_.AwaitHeldAppend();
  for (int i = 1; i <= 100; ++i) answers.push_back(Submit(Member("m" + std::to_string(i))));
  disk_.Release();
  for (const AnswerPtr& answer : answers) EXPECT_EQ(Said(answer), "OK");
  // One for m0, one for the rest; one more where the last of them were not yet executed at the release.
  EXPECT_LE(disk_.frames() - frames, 3u);
}

// Goal: what comes again while the first is being synced, or stands in the same batch, gets the first
// outcome, once that is durable and not before; by itself it writes nothing. Where the sync fails, both are
// told.
TEST_F(EngineTest, RepeatsWaitForTheFirst) {
  StartOnFakeDisk();
  const uint64_t frames = disk_.frames();
  disk_.Hold();
  const std::vector<AnswerPtr> first = SubmitTogether({Member("ana"), Member("ben"), Member("ana")});
  disk_.AwaitHeldAppend();
  const AnswerPtr again = Submit(Member("ana"));
  AwaitExecuted();
  EXPECT_FALSE(first[2]->answered());
  EXPECT_FALSE(again->answered());
  disk_.Release();
  EXPECT_EQ(Said(first[0]), "OK");
  for (const AnswerPtr& repeat : {first[2], again}) {
    EXPECT_EQ(Said(repeat), "REPLAYED");
    EXPECT_EQ(repeat->Wait()->first, first[0]->Wait()->first);
  }
  EXPECT_EQ(disk_.frames() - frames, 1u);

  disk_.Hold();
  const std::vector<AnswerPtr> lost = SubmitTogether({Member("cai"), Member("dee")});
  disk_.AwaitHeldAppend();
  const AnswerPtr repeat = Submit(Member("cai"));
  AwaitExecuted();
  disk_.FailNextAppend(FakeDisk::Fate::kLost);
  disk_.Release();
  EXPECT_EQ(Said(lost[0]), "OUTCOME_UNKNOWN");
  EXPECT_EQ(Said(repeat), "OUTCOME_UNKNOWN");
}

// Goal: the order of asking is the order of the entries and of the answers.
TEST_F(EngineTest, KeepsTheOrder) {
  StartOnFakeDisk();
  absl::Mutex mutex;
  std::vector<storage::Sequence> order;
  std::vector<AnswerPtr> answers;
  for (int i = 0; i < 200; ++i) {
    auto answer = std::make_shared<Answer>();
    answers.push_back(answer);
    engine_->Submit({Member("m" + std::to_string(i)), 10, {}, [&, answer](absl::StatusOr<Outcome> outcome) {
                       absl::MutexLock lock(&mutex);
                       order.push_back(outcome.ok() ? outcome->first : 0);
                       answer->Set(std::move(outcome), true);
                     }});
  }
  for (const AnswerPtr& answer : answers) EXPECT_EQ(Said(answer), "OK");
  absl::MutexLock lock(&mutex);
  ASSERT_EQ(order.size(), 200u);
  for (size_t i = 0; i < order.size(); ++i) EXPECT_EQ(order[i], i + 2);
}

// Goal: the answers of a batch are given together, so many at a time that the first need not wait long; a few
// are given by themselves.
TEST_F(EngineTest, AnswersManyTogether) {
  std::atomic<int> answered = 0;
  absl::Mutex mutex;
  std::vector<int> together;
  options_.answer_together = [&](absl::FunctionRef<void()> answers) {
    const int before = answered;
    answers();
    absl::MutexLock lock(&mutex);
    together.push_back(answered - before);
  };
  StartOnFakeDisk();
  disk_.Hold();
  const std::vector<AnswerPtr> few = SubmitTogether({Member("ana"), Member("ben")});
  disk_.AwaitHeldAppend();
  std::vector<AnswerPtr> answers;
  for (int i = 0; i < 100; ++i) {
    answers.push_back(std::make_shared<Answer>());
    engine_->Submit({Member("m" + std::to_string(i)),
                     10,
                     {},
                     [&, answer = answers.back()](absl::StatusOr<Outcome> outcome) {
                       ++answered;
                       answer->Set(std::move(outcome), true);
                     }});
  }
  AwaitExecuted();
  disk_.Release();
  for (const AnswerPtr& answer : few) EXPECT_EQ(Said(answer), "OK");
  for (const AnswerPtr& answer : answers) EXPECT_EQ(Said(answer), "OK");
  engine_->Stop();
  absl::MutexLock lock(&mutex);
  EXPECT_THAT(together, ElementsAre(32, 32, 32, 4));
}

// Goal: with many threads at once, every answer is durable and visible, nothing is lost or doubled, and there
// are fewer syncs than commands.
TEST_F(EngineTest, ServesManyThreads) {
  constexpr int kThreads = 8;
  constexpr int kEach = 150;
  OpenOnLocalLog();
  AwaitState(State::kServing);
  ASSERT_EQ(Said(Submit(Bank())), "OK");
  const uint64_t before = engine_->Latest().applied_index();
  std::vector<std::vector<AnswerPtr>> answers(kThreads);
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i) {
        answers[t].push_back(Submit(Member("m" + std::to_string(t) + "-" + std::to_string(i))));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::set<storage::Sequence> sequences;
  for (const auto& of_thread : answers) {
    for (const AnswerPtr& answer : of_thread) {
      ASSERT_EQ(Said(answer), "OK");
      EXPECT_TRUE(answer->visible_when_answered());
      sequences.insert(answer->Wait()->first);
    }
  }
  EXPECT_EQ(sequences.size(), size_t{kThreads * kEach});
  EXPECT_EQ(*sequences.rbegin(), uint64_t{kThreads * kEach + 1});
  EXPECT_LT(engine_->Latest().applied_index() - before, uint64_t{kThreads * kEach});
}

// Goal: what is too much for one batch goes into the next.
TEST_F(EngineTest, BatchesAreBounded) {
  options_.batch_bytes = 100;
  StartOnFakeDisk();
  const uint64_t frames = disk_.frames();
  disk_.Hold();
  AnswerPtr first = Submit(Member("ana"));
  disk_.AwaitHeldAppend();
  AnswerPtr second = Submit(Member("ben"), {}, 60);
  AnswerPtr third = Submit(Member("cai"), {}, 60);
  disk_.Release();
  EXPECT_EQ(Said(first), "OK");
  EXPECT_EQ(Said(second), "OK");
  EXPECT_EQ(Said(third), "OK");
  EXPECT_EQ(disk_.frames() - frames, 3u);
}

// --- failures

// Goal: a failed append leaves everybody whose command was executed, a refusal too, without an answer that
// could turn out false; the engine recovers by itself, and the request ids tell that nothing had happened.
TEST_F(EngineTest, AppendThatIsLostCanBeAskedAgain) {
  StartOnFakeDisk();
  disk_.Hold();
  const std::vector<AnswerPtr> both = SubmitTogether({Member("ana"), Member("ben")});
  disk_.AwaitHeldAppend();
  Command same_name = Member("ana");
  same_name.request_id = "another";
  AnswerPtr refused = Submit(same_name);  // because of an ana who will never have been there
  AwaitExecuted();
  disk_.FailNextAppend(FakeDisk::Fate::kLost);
  disk_.Release();
  for (const AnswerPtr& answer : both) EXPECT_EQ(Said(answer), "OUTCOME_UNKNOWN");
  EXPECT_EQ(Said(refused), "OUTCOME_UNKNOWN");

  AwaitState(State::kServing, 2);
  EXPECT_FALSE(Has(2));
  EXPECT_EQ(troubles_, 1);
  EXPECT_EQ(Said(Submit(Member("ana"))), "OK");
  EXPECT_EQ(Said(Submit(Member("ben"))), "OK");
  EXPECT_EQ(Said(Submit(same_name)), "ALREADY_EXISTS");
}

// Goal: where the frame had reached the log after all, recovery brings it to light, tells those who watch,
// and the request id gives the first outcome.
TEST_F(EngineTest, AppendThatWasKeptIsReplayed) {
  StartOnFakeDisk();
  disk_.Hold();
  const std::vector<AnswerPtr> first = SubmitTogether({Member("ana"), Member("amy")});
  disk_.AwaitHeldAppend();
  AnswerPtr ben = Submit(Member("ben"));
  AwaitExecuted();
  const int published = published_;
  disk_.FailNextAppend(FakeDisk::Fate::kKept);
  disk_.Release();
  for (const AnswerPtr& answer : first) EXPECT_EQ(Said(answer), "OUTCOME_UNKNOWN");
  EXPECT_EQ(Said(ben), "OUTCOME_UNKNOWN");

  AwaitState(State::kServing, 2);
  EXPECT_TRUE(Has(2));
  EXPECT_EQ(published_, published + 1);
  AnswerPtr again = Submit(Member("ana"));
  EXPECT_EQ(Said(again), "REPLAYED");
  EXPECT_EQ(again->Wait()->first, 2u);
  EXPECT_EQ(Said(Submit(Member("ben"))), "OK");
}

// Goal: states are told in the order in which they came about.
TEST_F(EngineTest, TellsItsStates) {
  StartOnFakeDisk();
  disk_.FailNextAppend(FakeDisk::Fate::kLost);
  EXPECT_EQ(Said(Submit(Member("ana"))), "OUTCOME_UNKNOWN");
  AwaitState(State::kServing, 2);
  engine_->Stop();
  EXPECT_THAT(states(), ElementsAre(State::kServing, State::kRecovering, State::kServing, State::kStopped));
  EXPECT_EQ(engine_->state(), State::kStopped);
}

// Goal: on a full disk commands are refused as such, also those that were waiting, and stopping does not wait
// for it.
TEST_F(EngineTest, FullDiskIsToldWhileItLasts) {
  options_.retry_ms = kForeverMs;
  options_.batch_entries = 1;
  StartOnFakeDisk();
  disk_.Hold();
  AnswerPtr first = Submit(Member("ana"));
  disk_.AwaitHeldAppend();
  AnswerPtr executed = Submit(Member("ben"));
  AnswerPtr waiting = Submit(Member("cai"));
  disk_.SetFull(true);
  disk_.Release();
  EXPECT_EQ(Said(first), "OUTCOME_UNKNOWN");
  // Whether ben came to be executed before the disk was found full is open; cai did not.
  EXPECT_THAT(Said(executed), AnyOf("OUTCOME_UNKNOWN", "DISK_FULL"));
  EXPECT_EQ(Said(waiting), "DISK_FULL");
  EXPECT_EQ(Said(Submit(Member("dee"))), "DISK_FULL");
  EXPECT_TRUE(Has(1)) << "what was there can be read";
  engine_->Stop();
  EXPECT_EQ(Said(Submit(Member("dee"))), "SHUTTING_DOWN");
}

// Goal: the engine finds by itself that there is room again, and nothing was done twice.
TEST_F(EngineTest, FullDiskHeals) {
  options_.retry_ms = 1;
  StartOnFakeDisk();
  for (const bool opens : {true, false}) {
    const std::string id = opens ? "ana" : "ben";
    disk_.SetFull(true);
    if (!opens) disk_.SetOpening(absl::ResourceExhaustedError("no room"));
    EXPECT_EQ(Said(Submit(Member(id))), "OUTCOME_UNKNOWN");
    auto ask_until = [&](const std::string& wanted) {
      std::string said;
      for (const absl::Time end = absl::Now() + kPatience; said != wanted && absl::Now() < end;) {
        said = Said(Submit(Member(id)));
        EXPECT_THAT(said, AnyOf("OUTCOME_UNKNOWN", "DISK_FULL", "NOT_SERVING", wanted));
      }
      return said;
    };
    EXPECT_EQ(ask_until("DISK_FULL"), "DISK_FULL");
    disk_.SetOpening(absl::OkStatus());
    disk_.SetFull(false);
    EXPECT_EQ(ask_until("OK"), "OK");
    EXPECT_EQ(Said(Submit(Member(id))), "REPLAYED");
  }
  EXPECT_TRUE(Has(3));
  EXPECT_FALSE(Has(4));
}

// Goal: it is told by how much the record is ahead of a clock that was set back; trials do not count.
TEST_F(EngineTest, TellsTheLatestTimeOfTheRecord) {
  StartOnFakeDisk();
  for (const char* id : {"ana", "ben"}) ASSERT_EQ(Said(Submit(Member(id))), "OK");
  const auto record = [&](std::string request_id, int64_t later_us, bool validate_only) {
    Command command = Base(std::move(request_id));
    command.stamp.now_us += later_us;
    command.validate_only = validate_only;
    ledger::RecordExchange act;
    act.exchange.givers = {{.holder = {ledger::HolderKind::kMember, "ana"}, .seconds = {}}};
    act.exchange.receivers = {{.holder = {ledger::HolderKind::kMember, "ben"}, .seconds = {}}};
    act.exchange.seconds = 3600;
    command.act = std::move(act);
    return Said(Submit(std::move(command)));
  };
  const auto ahead_us = [&] { return engine_->figures().latest_record_time_us - Base("").stamp.now_us; };
  constexpr int64_t kHourUs = int64_t{3600} * 1'000'000;
  EXPECT_EQ(record("trial", 5 * kHourUs, true), "OK");
  EXPECT_EQ(ahead_us(), 0) << "nothing was recorded";
  EXPECT_EQ(record("ahead", kHourUs, false), "OK");
  EXPECT_EQ(ahead_us(), kHourUs);
  EXPECT_EQ(record("set back", 0, false), "OK");
  EXPECT_EQ(ahead_us(), kHourUs) << "no entry is earlier than the one before";
  EXPECT_EQ(record("later", 2 * kHourUs, false), "OK");
  EXPECT_EQ(ahead_us(), 2 * kHourUs);
}

// Goal: while the disk has no room to spare changes are refused before anything is done, the ledger goes on
// serving, and takes them again by itself.
TEST_F(EngineTest, RefusesWhileThereIsNoRoomToSpare) {
  std::vector<bool> told;
  options_.on_room = [&](bool has_room) { told.push_back(has_room); };
  StartOnFakeDisk();
  const auto ask_until = [&](const std::string& id, const std::string& wanted) {
    std::string said;
    for (const absl::Time end = absl::Now() + kPatience; said != wanted && absl::Now() < end;) {
      said = Said(Submit(Member(id)));
      EXPECT_THAT(said, AnyOf("OK", "REPLAYED", "DISK_FULL"));
    }
    return said;
  };
  free_bytes_ = storage::kReserveBytes - 1;
  EXPECT_EQ(ask_until("ana", "DISK_FULL"), "DISK_FULL");
  const uint64_t frames = disk_.frames();
  EXPECT_EQ(Said(Submit(Member("ben"))), "DISK_FULL");
  EXPECT_EQ(disk_.frames(), frames);
  EXPECT_EQ(engine_->state(), State::kServing);
  EXPECT_EQ(engine_->figures().queue_commands, 0u);
  EXPECT_TRUE(Has(1));
  free_bytes_ = uint64_t{1} << 40;
  EXPECT_EQ(ask_until("ben", "OK"), "OK");
  engine_->Stop();
  EXPECT_THAT(states(), ElementsAre(State::kServing, State::kStopped));
  EXPECT_THAT(told, ElementsAre(false, true));
  EXPECT_EQ(troubles_, 0);
}

// Goal: a disk that stays away is tried again and again, but no call waits for it.
TEST_F(EngineTest, FailingRecoveryRefusesWhatWaits) {
  options_.retry_ms = 1;
  options_.batch_entries = 1;
  StartOnFakeDisk();
  disk_.Hold();
  AnswerPtr first = Submit(Member("ana"));
  disk_.AwaitHeldAppend();
  AnswerPtr executed = Submit(Member("ben"));
  AnswerPtr waiting = Submit(Member("cai"));
  disk_.SetOpening(absl::UnavailableError("the disk does not answer"));
  disk_.FailNextAppend(FakeDisk::Fate::kLost);
  disk_.Release();
  EXPECT_EQ(Said(first), "OUTCOME_UNKNOWN");
  EXPECT_THAT(Said(executed), AnyOf("OUTCOME_UNKNOWN", "NOT_SERVING"));
  EXPECT_EQ(Said(waiting), "NOT_SERVING");
  disk_.SetOpening(absl::OkStatus());
  AwaitState(State::kServing, 2);
  EXPECT_EQ(Said(Submit(Member("cai"))), "OK");
  EXPECT_GE(troubles_, 2);
}

// Goal: a damaged log ends serving for good, and the engine says why.
TEST_F(EngineTest, DamageEndsServing) {
  disk_.SetOpening(absl::DataLossError("log/0000000000000001.seg: frame 3 at offset 4711 is damaged"));
  OpenOnFakeDisk();
  AwaitState(State::kFailed);
  EXPECT_TRUE(absl::IsDataLoss(engine_->failure()));
  EXPECT_THAT(std::string(engine_->failure().message()), HasSubstr("offset 4711"));
  EXPECT_EQ(Said(Submit(Member("ana"))), "NOT_SERVING");
  engine_->Stop();
  EXPECT_EQ(engine_->state(), State::kStopped);
  EXPECT_TRUE(absl::IsDataLoss(engine_->failure()));
}

// Goal: a frame that is no frame is damage as well.
TEST_F(EngineTest, FrameThatDoesNotParseEndsServing) {
  disk_.PlantFrame("\xff\xff\xff");
  OpenOnFakeDisk();
  AwaitState(State::kFailed);
  EXPECT_TRUE(absl::IsDataLoss(engine_->failure()));
  EXPECT_THAT(std::string(engine_->failure().message()), HasSubstr("frame 1"));
}

// Goal: what cannot get better by waiting is not tried for ever.
TEST_F(EngineTest, HopelessErrorsEndServing) {
  disk_.SetOpening(absl::PermissionDeniedError("log"));
  OpenOnFakeDisk();
  AwaitState(State::kFailed);
  EXPECT_TRUE(absl::IsPermissionDenied(engine_->failure()));
}

// --- limits

// Goal: one command more than may wait is refused at once, and those that wait are carried out.
TEST_F(EngineTest, QueueIsBoundedByCommands) {
  options_.batch_entries = 1;
  options_.queue_commands = 2;
  StartOnFakeDisk();
  disk_.Hold();
  // ben is out of the queue then: the next batch.
  std::vector<AnswerPtr> taken = SubmitTogether({Member("ana"), Member("ben")});
  disk_.AwaitHeldAppend();
  taken.push_back(Submit(Member("cai")));
  taken.push_back(Submit(Member("dee")));
  EXPECT_EQ(Said(Submit(Member("eli"))), "QUEUE_FULL");
  disk_.Release();
  for (const AnswerPtr& answer : taken) EXPECT_EQ(Said(answer), "OK");
  EXPECT_EQ(Said(Submit(Member("eli"))), "OK");
}

// Goal: the same by bytes.
TEST_F(EngineTest, QueueIsBoundedByBytes) {
  options_.batch_entries = 1;
  options_.queue_bytes = 100;
  StartOnFakeDisk();
  disk_.Hold();
  // ben is out of the queue then: the next batch.
  std::vector<AnswerPtr> taken = SubmitTogether({Member("ana"), Member("ben")});
  disk_.AwaitHeldAppend();
  taken.push_back(Submit(Member("cai"), {}, 60));
  EXPECT_EQ(Said(Submit(Member("dee"), {}, 41)), "QUEUE_FULL");
  taken.push_back(Submit(Member("dee"), {}, 40));
  disk_.Release();
  for (const AnswerPtr& answer : taken) EXPECT_EQ(Said(answer), "OK");
}

// Goal: a call that was given up is dropped before it is ordered, and only then.
TEST_F(EngineTest, DropsTheAbandonedBeforeOrdering) {
  StartOnFakeDisk();
  AnswerPtr dropped = Submit(Member("ana"), [] { return true; });
  EXPECT_TRUE(absl::IsCancelled(dropped->Wait().status())) << dropped->Wait().status();

  disk_.Hold();
  std::atomic<bool> given_up = false;
  std::atomic<int> looked = 0;
  AnswerPtr kept = Submit(Member("ben"), [&] {
    ++looked;
    return given_up.load();
  });
  disk_.AwaitHeldAppend();
  given_up = true;  // too late: it is on its way to the disk
  disk_.Release();
  EXPECT_EQ(Said(kept), "OK");
  EXPECT_EQ(kept->Wait()->first, 2u) << "ana took no number";
  EXPECT_EQ(looked, 1);
}

// Goal: what the engine took in one go is still looked at one by one, when its turn comes.
TEST_F(EngineTest, DropsTheAbandonedAmongMany) {
  StartOnFakeDisk();
  disk_.Hold();
  std::vector<AnswerPtr> answers = {Submit(Member("m0"))};
  disk_.AwaitHeldAppend();
  std::atomic<int> looked = 0;
  for (int i = 1; i <= 40; ++i) {
    answers.push_back(Submit(Member("m" + std::to_string(i)), [&looked, i] {
      ++looked;
      return i % 2 == 1;
    }));
  }
  disk_.Release();
  storage::Sequence last = 1;
  for (int i = 0; i <= 40; ++i) {
    if (i % 2 == 1) {
      EXPECT_TRUE(absl::IsCancelled(answers[i]->Wait().status())) << i;
    } else {
      ASSERT_EQ(Said(answers[i]), "OK");
      EXPECT_EQ(answers[i]->Wait()->first, ++last) << "the dropped take no number";
    }
  }
  EXPECT_EQ(looked, 40);
}

// Goal: what was taken together with a command that failed, and not yet executed, is carried out by the next
// life, in order; until then it counts as waiting.
TEST_F(EngineTest, WhatWaitsOutlivesAFailure) {
  options_.batch_entries = 1;
  options_.queue_commands = 3;
  StartOnFakeDisk();
  disk_.Hold();
  const std::vector<AnswerPtr> first = SubmitTogether({Member("ana"), Member("ben"), Member("cai")});
  disk_.AwaitHeldAppend();
  std::vector<AnswerPtr> waiting = {first.back(), Submit(Member("dee"))};
  waiting.push_back(Submit(Member("eli")));
  EXPECT_EQ(Said(Submit(Member("flo"))), "QUEUE_FULL");
  disk_.FailNextAppend(FakeDisk::Fate::kLost);
  disk_.Release();
  EXPECT_EQ(Said(first[0]), "OUTCOME_UNKNOWN");
  EXPECT_EQ(Said(first[1]), "OUTCOME_UNKNOWN");
  storage::Sequence last = 1;
  for (const AnswerPtr& answer : waiting) {
    ASSERT_EQ(Said(answer), "OK");
    EXPECT_EQ(answer->Wait()->first, ++last);
  }
  EXPECT_EQ(Said(Submit(Member("flo"))), "OK");
}

// --- stop and start

// Goal: a stop carries out and answers everything that was taken.
TEST_F(EngineTest, StopDrains) {
  StartOnFakeDisk();
  disk_.Hold();
  std::vector<AnswerPtr> answers = {Submit(Member("m0"))};
  disk_.AwaitHeldAppend();
  for (int i = 1; i < 50; ++i) answers.push_back(Submit(Member("m" + std::to_string(i))));
  std::thread stop([this] { engine_->Stop(); });
  disk_.Release();
  stop.join();
  for (const AnswerPtr& answer : answers) {
    ASSERT_TRUE(answer->answered());
    EXPECT_EQ(Said(answer), "OK");
  }
  AnswerPtr late = Submit(Member("late"));
  ASSERT_TRUE(late->answered());
  EXPECT_EQ(Said(late), "SHUTTING_DOWN");
  EXPECT_TRUE(Has(51)) << "what is there can be read until the end";
}

// Goal: a new start finds everything, its request ids too, and goes on with the next number.
TEST_F(EngineTest, RestartKeepsEverything) {
  OpenOnLocalLog();
  AwaitState(State::kServing);
  ASSERT_EQ(Said(Submit(Bank())), "OK");
  ASSERT_EQ(Said(Submit(Member("ana"))), "OK");
  engine_.reset();

  OpenOnLocalLog();
  AwaitState(State::kServing, 2);
  EXPECT_EQ(Said(Submit(Member("ana"))), "REPLAYED");
  AnswerPtr ben = Submit(Member("ben"));
  EXPECT_EQ(Said(ben), "OK");
  EXPECT_EQ(ben->Wait()->first, 3u);
}

// Goal: the log alone is enough: frames that the store never got to write are folded again, and the ledger is
// the same one (its epoch tells) as before.
TEST_F(EngineTest, ReplaysWhatTheStoreHasNot) {
  auto instance = [this] {
    auto row = engine_->Latest().Get(storage::Family::kMeta, storage::kMetaInstance);
    return row.ok() ? row->value_or("") : "";
  };
  OpenOnLocalLog();
  AwaitState(State::kServing);
  ASSERT_EQ(Said(Submit(Bank())), "OK");
  ASSERT_EQ(Said(Submit(Member("ana"))), "OK");
  const std::string before = instance();
  EXPECT_NE(before, "");
  engine_.reset();
  std::filesystem::remove_all(folder_ + "/db");
  std::filesystem::remove(folder_ + "/FORMAT");

  OpenOnLocalLog();
  AwaitState(State::kServing, 2);
  EXPECT_TRUE(Has(2));
  EXPECT_EQ(instance(), before);
  EXPECT_EQ(Said(Submit(Member("ana"))), "REPLAYED");
}

// Goal: a ledger that was put back from a copy becomes another instance, once and for good: its epoch is
// another, all else of it is not, and everything can be asked for and goes on as before.
TEST_F(EngineTest, ARestoredLedgerIsAnotherInstance) {
  auto instance = [this] {
    storage::v1::InstanceRow row;
    EXPECT_THAT(engine_->Latest().GetRow(storage::Family::kMeta, storage::kMetaInstance, &row),
                testing::Eq(absl::StatusOr<bool>(true)));
    return row;
  };
  OpenOnLocalLog();
  AwaitState(State::kServing);
  ASSERT_EQ(Said(Submit(Bank())), "OK");
  ASSERT_EQ(Said(Submit(Member("ana"))), "OK");
  storage::v1::InstanceRow before = instance();
  engine_.reset();

  options_.new_epoch = true;
  OpenOnLocalLog();
  AwaitState(State::kServing, 2);
  const storage::v1::InstanceRow renewed = instance();
  EXPECT_NE(renewed.epoch(), before.epoch());
  EXPECT_NE(renewed.epoch(), 0u);
  before.set_epoch(renewed.epoch());
  EXPECT_EQ(renewed.SerializeAsString(), before.SerializeAsString());
  engine_.reset();

  options_.new_epoch = false;
  OpenOnLocalLog();
  AwaitState(State::kServing, 3);
  EXPECT_EQ(instance().epoch(), renewed.epoch());
  EXPECT_EQ(Said(Submit(Member("ana"))), "REPLAYED");
  EXPECT_EQ(Submit(Member("ben"))->Wait()->first, 3u);
}

// Goal: damage in the middle of a real log is found at the start; the engine says in which file, and changes
// nothing.
TEST_F(EngineTest, DamagedLocalLogEndsServing) {
  OpenOnLocalLog();
  AwaitState(State::kServing);
  ASSERT_EQ(Said(Submit(Bank())), "OK");
  ASSERT_EQ(Said(Submit(Member("ana"))), "OK");
  engine_.reset();
  const std::string segment = std::filesystem::directory_iterator(LogFolder())->path().string();
  {
    std::fstream file(segment, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(storage::kSegmentHeaderBytes + storage::kFrameHeaderBytes + 10);  // in the first frame
    file.write("damage", 6);
  }

  OpenOnLocalLog();
  AwaitState(State::kFailed);
  EXPECT_TRUE(absl::IsDataLoss(engine_->failure())) << engine_->failure();
  EXPECT_THAT(std::string(engine_->failure().message()), HasSubstr(segment));
}

}  // namespace
}  // namespace timebank::engine
