#include "client/cli/import/looked_into.h"

#include <cstddef>
#include <utility>
#include <variant>

namespace timebank::imports {

absl::StatusOr<bool> LookedInto::SomebodyLeft() {
  size_t rejects = 0;
  for (;;) {
    Row row;
    const absl::StatusOr<bool> more = reader_->Next(row);
    if (!more.ok()) return more.status();
    if (!*more) return false;
    const auto* member = std::get_if<ImportedMember>(&row);
    const bool left = member != nullptr && member->closed;
    const bool is_reject = std::holds_alternative<Reject>(row);
    const bool others_begin = member == nullptr && !is_reject;
    rows_.push_back(std::move(row));
    if (left) return true;
    if (others_begin) return false;
    if (is_reject && ++rejects == kMostKeptRejects) return true;
  }
}

absl::StatusOr<bool> LookedInto::Next(Row& row) {
  if (rows_.empty()) return reader_->Next(row);
  row = std::move(rows_.front());
  rows_.pop_front();
  return true;
}

}  // namespace timebank::imports
