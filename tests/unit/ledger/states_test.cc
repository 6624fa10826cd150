// The table of states of the API guide: who may do what to an exchange, what it becomes, and what happens to
// the hours.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tests/support/matchers.h"
#include "tests/support/script.h"

namespace timebank::ledger {
namespace {

// Every act by everybody on an entry in one state. Ana gave ben two hours and recorded it.
struct StateTable {
  const char* state;
  const char* prelude;  // ends with the entry as `t`
  const char* cells;    // act, then what becomes of it in the order of kActors
};

const char* const kActors[] = {
    "as=ana",          // the giver, who recorded it
    "as=ben",          // the receiver
    "as=cara",         // a member who has nothing to do with it
    "",                // a broker
    "for=ben",         // a broker on behalf of the receiver, who telephones
    "as=broker:ben",   // the receiver, who is a broker
    "as=broker:cara",  // another member who is a broker
    "as=partner",      // a partner app, nobody at the keyboard
    "as=member",       // a member's key, nobody at the keyboard
};

const std::map<std::string, std::string> kActs = {
    {"confirm", "confirm @t"},
    {"contest", "contest @t because=no"},
    {"reverse", "reverse @t"},
    {"correct", "correct @t seconds=1h"},
    {"stands", "settle @t stands"},
    {"reversed", "settle @t reversed"},
    {"corrected", "settle @t corrected seconds=1h"},
};

const std::map<std::string, std::string> kCells = {
    {"ok", "OK"},
    {"role", "ROLE_REQUIRED"},
    {"party", "NOT_A_PARTY"},
    {"confirmed", "ALREADY_CONFIRMED entry=@t"},
    {"contested", "ALREADY_CONTESTED entry=@c"},
    {"undone", "ALREADY_REVERSED entry=@r"},
    {"never", "CANNOT_REVERSE_REVERSAL entry=@x"},
    {"calm", "NOT_CONTESTED"},
};

const StateTable kTables[] = {
    {"RECORDED", "t: record ana -> ben 2h as=ana", R"(
       # act     ana    ben   cara   broker for=ben broker:ben broker:cara partner member
       confirm   party  ok    party  party  ok      ok         party       party   party
       contest   ok     ok    party  party  ok      ok         party       party   party
       reverse   ok     role  party  ok     ok      ok         ok          party   party
       correct   ok     role  party  ok     ok      ok         ok          party   party
       stands    calm   calm  party  calm   calm    calm       calm        party   party
       reversed  calm   calm  party  calm   calm    calm       calm        party   party
       corrected calm   calm  party  calm   calm    calm       calm        party   party)"},
    {"CONFIRMED", R"(
       t: record ana -> ben 2h as=ana
          confirm @t as=ben)",
     R"(
       confirm   party  confirmed party party confirmed confirmed party    party   party
       contest   ok     ok    party  party  ok      ok         party       party   party
       reverse   role   role  party  ok     ok      ok         ok          party   party
       correct   role   role  party  ok     ok      ok         ok          party   party
       stands    calm   calm  party  calm   calm    calm       calm        party   party
       reversed  calm   calm  party  calm   calm    calm       calm        party   party
       corrected calm   calm  party  calm   calm    calm       calm        party   party)"},
    {"CONTESTED", R"(
       t: record ana -> ben 2h as=ana
       c: contest @t as=ben because="two hours?")",
     R"(
       confirm   party  contested party party contested contested party    party   party
       contest   contested contested party party contested contested party party   party
       reverse   contested role party contested contested contested contested party party
       correct   contested role party contested contested contested contested party party
       stands    role   ok    party  ok     ok      ok         ok          party   party
       reversed  ok     role  party  ok     ok      role       ok          party   party
       corrected ok     role  party  ok     ok      role       ok          party   party)"},
    {"REVERSED", R"(
       t: record ana -> ben 2h as=ana
       r: reverse @t)",
     R"(
       confirm   party  undone party party  undone  undone     party       party   party
       contest   undone undone party party  undone  undone     party       party   party
       reverse   undone role  party  undone undone  undone     undone      party   party
       correct   undone role  party  undone undone  undone     undone      party   party
       stands    undone undone party undone undone  undone     undone      party   party
       reversed  undone undone party undone undone  undone     undone      party   party
       corrected undone undone party undone undone  undone     undone      party   party)"},
    {"a reversal", R"(
       x: record ana -> ben 2h as=ana
       t: reverse @x as=ana)",
     R"(
       confirm   party  ok    party  party  ok      ok         party       party   party
       contest   ok     ok    party  party  ok      ok         party       party   party
       reverse   never  role  party  never  never   never      never       party   party
       correct   never  role  party  never  never   never      never       party   party
       stands    calm   calm  party  calm   calm    calm       calm        party   party
       reversed  never  never party  never  never   never      never       party   party
       corrected calm   calm  party  calm   calm    calm       calm        party   party)"},
    {"a reversal, contested", R"(
       x: record ana -> ben 2h as=ana
       t: reverse @x as=ana
       c: contest @t as=ben because="she did help me")",
     R"(
       confirm   party  contested party party contested contested party    party   party
       contest   contested contested party party contested contested party party   party
       reverse   never  role  party  never  never   never      never       party   party
       correct   never  role  party  never  never   never      never       party   party
       stands    role   ok    party  ok     ok      ok         ok          party   party
       reversed  never  role  party  never  never   role       never       party   party
       corrected ok     role  party  ok     ok      role       ok          party   party)"},
};

// Goal: in every state, every act by everybody is allowed or refused as the table of states says.
TEST(StatesTest, WhoMayDoWhat) {
  int cells = 0;
  for (const StateTable& table : kTables) {
    for (absl::string_view row : absl::StrSplit(table.cells, '\n', absl::SkipWhitespace())) {
      const std::vector<std::string> words = absl::StrSplit(row, ' ', absl::SkipEmpty());
      if (words[0] == "#") continue;
      ASSERT_EQ(words.size(), std::size(kActors) + 1) << row;
      for (size_t i = 0; i < std::size(kActors); ++i) {
        Script bank;
        ASSERT_THAT(bank.Run("members ana ben cara"), IsOk());
        ASSERT_THAT(bank.Run(table.prelude), IsOk());
        const std::string before = bank.Dump();
        const std::string& cell = words[i + 1];
        EXPECT_THAT(bank.Run(absl::StrCat(kActs.at(words[0]), " ", kActors[i], " ", kCells.at(cell))), IsOk())
            << table.state;
        EXPECT_EQ(bank.Dump() == before, cell != "ok") << "refused: nothing changes";
        ++cells;
      }
    }
  }
  EXPECT_EQ(cells, 6 * 7 * 9);
}

// Goal: what an exchange becomes, and what happens to the hours, row by row of the table.
TEST(StatesTest, WhatItBecomes) {
  struct Row {
    const char* goal;
    const char* log;
  };
  const Row rows[] = {
      {"recording moves hours at once", R"(
         t: record ana -> ben 2h as=ana
            became @t RECORDED
            balances ana=2h ben=-2h sum=0)"},
      {"confirming moves nothing", R"(
         t: record ana -> ben 2h as=ana
            confirm @t as=ben
            became @t CONFIRMED confirmed_by=ben reversed_by=0
            balances ana=2h ben=-2h sum=0)"},
      {"confirmations are kept per party", R"(
         t: record ana -> ben,cara 2h as=ana
            confirm @t as=ben
            confirm @t as=cara
            became @t CONFIRMED confirmed_by=ben,cara
            confirm @t as=cara  ALREADY_CONFIRMED)"},
      {"contesting moves nothing; contested hours are told apart", R"(
         t: record ana -> ben 2h as=ana
            contest @t as=ana because="it was one"
            became @t CONTESTED contested_by=ana
            texts @t+1 reason="it was one"
            account ana balance=2h contested=2h
            account ben balance=-2h contested=-2h)"},
      {"STANDS brings back what was before: RECORDED", R"(
         t: record ana -> ben 2h as=ana
            contest @t as=ben because=no
            settle @t stands as=ben because="I had forgotten"
            became @t RECORDED contested_by=ben
            texts @t+2 reason="I had forgotten"
            account ana balance=2h contested=0h
            account ben contested=0h)"},
      {"STANDS brings back what was before: CONFIRMED", R"(
         t: record ana -> ben 2h as=ana
            confirm @t as=ben
            contest @t as=ben because=no
            settle @t stands as=ben
            became @t CONFIRMED confirmed_by=ben
            reverse @t as=ana ROLE_REQUIRED)"},
      {"what stands can be contested anew", R"(
         t: record ana -> ben 2h as=ana
            contest @t as=ben because=no
            settle @t stands as=ben
            contest @t as=ana because=no
            became @t CONTESTED contested_by=ana)"},
      {"a reversal is the opposite on the same day of help, linked both ways", R"(
         t: record ana -> ben 2h on=2026-03-01 category=garden as=ana
         r: reverse @t because="twice in the book"
            became @t REVERSED reversed_by=@r corrected_by=0
            entry @r REVERSAL ana-2h ben+2h reverses=@t on=2026-03-01 category=garden
            texts @r reason="twice in the book"
            account ana balance=0h in=0h out=0h exchanges=0 moved=2
            account ben balance=0h in=0h out=0h exchanges=0 moved=2
            balances sum=0)"},
      {"a correction is a reversal and a replacement, linked both ways", R"(
         t: record ana -> ben 2h on=2026-03-01 category=garden note=roses tags=a,b as=ana
         f: correct @t seconds=3h on=2026-03-02 because="it was three" as=ana
            became @t REVERSED reversed_by=@f corrected_by=@f+1
            entry @f   REVERSAL ana-2h ben+2h reverses=@t on=2026-03-01 by=ana
            entry @f+1 EXCHANGE ana+3h ben-3h corrects=@t on=2026-03-02 category=garden by=ana
            texts @f+1 note=roses tags=a,b reason="it was three"
            balances ana=3h ben=-3h sum=0
            account ana exchanges=1 in=3h
            correct @t seconds=4h  ALREADY_REVERSED entry=@f
            correct @f+1 receivers=cara note="" as=ana
            balances ana=3h cara=-3h sum=0
            texts @f+3 note="" tags=a,b)"},
      {"settled as REVERSED: no longer contested, undone", R"(
         t: record ana -> ben 2h as=ana
            contest @t as=ben because=no
            settle @t reversed as=ana
            became @t REVERSED contested_by=ben reversed_by=@t+3
            account ana balance=0h contested=0h exchanges=0
            account ben balance=0h contested=0h exchanges=0)"},
      {"settled as CORRECTED: undone and replaced", R"(
         t: record ana -> ben 2h as=ana
            contest @t as=ben because=no
            settle @t corrected seconds=30m as=ana
            became @t REVERSED reversed_by=@t+3 corrected_by=@t+4
            entry @t+2 SETTLEMENT about=@t by=ana
            account ana balance=30m contested=0h exchanges=1
            balances ana=30m ben=-30m sum=0)"},
      {"a reversal that stands stays; one that does not is recorded anew as it was", R"(
         t: record ana -> ben 2h on=2026-03-01 note=roses as=ana
         r: reverse @t as=ana
            contest @r as=ben because="she did help me"
            account ana balance=0h contested=-2h
            settle @r stands as=ben
            became @r RECORDED
            contest @r as=ben because="no, she did"
            settle @r corrected as=ana because=yes
            became @r RECORDED restored_by=@r+5
            became @t REVERSED reversed_by=@r
            entry @r+5 EXCHANGE ana+2h ben-2h restores=@t on=2026-03-01
            texts @r+5 note=roses reason=yes
            account ana balance=2h contested=0h exchanges=1
            balances ana=2h ben=-2h sum=0
            contest @r as=ben because=again  ALREADY_RESTORED entry=@r+5
            reverse @r+5)"},
      {"a reversal can be recorded anew with changes", R"(
         t: record ana -> ben 2h as=ana
         r: reverse @t as=ana
            contest @r as=ben because="it was one hour"
            settle @r corrected seconds=1h
            balances ana=1h ben=-1h sum=0
            entry @r+3 EXCHANGE ana+1h ben-1h restores=@t)"},
      {"the reversal inside a correction: what stands now is the replacement", R"(
         t: record ana -> ben 2h as=ana
         f: correct @t seconds=1h
            contest @f as=ben because=no  ALREADY_CORRECTED entry=@f+1
            contest @f+1 as=ben because=no
            became @f+1 CONTESTED)"},
  };
  for (const Row& row : rows) {
    Script bank;
    ASSERT_THAT(bank.Run("members ana ben cara"), IsOk());
    EXPECT_THAT(bank.Run(row.log), IsOk()) << row.goal;
  }
}

// Goal: a key that recorded is the recorder, and another key, or a member at the same key, is not.
TEST(StatesTest, AKeyThatRecordsIsTheRecorder) {
  Script bank;
  EXPECT_THAT(bank.Run(R"(
       members ana ben
    a: record ana -> ben 1h as=partner
    b: record ana -> ben 1h as=partner
       entry @a EXCHANGE ana+1h ben-1h key=app
       reverse @a as=partner key=other   NOT_A_PARTY
       reverse @a as=partner:ben         ROLE_REQUIRED
       reverse @a as=partner             OK
       confirm @b as=partner             NOT_A_PARTY
       contest @b as=ben because=no
       settle @b reversed as=partner key=other  NOT_A_PARTY
       settle @b reversed as=partner     OK
       balances sum=0
  )"),
              IsOk());
}

// Goal: a broker's record for somebody who telephones can be confirmed by that person, and by the other
// party.
TEST(StatesTest, WhoTelephonedMayConfirm) {
  Script bank;
  EXPECT_THAT(bank.Run(R"(
       members ana ben
    t: record ana -> ben 1h for=ana
       entry @t EXCHANGE ana+1h ben-1h for=ana key=desk
       confirm @t for=ana
       entry @t+1 CONFIRMATION about=@t for=ana
       confirm @t as=ben
       became @t CONFIRMED confirmed_by=ana,ben
  )"),
              IsOk());
}

// Goal: in a one-to-one either gives way; in a group only the recorder or a broker undoes.
TEST(StatesTest, EitherGivesWayInAOneToOne) {
  Script bank;
  EXPECT_THAT(bank.Run(R"(
       members ana ben cara
    # A broker recorded; the receiver contests, the giver gives way.
    t: record ana -> ben 2h
       contest @t as=ben because=no
       settle @t reversed as=ben   ROLE_REQUIRED
       settle @t reversed as=ana   OK
    # The giver contests, the receiver gives way.
    u: record ana -> ben 2h
       contest @u as=ana because=no
       settle @u corrected seconds=1h as=ben  OK
    # Three people.
    g: record ana -> ben,cara 2h
       contest @g as=ben because=no
       settle @g reversed as=ana   ROLE_REQUIRED
       settle @g reversed as=cara  ROLE_REQUIRED
       settle @g stands as=cara    ROLE_REQUIRED
       settle @g reversed          OK
    # Two people with a name and one without.
    h: record ana -> ben 2h unnamed_receivers=1
       contest @h as=ben because=no
       settle @h reversed as=ana   ROLE_REQUIRED
  )"),
              IsOk());
}

// Goal: a broker who is a party settles as a party only: neither with a broker's power nor for the other
// side.
TEST(StatesTest, ABrokerWhoIsAPartySettlesAsAParty) {
  Script bank;
  EXPECT_THAT(bank.Run(R"(
       members ana ben cara
    t: record ana -> ben 2h as=ben
       contest @t as=ben because=no
       settle @t stands as=broker:ana           ROLE_REQUIRED
       settle @t stands as=broker:ana for=ben   ROLE_REQUIRED
       settle @t stands as=broker:cara for=ben  OK
       contest @t as=ben because=no
       settle @t reversed as=broker:ana         OK
  )"),
              IsOk());
}

// Goal: a broker acts for a party only, and nobody else acts for anybody.
TEST(StatesTest, OnlyBrokersActForAParty) {
  Script bank;
  EXPECT_THAT(bank.Run(R"(
       members ana ben cara
    t: record ana -> ben 2h
       contest @t for=cara because=no          NOT_A_PARTY
       reverse @t for=cara                     NOT_A_PARTY
       contest @t for=ben because=no as=ana    ROLE_REQUIRED
       contest @t for=ben because=no as=partner ROLE_REQUIRED
       contest @t for=ghost because=no         HOLDER_NOT_FOUND named=members/ghost
       contest @t for=ben because=no           OK
       entry @t+1 CONTEST about=@t for=ben key=desk
  )"),
              IsOk());
}

// Goal: the pot that takes the remainder is nobody's side, and a circle's members speak for themselves only.
TEST(StatesTest, PotsAndCirclesAreNobodysSide) {
  Script bank;
  EXPECT_THAT(bank.Run(R"(
       members ana ben cara
       circle knit ana,ben
    t: record circles/knit -> cara 2h
       contest @t as=ana because=no   NOT_A_PARTY
       contest @t as=cara because=no  OK
  )"),
              IsOk());
}

// Goal: a member names its own part and leaves the remainder to a pot, in recording and in correcting;
// whoever takes a remainder all the same has a say.
TEST(StatesTest, AMemberNamesItsOwnPart) {
  Script bank;
  EXPECT_THAT(bank.Run(R"(
       members ana ben cara dora
       record ana -> ben,cara 1h remainder=dora as=ana      NOT_A_PARTY
       record ana -> ben,cara 1h remainder=pots/opening as=ana  OK
    t: record ana -> ben 1h as=ana
       correct @t givers=cara as=ana                        NOT_A_PARTY
       correct @t receivers=cara,dora as=ana                OK
    u: record ana -> ben,cara 1h remainder=dora             OK
       contest @u as=dora because="not with me"             OK
       settle @u stands as=ben                              ROLE_REQUIRED
       settle @u stands as=dora                             OK
  )"),
              IsOk());
}

// Goal: gifts, openings and starter hours can be contested, reversed and recorded anew, but not corrected.
TEST(StatesTest, WhatIsNoExchangeIsNotCorrected) {
  Script bank;
  EXPECT_THAT(bank.Run(R"(
       members ana ben
    t: gift ana -> ben 2h note=thanks on=2026-03-01
       correct @t seconds=1h           CANNOT_CORRECT
       contest @t as=ben because=no
       settle @t corrected seconds=1h  CANNOT_CORRECT
       settle @t reversed as=ana
    r: reverse @t                      ALREADY_REVERSED entry=@t+3
       contest @t+3 as=ben because="it was a gift"
       settle @t+3 corrected seconds=1h  CANNOT_CORRECT
       settle @t+3 corrected
       entry @t+6 GIFT ana-2h ben+2h restores=@t on=2026-03-01
       texts @t+6 note=thanks
       account ben balance=2h in=2h out=0h exchanges=0 contested=0h
    o: opening ana 5h
       reverse @o as=ana   ROLE_REQUIRED
       reverse @o
       balances ana=-2h ben=2h sum=0
       settings starter=1h
    s: member cara
       contest @s+1 as=cara because="too little"
       settle @s+1 reversed
       balances ana=-2h ben=2h sum=0
  )"),
              IsOk());
}

// Goal: a correction changes what it names and carries the rest over, and the whole must be an exchange.
TEST(StatesTest, CorrectionsChangeWhatTheyName) {
  Script bank;
  EXPECT_THAT(bank.Run(R"(
       members ana ben cara m1..m60
    # Seconds of one's own give way to the hours of a one-to-one.
    t: record ana:2h -> ben:2h
       correct @t seconds=3h
       balances ana=3h ben=-3h sum=0
    # In a group they stay, and hours that nobody would have are no change.
    g: record ana:1h,ben -> cara 2h
       correct @g seconds=1h30m
       entry @g+2 EXCHANGE ana+1h ben+1h30m cara-2h30m
    h: record ana:1h,ben:1h -> cara:2h
       correct @h seconds=1h  VALIDATION exchange.seconds=NO_EFFECT
       correct @h givers=ana                      VALIDATION exchange.seconds=MUST_BE_POSITIVE
       correct @h givers=ana seconds=2h
       entry @h+2 EXCHANGE ana+2h cara-2h
    i: record ana -> ben 1h remainder=pots/opening unnamed_receivers=2
       correct @i remainder=- unnamed_receivers=0 unnamed_givers=3 decision=x category=y tags=z
       entry @i+2 EXCHANGE ana+1h ben-1h category=y unnamed_givers=3
       texts @i+2 decision=x tags=z
       correct @i+2 givers=-                      # three people without names remain
       entry @i+4 EXCHANGE ben-1h pots/community+1h:remainder
    j: record ana -> ben 1h
       correct @j givers=-                        VALIDATION exchange.givers=REQUIRED
       correct @j receivers=-                     VALIDATION exchange.receivers=REQUIRED
       correct @j givers=- receivers=- unnamed_givers=1 unnamed_receivers=1  VALIDATION exchange.givers=REQUIRED
       correct @j givers=- unnamed_givers=1       OK
       correct @j+2 receivers=ghost               HOLDER_NOT_FOUND named=members/ghost
       correct @j+2 receivers=cara                OK
       correct @j+4 givers=cara                   VALIDATION exchange.receivers[0].holder=SAME_HOLDER
       correct @j+4                               VALIDATION exchange=REQUIRED
       contest @j+4 as=cara because=no
       settle @j+4 corrected                      VALIDATION exchange=REQUIRED
       settle @j+4 stands seconds=1h              VALIDATION exchange=NO_EFFECT
  )"),
              IsOk());
}

// Goal: what is carried over counts towards the 256 people of an exchange.
TEST(StatesTest, ACorrectionHas256SharesAtMost) {
  Script bank;
  EXPECT_THAT(bank.Run(R"(
       members m1..m257 n1
    t: record m1..m200 -> n1 1h
       correct @t receivers=m201..m257  VALIDATION exchange.receivers=TOO_MANY
       correct @t receivers=m201..m256  OK notice=POT_WITHOUT_DECISION
  )"),
              IsOk());
}

// Goal: parties and brokers take a note away in any state; the fact and the other texts stay.
TEST(StatesTest, ErasingANoteLeavesTheFact) {
  Script bank;
  EXPECT_THAT(bank.Run(R"(
       members ana ben cara
    t: record ana -> ben 2h note="her knee" tags=a decision=d
       erase_note @t as=cara     NOT_A_PARTY
       erase_note @t as=partner  NOT_A_PARTY
       erase_note 99             EXCHANGE_NOT_FOUND named=exchanges/99
       erase_note 2              EXCHANGE_NOT_FOUND named=exchanges/2    # a member's creation
       texts @t note="her knee" tags=a
       erase_note @t as=ben
       texts @t note="" tags=a decision=d erased
       erase_note @t
       reverse @t
       erase_note @t for=ana
       entry @t+4 NOTE_ERASED about=@t for=ana
       balances sum=0
    u: record ana -> ben 2h
       erase_note @u as=ana
       texts @u note=""
  )"),
              IsOk());
  EXPECT_EQ(bank.Dump().find("her knee"), std::string::npos);
}

// Goal: wherever corrections have carried a note, erasing it in one place leaves it in none, and whoever is
// party to an entry that loses it is told; a note that a correction changed is another one.
TEST(StatesTest, ErasingANoteErasesWhatCorrectionsCarriedOver) {
  for (const auto folding : {Script::Folding::kNever, Script::Folding::kEachCommand}) {
    for (const auto& [erased, others] : {std::pair(0, std::pair(2, 6)), {2, {0, 6}}, {6, {0, 2}}}) {
      SCOPED_TRACE(erased);
      Script bank(folding);
      ASSERT_THAT(bank.Run(R"(
           members ana ben cara
        t: record ana -> ben 2h note="her knee" tags=a
           correct @t seconds=1h because=less
           reverse @t+2
           contest @t+3 as=ben because=no
           settle @t+3 corrected givers=cara   # t+6
           correct @t+6 note="a knee"          # t+8
      )"),
                  IsOk());
      EXPECT_THAT(bank.Run(absl::StrCat("erase_note @t+", erased, " OK entries=3")), IsOk());
      EXPECT_THAT(bank.Run(absl::StrCat(R"(
           texts @t   note="" tags=a erased
           texts @t+2 note="" tags=a reason=less erased
           texts @t+6 note="" tags=a erased
           texts @t+8 note="a knee"
           entry @t+9  NOTE_ERASED about=@t+)",
                                        erased, "\n entry @t+10 NOTE_ERASED about=@t+", others.first,
                                        "\n entry @t+11 NOTE_ERASED about=@t+", others.second)),
                  IsOk());
      EXPECT_EQ(bank.Dump().find("her knee"), std::string::npos);
    }
  }
}

// Goal: whoever is party to an entry of a chain takes the note from its own entries only, be it that a broker
// or an agent calls for it, and a broker who speaks for nobody from all.
TEST(StatesTest, ErasingANoteLeavesTheNotesOfOthers) {
  const std::string her_knee = R"( note="her knee")";
  for (const auto& [act, erased] : std::vector<std::pair<std::string, std::vector<int>>>{
           {"erase_note @t as=ben", {0, 4}},
           {"erase_note @t+4 as=ben", {0, 4}},
           {"erase_note @t for=ben", {0, 4}},
           {"erase_note @t for=ben as=broker:ana", {0, 4}},
           {"erase_note @t for=ben as=dora", {0}},  // a party of t+4 herself
           {"erase_note @t as=ana", {0, 2}},
           {"erase_note @t+2 as=cleo", {2, 4}},
           {"erase_note @t+2", {0, 2, 4}},
           {"erase_note @t as=broker:ben", {0, 2, 4}}}) {
    SCOPED_TRACE(act);
    Script bank;
    ASSERT_THAT(bank.Run(R"(
         members ana ben cleo dora
         grant ben dora 10h
      t: record ana -> ben 2h note="her knee"
         correct @t receivers=cleo                        # t+2
         correct @t+2 givers=dora:1h,cleo:1h receivers=ben # t+4
    )"),
                IsOk());
    EXPECT_THAT(bank.Run(absl::StrCat(act, " OK entries=", erased.size())), IsOk());
    for (const int entry : {0, 2, 4}) {
      const bool gone = std::find(erased.begin(), erased.end(), entry) != erased.end();
      EXPECT_THAT(bank.Run(absl::StrCat("texts @t+", entry, gone ? R"( note="" erased)" : her_knee)), IsOk());
    }
  }
}

// Goal: one exchange is corrected and recorded anew 256 times at most, so that what is said of all of them
// stays bounded.
TEST(StatesTest, CorrectionsOfCorrectionsHaveAnEnd) {
  Script bank;
  ASSERT_THAT(bank.Run("members ana ben \n t: record ana -> ben 2h note=knee"), IsOk());
  for (int i = 0; i < 255; ++i) {
    ASSERT_THAT(bank.Run(absl::StrCat("correct @t+", 2 * i, " seconds=", 60 + i, "s")), IsOk());
  }
  EXPECT_THAT(bank.Run(R"(
    r: reverse @t+510
       contest @r as=ana because=no
       settle @r corrected                      # the 256th: @r+3
       correct @r+3 seconds=1h                  TOO_MANY
       correct @r+3 givers=ben                  TOO_MANY    # before SAME_HOLDER
    q: reverse @r+3
       contest @q as=ana because=no
       settle @q corrected                      TOO_MANY
       settle @q stands
       erase_note @t OK entries=257
  )"),
              IsOk());
  EXPECT_EQ(bank.Dump().find("knee"), std::string::npos);
}

}  // namespace
}  // namespace timebank::ledger
