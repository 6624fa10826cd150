#include "client/cli/import/party.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "client/cli/import/text.h"

namespace timebank::imports {
namespace {

bool IsNumber(std::string_view text) {
  const auto is_digit = [](unsigned char c) { return absl::ascii_isdigit(c); };
  const auto is_blank = [](unsigned char c) { return absl::ascii_isspace(c); };
  return std::any_of(text.begin(), text.end(), is_digit) && std::none_of(text.begin(), text.end(), is_blank);
}

// `Muñoz, Ana` → `Ana Muñoz`; empty where there is no comma.
std::string FirstNameFirst(std::string_view name) {
  const size_t comma = name.find(',');
  if (comma == std::string_view::npos) return "";
  return absl::StrCat(Absl(Trimmed(name.substr(comma + 1))), " ", Absl(Trimmed(name.substr(0, comma))));
}

}  // namespace

NameAndNumber ParseParty(std::string_view cell) {
  cell = Trimmed(cell);
  if (IsDigits(cell)) return {"", std::string(cell)};
  const size_t open = cell.rfind('(');
  if (open != std::string_view::npos && cell.back() == ')') {
    const std::string_view number = Trimmed(cell.substr(open + 1, cell.size() - open - 2));
    if (IsNumber(number)) return {std::string(Trimmed(cell.substr(0, open))), std::string(number)};
  }
  return {std::string(cell), ""};
}

void PartyIndex::Add(const NameAndNumber& member) {
  if (!member.name.empty() && !member.number.empty()) {
    numbers_[FoldedName(member.name)].insert(member.number);
  }
}

std::string PartyIndex::NumberOf(const NameAndNumber& party, std::string& problem) const {
  if (!party.number.empty()) return party.number;
  for (const std::string& name : {FoldedName(party.name), FoldedName(FirstNameFirst(party.name))}) {
    const auto found = name.empty() ? numbers_.end() : numbers_.find(name);
    if (found == numbers_.end()) continue;
    if (found->second.size() == 1) return *found->second.begin();
    std::string numbers;
    for (const std::string& number : found->second) {
      absl::StrAppend(&numbers, numbers.empty() ? "" : ", ", number);
    }
    problem =
        absl::StrCat("several members are called ", party.name, ": ", numbers,
                     "; write the number behind the name: ", party.name, " (", *found->second.begin(), ")");
    return "";
  }
  return FoldedName(party.name);
}

}  // namespace timebank::imports
