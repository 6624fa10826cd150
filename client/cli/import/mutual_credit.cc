#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "client/cli/import/formats.h"
#include "client/cli/import/table_reader.h"
#include "client/cli/import/text.h"

// The payee is credited: the giver. Only finished transactions moved hours. Drupal's user 0 is nobody in
// particular: the bank itself.

namespace timebank::imports {
namespace {

constexpr std::array<Column, 10> kTransactionColumns = {{{"payer", "payeruid payerid", true},
                                                         {"payee", "payeeuid payeeid", true},
                                                         {"quantity", "worth", true},
                                                         {"created", "date", true},
                                                         {"state"},
                                                         {"type"},
                                                         {"description"},
                                                         {"serial", "xid transactionid id"},
                                                         {"creator", "creatoruid uid"},
                                                         {"category", "categories offerswantscategories"}}};
enum TransactionColumn {
  kPayer,
  kPayee,
  kQuantity,
  kCreated,
  kState,
  kType,
  kDescription,
  kSerial,
  kCreator,
  kCategory
};

constexpr std::array<Column, 3> kBalanceColumns = {
    {{"user", "uid", true}, {"balance", "", true}, {"gross_income", "grossin", true}}};
enum BalanceColumn { kUser, kBalance, kGrossIncome };

enum Kind { kTransactions, kBalances };
constexpr std::array<FileKind, 2> kKinds = {
    {{"transactions", FileKind::Holds::kExchanges, kTransactionColumns},
     {"balances", FileKind::Holds::kBalances, kBalanceColumns}}};

class MutualCreditReader : public TableReader {
 public:
  static constexpr char kFormat[] = "mutual-credit";
  static constexpr char kSystemName[] = "Drupal mutual credit";
  static absl::Span<const FileKind> Kinds() { return kKinds; }

  MutualCreditReader(std::vector<std::unique_ptr<Source>> sources, const ReaderOptions& options)
      : TableReader(std::move(sources), options) {}

  std::string_view system() const override { return "mutual-credit"; }
  std::string_view id_prefix() const override { return "mc-"; }

  absl::Status Prepare() override {
    return ReadAhead([this](Line& line) {
      if (line.source().kind().holds != Holds::kExchanges) return VoteOnHours(line, {kBalance});
      VoteOnDays(line, kCreated);
      VoteOnHours(line, {kQuantity});
    });
  }

 protected:
  bool IsCommunity(const std::string& number) const override {
    return options().community.empty() ? number == "0" : TableReader::IsCommunity(number);
  }

  void Read(Line& line) override {
    if (line.source().kind().holds == Holds::kBalances) {
      const std::string user = Party(line, kUser);
      Declare(line, kBalance, user, SignedHours(line, kBalance));
      return;
    }
    const std::string state = absl::AsciiStrToLower(line.Text(kState));
    // By number: 1 is finished, 0 is waiting, below are taken back.
    if (line.Has(kState) && !HasWord("finished done completed 1", state)) {
      Count(absl::StrCat("transactions in state ", state.empty() ? "\"\"" : state,
                         " and not finished: they moved no hours"),
            line.place());
      return;
    }
    ImportedExchange exchange;
    exchange.giver = Party(line, kPayee);
    exchange.receiver = Party(line, kPayer);
    exchange.seconds = Hours(line, kQuantity);
    When(line, kCreated, exchange);
    exchange.recorded_by = line.Text(kCreator);
    exchange.note = line.Raw(kDescription);
    exchange.category = line.Text(kCategory);
    Post(line, kPayee, kPayer, kDescription, line.Text(kSerial), std::move(exchange));
  }

  void TellLeftOut(std::vector<std::string>& told) const override {
    if (HasFilesOf(Holds::kExchanges)) told.push_back("the forms that transactions were entered by (type)");
    if (HasFilesOf(Holds::kBalances)) told.push_back("gross income: it follows from the exchanges");
  }
};

}  // namespace

const Format& MutualCredit() { return FormatByHeadings<MutualCreditReader>(); }

}  // namespace timebank::imports
