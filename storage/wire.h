// Protobuf's wire format, field by field: for what is read so often that building a message costs too much.
//
// Source: the encoding guide of Protocol Buffers. Fields of a number or type that a reader does not know are
// passed over, as a message's parser does.
//
// Threads: pure functions.
#ifndef TIMEBANK_STORAGE_WIRE_H_
#define TIMEBANK_STORAGE_WIRE_H_

#include <cstdint>
#include <string_view>

#include "storage/coding.h"

namespace timebank::storage {

// The fields of one message, one after the other.
class WireFields {
 public:
  enum class Type { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

  explicit WireFields(std::string_view message) : reader_(message) {}

  // To the next field. false: there is none, or the bytes are no message; then ok() tells.
  bool Next() {
    if (reader_.AtEnd()) return false;
    const uint64_t tag = reader_.Varint();
    number_ = tag >> 3;
    type_ = static_cast<Type>(tag & 7);
    switch (type_) {
      case Type::kVarint:
        value_ = reader_.Varint();
        break;
      case Type::kFixed64:
        bytes_ = reader_.Take(sizeof(uint64_t));
        break;
      case Type::kBytes:
        bytes_ = reader_.Take(reader_.Varint());
        break;
      case Type::kFixed32:
        bytes_ = reader_.Take(sizeof(uint32_t));
        break;
      default:  // groups are older than anything that is kept here
        ok_ = false;
    }
    ok_ = ok_ && reader_.ok() && number_ != 0;
    return ok_;
  }
  bool ok() const { return ok_; }

  // Whether this is field `number` of that type.
  bool Is(int number, Type type) const { return number_ == static_cast<uint64_t>(number) && type_ == type; }
  uint64_t number() const { return number_; }
  Type type() const { return type_; }

  uint64_t varint() const { return value_; }
  int64_t zigzag() const { return UnZigZag(value_); }
  uint64_t fixed64() const {
    uint64_t value = 0;
    for (size_t i = sizeof value; i > 0; --i) value = value << 8 | static_cast<unsigned char>(bytes_[i - 1]);
    return value;
  }
  std::string_view bytes() const { return bytes_; }

 private:
  Reader reader_;
  bool ok_ = true;
  uint64_t number_ = 0;
  Type type_ = Type::kVarint;
  uint64_t value_ = 0;
  std::string_view bytes_;
};

}  // namespace timebank::storage

#endif  // TIMEBANK_STORAGE_WIRE_H_
