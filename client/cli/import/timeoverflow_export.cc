#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client/cli/import/formats.h"
#include "client/cli/import/party.h"
#include "client/cli/import/table_reader.h"
#include "client/cli/import/text.h"

// From received the help, To gave it: From is the account that was debited. A member is written `Name (uid)`;
// the bank itself by its name alone; everybody who is no longer active by one sentence in the bank's
// language, and everybody whose account is gone by another. Those become two closed accounts: who was who is
// lost, their hours are not.

namespace timebank::imports {
namespace {

constexpr std::array<Column, 8> kTransferColumns = {
    {{"Date", "fecha data datum createdat", true},
     {"From", "de origen origem jatorria depuis desde von da", true},
     {"To", "a para destino desti vers helmuga helmugaerabilera hacia an", true},
     {"Quantity", "cantidad quantitat quantite quantidade cantidade kantitatea quantita menge", true},
     {"Post", "anuncio anunci annonce publicar iragarkia anuncios oferta publicacion publicacio", true},
     {"Reason", "razon comentarios comentaris motivo motiu rao raison razao arrazoia comments"},
     {"from ID"},
     {"to ID"}}};
enum TransferColumn { kDate, kFrom, kTo, kQuantity, kPost, kReason, kFromId, kToId };

constexpr std::array<Column, 7> kMemberColumns = {
    {{"N", "", true},
     {"Name", "nombre nom nome izena username usuario usuari", true},
     {"Email", "correo correu correoelectronico correuelectronic courriel emaila adresseemail eposta", true},
     {"Phone", "telefono telefon telephone telefone telefonoa"},
     {"Alternative Phone",
      "telefonoalternativo telefonalternatiu alternatephone telephonealternatif telephonesecondaire "
      "telefonealternativo "
      "bestetelefonoa altphone"},
     {"Created", "creado creat cree creele cree·ele criado sortua createdat creadoel"},
     {"Balance", "saldo balanc solde balantzea balanco"}}};
enum MemberColumn { kN, kName, kEmail, kPhone, kAlternativePhone, kCreated, kBalance };

constexpr std::array<FileKind, 2> kKinds = {
    {{"exported transfers", FileKind::Holds::kExchanges, kTransferColumns},
     {"exported members", FileKind::Holds::kMembers, kMemberColumns}}};

constexpr std::string_view kInactive = "inactive";
constexpr std::string_view kDeleted = "deleted";
constexpr std::string_view kNobody = "0";

// Parts of the two sentences, folded, in the languages that TimeOverflow speaks.
constexpr std::array<std::string_view, 9> kInactiveWords = {
    "inactive_user", "not active",      "no esta activ",  "no esta actiu",      "nao esta ativ",
    "is inactive",   "n'est pas actif", "non esta activ", "ez dago erabilgarri"};
constexpr std::array<std::string_view, 10> kDeletedWords = {
    "deleted_user", "does not exist", "doesn't exist", "no longer exist", "no existe",
    "no existeix",  "nao existe",     "n'existe plus", "non existe",      "jada ez dago"};

bool HasAny(const std::string& text, absl::Span<const std::string_view> words) {
  return std::any_of(words.begin(), words.end(),
                     [&text](std::string_view word) { return text.find(word) != std::string::npos; });
}

// What a balance of whole numbers above this is: seconds, as TimeOverflow keeps them.
constexpr int64_t kMostHours = 1000;

class TimeOverflowExportReader : public TableReader {
 public:
  static constexpr char kFormat[] = "timeoverflow-export";
  static constexpr char kSystemName[] = "TimeOverflow";
  static absl::Span<const FileKind> Kinds() { return kKinds; }

  TimeOverflowExportReader(std::vector<std::unique_ptr<Source>> sources, const ReaderOptions& options)
      : TableReader(std::move(sources), options) {
    rules().unzoned = absl::UTCTimeZone();
  }

  std::string_view system() const override { return "timeoverflow"; }
  std::string_view id_prefix() const override { return "to-"; }

  // Finds what the bank is called, who is no longer told, and what the balances are written in.
  absl::Status Prepare() override {
    std::map<std::string, int64_t> others;
    const absl::Status read = ReadAhead([&](Line& line) {
      if (line.source().kind().holds == Holds::kMembers) {
        VoteOnHours(line, {kBalance});
        int64_t number = 0;
        const std::string balance = line.Text(kBalance);
        if (balance.find_first_not_of("-0123456789") == std::string::npos &&
            ParseSignedHours(balance, number, Unit::kSecond).empty() && std::abs(number) > kMostHours) {
          balances_in_ = Unit::kSecond;
        }
        return;
      }
      VoteOnDays(line, kDate);
      VoteOnHours(line, {kQuantity});
      for (int column : {kFrom, kTo}) {
        const std::string text = line.Text(column);
        const std::string_view gone = Gone(text);
        if (!gone.empty()) {
          gone_.emplace(std::string(gone), text);
        } else if (const std::string number = ParseParty(text).number; number.empty()) {
          ++others[text];
        } else {
          ++transfers_of_[number];
        }
      }
    });
    const auto most = std::max_element(others.begin(), others.end(),
                                       [](const auto& a, const auto& b) { return a.second < b.second; });
    if (most != others.end()) bank_ = most->first;
    if (!options().community.empty()) bank_ = options().community;
    return read;
  }

 protected:
  void Read(Line& line) override {
    if (!gone_given_) GiveGone(line);
    if (line.source().kind().holds == Holds::kMembers) {
      ReadMember(line);
    } else {
      ReadTransfer(line);
    }
  }

  void TellLeftOut(std::vector<std::string>& told) const override {
    for (const auto& [number, label] : gone_) {
      told.push_back(absl::StrCat("which members are meant by \"", label,
                                  "\": the export calls all of them so, and they share the account ",
                                  number));
    }
    if (HasFilesOf(Holds::kExchanges)) {
      told.push_back(absl::StrCat("seconds: the export has whole minutes or hundredths of an hour",
                                  bank_.empty() ? "" : absl::StrCat("; the bank itself is ", bank_)));
    }
  }

 private:
  // Which of the two accounts a cell means, if any.
  static std::string_view Gone(const std::string& text) {
    const std::string folded = FoldedName(text);
    if (!ParseParty(text).number.empty()) return "";
    if (HasAny(folded, kInactiveWords)) return kInactive;
    if (HasAny(folded, kDeletedWords)) return kDeleted;
    return "";
  }

  void GiveGone(Line& line) {
    gone_given_ = true;
    for (const auto& [number, label] : gone_) {
      ImportedMember member;
      member.number = number;
      member.display_name = label;
      member.closed = true;
      GiveUnwrittenMember(line, std::move(member));
    }
  }

  // The account of one end; empty for the bank.
  std::string End(Line& line, int column, int id_column, std::string& name) const {
    const std::string text = line.Text(column);
    if (text.empty()) line.Fail(column, "nobody is named");
    const std::string_view gone = Gone(text);
    if (!gone.empty()) return std::string(gone);
    NameAndNumber party = ParseParty(text);
    if (line.Has(id_column) && !line.Text(id_column).empty()) party.number = line.Text(id_column);
    name = party.name;
    if (party.number == kNobody || FoldedName(text) == FoldedName(bank_)) return "";
    if (party.number.empty()) {
      line.Fail(column,
                absl::StrCat("\"", text, "\" is neither a member, Name (number), nor the bank, ", bank_));
    }
    return IsCommunity(party.number) ? "" : party.number;
  }

  void ReadMember(Line& line) {
    ImportedMember member;
    member.number = line.Text(kN);
    if (member.number.empty()) line.Fail(kN, "no number");
    member.display_name = line.Text(kName);
    AddPhone(line, kPhone, member);
    AddPhone(line, kAlternativePhone, member);
    AddEmail(line, kEmail, member);
    member.joined_on = OptionalDay(line, kCreated);
    // Every transfer may have lost up to a minute in the export, and the balance as well.
    const int64_t lost_seconds = kLostSeconds * (1 + transfers_of_[member.number]);
    GiveMember(line, kN, kName, std::move(member), {kBalance, balances_in_, lost_seconds});
  }

  void ReadTransfer(Line& line) {
    ImportedExchange exchange;
    exchange.receiver = End(line, kFrom, kFromId, exchange.receiver_name);
    exchange.giver = End(line, kTo, kToId, exchange.giver_name);
    if (line.ok() && exchange.giver == exchange.receiver && gone_.count(exchange.giver) > 0) {
      line.Fail(kTo, "both are members whom the export no longer names");
    }
    exchange.seconds = Hours(line, kQuantity);
    When(line, kDate, exchange);
    const bool has_post = !line.Text(kPost).empty();
    const bool has_reason = !line.Text(kReason).empty();
    exchange.note = absl::StrCat(has_post ? line.Raw(kPost) : "", has_post && has_reason ? ": " : "",
                                 has_reason ? line.Raw(kReason) : "");
    Post(line, kTo, kFrom, has_reason ? kReason : kPost, "", std::move(exchange));
  }

  static constexpr int64_t kLostSeconds = 59;

  std::string bank_;
  std::map<std::string, std::string> gone_;
  bool gone_given_ = false;
  Unit balances_in_ = Unit::kHour;
  std::map<std::string, int64_t> transfers_of_;
};

}  // namespace

const Format& TimeOverflowExport() { return FormatByHeadings<TimeOverflowExportReader>(); }

}  // namespace timebank::imports
