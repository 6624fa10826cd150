// Whole command lines against the mock connection.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/cord.h"
#include "client/cpp/error.h"
#include "google/rpc/error_details.pb.h"
#include "tests/unit/cli/fake_bank.h"

namespace timebank::cli {
namespace {

using ::testing::_;
using ::testing::Return;

constexpr int64_t kHour = 3600;

class CommandsTest : public ::testing::Test {
 protected:
  CommandsTest() {
    bank_->AddMember("ben", "Ben Ferré", 16200);
    bank_->AddMember("ana", "Ana Muñoz", -kHour);
    bank_->bank.mutable_settings()->add_categories("gardening");
  }

  std::shared_ptr<FakeBank> bank_ = std::make_shared<FakeBank>();
};

// Goal: the sentence that a broker types all day, word for word.
TEST_F(CommandsTest, Record) {
  v1::Notice notice;
  notice.set_kind(v1::Notice::KIND_POSSIBLE_DUPLICATE);
  notice.set_exchange("timebanks/rushey/exchanges/1037");
  bank_->notices = {notice};
  const Ran ran = RunCli(bank_, "record ben helped ana 1h30 gardening --on tue --slip 231");
  EXPECT_EQ(ran.code, ExitCode::kOk);
  EXPECT_EQ(ran.out,
            "1042  Tue 14 Nov  Ben Ferré helped Ana Muñoz  1h30  gardening\n"
            "Ben 6h in credit (was 4h30) · Ana 2h30 in debit (was 1h)\n");
  EXPECT_EQ(ran.err, "! Looks like 1037. Entered twice? timebank undo 1042\n");
}

// Goal: what is no address of a server is told as that, and not looked for on the network.
TEST_F(CommandsTest, ServersThatAreNoAddresses) {
  EXPECT_CALL(*bank_, GetTimebank).Times(0);
  for (const auto& [server, told] : {std::pair{"https://bank.example.org", "HOST:PORT, without https://"},
                                     std::pair{"bank.example.org", "bank.example.org:7400"},
                                     std::pair{"[2001:db8::1]", "[2001:db8::1]:7400"}}) {
    const Ran ran = RunCli(bank_, {"--server", server, "balance", "ana"});
    EXPECT_EQ(ran.code, ExitCode::kUsage) << server;
    EXPECT_NE(ran.err.find(told), std::string::npos) << ran.err;
  }
}

// Goal: what is sent is what was typed: day, category or note, duplicates looked for, the slip as tag and
// request id.
TEST_F(CommandsTest, RecordSendsWhatWasTyped) {
  v1::RecordExchangeRequest sent;
  EXPECT_CALL(*bank_, RecordExchange)
      .WillRepeatedly([&sent](const v1::RecordExchangeRequest& request, auto&) {
        sent = request;
        return absl::UnavailableError("enough");
      });
  RunCli(bank_, "record ben helped ana 1h30 Gardening --on 13/11 --slip 231");
  EXPECT_EQ(sent.parent(), "timebanks/rushey");
  EXPECT_EQ(sent.exchange().givers(0).holder(), "timebanks/rushey/members/ben");
  EXPECT_EQ(sent.exchange().receivers(0).holder(), "timebanks/rushey/members/ana");
  EXPECT_EQ(sent.exchange().seconds(), 5400);
  EXPECT_EQ(sent.exchange().occurred_on(), "2023-11-13");
  EXPECT_EQ(sent.exchange().category(), "gardening") << "in the bank's spelling";
  EXPECT_EQ(sent.exchange().note(), "");
  EXPECT_EQ(sent.exchange().tags(0), "slip:231");
  EXPECT_EQ(sent.request_id(), "slip-231");
  EXPECT_TRUE(sent.check_duplicates());
  EXPECT_FALSE(sent.validate_only());
  RunCli(bank_, "record ben helped ana 1h in the balance yard [urgent] --dry-run --request-id mine");
  EXPECT_EQ(sent.exchange().note(), "in the balance yard [urgent]")
      << "a command's name among the words is a word";
  EXPECT_EQ(sent.exchange().occurred_on(), "") << "the server's today";
  EXPECT_TRUE(sent.validate_only());
  EXPECT_EQ(sent.request_id(), "mine");
}

// Goal: a class: what everybody gets, with the one that differs, and the pot's share; more than four on lines
// of their own.
TEST_F(CommandsTest, RecordAClass) {
  for (const char* name : {"Rosa", "Carla", "Dan", "Eva"})
    bank_->AddMember(std::string(1, static_cast<char>(name[0] + 32)) + "x", name);
  const Ran ran = RunCli(bank_, "record rosa helped ana,ben,carla,dan:1h,eva 2h yoga");
  EXPECT_EQ(ran.code, ExitCode::kOk) << ran.err;
  EXPECT_EQ(
      ran.out,
      "1042  Thu 16 Nov  Rosa (2h) helped Ana Muñoz (2h), Ben Ferré (2h), Carla (2h), Dan (1h) and Eva (2h)"
      "  yoga  (Community pot gained 7h)\n"
      "Rosa 2h in credit (was even)\n"
      "Ana 3h in debit (was 1h)\n"
      "Ben 2h30 in credit (was 4h30)\n"
      "Carla 2h in debit (was even)\n"
      "Dan 1h in debit (was even)\n"
      "Eva 2h in debit (was even)\n"
      "Community pot 7h in credit (was even)\n");
}

// Goal: the pot's part is told as what it is, gained or lost; where everybody has the same it is told once.
TEST_F(CommandsTest, WhatThePotGainedOrLost) {
  EXPECT_NE(
      RunCli(bank_, "record pot helped ana,ben 1h").out.find("Community pot helped Ana Muñoz and Ben Ferré"),
      std::string::npos);
  bank_->AddMember("eva", "Eva Roig");
  EXPECT_NE(
      RunCli(bank_, "record ben helped ana,eva 1h yoga")
          .out.find("Ben Ferré helped Ana Muñoz and Eva Roig  1h each  yoga  (Community pot gained 1h)\n"),
      std::string::npos);
  EXPECT_NE(RunCli(bank_, "record ben:2h helped ana:30m").out.find("(Community pot lost 1h30)\n"),
            std::string::npos);
}

// Goal: a name with a comma is one member wherever names are listed, and never two.
TEST_F(CommandsTest, ANameWithAComma) {
  bank_->AddMember("john", "John Cook");
  bank_->AddMember("smith", "Eve Smith");
  bank_->AddMember("to-20", "Smith, John");
  const Ran ran = RunCli(bank_, "record Smith, John helped ben 1h cake");
  EXPECT_EQ(ran.code, ExitCode::kOk) << ran.err;
  EXPECT_EQ(bank_->Balance("members/to-20"), kHour);
  EXPECT_EQ(RunCli(bank_, "record ben helped ana,smith,john:30m,members/john 1h").code, ExitCode::kOk);
  EXPECT_EQ(bank_->Balance("members/to-20"), kHour / 2);
  EXPECT_EQ(bank_->Balance("members/john"), -kHour);
  EXPECT_EQ(bank_->Balance("members/smith"), 0);
  EXPECT_EQ(RunCli(bank_, "record ben helped john,smith 1h").code, ExitCode::kOk)
      << "the other way round it is no name";
  EXPECT_EQ(bank_->Balance("members/smith"), -kHour);
}

// Goal: more than 12 hours, and less than five minutes, are asked about; from a pipe they are told.
TEST_F(CommandsTest, UnlikelyHoursAreAskedAbout) {
  const Ran no = RunCli(bank_, "record ben helped ana 45h", {.terminal = true, .input = "n\n"});
  EXPECT_EQ(no.code, ExitCode::kUsage);
  EXPECT_NE(no.err.find("45h for one person? Is that not 45m?"), std::string::npos) << no.err;
  EXPECT_EQ(RunCli(bank_, "record ben helped ana 72s", {.terminal = true, .input = "n\n"}).code,
            ExitCode::kUsage);
  EXPECT_TRUE(bank_->exchanges().empty());
  EXPECT_EQ(RunCli(bank_, "record ben helped ana 45h", {.terminal = true, .input = "m\n"}).code,
            ExitCode::kOk);
  EXPECT_EQ(bank_->exchanges().back().seconds(), 45 * 60);
  EXPECT_NE(RunCli(bank_, "record ben helped ana 45h")
                .err.find("45h is more than 12 hours. If it was 45m: timebank correct 1043 45m"),
            std::string::npos);

  std::vector<int64_t> corrected;
  EXPECT_CALL(*bank_, CorrectExchange)
      .WillRepeatedly([&corrected](const v1::CorrectExchangeRequest& request, auto&) {
        corrected.push_back(request.exchange().seconds());
        v1::CorrectExchangeResponse response;
        *response.mutable_exchange() = request.exchange();
        response.mutable_exchange()->set_name("timebanks/rushey/exchanges/1050");
        return response;
      });
  EXPECT_EQ(RunCli(bank_, "correct 1042 100h", {.terminal = true, .input = "n\n"}).code, ExitCode::kUsage);
  EXPECT_EQ(RunCli(bank_, "correct 1042 100h", {.terminal = true, .input = "y\n"}).code, ExitCode::kOk);
  EXPECT_NE(RunCli(bank_, "correct 1042 100h").err.find("timebank correct 1050 1h40"), std::string::npos);
  EXPECT_EQ(corrected, (std::vector<int64_t>{100 * kHour, 100 * kHour}));
}

// Goal: two people of one first name are told apart.
TEST_F(CommandsTest, FirstNamesAreEnoughUnlessShared) {
  bank_->AddMember("ana2", "Ana Peña");
  EXPECT_EQ(RunCli(bank_, "record ana helped ana2 1h").out,
            "1042  Thu 16 Nov  Ana Muñoz helped Ana Peña  1h\nAna Muñoz even (was 1h in debit) · Ana Peña 1h "
            "in debit (was even)\n");
}

// Goal: a large bare number is asked about; off a terminal nothing is posted.
TEST_F(CommandsTest, NinetyIsAskedAbout) {
  const Ran off = RunCli(bank_, "record ben helped ana 90");
  EXPECT_EQ(off.code, ExitCode::kUsage);
  EXPECT_NE(off.err.find("90h or 90m"), std::string::npos) << off.err;
  EXPECT_TRUE(bank_->exchanges().empty());
  EXPECT_EQ(RunCli(bank_, "record ben helped ana 90", {.terminal = true, .input = "m\n"}).code,
            ExitCode::kOk);
  EXPECT_EQ(bank_->exchanges().back().seconds(), 5400);
  EXPECT_EQ(RunCli(bank_, "record ben helped ana 90", {.terminal = true, .input = "\n"}).code,
            ExitCode::kUsage);
  EXPECT_EQ(bank_->exchanges().size(), 1u);
}

// Goal: a day among the words is not taken for a note: it is asked about at a terminal, refused elsewhere.
TEST_F(CommandsTest, ADayAmongTheWords) {
  const Ran off = RunCli(bank_, "record ben helped ana 1h gardening yesterday");
  EXPECT_EQ(off.code, ExitCode::kUsage);
  EXPECT_NE(off.err.find("--on yesterday"), std::string::npos) << off.err;
  EXPECT_TRUE(bank_->exchanges().empty());
  EXPECT_EQ(
      RunCli(bank_, "record ben helped ana 1h gardening on sat", {.terminal = true, .input = "maybe\ny\n"})
          .code,
      ExitCode::kOk);
  EXPECT_EQ(bank_->exchanges().back().occurred_on(), "2023-11-11");
  EXPECT_EQ(bank_->exchanges().back().category(), "gardening");
  EXPECT_EQ(RunCli(bank_, "record ben helped ana 1h about tuesday", {.terminal = true, .input = "n\n"}).code,
            ExitCode::kOk);
  EXPECT_EQ(bank_->exchanges().back().note(), "about tuesday");
  EXPECT_EQ(RunCli(bank_, "record ben helped ana 1h watching the sun --on tue").code, ExitCode::kOk);
  EXPECT_EQ(bank_->exchanges().back().note(), "watching the sun");
  EXPECT_EQ(RunCli(bank_, "record ben helped ana 1h --on 17/11", {.terminal = true, .input = "y\n"}).code,
            ExitCode::kOk);
  EXPECT_EQ(bank_->exchanges().back().occurred_on(), "2022-11-17");
  EXPECT_EQ(RunCli(bank_, "record ben helped ana 1h --on 17/11", {.terminal = true, .input = "n\n"}).code,
            ExitCode::kUsage);
  EXPECT_EQ(RunCli(bank_, "record ben helped ana 1h --on 17/11").code, ExitCode::kUsage);
}

// Goal: somebody who is giver and receiver is told so, in these words.
TEST_F(CommandsTest, NobodyHelpsThemselves) {
  google::rpc::BadRequest bad;
  auto& violation = *bad.add_field_violations();
  violation.set_field("exchange.receivers[0].holder");
  violation.set_reason("SAME_HOLDER");
  absl::Status refused = ServiceError(absl::StatusCode::kInvalidArgument, "VALIDATION");
  refused.SetPayload("type.googleapis.com/google.rpc.BadRequest", absl::Cord(bad.SerializeAsString()));
  EXPECT_CALL(*bank_, RecordExchange).WillRepeatedly(Return(refused));
  EXPECT_NE(RunCli(bank_, "record ben helped ben 1h")
                .err.find("Ben Ferré is named on both sides, and nobody can help themselves"),
            std::string::npos)
      << RunCli(bank_, "record ben helped ben 1h").err;
  EXPECT_NE(RunCli(bank_, "record ben helped ana,ana 1h").err.find("names somebody a second time"),
            std::string::npos);
}

// Goal: the same slip with the same contents shows the first entry; with other contents it is refused, naming
// the first.
TEST_F(CommandsTest, ASlipIsEnteredOnce) {
  ASSERT_EQ(RunCli(bank_, "record ben helped ana 1h --slip 231").code, ExitCode::kOk);
  const Ran again = RunCli(bank_, "record ben helped ana 1h --slip 231");
  EXPECT_EQ(again.code, ExitCode::kOk);
  EXPECT_NE(again.out.find("1042"), std::string::npos);
  EXPECT_NE(again.err.find("entered already"), std::string::npos);
  const Ran other = RunCli(bank_, "record ben helped ana 2h --slip 231");
  EXPECT_EQ(other.code, ExitCode::kRefused);
  EXPECT_NE(other.err.find("Slip 231 has already been entered as 1042"), std::string::npos) << other.err;
  EXPECT_EQ(bank_->exchanges().size(), 1u);
}

// Goal: a slip that was refused (and whose refusal is kept under its id) can be entered once what stood in
// the way is gone.
TEST_F(CommandsTest, ARefusedSlipCanBeEnteredLater) {
  const absl::Status limit = ServiceError(absl::StatusCode::kFailedPrecondition, "BALANCE_LIMIT");
  bool limited = true;
  const auto record = [this](const v1::RecordExchangeRequest& request) {
    v1::RecordExchangeResponse response;
    *response.mutable_exchange() = *bank_->Post(request.exchange(), !request.validate_only());
    return response;
  };
  ON_CALL(*bank_, RecordExchange)
      .WillByDefault(
          [&](const v1::RecordExchangeRequest& request, auto&) -> absl::StatusOr<v1::RecordExchangeResponse> {
            if (limited || request.request_id() == "slip-231") return limit;
            return record(request);
          });
  EXPECT_EQ(RunCli(bank_, "record ben helped ana 1h --slip 231").code, ExitCode::kRefused);
  limited = false;
  EXPECT_EQ(RunCli(bank_, "record ben helped ana 1h --slip 231").code, ExitCode::kOk);
  EXPECT_EQ(bank_->exchanges().size(), 1u);
  // Other contents under the refusal's id: the number that the error names is no exchange.
  ON_CALL(*bank_, RecordExchange)
      .WillByDefault(
          [&](const v1::RecordExchangeRequest& request, auto&) -> absl::StatusOr<v1::RecordExchangeResponse> {
            if (request.request_id() == "slip-232") {
              return ServiceError(absl::StatusCode::kAlreadyExists, "REQUEST_ID_REUSED",
                                  {{"exchange", "timebanks/rushey/exchanges/900"}});
            }
            return record(request);
          });
  EXPECT_EQ(RunCli(bank_, "record ben helped ana 2h --slip 232").code, ExitCode::kOk);
  EXPECT_EQ(bank_->exchanges().size(), 2u);
}

// Goal: a dry run records nothing and says so.
TEST_F(CommandsTest, DryRun) {
  const Ran ran = RunCli(bank_, "record ben helped ana 1h --dry-run");
  EXPECT_EQ(ran.code, ExitCode::kOk);
  EXPECT_EQ(ran.out.substr(0, 3), "-  ");
  EXPECT_NE(ran.err.find("Nothing was recorded"), std::string::npos);
  EXPECT_TRUE(bank_->exchanges().empty());
}

// Goal: JSON and CSV where asked for, on stdout alone.
TEST_F(CommandsTest, OutputForms) {
  EXPECT_EQ(RunCli(bank_, "record ben helped ana 1h gardening -o csv").out,
            "number,day,what,hours,hours_seconds,state,kind,category,note\n"
            "1042,2023-11-16,Ben Ferré helped Ana Muñoz,1:00,3600,recorded,exchange,gardening,\n");
  const std::string json = RunCli(bank_, "record ben helped ana 1h -o json").out;
  EXPECT_NE(json.find("\"balance_after_seconds\": \"23400\""), std::string::npos) << json;
  EXPECT_EQ(RunCli(bank_, "find ana").out,
            "number,id,name,balance,balance_seconds,last_exchange,state,kind,phones,emails\n"
            "2,ana,Ana Muñoz,-3:00,-10800,,active,person,,\n");
  EXPECT_EQ(RunCli(bank_, "find ana", {.terminal = true}).out,
            "Number  Id   Name           Balance  Last exchange  State   Kind    Phone  E-mail\n"
            "     2  ana  Ana Muñoz  3h in debit                 active  person\n");
  EXPECT_EQ(RunCli(bank_, "find ana -o xml").code, ExitCode::kUsage);
}

// Goal: mistakes in typing are usage errors that point at the right help, and nothing is posted.
TEST_F(CommandsTest, UsageErrors) {
  for (const char* line :
       {"record", "record ben ana 1h", "record ben helped ana", "record ben helped ana 1h --on 31/2",
        "record ben helped ana 1h --on 17/11/2023", "record ben helped ana 0", "record ben helped ana -1h",
        "record ben helped ana 1h --nonsense", "nonsense", "member", "undo x", "report x",
        "statement ana --year 2023 --from 1/1", "statement ana --from 1/11/2023 --until 30/10/2023"}) {
    const Ran ran = RunCli(bank_, line);
    EXPECT_EQ(ran.code, ExitCode::kUsage) << line << ": " << ran.err;
    EXPECT_EQ(ran.out, "") << line;
    EXPECT_NE(ran.err, "") << line;
  }
  EXPECT_TRUE(bank_->exchanges().empty());
  EXPECT_NE(RunCli(bank_, "member nonsense").err.find("There is no command \"nonsense\".\n"),
            std::string::npos);
  EXPECT_NE(
      RunCli(bank_, "statment ana").err.find("There is no command \"statment\". Did you mean statement?"),
      std::string::npos);
  EXPECT_NE(RunCli(bank_, "undo").err.find("Something is missing: number (Number of the entry).\n"),
            std::string::npos)
      << RunCli(bank_, "undo").err;
  EXPECT_NE(RunCli(bank_, "record ben helped 1h ana").err.find("then how long: ben helped ana 1h"),
            std::string::npos);
  EXPECT_NE(RunCli(bank_, "member lsit").err.find("Did you mean list?"), std::string::npos);
  EXPECT_NE(RunCli(bank_, "help recrod").err.find("Did you mean record?"), std::string::npos);
  EXPECT_NE(RunCli(bank_, "record ben helped ana 1h --nonsense").err.find("timebank record --help"),
            std::string::npos);
}

// Goal: what is not UTF-8 is told before anything is sent.
TEST_F(CommandsTest, ArgumentsAreUtf8) {
  const Ran ran = RunCli(bank_, {"record", "ben", "helped", "ana", "1h", "caf\xE9"});
  EXPECT_EQ(ran.code, ExitCode::kUsage);
  EXPECT_NE(ran.err.find("not UTF-8"), std::string::npos) << ran.err;
  EXPECT_TRUE(bank_->exchanges().empty());
}

// Goal: help and version are answers, not errors, for every command.
TEST_F(CommandsTest, Help) {
  EXPECT_EQ(RunCli(bank_, "--version").code, ExitCode::kOk);
  EXPECT_NE(RunCli(bank_, std::vector<std::string>{}).out.find("Every day:"), std::string::npos)
      << "nothing at all is a question";
  for (const char* line : {"--help",
                           "record --help",
                           "gift --help",
                           "opening --help",
                           "undo --help",
                           "correct --help",
                           "contest --help",
                           "settle --help",
                           "confirm --help",
                           "balance --help",
                           "statement --help",
                           "find --help",
                           "chat --help",
                           "report --help",
                           "exchange list --help",
                           "member add --help",
                           "acting-for grant --help",
                           "circle join --help",
                           "bank settings --help",
                           "events --help",
                           "watch --help",
                           "import --help",
                           "context set --help",
                           "day --help",
                           "completion --help",
                           "man --help"}) {
    const Ran ran = RunCli(bank_, line);
    EXPECT_EQ(ran.code, ExitCode::kOk) << line;
    EXPECT_NE(ran.out.find("timebank"), std::string::npos) << line;
    EXPECT_EQ(ran.err, "") << line;
  }
}

// Goal: what is granted is what was typed, and is told in words; the limit is said one way or the other.
TEST_F(CommandsTest, ActingFor) {
  v1::GrantActingForRequest sent;
  EXPECT_CALL(*bank_, GrantActingFor)
      .WillRepeatedly([&sent](const v1::GrantActingForRequest& request, auto&) {
        sent = request;
        v1::GrantActingForResponse response;
        v1::ActingFor& granted = *response.mutable_granted();
        granted.set_member(request.name());
        granted.set_agent(request.agent());
        if (request.has_seconds_per_month()) granted.set_seconds_per_month(request.seconds_per_month());
        granted.set_until(request.until());
        granted.set_granted_by("timebanks/rushey/keys/maria");
        return response;
      });
  const Ran ran = RunCli(bank_, "acting-for grant ana --agent ben --hours 10h --until 31/12");
  EXPECT_EQ(ran.out, "Ben Ferré may act for Ana Muñoz: 10h a month, until Sun 31 Dec\n") << ran.err;
  EXPECT_EQ(sent.name(), "timebanks/rushey/members/ana");
  EXPECT_EQ(sent.agent(), "timebanks/rushey/members/ben");
  EXPECT_EQ(sent.seconds_per_month(), 10 * kHour);
  EXPECT_EQ(sent.until(), "2023-12-31");
  EXPECT_EQ(RunCli(bank_, "acting-for grant ana --agent ben --no-limit").out,
            "Ben Ferré may act for Ana Muñoz: any hours\n");
  EXPECT_TRUE(sent.no_limit() && !sent.has_seconds_per_month());
  EXPECT_EQ(RunCli(bank_, "acting-for grant ana --agent ben --hours 0").code, ExitCode::kOk);
  EXPECT_TRUE(sent.has_seconds_per_month() && sent.seconds_per_month() == 0);
  for (const char* line :
       {"acting-for grant ana --agent ben", "acting-for grant ana --hours 1h",
        "acting-for grant ana --agent ben --hours 1h --no-limit", "acting-for revoke ana"}) {
    EXPECT_EQ(RunCli(bank_, line).code, ExitCode::kUsage) << line;
  }

  EXPECT_CALL(*bank_, RevokeActingFor).WillOnce([](const v1::RevokeActingForRequest& request, auto&) {
    v1::RevokeActingForResponse response;
    response.mutable_revoked()->set_member(request.name());
    response.mutable_revoked()->set_agent(request.agent());
    response.mutable_revoked()->set_seconds_per_month(kHour);
    return response;
  });
  EXPECT_EQ(RunCli(bank_, "acting-for revoke ana --agent ben").out,
            "Ben Ferré may no longer act for Ana Muñoz: 1h a month\n");
  EXPECT_CALL(*bank_, ListActingFor).WillOnce([](const v1::ListActingForRequest& request, auto&) {
    v1::ListActingForResponse response;
    v1::ActingFor& grant = *response.add_agents();
    grant.set_member(request.name());
    grant.set_agent("timebanks/rushey/members/ben");
    grant.set_seconds_per_month(10 * kHour);
    grant.set_used_seconds(5400);
    return response;
  });
  const Ran listed = RunCli(bank_, "acting-for list ana -o csv");
  EXPECT_NE(listed.out.find("Ana Muñoz,Ben Ferré,10:00,36000,1:30,5400"), std::string::npos) << listed.out;
}

// Goal: help is found where people look for it.
TEST_F(CommandsTest, HelpIsACommand) {
  EXPECT_EQ(RunCli(bank_, "help").out, RunCli(bank_, "--help").out);
  EXPECT_EQ(RunCli(bank_, "help record").out, RunCli(bank_, "record --help").out);
  EXPECT_EQ(RunCli(bank_, "help member add").out, RunCli(bank_, "member add --help").out);
  const Ran unknown = RunCli(bank_, "help member nonsense");
  EXPECT_EQ(unknown.code, ExitCode::kUsage);
  EXPECT_NE(unknown.err.find("There is no command \"nonsense\"."), std::string::npos);
}

// Goal: without --bank the only bank is it; none or several say how to choose.
TEST_F(CommandsTest, WhichBank) {
  v1::ListTimebanksResponse two;
  two.add_timebanks()->set_name("timebanks/rushey");
  two.add_timebanks()->set_name("timebanks/other");
  EXPECT_CALL(*bank_, ListTimebanks).WillOnce(Return(two)).WillOnce(Return(v1::ListTimebanksResponse()));
  const Ran several = RunCli(bank_, "record ben helped ana 1h");
  EXPECT_EQ(several.code, ExitCode::kUsage);
  EXPECT_NE(several.err.find("--bank: rushey other"), std::string::npos) << several.err;
  EXPECT_EQ(RunCli(bank_, "record ben helped ana 1h").code, ExitCode::kUsage) << "none";
  EXPECT_EQ(RunCli(bank_, "record ben helped ana 1h --bank rushey").code, ExitCode::kOk);
  EXPECT_EQ(RunCli(bank_, "record ben helped ana 1h", {.variables = {{"TIMEBANK_BANK", "rushey"}}}).code,
            ExitCode::kOk);
  EXPECT_EQ(RunCli(bank_, "find ana --bank elsewhere").code, ExitCode::kNotFound);
}

// Goal: a key that others can read on its way is told; on this machine nobody can.
TEST_F(CommandsTest, KeysInTheOpen) {
  const RunOptions with_key{.variables = {{"TIMEBANK_KEY", "tbk_x"}}};
  const std::string plain = "find ana --plaintext --server ";
  EXPECT_NE(RunCli(bank_, plain + "far.example:7400", with_key).err.find("unencrypted"), std::string::npos);
  EXPECT_EQ(RunCli(bank_, plain + "localhost:7400", with_key).err.find("unencrypted"), std::string::npos);
  EXPECT_EQ(RunCli(bank_, plain + "far.example:7400").err.find("unencrypted"), std::string::npos);
}

// Goal: --no-key sends none, wherever one is written down, and takes it out of a context.
TEST_F(CommandsTest, NoKey) {
  const std::string folder = ::testing::TempDir() + "timebank-no-key";
  std::filesystem::remove_all(folder);
  const RunOptions in_folder{.variables = {{"XDG_CONFIG_HOME", folder}}};
  const std::string key_file = folder + ".key";
  std::ofstream(key_file) << "tbk_x\n";
  ASSERT_EQ(RunCli(bank_, "context set far --server far.example:7400 --plaintext", in_folder).code,
            ExitCode::kOk);
  ASSERT_EQ(RunCli(bank_, "context set far --key-file " + key_file, in_folder).code, ExitCode::kOk);
  RunOptions with_both = in_folder;
  with_both.variables["TIMEBANK_KEY"] = "tbk_y";
  constexpr char kSent[] = "Your key goes over the network";
  EXPECT_NE(RunCli(bank_, "find ana", in_folder).err.find(kSent), std::string::npos);
  for (const RunOptions& options : {in_folder, with_both}) {
    const Ran ran = RunCli(bank_, "find ana --no-key", options);
    EXPECT_EQ(ran.code, ExitCode::kOk) << ran.err;
    EXPECT_EQ(ran.err.find(kSent), std::string::npos) << ran.err;
  }
  const Ran both = RunCli(bank_, "find ana --no-key --key-file " + key_file, in_folder);
  EXPECT_EQ(both.code, ExitCode::kUsage);
  EXPECT_NE(both.err.find("Either --key-file or --no-key"), std::string::npos) << both.err;
  EXPECT_EQ(RunCli(bank_, "context set far --no-key", in_folder).code, ExitCode::kOk);
  EXPECT_EQ(RunCli(bank_, "find ana", in_folder).err.find(kSent), std::string::npos);
}

// Goal: a lost answer exits 4 and gives the command that finds out.
TEST_F(CommandsTest, LostAnswer) {
  EXPECT_CALL(*bank_, RecordExchange)
      .WillOnce(Return(client::WithRequestId(absl::UnavailableError("x"), "id-7")));
  const Ran ran = RunCli(bank_, {"record", "ben", "helped", "ana", "1h", "--note", "it's done"});
  EXPECT_EQ(ran.code, ExitCode::kUnreachable);
  EXPECT_NE(ran.err.find("timebank record ben helped ana 1h --note 'it'\\''s done' --request-id id-7"),
            std::string::npos)
      << ran.err;
}

// Goal: an account that stands in the way is named, though nobody typed its name.
TEST_F(CommandsTest, WhoIsInTheWayIsNamed) {
  EXPECT_CALL(*bank_, ReverseExchange)
      .WillOnce(Return(ServiceError(absl::StatusCode::kFailedPrecondition, "HOLDER_CLOSED",
                                    {{"holder", "timebanks/rushey/members/ana"}})));
  const Ran ran = RunCli(bank_, "undo 1042");
  EXPECT_EQ(ran.err.find("timebank: Ana Muñoz is closed."), 0u) << ran.err;
}

// Goal: undo shows what was undone and where the balances came back to.
TEST_F(CommandsTest, Undo) {
  RunCli(bank_, "record ben helped ana 1h30 gardening --on tue");
  v1::ReverseExchangeResponse response;
  *response.mutable_reversed() = bank_->exchanges().back();
  v1::Exchange& reversal = *response.mutable_exchange();
  reversal.set_name("timebanks/rushey/exchanges/1043");
  reversal.set_kind(v1::Exchange::KIND_REVERSAL);
  reversal.set_reverses("timebanks/rushey/exchanges/1042");
  reversal.set_occurred_on("2023-11-14");
  for (const auto& [holder, seconds, after] :
       {std::tuple("ben", -5400, 16200), std::tuple("ana", 5400, -3600)}) {
    v1::Movement& movement = *reversal.add_movements();
    movement.set_holder(std::string("timebanks/rushey/members/") + holder);
    movement.set_seconds(seconds);
    movement.set_balance_after_seconds(after);
  }
  EXPECT_CALL(*bank_, ReverseExchange)
      .WillOnce([&response](const v1::ReverseExchangeRequest& request, auto&) {
        EXPECT_EQ(request.name(), "timebanks/rushey/exchanges/1042");
        EXPECT_EQ(request.reason(), "wrong Ana");
        return response;
      });
  EXPECT_EQ(RunCli(bank_, {"undo", "1042", "--because", "wrong Ana"}).out,
            "Undone: 1042  Tue 14 Nov  Ben Ferré helped Ana Muñoz  1h30  gardening\n"
            "1043  Tue 14 Nov  undoes 1042  1h30\n"
            "Ben 4h30 in credit (was 6h) · Ana 1h in debit (was 2h30)\n");
}

// Goal: undoing what closed an account says that the hours are back; where the account was merged they are
// not, and it says where they are.
TEST_F(CommandsTest, UndoingAClosingSaysWhereTheHoursAre) {
  v1::ReverseExchangeResponse response;
  v1::Exchange& closing = *response.mutable_reversed();
  closing.set_name("timebanks/rushey/exchanges/1042");
  closing.set_kind(v1::Exchange::KIND_CLOSING);
  closing.set_occurred_on("2023-11-14");
  for (const auto& [holder, seconds] : {std::pair("ana", -3600), std::pair("ben", 3600)}) {
    v1::Movement& movement = *closing.add_movements();
    movement.set_holder(std::string("timebanks/rushey/members/") + holder);
    movement.set_seconds(seconds);
  }
  v1::Exchange& reversal = *response.mutable_exchange();
  reversal = closing;
  reversal.set_name("timebanks/rushey/exchanges/1043");
  reversal.set_kind(v1::Exchange::KIND_REVERSAL);
  reversal.set_reverses(closing.name());
  EXPECT_CALL(*bank_, ReverseExchange).WillRepeatedly(Return(response));
  EXPECT_NE(RunCli(bank_, "undo 1042").err.find("The hours are back; the account stays closed."),
            std::string::npos);
  EXPECT_CALL(*bank_, GetMember).WillRepeatedly(Return(absl::PermissionDeniedError("no scope")));
  EXPECT_NE(
      RunCli(bank_, "undo 1042").err.find("The account stays closed. Its hours are back on it or, where"),
      std::string::npos);
  v1::GetMemberResponse survivor;
  survivor.mutable_member()->set_name("timebanks/rushey/members/ben");
  survivor.mutable_member()->set_display_name("Ben Ferré");
  EXPECT_CALL(*bank_, GetMember).WillRepeatedly(Return(survivor));
  const Ran ran = RunCli(bank_, "undo 1042");
  EXPECT_EQ(ran.err.find("The hours are back"), std::string::npos) << ran.err;
  EXPECT_NE(
      ran.err.find("The hours are on the account of Ben Ferré: the two records were merged, and stay one"),
      std::string::npos)
      << ran.err;
}

// Goal: only what is to change is sent.
TEST_F(CommandsTest, CorrectSendsWhatChanges) {
  v1::CorrectExchangeRequest sent;
  EXPECT_CALL(*bank_, CorrectExchange)
      .WillRepeatedly([&sent](const v1::CorrectExchangeRequest& request, auto&) {
        sent = request;
        return absl::UnavailableError("enough");
      });
  RunCli(bank_, "correct 1042 --on 13/11 --hours 1h --receivers ana:30m,pot --note = --acting-for ben");
  EXPECT_EQ(sent.name(), "timebanks/rushey/exchanges/1042");
  EXPECT_EQ(std::vector<std::string>(sent.update_mask().paths().begin(), sent.update_mask().paths().end()),
            (std::vector<std::string>{"occurred_on", "seconds", "receivers", "note"}));
  EXPECT_EQ(sent.exchange().seconds(), kHour);
  EXPECT_EQ(sent.exchange().receivers(0).seconds(), 1800);
  EXPECT_EQ(sent.exchange().receivers(1).holder(), "timebanks/rushey/pots/community");
  EXPECT_EQ(sent.acting_for(), "timebanks/rushey/members/ben");
  EXPECT_EQ(RunCli(bank_, "correct 1042").code, ExitCode::kUsage);
  RunCli(bank_, "correct 1042 45m");
  EXPECT_EQ(sent.exchange().seconds(), 2700);
  EXPECT_EQ(sent.update_mask().paths(0), "seconds");
  EXPECT_EQ(RunCli(bank_, "correct 1042 45m --hours 1h").code, ExitCode::kUsage) << "which of the two?";
}

// Goal: the three ways in which a contest ends.
TEST_F(CommandsTest, SettleOutcomes) {
  v1::SettleExchangeRequest sent;
  EXPECT_CALL(*bank_, SettleExchange)
      .WillRepeatedly([&sent](const v1::SettleExchangeRequest& request, auto&) {
        sent = request;
        return absl::UnavailableError("enough");
      });
  RunCli(bank_, "settle 1042 stands");
  EXPECT_EQ(sent.outcome(), v1::SettleExchangeRequest::OUTCOME_STANDS);
  RunCli(bank_, "settle 1042 reversed");
  EXPECT_EQ(sent.outcome(), v1::SettleExchangeRequest::OUTCOME_REVERSED);
  RunCli(bank_, "settle 1042 1h");
  EXPECT_EQ(sent.outcome(), v1::SettleExchangeRequest::OUTCOME_CORRECTED);
  EXPECT_EQ(sent.exchange().seconds(), kHour);
  EXPECT_EQ(sent.update_mask().paths(0), "seconds");
  RunCli(bank_, "settle 1042 corrected");
  EXPECT_FALSE(sent.has_exchange()) << "a contested reversal is recorded anew as it was";
  EXPECT_EQ(RunCli(bank_, "settle 1042 maybe").code, ExitCode::kUsage);
  EXPECT_EQ(RunCli(bank_, "contest 1042 --acting-for ana").code, ExitCode::kUsage)
      << "a contest says what is wrong";
}

// Goal: an opening with its side in words or by a sign.
TEST_F(CommandsTest, OpeningSides) {
  int64_t seconds = 0;
  EXPECT_CALL(*bank_, RecordOpening)
      .WillRepeatedly([&seconds](const v1::RecordOpeningRequest& request, auto&) {
        seconds = request.seconds();
        return absl::UnavailableError("enough");
      });
  const std::vector<std::pair<std::string, int64_t>> forms = {{"opening ana 3h", 3 * kHour},
                                                              {"opening ana -2h", -2 * kHour},
                                                              {"opening ana 2h in debit", -2 * kHour},
                                                              {"opening ana muñoz 2h in credit", 2 * kHour}};
  for (const auto& [line, expected] : forms) {
    RunCli(bank_, line);
    EXPECT_EQ(seconds, expected) << line;
  }
}

// Goal: opening and closing balance of a statement of several pages are those of its two ends, in both
// orders.
TEST_F(CommandsTest, StatementAcrossPages) {
  const auto page = [](const std::string& next, int64_t opening, int64_t closing,
                       const std::vector<int>& numbers) {
    v1::ListStatementLinesResponse response;
    response.set_next_page_token(next);
    response.set_opening_balance_seconds(opening);
    response.set_closing_balance_seconds(closing);
    for (int number : numbers) {
      v1::StatementLine& line = *response.add_lines();
      line.set_exchange("timebanks/rushey/exchanges/" + std::to_string(number));
      line.set_kind(v1::Exchange::KIND_EXCHANGE);
      line.set_state(v1::Exchange::STATE_RECORDED);
    }
    return response;
  };
  EXPECT_CALL(*bank_, ListStatementLines)
      .WillOnce(Return(page("more", kHour, 3 * kHour, {3})))
      .WillOnce(Return(page("", 0, kHour, {2, 1})))
      .WillOnce(Return(page("more", 0, kHour, {1, 2})))
      .WillOnce(Return(page("", kHour, 3 * kHour, {3})));
  const Ran newest = RunCli(bank_, "statement ana", {.terminal = true});
  EXPECT_NE(newest.out.find("\nBalance before: even\n"), std::string::npos) << newest.out;
  EXPECT_LT(newest.out.find("\nBalance after: 3h in credit\n"), newest.out.find("\nBalance before"))
      << "the newest line stands on top";
  const Ran printed = RunCli(bank_, "statement ana --year 2023 --print");
  EXPECT_EQ(printed.out.find("Rushey Green"), 0u) << "also where nobody sits at a terminal";
  EXPECT_NE(printed.out.find("Balance before                                         even"),
            std::string::npos)
      << printed.out;
  EXPECT_NE(printed.out.find("Balance after                                  3h in credit"),
            std::string::npos);
  EXPECT_NE(printed.out.find("1 January 2023 to 31 December 2023"), std::string::npos);
}

// Goal: a part of a statement says which part; on paper too the latest lines are meant, the oldest on top.
TEST_F(CommandsTest, PartOfAStatement) {
  std::vector<v1::ListStatementLinesRequest> asked;
  EXPECT_CALL(*bank_, ListStatementLines)
      .WillRepeatedly([&asked](const v1::ListStatementLinesRequest& request, auto&) {
        asked.push_back(request);
        v1::ListStatementLinesResponse response;
        response.set_next_page_token("more");
        for (int number : {9, 8}) {
          v1::StatementLine& line = *response.add_lines();
          line.set_exchange("timebanks/rushey/exchanges/" + std::to_string(number));
          line.set_occurred_on("2023-11-0" + std::to_string(number));
        }
        return response;
      });
  const std::string printed = RunCli(bank_, "statement ana --print -n 2").out;
  EXPECT_NE(printed.find("The latest 2 entries;"), std::string::npos) << printed;
  EXPECT_LT(printed.find("08/11/2023"), printed.find("09/11/2023")) << printed;
  EXPECT_EQ(asked.back().order(), v1::LIST_ORDER_NEWEST_FIRST);
  const Ran shown = RunCli(bank_, "statement ana -n 2", {.terminal = true});
  EXPECT_EQ(shown.out.substr(0, shown.out.find('\n')), "Ana Muñoz  The latest 2 entries");
  EXPECT_NE(shown.err.find("--year 2023"), std::string::npos) << "the bank's own year: " << shown.err;
  EXPECT_NE(RunCli(bank_, "statement ana -n 2 --year 2023 --oldest-first --print")
                .out.find("31 December 2023, the first 2 entries;"),
            std::string::npos);
}

// Goal: numbers that a list leaves out are explained, where the whole list was asked for.
TEST_F(CommandsTest, MissingNumbersAreExplained) {
  EXPECT_CALL(*bank_, ListExchanges).WillRepeatedly([](auto, auto&) {
    v1::ListExchangesResponse response;
    for (int number : {9, 7}) response.add_exchanges()->set_sequence(number);
    return response;
  });
  EXPECT_NE(RunCli(bank_, "exchange list", {.terminal = true}).err.find("timebank events"),
            std::string::npos);
  EXPECT_EQ(RunCli(bank_, "exchange list --state contested", {.terminal = true}).err, "");
  EXPECT_EQ(RunCli(bank_, "exchange list -o csv").err, "");
}

// Goal: without a year the figures are this year's, by the bank's calendar, and say up to when.
TEST_F(CommandsTest, Report) {
  std::vector<std::string> asked;
  EXPECT_CALL(*bank_, GetTotals).WillRepeatedly([&asked](const v1::GetTotalsRequest& request, auto&) {
    asked.push_back(request.start_day() + " " + request.end_day());
    v1::GetTotalsResponse response;
    response.mutable_total()->set_seconds_given(5400);
    return response;
  });
  const Ran now = RunCli(bank_, "report", {.terminal = true});
  EXPECT_EQ(now.out.substr(0, now.out.find('\n')), "Help given in 2023, up to 16 November 2023");
  EXPECT_NE(now.out.find("1h30"), std::string::npos) << now.out;
  EXPECT_EQ(RunCli(bank_, "report 2022", {.terminal = true}).out.substr(0, 19), "Help given in 2022\n");
  EXPECT_EQ(RunCli(bank_, "report 2022").out.substr(0, 6), "month,")
      << "a spreadsheet's first line is its head";
  EXPECT_EQ(asked, (std::vector<std::string>{"2023-01-01 2023-12-31", "2022-01-01 2022-12-31",
                                             "2022-01-01 2022-12-31"}));
}

// Goal: chat asks for the three kinds and tells all of them, empty or not, and how to reach people.
TEST_F(CommandsTest, Chat) {
  v1::ListExchangesResponse contested;
  v1::Exchange& exchange = *contested.add_exchanges();
  exchange.set_name("timebanks/rushey/exchanges/1042");
  exchange.set_kind(v1::Exchange::KIND_EXCHANGE);
  exchange.set_occurred_on("2023-11-14");
  exchange.set_seconds(5400);
  exchange.add_givers()->set_holder("timebanks/rushey/members/ben");
  exchange.add_receivers()->set_holder("timebanks/rushey/members/ana");
  exchange.set_contested_by("timebanks/rushey/members/ana");
  exchange.set_contest_reason("1h, not 1h30");
  EXPECT_CALL(*bank_, ListExchanges).WillOnce(Return(contested));
  bank_->members()[1].add_phones("622 74 31 03");
  std::vector<v1::ListMembersRequest> asked;
  EXPECT_CALL(*bank_, ListMembers).WillRepeatedly([&](const v1::ListMembersRequest& request, auto&) {
    asked.push_back(request);
    v1::ListMembersResponse response;
    if (request.outside_warn_limits()) *response.add_members() = bank_->members()[1];
    if (!request.no_exchange_since().empty()) {
      *response.add_members() = bank_->members()[0];
      response.mutable_members(0)->set_joined_on("2023-11-16");
      *response.add_members() = bank_->members()[1];
      response.mutable_members(1)->set_joined_on("2023-08-18");
    }
    return response;
  });
  EXPECT_EQ(RunCli(bank_, "chat", {.terminal = true}).out,
            "Contested: 1\n"
            "  1042  Tue 14 Nov  Ben Ferré helped Ana Muñoz  1h30; Ana Muñoz says: 1h, not 1h30\n"
            "  When you have talked: timebank settle NUMBER stands | reversed | 1h\n"
            "\n"
            "Outside the bank's limits: 1\n"
            "  2  Ana Muñoz  1h in debit  622 74 31 03\n"
            "\n"
            "Quiet for 90 days: 1\n"
            "  2  Ana Muñoz  no exchange yet  622 74 31 03\n")
      << "who joined today has not been quiet";
  ASSERT_EQ(asked.size(), 2u);
  EXPECT_EQ(asked[1].no_exchange_since(), "2023-08-18");
}

// Goal: watch prints each event as a line, and where to take up again.
TEST_F(CommandsTest, Watch) {
  EXPECT_CALL(*bank_, WatchLedger)
      .WillOnce(
          [this](const v1::WatchLedgerRequest& request, const client::WatchCallback& callback, auto, auto&) {
            EXPECT_EQ(request.after_position(), bank_->bank.position());
            v1::WatchLedgerResponse message;
            v1::LedgerEvent& event = *message.add_events();
            event.set_sequence(7);
            event.mutable_record_time()->set_seconds(1700000000);
            *event.mutable_exchange() = *bank_->Post(
                [] {
                  v1::Exchange exchange;
                  exchange.add_givers()->set_holder("timebanks/rushey/members/ben");
                  exchange.add_receivers()->set_holder("timebanks/rushey/members/ana");
                  exchange.set_seconds(5400);
                  return exchange;
                }(),
                true);
            message.set_position("position-7");
            EXPECT_TRUE(callback(message));
            return absl::OkStatus();
          });
  const Ran ran = RunCli(bank_, "watch", {.terminal = true});
  EXPECT_EQ(ran.out, "7  2023-11-14T22:13:20Z  exchange  2023-11-16  Ben Ferré helped Ana Muñoz  1h30\n");
  EXPECT_NE(ran.err.find("timebank watch --after position-7"), std::string::npos);
}

// Goal: who did what for a member, and who looked, in words; more than were asked for is said.
TEST_F(CommandsTest, Acts) {
  v1::ListActsRequest sent;
  v1::ListActsResponse response;
  v1::Act* act = response.add_acts();
  act->set_kind(v1::Act::KIND_LOOK);
  act->mutable_time()->set_seconds(1700000000);
  act->set_recorded_by("timebanks/rushey/keys/sue");
  act->mutable_look()->set_kind(v1::Act::Look::KIND_BALANCE);
  act->mutable_look()->set_count(3);
  act->mutable_look()->mutable_last_time()->set_seconds(1700000060);
  act = response.add_acts();
  act->set_kind(v1::Act::KIND_CONTEST);
  act->mutable_time()->set_seconds(1699990000);
  act->set_recorded_by("timebanks/rushey/keys/maria");
  act->set_acting_for("timebanks/rushey/members/ana");
  act->set_exchange("timebanks/rushey/exchanges/7");
  act = response.add_acts();
  act->set_kind(v1::Act::KIND_EXCHANGE);
  act->mutable_time()->set_seconds(1699980000);
  act->set_recorded_by("timebanks/rushey/members/ben");
  act->set_exchange("timebanks/rushey/exchanges/7");
  act->set_seconds(-5400);
  EXPECT_CALL(*bank_, ListActs).WillRepeatedly([&](const v1::ListActsRequest& request, auto&) {
    sent = request;
    return response;
  });
  const Ran ran = RunCli(bank_, "acts ana --only looks -n 2");
  EXPECT_EQ(ran.code, ExitCode::kOk) << ran.err;
  EXPECT_EQ(ran.out,
            "time,recorded_by,acting_for,what,times,last_time,number,hours,hours_seconds\n"
            "2023-11-14T22:13:20Z,keys/sue,,looked at the balance,3,2023-11-14T22:14:20Z,,,\n"
            "2023-11-14T19:26:40Z,keys/maria,members/ana,contested an entry,,,7,,\n");
  EXPECT_EQ(ran.err, "There are more than these 2: -n 0 shows all.\n");
  EXPECT_EQ(sent.parent(), "timebanks/rushey/members/ana");
  EXPECT_EQ(sent.what(), v1::ListActsRequest::WHAT_LOOKS);
  EXPECT_EQ(sent.page_size(), 3);
  const Ran spanish = RunCli(bank_, "acts ana --language es -o table");
  EXPECT_NE(spanish.out.find("miró el saldo"), std::string::npos) << spanish.out;
  const Ran people = RunCli(bank_, "acts ana -o table");
  EXPECT_NE(people.out.find("Tue 14 Nov 22:13  keys/sue"), std::string::npos) << people.out;
  EXPECT_NE(people.out.find("Ana Muñoz  contested an entry"), std::string::npos) << people.out;
  EXPECT_EQ(sent.what(), v1::ListActsRequest::WHAT_UNSPECIFIED);
}

// Goal: who writes down or takes up a context that the environment goes before is told so, and how to end it;
// not where both say the same, nor of a context that is not in use.
TEST_F(CommandsTest, ContextsThatTheEnvironmentGoesBefore) {
  const std::string folder = std::filesystem::path(::testing::TempDir()) / "ContextsBehindTheEnvironment";
  std::filesystem::remove_all(folder);
  const RunOptions options{.variables = {{"XDG_CONFIG_HOME", folder}, {"TIMEBANK_SERVER", "near:1"}}};
  const std::string told =
      "TIMEBANK_SERVER is set to near:1, which goes before the context. For the context: unset "
      "TIMEBANK_SERVER\n";
  EXPECT_NE(RunCli(bank_, "context set rushey --bank rushey", options).err.find(told), std::string::npos);
  EXPECT_NE(RunCli(bank_, "context set rushey --server far:1", options).err.find(told), std::string::npos);
  EXPECT_EQ(RunCli(bank_, "context set rushey --server near:1", options).err.find(told), std::string::npos);
  EXPECT_EQ(RunCli(bank_, "context set other --server far:1", options).err.find(told), std::string::npos);
  EXPECT_NE(RunCli(bank_, "context use other", options).err.find(told), std::string::npos);
}

// Goal: contexts from the command line: set, use, list, and used by the next command.
TEST_F(CommandsTest, Contexts) {
  const std::filesystem::path folder = std::filesystem::path(::testing::TempDir()) / "CommandsTest.Contexts";
  std::filesystem::remove_all(folder);
  const RunOptions options{.variables = {{"XDG_CONFIG_HOME", folder.string()}}};
  EXPECT_EQ(RunCli(bank_, "context set rushey --bank rushey --as maria", options).code, ExitCode::kOk);
  EXPECT_EQ(RunCli(bank_, "context set other --bank elsewhere --server far:1", options).code, ExitCode::kOk);
  EXPECT_EQ(RunCli(bank_, "context list", options).out,
            "current,name,server,bank,as\n,other,far:1,elsewhere,\n*,rushey,,rushey,maria\n");
  EXPECT_EQ(RunCli(bank_, "record ben helped ana 1h", options).code, ExitCode::kOk);
  EXPECT_EQ(RunCli(bank_, "context use other", options).code, ExitCode::kOk);
  EXPECT_EQ(RunCli(bank_, "find ana", options).code, ExitCode::kNotFound) << "the other context's bank";
  EXPECT_EQ(RunCli(bank_, "find ana --context rushey", options).code, ExitCode::kOk);
  EXPECT_EQ(RunCli(bank_, "context use nowhere", options).code, ExitCode::kUsage);
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace timebank::cli
