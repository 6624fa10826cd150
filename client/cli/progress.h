// How far a long run has come: a bar on a terminal, nothing elsewhere.
//
// Threads: one.
#ifndef TIMEBANK_CLIENT_CLI_PROGRESS_H_
#define TIMEBANK_CLIENT_CLI_PROGRESS_H_

#include <cstdint>
#include <string>

#include "client/cli/console.h"

namespace timebank::cli {

class Progress {
 public:
  // `what` is done, in a word. `console` must outlive it.
  Progress(Console& console, std::string what);
  // Leaves nothing behind.
  ~Progress() { Clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // `done` of `total`; nothing where that is not more than 0.
  void Show(int64_t done, int64_t total);
  // Before anything else is written to the same line.
  void Clear();

 private:
  Console& console_;
  const std::string what_;
  // In percent; -1: nothing.
  int64_t shown_ = -1;
};

}  // namespace timebank::cli

#endif  // TIMEBANK_CLIENT_CLI_PROGRESS_H_
