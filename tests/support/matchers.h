// Matchers that several tests use.
#ifndef TIMEBANK_TESTS_SUPPORT_MATCHERS_H_
#define TIMEBANK_TESTS_SUPPORT_MATCHERS_H_

#include <gmock/gmock.h>

namespace timebank {

// An absl::Status or StatusOr that is OK; any other is printed.
MATCHER(IsOk, "is OK") { return arg.ok(); }

}  // namespace timebank

#endif  // TIMEBANK_TESTS_SUPPORT_MATCHERS_H_
