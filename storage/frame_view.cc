#include "storage/frame_view.h"

#include <google/protobuf/wire_format_lite.h>

#include "absl/strings/str_cat.h"
#include "storage/coding.h"
#include "storage/database.h"
#include "timebank/storage/v1/frame.pb.h"

namespace timebank::storage {
namespace {

using google::protobuf::internal::WireFormatLite;
using v1::Frame;
using v1::FrameRow;

constexpr uint32_t kFrameVersion = 1;

absl::Status Damaged(absl::string_view what) {
  return absl::DataLossError(absl::StrCat("CORRUPT_RECORD: ", what));
}

// One field of a message in protobuf's wire format.
struct Field {
  uint64_t number = 0;
  uint64_t value = 0;      // of a varint
  std::string_view bytes;  // of what has a length
};

// False at the end, and where the bytes are no message: ask `reader`.
bool NextField(Reader* reader, bool* damaged, Field* field) {
  if (reader->AtEnd()) return false;
  const uint64_t tag = reader->Varint();
  *field = Field{.number = tag >> 3, .value = 0, .bytes = {}};
  switch (static_cast<WireFormatLite::WireType>(tag & 7)) {
    case WireFormatLite::WIRETYPE_VARINT:
      field->value = reader->Varint();
      break;
    case WireFormatLite::WIRETYPE_LENGTH_DELIMITED:
      field->bytes = reader->Take(reader->Varint());
      break;
    case WireFormatLite::WIRETYPE_FIXED64:
      reader->Take(8);
      break;
    case WireFormatLite::WIRETYPE_FIXED32:
      reader->Take(4);
      break;
    default:
      *damaged = true;
  }
  *damaged |= !reader->ok() || field->number == 0;
  return !*damaged;
}

absl::StatusOr<FrameView::Row> ReadRow(std::string_view bytes) {
  Reader reader(bytes);
  bool damaged = false;
  uint64_t family = 0;
  FrameView::Row row{};
  for (Field field; NextField(&reader, &damaged, &field);) {
    if (field.number == FrameRow::kFamilyFieldNumber) family = field.value;
    if (field.number == FrameRow::kKeyFieldNumber) row.key = field.bytes;
    if (field.number == FrameRow::kValueFieldNumber) row.value = field.bytes;
  }
  if (damaged) return Damaged("a row of a frame does not parse");
  if (family > UINT32_MAX || !StandsInFrames(static_cast<uint32_t>(family))) {
    return Damaged(absl::StrCat("a frame has a row of family ", family));
  }
  row.family = static_cast<Family>(family);
  return row;
}

}  // namespace

absl::StatusOr<FrameView> ReadFrame(std::string_view bytes) {
  Reader reader(bytes);
  bool damaged = false;
  uint64_t version = 0;
  FrameView frame;
  std::vector<std::string_view> rows;
  for (Field field; NextField(&reader, &damaged, &field);) {
    if (field.number == Frame::kVersionFieldNumber) version = field.value;
    if (field.number == Frame::kEntriesFieldNumber) frame.entries.push_back(field.bytes);
    if (field.number == Frame::kRowsFieldNumber) rows.push_back(field.bytes);
  }
  if (damaged) return Damaged("a frame does not parse");
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
