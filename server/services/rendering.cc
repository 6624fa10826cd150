#include "server/services/rendering.h"

#include <utility>

namespace timebank::services {

namespace sv1 = storage::v1;

absl::Status Ready(RequestReader& reader, ledger::Act&& act, Serving::Prepared& prepared) {
  prepared.command.act = std::move(act);
  prepared.violations = reader.TakeViolations();
  return absl::OkStatus();
}

absl::StatusOr<std::vector<sv1::Entry>> EntriesOf(const BankReader& bank, const ledger::Outcome& outcome) {
  std::vector<sv1::Entry> entries;
  for (uint32_t i = 0; i < outcome.count; ++i) {
    TB_ASSIGN_OR_RETURN(entries.emplace_back(), bank.KnownEntry(outcome.first + i));
  }
  if (entries.empty()) return absl::DataLossError("an outcome that was kept has no entries");
  return entries;
}

}  // namespace timebank::services
