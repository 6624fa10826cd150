// Early return for absl::Status and absl::StatusOr. (The server's twin in storage/ is out of a client's
// reach.)
#ifndef TIMEBANK_CLIENT_CLI_STATUS_MACROS_H_
#define TIMEBANK_CLIENT_CLI_STATUS_MACROS_H_

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#define CLI_RETURN_IF_ERROR(expr)                             \
  do {                                                        \
    if (absl::Status cli_status = (expr); !cli_status.ok()) { \
      return cli_status;                                      \
    }                                                         \
  } while (false)

#define CLI_CONCAT_INNER(a, b) a##b
#define CLI_CONCAT(a, b) CLI_CONCAT_INNER(a, b)

// CLI_ASSIGN_OR_RETURN(auto x, F()): x is F()'s value, or the function returns F()'s status.
#define CLI_ASSIGN_OR_RETURN(lhs, expr) \
  CLI_ASSIGN_OR_RETURN_IMPL(CLI_CONCAT(cli_result_, __LINE__), lhs, expr)
#define CLI_ASSIGN_OR_RETURN_IMPL(result, lhs, expr)   \
  auto result = (expr);                                \
  if (!result.ok()) return std::move(result).status(); \
  lhs = *std::move(result)

#endif  // TIMEBANK_CLIENT_CLI_STATUS_MACROS_H_
