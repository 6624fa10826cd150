#include "server/config.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>
#include <toml++/toml.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <functional>
#include <memory>
#include <numeric>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "server/access/toml_file.h"

namespace timebank {
namespace {

constexpr std::string_view kVersion = TIMEBANK_VERSION;
constexpr std::string_view kPrefix = "TIMEBANK_";
// Variables of the programs that talk to a server.
constexpr std::string_view kOthersVariables[] = {
    "TIMEBANK_SERVER", "TIMEBANK_BANK", "TIMEBANK_AS",       "TIMEBANK_KEY",       "TIMEBANK_KEY_FILE",
    "TIMEBANK_CA",     "TIMEBANK_CERT", "TIMEBANK_CERT_KEY", "TIMEBANK_PLAINTEXT", "TIMEBANK_LANGUAGE"};
constexpr std::string_view kConfigVariable = "TIMEBANK_CONFIG";
// Flags that are no settings.
constexpr std::string_view kOtherFlags[] = {"--config",     "--check-config", "--show",   "--key-out",
                                            "--new-pepper", "--help",         "--version"};

constexpr size_t kMaxSocketPath = sizeof(sockaddr_un::sun_path) - 1;

enum class Kind { kText, kNumber, kSwitch };

// One setting: what it is called everywhere, what it may be, what it is for.
struct Setting {
  std::string_view name;
  Kind kind = Kind::kText;
  std::string takes;  // for the help
  std::string_view help;
  std::function<absl::Status(Config&, const std::string&)> set;
  std::function<std::string(const Config&)> show;

  std::string Flag() const { return "--" + absl::StrReplaceAll(Name(), {{"_", "-"}}); }
  std::string Variable() const { return std::string(kPrefix) + absl::AsciiStrToUpper(Name()); }
  std::string Name() const { return std::string(name); }
};

Setting Text(std::string_view name, std::string Config::*member, std::string takes, std::string_view help,
             const std::function<absl::Status(const std::string&)>& check) {
  return {.name = name,
          .kind = Kind::kText,
          .takes = std::move(takes),
          .help = help,
          .set =
              [=](Config& config, const std::string& text) {
                if (absl::Status status = check(text); !status.ok()) return status;
                config.*member = text;
                return absl::OkStatus();
              },
          .show = [=](const Config& config) { return config.*member; }};
}

Setting Number(std::string_view name, int64_t Config::*member, int64_t least, int64_t most,
               std::string_view help) {
  return {
      .name = name,
      .kind = Kind::kNumber,
      .takes = absl::StrCat(least, "..", most),
      .help = help,
      .set =
          [=](Config& config, const std::string& text) {
            int64_t number = 0;
            const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
            if (error != std::errc() || end != text.data() + text.size() || number < least || number > most) {
              return absl::InvalidArgumentError(
                  absl::StrCat("must be a whole number from ", least, " to ", most));
            }
            config.*member = number;
            return absl::OkStatus();
          },
      .show = [=](const Config& config) { return std::to_string(config.*member); }};
}

Setting Switch(std::string_view name, bool Config::*member, std::string_view help) {
  return {.name = name,
          .kind = Kind::kSwitch,
          .takes = "true|false",
          .help = help,
          .set =
              [=](Config& config, const std::string& text) {
                if (text != "true" && text != "false") {
                  return absl::InvalidArgumentError("must be true or false");
                }
                config.*member = text == "true";
                return absl::OkStatus();
              },
          .show = [=](const Config& config) { return config.*member ? "true" : "false"; }};
}

absl::Status CheckData(const std::string& path) {
  if (path.empty()) return absl::InvalidArgumentError("must name a folder");
  return absl::OkStatus();
}

absl::Status CheckAccess(const std::string& access) {
  if (access == "open" || access == "keys") return absl::OkStatus();
  return absl::InvalidArgumentError("must be open or keys");
}

absl::Status Anything(const std::string&) { return absl::OkStatus(); }

absl::Status CheckSocketPath(const std::string& path) {
  if (path.size() > kMaxSocketPath) {
    return absl::InvalidArgumentError(absl::StrCat(path, " is longer than the ", kMaxSocketPath,
                                                   " bytes that the path of a unix socket may have"));
  }
  return absl::OkStatus();
}

absl::Status CheckMetricsListen(const std::string& text) {
  if (text.empty()) return absl::OkStatus();
  const absl::StatusOr<ListenAddress> address = ParseListenAddress(text);
  if (!address.ok()) return address.status();
  return address->is_unix ? absl::InvalidArgumentError("must be HOST:PORT") : absl::OkStatus();
}

absl::Status CheckLogLevel(const std::string& level) {
  if (level == "debug" || level == "info" || level == "warn" || level == "error") return absl::OkStatus();
  return absl::InvalidArgumentError("must be debug, info, warn or error");
}

const std::vector<Setting>& Settings() {
  static const auto& settings = *new std::vector<Setting>{
      Text("data", &Config::data, "FOLDER", "the ledger's folder; made when missing", CheckData),
      Text("listen", &Config::listen, "ADDRESS",
           "HOST:PORT (port 0: any free one) or unix:PATH; beyond this machine with TLS, and either keys or "
           "client certificates",
           [](const std::string& text) { return ParseListenAddress(text).status(); }),
      Text("operator_socket", &Config::operator_socket, "PATH",
           "unix socket with reflection, channelz and health; empty: none (operator.sock in the ledger's "
           "folder)",
           CheckSocketPath),
      Text("tls_cert", &Config::tls_cert, "FILE",
           "PEM: the server's certificate, its chain behind it; with its key: TLS on the main address",
           Anything),
      Text("tls_key", &Config::tls_key, "FILE", "PEM: the certificate's key, without a passphrase", Anything),
      Text("tls_client_ca", &Config::tls_client_ca, "FILE",
           "PEM: who vouches for clients; given: a client without such a certificate is not let in",
           Anything),
      Number("tls_reload_seconds", &Config::tls_reload_seconds, 1, 3'600,
             "how often the three files are looked at; new ones are taken over without a restart"),
      Switch("reflection", &Config::reflection,
             "reflection for everybody, not on the operator's socket alone"),
      Text("access", &Config::access, "open|keys",
           "how callers are known: open, by what they state themselves (nobody through a proxy); keys, by a "
           "key (timebankd init makes the first one)",
           CheckAccess),
      Text("pepper", &Config::pepper, "FILE",
           "the secret under which keys are kept, outside of the ledger's folder (that folder's name with "
           ".pepper behind it)",
           Anything),
      Text("callers", &Config::callers, "FILE",
           "with --access keys: client certificates and OpenID providers by which callers are known as well "
           "(TOML)",
           Anything),
      Number("key_calls_per_second", &Config::key_calls_per_second, 0, 1'000'000,
             "with --access keys: calls a second of one key, after a pause twice as many at once; 0: no "
             "limit"),
      Number("key_calls_under_way", &Config::key_calls_under_way, 0, 1'000'000,
             "with --access keys: calls at a time of one key; 0: no limit"),
      Number("key_streams", &Config::key_streams, 0, 1'000'000,
             "with --access keys: open feeds of one key; 0: no limit but the server's own"),
      Number("bank_calls_per_second", &Config::bank_calls_per_second, 0, 1'000'000,
             "with --access keys: calls a second of all keys of one bank together, after a pause twice as "
             "many at once; 0: no limit"),
      Text("metrics_listen", &Config::metrics_listen, "ADDRESS",
           "HOST:PORT where Prometheus finds the server's figures, GET /metrics, not encrypted; empty: "
           "nowhere",
           CheckMetricsListen),
      Text("log_level", &Config::log_level, "debug|info|warn|error", "the least that is logged",
           CheckLogLevel),
      Number("log_sample", &Config::log_sample, 0, 1'000'000,
             "of so many calls that end well one is logged (0: none); those that fail always are, and at "
             "log_level debug every call"),
      Number("stop_seconds", &Config::stop_seconds, 0, 600,
             "how long a stop waits for calls before it cancels them"),
      Number("max_streams", &Config::max_streams, 1, 10'000, "calls at a time in one connection"),
      Number("queue_commands", &Config::queue_commands, 1, 1'000'000,
             "changes that may wait; one more gets QUEUE_FULL"),
      Number("queue_mb", &Config::queue_mb, 16, 16'384, "megabytes of changes that may wait"),
      Number("pool_threads", &Config::pool_threads, 1, 64, "threads for reads that wait for the disk"),
      Number("flush_interval_seconds", &Config::flush_interval_seconds, 0, 3'600,
             "longest time between two flushes of the database; 0: by size alone"),
      Number("block_cache_mb", &Config::block_cache_mb, 1, 1'048'576, "memory for what was read from disk"),
      Number("tail_mb", &Config::tail_mb, 1, 1'024,
             "memory for changes that are not in the database yet; full: they are put there, while as many "
             "more may come"),
      Number("write_buffer_mb", &Config::write_buffer_mb, 1, 4'096,
             "memory for what is in the database but not yet flushed; full: it is flushed"),
      Number("segment_mb", &Config::segment_mb, 32, 1'024, "size of a file of the commit log"),
  };
  return settings;
}

size_t Distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = std::exchange(row[0], i);
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t changed = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      row[j] = std::min({changed, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row.back();
}

std::string NotKnown(std::string_view name, const std::vector<std::string>& known) {
  const auto nearest = std::min_element(known.begin(), known.end(), [&](const auto& a, const auto& b) {
    return Distance(name, a) < Distance(name, b);
  });
  return absl::StrCat(std::string(name), ": not known; did you mean ", *nearest, "?");
}

std::vector<std::string> NamesOf(std::string (Setting::*name)() const) {
  std::vector<std::string> names;
  for (const Setting& setting : Settings()) names.push_back((setting.*name)());
  return names;
}

// Collects values in order of precedence: the first one that is given wins, but all have to be right.
class Collector {
 public:
  void Give(const Setting& setting, const std::string& value, const std::string& source) {
    Config& config = source_.contains(setting.name) ? overridden_ : configured_.config;
    if (absl::Status status = setting.set(config, value); !status.ok()) {
      // A line of a file does not name it, as a flag and a variable do.
      Error(absl::StrCat(source, ": ", IsOfFile(source) ? std::string(setting.name) + ": " : std::string(),
                         absl::string_view(status.message())));
    }
    source_.try_emplace(setting.name, source);
  }

  void Error(std::string text) { configured_.errors.push_back(std::move(text)); }

  // Gives those that depend on others their value, and says where everything came from.
  Configured Finish() {
    Config& config = configured_.config;
    if (!source_.contains("operator_socket")) {
      config.operator_socket = config.data + "/operator.sock";
      if (absl::Status status = CheckSocketPath(config.operator_socket); !status.ok()) {
        Error(absl::StrCat("--operator-socket: the default, ", absl::string_view(status.message()),
                           "; give a shorter one, or an empty one for none"));
      }
    }
    if (config.pepper.empty()) {
      std::string_view folder = config.data;
      while (folder.size() > 1 && folder.ends_with('/')) folder.remove_suffix(1);
      config.pepper = std::string(folder) + ".pepper";
    }
    // A file is read by a service that stands elsewhere than whoever wrote it.
    const std::string source = SourceOf("data");
    if (IsOfFile(source) && !config.data.starts_with('/')) {
      Error(absl::StrCat(source, ": data must be a whole path, as /var/lib/timebank"));
    }
    CheckTls();
    CheckOpenToOthers();
    for (const Setting& setting : Settings()) {
      const auto source = source_.find(setting.name);
      configured_.effective.push_back({.name = setting.Name(),
                                       .value = setting.show(config),
                                       .source = source == source_.end() ? "default" : source->second});
    }
    if (!configured_.errors.empty()) configured_.wish = Configured::Wish::kErrors;
    return std::move(configured_);
  }

  void SetWish(Configured::Wish wish) { configured_.wish = wish; }

 private:
  // With its line.
  static bool IsOfFile(const std::string& source) { return source.find(':') != source.npos; }

  std::string SourceOf(std::string_view name) const {
    const auto source = source_.find(name);
    return source == source_.end() ? std::string(name) : source->second;
  }

  // What settings must not be together. The files are looked at when they are used.
  void CheckTls() {
    const Config& config = configured_.config;
    const bool tls = !config.tls_cert.empty();
    if (tls && config.tls_key.empty())
      Error(SourceOf("tls_cert") + ": a certificate takes its key, --tls-key");
    if (!tls && !config.tls_key.empty())
      Error(SourceOf("tls_key") + ": a key takes its certificate, --tls-cert");
    if (!tls && !config.tls_client_ca.empty()) {
      Error(SourceOf("tls_client_ca") +
            ": clients can show a certificate over TLS only; give --tls-cert and --tls-key");
    }
    const absl::StatusOr<ListenAddress> listen = ParseListenAddress(config.listen);
    if (!tls && listen.ok() && !listen->IsLocal()) {
      Error(absl::StrCat(
          SourceOf("listen"), ": other machines could reach ", config.listen,
          ", and nothing would be encrypted. Give --tls-cert and --tls-key, or use 127.0.0.1, [::1], "
          "localhost or unix:PATH"));
    }
  }

  // Where other machines come in, somebody looks who they are.
  void CheckOpenToOthers() {
    const Config& config = configured_.config;
    const absl::StatusOr<ListenAddress> listen = ParseListenAddress(config.listen);
    if (!listen.ok() || listen->IsLocal() || config.tls_cert.empty()) return;  // the last: told already
    if (config.access == "keys" || !config.tls_client_ca.empty()) return;
    Error(absl::StrCat(
        SourceOf("listen"), ": other machines could reach ", config.listen,
        ", and whoever does could read and change everything. Give --access keys (timebankd init makes the "
        "first one) or --tls-client-ca, or use 127.0.0.1, [::1], localhost or unix:PATH"));
  }

  Configured configured_;
  Config overridden_;  // takes values that another source has already decided
  std::map<std::string_view, std::string> source_;
};

void ReadEnvironment(const Environment& environment, Collector& collector) {
  for (const auto& entry : environment) {
    const std::string& variable = entry.first;
    if (!variable.starts_with(kPrefix) || variable == kConfigVariable) continue;
    if (std::count(std::begin(kOthersVariables), std::end(kOthersVariables), variable) > 0) continue;
    const auto& settings = Settings();
    const auto setting = std::find_if(settings.begin(), settings.end(),
                                      [&](const Setting& s) { return s.Variable() == variable; });
    if (setting != settings.end()) {
      collector.Give(*setting, entry.second, variable);
    } else {
      std::vector<std::string> known = NamesOf(&Setting::Variable);
      known.emplace_back(kConfigVariable);
      collector.Error(NotKnown(variable, known));
    }
  }
}

// The node's value as a flag would say it; nothing: it is of another kind than the setting.
std::optional<std::string> TextOf(const toml::node& node, Kind kind) {
  switch (kind) {
    case Kind::kText:
      return node.value_exact<std::string>();
    case Kind::kNumber:
      if (auto number = node.value_exact<int64_t>()) return std::to_string(*number);
      return std::nullopt;
    case Kind::kSwitch:
      if (auto on = node.value_exact<bool>()) return *on ? "true" : "false";
      return std::nullopt;
  }
  return std::nullopt;
}

std::string_view NounOf(Kind kind) {
  switch (kind) {
    case Kind::kText:
      return "must be a text in quotes";
    case Kind::kNumber:
      return "must be a whole number, without quotes";
    case Kind::kSwitch:
      return "must be true or false, without quotes";
  }
  return "";
}

void ReadFile(const std::string& path, Collector& collector) {
  const absl::StatusOr<toml::table> table = access::ReadToml(path);
  if (absl::IsInvalidArgument(table.status())) {
    return collector.Error(absl::StrCat(
        table.status().message(),
        ". A setting is NAME = VALUE, once, and a text stands in quotes: listen = \"127.0.0.1:7400\""));
  }
  if (!table.ok()) return collector.Error(std::string(table.status().message()));
  for (const auto& [key, node] : *table) {
    const std::string name(key.str());
    const std::string place = absl::StrCat(path, ":", key.source().begin.line);
    const auto& settings = Settings();
    const auto setting =
        std::find_if(settings.begin(), settings.end(), [&](const Setting& s) { return s.name == name; });
    if (node.is_table()) {
      collector.Error(
          absl::StrCat(place, ": [", name, "]: there are no sections, settings stand by themselves"));
    } else if (setting == settings.end()) {
      collector.Error(absl::StrCat(place, ": ", NotKnown(name, NamesOf(&Setting::Name))));
    } else if (const std::optional<std::string> value = TextOf(node, setting->kind)) {
      collector.Give(*setting, *value, place);
    } else {
      collector.Error(absl::StrCat(place, ": ", name, ": ", std::string(NounOf(setting->kind))));
    }
  }
}

constexpr char kDescription[] =
    "timebankd keeps the ledger of timebanks and serves it over gRPC.\n"
    "It says \"timebankd ready on ADDRESS\" once everything it has ever answered can be read again.";

constexpr char kFooter[] =
    "Callers are believed (--access open) or known by keys (--access keys). Before the first start with "
    "keys:\n"
    "  timebankd init [--data FOLDER] [--pepper FILE] [--key-out FILE]\n"
    "makes the pepper and an operator's key, which is told once.\n"
    "\n"
    "After the ledger was put back from a copy, and before the server starts:\n"
    "  timebankd restored [--data FOLDER]\n"
    "lets whoever follows the ledger know: numbers that were given after the copy are given again.\n"
    "\n"
    "  timebankd verify [--data FOLDER]\n"
    "reads all of a ledger, or of a copy, against its checksums; a start reads only what it needs.\n"
    "\n"
    "Where other machines can reach it, the server takes TLS, and to know who calls: it does not listen "
    "there\n"
    "without --tls-cert and --tls-key, and without --access keys or --tls-client-ca.\n"
    "\n"
    "Every setting can also be given as a variable, TIMEBANK_QUEUE_MB for --queue-mb, or in the TOML file "
    "of\n"
    "--config, queue_mb = 64. A flag goes before a variable, a variable before the file.\n"
    "\n"
    "SIGTERM or SIGINT stops it: calls are finished, everything is written; a second one ends it at once.\n"
    "It ends with 0 when it was stopped, 2 when the configuration is wrong, 3 when the ledger cannot be "
    "read\n"
    "or was damaged, 4 when another process has its folder, 5 when it cannot listen, 6 when the disk has no\n"
    "room to start (start it again), 1 for anything else.";

constexpr char kInitDescription[] =
    "timebankd init makes what a server that knows its callers by keys needs before its first start: the "
    "pepper,\n"
    "where there is none, and an operator's key, which is told once. No server may have the folder "
    "meanwhile.";
constexpr char kRestoredDescription[] =
    "timebankd restored is for a ledger that was put back from a copy, before the server starts: it lets "
    "whoever\n"
    "follows the ledger know that numbers that were given after the copy are given again.";
constexpr char kVerifyDescription[] =
    "timebankd verify reads all of a ledger that no server has open against its checksums: the log, every "
    "block\n"
    "of the database, the keys. It takes as long as reading the folder does. It ends with 0 where all is "
    "whole, 3\n"
    "where something is damaged, which it names, 4 where a server has the folder.";
constexpr char kFooterOfCommands[] =
    "The server's other settings are taken as well; timebankd --help tells them all, and what it ends with.";

constexpr char kConfigHelp[] = "TOML file to read (TIMEBANK_CONFIG)";
constexpr char kKeyOutHelp[] =
    "a file to make for the operator's key, for its owner alone; never replaced (standard output)";
constexpr char kNewPepperHelp[] = "where the pepper is lost, a new one; every key must be made anew";

struct Flags {
  std::string config_file;
  bool check = false;
  std::string show;
  std::string key_out;
  bool new_pepper = false;
  std::map<std::string_view, std::string> values;  // by a setting's name
};

// With its default behind it.
std::string HelpOf(const Setting& setting) {
  const std::string said = setting.show(Config());
  return absl::StrCat(std::string(setting.help), said.empty() ? "" : absl::StrCat(" (", said, ")"));
}

void DeclareFlags(CLI::App& app, Flags& flags) {
  app.set_help_flag("-h,--help", "prints this");
  app.set_version_flag("--version", absl::StrCat("timebankd ", std::string(kVersion)), "prints the version");
  app.footer(kFooter);
  app.allow_extras();
  app.add_option("--config", flags.config_file, kConfigHelp)->type_name("FILE");
  app.add_flag("--check-config", flags.check,
               "prints every setting, its value and where that came from, and ends");
  app.add_option("--show", flags.show, "prints the value of one setting, and ends; looks at no other file")
      ->type_name("NAME");
  app.add_option("--key-out", flags.key_out, absl::StrCat("init: ", kKeyOutHelp))->type_name("FILE");
  app.add_flag("--new-pepper", flags.new_pepper, absl::StrCat("init: ", kNewPepperHelp));
  for (const Setting& setting : Settings()) {
    std::string& value = flags.values[setting.name];
    const std::string help = HelpOf(setting);
    if (setting.kind == Kind::kSwitch) {
      const std::string no = "--no-" + setting.Flag().substr(2);
      app.add_flag(absl::StrCat(setting.Flag(), "{true},", no, "{false}"), value, help);
    } else {
      app.add_option(setting.Flag(), value, help)->type_name(setting.takes);
    }
  }
}

struct CommandWords {
  Command command;
  std::string_view name;
  const char* description;
};
constexpr CommandWords kCommands[] = {{Command::kInit, "init", kInitDescription},
                                      {Command::kRestored, "restored", kRestoredDescription},
                                      {Command::kVerify, "verify", kVerifyDescription}};

// What --help tells of a command: what it is for, and what it is called with.
std::string HelpOf(Command command) {
  const bool init = command == Command::kInit;
  const CommandWords& words = *std::find_if(std::begin(kCommands), std::end(kCommands),
                                            [&](const CommandWords& one) { return one.command == command; });
  CLI::App app(words.description, "timebankd " + std::string(words.name));
  app.set_help_flag("-h,--help", "prints this");
  app.footer(kFooterOfCommands);
  std::string value;
  bool flag = false;
  if (init) {
    app.add_option("--key-out", value, kKeyOutHelp)->type_name("FILE");
    app.add_flag("--new-pepper", flag, kNewPepperHelp);
  }
  app.add_option("--config", value, kConfigHelp)->type_name("FILE");
  for (const Setting& setting : Settings()) {
    const bool told =
        setting.name == "data" || (init && (setting.name == "pepper" || setting.name == "access"));
    if (told) app.add_option(setting.Flag(), value, HelpOf(setting))->type_name(setting.takes);
  }
  return app.help();
}

// CLI11 takes what follows `--flag=` for its value; there it is empty.
std::vector<std::string> WithEmptyValues(const std::vector<std::string>& arguments,
                                         std::vector<std::string>& errors) {
  std::vector<std::string> all;
  for (const std::string& argument : arguments) {
    const std::string flag = argument.substr(0, argument.empty() ? 0 : argument.size() - 1);
    const auto& settings = Settings();
    const bool is_setting = std::any_of(settings.begin(), settings.end(), [&flag](const Setting& setting) {
      return setting.kind != Kind::kSwitch && setting.Flag() == flag;
    });
    const bool is_other = std::count(std::begin(kOtherFlags), std::end(kOtherFlags), flag) > 0;
    if (argument.ends_with('=') && is_other) {
      errors.push_back(argument + ": nothing stands behind it");
    } else if (argument.ends_with('=') && is_setting) {
      all.push_back(flag);
      all.emplace_back();
    } else {
      all.push_back(argument);
    }
  }
  return all;
}

// Makes the value of the setting `name` the answer, unless something is wrong.
void Show(const std::string& name, Configured& configured) {
  const auto& effective = configured.effective;
  const auto setting =
      std::find_if(effective.begin(), effective.end(), [&](const auto& each) { return each.name == name; });
  if (setting == effective.end()) {
    configured.errors.push_back("--show: " + NotKnown(name, NamesOf(&Setting::Name)));
  } else {
    configured.answer = setting->value + "\n";
  }
  configured.wish = configured.errors.empty() ? Configured::Wish::kAnswer : Configured::Wish::kErrors;
}

// Whatever CLI11 has to say instead of what was parsed.
Configured FromParser(const CLI::App& app, const CLI::ParseError& said, Command command) {
  Configured configured;
  if (said.get_exit_code() == 0) {
    configured.wish = Configured::Wish::kAnswer;
    configured.answer = dynamic_cast<const CLI::CallForHelp*>(&said) != nullptr
                            ? command == Command::kServe ? app.help() : HelpOf(command)
                            : absl::StrCat(said.what(), "\n");
  } else {
    configured.wish = Configured::Wish::kErrors;
    configured.errors.emplace_back(said.what());
  }
  return configured;
}

}  // namespace

Command CommandOf(std::string_view name) {
  for (const CommandWords& one : kCommands) {
    if (one.name == name) return one.command;
  }
  return Command::kServe;
}

Configured Configure(const std::vector<std::string>& arguments, const Environment& environment,
                     Command command) {
  Flags flags;
  std::vector<std::string> errors;
  std::vector<std::string> given = WithEmptyValues(arguments, errors);
  std::reverse(given.begin(), given.end());  // as CLI11 wants them
  CLI::App app(kDescription, "timebankd");
  DeclareFlags(app, flags);
  try {
    app.parse(std::move(given));
  } catch (const CLI::ParseError& said) {
    return FromParser(app, said, command);
  }

  Collector collector;
  for (std::string& error : errors) collector.Error(std::move(error));
  if (flags.check) collector.SetWish(Configured::Wish::kCheck);
  std::vector<std::string> known = NamesOf(&Setting::Flag);
  known.insert(known.end(), std::begin(kOtherFlags), std::end(kOtherFlags));
  for (const std::string& extra : app.remaining()) collector.Error(NotKnown(extra, known));
  for (const Setting& setting : Settings()) {
    if (app.count(setting.Flag()) > 0) {
      collector.Give(setting, flags.values[setting.name], setting.Flag());
    }
  }
  ReadEnvironment(environment, collector);
  const auto variable = environment.find(std::string(kConfigVariable));
  if (flags.config_file.empty() && variable != environment.end()) flags.config_file = variable->second;
  if (!flags.config_file.empty()) ReadFile(flags.config_file, collector);
  Configured configured = collector.Finish();
  if (!flags.show.empty()) Show(flags.show, configured);
  configured.key_out = std::move(flags.key_out);
  configured.new_pepper = flags.new_pepper;
  return configured;
}

Environment EnvironmentOfProcess() {
  Environment environment;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string_view text = *variable;
    const size_t equals = text.find('=');
    if (text.starts_with(kPrefix) && equals != text.npos) {
      environment.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
  }
  return environment;
}

std::string Print(const std::vector<Configured::Effective>& effective) {
  std::string text;
  for (const Configured::Effective& setting : effective) {
    const auto& settings = Settings();
    const auto kind = std::find_if(settings.begin(), settings.end(), [&](const Setting& s) {
                        return s.name == setting.name;
                      })->kind;
    const std::string quoted =
        "\"" + absl::StrReplaceAll(setting.value, {{"\\", "\\\\"}, {"\"", "\\\""}}) + "\"";
    absl::StrAppend(&text, setting.name, " = ", kind == Kind::kText ? quoted : setting.value, "  # ",
                    setting.source, "\n");
  }
  return text;
}

bool ListenAddress::IsLocal() const {
  in_addr v4 = {};
  in6_addr v6 = {};
  return is_unix ||
         (inet_pton(AF_INET, host.c_str(), &v4) == 1 && ntohl(v4.s_addr) >> 24 == IN_LOOPBACKNET) ||
         (inet_pton(AF_INET6, host.c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6));
}

std::string ListenAddress::ToString() const {
  if (is_unix) return "unix:" + path;
  if (host.find(':') != host.npos) return absl::StrCat("[", host, "]:", port);
  return absl::StrCat(host, ":", port);
}

absl::StatusOr<ListenAddress> ParseListenAddress(std::string_view text) {
  ListenAddress address;
  if (constexpr std::string_view kUnix = "unix:"; text.starts_with(kUnix)) {
    address.is_unix = true;
    address.path = text.substr(kUnix.size());
    if (address.path.empty()) return absl::InvalidArgumentError("unix: must be followed by a path");
    if (absl::Status status = CheckSocketPath(address.path); !status.ok()) return status;
    return address;
  }
  const size_t colon = text.rfind(':');
  const std::string_view port = colon == text.npos ? "" : text.substr(colon + 1);
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), address.port);
  if (port.empty() || error != std::errc() || end != port.data() + port.size()) {
    return absl::InvalidArgumentError("must be HOST:PORT or unix:PATH");
  }
  std::string_view host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  // Not asked of a resolver, whose answer might be any address.
  address.host = host == "localhost" ? "127.0.0.1" : host;
  in_addr v4 = {};
  in6_addr v6 = {};
  if (inet_pton(AF_INET, address.host.c_str(), &v4) != 1 &&
      inet_pton(AF_INET6, address.host.c_str(), &v6) != 1) {
    return absl::InvalidArgumentError(absl::StrCat(
        std::string(text),
        ": HOST must be an IP address or localhost; 0.0.0.0 and [::] are all of this machine's"));
  }
  return address;
}

}  // namespace timebank
