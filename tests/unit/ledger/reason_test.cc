// Reasons are part of the contract: their names, the code that each goes out with, and that they survive
// being kept.
#include "server/ledger/reason.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "server/ledger/error.h"
#include "server/ledger/refusal.h"

namespace timebank::ledger {
namespace {

using Code = absl::StatusCode;

// Goal: every reason goes out with its code. This table is what outside clients are written against: rows
// are added, never changed.
TEST(ReasonTest, NamesAndCodes) {
  const std::map<Code, std::vector<std::string_view>> contract = {
      {Code::kInvalidArgument, {"VALIDATION", "SHARES_DO_NOT_BALANCE", "BATCH_TOO_LARGE", "BAD_PAGE_TOKEN"}},
      {Code::kNotFound, {"TIMEBANK_NOT_FOUND", "HOLDER_NOT_FOUND", "EXCHANGE_NOT_FOUND", "KEY_NOT_FOUND"}},
      {Code::kAlreadyExists, {"ALREADY_EXISTS", "REQUEST_ID_REUSED", "ORIGIN_RECORDED"}},
      {Code::kFailedPrecondition,
       {"BALANCE_LIMIT", "HOLDER_CLOSED", "ALREADY_REVERSED", "CANNOT_REVERSE_REVERSAL", "CANNOT_CORRECT",
        "ALREADY_CORRECTED", "ALREADY_RESTORED", "NOT_CONTESTED", "ALREADY_CONTESTED", "ALREADY_CONFIRMED",
        "DESTINATION_REQUIRED", "DESTINATION_MUST_BE_POT", "NOT_CLOSED", "TOO_MANY", "NOT_A_TRIAL"}},
      {Code::kAborted, {"ETAG_MISMATCH"}},
      {Code::kPermissionDenied, {"ROLE_REQUIRED", "NOT_A_PARTY"}},
      {Code::kUnauthenticated, {"KEY_UNKNOWN", "KEY_REVOKED", "KEY_EXPIRED"}},
      {Code::kResourceExhausted, {"QUEUE_FULL", "DISK_FULL", "RATE_LIMITED"}},
      {Code::kOutOfRange, {"POSITION_TRIMMED", "EPOCH_CHANGED", "AMOUNT_OVERFLOW"}},
      {Code::kUnavailable, {"SHUTTING_DOWN", "NOT_SERVING", "OUTCOME_UNKNOWN"}},
      {Code::kDataLoss, {"CORRUPT_RECORD"}},
  };
  for (const auto& [code, names] : contract) {
    for (const std::string_view name : names) {
      const std::optional<Reason> reason = ReasonNamed(name);
      ASSERT_TRUE(reason.has_value()) << name;
      EXPECT_EQ(NameOf(*reason), name);
      EXPECT_EQ(CodeOf(*reason), code) << name;
      EXPECT_EQ(IsFrozen(*reason), code == Code::kFailedPrecondition);
    }
  }
  EXPECT_EQ(ReasonNamed("NO_SUCH_REASON"), std::nullopt);
  EXPECT_EQ(ReasonNamed(""), std::nullopt);
}

// Goal: a refusal that is kept comes back with all that it told, except for the words of the caller.
TEST(ReasonTest, ARefusalSurvivesBeingKept) {
  Refusal refusal = Refuse(Reason::kBalanceLimit);
  refusal.account = 7;
  refusal.sequence = 8;
  refusal.numbers = {{"balance", -5}, {"limit", 9}};
  refusal.violations = {{"exchange.seconds", "OUT_OF_RANGE"}};
  refusal.named = "members/ana";
  const Refusal kept = Refusal::FromFacts(refusal.ToFacts());
  EXPECT_EQ(kept.reason, refusal.reason);
  EXPECT_EQ(kept.account, refusal.account);
  EXPECT_EQ(kept.sequence, refusal.sequence);
  EXPECT_EQ(kept.numbers, refusal.numbers);
  EXPECT_EQ(kept.violations, refusal.violations);
  EXPECT_EQ(kept.named, "");
  EXPECT_EQ(refusal.ToFacts().SerializeAsString().find("ana"), std::string::npos);
}

// Goal: a reason of a newer version is told as a record that this version cannot read.
TEST(ReasonTest, ReasonsOfANewerVersion) {
  storage::v1::EntryRefusal facts;
  facts.set_reason("OF_TOMORROW");
  EXPECT_EQ(Refusal::FromFacts(facts).reason, Reason::kCorruptRecord);
}

// Goal: an error carries its reason, and other statuses carry none.
TEST(ReasonTest, ErrorsCarryTheirReason) {
  const absl::Status status = ErrorOf(Reason::kQueueFull, "try again later");
  EXPECT_EQ(status.code(), Code::kResourceExhausted);
  EXPECT_EQ(ReasonOf(status), Reason::kQueueFull);
  EXPECT_EQ(ReasonOf(absl::InternalError("something else")), std::nullopt);
  EXPECT_EQ(ReasonOf(absl::OkStatus()), std::nullopt);
}

}  // namespace
}  // namespace timebank::ledger
