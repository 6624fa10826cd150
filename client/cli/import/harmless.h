// Cells that a spreadsheet would run as a formula, made harmless, and back again.
//
// A cell that begins with = + - @ (also in the wide forms of East Asia), a tab or a line break is a formula
// to a spreadsheet. With an apostrophe in front it is text. So that every text comes back the same, a text
// that begins with apostrophes and such a sign gets one more, and what reads it takes one away; any other
// text is left alone by both.
//
//     =1+1     '=1+1          +34 622     '+34 622          'twas     'twas
//     '=1+1    ''=1+1         1:30        1:30
//
// Unharmed() is for files that we have written: a file of rejects (it has the columns below), an export.
// Anybody else's apostrophes are their own.
//
// Threads: pure functions.
#ifndef TIMEBANK_CLIENT_CLI_IMPORT_HARMLESS_H_
#define TIMEBANK_CLIENT_CLI_IMPORT_HARMLESS_H_

#include <string>
#include <string_view>

namespace timebank::imports {

// The columns that a file of rejects has behind its own.
inline constexpr std::string_view kRejectedLine = "rejected_line";
inline constexpr std::string_view kRejectedWhy = "rejected_why";

std::string Harmless(std::string_view text);

// Unharmed(Harmless(text)) == text.
std::string Unharmed(std::string_view text);

}  // namespace timebank::imports

#endif  // TIMEBANK_CLIENT_CLI_IMPORT_HARMLESS_H_
