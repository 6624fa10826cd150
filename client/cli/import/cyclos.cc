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
#include "absl/strings/str_cat.h"
#include "client/cli/import/formats.h"
#include "client/cli/import/table_reader.h"
#include "client/cli/import/text.h"

// A file of transactions is what one account sees: an amount above nothing was credited, so its owner gave
// the help; below nothing, its owner received it. The same transaction stands in the other account's file,
// too, with the sign turned round, and counts once, by its number.
//
// No file says whose it is. Where two files share a transaction, each names the other's owner. Else the name
// of the file does: transactions-MEMBER.csv.

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
    struct View {
      const Source* source;
      uint32_t party;
    };
    absl::flat_hash_map<FactsHash, View> views;
    absl::flat_hash_map<std::string, uint32_t> party_numbers;
    std::vector<std::string> parties;
    std::map<const Source*, std::map<uint32_t, int64_t>> votes;
    const absl::Status read = ReadAhead([&](Line& line) {
      if (line.source().kind().holds == Holds::kMembers) {
        names_[line.Text(kUsername)] = line.Text(kName);
        return;
      }
      VoteOnDays(line, kDate);
      const std::string party = line.Text(kFromTo);
      const auto [known, first] = party_numbers.emplace(party, static_cast<uint32_t>(parties.size()));
      if (first) parties.push_back(party);
      std::string& name = names_[party];
      if (name.empty()) name = line.Text(kFullName);
      const std::string number = line.Text(kNumber);
      if (number.empty()) return;
      const View here{&line.source(), known->second};
      const auto [there, only] = views.emplace(HashFacts({number}), here);
      if (only || there->second.source == here.source) return;
      ++votes[here.source][there->second.party];
      ++votes[there->second.source][here.party];
    });
    if (!read.ok()) return read;
    for (const std::unique_ptr<Source>& source : sources()) {
      if (source->kind().holds != Holds::kExchanges) continue;
      const auto voted = votes.find(source.get());
      if (voted == votes.end()) {
        owners_[source->name()] = OwnerByName(source->name());
        continue;
      }
      const auto most = std::max_element(voted->second.begin(), voted->second.end(),
                                         [](const auto& a, const auto& b) { return a.second < b.second; });
      owners_[source->name()] = parties[most->first];
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
  // What a file's name says, if it says anything: a known member's name at its end, or whatever stands behind
  // `transactions-`.
  std::string OwnerByName(const std::string& file) const {
    const std::string stem = Stem(file);
    if (names_.count(stem) > 0) return stem;
    for (size_t at = 0; at + 1 < stem.size(); ++at) {
      const bool parts = kSeparators.find(stem[at]) != std::string_view::npos;
      if (parts && names_.count(stem.substr(at + 1)) > 0) return stem.substr(at + 1);
    }
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
                "whose account this file shows cannot be told: no other file has its transactions. Name it "
                "after the member: transactions-MEMBER.csv");
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
