// A bank that is run by a broker's log: one operation a line, with what should come of it at the end of the
// line. Everything goes through Validate and Execute, as in the server.
//
//     settings  warn_below=-5h block_below=-10h
//     members   ana ben
//     help:     record ana -> ben 6h              OK  notice=BELOW_WARNING
//               record ana -> ben 6h              BALANCE_LIMIT  holder=ben balance=-6h
//               contest @help as=ben because="not me"
//               settle @help stands as=ben
//               balances ana=6h ben=-6h sum=0
//
// A line is: [label:] operation words [EXPECTATION more...]. `#` begins a comment, "quotes" keep words
// together. What is expected is OK where the line does not say. Of what came of it, notices, violations and
// `replayed` must be named all; the rest (holder, entry, balance, limit, index, first, entries ...) where the
// line cares. `@label` is the first entry of that line, `@label+1` the next one.
//
// Words:   a holder is `ana`, `circles/knit` or `pots/community`; shares are `ana,ben:2h,m1..m5` or `-` for
//          none; hours are `6h`, `-1h30m`, `45s`; days 2026-11-14, the first day of every script.
// Who:     a broker's key `desk`, unless as=ben, as=broker:ben, as=partner, as=partner:ben, as=member (a
//          member's key without a member); key=NAME is another key; for=ben acts for ben;
//          only=NUMBER is a key of that bank alone.
// How:     id=REQUEST, validate_only, check_duplicates, bank=ID.
//
//     record    GIVERS -> RECEIVERS [SECONDS] [on category note tags decision remainder unnamed_givers
//               unnamed_receivers origin=SYSTEM/NUMBER]
//     batch     [all_or_nothing], and a line `| GIVERS -> ...` for each item, with its own expectation
//     correct   ENTRY CHANGES...          changes: givers receivers seconds and as in record
//     reverse, contest, confirm, erase_note   ENTRY [because]
//     settle    ENTRY stands|reversed|corrected [CHANGES...]
//     gift      HOLDER -> HOLDER SECONDS [as in record]
//     opening   HOLDER SECONDS [on note origin]
//     members   ID...                     each without starter hours
//     member    [ID] [name kind phones note joined external=SYSTEM/NUMBER,... no_starter]
//     update    ID [etag, and as in member]
//     close     ID [to on]      reopen ID      merge ID into ID
//     circle    [ID] MEMBERS    join CIRCLE MEMBERS    leave CIRCLE MEMBERS
//     grant     WHO AGENT [HOURS|no_limit] [until]      revoke WHO AGENT
//     timebank  ID [trial categories]     settings [warn_below ... starter who categories etag
//               zone unknown_zone]; `-`: no
//     delete_timebank ID
//     limit today     DAY                       later HOURS: moves the clock fold everything reaches the base
//     plant     HOLDER in=SECONDS out=SECONDS     an account row out of nothing
//     old_category NAME     old_requests   old_ids      a category, all request rows, and what ids of members
//     lead to, as older servers wrote them
//
// What can be looked at:
//
//     balances  ana=6h ben=-6h sum=0      every account that is not 0
//     account   HOLDER  [balance in out exchanges contested]
//     entry     ENTRY   KIND ana+6h ben-6h [by key for on category ...]     every movement
//     became    ENTRY   STATE [contested_by confirmed_by reversed_by corrected_by restored_by]
//     texts     ENTRY   [note reason tags decision erased]
//     who       ID      STATE [name closed_on merged_into kind etag]
//     acting    ID      AGENT:LIMIT:USED[:UNTIL]... for:MEMBER...    every one; LIMIT `-`: none
//     in        CIRCLE  MEMBERS...          categories NAME...
//
// Threads: one.
#ifndef TIMEBANK_TESTS_SUPPORT_SCRIPT_H_
#define TIMEBANK_TESTS_SUPPORT_SCRIPT_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/ledger/command.h"
#include "server/ledger/execute.h"
#include "server/ledger/working_state.h"
#include "tests/support/memory_base.h"

namespace timebank::ledger {

class Script {
 public:
  // Whether each command finds everything before it in the layer on top, or everything in the base.
  enum class Folding { kNever, kEachCommand };

  // Begins with the bank `rushey`, whose creation is its entry 1.
  explicit Script(Folding folding = Folding::kNever);

  // Not copied: the state reads from the base.
  Script(const Script&) = delete;
  Script& operator=(const Script&) = delete;

  // Carries out `lines` up to the first one that does not end as it says; the error tells which and how it
  // ended.
  absl::Status Run(std::string_view lines);

  // The command of one line, stamped with the time that it is now.
  absl::StatusOr<Command> Parse(std::string_view line);
  // Validate, then Execute. Errors: the base could not be read.
  absl::StatusOr<Outcome> Do(const Command& command);

  // For people: every entry of the bank, then every account.
  std::string Print() const;
  // Every row and every entry of the server, byte for byte.
  std::string Dump() const;

  WorkingState& state() { return state_; }
  MemoryBase& base() { return base_; }
  BankNumber bank(const std::string& id = "rushey") const { return banks_.at(id); }
  // HOLDER as in a line. 0: there is none.
  AccountNumber AccountOf(const std::string& holder) const;
  // The entry that `label` stands for.
  Sequence At(const std::string& label) const { return labels_.at(label); }

 private:
  struct Line;
  class Words;
  class Looker;

  absl::Status Carry(const Line& line, const std::vector<Line>& items);
  absl::Status Tend(const Line& line, bool* done);
  absl::Status Look(const Line& line, bool* done) const;
  absl::StatusOr<Line> Split(int number, std::string_view text) const;
  absl::StatusOr<Command> ToCommand(const Line& line, const std::vector<Line>& items);
  absl::StatusOr<Act> ToAct(const std::string& operation, Words& words, const std::vector<Line>& items);
  std::vector<std::string> Told(const Outcome& outcome) const;
  std::string NameOf(AccountNumber account) const;
  std::map<MemoryBase::RowKey, std::string> Rows() const;
  void Fold();
  void MakeRequestsOld();
  void PlantOldCategory(const std::string& name);
  void MakeIdsOld();

  const Folding folding_;
  MemoryBase base_;
  WorkingState state_;
  std::map<std::string, BankNumber> banks_;
  std::map<std::string, Sequence> labels_;
  BankNumber looked_at_;  // bank of the line that is being carried out
  int64_t now_us_;
  Day today_;
  uint64_t stamps_ = 0;
};

}  // namespace timebank::ledger

#endif  // TIMEBANK_TESTS_SUPPORT_SCRIPT_H_
