#include "client/cli/words.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client/cli/hours.h"

namespace timebank::cli {

std::string Standing(int64_t balance_seconds) {
  if (balance_seconds == 0) return "even";
  return absl::StrCat(FormatHours(balance_seconds), balance_seconds > 0 ? " in credit" : " in debit");
}

std::string StandingChange(int64_t before_seconds, int64_t after_seconds) {
  const bool same_side =
      (before_seconds > 0) == (after_seconds > 0) && (before_seconds < 0) == (after_seconds < 0);
  return absl::StrCat(
      Standing(after_seconds), " (was ",
      same_side && after_seconds != 0 ? FormatHours(before_seconds) : Standing(before_seconds), ")");
}

std::string SignedHours(int64_t seconds) {
  if (seconds == 0) return "0h";
  return absl::StrCat(seconds > 0 ? "+" : "-", FormatHours(seconds));
}

std::string JoinNames(const std::vector<std::string>& names) {
  std::string text;
  for (size_t i = 0; i < names.size(); ++i) {
    if (i > 0) text += i + 1 == names.size() ? " and " : ", ";
    text += names[i];
  }
  return text;
}

std::string Count(int64_t number, std::string_view singular, std::string_view plural) {
  if (number == 1) return absl::StrCat("1 ", Absl(singular));
  if (plural.empty()) return absl::StrCat(number, " ", Absl(singular), "s");
  return absl::StrCat(number, " ", Absl(plural));
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
