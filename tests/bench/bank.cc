#include "tests/bench/bank.h"

#include <cstdlib>
#include <iostream>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/ledger/genesis.h"
#include "server/ledger/reason.h"

namespace timebank::bench {
namespace {

constexpr ledger::Day kToday = 20771;  // 2026-11-14
constexpr int64_t kNoonUs = (int64_t{kToday} * 24 + 12) * 3600 * 1'000'000;
constexpr char kBankId[] = "rushey";

}  // namespace

Bank::Bank(uint32_t members) : members_(members), state_(&base_), random_(kSeed) {
  ledger::Genesis(/*epoch=*/1, std::string(32, 'i'), state_);
  ledger::CreateTimebank create;
  create.id = kBankId;
  create.number = 0x1234'5678'9abc'def0;
  create.secret = std::string(32, 's');
  create.settings.set_time_zone("UTC");
  create.settings.set_who_may_record(1);
  create.settings.set_balances_visible(1);
  ledger::Command command = Stamped(std::move(create));
  command.bank.clear();
  Do(command);
  for (uint32_t i = 0; i < members_; ++i) {
    ledger::CreateMember member;
    member.id = absl::StrCat("m", i);
    member.details.set_kind(1);
    Do(Stamped(std::move(member)));
  }
}

ledger::Command Bank::NextExchange(Parties parties) {
  return Stamped(ledger::RecordExchange{.exchange = NextSpec(parties)});
}

ledger::Command Bank::NextBatch(Parties parties, size_t count) {
  ledger::BatchRecordExchanges batch;
  batch.items.reserve(count);
  for (size_t i = 0; i < count; ++i) batch.items.push_back({.exchange = NextSpec(parties), .violations = {}});
  return Stamped(std::move(batch));
}

ledger::Outcome Bank::Do(const ledger::Command& command) {
  absl::StatusOr<ledger::Outcome> outcome = ledger::Execute(command, state_);
  if (!outcome.ok()) {
    std::cerr << "bench: the ledger in memory could not be read: " << outcome.status() << '\n';
    std::abort();
  }
  if (outcome->refusal) {
    std::cerr << "bench: refused: " << NameOf(outcome->refusal->reason) << '\n';
    std::abort();
  }
  return *std::move(outcome);
}

std::shared_ptr<const ledger::Layer> Bank::Seal() {
  std::shared_ptr<const ledger::Layer> layer = End();
  Fold(*layer);
  return layer;
}

void Bank::Fold(const ledger::Layer& layer) {
  base_.Absorb(layer);
  state_.DropOldest();
}

ledger::Command Bank::Stamped(ledger::Act act) {
  ++commands_;
  ledger::Command command;
  command.bank = kBankId;
  command.actor.caller = "bench";
  command.request_id = absl::StrCat("request ", commands_);
  command.stamp.now_us = kNoonUs + static_cast<int64_t>(commands_);
  command.stamp.today = kToday;
  command.stamp.seed = std::to_string(commands_);
  command.stamp.seed.resize(16, '.');
  command.act = std::move(act);
  return command;
}

ledger::ExchangeSpec Bank::NextSpec(Parties parties) {
  ledger::ExchangeSpec spec;
  const std::string giver = AnyMember();
  ledger::HolderRef receiver{ledger::HolderKind::kPot, "community"};
  if (parties == Parties::kSpread) {
    receiver = {ledger::HolderKind::kMember, AnyMember()};
    while (receiver.id == giver) receiver.id = AnyMember();
  }
  spec.givers.push_back({.holder = {ledger::HolderKind::kMember, giver}, .seconds = std::nullopt});
  spec.receivers.push_back({.holder = std::move(receiver), .seconds = std::nullopt});
  spec.seconds = static_cast<int64_t>(random_() % 16 + 1) * 900;
  spec.note = "Company on a walk by the canal";
  if (parties == Parties::kHotAccount) spec.decision = "Gathering of 7 November";
  return spec;
}

std::string Bank::AnyMember() { return absl::StrCat("m", random_() % members_); }

}  // namespace timebank::bench
