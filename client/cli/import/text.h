// Small questions about text that comes from elsewhere. Threads: pure functions.
#ifndef TIMEBANK_CLIENT_CLI_IMPORT_TEXT_H_
#define TIMEBANK_CLIENT_CLI_IMPORT_TEXT_H_

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace timebank::imports {

// Whether it is UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF.
bool IsUtf8(std::string_view text);

// Whether it is one or more of 0 to 9 and nothing else.
bool IsDigits(std::string_view text);

// Number of code points; `text` is UTF-8.
size_t CodePoints(std::string_view text);

// The first half of a SHA-256: as good as unique.
using FactsHash = std::array<unsigned char, 16>;

// Of `facts`, each taken with its length before it, so that no two lists run together.
FactsHash HashFacts(const std::vector<std::string>& facts);

// As 32 hexadecimal digits.
std::string ToHex(const FactsHash& hash);

}  // namespace timebank::imports

#endif  // TIMEBANK_CLIENT_CLI_IMPORT_TEXT_H_
