#include "client/cpp/error.h"

#include <gmock/gmock.h>

#include <chrono>
#include <cstdint>
#include <limits>

#include "absl/strings/cord.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "tests/unit/client/fakes.h"

namespace timebank::client {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

// Goal: an item's error in a batch reply reads like the error of a call.
TEST(ErrorTest, DetailsOfAnItemAreRead) {
  google::rpc::ErrorInfo info;
  info.set_reason("VALIDATION");
  (*info.mutable_metadata())["index"] = "7";
  google::rpc::BadRequest bad_request;
  auto* violation = bad_request.add_field_violations();
  violation->set_field("exchange.occurred_on");
  violation->set_description("the day is in the future");
  violation->set_reason("DAY_IN_FUTURE");
  google::rpc::Status wire;
  wire.set_code(3);
  wire.set_message("one field is wrong");
  wire.add_details()->PackFrom(info);
  wire.add_details()->PackFrom(bad_request);

  const absl::Status status = ToStatus(wire);

  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(status.message(), "one field is wrong");
  EXPECT_EQ(ErrorReason(status), "VALIDATION");
  EXPECT_THAT(ErrorMetadata(status), ElementsAre(Pair("index", "7")));
  EXPECT_THAT(FieldViolations(status), ElementsAre(FieldViolation{.field = "exchange.occurred_on",
                                                                  .description = "the day is in the future",
                                                                  .reason = "DAY_IN_FUTURE"}));
}

// Goal: a result that is OK stays OK, and a status without details, or with unreadable ones, gives empty
// answers.
TEST(ErrorTest, WhatIsNotThereIsEmpty) {
  EXPECT_TRUE(ToStatus(google::rpc::Status()).ok());
  absl::Status broken = absl::NotFoundError("gone");
  broken.SetPayload("type.googleapis.com/google.rpc.ErrorInfo", absl::Cord("\xff\xff"));
  for (const absl::Status& status : {absl::OkStatus(), absl::NotFoundError("gone"), broken}) {
    EXPECT_EQ(ErrorReason(status), "");
    EXPECT_THAT(ErrorMetadata(status), IsEmpty());
    EXPECT_THAT(FieldViolations(status), IsEmpty());
    EXPECT_EQ(RetryDelay(status), std::nullopt);
    EXPECT_EQ(RequestId(status), "");
  }
}

// Goal: whatever delay a server names, ours is between nothing and a day.
TEST(ErrorTest, DelaysAreBounded) {
  EXPECT_EQ(RetryDelay(QueueFull(1, 250'000'001)), milliseconds(1'251));
  EXPECT_EQ(RetryDelay(QueueFull(0, -5)), milliseconds(0));
  EXPECT_EQ(RetryDelay(QueueFull(-1, 0)), milliseconds(0));
  EXPECT_EQ(RetryDelay(QueueFull(25 * 60 * 60, 0)), std::chrono::hours(24));
  EXPECT_EQ(RetryDelay(QueueFull(std::numeric_limits<std::int64_t>::max(), 0)), std::chrono::hours(24));
}

// Goal: the id of a change travels with its error.
TEST(ErrorTest, RequestIdTravelsWithTheError) {
  EXPECT_EQ(RequestId(WithRequestId(absl::UnavailableError("away"), "abc-1")), "abc-1");
}

}  // namespace
}  // namespace timebank::client
