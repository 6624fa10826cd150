// Rows as they were read from disk. Finding one here costs a tenth of what RocksDB takes to find it.
//
// - Texts of entries are written once and hardly ever again; a statement page reads fifty, of scattered
// entries.
// - Accounts, and the head of their bank, are what every read begins with; each fold writes those that moved.
// - What a reader made of an account's movements and the notes of their entries: a page of a statement is put
// together from rows of days, of the statement and of fifty texts.
//
// A row is kept for one generation. That of texts ends with a fold that writes over folded ones, that of
// accounts with each fold; views from then on have the next. So a view finds no row that is older or newer
// than its own, whoever kept it, and whenever. (It may find the text of an entry that came after it; views
// are asked for texts of entries that they have.) What was made of an account is kept until the account
// moves: folds note which ones do.
//
// Threads: any. Limits: shares the memory of the block cache, which throws out what has not been used
// longest.
#ifndef TIMEBANK_STORAGE_ROW_CACHE_H_
#define TIMEBANK_STORAGE_ROW_CACHE_H_

#include <rocksdb/cache.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
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

  // A view's: of all rows but texts, and of texts.
  struct Generations {
    uint64_t rows;
    uint64_t texts;
  };
  // What KeepMade() was given by a view in which the account had the same movements, and their entries the
  // same notes; nullopt: it is not here. `account`: an AccountKey.
  std::optional<std::string> FindMade(Generations view, std::string_view account) const;
  void KeepMade(Generations view, std::string_view account, std::string_view made) const;
  // That a fold moved the account. `rows`: the generation that it made or one before it, but none that views
  // without the fold have; before there are any views with it.
  void NoteMoved(std::string_view account, uint64_t rows);

 private:
  // Accounts share these, so one may be taken for moved because another was.
  static constexpr size_t kPlaces = size_t{1} << 14;
  static size_t PlaceOf(std::string_view account) { return std::hash<std::string_view>()(account) % kPlaces; }

  void Insert(uint64_t generation, std::string_view key, std::string_view value,
              rocksdb::Cache::Priority priority) const;
  rocksdb::Cache::Handle* Lookup(uint64_t generation, std::string_view key) const;
  std::string_view ValueOf(rocksdb::Cache::Handle* handle) const;

  const std::shared_ptr<rocksdb::Cache> cache_;
  std::array<std::atomic<uint64_t>, kPlaces> moved_{};  // generation of the last fold that moved one of these
};

}  // namespace timebank::storage

#endif  // TIMEBANK_STORAGE_ROW_CACHE_H_
