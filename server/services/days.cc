#include "server/services/days.h"

#include <chrono>

#include "absl/strings/ascii.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "storage/keys.h"

namespace timebank::services {
namespace {

// Digits only: neither signs nor blanks pass.
std::optional<int> Digits(std::string_view text) {
  int value = 0;
  for (char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return value;
}

// absl would also take the path of a file, offsets of its own, and names that mean what somebody set on this
// machine.
bool LooksLikeIana(std::string_view name) {
  for (std::string_view other : {"localtime", "Fixed/", "posix", "right/"}) {
    if (name.starts_with(other)) return false;
  }
  for (const absl::string_view part : absl::StrSplit(absl::string_view(name.data(), name.size()), '/')) {
    if (part.empty() || !absl::ascii_isalpha(static_cast<unsigned char>(part[0]))) return false;
    for (const unsigned char c : part) {
      if (!absl::ascii_isalnum(c) && c != '_' && c != '+' && c != '-') return false;
    }
  }
  return true;
}

}  // namespace

std::optional<storage::Day> ParseDay(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  auto year = Digits(text.substr(0, 4));
  auto month = Digits(text.substr(5, 2));
  auto day = Digits(text.substr(8, 2));
  if (!year || !month || !day) return std::nullopt;
  const absl::CivilDay civil(*year, *month, *day);
  // absl carries the 31st of February over into March; a day that does not exist is an error here.
  if (civil.year() != *year || civil.month() != *month || civil.day() != *day) return std::nullopt;
  return storage::FromCivil({*year, *month, *day});
}

std::string FormatDay(storage::Day day) {
  const storage::CivilDay civil = storage::ToCivil(day);
  if (civil.year < 0 || civil.year > 9999) {
    return absl::StrFormat("%04d-%02d-%02d", civil.year, civil.month, civil.day);
  }
  // A statement has one in each line: written out, a tenth of what formatting takes.
  std::string text = "0000-00-00";
  auto put = [&text](size_t last, int number) {
    for (; number > 0; number /= 10) text[last--] = static_cast<char>('0' + number % 10);
  };
  put(3, civil.year);
  put(6, civil.month);
  put(9, civil.day);
  return text;
}

bool IsTimeZone(const std::string& name) {
  absl::TimeZone zone;
  return LooksLikeIana(name) && absl::LoadTimeZone(name, &zone);
}

absl::TimeZone TimeZoneOf(const std::string& name) {
  absl::TimeZone zone;
  return absl::LoadTimeZone(name, &zone) ? zone : absl::UTCTimeZone();
}

int64_t SystemNowUs() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

storage::Day DayAt(int64_t now_us, absl::TimeZone zone) {
  const absl::CivilDay day = absl::ToCivilDay(absl::FromUnixMicros(now_us), zone);
  return static_cast<storage::Day>(day - absl::CivilDay(1970, 1, 1));
}

google::protobuf::Timestamp ToTimestamp(int64_t time_us) {
  google::protobuf::Timestamp timestamp;
  int64_t seconds = time_us / 1'000'000;
  int64_t rest = time_us % 1'000'000;
  if (rest < 0) {
    rest += 1'000'000;
    --seconds;
  }
  timestamp.set_seconds(seconds);
  timestamp.set_nanos(static_cast<int32_t>(rest * 1000));
  return timestamp;
}

std::optional<int64_t> FromTimestamp(const google::protobuf::Timestamp& timestamp) {
  constexpr int64_t kYear1 = -62'135'596'800;
  constexpr int64_t kYear9999 = 253'402'300'799;
  if (timestamp.seconds() < kYear1 || timestamp.seconds() > kYear9999) return std::nullopt;
  if (timestamp.nanos() < 0 || timestamp.nanos() > 999'999'999) return std::nullopt;
  return timestamp.seconds() * 1'000'000 + timestamp.nanos() / 1000;
}

}  // namespace timebank::services
