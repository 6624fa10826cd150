// Lines that a broker has typed and the server has not answered yet: none is lost with the connection, the
// program or the machine.
//
// A file a line, in `$XDG_STATE_HOME/timebank/waiting`, else `~/.local/state/timebank/waiting`, readable by
// its owner only. It is written before the line is sent and taken away once it was posted, or refused before
// whoever typed it. What a line is posted under is fixed in it, so that it is posted once, however often it
// is sent. Threads: one; several programs at the same time do not get into each other's way.
#ifndef TIMEBANK_CLIENT_CLI_WAITING_LINES_H_
#define TIMEBANK_CLIENT_CLI_WAITING_LINES_H_

#include <filesystem>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/cli/context.h"
#include "timebank/v1/ledger_service.pb.h"

namespace timebank::cli {

struct WaitingLine {
  // Whose it is: `timebanks/rushey`, and the name that it was typed under (--as; may be empty).
  std::string bank;
  std::string as;
  // As typed, and the ISO day that it was typed for.
  std::string typed;
  std::string day;
  // What it is posted under where it has no slip.
  std::string request_id;
  // Set once it was clear who is meant: this is what was sent.
  v1::RecordExchangeRequest request;
  bool resolved = false;

  // Where it is kept; empty: nowhere yet.
  std::filesystem::path path;
};

class WaitingLines {
 public:
  explicit WaitingLines(std::filesystem::path folder) : folder_(std::move(folder)) {}

  // Writes `line` through to the disk, in place of what was kept of it, and sets its path. Errors (usage): it
  // cannot be written, naming the file.
  absl::Status Keep(WaitingLine& line);
  // Takes it away. A file that cannot be taken away is sent again later, and posted once.
  void Forget(const WaitingLine& line);
  // Those of that bank and name, oldest first. A file that cannot be read is left where it is.
  std::vector<WaitingLine> Of(const std::string& bank, const std::string& as) const;

 private:
  std::filesystem::path folder_;
};

// The folder. Errors (usage): neither XDG_STATE_HOME nor HOME is set.
absl::StatusOr<std::filesystem::path> WaitingFolder(const Variables& variables);

// 128 random bits in hexadecimal.
std::string NewLineId();

}  // namespace timebank::cli

#endif  // TIMEBANK_CLIENT_CLI_WAITING_LINES_H_
