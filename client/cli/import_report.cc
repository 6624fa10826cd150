#include "client/cli/import_report.h"

#include <google/protobuf/struct.pb.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/cli/day.h"
#include "client/cli/errors.h"
#include "client/cli/hours.h"
#include "client/cli/translate.h"
#include "client/cli/words.h"
#include "client/cpp/names.h"

namespace timebank::cli {
namespace {

using google::protobuf::ListValue;
using google::protobuf::Struct;

std::string AccountName(const ImportAccount& account) {
  if (client::IdOf(account.holder) == "opening" && account.number.empty()) return T("Opening pot");
  if (account.number.empty()) return T("Community pot");
  return account.display_name.empty() ? Fill(T("Member $0"), account.number) : account.display_name;
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

void PutPlace(Struct& target, const imports::Place& place) {
  Put(target, "file", place.file);
  Put(target, "line", place.line);
}

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
  Put(summary, "exchanges_mended_known", report.mended_known);
  Put(summary, "exchanges_alike", report.alike.count);
  Put(summary, "exchanges_maybe_mended", report.alike.mended);
  Put(summary, "exchanges_as_minutes", report.as_minutes.count);
  Put(summary, "exchanges_equal", report.equal.count);
  Put(summary, "exchanges_weekday_differs", report.weekdays.count);
  Put(summary, "exchanges_long", report.exchanges_long);
  Put(summary, "exchanges_before_opening", report.before_opening);
  Put(summary, "known_otherwise", report.known_otherwise);
  Put(summary, "openings_new", report.openings_new);
  Put(summary, "openings_known", report.openings_known);
  Put(summary, "rejected", report.rejected);
  Put(summary, "rejected_unknown", report.rejected_unknown);
  Put(summary, "community_found", report.community_found);
  Put(summary, "also_in_notes", report.also_in_notes);
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
    PutPlace(one, reject.place);
    Put(one, "field", reject.field);
    Put(one, "reason", reject.reason);
  }
  ListValue& mended = List(summary, "mended_known");
  for (const imports::Place& place : outcome.report.mended_places) {
    Struct& one = AddTo(mended);
    PutPlace(one, place);
  }
  ListValue& otherwise = List(summary, "known_otherwise_rows");
  for (const KnownOtherwise& known : outcome.report.otherwise) {
    Struct& one = AddTo(otherwise);
    PutPlace(one, known.place);
    Put(one, "exchange", std::string(client::IdOf(known.exchange)));
    Put(one, "file_giver", std::string(ShortName(known.file_giver.holder)));
    PutSeconds(one, "file_seconds", known.file_seconds);
    Put(one, "bank_giver", known.bank_giver);
    PutSeconds(one, "bank_seconds", known.bank_seconds);
  }
  ListValue& alike = List(summary, "alike");
  for (const imports::Place& place : outcome.report.alike.places) {
    Struct& one = AddTo(alike);
    PutPlace(one, place);
  }
  ListValue& mended_forms = List(summary, "maybe_mended");
  for (const AlikeFinder::Mended& one_form : outcome.report.alike.first_mended) {
    Struct& one = AddTo(mended_forms);
    PutPlace(one, one_form.place);
    Put(one, "exchange", absl::StrCat(one_form.exchange));
  }
  for (const auto& [key, rows] :
       {std::pair{"as_minutes", &outcome.report.as_minutes}, std::pair{"equal", &outcome.report.equal},
        std::pair{"weekday_differs", &outcome.report.weekdays}}) {
    ListValue& list = List(summary, key);
    for (const imports::Place& place : rows->places) {
      Struct& one = AddTo(list);
      PutPlace(one, place);
    }
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
    PutPlace(one, difference.declared.place);
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
  const std::string who = AccountWords(left.account);
  switch (left.why) {
    case LeftOpen::Why::kHasHours:
      // Translators: $0 is somebody, $1 a balance, $2 what stands for somebody in a command.
      return session.Tell(Fill(T("  $0: $1; say where the hours go: timebank member close $2 --to pot"), who,
                               Standing(left.account.expected_seconds()), Handle(left.account)));
    case LeftOpen::Why::kChanged:
      return session.Tell(Fill(T("  $0: changed or reopened here since it was added; if it should close: "
                                 "timebank member close $1"),
                               who, Handle(left.account)));
    case LeftOpen::Why::kRefused:
      return session.Tell(absl::StrCat("  ", who, ": ", OneLine(left.reason)));
  }
}

void TellMembers(Session& session, const ImportOutcome& outcome) {
  const ImportReport& report = outcome.report;
  // Translators: the lines of an import's summary stand below each other; blanks line them up.
  session.Tell(report.members_known > 0
                   ? Fill(T("  members    $0 new, $1 known (by their number in $2)"), report.members_new,
                          report.members_known, outcome.system)
                   : Fill(T("  members    $0 new, $1 known"), report.members_new, report.members_known));
  if (report.members_filled > 0) {
    session.Tell(Fill(outcome.committed ? T("             of $0 known the files filled in what was empty")
                                        : T("             of $0 known the files fill in what was empty"),
                      report.members_filled));
  }
  if (report.members_named_otherwise > 0) {
    session.Tell(
        Fill(T("             $0 known have another name here; it stays"), report.members_named_otherwise));
  }
  if (report.external_ids_left_out > 0) {
    session.Tell(Fill(Tn("             $0 number in another system left out: a member keeps 20",
                         "             $0 numbers in other systems left out: a member keeps 20",
                         report.external_ids_left_out),
                      report.external_ids_left_out));
  }
  const auto left_open = static_cast<int64_t>(report.left_open.size());
  if (report.closed + report.closed_before + left_open == 0) return;
  // Translators: of the members who left the older system, $0 have their accounts closed.
  std::string closed = Fill(
      outcome.committed ? T("  left there $0 closed") : T("  left there $0 to be closed"), report.closed);
  if (report.closed_before > 0)
    absl::StrAppend(&closed, ", ", Fill(T("$0 closed before"), report.closed_before));
  if (left_open > 0)
    absl::StrAppend(&closed, ", ",
                    Fill(outcome.committed ? T("$0 stay open") : T("$0 will stay open"), left_open));
  session.Tell(closed);
  if (report.closed_later > 0) {
    session.Tell(
        Fill(T("             $0 of them with hours and exchanges after they left: closed as of the last one"),
             report.closed_later));
  }
  for (const LeftOpen& left : report.left_open) TellLeftOpen(session, left);
}

void TellDeclared(Session& session, const ImportOutcome& outcome) {
  const ImportReport& report = outcome.report;
  if (report.declared == 0) return;
  const auto differ = static_cast<int64_t>(report.declared_differences.size());
  session.Tell(Fill(Tn("  declared   $0 balance, $1 as computed, $2 not",
                       "  declared   $0 balances, $1 as computed, $2 not", report.declared),
                    report.declared, report.declared - differ, differ));
  for (const DeclaredDifference& difference : report.declared_differences) {
    // Translators: $0 is a file, $1 a line of it, $2 somebody, $3 and $4 are balances.
    session.Tell(Fill(T("  $0 line $1, $2: declared $3, computed $4"), difference.declared.place.file,
                      difference.declared.place.line, AccountWords(difference.account),
                      Standing(difference.declared.seconds), Standing(difference.account.files_seconds())));
  }
}

void TellRejectsFiles(Session& session, const ImportOutcome& outcome) {
  for (const RejectsFiles::Written& written : outcome.rejects_files) {
    session.Tell(Fill(Tn("  written to $0: $1 row; mend them there and import that file",
                         "  written to $0: $1 rows; mend them there and import that file", written.rows),
                      written.path, written.rows));
    if (!written.before.empty()) {
      session.Tell(Fill(T("  what was in $0 before is in $1 now"), written.path, written.before));
    }
  }
}

// `hours.csv line 3; hours.csv line 8; 12 more`: the first of `count` rows, as far as they were kept.
std::string PlacesText(const std::vector<imports::Place>& first, int64_t count) {
  std::vector<std::string> places;
  for (const imports::Place& place : first) {
    // Translators: $0 is a file, $1 a line of it.
    places.push_back(Fill(T("$0 line $1"), place.file, place.line));
  }
  const auto more = count - static_cast<int64_t>(places.size());
  if (more > 0) places.push_back(Fill(T("$0 more"), more));
  return absl::StrJoin(places, "; ");
}

// Rows of a file of rejects that were mended into what the bank has already.
void TellMended(Session& session, const ImportOutcome& outcome) {
  const ImportReport& report = outcome.report;
  const char* const what =
      outcome.committed
          ? Tn("             $0 mended row is equal to an exchange that was posted before, and "
               "was not posted again: $1. If it is another one, say so in its note.",
               "             $0 mended rows are equal to exchanges that were posted before, and "
               "were not posted again: $1. If they are others, say so in their notes.",
               report.mended_known)
          : Tn("             $0 mended row is equal to an exchange that was posted before, and "
               "will not be posted again: $1. If it is another one, say so in its note.",
               "             $0 mended rows are equal to exchanges that were posted before, and "
               "will not be posted again: $1. If they are others, say so in their notes.",
               report.mended_known);
  session.Tell(Fill(what, report.mended_known, PlacesText(report.mended_places, report.mended_known)));
}

std::string OpeningDay(const ImportReport& report) {
  const absl::StatusOr<absl::CivilDay> day = ParseIsoDay(report.opening_day);
  return day.ok() ? LongDay(*day) : report.opening_day;
}

// Numbers that stand for something else in the bank: corrected over there since, or given twice.
void TellOtherwise(Session& session, const ImportReport& report) {
  session.Tell(
      Fill(Tn("             $0 known is not the same here, and stays as it is:",
              "             $0 known are not the same here, and stay as they are:", report.known_otherwise),
           report.known_otherwise));
  for (const KnownOtherwise& known : report.otherwise) {
    // Translators: $0 is a file, $1 a line of it; $2 and $4 are who gave help, $3 and $5 hours, $6 a number.
    session.Tell(Fill(T("  $0 line $1: $2 gave $3; here $4 gave $5 (exchange $6)"), known.place.file,
                      known.place.line, AccountWords(known.file_giver), FormatHours(known.file_seconds),
                      known.bank_giver, FormatHours(known.bank_seconds), client::IdOf(known.exchange)));
  }
  const auto more = report.known_otherwise - static_cast<int64_t>(report.otherwise.size());
  if (more > 0)
    session.Tell(absl::StrCat("  ", Fill(Tn("… and $0 more row", "… and $0 more rows", more), more), "."));
}

// New exchanges that may be the bank's own, read otherwise.
void TellAlike(Session& session, const AlikeFinder::Found& alike) {
  session.Tell(
      Fill(Tn("             $0 new exchange is of the same day, people and hours as one that was in the bank "
              "before: $1. Was this file imported already, saved by another program or without its members?",
              "             $0 new exchanges are of the same days, people and hours as some that were in the "
              "bank before: $1. Was this file imported already, saved by another program or without its "
              "members?",
              alike.count),
           alike.count, PlacesText(alike.places, alike.count)));
}

// New exchanges beside others of the bank that they may have been before somebody mended the file.
void TellMendedForms(Session& session, const AlikeFinder::Found& found) {
  session.Tell(
      Fill(Tn("             $0 new exchange may be a mended form of one that an earlier import brought and "
              "that the files have no longer:",
              "             $0 new exchanges may be mended forms of some that an earlier import brought and "
              "that the files have no longer:",
              found.mended),
           found.mended));
  for (const AlikeFinder::Mended& one : found.first_mended) {
    // Translators: $0 is a file, $1 a line of it, $2 the number of an exchange.
    session.Tell(Fill(T("  $0 line $1 may be $2, mended. If so: timebank undo $2"), one.place.file,
                      one.place.line, one.exchange));
  }
}

// What is posted as it stands, and may be meant otherwise.
void TellDoubtful(Session& session, const ImportReport& report) {
  if (report.as_minutes.count > 0) {
    // Translators: $1 is written hours, such as 1.30; $2 and $3 are hours, $4 files and lines.
    session.Tell(
        Fill(Tn("             $0 new has $1, read as $2, not $3: $4",
                "             $0 new have $1 or the like, read as $2, not $3: $4", report.as_minutes.count),
             report.as_minutes.count, report.as_minutes_hours, FormatHours(report.as_minutes_seconds),
             FormatHours(report.as_minutes_meant_seconds),
             PlacesText(report.as_minutes.places, report.as_minutes.count)));
  }
  if (report.equal.count > 0) {
    std::vector<std::string> pairs;
    for (size_t i = 0; i < report.equal_lines.size(); ++i) {
      const imports::Place& place = report.equal.places[i];
      // Translators: $0 is a file, $1 and $2 are lines of it.
      pairs.push_back(Fill(T("$0 lines $1 and $2"), place.file, report.equal_lines[i], place.line));
    }
    const auto more = report.equal.count - static_cast<int64_t>(pairs.size());
    if (more > 0) pairs.push_back(Fill(T("$0 more"), more));
    session.Tell(Fill(Tn("             $0 new is equal to another one of its file, and both count: $1",
                         "             $0 new are equal to others of their file, and all of them count: $1",
                         report.equal.count),
                      report.equal.count, absl::StrJoin(pairs, "; ")));
  }
  if (report.weekdays.count > 0) {
    session.Tell(Fill(Tn("             $0 new is of a day that is not the day of the week beside it: $1",
                         "             $0 new are of days that are not the days of the week beside them: $1",
                         report.weekdays.count),
                      report.weekdays.count, PlacesText(report.weekdays.places, report.weekdays.count)));
  }
}

// How somebody is named to `--community`.
std::string CommunityOption(const imports::NameAndNumber& who) {
  const std::string& word = who.number.empty() ? who.name : who.number;
  const bool plain =
      word.find_first_not_of("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_.") ==
      std::string::npos;
  return absl::StrCat("--community ", plain ? word : absl::StrCat("\"", word, "\""));
}

// What a coordinator wrote for themselves may stand in it.
void TellNotes(Session& session, const ImportReport& report) {
  if (report.also_in_notes.empty()) return;
  // Translators: $0 is the heading of a column.
  session.Tell(
      Fill(T("             \"$0\" goes into the note as well, which both people read; for one column "
             "alone: --note HEADING"),
           OneLine(report.also_in_notes)));
}

// Who is the bank itself, or may be.
void TellCommunity(Session& session, const ImportOutcome& outcome) {
  const ImportReport& report = outcome.report;
  if (!report.community_found.empty()) {
    session.Tell(Fill(T("             \"$0\" is the community pot here, as in an earlier import"),
                      OneLine(report.community_found)));
  }
  if (!report.new_community.name.empty()) {
    // Translators: $0 is somebody's name, $1 an option.
    session.Tell(Fill(outcome.committed
                          ? T("             \"$0\" became a member like any other. Is it the bank "
                              "itself? Then it should have been $1")
                          : T("             \"$0\" becomes a member like any other. Is it the bank "
                              "itself? Then: $1"),
                      OneLine(report.new_community.name), OneLine(CommunityOption(report.new_community))));
  }
}

// `42 members, the community pot`.
std::string WhatWasCompared(const BalanceCheck& check) {
  std::vector<std::string> parts;
  if (check.members > 0) parts.push_back(Fill(Tn("$0 member", "$0 members", check.members), check.members));
  if (check.circles > 0) parts.push_back(Fill(Tn("$0 circle", "$0 circles", check.circles), check.circles));
  if (check.community_pot) parts.push_back(T("the community pot"));
  if (check.opening_pot) parts.push_back(T("the opening pot"));
  return absl::StrJoin(parts, ", ");
}

void TellCheck(Session& session, const BalanceCheck& check) {
  if (check.differences.empty()) {
    const std::string compared = WhatWasCompared(check);
    if (compared.empty()) return;
    // Translators: $1 is what was compared: 42 members, the community pot.
    session.Tell(Fill(Tn("The balance agrees ($1).", "All $0 balances agree ($1).", check.accounts()),
                      check.accounts(), compared));
    return;
  }
  for (const BalanceDifference& difference : check.differences) {
    session.Tell(Fill(T("  $0: $1, should be $2"), AccountWords(difference.account),
                      Standing(difference.actual_seconds), Standing(difference.account.expected_seconds())));
  }
}

// How many rows are rejected, and what became of the others.
std::string Rejected(const ImportOutcome& outcome) {
  const ImportReport& report = outcome.report;
  const int64_t posted = report.members_new + report.circles_new + report.exchanges_new + report.openings_new;
  const int64_t known =
      report.members_known + report.circles_known + report.exchanges_known + report.openings_known;
  const int64_t rows = report.rejected;
  const char* sentence = nullptr;
  if (!outcome.committed && outcome.strict) {
    sentence = Tn("$0 row cannot be posted, so nothing would be (--strict).",
                  "$0 rows cannot be posted, so nothing would be (--strict).", rows);
  } else if (posted == 0 && known == 0) {
    sentence = outcome.committed ? Tn("$0 row could not be posted, and there are no others.",
                                      "$0 rows could not be posted, and there are no others.", rows)
                                 : Tn("$0 row cannot be posted, and there are no others.",
                                      "$0 rows cannot be posted, and there are no others.", rows);
  } else if (posted == 0) {
    sentence = outcome.committed ? Tn("$0 row could not be posted; the bank had the others already.",
                                      "$0 rows could not be posted; the bank had the others already.", rows)
                                 : Tn("$0 row cannot be posted; the bank has the others already.",
                                      "$0 rows cannot be posted; the bank has the others already.", rows);
  } else {
    sentence = outcome.committed ? Tn("$0 row could not be posted; the others were.",
                                      "$0 rows could not be posted; the others were.", rows)
                                 : Tn("$0 row cannot be posted; the others can.",
                                      "$0 rows cannot be posted; the others can.", rows);
  }
  return Fill(sentence, rows);
}

}  // namespace

Table BalancesTable(const ImportReport& report) {
  Table table({{"number", Later("Number"), ColumnKind::kText},
               {"account", Later("Account"), ColumnKind::kText},
               {"name", Later("Name"), ColumnKind::kText},
               {"now", Later("Balance before"), ColumnKind::kBalance},
               {"new", Later("New"), ColumnKind::kChange},
               {"balance", Later("Balance after"), ColumnKind::kBalance}});
  for (const ImportAccount& account : AccountsInOrder(report)) {
    table.AddRow({Text(account.number), Text(ShortName(account.holder)),
                  Said([&] { return AccountName(account); }), Hours(account.before_seconds),
                  Hours(account.new_seconds), Hours(account.expected_seconds())});
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

void TellImport(Session& session, const ImportOutcome& outcome, const std::string& bank) {
  const ImportReport& report = outcome.report;
  // Translators: $1 is the system that the files come from, $2 a bank.
  session.Tell(
      Fill(Tn("$0 row read ($1), for the bank $2", "$0 rows read ($1), for the bank $2", report.rows),
           report.rows, outcome.system, client::IdOf(bank)));
  TellMembers(session, outcome);
  TellCommunity(session, outcome);
  TellNotes(session, outcome.report);
  if (report.circles_new + report.circles_known > 0) {
    session.Tell(Fill(T("  circles    $0 new, $1 known"), report.circles_new, report.circles_known));
  }
  if (report.circles_otherwise > 0) {
    session.Tell(
        Fill(T("             $0 known have other members here; they stay"), report.circles_otherwise));
  }
  if (report.openings_new + report.openings_known > 0) {
    session.Tell(Fill(T("  openings   $0 new, $1 known"), report.openings_new, report.openings_known));
  }
  session.Tell(Fill(T("  exchanges  $0 new, $1 known; $2 in all"), report.exchanges_new,
                    report.exchanges_known, FormatHours(report.seconds)));
  if (report.mended_known > 0) TellMended(session, outcome);
  if (report.alike.count > 0) TellAlike(session, report.alike);
  if (report.alike.mended > 0) TellMendedForms(session, report.alike);
  TellDoubtful(session, report);
  if (report.exchanges_long > 0) {
    // Translators: $1 are hours, $2 is a file, $3 a line of it.
    session.Tell(Fill(Tn("             $0 of more than 12 hours: $1 in $2 line $3. Are these not minutes?",
                         "             $0 of more than 12 hours, at most $1 in $2 line $3. Are these not "
                         "minutes?",
                         report.exchanges_long),
                      report.exchanges_long, FormatHours(report.longest_seconds), report.longest.file,
                      report.longest.line));
  }
  if (report.before_opening > 0) {
    // Translators: $1 is a day.
    session.Tell(Fill(
        Tn("             $0 new is of $1, the day of the bank's opening balances, or before: is it not in "
           "these balances already?",
           "             $0 new are of $1, the day of the bank's opening balances, or before: are they not "
           "in "
           "these balances already?",
           report.before_opening),
        report.before_opening, OpeningDay(report)));
  }
  if (report.known_otherwise > 0) TellOtherwise(session, report);
  session.Tell(Fill(
      outcome.committed ? T("  rows that could not be posted: $0") : T("  rows that cannot be posted: $0"),
      report.rejected));
  if (report.members_missing > 0) {
    session.Tell(Fill(Tn("             $0 person is in no members file: add it, or --make-members",
                         "             $0 people are in no members file: add it, or --make-members",
                         report.members_missing),
                      report.members_missing));
  }
  if (!report.missing_community.name.empty()) {
    session.Tell(Fill(T("             \"$0\" looks like the bank itself: if so, $1"),
                      OneLine(report.missing_community.name),
                      OneLine(CommunityOption(report.missing_community))));
  }
  TellRejectsFiles(session, outcome);
  TellDeclared(session, outcome);
  if (!outcome.left_out.empty()) {
    session.Tell(Fill(T("  left out: $0"), absl::StrJoin(outcome.left_out, "; ")));
  }
  if (outcome.check) TellCheck(session, *outcome.check);
}

int64_t AskedAbout(const ImportReport& report) { return report.exchanges_long + report.before_opening; }

std::string WhyAsked(const ImportReport& report) {
  return Fill(
      Tn("$0 row is asked about, so nothing is posted (--strict). If it is right, leave --strict out.",
         "$0 rows are asked about, so nothing is posted (--strict). If they are right, leave --strict out.",
         AskedAbout(report)),
      AskedAbout(report));
}

std::string WhatToDo(const ImportOutcome& outcome) {
  const ImportReport& report = outcome.report;
  if (report.rejected == 0) return "";
  if (report.rejected > report.rejected_unknown) {
    return T("Mend the file and import it again: nothing is posted twice.");
  }
  const imports::NameAndNumber& bank = report.missing_community;
  if (bank.name.empty()) {
    return T("Nobody knows whom they name: import the file of members too, or add --make-members.");
  }
  // Translators: $0 is somebody's name, $1 an option.
  return Fill(
      T("Nobody knows whom they name: import the file of members too, or add --make-members; and $1, if "
        "\"$0\" is the bank itself."),
      OneLine(bank.name), OneLine(CommunityOption(bank)));
}

absl::Status TellWhatIsWrong(Session& session, const ImportOutcome& outcome) {
  const ImportReport& report = outcome.report;
  std::vector<std::string> wrong;
  if (outcome.check && !outcome.check->differences.empty()) {
    const auto differ = static_cast<int64_t>(outcome.check->differences.size());
    wrong.push_back(
        Fill(Tn("$0 balance differs from what the files say. Did somebody record meanwhile? Look: timebank "
                "statement NAME",
                "$0 balances differ from what the files say. Did somebody record meanwhile? Look: timebank "
                "statement NAME",
                differ),
             differ));
  }
  if (report.known_otherwise > 0) {
    wrong.push_back(Fill(
        Tn("$0 row has other hours or another giver here under its number. Which is right? timebank correct "
           "NUMBER",
           "$0 rows have other hours or another giver here under their numbers. Which are right? timebank "
           "correct NUMBER",
           report.known_otherwise),
        report.known_otherwise));
  }
  if (!report.declared_differences.empty()) {
    const auto differ = static_cast<int64_t>(report.declared_differences.size());
    wrong.push_back(Fill(Tn("$0 declared balance is not what the rows add up to.",
                            "$0 declared balances are not what the rows add up to.", differ),
                         differ));
  }
  if (outcome.strict && !outcome.committed && AskedAbout(report) > 0) wrong.push_back(WhyAsked(report));
  if (report.rejected > 0) {
    wrong.push_back(absl::StrCat(Rejected(outcome), " ", WhatToDo(outcome)));
  }
  if (wrong.empty()) return absl::OkStatus();
  for (size_t i = 1; i < wrong.size(); ++i) session.Tell(wrong[i]);
  return IncompleteError(wrong.front());
}

}  // namespace timebank::cli
