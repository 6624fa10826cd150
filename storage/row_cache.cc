#include "storage/row_cache.h"

#include <cassert>
#include <cstring>
#include <memory>
#include <string>

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

}  // namespace

void RowCache::Keep(uint64_t generation, std::string_view key, std::string_view value) const {
  auto kept = std::make_unique<std::string>(value);
  const size_t charge = sizeof(std::string) + kept->capacity();
  // Without a handle it always takes the value: where there is no room, it deletes it.
  cache_->Insert(CacheKey(generation, key).slice(), kept.release(), charge, Delete).PermitUncheckedError();
}

rocksdb::Cache::Handle* RowCache::Lookup(uint64_t generation, std::string_view key) const {
  return cache_->Lookup(CacheKey(generation, key).slice());
}

std::string_view RowCache::ValueOf(rocksdb::Cache::Handle* handle) const {
  return *static_cast<const std::string*>(cache_->Value(handle));
}

}  // namespace timebank::storage
