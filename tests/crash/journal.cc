#include "tests/crash/journal.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

namespace timebank::e2e {
namespace {

constexpr int kPage = 1000;

std::string MarkOf(const std::string& note) { return note.substr(0, note.find(' ')); }

}  // namespace

Journal::Journal(const Wire& wire, std::string bank) : bank_(std::move(bank)) {
  Read(wire);
  for (const v1::LedgerEvent& event : events_) Take(event);
}

void Journal::Read(const Wire& wire) {
  v1::ListEventsRequest request;
  request.set_parent(bank_);
  request.set_page_size(kPage);
  for (;;) {
    const auto page = wire.Call<v1::ListEventsResponse>(request);
    ASSERT_TRUE(page.ok()) << page;
    if (page.reply.events().empty()) break;
    events_.insert(events_.end(), page.reply.events().begin(), page.reply.events().end());
    request.set_after_position(page.reply.position());
  }
  v1::GetTimebankRequest get;
  get.set_name(bank_);
  EXPECT_EQ(wire.Call<v1::GetTimebankResponse>(get).reply.timebank().last_sequence(), last());
}

void Journal::Take(const v1::LedgerEvent& event) {
  ASSERT_EQ(event.sequence(), 1 + (&event - events_.data())) << "the journal has a gap";
  if (event.has_member()) by_mark_[MarkOf(event.member().note())].push_back(event.sequence());
  if (!event.has_exchange()) return;
  const v1::Exchange& exchange = event.exchange();
  by_mark_[MarkOf(exchange.note())].push_back(event.sequence());
  int64_t sum = 0;
  for (const v1::Movement& movement : exchange.movements()) {
    sum += movement.seconds();
    int64_t& balance = balances_[movement.holder()];
    balance += movement.seconds();
    EXPECT_EQ(movement.balance_after_seconds(), balance) << movement.holder() << " at " << exchange.name();
    movements_[movement.holder()].push_back({event.sequence(), exchange.occurred_on(), movement.seconds()});
  }
  EXPECT_EQ(sum, 0) << exchange.name() << " does not sum to zero";
}

const v1::LedgerEvent* Journal::At(int64_t sequence) const {
  return sequence < 1 || sequence > last() ? nullptr : &events_[static_cast<size_t>(sequence) - 1];
}

std::vector<int64_t> Journal::WithMark(const std::string& mark) const {
  const auto found = by_mark_.find(mark);
  return found == by_mark_.end() ? std::vector<int64_t>() : found->second;
}

void Journal::ExpectStatementsAgree(const Wire& wire) const {
  int64_t sum = 0;
  for (const auto& [holder, movements] : movements_) {
    v1::GetBalanceRequest request;
    request.set_name(holder);
    const auto balance = wire.Call<v1::GetBalanceResponse>(request);
    EXPECT_TRUE(balance.ok()) << balance;
    EXPECT_EQ(balance.reply.balance().seconds(), balances_.at(holder)) << holder;
    sum += balance.reply.balance().seconds();
    ExpectStatementAgrees(wire, holder, movements, v1::DAY_BASIS_RECORDED);
    ExpectStatementAgrees(wire, holder, movements, v1::DAY_BASIS_OCCURRED);
  }
  EXPECT_EQ(sum, 0);
}

void Journal::ExpectStatementAgrees(const Wire& wire, const std::string& holder,
                                    std::vector<Movement> movements, v1::DayBasis basis) const {
  if (basis == v1::DAY_BASIS_OCCURRED) {
    std::stable_sort(movements.begin(), movements.end(),
                     [](const Movement& a, const Movement& b) { return a.day < b.day; });
  }
  v1::ListStatementLinesRequest request;
  request.set_parent(holder);
  request.set_page_size(kPage);
  request.set_basis(basis);
  request.set_order(v1::LIST_ORDER_OLDEST_FIRST);
  size_t read = 0;
  int64_t balance = 0;
  do {
    const auto page = wire.Call<v1::ListStatementLinesResponse>(request);
    ASSERT_TRUE(page.ok()) << page;
    EXPECT_EQ(page.reply.opening_balance_seconds(), balance) << holder;
    for (const v1::StatementLine& line : page.reply.lines()) {
      ASSERT_LT(read, movements.size()) << holder << " has lines that the journal does not have";
      const Movement& expected = movements[read++];
      balance += expected.seconds;
      ASSERT_EQ(line.exchange(), bank_ + "/exchanges/" + std::to_string(expected.sequence)) << holder;
      ASSERT_EQ(line.seconds(), expected.seconds) << line.exchange();
      ASSERT_EQ(line.occurred_on(), expected.day) << line.exchange();
      ASSERT_EQ(line.balance_after_seconds(), balance) << line.exchange();
    }
    EXPECT_EQ(page.reply.closing_balance_seconds(), balance) << holder;
    request.set_page_token(page.reply.next_page_token());
  } while (!request.page_token().empty());
  EXPECT_EQ(read, movements.size()) << holder << " lacks lines that the journal has";
}

}  // namespace timebank::e2e
