#include "server/services/tokens.h"

#include <array>

#include "absl/strings/escaping.h"
#include "storage/crc32c.h"

namespace timebank::services {
namespace {

template <size_t kNumbers>
std::string Encode(char type, const std::array<uint64_t, kNumbers>& numbers) {
  std::string bytes(1, type);
  for (uint64_t number : numbers) {
    for (int shift = 56; shift >= 0; shift -= 8) bytes.push_back(static_cast<char>(number >> shift));
  }
  const uint32_t sum = storage::Crc32c(bytes);
  for (int shift = 24; shift >= 0; shift -= 8) bytes.push_back(static_cast<char>(sum >> shift));
  return absl::WebSafeBase64Escape(bytes);
}

template <size_t kNumbers>
std::optional<std::array<uint64_t, kNumbers>> Decode(char type, std::string_view token) {
  std::string bytes;
  if (token.size() > 200 || !absl::WebSafeBase64Unescape({token.data(), token.size()}, &bytes))
    return std::nullopt;
  if (bytes.size() != 1 + 8 * kNumbers + 4 || bytes[0] != type) return std::nullopt;
  auto byte = [&](size_t i) { return static_cast<uint64_t>(static_cast<unsigned char>(bytes[i])); };
  uint32_t sum = 0;
  for (size_t i = bytes.size() - 4; i < bytes.size(); ++i) sum = sum << 8 | static_cast<uint32_t>(byte(i));
  if (sum != storage::Crc32c(std::string_view(bytes).substr(0, bytes.size() - 4))) return std::nullopt;
  std::array<uint64_t, kNumbers> numbers{};
  for (size_t n = 0; n < kNumbers; ++n) {
    for (size_t i = 0; i < 8; ++i) numbers[n] = numbers[n] << 8 | byte(1 + n * 8 + i);
  }
  return numbers;
}

}  // namespace

std::string EncodePosition(const Position& position) {
  return Encode<3>('p', {position.bank, position.sequence, position.epoch});
}

std::optional<Position> DecodePosition(std::string_view token) {
  auto numbers = Decode<3>('p', token);
  if (!numbers) return std::nullopt;
  return Position{(*numbers)[0], (*numbers)[1], (*numbers)[2]};
}

std::string EncodePage(const PageToken& token) {
  return Encode<6>('t', {token.seal, token.position.bank, token.position.sequence, token.position.epoch,
                         static_cast<uint64_t>(token.cursor), static_cast<uint64_t>(token.cursor_day)});
}

std::optional<PageToken> DecodePage(std::string_view token) {
  auto numbers = Decode<6>('t', token);
  if (!numbers) return std::nullopt;
  const auto& n = *numbers;
  return PageToken{n[0], {n[1], n[2], n[3]}, static_cast<int64_t>(n[4]), static_cast<int64_t>(n[5])};
}

}  // namespace timebank::services
