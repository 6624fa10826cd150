// The formats that are read, one file each. A new one is a function here, a line in reader.cc and its file.
#ifndef TIMEBANK_CLIENT_CLI_IMPORT_FORMATS_H_
#define TIMEBANK_CLIENT_CLI_IMPORT_FORMATS_H_

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "client/cli/import/reader.h"
#include "client/cli/import/source.h"

namespace timebank::imports {

struct Format {
  // As `--from` has it.
  std::string_view name;
  // As people call the system.
  std::string_view system;
  // How well a file fits, by what can be seen from its front; 0: it is none of this system's.
  int (*fit)(const Glimpse& file, const ReaderOptions& options);
  // What its files are told by.
  std::string (*looked_for)();
  // As OpenReader().
  absl::StatusOr<std::unique_ptr<Reader>> (*open)(std::vector<Glimpse> files, const ReaderOptions& options);
};

// What `timebank export` writes: see timebank_export.h.
const Format& Timebank();
// TimeOverflow's import files: users and transfers, without headings, by position. Moments without a zone are
// in UTC. Transfers have no numbers of their own.
const Format& TimeOverflow();
// What TimeOverflow itself exports, in whatever language: transfers and members. Members who have left are
// all called the same there.
const Format& TimeOverflowExport();
// The Community Exchange System, classic and newer: trades, users, balances. Passwords are passed over.
const Format& Ces();
// Komunitin: transfers, accounts, members; and its form of four columns.
const Format& Komunitin();
// Cyclos 3: members, and transactions as single accounts see them.
const Format& Cyclos();
// Drupal's mutual credit: transactions and balances.
const Format& MutualCredit();
// Local Exchange: trades and members.
const Format& LocalExchange();
// A coordinator's own spreadsheets: hours, and members.
const Format& Spreadsheet();

}  // namespace timebank::imports

#endif  // TIMEBANK_CLIENT_CLI_IMPORT_FORMATS_H_
