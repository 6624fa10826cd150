#include "client/cli/errors.h"

#include <gtest/gtest.h>

#include <string>

#include "client/cpp/error.h"
#include "tests/unit/cli/fake_bank.h"

namespace timebank::cli {
namespace {

using Code = absl::StatusCode;

Situation Typed() {
  Situation situation;
  situation.command_line = "timebank record ben helped ana 1h30";
  situation.server = "localhost:7400";
  return situation;
}

// Goal: each kind of error has its exit code.
TEST(ErrorsTest, ExitCodes) {
  EXPECT_EQ(ExitCodeOf(absl::OkStatus()), ExitCode::kOk);
  EXPECT_EQ(ExitCodeOf(ServiceError(Code::kFailedPrecondition, "BALANCE_LIMIT")), ExitCode::kRefused);
  EXPECT_EQ(ExitCodeOf(ServiceError(Code::kInvalidArgument, "VALIDATION")), ExitCode::kRefused);
  EXPECT_EQ(ExitCodeOf(UsageError("x")), ExitCode::kUsage);
  EXPECT_EQ(ExitCodeOf(absl::InvalidArgumentError("not hours")), ExitCode::kUsage);
  EXPECT_EQ(ExitCodeOf(NotFoundError("x")), ExitCode::kNotFound);
  EXPECT_EQ(ExitCodeOf(ServiceError(Code::kNotFound, "HOLDER_NOT_FOUND")), ExitCode::kNotFound);
  EXPECT_EQ(ExitCodeOf(absl::UnavailableError("x")), ExitCode::kUnreachable);
  EXPECT_EQ(ExitCodeOf(absl::DeadlineExceededError("x")), ExitCode::kUnreachable);
  EXPECT_EQ(ExitCodeOf(IncompleteError("x")), ExitCode::kIncomplete);
}

// Goal: every reason of the contract has a sentence of ours that says what to do; none falls through to the
// server's own words.
TEST(ErrorsTest, EveryReasonHasASentence) {
  for (const char* reason : {"SHARES_DO_NOT_BALANCE",
                             "TIMEBANK_NOT_FOUND",
                             "HOLDER_NOT_FOUND",
                             "EXCHANGE_NOT_FOUND",
                             "ALREADY_EXISTS",
                             "REQUEST_ID_REUSED",
                             "ORIGIN_RECORDED",
                             "BALANCE_LIMIT",
                             "HOLDER_CLOSED",
                             "ALREADY_REVERSED",
                             "CANNOT_REVERSE_REVERSAL",
                             "CANNOT_CORRECT",
                             "ALREADY_CORRECTED",
                             "ALREADY_RESTORED",
                             "NOT_CONTESTED",
                             "ALREADY_CONTESTED",
                             "ALREADY_CONFIRMED",
                             "DESTINATION_REQUIRED",
                             "DESTINATION_MUST_BE_POT",
                             "NOT_CLOSED",
                             "NOT_A_TRIAL",
                             "ACTING_FOR_LIMIT",
                             "NOT_GRANTED",
                             "ETAG_MISMATCH",
                             "NOT_A_PARTY",
                             "QUEUE_FULL",
                             "DISK_FULL",
                             "RATE_LIMITED",
                             "POSITION_TRIMMED",
                             "EPOCH_CHANGED",
                             "AMOUNT_OVERFLOW"}) {
    const std::string text = Explain(ServiceError(Code::kFailedPrecondition, reason), Typed());
    EXPECT_EQ(text.find("words of the server"), std::string::npos) << reason << ": " << text;
    EXPECT_GT(text.size(), 20u) << reason;
  }
  EXPECT_EQ(Explain(ServiceError(Code::kFailedPrecondition, "SOMETHING_NEW"), Typed()),
            "The server refused: words of the server (SOMETHING_NEW).");
}

// Goal: whoever sent no key, or whose key may not do it, is told so and not something else.
TEST(ErrorsTest, KeysAreToldApart) {
  const absl::Status unknown = ServiceError(Code::kUnauthenticated, "KEY_UNKNOWN");
  Situation situation = Typed();
  EXPECT_NE(Explain(unknown, situation).find("none was sent"), std::string::npos);
  situation.key_held_back = true;
  EXPECT_NE(Explain(unknown, situation).find("leave --plaintext"), std::string::npos);
  situation.key_sent = true;
  EXPECT_NE(Explain(unknown, situation).find("does not know this one"), std::string::npos);

  const absl::Status role = ServiceError(Code::kPermissionDenied, "ROLE_REQUIRED");
  EXPECT_NE(Explain(role, situation).find("Your key may not do that"), std::string::npos);
  situation.command_line += " --member ana";
  EXPECT_NE(Explain(role, situation).find("leave --member out"), std::string::npos);
  EXPECT_EQ(Explain(role, Typed()).find("--member"), std::string::npos) << "none was given";
  EXPECT_NE(Explain(role, Typed()).find("keys and certificates"), std::string::npos);
}

// Goal: numbers and names of the error come through, in words.
TEST(ErrorsTest, SentencesUseTheFacts) {
  Situation situation = Typed();
  situation.name_of = [](const std::string&) { return std::string("Ana Muñoz"); };
  EXPECT_EQ(
      Explain(ServiceError(Code::kFailedPrecondition, "BALANCE_LIMIT",
                           {{"holder", "timebanks/rushey/members/ana"},
                            {"balance", "-14400"},
                            {"requested", "-5400"},
                            {"limit", "-18000"}}),
              situation),
      "Nothing was recorded: the bank's own limit stands in the way. Ana Muñoz stands at 4h in debit and "
      "would come to "
      "5h30 in debit; the limit is 5h in debit.\n"
      "Have a talk with them, or let the steward move the limit: timebank bank settings --set block_below=…");
  EXPECT_EQ(
      Explain(ServiceError(Code::kFailedPrecondition, "ACTING_FOR_LIMIT",
                           {{"holder", "timebanks/rushey/members/ana"},
                            {"limit", "18000"},
                            {"used", "14400"},
                            {"requested", "5400"},
                            {"month", "2026-11"}}),
              situation),
      "Nothing was recorded: Ana Muñoz lets you debit 5h a month; 4h of it is used, and this takes 1h30. "
      "The member or a broker can allow more: timebank acting-for grant …");
  EXPECT_EQ(Explain(ServiceError(Code::kFailedPrecondition, "ALREADY_REVERSED",
                                 {{"exchange", "timebanks/rushey/exchanges/1043"}}),
                    Typed()),
            "It has been undone already, by 1043. Was that wrong? timebank contest 1043 --acting-for … "
            "--because …");
  situation.slip = "231";
  EXPECT_EQ(Explain(ServiceError(Code::kAlreadyExists, "REQUEST_ID_REUSED",
                                 {{"exchange", "timebanks/rushey/exchanges/1042"}}),
                    situation),
            "Slip 231 has already been entered as 1042, with other contents. Is it another slip? Leave "
            "--slip out, or correct what "
            "was entered: timebank correct 1042 …");
}

// Goal: when nobody knows whether it happened, the command that finds out is told, ready to be typed.
TEST(ErrorsTest, NoAnswerTellsHowToAskAgain) {
  const absl::Status lost = client::WithRequestId(absl::UnavailableError("x"), "id-7");
  EXPECT_NE(Explain(lost, Typed()).find("\n  timebank record ben helped ana 1h30 --request-id id-7"),
            std::string::npos);
  EXPECT_EQ(Explain(absl::UnavailableError("x"), Typed()).find("request-id"), std::string::npos)
      << "a read has no id";
  Situation slip = Typed();
  slip.slip = "231";
  slip.command_line += " --slip 231";
  EXPECT_EQ(
      Explain(client::WithRequestId(absl::DeadlineExceededError("x"), "slip-231"), slip).find("--request-id"),
      std::string::npos)
      << "a slip's number is its id";
}

// Goal: what certainly did not happen is told, and TLS is asked about only where it is what failed.
TEST(ErrorsTest, NoAnswerTellsWhatIsKnown) {
  const absl::Status away = client::WithNeverSent(absl::UnavailableError("Connection refused"));
  const absl::Status handshake = client::WithNeverSent(absl::UnavailableError("Ssl handshake failed: why"));
  const absl::Status proxy = absl::UnavailableError("The ledger server does not answer.");
  Situation tls = Typed();
  tls.encrypted = true;
  tls.server = "bank.example:7400";
  const auto says = [&](const absl::Status& status, const Situation& situation, std::string_view what) {
    return Explain(status, situation).find(what) != std::string::npos;
  };
  for (const absl::Status& status : {away, handshake, proxy}) {
    EXPECT_EQ(says(status, tls, "over TLS"), status == handshake) << status;
    EXPECT_TRUE(says(status, tls, std::string_view(status.message().data(), status.message().size())));
    EXPECT_TRUE(says(status, tls, "Nothing was changed.")) << "a read";
    const absl::Status change = client::WithRequestId(status, "id-7");
    EXPECT_EQ(says(change, tls, "Nothing was changed."), status != proxy) << status;
    EXPECT_EQ(says(change, tls, "--request-id id-7"), status == proxy) << status;
  }
  EXPECT_TRUE(says(away, Typed(), "add --ca FILE"));
  tls.change_sent = true;
  EXPECT_FALSE(says(proxy, tls, "Nothing was changed."));
}

// Goal: after a restore it is told what happened, and how to go on.
TEST(ErrorsTest, RestoredLedger) {
  const absl::Status changed = ServiceError(Code::kOutOfRange, "EPOCH_CHANGED");
  EXPECT_NE(Explain(changed, Typed()).find("put back from a backup"), std::string::npos);
  Situation watching = Typed();
  watching.last_event = "1042";
  const std::string told = Explain(changed, watching);
  EXPECT_NE(told.find("up to number 1042"), std::string::npos) << told;
  EXPECT_NE(told.find("timebank watch --from-start"), std::string::npos);
  EXPECT_EQ(ExitCodeOf(changed), ExitCode::kRefused);
}

}  // namespace
}  // namespace timebank::cli
