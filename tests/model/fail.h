// Ends a run that went wrong. Whoever catches it knows seed and step.
#ifndef TIMEBANK_TESTS_MODEL_FAIL_H_
#define TIMEBANK_TESTS_MODEL_FAIL_H_

#include <stdexcept>
#include <string>

#include "absl/status/status.h"

namespace timebank::model {

class Failure : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

inline void Check(const absl::Status& status, const std::string& doing) {
  if (!status.ok()) throw Failure(doing + ": " + status.ToString());
}
inline void Check(bool holds, const std::string& what) {
  if (!holds) throw Failure(what);
}

}  // namespace timebank::model

#endif  // TIMEBANK_TESTS_MODEL_FAIL_H_
