// Which columns of a coordinator's own spreadsheet are which: hours, or members.
//
// They are guessed from their headings, in English, Spanish, Catalan, French and German, or named in the
// options, by heading or letter. `From` and `to` are not guessed: half of the world means the help by them,
// the other half the hours. What may be meant in two ways is refused, with the option that settles it.
//
// Threads: pure functions, but for reading the files.
#ifndef TIMEBANK_CLIENT_CLI_IMPORT_SPREADSHEET_COLUMNS_H_
#define TIMEBANK_CLIENT_CLI_IMPORT_SPREADSHEET_COLUMNS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/cli/import/reader.h"
#include "client/cli/import/source.h"

namespace timebank::imports::spreadsheet {

// The columns of a file of hours (FileKind::Holds::kExchanges). kMoreNote: the second that may be a note.
enum HoursColumn { kGiver, kReceiver, kHours, kMinutes, kDay, kNote, kCategory, kRecorder, kMoreNote };

// Those of a list of members (FileKind::Holds::kMembers).
enum MemberColumn {
  kNumber,
  kFirstName,
  kName,
  kSurname,
  kEmail,
  kPhone,
  kOtherPhone,
  kJoined,
  kLeft,
  kBalance
};

// Where the columns of each file are. Of hours giver, receiver, day and hours or minutes are there. Errors
// (InvalidArgument), each naming the file: it holds neither hours nor members; a column that the options name
// is not there; two columns may mean the same.
absl::StatusOr<std::vector<Heading>> FindColumns(const std::vector<Glimpse>& files,
                                                 const ReaderOptions& options);

// As Format::fit: how many columns are found.
int FitFile(const Glimpse& file, const ReaderOptions& options);

// As Format::looked_for.
std::string LookedFor();

// What to say where a file looks like a spreadsheet of hours, and its headings do not tell all of the columns
// that are needed; empty where it does not look so.
std::string TellLacking(const Glimpse& file, const ReaderOptions& options);

// Whether the file has that column.
bool HasColumn(const Heading& heading, int column);

}  // namespace timebank::imports::spreadsheet

#endif  // TIMEBANK_CLIENT_CLI_IMPORT_SPREADSHEET_COLUMNS_H_
