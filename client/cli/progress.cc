#include "client/cli/progress.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>

namespace timebank::cli {
namespace {

constexpr size_t kWidth = 40;
// What stands around word and bar: ` [] 100 %`.
constexpr size_t kAround = 10;

}  // namespace

Progress::Progress(Console& console, std::string what) : console_(console), what_(std::move(what)) {}

void Progress::Show(int64_t done, int64_t total) {
  if (!console_.err_is_terminal || total <= 0) return;
  const int64_t percent = std::min<int64_t>(100, done * 100 / total);
  if (percent == shown_) return;
  shown_ = percent;
  const auto filled = static_cast<size_t>(percent * static_cast<int64_t>(kWidth) / 100);
  console_.err << "\r" << what_ << " [" << std::string(filled, '#') << std::string(kWidth - filled, ' ')
               << "] " << percent << " %" << std::flush;
}

void Progress::Clear() {
  if (shown_ < 0) return;
  console_.err << "\r" << std::string(DisplayWidth(what_) + kWidth + kAround, ' ') << "\r" << std::flush;
  shown_ = -1;
}

}  // namespace timebank::cli
