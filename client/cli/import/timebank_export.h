// The folder of CSV files that `timebank export` writes, and its reader: a bank comes back as it was.
//
// Each file has one heading line with the names below, in any order; columns that nobody knows are passed
// over. The first heading names file and version, and its column holds the bank's id in every row, so that a
// file tells by itself what it is. A later version has another number there. Text is UTF-8 with a byte-order
// mark, and no cell is one that a spreadsheet would run (harmless.h). Lists in a cell are joined by `; `,
// with \ before each ; and \ inside an item, and `\-` for an empty one. Holders are `members/ana`,
// `circles/knitters`, `pots/community`; shares are a holder, a blank and seconds. Moments are RFC 3339 in
// UTC, days ISO 8601.
//
//     timebank.csv   what was exported, when, of which bank; its settings; how many rows each file has
//     members.csv    one row a member, by number
//     circles.csv    one row a circle
//     exchanges.csv  one row for each entry that moved hours, in order of record: `credited` and
//                    `debited` say what moved, `givers`, `receivers` and `remainder` who helped whom
//     events.csv     everything else that happened, in order of record
//
// Names: an entry keeps the origin it has; others are (`timebank`, `<bank>/<number>`). A member keeps a
// number of the system `timebank` that it has; the number of others is `<bank>/<id>`.
//
// Memory of the reader: the members' ids, the merges, some twenty bytes an entry, one row of each file.
#ifndef TIMEBANK_CLIENT_CLI_IMPORT_TIMEBANK_EXPORT_H_
#define TIMEBANK_CLIENT_CLI_IMPORT_TIMEBANK_EXPORT_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace timebank::imports {

inline constexpr char kTimebank[] = "timebank";

// ---- The files and their columns, for whoever writes them

inline constexpr char kExportFile[] = "timebank.csv";
inline constexpr char kMembersFile[] = "members.csv";
inline constexpr char kCirclesFile[] = "circles.csv";
inline constexpr char kExchangesFile[] = "exchanges.csv";
inline constexpr char kEventsFile[] = "events.csv";

inline constexpr std::array<std::string_view, 3> kExportColumns = {"timebank_export_1", "what", "value"};
inline constexpr std::array<std::string_view, 16> kMemberColumns = {
    "timebank_members_1", "id",        "number",      "display_name", "kind",   "state",
    "joined_on",          "closed_on", "merged_into", "language",     "phones", "emails",
    "external_ids",       "note",      "hours",       "seconds"};
inline constexpr std::array<std::string_view, 7> kCircleColumns = {
    "timebank_circles_1", "id", "number", "display_name", "members", "hours", "seconds"};
inline constexpr std::array<std::string_view, 37> kExchangeColumns = {"timebank_exchanges_1",
                                                                      "number",
                                                                      "kind",
                                                                      "state",
                                                                      "occurred_on",
                                                                      "deed",
                                                                      "hours",
                                                                      "seconds",
                                                                      "credited",
                                                                      "debited",
                                                                      "givers",
                                                                      "receivers",
                                                                      "remainder",
                                                                      "unnamed_givers",
                                                                      "unnamed_receivers",
                                                                      "category",
                                                                      "note",
                                                                      "note_erased",
                                                                      "tags",
                                                                      "decision",
                                                                      "acting_for",
                                                                      "reason",
                                                                      "recorded_by",
                                                                      "recorded_with",
                                                                      "recorded_at",
                                                                      "origin_system",
                                                                      "origin_number",
                                                                      "origin_recorded_by",
                                                                      "origin_recorded_at",
                                                                      "reverses",
                                                                      "reverses_system",
                                                                      "reverses_number",
                                                                      "reversed_by",
                                                                      "corrects",
                                                                      "corrected_by",
                                                                      "restores",
                                                                      "confirmed_by"};
inline constexpr std::array<std::string_view, 12> kEventColumns = {
    "timebank_events_1", "number", "what",    "about",       "state", "other", "who",
    "acting_for",        "reason", "outcome", "recorded_at", "detail"};

// `a; b\; c` and back. None where a \ stands before something else than \, ; or -.
std::string JoinList(const std::vector<std::string>& items);
std::optional<std::vector<std::string>> SplitList(std::string_view cell);

// The name of an entry that has no origin: `rushey/1042`.
std::string OwnNumber(std::string_view bank_id, int64_t number);

// ---- The bank

// What an export says of the bank itself.
struct ExportedBank {
  std::string display_name;
  // v1.Settings as JSON, without the categories.
  std::string settings_json;
};

// Of the kExportFile among `files`; none where there is none that can be read.
std::optional<ExportedBank> BankIn(const std::vector<std::string>& files);

// ---- The folder

struct FoundFiles {
  std::vector<std::string> files;
  // What lies beside an export, in words: to be told.
  std::vector<std::string> left_out;
};

// `paths`, with the files in the place of each folder: an export's, where one of those names has an export's
// heading; else all that lie in it and are not hidden, since other systems have a members.csv, too. Errors
// (InvalidArgument): an empty folder.
absl::StatusOr<FoundFiles> FilesIn(const std::vector<std::string>& paths);

}  // namespace timebank::imports

#endif  // TIMEBANK_CLIENT_CLI_IMPORT_TIMEBANK_EXPORT_H_
