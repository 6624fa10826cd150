// What an export is about, and whoever writes it down.
//
// An export tells what happened in a bank up to one position, in order of record. A Sink writes that in one
// form; it sees one event at a time. Threads: one.
#ifndef TIMEBANK_CLIENT_CLI_EXPORT_SINK_H_
#define TIMEBANK_CLIENT_CLI_EXPORT_SINK_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "client/cli/directory.h"
#include "timebank/v1/ledger_service.pb.h"
#include "timebank/v1/timebank_service.pb.h"

namespace timebank::cli {

// Which part of a bank.
struct ExportScope {
  // Resource name; empty: everybody.
  std::string holder;
  // ISO days of the help, both included; empty: no bound.
  std::string since;
  std::string until;

  // Everything: the feed from its beginning, with all that is not an entry.
  bool whole() const { return holder.empty() && since.empty() && until.empty(); }
};

// One account, as the entries that were exported move it.
struct ExportedAccount {
  int64_t seconds = 0;
  // Of the entries that move it: the earliest and the latest day.
  std::string first_day;
  std::string last_day;
};

// What is known once all has been read. Memory: members, circles, accounts.
struct ExportFacts {
  v1::Timebank bank;
  ExportScope scope;
  // Everything up to here was read.
  std::string position;
  int64_t last_sequence = 0;
  // By number, as they were at the position. Of one member's export: whoever takes part, by name only.
  std::vector<v1::Member> members;
  std::vector<v1::Circle> circles;
  v1::Settings settings;
  // By resource name: every account that moved.
  std::map<std::string, ExportedAccount> accounts;
  // What the server says that they hold at the position, by resource name; without accounts of merged
  // members, whose hours are their survivors'. Whole exports only.
  std::map<std::string, int64_t> balances;
  int64_t entries = 0;
};

class ExportSink {
 public:
  virtual ~ExportSink() = default;

  // The next event. An exchange names nothing that came after the position. Of exports that are not whole:
  // exchanges only, without positions. `directory` knows whoever an exchange names. `reversed`: of a
  // reversal, the entry that it undoes, where WantsReversed(); else null.
  virtual absl::Status Take(const v1::LedgerEvent& event, const Directory& directory,
                            const v1::Exchange* reversed) = 0;
  // Whether it is worth a call to learn what a reversal undoes.
  virtual bool WantsReversed() const { return false; }
  // What could not be written as it is, in sentences. After Finish().
  virtual std::vector<std::string> Notices() const { return {}; }
  // Nothing follows.
  virtual absl::Status Finish(const ExportFacts& facts) = 0;
};

}  // namespace timebank::cli

#endif  // TIMEBANK_CLIENT_CLI_EXPORT_SINK_H_
