#include <array>
#include <cstdint>
#include <cstdlib>
#include <map>
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

// member_id_to is credited: the giver. A trade that was reversed has status R, and a second trade of type R
// with the same members and a negative amount takes it back: both moved hours.

namespace timebank::imports {
namespace {

constexpr std::array<Column, 9> kTradeColumns = {{{"trade_id"},
                                                  {"trade_date", "", true},
                                                  {"status"},
                                                  {"member_id_from", "", true},
                                                  {"member_id_to", "", true},
                                                  {"amount", "", true},
                                                  {"category"},
                                                  {"description"},
                                                  {"type"}}};
enum TradeColumn { kTradeId, kTradeDate, kStatus, kFrom, kTo, kAmount, kCategory, kDescription, kType };

constexpr std::array<Column, 9> kMemberColumns = {{{"member_id", "", true},
                                                   {"join_date", "", true},
                                                   {"status"},
                                                   {"balance"},
                                                   {"first_name"},
                                                   {"last_name"},
                                                   {"email"},
                                                   {"phone1_number", "phone1 phone"},
                                                   {"account_type"}}};
enum MemberColumn {
  kMemberId,
  kJoinDate,
  kMemberStatus,
  kBalance,
  kFirstName,
  kLastName,
  kEmail,
  kPhone,
  kAccountType
};

constexpr std::array<FileKind, 2> kKinds = {{{"trades", FileKind::Holds::kExchanges, kTradeColumns},
                                             {"members", FileKind::Holds::kMembers, kMemberColumns}}};

class LocalExchangeReader : public TableReader {
 public:
  static constexpr char kFormat[] = "local-exchange";
  static constexpr char kSystemName[] = "Local Exchange";
  static absl::Span<const FileKind> Kinds() { return kKinds; }

  LocalExchangeReader(std::vector<std::unique_ptr<Source>> sources, const ReaderOptions& options)
      : TableReader(std::move(sources), options) {}

  std::string_view system() const override { return "local-exchange"; }
  std::string_view id_prefix() const override { return "lx-"; }

  // Counts reversals, so that a reversed trade of which the files have none is told from the others.
  absl::Status Prepare() override {
    return ReadAhead([this](Line& line) {
      if (line.source().kind().holds != Holds::kExchanges) {
        VoteOnDays(line, kJoinDate);
        return VoteOnHours(line, {kBalance});
      }
      VoteOnDays(line, kTradeDate);
      VoteOnHours(line, {kAmount});
      int64_t seconds = 0;
      if (IsReversal(line) && ParseSignedHours(line.Raw(kAmount), seconds).empty() && seconds < 0) {
        ++reversals_[Trade(line, seconds)];
      }
    });
  }

 protected:
  void Read(Line& line) override {
    if (line.source().kind().holds == Holds::kMembers) {
      ReadMember(line);
    } else {
      ReadTrade(line);
    }
  }

 private:
  static std::string Upper(const Line& line, int column) { return absl::AsciiStrToUpper(line.Text(column)); }

  // Of a trade (R), or of a fee (N).
  static bool IsReversal(const Line& line) { return HasWord("R N REVERSAL", Upper(line, kType)); }

  // Members and hours of a trade, whichever way they went.
  static std::string Trade(const Line& line, int64_t seconds) {
    return absl::StrCat(line.Text(kFrom), "/", line.Text(kTo), "/", std::abs(seconds));
  }

  void ReadMember(Line& line) {
    ImportedMember member;
    member.number = line.Text(kMemberId);
    if (member.number.empty()) line.Fail(kMemberId, "no number");
    member.display_name = Words(line, {kFirstName, kLastName});
    if (Upper(line, kAccountType) == "O") member.kind = ImportedMember::Kind::kOrganisation;
    member.joined_on = OptionalDay(line, kJoinDate);
    member.closed = HasWord("I INACTIVE", Upper(line, kMemberStatus));
    AddPhone(line, kPhone, member);
    AddEmail(line, kEmail, member);
    GiveMember(line, kMemberId, kLastName, std::move(member), {kBalance});
  }

  void ReadTrade(Line& line) {
    const std::string status = Upper(line, kStatus);
    const bool reversed = HasWord("R REVERSED", status);
    if (!status.empty() && !reversed && !HasWord("V VALID COMPLETED CONFIRMED", status)) {
      Count(absl::StrCat("trades of status ", status, ", neither valid (V) nor reversed (R): left out"),
            line.place());
      return;
    }
    ImportedExchange exchange;
    exchange.giver = Party(line, kTo);
    exchange.receiver = Party(line, kFrom);
    exchange.seconds = SignedHours(line, kAmount);
    const bool takes_back = exchange.seconds < 0;
    if (exchange.seconds == 0) line.Fail(kAmount, "no time at all (0 hours)");
    if (takes_back && !IsReversal(line)) {
      line.Fail(kAmount, absl::StrCat("negative hours (", line.Text(kAmount), ") and no reversal (type R)"));
    }
    if (line.ok() && reversed && !takes_back && !TakeReversal(line, exchange.seconds)) {
      Count("trades marked as reversed, of which the files have no reversal: left out", line.place());
      return;
    }
    if (takes_back) {
      std::swap(exchange.giver, exchange.receiver);
      exchange.seconds = -exchange.seconds;
    }
    When(line, kTradeDate, exchange);
    exchange.note = line.Raw(kDescription);
    exchange.category = line.Text(kCategory);
    const ImportedExchange* posted = Post(line, takes_back ? kFrom : kTo, takes_back ? kTo : kFrom,
                                          kDescription, line.Text(kTradeId), std::move(exchange));
    if (takes_back && posted != nullptr) {
      Count("reversals, which became exchanges the other way round", line.place());
    }
  }

  bool TakeReversal(const Line& line, int64_t seconds) {
    const auto found = reversals_.find(Trade(line, seconds));
    if (found == reversals_.end() || found->second == 0) return false;
    --found->second;
    return true;
  }

  std::map<std::string, int64_t> reversals_;
};

}  // namespace

const Format& LocalExchange() { return FormatByHeadings<LocalExchangeReader>(); }

}  // namespace timebank::imports
