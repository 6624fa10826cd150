#include "client/cli/import/timeoverflow.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "client/cli/import/text.h"

namespace timebank::imports {
namespace {

// The server's own limits (proto/timebank/v1), told here with the line on which they are crossed.
constexpr int64_t kMaxSeconds = 3'153'600'000;
constexpr size_t kMaxNameCharacters = 200;
constexpr size_t kMaxPhoneCharacters = 40;
constexpr size_t kMaxEmailCharacters = 254;
constexpr size_t kMaxNoteBytes = 2000;
constexpr absl::CivilDay kFirstDay(1900, 1, 1);
constexpr int kMostDaysAhead = 36'525;  // a hundred years

// So many rows are looked at to recognise a file.
constexpr int kRowsToRecognise = 20;

constexpr std::array<std::string_view, 10> kUserFields = {
    "member_id", "entry_date",    "first name", "surname 1",   "surname 2",
    "gender",    "date of birth", "phone",      "other phone", "email"};
enum UserField {
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

constexpr std::array<std::string_view, 8> kTransferFields = {
    "source_id", "source_type", "destination_id", "destination_type",
    "amount",    "created_at",  "reason",         "post_id"};
enum TransferField {
  kSourceId,
  kSourceType,
  kDestinationId,
  kDestinationType,
  kAmount,
  kCreatedAt,
  kReason,
  kPostId
};

std::string Trimmed(const std::string& text) { return std::string(absl::StripAsciiWhitespace(text)); }

bool IsWord(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) { return absl::ascii_isalpha(c); });
}

// A member's number without leading zeros; empty where it is none.
std::string MemberNumber(const std::string& text) {
  int64_t number = 0;
  const std::string trimmed = Trimmed(text);
  if (!IsDigits(trimmed) || !absl::SimpleAtoi(trimmed, &number) || number < 1) return "";
  return std::to_string(number);
}

bool ParseDate(const std::string& text, absl::CivilDay& day) {
  // ParseCivilTime() takes `2018-1-5`, and would let 2018-02-31 pass as a day in March.
  return text.size() == 10 && absl::ParseCivilTime(text, &day) && absl::FormatCivilTime(day) == text;
}

// `2018-01-08 09:21:00 UTC`, also with `T`, `Z`, an offset or fractions; without a zone it is UTC, as the
// system keeps it.
bool ParseMoment(std::string text, absl::Time& moment) {
  if (absl::EndsWith(text, " UTC")) text.replace(text.size() - 4, 4, "Z");
  const size_t blank = text.find(' ');
  if (blank != std::string::npos) text[blank] = 'T';
  const size_t clock = text.find('T');
  if (clock == std::string::npos) return false;
  if (text.find_first_of("Z+-", clock) == std::string::npos) text += 'Z';
  text.erase(std::remove(text.begin(), text.end(), ' '), text.end());
  std::string error;
  return absl::ParseTime("%Y-%m-%d%ET%H:%M:%E*S%Ez", text, &moment, &error);
}

// One open file.
struct File {
  std::string name;
  int64_t bytes = 0;
  std::ifstream stream;
  std::unique_ptr<CsvReader> csv;
};

absl::StatusOr<std::unique_ptr<File>> OpenFile(const std::string& path) {
  auto file = std::make_unique<File>();
  file->name = std::filesystem::path(path).filename().string();
  std::error_code error;
  file->bytes = static_cast<int64_t>(std::filesystem::file_size(path, error));
  if (!error) file->stream.open(path, std::ios::binary);
  if (error || !file->stream) {
    return absl::InvalidArgumentError(absl::StrCat("Cannot open ", path, ": is the name right?"));
  }
  file->csv = std::make_unique<CsvReader>(file->stream);
  return file;
}

TimeOverflowKind Recognise(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  CsvReader csv(stream);
  std::vector<CsvRow> rows;
  CsvRow row;
  while (rows.size() < kRowsToRecognise && csv.Next(row)) rows.push_back(row);
  return RecogniseTimeOverflow(rows);
}

class TimeOverflowReader : public Reader {
 public:
  // Either file may be null.
  TimeOverflowReader(std::unique_ptr<File> users, std::unique_ptr<File> transfers,
                     const ReaderOptions& options)
      : users_(std::move(users)), transfers_(std::move(transfers)), options_(options) {
    for (const File* file : {users_.get(), transfers_.get()})
      bytes_total_ += file == nullptr ? 0 : file->bytes;
  }

  absl::StatusOr<bool> Next(Row& row) override;
  std::string_view system() const override { return kTimeOverflow; }
  std::string_view id_prefix() const override { return "to-"; }
  std::vector<std::string> Heading(std::string_view) const override { return {}; }
  std::vector<std::string> LeftOut() const override;
  int64_t bytes_consumed() const override;
  int64_t bytes_total() const override { return bytes_total_; }

 private:
  Row ReadUser(Place place, const CsvRow& csv);
  Row ReadTransfer(Place place, const CsvRow& csv);
  // What is wrong with a row of either kind before its fields are looked at; no reason where nothing is.
  template <size_t kColumns>
  static Reject CheckShape(const Place& place, const CsvRow& csv,
                           const std::array<std::string_view, kColumns>& names);
  // Fills `day`, and `moment` where the text has an hour. Returns what is wrong, empty where nothing is.
  std::string ReadMoment(const std::string& text, absl::CivilDay& day, absl::Time& moment) const;
  // The day must lie between 1900 and `latest`.
  std::string CheckDay(absl::CivilDay day, absl::CivilDay latest) const;

  std::unique_ptr<File> users_;
  std::unique_ptr<File> transfers_;
  ReaderOptions options_;
  int64_t bytes_total_ = 0;
  // Line on which each member stands.
  absl::flat_hash_map<std::string, int64_t> member_lines_;
  // Transfers whose day lies behind the bank's today.
  int64_t dated_ahead_ = 0;
  // How often each transfer has been seen, by the hash of its facts.
  absl::flat_hash_map<FactsHash, int32_t> equal_rows_;
};

absl::StatusOr<bool> TimeOverflowReader::Next(Row& row) {
  for (File* file : {users_.get(), transfers_.get()}) {
    if (file == nullptr) continue;
    CsvRow csv;
    if (file->csv->Next(csv)) {
      Place place{file->name, csv.line};
      row = file == users_.get() ? ReadUser(std::move(place), csv) : ReadTransfer(std::move(place), csv);
      return true;
    }
    if (file->stream.bad()) {
      return absl::DataLossError(
          absl::StrCat(file->name, " cannot be read any further (disk or network error)."));
    }
  }
  return false;
}

std::vector<std::string> TimeOverflowReader::LeftOut() const {
  std::vector<std::string> left_out;
  if (users_ != nullptr) left_out.push_back("gender and date of birth (never kept)");
  if (dated_ahead_ > 0) {
    left_out.push_back(absl::StrCat("the days of ", dated_ahead_,
                                    " transfers dated after today: they count as today's help, and keep "
                                    "TimeOverflow's date as the time of its record"));
  }
  if (transfers_ != nullptr) left_out.push_back("which offer or request an exchange came from (post_id)");
  return left_out;
}

int64_t TimeOverflowReader::bytes_consumed() const {
  int64_t bytes = 0;
  for (const File* file : {users_.get(), transfers_.get()})
    bytes += file == nullptr ? 0 : file->csv->bytes_consumed();
  return bytes;
}

template <size_t kColumns>
Reject TimeOverflowReader::CheckShape(const Place& place, const CsvRow& csv,
                                      const std::array<std::string_view, kColumns>& names) {
  if (!csv.error.empty()) return {place, "", csv.error};
  if (csv.fields.size() != kColumns) {
    return {place, "", absl::StrCat("has ", csv.fields.size(), " columns instead of ", kColumns)};
  }
  for (size_t i = 0; i < kColumns; ++i) {
    if (!IsUtf8(csv.fields[i]))
      return {place, std::string(names[i]), "not UTF-8; save the file as CSV UTF-8"};
  }
  return {};
}

Row TimeOverflowReader::ReadUser(Place place, const CsvRow& csv) {
  Reject wrong = CheckShape(place, csv, kUserFields);
  if (!wrong.reason.empty()) return wrong;
  const std::vector<std::string>& fields = csv.fields;
  const auto reject = [&place](UserField field, std::string reason) {
    return Reject{place, std::string(kUserFields[field]), std::move(reason)};
  };
  ImportedMember member;
  member.number = MemberNumber(fields[kMemberId]);
  if (member.number.empty())
    return reject(kMemberId, absl::StrCat("\"", fields[kMemberId], "\" is not a member number"));
  const std::string joined = Trimmed(fields[kEntryDate]);
  absl::CivilDay joined_day;
  if (!joined.empty()) {
    if (!ParseDate(joined, joined_day))
      return reject(kEntryDate, absl::StrCat("\"", joined, "\" is not a day"));
    if (std::string wrong_day = CheckDay(joined_day, options_.today); !wrong_day.empty())
      return reject(kEntryDate, wrong_day);
    member.joined_on = joined;
  }
  for (UserField part : {kFirstName, kSurname1, kSurname2}) {
    const std::string word = Trimmed(fields[part]);
    if (!word.empty()) absl::StrAppend(&member.display_name, member.display_name.empty() ? "" : " ", word);
  }
  if (CodePoints(member.display_name) > kMaxNameCharacters) {
    return reject(kFirstName,
                  absl::StrCat("the whole name is longer than ", kMaxNameCharacters, " characters"));
  }
  for (UserField field : {kPhone, kOtherPhone}) {
    std::string phone = Trimmed(fields[field]);
    if (CodePoints(phone) > kMaxPhoneCharacters) {
      return reject(field, absl::StrCat("longer than ", kMaxPhoneCharacters, " characters"));
    }
    if (!phone.empty()) member.phones.push_back(std::move(phone));
  }
  std::string email = Trimmed(fields[kEmail]);
  if (CodePoints(email) > kMaxEmailCharacters) {
    return reject(kEmail, absl::StrCat("longer than ", kMaxEmailCharacters, " characters"));
  }
  if (!email.empty()) member.emails.push_back(std::move(email));
  const auto [known, first] = member_lines_.emplace(member.number, place.line);
  if (!first) {
    return reject(kMemberId,
                  absl::StrCat("member ", member.number, " stands on line ", known->second, " already"));
  }
  member.place = std::move(place);
  return member;
}

// Reads one end of a transfer: a member's number, or empty for the bank itself. Returns what is wrong.
std::string ReadParty(const std::string& id, const std::string& type, std::string& number) {
  if (absl::EqualsIgnoreCase(Trimmed(type), "organization")) {
    number.clear();
    return "";
  }
  number = MemberNumber(id);
  return number.empty() ? absl::StrCat("\"", id, "\" is not a member number") : "";
}

std::string ReadAmount(const std::string& text, int64_t& seconds) {
  const std::string trimmed = Trimmed(text);
  if (!absl::SimpleAtoi(trimmed, &seconds)) {
    return absl::StrCat("\"", trimmed, "\" is not a number of seconds");
  }
  if (seconds == 0) return "no time at all (0 seconds)";
  if (seconds < 0) return absl::StrCat("negative (", trimmed, " seconds)");
  if (seconds > kMaxSeconds) return absl::StrCat("more than a hundred years (", trimmed, " seconds)");
  return "";
}

std::string TimeOverflowReader::CheckDay(absl::CivilDay day, absl::CivilDay latest) const {
  if (day > latest) {
    return absl::StrCat("the day lies in the future (", absl::FormatCivilTime(day), "; today is ",
                        absl::FormatCivilTime(options_.today), ")");
  }
  if (day < kFirstDay) return absl::StrCat("the day lies before 1900 (", absl::FormatCivilTime(day), ")");
  return "";
}

std::string TimeOverflowReader::ReadMoment(const std::string& text, absl::CivilDay& day,
                                           absl::Time& moment) const {
  const std::string trimmed = Trimmed(text);
  // A day without an hour is that day, wherever the bank is.
  if (!ParseDate(trimmed, day)) {
    if (!ParseMoment(trimmed, moment)) return absl::StrCat("\"", trimmed, "\" is not a day and hour");
    day = absl::ToCivilDay(moment, options_.time_zone);
  }
  // A machine's stamp, not a person's word: where the older server's clock was ahead, the hours have moved
  // all the same. Beyond a lifetime it is no clock but a broken row.
  return CheckDay(day, options_.today + kMostDaysAhead);
}

Row TimeOverflowReader::ReadTransfer(Place place, const CsvRow& csv) {
  Reject wrong = CheckShape(place, csv, kTransferFields);
  if (!wrong.reason.empty()) return wrong;
  const std::vector<std::string>& fields = csv.fields;
  const auto reject = [&place](TransferField field, std::string reason) {
    return Reject{place, std::string(kTransferFields[field]), std::move(reason)};
  };
  ImportedExchange exchange;
  if (std::string why = ReadParty(fields[kSourceId], fields[kSourceType], exchange.receiver); !why.empty()) {
    return reject(kSourceId, why);
  }
  if (std::string why = ReadParty(fields[kDestinationId], fields[kDestinationType], exchange.giver);
      !why.empty()) {
    return reject(kDestinationId, why);
  }
  if (exchange.giver == exchange.receiver) return reject(kDestinationId, "giver and receiver are the same");
  if (std::string why = ReadAmount(fields[kAmount], exchange.seconds); !why.empty())
    return reject(kAmount, why);
  absl::CivilDay day;
  if (std::string why = ReadMoment(fields[kCreatedAt], day, exchange.record_time); !why.empty()) {
    return reject(kCreatedAt, why);
  }
  if (fields[kReason].size() > kMaxNoteBytes) {
    return reject(kReason, absl::StrCat("longer than ", kMaxNoteBytes, " bytes"));
  }
  exchange.occurred_on = absl::FormatCivilTime(day);
  exchange.note = fields[kReason];
  const bool has_hour = exchange.record_time != absl::InfinitePast();
  const FactsHash hash =
      HashFacts({exchange.giver, exchange.receiver, absl::StrCat(exchange.seconds),
                 has_hour ? absl::StrCat(absl::ToUnixMicros(exchange.record_time)) : exchange.occurred_on,
                 exchange.note});
  if (day > options_.today) {
    ++dated_ahead_;
    if (!has_hour) exchange.record_time = absl::FromCivil(day, options_.time_zone);
    exchange.occurred_on = absl::FormatCivilTime(options_.today);
  }
  exchange.origin_number = absl::StrCat("row-", ToHex(hash), "-", ++equal_rows_[hash]);
  exchange.giver_field = kTransferFields[kDestinationId];
  exchange.receiver_field = kTransferFields[kSourceId];
  exchange.place = std::move(place);
  return exchange;
}

bool FitsUsers(const std::vector<std::string>& f) {
  absl::CivilDay day;
  return f.size() == kUserFields.size() && IsDigits(f[kMemberId]) &&
         (f[kEntryDate].empty() || ParseDate(f[kEntryDate], day));
}

bool FitsTransfers(const std::vector<std::string>& f) {
  return f.size() == kTransferFields.size() && IsDigits(f[kSourceId]) && IsWord(f[kSourceType]) &&
         IsDigits(f[kDestinationId]) && IsWord(f[kDestinationType]);
}

bool FitsPosts(const std::vector<std::string>& f) {
  return f.size() > 1 && (f[1] == "Offer" || f[1] == "Inquiry");
}

}  // namespace

TimeOverflowKind RecogniseTimeOverflow(const std::vector<CsvRow>& first_rows) {
  int users = 0;
  int transfers = 0;
  int posts = 0;
  for (const CsvRow& row : first_rows) {
    users += FitsUsers(row.fields);
    transfers += FitsTransfers(row.fields);
    posts += FitsPosts(row.fields);
  }
  if (users == 0 && transfers == 0 && posts == 0) return TimeOverflowKind::kUnknown;
  if (posts > users && posts > transfers) return TimeOverflowKind::kPosts;
  return users >= transfers ? TimeOverflowKind::kUsers : TimeOverflowKind::kTransfers;
}

bool IsTimeOverflow(const std::string& path) { return Recognise(path) != TimeOverflowKind::kUnknown; }

absl::StatusOr<std::unique_ptr<Reader>> OpenTimeOverflow(const std::vector<std::string>& files,
                                                         const ReaderOptions& options) {
  std::unique_ptr<File> users;
  std::unique_ptr<File> transfers;
  for (const std::string& path : files) {
    absl::StatusOr<std::unique_ptr<File>> file = OpenFile(path);
    if (!file.ok()) return file.status();
    TimeOverflowKind kind = Recognise(path);
    if (kind == TimeOverflowKind::kPosts) {
      return absl::InvalidArgumentError(absl::StrCat(
          path, " holds offers and requests (posts); the ledger has no place for them. Leave the file out."));
    }
    // An empty or wholly unreadable file is what its place in the command says, so that its rows are told one
    // by one.
    if (kind == TimeOverflowKind::kUnknown && files.size() == 2) {
      kind = path == files.front() ? TimeOverflowKind::kUsers : TimeOverflowKind::kTransfers;
    }
    if (kind == TimeOverflowKind::kUnknown) {
      return absl::InvalidArgumentError(absl::StrCat(path,
                                                     " is neither TimeOverflow's users (10 columns) nor its "
                                                     "transfers (8 columns). Is it the right file?"));
    }
    std::unique_ptr<File>& place = kind == TimeOverflowKind::kUsers ? users : transfers;
    if (place != nullptr) {
      return absl::InvalidArgumentError(
          absl::StrCat(place->name, " and ", (*file)->name,
                       " hold the same kind of rows. Give one users file and one transfers file."));
    }
    place = *std::move(file);
  }
  return std::make_unique<TimeOverflowReader>(std::move(users), std::move(transfers), options);
}

}  // namespace timebank::imports
