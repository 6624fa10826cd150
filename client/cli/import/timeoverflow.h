// TimeOverflow's import files: users and transfers, without headings, by position.
//
//   users      member_id, entry_date, first name, surname 1, surname 2, gender, date of birth, phone, other
//   phone, email transfers  source_id, source_type, destination_id, destination_type, amount (seconds),
//   created_at, reason, post_id
//
// Type `organization` is the bank itself; any other type names a member. The source gives the *credits*: it
// is who RECEIVED the help, and the destination is the giver. Gender, date of birth and post_id are not taken
// over. Transfers have no numbers of their own: see ImportedExchange::origin_number.
//
// Memory: one row, and 40 bytes or so for each transfer (to count equal rows).
#ifndef TIMEBANK_CLIENT_CLI_IMPORT_TIMEOVERFLOW_H_
#define TIMEBANK_CLIENT_CLI_IMPORT_TIMEOVERFLOW_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/cli/import/csv_reader.h"
#include "client/cli/import/reader.h"

namespace timebank::imports {

inline constexpr char kTimeOverflow[] = "timeoverflow";

// What a file of TimeOverflow holds.
enum class TimeOverflowKind { kUsers, kTransfers, kPosts, kUnknown };

// Whether a file can be opened and looks like one of TimeOverflow's.
bool IsTimeOverflow(const std::string& path);

// Judges by a few rows from the front of a file; a row that fits nothing has no say.
TimeOverflowKind RecogniseTimeOverflow(const std::vector<CsvRow>& first_rows);

// Opens a users file, a transfers file or both, in any order. As OpenReader().
absl::StatusOr<std::unique_ptr<Reader>> OpenTimeOverflow(const std::vector<std::string>& files,
                                                         const ReaderOptions& options);

}  // namespace timebank::imports

#endif  // TIMEBANK_CLIENT_CLI_IMPORT_TIMEOVERFLOW_H_
