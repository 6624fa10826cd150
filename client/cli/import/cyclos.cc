#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "client/cli/import/amounts.h"
#include "client/cli/import/formats.h"
#include "client/cli/import/table_reader.h"
#include "client/cli/import/text.h"
#include "client/cli/translate.h"

// A file of transactions is what one account sees: an amount above nothing was credited, so its owner gave
// the help; below nothing, its owner received it. The same transaction stands in the other account's file,
// too, with the sign turned round, and counts once, by its number.
//
// No file says whose it is. Where two files share a transaction with opposite signs, each names the other's
// owner; with the same sign and the same other party, they show one account (two periods that overlap, a
// second download). Where no other account's file is there, the name of the file says whose it is:
// transactions-MEMBER.csv. Files that contradict each other are refused: hours would go to the wrong people.

namespace timebank::imports {
namespace {

constexpr std::array<Column, 7> kTransactionColumns = {
    {{"Date", "fecha data datum", true},
     {"Transaction type", "tipodetransaccion tipodetransacao typedetransaction transaktionstyp"},
     {"Amount", "cantidad monto importe quantia valor montant betrag bedrag importo", true},
     {"From / to", "dea depara vonan deur vanaan daa origendestino", true},
     {"From / to - Full name",
      "deanombrecompleto deparanomecompleto vonanvollername deanomcomplet vanaanvolledigenaam"},
     {"Description", "descripcion descricao beschreibung omschrijving descrizione"},
     {"Transaction number",
      "numerodetransaccion numerodatransacao transaktionsnummer numerodetransaction transactienummer"}}};
enum TransactionColumn { kDate, kTransactionType, kAmount, kFromTo, kFullName, kDescription, kNumber };

constexpr std::array<Column, 6> kMemberColumns = {{{"name", "fullname", true},
                                                   {"username", "", true},
                                                   {"email"},
                                                   {"creationdate"},
                                                   {"balance"},
                                                   {"phone", "mobilephone phonenumber"}}};
enum MemberColumn { kName, kUsername, kEmail, kCreationDate, kBalance, kPhone };

constexpr std::array<FileKind, 2> kKinds = {
    {{"one account's transactions", FileKind::Holds::kExchanges, kTransactionColumns},
     {"members", FileKind::Holds::kMembers, kMemberColumns, true}}};

constexpr std::array<std::string_view, 6> kFirstWords = {"transactions", "transfers", "history",
                                                         "account",      "statement", "transacciones"};
constexpr std::string_view kSeparators = "-_ .";

// The name of a file without its ending, and without the `(1)` that a browser adds.
std::string Stem(const std::string& file) {
  std::string stem = std::filesystem::path(file).stem().string();
  const size_t open = stem.rfind(" (");
  if (open != std::string::npos && stem.back() == ')' &&
      IsDigits(std::string_view(stem).substr(open + 2, stem.size() - open - 3))) {
    stem.resize(open);
  }
  return stem;
}

// `stem`, and what is left of it without the numbers at its end where one of them is a year's or a day's:
// `ana-2018-01`, `ana-2018`, `ana`. A number without a year may be the member's.
std::vector<std::string> WithoutPeriod(const std::string& stem) {
  std::vector<std::string> names = {stem};
  bool has_year = false;
  for (std::string_view rest = stem;;) {
    size_t start = rest.size();
    while (start > 0 && absl::ascii_isdigit(static_cast<unsigned char>(rest[start - 1]))) --start;
    const std::string_view number = rest.substr(start);
    const std::string_view century = number.substr(0, 2);
    const bool of_year = (century == "19" || century == "20") &&
                         (number.size() == 4 || number.size() == 6 || number.size() == 8);
    if (number.empty() || start == 0 || kSeparators.find(rest[start - 1]) == std::string_view::npos) break;
    if (!of_year && number.size() > 2) break;
    has_year = has_year || of_year;
    rest.remove_suffix(number.size());
    while (!rest.empty() && kSeparators.find(rest.back()) != std::string_view::npos) rest.remove_suffix(1);
    names.emplace_back(rest);
  }
  if (!has_year) names.resize(1);
  return names;
}

// What the transactions that stand in several files tell: which files show one account, and whose it is.
class Owners {
 public:
  // A transaction as a file shows it; `party`: the other side.
  void Add(const Source* file, const std::string& number, const std::string& party, bool owner_gave) {
    const View here{file, Id(party), owner_gave};
    const auto [there, only] = views_.emplace(HashFacts({number}), here);
    const View& other = there->second;
    if (only || other.file == here.file) return;
    if (other.owner_gave != here.owner_gave) {
      told_[here.file].try_emplace(other.party, number);
      told_[other.file].try_emplace(here.party, number);
      opposite_.try_emplace(std::pair(other.file, here.file), number);
    } else if (other.party == here.party) {
      Join(here.file, other.file);
    }
  }

  // The owners that are told, by First() of their files. Errors (InvalidArgument): two owners of one account.
  absl::StatusOr<std::map<const Source*, std::string>> Find() const {
    for (const auto& [files, number] : opposite_) {
      if (First(files.first) == First(files.second)) return BothSides(files.first, files.second, number);
    }
    std::map<const Source*, std::pair<uint32_t, std::string>> owners;
    for (const auto& [file, parties] : told_) {
      for (const auto& [party, number] : parties) {
        const auto [known, only] = owners.emplace(First(file), std::pair(party, number));
        if (!only && known->second.first != party) return Two(file, known->second, {party, number});
      }
    }
    std::map<const Source*, std::string> names;
    for (const auto& [file, owner] : owners) names[file] = names_[owner.first];
    return names;
  }

  // The file that stands for all that show the same account.
  const Source* First(const Source* file) const {
    for (auto joined = joined_.find(file); joined != joined_.end(); joined = joined_.find(file)) {
      file = joined->second;
    }
    return file;
  }

 private:
  struct View {
    const Source* file;
    uint32_t party;
    bool owner_gave;
  };

  uint32_t Id(const std::string& party) {
    const auto [known, first] = ids_.emplace(party, static_cast<uint32_t>(names_.size()));
    if (first) names_.push_back(party);
    return known->second;
  }

  void Join(const Source* a, const Source* b) {
    a = First(a);
    b = First(b);
    if (a != b) joined_[a] = b;
  }

  static absl::Status BothSides(const Source* a, const Source* b, const std::string& number) {
    return absl::InvalidArgumentError(cli::Fill(
        // Translators: $0 and $1 are files, $2 the number of a transaction.
        cli::T(
            "$0 and $1 show the same account by some transactions, and both sides of transaction $2. Which "
            "file is whose cannot be told; leave one of them out."),
        a->name(), b->name(), Shortened(number)));
  }

  absl::Status Two(const Source* file, const std::pair<uint32_t, std::string>& one,
                   const std::pair<uint32_t, std::string>& two) const {
    return absl::InvalidArgumentError(cli::Fill(
        // Translators: $0 is a file, $1 and $3 numbers of transactions, $2 and $4 members.
        cli::T("Cannot tell whose account $0 shows: by transaction $1 it is $2's, by transaction $3 it is "
               "$4's. Leave out the file that is wrong."),
        file->name(), Shortened(one.second), Shortened(names_[one.first]), Shortened(two.second),
        Shortened(names_[two.first])));
  }

  // By a transaction's number: as the first file has it.
  absl::flat_hash_map<FactsHash, View> views_;
  absl::flat_hash_map<std::string, uint32_t> ids_;
  std::vector<std::string> names_;
  // Whom the other side's files name as the owner, each with the first transaction that does.
  std::map<const Source*, std::map<uint32_t, std::string>> told_;
  // Files that show two sides, with the first transaction of which they do.
  std::map<std::pair<const Source*, const Source*>, std::string> opposite_;
  // Files that show the same account as another one.
  std::map<const Source*, const Source*> joined_;
};

class CyclosReader : public TableReader {
 public:
  static constexpr char kFormat[] = "cyclos3";
  static constexpr char kSystemName[] = "Cyclos 3";
  static absl::Span<const FileKind> Kinds() { return kKinds; }

  CyclosReader(std::vector<std::unique_ptr<Source>> sources, const ReaderOptions& options)
      : TableReader(std::move(sources), options) {}

  std::string_view system() const override { return "cyclos3"; }
  std::string_view id_prefix() const override { return "cyc-"; }

  // Finds out whose account each file shows.
  absl::Status Prepare() override {
    Owners owners;
    const absl::Status read = ReadAhead([&](Line& line) {
      if (line.source().kind().holds == Holds::kMembers) {
        names_[line.Text(kUsername)] = line.Text(kName);
        VoteOnDays(line, kCreationDate);
        return VoteOnHours(line, {kBalance});
      }
      VoteOnDays(line, kDate);
      VoteOnHours(line, {kAmount});
      const std::string party = line.Text(kFromTo);
      std::string& name = names_[party];
      if (name.empty()) name = line.Text(kFullName);
      int64_t seconds = 0;
      const bool moves = ParseSignedHours(line.Raw(kAmount), seconds).empty() && seconds != 0;
      const std::string number = line.Text(kNumber);
      if (moves && !number.empty() && !party.empty()) owners.Add(&line.source(), number, party, seconds > 0);
    });
    if (!read.ok()) return read;
    const absl::StatusOr<std::map<const Source*, std::string>> told = owners.Find();
    if (!told.ok()) return told.status();
    // What the files' names say counts for all files of one account.
    std::map<const Source*, std::string> named;
    for (const std::unique_ptr<Source>& source : sources()) {
      if (source->kind().holds != Holds::kExchanges || told->count(owners.First(source.get())) > 0) {
        continue;
      }
      const std::string owner = OwnerByName(source->name());
      if (owner.empty()) continue;
      const auto [known, first] = named.emplace(owners.First(source.get()), owner);
      if (!first && known->second != owner) return TwoNames(source->name(), owner, known->second);
    }
    for (const std::unique_ptr<Source>& source : sources()) {
      const auto by_rows = told->find(owners.First(source.get()));
      owners_[source->name()] = by_rows != told->end() ? by_rows->second : named[owners.First(source.get())];
    }
    return read;
  }

 protected:
  void Read(Line& line) override {
    if (line.source().kind().holds == Holds::kMembers) {
      ReadMember(line);
    } else {
      ReadTransaction(line);
    }
  }

  bool HasTwoViews() const override { return true; }

  void TellLeftOut(std::vector<std::string>& told) const override {
    if (HasFilesOf(Holds::kExchanges)) told.push_back("the types of transactions");
  }

 private:
  static absl::Status TwoNames(const std::string& file, const std::string& one, const std::string& other) {
    return absl::InvalidArgumentError(
        // Translators: $0 is a file, $1 and $2 members.
        cli::Fill(cli::T("Cannot tell whose account $0 shows: its name says $1's, and a file with the same "
                         "transactions is called $2's. Name both after the member: transactions-MEMBER.csv"),
                  file, Shortened(one), Shortened(other)));
  }

  // The name of a known member that `stem` is or ends in; empty where it does not.
  std::string KnownAtTheEnd(const std::string& stem) const {
    if (names_.count(stem) > 0) return stem;
    for (size_t at = 0; at + 1 < stem.size(); ++at) {
      const bool parts = kSeparators.find(stem[at]) != std::string_view::npos;
      if (parts && names_.count(stem.substr(at + 1)) > 0) return stem.substr(at + 1);
    }
    return "";
  }

  // What a file's name says, if it says anything: a known member's name at its end, or whatever stands behind
  // `transactions-`, either also with a year or a day behind it.
  std::string OwnerByName(const std::string& file) const {
    const std::vector<std::string> stems = WithoutPeriod(Stem(file));
    for (const std::string& stem : stems) {
      if (std::string known = KnownAtTheEnd(stem); !known.empty()) return known;
    }
    const std::string& stem = stems.back();
    const std::string folded = FoldedName(stem);
    for (std::string_view word : kFirstWords) {
      const bool starts = folded.size() == stem.size() && folded.compare(0, word.size(), word) == 0 &&
                          stem.size() > word.size() + 1 &&
                          kSeparators.find(stem[word.size()]) != std::string_view::npos;
      const std::string rest = starts ? stem.substr(word.size() + 1) : "";
      // A year, a day: no member.
      if (starts && rest.find_first_not_of("0123456789-_ .") != std::string::npos) return rest;
    }
    return "";
  }

  std::string NameOf(const std::string& username) const {
    const auto found = names_.find(username);
    return found == names_.end() ? "" : found->second;
  }

  void ReadMember(Line& line) {
    ImportedMember member;
    member.number = line.Text(kUsername);
    if (member.number.empty()) line.Fail(kUsername, "no user name");
    member.display_name = line.Text(kName);
    AddEmail(line, kEmail, member);
    AddPhone(line, kPhone, member);
    member.joined_on = OptionalDay(line, kCreationDate);
    GiveMember(line, kUsername, kName, std::move(member), {kBalance});
  }

  void ReadTransaction(Line& line) {
    const std::string& owner = owners_[line.source().name()];
    if (owner.empty()) {
      line.Fail(kFromTo,
                "whose account this file shows cannot be told: no other member's file has its transactions. "
                "Name it after the member: transactions-MEMBER.csv");
    }
    std::string other = line.Text(kFromTo);
    if (other.empty()) line.Fail(kFromTo, "nobody is named");
    ImportedExchange exchange;
    exchange.seconds = SignedHours(line, kAmount);
    if (exchange.seconds == 0) line.Fail(kAmount, "no time at all (0 hours)");
    const bool owner_gave = exchange.seconds > 0;
    if (!owner_gave) exchange.seconds = -exchange.seconds;
    exchange.giver_name = NameOf(owner_gave ? owner : other);
    exchange.receiver_name = NameOf(owner_gave ? other : owner);
    const std::string own = IsCommunity(owner) ? "" : owner;
    if (IsCommunity(other)) other.clear();
    exchange.giver = owner_gave ? own : other;
    exchange.receiver = owner_gave ? other : own;
    When(line, kDate, exchange);
    exchange.note = line.Raw(kDescription);
    Post(line, kFromTo, kFromTo, kDescription, line.Text(kNumber), std::move(exchange));
  }

  // By file; empty where it cannot be told.
  std::map<std::string, std::string> owners_;
  // By user name; all who are members or were seen in a transaction.
  std::map<std::string, std::string> names_;
};

}  // namespace

const Format& Cyclos() { return FormatByHeadings<CyclosReader>(); }

}  // namespace timebank::imports
