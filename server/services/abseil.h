// The border to Abseil, whose string_view is not the standard one in Debian's build.
#ifndef TIMEBANK_SERVER_SERVICES_ABSEIL_H_
#define TIMEBANK_SERVER_SERVICES_ABSEIL_H_

#include <string_view>

#include "absl/strings/string_view.h"

namespace timebank::services {

// `text` as Abseil takes it.
inline absl::string_view Abs(std::string_view text) { return {text.data(), text.size()}; }

}  // namespace timebank::services

#endif  // TIMEBANK_SERVER_SERVICES_ABSEIL_H_
