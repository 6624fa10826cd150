#include "server/services/names.h"

#include <array>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
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

std::vector<std::string> PartsOf(std::string_view name) { return absl::StrSplit(Abs(name), '/'); }

}  // namespace

std::optional<std::string> ParseBank(std::string_view name) {
  std::vector<std::string> parts = PartsOf(name);
  if (parts.size() != 2 || parts[0] != "timebanks" || !ledger::IsId(parts[1])) return std::nullopt;
  return parts[1];
}

std::optional<ChildName> ParseChild(std::string_view name) {
  std::vector<std::string> parts = PartsOf(name);
  ChildName child;
  if (parts.size() == 4 && parts[0] == "timebanks" && ledger::IsId(parts[1])) {
    child.bank = parts[1];
    parts.erase(parts.begin(), parts.begin() + 2);
  }
  if (parts.size() != 2 || parts[0].empty() || !ledger::IsId(parts[1])) return std::nullopt;
  child.collection = std::move(parts[0]);
  child.id = std::move(parts[1]);
  return child;
}

std::optional<ledger::HolderRef> ToHolder(const ChildName& name) {
  for (const auto& [kind, collection] : kHolderCollections) {
    if (name.collection == collection) return ledger::HolderRef{kind, name.id};
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
  return absl::StrCat("timebanks/", Abs(bank), "/exchanges/", sequence);
}

std::string KeyName(std::string_view bank, std::string_view key) {
  return absl::StrCat("timebanks/", Abs(bank), "/keys/", Abs(key));
}

std::string HolderName(std::string_view bank, HolderKind kind, std::string_view id) {
  return absl::StrCat("timebanks/", Abs(bank), "/", Abs(CollectionOf(kind)), "/", Abs(id));
}

}  // namespace timebank::services
