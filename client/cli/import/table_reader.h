// What the readers of all formats share: rows in the right order, cells, parties, origins, rejects.
//
// A format derives from TableReader, says which kinds of files it has and turns one row at a time into
// members, exchanges and balances. The order of the contract (members, openings, exchanges, balances), equal
// rows, rows that stand in two files, what is left out and progress are seen to here.
//
// Memory: one row, the members' numbers and balances, and some forty bytes for each exchange. Threads: one at
// a time.
#ifndef TIMEBANK_CLIENT_CLI_IMPORT_TABLE_READER_H_
#define TIMEBANK_CLIENT_CLI_IMPORT_TABLE_READER_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"
#include "absl/types/span.h"
#include "client/cli/import/amounts.h"
#include "client/cli/import/formats.h"
#include "client/cli/import/moments.h"
#include "client/cli/import/reader.h"
#include "client/cli/import/source.h"
#include "client/cli/import/text.h"

namespace timebank::imports {

// One row of a file, by its format's columns. The first thing that is wrong with it sticks, so that a format
// reads on without asking after every cell.
class Line {
 public:
  // All must outlive the line.
  Line(const Source& source, const CsvRow& row) : source_(source), row_(row) {}

  Place place() const { return {source_.name(), row_.line}; }
  const CsvRow& row() const { return row_; }
  const Source& source() const { return source_; }

  // Whether the file has that column at all.
  bool Has(int column) const { return source_.heading().cell_of_column[static_cast<size_t>(column)] >= 0; }
  // A cell as it stands in the file; empty where there is none.
  const std::string& Raw(int column) const;
  // The same without the blanks around it.
  std::string Text(int column) const { return std::string(Trimmed(Raw(column))); }
  // As Source::NameOf().
  const std::string& NameOf(int column) const { return source_.NameOf(column); }

  // Says what is wrong, with the column it is about; the first time counts. Empty reasons are none.
  void Fail(int column, std::string reason);
  bool ok() const { return problem_.empty(); }
  Reject ToReject() const;
  // The row's cells for a file of rejects.
  std::vector<std::string> Fields() const;

 private:
  friend class TableReader;

  const Source& source_;
  const CsvRow& row_;
  std::string field_;
  std::string problem_;
};

// The cell of a balance that stands in a member's row.
struct BalanceCell {
  // -1: there is none.
  int column = -1;
  Unit bare = Unit::kHour;
  int64_t within_seconds = 0;
};

class TableReader : public Reader {
 public:
  // Finds out what must be known before the first row. Called once, before Next().
  virtual absl::Status Prepare() { return absl::OkStatus(); }

  absl::StatusOr<bool> Next(Row& row) final;
  std::vector<std::string> Heading(std::string_view file) const final;
  char Separator(std::string_view file) const final;
  std::vector<std::string> LeftOut() const final;
  int64_t bytes_consumed() const final;
  int64_t bytes_total() const final;

 protected:
  // Whether one system wrote all files, so that one whose days may be read either way is read as those that
  // are brought with it, where they agree. Not where rows are known again by their day: the same file would
  // be another one beside other files.
  virtual bool FilesShareAnOrder() const { return true; }

  using Holds = FileKind::Holds;

  // `sources` in any order.
  TableReader(std::vector<std::unique_ptr<Source>> sources, ReaderOptions options);

  // ---- What a format does.

  // Turns one row into rows, by GiveMember(), Declare() and Post(). A line that is not ok() afterwards
  // becomes a Reject.
  virtual void Read(Line& line) = 0;
  // What it leaves out beside columns that it does not know.
  // Whether a row is one of the table's, and no title, footer or row of totals. It may have been cut off.
  virtual bool IsOfTable(const Line& /*line*/) const { return true; }
  virtual void TellLeftOut(std::vector<std::string>& /*told*/) const {}
  // Whether every exchange stands in two files, as both accounts see it, so that it is not worth telling.
  virtual bool HasTwoViews() const { return false; }
  // Whether an account is the bank itself: what the options say, unless a format knows more.
  virtual bool IsCommunity(const std::string& number) const;

  // Looks at all rows that can be taken apart, of all files or of those that hold exchanges, and begins the
  // files again. For what must be known before the first row.
  absl::Status ReadAhead(const std::function<void(Line&)>& look);
  // Finds out in which order a file writes days, where its own days prove it.
  void VoteOnDays(const Line& line, int column);
  // Finds out how a file writes numbers, in `bare`, and what its decimals are.
  void VoteOnHours(const Line& line, std::initializer_list<int> columns, Unit bare = Unit::kHour);
  const HoursVote& HoursVoteOf(const Line& line) const;

  // ---- What it does that with.

  // Who a cell names: empty for the community pot. An empty cell fails.
  std::string Party(Line& line, int column) const;
  // A member, with what its row says it has. The same number a second time fails. The community pot is no
  // member, and has a balance all the same.
  void GiveMember(Line& line, int number_column, int name_column, ImportedMember member,
                  BalanceCell balance = {});
  // The balance of a cell, if it has one. One that cannot be read fails where it is to begin with, and is
  // told where it would only be compared.
  void DeclareCell(Line& line, const std::string& number, BalanceCell balance);
  // A member that no row is of, but that rows speak of; placed on `line`. Nothing comes of one who is known.
  void GiveUnwrittenMember(const Line& line, ImportedMember member);
  // What the system says an account has. Where no file holds exchanges it is a balance to begin with.
  // There an account has one: a second that says something else fails `line`, with `column`.
  void Declare(Line& line, int column, const std::string& number, int64_t seconds,
               int64_t within_seconds = 0);
  // An exchange, with its origin made of `own_number` (the system's, unique in all its files) or, where that
  // is empty, of the row's facts. Fails where it cannot be. Null where nothing came of it; else good until
  // the next row.
  const ImportedExchange* Post(Line& line, int giver_column, int receiver_column, int note_column,
                               const std::string& own_number, ImportedExchange exchange);
  // One more exchange by the row of `first`, which was posted; `suffix` makes its origin of the first one's.
  void PostBeside(const ImportedExchange& first, std::string_view suffix, std::string giver,
                  std::string receiver, int64_t seconds, std::string note);

  // Time given, more than nothing.
  int64_t Hours(Line& line, int column, Unit bare = Unit::kHour) const;
  // As Hours(), but what the sign says is kept and nothing is something.
  int64_t SignedHours(Line& line, int column, Unit bare = Unit::kHour) const;
  // The day of the help, or the moment of its record. One that lies ahead moved hours all the same, and
  // counts as today's; more than a hundred years ahead it fails. Fills occurred_on and record_time.
  void When(Line& line, int column, ImportedExchange& exchange);
  // ISO, or empty. What cannot be read is left out and told.
  std::string OptionalDay(const Line& line, int column);
  // What databases write for no day.
  static bool IsNoDay(std::string_view text);
  // Whether it is a day after today.
  bool IsAhead(const Line& line, int column) const;
  void AddPhone(const Line& line, int column, ImportedMember& member);
  void AddEmail(const Line& line, int column, ImportedMember& member);
  // Puts the words of cells together.
  static std::string Words(const Line& line, std::initializer_list<int> columns);
  // One thing more that is left out, told as `3 WORDS`, or `1 ONE` where that is told.
  void Count(const std::string& words, const Place& place, std::string one = "");

  MomentRules& rules() { return rules_; }
  const ReaderOptions& options() const { return options_; }
  const std::vector<std::unique_ptr<Source>>& sources() const { return sources_; }
  bool HasFilesOf(Holds holds) const;
  bool HasMember(const std::string& number) const { return member_places_.contains(number); }
  // Where the row of a member stands that was given; null: none was.
  const Place* PlaceOfMember(const std::string& number) const;
  // The origin number that Post() would give the first exchange of these facts, if it has no own number;
  // empty where the day cannot be read. For ReadAhead().
  std::string RowOriginOf(const Line& line, int day_column, const ImportedExchange& exchange) const;
  // Puts a cell behind the note of the exchange that Post() has just given; its origin is not made of it.
  void AddToNote(const Line& line, int column);

 private:
  struct Counted {
    int64_t count = 0;
    Place first;
    std::string one;
  };
  // An exchange that was posted: by the system's own number, the beginning of its facts' hash; by facts
  // alone, how often it stood in the files before that one, and in that one.
  struct Seen {
    uint32_t file = 0;
    uint32_t before_or_facts = 0;
    uint32_t here = 0;
    // Of the first in that file.
    uint32_t line = 0;
  };

  void CheckShape(Line& line) const;
  bool ReadMoment(const Line& line, int column, Moment& moment) const;
  DayOrder OrderOf(const std::string& file) const;
  void CountTwice(const Place& place);
  bool IsCopy(size_t index);
  bool IsNew(Line& line, ImportedExchange& exchange, const std::string& own_number);
  void GiveDeclared();
  std::optional<int64_t> ReadBalance(Line& line, const BalanceCell& balance);
  void TellUnknownColumns(std::vector<std::string>& told) const;

  // Members first, exchanges last.
  std::vector<std::unique_ptr<Source>> sources_;
  ReaderOptions options_;
  MomentRules rules_;
  // By file.
  std::map<std::string, DayOrderVote> day_votes_;
  std::map<std::string, HoursVote> hours_votes_;
  mutable std::optional<DayOrder> shared_order_;  // of files that do not tell their own
  size_t at_ = 0;
  bool ended_ = false;
  // The row that was read last, and what came of it and is still to be given.
  CsvRow row_;
  std::deque<Row> given_;
  // The last cell of a day that was read, and what came of it: rows stand in order of day, mostly.
  struct ReadDay {
    const Source* source = nullptr;
    std::string cell;
    std::string occurred_on;
    absl::Time record_time = {};
    std::string when;
    bool weekday_differs = false;
  };
  ReadDay last_day_;
  // When the row's exchange was, as a fact of its origin: as the file says it, whatever today is.
  std::string when_;
  std::vector<DeclaredBalance> declared_;
  // What each account begins with, by number.
  absl::flat_hash_map<std::string, DeclaredBalance> openings_;
  absl::flat_hash_map<std::string, Place> member_places_;
  absl::flat_hash_map<FactsHash, Seen> seen_;
  // Of the first sources, as far as it was asked for.
  std::vector<bool> copies_;
  std::map<std::string, Counted> counted_;
};

// Opens the sources of files that were looked at; `kinds` are the format's.
absl::StatusOr<std::vector<std::unique_ptr<Source>>> OpenSources(std::vector<Glimpse> files,
                                                                 absl::Span<const FileKind> kinds,
                                                                 std::string_view system);

// A format whose files are told by their headings alone: `SystemReader` is a TableReader with
// `static absl::Span<const FileKind> Kinds()` and `static constexpr char kFormat[], kSystemName[]`, the
// format's.
template <typename SystemReader>
const Format& FormatByHeadings() {
  static constexpr Format format = {
      SystemReader::kFormat, SystemReader::kSystemName,
      [](const Glimpse& file, const ReaderOptions&) {
        const std::optional<Heading> heading = FindHeading(file, SystemReader::Kinds());
        return heading ? heading->Score() : 0;
      },
      [] { return TellKinds(SystemReader::Kinds()); },
      [](std::vector<Glimpse> files,
         const ReaderOptions& options) -> absl::StatusOr<std::unique_ptr<Reader>> {
        absl::StatusOr<std::vector<std::unique_ptr<Source>>> sources =
            OpenSources(std::move(files), SystemReader::Kinds(), SystemReader::kSystemName);
        if (!sources.ok()) return sources.status();
        auto reader = std::make_unique<SystemReader>(*std::move(sources), options);
        if (const absl::Status prepared = reader->Prepare(); !prepared.ok()) return prepared;
        return reader;
      }};
  return format;
}

}  // namespace timebank::imports

#endif  // TIMEBANK_CLIENT_CLI_IMPORT_TABLE_READER_H_
