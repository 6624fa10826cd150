#include "storage/origin_filter.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "storage/keys.h"

namespace timebank::storage {
namespace {

std::string Key(BankNumber bank, int number) {
  return OriginKey(bank, "a secret of 32 bytes, or whatever", "timeoverflow", absl::StrCat(number));
}

void AddAll(OriginFilter& filter, BankNumber bank, int end, bool had_none) {
  for (int i = 0; i < end; ++i) {
    const std::string key = Key(bank, i);
    filter.Add(std::array{std::string_view(key)}, [had_none](BankNumber) { return had_none; });
  }
}

int Seen(const OriginFilter& filter, BankNumber bank, int begin, int end) {
  int seen = 0;
  for (int i = begin; i < end; ++i) seen += filter.MayHold(Key(bank, i));
  return seen;
}

// Goal: what was added is never called absent, through every size that the filter grows to; of what was not,
// a few in a hundred at most look present.
TEST(OriginFilterTest, NeverDeniesWhatIsThere) {
  constexpr int kOrigins = 400'000;
  OriginFilter filter;
  AddAll(filter, 7, kOrigins, /*had_none=*/true);
  EXPECT_EQ(Seen(filter, 7, 0, kOrigins), kOrigins);
  EXPECT_LT(Seen(filter, 7, kOrigins, kOrigins + 10'000), 500);
}

// Goal: of a bank that had origins before, or of which nothing has come yet, nothing is denied; another
// bank's do not count.
TEST(OriginFilterTest, DeniesNothingOfBanksThatItDoesNotKnow) {
  OriginFilter filter;
  AddAll(filter, 7, 10, /*had_none=*/true);
  AddAll(filter, 8, 10, /*had_none=*/false);
  EXPECT_EQ(Seen(filter, 7, 1'000, 2'000), 0);
  EXPECT_EQ(Seen(filter, 8, 1'000, 2'000), 1'000);
  EXPECT_EQ(Seen(filter, 9, 1'000, 2'000), 1'000);
}

// Goal: a bank that needs more memory than there is is forgotten, and gives its own back.
TEST(OriginFilterTest, ForgetsWhatIsTooMuch) {
  OriginFilter filter(/*most_bytes=*/100'000);
  AddAll(filter, 7, 60'000, /*had_none=*/true);
  EXPECT_EQ(Seen(filter, 7, 100'000, 101'000), 1'000);
  AddAll(filter, 8, 10, /*had_none=*/true);
  EXPECT_EQ(Seen(filter, 8, 100'000, 101'000), 0);
}

}  // namespace
}  // namespace timebank::storage
