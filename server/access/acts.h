// What others did for a member, and who looked: ListActs.
//
// Acts are found by what is kept for each account anyway: its statement, which says of every movement who
// recorded it, and the rows of Family::kAct, one for each entry about the member that moves nothing. Both are
// read from their newest end; no more than services::kMostLookedAt rows of each a call. Looks are the
// LookBook's.
//
// Threads: any; waits for the disk.
#ifndef TIMEBANK_SERVER_ACCESS_ACTS_H_
#define TIMEBANK_SERVER_ACCESS_ACTS_H_

#include "absl/status/status.h"
#include "server/services/serving.h"
#include "timebank/v1/access_service.pb.h"

namespace timebank::access {

// Fills `response`, which is empty. Who may is decided by name, before anything is looked up. The caller's
// look at this list is noted. ROLE_REQUIRED, HOLDER_NOT_FOUND, BAD_PAGE_TOKEN, VALIDATION.
absl::Status ListActs(services::Serving& serving, const services::NamedView& view,
                      const services::Caller& caller, const v1::ListActsRequest& request,
                      v1::ListActsResponse* response);

}  // namespace timebank::access

#endif  // TIMEBANK_SERVER_ACCESS_ACTS_H_
