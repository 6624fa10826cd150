#include "storage/row_cache.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <memory>
#include <string>

#include "storage/coding.h"
#include "storage/database.h"

namespace timebank::storage {
namespace {

// RocksDB's own keys are 16 bytes long; these are longer, so that none is equal to one of them.
class CacheKey {
 public:
  CacheKey(uint64_t generation, std::string_view key) : size_(sizeof(generation) + key.size()) {
    assert(key.size() > kRocksDbKeyBytes - sizeof(generation) && size_ <= sizeof(bytes_));
    std::memcpy(bytes_, &generation, sizeof(generation));
    std::memcpy(bytes_ + sizeof(generation), key.data(), key.size());
  }
  rocksdb::Slice slice() const { return {bytes_, size_}; }

 private:
  static constexpr size_t kRocksDbKeyBytes = 16;
  size_t size_;
  char bytes_[64];
};

void Delete(const rocksdb::Slice&, void* value) { delete static_cast<std::string*>(value); }

// In the place of a generation in keys of what was made, which says its generations itself.
constexpr uint64_t kMade = ~uint64_t{0};

}  // namespace

void RowCache::Keep(uint64_t generation, std::string_view key, std::string_view value) const {
  Insert(generation, key, value, rocksdb::Cache::Priority::LOW);
}

void RowCache::Insert(uint64_t generation, std::string_view key, std::string_view value,
                      rocksdb::Cache::Priority priority) const {
  auto kept = std::make_unique<std::string>(value);
  const size_t charge = sizeof(std::string) + kept->capacity();
  // Without a handle it always takes the value: where there is no room, it deletes it.
  cache_->Insert(CacheKey(generation, key).slice(), kept.release(), charge, Delete, nullptr, priority)
      .PermitUncheckedError();
}

rocksdb::Cache::Handle* RowCache::Lookup(uint64_t generation, std::string_view key) const {
  return cache_->Lookup(CacheKey(generation, key).slice());
}

std::string_view RowCache::ValueOf(rocksdb::Cache::Handle* handle) const {
  return *static_cast<const std::string*>(cache_->Value(handle));
}

std::optional<std::string> RowCache::FindMade(Generations view, std::string_view account) const {
  auto found = Find(kMade, account, [&](std::string_view kept) -> std::optional<std::string> {
    const auto rows = GetBigEndian<uint64_t>(kept.data());
    const auto texts = GetBigEndian<uint64_t>(kept.data() + sizeof(rows));
    const uint64_t moved = moved_[PlaceOf(account)].load(std::memory_order_acquire);
    if (texts != view.texts || moved > std::min(rows, view.rows)) return std::nullopt;
    return std::string(kept.substr(sizeof(rows) + sizeof(texts)));
  });
  return found.has_value() ? *std::move(found) : std::nullopt;
}

void RowCache::KeepMade(Generations view, std::string_view account, std::string_view made) const {
  std::string kept;
  kept.reserve(2 * sizeof(uint64_t) + made.size());
  PutBigEndian(&kept, view.rows);
  PutBigEndian(&kept, view.texts);
  kept += made;
  // Not to be pushed out by the blocks that making it reads, many times as large.
  Insert(kMade, account, kept, rocksdb::Cache::Priority::HIGH);
}

void RowCache::NoteMoved(std::string_view account, uint64_t rows) {
  moved_[PlaceOf(account)].store(rows, std::memory_order_release);
}

}  // namespace timebank::storage
