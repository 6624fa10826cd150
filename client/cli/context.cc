#include "client/cli/context.h"

#include <fcntl.h>
#include <toml++/toml.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "client/cli/errors.h"
#include "client/cli/status_macros.h"
#include "client/cli/translate.h"

namespace timebank::cli {
namespace {

constexpr char kServer[] = "server";
constexpr char kBank[] = "bank";
constexpr char kAs[] = "as";
constexpr char kLanguage[] = "language";
constexpr char kPlaintext[] = "plaintext";

// The files' fields: key, variable, member.
struct FileField {
  const char* key;
  const char* variable;
  std::string Context::*member;
};
constexpr FileField kFileFields[] = {{"key_file", "TIMEBANK_KEY_FILE", &Context::key_file},
                                     {"ca", "TIMEBANK_CA", &Context::ca},
                                     {"cert", "TIMEBANK_CERT", &Context::cert},
                                     {"cert_key", "TIMEBANK_CERT_KEY", &Context::cert_key}};

std::string First(const std::string& a, const std::optional<std::string>& b, const std::string& c) {
  if (!a.empty()) return a;
  return b.has_value() ? *b : c;
}

absl::Status BadFile(const std::filesystem::path& path, std::string_view what) {
  return UsageError(Fill(T("$0: $1. Mend the file, or delete it and say again: timebank context set …"),
                         path.string(), what));
}

absl::Status ReadText(const std::filesystem::path& path, const toml::table& table, const char* key,
                      std::string& text) {
  const toml::node* node = table.get(key);
  if (node == nullptr) return absl::OkStatus();
  const auto value = node->value<std::string>();
  if (!node->is_string() || !value) {
    return BadFile(path, Fill(T("line $0: $1 must be text in quotes"), node->source().begin.line, key));
  }
  text = *value;
  return absl::OkStatus();
}

absl::StatusOr<ContextFile> FromToml(const std::filesystem::path& path, const toml::table& root) {
  ContextFile file;
  CLI_RETURN_IF_ERROR(ReadText(path, root, "current", file.current));
  if (const toml::table* contexts = root["contexts"].as_table()) {
    for (const auto& [name, node] : *contexts) {
      const toml::table* table = node.as_table();
      if (table == nullptr)
        return BadFile(path, Fill(T("contexts.$0 must be a table"), std::string(name.str())));
      Context& context = file.contexts[std::string(name.str())];
      CLI_RETURN_IF_ERROR(ReadText(path, *table, kServer, context.server));
      CLI_RETURN_IF_ERROR(ReadText(path, *table, kBank, context.bank));
      CLI_RETURN_IF_ERROR(ReadText(path, *table, kAs, context.as));
      CLI_RETURN_IF_ERROR(ReadText(path, *table, kLanguage, context.language));
      for (const FileField& field : kFileFields) {
        CLI_RETURN_IF_ERROR(ReadText(path, *table, field.key, context.*field.member));
      }
      if (const toml::node* plaintext = table->get(kPlaintext)) {
        if (!plaintext->is_boolean()) {
          return BadFile(path, Fill(T("line $0: plaintext must be true or false, without quotes"),
                                    plaintext->source().begin.line));
        }
        context.plaintext = plaintext->value_or(false);
      }
    }
  }
  if (!file.current.empty() && file.contexts.count(file.current) == 0) {
    return BadFile(path, Fill(T("current = \"$0\" names no context"), file.current));
  }
  return file;
}

std::string ToToml(const ContextFile& file) {
  toml::table contexts;
  for (const auto& [name, context] : file.contexts) {
    toml::table table;
    if (!context.server.empty()) table.insert(kServer, context.server);
    if (!context.bank.empty()) table.insert(kBank, context.bank);
    if (!context.as.empty()) table.insert(kAs, context.as);
    if (!context.language.empty()) table.insert(kLanguage, context.language);
    for (const FileField& field : kFileFields) {
      if (!(context.*field.member).empty()) table.insert(field.key, context.*field.member);
    }
    if (context.plaintext) table.insert(kPlaintext, true);
    contexts.insert(name, table);
  }
  toml::table root;
  if (!file.current.empty()) root.insert("current", file.current);
  root.insert("contexts", contexts);
  std::ostringstream text;
  text << root << '\n';
  return text.str();
}

absl::Status CannotWrite(const std::filesystem::path& path, int error) {
  return UsageError(Fill(T("Cannot write $0: $1."), path.string(), std::strerror(error)));
}

}  // namespace

absl::StatusOr<std::filesystem::path> ContextPath(const Variables& variables) {
  std::filesystem::path folder;
  if (const auto config = variables("XDG_CONFIG_HOME")) {
    folder = *config;
  } else if (const auto home = variables("HOME")) {
    folder = std::filesystem::path(*home) / ".config";
  } else {
    return UsageError(T("There is no home folder to keep contexts in. Set HOME or XDG_CONFIG_HOME."));
  }
  return folder / "timebank" / "config.toml";
}

absl::StatusOr<ContextFile> ReadContexts(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::exists(path, error)) return ContextFile{};
  std::ifstream in(path, std::ios::binary);
  if (!in) return BadFile(path, T("cannot be opened"));
  try {
    return FromToml(path, toml::parse(in, path.string()));
  } catch (const toml::parse_error& problem) {
    return BadFile(path,
                   Fill(T("line $0: $1"), problem.source().begin.line, std::string(problem.description())));
  }
}

absl::Status WriteContexts(const std::filesystem::path& path, const ContextFile& file) {
  std::error_code error;
  std::filesystem::create_directories(path.parent_path(), error);
  if (error) return CannotWrite(path.parent_path(), error.value());
  const std::filesystem::path beside = path.string() + ".new";
  const int fd = open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return CannotWrite(beside, errno);
  const std::string text = ToToml(file);
  const bool written = write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  const int write_error = written ? 0 : errno;
  const bool closed = close(fd) == 0;
  if (!written || !closed) return CannotWrite(beside, written ? errno : write_error);
  std::filesystem::rename(beside, path, error);
  if (error) return CannotWrite(path, error.value());
  return absl::OkStatus();
}

absl::StatusOr<Context> EffectiveContext(const ContextFile& file, const std::string& chosen,
                                         const Context& flags, const Variables& variables) {
  Context context;
  if (const std::string& name = chosen.empty() ? file.current : chosen; !name.empty()) {
    const auto found = file.contexts.find(name);
    if (found == file.contexts.end()) {
      return UsageError(
          Fill(T("There is no context \"$0\". See which there are: timebank context list"), name));
    }
    context = found->second;
  }
  if (context.server.empty()) context.server = kDefaultServer;
  context.server = First(flags.server, variables("TIMEBANK_SERVER"), context.server);
  context.bank = First(flags.bank, variables("TIMEBANK_BANK"), context.bank);
  context.as = First(flags.as, variables("TIMEBANK_AS"), context.as);
  Context environment;
  for (const FileField& field : kFileFields) {
    environment.*field.member = variables(field.variable).value_or("");
  }
  if (const auto said = variables("TIMEBANK_PLAINTEXT")) {
    if (*said != "0" && *said != "1") return UsageError(T("TIMEBANK_PLAINTEXT must be 1 or 0."));
    environment.plaintext = *said == "1";
    context.plaintext &= environment.plaintext;
  }
  OverrideEncryption(environment, context);
  OverrideEncryption(flags, context);
  return context;
}

void OverrideEncryption(const Context& by, Context& context) {
  bool names_files = false;
  for (const FileField& field : kFileFields) names_files |= !(by.*field.member).empty();
  if (by.plaintext) {
    context.key_held_back |= !context.key_file.empty() && by.key_file.empty();
    for (const FileField& field : kFileFields) (context.*field.member).clear();
    context.plaintext = true;
  } else if (names_files) {
    context.plaintext = false;
  }
  for (const FileField& field : kFileFields) {
    if (!(by.*field.member).empty()) context.*field.member = by.*field.member;
  }
}

}  // namespace timebank::cli
