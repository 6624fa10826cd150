// A file of settings, read whole.
#ifndef TIMEBANK_SERVER_ACCESS_TOML_FILE_H_
#define TIMEBANK_SERVER_ACCESS_TOML_FILE_H_

#include <toml++/toml.h>

#include <string>

#include "absl/status/statusor.h"

namespace timebank::access {

// INVALID_ARGUMENT: `PATH:LINE: what is no TOML there`. Where the file cannot be read, what the system says:
// `PATH: No such file or directory`.
absl::StatusOr<toml::table> ReadToml(const std::string& path);

}  // namespace timebank::access

#endif  // TIMEBANK_SERVER_ACCESS_TOML_FILE_H_
