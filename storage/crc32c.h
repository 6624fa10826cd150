// CRC32C (Castagnoli, the checksum of RFC 3720): detects damaged bytes in the commit log. It is no protection
// against somebody who means to deceive.
//
// Threads: any.
#ifndef TIMEBANK_STORAGE_CRC32C_H_
#define TIMEBANK_STORAGE_CRC32C_H_

#include <cstdint>
#include <string_view>

namespace timebank::storage {

// Checksum of A followed by `bytes`, where `crc` is the checksum of A. The processor's own instruction is
// used where there is one.
uint32_t ExtendCrc32c(uint32_t crc, std::string_view bytes);

// Checksum of `bytes`.
inline uint32_t Crc32c(std::string_view bytes) { return ExtendCrc32c(0, bytes); }

namespace internal {

// The same by tables alone: for processors without the instruction, and for the test that compares the two.
uint32_t ExtendCrc32cByTable(uint32_t crc, std::string_view bytes);

}  // namespace internal
}  // namespace timebank::storage

#endif  // TIMEBANK_STORAGE_CRC32C_H_
