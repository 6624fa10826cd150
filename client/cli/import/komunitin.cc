#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client/cli/import/formats.h"
#include "client/cli/import/table_reader.h"
#include "client/cli/import/text.h"

// The payee is credited: the giver. Only committed transfers moved hours. Accounts have codes like RUSH0017;
// RUSH0000 is the bank itself.

namespace timebank::imports {
namespace {

constexpr std::array<Column, 10> kTransferColumns = {{{"id", "sourcekey"},
                                                      {"created", "createdat", true},
                                                      {"state"},
                                                      {"amount", "", true},
                                                      {"description"},
                                                      {"payer.id"},
                                                      {"payer.code", "payeraccountcode payer", true},
                                                      {"payee.id"},
                                                      {"payee.code", "payeeaccountcode payee", true},
                                                      {"user.id", "initiatoruser user"}}};
enum TransferColumn {
  kId,
  kCreated,
  kState,
  kAmount,
  kDescription,
  kPayerId,
  kPayerCode,
  kPayeeId,
  kPayeeCode,
  kUserId
};

constexpr std::array<Column, 5> kAccountColumns = {{{"code", "", true},
                                                    {"balance", "", true},
                                                    {"creditLimit", "", true},
                                                    {"created", "createdat"},
                                                    {"status"}}};
enum AccountColumn { kAccountCode, kAccountBalance, kCreditLimit, kAccountCreated, kAccountStatus };

constexpr std::array<Column, 8> kMemberColumns = {{{"code", "", true},
                                                   {"name", "", true},
                                                   {"type", "", true},
                                                   {"status"},
                                                   {"account.balance"},
                                                   {"created", "createdat"},
                                                   {"contact.phone"},
                                                   {"contact.email"}}};
enum MemberColumn { kCode, kName, kType, kStatus, kBalance, kMemberCreated, kPhone, kEmail };

constexpr std::array<Column, 4> kFourColumns = {
    {{"From", "", true}, {"To", "", true}, {"Description", "", true}, {"Amount", "", true}}};
enum FourColumn { kFrom, kTo, kFourDescription, kFourAmount };

constexpr std::array<Column, 3> kPostColumns = {
    {{"type", "", true}, {"memberCode", "", true}, {"title", "", true}}};
constexpr std::array<Column, 3> kCategoryColumns = {
    {{"code", "", true}, {"name", "", true}, {"icon.type", "", true}}};
constexpr std::array<Column, 3> kUserColumns = {
    {{"email", "", true}, {"createdAt", "created", true}, {"settings.language", "", true}}};
constexpr std::array<Column, 3> kCommunityColumns = {
    {{"code", "", true}, {"name", "", true}, {"adminUsers", "adminuser", true}}};

enum Kind { kTransfers, kAccounts, kMembers, kFour, kPosts, kCategories, kUsers, kCommunity };
constexpr std::array<FileKind, 8> kKinds = {
    {{"transfers", FileKind::Holds::kExchanges, kTransferColumns},
     {"accounts", FileKind::Holds::kMembers, kAccountColumns},
     {"members", FileKind::Holds::kMembers, kMemberColumns},
     // With a day or hours beside them they are somebody's own sheet.
     {.name = "transfers in four columns",
      .holds = FileKind::Holds::kExchanges,
      .columns = kFourColumns,
      .has_no_others = true},
     {"offers and wants", FileKind::Holds::kNothingKept, kPostColumns},
     {"lists of categories", FileKind::Holds::kNothingKept, kCategoryColumns},
     {"users", FileKind::Holds::kNothingKept, kUserColumns},
     {"the community's settings", FileKind::Holds::kNothingKept, kCommunityColumns}}};

class KomunitinReader : public TableReader {
 public:
  static constexpr char kFormat[] = "komunitin";
  static constexpr char kSystemName[] = "Komunitin";
  static absl::Span<const FileKind> Kinds() { return kKinds; }

  KomunitinReader(std::vector<std::unique_ptr<Source>> sources, const ReaderOptions& options)
      : TableReader(std::move(sources), options) {}

  std::string_view system() const override { return "komunitin"; }
  std::string_view id_prefix() const override { return "kom-"; }

  // Learns the order of days.
  absl::Status Prepare() override {
    return ReadAhead([this](Line& line) {
      switch (KindOf(line)) {
        case kAccounts:
          VoteOnDays(line, kAccountCreated);
          return VoteOnHours(line, {kAccountBalance});
        case kMembers:
          VoteOnDays(line, kMemberCreated);
          return VoteOnHours(line, {kBalance});
        case kTransfers:
          VoteOnDays(line, kCreated);
          return VoteOnHours(line, {kAmount});
        case kFour:
          return VoteOnHours(line, {kFourAmount});
        default:
          return;
      }
    });
  }

 protected:
  bool IsCommunity(const std::string& number) const override {
    if (!options().community.empty()) return TableReader::IsCommunity(number);
    return number.size() > 4 && absl::EndsWith(number, "0000");
  }

  void Read(Line& line) override {
    switch (KindOf(line)) {
      case kAccounts:
        return ReadAccount(line);
      case kMembers:
        return ReadMember(line);
      case kFour:
        return ReadFour(line);
      default:
        return ReadTransfer(line);
    }
  }

 private:
  static Kind KindOf(const Line& line) { return static_cast<Kind>(&line.source().kind() - kKinds.data()); }

  static std::string Code(const Line& line, int column) { return absl::AsciiStrToUpper(line.Text(column)); }

  static bool IsClosed(const std::string& status) {
    return HasWord("closed disabled deleted", absl::AsciiStrToLower(status));
  }

  // A code, or where that is missing (an account of elsewhere) the id.
  std::string Account(Line& line, int code_column, int id_column) const {
    std::string account = Code(line, code_column);
    if (account.empty()) account = line.Text(id_column);
    if (account.empty()) line.Fail(code_column, "nobody is named");
    return IsCommunity(account) ? "" : account;
  }

  void ReadAccount(Line& line) {
    // Where the members file has spoken of it, the account adds its balance.
    const std::string code = Code(line, kAccountCode);
    if (code.empty()) line.Fail(kAccountCode, "no number");
    if (HasMember(code)) return DeclareCell(line, code, {kAccountBalance});
    ImportedMember member;
    member.number = code;
    member.joined_on = OptionalDay(line, kAccountCreated);
    member.closed = IsClosed(line.Text(kAccountStatus));
    GiveMember(line, kAccountCode, kAccountCode, std::move(member), {kAccountBalance});
  }

  void ReadMember(Line& line) {
    ImportedMember member;
    member.number = Code(line, kCode);
    if (member.number.empty()) line.Fail(kCode, "no number");
    member.display_name = line.Text(kName);
    const std::string type = absl::AsciiStrToLower(line.Text(kType));
    if (HasWord("business organization organisation public", type)) {
      member.kind = ImportedMember::Kind::kOrganisation;
    }
    member.joined_on = OptionalDay(line, kMemberCreated);
    member.closed = IsClosed(line.Text(kStatus));
    AddPhone(line, kPhone, member);
    AddEmail(line, kEmail, member);
    GiveMember(line, kCode, kName, std::move(member), {kBalance});
  }

  void ReadTransfer(Line& line) {
    const std::string state = absl::AsciiStrToLower(line.Text(kState));
    if (line.Has(kState) && state != "committed") {
      const std::string state_words = state.empty() ? "in no state" : absl::StrCat("\"", state, "\"");
      Count(absl::StrCat("transfers that are ", state_words, " and not committed: they moved no hours"),
            line.place(),
            absl::StrCat("transfer that is ", state_words, " and not committed: it moved no hours"));
      return;
    }
    ImportedExchange exchange;
    exchange.giver = Account(line, kPayeeCode, kPayeeId);
    exchange.receiver = Account(line, kPayerCode, kPayerId);
    exchange.seconds = Hours(line, kAmount);
    When(line, kCreated, exchange);
    exchange.recorded_by = line.Text(kUserId);
    exchange.note = line.Raw(kDescription);
    Post(line, kPayeeCode, kPayerCode, kDescription, line.Text(kId), std::move(exchange));
  }

  void ReadFour(Line& line) {
    ImportedExchange exchange;
    exchange.giver = Account(line, kTo, kTo);
    exchange.receiver = Account(line, kFrom, kFrom);
    exchange.seconds = Hours(line, kFourAmount);
    exchange.note = line.Raw(kFourDescription);
    exchange.occurred_on = absl::FormatCivilTime(options().today);
    const Place place = line.place();
    if (Post(line, kTo, kFrom, kFourDescription, "", std::move(exchange)) != nullptr) {
      Count("transfers without a day, which this form has not: they count as today's", place);
    }
  }
};

}  // namespace

const Format& Komunitin() { return FormatByHeadings<KomunitinReader>(); }

}  // namespace timebank::imports
