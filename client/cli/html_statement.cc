#include "client/cli/html_statement.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "client/cli/console.h"
#include "client/cli/day.h"
#include "client/cli/translate.h"
#include "client/cli/words.h"
#include "client/cpp/names.h"

namespace timebank::cli {
namespace {

// The table's head is repeated on every page; a line is never torn; long words break. Widths in per cent, so
// that long names and notes wrap inside their own column. Browsers number the pages themselves where the
// margin boxes of @page are not known to them.
constexpr char kStyle[] = R"(
@page { size: A4 portrait; margin: 18mm 16mm 16mm 16mm;
  @bottom-right { content: $0; font: 8pt sans-serif; color: #444; } }
* { box-sizing: border-box; }
html { background: #fff; color: #111; }
body { margin: 0 auto; padding: 8mm 0; max-width: 178mm; font: 10pt/1.35 "Noto Sans", "DejaVu Sans", "Liberation Sans", sans-serif; }
header { display: flex; justify-content: space-between; align-items: baseline; border-bottom: 2px solid #111; }
header p { margin: 0 0 2mm; }
h1 { font-size: 15pt; margin: 4mm 0 1mm; overflow-wrap: anywhere; }
.period { margin: 0 0 4mm; }
.trial { border: 2px solid #111; padding: 2mm; font-weight: bold; text-align: center; }
table { width: 100%; border-collapse: collapse; table-layout: fixed; }
thead { display: table-header-group; }
tr { break-inside: avoid; page-break-inside: avoid; }
th { text-align: left; font-size: 8.5pt; border-bottom: 1px solid #111; padding: 1mm 1.5mm; vertical-align: bottom; }
td { font-size: 9.5pt; padding: 1.2mm 1.5mm; border-bottom: 1px solid #ccc; vertical-align: top; overflow-wrap: anywhere; }
.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
.balance { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
.more { display: block; font-size: 8.5pt; color: #333; }
.ends td { border-bottom: none; font-weight: bold; padding: 2mm 1.5mm; }
.undone .what, .undone .hours { text-decoration: line-through; }
footer { margin-top: 4mm; font-size: 8.5pt; color: #333; }
@media print { body { padding: 0; max-width: none; } }
)";

std::string StyleSheet() {
  // Translators: Page 1 of 2.
  const std::string page = Fill(T("Page $0 of $1"), "\" counter(page) \"", "\" counter(pages) \"");
  return absl::StrReplaceAll(kStyle, {{"$0", absl::StrCat("\"", page, "\"")}});
}

// A server without keys knows all its callers by this name: it says nothing about a person.
constexpr std::string_view kNobodyInParticular = "keys/local";
constexpr std::string_view kKeys = "keys/";

std::string Name(const StatementHeading& heading, const std::string& who) {
  const std::string name = ShortName(who);
  if (absl::StartsWith(name, Absl(kKeys))) return name.substr(kKeys.size());
  return heading.name_of ? heading.name_of(who) : name;
}

// `14 Nov 2026`: the year is never left out on paper.
std::string PaperDay(std::string_view iso_day) {
  const auto day = ParseIsoDay(iso_day);
  if (!day.ok()) return std::string(iso_day);
  return MiddlingDay(*day);
}

std::string More(const std::string& text) {
  return absl::StrCat("<span class=\"more\">", HtmlText(text), "</span>");
}

// What stands below the sentence: who entered it where it was somebody else, and what became of it.
std::string Remarks(const v1::StatementLine& line, const StatementHeading& heading) {
  std::string remarks;
  if (!line.acting_for().empty()) {
    remarks += More(Fill(T("recorded by $0 on behalf of $1"), Name(heading, line.recorded_by()),
                         Name(heading, line.acting_for())));
  } else if (!line.recorded_by().empty() && line.recorded_by() != heading.account &&
             ShortName(line.recorded_by()) != kNobodyInParticular) {
    remarks += More(Fill(T("recorded by $0"), Name(heading, line.recorded_by())));
  }
  if (line.state() == v1::Exchange::STATE_CONTESTED) {
    remarks += More(line.contest_reason().empty() ? T("contested")
                                                  : Fill(T("contested: $0"), line.contest_reason()));
  }
  if (!line.reversed_by().empty()) remarks += More(Fill(T("undone by $0"), client::IdOf(line.reversed_by())));
  return remarks;
}

std::string Row(const v1::StatementLine& line, const StatementHeading& heading) {
  return absl::StrCat("<tr", line.reversed_by().empty() ? "" : " class=\"undone\"", "><td>",
                      HtmlText(PaperDay(line.occurred_on())), "</td><td class=\"number\">",
                      HtmlText(client::IdOf(line.exchange())), "</td><td><span class=\"what\">",
                      HtmlText(WhatHappened(line)), "</span>", Remarks(line, heading),
                      "</td><td class=\"number hours\">", HtmlText(SignedHours(line.seconds())),
                      "</td><td class=\"balance\">", HtmlText(Standing(line.balance_after_seconds())),
                      "</td></tr>\n");
}

std::string End(std::string_view words, int64_t balance_seconds) {
  return absl::StrCat("<tr class=\"ends\"><td></td><td></td><td>", HtmlText(words),
                      "</td><td></td><td class=\"balance\">", HtmlText(Standing(balance_seconds)),
                      "</td></tr>\n");
}

}  // namespace

std::string HtmlText(std::string_view text) {
  return absl::StrReplaceAll(
      OneLine(text), {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}, {"'", "&#39;"}});
}

std::string HtmlStatement(const StatementHeading& heading, const std::vector<v1::StatementLine>& lines) {
  std::string html = absl::StrCat(
      "<!DOCTYPE html>\n<html lang=\"", LanguageInUse(),
      "\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>",
      HtmlText(Fill(T("Statement of $0"), heading.holder)), "</title>\n<style>", StyleSheet(),
      "</style>\n</head>\n<body>\n<header><p><strong>", HtmlText(heading.bank), "</strong></p><p>",
      HtmlText(Fill(T("Printed on $0"), LongDay(heading.today))), "</p></header>\n",
      heading.trial ? absl::StrCat("<p class=\"trial\">",
                                   HtmlText(T("THIS IS A TRIAL BANK: NOTHING HERE IS REAL")), "</p>\n")
                    : "",
      "<h1>", HtmlText(Fill(T("Statement of $0"), heading.holder)), "</h1>\n<p class=\"period\">",
      HtmlText(heading.period),
      "</p>\n<table>\n<colgroup><col style=\"width:15%\"><col style=\"width:7.5%\"><col "
      "style=\"width:38.5%\">"
      "<col style=\"width:14%\"><col style=\"width:25%\"></colgroup>\n"
      "<thead><tr><th>",
      HtmlText(T("Day")), "</th><th class=\"number\">", HtmlText(T("No.")), "</th><th>", HtmlText(T("What")),
      "</th><th class=\"number\">", HtmlText(T("Hours")), "</th><th class=\"number\">",
      HtmlText(T("Balance after")), "</th></tr></thead>\n<tbody>\n",
      End(T("Balance before"), heading.opening_balance_seconds));
  for (const v1::StatementLine& line : lines) html += Row(line, heading);
  if (lines.empty())
    absl::StrAppend(&html, "<tr><td></td><td></td><td>", HtmlText(T("No exchanges in this period.")),
                    "</td><td></td><td></td></tr>\n");
  absl::StrAppend(&html, End(T("Balance after"), heading.closing_balance_seconds),
                  "</tbody>\n</table>\n<footer>",
                  HtmlText(T("+ hours given, in credit. - hours received, in debit.")),
                  "</footer>\n"
                  "</body>\n</html>\n");
  return html;
}

}  // namespace timebank::cli
