#include "client/cli/import/table_reader.h"

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "client/cli/hours.h"
#include "client/cli/import/limits.h"
#include "client/cli/translate.h"

namespace timebank::imports {
namespace {

// A year mistyped, or a server's clock that was ahead, is no reason to lose hours; a day beyond a lifetime is
// a broken row.
constexpr int kMostDaysAhead = 36'525;
constexpr size_t kLongestToldList = 40;

// In the order of Reader's contract. Balances are kept until the end.
int Rank(const Source& source) { return static_cast<int>(source.kind().holds); }
static_assert(FileKind::Holds::kMembers < FileKind::Holds::kExchanges);
static_assert(FileKind::Holds::kBalances < FileKind::Holds::kExchanges);

uint32_t FirstBytes(const FactsHash& hash) {
  return static_cast<uint32_t>(hash[0]) << 24 | static_cast<uint32_t>(hash[1]) << 16 |
         static_cast<uint32_t>(hash[2]) << 8 | hash[3];
}

// What stands behind a number where a row has another exchange beside its own: a levy.
constexpr size_t kLongestSuffix = 20;

// The number itself, or, where that is too long to be stored, its hash.
std::string OriginOf(std::string_view prefix, const std::string& number) {
  if (prefix.size() + number.size() + kLongestSuffix <= kMaxNumberCharacters) {
    return absl::StrCat(Absl(prefix), number);
  }
  return absl::StrCat(Absl(prefix), "number-", ToHex(HashFacts({number})));
}

// When an exchange was, as a fact of its origin.
std::string AsFact(const Moment& moment) {
  return moment.bare_day ? absl::FormatCivilTime(*moment.bare_day)
                         : absl::StrCat(absl::ToUnixMicros(moment.time));
}

FactsHash FactsOf(const ImportedExchange& exchange, std::string_view when) {
  return HashFacts(
      {exchange.giver, exchange.receiver, absl::StrCat(exchange.seconds), when, AsRead(exchange.note)});
}

std::string RowOrigin(const FactsHash& facts, uint32_t count) {
  return absl::StrCat(kRowOrigin, ToHex(facts), "-", count);
}

// `a, b, c` or `a, b and 5 more`.
std::string Listed(const std::vector<std::string>& words) {
  std::string listed;
  for (size_t i = 0; i < words.size(); ++i) {
    if (i == kLongestToldList) return absl::StrCat(listed, " and ", words.size() - i, " more");
    absl::StrAppend(&listed, i == 0 ? "" : ", ", words[i]);
  }
  return listed;
}

// `h.csv has three decimals in all of its hours: 2.500 was read as 2h30, and not as 2500h`.
std::string TellThousandths(const std::string& file, const std::string& thousandth) {
  int64_t seconds = 0;
  ParseSignedHours(thousandth, seconds);
  std::string digits = thousandth;
  digits.erase(digits.find_first_of(".,"), 1);
  return absl::StrCat(file, " has three decimals in all of its hours: ", thousandth, " was read as ",
                      cli::FormatHours(seconds), ", and not as ", digits, "h");
}

}  // namespace

// ---- Line

const std::string& Line::Raw(int column) const {
  static const std::string& none = *new std::string();
  const int cell = source_.heading().cell_of_column[static_cast<size_t>(column)];
  return cell < 0 || static_cast<size_t>(cell) >= row_.fields.size() ? none
                                                                     : row_.fields[static_cast<size_t>(cell)];
}

void Line::Fail(int column, std::string reason) {
  if (!ok() || reason.empty()) return;
  field_ = NameOf(column);
  problem_ = std::move(reason);
}

Reject Line::ToReject() const { return {place(), field_, problem_, Fields()}; }

std::vector<std::string> Line::Fields() const {
  const Heading& heading = source_.heading();
  const size_t width = heading.width;
  // A row that is taken apart wrongly may hold a secret anywhere.
  if (source_.has_secrets() && row_.fields.size() != width + heading.rejected_cells) return {};
  std::vector<std::string> fields = row_.fields;
  if (fields.size() > width) fields.resize(width);
  return fields;
}

// ---- TableReader: rows

TableReader::TableReader(std::vector<std::unique_ptr<Source>> sources, ReaderOptions options)
    : sources_(std::move(sources)), options_(std::move(options)) {
  std::stable_sort(sources_.begin(), sources_.end(),
                   [](const auto& a, const auto& b) { return Rank(*a) < Rank(*b); });
  rules_.bank_zone = options_.time_zone;
  rules_.unzoned = options_.time_zone;
  rules_.today = options_.today;
}

absl::StatusOr<bool> TableReader::Next(Row& row) {
  for (;;) {
    if (!given_.empty()) {
      row = std::move(given_.front());
      given_.pop_front();
      return true;
    }
    if (at_ == sources_.size()) {
      if (ended_) return false;
      ended_ = true;
      GiveDeclared();
      continue;
    }
    Source& source = *sources_[at_];
    absl::StatusOr<bool> more = source.kind().holds == Holds::kNothingKept ? false : source.Next(row_);
    if (!more.ok()) return more;
    if (!*more) {
      ++at_;
      continue;
    }
    Line line(source, row_);
    CheckShape(line);
    when_.clear();
    if (line.ok()) Read(line);
    if (!line.ok()) given_.emplace_back(line.ToReject());
  }
}

// What is wrong with a row before its cells are looked at.
void TableReader::CheckShape(Line& line) const {
  line.problem_ = line.row_.error;
  if (!line.ok()) return;
  const imports::Heading& heading = line.source_.heading();
  const std::vector<std::string>& fields = line.row_.fields;
  const size_t width = heading.width;
  size_t passed_over = width + heading.rejected_cells;
  if (heading.IsOfRejects(fields)) passed_over = fields.size();
  const bool beyond =
      std::any_of(fields.begin() + static_cast<int64_t>(std::min(passed_over, fields.size())), fields.end(),
                  [](const std::string& field) { return !Trimmed(field).empty(); });
  if (beyond) {
    line.problem_ = TellWidth(fields.size(), width);
    return;
  }
  for (size_t cell = 0; cell < std::min(width, fields.size()); ++cell) {
    if (IsUtf8(fields[cell])) continue;
    const auto column =
        std::find(heading.cell_of_column.begin(), heading.cell_of_column.end(), static_cast<int>(cell));
    if (column != heading.cell_of_column.end()) {
      line.field_ = line.NameOf(static_cast<int>(column - heading.cell_of_column.begin()));
    } else if (cell < heading.cells.size()) {
      line.field_ = Tellable(heading.cells[cell]);
    }
    line.problem_ = "not UTF-8; save the file as CSV UTF-8";
    return;
  }
  // A whole row has its cells; of a cut one the last may be half: `10` of `100`.
  if (line.row_.unended && line.row_.cells < width + heading.rejected_cells && IsOfTable(line)) {
    line.problem_ = absl::StrCat(TellWidth(line.row_.cells, width + heading.rejected_cells),
                                 ", and the file ends in it: is the file whole?");
  }
}

absl::Status TableReader::ReadAhead(const std::function<void(Line&)>& look) {
  CsvRow row;
  for (const std::unique_ptr<Source>& source : sources_) {
    if (source->kind().holds == Holds::kNothingKept) continue;
    for (;;) {
      const absl::StatusOr<bool> more = source->Next(row);
      if (!more.ok()) return more.status();
      if (!*more) break;
      Line line(*source, row);
      CheckShape(line);
      if (line.ok()) look(line);
    }
    const absl::Status again = source->Rewind();
    if (!again.ok()) return again;
  }
  return absl::OkStatus();
}

std::vector<std::string> TableReader::Heading(std::string_view file) const {
  for (const std::unique_ptr<Source>& source : sources_) {
    if (source->name() == file) return source->heading().cells;
  }
  return {};
}

char TableReader::Separator(std::string_view file) const {
  for (const std::unique_ptr<Source>& source : sources_) {
    if (source->name() == file) return source->glimpse().separator;
  }
  return ',';
}

bool TableReader::HasFilesOf(Holds holds) const {
  return std::any_of(sources_.begin(), sources_.end(),
                     [holds](const auto& source) { return source->kind().holds == holds; });
}

int64_t TableReader::bytes_consumed() const {
  int64_t bytes = 0;
  for (size_t i = 0; i < sources_.size(); ++i) {
    const Source& source = *sources_[i];
    bytes += i < at_ ? source.glimpse().bytes : i == at_ ? source.bytes_consumed() : 0;
  }
  return bytes;
}

int64_t TableReader::bytes_total() const {
  int64_t bytes = 0;
  for (const std::unique_ptr<Source>& source : sources_) bytes += source->glimpse().bytes;
  return bytes;
}

// ---- TableReader: what is left out

void TableReader::Count(const std::string& words, const Place& place, std::string one) {
  Counted& counted = counted_[words];
  if (counted.count++ == 0) {
    counted.first = place;
    counted.one = std::move(one);
  }
}

std::vector<std::string> TableReader::LeftOut() const {
  std::vector<std::string> told;
  for (const std::unique_ptr<Source>& source : sources_) {
    const Encoding encoding = source->glimpse().encoding;
    if (encoding != Encoding::kUtf8) {
      told.push_back(absl::StrCat(source->name(), " is ", Absl(NameOf(encoding)), " and was read as such"));
    }
    if (!source->lines_above().empty()) {
      told.push_back(absl::StrCat("what stands above the ",
                                  source->heading().cells.empty() ? "rows" : "heading", " of ",
                                  source->name(), ": line ", absl::StrJoin(source->lines_above(), ", ")));
    }
    if (source->kind().holds == Holds::kNothingKept) {
      told.push_back(absl::StrCat(source->name(), ": ", Absl(source->kind().name),
                                  "; the ledger has no place for them"));
    }
    const auto vote = day_votes_.find(source->name());
    if (vote != day_votes_.end() && vote->second.IsOpen() &&
        OrderOf(source->name()) == DayOrder::kMonthFirst) {
      told.push_back(absl::StrCat(source->name(),
                                  " was read with the month before the day, as the other files show it"));
    }
    if (vote != day_votes_.end() && vote->second.Result() == DayOrder::kMonthFirst) {
      told.push_back(
          absl::StrCat(source->name(),
                       " writes the month before the day, as some of its days show: ", vote->second.Shown()));
    }
    if (vote != day_votes_.end() && vote->second.Result() == DayOrder::kYearFirst) {
      told.push_back(absl::StrCat(
          source->name(),
          " writes the year first, with two figures, as some of its days show: ", vote->second.Shown()));
    }
    if (vote != day_votes_.end() && !vote->second.MaybeYearFirst().empty()) {
      told.push_back(absl::StrCat(source->name(), " was read with the year last: look at days such as ",
                                  vote->second.MaybeYearFirst()));
    }
    if (vote != day_votes_.end() && vote->second.IsMixed()) {
      told.push_back(absl::StrCat(
          source->name(),
          " writes some days with the month first (01/25/2018) and some with the day first (25/01/2018); it "
          "was read day first: look at days such as 03/04/2018"));
    }
    const auto hours = hours_votes_.find(source->name());
    if (hours != hours_votes_.end() && hours->second.AreThousandths()) {
      told.push_back(TellThousandths(source->name(), hours->second.Thousandth()));
    }
  }
  TellUnknownColumns(told);
  TellLeftOut(told);
  for (const auto& [words, counted] : counted_) {
    const bool single = counted.count == 1 && !counted.one.empty();
    told.push_back(absl::StrCat(counted.count, " ", single ? counted.one : words,
                                " (first: ", counted.first.file, ", line ", counted.first.line, ")"));
  }
  return told;
}

void TableReader::TellUnknownColumns(std::vector<std::string>& told) const {
  // By the columns: of many files with the same ones the first is named.
  std::map<std::string, std::vector<std::string>> files;
  for (const std::unique_ptr<Source>& source : sources_) {
    const imports::Heading& heading = source->heading();
    if (source->kind().holds == Holds::kNothingKept) continue;
    std::vector<std::string> unknown;
    for (size_t cell = 0; cell < heading.cells.size(); ++cell) {
      const bool known = std::find(heading.cell_of_column.begin(), heading.cell_of_column.end(),
                                   static_cast<int>(cell)) != heading.cell_of_column.end();
      const std::string name = Tellable(Trimmed(heading.cells[cell]));
      if (known || name.empty()) continue;
      unknown.push_back(IsSecret(name) ? name + " (never read)" : name);
    }
    if (!unknown.empty()) files[Listed(unknown)].push_back(source->name());
  }
  for (const auto& [columns, names] : files) {
    told.push_back(absl::StrCat(
        "columns of ", names.front(),
        names.size() > 1 ? absl::StrCat(" and ", names.size() - 1, " more like it") : "", ": ", columns));
  }
}

// ---- TableReader: cells

bool TableReader::IsCommunity(const std::string& number) const {
  return !options_.community.empty() && FoldedName(number) == FoldedName(options_.community);
}

std::string TableReader::Party(Line& line, int column) const {
  std::string number = line.Text(column);
  if (number.empty()) line.Fail(column, "nobody is named");
  return IsCommunity(number) ? "" : number;
}

int64_t TableReader::Hours(Line& line, int column, Unit bare) const {
  int64_t seconds = 0;
  line.Fail(column, ParseHoursGiven(line.Raw(column), seconds, bare, &HoursVoteOf(line)));
  return seconds;
}

int64_t TableReader::SignedHours(Line& line, int column, Unit bare) const {
  int64_t seconds = 0;
  line.Fail(column, ParseSignedHours(line.Raw(column), seconds, bare, &HoursVoteOf(line)));
  return seconds;
}

void TableReader::VoteOnDays(const Line& line, int column) {
  day_votes_[line.source().name()].Add(line.Raw(column), options_.today);
  shared_order_.reset();
}

void TableReader::VoteOnHours(const Line& line, std::initializer_list<int> columns, Unit bare) {
  HoursVote& vote = hours_votes_[line.source().name()];
  // A balance may come to thousands.
  const bool given = line.source().kind().holds == Holds::kExchanges;
  for (int column : columns) {
    if (given) {
      vote.AddGiven(line.Raw(column), bare);
    } else {
      vote.Add(line.Raw(column));
    }
  }
}

const HoursVote& TableReader::HoursVoteOf(const Line& line) const {
  static const auto& none = *new HoursVote();
  const auto vote = hours_votes_.find(line.source().name());
  return vote == hours_votes_.end() ? none : vote->second;
}

DayOrder TableReader::OrderOf(const std::string& file) const {
  const auto own = day_votes_.find(file);
  if (own != day_votes_.end() && own->second.IsDecided()) return own->second.Result();
  if (!FilesShareAnOrder()) return rules_.order;
  if (!shared_order_) {
    const auto says = [this](DayOrder order) {
      return std::any_of(day_votes_.begin(), day_votes_.end(), [order](const auto& vote) {
        return vote.second.IsDecided() && vote.second.Result() == order;
      });
    };
    shared_order_ = says(DayOrder::kMonthFirst) && !says(DayOrder::kDayFirst) ? DayOrder::kMonthFirst
                                                                              : DayOrder::kDayFirst;
  }
  return *shared_order_;
}

bool TableReader::ReadMoment(const Line& line, int column, Moment& moment) const {
  MomentRules rules = rules_;
  rules.order = OrderOf(line.source().name());
  const auto vote = day_votes_.find(line.source().name());
  if (vote != day_votes_.end() && vote->second.IsYearUnclear() &&
      MayBeYearFirstOrLast(line.Raw(column), rules.today)) {
    moment = {};
    moment.year_unclear = true;
    return false;
  }
  return ParseMoment(line.Raw(column), rules, moment);
}

void TableReader::When(Line& line, int column, ImportedExchange& exchange) {
  if (last_day_.source == &line.source() && last_day_.cell == line.Raw(column)) {
    exchange.occurred_on = last_day_.occurred_on;
    exchange.record_time = last_day_.record_time;
    exchange.weekday_differs = last_day_.weekday_differs;
    when_ = last_day_.when;
    return;
  }
  Moment moment;
  if (line.Text(column).empty()) return line.Fail(column, "no day");
  if (!ReadMoment(line, column, moment)) {
    const std::string day = absl::StrCat("\"", line.Text(column), "\"");
    if (moment.year_unclear) {
      return line.Fail(column, absl::StrCat(day,
                                            ": the year may stand first or last, and the file's other days "
                                            "do not tell; write it with four figures"));
    }
    if (moment.year_ahead < 0) return line.Fail(column, absl::StrCat(day, " is not a day"));
    return line.Fail(column, absl::StrCat(day, ": the year ", absl::Dec(moment.year_ahead, absl::kZeroPad2),
                                          " lies ahead; write it with four figures"));
  }
  const absl::CivilDay today = options_.today;
  if (moment.day > today + kMostDaysAhead) {
    line.Fail(column, absl::StrCat("the day lies in the future (", absl::FormatCivilTime(moment.day),
                                   "; today is ", absl::FormatCivilTime(today), ")"));
  } else if (moment.day < kFirstDay) {
    line.Fail(column, absl::StrCat("the day lies before 1900 (", absl::FormatCivilTime(moment.day), ")"));
  }
  if (!line.ok()) return;
  exchange.occurred_on = absl::FormatCivilTime(moment.day);
  exchange.record_time = moment.time;
  exchange.weekday_differs = moment.weekday_differs;
  when_ = AsFact(moment);
  if (moment.day <= today) {
    last_day_ = {&line.source(), line.Raw(column),        exchange.occurred_on, exchange.record_time,
                 when_,          exchange.weekday_differs};
    return;
  }
  Count(
      "transfers dated after today: they count as today's help, and keep their date as the time of their "
      "record",
      line.place(),
      "transfer dated after today: it counts as today's help, and keeps its date as the time of its record");
  exchange.occurred_on = absl::FormatCivilTime(today);
  if (moment.time == absl::InfinitePast()) {
    exchange.record_time = absl::FromCivil(moment.day, options_.time_zone);
  }
}

bool TableReader::IsNoDay(std::string_view text) { return text.starts_with("0000") || text == "0"; }

bool TableReader::IsAhead(const Line& line, int column) const {
  Moment moment;
  return ReadMoment(line, column, moment) ? moment.day > options_.today : moment.year_ahead >= 0;
}

std::string TableReader::OptionalDay(const Line& line, int column) {
  const std::string text = line.Text(column);
  if (text.empty() || IsNoDay(text)) return "";
  Moment moment;
  if (!ReadMoment(line, column, moment) || moment.day < kFirstDay || moment.day > options_.today) {
    Count(absl::StrCat("days that cannot be (", line.NameOf(column), ")"), line.place(),
          absl::StrCat("day that cannot be (", line.NameOf(column), ")"));
    return "";
  }
  return absl::FormatCivilTime(moment.day);
}

void TableReader::AddPhone(const Line& line, int column, ImportedMember& member) {
  std::string phone = line.Text(column);
  if (phone.empty() || std::find(member.phones.begin(), member.phones.end(), phone) != member.phones.end()) {
    return;
  }
  if (CodePoints(phone) > kMaxPhoneCharacters || member.phones.size() == kMaxPhones) {
    return Count(absl::StrCat("telephone numbers of more than ", kMaxPhoneCharacters, " characters"),
                 line.place());
  }
  member.phones.push_back(std::move(phone));
}

void TableReader::AddEmail(const Line& line, int column, ImportedMember& member) {
  std::string email = line.Text(column);
  if (email.empty()) return;
  if (CodePoints(email) > kMaxEmailCharacters || member.emails.size() == kMaxEmails) {
    return Count(absl::StrCat("e-mail addresses of more than ", kMaxEmailCharacters, " characters"),
                 line.place());
  }
  member.emails.push_back(std::move(email));
}

std::string TableReader::Words(const Line& line, std::initializer_list<int> columns) {
  std::string words;
  for (int column : columns) {
    const std::string word = line.Text(column);
    if (!word.empty()) absl::StrAppend(&words, words.empty() ? "" : " ", word);
  }
  return words;
}

// ---- TableReader: what comes of a row

std::optional<int64_t> TableReader::ReadBalance(Line& line, const BalanceCell& balance) {
  if (balance.column < 0 || line.Text(balance.column).empty()) return std::nullopt;
  int64_t seconds = 0;
  std::string problem = ParseSignedHours(line.Raw(balance.column), seconds, balance.bare, &HoursVoteOf(line));
  if (problem.empty()) return seconds;
  if (HasFilesOf(Holds::kExchanges)) {
    Count("members' balances that cannot be read, and so not be compared", line.place());
  } else {
    line.Fail(balance.column, std::move(problem));
  }
  return std::nullopt;
}

void TableReader::DeclareCell(Line& line, const std::string& number, BalanceCell balance) {
  const std::optional<int64_t> seconds = ReadBalance(line, balance);
  if (seconds) Declare(line, balance.column, number, *seconds, balance.within_seconds);
}

void TableReader::GiveMember(Line& line, int number_column, int name_column, ImportedMember member,
                             BalanceCell balance) {
  const std::optional<int64_t> seconds = ReadBalance(line, balance);
  if (IsCommunity(member.number)) {
    if (seconds) Declare(line, balance.column, member.number, *seconds, balance.within_seconds);
    return;
  }
  if (CodePoints(member.number) > kMaxNumberCharacters) {
    line.Fail(number_column, absl::StrCat("longer than ", kMaxNumberCharacters, " characters"));
  }
  if (CodePoints(member.display_name) > kMaxNameCharacters) {
    line.Fail(name_column, absl::StrCat("the whole name is longer than ", kMaxNameCharacters, " characters"));
  }
  if (!line.ok()) return;
  const auto [known, first] = member_places_.emplace(member.number, line.place());
  if (!first) {
    const std::string file =
        known->second.file == line.place().file ? "" : absl::StrCat(" of ", known->second.file);
    line.Fail(number_column, absl::StrCat("member ", member.number, " stands on line ", known->second.line,
                                          file, " already"));
    return;
  }
  member.place = line.place();
  member.fields = line.Fields();
  if (seconds) Declare(line, balance.column, member.number, *seconds, balance.within_seconds);
  if (!line.ok()) return;
  given_.emplace_back(std::move(member));
}

void TableReader::GiveUnwrittenMember(const Line& line, ImportedMember member) {
  if (!member_places_.emplace(member.number, line.place()).second) return;
  member.place = line.place();
  given_.emplace_back(std::move(member));
}

void TableReader::Declare(Line& line, int column, const std::string& number, int64_t seconds,
                          int64_t within_seconds) {
  if (!line.ok()) return;
  DeclaredBalance declared{line.place(), IsCommunity(number) ? "" : number, seconds, within_seconds};
  if (!HasFilesOf(Holds::kExchanges)) {
    const auto [known, first] = openings_.emplace(declared.number, declared);
    if (!first) {
      if (known->second.seconds != seconds) {
        const Place& place = known->second.place;
        line.Fail(column,
                  absl::StrCat("the account has another balance on line ", place.line,
                               place.file == line.place().file ? "" : " of " + place.file, " already"));
      }
      return;
    }
  }
  declared_.push_back(std::move(declared));
}

void TableReader::GiveDeclared() {
  const bool as_openings = !HasFilesOf(Holds::kExchanges);
  for (DeclaredBalance& declared : declared_) {
    if (!as_openings) {
      given_.emplace_back(std::move(declared));
    } else if (declared.seconds != 0) {
      ImportedOpening opening;
      opening.place = std::move(declared.place);
      opening.origin_number = OriginOf("opening-", declared.number);
      const Place* member = PlaceOfMember(declared.number);
      opening.of_member_row =
          member != nullptr && member->line == opening.place.line && member->file == opening.place.file;
      opening.number = std::move(declared.number);
      opening.seconds = declared.seconds;
      opening.occurred_on = absl::FormatCivilTime(options_.today);
      given_.emplace_back(std::move(opening));
    }
  }
  declared_.clear();
}

const Place* TableReader::PlaceOfMember(const std::string& number) const {
  const auto found = member_places_.find(number);
  return found == member_places_.end() ? nullptr : &found->second;
}

std::string TableReader::RowOriginOf(const Line& line, int day_column,
                                     const ImportedExchange& exchange) const {
  Moment moment;
  if (!ReadMoment(line, day_column, moment)) return "";
  return RowOrigin(FactsOf(exchange, AsFact(moment)), 1);
}

void TableReader::CountTwice(const Place& place) {
  if (!HasTwoViews())
    Count("transfers that stand in the files twice: each counts once", place,
          "transfer that stands in the files twice: it counts once");
}

// Whether no file has had the exchange so far. Fails where its number stands for another one.
bool TableReader::IsNew(Line& line, ImportedExchange& exchange, const std::string& own_number) {
  const auto file = static_cast<uint32_t>(at_ + 1);
  if (!own_number.empty()) {
    const FactsHash number = HashFacts({own_number});
    const uint32_t facts = FirstBytes(
        HashFacts({exchange.giver, exchange.receiver, absl::StrCat(exchange.seconds), exchange.occurred_on}));
    const auto [seen, first] = seen_.emplace(number, Seen{file, facts, 1});
    exchange.origin_number = OriginOf("", own_number);
    if (first) return true;
    if (seen->second.before_or_facts != facts) {
      line.problem_ = absl::StrCat("transaction ", own_number,
                                   " stands in the files already, with another "
                                   "giver, receiver, day or number of hours");
    } else {
      CountTwice(line.place());
    }
    return false;
  }
  const FactsHash hash = FactsOf(exchange, when_);
  Seen& seen = seen_[hash];
  const bool has_day = !when_.empty();
  if (!has_day && IsCopy(at_)) {
    CountTwice(line.place());
    return false;
  }
  // Without a day, files do not overlap: the same help of another week is another exchange.
  if (has_day && seen.file != file) {
    // Files that overlap hold the same rows; within one file equal rows are as many exchanges.
    seen.before_or_facts = std::max(seen.before_or_facts, seen.here);
    seen.here = 0;
    seen.file = file;
  }
  if (++seen.here <= seen.before_or_facts) {
    CountTwice(line.place());
    return false;
  }
  if (seen.here == 1) {
    seen.line = static_cast<uint32_t>(line.place().line);
  } else if (has_day) {
    exchange.equal_line = seen.line;
  }
  exchange.origin_number = RowOrigin(hash, seen.here);
  return true;
}

// Whether a file before it is the same, byte for byte.
bool TableReader::IsCopy(size_t index) {
  while (copies_.size() <= index) {
    const Glimpse& file = sources_[copies_.size()]->glimpse();
    const auto end = sources_.begin() + static_cast<std::ptrdiff_t>(copies_.size());
    copies_.push_back(std::any_of(sources_.begin(), end, [&file](const std::unique_ptr<Source>& earlier) {
      return HaveSameBytes(earlier->glimpse().path, file.path);
    }));
  }
  return copies_[index];
}

const ImportedExchange* TableReader::Post(Line& line, int giver_column, int receiver_column, int note_column,
                                          const std::string& own_number, ImportedExchange exchange) {
  if (line.ok() && exchange.giver == exchange.receiver) {
    line.Fail(giver_column, "giver and receiver are the same");
  }
  if (exchange.note.size() > kMaxNoteBytes) {
    line.Fail(note_column, absl::StrCat("longer than ", kMaxNoteBytes, " bytes"));
  }
  if (!line.ok() || !IsNew(line, exchange, own_number)) return nullptr;
  if (own_number.empty() && when_.empty()) {
    Count(
        "transfers without a day: one that equals one of an earlier import is taken for that one, and is not "
        "posted again",
        line.place(),
        "transfer without a day: if it equals one of an earlier import it is taken for that one, and is not "
        "posted again");
  }
  if (CodePoints(exchange.category) > kMaxCategoryCharacters) {
    Count(absl::StrCat("categories of more than ", kMaxCategoryCharacters, " characters"), line.place());
    exchange.category.clear();
  }
  if (CodePoints(exchange.recorded_by) > kMaxRecorderCharacters) {
    Count(absl::StrCat("recorders of more than ", kMaxRecorderCharacters, " characters"), line.place());
    exchange.recorded_by.clear();
  }
  exchange.giver_field = line.NameOf(giver_column);
  exchange.receiver_field = line.NameOf(receiver_column);
  exchange.place = line.place();
  exchange.fields = line.Fields();
  exchange.mended = line.source().heading().IsOfRejects(line.row().fields);
  given_.emplace_back(std::move(exchange));
  return &std::get<ImportedExchange>(given_.back());
}

void TableReader::AddToNote(const Line& line, int column) {
  constexpr std::string_view kBetween = "; ";
  const std::string words = line.Text(column);
  std::string& note = std::get<ImportedExchange>(given_.back()).note;
  if (words.empty()) return;
  if (note.size() + kBetween.size() + words.size() > kMaxNoteBytes) {
    return Count(absl::StrCat("notes that have no room for ", line.NameOf(column)), line.place());
  }
  absl::StrAppend(&note, Absl(Trimmed(note).empty() ? "" : kBetween), words);
}

void TableReader::PostBeside(const ImportedExchange& first, std::string_view suffix, std::string giver,
                             std::string receiver, int64_t seconds, std::string note) {
  ImportedExchange beside = first;
  beside.giver = std::move(giver);
  beside.receiver = std::move(receiver);
  beside.giver_name.clear();
  beside.receiver_name.clear();
  if (beside.giver == beside.receiver) return;
  beside.seconds = seconds;
  beside.note = std::move(note);
  beside.category.clear();
  beside.equal_line = 0;
  beside.weekday_differs = false;
  // The row is its trade's: mended and imported again it would move the trade's hours.
  beside.fields.clear();
  assert(suffix.size() <= kLongestSuffix);
  absl::StrAppend(&beside.origin_number, Absl(suffix));
  given_.emplace_back(std::move(beside));
}

// ---- Opening

absl::StatusOr<std::vector<std::unique_ptr<Source>>> OpenSources(std::vector<Glimpse> files,
                                                                 absl::Span<const FileKind> kinds,
                                                                 std::string_view system) {
  std::vector<std::unique_ptr<Source>> sources;
  for (Glimpse& file : files) {
    std::optional<Heading> heading = FindHeading(file, kinds);
    if (!heading) {
      return absl::InvalidArgumentError(
          // Translators: $0 is a file, $1 a system, $2 files and their columns.
          cli::Fill(cli::T("$0 is none of $1's files. Looked for: $2."), file.path, system,
                    TellKinds(kinds)));
    }
    absl::StatusOr<std::unique_ptr<Source>> source = Source::Open(std::move(file), *std::move(heading));
    if (!source.ok()) return source.status();
    sources.push_back(*std::move(source));
  }
  return sources;
}

}  // namespace timebank::imports
