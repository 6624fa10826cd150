#include "client/cli/unlikely_hours.h"

#include <algorithm>
#include <cstdint>
#include <string>

#include "absl/strings/ascii.h"
#include "client/cli/arguments.h"
#include "client/cli/hours.h"
#include "client/cli/status_macros.h"
#include "client/cli/translate.h"
#include "client/cpp/names.h"

namespace timebank::cli {
namespace {

// Less than this was hardly meant.
constexpr int64_t kShortSeconds = 5 * 60;

// The longest time that one person gave or got.
int64_t Longest(const v1::Exchange& exchange) {
  int64_t longest = exchange.seconds();
  for (const v1::Share& share : exchange.givers()) longest = std::max(longest, share.seconds());
  for (const v1::Share& share : exchange.receivers()) longest = std::max(longest, share.seconds());
  return longest;
}

// The shortest time that one person gave or got.
int64_t Shortest(const v1::Exchange& exchange) {
  int64_t shortest = exchange.seconds() > 0 ? exchange.seconds() : kMaxShareSeconds;
  for (const auto* shares : {&exchange.givers(), &exchange.receivers()}) {
    for (const v1::Share& share : *shares) {
      if (share.has_seconds()) shortest = std::min(shortest, share.seconds());
    }
  }
  return shortest;
}

// What was hours becomes minutes, wherever it was too long.
void TakeForMinutes(v1::Exchange& exchange) {
  const auto mended = [](int64_t seconds) {
    return seconds > kLongExchangeSeconds ? HoursAsMinutes(seconds) : seconds;
  };
  exchange.set_seconds(mended(exchange.seconds()));
  for (auto* shares : {exchange.mutable_givers(), exchange.mutable_receivers()}) {
    for (v1::Share& share : *shares) {
      if (share.has_seconds()) share.set_seconds(mended(share.seconds()));
    }
  }
}

absl::Status AskIfShort(Session& session, const v1::Exchange& exchange) {
  const int64_t shortest = Shortest(exchange);
  if (shortest >= kShortSeconds) return absl::OkStatus();
  // Translators: $0 is a time: 1m30s.
  if (AskYesOrNo(session, Fill(T("Only $0 for one person?"), FormatHours(shortest))) == true)
    return absl::OkStatus();
  return UsageError(Fill(T("Nothing was changed: $0 is less than 5 minutes."), FormatHours(shortest)));
}

}  // namespace

bool IsLong(const v1::Exchange& exchange) { return Longest(exchange) > kLongExchangeSeconds; }

absl::Status AskIfUnlikely(Session& session, v1::Exchange& exchange) {
  if (!CanAsk(session.console())) return absl::OkStatus();
  CLI_RETURN_IF_ERROR(AskIfShort(session, exchange));
  if (!IsLong(exchange)) return absl::OkStatus();
  const int64_t longest = Longest(exchange);
  const auto is = [](const std::string& typed, const char* letter) {
    return absl::AsciiStrToLower(typed) == letter;
  };
  const auto answer =
      AskUntil(session.console(),
               // Translators: $0 and $1 are times: 40h and 40m. The letters are typed as they are.
               Fill(T("$0 for one person? Is that not $1? [y: it is $0, m: it is $1, n: neither]"),
                    FormatHours(longest), FormatHours(HoursAsMinutes(longest))),
               T("Type y, m or n."),
               [&is](const std::string& typed) { return IsYes(typed) || IsNo(typed) || is(typed, "m"); });
  if (answer.has_value() && is(*answer, "m")) {
    TakeForMinutes(exchange);
    return absl::OkStatus();
  }
  if (answer.has_value() && IsYes(*answer)) return absl::OkStatus();
  return UsageError(Fill(T("Nothing was changed: $0 is more than 12 hours."), FormatHours(longest)));
}

bool TellIfLong(Session& session, const v1::Exchange& posted) {
  const int64_t longest = Longest(posted);
  if (longest <= kLongExchangeSeconds || CanAsk(session.console())) return false;
  const std::string hours = FormatHours(longest);
  const std::string minutes = FormatHours(HoursAsMinutes(longest));
  session.Notice(posted.name().empty()
                     ? Fill(T("$0 is more than 12 hours. Where $1 is meant, write $1."), hours, minutes)
                     : Fill(T("$0 is more than 12 hours. If it was $1: timebank correct $2 $1"), hours,
                            minutes, client::IdOf(posted.name())));
  return true;
}

}  // namespace timebank::cli
