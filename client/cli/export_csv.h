// A folder of CSV files that imports back: the format is told in import/timebank_export.h.
//
// Memory: the streams. Threads: one.
#ifndef TIMEBANK_CLIENT_CLI_EXPORT_CSV_H_
#define TIMEBANK_CLIENT_CLI_EXPORT_CSV_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "client/cli/export_file.h"
#include "client/cli/export_sink.h"

namespace timebank::cli {

class CsvSink : public ExportSink {
 public:
  // Begins the files in `folder`, which is made where it is not there. Errors (usage): one of them is there.
  absl::Status Open(const std::string& folder, std::string_view bank_id, const ExportScope& scope);

  absl::Status Take(const v1::LedgerEvent& event, const Directory& directory,
                    const v1::Exchange* reversed) override;
  bool WantsReversed() const override { return true; }
  std::vector<std::string> Notices() const override;
  absl::Status Finish(const ExportFacts& facts) override;

 private:
  using Cells = std::map<std::string_view, std::string>;
  struct Sheet {
    ExportFile file;
    std::vector<std::string_view> columns;
    int64_t rows = 0;
  };

  absl::Status Begin(Sheet& sheet, const std::string& name, std::vector<std::string_view> columns);
  // Cells that are not named stay empty.
  void Write(Sheet& sheet, const Cells& cells);
  void WriteExchange(const v1::Exchange& exchange, const Directory& directory, const v1::Exchange* reversed);
  void WriteEvent(const v1::LedgerEvent& event);
  void WriteMembers(const ExportFacts& facts);
  void WriteCircles(const ExportFacts& facts);
  void WriteSummary(const ExportFacts& facts);

  std::string folder_;
  std::string bank_id_;
  bool whole_ = true;
  Sheet exchanges_;
  Sheet events_;
  Sheet members_;
  Sheet circles_;
  Sheet summary_;
  // Cells that held a NUL.
  int64_t nul_cells_ = 0;
};

}  // namespace timebank::cli

#endif  // TIMEBANK_CLIENT_CLI_EXPORT_CSV_H_
