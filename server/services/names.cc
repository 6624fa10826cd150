#include "server/services/names.h"

#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/ledger/validate.h"
#include "server/services/abseil.h"

namespace timebank::services {
namespace {

using ledger::HolderKind;

constexpr std::array kHolderCollections = {
    std::pair{HolderKind::kMember, std::string_view("members")},
    std::pair{HolderKind::kCircle, std::string_view("circles")},
    std::pair{HolderKind::kPot, std::string_view("pots")},
};

constexpr std::string_view kBanks = "timebanks/";

}  // namespace

std::optional<std::string> ParseBank(std::string_view name) {
  if (!name.starts_with(kBanks)) return std::nullopt;
  name.remove_prefix(kBanks.size());
  if (!ledger::IsId(name)) return std::nullopt;  // an id has no slash
  return std::string(name);
}

std::optional<ChildName> ParseChild(std::string_view name) {
  ChildName child;
  size_t slash = name.find('/');
  if (slash == std::string_view::npos || slash == 0) return std::nullopt;
  // The whole form has two slashes more than the short one.
  if (const size_t end = name.find('/', slash + 1); end != std::string_view::npos) {
    if (!name.starts_with(kBanks)) return std::nullopt;
    child.bank = name.substr(kBanks.size(), end - kBanks.size());
    if (!ledger::IsId(child.bank)) return std::nullopt;
    name.remove_prefix(end + 1);
    slash = name.find('/');
    if (slash == std::string_view::npos || slash == 0) return std::nullopt;
  }
  child.collection = name.substr(0, slash);
  child.id = name.substr(slash + 1);
  if (!ledger::IsId(child.id)) return std::nullopt;
  return child;
}

std::optional<ledger::HolderRef> ToHolder(const ChildName& name) {
  for (const auto& [kind, collection] : kHolderCollections) {
    if (name.collection == collection) return ledger::HolderRef{kind, std::string(name.id)};
  }
  return std::nullopt;
}

std::string_view CollectionOf(HolderKind kind) {
  for (const auto& [known, collection] : kHolderCollections) {
    if (kind == known) return collection;
  }
  return "holders";
}

std::string BankName(std::string_view bank) { return absl::StrCat("timebanks/", Abs(bank)); }

std::string ExchangeName(std::string_view bank, ledger::Sequence sequence) {
  std::string name;
  PutExchangeName(bank, sequence, &name);
  return name;
}

void PutExchangeName(std::string_view bank, ledger::Sequence sequence, std::string* name) {
  name->assign("timebanks/").append(bank).append("/exchanges/");
  absl::StrAppend(name, sequence);
}

std::string KeyName(std::string_view bank, std::string_view key) {
  return absl::StrCat("timebanks/", Abs(bank), "/keys/", Abs(key));
}

std::string HolderName(std::string_view bank, HolderKind kind, std::string_view id) {
  return absl::StrCat("timebanks/", Abs(bank), "/", Abs(CollectionOf(kind)), "/", Abs(id));
}

}  // namespace timebank::services
