#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "client/cli/import/amounts.h"
#include "client/cli/import/formats.h"
#include "client/cli/import/table_reader.h"
#include "client/cli/import/text.h"
#include "client/cli/translate.h"

// Type `organization` is the bank itself; any other type names a member. The source gives the *credits*: it
// is who RECEIVED the help, and the destination is the giver.

namespace timebank::imports {
namespace {

constexpr std::array<Column, 10> kUserColumns = {{{"member_id"},
                                                  {"entry_date"},
                                                  {"first name"},
                                                  {"surname 1"},
                                                  {"surname 2"},
                                                  {"gender"},
                                                  {"date of birth"},
                                                  {"phone"},
                                                  {"other phone"},
                                                  {"email"}}};
enum UserColumn {
  kMemberId,
  kEntryDate,
  kFirstName,
  kSurname1,
  kSurname2,
  kGender,
  kBirth,
  kPhone,
  kOtherPhone,
  kEmail
};

constexpr std::array<Column, 8> kTransferColumns = {{{"source_id"},
                                                     {"source_type"},
                                                     {"destination_id"},
                                                     {"destination_type"},
                                                     {"amount"},
                                                     {"created_at"},
                                                     {"reason"},
                                                     {"post_id"}}};
enum TransferColumn {
  kSourceId,
  kSourceType,
  kDestinationId,
  kDestinationType,
  kAmount,
  kCreatedAt,
  kReason,
  kPostId
};

enum Kind { kUsers, kTransfers, kPosts, kUnknown };
constexpr std::array<FileKind, 3> kKinds = {
    {{"users, 10 columns without headings", FileKind::Holds::kMembers, kUserColumns},
     {"transfers, 8 columns without headings", FileKind::Holds::kExchanges, kTransferColumns},
     {"offers and requests", FileKind::Holds::kNothingKept, {}}}};
// What a recognised file fits by: more than any heading.
constexpr int kScore = 100;

bool IsWord(const std::string& text) {
  return !text.empty() &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") == std::string::npos;
}

// A member's number without leading zeros; empty where it is none.
std::string MemberNumber(const std::string& text) {
  int64_t number = 0;
  if (!IsDigits(text) || !absl::SimpleAtoi(text, &number) || number < 1) return "";
  return std::to_string(number);
}

bool HasWidth(const std::vector<std::string>& fields, size_t width) {
  return fields.size() == width || (fields.size() == width + kRejectedCells && IsDigits(fields[width]));
}

bool IsMoment(const std::string& text) {
  Moment moment;
  MomentRules month_first;
  month_first.order = DayOrder::kMonthFirst;
  return ParseMoment(text, {}, moment) || ParseMoment(text, month_first, moment);
}

bool FitsUsers(const std::vector<std::string>& f) {
  return HasWidth(f, kUserColumns.size()) && IsDigits(Trimmed(f[kMemberId])) &&
         (f[kEntryDate].empty() || IsMoment(f[kEntryDate]));
}

// What is empty at the end of a row (reason and post) spreadsheet programs leave out.
bool FitsTransfers(const std::vector<std::string>& f) {
  const bool is_short = f.size() > kCreatedAt && f.size() < kTransferColumns.size();
  return (is_short || HasWidth(f, kTransferColumns.size())) && IsDigits(Trimmed(f[kSourceId])) &&
         IsWord(f[kSourceType]) && IsDigits(Trimmed(f[kDestinationId])) && IsWord(f[kDestinationType]);
}

bool FitsPosts(const std::vector<std::string>& f) {
  return f.size() > 1 && IsDigits(Trimmed(f[0])) && (f[1] == "Offer" || f[1] == "Inquiry");
}

// Judges by a few rows; a row that fits nothing has no say.
Kind KindOf(const Glimpse& file) {
  int users = 0;
  int transfers = 0;
  int posts = 0;
  for (const CsvRow& row : file.rows) {
    users += FitsUsers(row.fields);
    transfers += FitsTransfers(row.fields);
    posts += FitsPosts(row.fields);
  }
  if (users == 0 && transfers == 0 && posts == 0) return kUnknown;
  if (posts > users && posts > transfers) return kPosts;
  return users >= transfers ? kUsers : kTransfers;
}

class TimeOverflowReader : public TableReader {
 public:
  TimeOverflowReader(std::vector<std::unique_ptr<Source>> sources, const ReaderOptions& options)
      : TableReader(std::move(sources), options) {
    rules().unzoned = absl::UTCTimeZone();
  }

  std::string_view system() const override { return "timeoverflow"; }
  std::string_view id_prefix() const override { return "to-"; }

  // Learns the order of days.
  absl::Status Prepare() override {
    return ReadAhead([this](Line& line) {
      VoteOnDays(line, line.source().kind().holds == Holds::kMembers ? int{kEntryDate} : int{kCreatedAt});
    });
  }

 protected:
  void Read(Line& line) override {
    if (line.source().kind().holds == Holds::kMembers) {
      ReadUser(line);
    } else {
      ReadTransfer(line);
    }
  }

  void TellLeftOut(std::vector<std::string>& told) const override {
    if (HasFilesOf(Holds::kMembers)) told.push_back("gender and date of birth (never kept)");
    if (HasFilesOf(Holds::kExchanges)) {
      told.push_back("which offer or request an exchange came from (post_id)");
    }
  }

 private:
  void ReadUser(Line& line) {
    ImportedMember member;
    member.number = Number(line, kMemberId);
    member.joined_on = OptionalDay(line, kEntryDate);
    member.display_name = Words(line, {kFirstName, kSurname1, kSurname2});
    AddPhone(line, kPhone, member);
    AddPhone(line, kOtherPhone, member);
    AddEmail(line, kEmail, member);
    GiveMember(line, kMemberId, kFirstName, std::move(member));
  }

  void ReadTransfer(Line& line) {
    ImportedExchange exchange;
    exchange.receiver = End(line, kSourceId, kSourceType);
    exchange.giver = End(line, kDestinationId, kDestinationType);
    if (line.ok() && exchange.giver == exchange.receiver) {
      line.Fail(kDestinationId, "giver and receiver are the same");
    }
    line.Fail(kAmount, ParseSecondsGiven(line.Raw(kAmount), exchange.seconds));
    When(line, kCreatedAt, exchange);
    exchange.note = line.Raw(kReason);
    Post(line, kDestinationId, kSourceId, kReason, "", std::move(exchange));
  }

  // A member's number, or empty for the bank itself.
  std::string End(Line& line, int id_column, int type_column) const {
    if (absl::EqualsIgnoreCase(line.Text(type_column), "organization")) return "";
    const std::string number = Number(line, id_column);
    return IsCommunity(number) ? "" : number;
  }

  static std::string Number(Line& line, int column) {
    std::string number = MemberNumber(line.Text(column));
    if (number.empty()) {
      line.Fail(column, absl::StrCat("\"", line.Raw(column), "\" is not a member number"));
    }
    return number;
  }
};

absl::StatusOr<std::unique_ptr<Reader>> Open(std::vector<Glimpse> files, const ReaderOptions& options) {
  std::vector<std::unique_ptr<Source>> sources;
  std::array<std::string, kKinds.size()> names;
  const bool two = files.size() == 2;
  for (size_t i = 0; i < files.size(); ++i) {
    Kind kind = KindOf(files[i]);
    // An empty or wholly unreadable file is what its place in the command says, so that its rows are told one
    // by one.
    if (kind == kUnknown && two) kind = i == 0 ? kUsers : kTransfers;
    if (kind == kUnknown) {
      return absl::InvalidArgumentError(cli::Fill(cli::T("$0 is neither TimeOverflow's users (10 columns) "
                                                         "nor its transfers (8 columns). Is it the right "
                                                         "file?"),
                                                  files[i].path));
    }
    if (kind == kPosts && files.size() == 1) {
      return absl::InvalidArgumentError(cli::Fill(
          cli::T("$0 holds offers and requests (posts); the ledger has no place for them."), files[i].path));
    }
    if (!names[kind].empty()) {
      return absl::InvalidArgumentError(cli::Fill(
          cli::T("$0 and $1 hold the same kind of rows. Give one users file and one transfers file."),
          names[kind], files[i].name));
    }
    names[kind] = files[i].name;
    absl::StatusOr<std::unique_ptr<Source>> source =
        Source::Open(std::move(files[i]), ByPosition(kKinds[kind]));
    if (!source.ok()) return source.status();
    sources.push_back(*std::move(source));
  }
  auto reader = std::make_unique<TimeOverflowReader>(std::move(sources), options);
  if (const absl::Status prepared = reader->Prepare(); !prepared.ok()) return prepared;
  return reader;
}

int FitFile(const Glimpse& file, const ReaderOptions& /*options*/) {
  return KindOf(file) == kUnknown ? 0 : kScore;
}

std::string LookedFor() { return TellKinds(kKinds); }

}  // namespace

const Format& TimeOverflow() {
  static constexpr Format format = {"timeoverflow", "TimeOverflow", &FitFile, &LookedFor, &Open};
  return format;
}

}  // namespace timebank::imports
