#include "client/cli/import/encoding.h"

#include <openssl/crypto.h>
#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <istream>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "client/cli/import/text.h"

namespace timebank::imports {
namespace {

constexpr size_t kChunkBytes = size_t{64} << 10;
constexpr std::string_view kLittleEndianMark = "\xFF\xFE";
constexpr std::string_view kBigEndianMark = "\xFE\xFF";
constexpr uint32_t kReplacement = 0xFFFD;

// What bytes from 0x80 on stand for.
using Table = std::array<uint16_t, 128>;

// From 0xA0 on as Latin-1 has them, whose numbers are Unicode's. The five that Windows leaves open are the
// control characters of that number.
constexpr Table kWindows1252 = [] {
  constexpr std::array<uint16_t, 32> kBelowLatin1 = {
      0x20AC, 0x0081, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
      0x2039, 0x0152, 0x008D, 0x017D, 0x008F, 0x0090, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
      0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x009D, 0x017E, 0x0178};
  Table table = {};
  for (size_t i = 0; i < table.size(); ++i) {
    table[i] = i < kBelowLatin1.size() ? kBelowLatin1[i] : static_cast<uint16_t>(0x80 + i);
  }
  return table;
}();
constexpr Table kMacRoman = {
    0x00C4, 0x00C5, 0x00C7, 0x00C9, 0x00D1, 0x00D6, 0x00DC, 0x00E1, 0x00E0, 0x00E2, 0x00E4, 0x00E3, 0x00E5,
    0x00E7, 0x00E9, 0x00E8, 0x00EA, 0x00EB, 0x00ED, 0x00EC, 0x00EE, 0x00EF, 0x00F1, 0x00F3, 0x00F2, 0x00F4,
    0x00F6, 0x00F5, 0x00FA, 0x00F9, 0x00FB, 0x00FC, 0x2020, 0x00B0, 0x00A2, 0x00A3, 0x00A7, 0x2022, 0x00B6,
    0x00DF, 0x00AE, 0x00A9, 0x2122, 0x00B4, 0x00A8, 0x2260, 0x00C6, 0x00D8, 0x221E, 0x00B1, 0x2264, 0x2265,
    0x00A5, 0x00B5, 0x2202, 0x2211, 0x220F, 0x03C0, 0x222B, 0x00AA, 0x00BA, 0x03A9, 0x00E6, 0x00F8, 0x00BF,
    0x00A1, 0x00AC, 0x221A, 0x0192, 0x2248, 0x2206, 0x00AB, 0x00BB, 0x2026, 0x00A0, 0x00C0, 0x00C3, 0x00D5,
    0x0152, 0x0153, 0x2013, 0x2014, 0x201C, 0x201D, 0x2018, 0x2019, 0x00F7, 0x25CA, 0x00FF, 0x0178, 0x2044,
    0x20AC, 0x2039, 0x203A, 0xFB01, 0xFB02, 0x2021, 0x00B7, 0x201A, 0x201E, 0x2030, 0x00C2, 0x00CA, 0x00C1,
    0x00CB, 0x00C8, 0x00CD, 0x00CE, 0x00CF, 0x00CC, 0x00D3, 0x00D4, 0xF8FF, 0x00D2, 0x00DA, 0x00DB, 0x00D9,
    0x0131, 0x02C6, 0x02DC, 0x00AF, 0x02D8, 0x02D9, 0x02DA, 0x00B8, 0x02DD, 0x02DB, 0x02C7};
constexpr Table kCp850 = {
    0x00C7, 0x00FC, 0x00E9, 0x00E2, 0x00E4, 0x00E0, 0x00E5, 0x00E7, 0x00EA, 0x00EB, 0x00E8, 0x00EF, 0x00EE,
    0x00EC, 0x00C4, 0x00C5, 0x00C9, 0x00E6, 0x00C6, 0x00F4, 0x00F6, 0x00F2, 0x00FB, 0x00F9, 0x00FF, 0x00D6,
    0x00DC, 0x00F8, 0x00A3, 0x00D8, 0x00D7, 0x0192, 0x00E1, 0x00ED, 0x00F3, 0x00FA, 0x00F1, 0x00D1, 0x00AA,
    0x00BA, 0x00BF, 0x00AE, 0x00AC, 0x00BD, 0x00BC, 0x00A1, 0x00AB, 0x00BB, 0x2591, 0x2592, 0x2593, 0x2502,
    0x2524, 0x00C1, 0x00C2, 0x00C0, 0x00A9, 0x2563, 0x2551, 0x2557, 0x255D, 0x00A2, 0x00A5, 0x2510, 0x2514,
    0x2534, 0x252C, 0x251C, 0x2500, 0x253C, 0x00E3, 0x00C3, 0x255A, 0x2554, 0x2569, 0x2566, 0x2560, 0x2550,
    0x256C, 0x00A4, 0x00F0, 0x00D0, 0x00CA, 0x00CB, 0x00C8, 0x0131, 0x00CD, 0x00CE, 0x00CF, 0x2518, 0x250C,
    0x2588, 0x2584, 0x00A6, 0x00CC, 0x2580, 0x00D3, 0x00DF, 0x00D4, 0x00D2, 0x00F5, 0x00D5, 0x00B5, 0x00FE,
    0x00DE, 0x00DA, 0x00DB, 0x00D9, 0x00FD, 0x00DD, 0x00AF, 0x00B4, 0x00AD, 0x00B1, 0x2017, 0x00BE, 0x00B6,
    0x00A7, 0x00F7, 0x00B8, 0x00B0, 0x00A8, 0x00B7, 0x00B9, 0x00B3, 0x00B2, 0x25A0, 0x00A0};
constexpr Table kCp437 = {
    0x00C7, 0x00FC, 0x00E9, 0x00E2, 0x00E4, 0x00E0, 0x00E5, 0x00E7, 0x00EA, 0x00EB, 0x00E8, 0x00EF, 0x00EE,
    0x00EC, 0x00C4, 0x00C5, 0x00C9, 0x00E6, 0x00C6, 0x00F4, 0x00F6, 0x00F2, 0x00FB, 0x00F9, 0x00FF, 0x00D6,
    0x00DC, 0x00A2, 0x00A3, 0x00A5, 0x20A7, 0x0192, 0x00E1, 0x00ED, 0x00F3, 0x00FA, 0x00F1, 0x00D1, 0x00AA,
    0x00BA, 0x00BF, 0x2310, 0x00AC, 0x00BD, 0x00BC, 0x00A1, 0x00AB, 0x00BB, 0x2591, 0x2592, 0x2593, 0x2502,
    0x2524, 0x2561, 0x2562, 0x2556, 0x2555, 0x2563, 0x2551, 0x2557, 0x255D, 0x255C, 0x255B, 0x2510, 0x2514,
    0x2534, 0x252C, 0x251C, 0x2500, 0x253C, 0x255E, 0x255F, 0x255A, 0x2554, 0x2569, 0x2566, 0x2560, 0x2550,
    0x256C, 0x2567, 0x2568, 0x2564, 0x2565, 0x2559, 0x2558, 0x2552, 0x2553, 0x256B, 0x256A, 0x2518, 0x250C,
    0x2588, 0x2584, 0x258C, 0x2590, 0x2580, 0x03B1, 0x00DF, 0x0393, 0x03C0, 0x03A3, 0x03C3, 0x00B5, 0x03C4,
    0x03A6, 0x0398, 0x03A9, 0x03B4, 0x221E, 0x03C6, 0x03B5, 0x2229, 0x2261, 0x00B1, 0x2265, 0x2264, 0x2320,
    0x2321, 0x00F7, 0x2248, 0x00B0, 0x2219, 0x00B7, 0x221A, 0x207F, 0x00B2, 0x25A0, 0x00A0};

// What is looked for beside Windows-1252; of two that read a file the same the first is told.
constexpr std::array<Encoding, 3> kOtherSystems = {Encoding::kMacRoman, Encoding::kCp850, Encoding::kCp437};

constexpr std::array<std::pair<std::string_view, Encoding>, 4> kNames = {
    {{"windows-1252", Encoding::kWindows1252},
     {"mac-roman", Encoding::kMacRoman},
     {"cp850", Encoding::kCp850},
     {"cp437", Encoding::kCp437}}};

// Of an encoding of one byte a letter.
const Table& TableOf(Encoding encoding) {
  switch (encoding) {
    case Encoding::kMacRoman:
      return kMacRoman;
    case Encoding::kCp850:
      return kCp850;
    case Encoding::kCp437:
      return kCp437;
    default:
      return kWindows1252;
  }
}

uint32_t CodePointOf(unsigned char byte, Encoding encoding) {
  return byte < 0x80 ? byte : TableOf(encoding)[byte - 0x80];
}

void AppendUtf8(uint32_t code_point, std::string& text) {
  const auto tail = [&](int shift) {
    text.push_back(static_cast<char>(0x80 | (code_point >> shift & 0x3F)));
  };
  if (code_point < 0x80) {
    text.push_back(static_cast<char>(code_point));
  } else if (code_point < 0x800) {
    text.push_back(static_cast<char>(0xC0 | code_point >> 6));
    tail(0);
  } else if (code_point < 0x10000) {
    text.push_back(static_cast<char>(0xE0 | code_point >> 12));
    tail(6);
    tail(0);
  } else {
    text.push_back(static_cast<char>(0xF0 | code_point >> 18));
    tail(12);
    tail(6);
    tail(0);
  }
}

bool StartsWith(std::string_view text, std::string_view start) {
  return text.substr(0, start.size()) == start;
}

// Letters of more than one byte, and bytes that belong to none.
struct Utf8Counts {
  int64_t letters = 0;
  int64_t broken = 0;
};

// Counts in `text` and takes what it has looked at off its front; what may be the beginning of a letter
// stays, unless nothing follows.
void Count(std::string& text, bool at_end, Utf8Counts& counts) {
  size_t at = 0;
  while (at < text.size()) {
    const auto lead = static_cast<unsigned char>(text[at]);
    if (lead < 0x80) {
      ++at;
      continue;
    }
    const size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if (text.size() - at < length && !at_end) break;
    const std::string_view letter = std::string_view(text).substr(at, length);
    const bool whole = letter.size() == length && IsUtf8(letter) && CodePoints(letter) == 1;
    ++(whole ? counts.letters : counts.broken);
    at += whole ? length : 1;
  }
  OPENSSL_cleanse(text.data(), at);
  text.erase(0, at);
}

// ---- Which encoding of one byte a letter: by what stands beside what.

// A byte beyond ASCII between the bytes before and behind it, and how often they stand so.
using Neighbours = std::array<unsigned char, 3>;
using Occurrences = std::map<Neighbours, int64_t>;

Occurrences CountNeighbours(std::istream& in) {
  Occurrences occurrences;
  Neighbours seen = {'\n', '\n', '\n'};
  const auto shift = [&](unsigned char next) {
    seen = {seen[1], seen[2], next};
    if (seen[1] >= 0x80) ++occurrences[seen];
  };
  std::string chunk(kChunkBytes, '\0');
  while (in.read(chunk.data(), static_cast<std::streamsize>(chunk.size())), in.gcount() > 0) {
    for (std::streamsize i = 0; i < in.gcount(); ++i)
      shift(static_cast<unsigned char>(chunk[static_cast<size_t>(i)]));
  }
  shift('\n');
  OPENSSL_cleanse(chunk.data(), chunk.size());
  return occurrences;
}

enum class Sign { kSmall, kCapital, kForeign, kNone };

// What a code point is in a word: a letter of Latin writing, of another one, or none.
Sign SignOf(uint32_t code_point) {
  constexpr uint32_t kLastLatin = 0x17F;
  const utf8proc_category_t category = utf8proc_category(static_cast<utf8proc_int32_t>(code_point));
  if (category != UTF8PROC_CATEGORY_LL && category != UTF8PROC_CATEGORY_LU) return Sign::kNone;
  if (code_point > kLastLatin || code_point == 0xB5) return Sign::kForeign;
  return category == UTF8PROC_CATEGORY_LL ? Sign::kSmall : Sign::kCapital;
}

bool IsOneOf(std::u32string_view signs, uint32_t code_point) {
  return signs.find(static_cast<char32_t>(code_point)) != std::u32string_view::npos;
}

enum class Likelihood { kUnlikely, kPossible, kLetter };

// How likely people have written that.
Likelihood Judge(const Neighbours& bytes, Encoding encoding) {
  const uint32_t code_point = CodePointOf(bytes[1], encoding);
  const Sign before = SignOf(CodePointOf(bytes[0], encoding));
  const Sign sign = SignOf(code_point);
  const Sign behind = SignOf(CodePointOf(bytes[2], encoding));
  const bool alone = before == Sign::kNone && behind == Sign::kNone;
  const auto unless = [](bool unlikely) { return unlikely ? Likelihood::kUnlikely : Likelihood::kPossible; };
  if (code_point < 0xA0) return Likelihood::kUnlikely;  // a control character
  if (sign == Sign::kForeign) return unless(!alone);
  if (sign != Sign::kNone) {
    // Words of one letter have an accent: `à`, `ó`.
    if (alone) return unless(!IsOneOf(U"ÀÁÈÉÌÍÒÓÙÚàáèéìíòóùú", code_point));
    // A capital behind a small letter, in either place.
    const bool turns = (before == Sign::kSmall && sign == Sign::kCapital) ||
                       (sign == Sign::kSmall && behind == Sign::kCapital);
    return turns ? Likelihood::kUnlikely : Likelihood::kLetter;
  }
  if (before != Sign::kNone && behind != Sign::kNone) {
    return unless(!IsOneOf(U"\u00A0\u00AD\u00B4\u00B7\u2013\u2014\u2018\u2019\u2026", code_point));
  }
  // Nobody draws lines in a table, not even beside nothing.
  if (code_point >= 0x2500 && code_point < 0x25A0) return Likelihood::kUnlikely;
  const bool is_box = code_point >= 0x2200 && code_point < 0x2600;
  const bool is_mark =
      IsOneOf(U"\u00A8\u00AF\u00B8\u02C6\u02C7\u02D8\u02D9\u02DA\u02DB\u02DC\u02DD", code_point);
  if (before != Sign::kNone) return unless(is_box || is_mark || IsOneOf(U"¡¢¤¥¦¬¿‚„", code_point));
  return unless(behind != Sign::kNone && (is_box || is_mark || code_point == 0x2030));
}

struct Judgement {
  int64_t unlikely = 0;
  int64_t letters = 0;
};

Judgement JudgeAll(const Occurrences& occurrences, Encoding encoding) {
  Judgement all;
  for (const auto& [bytes, count] : occurrences) {
    const Likelihood likelihood = Judge(bytes, encoding);
    if (likelihood == Likelihood::kUnlikely) all.unlikely += count;
    if (likelihood == Likelihood::kLetter) all.letters += count;
  }
  return all;
}

// Signs that stand in words of Windows-1252 only now and then, where Mac Roman or CP850 have a letter:
// `Mu–oz`, `Ram—n`, `Mar’a`, and `Sánchez` with a no-break space for its `á`.
struct Doubts {
  int64_t doubtful = 0;
  // Which signs they are.
  std::set<unsigned char> signs;
  // Apostrophes where they belong: `l’home`, `don’t`.
  int64_t apostrophes = 0;
};

Doubts DoubtsAboutWindows(const Occurrences& occurrences) {
  const auto is_one_of = [](std::string_view letters, unsigned char byte) {
    return letters.find(static_cast<char>(byte)) != std::string_view::npos;
  };
  constexpr std::string_view kVowels = "aeiou";
  Doubts doubts;
  for (const auto& [bytes, count] : occurrences) {
    const auto& [letter, sign, behind] = bytes;
    const auto before = static_cast<unsigned char>(absl::ascii_tolower(letter));
    // `I` and `A` are words; `S` begins one.
    const bool begins = before != letter && !is_one_of(kVowels, before);
    if (!absl::ascii_islower(behind) || (!absl::ascii_islower(letter) && !begins)) continue;
    const bool elides = (is_one_of("dhjlmnstu", before) && is_one_of("aeiouyh", behind)) ||
                        (before == 'c' && is_one_of("ei", behind));
    bool doubtful = false;
    switch (sign) {
      case 0x96:  // ñ
        doubtful = is_one_of(kVowels, before) && is_one_of(kVowels, behind);
        break;
      case 0x97:  // ó
      case 0xA0:  // á
        doubtful = !is_one_of("aeoy", before) && !is_one_of(kVowels, behind);
        break;
      case 0x92:  // í
        doubtful = !elides && !is_one_of("tsdmlv", behind);
        doubts.apostrophes += doubtful ? 0 : count;
        break;
      default:
        break;
    }
    if (!doubtful) continue;
    doubts.doubtful += count;
    doubts.signs.insert(sign);
  }
  if (doubts.apostrophes >= doubts.doubtful) doubts.doubtful = 0;
  return doubts;
}

bool ReadTheSame(const Occurrences& occurrences, Encoding one, Encoding other) {
  return std::all_of(occurrences.begin(), occurrences.end(), [&](const auto& occurrence) {
    const unsigned char byte = occurrence.first[1];
    return CodePointOf(byte, one) == CodePointOf(byte, other);
  });
}

// Windows-1252, unless that is unlikely and another one much likelier; none where several are, or where
// Windows-1252 is only doubtful.
std::optional<Encoding> LikeliestOf(const Occurrences& occurrences) {
  constexpr int64_t kMuchLess = 10;
  const Judgement windows = JudgeAll(occurrences, Encoding::kWindows1252);
  const Doubts doubts = DoubtsAboutWindows(occurrences);
  int64_t all = 0;
  for (const auto& [bytes, count] : occurrences) all += count;
  std::vector<Encoding> best;
  int64_t least = 0;
  for (const Encoding encoding : kOtherSystems) {
    const Judgement other = JudgeAll(occurrences, encoding);
    const int64_t unlikely = windows.unlikely + (other.letters == all ? doubts.doubtful : 0);
    const bool likelier = other.unlikely * kMuchLess <= unlikely && other.letters > windows.letters;
    if (unlikely == 0 || !likelier || (!best.empty() && other.unlikely > least)) continue;
    if (other.unlikely < least) best.clear();
    least = other.unlikely;
    best.push_back(encoding);
  }
  if (best.empty()) return Encoding::kWindows1252;
  const bool agree = std::all_of(best.begin(), best.end(), [&](Encoding encoding) {
    return ReadTheSame(occurrences, best.front(), encoding);
  });
  // A single sign may be somebody's way to write.
  const bool plain = windows.unlikely > 0 || doubts.signs.size() > 1;
  return agree && plain ? std::optional(best.front()) : std::nullopt;
}

}  // namespace

std::string_view NameOf(Encoding encoding) {
  switch (encoding) {
    case Encoding::kUtf8:
      return "UTF-8";
    case Encoding::kWindows1252:
      return "Windows-1252";
    case Encoding::kMacRoman:
      return "Mac Roman";
    case Encoding::kCp850:
      return "CP850";
    case Encoding::kCp437:
      return "CP437";
    case Encoding::kUtf16LittleEndian:
    case Encoding::kUtf16BigEndian:
      return "UTF-16";
  }
  return "";
}

std::vector<std::string> EncodingNames() {
  std::vector<std::string> names;
  for (const auto& [name, encoding] : kNames) names.emplace_back(name);
  return names;
}

std::optional<Encoding> EncodingNamed(std::string_view name) {
  for (const auto& [known, encoding] : kNames) {
    if (known == name) return encoding;
  }
  return std::nullopt;
}

std::optional<Encoding> DetectEncoding(std::istream& in, std::optional<Encoding> unless_utf8) {
  std::string text;
  Utf8Counts counts;
  bool first = true;
  std::string chunk(kChunkBytes, '\0');
  while (in.read(chunk.data(), static_cast<std::streamsize>(chunk.size())), in.gcount() > 0) {
    text.append(chunk, 0, static_cast<size_t>(in.gcount()));
    if (first && StartsWith(text, kLittleEndianMark)) return Encoding::kUtf16LittleEndian;
    if (first && StartsWith(text, kBigEndianMark)) return Encoding::kUtf16BigEndian;
    if (first && StartsWith(text, kByteOrderMark)) return Encoding::kUtf8;
    first = false;
    Count(text, /*at_end=*/false, counts);
  }
  OPENSSL_cleanse(chunk.data(), chunk.size());
  Count(text, /*at_end=*/true, counts);
  if (counts.broken <= counts.letters) return Encoding::kUtf8;
  if (unless_utf8) return unless_utf8;
  in.clear();
  in.seekg(0);
  return LikeliestOf(CountNeighbours(in));
}

Utf8Buffer::~Utf8Buffer() { OPENSSL_cleanse(converted_.data(), converted_.size()); }

Utf8Buffer::int_type Utf8Buffer::underflow() {
  std::string chunk(kChunkBytes, '\0');
  OPENSSL_cleanse(converted_.data(), converted_.size());
  converted_.clear();
  while (converted_.empty()) {
    in_.read(chunk.data(), static_cast<std::streamsize>(chunk.size()));
    const auto size = static_cast<size_t>(in_.gcount());
    if (size == 0) {
      // Half a letter at the end is damage, too.
      if (half_.empty() && high_surrogate_ == 0) break;
      half_.clear();
      high_surrogate_ = 0;
      AppendUtf8(kReplacement, converted_);
      break;
    }
    bytes_read_ += static_cast<int64_t>(size);
    Convert(std::string_view(chunk).substr(0, size));
  }
  OPENSSL_cleanse(chunk.data(), chunk.size());
  setg(converted_.data(), converted_.data(), converted_.data() + converted_.size());
  return converted_.empty() ? traits_type::eof() : traits_type::to_int_type(converted_.front());
}

void Utf8Buffer::Convert(std::string_view bytes) {
  switch (encoding_) {
    case Encoding::kUtf8:
      converted_.append(bytes);
      return;
    case Encoding::kWindows1252:
    case Encoding::kMacRoman:
    case Encoding::kCp850:
    case Encoding::kCp437:
      for (char c : bytes) AppendUtf8(CodePointOf(static_cast<unsigned char>(c), encoding_), converted_);
      return;
    case Encoding::kUtf16LittleEndian:
    case Encoding::kUtf16BigEndian:
      ConvertUtf16(bytes);
      return;
  }
}

void Utf8Buffer::ConvertUtf16(std::string_view bytes) {
  for (char c : bytes) {
    if (half_.empty()) {
      half_.push_back(c);
      continue;
    }
    const auto first = static_cast<unsigned char>(half_.front());
    const auto second = static_cast<unsigned char>(c);
    half_.clear();
    const uint32_t unit =
        encoding_ == Encoding::kUtf16BigEndian ? first << 8u | second : second << 8u | first;
    const bool low = unit >= 0xDC00 && unit < 0xE000;
    if (high_surrogate_ != 0 && low) {
      AppendUtf8(0x10000 + ((high_surrogate_ - 0xD800) << 10) + (unit - 0xDC00), converted_);
      high_surrogate_ = 0;
      continue;
    }
    if (high_surrogate_ != 0) AppendUtf8(kReplacement, converted_);
    high_surrogate_ = 0;
    if (unit >= 0xD800 && unit < 0xDC00) {
      high_surrogate_ = unit;
    } else {
      AppendUtf8(low ? kReplacement : unit, converted_);
    }
  }
}

}  // namespace timebank::imports
