// A coordinator's own spreadsheets, row by row: hours, and lists of members.
//
// Which of their columns are which, what stands between their rows and who is meant by their cells is told by
// the spreadsheet_*.h beside it. Threads: one at a time.
#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "client/cli/import/formats.h"
#include "client/cli/import/party.h"
#include "client/cli/import/spreadsheet_columns.h"
#include "client/cli/import/spreadsheet_people.h"
#include "client/cli/import/spreadsheet_rows.h"
#include "client/cli/import/table_reader.h"
#include "client/cli/import/text.h"
#include "client/cli/translate.h"

namespace timebank::imports {
namespace spreadsheet {
namespace {

constexpr std::string_view kYes = "1 x y yes si oui ja true";
constexpr std::string_view kNo = "0 n no non nein false falso falsa faux falsch fals -";

bool HasDigit(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); });
}

class SpreadsheetReader : public TableReader {
 public:
  SpreadsheetReader(std::vector<std::unique_ptr<Source>> sources, const ReaderOptions& options)
      : TableReader(std::move(sources), options), people_(HasFilesOf(Holds::kMembers)) {}

  std::string_view system() const override { return "spreadsheet"; }
  std::string_view id_prefix() const override { return "sheet-"; }

  // Learns the names of members, the order of days, and who is the bank itself.
  absl::Status Prepare() override {
    if (options().members_of_bank) {
      const auto members = options().members_of_bank(system());
      if (!members.ok()) return members.status();
      people_.AddOfBank(*members);
    }
    if (absl::Status read = ReadAhead([this](Line& line) { LookAt(line); }); !read.ok()) return read;
    if (const std::string problem = people_.Settle(options().community); !problem.empty()) {
      return absl::InvalidArgumentError(cli::Fill(cli::T("The community: $0."), problem));
    }
    return FindCommunity();
  }

  std::string_view community_found() const override { return people_.community_found(); }
  std::string_view also_in_notes() const override { return also_in_notes_; }

 protected:
  bool FilesShareAnOrder() const override { return false; }
  bool IsCommunity(const std::string& number) const override { return people_.IsCommunity(number); }
  bool IsOfTable(const Line& line) const override { return RowOf(line) == RowIs::kOfTable; }

  void Read(Line& line) override {
    switch (RowOf(line)) {
      case RowIs::kTotal:
        return totals_.Add(line.place(), "");
      case RowIs::kTitle:
        return titles_.Add(line.place(), TextOf(line));
      case RowIs::kOfTable:
        return IsOfMembers(line) ? ReadMember(line) : ReadHours(line);
    }
  }

  void TellLeftOut(std::vector<std::string>& told) const override {
    totals_.Tell("a row of totals", "rows of totals", told);
    titles_.Tell("a row that is a title or footer", "titles and footers", told);
  }

 private:
  // Rows that the bank is asked about: whose they are, and the origin that each has if that one is the bank.
  struct Asked {
    std::vector<std::string> strangers;
    std::vector<std::string> origins;
  };

  static bool IsOfMembers(const Line& line) { return line.source().kind().holds == Holds::kMembers; }

  RowIs RowOf(const Line& line) const {
    return IsOfMembers(line) ? RowOfMembers(line, options().today)
                             : RowOfHours(line, options().today, people_);
  }

  // ---- The member of a row

  // One that the file has.
  static int NameColumn(const Line& line) {
    return line.Has(kName) ? kName : line.Has(kFirstName) ? kFirstName : kSurname;
  }

  // Beside first names and surnames, `Name` may be all of the name, or the one or the other.
  static std::string FullName(const Line& line) {
    const std::string name = line.Text(kName);
    const std::vector<std::string> words = HeadingWords(name);
    const auto is_in_name = [&words](const std::string& part) {
      const std::vector<std::string> wanted = HeadingWords(part);
      return !wanted.empty() && std::all_of(wanted.begin(), wanted.end(), [&words](const std::string& word) {
        return std::find(words.begin(), words.end(), word) != words.end();
      });
    };
    const std::string first = line.Text(kFirstName);
    const std::string surname = line.Text(kSurname);
    const bool has_first = is_in_name(first);
    const bool has_surname = is_in_name(surname);
    // `Muñoz, Ana`.
    if (has_first && has_surname) {
      return name.find(',') == std::string::npos ? name : Words(line, {kFirstName, kSurname});
    }
    if (has_surname) return Words(line, {kFirstName, kName});
    // Without a surname, `Martin` and `Martin` may be two names.
    const bool is_whole = has_first && (!surname.empty() || HeadingWords(first).size() < words.size());
    return is_whole ? Words(line, {kName, kSurname}) : Words(line, {kFirstName, kName, kSurname});
  }

  static bool HasNumber(const Line& line) {
    return !line.Text(kNumber).empty() || !ParseParty(FullName(line)).number.empty();
  }

  static NameAndNumber MemberOf(const Line& line) {
    NameAndNumber member = ParseParty(FullName(line));
    if (const std::string number = line.Text(kNumber); !number.empty()) member.number = number;
    if (member.number.empty()) member.number = FoldedName(member.name);
    return member;
  }

  // ---- Before the first row

  void LookAt(const Line& line) {
    if (RowOf(line) != RowIs::kOfTable) return;
    if (IsOfMembers(line)) return LookAtMember(line);
    VoteOnDays(line, kDay);
    VoteOnHours(line, {kHours});
    VoteOnHours(line, {kMinutes}, Unit::kMinute);
    for (const int column : {kGiver, kReceiver}) people_.AddNamed(line.Raw(column));
  }

  void LookAtMember(const Line& line) {
    VoteOnDays(line, kJoined);
    VoteOnDays(line, kLeft);
    VoteOnHours(line, {kBalance});
    if (HasDigit(line.Raw(kNumber))) numbered_files_.insert(line.source().name());
    people_.AddListed({MemberOf(line), HasNumber(line), line.place(), line.row().fields});
  }

  // An earlier import may have been told who the bank itself is: then the ledger has rows of a name that
  // nobody has, under the origins that they have with the bank in its place.
  absl::Status FindCommunity() {
    if (!people_.imported_before() || !options().known_origins || !options().community.empty()) {
      return absl::OkStatus();
    }
    std::map<std::string, Stranger> strangers = people_.TakeStrangers();
    if (strangers.empty()) return absl::OkStatus();
    if (absl::Status asked = AskAbout(strangers); !asked.ok()) return asked;
    people_.FindCommunity(strangers);
    return absl::OkStatus();
  }

  absl::Status AskAbout(std::map<std::string, Stranger>& strangers) {
    Asked asked;
    absl::Status status;
    const absl::Status read = ReadAhead([&](Line& line) {
      if (!status.ok() || IsOfMembers(line)) return;
      AddOrigin(line, strangers, asked);
      if (asked.origins.size() == kMostOrigins) status = Ask(asked, strangers);
    });
    if (!read.ok()) return read;
    return status.ok() ? Ask(asked, strangers) : status;
  }

  void AddOrigin(Line& line, const std::map<std::string, Stranger>& strangers, Asked& asked) {
    std::string problem;
    ImportedExchange exchange;
    exchange.giver = people_.NumberOf(ParseParty(line.Raw(kGiver)), problem);
    exchange.receiver = people_.NumberOf(ParseParty(line.Raw(kReceiver)), problem);
    const bool gave = strangers.contains(exchange.giver);
    if (!problem.empty() || gave == strangers.contains(exchange.receiver)) return;
    exchange.seconds = TimeGiven(line);
    exchange.note = line.Raw(kNote);
    std::string number = std::exchange(gave ? exchange.giver : exchange.receiver, "");
    std::string origin = RowOriginOf(line, kDay, exchange);
    if (!line.ok() || origin.empty()) return;
    asked.strangers.push_back(std::move(number));
    asked.origins.push_back(std::move(origin));
  }

  absl::Status Ask(Asked& asked, std::map<std::string, Stranger>& strangers) {
    if (asked.origins.empty()) return absl::OkStatus();
    const auto known = options().known_origins(system(), asked.origins);
    if (!known.ok()) return known.status();
    for (size_t i = 0; i < known->size(); ++i) strangers[asked.strangers[i]].known += (*known)[i];
    asked = {};
    return absl::OkStatus();
  }

  // ---- Rows

  // Where the others have numbers, a row of a single cell may be a title, or an empty place in the list. Whom
  // hours name is somebody, and so is who comes back in a file of rejects.
  void FailIfAlone(Line& line, const NameAndNumber& member) const {
    const std::vector<std::string>& cells = line.row().fields;
    const auto filled = std::count_if(cells.begin(), cells.end(),
                                      [](const std::string& cell) { return !Trimmed(cell).empty(); });
    if (filled != 1 || !numbered_files_.contains(line.source().name())) return;
    // A number where members have theirs is somebody's.
    if (HasDigit(line.Raw(kNumber))) return;
    if (line.source().heading().IsOfRejects(cells) || people_.IsMentioned(member)) {
      return;
    }
    line.Fail(
        line.Text(kNumber).empty() ? NameColumn(line) : kNumber,
        absl::StrCat("\"", TextOf(line),
                     "\" stands alone in its row: is it a member? If so, it comes in with the file that "
                     "--rejects writes; else leave the row out"));
  }

  void ReadMember(Line& line) {
    const NameAndNumber known = MemberOf(line);
    ImportedMember member;
    member.number = known.number;
    member.display_name = known.name;
    if (member.number.empty()) line.Fail(kName, "neither a number nor a name");
    FailIfAlone(line, known);
    if (!HasNumber(line)) FailNamesake(line, member);
    AddPhone(line, kPhone, member);
    AddPhone(line, kOtherPhone, member);
    AddEmail(line, kEmail, member);
    member.joined_on = OptionalDay(line, kJoined);
    const std::string left = FoldedName(line.Raw(kLeft));
    const bool leaves_later = IsAhead(line, kLeft);
    if (leaves_later) {
      Count(absl::StrCat("days that are still to come (", line.NameOf(kLeft), "): nobody has left yet"),
            line.place());
    }
    member.closed = !left.empty() && !HasWord(kNo, left) && !IsNoDay(line.Text(kLeft)) && !leaves_later;
    if (member.closed && !HasWord(kYes, left)) member.closed_on = OptionalDay(line, kLeft);
    GiveMember(line, line.Has(kNumber) ? kNumber : NameColumn(line), NameColumn(line), std::move(member),
               {kBalance});
  }

  // Without numbers a second person of a name cannot be told from the first one.
  void FailNamesake(Line& line, const ImportedMember& member) {
    const Place* first = PlaceOfMember(member.number);
    if (first == nullptr || IsCommunity(member.number)) return;
    const std::string file = first->file == line.place().file ? "" : absl::StrCat(" of ", first->file);
    line.Fail(
        NameColumn(line),
        absl::StrCat(member.display_name, " stands on line ", first->line, file, " already, and ",
                     line.Has(kNumber) ? absl::StrCat("this row has no ", line.NameOf(kNumber))
                                       : std::string("the file has no column of numbers to tell two apart")));
  }

  void ReadHours(Line& line) {
    ImportedExchange exchange;
    When(line, kDay, exchange);
    exchange.giver = Who(line, kGiver, exchange.giver_name);
    exchange.receiver = Who(line, kReceiver, exchange.receiver_name);
    exchange.seconds = TimeGiven(line);
    exchange.note = line.Raw(kNote);
    exchange.category = line.Text(kCategory);
    exchange.recorded_by = line.Text(kRecorder);
    if (line.Text(kMinutes).empty()) {
      exchange.minutes_seconds = HoursVoteOf(line).IfMinutes(line.Raw(kHours));
    }
    if (exchange.minutes_seconds != 0) exchange.doubtful_hours = line.Text(kHours);
    if (Post(line, kGiver, kReceiver, kNote, "", std::move(exchange)) == nullptr) return;
    AddToNote(line, kMoreNote);
    if (also_in_notes_.empty() && !line.Text(kMoreNote).empty()) also_in_notes_ = line.NameOf(kMoreNote);
  }

  // Of a column of hours, one of minutes, or both: `2` and `15` are 2h15, `1.5` and `90` are 1h30.
  int64_t TimeGiven(Line& line) const {
    if (line.Text(kMinutes).empty()) return Hours(line, kHours);
    if (line.Text(kHours).empty()) return Hours(line, kMinutes, Unit::kMinute);
    const int64_t hours = SignedHours(line, kHours);
    const int64_t minutes = SignedHours(line, kMinutes, Unit::kMinute);
    if (!line.ok()) return 0;
    if (hours == 0) return Hours(line, kMinutes, Unit::kMinute);
    if (minutes == 0 || minutes == hours) return Hours(line, kHours);
    constexpr auto kHour = static_cast<int64_t>(Unit::kHour);
    if (hours < 0 || minutes < 0 || minutes >= kHour || hours % kHour != 0) {
      line.Fail(kMinutes,
                absl::StrCat("the hours (", line.Text(kHours), ") and the minutes (", line.Text(kMinutes),
                             ") do not go together; write whole hours and 0 to 59 minutes"));
    }
    return hours + minutes;
  }

  // Empty for the bank itself.
  std::string Who(Line& line, int column, std::string& name) {
    const Named named = people_.Find(line.Raw(column));
    line.Fail(column, named.problem);
    if (named.has_other_name) {
      Count("names beside another member's number: the number was taken", line.place());
    }
    name = named.name;
    return IsCommunity(named.number) ? "" : named.number;
  }

  People people_;
  std::string also_in_notes_;
  // Lists in which members have numbers.
  std::set<std::string> numbered_files_;
  LeftOutRows totals_;
  LeftOutRows titles_;
};

absl::StatusOr<std::unique_ptr<Reader>> Open(std::vector<Glimpse> files, const ReaderOptions& options) {
  absl::StatusOr<std::vector<Heading>> headings = FindColumns(files, options);
  if (!headings.ok()) return headings.status();
  std::vector<std::unique_ptr<Source>> sources;
  for (size_t i = 0; i < files.size(); ++i) {
    absl::StatusOr<std::unique_ptr<Source>> source =
        Source::Open(std::move(files[i]), std::move((*headings)[i]));
    if (!source.ok()) return source.status();
    sources.push_back(*std::move(source));
  }
  auto reader = std::make_unique<SpreadsheetReader>(std::move(sources), options);
  if (const absl::Status prepared = reader->Prepare(); !prepared.ok()) return prepared;
  return reader;
}

}  // namespace
}  // namespace spreadsheet

const Format& Spreadsheet() {
  static constexpr Format format = {"spreadsheet", "a spreadsheet", &spreadsheet::FitFile,
                                    &spreadsheet::LookedFor, &spreadsheet::Open};
  return format;
}

}  // namespace timebank::imports
