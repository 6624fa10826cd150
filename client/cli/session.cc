#include "client/cli/session.h"

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <fstream>
#include <istream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "client/cli/day.h"
#include "client/cli/import/encoding.h"
#include "client/cli/status_macros.h"
#include "client/cli/translate.h"
#include "client/cli/words.h"
#include "client/cpp/credentials.h"
#include "client/cpp/error.h"
#include "client/cpp/names.h"
#include "client/cpp/rpcs.h"

namespace timebank::cli {

Session::Session(Console& console, Variables variables, Connect connect, GlobalOptions options,
                 std::string command_line)
    : console_(console),
      variables_(std::move(variables)),
      connect_(std::move(connect)),
      options_(std::move(options)) {
  situation_.command_line = std::move(command_line);
}

namespace {

// Longer than any token.
constexpr size_t kMostKeyBytes = 64 << 10;

// All of `in`, or up to the end of its first line that is not blank: a pipe may stay open behind that. No
// more than one byte beyond kMostKeyBytes.
std::string ReadKey(std::istream& in, bool whole) {
  std::string text;
  char c = 0;
  while (text.size() <= kMostKeyBytes && in.get(c)) {
    text.push_back(c);
    if (!whole && c == '\n' && !absl::StripAsciiWhitespace(text).empty()) break;
  }
  return text;
}

// Nobody who is refused a socket is told so by gRPC.
absl::Status CheckSocket(const std::string& path) {
  struct stat about = {};
  if (stat(path.c_str(), &about) != 0) {
    if (errno != EACCES) return absl::OkStatus();  // not there (yet): the connection says so
    return UsageError(Fill(T("The socket $0 is in a folder that is not yours to enter: use sudo."), path));
  }
  if (access(path.c_str(), W_OK) == 0 || errno != EACCES) return absl::OkStatus();
  const passwd* const owner = getpwuid(about.st_uid);
  const std::string name = owner != nullptr ? owner->pw_name : absl::StrCat(about.st_uid);
  return UsageError(
      Fill(T("The socket $0 belongs to $1, and is not yours to use: sudo -u $1 timebank …"), path, name));
}

// What gRPC would take for something else: a web address for a name, no port for that of the web.
absl::Status CheckServer(const std::string& server) {
  constexpr char kUnix[] = "unix:";
  if (absl::StartsWith(server, kUnix)) {
    const std::string path = server.substr(std::string_view(kUnix).size());
    return CheckSocket(absl::StartsWith(path, "//") ? path.substr(2) : path);
  }
  for (const char* scheme : {"https://", "http://"}) {
    if (absl::StartsWithIgnoreCase(server, scheme)) {
      return UsageError(Fill(T("Write the server as HOST:PORT, without $0"), scheme));
    }
  }
  // gRPC would take the address's last part for the port.
  constexpr char kIpv6[] = "0123456789abcdefABCDEF:.";
  const std::string_view address = std::string_view(server).substr(0, server.find('%'));
  if (std::count(address.begin(), address.end(), ':') > 1 &&
      address.find_first_not_of(kIpv6) == address.npos) {
    return UsageError(Fill(
        T("An IPv6 address stands in brackets, and the port behind them, as in [::1]:7400: $0"), server));
  }
  const bool no_port = server.find(':') == server.npos || server.back() == ']';
  return no_port ? UsageError(Fill(T("Which port? Write the server as $0:7400"), server)) : absl::OkStatus();
}

}  // namespace

absl::Status Session::Open() {
  if (client_.has_value()) return absl::OkStatus();
  ContextFile file;
  const absl::StatusOr<std::filesystem::path> path = ContextPath(variables_);
  // Without a home folder there are no contexts; that matters to `timebank context` alone.
  if (path.ok()) {
    CLI_ASSIGN_OR_RETURN(file, ReadContexts(*path));
  }
  const Context flags = {.server = options_.server,
                         .bank = options_.bank,
                         .as = options_.as,
                         .key_file = options_.key_file,
                         .ca = options_.ca,
                         .cert = options_.cert,
                         .cert_key = options_.cert_key,
                         .plaintext = options_.plaintext};
  CLI_ASSIGN_OR_RETURN(context_, EffectiveContext(file, options_.context, flags, variables_));
  situation_.server = context_.server;
  CLI_RETURN_IF_ERROR(CheckServer(context_.server));
  client::Options options;
  options.target = context_.server;
  options.caller = context_.as;
  options.member = options_.member;
  CLI_ASSIGN_OR_RETURN(options.key, FindKey());
  situation_.key_sent = !options.key.empty();
  situation_.key_held_back = context_.key_held_back && !options_.no_key;
  CLI_RETURN_IF_ERROR(Encrypt(options));
  if (!options.key.empty() && !situation_.encrypted && !client::IsOnThisMachine(context_.server)) {
    Notice(
        T("Your key goes over the network unencrypted: whoever listens can use it. Leave --plaintext out, or "
          "make another key afterwards."));
  }
  if (options_.deadline_seconds > 0) {
    options.deadline = std::chrono::seconds(options_.deadline_seconds);
    options.batch_deadline = options.deadline;
  }
  options.log = [this](const client::CallRecord& call) {
    if (client::ChangesSomething(call.rpc) && !client::NeverSent(call.status)) change_sent_ = true;
  };
  options.before_wait = [this](const client::WaitRecord& wait) {
    // What is written belongs to one thread.
    if (std::this_thread::get_id() == thread_) TellWaiting(wait);
  };
  client_.emplace(connect_(std::move(options)));
  return absl::OkStatus();
}

// Once for each time that the server is away: a command at a terminal after a second, and a feed, which waits
// for as long as it takes, after three and everywhere.
void Session::TellWaiting(const client::WaitRecord& wait) {
  const bool is_feed = wait.rpc.ends_with("/WatchLedger");
  if (wait.failing_for < std::chrono::seconds(is_feed ? 3 : 1)) {
    told_waiting_ = false;
    return;
  }
  if (told_waiting_ || absl::IsResourceExhausted(wait.status)) return;
  if (!is_feed && !console_.err_is_terminal) return;
  told_waiting_ = true;
  if (is_feed && client::ErrorReason(wait.status) == "NOT_SERVING") {
    Tell(Fill(T("The server does not serve this yet ($0); trying again. If it was put back from a backup, it "
                "may never come as far: then begin anew, without --after."),
              std::string(wait.status.message())));
    return;
  }
  Tell(T("The server does not answer; trying again …"));
}

// A file that was named goes before the variable with the key itself, and that before a file that was written
// down; --no-key before them all.
absl::StatusOr<std::string> Session::FindKey() {
  if (options_.no_key) {
    if (options_.key_file.empty()) return std::string();
    return UsageError(T("Either --key-file or --no-key: they say the opposite of each other."));
  }
  const std::optional<std::string> key = variables_("TIMEBANK_KEY");
  const bool in_variable = options_.key_file.empty() && key;
  const std::string where = in_variable ? "TIMEBANK_KEY" : context_.key_file;
  if (where.empty()) return std::string();
  std::string text;
  if (in_variable) {
    text = *key;
  } else if (where == "-") {
    text = ReadKey(console_.in, /*whole=*/false);
  } else {
    std::ifstream file(where, std::ios::binary);
    if (!file) return UsageError(Fill(T("The key file $0 cannot be read."), where));
    struct stat about = {};
    const bool plain_file = stat(where.c_str(), &about) == 0 && S_ISREG(about.st_mode);
    if (plain_file && (about.st_mode & (S_IROTH | S_IWOTH)) != 0) {
      Notice(
          Fill(T("Everybody on this machine can read or change your key. Make it yours alone: chmod 600 $0"),
               where));
    }
    text = ReadKey(file, plain_file);
  }
  const bool too_long = text.size() > kMostKeyBytes;
  text = std::string(absl::StripAsciiWhitespace(absl::StripPrefix(text, Absl(imports::kByteOrderMark))));
  const auto visible = [](char c) { return absl::ascii_isgraph(static_cast<unsigned char>(c)); };
  if (too_long || !std::all_of(text.begin(), text.end(), visible)) {
    return UsageError(Fill(T("$0 is not a key: it takes the key alone, on one line of plain text."), where));
  }
  if (text.empty() && !in_variable) return UsageError(Fill(T("There is no key in $0."), where));
  return text;
}

// Files that are named are used wherever the server is; without any the library decides.
absl::Status Session::Encrypt(client::Options& options) {
  // What never leaves this machine is never encrypted, whatever is written down for other servers.
  if (absl::StartsWith(context_.server, "unix:")) {
    if (!options_.ca.empty() || !options_.cert.empty() || !options_.cert_key.empty()) {
      return UsageError(T("A unix socket is not encrypted: leave --ca, --cert and --cert-key out."));
    }
    return absl::OkStatus();
  }
  const client::TlsFiles files = {context_.ca, context_.cert, context_.cert_key};
  const bool named = !files.ca.empty() || !files.certificate.empty() || !files.key.empty();
  situation_.encrypted = named || !(context_.plaintext || client::IsOnThisMachine(context_.server));
  options.plaintext = context_.plaintext;
  if (!named) return absl::OkStatus();
  if (context_.plaintext) {
    return UsageError(T("Either --plaintext, or --ca and --cert: they say the opposite of each other."));
  }
  auto credentials = client::TlsCredentials(files);
  if (!credentials.ok()) return UsageError(absl::StrCat(credentials.status().message(), "."));
  options.credentials = *std::move(credentials);
  return absl::OkStatus();
}

absl::StatusOr<std::string> Session::Bank() {
  if (!bank_.empty()) return bank_;
  CLI_RETURN_IF_ERROR(Open());
  if (context_.bank.empty()) {
    CLI_ASSIGN_OR_RETURN(bank_, OnlyBank());
  } else {
    bank_ = client::TimebankName(context_.bank);
  }
  directory_.emplace(*client_, bank_);
  situation_.name_of = [this](const std::string& holder) {
    directory_->LookUp({holder});
    return directory_->Name(holder);
  };
  return bank_;
}

absl::StatusOr<std::string> Session::OnlyBank() {
  std::vector<std::string> banks;
  for (absl::StatusOr<v1::Timebank>& bank : client_->ListTimebanks()) {
    if (!bank.ok()) return bank.status();
    banks.push_back(bank->name());
    if (banks.size() == 1) timebank_ = *bank;
  }
  if (banks.size() == 1) return banks.front();
  timebank_.reset();
  if (banks.empty()) {
    return UsageError(
        T("There is no bank on this server yet. Open one: timebank bank create ID --name \"…\" --time-zone "
          "Europe/Madrid"));
  }
  std::string message = T("There are several banks on this server; say which with --bank:");
  for (const std::string& bank : banks) absl::StrAppend(&message, " ", Absl(client::IdOf(bank)));
  return UsageError(
      absl::StrCat(message, "\n", T("Or once and for all: timebank context set NAME --bank ID")));
}

absl::StatusOr<v1::Timebank> Session::Timebank() {
  CLI_ASSIGN_OR_RETURN(const std::string bank, Bank());
  if (!timebank_.has_value()) {
    v1::GetTimebankRequest request;
    request.set_name(bank);
    CLI_ASSIGN_OR_RETURN(v1::GetTimebankResponse response, client_->GetTimebank(std::move(request)));
    timebank_ = std::move(*response.mutable_timebank());
  }
  return *timebank_;
}

absl::StatusOr<absl::CivilDay> Session::Today() {
  CLI_ASSIGN_OR_RETURN(const v1::Timebank timebank, Timebank());
  return ParseIsoDay(timebank.today());
}

absl::StatusOr<absl::TimeZone> Session::Zone() {
  CLI_ASSIGN_OR_RETURN(const v1::Timebank timebank, Timebank());
  absl::TimeZone zone;
  return absl::LoadTimeZone(timebank.settings().time_zone(), &zone) ? zone : absl::UTCTimeZone();
}

absl::Status Session::ShowTable(const Table& table) {
  if (AsCsv()) {
    console_.out << table.ForSpreadsheets();
    return absl::OkStatus();
  }
  CLI_ASSIGN_OR_RETURN(const absl::CivilDay today, timebank_.has_value() ? Today() : absl::CivilDay());
  console_.out << table.ForPeople(console_, today);
  return absl::OkStatus();
}

absl::Status Session::ShowJson(std::string_view json) {
  console_.out << json << '\n';
  return absl::OkStatus();
}

void Session::Notice(std::string_view line) {
  Tell(OnErr(console_, Style::kNotice, absl::StrCat("! ", Absl(line))));
}

}  // namespace timebank::cli
