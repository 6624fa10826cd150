// What the server hands out or takes at a time (proto/timebank/v1).
#ifndef TIMEBANK_CLIENT_CLI_LIMITS_H_
#define TIMEBANK_CLIENT_CLI_LIMITS_H_

#include <cstddef>
#include <cstdint>

namespace timebank::cli {

// The longest page of any list.
inline constexpr int32_t kLongestPage = 1000;
// The most accounts in one BatchGetBalances.
inline constexpr size_t kMostBalances = 1000;

}  // namespace timebank::cli

#endif  // TIMEBANK_CLIENT_CLI_LIMITS_H_
