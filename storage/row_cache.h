// Rows of families that are written once and hardly ever again, as they were read from disk. Finding one here
// costs a tenth of what RocksDB takes to find it in its blocks; a statement page reads fifty.
//
// A row is kept for one generation of the family: a fold that writes over folded rows begins the next one,
// for the views from then on. So a view finds no row that is older or newer than its own, whoever kept it,
// and whenever. (It may find the text of an entry that came after it; views are asked for texts of entries
// that they have.)
//
// Threads: any. Limits: shares the memory of the block cache, which throws out what has not been used
// longest.
#ifndef TIMEBANK_STORAGE_ROW_CACHE_H_
#define TIMEBANK_STORAGE_ROW_CACHE_H_

#include <rocksdb/cache.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "storage/types.h"

namespace timebank::storage {

class RowCache {
 public:
  explicit RowCache(std::shared_ptr<rocksdb::Cache> cache) : cache_(std::move(cache)) {}

  // Families whose rows are kept. Their keys are of one length, 16 bytes.
  static constexpr bool Keeps(Family family) { return family == Family::kText; }

  // Calls `read` with the row's value and returns what it does; nullopt: the row is not here.
  template <typename Read>
  auto Find(uint64_t generation, std::string_view key, const Read& read) const
      -> std::optional<decltype(read(std::string_view()))> {
    rocksdb::Cache::Handle* handle = Lookup(generation, key);
    if (handle == nullptr) return std::nullopt;
    auto result = read(ValueOf(handle));
    cache_->Release(handle);
    return result;
  }

  void Keep(uint64_t generation, std::string_view key, std::string_view value) const;

 private:
  rocksdb::Cache::Handle* Lookup(uint64_t generation, std::string_view key) const;
  std::string_view ValueOf(rocksdb::Cache::Handle* handle) const;

  const std::shared_ptr<rocksdb::Cache> cache_;
};

}  // namespace timebank::storage

#endif  // TIMEBANK_STORAGE_ROW_CACHE_H_
