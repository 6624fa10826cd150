// Text that older spreadsheets write, as UTF-8.
//
// Threads: one at a time.
#ifndef TIMEBANK_CLIENT_CLI_IMPORT_ENCODING_H_
#define TIMEBANK_CLIENT_CLI_IMPORT_ENCODING_H_

#include <cstdint>
#include <istream>
#include <optional>
#include <streambuf>
#include <string>
#include <string_view>
#include <vector>

namespace timebank::imports {

// Of UTF-8: what some programs begin a file with.
inline constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

enum class Encoding {
  kUtf8,
  // What Windows calls ANSI; Latin-1 with more letters.
  kWindows1252,
  // Excel for Mac.
  kMacRoman,
  // DOS in Western Europe, and before that in America: most letters are the same.
  kCp850,
  kCp437,
  // With a byte-order mark; UTF-16 without one is told from nothing else and is not guessed.
  kUtf16LittleEndian,
  kUtf16BigEndian,
};

// As people know it: `Windows-1252`.
std::string_view NameOf(Encoding encoding);

// What people may say of a file that is not UTF-8: `mac-roman`.
std::vector<std::string> EncodingNames();
// None where it is none of these names.
std::optional<Encoding> EncodingNamed(std::string_view name);

// Reads `in`, from its beginning, to its end. What has a byte-order mark is what the mark says. Without one
// it is UTF-8, unless bytes that cannot be UTF-8 outnumber its letters of more than one byte: one damaged
// name does not make a whole file another one's. Else it is `unless_utf8`, where that is told, and
// Windows-1252, unless that puts signs into words where no sign stands (`JosŽ`, `Jos‚`) and another one
// letters. None: several do, and do not read it the same; or all that speaks against Windows-1252 is a sign
// that may stand in a word (`Ram—n`).
std::optional<Encoding> DetectEncoding(std::istream& in, std::optional<Encoding> unless_utf8 = std::nullopt);

// Passes on what it reads from `in` (bytes in `encoding`) as UTF-8. What is damaged becomes U+FFFD in UTF-16;
// every byte is a letter where a letter is one byte; UTF-8 is passed on as it is. `in` must outlive it.
class Utf8Buffer : public std::streambuf {
 public:
  Utf8Buffer(std::istream& in, Encoding encoding) : in_(in), encoding_(encoding) {}
  ~Utf8Buffer() override;

  // Bytes taken from `in`.
  int64_t bytes_read() const { return bytes_read_; }

 protected:
  int_type underflow() override;

 private:
  void Convert(std::string_view bytes);
  void ConvertUtf16(std::string_view bytes);

  std::istream& in_;
  Encoding encoding_;
  // What was converted and not yet taken.
  std::string converted_;
  // A first half: of a code unit, or of a surrogate pair.
  std::string half_;
  uint32_t high_surrogate_ = 0;
  int64_t bytes_read_ = 0;
};

}  // namespace timebank::imports

#endif  // TIMEBANK_CLIENT_CLI_IMPORT_ENCODING_H_
