#include "storage/origin_filter.h"

#include <algorithm>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "storage/coding.h"

namespace timebank::storage {
namespace {

// 64 KB: some fifty thousand origins.
constexpr size_t kFirstLines = 1024;
constexpr size_t kGrowth = 4;
// Ten bits a key; with seven of them set one absent key in a hundred looks present.
constexpr size_t kKeysPerLine = 51;
constexpr int kBitsSet = 7;
constexpr int kBitsOfPlace = 9;  // one of a line's 512
constexpr size_t kAddedAtOnce = 256;
constexpr size_t kHashBytes = 16;
constexpr size_t kKeyBytes = sizeof(BankNumber) + kHashBytes;

BankNumber BankOf(std::string_view key) { return GetBigEndian<BankNumber>(key.data()); }

// The keys are hashes already.
size_t LineOf(std::string_view key, size_t lines) {
  return GetBigEndian<uint64_t>(key.data() + sizeof(BankNumber)) % lines;
}

template <typename Visit>
bool VisitBits(std::string_view key, const Visit& visit) {
  auto places = GetBigEndian<uint64_t>(key.data() + sizeof(BankNumber) + sizeof(uint64_t));
  for (int i = 0; i < kBitsSet; ++i, places >>= kBitsOfPlace) {
    if (!visit((places >> 6) & 7, uint64_t{1} << (places & 63))) return false;
  }
  return true;
}

}  // namespace

void OriginFilter::Add(std::span<const std::string_view> keys,
                       const std::function<bool(BankNumber bank)>& had_none) {
  // In pieces, so that nobody who asks waits for all of them.
  for (size_t i = 0; i < keys.size();) {
    absl::MutexLock lock(&mutex_);
    for (const size_t end = std::min(keys.size(), i + kAddedAtOnce); i < end; ++i) AddOne(keys[i], had_none);
  }
}

void OriginFilter::AddOne(std::string_view key, const std::function<bool(BankNumber bank)>& had_none) {
  if (key.size() != kKeyBytes) return;
  const auto [found, first] = banks_.try_emplace(BankOf(key));
  Bank& bank = found->second;
  if (first) bank.known = had_none(found->first);
  if (!bank.known) return;
  if (bank.levels.empty() || bank.keys_in_last == bank.levels.back().size() * kKeysPerLine) Grow(&bank);
  if (!bank.known) return;
  Set(key, &bank.levels.back());
  ++bank.keys_in_last;
}

bool OriginFilter::MayHold(std::string_view key) const {
  if (key.size() != kKeyBytes) return true;
  absl::ReaderMutexLock lock(&mutex_);
  const auto found = banks_.find(BankOf(key));
  if (found == banks_.end() || !found->second.known) return true;
  for (const std::vector<Line>& level : found->second.levels) {
    if (IsSet(key, level)) return true;
  }
  return false;
}

void OriginFilter::Grow(Bank* bank) {
  const size_t lines = bank->levels.empty() ? kFirstLines : bank->levels.back().size() * kGrowth;
  if (bytes_ + lines * sizeof(Line) > most_bytes_) {
    for (const std::vector<Line>& level : bank->levels) bytes_ -= level.size() * sizeof(Line);
    *bank = Bank();
    return;
  }
  bytes_ += lines * sizeof(Line);
  bank->levels.emplace_back(lines, Line{});
  bank->keys_in_last = 0;
}

void OriginFilter::Set(std::string_view key, std::vector<Line>* level) {
  Line& line = (*level)[LineOf(key, level->size())];
  VisitBits(key, [&line](uint64_t word, uint64_t bit) {
    line[word] |= bit;
    return true;
  });
}

bool OriginFilter::IsSet(std::string_view key, const std::vector<Line>& level) {
  const Line& line = level[LineOf(key, level.size())];
  return VisitBits(key, [&line](uint64_t word, uint64_t bit) { return (line[word] & bit) != 0; });
}

}  // namespace timebank::storage
