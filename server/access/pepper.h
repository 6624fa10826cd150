// The pepper: the secret under which keys are kept. It lies outside the ledger's folder, so that a copy of
// the folder, a backup say, is no help in finding a key.
//
// One file: 64 hexadecimal digits and a line end, readable by its owner alone; of root, where that is not who
// reads it, by a group as well.
#ifndef TIMEBANK_SERVER_ACCESS_PEPPER_H_
#define TIMEBANK_SERVER_ACCESS_PEPPER_H_

#include <string>

#include "absl/status/statusor.h"

namespace timebank::access {

// 32 bytes. NOT_FOUND: there is no such file. FAILED_PRECONDITION: others may read it, it is inside
// `data_folder`, or it is no pepper. UNAVAILABLE: the system does not let us. Messages say whose it has to
// be: of the owner of `data_folder`, or where there is none, of whoever this process runs as.
absl::StatusOr<std::string> ReadPepper(const std::string& path, const std::string& data_folder);

// What to do where keys in `data_folder` were made under another pepper than the one that is there, or that
// is gone: a sentence's end. It names no folder, which may be one where a copy is tried.
std::string PutPepperBack(const std::string& data_folder);

// As ReadPepper; makes the file where there is none.
absl::StatusOr<std::string> MakePepper(const std::string& path, const std::string& data_folder);

}  // namespace timebank::access

#endif  // TIMEBANK_SERVER_ACCESS_PEPPER_H_
