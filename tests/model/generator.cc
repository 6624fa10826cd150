#include "tests/model/generator.h"

#include <algorithm>
#include <variant>

#include "absl/strings/str_cat.h"
#include "storage/types.h"

namespace timebank::model {
namespace {

using namespace ledger;  // NOLINT(google-build-using-namespace): names every act there is
namespace sv1 = storage::v1;

constexpr int64_t kSecondUs = 1'000'000;
constexpr int64_t kHourUs = 3600 * kSecondUs;
constexpr int64_t kDayUs = 24 * kHourUs;
constexpr size_t kRememberedCommands = 1000;

constexpr uint32_t kContestedState = 3;  // timebank.v1.Exchange.State
constexpr uint32_t kClosedState = 2;     // timebank.v1.Member.State
constexpr uint32_t kMergedState = 3;

// Which act stands where in ledger::Act.
template <typename T, size_t I = 0>
constexpr size_t IndexOf() {
  if constexpr (std::is_same_v<std::variant_alternative_t<I, Act>, T>) {
    return I;
  } else {
    return IndexOf<T, I + 1>();
  }
}

// The exchange that an act is about; 0: none.
Sequence TargetOf(const Act& act) {
  return std::visit(
      [](const auto& one) -> Sequence {
        if constexpr (requires {
                        { one.exchange } -> std::same_as<const Sequence&>;
                      }) {
          return one.exchange;
        } else {
          return 0;
        }
      },
      act);
}

}  // namespace

std::string Dice::Bytes(size_t count) {
  std::string bytes;
  while (bytes.size() < count) bytes.push_back(static_cast<char>(engine_()));
  return bytes;
}

Generator::Generator(Dice& dice, const Oracle& oracle)
    : dice_(dice),
      oracle_(oracle),
      most_banks_(1 + dice.Below(4)),
      most_members_(5 + dice.Below(60)),
      limits_matter_(dice.Percent(50)),
      longest_pause_us_(dice.OneIn(2) ? 2 * kHourUs : dice.Between(1, 10) * 60 * kSecondUs),
      now_us_(dice.Between(10'000, 20'000) * kDayUs) {
  auto weigh = [this]<typename T>(std::in_place_type_t<T>, uint32_t weight) {
    weights_[IndexOf<T>()] = weight;
  };
  const bool quarrelsome = dice.Percent(40);  // many words about few entries
  const bool restless = dice.Percent(30);     // members come and go
  weigh(std::in_place_type<RecordExchange>, 300);
  weigh(std::in_place_type<BatchRecordExchanges>, 30);
  weigh(std::in_place_type<CorrectExchange>, quarrelsome ? 120 : 40);
  weigh(std::in_place_type<ReverseExchange>, quarrelsome ? 100 : 40);
  weigh(std::in_place_type<ContestExchange>, quarrelsome ? 200 : 50);
  weigh(std::in_place_type<SettleExchange>, quarrelsome ? 200 : 50);
  weigh(std::in_place_type<ConfirmExchange>, quarrelsome ? 120 : 50);
  weigh(std::in_place_type<EraseExchangeNote>, 20);
  weigh(std::in_place_type<RecordGift>, 60);
  weigh(std::in_place_type<RecordOpening>, 20);
  weigh(std::in_place_type<CreateMember>, 30);
  weigh(std::in_place_type<UpdateMember>, 20);
  weigh(std::in_place_type<CloseMember>, restless ? 40 : 8);
  weigh(std::in_place_type<ReopenMember>, restless ? 40 : 8);
  weigh(std::in_place_type<MergeMember>, restless ? 6 : 2);
  weigh(std::in_place_type<GrantActingFor>, 40);
  weigh(std::in_place_type<RevokeActingFor>, 8);
  weigh(std::in_place_type<CreateCircle>, 4);
  weigh(std::in_place_type<ChangeCircle>, 8);
  weigh(std::in_place_type<CreateTimebank>, 2);
  weigh(std::in_place_type<UpdateSettings>, 10);
  weigh(std::in_place_type<DeleteTimebank>, 1);
  for (uint32_t weight : weights_) weight_sum_ += weight;
  for (size_t i = 0; i < most_banks_; ++i) bank_ids_.push_back(absl::StrCat("bank", i));
}

Command Generator::Next() {
  Advance();
  Command command = !asked_.empty() && dice_.Percent(10) ? Repeat() : Fresh();
  if (!command.request_id.empty()) {
    if (asked_.size() < kRememberedCommands) {
      asked_.push_back(command);
    } else {
      asked_[dice_.Below(asked_.size())] = command;
    }
  }
  return command;
}

void Generator::Advance() {
  if (dice_.OneIn(500)) {
    now_us_ += dice_.Between(1, 60) * kDayUs;
  } else if (dice_.OneIn(20)) {
    now_us_ -= dice_.Between(0, longest_pause_us_);  // clocks are set back
  } else {
    now_us_ += dice_.Between(0, longest_pause_us_);
  }
}

// Banks live in different time zones.
Day Generator::Today(std::string_view bank) {
  const int64_t offset_hours = bank.empty() ? 0 : (bank.back() - '0') * 5 - 8;
  return static_cast<Day>((now_us_ + offset_hours * kHourUs) / kDayUs);
}

// The same request once more, or another one under its id.
Command Generator::Repeat() {
  // Half of the repeats are of what was asked a moment ago.
  const size_t newest = std::min<size_t>(asked_.size(), 20);
  Command command =
      asked_[dice_.Percent(50) ? asked_.size() - 1 - dice_.Below(newest) : dice_.Below(asked_.size())];
  const Day today_then = command.stamp.today;
  command.stamp = {now_us_, std::max(Today(command.bank), today_then), dice_.Bytes(16)};
  if (auto* create = std::get_if<CreateTimebank>(&command.act)) {
    create->number = dice_.Below(UINT64_MAX) + 1;
    create->secret = dice_.Bytes(32);
  }
  switch (dice_.Below(10)) {
    case 0: {  // other facts
      if (auto* record = std::get_if<RecordExchange>(&command.act)) record->exchange.seconds ^= 1;
      if (auto* gift = std::get_if<RecordGift>(&command.act)) gift->seconds ^= 32;
      if (auto* batch = std::get_if<BatchRecordExchanges>(&command.act)) batch->check_duplicates ^= true;
      if (auto* reverse = std::get_if<ReverseExchange>(&command.act)) reverse->exchange += 1;
      break;
    }
    case 1: {  // other words
      if (auto* record = std::get_if<RecordExchange>(&command.act)) record->exchange.note = Text(40);
      if (auto* gift = std::get_if<RecordGift>(&command.act)) gift->note = Text(40);
      if (auto* contest = std::get_if<ContestExchange>(&command.act)) contest->reason = Text(40) + ".";
      break;
    }
    case 2: {  // another act
      Command other = Fresh();
      other.request_id = command.request_id;
      other.actor = command.actor;
      if (!IsOfServer(other.act) && !IsOfServer(command.act)) {
        other.bank = command.bank;
        other.stamp.today = Today(command.bank);
      }
      return other;
    }
    case 3:  // the same person at another key, in another role
      command.actor.role = static_cast<Role>(dice_.Below(3));
      if (!command.actor.member.empty()) command.actor.caller = "desk";
      break;
    case 4:  // somebody else's id is another id
      command.actor.member = command.actor.member.empty() ? "a1" : "";
      break;
    default:
      break;
  }
  return command;
}

Command Generator::Fresh() {
  Command command;
  size_t kind = 0;
  if (oracle_.banks().empty()) {
    kind = IndexOf<CreateTimebank>();
  } else {
    for (uint64_t at = dice_.Below(weight_sum_); at >= weights_[kind]; ++kind) at -= weights_[kind];
  }
  const bool of_server = kind == IndexOf<CreateTimebank>() || kind == IndexOf<DeleteTimebank>();
  if (!of_server) {
    command.bank = dice_.OneIn(300) ? "nowhere" : dice_.Pick(bank_ids_);
    // Banks that are not there yet are asked for now and then.
    if (oracle_.Find(command.bank) == nullptr && !dice_.OneIn(10)) {
      command.bank = oracle_.banks().begin()->second.row.slug();
    }
  }

  Scene scene;
  scene.bank = of_server ? nullptr : oracle_.Find(command.bank);
  scene.today = Today(command.bank);
  if (scene.bank != nullptr && scene.bank->members.size() < 4) kind = IndexOf<CreateMember>();
  command.stamp = {now_us_, scene.today, dice_.Bytes(16)};
  command.act = MakeAct(kind, scene);
  command.actor = MakeActor(scene, command.act);
  if (command.actor.role != Role::kBroker && !SpeakAsAgent(scene, &command) && !dice_.OneIn(8)) {
    LeaveOutWhatBrokersSay(&command.act);
  }
  if (dice_.Percent(65)) {
    command.request_id = absl::StrCat("r", next_request_++);
    if (dice_.OneIn(400)) command.request_id = dice_.OneIn(2) ? std::string(129, 'x') : "with space";
  }
  const bool can_preview =
      std::holds_alternative<RecordExchange>(command.act) || std::holds_alternative<RecordGift>(command.act);
  command.validate_only = can_preview && dice_.Percent(8);
  return command;
}

bool Generator::SpeakAsAgent(const Scene& scene, Command* command) {
  if (scene.bank == nullptr || scene.bank->grants.empty() || !dice_.Percent(40)) return false;
  const auto picked =
      std::next(scene.bank->grants.begin(), static_cast<ptrdiff_t>(dice_.Below(scene.bank->grants.size())));
  HolderRef member{HolderKind::kMember, scene.bank->member(picked->first.first).slug()};
  std::string agent = scene.bank->member(picked->first.second).slug();
  // Of what is about an entry, rather somebody who speaks for one of its parties.
  if (scene.target >= 1 && scene.target <= scene.bank->last_sequence() && dice_.Percent(90)) {
    for (const auto& movement : scene.bank->entry(scene.target).movements()) {
      for (const auto& [whose, grant] : scene.bank->grants) {
        if (whose.first != scene.bank->Survivor(movement.account()) || !dice_.OneIn(2)) continue;
        member.id = scene.bank->member(whose.first).slug();
        agent = scene.bank->member(whose.second).slug();
      }
    }
  }
  LeaveOutWhatBrokersSay(&command->act);
  const auto speak = [&](ExchangeSpec* exchange) {
    exchange->acting_for = member;
    if (dice_.OneIn(20)) return;
    auto& side = dice_.Percent(30) ? exchange->givers : exchange->receivers;
    if (!side.empty()) side[0].holder = member;
  };
  if (auto* record = std::get_if<RecordExchange>(&command->act)) {
    speak(&record->exchange);
  } else if (auto* batch = std::get_if<BatchRecordExchanges>(&command->act)) {
    for (auto& item : batch->items) {
      if (dice_.OneIn(2)) speak(&item.exchange);
    }
  } else if (auto* gift = std::get_if<RecordGift>(&command->act)) {
    gift->acting_for = member;
    if (!dice_.OneIn(20)) gift->debited = member;
  } else if (scene.target != 0) {
    std::visit(
        [&](auto& act) {
          if constexpr (requires { act.acting_for; }) act.acting_for = member;
        },
        command->act);
  } else {
    return false;
  }
  command->actor.role = Role::kMember;
  command->actor.member = agent;
  return true;
}

void Generator::LeaveOutWhatBrokersSay(Act* act) {
  auto leave_out = [](ExchangeSpec* exchange) {
    exchange->acting_for = {};
    exchange->origin.reset();
  };
  std::visit(
      [&](auto& one) {
        if constexpr (requires { one.acting_for; }) one.acting_for = {};
        if constexpr (requires { one.origin; }) one.origin.reset();
      },
      *act);
  if (auto* record = std::get_if<RecordExchange>(act)) leave_out(&record->exchange);
  if (auto* batch = std::get_if<BatchRecordExchanges>(act)) {
    for (auto& item : batch->items) leave_out(&item.exchange);
  }
}

Actor Generator::MakeActor(const Scene& scene, const Act& act) {
  static const std::vector<std::string> kCallers = {"local", "app", "desk"};
  Actor actor;
  actor.caller = dice_.Pick(kCallers);
  const bool directory = act.index() >= IndexOf<CreateMember>();
  const uint64_t at = dice_.Below(100);
  actor.role = at < (directory ? 90 : 55) ? Role::kBroker : at < 92 ? Role::kMember : Role::kPartner;
  const bool has_member = actor.role == Role::kBroker ? dice_.Percent(35) : dice_.Percent(88);
  if (!has_member) return actor;
  actor.member = MemberId(scene.bank);
  if (dice_.Percent(15)) return actor;

  // Most people speak of what concerns them.
  std::vector<HolderRef> concerned;
  if (const auto* record = std::get_if<RecordExchange>(&act)) {
    for (const auto* side : {&record->exchange.givers, &record->exchange.receivers}) {
      for (const ShareSpec& share : *side) concerned.push_back(share.holder);
    }
  } else if (const auto* gift = std::get_if<RecordGift>(&act)) {
    concerned.push_back(gift->debited);
  } else if (const auto* update = std::get_if<UpdateMember>(&act)) {
    concerned.push_back({HolderKind::kMember, update->id});
  } else if (const auto* grant = std::get_if<GrantActingFor>(&act)) {
    concerned.push_back({HolderKind::kMember, grant->id});
  } else if (const auto* revoke = std::get_if<RevokeActingFor>(&act)) {
    concerned.push_back(dice_.OneIn(2) ? revoke->agent : HolderRef{HolderKind::kMember, revoke->id});
  } else if (TargetOf(act) != 0) {
    concerned.push_back(PartyOf(scene));
  }
  for (const HolderRef& holder : concerned) {
    if (holder.kind == HolderKind::kMember && (actor.member.empty() || dice_.OneIn(2)))
      actor.member = holder.id;
  }
  return actor;
}

Sequence Generator::PickExchange(const Bank* bank, bool contested) {
  if (bank == nullptr || bank->entries.empty()) return dice_.Below(3);
  const Sequence last = bank->last_sequence();
  if (dice_.OneIn(60)) return dice_.OneIn(2) ? 0 : last + dice_.Below(5);
  auto any = [&] {
    const uint64_t reach = dice_.Percent(70) ? 60 : dice_.Percent(80) ? 1000 : last;
    return last - dice_.Below(std::min<uint64_t>(last, reach));
  };
  Sequence found = last;
  for (int tries = 0; tries < 40; ++tries) {
    const Sequence sequence = any();
    if (bank->entry(sequence).kind() > sv1::ENTRY_KIND_REVERSAL) continue;
    found = sequence;
    if (!contested || bank->MarkOf(sequence).state() == kContestedState) break;
  }
  return found;
}

std::string Generator::MemberId(const Bank* bank) {
  if (bank == nullptr || bank->members.empty() || dice_.OneIn(80)) {
    static const std::vector<std::string> kOdd = {
        "nobody", "a999", "A1", "", "-x", "x-", std::string(64, 'a')};
    return dice_.Pick(kOdd);
  }
  // Some have most to do; and few people use the names of members that were merged.
  const size_t size = bank->members.size();
  const sv1::MemberRow* member = nullptr;
  for (int tries = 0; tries < 4; ++tries) {
    const size_t reach = dice_.Percent(40) ? std::min<size_t>(size, 10) : size;
    member = &bank->members[dice_.Below(reach)];
    if (member->state() != kMergedState) break;
  }
  return member->slug();
}

std::string Generator::NewId(char prefix) {
  if (dice_.Percent(30)) return "";
  if (dice_.OneIn(30)) return "Not An Id";
  return absl::StrCat(dice_.OneIn(6) ? "m" : std::string(1, prefix), dice_.Below(most_members_ + 20));
}

HolderRef Generator::Holder(const Bank* bank) {
  const uint64_t at = dice_.Below(200);
  if (at == 0) return {};
  if (at < 12) return {HolderKind::kPot, "community"};
  if (at < 15) return {HolderKind::kPot, "opening"};
  if (at < 16) return {HolderKind::kPot, "elsewhere"};
  if (at < 28 && bank != nullptr && !bank->circles.empty()) {
    return {HolderKind::kCircle, dice_.Pick(bank->circles).slug()};
  }
  if (at < 29) return {HolderKind::kCircle, "nobodys"};
  return {HolderKind::kMember, MemberId(bank)};
}

HolderRef Generator::OtherHolder(const Bank* bank, const std::vector<HolderRef>& than) {
  HolderRef holder = Holder(bank);
  for (int tries = 0; tries < 4 && std::find(than.begin(), than.end(), holder) != than.end(); ++tries) {
    if (dice_.OneIn(20)) break;
    holder = Holder(bank);
  }
  return holder;
}

HolderRef Generator::PartyOf(const Scene& scene) {
  if (scene.bank == nullptr || scene.target < 1 || scene.target > scene.bank->last_sequence()) return {};
  std::vector<std::string> members;
  for (const auto& movement : scene.bank->entry(scene.target).movements()) {
    if (storage::KindOf(movement.account()) == HolderKind::kMember) {
      members.push_back(scene.bank->member(movement.account()).slug());
    }
  }
  if (members.empty()) return {};
  return {HolderKind::kMember, dice_.Pick(members)};
}

HolderRef Generator::ActingFor(const Scene& scene, uint64_t percent) {
  if (!dice_.Percent(percent)) return {};
  if (dice_.Percent(80)) return PartyOf(scene);
  return Holder(scene.bank);
}

int64_t Generator::Seconds() {
  static const std::vector<int64_t> kUsual = {900, 1800, 3600, 3600, 3600, 5400, 7200, 36};
  static const std::vector<int64_t> kOdd = {0,         -3600,    1, 1'000'000'000'000, 1'000'000'000'001,
                                            INT64_MAX, INT64_MIN};
  if (dice_.OneIn(60)) return dice_.Pick(kOdd);
  if (dice_.OneIn(20)) return dice_.Between(1, 1'000'000);
  return dice_.Pick(kUsual);
}

std::optional<Day> Generator::PickDay(const Scene& scene) {
  const uint64_t at = dice_.Below(100);
  if (at < 30) return std::nullopt;
  if (at < 50) return scene.today;
  if (at < 75) return scene.today - static_cast<Day>(dice_.Below(30));
  if (at < 90) return scene.today - static_cast<Day>(dice_.Below(400));
  if (at < 97) return static_cast<Day>(dice_.Between(-25567, scene.today));
  if (at < 98) return scene.today + 1 + static_cast<Day>(dice_.Below(3));
  if (at < 99) return -25567 - static_cast<Day>(dice_.Below(3));
  return -25567;
}

std::string Generator::Category() {
  static const std::vector<std::string> kWords = {"Gardening", "gardening", "GARDENING", "lifts",
                                                  "Cooking",   "cooking",   "company",   "Läsen",
                                                  "LäSEN",     "music",     "LÄSEN",     "la\u0308sen"};
  if (dice_.Percent(40)) return "";
  if (dice_.OneIn(200)) return std::string(65, 'c');
  if (dice_.OneIn(200)) return "\xff";
  return dice_.Pick(kWords);
}

std::string Generator::Text(size_t most) {
  if (dice_.Percent(50)) return "";
  if (dice_.OneIn(300)) return "half a letter: \xc3";
  if (dice_.OneIn(300)) return std::string(most + 1, 'n');
  static const std::vector<std::string> kWords = {"shopping", "a long talk", "näher", "the garden", "twice"};
  return dice_.Pick(kWords);
}

std::vector<std::string> Generator::Tags() {
  std::vector<std::string> tags;
  if (dice_.Percent(90)) return tags;
  const size_t count = dice_.OneIn(30) ? 11 : 1 + dice_.Below(3);
  for (size_t i = 0; i < count; ++i) tags.push_back(Text(40));
  return tags;
}

std::optional<OriginSpec> Generator::Origin() {
  if (!dice_.Percent(6)) return std::nullopt;
  static const std::vector<std::string> kSystems = {"timeoverflow", "ces", "ces", "Bad System", ""};
  OriginSpec origin;
  origin.system = dice_.OneIn(20) ? dice_.Pick(kSystems) : kSystems[dice_.Below(3)];
  if (!dice_.OneIn(40)) origin.number = std::to_string(dice_.Below(200));
  origin.recorded_by = Text(200);
  if (dice_.OneIn(2)) origin.time_us = now_us_ - dice_.Between(0, 1000) * kDayUs;
  return origin;
}

std::vector<ShareSpec> Generator::Shares(const Bank* bank, size_t count, std::vector<HolderRef>* named) {
  std::vector<ShareSpec> shares;
  const bool own = dice_.Percent(20);
  for (size_t i = 0; i < count; ++i) {
    ShareSpec share;
    share.holder = OtherHolder(bank, *named);
    named->push_back(share.holder);
    if (own ? !dice_.OneIn(6) : dice_.OneIn(25)) share.seconds = Seconds();
    shares.push_back(share);
  }
  return shares;
}

ExchangeSpec Generator::Exchange(const Scene& scene) {
  auto people = [&]() -> size_t {
    if (dice_.Percent(82)) return 1;
    if (dice_.OneIn(60)) return 0;
    if (dice_.OneIn(300)) return 130;
    return 1 + dice_.Below(5);
  };
  ExchangeSpec exchange;
  std::vector<HolderRef> named;
  exchange.givers = Shares(scene.bank, people(), &named);
  exchange.receivers = Shares(scene.bank, people(), &named);
  exchange.seconds = dice_.OneIn(20) ? 0 : Seconds();
  if (dice_.OneIn(10)) exchange.remainder = Holder(scene.bank);
  if (dice_.OneIn(15)) exchange.unnamed_givers = static_cast<int32_t>(dice_.Between(-1, 5));
  if (dice_.OneIn(15)) exchange.unnamed_receivers = static_cast<int32_t>(dice_.Between(-1, 5));
  if (dice_.OneIn(400)) exchange.unnamed_receivers = 10'001;
  exchange.occurred_on = PickDay(scene);
  exchange.category = Category();
  exchange.note = Text(2000);
  exchange.tags = Tags();
  if (dice_.Percent(15)) exchange.decision = Text(200);
  exchange.origin = Origin();
  if (dice_.Percent(15)) {
    const auto& side = dice_.OneIn(2) ? exchange.givers : exchange.receivers;
    exchange.acting_for = side.empty() || dice_.OneIn(8) ? Holder(scene.bank) : dice_.Pick(side).holder;
  }
  return exchange;
}

// Now and then what was recorded a moment ago once more, by mistake.
ExchangeSpec Generator::Alike(const Scene& scene) {
  if (!recent_.empty() && dice_.Percent(8)) return dice_.Pick(recent_);
  ExchangeSpec exchange = Exchange(scene);
  if (dice_.OneIn(4)) {
    ExchangeSpec again = exchange;
    again.occurred_on = exchange.occurred_on.value_or(scene.today);
    again.origin.reset();
    if (recent_.size() < 10) {
      recent_.push_back(again);
    } else {
      recent_[dice_.Below(recent_.size())] = again;
    }
  }
  return exchange;
}

BatchRecordExchanges Generator::Batch(const Scene& scene) {
  BatchRecordExchanges batch;
  const size_t count = dice_.OneIn(40) ? 0 : dice_.OneIn(100) ? 300 : 1 + dice_.Below(8);
  const bool careful = dice_.Percent(60);  // few items that cannot be posted
  for (size_t i = 0; i < count; ++i) {
    BatchRecordExchanges::Item item;
    if (careful) {
      item.exchange.givers = {{Holder(scene.bank), std::nullopt}};
      item.exchange.receivers = {{OtherHolder(scene.bank, {item.exchange.givers[0].holder}), std::nullopt}};
      item.exchange.seconds = 1800;
      item.exchange.occurred_on = scene.today - static_cast<Day>(dice_.Below(100));
    } else {
      item.exchange = Exchange(scene);
    }
    batch.items.push_back(std::move(item));
  }
  batch.all_or_nothing = dice_.OneIn(3);
  batch.check_duplicates = dice_.OneIn(4);
  return batch;
}

void Generator::Changes(const Scene& scene, ExchangeSpec* changes, ExchangeMask* mask) {
  ExchangeSpec exchange = Exchange(scene);
  *mask = {.givers = dice_.OneIn(8),
           .receivers = dice_.OneIn(8),
           .seconds = dice_.Percent(50),
           .remainder = dice_.OneIn(12),
           .unnamed_givers = dice_.OneIn(15),
           .unnamed_receivers = dice_.OneIn(15),
           .occurred_on = dice_.OneIn(4),
           .category = dice_.OneIn(4),
           .note = dice_.OneIn(5),
           .tags = dice_.OneIn(10),
           .decision = dice_.OneIn(10)};
  // Only what is named is sent, as the services do it.
  if (mask->givers) changes->givers = exchange.givers;
  if (mask->receivers) changes->receivers = exchange.receivers;
  if (mask->seconds) changes->seconds = exchange.seconds;
  if (mask->remainder) changes->remainder = exchange.remainder;
  if (mask->unnamed_givers) changes->unnamed_givers = exchange.unnamed_givers;
  if (mask->unnamed_receivers) changes->unnamed_receivers = exchange.unnamed_receivers;
  if (mask->occurred_on) changes->occurred_on = exchange.occurred_on;
  if (mask->category) changes->category = exchange.category;
  if (mask->note) changes->note = exchange.note;
  if (mask->tags) changes->tags = exchange.tags;
  if (mask->decision) changes->decision = exchange.decision;
}

sv1::MemberRow Generator::Details() {
  sv1::MemberRow row;
  row.set_display_name(Text(200));
  row.set_kind(static_cast<uint32_t>(dice_.Below(4)));
  for (size_t count = dice_.OneIn(4) ? 1 + dice_.Below(2) : 0; count > 0; --count) {
    auto* external = row.add_external_ids();
    external->set_system(dice_.OneIn(30) ? "No System" : "ces");
    external->set_number(dice_.OneIn(30) ? "" : std::to_string(dice_.Below(50)));
  }
  if (dice_.OneIn(5)) row.add_phones(Text(40));
  if (dice_.OneIn(5)) row.add_emails(Text(254));
  if (dice_.OneIn(5)) row.set_language("ca");
  if (dice_.OneIn(5)) row.set_note(Text(2000));
  return row;
}

std::optional<int64_t> Generator::Limit(bool below) {
  if (dice_.OneIn(3)) return std::nullopt;
  const int64_t limit = limits_matter_ ? dice_.Between(0, 10) * 1800 : dice_.Between(5, 100) * 3600;
  return below ? -limit : limit;
}

sv1::SettingsRow Generator::Settings() {
  sv1::SettingsRow row;
  row.set_time_zone("Europe/Madrid");
  row.set_locale(dice_.OneIn(60) ? std::string(36, 'l') : "en");
  if (auto limit = Limit(true)) row.set_warn_below(*limit);
  if (auto limit = Limit(false)) row.set_warn_above(*limit);
  if (dice_.OneIn(2)) {
    if (auto limit = Limit(true)) row.set_block_below(*limit);
  }
  if (dice_.OneIn(2)) {
    if (auto limit = Limit(false)) row.set_block_above(*limit);
  }
  row.set_who_may_record(static_cast<uint32_t>(dice_.OneIn(60)  ? 5
                                               : dice_.OneIn(2) ? 1
                                                                : dice_.Between(1, 4)));
  row.set_balances_visible(static_cast<uint32_t>(dice_.Between(1, 2)));
  row.set_starter_seconds(dice_.OneIn(60) ? 360'001 : dice_.OneIn(2) ? 0 : 7200);
  row.set_smallest_count_shown(dice_.OneIn(60) ? 101 : 5);
  return row;
}

std::vector<std::string> Generator::Categories() {
  std::vector<std::string> categories;
  for (size_t count = dice_.Below(4); count > 0; --count) categories.push_back(Category());
  return categories;
}

Act Generator::MakeAct(size_t kind, Scene& scene) {
  const Bank* bank = scene.bank;
  auto aim = [&](bool contested = false) {
    scene.target = PickExchange(bank, contested);
    return scene.target;
  };
  switch (kind) {
    case IndexOf<RecordExchange>():
      return RecordExchange{Alike(scene), dice_.OneIn(3)};
    case IndexOf<BatchRecordExchanges>():
      return Batch(scene);
    case IndexOf<CorrectExchange>(): {
      CorrectExchange act;
      act.exchange = aim();
      Changes(scene, &act.changes, &act.mask);
      act.reason = Text(1000);
      act.acting_for = ActingFor(scene, 25);
      return act;
    }
    case IndexOf<ReverseExchange>(): {
      ReverseExchange act;
      act.exchange = aim();
      act.reason = Text(1000);
      act.acting_for = ActingFor(scene, 25);
      return act;
    }
    case IndexOf<ContestExchange>(): {
      ContestExchange act;
      act.exchange = aim();
      act.reason = dice_.OneIn(30) ? Text(1000) : "it was not so";
      act.acting_for = ActingFor(scene, 75);  // a broker alone is no party
      return act;
    }
    case IndexOf<SettleExchange>(): {
      SettleExchange act;
      act.exchange = aim(!dice_.OneIn(10));
      act.outcome = static_cast<SettleOutcome>(dice_.Between(1, 3));
      if (act.outcome == SettleOutcome::kCorrected) Changes(scene, &act.changes, &act.mask);
      act.reason = Text(1000);
      act.acting_for = ActingFor(scene, 25);
      return act;
    }
    case IndexOf<ConfirmExchange>(): {
      ConfirmExchange act;
      act.exchange = aim();
      act.acting_for = ActingFor(scene, 75);
      return act;
    }
    case IndexOf<EraseExchangeNote>(): {
      EraseExchangeNote act;
      act.exchange = aim();
      act.acting_for = ActingFor(scene, 25);
      return act;
    }
    case IndexOf<RecordGift>(): {
      RecordGift act;
      act.debited = Holder(bank);
      act.credited = OtherHolder(bank, {act.debited});
      act.seconds = Seconds();
      act.occurred_on = PickDay(scene);
      act.category = Category();
      act.note = Text(2000);
      act.tags = Tags();
      if (dice_.OneIn(4)) act.decision = Text(200);
      act.origin = Origin();
      if (dice_.Percent(12)) act.acting_for = dice_.Percent(70) ? act.debited : Holder(bank);
      return act;
    }
    case IndexOf<RecordOpening>(): {
      RecordOpening act;
      act.holder = Holder(bank);
      act.seconds = dice_.OneIn(2) ? Seconds() : -(Seconds() / 2);
      act.occurred_on = PickDay(scene);
      act.note = Text(2000);
      act.origin = Origin();
      return act;
    }
    case IndexOf<CreateMember>(): {
      CreateMember act;
      act.id = bank != nullptr && bank->members.size() >= most_members_ ? MemberId(bank) : NewId('a');
      act.details = Details();
      act.joined_on = PickDay(scene);
      act.no_starter = dice_.OneIn(3);
      return act;
    }
    case IndexOf<UpdateMember>(): {
      static const std::vector<std::string> kFields = {"display_name", "kind",     "external_ids", "phones",
                                                       "emails",       "language", "joined_on",    "note"};
      UpdateMember act;
      act.id = MemberId(bank);
      act.details = Details();
      act.details.set_joined_on(scene.today - static_cast<Day>(dice_.Below(100)));
      std::vector<std::string> fields = kFields;
      for (size_t count = dice_.OneIn(30) ? 0 : 1 + dice_.Below(3); count > 0; --count) {
        const size_t at = dice_.Below(fields.size());
        act.mask.push_back(fields[at]);
        fields.erase(fields.begin() + static_cast<ptrdiff_t>(at));
      }
      if (dice_.OneIn(4) && bank != nullptr && bank->MemberNamed(act.id) != 0) {
        const auto& row = bank->member(bank->Survivor(bank->MemberNamed(act.id)));
        act.etag = std::to_string(row.changed_at() + (dice_.OneIn(3) ? 1 : 0));
      }
      return act;
    }
    case IndexOf<CloseMember>(): {
      CloseMember act;
      act.id = MemberId(bank);
      if (dice_.Percent(75))
        act.destination = dice_.OneIn(2) ? HolderRef{HolderKind::kPot, "community"} : Holder(bank);
      act.closed_on = PickDay(scene);
      return act;
    }
    case IndexOf<ReopenMember>(): {
      ReopenMember act{MemberId(bank)};
      for (int tries = 0; tries < 10 && bank != nullptr && bank->MemberNamed(act.id) != 0; ++tries) {
        if (bank->member(bank->MemberNamed(act.id)).state() == kClosedState) break;
        act.id = MemberId(bank);
      }
      return act;
    }
    case IndexOf<MergeMember>():
      return MergeMember{MemberId(bank), MemberId(bank)};
    case IndexOf<GrantActingFor>(): {
      GrantActingFor act;
      act.id = MemberId(bank);
      act.agent = dice_.OneIn(40) ? Holder(bank) : HolderRef{HolderKind::kMember, MemberId(bank)};
      if (!dice_.OneIn(4)) act.seconds_per_month = limits_matter_ ? dice_.Between(0, 8) * 1800 : Seconds();
      act.no_limit = act.seconds_per_month ? dice_.OneIn(60) : !dice_.OneIn(20);
      if (dice_.OneIn(3))
        act.until = scene.today + static_cast<Day>(dice_.Below(40)) - (dice_.OneIn(9) ? 5 : 0);
      return act;
    }
    case IndexOf<RevokeActingFor>(): {
      RevokeActingFor act{MemberId(bank), {HolderKind::kMember, MemberId(bank)}};
      if (bank == nullptr || bank->grants.empty() || dice_.OneIn(4)) return act;
      const auto picked =
          std::next(bank->grants.begin(), static_cast<ptrdiff_t>(dice_.Below(bank->grants.size())));
      act.id = bank->member(picked->first.first).slug();
      act.agent.id = bank->member(picked->first.second).slug();
      return act;
    }
    case IndexOf<CreateCircle>(): {
      CreateCircle act;
      act.id = NewId('c');
      act.display_name = Text(200);
      for (size_t count = dice_.Below(5); count > 0; --count) act.members.push_back(MemberId(bank));
      return act;
    }
    case IndexOf<ChangeCircle>(): {
      ChangeCircle act;
      act.id = bank == nullptr || bank->circles.empty() ? "c1" : dice_.Pick(bank->circles).slug();
      auto& list = dice_.OneIn(2) ? act.add : act.remove;
      for (size_t count = dice_.Below(5); count > 0; --count) list.push_back(MemberId(bank));
      return act;
    }
    case IndexOf<CreateTimebank>(): {
      CreateTimebank act;
      act.id = dice_.OneIn(20) ? "Bad Bank" : dice_.Pick(bank_ids_);
      act.number = dice_.Below(UINT64_MAX) + 1;
      act.secret = dice_.Bytes(32);
      act.display_name = Text(200);
      act.trial = dice_.OneIn(5);
      act.settings = Settings();
      act.categories = Categories();
      return act;
    }
    case IndexOf<DeleteTimebank>():
      return DeleteTimebank{.id = dice_.OneIn(20) ? "nowhere" : dice_.Pick(bank_ids_)};
    default: {
      static const std::vector<std::string> kFields = {
          "time_zone",        "locale",          "categories",          "warn_below",
          "warn_above",       "block_below",     "block_above",         "who_may_record",
          "balances_visible", "starter_seconds", "smallest_count_shown"};
      UpdateSettings act;
      act.settings = Settings();
      if (dice_.OneIn(4)) act.settings.set_time_zone("Moon/Copernicus");
      act.time_zone_known = !dice_.OneIn(3);
      act.categories = Categories();
      std::vector<std::string> fields = kFields;
      for (size_t count = dice_.OneIn(30) ? 0 : 1 + dice_.Below(4); count > 0; --count) {
        const size_t at = dice_.Below(fields.size());
        act.mask.push_back(fields[at]);
        fields.erase(fields.begin() + static_cast<ptrdiff_t>(at));
      }
      if (dice_.OneIn(4) && bank != nullptr) {
        act.etag = std::to_string(bank->row.changed_at() + (dice_.OneIn(3) ? 1 : 0));
      }
      return act;
    }
  }
}

}  // namespace timebank::model
