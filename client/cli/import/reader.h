// What an older system's files hold, row by row, whatever the system.
//
// A Reader turns files into plain facts: members, exchanges, and rows that it cannot read, with the place of
// each. It knows nothing of a server or of what a bank already has; that is the importer's part. A new format
// is a file that derives from TableReader, and a line in reader.cc.
#ifndef TIMEBANK_CLIENT_CLI_IMPORT_READER_H_
#define TIMEBANK_CLIENT_CLI_IMPORT_READER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "client/cli/import/party.h"

namespace timebank::imports {

// Where in the files something stands.
struct Place {
  // The file's name without its folder.
  std::string file;
  // Line on which the row starts, from 1.
  int64_t line = 0;
};

// Somebody who belongs to the bank.
struct ImportedMember {
  enum class Kind { kPerson, kOrganisation, kHousehold };

  Place place;
  // The number in the older system; unique within the files.
  std::string number;
  // May be empty.
  std::string display_name;
  Kind kind = Kind::kPerson;
  // ISO day, or empty.
  std::string joined_on;
  // No longer a member there: ends closed, once all exchanges are posted, with its hours left where they are.
  bool closed = false;
  // ISO day, or empty where it is not told. Only with `closed`.
  std::string closed_on;
  std::vector<std::string> phones;
  std::vector<std::string> emails;

  // What only a bank's own export tells; empty elsewhere.

  // The member's id; stands in for Reader::id_prefix() and `number` where it is still free.
  std::string id;
  // Numbers in other systems, as (system, number).
  std::vector<std::pair<std::string, std::string>> external_ids;
  // BCP 47.
  std::string language;
  // Free text for brokers.
  std::string note;
  // As Reject::fields: the importer, too, finds rows that cannot be posted. May be left empty.
  std::vector<std::string> fields = {};
};

// A small group with an account of its own.
struct ImportedCircle {
  Place place;
  std::string id;
  std::string display_name;
  // Numbers of its members.
  std::vector<std::string> members;
  // As of a member.
  std::vector<std::string> fields = {};
};

// Somebody helped somebody.
struct ImportedExchange {
  Place place;
  // Number of the member who gave the help; empty: the bank itself (its community pot).
  std::string giver;
  // Who received it; likewise.
  std::string receiver;
  // 1 to 3,153,600,000.
  int64_t seconds = 0;
  // ISO day of the help in the bank's time zone.
  std::string occurred_on;
  std::string note;
  // The category's words there, or empty.
  std::string category;
  // Who recorded it there, in that system's own words or number; empty where the files do not tell.
  std::string recorded_by;
  // Names this exchange for ever within the older system. Where that has no numbers: a hash of the row's
  // facts and its count among equal rows, so that reading the same file again gives the same.
  std::string origin_number;
  // When it was recorded there; InfinitePast where the files do not tell.
  absl::Time record_time = absl::InfinitePast();
  // The fields that named giver and receiver, for saying what is wrong with them.
  std::string giver_field;
  std::string receiver_field;
  // As of a member.
  std::vector<std::string> fields = {};
  // What the row calls them beside their numbers, for members of whom only exchanges speak; may be empty.
  std::string giver_name;
  std::string receiver_name;
  // The row stands in a file of rejects, so somebody means to post it.
  bool mended = false;

  // What makes the row doubtful, though it can be posted; to be told where it is new.

  // The line of a row of the same file that it is equal to, where nothing but its place tells it apart; 0:
  // none.
  int64_t equal_line = 0;
  // What its hours come to if `1.30` was meant as 1h30, in a file where nothing speaks against it; 0: there
  // are no such hours. The hours as they are written stand in `doubtful_hours`.
  int64_t minutes_seconds = 0;
  std::string doubtful_hours = {};
  // The day of the week that stands beside its day is another one's.
  bool weekday_differs = false;
};

// A balance to begin with, where the files have no history behind it.
struct ImportedOpening {
  Place place;
  std::string number;
  // Credit +, debit -; not 0.
  int64_t seconds = 0;
  // ISO day.
  std::string occurred_on;
  std::string note;
  // As of an exchange.
  std::string origin_number;
  // As of a member.
  std::vector<std::string> fields = {};
  // Its row came as a member's already.
  bool of_member_row = false;
};

// What can hold hours in a bank's own export.
struct ImportedHolder {
  enum class Kind { kMember, kCircle, kPot };

  Kind kind = Kind::kMember;
  // Of a member its number, as ImportedMember::number; of a circle or a pot its id.
  std::string number;

  friend bool operator==(const ImportedHolder&, const ImportedHolder&) = default;
};

// One holder's part in an entry.
struct ImportedShare {
  ImportedHolder holder;
  int64_t seconds = 0;
};

// Names an entry for ever, as v1.Origin.
struct ImportedOrigin {
  std::string system;
  std::string number;
  std::string recorded_by;
  // InfinitePast where it is not told.
  absl::Time record_time = absl::InfinitePast();
};

// An entry of a bank's own export: as many givers and receivers as there were, gifts, openings, reversals.
struct ImportedEntry {
  enum class Kind { kExchange, kGift, kOpening, kReversal };

  Place place;
  Kind kind = Kind::kExchange;
  // Exchanges: who gave and who received, each with its seconds (1 or more).
  std::vector<ImportedShare> givers;
  std::vector<ImportedShare> receivers;
  // Exchanges: who took or gave what did not balance, where it is told.
  std::optional<ImportedHolder> remainder;
  int32_t unnamed_givers = 0;
  int32_t unnamed_receivers = 0;
  // Gifts: who gave hours away. Openings: pots/opening.
  ImportedHolder debited;
  // Gifts: who got them. Openings: whose account it is.
  ImportedHolder credited;
  // Exchanges: per person, 0 where every share names its own. Gifts: 1 or more. Openings: signed, not 0.
  int64_t seconds = 0;
  // ISO day.
  std::string occurred_on;
  std::string category;
  std::string note;
  std::vector<std::string> tags;
  std::string decision;
  // On whose behalf it was recorded; a member who takes part in it.
  std::optional<ImportedHolder> acting_for;
  // Reversals: why.
  std::string reason;
  // Its own name. Reversals have none: a bank knows them by what they undo.
  ImportedOrigin origin;
  // Reversals: the name of the entry that they undo, which comes earlier in the files.
  ImportedOrigin reverses;
  // What every account is credited (+) and debited (-); adds up to zero.
  std::vector<ImportedShare> movements;
  // As of a member.
  std::vector<std::string> fields = {};
};

// Two records of one person become one, behind what was read so far: the balance of the one that goes moves
// to the one that stays.
struct ImportedMerge {
  Place place;
  // Number of the member that goes, and of the one that stays.
  std::string number;
  std::string into;
  // As of a member.
  std::vector<std::string> fields = {};
};

// What the older system says an account comes to, to be compared with what its exchanges and openings add up
// to. Posts nothing.
struct DeclaredBalance {
  Place place;
  // As of a member; empty: the community pot.
  std::string number;
  int64_t seconds = 0;
  // Of the rounding in the file: what lies within it is no difference. 0: exact.
  int64_t within_seconds = 0;
};

// A row that cannot be posted.
struct Reject {
  Place place;
  // The column it is about; empty: the whole row.
  std::string field;
  // Why, for people.
  std::string reason;
  // The row's fields as they stand in the file, for a file of rejects that can be mended and imported; empty
  // where the row could not be taken apart, and for members of whom only the exchanges' rows speak. Never a
  // secret (CES's Password is emptied).
  std::vector<std::string> fields = {};
};

using Row = std::variant<ImportedMember, ImportedCircle, ImportedExchange, ImportedOpening, ImportedEntry,
                         ImportedMerge, DeclaredBalance, Reject>;

// How the origin's number begins that is made of a row's facts.
inline constexpr char kRowOrigin[] = "row-";

class Reader {
 public:
  virtual ~Reader() = default;

  // Reads the next row; all members come before the first exchange (circles behind them), openings before
  // exchanges, declared balances at the end; entries and merges in the order in which they were recorded.
  // False at the end of the files. Errors: a file that cannot be read any more (DataLoss); a row that cannot
  // be read is a Reject, not an error.
  virtual absl::StatusOr<bool> Next(Row& row) = 0;

  // The system's name in external ids and origins: `timeoverflow`.
  virtual std::string_view system() const = 0;
  // Put before a member's number to make its id in the bank: `to-`.
  virtual std::string_view id_prefix() const = 0;
  // The heading of the file of that name (as in Place::file) as it stands there; empty where it has none.
  // With Reject::fields it makes a file that this reader reads again. Columns that such a file has behind its
  // own, `rejected_line` and `rejected_why` (import/harmless.h), are passed over in silence, and in such a
  // file every cell is read through Unharmed().
  virtual std::vector<std::string> Heading(std::string_view file) const = 0;
  // What stands between the cells of the file of that name.
  virtual char Separator(std::string_view file) const = 0;

  // Where in its bank's history an export of ours was made, as that bank's server told it; empty for other
  // formats. A bank that knows this position is the one that was exported: importing would post it all twice.
  virtual std::string_view position() const { return {}; }

  // A file that belongs to those that were opened and is not among them; empty: none, or one that they can do
  // without.
  virtual std::string_view missing_file() const { return {}; }

  // The name that was found to be the bank itself, as an earlier import had it; empty: none was looked for or
  // found.
  virtual std::string_view community_found() const { return {}; }

  // The heading of a column whose words went into notes behind those of the first; empty: none so far.
  virtual std::string_view also_in_notes() const { return {}; }

  // What the files hold and the import leaves out, in words, so that nothing is dropped in silence.
  virtual std::vector<std::string> LeftOut() const = 0;
  // How far it has come, for showing progress.
  virtual int64_t bytes_consumed() const = 0;
  virtual int64_t bytes_total() const = 0;
};

struct ReaderOptions {
  // The bank's time zone: decides the day of a moment.
  absl::TimeZone time_zone = absl::UTCTimeZone();
  // The bank's today: help cannot lie behind it.
  absl::CivilDay today;
  // Of files that are not UTF-8, one of EncodingNames(); empty: looked for.
  std::string encoding;
  // Number (or, in a spreadsheet, name) of the account that is the bank itself, where the files do not tell.
  std::string community;
  // Headings of a plain spreadsheet's columns; empty: guessed. A letter (`B`) is the column of that letter
  // where no heading reads so.
  std::string giver_column;
  std::string receiver_column;
  std::string hours_column;
  std::string minutes_column;
  std::string day_column;
  std::string note_column;
  std::string category_column;
  // Likewise, of the members' numbers in a list of members.
  std::string number_column;
  // Members that the bank has from an older system, for formats that know people by name; files of hours
  // alone name those who came with an earlier one. Empty: none.
  std::function<absl::StatusOr<std::vector<NameAndNumber>>(std::string_view system)> members_of_bank;
  // Of exchanges' origin numbers, at most kMostOrigins, which ones the bank has from an older system; none
  // where it cannot be asked.
  std::function<absl::StatusOr<std::vector<bool>>(std::string_view system,
                                                  const std::vector<std::string>& numbers)>
      known_origins;
};

// So many the server is asked about at once.
inline constexpr size_t kMostOrigins = 8192;

// Opens `files` as what `format` says; empty: recognised from what is in them. Errors (InvalidArgument,
// NotFound), each naming the file: no such format, not recognised, cannot be opened, the same kind twice.
absl::StatusOr<std::unique_ptr<Reader>> OpenReader(std::string_view format,
                                                   const std::vector<std::string>& files,
                                                   const ReaderOptions& options);

// The formats that OpenReader() knows.
std::vector<std::string_view> KnownFormats();

}  // namespace timebank::imports

#endif  // TIMEBANK_CLIENT_CLI_IMPORT_READER_H_
