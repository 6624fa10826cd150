// timebankd as an object: the ledger, what serves it, and where that can be reached.
//
//   Open ──► ListenForOperator ──► (recovery is over) ──► Listen ──► Stop
//
// The main address is opened when recovery is over: until then what could be read is older than what had been
// answered before. The operator's socket is there from the start and says NOT_SERVING.
//
// Threads: one calls these functions; address() from any after Listen().
#ifndef TIMEBANK_SERVER_SERVER_H_
#define TIMEBANK_SERVER_SERVER_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "server/access/files.h"
#include "server/access/gatekeeper.h"
#include "server/access/key_store.h"
#include "server/config.h"
#include "server/engine/engine.h"
#include "server/ops/call_log.h"
#include "server/ops/certificates.h"
#include "server/ops/line_limit.h"
#include "server/ops/metrics.h"
#include "server/services/serving.h"

namespace grpc {
class Server;
class ServerBuilder;
class ServerCredentials;
class Service;
}  // namespace grpc

namespace timebank {

class Server {
 public:
  // As engine::Engine::Options::on_state; called for the first time possibly before Open returns.
  using OnState = std::function<void(engine::Engine::State, const absl::Status& failure)>;

  // Opens the ledger's folder; recovery goes on in the background. Errors: storage::Store::Open's, and before
  // anything of the ledger is touched those of CheckFiles.
  static absl::StatusOr<std::unique_ptr<Server>> Open(const Config& config, OnState on_state);
  ~Server();  // Stop()
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Opens the operator's unix socket and the metrics' address, if there are to be any. UNAVAILABLE: one
  // cannot be; the message says where.
  absl::Status ListenForOperator();

  // Opens the main address. The engine must have been kServing. Errors: as above.
  absl::Status Listen();

  // Returns once it has been in all the places that it would hang in: nothing that serves is stuck. From any
  // thread; not once Stop() has begun.
  void Touch() const;

  // Where it listens: with the port that it got, where the configuration left that open.
  const std::string& address() const { return address_; }

  // Says NOT_SERVING, ends the streams, lets calls finish for `stop_seconds` and cancels those left, carries
  // out what the engine has taken, writes everything to disk, closes.
  void Stop();

 private:
  Server(const Config& config, OnState on_state);
  absl::Status OpenEngine();
  absl::Status OpenCertificates();
  absl::Status OpenAccess();
  absl::Status ReadAccess();
  std::vector<std::unique_ptr<grpc::Service>> MakeServices(const services::Authorizer& authorizer);
  absl::Status OpenMetrics();
  void HearState(engine::Engine::State state, const absl::Status& failure);
  void AddListening(grpc::Server* server);
  bool IsServing() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return state_ == engine::Engine::State::kServing && !stopping_;
  }
  void TellHealth() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void WarnOfProxy();

  const Config config_;
  const OnState on_state_;
  std::string address_;
  bool stopped_ = false;

  ops::Metrics metrics_;
  ops::CallLog call_log_;
  ops::LineLimit damage_lines_{6, std::chrono::minutes(1)};

  // In order of construction; Stop() takes them down from the end.
  std::unique_ptr<ops::CertificateWatcher> certificates_;  // null: no TLS
  std::unique_ptr<engine::Engine> engine_;
  // Who comes in, at the main address and by the operator's socket.
  access::AccessFiles access_files_;        // until they are used
  std::unique_ptr<access::KeyStore> keys_;  // null: callers are believed
  std::unique_ptr<const services::Authorizer> gatekeeper_;
  const access::OperatorsDoor operators_door_;
  const services::BelieveEverybody believing_{[this] { WarnOfProxy(); }};
  std::atomic<int64_t> warned_s_ = 0;  // of a proxy, last
  std::unique_ptr<services::Serving> serving_;
  std::vector<std::unique_ptr<grpc::Service>> services_;
  std::vector<std::unique_ptr<grpc::Service>> operator_services_;
  std::shared_ptr<grpc::ServerCredentials> credentials_;
  std::unique_ptr<grpc::Server> operator_server_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<ops::MetricsEndpoint> metrics_endpoint_;  // null: none

  // Whose streams to wake: nothing while there is no `serving_`.
  std::atomic<services::Feeder*> feeder_ = nullptr;

  absl::Mutex mutex_;
  engine::Engine::State state_ ABSL_GUARDED_BY(mutex_) = engine::Engine::State::kRecovering;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<grpc::Server*> listening_ ABSL_GUARDED_BY(mutex_);  // whose health to tell
};

// What is wrong with the files that `config` names and that a start reads: certificates, the pepper, keys,
// callers. Changes nothing. INVALID_ARGUMENT: one is missing or of no use; DATA_LOSS, UNAVAILABLE: as
// access::ReadAccessFiles.
std::vector<absl::Status> CheckFiles(const Config& config);

// INVALID_ARGUMENT: the server's certificate has expired, or is not valid yet. For a check: a start goes on,
// since clients on the machine itself need no certificate, and one that is put there is taken over.
absl::Status CheckCertificatesDay(const Config& config);

// Makes another instance of the ledger in `config.data`, which was put back from a copy: positions that were
// given before are refused from then on (EPOCH_CHANGED), instead of being taken for those of other entries.
// The ledger is written as it is on disk when this returns. NOT_FOUND: there is no ledger. Errors:
// storage::Store::Open's and the engine's.
absl::Status MarkRestored(const Config& config);

// Reads all of the ledger in `config.data` against its checksums: the log's frames, every block of the
// database, the file of keys. `what`: what there is, in words. Changes nothing but LOCK. NOT_FOUND: there is
// no ledger. DATA_LOSS: it is damaged, or its last frame is torn; the message names where. Other errors:
// storage::DataFolder::Open's and the log's.
absl::Status VerifyLedger(const Config& config, std::string* what);

// Whether some process has the ledger in `folder` open.
bool IsInUse(const std::string& folder);

}  // namespace timebank

#endif  // TIMEBANK_SERVER_SERVER_H_
