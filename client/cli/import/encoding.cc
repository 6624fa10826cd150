#include "client/cli/import/encoding.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <istream>
#include <string>
#include <string_view>

#include "client/cli/import/text.h"

namespace timebank::imports {
namespace {

constexpr size_t kChunkBytes = size_t{64} << 10;
constexpr std::string_view kLittleEndianMark = "\xFF\xFE";
constexpr std::string_view kBigEndianMark = "\xFE\xFF";
constexpr uint32_t kReplacement = 0xFFFD;

// 0x80 to 0x9F; the five that Windows leaves open are the control characters of that number.
constexpr std::array<uint16_t, 32> kWindows1252 = {
    0x20AC, 0x0081, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152, 0x008D, 0x017D, 0x008F, 0x0090, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x009D, 0x017E, 0x0178};

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

}  // namespace

std::string_view NameOf(Encoding encoding) {
  switch (encoding) {
    case Encoding::kUtf8:
      return "UTF-8";
    case Encoding::kWindows1252:
      return "Windows-1252";
    case Encoding::kUtf16LittleEndian:
    case Encoding::kUtf16BigEndian:
      return "UTF-16";
  }
  return "";
}

Encoding DetectEncoding(std::istream& in) {
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
  return counts.broken > counts.letters ? Encoding::kWindows1252 : Encoding::kUtf8;
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
      for (char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        AppendUtf8(byte >= 0x80 && byte < 0xA0 ? kWindows1252[byte - 0x80] : byte, converted_);
      }
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
