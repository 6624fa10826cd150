// Pages, balances in the past, totals, positions.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <string>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include "server/services/tokens.h"
#include "tests/e2e/service_fixture.h"

namespace timebank::e2e {
namespace {

using grpc::StatusCode;

// Days that go back and forth.
std::string DayOf(int i) {
  char day[16];
  std::snprintf(day, sizeof day, "2024-%02d-%02d", 1 + i * 7 % 12, 1 + i * 5 % 28);
  return day;
}

class ReadingTest : public ServiceTest {
 protected:
  // Exchanges `first` to `last` from ben to ana, i seconds each.
  void Fill(LiveBank& bank, int first, int last) {
    v1::BatchRecordExchangesRequest batch;
    batch.set_parent(bank.name());
    batch.set_all_or_nothing(true);
    for (int i = first; i <= last; ++i) {
      v1::Exchange exchange = bank.Helped("ben", "ana", i).exchange();
      exchange.set_occurred_on(DayOf(i));
      exchange.set_category(i % 3 == 0 ? "garden" : "");
      *batch.add_exchanges() = exchange;
    }
    batch.set_request_id(bank.NewRequestId());
    const auto recorded = wire_.Call<v1::BatchRecordExchangesResponse>(batch);
    ASSERT_TRUE(recorded.ok()) << recorded;
  }

  // A whole statement, page by page, each going on with the balance where the one before ended; `between`
  // runs after the first page.
  std::vector<v1::StatementLine> Statement(v1::ListStatementLinesRequest request,
                                           const std::function<void()>& between = {}) {
    std::vector<v1::StatementLine> lines;
    std::string position;
    const bool up = request.order() == v1::LIST_ORDER_OLDEST_FIRST;
    int64_t reached = 0;
    for (bool first = true;; first = false) {
      const auto page = wire_.Call<v1::ListStatementLinesResponse>(request);
      EXPECT_TRUE(page.ok()) << page;
      if (!page.ok()) return lines;
      if (first) position = page.reply.position();
      EXPECT_EQ(page.reply.position(), position) << "a page token pins the position";
      CheckPage(page.reply, request.order());
      const int64_t opening = page.reply.opening_balance_seconds();
      const int64_t closing = page.reply.closing_balance_seconds();
      if (!first) {
        EXPECT_EQ(up ? opening : closing, reached) << "pages join";
      }
      reached = up ? closing : opening;
      lines.insert(lines.end(), page.reply.lines().begin(), page.reply.lines().end());
      if (page.reply.next_page_token().empty()) return lines;
      request.set_page_token(page.reply.next_page_token());
      if (first && between) between();
    }
  }

  // A page adds up: opening, line by line, closing.
  static void CheckPage(const v1::ListStatementLinesResponse& page, v1::ListOrder order) {
    std::vector<v1::StatementLine> lines(page.lines().begin(), page.lines().end());
    if (order != v1::LIST_ORDER_OLDEST_FIRST) std::reverse(lines.begin(), lines.end());
    int64_t balance = page.opening_balance_seconds();
    for (const v1::StatementLine& line : lines) {
      balance += line.seconds();
      EXPECT_EQ(line.balance_after_seconds(), balance) << line.exchange();
    }
    EXPECT_EQ(page.closing_balance_seconds(), balance);
  }
};

// Goal: a statement by day or by record, either way round, holds every movement once and in order, and the
// balance after each is right in that order; what is recorded meanwhile does not get in.
TEST_F(ReadingTest, StatementsPageByPage) {
  LiveBank bank(wire_, "statements", {"ana", "ben"});
  constexpr int kExchanges = 700;  // some pages of the store
  Fill(bank, 1, kExchanges);
  for (const v1::DayBasis basis : {v1::DAY_BASIS_OCCURRED, v1::DAY_BASIS_RECORDED}) {
    for (const v1::ListOrder order : {v1::LIST_ORDER_OLDEST_FIRST, v1::LIST_ORDER_NEWEST_FIRST}) {
      v1::ListStatementLinesRequest request;
      request.set_parent(bank.NameOf("ben"));
      request.set_basis(basis);
      request.set_order(order);
      request.set_page_size(97);
      const auto lines = Statement(request);
      ASSERT_EQ(lines.size(), static_cast<size_t>(kExchanges));
      std::vector<std::pair<std::string, int64_t>> got;
      for (const v1::StatementLine& line : lines) got.emplace_back(line.occurred_on(), line.seconds());
      std::vector<std::pair<std::string, int64_t>> expected;
      for (int i = 1; i <= kExchanges; ++i) expected.emplace_back(DayOf(i), i);
      if (basis == v1::DAY_BASIS_OCCURRED) std::sort(expected.begin(), expected.end());
      if (order == v1::LIST_ORDER_NEWEST_FIRST) std::reverse(expected.begin(), expected.end());
      EXPECT_EQ(got, expected) << basis << " " << order;
    }
  }
  // New entries arrive between the pages, on days before, within and behind what is being read.
  v1::ListStatementLinesRequest request;
  request.set_parent(bank.NameOf("ben"));
  request.set_page_size(300);
  int written = kExchanges;
  const auto lines = Statement(request, [&] {
    Fill(bank, written + 1, written + 50);
    written += 50;
  });
  EXPECT_EQ(lines.size(), static_cast<size_t>(kExchanges));
  EXPECT_EQ(Statement(request).size(), static_cast<size_t>(written));

  // A range, and one with nothing in it, begin and end with the right balance.
  request.set_start_day("2024-03-01");
  request.set_end_day("2024-03-31");
  int64_t before = 0;
  int64_t within = 0;
  for (int i = 1; i <= written; ++i) {
    (DayOf(i) < "2024-03-01" ? before : within) += DayOf(i) <= "2024-03-31" ? i : 0;
  }
  auto march = wire_.Call<v1::ListStatementLinesResponse>(request);
  EXPECT_EQ(march.reply.opening_balance_seconds(), before);
  EXPECT_EQ(march.reply.closing_balance_seconds(), before + within);
  request.set_start_day("2023-01-01");
  request.set_end_day("2023-12-31");
  march = wire_.Call<v1::ListStatementLinesResponse>(request);
  EXPECT_EQ(march.reply.lines_size(), 0);
  EXPECT_EQ(march.reply.opening_balance_seconds(), 0);
}

// Goal: the newest page, which is kept from one reader to the next, is what the statement begins with,
// however long it is, while lines come and notes go, before and after either is folded.
TEST(NewestPageTest, IsWhatTheStatementBeginsWith) {
  const TempFolder folder;
  const auto server = ServerProcess::Start(folder.path(), {"--flush-interval-seconds", "1"});
  ASSERT_NE(server, nullptr);
  const Wire wire(server->address());
  LiveBank bank(wire, "newest", {"ana", "ben", "eva"});
  int recorded = 0;
  const auto record = [&](std::string_view receiver) {
    v1::RecordExchangeRequest request = bank.Helped("ben", receiver, 60 + ++recorded);
    request.mutable_exchange()->set_occurred_on(DayOf(recorded));
    request.mutable_exchange()->set_note("note " + std::to_string(recorded));
    const auto done = wire.Call<v1::RecordExchangeResponse>(request);
    ASSERT_TRUE(done.ok()) << done;
  };
  const auto read = [&](int size) {
    v1::ListStatementLinesRequest request;
    request.set_parent(bank.NameOf("ben"));
    request.set_page_size(size);
    auto page = wire.Call<v1::ListStatementLinesResponse>(request);
    EXPECT_TRUE(page.ok()) << page;
    return page.reply;
  };
  const auto compare = [&] {
    const v1::ListStatementLinesResponse whole = read(300);  // longer than what is kept
    ASSERT_EQ(whole.lines_size(), recorded);
    for (const int size : {3, 50, 30, 3}) {
      const v1::ListStatementLinesResponse page = read(size);
      EXPECT_EQ(page.next_page_token().empty(), whole.lines_size() <= size);
      ASSERT_EQ(page.lines_size(), std::min(size, whole.lines_size()));
      for (int i = 0; i < page.lines_size(); ++i) {
        EXPECT_EQ(page.lines(i).SerializeAsString(), whole.lines(i).SerializeAsString()) << i;
      }
      EXPECT_EQ(page.closing_balance_seconds(), whole.closing_balance_seconds());
    }
  };
  compare();  // of nothing
  for (int i = 0; i < 20; ++i) record("ana");
  // The newest exchange that still has its note.
  const auto first_noted = [&](const v1::ListStatementLinesResponse& page) {
    for (const v1::StatementLine& line : page.lines()) {
      if (!line.note().empty()) return line.exchange();
    }
    return std::string();
  };
  for (int round = 0; round < 12; ++round) {
    compare();
    std::this_thread::sleep_for(std::chrono::milliseconds(300));  // most rounds see one fold
    compare();
    if (round % 3 == 0) {
      for (int i = 0; i < 20; ++i) record(i % 2 == 0 ? "ana" : "eva");
    } else if (round % 3 == 1) {
      v1::EraseExchangeNoteRequest erase;
      erase.set_name(first_noted(read(50)));
      erase.set_request_id(bank.NewRequestId());
      const auto erased = wire.Call<v1::EraseExchangeNoteResponse>(erase);
      ASSERT_TRUE(erased.ok()) << erased;
    }
  }
  EXPECT_EQ(server->Stop(), 0) << server->Logged();
}

// Goal: a note that was corrected along and then erased in one place is nowhere to be read, and the feed
// tells of each entry that lost it.
TEST_F(ReadingTest, AnErasedNoteIsNowhere) {
  LiveBank bank(wire_, "notes", {"ana", "ben", "carla"});
  v1::RecordExchangeRequest record = bank.Helped("ben", "ana", kHour);
  record.mutable_exchange()->set_note("her knee");
  const auto recorded = wire_.Call<v1::RecordExchangeResponse>(record);
  ASSERT_TRUE(recorded.ok()) << recorded;
  const int64_t original = recorded.reply.exchange().sequence();
  const auto corrected = bank.Correct(original, 2 * kHour);
  ASSERT_TRUE(corrected.ok()) << corrected;
  const int64_t replacement = corrected.reply.exchange().sequence();
  const auto all_there_is_to_read = [&] {
    std::string read = bank.Get(original).SerializeAsString() + bank.Get(replacement).SerializeAsString();
    v1::ListExchangesRequest exchanges;
    exchanges.set_parent(bank.name());
    read += wire_.Call<v1::ListExchangesResponse>(exchanges).reply.SerializeAsString();
    v1::ListStatementLinesRequest lines;
    lines.set_parent(bank.NameOf("ana"));
    read += wire_.Call<v1::ListStatementLinesResponse>(lines).reply.SerializeAsString();
    v1::ListEventsRequest events;
    events.set_parent(bank.name());
    return read + wire_.Call<v1::ListEventsResponse>(events).reply.SerializeAsString();
  };
  EXPECT_NE(all_there_is_to_read().find("her knee"), std::string::npos);
  const auto erased = wire_.Call<v1::EraseExchangeNoteResponse>(
      bank.About<v1::EraseExchangeNoteRequest>(original), As("ana"));
  ASSERT_TRUE(erased.ok()) << erased;
  EXPECT_EQ(erased.reply.exchange().sequence(), original);
  EXPECT_EQ(all_there_is_to_read().find("her knee"), std::string::npos);
  EXPECT_TRUE(bank.Get(replacement).note_erased());
  EXPECT_FALSE(bank.Get(corrected.reply.reversal().sequence()).note_erased());
  v1::ListEventsRequest events;
  events.set_parent(bank.name());
  std::vector<std::string> told;
  const auto happened = wire_.Call<v1::ListEventsResponse>(events);
  for (const auto& event : happened.reply.events()) {
    if (event.has_note_erasure()) told.push_back(event.note_erasure().exchange().name());
  }
  EXPECT_EQ(told, (std::vector{bank.NameOf(original), bank.NameOf(replacement)}));
}

// Goal: whoever has no exchange that stands has no day of a last one, merged records included, and is among
// those without an exchange since any day.
TEST_F(ReadingTest, WhatIsUndoneIsNoLastExchange) {
  LiveBank bank(wire_, "quiet", {"ana", "ben", "ben2"});
  const auto last = [&](const std::string& member) {
    v1::GetMemberRequest request;
    request.set_name(bank.NameOf(member));
    return wire_.Call<v1::GetMemberResponse>(request).reply.member().last_exchange_on();
  };
  const auto quiet = [&] {
    v1::ListMembersRequest request;
    request.set_parent(bank.name());
    request.set_state(v1::Member::STATE_ACTIVE);
    request.set_no_exchange_since("2024-01-01");
    std::vector<std::string> names;
    const auto listed = wire_.Call<v1::ListMembersResponse>(request);
    for (const auto& member : listed.reply.members()) {
      names.push_back(member.name());
    }
    return names;
  };
  const int64_t first = bank.Record("ben", "ana", kHour);
  const int64_t second = bank.Record("ben2", "ana", kHour);
  const std::string today = last("ana");
  EXPECT_NE(today, "");
  ASSERT_TRUE(bank.Reverse(first).ok());
  EXPECT_EQ(last("ben"), "");
  EXPECT_EQ(last("ana"), today);
  EXPECT_EQ(quiet(), std::vector{bank.NameOf("ben")});
  v1::MergeMemberRequest merge;
  merge.set_name(bank.NameOf("ben2"));
  merge.set_into(bank.NameOf("ben"));
  ASSERT_TRUE(wire_.Call<v1::MergeMemberResponse>(merge).ok());
  EXPECT_EQ(last("ben"), today);
  ASSERT_TRUE(bank.Reverse(second).ok());
  EXPECT_EQ(last("ben"), "") << "the reversal stands on the survivor's account";
  EXPECT_EQ(last("ana"), "");
  EXPECT_EQ(quiet(), (std::vector{bank.NameOf("ana"), bank.NameOf("ben")}));
}

// Goal: a token is good for the list that it came from, as it is, and for nothing else.
TEST_F(ReadingTest, PageTokens) {
  LiveBank bank(wire_, "tokens", {"ana", "ben"});
  Fill(bank, 1, 30);
  v1::ListExchangesRequest request;
  request.set_parent(bank.name());
  request.set_page_size(10);
  const auto page = wire_.Call<v1::ListExchangesResponse>(request);
  const std::string token = page.reply.next_page_token();
  ASSERT_NE(token, "");
  const auto bad = IsRefused(StatusCode::INVALID_ARGUMENT, "BAD_PAGE_TOKEN");
  request.set_page_token(token);
  request.set_page_size(20);
  EXPECT_EQ(wire_.Call<v1::ListExchangesResponse>(request).reply.exchanges_size(), 20)
      << "the size may change";
  request.set_category("garden");
  EXPECT_THAT(wire_.Call<v1::ListExchangesResponse>(request), bad) << "another filter";
  request.clear_category();
  for (const std::string& wrong : {token.substr(1), token + "A", std::string("x"), page.reply.position()}) {
    request.set_page_token(wrong);
    EXPECT_THAT(wire_.Call<v1::ListExchangesResponse>(request), bad) << wrong;
  }
  v1::ListEventsRequest events;
  events.set_parent(bank.name());
  events.set_after_position(token);
  EXPECT_THAT(wire_.Call<v1::ListEventsResponse>(events), IsInvalid("after_position", "MALFORMED"));
  v1::ListMembersRequest members;
  members.set_parent(bank.name());
  members.set_page_token(token);
  EXPECT_THAT(wire_.Call<v1::ListMembersResponse>(members), bad) << "another list";
  members.clear_page_token();
  members.set_page_size(-1);
  EXPECT_THAT(wire_.Call<v1::ListMembersResponse>(members), IsInvalid("page_size", "OUT_OF_RANGE"));
}

// Goal: nobody can make a token that leads where no page leads: not to the end of numbers, where a list would
// look for ever, nor to entries that a list does not tell of.
TEST_F(ReadingTest, PageTokensCannotBeMade) {
  LiveBank bank(wire_, "forged", {"ana", "ben"});
  Fill(bank, 1, 30);
  const auto bad = IsRefused(StatusCode::INVALID_ARGUMENT, "BAD_PAGE_TOKEN");
  v1::ListExchangesRequest exchanges;
  exchanges.set_parent(bank.name());
  exchanges.set_page_size(10);
  const auto page =
      services::DecodePage(wire_.Call<v1::ListExchangesResponse>(exchanges).reply.next_page_token());
  ASSERT_TRUE(page.has_value());
  for (const int64_t cursor : {int64_t{-1}, INT64_MIN, int64_t{0}, int64_t{5}, INT64_MAX}) {
    services::PageToken forged = *page;
    forged.cursor = cursor;
    exchanges.set_page_token(services::EncodePage(forged));
    EXPECT_THAT(wire_.Call<v1::ListExchangesResponse>(exchanges), bad) << cursor;
  }
  services::PageToken later = *page;
  later.position.sequence -= 1;
  exchanges.set_page_token(services::EncodePage(later));
  EXPECT_THAT(wire_.Call<v1::ListExchangesResponse>(exchanges), bad) << "another position";

  v1::UpdateSettingsRequest settings;
  settings.set_name(bank.name());
  settings.mutable_update_mask()->add_paths("starter_seconds");
  for (const int64_t seconds : {kHour, 2 * kHour}) {
    settings.mutable_settings()->set_starter_seconds(seconds);
    ASSERT_TRUE(wire_.Call<v1::UpdateSettingsResponse>(settings).ok());
  }
  v1::ListSettingsChangesRequest changes;
  changes.set_parent(bank.name());
  changes.set_page_size(1);
  const auto first =
      services::DecodePage(wire_.Call<v1::ListSettingsChangesResponse>(changes).reply.next_page_token());
  ASSERT_TRUE(first.has_value());
  services::PageToken forged = *first;
  forged.cursor = 5;
  changes.set_page_token(services::EncodePage(forged));
  EXPECT_THAT(wire_.Call<v1::ListSettingsChangesResponse>(changes), bad)
      << "an entry that is no change of settings";
}

// Goal: the exchanges of a bank are found by each filter, in pages, either way round.
TEST_F(ReadingTest, ListExchanges) {
  LiveBank bank(wire_, "lists", {"ana", "ben", "carla"});
  Fill(bank, 1, 60);
  const int64_t mine = bank.Record("carla", "ana", 7, As("carla"));
  ASSERT_TRUE(bank.Contest(mine, As("ana")).ok());
  const auto found = [&](const v1::ListExchangesRequest& filter) {
    v1::ListExchangesRequest request = filter;
    request.set_parent(bank.name());
    request.set_page_size(7);
    std::vector<int64_t> seconds;
    for (;;) {
      const auto page = wire_.Call<v1::ListExchangesResponse>(request);
      EXPECT_TRUE(page.ok()) << page;
      for (const v1::Exchange& exchange : page.reply.exchanges()) seconds.push_back(exchange.seconds());
      if (page.reply.next_page_token().empty()) return seconds;
      request.set_page_token(page.reply.next_page_token());
    }
  };
  v1::ListExchangesRequest filter;
  EXPECT_EQ(found(filter).size(), 61u);
  EXPECT_EQ(found(filter).front(), 7) << "newest first";
  filter.set_order(v1::LIST_ORDER_OLDEST_FIRST);
  EXPECT_EQ(found(filter).front(), 1);
  filter.set_category("Garden");
  EXPECT_EQ(found(filter).size(), 20u) << "case is not significant";
  filter.Clear();
  filter.set_holder(bank.NameOf("carla"));
  EXPECT_EQ(found(filter), std::vector<int64_t>{7});
  filter.Clear();
  filter.set_state(v1::Exchange::STATE_CONTESTED);
  EXPECT_EQ(found(filter), std::vector<int64_t>{7});
  filter.Clear();
  filter.set_recorded_by(bank.NameOf("carla"));
  EXPECT_EQ(found(filter), std::vector<int64_t>{7});
  filter.Clear();
  filter.set_kind(v1::Exchange::KIND_REVERSAL);
  EXPECT_TRUE(found(filter).empty());
  filter.Clear();
  filter.set_start_day("2024-06-01");
  filter.set_end_day("2024-06-30");
  size_t in_june = 0;
  for (int i = 1; i <= 60; ++i) in_june += DayOf(i).starts_with("2024-06");
  EXPECT_EQ(found(filter).size(), in_june);
}

// Goal: a balance now, at the end of a past day of either clock, and at a position.
TEST_F(ReadingTest, BalancesInThePast) {
  LiveBank bank(wire_, "past", {"ana", "ben"});
  Fill(bank, 1, 100);
  const std::string position = bank.Bank().position();
  const std::string today = bank.Bank().today();
  Fill(bank, 101, 150);
  v1::GetBalanceRequest request;
  request.set_name(bank.NameOf("ben"));
  const auto seconds = [&] { return wire_.Call<v1::GetBalanceResponse>(request).reply.balance().seconds(); };
  EXPECT_EQ(seconds(), 150 * 151 / 2);
  request.set_position(position);
  EXPECT_EQ(seconds(), 100 * 101 / 2);
  int64_t until_may = 0;
  for (int i = 1; i <= 150; ++i) until_may += DayOf(i) <= "2024-05-31" ? i : 0;
  request.set_on_day("2024-05-31");
  EXPECT_EQ(seconds(), until_may);
  request.set_basis(v1::DAY_BASIS_RECORDED);
  EXPECT_EQ(seconds(), 0) << "nothing had been recorded by then";
  request.set_on_day(today);
  EXPECT_EQ(seconds(), 150 * 151 / 2);
  request.set_on_day("2024-02-30");
  EXPECT_THAT(wire_.Call<v1::GetBalanceResponse>(request), IsInvalid("on_day", "MALFORMED"));
  request.set_position("nonsense");
  EXPECT_THAT(wire_.Call<v1::GetBalanceResponse>(request), IsInvalid("position", "MALFORMED"));
}

// Goal: a period's figures add up over each way of splitting them, and are the same for ever at their
// position.
TEST_F(ReadingTest, Totals) {
  LiveBank bank(wire_, "totals", {"ana", "ben"});
  Fill(bank, 1, 120);
  const int64_t undone = bank.Record("ben", "ana", kHour);
  ASSERT_TRUE(bank.Reverse(undone).ok());
  v1::GetTotalsRequest request;
  request.set_parent(bank.name());
  request.set_start_day("2024-01-01");
  request.set_end_day("2024-12-31");
  request.set_group_by(v1::GetTotalsRequest::GROUP_BY_MONTH);
  const auto months = wire_.Call<v1::GetTotalsResponse>(request);
  ASSERT_TRUE(months.ok()) << months;
  EXPECT_EQ(months.reply.total().seconds_given(), 120 * 121 / 2);
  EXPECT_EQ(months.reply.total().exchange_count(), 120);
  EXPECT_EQ(months.reply.total().givers(), 1);
  EXPECT_EQ(months.reply.total().givers_and_receivers(), 0);
  for (const auto group_by : {v1::GetTotalsRequest::GROUP_BY_MONTH, v1::GetTotalsRequest::GROUP_BY_CATEGORY,
                              v1::GetTotalsRequest::GROUP_BY_HOLDER_KIND}) {
    request.set_group_by(group_by);
    int64_t together = 0;
    const auto split = wire_.Call<v1::GetTotalsResponse>(request);
    for (const auto& group : split.reply.groups()) {
      together += group.seconds_given();
    }
    EXPECT_EQ(together, 120 * 121 / 2) << group_by;
  }
  Fill(bank, 121, 130);
  request.set_group_by(v1::GetTotalsRequest::GROUP_BY_MONTH);
  request.set_position(months.reply.position());
  EXPECT_EQ(wire_.Call<v1::GetTotalsResponse>(request).reply.DebugString(), months.reply.DebugString());
  request.clear_position();
  EXPECT_EQ(wire_.Call<v1::GetTotalsResponse>(request).reply.total().exchange_count(), 130);
}

// Goal: what a change answered with is in every read that asks for no less.
TEST_F(ReadingTest, MinPosition) {
  LiveBank bank(wire_, "minimum", {"ana", "ben"});
  const Wire other_connection(server().address());
  for (int i = 1; i <= 50; ++i) {
    const auto recorded = wire_.Call<v1::RecordExchangeResponse>(bank.Helped("ben", "ana", 1));
    ASSERT_TRUE(recorded.ok()) << recorded;
    v1::GetBalanceRequest request;
    request.set_name(bank.NameOf("ben"));
    const auto read = other_connection.Call<v1::GetBalanceResponse>(
        request, {.metadata = {{"timebank-min-position", recorded.reply.position()}}});
    EXPECT_EQ(read.reply.balance().seconds(), i);
  }
  v1::GetBalanceRequest request;
  request.set_name(bank.NameOf("ben"));
  EXPECT_THAT(wire_.Call<v1::GetBalanceResponse>(request, {.metadata = {{"timebank-min-position", "x"}}}),
              IsInvalid("timebank-min-position", "MALFORMED"));
}

}  // namespace
}  // namespace timebank::e2e
