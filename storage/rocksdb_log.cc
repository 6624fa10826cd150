#include "storage/rocksdb_log.h"

#include <cstdarg>
#include <cstddef>
#include <cstdio>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace timebank::storage {
namespace {

constexpr size_t kMaxFileBytes = 1u << 20;
constexpr size_t kMaxLineBytes = 4u << 10;

class RocksDbLog final : public rocksdb::Logger {
 public:
  explicit RocksDbLog(std::string path) : Logger(rocksdb::INFO_LEVEL), path_(std::move(path)) {
    absl::MutexLock lock(&mutex_);
    Begin();
  }
  ~RocksDbLog() override {
    absl::MutexLock lock(&mutex_);
    End();
  }

  using rocksdb::Logger::Logv;
  void Logv(const char* format, va_list arguments) override {
    char text[kMaxLineBytes];
    std::vsnprintf(text, sizeof(text), format, arguments);
    const std::string line = absl::StrCat(
        absl::FormatTime("%Y-%m-%dT%H:%M:%E6SZ", absl::Now(), absl::UTCTimeZone()), " ", text, "\n");
    absl::MutexLock lock(&mutex_);
    if (written_ + line.size() > kMaxFileBytes) {
      End();
      Begin();
    }
    if (file_ == nullptr) return;
    // What could not be written is gone; the next line is tried again.
    if (std::fwrite(line.data(), 1, line.size(), file_) != line.size() || std::fflush(file_) != 0) {
      std::clearerr(file_);
    }
    written_ += line.size();
  }

 private:
  void Begin() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    std::rename(path_.c_str(), (path_ + ".old").c_str());
    file_ = std::fopen(path_.c_str(), "we");
    written_ = 0;
  }
  void End() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (file_ != nullptr) std::fclose(file_);
    file_ = nullptr;
  }

  const std::string path_;
  absl::Mutex mutex_;
  std::FILE* file_ ABSL_GUARDED_BY(mutex_) = nullptr;
  size_t written_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace

std::shared_ptr<rocksdb::Logger> NewRocksDbLog(std::string path) {
  return std::make_shared<RocksDbLog>(std::move(path));
}

}  // namespace timebank::storage
