// What stands between the rows of a spreadsheet: totals, titles, footers and headings that come again.
//
// They are nobody and no help: they are left out, and told with their places. What may be either is one of
// the table's rows.
//
// Threads: pure functions; LeftOutRows one at a time.
#ifndef TIMEBANK_CLIENT_CLI_IMPORT_SPREADSHEET_ROWS_H_
#define TIMEBANK_CLIENT_CLI_IMPORT_SPREADSHEET_ROWS_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/civil_time.h"
#include "client/cli/import/reader.h"
#include "client/cli/import/spreadsheet_people.h"
#include "client/cli/import/table_reader.h"

namespace timebank::imports::spreadsheet {

enum class RowIs { kOfTable, kTotal, kTitle };

// What a row of a file of hours is. A month, a part of the year or a year (`Abril 2024`) is a title, unless
// it stands where an exchange has its giver or receiver and `people` have such a name, or where it has its
// time. `today` is the bank's.
RowIs RowOfHours(const Line& line, absl::CivilDay today, const People& people);
// What a row of a list of members is. There a month, a season or a year alone is none: members may be called
// so.
RowIs RowOfMembers(const Line& line, absl::CivilDay today);

// All of a row, for telling people.
std::string TextOf(const Line& line);

// Rows that are left out, of one sort.
class LeftOutRows {
 public:
  // `text` may be empty.
  void Add(const Place& place, const std::string& text);
  // Adds them to `told`, as what one or many of them are called, with the places of the first ten; nothing
  // where there are none.
  void Tell(std::string_view one, std::string_view many, std::vector<std::string>& told) const;

 private:
  size_t count_ = 0;
  // Of the first ones.
  std::string places_;
};

}  // namespace timebank::imports::spreadsheet

#endif  // TIMEBANK_CLIENT_CLI_IMPORT_SPREADSHEET_ROWS_H_
