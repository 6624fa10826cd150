// How timebankd is told what to do: flags, then TIMEBANK_* variables, then a TOML file, then defaults.
//
// A setting has one name. `queue_mb` is --queue-mb, TIMEBANK_QUEUE_MB and queue_mb in the file; the table in
// config.cc declares each once, with its range and its help. What nobody knows is an error that names the
// nearest known name.
//
// Threads: pure functions, apart from reading the file.
#ifndef TIMEBANK_SERVER_CONFIG_H_
#define TIMEBANK_SERVER_CONFIG_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace timebank {

// Values are in range; defaults stand here.
struct Config {
  std::string data = "./timebank-data";
  std::string listen = "127.0.0.1:7400";
  std::string operator_socket;  // path; empty: none. By default operator.sock in `data`
  std::string tls_cert;         // path; with `tls_key`: TLS. Both or neither
  std::string tls_key;
  std::string tls_client_ca;  // path; clients need a certificate of it
  int64_t tls_reload_seconds = 10;
  bool reflection = false;
  std::string access = "open";  // how callers are known: `open` (by what they state), `keys`
  std::string pepper;           // file; by default `data` with .pepper behind it
  std::string callers;          // file of certificates and OpenID providers; empty: keys alone
  // What a key, and all of a bank together, may ask for; 0: no limit.
  int64_t key_calls_per_second = 1000;
  int64_t key_calls_under_way = 256;
  int64_t key_streams = 16;
  int64_t bank_calls_per_second = 5000;
  std::string metrics_listen;  // HOST:PORT; empty: none
  std::string log_level = "info";
  int64_t log_sample = 1000;
  int64_t stop_seconds = 10;
  int64_t max_streams = 256;
  int64_t queue_commands = 8192;
  int64_t queue_mb = 64;
  int64_t pool_threads = 2;
  int64_t flush_interval_seconds = 15;
  int64_t block_cache_mb = 128;
  int64_t tail_mb = 128;
  int64_t write_buffer_mb = 16;
  int64_t segment_mb = 32;
};

// Where the server listens.
struct ListenAddress {
  bool is_unix = false;
  std::string path;  // of a unix socket
  std::string host;  // an IP address, as written; `localhost` is 127.0.0.1
  uint16_t port = 0;

  // Whether this machine alone can reach it.
  bool IsLocal() const;

  // As gRPC and people write it: 127.0.0.1:7400, [::1]:7400, unix:/run/timebank.sock.
  std::string ToString() const;
};

// HOST:PORT or unix:PATH. INVALID_ARGUMENT: neither, or HOST is a name other than localhost.
absl::StatusOr<ListenAddress> ParseListenAddress(std::string_view text);

// What the command line, the environment and the file come to.
struct Configured {
  enum class Wish {
    kServe,
    kCheck,   // --check-config: print `effective`
    kAnswer,  // --help, --version, --show: print `answer`
    kErrors,  // print `errors`, one a line
  };
  struct Effective {
    std::string name;
    std::string value;
    std::string source;  // "--listen", "TIMEBANK_LISTEN", "/etc/timebank.toml:3", "default"
  };

  Wish wish = Wish::kServe;
  Config config;
  std::vector<Effective> effective;  // every setting
  std::vector<std::string> errors;
  std::string answer;
  // Of `timebankd init` alone.
  std::string key_out;      // file to make for the key; empty: it is printed
  bool new_pepper = false;  // in place of one that is lost
};

using Environment = std::map<std::string, std::string>;

// What is to be done: `timebankd`, `timebankd init`, `timebankd restored`, `timebankd verify`.
enum class Command { kServe, kInit, kRestored, kVerify };
// By its name; kServe where it is none.
Command CommandOf(std::string_view name);

// `arguments` without the program's name and the command. `command` decides what --help tells.
Configured Configure(const std::vector<std::string>& arguments, const Environment& environment,
                     Command command = Command::kServe);

// This process's TIMEBANK_* variables.
Environment EnvironmentOfProcess();

// `effective` as a TOML file that would say the same, each with its source behind it.
std::string Print(const std::vector<Configured::Effective>& effective);

}  // namespace timebank

#endif  // TIMEBANK_SERVER_CONFIG_H_
