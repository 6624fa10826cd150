// Reads what is to be exported, page by page, and hands it to a sink.
//
// A whole bank is its feed from the first event to the position at which it stood when the export began: what
// comes later is left out, also of links between entries (of the words that parties say about an entry, its
// state has those said while the export ran). A part is a list of exchanges, which the server pins to one
// position. Memory: one page, members, circles and accounts. Threads: one.
#ifndef TIMEBANK_CLIENT_CLI_EXPORT_SOURCE_H_
#define TIMEBANK_CLIENT_CLI_EXPORT_SOURCE_H_

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/cli/export_sink.h"
#include "client/cpp/client.h"

namespace timebank::cli {

// Exports `scope` of `bank` (a resource name) into `sink`. `on_progress` is called now and then, with the
// events read of those in all (0: not known). Errors: the server's; the sink's; IncompleteError where the
// entries do not add up to the balances that the server tells.
absl::StatusOr<ExportFacts> ReadExport(client::Client client, const std::string& bank,
                                       const ExportScope& scope, ExportSink& sink,
                                       const std::function<void(int64_t done, int64_t total)>& on_progress);

}  // namespace timebank::cli

#endif  // TIMEBANK_CLIENT_CLI_EXPORT_SOURCE_H_
