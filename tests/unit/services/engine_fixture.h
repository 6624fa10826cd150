// An engine over a real store, with a bank of two members, for each test.
#ifndef TIMEBANK_TESTS_UNIT_SERVICES_ENGINE_FIXTURE_H_
#define TIMEBANK_TESTS_UNIT_SERVICES_ENGINE_FIXTURE_H_

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include "absl/synchronization/notification.h"
#include "server/engine/engine.h"
#include "server/services/directory.h"
#include "storage/database.h"
#include "storage/local_log.h"
#include "storage/store.h"

namespace timebank::services {

class EngineTest : public testing::Test {
 protected:
  static constexpr storage::BankNumber kBank = 7;

  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "services_test.XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    absl::Notification serving;
    engine::Engine::Options options;
    options.on_state = [&](engine::Engine::State state, const absl::Status&) {
      if (state == engine::Engine::State::kServing) serving.Notify();
    };
    storage::Store::Options store;
    store.path = folder_;
    auto engine =
        engine::Engine::Open(std::move(options), std::move(store),
                             [this](uint64_t applied) -> absl::StatusOr<std::unique_ptr<storage::CommitLog>> {
                               storage::LocalLog::Options log;
                               log.folder = folder_ + "/log";
                               log.applied_index = applied;
                               log.sync = false;
                               return storage::LocalLog::Open(std::move(log));
                             });
    ASSERT_TRUE(engine.ok()) << engine.status();
    engine_ = *std::move(engine);
    serving.WaitForNotification();

    ledger::CreateTimebank bank;
    bank.id = "rushey";
    bank.number = kBank;
    bank.secret = std::string(32, 's');
    bank.settings.set_time_zone("UTC");
    bank.settings.set_locale("en");
    bank.settings.set_who_may_record(1);
    bank.settings.set_balances_visible(1);
    bank.categories = {"Garden"};
    Do(std::move(bank), "");
    for (const char* id : {"ana", "ben"}) {
      ledger::CreateMember member;
      member.id = id;
      Do(std::move(member));
    }
  }
  void TearDown() override {
    engine_.reset();
    std::filesystem::remove_all(folder_);
  }

  // Carries out an act, which must succeed.
  void Do(ledger::Act act, std::string bank = "rushey") {
    ledger::Command command;
    command.bank = std::move(bank);
    command.actor.caller = "desk";
    command.stamp = {.now_us = 1'700'000'000'000'000, .today = 19'675, .seed = "0123456789abcdef"};
    command.act = std::move(act);
    absl::Notification done;
    engine_->Submit({std::move(command), 10, {}, [&](absl::StatusOr<ledger::Outcome> outcome) {
                       EXPECT_TRUE(outcome.ok()) << outcome.status();
                       if (outcome.ok()) {
                         EXPECT_FALSE(outcome->refusal.has_value());
                       }
                       done.Notify();
                     }});
    done.WaitForNotification();
  }

  // Ends the engine, and opens its store again where the database has lost a row.
  std::unique_ptr<storage::Store> StoreWithout(storage::Family family, const std::string& key) {
    engine_.reset();
    {
      const auto database = storage::Database::Open({.path = folder_ + "/db",
                                                     .block_cache_bytes = 1 << 20,
                                                     .tail_bytes = 1 << 20,
                                                     .on_background_error = nullptr});
      EXPECT_TRUE(database.ok()) << database.status();
      rocksdb::WriteBatch batch = storage::Database::NewBatch();
      std::string row;
      auto* const rows = (*database)->handle(family);
      EXPECT_TRUE((*database)->db().Get(rocksdb::ReadOptions(), rows, key, &row).ok());
      EXPECT_TRUE(batch.Delete(rows, key).ok());
      EXPECT_TRUE((*database)->Write(&batch).ok());
      EXPECT_TRUE((*database)->Flush().ok());
    }
    storage::Store::Options options;
    options.path = folder_;
    auto store = storage::Store::Open(std::move(options));
    EXPECT_TRUE(store.ok()) << store.status();
    return *std::move(store);
  }

  NamedView Now() { return cache_.At(engine_->Latest()); }

  std::string folder_;
  std::unique_ptr<engine::Engine> engine_;
  DirectoryCache cache_;
};

}  // namespace timebank::services

#endif  // TIMEBANK_TESTS_UNIT_SERVICES_ENGINE_FIXTURE_H_
