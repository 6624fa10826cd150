#include "server/access/toml_file.h"

#include <cerrno>
#include <fstream>
#include <system_error>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace timebank::access {

absl::StatusOr<toml::table> ReadToml(const std::string& path) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  // A folder can be opened, but there is nothing to read.
  if (!file.is_open() || file.peek() == std::ifstream::traits_type::eof()) {
    if (errno == 0) return toml::table();
    return absl::Status(absl::ErrnoToStatusCode(errno),
                        absl::StrCat(path, ": ", std::generic_category().message(errno)));
  }
  try {
    return toml::parse(file, path);
  } catch (const toml::parse_error& error) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ":", error.source().begin.line, ": ", std::string(error.description())));
  }
}

}  // namespace timebank::access
