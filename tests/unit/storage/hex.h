// Bytes as people write them down in FORMAT.md.
#ifndef TIMEBANK_TESTS_UNIT_STORAGE_HEX_H_
#define TIMEBANK_TESTS_UNIT_STORAGE_HEX_H_

#include <string>
#include <string_view>

#include "absl/strings/escaping.h"
#include "absl/strings/str_replace.h"

namespace timebank::storage {

inline std::string ToHex(std::string_view bytes) {
  return absl::BytesToHexString(absl::string_view(bytes.data(), bytes.size()));
}

// Spaces are for the eye.
inline std::string FromHex(std::string_view hex) {
  return absl::HexStringToBytes(absl::StrReplaceAll(absl::string_view(hex.data(), hex.size()), {{" ", ""}}));
}

}  // namespace timebank::storage

#endif  // TIMEBANK_TESTS_UNIT_STORAGE_HEX_H_
