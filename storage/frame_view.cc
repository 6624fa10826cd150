#include "storage/frame_view.h"

#include "absl/strings/str_cat.h"
#include "storage/damaged.h"
#include "storage/database.h"
#include "storage/keys.h"
#include "storage/wire.h"
#include "timebank/storage/v1/frame.pb.h"

namespace timebank::storage {
namespace {

using v1::Frame;
using v1::FrameRow;
using Type = WireFields::Type;

constexpr uint32_t kFrameVersion = 1;

absl::StatusOr<FrameView::Row> ReadRow(std::string_view bytes) {
  WireFields fields(bytes);
  uint64_t family = 0;
  FrameView::Row row{};
  while (fields.Next()) {
    if (fields.Is(FrameRow::kFamilyFieldNumber, Type::kVarint)) family = fields.varint();
    if (fields.Is(FrameRow::kKeyFieldNumber, Type::kBytes)) row.key = fields.bytes();
    if (fields.Is(FrameRow::kValueFieldNumber, Type::kBytes)) row.value = fields.bytes();
  }
  if (!fields.ok()) return Damaged("a row of a frame does not parse");
  if (family > UINT32_MAX || !StandsInFrames(static_cast<uint32_t>(family))) {
    return Damaged(absl::StrCat("a frame has a row of family ", family));
  }
  row.family = static_cast<Family>(family);
  if (row.family == Family::kText && !ParseTextKey(row.key).has_value()) {
    return Damaged("a frame has a text of no entry");
  }
  return row;
}

}  // namespace

absl::StatusOr<FrameView> ReadFrame(std::string_view bytes) {
  WireFields fields(bytes);
  uint64_t version = 0;
  FrameView frame;
  std::vector<std::string_view> rows;
  while (fields.Next()) {
    if (fields.Is(Frame::kVersionFieldNumber, Type::kVarint)) version = fields.varint();
    if (fields.Is(Frame::kEntriesFieldNumber, Type::kBytes)) frame.entries.push_back(fields.bytes());
    if (fields.Is(Frame::kRowsFieldNumber, Type::kBytes)) rows.push_back(fields.bytes());
  }
  if (!fields.ok()) return Damaged("a frame does not parse");
  if (version > kFrameVersion) {
    return absl::FailedPreconditionError(absl::StrCat("frame of version ", version,
                                                      ", this server reads up to ", kFrameVersion,
                                                      ": use a newer timebankd"));
  }
  frame.rows.reserve(rows.size());
  for (std::string_view row_bytes : rows) {
    absl::StatusOr<FrameView::Row> row = ReadRow(row_bytes);
    if (!row.ok()) return row.status();
    frame.rows.push_back(*row);
  }
  return frame;
}

}  // namespace timebank::storage
