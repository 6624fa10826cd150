// Days and moments: ISO 8601 civil days, bank time zones, protobuf timestamps.
//
// Threads: any.
#ifndef TIMEBANK_SERVER_SERVICES_DAYS_H_
#define TIMEBANK_SERVER_SERVICES_DAYS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "google/protobuf/timestamp.pb.h"
#include "storage/types.h"

namespace timebank::services {

// `2026-11-14`, an existing day; nothing else.
std::optional<storage::Day> ParseDay(std::string_view text);
std::string FormatDay(storage::Day day);

// IANA names that this machine knows.
bool IsTimeZone(const std::string& name);

// `name`'s time zone; UTC where this machine does not know it any more.
absl::TimeZone TimeZoneOf(const std::string& name);

// Now, by the system's clock: microseconds since 1970-01-01 UTC.
int64_t SystemNowUs();

// What day it is in `zone`.
storage::Day DayAt(int64_t now_us, absl::TimeZone zone);

google::protobuf::Timestamp ToTimestamp(int64_t time_us);
// Nothing where it is out of range (RFC 3339 years 1 to 9999).
std::optional<int64_t> FromTimestamp(const google::protobuf::Timestamp& timestamp);

}  // namespace timebank::services

#endif  // TIMEBANK_SERVER_SERVICES_DAYS_H_
