// The front door, over the mock connection that users of the library test with too.
#include "client/cpp/client.h"

#include <gmock/gmock.h>

#include <memory>
#include <ranges>
#include <string>
#include <utility>
#include <vector>

#include "client/cpp/mock_connection.h"

namespace timebank::client {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Return;

static_assert(std::ranges::input_range<PageRange<v1::Member>>);

class ClientTest : public ::testing::Test {
 protected:
  std::shared_ptr<MockConnection> connection_ = std::make_shared<::testing::StrictMock<MockConnection>>();
  Client client_{connection_};
};

v1::ListMembersResponse MembersPage(const std::vector<std::string>& names, const std::string& next) {
  v1::ListMembersResponse page;
  for (const std::string& name : names) page.add_members()->set_name(name);
  page.set_next_page_token(next);
  return page;
}

// What a range told: names, and the text of an error.
std::vector<std::string> Told(PageRange<v1::Member> range) {
  std::vector<std::string> told;
  for (const absl::StatusOr<v1::Member>& member : range) {
    told.push_back(member.ok() ? member->name() : std::string(member.status().message()));
  }
  return told;
}

// Goal: the short form sends the whole request.
TEST_F(ClientTest, RecordExchangeInThreeWords) {
  v1::RecordExchangeRequest sent;
  EXPECT_CALL(*connection_, RecordExchange)
      .WillOnce([&](v1::RecordExchangeRequest request, const CallOptions&) {
        sent = std::move(request);
        return v1::RecordExchangeResponse();
      });

  EXPECT_TRUE(client_.RecordExchange("rushey", "ben", "members/ana", 5400).ok());

  EXPECT_EQ(sent.parent(), "timebanks/rushey");
  ASSERT_EQ(sent.exchange().givers_size(), 1);
  EXPECT_EQ(sent.exchange().givers(0).holder(), "timebanks/rushey/members/ben");
  ASSERT_EQ(sent.exchange().receivers_size(), 1);
  EXPECT_EQ(sent.exchange().receivers(0).holder(), "timebanks/rushey/members/ana");
  EXPECT_EQ(sent.exchange().seconds(), 5400);
  EXPECT_EQ(sent.request_id(), "");  // The connection's work.
}

// Goal: the other short forms fill in their requests.
TEST_F(ClientTest, OtherShortForms) {
  EXPECT_CALL(*connection_, GetBalance)
      .WillOnce([](const v1::GetBalanceRequest& request, const CallOptions&) {
        EXPECT_EQ(request.name(), "timebanks/rushey/pots/community");
        return v1::GetBalanceResponse();
      });
  EXPECT_CALL(*connection_, CreateMember)
      .WillOnce([](const v1::CreateMemberRequest& request, const CallOptions&) {
        EXPECT_EQ(request.parent(), "timebanks/rushey");
        EXPECT_EQ(request.member_id(), "ana");
        EXPECT_EQ(request.member().display_name(), "Ana");
        return v1::CreateMemberResponse();
      });
  EXPECT_CALL(*connection_, CreateTimebank)
      .WillOnce([](const v1::CreateTimebankRequest& request, const CallOptions&) {
        EXPECT_EQ(request.timebank_id(), "rushey");
        EXPECT_EQ(request.timebank().display_name(), "Rushey Green");
        return v1::CreateTimebankResponse();
      });

  EXPECT_TRUE(client_.GetBalance("rushey", "pots/community").ok());
  EXPECT_TRUE(client_.CreateMember("rushey", "ana", "Ana").ok());
  EXPECT_TRUE(client_.CreateTimebank("rushey", "Rushey Green").ok());
}

// Goal: a list goes through all pages, an empty one in the middle included, and keeps the filters on each.
TEST_F(ClientTest, AListGoesThroughAllPages) {
  std::vector<std::string> tokens;
  EXPECT_CALL(*connection_, ListMembers)
      .Times(3)
      .WillRepeatedly([&](const v1::ListMembersRequest& request, const CallOptions&) {
        EXPECT_EQ(request.query(), "garden");
        tokens.push_back(request.page_token());
        return tokens.size() == 1   ? MembersPage({"ana", "ben"}, "t1")
               : tokens.size() == 2 ? MembersPage({}, "t2")
                                    : MembersPage({"cleo"}, "");
      });
  v1::ListMembersRequest request;
  request.set_query("garden");

  EXPECT_THAT(Told(client_.ListMembers(request)), ElementsAre("ana", "ben", "cleo"));

  EXPECT_THAT(tokens, ElementsAre("", "t1", "t2"));
}

// Goal: an error in the middle comes in its place, after what was read, and ends the list.
TEST_F(ClientTest, AnErrorEndsAList) {
  EXPECT_CALL(*connection_, ListMembers)
      .WillOnce(Return(MembersPage({"ana", "ben"}, "t1")))
      .WillOnce(Return(absl::UnavailableError("away")));

  EXPECT_THAT(Told(client_.ListMembers({})), ElementsAre("ana", "ben", "away"));
}

// Goal: nothing is fetched before it is needed.
TEST_F(ClientTest, PagesAreFetchedWhenNeeded) {
  EXPECT_CALL(*connection_, ListMembers).Times(0);
  PageRange<v1::Member> members = client_.ListMembers({});
  ::testing::Mock::VerifyAndClearExpectations(connection_.get());

  EXPECT_CALL(*connection_, ListMembers).WillOnce(Return(MembersPage({"ana", "ben"}, "t1")));
  auto it = members.begin();
  EXPECT_EQ((*it)->name(), "ana");
  ++it;
  EXPECT_EQ((*it)->name(), "ben");
}

// Goal: a server that says that a page is followed by itself cannot keep a list going for ever.
TEST_F(ClientTest, AListThatWouldNeverEndEnds) {
  EXPECT_CALL(*connection_, ListMembers).Times(2).WillRepeatedly(Return(MembersPage({"ana"}, "t1")));

  const std::vector<std::string> told = Told(client_.ListMembers({}));

  ASSERT_EQ(told.size(), 2u);
  EXPECT_THAT(told[1], ::testing::HasSubstr("never end"));
}

// Goal: neither can one whose events lead nowhere.
TEST_F(ClientTest, EventsThatWouldNeverEndEnd) {
  v1::ListEventsResponse page;
  page.add_events();
  page.set_position("p1");
  EXPECT_CALL(*connection_, ListEvents).WillOnce(Return(page));
  v1::ListEventsRequest request;
  request.set_after_position("p1");

  int errors = 0;
  for (const absl::StatusOr<v1::LedgerEvent>& event : client_.ListEvents(request))
    errors += event.ok() ? 0 : 1;

  EXPECT_EQ(errors, 1);
}

// Goal: a bank without members is an empty list, not an error.
TEST_F(ClientTest, AnEmptyListIsEmpty) {
  EXPECT_CALL(*connection_, ListMembers).WillOnce(Return(MembersPage({}, "")));

  EXPECT_THAT(Told(client_.ListMembers({})), IsEmpty());
}

// Goal: a list lives on when its Client and everybody else's hold on the connection are gone.
TEST_F(ClientTest, AListOutlivesItsClient) {
  EXPECT_CALL(*connection_, ListMembers).WillOnce(Return(MembersPage({"ana"}, "")));
  PageRange<v1::Member> members = Client(std::exchange(connection_, nullptr)).ListMembers({});
  client_ = Client(nullptr);

  EXPECT_THAT(Told(std::move(members)), ElementsAre("ana"));
}

// Goal: events are followed page after page, each from the position of the one before, until there are no
// more.
TEST_F(ClientTest, EventsAreReadUpToThePresent) {
  std::vector<std::string> positions;
  EXPECT_CALL(*connection_, ListEvents)
      .Times(3)
      .WillRepeatedly([&](const v1::ListEventsRequest& request, const CallOptions&) {
        positions.push_back(request.after_position());
        v1::ListEventsResponse page;
        const auto pages = static_cast<std::int64_t>(positions.size());
        if (pages <= 2) page.add_events()->set_sequence(pages);
        page.set_position("p" + std::to_string(std::min<std::int64_t>(pages, 2)));
        return page;
      });

  std::vector<std::int64_t> sequences;
  for (const absl::StatusOr<v1::LedgerEvent>& event : client_.ListEvents({})) {
    ASSERT_TRUE(event.ok());
    sequences.push_back(event->sequence());
  }

  EXPECT_THAT(sequences, ElementsAre(1, 2));
  EXPECT_THAT(positions, ElementsAre("", "p1", "p2"));
}

// Goal: each of the other lists reads its own items.
TEST_F(ClientTest, EveryListReadsItsItems) {
  v1::ListExchangesResponse exchanges;
  exchanges.add_exchanges()->set_name("x");
  v1::ListStatementLinesResponse lines;
  lines.add_lines()->set_exchange("x");
  v1::ListCirclesResponse circles;
  circles.add_circles()->set_name("c");
  v1::ListTimebanksResponse timebanks;
  timebanks.add_timebanks()->set_name("t");
  v1::ListSettingsChangesResponse changes;
  changes.add_changes()->set_sequence(1);
  EXPECT_CALL(*connection_, ListExchanges).WillOnce(Return(exchanges));
  EXPECT_CALL(*connection_, ListStatementLines).WillOnce(Return(lines));
  EXPECT_CALL(*connection_, ListCircles).WillOnce(Return(circles));
  EXPECT_CALL(*connection_, ListTimebanks).WillOnce(Return(timebanks));
  v1::ListKeysResponse keys;
  keys.add_keys()->set_name("k");
  EXPECT_CALL(*connection_, ListSettingsChanges).WillOnce(Return(changes));
  EXPECT_CALL(*connection_, ListKeys).WillOnce(Return(keys));
  v1::ListActsResponse acts;
  acts.add_acts()->set_sequence(7);
  EXPECT_CALL(*connection_, ListActs).WillOnce(Return(acts));

  EXPECT_EQ((*client_.ListExchanges({}).begin())->name(), "x");
  EXPECT_EQ((*client_.ListStatementLines({}).begin())->exchange(), "x");
  EXPECT_EQ((*client_.ListCircles({}).begin())->name(), "c");
  EXPECT_EQ((*client_.ListTimebanks().begin())->name(), "t");
  EXPECT_EQ((*client_.ListSettingsChanges({}).begin())->sequence(), 1);
  EXPECT_EQ((*client_.ListKeys({}).begin())->name(), "k");
  EXPECT_EQ((*client_.ListActs({}).begin())->sequence(), 7);
}

// Goal: a raw page shows what the range has no place for.
TEST_F(ClientTest, AStatementPageHasItsBalances) {
  v1::ListStatementLinesResponse page;
  page.set_opening_balance_seconds(-3600);
  EXPECT_CALL(*connection_, ListStatementLines).WillOnce(Return(page));

  const auto response = client_.ListStatementLinesPage({});

  ASSERT_TRUE(response.ok());
  EXPECT_EQ(response->opening_balance_seconds(), -3600);
}

}  // namespace
}  // namespace timebank::client
