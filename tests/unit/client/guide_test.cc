// The program texts of client/cpp/README.md: what stands between `snippet` and `end of snippet` stands there
// too.

// snippet: include
#include "client/cpp/client.h"
#include "client/cpp/error.h"

namespace tb = timebank::client;
namespace v1 = timebank::v1;
// end of snippet

#include <gmock/gmock.h>

#include <iostream>
#include <memory>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "client/cpp/mock_connection.h"

namespace {

using ::testing::ElementsAre;
using ::testing::Return;

absl::Status PrintMembers(tb::Client client) {
  // snippet: short
  auto recorded = client.RecordExchange("rushey", "ben", "ana", 5400);  // ben gave ana an hour and a half
  if (!recorded.ok()) std::cerr << tb::ErrorReason(recorded.status()) << "\n";

  v1::ListMembersRequest everybody;
  everybody.set_parent("timebanks/rushey");
  for (const absl::StatusOr<v1::Member>& member : client.ListMembers(everybody)) {
    if (!member.ok()) return member.status();
    std::cout << member->display_name() << "\n";
  }
  // end of snippet
  return absl::OkStatus();
}

// What an app keeps of the feed.
struct Kept {
  std::string position = "where-i-was";
  std::vector<int64_t> events;
};

absl::Status Follow(tb::Client client, Kept& kept) {
  // snippet: watch
  std::stop_source stop;  // stop.request_stop() from any thread
  v1::WatchLedgerRequest request;
  request.set_parent("timebanks/rushey");
  request.set_after_position(kept.position);
  const auto handle = [&](const v1::WatchLedgerResponse& message) {
    for (const v1::LedgerEvent& event : message.events()) kept.events.push_back(event.sequence());
    kept.position = message.position();  // together with the events, in one transaction
    return true;                         // false ends the watch
  };
  absl::Status ended = client.Watch(request, handle, stop.get_token());
  // end of snippet
  return ended;
}

// Goal: the short forms, over a connection that is away.
TEST(GuideTest, ShortForms) {
  // snippet: mock
  auto connection = std::make_shared<tb::MockConnection>();
  EXPECT_CALL(*connection, RecordExchange).WillOnce(Return(absl::UnavailableError("away")));
  tb::Client client(connection);
  // end of snippet
  EXPECT_CALL(*connection, ListMembers).WillOnce(Return(v1::ListMembersResponse()));
  EXPECT_TRUE(PrintMembers(client).ok());
}

// Goal: a follower goes on from what it kept, and keeps what it got.
TEST(GuideTest, Following) {
  auto connection = std::make_shared<tb::MockConnection>();
  std::string asked;
  EXPECT_CALL(*connection, WatchLedger)
      .WillOnce([&](const v1::WatchLedgerRequest& request, const tb::WatchCallback& callback, auto&&...) {
        asked = request.after_position();
        v1::WatchLedgerResponse message;
        message.add_events()->set_sequence(7);
        message.set_position("after-seven");
        EXPECT_TRUE(callback(message));
        return absl::OkStatus();
      });
  Kept kept;
  EXPECT_TRUE(Follow(tb::Client(connection), kept).ok());
  EXPECT_EQ(asked, "where-i-was");
  EXPECT_EQ(kept.position, "after-seven");
  EXPECT_THAT(kept.events, ElementsAre(7));
}

}  // namespace
