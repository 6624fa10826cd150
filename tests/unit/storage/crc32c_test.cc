#include "storage/crc32c.h"

#include <cstdint>
#include <random>
#include <string>
#include <string_view>

#include "gtest/gtest.h"

namespace timebank::storage {
namespace {

// RFC 3720, B.4.
std::string Ascending() {
  std::string bytes;
  for (int i = 0; i < 32; ++i) bytes.push_back(static_cast<char>(i));
  return bytes;
}

constexpr std::string_view kReadCommand(
    "\x01\xc0\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x14\x00\x00\x00\x00\x00\x04\x00"
    "\x00\x00\x00\x14\x00\x00\x00\x18\x28\x00\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00",
    48);

// Goal: both ways to compute the checksum agree with the vectors of RFC 3720.
TEST(Crc32cTest, VectorsOfRfc3720) {
  struct Vector {
    std::string bytes;
    uint32_t crc;
  };
  const std::string ascending = Ascending();
  for (const auto& [bytes, crc] :
       {Vector{std::string(32, '\0'), 0x8a9136aa}, Vector{std::string(32, '\xff'), 0x62a8ab43},
        Vector{ascending, 0x46dd794e}, Vector{std::string(ascending.rbegin(), ascending.rend()), 0x113fdb5c},
        Vector{std::string(kReadCommand), 0xd9963a56}, Vector{"123456789", 0xe3069283}, Vector{"", 0}}) {
    EXPECT_EQ(Crc32c(bytes), crc);
    EXPECT_EQ(internal::ExtendCrc32cByTable(0, bytes), crc);
  }
}

// Goal: a checksum can be taken in pieces, at any length and any alignment, both ways alike.
TEST(Crc32cTest, InPieces) {
  std::mt19937 random(3720);
  std::string bytes(300, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  const std::string_view all = bytes;
  for (size_t begin = 0; begin < 9; ++begin) {
    for (size_t size = 0; size < 70; ++size) {
      const std::string_view piece = all.substr(begin, size);
      const uint32_t whole = Crc32c(piece);
      EXPECT_EQ(internal::ExtendCrc32cByTable(0, piece), whole);
      for (size_t cut = 0; cut <= size; cut += 5) {
        EXPECT_EQ(ExtendCrc32c(Crc32c(piece.substr(0, cut)), piece.substr(cut)), whole);
      }
    }
  }
}

}  // namespace
}  // namespace timebank::storage
