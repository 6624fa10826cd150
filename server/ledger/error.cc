#include "server/ledger/error.h"

#include <string>

#include "absl/strings/cord.h"

namespace timebank::ledger {
namespace {

constexpr char kPayload[] = "timebank.v1/reason";

}  // namespace

absl::Status ErrorOf(Reason reason, std::string_view message) {
  absl::Status status(CodeOf(reason), absl::string_view(message.data(), message.size()));
  const std::string_view name = NameOf(reason);
  status.SetPayload(kPayload, absl::Cord(absl::string_view(name.data(), name.size())));
  return status;
}

std::optional<Reason> ReasonOf(const absl::Status& status) {
  if (auto name = status.GetPayload(kPayload)) return ReasonNamed(std::string(*name));
  return std::nullopt;
}

}  // namespace timebank::ledger
