#include "client/cli/words.h"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client/cli/hours.h"

namespace timebank::cli {
namespace {

// The base letter of each code point from U+00C0 to U+017F, lower case; a blank where there is none (× and
// ÷). Ligatures and the like take their first letter: enough for comparing what was typed with a name.
constexpr std::string_view kBaseLetters =
    "aaaaaaaceeeeiiiidnooooo ouuuuyts"
    "aaaaaaaceeeeiiiidnooooo ouuuuyty"
    "aaaaaaccccccccddddeeeeeeeeeegggg"
    "gggghhhhiiiiiiiiiiiijjkkklllllll"
    "lllnnnnnnnnnoooooooorrrrrrssssss"
    "ssttttttuuuuuuuuuuuuwwyyyzzzzzzs";
constexpr uint32_t kFirstFolded = 0xC0;
static_assert(kBaseLetters.size() == 0x180 - kFirstFolded);

constexpr bool IsCombiningMark(uint32_t code_point) { return code_point >= 0x300 && code_point < 0x370; }

}  // namespace

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

std::string Fold(std::string_view text) {
  std::string folded;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto lead = static_cast<unsigned char>(text[i]);
    // Every code point in question takes two bytes: 110xxxxx 10xxxxxx.
    if ((lead & 0xE0) != 0xC0 || i + 1 == text.size()) {
      folded.push_back(absl::ascii_tolower(text[i]));
      continue;
    }
    const uint32_t code_point = (lead & 0x1Fu) << 6 | (static_cast<unsigned char>(text[i + 1]) & 0x3Fu);
    if (code_point >= kFirstFolded && code_point < kFirstFolded + kBaseLetters.size()) {
      folded.push_back(kBaseLetters[code_point - kFirstFolded]);
    } else if (!IsCombiningMark(code_point)) {
      folded.append(text.substr(i, 2));
    }
    ++i;
  }
  return folded;
}

}  // namespace timebank::cli
