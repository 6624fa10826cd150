#include "storage/absence_filter.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "storage/coding.h"
#include "storage/threads.h"

namespace timebank::storage {
namespace {

// 64 KB: some thirty thousand keys.
constexpr size_t kFirstLines = 1024;
constexpr size_t kGrowth = 4;
// Sixteen bits a key; with seven of them set a few absent keys in a thousand look present, and each costs as
// much as a hundred that do not.
constexpr size_t kKeysPerLine = 32;
constexpr int kBitsSet = 7;
constexpr int kBitsOfPlace = 9;  // one of a line's 512
constexpr size_t kHashBytes = 16;
// So many are added before others have their turn, and read before one looks whether it is to end.
constexpr size_t kAddedAtOnce = 256;
constexpr size_t kReadAtOnce = 4096;

bool HasHash(std::string_view key) { return key.size() >= sizeof(BankNumber) + kHashBytes; }

BankNumber BankOf(std::string_view key) { return GetBigEndian<BankNumber>(key.data()); }

const char* HashOf(std::string_view key) { return key.data() + key.size() - kHashBytes; }

size_t LineOf(std::string_view key, size_t lines) { return GetBigEndian<uint64_t>(HashOf(key)) % lines; }

// Of a key's line, by word.
std::array<uint64_t, 8> BitsOf(std::string_view key) {
  std::array<uint64_t, 8> bits = {};
  auto places = GetBigEndian<uint64_t>(HashOf(key) + sizeof(uint64_t));
  for (int i = 0; i < kBitsSet; ++i, places >>= kBitsOfPlace) {
    bits[(places >> 6) & 7] |= uint64_t{1} << (places & 63);
  }
  return bits;
}

}  // namespace

AbsenceFilter::AbsenceFilter(ReadKeys read, size_t most_bytes)
    : read_(std::move(read)), most_bytes_(most_bytes), reader_([this] {
        NameThread("absence");
        StepBack();
        ReadInTurn();
      }) {}

AbsenceFilter::~AbsenceFilter() {
  {
    absl::MutexLock lock(&banks_mutex_);
    stopping_ = true;
  }
  reader_.join();
}

void AbsenceFilter::Add(std::span<const std::string_view> keys) {
  // In pieces, so that nobody who adds as well waits for all of them.
  for (size_t i = 0; i < keys.size();) {
    absl::MutexLock lock(&add_mutex_);
    for (const size_t end = std::min(keys.size(), i + kAddedAtOnce); i < end; ++i) AddOne(keys[i]);
  }
}

void AbsenceFilter::AddOne(std::string_view key) {
  if (!HasHash(key)) return;  // of those nothing is denied
  const size_t count = level_count_.load(std::memory_order_relaxed);
  if (count == 0 || keys_in_last_ >= levels_[count - 1].lines * kKeysPerLine) Grow();
  const Level& last = levels_[level_count_.load(std::memory_order_relaxed) - 1];
  Line& line = last.line[LineOf(key, last.lines)];
  const std::array<uint64_t, 8> bits = BitsOf(key);
  // Who may see the row sees these: it is published behind them.
  for (size_t word = 0; word < bits.size(); ++word) {
    if (bits[word] != 0) line.words[word].fetch_or(bits[word], std::memory_order_relaxed);
  }
  ++keys_in_last_;
}

void AbsenceFilter::Grow() {
  const size_t count = level_count_.load(std::memory_order_relaxed);
  const size_t lines = count == 0 ? kFirstLines : levels_[count - 1].lines * kGrowth;
  if (count > 0 && (count == kMostLevels || bytes_ + lines * sizeof(Line) > most_bytes_)) return;
  levels_[count] = {lines, std::make_unique<Line[]>(lines)};
  bytes_ += lines * sizeof(Line);
  keys_in_last_ = 0;
  level_count_.store(count + 1, std::memory_order_release);
}

bool AbsenceFilter::MayHold(std::string_view key) {
  if (!HasHash(key) || !IsKnown(BankOf(key))) return true;
  const size_t count = level_count_.load(std::memory_order_acquire);
  if (count == 0) return false;
  const std::array<uint64_t, 8> bits = BitsOf(key);
  return std::any_of(levels_.begin(), levels_.begin() + count, [&](const Level& level) {
    const Line& line = level.line[LineOf(key, level.lines)];
    for (size_t word = 0; word < bits.size(); ++word) {
      if ((line.words[word].load(std::memory_order_relaxed) & bits[word]) != bits[word]) return false;
    }
    return true;
  });
}

bool AbsenceFilter::IsKnown(BankNumber bank) {
  {
    absl::ReaderMutexLock lock(&banks_mutex_);
    const auto found = known_.find(bank);
    if (found != known_.end()) return found->second;
    if (known_.size() >= kMostBanks) return false;
  }
  absl::MutexLock lock(&banks_mutex_);
  if (known_.try_emplace(bank, false).second) waiting_.push_back(bank);
  return false;
}

void AbsenceFilter::AwaitKnown() {
  absl::MutexLock lock(&banks_mutex_);
  banks_mutex_.Await(absl::Condition(
      +[](std::deque<BankNumber>* waiting) { return waiting->empty(); }, &waiting_));
}

// --- the filter's thread

// Adds the bank's folded keys. What is applied and folded meanwhile may be among them or not: it has been
// added before. False: they are not all known.
bool AbsenceFilter::ReadAll(BankNumber bank) {
  std::string after;
  std::vector<std::string> keys;
  std::vector<std::string_view> views;
  for (size_t left = most_bytes_ / sizeof(Line) * kKeysPerLine; !stopping_; left -= keys.size()) {
    keys.clear();
    if (!read_(bank, after, kReadAtOnce, &keys).ok()) return false;
    views.assign(keys.begin(), keys.end());
    Add(views);
    if (keys.size() < kReadAtOnce) return true;
    if (keys.size() > left) return false;
    after = keys.back();
  }
  return false;
}

void AbsenceFilter::ReadInTurn() {
  const auto something_to_do = [this]() ABSL_SHARED_LOCKS_REQUIRED(banks_mutex_) {
    return stopping_ || !waiting_.empty();
  };
  while (true) {
    BankNumber bank = 0;
    {
      absl::MutexLock lock(&banks_mutex_);
      banks_mutex_.Await(absl::Condition(&something_to_do));
      if (stopping_) return;
      bank = waiting_.front();
    }
    const bool all = ReadAll(bank);
    absl::MutexLock lock(&banks_mutex_);
    known_[bank] = all;
    waiting_.pop_front();
  }
}

}  // namespace timebank::storage
