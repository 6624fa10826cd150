#include "client/cli/resolve_holder.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "client/cli/near_names.h"
#include "tests/unit/cli/fake_bank.h"

namespace timebank::cli {
namespace {

class ResolveHolderTest : public ::testing::Test {
 protected:
  ResolveHolderTest() {
    bank_->AddMember("m1", "Ana Muñoz").set_last_exchange_on("2023-11-14");
    bank_->AddMember("ben", "Ben Ferré");
    bank_->AddMember("m3", "Susana Peña").add_phones("622 17 31 03");
    bank_->AddMember("m4", "Carla Muñoz");
    v1::Member& old = bank_->AddMember("m5", "Dan Roig");
    old.add_external_ids()->set_number("17");
  }

  // Who gets the hours when `name` is typed; else the exit code.
  std::string Resolve(const std::string& name, const RunOptions& options = {}) {
    ran_ = RunCli(bank_, {"record", "ben", "helped", name, "1h"}, options);
    if (ran_.code != ExitCode::kOk) return "exit " + std::to_string(static_cast<int>(ran_.code));
    return ShortReceiver(bank_->exchanges().back());
  }
  static std::string ShortReceiver(const v1::Exchange& exchange) {
    return exchange.receivers(0).holder().substr(std::string("timebanks/rushey/").size());
  }

  std::shared_ptr<FakeBank> bank_ = std::make_shared<FakeBank>();
  Ran ran_;
};

// Goal: an id, a number, a number from before, words without accents, a part of a word, a whole name.
TEST_F(ResolveHolderTest, OneFits) {
  EXPECT_EQ(Resolve("m3"), "members/m3");
  EXPECT_EQ(Resolve("3"), "members/m3") << "the number, and not the phone number that holds a 3";
  EXPECT_EQ(Resolve("17"), "members/m5") << "the number in the older system, and not the phone number";
  EXPECT_EQ(Resolve("carla"), "members/m4");
  EXPECT_EQ(Resolve("ANA MUNOZ"), "members/m1");
  EXPECT_EQ(Resolve("pen"), "members/m3");
  EXPECT_EQ(Resolve("members/m4"), "members/m4");
  EXPECT_EQ(Resolve("timebanks/rushey/members/m4"), "members/m4");
  EXPECT_EQ(Resolve("pot"), "pots/community");
  EXPECT_EQ(Resolve("community"), "pots/community");
}

// Goal: Ana is not Susana, though her name is part of Susana's.
TEST_F(ResolveHolderTest, WholeWordsGoFirst) { EXPECT_EQ(Resolve("ana"), "members/m1"); }

// Goal: a full name means who is called so, and not who has one name more; a first name alone stays a
// question.
TEST_F(ResolveHolderTest, FullNamesGoFirst) {
  bank_->AddMember("m6", "Ana Muñoz Vidal");
  EXPECT_EQ(Resolve("ana muñoz"), "members/m1");
  EXPECT_EQ(Resolve("ana vidal"), "members/m6");
  EXPECT_EQ(Resolve("ana"), "exit 2");
}

// Goal: off a terminal an ambiguous name lists number, name and last exchange, exits 2 and posts nothing.
TEST_F(ResolveHolderTest, AmbiguousPostsNothing) {
  EXPECT_CALL(*bank_, RecordExchange).Times(0);
  EXPECT_EQ(Resolve("munoz", {.terminal = false, .input = "4\n"}), "exit 2") << "a pipe is nobody's answer";
  EXPECT_TRUE(bank_->exchanges().empty());
  EXPECT_EQ(ran_.out, "");
  EXPECT_NE(ran_.err.find("\"munoz\" could be:\n"
                          "  1     Ana Muñoz             last exchange Tue 14 Nov\n"
                          "  4     Carla Muñoz           no exchange yet\n"),
            std::string::npos)
      << ran_.err;
  EXPECT_NE(ran_.err.find("Nothing was changed"), std::string::npos);
}

// Goal: at a terminal the broker chooses; a wrong answer is asked again, three times in all; Enter ends it.
TEST_F(ResolveHolderTest, AsksAtATerminal) {
  EXPECT_EQ(Resolve("munoz", {.terminal = true, .input = "4\n"}), "members/m4");
  EXPECT_EQ(Resolve("munoz", {.terminal = true, .input = "\n"}), "exit 2");
  EXPECT_EQ(Resolve("munoz", {.terminal = true, .input = "3\n"}), "exit 2");
  EXPECT_EQ(Resolve("munoz", {.terminal = true, .input = ""}), "exit 2");
  EXPECT_EQ(Resolve("munoz", {.terminal = true, .input = "3\nana\n4\n"}), "members/m4");
  EXPECT_EQ(Resolve("munoz", {.terminal = true, .input = "3\nana\n9\n4\n"}), "exit 2");
}

// Goal: the columns of a question line up, whatever the names are made of.
TEST_F(ResolveHolderTest, QuestionsLineUp) {
  bank_->AddMember("m6", "Łukasz Muñoz Wędrychowicz de la Santísima");
  bank_->AddMember("m7", "Zoe\xCC\x88 Muñoz 中村");
  EXPECT_EQ(Resolve("munoz"), "exit 2");
  EXPECT_NE(ran_.err.find("  1     Ana Muñoz                                  last exchange Tue 14 Nov\n"
                          "  4     Carla Muñoz                                no exchange yet\n"
                          "  6     Łukasz Muñoz Wędrychowicz de la Santísima  no exchange yet\n"
                          "  7     Zoe\xCC\x88 Muñoz 中村                             no exchange yet\n"),
            std::string::npos)
      << ran_.err;
}

// Goal: nobody is asked who is meant before the rest of the line has been read.
TEST_F(ResolveHolderTest, NamesAreAskedAboutLast) {
  const RunOptions terminal{.terminal = true, .input = "4\n"};
  for (const std::vector<std::string>& line :
       {std::vector<std::string>{"record", "ben", "helped", "munoz", "1h", "--on", "31/2"},
        {"record", "ben", "helped", "munoz,dan:99", "1h"},
        {"record", "munoz", "helped", "xavier", "1h"},
        {"record", "munoz", "helped", "ben", "1h", "yesterday"},
        {"gift", "munoz", "gave", "ben", "1h", "--on", "tomorrow"}}) {
    const Ran ran = RunCli(bank_, line, terminal);
    EXPECT_NE(ran.code, ExitCode::kOk);
    EXPECT_EQ(ran.err.find("could be"), std::string::npos) << ran.err;
  }
}

// Goal: a number that means two people is ambiguous like a name.
TEST_F(ResolveHolderTest, AmbiguousNumbers) {
  bank_->members()[3].add_external_ids()->set_number("1");
  EXPECT_EQ(Resolve("1"), "exit 2");
}

// Goal: an open account goes before a closed one; a closed one is found where there is no other, a merged one
// never.
TEST_F(ResolveHolderTest, OpenBeforeClosed) {
  bank_->members()[0].set_state(v1::Member::STATE_CLOSED);
  EXPECT_EQ(Resolve("munoz"), "members/m4");
  bank_->members()[3].set_state(v1::Member::STATE_MERGED);
  EXPECT_EQ(Resolve("munoz"), "members/m1");
}

// Goal: nobody is not found, and says what to try.
TEST_F(ResolveHolderTest, Nobody) {
  EXPECT_EQ(Resolve("xavier"), "exit 3");
  EXPECT_NE(ran_.err.find("timebank find"), std::string::npos);
  EXPECT_EQ(Resolve("99"), "exit 3");
}

// Goal: a slip of the finger is answered with whoever has nearly that name, also without accents.
TEST_F(ResolveHolderTest, DidYouMean) {
  EXPECT_EQ(Resolve("crala"), "exit 3");
  EXPECT_NE(ran_.err.find("Did you mean Carla Muñoz (4)?"), std::string::npos) << ran_.err;
  EXPECT_EQ(Resolve("sussana pena"), "exit 3");
  EXPECT_NE(ran_.err.find("Did you mean Susana Peña (3)?"), std::string::npos) << ran_.err;
  EXPECT_EQ(RunCli(bank_, "find munos").err,
            "timebank: Nobody here fits \"munos\". Did you mean Ana Muñoz (1), or Carla Muñoz (4)?\n");
  EXPECT_EQ(RunCli(bank_, "find munoz").code, ExitCode::kOk);
}

// Goal: a telephone number is found however it is written.
TEST_F(ResolveHolderTest, PhonesAreFound) {
  for (const char* typed : {"622 17 31 03", "622173103", "+622-173-103", "173103"}) {
    const Ran ran = RunCli(bank_, std::vector<std::string>{"find", typed});
    EXPECT_NE(ran.out.find("Susana"), std::string::npos) << typed << ran.err;
  }
  EXPECT_EQ(RunCli(bank_, "find 622173104").code, ExitCode::kNotFound);
}

// Goal: changes are counted as people make them, and counting stops early.
TEST(NearNamesTest, Distance) {
  EXPECT_EQ(EditDistance("ana", "ana", 2), 0u);
  EXPECT_EQ(EditDistance("ana", "anna", 2), 1u);
  EXPECT_EQ(EditDistance("carla", "crala", 2), 1u);
  EXPECT_EQ(EditDistance("", "ab", 2), 2u);
  EXPECT_EQ(EditDistance("abc", "xyz", 2), 3u);
  EXPECT_EQ(NameDistance("anna munos", "Ana Muñoz", "m1"), 2u);
  EXPECT_EQ(NameDistance("ana xyz", "Ana Muñoz", "m1"), kFarName);
  EXPECT_EQ(NameDistance("", "Ana", "m1"), kFarName);
}

// Goal: who may record and not look names up writes ids; what only a name could be is refused in words about
// looking up, a number too, since it may mean another member than the one with this id.
TEST_F(ResolveHolderTest, IdsWhereNamesMayNotBeLookedUp) {
  const absl::Status refused = ServiceError(absl::StatusCode::kPermissionDenied, "ROLE_REQUIRED");
  ON_CALL(*bank_, GetMember).WillByDefault(::testing::Return(refused));
  ON_CALL(*bank_, ListMembers).WillByDefault(::testing::Return(refused));
  ON_CALL(*bank_, ListCircles).WillByDefault(::testing::Return(refused));
  EXPECT_EQ(Resolve("m4"), "members/m4");
  EXPECT_EQ(bank_->exchanges().back().givers(0).holder(), "timebanks/rushey/members/ben");
  EXPECT_EQ(Resolve("members/m4"), "members/m4");
  EXPECT_EQ(Resolve("xavier"), "exit 3") << "no such id";
  for (const char* typed : {"Carla Muñoz", "17", "circle:Les Tricoteuses"}) {
    EXPECT_EQ(Resolve(typed), "exit 1") << typed;
    EXPECT_NE(ran_.err.find("members.read"), std::string::npos) << ran_.err;
    EXPECT_EQ(ran_.err.find("--member"), std::string::npos) << ran_.err;
  }
  EXPECT_NE(ran_.err.find("circles/ID"), std::string::npos) << ran_.err;
  const absl::Status other =
      ServiceError(absl::StatusCode::kPermissionDenied, "ROLE_REQUIRED", {{"timebank", "timebanks/other"}});
  ON_CALL(*bank_, ListMembers).WillByDefault(::testing::Return(other));
  EXPECT_EQ(Resolve("Carla Muñoz"), "exit 1");
  EXPECT_NE(ran_.err.find("Say --bank other"), std::string::npos) << ran_.err;
}

// Goal: circles are found by id or words.
TEST_F(ResolveHolderTest, Circles) {
  v1::ListCirclesResponse circles;
  circles.add_circles()->set_name("timebanks/rushey/circles/knitters");
  circles.mutable_circles(0)->set_display_name("Les Tricoteuses");
  circles.add_circles()->set_name("timebanks/rushey/circles/c2");
  circles.mutable_circles(1)->set_display_name("Knitting for babies");
  ON_CALL(*bank_, ListCircles).WillByDefault(::testing::Return(circles));
  EXPECT_CALL(*bank_, RecordExchange).Times(::testing::AnyNumber());
  EXPECT_EQ(Resolve("circle:nobody"), "exit 3");
  EXPECT_EQ(Resolve("circle:knit"), "exit 2") << "both";
  EXPECT_EQ(RunCli(bank_, "circle list -o csv").out,
            "number,id,name,members\n0,knitters,Les Tricoteuses,0\n0,c2,Knitting for babies,0\n");
}

}  // namespace
}  // namespace timebank::cli
