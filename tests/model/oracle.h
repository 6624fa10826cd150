// The rules a second time: what the API's contract says, as plainly as it can be written.
//
// Everything is a vector or a map in memory; questions are answered by going through them. Nothing is shared
// with server/ledger but the words in which commands and answers are told (command.h, refusal.h, Outcome) and
// the messages in which records are kept. Where the contract leaves something open, README.md in this folder
// says what is taken for right.
//
// Threads: one.
#ifndef TIMEBANK_TESTS_MODEL_ORACLE_H_
#define TIMEBANK_TESTS_MODEL_ORACLE_H_

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/ledger/command.h"
#include "server/ledger/execute.h"
#include "server/ledger/refusal.h"
#include "storage/types.h"
#include "tests/model/describe.h"
#include "timebank/storage/v1/entry.pb.h"
#include "timebank/storage/v1/rows.pb.h"

namespace timebank::model {

using storage::AccountNumber;
using storage::BankNumber;
using storage::Day;
using storage::Sequence;

// One account, by all that moved it.
struct Account {
  storage::Sums sums;
  int64_t contested = 0;
  Day last_exchange_on = storage::kNoDay;
  std::vector<Sequence> moved_by;  // entries, in order

  bool touched() const { return !moved_by.empty() || contested != 0; }
};

// The words of one entry.
struct Words {
  storage::v1::Texts texts;
  bool note_erased = false;
  std::optional<std::pair<std::string, std::string>> request;  // whose texts these are
};

// What was asked under a request id, and what became of it.
struct Remembered {
  RequestBody body;
  bool texts_erased = false;
  int64_t time_us = 0;
  ledger::Outcome outcome;
};

// Within what an agent may act for a member, and how much of it is used.
struct Grant {
  Sequence entry = 0;
  std::optional<int64_t> seconds_per_month;
  std::optional<Day> until;
  uint32_t month = 0;  // of record, year * 100 + month: that of `used`
  int64_t used = 0;
  Sequence counted_from = 0;  // the first entry that counts in `used`
};

// One bank. Rows of members, circles and categories stand under their number less one, entries under their
// sequence number less one.
struct Bank {
  BankNumber number = 0;
  std::string secret;
  storage::v1::BankRow row;  // without it
  std::vector<storage::v1::MemberRow> members;
  std::vector<storage::v1::CircleRow> circles;
  std::vector<std::string> categories;
  std::vector<std::string> keys;

  std::vector<storage::v1::Entry> entries;  // without text_commitment
  std::map<Sequence, Words> words;
  std::map<Sequence, storage::v1::MarkRow> marks;
  std::map<AccountNumber, Account> accounts;
  std::map<std::pair<AccountNumber, AccountNumber>, Grant> grants;  // (member, agent)
  std::map<Day, Sequence> first_of_day;                             // of record
  int64_t last_record_time_us = 0;

  std::map<std::pair<std::string, std::string>, Sequence> origins;            // (system, number)
  std::map<std::pair<std::string, std::string>, AccountNumber> external_ids;  // (system, number)
  std::map<std::pair<std::string, std::string>, Remembered> requests;         // (owner, request id)

  Sequence last_sequence() const { return entries.size(); }
  const storage::v1::Entry& entry(Sequence sequence) const { return entries.at(sequence - 1); }
  // 0: there is none.
  AccountNumber MemberNamed(std::string_view id) const;  // as created, merged or not
  AccountNumber CircleNamed(std::string_view id) const;
  AccountNumber Survivor(AccountNumber account) const;  // where merged members' hours are now
  const storage::v1::MemberRow& member(AccountNumber account) const;
  const storage::v1::CircleRow& circle(AccountNumber account) const;
  storage::v1::MarkRow MarkOf(Sequence sequence) const;  // RECORDED where nothing was said
};

class Oracle {
 public:
  // What is wrong with a command that nobody has asked a ledger about yet, in order of the request's fields.
  static std::vector<ledger::Violation> Validate(const ledger::Command& command);
  static std::vector<ledger::Violation> ValidateExchange(const ledger::ExchangeSpec& exchange,
                                                         const ledger::Stamp& stamp, const std::string& path);

  // What becomes of a command that is valid by itself.
  ledger::Outcome Execute(const ledger::Command& command);

  const std::map<BankNumber, Bank>& banks() const { return banks_; }
  const Bank* Find(std::string_view id) const;  // nullptr: there is none

  // Adds what no command can: an opening so large that sums are near the end of what 64 bits hold.
  void Plant(BankNumber bank, const storage::v1::Entry& entry);

 private:
  ledger::Outcome ExecuteForServer(const ledger::Command& command);

  std::map<BankNumber, Bank> banks_;
  uint64_t created_ = 0;  // banks, those that are gone included
  std::map<std::pair<std::string, std::string>, Remembered> of_server_;  // requests about banks as such
};

}  // namespace timebank::model

#endif  // TIMEBANK_TESTS_MODEL_ORACLE_H_
