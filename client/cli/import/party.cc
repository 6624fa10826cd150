#include "client/cli/import/party.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

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

// What people call the bank itself where it stands among members, folded.
constexpr std::array<std::string_view, 44> kBankNames = {
    "bank",
    "the bank",
    "time bank",
    "timebank",
    "the timebank",
    "the time bank",
    "community",
    "the community",
    "community pot",
    "community account",
    "pot",
    "the pot",
    "system",
    "system account",
    "organization",
    "organisation",
    "banco",
    "el banco",
    "banco de tiempo",
    "banco del tiempo",
    "el banco de tiempo",
    "el banco del tiempo",
    "comunidad",
    "la comunidad",
    "bote",
    "fondo comun",
    "cuenta de sistema",
    "banc",
    "el banc",
    "banc de temps",
    "banc del temps",
    "el banc de temps",
    "el banc del temps",
    "comunitat",
    "la comunitat",
    "fons comu",
    "banque",
    "la banque",
    "banque de temps",
    "banque du temps",
    "communaute",
    "la communaute",
    "die bank",
    "zeitbank",
};

}  // namespace

bool IsBankName(std::string_view folded_name) {
  return std::find(kBankNames.begin(), kBankNames.end(), folded_name) != kBankNames.end();
}

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

std::vector<std::string> PartsOf(std::string_view cell) {
  constexpr std::string_view kAnd = "and y e i et und con amb avec mit with";
  constexpr std::string_view kBlanks = " \r\n";
  std::vector<std::string> parts(1);
  const auto begin_part = [&parts] {
    parts.back() = std::string(Trimmed(parts.back()));
    if (!parts.back().empty()) parts.emplace_back();
  };
  int brackets = 0;
  for (size_t at = 0; at < cell.size();) {
    const char c = cell[at];
    brackets += c == '(' ? 1 : c == ')' ? -1 : 0;
    if (brackets <= 0 && std::string_view(",;/+&|\r\n").find(c) != std::string_view::npos) {
      begin_part();
      ++at;
      continue;
    }
    // A word, or the blanks between two.
    const size_t end = std::min(cell.find_first_of(kBlanks, at), cell.size());
    const std::string word = absl::AsciiStrToLower(Absl(cell.substr(at, end - at)));
    const bool between = at > 0 && kBlanks.find(cell[at - 1]) != std::string_view::npos && end < cell.size();
    if (brackets <= 0 && between && HasWord(kAnd, word)) {
      begin_part();
      at = end;
      continue;
    }
    parts.back().push_back(c);
    ++at;
  }
  begin_part();
  if (parts.size() > 1 && parts.back().empty()) parts.pop_back();
  return parts;
}

bool PartyIndex::Knows(const NameAndNumber& party) const {
  if (!party.number.empty()) return by_number_.contains(FoldedName(party.number));
  for (const std::string& name : {FoldedName(party.name), FoldedName(FirstNameFirst(party.name))}) {
    if (name.empty()) continue;
    if (numbers_.contains(name) || known_.contains(name) || by_number_.contains(name)) return true;
  }
  return false;
}

void PartyIndex::AddTo(Numbers& numbers, const NameAndNumber& member) {
  if (member.number.empty()) return;
  by_number_[FoldedName(member.number)].insert(member.number);
  if (!member.name.empty()) numbers[FoldedName(member.name)].insert(member.number);
}

void PartyIndex::Add(const NameAndNumber& member) { AddTo(numbers_, member); }

void PartyIndex::AddKnown(const NameAndNumber& member) { AddTo(known_, member); }

std::string PartyIndex::NumberOf(const NameAndNumber& party, std::string& problem) const {
  if (!party.number.empty()) return party.number;
  const std::string name = FoldedName(party.name);
  const std::string turned = FoldedName(FirstNameFirst(party.name));
  for (const auto& [numbers, written] : {std::pair{&numbers_, &name}, std::pair{&numbers_, &turned},
                                         std::pair{&known_, &name}, std::pair{&known_, &turned}}) {
    const auto found = written->empty() ? numbers->end() : numbers->find(*written);
    if (found == numbers->end()) continue;
    if (found->second.size() == 1) return *found->second.begin();
    // An earlier import had the name for a number, before a list of members gave another one.
    if (numbers == &known_ && found->second.contains(name)) return name;
    std::string all;
    for (const std::string& number : found->second) {
      absl::StrAppend(&all, all.empty() ? "" : ", ", number);
    }
    problem =
        absl::StrCat("several members are called ", party.name, ": ", all,
                     "; write the number behind the name: ", party.name, " (", *found->second.begin(), ")");
    return "";
  }
  const auto number = by_number_.find(name);
  return number != by_number_.end() && number->second.size() == 1 ? *number->second.begin() : name;
}

}  // namespace timebank::imports
