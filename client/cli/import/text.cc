#include "client/cli/import/text.h"

#include <openssl/evp.h>
#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace timebank::imports {
namespace {

bool IsContinuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

// Bytes behind the lead byte, and the smallest code point that needs them; 0 for a byte that cannot lead.
struct Sequence {
  size_t length;
  uint32_t smallest;
};

Sequence SequenceOf(unsigned char lead) {
  if ((lead & 0xE0) == 0xC0) return {2, 0x80};
  if ((lead & 0xF0) == 0xE0) return {3, 0x800};
  if ((lead & 0xF8) == 0xF0) return {4, 0x10000};
  return {0, 0};
}

// What stands around a fact where it is hashed, at most: its length, and two marks.
constexpr size_t kAroundAFact = 22;

constexpr std::string_view kNoBreakSpace = "\xC2\xA0";
constexpr absl::string_view kDegree = "\xC2\xB0";

// Letters that are no letter with a mark to Unicode, and are to whoever types a name.
constexpr std::array<std::pair<std::string_view, std::string_view>, 9> kStroked = {{{"ø", "o"},
                                                                                    {"đ", "d"},
                                                                                    {"ł", "l"},
                                                                                    {"ħ", "h"},
                                                                                    {"ŧ", "t"},
                                                                                    {"ı", "i"},
                                                                                    {"ð", "d"},
                                                                                    {"æ", "ae"},
                                                                                    {"œ", "oe"}}};

// The signs that people type for an apostrophe. The accent alone would fall apart into a blank and a mark.
constexpr std::array<std::pair<absl::string_view, absl::string_view>, 4> kApostrophes = {
    {{"\xE2\x80\x99", "'"}, {"\xE2\x80\x98", "'"}, {"\xCA\xBC", "'"}, {"\xC2\xB4", "'"}}};

std::string WithPlainApostrophes(std::string_view text) {
  return absl::StrReplaceAll(Absl(text), kApostrophes);
}

struct Free {
  void operator()(utf8proc_uint8_t* bytes) const { std::free(bytes); }
};

bool IsAscii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x80; });
}

// None for text that is no UTF-8.
std::optional<std::string> Mapped(std::string_view text, int options) {
  utf8proc_uint8_t* bytes = nullptr;
  const utf8proc_ssize_t size = utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                             static_cast<utf8proc_ssize_t>(text.size()), &bytes,
                                             static_cast<utf8proc_option_t>(options));
  const std::unique_ptr<utf8proc_uint8_t, Free> owned(bytes);
  if (size < 0) return std::nullopt;
  return std::string(reinterpret_cast<const char*>(bytes), static_cast<size_t>(size));
}

}  // namespace

std::string WithoutMarks(std::string_view text) {
  if (IsAscii(text)) return absl::AsciiStrToLower(Absl(text));
  std::optional<std::string> mapped =
      Mapped(WithPlainApostrophes(text),
             UTF8PROC_STABLE | UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT | UTF8PROC_STRIPMARK | UTF8PROC_CASEFOLD);
  if (!mapped) return std::string(text);
  std::string plain = *std::move(mapped);
  for (const auto& [stroked, letter] : kStroked) {
    for (size_t at = plain.find(stroked); at != std::string::npos; at = plain.find(stroked, at)) {
      plain.replace(at, stroked.size(), letter);
    }
  }
  return plain;
}

std::string_view Trimmed(std::string_view text) {
  for (;;) {
    const size_t before = text.size();
    while (!text.empty() && absl::ascii_isspace(static_cast<unsigned char>(text.front())))
      text.remove_prefix(1);
    while (!text.empty() && absl::ascii_isspace(static_cast<unsigned char>(text.back())))
      text.remove_suffix(1);
    if (text.substr(0, kNoBreakSpace.size()) == kNoBreakSpace) text.remove_prefix(kNoBreakSpace.size());
    if (text.size() >= kNoBreakSpace.size() &&
        text.substr(text.size() - kNoBreakSpace.size()) == kNoBreakSpace) {
      text.remove_suffix(kNoBreakSpace.size());
    }
    if (text.size() == before) return text;
  }
}

std::string FoldedName(std::string_view text) {
  std::string folded;
  for (char c : WithoutMarks(Trimmed(text))) {
    if (!absl::ascii_isspace(static_cast<unsigned char>(c))) {
      folded.push_back(c);
    } else if (!folded.empty() && folded.back() != ' ') {
      folded.push_back(' ');
    }
  }
  while (!folded.empty() && folded.back() == ' ') folded.pop_back();
  return folded;
}

std::string AsRead(std::string_view text) {
  std::string composed;
  if (!IsAscii(text)) {
    composed = Mapped(text, UTF8PROC_STABLE | UTF8PROC_COMPOSE).value_or(std::string(text));
    text = composed;
  }
  std::string read;
  read.reserve(text.size());
  bool blank = false;
  for (size_t at = 0; at < text.size();) {
    const bool no_break = text.substr(at, kNoBreakSpace.size()) == kNoBreakSpace;
    if (no_break || absl::ascii_isspace(static_cast<unsigned char>(text[at]))) {
      blank = true;
      at += no_break ? kNoBreakSpace.size() : 1;
      continue;
    }
    if (blank && !read.empty()) read.push_back(' ');
    blank = false;
    read.push_back(text[at++]);
  }
  return read;
}

std::vector<std::string> HeadingWords(std::string_view text) {
  std::vector<std::string> words(1);
  for (char c : WithoutMarks(absl::StrReplaceAll(Absl(text), {{kDegree, "o"}}))) {
    const auto byte = static_cast<unsigned char>(c);
    if (absl::ascii_isalnum(byte) || byte >= 0x80) {
      words.back().push_back(c);
    } else if (!words.back().empty()) {
      words.emplace_back();
    }
  }
  if (words.back().empty()) words.pop_back();
  return words;
}

std::string HeadingKey(std::string_view text) {
  std::string key;
  for (const std::string& word : HeadingWords(text)) key += word;
  return key.empty() ? std::string(Trimmed(text)) : key;
}

bool HasWord(std::string_view words, std::string_view word) {
  if (word.empty()) return false;
  for (size_t at = words.find(word); at != std::string_view::npos; at = words.find(word, at + 1)) {
    const size_t end = at + word.size();
    if ((at == 0 || words[at - 1] == ' ') && (end == words.size() || words[end] == ' ')) return true;
  }
  return false;
}

bool IsUtf8(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    const auto lead = static_cast<unsigned char>(text[at]);
    if (lead < 0x80) {
      ++at;
      continue;
    }
    const Sequence sequence = SequenceOf(lead);
    if (sequence.length == 0 || text.size() - at < sequence.length) return false;
    uint32_t code_point = lead & (0x7Fu >> sequence.length);
    for (size_t i = 1; i < sequence.length; ++i) {
      if (!IsContinuation(text[at + i])) return false;
      code_point = code_point << 6 | (static_cast<unsigned char>(text[at + i]) & 0x3Fu);
    }
    const bool surrogate = code_point >= 0xD800 && code_point < 0xE000;
    if (code_point < sequence.smallest || surrogate || code_point > 0x10FFFF) return false;
    at += sequence.length;
  }
  return true;
}

std::string Tellable(std::string_view text) {
  std::string told(text);
  if (IsUtf8(text)) return told;
  std::replace_if(
      told.begin(), told.end(), [](unsigned char c) { return c >= 0x80; }, '?');
  return told;
}

std::string Shortened(std::string_view text) {
  constexpr size_t kLong = 40;
  if (text.size() <= kLong) return Tellable(text);
  size_t end = kLong;
  while (end < text.size() && IsContinuation(text[end])) ++end;
  return absl::StrCat(Tellable(text.substr(0, end)), "...");
}

bool IsDigits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

size_t CodePoints(std::string_view text) {
  return text.size() - static_cast<size_t>(std::count_if(text.begin(), text.end(), IsContinuation));
}

FactsHash HashFacts(std::initializer_list<std::string_view> facts) {
  std::string bytes;
  size_t size = 0;
  for (const std::string_view fact : facts) size += fact.size() + kAroundAFact;
  bytes.reserve(size);
  for (const std::string_view fact : facts) absl::StrAppend(&bytes, fact.size(), ":", Absl(fact), ";");
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int length = 0;
  // Fails only where the library has no SHA-256 or no memory left; either way nothing sensible can be done.
  // Fetched once, with room for its work: either costs more than the digest of so few bytes.
  static EVP_MD* const sha256 = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  thread_local const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> work(EVP_MD_CTX_new(),
                                                                                  EVP_MD_CTX_free);
  if (EVP_DigestInit_ex2(work.get(), sha256, nullptr) != 1 ||
      EVP_DigestUpdate(work.get(), bytes.data(), bytes.size()) != 1 ||
      EVP_DigestFinal_ex(work.get(), digest.data(), &length) != 1) {
    std::abort();
  }
  FactsHash hash;
  std::copy_n(digest.begin(), hash.size(), hash.begin());
  return hash;
}

std::string ToHex(const FactsHash& hash) {
  return absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(hash.data()), hash.size()));
}

}  // namespace timebank::imports
