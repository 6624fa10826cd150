// A command's "no": facts only, so that it can be kept; words are made of it where it leaves the server.
#ifndef TIMEBANK_SERVER_LEDGER_REFUSAL_H_
#define TIMEBANK_SERVER_LEDGER_REFUSAL_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "server/ledger/reason.h"
#include "storage/types.h"
#include "timebank/storage/v1/entry.pb.h"

namespace timebank::ledger {

// A field of the request and what is wrong with it. `reason` is one of the constants in validate.h.
struct Violation {
  std::string field;
  std::string reason;

  friend bool operator==(const Violation&, const Violation&) = default;
};

struct Refusal {
  Reason reason = Reason::kValidation;
  storage::AccountNumber account = 0;                    // whom it is about; 0: nobody
  storage::Sequence sequence = 0;                        // which entry it is about; 0: none
  std::vector<std::pair<std::string, int64_t>> numbers;  // told in ErrorInfo.metadata
  std::vector<Violation> violations;                     // VALIDATION only
  // NOT_FOUND: the id as the caller wrote it. Never kept: see RequestRow.Item.
  std::string named;

  storage::v1::EntryRefusal ToFacts() const;
  static Refusal FromFacts(const storage::v1::EntryRefusal& facts);
};

// Nothing, or why not: what a rule answers.
using Verdict = std::optional<Refusal>;

inline Refusal Refuse(Reason reason) {
  return Refusal{.reason = reason, .numbers = {}, .violations = {}, .named = {}};
}
inline Refusal Invalid(std::string field, std::string_view reason) {
  Refusal refusal = Refuse(Reason::kValidation);
  refusal.violations.push_back({std::move(field), std::string(reason)});
  return refusal;
}

}  // namespace timebank::ledger

#endif  // TIMEBANK_SERVER_LEDGER_REFUSAL_H_
