// Request bodies: what two requests have to share to be the same request.
#include "server/ledger/command.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/script.h"

namespace timebank::ledger {
namespace {

using Key = std::pair<std::string, std::string>;

Body BodyOfAct(Act act, std::string bank = "rushey") {
  Command command;
  command.bank = std::move(bank);
  command.act = std::move(act);
  return BodyOf(command);
}

RecordExchange With(void (*change)(ExchangeSpec&)) {
  RecordExchange act;
  act.exchange.givers = {{{HolderKind::kMember, "ana"}, std::nullopt}};
  act.exchange.receivers = {{{HolderKind::kMember, "ben"}, std::nullopt}};
  act.exchange.seconds = 3600;
  change(act.exchange);
  return act;
}

BatchRecordExchanges Batch(const std::vector<RecordExchange>& records, bool all_or_nothing) {
  BatchRecordExchanges batch;
  for (const RecordExchange& record : records) batch.items.push_back({record.exchange, {}});
  batch.all_or_nothing = all_or_nothing;
  return batch;
}

// Goal: bodies are unambiguous: requests that say different things have different bodies, however the words
// are cut and wherever a field ends and the next one begins.
TEST(CommandTest, DifferentRequestsHaveDifferentBodies) {
  using Spec = ExchangeSpec;
  std::vector<Act> acts = {
      With([](Spec&) {}),
      With([](Spec& s) { s.seconds = 3601; }),
      With([](Spec& s) { s.seconds = -3600; }),
      With([](Spec& s) { std::swap(s.givers, s.receivers); }),
      With([](Spec& s) { s.givers[0].seconds = 3600; }),
      With([](Spec& s) { s.givers[0].seconds = 0; }),
      With([](Spec& s) { s.givers[0].holder.kind = HolderKind::kCircle; }),
      With([](Spec& s) { s.givers.push_back(s.receivers[0]); }),
      With([](Spec& s) { s.givers.push_back(s.receivers[0]), s.receivers.clear(); }),
      With([](Spec& s) { s.receivers.insert(s.receivers.begin(), s.givers[0]), s.givers.clear(); }),
      With([](Spec& s) {
        s.remainder = {HolderKind::kMember, "ana"};
      }),
      With([](Spec& s) {
        s.acting_for = {HolderKind::kMember, "ana"};
      }),
      With([](Spec& s) { s.unnamed_givers = 1; }),
      With([](Spec& s) { s.unnamed_receivers = 1; }),
      With([](Spec& s) { s.occurred_on = 0; }),
      With([](Spec& s) { s.occurred_on = 1; }),
      With([](Spec& s) { s.category = "a"; }),
      With([](Spec& s) { s.note = "a"; }),
      With([](Spec& s) { s.note = "ab"; }),
      With([](Spec& s) { s.note = "a", s.decision = "b"; }),
      With([](Spec& s) { s.decision = "a"; }),
      With([](Spec& s) { s.tags = {"a"}; }),
      With([](Spec& s) { s.tags = {"ab"}; }),
      With([](Spec& s) {
        s.tags = {"a", "b"};
      }),
      With([](Spec& s) {
        s.tags = {"b", "a"};
      }),
      With([](Spec& s) { s.tags = {""}; }),
      With([](Spec& s) {
        s.tags = {"", ""};
      }),
      With([](Spec& s) { s.tags = {"a"}, s.decision = "b"; }),
      With([](Spec& s) { s.note = std::string("a\0", 2); }),
      With([](Spec& s) { s.note = std::string("n\0\0\0\0\0\0\0\0", 9); }),
      With([](Spec& s) {
        s.origin = OriginSpec{"oak", "1", "", 0};
      }),
      With([](Spec& s) {
        s.origin = OriginSpec{"oak1", "", "", 0};
      }),
      With([](Spec& s) {
        s.origin = OriginSpec{"oak", "", "1", 0};
      }),
      With([](Spec& s) {
        s.origin = OriginSpec{"oak", "1", "", 5};
      }),
      With([](Spec& s) {
        s.origin = OriginSpec{"", "", "", 0};
      }),
      BatchRecordExchanges(),
      Batch({With([](Spec&) {})}, false),
      Batch({With([](Spec&) {})}, true),
      Batch({With([](Spec&) {}), With([](Spec&) {})}, false),
  };
  // An item that was found wrong before the ledger was asked is another item.
  BatchRecordExchanges wrong = Batch({With([](Spec&) {})}, false);
  wrong.items[0].violations.push_back({"field", "REASON"});
  acts.emplace_back(wrong);
  Script bank;
  for (const char* line : {
           "gift ana -> ben 1h",
           "gift anab -> en 1h",
           "gift ana -> ben 1h for=ana",
           "opening ana 1h",
           "confirm 1",
           "confirm 1 for=ana",
           "erase_note 1",
           "reverse 1",
           "reverse 2",
           "reverse 1 because=a",
           "contest 1",
           "settle 1 stands",
           "settle 1 reversed",
           "correct 1",
           "correct 1 givers=-",
           "correct 1 receivers=-",
           "correct 1 seconds=0h",
           "correct 1 remainder=-",
           "correct 1 unnamed_givers=0",
           "correct 1 unnamed_receivers=0",
           "correct 1 on=1970-01-01",
           "correct 1 category=",
           "correct 1 note=",
           "correct 1 tags=",
           "correct 1 decision=",
           "member ana",
           "member ana no_starter",
           "member ana name=x",
           "member ana note=x",
           "update ana name=",
           "update ana note=",
           "update ana note= etag=4",
           "close ana",
           "close ana on=1970-01-01",
           "close ana to=ben",
           "close ana to=circles/ben",
           "reopen ana",
           "merge ana into ben",
           "merge anab into en",
           "circle a b,c",
           "circle a bc",
           "join a b",
           "leave a b",
           "join a b,c",
           "timebank a",
           "timebank a trial",
           "timebank a categories=x",
           "timebank a categories=x,y",
           "settings warn_below=0h",
           "settings warn_below=-",
           "settings warn_above=-",
           "settings warn_below=0h etag=1",
           "settings categories=",
           "settings categories=x",
       }) {
    const auto command = bank.Parse(line);
    ASSERT_TRUE(command.ok()) << command.status();
    acts.push_back(command->act);
  }
  std::map<Key, size_t> seen;
  for (size_t i = 0; i < acts.size(); ++i) {
    const Body body = BodyOfAct(acts[i]);
    const auto [other, is_new] = seen.emplace(Key(body.facts, body.texts), i);
    EXPECT_TRUE(is_new) << "acts " << other->second << " and " << i << " have one body";
  }
  const Body elsewhere = BodyOfAct(acts[0], "oak");
  EXPECT_TRUE(seen.emplace(Key(elsewhere.facts, elsewhere.texts), 0).second);
}

// Goal: words that can be erased stand among the texts alone, so that a fact's hash tells nothing of them.
TEST(CommandTest, FactsHoldNoErasableWords) {
  Script bank;
  for (const char* line : {
           "record ana -> ben 1h note=zebra tags=zebra decision=zebra origin=zebra/zebra",
           "gift ana -> ben 1h note=zebra tags=zebra decision=zebra origin=zebra/zebra",
           "opening ana 1h note=zebra origin=zebra/zebra",
           "correct 1 note=zebra tags=zebra decision=zebra because=zebra",
           "settle 1 corrected note=zebra because=zebra",
           "reverse 1 because=zebra",
           "contest 1 because=zebra",
           "member x name=zebra phones=zebra note=zebra external=zebra/zebra",
           "update x name=zebra phones=zebra note=zebra external=zebra/zebra",
       }) {
    const Body body = BodyOf(*bank.Parse(line));
    EXPECT_EQ(body.facts.find("zebra"), std::string::npos) << line;
    EXPECT_NE(body.texts.find("zebra"), std::string::npos) << line;
  }
}

// Goal: a request that says nothing erasable has no texts, whatever its number of fields; who calls, and
// when, is no part of a request.
TEST(CommandTest, WhatIsNoPartOfABody) {
  Script bank;
  EXPECT_EQ(BodyOf(*bank.Parse("record ana -> ben 1h")).texts, "");
  EXPECT_EQ(BodyOf(*bank.Parse("confirm 1")).texts, "");
  const Body body = BodyOf(*bank.Parse("record ana -> ben 1h note=x"));
  ASSERT_TRUE(bank.Run("later 5h").ok());
  const Body same = BodyOf(*bank.Parse("record ana -> ben 1h note=x as=ana key=other id=a"));
  EXPECT_EQ(body.facts, same.facts);
  EXPECT_EQ(body.texts, same.texts);
}

}  // namespace
}  // namespace timebank::ledger
