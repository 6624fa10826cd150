// Safe retries: what a request_id remembers, and for how long; batches; answering without changing anything.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <variant>

#include "tests/support/matchers.h"
#include "tests/support/script.h"

namespace timebank::ledger {
namespace {

// One request of each kind, each possible after the one before; and the same one with other facts, and where
// it has texts, with other texts.
struct Request {
  const char* line;
  const char* other_facts;
  const char* other_texts;  // nullptr: it has none
};

const Request kRequests[] = {
    {"timebank oak", "timebank oak trial", nullptr},
    {"member ana name=Ana", "member ana name=Ana no_starter", "member ana name=Anna"},
    {"member ben", "member ben joined=2020-01-01", "member ben note=x"},
    {"member", "member x", "member name=x"},
    {"update ana name=Anna", "update ben name=Anna", "update ana name=Annie"},
    {"circle knit ana,ben", "circle knit ana", nullptr},
    {"join knit m3", "join knit ben", nullptr},
    {"leave knit m3", "leave knit ben", nullptr},
    {"record ana -> ben 2h on=2026-05-01 note=x tags=a,b",
     "record ana -> ben 3h on=2026-05-01 note=x tags=a,b",
     "record ana -> ben 2h on=2026-05-01 note=x tags=ab"},
    {"gift ana -> ben 1h decision=d", "gift ben -> ana 1h decision=d", "gift ana -> ben 1h decision=e"},
    {"opening ana 5h note=x", "opening ana -5h note=x", "opening ana 5h note=y"},
    {"record ana -> ben 1h origin=oak/1", "record ana -> ben 1h", "record ana -> ben 1h origin=oak/2"},
    {"confirm 9 as=ben", "confirm 12 as=ben", nullptr},
    {"contest 9 because=no as=ben", "contest 12 because=no as=ben", "contest 9 because=yes as=ben"},
    {"settle 9 stands because=a as=ben", "settle 9 reversed because=a as=ben",
     "settle 9 stands because=b as=ben"},
    {"correct 9 seconds=3h because=a", "correct 9 seconds=4h because=a", "correct 9 seconds=3h because=b"},
    {"reverse 12 because=a", "reverse 9 because=a", "reverse 12 because=b"},
    {"erase_note 9", "erase_note 12", nullptr},
    {"settings block_below=-9h", "settings block_below=-8h", nullptr},
    {"grant ana ben 5h", "grant ana ben 6h", nullptr},
    {"revoke ana ben", "revoke ben ana", nullptr},
    {"close m3", "close m3 to=ana", nullptr},
    {"reopen m3", "reopen ana", nullptr},
    {"merge m3 into ana", "merge m3 into ben", nullptr},
    {"timebank elm trial", "timebank elm", nullptr},
    {"delete_timebank elm", "delete_timebank oak", nullptr},
};

// Goal: every kind of act, asked again under its request_id, is answered with its first outcome and changes
// nothing; asked for something else it is refused.
TEST(RequestsTest, EveryActIsSafeToRepeat) {
  Script bank;
  std::set<size_t> kinds;
  for (size_t i = 0; i < std::size(kRequests); ++i) {
    const std::string id = " id=r" + std::to_string(i);
    const auto first = bank.Do(*bank.Parse(kRequests[i].line + id));
    ASSERT_THAT(first, IsOk());
    ASSERT_FALSE(first->refusal.has_value()) << kRequests[i].line << ": " << NameOf(first->refusal->reason);
    kinds.insert(bank.Parse(kRequests[i].line)->act.index());
    const std::string ledger = bank.Dump();

    const auto again = bank.Do(*bank.Parse(kRequests[i].line + id));
    ASSERT_THAT(again, IsOk());
    EXPECT_FALSE(first->replayed);
    EXPECT_TRUE(again->replayed) << kRequests[i].line;
    EXPECT_FALSE(again->refusal.has_value());
    EXPECT_EQ(again->bank, first->bank);
    EXPECT_EQ(again->first, first->first);
    EXPECT_EQ(again->count, first->count);

    EXPECT_THAT(bank.Run(kRequests[i].other_facts + id + " REQUEST_ID_REUSED"), IsOk());
    if (kRequests[i].other_texts != nullptr) {
      EXPECT_THAT(bank.Run(kRequests[i].other_texts + id + " REQUEST_ID_REUSED"), IsOk());
    }
    EXPECT_EQ(bank.Dump(), ledger) << kRequests[i].line;
  }
  EXPECT_EQ(kinds.size(), std::variant_size_v<Act> - 1) << "all but batches, which have a test of their own";
}

// Goal: a request_id is somebody's own: the person's, whatever app they use, else the key's; and a bank's.
TEST(RequestsTest, ARequestIdIsItsOwnersOwn) {
  Script bank;
  EXPECT_THAT(bank.Run(R"(
    members ana ben
    t: record ana -> ben 1h id=a
       record ana -> ben 2h id=a key=till            OK
       record ana -> ben 3h id=a as=ana              OK
       record ana -> ben 3h id=a as=ana key=phone    OK replayed first=@t+2
       record ana -> ben 3h id=a as=partner:ana      OK replayed first=@t+2
       record ana -> ben 4h id=a as=ana              REQUEST_ID_REUSED entry=@t+2
       record ana -> ben 4h id=a as=ben              OK
       record ana -> ben 5h id=a as=partner          OK
       record ana -> ben 1h id=a                     OK replayed first=@t
       timebank oak
       member ana id=a bank=oak
  )"),
              IsOk());
}

// Goal: a refusal for good stays refused under its id after the cause is gone; a new id is a new try. It is
// kept as an entry, so that it can be told.
TEST(RequestsTest, ARefusalForGoodStays) {
  Script bank;
  EXPECT_THAT(bank.Run(R"(
       members ana ben cara
       settings block_below=-1h
    s: record ana -> ben 2h id=b    BALANCE_LIMIT holder=ben balance=0h limit=-1h requested=-2h entries=1
       entry @s REFUSAL refused=BALANCE_LIMIT
       settings block_below=-
       record ana -> ben 2h id=b    BALANCE_LIMIT holder=ben balance=0h limit=-1h requested=-2h first=@s replayed
       record ana -> ben 3h id=b    REQUEST_ID_REUSED entry=@s
       record ana -> ben 2h id=c    OK
       record ana -> ben 2h         OK
  )"),
              IsOk());
}

// Goal: every refusal that the ledger's state is to blame for is one for good, whatever it tells.
TEST(RequestsTest, WhichRefusalsAreForGood) {
  Script bank;
  EXPECT_THAT(bank.Run(R"(
       members ana ben cara m1..m20
    x: record ana -> ben 2h
       reverse @x
    y: record ana -> ben 2h
    z: gift ana -> ben 2h
       contest @z because=no as=ben
    v: gift ana -> ben 1h
       confirm @y as=ben
    w: record cara -> ben 1h
       correct @w seconds=2h
    u: record cara -> ben 1h
       reverse @u
       contest @u+1 as=ben because=no
       settle @u+1 corrected
       close m1 on=2026-01-01
       circle knit m2
  )"),
              IsOk());
  const char* const refused[] = {
      "reverse @x   ALREADY_REVERSED entry=@x+1",
      "reverse @x+1 CANNOT_REVERSE_REVERSAL entry=@x",
      "contest @z because=no as=ana ALREADY_CONTESTED entry=@z+1",
      "settle @y stands NOT_CONTESTED",
      "confirm @y as=ben ALREADY_CONFIRMED entry=@y",
      "correct @v seconds=9h CANNOT_CORRECT",
      "contest @w+1 because=no as=ben ALREADY_CORRECTED entry=@w+2",
      "contest @u+1 because=no as=ben ALREADY_RESTORED entry=@u+4",
      "record m1 -> ana 1h HOLDER_CLOSED holder=m1",
      "reopen m2 NOT_CLOSED",
      "close cara DESTINATION_REQUIRED holder=cara balance=3h",
      "close ben to=cara DESTINATION_MUST_BE_POT holder=ben",
  };
  int i = 0;
  for (const std::string line : refused) {
    const std::string with_id = line.substr(0, line.find_first_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ")) + "id=f" +
                                std::to_string(++i) + " " +
                                line.substr(line.find_first_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ"));
    EXPECT_THAT(bank.Run(with_id + " entries=1"), IsOk());
    EXPECT_THAT(bank.Run(with_id + " entries=1 replayed"), IsOk());
  }
}

// Goal: a refusal of any other kind does not stick: the same id is a new try, and leaves nothing behind.
TEST(RequestsTest, OtherRefusalsDoNotStick) {
  Script bank;
  ASSERT_THAT(bank.Run("members ana ben \n settings who=giver"), IsOk());
  const std::string before = bank.Dump();
  EXPECT_THAT(bank.Run(R"(
    record ana -> cara 1h id=a          HOLDER_NOT_FOUND entries=0
    record ana -> ben 1h id=b as=ben    ROLE_REQUIRED entries=0
    update ana name=x etag=9 id=c       ETAG_MISMATCH entries=0
    record ana:1h -> ben:2h id=d        SHARES_DO_NOT_BALANCE entries=0
    record ana -> ana 2h id=e           VALIDATION exchange.receivers[0].holder=SAME_HOLDER entries=0
    member ana id=f                     ALREADY_EXISTS entries=0
    reverse 99 id=g                     EXCHANGE_NOT_FOUND entries=0
    record ana -> ben 2h id=h bank=elm  TIMEBANK_NOT_FOUND entries=0
  )"),
              IsOk());
  EXPECT_EQ(bank.Dump(), before);
  EXPECT_THAT(bank.Run(R"(
    member cara no_starter
    record ana -> cara 1h id=a          OK
    settings who=either
    record ana -> ben 1h id=b as=ben    OK
    record ana:1h -> ben:1h id=d        OK
  )"),
              IsOk());
}

// Goal: a request is remembered for 90 days of stamped time, to the microsecond; after that it is a new one.
TEST(RequestsTest, RememberedFor90Days) {
  Script bank;
  EXPECT_THAT(bank.Run(R"(
       members ana ben
    t: record ana -> ben 1h id=a
       later 2160h
       record ana -> ben 1h id=a    OK replayed first=@t
       record ana -> ben 2h id=a    REQUEST_ID_REUSED
       later 1s
       record ana -> ben 2h id=a    OK first=@t+1
       record ana -> ben 2h id=a    OK replayed first=@t+1
       balances ana=3h ben=-3h sum=0
  )"),
              IsOk());
}

// Goal: when a note is erased, its request's hash goes as well; the same id is then a repeat whatever the
// note, while other facts are still another request.
TEST(RequestsTest, AnErasedNoteIsNotComparedAnyMore) {
  Script bank;
  EXPECT_THAT(bank.Run(R"(
       members ana ben
    t: record ana -> ben 1h note=secret id=a
       record ana -> ben 1h note=other id=a   REQUEST_ID_REUSED
       erase_note @t
       record ana -> ben 1h note=secret id=a  OK replayed
       record ana -> ben 1h note=other id=a   OK replayed
       record ana -> ben 1h id=a              OK replayed
       record ana -> ben 2h note=secret id=a  REQUEST_ID_REUSED
    # One note of a batch.
    b: batch id=b
       | ana -> ben 1h note=one
       | ana -> ben 1h note=two
       erase_note @b+1
       batch id=b   OK replayed
       | ana -> ben 1h note=one
       | ana -> ben 1h note=two
    # A note that came with a correction, erased where another one carried it on.
    c: correct @t note=third id=c
    d: correct @c+1 seconds=2h id=d
       correct @t note=fourth id=c            REQUEST_ID_REUSED
       erase_note @d+1
       correct @t note=fourth id=c            OK replayed
       correct @c+1 seconds=2h id=d           OK replayed
  )"),
              IsOk());
}

// Goal: each item of a batch for itself: what is wrong with one does not touch the others, and a repeat tells
// the same of each.
TEST(RequestsTest, EachItemForItself) {
  for (const auto folding : {Script::Folding::kNever, Script::Folding::kEachCommand}) {
    Script bank(folding);
    const std::string batch = R"(
      | ana -> ben 1h                   OK
      | ana -> ghost 1h                 HOLDER_NOT_FOUND named=members/ghost
      | ana -> ana 1h                   VALIDATION exchanges[2].receivers[0].holder=SAME_HOLDER
      | ana -> ben 3h category=Odd      BALANCE_LIMIT holder=ben balance=-1h limit=-2h requested=-3h
      | ana:1h -> ben:2h                SHARES_DO_NOT_BALANCE given=1h received=2h
      | ana -> ben 1h                   OK
      | ana -> cara 1h origin=oak/1     OK
      | ana -> cara 1h origin=oak/1     ORIGIN_RECORDED
    )";
    ASSERT_THAT(bank.Run("members ana ben cara \n settings block_below=-2h"), IsOk());
    EXPECT_THAT(bank.Run("b: batch id=a OK entries=4" + batch), IsOk());
    EXPECT_THAT(bank.Run(R"(
      entry @b   EXCHANGE ana+1h ben-1h
      entry @b+1 REFUSAL refused=BALANCE_LIMIT
      entry @b+2 EXCHANGE ana+1h ben-1h
      entry @b+3 EXCHANGE ana+1h cara-1h
      balances ana=3h ben=-2h cara=-1h sum=0
      categories
    )"),
                IsOk());
    const std::string ledger = bank.Dump();
    EXPECT_THAT(bank.Run("batch id=a OK replayed first=@b entries=4" + batch), IsOk());
    EXPECT_EQ(bank.Dump(), ledger);
    EXPECT_THAT(bank.Run("batch id=a REQUEST_ID_REUSED \n | ana -> ben 1h"), IsOk());
    EXPECT_THAT(bank.Run("batch all_or_nothing id=a REQUEST_ID_REUSED" + batch), IsOk());
    // Without an id nothing is kept of what is refused.
    EXPECT_THAT(bank.Run("batch OK entries=0 first=0 \n | ana -> ben 1h BALANCE_LIMIT"), IsOk());
  }
}

// Goal: a repeat tells of each item whom it did not find, wherever the item named that holder, and keeps
// nobody's word for it; where an older server kept no place, it tells the rest.
TEST(RequestsTest, ARepeatTellsWhoWasNotFound) {
  Script bank;
  ASSERT_THAT(bank.Run("members ana ben"), IsOk());
  const std::string batch = R"(
    | ghost -> ben 1h                                  HOLDER_NOT_FOUND named=members/ghost
    | ana,phantom -> ben 1h                            HOLDER_NOT_FOUND named=members/phantom
    | ana -> ben,circles/spectre 1h                    HOLDER_NOT_FOUND named=circles/spectre
    | ana -> ben 1h remainder=pots/wraith              HOLDER_NOT_FOUND named=pots/wraith
    | ana -> ben 1h for=shade                          HOLDER_NOT_FOUND named=members/shade
    | - -> shade 1h unnamed_givers=1 remainder=wraith  HOLDER_NOT_FOUND named=members/shade
  )";
  EXPECT_THAT(bank.Run("batch id=a OK entries=0" + batch), IsOk());
  EXPECT_THAT(bank.Run("members ghost"), IsOk());
  EXPECT_THAT(bank.Run("batch id=a OK replayed entries=0" + batch), IsOk());
  EXPECT_EQ(bank.Dump().find("phantom"), std::string::npos);
  EXPECT_THAT(bank.Run(R"(
    batch id=b OK entries=0
    | phantom -> ben 1h  HOLDER_NOT_FOUND named=members/phantom
    old_requests
    batch id=b OK replayed entries=0
    | phantom -> ben 1h  HOLDER_NOT_FOUND
  )"),
              IsOk());
}

// Goal: all or nothing: the first item that is refused takes everything back and tells its index.
TEST(RequestsTest, AllOrNothing) {
  Script bank;
  ASSERT_THAT(bank.Run("members ana ben \n settings block_below=-2h"), IsOk());
  const std::string before = bank.Dump();
  EXPECT_THAT(bank.Run(R"(
    batch all_or_nothing   HOLDER_NOT_FOUND index=1 named=members/ghost
    | ana -> ben 1h category=Odd
    | ana -> ghost 1h
    | ben -> ben 1h
    batch all_or_nothing   BALANCE_LIMIT index=2 holder=ben
    | ana -> ben 1h
    | ana -> ben 1h
    | ana -> ben 1s
    batch all_or_nothing   VALIDATION index=0 exchanges[0].givers=REQUIRED
    | - -> ben 1h
    batch all_or_nothing id=a  ORIGIN_RECORDED index=1
    | ana -> ben 1h origin=oak/1
    | ana -> ben 1h origin=oak/1
    batch  VALIDATION exchanges=REQUIRED
  )"),
              IsOk());
  EXPECT_EQ(bank.Dump(), before);
  EXPECT_THAT(bank.Run(R"(
    b: batch all_or_nothing id=a  OK entries=2
       | ana -> ben 1h origin=oak/1
       | ana -> ben 1h origin=oak/2
       batch all_or_nothing id=a  OK replayed entries=2
       | ana -> ben 1h origin=oak/1  OK first=@b
       | ana -> ben 1h origin=oak/2  OK first=@b+1
    # A refusal for good of the whole is one entry.
    c: batch all_or_nothing id=b  BALANCE_LIMIT index=1 entries=1
       | ben -> ana 1h
       | ana -> ben 2h
       settings block_below=-
       batch all_or_nothing id=b  BALANCE_LIMIT index=1 entries=1 first=@c replayed
       | ben -> ana 1h
       | ana -> ben 2h
       balances ana=2h ben=-2h sum=0
  )"),
              IsOk());
}

// Goal: with validate_only everything is answered as if, and nothing changes: no entry, no request, no
// refusal kept.
TEST(RequestsTest, ValidateOnlyChangesNothing) {
  Script bank;
  ASSERT_THAT(bank.Run(R"(
       members ana ben cara
       settings warn_below=-1h block_below=-3h starter=1h
    t: record ana -> ben 1h id=used
    u: record ana -> cara 1h
       contest @u because=no as=cara
  )"),
              IsOk());
  const std::string before = bank.Dump();
  EXPECT_THAT(bank.Run(R"(
    record ana -> ben 1h category=Odd note=x validate_only id=a  OK notice=BELOW_WARNING:ben after=ana:3h after=ben:-2h category=Odd note=x entries=0
    record ana -> ben 9h validate_only id=b   BALANCE_LIMIT holder=ben entries=0
    record ana -> ben 1s validate_only id=used  OK notice=BELOW_WARNING
    record ana -> ana 1h validate_only        VALIDATION exchange.receivers[0].holder=SAME_HOLDER
    gift ana -> ben 1h validate_only          OK after=ana:1h after=ben:0h
    opening ana 1h validate_only              OK after=ana:3h
    correct @t seconds=2h validate_only       OK after=ana:3h after=ben:-2h
    settle @u reversed validate_only          OK
    member dora validate_only                 OK
    close cara validate_only                  OK
    merge cara into ben validate_only         OK
    settings starter=2h validate_only         OK
    erase_note @t validate_only               OK
    timebank oak validate_only                OK
    batch validate_only id=c OK entries=0 first=0
    | ana -> ben 1h                OK first=0
    | ana -> cara 1h origin=oak/1  OK first=0
    | ana -> cara 1h origin=oak/1  ORIGIN_RECORDED
    | ana -> ben 9h        BALANCE_LIMIT
  )"),
              IsOk());
  EXPECT_EQ(bank.Dump(), before);
}

// Goal: an outcome tells which entries are its own.
TEST(RequestsTest, AnOutcomeTellsItsEntries) {
  Script bank;
  EXPECT_THAT(bank.Run(R"(
    settings starter=1h     OK entries=1 first=2
    member ana              OK entries=2 first=3
    member ben no_starter   OK entries=1 first=5
    record ana -> ben 1h    OK entries=1 first=6
    correct 6 seconds=2h    OK entries=2 first=7
    close ana to=ben        OK entries=2 first=9
    merge ana into ben      OK entries=1 first=11
    record ana -> ana 1h    VALIDATION exchange.receivers[0].holder=SAME_HOLDER entries=0 first=0
  )"),
              IsOk());
}

// Goal: where a bank was deleted and another got its id, what was asked of the one is not done in the other.
TEST(RequestsTest, ABankMadeAnewIsAnotherBank) {
  Script bank;
  ASSERT_THAT(bank.Run("timebank elm trial"), IsOk());
  const std::string before = std::to_string(bank.bank("elm"));
  ASSERT_THAT(bank.Run("delete_timebank elm \n timebank elm trial"), IsOk());
  const std::string now = std::to_string(bank.bank("elm"));
  EXPECT_THAT(bank.Run("member ana bank=elm only=" + before + "  ROLE_REQUIRED \n" +  //
                       "member ana bank=elm only=" + now + "\n" +                     //
                       "member ben bank=elm only=" + before + " id=r  ROLE_REQUIRED \n" +
                       "member ben bank=elm only=" + now + " id=r \n" + "member ben bank=elm only=" + before +
                       " id=r  ROLE_REQUIRED \n" + "delete_timebank elm only=" + before +
                       "  ROLE_REQUIRED \n" + "delete_timebank elm only=" + now),
              IsOk());
}

}  // namespace
}  // namespace timebank::ledger
