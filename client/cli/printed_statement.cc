#include "client/cli/printed_statement.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "client/cli/console.h"
#include "client/cli/day.h"
#include "client/cli/translate.h"
#include "client/cli/words.h"
#include "client/cpp/names.h"

namespace timebank::cli {
namespace {

// Day, number, what, hours, balance; two blanks between them: 80 in all. The last two are as wide as what is
// in them, so that no figure is ever cut; `what` takes the rest.
constexpr size_t kDayColumns = 10;
constexpr size_t kNumberColumns = 7;
constexpr size_t kGaps = 4 * 2;
constexpr size_t kWidestHours = 15;
constexpr size_t kWidestBalance = 24;

struct Widths {
  size_t hours = 9;
  size_t balance = 15;
  size_t what() const { return kPrintedColumns - kGaps - kDayColumns - kNumberColumns - hours - balance; }
};

Widths WidthsFor(const StatementHeading& heading, const std::vector<v1::StatementLine>& lines) {
  Widths widths;
  const auto balance = [&widths](int64_t seconds) {
    widths.balance = std::clamp(DisplayWidth(Standing(seconds)), widths.balance, kWidestBalance);
  };
  balance(heading.opening_balance_seconds);
  balance(heading.closing_balance_seconds);
  for (const v1::StatementLine& line : lines) {
    balance(line.balance_after_seconds());
    widths.hours = std::clamp(DisplayWidth(SignedHours(line.seconds())), widths.hours, kWidestHours);
  }
  return widths;
}

std::string Left(std::string_view text, size_t width) {
  std::string cell = CutToWidth(text, width);
  return cell + std::string(width - std::min(width, DisplayWidth(cell)), ' ');
}

std::string Right(std::string_view text, size_t width) {
  const std::string cell = CutToWidth(text, width);
  return std::string(width - std::min(width, DisplayWidth(cell)), ' ') + cell;
}

std::string Row(const Widths& widths, std::string_view day, std::string_view number, std::string_view what,
                std::string_view hours, std::string_view balance) {
  std::string row = absl::StrCat(Left(day, kDayColumns), "  ", Right(number, kNumberColumns), "  ",
                                 Left(what, widths.what()), "  ", Right(hours, widths.hours), "  ",
                                 Right(balance, widths.balance));
  row.erase(row.find_last_not_of(' ') + 1);
  return row;
}

// Breaks `text` at blanks into lines of at most `width`; a longer word is broken where it must be. Nothing is
// lost.
std::vector<std::string> Wrapped(std::string_view text, size_t width) {
  const std::string line = OneLine(text);
  std::vector<std::string> lines(1);
  for (absl::string_view piece : absl::StrSplit(line, ' ', absl::SkipEmpty())) {
    std::string_view word(piece.data(), piece.size());
    while (!word.empty()) {
      const std::string_view part = word.substr(0, BytesWithin(word, width));
      word.remove_prefix(part.size());
      const size_t taken = DisplayWidth(lines.back());
      if (taken > 0 && taken + 1 + DisplayWidth(part) > width) lines.emplace_back();
      absl::StrAppend(&lines.back(), lines.back().empty() ? "" : " ", Absl(part));
    }
  }
  return lines;
}

// `13/11/2026`: short, and the year never left out on paper.
std::string PaperDay(std::string_view iso_day) {
  const auto day = ParseIsoDay(iso_day);
  if (!day.ok()) return std::string(iso_day);
  return absl::StrCat(day->day() < 10 ? "0" : "", day->day(), "/", day->month() < 10 ? "0" : "", day->month(),
                      "/", day->year());
}

// One movement: its row, and what does not fit below it.
std::vector<std::string> Entry(const v1::StatementLine& line, const StatementHeading& heading,
                               const Widths& widths) {
  std::string what = WhatHappened(line);
  if (!line.acting_for().empty()) {
    const auto name = [&heading](const std::string& who) {
      return heading.name_of ? heading.name_of(who) : ShortName(who);
    };
    absl::StrAppend(
        &what, " ",
        Fill(T("[entered by $0 on behalf of $1]"), name(line.recorded_by()), name(line.acting_for())));
  }
  if (line.state() == v1::Exchange::STATE_CONTESTED) {
    absl::StrAppend(
        &what, " ",
        line.contest_reason().empty() ? T("[contested]") : Fill(T("[contested: $0]"), line.contest_reason()));
  }
  if (!line.reversed_by().empty())
    absl::StrAppend(&what, " ", Fill(T("[undone by $0]"), client::IdOf(line.reversed_by())));
  const std::vector<std::string> wrapped = Wrapped(what, widths.what());
  std::vector<std::string> rows = {Row(widths, PaperDay(line.occurred_on()), client::IdOf(line.exchange()),
                                       wrapped.front(), SignedHours(line.seconds()),
                                       Standing(line.balance_after_seconds()))};
  for (size_t i = 1; i < wrapped.size(); ++i) rows.push_back(Row(widths, "", "", wrapped[i], "", ""));
  return rows;
}

std::vector<std::string> PageHeading(const StatementHeading& heading, const Widths& widths, size_t page,
                                     size_t pages) {
  const std::string rule(kPrintedColumns, '-');
  const std::string place = Fill(T("Page $0 of $1"), page, pages);
  return {absl::StrCat(Left(heading.bank, kPrintedColumns - DisplayWidth(place) - 1), " ", place),
          CutToWidth(Fill(T("Statement of $0"), heading.holder), kPrintedColumns),
          Fill(T("$0; printed on $1"), heading.period, LongDay(heading.today)),
          heading.trial ? T("THIS IS A TRIAL BANK: NOTHING HERE IS REAL") : "",
          Row(widths, T("Day"), T("No."), T("What"), T("Hours"), T("Balance")),
          rule};
}

// Cuts `body` into pages; an entry stays in one piece.
std::vector<std::vector<std::string>> Paginate(const std::vector<std::vector<std::string>>& body,
                                               size_t lines_a_page) {
  std::vector<std::vector<std::string>> pages(1);
  for (const std::vector<std::string>& piece : body) {
    if (!pages.back().empty() && pages.back().size() + piece.size() > lines_a_page) pages.emplace_back();
    for (const std::string& line : piece) {
      if (pages.back().size() == lines_a_page) pages.emplace_back();  // an entry longer than a page
      pages.back().push_back(line);
    }
  }
  return pages;
}

// `helped Ana`, `was helped by Ana`: seen from the account whose statement it is. `$0` stands for whom.
const char* Deed(const v1::StatementLine& line) {
  const bool credited = line.seconds() > 0;
  switch (line.kind()) {
    case v1::Exchange::KIND_GIFT:
      return credited ? T("gift from $0") : T("gave $0");
    case v1::Exchange::KIND_STARTER:
      return credited ? T("starter hours") : T("starter hours for $0");
    case v1::Exchange::KIND_OPENING:
      return T("brought from before");
    case v1::Exchange::KIND_CLOSING:
      return credited ? T("rest of a closed account: $0") : T("account closed, the rest to $0");
    case v1::Exchange::KIND_REVERSAL:
      // Translators: undoes 1042 with Ana; $1 is a number.
      return T("undoes $1 with $0");
    default:
      // A line names whoever else's account moved, not on which side: with several only one's own side is
      // certain.
      if (line.counterpart_count() > 1)
        return credited ? T("gave help, with $0") : T("received help, with $0");
      return credited ? T("helped $0") : T("was helped by $0");
  }
}

}  // namespace

std::string CounterpartsOf(const v1::StatementLine& line) {
  std::vector<std::string> names(line.counterpart_display_names().begin(),
                                 line.counterpart_display_names().end());
  for (int i = 0; i < static_cast<int>(names.size()) && i < line.counterparts_size(); ++i) {
    if (names[static_cast<size_t>(i)].empty())
      names[static_cast<size_t>(i)] = ShortName(line.counterparts(i));
  }
  const int64_t others = line.counterpart_count() - static_cast<int64_t>(names.size());
  if (others > 0) names.push_back(Fill(Tn("$0 other", "$0 others", others), others));
  return JoinNames(names);
}

std::string WhatHappened(const v1::StatementLine& line) {
  const std::string what = Fill(Deed(line), CounterpartsOf(line), client::IdOf(line.reverses()));
  std::string words = line.category();
  for (const std::string& more : {line.note(), line.reason()}) {
    if (!more.empty()) absl::StrAppend(&words, words.empty() ? "" : ": ", more);
  }
  return absl::StrCat(what, words.empty() ? "" : ", ", words);
}

std::string PrintStatement(const StatementHeading& heading, const std::vector<v1::StatementLine>& lines) {
  const Widths widths = WidthsFor(heading, lines);
  std::vector<std::vector<std::string>> body;
  body.push_back(
      {Row(widths, "", "", T("Balance before"), "", Standing(heading.opening_balance_seconds)), ""});
  for (const v1::StatementLine& line : lines) body.push_back(Entry(line, heading, widths));
  if (lines.empty()) body.push_back({Row(widths, "", "", T("No exchanges in this period."), "", "")});
  body.push_back({std::string(kPrintedColumns, '-'),
                  Row(widths, "", "", T("Balance after"), "", Standing(heading.closing_balance_seconds)), "",
                  T("+ hours given, in credit   - hours received, in debit")});
  const size_t heading_lines = PageHeading(heading, widths, 1, 1).size();
  const std::vector<std::vector<std::string>> pages = Paginate(body, kPrintedLines - heading_lines);
  std::string text;
  for (size_t page = 0; page < pages.size(); ++page) {
    if (page > 0) text += '\f';
    for (const std::string& line : PageHeading(heading, widths, page + 1, pages.size()))
      absl::StrAppend(&text, line, "\n");
    for (const std::string& line : pages[page]) absl::StrAppend(&text, line, "\n");
  }
  return text;
}

}  // namespace timebank::cli
