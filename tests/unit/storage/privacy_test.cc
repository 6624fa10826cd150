#include <google/protobuf/descriptor.h>

#include <functional>
#include <set>
#include <string>

#include "gtest/gtest.h"
#include "timebank/storage/v1/access.pb.h"
#include "timebank/storage/v1/entry.pb.h"
#include "timebank/storage/v1/frame.pb.h"
#include "timebank/storage/v1/privacy.pb.h"
#include "timebank/storage/v1/rows.pb.h"

namespace timebank::storage {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;

v1::Privacy PrivacyOf(const FieldDescriptor& field) { return field.options().GetExtension(v1::privacy); }

void ForEachMessage(const Descriptor& message, const std::function<void(const Descriptor&)>& visit) {
  visit(message);
  for (int i = 0; i < message.nested_type_count(); ++i) ForEachMessage(*message.nested_type(i), visit);
}

// Goal: every stored field says whether it is a fact or words about people.
TEST(PrivacyTest, EveryStoredFieldIsMarked) {
  int fields = 0;
  for (const FileDescriptor* file : {v1::Entry::descriptor()->file(), v1::Frame::descriptor()->file(),
                                     v1::BankRow::descriptor()->file(), v1::KeyRow::descriptor()->file()}) {
    for (int i = 0; i < file->message_type_count(); ++i) {
      ForEachMessage(*file->message_type(i), [&fields](const Descriptor& message) {
        for (int j = 0; j < message.field_count(); ++j, ++fields) {
          const v1::Privacy privacy = PrivacyOf(*message.field(j));
          EXPECT_TRUE(privacy == v1::PRIVACY_FACT || privacy == v1::PRIVACY_TEXT)
              << message.field(j)->full_name();
        }
      });
    }
  }
  EXPECT_GT(fields, 100);
}

// Goal: nothing in an entry, at any depth, is words: entries are kept for ever.
TEST(PrivacyTest, EntriesHoldNoWords) {
  std::set<const Descriptor*> seen;
  const std::function<void(const Descriptor&)> check = [&](const Descriptor& message) {
    if (!seen.insert(&message).second) return;
    for (int i = 0; i < message.field_count(); ++i) {
      const FieldDescriptor& field = *message.field(i);
      EXPECT_EQ(PrivacyOf(field), v1::PRIVACY_FACT) << field.full_name();
      if (field.message_type() != nullptr) check(*field.message_type());
    }
  };
  check(*v1::Entry::descriptor());
  EXPECT_GE(seen.size(), 4u);
}

// Goal: what is marked as a fact has no words inside.
TEST(PrivacyTest, FactsHoldNoWords) {
  const FileDescriptor* file = v1::BankRow::descriptor()->file();
  for (int i = 0; i < file->message_type_count(); ++i) {
    ForEachMessage(*file->message_type(i), [](const Descriptor& message) {
      for (int j = 0; j < message.field_count(); ++j) {
        const FieldDescriptor& field = *message.field(j);
        if (field.message_type() == nullptr || PrivacyOf(field) != v1::PRIVACY_FACT) continue;
        for (int k = 0; k < field.message_type()->field_count(); ++k) {
          EXPECT_EQ(PrivacyOf(*field.message_type()->field(k)), v1::PRIVACY_FACT) << field.full_name();
        }
      }
    });
  }
}

}  // namespace
}  // namespace timebank::storage
