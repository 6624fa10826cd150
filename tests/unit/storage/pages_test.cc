#include "storage/pages.h"

#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/keys.h"
#include "tests/unit/storage/hex.h"
#include "timebank/storage/v1/rows.pb.h"

namespace timebank::storage {
namespace {

using testing::ElementsAre;

const AccountNumber kAnna = MakeAccount(HolderKind::kMember, 42);
const AccountNumber kBen = MakeAccount(HolderKind::kMember, 7);
const AccountNumber kCircle = MakeAccount(HolderKind::kCircle, 3);

AccountNumber Member(uint32_t number) { return MakeAccount(HolderKind::kMember, number); }

// FORMAT.md's example: Anna helped Ben for an hour; that was undone; then she gave half an hour to ten
// others.
StatementPage ExamplePage() {
  StatementPage page{.number = 32, .before = {7'200, 10'800, 5}, .movements = {}};
  MovementRecord& exchange = page.movements.emplace_back();
  exchange.sequence = 1042;
  exchange.record_time_us = 1'767'366'000'000'000;
  exchange.seconds = 3'600;
  exchange.occurred_on = 20'454;
  exchange.kind = v1::ENTRY_KIND_EXCHANGE;
  exchange.category = 3;
  exchange.recorder = kAnna;
  exchange.key = 1;
  exchange.counterpart_count = 1;
  exchange.counterparts = {kBen};
  exchange.after = {10'800, 10'800, 6};
  MovementRecord reversal = exchange;
  reversal.sequence = 1050;
  reversal.record_time_us += 90'000'000;
  reversal.seconds = -3'600;
  reversal.kind = v1::ENTRY_KIND_REVERSAL;
  reversal.reversed_kind = v1::ENTRY_KIND_EXCHANGE;
  reversal.reverses = 1042;
  reversal.recorder = 0;
  reversal.key = 2;
  reversal.acting_for = kAnna;
  reversal.after = page.before;
  page.movements.push_back(reversal);
  MovementRecord& gift = page.movements.emplace_back();
  gift.sequence = 1051;
  gift.record_time_us = reversal.record_time_us + 1;
  gift.seconds = -1'800;
  gift.occurred_on = 20'453;
  gift.kind = v1::ENTRY_KIND_GIFT;
  gift.recorder = kBen;
  gift.key = 300;
  gift.counterpart_count = 10;
  gift.counterparts = {kCommunityPot, kCircle,   Member(1), Member(2),
                       Member(3),     Member(4), Member(5), Member(6)};
  gift.after = {7'200, 12'600, 5};
  return page;
}

constexpr std::string_view kStatementHex =
    "01 02 20 c070 e0a801 0a"
    "9208 80f8f8b48fed9103 a038 ccbf02 01 03 a105 01 00 01 71"
    "08 8095f52a 9f38 00 06 01 08 03 00 02 a105 01 71"
    "01 01 8f1c 01 02 00 71 ac02 00 0a 13 32 11 21 31 41 51 61";

constexpr Day kDay = 20'454;
constexpr std::string_view kDayHex = "01 02 a038 00 02 ca20 a038 23 9f38 04 8f1c";

constexpr std::string_view kTextsHex = "01 00020001 04 03 01616263 016465";

DayPage ExampleDay() {
  return DayPage{.before = {3'600, 0, 1},
                 .movements = {{kDay, 1042, 3'600, {3'600, 0, 1}, {7'200, 0, 2}},
                               {kDay, 1050, -3'600, {-3'600, 0, -1}, {3'600, 0, 1}},
                               {kDay, 1051, -1'800, {0, 1'800, 0}, {3'600, 1'800, 1}}}};
}

// Goal: a note is found in its row without a message, as one would find it, and damage is told.
TEST(PagesTest, ANoteIsReadWhereItLies) {
  v1::Texts texts;
  texts.set_note("a chair, mended");
  texts.add_tags("chairs");
  texts.set_reason("because");
  v1::TextRow row;
  row.set_salt(std::string(16, 's'));
  row.set_request_key("key");
  const auto kept = [&] {
    row.set_texts(texts.SerializeAsString());
    return EncodeRow(row);
  };
  std::string bytes = kept();
  EXPECT_EQ(DecodeNote(bytes).value_or("damaged"), "a chair, mended");
  for (size_t size = 0; size + 1 < bytes.size(); ++size) {
    const std::string cut = bytes.substr(0, size);
    v1::TextRow parsed;
    v1::Texts within;
    const bool whole = DecodeRow(cut, &parsed).ok() && within.ParseFromString(parsed.texts());
    const auto found = DecodeNote(cut);
    EXPECT_EQ(found.ok(), whole) << size;
    EXPECT_TRUE(!whole || *found == within.note()) << size;
  }
  texts.clear_note();
  bytes = kept();
  EXPECT_EQ(DecodeNote(bytes).value_or("damaged"), "") << "none, beside other texts";
  row.clear_texts();
  bytes = EncodeRow(row);
  EXPECT_EQ(DecodeNote(bytes).value_or("damaged"), "") << "erased";
  row.set_texts("\x0a\x7fshort");
  bytes = EncodeRow(row);
  EXPECT_TRUE(absl::IsDataLoss(DecodeNote(bytes).status()));
}

// Goal: the sums of an account's row are found without the message, and wherever the message would be damaged
// they are not.
TEST(PagesTest, SumsOfAnAccountsRow) {
  v1::AccountRow row;
  row.set_balance(-3);
  row.set_seconds_in(std::numeric_limits<int64_t>::max());
  row.set_seconds_out(-1);
  row.set_exchange_count(700);
  row.set_movement_count(900);
  row.set_last_exchange_on(std::numeric_limits<int32_t>::min());
  const std::string bytes = EncodeRow(row);
  EXPECT_EQ(DecodeAccountSums(bytes).value_or(Sums()), (Sums{row.seconds_in(), row.seconds_out(), 700}));
  for (size_t size = 0; size < bytes.size(); ++size) {
    v1::AccountRow parsed;
    const bool whole = DecodeRow(bytes.substr(0, size), &parsed).ok();
    const auto found = DecodeAccountSums(bytes.substr(0, size));
    EXPECT_EQ(found.ok(), whole) << size;
    EXPECT_TRUE(!whole ||
                *found == (Sums{parsed.seconds_in(), parsed.seconds_out(), parsed.exchange_count()}));
  }
  EXPECT_EQ(DecodeAccountSums(EncodeRow(v1::AccountRow())).value_or(Sums{1, 1, 1}), Sums());
  EXPECT_TRUE(absl::IsDataLoss(DecodeAccountSums("\x02").status()));
}

// Goal: the bytes of every value are those that FORMAT.md tells, and are read back as what they were.
TEST(PagesTest, BytesAreThoseOfTheFormat) {
  const StatementPage page = ExamplePage();
  EXPECT_EQ(ToHex(EncodeStatementPage(page)), ToHex(FromHex(kStatementHex)));
  const auto read = DecodeStatementPage(FromHex(kStatementHex));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->number, 32u);
  EXPECT_EQ(read->before, page.before);
  EXPECT_EQ(read->movements, page.movements);

  EXPECT_EQ(ToHex(EncodeDayPage(ExampleDay())), ToHex(FromHex(kDayHex)));
  const auto day = DecodeDayPage(FromHex(kDayHex), kDay);
  ASSERT_TRUE(day.ok()) << day.status();
  EXPECT_EQ(day->before, ExampleDay().before);
  EXPECT_EQ(day->movements, ExampleDay().movements);

  const std::vector<MonthDay> month = {{1, {3'600, 0, 1}}, {31, {0, 5'400, 2}}};
  EXPECT_EQ(ToHex(EncodeMonth(month)), "010201a03800021f00b05404");
  EXPECT_EQ(*DecodeMonth(FromHex("010201a03800021f00b05404")), month);
  const std::vector<MonthDay> year = {{0, {3'600, 5'400, 3}}};
  EXPECT_EQ(ToHex(EncodeMonth(year)), "010100a038b05406");
  EXPECT_EQ(*DecodeMonth(FromHex("010100a038b05406")), year);
  EXPECT_TRUE(DecodeMonth(FromHex("0100"))->empty());

  const std::string longer(200, 'x');
  const std::string block = FromHex("0101 8102 03 616263 c801") + longer;
  EXPECT_EQ(EncodeBlock({.first = 257, .entries = {"abc", longer}}), block);
  EXPECT_EQ(DecodeBlock(block)->first, 257u);
  EXPECT_THAT(DecodeBlock(block)->entries, ElementsAre("abc", longer));

  TextBlock texts;
  texts[0] =
      "\x01"
      "abc";
  texts[17] =
      "\x01"
      "de";
  EXPECT_EQ(ToHex(EncodeTextBlock(texts)), ToHex(FromHex(kTextsHex)));
  EXPECT_EQ(*DecodeTextBlock(FromHex(kTextsHex)), texts);

  v1::OriginRow row;
  row.set_sequence(1042);
  EXPECT_EQ(ToHex(EncodeRow(row)), "01089208");
  v1::OriginRow row_read;
  ASSERT_TRUE(DecodeRow(FromHex("01089208"), &row_read).ok());
  EXPECT_EQ(row_read.sequence(), 1042u);
}

// Goal: an ordinary exchange takes at most 25 bytes of a page.
TEST(PagesTest, AMovementIsSmall) {
  StatementPage page = ExamplePage();
  page.movements.resize(1);
  const size_t alone = EncodeStatementPage(page).size();
  MovementRecord next = page.movements.front();
  next.sequence += 100;
  next.record_time_us += 7 * 86'400 * int64_t{1'000'000};
  next.occurred_on += 6;
  next.recorder = Member(512);
  page.movements.push_back(next);
  EXPECT_LE(EncodeStatementPage(page).size() - alone, 25u);
}

// Goal: numbers at the ends of their ranges come back unchanged.
TEST(PagesTest, ExtremesComeBack) {
  StatementPage page{.number = std::numeric_limits<uint64_t>::max() - 256, .before = {}, .movements = {}};
  MovementRecord& first = page.movements.emplace_back();
  first.sequence = 1;
  first.record_time_us = std::numeric_limits<int64_t>::min();
  first.seconds = std::numeric_limits<int64_t>::max();
  first.occurred_on = std::numeric_limits<Day>::min();
  first.kind = static_cast<v1::EntryKind>(std::numeric_limits<int32_t>::max());
  first.category = first.key = std::numeric_limits<uint32_t>::max();
  first.recorder = first.acting_for = std::numeric_limits<AccountNumber>::max();
  first.counterpart_count = 256;
  first.counterparts.assign(kPageCounterparts, std::numeric_limits<AccountNumber>::max());
  first.after = {std::numeric_limits<int64_t>::max(), 0, 0};
  MovementRecord second = first;
  second.sequence = std::numeric_limits<Sequence>::max();
  second.record_time_us = std::numeric_limits<int64_t>::max();
  second.seconds = -std::numeric_limits<int64_t>::max();
  second.occurred_on = std::numeric_limits<Day>::max();
  second.kind = v1::ENTRY_KIND_REVERSAL;
  second.reverses = 1;
  second.after = {};
  page.movements.push_back(second);
  const auto read = DecodeStatementPage(EncodeStatementPage(page));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->number, page.number);
  EXPECT_EQ(read->movements, page.movements);
}

// Goal: a reversal takes back what the entry gave, on the side where it gave it.
TEST(PagesTest, SumsOfMovements) {
  EXPECT_EQ(SumsOf(v1::ENTRY_KIND_EXCHANGE, v1::ENTRY_KIND_UNSPECIFIED, 3'600), (Sums{3'600, 0, 1}));
  EXPECT_EQ(SumsOf(v1::ENTRY_KIND_EXCHANGE, v1::ENTRY_KIND_UNSPECIFIED, -3'600), (Sums{0, 3'600, 1}));
  EXPECT_EQ(SumsOf(v1::ENTRY_KIND_EXCHANGE, v1::ENTRY_KIND_UNSPECIFIED, 0), (Sums{0, 0, 1}));
  EXPECT_EQ(SumsOf(v1::ENTRY_KIND_GIFT, v1::ENTRY_KIND_UNSPECIFIED, -60), (Sums{0, 60, 0}));
  EXPECT_EQ(SumsOf(v1::ENTRY_KIND_REVERSAL, v1::ENTRY_KIND_EXCHANGE, -3'600), (Sums{-3'600, 0, -1}));
  EXPECT_EQ(SumsOf(v1::ENTRY_KIND_REVERSAL, v1::ENTRY_KIND_EXCHANGE, 3'600), (Sums{0, -3'600, -1}));
  EXPECT_EQ(SumsOf(v1::ENTRY_KIND_REVERSAL, v1::ENTRY_KIND_EXCHANGE, 0), (Sums{0, 0, -1}));
  EXPECT_EQ(SumsOf(v1::ENTRY_KIND_REVERSAL, v1::ENTRY_KIND_STARTER, 60), (Sums{0, -60, 0}));
}

// Goal: a day page knows each of those again.
TEST(PagesTest, DayPageKeepsEverySum) {
  DayPage page;
  Sums after;
  for (v1::EntryKind kind : {v1::ENTRY_KIND_EXCHANGE, v1::ENTRY_KIND_GIFT, v1::ENTRY_KIND_REVERSAL}) {
    for (v1::EntryKind reversed : {v1::ENTRY_KIND_EXCHANGE, v1::ENTRY_KIND_OPENING}) {
      for (int64_t seconds : {int64_t{-5'400}, int64_t{0}, int64_t{36}, int64_t{1} << 59}) {
        const Sums sums = SumsOf(kind, reversed, seconds);
        after += sums;
        page.movements.push_back({kDay, page.movements.size() * 1'000 + 1, seconds, sums, after});
      }
    }
  }
  const auto read = DecodeDayPage(EncodeDayPage(page), kDay);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->movements, page.movements);
}

v1::Entry GroupExchange() {
  v1::Entry entry;
  entry.set_bank(1);
  entry.set_sequence(5);
  entry.set_record_time_us(99);
  entry.set_kind(v1::ENTRY_KIND_EXCHANGE);
  entry.set_occurred_on(kDay);
  entry.set_category(4);
  entry.set_recorder(kAnna);
  entry.set_key(2);
  entry.set_acting_for(kBen);
  const auto add = [&entry](AccountNumber account, int64_t seconds, v1::MovementRole role) {
    v1::EntryMovement* movement = entry.add_movements();
    movement->set_account(account);
    movement->set_seconds(seconds);
    movement->set_role(role);
  };
  add(Member(1), 7'200, v1::MOVEMENT_ROLE_GIVER);
  add(Member(2), 7'200, v1::MOVEMENT_ROLE_GIVER);
  for (uint32_t number = 11; number <= 20; ++number) {
    add(Member(number), -7'200, v1::MOVEMENT_ROLE_RECEIVER);
  }
  add(kCommunityPot, 57'600, v1::MOVEMENT_ROLE_REMAINDER);
  return entry;
}

// Goal: a statement names the other side first, then one's own, then where the rest went; at most 8, all
// counted.
TEST(PagesTest, CounterpartsInTheOrderThatReadersWant) {
  const std::vector<AccountMovement> movements = MovementsOf(GroupExchange());
  ASSERT_EQ(movements.size(), 13u);
  EXPECT_EQ(movements[0].account, Member(1));
  EXPECT_EQ(movements[0].record.counterpart_count, 12u);
  EXPECT_THAT(movements[0].record.counterparts, ElementsAre(Member(11), Member(12), Member(13), Member(14),
                                                            Member(15), Member(16), Member(17), Member(18)));
  EXPECT_THAT(movements[2].record.counterparts, ElementsAre(Member(1), Member(2), Member(12), Member(13),
                                                            Member(14), Member(15), Member(16), Member(17)));
  EXPECT_EQ(movements[12].account, kCommunityPot);
  EXPECT_THAT(movements[12].record.counterparts.front(), Member(11));

  v1::Entry two = GroupExchange();
  two.mutable_movements()->DeleteSubrange(3, 9);
  EXPECT_THAT(MovementsOf(two)[1].record.counterparts, ElementsAre(Member(11), Member(1), kCommunityPot));
  EXPECT_THAT(MovementsOf(two)[3].record.counterparts, ElementsAre(Member(11), Member(1), Member(2)));
}

// Goal: the short way of reading an entry takes what a message's parser takes, finds what that finds, and
// passes over what it does not know.
TEST(PagesTest, EntriesAreReadAsTheirMessages) {
  v1::Entry whole = GroupExchange();
  whole.mutable_movements()->DeleteSubrange(3, 9);
  whole.set_bank(0xfedc'ba98'7654'3210);
  whole.set_occurred_on(-400);
  whole.set_reverses(uint64_t{1} << 60);
  whole.set_reversed_kind(v1::ENTRY_KIND_GIFT);
  whole.set_text_commitment(std::string(32, '\xff'));
  whole.mutable_refusal()->set_reason("BALANCE_LIMIT");
  whole.mutable_movements(0)->set_balance_after(-5);
  const std::string bytes = whole.SerializeAsString();
  int parsed = 0;
  EntryFacts facts;  // one for all, so that nothing of the one before may be left
  for (size_t length = bytes.size() + 1; length-- > 0;) {
    v1::Entry entry;
    const bool is_entry = entry.ParseFromArray(bytes.data(), static_cast<int>(length));
    ASSERT_EQ(ReadEntryFacts(std::string_view(bytes).substr(0, length), &facts), is_entry) << length;
    if (!is_entry) continue;
    ++parsed;
    EXPECT_EQ(facts.bank, entry.bank());
    EXPECT_EQ(facts.sequence, entry.sequence());
    EXPECT_EQ(facts.record_time_us, entry.record_time_us());
    EXPECT_EQ(facts.kind, entry.kind());
    EXPECT_EQ(facts.reversed_kind, entry.reversed_kind());
    EXPECT_EQ(facts.occurred_on, entry.occurred_on());
    EXPECT_EQ(facts.category, entry.category());
    EXPECT_EQ(facts.recorder, entry.recorder());
    EXPECT_EQ(facts.key, entry.key());
    EXPECT_EQ(facts.acting_for, entry.acting_for());
    EXPECT_EQ(facts.reverses, entry.reverses());
    ASSERT_EQ(facts.movements.size(), static_cast<size_t>(entry.movements_size()));
    for (int i = 0; i < entry.movements_size(); ++i) {
      const EntryFacts::Movement& movement = facts.movements[static_cast<size_t>(i)];
      EXPECT_EQ(movement.account, entry.movements(i).account());
      EXPECT_EQ(movement.seconds, entry.movements(i).seconds());
      EXPECT_EQ(movement.role, entry.movements(i).role());
    }
  }
  EXPECT_GT(parsed, 10);
}

// Goal: a movement shows what its entry says.
TEST(PagesTest, MovementsShowTheEntry) {
  v1::Entry entry = GroupExchange();
  const MovementRecord record = MovementsOf(entry)[2].record;
  EXPECT_EQ(record.sequence, 5u);
  EXPECT_EQ(record.record_time_us, 99);
  EXPECT_EQ(record.seconds, -7'200);
  EXPECT_EQ(record.occurred_on, kDay);
  EXPECT_EQ(record.kind, v1::ENTRY_KIND_EXCHANGE);
  EXPECT_EQ(record.category, 4u);
  EXPECT_EQ(record.recorder, kAnna);
  EXPECT_EQ(record.key, 2u);
  EXPECT_EQ(record.acting_for, kBen);
  EXPECT_EQ(record.reverses, 0u);

  entry.set_kind(v1::ENTRY_KIND_REVERSAL);
  entry.set_reversed_kind(v1::ENTRY_KIND_GIFT);
  entry.set_reverses(3);
  EXPECT_EQ(MovementsOf(entry)[2].record.reverses, 3u);
  EXPECT_EQ(MovementsOf(entry)[2].record.reversed_kind, v1::ENTRY_KIND_GIFT);
  entry.clear_movements();
  EXPECT_TRUE(MovementsOf(entry).empty());
}

// Goal: bytes that are cut short, go on too long, or are of another version are DATA_LOSS, in every kind of
// value.
TEST(PagesTest, DamagedBytesAreDataLoss) {
  const auto code = [](const auto& result) { return result.status().code(); };
  const std::vector<std::pair<std::string, std::function<absl::StatusCode(std::string_view)>>> values = {
      {FromHex(kStatementHex), [&](std::string_view v) { return code(DecodeStatementPage(v)); }},
      {FromHex(kDayHex), [&](std::string_view v) { return code(DecodeDayPage(v, kDay)); }},
      {FromHex("010201a03800021f00b05404"), [&](std::string_view v) { return code(DecodeMonth(v)); }},
      {FromHex("0101 8102 03 616263 02 7878"), [&](std::string_view v) { return code(DecodeBlock(v)); }},
      {FromHex(kTextsHex), [&](std::string_view v) { return code(DecodeTextBlock(v)); }},
  };
  for (const auto& [value, decode] : values) {
    ASSERT_EQ(decode(value), absl::StatusCode::kOk);
    for (size_t length = 0; length < value.size(); ++length) {
      EXPECT_EQ(decode(value.substr(0, length)), absl::StatusCode::kDataLoss)
          << ToHex(value) << " " << length;
    }
    EXPECT_EQ(decode(value + '\0'), absl::StatusCode::kDataLoss) << ToHex(value);
    std::string newer = value;
    newer[0] = 2;
    EXPECT_EQ(decode(newer), absl::StatusCode::kDataLoss) << ToHex(value);
  }
  v1::OriginRow row;
  for (const char* bytes : {"", "02089208", "010892", "0108"}) {
    EXPECT_EQ(DecodeRow(FromHex(bytes), &row).code(), absl::StatusCode::kDataLoss) << bytes;
  }
}

// Goal: values that no ledger can hold are refused, not believed.
TEST(PagesTest, ImpossibleValuesAreDataLoss) {
  for (const char* page : {
           "0100 00 000000 00 00 00 00 02 00 00 00 00 00",                                // sequence 0
           "0101 00 000000 01 00 00 00 02 00 00 00 00 00 00 00 00 00 02 00 00 00 00 00",  // the same one
                                                                                          // twice
           "0100 00 000000 01 00 00 00 06 01 02 00 00 00 00 00",                // reverses an entry before 1
           "0100 00 000000 01 00 00 00 02 00 ffffffff10 00 00 00",              // account of 33 bits
           "0100 00 000000 01 00 00 ffffffff1f 02 00 00 00 00 00",              // day of 33 bits
           "0100 00 000000 01 00 ffffffffffffffffff01 00 02 00 00 00 00 00",    // -2^63 seconds
           "0100 00 000000 01 00 ffffffffffffffffff02 00 02 00 00 00 00 00",    // varint of 65 bits
           "0100 00 feffffffffffffffff01 00 00 01 00 02 00 02 00 00 00 00 00",  // seconds in beyond 2^63
       }) {
    EXPECT_EQ(DecodeStatementPage(FromHex(page)).status().code(), absl::StatusCode::kDataLoss) << page;
  }
  EXPECT_TRUE(DecodeStatementPage(FromHex("0100 00 000000 01 00 00 00 02 00 00 00 00 00")).ok());
  EXPECT_FALSE(DecodeDayPage(FromHex("0100 000000 02 00"), kDay).ok());
  EXPECT_TRUE(DecodeDayPage(FromHex("0100 000000 06 00"), kDay).ok());
  EXPECT_FALSE(DecodeMonth(FromHex("0101 20 000000")).ok());
  EXPECT_FALSE(DecodeMonth(FromHex("0102 02 000000 02 000000")).ok());
  EXPECT_FALSE(DecodeBlock(FromHex("0100 01 ffffffffffffffffff01")).ok());
  EXPECT_FALSE(DecodeBlock(FromHex("0100 00 00")).ok());
  EXPECT_TRUE(DecodeBlock(FromHex("0100 01 00")).ok());
  EXPECT_FALSE(DecodeTextBlock(FromHex("01 00000000")).ok());
  EXPECT_FALSE(DecodeTextBlock(FromHex("01 00000001 00")).ok());
  EXPECT_TRUE(DecodeTextBlock(FromHex("01 80000000 01 78")).ok());
}

// Goal: no bytes whatever make a decoder read outside them or overflow (sanitizers watch), and what it does
// take for a page it writes back the same.
TEST(PagesTest, AnyBytesAreReadSafely) {
  std::mt19937_64 random(1);
  const std::string values[] = {FromHex(kStatementHex), FromHex(kDayHex), FromHex("010201a03800021f00b05404"),
                                FromHex("0101 8102 03 616263 02 7878"), FromHex(kTextsHex)};
  for (int i = 0; i < 100'000; ++i) {
    std::string value = values[random() % std::size(values)];
    for (uint64_t changes = random() % 4 + 1; changes > 0; --changes) {
      value[2 + random() % (value.size() - 2)] = static_cast<char>(random() >> 13);
    }
    if (const auto page = DecodeStatementPage(value); page.ok()) {
      const auto again = DecodeStatementPage(EncodeStatementPage(*page));
      ASSERT_TRUE(again.ok()) << ToHex(value);
      ASSERT_EQ(again->movements, page->movements) << ToHex(value);
    }
    if (const auto page = DecodeDayPage(value, kDay); page.ok()) {
      const auto again = DecodeDayPage(EncodeDayPage(*page), kDay);
      ASSERT_TRUE(again.ok()) << ToHex(value);
      ASSERT_EQ(again->movements, page->movements) << ToHex(value);
    }
    if (const auto month = DecodeMonth(value); month.ok()) {
      ASSERT_EQ(*DecodeMonth(EncodeMonth(*month)), *month);
    }
    if (const auto block = DecodeBlock(value); block.ok()) {
      ASSERT_EQ(DecodeBlock(EncodeBlock(*block))->entries, block->entries);
    }
    if (const auto texts = DecodeTextBlock(value); texts.ok()) {
      ASSERT_EQ(*DecodeTextBlock(EncodeTextBlock(*texts)), *texts);
    }
  }
}

}  // namespace
}  // namespace timebank::storage
