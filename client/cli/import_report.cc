#include "client/cli/import_report.h"

#include <google/protobuf/struct.pb.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/cli/errors.h"
#include "client/cli/hours.h"
#include "client/cli/words.h"
#include "client/cpp/names.h"

namespace timebank::cli {
namespace {

using google::protobuf::ListValue;
using google::protobuf::Struct;

std::string AccountName(const ImportAccount& account) {
  if (client::IdOf(account.holder) == "opening" && account.number.empty()) return "Opening pot";
  if (account.number.empty()) return "Community pot";
  return account.display_name.empty() ? absl::StrCat("Member ", account.number) : account.display_name;
}

// For commands that take a member: its name in the bank, or what is known of it.
std::string Handle(const ImportAccount& account) {
  return account.holder.empty() ? account.number : std::string(client::IdOf(account.holder));
}

std::string AccountWords(const ImportAccount& account) {
  const std::string name = OneLine(AccountName(account));
  return account.holder.empty() ? name : absl::StrCat(name, " (", ShortName(account.holder), ")");
}

// Accounts of the files, by number where numbers are numbers; the pots first.
std::vector<ImportAccount> AccountsInOrder(const ImportReport& report) {
  std::vector<ImportAccount> accounts;
  for (const auto& [number, account] : report.accounts) {
    if (account.in_files) accounts.push_back(account);
  }
  std::stable_sort(accounts.begin(), accounts.end(), [](const ImportAccount& a, const ImportAccount& b) {
    return a.number.size() != b.number.size() ? a.number.size() < b.number.size() : a.number < b.number;
  });
  if (report.opening_pot.in_files) accounts.insert(accounts.begin(), report.opening_pot);
  return accounts;
}

// ---- JSON

void Put(Struct& target, const char* key, int64_t number) {
  (*target.mutable_fields())[key].set_number_value(static_cast<double>(number));
}
void Put(Struct& target, const char* key, const std::string& text) {
  (*target.mutable_fields())[key].set_string_value(text);
}
// As text, as everywhere in the API's JSON: a double would round them.
void PutSeconds(Struct& target, const char* key, int64_t seconds) { Put(target, key, absl::StrCat(seconds)); }
ListValue& List(Struct& target, const char* key) {
  return *(*target.mutable_fields())[key].mutable_list_value();
}
Struct& AddTo(ListValue& list) { return *list.add_values()->mutable_struct_value(); }

void PutAccount(Struct& target, const ImportAccount& account) {
  Put(target, "number", account.number);
  Put(target, "account", std::string(ShortName(account.holder)));
}

void PutCounts(Struct& summary, const ImportReport& report) {
  Put(summary, "rows", report.rows);
  Put(summary, "members_new", report.members_new);
  Put(summary, "members_known", report.members_known);
  Put(summary, "members_filled", report.members_filled);
  Put(summary, "members_named_otherwise", report.members_named_otherwise);
  Put(summary, "members_closed", report.closed);
  Put(summary, "members_closed_before", report.closed_before);
  Put(summary, "circles_new", report.circles_new);
  Put(summary, "circles_known", report.circles_known);
  Put(summary, "exchanges_new", report.exchanges_new);
  Put(summary, "exchanges_known", report.exchanges_known);
  Put(summary, "openings_new", report.openings_new);
  Put(summary, "openings_known", report.openings_known);
  Put(summary, "rejected", report.rejected);
  Put(summary, "declared", report.declared);
  PutSeconds(summary, "seconds", report.seconds);
}

const char* WhyWord(LeftOpen::Why why) {
  switch (why) {
    case LeftOpen::Why::kHasHours:
      return "HAS_HOURS";
    case LeftOpen::Why::kChanged:
      return "CHANGED";
    case LeftOpen::Why::kRefused:
      return "REFUSED";
  }
  return "";
}

void PutLists(Struct& summary, const ImportOutcome& outcome) {
  for (const std::string& left_out : outcome.left_out) {
    List(summary, "left_out").add_values()->set_string_value(left_out);
  }
  ListValue& rejects = List(summary, "rejects");
  for (const imports::Reject& reject : outcome.rejects) {
    Struct& one = AddTo(rejects);
    Put(one, "file", reject.place.file);
    Put(one, "line", reject.place.line);
    Put(one, "field", reject.field);
    Put(one, "reason", reject.reason);
  }
  ListValue& files = List(summary, "rejects_files");
  for (const RejectsFiles::Written& written : outcome.rejects_files) {
    Struct& one = AddTo(files);
    Put(one, "path", written.path);
    Put(one, "rows", written.rows);
  }
  ListValue& left_open = List(summary, "left_open");
  for (const LeftOpen& left : outcome.report.left_open) {
    Struct& one = AddTo(left_open);
    PutAccount(one, left.account);
    Put(one, "why", std::string(WhyWord(left.why)));
    Put(one, "reason", left.reason);
    PutSeconds(one, "seconds", left.account.expected_seconds());
  }
  ListValue& declared = List(summary, "declared_differences");
  for (const DeclaredDifference& difference : outcome.report.declared_differences) {
    Struct& one = AddTo(declared);
    PutAccount(one, difference.account);
    Put(one, "file", difference.declared.place.file);
    Put(one, "line", difference.declared.place.line);
    PutSeconds(one, "declared_seconds", difference.declared.seconds);
    PutSeconds(one, "computed_seconds", difference.account.files_seconds());
    PutSeconds(one, "after_seconds", difference.account.expected_seconds());
  }
}

void PutCheck(Struct& summary, const ImportOutcome& outcome) {
  Put(summary, "balances_that_differ",
      outcome.check ? static_cast<int64_t>(outcome.check->differences.size()) : 0);
  ListValue& list = List(summary, "balance_differences");
  if (!outcome.check) return;
  for (const BalanceDifference& difference : outcome.check->differences) {
    Struct& one = AddTo(list);
    PutAccount(one, difference.account);
    PutSeconds(one, "actual_seconds", difference.actual_seconds);
    PutSeconds(one, "expected_seconds", difference.account.expected_seconds());
  }
}

// ---- Sentences

void TellLeftOpen(Session& session, const LeftOpen& left) {
  std::string line = absl::StrCat("  ", AccountWords(left.account), ": ");
  switch (left.why) {
    case LeftOpen::Why::kHasHours:
      absl::StrAppend(&line, Standing(left.account.expected_seconds()),
                      "; say where the hours go: timebank member close ", Handle(left.account), " --to pot");
      break;
    case LeftOpen::Why::kChanged:
      absl::StrAppend(&line, "changed or reopened here since it was added; if it should close: ",
                      "timebank member close ", Handle(left.account));
      break;
    case LeftOpen::Why::kRefused:
      absl::StrAppend(&line, OneLine(left.reason));
      break;
  }
  session.Tell(line);
}

void TellMembers(Session& session, const ImportOutcome& outcome) {
  const ImportReport& report = outcome.report;
  session.Tell(absl::StrCat(
      "  members    ", report.members_new, " new, ", report.members_known, " known",
      report.members_known > 0 ? absl::StrCat(" (by their number in ", outcome.system, ")") : ""));
  if (report.members_filled > 0) {
    session.Tell(absl::StrCat("             of ", report.members_filled, " known the files ",
                              outcome.committed ? "filled in" : "fill in", " what was empty"));
  }
  if (report.members_named_otherwise > 0) {
    session.Tell(absl::StrCat("             ", report.members_named_otherwise,
                              " known have another name here; it stays"));
  }
  if (report.external_ids_left_out > 0) {
    session.Tell(absl::StrCat(
        "             ",
        Count(report.external_ids_left_out, "number in another system", "numbers in other systems"),
        " left out: a member keeps 20"));
  }
  const auto left_open = static_cast<int64_t>(report.left_open.size());
  if (report.closed + report.closed_before + left_open == 0) return;
  std::string closed =
      absl::StrCat("  left there ", report.closed, outcome.committed ? " closed" : " to be closed");
  if (report.closed_before > 0) absl::StrAppend(&closed, ", ", report.closed_before, " closed before");
  if (left_open > 0)
    absl::StrAppend(&closed, ", ", left_open, outcome.committed ? " stay open" : " will stay open");
  session.Tell(closed);
  if (report.closed_later > 0) {
    session.Tell(
        absl::StrCat("             ", report.closed_later,
                     " of them with hours and exchanges after they left: closed as of the last one"));
  }
  for (const LeftOpen& left : report.left_open) TellLeftOpen(session, left);
}

void TellDeclared(Session& session, const ImportOutcome& outcome) {
  const ImportReport& report = outcome.report;
  if (report.declared == 0) return;
  const auto differ = static_cast<int64_t>(report.declared_differences.size());
  session.Tell(absl::StrCat("  declared   ", Count(report.declared, "balance"), ", ",
                            report.declared - differ, " as computed, ", differ, " not"));
  for (const DeclaredDifference& difference : report.declared_differences) {
    session.Tell(absl::StrCat("  ", difference.declared.place.file, " line ", difference.declared.place.line,
                              ", ", AccountWords(difference.account), ": declared ",
                              Standing(difference.declared.seconds), ", computed ",
                              Standing(difference.account.files_seconds())));
  }
}

void TellRejectsFiles(Session& session, const ImportOutcome& outcome) {
  for (const RejectsFiles::Written& written : outcome.rejects_files) {
    session.Tell(absl::StrCat("  written to ", written.path, ": ", Count(written.rows, "row"),
                              "; mend them there and import that file"));
  }
}

// `42 members, the community pot`.
std::string WhatWasCompared(const BalanceCheck& check) {
  std::vector<std::string> parts;
  if (check.members > 0) parts.push_back(Count(check.members, "member"));
  if (check.circles > 0) parts.push_back(Count(check.circles, "circle"));
  if (check.community_pot) parts.push_back("the community pot");
  if (check.opening_pot) parts.push_back("the opening pot");
  return absl::StrJoin(parts, ", ");
}

void TellCheck(Session& session, const BalanceCheck& check) {
  if (check.differences.empty()) {
    const std::string compared = WhatWasCompared(check);
    if (compared.empty()) return;
    session.Tell(absl::StrCat(check.accounts() == 1
                                  ? "The balance agrees"
                                  : absl::StrCat("All ", check.accounts(), " balances agree"),
                              " (", compared, ")."));
    return;
  }
  for (const BalanceDifference& difference : check.differences) {
    session.Tell(absl::StrCat("  ", AccountWords(difference.account), ": ",
                              Standing(difference.actual_seconds), ", should be ",
                              Standing(difference.account.expected_seconds())));
  }
}

// What became of the rows beside those that are rejected.
const char* OfTheOthers(const ImportOutcome& outcome) {
  const ImportReport& report = outcome.report;
  const int64_t posted = report.members_new + report.circles_new + report.exchanges_new + report.openings_new;
  const int64_t known =
      report.members_known + report.circles_known + report.exchanges_known + report.openings_known;
  if (!outcome.committed && outcome.strict) return " cannot be posted, so nothing would be (--strict).";
  if (posted == 0 && known == 0) {
    return outcome.committed ? " could not be posted, and there are no others."
                             : " cannot be posted, and there are no others.";
  }
  if (posted == 0) {
    return outcome.committed ? " could not be posted; the bank had the others already."
                             : " cannot be posted; the bank has the others already.";
  }
  return outcome.committed ? " could not be posted; the others were." : " cannot be posted; the others can.";
}

}  // namespace

Table BalancesTable(const ImportReport& report) {
  Table table({{"number", "Number", ColumnKind::kText},
               {"account", "Account", ColumnKind::kText},
               {"name", "Name", ColumnKind::kText},
               {"now", "Balance before", ColumnKind::kBalance},
               {"new", "New", ColumnKind::kChange},
               {"balance", "Balance after", ColumnKind::kBalance}});
  for (const ImportAccount& account : AccountsInOrder(report)) {
    table.AddRow({Text(account.number), Text(ShortName(account.holder)), Text(AccountName(account)),
                  Hours(account.before_seconds), Hours(account.new_seconds),
                  Hours(account.expected_seconds())});
  }
  return table;
}

std::string ImportJson(const ImportOutcome& outcome, const std::string& bank) {
  Struct summary;
  Put(summary, "bank", std::string(client::IdOf(bank)));
  Put(summary, "format", outcome.system);
  (*summary.mutable_fields())["committed"].set_bool_value(outcome.committed);
  PutCounts(summary, outcome.report);
  PutLists(summary, outcome);
  PutCheck(summary, outcome);
  ListValue& balances = List(summary, "balances");
  for (const ImportAccount& account : AccountsInOrder(outcome.report)) {
    Struct& one = AddTo(balances);
    PutAccount(one, account);
    PutSeconds(one, "before_seconds", account.before_seconds);
    PutSeconds(one, "after_seconds", account.expected_seconds());
  }
  return ToJson(summary);
}

void TellImport(Session& session, const ImportOutcome& outcome) {
  const ImportReport& report = outcome.report;
  session.Tell(absl::StrCat(Count(report.rows, "row"), " read (", outcome.system, ")"));
  TellMembers(session, outcome);
  if (report.circles_new + report.circles_known > 0) {
    session.Tell(absl::StrCat("  circles    ", report.circles_new, " new, ", report.circles_known, " known"));
  }
  if (report.circles_otherwise > 0) {
    session.Tell(
        absl::StrCat("             ", report.circles_otherwise, " known have other members here; they stay"));
  }
  if (report.openings_new + report.openings_known > 0) {
    session.Tell(
        absl::StrCat("  openings   ", report.openings_new, " new, ", report.openings_known, " known"));
  }
  session.Tell(absl::StrCat("  exchanges  ", report.exchanges_new, " new, ", report.exchanges_known,
                            " known; ", FormatHours(report.seconds), " in all"));
  session.Tell(absl::StrCat("  rows that ", outcome.committed ? "could not" : "cannot",
                            " be posted: ", report.rejected));
  if (report.members_missing > 0) {
    session.Tell(absl::StrCat("             ", Count(report.members_missing, "person is", "people are"),
                              " in no members file: add it, or --make-members"));
  }
  TellRejectsFiles(session, outcome);
  TellDeclared(session, outcome);
  if (!outcome.left_out.empty()) {
    session.Tell(absl::StrCat("  left out: ", absl::StrJoin(outcome.left_out, "; ")));
  }
  if (outcome.check) TellCheck(session, *outcome.check);
}

absl::Status TellWhatIsWrong(Session& session, const ImportOutcome& outcome) {
  const ImportReport& report = outcome.report;
  std::vector<std::string> wrong;
  if (outcome.check && !outcome.check->differences.empty()) {
    wrong.push_back(absl::StrCat(
        Count(static_cast<int64_t>(outcome.check->differences.size()), "balance differs", "balances differ"),
        " from what the files say. Did somebody record meanwhile? Look: timebank statement NAME"));
  }
  if (!report.declared_differences.empty()) {
    wrong.push_back(absl::StrCat(Count(static_cast<int64_t>(report.declared_differences.size()),
                                       "declared balance is", "declared balances are"),
                                 " not what the rows add up to."));
  }
  if (report.rejected > 0) {
    wrong.push_back(absl::StrCat(Count(report.rejected, "row"), OfTheOthers(outcome),
                                 " Mend the file and import it again: nothing is posted twice."));
  }
  if (wrong.empty()) return absl::OkStatus();
  for (size_t i = 1; i < wrong.size(); ++i) session.Tell(wrong[i]);
  return IncompleteError(wrong.front());
}

}  // namespace timebank::cli
