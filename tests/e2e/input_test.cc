// Wrong input gets the documented error and changes nothing.
#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "tests/e2e/service_fixture.h"

namespace timebank::e2e {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using grpc::StatusCode;

// So deep are texts within texts' messages looked for.
constexpr int kNested = 3;

// Puts `text` into one field of `message`, calls `use`, and takes it out again; for every text within.
void WithEachText(Message* message, const std::string& text, int deepest, const std::function<void()>& use) {
  const auto* reflection = message->GetReflection();
  for (int i = 0; i < message->GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor* field = message->GetDescriptor()->field(i);
    if (field->type() == FieldDescriptor::TYPE_STRING) {
      field->is_repeated() ? reflection->AddString(message, field, text)
                           : reflection->SetString(message, field, text);
      use();
    } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE && deepest > 0) {
      WithEachText(field->is_repeated() ? reflection->AddMessage(message, field)
                                        : reflection->MutableMessage(message, field),
                   text, deepest - 1, use);
    }
    reflection->ClearField(message, field);
  }
}

class InputTest : public ServiceTest {
 protected:
  void SetUp() override {
    ServiceTest::SetUp();
    bank_.emplace(wire_, "input-" + std::to_string(++banks_opened),
                  std::initializer_list<std::string_view>{"ana", "ben", "carla"});
    bank_->Record("ben", "ana", kHour);
    before_ = bank_->Everything();
  }
  // Nothing has changed, and everything goes on.
  void TearDown() override {
    EXPECT_EQ(bank_->Everything(), before_);
    bank_->Record("ben", "ana", kHour);
    EXPECT_EQ(bank_->SecondsOf("ben"), 2 * kHour);
  }

  Answer<v1::RecordExchangeResponse> Record(const v1::RecordExchangeRequest& request) {
    return wire_.Call<v1::RecordExchangeResponse>(request);
  }

  std::optional<LiveBank> bank_;

 private:
  std::string before_;
  static inline int banks_opened = 0;
};

// Goal: whoever is not there cannot give, receive or act.
TEST_F(InputTest, UnknownMember) {
  const auto giver = Record(bank_->Helped("nobody", "ana", kHour));
  EXPECT_THAT(giver, IsRefused(StatusCode::NOT_FOUND, "HOLDER_NOT_FOUND"));
  EXPECT_EQ(giver.metadata.at("name"), "members/nobody");
  EXPECT_THAT(Record(bank_->Helped("ben", "nobody", kHour)),
              IsRefused(StatusCode::NOT_FOUND, "HOLDER_NOT_FOUND"));
  EXPECT_THAT(wire_.Call<v1::RecordExchangeResponse>(bank_->Helped("ben", "ana", kHour), As("nobody")),
              IsRefused(StatusCode::NOT_FOUND, "HOLDER_NOT_FOUND"));
  auto elsewhere = bank_->Helped("ben", "ana", kHour);
  elsewhere.mutable_exchange()->mutable_givers(0)->set_holder("timebanks/other/members/ben");
  EXPECT_THAT(Record(elsewhere), IsInvalid("exchange.givers[0].holder", "OTHER_BANK"));
  auto nowhere = bank_->Helped("ben", "ana", kHour);
  nowhere.mutable_exchange()->mutable_givers(0)->set_holder("Ben");
  EXPECT_THAT(Record(nowhere), IsInvalid("exchange.givers[0].holder", "MALFORMED"));
}

// Goal: only hours that somebody can have given are taken.
TEST_F(InputTest, ZeroNegativeAndHugeHours) {
  EXPECT_THAT(Record(bank_->Helped("ben", "ana", 0)), IsInvalid("exchange.seconds", "MUST_BE_POSITIVE"));
  EXPECT_THAT(Record(bank_->Helped("ben", "ana", -kHour)), IsInvalid("exchange.seconds", "MUST_BE_POSITIVE"));
  EXPECT_THAT(Record(bank_->Helped("ben", "ana", 1'000'000'000'001)),
              IsInvalid("exchange.seconds", "OUT_OF_RANGE"));
  EXPECT_THAT(Record(bank_->Helped("ben", "ana", std::numeric_limits<int64_t>::max())),
              IsInvalid("exchange.seconds", "OUT_OF_RANGE"));
  // 2^63, which an int64 reads as the lowest number there is.
  EXPECT_THAT(Record(bank_->Helped("ben", "ana", std::numeric_limits<int64_t>::min())),
              IsInvalid("exchange.seconds", "MUST_BE_POSITIVE"));
  auto zero_share = bank_->Helped("ben", "ana", kHour);
  zero_share.mutable_exchange()->mutable_receivers(0)->set_seconds(0);
  EXPECT_THAT(Record(zero_share), IsInvalid("exchange.receivers[0].seconds", "MUST_BE_POSITIVE"));
}

// Goal: shares that do not balance are refused where nobody says who takes the rest.
TEST_F(InputTest, UnbalancedShares) {
  auto request = bank_->Helped("ben", "ana", 0);
  request.mutable_exchange()->mutable_givers(0)->set_seconds(kHour);
  request.mutable_exchange()->mutable_receivers(0)->set_seconds(kHour / 2);
  const auto refused = Record(request);
  EXPECT_THAT(refused, IsRefused(StatusCode::INVALID_ARGUMENT, "SHARES_DO_NOT_BALANCE"));
  EXPECT_EQ(refused.metadata.at("given"), "3600");
  EXPECT_EQ(refused.metadata.at("received"), "1800");
}

// Goal: help is dated within the bank's own time, and on days that there are.
TEST_F(InputTest, Days) {
  auto request = bank_->Helped("ben", "ana", kHour);
  request.mutable_exchange()->set_occurred_on("2999-01-01");
  const auto future = Record(request);
  EXPECT_THAT(future, IsInvalid("exchange.occurred_on", "DAY_IN_FUTURE"));
  EXPECT_EQ(future.metadata.at("today"), bank_->Bank().today());
  request.mutable_exchange()->set_occurred_on("1899-12-31");
  EXPECT_THAT(Record(request), IsInvalid("exchange.occurred_on", "DAY_TOO_EARLY"));
  for (const char* day : {"2025-02-29", "13/11/2025", "2025-1-1", "yesterday", "2025-01-01T00:00:00Z"}) {
    request.mutable_exchange()->set_occurred_on(day);
    EXPECT_THAT(Record(request), IsInvalid("exchange.occurred_on", "MALFORMED")) << day;
  }
}

// Goal: nobody helps oneself, and an exchange has two sides.
TEST_F(InputTest, Parties) {
  EXPECT_THAT(Record(bank_->Helped("ana", "ana", kHour)),
              IsInvalid("exchange.receivers[0].holder", "SAME_HOLDER"));
  auto nobody = bank_->Helped("ben", "ana", kHour);
  nobody.mutable_exchange()->clear_givers();
  EXPECT_THAT(Record(nobody), IsInvalid("exchange.givers", "REQUIRED"));
  auto crowd = bank_->Helped("ben", "ana", kHour);
  for (int i = 0; i < 256; ++i)
    crowd.mutable_exchange()->add_receivers()->set_holder("members/x" + std::to_string(i));
  EXPECT_THAT(Record(crowd), IsInvalid("exchange.receivers", "TOO_MANY"));
}

// Goal: ten megabytes of text are refused by name, more than a message may have by the transport.
TEST_F(InputTest, TooMuchText) {
  auto request = bank_->Helped("ben", "ana", kHour);
  request.mutable_exchange()->set_note(std::string(2001, 'x'));
  EXPECT_THAT(Record(request), IsInvalid("exchange.note", "TOO_LONG"));
  request.mutable_exchange()->set_note(std::string(10u << 20, 'x'));
  EXPECT_THAT(Record(request), IsInvalid("exchange.note", "TOO_LONG"));
  request.mutable_exchange()->set_note(std::string(20u << 20, 'x'));
  const auto refused = Record(request);
  EXPECT_EQ(refused.code, StatusCode::RESOURCE_EXHAUSTED) << refused;
  EXPECT_EQ(refused.reason, "") << "it never came as far as the service";
  request.mutable_exchange()->clear_note();
  request.set_request_id(std::string(10u << 20, 'x'));
  EXPECT_THAT(Record(request), IsInvalid("request_id", "TOO_LONG"));
  request.set_request_id("with a blank");
  EXPECT_THAT(Record(request), IsInvalid("request_id", "MALFORMED"));
}

// Goal: an id stands for one request.
TEST_F(InputTest, SameIdOtherBody) {
  auto request = bank_->Helped("ben", "ana", kHour);
  request.set_request_id("r-4");  // what SetUp() recorded with
  EXPECT_TRUE(Record(request).reply.replayed());
  request.mutable_exchange()->set_seconds(kHour + 1);
  const auto other = Record(request);
  EXPECT_THAT(other, IsRefused(StatusCode::ALREADY_EXISTS, "REQUEST_ID_REUSED"));
  EXPECT_EQ(other.metadata.at("exchange"), bank_->NameOf(bank_->Bank().last_sequence()));
}

// Goal: several wrong fields are told at once.
TEST_F(InputTest, EverythingThatIsWrong) {
  auto request = bank_->Helped("ana", "ana", -1);
  request.mutable_exchange()->set_occurred_on("2999-01-01");
  request.mutable_exchange()->add_tags("");
  const auto refused = Record(request);
  EXPECT_THAT(refused, IsRefused(StatusCode::INVALID_ARGUMENT, "VALIDATION"));
  const std::map<std::string, std::string> expected = {{"exchange.receivers[0].holder", "SAME_HOLDER"},
                                                       {"exchange.seconds", "MUST_BE_POSITIVE"},
                                                       {"exchange.occurred_on", "DAY_IN_FUTURE"},
                                                       {"exchange.tags[0]", "REQUIRED"}};
  EXPECT_EQ(refused.fields, expected);
}

// Goal: bytes that are no UTF-8, no message, or no request at all are refused, and the server is none the
// worse.
TEST_F(InputTest, BytesThatAreNoRequest) {
  const std::string method = MethodOf(*v1::RecordExchangeRequest::descriptor());
  auto request = bank_->Helped("ben", "ana", kHour);
  request.mutable_exchange()->set_note("@@@@");
  std::string bytes = request.SerializeAsString();
  for (const char* broken : {"\xff\xfe\xff\xfe", "\xc3\x28\xc3\x28", "\xed\xa0\x80y", "\xf5\x80\x80\x80"}) {
    std::string wrong = bytes;
    wrong.replace(wrong.find("@@@@"), 4, broken);
    const Outcome refused = wire_.CallWithBytes(method, wrong);
    EXPECT_THAT(refused, IsInvalid("exchange.note", "NOT_UTF8"));
  }
  // What is no message at all never comes as far as the service.
  for (const std::string& wrong :
       {std::string("\x0a\x7f", 2), std::string(1000, '\xff'), bytes.substr(0, 20)}) {
    EXPECT_EQ(wire_.CallWithBytes(method, wrong).code, StatusCode::UNIMPLEMENTED);
  }
  EXPECT_THAT(wire_.CallWithBytes(method, ""), IsRefused(StatusCode::INVALID_ARGUMENT, "VALIDATION"));
}

// Goal: in no field of any request is text taken that is not UTF-8, and none of them harms the server.
TEST_F(InputTest, TextThatIsNotUtf8InAnyField) {
  int tried = 0;
  for (const Message* any : std::initializer_list<const Message*>{
           &v1::CreateTimebankRequest::default_instance(), &v1::CreateMemberRequest::default_instance(),
           &v1::CreateCircleRequest::default_instance(), &v1::RecordExchangeRequest::default_instance()}) {
    const auto* service = any->GetDescriptor()->file()->service(0);
    for (int m = 0; m < service->method_count(); ++m) {
      if (service->method(m)->server_streaming()) continue;
      const auto* type = service->method(m)->input_type();
      const std::unique_ptr<Message> request(
          google::protobuf::MessageFactory::generated_factory()->GetPrototype(type)->New());
      const bool changes = type->FindFieldByName("request_id") != nullptr;
      WithEachText(request.get(), "\xff\xfe", kNested, [&] {
        ++tried;
        const Outcome refused = wire_.CallWithBytes(MethodOf(*type), request->SerializeAsString());
        EXPECT_EQ(refused.code, StatusCode::INVALID_ARGUMENT) << request->ShortDebugString() << refused;
        EXPECT_TRUE(refused.reason == "VALIDATION" || (!changes && refused.reason == "BAD_PAGE_TOKEN"))
            << type->name() << " " << refused;
      });
    }
  }
  EXPECT_GT(tried, 200);
}

// Goal: who calls is read from the metadata, or refused by its name.
TEST_F(InputTest, Metadata) {
  const auto request = bank_->Helped("ben", "ana", kHour);
  for (const auto& [key, value] : {std::pair("timebank-role", "king"), std::pair("timebank-caller", "A B"),
                                   std::pair("timebank-member", "pots/community")}) {
    EXPECT_THAT(wire_.Call<v1::RecordExchangeResponse>(request, {.metadata = {{key, value}}}),
                IsInvalid(key, "MALFORMED"));
  }
  EXPECT_THAT(wire_.Call<v1::RecordExchangeResponse>(request, As("timebanks/other/members/ana")),
              IsInvalid("timebank-member", "OTHER_BANK"));
}

}  // namespace
}  // namespace timebank::e2e
