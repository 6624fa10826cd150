// A row among others that are put in order of family and key.
//
// It has the beginning of its key beside it, so that comparing two seldom has to look the keys up: they lie
// all over the memory.
#ifndef TIMEBANK_STORAGE_SORTED_ROW_H_
#define TIMEBANK_STORAGE_SORTED_ROW_H_

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <tuple>

#include "storage/coding.h"
#include "storage/types.h"

namespace timebank::storage {

// Of what must outlive it.
class SortedRow {
 public:
  SortedRow(Family row_family, std::string_view row_key, std::string_view row_value)
      : family(row_family),
        key(row_key),
        value(row_value),
        first_(BytesOf(row_key, 0)),
        second_(BytesOf(row_key, sizeof(uint64_t))),
        third_(BytesOf(row_key, 2 * sizeof(uint64_t))) {}

  friend bool operator<(const SortedRow& a, const SortedRow& b) {
    if (a.family != b.family) return a.family < b.family;
    if (a.first_ != b.first_) return a.first_ < b.first_;
    if (a.second_ != b.second_) return a.second_ < b.second_;
    if (a.third_ != b.third_) return a.third_ < b.third_;
    return a.key < b.key;
  }

  Family family;
  std::string_view key;
  std::string_view value;

 private:
  static uint64_t BytesOf(std::string_view key, size_t from) {
    char bytes[sizeof(uint64_t)] = {};
    if (key.size() > from) key.copy(bytes, sizeof bytes, from);
    return GetBigEndian<uint64_t>(bytes);
  }

  uint64_t first_;   // the key's first 8 bytes, which are its bank in all families but meta
  uint64_t second_;  // the next 8, which requests of one caller have in common
  uint64_t third_;   // and the next
};

}  // namespace timebank::storage

#endif  // TIMEBANK_STORAGE_SORTED_ROW_H_
