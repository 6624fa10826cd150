// Resource names: `timebanks/{t}`, `timebanks/{t}/members/{m}`, `…/circles/{c}`, `…/pots/{p}`,
// `…/exchanges/{n}`, `…/keys/{k}`.
//
// Threads: pure functions.
#ifndef TIMEBANK_SERVER_SERVICES_NAMES_H_
#define TIMEBANK_SERVER_SERVICES_NAMES_H_

#include <optional>
#include <string>
#include <string_view>

#include "server/ledger/command.h"

namespace timebank::services {

// The id in `timebanks/{id}`, or nothing where it is no such name.
std::optional<std::string> ParseBank(std::string_view name);

// A name inside a bank, part by part; lives as long as the text that it was read from. `bank` is empty for
// the short form (`members/ana`).
struct ChildName {
  std::string_view bank;
  std::string_view collection;
  std::string_view id;
};
std::optional<ChildName> ParseChild(std::string_view name);

// A member, circle or pot; short or whole.
std::optional<ledger::HolderRef> ToHolder(const ChildName& name);

std::string BankName(std::string_view bank);
std::string ExchangeName(std::string_view bank, ledger::Sequence sequence);
// The same, into memory that `name` may have already.
void PutExchangeName(std::string_view bank, ledger::Sequence sequence, std::string* name);
std::string KeyName(std::string_view bank, std::string_view key);
std::string_view CollectionOf(ledger::HolderKind kind);  // "members" ...
std::string HolderName(std::string_view bank, ledger::HolderKind kind, std::string_view id);

}  // namespace timebank::services

#endif  // TIMEBANK_SERVER_SERVICES_NAMES_H_
