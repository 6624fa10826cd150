// Amounts, moments, encodings, names: what stands in one cell.
#include <gtest/gtest.h>

#include <cstdint>
#include <sstream>
#include <string>
#include <vector>

#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "client/cli/import/amounts.h"
#include "client/cli/import/encoding.h"
#include "client/cli/import/moments.h"
#include "client/cli/import/party.h"
#include "client/cli/import/text.h"

namespace timebank::imports {
namespace {

// Seconds, or what is wrong.
std::string Hours(const std::string& text, Unit bare = Unit::kHour) {
  int64_t seconds = 0;
  const std::string problem = ParseSignedHours(text, seconds, bare);
  return problem.empty() ? std::to_string(seconds) : problem;
}

// Goal: every way in which people write hours is read exactly, in five languages.
TEST(AmountsTest, ReadsHoursExactly) {
  for (const char* text :
       {"1.5", "1,5", "1:30", "1h30", "90m", "1 h 30 min", "1,50 h", "+1.50", "1.500000",
        "1 hora y 30 minutos", "1 Stunde 30 Minuten", "1 heure et 30 minutes", " 1.5\xC2\xA0"}) {
    EXPECT_EQ(Hours(text), "5400") << text;
  }
  EXPECT_EQ(Hours("0.33"), "1188");
  EXPECT_EQ(Hours("0,01"), "36");
  EXPECT_EQ(Hours(".25"), "900");
  EXPECT_EQ(Hours("-2h"), "-7200");
  EXPECT_EQ(Hours("\xE2\x88\x92"
                  "0.33"),
            "-1188");
  EXPECT_EQ(Hours("0:00"), "0");
  EXPECT_EQ(Hours("0"), "0");
  EXPECT_EQ(Hours("90", Unit::kMinute), "5400");
  EXPECT_EQ(Hours("1.234,50"), std::to_string(123450 * 36));
  EXPECT_EQ(Hours("1,234.50"), std::to_string(123450 * 36));
  EXPECT_EQ(Hours("12 345,5"), std::to_string(123455 * 360));
  EXPECT_EQ(Hours("1.234.567"), "\"1.234.567\" is more than a hundred years");
}

// Goal: what is no number of whole seconds is refused and never rounded.
TEST(AmountsTest, RefusesTheRest) {
  EXPECT_EQ(Hours("0.333333"), "\"0.333333\" does not come to whole seconds; write hours and minutes (0:20)");
  for (const char* text :
       {"two", "1:60", "1.2.3", "1,2,3", "--1", "1h30x", "1e3", "0x10", "h", "-", "1 000 0x"}) {
    EXPECT_NE(Hours(text).find("is not hours"), std::string::npos) << text << ": " << Hours(text);
  }
  EXPECT_EQ(Hours(""), "no hours");
  EXPECT_EQ(Hours("99999999999999999999"), "\"99999999999999999999\" is more than a hundred years");
  EXPECT_EQ(Hours("0.00000000000000000001"),
            "\"0.00000000000000000001\" does not come to whole seconds; write hours and minutes (0:20)");
  int64_t seconds = 0;
  EXPECT_EQ(ParseHoursGiven("0,00", seconds), "no time at all (0 hours)");
  EXPECT_EQ(ParseHoursGiven("-1", seconds), "negative hours (-1)");
}

// Goal: an apostrophe or a blank groups exactly three digits, an apostrophe with fewer behind it is a decimal
// sign, unless they may be minutes; what may mean several things is refused.
TEST(AmountsTest, GroupsDigitsByThree) {
  EXPECT_EQ(Hours("1'5"), "5400");
  EXPECT_EQ(Hours("0'5"), "1800");
  EXPECT_EQ(Hours("1\xE2\x80\x99"
                  "75"),
            "6300");
  EXPECT_EQ(Hours("1'0"), "3600");
  EXPECT_EQ(Hours("-1'5"), "-5400");
  EXPECT_EQ(Hours("1'234,5"), std::to_string(12345 * 360));
  EXPECT_EQ(Hours("1 234'5"), std::to_string(12345 * 360));
  EXPECT_EQ(Hours("10'000"), std::to_string(10'000 * 3600));
  EXPECT_EQ(Hours("1 000 000", Unit::kMinute), std::to_string(1'000'000 * 60));
  EXPECT_EQ(Hours("12\xC2\xA0"
                  "345"),
            std::to_string(12'345 * 3600));
  for (const char* text : {"1 30", "1'30", "0'45", "0 45", "1 5", "1 3000", "0'500", "1'5000", "1'50'00",
                           "1234 567", "1,5 000"}) {
    EXPECT_NE(Hours(text).find("can be read in more than one way"), std::string::npos)
        << text << ": " << Hours(text);
  }
}

std::string Day(const std::string& text, DayOrder order = DayOrder::kDayFirst) {
  MomentRules rules;
  rules.today = absl::CivilDay(2023, 11, 16);
  rules.order = order;
  EXPECT_TRUE(absl::LoadTimeZone("Europe/Madrid", &rules.bank_zone));
  rules.unzoned = rules.bank_zone;
  Moment moment;
  if (!ParseMoment(text, rules, moment)) return "none";
  std::string told = absl::FormatCivilTime(moment.day);
  if (moment.time != absl::InfinitePast()) {
    told += absl::FormatTime(" %H:%M:%E*S", moment.time, absl::UTCTimeZone());
  }
  return told;
}

// Goal: days in every form are the days that were meant; what cannot be is no day.
TEST(MomentsTest, ReadsDays) {
  for (const char* text :
       {"2018-01-08", "2018/1/8", "20180108", "8/1/2018", "08.01.2018", "8-1-18", "8 Jan 2018", "Jan 8, 2018",
        "8 de enero de 2018", "8 gener 2018", "8 janv. 2018", "8. Januar 2018", "8-ene-18", " 2018-01-08 "}) {
    EXPECT_EQ(Day(text), "2018-01-08") << text;
  }
  EXPECT_EQ(Day("01/25/2018", DayOrder::kMonthFirst), "2018-01-25");
  EXPECT_EQ(Day("2018-01-25", DayOrder::kMonthFirst), "2018-01-25") << "ISO has an order of its own";
  EXPECT_EQ(Day("13/11/98"), "1998-11-13");
  EXPECT_EQ(Day("18-01-31", DayOrder::kYearFirst), "2018-01-31");
  EXPECT_EQ(Day("8/1/2018", DayOrder::kYearFirst), "2018-01-08");
  for (const char* ahead : {"13/11/50", "1/3/24", "18-01-31"}) EXPECT_EQ(Day(ahead), "none") << ahead;
  EXPECT_EQ(Day("29/02/2020"), "2020-02-29");
  for (const char* text :
       {"31/02/2018", "29/02/2019", "01/25/2018", "2018-13-01", "0/1/2018", "yesterday", "", "8/1",
        "8/1/2018/2", "2018", "8 foo 2018", "1.5", "2018-01-08x", "008/01/2018"}) {
    EXPECT_EQ(Day(text), "none") << text;
  }
}

// Goal: a day of the week beside a day is understood, in five languages; `mar` is one only where it must be.
TEST(MomentsTest, ReadsWeekdays) {
  for (const char* text :
       {"Mon 8 Jan 2018", "Monday, 8th January 2018", "lunes 8 de enero de 2018", "lun 8/1/2018",
        "dilluns, 8 de gener de 2018", "dl. 8-1-2018", "lundi 8 janvier 2018", "Montag, 8. Januar 2018",
        "Mo 08.01.2018", "8/1/2018 lunes", "mar. 8 janv. 2018", "mar 8/1/2018"}) {
    EXPECT_EQ(Day(text), "2018-01-08") << text;
  }
  EXPECT_EQ(Day("Mon, 01/08/2018 - 09:21", DayOrder::kMonthFirst), "2018-01-08 08:21:00");
  EXPECT_EQ(Day("mar 8 2018"), "2018-03-08");
  EXPECT_EQ(Day("mar. 6 mar 2018"), "2018-03-06");
  EXPECT_EQ(Day("1 d\xE2\x80\x99octubre de 2018"), "2018-10-01");
  EXPECT_EQ(Day("1 d'octubre de 2018"), "2018-10-01");
  // 8 January 2018 was a Monday, 1 August a Wednesday.
  EXPECT_EQ(Day("Mon, 01/08/2018 - 09:21"), "2018-01-08 08:21:00");
  EXPECT_EQ(Day("Wed, 01/08/2018"), "2018-08-01");
  EXPECT_EQ(Day("mié 08/01/2018", DayOrder::kMonthFirst), "2018-08-01") << "as the rules say";
  EXPECT_EQ(Day("lun 08/01/2018", DayOrder::kMonthFirst), "2018-01-08");
  EXPECT_EQ(Day("Sun 08/01/2018"), "2018-01-08") << "no reading falls on it";
  EXPECT_EQ(Day("Tue 2018-01-08"), "2018-01-08");
  EXPECT_EQ(Day("Monday"), "none");
  EXPECT_EQ(Day("Mon 8/1"), "none");
}

// Goal: a day of the week that is another day's is noticed; a month that sounds like one is none.
TEST(MomentsTest, SeesOtherWeekdays) {
  const auto differs = [](std::string_view text) {
    Moment moment;
    EXPECT_TRUE(ParseMoment(text, {.today = absl::CivilDay(2024, 2, 1)}, moment)) << text;
    return moment.weekday_differs;
  };
  EXPECT_TRUE(differs("mardi 12 janvier 2024"));
  EXPECT_TRUE(differs("Tue 2024-01-12 10:00"));
  for (const char* text :
       {"viernes 12/1/2024", "vendredi 1/12/2024", "12/1/2024", "8 mar 2024", "mar 8 2024"}) {
    EXPECT_FALSE(differs(text)) << text;
  }
}

// Goal: `1.30` is doubted where decimals of its file do not speak against minutes.
TEST(AmountsTest, DecimalsThatMayBeMinutes) {
  HoursVote vote;
  for (const char* text : {"1", "1:30", "0.5", "1.25", "2.50", "2,75", "1.000", "90m"}) vote.Add(text);
  EXPECT_EQ(vote.IfMinutes(" 1.30 "), 5400);
  EXPECT_EQ(vote.IfMinutes("0.15"), 900);
  EXPECT_EQ(vote.IfMinutes("1,30"), 0) << "2,75";
  for (const char* text : {"1.25", "1.5", "1:30", "1h30", "30"}) EXPECT_EQ(vote.IfMinutes(text), 0) << text;
  for (const char* against : {".75", "0.9", "1.33"}) {
    HoursVote decimal;
    decimal.Add(against);
    EXPECT_EQ(decimal.IfMinutes("1.30"), 0) << against;
  }
}

// Goal: a moment is told in the bank's time zone unless it says another; its day is the bank's.
TEST(MomentsTest, ReadsMoments) {
  EXPECT_EQ(Day("2018-01-08 09:21"), "2018-01-08 08:21:00");
  EXPECT_EQ(Day("2018-01-08 23:30:00 UTC"), "2018-01-09 23:30:00");
  EXPECT_EQ(Day("2018-07-08T22:30:00.123Z"), "2018-07-09 22:30:00.123");
  EXPECT_EQ(Day("2018-01-08T23:30:00+01:00"), "2018-01-08 22:30:00");
  EXPECT_EQ(Day("2018-01-08 23:30:00 -0100"), "2018-01-09 00:30:00");
  EXPECT_EQ(Day("8/1/2018 9:21 PM"), "2018-01-08 20:21:00");
  EXPECT_EQ(Day("1515402000"), "2018-01-08 09:00:00");
  for (const char* text : {"2018-01-08 24:00", "2018-01-08 9:60", "2018-01-08 9:5", "2018-01-08 09:00 Mars",
                           "09:00", "2018-01-08 09:00:00 +9900", "2018-01-0809:00", "2018-01-08 13:00 PM"}) {
    EXPECT_EQ(Day(text), "none") << text;
  }
}

// Goal: the month comes first only where a file's own days prove it.
TEST(MomentsTest, VotesOnTheOrder) {
  const auto order = [](const std::vector<std::string>& days) {
    DayOrderVote vote;
    for (const std::string& day : days) vote.Add(day, absl::CivilDay(2024, 2, 1));
    return vote.Result();
  };
  EXPECT_EQ(order({"01/02/2018"}), DayOrder::kDayFirst);
  EXPECT_EQ(order({"01/02/2018", "01/25/2018"}), DayOrder::kMonthFirst);
  EXPECT_EQ(order({"01/25/2018", "25/01/2018"}), DayOrder::kDayFirst) << "one of them is a mistake";
  EXPECT_EQ(order({"2018/01/25", "2018-01-25", "x"}), DayOrder::kDayFirst);
  EXPECT_EQ(order({"Mon, 01/08/2018 - 09:21", "Thu, 01/25/2018 - 09:21"}), DayOrder::kMonthFirst);
  EXPECT_EQ(order({"01/25/2018", "31/02/2019", "30/02/2020", "13/13/2018"}), DayOrder::kMonthFirst)
      << "what is no day has no say";
  EXPECT_EQ(order({"31/02/2019", "02/30/2019"}), DayOrder::kDayFirst);
  // 8 January and 12 January 2024 were a Monday and a Friday.
  EXPECT_EQ(order({"lundi 8/1/2024", "12/13/2024", "viernes 12/1/2024"}), DayOrder::kDayFirst)
      << "one was mistyped";
  EXPECT_EQ(order({"Mon 1/8/2024"}), DayOrder::kMonthFirst) << "no Thursday, 1 August";
  EXPECT_EQ(order({"Mon 1/8/2024", "Tue 1/9/2024", "1/12/2024"}), DayOrder::kMonthFirst);
  EXPECT_EQ(order({"5/1/2024", "6/2/2024", "Mon 1/8/2024", "7/3/2024"}), DayOrder::kDayFirst)
      << "one may be a mistake, and they all would turn";
  EXPECT_EQ(order({"Tue 1/8/2024"}), DayOrder::kDayFirst) << "neither is a Tuesday";
  EXPECT_EQ(order({"18-01-31"}), DayOrder::kYearFirst) << "2031 lies ahead";
  EXPECT_EQ(order({"18-01-31", "19-02-28", "20-03-04"}), DayOrder::kYearFirst);
  EXPECT_EQ(order({"08-01-18", "09-01-18", "18-01-25"}), DayOrder::kDayFirst) << "one may be a mistake";
  EXPECT_EQ(order({"31-01-18", "18-01-31", "18-02-28"}), DayOrder::kDayFirst)
      << "31 is no year, and no month";
  EXPECT_EQ(order({"01/31/18", "02/28/18"}), DayOrder::kMonthFirst);
  DayOrderVote mixed;
  mixed.Add("01/25/2018", absl::CivilDay(2024, 2, 1));
  EXPECT_FALSE(mixed.IsMixed());
  mixed.Add("25/01/2018", absl::CivilDay(2024, 2, 1));
  EXPECT_TRUE(mixed.IsMixed());
}

std::string AsUtf8(const std::string& bytes) {
  std::istringstream look(bytes);
  const Encoding encoding = DetectEncoding(look).value();
  std::istringstream in(bytes);
  Utf8Buffer buffer(in, encoding);
  std::istream utf8(&buffer);
  std::ostringstream out;
  out << utf8.rdbuf();
  return std::string(NameOf(encoding)) + ":" + out.str();
}

// Goal: what older spreadsheets write becomes UTF-8; one damaged letter does not make a file another one's.
TEST(EncodingTest, BecomesUtf8) {
  EXPECT_EQ(AsUtf8("Muñoz"), "UTF-8:Muñoz");
  EXPECT_EQ(AsUtf8("Mu\xF1oz \x80"), "Windows-1252:Muñoz €");
  EXPECT_EQ(AsUtf8("ñandú \xF1"), "UTF-8:ñandú \xF1");
  EXPECT_EQ(AsUtf8(std::string("\xFF\xFEM\0\xF1\0", 6)), "UTF-16:\xEF\xBB\xBFMñ");
  EXPECT_EQ(AsUtf8(std::string("\xFE\xFF\0M\xD8\x3D\xDE\x00", 8)), "UTF-16:\xEF\xBB\xBFM\xF0\x9F\x98\x80");
  EXPECT_EQ(AsUtf8(std::string("\xFF\xFEM\0\x3D\xD8x", 7)), "UTF-16:\xEF\xBB\xBFM\xEF\xBF\xBD") << "cut off";
  // A letter that the reading cuts in two is still one.
  const std::string long_text = std::string(65'535, 'a') + "ñ";
  EXPECT_EQ(AsUtf8(long_text), "UTF-8:" + long_text);
}

// Goal: names are the same whatever their accents, capitals, blanks and strokes; headings also whatever signs
// stand between their letters.
TEST(TextTest, Folds) {
  EXPECT_EQ(FoldedName("  Zoë  ĐẶNG "), "zoe dang");
  EXPECT_EQ(FoldedName("Łukasz Søndergård"), "lukasz sondergard");
  EXPECT_EQ(FoldedName("O\xE2\x80\x99"
                       "Brien"),
            "o'brien");
  EXPECT_EQ(FoldedName("O\xC2\xB4"
                       "Bri\xC3\xA9n"),
            "o'brien");
  EXPECT_EQ(HeadingKey("From / to - Full name"), "fromtofullname");
  EXPECT_EQ(HeadingKey("payee.code"), "payeecode");
  EXPECT_EQ(HeadingKey("Categoría"), "categoria");
  EXPECT_EQ(HeadingKey(" # "), "#");
}

// Goal: what different programs make of the same text is read as the same, and nothing else is.
TEST(TextTest, AsRead) {
  EXPECT_EQ(AsRead(" a\r\n\tb \xC2\xA0 c\n"), "a b c");
  EXPECT_EQ(AsRead("cafe\xCC\x81"), "caf\xC3\xA9");
  EXPECT_EQ(AsRead("Café"), "Café");
  EXPECT_EQ(AsRead("a\xF1 b "), "a\xF1 b");
  EXPECT_EQ(AsRead(" \n"), "");
}

// Goal: a cell names people by name, number or both; names find their number, and who is meant must be plain.
TEST(PartyTest, FindsPeople) {
  const auto parsed = [](const std::string& cell) {
    const NameAndNumber party = ParseParty(cell);
    return party.name + "|" + party.number;
  };
  EXPECT_EQ(parsed(" Ana Muñoz (12) "), "Ana Muñoz|12");
  EXPECT_EQ(parsed("12"), "|12");
  EXPECT_EQ(parsed("Ana (la jove)"), "Ana (la jove)|");
  EXPECT_EQ(parsed("Ana (RUSH0012)"), "Ana|RUSH0012");
  EXPECT_EQ(parsed("()"), "()|");
  EXPECT_EQ(parsed(""), "|");
  PartyIndex index;
  index.Add({"Ana Muñoz", "12"});
  index.Add({"Ben", "3"});
  index.Add({"Bén", "4"});
  std::string problem;
  EXPECT_EQ(index.NumberOf({"ana  MUNOZ", ""}, problem), "12");
  EXPECT_EQ(index.NumberOf({"Muñoz, Ana", ""}, problem), "12");
  EXPECT_EQ(index.NumberOf({"Zoë", ""}, problem), "zoe");
  EXPECT_EQ(problem, "");
  EXPECT_EQ(index.NumberOf({"ben", ""}, problem), "");
  EXPECT_EQ(problem, "several members are called ben: 3, 4; write the number behind the name: ben (3)");
}

}  // namespace
}  // namespace timebank::imports
