// Text as people search for it: without case and accents.
#ifndef TIMEBANK_SERVER_SERVICES_FOLDING_H_
#define TIMEBANK_SERVER_SERVICES_FOLDING_H_

#include <string>
#include <string_view>

namespace timebank::services {

// Lower case without diacritics, white space as single blanks: "Núria  Đặng" becomes "nuria dang".
// Decomposition and marks as the Unicode standard has them (NFKD, general category Mn), case by Unicode case
// folding, and the letters with strokes that do not decompose (ø đ ł ħ ŧ ı) as people without them on their
// keyboard type them. Threads: any.
std::string FoldForSearch(std::string_view text);

}  // namespace timebank::services

#endif  // TIMEBANK_SERVER_SERVICES_FOLDING_H_
