// The server's own limits (proto/timebank/v1), told by the readers with the line on which they are crossed.
#ifndef TIMEBANK_CLIENT_CLI_IMPORT_READER_LIMITS_H_
#define TIMEBANK_CLIENT_CLI_IMPORT_READER_LIMITS_H_

#include <cstddef>
#include <cstdint>

#include "absl/time/civil_time.h"

namespace timebank::imports {

inline constexpr int64_t kMaxSeconds = 3'153'600'000;
inline constexpr size_t kMaxNameCharacters = 200;
inline constexpr size_t kMaxNumberCharacters = 200;
inline constexpr size_t kMaxPhones = 10;
inline constexpr size_t kMaxPhoneCharacters = 40;
inline constexpr size_t kMaxEmails = 10;
inline constexpr size_t kMaxEmailCharacters = 254;
inline constexpr size_t kMaxNoteBytes = 2000;
inline constexpr size_t kMaxCategoryCharacters = 64;
inline constexpr size_t kMaxRecorderCharacters = 200;
inline constexpr absl::CivilDay kFirstDay(1900, 1, 1);

}  // namespace timebank::imports

#endif  // TIMEBANK_CLIENT_CLI_IMPORT_READER_LIMITS_H_
