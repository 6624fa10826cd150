#include "client/cli/directory.h"

#include <algorithm>
#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client/cli/fetch_balances.h"
#include "client/cli/translate.h"
#include "client/cli/words.h"
#include "client/cpp/names.h"

namespace timebank::cli {
namespace {

bool IsKind(std::string_view holder, std::string_view folder) {
  return absl::StartsWith(ShortName(holder), Absl(folder));
}

// Keys hold no hours and have no name.
bool IsHolder(std::string_view name) {
  return IsKind(name, "members/") || IsKind(name, "circles/") || IsKind(name, "pots/");
}

// `pots/community` → `Community pot`.
std::string PotName(std::string_view holder) {
  if (client::IdOf(holder) == "community") return T("Community pot");
  if (client::IdOf(holder) == "opening") return T("Opening pot");
  // Translators: $0 is what the pot is for.
  std::string name = Fill(T("$0 pot"), client::IdOf(holder));
  name[0] = absl::ascii_toupper(name[0]);
  return name;
}

}  // namespace

void Directory::Know(const std::string& holder, const std::string& display_name) {
  if (!display_name.empty()) names_[holder] = display_name;
}

void Directory::LookUp(const std::vector<std::string>& holders) {
  std::set<std::string> missing;
  for (const std::string& holder : holders) {
    if (IsHolder(holder) && !IsKind(holder, "pots/") && names_.count(holder) == 0) missing.insert(holder);
  }
  const std::vector<std::string> asked(missing.begin(), missing.end());
  const auto balances = FetchBalances(client_, bank_, asked);
  if (!balances.ok()) return;
  for (size_t i = 0; i < asked.size(); ++i) {
    const v1::Balance& balance = (*balances)[i];
    Know(balance.holder(), balance.display_name());
    // For a merged record its survivor answers: the same person.
    if (names_.count(asked[i]) == 0) Know(asked[i], balance.display_name());
  }
}

std::string Directory::Name(const std::string& holder) const {
  const auto known = names_.find(holder);
  if (known != names_.end()) return known->second;
  return IsKind(holder, "pots/") ? PotName(holder) : ShortName(holder);
}

std::string Directory::CallName(const std::string& holder, const std::vector<std::string>& among) const {
  std::string name = Name(holder);
  if (!IsKind(holder, "members/")) return name;
  // `Smith, John`: what comes first is no first name.
  if (absl::StrContains(name, ",")) return name;
  const std::string first = FirstWord(name);
  const bool shared = std::any_of(among.begin(), among.end(), [&](const std::string& other) {
    return other != holder && FirstWord(Name(other)) == first;
  });
  return shared ? name : first;
}

std::vector<std::string> Directory::HoldersOf(const v1::Exchange& exchange) {
  std::vector<std::string> holders;
  const auto add = [&holders](const std::string& name) {
    if (IsHolder(name) && std::find(holders.begin(), holders.end(), name) == holders.end())
      holders.push_back(name);
  };
  for (const v1::Share& share : exchange.givers()) add(share.holder());
  for (const v1::Share& share : exchange.receivers()) add(share.holder());
  for (const v1::Movement& movement : exchange.movements()) add(movement.holder());
  add(exchange.recorded_by());
  add(exchange.acting_for());
  return holders;
}

}  // namespace timebank::cli
