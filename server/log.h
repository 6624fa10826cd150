// What timebankd says to whoever looks after it: one JSON object a line, on standard error.
//
//     {"time":"2026-11-14T09:00:00.000Z","level":"info","msg":"serving","address":"127.0.0.1:7400"}
//
// It speaks of the server: never of a member's name, a note, or a secret.
//
// Threads: any, after SetUpLog.
#ifndef TIMEBANK_SERVER_LOG_H_
#define TIMEBANK_SERVER_LOG_H_

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace timebank {

// `level`: debug, info, warn or error. What gRPC has to say goes the same way. Before other threads begin.
void SetUpLog(std::string_view level);

// Writes what is still to be written; later lines are written at once. At the end of the process.
void EndLog();

using LogFields = std::initializer_list<std::pair<std::string_view, std::string>>;

enum class LogLevel { kDebug, kInfo, kWarning, kError };
void Log(LogLevel level, std::string_view message,
         const std::vector<std::pair<std::string_view, std::string>>& fields);

void LogInfo(std::string_view message, LogFields fields = {});
void LogWarning(std::string_view message, LogFields fields = {});
void LogError(std::string_view message, LogFields fields = {});

// `text` as it stands between the quotes of a JSON string. Bytes that are not UTF-8 become U+FFFD.
std::string JsonEscaped(std::string_view text);

}  // namespace timebank

#endif  // TIMEBANK_SERVER_LOG_H_
