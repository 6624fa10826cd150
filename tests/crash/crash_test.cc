// The server, killed (SIGKILL) at any moment under load, again and again on the same folder: nothing that was
// acknowledged is lost, nothing is half there, everything adds up.
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <iostream>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "tests/crash/journal.h"
#include "tests/crash/load.h"
#include "tests/support/live_bank.h"
#include "tests/support/server_process.h"

namespace timebank::e2e {
namespace {

using std::chrono::milliseconds;

// Seven folders with six kills under load each, and some during recovery.
constexpr int kRoundsAFolder = 6;
constexpr int kClients = 4;
constexpr int kLongestLoadMs = 700;
constexpr int kLongestRecoveryMs = 40;
// A client is waited for at most so long: a minute in all.
constexpr milliseconds kWait{2};
constexpr int kMostWaits = 30'000;
constexpr char kBank[] = "timebanks/crash";
// Another seed, another history: CRASH_SEED=7 crash_test.
constexpr uint64_t kSeed = 20'251'121;

uint64_t Seed() {
  const char* given = std::getenv("CRASH_SEED");
  return given == nullptr ? kSeed : std::strtoull(given, nullptr, 10);
}

// How the server is set up, so that different parts of it are cut off.
struct Setup {
  const char* name;
  std::vector<std::string> flags;
  bool heavy = false;
};

class CrashTest : public testing::TestWithParam<Setup> {
 protected:
  milliseconds Before(int longest_ms) {
    return milliseconds(std::uniform_int_distribution<int>(0, longest_ms)(random_));
  }

  // Starts the server; now and then it is killed while it is still recovering, and started again.
  void Start() {
    while (random_() % 3 == 0) {
      const auto short_lived = ServerProcess::Launch(folder_.path(), GetParam().flags);
      std::this_thread::sleep_for(Before(kLongestRecoveryMs));
      short_lived->Kill();
    }
    server_ = ServerProcess::Start(folder_.path(), GetParam().flags);
    ASSERT_NE(server_, nullptr);
  }

  // Some clients at work until the kill; what they asked for and were told.
  std::vector<Act> Work(int round) {
    std::vector<std::unique_ptr<Load>> loads;
    for (int client = 0; client < kClients; ++client) {
      const std::string name = "r" + std::to_string(round) + "-c" + std::to_string(client);
      loads.push_back(std::make_unique<Load>(
          server_->address(),
          Load::Options{
              .bank = kBank, .name = name, .seed = random_(), .heavy = GetParam().heavy && client == 0}));
    }
    // All are at work before the kill's moment is drawn, however slow the machine.
    for (const auto& load : loads) {
      for (int i = 0; i < kMostWaits && load->answers() == 0; ++i) std::this_thread::sleep_for(kWait);
    }
    std::this_thread::sleep_for(Before(kLongestLoadMs));
    server_->Kill();
    std::vector<Act> acts;
    for (auto& load : loads) {
      load->Join();
      for (Act& act : load->acts()) acts.push_back(std::move(act));
    }
    return acts;
  }

  // What was acknowledged is in the journal, where it was said to be; what was not is there whole, or not at
  // all.
  static void ExpectWhole(const Journal& journal, const Act& act) {
    const std::vector<int64_t> there = journal.WithMark(act.id);
    if (!act.answered) {
      EXPECT_TRUE(there.empty() || there.size() == static_cast<size_t>(act.posts))
          << act.id << ": " << there.size() << " of " << act.posts << " entries are there";
      return;
    }
    if (!act.outcome.ok()) {
      EXPECT_TRUE(there.empty()) << act.id << " was refused and is there all the same";
      return;
    }
    if (act.posts > 0) {
      EXPECT_EQ(there.size(), static_cast<size_t>(act.posts)) << act.id << " was acknowledged";
    }
    for (const int64_t sequence : act.sequences) {
      EXPECT_NE(journal.At(sequence), nullptr) << act.id << " was acknowledged as " << sequence;
    }
    if (act.posts > 0 && !act.sequences.empty()) {
      EXPECT_EQ(there, act.sequences) << act.id;
    }
  }

  // Asked again, an act answers what it answered; whether an open one has happened is now told, and it has
  // happened once.
  static void ExpectSettledByRepeat(const Wire& wire, const Journal& journal, Act& act) {
    bool replayed = false;
    const Act again = Send(wire, *act.request, &replayed);
    ASSERT_TRUE(again.answered) << act.id << ": " << again.outcome;
    if (act.IsFinal()) {
      EXPECT_EQ(again.facts, act.facts) << act.id;
      EXPECT_EQ(replayed, act.outcome.ok()) << act.id;
      return;
    }
    if (act.posts > 0) {
      EXPECT_EQ(replayed, !journal.WithMark(act.id).empty()) << act.id;
    }
    act.answered = true;
    act.outcome = again.outcome;
    act.sequences = again.sequences;
    act.facts = again.facts;
  }

  // Fills the log's first file, so that the kills fall on later ones.
  void FillTheFirstFile(const Wire& wire) {
    const std::string second = folder_.path() + "/data/log/0000000000000002.seg";
    v1::BatchRecordExchangesRequest batch;
    batch.set_parent(kBank);
    for (int i = 0; i < 1000; ++i) {
      v1::Exchange* exchange = batch.add_exchanges();
      exchange->add_givers()->set_holder("members/m0");
      exchange->add_receivers()->set_holder("members/m1");
      exchange->set_seconds(1);
      exchange->set_note(std::string(2000, 'x'));
    }
    for (int i = 0; i < 50 && !std::filesystem::exists(second); ++i) {
      ASSERT_TRUE(wire.Call<v1::BatchRecordExchangesResponse>(batch).ok());
    }
    ASSERT_TRUE(std::filesystem::exists(second));
  }

  const TempFolder folder_;
  std::mt19937_64 random_{Seed() ^ std::hash<std::string>()(GetParam().name)};
  std::unique_ptr<ServerProcess> server_;
};

// Goal: after every kill everything acknowledged is there with the same content and number, batches are whole
// or not there, all balances sum to zero, and every statement says what the journal says.
TEST_P(CrashTest, NothingAcknowledgedIsLost) {
  SCOPED_TRACE("CRASH_SEED=" + std::to_string(Seed()));
  ASSERT_NO_FATAL_FAILURE(Start());
  { LiveBank bank(Wire(server_->address()), "crash"); }
  {
    const Wire wire(server_->address());
    for (int i = 0; i < Load::kMembers; ++i) {
      v1::CreateMemberRequest member;
      member.set_parent(kBank);
      member.set_member_id("m" + std::to_string(i));
      ASSERT_TRUE(wire.Call<v1::CreateMemberResponse>(member).ok());
    }
    if (GetParam().heavy) {
      ASSERT_NO_FATAL_FAILURE(FillTheFirstFile(wire));
    }
  }
  std::vector<Act> all;
  for (int round = 0; round < kRoundsAFolder; ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    std::vector<Act> acts = Work(round);
    ASSERT_NO_FATAL_FAILURE(Start());
    const Wire wire(server_->address());
    const Journal journal(wire, kBank);
    journal.ExpectStatementsAgree(wire);
    for (const Act& act : all) ExpectWhole(journal, act);
    for (const Act& act : acts) ExpectWhole(journal, act);
    for (Act& act : acts) ASSERT_NO_FATAL_FAILURE(ExpectSettledByRepeat(wire, journal, act));
    for (int i = 0; i < 100 && !all.empty(); ++i) {
      ASSERT_NO_FATAL_FAILURE(ExpectSettledByRepeat(wire, journal, all[random_() % all.size()]));
    }
    int64_t answered = 0;
    for (Act& act : acts) {
      answered += act.answered;
      all.push_back(std::move(act));
    }
    EXPECT_GT(answered, 0) << "nothing was under way";
    std::cout << GetParam().name << " round " << round << ": " << acts.size() << " acts, " << journal.last()
              << " events\n";
    if (HasFailure()) FAIL() << "the server logged\n" << server_->Logged();
  }
  EXPECT_EQ(server_->Stop(), 0) << server_->Logged();
  if (GetParam().heavy) {
    EXPECT_FALSE(std::filesystem::exists(folder_.path() + "/data/log/0000000000000001.seg"))
        << "no file of the log was ever full and trimmed";
  }
}

INSTANTIATE_TEST_SUITE_P(
    Setups, CrashTest,
    testing::Values(Setup{"Plain", {}}, Setup{"PlainAgain", {}},
                    Setup{"FlushedAllTheTime", {"--flush-interval-seconds", "1", "--write-buffer-mb", "1"}},
                    Setup{"FlushedAllTheTimeAgain",
                          {"--flush-interval-seconds", "1", "--write-buffer-mb", "1"}},
                    Setup{"NeverFlushedByTime", {"--flush-interval-seconds", "0"}},
                    Setup{"ShortQueue", {"--queue-commands", "2", "--block-cache-mb", "1"}},
                    Setup{"FilesOfTheLogChange",
                          {"--write-buffer-mb", "1", "--flush-interval-seconds", "1"},
                          /*heavy=*/true}),
    [](const auto& setup) { return setup.param.name; });

}  // namespace
}  // namespace timebank::e2e
