// Which sequence numbers a run was given for what it posted. They come in long runs, so that a million of
// them take a few bytes.
#ifndef TIMEBANK_CLIENT_CLI_SEQUENCE_RANGES_H_
#define TIMEBANK_CLIENT_CLI_SEQUENCE_RANGES_H_

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <vector>

namespace timebank::cli {

class SequenceRanges {
 public:
  // Greater than every one before.
  void Add(int64_t sequence) {
    if (!ranges_.empty() && ranges_.back().last + 1 == sequence) {
      ranges_.back().last = sequence;
    } else {
      ranges_.push_back({sequence, sequence});
    }
  }

  bool Contains(int64_t sequence) const {
    const auto after = std::upper_bound(ranges_.begin(), ranges_.end(), sequence,
                                        [](int64_t s, const Range& range) { return s < range.first; });
    return after != ranges_.begin() && sequence <= std::prev(after)->last;
  }

 private:
  struct Range {
    int64_t first;
    int64_t last;
  };
  std::vector<Range> ranges_;
};

}  // namespace timebank::cli

#endif  // TIMEBANK_CLIENT_CLI_SEQUENCE_RANGES_H_
