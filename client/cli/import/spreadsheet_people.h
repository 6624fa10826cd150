// Who is meant by the cells of a spreadsheet: members by their number or name, the bank itself, and cells
// that may name more than one person.
//
// Everything that names people is added before the first row is given, by the Add...() in any order but that
// of the bank's members first; then Settle(), and whatever else is asked. Names are compared without regard
// to accents and capitals. Without numbers a name is its own number.
//
// Memory: the members' names and, until it is known who is the bank itself, the cells of hours that name
// people, each once. Threads: one at a time.
#ifndef TIMEBANK_CLIENT_CLI_IMPORT_SPREADSHEET_PEOPLE_H_
#define TIMEBANK_CLIENT_CLI_IMPORT_SPREADSHEET_PEOPLE_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "client/cli/import/party.h"
#include "client/cli/import/reader.h"

namespace timebank::imports::spreadsheet {

// One row of a list of members.
struct ListedMember {
  NameAndNumber member;
  // Whether the number is one, and no name that stands for it.
  bool has_number = false;
  Place place;
  std::vector<std::string> fields;
};

// A name that nobody has: how many rows the bank has with itself in its place.
struct Stranger {
  std::string name;
  int64_t known = 0;
};

// Whom a cell names.
struct Named {
  std::string number;
  std::string name;
  // Why nobody can be told, for people; empty where somebody is.
  std::string problem;
  // The number is that of a member of another name.
  bool has_other_name = false;
};

class People {
 public:
  // `has_lists`: members stand in lists; else whoever hours name is one.
  explicit People(bool has_lists) : has_lists_(has_lists) {}

  // ---- Before the first row

  // Who came into the bank with an earlier import.
  void AddOfBank(const std::vector<NameAndNumber>& members);
  void AddListed(const ListedMember& row);
  // A cell of hours that names somebody.
  void AddNamed(const std::string& cell);
  // Finds the cells that may name several people. `community` is who the options say is the bank itself;
  // empty: number 0. Returns what is wrong with it.
  std::string Settle(const std::string& community);
  // Whom hours name and nobody knows, by the number that stands for the name; none where the files themselves
  // tell who is the bank. Called once: forgets the cells.
  std::map<std::string, Stranger> TakeStrangers();
  // An earlier import may have been told who the bank itself is: whoever of them is called like a bank is it,
  // and rows of the others that the bank has are asked about.
  void FindCommunity(const std::map<std::string, Stranger>& strangers);

  // ---- From then on

  // Whether the bank has members from an earlier import.
  bool imported_before() const { return imported_before_; }
  // Whether it is the bank itself.
  bool IsCommunity(const std::string& number) const;
  // The name of whom FindCommunity() took for the bank; empty: nobody.
  const std::string& community_found() const { return community_name_; }
  // Whether hours name that member.
  bool IsMentioned(const NameAndNumber& member) const;
  // Whether a cell has a number or name of somebody, or words of a name. May be asked before Settle(), of
  // whom was added by then.
  bool MayName(const std::string& cell) const;
  // As PartyIndex::NumberOf().
  std::string NumberOf(const NameAndNumber& party, std::string& problem) const;
  Named Find(const std::string& cell) const;

 private:
  // The first row that has a member's number.
  struct FirstRow {
    Place place;
    // Folded.
    std::string name;
    std::vector<std::string> fields;
  };
  // What names without a comma tell of one with it.
  struct PlainNames {
    // Of a single word, and of more.
    size_t single = 0;
    size_t full = 0;
    // The first words of the latter, folded.
    std::set<std::string> first_words;
    // All of them, folded.
    std::set<std::string> names;

    bool SpeakForTurned(const std::string& cell) const;
  };

  void FindSeveral(PartyIndex known);
  PlainNames FindPlainNames() const;
  size_t CountKnown(const std::vector<std::string>& parts, const PartyIndex& known) const;
  bool MayBeTurned(const std::string& cell, const PartyIndex& known) const;
  std::string WhyDoubtful(const std::string& name) const;

  const bool has_lists_;
  bool imported_before_ = false;
  // Of the bank and of lists.
  PartyIndex members_;
  // The same and, without lists, whomever hours name.
  PartyIndex index_;
  // Folded, by number; of the members files, and of the bank where these do not tell.
  std::map<std::string, std::string> names_;
  std::map<std::string, FirstRow> first_rows_;
  // Folded names of members whose rows will be rejected, as another one has their number or name.
  std::map<std::string, Place> doubtful_names_;
  std::string community_;
  // Whom an earlier import had for the bank itself, by number (or the name that stands for it) and by name.
  std::string community_as_before_;
  std::string community_name_;
  // Names that nobody has, of which the bank has a row with itself in their place; numbers as in index_.
  std::set<std::string> maybe_community_;
  // The cells that name people in files of hours, where they are needed.
  std::set<std::string> named_;
  // Folded names and numbers of those whom hours name.
  std::set<std::string> mentioned_;
  // Cells that may name more than one person, and what to say of them.
  std::map<std::string, std::string> several_;
};

}  // namespace timebank::imports::spreadsheet

#endif  // TIMEBANK_CLIENT_CLI_IMPORT_SPREADSHEET_PEOPLE_H_
