// The folder that a ledger lives in: nobody else has it, and it is of a format that this server knows.
//
//   LOCK     held (flock) while the folder is open; holds the process's number, for the message
//   FORMAT   one line: "timebank-ledger 3"
//   db/      RocksDB
//   db.log   what RocksDB says; db.log.old before it
//
// Others keep their files beside these (the commit log in log/).
//
// Threads: any.
#ifndef TIMEBANK_STORAGE_DATA_FOLDER_H_
#define TIMEBANK_STORAGE_DATA_FOLDER_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace timebank::storage {

// The formats that are read: what is written, and the oldest.
struct Formats {
  uint32_t newest;
  uint32_t oldest;
};

// Whether `what`, which is written in format `found`, can be read. FAILED_PRECONDITION: it cannot; says what
// to do.
absl::Status CheckReadable(const std::string& what, uint64_t found, const Formats& formats);

class DataFolder {
 public:
  // Makes the folder (mode 0700) where there is none, takes its lock, and writes or reads FORMAT.
  // FAILED_PRECONDITION: in use by another timebankd, written in a format that is not read, or not a
  // ledger's. PERMISSION_DENIED: not allowed. RESOURCE_EXHAUSTED: full disk. UNAVAILABLE: no answer.
  static absl::StatusOr<std::unique_ptr<DataFolder>> Open(const std::string& path, const Formats& formats);

  ~DataFolder();  // gives the lock back
  DataFolder(const DataFolder&) = delete;
  DataFolder& operator=(const DataFolder&) = delete;

  std::string database_path() const { return path_ + "/db"; }

  // Writes FORMAT anew where it was found to say an older number than `format`, durably: from here on servers
  // that write that one refuse the folder. RESOURCE_EXHAUSTED: full disk. UNAVAILABLE: no answer.
  absl::Status Raise(uint32_t format);

 private:
  DataFolder(std::string path, int lock) : path_(std::move(path)), lock_(lock) {}

  const std::string path_;
  const int lock_;       // descriptor of LOCK
  uint32_t format_ = 0;  // what FORMAT says
};

}  // namespace timebank::storage

#endif  // TIMEBANK_STORAGE_DATA_FOLDER_H_
