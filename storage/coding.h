// Numbers as bytes: big-endian for keys, varints for values.
//
// A varint is seven bits a byte, lowest first, the top bit set on all bytes but the last (protobuf's). A
// signed number goes through zigzag first: 0, -1, 1, -2 become 0, 1, 2, 3.
//
// Threads: pure functions.
#ifndef TIMEBANK_STORAGE_CODING_H_
#define TIMEBANK_STORAGE_CODING_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace timebank::storage {

template <typename Unsigned>
void PutBigEndian(std::string* out, Unsigned value) {
  char bytes[sizeof(Unsigned)];
  for (size_t i = 0; i < sizeof(Unsigned); ++i) {
    bytes[i] = static_cast<char>(value >> (8 * (sizeof(Unsigned) - 1 - i)));
  }
  out->append(bytes, sizeof(bytes));
}

// `bytes` holds at least sizeof(Unsigned).
template <typename Unsigned>
Unsigned GetBigEndian(const char* bytes) {
  Unsigned value = 0;
  for (size_t i = 0; i < sizeof(Unsigned); ++i) {
    value = static_cast<Unsigned>(value << 8) | static_cast<unsigned char>(bytes[i]);
  }
  return value;
}

inline void PutVarint(std::string* out, uint64_t value) {
  char bytes[10];
  size_t length = 0;
  for (; value >= 0x80; value >>= 7) bytes[length++] = static_cast<char>(value | 0x80);
  bytes[length++] = static_cast<char>(value);
  out->append(bytes, length);
}

constexpr uint64_t ZigZag(int64_t value) {
  return static_cast<uint64_t>(value) << 1 ^ static_cast<uint64_t>(value >> 63);
}
constexpr int64_t UnZigZag(uint64_t value) { return static_cast<int64_t>(value >> 1 ^ (~(value & 1) + 1)); }

inline void PutSigned(std::string* out, int64_t value) { PutVarint(out, ZigZag(value)); }

// Takes values off the front of `bytes`. After a failure every further Get gives 0, so that a decoder looks
// at ok() once, where it has read a record.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  uint64_t Varint() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const uint64_t byte = Byte();
      if (shift == 63 && byte > 1) break;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    return Fail();
  }
  // A varint that must not exceed `max`.
  uint64_t VarintUpTo(uint64_t max) {
    const uint64_t value = Varint();
    return value <= max ? value : Fail();
  }
  int64_t Signed() { return UnZigZag(Varint()); }
  uint8_t Byte() {
    if (bytes_.empty()) return static_cast<uint8_t>(Fail());
    const uint8_t byte = static_cast<uint8_t>(bytes_.front());
    bytes_.remove_prefix(1);
    return byte;
  }
  std::string_view Take(size_t length) {
    if (length > bytes_.size()) {
      Fail();
      return {};
    }
    const std::string_view taken = bytes_.substr(0, length);
    bytes_.remove_prefix(length);
    return taken;
  }

  bool ok() const { return ok_; }
  // Everything was read, and all of it was well formed.
  bool AtEnd() const { return ok_ && bytes_.empty(); }

 private:
  uint64_t Fail() {
    ok_ = false;
    bytes_ = {};
    return 0;
  }

  std::string_view bytes_;
  bool ok_ = true;
};

}  // namespace timebank::storage

#endif  // TIMEBANK_STORAGE_CODING_H_
