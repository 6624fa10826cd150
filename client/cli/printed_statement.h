// A statement on paper: plain text for A4 pages in a fixed-width font, 80 columns and 60 lines, form feeds
// between the pages.
//
// Threads: pure functions.
#ifndef TIMEBANK_CLIENT_CLI_PRINTED_STATEMENT_H_
#define TIMEBANK_CLIENT_CLI_PRINTED_STATEMENT_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/time/civil_time.h"
#include "timebank/v1/ledger_service.pb.h"

namespace timebank::cli {

inline constexpr size_t kPrintedColumns = 80;
inline constexpr size_t kPrintedLines = 60;

struct StatementHeading {
  std::string bank;
  // A bank for trying things out says so on paper too.
  bool trial = false;
  std::string holder;
  // Its resource name: what the account's own member recorded needs no recorder named.
  std::string account = {};
  // `1 January 2025 to 31 December 2025`, `whole history`.
  std::string period;
  absl::CivilDay today;
  int64_t opening_balance_seconds = 0;
  int64_t closing_balance_seconds = 0;
  // Names for people of whoever entered something on behalf; may be empty.
  std::function<std::string(const std::string& name)> name_of;
};

// Who the other side of a line is: `Ana Muñoz, Ben Ferré and 2 others`.
std::string CounterpartsOf(const v1::StatementLine& line);

// What a line is about, seen from its account: `helped Ana Muñoz, gardening`, `was helped by Ben Ferré`,
// `gave Ana Muñoz`, `undoes 1042 with Ana Muñoz`.
std::string WhatHappened(const v1::StatementLine& line);

// The whole statement, ending in a line end. `lines` in the order in which they are to stand.
std::string PrintStatement(const StatementHeading& heading, const std::vector<v1::StatementLine>& lines);

}  // namespace timebank::cli

#endif  // TIMEBANK_CLIENT_CLI_PRINTED_STATEMENT_H_
