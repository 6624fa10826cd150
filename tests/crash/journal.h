// A bank's journal read from the first event to the last, checked in itself and against everything else that
// the server says of the bank.
//
// Threads: one.
#ifndef TIMEBANK_TESTS_CRASH_JOURNAL_H_
#define TIMEBANK_TESTS_CRASH_JOURNAL_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tests/support/wire.h"
#include "timebank/v1/ledger_service.pb.h"

namespace timebank::e2e {

class Journal {
 public:
  // Reads the journal of `bank` (its whole name). A test failure where its events are not 1, 2, 3, …, where
  // an entry does not sum to zero, or where a balance after a movement is not the one before plus the
  // movement.
  Journal(const Wire& wire, std::string bank);

  // Events by sequence number, from 1; null where there is none.
  const v1::LedgerEvent* At(int64_t sequence) const;
  int64_t last() const { return static_cast<int64_t>(events_.size()); }
  // Sequence numbers of the exchanges and members whose note begins with the word `mark`, in order.
  std::vector<int64_t> WithMark(const std::string& mark) const;

  // A test failure where the balance or the statement of an account, in order of record or by day of the
  // help, is not what the journal says, or where all balances are not zero together.
  void ExpectStatementsAgree(const Wire& wire) const;

 private:
  struct Movement {
    int64_t sequence;
    std::string day;
    int64_t seconds;
  };

  void Read(const Wire& wire);
  void Take(const v1::LedgerEvent& event);
  void ExpectStatementAgrees(const Wire& wire, const std::string& holder, std::vector<Movement> movements,
                             v1::DayBasis basis) const;

  const std::string bank_;
  std::vector<v1::LedgerEvent> events_;
  std::map<std::string, std::vector<Movement>> movements_;  // by holder, in order of record
  std::map<std::string, int64_t> balances_;
  std::map<std::string, std::vector<int64_t>> by_mark_;
};

}  // namespace timebank::e2e

#endif  // TIMEBANK_TESTS_CRASH_JOURNAL_H_
