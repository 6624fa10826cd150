// The certificates that the server shows, read again when their files change.
//
//   files ──► ReadCertificates: whole, and certificate and key belong together ──► CertificateWatcher
//                                                    each handshake asks for the newest ──┘
//
// Connections that are open keep what they began with; no call notices. gRPC's own FileWatcher cannot be
// used: gRPC 1.51 gives up the old pair before it has tried the new one, so the moment when one of the two
// files has been replaced and the other has not would end every new connection.
//
// Threads: any.
#ifndef TIMEBANK_SERVER_OPS_CERTIFICATES_H_
#define TIMEBANK_SERVER_OPS_CERTIFICATES_H_

#include <grpcpp/security/server_credentials.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace timebank::ops {

// Paths of PEM files.
struct CertificateFiles {
  std::string certificate;  // the server's, its chain behind it
  std::string key;          // without a passphrase
  std::string client_ca;    // who may vouch for clients; empty: clients need no certificate
};

struct Certificates {
  std::string certificate;  // these three as in the files
  std::string key;
  std::string client_ca;
  absl::Time begin;                            // of the server's certificate; clients refuse it before
  absl::Time expiry;                           // and from then on
  std::vector<std::string> names;              // of the same: hosts and addresses (subjectAltName)
  std::optional<absl::Time> client_ca_expiry;  // of the first authority that expires

  bool SameAs(const Certificates& other) const {
    return certificate == other.certificate && key == other.key && client_ca == other.client_ca;
  }
};

// INVALID_ARGUMENT, naming the file: it cannot be read, is not what it should be, or the key is not the
// certificate's. An expired certificate is no error: the server has to start on the day after, too.
absl::StatusOr<Certificates> ReadCertificates(const CertificateFiles& files);

// Why clients refuse the server's certificate at `now`, with its file and when it expired or begins; empty
// where the day is no reason.
std::string WhyNotAt(absl::Time now, const Certificates& certificates, const CertificateFiles& files);

class CertificateWatcher {
 public:
  struct Taken {
    absl::Time expiry;
    std::vector<std::string> names;
    std::vector<std::string> missing;  // names that the one before had, and no name of this one stands for
  };
  // After each look that found something new: what was taken over; an error, once for as long as it stays the
  // same, where the old ones go on. On the watcher's thread; must not block.
  using Tell = std::function<void(const absl::StatusOr<Taken>& taken)>;

  // Of a look at which clients refuse the certificate that is shown (WhyNotAt); again once a day for as long
  // as it stays so. Threads: as Tell, the first time Open's.
  using TellRefused = std::function<void(const std::string& why)>;

  // Looks every `every`. Errors: ReadCertificates'.
  static absl::StatusOr<std::unique_ptr<CertificateWatcher>> Open(CertificateFiles files,
                                                                  absl::Duration every, Tell tell,
                                                                  TellRefused tell_refused = {});
  ~CertificateWatcher();
  CertificateWatcher(const CertificateWatcher&) = delete;
  CertificateWatcher& operator=(const CertificateWatcher&) = delete;

  std::shared_ptr<const Certificates> Latest() const;

  // Looks now.
  void Look(absl::Time now = absl::Now());

  int64_t taken() const { return taken_; }    // replacements
  int64_t failed() const { return failed_; }  // looks that found what cannot be used

 private:
  CertificateWatcher(CertificateFiles files, absl::Duration every, Tell tell, TellRefused tell_refused,
                     Certificates first);
  void Run(absl::Duration every);
  void TakeOver() ABSL_EXCLUSIVE_LOCKS_REQUIRED(look_mutex_);
  void LookAtDays(absl::Time now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(look_mutex_);

  const CertificateFiles files_;
  const Tell tell_;
  const TellRefused tell_refused_;
  std::atomic<int64_t> taken_ = 0;
  std::atomic<int64_t> failed_ = 0;
  absl::Mutex look_mutex_;  // one look at a time
  absl::Status told_ ABSL_GUARDED_BY(look_mutex_);
  std::string told_refused_ ABSL_GUARDED_BY(look_mutex_);
  absl::Time told_refused_at_ ABSL_GUARDED_BY(look_mutex_) = absl::InfinitePast();
  mutable absl::Mutex mutex_ ABSL_ACQUIRED_AFTER(look_mutex_);
  std::shared_ptr<const Certificates> latest_ ABSL_GUARDED_BY(mutex_);
  bool ending_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

// TLS 1.2 or newer with the watcher's newest certificates, for one port; a connection without a client
// certificate from `client_ca` is refused where there is one. gRPC does not keep what it is given here: this
// and `watcher` must outlive the server.
std::shared_ptr<grpc::ServerCredentials> TlsCredentials(const CertificateWatcher* watcher);

}  // namespace timebank::ops

#endif  // TIMEBANK_SERVER_OPS_CERTIFICATES_H_
