#include "storage/file_system.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <utility>

#include "absl/strings/str_cat.h"
#include "storage/status_macros.h"

namespace timebank::storage {
namespace {

absl::Status Failed(int error, const char* call, const std::string& path) {
  return absl::ErrnoToStatus(error, absl::StrCat(call, " ", path));
}

// Repeats a call that a signal interrupted.
template <typename Call>
auto Retried(Call call) {
  auto result = call();
  while (result == -1 && errno == EINTR) result = call();
  return result;
}

// A descriptor that is closed with its owner.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (fd_ != -1) close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

absl::StatusOr<Descriptor> OpenDescriptor(const std::string& path, int flags) {
  constexpr mode_t kOwnerAndGroup = 0640;
  const int fd = Retried([&] { return open(path.c_str(), flags | O_CLOEXEC, kOwnerAndGroup); });
  if (fd == -1) return Failed(errno, "open", path);
  return Descriptor(fd);
}

class PosixFile final : public File {
 public:
  PosixFile(std::string path, Descriptor descriptor)
      : path_(std::move(path)), descriptor_(std::move(descriptor)) {}

  absl::StatusOr<size_t> ReadAt(uint64_t offset, std::span<char> buffer) override {
    size_t done = 0;
    while (done < buffer.size()) {
      const ssize_t got = Retried([&] {
        return pread(descriptor_.get(), buffer.data() + done, buffer.size() - done,
                     static_cast<off_t>(offset + done));
      });
      if (got == -1) return Failed(errno, "pread", path_);
      if (got == 0) break;
      done += static_cast<size_t>(got);
    }
    return done;
  }

  absl::Status WriteAt(uint64_t offset, std::string_view bytes) override {
    while (!bytes.empty()) {
      const ssize_t put = Retried(
          [&] { return pwrite(descriptor_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset)); });
      if (put == -1) return Failed(errno, "pwrite", path_);
      offset += static_cast<uint64_t>(put);
      bytes.remove_prefix(static_cast<size_t>(put));
    }
    return absl::OkStatus();
  }

  absl::Status Allocate(uint64_t bytes) override {
    int error;
    do {
      error = posix_fallocate(descriptor_.get(), 0, static_cast<off_t>(bytes));
    } while (error == EINTR);
    if (error != 0) return Failed(error, "posix_fallocate", path_);
    return absl::OkStatus();
  }

  absl::Status Sync() override {
    if (fdatasync(descriptor_.get()) == -1) return Failed(errno, "fdatasync", path_);
    return absl::OkStatus();
  }

  absl::StatusOr<uint64_t> Size() override {
    struct stat info;
    if (fstat(descriptor_.get(), &info) == -1) return Failed(errno, "fstat", path_);
    return static_cast<uint64_t>(info.st_size);
  }

 private:
  const std::string path_;
  const Descriptor descriptor_;
};

class PosixLock final : public FileSystem::Lock {
 public:
  explicit PosixLock(Descriptor descriptor) : descriptor_(std::move(descriptor)) {}

 private:
  const Descriptor descriptor_;
};

class PosixFileSystem final : public FileSystem {
 public:
  absl::StatusOr<std::unique_ptr<File>> Open(const std::string& path) override {
    TB_ASSIGN_OR_RETURN(Descriptor descriptor, OpenDescriptor(path, O_RDWR));
    return std::make_unique<PosixFile>(path, std::move(descriptor));
  }

  absl::StatusOr<std::unique_ptr<File>> Create(const std::string& path) override {
    TB_ASSIGN_OR_RETURN(Descriptor descriptor, OpenDescriptor(path, O_RDWR | O_CREAT | O_EXCL));
    return std::make_unique<PosixFile>(path, std::move(descriptor));
  }

  absl::Status Rename(const std::string& old_path, const std::string& new_path) override {
    if (rename(old_path.c_str(), new_path.c_str()) == -1) return Failed(errno, "rename", old_path);
    return absl::OkStatus();
  }

  absl::Status Remove(const std::string& path) override {
    if (unlink(path.c_str()) == -1) return Failed(errno, "unlink", path);
    return absl::OkStatus();
  }

  absl::StatusOr<std::vector<std::string>> List(const std::string& folder) override {
    const std::unique_ptr<DIR, int (*)(DIR*)> open_folder(opendir(folder.c_str()), closedir);
    if (open_folder == nullptr) return Failed(errno, "opendir", folder);
    std::vector<std::string> names;
    for (;;) {
      errno = 0;
      const dirent* const entry = readdir(open_folder.get());
      if (entry == nullptr) break;
      const std::string name = entry->d_name;
      if (name != "." && name != "..") names.push_back(name);
    }
    if (errno != 0) return Failed(errno, "readdir", folder);
    return names;
  }

  absl::Status MakeFolder(const std::string& folder) override {
    constexpr mode_t kOwnerAndGroup = 0750;
    if (mkdir(folder.c_str(), kOwnerAndGroup) == -1 && errno != EEXIST) return Failed(errno, "mkdir", folder);
    return absl::OkStatus();
  }

  absl::Status SyncFolder(const std::string& folder) override {
    TB_ASSIGN_OR_RETURN(const Descriptor descriptor, OpenDescriptor(folder, O_RDONLY | O_DIRECTORY));
    if (fsync(descriptor.get()) == -1) return Failed(errno, "fsync", folder);
    return absl::OkStatus();
  }

  absl::StatusOr<std::unique_ptr<Lock>> LockFolder(const std::string& folder) override {
    TB_ASSIGN_OR_RETURN(Descriptor descriptor, OpenDescriptor(folder, O_RDONLY | O_DIRECTORY));
    if (flock(descriptor.get(), LOCK_EX | LOCK_NB) == -1) {
      if (errno == EWOULDBLOCK) {
        return absl::FailedPreconditionError(absl::StrCat(folder, " is in use by another process"));
      }
      return Failed(errno, "flock", folder);
    }
    return std::make_unique<PosixLock>(std::move(descriptor));
  }
};

}  // namespace

FileSystem& FileSystem::Posix() {
  static auto* const kFileSystem = new PosixFileSystem;
  return *kFileSystem;
}

}  // namespace timebank::storage
