// The few calls that the commit log makes to the operating system, behind an interface, so that a test can
// fail a sync, fill the disk or cut the power.
//
// Errors are absl::ErrnoToStatus with the call and the path in the message: a full disk or quota is
// RESOURCE_EXHAUSTED, a missing file NOT_FOUND, a damaged disk UNKNOWN.
#ifndef TIMEBANK_STORAGE_FILE_SYSTEM_H_
#define TIMEBANK_STORAGE_FILE_SYSTEM_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace timebank::storage {

// An open file; closed when destroyed. Threads: ReadAt from any thread, also while another one writes or
// syncs.
class File {
 public:
  virtual ~File() = default;

  // Fills `buffer` from `offset` on and returns the number of bytes read: fewer than asked for at the file's
  // end only.
  virtual absl::StatusOr<size_t> ReadAt(uint64_t offset, std::span<char> buffer) = 0;

  // Writes all of `bytes`. After an error any part of them may have been written.
  virtual absl::Status WriteAt(uint64_t offset, std::string_view bytes) = 0;

  // Reserves room on the disk for the first `bytes` bytes and makes the file at least that long.
  virtual absl::Status Allocate(uint64_t bytes) = 0;

  // Returns when everything written so far, and what is needed to read it back, is on the disk. After an
  // error nothing is known about any write since the last success, and another call would tell a lie: the
  // system forgets what it could not write.
  virtual absl::Status Sync() = 0;

  // Length in bytes.
  virtual absl::StatusOr<uint64_t> Size() = 0;
};

// Files by path. Threads: any.
class FileSystem {
 public:
  // A folder's lock; given back when destroyed, or when the process ends in whatever way.
  class Lock {
   public:
    virtual ~Lock() = default;
  };

  virtual ~FileSystem() = default;

  // The operating system's. Lives for ever.
  static FileSystem& Posix();

  // Opens a file that exists, for reading and writing.
  virtual absl::StatusOr<std::unique_ptr<File>> Open(const std::string& path) = 0;

  // Creates an empty file. ALREADY_EXISTS.
  virtual absl::StatusOr<std::unique_ptr<File>> Create(const std::string& path) = 0;

  // Renames a file, replacing what bears the new name. Names, like Create's and Remove's, are durable after
  // SyncFolder.
  virtual absl::Status Rename(const std::string& old_path, const std::string& new_path) = 0;

  virtual absl::Status Remove(const std::string& path) = 0;

  // Names (not paths) of what is in `folder`, in no particular order.
  virtual absl::StatusOr<std::vector<std::string>> List(const std::string& folder) = 0;

  // Creates `folder`; its parent must exist. OK where it exists already.
  virtual absl::Status MakeFolder(const std::string& folder) = 0;

  // Returns when the names in `folder` are on the disk.
  virtual absl::Status SyncFolder(const std::string& folder) = 0;

  // Takes the folder for the caller alone. FAILED_PRECONDITION: somebody else, in this process or another,
  // has it.
  virtual absl::StatusOr<std::unique_ptr<Lock>> LockFolder(const std::string& folder) = 0;
};

}  // namespace timebank::storage

#endif  // TIMEBANK_STORAGE_FILE_SYSTEM_H_
