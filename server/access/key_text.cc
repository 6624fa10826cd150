#include "server/access/key_text.h"

#include <algorithm>
#include <cassert>
#include <cstdint>

#include "storage/crc32c.h"

namespace timebank::access {
namespace {

constexpr std::string_view kAlphabet = "0123456789abcdefghjkmnpqrstvwxyz";
constexpr size_t kSecretCharacters = 32;
constexpr size_t kSumCharacters = 7;
constexpr size_t kIdBytes = 8;
constexpr size_t kSecretBytes = 20;

// The first `characters` of `bytes`, five bits each.
std::string ToBase32(std::string_view bytes, size_t characters) {
  std::string text;
  uint32_t bits = 0;
  int held = 0;
  for (const char byte : bytes) {
    bits = bits << 8 | static_cast<unsigned char>(byte);
    for (held += 8; held >= 5 && text.size() < characters; held -= 5) {
      text += kAlphabet[bits >> (held - 5) & 31];
    }
  }
  assert(text.size() == characters);
  return text;
}

// Of everything before it.
void SumOf(std::string_view text, char (&sum)[kSumCharacters]) {
  uint32_t crc = storage::Crc32c(text);
  for (char& character : sum) {
    character = kAlphabet[crc & 31];
    crc >>= 5;
  }
}

bool IsBase32(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return kAlphabet.find(c) != std::string_view::npos; });
}

}  // namespace

NewKeyText MakeKeyText(std::string_view random) {
  assert(random.size() >= kIdBytes + kSecretBytes);
  NewKeyText key;
  key.id = ToBase32(random.substr(0, kIdBytes), kKeyIdCharacters);
  key.text = std::string(kKeyPrefix) + key.id + "_" +
             ToBase32(random.substr(kIdBytes, kSecretBytes), kSecretCharacters);
  char sum[kSumCharacters];
  SumOf(key.text, sum);
  key.text.append(sum, kSumCharacters);
  return key;
}

std::optional<std::string_view> KeyIdOf(std::string_view text) {
  if (text.size() != kKeyCharacters || !text.starts_with(kKeyPrefix)) return std::nullopt;
  if (text[kKeyPrefix.size() + kKeyIdCharacters] != '_') return std::nullopt;
  char sum[kSumCharacters];
  SumOf(text.substr(0, text.size() - kSumCharacters), sum);
  if (!std::equal(sum, sum + kSumCharacters, text.end() - kSumCharacters)) return std::nullopt;
  const std::string_view id = text.substr(kKeyPrefix.size(), kKeyIdCharacters);
  return IsKeyId(id) ? std::optional(id) : std::nullopt;
}

bool IsKeyId(std::string_view text) { return text.size() == kKeyIdCharacters && IsBase32(text); }

}  // namespace timebank::access
