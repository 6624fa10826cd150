// What replies to changes have in common.
#ifndef TIMEBANK_SERVER_SERVICES_RENDERING_H_
#define TIMEBANK_SERVER_SERVICES_RENDERING_H_

#include <functional>
#include <vector>

#include "server/services/bank_reader.h"
#include "server/services/message_pool.h"
#include "server/services/requests.h"
#include "server/services/serving.h"
#include "storage/status_macros.h"

namespace timebank::services {

// Renders a reply of type Response from its bank: clears it, sets position and replayed, and calls `fill`.
template <typename Response>
Serving::Render RenderChange(
    Response* response,
    std::function<absl::Status(BankReader& bank, const ledger::Outcome& outcome, Response* response)> fill) {
  return [response, fill = std::move(fill)](const NamedView& view,
                                            const ledger::Outcome& outcome) -> absl::Status {
    ClearForNext(response);
    TB_ASSIGN_OR_RETURN(BankReader bank, BankReader::Open(view, outcome.bank));
    response->set_replayed(outcome.replayed);
    // The outcome's own position, so that a repeat is told the same.
    storage::Sequence last = outcome.first + outcome.count - 1;
    if (outcome.count == 0) {
      TB_ASSIGN_OR_RETURN(last, bank.LastSequence());
    }
    response->set_position(bank.PositionAt(last));
    return fill(bank, outcome, response);
  };
}

// Puts `act` and what `reader` found wrong with it into `prepared`.
absl::Status Ready(RequestReader& reader, ledger::Act&& act, Serving::Prepared& prepared);

// The entries of an outcome, in order.
absl::StatusOr<std::vector<storage::v1::Entry>> EntriesOf(const BankReader& bank,
                                                          const ledger::Outcome& outcome);

}  // namespace timebank::services

#endif  // TIMEBANK_SERVER_SERVICES_RENDERING_H_
