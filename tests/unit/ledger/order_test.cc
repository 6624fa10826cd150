// The documented order of refusals (server/ledger/execute.h): where two apply, the earlier one is the answer.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/support/matchers.h"
#include "tests/support/script.h"

namespace timebank::ledger {
namespace {

// Goal: for each pair of neighbours, a command to which both apply gets the first. Pairs that no command can
// meet (an unknown bank has no request ids; what has an etag has no state) are held against the next one.
TEST(OrderTest, TheEarlierRefusalIsTheAnswer) {
  struct Row {
    const char* first;
    const char* then;
    const char* log;
  };
  const Row rows[] = {
      {"VALIDATION", "TIMEBANK_NOT_FOUND",
       "record ana -> ana 1h bank=ash  VALIDATION exchange.receivers[0].holder=SAME_HOLDER"},
      {"TIMEBANK_NOT_FOUND", "a known request_id", R"(
          record ana -> ben 1h id=a
          record ana -> ben 1h id=a bank=ash   TIMEBANK_NOT_FOUND)"},
      {"a known request_id", "ORIGIN_RECORDED", R"(
          record ana -> ben 1h origin=oak/1 id=a
          record ana -> ben 1h origin=oak/1 id=a  OK replayed
          record ana -> ben 2h origin=oak/1 id=a  REQUEST_ID_REUSED)"},
      {"REQUEST_ID_REUSED", "HOLDER_NOT_FOUND", R"(
          record ana -> ben 1h id=a
          record ana -> ghost 1h id=a          REQUEST_ID_REUSED)"},
      {"HOLDER_NOT_FOUND of the caller", "ORIGIN_RECORDED", R"(
          record ana -> ben 1h origin=oak/1
          record ana -> ben 1h origin=oak/1 as=ghost  HOLDER_NOT_FOUND named=members/ghost)"},
      {"HOLDER_NOT_FOUND of the caller", "EXCHANGE_NOT_FOUND",
       "reverse 99 as=ghost  HOLDER_NOT_FOUND named=members/ghost"},
      {"ORIGIN_RECORDED", "HOLDER_NOT_FOUND", R"(
          record ana -> ben 1h origin=oak/1
          record ana -> ghost 1h origin=oak/1  ORIGIN_RECORDED
          gift ana -> ghost 1h origin=oak/1    ORIGIN_RECORDED
          opening ghost 1h origin=oak/1        ORIGIN_RECORDED)"},
      {"ORIGIN_RECORDED", "ROLE_REQUIRED", R"(
          record ana -> ben 1h origin=oak/1
          record ana -> ben 1h origin=oak/1 as=ana  ORIGIN_RECORDED)"},
      {"EXCHANGE_NOT_FOUND", "HOLDER_NOT_FOUND", R"(
          correct 99 givers=ghost for=phantom  EXCHANGE_NOT_FOUND
          contest 99 because=x for=phantom     EXCHANGE_NOT_FOUND)"},
      {"HOLDER_NOT_FOUND", "the next field's", R"(
          record g1,g2 -> g3 1h remainder=g4 for=g5      HOLDER_NOT_FOUND named=members/g1
          record ana,g2 -> g3 1h remainder=g4 for=g5     HOLDER_NOT_FOUND named=members/g2
          record ana -> circles/g3 1h remainder=g4 for=g5  HOLDER_NOT_FOUND named=circles/g3
          record ana -> ben 1h remainder=pots/g4 for=g5  HOLDER_NOT_FOUND named=pots/g4
          record ana -> ben 1h for=g5                    HOLDER_NOT_FOUND named=members/g5
          gift g1 -> g2 1h for=g3                        HOLDER_NOT_FOUND named=members/g1
          gift ana -> g2 1h for=g3                       HOLDER_NOT_FOUND named=members/g2
          gift ana -> ben 1h for=g3                      HOLDER_NOT_FOUND named=members/g3
          close g1 to=g2                                 HOLDER_NOT_FOUND named=members/g1
          close ana to=g2                                HOLDER_NOT_FOUND named=members/g2
          merge g1 into g2                               HOLDER_NOT_FOUND named=members/g1
       t: record ana -> ben 1h
          correct @t givers=g1 receivers=g2 for=g3       HOLDER_NOT_FOUND named=members/g1
          correct @t receivers=g2 remainder=g4 for=g3    HOLDER_NOT_FOUND named=members/g2
          correct @t remainder=g4 for=g3                 HOLDER_NOT_FOUND named=members/g4
          correct @t seconds=2h for=g3                   HOLDER_NOT_FOUND named=members/g3)"},
      {"HOLDER_NOT_FOUND", "ALREADY_EXISTS", "circle knit ana \n circle knit ghost  HOLDER_NOT_FOUND"},
      {"HOLDER_NOT_FOUND", "ROLE_REQUIRED", R"(
          record ana -> ghost 1h as=member               HOLDER_NOT_FOUND
          record ana -> ghost 1h as=ana origin=oak/1     HOLDER_NOT_FOUND
          gift ana -> ghost 1h as=ana origin=oak/1       HOLDER_NOT_FOUND
          record ana -> ben 1h as=ana for=ghost          HOLDER_NOT_FOUND
          opening ghost 1h as=ana                        HOLDER_NOT_FOUND
          close ghost as=ana                             HOLDER_NOT_FOUND
          circle knit ghost as=ana                       HOLDER_NOT_FOUND)"},
      {"HOLDER_NOT_FOUND", "NOT_A_PARTY", R"(
       t: record ana -> ben 1h
          record ana -> ghost 1h as=cara                 HOLDER_NOT_FOUND
          correct @t receivers=ghost as=cara             HOLDER_NOT_FOUND)"},
      {"HOLDER_NOT_FOUND", "the table of states", R"(
       t: record ana -> ben 1h
          reverse @t
          correct @t receivers=ghost                     HOLDER_NOT_FOUND
          settle @t corrected receivers=ghost            HOLDER_NOT_FOUND)"},
      {"ALREADY_EXISTS", "ROLE_REQUIRED", R"(
          member old external=oak/1
          member ana as=ben                              ALREADY_EXISTS
          member new external=oak/1 as=ben               ALREADY_EXISTS holder=old
          update ana external=oak/1 as=ana               ALREADY_EXISTS holder=old
          circle knit ana
          circle knit ana as=ben                         ALREADY_EXISTS
          timebank rushey as=partner                     ALREADY_EXISTS)"},
      {"ROLE_REQUIRED", "NOT_A_PARTY", R"(
       t: record ana -> ben 1h
          contest @t because=x as=ana for=cara           ROLE_REQUIRED
          gift ana -> ben 1h as=ben for=cara             ROLE_REQUIRED
          gift ana -> ben 1h as=ben origin=oak/1         ROLE_REQUIRED
          update ana note=x as=ben                       ROLE_REQUIRED
          settings who=brokers
          record ana -> ben 1h as=cara                   ROLE_REQUIRED)"},
      {"ROLE_REQUIRED", "ETAG_MISMATCH", "settings starter=1h etag=99 as=ana  ROLE_REQUIRED"},
      {"NOT_A_PARTY", "ETAG_MISMATCH", "update ana name=x etag=99 as=ben  NOT_A_PARTY"},
      {"NOT_A_PARTY", "the table of states", R"(
       t: record ana -> ben 1h
          reverse @t
          contest @t because=x as=cara                   NOT_A_PARTY
          contest @t because=x for=cara                  NOT_A_PARTY
          reverse @t as=cara                             NOT_A_PARTY)"},
      {"CANNOT_REVERSE_REVERSAL", "ALREADY_CONTESTED", R"(
       t: record ana -> ben 1h
          reverse @t
          contest @t+1 because=x as=ana
          reverse @t+1                                   CANNOT_REVERSE_REVERSAL
          correct @t+1 seconds=2h                        CANNOT_REVERSE_REVERSAL)"},
      {"CANNOT_REVERSE_REVERSAL", "NOT_CONTESTED", R"(
       t: record ana -> ben 1h
          reverse @t
          settle @t+1 reversed                           CANNOT_REVERSE_REVERSAL)"},
      {"ALREADY_REVERSED", "NOT_CONTESTED", R"(
       t: record ana -> ben 1h
          reverse @t
          settle @t stands                               ALREADY_REVERSED)"},
      {"ALREADY_REVERSED", "CANNOT_CORRECT", R"(
       t: gift ana -> ben 1h
          reverse @t
          correct @t seconds=2h                          ALREADY_REVERSED)"},
      {"ALREADY_CONTESTED", "ALREADY_CONFIRMED", R"(
       t: record ana -> ben 1h
          confirm @t as=ben
          contest @t as=ben because=x
          confirm @t as=ben                              ALREADY_CONTESTED)"},
      {"ALREADY_CONTESTED", "CANNOT_CORRECT", R"(
       t: gift ana -> ben 1h
          contest @t as=ben because=x
          correct @t seconds=2h                          ALREADY_CONTESTED)"},
      {"NOT_CONTESTED", "CANNOT_CORRECT", R"(
       t: gift ana -> ben 1h
          settle @t corrected seconds=2h                 NOT_CONTESTED)"},
      {"the table of states", "VALIDATION that needs the ledger", R"(
          member anna
          merge anna into ana
       t: record ana -> ben 1h
          contest @t as=ben because=x
          correct @t givers=ana receivers=anna           ALREADY_CONTESTED
          settle @t corrected                            VALIDATION exchange=REQUIRED
       g: gift ana -> ben 1h
          correct @g givers=ana receivers=anna           CANNOT_CORRECT
          settle @g corrected                            NOT_CONTESTED)"},
      {"SAME_HOLDER", "SHARES_DO_NOT_BALANCE", R"(
          member anna
          merge anna into ana
          record ana:1h -> anna:2h  VALIDATION exchange.receivers[0].holder=SAME_HOLDER)"},
      {"SAME_HOLDER", "HOLDER_CLOSED", R"(
          member anna
          merge anna into ana
          close ana on=2026-01-01
          record ana -> anna 1h     VALIDATION exchange.receivers[0].holder=SAME_HOLDER
          close ana to=anna         VALIDATION destination=SAME_HOLDER)"},
      {"SHARES_DO_NOT_BALANCE", "HOLDER_CLOSED",
       "close ben on=2026-01-01 \n record ana:1h -> ben:2h  SHARES_DO_NOT_BALANCE"},
      {"HOLDER_CLOSED", "DESTINATION_REQUIRED", R"(
          close ben on=2026-10-01
          record ben -> ana 1h on=2026-10-01  OK notice=HOLDER_CLOSED_BACKDATED
          close ben                           HOLDER_CLOSED)"},
      {"HOLDER_CLOSED", "DESTINATION_MUST_BE_POT", R"(
          record ana -> ben 1h
          close cara
          close ben to=cara                   HOLDER_CLOSED)"},
      {"HOLDER_CLOSED", "AMOUNT_OVERFLOW", R"(
          plant ana in=9223372036854775807s out=0s
          close ben on=2026-01-01
          record ana -> ben 1h                HOLDER_CLOSED)"},
      {"HOLDER_CLOSED", "BALANCE_LIMIT", R"(
          settings block_below=0h
          close ana on=2026-01-01
          record ana -> ben 1h                HOLDER_CLOSED)"},
      {"AMOUNT_OVERFLOW", "BALANCE_LIMIT", R"(
          plant ana in=9223372036854775807s out=0s
          plant ben in=0s out=9223372036854775807s
          settings block_below=-1h block_above=1h
          record ana -> cara 2h               AMOUNT_OVERFLOW holder=ana
          record cara -> ben 2h               AMOUNT_OVERFLOW holder=ben
          gift cara -> ana 2h                 AMOUNT_OVERFLOW holder=ana)"},
      {"BALANCE_LIMIT", "ACTING_FOR_LIMIT", R"(
          settings block_below=-1h
          grant ana cara 1h
          record ben -> ana 2h as=cara for=ana  BALANCE_LIMIT holder=ana)"},
      {"HOLDER_NOT_FOUND", "NOT_A_PARTY", R"(
          grant ghost ana 1h as=ben           HOLDER_NOT_FOUND named=members/ghost
          grant ana ghost 1h as=ben           HOLDER_NOT_FOUND named=members/ghost
          revoke ana ghost as=cara            HOLDER_NOT_FOUND named=members/ghost)"},
      {"NOT_A_PARTY", "VALIDATION, HOLDER_CLOSED, NOT_GRANTED", R"(
          close cara
          grant ana cara 1h as=ben            NOT_A_PARTY
          grant ana cara 1h until=2026-11-13  VALIDATION until=DAY_IN_PAST
          revoke ana cara as=ben              NOT_A_PARTY)"},
  };
  for (const Row& row : rows) {
    Script bank;
    ASSERT_THAT(bank.Run("members ana ben cara"), IsOk());
    EXPECT_THAT(bank.Run(row.log), IsOk()) << row.first << " comes before " << row.then;
  }
}

// Goal: HOLDER_CLOSED comes before TOO_MANY.
TEST(OrderTest, ClosedComesBeforeTooMany) {
  Script bank;
  ASSERT_THAT(bank.Run("members m1..m18"), IsOk());
  for (int i = 2; i <= 17; ++i) ASSERT_THAT(bank.Run("merge m" + std::to_string(i) + " into m1"), IsOk());
  EXPECT_THAT(bank.Run("merge m18 into m1 TOO_MANY \n close m1 \n merge m18 into m1 HOLDER_CLOSED holder=m1"),
              IsOk());
}

// Goal: who may comes before a category too many, and that before a closed holder.
TEST(OrderTest, ACategoryTooManyIsValidation) {
  Script bank;
  std::string names;
  for (int i = 0; i < 500; ++i) names += "c" + std::to_string(i) + ",";
  ASSERT_THAT(bank.Run("members ana ben cara \n settings categories=" + names), IsOk());
  EXPECT_THAT(bank.Run(R"(
    record ana -> ben 1h category=more for=ghost  HOLDER_NOT_FOUND
    record ana -> ben 1h category=more as=cara    NOT_A_PARTY
    settings categories=more etag=99              ETAG_MISMATCH
    close ben on=2026-01-01
    record ana -> ben 1h category=more            VALIDATION exchange.category=TOO_MANY
    gift ana -> ben 1h category=more              VALIDATION category=TOO_MANY
  )"),
              IsOk());
}

}  // namespace
}  // namespace timebank::ledger
