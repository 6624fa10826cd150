// --rejects: the rows that could not be posted, as a file that opens in a spreadsheet, can be mended there
// and imported again.
//
// The heading and the columns are those of the source, with `rejected_line` and `rejected_why` behind them;
// rows that could not be taken apart have those two alone. UTF-8 with a byte-order mark, by which
// spreadsheets know it. What a spreadsheet would run as a formula is made harmless (import/harmless.h).
//
// Memory: one row. Threads: one.
#ifndef TIMEBANK_CLIENT_CLI_REJECTS_FILES_H_
#define TIMEBANK_CLIENT_CLI_REJECTS_FILES_H_

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "client/cli/import/reader.h"

namespace timebank::cli {

class RejectsFiles {
 public:
  struct Written {
    std::string path;
    int64_t rows = 0;
    // Where the file is now that was there before with something else in it, half mended, perhaps; empty:
    // none.
    std::string before;
  };

  // `path`: as told; empty: nothing is written. Where there are several `sources`, each gets a file with its
  // name inserted: bad.csv becomes bad-users.csv.
  RejectsFiles(std::string path, std::vector<std::string> sources);

  // Errors (usage): a file of rejects would be one of the sources.
  absl::Status Check() const;
  // A file begins with its first row, and takes its name in Close(). `reader` read it.
  void Add(const imports::Reject& reject, const imports::Reader& reader);
  // Nothing is written over: a file that is there and has something else in it gets another name. Errors
  // (incomplete): a file could not be written to its end; names it.
  absl::Status Close();

  bool wanted() const { return !path_.empty(); }
  // After Close(): by path.
  const std::vector<Written>& written() const { return written_; }

 private:
  struct File {
    std::string path;
    std::string part;  // that it is written to
    std::ofstream stream;
    // Columns of the source.
    size_t columns = 0;
    char separator = ',';
    int64_t rows = 0;
  };

  // Of the source of that name (without its folder).
  std::string PathFor(const std::string& source) const;
  File& FileFor(const std::string& source, const imports::Reader& reader);

  std::string path_;
  std::vector<std::string> sources_;
  // By the source's name.
  std::map<std::string, File> files_;
  std::vector<Written> written_;
};

}  // namespace timebank::cli

#endif  // TIMEBANK_CLIENT_CLI_REJECTS_FILES_H_
