// What RocksDB writes through: a write that finds the disk full waits until there is room, and goes on where
// it stopped.
//
// RocksDB itself takes no room for a failed flush. Told to go on after that (7.8, DB::Resume), it was seen to
// call a flush done whose rows were not there after the next start; why was not found out. So it is never
// told. A flush or a compaction then only takes long; reads do not wait for it.
//
// Threads: any.
#ifndef TIMEBANK_STORAGE_PATIENT_FILES_H_
#define TIMEBANK_STORAGE_PATIENT_FILES_H_

#include <rocksdb/file_system.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace timebank::storage {

class PatientFiles final : public rocksdb::FileSystemWrapper {
 public:
  // `free_bytes`: for tests; where it says 0 the disk is full, whatever the system says.
  explicit PatientFiles(std::function<uint64_t()> free_bytes = {});

  // From now on writes wait; before, and after GiveUp(), they fail. `on_waiting` is told when the first one
  // waits and when none does any more, one call at a time; it must not block.
  void BePatient(std::function<void(bool waiting)> on_waiting);
  // Those that wait fail: the database is to be closed.
  void GiveUp();

  const char* Name() const override { return "PatientFiles"; }
  rocksdb::IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    rocksdb::IODebugContext* debug) override;

 private:
  class OneFile;

  bool IsFull() const { return free_bytes_ && free_bytes_() == 0; }
  // Repeats `call`, which returns 0 or an error of the system's, for as long as there is no room.
  int Patiently(const std::function<int()>& call);

  const std::function<uint64_t()> free_bytes_;
  absl::Mutex mutex_;
  bool patient_ ABSL_GUARDED_BY(mutex_) = false;
  int waiting_ ABSL_GUARDED_BY(mutex_) = 0;
  std::function<void(bool)> on_waiting_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace timebank::storage

#endif  // TIMEBANK_STORAGE_PATIENT_FILES_H_
