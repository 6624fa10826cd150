// Members and circles: joining, changing, closing, reopening, merging; starter hours.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/matchers.h"
#include "tests/support/script.h"

namespace timebank::ledger {
namespace {

// Goal: nothing is required of a member; ids are the caller's or made of the number, never of the name.
TEST(PeopleTest, NothingIsRequired) {
  Script bank;
  EXPECT_THAT(bank.Run(R"(
    member                                OK
    who m1 ACTIVE name="" kind=1 joined=2026-11-14 etag=2
    member m3 name="Ana Puig" kind=household phones=12,34 note=sings joined=2020-02-29
    who m3 ACTIVE name="Ana Puig" kind=3 phones=12,34 note=sings joined=2020-02-29
    member                                OK       # the third one; m3 is taken
    who m3-2 ACTIVE
    member m3                             ALREADY_EXISTS holder=m3
    member Ana                            VALIDATION member_id=MALFORMED
    member x as=ana                       HOLDER_NOT_FOUND named=members/ana
    member x as=m3                        ROLE_REQUIRED
    member x as=partner                   ROLE_REQUIRED
    member x joined=2026-11-15            VALIDATION member.joined_on=DAY_IN_FUTURE
  )"),
              IsOk());
}

// Goal: starter hours come with creation, from pots/opening, unless refused or the bank has none.
TEST(PeopleTest, StarterHours) {
  Script bank;
  EXPECT_THAT(bank.Run(R"(
       member ana
       settings starter=3h block_above=1h
    t: member ben
       entry @t   MEMBER_CREATED subject=ben
       entry @t+1 STARTER pots/opening-3h ben+3h
       member cara no_starter
       account ben balance=3h in=3h exchanges=0
       balances ben=3h pots/opening=-3h sum=0
       settings starter=101h    VALIDATION settings.starter_seconds=OUT_OF_RANGE
       settings starter=100h
  )"),
              IsOk());
}

// Goal: one number of an older system leads to one member, and is free again when that member gives it up.
TEST(PeopleTest, ExternalIdsLeadToOneMember) {
  Script bank;
  EXPECT_THAT(bank.Run(R"(
    member ana external=oak/1,oak/2
    member ben external=oak/1     ALREADY_EXISTS holder=ana
    member ben external=elm/1
    update ben external=elm/1,oak/2  ALREADY_EXISTS holder=ana
    update ana external=oak/1     OK
    update ben external=elm/1,oak/2  OK
    update ana external=oak/2     ALREADY_EXISTS holder=ben
    update ana external=          OK
    member cara external=oak/1    OK
    # A merged member's numbers are its survivor's.
    merge cara into ben
    update ben external=oak/1     OK
    member dora external=oak/1    ALREADY_EXISTS holder=ben
    member dora external=oak/     VALIDATION member.external_ids[0].number=REQUIRED
  )"),
              IsOk());
}

// Goal: a broker changes everything, a member its own contact details; an etag guards against haste.
TEST(PeopleTest, ChangingDetails) {
  Script bank;
  EXPECT_THAT(bank.Run(R"(
    member ana name=Ana phones=1,2 note=n       # entry 2
    member ben                                  # entry 3
    update ana name=Anna phones=3
    who ana ACTIVE name=Anna phones=3 note=n etag=4
    update ana name="" as=ana
    who ana ACTIVE name="" phones=3
    update ana note=mine as=ana          ROLE_REQUIRED
    update ana external=a/1 as=ana       ROLE_REQUIRED
    update ana name=X as=ben             NOT_A_PARTY
    update ana note=X as=ben             ROLE_REQUIRED
    update ana name=X as=partner         NOT_A_PARTY
    update ana kind=organisation etag=4  ETAG_MISMATCH
    update ana kind=organisation etag=5
    who ana ACTIVE kind=2 etag=6
    update ana                           VALIDATION update_mask=REQUIRED
    update ghost name=X                  HOLDER_NOT_FOUND named=members/ghost
  )"),
              IsOk());
}

// Goal: who closes says where hours in credit go; hours in debit go to a pot or stay.
TEST(PeopleTest, Closing) {
  struct Row {
    const char* goal;
    const char* log;
  };
  const Row rows[] = {
      {"nothing left, nothing to say", R"(
         t: close cara
            entry @t MEMBER_CLOSED subject=cara
            who cara CLOSED closed_on=2026-11-14)"},
      {"in credit: to another member", R"(
         t: close ana to=cara on=2026-11-01
            entry @t CLOSING ana-2h cara+2h on=2026-11-14
            entry @t+1 MEMBER_CLOSED subject=ana other=cara
            who ana CLOSED closed_on=2026-11-01
            account cara in=2h exchanges=0
            balances cara=2h ben=-2h sum=0)"},
      {"in credit: to a pot", R"(
            close ana to=pots/community
            balances pots/community=2h ben=-2h sum=0)"},
      {"in credit: to a circle", R"(
            close ana to=circles/knit
            balances circles/knit=2h ben=-2h sum=0)"},
      {"in credit: somewhere", "close ana  DESTINATION_REQUIRED holder=ana balance=2h"},
      {"in debit: to a pot", R"(
         t: close ben to=pots/community
            entry @t CLOSING ben+2h pots/community-2h
            balances ana=2h pots/community=-2h sum=0)"},
      {"in debit: to no member, and no circle", R"(
            close ben to=cara          DESTINATION_MUST_BE_POT holder=ben balance=-2h
            close ben to=circles/knit  DESTINATION_MUST_BE_POT holder=ben)"},
      {"in debit: or it stays", R"(
         t: close ben
            entry @t MEMBER_CLOSED subject=ben
            balances ana=2h ben=-2h sum=0)"},
      {"not to oneself, to somebody who is closed, or to nobody", R"(
            close ana to=ana    VALIDATION destination=SAME_HOLDER
            close cara
            close ana to=cara   HOLDER_CLOSED holder=cara
            close ana to=ghost  HOLDER_NOT_FOUND named=members/ghost)"},
      {"not to oneself under an older id", R"(
            merge cara into ana
            close ana to=cara   VALIDATION destination=SAME_HOLDER)"},
      {"once", "close cara \n close cara  HOLDER_CLOSED holder=cara"},
      {"by a broker", "close cara as=cara  ROLE_REQUIRED \n close cara as=partner  ROLE_REQUIRED"},
      {"not in the future", "close cara on=2026-11-15  VALIDATION closed_on=DAY_IN_FUTURE"},
  };
  for (const Row& row : rows) {
    Script bank;
    ASSERT_THAT(bank.Run("members ana ben cara \n circle knit cara \n record ana -> ben 2h"), IsOk());
    EXPECT_THAT(bank.Run(row.log), IsOk()) << row.goal;
  }
}

// Goal: a broker still records help from before the closing, which is told; nobody records later help.
TEST(PeopleTest, HelpFromBeforeTheClosing) {
  Script bank;
  EXPECT_THAT(bank.Run(R"(
    members ana ben cara
    close ben on=2026-11-01
    record ana -> ben 1h                       HOLDER_CLOSED holder=ben
    record ana -> ben 1h on=2026-11-02         HOLDER_CLOSED holder=ben
    record ana -> ben 1h on=2026-11-01         OK notice=HOLDER_CLOSED_BACKDATED:ben
    record ana -> ben 1h on=2026-10-01 as=ana  HOLDER_CLOSED holder=ben
    record ana -> ben 1h origin=oak/1          HOLDER_CLOSED holder=ben
    gift ana -> ben 1h                         HOLDER_CLOSED holder=ben
    gift ana -> ben 1h on=2026-10-01           OK notice=HOLDER_CLOSED_BACKDATED:ben
    opening ben 1h                             HOLDER_CLOSED holder=ben
    opening ben 1h on=2026-10-01               OK notice=HOLDER_CLOSED_BACKDATED:ben
    record ana -> cara 1h remainder=ben        OK       # nothing is left for ben
    balances ana=1h ben=1h cara=-1h pots/opening=-1h sum=0
  )"),
              IsOk());
}

// Goal: what was recorded before somebody closed can be contested, corrected and always reversed.
TEST(PeopleTest, WhatCanStillHappenToAClosedMember) {
  Script bank;
  EXPECT_THAT(bank.Run(R"(
       members ana ben cara
    t: record ana -> ben 2h on=2026-10-01
    u: record ana -> ben 2h on=2026-10-01
       close ben on=2026-11-01
    f: correct @t seconds=3h                      OK notice=HOLDER_CLOSED_BACKDATED:ben
       correct @f+1 on=2026-11-02                 HOLDER_CLOSED holder=ben
       contest @f+1 as=ben because=no             OK
       settle @f+1 reversed                       OK
       reverse @u as=ben                          ROLE_REQUIRED
       reverse @u                                 OK
       balances sum=0
       update ben name=Ben                        OK
  )"),
              IsOk());
}

// Goal: whose id, of an older server, says nothing of the record is what the record says, whatever becomes of
// it next.
TEST(PeopleTest, IdsOfOlderServers) {
  EXPECT_THAT(Script().Run(R"(
    members ana ben cara dora
    close ben on=2026-11-01
    merge dora into cara
    old_ids
    record ana -> ben 1h            HOLDER_CLOSED holder=ben
 r: record ana -> dora 1h
    entry @r EXCHANGE ana+1h cara-1h
    update ben name=Benjamin
    record ana -> ben 1h            HOLDER_CLOSED holder=ben
    old_ids
    reopen ben
    record ana -> ben 1h
    merge cara into ben
    old_ids
 s: record ana -> dora 1h
    entry @s EXCHANGE ana+1h ben-1h
    close ben on=2026-11-01
    record ana -> cara 1h           HOLDER_CLOSED holder=ben
  )"),
              IsOk());
}

// Goal: a closed account opens again, and nothing moves.
TEST(PeopleTest, Reopening) {
  Script bank;
  EXPECT_THAT(bank.Run(R"(
       members ana ben
       record ana -> ben 2h
       reopen ben             NOT_CLOSED
       close ben
       reopen ben as=ben      ROLE_REQUIRED
    t: reopen ben
       entry @t MEMBER_REOPENED subject=ben
       who ben ACTIVE
       record ana -> ben 1h   OK
       close ben              OK
       balances ana=3h ben=-3h sum=0
  )"),
              IsOk());
}

// Goal: two records of one person become one: hours and contested hours move, the old id leads to the
// survivor, at any depth.
TEST(PeopleTest, Merging) {
  Script bank;
  EXPECT_THAT(bank.Run(R"(
       members ana anna anne ben
    t: record ana -> ben 2h as=ana
       contest @t as=ben because=no
    m: merge ana into anna
       entry @m   CLOSING ana-2h anna+2h
       entry @m+1 MEMBER_MERGED subject=ana other=anna
       who ana MERGED merged_into=anna
       who anna ACTIVE merged=ana
       account ana balance=0h contested=0h
       account anna balance=2h contested=2h
    # The old id is the new member: as a holder, as the one who calls, and as the one acted for.
       record ana -> ben 1h as=ana     OK
       balances anna=3h ben=-3h sum=0
       record anna -> ben 1h for=ana   OK
       update ana name=Anna
       who anna ACTIVE name=Anna
    # The survivor is the recorder and the party.
       settle @t reversed as=anna
       account anna balance=2h contested=0h
    # And once more.
       merge anna into anne
       who anne ACTIVE merged=anna,ana
       record ana -> ben 1h
       balances anne=3h ben=-3h sum=0
       merge ana into anne             VALIDATION into=SAME_HOLDER
       merge anne into anne            VALIDATION into=SAME_HOLDER
       merge ben into ghost            HOLDER_NOT_FOUND named=members/ghost
       merge ben into ana as=ben       ROLE_REQUIRED
       close ben
       merge anne into ben             HOLDER_CLOSED holder=ben
       merge ben into anne             OK
       balances sum=0
  )"),
              IsOk());
}

// Goal: what a merged member did is undone on its survivor.
TEST(PeopleTest, MergedThenReversed) {
  Script bank;
  EXPECT_THAT(bank.Run(R"(
       members ana anna ben
    t: record ana -> ben 2h
    u: record ben -> ana 30m
       merge ana into anna
    r: reverse @t
       entry @r REVERSAL anna-2h ben+2h reverses=@t
       balances anna=-30m ben=30m sum=0
       correct @u seconds=1h
       entry @r+2 EXCHANGE ben+1h anna-1h corrects=@u
       balances anna=-1h ben=1h sum=0
  )"),
              IsOk());
}

// Goal: an exchange between two who have become one can still be undone; all that they hold stays with the
// one.
TEST(PeopleTest, ReversedAfterBothSidesBecameOne) {
  Script bank;
  EXPECT_THAT(bank.Run(R"(
       members ana ben cara
    t: record ana -> ben 2h
       merge ben into ana
       balances sum=0
    r: reverse @t
       entry @r REVERSAL ana-2h ben+2h
       entry @r+1 CLOSING ben-2h ana+2h
       balances sum=0
       correct @t seconds=1h  ALREADY_REVERSED
       record ana -> cara 1h
       balances ana=1h cara=-1h sum=0
       close ana                   DESTINATION_REQUIRED
       close ana to=pots/community
       balances pots/community=1h cara=-1h sum=0
  )"),
              IsOk());
}

// Goal: the entry that emptied a merged account can be undone like any other, and the account stays empty; a
// correction counts from all that the survivor holds.
TEST(PeopleTest, AMergedAccountStaysEmpty) {
  Script bank;
  EXPECT_THAT(bank.Run(R"(
       members ana ben cara
    t: record ben -> cara 2h
    m: merge ben into ana
       entry @m CLOSING ben-2h ana+2h
       balances ana=2h cara=-2h sum=0
    r: reverse @m
       entry @r REVERSAL ben+2h ana-2h
       entry @r+1 CLOSING ben-2h ana+2h
       balances ana=2h cara=-2h sum=0
    u: reverse @t
       balances sum=0
       members dora
    v: record ana -> dora 1h
       merge dora into ana
    w: correct @v receivers=cara
       entry @w REVERSAL ana-1h dora+1h
       entry @w+1 CLOSING dora-1h ana+1h
       entry @w+2 EXCHANGE ana+1h cara-1h corrects=@v
       balances ana=1h cara=-1h sum=0
  )"),
              IsOk());
}

// Goal: so it does where a gift between the two is undone, contested, and given anew.
TEST(PeopleTest, AMergedAccountStaysEmptyOfGifts) {
  Script bank;
  EXPECT_THAT(bank.Run(R"(
       members ana ben
    t: gift ana -> ben 2h
       merge ben into ana
    r: reverse @t
       entry @r+1 CLOSING ben+2h ana-2h
       balances sum=0
       contest @r as=ana because=mine
    s: settle @r corrected because=given
       entry @s+1 GIFT ana-2h ben+2h restores=@t
       entry @s+2 CLOSING ben-2h ana+2h
       balances sum=0
  )"),
              IsOk());
}

// Goal: at most 16 accounts are merged into one.
TEST(PeopleTest, AtMost16AreMergedIntoOne) {
  Script bank;
  ASSERT_THAT(bank.Run("members m1..m20"), IsOk());
  for (int i = 2; i <= 17; ++i) {
    ASSERT_THAT(bank.Run("merge m" + std::to_string(i) + " into m1"), IsOk());
  }
  EXPECT_THAT(bank.Run(R"(
    merge m18 into m1   TOO_MANY
    merge m1 into m18   TOO_MANY
    merge m18 into m19  OK
  )"),
              IsOk());
}

// Goal: a circle has an account of its own and members who come and go.
TEST(PeopleTest, Circles) {
  Script bank;
  EXPECT_THAT(bank.Run(R"(
       members ana ben cara dora
       circle knit ana,ben
       in knit ana ben
       circle cara                 OK
       in c2 cara
       circle knit cara            ALREADY_EXISTS holder=circles/knit
       circle sew ghost            HOLDER_NOT_FOUND named=members/ghost
       circle sew ana as=ana       ROLE_REQUIRED
       join knit cara,ana
       in knit ana ben cara
    t: leave knit ben,cara
       in knit ana
       leave knit ben              OK
       entry @t CIRCLE_CHANGED subject=circles/knit
       join knit ghost             HOLDER_NOT_FOUND
       join sew ana                HOLDER_NOT_FOUND named=circles/sew
       join knit ben as=ana        ROLE_REQUIRED
       join knit cara
       merge ana into ben
       join knit ana
       in knit ben cara
       merge cara into ben
       in knit ben cara
       join knit dora
       in knit ben dora
       join knit ana,ben
       in knit ben dora
       leave knit cara
       in knit dora
       record circles/knit -> dora 1h
       balances circles/knit=1h dora=-1h sum=0
  )"),
              IsOk());
}

// Goal: a circle holds 256 members, whoever asks for more.
TEST(PeopleTest, ACircleHolds256) {
  Script bank;
  EXPECT_THAT(bank.Run(R"(
    members m1..m257
    circle knit -
    join knit m1..m256
    join knit m257            TOO_MANY
    join knit m257 as=m1      ROLE_REQUIRED
    leave knit m1
    join knit m257            OK
  )"),
              IsOk());
}

// Goal: banks live side by side; settings change where they are named and an etag guards them.
TEST(PeopleTest, Banks) {
  Script bank;
  EXPECT_THAT(bank.Run(R"(
    timebank oak categories=Garden,Lifts
    categories Garden Lifts
    member ana bank=oak no_starter
    member ana no_starter
    record ana -> pots/community 1h bank=oak decision=x
    balances ana=1h pots/community=-1h sum=0
    timebank oak                   ALREADY_EXISTS named=timebanks/oak
    timebank elm as=partner        ROLE_REQUIRED
    timebank Oak                   VALIDATION timebank_id=MALFORMED
    record ana -> ben 1h bank=ash  TIMEBANK_NOT_FOUND named=ash
    settings starter=1h as=ana     ROLE_REQUIRED
    settings starter=1h etag=7     ETAG_MISMATCH
    settings starter=1h etag=1
    settings starter=2h etag=1     ETAG_MISMATCH
    settings warn_below=-1h
    settings                       VALIDATION update_mask=REQUIRED
    settings zone=Nowhere/Else unknown_zone etag=1  ETAG_MISMATCH
    settings zone=Nowhere/Else unknown_zone         VALIDATION settings.time_zone=UNKNOWN_TIME_ZONE
    settings zone=Old/Zone                          # whatever it was that a server once knew
    settings zone=Old/Zone unknown_zone starter=1h
    settings zone=Nowhere/Else unknown_zone         VALIDATION settings.time_zone=UNKNOWN_TIME_ZONE
    settings zone=Europe/Madrid starter=1h
    settings zone=Old/Zone unknown_zone             VALIDATION settings.time_zone=UNKNOWN_TIME_ZONE
    member ben
    account ben balance=1h
  )"),
              IsOk());
}

}  // namespace
}  // namespace timebank::ledger
