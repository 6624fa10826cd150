// Recording: who may, hours and shares, limits, notices; exchanges, gifts, openings and imports.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "storage/types.h"
#include "tests/support/matchers.h"
#include "tests/support/script.h"

namespace timebank::ledger {
namespace {

// Goal: three fields are enough, and the whole ledger after them is what a broker would expect.
TEST(RecordingTest, ThreeFieldsAreEnough) {
  Script bank;
  EXPECT_THAT(bank.Run(R"(
    member ana no_starter
    member ben no_starter
    record ana -> ben 1h30m
  )"),
              IsOk());
  EXPECT_EQ(bank.Print(),
            "1 BANK_CREATED key=desk on=2026-11-14\n"
            "2 MEMBER_CREATED key=desk on=2026-11-14 subject=ana\n"
            "3 MEMBER_CREATED key=desk on=2026-11-14 subject=ben\n"
            "4 EXCHANGE ana+1h30m ben-1h30m key=desk on=2026-11-14\n"
            "ana balance=1h30m in=1h30m out=0h exchanges=1 contested=0h moved=1\n"
            "ben balance=-1h30m in=0h out=1h30m exchanges=1 contested=0h moved=1\n");
}

// Goal: who may record is what the bank has decided, brokers always, partners for whom nobody speaks.
TEST(RecordingTest, WhoMayRecord) {
  struct Row {
    const char* setting;
    const char* giver;
    const char* receiver;
    const char* outsider;
  };
  const Row rows[] = {
      {"either", "OK", "OK", "NOT_A_PARTY"},
      {"receiver", "ROLE_REQUIRED", "OK", "NOT_A_PARTY"},
      {"giver", "OK", "ROLE_REQUIRED", "NOT_A_PARTY"},
      {"brokers", "ROLE_REQUIRED", "ROLE_REQUIRED", "ROLE_REQUIRED"},
  };
  for (const Row& row : rows) {
    Script bank;
    ASSERT_THAT(bank.Run("members ana ben cara"), IsOk());
    ASSERT_THAT(bank.Run(std::string("settings who=") + row.setting), IsOk());
    for (const auto& [who, expected] :
         {std::pair{"as=ana", row.giver},
          {"as=ben", row.receiver},
          {"as=cara", row.outsider},
          {"as=partner:ana", row.giver},  // a partner app at whose keyboard ana sits
          {"as=partner", "OK"},
          {"as=member", "ROLE_REQUIRED"},
          {"as=broker", "OK"},
          {"as=broker:cara", "OK"},
          {"for=ana", "OK"},
          {"for=ben", "OK"},
          {"for=cara", "NOT_A_PARTY"},
          {"as=ana for=ben", "ROLE_REQUIRED"},
          {"as=partner for=ben", "ROLE_REQUIRED"}}) {
      EXPECT_THAT(bank.Run(std::string("record ana -> ben 1h ") + who + " " + expected), IsOk())
          << row.setting;
    }
  }
}

// Goal: hours and shares, as the API guide tells them.
TEST(RecordingTest, HoursAndShares) {
  struct Row {
    const char* goal;
    const char* log;
  };
  const Row rows[] = {
      {"a class: two hours, a teacher and five pupils; the pot gains eight hours", R"(
         t: record tom -> m1..m5 2h
            entry @t EXCHANGE tom+2h m1-2h m2-2h m3-2h m4-2h m5-2h pots/community+8h:remainder
            balances tom=2h m1=-2h m2=-2h m3=-2h m4=-2h m5=-2h pots/community=8h sum=0)"},
      {"several givers and a lone receiver, who is debited what they gave together", R"(
         t: record m1..m3 -> tom 2h
            entry @t EXCHANGE m1+2h m2+2h m3+2h tom-6h)"},
      {"two givers are several", R"(
         t: record m1,m2 -> tom 2h
            entry @t EXCHANGE m1+2h m2+2h tom-4h)"},
      {"the same with seconds of the givers' own", R"(
         t: record m1:1h,m2:30m,m3 -> tom 2h
            entry @t EXCHANGE m1+1h m2+30m m3+2h tom-3h30m)"},
      {"a lone receiver with own seconds keeps them; the pot gives the rest", R"(
         t: record m1,m2 -> tom:1h 2h                        OK notice=NONE
            entry @t EXCHANGE m1+2h m2+2h tom-1h pots/community-3h:remainder)"},
      {"everybody's own seconds, no seconds besides", R"(
         t: record m1:1h,m2:2h -> tom:2h30m,m3:30m
            entry @t EXCHANGE m1+1h m2+2h tom-2h30m m3-30m)"},
      {"a lone giver's own seconds are the lone receiver's", R"(
         t: record m1:45m -> tom
            entry @t EXCHANGE m1+45m tom-45m)"},
      {"own seconds on one side only", R"(
         t: record m1 -> m2:1h,m3:1h 2h
            entry @t EXCHANGE m1+2h m2-1h m3-1h)"},
      {"what does not balance goes to the remainder that is named", R"(
         t: record tom -> m1,m2 2h remainder=circles/knit
            entry @t EXCHANGE tom+2h m1-2h m2-2h circles/knit+2h:remainder)"},
      {"a remainder that is named takes own seconds, too", R"(
         t: record tom:1h -> m1:3h remainder=pots/opening
            entry @t EXCHANGE tom+1h m1-3h pots/opening+2h:remainder)"},
      {"a remainder that is not needed does not move", R"(
         t: record tom -> m1 2h remainder=circles/knit
            entry @t EXCHANGE tom+2h m1-2h)"},
      {"own seconds that do not balance, nobody named for the rest", R"(
            record tom:1h -> m1:3h         SHARES_DO_NOT_BALANCE given=1h received=3h
            record tom:1h,m2:1h -> m1:3h   SHARES_DO_NOT_BALANCE given=2h received=3h)"},
      {"one share without own seconds is enough for the pot to step in", R"(
         t: record tom:1h -> m1:3h,m2 1h
            entry @t EXCHANGE tom+1h m1-3h m2-1h pots/community+3h:remainder)"},
      {"an explicit 0 is refused, and so is less", R"(
            record tom:0h -> m1 1h    VALIDATION exchange.givers[0].seconds=MUST_BE_POSITIVE
            record tom -> m1:-1h 1h   VALIDATION exchange.receivers[0].seconds=MUST_BE_POSITIVE
            record tom -> m1 0h       VALIDATION exchange.seconds=MUST_BE_POSITIVE
            record tom -> m1          VALIDATION exchange.seconds=MUST_BE_POSITIVE
            record tom:1h -> m1,m2    VALIDATION exchange.seconds=MUST_BE_POSITIVE
            record tom,m3:1h -> m1    VALIDATION exchange.seconds=MUST_BE_POSITIVE)"},
      {"people without names move nothing; the pot stands in for them", R"(
         t: record - -> tom 2h unnamed_givers=3
            entry @t EXCHANGE tom-2h pots/community+2h:remainder unnamed_givers=3
         u: record tom -> - 2h unnamed_receivers=20  OK notice=NONE
            entry @u EXCHANGE tom+2h pots/community-2h:remainder unnamed_receivers=20
         v: record - -> tom:2h unnamed_givers=3
            entry @v EXCHANGE tom-2h pots/community+2h:remainder
         w: record m1 -> m2 1h unnamed_givers=1 unnamed_receivers=5
            entry @w EXCHANGE m1+1h m2-1h unnamed_givers=1 unnamed_receivers=5)"},
      {"somebody is named", R"(
            record - -> tom 2h   VALIDATION exchange.givers=REQUIRED
            record tom -> - 2h   VALIDATION exchange.receivers=REQUIRED
            record - -> - 2h     VALIDATION exchange.givers=REQUIRED exchange.receivers=REQUIRED
            record - -> - 2h unnamed_givers=1 unnamed_receivers=1  VALIDATION exchange.givers=REQUIRED)"},
      {"one holder stands in one part only", R"(
            record tom -> tom 1h      VALIDATION exchange.receivers[0].holder=SAME_HOLDER
            record tom,tom -> m1 1h   VALIDATION exchange.givers[1].holder=SAME_HOLDER
            record tom -> m1,m2 1h remainder=m2  VALIDATION exchange.remainder.holder=SAME_HOLDER
            record tom -> m1 1h remainder=m1     OK          # it takes no part
            record pots/community -> m1,m2 1h    VALIDATION exchange.remainder.holder=SAME_HOLDER)"},
      {"two ids of one member are one holder", R"(
            merge m1 into m2
            record m1 -> m2 1h        VALIDATION exchange.receivers[0].holder=SAME_HOLDER
            record m1,m2 -> tom 1h    VALIDATION exchange.givers[1].holder=SAME_HOLDER
            record tom -> m2,m3 1h remainder=m1  VALIDATION exchange.remainder.holder=SAME_HOLDER
         t: record m1 -> tom 1h
            entry @t EXCHANGE m2+1h tom-1h)"},
      {"circles and pots give and receive like members", R"(
         t: record circles/knit -> pots/community 1h  OK notice=NONE
            entry @t EXCHANGE circles/knit+1h pots/community-1h)"},
  };
  for (const Row& row : rows) {
    Script bank;
    ASSERT_THAT(bank.Run("members tom m1..m5 \n circle knit m1"), IsOk());
    std::string log = row.log;
    // The pot gave; nobody said why.
    for (size_t at; (at = log.find("notice=NONE")) != std::string::npos;) {
      log.replace(at, 11, "notice=POT_WITHOUT_DECISION:pots/community");
    }
    EXPECT_THAT(bank.Run(log), IsOk()) << row.goal;
  }
}

// Goal: 256 shares are an exchange, 257 are not.
TEST(RecordingTest, AtMost256Shares) {
  Script bank;
  EXPECT_THAT(bank.Run(R"(
    members m1..m257
    record m1 -> m2..m257 1h       VALIDATION exchange.receivers=TOO_MANY
    record m1..m257 -> - 1h unnamed_receivers=1  VALIDATION exchange.givers=TOO_MANY
    record m1 -> m2..m256 1h       OK
    record m1..m255 -> m256 1h     OK
    balances pots/community=254h m1=2h m256=-256h sum=0
  )"),
              IsOk());
}

// Goal: a crossed warning limit is told, not enforced; a blocking limit is enforced and moves nothing. The
// limit itself is inside, above and below.
TEST(RecordingTest, WarningLimitsTellBlockingLimitsRefuse) {
  Script bank;
  EXPECT_THAT(bank.Run(R"(
    settings  warn_below=-5h block_below=-10h warn_above=6h block_above=8h
    members   ana ben cara dora
    record    ana -> ben 5h            OK
    record    ana -> ben 1s            OK  notice=BELOW_WARNING:ben
    record    cara -> ben 4h59m59s     OK  notice=BELOW_WARNING:ben
    balances  ana=5h1s ben=-10h cara=4h59m59s sum=0
    record    cara -> ben 1s           BALANCE_LIMIT  holder=ben balance=-10h limit=-10h requested=-1s
    record    ana -> dora 59m59s       OK
    record    ana -> dora 1s           OK  notice=ABOVE_WARNING:ana
    record    ana -> dora 1h59m59s     OK  notice=ABOVE_WARNING:ana
    record    ana -> dora 1s           BALANCE_LIMIT  holder=ana balance=8h limit=8h requested=1s
    balances  ana=8h ben=-10h cara=4h59m59s dora=-2h59m59s sum=0
    # Both at once are both told.
    settings  warn_below=-1h warn_above=1h block_below=- block_above=-
    members   eva finn
    record    eva -> finn 2h           OK  notice=ABOVE_WARNING:eva notice=BELOW_WARNING:finn
    # No limit, no word.
    settings  warn_below=- warn_above=-
    record    eva -> finn 200h         OK
  )"),
              IsOk());
}

// Goal: who is outside a limit already comes back freely; limits look in the direction of the movement.
TEST(RecordingTest, TheWayBackIsFree) {
  Script bank;
  EXPECT_THAT(bank.Run(R"(
    members  ana ben
    record   ana -> ben 20h
    settings warn_below=-5h block_below=-10h warn_above=5h block_above=10h
    record   ben -> ana 2h            OK
    balances ana=18h ben=-18h sum=0
    record   ana -> ben 1h            BALANCE_LIMIT holder=ana
  )"),
              IsOk());
}

// Goal: limits bind members and circles, and never the pots.
TEST(RecordingTest, LimitsBindMembersAndCircles) {
  Script bank;
  EXPECT_THAT(bank.Run(R"(
    settings block_below=-1h block_above=1h
    members  ana ben
    circle   knit ana
    record   ana -> circles/knit 2h      BALANCE_LIMIT holder=ana
    record   pots/community -> circles/knit 2h  BALANCE_LIMIT holder=circles/knit
    record   pots/community -> pots/opening 9h  OK notice=POT_WITHOUT_DECISION:pots/opening
    gift     ana -> ben 2h               BALANCE_LIMIT holder=ana
    gift     pots/community -> ben 2h    BALANCE_LIMIT holder=ben
  )"),
              IsOk());
}

// Goal: reversals, corrections, restorations, openings, closings and imports are never bound by limits.
TEST(RecordingTest, WhatLimitsNeverBind) {
  Script bank;
  EXPECT_THAT(bank.Run(R"(
       members  ana ben cara
    t: record ana -> ben 20h
    u: record ana -> ben 20h
       settings block_below=-1h block_above=1h warn_below=-1h warn_above=1h
       opening  ana 50h
       opening  ben -50h
       record   ana -> ben 5h origin=oak/1
       gift     ana -> ben 5h origin=oak/2
       correct  @t seconds=30h
    r: reverse  @u
       contest  @r as=ana because="it was right"
       settle   @r corrected
       balances ana=100h ben=-100h sum=0
       record   ana -> ben 1h             BALANCE_LIMIT
       close    ana to=cara
       merge    cara into ben
       balances sum=0
  )"),
              IsOk());
}

// Goal: a gift moves hours and is no help: it counts as no exchange. Who gives them away may, and brokers.
TEST(RecordingTest, Gifts) {
  Script bank;
  EXPECT_THAT(bank.Run(R"(
       members ana ben cara
    t: gift ana -> ben 2h on=2026-05-01 category=birthday note=cake tags=a as=ana
       entry @t GIFT ana-2h ben+2h on=2026-05-01 category=birthday by=ana
       texts @t note=cake tags=a
       account ben balance=2h in=2h out=0h exchanges=0
       gift ana -> ben 1h as=ben         NOT_A_PARTY
       gift ana -> ben 1h as=cara        NOT_A_PARTY
       gift ana -> ben 1h as=partner     NOT_A_PARTY
       gift ana -> ben 1h as=ana for=ben ROLE_REQUIRED
       gift ana -> ben 1h for=cara       NOT_A_PARTY
    u: gift ana -> ben 1h for=ana
       entry @u GIFT ana-1h ben+1h for=ana
       gift ana -> ana 1h                VALIDATION credited=SAME_HOLDER
       gift ana -> ben 0h                VALIDATION seconds=MUST_BE_POSITIVE
       gift pots/community -> ana 1h     OK notice=POT_WITHOUT_DECISION:pots/community
       gift pots/community -> ana 1h decision="meeting of 3 May"
       texts @u+2 decision="meeting of 3 May"
       merge cara into ben
       gift ben -> cara 1h               VALIDATION credited=SAME_HOLDER
       balances ana=-1h ben=3h pots/community=-2h sum=0
  )"),
              IsOk());
}

// Goal: an opening brings a balance, in credit or in debit, against pots/opening; brokers only.
TEST(RecordingTest, Openings) {
  Script bank;
  EXPECT_THAT(bank.Run(R"(
       members ana ben
       circle knit ana
    t: opening ana 5h on=2020-01-31 note="from the book" origin=oak/7
       entry @t OPENING pots/opening-5h ana+5h on=2020-01-31
       texts @t note="from the book" origin=oak/7
    u: opening ben -3h
       entry @u OPENING pots/opening+3h ben-3h
       opening circles/knit 1h
       opening pots/community 4h
       account ana in=5h out=0h exchanges=0
       opening ana 1h as=ana        ROLE_REQUIRED
       opening ana 1h as=partner    ROLE_REQUIRED
       opening ana 0h               VALIDATION seconds=REQUIRED
       opening pots/opening 1h      VALIDATION holder=SAME_HOLDER
       opening ghost 1h             HOLDER_NOT_FOUND named=members/ghost
       balances ana=5h ben=-3h circles/knit=1h pots/community=4h pots/opening=-7h sum=0
  )"),
              IsOk());
}

// Goal: the same origin is posted once for ever, whatever kind of entry it was; only brokers import.
TEST(RecordingTest, AnOriginIsPostedOnce) {
  Script bank;
  EXPECT_THAT(bank.Run(R"(
       members ana ben
    t: record ana -> ben 2h origin=oak/1
       record ana -> ben 2h origin=oak/1   ORIGIN_RECORDED entry=@t
       gift ana -> ben 9h origin=oak/1     ORIGIN_RECORDED entry=@t
       opening ana 9h origin=oak/1         ORIGIN_RECORDED entry=@t
       record ana -> ben 2h origin=elm/1   OK
       record ana -> ben 2h origin=oak/11  OK
    g: gift ana -> ben 1h origin=oak/2
       record ana -> ben 1h origin=oak/2   ORIGIN_RECORDED entry=@g
       reverse @t
       record ana -> ben 2h origin=oak/1   ORIGIN_RECORDED entry=@t
       record ana -> ben 2h origin=oak/3 as=ana       ROLE_REQUIRED
       record ana -> ben 2h origin=oak/3 as=partner   ROLE_REQUIRED
       gift ana -> ben 2h origin=oak/3 as=ana         ROLE_REQUIRED
       record ana -> ben 2h origin=oak/3   OK
    # A refused one is still to be posted.
       record ana -> ghost 2h origin=oak/4 HOLDER_NOT_FOUND
       record ana -> ben 2h origin=oak/4   OK
    # Another bank has its own.
       timebank elm
       member ana no_starter bank=elm
       member ben no_starter bank=elm
       record ana -> ben 2h origin=oak/1 bank=elm
  )"),
              IsOk());
}

// Goal: spending from a pot names its decision or brings a notice, never a refusal; imports are not asked.
TEST(RecordingTest, APotNamesItsDecision) {
  Script bank;
  EXPECT_THAT(bank.Run(R"(
    members ana ben
    record  ana -> pots/community 2h                OK notice=POT_WITHOUT_DECISION:pots/community
    record  ana -> pots/community 2h decision=yes   OK
    record  ana -> pots/community 2h origin=oak/1   OK
    record  pots/community -> ana 2h                OK
    record  ana,ben -> - 1h unnamed_receivers=2     OK notice=POT_WITHOUT_DECISION
  )"),
              IsOk());
}

// Goal: the same holders, seconds and day, not reversed, are told as a possible duplicate, the latest one;
// it posts anyway.
TEST(RecordingTest, PossibleDuplicates) {
  for (const auto folding : {Script::Folding::kNever, Script::Folding::kEachCommand}) {
    Script bank(folding);
    EXPECT_THAT(bank.Run(R"(
       members ana ben cara
    t: record ana -> ben 2h check_duplicates                 OK
       record ana -> ben 2h                                  OK
       record ana -> ben 2h check_duplicates                 OK notice=POSSIBLE_DUPLICATE:@t+1
       record ana -> ben 1h check_duplicates                 OK
       record ana -> cara 2h check_duplicates                OK
       record ben -> ana 2h check_duplicates                 OK
       record ana -> ben 2h on=2026-11-13 check_duplicates   OK
       record ana -> ben,cara 2h check_duplicates            OK
       gift ben -> ana 2h
       reverse @t+2
       record ana -> ben 2h check_duplicates                 OK notice=POSSIBLE_DUPLICATE:@t+1
       reverse @t
       reverse @t+1
       reverse @t+10
       record ana -> ben 2h check_duplicates                 OK
       batch check_duplicates
       | ana -> ben 3h   OK
       | ana -> ben 3h   OK notice=POSSIBLE_DUPLICATE:@t+15
    )"),
                IsOk());
  }
}

// Goal: the list of categories grows by what is used, whatever the case of its letters; a refused command
// adds nothing.
TEST(RecordingTest, CategoriesGrow) {
  Script bank;
  EXPECT_THAT(bank.Run(R"(
       members ana ben
       settings categories=Garden,Lifts,garden
       categories Garden Lifts
    t: record ana -> ben 1h category=garden
       entry @t EXCHANGE ana+1h ben-1h category=Garden
       record ana -> ben 1h category=IT
       gift ana -> ben 1h category=Birthday
       categories Garden Lifts IT Birthday
       record ana -> ghost 1h category=Odd    HOLDER_NOT_FOUND
       record ana -> ben 1h category=Odd validate_only  OK category=Odd
       categories Garden Lifts IT Birthday
    # Taken off the list, a category keeps its name on what was recorded, and comes back by that name.
       settings categories=IT
       categories IT
       entry @t EXCHANGE ana+1h ben-1h category=Garden
       settings categories=GARDEN
       categories Garden
  )"),
              IsOk());
}

// Goal: the case of letters does not tell categories apart in any script, nor how an accent is encoded;
// accents do.
TEST(RecordingTest, CategoriesWhateverTheCase) {
  Script bank;
  EXPECT_THAT(bank.Run(R"(
       members ana ben
       settings categories=Jardín,Straße,ΦΡΟΝΤΊΔΑ
    t: record ana -> ben 1h category=JARDÍN
       entry @t EXCHANGE ana+1h ben-1h category=Jardín
       record ana -> ben 1h category=jardi)"
                       "\u0301"
                       R"(n
       record ana -> ben 1h category=STRASSE
       record ana -> ben 1h category=φροντίδα
       categories Jardín Straße ΦΡΟΝΤΊΔΑ
       record ana -> ben 1h category=jardin
       categories Jardín Straße ΦΡΟΝΤΊΔΑ jardin
  )"),
              IsOk());
}

// Goal: what an older server told apart is found whatever its case; of two that differ by it alone, the one
// that has the name in small letters, else the first. The other stays on the list until somebody sends the
// list.
TEST(RecordingTest, CategoriesOfOlderServers) {
  for (const auto folding : {Script::Folding::kNever, Script::Folding::kEachCommand}) {
    Script bank(folding);
    EXPECT_THAT(bank.Run(R"(
         members ana ben
         old_category Garden
         old_category JARDÍN
         old_category École
         old_category école
         old_category ÑANDÚ
         old_category Ñandú
      t: record ana -> ben 1h category=Jardín
         entry @t EXCHANGE ana+1h ben-1h category=JARDÍN
         record ana -> ben 1h category=garden
      u: record ana -> ben 1h category=ÉCOLE
         entry @u EXCHANGE ana+1h ben-1h category=école
      w: record ana -> ben 1h category=ñandú
         entry @w EXCHANGE ana+1h ben-1h category=ÑANDÚ
         categories Garden JARDÍN École école ÑANDÚ Ñandú
         settings categories=Garden,JARDÍN,École,école,ÑANDÚ,Ñandú
         categories Garden JARDÍN école ÑANDÚ
         old_category MÚSICA
      v: record ana -> ben 1h category=música
         entry @v EXCHANGE ana+1h ben-1h category=MÚSICA
    )"),
                IsOk());
  }
}

// Goal: a bank lists at most 500 categories, used ones included; those that are listed no longer do not
// count.
TEST(RecordingTest, AtMost500Categories) {
  Script bank;
  ASSERT_THAT(bank.Run("members ana ben"), IsOk());
  for (int i = 0; i < 500; ++i) {
    ASSERT_THAT(bank.Run("record ana -> ben 1s category=c" + std::to_string(i)), IsOk());
  }
  EXPECT_THAT(bank.Run(R"(
    record ana -> ben 1s category=more  VALIDATION exchange.category=TOO_MANY
    gift ana -> ben 1s category=more    VALIDATION category=TOO_MANY
    record ana -> ben 1s category=C499  OK
    settings categories=more
    record ana -> ben 1s category=still
    categories more still
  )"),
              IsOk());
}

// Goal: the time of the record never goes back, even when the clock does.
TEST(RecordingTest, RecordTimeNeverGoesBack) {
  Script bank;
  ASSERT_THAT(bank.Run("members ana ben \n t: record ana -> ben 1h \n later -5h \n record ana -> ben 1h"),
              IsOk());
  const auto first = bank.state().Entry(bank.bank(), bank.At("t"));
  const auto second = bank.state().Entry(bank.bank(), bank.At("t") + 1);
  EXPECT_EQ(second->record_time_us(), first->record_time_us());
  ASSERT_THAT(bank.Run("later 6h \n record ana -> ben 1h"), IsOk());
  const auto third = bank.state().Entry(bank.bank(), bank.At("t") + 2);
  EXPECT_EQ(third->record_time_us(), first->record_time_us() + int64_t{3600} * 1'000'000);
}

// Goal: the day of the help is any day from 1900 on up to the bank's today, which is the stamped one.
TEST(RecordingTest, TheDayOfTheHelp) {
  Script bank;
  EXPECT_THAT(bank.Run(R"(
       members ana ben
       record ana -> ben 1h on=2026-11-14   OK
       record ana -> ben 1h on=2026-11-15   VALIDATION exchange.occurred_on=DAY_IN_FUTURE
       record ana -> ben 1h on=1900-01-01   OK
       record ana -> ben 1h on=1899-12-31   VALIDATION exchange.occurred_on=DAY_TOO_EARLY
       today 2026-11-15
    t: record ana -> ben 1h on=2026-11-15   OK
    u: record ana -> ben 1h
       entry @u EXCHANGE ana+1h ben-1h on=2026-11-15
  )"),
              IsOk());
}

// Goal: sums beyond 2^58 seconds are refused, and nothing moves.
TEST(RecordingTest, AmountOverflow) {
  Script bank;
  EXPECT_THAT(bank.Run(R"(
    members ana ben cara
    plant ana in=288230376151711737s out=0s
    plant cara in=288230376151711744s out=288230376151711744s
    record ana -> ben 7s      OK
    record ana -> ben 1s      AMOUNT_OVERFLOW holder=ana
    record ben -> ana 1s      OK
    record cara -> ben 1s     AMOUNT_OVERFLOW holder=cara     # the balance would fit, the hours in would not
    record ben -> cara 1s     AMOUNT_OVERFLOW holder=cara
    gift ben -> cara 1s       AMOUNT_OVERFLOW holder=cara
    opening cara 1s           AMOUNT_OVERFLOW holder=cara
    account ben balance=-6s in=1s out=7s
  )"),
              IsOk());
}

// Goal: a refusal for good is told with the balance, the limit and what was asked.
TEST(RecordingTest, ARefusalTellsItsNumbers) {
  Script bank;
  ASSERT_THAT(bank.Run("members ana ben \n settings block_below=-2h \n record ana -> ben 1h"), IsOk());
  const auto command = bank.Parse("record ana -> ben 90m");
  ASSERT_THAT(command, IsOk());
  const auto outcome = bank.Do(*command);
  ASSERT_THAT(outcome, IsOk());
  ASSERT_TRUE(outcome->refusal.has_value());
  EXPECT_EQ(outcome->refusal->account, bank.AccountOf("ben"));
  EXPECT_THAT(outcome->refusal->numbers,
              testing::ElementsAre(testing::Pair("balance", -3600), testing::Pair("limit", -7200),
                                   testing::Pair("requested", -5400)));
}

}  // namespace
}  // namespace timebank::ledger
