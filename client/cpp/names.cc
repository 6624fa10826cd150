#include "client/cpp/names.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <system_error>

namespace timebank::client {
namespace {

constexpr std::string_view kBanks = "timebanks/";

// `kind` is put before a bare id: `members/`.
std::string NameIn(std::string_view bank, std::string_view kind, std::string_view id) {
  if (id.empty() || id.starts_with(kBanks)) return std::string(id);
  std::string name = TimebankName(bank) + "/";
  if (id.find('/') == std::string_view::npos) name += kind;
  return name += id;
}

}  // namespace

std::string TimebankName(std::string_view bank) {
  if (bank.empty() || bank.starts_with(kBanks)) return std::string(bank);
  return std::string(kBanks).append(bank);
}

std::string HolderName(std::string_view bank, std::string_view holder) {
  return NameIn(bank, "members/", holder);
}

std::string ExchangeName(std::string_view bank, std::string_view exchange) {
  return NameIn(bank, "exchanges/", exchange);
}

std::string_view BankOf(std::string_view name) {
  if (!name.starts_with(kBanks)) return {};
  return name.substr(0, name.find('/', kBanks.size()));
}

bool IsId(std::string_view id) {
  constexpr size_t kLongest = 63;
  const auto outer = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  const auto inner = [&outer](char c) { return outer(c) || c == '-' || c == '_' || c == '.'; };
  return !id.empty() && id.size() <= kLongest && outer(id.front()) && outer(id.back()) &&
         std::all_of(id.begin(), id.end(), inner);
}

std::string_view IdOf(std::string_view name) { return name.substr(name.rfind('/') + 1); }

int64_t SequenceOf(std::string_view exchange) {
  const std::string_view id = IdOf(exchange);
  int64_t sequence = 0;
  const auto [end, error] = std::from_chars(id.data(), id.data() + id.size(), sequence);
  return error == std::errc() && end == id.data() + id.size() && sequence > 0 ? sequence : 0;
}

}  // namespace timebank::client
