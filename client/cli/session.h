// One run of the program, as a command sees it: where to write, whom to ask, which bank.
//
// Threads: one. Calls may be made on others through client().
#ifndef TIMEBANK_CLIENT_CLI_SESSION_H_
#define TIMEBANK_CLIENT_CLI_SESSION_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "client/cli/console.h"
#include "client/cli/context.h"
#include "client/cli/directory.h"
#include "client/cli/errors.h"
#include "client/cli/table.h"
#include "client/cpp/client.h"
#include "client/cpp/options.h"

namespace timebank::cli {

// What the flags that every command knows say.
struct GlobalOptions {
  std::string server;
  std::string bank;
  std::string as;
  std::string key_file;
  // Sends none, wherever one is written down.
  bool no_key = false;
  std::string member;
  std::string context;
  std::string ca;
  std::string cert;
  std::string cert_key;
  bool plaintext = false;
  // `table`, `json`, `csv`; empty: as suits the output (see Session).
  std::string output;
  // `es`; empty: as the context or the system says (see translate.h).
  std::string language;
  std::string request_id;
  // 0: the client library's own.
  int64_t deadline_seconds = 0;
};

using Connect = std::function<std::shared_ptr<client::Connection>(client::Options)>;

class Session {
 public:
  // `command_line`: the command as typed, for telling how to repeat it.
  Session(Console& console, Variables variables, Connect connect, GlobalOptions options,
          std::string command_line);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  Console& console() { return console_; }
  const Variables& variables() const { return variables_; }
  const GlobalOptions& options() const { return options_; }
  // After Open().
  const Context& context() const { return context_; }
  // For the sentence about an error. A command adds what it knows.
  Situation& situation() {
    situation_.change_sent = change_sent_;
    return situation_;
  }
  // Once the server was looked for.
  bool SendsKey() const { return situation_.key_sent; }

  // ---- The server

  // Reads the context and connects, once. Errors (usage): the contexts file, a context that does not exist,
  // files that encrypt nothing.
  absl::Status Open();
  // After Open().
  client::Client& client() { return *client_; }
  // `timebanks/rushey`: as told; else the only one on the server. Errors (usage): there are none or several,
  // and how to choose.
  absl::StatusOr<std::string> Bank();
  // The bank as it was when first asked.
  absl::StatusOr<v1::Timebank> Timebank();
  // The bank's today, and its clock (UTC where this machine does not know the zone).
  absl::StatusOr<absl::CivilDay> Today();
  absl::StatusOr<absl::TimeZone> Zone();
  // The names of whoever turns up. After Bank().
  Directory& directory() { return *directory_; }
  // Gives a change the id from --request-id, where there is one.
  template <typename Request>
  void Stamp(Request& request) const {
    if (!options_.request_id.empty()) request.set_request_id(options_.request_id);
  }

  // ---- The output

  // A list: a table on a terminal, CSV elsewhere, unless -o says otherwise. `messages`: the same as the API's
  // own messages.
  template <typename Messages>
  absl::Status ShowList(const Table& table, const Messages& messages) {
    if (AsJson()) return ShowJson(ToJsonArray(messages));
    return ShowTable(table);
  }
  // One thing: `sentences` (each with its line end) unless -o says otherwise.
  template <typename Message>
  absl::Status ShowOne(std::string_view sentences, const Table& table, const Message& message) {
    if (AsJson()) return ShowJson(ToJson(message));
    if (options_.output == "csv") return ShowTable(table);
    console_.out << sentences;
    return absl::OkStatus();
  }
  // The table in people's or spreadsheets' form.
  absl::Status ShowTable(const Table& table);
  absl::Status ShowJson(std::string_view json);
  bool AsJson() const { return options_.output == "json"; }
  bool AsCsv() const {
    return options_.output == "csv" || (options_.output.empty() && !console_.out_is_terminal);
  }

  // A line on `err`.
  void Tell(std::string_view line) { console_.err << line << '\n'; }
  // A notice, `! …`.
  void Notice(std::string_view line);

 private:
  absl::StatusOr<std::string> OnlyBank();
  absl::StatusOr<std::string> FindKey();
  absl::Status Encrypt(client::Options& options);
  void TellWaiting(const client::WaitRecord& wait);

  const std::thread::id thread_ = std::this_thread::get_id();
  Console& console_;
  Variables variables_;
  Connect connect_;
  GlobalOptions options_;
  Situation situation_;
  std::atomic<bool> change_sent_ = false;  // calls are made on other threads, too
  bool told_waiting_ = false;              // of the failure that goes on
  Context context_;
  std::optional<client::Client> client_;
  std::string bank_;
  std::optional<v1::Timebank> timebank_;
  std::optional<Directory> directory_;
};

}  // namespace timebank::cli

#endif  // TIMEBANK_CLIENT_CLI_SESSION_H_
