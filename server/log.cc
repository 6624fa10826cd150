#include "server/log.h"

#include <grpc/support/log.h>
#include <pthread.h>
#include <spdlog/async.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "server/ops/line_limit.h"
#include "storage/threads.h"

namespace timebank {
namespace {

constexpr char kPattern[] = R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})";

constexpr size_t kQueuedLines = 4096;

// Kept to the end of the process: others may be writing.
struct Loggers {
  std::shared_ptr<spdlog::details::thread_pool> thread;
  std::shared_ptr<spdlog::async_logger> queued;
  std::shared_ptr<spdlog::logger> at_once;
};
Loggers& TheLoggers() {
  static auto& loggers = *new Loggers;
  return loggers;
}

template <typename Fields>
void Write(spdlog::level::level_enum level, std::string_view message, const Fields& fields) {
  if (!spdlog::should_log(level)) return;
  std::string json = absl::StrCat("\"msg\":\"", JsonEscaped(message), "\"");
  for (const auto& [name, value] : fields) {
    absl::StrAppend(&json, ",\"", JsonEscaped(name), "\":\"", JsonEscaped(value), "\"");
  }
  spdlog::log(level, json);
}

// gRPC says something for each connection that fails, also those of strangers: so many lines in a minute.
constexpr uint32_t kMostGrpcLines = 60;

void WriteForGrpc(gpr_log_func_args* said) {
  static ops::LineLimit limit(kMostGrpcLines, std::chrono::minutes(1));
  const std::optional<uint64_t> untold = limit.Admit();
  if (!untold) return;
  const std::string place = absl::StrCat(said->file, ":", said->line);
  const auto level = said->severity == GPR_LOG_SEVERITY_ERROR  ? spdlog::level::warn
                     : said->severity == GPR_LOG_SEVERITY_INFO ? spdlog::level::info
                                                               : spdlog::level::debug;
  std::vector<std::pair<std::string_view, std::string>> fields = {{"source", place}};
  if (*untold > 0) fields.emplace_back("untold", absl::StrCat(*untold));
  Write(level, said->message, fields);
}

// Length of the UTF-8 character that `text` begins with; 0: it begins with none.
size_t CharacterLength(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const size_t length = byte(0) < 0x80             ? 1
                        : (byte(0) & 0xe0) == 0xc0 ? 2
                        : (byte(0) & 0xf0) == 0xe0 ? 3
                        : (byte(0) & 0xf8) == 0xf0 ? 4
                                                   : 0;
  if (length == 0 || length > text.size()) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  return length;
}

}  // namespace

void SetUpLog(std::string_view level) {
  // Written on a thread of its own: whoever reads standard error slowly, or not at all, holds up nobody. Then
  // the oldest lines are dropped. The thread leaves signals to those who wait for them.
  Loggers& loggers = TheLoggers();
  const auto sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
  loggers.thread = std::make_shared<spdlog::details::thread_pool>(kQueuedLines, 1, [] {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, nullptr);
    storage::NameThread("log");
  });
  loggers.queued = std::make_shared<spdlog::async_logger>("timebankd", sink, loggers.thread,
                                                          spdlog::async_overflow_policy::overrun_oldest);
  loggers.at_once = std::make_shared<spdlog::logger>("timebankd", sink);
  for (spdlog::logger* logger : {static_cast<spdlog::logger*>(loggers.queued.get()), loggers.at_once.get()}) {
    logger->set_pattern(kPattern, spdlog::pattern_time_type::utc);
    logger->set_level(spdlog::level::from_str(std::string(level)));
  }
  spdlog::set_default_logger(loggers.queued);
  gpr_set_log_function(WriteForGrpc);
}

void EndLog() {
  Loggers& loggers = TheLoggers();
  if (loggers.thread == nullptr) return;
  spdlog::set_default_logger(loggers.at_once);
  loggers.thread.reset();  // writes what is queued
}

void Log(LogLevel level, std::string_view message,
         const std::vector<std::pair<std::string_view, std::string>>& fields) {
  constexpr spdlog::level::level_enum kLevels[] = {spdlog::level::debug, spdlog::level::info,
                                                   spdlog::level::warn, spdlog::level::err};
  Write(kLevels[static_cast<size_t>(level)], message, fields);
}

void LogInfo(std::string_view message, LogFields fields) { Write(spdlog::level::info, message, fields); }
void LogWarning(std::string_view message, LogFields fields) { Write(spdlog::level::warn, message, fields); }
void LogError(std::string_view message, LogFields fields) { Write(spdlog::level::err, message, fields); }

std::string JsonEscaped(std::string_view text) {
  std::string escaped;
  while (!text.empty()) {
    const size_t length = CharacterLength(text);
    const char first = text.front();
    if (length == 0) {
      escaped += "\xef\xbf\xbd";
    } else if (first == '"' || first == '\\') {
      escaped += {'\\', first};
    } else if (static_cast<uint8_t>(first) < 0x20) {
      absl::StrAppendFormat(&escaped, "\\u%04x", first);
    } else {
      escaped += text.substr(0, length);
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return escaped;
}

}  // namespace timebank
