// Early return for absl::Status and absl::StatusOr, written once.
#ifndef TIMEBANK_STORAGE_STATUS_MACROS_H_
#define TIMEBANK_STORAGE_STATUS_MACROS_H_

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#define TB_RETURN_IF_ERROR(expr)                            \
  do {                                                      \
    if (absl::Status tb_status = (expr); !tb_status.ok()) { \
      return tb_status;                                     \
    }                                                       \
  } while (false)

#define TB_CONCAT_INNER(a, b) a##b
#define TB_CONCAT(a, b) TB_CONCAT_INNER(a, b)

// TB_ASSIGN_OR_RETURN(auto x, F()): x is F()'s value, or the function returns F()'s status.
#define TB_ASSIGN_OR_RETURN(lhs, expr) TB_ASSIGN_OR_RETURN_IMPL(TB_CONCAT(tb_result_, __LINE__), lhs, expr)
#define TB_ASSIGN_OR_RETURN_IMPL(result, lhs, expr)    \
  auto result = (expr);                                \
  if (!result.ok()) return std::move(result).status(); \
  lhs = *std::move(result)

#endif  // TIMEBANK_STORAGE_STATUS_MACROS_H_
