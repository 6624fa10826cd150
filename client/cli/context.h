// Which bank on which server, and by what name: written down once, so that nobody types it all day.
//
// The file is `$XDG_CONFIG_HOME/timebank/config.toml`, else `~/.config/timebank/config.toml`:
//
//   current = "rushey"
//
//   [contexts.rushey]
//   server = "localhost:7400"
//   bank = "rushey"
//   as = "maria"
//   key_file = "/home/maria/timebank.key"
//   language = "es"
//   ca = "/etc/timebank/ca.crt"
//
// Beside these there are cert, cert_key and plaintext (true or false).
//
// It is written whole, beside the old one and then in its place, readable by its owner only.
#ifndef TIMEBANK_CLIENT_CLI_CONTEXT_H_
#define TIMEBANK_CLIENT_CLI_CONTEXT_H_

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace timebank::cli {

inline constexpr char kDefaultServer[] = "localhost:7400";

// Where to go and as whom; an empty field says nothing.
struct Context {
  std::string server = {};
  std::string bank = {};
  std::string as = {};
  // A file with the key; `-`: standard input.
  std::string key_file = {};
  // PEM files: who vouches for the server; one's own certificate and its key.
  std::string ca = {};
  std::string cert = {};
  std::string cert_key = {};
  // Nothing is encrypted, wherever the server is.
  bool plaintext = false;
  // In use, not in the file: a key file was given up for plaintext.
  bool key_held_back = false;
  // `es`; empty: as the system is set to.
  std::string language = {};

  friend bool operator==(const Context&, const Context&) = default;
};

struct ContextFile {
  // Name of the context in use; empty: none.
  std::string current;
  std::map<std::string, Context> contexts;

  friend bool operator==(const ContextFile&, const ContextFile&) = default;
};

// Reads an environment variable; none where it is not set or empty.
using Variables = std::function<std::optional<std::string>(const std::string& name)>;

// The file's path. Errors: neither XDG_CONFIG_HOME nor HOME is set.
absl::StatusOr<std::filesystem::path> ContextPath(const Variables& variables);

// A file that does not exist is empty. Errors (usage), naming the file and line: not TOML, a value that is
// not text, `current` names no context.
absl::StatusOr<ContextFile> ReadContexts(const std::filesystem::path& path);
absl::Status WriteContexts(const std::filesystem::path& path, const ContextFile& file);

// Takes over what `by` says of encryption: --plaintext gives up the files that `context` names, a file gives
// up its plaintext. Where `by` says both, so does `context` afterwards.
void OverrideEncryption(const Context& by, Context& context);

// What holds in the end: flags before environment (TIMEBANK_SERVER, TIMEBANK_BANK, TIMEBANK_AS,
// TIMEBANK_KEY_FILE, TIMEBANK_CA, TIMEBANK_CERT, TIMEBANK_CERT_KEY, TIMEBANK_PLAINTEXT) before the context
// (`chosen`, else the current one) before the default. Errors (usage): `chosen` names no context;
// TIMEBANK_PLAINTEXT is neither 1 nor 0.
absl::StatusOr<Context> EffectiveContext(const ContextFile& file, const std::string& chosen,
                                         const Context& flags, const Variables& variables);

}  // namespace timebank::cli

#endif  // TIMEBANK_CLIENT_CLI_CONTEXT_H_
