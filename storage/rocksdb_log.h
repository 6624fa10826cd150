// RocksDB's own messages, in two small files: PATH and, before it, PATH.old.
//
// RocksDB's logger is not used: as Debian builds it, it ends the process when a line cannot be written, that
// is, when the disk is full. This one drops the line.
//
// Threads: any.
#ifndef TIMEBANK_STORAGE_ROCKSDB_LOG_H_
#define TIMEBANK_STORAGE_ROCKSDB_LOG_H_

#include <rocksdb/env.h>

#include <memory>
#include <string>

namespace timebank::storage {

std::shared_ptr<rocksdb::Logger> NewRocksDbLog(std::string path);

}  // namespace timebank::storage

#endif  // TIMEBANK_STORAGE_ROCKSDB_LOG_H_
