#include "client/cli/import/spreadsheet_people.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "client/cli/import/party.h"
#include "client/cli/import/text.h"

namespace timebank::imports::spreadsheet {
namespace {

constexpr std::string_view kBankNumber = "0";
// Signs that part names where nobody knows these, too. The others may stand in the name of a household: `Ben
// & Carla`.
constexpr std::string_view kListSigns = ",|\r\n";

// Folded names, one of which may leave some words out.
bool MayBeTheSame(const std::string& one, const std::string& other) {
  const std::set<std::string> some = absl::StrSplit(one, ' ');
  const std::set<std::string> others = absl::StrSplit(other, ' ');
  return std::includes(some.begin(), some.end(), others.begin(), others.end()) ||
         std::includes(others.begin(), others.end(), some.begin(), some.end());
}

}  // namespace

// ---- Before the first row

void People::AddOfBank(const std::vector<NameAndNumber>& members) {
  for (const NameAndNumber& member : members) {
    members_.AddKnown(member);
    index_.AddKnown(member);
    names_.emplace(member.number, FoldedName(member.name));
    imported_before_ = true;
  }
}

void People::AddListed(const ListedMember& row) {
  const NameAndNumber& member = row.member;
  std::string name = FoldedName(member.name);
  const auto [found, is_first] = first_rows_.emplace(member.number, FirstRow{row.place, name, row.fields});
  const FirstRow& first = found->second;
  const auto add = [&] {
    members_.Add(member);
    index_.Add(member);
  };
  if (is_first) {
    names_[member.number] = name;
    return add();
  }
  // The row will be rejected; whoever it is of must not be taken for the first one.
  const bool same_name = MayBeTheSame(first.name, name);
  const bool somebody_else = first.place.file == row.place.file && first.fields != row.fields;
  if (same_name && (row.has_number || !somebody_else)) {
    add();
  } else if (!name.empty()) {
    doubtful_names_.emplace(std::move(name), row.place);
  }
}

void People::AddNamed(const std::string& cell) {
  if (!named_.insert(cell).second) return;
  const NameAndNumber party = ParseParty(cell);
  for (const std::string& told : {party.name, party.number}) {
    if (std::string folded = FoldedName(told); !folded.empty()) mentioned_.insert(std::move(folded));
  }
  if (!has_lists_) index_.Add(party);
}

std::string People::Settle(const std::string& community) {
  std::string problem;
  community_ = community.empty() ? std::string(kBankNumber) : index_.NumberOf(ParseParty(community), problem);
  // Without lists the index has every cell, those that may name several people as well.
  if (problem.empty()) FindSeveral(members_);
  return problem;
}

// Looks for cells that may name more than one person: who is meant must be plain. `known` are members.
void People::FindSeveral(PartyIndex known) {
  // A number behind the whole of a name tells who it is.
  for (const std::string& cell : named_) {
    const NameAndNumber party = ParseParty(cell);
    if (party.number.empty()) continue;
    const std::vector<std::string> parts = PartsOf(cell);
    if (parts.size() == 1 || CountKnown(parts, known) < parts.size()) known.Add(party);
  }
  size_t turned = 0;
  for (const std::string& cell : named_) turned += MayBeTurned(cell, known);
  const bool are_turned = turned > 1 && turned * 3 >= named_.size();
  const PlainNames plain = FindPlainNames();
  for (const std::string& cell : named_) {
    const std::vector<std::string> parts = PartsOf(cell);
    const NameAndNumber party = ParseParty(cell);
    const size_t are_known = CountKnown(parts, known);
    const bool all_known = are_known == parts.size();
    const bool is_turned =
        MayBeTurned(cell, known) && (are_turned || (are_known == 0 && plain.SpeakForTurned(cell)));
    std::string none;
    const bool is_one = parts.size() == 1 || IsCommunity(index_.NumberOf(party, none)) ||
                        known.Knows({party.name, ""}) || plain.names.contains(FoldedName(party.name)) ||
                        (!party.number.empty() && !all_known);
    if (is_one || (is_turned && !all_known)) continue;
    if (all_known) {
      several_[cell] = "names several people: write a row for each of them, with the hours of each";
    } else if (are_known > 0 || Trimmed(cell).find_first_of(kListSigns) != std::string_view::npos) {
      several_[cell] =
          "may be one person or several: if one, write the number behind the name, or the first name in "
          "front and no comma, | or line end; if several, a row for each of them";
    }
  }
}

// Among full names `Muñoz, Ana` is one, and two people would have full names, too. `Ana, Ben` may be two
// where somebody is called Ana.
bool People::PlainNames::SpeakForTurned(const std::string& cell) const {
  const std::string surname = FoldedName(std::string_view(cell).substr(0, cell.find(',')));
  return full > single && !first_words.contains(surname.substr(0, surname.find(' ')));
}

People::PlainNames People::FindPlainNames() const {
  PlainNames plain;
  const auto add = [&plain](const std::string& folded) {
    if (folded.empty() || folded.find(',') != std::string::npos) return;
    plain.names.insert(folded);
    const size_t blank = folded.find(' ');
    ++(blank == std::string::npos ? plain.single : plain.full);
    if (blank != std::string::npos) plain.first_words.insert(folded.substr(0, blank));
  };
  for (const std::string& cell : named_) {
    if (const NameAndNumber party = ParseParty(cell); PartsOf(party.name).size() == 1) {
      add(FoldedName(party.name));
    }
  }
  for (const auto& [number, name] : names_) add(name);
  return plain;
}

size_t People::CountKnown(const std::vector<std::string>& parts, const PartyIndex& known) const {
  return static_cast<size_t>(std::count_if(parts.begin(), parts.end(), [&](const std::string& part) {
    const NameAndNumber one = ParseParty(part);
    return !one.number.empty() || mentioned_.contains(FoldedName(one.name)) || known.Knows(one);
  }));
}

// `Muñoz, Ana` and `Ramón y Cajal, Santiago`, where nobody is called by what stands before the comma.
bool People::MayBeTurned(const std::string& cell, const PartyIndex& known) const {
  constexpr std::string_view kNoNames = ",;/+&|\r\n";
  const std::string_view whole = Trimmed(cell);
  const size_t comma = whole.find_first_of(kNoNames);
  if (comma == std::string_view::npos || whole[comma] != ',') return false;
  const std::string_view behind = Trimmed(whole.substr(comma + 1));
  if (behind.find_first_of(kNoNames) != std::string_view::npos) return false;
  const std::string surname(Trimmed(whole.substr(0, comma)));
  const std::vector<std::string> first = PartsOf(behind);
  return !surname.empty() && first.size() == 1 && !first[0].empty() && CountKnown({surname}, known) == 0;
}

std::map<std::string, Stranger> People::TakeStrangers() {
  std::map<std::string, Stranger> strangers;
  for (const std::string& cell : named_) {
    const NameAndNumber party = ParseParty(cell);
    std::string problem;
    const std::string number = index_.NumberOf(party, problem);
    // The files tell it themselves.
    if (number == community_) return {};
    if (number.empty() || names_.contains(number)) continue;
    strangers[number].name = party.name.empty() ? party.number : party.name;
  }
  named_.clear();
  return strangers;
}

void People::FindCommunity(const std::map<std::string, Stranger>& strangers) {
  int64_t most = 0;
  for (const auto& [number, stranger] : strangers) {
    if (stranger.known == 0) continue;
    // The same help by somebody new has the same origin as the bank's: only what is called so is the bank.
    if (!IsBankName(FoldedName(stranger.name))) {
      maybe_community_.insert(number);
    } else if (stranger.known > most) {
      most = stranger.known;
      community_as_before_ = number;
      community_name_ = stranger.name;
    }
  }
}

// ---- From then on

bool People::IsCommunity(const std::string& number) const {
  return number == community_ || (!community_as_before_.empty() && number == community_as_before_);
}

bool People::IsMentioned(const NameAndNumber& member) const {
  return mentioned_.contains(FoldedName(member.number)) || mentioned_.contains(FoldedName(member.name));
}

bool People::MayName(const std::string& cell) const {
  const NameAndNumber party = ParseParty(cell);
  if (index_.Knows(party) || IsMentioned(party)) return true;
  const std::vector<std::string> words = HeadingWords(party.name);
  if (words.empty()) return false;
  const auto has_words = [&words](std::string_view name) {
    const std::vector<std::string> of_name = HeadingWords(name);
    return std::all_of(words.begin(), words.end(), [&of_name](const std::string& word) {
      return std::find(of_name.begin(), of_name.end(), word) != of_name.end();
    });
  };
  return std::any_of(mentioned_.begin(), mentioned_.end(), has_words) ||
         std::any_of(names_.begin(), names_.end(),
                     [&](const auto& known) { return has_words(known.second); });
}

std::string People::NumberOf(const NameAndNumber& party, std::string& problem) const {
  return index_.NumberOf(party, problem);
}

Named People::Find(const std::string& cell) const {
  const NameAndNumber party = ParseParty(cell);
  Named named;
  std::string& problem = named.problem;
  named.number = index_.NumberOf(party, problem);
  named.name = party.name;
  if (named.number.empty() && problem.empty()) problem = "nobody is named";
  if (party.number.empty() && problem.empty()) problem = WhyDoubtful(party.name);
  if (const auto several = several_.find(cell); several != several_.end() && problem.empty()) {
    problem = absl::StrCat("\"", Absl(Trimmed(cell)), "\" ", several->second);
  }
  if (problem.empty() && maybe_community_.contains(named.number)) {
    const std::string who = party.name.empty() ? party.number : party.name;
    problem = absl::StrCat("the bank has such a row already, with the community pot: if ", who,
                           " is the bank itself, --community \"", who, "\"; else add this member first");
  }
  if (!party.name.empty() && !party.number.empty()) {
    const auto known = names_.find(named.number);
    named.has_other_name = known != names_.end() && !MayBeTheSame(known->second, FoldedName(party.name));
  }
  return named;
}

// Whoever has that name may be somebody whose row was rejected.
std::string People::WhyDoubtful(const std::string& name) const {
  if (doubtful_names_.empty()) return "";
  const auto found = doubtful_names_.find(FoldedName(name));
  if (found == doubtful_names_.end()) return "";
  const Place& place = found->second;
  return absl::StrCat(
      "who is meant by ", name, " is not sure, since the row of one of that name was rejected (", place.file,
      " line ", place.line, "); give each a number there, and write it behind the name: ", name, " (12)");
}

}  // namespace timebank::imports::spreadsheet
