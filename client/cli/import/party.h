// People as cells name them: `Ana Muñoz (12)`, `12`, `ana munoz`.
//
// Threads: one at a time.
#ifndef TIMEBANK_CLIENT_CLI_IMPORT_PARTY_H_
#define TIMEBANK_CLIENT_CLI_IMPORT_PARTY_H_

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace timebank::imports {

struct NameAndNumber {
  std::string name;
  // Empty where the cell has none.
  std::string number;
};

// `Ana Muñoz (12)` → both; `12` → a number; anything else → a name. What stands in the brackets at the end is
// a number where it has a digit and no blank in it: `Ana (la jove)` is a name.
NameAndNumber ParseParty(std::string_view cell);

// What a cell comes to where commas, `;`, `/`, `+`, `&`, `|`, line ends and words such as `and` part the
// names of a list; one part where none does, and more than one also where a comma parts a surname from the
// first name (`Muñoz, Ana`), or a long name goes on in the next line. What stands in brackets belongs
// together.
std::vector<std::string> PartsOf(std::string_view cell);

// Whether people call the bank itself so, where it stands among members: `the bank`, `el banco`, `system
// account`. `folded_name` is without accents and capitals.
bool IsBankName(std::string_view folded_name);

// Who is meant by a name, without regard to accents and capitals.
class PartyIndex {
 public:
  // A member of that number and name; either may be empty.
  void Add(const NameAndNumber& member);
  // The same of somebody whom the files need not name: asked only for a name that nobody in the files has.
  void AddKnown(const NameAndNumber& member);

  // Whether a member has that name or number.
  bool Knows(const NameAndNumber& party) const;
  // The number of whoever is meant, by name, or by a number that is no name of anybody; a name that nobody
  // has becomes a number of its own, so that the same name is the same person everywhere. `problem` is filled
  // where several have the name.
  std::string NumberOf(const NameAndNumber& party, std::string& problem) const;

 private:
  // Numbers by folded name.
  using Numbers = std::map<std::string, std::set<std::string>>;
  void AddTo(Numbers& numbers, const NameAndNumber& member);

  Numbers numbers_;
  Numbers known_;
  Numbers by_number_;  // numbers as they may be written: `a12` for A12
};

}  // namespace timebank::imports

#endif  // TIMEBANK_CLIENT_CLI_IMPORT_PARTY_H_
