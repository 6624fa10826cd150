#include "storage/keys.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "storage/hash.h"
#include "tests/unit/storage/hex.h"

namespace timebank::storage {
namespace {

constexpr BankNumber kBank = 0x0123'4567'89ab'cdef;
const AccountNumber kAnna = MakeAccount(HolderKind::kMember, 42);

std::string Secret() {
  std::string secret;
  for (char byte = 0; byte < 32; ++byte) secret.push_back(byte);
  return secret;
}

// Goal: the bytes of every key are those that FORMAT.md tells, so that a ledger stays readable.
TEST(KeysTest, BytesAreThoseOfTheFormat) {
  const std::string secret = Secret();
  EXPECT_EQ(ToHex(BankPrefix(kBank)), "0123456789abcdef");
  EXPECT_EQ(ToHex(AccountKey(kBank, kAnna)), "0123456789abcdef1000002a");
  EXPECT_EQ(ToHex(DirectoryPrefix(kBank, DirectoryKind::kMember)), "0123456789abcdef01");
  EXPECT_EQ(ToHex(DirectoryKey(kBank, DirectoryKind::kMember, 42)), "0123456789abcdef01000000000000002a");
  EXPECT_EQ(ToHex(MarkKey(kBank, kAnna, 1042)), "0123456789abcdef1000002a0000000000000412");
  EXPECT_EQ(ToHex(ActKey(kBank, kAnna, 1042)), "0123456789abcdef1000002a0000000000000412");
  EXPECT_EQ(ToHex(LookKey(kBank, kAnna, 20454)), "0123456789abcdef1000002a80004fe6");
  EXPECT_EQ(ToHex(TextKey(kBank, 1042)), "0123456789abcdef0000000000000412");
  EXPECT_EQ(ToHex(TextBlockKey(kBank, FirstOfTextBlock(1042))), "0123456789abcdef0000000000000401");
  EXPECT_EQ(ToHex(ClockKey(kBank, 20454)), "0123456789abcdef80004fe6");
  EXPECT_EQ(ToHex(ClockKey(kBank, -1)), "0123456789abcdef7fffffff");
  EXPECT_EQ(ToHex(JournalKey(kBank, 1024)), "0123456789abcdef0000000000000400");
  EXPECT_EQ(ToHex(JournalKey(kBank, kGrowingRow)), "0123456789abcdefffffffffffffffff");
  EXPECT_EQ(ToHex(StatementKey(kBank, kAnna, 1042)), "0123456789abcdef1000002a0000000000000412");
  EXPECT_EQ(ToHex(DayKey(kBank, kAnna, 20454, 1042)), "0123456789abcdef1000002a80004fe60000000000000412");
  EXPECT_EQ(ToHex(YearKey(kBank, kAnna, 2026)), "0123456789abcdef1000002a00800007ea");
  EXPECT_EQ(ToHex(MonthKey(kBank, kAnna, 2026, 1)), "0123456789abcdef1000002a01800007ea01");
  EXPECT_EQ(ToHex(SlugKey(kBank, secret, "member", "anna")),
            "0123456789abcdeff7483fcbb705339d0cecaced936aae72");
  EXPECT_EQ(ToHex(SlugKey(0, secret, "bank", "rushey")), "0000000000000000bd8105ac8810458cdb599c38d9591394");
  EXPECT_EQ(ToHex(OriginKey(kBank, secret, "timeoverflow", "17")),
            "0123456789abcdef1d467fdc107e303c5f3bcefb5a740811");
  EXPECT_EQ(ToHex(RequestKey(kBank, secret, "keys/app", "r-1")),
            "0123456789abcdef5d055ee5a9820ae06e5d26fc2e7ea7ece9bb2c08a7353a65");
  EXPECT_EQ(ToHex(KeyedHash(secret, "member", "anna")), "f7483fcbb705339d0cecaced936aae72");
}

// Goal: byte order is the order of numbers and days, those before 1970 included.
TEST(KeysTest, ByteOrderIsTheReadersOrder) {
  const auto rises = [](const std::vector<std::string>& keys) {
    return std::adjacent_find(keys.begin(), keys.end(), std::greater_equal<>()) == keys.end();
  };
  constexpr Day kFirst = std::numeric_limits<Day>::min();
  constexpr Day kLast = std::numeric_limits<Day>::max();
  std::vector<std::string> clock, day, year;
  for (Day d : {kFirst, -719'528, -1, 0, 1, 20'454, kLast}) {
    clock.push_back(ClockKey(kBank, d));
    day.push_back(DayKey(kBank, kAnna, d, 1));
    day.push_back(DayKey(kBank, kAnna, d, std::numeric_limits<Sequence>::max()));
    EXPECT_EQ(DayOfClockKey(clock.back()), d);
    EXPECT_EQ(DayOfDayKey(day.back()), d);
    EXPECT_EQ(DayOfLookKey(LookKey(kBank, kAnna, d)), d);
    EXPECT_EQ(BankOfKey(LookKey(kBank, kAnna, d)), kBank);
  }
  for (int32_t y : {-5'800'000, -1, 0, 1969, 2026, 5'800'000}) year.push_back(YearKey(kBank, kAnna, y));
  year.push_back(MonthKey(kBank, kAnna, -1, 12));
  for (int month = 1; month <= 12; ++month) year.push_back(MonthKey(kBank, kAnna, 2026, month));
  EXPECT_TRUE(rises(clock));
  EXPECT_TRUE(rises(day));
  EXPECT_TRUE(rises(year));
  EXPECT_TRUE(rises({JournalKey(1, 255), JournalKey(1, 256), JournalKey(2, 1), JournalKey(256, 1)}));
  EXPECT_EQ(LastNumberOf(JournalKey(kBank, 0xfedc'ba98'7654'3210)), 0xfedc'ba98'7654'3210);
  EXPECT_EQ(LastNumberOf(DirectoryKey(kBank, DirectoryKind::kKey, 9)), 9u);
}

// Goal: what is looked up by words depends on each of them, on where one ends, on the bank's secret, and on
// nothing that was hashed before.
TEST(KeysTest, HashesTellWordsApart) {
  const std::string secret = Secret();
  EXPECT_NE(KeyedHash(secret, "member", "anna"), KeyedHash(secret, "circle", "anna"));
  EXPECT_NE(KeyedHash(secret, "member", "anna"), KeyedHash("other", "member", "anna"));
  EXPECT_NE(OriginKey(kBank, secret, "ces", "12"), OriginKey(kBank, secret, "ces1", "2"));
  EXPECT_NE(RequestKey(kBank, secret, "a", "1"), RequestKey(kBank, secret, "b", "1"));
  EXPECT_EQ(KeyedHash(secret, "member", "anna"), KeyedHash(secret, "member", "anna"));
  EXPECT_NE(KeyedHash("", "member", "anna"), KeyedHash(secret, "member", "anna"));
}

// Goal: HMAC-SHA-256 is the one of RFC 4231 (cases 1, 2 and 6), the empty key's too, on every thread.
TEST(KeysTest, HmacIsTheStandards) {
  const auto check = [] {
    EXPECT_EQ(ToHex(HmacSha256(std::string(20, '\x0b'), "Hi There")),
              "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    EXPECT_EQ(ToHex(HmacSha256("Jefe", "what do ya want for nothing?")),
              "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    EXPECT_EQ(
        ToHex(HmacSha256(std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First")),
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    EXPECT_EQ(ToHex(HmacSha256("", "")), "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
  };
  check();
  std::thread(check).join();
}

// Goal: the calendar is the proleptic Gregorian one, and both ways agree on every day that a bank may meet.
TEST(KeysTest, Calendar) {
  const auto expect_day = [](Day day, int32_t year, int month, int day_of_month) {
    const CivilDay civil = ToCivil(day);
    EXPECT_EQ(civil.year, year);
    EXPECT_EQ(civil.month, month);
    EXPECT_EQ(civil.day, day_of_month);
    EXPECT_EQ(FromCivil({year, month, day_of_month}), day);
  };
  expect_day(0, 1970, 1, 1);
  expect_day(-1, 1969, 12, 31);
  expect_day(11'016, 2000, 2, 29);
  expect_day(20'454, 2026, 1, 1);
  expect_day(-719'528, 0, 1, 1);
  expect_day(-719'469, 0, 2, 29);
  expect_day(-719'529, -1, 12, 31);

  CivilDay before = ToCivil(-200'001);
  for (Day day = -200'000; day <= 200'000; ++day) {
    const CivilDay civil = ToCivil(day);
    ASSERT_EQ(FromCivil(civil), day);
    const bool next_day =
        civil.year == before.year && civil.month == before.month && civil.day == before.day + 1;
    const bool next_month = civil.year == before.year && civil.month == before.month + 1 && civil.day == 1;
    const bool next_year =
        civil.year == before.year + 1 && civil.month == 1 && civil.day == 1 && before.month == 12;
    ASSERT_TRUE(next_day || next_month || next_year) << day;
    ASSERT_TRUE(next_day || before.day >= 28) << day;
    before = civil;
  }
  for (Day day : {std::numeric_limits<Day>::min(), std::numeric_limits<Day>::max()}) {
    EXPECT_EQ(FromCivil(ToCivil(day)), day);
  }
}

}  // namespace
}  // namespace timebank::storage
