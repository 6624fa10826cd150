#include "client/cli/words.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client/cli/hours.h"
#include "client/cli/translate.h"

namespace timebank::cli {

std::string Standing(int64_t balance_seconds) {
  if (balance_seconds == 0) return T("even");
  return Fill(balance_seconds > 0 ? T("$0 in credit") : T("$0 in debit"), FormatHours(balance_seconds));
}

std::string StandingChange(int64_t before_seconds, int64_t after_seconds) {
  const bool same_side =
      (before_seconds > 0) == (after_seconds > 0) && (before_seconds < 0) == (after_seconds < 0);
  return Fill(T("$0 (was $1)"), Standing(after_seconds),
              same_side && after_seconds != 0 ? FormatHours(before_seconds) : Standing(before_seconds));
}

std::string SignedHours(int64_t seconds) {
  if (seconds == 0) return "0h";
  return absl::StrCat(seconds > 0 ? "+" : "-", FormatHours(seconds));
}

std::string JoinNames(const std::vector<std::string>& names) {
  std::string text;
  for (size_t i = 0; i + 1 < names.size(); ++i) absl::StrAppend(&text, i == 0 ? "" : ", ", names[i]);
  if (names.empty()) return text;
  // Translators: $0 is one name or several with commas between them, $1 the last one.
  return names.size() == 1 ? names.back() : Fill(T("$0 and $1"), text, names.back());
}

std::string WithColon(std::string_view words, std::string_view behind) {
  // Translators: anything, and what is told of it; with a blank in front of the colon where your language has
  // one.
  return behind.empty() ? std::string(words) : Fill(T("$0: $1"), words, behind);
}

std::string ShortName(std::string_view resource_name) {
  constexpr std::string_view kBanks = "timebanks/";
  if (!absl::StartsWith(Absl(resource_name), Absl(kBanks))) return std::string(resource_name);
  const size_t slash = resource_name.find('/', kBanks.size());
  return std::string(slash == std::string_view::npos ? resource_name : resource_name.substr(slash + 1));
}

std::string FirstWord(std::string_view display_name) {
  return std::string(display_name.substr(0, display_name.find(' ')));
}

}  // namespace timebank::cli
