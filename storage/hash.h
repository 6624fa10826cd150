// SHA-256 (FIPS 180-4) and HMAC-SHA-256 (RFC 2104), by OpenSSL.
//
// Every recorded exchange needs a dozen short hashes; none of them allocates.
//
// Threads: pure functions; a HmacKey may be used by many at once.
#ifndef TIMEBANK_STORAGE_HASH_H_
#define TIMEBANK_STORAGE_HASH_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace timebank::storage {

// 32 bytes.
class Digest {
 public:
  static constexpr size_t kBytes = 32;

  // The first `length` of them, at most kBytes. Valid as long as the digest.
  std::string_view First(size_t length) const {
    return {reinterpret_cast<const char*>(bytes_.data()), length};
  }
  std::string_view bytes() const { return First(kBytes); }
  unsigned char* data() { return bytes_.data(); }

 private:
  std::array<unsigned char, kBytes> bytes_;
};

// SHA-256 of `parts`, one behind the other.
Digest Sha256(std::initializer_list<std::string_view> parts);

// A key of HMAC-SHA-256, prepared: what each hash under it begins with is worked out once.
class HmacKey {
 public:
  explicit HmacKey(std::string_view key);

  // HMAC of `parts`, one behind the other.
  Digest Of(std::initializer_list<std::string_view> parts) const;
  Digest Of(std::string_view message) const { return Of({message}); }

 private:
  friend class Hmac;
  using State = std::array<uint32_t, 8>;  // SHA-256's, after one block

  State inner_;
  State outer_;
};

// HMAC of a message that comes in pieces.
class Hmac {
 public:
  explicit Hmac(const HmacKey& key);

  void Add(std::string_view piece);
  // Of all pieces. Once.
  Digest Final();

 private:
  HmacKey::State outer_;
  alignas(8) std::array<unsigned char, 112> context_;  // OpenSSL's
};

// HMAC-SHA-256 under a key that is used once, 32 bytes.
std::string HmacSha256(std::string_view key, std::string_view message);

}  // namespace timebank::storage

#endif  // TIMEBANK_STORAGE_HASH_H_
