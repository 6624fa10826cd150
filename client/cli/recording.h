// From a sentence to a recorded exchange; shared by `record` and `day`.
//
// Threads: one.
#ifndef TIMEBANK_CLIENT_CLI_RECORDING_H_
#define TIMEBANK_CLIENT_CLI_RECORDING_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/cli/sentence.h"
#include "client/cli/session.h"
#include "timebank/v1/ledger_service.pb.h"

namespace timebank::cli {

// What is said beside the sentence; empty: nothing.
struct RecordOptions {
  std::string on;
  std::string category;
  std::string note;
  std::string decision;
  std::string acting_for;
  std::string remainder;
  std::vector<std::string> tags;
  int64_t unnamed_givers = 0;
  int64_t unnamed_receivers = 0;
};

// The request for what `sentence` says, with duplicates looked for. Everything else is read before anybody is
// asked who is meant. Unlikely hours are asked about. Errors: as those of arguments.h, resolve_holder.h and
// unlikely_hours.h.
absl::StatusOr<v1::RecordExchangeRequest> RecordRequest(Session& session, const Sentence& sentence,
                                                        const RecordOptions& options);

// What an exchange that came from a slip has among its tags.
std::string SlipTag(const std::string& slip);

// Posts it. A slip (empty: none) is entered once: its number is the request's id, so the server itself tells
// a second entering. A slip whose entry was undone, or was only ever refused, is entered anew.
absl::StatusOr<v1::RecordExchangeResponse> PostRecord(Session& session, const std::string& slip,
                                                      v1::RecordExchangeRequest request);

}  // namespace timebank::cli

#endif  // TIMEBANK_CLIENT_CLI_RECORDING_H_
