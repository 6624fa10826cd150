// Small questions about text that comes from elsewhere. Threads: pure functions.
#ifndef TIMEBANK_CLIENT_CLI_IMPORT_TEXT_H_
#define TIMEBANK_CLIENT_CLI_IMPORT_TEXT_H_

#include <array>
#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/string_view.h"

namespace timebank::imports {

// Abseil as packaged has a string view of its own.
inline absl::string_view Absl(std::string_view text) { return {text.data(), text.size()}; }

// Whether it is UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF.
bool IsUtf8(std::string_view text);

// For telling people: as it is, or where it is no UTF-8 with a `?` for every byte beyond ASCII.
std::string Tellable(std::string_view text);

// The same, cut off behind some forty bytes.
std::string Shortened(std::string_view text);

// Whether it is one or more of 0 to 9 and nothing else.
bool IsDigits(std::string_view text);

// Without the blanks at both ends, no-break spaces among them.
std::string_view Trimmed(std::string_view text);

// Small letters without accents and strokes, and one sign for every apostrophe: `Đặng` and `dang` are the
// same, `O’Brien` and `o'brien`. Text that is no UTF-8 stays as it is.
std::string WithoutMarks(std::string_view text);

// The same with single blanks: `Ö. Đặng ` and `o. dang` are the same name.
std::string FoldedName(std::string_view text);

// As people read it, however a program saved it: accents composed (NFC), line breaks and other blanks, at the
// ends and several together, one blank or none. Text that is no UTF-8 keeps its accents as they are.
std::string AsRead(std::string_view text);

// The letters and digits of FoldedName() alone: `From / to - Full name` and `from_to_fullname` are the same
// heading. Text without any (`#`) stands for itself. The degree sign is the raised `o` that people take it
// for: `N°` and `Nº` are the same.
std::string HeadingKey(std::string_view text);

// The words of a heading: what HeadingKey() keeps, parted where it leaves something out.
std::vector<std::string> HeadingWords(std::string_view text);

// Whether `words`, parted by blanks, hold `word`.
bool HasWord(std::string_view words, std::string_view word);

// Number of code points; `text` is UTF-8.
size_t CodePoints(std::string_view text);

// The first half of a SHA-256: as good as unique.
using FactsHash = std::array<unsigned char, 16>;

// Of `facts`, each taken with its length before it, so that no two lists run together.
FactsHash HashFacts(std::initializer_list<std::string_view> facts);

// As 32 hexadecimal digits.
std::string ToHex(const FactsHash& hash);

}  // namespace timebank::imports

#endif  // TIMEBANK_CLIENT_CLI_IMPORT_TEXT_H_
