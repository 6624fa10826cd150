#include "client/cli/import/text.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

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

}  // namespace

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

bool IsDigits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

size_t CodePoints(std::string_view text) {
  return text.size() - static_cast<size_t>(std::count_if(text.begin(), text.end(), IsContinuation));
}

FactsHash HashFacts(const std::vector<std::string>& facts) {
  std::string bytes;
  for (const std::string& fact : facts) absl::StrAppend(&bytes, fact.size(), ":", fact, ";");
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int length = 0;
  // Fails only where the library has no SHA-256 or no memory left; either way nothing sensible can be done.
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &length, EVP_sha256(), nullptr) != 1)
    std::abort();
  FactsHash hash;
  std::copy_n(digest.begin(), hash.size(), hash.begin());
  return hash;
}

std::string ToHex(const FactsHash& hash) {
  return absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(hash.data()), hash.size()));
}

}  // namespace timebank::imports
