#include "storage/pages.h"

#include <google/protobuf/message_lite.h>

#include <cassert>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "storage/coding.h"
#include "storage/damaged.h"
#include "storage/keys.h"
#include "storage/sums.h"
#include "storage/wire.h"
#include "timebank/storage/v1/rows.pb.h"

namespace timebank::storage {
namespace {

// Turned by four bits, so that the holder's number stands before its kind and small numbers stay short.
uint64_t TurnedAccount(AccountNumber account) { return account << 4 | account >> 28; }
AccountNumber ReadAccount(Reader* reader) {
  const uint32_t turned = static_cast<uint32_t>(reader->VarintUpTo(std::numeric_limits<uint32_t>::max()));
  return turned >> 4 | turned << 28;
}

void PutSums(std::string* out, const Sums& sums) {
  PutSigned(out, sums.seconds_in);
  PutSigned(out, sums.seconds_out);
  PutSigned(out, sums.exchange_count);
}

// In this order: members of a braced list are evaluated from left to right.
Sums ReadSums(Reader* reader) { return Sums{reader->Signed(), reader->Signed(), reader->Signed()}; }

v1::EntryKind ReadKind(Reader* reader) {
  return static_cast<v1::EntryKind>(reader->VarintUpTo(std::numeric_limits<int32_t>::max()));
}

// Every value begins with its version; pages and blocks go on with their number of elements less one.
void PutHeader(std::string* out, size_t count) {
  assert(count >= 1 && count <= kBlockEntries);
  out->push_back(kRowVersion);
  out->push_back(static_cast<char>(count - 1));
}
size_t ReadHeader(Reader* reader) {
  const bool known = reader->Byte() == kRowVersion;
  const size_t count = size_t{reader->Byte()} + 1;
  return known && reader->ok() ? count : 0;
}

void PutMovement(std::string* out, const MovementRecord& record, const MovementRecord& previous) {
  assert(record.sequence > previous.sequence);
  assert(record.counterparts.size() == std::min<size_t>(record.counterpart_count, kPageCounterparts));
  PutVarint(out, record.sequence - previous.sequence);
  // Unsigned, so that even a clock that went back by centuries has an answer.
  PutVarint(out,
            static_cast<uint64_t>(record.record_time_us) - static_cast<uint64_t>(previous.record_time_us));
  PutSigned(out, record.seconds);
  PutSigned(out, int64_t{record.occurred_on} - previous.occurred_on);
  PutVarint(out, static_cast<uint32_t>(record.kind));
  if (record.kind == v1::ENTRY_KIND_REVERSAL) {
    assert(record.reverses < record.sequence);
    PutVarint(out, static_cast<uint32_t>(record.reversed_kind));
    PutVarint(out, record.reverses == 0 ? 0 : record.sequence - record.reverses);
  } else {
    assert(record.reverses == 0 && record.reversed_kind == v1::ENTRY_KIND_UNSPECIFIED);
  }
  PutVarint(out, record.category);
  PutVarint(out, TurnedAccount(record.recorder));
  PutVarint(out, record.key);
  PutVarint(out, TurnedAccount(record.acting_for));
  PutVarint(out, record.counterpart_count);
  for (AccountNumber account : record.counterparts) PutVarint(out, TurnedAccount(account));
}

// False where the day leaves its range or the sequence does not rise; otherwise ask `reader`.
bool ReadMovement(Reader* reader, const MovementRecord& previous, MovementRecord* record) {
  record->sequence = previous.sequence + reader->Varint();
  record->record_time_us =
      static_cast<int64_t>(static_cast<uint64_t>(previous.record_time_us) + reader->Varint());
  record->seconds = reader->Signed();
  int64_t day;
  const bool overflow = __builtin_add_overflow(int64_t{previous.occurred_on}, reader->Signed(), &day);
  record->occurred_on = static_cast<Day>(day);
  record->kind = ReadKind(reader);
  if (record->kind == v1::ENTRY_KIND_REVERSAL) {
    record->reversed_kind = ReadKind(reader);
    const uint64_t distance = reader->VarintUpTo(record->sequence);
    record->reverses = distance == 0 ? 0 : record->sequence - distance;
  }
  record->category = static_cast<uint32_t>(reader->VarintUpTo(std::numeric_limits<uint32_t>::max()));
  record->recorder = ReadAccount(reader);
  record->key = static_cast<uint32_t>(reader->VarintUpTo(std::numeric_limits<uint32_t>::max()));
  record->acting_for = ReadAccount(reader);
  record->counterpart_count = static_cast<uint32_t>(reader->VarintUpTo(std::numeric_limits<uint32_t>::max()));
  const size_t named = std::min<size_t>(record->counterpart_count, kPageCounterparts);
  for (size_t i = 0; i < named; ++i) record->counterparts.push_back(ReadAccount(reader));
  return !overflow && day >= std::numeric_limits<Day>::min() && day <= std::numeric_limits<Day>::max() &&
         record->sequence > previous.sequence;
}

// What a day page must know beside the seconds to tell the sums, packed under the sequence number.
constexpr uint64_t kTakenBack = 1;  // a reversal
constexpr uint64_t kCounted = 2;    // an exchange, or the reversal of one

Sums DaySums(uint64_t flags, int64_t seconds) {
  const v1::EntryKind kind = (flags & kCounted) != 0 ? v1::ENTRY_KIND_EXCHANGE : v1::ENTRY_KIND_GIFT;
  return (flags & kTakenBack) != 0 ? SumsOf(v1::ENTRY_KIND_REVERSAL, kind, seconds)
                                   : SumsOf(kind, v1::ENTRY_KIND_UNSPECIFIED, seconds);
}

uint64_t DayFlags(const DayRecord& record) {
  const uint64_t counted = record.sums.exchange_count != 0 ? kCounted : 0;
  return record.sums == DaySums(counted, record.seconds) ? counted : counted | kTakenBack;
}

// How the others of an entry are ordered on one account's statement.
enum class Side { kOther, kSame, kRemainder };

Side SideOf(const EntryFacts::Movement& other, const EntryFacts::Movement& own) {
  if (other.role == v1::MOVEMENT_ROLE_REMAINDER) return Side::kRemainder;
  return (other.seconds > 0) != (own.seconds > 0) ? Side::kOther : Side::kSame;
}

void AddCounterparts(const EntryFacts& entry, const EntryFacts::Movement& own, Side side,
                     MovementRecord* record) {
  for (const EntryFacts::Movement& other : entry.movements) {
    if (record->counterparts.size() == kPageCounterparts) return;
    if (&other != &own && SideOf(other, own) == side) record->counterparts.push_back(other.account);
  }
}

MovementRecord RecordOf(const EntryFacts& entry, const EntryFacts::Movement& own) {
  MovementRecord record;
  record.sequence = entry.sequence;
  record.record_time_us = entry.record_time_us;
  record.seconds = own.seconds;
  record.occurred_on = entry.occurred_on;
  record.kind = entry.kind;
  if (entry.kind == v1::ENTRY_KIND_REVERSAL) {
    record.reversed_kind = entry.reversed_kind;
    record.reverses = entry.reverses;
  }
  record.category = entry.category;
  record.recorder = entry.recorder;
  record.key = entry.key;
  record.acting_for = entry.acting_for;
  record.counterpart_count = static_cast<uint32_t>(entry.movements.size() - 1);
  for (Side side : {Side::kOther, Side::kSame, Side::kRemainder}) {
    AddCounterparts(entry, own, side, &record);
  }
  return record;
}

bool ReadMovementFacts(std::string_view bytes, EntryFacts::Movement* movement) {
  using Movement = v1::EntryMovement;
  WireFields fields(bytes);
  while (fields.Next()) {
    if (fields.type() != WireFields::Type::kVarint) continue;
    switch (fields.number()) {
      case Movement::kAccountFieldNumber:
        movement->account = static_cast<AccountNumber>(fields.varint());
        break;
      case Movement::kSecondsFieldNumber:
        movement->seconds = fields.zigzag();
        break;
      case Movement::kRoleFieldNumber:
        movement->role = static_cast<v1::MovementRole>(fields.varint());
        break;
      default:
        break;
    }
  }
  return fields.ok();
}

void TakeNumber(uint64_t number, const WireFields& fields, EntryFacts* facts) {
  using v1::Entry;
  switch (number) {
    case Entry::kSequenceFieldNumber:
      facts->sequence = fields.varint();
      break;
    case Entry::kRecordTimeUsFieldNumber:
      facts->record_time_us = static_cast<int64_t>(fields.varint());
      break;
    case Entry::kKindFieldNumber:
      facts->kind = static_cast<v1::EntryKind>(fields.varint());
      break;
    case Entry::kReversedKindFieldNumber:
      facts->reversed_kind = static_cast<v1::EntryKind>(fields.varint());
      break;
    case Entry::kOccurredOnFieldNumber:
      facts->occurred_on = static_cast<Day>(fields.zigzag());
      break;
    case Entry::kCategoryFieldNumber:
      facts->category = static_cast<uint32_t>(fields.varint());
      break;
    case Entry::kRecorderFieldNumber:
      facts->recorder = static_cast<AccountNumber>(fields.varint());
      break;
    case Entry::kKeyFieldNumber:
      facts->key = static_cast<uint32_t>(fields.varint());
      break;
    case Entry::kActingForFieldNumber:
      facts->acting_for = static_cast<AccountNumber>(fields.varint());
      break;
    case Entry::kReversesFieldNumber:
      facts->reverses = fields.varint();
      break;
    default:
      break;
  }
}

}  // namespace

Sums SumsOf(v1::EntryKind kind, v1::EntryKind reversed_kind, int64_t seconds) {
  assert(seconds != std::numeric_limits<int64_t>::min());
  if (kind != v1::ENTRY_KIND_REVERSAL) {
    return Sums{.seconds_in = seconds > 0 ? seconds : 0,
                .seconds_out = seconds < 0 ? -seconds : 0,
                .exchange_count = kind == v1::ENTRY_KIND_EXCHANGE ? 1 : 0};
  }
  Sums sums;
  sums -= SumsOf(reversed_kind == v1::ENTRY_KIND_EXCHANGE ? reversed_kind : v1::ENTRY_KIND_GIFT,
                 v1::ENTRY_KIND_UNSPECIFIED, -seconds);
  return sums;
}

bool ReadEntryFacts(std::string_view bytes, EntryFacts* facts) {
  using Type = WireFields::Type;
  std::vector<EntryFacts::Movement> movements = std::move(facts->movements);  // for their memory
  movements.clear();
  *facts = EntryFacts();
  facts->movements = std::move(movements);
  WireFields fields(bytes);
  while (fields.Next()) {
    if (fields.type() == Type::kVarint) {
      TakeNumber(fields.number(), fields, facts);
    } else if (fields.Is(v1::Entry::kMovementsFieldNumber, Type::kBytes)) {
      if (!ReadMovementFacts(fields.bytes(), &facts->movements.emplace_back())) return false;
    } else if (fields.Is(v1::Entry::kBankFieldNumber, Type::kFixed64)) {
      facts->bank = fields.fixed64();
    }
  }
  return fields.ok();
}

std::vector<AccountMovement> MovementsOf(const EntryFacts& entry) {
  std::vector<AccountMovement> movements;
  movements.reserve(entry.movements.size());
  for (const EntryFacts::Movement& own : entry.movements) {
    movements.push_back({own.account, RecordOf(entry, own)});
  }
  return movements;
}

std::vector<AccountMovement> MovementsOf(const v1::Entry& entry) {
  EntryFacts facts;
  const bool read = ReadEntryFacts(entry.SerializeAsString(), &facts);
  assert(read && "a message's own bytes can be read");
  static_cast<void>(read);
  return MovementsOf(facts);
}

std::string EncodeStatementPage(const StatementPage& page) {
  std::string out;
  out.reserve(24 + 24 * page.movements.size());
  PutHeader(&out, page.movements.size());
  PutVarint(&out, page.number);
  PutSums(&out, page.before);
  MovementRecord none;
  const MovementRecord* previous = &none;
  for (const MovementRecord& record : page.movements) {
    PutMovement(&out, record, *previous);
    previous = &record;
  }
  return out;
}

absl::StatusOr<StatementPage> DecodeStatementPage(std::string_view value) {
  Reader reader(value);
  const size_t count = ReadHeader(&reader);
  StatementPage page;
  page.number = reader.Varint();
  page.before = ReadSums(&reader);
  page.movements.reserve(count);
  Sums sums = page.before;
  const MovementRecord none;
  for (size_t i = 0; i < count; ++i) {
    const MovementRecord& previous = i == 0 ? none : page.movements.back();
    MovementRecord record;
    if (!ReadMovement(&reader, previous, &record) || !reader.ok() ||
        !AddSums(&sums, record.kind, record.reversed_kind, record.seconds)) {
      return Damaged("statement page");
    }
    record.after = sums;
    page.movements.push_back(std::move(record));
  }
  if (count == 0 || !reader.AtEnd()) return Damaged("statement page");
  return page;
}

std::string EncodeDayPage(const DayPage& page) {
  std::string out;
  out.reserve(24 + 6 * page.movements.size());
  PutHeader(&out, page.movements.size());
  PutSums(&out, page.before);
  Sequence previous = 0;
  for (const DayRecord& record : page.movements) {
    assert(record.sequence > previous && record.sequence - previous < uint64_t{1} << 62);
    PutVarint(&out, (record.sequence - previous) << 2 | DayFlags(record));
    PutSigned(&out, record.seconds);
    previous = record.sequence;
  }
  return out;
}

absl::StatusOr<DayPage> DecodeDayPage(std::string_view value, Day day) {
  Reader reader(value);
  const size_t count = ReadHeader(&reader);
  DayPage page;
  page.before = ReadSums(&reader);
  page.movements.reserve(count);
  Sums sums = page.before;
  Sequence sequence = 0;
  for (size_t i = 0; i < count; ++i) {
    const uint64_t packed = reader.Varint();
    const int64_t seconds = reader.Signed();
    if (!reader.ok() || packed >> 2 == 0 || seconds == std::numeric_limits<int64_t>::min()) {
      return Damaged("day page");
    }
    sequence += packed >> 2;
    const Sums added = DaySums(packed & 3, seconds);
    if (!AddSums(&sums, added)) return Damaged("day page");
    page.movements.push_back(
        DayRecord{.day = day, .sequence = sequence, .seconds = seconds, .sums = added, .after = sums});
  }
  if (count == 0 || !reader.AtEnd()) return Damaged("day page");
  return page;
}

std::string EncodeMonth(const std::vector<MonthDay>& days) {
  assert(days.size() <= 31);
  std::string out;
  out.push_back(kRowVersion);
  out.push_back(static_cast<char>(days.size()));
  for (const MonthDay& element : days) {
    out.push_back(static_cast<char>(element.day));
    PutSums(&out, element.sums);
  }
  return out;
}

absl::StatusOr<std::vector<MonthDay>> DecodeMonth(std::string_view value) {
  Reader reader(value);
  const bool known = reader.Byte() == kRowVersion;
  const size_t count = reader.Byte();
  if (!known || count > 31) return Damaged("month row");
  std::vector<MonthDay> days;
  days.reserve(count);
  for (size_t i = 0; i < count; ++i) {
    const int day = reader.Byte();
    days.push_back(MonthDay{.day = day, .sums = ReadSums(&reader)});
    if (day > 31 || (i > 0 && day <= days[i - 1].day)) return Damaged("month row");
  }
  if (!reader.AtEnd()) return Damaged("month row");
  return days;
}

std::string EncodeBlock(const Block& block) {
  size_t size = 16;
  for (std::string_view entry : block.entries) size += entry.size() + 3;
  std::string out;
  out.reserve(size);
  PutHeader(&out, block.entries.size());
  PutVarint(&out, block.first);
  for (std::string_view entry : block.entries) {
    PutVarint(&out, entry.size());
    out.append(entry);
  }
  return out;
}

absl::StatusOr<Block> DecodeBlock(std::string_view value) {
  Reader reader(value);
  const size_t count = ReadHeader(&reader);
  Block block{.first = reader.Varint(), .entries = {}};
  block.entries.reserve(count);
  for (size_t i = 0; i < count; ++i) block.entries.push_back(reader.Take(reader.Varint()));
  if (count == 0 || block.first == 0 || !reader.AtEnd()) return Damaged("journal block");
  return block;
}

std::string EncodeTextBlock(const TextBlock& block) {
  size_t size = 0;
  uint32_t present = 0;
  std::string lengths;
  for (size_t i = 0; i < block.size(); ++i) {
    if (block[i].empty()) continue;
    present |= uint32_t{1} << i;
    PutVarint(&lengths, block[i].size());
    size += block[i].size();
  }
  assert(present != 0);
  std::string out(1, kRowVersion);
  out.reserve(1 + sizeof(present) + lengths.size() + size);
  PutBigEndian<uint32_t>(&out, present);
  out.append(lengths);
  for (std::string_view text : block) out.append(text);
  return out;
}

absl::StatusOr<TextBlock> DecodeTextBlock(std::string_view value) {
  Reader reader(value);
  const bool known = reader.Byte() == kRowVersion;
  const std::string_view bits = reader.Take(sizeof(uint32_t));
  if (!known || !reader.ok()) return Damaged("block of texts");
  const uint32_t present = GetBigEndian<uint32_t>(bits.data());
  std::array<uint64_t, kTextBlockEntries> lengths{};
  for (size_t i = 0; i < lengths.size(); ++i) {
    if ((present >> i & 1) == 0) continue;
    lengths[i] = reader.Varint();
    if (lengths[i] == 0) return Damaged("block of texts");
  }
  TextBlock block;
  for (size_t i = 0; i < lengths.size(); ++i) block[i] = reader.Take(lengths[i]);
  if (present == 0 || !reader.AtEnd()) return Damaged("block of texts");
  return block;
}

std::string EncodeRow(const google::protobuf::MessageLite& message) {
  std::string out(1, kRowVersion);
  message.AppendToString(&out);
  return out;
}

absl::Status DecodeRow(std::string_view value, google::protobuf::MessageLite* message) {
  if (value.empty() || value.front() != kRowVersion ||
      !message->ParseFromArray(value.data() + 1, static_cast<int>(value.size()) - 1)) {
    return Damaged(message->GetTypeName().c_str());
  }
  return absl::OkStatus();
}

absl::StatusOr<Sums> DecodeAccountSums(std::string_view value) {
  if (value.empty() || value.front() != kRowVersion) return Damaged("account row");
  Sums sums;
  WireFields row(value.substr(1));
  while (row.Next()) {
    if (row.type() != WireFields::Type::kVarint) continue;
    switch (row.number()) {
      case v1::AccountRow::kSecondsInFieldNumber:
        sums.seconds_in = row.zigzag();
        break;
      case v1::AccountRow::kSecondsOutFieldNumber:
        sums.seconds_out = row.zigzag();
        break;
      case v1::AccountRow::kExchangeCountFieldNumber:
        sums.exchange_count = row.zigzag();
        break;
      default:
        break;
    }
  }
  if (!row.ok()) return Damaged("account row");
  return sums;
}

absl::StatusOr<std::string_view> DecodeNote(std::string_view value) {
  if (value.empty() || value.front() != kRowVersion) return Damaged("texts");
  std::string_view texts;
  WireFields row(value.substr(1));
  while (row.Next()) {
    if (row.Is(v1::TextRow::kTextsFieldNumber, WireFields::Type::kBytes)) texts = row.bytes();
  }
  std::string_view note;
  WireFields fields(texts);
  while (fields.Next()) {
    if (fields.Is(v1::Texts::kNoteFieldNumber, WireFields::Type::kBytes)) note = fields.bytes();
  }
  if (!row.ok() || !fields.ok()) return Damaged("texts");
  return note;
}

}  // namespace timebank::storage
