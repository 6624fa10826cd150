#include "server/ledger/refusal.h"

namespace timebank::ledger {

storage::v1::EntryRefusal Refusal::ToFacts() const {
  storage::v1::EntryRefusal facts;
  facts.set_reason(std::string(NameOf(reason)));
  facts.set_account(account);
  facts.set_sequence(sequence);
  for (const auto& [key, value] : numbers) {
    auto* number = facts.add_numbers();
    number->set_key(key);
    number->set_value(value);
  }
  for (const Violation& violation : violations) {
    auto* kept = facts.add_violations();
    kept->set_field(violation.field);
    kept->set_reason(violation.reason);
  }
  return facts;
}

Refusal Refusal::FromFacts(const storage::v1::EntryRefusal& facts) {
  // A reason that this version does not know can only come from a newer one's frozen refusals.
  Refusal refusal = Refuse(ReasonNamed(facts.reason()).value_or(Reason::kCorruptRecord));
  refusal.account = facts.account();
  refusal.sequence = facts.sequence();
  for (const auto& number : facts.numbers()) refusal.numbers.emplace_back(number.key(), number.value());
  for (const auto& kept : facts.violations()) refusal.violations.push_back({kept.field(), kept.reason()});
  return refusal;
}

}  // namespace timebank::ledger
