// Until when client certificates are good. TLS asks once, when a connection begins; a connection may be open
// for longer than the certificate that opened it is good, with calls and feeds on it.
//
// Threads: any. Holds at most kMostCertificates; past that it begins anew.
#ifndef TIMEBANK_SERVER_ACCESS_CERTIFICATE_ENDS_H_
#define TIMEBANK_SERVER_ACCESS_CERTIFICATE_ENDS_H_

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "server/services/caller.h"

namespace timebank::access {

class CertificateEnds {
 public:
  static constexpr size_t kMostCertificates = 1'024;

  // The standing of who showed `pem`: KEY_EXPIRED once its last day is over, and at once where it cannot be
  // read. Parses each certificate once.
  std::shared_ptr<const services::Standing> StandingOf(std::string_view pem);

 private:
  absl::Mutex mutex_;
  absl::flat_hash_map<std::string, std::shared_ptr<const services::Standing>> known_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace timebank::access

#endif  // TIMEBANK_SERVER_ACCESS_CERTIFICATE_ENDS_H_
