// Rows as they were read from disk. Finding one here costs a tenth of what RocksDB takes to find it.
//
// - Texts of entries are written once and hardly ever again; a statement page reads fifty, of scattered
// entries.
// - Accounts, and the head of their bank, are what every read begins with; each fold writes those that moved.
//
// A row is kept for one generation. That of texts ends with a fold that writes over folded ones, that of
// accounts with each fold; views from then on have the next. So a view finds no row that is older or newer
// than its own, whoever kept it, and whenever. (It may find the text of an entry that came after it; views
// are asked for texts of entries that they have.)
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

namespace timebank::storage {

class RowCache {
 public:
  explicit RowCache(std::shared_ptr<rocksdb::Cache> cache) : cache_(std::move(cache)) {}

  // Calls `read` with the row as it was kept and returns what it does; nullopt: it is not here. `key`: a
  // TextKey or an AccountKey, which differ in length.
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
