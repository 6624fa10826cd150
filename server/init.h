// `timebankd init`: what a server that knows its callers by keys needs before its first start: the pepper,
// and the first operator's key. Done on the machine itself, by whoever may write the ledger's folder.
#ifndef TIMEBANK_SERVER_INIT_H_
#define TIMEBANK_SERVER_INIT_H_

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/config.h"

namespace timebank {

// A file for a key, made before the key is: whoever leads standard output into a file has emptied that file
// before anything can be refused.
class KeyFile {
 public:
  // Makes it, with mode 0600. INVALID_ARGUMENT: there is such a file, whatever it holds, or it cannot be
  // made.
  static absl::StatusOr<KeyFile> Make(const std::string& path);
  ~KeyFile();  // removes it where nothing was written
  KeyFile(KeyFile&& other) noexcept;
  KeyFile& operator=(KeyFile&&) = delete;

  // Once. When it returns OK the key is on the disk.
  absl::Status Write(const std::string& key);

 private:
  KeyFile(std::string path, int file) : path_(std::move(path)), file_(file) {}

  std::string path_;
  int file_;  // -1: none any more
  bool written_ = false;
};

struct FirstKey {
  std::string text;  // the key; nobody can ever read it again
  std::string name;  // keys/{id}
};

// Makes folder and pepper where they are missing, and an operator's key. Where there are keys a pepper is
// made, or another than theirs taken, with `new_pepper` alone: none of them is known after that.
// ALREADY_EXISTS: there is a good operator's key. FAILED_PRECONDITION: a server has the folder, or the pepper
// is of no use or not that of the keys; with `new_pepper`, it is. DATA_LOSS, UNAVAILABLE: as
// access::KeyStore::Open.
absl::StatusOr<FirstKey> Init(const Config& config, bool new_pepper);

}  // namespace timebank

#endif  // TIMEBANK_SERVER_INIT_H_
