// Acting for: who lets whom act, within what, and what an agent may not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/support/matchers.h"
#include "tests/support/script.h"

namespace timebank::ledger {
namespace {

// Goal: a member lets somebody act, or a broker does for it; each grant is an entry that says who and within
// what, a new one to the same agent replaces the old one.
TEST(ActingTest, MembersAndBrokersGrant) {
  Script bank;
  EXPECT_THAT(bank.Run(R"(
       members ana ben cara
       circle knit ana
    g: grant ana ben 10h until=2026-12-31 as=ana
       entry @g ACTING_FOR_GRANTED subject=ana other=ben by=ana
       acting ana ben:10h:0h:2026-12-31
       acting ben for:ana
    h: grant ana ben no_limit
       entry @h ACTING_FOR_GRANTED subject=ana other=ben about=@g key=desk
       acting ana ben:-:0h
       grant ben ana 0h until=2026-11-14
       acting ben ana:0h:0h:2026-11-14 for:ana
       grant ana cara 1h as=ben              NOT_A_PARTY
       grant ana ben 1h as=ben               NOT_A_PARTY
       grant ana cara 1h as=partner          NOT_A_PARTY
       grant ana cara 1h as=partner:ana
       acting ana ben:-:0h cara:1h:0h for:ben
       grant ana ben                         VALIDATION seconds_per_month=REQUIRED
       grant ana ben 1h no_limit             VALIDATION seconds_per_month=MALFORMED
       grant ana ben -1h                     VALIDATION seconds_per_month=OUT_OF_RANGE
       grant ana ana 1h                      VALIDATION agent=SAME_HOLDER
       grant ana circles/knit 1h             VALIDATION agent=NOT_A_MEMBER
       grant ana pots/community 1h           VALIDATION agent=NOT_A_MEMBER
       grant ana cara 1h until=2026-11-13    VALIDATION until=DAY_IN_PAST
       revoke ana pots/community             VALIDATION agent=NOT_A_MEMBER
  )"),
              IsOk());
}

// Goal: an agent does what the member could, and each act shows both names; others are told that they may
// not, whatever there was.
TEST(ActingTest, AnAgentDoesWhatTheMemberCould) {
  Script bank;
  EXPECT_THAT(bank.Run(R"(
       members ana ben cara dan
       record cara -> ana 1h as=ben for=ana   ROLE_REQUIRED
    g: grant ana ben 10h
    t: record cara -> ana 1h as=ben for=ana
       entry @t EXCHANGE cara+1h ana-1h by=ben for=ana grant=@g
       record ana -> cara 2h as=ben for=ana
       record cara -> ana 1h as=ben           NOT_A_PARTY
       record cara -> dan 1h as=ben for=ana   NOT_A_PARTY
       record cara -> ana 1h as=dan for=ana   ROLE_REQUIRED
       record cara -> ana 1h as=ana for=ana   ROLE_REQUIRED
       record cara -> ana 1h as=partner for=ana  ROLE_REQUIRED
       record cara -> ana 1h as=ben for=ana origin=oak/1  ROLE_REQUIRED
       record ana,cara:2h -> dan 1h remainder=ben as=ben for=ana  NOT_A_PARTY
    u: record cara -> ana 3h as=cara
       confirm @u as=ben for=ana
       became @u CONFIRMED confirmed_by=ana
    c: contest @u because=no as=ben for=ana
       entry @c CONTEST by=ben for=ana grant=@g about=@u
       became @u CONTESTED contested_by=ana
       settle @u stands as=ben for=ana
    v: gift ana -> dan 1h as=ben for=ana
       entry @v GIFT ana-1h dan+1h by=ben for=ana grant=@g
       gift dan -> ana 1h as=ben for=ana      NOT_A_PARTY
       correct @t seconds=2h as=ben for=ana
       reverse @v as=ben for=ana
       erase_note @u as=ben for=ana
       revoke ana ben
       confirm @t+1 as=ben for=ana            ROLE_REQUIRED
       record cara -> ana 1h as=ben for=ana   ROLE_REQUIRED
       settings who=brokers
       grant ana ben 10h
       record cara -> ana 1h as=ben for=ana   ROLE_REQUIRED
       settings who=receiver
       record cara -> ana 1h as=ben for=ana
       record ana -> cara 1h as=ben for=ana   ROLE_REQUIRED
  )"),
              IsOk());
}

// Goal: who revokes, revokes at once: what the agent recorded is not the agent's to take back any more. Nor
// was it ever without saying for whom.
TEST(ActingTest, RevokedAtOnce) {
  Script bank;
  EXPECT_THAT(bank.Run(R"(
       members ana ben cara
    g: grant ana ben 10h
    t: record cara -> ana 1h as=ben for=ana
       reverse @t as=ben                      NOT_A_PARTY
    r: revoke ana ben as=ana
       entry @r ACTING_FOR_REVOKED subject=ana other=ben about=@g by=ana
       acting ana
       acting ben
       reverse @t as=ben for=ana              ROLE_REQUIRED
       reverse @t as=ben                      NOT_A_PARTY
       contest @t because=no as=cara
       settle @t reversed as=ben              NOT_A_PARTY
       revoke ana ben                         NOT_GRANTED
       grant ana ben 1h
       revoke ana ben as=cara                 NOT_A_PARTY
       revoke ana ben as=partner              NOT_A_PARTY
       revoke ana ben as=ben
       acting ana
  )"),
              IsOk());
}

// Goal: the last day counts, the next one does not.
TEST(ActingTest, UntilTheDay) {
  Script bank;
  EXPECT_THAT(bank.Run(R"(
    members ana ben cara
    grant ana ben 10h until=2026-11-15
    today 2026-11-15
    record cara -> ana 1h as=ben for=ana
    today 2026-11-16
    record cara -> ana 1h on=2026-11-15 as=ben for=ana  ROLE_REQUIRED
    acting ana ben:10h:1h:2026-11-15
    grant ana ben 10h
    record cara -> ana 1h as=ben for=ana
    acting ana ben:10h:2h
  )"),
              IsOk());
}

// Goal: what the agent's acts debit counts, up to the limit itself; credits make no room, other people's acts
// do not count, and brokers have no limit.
TEST(ActingTest, DebitsCount) {
  Script bank;
  EXPECT_THAT(bank.Run(R"(
    members ana ben cara dan
    grant ana ben 5h
    record cara -> ana 3h as=ben for=ana
    gift ana -> dan 1h as=ben for=ana
    acting ana ben:5h:4h
    record ana -> cara 9h as=ben for=ana
    acting ana ben:5h:4h
    record cara -> ana 2h as=ben for=ana  ACTING_FOR_LIMIT holder=ana limit=5h used=4h requested=2h month=202611
    record cara -> ana 2h as=ben for=ana validate_only  ACTING_FOR_LIMIT
    record cara -> ana 1h as=ben for=ana validate_only
    record cara -> ana 1h as=ben for=ana
    gift ana -> dan 1s as=ben for=ana     ACTING_FOR_LIMIT used=5h
    record cara -> ana 20h as=cara
    record cara -> ana 20h as=ana
    record cara -> ana 20h for=ana
    record cara -> ana 20h as=broker:ben for=ana
    acting ana ben:5h:5h
    grant ana ben 6h
    acting ana ben:6h:5h
    record cara -> ana 1h as=ben for=ana
    grant ana ben 1h
    record ana -> cara 1h as=ben for=ana
    record cara -> ana 1h as=ben for=ana  ACTING_FOR_LIMIT limit=1h used=6h
    grant ana ben no_limit
    record cara -> ana 90h as=ben for=ana
    acting ana ben:-:96h
  )"),
              IsOk());
}

// Goal: a refusal for good stays one under its id; in a batch each exchange counts for itself.
TEST(ActingTest, RefusalsAreFrozenAndBatchesCountEach) {
  Script bank;
  EXPECT_THAT(bank.Run(R"(
    members ana ben cara
    grant ana ben 5h
    record cara -> ana 6h as=ben for=ana id=a  ACTING_FOR_LIMIT
    grant ana ben 9h
    record cara -> ana 6h as=ben for=ana id=a  ACTING_FOR_LIMIT limit=5h month=202611 replayed
    grant ana ben 5h
    batch as=ben
    | cara -> ana 3h for=ana   OK
    | cara -> ana 3h for=ana   ACTING_FOR_LIMIT used=3h requested=3h
    | ben -> ana 9h            OK
    | cara -> ana 2h for=ana   OK
    | cara -> ana 1s for=ana   ACTING_FOR_LIMIT used=5h
    acting ana ben:5h:5h
    batch all_or_nothing as=ben  ACTING_FOR_LIMIT index=1
    | ben -> ana 1h            OK
    | cara -> ana 1h for=ana   OK
    acting ana ben:5h:5h
  )"),
              IsOk());
}

// Goal: a month of record is a month of its own, whatever day the help was.
TEST(ActingTest, AMonthOfRecord) {
  Script bank;
  EXPECT_THAT(bank.Run(R"(
       members ana ben cara
       grant ana ben 5h
       today 2026-11-30
    t: record cara -> ana 5h as=ben for=ana
       record cara -> ana 1h as=ben for=ana               ACTING_FOR_LIMIT month=202611
       today 2026-12-01
       acting ana ben:5h:0h
       record cara -> ana 4h on=2026-11-30 as=ben for=ana
       acting ana ben:5h:4h
       correct @t seconds=2h as=ben for=ana               ACTING_FOR_LIMIT used=4h requested=2h
       correct @t seconds=1h as=ben for=ana               # of an earlier month: it counts whole
       acting ana ben:5h:5h
       today 2027-12-01
       acting ana ben:5h:0h
       record cara -> ana 5h as=ben for=ana
       acting ana ben:5h:5h
  )"),
              IsOk());
}

// Goal: a limit that was reached stays so where clocks are set back, or commands overtake each other at
// midnight; nor does a grant live again.
TEST(ActingTest, TheMonthDoesNotGoBack) {
  Script bank;
  EXPECT_THAT(bank.Run(R"(
       members ana ben cara
       grant ana ben 5h until=2026-11-30
       today 2026-11-30
    t: record cara -> ana 2h as=ben for=ana
       grant ana cara 5h
       today 2026-12-01
       record ben -> ana 5h as=cara for=ana
       today 2026-11-30
       record ben -> ana 1h as=cara for=ana               ACTING_FOR_LIMIT month=202612
       record cara -> ana 1h as=ben for=ana               ROLE_REQUIRED
  )"),
              IsOk());
}

// Goal: what was recorded in a member's name is the member's to take back, also when the grant has ended.
TEST(ActingTest, TheMemberUndoesWhatWasDoneInItsName) {
  Script bank;
  EXPECT_THAT(bank.Run(R"(
       members ana ben cara
       grant ana ben 9h
    t: record cara -> ana 2h as=ben for=ana
    u: record cara -> ana 3h as=ben for=ana
       reverse @t as=ana
       acting ana ben:9h:3h
       revoke ana ben
    v: correct @u seconds=1h as=ana
       reverse @v+1 as=ben                      NOT_A_PARTY
  )"),
              IsOk());
}

// Goal: what is undone counts no more, whoever undoes it, and never below zero; a correction counts its net.
TEST(ActingTest, WhatIsUndoneCountsNoMore) {
  Script bank;
  EXPECT_THAT(bank.Run(R"(
       members ana ben cara
       grant ana ben 5h
    t: record cara -> ana 5h as=ben for=ana
    u: correct @t seconds=3h as=ben for=ana
       acting ana ben:5h:3h
       correct @u+1 seconds=6h as=ben for=ana   ACTING_FOR_LIMIT used=3h requested=3h
    v: correct @u+1 seconds=5h as=ben for=ana
       acting ana ben:5h:5h
       reverse @v+1 as=ben for=ana
       acting ana ben:5h:0h
    w: record cara -> ana 5h as=ben for=ana
       reverse @w                                         # a broker
       acting ana ben:5h:0h
    x: record cara -> ana 5h as=ben for=ana
       contest @x because=no as=ana
       settle @x reversed as=cara                         # the other party
       acting ana ben:5h:0h
    y: record cara -> ana 5h as=ben for=ana
       correct @y seconds=9h                              # a broker's, who has no limit
       acting ana ben:5h:0h
    o: record cara -> ana 2h as=ana                       # never counted: gives nothing back
       record cara -> ana 5h as=ben for=ana
       reverse @o as=ben for=ana
       acting ana ben:5h:5h
       today 2026-12-01
    z: record cara -> ana 1h as=ben for=ana
       today 2027-01-01
       reverse @z as=ben for=ana
       acting ana ben:5h:0h
  )"),
              IsOk());
}

// Goal: what is undone of an earlier month, or of a grant that has ended, gives no room in this one, whoever
// undoes it and however often it is corrected.
TEST(ActingTest, AnEarlierMonthGivesNoRoom) {
  Script bank;
  EXPECT_THAT(bank.Run(R"(
       members ana ben cara
       grant ana ben 5h
    a: record cara -> ana 5h as=ben for=ana
    b: record cara -> ana 9h                            # a broker's
       today 2026-12-01
    c: record cara -> ana 4h as=ben for=ana
       reverse @a                                       # a broker
       acting ana ben:5h:4h
       record cara -> ana 2h as=ben for=ana             ACTING_FOR_LIMIT used=4h requested=2h
       reverse @c
       acting ana ben:5h:0h
    d: record cara -> ana 3h as=ben for=ana
       today 2027-01-01
    e: correct @d seconds=2h as=ben for=ana
       acting ana ben:5h:2h
       reverse @e+1
       acting ana ben:5h:0h
    f: record cara -> ana 5h as=ben for=ana
       revoke ana ben
       grant ana ben 5h
       record cara -> ana 4h as=ben for=ana
       reverse @f
       acting ana ben:5h:4h
  )"),
              IsOk());
}

// Goal: an agent who is a party corrects in its own name only what it could record so.
TEST(ActingTest, InItsOwnNameAsTheBankLetsIt) {
  Script bank;
  EXPECT_THAT(bank.Run(R"(
       members ana ben
       grant ana ben 2h
       settings who=receiver
    t: record ben -> ana 1h as=ben for=ana
       correct @t seconds=9h as=ben              ROLE_REQUIRED
       correct @t seconds=9h as=ben for=ana      ROLE_REQUIRED
       contest @t because=no as=ana
       settle @t corrected seconds=9h as=ben     ROLE_REQUIRED
       settle @t reversed as=ben
       acting ana ben:2h:0h
    u: record ben -> ana 1h as=ben for=ana
       settings who=giver
       correct @u seconds=2h as=ben
       acting ana ben:2h:0h
  )"),
              IsOk());
}

// Goal: taking back what the member gave is a debit, unless it was the agent's own mistake.
TEST(ActingTest, UndoneCreditsAreDebits) {
  Script bank;
  EXPECT_THAT(bank.Run(R"(
       members ana ben cara
       grant ana ben 5h
    a: record ana -> cara 9h as=ben for=ana
       reverse @a as=ben for=ana
    b: record ana -> cara 9h as=ben for=ana
       correct @b seconds=2h as=ben for=ana
       acting ana ben:5h:0h
       record cara -> ana 3h as=ben for=ana
    c: record ana -> cara 4h as=ana
       reverse @c as=ben for=ana               ACTING_FOR_LIMIT used=3h requested=4h
    d: correct @c seconds=3h as=ben for=ana
       acting ana ben:5h:4h
       reverse @d+1 as=ben for=ana             ACTING_FOR_LIMIT used=4h requested=3h
       correct @d+1 seconds=9h as=ben for=ana
       acting ana ben:5h:4h
    e: record ana -> cara 1h as=ana
       correct @e givers=cara receivers=ana as=ben for=ana  ACTING_FOR_LIMIT used=4h requested=2h
  )"),
              IsOk());
}

// Goal: an agent never speaks for the other side of what it gave, received, recorded or contested itself.
TEST(ActingTest, OneSideOnly) {
  Script bank;
  EXPECT_THAT(bank.Run(R"(
       members ana ben cara
       grant ana ben 50h
       grant cara ben 50h
    t: record ben -> ana 1h as=ben for=ana      # the agent is the other party
       entry @t EXCHANGE ben+1h ana-1h by=ben for=ana
       confirm @t as=ben for=ana                ROLE_REQUIRED
       confirm @t as=ben                        NOT_A_PARTY
       contest @t because=no as=ben for=ana     ROLE_REQUIRED
       contest @t because=no as=ben
       settle @t reversed as=ben for=ana        ROLE_REQUIRED
       settle @t stands as=ben
       reverse @t as=ben for=ana                ROLE_REQUIRED
       confirm @t as=ana
    u: record ana -> ben 1h as=ana
       contest @u because=no as=ben for=ana     ROLE_REQUIRED
       reverse @u as=ben for=ana                ROLE_REQUIRED
    v: record cara -> ana 1h as=ben for=ana     # both let it act: it has spoken for one
       confirm @v as=ben for=ana                NOT_A_PARTY
       confirm @v as=ben for=cara               ROLE_REQUIRED
       contest @v because=no as=ben for=cara    ROLE_REQUIRED
       contest @v because=no as=cara
       settle @v stands as=ben for=cara         ROLE_REQUIRED
       settle @v reversed as=ben for=ana
    w: record cara -> ana 1h as=cara
       contest @w because=no as=ben for=ana
       settle @w reversed as=ben for=cara       ROLE_REQUIRED
       settle @w stands as=ben for=ana
       confirm @w as=ben for=ana
       gift ana -> ben 1h as=ben for=ana        ROLE_REQUIRED
       gift ana -> cara 1h as=ben for=ana
       grant ana cara 5h
    x: record cara -> ana 1h as=ben for=ana
       confirm @x as=ana
    y: record ben -> ana 1h as=ben for=ana
       acting ana ben:50h:4h cara:5h:0h
       reverse @y as=ben                        # its own word, as the party that it is
       acting ana ben:50h:3h cara:5h:0h
  )"),
              IsOk());
}

// Goal: sixteen agents, 256 members for one agent.
TEST(ActingTest, ThereAreOnlySoMany) {
  Script bank;
  ASSERT_THAT(bank.Run("members ana ben m1..m260"), IsOk());
  for (int i = 1; i <= 16; ++i) ASSERT_THAT(bank.Run("grant ana m" + std::to_string(i) + " 1h"), IsOk());
  EXPECT_THAT(bank.Run("grant ana ben 1h TOO_MANY \n grant ana m3 2h \n revoke ana m3 \n grant ana ben 1h"),
              IsOk());
  for (int i = 1; i <= 255; ++i) ASSERT_THAT(bank.Run("grant m" + std::to_string(i) + " ben 1h"), IsOk());
  EXPECT_THAT(bank.Run("grant m256 ben 1h TOO_MANY \n grant m1 ben 2h \n revoke m9 ben \n grant m256 ben 1h"),
              IsOk());
}

// Goal: who is closed neither acts nor lets act, and does not when open again.
TEST(ActingTest, GrantsOfTheClosedEnd) {
  Script bank;
  EXPECT_THAT(bank.Run(R"(
    members ana ben cara
    a: grant ana ben 5h
    b: grant ben cara 5h
    grant cara ana 5h
    c: close ben
    entry @c ACTING_FOR_REVOKED subject=ben other=cara about=@b because=MEMBER_CLOSED key=desk
    entry @c+1 ACTING_FOR_REVOKED subject=ana other=ben about=@a because=MEMBER_CLOSED key=desk
    entry @c+2 MEMBER_CLOSED subject=ben
    acting ana for:cara
    acting ben
    acting cara ana:5h:0h
    grant ana ben 5h                      HOLDER_CLOSED holder=ben
    grant ben ana 5h                      HOLDER_CLOSED holder=ben
    reopen ben
    acting ben
    record cara -> ana 1h as=ben for=ana  ROLE_REQUIRED
  )"),
              IsOk());
}

// Goal: what merged members granted and were granted is the survivor's, with what was used; where the
// survivor has a grant of its own, that one stands.
TEST(ActingTest, TheSurvivorHasTheGrants) {
  Script bank;
  EXPECT_THAT(bank.Run(R"(
       members ana anna ben bert cara dan
       grant ana ben 5h
    b: grant anna ben 9h
    d: grant anna dan 2h
    s: grant anna ana 1h
    o: grant ana anna 1h
       record cara -> ana 1h as=ben for=ana
    t: record cara -> anna 3h as=ben for=anna
    m: merge anna into ana
       entry @m CLOSING anna+3h ana-3h
       entry @m+1 ACTING_FOR_REVOKED subject=anna other=ana about=@s because=MEMBER_MERGED
       entry @m+2 ACTING_FOR_REVOKED subject=anna other=ben about=@b because=MEMBER_MERGED
       entry @m+3 ACTING_FOR_GRANTED subject=ana other=dan about=@d because=MEMBER_MERGED key=desk
       entry @m+4 ACTING_FOR_REVOKED subject=ana other=anna about=@o because=MEMBER_MERGED
       entry @m+5 MEMBER_MERGED subject=anna other=ana
       acting ana ben:5h:4h dan:2h:0h
       acting dan for:ana
       acting ben for:ana
       record cara -> anna 2h as=ben for=anna  ACTING_FOR_LIMIT holder=ana used=4h
       reverse @t as=ben for=ana
       acting ana ben:5h:1h dan:2h:0h
       grant cara bert 7h
       record dan -> cara 2h as=bert for=cara
       grant dan bert 1h
       grant dan ben 3h
       grant bert ben 1h
       merge bert into ben
       acting ben for:ana for:cara for:dan
       acting cara ben:7h:2h
       acting dan ben:3h:0h for:ana
       record dan -> cara 5h as=bert for=cara
       acting cara ben:7h:7h
  )"),
              IsOk());
}

}  // namespace
}  // namespace timebank::ledger
