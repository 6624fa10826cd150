// Keyed hashes, by OpenSSL.
//
// Threads: pure functions.
#ifndef TIMEBANK_STORAGE_HASH_H_
#define TIMEBANK_STORAGE_HASH_H_

#include <string>
#include <string_view>

namespace timebank::storage {

// HMAC-SHA-256 (RFC 2104, FIPS 180-4), 32 bytes.
std::string HmacSha256(std::string_view key, std::string_view message);

}  // namespace timebank::storage

#endif  // TIMEBANK_STORAGE_HASH_H_
