#include "client/cli/near_names.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "client/cli/limits.h"
#include "client/cli/members_table.h"
#include "client/cli/status_macros.h"
#include "client/cli/translate.h"
#include "client/cli/words.h"
#include "client/cpp/names.h"

namespace timebank::cli {
namespace {

constexpr size_t kMostSuggestions = 3;
constexpr size_t kFewestPhoneDigits = 5;
// From so many letters on two may be wrong.
constexpr size_t kLongWord = 5;
// Words of one or two letters are near everything.
constexpr size_t kShortestWord = 3;

std::vector<std::string> WordsOf(std::string_view text) {
  return absl::StrSplit(Fold(text), absl::ByAnyChar(" ,.'-_"), absl::SkipEmpty());
}

std::string DigitsOf(std::string_view text) {
  std::string digits;
  for (char c : text) {
    if (absl::ascii_isdigit(c)) digits.push_back(c);
  }
  return digits;
}

// Whether it is a telephone number and nothing else.
bool IsPhone(std::string_view text) {
  return text.find_first_not_of("0123456789 +-./()") == std::string_view::npos &&
         DigitsOf(text).size() >= kFewestPhoneDigits;
}

// Visits the bank's members, merged ones left out, up to kMostLookedAt.
template <typename Visit>
absl::Status VisitMembers(Session& session, Visit visit) {
  v1::ListMembersRequest request;
  CLI_ASSIGN_OR_RETURN(*request.mutable_parent(), session.Bank());
  request.set_page_size(kLongestPage);
  size_t looked_at = 0;
  for (absl::StatusOr<v1::Member>& member : session.client().ListMembers(std::move(request))) {
    if (!member.ok()) return member.status();
    if (++looked_at > kMostLookedAt) break;
    if (member->state() != v1::Member::STATE_MERGED) visit(*std::move(member));
  }
  return absl::OkStatus();
}

}  // namespace

size_t EditDistance(std::string_view a, std::string_view b, size_t most) {
  if ((a.size() > b.size() ? a.size() - b.size() : b.size() - a.size()) > most) return most + 1;
  // Three rows of the table: two back, one back, this one.
  std::vector<size_t> before(b.size() + 1);
  std::vector<size_t> last(b.size() + 1);
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], before[j - 2] + 1);
    }
    std::swap(before, last);
    std::swap(last, row);
  }
  return std::min(last[b.size()], most + 1);
}

size_t NameDistance(std::string_view typed, std::string_view display_name, std::string_view id) {
  const std::vector<std::string> wanted = WordsOf(typed);
  std::vector<std::string> words = WordsOf(display_name);
  words.emplace_back(id);
  size_t total = 0;
  for (const std::string& word : wanted) {
    const size_t most = word.size() < kLongWord ? 1 : 2;
    size_t nearest = most + 1;
    for (const std::string& other : words) {
      if (word == other || (word.size() >= kShortestWord && other.size() >= kShortestWord))
        nearest = std::min(nearest, EditDistance(word, other, most));
    }
    if (nearest > most) return kFarName;
    total += nearest;
  }
  return wanted.empty() ? kFarName : total;
}

absl::StatusOr<std::vector<v1::Member>> MembersByPhone(Session& session, std::string_view typed) {
  std::vector<v1::Member> found;
  if (!IsPhone(typed)) return found;
  const std::string digits = DigitsOf(typed);
  CLI_RETURN_IF_ERROR(VisitMembers(session, [&found, &digits](v1::Member member) {
    const bool fits = std::any_of(
        member.phones().begin(), member.phones().end(),
        [&digits](const std::string& phone) { return absl::StrContains(DigitsOf(phone), digits); });
    if (fits) found.push_back(std::move(member));
  }));
  return found;
}

absl::StatusOr<std::string> DidYouMean(Session& session, std::string_view typed) {
  struct Near {
    size_t distance;
    std::string words;
  };
  std::vector<Near> near;
  CLI_RETURN_IF_ERROR(VisitMembers(session, [&near, typed](const v1::Member& member) {
    const size_t distance = NameDistance(typed, member.display_name(), client::IdOf(member.name()));
    if (distance == kFarName) return;
    near.push_back({distance, absl::StrCat(OneLine(DisplayName(member)), " (", member.number(), ")")});
  }));
  std::stable_sort(near.begin(), near.end(),
                   [](const Near& a, const Near& b) { return a.distance < b.distance; });
  std::vector<std::string> words;
  for (size_t i = 0; i < std::min(near.size(), kMostSuggestions); ++i) words.push_back(near[i].words);
  return words.empty() ? std::string()
                       // Translators: $0 are names with what "or" is here between them.
                       : Fill(T("Did you mean $0?"), absl::StrJoin(words, T(", or ")));
}

}  // namespace timebank::cli
