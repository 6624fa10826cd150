// A reader that can be looked into: the rows that come first are read, kept, and given again.
//
// Memory: the members' rows, and at most kMostKeptRejects bad ones. Threads: one at a time.
#ifndef TIMEBANK_CLIENT_CLI_IMPORT_LOOKED_INTO_H_
#define TIMEBANK_CLIENT_CLI_IMPORT_LOOKED_INTO_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "client/cli/import/reader.h"

namespace timebank::imports {

inline constexpr size_t kMostKeptRejects = 10'000;

class LookedInto : public Reader {
 public:
  // `reader` has given nothing yet.
  explicit LookedInto(std::unique_ptr<Reader> reader) : reader_(std::move(reader)) {}

  // Whether the files tell of members who left; members come before everything else. Also true where there
  // are too many bad rows before one can tell. Before the first Next().
  absl::StatusOr<bool> SomebodyLeft();

  absl::StatusOr<bool> Next(Row& row) override;
  std::string_view system() const override { return reader_->system(); }
  std::string_view id_prefix() const override { return reader_->id_prefix(); }
  std::vector<std::string> Heading(std::string_view file) const override { return reader_->Heading(file); }
  char Separator(std::string_view file) const override { return reader_->Separator(file); }
  std::string_view position() const override { return reader_->position(); }
  std::string_view missing_file() const override { return reader_->missing_file(); }
  std::string_view community_found() const override { return reader_->community_found(); }
  std::string_view also_in_notes() const override { return reader_->also_in_notes(); }
  std::vector<std::string> LeftOut() const override { return reader_->LeftOut(); }
  int64_t bytes_consumed() const override { return reader_->bytes_consumed(); }
  int64_t bytes_total() const override { return reader_->bytes_total(); }

 private:
  const std::unique_ptr<Reader> reader_;
  // Read, and still to be given.
  std::deque<Row> rows_;
};

}  // namespace timebank::imports

#endif  // TIMEBANK_CLIENT_CLI_IMPORT_LOOKED_INTO_H_
