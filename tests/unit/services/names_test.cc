// Resource names, days, tokens and search words: the small pure parts of the services.
#include "server/services/names.h"

#include <gtest/gtest.h>

#include <string>

#include "server/services/days.h"
#include "server/services/folding.h"
#include "server/services/requests.h"
#include "server/services/tokens.h"
#include "storage/keys.h"

namespace timebank::services {
namespace {

using ledger::HolderKind;

// Goal: whole and short names are read; whatever is not a name is refused rather than guessed.
TEST(NamesTest, ReadsNamesAndNothingElse) {
  EXPECT_EQ(ParseBank("timebanks/rushey"), "rushey");
  for (const char* wrong :
       {"", "rushey", "timebanks/", "timebanks/Rushey", "timebanks/-a", "timebanks/a/b", "banks/a"}) {
    EXPECT_FALSE(ParseBank(wrong).has_value()) << wrong;
  }
  auto whole = ParseChild("timebanks/rushey/members/ana.b_c-1");
  ASSERT_TRUE(whole.has_value());
  EXPECT_EQ(whole->bank, "rushey");
  EXPECT_EQ(whole->collection, "members");
  EXPECT_EQ(whole->id, "ana.b_c-1");
  auto brief = ParseChild("pots/community");
  ASSERT_TRUE(brief.has_value());
  EXPECT_EQ(brief->bank, "");
  EXPECT_EQ(ToHolder(*brief), (ledger::HolderRef{HolderKind::kPot, "community"}));
  for (const char* wrong : {"ana", "members/", "members/Ana", "timebanks/rushey/members/", "/members/ana",
                            "timebanks/x/y/members/ana", "timebanks//members/ana"}) {
    EXPECT_FALSE(ParseChild(wrong).has_value()) << wrong;
  }
  EXPECT_FALSE(ToHolder({"", "exchanges", "1"}).has_value());
}

// Goal: an exchange's name has one form.
TEST(NamesTest, SequenceNumbersAreRead) {
  EXPECT_EQ(SequenceOfName("timebanks/rushey/exchanges/1042"), 1042u);
  for (const char* wrong :
       {"timebanks/rushey/exchanges/0", "timebanks/rushey/exchanges/01", "timebanks/rushey/exchanges/-1",
        "timebanks/rushey/exchanges/99999999999999999999", "timebanks/rushey/members/1", "exchanges/1042",
        "1042", ""}) {
    EXPECT_EQ(SequenceOfName(wrong), 0u) << wrong;
  }
}

// Goal: ISO days that exist are days; everything else is refused.
TEST(DaysTest, OnlyExistingIsoDays) {
  EXPECT_EQ(ParseDay("1970-01-01"), 0);
  EXPECT_EQ(ParseDay("2024-02-29"), 19782);
  EXPECT_EQ(ParseDay("1900-01-01"), -25567);
  for (const char* wrong : {"", "2023-02-29", "2026-13-01", "2026-00-10", "2026-1-1", "26-01-01",
                            "2026-11-14 ", "+026-11-14", "2026/11/14", "14-11-2026", "2026-11-31"}) {
    EXPECT_FALSE(ParseDay(wrong).has_value()) << wrong;
  }
  for (storage::Day day : {-25567, -1, 0, 1, 19782, 20000}) EXPECT_EQ(ParseDay(FormatDay(day)), day);
}

// Goal: the bank's clock, not the server's, says what day it is.
TEST(DaysTest, TodayIsTheBanks) {
  constexpr int64_t kLateOnNewYearsEve = 1767223800LL * 1'000'000;  // 2025-12-31T23:30:00Z
  EXPECT_EQ(FormatDay(DayAt(kLateOnNewYearsEve, TimeZoneOf("UTC"))), "2025-12-31");
  EXPECT_EQ(FormatDay(DayAt(kLateOnNewYearsEve, TimeZoneOf("Europe/Madrid"))), "2026-01-01");
  EXPECT_EQ(FormatDay(DayAt(kLateOnNewYearsEve, TimeZoneOf("America/Los_Angeles"))), "2025-12-31");
  EXPECT_TRUE(IsTimeZone("Europe/Madrid"));
  EXPECT_FALSE(IsTimeZone("Europe/Rushey"));
  EXPECT_FALSE(IsTimeZone(""));
}

// Goal: moments before 1970 and fractions survive; what no calendar has is refused.
TEST(DaysTest, TimestampsRoundTrip) {
  for (int64_t us : {int64_t{0}, int64_t{-1}, int64_t{1'767'223'800'123'456}, int64_t{-1'500'001}}) {
    EXPECT_EQ(FromTimestamp(ToTimestamp(us)), us);
  }
  google::protobuf::Timestamp wrong;
  wrong.set_nanos(-1);
  EXPECT_FALSE(FromTimestamp(wrong).has_value());
  wrong.set_nanos(0);
  wrong.set_seconds(400'000'000'000);
  EXPECT_FALSE(FromTimestamp(wrong).has_value());
}

// Goal: a token comes back as it went out; a changed one is never taken for another.
TEST(TokensTest, MangledTokensAreRefused) {
  const std::string token = EncodePosition({0x0123456789abcdef, 1042, 77});
  auto position = DecodePosition(token);
  ASSERT_TRUE(position.has_value());
  EXPECT_EQ(position->bank, 0x0123456789abcdefu);
  EXPECT_EQ(position->sequence, 1042u);
  EXPECT_EQ(position->epoch, 77u);
  for (size_t i = 0; i < token.size(); ++i) {
    std::string mangled = token;
    mangled[i] = mangled[i] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(DecodePosition(mangled).has_value()) << i;
  }
  EXPECT_FALSE(DecodePosition("").has_value());
  EXPECT_FALSE(DecodePosition(token + "A").has_value());
  EXPECT_FALSE(DecodePage(token).has_value()) << "a position is no page token";

  const std::string page = EncodePage({5, {1, 2, 3}, -4, -25567});
  auto decoded = DecodePage(page);
  ASSERT_TRUE(decoded.has_value());
  EXPECT_EQ(decoded->cursor, -4);
  EXPECT_EQ(decoded->cursor_day, -25567);
}

// Goal: people are found however their names are typed.
TEST(FoldingTest, CaseAndAccentsDoNotMatter) {
  EXPECT_EQ(FoldForSearch("Núria  Đặng"), "nuria dang");
  EXPECT_EQ(FoldForSearch("ÖRJAN Søndergård"), "orjan sondergard");
  EXPECT_EQ(FoldForSearch("Ó'Néill O’Brien"), "oneill obrien");
  EXPECT_EQ(FoldForSearch("İpek Łukasz Žana"), "ipek lukasz zana");
  EXPECT_EQ(FoldForSearch("Nu\xCC\x81ria"), FoldForSearch("N\xC3\xBAria")) << "composed or not";
  EXPECT_EQ(FoldForSearch("Straße"), "strasse");
  EXPECT_EQ(FoldForSearch("O'Brien"), "obrien");
}

}  // namespace
}  // namespace timebank::services
