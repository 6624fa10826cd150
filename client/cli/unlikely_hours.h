// Times that are hardly what was meant: more than 12 hours of one person, and less than five minutes.
//
// At a terminal they are asked about; elsewhere they are taken, since they may be right, and told once they
// are posted. The same for a slip, for `record` and for what is corrected. Threads: one.
#ifndef TIMEBANK_CLIENT_CLI_UNLIKELY_HOURS_H_
#define TIMEBANK_CLIENT_CLI_UNLIKELY_HOURS_H_

#include "absl/status/status.h"
#include "client/cli/session.h"
#include "timebank/v1/exchange.pb.h"

namespace timebank::cli {

// Whether somebody has more than 12 hours in it.
bool IsLong(const v1::Exchange& exchange);

// Asks where a time of `exchange` is unlikely, and puts minutes where hours were not meant. Only what is set
// in it counts. Errors (usage): it was not meant. Elsewhere than at a terminal nothing is done.
absl::Status AskIfUnlikely(Session& session, v1::Exchange& exchange);

// Elsewhere than at a terminal: tells that what was posted is long, with the command that would mend it.
// Whether that was told.
bool TellIfLong(Session& session, const v1::Exchange& posted);

}  // namespace timebank::cli

#endif  // TIMEBANK_CLIENT_CLI_UNLIKELY_HOURS_H_
