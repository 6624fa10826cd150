#include "server/access/who_may.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <set>
#include <string>

#include "timebank/v1/access_service.pb.h"
#include "timebank/v1/ledger_service.pb.h"
#include "timebank/v1/member_service.pb.h"
#include "timebank/v1/timebank_service.pb.h"

namespace timebank::access {
namespace {

using google::protobuf::DescriptorPool;
using google::protobuf::MethodDescriptor;
using google::protobuf::ServiceDescriptor;

// Every RPC of every proto of the API, whatever the server knows of.
std::vector<const MethodDescriptor*> AllMethods() {
  std::vector<const MethodDescriptor*> methods;
  for (const auto& file : std::filesystem::directory_iterator(TIMEBANK_PROTO_FOLDER "/timebank/v1")) {
    const auto* found =
        DescriptorPool::generated_pool()->FindFileByName("timebank/v1/" + file.path().filename().string());
    EXPECT_NE(found, nullptr) << file.path() << " is not linked into this test";
    for (int s = 0; found != nullptr && s < found->service_count(); ++s) {
      const ServiceDescriptor* service = found->service(s);
      for (int m = 0; m < service->method_count(); ++m) methods.push_back(service->method(m));
    }
  }
  return methods;
}

// Goal: no RPC is without roles and a scope, and the server goes by them.
TEST(WhoMayTest, EveryRpcSaysWhoMayCallIt) {
  const std::vector<const MethodDescriptor*> methods = AllMethods();
  EXPECT_GE(methods.size(), 38u);
  for (const MethodDescriptor* method : methods) {
    const v1::WhoMay& said = method->options().GetExtension(v1::who_may);
    EXPECT_GT(said.roles_size(), 0) << method->full_name() << " says nobody may call it";
    EXPECT_NE(said.scope(), "") << method->full_name() << " has no scope";
    const std::set<int> roles(said.roles().begin(), said.roles().end());
    EXPECT_EQ(static_cast<int>(roles.size()), said.roles_size()) << method->full_name() << ": a role twice";
    EXPECT_FALSE(roles.contains(v1::ROLE_UNSPECIFIED)) << method->full_name();
    const Rule* rule = WhoMay::OfServices().Find(method->input_type());
    ASSERT_NE(rule, nullptr) << method->full_name() << " is not known to WhoMay";
    EXPECT_EQ(rule->method, method);
    for (int role = v1::Role_MIN; role <= v1::Role_MAX; ++role) {
      EXPECT_EQ(rule->Allows(static_cast<v1::Role>(role)), roles.contains(role)) << method->full_name();
    }
  }
}

// Goal: what each role stands for holds of all RPCs, new ones included.
TEST(WhoMayTest, TheRolesKeepTheirPromises) {
  for (const MethodDescriptor* method : AllMethods()) {
    const Rule& rule = *WhoMay::OfServices().Find(method->input_type());
    const std::string service = method->service()->name();
    const bool change = method->input_type()->FindFieldByName("request_id") != nullptr;
    const bool of_people =
        service == "LedgerService" || service == "MemberService" || service == "CircleService";
    SCOPED_TRACE(method->full_name());
    EXPECT_FALSE(of_people && rule.Allows(v1::ROLE_OPERATOR)) << "operators do not touch members' data";
    EXPECT_TRUE(!of_people || !rule.Allows(v1::ROLE_STEWARD) || method->name() == "GetTotals");
    EXPECT_FALSE(change && rule.Allows(v1::ROLE_READER)) << "readers read";
    EXPECT_TRUE(!of_people || !rule.Allows(v1::ROLE_MEMBER) || rule.Allows(v1::ROLE_BROKER));
    const bool of_keys = service == "AccessService" && method->name() != "ListActs";
    EXPECT_FALSE(of_keys && rule.Allows(v1::ROLE_BROKER));
    EXPECT_FALSE(method->name() == "ListActs" && rule.Allows(v1::ROLE_OPERATOR)) << "it is about a member";
    EXPECT_FALSE(method->name() == "ListActs" && rule.Allows(v1::ROLE_STEWARD)) << "it is about a member";
    EXPECT_TRUE(rule.name != nullptr || rule.Allows(v1::ROLE_OPERATOR)) << "it names no bank: whose is it?";
  }
}

// Goal: the bank is found wherever a request names it, and nowhere else.
TEST(WhoMayTest, FindsTheBankOfARequest) {
  const auto bank_of = [](const google::protobuf::Message& request) {
    return std::string(WhoMay::OfServices().Find(request.GetDescriptor())->BankOf(request));
  };
  v1::RecordExchangeRequest record;
  record.set_parent("timebanks/rushey");
  EXPECT_EQ(bank_of(record), "rushey");
  for (const char* malformed :
       {"", "rushey", "timebanks/", "timebanks/Rushey", "timebanks/a/b", "banks/rushey"}) {
    record.set_parent(malformed);
    EXPECT_EQ(bank_of(record), "") << malformed;
  }
  v1::GetBalanceRequest balance;
  balance.set_name("timebanks/rushey/members/ana");
  EXPECT_EQ(bank_of(balance), "rushey");
  balance.set_name("members/ana");
  EXPECT_EQ(bank_of(balance), "");
  v1::UpdateMemberRequest update;
  EXPECT_EQ(bank_of(update), "");
  update.mutable_member()->set_name("timebanks/oak/members/ana");
  EXPECT_EQ(bank_of(update), "oak");
  v1::UpdateSettingsRequest settings;
  settings.set_name("timebanks/oak");
  EXPECT_EQ(bank_of(settings), "oak");
  v1::RevokeKeyRequest revoke;
  revoke.set_name("timebanks/oak/keys/k1");
  EXPECT_EQ(bank_of(revoke), "oak");
  revoke.set_name("keys/k1");
  EXPECT_EQ(bank_of(revoke), "");
  v1::CreateTimebankRequest create;
  create.mutable_timebank()->set_name("timebanks/oak");
  EXPECT_EQ(bank_of(create), "") << "a field of output";
}

// Goal: what partners can be given is what the key's comment promises.
TEST(WhoMayTest, ScopesOfPartners) {
  EXPECT_THAT(WhoMay::OfServices().scopes(),
              testing::ElementsAre("exchanges.read", "exchanges.record", "feed.read", "members.read",
                                   "members.write", "totals.read"));
}

}  // namespace
}  // namespace timebank::access
