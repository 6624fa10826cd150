// Who is let in: every RPC as every role, and what callers may say of themselves.
#include <gmock/gmock.h>
#include <google/protobuf/dynamic_message.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "server/access/access_service.h"
#include "server/access/gatekeeper.h"
#include "server/access/who_may.h"
#include "server/ledger/error.h"
#include "tests/support/matchers.h"
#include "timebank/v1/circle_service.pb.h"
#include "timebank/v1/ledger_service.pb.h"
#include "timebank/v1/member_service.pb.h"
#include "timebank/v1/timebank_service.pb.h"

namespace timebank::access {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FileDescriptor;
using google::protobuf::Message;
using google::protobuf::MessageFactory;
using ledger::Reason;
using services::Caller;
using services::Sight;
using testing::ElementsAre;

Identity Of(v1::Role role) {
  Identity identity;
  identity.owner = "sue";
  identity.role = role;
  if (role != v1::ROLE_OPERATOR) identity.bank = "rushey";
  if (role != v1::ROLE_OPERATOR) identity.bank_number = 7;
  if (role == v1::ROLE_MEMBER) identity.member = "ana";
  return identity;
}

// A request of this RPC about a bank, as it would come over the wire.
std::unique_ptr<Message> RequestAbout(const Rule& rule, const std::string& bank) {
  std::unique_ptr<Message> request(
      MessageFactory::generated_factory()->GetPrototype(rule.method->input_type())->New());
  if (rule.name == nullptr) return request;
  Message* holder = request.get();
  if (rule.inside != nullptr) holder = request->GetReflection()->MutableMessage(request.get(), rule.inside);
  holder->GetReflection()->SetString(holder, rule.name, "timebanks/" + bank + "/members/ana");
  return request;
}

std::vector<const Rule*> AllRules() {
  std::vector<const Rule*> rules;
  for (const FileDescriptor* file :
       {v1::CreateKeyRequest::descriptor()->file(), v1::RecordExchangeRequest::descriptor()->file(),
        v1::CreateMemberRequest::descriptor()->file(), v1::CreateCircleRequest::descriptor()->file(),
        v1::CreateTimebankRequest::descriptor()->file()}) {
    for (int s = 0; s < file->service_count(); ++s) {
      for (int m = 0; m < file->service(s)->method_count(); ++m) {
        rules.push_back(WhoMay::OfServices().Find(file->service(s)->method(m)->input_type()));
      }
    }
  }
  return rules;
}

bool Lets(const Identity& identity, const Message& request, std::string_view role = "",
          std::string_view member = "") {
  const absl::StatusOr<Caller> caller = Admit(identity, role, member, request);
  EXPECT_TRUE(caller.ok() || ledger::ReasonOf(caller.status()) == Reason::kRoleRequired);
  return caller.ok();
}

// Goal: every RPC, as every role, for the own bank and for another one: who may is exactly who is said to.
TEST(AdmitTest, EveryRpcAsEveryRole) {
  int let_in = 0;
  int refused = 0;
  for (const Rule* rule : AllRules()) {
    for (int number = v1::ROLE_OPERATOR; number <= v1::Role_MAX; ++number) {
      const auto role = static_cast<v1::Role>(number);
      SCOPED_TRACE(rule->method->full_name() + " as " + v1::Role_Name(role));
      Identity identity = Of(role);
      const auto own = RequestAbout(*rule, "rushey");
      const auto others = RequestAbout(*rule, "oak");
      if (role == v1::ROLE_PARTNER && rule->scope != kScopeOfAll) {
        EXPECT_FALSE(Lets(identity, *own)) << "without a scope";
        identity.scopes = {"exchanges.nothing", rule->scope + "x"};
        EXPECT_FALSE(Lets(identity, *own)) << "with other scopes";
        identity.scopes = {"feed.nothing", rule->scope};
      }
      const bool may = rule->Allows(role);
      EXPECT_EQ(Lets(identity, *own), may);
      const bool anywhere = role == v1::ROLE_OPERATOR || rule->name == nullptr;
      EXPECT_EQ(Lets(identity, *others), may && anywhere) << "another bank";
      ++(may ? let_in : refused);
    }
  }
  EXPECT_GT(let_in, 60);
  EXPECT_GT(refused, 100);
}

// Goal: a role can be lowered, and never raised or exchanged for one that may something else.
TEST(AdmitTest, ARoleIsOnlyEverLowered) {
  v1::GetTimebankRequest request;  // everybody's
  request.set_name("timebanks/rushey");
  const std::pair<v1::Role, const char*> roles[] = {
      {v1::ROLE_OPERATOR, "operator"}, {v1::ROLE_STEWARD, "steward"}, {v1::ROLE_BROKER, "broker"},
      {v1::ROLE_MEMBER, "member"},     {v1::ROLE_PARTNER, "partner"}, {v1::ROLE_READER, "reader"}};
  for (const auto& [role, name] : roles) {
    for (const auto& [wanted, word] : roles) {
      const bool reader = wanted == v1::ROLE_READER && role != v1::ROLE_OPERATOR;
      EXPECT_EQ(Lets(Of(role), request, word), role == wanted || reader) << name << " as " << word;
    }
  }
  Identity broker = Of(v1::ROLE_BROKER);
  broker.member = "ben";
  const Caller caller = *Admit(broker, "member", "", request);
  EXPECT_EQ(caller.actor.role, ledger::Role::kMember);
  EXPECT_EQ(caller.actor.member, "ben");
  EXPECT_EQ(caller.sight, Sight::kOwn);
  v1::ListMembersRequest members;
  members.set_parent("timebanks/rushey");
  EXPECT_TRUE(Lets(broker, members));
  EXPECT_FALSE(Lets(broker, members, "member")) << "what was given away is gone for this call";
  EXPECT_FALSE(Admit(broker, "chair", "", request)->violations.empty());

  // What the credential itself may not, no role that it is lowered to may.
  v1::GetTotalsRequest totals;
  totals.set_parent("timebanks/rushey");
  v1::GetBalanceRequest pot;
  pot.set_name("timebanks/rushey/pots/community");
  EXPECT_TRUE(Lets(Of(v1::ROLE_BROKER), totals, "reader"));
  EXPECT_TRUE(Lets(Of(v1::ROLE_READER), pot));
  EXPECT_FALSE(Lets(Of(v1::ROLE_STEWARD), pot, "reader"));
  Identity partner = Of(v1::ROLE_PARTNER);
  partner.scopes = {"exchanges.record"};
  EXPECT_FALSE(Lets(partner, totals, "reader"));
  partner.scopes = {"totals.read"};
  EXPECT_TRUE(Lets(partner, totals, "reader"));
}

// Goal: who is at the keyboard is for permitted partners to say, and takes rights away.
TEST(AdmitTest, OnlyPermittedPartnersSayWhoIsAtTheKeyboard) {
  v1::RecordExchangeRequest record;
  record.set_parent("timebanks/rushey");
  for (int role = v1::ROLE_OPERATOR; role <= v1::Role_MAX; ++role) {
    Identity identity = Of(static_cast<v1::Role>(role));
    identity.scopes = {"exchanges.record"};
    EXPECT_FALSE(Lets(identity, record, "", "ben")) << v1::Role_Name(static_cast<v1::Role>(role));
  }
  EXPECT_TRUE(Lets(Of(v1::ROLE_MEMBER), record, "", "ana")) << "that is who it is";
  EXPECT_TRUE(Lets(Of(v1::ROLE_MEMBER), record, "", "timebanks/rushey/members/ana"));
  EXPECT_FALSE(Lets(Of(v1::ROLE_MEMBER), record, "", "timebanks/oak/members/ana"));
  EXPECT_FALSE(Lets(Of(v1::ROLE_MEMBER), record, "", "ana/ben"));

  Identity partner = Of(v1::ROLE_PARTNER);
  partner.scopes = {"exchanges.record", "members.read", "feed.read"};
  const Caller alone = *Admit(partner, "", "", record);
  EXPECT_EQ(alone.actor.role, ledger::Role::kPartner);
  EXPECT_EQ(alone.sight, Sight::kAll);
  EXPECT_TRUE(alone.hears_balances);
  partner.scopes = {"exchanges.record", "members.read"};
  EXPECT_FALSE(Admit(partner, "", "", record)->hears_balances) << "a second recorded would tell any balance";
  partner.scopes.push_back("exchanges.read");
  EXPECT_TRUE(Admit(partner, "", "", record)->hears_balances);
  EXPECT_TRUE(Admit(Of(v1::ROLE_BROKER), "", "", record)->hears_balances);
  partner.may_state_member = true;
  const Caller keyboard = *Admit(partner, "", "members/ben", record);
  EXPECT_EQ(keyboard.actor.role, ledger::Role::kMember);
  EXPECT_EQ(keyboard.actor.member, "ben");
  EXPECT_EQ(keyboard.sight, Sight::kOwn);
  EXPECT_FALSE(Lets(partner, record, "", "timebanks/oak/members/ben"));
  EXPECT_FALSE(Admit(partner, "", "no such/thing", record)->violations.empty());
  v1::ListMembersRequest members;
  members.set_parent("timebanks/rushey");
  EXPECT_TRUE(Lets(partner, members));
  EXPECT_FALSE(Lets(partner, members, "", "ben")) << "a member does not read the list of members";
}

// Goal: what a caller does is the owner's, whichever key it has, and bears the bank that the key is for.
TEST(AdmitTest, TheOwnerIsTheCaller) {
  v1::RecordExchangeRequest record;
  record.set_parent("timebanks/rushey");
  const Caller caller = *Admit(Of(v1::ROLE_BROKER), "", "", record);
  EXPECT_EQ(caller.actor.caller, "sue");
  EXPECT_EQ(caller.actor.RequestOwner(), "k:sue");
  EXPECT_EQ(caller.bank, "rushey");
  EXPECT_EQ(caller.bank_number, 7u);
  EXPECT_EQ(caller.sight, Sight::kAll);
}

// Goal: a key that could not mean anything is told so, field by field.
TEST(AdmitTest, KeysThatMakeNoSense) {
  const auto problems = [](const std::function<void(v1::Key&)>& change, bool of_bank = true) {
    v1::Key key;
    key.set_owner("sue");
    key.set_role(v1::ROLE_BROKER);
    change(key);
    std::vector<std::string> fields;
    for (const auto& problem : ProblemsOf(key, of_bank, 1'000'000'000)) fields.push_back(problem.field);
    return fields;
  };
  EXPECT_THAT(problems([](v1::Key&) {}), ElementsAre());
  EXPECT_THAT(problems([](v1::Key& key) { key.Clear(); }), ElementsAre("key.owner", "key.role"));
  EXPECT_THAT(problems([](v1::Key& key) { key.set_owner("Sue"); }), ElementsAre("key.owner"));
  EXPECT_THAT(problems([](v1::Key&) {}, false), ElementsAre("key.role"));
  EXPECT_THAT(problems([](v1::Key& key) { key.set_role(v1::ROLE_OPERATOR); }), ElementsAre("key.role"));
  EXPECT_THAT(problems([](v1::Key& key) { key.set_role(v1::ROLE_OPERATOR); }, false), ElementsAre());
  EXPECT_THAT(problems([](v1::Key& key) { key.set_role(static_cast<v1::Role>(17)); }),
              ElementsAre("key.role"));
  EXPECT_THAT(problems([](v1::Key& key) { key.set_role(v1::ROLE_MEMBER); }), ElementsAre("key.member"));
  EXPECT_THAT(problems([](v1::Key& key) { key.set_member("ana"); }), ElementsAre());
  EXPECT_THAT(problems([](v1::Key& key) { key.add_scopes("feed.read"); }), ElementsAre("key.scopes[0]"));
  const auto partner = [](v1::Key& key) {
    key.set_role(v1::ROLE_PARTNER);
    key.add_scopes("feed.read");
  };
  EXPECT_THAT(problems(partner), ElementsAre());
  EXPECT_THAT(problems([&](v1::Key& key) { partner(key), key.add_scopes("feed.read"); }),
              ElementsAre("key.scopes[1]"));
  EXPECT_THAT(problems([&](v1::Key& key) { partner(key), key.add_scopes("keys.write"); }),
              ElementsAre("key.scopes[1]"));
  EXPECT_THAT(problems([&](v1::Key& key) {
                partner(key);
                for (int i = 0; i < 1'000'000; ++i) key.add_scopes("feed.read");
              }),
              ElementsAre("key.scopes"))
      << "at once";
  EXPECT_THAT(problems([](v1::Key& key) { key.set_may_state_member(true); }),
              ElementsAre("key.may_state_member"));
  EXPECT_THAT(problems([](v1::Key& key) { key.mutable_expire_time()->set_seconds(1000); }),
              ElementsAre("key.expire_time"));
  EXPECT_THAT(problems([](v1::Key& key) { key.mutable_expire_time()->set_seconds(1001); }), ElementsAre());
  EXPECT_THAT(problems([](v1::Key& key) { key.set_note(std::string(201, 'x')); }), ElementsAre("key.note"));
}

}  // namespace
}  // namespace timebank::access
