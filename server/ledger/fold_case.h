// Words that differ by case alone are one word: what categories are found by.
//
// Threads: any.
#ifndef TIMEBANK_SERVER_LEDGER_FOLD_CASE_H_
#define TIMEBANK_SERVER_LEDGER_FOLD_CASE_H_

#include <optional>
#include <string>
#include <string_view>

namespace timebank::ledger {

// `text` by Unicode's full case folding, composed (NFC): "JARDÍN" and "jardín" become the same, however the
// accent is encoded, and so do "Straße" and "STRASSE". Accents stay. What is no UTF-8 has its ASCII letters
// folded.
//
// Unicode promises that what a letter folds to never changes; a newer library knows letters that were added
// since, so that it may find a category where an older one would add another. What was decided is in the log,
// either way.
std::string FoldCase(std::string_view text);

// `text` as utf8proc maps it, `options` being UTF8PROC_...; nothing where it is no UTF-8.
std::optional<std::string> MapUtf8(std::string_view text, int options);

}  // namespace timebank::ledger

#endif  // TIMEBANK_SERVER_LEDGER_FOLD_CASE_H_
