// A file that is there whole or not at all.
//
// It is written under another name (`exchanges.csv.part`) and gets its own in the end, so that an export that
// broke off is not taken for one. Only its owner may read it. Threads: one.
#ifndef TIMEBANK_CLIENT_CLI_EXPORT_FILE_H_
#define TIMEBANK_CLIENT_CLI_EXPORT_FILE_H_

#include <fstream>
#include <ostream>
#include <string>

#include "absl/status/status.h"

namespace timebank::cli {

class ExportFile {
 public:
  ExportFile() = default;
  ~ExportFile();
  ExportFile(const ExportFile&) = delete;
  ExportFile& operator=(const ExportFile&) = delete;

  // Errors (usage): `path` is there already, or cannot be written.
  absl::Status Open(const std::string& path);
  std::ostream& stream() { return stream_; }
  // Gives it its name. Errors (incomplete): what was written did not reach the disk.
  absl::Status Close();

 private:
  std::string path_;
  std::ofstream stream_;
};

}  // namespace timebank::cli

#endif  // TIMEBANK_CLIENT_CLI_EXPORT_FILE_H_
