#include "storage/keys.h"

#include <cassert>

#include "storage/coding.h"
#include "storage/hash.h"

namespace timebank::storage {
namespace {

constexpr size_t kCallerHashBytes = 8;
constexpr size_t kHashBytes = 16;
constexpr uint8_t kYearLevel = 0;
constexpr uint8_t kMonthLevel = 1;

// Flips the sign bit, so that negative numbers sort before positive ones.
uint32_t Biased(int32_t number) { return static_cast<uint32_t>(number) ^ 0x80000000u; }
int32_t UnBiased(uint32_t number) { return static_cast<int32_t>(number ^ 0x80000000u); }

// Room for the longest fixed-width key, so that building one allocates once.
std::string NewKey(BankNumber bank) {
  std::string key;
  key.reserve(32);
  PutBigEndian<uint64_t>(&key, bank);
  return key;
}

std::string NewAccountKey(BankNumber bank, AccountNumber account) {
  std::string key = NewKey(bank);
  PutBigEndian<uint32_t>(&key, account);
  return key;
}

// HMAC(secret, what · 0 · text).
Digest HashOf(const HmacKey& secret, std::string_view what, std::string_view text) {
  return secret.Of({what, std::string_view("\0", 1), text});
}

// A number of another system, as keyed hashes take it.
std::string NumberedIn(std::string_view system, std::string_view number) {
  std::string text(system);
  text += '\0';
  text += number;
  return text;
}

}  // namespace

std::string BankPrefix(BankNumber bank) { return NewKey(bank); }

std::string AccountKey(BankNumber bank, AccountNumber account) { return NewAccountKey(bank, account); }

std::string DirectoryPrefix(BankNumber bank, DirectoryKind kind) {
  std::string key = NewKey(bank);
  PutBigEndian<uint8_t>(&key, static_cast<uint8_t>(kind));
  return key;
}

std::string DirectoryKey(BankNumber bank, DirectoryKind kind, uint64_t number) {
  std::string key = DirectoryPrefix(bank, kind);
  PutBigEndian<uint64_t>(&key, number);
  return key;
}

std::string MarkKey(BankNumber bank, AccountNumber account, Sequence sequence) {
  std::string key = NewAccountKey(bank, account);
  PutBigEndian<uint64_t>(&key, sequence);
  return key;
}

std::string ActKey(BankNumber bank, AccountNumber account, Sequence sequence) {
  return MarkKey(bank, account, sequence);
}

std::string LookKey(BankNumber bank, AccountNumber account, Day day) {
  std::string key = NewAccountKey(bank, account);
  PutBigEndian<uint32_t>(&key, Biased(day));
  return key;
}

std::string TextKey(BankNumber bank, Sequence sequence) {
  std::string key = NewKey(bank);
  PutBigEndian<uint64_t>(&key, sequence);
  return key;
}

std::optional<std::pair<BankNumber, Sequence>> ParseTextKey(std::string_view key) {
  if (key.size() != sizeof(BankNumber) + sizeof(Sequence)) return std::nullopt;
  const std::pair place(GetBigEndian<BankNumber>(key.data()),
                        GetBigEndian<Sequence>(key.data() + sizeof(BankNumber)));
  if (place.second == 0) return std::nullopt;
  return place;
}

std::string TextBlockKey(BankNumber bank, Sequence first) { return TextKey(bank, first); }

std::string ClockKey(BankNumber bank, Day record_day) {
  std::string key = NewKey(bank);
  PutBigEndian<uint32_t>(&key, Biased(record_day));
  return key;
}

std::string JournalKey(BankNumber bank, Sequence last) {
  std::string key = NewKey(bank);
  PutBigEndian<uint64_t>(&key, last);
  return key;
}

std::string StatementKey(BankNumber bank, AccountNumber account, Sequence last) {
  std::string key = NewAccountKey(bank, account);
  PutBigEndian<uint64_t>(&key, last);
  return key;
}

std::string DayKey(BankNumber bank, AccountNumber account, Day day, Sequence last) {
  std::string key = NewAccountKey(bank, account);
  PutBigEndian<uint32_t>(&key, Biased(day));
  PutBigEndian<uint64_t>(&key, last);
  return key;
}

std::string YearKey(BankNumber bank, AccountNumber account, int32_t year) {
  std::string key = NewAccountKey(bank, account);
  PutBigEndian<uint8_t>(&key, kYearLevel);
  PutBigEndian<uint32_t>(&key, Biased(year));
  return key;
}

std::string MonthKey(BankNumber bank, AccountNumber account, int32_t year, int month) {
  assert(month >= 1 && month <= 12);
  std::string key = NewAccountKey(bank, account);
  PutBigEndian<uint8_t>(&key, kMonthLevel);
  PutBigEndian<uint32_t>(&key, Biased(year));
  PutBigEndian<uint8_t>(&key, static_cast<uint8_t>(month));
  return key;
}

std::string KeyedHash(std::string_view secret, std::string_view what, std::string_view text) {
  return std::string(HashOf(HmacKey(secret), what, text).First(kHashBytes));
}

std::string SlugKey(BankNumber bank, const HmacKey& secret, std::string_view what, std::string_view text) {
  std::string key = NewKey(bank);
  key += HashOf(secret, what, text).First(kHashBytes);
  return key;
}

std::string ExternalIdKey(BankNumber bank, const HmacKey& secret, std::string_view system,
                          std::string_view number) {
  return SlugKey(bank, secret, "external", NumberedIn(system, number));
}

std::string OriginKey(BankNumber bank, const HmacKey& secret, std::string_view system,
                      std::string_view number) {
  return SlugKey(bank, secret, "origin", NumberedIn(system, number));
}

Digest CallerHash(const HmacKey& secret, std::string_view caller) { return HashOf(secret, "caller", caller); }

std::string RequestKey(BankNumber bank, const HmacKey& secret, const Digest& caller,
                       std::string_view request_id) {
  std::string key = NewKey(bank);
  key += caller.First(kCallerHashBytes);
  key += HashOf(secret, "request", request_id).First(kHashBytes);
  return key;
}

uint64_t LastNumberOf(std::string_view key) {
  assert(key.size() >= sizeof(uint64_t));
  return GetBigEndian<uint64_t>(key.data() + key.size() - sizeof(uint64_t));
}

Day DayOfClockKey(std::string_view key) {
  assert(key.size() == 12);
  return UnBiased(GetBigEndian<uint32_t>(key.data() + 8));
}

Day DayOfDayKey(std::string_view key) {
  assert(key.size() == 24);
  return UnBiased(GetBigEndian<uint32_t>(key.data() + 12));
}

Day DayOfLookKey(std::string_view key) {
  assert(key.size() == 16);
  return UnBiased(GetBigEndian<uint32_t>(key.data() + 12));
}

BankNumber BankOfKey(std::string_view key) {
  assert(key.size() >= sizeof(BankNumber));
  return GetBigEndian<BankNumber>(key.data());
}

// Counts from 1 March of year 0 in eras of 400 years (146,097 days), so that the leap day is the last of its
// year. 64-bit throughout: the first and last Day are 5.8 million years away, still in range.
CivilDay ToCivil(Day day) {
  const int64_t shifted = int64_t{day} + 719'468;
  const int64_t era = (shifted >= 0 ? shifted : shifted - 146'096) / 146'097;
  const int64_t day_of_era = shifted - era * 146'097;  // 0 to 146,096
  const int64_t year_of_era =
      (day_of_era - day_of_era / 1'460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int64_t month_from_march = (5 * day_of_year + 2) / 153;
  const int month = static_cast<int>(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);
  return CivilDay{.year = static_cast<int32_t>(year_of_era + era * 400 + (month <= 2 ? 1 : 0)),
                  .month = month,
                  .day = static_cast<int>(day_of_year - (153 * month_from_march + 2) / 5 + 1)};
}

Day FromCivil(const CivilDay& civil) {
  const int64_t year = int64_t{civil.year} - (civil.month <= 2 ? 1 : 0);
  const int64_t era = (year >= 0 ? year : year - 399) / 400;
  const int64_t year_of_era = year - era * 400;
  const int64_t month_from_march = civil.month > 2 ? civil.month - 3 : civil.month + 9;
  const int64_t day_of_year = (153 * month_from_march + 2) / 5 + civil.day - 1;
  const int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return static_cast<Day>(era * 146'097 + day_of_era - 719'468);
}

}  // namespace timebank::storage
