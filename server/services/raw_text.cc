#include "server/services/raw_text.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/dynamic_message.h>
#include <google/protobuf/io/coded_stream.h>
#include <grpcpp/support/byte_buffer.h>

#include <utility>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "server/ledger/validate.h"

namespace timebank::services {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;
using google::protobuf::DescriptorProto;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;
using google::protobuf::FileDescriptorProto;
using google::protobuf::Message;

// What proto2 does not know: the oneofs that stand for `optional`. They are always the last ones.
void DropSyntheticOneofs(DescriptorProto* message) {
  int synthetic = 0;
  for (auto& field : *message->mutable_field()) {
    if (!field.proto3_optional()) continue;
    field.clear_proto3_optional();
    field.clear_oneof_index();
    ++synthetic;
  }
  for (; synthetic > 0; --synthetic) message->mutable_oneof_decl()->RemoveLast();
  for (auto& nested : *message->mutable_nested_type()) DropSyntheticOneofs(&nested);
}

// The same messages as proto2 has them: equal on the wire, and strings are not checked.
class Twins {
 public:
  const Message* PrototypeOf(const Descriptor* type) {
    absl::MutexLock lock(&mutex_);
    Add(type->file());
    const Descriptor* twin = pool_.FindMessageTypeByName(type->full_name());
    return twin == nullptr ? nullptr : factory_.GetPrototype(twin);
  }

 private:
  void Add(const FileDescriptor* file) {
    if (pool_.FindFileByName(file->name()) != nullptr) return;
    for (int i = 0; i < file->dependency_count(); ++i) Add(file->dependency(i));
    FileDescriptorProto copy;
    file->CopyTo(&copy);
    copy.set_syntax("proto2");
    for (auto& message : *copy.mutable_message_type()) DropSyntheticOneofs(&message);
    pool_.BuildFile(copy);
  }

  absl::Mutex mutex_;
  DescriptorPool pool_;
  google::protobuf::DynamicMessageFactory factory_;
};

// One step from a message to one inside it, or to a string: a field, and which of it (-1: not repeated).
struct Step {
  int field;
  int index;
};
struct RawText {
  std::vector<Step> path;
  std::string text;
};

// Takes text that is not UTF-8 out of `message`.
void TakeOut(Message* message, std::vector<Step>* path, std::vector<RawText>* found) {
  const auto* reflection = message->GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection->ListFields(*message, &fields);
  for (const FieldDescriptor* field : fields) {
    const int count = field->is_repeated() ? reflection->FieldSize(*message, field) : 1;
    for (int i = 0; i < count; ++i) {
      path->push_back({field->number(), field->is_repeated() ? i : -1});
      if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
        TakeOut(field->is_repeated() ? reflection->MutableRepeatedMessage(message, field, i)
                                     : reflection->MutableMessage(message, field),
                path, found);
      } else if (field->type() == FieldDescriptor::TYPE_STRING) {
        std::string text = field->is_repeated() ? reflection->GetRepeatedString(*message, field, i)
                                                : reflection->GetString(*message, field);
        if (!ledger::IsUtf8(text)) {
          found->push_back({*path, std::move(text)});
          field->is_repeated() ? reflection->SetRepeatedString(message, field, i, "")
                               : reflection->SetString(message, field, "");
        }
      }
      path->pop_back();
    }
  }
}

void PutBack(const RawText& raw, Message* message) {
  for (size_t i = 0; i < raw.path.size(); ++i) {
    const auto [number, index] = raw.path[i];
    const auto* reflection = message->GetReflection();
    const FieldDescriptor* field = message->GetDescriptor()->FindFieldByNumber(number);
    const bool last = i + 1 == raw.path.size();
    if (last && index >= 0) {
      reflection->SetRepeatedString(message, field, index, raw.text);
    } else if (last) {
      reflection->SetString(message, field, raw.text);
    } else {
      message = index >= 0 ? reflection->MutableRepeatedMessage(message, field, index)
                           : reflection->MutableMessage(message, field);
    }
  }
}

}  // namespace

bool ParseWithRawText(const std::string& bytes, Message* message) {
  static auto* const twins = new Twins;
  const Message* prototype = twins->PrototypeOf(message->GetDescriptor());
  if (prototype == nullptr) return false;
  const std::unique_ptr<Message> twin(prototype->New());
  if (!twin->ParseFromString(bytes)) return false;
  std::vector<Step> path;
  std::vector<RawText> found;
  TakeOut(twin.get(), &path, &found);
  if (found.empty() || !message->ParseFromString(twin->SerializeAsString())) return false;
  for (const RawText& raw : found) PutBack(raw, message);
  return true;
}

bool ReadInto(grpc_byte_buffer* buffer, google::protobuf::MessageLite* message) {
  grpc_byte_buffer_reader reader;
  if (!grpc_byte_buffer_reader_init(&reader, buffer)) return false;
  grpc_slice* first = nullptr;
  const bool any = grpc_byte_buffer_reader_peek(&reader, &first) != 0;
  bool read = true;
  const auto merge = [message](const uint8_t* bytes, size_t size) {
    google::protobuf::io::CodedInputStream in(bytes, static_cast<int>(size));
    return message->MergePartialFromCodedStream(&in) && in.ConsumedEntireMessage();
  };
  if (any && GRPC_SLICE_LENGTH(*first) == grpc_byte_buffer_length(buffer)) {
    read = merge(GRPC_SLICE_START_PTR(*first), GRPC_SLICE_LENGTH(*first));
  } else if (any) {
    const std::string bytes = BytesOf(buffer);
    read = merge(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
  }
  grpc_byte_buffer_reader_destroy(&reader);
  return read;
}

std::string BytesOf(grpc_byte_buffer* buffer) {
  grpc_byte_buffer_reader reader;
  if (!grpc_byte_buffer_reader_init(&reader, buffer)) return "";
  const grpc_slice all = grpc_byte_buffer_reader_readall(&reader);
  std::string bytes(reinterpret_cast<const char*>(GRPC_SLICE_START_PTR(all)), GRPC_SLICE_LENGTH(all));
  grpc_slice_unref(all);
  grpc_byte_buffer_reader_destroy(&reader);
  return bytes;
}

std::string BytesOf(const grpc::ByteBuffer& buffer) {
  grpc::Slice slice;
  if (!buffer.Valid() || !buffer.DumpToSingleSlice(&slice).ok()) return "";
  return std::string(reinterpret_cast<const char*>(slice.begin()), slice.size());
}

}  // namespace timebank::services
