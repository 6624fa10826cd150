// What the server would refuse of a row whatever the bank holds: its limits on texts, numbers and days
// (proto/timebank/v1), seen before anything is posted.
//
// A Reader finds most of this itself and names the column; here is what is common to every format. Threads:
// pure functions.
#ifndef TIMEBANK_CLIENT_CLI_IMPORT_LIMITS_H_
#define TIMEBANK_CLIENT_CLI_IMPORT_LIMITS_H_

#include <string>
#include <string_view>

#include "client/cli/import/reader.h"

namespace timebank::cli {

// Why the server would refuse it, for people; empty: it would not. `today`: the bank's, as an ISO day.
std::string WhyRefused(const imports::ImportedMember& member);
std::string WhyRefused(const imports::ImportedExchange& exchange, std::string_view today);
std::string WhyRefused(const imports::ImportedOpening& opening, std::string_view today);
std::string WhyRefused(const imports::ImportedEntry& entry, std::string_view today);

// `id` as an id of the bank may be: lower case, [a-z0-9] with inner - _ or ., at most 63 characters. Empty
// where it cannot be one.
std::string AsId(std::string_view id);

}  // namespace timebank::cli

#endif  // TIMEBANK_CLIENT_CLI_IMPORT_LIMITS_H_
