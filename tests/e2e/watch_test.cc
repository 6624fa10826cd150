// The feed of a bank: in order, gap-free, taken up again where it was left.
#include <atomic>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "tests/e2e/feed.h"
#include "tests/e2e/service_fixture.h"

namespace timebank::e2e {
namespace {

using grpc::StatusCode;

class WatchTest : public ServiceTest {
 protected:
  static v1::WatchLedgerRequest RequestOf(const LiveBank& bank, const std::string& after = "") {
    v1::WatchLedgerRequest request;
    request.set_parent(bank.name());
    request.set_after_position(after);
    return request;
  }

  // Reads on until the event `last` has come; what came, in order.
  static std::vector<v1::LedgerEvent> ReadUntil(Feed& feed, int64_t last) {
    std::vector<v1::LedgerEvent> events;
    while (events.empty() || events.back().sequence() < last) {
      if (!feed.Next()) {
        ADD_FAILURE() << "the feed ended before event " << last;
        return events;
      }
      EXPECT_LE(feed.message().events_size(), 100);
      events.insert(events.end(), feed.message().events().begin(), feed.message().events().end());
    }
    return events;
  }

  static void ExpectDense(const std::vector<v1::LedgerEvent>& events, int64_t first) {
    for (size_t i = 0; i < events.size(); ++i) {
      ASSERT_EQ(events[i].sequence(), first + static_cast<int64_t>(i));
    }
  }
};

// Goal: a feed from the start tells everything that ListEvents tells, and then what happens.
TEST_F(WatchTest, FromTheStartAndOn) {
  LiveBank bank(wire_, "feeds", {"ana", "ben"});
  Feed feed(wire_, bank.name());
  const int64_t exchange = bank.Record("ben", "ana", kHour, As("ana"));
  ASSERT_TRUE(bank.Confirm(exchange, As("ben")).ok());
  ASSERT_TRUE(bank.Contest(exchange, As("ben")).ok());
  ASSERT_TRUE(bank.Settle(exchange, v1::SettleExchangeRequest::OUTCOME_REVERSED).ok());
  EXPECT_FALSE(bank.Reverse(exchange).ok());  // a refusal under a request id is an event as well
  const int64_t last = bank.Bank().last_sequence();
  const std::vector<v1::LedgerEvent> events = ReadUntil(feed, last);
  EXPECT_EQ(events.size(), static_cast<size_t>(last));
  ExpectDense(events, 1);
  EXPECT_TRUE(events[0].has_settings());
  EXPECT_TRUE(events[1].has_member());
  EXPECT_TRUE(events[static_cast<size_t>(exchange) - 1].has_exchange());
  EXPECT_TRUE(events[static_cast<size_t>(exchange)].has_confirmation());
  EXPECT_TRUE(events[static_cast<size_t>(exchange) + 1].has_contest());
  EXPECT_TRUE(events[static_cast<size_t>(exchange) + 2].has_settlement());
  EXPECT_EQ(events[static_cast<size_t>(exchange) + 3].exchange().reverses(), bank.NameOf(exchange));
  EXPECT_EQ(events.back().refusal().reason(), "ALREADY_REVERSED");
  const std::vector<v1::LedgerEvent> listed = bank.Events();
  ASSERT_EQ(listed.size(), events.size());
  for (size_t i = 0; i < events.size(); ++i) {
    EXPECT_EQ(listed[i].position(), events[i].position());
    EXPECT_EQ(listed[i].event_case(), events[i].event_case());
  }
}

// Goal: behind any event's position the feed goes on with the next one.
TEST_F(WatchTest, FromAPosition) {
  LiveBank bank(wire_, "positions", {"ana", "ben"});
  for (int i = 0; i < 20; ++i) bank.Record("ben", "ana", 1);
  const std::vector<v1::LedgerEvent> all = bank.Events();
  for (const size_t at : {size_t{0}, size_t{7}, all.size() - 2}) {
    Feed feed(wire_, RequestOf(bank, all[at].position()));
    const auto events = ReadUntil(feed, all.back().sequence());
    EXPECT_EQ(events.size(), all.size() - at - 1);
    ExpectDense(events, all[at].sequence() + 1);
  }
}

// Goal: who is several messages behind gets them one after the other, though nothing happens meanwhile that
// would wake the feed, and the heartbeat is later than the feed lasts.
TEST_F(WatchTest, CatchesUpWhileNothingHappens) {
  LiveBank bank(wire_, "behind", {"ana", "ben"});
  for (int i = 0; i < 350; ++i) bank.Record("ben", "ana", 1);
  v1::WatchLedgerRequest request = RequestOf(bank);
  request.mutable_heartbeat_interval()->set_seconds(60);
  Feed feed(wire_, request);
  const int64_t last = bank.Bank().last_sequence();
  const std::vector<v1::LedgerEvent> events = ReadUntil(feed, last);
  EXPECT_EQ(events.size(), static_cast<size_t>(last));
  ExpectDense(events, 1);
}

// Goal: while several connections write, a follower that is cut off again and again misses nothing.
TEST_F(WatchTest, GapFreeUnderWritesAndInterruptions) {
  LiveBank bank(wire_, "busy", {"ana", "ben"});
  constexpr int kWriters = 3;
  constexpr int kEach = 400;
  const int64_t last = bank.Bank().last_sequence() + kWriters * kEach;
  std::vector<v1::RecordExchangeRequest> requests;
  for (int i = 0; i < kWriters * kEach; ++i) requests.push_back(bank.Helped("ben", "ana", 1));
  std::vector<std::thread> writers;
  for (int w = 0; w < kWriters; ++w) {
    writers.emplace_back([&, w] {
      const Wire own(server().address());
      for (int i = 0; i < kEach; ++i) {
        const auto recorded = own.Call<v1::RecordExchangeResponse>(
            requests[static_cast<size_t>(w) * kEach + static_cast<size_t>(i)]);
        EXPECT_TRUE(recorded.ok()) << recorded;
      }
    });
  }
  std::string after;
  int64_t expected = 1;
  while (expected <= last) {
    Feed feed(wire_, RequestOf(bank, after));
    for (int messages = 0; messages < 20 && expected <= last && feed.Next(); ++messages) {
      for (const v1::LedgerEvent& event : feed.message().events()) ASSERT_EQ(event.sequence(), expected++);
      after = feed.message().position();
    }
    feed.Cancel();
    EXPECT_EQ(feed.End().code, StatusCode::CANCELLED);
  }
  for (std::thread& writer : writers) writer.join();
}

// Goal: nothing happening is told, too, with the position; and its interval has limits.
TEST_F(WatchTest, Heartbeats) {
  LiveBank bank(wire_, "quiet");
  v1::WatchLedgerRequest request = RequestOf(bank, bank.Bank().position());
  request.mutable_heartbeat_interval()->set_seconds(1);
  Feed feed(wire_, request);
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(feed.Next());
    EXPECT_EQ(feed.message().events_size(), 0);
    EXPECT_EQ(feed.message().position(), bank.Bank().position());
  }
  bank.AddMember("ana");
  ASSERT_TRUE(feed.Next());
  EXPECT_EQ(feed.message().events_size(), 1);
  for (const int64_t seconds : {0, 61, -1}) {
    request.mutable_heartbeat_interval()->set_seconds(seconds);
    EXPECT_THAT(Feed(wire_, request).End(), IsInvalid("heartbeat_interval", "OUT_OF_RANGE"));
  }
}

// Goal: what cannot be followed is refused with its reason.
TEST_F(WatchTest, Refusals) {
  LiveBank bank(wire_, "watched");
  EXPECT_THAT(Feed(wire_, "timebanks/nowhere").End(), IsRefused(StatusCode::NOT_FOUND, "TIMEBANK_NOT_FOUND"));
  EXPECT_THAT(Feed(wire_, RequestOf(bank, "nonsense")).End(), IsInvalid("after_position", "MALFORMED"));
  const LiveBank other(wire_, "watched-too");
  EXPECT_THAT(Feed(wire_, RequestOf(bank, other.Bank().position())).End(),
              IsInvalid("after_position", "MALFORMED"));
  const TempFolder folder;
  const auto elsewhere = ServerProcess::Start(folder.path());
  const Wire there(elsewhere->address());
  const LiveBank same_name(there, "watched");
  EXPECT_THAT(Feed(wire_, RequestOf(bank, same_name.Bank().position())).End(),
              IsRefused(StatusCode::OUT_OF_RANGE, "EPOCH_CHANGED"));
}

// Goal: a stopping server ends the feed with UNAVAILABLE; the next one takes it up where it was left.
TEST_F(WatchTest, SurvivesARestart) {
  const TempFolder folder;
  auto first = ServerProcess::Start(folder.path());
  std::string after;
  int64_t seen = 0;
  {
    const Wire wire(first->address());
    LiveBank bank(wire, "restarted", {"ana", "ben"});
    Feed feed(wire, bank.name());
    seen = ReadUntil(feed, bank.Record("ben", "ana", kHour)).back().sequence();
    after = feed.message().position();
    first->AskToStop();
    EXPECT_THAT(feed.End(), IsRefused(StatusCode::UNAVAILABLE, "SHUTTING_DOWN"));
    EXPECT_EQ(first->Stop(), 0);
  }
  const auto second = ServerProcess::Start(folder.path());
  const Wire wire(second->address());
  v1::WatchLedgerRequest request;
  request.set_parent("timebanks/restarted");
  request.set_after_position(after);
  Feed feed(wire, request);
  v1::CreateMemberRequest member;
  member.set_parent(request.parent());
  ASSERT_TRUE(wire.Call<v1::CreateMemberResponse>(member).ok());
  ASSERT_TRUE(feed.Next());
  EXPECT_EQ(feed.message().events(0).sequence(), seen + 1);
}

// Goal: nobody who follows a ledger that was put back is left waiting, or misses what came instead: beyond
// its end a position is refused at once, and known for a ledger that was put back every old one is.
TEST_F(WatchTest, ARestoredLedgerIsTold) {
  const TempFolder folder;
  const TempFolder copy;
  const auto request = [](const std::string& after) {
    v1::WatchLedgerRequest watch;
    watch.set_parent("timebanks/restored");
    watch.set_after_position(after);
    return watch;
  };
  auto server = ServerProcess::Start(folder.path());
  std::string kept;  // in the copy, too
  {
    const Wire wire(server->address());
    const LiveBank bank(wire, "restored", {"ana", "ben"});
    kept = bank.Bank().position();
    EXPECT_EQ(server->Stop(), 0);
  }
  std::filesystem::copy(folder.path() + "/data", copy.path() + "/data",
                        std::filesystem::copy_options::recursive);
  server = ServerProcess::Start(folder.path());
  v1::CreateMemberRequest member;
  member.set_parent("timebanks/restored");
  const auto lost = Wire(server->address()).Call<v1::CreateMemberResponse>(member);
  ASSERT_TRUE(lost.ok()) << lost;
  EXPECT_EQ(server->Stop(), 0);

  server = ServerProcess::Start(copy.path());
  {
    const Wire wire(server->address());
    EXPECT_THAT(Feed(wire, request(lost.reply.position())).End(),
                IsRefused(StatusCode::OUT_OF_RANGE, "EPOCH_CHANGED"));
    v1::ListEventsRequest list;
    list.set_parent("timebanks/restored");
    list.set_after_position(lost.reply.position());
    EXPECT_THAT(wire.Call<v1::ListEventsResponse>(list),
                IsRefused(StatusCode::OUT_OF_RANGE, "EPOCH_CHANGED"));
    Feed feed(wire, request(kept));
    ASSERT_TRUE(wire.Call<v1::CreateMemberResponse>(member).ok());
    ASSERT_TRUE(feed.Next()) << "a position that both have is taken up";
  }
  EXPECT_EQ(server->Stop(), 0);
  EXPECT_EQ(RunToEnd(ServerProgram(), {"restored", "--data", copy.path() + "/data"}).code, 0);
  server = ServerProcess::Start(copy.path());
  const Wire wire(server->address());
  EXPECT_THAT(Feed(wire, request(kept)).End(), IsRefused(StatusCode::OUT_OF_RANGE, "EPOCH_CHANGED"));
  Feed anew(wire, "timebanks/restored");
  ASSERT_TRUE(anew.Next());
  EXPECT_EQ(anew.message().events(0).sequence(), 1);
}

}  // namespace
}  // namespace timebank::e2e
