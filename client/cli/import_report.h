// What an import did, or would do, told to people and to programs.
//
// Threads: one.
#ifndef TIMEBANK_CLIENT_CLI_IMPORT_REPORT_H_
#define TIMEBANK_CLIENT_CLI_IMPORT_REPORT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "client/cli/import/reader.h"
#include "client/cli/importer.h"
#include "client/cli/rejects_files.h"
#include "client/cli/session.h"
#include "client/cli/table.h"

namespace timebank::cli {

// One pass over the files, and what is to be told of it.
struct ImportOutcome {
  ImportReport report;
  bool committed = false;
  // Whether a row that cannot be posted keeps everything out.
  bool strict = false;
  // The reader's words.
  std::string system;
  std::vector<std::string> left_out;
  // The first of the rows that cannot be posted.
  std::vector<imports::Reject> rejects;
  std::vector<RejectsFiles::Written> rejects_files;
  // After a commit.
  std::optional<BalanceCheck> check;
};

// Every account that the files speak of, with what the import does to it.
Table BalancesTable(const ImportReport& report);

// All of it as one JSON object.
std::string ImportJson(const ImportOutcome& outcome, const std::string& bank);

// The sentences on `err`, but for what is wrong. `bank`: the one that it goes into, by its name.
void TellImport(Session& session, const ImportOutcome& outcome, const std::string& bank);

// How many rows somebody at a terminal is asked about before they are posted; why --strict posts nothing
// then.
int64_t AskedAbout(const ImportReport& report);
std::string WhyAsked(const ImportReport& report);

// What to do about rows that cannot be posted; empty where there are none.
std::string WhatToDo(const ImportOutcome& outcome);

// What is not as it should be, each thing told; the error (incomplete) that they come to.
absl::Status TellWhatIsWrong(Session& session, const ImportOutcome& outcome);

}  // namespace timebank::cli

#endif  // TIMEBANK_CLIENT_CLI_IMPORT_REPORT_H_
