#include "storage/patient_files.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

namespace timebank::storage {
namespace {

constexpr absl::Duration kBetweenTries = absl::Milliseconds(250);

bool IsNoRoom(int error) { return error == ENOSPC || error == EDQUOT; }

rocksdb::IOStatus ToStatus(int error, std::string_view call, const std::string& path) {
  if (error == 0) return rocksdb::IOStatus::OK();
  const std::string what = absl::StrCat(absl::string_view(call.data(), call.size()), " ", path);
  const std::string why = std::generic_category().message(error);
  return IsNoRoom(error) ? rocksdb::IOStatus::NoSpace(what, why) : rocksdb::IOStatus::IOError(what, why);
}

}  // namespace

// Bytes go to the file as they come: RocksDB's own buffer is in front of this.
class PatientFiles::OneFile final : public rocksdb::FSWritableFile {
 public:
  OneFile(PatientFiles* files, std::string path, int file, const rocksdb::FileOptions& options)
      : FSWritableFile(options), files_(*files), path_(std::move(path)), file_(file) {}
  ~OneFile() override {
    if (file_ != -1) close(file_);
  }

  using FSWritableFile::Append;
  rocksdb::IOStatus Append(const rocksdb::Slice& bytes, const rocksdb::IOOptions&,
                           rocksdb::IODebugContext*) override {
    std::string_view left(bytes.data(), bytes.size());
    const int error = files_.Patiently([&] {
      while (!left.empty()) {
        if (files_.IsFull()) return ENOSPC;
        const ssize_t put = pwrite(file_, left.data(), left.size(), static_cast<off_t>(size_));
        if (put == -1 && errno == EINTR) continue;
        if (put == -1) return errno;
        size_ += static_cast<uint64_t>(put);
        left.remove_prefix(static_cast<size_t>(put));
      }
      return 0;
    });
    return ToStatus(error, "pwrite", path_);
  }
  rocksdb::IOStatus Truncate(uint64_t size, const rocksdb::IOOptions&, rocksdb::IODebugContext*) override {
    if (ftruncate(file_, static_cast<off_t>(size)) != 0) return ToStatus(errno, "ftruncate", path_);
    size_ = size;
    return rocksdb::IOStatus::OK();
  }
  rocksdb::IOStatus Close(const rocksdb::IOOptions&, rocksdb::IODebugContext*) override {
    const int file = std::exchange(file_, -1);
    return ToStatus(file != -1 && close(file) != 0 ? errno : 0, "close", path_);
  }
  rocksdb::IOStatus Flush(const rocksdb::IOOptions&, rocksdb::IODebugContext*) override {
    return rocksdb::IOStatus::OK();
  }
  rocksdb::IOStatus Sync(const rocksdb::IOOptions&, rocksdb::IODebugContext*) override {
    return ToStatus(fdatasync(file_) != 0 ? errno : 0, "fdatasync", path_);
  }
  rocksdb::IOStatus Fsync(const rocksdb::IOOptions&, rocksdb::IODebugContext*) override {
    return ToStatus(fsync(file_) != 0 ? errno : 0, "fsync", path_);
  }
  // A beginning only, so that the sync at the end has less to do: not every file system can.
  rocksdb::IOStatus RangeSync(uint64_t offset, uint64_t bytes, const rocksdb::IOOptions&,
                              rocksdb::IODebugContext*) override {
    static_cast<void>(
        sync_file_range(file_, static_cast<off_t>(offset), static_cast<off_t>(bytes), SYNC_FILE_RANGE_WRITE));
    return rocksdb::IOStatus::OK();
  }
  bool IsSyncThreadSafe() const override { return true; }
  uint64_t GetFileSize(const rocksdb::IOOptions&, rocksdb::IODebugContext*) override { return size_; }

 private:
  PatientFiles& files_;
  const std::string path_;
  int file_;
  uint64_t size_ = 0;
};

PatientFiles::PatientFiles(std::function<uint64_t()> free_bytes)
    : FileSystemWrapper(rocksdb::FileSystem::Default()), free_bytes_(std::move(free_bytes)) {}

void PatientFiles::BePatient(std::function<void(bool waiting)> on_waiting) {
  absl::MutexLock lock(&mutex_);
  patient_ = true;
  on_waiting_ = std::move(on_waiting);
}

void PatientFiles::GiveUp() {
  absl::MutexLock lock(&mutex_);
  patient_ = false;
  on_waiting_ = nullptr;
}

int PatientFiles::Patiently(const std::function<int()>& call) {
  int error = call();
  if (!IsNoRoom(error)) return error;
  absl::MutexLock lock(&mutex_);
  if (waiting_++ == 0 && on_waiting_) on_waiting_(true);
  const auto given_up = [this]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return !patient_; };
  while (IsNoRoom(error) && !mutex_.AwaitWithTimeout(absl::Condition(&given_up), kBetweenTries)) {
    mutex_.Unlock();
    error = call();
    mutex_.Lock();
  }
  if (--waiting_ == 0 && on_waiting_) on_waiting_(false);
  return error;
}

rocksdb::IOStatus PatientFiles::NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                                std::unique_ptr<rocksdb::FSWritableFile>* file,
                                                rocksdb::IODebugContext*) {
  constexpr mode_t kOwnerAndOthers = 0644;  // as RocksDB's own: the umask and the folder above decide
  int made = -1;
  const int error = Patiently([&] {
    do {
      made = open(name.c_str(), O_CREAT | O_TRUNC | O_RDWR | O_CLOEXEC, kOwnerAndOthers);
    } while (made == -1 && errno == EINTR);
    return made == -1 ? errno : 0;
  });
  if (error == ENOENT) return rocksdb::IOStatus::PathNotFound(name);
  if (error == 0) *file = std::make_unique<OneFile>(this, name, made, options);
  return ToStatus(error, "open", name);
}

}  // namespace timebank::storage
