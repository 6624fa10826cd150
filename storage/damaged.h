// What is said of a record that cannot be believed.
#ifndef TIMEBANK_STORAGE_DAMAGED_H_
#define TIMEBANK_STORAGE_DAMAGED_H_

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace timebank::storage {

// DATA_LOSS; the message begins with the reason that clients know.
inline absl::Status Damaged(absl::string_view what) {
  return absl::DataLossError(absl::StrCat("CORRUPT_RECORD: ", what));
}

}  // namespace timebank::storage

#endif  // TIMEBANK_STORAGE_DAMAGED_H_
