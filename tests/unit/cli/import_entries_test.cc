#include "client/cli/import_entries.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/unit/cli/fake_bank.h"

namespace timebank::cli {
namespace {

using imports::ImportedEntry;
using imports::ImportedHolder;
using ::testing::_;
using ::testing::ElementsAre;
using ::testing::InSequence;
using ::testing::NiceMock;
using ::testing::Return;

constexpr char kBank[] = "timebanks/rushey";

class ImportEntriesTest : public ::testing::Test {
 protected:
  EntryPoster Poster(bool commit) {
    return EntryPoster(
        client::Client(connection_),
        {.bank = kBank,
         .commit = commit,
         .name_of =
             [](const ImportedHolder& holder) { return absl::StrCat(kBank, "/members/", holder.number); },
         .exists = [this](const ImportedHolder&) { return exists_; },
         .on_result =
             [this](const ImportedEntry& entry, const EntryResult& result) {
               static const char* const kWords[] = {"new", "known", "refused"};
               told_.push_back(absl::StrCat(entry.origin.number, " ",
                                            kWords[static_cast<int>(result.outcome)],
                                            result.sequence == 0 ? "" : absl::StrCat(" ", result.sequence),
                                            result.why.ok() ? "" : " why"));
               return absl::OkStatus();
             }});
  }
  static ImportedEntry Entry(ImportedEntry::Kind kind, const std::string& number) {
    ImportedEntry entry;
    entry.kind = kind;
    entry.origin = {"timebank", number, "members/ana", absl::FromUnixSeconds(7)};
    entry.reverses = {"ces", "77", "", absl::InfinitePast()};
    entry.seconds = 60;
    entry.debited.number = "ana";
    entry.credited.number = "ben";
    entry.givers = {{{ImportedHolder::Kind::kMember, "ana"}, 60},
                    {{ImportedHolder::Kind::kMember, "ben"}, 90}};
    entry.receivers = {{{ImportedHolder::Kind::kMember, "carla"}, 150}};
    entry.reason = "why";
    return entry;
  }
  static absl::Status Recorded() {
    return ServiceError(absl::StatusCode::kAlreadyExists, "ORIGIN_RECORDED",
                        {{"exchange", "timebanks/rushey/exchanges/17"}});
  }
  void HasExchange17(const std::string& reversed_by) {
    EXPECT_CALL(*connection_, RecordExchange).WillRepeatedly(Return(Recorded()));
    v1::GetExchangeResponse response;
    response.mutable_exchange()->set_reversed_by(reversed_by);
    EXPECT_CALL(*connection_, GetExchange).WillRepeatedly(Return(response));
  }

  std::shared_ptr<NiceMock<client::MockConnection>> connection_ =
      std::make_shared<NiceMock<client::MockConnection>>();
  bool exists_ = true;
  std::vector<std::string> told_;
};

// Goal: exchanges go together, shares and origin as they were; what must stand behind them waits for them.
TEST_F(ImportEntriesTest, KeepsTheOrder) {
  const InSequence order;
  EXPECT_CALL(*connection_, BatchRecordExchanges)
      .WillOnce([](const v1::BatchRecordExchangesRequest& request, auto&) {
        EXPECT_EQ(request.exchanges_size(), 2);
        const v1::Exchange& exchange = request.exchanges(1);
        EXPECT_EQ(exchange.givers(1).holder(), "timebanks/rushey/members/ben");
        EXPECT_EQ(exchange.givers(1).seconds(), 90);
        EXPECT_EQ(exchange.receivers(0).seconds(), 150);
        EXPECT_EQ(exchange.origin().number(), "2");
        EXPECT_EQ(exchange.origin().recorded_by(), "members/ana");
        EXPECT_EQ(exchange.origin().record_time().seconds(), 7);
        v1::BatchRecordExchangesResponse response;
        EXPECT_FALSE(request.validate_only());
        response.add_results()->set_sequence(21);
        response.add_results()->mutable_status()->set_code(
            static_cast<int>(absl::StatusCode::kInvalidArgument));
        return response;
      });
  EXPECT_CALL(*connection_, RecordGift).WillOnce([](const v1::RecordGiftRequest& request, auto&) {
    EXPECT_EQ(request.debited(), "timebanks/rushey/members/ana");
    EXPECT_EQ(request.origin().number(), "3");
    EXPECT_FALSE(request.validate_only());
    return Recorded();
  });
  EXPECT_CALL(*connection_, RecordOpening).WillOnce(Return(v1::RecordOpeningResponse()));
  EntryPoster poster = Poster(true);
  ASSERT_TRUE(poster.Take(Entry(ImportedEntry::Kind::kExchange, "1")).ok());
  ASSERT_TRUE(poster.Take(Entry(ImportedEntry::Kind::kExchange, "2")).ok());
  ASSERT_TRUE(poster.Take(Entry(ImportedEntry::Kind::kGift, "3")).ok());
  ASSERT_TRUE(poster.Take(Entry(ImportedEntry::Kind::kOpening, "4")).ok());
  ASSERT_TRUE(poster.Flush().ok());
  EXPECT_THAT(told_, ElementsAre("1 new 21", "2 refused why", "3 known 17", "4 new"));
}

// Goal: no call is longer than the server takes, in shares or in bytes.
TEST_F(ImportEntriesTest, CallsStayBelowTheServersLimits) {
  std::vector<int> sizes;
  EXPECT_CALL(*connection_, BatchRecordExchanges)
      .WillRepeatedly([&sizes](const v1::BatchRecordExchangesRequest& request, auto&) {
        int shares = 0;
        for (const v1::Exchange& exchange : request.exchanges()) {
          shares += exchange.givers_size() + exchange.receivers_size();
        }
        EXPECT_LE(shares, 65'536);
        EXPECT_LT(request.ByteSizeLong(), 12'582'912u);
        sizes.push_back(request.exchanges_size());
        v1::BatchRecordExchangesResponse response;
        for (int i = 0; i < request.exchanges_size(); ++i) response.add_results();
        return response;
      });
  ImportedEntry many = Entry(ImportedEntry::Kind::kExchange, "1");
  many.givers.assign(9'999, many.givers.front());
  EntryPoster poster = Poster(true);
  for (int i = 0; i < 7; ++i) ASSERT_TRUE(poster.Take(many).ok());
  ASSERT_TRUE(poster.Flush().ok());
  EXPECT_THAT(sizes, ElementsAre(6, 1));
  sizes.clear();
  ImportedEntry large = Entry(ImportedEntry::Kind::kExchange, "1");
  large.note.assign(size_t{3} << 20, 'x');
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(poster.Take(large).ok());
  ASSERT_TRUE(poster.Flush().ok());
  EXPECT_THAT(sizes, ElementsAre(2, 2, 1));
}

// Goal: a reversal finds what it undoes by that entry's origin, and is tried once only.
TEST_F(ImportEntriesTest, Reversals) {
  HasExchange17("");
  EXPECT_CALL(*connection_, ReverseExchange).WillOnce([](const v1::ReverseExchangeRequest& request, auto&) {
    EXPECT_EQ(request.name(), "timebanks/rushey/exchanges/17");
    EXPECT_EQ(request.reason(), "why");
    v1::ReverseExchangeResponse response;
    response.mutable_exchange()->set_sequence(18);
    return response;
  });
  EntryPoster poster = Poster(true);
  ASSERT_TRUE(poster.Take(Entry(ImportedEntry::Kind::kReversal, "1")).ok());
  EXPECT_THAT(told_, ElementsAre("1 new 18"));
}

TEST_F(ImportEntriesTest, KnownReversalsAreNotTried) {
  HasExchange17("timebanks/rushey/exchanges/18");
  EXPECT_CALL(*connection_, ReverseExchange).Times(0);
  EntryPoster poster = Poster(true);
  ASSERT_TRUE(poster.Take(Entry(ImportedEntry::Kind::kReversal, "1")).ok());
  EXPECT_THAT(told_, ElementsAre("1 known 18"));
}

// Goal: a reversal of what is not there is told, and changes nothing.
TEST_F(ImportEntriesTest, ReversalOfNothing) {
  EXPECT_CALL(*connection_, RecordExchange).WillOnce([](const v1::RecordExchangeRequest& request, auto&) {
    EXPECT_TRUE(request.validate_only());
    EXPECT_EQ(request.exchange().origin().number(), "77");
    return v1::RecordExchangeResponse();
  });
  EXPECT_CALL(*connection_, ReverseExchange).Times(0);
  EntryPoster poster = Poster(true);
  ASSERT_TRUE(poster.Take(Entry(ImportedEntry::Kind::kReversal, "1")).ok());
  EXPECT_THAT(told_, ElementsAre("1 refused why"));
}

// Goal: a dry run changes nothing, and asks nothing about whoever is still to be added.
TEST_F(ImportEntriesTest, DryRun) {
  EXPECT_CALL(*connection_, RecordOpening).Times(0);
  EXPECT_CALL(*connection_, MergeMember).Times(0);
  EXPECT_CALL(*connection_, BatchRecordExchanges)
      .WillOnce([](const v1::BatchRecordExchangesRequest& request, auto&) {
        EXPECT_TRUE(request.validate_only());
        EXPECT_EQ(request.exchanges_size(), 1);
        v1::BatchRecordExchangesResponse response;
        response.add_results();
        return response;
      });
  EXPECT_CALL(*connection_, RecordExchange).WillOnce([](const v1::RecordExchangeRequest& request, auto&) {
    EXPECT_TRUE(request.validate_only());
    return Recorded();
  });
  EntryPoster poster = Poster(false);
  exists_ = false;
  ASSERT_TRUE(poster.Take(Entry(ImportedEntry::Kind::kExchange, "1")).ok());
  exists_ = true;
  ASSERT_TRUE(poster.Take(Entry(ImportedEntry::Kind::kExchange, "2")).ok());
  ASSERT_TRUE(poster.Take(Entry(ImportedEntry::Kind::kOpening, "3")).ok());
  EXPECT_EQ(*poster.Merge("timebanks/rushey/members/ana", "timebanks/rushey/members/ben"),
            EntryOutcome::kNew);
  EXPECT_THAT(told_, ElementsAre("1 new", "2 new", "3 known 17"));
}

// Goal: members who are one already are not merged again.
TEST_F(ImportEntriesTest, Merges) {
  EXPECT_CALL(*connection_, GetMember).WillRepeatedly([](const v1::GetMemberRequest& request, auto&) {
    v1::GetMemberResponse response;
    const bool merged = request.name() == "timebanks/rushey/members/ben2";
    response.mutable_member()->set_name(merged ? "timebanks/rushey/members/ben" : request.name());
    return response;
  });
  EXPECT_CALL(*connection_, MergeMember(_, _)).WillOnce(Return(v1::MergeMemberResponse()));
  EntryPoster poster = Poster(true);
  EXPECT_EQ(*poster.Merge("timebanks/rushey/members/ben2", "timebanks/rushey/members/ben"),
            EntryOutcome::kKnown);
  EXPECT_EQ(*poster.Merge("timebanks/rushey/members/ana", "timebanks/rushey/members/ben"),
            EntryOutcome::kNew);
}

}  // namespace
}  // namespace timebank::cli
