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

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "client/cli/import/formats.h"
#include "client/cli/import/table_reader.h"
#include "client/cli/import/text.h"

// The seller is credited: the giver. Accounts have codes like RUSH0017; RUSH0000, or whichever the users file
// calls `adm`, is the bank itself; SANEVIRT stands for all members of another exchange.
//
// A levy moves hours from a member to the bank. Of a classic trade the file says how much (Levy), not who
// bears it: exchanges have taken it from the seller, from the buyer, or from both. The balances file says
// what each account has borne, and decides. Newer files name it: buyer_levy.

namespace timebank::imports {
namespace {

constexpr std::array<Column, 12> kTradeColumns = {{{"ID"},
                                                   {"Seller", "", true},
                                                   {"Buyer", "", true},
                                                   {"RemoteExchange"},
                                                   {"RemoteBuyer"},
                                                   {"RecordID"},
                                                   {"DateEntered", "date", true},
                                                   {"EnteredBy"},
                                                   {"Amount", "", true},
                                                   {"Levy"},
                                                   {"LevyRate"},
                                                   {"Description"}}};
enum TradeColumn {
  kId,
  kSeller,
  kBuyer,
  kRemoteExchange,
  kRemoteBuyer,
  kRecordId,
  kDateEntered,
  kEnteredBy,
  kAmount,
  kLevy,
  kLevyRate,
  kDescription
};

constexpr std::array<Column, 12> kNewTradeColumns = {{{"seller", "", true},
                                                      {"buyer", "", true},
                                                      {"entered_by"},
                                                      {"seller_amount", "", true},
                                                      {"buyer_amount", "", true},
                                                      {"seller_levy"},
                                                      {"buyer_levy"},
                                                      {"description"},
                                                      {"date_entered", "date created", true},
                                                      {"id", "transactionid recordid"},
                                                      {"type"},
                                                      {"category"}}};
enum NewTradeColumn {
  kNewSeller,
  kNewBuyer,
  kNewEnteredBy,
  kSellerAmount,
  kBuyerAmount,
  kSellerLevy,
  kBuyerLevy,
  kNewDescription,
  kNewDateEntered,
  kNewId,
  kType,
  kCategory
};

constexpr std::array<Column, 12> kUserColumns = {{{"UID", "", true},
                                                  {"UserType"},
                                                  {"Firstname", "", true},
                                                  {"Surname", "lastname", true},
                                                  {"OrgName", "orgname organisation organization"},
                                                  {"PhoneH"},
                                                  {"PhoneW"},
                                                  {"PhoneM", "phone mobile"},
                                                  {"Email"},
                                                  {"Created"},
                                                  {"Closed"},
                                                  {"DateClosed"}}};
enum UserColumn {
  kUid,
  kUserType,
  kFirstname,
  kSurname,
  kOrgName,
  kPhoneH,
  kPhoneW,
  kPhoneM,
  kEmail,
  kCreated,
  kClosed,
  kDateClosed
};

constexpr std::array<Column, 7> kBalanceColumns = {{{"UID", "", true},
                                                    {"Balance", "", true},
                                                    {"Income"},
                                                    {"Expenditure"},
                                                    {"Levy"},
                                                    {"Sales"},
                                                    {"Purchases"}}};
enum BalanceColumn { kBalanceUid, kBalance, kIncome, kExpenditure, kBalanceLevy, kSales, kPurchases };

constexpr std::array<Column, 5> kOfferColumns = {
    {{"UID", "", true}, {"Title", "", true}, {"Category", "", true}, {"Rate"}, {"DateExpires"}}};
constexpr std::array<Column, 5> kWantColumns = {
    {{"UID", "", true}, {"Title", "", true}, {"Keep", "", true}, {"DateAdded"}, {"Description"}}};

enum Kind { kTrades, kNewTrades, kUsers, kBalances, kOffers, kWants };
constexpr std::array<FileKind, 6> kKinds = {{{"trades", FileKind::Holds::kExchanges, kTradeColumns},
                                             {"transactions", FileKind::Holds::kExchanges, kNewTradeColumns},
                                             {"users", FileKind::Holds::kMembers, kUserColumns, true},
                                             {"balances", FileKind::Holds::kBalances, kBalanceColumns},
                                             {"offers", FileKind::Holds::kNothingKept, kOfferColumns},
                                             {"wants", FileKind::Holds::kNothingKept, kWantColumns}}};

constexpr std::string_view kVirtual = "VIRT";

bool IsYes(std::string_view text) {
  return HasWord("1 y yes true t", absl::AsciiStrToLower(Absl(Trimmed(text))));
}

// Levies that were borne, by account.
using Levies = std::map<std::string, int64_t>;

int64_t LevyOf(const Levies& levies, const std::string& account) {
  const auto found = levies.find(account);
  return found == levies.end() ? 0 : found->second;
}

class CesReader : public TableReader {
 public:
  static constexpr char kFormat[] = "ces";
  static constexpr char kSystemName[] = "CES";
  static absl::Span<const FileKind> Kinds() { return kKinds; }

  CesReader(std::vector<std::unique_ptr<Source>> sources, const ReaderOptions& options)
      : TableReader(std::move(sources), options) {}

  std::string_view system() const override { return "ces"; }
  std::string_view id_prefix() const override { return "ces-"; }

  // Finds the bank's own account, other exchanges' accounts, and who bears the levies.
  absl::Status Prepare() override {
    Levies givers;
    Levies receivers;
    Levies declared;
    const absl::Status read = ReadAhead([&](Line& line) {
      const Kind kind = KindOf(line);
      if (kind == kUsers) {
        const std::string user = Code(line, kUid);
        // Of several the bank's own, whose number ends so.
        const bool is_better = administrator_.empty() || (!IsBanksOwn(administrator_) && IsBanksOwn(user));
        if (UserType(line) == "adm" && is_better) administrator_ = user;
        users_.insert(user);
        VoteOnDays(line, kCreated);
        VoteOnDays(line, kDateClosed);
      } else if (kind == kBalances) {
        VoteOnHours(line, {kBalance, kIncome, kExpenditure, kBalanceLevy});
        int64_t levy = 0;
        if (line.Has(kBalanceLevy) && ParseSignedHours(line.Raw(kBalanceLevy), levy).empty()) {
          declared[Code(line, kBalanceUid)] += std::abs(levy);
        }
      } else {
        const bool classic = kind == kTrades;
        NoteVirtual(Code(line, classic ? int{kSeller} : int{kNewSeller}));
        NoteVirtual(Code(line, classic ? int{kBuyer} : int{kNewBuyer}));
        VoteOnDays(line, classic ? int{kDateEntered} : int{kNewDateEntered});
        if (classic) {
          VoteOnHours(line, {kAmount, kLevy});
        } else {
          VoteOnHours(line, {kSellerAmount, kBuyerAmount, kSellerLevy, kBuyerLevy});
        }
        int64_t levy = 0;
        if (!classic || !ParseSignedHours(line.Raw(kLevy), levy).empty() || levy == 0) return;
        givers[Code(line, kSeller)] += levy;
        receivers[Code(line, kBuyer)] += levy;
      }
    });
    if (read.ok()) DecideLevies(givers, receivers, declared);
    return read;
  }

 protected:
  bool IsCommunity(const std::string& number) const override {
    if (!options().community.empty()) return TableReader::IsCommunity(number);
    if (!administrator_.empty()) return number == administrator_;
    return IsBanksOwn(number);
  }

  static bool IsBanksOwn(const std::string& number) {
    return number.size() > 4 && absl::EndsWith(number, "0000");
  }

  void Read(Line& line) override {
    // Other exchanges' accounts are seldom among the users.
    if (!virtual_given_) GiveVirtual(line);
    switch (KindOf(line)) {
      case kUsers:
        return ReadUser(line);
      case kBalances:
        return ReadBalance(line);
      case kNewTrades:
        return ReadNewTrade(line);
      default:
        return ReadTrade(line);
    }
  }

  void TellLeftOut(std::vector<std::string>& told) const override {
    if (levies_ > 0) {
      told.push_back(absl::StrCat(
          "who bore the levies of ", levies_, " trades: taken from ",
          levy_from_giver_ && levy_from_receiver_ ? "giver and receiver each"
          : levy_from_giver_                      ? "the giver"
                                                  : "the receiver",
          levy_proved_ ? ", as the balances show" : ", which no balances file confirms", ", for the bank"));
    }
    if (HasFilesOf(Holds::kExchanges)) told.push_back("the rates of levies (LevyRate); the levies are kept");
  }

 private:
  static Kind KindOf(const Line& line) { return static_cast<Kind>(&line.source().kind() - kKinds.data()); }
  static std::string Code(const Line& line, int column) { return absl::AsciiStrToUpper(line.Text(column)); }
  static std::string UserType(const Line& line) { return absl::AsciiStrToLower(line.Text(kUserType)); }

  void NoteVirtual(const std::string& code) {
    if (absl::EndsWith(code, Absl(kVirtual)) && users_.count(code) == 0) virtual_.insert(code);
  }

  void DecideLevies(const Levies& givers, const Levies& receivers, const Levies& declared) {
    if (declared.empty() || (givers.empty() && receivers.empty())) return;
    std::set<std::string> accounts;
    for (const Levies* levies : {&givers, &receivers, &declared}) {
      for (const auto& [account, levy] : *levies) accounts.insert(account);
    }
    int64_t best = -1;
    for (const auto& [from_giver, from_receiver] : {std::pair(true, true), {true, false}, {false, true}}) {
      int64_t agree = 0;
      for (const std::string& account : accounts) {
        const int64_t levy =
            (from_giver ? LevyOf(givers, account) : 0) + (from_receiver ? LevyOf(receivers, account) : 0);
        agree += levy == LevyOf(declared, account);
      }
      if (agree <= best) continue;
      best = agree;
      levy_from_giver_ = from_giver;
      levy_from_receiver_ = from_receiver;
    }
    levy_proved_ = best > 0;
  }

  std::string Account(Line& line, int column) const {
    const std::string code = Code(line, column);
    if (code.empty()) line.Fail(column, "nobody is named");
    return IsCommunity(code) ? "" : code;
  }

  void ReadUser(Line& line) {
    ImportedMember member;
    member.number = Code(line, kUid);
    if (member.number.empty()) line.Fail(kUid, "no number");
    const std::string type = UserType(line);
    const std::string organisation = line.Text(kOrgName);
    member.display_name = Words(line, {kFirstname, kSurname});
    if (HasWord("org com pub vir adm", type)) member.kind = ImportedMember::Kind::kOrganisation;
    if (type == "fam") member.kind = ImportedMember::Kind::kHousehold;
    if (!organisation.empty() && member.kind == ImportedMember::Kind::kOrganisation) {
      // Whom to ask for stays in the name.
      member.display_name = member.display_name.empty()
                                ? organisation
                                : absl::StrCat(organisation, " (", member.display_name, ")");
    } else if (member.display_name.empty()) {
      member.display_name = organisation;
    }
    for (int column : {kPhoneM, kPhoneH, kPhoneW}) AddPhone(line, column, member);
    AddEmail(line, kEmail, member);
    member.joined_on = OptionalDay(line, kCreated);
    member.closed = IsYes(line.Raw(kClosed));
    if (member.closed) member.closed_on = OptionalDay(line, kDateClosed);
    GiveMember(line, kUid, kSurname, std::move(member));
  }

  void GiveVirtual(Line& line) {
    virtual_given_ = true;
    for (const std::string& code : virtual_) {
      ImportedMember member;
      member.number = code;
      member.display_name =
          absl::StrCat("Exchange ", code.substr(0, code.size() - kVirtual.size()), " (", code, ")");
      member.kind = ImportedMember::Kind::kOrganisation;
      GiveUnwrittenMember(line, std::move(member));
    }
  }

  void ReadBalance(Line& line) {
    const std::string account = Account(line, kBalanceUid);
    const int64_t balance = SignedHours(line, kBalance);
    const HoursVote& vote = HoursVoteOf(line);
    int64_t income = 0;
    int64_t expenditure = 0;
    int64_t levy = 0;
    const bool sums = ParseSignedHours(line.Raw(kIncome), income, Unit::kHour, &vote).empty() &&
                      ParseSignedHours(line.Raw(kExpenditure), expenditure, Unit::kHour, &vote).empty();
    if (sums &&
        (line.Text(kBalanceLevy).empty() ||
         ParseSignedHours(line.Raw(kBalanceLevy), levy, Unit::kHour, &vote).empty()) &&
        income - expenditure - levy != balance) {
      Count("balances that are not their Income - Expenditure - Levy", line.place());
    }
    Declare(line, kBalance, account, balance);
  }

  void ReadTrade(Line& line) {
    ImportedExchange exchange;
    exchange.giver = Account(line, kSeller);
    exchange.receiver = Account(line, kBuyer);
    exchange.seconds = Hours(line, kAmount);
    When(line, kDateEntered, exchange);
    FindRecordTime(line, exchange);
    exchange.recorded_by = line.Text(kEnteredBy);
    exchange.note = line.Raw(kDescription);
    const std::string remote = Words(line, {kRemoteBuyer, kRemoteExchange});
    if (!remote.empty()) absl::StrAppend(&exchange.note, exchange.note.empty() ? "" : " ", "[", remote, "]");
    int64_t levy = 0;
    if (!line.Text(kLevy).empty()) levy = SignedHours(line, kLevy);
    if (levy < 0) line.Fail(kLevy, "a levy below nothing");
    const std::string number = line.Text(line.Text(kId).empty() ? kRecordId : kId);
    const ImportedExchange* posted = Post(line, kSeller, kBuyer, kDescription, number, std::move(exchange));
    if (posted == nullptr || levy == 0) return;
    ++levies_;
    if (levy_from_giver_) PostBeside(*posted, "-levy-giver", "", posted->giver, levy, "Levy");
    if (levy_from_receiver_) PostBeside(*posted, "-levy-receiver", "", posted->receiver, levy, "Levy");
  }

  // RecordID begins with the moment: 20110514182233. Taken where the day agrees.
  void FindRecordTime(const Line& line, ImportedExchange& exchange) {
    const std::string id = line.Text(kRecordId).substr(0, 14);
    if (id.size() != 14 || !IsDigits(id) || exchange.record_time != absl::InfinitePast()) return;
    Moment moment;
    const std::string text =
        absl::StrCat(id.substr(0, 8), " ", id.substr(8, 2), ":", id.substr(10, 2), ":", id.substr(12));
    if (ParseMoment(text, rules(), moment) && absl::FormatCivilTime(moment.day) == exchange.occurred_on) {
      exchange.record_time = moment.time;
    }
  }

  void ReadNewTrade(Line& line) {
    ImportedExchange exchange;
    exchange.giver = Account(line, kNewSeller);
    exchange.receiver = Account(line, kNewBuyer);
    const int64_t credited = Hours(line, kSellerAmount);
    const int64_t debited = Hours(line, kBuyerAmount);
    const int64_t seller_levy = OptionalLevy(line, kSellerLevy);
    const int64_t buyer_levy = OptionalLevy(line, kBuyerLevy);
    exchange.seconds = std::min(credited, debited);
    When(line, kNewDateEntered, exchange);
    exchange.recorded_by = line.Text(kNewEnteredBy);
    exchange.note = line.Raw(kNewDescription);
    exchange.category = line.Text(kCategory);
    const ImportedExchange* posted =
        Post(line, kNewSeller, kNewBuyer, kNewDescription, line.Text(kNewId), std::move(exchange));
    if (posted == nullptr) return;
    if (seller_levy > 0) PostBeside(*posted, "-levy-giver", "", posted->giver, seller_levy, "Levy");
    if (buyer_levy > 0) PostBeside(*posted, "-levy-receiver", "", posted->receiver, buyer_levy, "Levy");
    if (credited == debited) return;
    Count(
        "trades of which the giver was credited with another number of hours than the receiver was debited "
        "with: the difference went through the bank",
        line.place());
    constexpr char kNote[] = "Difference between hours credited and debited";
    if (debited > credited) {
      PostBeside(*posted, "-difference", "", posted->receiver, debited - credited, kNote);
    } else {
      PostBeside(*posted, "-difference", posted->giver, "", credited - debited, kNote);
    }
  }

  int64_t OptionalLevy(Line& line, int column) const {
    if (line.Text(column).empty()) return 0;
    const int64_t levy = SignedHours(line, column);
    if (levy < 0) line.Fail(column, "a levy below nothing");
    return levy;
  }

  std::string administrator_;
  std::set<std::string> users_;
  std::set<std::string> virtual_;
  bool virtual_given_ = false;
  bool levy_from_giver_ = true;
  bool levy_from_receiver_ = true;
  bool levy_proved_ = false;
  int64_t levies_ = 0;
};

}  // namespace

const Format& Ces() { return FormatByHeadings<CesReader>(); }

}  // namespace timebank::imports
